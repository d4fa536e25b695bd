/*
 * tool.c: how migration tools run a migration outside of a transaction.
 *
 * Which tool is at work is told by application_name, or by a row of the tool's
 * ledger that is open while it works.  Tools that leave both empty are told by
 * having a ledger here.  All that only decides about words.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "common/protect.h"
#include "guard/describe.h"

#define TOOL_NAMELESS	0x01	/* leaves application_name to its driver, and
								 * no row open */
#define TOOL_TERSE		0x02	/* shows neither DETAIL nor HINT */
#define TOOL_MUTE		0x04	/* shows no errors; warnings, if its driver
								 * prints them */

typedef struct Tool
{
	const char *name;
	const char *application;	/* how its application_name begins, past a
								 * program's folder */
	const char *ledger;			/* relation, as to_regclass() takes it; NULL:
								 * not told by it */
	const char *open_row;		/* condition of the open row; where nameless,
								 * one that names its columns */
	const char *outside;		/* how it is done; ends no sentence */
	int			traits;			/* TOOL_... */
} Tool;

static const Tool tools[] = {
	{"Prisma", "prisma", "_prisma_migrations", "finished_at IS NULL AND rolled_back_at IS NULL",
	"a migration.sql with this one statement and nothing else is run outside of a transaction; before that, prisma migrate resolve --rolled-back NAME for the one that failed", 0},
	{"knex", "knex", "knex_migrations_lock", "is_locked OPERATOR(pg_catalog.=) 1",
	"write exports.config = { transaction: false }; in the migration's file", TOOL_TERSE},
	{"golang-migrate", "golang-migrate", "schema_migrations", "dirty",
	"a file with this one statement and nothing else is run outside of a transaction", 0},
	{"sqlx", "sqlx", "_sqlx_migrations", "NOT success",
	"write -- no-transaction as the first line of the file", 0},
	{"Drizzle", "drizzle", "drizzle.__drizzle_migrations", "hash IS NOT NULL",
	"it runs all migrations in one transaction and can't leave it: run this by psql, and let the migration say CREATE INDEX IF NOT EXISTS, which then does nothing", TOOL_NAMELESS | TOOL_MUTE},
	{"node-pg-migrate", "node-pg-migrate", "pgmigrations", "run_on IS NOT NULL",
	"call pgm.noTransaction() in the migration", TOOL_NAMELESS},
	{"TypeORM", "typeorm", "migrations", "\"timestamp\" IS NOT NULL AND name IS NOT NULL",
	"write transaction = false; in the migration's class, and run with --transaction each", TOOL_NAMELESS},
	{"Sequelize", "sequelize", "\"SequelizeMeta\"", "name IS NOT NULL",
	"call queryInterface.sequelize.query() without a transaction", TOOL_NAMELESS | TOOL_TERSE},
	{"Kysely", "kysely", "kysely_migration", "name IS NOT NULL AND \"timestamp\" IS NOT NULL",
	"give the Migrator disableTransactions: true", TOOL_NAMELESS},
	{"db-migrate", "db-migrate", "migrations", "name IS NOT NULL AND run_on IS NOT NULL",
	"run db-migrate up --non-transactional", TOOL_NAMELESS | TOOL_TERSE},
	{"graphile-migrate", "graphile-migrate", "graphile_migrate.migrations", "hash IS NOT NULL AND previous_hash IS NOT NULL",
	"write --! no-transaction as the first line of current.sql", TOOL_NAMELESS},
	{"Postgrator", "postgrator", "schemaversion", "version IS NOT NULL AND md5 IS NOT NULL",
	"a file with this one statement and nothing else is run outside of a transaction", TOOL_NAMELESS},
	{"Rails", "rails", NULL, NULL,
	"write disable_ddl_transaction! in the migration's class", 0},
	{"Rails", "rake", NULL, NULL,
	"write disable_ddl_transaction! in the migration's class", 0},
	{"Flyway", "flyway", "flyway_schema_history", "installed_rank IS NOT NULL AND success IS NOT NULL",
	"write executeInTransaction=false into the script's configuration file, V1__name.sql.conf, and flyway.postgresql.transactional.lock=false into Flyway's own, without which it waits for itself", TOOL_NAMELESS},
	{"Liquibase", "liquibase", "databasechangeloglock", "locked",
	"write runInTransaction=\"false\" in the change set", 0},
	{"Alembic", "alembic", "alembic_version", "version_num IS NOT NULL",
	"write with op.get_context().autocommit_block(): around it", TOOL_NAMELESS},
	{"Django", "django", "django_migrations", "app IS NOT NULL AND applied IS NOT NULL",
	"write atomic = False in the migration's class, or use AddIndexConcurrently", TOOL_NAMELESS},
	{"dbmate", "dbmate", NULL, NULL,
	"write -- migrate:up transaction:false", 0},
	{"goose", "goose", NULL, NULL,
	"write -- +goose NO TRANSACTION as the first line", 0},
	{"sqitch", "sqitch", NULL, NULL,
	"leave BEGIN and COMMIT out of the deploy script", 0},
};

/* What drivers call themselves where the tool gives no application_name. */
static const char *const drivers[] = {"", "postgres.js", "PostgreSQL JDBC Driver"};

/* A look whether a tool's ledger has an open row. */
typedef struct Look
{
	const Tool *tool;
	bool		is_ledger;
	bool		is_open;
} Look;

static bool has_trait(int trait);
static const Tool *find_tool(void);
static const Tool *by_application(void);
static const Tool *by_ledger(void);
static bool is_nameless(void);
static bool is_there(const char *ledger);
static void look_at_ledger(void *arg);
static void look_for_row(Look *look);

/* " (Rails: write ...)", or nothing where the tool is not known. */
char *
wf_guard_tool_hint(void)
{
	const Tool *tool = find_tool();

	return tool ? psprintf(" (%s: %s)", tool->name, tool->outside) : pstrdup("");
}

/* The tool at work; NULL: not known. */
const char *
wf_guard_tool_name(void)
{
	const Tool *tool = find_tool();

	return tool ? tool->name : NULL;
}

/*
 * Does whoever runs the tool see no more of an error than its message?  Like
 * all that looks at ledgers, not to be called among ereport()'s arguments.
 */
bool
wf_guard_tool_is_terse(void)
{
	return has_trait(TOOL_TERSE);
}

/* Does whoever runs the tool see nothing of an error?  Not among ereport()'s arguments either. */
bool
wf_guard_tool_is_mute(void)
{
	return has_trait(TOOL_MUTE);
}

static bool
has_trait(int trait)
{
	const Tool *tool = find_tool();

	return tool && (tool->traits & trait);
}

static const Tool *
find_tool(void)
{
	const Tool *tool = by_application();

	return tool ? tool : by_ledger();
}

static const Tool *
by_application(void)
{
	const char *folder = application_name ? strrchr(application_name, '/') : NULL;
	const char *name = folder ? folder + 1 : application_name;

	for (int i = 0; name && i < lengthof(tools); i++)
	{
		if (pg_strncasecmp(name, tools[i].application, strlen(tools[i].application)) == 0)
			return &tools[i];
	}
	return NULL;
}

/*
 * A relation of a ledger's name may be another; then the look fails.  A
 * nameless tool's ledger is empty while its first migration runs, but one with
 * rows in it comes first.
 */
static const Tool *
by_ledger(void)
{
	const Tool *beginner = NULL;

	for (int i = 0; i < lengthof(tools); i++)
	{
		/* Undone, so that no lock stays. */
		WfAttempt	attempt = {.milliseconds = 200, .undo = true};
		Look		look = {&tools[i], false, false};

		if ((tools[i].traits & TOOL_NAMELESS) && !is_nameless())
			continue;
		if (tools[i].ledger == NULL || !is_there(tools[i].ledger) ||
			!wf_common_attempt(&attempt, look_at_ledger, &look))
			continue;
		if (look.is_open)
			return &tools[i];
		if (look.is_ledger && beginner == NULL && (tools[i].traits & TOOL_NAMELESS))
			beginner = &tools[i];
	}
	return beginner;
}

static bool
is_nameless(void)
{
	for (int i = 0; application_name && i < lengthof(drivers); i++)
	{
		if (strcmp(application_name, drivers[i]) == 0)
			return true;
	}
	return application_name == NULL;
}

/*
 * Is there a relation of this name?  Asked of the system caches: most tools are
 * not used here, and each look is a subtransaction with queries.
 */
static bool
is_there(const char *ledger)
{
	RangeVar   *name = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(ledger)));
	Oid			schema;

	if (name->schemaname == NULL)
		return OidIsValid(RelnameGetRelid(name->relname));
	schema = get_namespace_oid(name->schemaname, true);
	return OidIsValid(schema) && OidIsValid(get_relname_relid(name->relname, schema));
}

static void
look_at_ledger(void *arg)
{
	Look	   *look = arg;

	SPI_connect();
	(void) set_config_option("lock_timeout", "10ms", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	look_for_row(look);
	SPI_finish();
}

/* Only what the caller may read is looked at, and nothing that runs functions of others. */
static void
look_for_row(Look *look)
{
	static const char *const known =
	"SELECT relkind OPERATOR(pg_catalog.=) 'r' AND NOT relrowsecurity"
	" AND pg_catalog.has_table_privilege(oid, 'SELECT') FROM pg_catalog.pg_class"
	" WHERE oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)";
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(look->tool->ledger)};
	bool		isnull;

	if (SPI_execute_with_args(known, 1, types, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed == 0 ||
		!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) || isnull)
		return;
	look->is_ledger = SPI_execute(psprintf("SELECT FROM %s WHERE %s LIMIT 1", look->tool->ledger, look->tool->open_row),
								  true, 1) == SPI_OK_SELECT;
	look->is_open = look->is_ledger && SPI_processed > 0;
}
