/*
 * trigger_dependency.c: the triggers that see a change of flags or segments as a
 * whole, with all the rows that a statement changed.
 *
 * Rows that depend on each other may come in one statement, in any order: so
 * it is only after all of them that can be said whether they fit.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "common/extension.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/dependency.h"
#include "flags/dialect_native.h"
#include "flags/reference_list.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"
#include "flags/uses.h"

PG_FUNCTION_INFO_V1(wf_flags_depend);
PG_FUNCTION_INFO_V1(wf_segments_depend);

/* A row of a transition table. */
typedef struct Row
{
	Datum		values[WF_TRIGGER_COLUMNS_MAX];
	bool		nulls[WF_TRIGGER_COLUMNS_MAX];
} Row;

/* The rows that a statement changed, one after the other, as before and after. */
typedef struct Changes
{
	TriggerData *data;
	TupleTableSlot *slot;
	bool		has_before;
	bool		has_after;
	Row			before;
	Row			after;
} Changes;

static bool comes_to_ask(const Changes *changes);
static void begin_changes(FunctionCallInfo fcinfo, const char *table, Changes *changes);
static bool next_change(Changes *changes);
static bool next_row(Changes *changes, Tuplestorestate *rows, Row *row);
static bool is_restored(const Changes *changes, int created_at);
static bool is_set(const Changes *changes, int attnum);
static bool is_disabled(const Changes *changes);
static bool differs(const Changes *changes, int attnum);
static List *add_key(List *keys, const Row *row);
static bool asks_more(const List *uses, const List *before);
static List *flag_uses(const Row *row);
static List *segment_uses(const Row *row);

/*
 * flags_depend(), AFTER INSERT, UPDATE or DELETE on flags, by statement.
 *
 * Refuses flags that require themselves or what is archived, and to archive or
 * delete one that others require; tells what names a flag that goes out of
 * use.  What is restored, and what requires no more than before, is taken
 * as it is.
 */
Datum
wf_flags_depend(PG_FUNCTION_ARGS)
{
	Changes		changes;
	List	   *requiring = NIL;
	List	   *disabled = NIL;
	List	   *archived = NIL;
	List	   *deleted = NIL;

	begin_changes(fcinfo, WF_FLAGS_TABLE, &changes);
	wf_flags_cache_ensure();
	while (next_change(&changes))
	{
		if (!changes.has_after)
			deleted = add_key(deleted, &changes.before);
		else if (is_set(&changes, Anum_wf_flags_archived_at))
			archived = add_key(archived, &changes.after);
		else if (comes_to_ask(&changes))
			requiring = add_key(requiring, &changes.after);
		if (is_disabled(&changes) && !is_set(&changes, Anum_wf_flags_archived_at))
			disabled = add_key(disabled, &changes.after);
	}
	wf_flags_refuse_circles(false, requiring);
	wf_flags_refuse_required(archived, false);
	wf_flags_refuse_required(deleted, true);
	wf_flags_warn_of_references(disabled, NOTICE);
	wf_flags_warn_of_references(list_concat(archived, deleted), WARNING);
	return PointerGetDatum(NULL);
}

/*
 * segments_depend(), AFTER INSERT or UPDATE on segments, by statement: refuses
 * segments that ask themselves.
 */
Datum
wf_segments_depend(PG_FUNCTION_ARGS)
{
	Changes		changes;
	List	   *asking = NIL;

	begin_changes(fcinfo, WF_SEGMENTS_TABLE, &changes);
	while (next_change(&changes))
	{
		if (changes.has_after && !is_restored(&changes, Anum_wf_segments_created_at) &&
			differs(&changes, Anum_wf_segments_definition) &&
			asks_more(segment_uses(&changes.after), changes.has_before ? segment_uses(&changes.before) : NIL))
			asking = add_key(asking, &changes.after);
	}
	wf_flags_refuse_circles(true, asking);
	return PointerGetDatum(NULL);
}

/* Whether a flag asks more than before, or does so again after it was archived. */
static bool
comes_to_ask(const Changes *changes)
{
	const Row  *before = &changes->before;
	const Row  *after = &changes->after;

	if (after->nulls[Anum_wf_flags_definition - 1] || is_restored(changes, Anum_wf_flags_created_at))
		return false;
	if (changes->has_before && !before->nulls[Anum_wf_flags_archived_at - 1] && after->nulls[Anum_wf_flags_archived_at - 1])
		return flag_uses(after) != NIL;
	return (differs(changes, Anum_wf_flags_definition) || differs(changes, Anum_wf_flags_document)) &&
		asks_more(flag_uses(after), changes->has_before ? flag_uses(before) : NIL);
}

static void
begin_changes(FunctionCallInfo fcinfo, const char *table, Changes *changes)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(data->tg_relation) != wf_common_relation_oid(table) ||
		TRIGGER_FIRED_FOR_ROW(data->tg_event) || !(data->tg_oldtable || data->tg_newtable) ||
		(TRIGGER_FIRED_BY_UPDATE(data->tg_event) && !(data->tg_oldtable && data->tg_newtable)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is a trigger of table \"%s.%s\", FOR EACH STATEMENT with transition tables",
						WF_SCHEMA_NAME, table)));
	/* What the statement wrote is to be seen. */
	CommandCounterIncrement();
	memset(changes, 0, sizeof(Changes));
	changes->data = data;
	changes->slot = MakeSingleTupleTableSlot(RelationGetDescr(data->tg_relation), &TTSOpsMinimalTuple);
	if (data->tg_oldtable)
		tuplestore_rescan(data->tg_oldtable);
	if (data->tg_newtable)
		tuplestore_rescan(data->tg_newtable);
}

/* The next row; of an UPDATE both tables have the same rows in the same order. */
static bool
next_change(Changes *changes)
{
	CHECK_FOR_INTERRUPTS();
	changes->has_before = next_row(changes, changes->data->tg_oldtable, &changes->before);
	changes->has_after = next_row(changes, changes->data->tg_newtable, &changes->after);
	if (changes->has_before || changes->has_after)
		return true;
	ExecDropSingleTupleTableSlot(changes->slot);
	return false;
}

static bool
next_row(Changes *changes, Tuplestorestate *rows, Row *row)
{
	HeapTuple	tuple;

	if (rows == NULL || !tuplestore_gettupleslot(rows, true, false, changes->slot))
		return false;
	tuple = ExecCopySlotHeapTuple(changes->slot);
	wf_flags_deform(tuple, RelationGetDescr(changes->data->tg_relation), WF_TRIGGER_COLUMNS_MAX,
					row->values, row->nulls);
	return true;
}

/* A row that brings the time of its creation. */
static bool
is_restored(const Changes *changes, int created_at)
{
	return !changes->has_before && !changes->after.nulls[created_at - 1] &&
		wf_flags_made_before(changes->after.values[created_at - 1]);
}

/* Whether a column was NULL and is no more. */
static bool
is_set(const Changes *changes, int attnum)
{
	return changes->has_before && changes->before.nulls[attnum - 1] && !changes->after.nulls[attnum - 1];
}

/* Whether a flag that was enabled is so no more. */
static bool
is_disabled(const Changes *changes)
{
	return changes->has_before && changes->has_after &&
		DatumGetBool(changes->before.values[Anum_wf_flags_enabled - 1]) &&
		!DatumGetBool(changes->after.values[Anum_wf_flags_enabled - 1]);
}

/* Whether a column, of a type like text, has changed. */
static bool
differs(const Changes *changes, int attnum)
{
	const Row  *before = &changes->before;
	const Row  *after = &changes->after;

	if (!changes->has_before || before->nulls[attnum - 1] || after->nulls[attnum - 1])
		return !changes->has_before || before->nulls[attnum - 1] != after->nulls[attnum - 1];
	return !datum_image_eq(before->values[attnum - 1], after->values[attnum - 1], false, -1);
}

/* The key is the first column of both tables. */
static List *
add_key(List *keys, const Row *row)
{
	WfString   *key = palloc(sizeof(WfString));

	StaticAssertStmt(Anum_wf_flags_key == 1 && Anum_wf_segments_key == 1, "the key is the first column");
	*key = wf_flags_text_string(row->values[0]);
	return lappend(keys, key);
}

static bool
asks_more(const List *uses, const List *before)
{
	ListCell   *lc;

	foreach(lc, uses)
	{
		if (!wf_flags_uses_have(before, (const WfUse *) lfirst(lc)))
			return true;
	}
	return false;
}

/* What the flag of a row asks; nothing where it can't be compiled. */
static List *
flag_uses(const Row *row)
{
	Row			copy = *row;

	if (row->nulls[Anum_wf_flags_definition - 1])
		return NIL;
	return wf_flags_program_uses(wf_flags_compile_row(copy.values, copy.nulls, DT_NOEND,
													  wf_flags_row_document(copy.values, copy.nulls),
													  CurrentMemoryContext));
}

static List *
segment_uses(const Row *row)
{
	WfFault		fault;
	const WfSegment *segment = wf_flags_compile_segment(wf_flags_text_string(row->values[Anum_wf_segments_key - 1]),
														DatumGetJsonbP(row->values[Anum_wf_segments_definition - 1]),
														wf_flags_converts_text(), &fault);

	return segment ? wf_flags_segment_uses(segment) : NIL;
}
