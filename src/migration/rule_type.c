/*
 * rule_type.c: rules about ALTER COLUMN TYPE.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static WfTypeChange change_of(WfRuleCall *call, WfRelation *table, WfColumn **column);
static bool is_same_value(WfRuleCall *call, Node *expression, WfColumn *between);
static bool is_column(Node *expression, const char *name);
static bool is_cast_alone(WfRuleCall *call);
static char *new_type(WfRuleCall *call);
static bool is_change_of_zone(WfRuleCall *call, WfColumn *column);
static char *checks_later(WfRuleCall *call, WfRelation *table, const char *column);
static WfFinding *report(WfRuleCall *call, WfRelation *table, const char *what);

/*
 * What the change does.  A USING clause that is more than the column itself, or
 * casts of it that change nothing, is an expression that every row goes through.
 */
static WfTypeChange
change_of(WfRuleCall *call, WfRelation *table, WfColumn **column)
{
	ColumnDef  *def = castNode(ColumnDef, call->command->def);
	WfTypeChange change;
	WfColumn	between;

	*column = call->catalog->column(call->catalog, table, call->command->name);
	if (*column == NULL)
		return WF_TYPE_CHANGE_UNKNOWN;
	change = call->catalog->type_change(call->catalog, *column, def->typeName);
	if (def->raw_default == NULL || change == WF_TYPE_CHANGE_NARROWS)
		return change;
	between = **column;
	if (!is_same_value(call, def->raw_default, &between))
		return WF_TYPE_CHANGE_REWRITES;
	return call->catalog->type_change(call->catalog, &between, def->typeName);
}

/*
 * Is the expression the column, if need be by way of types that have the same
 * values?  *between becomes of the type that it ends with.
 */
static bool
is_same_value(WfRuleCall *call, Node *expression, WfColumn *between)
{
	TypeName   *type;

	check_stack_depth();
	if (is_column(expression, between->name))
		return true;
	if (IsA(expression, CollateClause))
		return is_same_value(call, ((CollateClause *) expression)->arg, between);
	if (!IsA(expression, TypeCast))
		return false;
	type = ((TypeCast *) expression)->typeName;
	return is_same_value(call, ((TypeCast *) expression)->arg, between) &&
		call->catalog->type_change(call->catalog, between, type) == WF_TYPE_CHANGE_NONE &&
		call->catalog->column_of(call->catalog, type, between);
}

/* Is the expression the column, be it with its table's name? */
static bool
is_column(Node *expression, const char *name)
{
	Node	   *last = IsA(expression, ColumnRef) ? llast(((ColumnRef *) expression)->fields) : NULL;

	return last && IsA(last, String) && strcmp(strVal(last), name) == 0;
}

static WfFinding *
report(WfRuleCall *call, WfRelation *table, const char *what)
{
	ColumnDef  *def = castNode(ColumnDef, call->command->def);
	WfColumn   *column = call->catalog->column(call->catalog, table, call->command->name);
	WfFinding  *finding = wf_finding_add(call, "changing \"%s\" of \"%s\" to %s %s",
										 call->command->name, table->name,
										 wf_ddl_type_name(def->typeName), what);

	wf_finding_on(call, finding, table);
	finding->location = def->location;
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "column", call->command->name);
	if (column && column->attnum > 0)
		wf_rule_note_dependents(call, finding, table, column->attnum);
	finding->hint = pstrdup("Add a new column of the new type, write to both, fill it in batches, and let the code change over.");
	return finding;
}

/* Are the new values the old ones, cast, and nothing else asked for? */
static bool
is_cast_alone(WfRuleCall *call)
{
	ColumnDef  *def = castNode(ColumnDef, call->command->def);

	Node	   *value = def->raw_default;

	if (value && IsA(value, TypeCast) &&
		strcmp(wf_ddl_type_name(((TypeCast *) value)->typeName), wf_ddl_type_name(def->typeName)) == 0)
		value = ((TypeCast *) value)->arg;
	return def->collClause == NULL && (value == NULL || is_column(value, call->command->name));
}

static char *
new_type(WfRuleCall *call)
{
	return wf_ddl_type_name(castNode(ColumnDef, call->command->def)->typeName);
}

void
wf_rule_type_change_rewrites(WfRuleCall *call)
{
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	WfColumn   *column;
	WfFinding  *finding;
	WfTypeChange change;

	if (table == NULL)
		return;
	change = change_of(call, table, &column);
	if (change == WF_TYPE_CHANGE_NONE)
		return;
	if (column && column->created_here)
		return;
	finding = report(call, table,
					 psprintf("writes %s anew, with all indexes, while nobody can read or write the table",
							  wf_rule_size(call, table)));
	finding->rewrites = true;
	finding->scans = true;
	if (column && is_cast_alone(call))
		finding->safe_sql = wf_rule_second_column(call, table, column, new_type(call));
	if (change == WF_TYPE_CHANGE_FAILS)
		wf_finding_note_boolean(finding, "needs_using", true);
	if (is_change_of_zone(call, column) && call->catalog->server_version >= 12 && is_cast_alone(call))
		finding->hint = psprintf("%s Where the values are in UTC, SET TimeZone = 'UTC' before it makes it a change of the catalog only.",
								 finding->hint);
	if (!table->missing && call->catalog->indexes(call->catalog, table) != NIL)
		wf_finding_note_boolean(finding, "rebuilds_index", true);
}

/* From a time without a zone to one with, or back? */
static bool
is_change_of_zone(WfRuleCall *call, WfColumn *column)
{
	Oid			to = wf_rule_type_oid(call, castNode(ColumnDef, call->command->def)->typeName);

	return column &&
		((column->type == TIMESTAMPOID && to == TIMESTAMPTZOID) || (column->type == TIMESTAMPTZOID && to == TIMESTAMPOID));
}

/* The new type holds less than the old. */
void
wf_rule_type_change_narrows(WfRuleCall *call)
{
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	WfColumn   *column;
	WfFinding  *finding;

	if (table == NULL || change_of(call, table, &column) != WF_TYPE_CHANGE_NARROWS)
		return;
	finding = report(call, table, "fails on values that do not fit, or cuts them short");
	finding->rewrites = true;
	finding->scans = true;
}

/* No rewrite, but constraints are checked again or an index is built anew. */
void
wf_rule_type_change_rechecks(WfRuleCall *call)
{
	ColumnDef  *def = castNode(ColumnDef, call->command->def);
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	WfColumn   *column;
	WfFinding  *finding;
	const char *name = call->command->name;
	const char *what = NULL;
	List	   *rebuilt;
	List	   *names = NIL;
	ListCell   *lc;

	if (table == NULL || table->missing ||
		change_of(call, table, &column) != WF_TYPE_CHANGE_NONE)
		return;
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);
		ListCell   *lc2;

		foreach(lc2, constraint->columns)
		{
			if (constraint->kind == 'c' && lfirst(lc2) && strcmp(lfirst(lc2), name) == 0)
				what = psprintf("checks constraint \"%s\" again for every row", constraint->name);
		}
	}
	rebuilt = call->catalog->rebuilt_indexes(call->catalog, table, column, def);
	foreach(lc, rebuilt != NIL ? call->catalog->indexes(call->catalog, table) : NIL)
	{
		WfIndex    *index = lfirst(lc);

		if (list_member_oid(rebuilt, index->indexid))
			names = lappend(names, index->name);
	}
	if (names != NIL)
		what = psprintf("%s%sbuilds index \"%s\"%s anew", what ? what : "", what ? ", and " : "", (char *) linitial(names),
						list_length(names) > 1 ? psprintf(" and %d more", list_length(names) - 1) : "");
	if (what == NULL)
		return;
	finding = report(call, table, psprintf("%s while nobody can read or write the table", what));
	finding->scans = true;
	if (names != NIL)
	{
		wf_finding_note_boolean(finding, "rebuilds_index", true);
		wf_finding_note_list(finding, "indexes", names);
	}
	finding->hint = pstrdup(names == NIL ? "Drop the constraint first and add it again as NOT VALID, then validate it." :
							"Drop the index first and build it again CONCURRENTLY, at a time when queries can do without it.");
	if (names == NIL)
		finding->safe_sql = checks_later(call, table, name);
}

/*
 * The change with the CHECKs of the column taken away, and added again without
 * reading the rows, which VALIDATE does afterwards; NULL without a source.
 */
static char *
checks_later(WfRuleCall *call, WfRelation *table, const char *column)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *text = wf_rule_command_text(call, call->command_index);
	StringInfoData drop;
	StringInfoData add;
	StringInfoData validate;
	ListCell   *lc;

	if (text == NULL)
		return NULL;
	initStringInfo(&drop);
	initStringInfo(&add);
	initStringInfo(&validate);
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);
		const char *name;
		char	   *sql;
		bool		found = false;
		ListCell   *lc2;

		foreach(lc2, constraint->kind == 'c' ? constraint->columns : NIL)
			found |= lfirst(lc2) && strcmp(lfirst(lc2), column) == 0;
		/* Of those that the text makes, the columns are not known. */
		if (constraint->kind == 'c' && !OidIsValid(constraint->oid))
			return NULL;
		if (!found)
			continue;
		sql = constraint->name ? call->catalog->constraint_sql(call->catalog, constraint) : NULL;
		if (sql == NULL)
			return NULL;
		name = quote_identifier(constraint->name);
		appendStringInfo(&drop, "ALTER TABLE %s DROP CONSTRAINT %s;\n", relation, name);
		appendStringInfo(&add, "ALTER TABLE %s ADD CONSTRAINT %s %s%s;\n", relation, name, sql,
						 constraint->validated ? " NOT VALID" : "");
		if (constraint->validated)
			appendStringInfo(&validate, "\nALTER TABLE %s VALIDATE CONSTRAINT %s;", relation, name);
	}
	return psprintf("BEGIN;\n%sALTER TABLE %s%s %s;\n%sCOMMIT;%s", drop.data,
					((AlterTableStmt *) call->statement)->relation->inh ? "" : "ONLY ", relation, text, add.data, validate.data);
}

/* The OID of a type, serial words included; InvalidOid where it is not known. */
Oid
wf_rule_type_oid(WfRuleCall *call, const TypeName *name)
{
	WfType	   *type;

	if (name == NULL || name->names == NIL || name->arrayBounds != NIL || name->setof || name->pct_type)
		return InvalidOid;
	type = call->catalog->type(call->catalog, wf_ddl_plain_type_names(name));
	return type ? type->oid : InvalidOid;
}

/* The OID of a type of pg_catalog. */
Oid
wf_rule_builtin_type(WfRuleCall *call, const char *name)
{
	WfType	   *type = call->catalog->type(call->catalog, list_make2(makeString("pg_catalog"), makeString(pstrdup(name))));

	return type ? type->oid : InvalidOid;
}
