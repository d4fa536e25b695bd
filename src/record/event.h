/*
 * event.h: what the server tells an event trigger of the command's objects.
 */
#ifndef WF_RECORD_EVENT_H
#define WF_RECORD_EVENT_H

#include "postgres.h"

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"

/* An object that a command made, changed or dropped. */
typedef struct WfRecordObject
{
	ObjectAddress address;
	char	   *tag;			/* of the command; NULL: it was dropped */
	bool		original;		/* the command named what was dropped */
	char	   *type;
	char	   *identity;		/* NULL: GRANT and its like name none */
} WfRecordObject;

extern List *wf_record_event_commands(void);
extern List *wf_record_event_dropped(void);

#endif							/* WF_RECORD_EVENT_H */
