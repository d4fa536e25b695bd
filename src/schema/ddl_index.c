/*
 * ddl_index.c: indexes, alone or behind a constraint.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

static const char *index_name(WfObject *object);
static void build_again(WfDdl *ddl, WfObject *index);
static bool holds_constraint(WfObject *index);
static void write_statistics(WfDdl *ddl, const char *index, const char *from, const char *to);

void
wf_schema_ddl_index_create(WfDdl *ddl, WfObject *index)
{
	const char *definition = wf_schema_ddl_exact(wf_schema_value(index, "definition"));
	const char *name = strstr(definition, " INDEX ");
	const char *bare = wf_schema_bare(index->identity, index->schema);
	const char *where = strstr(definition, " WHERE ");
	char	   *with = wf_schema_ddl_with(wf_schema_value(index, "options"));
	bool		concurrently = ddl->late && name && !wf_schema_ddl_is_new(index->parent) &&
	!wf_schema_value(index->parent, "partition_by");

	if (concurrently)
	{
		wf_schema_ddl_lock(ddl, index->interim ? WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE : WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE);
		wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
		definition = psprintf("%s INDEX CONCURRENTLY %s%s", pnstrdup(definition, name - definition),
							  index->interim ? wf_schema_bare(index->interim, index->schema) : bare,
							  name + 7 + strlen(bare));
	}
	else
		wf_schema_ddl_lock(ddl, wf_schema_ddl_is_new(index->parent) ? WF_SCHEMA_LOCK_NONE : WF_SCHEMA_LOCK_SHARE);
	/* Without a predicate the options may stand at the end. */
	appendStringInfo(ddl->sql, "%s%s;\n", definition, where ? "" : with);
	wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
	if (concurrently && index->interim)
		appendStringInfo(ddl->sql, "DROP INDEX %s;\nALTER INDEX %s RENAME TO %s;\n",
						 index->identity, index->interim, bare);
	if (where && *with)
		wf_schema_ddl_options(ddl, psprintf("ALTER INDEX %s", index->identity), NULL,
							  wf_schema_value(index, "options"));
	wf_schema_ddl_index_settings(ddl, index, NULL);
}

/* What is set once the index is there; index names one behind a constraint. */
void
wf_schema_ddl_index_settings(WfDdl *ddl, WfObject *object, const char *index)
{
	const char *name = index_name(object);
	const char *tablespace = wf_schema_value(object, "tablespace");

	if (index)
		wf_schema_ddl_options(ddl, psprintf("ALTER INDEX %s", index), NULL, wf_schema_value(object, "options"));
	if (tablespace)
		appendStringInfo(ddl->sql, "ALTER INDEX %s SET TABLESPACE %s;\n", name, tablespace);
	write_statistics(ddl, name, NULL, wf_schema_value(object, "statistics"));
	if (wf_schema_flag(object, "replica_identity"))
		(void) wf_schema_ddl_index_alter(ddl, object, object, "replica_identity");
	if (wf_schema_flag(object, "clustered"))
		(void) wf_schema_ddl_index_alter(ddl, object, object, "clustered");
}

static const char *
index_name(WfObject *object)
{
	return object->type->kind == WF_OBJECT_CONSTRAINT ? wf_schema_value(object, "index")
		: object->identity;
}

void
wf_schema_ddl_index_drop(WfDdl *ddl, WfObject *index)
{
	bool		concurrently = ddl->late && index->twin == NULL &&
	!wf_schema_value(index->parent, "partition_by") &&
	!wf_schema_partition_of(index->parent);

	wf_schema_ddl_lock(ddl, concurrently ? WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE : WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	if (concurrently)
		wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
	appendStringInfo(ddl->sql, "DROP INDEX %s%s%s;\n", concurrently ? "CONCURRENTLY " : "",
					 index->identity, holds_constraint(index) ? " CASCADE" : "");
}

/* The index of a partition's constraint goes with it, but not unasked. */
static bool
holds_constraint(WfObject *index)
{
	ListCell   *lc;

	wf_schema_go_deeper();
	foreach(lc, index->needed_by)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_INDEX_PARTITION &&
			(link->parent->type->kind == WF_OBJECT_CONSTRAINT || holds_constraint(link->parent)))
			return true;
	}
	return false;
}

bool
wf_schema_ddl_index_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);
	const char *name = index_name(to);
	char	   *alter = psprintf("ALTER INDEX %s", name);
	const char *table = to->parent->identity;
	const char *keyword = to->parent->type->keyword;

	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	if (!name)
		return false;
	if (strcmp(attr, "invalid") == 0)
		build_again(ddl, to);
	else if (strcmp(attr, "options") == 0)
		wf_schema_ddl_options(ddl, alter, wf_schema_value(from, attr), value);
	else if (strcmp(attr, "tablespace") == 0)
		appendStringInfo(ddl->sql, "%s SET TABLESPACE %s;\n", alter, value ? value : "pg_default");
	else if (strcmp(attr, "statistics") == 0)
		write_statistics(ddl, name, wf_schema_value(from, attr), value);
	else if (strcmp(attr, "replica_identity") == 0)
	{
		/* Without value, the table says what it is instead. */
		if (value)
			appendStringInfo(ddl->sql, "ALTER TABLE %s REPLICA IDENTITY USING INDEX %s;\n", table,
							 wf_schema_bare(name, to->schema));
	}
	else if (strcmp(attr, "clustered") == 0)
	{
		if (value)
			appendStringInfo(ddl->sql, "ALTER %s %s CLUSTER ON %s;\n", keyword, table,
							 wf_schema_bare(name, to->schema));
	}
	else
		return false;
	return true;
}

/* What a build that failed has left; that the target's has failed is no aim. */
static void
build_again(WfDdl *ddl, WfObject *index)
{
	if (wf_schema_flag(index, "invalid"))
		return;
	if (ddl->late)
	{
		ddl->lock = WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE;
		wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
	}
	appendStringInfo(ddl->sql, "REINDEX INDEX %s%s;\n", ddl->late ? "CONCURRENTLY " : "", index->identity);
}

/* Lists of "column target". */
static void
write_statistics(WfDdl *ddl, const char *index, const char *from, const char *to)
{
	List	   *had = wf_schema_list(from);
	List	   *wanted = wf_schema_list(to);
	ListCell   *lc;

	foreach(lc, had)
		if (!wf_common_list_has(wanted, lfirst(lc)))
		appendStringInfo(ddl->sql, "ALTER INDEX %s ALTER COLUMN %d SET STATISTICS -1;\n", index,
						 atoi(lfirst(lc)));
	foreach(lc, wanted)
	{
		const char *target = strchr(lfirst(lc), ' ');

		if (!wf_common_list_has(had, lfirst(lc)))
			appendStringInfo(ddl->sql, "ALTER INDEX %s ALTER COLUMN %d SET STATISTICS%s;\n", index,
							 atoi(lfirst(lc)), target ? target : " -1");
	}
}

void
wf_schema_ddl_index_partition_create(WfDdl *ddl, WfObject *link)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "ALTER INDEX %s ATTACH PARTITION %s;\n", wf_schema_value(link, "of"),
					 link->identity);
}
