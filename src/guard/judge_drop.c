/*
 * judge_drop.c: enums in use that a DROP took with it.
 *
 * DROP TYPE names its types and is judged before it runs.  An enum depends on
 * its schema, its owner and its extension, so the other ways to lose one are
 * DROP SCHEMA, DROP OWNED and DROP EXTENSION.  When sql_drop fires for these,
 * the catalog has forgotten the types and the columns; a snapshot that is as
 * old as the command still shows both.
 */
#include "common/compat.h"

#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "ddl/type_usage.h"
#include "guard/describe.h"
#include "guard/judge.h"

/* So many columns of a type are named. */
#define COLUMNS_NAMED 5

#define RULE_DROP_TYPE "drop-type"

static List *dropped_types(void);
static Snapshot snapshot_before_command(void);
static void add_drop(List **findings, const WfGuardCommand *command, const WfEnumSeen *seen);
static WfGuardFinding *describe_drop(const WfGuardCommand *command, const WfEnumSeen *seen);

/* Whether the command can drop enums that it does not name. */
bool
wf_guard_takes_types_along(const Node *tree)
{
	if (IsA(tree, DropOwnedStmt))
		return true;
	return IsA(tree, DropStmt) &&
		(((const DropStmt *) tree)->removeType == OBJECT_SCHEMA ||
		 ((const DropStmt *) tree)->removeType == OBJECT_EXTENSION);
}

/* The enums in use among what was dropped: a List of WfGuardFinding. */
List *
wf_guard_judge_dropped(const WfGuardCommand *command)
{
	List	   *types;
	List	   *findings = NIL;
	Snapshot	before;
	ListCell   *lc;

	types = dropped_types();
	if (types == NIL)
		return NIL;
	before = snapshot_before_command();
	foreach(lc, types)
	{
		WfEnumSeen	seen;

		if (wf_ddl_enum_seen(lfirst_oid(lc), before, COLUMNS_NAMED, &seen) &&
			!seen.is_new && seen.total > 0)
			add_drop(&findings, command, &seen);
	}
	UnregisterSnapshot(before);
	return findings;
}

/* OIDs of the types that went, row types of tables among them. */
static List *
dropped_types(void)
{
	static const char *const query =
	"SELECT objid FROM pg_catalog.pg_event_trigger_dropped_objects()"
	" WHERE classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass"
	" AND object_type OPERATOR(pg_catalog.=) 'type'::pg_catalog.text";
	MemoryContext context = CurrentMemoryContext;
	List	   *types = NIL;

	SPI_connect();
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the dropped objects");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Oid			type = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
														  1, &isnull));
		MemoryContext old = MemoryContextSwitchTo(context);

		types = lappend_oid(types, type);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return types;
}

/*
 * The newest snapshot, but blind to what the command has done.  The command's
 * own snapshot is the active one; only its command ID is taken from it, since
 * under REPEATABLE READ it may be older than the types.
 */
static Snapshot
snapshot_before_command(void)
{
	Snapshot	before = RegisterSnapshot(GetLatestSnapshot());

	before->curcid = GetActiveSnapshot()->curcid;
	return before;
}

/* The finding, unless nothing is done about it. */
static void
add_drop(List **findings, const WfGuardCommand *command, const WfEnumSeen *seen)
{
	WfGuardFinding *finding = describe_drop(command, seen);

	if (wf_guard_settle_own(finding, strVal(linitial(textToQualifiedNameList(cstring_to_text(seen->name))))))
		*findings = lappend(*findings, finding);
}

static WfGuardFinding *
describe_drop(const WfGuardCommand *command, const WfEnumSeen *seen)
{
	WfGuardFinding *finding = palloc0(sizeof(WfGuardFinding));
	WfGuardSource source;

	finding->rule = RULE_DROP_TYPE;
	finding->object = seen->name;
	finding->message = psprintf("%s drops enum %s, which a column uses", command->tag, seen->name);
	finding->detail = wf_guard_users_detail(seen->name, seen->columns, seen->total);
	if (wf_guard_find_source(command->tree, &source))
		finding->statement = wf_guard_source_copy(&source);
	finding->hint = wf_guard_bypass_hint(command, finding->statement);
	return finding;
}
