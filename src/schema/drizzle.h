/*
 * drizzle.h: reading the snapshots of Drizzle.
 */
#ifndef WF_SCHEMA_DRIZZLE_H
#define WF_SCHEMA_DRIZZLE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "schema/model.h"
#include "schema/names.h"

/* A document while its model is made. */
typedef struct Drizzle
{
	WfModel    *model;
	const char *argument;		/* what errors call the document */
	const char *path;			/* where unqualified names are looked up */
	int			ncolumns;		/* read so far */
	wf_names_hash *constraints; /* "table definition": names in the live
								 * database */
	wf_names_hash *sequences;	/* "table.column": name and settings there */
	wf_names_hash *keys;		/* "table (columns)": WfObject of the document */
} Drizzle;

/* One thing that the document tells of. */
typedef struct DrizzleEntity
{
	JsonbContainer *fields;
	const char *schema;
	const char *table;			/* NULL outside of tables */
	const char *name;
} DrizzleEntity;

/* drizzle.c */
extern WfObject *wf_drizzle_add(Drizzle *drizzle, WfObjectKind kind, const char *identity, const char *schema);
extern void wf_drizzle_set(WfObject *object, const char *attr, const char *value);
extern char *wf_drizzle_qualified(const char *schema, const char *name);
extern WfObject *wf_drizzle_find(Drizzle *drizzle, const char *type, const char *identity);
extern char *wf_drizzle_settings(JsonbContainer *fields, const char *type);
extern char *wf_drizzle_name(const char *name);

/* drizzle_field.c */
extern JsonbValue *wf_drizzle_field(JsonbContainer *fields, const char *key, const char *or_key);
extern char *wf_drizzle_text(JsonbContainer *fields, const char *key, const char *or_key);
extern bool wf_drizzle_flag(JsonbContainer *fields, const char *key);
extern JsonbContainer *wf_drizzle_members(JsonbContainer *fields, const char *key);
extern List *wf_drizzle_columns(Drizzle *drizzle, DrizzleEntity *entity, const char *key, const char *or_key);
extern char *wf_drizzle_needed_text(Drizzle *drizzle, DrizzleEntity *entity, const char *key, const char *or_key);
extern char *wf_drizzle_value_text(JsonbValue *value);
pg_noreturn extern void wf_drizzle_malformed(Drizzle *drizzle, const char *what);

/* drizzle_live.c */
extern void wf_drizzle_read_live(Drizzle *drizzle);
extern const char *wf_drizzle_live_name(Drizzle *drizzle, const char *table, const char *definition, const char *name);
extern Oid	wf_drizzle_live_table(const char *schema, const char *table);

/* drizzle_column.c */
extern void wf_drizzle_column(Drizzle *drizzle, DrizzleEntity *entity);

/* drizzle_table.c */
extern void wf_drizzle_primary_key(Drizzle *drizzle, DrizzleEntity *entity);
extern void wf_drizzle_key(Drizzle *drizzle, DrizzleEntity *entity, const char *kind, List *columns, bool name_given);
extern void wf_drizzle_unique(Drizzle *drizzle, DrizzleEntity *entity);
extern void wf_drizzle_check(Drizzle *drizzle, DrizzleEntity *entity);
extern void wf_drizzle_foreign_key(Drizzle *drizzle, DrizzleEntity *entity);
extern void wf_drizzle_index(Drizzle *drizzle, DrizzleEntity *entity);
extern void wf_drizzle_policy(Drizzle *drizzle, DrizzleEntity *entity);

#endif							/* WF_SCHEMA_DRIZZLE_H */
