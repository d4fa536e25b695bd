/*
 * rule_list.h: the rule functions, by the file of their family.
 */
#ifndef WF_MIGRATION_RULE_LIST_H
#define WF_MIGRATION_RULE_LIST_H

#include "migration/rule.h"

/* rule_access.c */
extern void wf_rule_revoke(WfRuleCall *call);
extern void wf_rule_grant_too_broad(WfRuleCall *call);
extern void wf_rule_row_security(WfRuleCall *call);
extern void wf_rule_disable_trigger(WfRuleCall *call);
extern void wf_rule_trigger_lock(WfRuleCall *call);

/* rule_cast.c */
extern void wf_rule_type_cast_would_fail(WfRuleCall *call);

/* rule_batches.c: parts of safe_sql */
extern char *wf_rule_whole_number_key(WfRuleCall *call, WfRelation *table);
extern char *wf_rule_batches(WfRuleCall *call, WfRelation *table, const char *statement, const char *name, const char *condition);
extern char *wf_rule_fill(WfRuleCall *call, WfRelation *table, const char *assignment, const char *condition);
extern char *wf_rule_dollar_quote(const char *tag, const char *code);
extern char *wf_rule_keep_trigger(WfRelation *table, const char *name, const char *code, const char *options);
extern char *wf_rule_fill_default(WfRuleCall *call, WfRelation *table, const char *column);
extern char *wf_rule_make_required(WfRuleCall *call, WfRelation *table, const char *column);
extern bool wf_rule_has_heirs(WfRuleCall *call, WfRelation *table);
extern bool wf_rule_is_plain_column(WfRuleCall *call, WfRelation *table, WfColumn *column);
extern char *wf_rule_second_column(WfRuleCall *call, WfRelation *table, WfColumn *column, const char *type);

/* rule_catalog.c */
extern void wf_rule_object_missing(WfRuleCall *call);

/* rule_exists.c */
extern void wf_rule_object_exists(WfRuleCall *call);

/* rule_column.c */
extern bool wf_rule_is_serial(const ColumnDef *column);
extern void wf_rule_add_column_volatile_default(WfRuleCall *call);
extern void wf_rule_add_column_constant_default(WfRuleCall *call);
extern void wf_rule_add_column_auto_increment(WfRuleCall *call);
extern void wf_rule_add_column_stored_generated(WfRuleCall *call);
extern void wf_rule_add_column_constrained_domain(WfRuleCall *call);
extern void wf_rule_add_column_required(WfRuleCall *call);

/* rule_column_safe.c: parts of safe_sql */
extern Constraint *wf_rule_column_constraint(ColumnDef *column, ConstrType kind);
extern Constraint *wf_rule_with_attributes(List *constraints, ListCell *place);
extern bool wf_rule_is_unenforced(List *constraints, ListCell *place);
extern bool wf_rule_is_attribute(const Constraint *constraint);
extern char *wf_rule_add_nullable_first(WfRuleCall *call, WfRelation *table, ColumnDef *column);
extern char *wf_rule_add_column_without(WfRuleCall *call, WfRelation *table, Constraint *constraint);
extern char *wf_rule_add_default_later(WfRuleCall *call, WfRelation *table, ColumnDef *column, Constraint *constraint);
extern char *wf_rule_add_key_values(WfRuleCall *call, WfRelation *table, ColumnDef *column);
extern char *wf_rule_add_serial_later(WfRuleCall *call, WfRelation *table, ColumnDef *column);
extern char *wf_rule_add_identity_later(WfRuleCall *call, WfRelation *table, ColumnDef *column);
extern char *wf_rule_keep_generated(WfRuleCall *call, WfRelation *table, ColumnDef *column, Constraint *constraint);
extern char *wf_rule_add_domain_later(WfRuleCall *call, WfRelation *table, ColumnDef *column, WfType *type);

/* rule_constraint.c */
extern void wf_rule_add_foreign_key(WfRuleCall *call);
extern void wf_rule_add_check(WfRuleCall *call);
extern void wf_rule_set_not_null(WfRuleCall *call);
extern void wf_rule_validate_in_same_transaction(WfRuleCall *call);
extern char *wf_rule_check_sql(WfRuleCall *call, Constraint *constraint, const char *name);
extern char *wf_rule_foreign_key_sql(Constraint *constraint, const char *name, List *columns);
extern char *wf_rule_check_expression(WfRuleCall *call, Constraint *constraint);
extern char *wf_rule_not_null_proof(WfRuleCall *call, WfRelation *table, const char *column);

/* rule_constraint_drop.c */
extern void wf_rule_drop_constraint(WfRuleCall *call);
extern void wf_rule_drop_primary_key(WfRuleCall *call);
extern char wf_rule_constraint_kind(WfRuleCall *call, WfRelation *table, const char *name);

/* rule_constraint_index.c */
extern char *wf_rule_key_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *old);
extern char *wf_rule_unique_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys);
extern char *wf_rule_primary_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys);
extern void wf_rule_add_unique(WfRuleCall *call);
extern void wf_rule_add_primary_key(WfRuleCall *call);
extern void wf_rule_add_exclusion(WfRuleCall *call);
extern void wf_rule_primary_key_nullable(WfRuleCall *call);

/* rule_convention.c */
extern void wf_rule_missing_comment(WfRuleCall *call);
extern void wf_rule_nullable_column(WfRuleCall *call);
extern void wf_rule_required_columns(WfRuleCall *call);
extern void wf_rule_naming_convention(WfRuleCall *call);
extern void wf_rule_column_alignment(WfRuleCall *call);

/* rule_data.c */
extern void wf_rule_unbatched_data_change(WfRuleCall *call);
extern void wf_rule_truncate(WfRuleCall *call);
extern void wf_rule_truncate_cascade(WfRuleCall *call);
extern void wf_rule_create_table_as(WfRuleCall *call);

/* rule_dependents.c */
extern void wf_rule_dependents_block_change(WfRuleCall *call);
extern void wf_rule_drop_dependent_object(WfRuleCall *call);
extern void wf_rule_view_incompatible(WfRuleCall *call);
extern void wf_rule_note_dependent_list(WfFinding *finding, List *dependents);
extern void wf_rule_note_dependents(WfRuleCall *call, WfFinding *finding, WfRelation *relation, int attnum);

/* rule_domain.c */
extern void wf_rule_domain_constraint(WfRuleCall *call);

/* rule_drop.c */
extern void wf_rule_drop_type(WfRuleCall *call);
extern void wf_rule_drop_column(WfRuleCall *call);
extern void wf_rule_drop_table(WfRuleCall *call);
extern void wf_rule_drop_schema(WfRuleCall *call);
extern void wf_rule_drop_database(WfRuleCall *call);
extern void wf_rule_drop_cascade(WfRuleCall *call);
extern void wf_rule_recreate_table(WfRuleCall *call);
extern void wf_rule_drop_not_null(WfRuleCall *call);
extern void wf_rule_change_default(WfRuleCall *call);

/* rule_enum.c */
extern void wf_rule_enum_add_value(WfRuleCall *call);
extern void wf_rule_enum_rename_value(WfRuleCall *call);
extern void wf_rule_enum_created(WfRuleCall *call);
extern void wf_rule_enum_value_unordered(WfRuleCall *call);
extern void wf_rule_enum_add_value_in_transaction(WfRuleCall *call);
extern void wf_rule_enum_value_used(WfRuleCall *call);
extern void wf_rule_enum_type_replaced(WfRuleCall *call);

/* rule_foreign_key.c */
extern void wf_rule_foreign_key_without_index(WfRuleCall *call);
extern void wf_rule_foreign_key_set_null(WfRuleCall *call);
extern void wf_rule_foreign_key_type(WfRuleCall *call);

/* rule_function.c */
extern void wf_rule_function_change(WfRuleCall *call);
extern bool wf_rule_uses_routine(WfRuleCall *call, ObjectType type, ObjectWithArgs *routine, bool tolerated);

/* rule_hidden.c */
extern void wf_rule_guard_hides_mismatch(WfRuleCall *call);

/* rule_index.c */
extern void wf_rule_index_not_concurrent(WfRuleCall *call);
extern void wf_rule_drop_index_not_concurrent(WfRuleCall *call);
extern void wf_rule_reindex_not_concurrent(WfRuleCall *call);
extern void wf_rule_concurrent_in_transaction(WfRuleCall *call);
extern void wf_rule_concurrent_on_partitioned(WfRuleCall *call);
extern void wf_rule_wide_index(WfRuleCall *call);
extern void wf_rule_index_build_corruption(WfRuleCall *call);
extern void wf_rule_duplicate_index(WfRuleCall *call);
extern void wf_rule_invalid_index_left(WfRuleCall *call);

/* rule_partition.c */
extern void wf_rule_attach_partition(WfRuleCall *call);
extern void wf_rule_create_partition(WfRuleCall *call);
extern void wf_rule_detach_partition(WfRuleCall *call);

/* rule_partition_index.c */
extern void wf_rule_attach_builds_index(WfRuleCall *call);
extern char *wf_rule_index_by_partition(WfRuleCall *call, WfRelation *parent, bool unique, const char *name, const char *label, const char *definition);
extern bool wf_rule_partitions_have_index(WfRuleCall *call, WfRelation *table, const WfIndex *wanted, char constraint);

/* rule_publication.c */
extern void wf_rule_replication(WfRuleCall *call);

/* rule_rename.c */
extern void wf_rule_rename_other(WfRuleCall *call);
extern void wf_rule_move_schema(WfRuleCall *call);
extern void wf_rule_rename_column(WfRuleCall *call);
extern void wf_rule_rename_table(WfRuleCall *call);
extern void wf_rule_rename_schema(WfRuleCall *call);
extern char *wf_rule_copy_grants(const char *relation, const char *view);

/* rule_rerun.c */
extern void wf_rule_name_not_qualified(WfRuleCall *call);
extern void wf_rule_not_rerunnable(WfRuleCall *call);

/* rule_sequence.c */
extern void wf_rule_reset_sequence(WfRuleCall *call);

/* rule_storage.c */
extern void wf_rule_set_persistence(WfRuleCall *call);
extern void wf_rule_set_access_method(WfRuleCall *call);
extern void wf_rule_set_tablespace(WfRuleCall *call);
extern void wf_rule_set_expression(WfRuleCall *call);
extern void wf_rule_cluster_or_vacuum_full(WfRuleCall *call);
extern void wf_rule_refresh_matview(WfRuleCall *call);

/* rule_style.c */
extern void wf_rule_json_column(WfRuleCall *call);
extern void wf_rule_char_column(WfRuleCall *call);
extern void wf_rule_money_column(WfRuleCall *call);
extern void wf_rule_integer_key_width(WfRuleCall *call);
extern void wf_rule_smallint_width(WfRuleCall *call);
extern void wf_rule_limited_varchar(WfRuleCall *call);
extern void wf_rule_timestamp_without_zone(WfRuleCall *call);
extern void wf_rule_serial_column(WfRuleCall *call);

/* rule_text.c */
extern void wf_rule_opaque_sql(WfRuleCall *call);
extern void wf_rule_domain_with_constraint(WfRuleCall *call);
extern void wf_rule_identifier_truncated(WfRuleCall *call);
extern void wf_rule_table_without_primary_key(WfRuleCall *call);
extern void wf_rule_unnamed_constraint(WfRuleCall *call);
extern void wf_rule_create_extension(WfRuleCall *call);
extern void wf_rule_duplicate_assignment(WfRuleCall *call);

/* rule_rows.c */
extern bool wf_rule_names_few_rows(WfRuleCall *call, WfRelation *table, const RangeVar *name, Node *where);
extern bool wf_rule_has_limit(const SelectStmt *query);
extern bool wf_rule_is_constant(Node *condition, bool value);
extern WithClause *wf_rule_with(Node *stmt);
extern const char *wf_rule_called(const RangeVar *name);

/* rule_timeout.c */
extern void wf_rule_lock_timeout_missing(WfRuleCall *call);
extern void wf_rule_statement_timeout_missing(WfRuleCall *call);
extern void wf_rule_idle_timeout_missing(WfRuleCall *call);
extern void wf_rule_application_name_missing(WfRuleCall *call);
extern void wf_rule_lock_timeout_unsafe(WfRuleCall *call);

/* rule_transaction.c */
extern void wf_rule_nested_transaction(WfRuleCall *call);
extern void wf_rule_unfinished_transaction(WfRuleCall *call);
extern void wf_rule_exclusive_lock_held(WfRuleCall *call);
extern void wf_rule_many_tables_locked(WfRuleCall *call);
extern void wf_rule_lock_table(WfRuleCall *call);
extern void wf_rule_alter_table_not_combined(WfRuleCall *call);
extern char *wf_rule_outside_transaction(WfRuleCall *call);
extern char *wf_rule_outside(WfRuleCall *call, char *sql);

/* rule_type.c */
extern void wf_rule_type_change_rewrites(WfRuleCall *call);
extern void wf_rule_type_change_narrows(WfRuleCall *call);
extern void wf_rule_type_change_rechecks(WfRuleCall *call);
extern Oid	wf_rule_type_oid(WfRuleCall *call, const TypeName *name);
extern Oid	wf_rule_builtin_type(WfRuleCall *call, const char *name);

/* rule_validate.c */
extern void wf_rule_not_null_would_fail(WfRuleCall *call);
extern void wf_rule_check_would_fail(WfRuleCall *call);
extern void wf_rule_foreign_key_would_fail(WfRuleCall *call);
extern void wf_rule_unique_would_fail(WfRuleCall *call);
extern void wf_rule_concurrent_wait(WfRuleCall *call);
extern WfRelation *wf_rule_validated_table(WfRuleCall *call, const RangeVar *name);
extern char *wf_rule_row_key(WfRuleCall *call, WfRelation *table, const char *alias);
extern WfFinding *wf_rule_report_rows(WfRuleCall *call, WfRelation *table, WfAnswer *answer, const char *sqlstate, const char *what);

#endif							/* WF_MIGRATION_RULE_LIST_H */
