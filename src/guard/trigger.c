/*
 * trigger.c: the event triggers.
 *
 * ddl_command_start carries the raw parse tree before any name in it is
 * resolved; sql_drop tells what a DROP took with it; ddl_command_end, that the
 * command has been run.  The DDL log hears of these, and of table_rewrite.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "commands/event_trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "common/protect.h"
#include "common/steady.h"
#include "guard/deprecate.h"
#include "guard/duration.h"
#include "guard/guard.h"
#include "guard/judge.h"
#include "record/record.h"

PG_FUNCTION_INFO_V1(wf_guard_start);
PG_FUNCTION_INFO_V1(wf_guard_drop);
PG_FUNCTION_INFO_V1(wf_guard_rewrite);
PG_FUNCTION_INFO_V1(wf_guard_end);

/* A command, and what the rules say of it. */
typedef struct Judgement
{
	WfGuardCommand command;
	bool		in_block;		/* asked outside of our own subtransaction */
	List	   *findings;
	void		(*judge) (void *arg);
} Judgement;

static EventTriggerData *event_data(FunctionCallInfo fcinfo);
static void run(Node *tree, const char *tag, TimestampTz started_at, void (*judge) (void *arg));
static void judge_steadily(void *arg);
static void judge_start(void *arg);
static void judge_drop(void *arg);
static WfGuardPlace place_of(Node *tree, bool in_block);

/*
 * guard_start() -> event_trigger, on ddl_command_start: refuses the command,
 * warns of it, or does nothing.
 */
Datum
wf_guard_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = event_data(fcinfo);

	wf_guard_look(event->parsetree, GetCommandTagName(event->tag));
	wf_record_ddl_start(event->parsetree);
	PG_RETURN_NULL();
}

/* Judges a command that is about to run: refuses it, warns of it, or does nothing. */
void
wf_guard_look(Node *tree, const char *tag)
{
	wf_guard_duration_forget(tree);
	if (!wf_guard_is_exempt() && (wf_guard_looks_at(tree) || wf_guard_may_break(tree)))
		run(tree, tag, GetCurrentTimestamp(), judge_start);
}

/*
 * guard_drop() -> event_trigger, on sql_drop: the same for an enum in use, or a
 * deprecated object, that went with something else.
 */
Datum
wf_guard_drop(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = event_data(fcinfo);

	if (!wf_guard_is_exempt() &&
		(wf_guard_takes_types_along(event->parsetree) || wf_guard_deprecates()))
		run(event->parsetree, GetCommandTagName(event->tag), GetCurrentStatementStartTimestamp(), judge_drop);
	wf_record_ddl_drop(event->parsetree);
	PG_RETURN_NULL();
}

/* guard_rewrite() -> event_trigger, on table_rewrite: tells the DDL log. */
Datum
wf_guard_rewrite(PG_FUNCTION_ARGS)
{
	wf_record_ddl_rewrite(event_data(fcinfo)->parsetree);
	PG_RETURN_NULL();
}

/*
 * guard_end() -> event_trigger, on ddl_command_end: notes how long a command
 * took that was let through, and tells the DDL log.
 */
Datum
wf_guard_end(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = event_data(fcinfo);

	wf_guard_duration_end(event->parsetree);
	if (wf_record_ddl_log)
		wf_record_ddl_end(event->parsetree, GetCommandTagName(event->tag), wf_guard_is_restore());
	PG_RETURN_NULL();
}

static EventTriggerData *
event_data(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function can only be called by an event trigger")));
	return (EventTriggerData *) fcinfo->context;
}

/*
 * Judges in a memory context of its own, and in a subtransaction: a mistake
 * of the guard must not stop the command.
 */
static void
run(Node *tree, const char *tag, TimestampTz started_at, void (*judge) (void *arg))
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "wishflags guard",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Judgement	judgement = {.findings = NIL};

	judgement.command.tree = tree;
	judgement.command.tag = tag;
	judgement.command.started_at = started_at;
	judgement.in_block = IsTransactionBlock() || IsSubTransaction();
	judgement.judge = judge;
	if (wf_common_protect(judge_steadily, &judgement, "the guard could not judge this command and lets it pass") &&
		judgement.findings != NIL)
		wf_guard_pronounce(&judgement.command, judgement.findings);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* What others drop meanwhile is no reason to let the command pass. */
static void
judge_steadily(void *arg)
{
	wf_common_steady(((Judgement *) arg)->judge, arg);
}

static void
judge_start(void *arg)
{
	Judgement  *judgement = arg;

	judgement->findings = NIL;
	judgement->command.place = place_of(judgement->command.tree, judgement->in_block);
	if (wf_guard_looks_at(judgement->command.tree))
		judgement->findings = wf_guard_judge_statement(&judgement->command);
	judgement->findings = list_concat(judgement->findings, wf_guard_judge_deprecated(&judgement->command));
}

static void
judge_drop(void *arg)
{
	Judgement  *judgement = arg;

	judgement->findings = NIL;
	judgement->command.place = place_of(judgement->command.tree, judgement->in_block);
	if (wf_guard_takes_types_along(judgement->command.tree))
		judgement->findings = wf_guard_judge_dropped(&judgement->command);
	judgement->findings = list_concat(judgement->findings, wf_guard_judge_deprecated_drop(&judgement->command));
}

/*
 * A command that runs on its own is the statement of the active portal; one
 * that a function runs is not.
 */
static WfGuardPlace
place_of(Node *tree, bool in_block)
{
	ListCell   *lc;
	bool		alone = false;

	if (ActivePortal)
	{
		foreach(lc, ActivePortal->stmts)
		{
			Node	   *utility = lfirst_node(PlannedStmt, lc)->utilityStmt;

			if (utility && (utility == tree || equal(utility, tree)))
				alone = true;
		}
	}
	if (!alone)
		return WF_GUARD_PLACE_FUNCTION;
	return in_block ? WF_GUARD_PLACE_BLOCK : WF_GUARD_PLACE_ALONE;
}
