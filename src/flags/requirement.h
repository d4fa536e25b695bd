/*
 * requirement.h: the fields that a flag's record has to have here.
 */
#ifndef WF_FLAGS_REQUIREMENT_H
#define WF_FLAGS_REQUIREMENT_H

#include "flags/trigger.h"

extern void wf_flags_requirement_init(void);
extern void wf_flags_check_required(const WfTriggerRow *row);

#endif							/* WF_FLAGS_REQUIREMENT_H */
