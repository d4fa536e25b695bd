/*
 * callbacks.h: what the evaluator asks the server for.
 */
#ifndef WF_FLAGS_CALLBACKS_H
#define WF_FLAGS_CALLBACKS_H

#include "miscadmin.h"

#include "flags/run.h"

extern TimestampTz wf_flags_moment(void *arg);
extern uint32 wf_flags_random(void *arg);
extern void wf_flags_check_interrupts(void);

#endif							/* WF_FLAGS_CALLBACKS_H */
