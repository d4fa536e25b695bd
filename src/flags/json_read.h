/*
 * json_read.h: reading JSON from text without raising what is wrong with it.
 */
#ifndef WF_FLAGS_JSON_READ_H
#define WF_FLAGS_JSON_READ_H

#include "flags/value.h"

/* A text that is being read. */
typedef struct WfReader
{
	const char *at;
	const char *end;
} WfReader;

extern bool wf_flags_json_read_string(WfReader *reader, WfString *string);
extern bool wf_flags_json_read_array(WfString text, int *length, WfValue **elements);
extern Jsonb *wf_flags_json_read_document(WfString text);

#endif							/* WF_FLAGS_JSON_READ_H */
