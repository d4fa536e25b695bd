/*
 * reader.c: reading a text of SQL statement by statement.
 *
 * Where a statement ends is guessed first, and the grammar proves the guess: a
 * slice of the text that parses as one statement is one.  Where it does not, the
 * core scanner says where the statement ends.  Of that only the character tokens
 * are used: the codes of keywords are private to the grammar from 16 on, so the
 * few words that matter are compared as text.
 *
 * Both scanning and raw parsing allocate and nothing else: they hold no lock,
 * buffer, snapshot or catalog entry.  That is why an error of theirs may be
 * caught without a subtransaction.  Only errors that speak about the text are
 * caught; cancellation and out of memory pass.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/memutils.h"

#include "ddl/source.h"
#include "ddl/statement.h"

#define BREAKPOINT "--> statement-breakpoint"

/* The last statement of a text has no semicolon, and rarely more bytes. */
#define UNENDED_MAX 65536

struct WfReader
{
	MemoryContext context;		/* of the reader */
	MemoryContext scan_context; /* of the scanner; NULL: never started */
	MemoryContext token_context;	/* what it allocates for tokens */
	char	   *text;			/* own copy; a chunk ends with a NUL byte */
	char	   *marker;			/* where that stands for a breakpoint's first */
	int			length;
	int			chunk_end;		/* the hard boundary ahead */
	int			resume;			/* where the next chunk begins */
	int			tangle;			/* the text is not scanned because of this
								 * place; -1: none */

	core_yyscan_t scanner;		/* NULL: not started; ends are guessed */
	core_yy_extra_type extra;
	int			base;			/* offset that the scanner was started at */
	int			position;		/* where the next statement is looked for */

	int			number;

	/* Where lines are counted from. */
	int			mark_offset;
	int			mark_line;
	int			mark_col;
};

/* A slice of the text that should hold one statement. */
typedef struct Slice
{
	int			start;			/* -1: none */
	int			end;
	int			after;			/* where the next one is looked for */
	int			inner;			/* first semicolon inside of parentheses or of
								 * a body that never ends; -1: none */
	bool		is_open;		/* parentheses or a body don't end in it */
	bool		is_meta;
	char	   *error;			/* of the scanner */
	int			error_code;
	int			error_offset;	/* in the text */
} Slice;

/* What the splitter knows of the statement it is in. */
typedef struct SplitState
{
	int			depth;			/* of parentheses */
	int			begin_depth;	/* of BEGIN ATOMIC and CASE */
	int			words;			/* words seen so far */
	bool		is_create;		/* begins with CREATE */
	bool		is_routine;		/* CREATE [OR REPLACE] FUNCTION or PROCEDURE */
	bool		after_begin;	/* the last token was BEGIN */
	int			body_semicolon; /* first one inside of a body; -1: none */
} SplitState;

static void refuse_tangle(WfReader *reader, WfStatement *statement);
static void count_places(const char *text, int length, int *line, int *col);
static bool next_chunk(WfReader *reader);
static bool guess_slice(WfReader *reader, Slice *slice);
static bool is_whole(WfReader *reader, Slice *slice);
static void next_slice(WfReader *reader, Slice *slice);
static void scan_slice(WfReader *reader, Slice *slice);
static void note_word(WfReader *reader, SplitState *state, int offset);
static void restart_at(WfReader *reader, int offset);
static int	line_end(WfReader *reader, int offset);
static int	after_broken_literal(WfReader *reader, int offset);
static bool take_error(MemoryContext context, char **message, int *code, int *cursor);
static void parse_slice(WfReader *reader, Slice *slice, WfStatement *statement);
static void skip_copy_data(WfReader *reader, Node *node, int offset);
static int	byte_of_character(const char *text, int character);

/* Begins to read; the reader lives in CurrentMemoryContext. */
WfReader *
wf_ddl_reader_begin(const char *text, int length)
{
	WfReader   *reader = palloc0(sizeof(WfReader));

	reader->context = CurrentMemoryContext;
	reader->text = pnstrdup(text, length);
	reader->length = strlen(reader->text);
	reader->mark_line = 1;
	reader->mark_col = 1;
	reader->resume = 0;
	reader->chunk_end = -1;
	reader->tangle = wf_ddl_source_tangle(reader->text, reader->length);
	return reader;
}

/*
 * Reads the next statement into *statement, allocated in CurrentMemoryContext;
 * false at the end of the text.  Raises nothing but cancellation and out of
 * memory.
 */
bool
wf_ddl_reader_next(WfReader *reader, WfStatement *statement)
{
	Slice		slice;
	bool		guessed;

	CHECK_FOR_INTERRUPTS();
	if (reader->tangle >= 0)
	{
		refuse_tangle(reader, statement);
		return true;
	}
	for (;;)
	{
		if (reader->chunk_end < 0 && !next_chunk(reader))
			return false;
		guessed = guess_slice(reader, &slice);
		if (!guessed)
			next_slice(reader, &slice);
		if (slice.start >= 0)
			break;
		reader->chunk_end = -1;
	}

	memset(statement, 0, sizeof(WfStatement));
	statement->number = ++reader->number;
	if (slice.is_meta)
	{
		statement->kind = WF_STATEMENT_META;
		statement->offset = slice.start;
		statement->length = slice.end - slice.start;
		statement->source = pnstrdup(reader->text + slice.start, statement->length);
		return true;
	}
	parse_slice(reader, &slice, statement);
	if (guessed && statement->kind == WF_STATEMENT_ERROR && !is_whole(reader, &slice))
	{
		restart_at(reader, slice.start);
		next_slice(reader, &slice);
		statement->error = NULL;
		statement->error_offset = 0;
		parse_slice(reader, &slice, statement);
	}
	/* A parenthesis that is never closed swallows what follows: give it back. */
	if (statement->kind == WF_STATEMENT_ERROR && slice.inner >= 0)
	{
		slice.end = slice.inner;
		restart_at(reader, slice.inner + 1);
		parse_slice(reader, &slice, statement);
	}
	if (statement->kind == WF_STATEMENT_SQL)
		skip_copy_data(reader, statement->node, slice.end);
	return true;
}

/* The whole text becomes one statement that can't be read, the last one. */
static void
refuse_tangle(WfReader *reader, WfStatement *statement)
{
	memset(statement, 0, sizeof(WfStatement));
	statement->number = ++reader->number;
	statement->kind = WF_STATEMENT_ERROR;
	statement->length = reader->length;
	statement->source = reader->text;
	statement->error = pstrdup("too many comments or operators without a space between them");
	statement->error_code = ERRCODE_STATEMENT_TOO_COMPLEX;
	statement->error_offset = reader->tangle;
	reader->tangle = -1;
	reader->resume = reader->length;
}

/*
 * Line and column, both 1-based, the column in characters, of the place that
 * is so many bytes within the statement that begins at the offset.  Cheapest
 * for statements in the order of the text.
 */
void
wf_ddl_reader_position(WfReader *reader, int offset, int within, int *line, int *col)
{
	if (offset < reader->mark_offset)
	{
		reader->mark_offset = 0;
		reader->mark_line = 1;
		reader->mark_col = 1;
	}
	count_places(reader->text + reader->mark_offset, offset - reader->mark_offset,
				 &reader->mark_line, &reader->mark_col);
	reader->mark_offset = offset;
	*line = reader->mark_line;
	*col = reader->mark_col;
	count_places(reader->text + offset, within, line, col);
}

/* Moves a place in the text on by so many bytes. */
static void
count_places(const char *text, int length, int *line, int *col)
{
	const char *newline;

	while ((newline = memchr(text, '\n', length)) != NULL)
	{
		length -= newline + 1 - text;
		text = newline + 1;

		*line += 1;
		*col = 1;
	}
	*col += pg_mbstrlen_with_len(text, length);
}

/* Finds the next part of the text between two breakpoints. */
static bool
next_chunk(WfReader *reader)
{
	char	   *marker;

	if (reader->marker)
		*reader->marker = BREAKPOINT[0];
	reader->marker = NULL;
	if (reader->resume >= reader->length)
		return false;
	marker = strstr(reader->text + reader->resume, BREAKPOINT);
	restart_at(reader, reader->resume);
	if (marker)
	{
		reader->chunk_end = marker - reader->text;
		reader->resume = reader->chunk_end + strlen(BREAKPOINT);
		*marker = '\0';
		reader->marker = marker;
	}
	else
	{
		reader->chunk_end = reader->length;
		reader->resume = reader->length;
	}
	return true;
}

/* Looks for a statement anew from this place on. */
static void
restart_at(WfReader *reader, int offset)
{
	reader->position = offset;
	reader->scanner = NULL;
	if (reader->scan_context)
		MemoryContextReset(reader->scan_context);
}

/*
 * The next slice of the chunk, unless the scanner is at work or must say what
 * is wrong with its end.
 */
static bool
guess_slice(WfReader *reader, Slice *slice)
{
	const char *text = reader->text;
	int			end = reader->chunk_end;
	int			start;

	if (reader->scanner)
		return false;
	memset(slice, 0, sizeof(Slice));
	slice->start = slice->inner = -1;
	do
	{
		start = wf_ddl_source_skip_space(text, reader->position, end);
		if (start < end && text[start] == ';')
			reader->position = start + 1;
	} while (start < reader->position);
	if (start >= end)
		return reader->position == end;
	slice->start = start;
	slice->is_meta = text[start] == '\\';

	slice->end = slice->is_meta ? line_end(reader, start) : wf_ddl_source_statement_end(text, start, end);

	/*
	 * Without an end it may be a literal that is never closed: no parser for
	 * all that.
	 */
	if (slice->end == end && !slice->is_meta && end - start > UNENDED_MAX)
	{
		slice->start = -1;
		return false;
	}
	reader->position = slice->end < end && text[slice->end] == ';' ? slice->end + 1 : slice->end;

	return true;
}

/* Does the core scanner end a guessed slice at the same place?  Tells of inner semicolons. */
static bool
is_whole(WfReader *reader, Slice *slice)
{
	int			position = reader->position;
	int			chunk_end = reader->chunk_end;
	char		last = reader->text[slice->end];
	Slice		scanned;

	reader->text[slice->end] = '\0';
	reader->chunk_end = slice->end;
	restart_at(reader, slice->start);
	next_slice(reader, &scanned);
	reader->text[slice->end] = last;
	reader->chunk_end = chunk_end;
	restart_at(reader, position);
	slice->inner = scanned.inner;
	return scanned.error == NULL && !scanned.is_open && scanned.end == slice->end;
}

/* The next slice of the chunk by the core scanner; an error of the scanner is part of it. */
static void
next_slice(WfReader *reader, Slice *slice)
{
	MemoryContext old = CurrentMemoryContext;
	int			from = reader->position;

	memset(slice, 0, sizeof(Slice));
	slice->start = -1;
	slice->inner = -1;
	if (reader->scan_context == NULL)
	{
		reader->scan_context = AllocSetContextCreate(reader->context, "wishflags scanner", ALLOCSET_DEFAULT_SIZES);
		reader->token_context = AllocSetContextCreate(reader->context, "wishflags tokens", ALLOCSET_DEFAULT_SIZES);
	}
	MemoryContextReset(reader->token_context);

	PG_TRY();
	{
		if (reader->scanner == NULL)
		{
			MemoryContextSwitchTo(reader->scan_context);
			reader->base = reader->position;
			reader->scanner = scanner_init(reader->text + reader->base, &reader->extra,
										   &ScanKeywords, ScanKeywordTokens);
		}
		MemoryContextSwitchTo(reader->token_context);
		scan_slice(reader, slice);
		MemoryContextSwitchTo(old);
	}
	PG_CATCH();
	{
		int			cursor;

		MemoryContextSwitchTo(old);
		if (!take_error(old, &slice->error, &slice->error_code, &cursor))
			PG_RE_THROW();
		if (slice->start < 0)
			slice->start = wf_ddl_source_skip_space(reader->text, from, reader->chunk_end);
		slice->error_offset = cursor > 0 ?
			reader->base + byte_of_character(reader->text + reader->base, cursor) : slice->start;
		/* A comment that is never closed is not passed over. */
		slice->start = Min(slice->start, slice->error_offset);
		slice->end = after_broken_literal(reader, slice->error_offset);
		restart_at(reader, Min(slice->end + 1, reader->chunk_end));
	}
	PG_END_TRY();
}

/* Scans tokens up to the end of a statement. */
static void
scan_slice(WfReader *reader, Slice *slice)
{
	SplitState	state = {.body_semicolon = -1};
	core_YYSTYPE value;
	YYLTYPE		location;

	for (;;)
	{
		int			token = core_yylex(&value, &location, reader->scanner);
		int			offset = reader->base + location;

		CHECK_FOR_INTERRUPTS();
		if (token == 0)
		{
			slice->end = reader->chunk_end;
			reader->position = reader->chunk_end;
			slice->is_open = state.depth > 0 || state.begin_depth > 0;
			if (slice->inner < 0 && state.begin_depth > 0)
				slice->inner = state.body_semicolon;
			return;
		}
		if (token == '\\')
		{
			slice->is_meta = slice->start < 0;
			if (slice->is_meta)
			{
				slice->start = offset;
				slice->end = line_end(reader, offset);
				restart_at(reader, slice->end);
			}
			else
			{
				/* The command ends the statement before it. */
				slice->end = offset;
				restart_at(reader, offset);
			}
			return;
		}
		if (token == ';' && state.depth == 0 && state.begin_depth == 0)
		{
			if (slice->start < 0)
				continue;		/* an empty statement */
			slice->end = offset;
			reader->position = offset + 1;
			return;
		}
		if (slice->start < 0)
			slice->start = offset;
		if (token == ';' && state.depth > 0 && slice->inner < 0)
			slice->inner = offset;
		else if (token == ';' && state.depth == 0 && state.body_semicolon < 0)
			state.body_semicolon = offset;
		else if (token == '(')
			state.depth++;
		else if (token == ')' && state.depth > 0)
			state.depth--;
		if (token > 255)
			note_word(reader, &state, offset);
		else
			state.after_begin = false;
	}
}

/* Keeps track of BEGIN ATOMIC ... END in the body of a routine. */
static void
note_word(WfReader *reader, SplitState *state, int offset)
{
	const char *text = reader->text;
	int			end = reader->chunk_end;
	bool		after_begin = state->after_begin;

	state->after_begin = false;
	if (state->words < 4)
	{
		if (state->words == 0)
			state->is_create = wf_ddl_source_word_is(text, offset, end, "create");
		else if (state->is_create &&
				 (wf_ddl_source_word_is(text, offset, end, "function") ||
				  wf_ddl_source_word_is(text, offset, end, "procedure")))
			state->is_routine = true;
		state->words++;
	}
	if (!state->is_routine || state->depth > 0)
		return;
	if (state->begin_depth == 0)
	{
		if (after_begin && wf_ddl_source_word_is(text, offset, end, "atomic"))
			state->begin_depth = 1;
		else
			state->after_begin = wf_ddl_source_word_is(text, offset, end, "begin");
	}
	else if (wf_ddl_source_word_is(text, offset, end, "case"))
		state->begin_depth++;
	else if (wf_ddl_source_word_is(text, offset, end, "end"))
		state->begin_depth--;
}

static int
line_end(WfReader *reader, int offset)
{
	const char *newline = memchr(reader->text + offset, '\n', reader->chunk_end - offset);

	return newline ? newline - reader->text : reader->chunk_end;
}

/*
 * Where to go on after a literal or comment that is never closed: at the next
 * semicolon that ends a line.
 */
static int
after_broken_literal(WfReader *reader, int offset)
{
	for (; offset < reader->chunk_end; offset++)
	{
		int			next = offset + 1;

		if (reader->text[offset] != ';')
			continue;
		while (next < reader->chunk_end &&
			   (reader->text[next] == ' ' || reader->text[next] == '\t' || reader->text[next] == '\r'))
			next++;
		if (next >= reader->chunk_end || reader->text[next] == '\n')
			return offset;
	}
	return reader->chunk_end;
}

/*
 * Takes the current error if it speaks about the text: syntax and naming
 * errors (class 42), bad values such as an escape (22), what the grammar does
 * not support (0A), and a nesting too deep for the parser (54).
 */
static bool
take_error(MemoryContext context, char **message, int *code, int *cursor)
{
	ErrorData  *error = CopyErrorData();
	int			category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
	char	   *newline;

	if (category != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
		category != ERRCODE_DATA_EXCEPTION &&
		category != ERRCODE_FEATURE_NOT_SUPPORTED &&
		category != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
	{
		FreeErrorData(error);
		return false;
	}
	FlushErrorState();
	*message = error->message ? error->message : pstrdup("syntax error");
	/* What is quoted as "at or near" may be all the rest of the text. */
	newline = strchr(*message, '\n');
	if (newline)
		*message = psprintf("%.*s...\"", (int) (newline - *message), *message);
	*code = error->sqlerrcode;
	*cursor = error->cursorpos;
	return true;
}

/* The byte offset of a 1-based character. */
static int
byte_of_character(const char *text, int character)
{
	const char *p = text;

	while (--character > 0 && *p != '\0')
		p += pg_mblen(p);
	return p - text;
}

/* Parses a slice into *statement, which has its number already. */
static void
parse_slice(WfReader *reader, Slice *slice, WfStatement *statement)
{
	MemoryContext old = CurrentMemoryContext;
	List	   *volatile parsed = NIL;

	statement->kind = WF_STATEMENT_ERROR;
	statement->offset = slice->start;
	statement->length = slice->end - slice->start;
	while (statement->length > 0 &&
		   strchr(" \t\r\n\f\v", reader->text[slice->start + statement->length - 1]))
		statement->length--;
	statement->source = pnstrdup(reader->text + slice->start, statement->length);
	if (slice->error)
	{
		statement->error = slice->error;
		statement->error_code = slice->error_code;
		statement->error_offset = Min(Max(slice->error_offset - slice->start, 0), statement->length);
		return;
	}

	PG_TRY();
	{
		parsed = raw_parser(statement->source, RAW_PARSE_DEFAULT);
	}
	PG_CATCH();
	{
		int			cursor;

		MemoryContextSwitchTo(old);
		if (!take_error(old, &statement->error, &statement->error_code, &cursor))
			PG_RE_THROW();
		statement->error_offset = cursor > 0 ? byte_of_character(statement->source, cursor) : 0;
	}
	PG_END_TRY();
	if (statement->error)
		return;
	statement->kind = WF_STATEMENT_SQL;
	statement->error = NULL;
	if (parsed == NIL)
		return;
	statement->node = linitial_node(RawStmt, parsed)->stmt;
	/* The splitter miscounted the ENDs of a body: the grammar knows better. */
	if (list_length(parsed) > 1)
	{
		statement->length = linitial_node(RawStmt, parsed)->stmt_len;
		statement->source[statement->length] = '\0';
		restart_at(reader, slice->start + statement->length + 1);
	}
}

/* After COPY ... FROM STDIN the data follows, up to a line "\.". */
static void
skip_copy_data(WfReader *reader, Node *node, int offset)
{
	CopyStmt   *copy = (CopyStmt *) node;
	int			line;

	if (node == NULL || !IsA(node, CopyStmt) || !copy->is_from || copy->filename != NULL ||
		copy->is_program)
		return;
	for (line = line_end(reader, offset); line < reader->chunk_end; line = line_end(reader, line + 1))
	{
		if (strncmp(reader->text + line, "\n\\.", 3) == 0 &&
			(reader->text[line + 3] == '\n' || reader->text[line + 3] == '\r' ||
			 line + 3 >= reader->chunk_end))
		{
			restart_at(reader, line + 3);
			return;
		}
	}
}
