/*
 * predicate.c: comparing an attribute with constants.  Pure.
 */
#include "common/compat.h"

#include "flags/run.h"
#include "flags/set.h"

static bool value_matches(WfRun *run, const WfPredicate *predicate, const WfValue *value);
static bool element_matches(WfRun *run, const WfPredicate *predicate, const WfValue *array);

/* Whether a predicate holds for the context. */
bool
wf_flags_predicate_holds(WfRun *run, const WfPredicate *predicate)
{
	WfValue		value;
	bool		matches;

	if (predicate->subject)
		wf_flags_node_value(run, predicate->subject, &value);
	else
		(void) wf_flags_attribute_fetch(run, &predicate->attribute, &value);

	if (value.type == WF_VALUE_ABSENT && predicate->absent_is_null)
		value.type = WF_VALUE_NULL;
	if (value.type == WF_VALUE_ABSENT ||
		(value.type == WF_VALUE_NULL && !predicate->takes_null))
		return predicate->absent;
	if (predicate->each && value.type == WF_VALUE_ARRAY)
		matches = element_matches(run, predicate, &value);
	else
		matches = value_matches(run, predicate, &value);
	return matches != predicate->negate;
}

static bool
element_matches(WfRun *run, const WfPredicate *predicate, const WfValue *array)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	bool		matches = false;

	while (!matches && (token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		element;

		if (token != WJB_ELEM || !wf_flags_run_step(run))
			continue;
		wf_flags_value_from_json(&json, &element);
		if (element.type != WF_VALUE_NULL || predicate->takes_null)
			matches = value_matches(run, predicate, &element);
	}
	return matches;
}

/* Whether a string is one of the operands. */
static inline bool
equals_one(const WfPredicate *predicate, WfString string)
{
	if (predicate->set)
		return wf_flags_set_has(predicate->set, string);
	for (int i = 0; i < predicate->noperands; i++)
	{
		if (wf_flags_strings_equal(predicate->operands[i].value.u.string, string))
			return true;
	}
	return false;
}

static bool
value_matches(WfRun *run, const WfPredicate *predicate, const WfValue *value)
{
	if (predicate->equals_strings)
		return value->type == WF_VALUE_STRING && equals_one(predicate, value->u.string);
	if (predicate->unary)
		return predicate->match(run, predicate, value, NULL);
	for (int i = 0; i < predicate->noperands; i++)
	{
		if (predicate->match(run, predicate, value, &predicate->operands[i]))
			return true;
	}
	return false;
}
