/*
 * dialect_native.h: parts of the native dialect.
 */
#ifndef WF_FLAGS_DIALECT_NATIVE_H
#define WF_FLAGS_DIALECT_NATIVE_H

#include "flags/dialect.h"

extern bool wf_flags_compile_condition(JsonbValue *value, const char *path, WfFault *fault,
									   WfNode *node, int *npredicates);

/* A segment's definition; NULL, with a fault, when it is wrong. */
extern const WfSegment *wf_flags_compile_segment(WfString key, Jsonb *definition, bool converts,
												 WfFault *fault);

#endif							/* WF_FLAGS_DIALECT_NATIVE_H */
