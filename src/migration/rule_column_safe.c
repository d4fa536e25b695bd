/*
 * rule_column_safe.c: safe ways to add a column that would write the table
 * anew: a plain column first, then what fills and keeps it.
 *
 * Each gives complete statements, or NULL where more hangs on the column than
 * it can carry over, or there is nothing to go over the rows by.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *constraint_text(WfRuleCall *call, ColumnDef *column, Constraint *constraint, const char *word);
static int	constraint_end(ColumnDef *column, int place, int end);
static char *add_column(WfRuleCall *call, WfRelation *table, ColumnDef *column, const char *type);
static char *add_plain_column(WfRuleCall *call, WfRelation *table, ColumnDef *column);
static char *add_rest(WfRuleCall *call, WfRelation *table, ColumnDef *column, ConstrType first, bool required);
static char *as_comment(const char *sql);
static bool sequence_options(WfRuleCall *call, ColumnDef *column, Constraint *identity, char **options);

/* The column's constraint of this kind; NULL where it has none. */
Constraint *
wf_rule_column_constraint(ColumnDef *column, ConstrType kind)
{
	ListCell   *lc;

	foreach(lc, column->constraints)
	{
		if (lfirst_node(Constraint, lc)->contype == kind)
			return lfirst(lc);
	}
	return NULL;
}

/* The constraint of a column, with the DEFERRABLE that follows it. */
Constraint *
wf_rule_with_attributes(List *constraints, ListCell *place)
{
	Constraint *constraint = copyObjectImpl(lfirst(place));

	while ((place = lnext(constraints, place)) != NULL && wf_rule_is_attribute(lfirst(place)))
	{
		ConstrType	type = lfirst_node(Constraint, place)->contype;

		constraint->initdeferred |= type == CONSTR_ATTR_DEFERRED;
		constraint->deferrable |= type == CONSTR_ATTR_DEFERRED || type == CONSTR_ATTR_DEFERRABLE;
	}
	return constraint;
}

/* Does NOT ENFORCED (18) follow the constraint of a new column?  Then no row is looked at. */
bool
wf_rule_is_unenforced(List *constraints, ListCell *place)
{
	while ((place = lnext(constraints, place)) != NULL && wf_rule_is_attribute(lfirst(place)))
	{
		if (wf_constraint_is_unenforced(lfirst_node(Constraint, place)))
			return true;
	}
	return false;
}

/* ADD COLUMN of the call without its constraints, and of this type, without a semicolon. */
static char *
add_column(WfRuleCall *call, WfRelation *table, ColumnDef *column, const char *type)
{
	const char *storage = wf_column_storage_name(column);

	return psprintf("ALTER TABLE %s ADD COLUMN %s%s %s%s%s%s%s%s%s",
					wf_ddl_quote_name(table->schema, table->name), call->command->missing_ok ? "IF NOT EXISTS " : "",
					quote_identifier(column->colname), type,
					storage ? " STORAGE " : "", storage ? quote_identifier(storage) : "",
					column->compression ? " COMPRESSION " : "",
					column->compression ? quote_identifier(column->compression) : "",
					column->collClause ? " COLLATE " : "",
					column->collClause ? wf_ddl_quote_names(column->collClause->collname, ".") : "");
}

static char *
add_plain_column(WfRuleCall *call, WfRelation *table, ColumnDef *column)
{
	return add_column(call, table, column, wf_ddl_type_name(column->typeName));
}

/*
 * What else the column was to have, once it is filled: its constraints but the one
 * that stands in front of the others; each on a line of its own, behind a newline.
 * NULL where one can't be added later.
 */
static char *
add_rest(WfRuleCall *call, WfRelation *table, ColumnDef *column, ConstrType first, bool required)
{
	List	   *keys = list_make1(makeString(column->colname));
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	Bitmapset  *unnamed = NULL; /* kinds of constraints */
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	if (required || (first != CONSTR_NOTNULL && wf_rule_column_constraint(column, CONSTR_NOTNULL)))
		appendStringInfo(&sql, "\n%s", wf_rule_make_required(call, table, column->colname));
	foreach(lc, column->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);
		char	   *definition = NULL;
		char	   *name = constraint->conname;

		if (constraint->contype == first || constraint->contype == CONSTR_NULL || constraint->contype == CONSTR_NOTNULL ||
			wf_rule_is_attribute(constraint))
			continue;
		constraint = wf_rule_with_attributes(column->constraints, lc);
		/* Two of a kind without names would be given the same one. */
		if ((name == NULL && bms_is_member(constraint->contype, unnamed)) || wf_rule_is_unenforced(column->constraints, lc))
			return NULL;
		if (name == NULL)
			unnamed = bms_add_member(unnamed, constraint->contype);
		if (constraint->contype == CONSTR_UNIQUE && table->kind != RELKIND_PARTITIONED_TABLE)
		{
			appendStringInfo(&sql, "\n%s", wf_rule_unique_by_index(call, table, constraint, keys));
			continue;
		}
		if (name == NULL)
			name = wf_ddl_free_name(call->catalog, table, column->colname, constraint->contype == CONSTR_CHECK ? "check" : "fkey");
		if (constraint->contype == CONSTR_CHECK)
			definition = wf_rule_check_sql(call, constraint, name);
		else if (constraint->contype == CONSTR_FOREIGN &&
				 (table->kind != RELKIND_PARTITIONED_TABLE || call->catalog->server_version >= 18))
			definition = wf_rule_foreign_key_sql(constraint, name, keys);
		if (definition == NULL)
			return NULL;
		appendStringInfo(&sql, "\nALTER TABLE %s ADD %s NOT VALID;\nALTER TABLE %s VALIDATE CONSTRAINT %s;",
						 relation, definition, relation, quote_identifier(name));
	}
	return sql.data;
}

/*
 * Where the column's constraint that begins at this place ends in the source, at
 * the latest at end: where the next one begins, or COLLATE, which may stand anywhere.
 */
static int
constraint_end(ColumnDef *column, int place, int end)
{
	ListCell   *lc;

	if (column->collClause && column->collClause->location > place)
		end = Min(end, column->collClause->location);
	foreach(lc, column->constraints)
	{
		Constraint *other = lfirst_node(Constraint, lc);

		/* DEFERRABLE and its like belong to what they follow. */
		if (other->location > place && !wf_rule_is_attribute(other))
			end = Min(end, other->location);
	}
	return end;
}

/*
 * The ADD COLUMN of the call without one of its constraints, as it was written,
 * without a semicolon; NULL without a source.
 */
char *
wf_rule_add_column_without(WfRuleCall *call, WfRelation *table, Constraint *constraint)
{
	ColumnDef  *column = castNode(ColumnDef, call->command->def);
	int			end = wf_rule_source_end(call);
	int			to;

	if (end == 0 || column->location < 0 || constraint->location < column->location)
		return NULL;
	end = wf_ddl_source_item_end(call->source, column->location, end);
	to = constraint_end(column, constraint->location, end);
	return psprintf("ALTER TABLE %s ADD COLUMN %s%s%s%s", wf_ddl_quote_name(table->schema, table->name),
					call->command->missing_ok ? "IF NOT EXISTS " : "",
					wf_ddl_source_copy(call->source, column->location, constraint->location),
					to < end ? " " : "", wf_ddl_source_copy(call->source, to, end));
}

/* Is it what is said of the constraint before it: DEFERRABLE, NOT ENFORCED and their like? */
bool
wf_rule_is_attribute(const Constraint *constraint)
{
	return constraint->contype == CONSTR_ATTR_DEFERRABLE || constraint->contype == CONSTR_ATTR_NOT_DEFERRABLE ||
		constraint->contype == CONSTR_ATTR_DEFERRED || constraint->contype == CONSTR_ATTR_IMMEDIATE ||
		wf_constraint_is_enforcement(constraint);
}

/* A default that is set for new rows, and then for the old ones in batches. */
char *
wf_rule_add_default_later(WfRuleCall *call, WfRelation *table, ColumnDef *column, Constraint *constraint)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	const char *name = quote_identifier(column->colname);
	char	   *text = constraint_text(call, column, constraint, "DEFAULT");
	char	   *fill = wf_rule_fill_default(call, table, column->colname);
	char	   *rest = add_rest(call, table, column, CONSTR_DEFAULT, false);

	if (text == NULL || rest == NULL || (fill == NULL && *rest))
		return NULL;
	return psprintf("%s;\nALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s;\n%s%s",
					add_plain_column(call, table, column), relation, name, text,
					fill ? fill :
					psprintf("-- then, batch by batch: UPDATE %s SET %s = DEFAULT WHERE %s IS NULL AND ...;",
							 relation, name, name), rest);
}

/*
 * What follows the word that the column's constraint begins with, as it was
 * written, up to the next constraint; NULL without a source.
 */
static char *
constraint_text(WfRuleCall *call, ColumnDef *column, Constraint *constraint, const char *word)
{
	int			end = wf_rule_source_end(call);
	int			from;
	int			to;

	if (end == 0 || constraint->location < 0 ||
		!wf_ddl_source_word_is(call->source, constraint->location, end, word))
		return NULL;
	from = constraint->location + strlen(word);
	to = constraint_end(column, from, wf_ddl_source_item_end(call->source, from, end));
	return wf_ddl_source_copy(call->source, from, to);
}

/*
 * The column of a new primary key, with a value of its own in each row there is,
 * from serial, an identity or a default that is not the same for all; NULL where
 * that can't be written down.
 */
char *
wf_rule_add_key_values(WfRuleCall *call, WfRelation *table, ColumnDef *column)
{
	ColumnDef  *plain = copyObjectImpl(column);
	Constraint *preset;
	char	   *sql;

	plain->constraints = list_delete_ptr(plain->constraints, wf_rule_column_constraint(plain, CONSTR_PRIMARY));
	preset = wf_rule_column_constraint(plain, CONSTR_DEFAULT);
	if (wf_rule_column_constraint(plain, CONSTR_IDENTITY))
		return wf_rule_add_identity_later(call, table, plain);
	if (preset == NULL)
		return wf_ddl_plain_type_names(plain->typeName) == plain->typeName->names ? NULL :
			wf_rule_add_serial_later(call, table, plain);
	if (!IsA(preset->raw_expr, FuncCall) || wf_rule_fill_default(call, table, column->colname) == NULL)
		return NULL;
	sql = wf_rule_add_default_later(call, table, plain, preset);
	if (sql == NULL || wf_rule_column_constraint(plain, CONSTR_NOTNULL))
		return sql;
	return psprintf("%s\n%s", sql, wf_rule_make_required(call, table, column->colname));
}

/* What serial does, with the old rows numbered in batches. */
char *
wf_rule_add_serial_later(WfRuleCall *call, WfRelation *table, ColumnDef *column)
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
	char	   *rest = add_rest(call, table, column, CONSTR_DEFAULT, true);

	if (fill == NULL || rest == NULL)
		return NULL;
	for (int i = 0; i < lengthof(types); i++)
	{
		if (strcmp(types[i].word, strVal(linitial(column->typeName->names))) == 0)
			type = types[i].type;
	}
	return psprintf("%s;\n"
					"CREATE SEQUENCE %s AS %s OWNED BY %s.%s;\n"
					"ALTER TABLE %s ALTER COLUMN %s SET DEFAULT nextval(%s);\n"
					"%s%s",
					add_column(call, table, column, type), sequence, type, relation, name, relation, name,
					quote_literal_cstr(sequence), fill, rest);
}

/*
 * An identity column: a sequence of its own numbers the rows until the column
 * can become one, and hands over where it stands.  Whoever inserts may use an
 * identity's sequence, so this one as well, as long as it lives.
 */
char *
wf_rule_add_identity_later(WfRuleCall *call, WfRelation *table, ColumnDef *column)
{
	Constraint *identity = wf_rule_column_constraint(column, CONSTR_IDENTITY);
	const char *name = quote_identifier(column->colname);
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *fill = wf_rule_fill_default(call, table, column->colname);
	char	   *rest = add_rest(call, table, column, CONSTR_IDENTITY, true);
	const char *sequence;
	char	   *options;

	if (fill == NULL || rest == NULL || !sequence_options(call, column, identity, &options))
		return NULL;
	sequence = wf_ddl_quote_name(table->schema, wf_ddl_free_name(call->catalog, table, column->colname, "start"));
	return psprintf("%s;\n"
					"CREATE SEQUENCE %s AS %s%s%s;\n"
					"GRANT USAGE ON SEQUENCE %s TO PUBLIC;\n"
					"ALTER TABLE %s ALTER COLUMN %s SET DEFAULT nextval(%s);\n"
					"%s%s\n"
					"BEGIN;\n"
					"ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT;\n"
					"ALTER TABLE %s ALTER COLUMN %s ADD GENERATED %s AS IDENTITY%s%s%s;\n"
					"SELECT setval(pg_get_serial_sequence(%s, %s), nextval(%s), false);\n"
					"DROP SEQUENCE %s;\n"
					"COMMIT;",
					add_plain_column(call, table, column),
					sequence, wf_ddl_type_name(column->typeName), *options ? " " : "", options,
					sequence, relation, name, wf_ddl_quote_literal(sequence),
					fill, rest,
					relation, name,
					relation, name, identity->generated_when == 'a' ? "ALWAYS" : "BY DEFAULT",
					*options ? " (" : "", options, *options ? ")" : "",
					wf_ddl_quote_literal(relation), wf_ddl_quote_literal(column->colname), wf_ddl_quote_literal(sequence),
					sequence);
}

/*
 * The options of an identity column as they were written, without the
 * parentheses; false where a sequence beside it can't have them.
 */
static bool
sequence_options(WfRuleCall *call, ColumnDef *column, Constraint *identity, char **options)
{
	ListCell   *lc;
	char	   *text;
	char	   *open;

	*options = pstrdup("");
	if (identity->options == NIL)
		return true;
	foreach(lc, identity->options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, "sequence_name") == 0)
			return false;
	}
	text = constraint_text(call, column, identity, "GENERATED");
	open = text ? strchr(text, '(') : NULL;
	if (open == NULL || strrchr(open, ')') == NULL)
		return false;
	*strrchr(open, ')') = '\0';
	*options = open + 1;
	return true;
}

/*
 * A stored generated column: a plain one that a trigger computes.  The trigger
 * reads the new row as a table of the old name, so that the expression is
 * taken as it was written.
 */
char *
wf_rule_keep_generated(WfRuleCall *call, WfRelation *table, ColumnDef *column, Constraint *constraint)
{
	const char *name = quote_identifier(column->colname);
	char	   *text = constraint_text(call, column, constraint, "GENERATED");
	char	   *open = text ? strchr(text, '(') : NULL;
	char	   *rest = add_rest(call, table, column, CONSTR_GENERATED, false);
	char	   *fill;

	if (open == NULL || strrchr(open, ')') == NULL || rest == NULL || wf_rule_has_heirs(call, table))
		return NULL;
	strrchr(open, ')')[1] = '\0';
	fill = wf_rule_fill(call, table, psprintf("%s = %s", name, open), psprintf("%s IS NULL AND %s IS DISTINCT FROM NULL", name, open));
	if (fill == NULL)
		return NULL;
	return psprintf("%s;\n"
					"%s%s%s",
					add_plain_column(call, table, column),
					wf_rule_keep_trigger(table, makeObjectName(table->name, column->colname, "keep"),
										 psprintf("    NEW.%s := (SELECT %s FROM (SELECT NEW.*) AS %s);\n", name, open,
												  quote_identifier(table->name)),
										 "#variable_conflict use_column\n"),
					fill, rest);
}

/*
 * A column of a domain: one of its base type, and a CHECK that casts it, which
 * raises what the domain raises.
 */
char *
wf_rule_add_domain_later(WfRuleCall *call, WfRelation *table, ColumnDef *column, WfType *type)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	const char *name = quote_identifier(column->colname);
	const char *check;

	if (type->base == NULL || column->constraints != NIL || column->collClause)
		return NULL;
	check = quote_identifier(makeObjectName(table->name, column->colname, "check"));
	return psprintf("%s;\n"
					"ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s::%s IS NOT DISTINCT FROM %s) NOT VALID;\n"
					"ALTER TABLE %s VALIDATE CONSTRAINT %s;",
					add_column(call, table, column, type->base), relation, check, name,
					wf_ddl_quote_name(type->schema, type->name), name, relation, check);
}

/*
 * A column that may be null until all rows have a value, and what is left to do
 * then.
 */
char *
wf_rule_add_nullable_first(WfRuleCall *call, WfRelation *table, ColumnDef *column)
{
	ColumnDef  *plain = copyObjectImpl(column);
	Constraint *key = wf_rule_column_constraint(plain, CONSTR_PRIMARY);
	char	   *later = wf_rule_make_required(call, table, column->colname);
	char	   *rest;

	if (key && table->kind == RELKIND_PARTITIONED_TABLE)
		return NULL;
	if (key)
		later = psprintf("%s\n%s", later, wf_rule_primary_by_index(call, table, key, list_make1(makeString(column->colname))));
	plain->constraints = list_delete_ptr(plain->constraints, key);
	plain->constraints = list_delete_ptr(plain->constraints, wf_rule_column_constraint(plain, CONSTR_DEFAULT));
	rest = add_rest(call, table, plain, CONSTR_NOTNULL, false);
	if (rest == NULL)
		return NULL;
	return psprintf("%s;%s\n-- When every row has a value:\n%s", add_plain_column(call, table, column), rest, as_comment(later));
}

/* The lines as comments. */
static char *
as_comment(const char *sql)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "-- ");
	for (; *sql; sql++)
	{
		appendStringInfoChar(&text, *sql);
		if (*sql == '\n')
			appendStringInfoString(&text, "-- ");
	}
	return text.data;
}
