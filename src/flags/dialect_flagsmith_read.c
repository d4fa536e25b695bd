/*
 * dialect_flagsmith_read.c: reading Flagsmith's documents.  Pure.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/fmgrprotos.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"

/* Fetches a member of an object; false, and null, where it is absent or null. */
bool
wf_flags_flagsmith_member(JsonbContainer *object, const char *name, WfValue *value)
{
	WfValue		whole = {.type = WF_VALUE_OBJECT,.u.container = object};

	if (wf_flags_value_member(&whole, wf_flags_string(name), value) && value->type != WF_VALUE_NULL)
		return true;
	value->type = WF_VALUE_NULL;
	return false;
}

/* A member that is an array, absent or null; the last two have no elements. */
bool
wf_flags_flagsmith_array(JsonbContainer *object, const char *name, const char *path,
						 WfFault *fault, JsonbContainer **array, int *length)
{
	JsonbValue	value;

	*length = 0;
	if (!wf_flags_document_member(object, name, &value) || value.type == jbvNull)
		return true;
	return wf_flags_document_array(&value, psprintf("%s.%s", path, name), fault, array, length);
}

/* Expects an element to be an object; path is the element's. */
bool
wf_flags_flagsmith_element(JsonbContainer *array, int index, const char *path,
						   WfFault *fault, JsonbContainer **object)
{
	JsonbValue	value;

	wf_flags_document_element(array, index, &value);
	return wf_flags_document_object(&value, path, fault, object);
}

/* The member "priority": a number, or "-INF", which identity overrides have. */
void
wf_flags_flagsmith_priority(JsonbContainer *object, WfFlagsmithPriority *priority)
{
	double		number;

	priority->band = 1;
	if (!wf_flags_flagsmith_member(object, "priority", &priority->number))
		return;
	if (priority->number.type == WF_VALUE_NUMBER)
		priority->band = 0;
	else if (wf_flags_python_float(&priority->number, &number) && isinf(number) && number < 0)
		priority->band = -1;
}

int
wf_flags_flagsmith_priority_compare(const WfFlagsmithPriority *a, const WfFlagsmithPriority *b)
{
	if (a->band != b->band)
		return a->band - b->band;
	if (a->band != 0)
		return 0;
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a->number.u.number.exact),
											 NumericGetDatum(b->number.u.number.exact)));
}
