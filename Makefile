# wishflags: PostgreSQL extension, built with PGXS.
#
#   make demo             build, start a private server, play the guided tour
#   make check            everything that is tested, on private servers
#   make, make install, make installcheck   as for every PGXS extension
#
#   make check-style      the laws of the source tree (in make check as well)
#   make check-versions   make check on PostgreSQL 17 and 18, in chroots; root
#   make check-clients    JavaScript clients from npm
#   make conformance CASES=dir   given cases
#   make bench            speed, as ratios to a baseline of the same run
#   make fuzz             random input and sessions that disturb each other
#   make indent           the C sources as pgindent lays them out
#
# PG_CONFIG chooses the server.  The version stands in wishflags.control only.

PG_CONFIG ?= pg_config

# Goals that prepare their own server; each is a script in test/.
SCRIPT_GOALS = demo check bench fuzz conformance check-style check-versions check-clients indent

ifneq (,$(filter $(SCRIPT_GOALS),$(MAKECMDGOALS)))

.PHONY: $(SCRIPT_GOALS)
$(SCRIPT_GOALS):
	@exec env PG_CONFIG='$(PG_CONFIG)' sh "$$(dirname '$(strip $(MAKEFILE_LIST))')/test/$@.sh"

else

srcroot := $(patsubst %/,%,$(dir $(abspath $(firstword $(MAKEFILE_LIST)))))

EXTENSION = wishflags
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" '$(srcroot)/wishflags.control')

MODULE_big = wishflags
OBJS = \
	src/wishflags.o \
	src/common/append.o \
	src/common/audit.o \
	src/common/deadline.o \
	src/common/extension.o \
	src/common/options.o \
	src/common/protect.o \
	src/common/steady.o \
	src/common/reason.o \
	src/common/review.o \
	src/common/review_decide.o \
	src/common/rows.o \
	src/common/select.o \
	src/common/setting.o \
	src/common/uuid.o \
	src/common/width.o \
	src/common/write.o \
	src/record/ddl_log.o \
	src/record/ddl_prune.o \
	src/record/ddl_write.o \
	src/record/definition.o \
	src/record/environment.o \
	src/record/event.o \
	src/record/ledger.o \
	src/record/ledger_signatures.o \
	src/record/settings.o \
	src/record/target.o \
	src/stats/flush.o \
	src/stats/health.o \
	src/stats/persist.o \
	src/stats/registers.o \
	src/stats/report.o \
	src/stats/session.o \
	src/stats/shared.o \
	src/stats/stats.o \
	src/stats/store.o \
	src/stats/usage.o \
	src/ddl/catalog_live.o \
	src/ddl/catalog_objects.o \
	src/ddl/catalog_parts.o \
	src/ddl/catalog_types.o \
	src/ddl/catalog_words.o \
	src/ddl/chosen_name.o \
	src/ddl/defaults.o \
	src/ddl/deparse.o \
	src/ddl/deparse_index.o \
	src/ddl/dependents.o \
	src/ddl/bound.o \
	src/ddl/drop_blockers.o \
	src/ddl/drop_search.o \
	src/ddl/cascade.o \
	src/ddl/index_match.o \
	src/ddl/index_rebuild.o \
	src/ddl/lock.o \
	src/ddl/plpgsql.o \
	src/ddl/populated.o \
	src/ddl/reader.o \
	src/ddl/relation_names.o \
	src/ddl/routines.o \
	src/ddl/source.o \
	src/ddl/split.o \
	src/ddl/type_usage.o \
	src/ddl/uses.o \
	src/ddl/walk.o \
	src/schema/address.o \
	src/schema/annotate.o \
	src/schema/baseline.o \
	src/schema/beside.o \
	src/schema/body.o \
	src/schema/catalog_access.o \
	src/schema/catalog_detail.o \
	src/schema/catalog_other.o \
	src/schema/catalog_relation.o \
	src/schema/catalog_routine.o \
	src/schema/catalog_settled.o \
	src/schema/catalog_type.o \
	src/schema/column.o \
	src/schema/cook.o \
	src/schema/cook_index.o \
	src/schema/cycle.o \
	src/schema/ddl_column.o \
	src/schema/ddl_common.o \
	src/schema/ddl_constraint.o \
	src/schema/ddl_foreign.o \
	src/schema/ddl_grant.o \
	src/schema/ddl_identity.o \
	src/schema/ddl_index.o \
	src/schema/ddl_inheritance.o \
	src/schema/ddl_online.o \
	src/schema/ddl_online_partition.o \
	src/schema/ddl_other.o \
	src/schema/ddl_rename.o \
	src/schema/ddl_routine.o \
	src/schema/ddl_sequence.o \
	src/schema/ddl_table.o \
	src/schema/ddl_type.o \
	src/schema/ddl_view.o \
	src/schema/diff.o \
	src/schema/drizzle.o \
	src/schema/drizzle_column.o \
	src/schema/drizzle_field.o \
	src/schema/drizzle_live.o \
	src/schema/drizzle_table.o \
	src/schema/edges.o \
	src/schema/fingerprint.o \
	src/schema/graph.o \
	src/schema/hint.o \
	src/schema/inherit.o \
	src/schema/json.o \
	src/schema/jsonb_access.o \
	src/schema/likeness.o \
	src/schema/loss.o \
	src/schema/mention.o \
	src/schema/model.o \
	src/schema/narrow.o \
	src/schema/order.o \
	src/schema/partition.o \
	src/schema/own_not_null.o \
	src/schema/plan.o \
	src/schema/progress.o \
	src/schema/read.o \
	src/schema/rebuild.o \
	src/schema/registry.o \
	src/schema/registry_avro.o \
	src/schema/registry_avro_compat.o \
	src/schema/registry_avro_read.o \
	src/schema/registry_compat.o \
	src/schema/registry_default.o \
	src/schema/registry_format.o \
	src/schema/registry_json.o \
	src/schema/registry_json_compat.o \
	src/schema/registry_json_members.o \
	src/schema/registry_json_read.o \
	src/schema/registry_live.o \
	src/schema/registry_names.o \
	src/schema/registry_options.o \
	src/schema/registry_protobuf.o \
	src/schema/registry_protobuf_compat.o \
	src/schema/registry_protobuf_read.o \
	src/schema/registry_scalar.o \
	src/schema/registry_shape.o \
	src/schema/registry_snapshot.o \
	src/schema/registry_wire.o \
	src/schema/render.o \
	src/schema/render_compare.o \
	src/schema/render_describe.o \
	src/schema/render_diagram.o \
	src/schema/render_diagram_table.o \
	src/schema/render_dot.o \
	src/schema/render_escape.o \
	src/schema/render_html.o \
	src/schema/render_layout.o \
	src/schema/render_markdown.o \
	src/schema/render_mermaid.o \
	src/schema/render_svg.o \
	src/schema/render_text.o \
	src/schema/render_tree.o \
	src/schema/rename.o \
	src/schema/rename_attached.o \
	src/schema/rename_step.o \
	src/schema/rewrite.o \
	src/schema/rewrite_column.o \
	src/schema/row.o \
	src/schema/same.o \
	src/schema/schema.o \
	src/schema/scope.o \
	src/schema/schedule.o \
	src/schema/script.o \
	src/schema/section.o \
	src/schema/select_list.o \
	src/schema/slots.o \
	src/schema/tokens.o \
	src/schema/type.o \
	src/schema/unmodelled.o \
	src/schema/watch.o \
	src/migration/activity.o \
	src/migration/calibrate.o \
	src/migration/check.o \
	src/migration/check_inside.o \
	src/migration/check_stats.o \
	src/migration/combine.o \
	src/migration/cover.o \
	src/migration/defer.o \
	src/migration/describe.o \
	src/migration/describe_create.o \
	src/migration/describe_statement.o \
	src/migration/describe_table.o \
	src/migration/directive.o \
	src/migration/directive_alias.o \
	src/migration/directive_names.o \
	src/migration/engine.o \
	src/migration/enum_plan.o \
	src/migration/enum_rebuild.o \
	src/migration/enum_step.o \
	src/migration/enum_use.o \
	src/migration/estimate.o \
	src/migration/estimate_rows.o \
	src/migration/evidence.o \
	src/migration/finding.o \
	src/migration/functions.o \
	src/migration/impact.o \
	src/migration/impact_body.o \
	src/migration/impact_depend.o \
	src/migration/impact_observe.o \
	src/migration/impact_severity.o \
	src/migration/impact_target.o \
	src/migration/impact_text.o \
	src/migration/inside.o \
	src/migration/platform.o \
	src/migration/policies.o \
	src/migration/policy.o \
	src/migration/policy_words.o \
	src/migration/pressure.o \
	src/migration/probe.o \
	src/migration/record.o \
	src/migration/registry.o \
	src/migration/rehearse.o \
	src/migration/rehearse_block.o \
	src/migration/rehearse_change.o \
	src/migration/rehearse_form.o \
	src/migration/rehearse_refuse.o \
	src/migration/rehearse_report.o \
	src/migration/rehearse_text.o \
	src/migration/rehearse_touch.o \
	src/migration/report.o \
	src/migration/report_escape.o \
	src/migration/report_html.o \
	src/migration/report_json.o \
	src/migration/report_junit.o \
	src/migration/report_markdown.o \
	src/migration/report_read.o \
	src/migration/report_text.o \
	src/migration/rollback.o \
	src/migration/rule.o \
	src/migration/rule_access.o \
	src/migration/rule_batches.o \
	src/migration/rule_cast.o \
	src/migration/rule_catalog.o \
	src/migration/rule_column.o \
	src/migration/rule_column_safe.o \
	src/migration/rule_constraint.o \
	src/migration/rule_constraint_drop.o \
	src/migration/rule_constraint_index.o \
	src/migration/rule_convention.o \
	src/migration/rule_data.o \
	src/migration/rule_dependents.o \
	src/migration/rule_domain.o \
	src/migration/rule_drop.o \
	src/migration/rule_enum.o \
	src/migration/rule_exists.o \
	src/migration/rule_foreign_key.o \
	src/migration/rule_function.o \
	src/migration/rule_hidden.o \
	src/migration/rule_index.o \
	src/migration/rule_partition.o \
	src/migration/rule_partition_index.o \
	src/migration/rule_publication.o \
	src/migration/rule_rename.o \
	src/migration/rule_rerun.o \
	src/migration/rule_rows.o \
	src/migration/rule_sequence.o \
	src/migration/rule_source.o \
	src/migration/rule_storage.o \
	src/migration/rule_style.o \
	src/migration/rule_text.o \
	src/migration/rule_timeout.o \
	src/migration/rule_transaction.o \
	src/migration/rule_type.o \
	src/migration/rule_validate.o \
	src/migration/sample.o \
	src/migration/sample_functions.o \
	src/migration/service.o \
	src/migration/shelter.o \
	src/migration/shelter_sql.o \
	src/migration/simulate.o \
	src/migration/simulate_apply.o \
	src/migration/simulate_constraint.o \
	src/migration/simulate_dependents.o \
	src/migration/simulate_heirs.o \
	src/migration/simulate_index.o \
	src/migration/simulate_memory.o \
	src/migration/simulate_names.o \
	src/migration/simulate_objects.o \
	src/migration/simulate_partition.o \
	src/migration/simulate_parts.o \
	src/migration/simulate_routine.o \
	src/migration/simulate_schema.o \
	src/migration/simulate_session.o \
	src/migration/simulate_taken.o \
	src/migration/simulate_type.o \
	src/migration/stats.o \
	src/flags/attribute.o \
	src/flags/body.o \
	src/flags/bucket.o \
	src/flags/cache.o \
	src/flags/call.o \
	src/flags/callbacks.o \
	src/flags/cbor.o \
	src/flags/change_apply.o \
	src/flags/change_items.o \
	src/flags/change_policy.o \
	src/flags/change_propose.o \
	src/flags/change_protect.o \
	src/flags/clock.o \
	src/flags/configuration.o \
	src/flags/context.o \
	src/flags/dependency.o \
	src/flags/dependency_diagram.o \
	src/flags/dependency_list.o \
	src/flags/dependency_tree.o \
	src/flags/dialect.o \
	src/flags/dialect_flagd.o \
	src/flags/dialect_flagd_document.o \
	src/flags/dialect_flagd_fractional.o \
	src/flags/dialect_flagd_operator.o \
	src/flags/dialect_flagsmith.o \
	src/flags/dialect_flagsmith_document.o \
	src/flags/dialect_flagsmith_environment.o \
	src/flags/dialect_flagsmith_export.o \
	src/flags/dialect_flagsmith_identity.o \
	src/flags/dialect_flagsmith_operator.o \
	src/flags/dialect_flagsmith_property.o \
	src/flags/dialect_flagsmith_read.o \
	src/flags/dialect_flagsmith_result.o \
	src/flags/dialect_flagsmith_segment.o \
	src/flags/dialect_flagsmith_state.o \
	src/flags/dialect_growthbook.o \
	src/flags/dialect_growthbook_condition.o \
	src/flags/dialect_growthbook_document.o \
	src/flags/dialect_growthbook_experiment.o \
	src/flags/dialect_growthbook_forced.o \
	src/flags/dialect_growthbook_operator.o \
	src/flags/dialect_growthbook_result.o \
	src/flags/dialect_growthbook_split.o \
	src/flags/dialect_growthbook_sticky.o \
	src/flags/dialect_growthbook_test.o \
	src/flags/dialect_launchdarkly.o \
	src/flags/dialect_launchdarkly_api.o \
	src/flags/dialect_launchdarkly_clause.o \
	src/flags/dialect_launchdarkly_context.o \
	src/flags/dialect_launchdarkly_document.o \
	src/flags/dialect_launchdarkly_read.o \
	src/flags/dialect_launchdarkly_result.o \
	src/flags/dialect_launchdarkly_rollout.o \
	src/flags/dialect_launchdarkly_segment.o \
	src/flags/dialect_native.o \
	src/flags/dialect_native_compute.o \
	src/flags/dialect_native_condition.o \
	src/flags/dialect_native_document.o \
	src/flags/dialect_native_operator.o \
	src/flags/dialect_native_read.o \
	src/flags/dialect_native_rule.o \
	src/flags/dialect_native_segment.o \
	src/flags/dialect_native_serve.o \
	src/flags/dialect_native_share.o \
	src/flags/dialect_unleash.o \
	src/flags/dialect_unleash_constraint.o \
	src/flags/dialect_unleash_context.o \
	src/flags/dialect_unleash_delta.o \
	src/flags/dialect_unleash_document.o \
	src/flags/dialect_unleash_export.o \
	src/flags/dialect_unleash_limit.o \
	src/flags/dialect_unleash_result.o \
	src/flags/dialect_unleash_strategy.o \
	src/flags/dialect_unleash_variant.o \
	src/flags/document.o \
	src/flags/estimate.o \
	src/flags/eval.o \
	src/flags/eval_all.o \
	src/flags/eval_document.o \
	src/flags/experiment_compare.o \
	src/flags/experiment_expose.o \
	src/flags/experiment_group.o \
	src/flags/experiment_options.o \
	src/flags/experiment_query.o \
	src/flags/experiment_record.o \
	src/flags/experiment_results.o \
	src/flags/experiment_statistic.o \
	src/flags/explain.o \
	src/flags/export.o \
	src/flags/fingerprint.o \
	src/flags/flags.o \
	src/flags/graph.o \
	src/flags/history.o \
	src/flags/history_entry.o \
	src/flags/import.o \
	src/flags/integrity.o \
	src/flags/js.o \
	src/flags/json.o \
	src/flags/json_read.o \
	src/flags/logic.o \
	src/flags/logic_data.o \
	src/flags/logic_list.o \
	src/flags/logic_number.o \
	src/flags/logic_operator.o \
	src/flags/logic_text.o \
	src/flags/logic_value.o \
	src/flags/manage.o \
	src/flags/manage_override.o \
	src/flags/member.o \
	src/flags/moment.o \
	src/flags/network.o \
	src/flags/node.o \
	src/flags/notify.o \
	src/flags/ofrep.o \
	src/flags/operator.o \
	src/flags/operator_shape.o \
	src/flags/override.o \
	src/flags/override_bulk.o \
	src/flags/override_option.o \
	src/flags/override_problem.o \
	src/flags/override_table.o \
	src/flags/past.o \
	src/flags/past_override.o \
	src/flags/pattern.o \
	src/flags/pattern_class.o \
	src/flags/pattern_escape.o \
	src/flags/pattern_group.o \
	src/flags/pattern_syntax.o \
	src/flags/predicate.o \
	src/flags/preview.o \
	src/flags/preview_issue.o \
	src/flags/preview_matrix.o \
	src/flags/preview_serve.o \
	src/flags/preview_text.o \
	src/flags/preview_token.o \
	src/flags/preview_url.o \
	src/flags/python.o \
	src/flags/record.o \
	src/flags/reference.o \
	src/flags/reference_list.o \
	src/flags/requirement.o \
	src/flags/result.o \
	src/flags/roster.o \
	src/flags/row.o \
	src/flags/segment.o \
	src/flags/segment_probe.o \
	src/flags/segment_refresh.o \
	src/flags/set.o \
	src/flags/show.o \
	src/flags/split.o \
	src/flags/store.o \
	src/flags/store_document.o \
	src/flags/store_override.o \
	src/flags/store_segment.o \
	src/flags/support.o \
	src/flags/trigger.o \
	src/flags/trigger_dependency.o \
	src/flags/trigger_document.o \
	src/flags/trigger_experiment.o \
	src/flags/trigger_flag.o \
	src/flags/trigger_override.o \
	src/flags/trigger_segment.o \
	src/flags/usage.o \
	src/flags/uses.o \
	src/flags/value.o \
	src/flags/version.o \
	src/guard/announce.o \
	src/guard/approval_decide.o \
	src/guard/approval_execute.o \
	src/guard/approval_policy.o \
	src/guard/approval_propose.o \
	src/guard/approval_store.o \
	src/guard/coverage.o \
	src/guard/deprecate.o \
	src/guard/deprecate_check.o \
	src/guard/deprecate_judge.o \
	src/guard/describe.o \
	src/guard/describe_partitions.o \
	src/guard/directives.o \
	src/guard/duration.o \
	src/guard/exempt.o \
	src/guard/glance.o \
	src/guard/hook.o \
	src/guard/hook_enum.o \
	src/guard/judge.o \
	src/guard/judge_drop.o \
	src/guard/log.o \
	src/guard/log_apart.o \
	src/guard/log_pack.o \
	src/guard/log_worker.o \
	src/guard/owned.o \
	src/guard/policy_cache.o \
	src/guard/policy_decide.o \
	src/guard/policy_list.o \
	src/guard/policy_row.o \
	src/guard/policy_table.o \
	src/guard/reindex.o \
	src/guard/ring.o \
	src/guard/ring_wait.o \
	src/guard/ring_worker.o \
	src/guard/scope.o \
	src/guard/settings.o \
	src/guard/source.o \
	src/guard/status.o \
	src/guard/tool.o \
	src/guard/trigger.o \
	src/guard/verdict.o \
	src/environment/sandbox.o \
	src/environment/sandbox_copy.o \
	src/environment/sandbox_mask.o \
	src/environment/sandbox_option.o \
	src/environment/sandbox_sample.o \
	src/environment/sandbox_schema.o \
	src/environment/sandbox_suggest.o \
	src/environment/sandbox_table.o \
	src/environment/sandbox_verify.o

# The install script is these parts, in this order.
SQL_PARTS = \
	src/common/prologue.sql \
	src/flags/tables.sql \
	src/flags/documents.sql \
	src/flags/segments.sql \
	src/flags/evaluate.sql \
	src/flags/manage.sql \
	src/flags/overrides.sql \
	src/flags/history.sql \
	src/flags/show.sql \
	src/flags/overview.sql \
	src/flags/experiments.sql \
	src/flags/preview.sql \
	src/flags/dependencies.sql \
	src/flags/references.sql \
	src/flags/lifecycle.sql \
	src/flags/ofrep.sql \
	src/stats/usage.sql \
	src/schema/schema.sql \
	src/schema/registry.sql \
	src/schema/render.sql \
	src/schema/rename.sql \
	src/schema/baseline.sql \
	src/migration/migration.sql \
	src/migration/rehearse.sql \
	src/migration/report.sql \
	src/migration/record.sql \
	src/migration/stats.sql \
	src/migration/estimate.sql \
	src/environment/sandbox.sql \
	src/migration/impact.sql \
	src/migration/enum_plan.sql \
	src/migration/policy.sql \
	src/migration/check_stats.sql \
	src/migration/describe.sql \
	src/record/ddl_log.sql \
	src/guard/guard.sql \
	src/guard/policy.sql \
	src/guard/audit.sql \
	src/guard/status.sql \
	src/guard/deprecate.sql \
	src/guard/approval.sql \
	src/guard/approval_report.sql \
	src/wishflags.sql \
	src/flags/change.sql \
	src/flags/change_report.sql \
	src/flags/access.sql \
	src/common/epilogue.sql

# The command is these parts, in this order.
SCRIPT_PARTS = \
	src/wishflags \
	src/command/usage.sh \
	src/command/stats.sh \
	src/command/sandbox.sh \
	src/command/tool.sh \
	src/command/project.sh \
	src/command/check.sh \
	src/command/history.sh \
	src/command/structure.sh \
	src/command/replay.sh \
	src/command/ledger.sh \
	src/command/rehearse.sh \
	src/command/rollback.sh \
	src/command/record.sh \
	src/command/settings.sh \
	src/command/options.sh \
	src/command/run.sh

SCRIPTS_built = wishflags

SQL_INSTALL = wishflags--$(EXTVERSION).sql
SQL_UPDATES = $(notdir $(wildcard $(srcroot)/src/upgrade/*.sql))
DATA_built = $(SQL_INSTALL) $(SQL_UPDATES)

# Event triggers are database-wide, so the tests run one after another.
REGRESS = \
	common_install \
	common_foreign_schema \
	flags_create \
	flags_eval \
	flags_keys \
	flags_context \
	flags_variant \
	flags_rules \
	flags_conditions \
	flags_segments_native \
	flags_progressive \
	flags_requires \
	flags_dependencies \
	flags_references \
	flags_lifecycle \
	flags_compute \
	flags_override \
	flags_targeting \
	flags_targeting_many \
	flags_history \
	flags_record \
	flags_requirement \
	flags_closed \
	flags_past \
	flags_show \
	flags_experiment \
	flags_experiment_results \
	flags_experiment_wrong \
	flags_preview \
	flags_preview_token \
	flags_preview_claim \
	flags_preview_wrong \
	flags_import \
	flags_logic \
	flags_flagd \
	flags_segment_table \
	flags_ofrep \
	flags_growthbook \
	flags_launchdarkly \
	flags_flagsmith \
	flags_unleash \
	flags_pattern \
	flags_explain \
	flags_definition_wrong \
	flags_cache \
	flags_cache_tables \
	flags_cache_segment \
	flags_transaction \
	flags_parallel \
	flags_privilege \
	flags_change \
	flags_change_parts \
	flags_change_documents \
	flags_change_wrong \
	flags_change_protect \
	flags_access \
	flags_access_wrong \
	flags_plan \
	flags_wrong \
	stats_usage \
	stats_flush \
	stats_health \
	schema_snapshot \
	schema_table \
	schema_trip \
	schema_loss \
	schema_online \
	schema_online_table \
	schema_column \
	schema_constraint \
	schema_index \
	schema_view \
	schema_function \
	schema_enum \
	schema_partition \
	schema_grant \
	schema_order \
	schema_order_circle \
	schema_order_partition \
	schema_order_detach \
	schema_order_inherit \
	schema_render \
	schema_rename \
	schema_rename_hint \
	schema_diff_schemas \
	schema_baseline \
	schema_drizzle \
	schema_drizzle_wrong \
	schema_wrong \
	schema_registry \
	schema_registry_compat \
	schema_registry_wrong \
	migration_split \
	migration_wrong \
	migration_wrong_text \
	migration_simulate \
	migration_stats \
	migration_platform \
	migration_pressure \
	migration_estimate \
	migration_index \
	migration_names \
	migration_attach \
	migration_constraint \
	migration_body \
	migration_safe \
	migration_safe_more \
	migration_safe_rename \
	migration_safe_type \
	migration_safe_written \
	migration_zone \
	migration_column \
	migration_drop \
	migration_enum \
	migration_enum_plan \
	migration_enum_plan_wrong \
	migration_data \
	migration_comment \
	migration_transaction \
	migration_type \
	migration_rehearse \
	migration_rehearse_wrong \
	migration_rollback \
	migration_shelter \
	environment_sandbox \
	environment_mask \
	migration_report \
	migration_escape \
	migration_record \
	migration_impact \
	migration_impact_wrong \
	migration_services \
	migration_policy \
	migration_check_stats \
	migration_dependents \
	migration_describe \
	guard_index \
	guard_foreign_parts \
	guard_constraint \
	guard_enum \
	guard_drop \
	guard_exempt \
	guard_bypass \
	guard_audit \
	guard_hint \
	guard_privilege \
	guard_status \
	guard_fault \
	guard_fires \
	guard_fires_alone \
	guard_policy \
	guard_policy_wrong \
	guard_preset \
	guard_allow \
	guard_tool \
	guard_wrong_use \
	guard_deprecate \
	record_ddl_log \
	record_migration \
	guard_approval \
	guard_approval_wrong
REGRESS_OPTS = --load-extension=wishflags
ISOLATION = $(sort $(patsubst $(srcroot)/test/isolation/specs/%.spec,%,$(wildcard $(srcroot)/test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcroot)/test/isolation --load-extension=wishflags

PG_CPPFLAGS = -I$(srcroot)/src -DWF_VERSION='"$(EXTVERSION)"'
# Calls inside the library go straight, not through a table (16 hides symbols itself).
SHLIB_LINK = -lpcre2-8 -Wl,-Bsymbolic
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -fno-semantic-interposition $(WF_CFLAGS)

EXTRA_CLEAN = build results

# Out-of-tree builds find their object folders.
$(shell mkdir -p $(sort $(dir $(OBJS))))

PGXS := $(shell $(PG_CONFIG) --pgxs)

# Of a server that was built in its source tree, PGXS sets no VPATH.
ifneq ($(CURDIR),$(srcroot))
VPATH = $(srcroot)
endif

# Bitcode for JIT wants the clang that the server was built with.
ifeq (,$(shell command -v "$(or $(CLANG),$(shell sed -n 's/^CLANG *= *//p' '$(dir $(PGXS))../Makefile.global'))"))
override with_llvm = no
endif

include $(PGXS)

# Debian's PGXS has dependency tracking off.
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcroot)/src/*.h $(srcroot)/src/*/*.h) $(srcroot)/wishflags.control

# print-NAME shows a variable, for the scripts in test/.
print-%:
	@echo '$($*)'

assemble = awk -v top='$(srcroot)' -f '$(srcroot)/src/common/assemble.awk'
$(DATA_built): $(addprefix $(srcroot)/,$(SQL_PARTS)) $(srcroot)/src/command/stats.sh $(srcroot)/src/common/assemble.awk $(srcroot)/Makefile

$(SQL_INSTALL):
	$(assemble) $(addprefix $(srcroot)/,$(SQL_PARTS)) > $@

$(SQL_UPDATES): %: $(srcroot)/src/upgrade/%
	$(assemble) $< > $@

.DELETE_ON_ERROR:

# It is no program to be linked.
$(srcroot)/src/wishflags: ;

$(SCRIPTS_built): $(addprefix $(srcroot)/,$(SCRIPT_PARTS)) $(srcroot)/Makefile $(srcroot)/wishflags.control
	sed 's/@EXTVERSION@/$(EXTVERSION)/' $(addprefix $(srcroot)/,$(SCRIPT_PARTS)) > $@
	chmod 755 $@

endif
