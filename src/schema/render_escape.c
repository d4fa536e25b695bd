/*
 * render_escape.c: foreign text in documents.
 *
 * What these functions write themselves is ASCII, so that it is right in
 * every encoding of the database.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"

#include "common/width.h"
#include "schema/render.h"

/* One line of plain text; control characters as \x0d. */
void
wf_schema_render_plain(StringInfo out, const char *text)
{
	for (; *text; text++)
	{
		if (wf_common_is_control(*text))
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
		else if (wf_common_is_control(*text))
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
