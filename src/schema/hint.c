/*
 * hint.c: what a hint of the option "renames" means in a model.
 *
 * Its key is an object type and an identity, as schema_diff() shows them, or
 * "column" of a view, or "enum value" with the value behind the type's name.
 * Its value is the new name, or the whole new identity.
 */
#include "common/compat.h"

#include "parser/scansup.h"
#include "utils/builtins.h"

#include "ddl/source.h"
#include "schema/rename.h"

#define ENUM_VALUE "enum value "
#define COLUMN "column "

static bool find_enum_value(WfModel *model, const char *place, WfRename *rename);
static bool find_view_column(WfModel *model, const char *place, WfRename *rename);
static int	last_dot(const char *identity);
static int	name_place(WfObject *object);
static const char *canonical_name(const char *text);

/*
 * The object type that a key begins with, of the longest name that fits, and
 * the identity behind it.  NULL when there is none.
 */
const char *
wf_schema_hint_type(const char *key, const char **identity)
{
	const char *best = NULL;

	for (int i = 0; i < WF_OBJECT_COUNT; i++)
	{
		const char *name = wf_schema_type(i)->name;
		size_t		len = strlen(name);

		if (strncmp(key, name, len) == 0 && key[len] == ' ' && (!best || strlen(best) < len))
			best = name;
	}
	if (strncmp(key, ENUM_VALUE, strlen(ENUM_VALUE)) == 0)
		best = "enum value";
	if (best)
		*identity = key + strlen(best) + 1;
	return best;
}

/* What the key names in the model; false: nothing. */
bool
wf_schema_hint_find(WfModel *model, const char *key, WfRename *rename)
{
	memset(rename, 0, sizeof(WfRename));
	if (strncmp(key, ENUM_VALUE, strlen(ENUM_VALUE)) == 0)
		return find_enum_value(model, key + strlen(ENUM_VALUE), rename);
	if (strncmp(key, COLUMN, strlen(COLUMN)) == 0 &&
		find_view_column(model, key + strlen(COLUMN), rename))
		return true;
	rename->object = wf_schema_model_find(model, key);
	if (!rename->object)
		return false;
	rename->kind = rename->object->type->kind;
	rename->was = wf_schema_own_name(rename->object);
	if (rename->kind == WF_OBJECT_COLUMN)
		rename->object = rename->object->parent;
	return true;
}

static bool
find_enum_value(WfModel *model, const char *place, WfRename *rename)
{
	for (const char *dot = strchr(place, '.'); dot; dot = strchr(dot + 1, '.'))
	{
		WfObject   *type = wf_schema_model_find(model, psprintf("enum %s", pnstrdup(place, dot - place)));

		if (!type || !wf_common_list_has(wf_schema_list(wf_schema_value(type, "values")), dot + 1))
			continue;
		rename->object = type;
		rename->kind = WF_OBJECT_ENUM;
		rename->is_value = true;
		rename->was = pstrdup(dot + 1);
		return true;
	}
	return false;
}

/* A view's column is seldom an object of its own. */
static bool
find_view_column(WfModel *model, const char *place, WfRename *rename)
{
	static const char *const kinds[] = {"view", "materialized view"};
	int			dot = last_dot(place);

	for (int i = 0; i < lengthof(kinds) && dot > 0; i++)
	{
		WfObject   *view = wf_schema_model_find(model, psprintf("%s %s", kinds[i], pnstrdup(place, dot)));

		if (!view || !wf_schema_select_has(wf_schema_tokens(wf_schema_value(view, "definition")),
										   place + dot + 1))
			continue;
		rename->object = view;
		rename->kind = WF_OBJECT_COLUMN;
		rename->was = pstrdup(place + dot + 1);
		return true;
	}
	return false;
}

static int
last_dot(const char *identity)
{
	WfTokens   *tokens = wf_schema_tokens(identity);

	if (tokens->n < 3 || !wf_schema_token_is(tokens, tokens->n - 2, "."))
		return -1;
	return strlen(identity) - strlen(tokens->at[tokens->n - 1].word) - 1;
}

/* Refuses what PostgreSQL cannot rename, or not here. */
void
wf_schema_hint_check(WfRename *rename, const char *key)
{
	WfObject   *object = rename->object;

	if (rename->kind == object->type->kind && !wf_schema_can_rename(object->type))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s cannot be renamed", key),
				 errdetail("PostgreSQL has no such statement."),
				 errhint("Leave the hint out: it is then dropped and made under its new name.")));
	if (rename->kind == WF_OBJECT_COLUMN || rename->kind == WF_OBJECT_CONSTRAINT)
	{
		WfObject   *table = rename->kind == WF_OBJECT_COLUMN ? object : object->parent;
		ListCell   *lc;

		foreach(lc, table->children)
		{
			WfObject   *child = lfirst(lc);

			if (strncmp(child->type->name, rename->kind == WF_OBJECT_COLUMN ? "column" : "constraint", 6) == 0 &&
				strcmp(wf_schema_own_name(child), rename->was) == 0 && wf_schema_flag(child, "inherited") &&
				!wf_schema_value(child, "index"))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
						 errmsg("%s is inherited and cannot be renamed by itself", key),
						 errhint("Rename it in the parent table; that reaches its children.")));
		}
	}
}

/* Has PostgreSQL a statement that renames such an object? */
bool
wf_schema_can_rename(const WfObjectType *type)
{
	switch (type->kind)
	{
		case WF_OBJECT_EXTENSION:
		case WF_OBJECT_ACCESS_METHOD:
		case WF_OBJECT_OPERATOR:
		case WF_OBJECT_FAMILY_MEMBER:
		case WF_OBJECT_CAST:
		case WF_OBJECT_TRANSFORM:
		case WF_OBJECT_USER_MAPPING:
		case WF_OBJECT_INHERITANCE:
		case WF_OBJECT_SEQUENCE_OWNER:
		case WF_OBJECT_DEFAULT:
		case WF_OBJECT_PARTITION:
		case WF_OBJECT_INDEX_PARTITION:
		case WF_OBJECT_PRIVILEGES:
		case WF_OBJECT_SETTING:
		case WF_OBJECT_DEFAULT_PRIVILEGES:
			return false;
		default:
			return true;
	}
}

/*
 * The new name that a hint's value gives, quoted as in identities.  If it is a
 * whole identity, that is returned as well, to be checked at the end.
 */
const char *
wf_schema_hint_name(WfRename *rename, const char *key, const char *value, const char **identity)
{
	const char *type_identity;
	const char *type = wf_schema_hint_type(key, &type_identity);
	WfTokens   *tokens;
	int			place;

	*identity = NULL;
	if (type && strncmp(value, type, strlen(type)) == 0 && value[strlen(type)] == ' ')
		value += strlen(type) + 1;
	if (rename->is_value)
	{
		const char *prefix = psprintf("%s.", rename->object->identity);

		return strncmp(value, prefix, strlen(prefix)) == 0 ? value + strlen(prefix) : value;
	}
	tokens = wf_schema_tokens(value);
	if (tokens->n == 1 && canonical_name(value))
		return canonical_name(value);
	place = rename->kind == WF_OBJECT_COLUMN ? tokens->n - 1 : name_place(rename->object);
	if (place < 0 || place >= tokens->n || !wf_schema_token_is_name(tokens, place))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no new name for %s", value, key),
				 errhint("Write the new name as in SQL, or the whole identity that the object gets.")));
	*identity = value;
	return tokens->at[place].word;
}

/* A single name in its canonical form; NULL when the text is none. */
static const char *
canonical_name(const char *text)
{
	bool		quoted = *text == '"' && strlen(text) > 2 && text[strlen(text) - 1] == '"';
	bool		plain = wf_schema_token_is_name(wf_schema_tokens(text), 0) || (*text >= 'A' && *text <= 'Z');

	return quoted || (plain && *text != '"') ? quote_identifier(wf_schema_unquoted(text)) : NULL;
}

/* A name as SQL reads it. */
char *
wf_schema_unquoted(const char *text)
{
	char	   *name;
	char	   *to;

	if (*text != '"')
		return downcase_identifier(text, strlen(text), false, false);
	name = pnstrdup(text + 1, strlen(text) - 2);
	to = name;
	for (const char *at = name; *at; at++)
	{
		if (*at == '"' && at[1] == '"')
			at++;
		*to++ = *at;
	}
	*to = '\0';
	return name;
}

/* Which token of an identity is the object's own name. */
static int
name_place(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_SCHEMA:
		case WF_OBJECT_CONSTRAINT:
		case WF_OBJECT_DOMAIN_CONSTRAINT:
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_POLICY:
		case WF_OBJECT_RULE:
			return 0;
		case WF_OBJECT_COLUMN:
			return 4;
		default:
			return object->schema ? 2 : 0;
	}
}

/* The object's own name, quoted as in its identity. */
const char *
wf_schema_own_name(WfObject *object)
{
	WfTokens   *tokens = wf_schema_tokens(object->identity);
	int			place = name_place(object);

	return place < tokens->n ? tokens->at[place].word : "";
}

/* The identity that the object has under another name. */
char *
wf_schema_renamed_identity(WfObject *object, const char *name)
{
	WfTokens   *tokens = wf_schema_tokens(object->identity);
	int			place = name_place(object);

	if (place < tokens->n)
		tokens->at[place].word = name;
	return wf_schema_tokens_text(tokens);
}
