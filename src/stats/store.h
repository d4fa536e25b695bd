/*
 * store.h: what was counted, in shared memory or in this backend.
 */
#ifndef WF_STATS_STORE_H
#define WF_STATS_STORE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "storage/spin.h"
#include "utils/hsearch.h"

/* Longest name of a flag, with its end, and of a variant; what is longer is cut. */
#define WF_STATS_NAME_SIZE 204
#define WF_STATS_VARIANT_SIZE 64

/* HyperLogLog of 1 kB: its standard error is 1.04 / sqrt(1024) = 3.25 %. */
#define WF_STATS_REGISTER_BITS 10
#define WF_STATS_REGISTERS (1 << WF_STATS_REGISTER_BITS)

typedef enum WfStatsKind
{
	WF_STATS_FLAG,				/* without a name: all flags of the database
								 * that found no place, and its cache */
	WF_STATS_UNKNOWN			/* a flag that is asked for and not defined;
								 * without a name likewise */
} WfStatsKind;

/* The installation is the OID of a table: CREATE EXTENSION begins anew. */
typedef struct WfStatsKey
{
	Oid			database;
	Oid			installation;
	uint32		kind;			/* WfStatsKind */
	char		name[WF_STATS_NAME_SIZE];	/* filled with zeroes */
} WfStatsKey;

/* Evaluations of a flag that had one result. */
typedef struct WfStatsCell
{
	struct WfStatsCell *next;
	int64		evaluations;
	uint8		reason;			/* numbers of the flags room */
	uint8		error;
	bool		served;			/* false: no variant, the caller's default */
	char		variant[WF_STATS_VARIANT_SIZE]; /* empty for one without a
												 * name */
} WfStatsCell;

/* What is counted of a flag or of a name; but for the key, under the mutex. */
typedef struct WfStatsEntry
{
	WfStatsKey	key;
	slock_t		mutex;
	TimestampTz since;
	int64		evaluations;
	int64		errors;
	int64		fallbacks;		/* the caller's default was served */
	TimestampTz first;			/* 0: never */
	TimestampTz last;
	uint8		last_error;
	TimestampTz last_error_at;
	int64		loads;			/* of the cache, in the entry without a name */
	int64		load_us;
	int64		last_load_us;
	TimestampTz last_load_at;
	uint8	   *registers;		/* or NULL; only ever rise */
	int			ncells;
	WfStatsCell *cells;			/* the list changes under the store's lock */
} WfStatsEntry;

typedef struct WfStatsStore
{
	LWLock	   *lock;			/* shared: entries and cells stay; NULL in a
								 * backend's own */
	pg_atomic_uint64 generation;	/* changes when entries go */
	pg_atomic_uint64 uncounted; /* evaluations of databases without a place */
	bool		told;			/* that there is no more place */
	int			nentries[2];	/* by kind */
	WfStatsCell *free_cells;
	uint8	   *free_registers; /* each begins with the address of the next */
} WfStatsStore;

/* Most names, and most cells for each flag that there may be. */
#define WF_STATS_UNKNOWN_MAX 1000
#define WF_STATS_CELLS_PER_FLAG 4

typedef void (*WfStatsVisit) (void *arg, WfStatsEntry *entry);

extern bool wf_stats_track;
extern double wf_stats_sample_rate;
extern int	wf_stats_flags_max;

/* shared.c: of the whole server */
extern void wf_stats_shared_init(void);
extern bool wf_stats_is_shared(void);

/* store.c: the one that this backend counts in */
extern WfStatsStore *wf_stats_store;
extern HTAB *wf_stats_entries;

extern void wf_stats_lock(LWLockMode mode);
extern void wf_stats_unlock(void);
extern Oid	wf_stats_installation(void);
extern void wf_stats_key_set(WfStatsKey *key, Oid installation, WfStatsKind kind, const char *name, int len);
extern WfStatsEntry *wf_stats_entry_find(const WfStatsKey *key);
extern WfStatsEntry *wf_stats_entry_enter(const WfStatsKey *key, TimestampTz now);
extern WfStatsCell *wf_stats_cell_find(WfStatsEntry *entry, const WfStatsCell *like);
extern WfStatsCell *wf_stats_cell_enter(WfStatsEntry *entry, const WfStatsCell *like);
extern int64 wf_stats_remove(WfStatsStore *store, HTAB *entries,
							 bool (*matches) (void *arg, const WfStatsKey *key), void *arg);
extern void wf_stats_each(HTAB *entries, WfStatsVisit visit, void *arg);

/* persist.c: over a restart */
extern void wf_stats_save(int code, Datum arg);
extern void wf_stats_load(void);

#endif							/* WF_STATS_STORE_H */
