/*
 * rule.h: what a rule is, what it gets and what it gives.
 *
 * A rule is one row of the registry (registry.c) and one function in a file
 * of its family (rule_*.c).  The check of a text, the guard, the policy page
 * and the reports all read that row; whoever wants one more rule adds a row
 * and a function.
 *
 * A rule function gets the raw parse tree of one statement and asks a
 * WfCatalog (ddl/catalog.h) about the objects it names.  It never changes the
 * tree, tolerates a missing source text, allocates in CurrentMemoryContext
 * and is pure: no syscache, no SPI, no settings.  It reports by
 * wf_finding_add() and returns; it raises nothing of its own.
 */
#ifndef WF_MIGRATION_RULE_H
#define WF_MIGRATION_RULE_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

#include "ddl/catalog.h"

typedef enum WfSeverity
{
	WF_SEVERITY_INFO,
	WF_SEVERITY_LOW,
	WF_SEVERITY_MEDIUM,
	WF_SEVERITY_HIGH,
	WF_SEVERITY_CRITICAL
} WfSeverity;

typedef enum WfKind
{
	WF_KIND_BREAKING,			/* running application code breaks */
	WF_KIND_BLOCKING,			/* readers or writers wait */
	WF_KIND_DATA_LOSS,
	WF_KIND_IRREVERSIBLE,
	WF_KIND_FAILS,				/* the statement itself fails when run */
	WF_KIND_STYLE
} WfKind;

/* What the guard does about a finding in a live command. */
typedef enum WfGuardAction
{
	WF_ACTION_NEVER,			/* the rule says nothing of a live command */
	WF_ACTION_OFF,
	WF_ACTION_NOTICE,
	WF_ACTION_WARN,
	WF_ACTION_BLOCK
} WfGuardAction;

typedef struct WfRuleCall WfRuleCall;

typedef struct WfRule
{
	const char *id;
	WfSeverity	severity;		/* base; the catalog may raise or lower it */
	WfKind		kind;
	const NodeTag *nodes;		/* statements it looks at, ends with
								 * T_Invalid; NULL: all */
	const int  *commands;		/* for ALTER TABLE: the AlterTableTypes it
								 * looks at, ends with -1; NULL: the whole
								 * statement */
	void		(*check) (WfRuleCall *call);
	const char *policy;			/* section of the policy page */
	const char *description;	/* one line */
	WfGuardAction action;		/* of the guard, unless guard_policies says
								 * otherwise; NEVER: it needs the text, or
								 * statements that the guard does not see */
} WfRule;

/* What the data answer to a question. */
typedef struct WfAnswer
{
	bool		known;
	double		number;			/* of rows */
	char	   *example;		/* NULL where none */
	char	   *error;			/* what a value raised; NULL where nothing */
} WfAnswer;

/* What is known of the session that runs, or will run, the statement. */
typedef struct WfRuleSession
{
	bool		in_transaction; /* inside a transaction block */
	bool		in_body;		/* inside a DO block or a routine */
	bool		assume_populated;	/* every existing table is large */
	int64		min_rows;		/* tables with fewer rows count as small */
	List	   *required_columns;	/* of char *: each new table has them */
	struct WfSimulation *simulation;	/* NULL in the guard */
	const bool *settings;		/* in the guard: which of WfSetting
								 * (simulate.h) are in force */

	/* Asks the data, and other sessions; NULL where nobody wants that. */
	bool		(*ask) (const struct WfRuleSession *session, const char *sql, WfAnswer *answer);
	bool		(*ask_activity) (double seconds, WfAnswer *answer);
	int64		validate_timeout;	/* of a question, in milliseconds */
	struct WfRunTimes *times;	/* where the time goes; NULL: nobody counts */
} WfRuleSession;

/* One call of one rule. */
struct WfRuleCall
{
	const WfRule *rule;
	Node	   *statement;		/* raw (untransformed) statement node */
	AlterTableCmd *command;		/* set for a rule with commands, else NULL */
	int			command_index;	/* of command in its ALTER TABLE */
	int			source_end;		/* where its last token ends in source; 0: not
								 * asked */
	int		   *command_places; /* where its commands begin in source, see
								 * wf_rule_command_place(); NULL: not asked */
	const char *source;			/* text that the node's locations point into;
								 * may be NULL */
	int			location;		/* of the statement in source, in bytes */
	int			length;			/* of the statement; 0: to the source's end */
	WfCatalog  *catalog;
	const WfRuleSession *session;
	List	   *findings;		/* of WfFinding, appended to */
	const WfRelation *named;	/* relation that a finding was about last, and */
	char	   *name;			/* its name, qualified and quoted */
};

typedef enum WfNoteType
{
	WF_NOTE_TEXT,
	WF_NOTE_NUMBER,
	WF_NOTE_BOOLEAN,
	WF_NOTE_LIST,
	WF_NOTE_OBJECT
} WfNoteType;

/* One key of the evidence. */
typedef struct WfNote
{
	const char *key;
	WfNoteType	type;
	const char *text;
	double		number;
	bool		boolean;
	List	   *list;			/* of char *; of an object: of WfNote */
} WfNote;

/* What later statements of the text can take a finding back. */
typedef enum WfDeferral
{
	WF_DEFER_NOT,
	WF_DEFER_VIEW,				/* CREATE VIEW of the object's name */
	WF_DEFER_INDEX,				/* an index that begins with the columns */
	WF_DEFER_PRIMARY_KEY,		/* a primary key on the object */
	WF_DEFER_COMMENT,			/* COMMENT ON TABLE */
	WF_DEFER_COLUMN,			/* the columns are added to the object */
	WF_DEFER_DROP,				/* DROP of the object */
	WF_DEFER_ROUTINE,			/* CREATE FUNCTION of the name, while the
								 * transaction lasts */
	WF_DEFER_POLICY,			/* CREATE POLICY on the object, likewise */
	WF_DEFER_COMMIT				/* the end of the transaction */
} WfDeferral;

/* What a safe way is of the command of ALTER TABLE that the rule looked at. */
typedef enum WfSafeForm
{
	WF_SAFE_INSTEAD,			/* takes its place */
	WF_SAFE_AFTER,				/* goes behind the whole statement */
	WF_SAFE_WHOLE				/* takes the place of the whole statement */
} WfSafeForm;

typedef struct WfFinding
{
	const WfRule *rule;
	WfSeverity	severity;
	WfKind		kind;
	int			location;		/* byte offset in the source, -1: the
								 * statement */
	WfRelation *relation;		/* relation concerned; NULL where none */
	WfType	   *type;			/* type concerned; NULL where none */
	char	   *object;			/* qualified and quoted; NULL where none */
	LOCKMODE	lock;			/* NoLock: none, or not the point */
	bool		rewrites;
	bool		scans;
	bool		is_on_small;	/* its severity was lowered for the size */
	char	   *message;
	char	   *hint;			/* NULL where none */
	char	   *safe_sql;		/* complete statements; NULL where none */
	WfSafeForm	safe_form;
	char	   *safe_command;	/* the command in a better form, with safe_sql
								 * before it; NULL: as safe_form says */
	Bitmapset  *safe_commands;	/* other commands that the way does as well */
	int			command;		/* of ALTER TABLE, or object of a list, that
								 * the rule looked at; -1: the statement */
	List	   *evidence;		/* of WfNote */
	WfDeferral	deferral;
	List	   *deferral_columns;	/* of char * */
} WfFinding;

/* registry.c */
extern const WfRule wf_migration_rules[];
extern const int wf_migration_rule_count;

/* rule.c */
extern int	wf_migration_rule_index(const char *id);	/* -1: no such rule */

/* Is it the rule of this id?  *known keeps which that is: ids are compared once. */
static inline bool
wf_migration_is_rule(const WfRule *rule, const char *id, const WfRule **known)
{
	if (*known == NULL)
		*known = &wf_migration_rules[wf_migration_rule_index(id)];
	return rule == *known;
}

extern const char *wf_migration_severity_name(WfSeverity severity);
extern bool wf_migration_find_severity(const char *name, WfSeverity *severity);
extern const char *wf_migration_kind_name(WfKind kind);
extern bool wf_migration_find_kind(const char *name, WfKind *kind);
extern const char *wf_migration_action_name(WfGuardAction action);
extern bool wf_migration_find_action(const char *name, WfGuardAction *action);

/*
 * engine.c: runs the rules for one statement and returns a list of WfFinding.
 *
 * node is the statement (without RawStmt); source, location and length are as
 * in WfRuleCall.  rules holds the indexes (wf_migration_rule_index) of the rules
 * to run; NULL runs all.  For CREATE SCHEMA the elements are looked at, too.
 * Errors of the catalog look-ups pass through (cancel, out of memory).
 *
 * The guard calls it with wf_ddl_catalog_live() and a session without a
 * simulation; in CurrentMemoryContext, which it may reset afterwards.
 */
extern List *wf_migration_check_node(WfCatalog *catalog, const WfRuleSession *session,
									 Node *node, const char *source, int location,
									 int length, const Bitmapset *rules);

/* The indexes of the rules that look at the statement. */
extern const Bitmapset *wf_migration_rules_of(const Node *node);
extern bool wf_migration_looks_at_command(const WfRule *rule, AlterTableType command);

#endif							/* WF_MIGRATION_RULE_H */
