/*
 * registry_avro.h: an Avro schema, parsed.
 */
#ifndef WF_SCHEMA_REGISTRY_AVRO_H
#define WF_SCHEMA_REGISTRY_AVRO_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef enum WfAvroKind
{
	WF_AVRO_NULL,
	WF_AVRO_BOOLEAN,
	WF_AVRO_INT,
	WF_AVRO_LONG,
	WF_AVRO_FLOAT,
	WF_AVRO_DOUBLE,
	WF_AVRO_BYTES,
	WF_AVRO_STRING,
	WF_AVRO_ARRAY,
	WF_AVRO_MAP,
	WF_AVRO_RECORD,
	WF_AVRO_ENUM,
	WF_AVRO_FIXED,
	WF_AVRO_UNION
} WfAvroKind;

typedef struct WfAvro
{
	WfAvroKind	kind;
	const char *name;			/* full, of named types */
	List	   *aliases;		/* char *, full */
	List	   *fields;			/* WfAvroField *, of a record */
	List	   *symbols;		/* char *, of an enum */
	const char *symbol_default; /* of an enum, or NULL */
	int64		size;			/* of a fixed */
	struct WfAvro *element;		/* of an array or map */
	List	   *branches;		/* WfAvro *, of a union */
	bool		decimal;
	int64		precision;
	int64		scale;
} WfAvro;

typedef struct WfAvroField
{
	const char *name;
	List	   *aliases;
	WfAvro	   *type;
	JsonbValue *default_value;	/* or NULL */
} WfAvroField;

extern const char *wf_schema_avro_kind_name(WfAvroKind kind);
extern bool wf_schema_avro_default_fits(WfAvro *type, JsonbValue *value);

#endif							/* WF_SCHEMA_REGISTRY_AVRO_H */
