/*
 * hook.h: what event triggers do not see.
 */
#ifndef WF_GUARD_HOOK_H
#define WF_GUARD_HOOK_H

#include "postgres.h"

/* hook.c */
extern void wf_guard_hook_init(void);
extern bool wf_guard_hook_applies(void);

/* hook_enum.c */
extern void wf_guard_hook_enum_init(void);

#endif							/* WF_GUARD_HOOK_H */
