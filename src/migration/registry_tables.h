/*
 * registry_tables.h: rows of the registry (registry.c) about indexes,
 * constraints, columns and their types.
 *
 * Only registry.c includes it, in the middle of its array.
 */
 /* indexes */
{
	"index-not-concurrent", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_IndexStmt),
		NULL,
		wf_rule_index_not_concurrent, "indexes",
		"CREATE INDEX without CONCURRENTLY stops writes for as long as the build takes", WF_ACTION_BLOCK
},

{
	"drop-index-not-concurrent", WF_SEVERITY_MEDIUM, WF_KIND_BLOCKING,
		NODES(T_DropStmt),
		NULL,
		wf_rule_drop_index_not_concurrent, "indexes",
		"DROP INDEX without CONCURRENTLY waits for all queries on the table", WF_ACTION_OFF
},

{
	"reindex-not-concurrent", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_ReindexStmt),
		NULL,
		wf_rule_reindex_not_concurrent, "indexes",
		"REINDEX without CONCURRENTLY stops writes, and most reads", WF_ACTION_BLOCK
},

{
	"concurrent-in-transaction", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		NODES(T_IndexStmt, T_DropStmt, T_ReindexStmt, T_VacuumStmt, T_ClusterStmt,
			  T_AlterSystemStmt, T_CreatedbStmt, T_DropdbStmt, T_CreateTableSpaceStmt,
			  T_DropTableSpaceStmt, T_AlterDatabaseStmt, T_CreateSubscriptionStmt,
			  T_AlterSubscriptionStmt, T_DiscardStmt, T_AlterTableStmt),
		COMMANDS(AT_DetachPartition),
		wf_rule_concurrent_in_transaction, "indexes",
		"the statement can't run inside a transaction block", WF_ACTION_OFF
},

{
	"concurrent-wait-hazard", WF_SEVERITY_LOW, WF_KIND_BLOCKING,
		NODES(T_IndexStmt, T_DropStmt, T_ReindexStmt, T_AlterTableStmt),
		COMMANDS(AT_DetachPartition),
		wf_rule_concurrent_wait, "indexes",
		"CONCURRENTLY waits for transactions that are open", WF_ACTION_OFF
},

{
	"concurrent-on-partitioned", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		NODES(T_IndexStmt, T_DropStmt, T_AlterTableStmt),
		COMMANDS(AT_DetachPartition),
		wf_rule_concurrent_on_partitioned, "indexes",
		"CONCURRENTLY fails on partitioned tables and their indexes", WF_ACTION_OFF
},

{
	"invalid-index-left", WF_SEVERITY_MEDIUM, WF_KIND_FAILS,
		NODES(T_IndexStmt, T_AlterTableStmt),
		COMMANDS(AT_AddConstraint),
		wf_rule_invalid_index_left, "indexes",
		"IF NOT EXISTS keeps an invalid index that a failed build left, and USING INDEX fails on it", WF_ACTION_OFF
},

{
	"duplicate-index", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_IndexStmt),
		NULL,
		wf_rule_duplicate_index, "indexes",
		"the same columns are indexed already", WF_ACTION_OFF
},

{
	"wide-index", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_IndexStmt),
		NULL,
		wf_rule_wide_index, "indexes",
		"an index over more than three columns", WF_ACTION_OFF
},

{
	"index-build-corruption", WF_SEVERITY_CRITICAL, WF_KIND_DATA_LOSS,
		NODES(T_IndexStmt, T_ReindexStmt),
		NULL,
		wf_rule_index_build_corruption, "indexes",
		"PostgreSQL 14.0 to 14.3 may build an index CONCURRENTLY that lacks rows", WF_ACTION_OFF
},

 /* constraints */
{
	"add-foreign-key-validates", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint, AT_AddColumn),
		wf_rule_add_foreign_key, "constraints",
		"ADD FOREIGN KEY stops writes to both tables while it looks up every row", WF_ACTION_OFF
},

{
	"add-check-validates", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint, AT_AddColumn),
		wf_rule_add_check, "constraints",
		"ADD CHECK reads every row while nobody can read or write the table", WF_ACTION_OFF
},

{
	"set-not-null-scans", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_SetNotNull, AT_AddConstraint),
		wf_rule_set_not_null, "constraints",
		"SET NOT NULL reads every row while nobody can read or write the table", WF_ACTION_OFF
},

{
	"add-unique-builds-index", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint, AT_AddColumn),
		wf_rule_add_unique, "constraints",
		"ADD UNIQUE builds its index while nobody can read or write the table", WF_ACTION_BLOCK
},

{
	"add-primary-key-builds-index", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint, AT_AddColumn),
		wf_rule_add_primary_key, "constraints",
		"ADD PRIMARY KEY builds its index while nobody can read or write the table", WF_ACTION_BLOCK
},

{
	"primary-key-index-nullable", WF_SEVERITY_MEDIUM, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint),
		wf_rule_primary_key_nullable, "constraints",
		"ADD PRIMARY KEY makes nullable columns NOT NULL, which reads every row", WF_ACTION_OFF
},

{
	"add-exclusion-constraint", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint),
		wf_rule_add_exclusion, "constraints",
		"ADD EXCLUDE builds and checks its index while nobody can read or write the table", WF_ACTION_BLOCK
},

{
	"validate-in-same-transaction", WF_SEVERITY_MEDIUM, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_ValidateConstraint),
		wf_rule_validate_in_same_transaction, "constraints",
		"VALIDATE in the transaction that adds the constraint keeps its stronger lock", WF_ACTION_OFF
},

{
	"domain-constraint-validates", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterDomainStmt),
		NULL,
		wf_rule_domain_constraint, "constraints",
		"a new constraint of a domain reads every table that uses it, and stops writes to them", WF_ACTION_OFF
},

{
	"foreign-key-without-index", WF_SEVERITY_MEDIUM, WF_KIND_BLOCKING,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddConstraint, AT_AddColumn),
		wf_rule_foreign_key_without_index, "constraints",
		"each delete of a referenced row reads the whole referencing table", WF_ACTION_OFF
},

{
	"foreign-key-type-mismatch", WF_SEVERITY_MEDIUM, WF_KIND_BLOCKING,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AddConstraint),
		wf_rule_foreign_key_type, "constraints",
		"a column has another type than the one it refers to", WF_ACTION_OFF
},

{
	"foreign-key-set-null-not-null", WF_SEVERITY_MEDIUM, WF_KIND_BREAKING,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddConstraint, AT_AddColumn),
		wf_rule_foreign_key_set_null, "constraints",
		"ON DELETE SET NULL fails on a column that is NOT NULL", WF_ACTION_OFF
},

{
	"drop-constraint", WF_SEVERITY_MEDIUM, WF_KIND_BREAKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_DropConstraint),
		wf_rule_drop_constraint, "constraints",
		"what the constraint kept out can come in", WF_ACTION_OFF
},

{
	"drop-primary-key", WF_SEVERITY_HIGH, WF_KIND_BREAKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_DropConstraint),
		wf_rule_drop_primary_key, "constraints",
		"rows can no longer be told apart", WF_ACTION_OFF
},

{
	"unnamed-constraint", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddConstraint),
		wf_rule_unnamed_constraint, "constraints",
		"the server chooses the constraint's name", WF_ACTION_OFF
},

 /* columns */
{
	"add-column-volatile-default", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddColumn),
		wf_rule_add_column_volatile_default, "columns",
		"a default that differs by row writes the table anew", WF_ACTION_OFF
},

{
	"add-column-constant-default", WF_SEVERITY_LOW, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddColumn),
		wf_rule_add_column_constant_default, "columns",
		"a constant default locks the table for a moment only", WF_ACTION_OFF
},

{
	"add-column-auto-increment", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddColumn),
		wf_rule_add_column_auto_increment, "columns",
		"a serial or identity column writes the table anew", WF_ACTION_OFF
},

{
	"add-column-stored-generated", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddColumn),
		wf_rule_add_column_stored_generated, "columns",
		"a stored generated column writes the table anew", WF_ACTION_OFF
},

{
	"add-column-constrained-domain", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddColumn),
		wf_rule_add_column_constrained_domain, "columns",
		"a column of a domain with a constraint writes the table anew", WF_ACTION_OFF
},

{
	"add-column-required", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_ColumnDefault),
		wf_rule_add_column_required, "columns",
		"a NOT NULL column without a default fails on rows that are there", WF_ACTION_OFF
},

{
	"drop-not-null", WF_SEVERITY_LOW, WF_KIND_BREAKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_DropNotNull),
		wf_rule_drop_not_null, "columns",
		"code may meet NULL", WF_ACTION_OFF
},

{
	"change-default", WF_SEVERITY_LOW, WF_KIND_BREAKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_ColumnDefault),
		wf_rule_change_default, "columns",
		"code that leaves the column out stores something else, or fails", WF_ACTION_OFF
},

{
	"set-expression-rewrites", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(WF_AT_SET_EXPRESSION),
		wf_rule_set_expression, "columns",
		"a new expression of a stored generated column writes the table anew", WF_ACTION_OFF
},

 /* types */
{
	"type-change-rewrites", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AlterColumnType),
		wf_rule_type_change_rewrites, "types",
		"the new type writes the table and its indexes anew", WF_ACTION_WARN
},

{
	"type-change-narrows", WF_SEVERITY_HIGH, WF_KIND_DATA_LOSS,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AlterColumnType),
		wf_rule_type_change_narrows, "types",
		"values do not fit into the new type, or lose digits", WF_ACTION_OFF
},

{
	"type-change-rechecks", WF_SEVERITY_MEDIUM, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt),
		COMMANDS(AT_AlterColumnType),
		wf_rule_type_change_rechecks, "types",
		"constraints are checked again, or an index is built anew", WF_ACTION_WARN
},

{
	"json-column", WF_SEVERITY_MEDIUM, WF_KIND_BREAKING,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_json_column, "types",
		"json has no equality operator", WF_ACTION_OFF
},

{
	"char-column", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_char_column, "types",
		"char(n) pads with spaces", WF_ACTION_OFF
},

{
	"money-column", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_money_column, "types",
		"money depends on lc_monetary", WF_ACTION_OFF
},

{
	"integer-key-width", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_integer_key_width, "types",
		"integer keys run out of numbers", WF_ACTION_OFF
},

{
	"smallint-width", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_smallint_width, "types",
		"smallint ends at 32767", WF_ACTION_OFF
},

{
	"limited-varchar", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_limited_varchar, "types",
		"a limit of varchar is hard to change", WF_ACTION_OFF
},

{
	"timestamp-without-zone", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_timestamp_without_zone, "types",
		"timestamp has no time zone", WF_ACTION_OFF
},

{
	"serial-column", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateStmt, T_AlterTableStmt),
		COMMANDS(AT_AddColumn, AT_AlterColumnType),
		wf_rule_serial_column, "types",
		"identity columns replace serial", WF_ACTION_OFF
},

{
	"domain-with-constraint", WF_SEVERITY_LOW, WF_KIND_STYLE,
		NODES(T_CreateDomainStmt),
		NULL,
		wf_rule_domain_with_constraint, "types",
		"the constraint of a domain is hard to change", WF_ACTION_OFF
},
