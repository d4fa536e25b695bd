/*
 * rule_foreign_key.c: rules about what a foreign key needs beside itself.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
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
static char *index_safely(WfRuleCall *call, WfRelation *table, List *columns);
static bool is_there(WfRuleCall *call, RangeVar *name);
static bool has_default(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column);
static ColumnDef *column_here(WfRuleCall *call, const char *name, ColumnDef *column);
static bool is_key_here(WfRuleCall *call, const char *name);
static bool is_self_reference(WfRuleCall *call, Constraint *constraint);
static List *own_keys(WfRuleCall *call);
static void report_action(WfRuleCall *call, WfRelation *table, Constraint *constraint, char action, const char *event, List *columns, ColumnDef *column);
static Oid	known_type(WfRuleCall *call, WfRelation *table, const char *name);
static Oid	base_type(WfRuleCall *call, const TypeName *name);
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

		if (stmt->if_not_exists && is_there(call, stmt->relation))
			return;
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

static bool
is_there(WfRuleCall *call, RangeVar *name)
{
	WfRelation *relation = call->catalog->relation(call->catalog, name);

	return relation && !relation->missing;
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
	finding->object = wf_ddl_quote_name(table->schema, table->name);
	finding->location = constraint->location;
	wf_finding_note_text(finding, "columns", wf_ddl_quote_names(columns, ", "));
	copy = palloc(sizeof(WfRelation));
	*copy = *table;
	finding->relation = copy;
	if (wf_ddl_is_private(table))
		wf_finding_lower(finding);
	finding->hint = pstrdup("Index the columns of the foreign key.");
	finding->safe_sql = index_safely(call, table, columns);
	if (call->command)
		finding->safe_form = WF_SAFE_AFTER;
	foreach(lc, columns)
		finding->deferral_columns = lappend(finding->deferral_columns, strVal(lfirst(lc)));
	finding->deferral = WF_DEFER_INDEX;
}

/*
 * The index; behind the statement where that makes the columns, and partition by
 * partition where the table has some.
 */
static char *
index_safely(WfRuleCall *call, WfRelation *table, List *columns)
{
	bool		is_new = wf_ddl_is_private(table);
	char	   *names = wf_ddl_quote_names(columns, ", ");
	char	   *label = wf_ddl_joined_label(columns);
	char	   *name = wf_ddl_free_name(call->catalog, table, label, "idx");
	char	   *statement = call->command ? NULL : wf_rule_statement_text(call);
	char	   *index;

	if (table->kind == RELKIND_PARTITIONED_TABLE && !is_new)
		index = wf_rule_index_by_partition(call, table, false, name, label, psprintf("(%s)", names));
	else
		index = psprintf("CREATE INDEX %s%s ON %s (%s);", is_new ? "" : "CONCURRENTLY ", quote_identifier(name),
						 wf_ddl_quote_name(table->schema, table->name), names);
	return index && statement ? psprintf("%s;\n%s", statement, index) : index;
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

/*
 * Does a valid index that finds rows by their values begin with the columns, in
 * any order?  One without NULL does, too: a key never is.
 */
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

		if (!index->is_valid || (index->is_partial && !index->lacks_only_null) || list_length(index->columns) < count ||
			(index->method && strcmp(index->method, "btree") != 0 && strcmp(index->method, "hash") != 0))
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
	report_action(call, table, constraint, constraint->fk_del_action, "DELETE",
				  constraint->fk_del_set_cols != NIL ? constraint->fk_del_set_cols : columns, column);
	report_action(call, table, constraint, constraint->fk_upd_action, "UPDATE", columns, column);
}

/* The action sets a column that is NOT NULL to null: also SET DEFAULT, where there is none. */
static void
report_action(WfRuleCall *call, WfRelation *table, Constraint *constraint, char action, const char *event, List *columns, ColumnDef *column)
{
	bool		is_default = action == FKCONSTR_ACTION_SETDEFAULT;
	ListCell   *lc;

	if (!is_default && action != FKCONSTR_ACTION_SETNULL)
		return;
	foreach(lc, columns)
	{
		WfFinding  *finding;
		const char *name = strVal(lfirst(lc));

		if (!is_required(call, table, name, column) || (is_default && has_default(call, table, name, column)))
			continue;
		finding = wf_finding_add(call, is_default ? "SET DEFAULT makes \"%s\" null, as it has no default, but it is NOT NULL: the %s in \"%s\" fails" :
								 "SET NULL can't set \"%s\", which is NOT NULL: the %s in \"%s\" fails",
								 name, event, constraint->pktable->relname);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		finding->location = constraint->location;
		finding->hint = pstrdup(is_default ? "Choose another action, or give the column a default." :
								"Choose another action, or let the column be null.");
		wf_finding_note_text(finding, "column", pstrdup(name));
		wf_finding_note_text(finding, "references", wf_ddl_range_var(constraint->pktable));
		return;
	}
}

static bool
has_default(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column)
{
	WfColumn   *known;

	column = column_here(call, name, column);
	if (column)
		return wf_rule_column_constraint(column, CONSTR_DEFAULT) || wf_rule_column_constraint(column, CONSTR_IDENTITY) ||
			wf_ddl_plain_type_names(column->typeName) != column->typeName->names;
	known = call->catalog->column(call->catalog, table, name);
	return known && (known->has_default || known->identity);
}

/* The definition of a column that the statement makes; column where it is of that one. */
static ColumnDef *
column_here(WfRuleCall *call, const char *name, ColumnDef *column)
{
	ListCell   *lc;

	if (column)
		return column;
	foreach(lc, IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->tableElts : NIL)
	{
		if (IsA(lfirst(lc), ColumnDef) && strcmp(lfirst_node(ColumnDef, lc)->colname, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/* Is it a column of the primary key that CREATE TABLE names behind the columns? */
static bool
is_key_here(WfRuleCall *call, const char *name)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->tableElts : NIL)
	{
		Constraint *constraint = lfirst(lc);

		foreach(lc2, IsA(constraint, Constraint) && constraint->contype == CONSTR_PRIMARY ? constraint->keys : NIL)
		{
			if (strcmp(strVal(lfirst(lc2)), name) == 0)
				return true;
		}
	}
	return false;
}

/* Is the column NOT NULL, by this statement, the text or the catalog? */
static bool
is_required(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column)
{
	WfColumn   *known;

	column = column_here(call, name, column);
	if (column)
		return wf_rule_column_constraint(column, CONSTR_NOTNULL) || wf_rule_column_constraint(column, CONSTR_PRIMARY) ||
			wf_rule_column_constraint(column, CONSTR_IDENTITY) || is_key_here(call, name) ||
			wf_ddl_plain_type_names(column->typeName) != column->typeName->names;
	known = call->catalog->column(call->catalog, table, name);
	return known && known->not_null;
}

static void
report_type(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns, ColumnDef *column)
{
	bool		is_self = is_self_reference(call, constraint);
	WfRelation *referenced = is_self ? table : call->catalog->relation(call->catalog, constraint->pktable);
	List	   *keys = NIL;
	ListCell   *lc;

	if (referenced == NULL || referenced->missing)
		return;
	foreach(lc, constraint->pk_attrs)
		keys = lappend(keys, strVal(lfirst(lc)));
	if (keys == NIL && is_self)
		keys = own_keys(call);
	foreach(lc, keys == NIL ? call->catalog->indexes(call->catalog, referenced) : NIL)
	{
		if (((WfIndex *) lfirst(lc))->is_primary)
			keys = ((WfIndex *) lfirst(lc))->columns;
	}
	if (list_length(keys) != list_length(columns))
		return;
	foreach(lc, columns)
	{
		char	   *name = strVal(lfirst(lc));
		char	   *key = list_nth(keys, foreach_current_index(lc));
		Oid			type = column_type(call, table, name, column);
		Oid			key_type = key == NULL ? InvalidOid : is_self ? column_type(call, table, key, NULL) :
		known_type(call, referenced, key);
		WfFinding  *finding;

		if (!OidIsValid(key_type) || !OidIsValid(type) || type == key_type ||
			(is_string(call, type) && is_string(call, key_type)))
			continue;
		finding = wf_finding_add(call, "\"%s\" has another type than \"%s\" of \"%s\" that it refers to: values of the one may not fit the other, and joins cast",
								 name, key, referenced->name);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		finding->location = constraint->location;
		wf_finding_note_text(finding, "column", pstrdup(name));
		wf_finding_note_text(finding, "referenced", pstrdup(key));
		finding->hint = pstrdup("Give both the same type.");
		return;
	}
}

/* Does CREATE TABLE make the table that the foreign key refers to? */
static bool
is_self_reference(WfRuleCall *call, Constraint *constraint)
{
	RangeVar   *name = IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->relation : NULL;

	return name && strcmp(name->relname, constraint->pktable->relname) == 0 &&
		(name->schemaname == NULL || constraint->pktable->schemaname == NULL ||
		 strcmp(name->schemaname, constraint->pktable->schemaname) == 0);
}

/* The columns (char *) of the primary key that CREATE TABLE makes. */
static List *
own_keys(WfRuleCall *call)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, ((CreateStmt *) call->statement)->tableElts)
	{
		if (IsA(lfirst(lc), ColumnDef) && (wf_rule_column_constraint(lfirst(lc), CONSTR_PRIMARY) ||
										   is_key_here(call, lfirst_node(ColumnDef, lc)->colname)))
			keys = lappend(keys, lfirst_node(ColumnDef, lc)->colname);
	}
	return keys;
}

/* The type of a referencing column, by this statement, the text or the catalog. */
static Oid
column_type(WfRuleCall *call, WfRelation *table, const char *name, ColumnDef *column)
{
	column = column_here(call, name, column);
	return column ? base_type(call, column->typeName) : known_type(call, table, name);
}

static Oid
known_type(WfRuleCall *call, WfRelation *table, const char *name)
{
	WfColumn   *known = call->catalog->column(call->catalog, table, name);

	return known == NULL ? InvalidOid : OidIsValid(known->type) && OidIsValid(known->base_type) ? known->base_type : known->type;
}

/* That of a domain is what it is made of. */
static Oid
base_type(WfRuleCall *call, const TypeName *name)
{
	WfType	   *type = name && name->names && name->arrayBounds == NIL && !name->pct_type ?
	call->catalog->type(call->catalog, wf_ddl_plain_type_names(name)) : NULL;

	return type == NULL ? InvalidOid : OidIsValid(type->base_type) ? type->base_type : type->oid;
}

static bool
is_string(WfRuleCall *call, Oid type)
{
	return type == wf_rule_builtin_type(call, "text") || type == wf_rule_builtin_type(call, "varchar") ||
		type == wf_rule_builtin_type(call, "bpchar");
}
