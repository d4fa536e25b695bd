/*
 * impact.h: what a change to an object reaches.
 *
 * A target is an object that changes (impact_target.c).  What depends on it by
 * the catalog, or names it in its text, is a thing that the change reaches:
 * each is a row, and what depends on a view, function or generated column that
 * is reached, is reached as well.
 */
#ifndef WF_MIGRATION_IMPACT_H
#define WF_MIGRATION_IMPACT_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "catalog/objectaddress.h"
#include "nodes/bitmapset.h"
#include "nodes/execnodes.h"
#include "nodes/pg_list.h"

#include "ddl/catalog.h"
#include "ddl/uses.h"
#include "migration/rule.h"

/* What becomes of the object. */
typedef enum WfChange
{
	WF_CHANGE_DROP,
	WF_CHANGE_RENAME,			/* or moved to another schema */
	WF_CHANGE_RETYPE,
	WF_CHANGE_CONSTRAIN,		/* rows may be refused that were let in */
	WF_CHANGE_REPLACE,			/* another definition, same name and type */
	WF_CHANGE_EXTEND			/* it gets one more column or label */
} WfChange;

/* An object that changes. */
typedef struct WfImpactTarget
{
	ObjectAddress address;
	WfChange	change;
	char	   *identity;		/* as the server writes it */
	int			statement;		/* of the text; 0: there is none */
} WfImpactTarget;

/* The target, or what it reaches that can be reached through in turn. */
typedef struct WfReached
{
	ObjectAddress address;		/* of a relation, column, type or routine */
	char	   *identity;
	char	   *name;			/* without schema; of a column the relation's */
	char	   *relation;		/* qualified and quoted; NULL: it is none */
	char	   *column;			/* NULL: none, or all */
	bool		is_target;
} WfReached;

/* How a thing uses what changes, in the order in which they are told. */
#define WF_HOW_READS "reads"
#define WF_HOW_WRITES "writes"
#define WF_HOW_REFERENCES "references"
#define WF_HOW_CALLS "calls"

/* Where it is known from. */
#define WF_VIA_DEPENDENCY "dependency"
#define WF_VIA_BODY "body"
#define WF_VIA_STATEMENT "statement"
#define WF_VIA_SAMPLE "sample"
#define WF_VIA_SERVICE "service"

/* A thing that is reached. */
typedef struct WfImpactRow
{
	const char *kind;
	const char *identity;
	const char *how;
	const char *via;
	List	   *columns;		/* of char * */
	bool		belongs;		/* part of what changes, and changes with it */
	bool		counted;		/* the next three are known */
	int64		calls;
	double		total_time;		/* in milliseconds; -1: not known */
	List	   *roles;			/* of char * */
	const char *application_name;
	const char *service;
	const char *owner;
	List	   *notes;			/* of WfNote */
} WfImpactRow;

/* The search for what one target reaches. */
typedef struct WfImpact
{
	WfCatalog  *catalog;
	const WfImpactTarget *target;
	List	   *reached;		/* of WfReached: looked through in this order */
	List	   *bodies;			/* of WfBodyText, read once */
	List	   *services;		/* of WfService, read once */
	List	   *observed;		/* of WfObserved, read once */
	HTAB	   *told;			/* what has a row */
	ReturnSetInfo *result;
} WfImpact;

/* impact_target.c */
extern List *wf_impact_targets(WfCatalog *catalog, const char *text, const char *change);

/* impact.c: for the files below */
typedef void (*WfTakeTuple) (void *arg, HeapTuple tuple, TupleDesc desc);

extern void wf_impact_query(const char *sql, int nargs, Oid *types, Datum *values, WfTakeTuple take, void *arg);
extern List *wf_impact_strings(HeapTuple tuple, TupleDesc desc, int column);
extern Datum wf_impact_string_array(List *strings);
extern void wf_impact_put(WfImpact *impact, const WfReached *through, WfImpactRow *row);
extern void wf_impact_reach(WfImpact *impact, ObjectAddress address);
extern void wf_impact_note(WfImpactRow *row, const char *key, const char *text);

/* impact_depend.c */
extern void wf_impact_dependents(WfImpact *impact, const WfReached *reached);
extern void wf_impact_publications(WfImpact *impact, const WfReached *reached);

/* impact_text.c: a text, and what its names mean */
typedef struct WfText
{
	List	   *uses;			/* of WfUses, one a statement */
	List	   *relations;		/* of List of WfRelation, likewise: what each
								 * name of a relation means, NULL: nothing */
	bool		is_partial;		/* not all of it could be read */
	bool		is_settled;		/* its search_path is known: what means
								 * nothing under it means nothing to anybody */
} WfText;

extern void wf_impact_text_add(WfCatalog *catalog, WfText *text, const char *sql);
extern const char *wf_impact_text_use(WfCatalog *catalog, const WfText *text, const WfReached *reached,
									  List **columns);
extern void wf_impact_split_columns(Oid relid, const WfUses *uses, const WfRelationUse *use,
									List **reads, List **writes);

/* sample_functions.c */
extern List *wf_impact_column_names(Oid relid, const Bitmapset *columns);

/* impact_body.c */
extern List *wf_impact_bodies(WfCatalog *catalog);
extern void wf_impact_body_rows(WfImpact *impact, const WfReached *reached);

/* impact_observe.c */
extern void wf_impact_observe(WfImpact *impact);
extern void wf_impact_observed_rows(WfImpact *impact, const WfReached *reached);

/* service.c */
extern List *wf_services(void);
extern void wf_service_rows(WfImpact *impact, const WfReached *reached);
extern void wf_service_attribute(WfImpact *impact, WfImpactRow *row);

/* activity.c */
extern void wf_activity_read(WfTakeTuple take, void *arg);

/* impact_severity.c */
extern WfSeverity wf_impact_severity(WfChange change, const WfImpactRow *row);
extern const char *wf_impact_change_name(WfChange change);
extern bool wf_impact_find_change(const char *name, WfChange *change);

#endif							/* WF_MIGRATION_IMPACT_H */
