/*
 * catalog.h: what rules may ask about the objects that a statement names.
 *
 * A rule sees the database through a WfCatalog only.  There are two makers:
 *
 *	wf_ddl_catalog_live()			the database as it is (the guard)
 *	wf_migration_catalog_text()		the same with what the text under check has
 *									done so far laid over it (src/migration)
 *
 * Neither keeps a lock: names are resolved by syscache under the caller's
 * search_path, without permission checks and without an error for a name
 * that does not resolve.  All answers are palloc'd in the catalog's own
 * memory context and live as long as the catalog.
 */
#ifndef WF_DDL_CATALOG_H
#define WF_DDL_CATALOG_H

#include "postgres.h"

#include "catalog/pg_class_d.h"
#include "catalog/pg_type_d.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/* Does a relation hold rows?  Unknown counts as yes. */
typedef enum WfPopulation
{
	WF_POPULATION_UNKNOWN,
	WF_POPULATION_EMPTY,
	WF_POPULATION_POPULATED
} WfPopulation;

typedef struct WfRelation
{
	Oid			relid;			/* InvalidOid: made by the text under check */
	char	   *schema;
	char	   *name;
	char		kind;			/* relkind */
	char		persistence;	/* relpersistence */
	char		replica_identity;	/* relreplident; 0: not known */
	bool		row_security;	/* is in force, and also for */
	bool		forces_row_security;	/* the owner */
	bool		is_partition;
	char	   *access_method;	/* of a table; NULL: none, or not known */
	bool		has_default_method; /* that of new tables */
	int			ncolumns;		/* of the live relation, dropped ones included */
	bool		created_here;	/* by the current transaction, or by the text */
	bool		missing;		/* the text names it, and it exists nowhere */
	bool		is_unread;		/* a materialized view that was never filled */

	/* Filled by wf_ddl_measure(). */
	bool		measured;
	WfPopulation population;	/* of a partitioned table: any leaf */
	double		rows;			/* estimate; -1 where nothing is known */
	int64		bytes;			/* main fork; of a partitioned table all
								 * leaves */
	double		heir_rows;		/* of the tables that inherit from it, which */
	int64		heir_bytes;		/* are no partitions; 0: none, -1: unknown */
	bool		from_stats;		/* measured elsewhere: the caller gave sizes */
	int64		index_bytes;	/* of all indexes; from_stats only, -1:
								 * unknown */
	double		writes_per_second;	/* from_stats, or where load_known; -1:
									 * unknown */
	double		scans_per_second;	/* the same */
	bool		load_known;		/* both were asked for */
} WfRelation;

typedef struct WfColumn
{
	char	   *name;
	int16		attnum;			/* 0: made by the text */
	Oid			type;			/* InvalidOid where the text's type is unknown */
	Oid			base_type;		/* of a live column of a domain, what that is
								 * made of; else InvalidOid */
	int32		typmod;
	Oid			collation;
	bool		not_null;
	bool		has_default;
	char		identity;		/* attidentity */
	char		generated;		/* attgenerated */
	bool		created_here;	/* added by the text */
} WfColumn;

typedef struct WfConstraint
{
	Oid			oid;			/* InvalidOid: made by the text */
	char	   *name;			/* NULL: the text leaves it to the server */
	char		kind;			/* contype: c f p u x n */
	bool		validated;
	List	   *columns;		/* of char *, in key order */
	char	   *foreign_table;	/* of a foreign key, qualified; NULL: unknown */
	List	   *foreign_columns;	/* of char *, its columns in key order */
	char	   *expression;		/* of a CHECK NOT VALID that the text makes,
								 * in parentheses; else NULL */
	bool		only_not_null;	/* a CHECK that says nothing else */
	List	   *not_null_columns;	/* of char *: a CHECK that says of them
									 * that they are not null, or NIL */
	int			transaction;	/* of the text that made it */
	bool		created_here;	/* by the text, or by the current transaction */
} WfConstraint;

typedef struct WfIndex
{
	Oid			indexid;
	char	   *name;			/* NULL: the text leaves it to the server */
	bool		is_valid;
	bool		is_unique;
	bool		is_primary;
	bool		is_partial;
	bool		lacks_only_null;	/* partial, but rows with a null key are
									 * all that it lacks */
	bool		is_special;		/* operator classes, collations, orders,
								 * INCLUDE or NULLS NOT DISTINCT besides the
								 * columns */
	char	   *method;			/* access method; NULL: unknown */
	List	   *columns;		/* of char *; NULL for an expression */
	List	   *other_columns;	/* of char *: those of INCLUDE, expressions
								 * and the predicate; may be keys as well */
	List	   *labels;			/* of char *: what its own columns are called */
	bool		created_here;
} WfIndex;

typedef struct WfType
{
	Oid			oid;			/* InvalidOid: made by the text */
	char	   *schema;
	char	   *name;
	char		kind;			/* typtype: b c d e p r m */
	bool		missing;
	bool		created_here;	/* by the current transaction, or by the text */
	bool		constrained;	/* a domain with a CHECK or NOT NULL, be it by
								 * the domain that it is of */
	Oid			base_type;		/* of a domain, else the type itself */
	List	   *checks;			/* of char *: a domain's own CHECKs, and */
	List	   *waiting;		/* those of them that are NOT VALID */
	bool		own_not_null;	/* says it itself, under the */
	char	   *not_null_name;	/* name that this has from 17 on, or NULL */
	List	   *of_name;		/* of the domain that it is of, as a list of
								 * String; NIL: none */
	struct WfType *of;			/* that domain, in the text catalog; NULL:
								 * none, or gone */
	bool		of_constrained; /* that one is so, or may */
	bool		of_not_null;	/* not be null */
	char	   *base;			/* of a constrained domain, the type it is
								 * made of; NULL: unknown */
	bool		not_null;		/* a domain that may not be null */
	bool		has_default;	/* columns of it get a value of its own, which */
	bool		has_volatile_default;	/* may be another one in each row */
	int			transaction;	/* of the text that made it; 0: none of it */
	int			uses;			/* -1 until asked for: columns that depend on
								 * it, directly or through array, domain,
								 * composite or range */
	char	   *used_by;		/* the first such column; NULL where none */
} WfType;

typedef enum WfDependentKind
{
	WF_DEPENDENT_VIEW,			/* or another rule */
	WF_DEPENDENT_POLICY,
	WF_DEPENDENT_TRIGGER,
	WF_DEPENDENT_FUNCTION,
	WF_DEPENDENT_PUBLICATION,
	WF_DEPENDENT_FOREIGN_KEY,	/* of another table */
	WF_DEPENDENT_COLUMN,		/* generated from it, or with it in a default */
	WF_DEPENDENT_RELATION,		/* one as a whole; of cascade and
								 * drop_blockers only */
	WF_DEPENDENT_OTHER
} WfDependentKind;

/* An object that is built on a relation or a column. */
typedef struct WfDependent
{
	WfDependentKind kind;
	char	   *description;	/* as the server describes objects */
	char	   *schema;			/* of a view, or of the relation that it is a
								 * part of (a foreign key of its table); NULL
								 * for others */
	char	   *name;
	char	   *column;			/* of that relation, which goes; of cascade
								 * and drop_blockers only, else NULL */
	char	   *of;				/* what it depends on, described, and its */
	char	   *of_identity;	/* qualified name; of drop_blockers only */
	bool		blocks_drop;	/* DROP without CASCADE fails */

	/* Of cascade only. */
	char	   *drop_sql;		/* drops it by name; empty: it goes with
								 * another, NULL: nothing does */
	int			level;			/* above what it depends on, from 1 */
} WfDependent;

/* What ALTER COLUMN TYPE does to the rows that are there. */
typedef enum WfTypeChange
{
	WF_TYPE_CHANGE_UNKNOWN,		/* the present or the new type is not known */
	WF_TYPE_CHANGE_NONE,		/* metadata only */
	WF_TYPE_CHANGE_REWRITES,
	WF_TYPE_CHANGE_NARROWS,		/* rewrites, and values may not fit or lose
								 * digits */
	WF_TYPE_CHANGE_FAILS		/* no cast that ALTER COLUMN would use */
} WfTypeChange;

/* What CREATE OR REPLACE makes of a routine that is there. */
typedef struct WfRoutineChange
{
	Oid			routine;		/* the one that is there */
	char	   *signature;		/* its name and arguments */
	const char *fails;			/* why it can't be replaced; NULL: it can */
	const char *differs;		/* in what callers may notice; NULL: nothing */
} WfRoutineChange;

typedef struct WfCatalog WfCatalog;

struct WfCatalog
{
	MemoryContext context;
	int			server_version; /* major version that is checked for */
	bool		simulated;		/* made from text: what it says may not exist */
	struct WfRelationNames *names;	/* the live catalog's, which copies of it
									 * share */
	const char *time_zone;		/* in force where the statement runs; NULL:
								 * that of this session */

	/*
	 * The relation that a name means.  Where there is none the live catalog
	 * gives NULL, the text catalog one that is marked missing.  Never an
	 * error, also not for a name with a database or an unknown schema.
	 */
	WfRelation *(*relation) (WfCatalog *catalog, const RangeVar *name);

	/* The table that an index belongs to; NULL where there is none. */
	WfRelation *(*index_table) (WfCatalog *catalog, WfRelation *index);

	/* Fills population, rows and bytes. */
	void		(*measure) (WfCatalog *catalog, WfRelation *relation);

	/* A column by name; NULL where there is none. */
	WfColumn   *(*column) (WfCatalog *catalog, WfRelation *relation, const char *name);

	/* Lists of WfConstraint and WfIndex. */
	List	   *(*constraints) (WfCatalog *catalog, WfRelation *relation);
	List	   *(*indexes) (WfCatalog *catalog, WfRelation *relation);

	/* A constraint of a relation by name; NULL where there is none. */
	WfConstraint *(*constraint) (WfCatalog *catalog, WfRelation *relation, const char *name);

	/*
	 * Has anything in the schema a constraint of this name?  table, which may
	 * be NULL, is filled with the relation that has it; NULL: a domain.
	 */
	bool		(*has_constraint) (WfCatalog *catalog, const char *schema, const char *name, RangeVar **table);

	/*
	 * Where the number is kept that the last name had which was chosen in
	 * place of this one; NULL, also the function: it is not kept.
	 */
	int		   *(*name_pass) (WfCatalog *catalog, const char *schema, const char *name);

	/*
	 * Does an index of a table match one of the partitioned table that it is
	 * attached to in all that the server compares: uniqueness, keys, operator
	 * families, collations, expressions, predicate?  Both are in the live
	 * catalog; false where one is gone.
	 */
	bool		(*index_matches) (WfCatalog *catalog, const WfIndex *parent_index, const WfIndex *child_index);

	/*
	 * The column that a partitioned table is parted by; NULL where that is an
	 * expression, several columns, or not known.
	 */
	char	   *(*partition_key) (WfCatalog *catalog, WfRelation *relation);

	/*
	 * The partitions next below a partitioned table, or the tables that
	 * inherit from one, a list of RangeVar; NIL where one is partitioned
	 * itself, is no plain table, or not known.
	 */
	List	   *(*partitions) (WfCatalog *catalog, WfRelation *parent);

	/* The table that a partition is of; NULL where that is not known. */
	RangeVar   *(*partition_parent) (WfCatalog *catalog, WfRelation *partition);

	/*
	 * The default partition of a partitioned table; NULL where it has none or
	 * nothing is known.
	 */
	RangeVar   *(*default_partition) (WfCatalog *catalog, WfRelation *parent);

	/*
	 * Do the valid constraints of a table imply the bounds, so that ATTACH
	 * reads nothing?  False where that is not known.
	 */
	bool		(*proves_bound) (WfCatalog *catalog, WfRelation *parent, WfRelation *child,
								 const PartitionBoundSpec *bound);

	/*
	 * A type by its qualified name (list of String); as for relations NULL or
	 * marked missing where there is none.
	 */
	WfType	   *(*type) (WfCatalog *catalog, List *names);

	/* Has the enum this label?  True where nothing is known of it. */
	bool		(*has_label) (WfCatalog *catalog, WfType *type, const char *label);

	/*
	 * What changing the column to the type would do to the rows, without a
	 * USING clause.
	 */
	WfTypeChange (*type_change) (WfCatalog *catalog, WfColumn *column,
								 const TypeName *type);

	/*
	 * Makes column one of this type, as a cast to it gives, with its modifier
	 * and collation; false where that is not known.
	 */
	bool		(*column_of) (WfCatalog *catalog, const TypeName *type, WfColumn *column);

	/*
	 * The OIDs of the live indexes that a change of the column's type builds
	 * anew where it leaves the rows as they are.
	 */
	List	   *(*rebuilt_indexes) (WfCatalog *catalog, WfRelation *relation, const WfColumn *column,
									const ColumnDef *def);

	/*
	 * The volatility (provolatile) of the functions that the name may mean
	 * with this many arguments, -1 for any number, the worst of them; 0 where
	 * there is none.  except: OIDs of some that are not meant.
	 */
	char		(*volatility) (WfCatalog *catalog, List *name, int nargs, const List *except);

	/* Names of the schemas that are searched, in order, pg_catalog included. */
	List	   *(*search_path) (WfCatalog *catalog);

	/*
	 * What is built on the relation, or on the column with this number where
	 * it is not 0: a list of WfDependent.
	 */
	List	   *(*dependents) (WfCatalog *catalog, WfRelation *relation, int attnum);

	/*
	 * What makes DROP without CASCADE of functions, types or schemas fail: a
	 * list of WfDependent; NIL for objects of other kinds.
	 */
	List	   *(*drop_blockers) (WfCatalog *catalog, const DropStmt *stmt);

	/*
	 * As one would write it, from the live catalog: the type of a column,
	 * NULL where it has a collation of its own; a constraint, behind its
	 * name; the last label of an enum.  NULL for what the text made or
	 * changed.
	 */
	char	   *(*column_type) (WfCatalog *catalog, const WfColumn *column);
	char	   *(*constraint_sql) (WfCatalog *catalog, const WfConstraint *constraint);
	char	   *(*last_label) (WfCatalog *catalog, WfType *type);

	/* Is there a schema, or a database, of this name? */
	bool		(*has_schema) (WfCatalog *catalog, const char *name);
	bool		(*has_database) (WfCatalog *catalog, const char *name);

	/*
	 * Has the relation a trigger, policy or rule (OBJECT_...) of this name?
	 */
	bool		(*has_part) (WfCatalog *catalog, WfRelation *relation, ObjectType type, const char *name);

	/* The names of the relation's policies. */
	List	   *(*policies) (WfCatalog *catalog, WfRelation *relation);

	/*
	 * Is there a routine of this name and these arguments?  True where that
	 * is not known.
	 */
	bool		(*has_routine) (WfCatalog *catalog, ObjectType type, const ObjectWithArgs *object);

	/*
	 * Is there a routine that the statement would make, or replace?  If so,
	 * fills change.
	 */
	bool		(*routine_change) (WfCatalog *catalog, CreateFunctionStmt *stmt, WfRoutineChange *change);

	/*
	 * The names of the publications that the table is in, by itself or
	 * through one that it is a partition of; under_own_name: without those in
	 * which it goes by the name of that one.
	 */
	List	   *(*publications) (WfCatalog *catalog, WfRelation *relation, bool under_own_name);

	/* Does the publication tell of UPDATE or DELETE? */
	bool		(*publishes_changes) (WfCatalog *catalog, const char *publication);

	/* The share of NULL among the column's values; -1 where nothing is known. */
	double		(*null_fraction) (WfCatalog *catalog, WfRelation *relation, WfColumn *column);

	/*
	 * What a DROP, or the command of ALTER TABLE, takes along with CASCADE: a
	 * list of WfDependent.  False where an object that it names is not known.
	 */
	bool		(*cascade) (WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents);

	/* Fills uses and used_by. */
	void		(*type_uses) (WfCatalog *catalog, WfType *type);
};

extern WfCatalog *wf_ddl_catalog_live(void);

/* catalog_types.c */
extern bool wf_ddl_is_integer(const WfColumn *column);

/* Fills population, rows and bytes once; safe to call again. */
static inline WfRelation *
wf_ddl_measure(WfCatalog *catalog, WfRelation *relation)
{
	if (!relation->measured)
	{
		catalog->measure(catalog, relation);
		relation->measured = true;
	}
	return relation;
}

/* Is there nothing in it that a lock or a scan could hurt? */
static inline bool
wf_ddl_is_private(WfRelation *relation)
{
	return relation->created_here || relation->persistence == 't';
}

#endif							/* WF_DDL_CATALOG_H */
