/*
 * body.c: the texts in the body of a function.  Pure.
 *
 * A body in SQL or PL/pgSQL is split into words, texts and single characters, as
 * far as it takes to tell which text is the first argument of a function of
 * flags.  Texts may hold SQL themselves, as for EXECUTE: they are looked into.
 * Of other languages it is only known that a text stands in quotes.
 *
 * Nothing here fails: a body that ends in the middle of a text was a text to its
 * end.
 */
#include "common/compat.h"

#include "flags/reference.h"

/* How deep texts in texts are looked into. */
#define NESTING_MAX 2

/* What has come of a call so far. */
typedef enum CallState
{
	CALL_NONE,
	CALL_NAME,					/* the name of a function of flags */
	CALL_OPEN,					/* the parenthesis */
	CALL_ARGUMENT,				/* a word, perhaps the argument's name */
	CALL_ARROW					/* "=>" or ":=" */
} CallState;

typedef struct Scan
{
	const char *at;
	const char *end;
	int			line;
	int			depth;
	CallState	call;
	WfIsFunction is_function;
	void	   *arg;
	List	   *texts;			/* of WfBodyText */
	bool		calls;			/* a function of flags */
} Scan;

static void scan_sql(Scan *scan);
static void skip_comment(Scan *scan);
static void take_word(Scan *scan);
static void take_quoted_name(Scan *scan);
static void take_text(Scan *scan, bool escapes);
static bool take_dollar_text(Scan *scan);
static void note_name(Scan *scan, WfString name);
static void note_text(Scan *scan, WfString text, int line);
static void look_into(Scan *scan, WfString text, int line);
static void scan_quotes(Scan *scan);
static char peek(const Scan *scan, int offset);
static void advance(Scan *scan, int n);
static bool is_word_start(char c);
static bool is_word(char c);

/*
 * The texts of a body: a List of WfBodyText.  *calls says whether it has the
 * name of a function for which is_function() is true.
 */
List *
wf_flags_body_texts(WfString body, bool is_sql, WfIsFunction is_function, void *arg, bool *calls)
{
	Scan		scan = {.at = body.data, .end = body.data + body.len, .line = 1};

	scan.is_function = is_function;
	scan.arg = arg;
	if (is_sql)
		scan_sql(&scan);
	else
		scan_quotes(&scan);
	*calls = scan.calls;
	return scan.texts;
}

static void
scan_sql(Scan *scan)
{
	while (scan->at < scan->end)
	{
		char		c = *scan->at;

		if ((c == '-' && peek(scan, 1) == '-') || (c == '/' && peek(scan, 1) == '*'))
			skip_comment(scan);
		else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f')
			advance(scan, 1);
		else if (c == '\'')
			take_text(scan, false);
		else if ((c == 'e' || c == 'E') && peek(scan, 1) == '\'')
		{
			advance(scan, 1);
			take_text(scan, true);
		}
		else if (c == '"')
			take_quoted_name(scan);
		else if (c == '$' && take_dollar_text(scan))
			continue;
		else if (is_word_start(c))
			take_word(scan);
		else
		{
			bool		arrow = (c == '=' && peek(scan, 1) == '>') || (c == ':' && peek(scan, 1) == '=');

			if (scan->call == CALL_ARGUMENT && arrow)
				scan->call = CALL_ARROW;
			else if (scan->call == CALL_NAME && c == '(')
				scan->call = CALL_OPEN;
			else
				scan->call = CALL_NONE;
			advance(scan, arrow ? 2 : 1);
		}
	}
}

/* To the end of the line, or of all the comments that are in each other. */
static void
skip_comment(Scan *scan)
{
	int			depth = 0;

	if (*scan->at == '-')
	{
		while (scan->at < scan->end && *scan->at != '\n')
			advance(scan, 1);
		return;
	}
	do
	{
		if (*scan->at == '/' && peek(scan, 1) == '*')
		{
			depth++;
			advance(scan, 2);
		}
		else if (*scan->at == '*' && peek(scan, 1) == '/')
		{
			depth--;
			advance(scan, 2);
		}
		else
			advance(scan, 1);
	} while (depth > 0 && scan->at < scan->end);
}

/* A name that is not quoted is in lower case, as the server sees it. */
static void
take_word(Scan *scan)
{
	const char *start = scan->at;
	char	   *name;
	WfString	word;

	while (scan->at < scan->end && is_word(*scan->at))
		advance(scan, 1);
	word.len = scan->at - start;
	word.data = name = pnstrdup(start, word.len);
	for (int i = 0; i < word.len; i++)
		name[i] = pg_ascii_tolower((unsigned char) name[i]);
	note_name(scan, word);
}

static void
take_quoted_name(Scan *scan)
{
	WfString	name;

	advance(scan, 1);
	name.data = scan->at;
	while (scan->at < scan->end && *scan->at != '"')
		advance(scan, 1);
	name.len = scan->at - name.data;
	advance(scan, 1);
	note_name(scan, name);
}

/* A text in quotes, the quotes in it being doubled; with escapes, or after a backslash. */
static void
take_text(Scan *scan, bool escapes)
{
	const char *start = scan->at + 1;
	const char *from;
	int			line = scan->line;
	char	   *copy;
	WfString	text = {NULL, 0};

	advance(scan, 1);
	while (scan->at < scan->end && !(*scan->at == '\'' && peek(scan, 1) != '\''))
		advance(scan, *scan->at == '\'' || (escapes && *scan->at == '\\') ? 2 : 1);
	text.data = copy = palloc(scan->at - start + 1);
	for (from = start; from < scan->at; from++)
	{
		if ((*from == '\'' || (escapes && *from == '\\')) && from + 1 < scan->at)
			from++;
		copy[text.len++] = *from;
	}
	advance(scan, 1);
	note_text(scan, text, line);
}

/* $tag$ text $tag$; false where the dollar sign is something else, as of $1. */
static bool
take_dollar_text(Scan *scan)
{
	int			line = scan->line;
	int			taglen = 1;
	WfString	text;

	while (is_word(peek(scan, taglen)) && peek(scan, taglen) != '$')
		taglen++;
	if (peek(scan, taglen) != '$' || (peek(scan, 1) >= '0' && peek(scan, 1) <= '9'))
		return false;
	taglen++;
	text.data = scan->at + taglen;
	text.len = 0;
	while (text.data + text.len < scan->end &&
		   (text.data + text.len + taglen > scan->end || memcmp(text.data + text.len, scan->at, taglen) != 0))
		text.len++;
	advance(scan, taglen + text.len + taglen);
	note_text(scan, text, line);
	return true;
}

static void
note_name(Scan *scan, WfString name)
{
	if (scan->is_function(scan->arg, name))
	{
		scan->call = CALL_NAME;
		scan->calls = true;
	}
	else
		scan->call = scan->call == CALL_OPEN ? CALL_ARGUMENT : CALL_NONE;
}

static void
note_text(Scan *scan, WfString text, int line)
{
	WfBodyText *found = palloc(sizeof(WfBodyText));

	found->text = text;
	found->line = line;
	found->is_argument = scan->call == CALL_OPEN || scan->call == CALL_ARROW;
	found->nested = scan->depth > 0;
	scan->texts = lappend(scan->texts, found);
	scan->call = CALL_NONE;
	if (scan->depth < NESTING_MAX && !found->is_argument)
		look_into(scan, text, line);
}

static void
look_into(Scan *scan, WfString text, int line)
{
	Scan		inner = *scan;

	if (memchr(text.data, '\'', text.len) == NULL && memchr(text.data, '$', text.len) == NULL)
		return;
	inner.at = text.data;
	inner.end = text.data + text.len;
	inner.line = line;
	inner.depth++;
	inner.call = CALL_NONE;
	scan_sql(&inner);
	scan->texts = inner.texts;
	scan->calls = inner.calls;
}

/* Whatever stands in quotes on one line, single or double. */
static void
scan_quotes(Scan *scan)
{
	while (scan->at < scan->end)
	{
		char		quote = *scan->at;
		WfString	text = {scan->at + 1, 0};

		if (is_word_start(quote))
		{
			take_word(scan);
			continue;
		}
		advance(scan, 1);
		if (quote != '\'' && quote != '"')
			continue;
		while (text.data + text.len < scan->end && text.data[text.len] != quote && text.data[text.len] != '\n')
			text.len++;
		if (text.data + text.len < scan->end && text.data[text.len] == quote)
		{
			scan->depth = NESTING_MAX;
			scan->call = CALL_NONE;
			note_text(scan, text, scan->line);
		}
	}
}

/* A character ahead; a zero byte past the end. */
static char
peek(const Scan *scan, int offset)
{
	return offset < scan->end - scan->at ? scan->at[offset] : '\0';
}

static void
advance(Scan *scan, int n)
{
	for (; n > 0 && scan->at < scan->end; n--)
	{
		if (*scan->at == '\n')
			scan->line++;
		scan->at++;
	}
}

static bool
is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || IS_HIGHBIT_SET(c);
}

static bool
is_word(char c)
{
	return is_word_start(c) || (c >= '0' && c <= '9') || c == '$';
}
