/*
 * requirement.h: the fields that a flag's record has to have here.
 */
#ifndef WF_FLAGS_REQUIREMENT_H
#define WF_FLAGS_REQUIREMENT_H

#include "commands/trigger.h"

extern void wf_flags_requirement_init(void);
extern void wf_flags_check_required(TriggerData *data);
extern void wf_flags_require_nothing(void);

#endif							/* WF_FLAGS_REQUIREMENT_H */
