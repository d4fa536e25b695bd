/*
 * rollback.c: the way back of a migration, and whether a given one is it.
 *
 * The text is run in a rehearsal between two readings of the schema; what the
 * second has and the first has not is what must be undone.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "common/row.h"
#include "migration/rehearse.h"
#include "schema/plan.h"
#include "schema/read.h"

PG_FUNCTION_INFO_V1(wf_migration_rollback_sql);
PG_FUNCTION_INFO_V1(wf_migration_rollback_test);

#define TEST_COLUMNS 7

typedef struct Rollback
{
	WfRehearsalOptions options;
	bool		online;
	const char *text;
	int			length;
	WfModel    *before;
	WfModel    *after;
	Jsonb	   *renames;
	List	   *moves;			/* char *: statements that come first */
} Rollback;

typedef struct RollbackTest
{
	WfRehearsalOptions options;
	text	   *up;
	text	   *down;
	int			nup;			/* statements of up that were run */
	WfModel    *before;
	WfModel    *between;
	WfModel    *after;
} RollbackTest;

static void rollback_body(WfRehearsal *rehearsal, void *arg);
static void move_back(WfRehearsal *rehearsal, Rollback *rollback);
static char *rollback_script(WfRehearsal *rehearsal, Rollback *rollback);
static void append_script(StringInfo script, const char *rest, List *moves);
pg_noreturn static void report_failure(WfRehearsed *failed);
static void test_body(WfRehearsal *rehearsal, void *arg);
static void put_results(ReturnSetInfo *result, WfRehearsal *rehearsal, RollbackTest *test);
static void put_skipped(ReturnSetInfo *result, WfRehearsal *rehearsal, RollbackTest *test);
static void put_differences(ReturnSetInfo *result, RollbackTest *test);
static void put_lost(ReturnSetInfo *result, RollbackTest *test);
static void put_result(ReturnSetInfo *result, const char *outcome, WfAction *action, const char *message);

/*
 * migration_rollback_sql(sql text, options jsonb) -> text
 *
 * The script that undoes what the text would do to the schema.  Statements that
 * only change rows are not run, and named in the script.  Raises for a bad
 * option, for a text that is refused, and for one that fails.
 */
Datum
wf_migration_rollback_sql(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		WF_REHEARSAL_OPTIONS(offsetof(Rollback, options)),
		{"online", WF_OPTION_BOOLEAN, offsetof(Rollback, online)},
	};
	text	   *sql = PG_GETARG_TEXT_PP(0);
	Rollback	rollback = {
		.options = WF_REHEARSAL_DEFAULTS,
		.text = VARDATA_ANY(sql),
		.length = VARSIZE_ANY_EXHDR(sql),
	};
	WfRehearsal rehearsal;

	wf_common_options_parse(PG_GETARG_JSONB_P(1), known, lengthof(known), &rollback);
	rollback.options.only_ddl = true;
	wf_migration_refuse_rehearsal(&rollback.options, rollback.text, rollback.length);
	wf_migration_rehearsal(&rollback.options, rollback_body, &rehearsal, &rollback);
	if (rehearsal.failed && rehearsal.statements)
		report_failure(llast(rehearsal.statements));
	if (rehearsal.failed)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("%s", rehearsal.message)));
	PG_RETURN_TEXT_P(cstring_to_text(rollback_script(&rehearsal, &rollback)));
}

static void
rollback_body(WfRehearsal *rehearsal, void *arg)
{
	Rollback   *rollback = arg;

	rollback->before = wf_rehearse_read_schema(rehearsal);
	if (!wf_migration_rehearse_text(rehearsal, rollback->text, rollback->length))
		return;
	rollback->after = wf_rehearse_read_schema(rehearsal);
	rollback->moves = wf_schema_moves_back(rollback->before, rollback->after);
	if (rollback->moves)
		move_back(rehearsal, rollback);
	rollback->renames = wf_schema_renames_between(rollback->before, rollback->after);
}

/* What went to another schema is taken back first, so that the rest compares. */
static void
move_back(WfRehearsal *rehearsal, Rollback *rollback)
{
	ListCell   *lc;

	foreach(lc, rollback->moves)
	{
		if (!wf_migration_rehearse_sql(rehearsal, lfirst(lc)))
			return;
	}
	rollback->after = wf_rehearse_read_schema(rehearsal);
}

static char *
rollback_script(WfRehearsal *rehearsal, Rollback *rollback)
{
	WfDiffOptions options = {
		.online = rollback->online,
		.rollback = true,
		.allow_data_loss = true,
		.renames = rollback->renames,
	};
	WfPlan	   *plan;
	StringInfoData script;
	ListCell   *lc;

	initStringInfo(&script);
	foreach(lc, rehearsal->statements)
	{
		WfRehearsed *done = lfirst(lc);

		if (done->outcome == WF_OUTCOME_SKIPPED)
			appendStringInfo(&script, "-- Not undone: statement %d (line %d%s%s): %s.\n", done->number, done->line,
							 done->tag ? ", " : "", done->tag ? done->tag : "", done->message);
	}
	plan = wf_schema_plan(rollback->after, rollback->before, &options);
	foreach(lc, plan->actions)
	{
		ListCell   *lost;

		foreach(lost, ((WfAction *) lfirst(lc))->lost)
			appendStringInfo(&script, "-- Will be lost: %s.\n", (char *) lfirst(lost));
	}
	append_script(&script, wf_schema_script(plan), rollback->moves);
	return script.data;
}

/* The moves go into the script's first transaction, or into one of their own. */
static void
append_script(StringInfo script, const char *rest, List *moves)
{
	static const char begin[] = "BEGIN;\n";
	bool		shared = strncmp(rest, begin, strlen(begin)) == 0;
	ListCell   *lc;

	if (moves)
		appendStringInfoString(script, begin);
	foreach(lc, moves)
		appendStringInfo(script, "%s;\n", (char *) lfirst(lc));
	if (moves && !shared)
		appendStringInfoString(script, "COMMIT;\n");
	appendStringInfoString(script, moves && shared ? rest + strlen(begin) : rest);
}

static void
report_failure(WfRehearsed *failed)
{
	int			code = ERRCODE_RAISE_EXCEPTION;

	if (failed->sqlstate)
		code = MAKE_SQLSTATE(failed->sqlstate[0], failed->sqlstate[1], failed->sqlstate[2],
							 failed->sqlstate[3], failed->sqlstate[4]);
	if (failed->number == 0)
		ereport(ERROR,
				(errcode(code),
				 errmsg("what was moved cannot be moved back: %s", failed->message),
				 errdetail("In: %s", failed->tag),
				 errhint("Drop or rename what has taken its place, in the migration or by hand.")));
	ereport(ERROR,
			(errcode(code),
			 errmsg("the migration fails: %s", failed->message),
			 errdetail("In statement %d (line %d): %s.", failed->number, failed->line, failed->tag ? failed->tag : "not SQL"),
			 errhint("%s", failed->hint ? failed->hint :
					 "See what it does: SELECT * FROM wishflags.migration_rehearse(...);")));
}

/*
 * migration_rollback_test(up text, down text, options jsonb) -> setof result
 *
 * Runs both and compares the schema with what it was: a row a difference, a row
 * for what was lost on the way, and a first row with the verdict.
 */
Datum
wf_migration_rollback_test(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		WF_REHEARSAL_OPTIONS(offsetof(RollbackTest, options)),
	};
	RollbackTest test = {
		.options = WF_REHEARSAL_DEFAULTS,
		.up = PG_GETARG_TEXT_PP(0),
		.down = PG_GETARG_TEXT_PP(1),
	};
	WfRehearsal rehearsal;

	wf_common_options_parse(PG_GETARG_JSONB_P(2), known, lengthof(known), &test);
	wf_init_materialized_srf(fcinfo);
	wf_migration_refuse_rehearsal(&test.options, VARDATA_ANY(test.up), VARSIZE_ANY_EXHDR(test.up));
	wf_migration_refuse_rehearsal(&test.options, VARDATA_ANY(test.down), VARSIZE_ANY_EXHDR(test.down));
	wf_migration_rehearsal(&test.options, test_body, &rehearsal, &test);
	put_results((ReturnSetInfo *) fcinfo->resultinfo, &rehearsal, &test);
	return (Datum) 0;
}

static void
test_body(WfRehearsal *rehearsal, void *arg)
{
	RollbackTest *test = arg;

	test->before = wf_rehearse_read_schema(rehearsal);
	if (!wf_migration_rehearse_text(rehearsal, VARDATA_ANY(test->up), VARSIZE_ANY_EXHDR(test->up)))
		return;
	test->nup = list_length(rehearsal->statements);
	test->between = wf_rehearse_read_schema(rehearsal);
	if (!wf_migration_rehearse_text(rehearsal, VARDATA_ANY(test->down), VARSIZE_ANY_EXHDR(test->down)))
		return;
	test->after = wf_rehearse_read_schema(rehearsal);
}

static void
put_results(ReturnSetInfo *result, WfRehearsal *rehearsal, RollbackTest *test)
{
	bool		same;

	if (rehearsal->failed)
	{
		WfRehearsed *failed = rehearsal->statements ? llast(rehearsal->statements) : NULL;

		put_result(result, "failed", NULL, failed ?
				   psprintf("%s, statement %d (line %d): %s", test->between ? "down" : "up",
							failed->number, failed->line, failed->message) : rehearsal->message);
		return;
	}
	same = strcmp(wf_schema_fingerprint(test->before), wf_schema_fingerprint(test->after)) == 0;
	put_result(result, same ? "same" : "different", NULL, same ?
			   "after up and down the schema has the same fingerprint" : "down does not bring the schema back");
	put_lost(result, test);
	put_skipped(result, rehearsal, test);
	put_differences(result, test);
}

/* What up takes away: down can bring back the column, never its values. */
static void
put_lost(ReturnSetInfo *result, RollbackTest *test)
{
	WfDiffOptions options = {.allow_data_loss = true};
	ListCell   *lc;

	options.renames = wf_schema_renames_between(test->before, test->between);
	foreach(lc, wf_schema_plan(wf_schema_model_copy(test->before), test->between, &options)->actions)
	{
		WfAction   *action = lfirst(lc);
		ListCell   *lost;

		foreach(lost, action->lost)
			put_result(result, "lost", action, psprintf("up loses %s", (char *) lfirst(lost)));
	}
}

static void
put_skipped(ReturnSetInfo *result, WfRehearsal *rehearsal, RollbackTest *test)
{
	ListCell   *lc;

	foreach(lc, rehearsal->statements)
	{
		WfRehearsed *done = lfirst(lc);

		if (done->outcome == WF_OUTCOME_SKIPPED)
			put_result(result, "skipped", NULL,
					   psprintf("%s, statement %d (line %d): %s", foreach_current_index(lc) < test->nup ? "up" : "down",
								done->number, done->line, done->message));
	}
}

/* What the way back leaves otherwise, and what no model can tell. */
static void
put_differences(ReturnSetInfo *result, RollbackTest *test)
{
	WfDiffOptions options = {.allow_data_loss = true};
	List	   *unmodelled = test->after->unmodelled;
	ListCell   *lc;

	foreach(lc, wf_schema_plan(test->before, test->after, &options)->actions)
		put_result(result, "different", lfirst(lc), wf_schema_action_text(lfirst(lc)));
	foreach(lc, unmodelled)
		put_result(result, "not modelled", NULL, lfirst(lc));
}

static void
put_result(ReturnSetInfo *result, const char *outcome, WfAction *action, const char *message)
{
	WfObject   *object = !action ? NULL : action->to ? action->to : action->from;
	const char *texts[TEST_COLUMNS] = {outcome};
	Datum		values[TEST_COLUMNS];
	bool		nulls[TEST_COLUMNS];

	if (object)
	{
		texts[1] = object->type->name;
		texts[2] = object->identity;
		texts[3] = action->attr;
		texts[4] = action->attr ? wf_schema_value(action->from, action->attr) : NULL;
		texts[5] = action->attr ? wf_schema_value(action->to, action->attr) : NULL;
	}
	texts[6] = message;
	for (int i = 0; i < TEST_COLUMNS; i++)
		wf_row_put_text(values, nulls, i, texts[i]);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}
