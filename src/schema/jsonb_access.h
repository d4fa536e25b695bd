/*
 * jsonb_access.h: members and elements of jsonb values.
 */
#ifndef WF_SCHEMA_JSONB_ACCESS_H
#define WF_SCHEMA_JSONB_ACCESS_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

extern JsonbValue *wf_schema_jsonb_parse(const char *text);
extern bool wf_schema_jsonb_is_object(JsonbValue *value);
extern bool wf_schema_jsonb_is_array(JsonbValue *value);
extern JsonbValue *wf_schema_jsonb_get(JsonbValue *object, const char *key);
extern char *wf_schema_jsonb_text(JsonbValue *value);
extern char *wf_schema_jsonb_string(JsonbValue *object, const char *member);
extern int64 wf_schema_jsonb_integer(JsonbValue *value, int64 otherwise);
extern List *wf_schema_jsonb_keys(JsonbValue *object);
extern List *wf_schema_jsonb_elements(JsonbValue *array);
extern List *wf_schema_jsonb_strings(JsonbValue *array);

#endif							/* WF_SCHEMA_JSONB_ACCESS_H */
