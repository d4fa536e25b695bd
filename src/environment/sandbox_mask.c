/*
 * sandbox_mask.c: the rules by which columns are masked.
 *
 * A rule is a row for the types that it fits, with an expression: in it {v} is
 * the value, {h} a text hash of value and seed, {n} a number from 0 of the
 * same, {s} the seed, {a} the rule's argument and {t} the column's type.  What
 * the expression gives is cast to that type.  Only rules that give different
 * results for different values, and the same for the same, fit keys.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "environment/sandbox.h"

#define HASH "pg_catalog.md5({s} || ':' || ({v})::pg_catalog.text)"
#define NUMBER "(('x' || substr(" HASH ", 1, 15))::bit(60)::bigint)"

/*
 * Changes the low bits of a whole number into others, each into one of its
 * own: multiplying by an odd number and xor with the upper half are bijective.
 */
#define MIX(x, factor, shift, bits) "((" x " # (" x " >> " shift ")) * " factor " & " bits ")"
#define LOW(bits) "((({v})::bigint # {s}) & " bits ")"
#define PERMUTE(bits, shift) \
	"(({v})::bigint - (({v})::bigint & " bits ") + " \
	MIX(MIX(LOW(bits), "1103515245", shift, bits), "1540483477", shift, bits) ")"
#define LOW_15 "32767"
#define LOW_31 "2147483647"

typedef struct WfMaskRule
{
	const char *name;
	char		category;		/* of types, as pg_type has it; 0: any */
	Oid			type;			/* this one only; InvalidOid: all of the
								 * category */
	const char *expression;
	bool		for_keys;
	bool		has_argument;	/* "name:argument" */
} WfMaskRule;

static const WfMaskRule rules[] = {
	{"hash", TYPCATEGORY_STRING, InvalidOid, "{h}", true, false},
	{"hash", 0, UUIDOID, "{h}", true, false},
	{"hash", 0, BYTEAOID, "pg_catalog.decode({h}, 'hex')", true, false},
	{"hash", 0, INT2OID, PERMUTE(LOW_15, "7"), true, false},
	{"hash", 0, INT4OID, PERMUTE(LOW_31, "15"), true, false},
	{"hash", 0, INT8OID, PERMUTE(LOW_31, "15"), true, false},
	{"fake-email", TYPCATEGORY_STRING, InvalidOid, "'user-' || substr({h}, 1, 16) || '@example.com'", true, false},
	{"fake-name", TYPCATEGORY_STRING, InvalidOid,
		"(ARRAY['Ada', 'Ben', 'Carla', 'David', 'Elif', 'Farid', 'Grace', 'Hugo',"
		" 'Ines', 'Jonas', 'Kim', 'Luca', 'Mira', 'Noah', 'Olga', 'Pablo'])[1 + {n} % 16] || ' ' ||"
		" (ARRAY['Abel', 'Bianchi', 'Costa', 'Dubois', 'Evans', 'Fischer', 'Garcia', 'Huber',"
		" 'Ivanov', 'Jansen', 'Keller', 'Lopez', 'Meier', 'Novak', 'Olsen', 'Petrov'])[1 + {n} / 16 % 16]",
	false, false},
	{"fake-phone", TYPCATEGORY_STRING, InvalidOid, "'+1555' || lpad(({n} % 10000000)::text, 7, '0')", false, false},
	{"noise", 0, INT2OID, "({v}) * (0.9 + 0.0002 * ({n} % 1001))", false, false},
	{"noise", 0, INT4OID, "({v}) * (0.9 + 0.0002 * ({n} % 1001))", false, false},
	{"noise", 0, INT8OID, "({v}) * (0.9 + 0.0002 * ({n} % 1001))", false, false},
	{"noise", 0, NUMERICOID, "({v}) * (0.9 + 0.0002 * ({n} % 1001))", false, false},
	{"noise", 0, FLOAT4OID, "({v}) * (0.9 + 0.0002 * ({n} % 1001))", false, false},
	{"noise", 0, FLOAT8OID, "({v}) * (0.9 + 0.0002 * ({n} % 1001))", false, false},
	{"noise", 0, DATEOID, "({v}) + ({n} % 61 - 30)::int", false, false},
	{"noise", 0, TIMESTAMPOID, "({v}) + ({n} % 5184001 - 2592000) * interval '1 second'", false, false},
	{"noise", 0, TIMESTAMPTZOID, "({v}) + ({n} % 5184001 - 2592000) * interval '1 second'", false, false},

	/*
	 * Each row takes the value of the next one in an order that the seed
	 * makes.
	 */
	{"shuffle", 0, InvalidOid,
		"CASE WHEN row_number() OVER wf_shuffle = count(*) OVER () THEN first_value({v}) OVER wf_shuffle"
	" ELSE lead({v}) OVER wf_shuffle END", false, false},
	{"null", 0, InvalidOid, "NULL", false, false},
	{"fixed", 0, InvalidOid, "{a}", false, true},
	{"sql", 0, InvalidOid, "({a}\n)", false, true},
	{"none", 0, InvalidOid, "{v}", true, false},
};

static const WfMaskRule *find_rule(WfSandboxColumn *column, const char *name, bool *known);
pg_noreturn static void report_rule(WfSandboxColumn *column, const char *name, bool known);
static char *rule_names(void);
static void spread(WfSandboxColumn *column, List *columns);
static List *key_columns(WfSandbox *sandbox);
static void replace(StringInfo text, const char *pattern, const char *by);

/*
 * Sets the rule of a column of a root: "hash", "fixed:VALUE", "sql:EXPRESSION"
 * and so on.
 *
 * Raises invalid_parameter_value for a rule that is not known, or is not for
 * the column's type, for a key, or for a generated column or partition.
 */
void
wf_sandbox_mask_column(WfSandboxColumn *column, const char *text)
{
	const char *colon = strchr(text, ':');
	char	   *name = colon ? pnstrdup(text, colon - text) : pstrdup(text);
	bool		known = false;
	const WfMaskRule *rule = find_rule(column, name, &known);

	if (!rule)
		report_rule(column, name, known);
	if (rule->has_argument != (colon != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 rule->has_argument ? errmsg("mask \"%s\" needs what it is to be", name) : errmsg("mask \"%s\" takes nothing behind a colon", name),
				 errhint("Masks are %s.", rule_names())));
	if (column->generated || column->table->root != column->table)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column %s.%s cannot be masked", column->table->identity, column->name),
				 column->generated ? errhint("It is generated: mask the columns that it is made of.")
				 : errhint("Mask the column of the partitioned table: %s.", column->table->root->identity)));
	if (column->is_key && !rule->for_keys)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mask \"%s\" is not for column %s.%s, which is part of a foreign key",
						name, column->table->identity, column->name),
				 errhint("Keys must stay different from each other: use \"hash\".")));
	column->rule = rule;
	column->rule_text = text;
	column->argument = colon ? colon + 1 : NULL;
}

/* The row for the column's type, or NULL; known: there is one for some type. */
static const WfMaskRule *
find_rule(WfSandboxColumn *column, const char *name, bool *known)
{
	Oid			type = getBaseType(column->type);
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	for (int i = 0; i < lengthof(rules); i++)
	{
		const WfMaskRule *rule = &rules[i];

		if (strcmp(rule->name, name) != 0)
			continue;
		*known = true;
		if ((!rule->category || rule->category == category) && (!OidIsValid(rule->type) || rule->type == type))
			return rule;
	}
	return NULL;
}

static void
report_rule(WfSandboxColumn *column, const char *name, bool known)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 known ? errmsg("mask \"%s\" does not fit column %s.%s of type %s", name,
							column->table->identity, column->name, column->type_text)
			 : errmsg("there is no mask \"%s\"", name),
			 errhint("Masks are %s.", rule_names())));
}

static char *
rule_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(rules); i++)
	{
		if (i > 0 && strcmp(rules[i].name, rules[i - 1].name) == 0)
			continue;
		appendStringInfo(&names, "%s%s%s", names.len ? ", " : "", rules[i].name, rules[i].has_argument ? ":..." : "");
	}
	return names.data;
}

/*
 * Gives the mask of a key's column to all columns that share its values.
 *
 * Raises invalid_parameter_value where these have different masks, or types
 * for which one mask gives different results.
 */
void
wf_sandbox_spread_masks(WfSandbox *sandbox)
{
	List	   *columns = key_columns(sandbox);
	ListCell   *lc;

	foreach(lc, columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		if (column->rule)
			spread(column, columns);
	}
}

static List *
key_columns(WfSandbox *sandbox)
{
	List	   *columns = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, sandbox->tables)
	{
		foreach(lc2, ((WfSandboxTable *) lfirst(lc))->columns)
		{
			if (((WfSandboxColumn *) lfirst(lc2))->is_key)
				columns = lappend(columns, lfirst(lc2));
		}
	}
	return columns;
}

static void
spread(WfSandboxColumn *column, List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		WfSandboxColumn *other = lfirst(lc);
		bool		known;

		if (other == column || wf_sandbox_representative(other) != wf_sandbox_representative(column))
			continue;
		if (other->rule && strcmp(other->rule_text, column->rule_text) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("columns %s.%s and %s.%s share their values, but have different masks",
							column->table->identity, column->name, other->table->identity, other->name),
					 errhint("Mask one of them; foreign keys pass it on.")));
		other->rule = find_rule(other, column->rule->name, &known);
		other->rule_text = column->rule_text;
		if (!other->rule || strcmp(other->rule->expression, column->rule->expression) != 0 ||
			((other->has_typmod || column->has_typmod) && strcmp(other->type_text, column->type_text) != 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("mask \"%s\" would tear columns %s.%s and %s.%s apart, of types %s and %s", column->rule_text,
							column->table->identity, column->name, other->table->identity, other->name,
							column->type_text, other->type_text),
					 errhint("Leave them as they are, or give them the same type.")));
	}
}

/* What is read in place of the column, from its table under its alias. */
const char *
wf_sandbox_expression(WfSandbox *sandbox, WfSandboxColumn *column)
{
	WfSandboxColumn *origin = wf_sandbox_origin(column);
	char	   *value = psprintf("%s.%s", column->table->alias, column->name);
	StringInfoData text;

	if (!origin->rule)
		return value;
	initStringInfo(&text);
	appendStringInfo(&text, "(%s)::{t}", origin->rule->expression);
	replace(&text, "{n}", NUMBER);
	replace(&text, "{h}", HASH);
	replace(&text, "{v}", value);
	replace(&text, "{s}", psprintf("(" INT64_FORMAT ")::bigint", sandbox->seed));
	replace(&text, "{t}", column->type_text);
	/* Last: nothing is replaced in it. */
	if (origin->argument)
		replace(&text, "{a}", strcmp(origin->rule->name, "sql") == 0 ? origin->argument : quote_literal_cstr(origin->argument));
	return text.data;
}

/* The clause of a query on the table that "shuffle" gets its order from, if it is used. */
const char *
wf_sandbox_window(WfSandbox *sandbox, WfSandboxTable *table)
{
	ListCell   *lc;

	foreach(lc, table->columns)
	{
		const WfMaskRule *rule = wf_sandbox_origin(lfirst(lc))->rule;

		if (rule && strstr(rule->expression, "wf_shuffle"))
			return psprintf(" WINDOW wf_shuffle AS (ORDER BY pg_catalog.hashtextextended(%s.ctid::text, " INT64_FORMAT "), %s.ctid"
							" ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
							table->alias, sandbox->seed, table->alias);
	}
	return "";
}

/* Puts by in the place of each pattern. */
static void
replace(StringInfo text, const char *pattern, const char *by)
{
	char	   *rest = pstrdup(text->data);
	char	   *found;

	resetStringInfo(text);
	while ((found = strstr(rest, pattern)) != NULL)
	{
		appendBinaryStringInfo(text, rest, found - rest);
		appendStringInfoString(text, by);
		rest = found + strlen(pattern);
	}
	appendStringInfoString(text, rest);
}
