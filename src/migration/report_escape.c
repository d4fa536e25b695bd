/*
 * report_escape.c: words for the comments that take findings back.
 */
#include "common/compat.h"

#include "migration/report.h"

/* "drop-table, truncate" */
char *
wf_report_escape_rules(const WfReportEscape *escape)
{
	StringInfoData out;
	ListCell   *lc;

	if (escape->rules == NIL)
		return pstrdup("all rules");
	initStringInfo(&out);
	foreach(lc, escape->rules)
		appendStringInfo(&out, "%s%s", foreach_current_index(lc) > 0 ? ", " : "", (char *) lfirst(lc));
	return out.data;
}

/* "used: archived in May (until 2026-12-31)" */
char *
wf_report_escape_about(const WfReportEscape *escape)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, escape->used ? "used" : escape->fault ? "does not count" : "unused");
	appendStringInfo(&out, ": %s", escape->fault ? escape->fault : escape->reason ? escape->reason : "no reason given");
	if (escape->until && !escape->fault)
		appendStringInfo(&out, " (until %s)", escape->until);
	return out.data;
}
