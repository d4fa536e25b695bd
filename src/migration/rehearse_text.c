/*
 * rehearse_text.c: running the statements of a text, one after the other.
 */
#include "common/compat.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "tcop/cmdtag.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "common/protect.h"
#include "migration/rehearse.h"

typedef struct Run
{
	const char *sql;
	int64		rows;
} Run;

static void run_statement(WfRehearsal *rehearsal, WfRehearsed *done, WfStatement *statement);
static void run_sql(WfRehearsal *rehearsal, WfRehearsed *done, const char *sql, bool in_block);
static void run_protected(void *arg);
static void note_error(WfRehearsal *rehearsal, WfRehearsed *done, ErrorData *error, bool in_block);
static void check_deferred(WfRehearsal *rehearsal, WfRehearsed *done);
static const char *immediate_constraints(void);
static void deferred_protected(void *arg);

/*
 * Runs a text up to its first error.  Statements outside of a transaction
 * block end with what is checked at their commit.  What became of each is
 * appended to the rehearsal.  False: one failed.
 */
bool
wf_migration_rehearse_text(WfRehearsal *rehearsal, const char *text, int length)
{
	WfReader   *reader = wf_ddl_reader_begin(text, length);
	WfStatement statement;

	wf_rehearse_touch_nothing(rehearsal);
	if (rehearsal->options->in_transaction)
		wf_rehearse_begin_block(rehearsal, NULL);
	while (!rehearsal->failed && wf_ddl_reader_next(reader, &statement))
	{
		WfRehearsed *done = palloc0(sizeof(WfRehearsed));
		int			column;
		instr_time	start;
		instr_time	end;

		CHECK_FOR_INTERRUPTS();
		done->number = statement.number;
		done->rows = -1;
		wf_ddl_reader_position(reader, statement.offset, 0, &done->line, &column);
		rehearsal->statements = lappend(rehearsal->statements, done);
		INSTR_TIME_SET_CURRENT(start);
		run_statement(rehearsal, done, &statement);
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_SUBTRACT(end, start);
		done->milliseconds = INSTR_TIME_GET_MILLISEC(end);
		if (!rehearsal->failed)
			wf_rehearse_touch(rehearsal, done, statement.node && IsA(statement.node, TruncateStmt));
	}
	if (!rehearsal->failed && rehearsal->blocks && rehearsal->statements)
		check_deferred(rehearsal, llast(rehearsal->statements));
	if (!rehearsal->failed)
		wf_rehearse_end_blocks(rehearsal);
	return !rehearsal->failed;
}

/* Runs a statement that is not of the text; its error is the rehearsal's. */
bool
wf_migration_rehearse_sql(WfRehearsal *rehearsal, const char *sql)
{
	WfRehearsed *done = palloc0(sizeof(WfRehearsed));

	done->rows = -1;
	done->tag = sql;
	rehearsal->statements = lappend(rehearsal->statements, done);
	run_sql(rehearsal, done, sql, true);
	return !rehearsal->failed;
}

static void
run_statement(WfRehearsal *rehearsal, WfRehearsed *done, WfStatement *statement)
{
	bool		in_block = rehearsal->blocks != NIL;

	if (statement->kind == WF_STATEMENT_ERROR)
	{
		done->outcome = WF_OUTCOME_FAILED;
		done->message = statement->error;
		done->sqlstate = pstrdup(unpack_sql_state(statement->error_code));
		rehearsal->failed = true;
		return;
	}
	done->tag = statement->node ? CreateCommandName(statement->node) : NULL;
	if (statement->node && IsA(statement->node, TransactionStmt))
	{
		if (((TransactionStmt *) statement->node)->kind == TRANS_STMT_COMMIT && in_block)
			check_deferred(rehearsal, done);
		if (!rehearsal->failed)
			wf_rehearse_block(rehearsal, done, statement->node);
		return;
	}
	if (rehearsal->options->only_ddl && statement->node)
		done->changed = wf_rehearse_changes(statement->node);
	done->message = wf_rehearse_why_not(statement, rehearsal->options->only_ddl);
	if (done->message)
	{
		done->outcome = WF_OUTCOME_SKIPPED;
		return;
	}
	done->run_as = wf_rehearse_adapted(statement);
	if (done->run_as)
		done->outcome = WF_OUTCOME_ADAPTED;
	run_sql(rehearsal, done, done->run_as ? done->run_as : statement->source, in_block);
	if (!command_tag_display_rowcount(CreateCommandTag(statement->node)))
		done->rows = -1;
	rehearsal->may_wait |= wf_rehearse_may_defer(statement->node);
	if (!rehearsal->failed && !in_block)
		check_deferred(rehearsal, done);
}

static void
run_sql(WfRehearsal *rehearsal, WfRehearsed *done, const char *sql, bool in_block)
{
	Run			run = {.sql = sql};
	ErrorData  *error = wf_common_try(run_protected, &run);

	if (error)
		note_error(rehearsal, done, error, in_block);
	else
		done->rows = run.rows;
}

/* Rows that a query gives are thrown away. */
static void
run_protected(void *arg)
{
	Run		   *run = arg;
	SPIExecuteOptions options = {.dest = None_Receiver};
	int			result;

	SPI_connect();
	result = SPI_execute_extended(run->sql, &options);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("cannot be run inside of a function: %s", SPI_result_code_string(result))));
	run->rows = SPI_processed;
	SPI_finish();
}

/*
 * What a rehearsal cannot do, because all of it is one transaction, says
 * nothing of the migration; but only where that would not be one, too.
 */
static void
note_error(WfRehearsal *rehearsal, WfRehearsed *done, ErrorData *error, bool in_block)
{
	bool		only_here = !in_block && (error->sqlerrcode == ERRCODE_ACTIVE_SQL_TRANSACTION ||
										  error->sqlerrcode == ERRCODE_INVALID_TRANSACTION_TERMINATION ||
										  error->sqlerrcode == ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE);

	done->outcome = only_here ? WF_OUTCOME_SKIPPED : WF_OUTCOME_FAILED;
	done->message = only_here ? psprintf("a rehearsal is one transaction: %s", error->message) : error->message;
	done->detail = error->detail;
	done->hint = error->hint;
	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE && !done->hint)
		done->hint = "Another session holds a lock; while the migration itself waits for it, everyone waits who comes after.";
	done->sqlstate = pstrdup(unpack_sql_state(error->sqlerrcode));
	rehearsal->failed = !only_here;
}

/* What a commit would check; afterwards constraints wait again as declared. */
static void
check_deferred(WfRehearsal *rehearsal, WfRehearsed *done)
{
	ErrorData  *error = rehearsal->may_wait ? wf_common_try(deferred_protected, NULL) : NULL;

	rehearsal->may_wait = false;
	if (error)
		note_error(rehearsal, done, error, true);
}

/*
 * All that are deferrable are deferred behind the check, and those that are
 * declared otherwise are not: so one that the text makes later, as most tools do
 * initially deferred, waits as well.
 */
static void
deferred_protected(void *arg)
{
	const char *names;

	SPI_connect();
	SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0);
	SPI_execute("SET CONSTRAINTS ALL DEFERRED", false, 0);
	names = immediate_constraints();
	if (names)
		SPI_execute(psprintf("SET CONSTRAINTS %s IMMEDIATE", names), false, 0);
	SPI_finish();
}

static const char *
immediate_constraints(void)
{
	int			nest_level = wf_rehearse_pin_path();
	const char *names;

	SPI_execute("SELECT string_agg(format('%I.%I', n.nspname, c.conname), ', ')"
				" FROM (SELECT connamespace, conname FROM pg_constraint WHERE condeferrable"
				" GROUP BY connamespace, conname HAVING NOT bool_or(condeferred)) c"
				" JOIN pg_namespace n ON n.oid = c.connamespace"
				" WHERE has_schema_privilege(n.oid, 'USAGE')", true, 1);
	names = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	AtEOXact_GUC(false, nest_level);
	return names;
}
