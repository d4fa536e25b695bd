/*
 * rewrite_column.c: where a text means a certain column of a certain relation.
 *
 * A name is followed only where it is clear whose column it is; anything else
 * is told to the caller, who then takes the text for different.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/rename.h"

typedef enum Meaning
{
	MEANS_OTHER,				/* something else of the same name */
	MEANS_COLUMN,
	MEANS_UNKNOWN
} Meaning;

typedef struct Scope
{
	WfTokens   *tokens;
	WfObject   *object;			/* whose text it is */
	WfObject   *table;			/* whose column is looked for */
	const char *schema;			/* of the table, quoted */
	const char *name;
	WfMentions	mentions;
	bool		own;			/* a bare column is one of the table */
	bool		alone;			/* a query of this one relation */
	bool		joins;			/* with JOIN somewhere */
} Scope;

static Scope make_scope(WfTokens *tokens, WfObject *object, WfObject *table);
static bool is_query(WfObject *object);
static bool is_alone(Scope *scope);
static Meaning meaning(Scope *scope, int i);
static Meaning meaning_after_dot(Scope *scope, int i);
static Meaning bare_meaning(Scope *scope, int i);
static bool names_itself(Scope *scope, int i);
static bool is_no_column(Scope *scope, int i);
static Meaning group_meaning(Scope *scope, int i);

/*
 * Gives the column of the table its new name throughout the text of an
 * object.  False when some place is not understood.
 */
bool
wf_schema_rewrite_column(WfTokens *tokens, WfObject *object, WfObject *table,
						 const char *was, const char *becomes)
{
	Scope		scope = make_scope(tokens, object, table);
	bool	   *in_list = wf_schema_select_lists(tokens);
	Meaning    *meanings = palloc(tokens->n * sizeof(Meaning));
	bool		clear = true;

	for (int i = 0; i < tokens->n; i++)
	{
		meanings[i] = wf_schema_token_is(tokens, i, was) ? meaning(&scope, i) : MEANS_OTHER;
		clear &= meanings[i] != MEANS_UNKNOWN;
	}
	for (int i = 0; i < tokens->n; i++)
	{
		if (meanings[i] == MEANS_COLUMN)
			wf_schema_select_label(tokens, in_list, wf_schema_token_is(tokens, i - 1, ".") ? i - 2 : i,
								   i, was, becomes);
	}
	return clear;
}

static Scope
make_scope(WfTokens *tokens, WfObject *object, WfObject *table)
{
	Scope		scope;

	memset(&scope, 0, sizeof(Scope));
	scope.tokens = tokens;
	scope.object = object;
	scope.table = table;
	scope.schema = table->schema ? quote_identifier(table->schema) : "";
	scope.name = wf_schema_bare(table->identity, table->schema);
	scope.mentions = wf_schema_mentions(tokens, scope.schema, scope.name);
	scope.own = (object == table || object->parent == table ||
				 (object->parent && object->parent->parent == table) ||
				 object->type->kind == WF_OBJECT_STATISTICS) && !is_query(object);
	/* Only the name of what the text belongs to, and not brought in by it. */
	if (scope.own)
		scope.mentions.bare = true;
	for (int i = 0; i < tokens->n; i++)
		scope.joins |= wf_schema_token_is(tokens, i, "JOIN");
	scope.alone = is_query(object) && is_alone(&scope);
	return scope;
}

/* Is the text a query, with a scope of its own? */
static bool
is_query(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
		case WF_OBJECT_RULE:
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
			return true;
		default:
			return false;
	}
}

/* One SELECT from the table and nothing else: a bare column is the table's. */
static bool
is_alone(Scope *scope)
{
	static const char *const others[] = {"JOIN", "WITH", "UNION", "INTERSECT", "EXCEPT", "VALUES", "LATERAL"};
	WfTokens   *tokens = scope->tokens;
	int			selects = 0;

	if (scope->object->type->kind != WF_OBJECT_VIEW &&
		scope->object->type->kind != WF_OBJECT_MATERIALIZED_VIEW)
		return false;
	for (int i = 0; i < tokens->n; i++)
	{
		selects += wf_schema_token_is(tokens, i, "SELECT");
		if (wf_schema_token_in(tokens, i, others, lengthof(others)))
			return false;
		if (wf_schema_token_is(tokens, i, "FROM") &&
			wf_schema_token_is(tokens, i + 2, ".") && wf_schema_token_is_name(tokens, i + 3))
		{
			int			alias = wf_schema_mention_alias(tokens, i + 1);

			if (!wf_schema_token_qualified(tokens, i + 1, scope->schema, scope->name) ||
				wf_schema_token_is(tokens, (alias < 0 ? i + 3 : alias) + 1, ","))
				return false;
		}
	}
	return selects == 1;
}

static Meaning
meaning(Scope *scope, int i)
{
	if (wf_schema_token_is(scope->tokens, i - 1, "."))
		return meaning_after_dot(scope, i);
	/* In front of a dot it is a relation or a schema. */
	if (wf_schema_token_is(scope->tokens, i + 1, "."))
		return MEANS_OTHER;
	return bare_meaning(scope, i);
}

static Meaning
meaning_after_dot(Scope *scope, int i)
{
	WfTokens   *tokens = scope->tokens;
	const char *owner;
	bool		is_row;
	bool		mine;

	if (!wf_schema_token_is_name(tokens, i - 2))
		return MEANS_UNKNOWN;	/* (row).column */
	if (wf_schema_token_is(tokens, i - 3, "."))
		return wf_schema_token_qualified(tokens, i - 4, scope->schema, scope->name) ? MEANS_COLUMN : MEANS_OTHER;
	owner = tokens->at[i - 2].word;
	is_row = scope->object->parent == scope->table &&
		(scope->object->type->kind == WF_OBJECT_TRIGGER || scope->object->type->kind == WF_OBJECT_RULE) &&
		(strcmp(owner, "old") == 0 || strcmp(owner, "new") == 0);
	mine = is_row || wf_common_list_has(scope->mentions.aliases, owner) ||
		(scope->mentions.bare && strcmp(owner, scope->name) == 0);
	if (!mine)
	{
		/* The alias of a join in parentheses may show the column as it is. */
		for (int k = 1; k < tokens->n; k++)
		{
			if (wf_schema_token_is(tokens, k, owner) && wf_schema_token_is(tokens, k - 1, ")") &&
				wf_schema_introduces(tokens, k) && scope->joins)
				return MEANS_UNKNOWN;
		}
		return MEANS_OTHER;
	}
	if (is_query(scope->object) && !is_row &&
		wf_schema_called_otherwise(tokens, owner, scope->schema, scope->name))
		return MEANS_UNKNOWN;
	return MEANS_COLUMN;
}

static Meaning
bare_meaning(Scope *scope, int i)
{
	Meaning		group;

	if (names_itself(scope, i) || is_no_column(scope, i))
		return MEANS_OTHER;
	group = group_meaning(scope, i);
	if (group != MEANS_UNKNOWN)
		return group;
	if (scope->joins && wf_schema_token_is(scope->tokens, i - 1, "(") && wf_schema_token_is(scope->tokens, i - 2, "USING"))
		return MEANS_UNKNOWN;
	if (scope->own || scope->alone)
		return MEANS_COLUMN;
	/* In the expression of another table it is that one's. */
	return is_query(scope->object) || !scope->object->parent ? MEANS_UNKNOWN : MEANS_OTHER;
}

/* The name of what a CREATE statement makes, or of a role of a policy. */
static bool
names_itself(Scope *scope, int i)
{
	static const char *const makes[] = {"INDEX", "TRIGGER", "RULE", "POLICY", "CONSTRAINT"};

	if (wf_schema_token_in(scope->tokens, i - 1, makes, lengthof(makes)))
		return true;
	if (scope->object->type->kind != WF_OBJECT_POLICY)
		return false;
	/* FOR ... TO a, b USING */
	for (int k = i - 1; k > 0; k--)
	{
		if (wf_schema_token_is(scope->tokens, k, "TO"))
			return true;
		if (!wf_schema_token_is(scope->tokens, k, ",") && !wf_schema_token_is_name(scope->tokens, k) &&
			!wf_schema_token_is(scope->tokens, k, "PUBLIC"))
			return false;
	}
	return false;
}

/* A type, function, operator class, label, access method or named argument. */
static bool
is_no_column(Scope *scope, int i)
{
	static const char *const before[] = {
		":", "AS", "COLLATE", "USING", "TABLESPACE", "LANGUAGE", "NAME", "]", "SERVER",
	};
	WfTokens   *tokens = scope->tokens;

	return wf_schema_token_in(tokens, i - 1, before, lengthof(before)) ||
		wf_schema_token_is_name(tokens, i - 1) || wf_schema_token_is(tokens, i - 1, ")") ||
		wf_schema_token_is(tokens, i + 1, "(") ||
		(wf_schema_token_is(tokens, i + 1, "=") && wf_schema_token_is(tokens, i + 2, ">") &&
		 *tokens->at[i + 2].gap == '\0') ||
		(wf_schema_token_is(tokens, i - 1, "(") && wf_schema_token_is(tokens, i - 2, "EXTRACT"));
}

/*
 * In a list that follows a relation, as in REFERENCES s.t(a) and INSERT INTO
 * s.t (a), columns are that relation's; in JOIN ... USING (a) they are those
 * of both sides.  Unknown: in no such list.
 */
static Meaning
group_meaning(Scope *scope, int i)
{
	WfTokens   *tokens = scope->tokens;
	int			open = i - 1;

	while (open >= 0 && (wf_schema_token_is(tokens, open, ",") || wf_schema_token_is_name(tokens, open)))
		open--;
	if (open < 1 || !wf_schema_token_is(tokens, open, "("))
		return MEANS_UNKNOWN;
	if (open >= 3 && wf_schema_token_is_name(tokens, open - 1) && wf_schema_token_is(tokens, open - 2, ".") &&
		wf_schema_token_is_name(tokens, open - 3) &&
		(wf_schema_token_is(tokens, open - 4, "REFERENCES") || wf_schema_token_is(tokens, open - 4, "INTO") ||
		 wf_schema_token_is(tokens, open - 4, "ONLY")))
		return wf_schema_token_qualified(tokens, open - 3, scope->schema, scope->name) ? MEANS_COLUMN : MEANS_OTHER;
	return MEANS_UNKNOWN;
}
