/*
 * dependency.h: what has to hold between flags that require each other.
 */
#ifndef WF_FLAGS_DEPENDENCY_H
#define WF_FLAGS_DEPENDENCY_H

#include "nodes/pg_list.h"

#include "flags/program.h"

extern void wf_flags_refuse_circles(bool are_segments, const List *keys);
extern void wf_flags_refuse_required(const List *keys, bool deleted);

#endif							/* WF_FLAGS_DEPENDENCY_H */
