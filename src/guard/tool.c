/*
 * tool.c: how migration tools run a migration outside of a transaction.
 *
 * Which tool is at work is told by application_name, or by a row of the tool's
 * ledger that is open while it works.  Tools that leave both empty are told by
 * having a ledger here.  All that only decides about words.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/varlena.h"

#include "common/protect.h"
#include "guard/describe.h"
#include "record/ledger.h"

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
	const char *ledger;			/* relation, qualified and quoted; NULL: not
								 * told by it */
	WfLedgerOpen open[WF_LEDGER_TESTS]; /* the open row; where nameless, any
										 * row */
	const char *outside;		/* how it is done; ends no sentence */
	int			traits;			/* TOOL_... */
} Tool;

static const Tool tools[] = {
	{"Prisma", "prisma", "_prisma_migrations", {{"finished_at", WF_LEDGER_IS_NULL}, {"rolled_back_at", WF_LEDGER_IS_NULL}},
	"a migration.sql with this one statement and nothing else is run outside of a transaction; before that, prisma migrate resolve --rolled-back NAME for the one that failed", 0},
	{"knex", "knex", "knex_migrations_lock", {{"is_locked", WF_LEDGER_IS_ONE}},
	"write exports.config = { transaction: false }; in the migration's file", TOOL_TERSE},
	{"golang-migrate", "golang-migrate", "schema_migrations", {{"dirty", WF_LEDGER_IS_TRUE}},
	"a file with this one statement and nothing else is run outside of a transaction", 0},
	{"sqlx", "sqlx", "_sqlx_migrations", {{"success", WF_LEDGER_IS_FALSE}},
	"write -- no-transaction as the first line of the file", 0},
	{"Drizzle", "drizzle", "drizzle.__drizzle_migrations", {{"hash", WF_LEDGER_IS_FILLED}},
	"it runs all migrations in one transaction and can't leave it: run this by psql, and let the migration say CREATE INDEX IF NOT EXISTS, which then does nothing", TOOL_NAMELESS | TOOL_MUTE},
	{"node-pg-migrate", "node-pg-migrate", "pgmigrations", {{"run_on", WF_LEDGER_IS_FILLED}},
	"call pgm.noTransaction() in the migration", TOOL_NAMELESS},
	{"TypeORM", "typeorm", "migrations", {{"timestamp", WF_LEDGER_IS_FILLED}, {"name", WF_LEDGER_IS_FILLED}},
	"write transaction = false; in the migration's class, and run with --transaction each", TOOL_NAMELESS},
	{"Sequelize", "sequelize", "\"SequelizeMeta\"", {{"name", WF_LEDGER_IS_FILLED}},
	"call queryInterface.sequelize.query() without a transaction", TOOL_NAMELESS | TOOL_TERSE},
	{"Kysely", "kysely", "kysely_migration", {{"name", WF_LEDGER_IS_FILLED}, {"timestamp", WF_LEDGER_IS_FILLED}},
	"give the Migrator disableTransactions: true", TOOL_NAMELESS},
	{"db-migrate", "db-migrate", "migrations", {{"name", WF_LEDGER_IS_FILLED}, {"run_on", WF_LEDGER_IS_FILLED}},
	"run db-migrate up --non-transactional", TOOL_NAMELESS | TOOL_TERSE},
	{"graphile-migrate", "graphile-migrate", "graphile_migrate.migrations", {{"hash", WF_LEDGER_IS_FILLED}, {"previous_hash", WF_LEDGER_IS_FILLED}},
	"write --! no-transaction as the first line of current.sql", TOOL_NAMELESS},
	{"Postgrator", "postgrator", "schemaversion", {{"version", WF_LEDGER_IS_FILLED}, {"md5", WF_LEDGER_IS_FILLED}},
	"a file with this one statement and nothing else is run outside of a transaction", TOOL_NAMELESS},
	{"Rails", "rails", NULL, {{NULL}},
	"write disable_ddl_transaction! in the migration's class", 0},
	{"Rails", "rake", NULL, {{NULL}},
	"write disable_ddl_transaction! in the migration's class", 0},
	{"Flyway", "flyway", "flyway_schema_history", {{"installed_rank", WF_LEDGER_IS_FILLED}, {"success", WF_LEDGER_IS_FILLED}},
	"write executeInTransaction=false into the script's configuration file, V1__name.sql.conf, and flyway.postgresql.transactional.lock=false into Flyway's own, without which it waits for itself", TOOL_NAMELESS},
	{"Liquibase", "liquibase", "databasechangeloglock", {{"locked", WF_LEDGER_IS_TRUE}},
	"write runInTransaction=\"false\" in the change set", 0},
	{"Alembic", "alembic", "alembic_version", {{"version_num", WF_LEDGER_IS_FILLED}},
	"write with op.get_context().autocommit_block(): around it", TOOL_NAMELESS},
	{"Django", "django", "django_migrations", {{"app", WF_LEDGER_IS_FILLED}, {"applied", WF_LEDGER_IS_FILLED}},
	"write atomic = False in the migration's class, or use AddIndexConcurrently", TOOL_NAMELESS},
	{"dbmate", "dbmate", NULL, {{NULL}},
	"write -- migrate:up transaction:false", 0},
	{"goose", "goose", NULL, {{NULL}},
	"write -- +goose NO TRANSACTION as the first line", 0},
	{"sqitch", "sqitch", NULL, {{NULL}},
	"leave BEGIN and COMMIT out of the deploy script", 0},
};

/* What drivers call themselves where the tool gives no application_name. */
static const char *const drivers[] = {"", "postgres.js", "PostgreSQL JDBC Driver"};

/* A look whether a tool's ledger has an open row. */
typedef struct Look
{
	const Tool *tool;
	Oid			ledger;
	bool		is_open;
} Look;

static bool has_trait(int trait);
static const Tool *find_tool(void);
static const Tool *by_application(void);
static const Tool *by_ledger(void);
static bool is_nameless(void);
static Oid	find_ledger(const Tool *tool);
static void look_at_ledger(void *arg);

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
 * Most tools are not used here, which the system caches tell.  A nameless
 * tool's ledger is empty while its first migration runs, but one with rows in it
 * comes first.
 */
static const Tool *
by_ledger(void)
{
	const Tool *beginner = NULL;

	for (int i = 0; i < lengthof(tools); i++)
	{
		WfAttempt	attempt = {.milliseconds = 200, .undo = true};
		Look		look = {&tools[i], InvalidOid, false};

		if ((tools[i].traits & TOOL_NAMELESS) && !is_nameless())
			continue;
		look.ledger = find_ledger(&tools[i]);
		if (!OidIsValid(look.ledger) || !wf_common_attempt(&attempt, look_at_ledger, &look))
			continue;
		if (look.is_open)
			return &tools[i];
		if (beginner == NULL && (tools[i].traits & TOOL_NAMELESS))
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

/* The tool's ledger, if the caller may read it, else InvalidOid: a table with the columns that are asked for. */
static Oid
find_ledger(const Tool *tool)
{
	RangeVar   *name;
	Oid			schema;
	Oid			relid;

	if (tool->ledger == NULL)
		return InvalidOid;
	name = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(tool->ledger)));
	schema = name->schemaname ? get_namespace_oid(name->schemaname, true) : InvalidOid;
	if (name->schemaname == NULL)
		relid = RelnameGetRelid(name->relname);
	else
		relid = OidIsValid(schema) ? get_relname_relid(name->relname, schema) : InvalidOid;
	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_RELATION ||
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return InvalidOid;
	for (int i = 0; i < WF_LEDGER_TESTS && tool->open[i].column; i++)
	{
		if (get_attnum(relid, tool->open[i].column) == InvalidAttrNumber)
			return InvalidOid;
	}
	return relid;
}

static void
look_at_ledger(void *arg)
{
	Look	   *look = arg;

	look->is_open = wf_record_ledger_has_row(look->ledger, look->tool->open);
}
