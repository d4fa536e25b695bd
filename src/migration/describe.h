/*
 * describe.h: statements in plain words.
 */
#ifndef WF_MIGRATION_DESCRIBE_H
#define WF_MIGRATION_DESCRIBE_H

#include "postgres.h"

#include "nodes/parsenodes.h"

#include "migration/simulate.h"

/* What a statement does, and to what. */
typedef struct WfWords
{
	WfSimulation *simulation;	/* what the text has made so far */
	const char *object;			/* "table shop.orders"; NULL: to none */
	const char *what;			/* "adds column note (text)"; NULL: nothing to
								 * tell */
} WfWords;

/* describe_statement.c */
extern void wf_describe_statement(WfWords *words, Node *node);
extern char *wf_describe_relation(WfWords *words, const RangeVar *name, const char *kind);
extern char *wf_describe_names(List *names);
extern char *wf_describe_rows(WfWords *words, const RangeVar *name);

/* describe_create.c */
extern bool wf_describe_creation(WfWords *words, Node *node);

/* describe_table.c */
extern char *wf_describe_column(const ColumnDef *column);
extern char *wf_describe_constraint(const Constraint *constraint);
extern char *wf_describe_command(WfWords *words, const RangeVar *table, const AlterTableCmd *command);

#endif							/* WF_MIGRATION_DESCRIBE_H */
