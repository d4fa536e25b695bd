/*
 * ddl_sequence.c: sequences and the columns that own them.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

static void write_settings(WfDdl *ddl, WfObject *sequence, const char *from);

void
wf_ddl_sequence_create(WfDdl *ddl, WfObject *sequence)
{
	appendStringInfo(ddl->sql, "CREATE %sSEQUENCE %s",
					 wf_schema_value(sequence, "persistence") ? "UNLOGGED " : "", sequence->identity);
	write_settings(ddl, sequence, NULL);
	appendStringInfoString(ddl->sql, ";\n");
}

static void
write_settings(WfDdl *ddl, WfObject *sequence, const char *from)
{
	List	   *had = wf_schema_list(from);
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(sequence, "settings")))
	{
		if (!wf_schema_list_has(had, lfirst(lc)))
			appendStringInfo(ddl->sql, " %s", (char *) lfirst(lc));
	}
}

void
wf_ddl_sequence_drop(WfDdl *ddl, WfObject *sequence)
{
	wf_ddl_lock(ddl, WF_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = true;
	appendStringInfo(ddl->sql, "DROP SEQUENCE %s;\n", sequence->identity);
}

bool
wf_ddl_sequence_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	wf_ddl_lock(ddl, WF_LOCK_SHARE_ROW_EXCLUSIVE);
	if (strcmp(attr, "persistence") == 0)
		appendStringInfo(ddl->sql, "ALTER SEQUENCE %s SET %s;\n", to->identity,
						 wf_schema_value(to, attr) ? "UNLOGGED" : "LOGGED");
	else if (strcmp(attr, "settings") == 0)
	{
		appendStringInfo(ddl->sql, "ALTER SEQUENCE %s", to->identity);
		write_settings(ddl, to, wf_schema_value(from, attr));
		appendStringInfoString(ddl->sql, ";\n");
	}
	else
		return false;
	return true;
}

void
wf_ddl_sequence_owner_create(WfDdl *ddl, WfObject *link)
{
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s OWNED BY %s;\n", link->identity,
					 wf_schema_value(link, "column"));
}

void
wf_ddl_sequence_owner_drop(WfDdl *ddl, WfObject *link)
{
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s OWNED BY NONE;\n", link->identity);
}
