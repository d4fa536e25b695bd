/*
 * catalog_parts.h: what the live catalog knows of a relation's parts.
 */
#ifndef WF_DDL_CATALOG_PARTS_H
#define WF_DDL_CATALOG_PARTS_H

#include "ddl/catalog.h"

/* catalog_live.c */
extern WfRelation *wf_ddl_live_relation(WfCatalog *catalog, Oid relid);
extern Oid	wf_ddl_live_type_oid(List *names);

/* catalog_parts.c */
extern void wf_ddl_live_measure(WfCatalog *catalog, WfRelation *relation);
extern List *wf_ddl_live_constraints(WfCatalog *catalog, WfRelation *relation);
extern WfConstraint *wf_ddl_live_constraint(WfCatalog *catalog, WfRelation *relation, const char *name);
extern bool wf_ddl_live_has_constraint(WfCatalog *catalog, const char *schema, const char *name, RangeVar **table);
extern bool wf_ddl_live_domain_constraints(Oid domain, WfType *type);
extern List *wf_ddl_live_indexes(WfCatalog *catalog, WfRelation *relation);
extern char *wf_ddl_live_partition_key(WfCatalog *catalog, WfRelation *relation);
extern List *wf_ddl_live_partitions(WfCatalog *catalog, WfRelation *parent);
extern RangeVar *wf_ddl_live_default_partition(WfCatalog *catalog, WfRelation *parent);
extern RangeVar *wf_ddl_live_partition_parent(WfCatalog *catalog, WfRelation *partition);
extern Oid	wf_ddl_live_index_relid(Oid indexid);

/* index_match.c */
extern bool wf_ddl_live_index_matches(WfCatalog *catalog, const WfIndex *parent_index, const WfIndex *child_index);

/* index_rebuild.c */
extern List *wf_ddl_live_rebuilt_indexes(WfCatalog *catalog, WfRelation *relation, const WfColumn *column,
										 const ColumnDef *def);

/* bound.c */
extern bool wf_ddl_live_proves_bound(WfCatalog *catalog, WfRelation *parent, WfRelation *child,
									 const PartitionBoundSpec *bound);

/* dependents.c */
extern List *wf_ddl_live_dependents(WfCatalog *catalog, WfRelation *relation, int attnum);

/* drop_blockers.c */
extern List *wf_ddl_live_drop_blockers(WfCatalog *catalog, const DropStmt *stmt);

/* cascade.c */
extern bool wf_ddl_live_cascade(WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents);

/* catalog_objects.c */
extern bool wf_ddl_live_has_schema(WfCatalog *catalog, const char *name);
extern bool wf_ddl_live_has_database(WfCatalog *catalog, const char *name);
extern bool wf_ddl_live_has_part(WfCatalog *catalog, WfRelation *relation, ObjectType type, const char *name);
extern List *wf_ddl_live_policies(WfCatalog *catalog, WfRelation *relation);
extern List *wf_ddl_live_publications(WfCatalog *catalog, WfRelation *relation, bool under_own_name);
extern bool wf_ddl_live_publishes_changes(WfCatalog *catalog, const char *publication);
extern double wf_ddl_live_null_fraction(WfCatalog *catalog, WfRelation *relation, WfColumn *column);

/* routines.c */
extern bool wf_ddl_live_has_routine(WfCatalog *catalog, ObjectType type, const ObjectWithArgs *object);
extern bool wf_ddl_live_routine_change(WfCatalog *catalog, CreateFunctionStmt *stmt, WfRoutineChange *change);

/* catalog_words.c */
extern char *wf_ddl_live_column_type(WfCatalog *catalog, const WfColumn *column);
extern char *wf_ddl_live_constraint_sql(WfCatalog *catalog, const WfConstraint *constraint);
extern char *wf_ddl_live_last_label(WfCatalog *catalog, WfType *type);

/* catalog_types.c */
extern WfTypeChange wf_ddl_live_type_change(WfCatalog *catalog, WfColumn *column,
											const TypeName *type);
extern bool wf_ddl_live_column_of(WfCatalog *catalog, const TypeName *type, WfColumn *column);
extern char wf_ddl_live_volatility(WfCatalog *catalog, List *name, int nargs, const List *except);

#endif							/* WF_DDL_CATALOG_PARTS_H */
