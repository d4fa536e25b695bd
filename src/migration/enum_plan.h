/*
 * enum_plan.h: what the files of enum_plan() share.
 */
#ifndef WF_MIGRATION_ENUM_PLAN_H
#define WF_MIGRATION_ENUM_PLAN_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "nodes/pg_list.h"

#include "schema/plan.h"

/* What is to be done to the enum, and how. */
typedef struct WfEnumOptions
{
	List	   *value;			/* char *: the values concerned */
	List	   *values;			/* char *: all values in their new order */
	char	   *before;
	char	   *after;
	char	   *to;				/* new name */
	char	   *replace_with;	/* the value that rows get instead */
	char	   *reason;			/* for the guard's log */
	char	   *lock_timeout;
	bool		count_rows;
	int64		count_timeout;	/* in milliseconds, for all counting */
} WfEnumOptions;

/* The enum, and all columns that hold its values. */
typedef struct WfEnum
{
	Oid			oid;
	char	   *schema;
	char	   *name;			/* qualified and quoted */
	List	   *labels;			/* char *, in order */
	List	   *columns;		/* WfEnumColumn */
} WfEnum;

/*
 * A column that holds values of the enum.  path leads from the column's type
 * to the enum: ".field" of a composite type, "[]" of an array, "<>" of a range,
 * "<*>" of a multirange; domains leave no trace.
 */
typedef struct WfEnumColumn
{
	char	   *table;			/* qualified and quoted */
	char	   *name;			/* quoted */
	List	   *path;			/* char * */
	char		kind;			/* relkind */
	bool		is_stored;		/* it is no generated column */
	bool		is_owned;		/* by the current role */
	bool		is_filtered;	/* policies hide rows from it */
	double		rows;			/* that hold one of the values; -1: not known */
	double		table_rows;		/* -1: not known */
} WfEnumColumn;

/* A plan in the making. */
typedef struct WfEnumPlan
{
	WfEnum		type;
	WfEnumOptions options;
	const char *operation;
	char	   *what;			/* the change in words */
	List	   *steps;			/* WfEnumStep */
} WfEnumPlan;

/* A row of the plan. */
typedef struct WfEnumStep
{
	char	   *sql;
	double		rows;			/* -1: not known, or none concerned */
	const char *comment;
} WfEnumStep;

/* enum_step.c */
extern void wf_enum_begin(WfEnumPlan *plan, const char *rule);
extern void wf_enum_step(WfEnumPlan *plan, char *sql, double rows, const char *comment);
extern double wf_enum_rows(WfEnumPlan *plan);
extern char *wf_enum_rows_comment(WfEnumPlan *plan, const char *comment);
extern double wf_enum_table_rows(WfEnumPlan *plan, Node *node);
extern void wf_enum_put_steps(ReturnSetInfo *result, List *steps);

/* enum_use.c */
extern void wf_enum_read_labels(WfEnum *type);
extern void wf_enum_read_columns(WfEnum *type);
extern void wf_enum_count(WfEnum *type, List *values, int64 milliseconds);
extern bool wf_enum_can_replace(WfEnumColumn *column);
extern char *wf_enum_update(WfEnum *type, WfEnumColumn *column, List *values, const char *replacement);
extern void wf_enum_refuse_bounds(WfEnum *type, List *values);

/* enum_rebuild.c */
extern WfPlan *wf_enum_rebuild(WfEnum *type, List *labels, List *gone, const char *replacement,
							   const char *lock_timeout, List **mentions);

#endif							/* WF_MIGRATION_ENUM_PLAN_H */
