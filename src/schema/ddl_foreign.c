/*
 * ddl_foreign.c: foreign data wrappers, servers, user mappings and
 * subscriptions.
 */
#include "common/compat.h"

#include "schema/ddl.h"

void
wf_schema_ddl_foreign_create(WfDdl *ddl, WfObject *object)
{
	appendStringInfoString(ddl->sql, wf_schema_value(object, "definition"));
	wf_schema_ddl_foreign_clause(ddl->sql, wf_schema_value(object, "options"));
	appendStringInfoString(ddl->sql, ";\n");
}

bool
wf_schema_ddl_foreign_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	if (strcmp(attr, "options") != 0)
		return false;
	wf_schema_ddl_foreign_options(ddl, psprintf("ALTER %s %s", to->type->keyword, to->identity),
								  wf_schema_value(from, attr), wf_schema_value(to, attr));
	return true;
}

void
wf_schema_ddl_subscription_create(WfDdl *ddl, WfObject *subscription)
{
	wf_schema_ddl_plain_create(ddl, subscription);
	if (wf_schema_flag(subscription, "enabled"))
		(void) wf_schema_ddl_subscription_alter(ddl, subscription, subscription, "enabled");
}

/* The publisher's slot stays: dropping it is nothing for a transaction. */
void
wf_schema_ddl_subscription_drop(WfDdl *ddl, WfObject *subscription)
{
	ddl->breaks = true;
	appendStringInfo(ddl->sql, "ALTER SUBSCRIPTION %s DISABLE;\n"
					 "ALTER SUBSCRIPTION %s SET (slot_name = NONE);\nDROP SUBSCRIPTION %s;\n",
					 subscription->identity, subscription->identity, subscription->identity);
}

bool
wf_schema_ddl_subscription_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	if (strcmp(attr, "enabled") != 0)
		return false;
	appendStringInfo(ddl->sql, "ALTER SUBSCRIPTION %s %s;\n", to->identity,
					 wf_schema_flag(to, "enabled") ? "ENABLE" : "DISABLE");
	return true;
}
