/*
 * rule_rows.c: which rows a condition picks, as far as it tells.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "common/list.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* A search for the table around a query. */
typedef struct OuterSearch
{
	const char *name;
	bool		named;
	bool		hidden;
} OuterSearch;

static List *given_columns(Node *condition, const RangeVar *name, bool *limited);
static List *columns_of(Node *expression, const RangeVar *name);
static const char *qualifier(List *fields);
static bool is_limited(Node *value, SubLinkType kind, const RangeVar *name);
static bool looks_outside(Node *node, void *context);
static bool is_written(Node *value);
static bool are_equal(const A_Const *a, const A_Const *b, bool value);

/*
 * Does the condition say of which few rows: the values of a key, a range of a
 * key between constants, or those that a query with LIMIT gives?  name is that of
 * the table in the statement; NULL: one of several.
 */
bool
wf_rule_names_few_rows(WfRuleCall *call, WfRelation *table, const RangeVar *name, Node *where)
{
	List	   *conditions = IsA(where, BoolExpr) && ((BoolExpr *) where)->boolop == AND_EXPR ?
	((BoolExpr *) where)->args : list_make1(where);
	List	   *given = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		bool		limited = false;

		given = list_concat(given, given_columns(lfirst(lc), name, &limited));
		/* What is a key of a table that is not known here, is not either. */
		if (wf_rule_is_constant(lfirst(lc), false) || (limited && table->missing) || IsA(lfirst(lc), CurrentOfExpr))
			return true;
		if (IsA(lfirst(lc), BoolExpr) && ((BoolExpr *) lfirst(lc))->boolop == AND_EXPR &&
			wf_rule_names_few_rows(call, table, name, lfirst(lc)))
			return true;
	}
	foreach(lc, given ? call->catalog->indexes(call->catalog, table) : NIL)
	{
		WfIndex    *index = lfirst(lc);
		ListCell   *lc2;

		if (!index->is_unique || !index->is_valid || index->is_partial || index->columns == NIL)
			continue;
		foreach(lc2, index->columns)
		{
			if (lfirst(lc2) == NULL || !wf_common_list_has(given, lfirst(lc2)))
				break;
		}
		if (lc2 == NULL)
			return true;
	}
	return wf_common_list_has(given, "ctid");
}

/*
 * The table's columns that a condition gives a value, some values, or a range
 * between two; limited: those of a query with LIMIT.
 */
static List *
given_columns(Node *condition, const RangeVar *name, bool *limited)
{
	A_Expr	   *expression = (A_Expr *) condition;
	SubLink    *link = (SubLink *) condition;
	Node	   *column;
	Node	   *value;

	if (IsA(condition, SubLink) && link->subLinkType == ANY_SUBLINK &&
		(link->operName == NIL || strcmp(strVal(llast(link->operName)), "=") == 0))
	{
		*limited = is_limited((Node *) link, ANY_SUBLINK, name);
		return *limited ? columns_of(link->testexpr, name) : NIL;
	}
	if (!IsA(condition, A_Expr) || expression->lexpr == NULL)
		return NIL;
	column = expression->lexpr;
	value = expression->rexpr;
	switch (expression->kind)
	{
		case AEXPR_OP:
		case AEXPR_OP_ANY:
		case AEXPR_IN:
			if (strcmp(strVal(llast(expression->name)), "=") != 0)
				return NIL;
			break;
		case AEXPR_BETWEEN:
			break;
		default:
			return NIL;
	}
	if (expression->kind == AEXPR_OP && (is_written(column) || IsA(column, SubLink)))
	{
		column = expression->rexpr;
		value = expression->lexpr;
	}
	*limited = is_limited(value, expression->kind == AEXPR_OP_ANY ? ARRAY_SUBLINK : EXPR_SUBLINK, name);
	return *limited || is_written(value) ? columns_of(column, name) : NIL;
}

/* The names of the table's columns in an expression that is one, or a row of such. */
static List *
columns_of(Node *expression, const RangeVar *name)
{
	List	   *columns = NIL;
	ListCell   *lc;

	if (IsA(expression, ColumnRef))
	{
		List	   *fields = ((ColumnRef *) expression)->fields;
		const char *of = qualifier(fields);

		if (IsA(llast(fields), String) && (of == NULL || name == NULL || strcmp(of, wf_rule_called(name)) == 0))
			columns = list_make1(strVal(llast(fields)));
	}
	foreach(lc, IsA(expression, RowExpr) ? ((RowExpr *) expression)->args : NIL)
		columns = list_concat(columns, columns_of(lfirst(lc), name));
	return columns;
}

/* What the fields say before the column; NULL: nothing. */
static const char *
qualifier(List *fields)
{
	return list_length(fields) > 1 ? strVal(list_nth(fields, list_length(fields) - 2)) : NULL;
}

/* What a statement calls a relation that it names. */
const char *
wf_rule_called(const RangeVar *name)
{
	return name->alias ? name->alias->aliasname : name->relname;
}

/* Is it a query of this kind with LIMIT, the same for all rows of the table? */
static bool
is_limited(Node *value, SubLinkType kind, const RangeVar *name)
{
	OuterSearch search = {.name = name ? wf_rule_called(name) : ""};
	SelectStmt *query = value && IsA(value, SubLink) && ((SubLink *) value)->subLinkType == kind ?
	(SelectStmt *) ((SubLink *) value)->subselect : NULL;

	/* Without FROM it can be about nothing but the row. */
	if (query == NULL || !IsA(query, SelectStmt) || !wf_rule_has_limit(query) || (query->op == SETOP_NONE && query->fromClause == NIL))
		return false;
	(void) wf_ddl_walk((Node *) query, looks_outside, &search);
	return !search.named || search.hidden;
}

/* Not LIMIT ALL; and with WITH TIES, there may be any number. */
bool
wf_rule_has_limit(const SelectStmt *query)
{
	return query->limitCount && query->limitOption == LIMIT_OPTION_COUNT &&
		!(IsA(query->limitCount, A_Const) && ((A_Const *) query->limitCount)->isnull);
}

/* Notes columns of the table around a query, and whether its name means another one there. */
static bool
looks_outside(Node *node, void *context)
{
	OuterSearch *search = context;
	const char *of = IsA(node, ColumnRef) ? qualifier(((ColumnRef *) node)->fields) : NULL;

	search->named |= of && strcmp(of, search->name) == 0;
	search->hidden |= IsA(node, RangeVar) && strcmp(wf_rule_called((RangeVar *) node), search->name) == 0;
	return false;
}

/* A constant or parameter, or an array or a list of such. */
static bool
is_written(Node *value)
{
	List	   *values = NIL;
	ListCell   *lc;

	if (IsA(value, TypeCast))
		return is_written(((TypeCast *) value)->arg);
	if (IsA(value, A_Const) || IsA(value, ParamRef))
		return true;
	if (IsA(value, List))
		values = (List *) value;
	else if (IsA(value, A_ArrayExpr))
		values = ((A_ArrayExpr *) value)->elements;
	foreach(lc, values)
	{
		if (!is_written(lfirst(lc)))
			return false;
	}
	return values != NIL;
}

/* Is it true, or false, as written: as a word, or by comparing two constants? */
bool
wf_rule_is_constant(Node *condition, bool value)
{
	A_Expr	   *comparison = (A_Expr *) condition;

	if (IsA(condition, A_Expr) && comparison->kind == AEXPR_OP && comparison->lexpr && IsA(comparison->lexpr, A_Const) &&
		IsA(comparison->rexpr, A_Const) && strcmp(strVal(llast(comparison->name)), "=") == 0)
		return are_equal((A_Const *) comparison->lexpr, (A_Const *) comparison->rexpr, value);
	while (IsA(condition, TypeCast))
		condition = ((TypeCast *) condition)->arg;
	return IsA(condition, A_Const) && !((A_Const *) condition)->isnull &&
		((nodeTag(&((A_Const *) condition)->val) == T_Boolean && boolVal(&((A_Const *) condition)->val) == value) ||
		 (nodeTag(&((A_Const *) condition)->val) == T_String &&
		  strcmp(strVal(&((A_Const *) condition)->val), value ? "t" : "f") == 0));
}

/* Are they surely equal, or surely not?  Only whole numbers have but one spelling. */
static bool
are_equal(const A_Const *a, const A_Const *b, bool value)
{
	if (a->isnull || b->isnull || nodeTag(&a->val) != nodeTag(&b->val))
		return false;
	if (nodeTag(&a->val) == T_Integer)
		return (intVal(&a->val) == intVal(&b->val)) == value;
	return value && equal(&a->val, &b->val);
}
