/*
 * sandbox.h: a database's schema with some of its rows, masked.
 *
 * Everything is read with the caller's rights in one snapshot, the calling
 * statement's.  A chosen row is known by its place (ctid) in that snapshot.
 */
#ifndef WF_ENVIRONMENT_SANDBOX_H
#define WF_ENVIRONMENT_SANDBOX_H

#include "postgres.h"

#include "access/attnum.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "storage/itemptr.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#define WF_SANDBOX_ROWS 1000	/* of a table, where nothing is said */
#define WF_SANDBOX_MAX_ROWS 1000000 /* in all */
#define WF_SANDBOX_MOST_ROWS 100000000	/* that may be allowed */

struct WfMaskRule;
struct WfSandboxTable;
struct wf_picked_hash;

/* How many rows of a table are wanted for their own sake. */
typedef struct WfSandboxAmount
{
	double		percent;		/* of those that fit; negative: not said */
	int64		rows;			/* likewise */
	char	   *where;			/* condition, or NULL */
} WfSandboxAmount;

typedef struct WfSandboxColumn
{
	struct WfSandboxTable *table;
	char	   *name;			/* quoted */
	AttrNumber	number;
	Oid			type;
	char	   *type_text;
	bool		has_typmod;
	bool		not_null;
	bool		generated;

	/* Of the columns of roots only. */
	const struct WfMaskRule *rule;	/* NULL: shown as it is */
	const char *rule_text;		/* as the caller wrote it */
	const char *argument;		/* what follows the rule's name, or NULL */
	bool		is_key;			/* a foreign key's column, on either side */
	struct WfSandboxColumn *like;	/* towards the column that stands for all
									 * that share its values; NULL: itself */
} WfSandboxColumn;

/* A foreign key, at the table that refers. */
typedef struct WfSandboxReference
{
	char	   *name;			/* quoted */
	struct WfSandboxTable *to;
	char	   *join;			/* condition on c, who refers, and p */
	char	   *filled;			/* condition on c: it does refer */
	SPIPlanPtr	plan;			/* of the query that follows it */
	bool		validated;
} WfSandboxReference;

typedef struct WfSandboxTable
{
	Oid			oid;
	char		kind;			/* relkind: ordinary or partitioned */
	struct WfSandboxTable *root;	/* the partitioned table; else itself */
	char	   *schema;			/* not quoted */
	char	   *name;			/* not quoted */
	char	   *alias;			/* its name, quoted */
	char	   *identity;		/* schema and name, quoted */
	char	   *key;			/* list of the primary key's columns, or NULL */
	List	   *columns;		/* WfSandboxColumn */
	List	   *references;		/* WfSandboxReference */
	WfSandboxAmount amount;		/* of roots */

	/* The rows that are chosen, in the order of their choice. */
	struct wf_picked_hash *picked;
	ItemPointerData *rows;
	int			nrows;
	int			capacity;
	int			nsampled;		/* first so many: for their own sake */
	int			nfollowed;		/* first so many: what they refer to is here */
} WfSandboxTable;

typedef struct WfSandbox
{
	List	   *schemas;		/* char *; NIL: all */
	List	   *tables;			/* WfSandboxTable, in the order of their names */
	WfSandboxTable *last;		/* that was looked for */
	int64		seed;
	int64		max_rows;
	int64		nrows;
	bool		suggested;		/* mask what looks personal */

	/* Where the result goes. */
	Tuplestorestate *store;
	TupleDesc	desc;
	int			ordinal;
} WfSandbox;

/* sandbox.c */
extern void wf_sandbox_put(WfSandbox *sandbox, const char *step, const char *object, int64 rows,
						   const char *message, const char *sql, Jsonb *evidence);
extern char *wf_sandbox_comment(const char *text);

/* sandbox_table.c */
extern void wf_sandbox_read_tables(WfSandbox *sandbox);
extern WfSandboxTable *wf_sandbox_table(WfSandbox *sandbox, Oid oid);
extern WfSandboxColumn *wf_sandbox_column(WfSandboxTable *table, const char *name);
extern WfSandboxColumn *wf_sandbox_representative(WfSandboxColumn *column);
extern WfSandboxColumn *wf_sandbox_origin(WfSandboxColumn *column);
extern bool wf_sandbox_in_schemas(WfSandbox *sandbox, const char *schema);

/* sandbox_option.c */
extern void wf_sandbox_sample_options(WfSandbox *sandbox, Jsonb *sample);
extern void wf_sandbox_mask_options(WfSandbox *sandbox, Jsonb *mask);

/* sandbox_sample.c */
extern void wf_sandbox_choose(WfSandbox *sandbox);
extern Datum wf_sandbox_rows_array(ItemPointerData * rows, int n);

/* sandbox_mask.c */
extern void wf_sandbox_mask_column(WfSandboxColumn *column, const char *text);
extern void wf_sandbox_spread_masks(WfSandbox *sandbox);
extern const char *wf_sandbox_expression(WfSandbox *sandbox, WfSandboxColumn *column);
extern const char *wf_sandbox_window(WfSandbox *sandbox, WfSandboxTable *table);

/* sandbox_suggest.c */
extern void wf_sandbox_suggest(WfSandbox *sandbox);

/* sandbox_verify.c */
extern void wf_sandbox_verify(WfSandbox *sandbox);

/* sandbox_copy.c */
extern void wf_sandbox_copy(WfSandbox *sandbox);
extern void wf_sandbox_sequences(WfSandbox *sandbox);

/* sandbox_schema.c */
extern void wf_sandbox_scripts(WfSandbox *sandbox, char **before, char **after);

#endif							/* WF_ENVIRONMENT_SANDBOX_H */
