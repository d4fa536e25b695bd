/*
 * ddl_foreign.c: foreign data wrappers, servers and user mappings.
 */
#include "common/compat.h"

#include "schema/ddl.h"

void
wf_ddl_foreign_create(WfDdl *ddl, WfObject *object)
{
	appendStringInfoString(ddl->sql, wf_schema_value(object, "definition"));
	wf_ddl_foreign_clause(ddl->sql, wf_schema_value(object, "options"));
	appendStringInfoString(ddl->sql, ";\n");
}

bool
wf_ddl_foreign_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	if (strcmp(attr, "options") != 0)
		return false;
	wf_ddl_foreign_options(ddl, psprintf("ALTER %s %s", to->type->keyword, to->identity),
						   wf_schema_value(from, attr), wf_schema_value(to, attr));
	return true;
}
