/*
 * dialect_growthbook_condition.c: GrowthBook's conditions.  Pure.
 *
 * condition := {"$or": [condition, ...], "$nor": [...], "$and": [...],
 *               "$not": condition, PATH: test, ...}, all of which must hold
 * test      := string | number | boolean | null | array | object, to be equal
 *              to, or {"$OPERATOR": operand, ...}, all of which must hold
 *
 * What is absent is null.  A condition that makes GrowthBook's own library
 * raise an exception makes the evaluation fail; all else that is odd means
 * what it means there.
 */
#include "common/compat.h"

#include "flags/dialect_growthbook.h"
#include "flags/document.h"

static bool compile_members(WfGrowthbookConditions *conditions, const WfValue *condition, bool of_context,
							int depth, WfNode *node);
static bool compile_member(WfGrowthbookConditions *conditions, WfString key, const WfValue *value,
						   bool of_context, int depth, WfNode *node);
static bool compile_list(WfGrowthbookConditions *conditions, WfNodeType type, const WfValue *list,
						 bool of_context, int depth, WfNode *node);

/*
 * Compiles a condition over the context, or over another object.  False, with
 * the fault filled, where it is nested too deep.
 */
bool
wf_flags_growthbook_condition(WfGrowthbookCompiler *compiler, const WfValue *condition,
							  bool of_context, const char *path, WfNode *node)
{
	WfGrowthbookConditions conditions = {compiler, path, of_context};

	return wf_flags_growthbook_compile_condition(&conditions, condition, of_context, 1, node);
}

/* The attribute that a path with dots leads to. */
void
wf_flags_growthbook_path(WfString path, bool of_context, WfAttribute *attribute)
{
	WfString   *steps = palloc(sizeof(WfString) * (path.len + 2));
	int			nsteps = 1;
	const char *end = path.data + path.len;

	steps[0] = wf_flags_string(WF_GROWTHBOOK_ATTRIBUTES);
	for (const char *at = path.data;; at++)
	{
		const char *dot = at < end ? memchr(at, '.', end - at) : NULL;

		steps[nsteps].data = at;
		steps[nsteps].len = (dot ? dot : end) - at;
		nsteps++;
		if (dot == NULL)
			break;
		at = dot;
	}

	memset(attribute, 0, sizeof(WfAttribute));
	if (of_context)
	{
		wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps, steps);
		attribute->is_key = wf_flags_strings_equal(path, wf_flags_string(WF_GROWTHBOOK_ID));
	}
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps - 1, steps + 1);
	pfree(steps);
}

/* The same for a condition within another one. */
bool
wf_flags_growthbook_compile_condition(WfGrowthbookConditions *conditions, const WfValue *condition,
									  bool of_context, int depth, WfNode *node)
{
	if (depth > WF_DEPTH_MAX)
		return wf_flags_document_fault(conditions->compiler->fault, conditions->path,
									   "conditions are nested deeper than %d levels", WF_DEPTH_MAX);
	switch (condition->type)
	{
		case WF_VALUE_OBJECT:
		case WF_VALUE_ARRAY:
			return compile_members(conditions, condition, of_context, depth, node);
		case WF_VALUE_ABSENT:
		case WF_VALUE_NULL:
			/* An exception there. */
			node->type = WF_NODE_ERROR;
			node->u.error = WF_ERROR_GENERAL;
			return true;
		case WF_VALUE_STRING:
			/* Has members, too: its characters, which nothing is equal to. */
			wf_flags_growthbook_add_children(node, condition->u.string.len > 0 ? WF_NODE_ANY : WF_NODE_ALL, 0);
			return true;
		default:
			wf_flags_growthbook_add_children(node, WF_NODE_ALL, 0);
			return true;
	}
}

/* The members of an object, or the elements of an array by their indexes. */
static bool
compile_members(WfGrowthbookConditions *conditions, const WfValue *condition, bool of_context, int depth,
				WfNode *node)
{
	JsonbIterator *it = JsonbIteratorInit(condition->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	WfString	key = {NULL, 0};
	int			n = 0;

	wf_flags_growthbook_add_children(node, WF_NODE_ALL, wf_flags_value_length(condition));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		value;

		if (token == WJB_KEY)
		{
			key.data = json.val.string.val;
			key.len = json.val.string.len;
			continue;
		}
		if (token == WJB_ELEM)
			key = wf_flags_string(psprintf("%d", n));
		else if (token != WJB_VALUE)
			continue;
		wf_flags_value_from_json(&json, &value);
		if (!compile_member(conditions, key, &value, of_context, depth, &node->children[n++]))
			return false;
	}
	return true;
}

static bool
compile_member(WfGrowthbookConditions *conditions, WfString key, const WfValue *value, bool of_context,
			   int depth, WfNode *node)
{
	WfAttribute attribute;

	if (wf_flags_strings_equal(key, wf_flags_string("$or")))
		return compile_list(conditions, WF_NODE_ANY, value, of_context, depth, node);
	if (wf_flags_strings_equal(key, wf_flags_string("$and")))
		return compile_list(conditions, WF_NODE_ALL, value, of_context, depth, node);
	if (wf_flags_strings_equal(key, wf_flags_string("$nor")))
	{
		wf_flags_growthbook_add_children(node, WF_NODE_NOT, 1);
		return compile_list(conditions, WF_NODE_ANY, value, of_context, depth, node->children);
	}
	if (wf_flags_strings_equal(key, wf_flags_string("$not")))
	{
		wf_flags_growthbook_add_children(node, WF_NODE_NOT, 1);
		return wf_flags_growthbook_compile_condition(conditions, value, of_context, depth + 1, node->children);
	}
	wf_flags_growthbook_path(key, of_context, &attribute);
	return wf_flags_growthbook_compile_test(conditions, value, &attribute, false, depth, node);
}

/* Conditions of which any or all must hold; where there are none, it does. */
static bool
compile_list(WfGrowthbookConditions *conditions, WfNodeType type, const WfValue *list, bool of_context,
			 int depth, WfNode *node)
{
	int			length;

	if (list->type != WF_VALUE_ARRAY || wf_flags_value_length(list) == 0)
	{
		WfValue		nothing = {.type = WF_VALUE_BOOLEAN};

		return wf_flags_growthbook_compile_condition(conditions, list->type < WF_VALUE_ARRAY ? list : &nothing,
													 of_context, depth + 1, node);
	}
	length = wf_flags_value_length(list);
	wf_flags_growthbook_add_children(node, type, length);
	for (int i = 0; i < length; i++)
	{
		WfValue		element;

		(void) wf_flags_value_element(list, i, &element);
		if (!wf_flags_growthbook_compile_condition(conditions, &element, of_context, depth + 1, &node->children[i]))
			return false;
	}
	return true;
}

/* Makes a node one of the given type, with empty children. */
void
wf_flags_growthbook_add_children(WfNode *node, WfNodeType type, int nchildren)
{
	node->type = type;
	node->nchildren = nchildren;
	node->children = nchildren > 0 ? palloc0(sizeof(WfNode) * nchildren) : NULL;
}
