/*
 * verdict.c: what happens to a command that the rules object to.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "common/error.h"
#include "guard/approval.h"
#include "guard/describe.h"
#include "guard/duration.h"
#include "guard/guard.h"
#include "guard/log.h"

static void let_through(const char *outcome, const WfGuardCommand *command, List *findings);
pg_noreturn static void refuse(const WfGuardCommand *command, List *findings);

/*
 * Refuses the command, warns of it, or lets it through, as the policy, the
 * settings and the session have it, and writes a row for each finding.
 */
void
wf_guard_pronounce(const WfGuardCommand *command, List *findings)
{
	List	   *blocked = NIL;
	List	   *allowed = NIL;
	List	   *warned = NIL;
	List	   *noticed = NIL;
	ListCell   *lc;

	if (wf_guard_is_restore())
	{
		let_through("restored", command, findings);
		return;
	}
	foreach(lc, findings)
	{
		WfGuardFinding *finding = lfirst(lc);

		if (finding->action == WF_ACTION_NOTICE)
			noticed = lappend(noticed, finding);
		else if (finding->action == WF_ACTION_WARN)
			warned = lappend(warned, finding);
		else if (finding->allowed)
			allowed = lappend(allowed, finding);
		else
			blocked = lappend(blocked, finding);
	}
	if (blocked != NIL && wf_guard_bypass)
	{
		let_through("bypassed", command, blocked);
		wf_guard_approval_skip(command, blocked);
	}
	else if (blocked != NIL && wf_guard_mode == WF_GUARD_WARN)
		warned = list_concat(blocked, warned);
	else if (blocked != NIL && wf_guard_approval_use(command, blocked))
		let_through("approved", command, blocked);
	else if (blocked != NIL)
		refuse(command, blocked);
	let_through("allowed", command, allowed);
	/* Who gives a reason need not be told what it is for. */
	if (!wf_guard_bypass)
	{
		wf_guard_tell(WF_ACTION_WARN, warned);
		wf_guard_tell(WF_ACTION_NOTICE, noticed);
	}
	let_through("warned", command, warned);
	let_through("noticed", command, noticed);
}

static void
let_through(const char *outcome, const WfGuardCommand *command, List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfGuardLogRow row;

		/* The row is part of this transaction, so it gets its number. */
		(void) GetTopTransactionId();
		wf_guard_log_fill(&row, outcome, command, lfirst(lc));
		wf_guard_log_line(&row);
		if (wf_guard_log_write(&row))
			wf_guard_duration_begin(command, &row);
	}
}

/* Tells the client what lets the command pass all the same. */
void
wf_guard_tell(WfGuardAction action, List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		const WfGuardFinding *finding = lfirst(lc);

		ereport(action == WF_ACTION_WARN ? WARNING : NOTICE,
				(errcode(ERRCODE_WF_BLOCKED),
				 errmsg("rule \"%s\": %s", finding->rule, finding->message),
				 errdetail("%s", finding->detail),
				 errhint("%s", finding->hint)));
	}
}

/* The first finding is the error; the others are rows beside it. */
static void
refuse(const WfGuardCommand *command, List *findings)
{
	const WfGuardFinding *first = linitial(findings);
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), WF_GUARD_LOG_WAIT);
	bool		recorded = true;
	const char *more = "";
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfGuardLogRow row;

		wf_guard_log_fill(&row, "refused", command, lfirst(lc));
		wf_guard_log_line(&row);
		/* All rows share the time to wait for them. */
		if (!wf_guard_log_write_apart(&row, deadline))
			recorded = false;
	}

	/*
	 * Looked up before the report begins, since a look that fails ends
	 * reports.
	 */
	if (wf_guard_tool_is_terse())
		more = psprintf("\nHINT:  %s", first->hint);
	if (wf_guard_tool_is_mute())
		ereport(WARNING,
				(errcode(ERRCODE_WF_BLOCKED),
				 errmsg("blocked by rule \"%s\": %s", first->rule, first->message),
				 errhint("%s", first->hint)));
	ereport(ERROR,
			(errcode(ERRCODE_WF_BLOCKED),
			 errmsg("blocked by rule \"%s\": %s%s", first->rule, first->message, more),
			 errdetail("%s%s", first->detail,
					   recorded ? "" : " The row in wishflags.guard_log is not confirmed."),
			 errhint("%s", first->hint)));
}
