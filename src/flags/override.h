/*
 * override.h: the variants that single targeting keys are given.
 */
#ifndef WF_FLAGS_OVERRIDE_H
#define WF_FLAGS_OVERRIDE_H

#include "flags/program.h"

typedef struct wf_override_hash WfOverrides;

typedef struct WfOverride
{
	WfString	flag;
	WfString	key;
	WfString	variant;
} WfOverride;

/* The table of one flag's overrides by key. */
extern WfOverrides *wf_flags_overrides_create(MemoryContext context);
extern void wf_flags_overrides_destroy(WfOverrides *overrides);
extern void wf_flags_overrides_add(WfOverrides *overrides, WfOverride *override);
extern bool wf_flags_overrides_remove(WfOverrides *overrides, WfOverride *override);
extern const WfOverride *wf_flags_overrides_find(const WfOverrides *overrides, WfString key);

#endif							/* WF_FLAGS_OVERRIDE_H */
