/*
 * inside.h: statements that a statement runs: in the body of DO, and in that of
 * a function or procedure that the text has made and now calls.
 */
#ifndef WF_MIGRATION_INSIDE_H
#define WF_MIGRATION_INSIDE_H

#include "ddl/plpgsql.h"
#include "ddl/statement.h"
#include "migration/simulate.h"

/* A body that can be read. */
typedef struct WfRoutine
{
	char	   *name;			/* without schema; NULL: DO */
	char	   *text;
	int			offset;			/* of the text in the statement's source; -1:
								 * it does not stand there as it is */
	bool		is_sql;			/* else PL/pgSQL */
	Oid			replaces;		/* one that was there before the text */
	char	   *inputs;			/* the types of its inputs */
	int			min_inputs;		/* without those that have a default */
	int			max_inputs;
	bool		is_variadic;
	char		volatility;		/* provolatile */
	const char *schema;			/* of one that the text made */
	bool		is_procedure;
	bool		returns_set;
	Oid			returns;		/* InvalidOid: nothing, or not known */
	struct WfRoutine *older;	/* of the same name, or NULL */
} WfRoutine;

extern WfRoutine *wf_sim_new_routine(WfSimulation *simulation, List *names);
extern bool wf_migration_routine(Node *stmt, const char *source, WfRoutine *routine);
extern bool wf_migration_called(WfSimulation *simulation, Node *stmt, const char *source, WfRoutine *routine);
extern bool wf_migration_exists(WfSimulation *simulation, Node *stmt);
extern void wf_migration_body(const WfRoutine *routine, WfBody *body);
extern bool wf_migration_read_inner(const WfBodyStatement *item, WfStatement *inner);

#endif							/* WF_MIGRATION_INSIDE_H */
