/*
 * check_inside.h: what the check of a text is made of, for check.c and
 * check_inside.c.
 */
#ifndef WF_MIGRATION_CHECK_INSIDE_H
#define WF_MIGRATION_CHECK_INSIDE_H

#include "ddl/statement.h"
#include "migration/check.h"
#include "migration/directive.h"
#include "migration/policy.h"

/* The check of a text: what it takes to make findings, and where they go. */
typedef struct WfCheck
{
	WfReportFindings report;
	void	   *target;
	WfReader   *reader;
	WfSimulation *simulation;
	WfRuleSession *session;
	WfDirectives *directives;
	const WfCheckOptions *options;
	Bitmapset  *rules;			/* NULL: all */
	WfSeverity	least;
	List	   *entered;		/* bodies that the statement runs, of char * */
	const WfPolicy *policies;
} WfCheck;

/* check.c */
extern List *wf_migration_check_statement(WfCheck *check, WfStatement *statement);
extern List *wf_migration_check_settle(WfCheck *check, WfStatement *statement, List *findings);

/* check_inside.c */
extern List *wf_migration_check_inside(WfCheck *check, WfStatement *statement, Node *node, int base, int depth);
extern List *wf_migration_check_routine(WfCheck *check, WfStatement *statement);

#endif							/* WF_MIGRATION_CHECK_INSIDE_H */
