/*
 * ring.c: the shared memory of the guard's log.
 *
 * Where the library is in shared_preload_libraries, a backend puts its row in a
 * place there (ring_wait.c), and the database's worker writes all rows that wait
 * in one transaction (ring_worker.c).
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "guard/ring.h"
#include "guard/ring_shared.h"

#define TRANCHE "wishflags guard log"

Ring	   *wf_guard_ring = NULL;

static shmem_request_hook_type next_request = NULL;
static shmem_startup_hook_type next_startup = NULL;

static void request_memory(void);
static void start_memory(void);

/* Called when the library is loaded. */
void
wf_guard_ring_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	next_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	next_startup = shmem_startup_hook;
	shmem_startup_hook = start_memory;
}

static void
request_memory(void)
{
	if (next_request)
		next_request();
	RequestAddinShmemSpace(MAXALIGN(sizeof(Ring)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
start_memory(void)
{
	bool		found;

	if (next_startup)
		next_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	wf_guard_ring = ShmemInitStruct(TRANCHE, sizeof(Ring), &found);
	if (!found)
	{
		memset(wf_guard_ring, 0, sizeof(Ring));
		wf_guard_ring->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

/* Whether the library is preloaded for the whole server. */
bool
wf_guard_ring_exists(void)
{
	return wf_guard_ring != NULL;
}

/* Whether the row can go by the ring. */
bool
wf_guard_ring_holds(const WfGuardLogRow *row)
{
	return wf_guard_ring && wf_guard_log_pack_size(row) <= PLACE_BYTES;
}

/* The worker of a database, or NULL; the caller holds the lock. */
Worker *
wf_guard_ring_worker(Oid database)
{
	for (int i = 0; i < RING_WORKERS; i++)
	{
		if (wf_guard_ring->workers[i].database == database)
			return &wf_guard_ring->workers[i];
	}
	return NULL;
}
