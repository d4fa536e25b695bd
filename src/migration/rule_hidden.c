/*
 * rule_hidden.c: what IF NOT EXISTS passes over in silence.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static void report(WfRuleCall *call, WfRelation *relation, const char *what);
static const char *column_difference(WfRuleCall *call, WfRelation *table, ColumnDef *def, List *elements);
static bool is_other_length(WfRuleCall *call, WfColumn *column, TypeName *type);
static bool wants_not_null(ColumnDef *def, List *elements);
static const char *other_relation(WfRuleCall *call, WfRelation *table, const char *index);
static const char *index_difference(IndexStmt *stmt, WfIndex *index);

/* An object of the name is there, and is not what the statement would make. */
void
wf_rule_guard_hides_mismatch(WfRuleCall *call)
{
	CreateStmt *create = (CreateStmt *) call->statement;
	IndexStmt  *index = (IndexStmt *) call->statement;
	WfRelation *table;
	const char *what = NULL;
	bool		is_found = false;
	ListCell   *lc;

	if (!call->catalog->simulated)
		return;
	if (IsA(create, CreateStmt))
	{
		if (!create->if_not_exists || create->partbound || create->relation->relpersistence == RELPERSISTENCE_TEMP)
			return;
		table = call->catalog->relation(call->catalog, create->relation);
		if (table->missing)
			return;
		if (table->kind != RELKIND_RELATION && table->kind != RELKIND_PARTITIONED_TABLE)
			what = psprintf("\"%s\" is no table", table->name);
		foreach(lc, create->tableElts)
		{
			if (what == NULL && IsA(lfirst(lc), ColumnDef))
				what = column_difference(call, table, lfirst(lc), create->tableElts);
		}
	}
	else if (IsA(index, IndexStmt))
	{
		table = call->catalog->relation(call->catalog, index->relation);
		if (!index->if_not_exists || index->idxname == NULL || table->missing)
			return;
		foreach(lc, call->catalog->indexes(call->catalog, table))
		{
			WfIndex    *existing = lfirst(lc);

			if (existing->name && strcmp(existing->name, index->idxname) == 0)
			{
				what = index_difference(index, existing);
				is_found = true;
			}
		}
		if (!is_found)
			what = other_relation(call, table, index->idxname);
	}
	else
	{
		table = call->catalog->relation(call->catalog, ((AlterTableStmt *) call->statement)->relation);
		if (!call->command->missing_ok || table->missing ||
			call->catalog->column(call->catalog, table, ((ColumnDef *) call->command->def)->colname) == NULL)
			return;
		what = column_difference(call, table, (ColumnDef *) call->command->def, NIL);
	}
	if (what)
		report(call, table, what);
}

static void
report(WfRuleCall *call, WfRelation *relation, const char *what)
{
	WfFinding  *finding = wf_finding_add(call, "IF NOT EXISTS makes nothing, but what is there differs: %s", what);

	finding->object = wf_ddl_quote_name(relation->schema, relation->name);
	finding->relation = relation;
	wf_finding_note_text(finding, "difference", what);
	finding->hint = pstrdup("Write the change as ALTER, so that databases that have the old one get it as well.");
}

/* What has the name of an index that the table does not have; NULL where nothing has. */
static const char *
other_relation(WfRuleCall *call, WfRelation *table, const char *index)
{
	WfRelation *other = call->catalog->relation(call->catalog, makeRangeVar(table->schema, pstrdup(index), -1));
	WfRelation *others_table;

	/* One that the text made has not been kept with its table. */
	if (other->missing || !OidIsValid(other->relid))
		return NULL;
	others_table = call->catalog->index_table(call->catalog, other);
	if (others_table == NULL)
		return psprintf("\"%s\" is no index", index);
	return others_table == table ? NULL : psprintf("index \"%s\" is one of \"%s\"", index, others_table->name);
}

/* How the column differs from the one that is there; NULL: not in its type, nor in NOT NULL. */
static const char *
column_difference(WfRuleCall *call, WfRelation *table, ColumnDef *def, List *elements)
{
	WfColumn   *column = call->catalog->column(call->catalog, table, def->colname);
	WfTypeChange change;
	Oid			type;

	if (column == NULL)
		return psprintf("it has no column \"%s\"", def->colname);
	if (def->typeName == NULL)
		return NULL;
	type = wf_rule_type_oid(call, def->typeName);
	if (!OidIsValid(type) || !OidIsValid(column->type))
		return NULL;
	/* The length of a column that the text made is not known. */
	change = column->created_here ? WF_TYPE_CHANGE_NONE : call->catalog->type_change(call->catalog, column, def->typeName);
	if (type == column->type && change != WF_TYPE_CHANGE_REWRITES && change != WF_TYPE_CHANGE_NARROWS &&
		!is_other_length(call, column, def->typeName))
		return wants_not_null(def, elements) && !column->not_null ?
			psprintf("column \"%s\" may be null", def->colname) : NULL;
	return psprintf("column \"%s\" has another type than %s", def->colname, wf_ddl_type_name(def->typeName));
}

/* A widening costs nothing, and is a difference all the same. */
static bool
is_other_length(WfRuleCall *call, WfColumn *column, TypeName *type)
{
	char	   *present = OidIsValid(column->type) && !column->created_here ? call->catalog->column_type(call->catalog, column) : NULL;
	const char *open = present ? strchr(present, '(') : NULL;
	A_Const    *length = type->typmods ? linitial(type->typmods) : NULL;

	/* The modifier of an interval is a mask of fields. */
	if (present == NULL || column->type == INTERVALOID || list_length(type->typmods) > 1 || (length && (!IsA(length, A_Const) || nodeTag(&length->val) != T_Integer)))
		return false;
	return length && open ? atoi(open + 1) != intVal(&length->val) : (length == NULL) != (open == NULL);
}

/* Does the definition say NOT NULL, or that the column is in the primary key? */
static bool
wants_not_null(ColumnDef *def, List *elements)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, def->constraints)
	{
		if (lfirst_node(Constraint, lc)->contype == CONSTR_NOTNULL || lfirst_node(Constraint, lc)->contype == CONSTR_PRIMARY)
			return true;
	}
	foreach(lc, elements)
	{
		Constraint *constraint = lfirst(lc);

		foreach(lc2, IsA(constraint, Constraint) && constraint->contype == CONSTR_PRIMARY ? constraint->keys : NIL)
		{
			if (strcmp(strVal(lfirst(lc2)), def->colname) == 0)
				return true;
		}
	}
	return false;
}

static const char *
index_difference(IndexStmt *stmt, WfIndex *index)
{
	ListCell   *lc;

	if (stmt->unique != index->is_unique)
		return psprintf("index \"%s\" is %sunique", index->name, index->is_unique ? "" : "not ");
	if ((stmt->whereClause != NULL) != index->is_partial)
		return psprintf("index \"%s\" is %spartial", index->name, index->is_partial ? "" : "not ");
	if (index->method && stmt->accessMethod && strcmp(index->method, stmt->accessMethod) != 0)
		return psprintf("index \"%s\" is of another access method, %s", index->name, index->method);
	if (list_length(stmt->indexParams) > list_length(index->columns))
		return psprintf("index \"%s\" has fewer columns", index->name);
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);
		char	   *column = list_nth(index->columns, foreach_current_index(lc));

		if (element->name && (column == NULL || strcmp(column, element->name) != 0))
			return psprintf("index \"%s\" does not have \"%s\" in place %d", index->name, element->name,
							foreach_current_index(lc) + 1);
	}
	return NULL;
}
