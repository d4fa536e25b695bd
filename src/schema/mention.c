/*
 * mention.c: which relation a name in front of a column means.
 *
 * The server writes a relation with its schema where it is brought in, and by
 * its alias or its bare name everywhere else.
 */
#include "common/compat.h"

#include "schema/rename.h"

static bool is_alias_of(WfTokens *tokens, int place, const char *schema, const char *name);

/* The aliases of schema.name in this text, and whether it stands without one. */
WfMentions
wf_schema_mentions(WfTokens *tokens, const char *schema, const char *name)
{
	WfMentions	mentions = {false, NIL};

	for (int i = 0; i + 2 < tokens->n; i++)
	{
		int			alias;

		if (!wf_schema_token_qualified(tokens, i, schema, name) ||
			wf_schema_token_is(tokens, i - 1, ":") || wf_schema_token_is(tokens, i + 3, "."))
			continue;
		alias = wf_schema_mention_alias(tokens, i);
		if (alias < 0)
			mentions.bare = true;
		else
			mentions.aliases = lappend(mentions.aliases, unconstify(char *, tokens->at[alias].word));
	}
	return mentions;
}

/* Where the alias of the relation that is named at i stands, or -1. */
int
wf_schema_mention_alias(WfTokens *tokens, int i)
{
	int			next = i + 3;

	if (wf_schema_token_is(tokens, next, "*"))
		next++;
	if (wf_schema_token_is(tokens, next, "AS"))
		next++;
	return wf_schema_token_is_name(tokens, next) && !wf_schema_token_is(tokens, next + 1, ".") ? next : -1;
}

/* Does the name at i come in here as an alias?  AS makes one only in INSERT INTO s.t AS x. */
bool
wf_schema_introduces(WfTokens *tokens, int i)
{
	return !wf_schema_token_is(tokens, i + 1, ".") &&
		(wf_schema_token_is_name(tokens, i - 1) || wf_schema_token_is(tokens, i - 1, ")") ||
		 (wf_schema_token_is(tokens, i - 1, "AS") && wf_schema_token_is(tokens, i - 5, "INTO")));
}

/* Does something else than schema.name bear this alias in the text as well? */
bool
wf_schema_called_otherwise(WfTokens *tokens, const char *alias, const char *schema, const char *name)
{
	for (int i = 0; i < tokens->n; i++)
	{
		if (!wf_schema_token_is(tokens, i, alias))
			continue;
		if (wf_schema_introduces(tokens, i) && !is_alias_of(tokens, i, schema, name))
			return true;
		/* The bare name of a relation in another schema. */
		if (wf_schema_token_is(tokens, i - 1, ".") && !wf_schema_token_is(tokens, i - 2, schema) &&
			wf_schema_token_is(tokens, i + 1, ".") == false &&
			(wf_schema_token_is(tokens, i - 3, "FROM") || wf_schema_token_is(tokens, i - 3, "JOIN") ||
			 wf_schema_token_is(tokens, i - 3, ",")))
			return true;
	}
	return false;
}

static bool
is_alias_of(WfTokens *tokens, int place, const char *schema, const char *name)
{
	for (int i = place - 5; i <= place - 3; i++)
	{
		if (i >= 0 && wf_schema_token_qualified(tokens, i, schema, name) &&
			wf_schema_mention_alias(tokens, i) == place)
			return true;
	}
	return false;
}
