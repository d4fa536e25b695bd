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

#define TOOL_NAMELESS	0x01	/* leaves application_name empty and no row
								 * open */
#define TOOL_TERSE		0x02	/* shows neither DETAIL nor HINT */

typedef struct Tool
{
	const char *name;
	const char *application;	/* how its application_name begins */
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
	"it runs all migrations in one transaction and can't leave it: run this by psql, and let the migration say CREATE INDEX IF NOT EXISTS, which then does nothing", TOOL_NAMELESS},
	{"node-pg-migrate", "node-pg-migrate", "pgmigrations", {{"run_on", WF_LEDGER_IS_FILLED}},
	"call pgm.noTransaction() in the migration", TOOL_NAMELESS},
	{"TypeORM", "typeorm", "migrations", {{"timestamp", WF_LEDGER_IS_FILLED}, {"name", WF_LEDGER_IS_FILLED}},
	"write transaction = false; in the migration's class, and run with --transaction each", TOOL_NAMELESS},
	{"Sequelize", "sequelize", "\"SequelizeMeta\"", {{"name", WF_LEDGER_IS_FILLED}},
	"call queryInterface.sequelize.query() without a transaction", TOOL_NAMELESS},
	{"Rails", "rails", NULL, {{NULL}},
	"write disable_ddl_transaction! in the migration's class", 0},
	{"Rails", "bin/rails", NULL, {{NULL}},
	"write disable_ddl_transaction! in the migration's class", 0},
	{"Flyway", "flyway", NULL, {{NULL}},
	"write executeInTransaction=false into the script's configuration file, V1__name.sql.conf, and flyway.postgresql.transactional.lock=false into Flyway's own, without which it waits for itself", 0},
	{"Liquibase", "liquibase", NULL, {{NULL}},
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

/* A look whether a tool's ledger has an open row. */
typedef struct Look
{
	const Tool *tool;
	Oid			ledger;
	bool		is_open;
} Look;

static const Tool *find_tool(void);
static const Tool *by_application(void);
static const Tool *by_ledger(void);
static Oid	find_ledger(const char *ledger);
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
	const Tool *tool = find_tool();

	return tool && (tool->traits & TOOL_TERSE);
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
	for (int i = 0; application_name && i < lengthof(tools); i++)
	{
		if (pg_strncasecmp(application_name, tools[i].application, strlen(tools[i].application)) == 0)
			return &tools[i];
	}
	return NULL;
}

/*
 * Most tools are not used here, which the system caches tell.  Only where a
 * ledger is there is it looked at, in a subtransaction that is undone, so that
 * no lock stays.
 */
static const Tool *
by_ledger(void)
{
	for (int i = 0; i < lengthof(tools); i++)
	{
		WfAttempt	attempt = {.milliseconds = 200, .undo = true};
		Look		look = {&tools[i], InvalidOid, false};

		if ((tools[i].traits & TOOL_NAMELESS) && application_name && application_name[0] != '\0')
			continue;
		look.ledger = tools[i].ledger ? find_ledger(tools[i].ledger) : InvalidOid;
		if (OidIsValid(look.ledger) && wf_common_attempt(&attempt, look_at_ledger, &look) && look.is_open)
			return &tools[i];
	}
	return NULL;
}

/* The table of this name, if the caller may read it, else InvalidOid. */
static Oid
find_ledger(const char *ledger)
{
	RangeVar   *name = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(ledger)));
	Oid			schema = name->schemaname ? get_namespace_oid(name->schemaname, true) : InvalidOid;
	Oid			relid;

	if (name->schemaname == NULL)
		relid = RelnameGetRelid(name->relname);
	else
		relid = OidIsValid(schema) ? get_relname_relid(name->relname, schema) : InvalidOid;
	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_RELATION ||
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return InvalidOid;
	return relid;
}

static void
look_at_ledger(void *arg)
{
	Look	   *look = arg;

	look->is_open = wf_record_ledger_has_row(look->ledger, look->tool->open);
}
