/*
 * report.c: migration_report(), the findings of many files in a format.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "common/options.h"
#include "common/steady.h"
#include "migration/check.h"
#include "migration/directive.h"
#include "migration/finding.h"
#include "migration/report.h"

PG_FUNCTION_INFO_V1(wf_migration_report);

static const struct
{
	const char *name;
	void		(*write) (StringInfo out, WfReport *report);
}			formats[] = {
	{"text", wf_report_text},
	{"markdown", wf_report_markdown},
	{"json", wf_report_json},
	{"sarif", wf_report_sarif},
	{"junit", wf_report_junit},
	{"github", wf_report_github},
	{"html", wf_report_html},
};

/* Where the findings of the text under check go. */
typedef struct Collect
{
	WfReport   *report;
	WfReportFile *file;
} Collect;

static Datum report_once(PG_FUNCTION_ARGS);
static int	find_format(const char *name);
static void collect(void *target, WfReader *reader, int statement, int offset, List *findings);
static void collect_escape(void *target, WfReader *reader, const WfDirective *directive);
static int	compare_places(const ListCell *a, const ListCell *b);

/*
 * migration_report(files jsonb, format text, options jsonb) -> text
 *
 * files is an array of {"file": name, "sql": text} in their order, with
 * "in_transaction": true where the runner wraps this one, or an object
 * of texts by name, in the order of the names.  In place of a text a file can
 * have the findings that the format json gave it.  Each is checked on what those
 * before it make.  The options are those of
 * migration_breaking_check(); with timing, json tells the milliseconds of each.  Raises invalid_parameter_value for another shape,
 * an unknown format or option.
 */
Datum
wf_migration_report(PG_FUNCTION_ARGS)
{
	return wf_common_steady_call(fcinfo, report_once);
}

static Datum
report_once(PG_FUNCTION_ARGS)
{
	WfReport   *report = wf_report_read(PG_GETARG_JSONB_P(0));
	int			format = find_format(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	WfCheckOptions options = wf_migration_check_options(PG_GETARG_JSONB_P(2));
	WfSimulation *simulation = wf_migration_simulation(wf_ddl_catalog_live());
	StringInfoData out;
	ListCell   *lc;

	foreach(lc, report->files)
	{
		Collect		target = {report, lfirst(lc)};
		WfCheckOptions its_own = options;
		instr_time	begin;
		instr_time	end;

		its_own.in_transaction |= target.file->in_transaction;
		INSTR_TIME_SET_CURRENT(begin);
		if (target.file->text)
			wf_migration_check_text(target.file->text, strlen(target.file->text), &its_own, simulation, collect,
									collect_escape, &target);
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_SUBTRACT(end, begin);
		if (target.file->text && options.timing)
			target.file->milliseconds = INSTR_TIME_GET_MILLISEC(end);
		list_sort(target.file->findings, compare_places);
	}
	initStringInfo(&out);
	formats[format].write(&out, report);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static int
find_format(const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(name, formats[i].name) == 0)
			return i;
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", formats[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("format \"%s\" is not known", name),
			 errhint("Known formats: %s.", names.data)));
	return 0;					/* keep compiler quiet */
}

/* A WfReportFindings. */
static void
collect(void *target, WfReader *reader, int statement, int offset, List *findings)
{
	Collect    *place = target;
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(place->report));
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);
		WfReportFinding *found = palloc0(sizeof(WfReportFinding));

		found->statement = statement;
		wf_ddl_reader_position(reader, offset, Max(finding->location, 0), &found->line, &found->col);
		found->finding = wf_finding_copy(finding);
		found->evidence = DatumGetJsonbP(wf_finding_evidence(finding));
		wf_report_add(place->report, place->file, found);
	}
	MemoryContextSwitchTo(old);
}

/* A WfReportDirective. */
static void
collect_escape(void *target, WfReader *reader, const WfDirective *directive)
{
	Collect    *place = target;
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(place->report));
	WfReportEscape *escape = palloc0(sizeof(WfReportEscape));
	int			col;

	wf_ddl_reader_position(reader, directive->offset, 0, &escape->line, &col);
	escape->rules = directive->rules;
	escape->reason = directive->reason;
	escape->until = directive->until;
	escape->fault = directive->fault;
	escape->used = directive->used;
	wf_report_add_escape(place->report, place->file, escape);
	MemoryContextSwitchTo(old);
}

void
wf_report_add_escape(WfReport *report, WfReportFile *file, WfReportEscape *escape)
{
	file->escapes = lappend(file->escapes, escape);
	report->nescapes++;
}

/* Appends and counts a finding. */
void
wf_report_add(WfReport *report, WfReportFile *file, WfReportFinding *found)
{
	file->findings = lappend(file->findings, found);
	file->count[found->finding->severity]++;
	report->count[found->finding->severity]++;
	report->nfindings++;
}

/* What was put off comes last, and belongs where it stands; within a statement the worst comes first. */
static int
compare_places(const ListCell *a, const ListCell *b)
{
	const WfReportFinding *left = lfirst(a);
	const WfReportFinding *right = lfirst(b);

	if (left->statement != right->statement)
		return left->statement - right->statement;
	if (left->finding->severity != right->finding->severity)
		return (int) right->finding->severity - (int) left->finding->severity;
	if (left->line != right->line)
		return left->line - right->line;
	return strcmp(left->finding->rule->id, right->finding->rule->id);
}

/* "2 critical, 1 low", the worst first; "none" where there are none. */
void
wf_report_counts(StringInfo out, const int count[WF_SEVERITIES])
{
	int			start = out->len;

	for (int severity = WF_SEVERITY_CRITICAL; severity >= WF_SEVERITY_INFO; severity--)
	{
		if (count[severity] > 0)
			appendStringInfo(out, "%s%d %s", out->len > start ? ", " : "", count[severity],
							 wf_migration_severity_name(severity));
	}
	if (out->len == start)
		appendStringInfoString(out, "none");
}

/* "3 files, 4 findings: 1 critical, 3 low; 1 escape hatch" */
char *
wf_report_summary(WfReport *report)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "%d %s, %d %s", list_length(report->files), list_length(report->files) == 1 ? "file" : "files",
					 report->nfindings, report->nfindings == 1 ? "finding" : "findings");
	if (report->nfindings > 0)
	{
		appendStringInfoString(&out, ": ");
		wf_report_counts(&out, report->count);
	}
	if (report->nescapes > 0)
		appendStringInfo(&out, "; %d escape %s", report->nescapes, report->nescapes == 1 ? "hatch" : "hatches");
	return out.data;
}
