/*
 * rehearse_form.c: which statements a rehearsal leaves out, and which it runs
 * in another form because it is one transaction.
 */
#include "common/compat.h"

#include "nodes/parsenodes.h"

#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/rehearse.h"

/* Statements that no transaction can hold or take back, and why. */
static const struct
{
	NodeTag		tag;
	const char *why;
}			left_out[] = {
	{T_CreateSubscriptionStmt, "it reaches another server"},
	{T_AlterSubscriptionStmt, "it reaches another server"},
	{T_DropSubscriptionStmt, "it reaches another server"},
	{T_DiscardStmt, "the session's state is not taken back"},
	{T_PrepareStmt, "a prepared statement is not taken back"},
	{T_DeallocateStmt, "a prepared statement is not taken back"},
	{T_LoadStmt, "a loaded library stays loaded"},
	{T_CheckPointStmt, "it changes nothing, and costs much"},
};

/* The rehearsal has these settings from its options. */
static const char *const own_settings[] = {"lock_timeout", "statement_timeout"};

static const char *why_not_set(VariableSetStmt *stmt);
static const char *why_not_copy(CopyStmt *stmt);

/*
 * Why a rehearsal leaves the statement out; NULL: it runs.  only_ddl: also what
 * only changes rows.
 */
const char *
wf_rehearse_why_not(WfStatement *statement, bool only_ddl)
{
	Node	   *node = statement->node;

	if (statement->kind == WF_STATEMENT_META)
		return "only psql can run it";
	for (int i = 0; i < lengthof(left_out); i++)
	{
		if (nodeTag(node) == left_out[i].tag)
			return left_out[i].why;
	}
	if (wf_ddl_outside_transactions(node) && !wf_ddl_is_concurrent(node))
		return psprintf("%s does not run in a transaction", wf_ddl_outside_transactions(node));
	if (IsA(node, VariableSetStmt))
		return why_not_set((VariableSetStmt *) node);
	if (IsA(node, CopyStmt) && why_not_copy((CopyStmt *) node))
		return why_not_copy((CopyStmt *) node);
	if (only_ddl && (IsA(node, InsertStmt) || IsA(node, UpdateStmt) || IsA(node, DeleteStmt) ||
					 IsA(node, MergeStmt) || IsA(node, CopyStmt)))
		return "it changes rows only";
	return NULL;
}

static const char *
why_not_set(VariableSetStmt *stmt)
{
	if (stmt->kind == VAR_RESET_ALL)
		return "the rehearsal keeps its own settings";
	for (int i = 0; stmt->name && i < lengthof(own_settings); i++)
	{
		if (pg_strcasecmp(stmt->name, own_settings[i]) == 0)
			return "the rehearsal has its own timeouts, by its options";
	}
	return NULL;
}

static const char *
why_not_copy(CopyStmt *stmt)
{
	if (stmt->filename)
		return NULL;
	return stmt->is_from ? "its rows come from the client" : "its rows go to the client";
}

/* May it leave something to be checked at the end of the transaction? */
bool
wf_rehearse_may_defer(Node *node)
{
	switch (nodeTag(node))
	{
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_SelectStmt:
		case T_CopyStmt:
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			return true;
		default:
			return false;
	}
}

/* The statement without CONCURRENTLY, which no transaction allows; NULL: it stays as it is. */
char *
wf_rehearse_adapted(WfStatement *statement)
{
	char	   *text;
	int			end = statement->length;

	if (!wf_ddl_is_concurrent(statement->node))
		return NULL;
	text = pnstrdup(statement->source, end);
	for (int pos = wf_ddl_source_skip_space(text, 0, end); pos < end;
		 pos = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, pos, end), end))
	{
		int			next = pos + strlen("CONCURRENTLY");

		if (!wf_ddl_source_word_is(text, pos, end, "CONCURRENTLY"))
			continue;
		memset(text + pos, ' ', strlen("CONCURRENTLY"));
		next = wf_ddl_source_skip_space(text, next, end);
		/* An option of REINDEX, among others or alone. */
		if (next < end && (text[next] == ',' || text[next] == ')'))
			memcpy(text + pos, "VERBOSE off", strlen("VERBOSE off"));
		break;
	}
	return text;
}
