/*
 * approval_execute.c: running what was approved, and what was not.
 *
 * A command is a statement of a proposed change if both parse to the same tree,
 * whatever their spaces and comments.  The change covers only what the check
 * found when it was proposed, on the same objects: another search_path, or a
 * table that has filled since, makes it another change.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"

#include "common/extension.h"
#include "common/protect.h"
#include "guard/approval.h"

/* A statement of a change that is the command. */
typedef struct Match
{
	int64		id;
	int			ordinal;
	int			revision;
	char	   *state;			/* what the overview says */
	char	   *missing;		/* approvals; NULL: none */
	char	   *reason;
} Match;

/* A text that may parse to the tree. */
typedef struct Comparison
{
	const char *sql;
	const Node *tree;
	bool		same;
} Comparison;

static bool all_need_approval(List *findings);
static List *find_matches(const WfGuardCommand *command);
static bool is_same(const char *sql, const Node *tree);
static void compare(void *arg);
static bool covers(const Match *match, List *findings);
static bool take(const Match *match);
static void explain(MemoryContext context, const Match *match, List *findings, bool covered);
static void hold(const Match *match, const char *event, const char *comment, const char *statement);

/*
 * Whether an approved change lets the command pass; then that is noted in this
 * transaction, and the reason on the findings.  Else those that need an approval
 * get a DETAIL and HINT that say so.
 */
bool
wf_guard_approval_use(const WfGuardCommand *command, List *findings)
{
	MemoryContext caller = CurrentMemoryContext;
	const Match *near = NULL;
	bool		near_covers = false;
	bool		used = false;
	List	   *matches;
	ListCell   *lc;
	bool		read_only = XactReadOnly;

	if (command->tree == NULL || !OidIsValid(wf_common_relation_oid("schema_changes")) || !all_need_approval(findings))
		return false;
	XactReadOnly = false;
	SPI_connect();
	matches = find_matches(command);
	foreach(lc, matches)
	{
		const Match *match = lfirst(lc);
		bool		covered = covers(match, findings);

		if (covered && take(match))
		{
			hold(match, "executed", NULL, ((WfGuardFinding *) linitial(findings))->statement);
			near = match;
			used = true;
			break;
		}
		if (near == NULL || (covered && !near_covers))
		{
			near = match;
			near_covers = covered;
		}
	}
	/* What SPI allocates ends with it; the words are told after that. */
	if (used)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		foreach(lc, findings)
			((WfGuardFinding *) lfirst(lc))->allowed = psprintf("schema change %lld: %s", (long long) near->id, near->reason);
		MemoryContextSwitchTo(old);
	}
	else
		explain(caller, near, findings, near_covers);
	SPI_finish();
	XactReadOnly = read_only;
	return used;
}

/*
 * Notes that a command which needs an approval is run without one, by
 * wishflags.bypass: with the change that proposes it, if there is one.
 */
void
wf_guard_approval_skip(const WfGuardCommand *command, List *findings)
{
	const WfGuardFinding *needing = NULL;
	bool		read_only = XactReadOnly;
	List	   *matches;
	ListCell   *lc;

	foreach(lc, findings)
	{
		if (((WfGuardFinding *) lfirst(lc))->requires_approval)
			needing = lfirst(lc);
	}
	if (needing == NULL || command->tree == NULL || !OidIsValid(wf_common_relation_oid("schema_changes")))
		return;
	XactReadOnly = false;
	SPI_connect();
	matches = find_matches(command);
	if (matches)
		hold(linitial(matches), "skipped", wf_guard_bypass, needing->statement);
	else
		wf_approval_event(0, 0, "skipped", wf_guard_bypass,
						  needing->statement ? needing->statement : psprintf("%s %s", command->tag, needing->object));
	SPI_finish();
	XactReadOnly = read_only;
}

static bool
all_need_approval(List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		if (!((WfGuardFinding *) lfirst(lc))->requires_approval)
			return false;
	}
	return true;
}

/* The statements of proposed changes that are the command, the newest first. */
static List *
find_matches(const WfGuardCommand *command)
{
	uint64		rows = wf_approval_run("SELECT c.id, s.ordinal, c.revision, o.state, o.missing, c.reason, s.sql"
									   " FROM wishflags.schema_changes c"
									   " JOIN wishflags.schema_change_statements s ON s.change_id = c.id"
									   " JOIN wishflags.schema_change_overview o ON o.id = c.id"
									   " WHERE c.state = 'proposed' AND (s.executed_at IS NULL OR (SELECT pg_catalog.bool_and(r.reusable)"
									   " FROM wishflags.schema_change_requirements r WHERE r.change_id = c.id))"
									   " ORDER BY c.id DESC, s.ordinal", 0, NULL, NULL, NULL);
	SPITupleTable *table = SPI_tuptable;
	List	   *matches = NIL;

	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = table->vals[i];
		Match	   *match;

		CHECK_FOR_INTERRUPTS();
		if (!is_same(SPI_getvalue(row, table->tupdesc, 7), command->tree))
			continue;
		match = palloc(sizeof(Match));
		match->id = strtoll(SPI_getvalue(row, table->tupdesc, 1), NULL, 10);
		match->ordinal = atoi(SPI_getvalue(row, table->tupdesc, 2));
		match->revision = atoi(SPI_getvalue(row, table->tupdesc, 3));
		match->state = SPI_getvalue(row, table->tupdesc, 4);
		match->missing = SPI_getvalue(row, table->tupdesc, 5);
		match->reason = SPI_getvalue(row, table->tupdesc, 6);
		matches = lappend(matches, match);
	}
	return matches;
}

/* A setting may have changed how the text parses; then it is another one. */
static bool
is_same(const char *sql, const Node *tree)
{
	Comparison	comparison = {sql, tree, false};

	(void) wf_common_try(compare, &comparison);
	return comparison.same;
}

static void
compare(void *arg)
{
	Comparison *comparison = arg;
	List	   *statements = raw_parser(comparison->sql, RAW_PARSE_DEFAULT);

	comparison->same = list_length(statements) == 1 &&
		equal(linitial_node(RawStmt, statements)->stmt, comparison->tree);
}

/* Did the check find all of that when the change was proposed? */
static bool
covers(const Match *match, List *findings)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID, TEXTOID};
	Datum		values[] = {Int64GetDatum(match->id), Int32GetDatum(match->ordinal), (Datum) 0, (Datum) 0};
	ListCell   *lc;

	foreach(lc, findings)
	{
		const WfGuardFinding *finding = lfirst(lc);

		values[2] = CStringGetTextDatum(finding->rule);
		values[3] = CStringGetTextDatum(finding->object);
		if (wf_approval_run("SELECT FROM wishflags.schema_changes c,"
							" pg_catalog.jsonb_to_recordset(c.findings) f (statement integer, rule text, object text)"
							" WHERE c.id = $1 AND f.statement = $2 AND f.rule = $3 AND COALESCE(f.object, $4) = $4",
							lengthof(types), types, values, NULL) == 0)
			return false;
	}
	return true;
}

/*
 * Locks the change against edits, and sees again whether it is approved and the
 * statement not used up: another session may have run it while we waited.
 */
static bool
take(const Match *match)
{
	Oid			types[] = {INT8OID, INT4OID, INT4OID};
	Datum		values[] = {Int64GetDatum(match->id), Int32GetDatum(match->ordinal), Int32GetDatum(match->revision)};

	if (match->missing)
		return false;
	if (wf_approval_run("SELECT FROM wishflags.schema_changes WHERE id = $1 FOR UPDATE", 1, types, values, NULL) == 0)
		return false;
	return wf_approval_run("SELECT FROM wishflags.schema_changes c"
						   " JOIN wishflags.schema_change_statements s ON s.change_id = c.id AND s.ordinal = $2"
						   " WHERE c.id = $1 AND c.revision = $3 AND c.state = 'proposed'"
						   " AND c.valid_until > pg_catalog.clock_timestamp()"
						   " AND NOT EXISTS (SELECT FROM wishflags.schema_change_requirements r"
						   " WHERE r.change_id = c.id AND (r.given < r.needed OR (s.executed_at IS NOT NULL AND NOT r.reusable)))",
						   lengthof(types), types, values, NULL) == 1;
}

/* Says, in the context, what an approval would take; match may be NULL. */
static void
explain(MemoryContext context, const Match *match, List *findings, bool covered)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfGuardFinding *finding = lfirst(lc);
		const char *bypass = wf_guard_may_bypass() ?
		"\n-- In an emergency, with a reason, which is logged: SET wishflags.bypass = 'the reason';" : "";

		if (match && covered)
		{
			finding->detail = psprintf("%s Schema change %lld proposes it and is %s%s%s.", finding->detail, (long long) match->id,
									   match->missing ? "not approved" : match->state, match->missing ? "; missing: " : "",
									   match->missing ? match->missing : "");
			finding->hint = psprintf("Ask for the approval:\nSELECT wishflags.schema_change_checklist(%lld);%s",
									 (long long) match->id, bypass);
			continue;
		}
		if (match)
			finding->detail = psprintf("%s Schema change %lld has the same text, but this finding was not in it.",
									   finding->detail, (long long) match->id);
		finding->hint = psprintf("It needs an approval. Propose it, and let others approve it:\n"
								 "SELECT wishflags.schema_change_propose(%s, 'the reason');%s",
								 finding->statement ? quote_literal_cstr(finding->statement) : "'the statement'", bypass);
	}
	MemoryContextSwitchTo(old);
}

/* The statement is used up, and the event is written. */
static void
hold(const Match *match, const char *event, const char *comment, const char *statement)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(match->id), Int32GetDatum(match->ordinal),
	CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false))};

	(void) wf_approval_run("UPDATE wishflags.schema_change_statements SET executed_at = pg_catalog.clock_timestamp(),"
						   " executed_by = $3, executions = executions + 1 WHERE change_id = $1 AND ordinal = $2",
						   lengthof(types), types, values, NULL);
	wf_approval_event(match->id, match->revision, event, comment, statement);
}
