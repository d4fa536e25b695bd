/*
 * tokens.h: canonical text as a row of tokens that can be changed one by one.
 */
#ifndef WF_SCHEMA_TOKENS_H
#define WF_SCHEMA_TOKENS_H

#include "postgres.h"

typedef struct WfToken
{
	const char *gap;			/* white space before it */
	const char *word;
} WfToken;

typedef struct WfTokens
{
	WfToken    *at;
	int			n;
} WfTokens;

extern WfTokens *wf_schema_tokens(const char *text);
extern char *wf_schema_tokens_text(WfTokens *tokens);
extern bool wf_schema_token_is(WfTokens *tokens, int i, const char *word);
extern bool wf_schema_token_in(WfTokens *tokens, int i, const char *const *words, int n);
extern bool wf_schema_token_is_name(WfTokens *tokens, int i);
extern bool wf_schema_token_is_string(WfTokens *tokens, int i);
extern bool wf_schema_token_qualified(WfTokens *tokens, int i, const char *schema, const char *name);

#endif							/* WF_SCHEMA_TOKENS_H */
