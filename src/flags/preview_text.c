/*
 * preview_text.c: a preview as text, "flag:variant,flag:variant", and as JSON,
 * {"flag": "variant", "flag": true}.  Pure.
 *
 * In the text, a name with a comma, colon, quote or blank in it stands in
 * double quotes, which are doubled inside.  A quoted variant is a name; one
 * that is not may be true, false, on or off.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "flags/preview.h"

static bool take_word(const char **at, const char *what, WfString *word, bool *quoted, const char **problem);
static bool take_quoted(const char **at, WfString *word);
static WfString string_of(const JsonbValue *value);
static const char *skip_blanks(const char *at);
static bool is_plain(char c);
static bool is_blank(char c);
static bool is_boolean(WfString word);
static void write_word(StringInfo text, WfString word, bool quote);
static int	compare_items(const void *a, const void *b);

/*
 * Adds what a text says to a preview, in the current memory context; blank text
 * says nothing.  False, with the problem, where it can't be read.
 */
bool
wf_flags_preview_parse(const char *text, WfPreviewSource source, WfPreview *preview, const char **problem)
{
	const char *at = skip_blanks(text);

	while (*at)
	{
		WfPreviewItem item = {.source = source};
		bool		quoted;

		if (!take_word(&at, "a flag", &item.flag, &quoted, problem))
			return false;
		at = skip_blanks(at);
		if (*at != ':')
		{
			*problem = psprintf("there is no \":\" after flag \"%.*s\"", item.flag.len, item.flag.data);
			return false;
		}
		at = skip_blanks(at + 1);
		if (!take_word(&at, "true, false or a variant", &item.variant, &item.quoted, problem))
			return false;
		at = skip_blanks(at);
		if (*at != ',' && *at != '\0')
		{
			*problem = psprintf("there is no \",\" before \"%s\"", at);
			return false;
		}
		for (int i = 0; i < preview->nitems; i++)
		{
			if (preview->items[i].source == source && wf_flags_strings_equal(preview->items[i].flag, item.flag))
			{
				*problem = psprintf("flag \"%.*s\" is named twice", item.flag.len, item.flag.data);
				return false;
			}
		}
		if (preview->nitems >= WF_PREVIEW_MAX)
		{
			*problem = psprintf("there are more than %d flags", WF_PREVIEW_MAX);
			return false;
		}
		wf_flags_preview_add(preview, &item);
		if (*at == ',')
		{
			at = skip_blanks(at + 1);
			if (*at == '\0')
			{
				*problem = "there is no flag after the last \",\"";
				return false;
			}
		}
	}
	return true;
}

/* Adds an item; its texts have to live as long as the preview. */
void
wf_flags_preview_add(WfPreview *preview, const WfPreviewItem *item)
{
	if (preview->nitems == preview->capacity)
	{
		preview->capacity = Max(preview->capacity * 2, 8);
		preview->items = preview->items ? repalloc(preview->items, preview->capacity * sizeof(WfPreviewItem)) :
			palloc(preview->capacity * sizeof(WfPreviewItem));
	}
	preview->items[preview->nitems++] = *item;
}

/* Sorts the items for wf_flags_preview_find(); of those for one flag the first source stays. */
void
wf_flags_preview_sort(WfPreview *preview)
{
	int			kept = 0;

	if (preview->nitems > 1)
		qsort(preview->items, preview->nitems, sizeof(WfPreviewItem), compare_items);
	for (int i = 0; i < preview->nitems; i++)
	{
		if (kept == 0 || !wf_flags_strings_equal(preview->items[kept - 1].flag, preview->items[i].flag))
			preview->items[kept++] = preview->items[i];
	}
	preview->nitems = kept;
}

/*
 * Adds what JSON says: an object, or a string with the text.  False, with the
 * problem, where it is neither.
 */
bool
wf_flags_preview_from_json(Jsonb *json, WfPreviewSource source, WfPreview *preview, const char **problem)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	WfPreviewItem item = {.source = source};
	JsonbValue	value;

	if (JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, &value) && value.type == jbvString)
		return wf_flags_preview_parse(pnstrdup(value.val.string.val, value.val.string.len), source, preview, problem);
	if (!JB_ROOT_IS_OBJECT(json))
	{
		*problem = "it is neither a string nor an object";
		return false;
	}
	it = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			item.flag = string_of(&value);
		if (token != WJB_VALUE)
			continue;
		item.quoted = value.type == jbvString;
		if (item.quoted)
			item.variant = string_of(&value);
		else if (value.type == jbvBool)
			item.variant = wf_flags_string(value.val.boolean ? "true" : "false");
		if ((!item.quoted && value.type != jbvBool) || item.flag.len == 0 || item.variant.len == 0)
		{
			*problem = psprintf("flag \"%s\" is neither true nor false nor the name of a variant", item.flag.data);
			return false;
		}
		wf_flags_preview_add(preview, &item);
	}
	return true;
}

/* The text of a preview. */
char *
wf_flags_preview_write(const WfPreview *preview)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < preview->nitems; i++)
	{
		if (i > 0)
			appendStringInfoChar(&text, ',');
		wf_flags_preview_write_item(&text, &preview->items[i]);
	}
	return text.data;
}

void
wf_flags_preview_write_item(StringInfo text, const WfPreviewItem *item)
{
	write_word(text, item->flag, false);
	appendStringInfoChar(text, ':');
	write_word(text, item->variant, item->quoted && is_boolean(item->variant));
}

const char *
wf_flags_preview_source(WfPreviewSource source)
{
	switch (source)
	{
		case WF_PREVIEW_SETTING_SOURCE:
			return "setting";
		case WF_PREVIEW_TOKEN:
			return "token";
		case WF_PREVIEW_CLAIM:
			return "claim";
		case WF_PREVIEW_OPTION:
			return "option";
	}
	return NULL;
}

/* A word, plain or quoted; not an empty one. */
static bool
take_word(const char **at, const char *what, WfString *word, bool *quoted, const char **problem)
{
	*quoted = **at == '"';
	if (*quoted)
	{
		if (!take_quoted(at, word))
		{
			*problem = "a double quote is not closed";
			return false;
		}
	}
	else
	{
		word->data = *at;
		while (is_plain(**at))
			(*at)++;
		word->len = *at - word->data;
	}
	if (word->len > 0)
		return true;
	*problem = **at ? psprintf("%s is missing before \"%s\"", what, *at) : psprintf("%s is missing at the end", what);
	return false;
}

/* What stands between double quotes, undoubled. */
static bool
take_quoted(const char **at, WfString *word)
{
	StringInfoData text;

	initStringInfo(&text);
	for ((*at)++; **at; (*at)++)
	{
		if (**at == '"' && *++(*at) != '"')
		{
			word->data = text.data;
			word->len = text.len;
			return true;
		}
		appendStringInfoChar(&text, **at);
	}
	return false;
}

static WfString
string_of(const JsonbValue *value)
{
	return wf_flags_string(pnstrdup(value->val.string.val, value->val.string.len));
}

static const char *
skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

static bool
is_plain(char c)
{
	return c != '\0' && c != ',' && c != ':' && c != '"' && !is_blank(c);
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_boolean(WfString word)
{
	return wf_flags_strings_equal(word, wf_flags_string("true")) || wf_flags_strings_equal(word, wf_flags_string("false")) ||
		wf_flags_strings_equal(word, wf_flags_string("on")) || wf_flags_strings_equal(word, wf_flags_string("off"));
}

static void
write_word(StringInfo text, WfString word, bool quote)
{
	for (int i = 0; i < word.len; i++)
		quote |= !is_plain(word.data[i]);
	if (!quote)
	{
		appendBinaryStringInfo(text, word.data, word.len);
		return;
	}
	appendStringInfoChar(text, '"');
	for (int i = 0; i < word.len; i++)
	{
		if (word.data[i] == '"')
			appendStringInfoChar(text, '"');
		appendStringInfoChar(text, word.data[i]);
	}
	appendStringInfoChar(text, '"');
}

static int
compare_items(const void *a, const void *b)
{
	const WfPreviewItem *left = a;
	const WfPreviewItem *right = b;
	int			order = wf_flags_strings_compare(left->flag, right->flag);

	return order ? order : (int) left->source - (int) right->source;
}
