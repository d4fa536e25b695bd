/*
 * functions.h: what the files with the room's SQL functions share.
 */
#ifndef WF_SCHEMA_FUNCTIONS_H
#define WF_SCHEMA_FUNCTIONS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "schema/plan.h"

#define SCHEMAS_ARGUMENT(n) (PG_ARGISNULL(n) ? NULL : PG_GETARG_ARRAYTYPE_P(n))
#define OPTIONS_ARGUMENT(n) (PG_ARGISNULL(n) ? NULL : PG_GETARG_JSONB_P(n))

/* schema.c */
extern WfModel *wf_schema_read_request(ArrayType *schemas, Jsonb *options);
extern List *wf_schema_names(ArrayType *array);
extern void wf_schema_emit_plan(FunctionCallInfo fcinfo, WfPlan *plan);

/* drizzle.c */
extern bool wf_schema_is_drizzle(Jsonb *document);
extern WfModel *wf_schema_from_drizzle(Jsonb *document, const char *argument);

#endif							/* WF_SCHEMA_FUNCTIONS_H */
