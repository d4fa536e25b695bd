/*
 * deparse_index.c: writing CREATE INDEX CONCURRENTLY from a raw parse tree.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"

static bool append_columns(StringInfo buf, List *elements);

/*
 * CREATE INDEX CONCURRENTLY on the table (qualified and quoted) as the
 * statement means it.  NULL where the tree alone does not tell how to write it:
 * for expressions, predicates and storage parameters.
 */
char *
wf_ddl_concurrent_index(const IndexStmt *stmt, const char *table)
{
	StringInfoData buf;

	if (stmt->whereClause || stmt->options || stmt->excludeOpNames)
		return NULL;
	initStringInfo(&buf);
	appendStringInfo(&buf, "CREATE %sINDEX CONCURRENTLY ", stmt->unique ? "UNIQUE " : "");
	if (stmt->idxname)
		appendStringInfo(&buf, "%s%s ", stmt->if_not_exists ? "IF NOT EXISTS " : "",
						 quote_identifier(stmt->idxname));
	appendStringInfo(&buf, "ON %s ", table);
	if (stmt->accessMethod && strcmp(stmt->accessMethod, "btree") != 0)
		appendStringInfo(&buf, "USING %s ", quote_identifier(stmt->accessMethod));
	if (!append_columns(&buf, stmt->indexParams))
		return NULL;
	if (stmt->indexIncludingParams)
	{
		appendStringInfoString(&buf, " INCLUDE ");
		if (!append_columns(&buf, stmt->indexIncludingParams))
			return NULL;
	}
	if (stmt->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	if (stmt->tableSpace)
		appendStringInfo(&buf, " TABLESPACE %s", quote_identifier(stmt->tableSpace));
	appendStringInfoChar(&buf, ';');
	return buf.data;
}

static bool
append_columns(StringInfo buf, List *elements)
{
	ListCell   *lc;

	foreach(lc, elements)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);

		if (element->name == NULL || element->opclassopts)
			return false;
		appendStringInfo(buf, "%s%s", lc == list_head(elements) ? "(" : ", ",
						 quote_identifier(element->name));
		if (element->collation)
			appendStringInfo(buf, " COLLATE %s", wf_ddl_quote_names(element->collation, "."));
		if (element->opclass)
			appendStringInfo(buf, " %s", wf_ddl_quote_names(element->opclass, "."));
		if (element->ordering == SORTBY_DESC)
			appendStringInfoString(buf, " DESC");
		if (element->nulls_ordering != SORTBY_NULLS_DEFAULT)
			appendStringInfo(buf, " NULLS %s", element->nulls_ordering == SORTBY_NULLS_FIRST ? "FIRST" : "LAST");
	}
	appendStringInfoChar(buf, ')');
	return true;
}
