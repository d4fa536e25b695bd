/*
 * list.h: lists of C strings.
 */
#ifndef WF_COMMON_LIST_H
#define WF_COMMON_LIST_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* Is the string in the list, byte by byte?  Items may be NULL. */
static inline bool
wf_common_list_has(const List *list, const char *item)
{
	ListCell   *lc;

	foreach(lc, list)
	{
		if (lfirst(lc) && strcmp((const char *) lfirst(lc), item) == 0)
			return true;
	}
	return false;
}

#endif							/* WF_COMMON_LIST_H */
