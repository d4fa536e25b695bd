/*
 * plpgsql.c: the SQL statements in a body of PL/pgSQL.
 *
 * PL/pgSQL's own compiler looks its types and tables up in the catalog, where
 * those that the same text makes are not yet.  So the body is walked by tokens
 * along the words of its control structures; what stands between them and a
 * semicolon is a statement.  Assignments, RAISE and the like are given as well:
 * they do not parse as SQL.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "ddl/plpgsql.h"
#include "ddl/source.h"

typedef enum Structure
{
	BLOCK,
	BRANCH,						/* IF, CASE */
	LOOP
} Structure;

typedef struct Level
{
	Structure	structure;
	int			first;			/* statement of the block */
	bool		in_handler;		/* behind its EXCEPTION */
} Level;

typedef struct Walk
{
	const char *text;
	int			end;
	int			pos;
	List	   *levels;			/* of Level, the innermost last */
	WfBody	   *body;
} Walk;

/* A word that begins or parts a control structure. */
typedef struct Word
{
	const char *word;
	bool		opens;
	Structure	structure;
	const char *until;			/* what ends its condition; NULL: it has none */
} Word;

static const Word words[] = {
	{"begin", true, BLOCK, NULL},
	{"declare", false, BLOCK, "begin"},
	{"if", true, BRANCH, "then"},
	{"elsif", false, BRANCH, "then"},
	{"elseif", false, BRANCH, "then"},
	{"else", false, BRANCH, NULL},
	{"case", true, BRANCH, "then"},
	{"when", false, BRANCH, "then"},
	{"loop", true, LOOP, NULL},
	{"for", true, LOOP, "loop"},
	{"foreach", true, LOOP, "loop"},
	{"while", true, LOOP, "loop"},
};

static bool take_structure(Walk *walk);
static void take_statement(Walk *walk);
static void take_execute(Walk *walk);
static void add_statement(Walk *walk, int offset, char *text);
static void skip_until(Walk *walk, const char *word);
static void skip_statement(Walk *walk);
static bool at_word(Walk *walk, const char *word);
static char *constant(Walk *walk, int *offset);

/*
 * Reads the body; any text will do.  Statements that EXECUTE is given as a
 * constant are among those returned, and PERFORM is given as SELECT.
 */
void
wf_ddl_plpgsql_read(const char *text, int length, WfBody *body)
{
	Walk		walk = {.text = text, .end = length, .body = body};

	memset(body, 0, sizeof(WfBody));
	while ((walk.pos = wf_ddl_source_skip_space(text, walk.pos, length)) < length)
	{
		CHECK_FOR_INTERRUPTS();
		if (text[walk.pos] == ';')
			walk.pos++;
		else if (text[walk.pos] == '<' || text[walk.pos] == '#')
		{
			/* A label, or an option of the compiler, up to its end. */
			char		last = text[walk.pos] == '<' ? '>' : '\n';

			while (walk.pos < length && text[walk.pos] != last)
				walk.pos++;
			while (walk.pos < length && text[walk.pos] == last)
				walk.pos++;
		}
		else if (!take_structure(&walk))
			take_statement(&walk);
	}
	list_free_deep(walk.levels);
}

/* Steps over the words of a control structure; false: a statement is here. */
static bool
take_structure(Walk *walk)
{
	Level	   *level = walk->levels ? llast(walk->levels) : NULL;

	if (at_word(walk, "end"))
	{
		if (level)
			walk->levels = list_delete_last(walk->levels);
		skip_statement(walk);
		return true;
	}
	if (at_word(walk, "exception") && level && level->structure == BLOCK)
	{
		level->in_handler = true;
		for (int i = level->first; i < list_length(walk->body->statements); i++)
			((WfBodyStatement *) list_nth(walk->body->statements, i))->is_handled = true;
		walk->pos += strlen("exception");
		return true;
	}
	for (int i = 0; i < lengthof(words); i++)
	{
		if (!at_word(walk, words[i].word))
			continue;
		if (words[i].opens)
		{
			level = palloc0(sizeof(Level));
			level->structure = words[i].structure;
			level->first = list_length(walk->body->statements);
			walk->levels = lappend(walk->levels, level);
		}
		walk->pos += strlen(words[i].word);
		if (words[i].until)
			skip_until(walk, words[i].until);
		return true;
	}
	return false;
}

static void
take_statement(Walk *walk)
{
	int			start = walk->pos;
	char	   *text;

	if (at_word(walk, "execute"))
	{
		take_execute(walk);
		return;
	}
	skip_statement(walk);
	text = wf_ddl_source_copy(walk->text, start, walk->pos);
	if (wf_ddl_source_word_is(text, 0, strlen(text), "perform"))
		text = psprintf("SELECT %s", text + strlen("perform"));
	add_statement(walk, start, text);
}

static void
take_execute(Walk *walk)
{
	int			offset;
	char	   *text;

	walk->pos = wf_ddl_source_skip_space(walk->text, walk->pos + strlen("execute"), walk->end);
	text = constant(walk, &offset);
	walk->pos = wf_ddl_source_skip_space(walk->text, walk->pos, walk->end);
	if (text && (walk->pos >= walk->end || walk->text[walk->pos] == ';' ||
				 at_word(walk, "into") || at_word(walk, "using")))
		add_statement(walk, offset, text);
	else
		walk->body->is_dynamic = true;
	skip_statement(walk);
}

static void
add_statement(Walk *walk, int offset, char *text)
{
	WfBodyStatement *statement = palloc0(sizeof(WfBodyStatement));
	ListCell   *lc;

	statement->offset = offset;
	statement->text = text;
	foreach(lc, walk->levels)
	{
		Level	   *level = lfirst(lc);

		statement->in_handler |= level->in_handler;
		statement->is_conditional |= level->structure != BLOCK || level->in_handler;
	}
	walk->body->statements = lappend(walk->body->statements, statement);
}

/*
 * Behind the word that ends a condition.  BEGIN is left for the block that it
 * opens, and so is LOOP where a condition lacks one.
 */
static void
skip_until(Walk *walk, const char *word)
{
	int			cases = 0;

	while ((walk->pos = wf_ddl_source_skip_space(walk->text, walk->pos, walk->end)) < walk->end)
	{
		if (cases == 0 && at_word(walk, word))
		{
			if (strcmp(word, "begin") != 0)
				walk->pos += strlen(word);
			return;
		}
		if (at_word(walk, "case"))
			cases++;
		else if (at_word(walk, "end") && cases > 0)
			cases--;
		if (walk->text[walk->pos] == '(' || walk->text[walk->pos] == '[')
			walk->pos = wf_ddl_source_skip_group(walk->text, walk->pos, walk->end);
		else
			walk->pos = wf_ddl_source_skip_token(walk->text, walk->pos, walk->end);
	}
}

/* To the semicolon. */
static void
skip_statement(Walk *walk)
{
	while ((walk->pos = wf_ddl_source_skip_space(walk->text, walk->pos, walk->end)) < walk->end &&
		   walk->text[walk->pos] != ';')
	{
		if (walk->text[walk->pos] == '(' || walk->text[walk->pos] == '[')
			walk->pos = wf_ddl_source_skip_group(walk->text, walk->pos, walk->end);
		else
			walk->pos = wf_ddl_source_skip_token(walk->text, walk->pos, walk->end);
	}
}

static bool
at_word(Walk *walk, const char *word)
{
	return wf_ddl_source_word_is(walk->text, walk->pos, walk->end, word);
}

/*
 * The string constant at this place, and where its text begins; steps over it.
 * NULL: there is none.
 */
static char *
constant(Walk *walk, int *offset)
{
	const char *text = walk->text;
	int			start = walk->pos;
	int			end = wf_ddl_source_skip_token(text, start, walk->end);
	StringInfoData buf;

	initStringInfo(&buf);
	if (start < walk->end && text[start] == '$')
	{
		const char *body = memchr(text + start + 1, '$', end - start - 1);
		int			tag = body ? body - (text + start) + 1 : 0;

		if (body == NULL || end - start < 2 * tag)
			return NULL;
		walk->pos = end;
		*offset = start + tag;
		appendBinaryStringInfo(&buf, text + start + tag, end - start - 2 * tag);
		return buf.data;
	}
	if (start >= walk->end || text[start] != '\'')
		return NULL;
	walk->pos = end;
	*offset = start + 1;
	for (int i = start + 1; i < end - 1; i++)
	{
		appendStringInfoChar(&buf, text[i]);
		if (text[i] == '\'')
			i++;
	}
	return buf.data;
}
