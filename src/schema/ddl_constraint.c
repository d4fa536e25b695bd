/*
 * ddl_constraint.c: constraints of tables.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static bool is_kind(WfObject *constraint, const char *kind);
static char *alter_table(WfObject *constraint);

static bool
is_kind(WfObject *constraint, const char *kind)
{
	return strcmp(wf_schema_value(constraint, "kind"), kind) == 0;
}

/* One with an index is each table's own; others reach the children. */
static char *
alter_table(WfObject *constraint)
{
	return psprintf("ALTER %s %s%s", constraint->parent->type->keyword,
					wf_schema_value(constraint, "index") ? "ONLY " : "",
					constraint->parent->identity);
}

void
wf_schema_ddl_constraint_create(WfDdl *ddl, WfObject *constraint)
{
	const char *index = wf_schema_value(constraint, "index");
	char	   *name = wf_schema_short_name(constraint);
	bool		not_valid = wf_schema_flag(constraint, "not_valid");
	bool		validate_later = ddl->late && !not_valid && !index &&
	!wf_schema_ddl_is_new(constraint->parent) && wf_schema_ddl_stands_alone(constraint->parent);

	wf_schema_ddl_lock(ddl, is_kind(constraint, "FOREIGN KEY") ? WF_SCHEMA_LOCK_SHARE_ROW_EXCLUSIVE
					   : WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = !wf_schema_ddl_is_new(constraint->parent);
	appendStringInfo(ddl->sql, "%s ADD CONSTRAINT %s %s%s;\n", alter_table(constraint), name,
					 wf_schema_value(constraint, "definition"),
					 not_valid || validate_later ? " NOT VALID" : "");
	if (validate_later)
		appendStringInfo(ddl->late, "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
						 constraint->parent->identity, name);
	if (index)
		wf_schema_ddl_index_settings(ddl, constraint, index);
}

void
wf_schema_ddl_constraint_drop(WfDdl *ddl, WfObject *constraint)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "ALTER %s %s DROP CONSTRAINT %s;\n", constraint->parent->type->keyword,
					 constraint->parent->identity, wf_schema_short_name(constraint));
}

bool
wf_schema_ddl_constraint_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	if (strcmp(attr, "not_valid") == 0)
	{
		if (wf_schema_flag(to, "not_valid"))
			return false;
		wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE);
		appendStringInfo(ddl->late ? ddl->late : ddl->sql, "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
						 to->parent->identity, wf_schema_short_name(to));
		return true;
	}
	if (strcmp(attr, "definition") == 0 || strcmp(attr, "kind") == 0)
		return false;
	return wf_schema_ddl_index_alter(ddl, from, to, attr);
}
