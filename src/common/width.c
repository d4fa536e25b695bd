/*
 * width.c: how wide a text is in a font of fixed width.
 *
 * A control character counts as the four that it is written with: \x0d.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"

#include "common/width.h"

static int	width_of(const char *character);

/* Columns that a text takes. */
int
wf_common_width(const char *text)
{
	int			width = 0;

	for (; *text; text += pg_mblen(text))
		width += width_of(text);
	return width;
}

/* A text of at most this width, with ".." where its end is cut off. */
const char *
wf_common_clip(const char *text, int width)
{
	const char *end = text;
	int			used = 0;

	if (wf_common_width(text) <= width)
		return text;
	while (*end)
	{
		int			one = width_of(end);

		if (used + one > width - 2)
			break;
		used += one;
		end += pg_mblen(end);
	}
	return psprintf("%.*s..", (int) (end - text), text);
}

static int
width_of(const char *character)
{
	return wf_common_is_control(*character) ? 4 : Max(pg_dsplen(character), 0);
}
