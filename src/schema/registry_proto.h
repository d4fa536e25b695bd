/*
 * registry_proto.h: a .proto file, parsed.
 */
#ifndef WF_SCHEMA_REGISTRY_PROTO_H
#define WF_SCHEMA_REGISTRY_PROTO_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef enum WfProtoLabel
{
	WF_PROTO_SINGLE,
	WF_PROTO_OPTIONAL,
	WF_PROTO_REQUIRED,
	WF_PROTO_REPEATED
} WfProtoLabel;

typedef struct WfProtoField
{
	const char *name;
	int			number;
	WfProtoLabel label;
	const char *type;			/* as written; of a map that of its values */
	const char *key_type;		/* of a map, or NULL */
	const char *oneof;			/* its name, or NULL */
} WfProtoField;

/* A message or an enum; the file itself is a message without fields. */
typedef struct WfProtoType
{
	const char *name;
	struct WfProtoType *outer;
	bool		is_enum;
	List	   *fields;			/* WfProtoField * */
	List	   *types;			/* WfProtoType *, nested */
	const char *package;		/* of the file, or NULL */
} WfProtoType;

#endif							/* WF_SCHEMA_REGISTRY_PROTO_H */
