/*
 * rewrite.c: a model after a rename, as the server would print it.
 *
 * Identities and texts are changed where they mention the old name.  Where it
 * is not clear what a text means, the attribute is marked as doubtful: it then
 * counts as different, and its object is made anew as the target has it.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "schema/rename.h"

/* Attributes that hold names, and whether also bare names of columns. */
static const struct
{
	const char *attr;
	bool		columns;
}			named_attrs[] = {
	{"definition", true}, {"expression", true}, {"generated", true}, {"partition_by", true},
	{"column", true}, {"type", false}, {"default", false}, {"of_type", false}, {"of", false},
	{"bound", false}, {"columns", false}, {"index", false}, {"identity_sequence", false},
	{"in_schema", false}, {"server", false}, {"result", false}, {"signature", false},
	{"removal", false},
};

/* The word in front of a name that has no schema. */
static const struct
{
	WfObjectKind kind;
	const char *word;
}			global_words[] = {
	{WF_OBJECT_SCHEMA, "SCHEMA"}, {WF_OBJECT_SERVER, "SERVER"}, {WF_OBJECT_FOREIGN_DATA_WRAPPER, "WRAPPER"},
	{WF_OBJECT_LANGUAGE, "LANGUAGE"}, {WF_OBJECT_PUBLICATION, "PUBLICATION"},
	{WF_OBJECT_SUBSCRIPTION, "SUBSCRIPTION"}, {WF_OBJECT_EVENT_TRIGGER, "TRIGGER"},
	{WF_OBJECT_TRIGGER, "TRIGGER"}, {WF_OBJECT_POLICY, "POLICY"}, {WF_OBJECT_RULE, "RULE"},
	{WF_OBJECT_CONSTRAINT, "CONSTRAINT"}, {WF_OBJECT_INDEX, "INDEX"},
};

static bool concerned(WfRename *rename, WfObject *column, WfObject *object);
static WfObject *column_object(WfModel *model, WfRename *rename);
static void move_objects(WfModel *model, WfRename *rename);
static void rewrite_object(WfRename *rename, WfObject *object);
static void rewrite_attr(WfRename *rename, WfObject *object, int attr, bool columns);
static char *rewrite_text(WfRename *rename, WfObject *object, const char *text, bool columns, bool *clear);
static char *rewrite_list(WfRename *rename, WfObject *object, const char *json, bool *clear);
static bool rewrite_tokens(WfRename *rename, WfObject *object, WfTokens *tokens, bool columns);
static bool rewrite_schema(WfRename *rename, WfTokens *tokens);
static bool rewrite_qualified(WfRename *rename, WfObject *object, WfTokens *tokens);
static bool is_this_kind(WfRename *rename, WfTokens *tokens, int i);
static bool rewrite_qualifiers(WfRename *rename, WfObject *object, WfTokens *tokens);
static void rewrite_global(WfRename *rename, WfObject *object, WfTokens *tokens);
static bool is_alone(WfRename *rename, WfObject *object, WfTokens *tokens);
static bool rewrite_value(WfRename *rename, WfTokens *tokens);
static bool rewrite_table_column(WfRename *rename, WfObject *object, WfTokens *tokens, bool columns);
static void rewrite_registered(WfRename *rename, WfObject *object, WfTokens *tokens);
static void rewrite_body(WfRename *rename, WfTokens *tokens);
static bool has_columns(WfObjectKind kind);
static bool is_routine(WfObjectKind kind);

/* Changes all that mentions what is renamed; the object itself included. */
void
wf_schema_rewrite(WfModel *model, WfRename *rename)
{
	WfObject   *column = column_object(model, rename);

	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];

		if (concerned(rename, column, object))
			rewrite_object(rename, object);
		else if (object->type->kind == WF_OBJECT_VIEW && rename->kind != WF_OBJECT_COLUMN)
		{
			/* The types of a view's columns are no dependencies of it. */
			rewrite_attr(rename, object, wf_schema_attr_index(object->type, "columns"), false);
		}
	}
	if (rename->kind == WF_OBJECT_SCHEMA)
		move_objects(model, rename);
}

/* Objects know the name of their schema apart. */
static void
move_objects(WfModel *model, WfRename *rename)
{
	char	   *was = wf_schema_unquoted(rename->was);
	char	   *becomes = wf_schema_unquoted(rename->becomes);
	ListCell   *lc;

	for (int i = 0; i < model->nobjects; i++)
	{
		if (model->objects[i]->schema && strcmp(model->objects[i]->schema, was) == 0)
			model->objects[i]->schema = becomes;
	}
	foreach(lc, model->schemas)
	{
		if (strcmp(lfirst(lc), was) == 0)
			lfirst(lc) = becomes;
	}
}

/* Does object belong to renamed, or need it or something that belongs to it? */
bool
wf_schema_concerns(WfObject *object, WfObject *renamed)
{
	ListCell   *lc;

	for (WfObject *up = object; up; up = up->parent)
		if (up == renamed)
			return true;
	foreach(lc, object->needs)
	{
		for (WfObject *up = lfirst(lc); up; up = up->parent)
			if (up == renamed)
				return true;
	}
	return false;
}

static bool
concerned(WfRename *rename, WfObject *column, WfObject *object)
{
	if (rename->kind == WF_OBJECT_SCHEMA)
		return true;
	if (!column)
		return wf_schema_concerns(object, rename->object);
	for (WfObject *up = object; up; up = up->parent)
		if (up == column->parent)
			return true;
	return wf_schema_concerns(object, column);
}

/* The object that a renamed column is, if the model has one. */
static WfObject *
column_object(WfModel *model, WfRename *rename)
{
	if (rename->kind != WF_OBJECT_COLUMN)
		return NULL;
	return wf_schema_model_find(model, psprintf("column %s.%s", rename->object->identity, rename->was));
}

static void
rewrite_object(WfRename *rename, WfObject *object)
{
	bool		clear = true;
	char	   *identity = rewrite_text(rename, object, object->identity, false, &clear);

	object->followed = true;
	for (int i = 0; i < lengthof(named_attrs); i++)
		rewrite_attr(rename, object, wf_schema_attr_index(object->type, named_attrs[i].attr),
					 named_attrs[i].columns);
	if (!object->old_key)
		object->old_key = object->key;
	object->key = psprintf("%s %s", object->type->name, identity);
	object->identity = object->key + strlen(object->type->name) + 1;
}

static void
rewrite_attr(WfRename *rename, WfObject *object, int attr, bool columns)
{
	const char *value = attr < 0 ? NULL : object->values[attr];
	bool		clear = true;

	if (!value)
		return;
	if (object->type->attrs[attr].flags & WF_ATTR_LIST)
		object->values[attr] = rewrite_list(rename, object, value, &clear);
	else
		object->values[attr] = rewrite_text(rename, object, value, columns, &clear);
	if (!clear)
		wf_schema_doubt(object, attr);
}

/* Notes that an attribute may not be what it seems.  A table is never made anew for that. */
void
wf_schema_doubt(WfObject *object, int attr)
{
	if (object->type->kind != WF_OBJECT_TABLE && object->type->kind != WF_OBJECT_FOREIGN_TABLE)
		object->doubts = list_append_unique_int(object->doubts, attr);
}

static char *
rewrite_text(WfRename *rename, WfObject *object, const char *text, bool columns, bool *clear)
{
	WfTokens   *tokens = wf_schema_tokens(text);

	*clear &= rewrite_tokens(rename, object, tokens, columns);
	return wf_schema_tokens_text(tokens);
}

static char *
rewrite_list(WfRename *rename, WfObject *object, const char *json, bool *clear)
{
	StringInfoData list;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, wf_schema_list(json))
	{
		appendStringInfoString(&list, list.len ? ", " : "[");
		escape_json(&list, rewrite_text(rename, object, lfirst(lc), false, clear));
	}
	appendStringInfoString(&list, list.len ? "]" : "[]");
	return list.data;
}

/* False when it is not clear what some place means. */
static bool
rewrite_tokens(WfRename *rename, WfObject *object, WfTokens *tokens, bool columns)
{
	bool		clear = true;

	if (rename->is_value)
		return rewrite_value(rename, tokens);
	if (rename->kind == WF_OBJECT_COLUMN)
		return rewrite_table_column(rename, object, tokens, columns);
	rewrite_registered(rename, object, tokens);
	if (rename->kind == WF_OBJECT_SCHEMA)
		clear = rewrite_schema(rename, tokens);
	else if (rename->object->schema && !wf_schema_type_has_parent(rename->object->type))
		clear = rewrite_qualified(rename, object, tokens);
	else if (rename->kind == WF_OBJECT_INDEX)
		clear = rewrite_qualified(rename, object, tokens);
	rewrite_global(rename, object, tokens);
	return clear;
}

/* The name in front of a dot, unless it is the alias of a relation. */
static bool
rewrite_schema(WfRename *rename, WfTokens *tokens)
{
	bool		clear = true;

	for (int i = 0; i < tokens->n; i++)
	{
		if (wf_schema_token_is(tokens, i, rename->was) && wf_schema_introduces(tokens, i))
			clear = false;
	}
	for (int i = 0; i < tokens->n; i++)
	{
		if (wf_schema_token_is(tokens, i, rename->was) && wf_schema_token_is(tokens, i + 1, ".") &&
			!wf_schema_token_is(tokens, i - 1, "."))
			tokens->at[i].word = rename->becomes;
	}
	if (rename->in_bodies)
		rewrite_body(rename, tokens);
	return clear;
}

static bool
rewrite_qualified(WfRename *rename, WfObject *object, WfTokens *tokens)
{
	const char *schema = quote_identifier(rename->object->schema);
	bool		clear = !has_columns(rename->kind) || rewrite_qualifiers(rename, object, tokens);

	for (int i = 0; i < tokens->n; i++)
	{
		if (wf_schema_token_qualified(tokens, i, schema, rename->was) && is_this_kind(rename, tokens, i))
			tokens->at[i + 2].word = rename->becomes;
		/* A routine calls its own arguments routine.argument. */
		else if (object == rename->object && is_routine(rename->kind) && wf_schema_token_is(tokens, i, rename->was) &&
				 wf_schema_token_is(tokens, i + 1, ".") && !wf_schema_token_is(tokens, i - 1, "."))
		{
			tokens->at[i].word = rename->becomes;
			clear &= !wf_schema_called_otherwise(tokens, rename->was, schema, rename->was);
		}
	}
	return clear;
}

/* Does the qualified name at i mean an object of this kind? */
static bool
is_this_kind(WfRename *rename, WfTokens *tokens, int i)
{
	static const char *const before_columns[] = {"REFERENCES", ":"};
	bool		family = wf_schema_token_is(tokens, i - 1, "FAMILY");

	if (rename->kind == WF_OBJECT_OPERATOR_FAMILY)
		return family || i == 0 || wf_schema_token_is(tokens, i - 1, "OF");
	if (family)
		return false;

	/*
	 * Arguments follow at once, what else stands in parentheses after a
	 * blank.
	 */
	if (!wf_schema_token_is(tokens, i + 3, "(") || *tokens->at[i + 3].gap ||
		wf_schema_token_in(tokens, i - 1, before_columns, lengthof(before_columns)))
		return !is_routine(rename->kind) || rename->kind == WF_OBJECT_AGGREGATE ||
			wf_schema_token_is(tokens, i - 1, "=") || wf_schema_token_is(tokens, i - 1, "HANDLER");
	return is_routine(rename->kind) || rename->kind == WF_OBJECT_BASE_TYPE;
}

/* The bare name of a relation in front of its columns. */
static bool
rewrite_qualifiers(WfRename *rename, WfObject *object, WfTokens *tokens)
{
	const char *schema = quote_identifier(rename->object->schema);
	WfMentions	mentions = wf_schema_mentions(tokens, schema, rename->was);
	bool		own = wf_schema_type_has_parent(object->type);
	bool		clear = true;

	for (int i = 0; i < tokens->n; i++)
	{
		/* The new name is another's alias: the server would choose a third. */
		if (mentions.bare && wf_schema_token_is(tokens, i, rename->becomes) &&
			(wf_schema_introduces(tokens, i) || wf_schema_token_is(tokens, i + 1, ".")))
			clear = false;
		if (!wf_schema_token_is(tokens, i, rename->was) || wf_schema_token_is(tokens, i - 1, "."))
			continue;
		if (wf_schema_token_is(tokens, i - 1, "OF") && mentions.bare)
			tokens->at[i].word = rename->becomes;
		if (!wf_schema_token_is(tokens, i + 1, ".") || !(mentions.bare || own) ||
			wf_common_list_has(mentions.aliases, rename->was))
			continue;
		if (wf_schema_called_otherwise(tokens, rename->was, schema, rename->was) ||
			(wf_schema_token_is_name(tokens, i + 2) && wf_schema_token_is(tokens, i + 3, ".")) ||
			(rename->object->schema && strcmp(schema, rename->was) == 0))
			clear = false;
		else
			tokens->at[i].word = rename->becomes;
	}
	return clear;
}

/* A name that stands alone, behind its word, or first in "name ON table". */
static void
rewrite_global(WfRename *rename, WfObject *object, WfTokens *tokens)
{
	const char *word = NULL;

	for (int i = 0; i < lengthof(global_words); i++)
		if (global_words[i].kind == rename->kind)
			word = global_words[i].word;
	if (!word && rename->object->schema && !wf_schema_type_has_parent(rename->object->type))
		return;
	for (int i = 0; i < tokens->n; i++)
	{
		if (!wf_schema_token_is(tokens, i, rename->was) || wf_schema_token_is(tokens, i + 1, "."))
			continue;
		if ((i == 0 && is_alone(rename, object, tokens)) ||
			(word && wf_schema_token_is(tokens, i - 1, word)))
			tokens->at[i].word = rename->becomes;
	}
}

/* Is the first token a name for itself?  That of a schema may be a type elsewhere. */
static bool
is_alone(WfRename *rename, WfObject *object, WfTokens *tokens)
{
	if (rename->kind == WF_OBJECT_SCHEMA && object->type->kind != WF_OBJECT_SCHEMA &&
		object->type->kind != WF_OBJECT_EXTENSION)
		return false;
	return tokens->n == 1 || (object == rename->object && wf_schema_token_is(tokens, 1, "ON"));
}

/* 'value'::schema.enum; a value within an array cannot be told from others. */
static bool
rewrite_value(WfRename *rename, WfTokens *tokens)
{
	const char *was = quote_literal_cstr(rename->was);
	const char *schema = quote_identifier(rename->object->schema);
	const char *name = wf_schema_bare(rename->object->identity, rename->object->schema);
	bool		clear = true;

	for (int i = 0; i < tokens->n; i++)
	{
		if (!wf_schema_token_is_string(tokens, i) || !wf_schema_token_is(tokens, i + 1, ":"))
			continue;
		if (!wf_schema_token_qualified(tokens, i + 3, schema, name))
			continue;
		if (wf_schema_token_is(tokens, i + 6, "["))
			clear &= strstr(tokens->at[i].word, rename->was) == NULL;
		else if (wf_schema_token_is(tokens, i, was))
			tokens->at[i].word = quote_literal_cstr(rename->becomes);
	}
	return clear;
}

static bool
rewrite_table_column(WfRename *rename, WfObject *object, WfTokens *tokens, bool columns)
{
	const char *schema = quote_identifier(rename->object->schema);
	const char *name = wf_schema_bare(rename->object->identity, rename->object->schema);

	if (columns)
		return wf_schema_rewrite_column(tokens, object, rename->object, rename->was, rename->becomes);
	for (int i = 0; i < tokens->n; i++)
	{
		if (wf_schema_token_qualified(tokens, i, schema, name) && wf_schema_token_is(tokens, i + 3, ".") &&
			wf_schema_token_is(tokens, i + 4, rename->was))
			tokens->at[i + 4].word = rename->becomes;
	}
	return true;
}

/* 's.sequence'::regclass: the string names an object and follows it. */
static void
rewrite_registered(WfRename *rename, WfObject *object, WfTokens *tokens)
{
	for (int i = 0; i < tokens->n; i++)
	{
		const char *word = tokens->at[i].word;
		bool		clear = true;
		char	   *name;

		if (*word != '\'' || !wf_schema_token_is(tokens, i + 1, ":") || i + 3 >= tokens->n ||
			strncmp(tokens->at[i + 3].word, "reg", 3) != 0)
			continue;
		name = rewrite_text(rename, object, pnstrdup(word + 1, strlen(word) - 2), false, &clear);
		tokens->at[i].word = psprintf("'%s'", name);
	}
}

/* Bodies and settings of functions, for a schema that stands for another. */
static void
rewrite_body(WfRename *rename, WfTokens *tokens)
{
	const char *was = quote_literal_cstr(wf_schema_unquoted(rename->was));
	bool		in_path = false;

	for (int i = 0; i < tokens->n; i++)
	{
		const char *word = tokens->at[i].word;

		if (wf_schema_token_is(tokens, i, "SET"))
			in_path = wf_schema_token_is(tokens, i + 1, "search_path");
		else if (*word == '$')
		{
			const char *start = strchr(word + 1, '$');
			const char *end = word + strlen(word);

			in_path = false;
			if (start && 2 * (start + 1 - word) <= end - word)
			{
				int			tag = start + 1 - word;
				WfTokens   *body = wf_schema_tokens(pnstrdup(word + tag, end - word - 2 * tag));

				(void) rewrite_schema(rename, body);
				tokens->at[i].word = psprintf("%.*s%s%.*s", tag, word, wf_schema_tokens_text(body), tag, word);
			}
		}
		else if (in_path && strcmp(word, was) == 0)
			tokens->at[i].word = quote_literal_cstr(wf_schema_unquoted(rename->becomes));
	}
}

static bool
has_columns(WfObjectKind kind)
{
	switch (kind)
	{
		case WF_OBJECT_TABLE:
		case WF_OBJECT_FOREIGN_TABLE:
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
		case WF_OBJECT_SEQUENCE:
			return true;
		default:
			return false;
	}
}

static bool
is_routine(WfObjectKind kind)
{
	return kind == WF_OBJECT_FUNCTION || kind == WF_OBJECT_PROCEDURE || kind == WF_OBJECT_AGGREGATE;
}
