/*
 * simulate.h: what the text under check has done so far.
 *
 * A simulation is a catalog (its first member) that answers as the database
 * would after the statements applied to it: objects made, renamed, dropped,
 * columns and constraints added, and beside that the transaction and its locks
 * and the settings in force.  Nothing is run.
 */
#ifndef WF_MIGRATION_SIMULATE_H
#define WF_MIGRATION_SIMULATE_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "storage/lockdefs.h"
#include "utils/hsearch.h"

#include "ddl/catalog.h"
#include "migration/rule.h"
#include "migration/stats.h"

/* Settings that rules ask for. */
typedef enum WfSetting
{
	WF_SETTING_LOCK_TIMEOUT,
	WF_SETTING_STATEMENT_TIMEOUT,
	WF_SETTING_IDLE_TIMEOUT,	/* idle_in_transaction_session_timeout */
	WF_SETTING_APPLICATION_NAME,
	WF_SETTING_COUNT
} WfSetting;

typedef struct WfSettingValue
{
	bool		is_set;			/* to something that is not "off" */
	bool		by_text;		/* the text itself set it */
} WfSettingValue;

/* What a session is set to. */
typedef struct WfSettings
{
	WfSettingValue values[WF_SETTING_COUNT];
	List	   *search_path;	/* of char * */
	bool		has_own_path;	/* the text says what search_path is */
	const char *time_zone;		/* NULL: that of this session */
} WfSettings;

/* A lock that the open transaction holds on a relation others use. */
typedef struct WfHeldLock
{
	WfRelation *relation;
	LOCKMODE	mode;
	int			statement;
	bool		is_index;		/* whose table is not known here */
} WfHeldLock;

/* A savepoint of the open transaction. */
typedef struct WfSavepoint
{
	char	   *name;
	int			locks;			/* as many were held then */
	WfSettings	settings;		/* in force then, and */
	WfSettings	lasting;		/* without SET LOCAL */
} WfSavepoint;

/* Both names live as long as the simulation, except to look up by. */
typedef struct SimName
{
	const char *schema;
	const char *name;
} SimName;

/* A label that the open transaction added to enums. */
typedef struct WfNewLabel
{
	SimName		key;			/* the label, without schema */
	List	   *types;			/* of WfType */
} WfNewLabel;

/*
 * A finding that what follows in the text may take back: it is kept until then
 * or until the end.
 */
typedef struct WfDeferred
{
	WfFinding  *finding;
	int			statement;
	int			offset;			/* of the statement in the text */
	int			transaction;	/* of the text that it belongs to */
} WfDeferred;

typedef struct WfSimulation
{
	WfCatalog	catalog;
	WfCatalog  *live;
	const WfStats *stats;		/* sizes taken elsewhere; NULL: none */
	const struct WfRates *rates;	/* of this server; NULL: not asked yet */
	struct WfPressure *pressure;	/* on its tables; NULL: not asked yet */
	struct simrelation_hash *relations; /* SimRelation by schema and name */
	struct SimRelation **fresh; /* entries that the present statement made */
	struct SimRelation *spare;	/* entries that were let go of, linked by */
	WfRelation *spare_relation; /* relation and, what they held, by schema */
	int			nfresh;
	int			fresh_size;
	char	   *schemas[8];		/* of the entries made last */
	int			next_schema;
	char	   *block;			/* where memory is taken from, see */
	Size		block_left;		/* simulate_memory.c */
	HTAB	   *types;			/* SimType by schema and name */
	HTAB	   *known_schemas;	/* by name, see simulate_schema.c; NULL: none */
	HTAB	   *dropped_routines;	/* by name; NULL: none */
	int			statement;		/* number of the present one */
	const char *source;			/* its text, for what is applied; may be NULL */
	Bitmapset  *told;			/* rules that speak once a text, and have */
	struct SimRelation **of_id; /* by SimRelation.id */
	int			of_id_size;
	int			last_id;
	int			visits;			/* counts walks over heirs */
	bool		has_temporary;	/* the text made temporary relations */
	bool		is_opaque;		/* something that can't be looked into may
								 * have made what is not known here */
	HTAB	   *dropped_names;	/* of what DROP ... IF EXISTS has taken away,
								 * without schema; NULL: none */
	bool		dropped_parts;	/* the text dropped a policy, trigger, rule or
								 * function, or what it does not name, or
								 * rolled back */
	bool		dropped_others; /* the text dropped, moved or replaced objects
								 * that are neither this nor relations */
	bool		brief_told;		/* lock_timeout was asked for, for a brief
								 * lock */
	List	   *triggers;		/* SimPart that the text made */
	HTAB	   *waiting;		/* findings that may be taken back, see
								 * defer.c */
	HTAB	   *holders;		/* of constraints that the text made; or NULL */
	HTAB	   *passes;			/* see wf_sim_name_pass(); NULL: none */
	const RangeVar *last_name;	/* name looked up last since the last
								 * statement was */
	struct SimRelation *last_entry; /* applied, and what it means */
	WfSettings	settings;		/* in force; */
	WfSettings	lasting;		/* without SET LOCAL: what COMMIT leaves, */
	WfSettings	began_with;		/* what ROLLBACK gives, */
	WfSettings	first;			/* and what RESET does */
	const char *database;		/* this one, and the role that asks */
	const char *role;
	List	   *database_defaults;	/* of VariableSetStmt: what the text sets */
	List	   *role_defaults;	/* for the sessions of later texts */

	bool		in_transaction;
	bool		is_wrapped;		/* the runner's transaction, not one of the
								 * text */
	int			transaction;	/* counts them */
	bool		has_changes;	/* the open one has changed objects */
	bool		has_undone;		/* one that was rolled back had, and what it
								 * changed is still known here */
	int			began;			/* statement of its BEGIN; 0: the runner's */
	List	   *held;			/* of WfHeldLock */
	List	   *savepoints;		/* of WfSavepoint */
	HTAB	   *new_labels;		/* of WfNewLabel, by label; or NULL */
	int			held_told;		/* transaction + 1 in which a rule has spoken */
	int			many_told;
	WfRelation *last_altered;	/* by an ALTER TABLE, in */
	int			last_altered_at;	/* this number */
	bool		last_altered_reads; /* all its rows, */
	bool		last_altered_moves; /* or only adds and drops columns */
	int			blamed_at;		/* number of a statement without lock_timeout
								 * that has to change anyway */
	HTAB	   *new_routines;	/* by name; or NULL */
	List	   *written;		/* of WfRelation: the text changes their rows */
	HTAB	   *dropped_tables; /* in this text, by name; or NULL */
} WfSimulation;

extern WfSimulation *wf_migration_simulation(WfCatalog *live);
extern void wf_migration_apply(WfSimulation *simulation, Node *stmt);

/* defer.c */
extern void wf_migration_defer(WfSimulation *simulation, int statement, int offset, WfFinding *finding);
extern bool wf_sim_was_dropped(WfSimulation *simulation, const char *name);
extern List *wf_migration_deferred(WfSimulation *simulation);
extern void wf_sim_settle(WfSimulation *simulation, WfDeferral what, const char *schema,
						  const char *name, List *columns);
extern void wf_sim_settle_dropped(WfSimulation *simulation, const WfRelation *relation);
extern void wf_sim_settle_renamed(WfSimulation *simulation, const char *schema, const char *name,
								  const char *new_schema, const char *new_name);

/* simulate_memory.c */
extern void *wf_sim_alloc(WfSimulation *simulation, Size size);
extern char *wf_sim_string(WfSimulation *simulation, const char *string);
extern List *wf_sim_strings(WfSimulation *simulation, List *strings);
extern char *wf_sim_schema(WfSimulation *simulation, const char *schema);
extern HTAB *wf_sim_table(WfSimulation *simulation, const char *what, Size entrysize);
extern uint32 wf_sim_hash_name(SimName key);
extern void *wf_sim_find(HTAB *table, const char *schema, const char *name);
extern void *wf_sim_enter(WfSimulation *simulation, HTAB *table, const char *schema, const char *name, bool *found);
extern void wf_sim_remove(HTAB *table, const char *schema, const char *name);

typedef struct SimRelation
{
	SimName		key;
	WfRelation *relation;		/* NULL: dropped, or there is none here */
	List	   *columns;		/* WfColumn added or changed */
	List	   *dropped_columns;	/* char * */
	bool		loaded;			/* constraints and indexes are filled */
	bool		altered;		/* the text changed it */
	bool		gone;			/* the text dropped it or gave it another
								 * name, and made none of this one since */
	bool		parted;			/* it made, attached or detached partitions */
	List	   *constraints;
	HTAB	   *constraint_names;	/* WfConstraint, where they are many; or
									 * NULL */
	List	   *indexes;
	SimName		table;			/* of an index that the text made or moved:
								 * its table; its name is NULL: not known */
	List	   *parts;			/* of SimPart: what the text did last to each */
	SimName		live;			/* in the live catalog; its name is NULL: it
								 * is not there */
	int			id;				/* 0: none is built on the other */
	List	   *built_on;		/* of int: ids of those with which it goes, */
	List	   *left;			/* and of those that it has been taken from */
	List	   *heirs;			/* of int: ids of those that were built on it,
								 * and may have left it */
	int			visit;			/* the last walk that came by */
	List	   *used;			/* of a view that the text made: the columns
								 * (char *) that it names; NULL: all */
} SimRelation;

static inline bool
wf_sim_is_there(const SimRelation *entry)
{
	return entry->relation && !entry->relation->missing;
}

/* A trigger, policy or rule of a relation. */
typedef struct SimPart
{
	ObjectType	type;
	char	   *name;
	bool		exists;
	struct SimRelation *relation;
	List	   *function;		/* of a trigger that the text made: what it
								 * runs (char *), as written; else NIL */
} SimPart;

/* simulate.c, for the others of the family */
extern const char *wf_sim_first_schema(WfSimulation *simulation);
extern SimRelation *wf_sim_entry(WfSimulation *simulation, WfRelation *relation);
extern SimRelation *wf_sim_made_as(WfSimulation *simulation, const RangeVar *name);
extern SimRelation *wf_sim_relation(WfSimulation *simulation, const RangeVar *name);
extern SimRelation *wf_sim_create(WfSimulation *simulation, const RangeVar *name, char kind);
extern void wf_sim_drop(WfSimulation *simulation, const RangeVar *name);
extern void wf_sim_drop_entry(WfSimulation *simulation, SimRelation *entry);
extern void wf_sim_rename(WfSimulation *simulation, const RangeVar *name,
						  const char *schema, const char *new_name);
extern void wf_sim_note_altered(WfSimulation *simulation, const RangeVar *name);
extern void wf_sim_keep(WfSimulation *simulation, WfRelation *relation);
extern void wf_sim_forget(WfSimulation *simulation);
extern void wf_sim_empty_schema(WfSimulation *simulation, const char *schema);
extern void wf_sim_move_relations(WfSimulation *simulation, const char *schema, const char *new_schema);
extern bool wf_sim_is_untouched(WfSimulation *simulation, const RangeVar *name);
extern SimRelation *wf_sim_of_live(WfSimulation *simulation, const char *schema, const char *name);
extern SimRelation *wf_sim_exact(WfSimulation *simulation, const char *schema, const char *name);

/* simulate_index.c */
extern WfRelation *wf_sim_index_table(WfCatalog *catalog, WfRelation *index);
extern void wf_sim_index_dropped(WfSimulation *simulation, SimRelation *index);
extern void wf_sim_forget_index(WfSimulation *simulation, const char *schema, const char *name);
extern void wf_sim_forget_indexes(WfSimulation *simulation, SimRelation *table);
extern void wf_sim_move_indexes(WfSimulation *simulation, const char *schema, SimRelation *table);
extern WfIndex *wf_sim_index_of(SimRelation *table, const char *name);
extern void wf_sim_index_made(WfSimulation *simulation, SimRelation *table, const char *name);
extern void wf_sim_index_renamed(WfSimulation *simulation, SimRelation *index, const char *new_name);
extern void wf_sim_rename_constraint(WfSimulation *simulation, SimRelation *table, const char *name, const char *new_name);
extern void wf_sim_reindexed(WfSimulation *simulation, ReindexStmt *stmt);

/* simulate_heirs.c */
extern void wf_sim_build_on(WfSimulation *simulation, SimRelation *heir, const RangeVar *base);
extern void wf_sim_part_from(WfSimulation *simulation, SimRelation *heir, SimRelation *base);
extern List *wf_sim_heirs(WfSimulation *simulation, SimRelation *base);
extern void wf_sim_build_on_used(WfSimulation *simulation, SimRelation *heir, Node *stmt);
extern void wf_sim_match_below(WfSimulation *simulation, SimRelation *parent);
extern void wf_sim_column_dropped(WfSimulation *simulation, SimRelation *entry, const char *name, bool cascade);
extern void wf_sim_drop_heirs(WfSimulation *simulation, SimRelation *base, bool cascade);

/* simulate_taken.c */
extern void wf_sim_note_holder(WfSimulation *simulation, SimRelation *relation, const char *name);
extern bool wf_sim_has_constraint(WfCatalog *catalog, const char *schema, const char *name, RangeVar **table);
extern int *wf_sim_name_pass(WfCatalog *catalog, const char *schema, const char *name);
extern void wf_sim_forget_passes(WfSimulation *simulation);

/* simulate_parts.c */
extern WfColumn *wf_sim_column(WfCatalog *catalog, WfRelation *relation, const char *name);
extern List *wf_sim_constraints(WfCatalog *catalog, WfRelation *relation);
extern WfConstraint *wf_sim_constraint(WfCatalog *catalog, WfRelation *relation, const char *name);
extern WfConstraint *wf_sim_constraint_of(WfSimulation *simulation, SimRelation *entry, const char *name);
extern List *wf_sim_indexes(WfCatalog *catalog, WfRelation *relation);
extern void wf_sim_forget_parts(SimRelation *entry);
extern void wf_sim_load_parts(WfSimulation *simulation, SimRelation *entry);
extern WfColumn *wf_sim_set_column(WfSimulation *simulation, SimRelation *relation, const char *name);
extern void wf_sim_drop_column(WfSimulation *simulation, SimRelation *relation, const char *name);
extern void wf_sim_drop_parts(WfSimulation *simulation, SimRelation *relation, const char *name);
extern void wf_sim_rename_in_parts(WfSimulation *simulation, SimRelation *relation, const char *name, const char *new_name);
extern void wf_sim_add_constraint(WfSimulation *simulation, SimRelation *relation, WfConstraint *constraint);
extern void wf_sim_drop_constraint(WfSimulation *simulation, SimRelation *relation, const char *name);
extern void wf_sim_name_constraint(WfSimulation *simulation, SimRelation *relation, const char *name, const char *new_name);
extern void wf_sim_validate_constraint(WfSimulation *simulation, SimRelation *relation, const char *name);
extern void wf_sim_add_index(WfSimulation *simulation, SimRelation *relation, WfIndex *index);
extern void wf_sim_settle_primary_key(WfSimulation *simulation, SimRelation *relation);

/* simulate_names.c */
extern void wf_sim_apply_drop(WfSimulation *simulation, DropStmt *stmt);
extern void wf_sim_apply_rename(WfSimulation *simulation, RenameStmt *stmt);
extern void wf_sim_apply_move(WfSimulation *simulation, AlterObjectSchemaStmt *stmt);
extern void wf_sim_note_dropped_name(WfSimulation *simulation, const char *name);
extern List *wf_sim_dropped_tables(WfSimulation *simulation, const char *name);

/* simulate_schema.c */
extern bool wf_sim_has_schema(WfCatalog *catalog, const char *name);
extern bool wf_sim_schema_is_new(WfSimulation *simulation, const char *name);
extern const char *wf_sim_live_schema(WfSimulation *simulation, const char *name);
extern void wf_sim_create_schema(WfSimulation *simulation, const char *name);
extern void wf_sim_drop_schema(WfSimulation *simulation, const char *name);
extern void wf_sim_rename_schema(WfSimulation *simulation, const char *name, const char *new_name);

/* simulate_objects.c */
extern bool wf_sim_has_database(WfCatalog *catalog, const char *name);
extern bool wf_sim_has_part(WfCatalog *catalog, WfRelation *relation, ObjectType type, const char *name);
extern bool wf_sim_part_is_new(WfSimulation *simulation, const RangeVar *table, ObjectType type, const char *name);
extern bool wf_sim_names_index(Node *stmt);
extern bool wf_sim_has_dropped(WfSimulation *simulation, WfRelation *relation, const char *column);
extern void wf_sim_note_trigger(WfSimulation *simulation, const CreateTrigStmt *stmt);
extern List *wf_sim_triggers_of(WfSimulation *simulation, const DropStmt *stmt);
extern void wf_sim_note_part(WfSimulation *simulation, const RangeVar *table, ObjectType type, const char *name,
							 bool exists);
extern List *wf_sim_policies(WfCatalog *catalog, WfRelation *relation);
extern List *wf_sim_publications(WfCatalog *catalog, WfRelation *relation, bool under_own_name);
extern bool wf_sim_publishes_changes(WfCatalog *catalog, const char *publication);
extern double wf_sim_null_fraction(WfCatalog *catalog, WfRelation *relation, WfColumn *column);

/* simulate_routine.c */
extern void wf_sim_apply_function(WfSimulation *simulation, CreateFunctionStmt *stmt);
extern char wf_sim_volatility(WfCatalog *catalog, List *name, int nargs, const List *except);
extern bool wf_sim_routine_is_new(WfSimulation *simulation, List *names);
extern void wf_sim_note_dropped_routine(WfSimulation *simulation, List *names);
extern bool wf_sim_knows_routine(WfSimulation *simulation, List *names);
extern bool wf_sim_has_routine(WfCatalog *catalog, ObjectType type, const ObjectWithArgs *object);
extern bool wf_sim_routine_change(WfCatalog *catalog, CreateFunctionStmt *stmt, WfRoutineChange *change);

/* simulate_dependents.c */
extern bool wf_sim_cascade(WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents);
extern List *wf_sim_dependents(WfCatalog *catalog, WfRelation *relation, int attnum);
extern void wf_sim_take_along(WfSimulation *simulation, Node *stmt, const AlterTableCmd *command);
extern List *wf_sim_drop_blockers(WfCatalog *catalog, const DropStmt *stmt);

/* simulate_constraint.c */
extern void wf_sim_copy_indexes(WfSimulation *simulation, SimRelation *relation, RangeVar *from);
extern void wf_sim_match_indexes(WfSimulation *simulation, SimRelation *partition, SimRelation *parent);
extern void wf_sim_apply_constraint(WfSimulation *simulation, SimRelation *relation, Constraint *constraint, const char *column);
extern char *wf_sim_constraint_sql(WfCatalog *catalog, const WfConstraint *constraint);
extern void wf_sim_apply_index(WfSimulation *simulation, IndexStmt *stmt);

/* simulate_partition.c */
extern char *wf_sim_partition_key(WfCatalog *catalog, WfRelation *relation);
extern RangeVar *wf_sim_partition_parent(WfCatalog *catalog, WfRelation *partition);
extern List *wf_sim_partitions(WfCatalog *catalog, WfRelation *parent);
extern RangeVar *wf_sim_default_partition(WfCatalog *catalog, WfRelation *parent);
extern bool wf_sim_index_matches(WfCatalog *catalog, const WfIndex *parent_index, const WfIndex *child_index);
extern bool wf_sim_proves_bound(WfCatalog *catalog, WfRelation *parent, WfRelation *child,
								const PartitionBoundSpec *bound);

/* simulate_session.c */
extern void wf_sim_apply_set(WfSimulation *simulation, VariableSetStmt *stmt);
extern void wf_sim_apply_set_config(WfSimulation *simulation, SelectStmt *stmt);
extern void wf_sim_apply_default(WfSimulation *simulation, Node *stmt);
extern void wf_sim_begin_defaults(WfSimulation *simulation);
extern void wf_sim_discard(WfSimulation *simulation, DiscardStmt *stmt);
extern void wf_sim_apply_transaction(WfSimulation *simulation, TransactionStmt *stmt);
extern WfRelation *wf_sim_locked_table(WfCatalog *catalog, WfRelation *relation);
extern void wf_sim_note_locks(WfSimulation *simulation, Node *stmt);
extern List *wf_sim_string_names(List *names);
extern void wf_sim_note_written(WfSimulation *simulation, Node *stmt);
extern void wf_sim_begin_session(WfSimulation *simulation, bool in_transaction);

/* simulate_type.c */
extern Size wf_sim_type_entry_size(void);
extern WfType *wf_sim_type(WfCatalog *catalog, List *names);
extern void wf_sim_type_uses(WfCatalog *catalog, WfType *type);
extern void wf_sim_apply_type(WfSimulation *simulation, Node *stmt);
extern void wf_sim_rename_type(WfSimulation *simulation, List *names, const char *new_name);
extern WfTypeChange wf_sim_type_change(WfCatalog *catalog, WfColumn *column, const TypeName *type);
extern char *wf_sim_column_type(WfCatalog *catalog, const WfColumn *column);
extern char *wf_sim_last_label(WfCatalog *catalog, WfType *type);
extern bool wf_sim_has_label(WfCatalog *catalog, WfType *type, const char *label);
extern void wf_sim_alter_domain(WfSimulation *simulation, AlterDomainStmt *stmt);
extern void wf_sim_rename_domain_constraint(WfSimulation *simulation, List *names, const char *name, const char *new_name);
extern void wf_sim_drop_type(WfSimulation *simulation, List *names);
extern void wf_sim_move_type(WfSimulation *simulation, List *names, const char *schema);
extern void wf_sim_empty_types(WfSimulation *simulation, const char *schema);
extern void wf_sim_move_types(WfSimulation *simulation, const char *schema, const char *new_schema);

#endif							/* WF_MIGRATION_SIMULATE_H */
