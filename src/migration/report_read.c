/*
 * report_read.c: the argument of migration_report().
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "ddl/lock.h"
#include "migration/report.h"
#include "schema/jsonb_access.h"

static WfReportFile *read_file(WfReport *report, JsonbValue *object, int number);
static WfReportFile *new_file(const char *name, const char *text);
static WfReportFinding *read_finding(JsonbValue *object);
static WfReportEscape *read_escape(JsonbValue *object);
static const WfRule *read_rule(const char *id);
static WfSeverity read_severity(const char *name);
static WfKind read_kind(const char *name);
static LOCKMODE read_lock(const char *name);
static bool read_flag(JsonbValue *value);
pg_noreturn static void report_bad_files(void);
pg_noreturn static void report_bad_word(const char *key, const char *word);

/* The files, with the findings that came with them. */
WfReport *
wf_report_read(Jsonb *files)
{
	WfReport   *report = palloc0(sizeof(WfReport));
	JsonbValue	root = {.type = jbvBinary};
	ListCell   *lc;

	root.val.binary.data = &files->root;
	root.val.binary.len = VARSIZE(files);
	if (!JB_ROOT_IS_SCALAR(files) && JB_ROOT_IS_ARRAY(files))
	{
		foreach(lc, wf_schema_jsonb_elements(&root))
			report->files = lappend(report->files, read_file(report, lfirst(lc), foreach_current_index(lc) + 1));
		return report;
	}
	if (!JB_ROOT_IS_OBJECT(files))
		report_bad_files();
	foreach(lc, wf_schema_jsonb_keys(&root))
	{
		JsonbValue *text = wf_schema_jsonb_get(&root, lfirst(lc));

		if (text->type != jbvString)
			report_bad_files();
		report->files = lappend(report->files, new_file(lfirst(lc), wf_schema_jsonb_text(text)));
	}
	return report;
}

static WfReportFile *
read_file(WfReport *report, JsonbValue *object, int number)
{
	WfReportFile *file;
	JsonbValue *findings;
	JsonbValue *directives;
	JsonbValue *milliseconds;
	ListCell   *lc;
	char	   *name;

	if (!wf_schema_jsonb_is_object(object))
		report_bad_files();
	name = wf_schema_jsonb_string(object, "file");
	file = new_file(name ? name : psprintf("migration %d", number), wf_schema_jsonb_string(object, "sql"));
	file->in_transaction = read_flag(wf_schema_jsonb_get(object, "in_transaction"));
	milliseconds = wf_schema_jsonb_get(object, "milliseconds");
	if (milliseconds && milliseconds->type == jbvNumeric)
		file->milliseconds = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(milliseconds->val.numeric)));
	findings = wf_schema_jsonb_get(object, "findings");
	directives = wf_schema_jsonb_get(object, "directives");
	if (!file->text && (!findings || !wf_schema_jsonb_is_array(findings)))
		report_bad_files();
	foreach(lc, file->text ? NIL : wf_schema_jsonb_elements(findings))
		wf_report_add(report, file, read_finding(lfirst(lc)));
	if (file->text || !directives)
		return file;
	if (!wf_schema_jsonb_is_array(directives))
		report_bad_files();
	foreach(lc, wf_schema_jsonb_elements(directives))
		wf_report_add_escape(report, file, read_escape(lfirst(lc)));
	return file;
}

static WfReportFile *
new_file(const char *name, const char *text)
{
	WfReportFile *file = palloc0(sizeof(WfReportFile));

	file->name = name;
	file->text = text;
	file->milliseconds = -1;
	return file;
}

/* What the format json wrote. */
static WfReportFinding *
read_finding(JsonbValue *object)
{
	WfReportFinding *found = palloc0(sizeof(WfReportFinding));
	WfFinding  *finding = palloc0(sizeof(WfFinding));
	JsonbValue *evidence;

	if (!wf_schema_jsonb_is_object(object))
		report_bad_files();
	found->statement = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "statement"), 0);
	found->line = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "line"), 0);
	found->col = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "col"), 0);
	found->finding = finding;
	finding->rule = read_rule(wf_schema_jsonb_string(object, "rule"));
	finding->severity = read_severity(wf_schema_jsonb_string(object, "severity"));
	finding->kind = read_kind(wf_schema_jsonb_string(object, "kind"));
	finding->object = wf_schema_jsonb_string(object, "object");
	finding->lock = read_lock(wf_schema_jsonb_string(object, "lock_mode"));
	finding->rewrites = read_flag(wf_schema_jsonb_get(object, "rewrites"));
	finding->scans = read_flag(wf_schema_jsonb_get(object, "scans"));
	finding->message = wf_schema_jsonb_string(object, "message");
	finding->hint = wf_schema_jsonb_string(object, "hint");
	finding->safe_sql = wf_schema_jsonb_string(object, "safe_sql");
	evidence = wf_schema_jsonb_get(object, "evidence");
	if (!finding->message || !evidence)
		report_bad_files();
	found->evidence = JsonbValueToJsonb(evidence);
	return found;
}

/* Likewise. */
static WfReportEscape *
read_escape(JsonbValue *object)
{
	WfReportEscape *escape = palloc0(sizeof(WfReportEscape));
	JsonbValue *rules;
	ListCell   *lc;

	if (!wf_schema_jsonb_is_object(object))
		report_bad_files();
	rules = wf_schema_jsonb_get(object, "rules");
	if (!rules || !wf_schema_jsonb_is_array(rules))
		report_bad_files();
	foreach(lc, wf_schema_jsonb_elements(rules))
	{
		JsonbValue *rule = lfirst(lc);

		escape->rules = lappend(escape->rules,
								(char *) read_rule(rule->type == jbvString ? wf_schema_jsonb_text(rule) : NULL)->id);
	}
	escape->line = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "line"), 0);
	escape->reason = wf_schema_jsonb_string(object, "reason");
	escape->until = wf_schema_jsonb_string(object, "until");
	escape->fault = wf_schema_jsonb_string(object, "fault");
	escape->used = read_flag(wf_schema_jsonb_get(object, "used"));
	return escape;
}

static const WfRule *
read_rule(const char *id)
{
	int			index = id ? wf_migration_rule_index(id) : -1;

	if (index < 0)
		report_bad_word("rule", id);
	return &wf_migration_rules[index];
}

static WfSeverity
read_severity(const char *name)
{
	WfSeverity	severity;

	if (!name || !wf_migration_find_severity(name, &severity))
		report_bad_word("severity", name);
	return severity;
}

static WfKind
read_kind(const char *name)
{
	WfKind		kind;

	if (!name || !wf_migration_find_kind(name, &kind))
		report_bad_word("kind", name);
	return kind;
}

static LOCKMODE
read_lock(const char *name)
{
	if (!name)
		return NoLock;
	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		if (strcmp(name, wf_ddl_lock_name(mode)) == 0)
			return mode;
	}
	report_bad_word("lock_mode", name);
}

static bool
read_flag(JsonbValue *value)
{
	return value && value->type == jbvBool && value->val.boolean;
}

static void
report_bad_files(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("files must be an array of files, or an object of texts by name"),
			 errhint("Write for example '[{\"file\": \"0001_init.sql\", \"sql\": \"CREATE TABLE t (id int)\"}]'.")));
}

static void
report_bad_word(const char *key, const char *word)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no %s of a finding", word ? word : "", key),
			 errhint("Give findings as migration_report(..., 'json') writes them.")));
}
