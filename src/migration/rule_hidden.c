/*
 * rule_hidden.c: what IF NOT EXISTS passes over in silence.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static void report(WfRuleCall *call, WfRelation *relation, const char *what);
static const char *column_difference(WfRuleCall *call, WfRelation *table, ColumnDef *def);
static const char *index_difference(IndexStmt *stmt, WfIndex *index);

/* An object of the name is there, and is not what the statement would make. */
void
wf_rule_guard_hides_mismatch(WfRuleCall *call)
{
	CreateStmt *create = (CreateStmt *) call->statement;
	IndexStmt  *index = (IndexStmt *) call->statement;
	WfRelation *table;
	const char *what = NULL;
	ListCell   *lc;

	if (!call->catalog->simulated)
		return;
	if (IsA(create, CreateStmt))
	{
		if (!create->if_not_exists || create->partbound)
			return;
		table = call->catalog->relation(call->catalog, create->relation);
		if (table->missing)
			return;
		foreach(lc, create->tableElts)
		{
			if (what == NULL && IsA(lfirst(lc), ColumnDef))
				what = column_difference(call, table, lfirst(lc));
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
				what = index_difference(index, existing);
		}
	}
	else
	{
		table = call->catalog->relation(call->catalog, ((AlterTableStmt *) call->statement)->relation);
		if (!call->command->missing_ok || table->missing ||
			call->catalog->column(call->catalog, table, ((ColumnDef *) call->command->def)->colname) == NULL)
			return;
		what = column_difference(call, table, (ColumnDef *) call->command->def);
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

/* How the column differs from the one that is there; NULL: not in its type. */
static const char *
column_difference(WfRuleCall *call, WfRelation *table, ColumnDef *def)
{
	WfColumn   *column = call->catalog->column(call->catalog, table, def->colname);
	Oid			type;

	if (column == NULL)
		return psprintf("it has no column \"%s\"", def->colname);
	if (def->typeName == NULL)
		return NULL;
	type = wf_rule_type_oid(call, def->typeName);
	if (!OidIsValid(type) || !OidIsValid(column->type) || type == column->type)
		return NULL;
	return psprintf("column \"%s\" has another type than %s", def->colname, wf_ddl_type_name(def->typeName));
}

static const char *
index_difference(IndexStmt *stmt, WfIndex *index)
{
	ListCell   *lc;

	if (stmt->unique != index->is_unique)
		return psprintf("index \"%s\" is %sunique", index->name, index->is_unique ? "" : "not ");
	if ((stmt->whereClause != NULL) != index->is_partial)
		return psprintf("index \"%s\" is %spartial", index->name, index->is_partial ? "" : "not ");
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
