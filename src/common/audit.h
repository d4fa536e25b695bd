/*
 * audit.h: the history of a table that people edit by plain SQL.
 */
#ifndef WF_COMMON_AUDIT_H
#define WF_COMMON_AUDIT_H

#include "postgres.h"

#include "commands/trigger.h"

extern TriggerData *wf_common_audit_data(FunctionCallInfo fcinfo, const char *table);
extern TriggerData *wf_common_audit_before(FunctionCallInfo fcinfo, const char *table);
extern char *wf_common_audit_text(TriggerData *data, HeapTuple tuple, int column);
extern void wf_common_audit_check_list(TriggerData *data, HeapTuple tuple, int column, const char *name);
extern void wf_common_audit_check_role(TriggerData *data, HeapTuple tuple, int column, int changed_at);
extern bool wf_common_is_restored(TriggerData *data, int changed_at);
extern HeapTuple wf_common_note_change(TriggerData *data, int reason, int changed_at, int changed_by);
extern void wf_common_audit(TriggerData *data, const char *history_table, int changed_at);

#endif							/* WF_COMMON_AUDIT_H */
