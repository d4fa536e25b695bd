/*
 * rule_batches.c: safe ways that go over a table in batches.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *free_check_name(WfRuleCall *call, WfRelation *table, const char *column);
static bool has_name(List *names, const char *name);

/* The one column of the primary key, if it is an integer; else NULL. */
char *
wf_rule_whole_number_key(WfRuleCall *call, WfRelation *table)
{
	ListCell   *lc;

	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);
		WfColumn   *column;

		if (constraint->kind != 'p' || list_length(constraint->columns) != 1)
			continue;
		column = call->catalog->column(call->catalog, table, linitial(constraint->columns));
		if (column && wf_ddl_is_integer(column))
			return column->name;
	}
	return NULL;
}

/*
 * An UPDATE or DELETE, up to its WHERE, over ranges of the primary key, a
 * transaction each; NULL where there is no whole number to go by.  A row keeps
 * its key, so none is changed twice, which pages do not promise.
 *
 * name is what the statement calls the table, condition its own one or NULL.
 */
char *
wf_rule_batches(WfRuleCall *call, WfRelation *table, const char *statement, const char *name, const char *condition)
{
	char	   *key = wf_rule_whole_number_key(call, table);
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *code;

	if (key == NULL)
		return NULL;
	key = wf_ddl_quote_name(NULL, key);
	/* found is a variable of every block, and may be a column. */
	code = psprintf("\n"
					"#variable_conflict use_column\n"
					"DECLARE\n"
					"    wf_next bigint := (SELECT min(%s) FROM %s);\n"
					"    wf_last bigint := (SELECT max(%s) FROM %s);\n"
					"BEGIN\n"
					"    WHILE wf_next <= wf_last LOOP\n"
					"        %s WHERE %s.%s BETWEEN wf_next AND wf_next + 9999%s%s%s;\n"
					"        COMMIT;\n"
					"        wf_next := wf_next + 10000;\n"
					"    END LOOP;\n"
					"END ",
					key, relation, key, relation, statement, wf_ddl_quote_name(NULL, name), key,
					condition ? " AND (" : "", condition ? condition : "", condition ? ")" : "");
	return psprintf("DO %s;", wf_rule_dollar_quote("batches", code));
}

/* Code between dollar quotes, which it does not hold itself. */
char *
wf_rule_dollar_quote(const char *tag, const char *code)
{
	char	   *quote = psprintf("$%s$", tag);

	for (int i = 1; strstr(code, quote); i++)
		quote = psprintf("$%s%d$", tag, i);
	return psprintf("%s%s%s", quote, code, quote);
}

/*
 * Fills a column in batches.  condition holds for the rows that are not filled,
 * and for none that is; a row value with a NULL in it is not IS NOT NULL, but
 * IS DISTINCT FROM NULL.
 *
 * Without a key to go by, it goes over the pages, which PostgreSQL 14 and later
 * read by their numbers.  A row that others move behind it meanwhile is filled
 * at the end.  NULL where the pages have no common numbers: those of a table that
 * others inherit from are not all its own.
 */
char *
wf_rule_fill(WfRuleCall *call, WfRelation *table, const char *assignment, const char *condition)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *statement = psprintf("UPDATE %s SET %s", relation, assignment);
	char	   *by_key = wf_rule_batches(call, table, statement, table->name, condition);
	char	   *code;

	if (by_key || table->kind == RELKIND_PARTITIONED_TABLE || call->catalog->server_version < 14 || wf_rule_has_heirs(call, table))
		return by_key;
	code = psprintf("\n"
					"#variable_conflict use_column\n"
					"DECLARE\n"
					"    wf_next bigint := 0;\n"
					"    wf_end bigint := pg_relation_size(%s) / current_setting('block_size')::bigint;\n"
					"BEGIN\n"
					"    WHILE wf_next < wf_end LOOP\n"
					"        %s WHERE ctid >= format('(%%s,0)', wf_next)::tid AND ctid < format('(%%s,0)', wf_next + 500)::tid AND (%s);\n"
					"        COMMIT;\n"
					"        wf_next := wf_next + 500;\n"
					"    END LOOP;\n"
					"    %s WHERE %s;\n"
					"END ",
					wf_ddl_quote_literal(relation), statement, condition, statement, condition);
	return psprintf("DO %s;", wf_rule_dollar_quote("batches", code));
}

/* Gives a new column its default in the rows that are there; NULL as above. */
char *
wf_rule_fill_default(WfRuleCall *call, WfRelation *table, const char *column)
{
	const char *name = quote_identifier(column);

	return wf_rule_fill(call, table, psprintf("%s = DEFAULT", name), psprintf("%s IS NULL", name));
}

/* The first name of this form that no constraint of the table has. */
static char *
free_check_name(WfRuleCall *call, WfRelation *table, const char *column)
{
	char	   *name = makeObjectName(column, NULL, "not_null");

	for (int i = 1; call->catalog->constraint(call->catalog, table, name); i++)
		name = makeObjectName(column, NULL, psprintf("not_null%d", i));
	return name;
}

/*
 * Makes a filled column NOT NULL without a scan under a lock.  The CHECK goes by the
 * column's name alone: what the server calls a NOT NULL (18) begins with the table's.
 */
char *
wf_rule_make_required(WfRuleCall *call, WfRelation *table, const char *column)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	const char *name = quote_identifier(free_check_name(call, table, column));
	const char *quoted = quote_identifier(column);

	return psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;\n"
					"ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
					"ALTER TABLE %s ALTER COLUMN %s SET NOT NULL;\n"
					"ALTER TABLE %s DROP CONSTRAINT %s;",
					relation, name, quoted, relation, name, relation, quoted, relation, name);
}

/*
 * A part of safe_sql: a trigger, and its function of the same name, that runs the
 * code for each new and changed row.  options: what PL/pgSQL is to go by, or "".
 */
char *
wf_rule_keep_trigger(WfRelation *table, const char *name, const char *code, const char *options)
{
	char	   *function = wf_ddl_quote_name(table->schema, name);

	return psprintf("CREATE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS %s;\n"
					"CREATE TRIGGER %s BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION %s();\n",
					function,
					wf_rule_dollar_quote("keep", psprintf("\n%sBEGIN\n%s    RETURN NEW;\nEND ", options, code)),
					wf_ddl_quote_name(NULL, name), wf_ddl_quote_name(table->schema, table->name), function);
}

/*
 * A column of a new type beside the old one, which a trigger keeps, and which
 * takes its name at the end.  NULL where more hangs on the column than its
 * values, or there is nothing to go over the rows by.
 *
 * type is the new type's name.
 */
char *
wf_rule_second_column(WfRuleCall *call, WfRelation *table, WfColumn *column, const char *type)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *second = makeObjectName(column->name, NULL, "new");
	char	   *first = makeObjectName(column->name, NULL, "old");
	const char *quoted = quote_identifier(second);
	const char *old = quote_identifier(column->name);
	char	   *trigger = makeObjectName(table->name, column->name, "keep");
	char	   *function = wf_ddl_quote_name(table->schema, trigger);
	char	   *fill;
	StringInfoData sql;

	if (!wf_rule_is_plain_column(call, table, column))
		return NULL;
	fill = wf_rule_fill(call, table, psprintf("%s = %s::%s", quoted, old, type), psprintf("%s IS NULL AND %s IS DISTINCT FROM NULL", quoted, old));
	if (fill == NULL)
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER TABLE %s ADD COLUMN %s %s;\n"
					 "%s%s\n",
					 relation, quoted, type,
					 wf_rule_keep_trigger(table, trigger, psprintf("    NEW.%s := NEW.%s::%s;\n", quoted, old, type), ""), fill);
	if (column->not_null)
		appendStringInfo(&sql, "%s\n", wf_rule_make_required(call, table, second));
	appendStringInfo(&sql, "BEGIN;\n"
					 "DROP TRIGGER %s ON %s;\n"
					 "DROP FUNCTION %s();\n",
					 quote_identifier(trigger), relation, function);
	if (column->not_null)
		appendStringInfo(&sql, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;\n", relation, old);
	appendStringInfo(&sql, "ALTER TABLE %s RENAME COLUMN %s TO %s;\n"
					 "ALTER TABLE %s RENAME COLUMN %s TO %s;\n"
					 "COMMIT;\n"
					 "-- When nobody needs the old values any more: ALTER TABLE %s DROP COLUMN %s;",
					 relation, old, quote_identifier(first), relation, quoted, old, relation, quote_identifier(first));
	return sql.data;
}

/* Do other tables inherit from it, whose rows a trigger on it does not see?  Partitions have it as well. */
bool
wf_rule_has_heirs(WfRuleCall *call, WfRelation *table)
{
	return table->kind != RELKIND_PARTITIONED_TABLE && call->catalog->partitions(call->catalog, table) != NIL;
}

/* Does nothing but NOT NULL hang on the live column, and can a trigger of its table keep another one? */
bool
wf_rule_is_plain_column(WfRuleCall *call, WfRelation *table, WfColumn *column)
{
	ListCell   *lc;

	if (!OidIsValid(table->relid) || wf_rule_has_heirs(call, table) || column->attnum <= 0 || column->has_default || column->identity || column->generated)
		return false;
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		if (has_name(((WfConstraint *) lfirst(lc))->columns, column->name) && ((WfConstraint *) lfirst(lc))->kind != 'n')
			return false;
	}
	/* A column of an expression is not told: any such index may hold it. */
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		if (((WfIndex *) lfirst(lc))->is_partial || has_name(((WfIndex *) lfirst(lc))->columns, column->name))
			return false;
	}
	return call->catalog->dependents(call->catalog, table, column->attnum) == NIL;
}

/* NULL in the list may be any name. */
static bool
has_name(List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		if (lfirst(lc) == NULL || strcmp(lfirst(lc), name) == 0)
			return true;
	}
	return false;
}
