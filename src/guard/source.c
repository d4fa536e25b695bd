/*
 * source.c: the text that a live command was written as.
 *
 * An event trigger gets a tree, not a text.  The client's query is at hand,
 * and one of its statements parses to that tree; a command that a function
 * runs has no text that could be found.
 */
#include "common/compat.h"

#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "tcop/tcopprot.h"

#include "common/protect.h"
#include "guard/source.h"

/* Longer queries are not parsed a second time for the sake of a HINT. */
#define LONGEST_QUERY (1024 * 1024)

typedef struct Search
{
	Node	   *tree;
	WfGuardSource *source;
	bool		found;
} Search;

static void search_query(void *arg);

/* Finds the statement of the client's query that parses to tree. */
bool
wf_guard_find_source(Node *tree, WfGuardSource *source)
{
	Search		search = {tree, source, false};

	if (debug_query_string == NULL || strlen(debug_query_string) > LONGEST_QUERY)
		return false;
	/* A setting that the query changed may have changed how it parses. */
	wf_common_protect(search_query, &search, NULL);
	return search.found;
}

/* The comments in front of a statement are part of it; from 18 on the parser leaves them out. */
static void
search_query(void *arg)
{
	Search	   *search = arg;
	List	   *statements = raw_parser(debug_query_string, RAW_PARSE_DEFAULT);
	int			location = 0;
	ListCell   *lc;

	foreach(lc, statements)
	{
		RawStmt    *raw = lfirst_node(RawStmt, lc);
		int			end = raw->stmt_len > 0 ? raw->stmt_location + raw->stmt_len : strlen(debug_query_string);

		if (!equal(raw->stmt, search->tree))
		{
			/* Behind the semicolon. */
			location = end + 1;
			continue;
		}
		while (isspace((unsigned char) debug_query_string[location]))
			location++;
		search->source->text = debug_query_string;
		search->source->location = location;
		search->source->length = end - location;
		search->found = true;
		return;
	}
}

/* The statement alone, without its semicolon and the space around it. */
char *
wf_guard_source_copy(const WfGuardSource *source)
{
	const char *start = source->text + source->location;
	int			length = source->length;

	while (length > 0 && (isspace((unsigned char) start[length - 1]) || start[length - 1] == ';'))
		length--;
	return pnstrdup(start, length);
}
