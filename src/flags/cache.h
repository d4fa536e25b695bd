/*
 * cache.h: the flags of this database, compiled, in this backend.
 */
#ifndef WF_FLAGS_CACHE_H
#define WF_FLAGS_CACHE_H

#include "access/xact.h"
#include "storage/itemptr.h"

#include "flags/override.h"
#include "flags/program.h"

/* A flag in the cache; valid until the cache's generation changes. */
typedef struct WfFlag
{
	WfString	key;
	TransactionId xmin;			/* the row version that was compiled */
	ItemPointerData tid;
	uint64		generation;		/* of the load that last saw the row */
	MemoryContext context;		/* owns program */
	const WfProgram *program;
	WfOverrides *overrides;		/* or NULL */
} WfFlag;

/*
 * One statement gets one answer, so what was loaded stays pinned while both
 * time stamps stay; a COMMIT inside a procedure changes the second.
 */
typedef struct WfFlagCache
{
	uint64		generation;		/* changes with each load */
	TimestampTz statement;		/* statement and transaction of the pin */
	TimestampTz transaction;
	bool		unpinned;		/* an own change ended the pin */
} WfFlagCache;

extern WfFlagCache wf_flags_cache;

extern void wf_flags_cache_init(void);
extern void wf_flags_cache_refresh(void);
extern const WfFlag *wf_flags_cache_find(WfString key);
extern void wf_flags_cache_own_change(void);

/* Makes the cache what this statement has to see.  Cheap when it is. */
static inline void
wf_flags_cache_ensure(void)
{
	if (unlikely(wf_flags_cache.statement != GetCurrentStatementStartTimestamp() ||
				 wf_flags_cache.transaction != GetCurrentTransactionStartTimestamp() ||
				 wf_flags_cache.unpinned))
		wf_flags_cache_refresh();
}

#endif							/* WF_FLAGS_CACHE_H */
