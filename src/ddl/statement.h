/*
 * statement.h: reading a text of SQL statement by statement.
 *
 * The reader splits with the server's own scanner and parses each statement
 * with the server's own grammar, alone, so that an error in one does not hide
 * the others:
 *
 *	WfReader   *reader = wf_ddl_reader_begin(text, length);
 *	WfStatement statement;
 *
 *	while (wf_ddl_reader_next(reader, &statement)) ...
 *
 * Hard boundaries are ";" outside of parentheses and BEGIN ATOMIC bodies, and
 * the line "--> statement-breakpoint" of Drizzle.  Data after COPY ... FROM
 * STDIN is skipped to "\.", and a psql command is an item of its own.
 */
#ifndef WF_DDL_STATEMENT_H
#define WF_DDL_STATEMENT_H

#include "postgres.h"

#include "nodes/nodes.h"

typedef enum WfStatementKind
{
	WF_STATEMENT_SQL,			/* parsed */
	WF_STATEMENT_ERROR,			/* does not parse, or does not even lex */
	WF_STATEMENT_META			/* a psql backslash command */
} WfStatementKind;

typedef struct WfStatement
{
	WfStatementKind kind;
	int			number;			/* 1-based, errors and psql commands counted */
	int			offset;			/* of its first token in the text, in bytes */
	int			length;			/* without the semicolon */
	char	   *source;			/* copy of the statement; locations of node
								 * point into it */
	Node	   *node;			/* raw statement; NULL unless WF_STATEMENT_SQL */
	char	   *error;			/* message; NULL unless WF_STATEMENT_ERROR */
	int			error_code;		/* SQLSTATE, as MAKE_SQLSTATE() */
	int			error_offset;	/* of the error in source, in bytes */
} WfStatement;

typedef struct WfReader WfReader;

extern WfReader *wf_ddl_reader_begin(const char *text, int length);
extern bool wf_ddl_reader_next(WfReader *reader, WfStatement *statement);
extern void wf_ddl_reader_position(WfReader *reader, int offset, int within, int *line, int *col);

#endif							/* WF_DDL_STATEMENT_H */
