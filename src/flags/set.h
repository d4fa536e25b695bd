/*
 * set.h: sets of strings.
 */
#ifndef WF_FLAGS_SET_H
#define WF_FLAGS_SET_H

#include "flags/value.h"

typedef struct wf_string_set_hash WfStringSet;

extern WfStringSet *wf_flags_set_create(int expected);
extern void wf_flags_set_add(WfStringSet *set, WfString string);
extern bool wf_flags_set_has(const WfStringSet *set, WfString string);

#endif							/* WF_FLAGS_SET_H */
