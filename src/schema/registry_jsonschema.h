/*
 * registry_jsonschema.h: a JSON Schema as the parts that are compared.
 */
#ifndef WF_SCHEMA_REGISTRY_JSONSCHEMA_H
#define WF_SCHEMA_REGISTRY_JSONSCHEMA_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "schema/registry_compat.h"

typedef enum WfPartKind
{
	WF_PART_ANY,				/* true, {} */
	WF_PART_NOTHING,			/* false */
	WF_PART_NULL,
	WF_PART_BOOLEAN,
	WF_PART_NUMBER,
	WF_PART_STRING,
	WF_PART_OBJECT,
	WF_PART_ARRAY,
	WF_PART_ENUM,
	WF_PART_CONST,
	WF_PART_NOT,
	WF_PART_COMBINED,
	WF_PART_UNREAD				/* body is a schema still to be taken apart */
} WfPartKind;

typedef enum WfCriterion
{
	WF_ALL_OF,
	WF_ANY_OF,
	WF_ONE_OF
} WfCriterion;

/* One thing that a schema asks; what asks several is a combination of them. */
typedef struct WfPart
{
	WfPartKind	kind;
	JsonbValue *body;			/* the object it stands in */
	bool		integer;		/* of a number */
	WfCriterion criterion;		/* of a combination */
	List	   *parts;			/* WfPart *, of a combination */
	JsonbValue *root;			/* where references lead from */
} WfPart;

extern WfPart *wf_schema_json_part(JsonbValue *value, JsonbValue *root);
extern void wf_schema_json_compare_parts(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
extern bool wf_schema_json_fits(WfCompat *compat, WfPart *old, WfPart *update);
extern void wf_schema_json_compare_limits(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
extern void wf_schema_json_compare_objects(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
extern void wf_schema_json_compare_arrays(WfCompat *compat, WfPart *old, WfPart *update, const char *path);

#endif							/* WF_SCHEMA_REGISTRY_JSONSCHEMA_H */
