/*
 * usage.c: counting evaluations in a backend.
 *
 * Nothing here is undone when a transaction fails: the evaluations took place.
 */
#include "common/compat.h"

#include <math.h>

#include "access/xact.h"
#include "common/pg_prng.h"
#include "lib/hyperloglog.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "stats/session.h"
#include "stats/usage.h"

/* More than a hash of 32 bits can have, see wf_stats_count_key(). */
#define NEVER_RISES (32 - WF_STATS_REGISTER_BITS + 1)

typedef struct UnknownFlag
{
	char		name[WF_STATS_NAME_SIZE];
	WfUsage		usage;
} UnknownFlag;

WfStatsNames wf_stats_names;

static slist_head open_usages = SLIST_STATIC_INIT(open_usages);
static TimestampTz statement_started = 0;
static HTAB *unknown_flags = NULL;
static uint8 no_registers[WF_STATS_REGISTERS];

static void on_transaction(XactEvent event, void *arg);
static void open_usage(WfUsage *usage);
static void attach(WfUsage *usage);
static WfStatsEntry *enter(const WfStatsKey *key);
static void forget_cells(WfUsage *usage);
static WfStatsCell *counted_cell(WfUsage *usage, const WfStatsCell *like);
static void add_pending(WfUsage *usage);
static WfUsage *unknown_usage(const char *name, int len);

void
wf_stats_usage_init(void)
{
	memset(no_registers, NEVER_RISES, sizeof(no_registers));
	RegisterXactCallback(on_transaction, NULL);
}

/* What was counted so far belongs to the statement before. */
void
wf_stats_statement_begin(TimestampTz started)
{
	wf_stats_flush();
	statement_started = started;
}

static void
on_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PREPARE:
			wf_stats_flush();
			break;
		default:
			break;
	}
}

/* Brings all that is pending to the store.  Raises no error. */
void
wf_stats_flush(void)
{
	if (slist_is_empty(&open_usages))
		return;
	wf_stats_lock(LW_SHARED);
	while (!slist_is_empty(&open_usages))
	{
		WfUsage    *usage = slist_container(WfUsage, link, slist_pop_head_node(&open_usages));

		/* What is reset while a statement counts is reset for it too. */
		if (usage->generation == pg_atomic_read_u64(&wf_stats_store->generation))
			add_pending(usage);
		for (WfUsageCell *cell = usage->cells; cell; cell = cell->next)
			cell->pending = 0;
		usage->shortcuts[false] = usage->shortcuts[true] = NULL;
		usage->registers = no_registers;
		usage->open = usage->direct = false;
	}
	wf_stats_unlock();
}

/* The caller holds the lock. */
static void
add_pending(WfUsage *usage)
{
	WfStatsEntry *entry = usage->entry;
	int64		evaluations = 0;
	bool		failed = false;

	if (entry)
		SpinLockAcquire(&entry->mutex);
	for (WfUsageCell *cell = usage->cells; cell; cell = cell->next)
	{
		evaluations += cell->pending;
		if (entry == NULL || cell->pending == 0)
			continue;
		if (cell->counted)
			cell->counted->evaluations += cell->pending;
		if (cell->variant < 0)
			entry->fallbacks += cell->pending;
		if (cell->error == 0)
			continue;
		entry->errors += cell->pending;
		/* The last kind of error that came up stands first. */
		if (!failed)
		{
			entry->last_error = cell->error;
			entry->last_error_at = statement_started;
		}
		failed = true;
	}
	if (entry == NULL)
	{
		pg_atomic_fetch_add_u64(&wf_stats_store->uncounted, evaluations);
		return;
	}
	if (evaluations > 0)
	{
		entry->evaluations += evaluations;
		entry->last = Max(entry->last, statement_started);
		if (entry->first == 0 || entry->first > statement_started)
			entry->first = statement_started;
	}
	SpinLockRelease(&entry->mutex);
}

/*
 * How many evaluations this one stands for when it is counted: 0 is none.
 * With sampling, those since the last one that was counted.
 */
int64
wf_stats_weight(void)
{
	static double rate = 0;
	static int64 since = 0;
	static int64 gap = 0;
	int64		weight;

	if (!wf_stats_track || wf_stats_sample_rate <= 0)
		return 0;
	if (wf_stats_sample_rate >= 1)
		return 1;
	if (rate != wf_stats_sample_rate || gap == 0)
	{
		rate = wf_stats_sample_rate;
		gap = 1 + (int64) (log1p(-pg_prng_double(&pg_global_prng_state)) / log1p(-rate));
		since = 0;
	}
	if (++since < gap)
		return 0;
	weight = since;
	gap = 0;
	return weight;
}

/* Where the caller may keep what he counts. */
MemoryContext
wf_stats_usage_context(void)
{
	static MemoryContext context = NULL;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "wishflags usage of flags", ALLOCSET_DEFAULT_SIZES);
	return context;
}

/* A flag to be counted; its name has to stay until the end. */
void
wf_stats_usage_begin(WfUsage *usage, WfStatsKind kind, const char *name, int len)
{
	memset(usage, 0, sizeof(WfUsage));
	usage->kind = kind;
	usage->name = name;
	usage->name_len = len;
	usage->registers = no_registers;
}

/* Ends it; what is pending is counted. */
void
wf_stats_usage_end(WfUsage *usage)
{
	if (usage->open)
		wf_stats_flush();
	forget_cells(usage);
}

/* The cell for a result; what is pending in it is for the caller to raise. */
WfUsageCell *
wf_stats_usage_cell(WfUsage *usage, int variant, const char *name, int len, uint8 reason, uint8 error)
{
	WfStatsCell like = {.reason = reason, .error = error, .served = variant >= 0};
	WfUsageCell *cell;

	if (unlikely(!usage->open))
		open_usage(usage);
	for (cell = usage->cells; cell; cell = cell->next)
	{
		if (cell->variant == variant && cell->reason == reason && cell->error == error)
			return cell;
	}

	if (len > 0)
		memcpy(like.variant, name, pg_mbcliplen(name, len, WF_STATS_VARIANT_SIZE - 1));
	cell = MemoryContextAllocZero(wf_stats_usage_context(), sizeof(WfUsageCell));
	cell->variant = variant;
	cell->reason = reason;
	cell->error = error;
	cell->counted = counted_cell(usage, &like);
	cell->next = usage->cells;
	usage->cells = cell;
	return cell;
}

static void
open_usage(WfUsage *usage)
{
	if (wf_stats_store == NULL)
		wf_stats_session_begin();
	if (usage->generation != pg_atomic_read_u64(&wf_stats_store->generation))
		attach(usage);
	if (usage->entry && usage->entry->registers)
		usage->registers = usage->entry->registers;
	usage->open = true;
	usage->direct = wf_stats_sample_rate >= 1;
	slist_push_head(&open_usages, &usage->link);
}

/* Finds the flag's place in the store. */
static void
attach(WfUsage *usage)
{
	WfStatsKey	key;

	forget_cells(usage);
	wf_stats_key_set(&key, wf_stats_installation(), usage->kind, usage->name, usage->name_len);
	wf_stats_lock(LW_SHARED);
	usage->entry = wf_stats_entry_find(&key);
	if (usage->entry == NULL)
		usage->entry = enter(&key);
	usage->generation = pg_atomic_read_u64(&wf_stats_store->generation);
	wf_stats_unlock();
}

/* Makes an entry; changes a lock that is shared into an exclusive one. */
static WfStatsEntry *
enter(const WfStatsKey *key)
{
	wf_stats_unlock();
	wf_stats_lock(LW_EXCLUSIVE);
	return wf_stats_entry_enter(key, statement_started);
}

static void
forget_cells(WfUsage *usage)
{
	while (usage->cells)
	{
		WfUsageCell *cell = usage->cells;

		usage->cells = cell->next;
		pfree(cell);
	}
	usage->generation = 0;
	usage->entry = NULL;
}

/* NULL for a flag that has no place of its own, and where there is none for the cell. */
static WfStatsCell *
counted_cell(WfUsage *usage, const WfStatsCell *like)
{
	WfStatsEntry *entry = usage->entry;
	WfStatsCell *cell = NULL;

	if (entry == NULL || usage->kind != WF_STATS_FLAG)
		return NULL;
	for (LWLockMode mode = LW_SHARED;; mode = LW_EXCLUSIVE)
	{
		wf_stats_lock(mode);
		if (usage->generation == pg_atomic_read_u64(&wf_stats_store->generation) && entry->key.name[0])
			cell = mode == LW_SHARED ? wf_stats_cell_find(entry, like) : wf_stats_cell_enter(entry, like);
		wf_stats_unlock();
		if (cell || mode == LW_EXCLUSIVE)
			return cell;
	}
}

/* A key whose hash is higher than what its register has seen. */
void
wf_stats_key_rise(WfUsage *usage, uint32 hash)
{
	WfStatsEntry *entry = usage->entry;
	hyperLogLogState state = {.registerWidth = WF_STATS_REGISTER_BITS, .nRegisters = WF_STATS_REGISTERS};

	if (entry == NULL)
		return;
	wf_stats_lock(LW_SHARED);
	if (usage->generation == pg_atomic_read_u64(&wf_stats_store->generation) && entry->registers)
	{
		SpinLockAcquire(&entry->mutex);
		state.hashesArr = entry->registers;
		addHyperLogLog(&state, hash);
		SpinLockRelease(&entry->mutex);
	}
	wf_stats_unlock();
}

/* Counts that a flag was asked for which is not defined. */
void
wf_stats_count_unknown(const char *name, int len, uint8 reason, uint8 error)
{
	int64		weight = wf_stats_weight();

	if (weight > 0)
		wf_stats_usage_cell(unknown_usage(name, len), -1, NULL, 0, reason, error)->pending += weight;
}

/* A backend remembers as many names as the store holds. */
static WfUsage *
unknown_usage(const char *name, int len)
{
	static UnknownFlag *last = NULL;
	char		key[WF_STATS_NAME_SIZE] = {0};
	UnknownFlag *unknown;
	bool		found;

	if (last && len > 0 && last->usage.name_len == len && memcmp(last->name, name, len) == 0)
		return &last->usage;
	if (unknown_flags == NULL)
	{
		HASHCTL		control = {.keysize = WF_STATS_NAME_SIZE, .entrysize = sizeof(UnknownFlag)};

		unknown_flags = hash_create("wishflags unknown flags", 16, &control, HASH_ELEM | HASH_BLOBS);
	}
	if (len > 0)
		memcpy(key, name, pg_mbcliplen(name, len, WF_STATS_NAME_SIZE - 1));
	if (hash_get_num_entries(unknown_flags) >= WF_STATS_UNKNOWN_MAX &&
		hash_search(unknown_flags, key, HASH_FIND, NULL) == NULL)
		key[0] = '\0';
	unknown = hash_search(unknown_flags, key, HASH_ENTER, &found);
	if (!found)
		wf_stats_usage_begin(&unknown->usage, WF_STATS_UNKNOWN, unknown->name, strlen(unknown->name));
	last = unknown;
	return &unknown->usage;
}

/* Counts that the cache took in changes, and how long it took. */
void
wf_stats_count_load(int64 microseconds)
{
	WfStatsKey	key;
	WfStatsEntry *entry;

	if (!wf_stats_track)
		return;
	if (wf_stats_store == NULL)
		wf_stats_session_begin();
	wf_stats_key_set(&key, wf_stats_installation(), WF_STATS_FLAG, NULL, 0);
	wf_stats_lock(LW_SHARED);
	entry = wf_stats_entry_find(&key);
	if (entry == NULL)
		entry = enter(&key);
	if (entry)
	{
		SpinLockAcquire(&entry->mutex);
		entry->loads++;
		entry->load_us += microseconds;
		entry->last_load_us = microseconds;
		entry->last_load_at = statement_started;
		SpinLockRelease(&entry->mutex);
	}
	wf_stats_unlock();
}
