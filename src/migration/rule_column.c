/*
 * rule_column.c: rules about adding columns.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/defaults.h"
#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static ColumnDef *added_column(WfRuleCall *call);
static WfType *type_of(WfRuleCall *call, ColumnDef *column);
static void report_lost_default(WfRuleCall *call);
static bool has_value(Constraint *constraint);
static WfFinding *report_rewrite(WfRuleCall *call, WfRelation *table, ColumnDef *column, const char *why);

static ColumnDef *
added_column(WfRuleCall *call)
{
	return castNode(ColumnDef, call->command->def);
}

/* The column's own type; NULL for an array, or where it is not known. */
static WfType *
type_of(WfRuleCall *call, ColumnDef *column)
{
	if (column->typeName == NULL || column->typeName->names == NIL || column->typeName->arrayBounds != NIL)
		return NULL;
	return call->catalog->type(call->catalog, column->typeName->names);
}

/* Is the type one of the grammar's serial words? */
bool
wf_rule_is_serial(const ColumnDef *column)
{
	static const char *const words[] = {
		"serial", "serial4", "bigserial", "serial8", "smallserial", "serial2",
	};

	if (column->typeName == NULL || list_length(column->typeName->names) != 1)
		return false;
	for (int i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i], strVal(linitial(column->typeName->names))) == 0)
			return true;
	}
	return false;
}

/* The finding that all rules about rewriting additions share. */
static WfFinding *
report_rewrite(WfRuleCall *call, WfRelation *table, ColumnDef *column, const char *why)
{
	WfFinding  *finding = wf_finding_add(call, "ADD COLUMN \"%s\" writes \"%s\" anew (%s) while nobody can read or write it: %s",
										 column->colname, table->name, wf_rule_size(call, table), why);

	wf_finding_on(call, finding, table);
	finding->location = column->location;
	finding->lock = AccessExclusiveLock;
	finding->rewrites = true;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column->colname);
	return finding;
}

/* A default that each row has to be asked for. */
void
wf_rule_add_column_volatile_default(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	Constraint *constraint = wf_rule_column_constraint(column, CONSTR_DEFAULT);
	WfVolatile	found = {NIL};
	WfRelation *table;
	WfFinding  *finding;
	WfType	   *type = constraint ? NULL : type_of(call, column);
	const char *why = "the default is stored in every row before 11";

	if (constraint ? !has_value(constraint) : type == NULL || !type->has_default)
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	if (constraint == NULL && type->has_volatile_default)
		why = psprintf("the default of domain \"%s\" gives each row another value", type->name);
	else if (constraint && wf_ddl_is_volatile(call->catalog, constraint->raw_expr, &found))
		why = psprintf(found.unknown ? "function %s is not known here and may give each row another value" :
					   "%s() gives each row another value", wf_ddl_quote_names(found.name, "."));
	else if (call->catalog->server_version >= 11)
		return;
	finding = report_rewrite(call, table, column, why);
	finding->hint = pstrdup("Add the column without a default, set the default for new rows, and fill the old rows in batches.");
	if (constraint)
		finding->safe_sql = wf_rule_add_default_later(call, table, column, constraint);
}

/* A constant default, which is stored in the catalog only; what else makes it costly is told by others. */
void
wf_rule_add_column_constant_default(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	Constraint *constraint = wf_rule_column_constraint(column, CONSTR_DEFAULT);
	WfRelation *table;
	WfFinding  *finding;
	WfType	   *type = type_of(call, column);

	if (!has_value(constraint) || call->catalog->server_version < 11 || (type && type->constrained) ||
		wf_rule_column_constraint(column, CONSTR_CHECK) || wf_rule_column_constraint(column, CONSTR_FOREIGN) ||
		wf_rule_column_constraint(column, CONSTR_UNIQUE) || wf_rule_column_constraint(column, CONSTR_PRIMARY) ||
		wf_ddl_is_volatile(call->catalog, constraint->raw_expr, NULL))
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "ADD COLUMN \"%s\" locks \"%s\" for a moment only: its default is kept in the catalog",
							 column->colname, table->name);
	wf_finding_on(call, finding, table);
	finding->severity = WF_SEVERITY_INFO;
	finding->location = column->location;
	finding->lock = AccessExclusiveLock;
	finding->hint = pstrdup("Set lock_timeout, so that it does not wait behind a long query with everybody else behind it.");
}

/* serial or identity. */
void
wf_rule_add_column_auto_increment(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	bool		identity = wf_rule_column_constraint(column, CONSTR_IDENTITY) != NULL;
	WfRelation *table;
	WfFinding  *finding;

	if (!identity && !wf_rule_is_serial(column))
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = report_rewrite(call, table, column,
							 identity ? "every row gets an identity value" : "every row gets a number of the sequence");
	finding->hint = pstrdup("Add a plain column and a sequence, set the default for new rows, fill the old ones in batches, then make the sequence the column's own.");
	finding->safe_sql = identity ? wf_rule_add_identity_later(call, table, column) : wf_rule_add_serial_later(call, table, column);
}

/* GENERATED ALWAYS AS (...) STORED. */
void
wf_rule_add_column_stored_generated(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	Constraint *constraint = wf_rule_column_constraint(column, CONSTR_GENERATED);
	WfRelation *table;
	WfFinding  *finding;

	if (constraint == NULL || wf_constraint_is_virtual(constraint))
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = report_rewrite(call, table, column, "every row stores the generated value");
	finding->hint = pstrdup(call->catalog->server_version >= 18 ?
							"A virtual generated column needs no rewrite; or keep a plain column by a trigger, and fill the old rows in batches." :
							"Add a plain column that a trigger keeps, and fill the old rows in batches.");
	finding->safe_sql = wf_rule_keep_generated(call, table, column, constraint);
}

/* A domain with a constraint, which is checked for every row. */
void
wf_rule_add_column_constrained_domain(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	WfType	   *type = type_of(call, column);
	WfRelation *table;
	WfFinding  *finding;

	if (type == NULL || !type->constrained)
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = report_rewrite(call, table, column,
							 psprintf("domain \"%s\" has a constraint, which is checked for every row", type->name));
	finding->hint = pstrdup("Use the domain's base type, and a CHECK of the table that is added as NOT VALID and validated later.");
	finding->safe_sql = wf_rule_add_domain_later(call, table, column, type);
}

/* NOT NULL without a value for the rows that are there. */
void
wf_rule_add_column_required(WfRuleCall *call)
{
	ColumnDef  *column;
	Constraint *value;
	WfType	   *type;
	WfRelation *table;
	WfFinding  *finding;

	if (call->command->subtype == AT_ColumnDefault)
	{
		report_lost_default(call);
		return;
	}
	column = added_column(call);
	value = wf_rule_column_constraint(column, CONSTR_DEFAULT);
	type = type_of(call, column);
	if (!wf_rule_column_constraint(column, CONSTR_NOTNULL) && !wf_rule_column_constraint(column, CONSTR_PRIMARY) &&
		!(type && type->not_null))
		return;
	if (value ? has_value(value) : type && type->has_default)
		return;
	if (wf_rule_column_constraint(column, CONSTR_IDENTITY) ||
		wf_rule_column_constraint(column, CONSTR_GENERATED) || wf_rule_is_serial(column))
		return;
	table = wf_rule_altered_table(call);
	/* Of a foreign table nobody checks it. */
	if (table == NULL || table->kind == RELKIND_FOREIGN_TABLE)
		return;
	finding = wf_finding_add(call, "ADD COLUMN \"%s\" that may not be null and has no default fails if \"%s\" holds a row, and code that does not know the column can't insert",
							 column->colname, table->name);
	wf_finding_on(call, finding, table);
	finding->severity = wf_rule_is_populated(call, table) ? call->rule->severity : WF_SEVERITY_INFO;
	finding->location = column->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column->colname);
	wf_finding_note_text(finding, "sqlstate", "23502");
	finding->hint = pstrdup("Add it with a constant DEFAULT, or nullable: fill it in batches, then SET NOT NULL behind a validated CHECK.");
	if (!(type && type->not_null))
		finding->safe_sql = wf_rule_add_nullable_first(call, table, column);
}

/*
 * DROP DEFAULT of a column that this text has added as NOT NULL: the default
 * was for the rows that are there, and code that is running does not name it.
 */
static void
report_lost_default(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfColumn   *column = table ? call->catalog->column(call->catalog, table, call->command->name) : NULL;
	WfFinding  *finding;

	if (column == NULL || call->command->def != NULL || !column->created_here || !column->not_null || !column->has_default)
		return;
	finding = wf_finding_add(call, "\"%s\" is new, NOT NULL and without a default from here on: code that does not know the column can't insert into \"%s\"",
							 column->name, table->name);
	wf_finding_on(call, finding, table);
	finding->severity = wf_rule_is_populated(call, table) ? call->rule->severity : WF_SEVERITY_INFO;
	finding->kind = WF_KIND_BREAKING;
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "column", column->name);
	finding->hint = pstrdup("Drop the default in a later migration, when all code that runs fills the column.");
}

/* Is there a default, and one that is not NULL? */
static bool
has_value(Constraint *constraint)
{
	return constraint && !wf_ddl_is_null(constraint->raw_expr);
}
