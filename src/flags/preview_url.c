/*
 * preview_url.c: the preview that a URL asks for.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "flags/preview.h"

PG_FUNCTION_INFO_V1(wf_preview_from_url);

/* Parameters of a URL: ?flag_NAME=VALUE and ?preview_flags=TEXT. */
#define FLAG_PREFIX "flag_"
#define FLAGS_NAME "preview_flags"

static void take_parameter(const char *name, const char *value, WfPreview *preview);
static void put(WfPreview *preview, const WfPreviewItem *item);
static char *decode(const char *text, int len);
static int	hex_digit(char c);
static void refuse(const char *problem, const char *hint);

/*
 * preview_from_url(url text) -> text for wishflags.preview
 *
 * Other parameters are passed over; of two for the same flag the later one
 * counts.  A URL that asks for none gives the empty text.
 */
Datum
wf_preview_from_url(PG_FUNCTION_ARGS)
{
	char	   *url = text_to_cstring(PG_GETARG_TEXT_PP(0));
	WfPreview	preview = {0};
	char	   *query;

	url = pg_server_to_any(url, strlen(url), PG_UTF8);
	url[strcspn(url, "#")] = '\0';
	query = strchr(url, '?');
	while (query && *query)
	{
		char	   *parameter = query + 1;
		int			len = strcspn(parameter, "&");
		int			name_len = Min((int) strcspn(parameter, "="), len);

		if (len > 0)
			take_parameter(decode(parameter, name_len),
						   name_len < len ? decode(parameter + name_len + 1, len - name_len - 1) : "", &preview);
		query = parameter + len;
	}
	PG_RETURN_TEXT_P(cstring_to_text(wf_flags_preview_write(&preview)));
}

static void
take_parameter(const char *name, const char *value, WfPreview *preview)
{
	WfPreview	several = {0};
	const char *problem;

	if (strcmp(name, FLAGS_NAME) == 0)
	{
		if (!wf_flags_preview_parse(value, WF_PREVIEW_SETTING_SOURCE, &several, &problem))
			refuse(psprintf("in " FLAGS_NAME ", %s", problem), "Write for example ?" FLAGS_NAME "=gallery:true,theme:dark.");
	}
	else if (strncmp(name, FLAG_PREFIX, strlen(FLAG_PREFIX)) == 0)
	{
		WfPreviewItem item = {.flag = wf_flags_string(name + strlen(FLAG_PREFIX)), .variant = wf_flags_string(value)};

		if (item.flag.len == 0 || item.variant.len == 0)
			refuse(psprintf("parameter \"%s\" lacks %s", name, item.flag.len == 0 ? "the flag's name" : "a value"),
				   "Write for example ?" FLAG_PREFIX "gallery=true.");
		wf_flags_preview_add(&several, &item);
	}
	for (int i = 0; i < several.nitems; i++)
		put(preview, &several.items[i]);
}

/* Adds an item, or gives the one of the same flag its variant. */
static void
put(WfPreview *preview, const WfPreviewItem *item)
{
	for (int i = 0; i < preview->nitems; i++)
	{
		if (wf_flags_strings_equal(preview->items[i].flag, item->flag))
		{
			preview->items[i] = *item;
			return;
		}
	}
	if (preview->nitems == WF_PREVIEW_MAX)
		refuse(psprintf("it names more than %d flags", WF_PREVIEW_MAX), "Name fewer.");
	wf_flags_preview_add(preview, item);
}

/* The text of a name or value, in the database's encoding; a URL is UTF-8. */
static char *
decode(const char *text, int len)
{
	char	   *decoded = palloc(len + 1);
	int			n = 0;

	for (int i = 0; i < len; i++)
	{
		char		c = text[i] == '+' ? ' ' : text[i];

		if (c == '%')
		{
			int			high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
			int			low = high >= 0 ? hex_digit(text[i + 2]) : -1;

			if (low < 0 || (high == 0 && low == 0))
				refuse(psprintf("\"%.*s\" is no escape of a character", Min(3, len - i), text + i),
					   "A percent sign is written %25, and two hexadecimal digits follow any other.");
			c = (char) (high * 16 + low);
			i += 2;
		}
		decoded[n++] = c;
	}
	decoded[n] = '\0';
	if (!pg_verify_mbstr(PG_UTF8, decoded, n, true))
		refuse("its escapes are no UTF-8", "Escape with encodeURIComponent(), or the like.");
	return pg_any_to_server(decoded, n, PG_UTF8);
}

/* -1: it is none. */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void
refuse(const char *problem, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the preview in the URL can't be read"),
			 errdetail("What is wrong: %s.", problem),
			 errhint("%s", hint)));
}
