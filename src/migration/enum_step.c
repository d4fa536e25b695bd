/*
 * enum_step.c: the steps of enum_plan(), and what is said of each.
 */
#include "common/compat.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "common/extension.h"
#include "common/row.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/statement.h"
#include "migration/enum_plan.h"

#define PLAN_COLUMNS 7

static Node *parse(const char *sql);
static char *blocks(List *locks, LOCKMODE mode);
static LOCKMODE strongest(List *locks);

/*
 * A transaction in which the guard lets the change of the enum through: by an
 * allowance for the one rule that objects; by a bypass where the change is about
 * more than the type (rule is NULL), or for who may have that only.
 */
void
wf_enum_begin(WfEnumPlan *plan, const char *rule)
{
	const char *reason = plan->options.reason ? plan->options.reason : psprintf("enum_plan: %s", plan->what);
	Oid			allowances = wf_common_relation_oid("guard_allowances");
	bool		may_allow = rule && OidIsValid(allowances) &&
	pg_class_aclcheck(allowances, GetUserId(), ACL_INSERT) == ACLCHECK_OK;
	bool		may_bypass = pg_parameter_aclcheck("wishflags.bypass", GetUserId(), ACL_SET) == ACLCHECK_OK;

	wf_enum_step(plan, pstrdup("BEGIN;"), -1, NULL);
	if (may_allow)
		wf_enum_step(plan, psprintf("SELECT wishflags.guard_allow('%s', %s, current_user, NULL, %s) IS NOT NULL AS allowed;",
									rule, quote_literal_cstr(plan->type.name), quote_literal_cstr(reason)), -1,
					 "the guard lets this change through in this transaction and logs the reason");
	else
		wf_enum_step(plan, psprintf("SET LOCAL wishflags.bypass = %s;", quote_literal_cstr(reason)), -1,
					 may_bypass ? "the guard lets this transaction through and logs the reason" :
					 psprintf("the guard lets this transaction through and logs the reason; a superuser must first: GRANT SET ON PARAMETER wishflags.bypass TO %s;",
							  quote_identifier(GetUserNameFromId(GetUserId(), false))));
}

/* rows: -1 for not known, or none concerned. */
void
wf_enum_step(WfEnumPlan *plan, char *sql, double rows, const char *comment)
{
	WfEnumStep *step = palloc(sizeof(WfEnumStep));

	step->sql = sql;
	step->rows = rows;
	step->comment = comment;
	plan->steps = lappend(plan->steps, step);
}

/* The rows of all columns; -1 where not all are known. */
double
wf_enum_rows(WfEnumPlan *plan)
{
	double		sum = 0;
	ListCell   *lc;

	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		if (column->rows < 0)
			return -1;
		sum += column->rows;
	}
	return sum;
}

/* The comment, and the rows of each column. */
char *
wf_enum_rows_comment(WfEnumPlan *plan, const char *comment)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	appendStringInfoString(&text, comment);
	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		appendStringInfoString(&text, lc == list_head(plan->type.columns) ? "; rows: " : ", ");
		appendStringInfo(&text, "%s.%s ", column->table, column->name);
		if (column->rows < 0)
			appendStringInfoString(&text, "not counted");
		else
			appendStringInfo(&text, "%.0f", column->rows);
	}
	return text.data;
}

/* The rows that a statement writes anew; -1: not known, or none. */
double
wf_enum_table_rows(WfEnumPlan *plan, Node *node)
{
	AlterTableStmt *stmt = (AlterTableStmt *) node;
	char	   *table;
	ListCell   *lc;

	if (!node || !IsA(node, AlterTableStmt) ||
		linitial_node(AlterTableCmd, stmt->cmds)->subtype != AT_AlterColumnType)
		return -1;
	table = wf_ddl_range_var(stmt->relation);
	foreach(lc, plan->type.columns)
	{
		if (strcmp(((WfEnumColumn *) lfirst(lc))->table, table) == 0)
			return ((WfEnumColumn *) lfirst(lc))->table_rows;
	}
	return -1;
}

/* The rows that the function returns. */
void
wf_enum_put_steps(ReturnSetInfo *result, List *steps)
{
	int			transaction = 0;
	ListCell   *lc;

	foreach(lc, steps)
	{
		WfEnumStep *step = lfirst(lc);
		List	   *locks = wf_ddl_statement_locks(parse(step->sql), WF_SERVER_MAJOR);
		LOCKMODE	mode = strongest(locks);
		Datum		values[PLAN_COLUMNS];
		bool		nulls[PLAN_COLUMNS] = {0};

		transaction += strcmp(step->sql, "BEGIN;") == 0;
		values[0] = Int32GetDatum(foreach_current_index(lc) + 1);
		values[1] = Int32GetDatum(transaction);
		wf_row_put_text(values, nulls, 2, step->sql);
		wf_row_put_text(values, nulls, 3, wf_ddl_lock_name(mode));
		wf_row_put_text(values, nulls, 4, blocks(locks, mode));
		nulls[5] = step->rows < 0;
		values[5] = Int64GetDatum((int64) step->rows);
		wf_row_put_text(values, nulls, 6, step->comment);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static Node *
parse(const char *sql)
{
	WfStatement statement;

	if (!wf_ddl_reader_next(wf_ddl_reader_begin(sql, strlen(sql)), &statement) || !statement.node)
		elog(ERROR, "a step of a plan does not parse: %s", sql);
	return statement.node;
}

static LOCKMODE
strongest(List *locks)
{
	LOCKMODE	mode = NoLock;
	ListCell   *lc;

	foreach(lc, locks)
		mode = Max(mode, ((WfLock *) lfirst(lc))->mode);
	return mode;
}

/* Whom the strongest of the locks makes wait. */
static char *
blocks(List *locks, LOCKMODE mode)
{
	StringInfoData text;
	const char *separator = "";
	ListCell   *lc;

	if (mode < RowExclusiveLock)
		return NULL;
	initStringInfo(&text);
	appendStringInfoString(&text, mode == AccessExclusiveLock ? "reads and writes of " :
						   mode >= ShareLock ? "writes to " :
						   mode == RowExclusiveLock ? "changes of the same rows of " : "other DDL on ");
	foreach(lc, locks)
	{
		if (((WfLock *) lfirst(lc))->mode != mode)
			continue;
		appendStringInfo(&text, "%s%s", separator, wf_ddl_range_var(((WfLock *) lfirst(lc))->relation));
		separator = ", ";
	}
	return text.data;
}
