/*
 * reference_list.h: a warning of flags that go out of use.
 */
#ifndef WF_FLAGS_REFERENCE_LIST_H
#define WF_FLAGS_REFERENCE_LIST_H

#include "nodes/pg_list.h"

extern void wf_flags_warn_of_references(const List *keys, int level);

#endif							/* WF_FLAGS_REFERENCE_LIST_H */
