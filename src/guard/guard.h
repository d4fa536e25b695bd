/*
 * guard.h: the guard's settings, and what its files share.
 *
 * The guard judges DDL as it is run: event triggers (trigger.c) hand the parse
 * tree to the rules of the migration check (judge.c); what they find is
 * refused, warned of or let through (verdict.c), and written down (log.c).
 */
#ifndef WF_GUARD_GUARD_H
#define WF_GUARD_GUARD_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "nodes/nodes.h"

#include "migration/rule.h"

typedef enum WfGuardMode
{
	WF_GUARD_OFF,
	WF_GUARD_WARN,
	WF_GUARD_ON
} WfGuardMode;

/* Where the command stands, which decides what its HINT can say. */
typedef enum WfGuardPlace
{
	WF_GUARD_PLACE_ALONE,		/* a command of its own */
	WF_GUARD_PLACE_BLOCK,		/* inside a transaction block */
	WF_GUARD_PLACE_FUNCTION		/* inside a function, procedure or DO */
} WfGuardPlace;

/* One reason not to run a command. */
typedef struct WfGuardFinding
{
	const char *rule;			/* id in the registry */
	const char *object;			/* qualified and quoted */
	Oid			relid;			/* table concerned, else InvalidOid */
	const char *message;		/* what would happen, to follow the rule's
								 * name */
	const char *detail;			/* facts, whole sentences */
	const char *hint;			/* what to do instead, whole sentences */
	const char *statement;		/* as the client wrote it; NULL where a
								 * function runs it */
	WfGuardAction action;		/* notice, warn or block */
	const char *policy;			/* row of guard_policies that says so; NULL:
								 * the registry */
	bool		requires_approval;	/* an approved change may pass the block */
	const char *allowed;		/* reason of the row of guard_allowances that
								 * lets it pass; NULL: none */
} WfGuardFinding;

/* The command under judgement. */
typedef struct WfGuardCommand
{
	Node	   *tree;			/* raw parse tree; NULL: of a query */
	const char *tag;
	WfGuardPlace place;
	TimestampTz started_at;
	const char *planned;		/* its text, where it is not run but asked
								 * about; else NULL */
} WfGuardCommand;

/* settings.c */
extern PGDLLIMPORT int wf_guard_mode;
extern PGDLLIMPORT char *wf_guard_bypass;
extern bool wf_guard_may_bypass(void);
extern void wf_guard_init(void);

/* exempt.c */
extern bool wf_guard_is_exempt(void);
extern bool wf_guard_is_restore(void);

/* trigger.c */
extern void wf_guard_look(Node *tree, const char *tag);

/* verdict.c */
extern void wf_guard_pronounce(const WfGuardCommand *command, List *findings);
extern void wf_guard_tell(WfGuardAction action, List *findings);

#endif							/* WF_GUARD_GUARD_H */
