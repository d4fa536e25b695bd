/*
 * tokens.c: canonical text as a row of tokens that can be changed one by one.
 *
 * In text that the server deparses, key words are in capitals and a name that
 * needs no quotes is not, so a token tells by itself what it is.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "ddl/source.h"
#include "schema/tokens.h"

/* The tokens of a text, in the current memory context. */
WfTokens *
wf_schema_tokens(const char *text)
{
	WfTokens   *tokens = palloc(sizeof(WfTokens));
	int			end = strlen(text);
	int			pos = 0;
	int			capacity = 16;

	tokens->at = palloc(capacity * sizeof(WfToken));
	tokens->n = 0;
	while (pos < end)
	{
		int			start = wf_ddl_source_skip_space(text, pos, end);
		int			stop = wf_ddl_source_skip_token(text, start, end);

		if (tokens->n == capacity)
		{
			capacity *= 2;
			tokens->at = repalloc_huge(tokens->at, capacity * sizeof(WfToken));
		}
		tokens->at[tokens->n].gap = pnstrdup(text + pos, start - pos);
		tokens->at[tokens->n].word = pnstrdup(text + start, stop - start);
		tokens->n++;
		pos = stop;
	}
	return tokens;
}

/* The text that the tokens make. */
char *
wf_schema_tokens_text(WfTokens *tokens)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < tokens->n; i++)
	{
		appendStringInfoString(&text, tokens->at[i].gap);
		appendStringInfoString(&text, tokens->at[i].word);
	}
	return text.data;
}

/* Is the token at i this word?  Beyond both ends there is none. */
bool
wf_schema_token_is(WfTokens *tokens, int i, const char *word)
{
	return i >= 0 && i < tokens->n && strcmp(tokens->at[i].word, word) == 0;
}

bool
wf_schema_token_in(WfTokens *tokens, int i, const char *const *words, int n)
{
	for (int k = 0; k < n; k++)
	{
		if (wf_schema_token_is(tokens, i, words[k]))
			return true;
	}
	return false;
}

/* Is it a name, and no key word, number, string or sign? */
bool
wf_schema_token_is_name(WfTokens *tokens, int i)
{
	const char *word;

	if (i < 0 || i >= tokens->n)
		return false;
	word = tokens->at[i].word;
	return *word == '"' || *word == '_' || (*word >= 'a' && *word <= 'z') || IS_HIGHBIT_SET(*word);
}

bool
wf_schema_token_is_string(WfTokens *tokens, int i)
{
	return i >= 0 && i < tokens->n &&
		(tokens->at[i].word[0] == '\'' || strncmp(tokens->at[i].word, "E'", 2) == 0);
}

/* Does schema.name begin at i, with nothing before it that it would belong to? */
bool
wf_schema_token_qualified(WfTokens *tokens, int i, const char *schema, const char *name)
{
	return wf_schema_token_is(tokens, i, schema) && wf_schema_token_is(tokens, i + 1, ".") &&
		wf_schema_token_is(tokens, i + 2, name) && !wf_schema_token_is(tokens, i - 1, ".");
}
