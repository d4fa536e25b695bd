/*
 * rollback.c: the way back of a migration, and whether a given one is it.
 *
 * The text is run in a rehearsal between two readings of the schema; what the
 * second has and the first has not is what must be undone.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "common/row.h"
#include "migration/rehearse.h"
#include "migration/shelter.h"
#include "schema/plan.h"
#include "schema/read.h"

PG_FUNCTION_INFO_V1(wf_migration_rollback_sql);
PG_FUNCTION_INFO_V1(wf_migration_shelter_sql);
PG_FUNCTION_INFO_V1(wf_migration_rollback_test);

#define TEST_COLUMNS 7

typedef struct Rollback
{
	WfRehearsalOptions options;
	bool		online;
	char	   *shelter;		/* name of its schema; NULL: none */
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

static void read_arguments(FunctionCallInfo fcinfo, Rollback *rollback);
static void rehearse(Rollback *rollback, WfRehearsal *rehearsal);
static WfShelter *shelter_of(WfRehearsal *rehearsal, Rollback *rollback);
static char *sheltered_script(WfShelter *shelter, Rollback *rollback, WfDiffOptions *options, StringInfo script);
static void append_losses(StringInfo script, WfPlan *plan);
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
	Rollback	rollback = {.options = WF_REHEARSAL_DEFAULTS};
	WfRehearsal rehearsal;

	read_arguments(fcinfo, &rollback);
	rehearse(&rollback, &rehearsal);
	PG_RETURN_TEXT_P(cstring_to_text(rollback_script(&rehearsal, &rollback)));
}

/*
 * migration_shelter_sql(sql text, options jsonb) -> text
 *
 * The statements, to be run before the text, that keep what it would lose
 * where the way back with the same option "shelter" finds it.  Raises as
 * migration_rollback_sql() does.
 */
Datum
wf_migration_shelter_sql(PG_FUNCTION_ARGS)
{
	Rollback	rollback = {.options = WF_REHEARSAL_DEFAULTS, .shelter = "shelter"};
	WfRehearsal rehearsal;
	WfShelter  *shelter;

	read_arguments(fcinfo, &rollback);
	if (rollback.shelter && OidIsValid(get_namespace_oid(rollback.shelter, true)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_SCHEMA),
				 errmsg("schema \"%s\" exists already: a shelter is a schema of its own", rollback.shelter),
				 errhint("Give another name, for example '{\"shelter\": \"%s_2\"}'.", rollback.shelter)));
	rehearse(&rollback, &rehearsal);
	shelter = shelter_of(&rehearsal, &rollback);
	PG_RETURN_TEXT_P(cstring_to_text(shelter ? psprintf("%s%s", wf_migration_shelter_comment(shelter), wf_migration_shelter_keep(shelter))
									 : "-- Nothing is lost.\n"));
}

static void
read_arguments(FunctionCallInfo fcinfo, Rollback *rollback)
{
	static const WfOption known[] = {
		WF_REHEARSAL_OPTIONS(offsetof(Rollback, options)),
		{"online", WF_OPTION_BOOLEAN, offsetof(Rollback, online)},
		{"shelter", WF_OPTION_TEXT, offsetof(Rollback, shelter)},
	};
	text	   *sql = PG_GETARG_TEXT_PP(0);

	rollback->text = VARDATA_ANY(sql);
	rollback->length = VARSIZE_ANY_EXHDR(sql);
	wf_common_options_parse(PG_GETARG_JSONB_P(1), known, lengthof(known), rollback);
	rollback->options.only_ddl = true;
	if (rollback->shelter && (*rollback->shelter == '\0' || strlen(rollback->shelter) >= NAMEDATALEN))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("option \"shelter\" must be the name of a schema, of 1 to %d bytes", NAMEDATALEN - 1)));
}

/* Runs the text; raises the error it fails with. */
static void
rehearse(Rollback *rollback, WfRehearsal *rehearsal)
{
	wf_migration_refuse_rehearsal(&rollback->options, rollback->text, rollback->length);
	wf_migration_rehearsal(&rollback->options, rollback_body, rehearsal, rollback);
	if (rehearsal->failed && rehearsal->statements)
		report_failure(llast(rehearsal->statements));
	if (rehearsal->failed)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("%s", rehearsal->message)));
}

/* What is kept; NULL: nothing is, or shall be. */
static WfShelter *
shelter_of(WfRehearsal *rehearsal, Rollback *rollback)
{
	WfShelter  *shelter;
	List	   *changes = NIL;
	ListCell   *lc;

	if (!rollback->shelter)
		return NULL;
	foreach(lc, rehearsal->statements)
		changes = list_concat(changes, ((WfRehearsed *) lfirst(lc))->changed);
	shelter = wf_migration_shelter(rollback->shelter, rollback->before, rollback->after, changes);
	return shelter->tables || shelter->sequences ? shelter : NULL;
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
	WfShelter  *shelter = shelter_of(rehearsal, rollback);
	StringInfoData script;
	char	   *rest;
	ListCell   *lc;

	initStringInfo(&script);
	foreach(lc, rehearsal->statements)
	{
		WfRehearsed *done = lfirst(lc);

		if (done->outcome == WF_OUTCOME_SKIPPED && !(shelter && done->changed))
			appendStringInfo(&script, "-- Not undone: statement %d (line %d%s%s): %s.\n", done->number, done->line,
							 done->tag ? ", " : "", done->tag ? done->tag : "", done->message);
	}
	if (shelter)
		rest = sheltered_script(shelter, rollback, &options, &script);
	else
	{
		WfPlan	   *plan = wf_schema_plan(rollback->after, rollback->before, &options);

		append_losses(&script, plan);
		rest = wf_schema_script(plan);
	}
	append_script(&script, rest, rollback->moves);
	return script.data;
}

/* Back to what takes the data, the data, and the rest; in one transaction where each of them is. */
static char *
sheltered_script(WfShelter *shelter, Rollback *rollback, WfDiffOptions *options, StringInfo script)
{
	static const char begin[] = "BEGIN;\n";
	static const char commit[] = "COMMIT;\n";
	WfModel    *wanted = wf_schema_model_copy(rollback->before);
	WfModel    *open;
	WfPlan	   *plan;
	StringInfoData sql;
	const char *rest;

	appendStringInfoString(script, wf_migration_shelter_comment(shelter));
	options->rollback = false;
	wf_migration_shelter_open(shelter, rollback->before);
	open = wf_schema_model_copy(rollback->before);
	plan = wf_schema_plan(rollback->after, rollback->before, options);
	append_losses(script, plan);
	initStringInfo(&sql);
	appendStringInfoString(&sql, wf_schema_script(plan));
	if (sql.len >= strlen(commit) && strcmp(sql.data + sql.len - strlen(commit), commit) == 0)
	{
		sql.len -= strlen(commit);
		sql.data[sql.len] = '\0';
	}
	else
		appendStringInfoString(&sql, begin);
	appendStringInfoString(&sql, wf_migration_shelter_restore(shelter));
	options->renames = NULL;
	rest = wf_schema_script(wf_schema_plan(open, wanted, options));
	if (strncmp(rest, begin, strlen(begin)) == 0)
		rest += strlen(begin);
	else
		appendStringInfoString(&sql, commit);
	appendStringInfoString(&sql, rest);
	return sql.data;
}

static void
append_losses(StringInfo script, WfPlan *plan)
{
	ListCell   *lc;
	ListCell   *lost;

	foreach(lc, plan->actions)
	{
		foreach(lost, ((WfAction *) lfirst(lc))->lost)
			appendStringInfo(script, "-- Will be lost: %s.\n", (char *) lfirst(lost));
	}
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
