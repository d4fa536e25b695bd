/*
 * registry.h: tables and types as the schemas that a schema registry keeps.
 *
 * A relation or type is described by facts that come from the catalogs or from
 * a snapshot, becomes a shape (what Debezium makes of it in Kafka Connect's
 * terms), and the shape is written as Avro, JSON Schema or Protobuf.
 */
#ifndef WF_SCHEMA_REGISTRY_H
#define WF_SCHEMA_REGISTRY_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* What the caller chose; each text is one of the choices of its option. */
typedef struct WfRegistryOptions
{
	Jsonb	   *snapshot;		/* instead of the live database */
	char	   *part;
	char	   *prefix;			/* in front of the schema's name */
	char	   *name_adjustment;
	char	   *decimal_handling;
	char	   *time_precision;
	char	   *interval_handling;
	char	   *binary_handling;
	char	   *content_model;
	char	   *values;			/* what a JSON Schema describes */
	char	   *subject_strategy;
	char	   *topic;
	char	   *request;
	char	   *level;
} WfRegistryOptions;

/* A column of a table, or a member of a composite type. */
typedef struct WfColumnFacts
{
	const char *name;
	int			number;			/* attnum: stays when others go */
	const char *type;			/* as format_type writes it */
	bool		not_null;
	const char *default_text;	/* expression, or NULL */
	int			key;			/* place in the primary key, from 1; 0: none */
} WfColumnFacts;

/* A relation or a type; kind is pg_type's typtype, 'c' for all with columns. */
typedef struct WfTypeFacts
{
	char		kind;
	const char *schema;
	const char *name;
	List	   *columns;		/* WfColumnFacts *, of kind 'c' */
	List	   *labels;			/* char *, of kind 'e' */
	const char *base;			/* type text, of kind 'd' */
	bool		not_null;		/* of kind 'd' */
} WfTypeFacts;

/*
 * Where facts about types come from.  find returns NULL for a type that the
 * source does not know, which then is a plain base type.
 */
typedef struct WfTypeSource
{
	WfTypeFacts *(*find) (struct WfTypeSource *source, const char *type);
	MemoryContext context;
	struct WfModel *model;
} WfTypeSource;

typedef enum WfShapeKind
{
	WF_SHAPE_BOOLEAN,
	WF_SHAPE_INT16,
	WF_SHAPE_INT32,
	WF_SHAPE_INT64,
	WF_SHAPE_FLOAT32,
	WF_SHAPE_FLOAT64,
	WF_SHAPE_STRING,
	WF_SHAPE_BYTES,
	WF_SHAPE_ARRAY,
	WF_SHAPE_RECORD
} WfShapeKind;

/* What to_jsonb makes of a value. */
typedef enum WfJsonType
{
	WF_JSON_STRING,
	WF_JSON_BOOLEAN,
	WF_JSON_INTEGER,
	WF_JSON_NUMBER,
	WF_JSON_ANY
} WfJsonType;

/* How the literal of a default becomes a value of the shape. */
typedef enum WfDefaultKind
{
	WF_DEFAULT_NONE,
	WF_DEFAULT_TEXT,
	WF_DEFAULT_BOOLEAN,
	WF_DEFAULT_INTEGER,
	WF_DEFAULT_NUMBER,
	WF_DEFAULT_DECIMAL,
	WF_DEFAULT_BIT,
	WF_DEFAULT_BITS,
	WF_DEFAULT_DATE,
	WF_DEFAULT_TIME,			/* units: parts of a second */
	WF_DEFAULT_TIMESTAMP,
	WF_DEFAULT_ZONED,
	WF_DEFAULT_DURATION
} WfDefaultKind;

typedef struct WfShape
{
	WfShapeKind kind;
	const char *name;			/* Connect's name, full for records; NULL:
								 * none */
	const char *parameter;		/* Connect's parameter, or NULL, ... */
	const char *argument;		/* ... and its value */
	const char *logical_type;	/* Avro's, or NULL */
	int			precision;		/* of a decimal; 0: not known */
	int			scale;
	WfJsonType	json_type;
	const char *json_format;	/* JSON Schema's format, or NULL */
	List	   *labels;			/* char *, of an enum */
	WfDefaultKind default_kind;
	int			units;			/* a second's, of times */
	const char *placeholder;	/* literal that stands for a computed default */
	struct WfShape *element;	/* of an array */
	bool		element_required;
	List	   *fields;			/* WfField *, of a record */
	bool		predefined;		/* a record of Debezium's, no user's type */
	bool		building;		/* guards against a type that is part of
								 * itself */
} WfShape;

/* How values look in a schema. */
typedef enum WfValueForm
{
	WF_VALUE_AVRO,				/* a byte is the character of its code */
	WF_VALUE_CONNECT_JSON,		/* bytes are base64 */
	WF_VALUE_TO_JSONB
} WfValueForm;

typedef struct WfField
{
	const char *name;			/* adjusted */
	const char *column;			/* as the database has it */
	int			number;
	bool		optional;
	const char *default_text;	/* expression, or NULL */
	WfShape    *shape;
} WfField;

/* A schema ready to be written. */
typedef struct WfRegistrySubject
{
	const char *topic;			/* <prefix>.<schema>.<name>, as Kafka takes it */
	const char *record;			/* full name of the outermost record */
	WfShape    *shape;
	bool		is_key;
} WfRegistrySubject;

struct WfCompat;

typedef struct WfRegistryFormat
{
	const char *name;			/* avro */
	const char *schema_type;	/* AVRO, as the registry's API has it */
	char	   *(*write) (WfRegistrySubject *subject, WfRegistryOptions *options);
	/* Parses a schema; an error if it is none. */
	void	   *(*read) (const char *schema);
	/* Notes what keeps a reader from reading what the writer wrote. */
	void		(*compare) (struct WfCompat *compat, void *writer, void *reader);
	bool		has_index;		/* a message index precedes the payload */
} WfRegistryFormat;

/* registry_options.c */
extern void wf_schema_registry_options_parse(Jsonb *json, WfRegistryOptions *options);

/* registry_format.c */
extern const WfRegistryFormat *wf_schema_registry_format(const char *name);

/* registry_live.c, registry_snapshot.c */
extern WfTypeFacts *wf_schema_registry_live_relation(WfTypeSource *source, Oid relation);
extern WfTypeFacts *wf_schema_registry_live_find(WfTypeSource *source, const char *type);
extern WfTypeFacts *wf_schema_registry_snapshot_find(WfTypeSource *source, const char *type);

/* registry_shape.c */
extern WfRegistrySubject *wf_schema_registry_subject(WfTypeSource *source, WfTypeFacts *facts, const char *type,
													 WfRegistryOptions *options);

/* registry_scalar.c */
extern WfShape *wf_schema_registry_scalar(const char *base, int nargs, const int *args, WfRegistryOptions *options);

/* registry_names.c */
extern const char *wf_schema_registry_adjust(const char *name, bool dots, WfRegistryOptions *options);
extern void wf_schema_registry_check_fields(List *fields, const char *record);

/* registry_default.c */
extern char *wf_schema_registry_default(WfField *field, WfValueForm form);

/* registry_avro.c, registry_json.c, registry_protobuf.c */
extern char *wf_schema_registry_avro_write(WfRegistrySubject *subject, WfRegistryOptions *options);
extern char *wf_schema_registry_json_write(WfRegistrySubject *subject, WfRegistryOptions *options);
extern char *wf_schema_registry_protobuf_write(WfRegistrySubject *subject, WfRegistryOptions *options);

#endif							/* WF_SCHEMA_REGISTRY_H */
