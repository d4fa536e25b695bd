/*
 * logic_text.c: the operators of JsonLogic that make texts.  Pure.
 *
 * Positions in a text count UTF-16 code units, as in JavaScript; a cut in the
 * middle of a character leaves that one out.
 */
#include "common/compat.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "flags/logic.h"

/* Longest text that is made, in bytes. */
#define TEXT_MAX (64 * 1024 * 1024)

static int	length_in_units(WfString text);
static int	character_units(WfString text, int at, int *bytes);
static WfString cut(WfString text, int begin, int length);
static double to_integer(double number);

/* {"cat": [a, ...]} */
void
wf_flags_logic_cat(WfRun *run, const WfNode *node, WfValue *result)
{
	WfString   *parts = palloc(sizeof(WfString) * Max(node->nchildren, 1));
	WfString	whole = {"", 0};
	int64		len = 0;
	WfValue		value;
	char	   *at;

	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_logic_argument(run, node, i, &value);
		parts[i] = whole;
		if (value.type > WF_VALUE_NULL)
			parts[i] = wf_flags_js_string(&value);
		len += parts[i].len;
	}
	if (len > TEXT_MAX)
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
	if (run->error == WF_ERROR_NONE)
	{
		whole.data = at = palloc(Max(len, 1));
		whole.len = (int) len;
		for (int i = 0; i < node->nchildren; i++)
		{
			memcpy(at, parts[i].data, parts[i].len);
			at += parts[i].len;
		}
	}
	pfree(parts);
	wf_flags_value_set_string(result, whole);
}

/* {"substr": [text, start]}, {"substr": [text, start, length]} */
void
wf_flags_logic_substr(WfRun *run, const WfNode *node, WfValue *result)
{
	WfValue		value;
	WfValue		start;
	WfValue		length;
	WfString	text;
	double		size;
	double		begin;
	double		taken;

	wf_flags_logic_argument(run, node, 0, &value);
	wf_flags_logic_argument(run, node, 1, &start);
	wf_flags_logic_argument(run, node, 2, &length);
	text = wf_flags_js_string(&value);
	size = length_in_units(text);

	/*
	 * A negative start counts from the end, a negative length is left out
	 * there.
	 */
	begin = to_integer(wf_flags_js_number(&start));
	begin = begin < 0 ? Max(size + begin, 0) : Min(begin, size);
	taken = size - begin;
	if (length.type != WF_VALUE_ABSENT)
	{
		double		wanted = wf_flags_js_number(&length);

		taken = Min(to_integer(wanted < 0 ? taken + wanted : wanted), taken);
	}
	wf_flags_value_set_string(result, cut(text, (int) begin, (int) Max(taken, 0)));
}

static int
length_in_units(WfString text)
{
	int			units = 0;
	int			bytes;

	for (int at = 0; at < text.len; at += bytes)
		units += character_units(text, at, &bytes);
	return units;
}

/* Only what takes four bytes of UTF-8 takes two units. */
static int
character_units(WfString text, int at, int *bytes)
{
	*bytes = Min(pg_mblen(text.data + at), text.len - at);
	return *bytes == 4 && GetDatabaseEncoding() == PG_UTF8 ? 2 : 1;
}

static WfString
cut(WfString text, int begin, int length)
{
	WfString	part;
	int			at = 0;
	int			unit = 0;
	int			bytes;

	while (at < text.len && unit < begin)
	{
		unit += character_units(text, at, &bytes);
		at += bytes;
	}
	part.data = text.data + at;
	while (at < text.len && unit < begin + length)
	{
		unit += character_units(text, at, &bytes);
		if (unit > begin + length)
			break;
		at += bytes;
	}
	part.len = text.data + at - part.data;
	return part;
}

/* ToIntegerOrInfinity. */
static double
to_integer(double number)
{
	return isnan(number) ? 0 : trunc(number);
}
