/*
 * registry_compat.h: whether a reader of one schema understands what was
 * written with another one.
 */
#ifndef WF_SCHEMA_REGISTRY_COMPAT_H
#define WF_SCHEMA_REGISTRY_COMPAT_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* One reason why a reader cannot read. */
typedef struct WfIncompatibility
{
	const char *kind;			/* as the format's own registry calls it */
	const char *path;
	const char *message;
} WfIncompatibility;

typedef struct WfCompat
{
	List	   *found;			/* WfIncompatibility * */
	List	   *pairs;			/* what is compared already: void *, writer
								 * and reader in turn */
} WfCompat;

typedef struct WfCompatLevel
{
	const char *name;
	bool		backward;		/* the new schema reads what the old one wrote */
	bool		forward;		/* the old schema reads what the new one
								 * writes */
	bool		transitive;		/* all old ones, not the last only */
} WfCompatLevel;

/* registry_compat.c */
extern const WfCompatLevel *wf_schema_compat_level(const char *name);
extern void wf_schema_compat_note(WfCompat *compat, const char *kind, const char *path,
								  const char *message,...) pg_attribute_printf(4, 5);
extern bool wf_schema_compat_seen(WfCompat *compat, const void *writer, const void *reader);

/* registry_avro_read.c, registry_avro_compat.c */
extern void *wf_schema_avro_read(const char *schema);
extern void wf_schema_avro_compare(WfCompat *compat, void *writer, void *reader);

/* registry_json_read.c, registry_json_compat.c */
extern void *wf_schema_json_read(const char *schema);
extern void wf_schema_json_compare(WfCompat *compat, void *writer, void *reader);

/* registry_protobuf_read.c, registry_protobuf_compat.c */
extern void *wf_schema_protobuf_read(const char *schema);
extern void wf_schema_protobuf_compare(WfCompat *compat, void *writer, void *reader);

#endif							/* WF_SCHEMA_REGISTRY_COMPAT_H */
