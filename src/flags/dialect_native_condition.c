/*
 * dialect_native_condition.c: conditions of native flags and segments.  Pure.
 *
 * condition := {"all": [condition, ...]} | {"any": [condition, ...]} |
 *              {"not": condition} | {"attribute": attribute, OPERATOR: value, ...} |
 *              {"segment": KEY or [KEY, ...]} | {"flag": KEY, test} |
 *              {"split": {"percent": share, "seed": text, "by": attribute}} |
 *              {"between": [moment, moment]} | {"from": moment, "until": moment} |
 *              {"compute": LOGIC}
 * test      := "enabled": true or false, "variant": NAME, "variants": [NAME, ...],
 *              "value": condition over {"value": ...}; all that are given have
 *              to hold, none is "enabled": true
 *
 * Operators are in dialect_native_operator.c.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"

/* Deep enough for people, shallow enough for every stack. */
#define MAX_DEPTH 64

/* Compiles the form of condition that a member of an object gives. */
typedef bool (*CompileForm) (WfNative *native, JsonbContainer *object, JsonbValue *member,
							 const char *path, int depth, WfNode *node);

typedef struct Form
{
	const char *name;
	CompileForm compile;
	bool		of_value;		/* also on another flag's value */
} Form;

static bool compile_condition(WfNative *native, JsonbValue *value, const char *path, int depth,
							  WfNode *node);
static bool unknown_form(WfNative *native, const char *path);
static bool compile_attribute(WfNative *native, JsonbContainer *object, JsonbValue *member,
							  const char *path, int depth, WfNode *node);
static bool compile_all(WfNative *native, JsonbContainer *object, JsonbValue *member,
						const char *path, int depth, WfNode *node);
static bool compile_any(WfNative *native, JsonbContainer *object, JsonbValue *member,
						const char *path, int depth, WfNode *node);
static bool compile_not(WfNative *native, JsonbContainer *object, JsonbValue *member,
						const char *path, int depth, WfNode *node);
static bool compile_segment(WfNative *native, JsonbContainer *object, JsonbValue *member,
							const char *path, int depth, WfNode *node);
static bool compile_flag(WfNative *native, JsonbContainer *object, JsonbValue *member,
						 const char *path, int depth, WfNode *node);
static bool compile_split(WfNative *native, JsonbContainer *object, JsonbValue *member,
						  const char *path, int depth, WfNode *node);
static bool compile_between(WfNative *native, JsonbContainer *object, JsonbValue *member,
							const char *path, int depth, WfNode *node);
static bool compile_window(WfNative *native, JsonbContainer *object, JsonbValue *member,
						   const char *path, int depth, WfNode *node);
static bool compile_compute(WfNative *native, JsonbContainer *object, JsonbValue *member,
							const char *path, int depth, WfNode *node);
static bool compile_children(WfNative *native, JsonbValue *value, const char *path, int depth,
							 WfNode *node);
static bool segment_node(WfNative *native, JsonbValue *value, const char *path, WfNode *node);
static bool read_variants(WfNative *native, JsonbContainer *object, const char *path, WfFlagTest *test);

static const Form forms[] = {
	{"attribute", compile_attribute, true},
	{"all", compile_all, true},
	{"any", compile_any, true},
	{"not", compile_not, true},
	{"segment", compile_segment, false},
	{"flag", compile_flag, false},
	{"split", compile_split, false},
	{"between", compile_between, true},
	{"from", compile_window, true},
	{"until", compile_window, true},
	{"compute", compile_compute, true},
};

/* Compiles a condition into *node. */
bool
wf_flags_native_condition(WfNative *native, JsonbValue *value, const char *path, WfNode *node)
{
	return compile_condition(native, value, path, 1, node);
}

/*
 * Compiles what an object asks of the flag that its member "flag" names.  The
 * caller looks for unknown keys.
 */
bool
wf_flags_native_flag_test(WfNative *native, JsonbContainer *object, const char *path, int depth,
						  WfNode *node)
{
	WfFlagTest *test = palloc0(sizeof(WfFlagTest));
	JsonbValue	member;
	bool		enabled;

	node->type = WF_NODE_FLAG;
	node->u.flag = test;
	test->cycle_error = WF_ERROR_GENERAL;
	native->tests_flags = true;
	native->npredicates++;
	if (!wf_flags_native_text(native, object, "flag", path, &test->key) ||
		!read_variants(native, object, path, test))
		return false;
	if (wf_flags_document_member(object, "enabled", &member))
	{
		if (!wf_flags_native_boolean(native, &member, psprintf("%s.enabled", path), &enabled))
			return false;
		test->enabled = enabled ? WF_WANTED_TRUE : WF_WANTED_FALSE;
	}
	if (wf_flags_document_member(object, "value", &member))
	{
		bool		compiled;

		test->condition = palloc0(sizeof(WfNode));
		native->of_value = true;
		compiled = compile_condition(native, &member, psprintf("%s.value", path), depth + 1,
									 test->condition);
		native->of_value = false;
		if (!compiled)
			return false;
	}
	if (test->enabled == WF_WANTED_ANY && test->nvariants == 0 && test->condition == NULL)
		test->enabled = WF_WANTED_TRUE;
	return true;
}

/* The opposite of a condition. */
WfNode *
wf_flags_native_negate(WfNode *node)
{
	WfNode	   *not = palloc0(sizeof(WfNode));

	not->type = WF_NODE_NOT;
	not->nchildren = 1;
	not->children = node;
	return not;
}

static bool
compile_condition(WfNative *native, JsonbValue *value, const char *path, int depth, WfNode *node)
{
	JsonbContainer *object;
	JsonbValue	member;

	if (depth > MAX_DEPTH)
		return wf_flags_document_fault(native->fault, path,
									   "conditions are nested deeper than %d levels", MAX_DEPTH);
	if (!wf_flags_document_object(value, path, native->fault, &object))
		return false;
	for (int i = 0; i < lengthof(forms); i++)
	{
		const Form *form = &forms[i];

		if (!wf_flags_document_member(object, form->name, &member))
			continue;
		if (native->of_value && !form->of_value)
			return wf_flags_document_fault(native->fault, path,
										   "\"%s\" can't be asked of a flag's value", form->name);
		return form->compile(native, object, &member, path, depth, node);
	}
	return unknown_form(native, path);
}

static bool
unknown_form(WfNative *native, const char *path)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(forms); i++)
		appendStringInfo(&names, "%s\"%s\"", i == 0 ? "" : i < lengthof(forms) - 1 ? ", " : " or ",
						 forms[i].name);
	return wf_flags_document_fault(native->fault, path, "expected %s", names.data);
}

static bool
compile_attribute(WfNative *native, JsonbContainer *object, JsonbValue *member,
				  const char *path, int depth, WfNode *node)
{
	return wf_flags_native_predicate(native, object, path, node);
}

static bool
compile_all(WfNative *native, JsonbContainer *object, JsonbValue *member,
			const char *path, int depth, WfNode *node)
{
	node->type = WF_NODE_ALL;
	return wf_flags_document_known(object, path, native->fault, "all") &&
		compile_children(native, member, psprintf("%s.all", path), depth, node);
}

static bool
compile_any(WfNative *native, JsonbContainer *object, JsonbValue *member,
			const char *path, int depth, WfNode *node)
{
	node->type = WF_NODE_ANY;
	return wf_flags_document_known(object, path, native->fault, "any") &&
		compile_children(native, member, psprintf("%s.any", path), depth, node);
}

static bool
compile_not(WfNative *native, JsonbContainer *object, JsonbValue *member,
			const char *path, int depth, WfNode *node)
{
	node->type = WF_NODE_NOT;
	node->nchildren = 1;
	node->children = palloc0(sizeof(WfNode));
	return wf_flags_document_known(object, path, native->fault, "not") &&
		compile_condition(native, member, psprintf("%s.not", path), depth + 1, node->children);
}

/* In any of the segments. */
static bool
compile_segment(WfNative *native, JsonbContainer *object, JsonbValue *member,
				const char *path, int depth, WfNode *node)
{
	JsonbContainer *array;
	JsonbValue	element;

	if (!wf_flags_document_known(object, path, native->fault, "segment"))
		return false;
	path = psprintf("%s.segment", path);
	if (member->type != jbvBinary)
		return segment_node(native, member, path, node);
	node->type = WF_NODE_ANY;
	if (!wf_flags_document_array(member, path, native->fault, &array, &node->nchildren))
		return false;
	node->children = palloc0(sizeof(WfNode) * Max(node->nchildren, 1));
	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_document_element(array, i, &element);
		if (!segment_node(native, &element, psprintf("%s[%d]", path, i), &node->children[i]))
			return false;
	}
	return true;
}

static bool
compile_flag(WfNative *native, JsonbContainer *object, JsonbValue *member,
			 const char *path, int depth, WfNode *node)
{
	return wf_flags_document_known(object, path, native->fault, "flag, enabled, variant, variants, value") &&
		wf_flags_native_flag_test(native, object, path, depth, node);
}

static bool
compile_split(WfNative *native, JsonbContainer *object, JsonbValue *member,
			  const char *path, int depth, WfNode *node)
{
	native->npredicates++;
	return wf_flags_document_known(object, path, native->fault, "split") &&
		wf_flags_native_share_node(native, member, psprintf("%s.split", path), node);
}

static bool
compile_between(WfNative *native, JsonbContainer *object, JsonbValue *member,
				const char *path, int depth, WfNode *node)
{
	JsonbContainer *array;
	JsonbValue	element;
	TimestampTz moments[2];
	int			length;

	if (!wf_flags_document_known(object, path, native->fault, "between"))
		return false;
	path = psprintf("%s.between", path);
	if (!wf_flags_document_array(member, path, native->fault, &array, &length))
		return false;
	if (length != lengthof(moments))
		return wf_flags_document_fault(native->fault, path, "expected two times");
	for (int i = 0; i < lengthof(moments); i++)
	{
		wf_flags_document_element(array, i, &element);
		if (!wf_flags_native_moment(native, &element, psprintf("%s[%d]", path, i), &moments[i]))
			return false;
	}
	if (moments[0] >= moments[1])
		return wf_flags_document_fault(native->fault, path, "expected the second time to be the later one");
	wf_flags_native_window_node(moments[0], moments[1], node);
	return true;
}

static bool
compile_window(WfNative *native, JsonbContainer *object, JsonbValue *member,
			   const char *path, int depth, WfNode *node)
{
	return wf_flags_document_known(object, path, native->fault, "from, until") &&
		wf_flags_native_window(native, object, path, node);
}

static bool
compile_compute(WfNative *native, JsonbContainer *object, JsonbValue *member,
				const char *path, int depth, WfNode *node)
{
	return wf_flags_document_known(object, path, native->fault, "compute") &&
		wf_flags_native_compute(native, member, psprintf("%s.compute", path), node);
}

static bool
compile_children(WfNative *native, JsonbValue *value, const char *path, int depth, WfNode *node)
{
	JsonbContainer *array;
	JsonbValue	element;

	if (!wf_flags_document_array(value, path, native->fault, &array, &node->nchildren))
		return false;
	node->children = palloc0(sizeof(WfNode) * Max(node->nchildren, 1));
	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_document_element(array, i, &element);
		if (!compile_condition(native, &element, psprintf("%s[%d]", path, i), depth + 1,
							   &node->children[i]))
			return false;
	}
	return true;
}

static bool
segment_node(WfNative *native, JsonbValue *value, const char *path, WfNode *node)
{
	WfSegmentTest *test = palloc0(sizeof(WfSegmentTest));

	node->type = WF_NODE_SEGMENT;
	node->u.segment = test;
	test->cycle_error = WF_ERROR_GENERAL;
	native->npredicates++;
	if (value->type != jbvString)
		return wf_flags_document_fault(native->fault, path, "expected the key of a segment, or an array of keys");
	test->key = wf_flags_string_copy(value->val.string.val, value->val.string.len);
	if (native->segments)
		test->segment = wf_flags_native_segment_find(native->segments, test->key);
	if (test->segment && test->segment->source)
	{
		/*
		 * A document holds no tables: the database has a segment of that
		 * name.
		 */
		test->segment = NULL;
		test->required = true;
	}
	return true;
}

/* "variant" or "variants": names, which the other flag's definition gives. */
static bool
read_variants(WfNative *native, JsonbContainer *object, const char *path, WfFlagTest *test)
{
	JsonbContainer *array;
	JsonbValue	member;
	JsonbValue	element;

	if (wf_flags_document_member(object, "variant", &member))
	{
		if (wf_flags_document_member(object, "variants", &element))
			return wf_flags_document_fault(native->fault, path, "expected \"variant\" or \"variants\", not both");
		test->nvariants = 1;
		test->variants = palloc(sizeof(WfString));
		return wf_flags_document_string(&member, psprintf("%s.variant", path), native->fault, test->variants);
	}
	if (!wf_flags_document_member(object, "variants", &member))
		return true;
	path = psprintf("%s.variants", path);
	if (!wf_flags_document_array(&member, path, native->fault, &array, &test->nvariants))
		return false;
	if (test->nvariants == 0)
		return wf_flags_document_fault(native->fault, path, "expected at least one variant");
	test->variants = palloc(sizeof(WfString) * test->nvariants);
	for (int i = 0; i < test->nvariants; i++)
	{
		wf_flags_document_element(array, i, &element);
		if (!wf_flags_document_string(&element, psprintf("%s[%d]", path, i), native->fault, &test->variants[i]))
			return false;
	}
	return true;
}
