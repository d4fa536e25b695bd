/*
 * rehearse_change.c: the rows that a statement changes or takes away, so that
 * they can be kept somewhere before.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"

#include "ddl/walk.h"
#include "migration/rehearse.h"

static bool visit(Node *node, void *context);
static void note_rows(List **changes, RangeVar *relation, TruncateStmt *truncate);
static void note_values(List **changes, UpdateStmt *update);
static Oid	relation_oid(RangeVar *relation);

/*
 * The WfChanged of a statement's UPDATE, DELETE, MERGE and TRUNCATE, in CTEs
 * too.  Names mean what they mean now; one that means nothing is left out.
 */
List *
wf_rehearse_changes(Node *node)
{
	List	   *changes = NIL;
	ListCell   *lc;

	if (IsA(node, TruncateStmt))
	{
		foreach(lc, ((TruncateStmt *) node)->relations)
			note_rows(&changes, lfirst(lc), (TruncateStmt *) node);
		return changes;
	}
	(void) wf_ddl_walk(node, visit, &changes);
	return changes;
}

static bool
visit(Node *node, void *context)
{
	switch (nodeTag(node))
	{
		case T_UpdateStmt:
			note_values(context, (UpdateStmt *) node);
			break;
		case T_DeleteStmt:
			note_rows(context, ((DeleteStmt *) node)->relation, NULL);
			break;
		case T_MergeStmt:
			note_rows(context, ((MergeStmt *) node)->relation, NULL);
			break;
		default:
			break;
	}
	return false;
}

static void
note_rows(List **changes, RangeVar *relation, TruncateStmt *truncate)
{
	WfChanged  *changed = palloc0(sizeof(WfChanged));

	changed->relation = relation_oid(relation);
	changed->cascades = truncate && truncate->behavior == DROP_CASCADE;
	changed->restarts = truncate && truncate->restart_seqs;
	if (OidIsValid(changed->relation))
		*changes = lappend(*changes, changed);
}

static void
note_values(List **changes, UpdateStmt *update)
{
	WfChanged  *changed = palloc0(sizeof(WfChanged));
	ListCell   *lc;

	changed->relation = relation_oid(update->relation);
	if (!OidIsValid(changed->relation))
		return;
	foreach(lc, update->targetList)
	{
		AttrNumber	number = get_attnum(changed->relation, ((ResTarget *) lfirst(lc))->name);

		if (number > 0)
			changed->columns = lappend_int(changed->columns, number);
	}
	if (changed->columns)
		*changes = lappend(*changes, changed);
}

static Oid
relation_oid(RangeVar *relation)
{
	return RangeVarGetRelid(relation, NoLock, true);
}
