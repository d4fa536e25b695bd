/*
 * rule_column.c: rules about adding columns.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* A volatile function in an expression, as found by a walk. */
typedef struct VolatileWalk
{
	WfCatalog  *catalog;
	List	   *name;			/* of the function found */
	bool		unknown;		/* nobody knows it */
} VolatileWalk;

static ColumnDef *added_column(WfRuleCall *call);
static Constraint *constraint_of(ColumnDef *column, ConstrType kind);
static bool is_serial(ColumnDef *column);
static bool is_volatile(Node *node, void *context);
static WfFinding *report_rewrite(WfRuleCall *call, WfRelation *table, ColumnDef *column, const char *why);
static char *default_text(WfRuleCall *call, ColumnDef *column, Constraint *constraint);
static char *add_serial_sql(WfRuleCall *call, WfRelation *table, ColumnDef *column);
static char *add_column_sql(WfRelation *table, ColumnDef *column);

static ColumnDef *
added_column(WfRuleCall *call)
{
	return castNode(ColumnDef, call->command->def);
}

static Constraint *
constraint_of(ColumnDef *column, ConstrType kind)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		if (lfirst_node(Constraint, lc)->contype == kind)
			return lfirst(lc);
	}
	return NULL;
}

/* Is the type one of the grammar's serial words? */
static bool
is_serial(ColumnDef *column)
{
	static const char *const words[] = {
		"serial", "serial4", "bigserial", "serial8", "smallserial", "serial2",
	};

	if (column->typeName == NULL || list_length(column->typeName->names) != 1)
		return false;
	for (int i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i], strVal(linitial(column->typeName->names))) == 0)
			return true;
	}
	return false;
}

/* Is it a function that may give each row another value? */
static bool
is_volatile(Node *node, void *context)
{
	VolatileWalk *walk = context;
	FuncCall   *call = (FuncCall *) node;
	char		volatility;

	if (!IsA(node, FuncCall))
		return false;
	volatility = walk->catalog->volatility(walk->catalog, call->funcname, list_length(call->args));
	if (volatility != 0 && volatility != 'v')
		return false;
	walk->name = call->funcname;
	walk->unknown = volatility == 0;
	return true;
}

/* The finding that all rules about rewriting additions share. */
static WfFinding *
report_rewrite(WfRuleCall *call, WfRelation *table, ColumnDef *column, const char *why)
{
	WfFinding  *finding = wf_finding_add(call, "ADD COLUMN \"%s\" writes \"%s\" anew (%s) while nobody can read or write it: %s",
										 column->colname, table->name, wf_rule_size(call, table), why);

	wf_finding_on(call, finding, table);
	finding->location = column->location;
	finding->lock = AccessExclusiveLock;
	finding->rewrites = true;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column->colname);
	return finding;
}

/* A default that each row has to be asked for. */
void
wf_rule_add_column_volatile_default(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	Constraint *constraint = constraint_of(column, CONSTR_DEFAULT);
	VolatileWalk walk = {.catalog = call->catalog};
	WfRelation *table;
	WfFinding  *finding;
	const char *why = "the default is stored in every row before 11";
	char	   *text;
	char	   *fill;

	if (constraint == NULL)
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	if (wf_ddl_walk(constraint->raw_expr, is_volatile, &walk))
		why = psprintf(walk.unknown ? "function %s is not known here and may give each row another value" :
					   "%s() gives each row another value", wf_ddl_quote_names(walk.name, "."));
	else if (call->catalog->server_version >= 11)
		return;
	finding = report_rewrite(call, table, column, why);
	finding->hint = pstrdup("Add the column without a default, set the default for new rows, and fill the old rows in batches.");
	text = default_text(call, column, constraint);
	fill = wf_rule_fill_default(call, table, column->colname);
	if (text)
		finding->safe_sql = psprintf("%s;\nALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s;\n%s",
									 add_column_sql(table, column), finding->object, quote_identifier(column->colname), text,
									 fill ? fill :
									 psprintf("-- then, batch by batch: UPDATE %s SET %s = DEFAULT WHERE %s IS NULL AND ...;",
											  finding->object, quote_identifier(column->colname),
											  quote_identifier(column->colname)));
}

/* The default's expression as it was written; NULL without a source. */
static char *
default_text(WfRuleCall *call, ColumnDef *column, Constraint *constraint)
{
	int			end = wf_rule_source_end(call);
	int			from;
	int			to;
	ListCell   *lc;

	if (end == 0 || constraint->location < 0 ||
		!wf_ddl_source_word_is(call->source, constraint->location, end, "DEFAULT"))
		return NULL;
	from = constraint->location + strlen("DEFAULT");
	to = wf_ddl_source_item_end(call->source, from, end);
	foreach(lc, column->constraints)
	{
		int			other = lfirst_node(Constraint, lc)->location;

		if (other > from && other < to)
			to = other;
	}
	return wf_ddl_source_copy(call->source, from, to);
}

static char *
add_column_sql(WfRelation *table, ColumnDef *column)
{
	return psprintf("ALTER TABLE %s ADD COLUMN %s %s",
					wf_ddl_quote_name(table->schema, table->name),
					quote_identifier(column->colname), wf_ddl_type_name(column->typeName));
}

/* A constant default, which is stored in the catalog only. */
void
wf_rule_add_column_constant_default(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	Constraint *constraint = constraint_of(column, CONSTR_DEFAULT);
	VolatileWalk walk = {.catalog = call->catalog};
	WfRelation *table;
	WfFinding  *finding;

	if (constraint == NULL || call->catalog->server_version < 11 ||
		wf_ddl_walk(constraint->raw_expr, is_volatile, &walk))
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "ADD COLUMN \"%s\" locks \"%s\" for a moment only: its default is kept in the catalog",
							 column->colname, table->name);
	wf_finding_on(call, finding, table);
	finding->severity = WF_SEVERITY_INFO;
	finding->location = column->location;
	finding->lock = AccessExclusiveLock;
	finding->hint = pstrdup("Set lock_timeout, so that it does not wait behind a long query with everybody else behind it.");
}

/* serial or identity. */
void
wf_rule_add_column_auto_increment(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	bool		identity = constraint_of(column, CONSTR_IDENTITY) != NULL;
	WfRelation *table;
	WfFinding  *finding;

	if (!identity && !is_serial(column))
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = report_rewrite(call, table, column,
							 identity ? "every row gets an identity value" : "every row gets a number of the sequence");
	finding->hint = pstrdup("Add a plain column and a sequence, set the default for new rows, fill the old ones in batches, then make the sequence the column's own.");
	if (!identity)
		finding->safe_sql = add_serial_sql(call, table, column);
}

/* What serial does, with the old rows numbered in batches; NULL where they can't be. */
static char *
add_serial_sql(WfRuleCall *call, WfRelation *table, ColumnDef *column)
{
	static const struct
	{
		const char *word;
		const char *type;
	}			types[] = {
		{"bigserial", "bigint"}, {"serial8", "bigint"}, {"smallserial", "smallint"}, {"serial2", "smallint"},
	};
	const char *type = "integer";
	const char *name = quote_identifier(column->colname);
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *sequence = wf_ddl_quote_name(table->schema, makeObjectName(table->name, column->colname, "seq"));
	char	   *fill = wf_rule_fill_default(call, table, column->colname);

	/* A key of the column is another matter. */
	if (fill == NULL || constraint_of(column, CONSTR_PRIMARY) || constraint_of(column, CONSTR_UNIQUE))
		return NULL;
	for (int i = 0; i < lengthof(types); i++)
	{
		if (strcmp(types[i].word, strVal(linitial(column->typeName->names))) == 0)
			type = types[i].type;
	}
	return psprintf("ALTER TABLE %s ADD COLUMN %s %s;\n"
					"CREATE SEQUENCE %s AS %s OWNED BY %s.%s;\n"
					"ALTER TABLE %s ALTER COLUMN %s SET DEFAULT nextval(%s);\n"
					"%s\n"
					"%s",
					relation, name, type, sequence, type, relation, name, relation, name,
					quote_literal_cstr(sequence), fill, wf_rule_make_required(table, column->colname));
}

/* GENERATED ALWAYS AS (...) STORED. */
void
wf_rule_add_column_stored_generated(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	Constraint *constraint = constraint_of(column, CONSTR_GENERATED);
	WfRelation *table;
	WfFinding  *finding;

	if (constraint == NULL || wf_constraint_is_virtual(constraint))
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = report_rewrite(call, table, column, "every row stores the generated value");
	finding->hint = pstrdup(call->catalog->server_version >= 18 ?
							"A virtual generated column needs no rewrite; or keep a plain column by a trigger, and fill the old rows in batches." :
							"Add a plain column that a trigger keeps, and fill the old rows in batches.");
}

/* A domain with a constraint, which is checked for every row. */
void
wf_rule_add_column_constrained_domain(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	WfType	   *type;
	WfRelation *table;
	WfFinding  *finding;

	if (column->typeName == NULL || column->typeName->names == NIL ||
		column->typeName->arrayBounds != NIL)
		return;
	type = call->catalog->type(call->catalog, column->typeName->names);
	if (type == NULL || !type->constrained)
		return;
	table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	if (table == NULL)
		return;
	finding = report_rewrite(call, table, column,
							 psprintf("domain \"%s\" has a constraint, which is checked for every row", type->name));
	finding->hint = pstrdup("Use the domain's base type, and a CHECK of the table that is added as NOT VALID and validated later.");
}

/* NOT NULL without a value for the rows that are there. */
void
wf_rule_add_column_required(WfRuleCall *call)
{
	ColumnDef  *column = added_column(call);
	WfRelation *table;
	WfFinding  *finding;

	if (!constraint_of(column, CONSTR_NOTNULL) && !constraint_of(column, CONSTR_PRIMARY))
		return;
	if (constraint_of(column, CONSTR_DEFAULT) || constraint_of(column, CONSTR_IDENTITY) ||
		constraint_of(column, CONSTR_GENERATED) || is_serial(column))
		return;
	table = wf_rule_altered_table(call);
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "ADD COLUMN \"%s\" NOT NULL without a default fails if \"%s\" holds a row, and code that does not know the column can't insert",
							 column->colname, table->name);
	wf_finding_on(call, finding, table);
	finding->severity = wf_rule_is_populated(call, table) ? call->rule->severity : WF_SEVERITY_INFO;
	finding->location = column->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column->colname);
	wf_finding_note_text(finding, "sqlstate", "23502");
	finding->hint = pstrdup("Add it with a constant DEFAULT, or nullable: fill it in batches, then SET NOT NULL behind a validated CHECK.");
	finding->safe_sql = psprintf("%s;", add_column_sql(table, column));
}
