/*
 * inside.c: statements that a statement runs.
 */
#include "common/compat.h"

#include <ctype.h>

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/source.h"
#include "ddl/statement.h"
#include "migration/inside.h"

static char *option_text(Node *argument);
static int	body_offset(const char *source, int location, const char *text);
static FuncCall *call_of(Node *stmt);

/*
 * The body of a DO, CREATE FUNCTION or CREATE PROCEDURE; false where it is in a
 * language that is not read, or none of these.  The result points into the tree.
 */
bool
wf_migration_routine(Node *stmt, const char *source, WfRoutine *routine)
{
	List	   *options = IsA(stmt, DoStmt) ? ((DoStmt *) stmt)->args :
	IsA(stmt, CreateFunctionStmt) ? ((CreateFunctionStmt *) stmt)->options : NIL;
	const char *language = IsA(stmt, DoStmt) ? "plpgsql" : NULL;
	ListCell   *lc;

	memset(routine, 0, sizeof(WfRoutine));
	if (IsA(stmt, CreateFunctionStmt))
		routine->name = strVal(llast(((CreateFunctionStmt *) stmt)->funcname));
	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "language") == 0)
			language = option_text(option->arg);
		else if (strcmp(option->defname, "as") == 0)
		{
			routine->text = option_text(option->arg);
			if (routine->text && source)
				routine->offset = body_offset(source, option->location, routine->text);
		}
	}
	if (language == NULL || routine->text == NULL)
		return false;
	routine->is_sql = pg_strcasecmp(language, "sql") == 0;
	return routine->is_sql || pg_strcasecmp(language, "plpgsql") == 0;
}

/* The body that the statement runs: that of DO, or of a routine of the text. */
bool
wf_migration_called(WfSimulation *simulation, Node *stmt, const char *source, WfRoutine *routine)
{
	FuncCall   *call = call_of(stmt);

	if (IsA(stmt, DoStmt))
		return wf_migration_routine(stmt, source, routine);
	if (call == NULL)
		return false;
	for (WfRoutine *known = wf_sim_new_routine(simulation, call->funcname); known; known = known->older)
	{
		if (known->text)
		{
			*routine = *known;
			return true;
		}
	}
	return false;
}

/* Would the statement make a table, index or type that is there? */
bool
wf_migration_exists(WfSimulation *simulation, Node *stmt)
{
	WfCatalog  *catalog = &simulation->catalog;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
			return !catalog->relation(catalog, ((CreateStmt *) stmt)->relation)->missing;
		case T_IndexStmt:
			{
				IndexStmt  *index = (IndexStmt *) stmt;

				return index->idxname &&
					!catalog->relation(catalog, makeRangeVar(catalog->relation(catalog, index->relation)->schema, index->idxname, -1))->missing;
			}
		case T_CompositeTypeStmt:
			return !catalog->relation(catalog, ((CompositeTypeStmt *) stmt)->typevar)->missing;
		case T_CreateEnumStmt:
			return !catalog->type(catalog, ((CreateEnumStmt *) stmt)->typeName)->missing;
		case T_CreateDomainStmt:
			return !catalog->type(catalog, ((CreateDomainStmt *) stmt)->domainname)->missing;
		case T_CreateRangeStmt:
			return !catalog->type(catalog, ((CreateRangeStmt *) stmt)->typeName)->missing;
		default:
			return false;
	}
}

/* The statements of the body, in CurrentMemoryContext. */
void
wf_migration_body(const WfRoutine *routine, WfBody *body)
{
	WfReader   *reader;
	WfStatement statement;

	if (!routine->is_sql)
	{
		wf_ddl_plpgsql_read(routine->text, strlen(routine->text), body);
		return;
	}
	memset(body, 0, sizeof(WfBody));
	reader = wf_ddl_reader_begin(routine->text, strlen(routine->text));
	while (wf_ddl_reader_next(reader, &statement))
	{
		WfBodyStatement *item = palloc0(sizeof(WfBodyStatement));

		item->offset = statement.offset;
		item->text = statement.source;
		body->statements = lappend(body->statements, item);
	}
}

/* Reads a statement of a body; false: it is PL/pgSQL, such as an assignment. */
bool
wf_migration_read_inner(const WfBodyStatement *item, WfStatement *inner)
{
	static const char *const own_words[] = {"return", "raise", "assert", "exit", "continue", "get", "foreach"};
	int			length = strlen(item->text);
	int			second = wf_ddl_source_skip_space(item->text, wf_ddl_source_skip_token(item->text, 0, length), length);

	/*
	 * No statement of SQL goes on so (but SELECT .5 does), or begins so, and
	 * its parser finds that at a higher cost.
	 */
	if (second < length && strchr(":=.[", item->text[second]) && !isdigit((unsigned char) item->text[second + 1]))
		return false;
	for (int i = 0; i < lengthof(own_words); i++)
	{
		if (wf_ddl_source_word_is(item->text, 0, length, own_words[i]))
			return false;
	}
	return wf_ddl_reader_next(wf_ddl_reader_begin(item->text, length), inner) &&
		inner->kind == WF_STATEMENT_SQL && inner->node && !IsA(inner->node, TransactionStmt);
}

/* The value of LANGUAGE or AS; NULL where it names a C function. */
static char *
option_text(Node *argument)
{
	if (argument && IsA(argument, List))
		return list_length((List *) argument) == 1 ? strVal(linitial((List *) argument)) : NULL;
	return argument && IsA(argument, String) ? strVal(argument) : NULL;
}

/* Where the text stands in the source after the place of its option. */
static int
body_offset(const char *source, int location, const char *text)
{
	int			length = strlen(source);
	int			pos = location < 0 ? length : wf_ddl_source_skip_space(source, location, length);
	const char *quote;

	if (wf_ddl_source_word_is(source, pos, length, "as"))
		pos = wf_ddl_source_skip_space(source, pos + strlen("as"), length);
	quote = pos < length && source[pos] == '$' ? strchr(source + pos + 1, '$') : NULL;
	return quote && strncmp(quote + 1, text, strlen(text)) == 0 ? quote + 1 - source : -1;
}

/* CALL f(), or SELECT f(). */
static FuncCall *
call_of(Node *stmt)
{
	Node	   *value = NULL;

	if (IsA(stmt, CallStmt))
		return ((CallStmt *) stmt)->funccall;
	if (IsA(stmt, SelectStmt) && list_length(((SelectStmt *) stmt)->targetList) == 1)
		value = linitial_node(ResTarget, ((SelectStmt *) stmt)->targetList)->val;
	return value && IsA(value, FuncCall) ? (FuncCall *) value : NULL;
}
