/*
 * dialect_launchdarkly_read.c: reading members of LaunchDarkly's objects.
 * Pure.
 *
 * LaunchDarkly leaves out what is empty, or sends null; all readers take both.
 * A member of another type is a fault, as its clients refuse the whole document.
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"

static bool member(const WfValue *object, const char *name, WfValue *value);
static bool wrong_type(const char *name, const char *path, WfFault *fault, const char *expected);

/* A list; an absent one has no elements. */
bool
wf_flags_launchdarkly_list(const WfValue *object, const char *name, const char *path,
						   WfFault *fault, WfValue *list, int *length)
{
	*length = 0;
	if (!member(object, name, list))
		return true;
	if (list->type != WF_VALUE_ARRAY)
		return wrong_type(name, path, fault, "an array");
	*length = wf_flags_value_length(list);
	return true;
}

/* An element of a list, which is at path, that has to be an object. */
bool
wf_flags_launchdarkly_object(const WfValue *list, int index, const char *path, WfFault *fault,
							 WfValue *object)
{
	(void) wf_flags_value_element(list, index, object);
	return object->type == WF_VALUE_OBJECT ||
		wf_flags_document_fault(fault, path, "expected an object");
}

/* A string; data is NULL for an absent one. */
bool
wf_flags_launchdarkly_text(const WfValue *object, const char *name, const char *path,
						   WfFault *fault, WfString *text)
{
	WfValue		value;

	text->data = NULL;
	text->len = 0;
	if (!member(object, name, &value))
		return true;
	if (value.type != WF_VALUE_STRING)
		return wrong_type(name, path, fault, "a string");
	*text = value.u.string;
	return true;
}

/* A number, or an absent value. */
bool
wf_flags_launchdarkly_number(const WfValue *object, const char *name, const char *path,
							 WfFault *fault, WfValue *number)
{
	if (!member(object, name, number) || number->type == WF_VALUE_NUMBER)
		return true;
	return wrong_type(name, path, fault, "a number");
}

/* True or false, which is also what an absent one is. */
bool
wf_flags_launchdarkly_boolean(const WfValue *object, const char *name, const char *path,
							  WfFault *fault, bool *boolean)
{
	WfValue		value;

	*boolean = false;
	if (!member(object, name, &value))
		return true;
	if (value.type != WF_VALUE_BOOLEAN)
		return wrong_type(name, path, fault, "true or false");
	*boolean = value.u.boolean;
	return true;
}

/* Fetches a member that is not null; false, and an absent one, for others. */
static bool
member(const WfValue *object, const char *name, WfValue *value)
{
	if (wf_flags_value_member(object, wf_flags_string(name), value) && value->type != WF_VALUE_NULL)
		return true;
	value->type = WF_VALUE_ABSENT;
	return false;
}

static bool
wrong_type(const char *name, const char *path, WfFault *fault, const char *expected)
{
	return wf_flags_document_fault(fault, psprintf("%s.%s", path, name), "expected %s", expected);
}
