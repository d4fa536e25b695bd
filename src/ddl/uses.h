/*
 * uses.h: which relations, columns, routines and types a raw statement names.
 *
 * Nothing is looked up here: a column without a qualifier belongs to any
 * relation of the statement that has one of that name, which the caller knows.
 * So what is said of a column may be too much, never too little.
 */
#ifndef WF_DDL_USES_H
#define WF_DDL_USES_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/* One mention of a relation. */
typedef struct WfRelationUse
{
	const RangeVar *name;
	bool		writes;			/* INSERT, UPDATE, DELETE, MERGE, TRUNCATE,
								 * COPY into it */
	bool		writes_all;		/* INSERT or COPY without a list of columns */
	bool		reads_all;		/* COPY of it without a list */
	List	   *columns;		/* of char *: those that it writes */
} WfRelationUse;

/* One mention of a column. */
typedef struct WfColumnUse
{
	const char *qualifier;		/* alias or name of its relation; NULL: none */
	const char *name;			/* NULL: all of them */
} WfColumnUse;

/* All is palloc'd, and points into the statement. */
typedef struct WfUses
{
	List	   *relations;		/* of WfRelationUse */
	List	   *columns;		/* of WfColumnUse */
	List	   *routines;		/* of List of String: qualified names */
	List	   *types;			/* likewise */
	List	   *hidden;			/* of char *: names of WITH queries */
} WfUses;

extern void wf_ddl_uses(Node *stmt, WfUses *uses);
extern bool wf_ddl_uses_reads(const WfUses *uses, const WfRelationUse *relation, const char *column);
extern bool wf_ddl_uses_writes(const WfRelationUse *relation, const char *column);
extern bool wf_ddl_mentions(const char *text, const char *name);

#endif							/* WF_DDL_USES_H */
