/*
 * uses.c: which relations, columns, routines and types a raw statement names.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "nodes/value.h"

#include "ddl/source.h"
#include "ddl/uses.h"
#include "ddl/walk.h"

static bool visit(Node *node, void *context);
static void add_relation(WfUses *uses, const RangeVar *name);
static WfRelationUse *write_to(WfUses *uses, const RangeVar *name);
static void add_column(WfUses *uses, const char *qualifier, const char *name);
static void add_column_ref(WfUses *uses, const ColumnRef *ref);
static void add_targets(WfRelationUse *relation, List *targets);
static void add_copy(WfUses *uses, CopyStmt *copy);
static void add_merge(WfUses *uses, MergeStmt *merge);
static Node *inner_statement(Node *stmt);
static const char *name_of(const RangeVar *relation);

/* Fills *uses with what the statement names. */
void
wf_ddl_uses(Node *stmt, WfUses *uses)
{
	Node	   *inner;
	ListCell   *lc;
	ListCell   *lc2;

	memset(uses, 0, sizeof(WfUses));
	while (stmt && (inner = inner_statement(stmt)) != NULL)
		stmt = inner;
	if (stmt == NULL)
		return;
	if (IsA(stmt, CopyStmt))
		add_copy(uses, (CopyStmt *) stmt);
	else if (IsA(stmt, TruncateStmt))
	{
		foreach(lc, ((TruncateStmt *) stmt)->relations)
			(void) write_to(uses, lfirst_node(RangeVar, lc));
	}
	else if (IsA(stmt, CallStmt))
		(void) wf_ddl_walk((Node *) ((CallStmt *) stmt)->funccall, visit, uses);
	else
		(void) wf_ddl_walk(stmt, visit, uses);

	/* A name of WITH is no relation. */
	foreach(lc, uses->relations)
	{
		WfRelationUse *relation = lfirst(lc);

		foreach(lc2, relation->name->schemaname ? NIL : uses->hidden)
		{
			if (strcmp(relation->name->relname, lfirst(lc2)) == 0)
			{
				uses->relations = foreach_delete_current(uses->relations, lc);
				break;
			}
		}
	}
}

/* Does the statement read this column of the relation, of which it is known that it has it? */
bool
wf_ddl_uses_reads(const WfUses *uses, const WfRelationUse *relation, const char *column)
{
	ListCell   *lc;

	if (relation->reads_all)
		return true;
	foreach(lc, uses->columns)
	{
		const WfColumnUse *use = lfirst(lc);

		if (use->name && strcmp(use->name, column) != 0)
			continue;
		if (use->qualifier == NULL || strcmp(use->qualifier, name_of(relation->name)) == 0 ||
			(relation->writes && strcmp(use->qualifier, "excluded") == 0))
			return true;
	}
	return false;
}

bool
wf_ddl_uses_writes(const WfRelationUse *relation, const char *column)
{
	ListCell   *lc;

	if (relation->writes_all)
		return true;
	foreach(lc, relation->columns)
	{
		if (strcmp(lfirst(lc), column) == 0)
			return true;
	}
	return false;
}

/*
 * Does the name stand in the text as a word, also within strings, but not in
 * comments?  Without regard to case, as the server folds it.
 */
bool
wf_ddl_mentions(const char *text, const char *name)
{
	int			length = strlen(text);
	int			size = strlen(name);
	int			pos = 0;

	while ((pos = wf_ddl_source_skip_space(text, pos, length)) < length)
	{
		int			end = pos;

		while (end < length && (text[end] == '_' || isalnum((unsigned char) text[end]) || IS_HIGHBIT_SET(text[end])))
			end++;
		if (end - pos == size && pg_strncasecmp(text + pos, name, size) == 0)
			return true;
		pos = Max(end, pos + 1);
	}
	return false;
}

/* The statement that this one explains, declares, prepares or copies from. */
static Node *
inner_statement(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_RawStmt:
			return ((RawStmt *) stmt)->stmt;
		case T_ExplainStmt:
			return ((ExplainStmt *) stmt)->query;
		case T_DeclareCursorStmt:
			return ((DeclareCursorStmt *) stmt)->query;
		case T_PrepareStmt:
			return ((PrepareStmt *) stmt)->query;
		case T_CopyStmt:
			return ((CopyStmt *) stmt)->query;
		default:
			return NULL;
	}
}

static bool
visit(Node *node, void *context)
{
	WfUses	   *uses = context;

	switch (nodeTag(node))
	{
		case T_RangeVar:
			add_relation(uses, (RangeVar *) node);
			break;
		case T_ColumnRef:
			add_column_ref(uses, (ColumnRef *) node);
			break;
		case T_FuncCall:
			uses->routines = lappend(uses->routines, ((FuncCall *) node)->funcname);
			break;
		case T_TypeCast:
			uses->types = lappend(uses->types, ((TypeCast *) node)->typeName->names);
			break;
		case T_CommonTableExpr:
			uses->hidden = lappend(uses->hidden, ((CommonTableExpr *) node)->ctename);
			break;
		case T_IndexElem:
			if (((IndexElem *) node)->name)
				add_column(uses, NULL, ((IndexElem *) node)->name);
			break;
		case T_JoinExpr:
			{
				ListCell   *lc;

				if (((JoinExpr *) node)->isNatural)
					add_column(uses, NULL, NULL);
				foreach(lc, ((JoinExpr *) node)->usingClause)
					add_column(uses, NULL, strVal(lfirst(lc)));
				break;
			}
		case T_InsertStmt:
			{
				InsertStmt *insert = (InsertStmt *) node;
				WfRelationUse *relation = write_to(uses, insert->relation);

				relation->writes_all = insert->cols == NIL && insert->selectStmt != NULL;
				add_targets(relation, insert->cols);
				if (insert->onConflictClause)
					add_targets(relation, insert->onConflictClause->targetList);
				break;
			}
		case T_UpdateStmt:
			add_targets(write_to(uses, ((UpdateStmt *) node)->relation), ((UpdateStmt *) node)->targetList);
			break;
		case T_DeleteStmt:
			(void) write_to(uses, ((DeleteStmt *) node)->relation);
			break;
		case T_MergeStmt:
			add_merge(uses, (MergeStmt *) node);
			break;
		default:
			break;
	}
	return false;
}

/* The relation that a statement writes to is visited after the statement. */
static void
add_relation(WfUses *uses, const RangeVar *name)
{
	WfRelationUse *relation;
	ListCell   *lc;

	foreach(lc, uses->relations)
	{
		if (((WfRelationUse *) lfirst(lc))->name == name)
			return;
	}
	relation = palloc0(sizeof(WfRelationUse));
	relation->name = name;
	uses->relations = lappend(uses->relations, relation);
}

static WfRelationUse *
write_to(WfUses *uses, const RangeVar *name)
{
	WfRelationUse *relation = palloc0(sizeof(WfRelationUse));

	relation->name = name;
	relation->writes = true;
	uses->relations = lappend(uses->relations, relation);
	return relation;
}

static void
add_column(WfUses *uses, const char *qualifier, const char *name)
{
	WfColumnUse *column = palloc(sizeof(WfColumnUse));

	column->qualifier = qualifier;
	column->name = name;
	uses->columns = lappend(uses->columns, column);
}

/*
 * "a", "r.a", "s.r.a", with "*" for a.  A lone name may also be a relation's,
 * which is all of its columns; so may be the second of two names, of a row.
 */
static void
add_column_ref(WfUses *uses, const ColumnRef *ref)
{
	Node	   *last = llast(ref->fields);
	int			n = list_length(ref->fields);
	Node	   *before = n > 1 ? list_nth(ref->fields, n - 2) : NULL;

	add_column(uses, before && IsA(before, String) ? strVal(before) : NULL,
			   IsA(last, String) ? strVal(last) : NULL);
	if (IsA(last, String))
		add_column(uses, strVal(last), NULL);
}

/* The names of columns that are set. */
static void
add_targets(WfRelationUse *relation, List *targets)
{
	ListCell   *lc;

	foreach(lc, targets)
	{
		ResTarget  *target = lfirst_node(ResTarget, lc);

		if (target->name)
			relation->columns = lappend(relation->columns, target->name);
	}
}

static void
add_copy(WfUses *uses, CopyStmt *copy)
{
	WfRelationUse *relation;
	ListCell   *lc;

	if (copy->relation == NULL)
		return;
	relation = write_to(uses, copy->relation);
	relation->writes = copy->is_from;
	relation->writes_all = copy->is_from && copy->attlist == NIL;
	relation->reads_all = !copy->is_from && copy->attlist == NIL;
	foreach(lc, copy->attlist)
	{
		if (copy->is_from)
			relation->columns = lappend(relation->columns, strVal(lfirst(lc)));
		else
			add_column(uses, NULL, strVal(lfirst(lc)));
	}
	if (copy->whereClause)
		(void) wf_ddl_walk(copy->whereClause, visit, uses);
}

static void
add_merge(WfUses *uses, MergeStmt *merge)
{
	WfRelationUse *relation = write_to(uses, merge->relation);
	ListCell   *lc;

	foreach(lc, merge->mergeWhenClauses)
	{
		MergeWhenClause *when = lfirst_node(MergeWhenClause, lc);

		add_targets(relation, when->targetList);
		relation->writes_all |= when->commandType == CMD_INSERT && when->targetList == NIL;
	}
}

static const char *
name_of(const RangeVar *relation)
{
	return relation->alias ? relation->alias->aliasname : relation->relname;
}
