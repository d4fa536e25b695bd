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

/* Deep enough for people, shallow enough for every stack. */
#define MAX_DEPTH 64

/* State of one compilation. */
typedef struct Conditions
{
	WfFault    *fault;
	int			npredicates;
} Conditions;

typedef struct OperatorName
{
	const char *name;
	WfOperator	operator;
	bool		scalar_only;	/* one value; else an array of values too */
} OperatorName;

static const OperatorName operator_names[] = {
	{"equals", WF_OPERATOR_IN, true},
	{"in", WF_OPERATOR_IN, false},
	{"less", WF_OPERATOR_LESS, true},
	{"less_equal", WF_OPERATOR_LESS_EQUAL, true},
	{"greater", WF_OPERATOR_GREATER, true},
	{"greater_equal", WF_OPERATOR_GREATER_EQUAL, true},
	{"starts_with", WF_OPERATOR_STARTS_WITH, false},
	{"ends_with", WF_OPERATOR_ENDS_WITH, false},
	{"contains", WF_OPERATOR_CONTAINS, false},
	{"exists", WF_OPERATOR_EXISTS, true},
};

static bool compile_condition(Conditions *conditions, JsonbValue *value, const char *path,
							  int depth, WfNode *node);
static bool compile_children(Conditions *conditions, JsonbValue *value, const char *path,
							 int depth, WfNode *node);
static bool compile_predicate(Conditions *conditions, JsonbContainer *object, const char *path,
							  WfNode *node);
static bool compile_operands(Conditions *conditions, const OperatorName *name, JsonbValue *value,
							 const char *path, WfPredicate *predicate);

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
	WfPredicate *predicate = &node->predicate;
	JsonbValue	member;

	node->type = WF_NODE_PREDICATE;
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

	predicate->operator = name->operator;
	if (name->operator == WF_OPERATOR_EXISTS)
	{
		if (value->type != jbvBool)
			return wf_flags_document_fault(conditions->fault, path, "expected true or false");
		predicate->absent = !value->val.boolean;
		return true;
	}

	predicate->nvalues = 1;
	if (!name->scalar_only && value->type == jbvBinary &&
		!wf_flags_document_array(value, path, conditions->fault, &array, &predicate->nvalues))
		return false;
	predicate->values = palloc0(sizeof(JsonbValue) * Max(predicate->nvalues, 1));
	for (int i = 0; i < predicate->nvalues; i++)
	{
		JsonbValue *operand = &predicate->values[i];

		if (array)
			wf_flags_document_element(array, i, operand);
		else
			*operand = *value;
		if (operand->type == jbvNull || operand->type == jbvBinary)
			return wf_flags_document_fault(conditions->fault, path, "expected %s",
										   name->scalar_only ? "a string, a number, true or false"
										   : "strings, numbers, true or false");
		if (name->operator >= WF_OPERATOR_STARTS_WITH && name->operator != WF_OPERATOR_CONTAINS &&
			operand->type != jbvString)
			return wf_flags_document_fault(conditions->fault, path, "expected strings");
		if (name->operator >= WF_OPERATOR_LESS && name->operator <= WF_OPERATOR_GREATER_EQUAL &&
			operand->type == jbvBool)
			return wf_flags_document_fault(conditions->fault, path, "expected a number or a string");
	}
	return true;
}
