/*
 * verdict.c: what happens to a command that the rules object to.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "common/error.h"
#include "guard/duration.h"
#include "guard/guard.h"
#include "guard/log.h"

static void let_through(const char *outcome, const WfGuardCommand *command, List *findings);
static void warn(const WfGuardCommand *command, List *findings);
pg_noreturn static void refuse(const WfGuardCommand *command, List *findings);

/*
 * Refuses the command, warns of it, or lets it through, as the settings and
 * the session have it, and writes a row for each finding.
 */
void
wf_guard_pronounce(const WfGuardCommand *command, List *findings)
{
	if (wf_guard_bypass)
		let_through("bypassed", command, findings);
	else if (wf_guard_is_restore())
		let_through("restored", command, findings);
	else if (wf_guard_mode == WF_GUARD_WARN)
		warn(command, findings);
	else
		refuse(command, findings);
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

static void
warn(const WfGuardCommand *command, List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		const WfGuardFinding *finding = lfirst(lc);

		ereport(WARNING,
				(errcode(ERRCODE_WF_BLOCKED),
				 errmsg("rule \"%s\": %s", finding->rule, finding->message),
				 errdetail("%s", finding->detail),
				 errhint("%s", finding->hint)));
	}
	let_through("warned", command, findings);
}

/* The first finding is the error; the others are rows beside it. */
static void
refuse(const WfGuardCommand *command, List *findings)
{
	const WfGuardFinding *first = linitial(findings);
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), WF_GUARD_LOG_WAIT);
	bool		recorded = true;
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
	ereport(ERROR,
			(errcode(ERRCODE_WF_BLOCKED),
			 errmsg("blocked by rule \"%s\": %s", first->rule, first->message),
			 errdetail("%s%s", first->detail,
					   recorded ? "" : " The row in wishflags.guard_log is not confirmed."),
			 errhint("%s", first->hint)));
}
