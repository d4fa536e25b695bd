/*
 * json.h: writing JSON objects.
 */
#ifndef WF_FLAGS_JSON_H
#define WF_FLAGS_JSON_H

#include "flags/value.h"

extern void wf_flags_json_begin(JsonbParseState **state);
extern Jsonb *wf_flags_json_end(JsonbParseState **state);
extern void wf_flags_json_close_object(JsonbParseState **state);
extern void wf_flags_json_open_array(JsonbParseState **state, const char *key);
extern void wf_flags_json_close_array(JsonbParseState **state);
extern void wf_flags_json_key(JsonbParseState **state, const char *key);
extern void wf_flags_json_value(JsonbParseState **state, const char *key, const WfValue *value);
extern void wf_flags_json_document(JsonbParseState **state, const char *key, Jsonb *document);
extern void wf_flags_json_string(JsonbParseState **state, const char *key, WfString string);
extern void wf_flags_json_text(JsonbParseState **state, const char *key, const char *text);
extern void wf_flags_json_boolean(JsonbParseState **state, const char *key, bool boolean);
extern void wf_flags_json_number(JsonbParseState **state, const char *key, double number);
extern Jsonb *wf_flags_json_empty(void);

#endif							/* WF_FLAGS_JSON_H */
