/*
 * show.c: text that fits the columns of a terminal.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/width.h"

PG_FUNCTION_INFO_V1(wf_text_clip);
PG_FUNCTION_INFO_V1(wf_text_wrap);

static char *one_line(FunctionCallInfo fcinfo);
static const char *line_end(const char *line, int width);

/* text_clip(line text, width integer) -> text: of at most this width, its end replaced by ".." */
Datum
wf_text_clip(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(wf_common_clip(one_line(fcinfo), Max(PG_GETARG_INT32(1), 2))));
}

/* text_wrap(line text, width integer) -> text[]: lines of at most this width, broken at blanks where there are any */
Datum
wf_text_wrap(PG_FUNCTION_ARGS)
{
	const char *rest = one_line(fcinfo);
	int			width = Max(PG_GETARG_INT32(1), 2);
	ArrayBuildState *lines = initArrayResult(TEXTOID, CurrentMemoryContext, false);

	do
	{
		const char *end = line_end(rest, width);
		const char *trimmed = end;

		while (trimmed > rest && trimmed[-1] == ' ')
			trimmed--;
		lines = accumArrayResult(lines, PointerGetDatum(cstring_to_text_with_len(rest, trimmed - rest)), false,
								 TEXTOID, CurrentMemoryContext);
		rest = end;
		while (*rest == ' ')
			rest++;
	} while (*rest);
	PG_RETURN_DATUM(makeArrayResult(lines, CurrentMemoryContext));
}

/* Argument 0, with blanks for control characters, which would move the cursor. */
static char *
one_line(FunctionCallInfo fcinfo)
{
	char	   *line = text_to_cstring(PG_GETARG_TEXT_PP(0));

	for (char *c = line; *c; c += pg_mblen(c))
	{
		if (wf_common_is_control(*c) || *c == '\t')
			*c = ' ';
	}
	return line;
}

/* Where the first line of a text ends: after the last word that fits, or within the first. */
static const char *
line_end(const char *line, int width)
{
	const char *end = line;
	const char *word_end = NULL;
	int			used = 0;

	while (*end)
	{
		int			one = Max(pg_dsplen(end), 0);

		if (*end == ' ')
			word_end = end;
		else if (used + one > width)
			return word_end && word_end > line ? word_end : Max(end, line + pg_mblen(line));
		used += one;
		end += pg_mblen(end);
	}
	return end;
}
