/*
 * check_inside.c: checking the statements that a statement of the text runs.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "migration/check_inside.h"
#include "migration/finding.h"
#include "migration/inside.h"

/* Fails and this are of no concern where a body looks first, or handles errors. */
#define RULE_NOT_RERUNNABLE "not-rerunnable"

/* So deep are bodies looked into that call one another. */
#define MAX_DEPTH 50

static List *check_inner(WfCheck *check, WfStatement *statement, const WfBodyStatement *item, int base, int depth);
static bool is_query(Node *node);
static bool fails_by_form(const WfFinding *finding);

/*
 * Looks at what the node runs, and applies it: the body of DO, and that of a
 * routine that the text has made.  All of it is one transaction, at least.
 * base is where the source that the node's body stands in begins within the
 * statement; -1: it does not stand there.
 */
List *
wf_migration_check_inside(WfCheck *check, WfStatement *statement, Node *node, int base, int depth)
{
	WfSimulation *simulation = check->simulation;
	bool		in_transaction = simulation->in_transaction;
	TransactionStmt transaction = {.type = T_TransactionStmt, .kind = TRANS_STMT_BEGIN};
	List	   *findings = NIL;
	WfRoutine	routine;
	WfBody		body;
	ListCell   *lc;

	if (depth == 0)
		check->entered = NIL;
	if (!wf_migration_called(simulation, node, depth == 0 ? statement->source : NULL, &routine) || depth > MAX_DEPTH)
	{
		simulation->is_opaque |= IsA(node, DoStmt) || IsA(node, CallStmt);
		return NIL;
	}
	/* One that calls itself, or that many call, has been looked into. */
	if (list_member_ptr(check->entered, routine.text))
		return NIL;
	check->entered = lappend(check->entered, routine.text);
	base = base < 0 || routine.offset < 0 ? -1 : base + routine.offset;
	wf_migration_body(&routine, &body);
	simulation->is_opaque |= body.is_dynamic;
	if (!in_transaction)
		wf_sim_apply_transaction(simulation, &transaction);
	foreach(lc, body.statements)
	{
		CHECK_FOR_INTERRUPTS();
		findings = list_concat(findings, check_inner(check, statement, lfirst(lc), base, depth));
	}
	transaction.kind = TRANS_STMT_COMMIT;
	if (!in_transaction)
		wf_sim_apply_transaction(simulation, &transaction);
	return findings;
}

/*
 * Looks at the DDL in the body of a new routine.  It runs later, when other
 * things may be there, and nobody knows how often: that is advice.
 */
List *
wf_migration_check_routine(WfCheck *check, WfStatement *statement)
{
	List	   *findings = NIL;
	WfRoutine	routine;
	WfBody		body;
	ListCell   *lc;

	if (!wf_migration_routine(statement->node, statement->source, &routine))
		return NIL;
	wf_migration_body(&routine, &body);
	foreach(lc, body.statements)
	{
		WfBodyStatement *item = lfirst(lc);
		WfStatement inner;
		ListCell   *lc2;

		CHECK_FOR_INTERRUPTS();
		if (!wf_migration_read_inner(item, &inner) || is_query(inner.node))
			continue;
		foreach(lc2, wf_migration_check_statement(check, &inner))
		{
			WfFinding  *finding = lfirst(lc2);

			if (finding->kind == WF_KIND_FAILS || finding->kind == WF_KIND_STYLE)
				continue;
			finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
			finding->location = routine.offset < 0 ? -1 : routine.offset + item->offset + Max(finding->location, 0);
			wf_finding_note_text(finding, "routine", routine.name);
			findings = lappend(findings, finding);
		}
	}
	return wf_migration_check_settle(check, statement, findings);
}

static bool
is_query(Node *node)
{
	return IsA(node, SelectStmt) || IsA(node, InsertStmt) || IsA(node, UpdateStmt) ||
		IsA(node, DeleteStmt) || IsA(node, MergeStmt);
}

/* Does it fail whatever is there?  A condition about that does not help. */
static bool
fails_by_form(const WfFinding *finding)
{
	static const char *const rules[] = {
		"add-column-required", "concurrent-in-transaction", "duplicate-assignment",
		"enum-add-value-in-transaction", "enum-value-used-in-transaction",
	};

	for (int i = 0; i < lengthof(rules); i++)
	{
		if (strcmp(finding->rule->id, rules[i]) == 0)
			return true;
	}
	return false;
}

/* Looks at one statement of a body, and at what that runs, and applies it. */
static List *
check_inner(WfCheck *check, WfStatement *statement, const WfBodyStatement *item, int base, int depth)
{
	bool		is_tolerant = item->is_conditional || item->is_handled;
	List	   *findings;
	WfStatement inner;
	ListCell   *lc;

	if (!wf_migration_read_inner(item, &inner))
		return NIL;
	/* There, INTO means variables. */
	if (IsA(inner.node, SelectStmt))
		((SelectStmt *) inner.node)->intoClause = NULL;
	check->session->in_transaction = check->session->in_body = true;
	findings = wf_migration_check_statement(check, &inner);
	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);

		/* The body sees to it itself. */
		if (is_tolerant &&
			((finding->kind == WF_KIND_FAILS && (item->is_handled || !fails_by_form(finding))) ||
			 strcmp(finding->rule->id, RULE_NOT_RERUNNABLE) == 0))
			findings = foreach_delete_current(findings, lc);
		else
			finding->location = base < 0 ? -1 : base + item->offset + Max(finding->location, 0);
	}
	findings = wf_migration_check_settle(check, statement, findings);
	findings = list_concat(findings, wf_migration_check_inside(check, statement, inner.node, -1, depth + 1));
	/* A branch is taken where it is needed; a handler, where things fail. */
	check->simulation->source = inner.source;
	if (!item->in_handler && !(is_tolerant && wf_migration_exists(check->simulation, inner.node)))
		wf_migration_apply(check->simulation, inner.node);
	check->simulation->last_name = NULL;
	return findings;
}
