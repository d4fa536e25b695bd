/*
 * hook.c: commands that no event trigger sees.
 *
 * Where the library is loaded, the same rules judge REINDEX before 17, VACUUM
 * FULL, CLUSTER and TRUNCATE here.  Whoever alters or drops the guard's event
 * triggers may do so; that it was done is written down.
 */
#include "common/compat.h"

#include "access/xlog.h"
#include "catalog/pg_event_trigger.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/syscache.h"

#include "common/extension.h"
#include "guard/duration.h"
#include "guard/guard.h"
#include "guard/hook.h"
#include "guard/judge.h"
#include "guard/log.h"

/* Ours begin like that. */
#define TRIGGER_PREFIX "wishflags_guard_"

static ProcessUtility_hook_type next_utility = NULL;

static void process_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree,
							ProcessUtilityContext context, ParamListInfo params,
							QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion);
static bool is_unseen(const Node *tree);
static const char *guard_trigger(const Node *tree);
static const char *own_name(const char *name);
static void note_change(Node *tree, const char *trigger);

/* Called when the library is loaded. */
void
wf_guard_hook_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	wf_guard_hook_enum_init();
}

static void
process_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *environment, DestReceiver *dest, QueryCompletion *completion)
{
	Node	   *tree = pstmt->utilityStmt;
	bool		is_judged = is_unseen(tree) && wf_guard_hook_applies();
	const char *trigger = guard_trigger(tree);

	if (is_judged)
		wf_guard_look(tree, CreateCommandName(tree));
	if (next_utility)
		next_utility(pstmt, query, read_only_tree, context, params, environment, dest, completion);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params, environment, dest, completion);
	if (is_judged)
		wf_guard_duration_end(tree);
	if (trigger)
		note_change(tree, trigger);
}

/* The tree is an ordinary command's in most cases: this costs one look at its tag. */
static bool
is_unseen(const Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_ReindexStmt:
			return !WF_REINDEX_FIRES_EVENTS;
		case T_VacuumStmt:
		case T_ClusterStmt:
		case T_TruncateStmt:
			return true;
		default:
			return false;
	}
}

/*
 * Whether the guard is there in this database and its event trigger enabled:
 * who has switched that off means all of the guard.
 */
bool
wf_guard_hook_applies(void)
{
	HeapTuple	tuple;
	bool		applies;

	if (RecoveryInProgress())
		return false;
	tuple = SearchSysCache1(EVENTTRIGGERNAME, CStringGetDatum(TRIGGER_PREFIX "start"));
	if (!HeapTupleIsValid(tuple))
		return false;
	applies = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled != TRIGGER_DISABLED;
	ReleaseSysCache(tuple);
	return applies;
}

/* The event trigger of the guard that a command changes, or NULL. */
static const char *
guard_trigger(const Node *tree)
{
	ListCell   *lc;

	switch (nodeTag(tree))
	{
		case T_AlterEventTrigStmt:
			return own_name(((const AlterEventTrigStmt *) tree)->trigname);
		case T_RenameStmt:
			if (((const RenameStmt *) tree)->renameType != OBJECT_EVENT_TRIGGER)
				return NULL;
			return own_name(strVal(((const RenameStmt *) tree)->object));
		case T_AlterOwnerStmt:
			if (((const AlterOwnerStmt *) tree)->objectType != OBJECT_EVENT_TRIGGER)
				return NULL;
			return own_name(strVal(((const AlterOwnerStmt *) tree)->object));
		case T_DropStmt:
			if (((const DropStmt *) tree)->removeType != OBJECT_EVENT_TRIGGER)
				return NULL;
			foreach(lc, ((const DropStmt *) tree)->objects)
			{
				if (own_name(strVal(lfirst(lc))))
					return strVal(lfirst(lc));
			}
			return NULL;
		default:
			return NULL;
	}
}

static const char *
own_name(const char *name)
{
	return strncmp(name, TRIGGER_PREFIX, strlen(TRIGGER_PREFIX)) == 0 ? name : NULL;
}

/*
 * The command has been run: its row is part of the same transaction.  Also
 * where the guard is off, since somebody may have switched that before.
 */
static void
note_change(Node *tree, const char *trigger)
{
	WfGuardCommand command = {.tree = tree, .tag = CreateCommandName(tree)};
	WfGuardFinding finding = {
		.rule = "guard-changed",
		.object = trigger,
		.message = "an event trigger of the guard was changed",
		.detail = "It is not refused, only written down.",
		.hint = "See what the guard does now: SELECT * FROM wishflags.guard_status();"
	};
	WfGuardLogRow row;

	if (creating_extension || IsBinaryUpgrade || !OidIsValid(wf_common_relation_oid("guard_log")))
		return;
	wf_guard_log_fill(&row, "noted", &command, &finding);
	wf_guard_log_line(&row);
	(void) wf_guard_log_write(&row);
	if (wf_guard_mode != WF_GUARD_OFF && wf_guard_settle_own(&finding, NULL))
		wf_guard_tell(finding.action, list_make1(&finding));
}
