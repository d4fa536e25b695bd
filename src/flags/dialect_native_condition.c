/*
 * dialect_native_condition.c: conditions of native flags.  Pure.
 *
 * condition := {"all": [condition, ...]} | {"any": [condition, ...]} |
 *              {"not": condition} | {"attribute": attribute, OPERATOR: value}
 *
 * OPERATOR is equals, less, less_equal, greater, greater_equal with one value;
 * in, starts_with, ends_with, contains with one or an array of values, any of
 * which may match; or exists with true or false.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/operator.h"

/* Deep enough for people, shallow enough for every stack. */
#define MAX_DEPTH 64

/* State of one compilation. */
typedef struct Conditions
{
	WfFault    *fault;
	int			npredicates;
} Conditions;

/* Which constants an operator takes. */
typedef enum Operands
{
	OPERANDS_SCALARS,
	OPERANDS_ORDERED,			/* numbers and strings */
	OPERANDS_STRINGS,
	OPERANDS_BOOLEAN			/* whether it holds or not; no constant */
} Operands;

typedef struct OperatorName
{
	const char *name;
	WfMatch		match;
	WfOrder		order;
	Operands	operands;
	bool		many;			/* an array of constants too */
} OperatorName;

static const OperatorName operator_names[] = {
	{"equals", wf_flags_match_equal, WF_ORDER_EQUAL, OPERANDS_SCALARS, false},
	{"in", wf_flags_match_equal, WF_ORDER_EQUAL, OPERANDS_SCALARS, true},
	{"less", wf_flags_match_ordered, WF_ORDER_LESS, OPERANDS_ORDERED, false},
	{"less_equal", wf_flags_match_ordered, WF_ORDER_LESS_EQUAL, OPERANDS_ORDERED, false},
	{"greater", wf_flags_match_ordered, WF_ORDER_GREATER, OPERANDS_ORDERED, false},
	{"greater_equal", wf_flags_match_ordered, WF_ORDER_GREATER_EQUAL, OPERANDS_ORDERED, false},
	{"starts_with", wf_flags_match_starts_with, WF_ORDER_EQUAL, OPERANDS_STRINGS, true},
	{"ends_with", wf_flags_match_ends_with, WF_ORDER_EQUAL, OPERANDS_STRINGS, true},
	{"contains", wf_flags_match_contains, WF_ORDER_EQUAL, OPERANDS_SCALARS, true},
	{"exists", wf_flags_match_exists, WF_ORDER_EQUAL, OPERANDS_BOOLEAN, false},
};

static bool compile_condition(Conditions *conditions, JsonbValue *value, const char *path,
							  int depth, WfNode *node);
static bool compile_children(Conditions *conditions, JsonbValue *value, const char *path,
							 int depth, WfNode *node);
static bool compile_predicate(Conditions *conditions, JsonbContainer *object, const char *path,
							  WfNode *node);
static bool compile_operands(Conditions *conditions, const OperatorName *name, JsonbValue *value,
							 const char *path, WfPredicate *predicate);
static bool check_operand(const OperatorName *name, JsonbValue *constant, const char *path,
						  WfFault *fault);

/*
 * Compiles a condition into *node and adds its predicates to *npredicates.
 * False, with *fault filled, when it is wrong.
 */
bool
wf_flags_compile_condition(JsonbValue *value, const char *path, WfFault *fault,
						   WfNode *node, int *npredicates)
{
	Conditions	conditions = {fault, 0};
	bool		compiled = compile_condition(&conditions, value, path, 1, node);

	*npredicates += conditions.npredicates;
	return compiled;
}

static bool
compile_condition(Conditions *conditions, JsonbValue *value, const char *path, int depth, WfNode *node)
{
	JsonbContainer *object;
	JsonbValue	member;
	const char *name;

	if (depth > MAX_DEPTH)
		return wf_flags_document_fault(conditions->fault, path,
									   "conditions are nested deeper than %d levels", MAX_DEPTH);
	if (!wf_flags_document_object(value, path, conditions->fault, &object))
		return false;
	if (wf_flags_document_member(object, "attribute", &member))
		return compile_predicate(conditions, object, path, node);

	if (wf_flags_document_member(object, name = "all", &member))
		node->type = WF_NODE_ALL;
	else if (wf_flags_document_member(object, name = "any", &member))
		node->type = WF_NODE_ANY;
	else if (wf_flags_document_member(object, name = "not", &member))
		node->type = WF_NODE_NOT;
	else
		return wf_flags_document_fault(conditions->fault, path,
									   "expected \"all\", \"any\", \"not\" or \"attribute\"");
	if (!wf_flags_document_known(object, path, conditions->fault, name))
		return false;
	return compile_children(conditions, &member, psprintf("%s.%s", path, name), depth, node);
}

static bool
compile_children(Conditions *conditions, JsonbValue *value, const char *path, int depth, WfNode *node)
{
	JsonbContainer *array;
	JsonbValue	element;

	if (node->type == WF_NODE_NOT)
	{
		node->nchildren = 1;
		node->children = palloc0(sizeof(WfNode));
		return compile_condition(conditions, value, path, depth + 1, node->children);
	}
	if (!wf_flags_document_array(value, path, conditions->fault, &array, &node->nchildren))
		return false;
	node->children = palloc0(sizeof(WfNode) * Max(node->nchildren, 1));
	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_document_element(array, i, &element);
		if (!compile_condition(conditions, &element, psprintf("%s[%d]", path, i), depth + 1,
							   &node->children[i]))
			return false;
	}
	return true;
}

static bool
compile_predicate(Conditions *conditions, JsonbContainer *object, const char *path, WfNode *node)
{
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));
	JsonbValue	member;

	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
	predicate->each = true;
	conditions->npredicates++;
	(void) wf_flags_document_member(object, "attribute", &member);
	if (!wf_flags_document_attribute(&member, psprintf("%s.attribute", path), conditions->fault,
									 &predicate->attribute))
		return false;
	if (JsonContainerSize(object) == 2)
	{
		for (int i = 0; i < lengthof(operator_names); i++)
		{
			const char *name = operator_names[i].name;

			if (wf_flags_document_member(object, name, &member))
				return compile_operands(conditions, &operator_names[i], &member,
										psprintf("%s.%s", path, name), predicate);
		}
	}
	return wf_flags_document_fault(conditions->fault, path,
								   "expected \"attribute\" and one of equals, in, less, less_equal, greater, "
								   "greater_equal, starts_with, ends_with, contains, exists");
}

static bool
compile_operands(Conditions *conditions, const OperatorName *name, JsonbValue *value,
				 const char *path, WfPredicate *predicate)
{
	JsonbContainer *array = NULL;

	predicate->match = name->match;
	predicate->mode = name->order;
	if (name->operands == OPERANDS_BOOLEAN)
	{
		if (value->type != jbvBool)
			return wf_flags_document_fault(conditions->fault, path, "expected true or false");
		predicate->unary = true;
		predicate->each = false;
		predicate->absent = predicate->negate = !value->val.boolean;
		return true;
	}

	predicate->noperands = 1;
	if (name->many && value->type == jbvBinary &&
		!wf_flags_document_array(value, path, conditions->fault, &array, &predicate->noperands))
		return false;
	predicate->operands = palloc0(sizeof(WfOperand) * Max(predicate->noperands, 1));
	for (int i = 0; i < predicate->noperands; i++)
	{
		JsonbValue	constant = *value;

		if (array)
			wf_flags_document_element(array, i, &constant);
		if (!check_operand(name, &constant, path, conditions->fault))
			return false;
		wf_flags_value_from_json(&constant, &predicate->operands[i].value);
	}
	if (name->match == wf_flags_match_equal)
		wf_flags_predicate_index(predicate);
	return true;
}

static bool
check_operand(const OperatorName *name, JsonbValue *constant, const char *path, WfFault *fault)
{
	if (constant->type == jbvNull || constant->type == jbvBinary)
		return wf_flags_document_fault(fault, path, "expected %s",
									   name->many ? "strings, numbers, true or false"
									   : "a string, a number, true or false");
	if (name->operands == OPERANDS_STRINGS && constant->type != jbvString)
		return wf_flags_document_fault(fault, path, "expected strings");
	if (name->operands == OPERANDS_ORDERED && constant->type == jbvBool)
		return wf_flags_document_fault(fault, path, "expected a number or a string");
	return true;
}
