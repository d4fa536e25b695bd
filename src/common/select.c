/*
 * select.c: queries that a user gives as text.
 */
#include "common/compat.h"

#include "common/select.h"

/* The plan of a query in which the user's is one; what says in an error whose query that is. */
SPIPlanPtr
wf_common_prepare_select(const char *sql, const char *what)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", sql);
	if (!SPI_is_cursor_plan(plan))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be one SELECT", what)));
	return plan;
}
