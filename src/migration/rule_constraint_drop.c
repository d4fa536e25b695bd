/*
 * rule_constraint_drop.c: rules about constraints that go.
 */
#include "common/compat.h"

#include "migration/finding.h"
#include "migration/rule_list.h"

static const char *words_of(char kind);
static bool is_superfluous(WfRuleCall *call, WfRelation *table, const char *name);
static bool are_required(WfRuleCall *call, WfRelation *table, List *names);
static bool is_nobodys(WfRuleCall *call, WfRelation *table);
static Constraint *next_primary_key(WfRuleCall *call, int *index);
static bool is_named_like_key(const char *name);

/* DROP CONSTRAINT of anything but a primary key. */
void
wf_rule_drop_constraint(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;
	char		kind;

	if (table == NULL)
		return;
	kind = wf_rule_constraint_kind(call, table, call->command->name);
	if (kind == 'p' || is_superfluous(call, table, call->command->name) || is_nobodys(call, table))
		return;
	finding = wf_finding_add(call, "without %s \"%s\" rows that it kept out of \"%s\" can come in%s",
							 words_of(kind), call->command->name, table->name,
							 kind == 'u' ? "; ON CONFLICT on its columns fails" : "");
	wf_finding_on(call, finding, table);
	/* What it kept out, and who relies on that, nobody knows here. */
	if (kind == 0)
		wf_finding_lower(finding);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "constraint", call->command->name);
	if (kind == 'f')
		finding->hint = pstrdup("Dropping a foreign key locks both tables: set lock_timeout first.");
	else
		finding->hint = pstrdup("Make sure that nothing relies on it, and set lock_timeout first.");
}

static const char *
words_of(char kind)
{
	switch (kind)
	{
		case 'c':
			return "CHECK";
		case 'f':
			return "foreign key";
		case 'u':
			return "unique constraint";
		case 'x':
			return "exclusion constraint";
		default:
			return "constraint";
	}
}

/* Is it a CHECK that only says what the column's NOT NULL says as well? */
static bool
is_superfluous(WfRuleCall *call, WfRelation *table, const char *name)
{
	WfConstraint *constraint = call->catalog->constraint(call->catalog, table, name);

	return constraint && constraint->only_not_null && are_required(call, table, constraint->not_null_columns);
}

/* Are the columns NOT NULL, or does the same ALTER TABLE make them so? */
static bool
are_required(WfRuleCall *call, WfRelation *table, List *names)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, names)
	{
		WfColumn   *column = call->catalog->column(call->catalog, table, lfirst(lc));
		bool		found = column && column->not_null;

		foreach(lc2, ((AlterTableStmt *) call->statement)->cmds)
			found |= lfirst_node(AlterTableCmd, lc2)->subtype == AT_SetNotNull &&
			strcmp(lfirst_node(AlterTableCmd, lc2)->name, lfirst(lc)) == 0;
		if (!found)
			return false;
	}
	return names != NIL;
}

/* Is the constraint to be dropped new here, or IF EXISTS finds none? */
static bool
is_nobodys(WfRuleCall *call, WfRelation *table)
{
	WfConstraint *constraint = call->catalog->constraint(call->catalog, table, call->command->name);

	return constraint ? constraint->created_here : call->command->missing_ok && !table->missing;
}

/* DROP CONSTRAINT of a primary key. */
void
wf_rule_drop_primary_key(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	Constraint *next;
	int			index;
	WfFinding  *finding;

	if (table == NULL || wf_rule_constraint_kind(call, table, call->command->name) != 'p' || is_nobodys(call, table))
		return;
	next = next_primary_key(call, &index);
	if (next)
		finding = wf_finding_add(call, "\"%s\" has another primary key at once, and rows may share what the old one kept apart: ON CONFLICT on its columns fails",
								 table->name);
	else
		finding = wf_finding_add(call, "without its primary key \"%s\" takes duplicates, foreign keys can't refer to it, and UPDATE and DELETE fail where it is published",
								 table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "constraint", call->command->name);
	/* The way that the server's own manual shows. */
	if (next && next->indexname)
	{
		finding->severity = Min(finding->severity, WF_SEVERITY_MEDIUM);
		finding->hint = pstrdup("Set lock_timeout first, and let no code rely on the old key.");
		return;
	}
	finding->hint = pstrdup("Build the new key's unique index CONCURRENTLY first, then drop and add the key in one short transaction.");
	if (next == NULL || next->keys == NIL)
		return;
	finding->safe_commands = bms_make_singleton(index);
	finding->safe_sql = wf_rule_key_by_index(call, table, next, call->command->name);
}

/* The primary key that the same ALTER TABLE adds; NULL: none. */
static Constraint *
next_primary_key(WfRuleCall *call, int *index)
{
	ListCell   *lc;

	foreach(lc, ((AlterTableStmt *) call->statement)->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (command->subtype == AT_AddConstraint && IsA(command->def, Constraint) &&
			((Constraint *) command->def)->contype == CONSTR_PRIMARY)
		{
			*index = foreach_current_index(lc);
			return (Constraint *) command->def;
		}
	}
	return NULL;
}

/*
 * The contype of a constraint; 0 where it is not known.  One that nobody has
 * is taken for a primary key if it is named like one.
 */
char
wf_rule_constraint_kind(WfRuleCall *call, WfRelation *table, const char *name)
{
	WfConstraint *constraint = call->catalog->constraint(call->catalog, table, name);

	if (constraint)
		return constraint->kind;
	return table->missing && is_named_like_key(name) ? 'p' : 0;
}

/* As PostgreSQL, or people, name primary keys. */
static bool
is_named_like_key(const char *name)
{
	static const char *const endings[] = {"_pkey", "_primary_key", "_pk"};
	int			length = strlen(name);

	for (int i = 0; i < lengthof(endings); i++)
	{
		int			ending = strlen(endings[i]);

		if (length > ending && strcmp(name + length - ending, endings[i]) == 0)
			return true;
	}
	return strncmp(name, "pk_", 3) == 0;
}
