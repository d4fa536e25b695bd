/*
 * ddl.h: the writers of DDL, one set per object type; see WfObjectType.
 */
#ifndef WF_SCHEMA_DDL_H
#define WF_SCHEMA_DDL_H

#include "schema/plan.h"

#define WF_DDL_CREATE(name) extern void wf_schema_ddl_##name##_create(WfDdl *ddl, WfObject *object)
#define WF_DDL_DROP(name) extern void wf_schema_ddl_##name##_drop(WfDdl *ddl, WfObject *object)
#define WF_DDL_ALTER(name) \
	extern bool wf_schema_ddl_##name##_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)

/* ddl_table.c */
WF_DDL_CREATE(table);
WF_DDL_DROP(table);
WF_DDL_ALTER(table);
WF_DDL_CREATE(partition);
WF_DDL_DROP(partition);
extern void wf_schema_ddl_settle_copies(WfDdl *ddl, WfObject *column);
extern void wf_schema_ddl_settle_constraints(WfDdl *ddl, WfObject *constraint);
extern void wf_schema_ddl_keep_not_null(WfDdl *ddl, WfObject *column);
extern void wf_schema_ddl_loosen(WfDdl *ddl, WfObject *table);
extern bool wf_schema_ddl_stands_alone(WfObject *table);
extern List *wf_schema_ddl_columns_in_order(WfObject *table);
extern List *wf_schema_ddl_parents_in_order(WfObject *table);

/* ddl_inheritance.c */
WF_DDL_CREATE(inheritance);
WF_DDL_DROP(inheritance);
WF_DDL_ALTER(inheritance);

/* ddl_column.c */
WF_DDL_CREATE(column);
WF_DDL_DROP(column);
WF_DDL_ALTER(column);
extern char *wf_schema_ddl_alter_column(WfObject *column, bool only);

/* ddl_identity.c */
extern char *wf_schema_ddl_identity_clause(WfObject *column);
extern void wf_schema_ddl_alter_identity(WfDdl *ddl, WfObject *from, WfObject *to);
extern void wf_schema_ddl_write_identity(WfDdl *ddl, WfObject *from, WfObject *to);
extern void wf_schema_ddl_alter_identity_settings(WfDdl *ddl, WfObject *from, WfObject *to);
extern void wf_schema_ddl_settle_identity(WfDdl *ddl, WfObject *column);

/* ddl_column.c: defaults */
WF_DDL_CREATE(default);
WF_DDL_DROP(default);
WF_DDL_ALTER(default);
extern void wf_schema_ddl_column_definition(StringInfo sql, WfObject *column, bool typed);
extern void wf_schema_ddl_column_settings(WfDdl *ddl, WfObject *column);

/* own_not_null.c */
extern bool wf_schema_ddl_takes_not_null(WfObject *column);
extern void wf_schema_ddl_settle_not_null(WfDdl *ddl, WfObject *column);

/* ddl_constraint.c */
WF_DDL_CREATE(constraint);
WF_DDL_DROP(constraint);
WF_DDL_ALTER(constraint);

extern bool wf_schema_ddl_builds_apart(WfObject *constraint);

/* ddl_online.c */
extern bool wf_schema_ddl_keeps_children(WfObject *table);
extern bool wf_schema_ddl_rewrites(WfObject *column, WfObject *dflt);
extern bool wf_schema_ddl_fills_later(WfDdl *ddl, WfObject *column, WfObject *dflt);
extern void wf_schema_ddl_fill_column(WfDdl *ddl, WfObject *column, WfObject *dflt);
extern char *wf_schema_ddl_do(const char *body);
extern void wf_schema_ddl_fill_rest(WfDdl *ddl, WfObject *constraint);
extern bool wf_schema_ddl_proves_not_null(WfDdl *ddl, WfObject *column);
extern void wf_schema_ddl_prove_not_null(WfDdl *ddl, WfObject *column);

/* ddl_online_partition.c */
extern bool wf_schema_ddl_is_own_key(WfObject *constraint);
extern void wf_schema_ddl_check_partitions(WfDdl *ddl, WfObject *constraint);
extern bool wf_schema_ddl_leaves_quietly(WfObject *link);
extern void wf_schema_ddl_note_bound(WfDdl *ddl, WfObject *table);
extern void wf_schema_ddl_drop_bound(WfDdl *ddl, WfObject *table);

/* ddl_index.c */
WF_DDL_CREATE(index);
WF_DDL_DROP(index);
WF_DDL_ALTER(index);
WF_DDL_CREATE(index_partition);
extern void wf_schema_ddl_index_settings(WfDdl *ddl, WfObject *object, const char *index);

/* ddl_sequence.c */
WF_DDL_CREATE(sequence);
WF_DDL_DROP(sequence);
WF_DDL_ALTER(sequence);
WF_DDL_CREATE(sequence_owner);
extern void wf_schema_ddl_sequence_bounds(WfDdl *ddl, const char *sequence, const char *from, const char *to);
extern bool wf_schema_ddl_sequence_follows(WfObject *sequence);

WF_DDL_DROP(sequence_owner);

/* ddl_type.c */
WF_DDL_CREATE(enum);
WF_DDL_ALTER(enum);
WF_DDL_CREATE(domain);
WF_DDL_ALTER(domain);
WF_DDL_CREATE(domain_constraint);
WF_DDL_DROP(domain_constraint);
WF_DDL_ALTER(domain_constraint);
WF_DDL_CREATE(composite);
WF_DDL_ALTER(base_type);

/* ddl_view.c */
WF_DDL_CREATE(view);
WF_DDL_ALTER(view);
extern void wf_schema_ddl_view_stub(WfDdl *ddl, WfObject *view);

WF_DDL_CREATE(materialized_view);
WF_DDL_ALTER(materialized_view);

/* ddl_routine.c */
WF_DDL_ALTER(function);
extern void wf_schema_ddl_routine_stub(WfDdl *ddl, WfObject *routine);

/* ddl_other.c */
WF_DDL_CREATE(schema);
WF_DDL_CREATE(extension);
WF_DDL_ALTER(extension);
WF_DDL_CREATE(trigger);
WF_DDL_DROP(trigger);
WF_DDL_ALTER(trigger);
WF_DDL_CREATE(rule);
WF_DDL_ALTER(rule);
WF_DDL_CREATE(event_trigger);
WF_DDL_ALTER(event_trigger);
WF_DDL_CREATE(statistics);
WF_DDL_ALTER(statistics);
WF_DDL_DROP(family_member);
WF_DDL_CREATE(setting);
WF_DDL_DROP(setting);
WF_DDL_ALTER(setting);

/* ddl_grant.c */
WF_DDL_DROP(privileges);
WF_DDL_CREATE(default_privileges);
WF_DDL_DROP(default_privileges);
WF_DDL_ALTER(default_privileges);

/* ddl_foreign.c */
WF_DDL_CREATE(subscription);
WF_DDL_DROP(subscription);
WF_DDL_ALTER(subscription);
WF_DDL_CREATE(foreign);
WF_DDL_ALTER(foreign);

#endif							/* WF_SCHEMA_DDL_H */
