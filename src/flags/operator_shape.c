/*
 * operator_shape.c: the operators that ask what a value is made of: its type,
 * its length, its elements, its remainder.  Pure.
 */
#include "common/compat.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"

#include "flags/operator.h"
#include "flags/set.h"

static bool array_has(WfRun *run, const WfValue *array, const WfPredicate *predicate,
					  const WfOperand *operand);
static int	length_of(const WfValue *value);

/* Equal; a string that is prepared as a literal without regard to case. */
bool
wf_flags_match_equal_folded(WfRun *run, const WfPredicate *predicate,
							const WfValue *value, const WfOperand *operand)
{
	if (operand->prepared && value->type == WF_VALUE_STRING)
		return wf_flags_pattern_finds(run, operand->prepared, value->u.string);
	return wf_flags_match_equal(run, predicate, value, operand);
}

/* Of one of the types whose WF_TYPE_ bits mode holds. */
bool
wf_flags_match_type(WfRun *run, const WfPredicate *predicate,
					const WfValue *value, const WfOperand *operand)
{
	if (predicate->mode & WF_TYPE_BIT(value->type))
		return true;
	return (predicate->mode & WF_TYPE_INTEGER) && wf_flags_value_is_integer(value);
}

/* A length ordered as mode says: of strings in characters. */
bool
wf_flags_match_length(WfRun *run, const WfPredicate *predicate,
					  const WfValue *value, const WfOperand *operand)
{
	int			length = length_of(value);
	double		wanted = wf_flags_value_double(&operand->value);

	return length >= 0 &&
		wf_flags_order_holds(predicate->mode, length < wanted ? -1 : length > wanted);
}

/* An array with any, or with all of the predicate's constants. */
bool
wf_flags_match_elements(WfRun *run, const WfPredicate *predicate,
						const WfValue *value, const WfOperand *operand)
{
	bool		all = predicate->mode == WF_ELEMENTS_ALL;

	if (value->type != WF_VALUE_ARRAY)
		return false;
	for (int i = 0; i < predicate->noperands; i++)
	{
		if (array_has(run, value, predicate, &predicate->operands[i]) != all)
			return !all;
	}
	return all;
}

/* A whole number that leaves a remainder; its sign is the number's. */
bool
wf_flags_match_remainder(WfRun *run, const WfPredicate *predicate,
						 const WfValue *value, const WfOperand *operand)
{
	const WfRemainder *wanted = (const WfRemainder *) operand->prepared;
	Datum		rest;

	if (!wf_flags_value_is_integer(value))
		return false;
	if (value->u.number.exact == NULL)
		return fmod(value->u.number.approximate, wanted->divisor) == wanted->remainder;
	rest = DirectFunctionCall2(numeric_mod, NumericGetDatum(value->u.number.exact),
							   DirectFunctionCall1(int8_numeric, Int64GetDatum(wanted->divisor)));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, rest)) == wanted->remainder;
}

/* A key, whatever its form, that is in the operand's set. */
bool
wf_flags_match_key(WfRun *run, const WfPredicate *predicate,
				   const WfValue *value, const WfOperand *operand)
{
	WfString	key;

	return wf_flags_value_key(value, WF_KEY_SCALAR, &key) &&
		wf_flags_set_has((const WfStringSet *) operand->prepared, key);
}

static bool
array_has(WfRun *run, const WfValue *array, const WfPredicate *predicate, const WfOperand *operand)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	WfValue		element;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (!wf_flags_run_step(run))
			return false;
		wf_flags_value_from_json(&json, &element);
		if (wf_flags_match_equal_folded(run, predicate, &element, operand))
			return true;
	}
	return false;
}

/* -1 for what has none. */
static int
length_of(const WfValue *value)
{
	switch (value->type)
	{
		case WF_VALUE_STRING:
			return pg_mbstrlen_with_len(value->u.string.data, value->u.string.len);
		case WF_VALUE_ARRAY:
		case WF_VALUE_OBJECT:
			return wf_flags_value_length(value);
		default:
			return -1;
	}
}
