/*
 * past.c: flags as they were, out of the audit, for evaluations.
 *
 * Flags, their overrides, segments and documents are read when they are first
 * asked for, with the caller's rights, and compiled in the current memory
 * context.  Keys of segments that are kept in a table have no history: they are
 * looked up as they are now, and it is noted which were.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "flags/callbacks.h"
#include "flags/context.h"
#include "flags/dialect_native.h"
#include "flags/override.h"
#include "flags/past.h"
#include "flags/record.h"
#include "flags/row.h"
#include "flags/segment_probe.h"
#include "flags/store.h"
#include "flags/tables.h"

/* What was looked up, whether it was there or not. */
typedef struct PastFlag
{
	WfString	key;
	WfFlag	   *flag;			/* or NULL */
} PastFlag;

typedef struct PastSegment
{
	WfSegment	segment;		/* first: it is what the evaluator knows */
	const char *definer;
	WfProbe		probe;
	bool		exists;
	bool		as_of_now;		/* its keys may have been others */
} PastSegment;

struct WfPast
{
	TimestampTz clock;			/* first, for WfCallbacks.now */
	TimestampTz at;				/* the time of what is read */
	WfString	key;			/* of the flag of which one version is taken */
	int			version;		/* 0: none */
	MemoryContext context;		/* owns all of it */
	List	   *flags;			/* of PastFlag */
	List	   *segments;		/* of PastSegment */
	List	   *as_of_now;		/* those of them whose keys an evaluation
								 * looked up as they are now */
	List	   *documents;		/* of WfShared */
};

static const WfFlag *find_flag(void *arg, WfString key);
static const WfSegment *find_segment(void *arg, WfString key);
static bool probe_segment(void *arg, const WfSegment *segment, WfString key, WfErrorCode *error);
static bool may_have_changed(const WfPast *past, const PastSegment *entry);
static TimestampTz time_of_version(WfString key, int version);
static WfFlag *read_flag(WfPast *past, WfString key);
static const WfShared *find_document(WfPast *past, WfString name);
static WfOverrides *read_overrides(WfPast *past, WfString flag);
static uint64 read_rows(const WfPast *past, const char *sql, WfString key, HeapTuple **rows, TupleDesc *desc);

const WfCallbacks wf_flags_past_callbacks = {
	.find_flag = find_flag,
	.find_segment = find_segment,
	.probe_segment = probe_segment,
	.now = wf_flags_moment,
	.random = wf_flags_random,
	.stack_is_too_deep = stack_is_too_deep,
	.check_interrupts = wf_flags_check_interrupts,
};

/*
 * The past that an explanation of a flag asks for; NULL where it is about what
 * is.  A version without a time is of the time when it was made, and so is the
 * clock, unless it is given.
 */
WfPast *
wf_flags_past_open(WfExplainOptions *options, WfString key)
{
	WfPast	   *past;

	if (options->version == 0 && (options->as_of == NULL || options->as_of_moment >= GetCurrentStatementStartTimestamp()))
		return NULL;
	past = palloc0(sizeof(WfPast));
	past->context = CurrentMemoryContext;
	past->at = options->as_of_moment;
	if (options->version > 0)
	{
		TimestampTz made = time_of_version(key, options->version);

		past->key = key;
		past->version = options->version;
		if (options->as_of == NULL)
			past->at = made;
		if (options->as_of == NULL && options->clock == NULL)
			options->moment = made;
	}
	past->clock = options->moment;
	return past;
}

/* A flag as it was, or NULL. */
const WfFlag *
wf_flags_past_find(WfPast *past, WfString key)
{
	MemoryContext old;
	PastFlag   *entry;
	ListCell   *lc;

	foreach(lc, past->flags)
	{
		entry = lfirst(lc);
		if (wf_flags_strings_equal(entry->key, key))
			return entry->flag;
	}
	old = MemoryContextSwitchTo(past->context);
	entry = palloc0(sizeof(PastFlag));
	entry->key = key;
	past->flags = lappend(past->flags, entry);
	entry->flag = read_flag(past, key);
	MemoryContextSwitchTo(old);
	return entry->flag;
}

/* All flags that there were but archived ones, in the order of their keys. */
void
wf_flags_past_list(WfPast *past, WfFlagListing *listing)
{
	WfString	none = wf_flags_string("");
	HeapTuple  *rows;
	TupleDesc	desc;
	uint64		count;

	count = read_rows(past, "SELECT a.key FROM wishflags.flag_audit a WHERE a.kind OPERATOR(pg_catalog.=) 'flag'"
					  " UNION SELECT f.key FROM wishflags.flags f ORDER BY 1", none, &rows, &desc);
	listing->count = 0;
	listing->flags = palloc(sizeof(WfFlag *) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		const WfFlag *flag = wf_flags_past_find(past, wf_flags_text_string(heap_getattr(rows[i], 1, desc, &isnull)));

		if (flag && !flag->archived)
			listing->flags[listing->count++] = flag;
	}
}

/*
 * Keys of segments that were looked up as they are now though they may have been
 * others, since the last call: a List of WfString *, NIL without a past.
 */
List *
wf_flags_past_as_of_now(WfPast *past)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, past ? past->as_of_now : NIL)
		keys = lappend(keys, &((PastSegment *) lfirst(lc))->segment.key);
	if (past)
		past->as_of_now = NIL;
	return keys;
}

static const WfFlag *
find_flag(void *arg, WfString key)
{
	return wf_flags_past_find((WfPast *) arg, key);
}

static const WfSegment *
find_segment(void *arg, WfString key)
{
	WfPast	   *past = (WfPast *) arg;
	MemoryContext old;
	PastSegment *entry;
	HeapTuple  *rows;
	TupleDesc	desc;
	ListCell   *lc;

	foreach(lc, past->segments)
	{
		entry = lfirst(lc);
		if (wf_flags_strings_equal(entry->segment.key, key))
			return entry->exists ? &entry->segment : NULL;
	}
	old = MemoryContextSwitchTo(past->context);
	entry = palloc0(sizeof(PastSegment));
	past->segments = lappend(past->segments, entry);
	entry->segment.key = key;
	entry->exists = read_rows(past, "SELECT * FROM wishflags.segment_at($1, $2)", key, &rows, &desc) > 0;
	if (entry->exists)
	{
		Datum		values[Natts_wf_segments];
		bool		nulls[Natts_wf_segments];

		wf_flags_deform(rows[0], desc, Natts_wf_segments, values, nulls);
		entry->definer = NameStr(*DatumGetName(values[Anum_wf_segments_definer - 1]));
		wf_flags_segment_compile(&entry->segment, DatumGetJsonbP(values[Anum_wf_segments_definition - 1]));
		entry->as_of_now = may_have_changed(past, entry);
	}
	MemoryContextSwitchTo(old);
	return entry->exists ? &entry->segment : NULL;
}

static bool
probe_segment(void *arg, const WfSegment *segment, WfString key, WfErrorCode *error)
{
	WfPast	   *past = (WfPast *) arg;
	PastSegment *entry = (PastSegment *) unconstify(WfSegment *, segment);

	if (entry->as_of_now && !list_member_ptr(past->as_of_now, entry))
	{
		MemoryContext old = MemoryContextSwitchTo(past->context);

		past->as_of_now = lappend(past->as_of_now, entry);
		MemoryContextSwitchTo(old);
	}
	return wf_flags_probe_holds(&entry->probe, segment->source, entry->definer, segment->key, key, error);
}

/*
 * Whether the keys of a segment may have been others than they are now: nobody
 * knows that of a table, but when a query was last run or changed.
 */
static bool
may_have_changed(const WfPast *past, const PastSegment *entry)
{
	const WfSegmentSource *source = entry->segment.source;
	HeapTuple  *rows;
	TupleDesc	desc;

	if (source == NULL || past->at >= GetCurrentStatementStartTimestamp())
		return false;
	return source->kind == WF_SEGMENT_TABLE ||
		read_rows(past, "SELECT FROM wishflags.segments s WHERE s.key OPERATOR(pg_catalog.=) $1"
				  " AND s.updated_at OPERATOR(pg_catalog.<=) $2"
				  " AND COALESCE(s.refreshed_at OPERATOR(pg_catalog.<=) $2, true)", entry->segment.key, &rows, &desc) == 0;
}

static TimestampTz
time_of_version(WfString key, int version)
{
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {PointerGetDatum(cstring_to_text_with_len(key.data, key.len)), Int32GetDatum(version)};
	TimestampTz made;
	bool		isnull;

	SPI_connect();
	if (SPI_execute_with_args("SELECT v.valid_from FROM wishflags.flag_versions v"
							  " WHERE v.flag OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) $2",
							  lengthof(types), types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read flag_versions");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("flag \"%.*s\" has no version %d", key.len, key.data, version),
				 errhint("See which there are: SELECT * FROM wishflags.flag_history(%s);",
						 quote_literal_cstr(pnstrdup(key.data, key.len)))));
	made = DatumGetTimestampTz(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return made;
}

static WfFlag *
read_flag(WfPast *past, WfString key)
{
	bool		of_version = past->version > 0 && wf_flags_strings_equal(past->key, key);
	const char *sql = of_version ?
	psprintf("SELECT f.* FROM wishflags.flag_versions v, pg_catalog.jsonb_populate_record(NULL::wishflags.flags, v.record) f"
			 " WHERE v.flag OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) %d", past->version) :
	"SELECT * FROM wishflags.flag_at($1, $2)";
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	HeapTuple  *rows;
	TupleDesc	desc;
	WfFlag	   *flag;

	if (read_rows(past, sql, key, &rows, &desc) == 0)
		return NULL;
	wf_flags_deform(rows[0], desc, Natts_wf_flags, values, nulls);
	flag = palloc0(sizeof(WfFlag));
	flag->key = key;
	flag->archived = !nulls[Anum_wf_flags_archived_at - 1];
	if (!nulls[Anum_wf_flags_document - 1])
	{
		flag->document = wf_flags_text_string(values[Anum_wf_flags_document - 1]);
		flag->shared = find_document(past, flag->document);
	}
	flag->program = wf_flags_compile_row(values, nulls, wf_flags_enabled_until(values, nulls), flag->shared, past->context);
	flag->overrides = read_overrides(past, key);
	return flag;
}

static const WfShared *
find_document(WfPast *past, WfString name)
{
	Datum		values[Natts_wf_documents];
	bool		nulls[Natts_wf_documents];
	WfShared   *shared;
	HeapTuple  *rows;
	TupleDesc	desc;
	ListCell   *lc;

	foreach(lc, past->documents)
	{
		shared = lfirst(lc);
		if (wf_flags_strings_equal(shared->name, name))
			return shared;
	}
	if (read_rows(past, "SELECT * FROM wishflags.document_at($1, $2)", name, &rows, &desc) == 0)
		return NULL;
	wf_flags_deform(rows[0], desc, Natts_wf_documents, values, nulls);
	shared = palloc0(sizeof(WfShared));
	wf_flags_document_compile(shared, values);
	past->documents = lappend(past->documents, shared);
	return shared;
}

/* The overrides that a flag had, or NULL. */
static WfOverrides *
read_overrides(WfPast *past, WfString flag)
{
	HeapTuple  *rows;
	TupleDesc	desc;
	uint64		count = read_rows(past, "SELECT * FROM wishflags.flag_overrides_at($1, $2)", flag, &rows, &desc);

	return count > 0 ? wf_flags_past_overrides(rows, count, desc) : NULL;
}

/*
 * The rows of a statement whose parameters are a key and the time, in the
 * past's context; how many.
 */
static uint64
read_rows(const WfPast *past, const char *sql, WfString key, HeapTuple **rows, TupleDesc *desc)
{
	Oid			types[] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[] = {PointerGetDatum(cstring_to_text_with_len(key.data, key.len)), TimestampTzGetDatum(past->at)};
	MemoryContext old;
	uint64		count;

	SPI_connect();
	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	count = SPI_processed;
	old = MemoryContextSwitchTo(past->context);
	*desc = CreateTupleDescCopy(SPI_tuptable->tupdesc);
	*rows = palloc(sizeof(HeapTuple) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
		(*rows)[i] = heap_copytuple(SPI_tuptable->vals[i]);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return count;
}
