/*
 * walk.c: visiting the expressions of a raw statement.
 *
 * The server's walker of raw trees knows queries and expressions; the utility
 * statements whose expressions matter to a migration are taken apart here.
 */
#include "common/compat.h"

#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"

#include "ddl/walk.h"

typedef struct Walk
{
	WfVisit		visit;
	void	   *context;
	int			depth;
} Walk;

/*
 * Expressions nested deeper than this are not looked into: a sum of 100,000
 * terms is as deep, and must not exhaust the stack.
 */
#define MAX_DEPTH 1000

static bool walk_node(Node *node, void *context);
static bool walk_children(Node *node, Walk *walk);
static bool walk_list(List *nodes, Walk *walk);
static bool walk_column(ColumnDef *column, Walk *walk);
static bool walk_command(AlterTableCmd *command, Walk *walk);

/*
 * Visits the nodes of a statement's queries and expressions, parents first.
 * True if visit() ended the walk.
 */
bool
wf_ddl_walk(Node *node, WfVisit visit, void *context)
{
	Walk		walk = {.visit = visit, .context = context};

	return walk_node(node, &walk);
}

static bool
walk_node(Node *node, void *context)
{
	Walk	   *walk = context;
	bool		ended;

	if (node == NULL || walk->depth >= MAX_DEPTH)
		return false;
	if (walk->visit(node, walk->context))
		return true;
	walk->depth++;
	ended = walk_children(node, walk);
	walk->depth--;
	return ended;
}

static bool
walk_children(Node *node, Walk *walk)
{
	switch (nodeTag(node))
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_List:
		case T_A_Expr:
		case T_A_ArrayExpr:
		case T_A_Indirection:
		case T_BoolExpr:
		case T_BooleanTest:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
		case T_CollateClause:
		case T_CommonTableExpr:
		case T_FuncCall:
		case T_JoinExpr:
		case T_MinMaxExpr:
		case T_NullTest:
		case T_RangeFunction:
		case T_RangeSubselect:
		case T_ResTarget:
		case T_RowExpr:
		case T_SubLink:
		case T_TypeCast:
		case T_WithClause:
		case T_OnConflictClause:
		case T_MultiAssignRef:
		case T_MergeWhenClause:
		case T_SortBy:
		case T_GroupingSet:
		case T_InferClause:
		case T_NamedArgExpr:
		case T_RangeTableSample:
		case T_WindowDef:
			return raw_expression_tree_walker(node, walk_node, walk);
		case T_CreateStmt:
			return walk_list(((CreateStmt *) node)->tableElts, walk) ||
				walk_list(((CreateStmt *) node)->constraints, walk);
		case T_ColumnDef:
			return walk_column((ColumnDef *) node, walk);
		case T_Constraint:
			return walk_node(((Constraint *) node)->raw_expr, walk) ||
				walk_list(((Constraint *) node)->exclusions, walk) ||
				walk_node(((Constraint *) node)->where_clause, walk);
		case T_AlterTableStmt:
			return walk_list(((AlterTableStmt *) node)->cmds, walk);
		case T_AlterTableCmd:
			return walk_command((AlterTableCmd *) node, walk);
		case T_IndexStmt:
			return walk_list(((IndexStmt *) node)->indexParams, walk) ||
				walk_node(((IndexStmt *) node)->whereClause, walk);
		case T_IndexElem:
			return walk_node(((IndexElem *) node)->expr, walk);
		case T_ViewStmt:
			return walk_node(((ViewStmt *) node)->query, walk);
		case T_CreateTableAsStmt:
			return walk_node(((CreateTableAsStmt *) node)->query, walk);
		case T_CreateDomainStmt:
			return walk_list(((CreateDomainStmt *) node)->constraints, walk);
		case T_AlterDomainStmt:
			return walk_node(((AlterDomainStmt *) node)->def, walk);
		case T_CreatePolicyStmt:
			return walk_node(((CreatePolicyStmt *) node)->qual, walk) ||
				walk_node(((CreatePolicyStmt *) node)->with_check, walk);
		default:
			return false;
	}
}

static bool
walk_list(List *nodes, Walk *walk)
{
	ListCell   *lc;

	foreach(lc, nodes)
	{
		if (walk_node(lfirst(lc), walk))
			return true;
	}
	return false;
}

static bool
walk_column(ColumnDef *column, Walk *walk)
{
	return walk_list(column->constraints, walk) || walk_node(column->raw_default, walk);
}

static bool
walk_command(AlterTableCmd *command, Walk *walk)
{
	switch (command->subtype)
	{
		case AT_AddColumn:
		case AT_ColumnDefault:
		case AT_AddConstraint:
		case AT_AlterColumnType:
			return walk_node(command->def, walk);
		default:
			return false;
	}
}
