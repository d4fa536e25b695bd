/*
 * store_segment.c: the segments in memory, found by key.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "flags/context.h"
#include "flags/dialect_native.h"
#include "flags/row.h"
#include "flags/segment_probe.h"
#include "flags/store.h"
#include "flags/tables.h"

typedef struct StoredSegment
{
	WfSegment	segment;		/* first: it is what the evaluator knows */
	MemoryContext context;		/* owns all of it */
	const char *definer;
	WfProbe		probe;			/* of one with a source */
	struct StoredSegment *next; /* among those with a source */
} StoredSegment;

typedef struct SegmentSlot
{
	WfString	key;			/* the segment's */
	StoredSegment *stored;
	uint32		hash;
	char		status;
} SegmentSlot;

#define SH_PREFIX segment_table
#define SH_ELEMENT_TYPE SegmentSlot
#define SH_KEY_TYPE WfString
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) wf_flags_strings_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext segments_context;
static segment_table_hash *segment_table;
static StoredSegment *with_source;

static void *load_segment(HeapTuple tuple, TupleDesc desc);
static void forget_segment(void *item);
static void names_or_rights_changed(Datum arg, int cache, uint32 hash);

const WfRosterItems wf_flags_segment_items = {
	.table = WF_SEGMENTS_TABLE,
	.signal = WF_SEGMENTS_SIGNAL,
	.load = load_segment,
	.forget = forget_segment,
};

/* Registers callbacks, once for the life of the process. */
void
wf_flags_segments_init(void)
{
	CacheRegisterSyscacheCallback(AUTHOID, names_or_rights_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, names_or_rights_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, names_or_rights_changed, (Datum) 0);
}

/* No segments; resetting the context ends them. */
void
wf_flags_segments_create(MemoryContext context)
{
	segments_context = context;
	segment_table = segment_table_create(context, 16, NULL);
	with_source = NULL;
}

/* WfCallbacks.find_segment. */
const WfSegment *
wf_flags_segments_find(void *arg, WfString key)
{
	SegmentSlot *slot = segment_table_lookup(segment_table, key);

	return slot ? &slot->stored->segment : NULL;
}

/* Visits all segments, in no order. */
void
wf_flags_segments_each(void (*visit) (void *arg, const WfSegment *segment), void *arg)
{
	segment_table_iterator it;
	SegmentSlot *slot;

	segment_table_start_iterate(segment_table, &it);
	while ((slot = segment_table_iterate(segment_table, &it)) != NULL)
		visit(arg, &slot->stored->segment);
}

/*
 * WfCallbacks.probe_segment.  The table is looked up when it is first asked
 * for, so that a lock on it can hold nobody up who does not ask.
 */
bool
wf_flags_segments_probe(void *arg, const WfSegment *segment, WfString key, WfErrorCode *error)
{
	StoredSegment *stored = (StoredSegment *) unconstify(WfSegment *, segment);

	return wf_flags_probe_holds(&stored->probe, segment->source, stored->definer, segment->key, key, error);
}

/*
 * Notes that what is known of a relation may be wrong (InvalidOid: of all).
 * Called by the relation-cache callback, so it may do nothing else.
 */
void
wf_flags_segments_unresolve(Oid relid)
{
	for (StoredSegment *stored = with_source; stored; stored = stored->next)
	{
		WfProbe    *probe = &stored->probe;

		/* A table that was not there may be by now, under any OID. */
		if (!OidIsValid(relid) || probe->resolving || probe->fault == WF_PROBE_NO_TABLE ||
			relid == probe->relid || relid == probe->indexid)
			probe->outdated = true;
	}
}

/*
 * Compiles the definition of a segment that has its key already, into the
 * current memory context.  The triggers keep wrong definitions out, but may
 * have been switched off.
 */
void
wf_flags_segment_compile(WfSegment *segment, Jsonb *definition)
{
	WfFault		fault;
	const WfSegment *compiled = wf_flags_compile_segment(segment->key, definition, wf_flags_converts_text(), &fault);

	if (compiled == NULL)
	{
		segment->fault = WF_ERROR_PARSE_ERROR;
		return;
	}
	segment->condition = compiled->condition;
	segment->source = compiled->source;
	segment->fault = compiled->fault;
}

static void *
load_segment(HeapTuple tuple, TupleDesc desc)
{
	Datum		values[Natts_wf_segments];
	bool		nulls[Natts_wf_segments];
	MemoryContext context = AllocSetContextCreate(segments_context, "wishflags segment",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	StoredSegment *stored = palloc0(sizeof(StoredSegment));
	SegmentSlot *slot;
	WfString	key;
	bool		found;

	wf_flags_deform(tuple, desc, Natts_wf_segments, values, nulls);
	key = wf_flags_text_string(values[Anum_wf_segments_key - 1]);
	stored->context = context;
	stored->segment.key.data = pnstrdup(key.data, key.len);
	stored->segment.key.len = key.len;
	stored->definer = pstrdup(NameStr(*DatumGetName(values[Anum_wf_segments_definer - 1])));
	wf_flags_segment_compile(&stored->segment, DatumGetJsonbPCopy(values[Anum_wf_segments_definition - 1]));
	if (stored->segment.source)
	{
		stored->next = with_source;
		with_source = stored;
	}
	slot = segment_table_insert(segment_table, stored->segment.key, &found);
	slot->key = stored->segment.key;
	slot->stored = stored;
	MemoryContextSwitchTo(old);
	return stored;
}

/* A segment whose row version is gone may have got another one. */
static void
forget_segment(void *item)
{
	StoredSegment *stored = (StoredSegment *) item;
	SegmentSlot *slot = segment_table_lookup(segment_table, stored->segment.key);
	StoredSegment **link = &with_source;

	if (slot && slot->stored == stored)
		(void) segment_table_delete(segment_table, stored->segment.key);
	while (*link && *link != stored)
		link = &(*link)->next;
	if (*link)
		*link = stored->next;
	MemoryContextDelete(stored->context);
}

/* Rights may hang on any role, and a schema that has changed had another name. */
static void
names_or_rights_changed(Datum arg, int cache, uint32 hash)
{
	wf_flags_segments_unresolve(InvalidOid);
}
