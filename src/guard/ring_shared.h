/*
 * ring_shared.h: the ring in shared memory, as its backends and workers see it.
 */
#ifndef WF_GUARD_RING_SHARED_H
#define WF_GUARD_RING_SHARED_H

#include "postgres.h"

#include "storage/latch.h"
#include "storage/lwlock.h"

#include "guard/log.h"

/* So many rows can be on their way, of so many bytes each. */
#define RING_PLACES 64
#define PLACE_BYTES 16384

/* So many databases have a worker at a time. */
#define RING_WORKERS 32

typedef enum PlaceState
{
	PLACE_FREE,
	PLACE_PENDING,				/* a backend waits for the row to be written */
	PLACE_TAKEN,				/* a worker writes it */
	PLACE_WRITTEN,				/* committed; the backend has to look */
	PLACE_FAILED
} PlaceState;

typedef struct Place
{
	PlaceState	state;
	Oid			database;
	pid_t		worker;			/* that has taken it */
	bool		is_abandoned;	/* the backend waits no longer */
	Latch	   *backend;
	union
	{
		WfGuardLogPack row;
		char		bytes[PLACE_BYTES];
	}			content;		/* while taken, of its worker alone */
} Place;

typedef struct Worker
{
	Oid			database;		/* InvalidOid: nobody's */
	pid_t		pid;			/* 0: asked for, and not there yet */
	TimestampTz asked_at;
	Latch	   *latch;
} Worker;

/* All protected by the lock. */
typedef struct Ring
{
	LWLock	   *lock;
	Worker		workers[RING_WORKERS];
	Place		places[RING_PLACES];
} Ring;

/* ring.c; NULL where the library is not preloaded for the whole server. */
extern Ring *wf_guard_ring;

extern Worker *wf_guard_ring_worker(Oid database);

#endif							/* WF_GUARD_RING_SHARED_H */
