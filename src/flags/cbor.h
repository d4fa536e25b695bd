/*
 * cbor.h: values as CBOR.
 */
#ifndef WF_FLAGS_CBOR_H
#define WF_FLAGS_CBOR_H

#include "lib/stringinfo.h"

#include "flags/value.h"

extern void wf_flags_cbor_append_array(StringInfo bytes, int length);
extern bool wf_flags_cbor_append(StringInfo bytes, const WfValue *value, bool converts);

#endif							/* WF_FLAGS_CBOR_H */
