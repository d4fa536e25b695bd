/*
 * deparse.c: writing names, types and column lists of raw parse trees as SQL.
 *
 * Only what a raw tree says without doubt is written; expressions are not,
 * for they are taken from the source text (source.h).
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "ddl/walk.h"

/* How the grammar names built-in types, and how people write them. */
static const struct
{
	const char *internal;
	const char *written;
}			built_in_types[] = {
	{"int2", "smallint"},
	{"int4", "integer"},
	{"int8", "bigint"},
	{"float4", "real"},
	{"float8", "double precision"},
	{"bool", "boolean"},
	{"bpchar", "char"},
	{"timestamptz", "timestamptz"},
	{"timetz", "timetz"},
	/* keywords, which would be quoted otherwise */
	{"bit", "bit"},
	{"interval", "interval"},
	{"numeric", "numeric"},
	{"time", "time"},
	{"timestamp", "timestamp"},
	{"varbit", "bit varying"},
	{"varchar", "varchar"},
};

static void append_modifiers(StringInfo buf, List *modifiers);
static bool add_column(Node *node, void *columns);

/* A schema's name, quoted, until the next call.  The few of a text come again and again. */
static const char *
quoted_schema(const char *schema)
{
	static char last[NAMEDATALEN];
	static char quoted[2 * NAMEDATALEN + 2];
	static bool quoted_all;

	if (strlen(schema) >= NAMEDATALEN)
		return quote_identifier(schema);
	if (quoted[0] == '\0' || quoted_all != quote_all_identifiers || strcmp(last, schema) != 0)
	{
		strlcpy(last, schema, sizeof(last));
		strlcpy(quoted, quote_identifier(schema), sizeof(quoted));
		quoted_all = quote_all_identifiers;
	}
	return quoted;
}

/* schema.name, quoted where needed; schema may be NULL. */
char *
wf_ddl_quote_name(const char *schema, const char *name)
{
	const char *second = quote_identifier(name);
	const char *first;
	Size		first_length;
	Size		second_length;
	char	   *quoted;

	if (schema == NULL)
		return pstrdup(second);

	/*
	 * Findings name a relation each, and formatting it is most of what
	 * quote_qualified_identifier() costs.
	 */
	first = quoted_schema(schema);
	first_length = strlen(first);
	second_length = strlen(second);
	quoted = palloc(first_length + second_length + 2);
	memcpy(quoted, first, first_length);
	quoted[first_length] = '.';
	memcpy(quoted + first_length + 1, second, second_length + 1);
	return quoted;
}

/* The names of a list of String, quoted, with a separator between them. */
char *
wf_ddl_quote_names(List *names, const char *separator)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, names)
	{
		if (lc != list_head(names))
			appendStringInfoString(&buf, separator);
		if (IsA(lfirst(lc), String))
			appendStringInfoString(&buf, quote_identifier(strVal(lfirst(lc))));
		else
			appendStringInfoChar(&buf, '*');
	}
	return buf.data;
}

char *
wf_ddl_quote_literal(const char *text)
{
	return quote_literal_cstr(text);
}

char *
wf_ddl_range_var(const RangeVar *relation)
{
	return wf_ddl_quote_name(relation->schemaname, relation->relname);
}

/* A type as SQL, with its modifiers and array bounds. */
char *
wf_ddl_type_name(const TypeName *type)
{
	StringInfoData buf;
	const char *last = type->names ? strVal(llast(type->names)) : "unknown";
	bool		built_in = list_length(type->names) == 2 &&
	strcmp(strVal(linitial(type->names)), "pg_catalog") == 0;

	initStringInfo(&buf);
	if (type->setof)
		appendStringInfoString(&buf, "SETOF ");
	if (built_in)
	{
		const char *written = quote_identifier(last);

		for (int i = 0; i < lengthof(built_in_types); i++)
		{
			if (strcmp(built_in_types[i].internal, last) == 0)
				written = built_in_types[i].written;
		}
		appendStringInfoString(&buf, written);
	}
	else
		appendStringInfoString(&buf, wf_ddl_quote_names(type->names, "."));
	/* The modifiers of an interval are a mask of fields: not for SQL. */
	if (!built_in || strcmp(last, "interval") != 0)
		append_modifiers(&buf, type->typmods);
	for (int i = 0; i < list_length(type->arrayBounds); i++)
		appendStringInfoString(&buf, "[]");
	return buf.data;
}

/* (12, 2) and the like; nothing if a modifier is no plain constant. */
static void
append_modifiers(StringInfo buf, List *modifiers)
{
	StringInfoData text;
	ListCell   *lc;

	if (modifiers == NIL)
		return;
	initStringInfo(&text);
	foreach(lc, modifiers)
	{
		Node	   *modifier = lfirst(lc);

		appendStringInfoString(&text, lc == list_head(modifiers) ? "(" : ", ");
		if (IsA(modifier, A_Const) && nodeTag(&((A_Const *) modifier)->val) == T_Integer)
			appendStringInfo(&text, "%d", intVal(&((A_Const *) modifier)->val));
		else if (IsA(modifier, ColumnRef) &&
				 IsA(linitial(((ColumnRef *) modifier)->fields), String))
			appendStringInfoString(&text, quote_identifier(strVal(linitial(((ColumnRef *) modifier)->fields))));
		else
			return;
	}
	appendStringInfo(buf, "%s)", text.data);
}

/*
 * The name of an object of DROP, COMMENT, RENAME and their like, whatever the
 * grammar holds it in; with the argument types for a function.
 */
char *
wf_ddl_object_name(ObjectType type, Node *object)
{
	if (object == NULL)
		return pstrdup("");
	switch (nodeTag(object))
	{
		case T_String:
			return pstrdup(quote_identifier(strVal(object)));
		case T_List:
			return wf_ddl_quote_names((List *) object, ".");
		case T_TypeName:
			return wf_ddl_type_name((TypeName *) object);
		case T_RangeVar:
			return wf_ddl_range_var((RangeVar *) object);
		case T_ObjectWithArgs:
			{
				ObjectWithArgs *function = (ObjectWithArgs *) object;
				StringInfoData buf;
				ListCell   *lc;

				initStringInfo(&buf);
				appendStringInfoString(&buf, wf_ddl_quote_names(function->objname, "."));
				if (function->args_unspecified)
					return buf.data;
				appendStringInfoChar(&buf, '(');
				foreach(lc, function->objargs)
				{
					if (lc != list_head(function->objargs))
						appendStringInfoString(&buf, ", ");
					if (lfirst(lc))
						appendStringInfoString(&buf, wf_ddl_type_name(lfirst(lc)));
				}
				appendStringInfoChar(&buf, ')');
				return buf.data;
			}
		default:
			return pstrdup("");
	}
}

/*
 * The expression of a CHECK as it is written, in parentheses; NULL where there
 * is no text, which ends at end.
 */
char *
wf_ddl_check_expression(const char *source, int end, const Constraint *constraint)
{
	int			place;

	if (source == NULL || end == 0 || constraint->location < 0)
		return NULL;
	place = wf_ddl_source_find_word(source, constraint->location, end, "CHECK");
	if (place < 0)
		return NULL;
	place = wf_ddl_source_skip_space(source, place + strlen("CHECK"), end);
	return wf_ddl_source_copy(source, place, wf_ddl_source_skip_group(source, place, end));
}

/*
 * For the name of a CHECK as the server chooses it: the column (a String) that
 * the expression is about, if that is one only; else NIL.
 */
List *
wf_ddl_columns_of(Node *expression)
{
	List	   *columns = wf_ddl_named_columns(expression);

	return list_length(columns) == 1 ? columns : NIL;
}

/* The columns (String) that the expression, a list or an IndexStmt names in its expressions. */
List *
wf_ddl_named_columns(Node *expression)
{
	List	   *columns = NIL;

	(void) wf_ddl_walk(expression, add_column, &columns);
	return columns;
}

static bool
add_column(Node *node, void *columns)
{
	if (IsA(node, ColumnRef) && IsA(llast(((ColumnRef *) node)->fields), String))
		*(List **) columns = list_append_unique(*(List **) columns, llast(((ColumnRef *) node)->fields));
	return false;
}

/* The names of a type; of serial and its like, those of the integer behind it. */
List *
wf_ddl_plain_type_names(const TypeName *type)
{
	static const struct
	{
		const char *word;
		const char *type;
	}			serials[] = {
		{"serial", "int4"}, {"serial4", "int4"}, {"bigserial", "int8"}, {"serial8", "int8"},
		{"smallserial", "int2"}, {"serial2", "int2"},
	};

	for (int i = 0; list_length(type->names) == 1 && i < lengthof(serials); i++)
	{
		if (strcmp(strVal(linitial(type->names)), serials[i].word) == 0)
			return list_make2(makeString("pg_catalog"), makeString(pstrdup(serials[i].type)));
	}
	return type->names;
}

/*
 * The columns (char *) that an expression says are not null: each a top-level
 * "c IS NOT NULL", alone or with AND.  only tells whether it says nothing else.
 */
List *
wf_ddl_not_null_columns(Node *expression, bool *only)
{
	NullTestType wanted = IS_NOT_NULL;
	List	   *columns = NIL;
	ListCell   *lc;

	if (expression && IsA(expression, BoolExpr) && ((BoolExpr *) expression)->boolop == AND_EXPR)
	{
		foreach(lc, ((BoolExpr *) expression)->args)
			columns = list_concat(columns, wf_ddl_not_null_columns(lfirst(lc), only));
		return columns;
	}
	if (expression && IsA(expression, BoolExpr) && ((BoolExpr *) expression)->boolop == NOT_EXPR)
	{
		expression = linitial(((BoolExpr *) expression)->args);
		wanted = IS_NULL;
	}
	if (expression && IsA(expression, NullTest))
	{
		NullTest   *test = (NullTest *) expression;

		if (test->nulltesttype == wanted && IsA(test->arg, ColumnRef) &&
			IsA(llast(((ColumnRef *) test->arg)->fields), String))
			return list_make1(strVal(llast(((ColumnRef *) test->arg)->fields)));
	}
	*only = false;
	return NIL;
}

/*
 * The SET that SELECT set_config('name', 'value', is_local) of constants stands for;
 * false for other queries.
 */
bool
wf_ddl_set_config(SelectStmt *stmt, VariableSetStmt *set)
{
	FuncCall   *call = list_length(stmt->targetList) == 1 ?
	(FuncCall *) linitial_node(ResTarget, stmt->targetList)->val : NULL;
	A_Const    *name;
	A_Const    *value;
	A_Const    *is_local;

	if (call == NULL || !IsA(call, FuncCall) || list_length(call->args) != 3 ||
		strcmp(strVal(llast(call->funcname)), "set_config") != 0)
		return false;
	name = linitial(call->args);
	value = lsecond(call->args);
	is_local = lthird(call->args);
	if (!IsA(name, A_Const) || !IsA(value, A_Const) || nodeTag(&name->val) != T_String || nodeTag(&value->val) != T_String)
		return false;
	*set = (VariableSetStmt)
	{
		.type = T_VariableSetStmt, .kind = VAR_SET_VALUE
	};
	set->name = strVal(&name->val);
	set->is_local = IsA(is_local, A_Const) && nodeTag(&is_local->val) == T_Boolean && boolVal(&is_local->val);
	set->args = list_make1(value);
	/* One text names all schemas there. */
	if (pg_strcasecmp(set->name, "search_path") == 0)
	{
		List	   *schemas;
		ListCell   *lc;

		if (!SplitIdentifierString(pstrdup(strVal(&value->val)), ',', &schemas))
			return false;
		set->args = NIL;
		foreach(lc, schemas)
			set->args = lappend(set->args, makeString(lfirst(lc)));
		/* SET writes none as an empty name. */
		if (set->args == NIL)
			set->args = list_make1(value);
	}
	return true;
}

/* Is the value of a SET zero, '0' or the like, which switches a timeout off? */
bool
wf_ddl_setting_is_zero(List *args)
{
	A_Const    *value;

	if (list_length(args) != 1 || !IsA(linitial(args), A_Const))
		return false;
	value = linitial_node(A_Const, args);
	if (nodeTag(&value->val) == T_Integer)
		return intVal(&value->val) == 0;
	if (nodeTag(&value->val) == T_String)
		return atof(strVal(&value->val)) == 0 && strVal(&value->val)[0] == '0';
	return false;
}
