/*
 * notify.h: telling the listeners of channel wishflags what has changed.
 */
#ifndef WF_FLAGS_NOTIFY_H
#define WF_FLAGS_NOTIFY_H

#include "flags/trigger.h"

typedef enum WfNotifyKind
{
	WF_NOTIFY_FLAG,				/* or its overrides */
	WF_NOTIFY_SEGMENT,
	WF_NOTIFY_DOCUMENT
} WfNotifyKind;

#define WF_NOTIFY_KINDS 3

extern void wf_flags_notify_init(void);
extern void wf_flags_notify(TriggerData *data, WfNotifyKind kind, int key, int created_at);

#endif							/* WF_FLAGS_NOTIFY_H */
