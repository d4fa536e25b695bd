/*
 * store.c: entries and their cells.
 *
 * A backend counts in one store: the server's, of fixed size, where the
 * library is preloaded, else its own.  What finds no place there is counted
 * in the database's entry without a name.
 *
 * The lock, taken shared, keeps entries and cells where they are; their
 * figures are under the mutex of the entry.  A backend keeps pointers to them
 * as long as the generation stays.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "common/extension.h"
#include "stats/session.h"
#include "stats/store.h"

WfStatsStore *wf_stats_store = NULL;
HTAB	   *wf_stats_entries = NULL;

static bool is_of_other_installation(void *arg, const WfStatsKey *key);
static WfStatsEntry *add_entry(const WfStatsKey *key, TimestampTz now);
static void remove_parts(WfStatsStore *store, WfStatsEntry *entry);
static void tell_full(const WfStatsKey *key);

void
wf_stats_lock(LWLockMode mode)
{
	if (wf_stats_store->lock)
		LWLockAcquire(wf_stats_store->lock, mode);
}

void
wf_stats_unlock(void)
{
	if (wf_stats_store->lock)
		LWLockRelease(wf_stats_store->lock);
}

/* What tells the extension in this database from one that was dropped before. */
Oid
wf_stats_installation(void)
{
	return wf_common_relation_oid("flag_usage_log");
}

/* A name that is too long is cut between characters. */
void
wf_stats_key_set(WfStatsKey *key, Oid installation, WfStatsKind kind, const char *name, int len)
{
	memset(key, 0, sizeof(WfStatsKey));
	key->database = MyDatabaseId;
	key->installation = installation;
	key->kind = kind;
	if (len > 0)
		memcpy(key->name, name, pg_mbcliplen(name, len, WF_STATS_NAME_SIZE - 1));
}

/* The caller holds the lock, as for all below. */
WfStatsEntry *
wf_stats_entry_find(const WfStatsKey *key)
{
	return hash_search(wf_stats_entries, key, HASH_FIND, NULL);
}

/*
 * Finds or makes an entry; where there is no place for it, that of the same
 * kind without a name; NULL where there is not even that.  The lock is held
 * exclusively.
 */
WfStatsEntry *
wf_stats_entry_enter(const WfStatsKey *key, TimestampTz now)
{
	WfStatsEntry *entry = wf_stats_entry_find(key);
	WfStatsEntry *rest;
	WfStatsKey	nameless = *key;

	if (entry)
		return entry;
	memset(nameless.name, 0, WF_STATS_NAME_SIZE);
	rest = wf_stats_entry_find(&nameless);
	if (rest == NULL)
	{
		/*
		 * Perhaps the extension was made anew: nobody asks for the old
		 * entries.
		 */
		(void) wf_stats_remove(wf_stats_store, wf_stats_entries, is_of_other_installation, unconstify(WfStatsKey *, key));
		rest = add_entry(&nameless, now);
	}
	if (rest && key->name[0])
		entry = add_entry(key, now);
	return entry ? entry : rest;
}

static bool
is_of_other_installation(void *arg, const WfStatsKey *key)
{
	const WfStatsKey *present = (const WfStatsKey *) arg;

	return key->database == present->database && key->installation != present->installation;
}

static WfStatsEntry *
add_entry(const WfStatsKey *key, TimestampTz now)
{
	int			most = key->kind == WF_STATS_FLAG ? wf_stats_flags_max : WF_STATS_UNKNOWN_MAX;
	bool		has_registers = key->kind == WF_STATS_FLAG && key->name[0];
	uint8	   *registers = NULL;
	WfStatsEntry *entry;

	if (wf_stats_store->nentries[key->kind] >= most)
	{
		tell_full(key);
		return NULL;
	}
	if (has_registers && wf_stats_store->lock)
	{
		registers = wf_stats_store->free_registers;
		memcpy(&wf_stats_store->free_registers, registers, sizeof(uint8 *));
	}
	else if (has_registers)
		registers = MemoryContextAlloc(wf_stats_session_context(), WF_STATS_REGISTERS);
	entry = hash_search(wf_stats_entries, key, HASH_ENTER, NULL);
	memset((char *) entry + sizeof(WfStatsKey), 0, sizeof(WfStatsEntry) - sizeof(WfStatsKey));
	SpinLockInit(&entry->mutex);
	entry->since = now;
	entry->registers = registers;
	if (registers)
		memset(registers, 0, WF_STATS_REGISTERS);
	wf_stats_store->nentries[key->kind]++;
	return entry;
}

/*
 * Removes the entries of a store whose key matches; says how many.  The lock is
 * held exclusively.
 */
int64
wf_stats_remove(WfStatsStore *store, HTAB *entries,
				bool (*matches) (void *arg, const WfStatsKey *key), void *arg)
{
	HASH_SEQ_STATUS scan;
	WfStatsEntry *entry;
	int64		removed = 0;

	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (!matches(arg, &entry->key))
			continue;
		remove_parts(store, entry);
		store->nentries[entry->key.kind]--;
		(void) hash_search(entries, &entry->key, HASH_REMOVE, NULL);
		removed++;
	}
	if (removed > 0)
	{
		store->told = false;
		pg_atomic_fetch_add_u64(&store->generation, 1);
	}
	return removed;
}

/* Gives back cells and registers. */
static void
remove_parts(WfStatsStore *store, WfStatsEntry *entry)
{
	while (entry->cells)
	{
		WfStatsCell *cell = entry->cells;

		entry->cells = cell->next;
		cell->next = store->free_cells;
		if (store->lock)
			store->free_cells = cell;
		else
			pfree(cell);
	}
	if (entry->registers && store->lock)
	{
		memcpy(entry->registers, &store->free_registers, sizeof(uint8 *));
		store->free_registers = entry->registers;
	}
	else if (entry->registers)
		pfree(entry->registers);
}

/* An entry's cell of the same result, or NULL. */
WfStatsCell *
wf_stats_cell_find(WfStatsEntry *entry, const WfStatsCell *like)
{
	WfStatsCell *cell = entry->cells;

	while (cell && !(cell->reason == like->reason && cell->error == like->error &&
					 cell->served == like->served && strcmp(cell->variant, like->variant) == 0))
		cell = cell->next;
	return cell;
}

/* Finds or makes it; NULL where there is no place.  The lock is held exclusively. */
WfStatsCell *
wf_stats_cell_enter(WfStatsEntry *entry, const WfStatsCell *like)
{
	WfStatsCell *cell = wf_stats_cell_find(entry, like);

	if (cell)
		return cell;
	if (wf_stats_store->lock)
	{
		cell = wf_stats_store->free_cells;
		if (cell == NULL)
			return NULL;
		wf_stats_store->free_cells = cell->next;
	}
	else
		cell = MemoryContextAlloc(wf_stats_session_context(), sizeof(WfStatsCell));
	*cell = *like;
	cell->evaluations = 0;
	cell->next = entry->cells;
	entry->cells = cell;
	entry->ncells++;
	return cell;
}

/* Visits all entries. */
void
wf_stats_each(HTAB *entries, WfStatsVisit visit, void *arg)
{
	HASH_SEQ_STATUS scan;
	WfStatsEntry *entry;

	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
		visit(arg, entry);
}

/* Once, until a place becomes free. */
static void
tell_full(const WfStatsKey *key)
{
	if (wf_stats_store->lock == NULL || wf_stats_store->told || key->kind != WF_STATS_FLAG)
		return;
	wf_stats_store->told = true;
	ereport(LOG,
			(errmsg("wishflags counts %d flags, and has no place for more", wf_stats_flags_max),
			 errdetail("Evaluations of further flags are counted together."),
			 errhint("Raise wishflags.usage_max and restart the server, or free the places of databases that are gone: SELECT wishflags.usage_reset();")));
}
