/*
 * dialect_growthbook_test.c: what GrowthBook's conditions ask of one value.  Pure.
 */
#include "common/compat.h"

#include "flags/dialect_growthbook.h"
#include "flags/document.h"
#include "flags/operator.h"

struct Operator;

typedef bool (*BuildOperator) (WfGrowthbookConditions *conditions, const struct Operator *operator,
							   const WfValue *operand, const WfAttribute *attribute,
							   int depth, WfNode *node);

typedef struct Operator
{
	const char *name;
	BuildOperator build;
	WfMatch		match;
	int			mode;
	bool		negate;
	bool		fold_case;
} Operator;

/* What is asked of an array. */
typedef enum Elements
{
	ELEMENTS_ANY,				/* a truthy element fulfils the condition */
	ELEMENTS_EVERY,				/* some element fulfils each of them */
	ELEMENTS_SIZE				/* their number fulfils it */
} Elements;

typedef struct ElementsTest
{
	Elements	elements;
	WfAttribute attribute;
} ElementsTest;

static bool compile_operators(WfGrowthbookConditions *conditions, const WfValue *test,
							  const WfAttribute *attribute, int depth, WfNode *node);
static bool build_compare(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
						  const WfAttribute *attribute, int depth, WfNode *node);
static bool build_pattern(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
						  const WfAttribute *attribute, int depth, WfNode *node);
static bool build_version(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
						  const WfAttribute *attribute, int depth, WfNode *node);
static bool build_exists(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
						 const WfAttribute *attribute, int depth, WfNode *node);
static bool build_in(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
					 const WfAttribute *attribute, int depth, WfNode *node);
static bool build_group(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
						const WfAttribute *attribute, int depth, WfNode *node);
static bool build_not(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
					  const WfAttribute *attribute, int depth, WfNode *node);
static bool build_elements(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
						   const WfAttribute *attribute, int depth, WfNode *node);
static bool is_operators(const WfValue *test);
static const WfGrowthbookSet *find_group(WfGrowthbookConditions *conditions, const WfValue *id);
static WfPredicate *add_predicate(WfGrowthbookConditions *conditions, const WfAttribute *attribute,
								  WfMatch match, const WfValue *operand, WfNode *node);
static void test_elements(WfRun *run, const WfNode *node, WfValue *result);
static bool any_element(WfRun *run, const WfNode *condition, const WfValue *array, bool truthy_only);

static const Operator operators[] = {
	{"$eq", build_compare, wf_flags_growthbook_match_identical, .negate = false},
	{"$ne", build_compare, wf_flags_growthbook_match_identical, .negate = true},
	{"$lt", build_compare, wf_flags_growthbook_match_ordered, .mode = WF_ORDER_LESS},
	{"$lte", build_compare, wf_flags_growthbook_match_ordered, .mode = WF_ORDER_LESS_EQUAL},
	{"$gt", build_compare, wf_flags_growthbook_match_ordered, .mode = WF_ORDER_GREATER},
	{"$gte", build_compare, wf_flags_growthbook_match_ordered, .mode = WF_ORDER_GREATER_EQUAL},
	{"$type", build_compare, wf_flags_growthbook_match_type, .negate = false},
	{"$veq", build_version, wf_flags_growthbook_match_version, .mode = WF_ORDER_EQUAL},
	{"$vne", build_version, wf_flags_growthbook_match_version, .mode = WF_ORDER_EQUAL, .negate = true},
	{"$vlt", build_version, wf_flags_growthbook_match_version, .mode = WF_ORDER_LESS},
	{"$vlte", build_version, wf_flags_growthbook_match_version, .mode = WF_ORDER_LESS_EQUAL},
	{"$vgt", build_version, wf_flags_growthbook_match_version, .mode = WF_ORDER_GREATER},
	{"$vgte", build_version, wf_flags_growthbook_match_version, .mode = WF_ORDER_GREATER_EQUAL},
	{"$regex", build_pattern, wf_flags_growthbook_match_pattern, .fold_case = false},
	{"$regexi", build_pattern, wf_flags_growthbook_match_pattern, .fold_case = true},
	{"$in", build_in, wf_flags_growthbook_match_member, .negate = false},
	{"$nin", build_in, wf_flags_growthbook_match_member, .negate = true},
	{"$ini", build_in, wf_flags_growthbook_match_member, .fold_case = true},
	{"$nini", build_in, wf_flags_growthbook_match_member, .negate = true, .fold_case = true},
	{"$inGroup", build_group, wf_flags_growthbook_match_member, .negate = false},
	{"$notInGroup", build_group, wf_flags_growthbook_match_member, .negate = true},
	{"$exists", build_exists, wf_flags_match_exists, .negate = false},
	{"$not", build_not, .match = NULL},
	{"$size", build_elements, .mode = ELEMENTS_SIZE},
	{"$elemMatch", build_elements, .mode = ELEMENTS_ANY},
	{"$all", build_elements, .mode = ELEMENTS_EVERY},
	{"$alli", build_elements, .mode = ELEMENTS_EVERY, .fold_case = true},
};

/* Compiles a test of an attribute's value. */
bool
wf_flags_growthbook_compile_test(WfGrowthbookConditions *conditions, const WfValue *test,
								 const WfAttribute *attribute, bool fold_case, int depth,
								 WfNode *node)
{
	WfPredicate *predicate;

	switch (test->type)
	{
		case WF_VALUE_STRING:
			predicate = add_predicate(conditions, attribute, wf_flags_growthbook_match_text, test, node);
			predicate->fold_case = fold_case;
			if (fold_case)
				wf_flags_growthbook_fold(predicate->operands);
			return true;
		case WF_VALUE_NUMBER:
			(void) add_predicate(conditions, attribute, wf_flags_growthbook_match_number, test, node);
			return true;
		case WF_VALUE_BOOLEAN:
			(void) add_predicate(conditions, attribute, wf_flags_growthbook_match_truth, test, node);
			return true;
		case WF_VALUE_ARRAY:
		case WF_VALUE_OBJECT:
			if (is_operators(test))
				return compile_operators(conditions, test, attribute, depth + 1, node);
			(void) add_predicate(conditions, attribute, wf_flags_growthbook_match_content, test, node);
			return true;
		default:
			(void) add_predicate(conditions, attribute, wf_flags_growthbook_match_identical, test, node);
			return true;
	}
}

static bool
compile_operators(WfGrowthbookConditions *conditions, const WfValue *test, const WfAttribute *attribute,
				  int depth, WfNode *node)
{
	JsonbIterator *it = JsonbIteratorInit(test->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	int			n = 0;

	if (depth > WF_DEPTH_MAX)
		return wf_flags_document_fault(conditions->compiler->fault, conditions->path,
									   "conditions are nested deeper than %d levels", WF_DEPTH_MAX);
	wf_flags_growthbook_add_children(node, WF_NODE_ALL, wf_flags_value_length(test));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfNode	   *child = &node->children[n];
		const Operator *operator = NULL;
		WfString	name;
		WfValue		operand;

		if (token != WJB_KEY)
			continue;
		name.data = json.val.string.val;
		name.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &operand);
		n++;
		for (int i = 0; i < lengthof(operators); i++)
		{
			if (wf_flags_strings_equal(name, wf_flags_string(operators[i].name)))
				operator = &operators[i];
		}
		if (operator == NULL)
			wf_flags_growthbook_add_children(child, WF_NODE_ANY, 0);	/* unknown: never */
		else if (!operator->build(conditions, operator, &operand, attribute, depth, child))
			return false;
	}
	return true;
}

static bool
build_compare(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
			  const WfAttribute *attribute, int depth, WfNode *node)
{
	WfPredicate *predicate = add_predicate(conditions, attribute, operator->match, operand, node);

	predicate->mode = operator->mode;
	predicate->negate = operator->negate;
	return true;
}

static bool
build_pattern(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
			  const WfAttribute *attribute, int depth, WfNode *node)
{
	WfPredicate *predicate = add_predicate(conditions, attribute, operator->match, operand, node);
	const char *problem;

	if (operand->type == WF_VALUE_STRING)
		predicate->operands->prepared = wf_flags_pattern_compile(operand->u.string, WF_PATTERN_JS,
																 operator->fold_case, &problem);
	return true;
}

static bool
build_version(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
			  const WfAttribute *attribute, int depth, WfNode *node)
{
	WfValue		version;

	wf_flags_value_set_string(&version, wf_flags_growthbook_version(operand));
	return build_compare(conditions, operator, &version, attribute, depth, node);
}

static bool
build_exists(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
			 const WfAttribute *attribute, int depth, WfNode *node)
{
	WfPredicate *predicate = add_predicate(conditions, attribute, operator->match, operand, node);

	predicate->unary = true;
	predicate->takes_null = false;
	predicate->absent = predicate->negate = !wf_flags_js_truthy(operand);
	return true;
}

static bool
build_in(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
		 const WfAttribute *attribute, int depth, WfNode *node)
{
	WfPredicate *predicate;

	if (operand->type != WF_VALUE_ARRAY)
	{
		wf_flags_growthbook_add_children(node, WF_NODE_ANY, 0);
		return true;
	}
	predicate = add_predicate(conditions, attribute, operator->match, operand, node);
	predicate->negate = operator->negate;
	predicate->each = true;
	predicate->operands->prepared = wf_flags_growthbook_set(operand, operator->fold_case);
	return true;
}

static bool
build_group(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
			const WfAttribute *attribute, int depth, WfNode *node)
{
	const WfGrowthbookSet *members = find_group(conditions, operand);
	WfPredicate *predicate;

	if (members == NULL)
	{
		wf_flags_growthbook_add_children(node, operator->negate ? WF_NODE_ALL : WF_NODE_ANY, 0);
		return true;
	}
	predicate = add_predicate(conditions, attribute, operator->match, operand, node);
	predicate->negate = operator->negate;
	predicate->each = true;
	predicate->operands->prepared = members;
	return true;
}

static bool
build_not(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
		  const WfAttribute *attribute, int depth, WfNode *node)
{
	wf_flags_growthbook_add_children(node, WF_NODE_NOT, 1);
	return wf_flags_growthbook_compile_test(conditions, operand, attribute, false, depth, node->children);
}

/* The children are about one element, or about the number of all. */
static bool
build_elements(WfGrowthbookConditions *conditions, const Operator *operator, const WfValue *operand,
			   const WfAttribute *attribute, int depth, WfNode *node)
{
	ElementsTest *test = palloc(sizeof(ElementsTest));
	bool		many = operator->mode == ELEMENTS_EVERY;
	WfPath		itself = {.use = WF_PATH_ALWAYS};
	WfAttribute element = {.npaths = 1, .paths = palloc(sizeof(WfPath))};

	if (many && operand->type != WF_VALUE_ARRAY)
	{
		wf_flags_growthbook_add_children(node, WF_NODE_ANY, 0);
		return true;
	}
	test->elements = operator->mode;
	test->attribute = *attribute;
	*element.paths = itself;
	wf_flags_growthbook_add_children(node, WF_NODE_FUNCTION, many ? wf_flags_value_length(operand) : 1);
	node->u.function.call = test_elements;
	node->u.function.data = test;
	if (operator->mode == ELEMENTS_ANY && !is_operators(operand))
		return wf_flags_growthbook_compile_condition(conditions, operand, false, depth + 1, node->children);
	for (int i = 0; i < node->nchildren; i++)
	{
		WfValue		expected = *operand;

		if (many)
			(void) wf_flags_value_element(operand, i, &expected);
		if (!wf_flags_growthbook_compile_test(conditions, &expected, &element, operator->fold_case, depth,
											  &node->children[i]))
			return false;
	}
	return true;
}

/* Whether it is an object all of whose keys begin with "$". */
static bool
is_operators(const WfValue *test)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	if (test->type != WF_VALUE_OBJECT || wf_flags_value_length(test) == 0)
		return false;
	it = JsonbIteratorInit(test->u.container);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		if (token == WJB_KEY && (json.val.string.len == 0 || json.val.string.val[0] != '$'))
			return false;
	}
	return true;
}

/* The members of a saved group, or NULL; other objects than the context have none. */
static const WfGrowthbookSet *
find_group(WfGrowthbookConditions *conditions, const WfValue *id)
{
	const WfGrowthbookShared *shared = conditions->compiler->shared;
	WfString	wanted = wf_flags_js_string(id);
	int			low = 0;
	int			high = shared->ngroups;

	if (!conditions->of_context)
		return NULL;
	while (low < high)
	{
		int			middle = (low + high) / 2;
		const WfGrowthbookGroup *group = &shared->groups[middle];
		int			order = wanted.len != group->id.len ? wanted.len - group->id.len
		: memcmp(wanted.data, group->id.data, wanted.len);

		if (order == 0)
			return group->members;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static WfPredicate *
add_predicate(WfGrowthbookConditions *conditions, const WfAttribute *attribute, WfMatch match,
			  const WfValue *operand, WfNode *node)
{
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));

	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
	predicate->attribute = *attribute;
	predicate->match = match;
	predicate->takes_null = predicate->absent_is_null = true;
	predicate->noperands = 1;
	predicate->operands = palloc0(sizeof(WfOperand));
	predicate->operands->value = *operand;
	conditions->compiler->program->npredicates++;
	return predicate;
}

static void
test_elements(WfRun *run, const WfNode *node, WfValue *result)
{
	const ElementsTest *test = node->u.function.data;
	const WfValue *outer = run->scope;
	bool		holds = true;
	WfValue		array;
	WfValue		size;

	(void) wf_flags_attribute_fetch(run, &test->attribute, &array);
	if (array.type != WF_VALUE_ARRAY)
		holds = false;
	else if (test->elements == ELEMENTS_SIZE)
	{
		wf_flags_value_set_double(&size, wf_flags_value_length(&array));
		run->scope = &size;
		holds = wf_flags_node_holds(run, node->children);
	}
	else
	{
		for (int i = 0; holds && i < node->nchildren; i++)
			holds = any_element(run, &node->children[i], &array, test->elements == ELEMENTS_ANY);
	}
	run->scope = outer;
	wf_flags_value_set_boolean(result, holds);
}

/* Whether a condition holds for an element of an array. */
static bool
any_element(WfRun *run, const WfNode *condition, const WfValue *array, bool truthy_only)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	bool		holds = false;

	while (!holds && (token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		element;

		if (token != WJB_ELEM || !wf_flags_run_step(run))
			continue;
		wf_flags_value_from_json(&json, &element);
		run->scope = &element;
		holds = (!truthy_only || wf_flags_js_truthy(&element)) && wf_flags_node_holds(run, condition);
	}
	return holds;
}
