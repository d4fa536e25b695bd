/*
 * rule_constraint.c: rules about constraints that read the rows there are.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static void report_foreign_key(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns);
static bool have_partitions(WfRuleCall *call, WfRelation *table, WfRelation *referenced, List *columns);
static bool are_columns(List *names, List *columns);
static char *validate_later(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *name, const char *definition);
static char *foreign_key_by_partition(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *name, List *columns);
static bool append_by_partition(WfRuleCall *call, StringInfo sql, WfRelation *table, const char *definition, const char *name, int *written);
static void append_action(StringInfo buf, const char *event, char action);
static void report_check(WfRuleCall *call, WfRelation *table, Constraint *constraint);
static int	dropping_command(WfRuleCall *call, const char *name);
static void report_not_null_proven(WfRuleCall *call, WfRelation *table, const char *what, const char *column, char *proof);
static bool is_added_here(WfRuleCall *call, const char *name);
static void report_validate(WfRuleCall *call, WfRelation *table, LOCKMODE lock, const char *why);
static const char *not_null_column(AlterTableCmd *command);
static bool has_default(ColumnDef *column);

/* ADD FOREIGN KEY, or a column with REFERENCES and a default. */
void
wf_rule_add_foreign_key(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	ListCell   *lc;

	if (table == NULL)
		return;
	if (call->command->subtype == AT_AddConstraint)
	{
		Constraint *constraint = castNode(Constraint, call->command->def);

		if (constraint->contype == CONSTR_FOREIGN && !constraint->skip_validation)
			report_foreign_key(call, table, constraint, constraint->fk_attrs);
		return;
	}
	/* A new column without a default is NULL throughout: nothing to compare. */
	if (!has_default((ColumnDef *) call->command->def))
		return;
	foreach(lc, ((ColumnDef *) call->command->def)->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_FOREIGN && !wf_rule_is_unenforced(((ColumnDef *) call->command->def)->constraints, lc))
			report_foreign_key(call, table, wf_rule_with_attributes(((ColumnDef *) call->command->def)->constraints, lc),
							   list_make1(makeString(((ColumnDef *) call->command->def)->colname)));
	}
}

/* Has the column one that gives the old rows a value? */
static bool
has_default(ColumnDef *column)
{
	Constraint *constraint = wf_rule_column_constraint(column, CONSTR_DEFAULT);

	return constraint && !(IsA(constraint->raw_expr, A_Const) && ((A_Const *) constraint->raw_expr)->isnull);
}

static void
report_foreign_key(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns)
{
	WfRelation *referenced = call->catalog->relation(call->catalog, constraint->pktable);
	WfFinding  *finding;
	char	   *name = constraint->conname;

	if (!wf_rule_is_populated(call, table) ||
		(table->kind == RELKIND_PARTITIONED_TABLE && have_partitions(call, table, referenced, columns)))
		return;
	finding = wf_finding_add(call, "ADD FOREIGN KEY stops writes to \"%s\"%s while it looks up %s", table->name,
							 referenced == table ? "" : psprintf(" and \"%s\"", constraint->pktable->relname), wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->location = constraint->location;
	finding->lock = ShareRowExclusiveLock;
	finding->scans = true;
	wf_finding_note_text(finding, "references", wf_ddl_range_var(constraint->pktable));
	if (referenced && !referenced->missing && wf_ddl_measure(call->catalog, referenced)->rows >= 0)
		wf_finding_note_number(finding, "referenced_rows", referenced->rows);
	if (name == NULL)
		name = wf_ddl_free_name(call->catalog, table, wf_ddl_joined_label(columns), "fkey");
	if (table->kind == RELKIND_PARTITIONED_TABLE && call->catalog->server_version < 18)
	{
		finding->hint = pstrdup("Before 18 a partitioned table can't have a NOT VALID foreign key: add and validate it on each partition first.");
		if (call->command->subtype == AT_AddConstraint)
			finding->safe_sql = foreign_key_by_partition(call, table, constraint, name, columns);
		return;
	}
	finding->hint = pstrdup(call->command->subtype == AT_AddColumn ?
							"Add the column without REFERENCES, then the foreign key as NOT VALID, and validate it in another transaction." :
							"Add it as NOT VALID, and validate it in another transaction, which lets writes go on.");
	finding->safe_sql = validate_later(call, table, constraint, name, wf_rule_foreign_key_sql(constraint, name, columns));
}

/*
 * The constraint, written as in definition, as NOT VALID, and what validates it;
 * before that a new column without it.  NULL without a source.
 */
static char *
validate_later(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *name, const char *definition)
{
	char	   *table_name = wf_ddl_quote_name(table->schema, table->name);
	char	   *column = pstrdup("");

	if (call->command->subtype == AT_AddColumn)
	{
		column = wf_rule_add_column_without(call, table, constraint);
		if (column == NULL)
			return NULL;
		column = psprintf("%s;\n", column);
	}
	return psprintf("%sALTER TABLE %s ADD %s NOT VALID;\nALTER TABLE %s VALIDATE CONSTRAINT %s;",
					column, table_name, definition, table_name, quote_identifier(name));
}

/* Has each partition the foreign key already, and valid?  Then it is taken over. */
static bool
have_partitions(WfRuleCall *call, WfRelation *table, WfRelation *referenced, List *columns)
{
	List	   *partitions = call->catalog->partitions(call->catalog, table);
	char	   *name = referenced ? quote_qualified_identifier(referenced->schema, referenced->name) : NULL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, name ? partitions : NIL)
	{
		WfRelation *partition = call->catalog->relation(call->catalog, lfirst(lc));
		bool		found = false;

		foreach(lc2, partition ? call->catalog->constraints(call->catalog, partition) : NIL)
		{
			WfConstraint *constraint = lfirst(lc2);

			found |= constraint->kind == 'f' && constraint->validated && constraint->foreign_table &&
				strcmp(constraint->foreign_table, name) == 0 && are_columns(constraint->columns, columns);
		}
		if (!found)
			return false;
	}
	return name && partitions != NIL;
}

/* Are the names (char *) those of the columns (String), in their order? */
static bool
are_columns(List *names, List *columns)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (list_length(names) != list_length(columns))
		return false;
	forboth(lc, names, lc2, columns)
	{
		if (lfirst(lc) == NULL || strcmp(lfirst(lc), strVal(lfirst(lc2))) != 0)
			return false;
	}
	return true;
}

/* On each partition first: the partitioned table takes over those that are valid. */
static char *
foreign_key_by_partition(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *name, List *columns)
{
	StringInfoData sql;
	int			written = 0;

	initStringInfo(&sql);
	if (!append_by_partition(call, &sql, table, wf_rule_foreign_key_sql(constraint, name, columns), quote_identifier(name), &written))
		return NULL;
	sql.data[sql.len - 1] = '\0';
	return sql.data;
}

static bool
append_by_partition(WfRuleCall *call, StringInfo sql, WfRelation *table, const char *definition, const char *name, int *written)
{
	List	   *partitions = call->catalog->partitions(call->catalog, table);
	ListCell   *lc;

	check_stack_depth();
	*written += list_length(partitions);
	if (partitions == NIL || *written > WF_PARTITIONS_WRITTEN)
		return false;
	foreach(lc, partitions)
	{
		WfRelation *partition = call->catalog->relation(call->catalog, lfirst(lc));
		char	   *quoted = wf_ddl_range_var(lfirst(lc));

		if (partition == NULL)
			return false;
		if (partition->kind != RELKIND_PARTITIONED_TABLE)
			appendStringInfo(sql, "ALTER TABLE %s ADD %s NOT VALID;\nALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
							 quoted, definition, quoted, name);
		else if (!append_by_partition(call, sql, partition, definition, name, written))
			return false;
	}
	appendStringInfo(sql, "ALTER TABLE %s ADD %s;\n", wf_ddl_quote_name(table->schema, table->name), definition);
	return true;
}

/* CONSTRAINT name FOREIGN KEY (...) REFERENCES ..., without NOT VALID. */
char *
wf_rule_foreign_key_sql(Constraint *constraint, const char *name, List *columns)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s",
					 quote_identifier(name), wf_ddl_quote_names(columns, ", "),
					 wf_ddl_range_var(constraint->pktable));
	if (constraint->pk_attrs != NIL)
		appendStringInfo(&buf, " (%s)", wf_ddl_quote_names(constraint->pk_attrs, ", "));
	if (constraint->fk_matchtype == FKCONSTR_MATCH_FULL)
		appendStringInfoString(&buf, " MATCH FULL");
	append_action(&buf, "UPDATE", constraint->fk_upd_action);
	append_action(&buf, "DELETE", constraint->fk_del_action);
	if (constraint->fk_del_set_cols != NIL)
		appendStringInfo(&buf, " (%s)", wf_ddl_quote_names(constraint->fk_del_set_cols, ", "));
	if (constraint->deferrable)
		appendStringInfoString(&buf, constraint->initdeferred ?
							   " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE");
	return buf.data;
}

static void
append_action(StringInfo buf, const char *event, char action)
{
	const char *words = NULL;

	switch (action)
	{
		case FKCONSTR_ACTION_RESTRICT:
			words = "RESTRICT";
			break;
		case FKCONSTR_ACTION_CASCADE:
			words = "CASCADE";
			break;
		case FKCONSTR_ACTION_SETNULL:
			words = "SET NULL";
			break;
		case FKCONSTR_ACTION_SETDEFAULT:
			words = "SET DEFAULT";
			break;
		default:
			break;
	}
	if (words)
		appendStringInfo(buf, " ON %s %s", event, words);
}

/* ADD CHECK without NOT VALID, or a new column with a CHECK. */
void
wf_rule_add_check(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	List	   *constraints = NIL;
	ListCell   *lc;

	if (table == NULL)
		return;
	if (call->command->subtype == AT_AddConstraint)
	{
		Constraint *constraint = castNode(Constraint, call->command->def);

		if (constraint->contype == CONSTR_CHECK && !constraint->skip_validation)
			report_check(call, table, constraint);
		return;
	}
	constraints = ((ColumnDef *) call->command->def)->constraints;
	foreach(lc, constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_CHECK && !wf_rule_is_unenforced(constraints, lc))
			report_check(call, table, constraint);
	}
}

static void
report_check(WfRuleCall *call, WfRelation *table, Constraint *constraint)
{
	WfRelation *read = wf_rule_tree_at_work(call, table, !constraint->is_no_inherit);
	char	   *name = constraint->conname;
	char	   *definition;
	WfFinding  *finding;

	if (read == NULL)
		return;
	finding = wf_finding_add(call, "ADD CHECK stops all reads and writes of \"%s\" while it reads %s",
							 read->name, wf_rule_size(call, read));
	wf_finding_on(call, finding, read);
	finding->location = constraint->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	finding->hint = pstrdup(call->command->subtype == AT_AddColumn ?
							"Add the column without it, then the CHECK as NOT VALID, and validate it in another transaction, which lets reads and writes go on." :
							"Add it as NOT VALID, and validate it in another transaction, which lets reads and writes go on.");
	if (name == NULL)
		name = wf_ddl_free_name(call->catalog, table, wf_ddl_joined_label(wf_ddl_columns_of(constraint->raw_expr)), "check");
	definition = wf_rule_check_sql(call, constraint, name);
	if (definition)
		finding->safe_sql = validate_later(call, table, constraint, name, definition);
}

/* CONSTRAINT name CHECK (...), without NOT VALID; NULL without a source. */
char *
wf_rule_check_sql(WfRuleCall *call, Constraint *constraint, const char *name)
{
	char	   *expression = wf_rule_check_expression(call, constraint);

	return expression ? psprintf("CONSTRAINT %s CHECK %s%s", quote_identifier(name), expression,
								 constraint->is_no_inherit ? " NO INHERIT" : "") : NULL;
}

/* The parenthesised expression as it was written; NULL without a source. */
char *
wf_rule_check_expression(WfRuleCall *call, Constraint *constraint)
{
	return wf_ddl_check_expression(call->source, wf_rule_source_end(call), constraint);
}

/* The column of SET NOT NULL, or of ADD NOT NULL (18); NULL for another command, and NOT VALID. */
static const char *
not_null_column(AlterTableCmd *command)
{
	Constraint *constraint = (Constraint *) command->def;

	if (command->subtype == AT_SetNotNull)
		return command->name;
	return constraint->contype == CONSTR_NOTNULL && !constraint->skip_validation && constraint->keys != NIL ?
		strVal(linitial(constraint->keys)) : NULL;
}

/* SET NOT NULL or ADD NOT NULL, unless something proves that no row is null. */
void
wf_rule_set_not_null(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfRelation *read = table ? wf_rule_tree_at_work(call, table, true) : NULL;
	const char *column_name = not_null_column(call->command);
	const char *what = call->command->subtype == AT_SetNotNull ? "SET NOT NULL" : "ADD NOT NULL";
	WfColumn   *column;
	WfFinding  *finding;
	char	   *proof;
	char	   *table_name;
	const char *check;
	bool		is_alone;

	if (read == NULL || column_name == NULL)
		return;
	column = call->catalog->column(call->catalog, table, column_name);
	if (column && column->not_null)
		return;
	proof = wf_rule_not_null_proof(call, table, column_name);
	if (proof && dropping_command(call, proof) < 0)
	{
		report_not_null_proven(call, table, what, column_name, proof);
		return;
	}
	finding = wf_finding_add(call, "%s on \"%s\" stops all reads and writes of \"%s\" while it reads %s", what, column_name,
							 read->name, wf_rule_size(call, read));
	wf_finding_on(call, finding, read);
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column_name);
	if (call->catalog->server_version < 12)
	{
		finding->hint = pstrdup("Before 12 nothing spares the scan: keep a CHECK (column IS NOT NULL) that was added as NOT VALID and validated.");
		return;
	}
	table_name = wf_ddl_quote_name(table->schema, table->name);
	if (proof)
	{
		finding->hint = psprintf("CHECK \"%s\" would prove it, but the same ALTER TABLE drops it before: drop it in the next one.", proof);
		finding->safe_sql = psprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;\nALTER TABLE %s DROP CONSTRAINT %s;",
									 table_name, quote_identifier(column_name), table_name, quote_identifier(proof));
		finding->safe_commands = bms_make_singleton(dropping_command(call, proof));
		return;
	}
	finding->hint = pstrdup("Prove it first with a CHECK that is added as NOT VALID and validated in another transaction; then SET NOT NULL reads nothing.");
	check = quote_identifier(wf_ddl_free_name(call->catalog, table, column_name, "not_null"));
	is_alone = !((AlterTableStmt *) call->statement)->relation->inh && table->kind == RELKIND_RELATION;
	finding->safe_sql = psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL)%s NOT VALID;\n"
								 "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
								 "ALTER TABLE %s%s ALTER COLUMN %s SET NOT NULL;\n"
								 "ALTER TABLE %s DROP CONSTRAINT %s;",
								 table_name, check, quote_identifier(column_name), is_alone ? " NO INHERIT" : "",
								 table_name, check, is_alone ? "ONLY " : "",
								 table_name, quote_identifier(column_name), table_name, check);
}

static void
report_not_null_proven(WfRuleCall *call, WfRelation *table, const char *what, const char *column, char *proof)
{
	WfFinding  *finding = wf_finding_add(call, "%s on \"%s\" needs no scan: CHECK \"%s\" proves it", what, column, proof);

	wf_finding_on(call, finding, table);
	finding->severity = WF_SEVERITY_LOW;
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "column", column);
	wf_finding_note_text(finding, "proof", proof);
}

/* The command of the same ALTER TABLE that drops the constraint; -1: none.  The server drops first. */
static int
dropping_command(WfRuleCall *call, const char *name)
{
	ListCell   *lc;

	foreach(lc, ((AlterTableStmt *) call->statement)->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (command->subtype == AT_DropConstraint && strcmp(command->name, name) == 0)
			return foreach_current_index(lc);
	}
	return -1;
}

/* The validated CHECK that proves the column to be not null; NULL: none. */
char *
wf_rule_not_null_proof(WfRuleCall *call, WfRelation *table, const char *column)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (call->catalog->server_version < 12)
		return NULL;
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		foreach(lc2, constraint->validated ? constraint->not_null_columns : NIL)
		{
			if (strcmp(lfirst(lc2), column) == 0)
				return constraint->name ? constraint->name : "(unnamed)";
		}
	}
	return NULL;
}

/* VALIDATE under the lock of something else: in one transaction, or one statement. */
void
wf_rule_validate_in_same_transaction(WfRuleCall *call)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;
	WfRelation *table = wf_rule_table_at_work(call, stmt->relation);
	WfSimulation *simulation = call->session->simulation;
	LOCKMODE	lock = wf_ddl_alter_table_lock(stmt, call->catalog->server_version);
	WfConstraint *waiting;
	bool		is_unknown;

	if (table == NULL)
		return;
	waiting = call->catalog->constraint(call->catalog, table, call->command->name);
	is_unknown = waiting == NULL && table->missing;
	if (waiting && waiting->validated)
		waiting = NULL;
	if (waiting && call->session->in_transaction && waiting->created_here &&
		(simulation == NULL || OidIsValid(waiting->oid) || waiting->transaction == simulation->transaction))
		report_validate(call, table, waiting->kind == 'f' ? ShareRowExclusiveLock : AccessExclusiveLock, "ADD CONSTRAINT");
	else if (lock > ShareUpdateExclusiveLock && (waiting || is_unknown || is_added_here(call, call->command->name)))
		report_validate(call, table, lock, "the other commands of this ALTER TABLE");
}

/* Does the same ALTER TABLE add the constraint as NOT VALID? */
static bool
is_added_here(WfRuleCall *call, const char *name)
{
	ListCell   *lc;

	foreach(lc, ((AlterTableStmt *) call->statement)->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);
		Constraint *constraint = (Constraint *) command->def;

		if (command->subtype == AT_AddConstraint && IsA(constraint, Constraint) && constraint->skip_validation &&
			constraint->conname && strcmp(constraint->conname, name) == 0)
			return true;
	}
	return false;
}

static void
report_validate(WfRuleCall *call, WfRelation *table, LOCKMODE lock, const char *why)
{
	WfFinding  *finding = wf_finding_add(call, "\"%s\" stays locked (%s) as it was for %s while VALIDATE reads %s",
										 table->name, wf_ddl_lock_name(lock), why, wf_rule_size(call, table));

	wf_finding_on(call, finding, table);
	finding->lock = lock;
	finding->scans = true;
	wf_finding_note_text(finding, "constraint", call->command->name);
	if (list_length(((AlterTableStmt *) call->statement)->cmds) > 1)
	{
		finding->hint = pstrdup("Validate it in a statement, and a transaction, of its own.");
		if (!call->session->in_transaction)
			finding->safe_sql = psprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s;",
										 wf_ddl_quote_name(table->schema, table->name), quote_identifier(call->command->name));
		return;
	}
	finding->hint = pstrdup("Commit after ADD CONSTRAINT ... NOT VALID, and validate in the next transaction.");
	finding->safe_sql = wf_rule_outside_transaction(call);
	finding->safe_form = WF_SAFE_WHOLE;
}
