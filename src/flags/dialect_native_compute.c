/*
 * dialect_native_compute.c: what native definitions compute.  Pure.
 *
 * LOGIC is JsonLogic.  Beside the context's own members it finds an object
 * "$flag" with the flag's "key" and "now", the time in seconds since 1970.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/timestamp.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/logic.h"

static bool check_operators(WfNative *native, const WfValue *expression, const char *path, int depth);
static bool check_elements(WfNative *native, const WfValue *array, const char *path, int depth);
static void fetch_extra(WfRun *run, WfString name, WfValue *value);

static const char *const extra_members[] = {"key", "now", NULL};

static const WfLogicLanguage language = {
	.extra = "$flag",
	.extra_members = extra_members,
	.extra_fetch = fetch_extra,
};

/* Compiles JsonLogic into *node. */
bool
wf_flags_native_compute(WfNative *native, JsonbValue *value, const char *path, WfNode *node)
{
	WfLogicCompiler compiler = {.language = &language};
	WfValue		expression;

	wf_flags_value_from_json(value, &expression);
	if (!check_operators(native, &expression, path, 1))
		return false;
	if (!wf_flags_logic_compile(&compiler, &expression, node))
		return wf_flags_document_fault(native->fault, path, "expected logic that is less deeply nested");
	native->npredicates += compiler.ncalls;
	return true;
}

/*
 * Expects operators that exist: JsonLogic itself would only fail when it comes
 * to them.
 */
static bool
check_operators(WfNative *native, const WfValue *expression, const char *path, int depth)
{
	JsonbIterator *it;
	JsonbValue	json;
	WfValue		arguments;
	WfString	name;

	if (depth > WF_DEPTH_MAX)
		return wf_flags_document_fault(native->fault, path, "logic is nested deeper than %d levels", WF_DEPTH_MAX);
	if (expression->type == WF_VALUE_ARRAY)
		return check_elements(native, expression, path, depth);
	if (expression->type != WF_VALUE_OBJECT || wf_flags_value_length(expression) != 1)
		return true;

	it = JsonbIteratorInit(expression->u.container);
	(void) JsonbIteratorNext(&it, &json, true); /* the beginning */
	(void) JsonbIteratorNext(&it, &json, true);
	name.data = json.val.string.val;
	name.len = json.val.string.len;
	(void) JsonbIteratorNext(&it, &json, true);
	wf_flags_value_from_json(&json, &arguments);
	if (wf_flags_logic_operator(&language, name) == NULL)
		return wf_flags_document_fault(native->fault, path, "JsonLogic has no operator \"%.*s\"", name.len, name.data);
	return check_operators(native, &arguments, psprintf("%s.%.*s", path, name.len, name.data), depth + 1);
}

static bool
check_elements(WfNative *native, const WfValue *array, const char *path, int depth)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	WfValue		element;
	int			n = 0;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, &element);
		if ((element.type == WF_VALUE_ARRAY || element.type == WF_VALUE_OBJECT) &&
			!check_operators(native, &element, psprintf("%s[%d]", path, n), depth + 1))
			return false;
		n++;
	}
	return true;
}

/* WfLogicLanguage.extra_fetch. */
static void
fetch_extra(WfRun *run, WfString name, WfValue *value)
{
	TimestampTz now;

	if (wf_flags_strings_equal(name, wf_flags_string("key")))
	{
		value->type = WF_VALUE_ABSENT;
		if (run->flag)
			wf_flags_value_set_string(value, run->flag->key);
		return;
	}
	now = run->callbacks->now(run->callbacks->arg);
	wf_flags_value_set_double(value, floor((double) now / USECS_PER_SEC) +
							  (double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY);
}
