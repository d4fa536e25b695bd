/*
 * predicate.h: attributes of a context, and conditions on them.
 */
#ifndef WF_FLAGS_PREDICATE_H
#define WF_FLAGS_PREDICATE_H

#include "flags/program.h"

/* Whom a flag is evaluated for. */
typedef struct WfContext
{
	bool		valid;			/* false: INVALID_CONTEXT */
	bool		key_known;		/* key below is looked up already */
	WfString	key;			/* targeting key; data is NULL without one */
	Jsonb	   *attributes;		/* an object, or NULL */
} WfContext;

extern bool wf_flags_attribute_value(const WfContext *context, const WfAttribute *attribute,
									 JsonbValue *value);
extern bool wf_flags_attribute_text(WfContext *context, const WfAttribute *attribute,
									WfString *text);
extern bool wf_flags_condition_holds(const WfContext *context, const WfNode *node);
extern bool wf_flags_context_key(WfContext *context, WfString *key);

#endif							/* WF_FLAGS_PREDICATE_H */
