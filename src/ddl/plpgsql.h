/*
 * plpgsql.h: the SQL statements in a body of PL/pgSQL.
 */
#ifndef WF_DDL_PLPGSQL_H
#define WF_DDL_PLPGSQL_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef struct WfBodyStatement
{
	int			offset;			/* in the body, in bytes */
	char	   *text;			/* as SQL; may not parse */
	bool		is_conditional; /* in IF, CASE, a loop or a handler */
	bool		is_handled;		/* in a block with EXCEPTION, before that */
	bool		in_handler;		/* behind an EXCEPTION */
} WfBodyStatement;

typedef struct WfBody
{
	List	   *statements;		/* of WfBodyStatement */
	bool		is_dynamic;		/* executes SQL that it puts together */
} WfBody;

extern void wf_ddl_plpgsql_read(const char *text, int length, WfBody *body);

#endif							/* WF_DDL_PLPGSQL_H */
