/*
 * integrity.h: what has to hold between flags and overrides.
 */
#ifndef WF_FLAGS_INTEGRITY_H
#define WF_FLAGS_INTEGRITY_H

#include "flags/record.h"

extern WfProgram *wf_flags_lock_flag(WfString key, bool *exists, WfClosed *closed);
extern void wf_flags_check_serving(WfString key);
extern void wf_flags_refuse_closed(const WfString *key);
extern void wf_flags_check_overrides(WfString key, const WfProgram *program);
extern const char *wf_flags_value_type(Jsonb *value);
extern const char *wf_flags_variants_type(const WfProgram *program);
extern void wf_flags_delete_overrides(const WfString *flag);
pg_noreturn extern void wf_flags_report_unknown(WfString key);

#endif							/* WF_FLAGS_INTEGRITY_H */
