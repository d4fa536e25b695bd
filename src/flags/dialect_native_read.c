/*
 * dialect_native_read.c: the small pieces of native definitions.  Pure.
 *
 * attribute  := NAME | [NAME, ...], a path |
 *               {"kind": KIND, "path": NAME or [NAME, ...]} | {"compute": LOGIC}
 * window     := {"from": moment, "until": moment}, one of them at least
 * moment     := text of RFC 3339
 * percentage := 0 to 100 in steps of 0.001
 */
#include "common/compat.h"

#include "utils/timestamp.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/operator.h"

static bool read_path(WfNative *native, JsonbValue *value, const char *path, WfAttribute *attribute);

/* Expects what a condition or a hash goes by. */
bool
wf_flags_native_attribute(WfNative *native, JsonbValue *value, const char *path,
						  WfNativeAttribute *attribute)
{
	JsonbContainer *object;
	JsonbValue	member;

	memset(attribute, 0, sizeof(WfNativeAttribute));
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return read_path(native, value, path, &attribute->attribute);

	object = value->val.binary.data;
	if (wf_flags_document_member(object, "compute", &member))
	{
		attribute->subject = palloc0(sizeof(WfNode));
		return wf_flags_document_known(object, path, native->fault, "compute") &&
			wf_flags_native_compute(native, &member, psprintf("%s.compute", path), attribute->subject);
	}
	if (!wf_flags_document_known(object, path, native->fault, "kind, path, compute"))
		return false;
	if (native->of_value)
		return wf_flags_document_fault(native->fault, path, "a flag's value has no kinds");
	if (wf_flags_document_member(object, "path", &member))
	{
		if (!read_path(native, &member, psprintf("%s.path", path), &attribute->attribute))
			return false;
	}
	else
		attribute->attribute.is_key = true;
	if (!wf_flags_document_member(object, "kind", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"kind\" or \"compute\"");
	if (!wf_flags_document_string(&member, psprintf("%s.kind", path), native->fault,
								  &attribute->attribute.kind))
		return false;
	if (attribute->attribute.is_key)
		wf_flags_native_key_of_kind(attribute->attribute.kind, &attribute->attribute);
	return true;
}

/* The key of one kind of context, which goes by two names. */
void
wf_flags_native_key_of_kind(WfString kind, WfAttribute *attribute)
{
	WfString	names[] = {wf_flags_string(WF_TARGETING_KEY), wf_flags_string("key")};

	attribute->kind = kind;
	attribute->is_key = true;
	for (int i = 0; i < lengthof(names); i++)
		wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 1, &names[i]);
}

/* Expects a point in time. */
bool
wf_flags_native_moment(WfNative *native, JsonbValue *value, const char *path, TimestampTz *moment)
{
	if (value->type == jbvString)
	{
		WfString	text = {value->val.string.val, value->val.string.len};

		if (wf_flags_moment_parse(text, moment))
			return true;
	}
	return wf_flags_document_fault(native->fault, path,
								   "expected a time like \"2026-03-01T08:00:00Z\"");
}

/* Reads "from" and "until" of an object into a condition on the clock. */
bool
wf_flags_native_window(WfNative *native, JsonbContainer *object, const char *path, WfNode *node)
{
	TimestampTz from = DT_NOBEGIN;
	TimestampTz until = DT_NOEND;
	JsonbValue	member;
	bool		begins = wf_flags_document_member(object, "from", &member);
	bool		ends;

	if (begins && !wf_flags_native_moment(native, &member, psprintf("%s.from", path), &from))
		return false;
	ends = wf_flags_document_member(object, "until", &member);
	if (ends && !wf_flags_native_moment(native, &member, psprintf("%s.until", path), &until))
		return false;
	if (!begins && !ends)
		return wf_flags_document_fault(native->fault, path, "expected \"from\" or \"until\"");
	if (from >= until)
		return wf_flags_document_fault(native->fault, path, "expected \"until\" to be later than \"from\"");
	wf_flags_native_window_node(from, until, node);
	return true;
}

/* A condition on the clock. */
void
wf_flags_native_window_node(TimestampTz from, TimestampTz until, WfNode *node)
{
	WfWindow   *window = palloc(sizeof(WfWindow));

	window->from = from;
	window->until = until;
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = wf_flags_window_contains;
	node->u.function.data = window;
}

/* Expects a percentage; *share is in steps of 0.001 %. */
bool
wf_flags_native_percent(WfNative *native, JsonbValue *value, const char *path, uint32 *share)
{
	const char *problem;

	if (value->type != jbvNumeric)
		return wf_flags_document_fault(native->fault, path, "expected a percentage");
	if (!wf_flags_parse_percent(value->val.numeric, share, &problem))
		return wf_flags_document_fault(native->fault, path,
									   "expected 0 to 100 in steps of 0.001, but %s", problem);
	return true;
}

/* Expects a range to hold something. */
bool
wf_flags_native_range(WfNative *native, uint32 from, uint32 until, const char *path)
{
	return from < until ||
		wf_flags_document_fault(native->fault, path, "expected a range that ends after it begins");
}

bool
wf_flags_native_boolean(WfNative *native, JsonbValue *value, const char *path, bool *boolean)
{
	if (value->type != jbvBool)
		return wf_flags_document_fault(native->fault, path, "expected true or false");
	*boolean = value->val.boolean;
	return true;
}

/* Expects a member that is a string, and not an empty one. */
bool
wf_flags_native_text(WfNative *native, JsonbContainer *object, const char *name, const char *path,
					 WfString *text)
{
	JsonbValue	member;

	if (!wf_flags_document_member(object, name, &member))
		return wf_flags_document_fault(native->fault, path, "expected \"%s\"", name);
	path = psprintf("%s.%s", path, name);
	if (!wf_flags_document_string(&member, path, native->fault, text))
		return false;
	return text->len > 0 ||
		wf_flags_document_fault(native->fault, path, "expected a string that is not empty");
}

/*
 * A name or a path.  What is another flag's value has no targeting key: there
 * it is a name like any other.
 */
static bool
read_path(WfNative *native, JsonbValue *value, const char *path, WfAttribute *attribute)
{
	WfString	name = wf_flags_string(WF_TARGETING_KEY);

	if (!wf_flags_document_attribute(value, path, native->fault, attribute))
		return false;
	if (native->of_value && attribute->is_key)
	{
		attribute->is_key = false;
		wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 1, &name);
	}
	return true;
}
