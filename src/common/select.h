/*
 * select.h: queries that a user gives as text.
 */
#ifndef WF_COMMON_SELECT_H
#define WF_COMMON_SELECT_H

#include "postgres.h"

#include "access/tupdesc.h"

extern char *wf_common_select(const char *query, const char *what, const char *example, TupleDesc *columns);

#endif							/* WF_COMMON_SELECT_H */
