/*
 * report.c: migration_report(), the findings of many files in a format.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "common/options.h"
#include "migration/check.h"
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

static int	find_format(const char *name);
static WfReport *read_files(Jsonb *files);
static WfReportFile *read_file(JsonbContainer *object, int number);
static WfReportFile *new_file(const char *name, const char *text, int length);
static const char *string_member(JsonbContainer *object, const char *key, int *length);
pg_noreturn static void report_bad_files(void);
static void collect(void *target, WfReader *reader, int statement, int offset, List *findings);
static int	compare_places(const ListCell *a, const ListCell *b);

/*
 * migration_report(files jsonb, format text, options jsonb) -> text
 *
 * files is an array of {"file": name, "sql": text}, in their order, or an object
 * of texts by name, in the order of the names.  The options are those of
 * migration_breaking_check().  Raises invalid_parameter_value for another shape,
 * an unknown format or option.
 */
Datum
wf_migration_report(PG_FUNCTION_ARGS)
{
	WfReport   *report = read_files(PG_GETARG_JSONB_P(0));
	int			format = find_format(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	WfCheckOptions options = wf_migration_check_options(PG_GETARG_JSONB_P(2));
	StringInfoData out;
	ListCell   *lc;

	foreach(lc, report->files)
	{
		Collect		target = {report, lfirst(lc)};

		wf_migration_check_text(target.file->text, target.file->length, &options, collect, &target);
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

static WfReport *
read_files(Jsonb *files)
{
	WfReport   *report = palloc0(sizeof(WfReport));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	if (JB_ROOT_IS_SCALAR(files))
		report_bad_files();
	it = JsonbIteratorInit(&files->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && value.type == jbvString)
			report->files = lappend(report->files, new_file(name, value.val.string.val, value.val.string.len));
		else if (token == WJB_ELEM && value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data))
			report->files = lappend(report->files, read_file(value.val.binary.data, list_length(report->files) + 1));
		else if (token == WJB_VALUE || token == WJB_ELEM)
			report_bad_files();
	}
	return report;
}

static WfReportFile *
read_file(JsonbContainer *object, int number)
{
	int			length;
	const char *sql = string_member(object, "sql", &length);
	int			name_length;
	const char *name = string_member(object, "file", &name_length);

	if (!sql)
		report_bad_files();
	return new_file(name ? pnstrdup(name, name_length) : psprintf("migration %d", number), sql, length);
}

static WfReportFile *
new_file(const char *name, const char *text, int length)
{
	WfReportFile *file = palloc0(sizeof(WfReportFile));

	file->name = name;
	file->text = text;
	file->length = length;
	return file;
}

static const char *
string_member(JsonbContainer *object, const char *key, int *length)
{
	JsonbValue	value;

	if (!getKeyJsonValueFromContainer(object, key, strlen(key), &value) || value.type != jbvString)
		return NULL;
	*length = value.val.string.len;
	return value.val.string.val;
}

static void
report_bad_files(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("files must be an array of files, or an object of texts by name"),
			 errhint("Write for example '[{\"file\": \"0001_init.sql\", \"sql\": \"CREATE TABLE t (id int)\"}]'.")));
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
		place->file->findings = lappend(place->file->findings, found);
		place->file->count[finding->severity]++;
		place->report->count[finding->severity]++;
		place->report->nfindings++;
	}
	MemoryContextSwitchTo(old);
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

/* "3 files, 4 findings: 1 critical, 3 low" */
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
	return out.data;
}
