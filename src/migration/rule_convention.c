/*
 * rule_convention.c: rules about what a team agrees on for new tables.
 *
 * What is new can still be changed at no cost, so all of them speak softly.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static WfFinding *advise_table(WfRuleCall *call, WfFinding *finding);
static bool is_not_null(WfRuleCall *call, CreateStmt *stmt, const ColumnDef *column);
static bool names_column(List *names, const char *name);
static WfRelation *new_table(CreateStmt *stmt);
static bool has_column(WfRuleCall *call, CreateStmt *stmt, const char *name);
static bool needs_quotes(const char *name);
static const char *new_name(WfRuleCall *call);
static int	alignment_of(const TypeName *type, int *length);
static int	compare_alignment(const ListCell *a, const ListCell *b);
static int	padding_of(List *columns);

/* Says which table a finding on CREATE TABLE is about, one step lower. */
static WfFinding *
advise_table(WfRuleCall *call, WfFinding *finding)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;

	finding->relation = new_table(stmt);
	finding->object = wf_ddl_range_var(stmt->relation);
	finding->location = stmt->relation->location;
	wf_finding_lower(finding);
	return finding;
}

static WfRelation *
new_table(CreateStmt *stmt)
{
	WfRelation *table = palloc0(sizeof(WfRelation));

	table->schema = stmt->relation->schemaname;
	table->name = stmt->relation->relname;
	return table;
}

/* CREATE TABLE that no COMMENT ON TABLE follows. */
void
wf_rule_missing_comment(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	WfFinding  *finding;

	if (!wf_rule_makes_table(call) || stmt->partbound)
		return;
	finding = advise_table(call, wf_finding_add(call, "nothing says what table \"%s\" is for", stmt->relation->relname));
	finding->hint = pstrdup("Say it where everybody who looks at the table sees it.");
	finding->safe_sql = psprintf("COMMENT ON TABLE %s IS 'what a row stands for';", finding->object);
	finding->deferral = WF_DEFER_COMMENT;
}

/* Columns of a new table that may be null. */
void
wf_rule_nullable_column(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	List	   *nullable = NIL;
	WfFinding  *finding;
	ListCell   *lc;

	if (!IsA(stmt, CreateStmt))
	{
		ColumnDef  *column = castNode(ColumnDef, call->command->def);
		WfRelation *table = wf_rule_altered_table(call);

		/*
		 * Rows that are there need a value: NULL is the safe one to begin
		 * with.
		 */
		if (table == NULL || is_not_null(call, NULL, column))
			return;
		finding = wf_finding_add(call, "column \"%s\" may be null", column->colname);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		finding->location = column->location;
		finding->severity = WF_SEVERITY_INFO;
		finding->hint = pstrdup("Once its rows are filled, let the column be NOT NULL, unless NULL means something.");
		return;
	}
	/* What the columns of a partition are, its parent says. */
	if (!wf_rule_makes_table(call) || stmt->partbound)
		return;
	foreach(lc, stmt->tableElts)
	{
		ColumnDef  *column = lfirst(lc);

		if (IsA(column, ColumnDef) && !is_not_null(call, stmt, column))
			nullable = lappend(nullable, column->colname);
	}
	if (nullable == NIL)
		return;
	finding = advise_table(call, wf_finding_add(call, "column \"%s\"%s may be null",
												(char *) linitial(nullable),
												list_length(nullable) > 1 ? psprintf(" and %d more", list_length(nullable) - 1) : ""));
	wf_finding_note_list(finding, "columns", nullable);
	finding->hint = pstrdup("Write NOT NULL, unless NULL means something.");
}

/* Can the column never be null, by its own constraints or the table's? */
static bool
is_not_null(WfRuleCall *call, CreateStmt *stmt, const ColumnDef *column)
{
	WfType	   *type = NULL;
	ListCell   *lc;

	if (wf_rule_is_serial(column))
		return true;
	if (column->typeName && column->typeName->names != NIL && column->typeName->arrayBounds == NIL)
		type = call->catalog->type(call->catalog, column->typeName->names);
	if (type && type->not_null)
		return true;
	foreach(lc, column->constraints)
	{
		ConstrType	kind = lfirst_node(Constraint, lc)->contype;

		if (kind == CONSTR_NOTNULL || kind == CONSTR_PRIMARY || kind == CONSTR_IDENTITY || kind == CONSTR_GENERATED)
			return true;
	}
	foreach(lc, stmt ? stmt->tableElts : NIL)
	{
		Constraint *constraint = lfirst(lc);

		if (IsA(constraint, Constraint) && constraint->contype == CONSTR_PRIMARY &&
			names_column(constraint->keys, column->colname))
			return true;
	}
	return false;
}

static bool
names_column(List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		if (strcmp(strVal(lfirst(lc)), name) == 0)
			return true;
	}
	return false;
}

/* A new table without the columns that the option required_columns names. */
void
wf_rule_required_columns(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	List	   *missing = NIL;
	WfFinding  *finding;
	ListCell   *lc;

	if (call->session->required_columns == NIL || !wf_rule_makes_table(call) || stmt->partbound || stmt->inhRelations != NIL)
		return;
	foreach(lc, call->session->required_columns)
	{
		if (!has_column(call, stmt, lfirst(lc)))
			missing = lappend(missing, lfirst(lc));
	}
	if (missing == NIL)
		return;
	finding = wf_finding_add(call, "table \"%s\" has no column \"%s\"%s", stmt->relation->relname, (char *) linitial(missing),
							 list_length(missing) > 1 ? psprintf(" and %d more", list_length(missing) - 1) : "");
	finding->object = wf_ddl_range_var(stmt->relation);
	finding->relation = new_table(stmt);
	finding->deferral = WF_DEFER_COLUMN;
	finding->deferral_columns = missing;
	wf_finding_note_list(finding, "columns", missing);
	finding->hint = pstrdup("The option required_columns asks for it in each new table.");
}

/* By itself, or by a table that it is made like. */
static bool
has_column(WfRuleCall *call, CreateStmt *stmt, const char *name)
{
	ListCell   *lc;

	foreach(lc, stmt->tableElts)
	{
		WfRelation *like;

		if (IsA(lfirst(lc), ColumnDef) && strcmp(lfirst_node(ColumnDef, lc)->colname, name) == 0)
			return true;
		if (!IsA(lfirst(lc), TableLikeClause))
			continue;
		like = call->catalog->relation(call->catalog, lfirst_node(TableLikeClause, lc)->relation);
		if (like == NULL || like->missing || call->catalog->column(call->catalog, like, name))
			return true;
	}
	return false;
}

/* A new name that has to be quoted ever after. */
void
wf_rule_naming_convention(WfRuleCall *call)
{
	const char *name = new_name(call);
	CreateStmt *stmt = (CreateStmt *) call->statement;
	WfFinding  *finding;
	ListCell   *lc;

	if (IsA(stmt, CreateStmt) ? !wf_rule_makes_table(call) : IsA(stmt, AlterTableStmt) && !wf_rule_changes_table(call))
		return;
	if (name && !needs_quotes(name))
		name = NULL;
	foreach(lc, IsA(stmt, CreateStmt) ? stmt->tableElts : NIL)
	{
		ColumnDef  *column = lfirst(lc);

		if (name == NULL && IsA(column, ColumnDef) && needs_quotes(column->colname))
			name = column->colname;
	}
	if (name == NULL)
		return;
	finding = wf_finding_add(call, "name \"%s\" has to be quoted wherever it is used", name);
	finding->severity = WF_SEVERITY_INFO;
	finding->object = pstrdup(quote_identifier(name));
	finding->hint = pstrdup("Use lower-case letters, digits and underscores, and no key word.");
}

/* Of letters beyond ASCII and of $ the server asks no quotes, though it writes them. */
static bool
needs_quotes(const char *name)
{
	const char *quoted = quote_identifier(name);
	char	   *plain;

	if (quoted == name)
		return false;
	plain = pstrdup(name);
	for (int i = 0; plain[i]; i++)
	{
		if (IS_HIGHBIT_SET(plain[i]) || (i > 0 && plain[i] == '$'))
			plain[i] = 'x';
	}
	return quote_identifier(plain) != plain;
}

static const char *
new_name(WfRuleCall *call)
{
	Node	   *stmt = call->statement;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			return ((CreateStmt *) stmt)->relation->relname;
		case T_AlterTableStmt:
			return call->command->subtype == AT_AddColumn ? ((ColumnDef *) call->command->def)->colname :
				((Constraint *) call->command->def)->conname;
		case T_CreateTableAsStmt:
			return ((CreateTableAsStmt *) stmt)->into->rel->relname;
		case T_IndexStmt:
			return ((IndexStmt *) stmt)->idxname;
		case T_RenameStmt:
			return ((RenameStmt *) stmt)->newname;
		case T_ViewStmt:
			return ((ViewStmt *) stmt)->view->relname;
		case T_CreateEnumStmt:
			return strVal(llast(((CreateEnumStmt *) stmt)->typeName));
		case T_CreateDomainStmt:
			return strVal(llast(((CreateDomainStmt *) stmt)->domainname));
		case T_CompositeTypeStmt:
			return ((CompositeTypeStmt *) stmt)->typevar->relname;
		case T_CreateFunctionStmt:
			return strVal(llast(((CreateFunctionStmt *) stmt)->funcname));
		case T_CreateTrigStmt:
			return ((CreateTrigStmt *) stmt)->trigname;
		case T_CreateSchemaStmt:
			return ((CreateSchemaStmt *) stmt)->schemaname;
		case T_CreateSeqStmt:
			return ((CreateSeqStmt *) stmt)->sequence->relname;
		default:
			return NULL;
	}
}

/* Columns of a new table whose order wastes bytes in every row. */
void
wf_rule_column_alignment(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	List	   *columns = NIL;
	List	   *names = NIL;
	List	   *sorted;
	WfFinding  *finding;
	int			saved;
	int			length;
	ListCell   *lc;

	if (!wf_rule_makes_table(call) || stmt->partbound)
		return;
	foreach(lc, stmt->tableElts)
	{
		ColumnDef  *column = lfirst(lc);

		if (IsA(column, ColumnDef) && column->typeName && alignment_of(column->typeName, &length) > 0)
			columns = lappend(columns, column);
	}
	sorted = list_copy(columns);
	list_sort(sorted, compare_alignment);
	saved = padding_of(columns) - padding_of(sorted);
	/* Rows begin at multiples of eight bytes: less may save nothing. */
	if (saved < 8)
		return;
	foreach(lc, sorted)
		names = lappend(names, ((ColumnDef *) lfirst(lc))->colname);
	finding = advise_table(call, wf_finding_add(call, "the order of the columns of \"%s\" wastes %d bytes in every row",
												stmt->relation->relname, saved));
	wf_finding_note_number(finding, "bytes_a_row", saved);
	wf_finding_note_list(finding, "order", names);
	finding->hint = pstrdup("Write columns of eight bytes first, then of four, of two and of one, then those of varying length.");
}

/* The alignment and length of a built-in type of fixed length; 0: another. */
static int
alignment_of(const TypeName *type, int *length)
{
	static const struct
	{
		const char *name;
		int			alignment;
		int			length;
	}			types[] = {
		{"bool", 1, 1}, {"int2", 2, 2}, {"smallserial", 2, 2}, {"serial2", 2, 2},
		{"int4", 4, 4}, {"serial", 4, 4}, {"serial4", 4, 4}, {"float4", 4, 4}, {"date", 4, 4}, {"oid", 4, 4},
		{"int8", 8, 8}, {"bigserial", 8, 8}, {"serial8", 8, 8}, {"float8", 8, 8}, {"money", 8, 8},
		{"timestamp", 8, 8}, {"timestamptz", 8, 8}, {"time", 8, 8}, {"timetz", 8, 12}, {"interval", 8, 16},
		{"uuid", 1, 16},
	};
	const char *name = type->names != NIL ? strVal(llast(type->names)) : "";

	for (int i = 0; type->arrayBounds == NIL && i < lengthof(types); i++)
	{
		if (name[0] == types[i].name[0] && strcmp(name, types[i].name) == 0)
		{
			*length = types[i].length;
			return types[i].alignment;
		}
	}
	return 0;
}

static int
compare_alignment(const ListCell *a, const ListCell *b)
{
	int			length;

	return alignment_of(((ColumnDef *) lfirst(b))->typeName, &length) -
		alignment_of(((ColumnDef *) lfirst(a))->typeName, &length);
}

/* The bytes that lie between the columns in this order. */
static int
padding_of(List *columns)
{
	int			padding = 0;
	int			offset = 0;
	ListCell   *lc;

	foreach(lc, columns)
	{
		int			length = 0;
		int			alignment = alignment_of(((ColumnDef *) lfirst(lc))->typeName, &length);
		int			aligned = TYPEALIGN(alignment, offset);

		padding += aligned - offset;
		offset = aligned + length;
	}
	return padding;
}
