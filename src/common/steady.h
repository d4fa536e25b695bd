/*
 * steady.h: reading catalogs that other sessions change meanwhile.
 */
#ifndef WF_COMMON_STEADY_H
#define WF_COMMON_STEADY_H

#include "postgres.h"

#include "fmgr.h"

extern void wf_common_steady(void (*function) (void *arg), void *arg);
extern Datum wf_common_steady_call(FunctionCallInfo fcinfo, PGFunction function);

#endif							/* WF_COMMON_STEADY_H */
