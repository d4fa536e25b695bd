/*
 * ledger_signatures.c: how the ledgers of migration tools look.
 *
 * The name of a table is not enough: several tools call theirs alike.  The
 * first signature that fits counts, so the longer of two alike comes first.
 */
#include "common/compat.h"

#include "record/ledger.h"

const WfLedger wf_record_ledgers[] = {
	{.tool = "drizzle", .table = "__drizzle_migrations",
	.columns = {"id", "hash", "created_at", "name"}, .names = {"name"}},
	{.tool = "drizzle", .table = "__drizzle_migrations",
	.columns = {"id", "hash", "created_at"}, .names = {"created_at"}},

	/*
	 * The row comes before the DDL, in a transaction of its own, and is
	 * completed after it.
	 */
	{.tool = "prisma", .table = "_prisma_migrations",
		.columns = {"id", "checksum", "migration_name", "rolled_back_at"}, .names = {"migration_name"},
	.open = {{"finished_at", WF_LEDGER_IS_NULL}, {"rolled_back_at", WF_LEDGER_IS_NULL}}},
	{.tool = "flyway", .table = "flyway_schema_history",
	.columns = {"installed_rank", "version", "script", "checksum"}, .names = {"script"}},
	{.tool = "liquibase", .table = "databasechangelog",
	.columns = {"id", "author", "filename", "md5sum"}, .names = {"id"}},
	{.tool = "golang-migrate", .table = "schema_migrations",
	.columns = {"version", "dirty"}, .names = {"version"}, .open = {{"dirty", WF_LEDGER_IS_TRUE}}},
	{.tool = "supabase", .table = "schema_migrations",
	.columns = {"version", "name", "statements"}, .names = {"version", "name"}},
	{.tool = "ecto", .table = "schema_migrations",
	.columns = {"version", "inserted_at"}, .names = {"version"}},
	/* dbmate's has the same shape. */
	{.tool = "rails", .table = "schema_migrations",
	.columns = {"version"}, .names = {"version"}},
	{.tool = "django", .table = "django_migrations",
	.columns = {"id", "app", "name", "applied"}, .names = {"app", "name"}},
	{.tool = "alembic", .table = "alembic_version",
	.columns = {"version_num"}, .names = {"version_num"}},
	{.tool = "goose", .table = "goose_db_version",
	.columns = {"id", "version_id", "is_applied"}, .names = {"version_id"}},
	{.tool = "sqitch", .table = "changes",
	.columns = {"change_id", "script_hash", "change", "project"}, .names = {"project", "change"}},
	{.tool = "atlas", .table = "atlas_schema_revisions",
	.columns = {"version", "description", "applied", "hash"}, .names = {"version"}},
	{.tool = "node-pg-migrate", .table = "pgmigrations",
	.columns = {"id", "name", "run_on"}, .names = {"name"}},
	{.tool = "knex", .table = "knex_migrations",
	.columns = {"id", "name", "batch", "migration_time"}, .names = {"name"}},
	{.tool = "typeorm", .table = "migrations",
	.columns = {"id", "timestamp", "name"}, .names = {"name"}},
	{.tool = "laravel", .table = "migrations",
	.columns = {"id", "migration", "batch"}, .names = {"migration"}},
	{.tool = "sequelize", .table = "SequelizeMeta",
	.columns = {"name"}, .names = {"name"}},
	{.tool = "graphile-migrate", .table = "migrations",
	.columns = {"hash", "previous_hash", "filename", "date"}, .names = {"filename"}},
	{.tool = "pgroll", .table = "migrations",
	.columns = {"schema", "name", "migration", "resulting_schema"}, .names = {"name"}},
	{.tool = "omni_schema", .table = "migrations",
	.columns = {"id", "name", "migration", "applied_at"}, .names = {"name"}},
};

const int	wf_record_ledger_count = lengthof(wf_record_ledgers);
