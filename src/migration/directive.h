/*
 * directive.h: comments in a migration that speak to the checker.
 *
 *	-- wishflags: ignore drop-table, drop-cascade reason="archived in 2025" until=2026-12-31
 *
 * before a statement takes back what these rules (none: all) find in it, and
 * "ignore-file" does so for all that follows.  It needs a reason, and counts
 * until the end of the day it names.  The comments of other checkers, words that
 * a project has chosen (aliases), and what tells a runner to use no transaction,
 * are understood as well.
 */
#ifndef WF_MIGRATION_DIRECTIVE_H
#define WF_MIGRATION_DIRECTIVE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "migration/rule.h"

typedef struct WfDirective
{
	int			offset;			/* of its comment in the text */
	List	   *rules;			/* of char *; NIL: all */
	char	   *reason;			/* NULL where none */
	char	   *until;			/* as written; NULL where none */
	char	   *fault;			/* why it does not count; NULL: it does */
	bool		is_own;			/* ours, or an alias: must have a reason */
	bool		is_alias;
	bool		for_file;
	bool		used;
} WfDirective;

typedef struct WfDirectives
{
	MemoryContext context;
	List	   *aliases;		/* of char *, as the option has them */
	List	   *all;			/* of WfDirective, in the order of the text */
	List	   *next;			/* of WfDirective, for the next statement */
	List	   *block;			/* between start and end comments */
	List	   *file;
	bool		no_transaction; /* the runner was told to use none */
	bool		began;			/* a statement was read */
} WfDirectives;

/* directive.c */
extern void wf_directives_read(WfDirectives *directives, const char *text, int from, int to);
extern List *wf_directives_apply(WfDirectives *directives, List *findings);
extern List *wf_directives_take(List **directives);
extern WfFinding *wf_directive_finding(const WfDirective *directive, WfRuleCall *call);

/* directive_alias.c */
extern void wf_directive_alias_check(const List *aliases);
extern int	wf_directive_alias_length(const List *aliases, const char *comment, int length);

/* directive_names.c */
extern List *wf_directive_rules(const char *name);

#endif							/* WF_MIGRATION_DIRECTIVE_H */
