/*
 * progress.c: what a long snapshot or diff is at, for other sessions.
 *
 * The server's own progress views know a fixed set of commands, so it is told
 * where a running statement is looked for first: in front of its text in
 * pg_stat_activity, as a comment.
 */
#include "common/compat.h"

#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

#include "schema/read.h"

static void report(const char *text);

/*
 * Shows a step, such as "reading columns", until the next one or
 * wf_schema_progress_end().  No more than a step in a while: each is a copy of
 * the statement's text.
 */
void
wf_schema_progress(const char *step)
{
	char	   *text;

	if (!debug_query_string)
		return;					/* a background worker's affair */
	text = psprintf("/* wishflags: %s */ %s", step, debug_query_string);
	report(text);
	pfree(text);
}

/* Shows the statement as it was; also called when an error goes through. */
void
wf_schema_progress_end(void)
{
	if (debug_query_string)
		report(debug_query_string);
}

/* The text counts as a new statement, which the identifier would get lost with. */
static void
report(const char *text)
{
	uint64		id = pgstat_get_my_query_id();

	pgstat_report_activity(STATE_RUNNING, text);
	pgstat_report_query_id(id, true);
}
