/*
 * deprecate_judge.c: commands that drop or rename a deprecated object too early.
 *
 * What a command names is judged before it runs, while the catalog still tells
 * who uses it; what goes with that by CASCADE, when it has gone.
 */
#include "common/compat.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "common/extension.h"
#include "common/protect.h"
#include "common/rows.h"
#include "common/write.h"
#include "guard/deprecate.h"
#include "guard/describe.h"
#include "guard/judge.h"
#include "record/definition.h"
#include "record/event.h"

/* So many users of an object are named. */
#define USERS_NAMED 5

/* A deprecation that is not over. */
typedef struct Deprecation
{
	char	   *object;
	char	   *since;			/* by whom, when and why */
	char	   *end;			/* when it may go */
	char	   *replacement;	/* NULL: none */
	char	   *schema;			/* NULL: it is gone already */
} Deprecation;

typedef struct Users
{
	StringInfoData names;
	int			count;
} Users;

/* The named objects, found in a subtransaction that gives its locks back. */
typedef struct Named
{
	const WfGuardCommand *command;
	bool		is_found;		/* which they are */
	List	   *findings;
} Named;

static bool owns(const ObjectAddress *address);
static void judge_named(void *arg);
static void judge_one(Named *named, ObjectAddress address);
static List *deprecations_of(const ObjectAddress *address, const char *gone);
static void add_finding(List **findings, const WfGuardCommand *command, const Deprecation *deprecation,
						const ObjectAddress *address, const char *users);
static WfGuardFinding *describe(const WfGuardCommand *command, const Deprecation *deprecation,
								const ObjectAddress *address, const char *users);
static const char *verb_of(const Node *tree);
static const char *users_of(const char *object);
static void take_user(TupleTableSlot *slot, void *arg);

/*
 * Whether the command can drop or rename what it names, and anything is
 * deprecated at all.
 */
bool
wf_guard_may_break(const Node *tree)
{
	ListCell   *lc;

	switch (nodeTag(tree))
	{
		case T_DropStmt:
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
			return wf_guard_deprecates();
		case T_AlterTableStmt:
			foreach(lc, ((const AlterTableStmt *) tree)->cmds)
			{
				if (lfirst_node(AlterTableCmd, lc)->subtype == AT_DropColumn)
					return wf_guard_deprecates();
			}
			return false;
		default:
			return false;
	}
}

/* Whether there may be a deprecation; where nobody can tell, there may. */
bool
wf_guard_deprecates(void)
{
	Oid			relid = wf_common_relation_oid("deprecated_objects");
	Relation	rel;
	bool		any;

	if (!OidIsValid(relid))
		return false;
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return true;
	rel = try_relation_open(relid, NoLock);
	any = rel && RelationGetNumberOfBlocks(rel) > 0;
	if (rel)
		relation_close(rel, NoLock);
	UnlockRelationOid(relid, AccessShareLock);
	return any;
}

/* The deprecated objects that the command names: a List of WfGuardFinding. */
List *
wf_guard_judge_deprecated(const WfGuardCommand *command)
{
	WfAttempt	attempt = {.undo = true};
	Named		named = {.command = command};

	if (!wf_guard_may_break(command->tree) || wf_common_attempt(&attempt, judge_named, &named))
		return named.findings;
	/* Where a name is ambiguous, say, the command fails by itself. */
	if (named.is_found)
		ereport(WARNING,
				(errcode(attempt.error->sqlerrcode),
				 errmsg("the guard could not tell whether this command breaks a deprecation"),
				 errdetail("%s", attempt.error->message)));
	return NIL;
}

static void
judge_named(void *arg)
{
	Named	   *named = arg;
	Node	   *tree = named->command->tree;
	List	   *targets = wf_record_targets(tree);
	ListCell   *lc;
	ListCell   *lc2;

	named->is_found = true;
	foreach(lc, targets)
	{
		ObjectAddress address = ((WfRecordTarget *) lfirst(lc))->address;

		if (!owns(&address))
			continue;
		/* What goes with a schema is judged when it has gone. */
		if (address.classId == NamespaceRelationId && IsA(tree, DropStmt))
			continue;
		if (!IsA(tree, AlterTableStmt))
			judge_one(named, address);
		foreach(lc2, IsA(tree, AlterTableStmt) ? ((AlterTableStmt *) tree)->cmds : NIL)
		{
			AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc2);

			address.objectSubId = cmd->subtype == AT_DropColumn ? get_attnum(address.objectId, cmd->name) : 0;
			if (address.objectSubId > 0)
				judge_one(named, address);
		}
	}
}

/* To a role that does not own the object PostgreSQL says so itself. */
static bool
owns(const ObjectAddress *address)
{
	switch (address->classId)
	{
		case RelationRelationId:
			return wf_relation_ownercheck(address->objectId, GetUserId()) ||
				wf_schema_ownercheck(get_rel_namespace(address->objectId), GetUserId());
		case TypeRelationId:
			return wf_type_ownercheck(address->objectId, GetUserId());
		case NamespaceRelationId:
			return wf_schema_ownercheck(address->objectId, GetUserId());
		case ProcedureRelationId:
			return wf_routine_ownercheck(address->objectId, GetUserId());
		default:
			return false;
	}
}

static void
judge_one(Named *named, ObjectAddress address)
{
	ListCell   *lc;

	foreach(lc, deprecations_of(&address, NULL))
	{
		Deprecation *deprecation = lfirst(lc);

		add_finding(&named->findings, named->command, deprecation, &address, users_of(deprecation->object));
	}
}

/* The deprecated objects that went with what the command named: a List of WfGuardFinding. */
List *
wf_guard_judge_deprecated_drop(const WfGuardCommand *command)
{
	List	   *findings = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	if (!wf_guard_deprecates())
		return NIL;
	foreach(lc, wf_record_event_dropped())
	{
		const WfRecordObject *object = lfirst(lc);

		/* What was named is judged already; DROP OWNED names nothing. */
		if (object->original && !IsA(command->tree, DropOwnedStmt))
			continue;
		foreach(lc2, deprecations_of(&object->address, object->identity))
			add_finding(&findings, command, lfirst(lc2), &object->address, NULL);
	}
	return findings;
}

/*
 * Those that are not over, of an object and of what has its name before its
 * own, a table's columns and what is in a schema: a List of Deprecation.  gone:
 * the identity of an object that the catalog has no more, else NULL; that of a
 * routine tells more than its OID, which pg_upgrade has changed.
 */
static List *
deprecations_of(const ObjectAddress *address, const char *gone)
{
	static const char query[] =
	"SELECT COALESCE(i.identity, d.object),"
	" pg_catalog.format('Deprecated by %s on %s: %s', d.deprecated_by, d.deprecated_at::date, d.reason),"
	" pg_catalog.concat_ws(' and ', 'on ' || CASE WHEN d.until > pg_catalog.now() THEN d.until END,"
	" CASE WHEN d.releases = r.passed + 1 THEN 'after the next release'"
	" WHEN d.releases > r.passed THEN pg_catalog.format('after %s more releases', d.releases - r.passed) END),"
	" d.replacement, (pg_catalog.parse_ident(i.schema))[1]"
	" FROM wishflags.deprecated_objects d JOIN wishflags.deprecated_addresses n USING (id)"
	" LEFT JOIN LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, n.objsubid) i ON true,"
	" LATERAL (SELECT pg_catalog.count(*) AS passed FROM wishflags.releases x WHERE x.released_at >= d.deprecated_at) r"
	" WHERE d.withdrawn_at IS NULL AND (d.until > pg_catalog.now() OR d.releases > r.passed)"
	" AND (n.classid = $1 AND n.objid = $2 AND $3 IN (0, n.objsubid) OR i.schema = pg_catalog.quote_ident($4)"
	" OR n.classid = $1 AND n.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.object = $5)"
	" ORDER BY d.objsubid, 1";
	char	   *schema = address->classId == NamespaceRelationId ? get_namespace_name(address->objectId) : NULL;
	Oid			types[] = {OIDOID, OIDOID, INT4OID, TEXTOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(address->classId), ObjectIdGetDatum(address->objectId),
	Int32GetDatum(address->objectSubId), CStringGetTextDatum(schema ? schema : ""), CStringGetTextDatum(gone ? gone : "")};
	MemoryContext context = CurrentMemoryContext;
	List	   *found = NIL;
	WfWrite		write;

	wf_common_write_begin(&write, wf_common_relation_oid("deprecated_objects"));
	(void) set_config_option("lock_timeout", "1s", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_execute_with_args(query, lengthof(types), types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the deprecations");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Deprecation *deprecation = palloc(sizeof(Deprecation));

		deprecation->object = SPI_getvalue(tuple, desc, 1);
		deprecation->since = SPI_getvalue(tuple, desc, 2);
		deprecation->end = SPI_getvalue(tuple, desc, 3);
		deprecation->replacement = SPI_getvalue(tuple, desc, 4);
		deprecation->schema = SPI_getvalue(tuple, desc, 5);
		found = lappend(found, deprecation);
	}
	SPI_finish();
	wf_common_write_end(&write);
	return found;
}

/* The finding, unless nothing is done about it. */
static void
add_finding(List **findings, const WfGuardCommand *command, const Deprecation *deprecation,
			const ObjectAddress *address, const char *users)
{
	WfGuardFinding *finding = describe(command, deprecation, address, users);

	if (wf_guard_settle_own(finding, deprecation->schema))
		*findings = lappend(*findings, finding);
}

static WfGuardFinding *
describe(const WfGuardCommand *command, const Deprecation *deprecation, const ObjectAddress *address, const char *users)
{
	WfGuardFinding *finding = palloc0(sizeof(WfGuardFinding));
	StringInfoData detail;
	WfGuardSource source;

	finding->rule = "deprecated-too-early";
	finding->object = deprecation->object;
	finding->relid = address->classId == RelationRelationId ? address->objectId : InvalidOid;
	finding->message = psprintf("%s %s %s, which may go %s", command->tag, verb_of(command->tree),
								deprecation->object, deprecation->end);
	initStringInfo(&detail);
	appendStringInfo(&detail, "%s%s", deprecation->since,
					 strchr(".!?", deprecation->since[strlen(deprecation->since) - 1]) ? "" : ".");
	if (deprecation->replacement)
		appendStringInfo(&detail, " It gives way to %s.", deprecation->replacement);
	if (users)
		appendStringInfo(&detail, " %s", users);
	finding->detail = detail.data;
	if (wf_guard_find_source(command->tree, &source))
		finding->statement = wf_guard_source_copy(&source);
	finding->hint = psprintf("What still uses it: SELECT * FROM wishflags.migration_impact(%s);  "
							 "To take the deprecation back: SELECT wishflags.deprecation_withdraw(%s, 'the reason');  %s",
							 quote_literal_cstr(deprecation->object), quote_literal_cstr(deprecation->object),
							 wf_guard_bypass_hint(command, finding->statement));
	return finding;
}

static const char *
verb_of(const Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_RenameStmt:
			return ((const RenameStmt *) tree)->renameType == OBJECT_SCHEMA ? "moves" : "renames";
		case T_AlterObjectSchemaStmt:
			return "moves";
		default:
			return "drops";
	}
}

/* A sentence about what uses the object, as far as the role may know. */
static const char *
users_of(const char *object)
{
	static const Oid types[] = {TEXTOID, JSONBOID};
	oidvector  *vector = buildoidvector(types, lengthof(types));
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("migration_impact"),
										   PointerGetDatum(vector), ObjectIdGetDatum(wf_common_schema_oid()));
	Datum		args[] = {CStringGetTextDatum(object), DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"))};
	Users		users = {.count = 0};
	int			nest_level = NewGUCNestLevel();

	/* What is not looked into is told to whoever asks for an impact. */
	(void) set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	initStringInfo(&users.names);
	if (OidIsValid(function))
		wf_common_rows(function, lengthof(args), args, take_user, &users);
	AtEOXact_GUC(false, nest_level);
	if (users.count == 0)
		return "Nothing is known to use it.";
	if (users.count > USERS_NAMED)
		appendStringInfo(&users.names, " and %d more", users.count - USERS_NAMED);
	return psprintf("Still used by %s.", users.names.data);
}

/* What belongs to the table itself is no user of it. */
static void
take_user(TupleTableSlot *slot, void *arg)
{
	static const char *const own[] = {"index", "constraint", "default"};
	Users	   *users = arg;
	char	   *kind = wf_common_slot_text(slot, 4);

	for (int i = 0; i < lengthof(own); i++)
	{
		if (strcmp(kind, own[i]) == 0)
			return;
	}
	if (++users->count <= USERS_NAMED)
		appendStringInfo(&users->names, "%s%s %s", users->names.len ? ", " : "", kind, wf_common_slot_text(slot, 5));
}
