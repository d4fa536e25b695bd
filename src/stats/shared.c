/*
 * shared.c: the server's store, in shared memory of fixed size.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "stats/store.h"

#define TRANCHE "wishflags usage"

static shmem_request_hook_type next_request = NULL;
static shmem_startup_hook_type next_startup = NULL;
static bool is_shared = false;

static int	entries_max(void);
static Size store_size(void);
static void request_memory(void);
static void start_memory(void);
static void make_places(void);

/* Called when the library is preloaded, after the settings. */
void
wf_stats_shared_init(void)
{
	next_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_startup = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

/* Whether the whole server counts in one store. */
bool
wf_stats_is_shared(void)
{
	return is_shared;
}

static int
entries_max(void)
{
	return wf_stats_flags_max + WF_STATS_UNKNOWN_MAX;
}

/* Behind the head lie registers, then cells. */
static Size
store_size(void)
{
	Size		of_flag = WF_STATS_REGISTERS + WF_STATS_CELLS_PER_FLAG * sizeof(WfStatsCell);

	return add_size(MAXALIGN(sizeof(WfStatsStore)), mul_size(wf_stats_flags_max, of_flag));
}

static void
request_memory(void)
{
	if (next_request)
		next_request();
	RequestAddinShmemSpace(add_size(store_size(), hash_estimate_size(entries_max(), sizeof(WfStatsEntry))));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
start_memory(void)
{
	HASHCTL		control = {.keysize = sizeof(WfStatsKey), .entrysize = sizeof(WfStatsEntry)};
	bool		found;

	if (next_startup)
		next_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	wf_stats_store = ShmemInitStruct(TRANCHE, store_size(), &found);
	wf_stats_entries = ShmemInitHash(TRANCHE " entries", entries_max(), entries_max(), &control,
									 HASH_ELEM | HASH_BLOBS);
	is_shared = true;
	if (!found)
		make_places();
	LWLockRelease(AddinShmemInitLock);

	if (IsUnderPostmaster)
		return;
	on_shmem_exit(wf_stats_save, (Datum) 0);
	if (!found)
		wf_stats_load();
}

/* An empty store; all registers and cells are free. */
static void
make_places(void)
{
	uint8	   *registers = (uint8 *) wf_stats_store + MAXALIGN(sizeof(WfStatsStore));
	WfStatsCell *cells = (WfStatsCell *) (registers + (Size) wf_stats_flags_max * WF_STATS_REGISTERS);

	memset(wf_stats_store, 0, sizeof(WfStatsStore));
	wf_stats_store->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	pg_atomic_init_u64(&wf_stats_store->generation, 1);
	pg_atomic_init_u64(&wf_stats_store->uncounted, 0);
	for (Size i = wf_stats_flags_max; i-- > 0;)
	{
		uint8	   *place = registers + i * WF_STATS_REGISTERS;

		memcpy(place, &wf_stats_store->free_registers, sizeof(uint8 *));
		wf_stats_store->free_registers = place;
	}
	for (Size i = (Size) wf_stats_flags_max * WF_STATS_CELLS_PER_FLAG; i-- > 0;)
	{
		cells[i].next = wf_stats_store->free_cells;
		wf_stats_store->free_cells = &cells[i];
	}
}
