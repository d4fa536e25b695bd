/*
 * source.h: finding one's way in a statement's source text.
 *
 * The parse tree says where things begin, never where they end, and forgets
 * how expressions were written.  These functions walk the text by tokens,
 * stepping over strings, quoted names, dollar quotes, comments and parentheses.
 * They work on any text: one that doesn't lex is walked to its end.
 */
#ifndef WF_DDL_SOURCE_H
#define WF_DDL_SOURCE_H

#include "postgres.h"

extern int	wf_ddl_source_tangle(const char *text, int length);
extern int	wf_ddl_source_skip_space(const char *text, int pos, int end);
extern int	wf_ddl_source_skip_token(const char *text, int pos, int end);
extern int	wf_ddl_source_skip_group(const char *text, int pos, int end);
extern int	wf_ddl_source_item_end(const char *text, int pos, int end);
extern int	wf_ddl_source_find_word(const char *text, int pos, int end, const char *word);
extern int	wf_ddl_source_find_clause(const char *text, int pos, int end, const char *word);
extern bool wf_ddl_source_word_is(const char *text, int pos, int end, const char *word);
extern int	wf_ddl_source_alter_commands(const char *text, int pos, int end);
extern int	wf_ddl_source_next_item(const char *text, int pos, int end);
extern int	wf_ddl_source_statement_end(const char *text, int pos, int end);
extern int	wf_ddl_source_last_end(const char *text, int pos, int end);
extern char *wf_ddl_source_copy(const char *text, int from, int to);

#endif							/* WF_DDL_SOURCE_H */
