/*
 * rule_validate.c: rules that count the rows a statement would fail at.
 *
 * They ask the data, so only where the option validate_data says so, only of
 * tables that the text has left as they are, and never longer than
 * validate_timeout a question.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* Between the parts of a key, for people. */
#define KEY_SEPARATOR " || ', ' || "

static bool is_untouched(WfRuleCall *call, WfRelation *table);
static char *joined(List *names, const char *before, const char *behind, const char *separator);
static bool are_live(WfRuleCall *call, WfRelation *table, List *names);
static void count_null(WfRuleCall *call, WfRelation *table, const char *column);
static void count_duplicates(WfRuleCall *call, WfRelation *table, List *columns);
static void count_orphans(WfRuleCall *call, WfRelation *table, const char *referenced, List *columns, List *keys);
static Constraint *validating_constraint(WfRuleCall *call, ConstrType kind);
static WfConstraint *validated_constraint(WfRuleCall *call, WfRelation *table, char kind);
static List *primary_key(WfRuleCall *call, WfRelation *table);

/* The table, where its rows are those that the statement will find. */
WfRelation *
wf_rule_validated_table(WfRuleCall *call, const RangeVar *name)
{
	WfRelation *table;

	if (call->session->ask == NULL)
		return NULL;
	table = wf_rule_relation(call, name);
	return table && is_untouched(call, table) ? table : NULL;
}

static bool
is_untouched(WfRuleCall *call, WfRelation *table)
{
	WfSimulation *simulation = call->session->simulation;

	return !table->missing && OidIsValid(table->relid) && simulation && !simulation->is_opaque &&
		!list_member_ptr(simulation->written, table) &&
		(table->kind == RELKIND_RELATION || table->kind == RELKIND_PARTITIONED_TABLE);
}

/* An expression that names a row to people. */
char *
wf_rule_row_key(WfRuleCall *call, WfRelation *table, const char *alias)
{
	List	   *columns = primary_key(call, table);

	return columns == NIL ? psprintf("'ctid ' || %s.ctid::text", alias) :
		joined(columns, psprintf("%s.", alias), "::text", KEY_SEPARATOR);
}

/* Each name, quoted, between two texts. */
static char *
joined(List *names, const char *before, const char *behind, const char *separator)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, names)
		appendStringInfo(&text, "%s%s%s%s", foreach_current_index(lc) ? separator : "",
						 before, quote_identifier(lfirst(lc)), behind);
	return text.data;
}

/* Are all of them columns of the table as the database has it? */
static bool
are_live(WfRuleCall *call, WfRelation *table, List *names)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		WfColumn   *column = call->catalog->column(call->catalog, table, lfirst(lc));

		if (column == NULL || column->attnum <= 0)
			return false;
	}
	return names != NIL;
}

/* The columns of the primary key: a list of char *. */
static List *
primary_key(WfRuleCall *call, WfRelation *table)
{
	ListCell   *lc;

	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		if (((WfIndex *) lfirst(lc))->is_primary)
			return ((WfIndex *) lfirst(lc))->columns;
	}
	return NIL;
}

/* Reports that so many rows stand in the way; NULL where none does. */
WfFinding *
wf_rule_report_rows(WfRuleCall *call, WfRelation *table, WfAnswer *answer, const char *sqlstate, const char *what)
{
	WfFinding  *finding;

	if (!answer->known || answer->number <= 0)
		return NULL;
	finding = wf_finding_add(call, "fails at %.0f %s of \"%s\", for example %s: %s", answer->number,
							 answer->number == 1 ? "row" : "rows", table->name,
							 answer->example ? answer->example : "one without a key", what);
	finding->object = wf_ddl_quote_name(table->schema, table->name);
	finding->relation = table;
	finding->scans = true;
	wf_finding_note_number(finding, "failing_rows", answer->number);
	if (answer->example)
		wf_finding_note_text(finding, "example", answer->example);
	wf_finding_note_text(finding, "sqlstate", sqlstate);
	finding->hint = pstrdup("Repair these rows first, in a migration of its own.");
	return finding;
}

/* SET NOT NULL, or a primary key over a nullable column. */
void
wf_rule_not_null_would_fail(WfRuleCall *call)
{
	WfRelation *table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
	Constraint *constraint = (Constraint *) call->command->def;
	ListCell   *lc;

	if (table == NULL)
		return;
	if (call->command->subtype == AT_SetNotNull)
		count_null(call, table, call->command->name);
	else if (IsA(constraint, Constraint) && constraint->contype == CONSTR_PRIMARY)
	{
		foreach(lc, constraint->keys)
			count_null(call, table, strVal(lfirst(lc)));
	}
}

static void
count_null(WfRuleCall *call, WfRelation *table, const char *column_name)
{
	WfColumn   *column = call->catalog->column(call->catalog, table, column_name);
	char	   *name = wf_ddl_quote_name(table->schema, table->name);
	WfAnswer	answer;

	if (column == NULL || column->attnum <= 0 || column->not_null ||
		wf_rule_not_null_proof(call, table, column_name))
		return;
	call->session->ask(call->session,
					   psprintf("SELECT count(*), min(%s) FROM %s AS r WHERE r.%s IS NULL",
								wf_rule_row_key(call, table, "r"), name, quote_identifier(column_name)), &answer);
	(void) wf_rule_report_rows(call, table, &answer, "23502", psprintf("no value for \"%s\"", column_name));
}

/* The constraint that the command adds and checks at once; NULL: none. */
static Constraint *
validating_constraint(WfRuleCall *call, ConstrType kind)
{
	Constraint *constraint = (Constraint *) call->command->def;

	if (call->command->subtype != AT_AddConstraint || !IsA(constraint, Constraint) ||
		constraint->contype != kind || constraint->skip_validation || constraint->indexname)
		return NULL;
	return constraint;
}

/* The constraint that VALIDATE CONSTRAINT checks now; NULL: none, or done. */
static WfConstraint *
validated_constraint(WfRuleCall *call, WfRelation *table, char kind)
{
	ListCell   *lc;

	if (call->command->subtype != AT_ValidateConstraint)
		return NULL;
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->kind == kind && !constraint->validated && constraint->name && strcmp(constraint->name, call->command->name) == 0)
			return constraint;
	}
	return NULL;
}

/* ADD CHECK, or VALIDATE of one that is there. */
void
wf_rule_check_would_fail(WfRuleCall *call)
{
	WfRelation *table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
	Constraint *added = validating_constraint(call, CONSTR_CHECK);
	WfConstraint *known;
	char	   *expression = NULL;
	char	   *alias;
	WfAnswer	answer;

	if (table == NULL)
		return;
	known = validated_constraint(call, table, 'c');
	if (added)
		expression = wf_rule_check_expression(call, added);
	else if (known && known->expression)
		expression = known->expression;
	else if (known && OidIsValid(known->oid) && call->session->ask(call->session,
																   psprintf("SELECT 1, pg_catalog.pg_get_expr(conbin, conrelid) "
																			"FROM pg_catalog.pg_constraint WHERE oid = %u", known->oid), &answer))
		expression = answer.example;
	if (expression == NULL)
		return;
	alias = pstrdup(quote_identifier(table->name));
	call->session->ask(call->session,
					   psprintf("SELECT count(*), min(%s) FROM %s AS %s WHERE NOT (%s)", wf_rule_row_key(call, table, alias),
								wf_ddl_quote_name(table->schema, table->name), alias, expression), &answer);
	(void) wf_rule_report_rows(call, table, &answer, "23514", psprintf("CHECK %s is false", expression));
}

/* ADD FOREIGN KEY, or VALIDATE of one that is there. */
void
wf_rule_foreign_key_would_fail(WfRuleCall *call)
{
	WfRelation *table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
	Constraint *added = validating_constraint(call, CONSTR_FOREIGN);
	WfConstraint *known;
	WfRelation *referenced;
	List	   *columns = NIL;
	List	   *keys = NIL;
	ListCell   *lc;

	if (table == NULL)
		return;
	known = validated_constraint(call, table, 'f');
	if (added)
	{
		referenced = call->catalog->relation(call->catalog, added->pktable);
		if (referenced == NULL || !is_untouched(call, referenced))
			return;
		foreach(lc, added->fk_attrs)
			columns = lappend(columns, strVal(lfirst(lc)));
		foreach(lc, added->pk_attrs)
			keys = lappend(keys, strVal(lfirst(lc)));
		if (keys == NIL)
			keys = primary_key(call, referenced);
		count_orphans(call, table, wf_ddl_quote_name(referenced->schema, referenced->name), columns, keys);
	}
	else if (known && known->foreign_table)
		count_orphans(call, table, known->foreign_table, known->columns, known->foreign_columns);
}

static void
count_orphans(WfRuleCall *call, WfRelation *table, const char *referenced, List *columns, List *keys)
{
	StringInfoData match;
	WfAnswer	answer;
	ListCell   *column;
	ListCell   *key;

	if (!are_live(call, table, columns) || list_length(columns) != list_length(keys))
		return;
	initStringInfo(&match);
	forboth(column, columns, key, keys)
		appendStringInfo(&match, "%sp.%s = r.%s", match.len ? " AND " : "",
						 quote_identifier(lfirst(key)), quote_identifier(lfirst(column)));
	call->session->ask(call->session,
					   psprintf("SELECT count(*), min(%s) FROM %s AS r WHERE %s AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)",
								joined(columns, "r.", "::text", KEY_SEPARATOR), wf_ddl_quote_name(table->schema, table->name),
								joined(columns, "r.", " IS NOT NULL", " AND "), referenced, match.data),
					   &answer);
	(void) wf_rule_report_rows(call, table, &answer, "23503", psprintf("no such key in %s", referenced));
}

/* ADD UNIQUE or PRIMARY KEY, or CREATE UNIQUE INDEX over plain columns. */
void
wf_rule_unique_would_fail(WfRuleCall *call)
{
	IndexStmt  *index = (IndexStmt *) call->statement;
	WfRelation *table;
	Constraint *constraint;
	List	   *columns = NIL;
	ListCell   *lc;

	if (IsA(index, IndexStmt))
	{
		table = wf_rule_validated_table(call, index->relation);
		if (table == NULL || !index->unique || index->whereClause)
			return;
		foreach(lc, index->indexParams)
		{
			if (lfirst_node(IndexElem, lc)->name == NULL)
				return;
			columns = lappend(columns, lfirst_node(IndexElem, lc)->name);
		}
	}
	else
	{
		table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
		constraint = validating_constraint(call, CONSTR_UNIQUE);
		if (constraint == NULL)
			constraint = validating_constraint(call, CONSTR_PRIMARY);
		if (table == NULL || constraint == NULL)
			return;
		foreach(lc, constraint->keys)
			columns = lappend(columns, strVal(lfirst(lc)));
	}
	count_duplicates(call, table, columns);
}

static void
count_duplicates(WfRuleCall *call, WfRelation *table, List *columns)
{
	char	   *list = joined(columns, "", "", ", ");
	WfAnswer	answer;

	if (!are_live(call, table, columns))
		return;
	call->session->ask(call->session,
					   psprintf("SELECT sum(n), min(k) FROM (SELECT count(*) AS n, min(%s) AS k FROM %s WHERE %s "
								"GROUP BY %s HAVING count(*) > 1) AS d",
								joined(columns, "", "::text", KEY_SEPARATOR), wf_ddl_quote_name(table->schema, table->name),
								joined(columns, "", " IS NOT NULL", " AND "), list), &answer);
	(void) wf_rule_report_rows(call, table, &answer, "23505", psprintf("the same %s again", list));
}

/* CONCURRENTLY while others are in a long transaction. */
void
wf_rule_concurrent_wait(WfRuleCall *call)
{
	WfFinding  *finding;
	WfAnswer	answer;

	if (call->session->ask_activity == NULL || !wf_ddl_is_concurrent(call->statement) || !wf_rule_once(call) ||
		!call->session->ask_activity(60, &answer) || answer.number <= 0)
		return;
	finding = wf_finding_add(call, "waits for %.0f %s of other sessions that began more than a minute ago: %s",
							 answer.number, answer.number == 1 ? "transaction" : "transactions", answer.example);
	finding->lock = ShareUpdateExclusiveLock;
	wf_finding_note_number(finding, "transactions", answer.number);
	wf_finding_note_text(finding, "oldest", answer.example);
	finding->hint = pstrdup("Run it when pg_stat_activity shows none, without lock_timeout: a build that gives up leaves an invalid index.");
}
