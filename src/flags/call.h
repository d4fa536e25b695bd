/*
 * call.h: what the SQL functions on flags share.
 */
#ifndef WF_FLAGS_CALL_H
#define WF_FLAGS_CALL_H

#include "flags/program.h"

extern Jsonb *wf_flags_variant_value(const WfProgram *program, int variant);

#endif							/* WF_FLAGS_CALL_H */
