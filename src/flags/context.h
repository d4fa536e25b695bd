/*
 * context.h: contexts from SQL arguments and from the session.
 */
#ifndef WF_FLAGS_CONTEXT_H
#define WF_FLAGS_CONTEXT_H

#include "utils/uuid.h"

#include "flags/run.h"

extern void wf_flags_context_init(void);
extern void wf_flags_context_refuse_key(void);
extern Jsonb *wf_flags_context_parse(const char *text);
extern void wf_flags_context_from_json(WfContext *context, Jsonb *attributes);
extern void wf_flags_context_from_session(WfContext *context);
extern bool wf_flags_converts_text(void);

/* A text key.  One that looks like JSON is refused, see context.c. */
static inline void
wf_flags_context_from_key(WfContext *context, const char *data, int len)
{
	context->valid = true;
	context->key_known = true;
	context->key.data = len > 0 ? data : NULL;
	context->key.len = len;
	context->attributes = NULL;
	context->form = WF_CONTEXT_PLAIN;
	if (unlikely(len > 0 && data[0] == '{'))
	{
		context->valid = false;
		wf_flags_context_refuse_key();
	}
}

#endif							/* WF_FLAGS_CONTEXT_H */
