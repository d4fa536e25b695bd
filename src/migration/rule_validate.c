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
static List *index_columns(WfRuleCall *call, WfRelation *table, const char *name);
static bool is_written(WfRuleCall *call, const char *name);
static void unique_index_would_fail(WfRuleCall *call, IndexStmt *index);
static int	elements_place(WfRuleCall *call, IndexStmt *index);
static char *element_text(WfRuleCall *call, IndexStmt *index, int number);
static char *condition_text(WfRuleCall *call, IndexStmt *index);
static void new_column_would_fail(WfRuleCall *call, ColumnDef *column);
static void count_duplicates(WfRuleCall *call, WfRelation *table, List *columns, List *expressions, bool nulls_alike, const char *condition);
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
		foreach(lc, constraint->indexname ? index_columns(call, table, constraint->indexname) : NIL)
			count_null(call, table, lfirst(lc));
	}
}

/* The columns (char *) of an index of this name, expressions left out. */
static List *
index_columns(WfRuleCall *call, WfRelation *table, const char *name)
{
	List	   *columns = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);

		foreach(lc2, index->name && strcmp(index->name, name) == 0 ? index->columns : NIL)
		{
			if (lfirst(lc2))
				columns = lappend(columns, lfirst(lc2));
		}
	}
	return columns;
}

static void
count_null(WfRuleCall *call, WfRelation *table, const char *column_name)
{
	WfColumn   *column = call->catalog->column(call->catalog, table, column_name);
	char	   *name = wf_ddl_quote_name(table->schema, table->name);
	WfAnswer	answer;
	bool		is_new;

	if (column == NULL || column->not_null || wf_rule_not_null_proof(call, table, column_name))
		return;
	/* A column that the text adds has its default in each row, or nothing. */
	is_new = column->attnum <= 0;
	if (is_new && (!column->created_here || column->has_default || column->identity || column->generated))
		return;
	call->session->ask(call->session,
					   psprintf("SELECT count(*), min(%s) FROM %s AS r%s%s%s", wf_rule_row_key(call, table, "r"), name,
								is_new ? "" : " WHERE r.", is_new ? "" : quote_identifier(column_name), is_new ? "" : " IS NULL"), &answer);
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
	WfConstraint *constraint;

	if (call->command->subtype != AT_ValidateConstraint)
		return NULL;
	constraint = call->catalog->constraint(call->catalog, table, call->command->name);
	return constraint && constraint->kind == kind && !constraint->validated ? constraint : NULL;
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
					   psprintf("SELECT count(*), min(%s) FROM %s%s AS %s WHERE NOT (%s)", wf_rule_row_key(call, table, alias),
								added && (added->is_no_inherit || !((AlterTableStmt *) call->statement)->relation->inh) ? "ONLY " : "", wf_ddl_quote_name(table->schema, table->name), alias, expression), &answer);
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
	else if (known && known->foreign_table && !is_written(call, known->foreign_table))
		count_orphans(call, table, known->foreign_table, known->columns, known->foreign_columns);
}

/* Has the text changed rows of the table of this name? */
static bool
is_written(WfRuleCall *call, const char *name)
{
	ListCell   *lc;

	foreach(lc, call->session->simulation->written)
	{
		WfRelation *table = lfirst(lc);

		if (strcmp(quote_qualified_identifier(table->schema, table->name), name) == 0)
			return true;
	}
	return false;
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

/* ADD UNIQUE or PRIMARY KEY, or CREATE UNIQUE INDEX. */
void
wf_rule_unique_would_fail(WfRuleCall *call)
{
	if (IsA(call->statement, IndexStmt))
		unique_index_would_fail(call, (IndexStmt *) call->statement);
	else if (call->command->subtype == AT_AddColumn)
		new_column_would_fail(call, castNode(ColumnDef, call->command->def));
	else
	{
		WfRelation *table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
		Constraint *constraint = validating_constraint(call, CONSTR_UNIQUE);
		List	   *columns = NIL;
		ListCell   *lc;

		if (constraint == NULL)
			constraint = validating_constraint(call, CONSTR_PRIMARY);
		if (table == NULL || constraint == NULL)
			return;
		foreach(lc, constraint->keys)
			columns = lappend(columns, strVal(lfirst(lc)));
		count_duplicates(call, table, columns, NIL, constraint->nulls_not_distinct, NULL);
	}
}

/* Expressions and the condition are taken as they were written. */
static void
unique_index_would_fail(WfRuleCall *call, IndexStmt *index)
{
	WfRelation *table = wf_rule_validated_table(call, index->relation);
	List	   *columns = NIL;
	List	   *expressions = NIL;
	char	   *condition = NULL;
	ListCell   *lc;

	if (table == NULL || !index->unique)
		return;
	foreach(lc, index->indexParams)
	{
		if (lfirst_node(IndexElem, lc)->name)
			columns = lappend(columns, lfirst_node(IndexElem, lc)->name);
		else
			expressions = lappend(expressions, element_text(call, index, foreach_current_index(lc)));
	}
	if (index->whereClause)
	{
		condition = condition_text(call, index);
		if (condition == NULL)
			return;
	}
	if (!list_member_ptr(expressions, NULL))
		count_duplicates(call, table, columns, expressions, index->nulls_not_distinct, condition);
}

/* Where the elements of an index begin in the source, behind the parenthesis; -1 without one. */
static int
elements_place(WfRuleCall *call, IndexStmt *index)
{
	int			end = wf_rule_source_end(call);
	int			pos = index->relation->location;

	if (end == 0 || pos < 0)
		return -1;
	while (pos < end && call->source[pos] != '(')
		pos = wf_ddl_source_skip_space(call->source, wf_ddl_source_skip_token(call->source, pos, end), end);
	return pos < end ? pos + 1 : -1;
}

/* An expression of an index: in parentheses, or a function call; NULL without a source. */
static char *
element_text(WfRuleCall *call, IndexStmt *index, int number)
{
	int			end = wf_rule_source_end(call);
	int			from = elements_place(call, index);
	int			to;

	for (int i = 0; from >= 0 && i < number; i++)
	{
		from = wf_ddl_source_item_end(call->source, from, end);
		if (from >= end || call->source[from] != ',')
			return NULL;
		from++;
	}
	if (from < 0)
		return NULL;
	from = to = wf_ddl_source_skip_space(call->source, from, end);
	while (to < end && call->source[to] != '(')
		to = wf_ddl_source_skip_space(call->source, wf_ddl_source_skip_token(call->source, to, end), end);
	return to < end ? wf_ddl_source_copy(call->source, from, wf_ddl_source_skip_group(call->source, to, end)) : NULL;
}

static char *
condition_text(WfRuleCall *call, IndexStmt *index)
{
	int			end = wf_rule_source_end(call);
	int			place = elements_place(call, index);

	place = place < 0 ? -1 : wf_ddl_source_find_clause(call->source, place, end, "WHERE");
	return place < 0 ? NULL : wf_ddl_source_copy(call->source, place + strlen("WHERE"), end);
}

/* A new column that is unique, and has the same default in all rows. */
static void
new_column_would_fail(WfRuleCall *call, ColumnDef *column)
{
	Constraint *preset = wf_rule_column_constraint(column, CONSTR_DEFAULT);
	WfRelation *table;
	WfAnswer	answer;

	if (preset == NULL || !IsA(preset->raw_expr, A_Const) || ((A_Const *) preset->raw_expr)->isnull ||
		(!wf_rule_column_constraint(column, CONSTR_UNIQUE) && !wf_rule_column_constraint(column, CONSTR_PRIMARY)))
		return;
	table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	call->session->ask(call->session,
					   psprintf("SELECT count(*), min(%s) FROM %s AS r", wf_rule_row_key(call, table, "r"),
								wf_ddl_quote_name(table->schema, table->name)), &answer);
	if (answer.known && answer.number > 1)
		(void) wf_rule_report_rows(call, table, &answer, "23505", psprintf("the same default of \"%s\" in each", column->colname));
}

/*
 * Rows that share the columns and expressions, of those that the condition
 * leaves.  A NULL is like no other value, unless nulls_alike.
 */
static void
count_duplicates(WfRuleCall *call, WfRelation *table, List *columns, List *expressions, bool nulls_alike, const char *condition)
{
	List	   *keys = NIL;
	StringInfoData filter;
	StringInfoData list;
	StringInfoData words;
	WfAnswer	answer;
	ListCell   *lc;

	if (columns != NIL && !are_live(call, table, columns))
		return;
	foreach(lc, columns)
		keys = lappend(keys, pstrdup(quote_identifier(lfirst(lc))));
	foreach(lc, expressions)
		keys = lappend(keys, *(char *) lfirst(lc) == '(' ? lfirst(lc) : psprintf("(%s)", (char *) lfirst(lc)));
	if (keys == NIL)
		return;
	initStringInfo(&filter);
	initStringInfo(&list);
	initStringInfo(&words);
	appendStringInfo(&filter, "(%s)", condition ? condition : "true");
	foreach(lc, keys)
	{
		const char *key = lfirst(lc);

		appendStringInfo(&list, "%s%s", list.len ? ", " : "", key);
		appendStringInfo(&words, nulls_alike ? "%scoalesce(%s::text, 'NULL')" : "%s%s::text", words.len ? KEY_SEPARATOR : "", key);
		if (!nulls_alike)
			appendStringInfo(&filter, " AND %s IS NOT NULL", key);
	}
	call->session->ask(call->session,
					   psprintf("SELECT sum(n), min(k) FROM (SELECT count(*) AS n, min(%s) AS k FROM %s WHERE %s "
								"GROUP BY %s HAVING count(*) > 1) AS d",
								words.data, wf_ddl_quote_name(table->schema, table->name), filter.data, list.data), &answer);
	(void) wf_rule_report_rows(call, table, &answer, "23505", psprintf("the same %s again", list.data));
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
