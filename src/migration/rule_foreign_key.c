/*
 * rule_foreign_key.c: rules about what a foreign key needs beside itself.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* Gets each new foreign key with its table and columns. */
typedef void (*ForeignKeyVisitor) (WfRuleCall *call, WfRelation *table, Constraint *constraint,
								   List *columns, ColumnDef *column);

static void visit_foreign_keys(WfRuleCall *call, ForeignKeyVisitor visit);
static void visit_column(WfRuleCall *call, WfRelation *table, ColumnDef *column, ForeignKeyVisitor visit);
static void report_without_index(WfRuleCall *call, WfRelation *table, Constraint *constraint,
								 List *columns, ColumnDef *column);
static void report_set_null(WfRuleCall *call, WfRelation *table, Constraint *constraint,
							List *columns, ColumnDef *column);
static void report_type(WfRuleCall *call, WfRelation *table, Constraint *constraint,
						List *columns, ColumnDef *column);
static Oid	column_type(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column);
static bool is_string(WfRuleCall *call, Oid type);
static bool are_new(WfRuleCall *call, WfRelation *table, List *columns);
static bool is_indexed(WfRuleCall *call, WfRelation *table, List *columns);
static bool is_required(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column);

/* No index begins with the columns of a new foreign key. */
void
wf_rule_foreign_key_without_index(WfRuleCall *call)
{
	visit_foreign_keys(call, report_without_index);
}

/* ON DELETE or ON UPDATE SET NULL of a column that can't be null. */
void
wf_rule_foreign_key_set_null(WfRuleCall *call)
{
	visit_foreign_keys(call, report_set_null);
}

/* A column of another type than the one that it refers to. */
void
wf_rule_foreign_key_type(WfRuleCall *call)
{
	visit_foreign_keys(call, report_type);
}

/* All foreign keys that CREATE TABLE or ALTER TABLE makes. */
static void
visit_foreign_keys(WfRuleCall *call, ForeignKeyVisitor visit)
{
	ListCell   *lc;

	if (IsA(call->statement, CreateStmt))
	{
		CreateStmt *stmt = (CreateStmt *) call->statement;
		WfRelation	table = {.kind = RELKIND_RELATION, .created_here = true, .measured = true};

		table.schema = stmt->relation->schemaname;
		table.name = stmt->relation->relname;
		foreach(lc, stmt->tableElts)
		{
			Node	   *element = lfirst(lc);

			if (IsA(element, ColumnDef))
				visit_column(call, &table, (ColumnDef *) element, visit);
			else if (IsA(element, Constraint) && ((Constraint *) element)->contype == CONSTR_FOREIGN)
				visit(call, &table, (Constraint *) element, ((Constraint *) element)->fk_attrs, NULL);
		}
	}
	else
	{
		RangeVar   *name = ((AlterTableStmt *) call->statement)->relation;
		WfRelation *table = call->catalog->relation(call->catalog, name);

		if (table == NULL)
			return;
		if (call->command->subtype == AT_AddColumn)
			visit_column(call, table, (ColumnDef *) call->command->def, visit);
		else if (castNode(Constraint, call->command->def)->contype == CONSTR_FOREIGN)
			visit(call, table, (Constraint *) call->command->def,
				  ((Constraint *) call->command->def)->fk_attrs, NULL);
	}
}

static void
visit_column(WfRuleCall *call, WfRelation *table, ColumnDef *column, ForeignKeyVisitor visit)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_FOREIGN)
			visit(call, table, constraint, list_make1(makeString(column->colname)), column);
	}
}

static void
report_without_index(WfRuleCall *call, WfRelation *table, Constraint *constraint,
					 List *columns, ColumnDef *column)
{
	WfFinding  *finding;
	WfRelation *copy;
	char	   *table_name;
	bool		is_known;
	ListCell   *lc;

	if (is_indexed(call, table, columns))
		return;
	is_known = !table->missing || are_new(call, table, columns);
	finding = wf_finding_add(call, is_known ? "no index of \"%s\" begins with %s: each DELETE or key change in \"%s\" reads the whole table" :
							 "it is not known here whether an index of \"%s\" begins with %s: without one, each DELETE or key change in \"%s\" reads the whole table",
							 table->name, wf_ddl_quote_names(columns, ", "), constraint->pktable->relname);
	if (!is_known)
		finding->severity = WF_SEVERITY_INFO;
	table_name = wf_ddl_quote_name(table->schema, table->name);
	finding->object = table_name;
	finding->location = constraint->location;
	copy = palloc(sizeof(WfRelation));
	*copy = *table;
	finding->relation = copy;
	if (wf_ddl_is_private(table))
		wf_finding_lower(finding);
	finding->hint = pstrdup("Index the columns of the foreign key.");
	finding->safe_sql = psprintf("CREATE INDEX CONCURRENTLY %s ON %s (%s);",
								 quote_identifier(makeObjectName(table->name, strVal(linitial(columns)), "idx")),
								 table_name, wf_ddl_quote_names(columns, ", "));
	foreach(lc, columns)
		finding->deferral_columns = lappend(finding->deferral_columns, strVal(lfirst(lc)));
	finding->deferral = WF_DEFER_INDEX;
}

/* Has the text added one of the columns, so that no older index can begin with them? */
static bool
are_new(WfRuleCall *call, WfRelation *table, List *columns)
{
	ListCell   *lc;

	if (call->command && call->command->subtype == AT_AddColumn)
		return true;
	foreach(lc, columns)
	{
		WfColumn   *column = call->catalog->column(call->catalog, table, strVal(lfirst(lc)));

		if (column && column->created_here)
			return true;
	}
	return false;
}

/* Does a whole, valid index begin with the columns, in any order? */
static bool
is_indexed(WfRuleCall *call, WfRelation *table, List *columns)
{
	int			count = list_length(columns);
	ListCell   *lc;

	if (wf_ddl_is_private(table) && !OidIsValid(table->relid) && IsA(call->statement, CreateStmt))
		return false;
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);
		int			found = 0;

		if (!index->is_valid || index->is_partial || list_length(index->columns) < count)
			continue;
		for (int i = 0; i < count; i++)
		{
			char	   *key = list_nth(index->columns, i);

			for (int j = 0; key && j < count; j++)
				found += strcmp(key, strVal(list_nth(columns, j))) == 0;
		}
		if (found == count)
			return true;
	}
	return false;
}

static void
report_set_null(WfRuleCall *call, WfRelation *table, Constraint *constraint,
				List *columns, ColumnDef *column)
{
	ListCell   *lc;

	if (constraint->fk_del_action != FKCONSTR_ACTION_SETNULL &&
		constraint->fk_upd_action != FKCONSTR_ACTION_SETNULL)
		return;
	foreach(lc, constraint->fk_del_set_cols != NIL ? constraint->fk_del_set_cols : columns)
	{
		WfFinding  *finding;
		const char *name = strVal(lfirst(lc));

		if (!is_required(call, table, name, column))
			continue;
		finding = wf_finding_add(call, "SET NULL can't set \"%s\", which is NOT NULL: the %s in \"%s\" fails",
								 name,
								 constraint->fk_del_action == FKCONSTR_ACTION_SETNULL ? "DELETE" : "UPDATE",
								 constraint->pktable->relname);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		finding->location = constraint->location;
		finding->hint = pstrdup("Choose another action, or let the column be null.");
		wf_finding_note_text(finding, "column", pstrdup(name));
		return;
	}
}

/* Is the column NOT NULL, by this statement, the text or the catalog? */
static bool
is_required(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column)
{
	WfColumn   *known;
	ListCell   *lc;

	if (IsA(call->statement, CreateStmt) && column == NULL)
	{
		foreach(lc, ((CreateStmt *) call->statement)->tableElts)
		{
			if (IsA(lfirst(lc), ColumnDef) && strcmp(lfirst_node(ColumnDef, lc)->colname, name) == 0)
				column = lfirst(lc);
		}
	}
	if (column)
	{
		foreach(lc, column->constraints)
		{
			ConstrType	kind = lfirst_node(Constraint, lc)->contype;

			if (kind == CONSTR_NOTNULL || kind == CONSTR_PRIMARY)
				return true;
		}
		return false;
	}
	known = call->catalog->column(call->catalog, table, name);
	return known && known->not_null;
}

static void
report_type(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns, ColumnDef *column)
{
	WfRelation *referenced = call->catalog->relation(call->catalog, constraint->pktable);
	List	   *keys = NIL;
	ListCell   *lc;

	if (referenced == NULL || referenced->missing)
		return;
	foreach(lc, constraint->pk_attrs)
		keys = lappend(keys, strVal(lfirst(lc)));
	foreach(lc, keys == NIL ? call->catalog->indexes(call->catalog, referenced) : NIL)
	{
		if (((WfIndex *) lfirst(lc))->is_primary)
			keys = ((WfIndex *) lfirst(lc))->columns;
	}
	if (list_length(keys) != list_length(columns))
		return;
	foreach(lc, columns)
	{
		const char *name = strVal(lfirst(lc));
		const char *key = list_nth(keys, foreach_current_index(lc));
		WfColumn   *known = key ? call->catalog->column(call->catalog, referenced, key) : NULL;
		Oid			type = column_type(call, table, name, column);
		WfFinding  *finding;

		if (known == NULL || !OidIsValid(known->type) || !OidIsValid(type) || type == known->type ||
			(is_string(call, type) && is_string(call, known->type)))
			continue;
		finding = wf_finding_add(call, "\"%s\" has another type than \"%s\" of \"%s\" that it refers to: values of the one may not fit the other, and joins cast",
								 name, known->name, referenced->name);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		finding->location = constraint->location;
		wf_finding_note_text(finding, "column", pstrdup(name));
		wf_finding_note_text(finding, "referenced", known->name);
		finding->hint = pstrdup("Give both the same type.");
		return;
	}
}

/* The type of a referencing column, by this statement, the text or the catalog. */
static Oid
column_type(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column)
{
	WfColumn   *known;
	ListCell   *lc;

	foreach(lc, IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->tableElts : NIL)
	{
		if (IsA(lfirst(lc), ColumnDef) && strcmp(lfirst_node(ColumnDef, lc)->colname, name) == 0)
			column = lfirst(lc);
	}
	if (column)
		return wf_rule_type_oid(call, column->typeName);
	known = call->catalog->column(call->catalog, table, name);
	return known ? known->type : InvalidOid;
}

static bool
is_string(WfRuleCall *call, Oid type)
{
	return type == wf_rule_builtin_type(call, "text") || type == wf_rule_builtin_type(call, "varchar") ||
		type == wf_rule_builtin_type(call, "bpchar");
}
