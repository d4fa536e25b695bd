/*
 * source.c: finding one's way in a statement's source text.
 */
#include "common/compat.h"

#include <ctype.h>

#include "parser/scansup.h"

#include "ddl/source.h"

/* Those of the server's scanner. */
#define OPERATOR_CHARACTERS "~!@#^&|`?+-*/%<>="

/* So many characters may be looked at again and again in a text. */
#define MAX_LOOKS INT64CONST(100000000)

static int	find_byte(const char *text, int pos, int end, char byte);
static bool may_hold_comment(const char *text, int pos, int end);
static bool has_escapes(const char *text, int start, int pos);
static int	skip_quoted(const char *text, int pos, int end, char quote, bool escapes);
static int	skip_dollar(const char *text, int pos, int end);
static int	skip_block_comment(const char *text, int pos, int end);

static inline bool
is_word_start(char c)
{
	return isalpha((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

static inline bool
is_word_part(char c)
{
	return is_word_start(c) || isdigit((unsigned char) c) || c == '$';
}

/*
 * Where the text is too tangled for the server's scanner, or -1.
 *
 * In a run of operator characters the scanner looks at all the rest of the
 * run for each comment that begins there and for each plus sign, and it can't
 * be interrupted meanwhile: some hundred thousand of them take minutes.  No
 * text that means anything comes near the limit.
 */
int
wf_ddl_source_tangle(const char *text, int length)
{
	int64		looks = 0;
	int			plus = find_byte(text, 0, length, '+');
	int			slash = find_byte(text, 0, length, '/');

	while (Min(plus, slash) < length)
	{
		int			start = Min(plus, slash);
		int			end = start + strspn(text + start, OPERATOR_CHARACTERS);

		for (int pos = start; pos < end; pos++)
		{
			if (text[pos] == '+' || (text[pos] == '/' && text[pos + 1] == '*'))
				looks += end - pos;
		}
		if (looks > MAX_LOOKS)
		{
			while (start > 0 && strchr(OPERATOR_CHARACTERS, text[start - 1]))
				start--;
			return start;
		}
		if (plus < end)
			plus = find_byte(text, end, length, '+');
		if (slash < end)
			slash = find_byte(text, end, length, '/');
	}
	return -1;
}

/* Where the byte stands next; end: nowhere. */
static int
find_byte(const char *text, int pos, int end, char byte)
{
	const char *found = pos < end ? memchr(text + pos, byte, end - pos) : NULL;

	return found ? found - text : end;
}

/* The first place at or after pos that is neither white space nor comment. */
int
wf_ddl_source_skip_space(const char *text, int pos, int end)
{
	while (pos < end)
	{
		if (scanner_isspace(text[pos]))
			pos++;
		else if (text[pos] == '-' && pos + 1 < end && text[pos + 1] == '-')
		{
			while (pos < end && text[pos] != '\n' && text[pos] != '\r')
				pos++;
		}
		else if (text[pos] == '/' && pos + 1 < end && text[pos + 1] == '*')
			pos = skip_block_comment(text, pos, end);
		else
			break;
	}
	return pos;
}

/* The place after the token that begins at pos. */
int
wf_ddl_source_skip_token(const char *text, int pos, int end)
{
	if (pos >= end)
		return end;
	if (text[pos] == '\'' || text[pos] == '"')
		return skip_quoted(text, pos, end, text[pos], false);
	if (text[pos] == '$')
		return skip_dollar(text, pos, end);
	if (is_word_start(text[pos]))
	{
		int			start = pos;

		while (pos < end && is_word_part(text[pos]))
			pos++;
		if (pos < end && text[pos] == '\'' && pos - start == 1)
			return skip_quoted(text, pos, end, '\'',
							   text[start] == 'e' || text[start] == 'E');
		if (pos + 1 < end && text[pos] == '&' && pos - start == 1 && (text[start] == 'u' || text[start] == 'U') &&
			(text[pos + 1] == '\'' || text[pos + 1] == '"'))
			return skip_quoted(text, pos + 1, end, text[pos + 1], false);
		return pos;
	}
	if (isdigit((unsigned char) text[pos]))
	{
		while (pos < end && (is_word_part(text[pos]) || text[pos] == '.'))
			pos++;
		return pos;
	}
	return pos + 1;
}

/* After the closing parenthesis of the group that begins at pos. */
int
wf_ddl_source_skip_group(const char *text, int pos, int end)
{
	int			depth = 0;

	while ((pos = wf_ddl_source_skip_space(text, pos, end)) < end)
	{
		char		c = text[pos];

		pos = wf_ddl_source_skip_token(text, pos, end);
		if (c == '(' || c == '[')
			depth++;
		else if (c == ')' || c == ']')
			depth--;
		if (depth <= 0)
			break;
	}
	return pos;
}

/*
 * The end of the list item that begins at pos: the place of the next comma,
 * semicolon or closing parenthesis at its level, without trailing space.
 */
int
wf_ddl_source_item_end(const char *text, int pos, int end)
{
	int			last = pos;

	while ((pos = wf_ddl_source_skip_space(text, pos, end)) < end)
	{
		if (text[pos] == ',' || text[pos] == ';' || text[pos] == ')')
			break;
		if (text[pos] == '(' || text[pos] == '[')
			pos = wf_ddl_source_skip_group(text, pos, end);
		else
			pos = wf_ddl_source_skip_token(text, pos, end);
		last = pos;
	}
	return last;
}

/* Does the unquoted word stand at pos?  Case does not matter. */
bool
wf_ddl_source_word_is(const char *text, int pos, int end, const char *word)
{
	int			length;

	/*
	 * Most words are asked for where another stands; letters differ in this
	 * bit from their capitals.
	 */
	if (pos >= end || (text[pos] | 0x20) != (word[0] | 0x20))
		return false;
	length = strlen(word);
	return pos + length <= end && pg_strncasecmp(text + pos, word, length) == 0 &&
		(pos + length == end || !is_word_part(text[pos + length]));
}

/* Where the unquoted word stands before any of the stops, outside of groups; or -1. */
static int
find_word(const char *text, int pos, int end, const char *word, const char *stops)
{
	while ((pos = wf_ddl_source_skip_space(text, pos, end)) < end && !strchr(stops, text[pos]))
	{
		if (wf_ddl_source_word_is(text, pos, end, word))
			return pos;
		if (text[pos] == '(' || text[pos] == '[')
			pos = wf_ddl_source_skip_group(text, pos, end);
		else
			pos = wf_ddl_source_skip_token(text, pos, end);
	}
	return -1;
}

/*
 * Where the unquoted word stands in the list item that begins at pos, outside
 * of parentheses; -1 where it does not.
 */
int
wf_ddl_source_find_word(const char *text, int pos, int end, const char *word)
{
	return find_word(text, pos, end, word, ",;)");
}

/* The same in the statement, where the word begins a clause, such as WHERE. */
int
wf_ddl_source_find_clause(const char *text, int pos, int end, const char *word)
{
	return find_word(text, pos, end, word, ";");
}

/* Steps over the unquoted word, where it stands at the place. */
static bool
skip_word(const char *text, int *place, int end, const char *word)
{
	if (!wf_ddl_source_word_is(text, *place, end, word))
		return false;
	*place = wf_ddl_source_skip_space(text, *place + strlen(word), end);
	return true;
}

/*
 * Where the first command begins in the ALTER TABLE, INDEX, MATERIALIZED VIEW and
 * so on that begins at pos; -1 where there is none.
 */
int
wf_ddl_source_alter_commands(const char *text, int pos, int end)
{
	int			place = wf_ddl_source_skip_space(text, pos, end);
	int			name;

	if (!skip_word(text, &place, end, "ALTER"))
		return -1;
	if (!skip_word(text, &place, end, "FOREIGN"))
		(void) skip_word(text, &place, end, "MATERIALIZED");
	/* One word for the kind of object, which may be a table's name as well. */
	place = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, place, end), end);
	name = place;
	if (skip_word(text, &place, end, "IF") && !skip_word(text, &place, end, "EXISTS"))
		place = name;
	(void) skip_word(text, &place, end, "ONLY");
	/* The name, with its dots, and an asterisk. */
	if (place < end && text[place] == '(')
		place = wf_ddl_source_skip_group(text, place, end);
	else
		place = wf_ddl_source_skip_token(text, place, end);
	place = wf_ddl_source_skip_space(text, place, end);
	while (place < end && text[place] == '.')
	{
		place = wf_ddl_source_skip_space(text, place + 1, end);
		place = wf_ddl_source_skip_space(text, wf_ddl_source_skip_token(text, place, end), end);
	}
	if (place < end && text[place] == '*')
		place = wf_ddl_source_skip_space(text, place + 1, end);
	return place < end ? place : -1;
}

/* Where the item behind the one that begins at pos, and a comma, begins; -1 where there is none. */
int
wf_ddl_source_next_item(const char *text, int pos, int end)
{
	int			place = wf_ddl_source_skip_space(text, wf_ddl_source_item_end(text, pos, end), end);

	if (place >= end || text[place] != ',')
		return -1;
	place = wf_ddl_source_skip_space(text, place + 1, end);
	return place < end ? place : -1;
}

/*
 * The end of the statement that begins at pos: the place of the next semicolon
 * outside of parentheses, or of a psql command.  At the end of the text there has
 * to be a NUL.
 *
 * This is a guess, made in a fraction of the time that the server's scanner
 * takes: it knows neither BEGIN ATOMIC nor old string escapes.  What it is wrong
 * about does not parse.
 */
int
wf_ddl_source_statement_end(const char *text, int pos, int end)
{
	static const bool matters[256] = {
		['\''] = true,['"'] = true,['$'] = true,['-'] = true,['/'] = true,
		['('] = true,[')'] = true,[';'] = true,['\\'] = true,
		['\0'] = true,			/* stands behind the end, at the latest */
	};
	int			start = pos;
	int			depth = 0;

	while (pos < end)
	{
		char		c;

		while (!matters[(unsigned char) text[pos]])
			pos++;
		if (pos >= end)
			break;
		c = text[pos];
		switch (c)
		{
			case '\'':
				pos = skip_quoted(text, pos, end, c, has_escapes(text, start, pos));
				break;
			case '"':
				pos = skip_quoted(text, pos, end, c, false);
				break;
			case '$':
				pos = pos > start && is_word_part(text[pos - 1]) ? pos + 1 : skip_dollar(text, pos, end);
				break;
			case '-':
			case '/':
				{
					int			next = wf_ddl_source_skip_space(text, pos, end);

					pos = Max(next, pos + 1);
					break;
				}
			case '(':
				depth++;
				pos++;
				break;
			case ')':
				depth -= depth > 0;
				pos++;
				break;
			default:
				if (c == '\\' || depth == 0)
					return pos;
				pos++;
				break;
		}
	}
	return end;
}

/* Is the string that begins at pos one of the kind E'...'? */
static bool
has_escapes(const char *text, int start, int pos)
{
	return pos > start && (text[pos - 1] == 'e' || text[pos - 1] == 'E') &&
		(pos - 1 == start || !is_word_part(text[pos - 2]));
}

/* Can there be a comment in text[pos..end)?  Most statements have none, and need no second scan. */
static bool
may_hold_comment(const char *text, int pos, int end)
{
	for (int dash = find_byte(text, pos, end, '-'); dash + 1 < end; dash = find_byte(text, dash + 1, end, '-'))
	{
		if (text[dash + 1] == '-')
			return true;
	}
	for (int slash = find_byte(text, pos, end, '/'); slash + 1 < end; slash = find_byte(text, slash + 1, end, '/'))
	{
		if (text[slash + 1] == '*')
			return true;
	}
	return false;
}

/* Where the last token of text[pos..end) ends, before space and comments. */
int
wf_ddl_source_last_end(const char *text, int pos, int end)
{
	int			last = pos;

	if (pos >= end)
		return pos;
	if (!may_hold_comment(text, pos, end))
	{
		while (end > pos && scanner_isspace(text[end - 1]))
			end--;
		return end;
	}
	while ((pos = wf_ddl_source_skip_space(text, pos, end)) < end)
		last = pos = wf_ddl_source_skip_token(text, pos, end);
	return last;
}

/*
 * A copy of text[from..to), without space and semicolons around it, nor a comment
 * at its end that would swallow what is appended.
 */
char *
wf_ddl_source_copy(const char *text, int from, int to)
{
	int			last;

	while (from < to && isspace((unsigned char) text[from]))
		from++;
	last = wf_ddl_source_last_end(text, from, to);
	/* A block comment at the end swallows nothing. */
	while (last < to && text[last] != '-')
		last = text[last] == '/' ? skip_block_comment(text, last, to) : last + 1;
	while (last > from && (isspace((unsigned char) text[last - 1]) || text[last - 1] == ';'))
		last--;
	return pnstrdup(text + from, last - from);
}

static int
skip_quoted(const char *text, int pos, int end, char quote, bool escapes)
{
	for (pos++; pos < end; pos++)
	{
		if (escapes && text[pos] == '\\')
			pos++;
		else if (text[pos] == quote)
		{
			if (pos + 1 < end && text[pos + 1] == quote)
				pos++;
			else
				return pos + 1;
		}
	}
	return end;
}

/* A dollar-quoted string, or just a dollar sign. */
static int
skip_dollar(const char *text, int pos, int end)
{
	int			tag_end = pos + 1;
	int			tag_length;

	while (tag_end < end && is_word_part(text[tag_end]) && text[tag_end] != '$')
		tag_end++;
	if (tag_end >= end || text[tag_end] != '$' ||
		isdigit((unsigned char) text[pos + 1]))
		return pos + 1;
	tag_length = tag_end + 1 - pos;
	for (int i = tag_end + 1; i + tag_length <= end; i++)
	{
		if (text[i] == '$' && memcmp(text + i, text + pos, tag_length) == 0)
			return i + tag_length;
	}
	return end;
}

static int
skip_block_comment(const char *text, int pos, int end)
{
	int			depth = 0;

	while (pos < end)
	{
		if (text[pos] == '/' && pos + 1 < end && text[pos + 1] == '*')
		{
			depth++;
			pos += 2;
		}
		else if (text[pos] == '*' && pos + 1 < end && text[pos + 1] == '/')
		{
			depth--;
			pos += 2;
			if (depth == 0)
				break;
		}
		else
			pos++;
	}
	return pos;
}
