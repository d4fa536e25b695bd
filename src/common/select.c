/*
 * select.c: queries that a user gives as text.
 */
#include "common/compat.h"

#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "utils/plancache.h"

#include "common/select.h"

/*
 * Looks at a query, connected to SPI and as the role that will run it: it has to
 * be one SELECT that only reads.  Returns its text without what ends it, so that
 * it may stand in parentheses, and its columns.  In errors, what says whose query
 * it is, as in "the query of a segment", and example how it is written.
 */
char *
wf_common_select(const char *query, const char *what, const char *example, TupleDesc *columns)
{
	SPIPlanPtr	plan = SPI_prepare(query, 0, NULL);
	CachedPlanSource *source;
	RawStmt    *raw;
	Query	   *analyzed;

	if (plan == NULL || list_length(SPI_plan_get_plan_sources(plan)) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be one SELECT", what),
				 errhint("Write for example: %s.", example)));
	source = linitial(SPI_plan_get_plan_sources(plan));
	raw = source->raw_parse_tree;
	analyzed = list_length(source->query_list) == 1 ? linitial_node(Query, source->query_list) : NULL;
	if (analyzed == NULL || !IsA(raw->stmt, SelectStmt) || analyzed->commandType != CMD_SELECT ||
		analyzed->hasModifyingCTE || analyzed->rowMarks != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be one SELECT that only reads", what),
				 errhint("Write for example: %s.", example)));
	*columns = source->resultDesc;
	return raw->stmt_len > 0 ? pnstrdup(query + raw->stmt_location, raw->stmt_len)
		: pstrdup(query + raw->stmt_location);
}
