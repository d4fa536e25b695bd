/*
 * store.h: the compiled flags in memory, found by key.
 */
#ifndef WF_FLAGS_STORE_H
#define WF_FLAGS_STORE_H

#include "flags/override.h"
#include "flags/program.h"

extern void wf_flags_store_create(MemoryContext context);
extern const WfFlag *wf_flags_store_find(WfString key);
extern WfFlag *wf_flags_store_enter(WfString key, bool *found);
extern void wf_flags_store_compile(WfFlag *flag, Datum *values, bool *nulls);
extern void wf_flags_store_remove(WfFlag *flag);
extern void wf_flags_store_clear_overrides(void);
extern void wf_flags_store_add_override(WfString key, WfString targeting_key, WfString variant);

#endif							/* WF_FLAGS_STORE_H */
