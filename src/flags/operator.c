/*
 * operator.c: the operators that compare values of one JSON type.  Pure.
 */
#include "common/compat.h"

#include "utils/fmgrprotos.h"

#include "flags/operator.h"
#include "flags/set.h"

/* From how many strings on an IN looks them up in a set. */
#define SET_MIN 8

static bool contains(WfString hay, WfString needle);

/* Equal, numbers exactly; arrays and objects never. */
bool
wf_flags_match_equal(WfRun *run, const WfPredicate *predicate,
					 const WfValue *value, const WfOperand *operand)
{
	return value->type < WF_VALUE_ARRAY && wf_flags_values_same(value, &operand->value);
}

/* Ordered as mode says: numbers exactly, strings by bytes. */
bool
wf_flags_match_ordered(WfRun *run, const WfPredicate *predicate,
					   const WfValue *value, const WfOperand *operand)
{
	const WfValue *constant = &operand->value;

	if (value->type != constant->type)
		return false;
	if (value->type == WF_VALUE_STRING)
		return wf_flags_order_holds(predicate->mode,
									wf_flags_strings_compare(value->u.string, constant->u.string));
	if (value->type != WF_VALUE_NUMBER)
		return false;
	if (value->u.number.exact == NULL || constant->u.number.exact == NULL)
		return wf_flags_match_ordered_double(run, predicate, value, operand);
	return wf_flags_order_holds(predicate->mode,
								DatumGetInt32(DirectFunctionCall2(numeric_cmp,
																  NumericGetDatum(value->u.number.exact),
																  NumericGetDatum(constant->u.number.exact))));
}

/* Equal scalars of one type, numbers in double precision. */
bool
wf_flags_match_equal_double(WfRun *run, const WfPredicate *predicate,
							const WfValue *value, const WfOperand *operand)
{
	if (value->type != operand->value.type)
		return false;
	if (value->type == WF_VALUE_NUMBER)
		return wf_flags_value_double(value) == wf_flags_value_double(&operand->value);
	return wf_flags_match_equal(run, predicate, value, operand);
}

/* Numbers ordered as mode says, in double precision. */
bool
wf_flags_match_ordered_double(WfRun *run, const WfPredicate *predicate,
							  const WfValue *value, const WfOperand *operand)
{
	double		a;
	double		b;

	if (value->type != WF_VALUE_NUMBER || operand->value.type != WF_VALUE_NUMBER)
		return false;
	a = wf_flags_value_double(value);
	b = wf_flags_value_double(&operand->value);
	return wf_flags_order_holds(predicate->mode, a < b ? -1 : a > b ? 1 : 0);
}

/* A string with a beginning; with fold_case it is prepared as a literal. */
bool
wf_flags_match_starts_with(WfRun *run, const WfPredicate *predicate,
						   const WfValue *value, const WfOperand *operand)
{
	WfString	needle = operand->value.u.string;

	if (value->type != WF_VALUE_STRING || operand->value.type != WF_VALUE_STRING)
		return false;
	if (operand->prepared)
		return wf_flags_pattern_finds(run, operand->prepared, value->u.string);
	return needle.len <= value->u.string.len &&
		memcmp(value->u.string.data, needle.data, needle.len) == 0;
}

/* A string with an end; with fold_case it is prepared as a literal. */
bool
wf_flags_match_ends_with(WfRun *run, const WfPredicate *predicate,
						 const WfValue *value, const WfOperand *operand)
{
	WfString	hay = value->u.string;
	WfString	needle = operand->value.u.string;

	if (value->type != WF_VALUE_STRING || operand->value.type != WF_VALUE_STRING)
		return false;
	if (operand->prepared)
		return wf_flags_pattern_finds(run, operand->prepared, hay);
	return needle.len <= hay.len &&
		memcmp(hay.data + hay.len - needle.len, needle.data, needle.len) == 0;
}

/* A string with a part; with fold_case it is prepared as a literal. */
bool
wf_flags_match_contains(WfRun *run, const WfPredicate *predicate,
						const WfValue *value, const WfOperand *operand)
{
	if (value->type != WF_VALUE_STRING || operand->value.type != WF_VALUE_STRING)
		return false;
	if (operand->prepared)
		return wf_flags_pattern_finds(run, operand->prepared, value->u.string);
	return contains(value->u.string, operand->value.u.string);
}

bool
wf_flags_match_exists(WfRun *run, const WfPredicate *predicate,
					  const WfValue *value, const WfOperand *operand)
{
	return true;
}

/*
 * Notes of an equality that its operands are all strings, and puts them into
 * a set where they are many.
 */
void
wf_flags_predicate_index(WfPredicate *predicate)
{
	for (int i = 0; i < predicate->noperands; i++)
	{
		if (predicate->operands[i].value.type != WF_VALUE_STRING)
			return;
	}
	predicate->equals_strings = true;
	if (predicate->noperands < SET_MIN)
		return;
	predicate->set = wf_flags_set_create(predicate->noperands);
	for (int i = 0; i < predicate->noperands; i++)
		wf_flags_set_add(predicate->set, predicate->operands[i].value.u.string);
}

/* Bytes decide; in UTF-8 a match can't begin inside a character. */
static bool
contains(WfString hay, WfString needle)
{
	const char *last = hay.data + hay.len - needle.len;

	if (needle.len == 0)
		return true;
	for (const char *at = hay.data; at <= last; at++)
	{
		at = memchr(at, needle.data[0], last - at + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, needle.data, needle.len) == 0)
			return true;
	}
	return false;
}
