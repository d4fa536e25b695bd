/*
 * report_junit.c: findings as JUnit XML, which CI servers show as tests.
 *
 * A file is a test suite, a finding of medium severity or above a test that
 * failed, any other one that passed with output; a file without findings is
 * one test that passed.
 */
#include "common/compat.h"

#include "migration/report.h"
#include "schema/render.h"

static int	failures(const int count[WF_SEVERITIES]);
static void write_finding(StringInfo out, WfReportFile *file, WfReportFinding *found);
static void attribute(StringInfo out, const char *name, const char *text);

void
wf_report_junit(StringInfo out, WfReport *report)
{
	StringInfoData suites;
	int			tests = 0;
	ListCell   *lc;
	ListCell   *lc2;

	initStringInfo(&suites);
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);
		int			ntests = Max(1, list_length(file->findings));

		tests += ntests;
		appendStringInfoString(&suites, "  <testsuite");
		attribute(&suites, "name", file->name);
		appendStringInfo(&suites, " tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"0\">\n", ntests, failures(file->count));
		foreach(lc2, file->findings)
			write_finding(&suites, file, lfirst(lc2));
		if (!file->findings)
		{
			appendStringInfoString(&suites, "    <testcase");
			attribute(&suites, "classname", file->name);
			appendStringInfoString(&suites, " name=\"no findings\"/>\n");
		}
		appendStringInfoString(&suites, "  </testsuite>\n");
	}
	appendStringInfo(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"wishflags\" tests=\"%d\" failures=\"%d\" errors=\"0\">\n%s</testsuites>\n",
					 tests, failures(report->count), suites.data);
}

static int
failures(const int count[WF_SEVERITIES])
{
	return count[WF_SEVERITY_MEDIUM] + count[WF_SEVERITY_HIGH] + count[WF_SEVERITY_CRITICAL];
}

static void
write_finding(StringInfo out, WfReportFile *file, WfReportFinding *found)
{
	WfFinding  *finding = found->finding;
	const char *element = finding->severity >= WF_SEVERITY_MEDIUM ? "failure" : "system-out";

	appendStringInfoString(out, "    <testcase");
	attribute(out, "classname", file->name);
	attribute(out, "name", psprintf("%s at %d:%d", finding->rule->id, found->line, found->col));
	appendStringInfo(out, ">\n      <%s", element);
	if (finding->severity >= WF_SEVERITY_MEDIUM)
	{
		attribute(out, "type", wf_migration_severity_name(finding->severity));
		attribute(out, "message", finding->message);
	}
	appendStringInfoChar(out, '>');
	wf_schema_render_xml(out, psprintf("%s:%d:%d %s: %s", file->name, found->line, found->col,
									   wf_migration_severity_name(finding->severity), finding->message));
	if (finding->hint)
	{
		appendStringInfoChar(out, '\n');
		wf_schema_render_xml(out, finding->hint);
	}
	appendStringInfo(out, "</%s>\n    </testcase>\n", element);
}

static void
attribute(StringInfo out, const char *name, const char *text)
{
	appendStringInfo(out, " %s=\"", name);
	wf_schema_render_xml(out, text);
	appendStringInfoChar(out, '"');
}
