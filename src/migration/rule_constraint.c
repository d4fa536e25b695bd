/*
 * rule_constraint.c: rules about constraints that read the rows there are.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static void report_foreign_key(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns);
static char *foreign_key_sql(Constraint *constraint, const char *name, List *columns);
static void append_action(StringInfo buf, const char *event, char action);
static void report_check(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *column);
static const char *not_null_column(AlterTableCmd *command);
static bool is_named_like_key(const char *name);
static bool is_nobodys(WfRuleCall *call, WfRelation *table);
static bool is_superfluous(WfRuleCall *call, WfRelation *table, const char *name);
static bool is_unenforced(List *constraints, ListCell *constraint);
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

		if (constraint->contype == CONSTR_FOREIGN && !is_unenforced(((ColumnDef *) call->command->def)->constraints, lc))
			report_foreign_key(call, table, constraint,
							   list_make1(makeString(((ColumnDef *) call->command->def)->colname)));
	}
}

/* Does NOT ENFORCED (18) follow the constraint of a new column?  Then no row is looked at. */
static bool
is_unenforced(List *constraints, ListCell *constraint)
{
	ListCell   *next = lnext(constraints, constraint);

	return next && wf_constraint_is_unenforced(lfirst_node(Constraint, next));
}

static bool
has_default(ColumnDef *column)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		if (lfirst_node(Constraint, lc)->contype == CONSTR_DEFAULT)
			return true;
	}
	return false;
}

static void
report_foreign_key(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns)
{
	WfRelation *referenced = call->catalog->relation(call->catalog, constraint->pktable);
	WfFinding  *finding;
	char	   *name = constraint->conname;
	char	   *table_name = wf_ddl_quote_name(table->schema, table->name);

	if (!wf_rule_is_populated(call, table))
		return;
	finding = wf_finding_add(call, "ADD FOREIGN KEY stops writes to \"%s\" and \"%s\" while it looks up %s",
							 table->name, constraint->pktable->relname, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->location = constraint->location;
	finding->lock = ShareRowExclusiveLock;
	finding->scans = true;
	wf_finding_note_text(finding, "references", wf_ddl_range_var(constraint->pktable));
	if (referenced && !referenced->missing && wf_ddl_measure(call->catalog, referenced)->rows >= 0)
		wf_finding_note_number(finding, "referenced_rows", referenced->rows);
	if (table->kind == RELKIND_PARTITIONED_TABLE && call->catalog->server_version < 18)
	{
		finding->hint = pstrdup("Before 18 a partitioned table can't have a NOT VALID foreign key: add and validate it on each partition first.");
		return;
	}
	if (call->command->subtype == AT_AddColumn)
	{
		finding->hint = pstrdup("Add the column without REFERENCES, then the foreign key as NOT VALID, and validate it in another transaction.");
		return;
	}
	if (name == NULL)
		name = makeObjectName(table->name, strVal(linitial(columns)), "fkey");
	finding->hint = pstrdup("Add it as NOT VALID, and validate it in another transaction, which lets writes go on.");
	finding->safe_sql = psprintf("ALTER TABLE %s ADD %s NOT VALID;\nALTER TABLE %s VALIDATE CONSTRAINT %s;",
								 table_name, foreign_key_sql(constraint, name, columns),
								 table_name, quote_identifier(name));
}

/* CONSTRAINT name FOREIGN KEY (...) REFERENCES ..., without NOT VALID. */
static char *
foreign_key_sql(Constraint *constraint, const char *name, List *columns)
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
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	ListCell   *lc;

	if (table == NULL)
		return;
	if (call->command->subtype == AT_AddConstraint)
	{
		Constraint *constraint = castNode(Constraint, call->command->def);

		if (constraint->contype == CONSTR_CHECK && !constraint->skip_validation)
			report_check(call, table, constraint, NULL);
		return;
	}
	foreach(lc, ((ColumnDef *) call->command->def)->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_CHECK && !is_unenforced(((ColumnDef *) call->command->def)->constraints, lc))
			report_check(call, table, constraint, ((ColumnDef *) call->command->def)->colname);
	}
}

static void
report_check(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *column)
{
	WfFinding  *finding = wf_finding_add(call, "ADD CHECK stops all reads and writes of \"%s\" while it reads %s",
										 table->name, wf_rule_size(call, table));
	char	   *expression = wf_rule_check_expression(call, constraint);
	char	   *name = constraint->conname;
	char	   *table_name = wf_ddl_quote_name(table->schema, table->name);

	wf_finding_on(call, finding, table);
	finding->location = constraint->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	finding->hint = pstrdup("Add it as NOT VALID, and validate it in another transaction, which lets reads and writes go on.");
	if (name == NULL)
		name = makeObjectName(table->name, column, "check");
	if (expression && column == NULL)
		finding->safe_sql = psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK %s%s NOT VALID;\nALTER TABLE %s VALIDATE CONSTRAINT %s;",
									 table_name, quote_identifier(name), expression,
									 constraint->is_no_inherit ? " NO INHERIT" : "",
									 table_name, quote_identifier(name));
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
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	const char *column_name = not_null_column(call->command);
	const char *what = call->command->subtype == AT_SetNotNull ? "SET NOT NULL" : "ADD NOT NULL";
	WfColumn   *column;
	WfFinding  *finding;
	char	   *proof;
	char	   *table_name;
	const char *check;

	if (table == NULL || column_name == NULL)
		return;
	column = call->catalog->column(call->catalog, table, column_name);
	if (column && column->not_null)
		return;
	proof = wf_rule_not_null_proof(call, table, column_name);
	if (proof)
	{
		finding = wf_finding_add(call, "%s on \"%s\" needs no scan: CHECK \"%s\" proves it", what, column_name, proof);
		wf_finding_on(call, finding, table);
		finding->severity = WF_SEVERITY_LOW;
		finding->lock = AccessExclusiveLock;
		wf_finding_note_text(finding, "proof", proof);
		return;
	}
	finding = wf_finding_add(call, "%s stops all reads and writes of \"%s\" while it reads %s", what, table->name,
							 wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column_name);
	if (call->catalog->server_version < 12)
	{
		finding->hint = pstrdup("Before 12 nothing spares the scan: keep a CHECK (column IS NOT NULL) that was added as NOT VALID and validated.");
		return;
	}
	finding->hint = pstrdup("Prove it first with a CHECK that is added as NOT VALID and validated in another transaction; then SET NOT NULL reads nothing.");
	table_name = wf_ddl_quote_name(table->schema, table->name);
	check = quote_identifier(makeObjectName(table->name, column_name, "not_null"));
	finding->safe_sql = psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;\n"
								 "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
								 "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;\n"
								 "ALTER TABLE %s DROP CONSTRAINT %s;",
								 table_name, check, quote_identifier(column_name), table_name, check,
								 table_name, quote_identifier(column_name), table_name, check);
}

/* The validated CHECK that proves the column to be not null; NULL: none. */
char *
wf_rule_not_null_proof(WfRuleCall *call, WfRelation *table, const char *column)
{
	ListCell   *lc;

	if (call->catalog->server_version < 12)
		return NULL;
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->validated && constraint->not_null_column &&
			strcmp(constraint->not_null_column, column) == 0)
			return constraint->name ? constraint->name : "(unnamed)";
	}
	return NULL;
}

/* NOT VALID and VALIDATE in one transaction. */
void
wf_rule_validate_in_same_transaction(WfRuleCall *call)
{
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	WfSimulation *simulation = call->session->simulation;
	ListCell   *lc;

	if (table == NULL || !call->session->in_transaction)
		return;
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);
		WfFinding  *finding;

		if (constraint->name == NULL || strcmp(constraint->name, call->command->name) != 0 ||
			constraint->validated || !constraint->created_here ||
			(simulation && !OidIsValid(constraint->oid) && constraint->transaction != simulation->transaction))
			continue;
		finding = wf_finding_add(call, "\"%s\" stays locked as it was for ADD CONSTRAINT while VALIDATE reads %s",
								 table->name, wf_rule_size(call, table));
		wf_finding_on(call, finding, table);
		finding->lock = constraint->kind == 'f' ? ShareRowExclusiveLock : AccessExclusiveLock;
		finding->scans = true;
		finding->hint = pstrdup("Commit after ADD CONSTRAINT ... NOT VALID, and validate in the next transaction.");
		finding->safe_sql = wf_rule_outside_transaction(call);
	}
}

/* ALTER DOMAIN ADD CONSTRAINT, SET NOT NULL, VALIDATE CONSTRAINT. */
void
wf_rule_domain_constraint(WfRuleCall *call)
{
	AlterDomainStmt *stmt = (AlterDomainStmt *) call->statement;
	Constraint *constraint = (Constraint *) stmt->def;
	WfType	   *type;
	WfFinding  *finding;
	char	   *domain;

	if (stmt->subtype != 'C' && stmt->subtype != 'O' && stmt->subtype != 'V')
		return;
	if (stmt->subtype == 'C' && constraint->skip_validation)
		return;
	type = wf_rule_type(call, stmt->typeName);
	if (type == NULL)
		return;
	if (!type->missing)
	{
		call->catalog->type_uses(call->catalog, type);
		if (type->uses == 0)
			return;
	}
	finding = wf_finding_add(call, "%s on domain \"%s\" stops writes to every table that uses it while it reads them all",
							 stmt->subtype == 'C' ? "ADD CONSTRAINT" : stmt->subtype == 'O' ? "SET NOT NULL" : "VALIDATE CONSTRAINT",
							 type->name);
	wf_finding_on_type(call, finding, type);
	finding->lock = ShareLock;
	finding->scans = true;
	domain = wf_ddl_quote_name(type->schema, type->name);
	if (stmt->subtype == 'V')
	{
		wf_finding_lower(finding);
		finding->hint = pstrdup("There is no lighter way; run it when writes are rare.");
	}
	else if (stmt->subtype == 'O')
		finding->hint = pstrdup("NOT NULL can't be added as NOT VALID: add CHECK (VALUE IS NOT NULL) NOT VALID instead, and validate it when writes are rare.");
	else
	{
		char	   *expression = wf_rule_check_expression(call, constraint);
		char	   *name = constraint->conname ? constraint->conname : makeObjectName(type->name, NULL, "check");

		finding->hint = pstrdup("Add it as NOT VALID, which locks no table, and validate it when writes are rare.");
		if (expression)
			finding->safe_sql = psprintf("ALTER DOMAIN %s ADD CONSTRAINT %s CHECK %s NOT VALID;\nALTER DOMAIN %s VALIDATE CONSTRAINT %s;",
										 domain, quote_identifier(name), expression, domain, quote_identifier(name));
	}
}

/* DROP CONSTRAINT of anything but a primary key. */
void
wf_rule_drop_constraint(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;
	char		kind;

	if (table == NULL)
		return;
	kind = wf_rule_constraint_kind(call, table, call->command->name);
	if (kind == 'p' || is_superfluous(call, table, call->command->name) || is_nobodys(call, table))
		return;
	finding = wf_finding_add(call, "without constraint \"%s\" rows that it kept out of \"%s\" can come in%s",
							 call->command->name, table->name,
							 kind == 'u' ? "; ON CONFLICT on its columns fails" : "");
	wf_finding_on(call, finding, table);
	/* What it kept out, and who relies on that, nobody knows here. */
	if (kind == 0)
		wf_finding_lower(finding);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "constraint", call->command->name);
	if (kind == 'f')
		finding->hint = pstrdup("Dropping a foreign key locks both tables: set lock_timeout first.");
}

/* Is it a CHECK that only says what the column's NOT NULL says as well? */
static bool
is_superfluous(WfRuleCall *call, WfRelation *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->only_not_null && constraint->name && strcmp(constraint->name, name) == 0)
		{
			WfColumn   *column = call->catalog->column(call->catalog, table, constraint->not_null_column);

			return column && column->not_null;
		}
	}
	return false;
}

/* Is the constraint to be dropped new here, or IF EXISTS finds none? */
static bool
is_nobodys(WfRuleCall *call, WfRelation *table)
{
	ListCell   *lc;

	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->name && strcmp(constraint->name, call->command->name) == 0)
			return constraint->created_here;
	}
	return call->command->missing_ok && !table->missing;
}

/* DROP CONSTRAINT of a primary key. */
void
wf_rule_drop_primary_key(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;

	if (table == NULL || wf_rule_constraint_kind(call, table, call->command->name) != 'p')
		return;
	finding = wf_finding_add(call, "without its primary key \"%s\" takes duplicates, foreign keys can't refer to it, and UPDATE and DELETE fail where it is published",
							 table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "constraint", call->command->name);
	finding->hint = pstrdup("Build the new key's unique index CONCURRENTLY first, then drop and add the key in one short transaction.");
}

/*
 * The contype of a constraint; 0 where it is not known.  One that nobody has
 * is taken for a primary key if it is named like one.
 */
char
wf_rule_constraint_kind(WfRuleCall *call, WfRelation *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->name && strcmp(constraint->name, name) == 0)
			return constraint->kind;
	}
	return table->missing && is_named_like_key(name) ? 'p' : 0;
}

/* As PostgreSQL, or people, name primary keys. */
static bool
is_named_like_key(const char *name)
{
	static const char *const endings[] = {"_pkey", "_primary_key", "_pk"};
	int			length = strlen(name);

	for (int i = 0; i < lengthof(endings); i++)
	{
		int			ending = strlen(endings[i]);

		if (length > ending && strcmp(name + length - ending, endings[i]) == 0)
			return true;
	}
	return strncmp(name, "pk_", 3) == 0;
}
