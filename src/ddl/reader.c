/*
 * reader.c: reading a text of SQL statement by statement.
 *
 * Where a statement ends is guessed first, and the grammar proves the guess: a
 * slice of the text that parses as one statement is one.  Where it does not, the
 * core scanner says where the statement ends, see split.c.
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
#include "ddl/split.h"

#define BREAKPOINT "--> statement-breakpoint"

/* The last statement of a text has no semicolon, and rarely more bytes. */
#define UNENDED_MAX 65536

static const WfPlace text_start = {.offset = 0, .line = 1, .col = 1};

static void refuse_tangle(WfReader *reader, WfStatement *statement);
static void move_on(WfReader *reader, WfPlace *place, int offset);
static int	characters(const char *text, int length);
static bool next_chunk(WfReader *reader);
static bool guess_slice(WfReader *reader, Slice *slice);
static bool is_whole(WfReader *reader, Slice *slice);
static void parse_slice(WfReader *reader, Slice *slice, WfStatement *statement);
static void skip_copy_data(WfReader *reader, Node *node, int offset);

/* Begins to read; the reader lives in CurrentMemoryContext. */
WfReader *
wf_ddl_reader_begin(const char *text, int length)
{
	WfReader   *reader = palloc0(sizeof(WfReader));

	reader->context = CurrentMemoryContext;
	reader->text = pnstrdup(text, length);
	reader->length = strlen(reader->text);
	reader->statement_place = reader->last_place = text_start;
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
			wf_ddl_split_next(reader, &slice);
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
		wf_ddl_split_restart(reader, slice.start);
		wf_ddl_split_next(reader, &slice);
		statement->error = NULL;
		statement->error_offset = 0;
		parse_slice(reader, &slice, statement);
	}
	/* A parenthesis that is never closed swallows what follows: give it back. */
	if (statement->kind == WF_STATEMENT_ERROR && slice.inner >= 0)
	{
		slice.end = slice.inner;
		wf_ddl_split_restart(reader, slice.inner + 1);
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
 * for statements, and places in a statement, in the order of the text.
 */
void
wf_ddl_reader_position(WfReader *reader, int offset, int within, int *line, int *col)
{
	if (offset < reader->statement_place.offset)
		reader->statement_place = text_start;
	move_on(reader, &reader->statement_place, offset);
	if (offset + within < reader->last_place.offset || reader->last_place.offset < offset)
		reader->last_place = reader->statement_place;
	move_on(reader, &reader->last_place, offset + within);
	*line = reader->last_place.line;
	*col = reader->last_place.col;
}

/* Moves a place in the text on to an offset behind it. */
static void
move_on(WfReader *reader, WfPlace *place, int offset)
{
	const char *text = reader->text + place->offset;
	int			length = offset - place->offset;
	const char *newline;

	while ((newline = memchr(text, '\n', length)) != NULL)
	{
		length -= newline + 1 - text;
		text = newline + 1;

		place->line += 1;
		place->col = 1;
	}
	place->col += characters(text, length);
	place->offset = offset;
}

/* The number of characters; most texts are ASCII. */
static int
characters(const char *text, int length)
{
	for (int i = 0; i < length; i++)
	{
		if (IS_HIGHBIT_SET(text[i]))
			return i + pg_mbstrlen_with_len(text + i, length - i);
	}
	return length;
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
	wf_ddl_split_restart(reader, reader->resume);
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

	slice->end = slice->is_meta ? wf_ddl_split_line_end(reader, start) : wf_ddl_source_statement_end(text, start, end);

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
	wf_ddl_split_restart(reader, slice->start);
	wf_ddl_split_next(reader, &scanned);
	reader->text[slice->end] = last;
	reader->chunk_end = chunk_end;
	wf_ddl_split_restart(reader, position);
	slice->inner = scanned.inner;
	return scanned.error == NULL && !scanned.is_open && scanned.end == slice->end;
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
		if (!wf_ddl_split_take_error(old, &statement->error, &statement->error_code, &cursor))
			PG_RE_THROW();
		statement->error_offset = cursor > 0 ? wf_ddl_split_byte_of(statement->source, cursor) : 0;
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
		wf_ddl_split_restart(reader, slice->start + statement->length + 1);
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
	for (line = wf_ddl_split_line_end(reader, offset); line < reader->chunk_end; line = wf_ddl_split_line_end(reader, line + 1))
	{
		if (strncmp(reader->text + line, "\n\\.", 3) == 0 &&
			(reader->text[line + 3] == '\n' || reader->text[line + 3] == '\r' ||
			 line + 3 >= reader->chunk_end))
		{
			wf_ddl_split_restart(reader, line + 3);
			return;
		}
	}
}
