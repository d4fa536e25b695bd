/*
 * rule_dependents.c: rules about what depends on the object that changes.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"

#include "common/list.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* Names of dependents in the evidence of a finding. */
#define DEPENDENTS_NAMED	20

static void truncate_refused(WfRuleCall *call, TruncateStmt *stmt);
static bool is_emptied_too(WfRuleCall *call, TruncateStmt *stmt, WfDependent *dependent);
static WfDependent *first_blocking(WfRuleCall *call, WfRelation *relation, int attnum,
								   bool is_drop, List **names);
static bool is_dropped_too(DropStmt *stmt, WfDependent *dependent);
static void dropped_relation(WfRuleCall *call, DropStmt *stmt, WfRelation *relation);
static void dropped_object(WfRuleCall *call, DropStmt *stmt);
static void report_blocked(WfFinding *finding, List *names);
static void note_names(WfFinding *finding, List *names);
static int	compare_names(const ListCell *a, const ListCell *b);
static char *make_view_anew(WfRuleCall *call, WfRelation *view);
static const char *output_name(ResTarget *target);
static bool has_other_type(WfRuleCall *call, SelectStmt *query, Node *value, WfColumn *column);
static WfColumn *source_column(WfRuleCall *call, SelectStmt *query, ColumnRef *reference);

/*
 * The first dependent that makes a change of the column's type (or its drop)
 * fail, and the descriptions of all of them.
 */
static WfDependent *
first_blocking(WfRuleCall *call, WfRelation *relation, int attnum, bool is_drop, List **names)
{
	WfDependent *first = NULL;
	ListCell   *lc;

	*names = NIL;
	foreach(lc, call->catalog->dependents(call->catalog, relation, attnum))
	{
		WfDependent *dependent = lfirst(lc);

		if (is_drop ? !dependent->blocks_drop :
			dependent->kind == WF_DEPENDENT_FOREIGN_KEY ||
			(dependent->kind == WF_DEPENDENT_FUNCTION && call->catalog->server_version < 18))
			continue;
		if (first == NULL)
			first = dependent;
		*names = lappend(*names, dependent->description);
	}
	return first;
}

/*
 * Names in the evidence what is built on the relation, or on the live column
 * with this number where it is not 0: what breaks, or changes, with it.
 */
void
wf_rule_note_dependents(WfRuleCall *call, WfFinding *finding, WfRelation *relation, int attnum)
{
	List	   *names = NIL;
	ListCell   *lc;

	if (relation->missing || attnum < 0)
		return;
	foreach(lc, call->catalog->dependents(call->catalog, relation, attnum))
		names = lappend(names, ((WfDependent *) lfirst(lc))->description);
	/* A view depends on each column that it reads. */
	list_sort(names, compare_names);
	foreach(lc, names)
	{
		if (foreach_current_index(lc) > 0 && strcmp(list_nth(names, foreach_current_index(lc) - 1), lfirst(lc)) == 0)
			names = foreach_delete_current(names, lc);
	}
	if (names != NIL)
		note_names(finding, names);
}

/* The same of a list of WfDependent. */
void
wf_rule_note_dependent_list(WfFinding *finding, List *dependents)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, dependents)
		names = lappend(names, ((WfDependent *) lfirst(lc))->description);
	note_names(finding, names);
}

/* As many as a reader takes in, and how many there are. */
static void
note_names(WfFinding *finding, List *names)
{
	wf_finding_note_number(finding, "dependent_count", list_length(names));
	wf_finding_note_list(finding, "dependents", list_truncate(list_copy(names), DEPENDENTS_NAMED));
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* ALTER COLUMN TYPE or DROP COLUMN of a column that something else is built on. */
void
wf_rule_dependents_block_change(WfRuleCall *call)
{
	WfRelation *table;
	WfColumn   *column;
	WfFinding  *finding;
	WfDependent *first;
	List	   *names;
	bool		is_drop;

	if (IsA(call->statement, TruncateStmt))
	{
		truncate_refused(call, (TruncateStmt *) call->statement);
		return;
	}
	table = wf_rule_altered_table(call);
	is_drop = call->command->subtype == AT_DropColumn;
	if (table == NULL || table->missing || (is_drop && call->command->behavior == DROP_CASCADE))
		return;
	column = call->catalog->column(call->catalog, table, call->command->name);
	if (column == NULL || column->attnum <= 0)
		return;
	first = first_blocking(call, table, column->attnum, is_drop, &names);
	if (first == NULL)
		return;
	finding = wf_finding_add(call, is_drop ? "DROP COLUMN \"%s\" fails: %s depends on it%s" :
							 "the type of \"%s\" can't be changed: %s depends on it%s",
							 column->name, first->description,
							 list_length(names) > 1 ? psprintf(", and %d more", list_length(names) - 1) : "");
	wf_finding_on(call, finding, table);
	finding->severity = call->rule->severity;
	wf_finding_note_text(finding, "column", column->name);
	wf_finding_note_text(finding, "sqlstate", is_drop ? "2BP01" : "0A000");
	note_names(finding, names);
	finding->hint = pstrdup("Drop what depends on the column, change it, and create that again, all in one transaction.");
}

/* TRUNCATE without CASCADE of a table that a foreign key of another one refers to. */
static void
truncate_refused(WfRuleCall *call, TruncateStmt *stmt)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, stmt->behavior == DROP_CASCADE ? NIL : stmt->relations)
	{
		WfRelation *table = wf_rule_relation(call, lfirst(lc));

		foreach(lc2, table && !table->missing ? call->catalog->dependents(call->catalog, table, 0) : NIL)
		{
			WfDependent *dependent = lfirst(lc2);
			WfFinding  *finding;

			if (dependent->kind != WF_DEPENDENT_FOREIGN_KEY || is_emptied_too(call, stmt, dependent))
				continue;
			finding = wf_finding_add(call, "TRUNCATE of \"%s\" fails: %s refers to it", table->name, dependent->description);
			wf_finding_on(call, finding, table);
			finding->severity = call->rule->severity;
			wf_finding_note_text(finding, "sqlstate", "0A000");
			finding->hint = psprintf("Name %s in the same TRUNCATE, if its rows are to go as well.",
									 wf_ddl_quote_name(dependent->schema, dependent->name));
			break;
		}
	}
}

static bool
is_emptied_too(WfRuleCall *call, TruncateStmt *stmt, WfDependent *dependent)
{
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		WfRelation *table = call->catalog->relation(call->catalog, lfirst(lc));

		if (table && table->schema && dependent->name && strcmp(table->schema, dependent->schema) == 0 && strcmp(table->name, dependent->name) == 0)
			return true;
	}
	return false;
}

/* DROP without CASCADE of what others are built on. */
void
wf_rule_drop_dependent_object(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	ListCell   *lc;

	if (stmt->behavior == DROP_CASCADE)
		return;
	foreach(lc, stmt->objects)
	{
		RangeVar   *name;
		WfRelation *relation;

		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_SEQUENCE:
			case OBJECT_FOREIGN_TABLE:
				name = wf_ddl_range_var_of_names((List *) lfirst(lc));
				relation = name ? call->catalog->relation(call->catalog, name) : NULL;
				if (relation && !relation->missing && OidIsValid(relation->relid))
					dropped_relation(call, stmt, relation);
				break;
			default:
				dropped_object(call, stmt);
				return;
		}
	}
}

/* DROP of functions, types and schemas: the objects of a statement go together. */
static void
dropped_object(WfRuleCall *call, DropStmt *stmt)
{
	List	   *blockers = call->catalog->drop_blockers(call->catalog, stmt);
	WfDependent *first = blockers ? linitial(blockers) : NULL;
	WfFinding  *finding;
	List	   *names = NIL;
	ListCell   *lc;

	if (first == NULL)
		return;
	foreach(lc, blockers)
		names = lappend(names, ((WfDependent *) lfirst(lc))->description);
	finding = wf_finding_add(call, "DROP of %s fails: %s depends on it%s", first->of, first->description,
							 list_length(names) > 1 ? psprintf(", and %d more", list_length(names) - 1) : "");
	finding->object = first->of_identity;
	report_blocked(finding, names);
}

static void
report_blocked(WfFinding *finding, List *names)
{
	finding->kind = WF_KIND_FAILS;
	wf_finding_note_text(finding, "sqlstate", "2BP01");
	note_names(finding, names);
	finding->hint = pstrdup("Drop or change what depends on it first, by name; CASCADE would drop it unseen.");
}

static void
dropped_relation(WfRuleCall *call, DropStmt *stmt, WfRelation *relation)
{
	List	   *dependents = call->catalog->dependents(call->catalog, relation, 0);
	List	   *own = NIL;
	List	   *names = NIL;
	WfFinding  *finding;
	ListCell   *lc;

	/* A policy or trigger goes with its table, whatever columns it reads. */
	foreach(lc, dependents)
	{
		if (!((WfDependent *) lfirst(lc))->blocks_drop)
			own = lappend(own, ((WfDependent *) lfirst(lc))->description);
	}
	foreach(lc, dependents)
	{
		WfDependent *dependent = lfirst(lc);

		/* A view depends on each column that it reads. */
		if (dependent->blocks_drop && !is_dropped_too(stmt, dependent) &&
			!wf_common_list_has(own, dependent->description) && !wf_common_list_has(names, dependent->description))
			names = lappend(names, dependent->description);
	}
	if (names == NIL)
		return;
	finding = wf_finding_add(call, "DROP \"%s\" fails: %s depends on it%s", relation->name, (char *) linitial(names),
							 list_length(names) > 1 ? psprintf(", and %d more", list_length(names) - 1) : "");
	finding->object = wf_ddl_quote_name(relation->schema, relation->name);
	finding->relation = relation;
	report_blocked(finding, names);
}

/* Does the same statement drop the view? */
static bool
is_dropped_too(DropStmt *stmt, WfDependent *dependent)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		if (dependent->name && strcmp(strVal(llast((List *) lfirst(lc))), dependent->name) == 0)
			return true;
	}
	return false;
}

/* CREATE OR REPLACE VIEW that does not begin with the columns it has. */
void
wf_rule_view_incompatible(WfRuleCall *call)
{
	ViewStmt   *stmt = (ViewStmt *) call->statement;
	SelectStmt *query = (SelectStmt *) stmt->query;
	WfRelation *view;
	WfFinding  *finding;
	const char *what = NULL;
	const char *name = NULL;
	bool		is_set = IsA(query, SelectStmt) && query->larg;
	int			position = 0;
	ListCell   *lc;

	if (!stmt->replace)
		return;
	view = wf_rule_relation(call, stmt->view);
	while (query && IsA(query, SelectStmt) && query->larg)
		query = query->larg;
	if (view == NULL || view->missing || view->kind != RELKIND_VIEW || !OidIsValid(view->relid) ||
		!IsA(query, SelectStmt) || query->targetList == NIL)
		return;
	foreach(lc, query->targetList)
	{
		WfColumn   *column;

		name = position < list_length(stmt->aliases) ? strVal(list_nth(stmt->aliases, position)) :
			output_name(lfirst_node(ResTarget, lc));
		/* How many columns a star stands for is not told by the text. */
		if (name == NULL)
			return;
		column = call->catalog->column(call->catalog, view, name);
		position++;
		if (position > view->ncolumns)
			break;
		if (column == NULL || column->attnum != position)
		{
			what = psprintf("column %d would become \"%s\"", position, name);
			break;
		}
		if (!is_set && has_other_type(call, query, lfirst_node(ResTarget, lc)->val, column))
		{
			what = psprintf("the type of column \"%s\" would change", name);
			break;
		}
	}
	if (what == NULL && position < view->ncolumns)
		what = psprintf("%d of its %d columns would go", view->ncolumns - position, view->ncolumns);
	if (what == NULL)
		return;
	finding = wf_finding_add(call, "CREATE OR REPLACE VIEW \"%s\" fails: %s", view->name, what);
	finding->object = wf_ddl_quote_name(view->schema, view->name);
	finding->relation = view;
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "sqlstate", "42P16");
	wf_finding_note_number(finding, "columns", view->ncolumns);
	finding->hint = pstrdup("A view can only be given new columns at its end: DROP VIEW and CREATE VIEW in one transaction, "
							"with its grants.");
	finding->safe_sql = make_view_anew(call, view);
}

/*
 * The new view in the place of the old one, with its grants.  NULL where something
 * is built on the old one, and without a source.
 */
static char *
make_view_anew(WfRuleCall *call, WfRelation *view)
{
	int			end = wf_rule_source_end(call);
	int			place = end > 0 ? wf_ddl_source_find_word(call->source, call->location, end, "OR") : -1;
	char	   *name = wf_ddl_quote_name(view->schema, view->name);
	char	   *beside = makeObjectName(view->name, NULL, "old");
	char	   *old = wf_ddl_quote_name(view->schema, beside);
	int			rest;

	if (place < 0 || call->catalog->dependents(call->catalog, view, 0) != NIL)
		return NULL;
	/* OR REPLACE */
	rest = wf_ddl_source_skip_space(call->source, place + strlen("OR"), end) + strlen("REPLACE");
	return psprintf("BEGIN;\n"
					"ALTER VIEW %s RENAME TO %s;\n"
					"%s %s;\n"
					"%s\n"
					"DROP VIEW %s;\n"
					"COMMIT;",
					name, wf_ddl_quote_name(NULL, beside), wf_ddl_source_copy(call->source, call->location, place),
					wf_ddl_source_copy(call->source, rest, end), wf_rule_copy_grants(old, name), old);
}

/* The name that an output column gets; NULL where the text does not say. */
static const char *
output_name(ResTarget *target)
{
	Node	   *value = target->val;

	const char *cast = NULL;

	if (target->name)
		return target->name;
	/* A cast has the name of what it casts, or else of the type. */
	for (; IsA(value, TypeCast); value = ((TypeCast *) value)->arg)
	{
		if (cast == NULL)
			cast = strVal(llast(((TypeCast *) value)->typeName->names));
	}
	if (IsA(value, ColumnRef) && IsA(llast(((ColumnRef *) value)->fields), String))
		return strVal(llast(((ColumnRef *) value)->fields));
	if (IsA(value, FuncCall))
		return strVal(llast(((FuncCall *) value)->funcname));
	return IsA(value, A_Const) ? cast : NULL;
}

/* Is the value certainly of another type than the column? */
static bool
has_other_type(WfRuleCall *call, SelectStmt *query, Node *value, WfColumn *column)
{
	WfColumn   *source;
	Oid			type;

	if (IsA(value, TypeCast))
	{
		type = wf_rule_type_oid(call, ((TypeCast *) value)->typeName);
		return OidIsValid(type) && OidIsValid(column->type) && type != column->type;
	}
	if (!IsA(value, ColumnRef))
		return false;
	source = source_column(call, query, (ColumnRef *) value);
	return source && OidIsValid(source->type) && OidIsValid(column->type) &&
		(source->type != column->type || (!source->created_here && source->typmod != column->typmod));
}

/* The column of a table in FROM, where the text says of which; else NULL. */
static WfColumn *
source_column(WfRuleCall *call, SelectStmt *query, ColumnRef *reference)
{
	const char *qualifier = list_length(reference->fields) == 2 ? strVal(linitial(reference->fields)) : NULL;
	WfColumn   *found = NULL;
	ListCell   *lc;

	if (list_length(reference->fields) > 2 || !IsA(llast(reference->fields), String) || query->withClause)
		return NULL;
	foreach(lc, query->fromClause)
	{
		RangeVar   *from = lfirst(lc);
		WfRelation *table;
		WfColumn   *column;

		/* A join, function or subquery may have the column as well. */
		if (!IsA(from, RangeVar) || (from->alias && from->alias->colnames))
			return NULL;
		if (qualifier && strcmp(qualifier, from->alias ? from->alias->aliasname : from->relname) != 0)
			continue;
		table = call->catalog->relation(call->catalog, from);
		if (table == NULL || table->missing)
			return NULL;
		column = call->catalog->column(call->catalog, table, strVal(llast(reference->fields)));
		if (column && found)
			return NULL;
		if (column)
			found = column;
	}
	return found;
}
