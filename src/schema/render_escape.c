/*
 * render_escape.c: foreign text in documents, and how wide it is.
 *
 * What these functions write themselves is ASCII, so that it is right in
 * every encoding of the database.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"

#include "schema/render.h"

static bool is_control(unsigned char c);

/* Tabs are the only control characters that a line of text needs. */
static bool
is_control(unsigned char c)
{
	return (c < ' ' && c != '\t') || c == 0x7f;
}

/* One line of plain text; control characters as \x0d. */
void
wf_schema_render_plain(StringInfo out, const char *text)
{
	for (; *text; text++)
	{
		if (is_control(*text))
			appendStringInfo(out, "\\x%02x", (unsigned char) *text);
		else
			appendStringInfoCharMacro(out, *text);
	}
}

/* Text in XML, HTML or a label of Graphviz, also within quotes. */
void
wf_schema_render_xml(StringInfo out, const char *text)
{
	wf_schema_render_xml_part(out, text, strlen(text));
}

/* The same for the first len bytes of a text. */
void
wf_schema_render_xml_part(StringInfo out, const char *text, int len)
{
	for (const char *end = text + len; text < end; text++)
	{
		/*
		 * The characters U+FFFE and U+FFFF are not allowed, as most below a
		 * blank.
		 */
		if (GetDatabaseEncoding() == PG_UTF8 && end - text >= 3 &&
			(strncmp(text, "\xef\xbf\xbe", 3) == 0 || strncmp(text, "\xef\xbf\xbf", 3) == 0))
		{
			appendStringInfoString(out, "&#65533;");
			text += 2;
		}
		else if (is_control(*text))
			appendStringInfo(out, "\\x%02x", (unsigned char) *text);
		else if (*text == '&')
			appendStringInfoString(out, "&amp;");
		else if (*text == '<')
			appendStringInfoString(out, "&lt;");
		else if (*text == '>')
			appendStringInfoString(out, "&gt;");
		else if (*text == '"')
			appendStringInfoString(out, "&quot;");
		else
			appendStringInfoCharMacro(out, *text);
	}
}

/* The longest run of backticks in a text. */
int
wf_schema_render_backticks(const char *text)
{
	int			longest = 0;
	int			run = 0;

	for (; *text; text++)
	{
		run = *text == '`' ? run + 1 : 0;
		longest = Max(longest, run);
	}
	return longest;
}

/* Columns that a text takes in a font of fixed width; of an escaped byte, four. */
int
wf_schema_render_width(const char *text)
{
	int			width = 0;

	for (; *text; text += pg_mblen(text))
		width += is_control(*text) ? 4 : Max(pg_dsplen(text), 0);
	return width;
}

/* A text of at most this width, with ".." where its end is cut off. */
const char *
wf_schema_render_clip(const char *text, int width)
{
	const char *end = text;
	int			used = 0;

	if (wf_schema_render_width(text) <= width)
		return text;
	while (*end)
	{
		int			one = is_control(*end) ? 4 : Max(pg_dsplen(end), 0);

		if (used + one > width - 2)
			break;
		used += one;
		end += pg_mblen(end);
	}
	return psprintf("%.*s..", (int) (end - text), text);
}
