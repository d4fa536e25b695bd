/*
 * override.h: the variants that single targeting keys are given.
 */
#ifndef WF_FLAGS_OVERRIDE_H
#define WF_FLAGS_OVERRIDE_H

#include "flags/program.h"

typedef struct WfOverride
{
	WfString	key;
	WfString	variant;
	uint32		hash;
	char		status;
} WfOverride;

typedef struct wf_override_hash WfOverrides;

extern WfOverrides *wf_flags_overrides_create(MemoryContext context);
extern void wf_flags_overrides_add(WfOverrides *overrides, WfString key, WfString variant);
extern const WfOverride *wf_flags_overrides_find(const WfOverrides *overrides, WfString key);

#endif							/* WF_FLAGS_OVERRIDE_H */
