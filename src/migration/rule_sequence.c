/*
 * rule_sequence.c: numbers that come again, or none.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *without_restart(WfRuleCall *call);
static bool restarts(List *options, int64 *number);
static bool sets_value(WfRuleCall *call, SelectStmt *stmt, WfRelation **sequence, int64 *number);
static bool number_of(Node *value, int64 *number);
static RangeVar *sequence_named(Node *value);
static bool is_above(WfRuleCall *call, WfRelation *relation, const char *column, int64 number, WfFinding *finding);

/* RESTART, setval() and DROP IDENTITY. */
void
wf_rule_reset_sequence(WfRuleCall *call)
{
	WfRelation *relation = NULL;
	WfFinding  *finding;
	const char *column = NULL;
	int64		number = -1;
	bool		is_restart = true;

	if (IsA(call->statement, SelectStmt))
	{
		if (!sets_value(call, (SelectStmt *) call->statement, &relation, &number))
			return;
	}
	else if (IsA(call->statement, AlterSeqStmt))
	{
		AlterSeqStmt *stmt = (AlterSeqStmt *) call->statement;

		if (!restarts(stmt->options, &number))
			return;
		relation = wf_rule_relation(call, stmt->sequence);
		if (relation && stmt->missing_ok && relation->missing && wf_rule_knows_all(call))
			return;
	}
	else
	{
		is_restart = call->command->subtype == AT_SetIdentity;
		if (is_restart && !restarts((List *) call->command->def, &number))
			return;
		relation = wf_rule_altered_table(call);
		column = call->command->name;
		if (!is_restart && relation)
		{
			WfColumn   *identity = call->catalog->column(call->catalog, relation, column);

			if (identity && !identity->identity && call->command->missing_ok)
				return;
		}
	}
	if (relation == NULL)
		return;
	finding = wf_finding_add(call, is_restart ? "numbers of \"%s\" that rows have already may come again: INSERT fails with duplicates" :
							 "INSERTs into \"%s\" that leave out the identity column fail", relation->name);
	wf_finding_on(call, finding, relation);
	finding->lock = IsA(call->statement, SelectStmt) ? RowExclusiveLock :
		IsA(call->statement, AlterSeqStmt) ? ShareRowExclusiveLock : AccessExclusiveLock;
	if (!is_restart)
	{
		finding->hint = pstrdup("Deploy code that gives the column a number first, or set a DEFAULT in the same transaction.");
		return;
	}
	finding->hint = pstrdup("Restart above the highest number in use: SELECT max(column) + 1 FROM the table.");
	if (is_above(call, relation, column, number, finding))
		finding->severity = WF_SEVERITY_INFO;
	if (column == NULL || relation->missing)
		return;
	if (list_length((List *) call->command->def) > 1)
	{
		finding->safe_command = without_restart(call);
		if (finding->safe_command == NULL)
			return;
	}
	finding->safe_sql = psprintf("SELECT setval(pg_get_serial_sequence(%s, %s), (SELECT max(%s) FROM %s));",
								 quote_literal_cstr(finding->object), quote_literal_cstr(column),
								 quote_identifier(column), finding->object);
}

/* ALTER COLUMN without its RESTART, which others surround; NULL without a source. */
static char *
without_restart(WfRuleCall *call)
{
	char	   *text = wf_rule_command_text(call, call->command_index);
	int			end = text ? strlen(text) : 0;
	int			before = 0;
	int			pos = 0;
	int			next;

	/* ALTER, perhaps COLUMN, and the column's name, which may be any word. */
	pos = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, pos, end), end);
	next = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, pos, end), end);
	if (wf_ddl_source_word_is(text, pos, end, "COLUMN") && !wf_ddl_source_word_is(text, next, end, "SET") &&
		!wf_ddl_source_word_is(text, next, end, "RESTART"))
		next = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, next, end), end);
	for (pos = next; pos < end && !wf_ddl_source_word_is(text, pos, end, "RESTART"); pos = next)
	{
		next = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, pos, end), end);
		before = wf_ddl_source_word_is(text, pos, end, "SET") && wf_ddl_source_word_is(text, next, end, "RESTART") ? pos : next;
	}
	if (pos >= end)
		return NULL;
	before = before > 0 ? before : pos;
	/* WITH, a sign and the number. */
	next = wf_ddl_source_skip_space(text, pos + strlen("RESTART"), end);
	while (next < end && !wf_ddl_source_word_is(text, next, end, "SET") && !wf_ddl_source_word_is(text, next, end, "RESTART"))
		next = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, next, end), end);
	return psprintf("%s%s%s", wf_ddl_source_copy(text, 0, before), next < end ? " " : "", wf_ddl_source_copy(text, next, end));
}

/* Is there a RESTART among the options?  number is that of WITH; -1: none. */
static bool
restarts(List *options, int64 *number)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "restart") != 0)
			continue;
		if (option->arg && IsA(option->arg, Integer))
			*number = intVal(option->arg);
		else if (option->arg && IsA(option->arg, Float))
			*number = strtoll(castNode(Float, option->arg)->fval, NULL, 10);
		return true;
	}
	return false;
}

/* SELECT setval() of one sequence to a number that is written. */
static bool
sets_value(WfRuleCall *call, SelectStmt *stmt, WfRelation **sequence, int64 *number)
{
	Node	   *value = list_length(stmt->targetList) == 1 ? linitial_node(ResTarget, stmt->targetList)->val : NULL;
	FuncCall   *function = (FuncCall *) value;
	RangeVar   *name;

	if (value == NULL || !IsA(value, FuncCall) || strcmp(strVal(llast(function->funcname)), "setval") != 0 ||
		list_length(function->args) < 2 || !number_of(lsecond(function->args), number))
		return false;
	name = sequence_named(linitial(function->args));
	*sequence = name ? wf_rule_relation(call, name) : NULL;
	return true;
}

static bool
number_of(Node *value, int64 *number)
{
	while (IsA(value, TypeCast))
		value = ((TypeCast *) value)->arg;
	if (!IsA(value, A_Const) || ((A_Const *) value)->isnull)
		return false;
	if (nodeTag(&((A_Const *) value)->val) == T_Integer)
		*number = intVal(&((A_Const *) value)->val);
	else if (nodeTag(&((A_Const *) value)->val) == T_Float)
		*number = strtoll(((A_Const *) value)->val.fval.fval, NULL, 10);
	else
		return false;
	return true;
}

/* The sequence that a string names as regclass does; NULL where it names none. */
static RangeVar *
sequence_named(Node *value)
{
	List	   *parts;
	List	   *names = NIL;
	ListCell   *lc;

	while (IsA(value, TypeCast))
		value = ((TypeCast *) value)->arg;
	if (!IsA(value, A_Const) || ((A_Const *) value)->isnull || nodeTag(&((A_Const *) value)->val) != T_String ||
		!SplitIdentifierString(pstrdup(strVal(&((A_Const *) value)->val)), '.', &parts))
		return NULL;
	foreach(lc, parts)
		names = lappend(names, makeString(lfirst(lc)));
	return names ? wf_ddl_range_var_of_names(names) : NULL;
}

/*
 * Is the number above the last one that the sequence gave?  Where nobody wants
 * the data to be asked: no.
 */
static bool
is_above(WfRuleCall *call, WfRelation *relation, const char *column, int64 number, WfFinding *finding)
{
	char	   *table = wf_ddl_quote_name(relation->schema, relation->name);
	WfAnswer	answer;

	if (call->session->ask == NULL || relation->missing || !OidIsValid(relation->relid))
		return false;
	if (!call->session->ask(call->session,
							psprintf("SELECT coalesce(pg_sequence_last_value(%s), 0)",
									 column ? psprintf("pg_get_serial_sequence(%s, %s)", quote_literal_cstr(table), quote_literal_cstr(column)) :
									 psprintf("%s::regclass", quote_literal_cstr(table))), &answer) ||
		!answer.known)
		return false;
	wf_finding_note_number(finding, "last_value", answer.number);
	return answer.number == 0 || number > answer.number;
}
