/*
 * ddl_routine.c: functions and procedures.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static bool same(WfObject *from, WfObject *to, const char *attr);

/* The routine with an empty body instead of one that needs other objects. */
void
wf_schema_ddl_routine_stub(WfDdl *ddl, WfObject *routine)
{
	const char *definition = wf_schema_value(routine, "definition");
	const char *body = strstr(definition, "\nBEGIN ATOMIC\n");

	if (!body)
		body = strstr(definition, "\nRETURN ");
	if (body)
		appendStringInfo(ddl->sql, "%s\nAS '';\n", pnstrdup(definition, body - definition));
}

/*
 * CREATE OR REPLACE changes a body and its settings, but neither the result
 * nor the names of arguments, and takes no default away.
 */
bool
wf_schema_ddl_function_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *had = wf_schema_value(from, "defaults");
	const char *has = wf_schema_value(to, "defaults");

	if (!same(from, to, "result") || !same(from, to, "arguments") || !same(from, to, "window") ||
		(had ? atoi(had) : 0) > (has ? atoi(has) : 0))
		return false;
	appendStringInfo(ddl->sql, "%s;\n", wf_schema_value(to, "definition"));
	return true;
}

static bool
same(WfObject *from, WfObject *to, const char *attr)
{
	const char *a = wf_schema_value(from, attr);
	const char *b = wf_schema_value(to, attr);

	return a && b ? strcmp(a, b) == 0 : a == b;
}
