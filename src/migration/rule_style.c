/*
 * rule_style.c: advice on types of columns.
 *
 * A table that the text makes can still be made better at no cost, so advice
 * on it is one step below that on a table others use.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* Gets each column that is added or changes its type; changed is set for the latter. */
typedef void (*ColumnVisitor) (WfRuleCall *call, ColumnDef *column, const char *name);

static void visit_columns(WfRuleCall *call, ColumnVisitor visit);
static bool has_type(ColumnDef *column, const char *name);
static WfFinding *advise(WfRuleCall *call, ColumnDef *column, const char *name, const char *why, const char *hint, const char *better);
static char *add_better(WfRuleCall *call, ColumnDef *column, const char *type);
static bool type_end(WfRuleCall *call, ColumnDef *column, int end, int *to);
static char *create_better(WfRuleCall *call, ColumnDef *column, const char *type);
static bool names_value(Node *element, ColumnDef *column, const char *type);
static bool is_column(Node *node, void *name);
static const char *with_precision(const char *type, const TypeName *other);
static bool is_key(WfRuleCall *call, ColumnDef *column, const char *name);
static bool refers_to_integer(WfRuleCall *call, ColumnDef *column, const char *name);
static bool ends_in_integer(WfRuleCall *call, Constraint *constraint, int position);

static void
visit_columns(WfRuleCall *call, ColumnVisitor visit)
{
	ListCell   *lc;

	if (IsA(call->statement, CreateStmt))
	{
		if (!wf_rule_makes_table(call))
			return;
		foreach(lc, ((CreateStmt *) call->statement)->tableElts)
		{
			if (IsA(lfirst(lc), ColumnDef) && lfirst_node(ColumnDef, lc)->typeName)
				visit(call, lfirst(lc), lfirst_node(ColumnDef, lc)->colname);
		}
		return;
	}
	if (!wf_rule_changes_table(call))
		return;
	visit(call, castNode(ColumnDef, call->command->def),
		  call->command->subtype == AT_AddColumn ?
		  ((ColumnDef *) call->command->def)->colname : call->command->name);
}

/* Is it the built-in type of this internal name? */
static bool
has_type(ColumnDef *column, const char *name)
{
	List	   *names = column->typeName ? column->typeName->names : NIL;
	const char *own = names != NIL && list_length(names) <= 2 ? strVal(llast(names)) : "";

	/* Every column is asked for some twenty types. */
	if (own[0] != name[0] || strcmp(own, name) != 0)
		return false;
	return list_length(names) == 1 || strcmp(strVal(linitial(names)), "pg_catalog") == 0;
}

static WfFinding *
advise(WfRuleCall *call, ColumnDef *column, const char *name, const char *why, const char *hint, const char *better)
{
	WfFinding  *finding = wf_finding_add(call, "column \"%s\": %s", name, why);
	RangeVar   *table;

	if (IsA(call->statement, CreateStmt))
	{
		table = ((CreateStmt *) call->statement)->relation;
		wf_finding_lower(finding);
	}
	else
	{
		WfRelation *relation;

		table = ((AlterTableStmt *) call->statement)->relation;
		relation = call->catalog->relation(call->catalog, table);
		if (wf_ddl_is_private(relation))
			wf_finding_lower(finding);
	}
	finding->object = wf_rule_relation_name(call, table);
	finding->location = column->location;
	wf_finding_note_text(finding, "column", name);
	finding->hint = pstrdup(hint);
	if (better && IsA(call->statement, CreateStmt))
		finding->safe_sql = create_better(call, column, better);
	else if (better && call->command->subtype == AT_AddColumn)
		finding->safe_command = add_better(call, column, better);
	return finding;
}

/* ADD COLUMN of the better type; NULL where what else is said of the column may not go with it. */
static char *
add_better(WfRuleCall *call, ColumnDef *column, const char *type)
{
	int			end = wf_rule_source_end(call);
	int			place = end > 0 ? wf_rule_command_place(call, call->command_index) : -1;
	int			from = column->typeName->location;
	int			to;

	if (place < 0 || from < place || !type_end(call, column, end, &to))
		return NULL;
	end = wf_ddl_source_item_end(call->source, from, end);
	return psprintf("%s %s%s%s", wf_ddl_source_copy(call->source, place, from), type,
					to < end ? " " : "", wf_ddl_source_copy(call->source, to, end));
}

/*
 * Where the column's type ends in the source: at its first constraint, or with the
 * item.  False where what else is said of it may not go with another type.
 */
static bool
type_end(WfRuleCall *call, ColumnDef *column, int end, int *to)
{
	int			from = column->typeName->location;
	ListCell   *lc;

	if (column->typeName->arrayBounds != NIL || column->collClause || column->compression || column->fdwoptions)
		return false;
	*to = wf_ddl_source_item_end(call->source, from, end);
	if (wf_ddl_source_find_word(call->source, from, *to, "STORAGE") >= 0)
		return false;
	foreach(lc, column->constraints)
	{
		int			location = lfirst_node(Constraint, lc)->location;

		if (location < from)
			return false;
		*to = Min(*to, location);
	}
	return true;
}

/*
 * CREATE TABLE with the column of the better type; NULL where what else is said
 * of the column may not go with it.
 */
static char *
create_better(WfRuleCall *call, ColumnDef *column, const char *type)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	int			end = wf_rule_source_end(call);
	int			from = column->typeName->location;
	int			to;
	ListCell   *lc;

	if (end == 0 || from < call->location || !type_end(call, column, end, &to))
		return NULL;
	foreach(lc, stmt->tableElts)
	{
		if (names_value(lfirst(lc), column, type))
			return NULL;
	}
	return psprintf("%s %s%s%s;", wf_ddl_source_copy(call->source, call->location, from), type,
					column->constraints != NIL ? " " : "", wf_ddl_source_copy(call->source, to, end));
}

/*
 * Does a part of the new table use the column's values in an expression, or refer
 * with them to another table, so that they must be of the type that is written?
 * An integer may be wider than what it refers to.
 */
static bool
names_value(Node *element, ColumnDef *column, const char *type)
{
	Constraint *constraint = (Constraint *) element;
	ListCell   *lc;

	if (IsA(element, ColumnDef))
	{
		foreach(lc, ((ColumnDef *) element)->constraints)
		{
			constraint = lfirst_node(Constraint, lc);
			if (element == (Node *) column && constraint->contype == CONSTR_FOREIGN && strcmp(type, "bigint") != 0)
				return true;
			if (constraint->raw_expr && constraint->contype != CONSTR_DEFAULT &&
				wf_ddl_walk(constraint->raw_expr, is_column, column->colname))
				return true;
		}
		return false;
	}
	if (!IsA(element, Constraint))
		return false;
	foreach(lc, constraint->contype == CONSTR_FOREIGN && strcmp(type, "bigint") != 0 ? constraint->fk_attrs : NIL)
	{
		if (strcmp(strVal(lfirst(lc)), column->colname) == 0)
			return true;
	}
	return constraint->contype == CONSTR_EXCLUSION ||
		(constraint->raw_expr && wf_ddl_walk(constraint->raw_expr, is_column, column->colname));
}

static bool
is_column(Node *node, void *name)
{
	return IsA(node, ColumnRef) && IsA(llast(((ColumnRef *) node)->fields), String) &&
		strcmp(strVal(llast(((ColumnRef *) node)->fields)), name) == 0;
}

/* Is the column the primary key, or refers to one? */
static bool
is_key(WfRuleCall *call, ColumnDef *column, const char *name)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		ConstrType	kind = lfirst_node(Constraint, lc)->contype;

		if (kind == CONSTR_PRIMARY || kind == CONSTR_FOREIGN || kind == CONSTR_IDENTITY)
			return true;
	}
	foreach(lc, IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->tableElts :
			((AlterTableStmt *) call->statement)->cmds)
	{
		Constraint *constraint = lfirst(lc);
		ListCell   *lc2;

		if (IsA(constraint, AlterTableCmd))
			constraint = (Constraint *) ((AlterTableCmd *) constraint)->def;
		if (constraint == NULL || !IsA(constraint, Constraint))
			continue;
		foreach(lc2, constraint->contype == CONSTR_PRIMARY ? constraint->keys :
				constraint->contype == CONSTR_FOREIGN ? constraint->fk_attrs : NIL)
		{
			if (strcmp(strVal(lfirst(lc2)), name) == 0)
				return true;
		}
	}
	return false;
}

static void
advise_json(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "json"))
		advise(call, column, name, "json has no equality: DISTINCT, GROUP BY and UNION over it fail",
			   "Use jsonb.", "jsonb");
}

void
wf_rule_json_column(WfRuleCall *call)
{
	visit_columns(call, advise_json);
}

static void
advise_char(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "bpchar"))
		advise(call, column, name, "char(n) pads with spaces, which comparisons then ignore",
			   "Use text, with a CHECK where the length matters.", "text");
}

void
wf_rule_char_column(WfRuleCall *call)
{
	visit_columns(call, advise_char);
}

static void
advise_money(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "money"))
		advise(call, column, name, "money has no currency, and changes its meaning with lc_monetary",
			   "Use numeric and a column for the currency.", "numeric");
}

void
wf_rule_money_column(WfRuleCall *call)
{
	visit_columns(call, advise_money);
}

/*
 * Is the column a foreign key whose other end is known to be an integer as well?
 * It should be of the same type, until that one is made wider.
 */
static bool
refers_to_integer(WfRuleCall *call, ColumnDef *column, const char *name)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		if (ends_in_integer(call, lfirst_node(Constraint, lc), 0))
			return true;
	}
	foreach(lc, IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->tableElts :
			((AlterTableStmt *) call->statement)->cmds)
	{
		Constraint *constraint = lfirst(lc);
		ListCell   *lc2;

		if (IsA(constraint, AlterTableCmd))
			constraint = (Constraint *) ((AlterTableCmd *) constraint)->def;
		if (constraint == NULL || !IsA(constraint, Constraint) || constraint->contype != CONSTR_FOREIGN)
			continue;
		foreach(lc2, constraint->fk_attrs)
		{
			if (strcmp(strVal(lfirst(lc2)), name) == 0 && ends_in_integer(call, constraint, foreach_current_index(lc2)))
				return true;
		}
	}
	return false;
}

/* Does a foreign key refer with its column at this position to one of type integer? */
static bool
ends_in_integer(WfRuleCall *call, Constraint *constraint, int position)
{
	WfRelation *other = constraint->contype == CONSTR_FOREIGN ?
	call->catalog->relation(call->catalog, constraint->pktable) : NULL;
	List	   *columns = NIL;
	WfColumn   *column = NULL;
	ListCell   *lc;

	if (other == NULL || other->missing)
		return false;
	foreach(lc, constraint->pk_attrs)
		columns = lappend(columns, strVal(lfirst(lc)));
	foreach(lc, columns == NIL ? call->catalog->constraints(call->catalog, other) : NIL)
	{
		if (((WfConstraint *) lfirst(lc))->kind == 'p')
			columns = ((WfConstraint *) lfirst(lc))->columns;
	}
	if (position < list_length(columns) && list_nth(columns, position))
		column = call->catalog->column(call->catalog, other, list_nth(columns, position));
	return column && column->type == INT4OID;
}

static void
advise_integer_key(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "int4") || has_type(column, "serial") || has_type(column, "serial4") ||
		((has_type(column, "int2") || has_type(column, "smallserial") || has_type(column, "serial2")) &&
		 is_key(call, column, name)))
	{
		const char *better = has_type(column, "int4") || has_type(column, "int2") ? "bigint" :
		IsA(call->statement, CreateStmt) ? "bigserial" : NULL;
		WfFinding  *finding;

		if (refers_to_integer(call, column, name))
			return;
		finding = advise(call, column, name,
						 "its numbers end at 2147483647 at most, and making it wider later writes the table anew",
						 "Use bigint.", better);

		if (!is_key(call, column, name))
			finding->severity = WF_SEVERITY_INFO;
	}
}

void
wf_rule_integer_key_width(WfRuleCall *call)
{
	visit_columns(call, advise_integer_key);
}

static void
advise_smallint(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "int2") || has_type(column, "smallserial") || has_type(column, "serial2"))
		advise(call, column, name, "smallint ends at 32767, and alignment often eats what it saves",
			   "Use bigint or integer.", has_type(column, "int2") ? "bigint" : NULL);
}

void
wf_rule_smallint_width(WfRuleCall *call)
{
	visit_columns(call, advise_smallint);
}

static void
advise_varchar(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "varchar") && column->typeName->typmods != NIL)
		advise(call, column, name, "a shorter limit later writes the table anew, and a longer one locks it",
			   "Use text, with a CHECK where the length matters: a CHECK can be changed without a scan under lock.", "text");
}

void
wf_rule_limited_varchar(WfRuleCall *call)
{
	visit_columns(call, advise_varchar);
}

static void
advise_timestamp(WfRuleCall *call, ColumnDef *column, const char *name)
{
	if (has_type(column, "timestamp"))
		advise(call, column, name, "timestamp does not say of which time zone it is",
			   "Use timestamptz, which keeps a point in time.", with_precision("timestamptz", column->typeName));
}

/* The type with the number of digits that another one is written with. */
static const char *
with_precision(const char *type, const TypeName *other)
{
	A_Const    *digits = list_length(other->typmods) == 1 ? linitial(other->typmods) : NULL;

	if (digits == NULL || !IsA(digits, A_Const) || nodeTag(&digits->val) != T_Integer)
		return type;
	return psprintf("%s(%d)", type, intVal(&digits->val));
}

void
wf_rule_timestamp_without_zone(WfRuleCall *call)
{
	visit_columns(call, advise_timestamp);
}

static void
advise_serial(WfRuleCall *call, ColumnDef *column, const char *name)
{
	static const struct
	{
		const char *word;
		const char *better;
	}			words[] = {
		{"serial", "integer GENERATED BY DEFAULT AS IDENTITY"}, {"serial4", "integer GENERATED BY DEFAULT AS IDENTITY"},
		{"bigserial", "bigint GENERATED BY DEFAULT AS IDENTITY"}, {"serial8", "bigint GENERATED BY DEFAULT AS IDENTITY"},
		{"smallserial", "smallint GENERATED BY DEFAULT AS IDENTITY"}, {"serial2", "smallint GENERATED BY DEFAULT AS IDENTITY"},
	};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (list_length(column->typeName->names) == 1 && has_type(column, words[i].word))
			advise(call, column, name, "the sequence of a serial column needs grants of its own, and a copy of the table shares it",
				   "Use GENERATED BY DEFAULT AS IDENTITY.", IsA(call->statement, CreateStmt) ? words[i].better : NULL);
	}
}

void
wf_rule_serial_column(WfRuleCall *call)
{
	visit_columns(call, advise_serial);
}
