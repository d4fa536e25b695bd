/*
 * manage.h: statements of functions that change flags.
 */
#ifndef WF_FLAGS_MANAGE_H
#define WF_FLAGS_MANAGE_H

#include "fmgr.h"

/* Most parameters that such a statement has. */
#define WF_PARAMS_MAX 8

typedef struct WfParams
{
	int			count;
	Oid			types[WF_PARAMS_MAX];
	Datum		values[WF_PARAMS_MAX];
	char		nulls[WF_PARAMS_MAX];	/* as SPI has them */
} WfParams;

extern void wf_flags_add_param(WfParams *params, Oid type, Datum value, bool isnull);
extern void wf_flags_add_argument(WfParams *params, FunctionCallInfo fcinfo, int arg, Oid type);
extern void wf_flags_add_required(WfParams *params, FunctionCallInfo fcinfo, int arg, const char *name);
extern bool wf_flags_run(const char *sql, WfParams *params, int32 *result);
extern void wf_flags_refuse_null(FunctionCallInfo fcinfo, int arg, const char *name);

#endif							/* WF_FLAGS_MANAGE_H */
