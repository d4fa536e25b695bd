/*
 * read.h: reading the live database into a schema model.
 */
#ifndef WF_SCHEMA_READ_H
#define WF_SCHEMA_READ_H

#include "fmgr.h"

#include "schema/model.h"

/* watch.c */
extern uint64 wf_schema_count_changes(void);

/* read.c */
extern WfModel *wf_schema_read(List *schemas, List *left_out);
extern int	wf_schema_pin_settings(void);

/* progress.c */
extern void wf_schema_progress(const char *step);
extern void wf_schema_progress_end(void);

/* same.c */
struct same_hash;
extern struct same_hash *wf_schema_by_address(WfModel *model);
extern WfObject *wf_schema_same_object(struct same_hash *addresses, WfObject *object);
extern Jsonb *wf_schema_renames_between(WfModel *before, WfModel *after);
extern List *wf_schema_moves_back(WfModel *before, WfModel *after);

/* schema.c */
extern void wf_schema_read_pair(FunctionCallInfo fcinfo, Jsonb *renames, WfModel **from, WfModel **to);
extern void wf_schema_check_schemas(List *schemas);

#endif							/* WF_SCHEMA_READ_H */
