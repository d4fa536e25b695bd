/*
 * rehearse.h: running a migration for real and taking all of it back.
 *
 * Everything happens in one subtransaction that is always rolled back:
 *
 *	wf_migration_rehearsal(&options, body, argument);
 *
 * calls body(rehearsal, argument) in it, under the rehearsal's timeouts, with
 * the guard at rest; body runs texts by wf_migration_rehearse_text() and may
 * read the database in between.
 */
#ifndef WF_MIGRATION_REHEARSE_H
#define WF_MIGRATION_REHEARSE_H

#include "postgres.h"

#include "nodes/nodes.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"

#include "common/options.h"
#include "ddl/statement.h"

/* The options that all functions have that run a migration. */
typedef struct WfRehearsalOptions
{
	char	   *lock_timeout;	/* for each lock */
	char	   *timeout;		/* for everything */
	char	   *max_size;		/* of a table that is locked or changed */
	bool		force;			/* whatever its size */
	bool		in_transaction; /* the runner wraps each text in one */
	bool		only_ddl;		/* leave out what changes rows; set by the
								 * caller, not an option */
} WfRehearsalOptions;

#define WF_REHEARSAL_DEFAULTS {.lock_timeout = "500ms", .timeout = "30s", .max_size = "100MB"}

/* The rows of the options, which stand at this offset of a function's own struct. */
#define WF_REHEARSAL_OPTIONS(at) \
	{"lock_timeout", WF_OPTION_TEXT, (at) + offsetof(WfRehearsalOptions, lock_timeout)}, \
	{"timeout", WF_OPTION_TEXT, (at) + offsetof(WfRehearsalOptions, timeout)}, \
	{"max_size", WF_OPTION_TEXT, (at) + offsetof(WfRehearsalOptions, max_size)}, \
	{"force", WF_OPTION_BOOLEAN, (at) + offsetof(WfRehearsalOptions, force)}, \
	{"in_transaction", WF_OPTION_BOOLEAN, (at) + offsetof(WfRehearsalOptions, in_transaction)}

typedef enum WfOutcome
{
	WF_OUTCOME_DONE,
	WF_OUTCOME_ADAPTED,			/* done in a form that a transaction allows */
	WF_OUTCOME_SKIPPED,
	WF_OUTCOME_FAILED
} WfOutcome;

/* A relation that was there before, as far as a statement touched it. */
typedef struct WfTouched
{
	char	   *name;			/* as it was called before, quoted */
	LOCKMODE	mode;			/* strongest that is new; NoLock: none is */
	bool		rewritten;		/* has a new file */
	bool		scanned;		/* read from end to end */
	bool		is_sequence;
} WfTouched;

/* Rows that a statement changes: what it would lose. */
typedef struct WfChanged
{
	Oid			relation;
	List	   *columns;		/* int: attribute numbers; NIL: whole rows */
	bool		cascades;		/* TRUNCATE ... CASCADE */
	bool		restarts;		/* its sequences, too */
} WfChanged;

/* What became of one statement. */
typedef struct WfRehearsed
{
	int			number;
	int			line;
	const char *tag;			/* command tag; NULL where it was not parsed */
	WfOutcome	outcome;
	double		milliseconds;
	int64		rows;			/* -1: counts none */
	List	   *touched;		/* of WfTouched */
	List	   *changed;		/* of WfChanged; with only_ddl */
	const char *run_as;			/* of WF_OUTCOME_ADAPTED */
	const char *message;
	const char *detail;
	const char *hint;
	const char *sqlstate;		/* NULL: no error */
} WfRehearsed;

/* A name that the text gave a transaction block (NULL) or savepoint. */
typedef struct WfBlock
{
	char	   *name;
	int			level;			/* of transactions around it */
} WfBlock;

struct WfHeld;
struct WfModel;

typedef struct WfRehearsal
{
	const WfRehearsalOptions *options;
	MemoryContext context;
	Snapshot	before;			/* the catalogs as they were */
	List	   *statements;		/* of WfRehearsed */
	List	   *blocks;			/* of WfBlock, innermost last */
	List	   *held;			/* of WfHeld: relations locked so far */
	bool		may_wait;		/* a check for the end of the transaction may */
	bool		failed;			/* nothing runs any more */
	const char *message;		/* why, where no statement tells */
} WfRehearsal;

/* rehearse.c */
extern void wf_migration_rehearsal(const WfRehearsalOptions *options,
								   void (*body) (WfRehearsal *rehearsal, void *arg), WfRehearsal *rehearsal, void *arg);

/* rehearse_text.c */
extern bool wf_migration_rehearse_text(WfRehearsal *rehearsal, const char *text, int length);
extern bool wf_migration_rehearse_sql(WfRehearsal *rehearsal, const char *sql);

/* rehearse_refuse.c */
extern void wf_migration_refuse_rehearsal(const WfRehearsalOptions *options, const char *text, int length);

/* rehearse_form.c */
extern const char *wf_rehearse_why_not(WfStatement *statement, bool only_ddl);
extern bool wf_rehearse_may_defer(Node *node);
extern char *wf_rehearse_adapted(WfStatement *statement);

/* rehearse_block.c */
extern void wf_rehearse_block(WfRehearsal *rehearsal, WfRehearsed *done, Node *node);
extern void wf_rehearse_begin_block(WfRehearsal *rehearsal, char *name);
extern void wf_rehearse_end_blocks(WfRehearsal *rehearsal);

/* rehearse_change.c */
extern List *wf_rehearse_changes(Node *node);

/* rehearse_touch.c */
extern struct WfModel *wf_rehearse_read_schema(WfRehearsal *rehearsal);
extern int	wf_rehearse_pin_path(void);
extern void wf_rehearse_touch_nothing(WfRehearsal *rehearsal);
extern void wf_rehearse_touch(WfRehearsal *rehearsal, WfRehearsed *done, bool truncates);

#endif							/* WF_MIGRATION_REHEARSE_H */
