/*
 * rehearse_report.c: migration_rehearse(), a row for what became of each
 * statement.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/row.h"
#include "ddl/lock.h"
#include "migration/check.h"
#include "migration/rehearse.h"
#include "schema/plan.h"
#include "schema/read.h"

PG_FUNCTION_INFO_V1(wf_migration_rehearse);

#define REHEARSE_COLUMNS 12

/* The function's options, and what its body works on. */
typedef struct Rehearse
{
	WfRehearsalOptions options;
	bool		schema_diff;
	const char *text;
	int			length;
	WfModel    *before;			/* NULL: the schema is not compared */
	WfModel    *after;
} Rehearse;

static void rehearse_body(WfRehearsal *rehearsal, void *arg);
static void put_statement(ReturnSetInfo *result, WfRehearsed *done);
static void put_total(ReturnSetInfo *result, WfRehearsal *rehearsal, Rehearse *rehearse, double milliseconds);
static void put_list(Datum *values, bool *nulls, int column, List *texts);
static List *locks_of(WfRehearsed *done);
static List *names_of(WfRehearsed *done, bool (*chosen) (WfTouched *touched));
static bool is_rewritten(WfTouched *touched);
static bool is_scanned(WfTouched *touched);
static bool is_moved(WfTouched *touched);
static Datum statement_evidence(WfRehearsed *done);
static Datum total_evidence(WfRehearsal *rehearsal, Rehearse *rehearse);
static List *note_text(List *notes, const char *key, const char *text);
static List *note_list(List *notes, const char *key, List *list);

/*
 * migration_rehearse(sql text, options jsonb) -> setof statement
 *
 * Runs the text in a subtransaction and rolls all of it back.  Raises for a bad
 * option and for a text that is refused; what fails in the text is in the rows.
 */
Datum
wf_migration_rehearse(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		WF_REHEARSAL_OPTIONS(offsetof(Rehearse, options)),
		{"schema_diff", WF_OPTION_BOOLEAN, offsetof(Rehearse, schema_diff)},
	};
	text	   *sql = PG_GETARG_TEXT_PP(0);
	Rehearse	rehearse = {
		.options = WF_REHEARSAL_DEFAULTS,
		.schema_diff = true,
		.text = VARDATA_ANY(sql),
		.length = VARSIZE_ANY_EXHDR(sql),
	};
	WfRehearsal rehearsal;
	instr_time	start;
	instr_time	end;
	ListCell   *lc;

	wf_common_options_parse(PG_GETARG_JSONB_P(1), known, lengthof(known), &rehearse);
	wf_init_materialized_srf(fcinfo);
	wf_migration_refuse_rehearsal(&rehearse.options, rehearse.text, rehearse.length);
	INSTR_TIME_SET_CURRENT(start);
	wf_migration_rehearsal(&rehearse.options, rehearse_body, &rehearsal, &rehearse);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	foreach(lc, rehearsal.statements)
		put_statement((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc));
	put_total((ReturnSetInfo *) fcinfo->resultinfo, &rehearsal, &rehearse, INSTR_TIME_GET_MILLISEC(end));
	return (Datum) 0;
}

static void
rehearse_body(WfRehearsal *rehearsal, void *arg)
{
	Rehearse   *rehearse = arg;
	WfModel    *before = rehearse->schema_diff ? wf_rehearse_read_schema(rehearsal) : NULL;

	if (!wf_migration_rehearse_text(rehearsal, rehearse->text, rehearse->length) || !before)
		return;
	rehearse->before = before;
	rehearse->after = wf_rehearse_read_schema(rehearsal);
}

static void
put_statement(ReturnSetInfo *result, WfRehearsed *done)
{
	static const char *const outcomes[] = {
		[WF_OUTCOME_DONE] = "done",
		[WF_OUTCOME_ADAPTED] = "adapted",
		[WF_OUTCOME_SKIPPED] = "skipped",
		[WF_OUTCOME_FAILED] = "failed",
	};
	Datum		values[REHEARSE_COLUMNS];
	bool		nulls[REHEARSE_COLUMNS] = {0};

	values[0] = Int32GetDatum(done->number);
	values[1] = Int32GetDatum(done->line);
	wf_row_put_text(values, nulls, 2, done->tag);
	wf_row_put_text(values, nulls, 3, outcomes[done->outcome]);
	values[4] = Float8GetDatum(done->milliseconds);
	nulls[5] = done->rows < 0;
	values[5] = Int64GetDatum(done->rows);
	put_list(values, nulls, 6, locks_of(done));
	put_list(values, nulls, 7, names_of(done, is_rewritten));
	put_list(values, nulls, 8, names_of(done, is_scanned));
	wf_row_put_text(values, nulls, 9, done->message);
	wf_row_put_text(values, nulls, 10, done->hint);
	values[11] = statement_evidence(done);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The last row: that all is as it was, and how the schema had changed. */
static void
put_total(ReturnSetInfo *result, WfRehearsal *rehearsal, Rehearse *rehearse, double milliseconds)
{
	Datum		values[REHEARSE_COLUMNS];
	bool		nulls[REHEARSE_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	wf_row_put_text(values, nulls, 2, "ROLLBACK");
	wf_row_put_text(values, nulls, 3, rehearsal->failed ? "failed" : "done");
	nulls[4] = false;
	values[4] = Float8GetDatum(milliseconds);
	wf_row_put_text(values, nulls, 9, rehearsal->message);
	nulls[11] = false;
	values[11] = total_evidence(rehearsal, rehearse);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_list(Datum *values, bool *nulls, int column, List *texts)
{
	Datum	   *elements = palloc(list_length(texts) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, texts)
		elements[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	nulls[column] = false;
	values[column] = PointerGetDatum(construct_array(elements, list_length(texts), TEXTOID, -1, false, TYPALIGN_INT));
}

static List *
locks_of(WfRehearsed *done)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, done->touched)
	{
		WfTouched  *touched = lfirst(lc);

		if (touched->mode != NoLock)
			texts = lappend(texts, psprintf("%s on %s", wf_ddl_lock_name(touched->mode), touched->name));
	}
	return texts;
}

static List *
names_of(WfRehearsed *done, bool (*chosen) (WfTouched *touched))
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, done->touched)
	{
		if (chosen(lfirst(lc)))
			names = lappend(names, ((WfTouched *) lfirst(lc))->name);
	}
	return names;
}

static bool
is_rewritten(WfTouched *touched)
{
	return touched->rewritten;
}

static bool
is_scanned(WfTouched *touched)
{
	return touched->scanned;
}

/* The numbers that a sequence has given are not taken back. */
static bool
is_moved(WfTouched *touched)
{
	return touched->is_sequence && touched->mode == RowExclusiveLock;
}

static Datum
statement_evidence(WfRehearsed *done)
{
	List	   *sequences = names_of(done, is_moved);
	List	   *notes = NIL;

	notes = note_text(notes, "run_as", done->run_as);
	notes = note_text(notes, "sqlstate", done->sqlstate);
	notes = note_text(notes, "detail", done->detail);
	if (sequences)
		notes = note_list(notes, "sequences_moved", sequences);
	return wf_notes_jsonb(notes);
}

static Datum
total_evidence(WfRehearsal *rehearsal, Rehearse *rehearse)
{
	WfDiffOptions options = {.allow_data_loss = true};
	List	   *changes = NIL;
	ListCell   *lc;

	if (!rehearse->after)
		return wf_notes_jsonb(NIL);
	options.renames = wf_schema_renames_between(rehearse->before, rehearse->after);
	foreach(lc, wf_schema_plan(rehearse->before, rehearse->after, &options)->actions)
		changes = lappend(changes, wf_schema_action_text(lfirst(lc)));
	return wf_notes_jsonb(note_list(NIL, "schema_diff", changes));
}

static List *
note_text(List *notes, const char *key, const char *text)
{
	WfNote	   *note = palloc0(sizeof(WfNote));

	note->key = key;
	note->type = WF_NOTE_TEXT;
	note->text = text;
	return text ? lappend(notes, note) : notes;
}

static List *
note_list(List *notes, const char *key, List *list)
{
	WfNote	   *note = palloc0(sizeof(WfNote));

	note->key = key;
	note->type = WF_NOTE_LIST;
	note->list = list;
	return lappend(notes, note);
}
