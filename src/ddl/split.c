/*
 * split.c: where a statement of a text ends, as the server's scanner says.
 *
 * Only its character tokens are used: the codes of keywords are private to the
 * grammar from 16 on, so the few words that matter are compared as text.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "utils/memutils.h"

#include "ddl/source.h"
#include "ddl/split.h"

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

static void scan_slice(WfReader *reader, Slice *slice);
static void note_word(WfReader *reader, SplitState *state, int offset);
static int	after_broken_literal(WfReader *reader, int offset);

/* Looks for a statement anew from this place on. */
void
wf_ddl_split_restart(WfReader *reader, int offset)
{
	reader->position = offset;
	reader->scanner = NULL;
	if (reader->scan_context)
		MemoryContextReset(reader->scan_context);
}

/* The next slice of the chunk by the core scanner; an error of the scanner is part of it. */
void
wf_ddl_split_next(WfReader *reader, Slice *slice)
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
		if (!wf_ddl_split_take_error(old, &slice->error, &slice->error_code, &cursor))
			PG_RE_THROW();
		if (slice->start < 0)
			slice->start = wf_ddl_source_skip_space(reader->text, from, reader->chunk_end);
		slice->error_offset = cursor > 0 ?
			reader->base + wf_ddl_split_byte_of(reader->text + reader->base, cursor) : slice->start;
		/* A comment that is never closed is not passed over. */
		slice->start = Min(slice->start, slice->error_offset);
		slice->end = after_broken_literal(reader, slice->error_offset);
		wf_ddl_split_restart(reader, Min(slice->end + 1, reader->chunk_end));
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
				slice->end = wf_ddl_split_line_end(reader, offset);
				wf_ddl_split_restart(reader, slice->end);
			}
			else
			{
				/* The command ends the statement before it. */
				slice->end = offset;
				wf_ddl_split_restart(reader, offset);
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

int
wf_ddl_split_line_end(WfReader *reader, int offset)
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
bool
wf_ddl_split_take_error(MemoryContext context, char **message, int *code, int *cursor)
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
int
wf_ddl_split_byte_of(const char *text, int character)
{
	const char *p = text;

	while (--character > 0 && *p != '\0')
		p += pg_mblen(p);
	return p - text;
}
