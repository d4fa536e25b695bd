/*
 * ddl_constraint.c: constraints of tables.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static bool is_kind(WfObject *constraint, const char *kind);
static char *alter_table(WfObject *constraint);
static void create_by_index(WfDdl *ddl, WfObject *constraint, const char *index, const char *name);
static const char *end_of_list(const char *text);
static bool alter_timing(WfDdl *ddl, WfObject *from, WfObject *to);
static size_t length_without_timing(const char *definition);

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
	!wf_schema_ddl_is_new(constraint->parent) &&
	(wf_schema_ddl_stands_alone(constraint->parent) || wf_schema_ddl_is_own_key(constraint));

	if (ddl->late && wf_schema_ddl_builds_apart(constraint))
	{
		create_by_index(ddl, constraint, index, name);
		return;
	}
	wf_schema_ddl_check_partitions(ddl, constraint);
	wf_schema_ddl_lock(ddl, is_kind(constraint, "FOREIGN KEY") ? WF_SCHEMA_LOCK_SHARE_ROW_EXCLUSIVE
					   : WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "%s ADD CONSTRAINT %s %s%s;\n", alter_table(constraint), name,
					 wf_schema_ddl_exact(wf_schema_value(constraint, "definition")),
					 not_valid || validate_later ? " NOT VALID" : "");
	if (validate_later)
		appendStringInfo(ddl->late, "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
						 constraint->parent->identity, name);
	if (index)
		wf_schema_ddl_index_settings(ddl, constraint, index);
	else if (constraint->create_action && constraint->create_action->to == constraint)
		wf_schema_ddl_settle_constraints(ddl, constraint);
}

/* Can its index be built concurrently before the constraint takes it over? */
bool
wf_schema_ddl_builds_apart(WfObject *constraint)
{
	return (is_kind(constraint, "PRIMARY KEY") || is_kind(constraint, "UNIQUE")) &&
		wf_schema_value(constraint, "index") && !wf_schema_ddl_is_new(constraint->parent) &&
		wf_schema_ddl_stands_alone(constraint->parent);
}

/*
 * "UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) DEFERRABLE" as an index on (a)
 * INCLUDE (b) NULLS NOT DISTINCT, and a DEFERRABLE constraint by it.
 */
static void
create_by_index(WfDdl *ddl, WfObject *constraint, const char *index, const char *name)
{
	const char *definition = wf_schema_value(constraint, "definition");
	const char *table = constraint->parent->identity;
	const char *built = wf_schema_bare(constraint->interim ? constraint->interim : index, constraint->schema);
	const char *columns = strchr(definition, '(');
	const char *end = columns ? end_of_list(columns) : definition;
	bool		distinct = strncmp(definition, "UNIQUE NULLS NOT DISTINCT", 25) != 0;

	if (!columns)
		columns = end;
	if (strncmp(end, " INCLUDE (", 10) == 0)
		end = end_of_list(end + 9);
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
	appendStringInfo(ddl->sql, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s %s%s%s;\n",
					 built, table, pnstrdup(columns, end - columns), distinct ? "" : " NULLS NOT DISTINCT",
					 wf_schema_ddl_with(wf_schema_value(constraint, "options")));
	wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
	if (constraint->interim)
		appendStringInfo(ddl->sql, "ALTER TABLE %s DROP CONSTRAINT %s;\n", table, name);
	appendStringInfo(ddl->sql, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s%s;\n", table, name,
					 wf_schema_value(constraint, "kind"), built, end);
	wf_schema_ddl_index_settings(ddl, constraint, NULL);
}

/* Behind the parenthesis that closes the one at text; names may hold some. */
static const char *
end_of_list(const char *text)
{
	bool		quoted = false;

	for (; *text; text++)
	{
		if (*text == '"')
			quoted = !quoted;
		else if (*text == ')' && !quoted)
			return text + 1;
	}
	return text;
}

void
wf_schema_ddl_constraint_drop(WfDdl *ddl, WfObject *constraint)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	wf_schema_ddl_fill_rest(ddl, constraint);
	appendStringInfo(ddl->sql, "ALTER %s %s%s DROP CONSTRAINT %s;\n", constraint->parent->type->keyword,
					 wf_schema_leaves_copies(constraint) ? "ONLY " : "", constraint->parent->identity, wf_schema_short_name(constraint));
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
	if (strcmp(attr, "definition") == 0)
		return alter_timing(ddl, from, to);
	if (strcmp(attr, "kind") == 0)
		return false;
	return wf_schema_ddl_index_alter(ddl, from, to, attr);
}

/* Only when it is checked is something that a foreign key can change in place. */
static bool
alter_timing(WfDdl *ddl, WfObject *from, WfObject *to)
{
	const char *had = wf_schema_value(from, "definition");
	const char *wanted = wf_schema_value(to, "definition");
	size_t		len = length_without_timing(had);

	if (!is_kind(from, "FOREIGN KEY") || len != length_without_timing(wanted) || strncmp(had, wanted, len) != 0)
		return false;
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "ALTER TABLE %s ALTER CONSTRAINT %s%s;\n", to->parent->identity,
					 wf_schema_short_name(to), wanted[len] ? wanted + len : " NOT DEFERRABLE");
	return true;
}

static size_t
length_without_timing(const char *definition)
{
	static const char *const timings[] = {" INITIALLY DEFERRED", " DEFERRABLE"};
	size_t		len = strlen(definition);

	for (int i = 0; i < lengthof(timings); i++)
	{
		size_t		part = strlen(timings[i]);

		if (len > part && strncmp(definition + len - part, timings[i], part) == 0)
			len -= part;
	}
	return len;
}
