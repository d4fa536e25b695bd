/*
 * dialect_native_compute.c: what native definitions compute.  Pure.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"

bool
wf_flags_native_compute(WfNative *native, JsonbValue *value, const char *path, WfNode *node)
{
	return wf_flags_document_fault(native->fault, path, "not yet");
}
