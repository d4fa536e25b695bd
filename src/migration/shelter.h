/*
 * shelter.h: where the data stay that a migration takes away, until it has
 * proved right or is undone.
 */
#ifndef WF_MIGRATION_SHELTER_H
#define WF_MIGRATION_SHELTER_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "schema/model.h"

/* What is kept of one table. */
typedef struct WfSheltered
{
	WfObject   *table;			/* as it was before */
	const char *name;			/* of the table in the shelter, qualified and
								 * quoted */
	bool		gone;			/* the table itself goes */
	bool		rows;			/* rows go: all of them are kept */
	List	   *columns;		/* WfObject: whose values go */
	List	   *key;			/* WfObject: columns that tell rows apart */
	const char *why_not;		/* it cannot be kept; or NULL */
} WfSheltered;

typedef struct WfShelter
{
	const char *schema;			/* quoted */
	List	   *tables;			/* WfSheltered */
	List	   *sequences;		/* char *: whose positions go, quoted */
	struct same_hash *after;	/* addresses of what is there after */
} WfShelter;

/* shelter.c */
extern WfShelter *wf_migration_shelter(const char *schema, WfModel *before, WfModel *after, List *changes);
extern void wf_migration_shelter_open(WfShelter *shelter, WfModel *before);

/* shelter_sql.c */
extern char *wf_migration_shelter_keep(WfShelter *shelter);
extern char *wf_migration_shelter_restore(WfShelter *shelter);
extern char *wf_migration_shelter_comment(WfShelter *shelter);

#endif							/* WF_MIGRATION_SHELTER_H */
