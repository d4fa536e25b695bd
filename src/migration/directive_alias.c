/*
 * directive_alias.c: comments of a project's own that take findings back.
 *
 * An alias is what such a comment begins with: a text in any case, or between
 * slashes a regular expression (as of the operator ~*).
 */
#include "common/compat.h"

#include <ctype.h>

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/builtins.h"

#include "migration/directive.h"

/* A comment longer than this is not looked at any further. */
#define MAX_COMMENT 10000

static void name_alias(void *alias);
static bool is_pattern(const char *alias);
static regex_t *compile(const char *alias);
static int	match_pattern(const char *alias, const char *comment, int length);
static int	match_text(const char *alias, const char *comment, int length);

/* Raises invalid_parameter_value for an empty alias, invalid_regular_expression for a bad one. */
void
wf_directive_alias_check(const List *aliases)
{
	ListCell   *lc;

	foreach(lc, aliases)
	{
		char	   *alias = lfirst(lc);
		ErrorContextCallback context = {error_context_stack, name_alias, alias};

		if (alias[strspn(alias, "/ ")] == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("alias \"%s\" would stand for every comment", alias),
					 errhint("Write what the comment begins with, or a regular expression between slashes.")));
		error_context_stack = &context;
		if (is_pattern(alias))
			(void) compile(alias);
		error_context_stack = context.previous;
	}
}

/* Of several, which one is no regular expression. */
static void
name_alias(void *alias)
{
	errhint("Alias %s is to be a regular expression between slashes.", (char *) alias);
}

/* How many bytes of the comment are an alias, the longest one; 0: it is none. */
int
wf_directive_alias_length(const List *aliases, const char *comment, int length)
{
	int			best = 0;
	ListCell   *lc;

	length = Min(length, MAX_COMMENT);
	foreach(lc, aliases)
	{
		const char *alias = lfirst(lc);

		best = Max(best, is_pattern(alias) ? match_pattern(alias, comment, length) : match_text(alias, comment, length));
	}
	return best;
}

static bool
is_pattern(const char *alias)
{
	int			length = strlen(alias);

	return length > 2 && alias[0] == '/' && alias[length - 1] == '/';
}

/* The server keeps what it has compiled. */
static regex_t *
compile(const char *alias)
{
	char	   *pattern = psprintf("^(?:%.*s)", (int) strlen(alias) - 2, alias + 1);

	return RE_compile_and_cache(cstring_to_text(pattern), REG_ADVANCED | REG_ICASE, DEFAULT_COLLATION_OID);
}

static int
match_pattern(const char *alias, const char *comment, int length)
{
	pg_wchar   *wide = palloc((length + 1) * sizeof(pg_wchar));
	int			wide_length = pg_mb2wchar_with_len(comment, wide, length);
	regmatch_t	match;
	int			result = pg_regexec(compile(alias), wide, wide_length, 0, NULL, 1, &match, 0);
	int			bytes = 0;

	pfree(wide);
	if (result == REG_NOMATCH)
		return 0;
	if (result != REG_OKAY)
	{
		char		message[100];

		CHECK_FOR_INTERRUPTS();
		pg_regerror(result, compile(alias), message, sizeof(message));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("alias \"%s\" failed: %s", alias, message)));
	}
	for (int i = 0; i < match.rm_eo; i++)
		bytes += pg_mblen(comment + bytes);
	return bytes;
}

static int
match_text(const char *alias, const char *comment, int length)
{
	int			alias_length = strlen(alias);

	if (length < alias_length || pg_strncasecmp(comment, alias, alias_length) != 0 ||
		(length > alias_length && isalnum((unsigned char) comment[alias_length])))
		return 0;
	return alias_length;
}
