/*
 * rule_cast.c: values that do not fit into the column's new type.
 *
 * For the types that people change, the values that do not fit are told by a
 * condition, so the rows can be counted.  For others the cast is tried, which
 * ends at the first value that fails.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* A type, or the length of one, that a column changes to. */
typedef struct Target
{
	const TypeName *name;
	Oid			type;
	char		kind;			/* typtype */
	bool		assigns;		/* without USING: an assignment, which does
								 * not cut */
} Target;

static Node *cast_value(Node *expression, bool *casts);
static bool is_plain_cast(const ColumnDef *def, const char *column);
static char *misfit(WfRuleCall *call, WfColumn *column, const Target *target);
static char *integer_misfit(Oid source, Oid type, const char *value);
static char *text_misfit(const Target *target, const char *value);
static char *numeric_misfit(const TypeName *name, const char *value);
static bool is_text(Oid type);
static bool is_number(Oid type);
static bool typmod_at(const TypeName *name, int position, int *value);
static void try_cast(WfRuleCall *call, WfRelation *table, const ColumnDef *def, const char *column);

/* ALTER COLUMN TYPE that ends at a value. */
void
wf_rule_type_cast_would_fail(WfRuleCall *call)
{
	WfRelation *table = wf_rule_validated_table(call, ((AlterTableStmt *) call->statement)->relation);
	ColumnDef  *def = castNode(ColumnDef, call->command->def);
	const char *name = call->command->name;
	Target		target = {.name = def->typeName, .assigns = def->raw_default == NULL};
	WfColumn   *column;
	WfType	   *type;
	WfFinding  *finding;
	char	   *condition;
	WfAnswer	answer;

	if (table == NULL)
		return;
	column = call->catalog->column(call->catalog, table, name);
	/* An expression of USING is its author's: only a plain cast is tried. */
	if (column == NULL || column->attnum <= 0 || !is_plain_cast(def, name))
		return;
	if (def->typeName->arrayBounds == NIL && !def->typeName->setof && !def->typeName->pct_type)
	{
		type = call->catalog->type(call->catalog, def->typeName->names);
		target.type = type ? type->oid : InvalidOid;
		target.kind = type ? type->kind : 0;
	}
	/* Without a cast that ALTER COLUMN uses it fails whatever the rows hold. */
	if (target.assigns && call->catalog->type_change(call->catalog, column, def->typeName) == WF_TYPE_CHANGE_FAILS)
		return;
	condition = misfit(call, column, &target);
	if (condition == NULL)
	{
		try_cast(call, table, def, name);
		return;
	}
	(void) call->session->ask(call->session,
							  psprintf("SELECT pg_catalog.count(*), (pg_catalog.array_agg(%s))[1] FROM %s t WHERE %s",
									   wf_rule_row_key(call, table, "t"), wf_ddl_quote_name(table->schema, table->name), condition),
							  &answer);
	finding = wf_rule_report_rows(call, table, &answer, is_text(target.type) ? "22001" : is_text(column->type) || target.kind == TYPTYPE_ENUM ? "22P02" : "22003",
								  psprintf("the value of \"%s\" does not fit into %s", name, wf_ddl_type_name(def->typeName)));
	if (finding == NULL)
		return;
	finding->location = def->location;
	finding->rewrites = target.type != VARCHAROID;
	wf_finding_note_text(finding, "column", name);
}

/* What is cast, also by way of text. */
static Node *
cast_value(Node *expression, bool *casts)
{
	*casts = false;
	while (IsA(expression, TypeCast))
	{
		*casts = true;
		expression = ((TypeCast *) expression)->arg;
	}
	return expression;
}

/* No USING, or one that casts the column to the type, if need be over text. */
static bool
is_plain_cast(const ColumnDef *def, const char *column)
{
	bool		casts;
	Node	   *value;

	if (def->raw_default == NULL)
		return true;
	value = cast_value(def->raw_default, &casts);
	return casts && IsA(value, ColumnRef) && IsA(llast(((ColumnRef *) value)->fields), String) &&
		strcmp(strVal(llast(((ColumnRef *) value)->fields)), column) == 0 &&
		strcmp(wf_ddl_type_name(((TypeCast *) def->raw_default)->typeName), wf_ddl_type_name(def->typeName)) == 0;
}

/* A condition that is true of the rows t whose value does not fit; or NULL. */
static char *
misfit(WfRuleCall *call, WfColumn *column, const Target *target)
{
	char	   *value = psprintf("t.%s", quote_identifier(column->name));

	if (target->kind == TYPTYPE_ENUM && column->type != target->type)
		return psprintf("NOT %s::pg_catalog.text OPERATOR(pg_catalog.=) ANY (pg_catalog.enum_range(NULL::%s)::pg_catalog.text[])",
						value, wf_ddl_type_name(target->name));
	/* Text is read by the new type, which 16 and later tell without raising. */
	if (WF_SERVER_MAJOR >= 16 && is_text(column->type) && !is_text(target->type) && OidIsValid(target->type))
		return psprintf("NOT pg_catalog.pg_input_is_valid(%s::pg_catalog.text, %s)", value,
						quote_literal_cstr(wf_ddl_type_name(target->name)));
	switch (target->type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return integer_misfit(column->type, target->type, value);
		case VARCHAROID:
		case BPCHAROID:
			return text_misfit(target, value);
		case NUMERICOID:
			return is_number(column->type) ? numeric_misfit(target->name, value) : NULL;
		case UUIDOID:
			return is_text(column->type) ?
				psprintf("%s::pg_catalog.text OPERATOR(pg_catalog.!~*) '^(\\{[0-9a-f]{4}(-?[0-9a-f]{4}){7}\\}|[0-9a-f]{4}(-?[0-9a-f]{4}){7})$'", value) : NULL;
		default:
			return NULL;
	}
}

static char *
integer_misfit(Oid source, Oid type, const char *value)
{
	const char *range = type == INT2OID ? "-32768 AND 32767" : type == INT4OID ? "-2147483648 AND 2147483647" :
	"-9223372036854775808 AND 9223372036854775807";

	if (is_number(source))
		return psprintf("pg_catalog.round(%s::pg_catalog.numeric) NOT BETWEEN %s", value, range);
	if (is_text(source))
		return psprintf("CASE WHEN %s::pg_catalog.text OPERATOR(pg_catalog.~) '^[[:space:]]*[-+]?[0-9]+[[:space:]]*$' "
						"THEN %s::pg_catalog.text::pg_catalog.numeric NOT BETWEEN %s ELSE %s IS NOT NULL END",
						value, value, range, value);
	return NULL;
}

/* More characters than the limit, trailing spaces apart; a cast cuts them off. */
static char *
text_misfit(const Target *target, const char *value)
{
	int			limit;

	if (!target->assigns || !typmod_at(target->name, 0, &limit))
		return NULL;
	return psprintf("pg_catalog.length(pg_catalog.rtrim(%s::pg_catalog.text, ' ')) OPERATOR(pg_catalog.>) %d", value, limit);
}

static char *
numeric_misfit(const TypeName *name, const char *value)
{
	int			precision;
	int			scale = 0;

	if (!typmod_at(name, 0, &precision))
		return NULL;
	(void) typmod_at(name, 1, &scale);
	return psprintf("%s::pg_catalog.numeric OPERATOR(pg_catalog.<>) 'NaN' AND "
					"pg_catalog.abs(pg_catalog.round(%s::pg_catalog.numeric, %d)) OPERATOR(pg_catalog.>=) pg_catalog.power(10::pg_catalog.numeric, %d)",
					value, value, scale, precision - scale);
}

static bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID || type == BPCHAROID;
}

/* Of the exact ones: a cast from floating point rounds in another way. */
static bool
is_number(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == NUMERICOID;
}

/* A length, precision or scale as the text gives it. */
static bool
typmod_at(const TypeName *name, int position, int *value)
{
	A_Const    *constant;

	if (list_length(name->typmods) <= position || !IsA(list_nth(name->typmods, position), A_Const))
		return false;
	constant = list_nth_node(A_Const, name->typmods, position);
	if (nodeTag(&constant->val) != T_Integer)
		return false;
	*value = intVal(&constant->val);
	return true;
}

/* Is there a value that the cast raises at? */
static void
try_cast(WfRuleCall *call, WfRelation *table, const ColumnDef *def, const char *column)
{
	WfFinding  *finding;
	WfAnswer	answer;

	if (call->session->ask(call->session,
						   psprintf("SELECT count(CAST(%s AS %s)), NULL FROM %s", quote_identifier(column),
									wf_ddl_type_name(def->typeName), wf_ddl_quote_name(table->schema, table->name)),
						   &answer) || answer.error == NULL)
		return;
	finding = wf_finding_add(call, "fails on a value of \"%s\": %s", column, answer.error);
	finding->object = wf_ddl_quote_name(table->schema, table->name);
	finding->relation = table;
	finding->location = def->location;
	finding->rewrites = true;
	finding->scans = true;
	wf_finding_note_text(finding, "column", column);
	wf_finding_note_text(finding, "example", answer.error);
	finding->hint = pstrdup("Repair the values first, or say with USING what becomes of them.");
}
