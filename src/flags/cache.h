/*
 * cache.h: the flags of this database, compiled, in this backend.
 */
#ifndef WF_FLAGS_CACHE_H
#define WF_FLAGS_CACHE_H

#include "access/xact.h"

#include "flags/preview.h"
#include "flags/run.h"
#include "flags/store.h"

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

/* For evaluations of cached flags. */
extern WfCallbacks wf_flags_cache_callbacks;

extern void wf_flags_cache_init(void);
extern void wf_flags_cache_refresh(void);
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

/* For evaluations of cached flags, after wf_flags_cache_ensure().  One test where nothing is previewed. */
static inline const WfCallbacks *
wf_flags_callbacks(void)
{
	if (unlikely(wf_flags_previewing))
		wf_flags_preview_update();
	return &wf_flags_cache_callbacks;
}

#endif							/* WF_FLAGS_CACHE_H */
