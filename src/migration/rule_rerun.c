/*
 * rule_rerun.c: rules about a text that is run again, or elsewhere: what fails
 * the second time, and names that mean something else under another search_path.
 */
#include "common/compat.h"

#include <ctype.h>

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* Longer statements are not written once more. */
#define LENGTH_COPIED	2000

static bool report_not_qualified(WfRuleCall *call, const RangeVar *name);
static RangeVar *named_relation(Node *stmt);
static void find_repeated(WfRuleCall *call);
static char *rerunnable(WfRuleCall *call);
static char *rerunnable_command(WfRuleCall *call, AlterTableStmt *stmt);
static int	words_of_drop(DropStmt *stmt);
static int	place_behind(WfRuleCall *call, int pos, int words);
static int	copied_end(WfRuleCall *call);
static char *with_words(WfRuleCall *call, int place, const char *words);
static const char *hint_of(const char *command);
static const char *made_name(Node *stmt);
static bool is_on_temporary(WfRuleCall *call);
static bool is_dropped_before(WfRuleCall *call, AlterTableStmt *stmt, AlterTableCmd *command);
static bool has_guard(WfRuleCall *call, bool *guarded, const char **command);

/* Relations that are named without their schema, where the text does not say which is meant. */
void
wf_rule_name_not_qualified(WfRuleCall *call)
{
	Node	   *stmt = call->statement;
	List	   *names = NIL;
	ListCell   *lc;

	if (call->session->simulation && call->session->simulation->settings.has_own_path)
		return;
	if (IsA(stmt, TruncateStmt))
		names = ((TruncateStmt *) stmt)->relations;
	else if (!IsA(stmt, DropStmt))
		names = list_make1(named_relation(stmt));
	else if (wf_ddl_names_relation(((DropStmt *) stmt)->removeType))
	{
		foreach(lc, ((DropStmt *) stmt)->objects)
			names = lappend(names, wf_ddl_range_var_of_names(lfirst(lc)));
	}
	foreach(lc, names)
	{
		if (report_not_qualified(call, lfirst(lc)))
			return;
	}
}

/* True where it is one. */
static bool
report_not_qualified(WfRuleCall *call, const RangeVar *name)
{
	WfRelation *relation;
	WfFinding  *finding;

	if (name == NULL || name->schemaname || name->relpersistence == 't')
		return false;
	relation = call->catalog->relation(call->catalog, name);
	if (relation == NULL || relation->persistence == 't')
		return false;
	finding = wf_finding_add(call, "which \"%s\" is meant depends on search_path", name->relname);
	finding->severity = WF_SEVERITY_INFO;
	finding->location = name->location;
	if (relation->missing)
		finding->object = wf_ddl_quote_name(NULL, name->relname);
	else
		finding->object = wf_ddl_quote_name(relation->schema, relation->name);
	if (relation->schema && !relation->missing)
		wf_finding_note_text(finding, "resolved_to", finding->object);
	finding->hint = pstrdup("Write the schema with the name.");
	if (relation->schema && !relation->missing)
		finding->safe_sql = with_words(call, name->location, psprintf("%s.", quote_identifier(relation->schema)));
	return true;
}

static RangeVar *
named_relation(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			return ((CreateStmt *) stmt)->relation;
		case T_AlterTableStmt:
			return ((AlterTableStmt *) stmt)->relation;
		case T_IndexStmt:
			return ((IndexStmt *) stmt)->relation;
		case T_CreateTableAsStmt:
			return ((CreateTableAsStmt *) stmt)->into->rel;
		case T_ViewStmt:
			return ((ViewStmt *) stmt)->view;
		case T_CreateSeqStmt:
			return ((CreateSeqStmt *) stmt)->sequence;
		case T_RenameStmt:
			return ((RenameStmt *) stmt)->relation;
		case T_CreateTrigStmt:
			return ((CreateTrigStmt *) stmt)->relation;
		case T_RefreshMatViewStmt:
			return ((RefreshMatViewStmt *) stmt)->relation;
		default:
			return NULL;
	}
}

/* A statement that fails when the file is run a second time. */
void
wf_rule_not_rerunnable(WfRuleCall *call)
{
	WfFinding  *finding;
	const char *command;
	bool		guarded;

	find_repeated(call);
	if (!has_guard(call, &guarded, &command) || guarded || is_on_temporary(call) ||
		wf_sim_was_dropped(call->session->simulation, made_name(call->statement)))
		return;
	/* A transaction leaves nothing half done: what remains is a second run. */
	finding = wf_finding_add(call, call->session->in_transaction ?
							 "%s fails when the migration is run a second time" :
							 "%s fails when a migration that stopped half way is run again", command);
	finding->severity = WF_SEVERITY_INFO;
	finding->hint = pstrdup(hint_of(command));
	finding->safe_sql = rerunnable(call);
}

/* The statement in the form that can be run again; NULL where that is not one or two words more. */
static char *
rerunnable(WfRuleCall *call)
{
	Node	   *stmt = call->statement;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
		case T_CreateTableAsStmt:
		case T_CreateSeqStmt:
			return with_words(call, named_relation(stmt)->location, "IF NOT EXISTS ");
		case T_ViewStmt:
		case T_CreateFunctionStmt:
		case T_CreateTrigStmt:
			return with_words(call, place_behind(call, call->location, 1), "OR REPLACE ");
		case T_CreateSchemaStmt:
			if (((CreateSchemaStmt *) stmt)->schemaElts != NIL)
				return NULL;
			return with_words(call, place_behind(call, call->location, 2), "IF NOT EXISTS ");
		case T_CreateExtensionStmt:
			return with_words(call, place_behind(call, call->location, 2), "IF NOT EXISTS ");
		case T_IndexStmt:
			if (((IndexStmt *) stmt)->idxname == NULL)
				return NULL;
			return with_words(call, place_behind(call, call->location,
												 2 + ((IndexStmt *) stmt)->unique + ((IndexStmt *) stmt)->concurrent), "IF NOT EXISTS ");
		case T_DropStmt:
			return with_words(call, place_behind(call, call->location, words_of_drop((DropStmt *) stmt)), "IF EXISTS ");
		case T_AlterTableStmt:
			return rerunnable_command(call, (AlterTableStmt *) stmt);
		default:
			return NULL;
	}
}

/* With IF [NOT] EXISTS, or behind a DROP of the constraint; NULL where there are several commands. */
static char *
rerunnable_command(WfRuleCall *call, AlterTableStmt *stmt)
{
	AlterTableCmd *command = linitial_node(AlterTableCmd, stmt->cmds);
	int			place = list_length(stmt->cmds) == 1 ? wf_rule_command_place(call, 0) : -1;
	int			next = place < 0 ? -1 : place_behind(call, place, 1);

	if (next < 0)
		return NULL;
	if (command->subtype == AT_AddConstraint)
	{
		Constraint *constraint = castNode(Constraint, command->def);

		if (constraint->conname == NULL || (constraint->contype != CONSTR_CHECK && constraint->contype != CONSTR_FOREIGN))
			return NULL;
		return with_words(call, place, psprintf("DROP CONSTRAINT IF EXISTS %s, ", quote_identifier(constraint->conname)));
	}
	if (command->subtype == AT_DropConstraint || wf_ddl_source_word_is(call->source, next, copied_end(call), "COLUMN"))
		next = place_behind(call, place, 2);
	return with_words(call, next, command->subtype == AT_AddColumn ? "IF NOT EXISTS " : "IF EXISTS ");
}

/* The words of DROP TABLE and its like; 0 where they are not known. */
static int
words_of_drop(DropStmt *stmt)
{
	switch (stmt->removeType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
		case OBJECT_SCHEMA:
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_EXTENSION:
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
		case OBJECT_RULE:
			return 2;
		case OBJECT_INDEX:
			return 2 + stmt->concurrent;
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
			return 3;
		default:
			return 0;
	}
}

/* What follows so many words; -1 for none of them, and without a source. */
static int
place_behind(WfRuleCall *call, int pos, int words)
{
	int			end = copied_end(call);

	if (end < 0 || words == 0)
		return -1;
	pos = wf_ddl_source_skip_space(call->source, pos, end);
	while (words-- > 0)
		pos = wf_ddl_source_skip_space(call->source, wf_ddl_source_skip_token(call->source, pos, end), end);
	return pos;
}

/* Where the statement ends that is written once more; -1 without a source, and for a long one. */
static int
copied_end(WfRuleCall *call)
{
	int			length;

	if (call->source == NULL)
		return -1;
	length = call->length > 0 ? call->length : strnlen(call->source + call->location, LENGTH_COPIED + 1);
	return length <= LENGTH_COPIED ? call->location + length : -1;
}

/*
 * The statement with words put in at a place.  These findings are many: nothing is
 * scanned where no comment asks for it, and long statements are left to the reader.
 */
static char *
with_words(WfRuleCall *call, int place, const char *words)
{
	int			length = strlen(words);
	int			start = call->location;
	int			end = copied_end(call);
	char	   *text;

	if (place < start || end < place)
		return NULL;
	start = wf_ddl_source_skip_space(call->source, start, end);
	text = palloc(end - start + length + 2);
	memcpy(text, call->source + start, place - start);
	memcpy(text + place - start, words, length);
	memcpy(text + place - start + length, call->source + place, end - place);
	text[end - start + length] = '\0';
	if (strstr(text, "--"))
		end = wf_rule_source_end(call);
	while (end > place && (isspace((unsigned char) call->source[end - 1]) || call->source[end - 1] == ';'))
		end--;
	memcpy(text + end - start + length, ";", 2);
	return text;
}

/*
 * An ALTER TABLE that a second run does once more, behind statements that commit
 * by themselves.  When it fails, they stay done, and the second run finds even a
 * table that the text makes in use.  This is about the text, and said once.  What
 * has a form that passes over what is done already is none of it.
 */
static void
find_repeated(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;
	List	   *locks;
	WfLock	   *lock;
	WfFinding  *finding;
	ListCell   *lc;

	if (!IsA(call->statement, AlterTableStmt) || simulation == NULL || simulation->in_transaction ||
		simulation->statement == 1)
		return;
	foreach(lc, ((AlterTableStmt *) call->statement)->cmds)
	{
		AlterTableType type = lfirst_node(AlterTableCmd, lc)->subtype;

		if (type == AT_AddColumn || type == AT_DropColumn || type == AT_AddConstraint || type == AT_DropConstraint)
			return;
	}
	locks = wf_ddl_statement_locks(call->statement, call->catalog->server_version);
	lock = locks ? linitial(locks) : NULL;
	if (lock == NULL || lock->mode < ShareRowExclusiveLock || !wf_rule_once(call))
		return;
	finding = wf_finding_add(call, "when the ALTER TABLE fails, what stands before it stays done; a second run locks \"%s\" again",
							 lock->relation->relname);
	finding->severity = WF_SEVERITY_INFO;
	finding->hint = pstrdup("Put the statements into one transaction, or each into a migration of its own.");
}

/* What to write instead, by the first words of the command. */
static const char *
hint_of(const char *command)
{
	static const struct
	{
		const char *command;
		const char *hint;
	}			hints[] = {
		{"DROP", "Write IF EXISTS."},
		{"ADD CONSTRAINT", "Write DROP CONSTRAINT IF EXISTS of its name before it."},
		{"CREATE VIEW", "Write CREATE OR REPLACE."},
		{"CREATE FUNCTION", "Write CREATE OR REPLACE."},
		{"CREATE TRIGGER", "Write CREATE OR REPLACE."},
	};

	for (int i = 0; i < lengthof(hints); i++)
	{
		if (strncmp(command, hints[i].command, strlen(hints[i].command)) == 0)
			return hints[i].hint;
	}
	return "Write IF NOT EXISTS.";
}

/* The name that the statement gives; NULL where there is none. */
static const char *
made_name(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			return ((CreateStmt *) stmt)->relation->relname;
		case T_CreateTableAsStmt:
			return ((CreateTableAsStmt *) stmt)->into->rel->relname;
		case T_IndexStmt:
			return ((IndexStmt *) stmt)->idxname;
		case T_CreateSeqStmt:
			return ((CreateSeqStmt *) stmt)->sequence->relname;
		case T_CreateSchemaStmt:
			return ((CreateSchemaStmt *) stmt)->schemaname;
		case T_CreateExtensionStmt:
			return ((CreateExtensionStmt *) stmt)->extname;
		case T_ViewStmt:
			return ((ViewStmt *) stmt)->view->relname;
		case T_CreateFunctionStmt:
			return strVal(llast(((CreateFunctionStmt *) stmt)->funcname));
		case T_CreateTrigStmt:
			return ((CreateTrigStmt *) stmt)->trigname;
		default:
			return NULL;
	}
}

/* Is it about a temporary table, which no second run finds? */
static bool
is_on_temporary(WfRuleCall *call)
{
	RangeVar   *name = IsA(call->statement, DropStmt) && wf_ddl_names_relation(((DropStmt *) call->statement)->removeType) ?
	wf_ddl_range_var_of_names(linitial(((DropStmt *) call->statement)->objects)) : named_relation(call->statement);
	WfRelation *relation;

	if (name == NULL)
		return false;
	if (name->relpersistence == 't' || (name->schemaname && strcmp(name->schemaname, "pg_temp") == 0))
		return true;
	relation = call->catalog->relation(call->catalog, name);
	return relation && !relation->missing && relation->persistence == 't' &&
		(IsA(call->statement, DropStmt) || IsA(call->statement, IndexStmt) || IsA(call->statement, AlterTableStmt) ||
		 IsA(call->statement, CreateTrigStmt));
}

/* Has the statement a form that can be run again, and is it used? */
static bool
has_guard(WfRuleCall *call, bool *guarded, const char **command)
{
	Node	   *stmt = call->statement;
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			*command = "CREATE TABLE";
			*guarded = ((CreateStmt *) stmt)->if_not_exists;
			return true;
		case T_CreateTableAsStmt:
			*command = ((CreateTableAsStmt *) stmt)->objtype == OBJECT_MATVIEW ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS";
			*guarded = ((CreateTableAsStmt *) stmt)->if_not_exists;
			return true;
		case T_ViewStmt:
			*command = "CREATE VIEW";
			*guarded = ((ViewStmt *) stmt)->replace;
			return true;
		case T_CreateFunctionStmt:
			*command = "CREATE FUNCTION";
			*guarded = ((CreateFunctionStmt *) stmt)->replace;
			return true;
		case T_CreateTrigStmt:
			*command = "CREATE TRIGGER";
			*guarded = ((CreateTrigStmt *) stmt)->replace;
			return call->catalog->server_version >= 14 && !((CreateTrigStmt *) stmt)->isconstraint;
		case T_IndexStmt:
			*command = "CREATE INDEX";
			*guarded = ((IndexStmt *) stmt)->if_not_exists;
			return true;
		case T_CreateSeqStmt:
			*command = "CREATE SEQUENCE";
			*guarded = ((CreateSeqStmt *) stmt)->if_not_exists;
			return true;
		case T_CreateSchemaStmt:
			*command = "CREATE SCHEMA";
			*guarded = ((CreateSchemaStmt *) stmt)->if_not_exists;
			return true;
		case T_CreateExtensionStmt:
			*command = "CREATE EXTENSION";
			*guarded = ((CreateExtensionStmt *) stmt)->if_not_exists;
			return true;
		case T_AlterEnumStmt:
			*command = "ALTER TYPE ... ADD VALUE";
			*guarded = ((AlterEnumStmt *) stmt)->skipIfNewValExists;
			return ((AlterEnumStmt *) stmt)->oldVal == NULL;
		case T_DropStmt:
			*command = "DROP";
			*guarded = ((DropStmt *) stmt)->missing_ok;
			return true;
		case T_AlterTableStmt:
			*guarded = true;
			*command = "ALTER TABLE";
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				AlterTableCmd *subcommand = lfirst_node(AlterTableCmd, lc);

				if (subcommand->subtype == AT_AddColumn && !subcommand->missing_ok)
				{
					*command = "ADD COLUMN";
					*guarded = false;
				}
				else if (subcommand->subtype == AT_DropColumn && !subcommand->missing_ok)
				{
					*command = "DROP COLUMN";
					*guarded = false;
				}
				else if (subcommand->subtype == AT_DropConstraint && !subcommand->missing_ok)
				{
					*command = "DROP CONSTRAINT";
					*guarded = false;
				}
				else if (subcommand->subtype == AT_AddConstraint && !is_dropped_before(call, (AlterTableStmt *) stmt, subcommand))
				{
					*command = "ADD CONSTRAINT";
					*guarded = false;
				}
			}
			return true;
		default:
			return false;
	}
}

/* Does the statement, or one before it, make way for the constraint? */
static bool
is_dropped_before(WfRuleCall *call, AlterTableStmt *stmt, AlterTableCmd *command)
{
	const char *name = ((Constraint *) command->def)->conname;
	ListCell   *lc;

	foreach(lc, name ? stmt->cmds : NIL)
	{
		AlterTableCmd *other = lfirst_node(AlterTableCmd, lc);

		if (other->subtype == AT_DropConstraint && other->missing_ok && strcmp(other->name, name) == 0)
			return true;
	}
	return wf_sim_was_dropped(call->session->simulation, name);
}
