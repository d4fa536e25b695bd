/*
 * platform.c: what managed servers do not allow.
 *
 * Nobody is superuser there, no file of the server is anybody's, and no library
 * is loaded that the provider does not offer.  A row of the table below is a form
 * of statement and the platforms where it fails or means something else.  What
 * PostgreSQL leaves to superusers follows from there being none.  From the
 * providers' documentation come the need to allow extensions and the refusal of
 * SET SCHEMA (Azure), event triggers before upgrades (RDS, Aurora) and of roles that
 * they pass by (Supabase), unlogged tables and where sorting is done (Aurora);
 * tablespaces and the platform's own schemas (Supabase) are
 * commonly known.  None of it was tried on such a server.
 *
 * The rules of the registry are those that peers of this checker know, and none of
 * them is about platforms: a row goes by the nearest one, "object-missing" for what is
 * not to be had there, and its evidence names the platform.
 */
#include "common/compat.h"

#include "catalog/objectaddress.h"
#include "nodes/value.h"

#include "common/extension.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/platform.h"

#define ON(platform) (1 << WF_PLATFORM_##platform)
#define ON_AWS (ON(AURORA) | ON(RDS))
#define ON_ALL (ON_AWS | ON(CLOUDSQL) | ON(AZURE) | ON(SUPABASE))

static const struct
{
	const char *name;			/* in options */
	const char *title;			/* in messages */
	const char *settings;		/* where settings of the server are made */
}			platforms[] = {
	[WF_PLATFORM_POSTGRESQL] = {"postgresql", "PostgreSQL", NULL},
	[WF_PLATFORM_AURORA] = {"aurora", "Amazon Aurora", "the parameter group of the cluster"},
	[WF_PLATFORM_RDS] = {"rds", "Amazon RDS", "the parameter group of the instance"},
	[WF_PLATFORM_CLOUDSQL] = {"cloudsql", "Cloud SQL", "the database flags of the instance"},
	[WF_PLATFORM_AZURE] = {"azure", "Azure Database for PostgreSQL", "the server parameters"},
	[WF_PLATFORM_SUPABASE] = {"supabase", "Supabase", "the Postgres configuration of the project (supabase postgres-config)"},
};

static bool is_copy_program(Node *stmt);
static bool is_copy_file(Node *stmt);
static bool makes_superuser(Node *stmt);
static bool is_untrusted_function(Node *stmt);
static bool is_foreign_library(Node *stmt);
static bool is_any(Node *stmt);
static bool moves_extension(Node *stmt);
static bool makes_unlogged(Node *stmt);
static bool is_in_protected_schema(Node *stmt);

/* The first row that applies to a statement reports it. */
static const struct
{
	int			platforms;
	NodeTag		node;			/* T_Invalid: any */
	bool		(*applies) (Node *stmt);
	const char *rule;			/* nearest one of the registry */
	WfSeverity	severity;
	WfKind		kind;
	const char *what;			/* "... on Amazon RDS": the message */
	const char *hint;			/* NULL: where settings are made */
}			limits[] = {

	{ON_ALL, T_AlterSystemStmt, is_any, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
	"ALTER SYSTEM fails, as nobody is superuser,", NULL},
	{ON_ALL, T_CopyStmt, is_copy_program, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"COPY with PROGRAM fails, as no program of the server may be run,",
	"Run the program at the client: \\copy of psql, or COPY ... FROM STDIN."},
	{ON_ALL, T_CopyStmt, is_copy_file, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"COPY of a server's file fails, as the files are not yours,",
	"Read the file at the client: \\copy of psql, or COPY ... FROM STDIN."},
	{ON_ALL, T_CreateRoleStmt, makes_superuser, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"SUPERUSER can't be given, as nobody is superuser,",
	"Leave SUPERUSER out, and grant the role that the provider made for administrators."},
	{ON_ALL, T_AlterRoleStmt, makes_superuser, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"SUPERUSER can't be given, as nobody is superuser,",
	"Leave SUPERUSER out, and grant the role that the provider made for administrators."},
	{ON_ALL, T_CreateFunctionStmt, is_untrusted_function, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"a function in C or an untrusted language can't be made, as nobody is superuser,",
	"Write it in SQL, PL/pgSQL or another trusted language."},
	{ON_ALL, T_CreateExtensionStmt, is_foreign_library, "create-extension", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"the extension is not offered",
	"Ask the server what it offers: SELECT name FROM pg_available_extensions;"},
	{ON(CLOUDSQL) | ON(AZURE) | ON(SUPABASE), T_CreateTableSpaceStmt, is_any, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
	"CREATE TABLESPACE fails, as nobody is superuser,", "Leave tablespaces out: the storage is one volume."},
	{ON_AWS, T_CreateTableSpaceStmt, is_any, "object-missing", WF_SEVERITY_LOW, WF_KIND_STYLE,
	"a tablespace spreads nothing, as all storage is one volume,", "Leave tablespaces out."},
	{ON_AWS, T_CreateEventTrigStmt, is_any, "object-missing", WF_SEVERITY_LOW, WF_KIND_STYLE,
		"an event trigger must be dropped before an upgrade to a new major version",
	"Keep the statement that makes it again, for after the upgrade."},
	{ON(SUPABASE), T_CreateEventTrigStmt, is_any, "object-missing", WF_SEVERITY_LOW, WF_KIND_STYLE,
		"an event trigger does not fire for superusers and the platform's own roles",
	"Rely on it for your own roles only."},
	{ON(AURORA), T_IndexStmt, is_any, "index-not-concurrent", WF_SEVERITY_INFO, WF_KIND_FAILS,
		"an index is sorted on the storage of the instance, which can be full while the volume has room,",
	"Compare the size of the table with FreeLocalStorage of the instance before a large build."},
	{ON(AZURE), T_AlterObjectSchemaStmt, moves_extension, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"ALTER EXTENSION ... SET SCHEMA is not supported",
	"Name the schema when the extension is made: CREATE EXTENSION ... SCHEMA."},
	{ON(AZURE), T_CreateExtensionStmt, is_any, "create-extension", WF_SEVERITY_MEDIUM, WF_KIND_FAILS,
		"an extension must be allowed before it can be made",
	"Add it to the server parameter azure.extensions; SHOW azure.extensions lists them."},
	{ON(AURORA), T_CreateStmt, makes_unlogged, "object-missing", WF_SEVERITY_MEDIUM, WF_KIND_BREAKING,
		"an unlogged table can be read from the writer only, and is hardly faster,",
	"Make it an ordinary table."},
	{ON(AURORA), T_AlterTableStmt, makes_unlogged, "object-missing", WF_SEVERITY_MEDIUM, WF_KIND_BREAKING,
		"an unlogged table can be read from the writer only, and is hardly faster,",
	"Leave it an ordinary table."},
	{ON(SUPABASE), T_Invalid, is_in_protected_schema, "object-missing", WF_SEVERITY_HIGH, WF_KIND_FAILS,
		"what is in the schemas auth, storage and realtime belongs to the platform and can't be changed",
	"Make it in a schema of your own; foreign keys, triggers and policies may refer to the platform's tables."},
};

/*
 * The platform of this name.  Raises invalid_parameter_value where there is
 * none.
 */
WfPlatform
wf_migration_platform(const char *name)
{
	for (int i = 0; i < lengthof(platforms); i++)
	{
		if (strcmp(platforms[i].name, name) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown platform \"%s\"", name),
			 errhint("Platforms are postgresql, aurora, rds, cloudsql, azure and supabase.")));
	return WF_PLATFORM_POSTGRESQL;	/* keep compiler quiet */
}

/* The findings of the call, with what the platform adds for its statement. */
List *
wf_migration_platform_findings(WfPlatform platform, WfRuleCall *call, const Bitmapset *rules)
{
	for (int i = 0; platform != WF_PLATFORM_POSTGRESQL && i < lengthof(limits); i++)
	{
		int			index;
		WfFinding  *finding;

		if (!(limits[i].platforms & (1 << platform)) ||
			(limits[i].node != T_Invalid && limits[i].node != nodeTag(call->statement)) ||
			!limits[i].applies(call->statement))
			continue;
		index = wf_migration_rule_index(limits[i].rule);
		if (rules && !bms_is_member(index, rules))
			break;
		call->rule = &wf_migration_rules[index];
		finding = wf_finding_add(call, "%s on %s", limits[i].what, platforms[platform].title);
		finding->severity = limits[i].severity;
		finding->kind = limits[i].kind;
		finding->hint = limits[i].hint ? pstrdup(limits[i].hint) :
			psprintf("Set it in %s, or for one database or role: ALTER DATABASE ... SET, ALTER ROLE ... SET.",
					 platforms[platform].settings);
		if (IsA(call->statement, CreateExtensionStmt))
			finding->object = wf_ddl_quote_name(NULL, ((CreateExtensionStmt *) call->statement)->extname);
		wf_finding_note_text(finding, "platform", platforms[platform].name);
		break;
	}
	return call->findings;
}

static bool
is_any(Node *stmt)
{
	return true;
}

static bool
is_copy_program(Node *stmt)
{
	return ((CopyStmt *) stmt)->is_program;
}

static bool
is_copy_file(Node *stmt)
{
	return ((CopyStmt *) stmt)->filename != NULL;
}

static bool
makes_superuser(Node *stmt)
{
	return wf_ddl_option_is_on(IsA(stmt, CreateRoleStmt) ? ((CreateRoleStmt *) stmt)->options :
							   ((AlterRoleStmt *) stmt)->options, "superuser");
}

/* Only a superuser may use a language that can do all that the server can. */
static bool
is_untrusted_function(Node *stmt)
{
	static const char *const untrusted[] = {"c", "internal", "plpython3u", "plperlu", "pltclu"};
	ListCell   *lc;

	foreach(lc, ((CreateFunctionStmt *) stmt)->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "language") != 0)
			continue;
		for (int i = 0; i < lengthof(untrusted); i++)
		{
			if (pg_strcasecmp(strVal(option->arg), untrusted[i]) == 0)
				return true;
		}
	}
	return false;
}

/* Extensions that read the server's files, run anything, or are not the provider's. */
static bool
is_foreign_library(Node *stmt)
{
	static const char *const foreign[] = {"adminpack", "file_fdw", "plperlu", "plpython3u", "pltclu", WF_EXTENSION_NAME};

	for (int i = 0; i < lengthof(foreign); i++)
	{
		if (strcmp(((CreateExtensionStmt *) stmt)->extname, foreign[i]) == 0)
			return true;
	}
	return false;
}

static bool
moves_extension(Node *stmt)
{
	return ((AlterObjectSchemaStmt *) stmt)->objectType == OBJECT_EXTENSION;
}

static bool
makes_unlogged(Node *stmt)
{
	ListCell   *lc;

	if (IsA(stmt, CreateStmt))
		return ((CreateStmt *) stmt)->relation->relpersistence == RELPERSISTENCE_UNLOGGED;
	foreach(lc, ((AlterTableStmt *) stmt)->cmds)
	{
		if (lfirst_node(AlterTableCmd, lc)->subtype == AT_SetUnLogged)
			return true;
	}
	return false;
}

static bool
is_protected(const char *schema)
{
	return schema && (strcmp(schema, "auth") == 0 || strcmp(schema, "storage") == 0 || strcmp(schema, "realtime") == 0);
}

/*
 * Triggers, policies and comments are not among it: the platform grants those.
 * A name without a schema never means one of these.
 */
static bool
is_in_protected_schema(Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			return is_protected(((CreateStmt *) stmt)->relation->schemaname);
		case T_AlterTableStmt:
			return is_protected(((AlterTableStmt *) stmt)->relation->schemaname);
		case T_IndexStmt:
			return is_protected(((IndexStmt *) stmt)->relation->schemaname);
		case T_ViewStmt:
			return is_protected(((ViewStmt *) stmt)->view->schemaname);
		case T_RenameStmt:
			return ((RenameStmt *) stmt)->relation && is_protected(((RenameStmt *) stmt)->relation->schemaname);
		case T_CreateFunctionStmt:
			{
				List	   *name = ((CreateFunctionStmt *) stmt)->funcname;

				return list_length(name) > 1 && is_protected(strVal(linitial(name)));
			}
		case T_DropStmt:
			if (((DropStmt *) stmt)->removeType != OBJECT_TABLE && ((DropStmt *) stmt)->removeType != OBJECT_VIEW &&
				((DropStmt *) stmt)->removeType != OBJECT_INDEX)
				return false;
			foreach(lc, ((DropStmt *) stmt)->objects)
			{
				RangeVar   *name = wf_ddl_range_var_of_names(lfirst(lc));

				if (name && is_protected(name->schemaname))
					return true;
			}
			return false;
		default:
			return false;
	}
}
