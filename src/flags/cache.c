/*
 * cache.c: the flags of this database, compiled, in this backend.
 *
 * Triggers on the flag tables send relation-cache messages for two tables that
 * stay empty (flags_signal, flag_overrides_signal): transactional, to every
 * backend, replayed on standbys, and without making plans on the flag tables
 * themselves stale.  The callback only notes what is stale.  The next
 * statement that evaluates reads the tables again.  It remembers where each row
 * version lay, (ctid, xmin), and compiles only those it does not know.
 *
 * The tables are read with a catalog snapshot, not with the active one: what
 * an old REPEATABLE READ snapshot sees would stay in the cache after that
 * transaction, as nothing invalidates it again.  A flag change therefore
 * shows in such a transaction too, though the tables still show the old rows.
 *
 * Table privileges and row security are not looked at: whoever may call
 * flag_eval() gets its verdict, and nothing but the verdict leaves.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "common/extension.h"
#include "flags/cache.h"
#include "flags/store.h"
#include "flags/tables.h"

/* One of the two tables that are cached. */
typedef struct CachedTable
{
	const char *name;
	const char *signal_name;
	Oid			relid;
	Oid			signal_relid;
	bool		stale;
} CachedTable;

/* The row version that a flag was compiled from. */
typedef struct RowVersion
{
	ItemPointerData tid;
	TransactionId xmin;
	WfFlag	   *flag;
} RowVersion;

/* All row versions of a load, in the order of their place. */
typedef struct Roster
{
	RowVersion *rows;
	int			count;
	int			capacity;
} Roster;

WfFlagCache wf_flags_cache;

static CachedTable flags_table = {WF_FLAGS_TABLE, WF_FLAGS_SIGNAL, InvalidOid, InvalidOid, true};
static CachedTable overrides_table = {WF_OVERRIDES_TABLE, WF_OVERRIDES_SIGNAL, InvalidOid, InvalidOid, true};

static MemoryContext cache_context = NULL;
static Roster roster = {NULL, 0, 0};
static Oid	flags_storage = InvalidOid; /* relfilenode that the roster is
										 * about */
static bool loading = false;
static bool new_flags = false;	/* overrides may have waited for these */
static TimestampTz own_change_transaction = 0;

static void relation_invalidated(Datum arg, Oid relid);
static bool table_concerns(CachedTable *table, Oid relid);
static Relation open_table(CachedTable *table);
static void reset_cache(void);
static void load_flags(void);
static List *scan_flags(Relation rel, Roster *current);
static WfFlag *load_flag(HeapTuple tuple, TupleDesc desc);
static void append_row(Roster *into, HeapTuple tuple, WfFlag *flag);
static void load_overrides(void);
static void load_override(HeapTuple tuple, TupleDesc desc);

/* Registers the invalidation callback, once for the life of the process. */
void
wf_flags_cache_init(void)
{
	CacheRegisterRelcacheCallback(relation_invalidated, (Datum) 0);
}

/*
 * Makes the cache what the current statement has to see: takes in pending
 * invalidations, loads what they made stale, and pins the result.
 *
 * A transaction that runs prepared statements only takes no new locks, so
 * without AcceptInvalidationMessages() it would never hear of a change.
 */
void
wf_flags_cache_refresh(void)
{
	AcceptInvalidationMessages();

	if (loading)
	{
		/* An error ended the last load. */
		reset_cache();
		loading = false;
	}
	if (flags_table.stale || overrides_table.stale)
	{
		bool		flags_stale = flags_table.stale;
		bool		overrides_stale = overrides_table.stale;

		/* A message that arrives while loading makes it stale again. */
		loading = true;
		flags_table.stale = overrides_table.stale = new_flags = false;
		wf_flags_cache.statement = wf_flags_cache.transaction = 0;
		wf_flags_cache.generation++;
		if (cache_context == NULL)
			reset_cache();
		if (flags_stale)
			load_flags();
		if (overrides_stale || new_flags)
			load_overrides();
		loading = false;
	}
	wf_flags_cache.statement = GetCurrentStatementStartTimestamp();
	wf_flags_cache.transaction = GetCurrentTransactionStartTimestamp();
	wf_flags_cache.unpinned = false;
}

/* Notes that this transaction changes flags: it sees that at once. */
void
wf_flags_cache_own_change(void)
{
	own_change_transaction = GetCurrentTransactionStartTimestamp();
}

/*
 * Relation-cache callback.  May touch neither catalogs nor memory, nor fail.
 * InvalidOid means that everything may have changed.
 */
static void
relation_invalidated(Datum arg, Oid relid)
{
	bool		concerns = table_concerns(&flags_table, relid);

	concerns |= table_concerns(&overrides_table, relid);
	if (concerns && own_change_transaction == GetCurrentTransactionStartTimestamp())
		wf_flags_cache.unpinned = true;
}

static bool
table_concerns(CachedTable *table, Oid relid)
{
	if (OidIsValid(relid) && relid != table->relid && relid != table->signal_relid)
		return false;
	table->stale = true;
	return true;
}

/*
 * Opens a table, finding its OIDs anew, since DROP and CREATE EXTENSION change
 * them, also while the lock is waited for.  NULL where it does not exist.
 */
static Relation
open_table(CachedTable *table)
{
	Relation	rel;

	do
	{
		table->relid = wf_common_relation_oid(table->name);
		table->signal_relid = wf_common_relation_oid(table->signal_name);

		/*
		 * Without the tables there is no message to wait for: look every
		 * time.
		 */
		if (!OidIsValid(table->relid) || !OidIsValid(table->signal_relid))
		{
			table->stale = true;
			return NULL;
		}
		rel = try_table_open(table->relid, AccessShareLock);
	} while (rel == NULL);
	return rel;
}

static void
reset_cache(void)
{
	if (cache_context)
		MemoryContextReset(cache_context);
	else
		cache_context = AllocSetContextCreate(CacheMemoryContext, "wishflags flags",
											  ALLOCSET_DEFAULT_SIZES);
	wf_flags_store_create(cache_context);
	memset(&roster, 0, sizeof(roster));
	flags_storage = InvalidOid;
	flags_table.stale = overrides_table.stale = true;
}

/* Compiles the rows that are new or changed, and drops the flags without row. */
static void
load_flags(void)
{
	Roster		current = {NULL, 0, 0};
	List	   *gone = NIL;
	Relation	rel = open_table(&flags_table);
	ListCell   *lc;

	if (rel)
	{
		/* A rewritten table puts other rows into the same places. */
		if (rel->rd_rel->relfilenode != flags_storage)
		{
			for (int i = 0; i < roster.count; i++)
				gone = lappend(gone, roster.rows[i].flag);
			roster.count = 0;
			flags_storage = rel->rd_rel->relfilenode;
		}
		gone = list_concat(gone, scan_flags(rel, &current));
		table_close(rel, AccessShareLock);
	}
	else
	{
		for (int i = 0; i < roster.count; i++)
			gone = lappend(gone, roster.rows[i].flag);
	}

	/* A flag whose row version is gone may have got another one. */
	foreach(lc, gone)
	{
		WfFlag	   *flag = (WfFlag *) lfirst(lc);

		if (flag->generation != wf_flags_cache.generation)
			wf_flags_store_remove(flag);
	}
	list_free(gone);
	if (roster.rows)
		pfree(roster.rows);
	roster = current;
}

/*
 * Walks the table and the roster side by side, both being in the order of the
 * rows' places, into the roster of this load.  Returns the flags of those row
 * versions that the table has no more.
 */
static List *
scan_flags(Relation rel, Roster *current)
{
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "wishflags row",
													  ALLOCSET_SMALL_SIZES);
	List	   *gone = NIL;
	int			known = 0;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		MemoryContext old;
		int			order = -1;

		CHECK_FOR_INTERRUPTS();
		while (known < roster.count &&
			   (order = ItemPointerCompare(&roster.rows[known].tid, &tuple->t_self)) < 0)
			gone = lappend(gone, roster.rows[known++].flag);
		if (known < roster.count && order == 0)
		{
			if (roster.rows[known].xmin == HeapTupleHeaderGetRawXmin(tuple->t_data))
			{
				append_row(current, tuple, roster.rows[known++].flag);
				continue;
			}
			gone = lappend(gone, roster.rows[known++].flag);
		}
		old = MemoryContextSwitchTo(row_context);
		append_row(current, tuple, load_flag(tuple, RelationGetDescr(rel)));
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	while (known < roster.count)
		gone = lappend(gone, roster.rows[known++].flag);
	systable_endscan(scan);
	MemoryContextDelete(row_context);
	return gone;
}

static WfFlag *
load_flag(HeapTuple tuple, TupleDesc desc)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	text	   *key;
	WfString	name;
	WfFlag	   *flag;
	bool		found;

	for (int i = 0; i < Natts_wf_flags; i++)
		values[i] = heap_getattr(tuple, i + 1, desc, &nulls[i]);
	key = DatumGetTextPP(values[Anum_wf_flags_key - 1]);
	name.data = VARDATA_ANY(key);
	name.len = VARSIZE_ANY_EXHDR(key);
	flag = wf_flags_store_enter(name, &found);
	new_flags |= !found;
	wf_flags_store_compile(flag, values, nulls);
	flag->generation = wf_flags_cache.generation;
	return flag;
}

static void
append_row(Roster *into, HeapTuple tuple, WfFlag *flag)
{
	RowVersion *row;

	if (into->count == into->capacity)
	{
		into->capacity = Max(Max(into->capacity * 2, roster.count + 16), 64);
		if (into->rows == NULL)
			into->rows = MemoryContextAllocHuge(cache_context, into->capacity * sizeof(RowVersion));
		else
			into->rows = repalloc_huge(into->rows, into->capacity * sizeof(RowVersion));
	}
	row = &into->rows[into->count++];
	row->tid = tuple->t_self;
	row->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	row->flag = flag;
}

/* Reads all overrides; their variants are looked up when one is served. */
static void
load_overrides(void)
{
	Relation	rel = open_table(&overrides_table);

	wf_flags_store_clear_overrides();
	if (rel)
	{
		SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
		HeapTuple	tuple;

		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			CHECK_FOR_INTERRUPTS();
			load_override(tuple, RelationGetDescr(rel));
		}
		systable_endscan(scan);
		table_close(rel, AccessShareLock);
	}
}

static void
load_override(HeapTuple tuple, TupleDesc desc)
{
	WfString	strings[3];

	for (int i = 0; i < lengthof(strings); i++)
	{
		bool		isnull;
		text	   *value = DatumGetTextPP(heap_getattr(tuple, i + 1, desc, &isnull));

		strings[i].data = VARDATA_ANY(value);
		strings[i].len = VARSIZE_ANY_EXHDR(value);
	}
	wf_flags_store_add_override(strings[0], strings[1], strings[2]);
}
