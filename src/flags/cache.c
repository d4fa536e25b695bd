/*
 * cache.c: the flags of this database, compiled, in this backend.
 *
 * Triggers on the flag tables send relation-cache messages for tables that
 * stay empty (flags_signal, flag_overrides_signal): transactional, to every
 * backend, replayed on standbys, and without making plans on the flag tables
 * themselves stale.  The callback only notes what is stale; the next statement
 * that evaluates reads those tables again (roster.c).
 *
 * As the tables are read with a catalog snapshot, a flag change shows in an
 * old REPEATABLE READ transaction too, though the tables still show the old
 * rows.
 *
 * Table privileges and row security are not looked at: whoever may call
 * flag_eval() gets its verdict, and nothing but the verdict leaves.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "commands/extension.h"
#include "portability/instr_time.h"
#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "flags/cache.h"
#include "flags/store.h"
#include "flags/usage.h"

WfFlagCache wf_flags_cache;

static WfRoster documents = {.items = &wf_flags_document_items, .stale = true};
static WfRoster flags = {.items = &wf_flags_flag_items, .stale = true};
static WfRoster segments = {.items = &wf_flags_segment_items, .stale = true};
static WfRoster overrides = {.items = &wf_flags_override_items, .stale = true};

/* In the order of loading: a flag needs its document. */
static WfRoster *const rosters[] = {&documents, &segments, &flags, &overrides};

static MemoryContext cache_context = NULL;
static bool loading = false;

/*
 * The last change of flags that this backend made itself.  Its message comes
 * at the end of its command; until then any message is taken for it.
 */
typedef struct OwnChange
{
	TimestampTz transaction;
	SubTransactionId subtransaction;	/* the innermost so far */
	CommandId	command;
	bool		awaited;
} OwnChange;

static OwnChange own_change;

static void relation_invalidated(Datum arg, Oid relid);
static void subtransaction_ended(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg);
static bool anything_stale(void);
static void reset_cache(void);
static void load(void);

/* Registers callbacks, once for the life of the process. */
void
wf_flags_cache_init(void)
{
	CacheRegisterRelcacheCallback(relation_invalidated, (Datum) 0);
	RegisterSubXactCallback(subtransaction_ended, NULL);
	wf_flags_segments_init();
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
	if (wf_flags_cache.statement != GetCurrentStatementStartTimestamp() ||
		wf_flags_cache.transaction != GetCurrentTransactionStartTimestamp())
		wf_flags_preview_pin();

	if (loading)
	{
		/* An error ended the last load. */
		reset_cache();
		loading = false;
	}
	wf_stats_statement_begin(GetCurrentStatementStartTimestamp());
	if (anything_stale())
	{
		instr_time	start;
		instr_time	end;

		INSTR_TIME_SET_CURRENT(start);
		loading = true;
		wf_flags_cache.statement = wf_flags_cache.transaction = 0;
		if (cache_context == NULL)
			reset_cache();
		load();
		loading = false;
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_SUBTRACT(end, start);
		wf_stats_count_load((int64) INSTR_TIME_GET_MICROSEC(end));
	}
	wf_flags_cache.statement = GetCurrentStatementStartTimestamp();
	wf_flags_cache.transaction = GetCurrentTransactionStartTimestamp();
	wf_flags_cache.unpinned = false;
	if (own_change.transaction != wf_flags_cache.transaction ||
		own_change.command != GetCurrentCommandId(false))
		own_change.awaited = false;
}

/* Notes that this transaction changes flags: it sees that at once. */
void
wf_flags_cache_own_change(void)
{
	SubTransactionId current = GetCurrentSubTransactionId();

	if (own_change.transaction != GetCurrentTransactionStartTimestamp())
	{
		own_change.transaction = GetCurrentTransactionStartTimestamp();
		own_change.subtransaction = current;
	}
	own_change.subtransaction = Max(own_change.subtransaction, current);
	own_change.command = GetCurrentCommandId(false);
	own_change.awaited = true;
}

/*
 * Relation-cache callback.  May touch neither catalogs nor memory, nor fail.
 * InvalidOid means that everything may have changed.
 */
static void
relation_invalidated(Datum arg, Oid relid)
{
	bool		concerns = false;

	for (int i = 0; i < lengthof(rosters); i++)
		concerns |= wf_flags_roster_concerns(rosters[i], relid);
	wf_flags_segments_unresolve(relid);
	/* A script makes the tables under OIDs that are not known yet. */
	if (creating_extension || (concerns && own_change.awaited))
		wf_flags_cache.unpinned = true;
}

/*
 * A change that is taken back is an own change too.  As numbers of
 * subtransactions grow, one that ends holds the change, or one that had been
 * taken back already, if it is not younger than the innermost with a change.
 */
static void
subtransaction_ended(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && id <= own_change.subtransaction &&
		own_change.transaction == GetCurrentTransactionStartTimestamp())
		wf_flags_cache.unpinned = true;
}

static bool
anything_stale(void)
{
	for (int i = 0; i < lengthof(rosters); i++)
	{
		if (rosters[i]->stale)
			return true;
	}
	return false;
}

static void
reset_cache(void)
{
	wf_flags_usage_end_all();
	if (cache_context)
		MemoryContextReset(cache_context);
	else
		cache_context = AllocSetContextCreate(CacheMemoryContext, "wishflags flags",
											  ALLOCSET_DEFAULT_SIZES);
	wf_flags_documents_create(cache_context);
	wf_flags_segments_create(cache_context);
	wf_flags_store_create(cache_context);
	for (int i = 0; i < lengthof(rosters); i++)
		wf_flags_roster_reset(rosters[i]);
}

/*
 * Loads what has changed; a message that arrives meanwhile makes it stale
 * again.  All tables are read with one snapshot, also those of which no change
 * is known: what one transaction did to several is seen as a whole.
 */
static void
load(void)
{
	bool		done;

	do
	{
		Snapshot	snapshot;

		/* Before the snapshot: it may not see what a later message is about. */
		for (int i = 0; i < lengthof(rosters); i++)
			rosters[i]->stale = false;
		snapshot = RegisterSnapshot(GetCatalogSnapshot(flags.relid));
		done = true;
		wf_flags_cache.generation++;
		for (int i = 0; i < lengthof(rosters); i++)
		{
			done &= wf_flags_roster_load(rosters[i], snapshot, cache_context);
			/* The flags of a document that has changed are compiled anew. */
			if (rosters[i] == &documents)
				flags.recheck |= wf_flags_documents_changed();
		}
		UnregisterSnapshot(snapshot);
	} while (!done);
	wf_flags_documents_release();
}
