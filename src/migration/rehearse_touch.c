/*
 * rehearse_touch.c: what a statement did to the relations that were there:
 * locks, new files, whole reads, as the server itself tells.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "common/protect.h"
#include "migration/rehearse.h"
#include "schema/read.h"

/* The statements' own locks, with the relations as they were called before. */
#define LOCKS_QUERY \
	"SELECT l.relation, format('%I.%I', n.nspname, c.relname), c.relkind, c.relfilenode, array_agg(l.mode)" \
	" FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND c.oid >= 16384" \
	" AND n.nspname NOT IN ('wishflags', 'pg_toast') AND c.relkind NOT IN ('i', 'I', 't')" \
	" GROUP BY 1, 2, 3, 4 ORDER BY 2"

/* Whole reads that the server has counted already, of the session's last transactions too. */
#define SCANS_QUERY \
	"SELECT s.relid, format('%I.%I', s.schemaname, s.relname), c.relkind, c.relfilenode" \
	" FROM pg_stat_xact_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.seq_scan > 0"

/* What is known of a relation so far. */
typedef struct WfHeld
{
	Oid			relid;
	char	   *name;
	char		kind;
	LOCKMODE	mode;
	Oid			file;
	int64		scans;
} WfHeld;

static void read_schema(void *arg);
static void touch_protected(WfRehearsal *rehearsal, WfRehearsed *done, bool truncates);
static WfHeld *find_held(WfRehearsal *rehearsal, HeapTuple tuple, TupleDesc desc);
static LOCKMODE strongest(Datum modes);
static Oid	current_file(Oid relid);
static int64 count_scans(Oid relid);

/* So that names in a query of ours mean the server's; ends with the nest level. */
int
wf_rehearse_pin_path(void)
{
	int			nest_level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

/*
 * Notes what is new since the statement before: truncates says that a new file
 * is an empty one.
 */
void
wf_rehearse_touch(WfRehearsal *rehearsal, WfRehearsed *done, bool truncates)
{
	int			nest_level;

	SPI_connect();
	nest_level = wf_rehearse_pin_path();
	touch_protected(rehearsal, done, truncates);
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
}

/* Notes what was before the text, and is none of its doing. */
void
wf_rehearse_touch_nothing(WfRehearsal *rehearsal)
{
	WfRehearsed untold = {0};
	int			nest_level;

	SPI_connect();
	nest_level = wf_rehearse_pin_path();
	(void) SPI_execute(SCANS_QUERY, true, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(rehearsal->context);
		WfHeld	   *held = find_held(rehearsal, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);

		held->scans = count_scans(held->relid);
		MemoryContextSwitchTo(old);
	}
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
	wf_rehearse_touch(rehearsal, &untold, false);
}

/*
 * The schema as it is now.  The locks that reading takes
 * are given up again, so that none counts as a statement's.
 */
WfModel *
wf_rehearse_read_schema(WfRehearsal *rehearsal)
{
	WfAttempt	attempt = {.undo = true};
	WfModel    *model = NULL;

	if (!wf_common_attempt(&attempt, read_schema, &model))
		ReThrowError(attempt.error);
	return model;
}

static void
read_schema(void *arg)
{
	*(WfModel **) arg = wf_schema_read(NIL, NIL);
}

static void
touch_protected(WfRehearsal *rehearsal, WfRehearsed *done, bool truncates)
{
	SPIPlanPtr	plan = SPI_prepare(LOCKS_QUERY, 0, NULL);

	if (!plan)
		elog(ERROR, "could not prepare: %s", SPI_result_code_string(SPI_result));
	(void) SPI_execute_snapshot(plan, NULL, NULL, rehearsal->before, InvalidSnapshot, true, false, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(rehearsal->context);
		WfHeld	   *held = find_held(rehearsal, tuple, desc);
		WfTouched  *touched = palloc0(sizeof(WfTouched));
		bool		isnull;
		LOCKMODE	mode = strongest(SPI_getbinval(tuple, desc, 5, &isnull));
		Oid			file = current_file(held->relid);
		int64		scans = count_scans(held->relid);

		touched->name = held->name;
		touched->is_sequence = held->kind == RELKIND_SEQUENCE;
		touched->mode = mode > held->mode ? mode : NoLock;
		touched->rewritten = file != held->file && file != InvalidOid && !truncates;
		touched->scanned = scans > held->scans && !truncates;
		if (touched->mode != NoLock || touched->rewritten || touched->scanned)
			done->touched = lappend(done->touched, touched);
		held->mode = Max(held->mode, mode);
		if (file != InvalidOid)
			held->file = file;
		held->scans = scans;
		MemoryContextSwitchTo(old);
	}
}

/* What was known of the row's relation; at first, that it is as it was. */
static WfHeld *
find_held(WfRehearsal *rehearsal, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	Oid			relid = DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull));
	ListCell   *lc;
	WfHeld	   *held;

	foreach(lc, rehearsal->held)
	{
		held = lfirst(lc);
		if (held->relid == relid)
			return held;
	}
	held = palloc0(sizeof(WfHeld));
	held->relid = relid;
	held->name = SPI_getvalue(tuple, desc, 2);
	held->kind = DatumGetChar(SPI_getbinval(tuple, desc, 3, &isnull));
	held->file = DatumGetObjectId(SPI_getbinval(tuple, desc, 4, &isnull));
	rehearsal->held = lappend(rehearsal->held, held);
	return held;
}

/* The strongest of an array of lock modes, as pg_locks names them. */
static LOCKMODE
strongest(Datum modes)
{
	ArrayType  *array = DatumGetArrayTypeP(modes);
	Datum	   *elements;
	int			n;
	LOCKMODE	most = NoLock;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		const char *name = TextDatumGetCString(elements[i]);

		for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		{
			if (strcmp(name, GetLockmodeName(DEFAULT_LOCKMETHOD, mode)) == 0)
				most = Max(most, mode);
		}
	}
	return most;
}

/* The file the relation has now; InvalidOid: it is gone. */
static Oid
current_file(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			file;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	file = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	return file;
}

/* How often this transaction has read the relation from end to end. */
static int64
count_scans(Oid relid)
{
	return DatumGetInt64(DirectFunctionCall1(pg_stat_get_xact_numscans, ObjectIdGetDatum(relid)));
}
