/*
 * describe.c: a migration in plain words, as a header for its file.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "common/options.h"
#include "common/steady.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/statement.h"
#include "migration/check.h"
#include "migration/describe.h"
#include "migration/inside.h"

PG_FUNCTION_INFO_V1(wf_migration_describe);

/* What happens to one object, in the order of the text. */
typedef struct Group
{
	const char *object;
	List	   *lines;			/* char * */
} Group;

/* What is said of a text. */
typedef struct Description
{
	WfWords		words;
	List	   *groups;			/* Group */
	List	   *locks;			/* char * */
	int			statements;
	int			unread;
} Description;

/* How the lines are written. */
typedef struct Format
{
	const char *name;
	const char *head;
	const char *object;
	const char *line;
	const char *foot;
} Format;

static const Format formats[] = {
	{"comment", "-- %s\n", "-- %s\n", "--   %s\n", "-- %s\n"},
	{"markdown", "**%s**\n\n", "- %s\n", "  - %s\n", "\n%s\n"},
	{"text", "%s\n", "%s\n", "  %s\n", "%s\n"},
};

typedef struct DescribeOptions
{
	char	   *format;
	bool		in_transaction;
	bool		assume_populated;
} DescribeOptions;

/* What the checker found. */
typedef struct Risk
{
	List	   *rules[WF_SEVERITY_CRITICAL + 1];	/* char *, each once */
	WfSeverity	highest;
	int			findings;
	MemoryContext context;		/* of the lists */
} Risk;

static Datum describe_once(PG_FUNCTION_ARGS);
static const Format *find_format(const char *name);
static void read_text(Description *description, const char *text, int length);
static bool describe(Description *description, Node *node, const char *where);
static int	describe_inside(Description *description, Node *node, List *entered);
static const char *where_of(const WfRoutine *routine, const WfBodyStatement *item);
static void add_line(List **groups, const char *object, const char *line);
static void note_locks(List **locks, WfWords *words, Node *node);
static void note_findings(void *target, WfReader *reader, int statement, int offset, List *findings);
static void write_line(StringInfo page, const char *form, const char *line);
static char *risk_line(Risk *risk);
static char *join(List *lines);

/*
 * migration_describe(sql text, options jsonb) -> text
 *
 * What the text does, by object, then the locks that make others wait and the
 * worst that the checker finds.  Runs nothing.  Raises for a bad option.
 */
Datum
wf_migration_describe(PG_FUNCTION_ARGS)
{
	return wf_common_steady_call(fcinfo, describe_once);
}

static Datum
describe_once(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		{"format", WF_OPTION_TEXT, offsetof(DescribeOptions, format)},
		{"in_transaction", WF_OPTION_BOOLEAN, offsetof(DescribeOptions, in_transaction)},
		{"assume_populated", WF_OPTION_BOOLEAN, offsetof(DescribeOptions, assume_populated)},
	};
	text	   *sql = PG_GETARG_TEXT_PP(0);
	DescribeOptions options = {.format = "comment"};
	WfCheckOptions check = wf_migration_check_options(NULL);
	Risk		risk = {.context = CurrentMemoryContext};
	StringInfoData page;
	const Format *format;
	Description description = {0};
	ListCell   *lc;

	wf_common_options_parse(PG_GETARG_JSONB_P(1), known, lengthof(known), &options);
	format = find_format(options.format);
	check.in_transaction = options.in_transaction;
	check.assume_populated = options.assume_populated;
	read_text(&description, VARDATA_ANY(sql), VARSIZE_ANY_EXHDR(sql));
	wf_migration_check_text(VARDATA_ANY(sql), VARSIZE_ANY_EXHDR(sql), &check,
							wf_migration_simulation(wf_ddl_catalog_live()), note_findings, NULL, &risk);

	initStringInfo(&page);
	write_line(&page, format->head, psprintf("%d %s, %d %s%s", description.statements,
											 description.statements == 1 ? "statement" : "statements",
											 list_length(description.groups),
											 list_length(description.groups) == 1 ? "object" : "objects",
											 description.unread ? psprintf(", %d not understood", description.unread) : ""));
	foreach(lc, description.groups)
	{
		Group	   *group = lfirst(lc);
		ListCell   *lc2;

		write_line(&page, format->object, group->object);
		foreach(lc2, group->lines)
			write_line(&page, format->line, lfirst(lc2));
	}
	if (description.locks)
		write_line(&page, format->foot, psprintf("locks: %s", join(description.locks)));
	write_line(&page, format->foot, risk_line(&risk));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(page.data, page.len));
}

static const Format *
find_format(const char *name)
{
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\"", name),
			 errhint("Formats are comment, markdown and text.")));
	return NULL;				/* keep compiler quiet */
}

/* Describes each statement upon what those before it have made. */
static void
read_text(Description *description, const char *text, int length)
{
	WfReader   *reader = wf_ddl_reader_begin(text, length);
	WfSimulation *simulation = wf_migration_simulation(wf_ddl_catalog_live());
	int			save_nestlevel = NewGUCNestLevel();
	WfStatement statement;

	description->words.simulation = simulation;
	/* The scanner tells of names it cuts and of old string escapes. */
	(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	wf_sim_begin_session(simulation, false);
	while (wf_ddl_reader_next(reader, &statement))
	{
		CHECK_FOR_INTERRUPTS();
		simulation->statement = statement.number;
		simulation->source = statement.source;
		if (!statement.node)
		{
			description->unread += statement.kind != WF_STATEMENT_SQL;
			continue;
		}
		if (describe_inside(description, statement.node, NIL) > 0 || describe(description, statement.node, ""))
			description->statements++;
		wf_migration_apply(simulation, statement.node);
		simulation->last_name = NULL;
	}
	AtEOXact_GUC(true, save_nestlevel);
}

/* A line for one statement, with where it stands; false: there is nothing to tell. */
static bool
describe(Description *description, Node *node, const char *where)
{
	WfWords    *words = &description->words;

	wf_describe_statement(words, node);
	if (!words->what)
		return false;
	note_locks(&description->locks, words, node);
	add_line(&description->groups, words->object ? words->object : "the session", psprintf("%s%s", words->what, where));
	return true;
}

/*
 * Lines for what a block of code, or a routine that the text has made, does as
 * far as that can be read; how many statements have been told of.
 */
static int
describe_inside(Description *description, Node *node, List *entered)
{
	WfSimulation *simulation = description->words.simulation;
	int			told = 0;
	WfRoutine	routine;
	WfBody		body;
	ListCell   *lc;

	if (!wf_migration_called(simulation, node, NULL, &routine))
		return 0;
	/* One that calls itself has been told of. */
	if (list_member_ptr(entered, routine.text))
		return 1;
	entered = lappend(list_copy(entered), routine.text);
	wf_migration_body(&routine, &body);
	foreach(lc, body.statements)
	{
		WfBodyStatement *item = lfirst(lc);
		WfStatement inner;
		int			inside;

		CHECK_FOR_INTERRUPTS();
		if (!wf_migration_read_inner(item, &inner))
			continue;
		/* There, INTO means variables. */
		if (IsA(inner.node, SelectStmt))
			((SelectStmt *) inner.node)->intoClause = NULL;
		inside = describe_inside(description, inner.node, entered);
		told += inside > 0 ? inside : describe(description, inner.node, where_of(&routine, item));
		simulation->source = inner.source;
		if (!item->in_handler)
			wf_migration_apply(simulation, inner.node);
		simulation->last_name = NULL;
	}
	if (body.is_dynamic)
	{
		add_line(&description->groups, "the database",
				 psprintf("executes SQL that is put together%s, and is not looked into here", where_of(&routine, NULL)));
		told++;
	}
	return told;
}

static const char *
where_of(const WfRoutine *routine, const WfBodyStatement *item)
{
	return psprintf(", in %s%s", routine->name ? quote_identifier(routine->name) : "a block of code",
					item == NULL ? "" : item->in_handler ? " if something fails" :
					item->is_conditional ? " under a condition" : "");
}

static void
add_line(List **groups, const char *object, const char *line)
{
	Group	   *group;
	ListCell   *lc;

	foreach(lc, *groups)
	{
		group = lfirst(lc);
		if (strcmp(group->object, object) == 0)
		{
			group->lines = lappend(group->lines, (char *) line);
			return;
		}
	}
	group = palloc(sizeof(Group));
	group->object = object;
	group->lines = list_make1((char *) line);
	*groups = lappend(*groups, group);
}

/* The locks on relations of others that stop writes, or more, each once. */
static void
note_locks(List **locks, WfWords *words, Node *node)
{
	WfCatalog  *catalog = &words->simulation->catalog;
	ListCell   *lc;

	foreach(lc, wf_ddl_statement_locks(node, catalog->server_version))
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *relation = catalog->relation(catalog, lock->relation);
		char	   *line;
		ListCell   *lc2;

		if (lock->mode < ShareLock || !relation || wf_ddl_is_private(relation) || (lock->if_there && relation->missing))
			continue;
		line = psprintf("%s on %s", wf_ddl_lock_name(lock->mode),
						relation->schema ? wf_ddl_quote_name(relation->schema, relation->name) : wf_ddl_range_var(lock->relation));
		foreach(lc2, *locks)
		{
			if (strcmp(lfirst(lc2), line) == 0)
				break;
		}
		if (!lc2)
			*locks = lappend(*locks, line);
	}
}

static void
note_findings(void *target, WfReader *reader, int statement, int offset, List *findings)
{
	Risk	   *risk = target;
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);
		List	  **rules = &risk->rules[finding->severity];
		MemoryContext old = MemoryContextSwitchTo(risk->context);

		if (!list_member_ptr(*rules, finding->rule->id))
			*rules = lappend(*rules, (char *) finding->rule->id);
		MemoryContextSwitchTo(old);
		risk->highest = Max(risk->highest, finding->severity);
		risk->findings++;
	}
}

/* A name can hold a line's end, and a comment ends there. */
static void
write_line(StringInfo page, const char *form, const char *line)
{
	const char *place = strstr(form, "%s");

	appendBinaryStringInfo(page, form, place - form);
	for (; *line; line++)
		appendStringInfoChar(page, *line == '\n' || *line == '\r' ? ' ' : *line);
	appendStringInfoString(page, place + 2);
}

/* "risk: high (drop-column), medium (...)"; findings that are advice only are counted. */
static char *
risk_line(Risk *risk)
{
	StringInfoData text;
	const char *separator = "";

	if (risk->findings == 0)
		return "risk: none found";
	initStringInfo(&text);
	appendStringInfoString(&text, "risk: ");
	for (int severity = WF_SEVERITY_CRITICAL; severity >= WF_SEVERITY_MEDIUM; severity--)
	{
		if (!risk->rules[severity])
			continue;
		appendStringInfo(&text, "%s%s (%s)", separator, wf_migration_severity_name(severity), join(risk->rules[severity]));
		separator = ", ";
	}
	if (risk->highest < WF_SEVERITY_MEDIUM)
		appendStringInfo(&text, "%s, advice only (%d)", wf_migration_severity_name(risk->highest), risk->findings);
	return text.data;
}

static char *
join(List *lines)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, lines)
		appendStringInfo(&text, "%s%s", lc == list_head(lines) ? "" : ", ", (char *) lfirst(lc));
	return text.data;
}
