/*
 * split.h: where a statement of a text ends, as the server's scanner says.
 */
#ifndef WF_DDL_SPLIT_H
#define WF_DDL_SPLIT_H

#include "postgres.h"

#include "parser/scanner.h"

#include "ddl/statement.h"

/* A place in the text. */
typedef struct WfPlace
{
	int			offset;
	int			line;
	int			col;
} WfPlace;

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

	/* Where lines are counted from: the last statement, and the last place. */
	WfPlace		statement_place;
	WfPlace		last_place;
};

/* A slice of the text that should hold one statement. */
typedef struct Slice
{
	int			start;			/* -1: none */
	int			end;
	int			inner;			/* first semicolon inside of parentheses or of
								 * a body that never ends; -1: none */
	bool		is_open;		/* parentheses or a body don't end in it */
	bool		is_meta;
	char	   *error;			/* of the scanner */
	int			error_code;
	int			error_offset;	/* in the text */
} Slice;

extern void wf_ddl_split_restart(WfReader *reader, int offset);
extern void wf_ddl_split_next(WfReader *reader, Slice *slice);
extern int	wf_ddl_split_line_end(WfReader *reader, int offset);
extern bool wf_ddl_split_take_error(MemoryContext context, char **message, int *code, int *cursor);
extern int	wf_ddl_split_byte_of(const char *text, int character);

#endif							/* WF_DDL_SPLIT_H */
