/*
 * rule_text.c: rules about how a statement is written.
 */
#include "common/compat.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "parser/parse_target.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/inside.h"
#include "migration/rule_list.h"

static void report_assignments(WfRuleCall *call, Node *stmt);
static void report_duplicate(WfRuleCall *call, List *targets, const char *sqlstate);
static const char *assigned_name(Node *element, int *location, bool *partial);
static char *with_name(WfRuleCall *call, Constraint *constraint);
static bool has_long_run(const char *text);
static bool brings_primary_key(WfRuleCall *call, TableLikeClause *like);
static void report_duplicate_keys(WfRuleCall *call, List *elements);
static List *output_names(Node *query);

/*
 * DO and CALL hide from readers and tools what they run.  What their body says
 * itself is looked into; what it puts together, nobody can see.
 */
void
wf_rule_opaque_sql(WfRuleCall *call)
{
	const char *what = IsA(call->statement, DoStmt) ? "DO" : IsA(call->statement, CallStmt) ? "the procedure" : "EXECUTE";
	WfFinding  *finding;
	WfRoutine	routine;
	WfBody		body;

	if (!wf_migration_called(call->session->simulation, call->statement, call->source, &routine))
		finding = wf_finding_add(call, "what %s runs is not looked into", what);
	else
	{
		wf_migration_body(&routine, &body);
		finding = body.is_dynamic ?
			wf_finding_add(call, "%s puts SQL together and runs it: that is not looked into", what) :
			wf_finding_add(call, "%s hides what it runs from readers and tools; here it was looked into", what);
		if (!body.is_dynamic)
			wf_finding_lower(finding);
	}
	finding->hint = pstrdup("Write schema changes as plain statements.");
}

/* A domain that has a constraint from the start. */
void
wf_rule_domain_with_constraint(WfRuleCall *call)
{
	CreateDomainStmt *stmt = (CreateDomainStmt *) call->statement;
	ListCell   *lc;

	foreach(lc, stmt->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);
		WfFinding  *finding;

		if (constraint->contype != CONSTR_CHECK && constraint->contype != CONSTR_NOTNULL)
			continue;
		finding = wf_finding_add(call, "changing the constraint of domain \"%s\" later reads every table that uses it",
								 strVal(llast(stmt->domainname)));
		finding->severity = WF_SEVERITY_INFO;
		finding->object = wf_rule_type_name(call, stmt->domainname);
		finding->location = constraint->location;
		finding->hint = pstrdup("Put the CHECK on the tables: there it can be added as NOT VALID.");
		return;
	}
}

/* A name that is longer than the server keeps. */
void
wf_rule_identifier_truncated(WfRuleCall *call)
{
	int			end;
	int			pos = call->location;

	if (call->source == NULL || !has_long_run(call->source + call->location))
		return;
	end = wf_rule_source_end(call);
	while (end > 0 && (pos = wf_ddl_source_skip_space(call->source, pos, end)) < end)
	{
		int			start = pos;
		char		c = call->source[pos];
		int			length;
		char	   *name;
		WfFinding  *finding;

		pos = wf_ddl_source_skip_token(call->source, pos, end);
		length = pos - start - (c == '"' ? 2 : call->source[pos - 1] == '"' ? strlen("U&\"\"") : 0);
		/* A quote in a quoted name is written twice. */
		for (int i = start + 1; c == '"' && i < pos - 2; i++)
		{
			if (call->source[i] == '"')
			{
				length--;
				i++;
			}
		}
		if (length < NAMEDATALEN || c == '\'' || c == '$' || (c >= '0' && c <= '9') ||
			call->source[pos - 1] == '\'')
			continue;
		name = wf_ddl_source_copy(call->source, start, pos);
		finding = wf_finding_add(call, "name of %d bytes is cut to %d: %.*s...", length, NAMEDATALEN - 1,
								 pg_mbcliplen(name, strlen(name), 40), name);
		finding->location = start;
		wf_finding_note_number(finding, "bytes", length);
		finding->hint = pstrdup("Choose a shorter name: two long ones may be cut to the same.");
		return;
	}
}

static inline bool
is_name_part(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

/* May a text hold a name that is too long?  Spares most the walk by tokens. */
static bool
has_long_run(const char *text)
{
	int			length = strlen(text);
	int			pos = NAMEDATALEN - 1;
	const char *quote = memchr(text, '"', length);
	const char *next;

	/*
	 * What is between two quotes may be a name, and two together a quote in
	 * one.
	 */
	for (; quote; quote = next)
	{
		next = memchr(quote + 1, '"', text + length - quote - 1);
		if (next && (next == quote + 1 || next - quote > NAMEDATALEN))
			return true;
	}
	/* A run that does not end before pos can only begin behind what ends it. */
	while (pos < length)
	{
		int			start = pos;

		while (start > pos - NAMEDATALEN && is_name_part(text[start]))
			start--;
		if (start == pos - NAMEDATALEN)
			return true;
		pos = start + NAMEDATALEN;
	}
	return false;
}

/* CREATE TABLE without a primary key, unless the text adds one later. */
void
wf_rule_table_without_primary_key(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	WfRelation *table;
	WfFinding  *finding;
	ListCell   *lc;
	ListCell   *lc2;

	if (!wf_rule_makes_table(call) || stmt->partbound || stmt->inhRelations != NIL || stmt->ofTypename)
		return;
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, TableLikeClause) && brings_primary_key(call, (TableLikeClause *) element))
			return;
		if (IsA(element, Constraint) && ((Constraint *) element)->contype == CONSTR_PRIMARY)
			return;
		if (!IsA(element, ColumnDef))
			continue;
		foreach(lc2, ((ColumnDef *) element)->constraints)
		{
			if (lfirst_node(Constraint, lc2)->contype == CONSTR_PRIMARY)
				return;
		}
	}
	finding = wf_finding_add(call, "table \"%s\" has no primary key: its rows can't be told apart, and UPDATE and DELETE fail where it is published",
							 stmt->relation->relname);
	finding->object = wf_ddl_range_var(stmt->relation);
	table = palloc0(sizeof(WfRelation));
	table->schema = stmt->relation->schemaname;
	table->name = stmt->relation->relname;
	finding->relation = table;
	/* The table is new: it can still be given one at no cost. */
	wf_finding_lower(finding);
	finding->deferral = WF_DEFER_PRIMARY_KEY;
	finding->hint = pstrdup("Give it one.");
}

/* Does LIKE take over a primary key?  With indexes, if the other table has one. */
static bool
brings_primary_key(WfRuleCall *call, TableLikeClause *like)
{
	WfRelation *other = call->catalog->relation(call->catalog, like->relation);
	ListCell   *lc;

	if ((like->options & CREATE_TABLE_LIKE_INDEXES) == 0)
		return false;
	if (other == NULL || other->missing)
		return true;
	foreach(lc, call->catalog->constraints(call->catalog, other))
	{
		if (((WfConstraint *) lfirst(lc))->kind == 'p')
			return true;
	}
	return false;
}

/* ADD CONSTRAINT without a name. */
void
wf_rule_unnamed_constraint(WfRuleCall *call)
{
	Constraint *constraint = castNode(Constraint, call->command->def);
	WfFinding  *finding;

	if (constraint->conname || constraint->indexname || constraint->contype == CONSTR_NOTNULL || !wf_rule_changes_table(call))
		return;
	finding = wf_finding_add(call, "the server chooses the constraint's name, which may differ between databases");
	finding->object = wf_rule_relation_name(call, ((AlterTableStmt *) call->statement)->relation);
	finding->location = constraint->location;
	finding->hint = pstrdup("Write ADD CONSTRAINT name.");
	finding->safe_command = with_name(call, constraint);
}

/* The command with the name that the server would choose; NULL without a source. */
static char *
with_name(WfRuleCall *call, Constraint *constraint)
{
	WfRelation *table = call->catalog->relation(call->catalog, ((AlterTableStmt *) call->statement)->relation);
	int			end = wf_rule_source_end(call);
	int			place = end > 0 ? wf_rule_command_place(call, call->command_index) : -1;

	if (table == NULL || place < 0 || constraint->location < place)
		return NULL;
	return psprintf("%s CONSTRAINT %s %s", wf_ddl_source_copy(call->source, place, constraint->location),
					quote_identifier(wf_ddl_constraint_name(call->catalog, table, constraint, NULL)),
					wf_ddl_source_copy(call->source, constraint->location, wf_ddl_source_item_end(call->source, constraint->location, end)));
}

/* CREATE EXTENSION. */
void
wf_rule_create_extension(WfRuleCall *call)
{
	WfFinding  *finding = wf_finding_add(call, "extension \"%s\" must be installed on the server, and may need a superuser",
										 ((CreateExtensionStmt *) call->statement)->extname);

	finding->object = wf_ddl_quote_name(NULL, ((CreateExtensionStmt *) call->statement)->extname);
	finding->hint = pstrdup("See to it outside of the application's migrations.");
}

/* A column that one statement assigns, or makes, twice. */
void
wf_rule_duplicate_assignment(WfRuleCall *call)
{
	WithClause *with = wf_rule_with(call->statement);
	ListCell   *lc;

	report_assignments(call, call->statement);
	foreach(lc, with ? with->ctes : NIL)
		report_assignments(call, lfirst_node(CommonTableExpr, lc)->ctequery);
}

static void
report_assignments(WfRuleCall *call, Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_UpdateStmt:
			report_duplicate(call, ((UpdateStmt *) stmt)->targetList, "42601");
			break;
		case T_InsertStmt:
			report_duplicate(call, ((InsertStmt *) stmt)->cols, "42701");
			if (((InsertStmt *) stmt)->onConflictClause)
				report_duplicate(call, ((InsertStmt *) stmt)->onConflictClause->targetList, "42601");
			break;
		case T_MergeStmt:
			foreach(lc, ((MergeStmt *) stmt)->mergeWhenClauses)
				report_duplicate(call, lfirst_node(MergeWhenClause, lc)->targetList, "42601");
			break;
		case T_ViewStmt:
			report_duplicate(call, ((ViewStmt *) stmt)->aliases != NIL ? ((ViewStmt *) stmt)->aliases :
							 output_names(((ViewStmt *) stmt)->query), "42701");
			break;
		case T_CreateTableAsStmt:
			report_duplicate(call, ((CreateTableAsStmt *) stmt)->into->colNames != NIL ? ((CreateTableAsStmt *) stmt)->into->colNames :
							 output_names(((CreateTableAsStmt *) stmt)->query), "42701");
			break;
		case T_CompositeTypeStmt:
			report_duplicate(call, ((CompositeTypeStmt *) stmt)->coldeflist, "42701");
			break;
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			report_duplicate(call, ((CreateStmt *) stmt)->tableElts, "42701");
			report_duplicate_keys(call, ((CreateStmt *) stmt)->tableElts);
			break;
		default:
			break;
	}
}

/* The columns of a primary key or UNIQUE, which must be different ones. */
static void
report_duplicate_keys(WfRuleCall *call, List *elements)
{
	ListCell   *lc;

	foreach(lc, elements)
	{
		Constraint *constraint = lfirst(lc);

		if (IsA(constraint, Constraint) && (constraint->contype == CONSTR_PRIMARY || constraint->contype == CONSTR_UNIQUE))
			report_duplicate(call, constraint->keys, "42701");
	}
}

/*
 * What the columns of a query are called, a list of ResTarget: by its first
 * arm, and as the server names what has no alias.  Those of a * are not known.
 */
static List *
output_names(Node *query)
{
	List	   *names = NIL;
	ListCell   *lc;

	while (query && IsA(query, SelectStmt) && ((SelectStmt *) query)->larg)
		query = (Node *) ((SelectStmt *) query)->larg;
	foreach(lc, query && IsA(query, SelectStmt) ? ((SelectStmt *) query)->targetList : NIL)
	{
		ResTarget  *target = makeNode(ResTarget);

		*target = *lfirst_node(ResTarget, lc);
		if (target->name == NULL &&
			!(IsA(target->val, ColumnRef) && IsA(llast(((ColumnRef *) target->val)->fields), A_Star)) &&
			!(IsA(target->val, A_Indirection) && IsA(llast(((A_Indirection *) target->val)->indirection), A_Star)))
			target->name = FigureColname(target->val);
		target->indirection = NIL;
		names = lappend(names, target);
	}
	return names;
}

/* Reports the first name that a list has twice, if any. */
static void
report_duplicate(WfRuleCall *call, List *targets, const char *sqlstate)
{
	ListCell   *lc;

	foreach(lc, targets)
	{
		int			location;
		bool		partial;
		const char *name = assigned_name(lfirst(lc), &location, &partial);

		for (int i = 0; name && i < foreach_current_index(lc); i++)
		{
			int			other_location;
			bool		other_partial;
			const char *other = assigned_name(list_nth(targets, i), &other_location, &other_partial);
			WfFinding  *finding;

			/* Two different fields or elements of one column are no conflict. */
			if (other == NULL || strcmp(other, name) != 0 || (partial && other_partial))
				continue;
			finding = wf_finding_add(call, "column \"%s\" is named twice", name);
			finding->location = location;
			wf_finding_note_text(finding, "column", name);
			wf_finding_note_text(finding, "sqlstate", sqlstate);
			return;
		}
	}
}

/* The column that an element of a list assigns or makes; NULL: none. */
static const char *
assigned_name(Node *element, int *location, bool *partial)
{
	*partial = false;
	*location = -1;
	if (IsA(element, ResTarget))
	{
		*location = ((ResTarget *) element)->location;
		*partial = ((ResTarget *) element)->indirection != NIL;
		return ((ResTarget *) element)->name;
	}
	if (IsA(element, ColumnDef))
	{
		*location = ((ColumnDef *) element)->location;
		return ((ColumnDef *) element)->colname;
	}
	return IsA(element, String) ? strVal(element) : NULL;
}
