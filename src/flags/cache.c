/*
 * cache.c: the flags of this database, compiled, in this backend.
 *
 * Triggers on the flag tables send relation-cache messages for two tables that
 * stay empty (flags_signal, flag_overrides_signal): transactional, to every
 * backend, replayed on standbys, and without making plans on the flag tables
 * themselves stale.  The callback only notes what is stale.  The next
 * statement that evaluates reads the tables again, and recompiles the rows
 * whose (xmin, ctid) it does not know.
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
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "common/extension.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/dialect.h"
#include "flags/document.h"
#include "flags/tables.h"

typedef struct WfFlagSlot
{
	WfString	key;			/* that of flag */
	WfFlag	   *flag;
	uint32		hash;
	char		status;
} WfFlagSlot;

#define SH_PREFIX flag_table
#define SH_ELEMENT_TYPE WfFlagSlot
#define SH_KEY_TYPE WfString
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) ((a).len == (b).len && memcmp((a).data, (b).data, (a).len) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* One of the two tables that are cached. */
typedef struct CachedTable
{
	const char *name;
	const char *signal_name;
	Oid			relid;
	Oid			signal_relid;
	bool		stale;
} CachedTable;

WfFlagCache wf_flags_cache;

static CachedTable flags_table = {WF_FLAGS_TABLE, WF_FLAGS_SIGNAL, InvalidOid, InvalidOid, true};
static CachedTable overrides_table = {WF_OVERRIDES_TABLE, WF_OVERRIDES_SIGNAL, InvalidOid, InvalidOid, true};

static MemoryContext cache_context = NULL;
static MemoryContext overrides_context = NULL;
static flag_table_hash *flag_table = NULL;
static Oid	flags_storage = InvalidOid;
static bool loading = false;
static bool new_flags = false;	/* overrides may have waited for these */
static TimestampTz own_change_transaction = 0;

static void relation_invalidated(Datum arg, Oid relid);
static bool table_concerns(CachedTable *table, Oid relid);
static bool locate_table(CachedTable *table);
static void reset_cache(void);
static void load_flags(void);
static void load_flag(HeapTuple tuple, TupleDesc desc, bool storage_changed);
static void compile_flag(WfFlag *flag, Datum *values, bool *nulls);
static void forget_program(WfFlag *flag);
static WfFlag *enter_flag(WfString key);
static void remove_flag(WfFlag *flag);
static void sweep_flags(void);
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

/* A flag by key, or NULL.  After wf_flags_cache_ensure(). */
const WfFlag *
wf_flags_cache_find(WfString key)
{
	WfFlagSlot *slot = flag_table_lookup(flag_table, key);

	return slot ? slot->flag : NULL;
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

/* Finds a table's OIDs anew; DROP and CREATE EXTENSION change them. */
static bool
locate_table(CachedTable *table)
{
	table->relid = wf_common_relation_oid(table->name);
	table->signal_relid = wf_common_relation_oid(table->signal_name);

	/* Without the tables there is no message to wait for: look every time. */
	if (OidIsValid(table->relid) && OidIsValid(table->signal_relid))
		return true;
	table->stale = true;
	return false;
}

static void
reset_cache(void)
{
	if (cache_context)
		MemoryContextReset(cache_context);
	else
		cache_context = AllocSetContextCreate(CacheMemoryContext, "wishflags flags",
											  ALLOCSET_DEFAULT_SIZES);
	/* The reset has deleted the child contexts. */
	overrides_context = NULL;
	flag_table = NULL;
	flags_table.stale = overrides_table.stale = true;
	overrides_context = AllocSetContextCreate(cache_context, "wishflags overrides",
											  ALLOCSET_DEFAULT_SIZES);
	flag_table = flag_table_create(cache_context, 64, NULL);
}

/* Compiles the rows that are new or changed, and drops the flags without row. */
static void
load_flags(void)
{
	if (locate_table(&flags_table))
	{
		Relation	rel = table_open(flags_table.relid, AccessShareLock);
		SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
		bool		storage_changed = rel->rd_rel->relfilenode != flags_storage;
		MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "wishflags row",
														  ALLOCSET_SMALL_SIZES);
		MemoryContext old = MemoryContextSwitchTo(row_context);
		HeapTuple	tuple;

		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			CHECK_FOR_INTERRUPTS();
			load_flag(tuple, RelationGetDescr(rel), storage_changed);
			MemoryContextReset(row_context);
		}
		MemoryContextSwitchTo(old);
		MemoryContextDelete(row_context);
		flags_storage = rel->rd_rel->relfilenode;
		systable_endscan(scan);
		table_close(rel, AccessShareLock);
	}
	sweep_flags();
}

static void
load_flag(HeapTuple tuple, TupleDesc desc, bool storage_changed)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	TransactionId xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	text	   *key;
	WfString	name;
	WfFlag	   *flag;

	values[0] = heap_getattr(tuple, Anum_wf_flags_key, desc, &nulls[0]);
	key = DatumGetTextPP(values[0]);
	name.data = VARDATA_ANY(key);
	name.len = VARSIZE_ANY_EXHDR(key);
	flag = enter_flag(name);
	flag->generation = wf_flags_cache.generation;
	if (flag->program && flag->xmin == xmin && ItemPointerEquals(&flag->tid, &tuple->t_self) &&
		!storage_changed)
		return;

	for (int i = 0; i < Natts_wf_flags; i++)
		values[i] = heap_getattr(tuple, i + 1, desc, &nulls[i]);
	compile_flag(flag, values, nulls);
	flag->xmin = xmin;
	flag->tid = tuple->t_self;
}

/*
 * Compiles a row into the flag.  A plain flag's program lies in the cache's
 * own context, as thousands of contexts would cost more than the flags; a
 * definition gets a context to be thrown away with.
 */
static void
compile_flag(WfFlag *flag, Datum *values, bool *nulls)
{
	WfSource	source;
	WfFault		fault;
	WfProgram  *program = NULL;
	const char *problem;
	bool		plain = nulls[Anum_wf_flags_definition - 1];
	bool		parsed = wf_flags_parse_percent(DatumGetNumeric(values[Anum_wf_flags_rollout - 1]),
												&source.share, &problem);
	MemoryContext old;

	forget_program(flag);
	if (!plain)
		flag->context = AllocSetContextCreate(cache_context, "wishflags flag", ALLOCSET_SMALL_SIZES);

	old = MemoryContextSwitchTo(plain ? cache_context : flag->context);
	source.key = flag->key;
	source.converts = wf_flags_converts_text();
	source.enabled = DatumGetBool(values[Anum_wf_flags_enabled - 1]);
	source.definition = plain ? NULL : DatumGetJsonbPCopy(values[Anum_wf_flags_definition - 1]);
	if (parsed)
		program = wf_flags_compile_native(&source, &fault);
	if (program == NULL)
	{
		/* The triggers keep such rows out, but may have been switched off. */
		program = palloc0(sizeof(WfProgram));
		program->fault = WF_ERROR_PARSE_ERROR;
	}
	MemoryContextSwitchTo(old);
	flag->program = program;
}

static void
forget_program(WfFlag *flag)
{
	const WfProgram *program = flag->program;

	flag->program = NULL;
	if (flag->context)
		MemoryContextDelete(flag->context);
	else if (program)
		wf_flags_program_free(unconstify(WfProgram *, program));
	flag->context = NULL;
}

static WfFlag *
enter_flag(WfString key)
{
	WfFlagSlot *slot = flag_table_lookup(flag_table, key);
	WfFlag	   *flag;
	char	   *name;
	bool		found;

	if (slot)
		return slot->flag;
	flag = MemoryContextAllocZero(cache_context, sizeof(WfFlag) + key.len);
	name = (char *) (flag + 1);
	memcpy(name, key.data, key.len);
	flag->key.data = name;
	flag->key.len = key.len;
	slot = flag_table_insert(flag_table, flag->key, &found);
	slot->flag = flag;
	new_flags = true;
	return flag;
}

/* Forgets the flags that the load has not seen. */
static void
sweep_flags(void)
{
	flag_table_iterator it;
	WfFlagSlot *slot;
	List	   *gone = NIL;
	ListCell   *lc;

	flag_table_start_iterate(flag_table, &it);
	while ((slot = flag_table_iterate(flag_table, &it)) != NULL)
	{
		if (slot->flag->generation != wf_flags_cache.generation)
			gone = lappend(gone, slot->flag);
	}
	foreach(lc, gone)
		remove_flag(lfirst(lc));
	list_free(gone);
}

static void
remove_flag(WfFlag *flag)
{
	flag_table_delete(flag_table, flag->key);
	forget_program(flag);
	pfree(flag);
}

/* Reads all overrides; their variants are looked up when one is served. */
static void
load_overrides(void)
{
	flag_table_iterator it;
	WfFlagSlot *slot;

	flag_table_start_iterate(flag_table, &it);
	while ((slot = flag_table_iterate(flag_table, &it)) != NULL)
		slot->flag->overrides = NULL;
	MemoryContextReset(overrides_context);

	if (locate_table(&overrides_table))
	{
		Relation	rel = table_open(overrides_table.relid, AccessShareLock);
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
	WfFlagSlot *slot;

	for (int i = 0; i < lengthof(strings); i++)
	{
		bool		isnull;
		text	   *value = DatumGetTextPP(heap_getattr(tuple, i + 1, desc, &isnull));

		strings[i].data = VARDATA_ANY(value);
		strings[i].len = VARSIZE_ANY_EXHDR(value);
	}
	slot = flag_table_lookup(flag_table, strings[0]);
	if (slot == NULL)
		return;
	if (slot->flag->overrides == NULL)
		slot->flag->overrides = wf_flags_overrides_create(overrides_context);
	wf_flags_overrides_add(slot->flag->overrides, strings[1], strings[2]);
}
