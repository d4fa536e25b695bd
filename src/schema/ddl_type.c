/*
 * ddl_type.c: enums, domains and composite types.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

static List *attributes_in_order(WfObject *type);
static const char *cut_property(char *definition, const char *name);
static bool keeps_order(List *had, List *wanted);
static const char *after_in(List *values, const char *value, List *had);

void
wf_schema_ddl_enum_create(WfDdl *ddl, WfObject *type)
{
	ListCell   *lc;
	const char *separator = "";

	appendStringInfo(ddl->sql, "CREATE TYPE %s AS ENUM (", type->identity);
	foreach(lc, wf_schema_list(wf_schema_value(type, "values")))
	{
		appendStringInfo(ddl->sql, "%s%s", separator, quote_literal_cstr(lfirst(lc)));
		separator = ", ";
	}
	appendStringInfoString(ddl->sql, ");\n");
}

/* Values can be added in place; when one goes or moves the type is made anew. */
bool
wf_schema_ddl_enum_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	List	   *had = wf_schema_list(wf_schema_value(from, attr));
	List	   *wanted = wf_schema_list(wf_schema_value(to, attr));
	const char *previous = NULL;
	ListCell   *lc;

	if (!keeps_order(had, wanted))
		return false;
	ddl->alone = true;
	foreach(lc, wanted)
	{
		const char *value = lfirst(lc);
		const char *next;

		if (!wf_common_list_has(had, value))
		{
			appendStringInfo(ddl->sql, "ALTER TYPE %s ADD VALUE %s", to->identity,
							 quote_literal_cstr(value));
			next = after_in(wanted, value, had);
			if (next)
				appendStringInfo(ddl->sql, " BEFORE %s", quote_literal_cstr(next));
			else if (previous)
				appendStringInfo(ddl->sql, " AFTER %s", quote_literal_cstr(previous));
			appendStringInfoString(ddl->sql, ";\n");
		}
		previous = value;
	}
	return true;
}

/* Is every old value still there, in the old order? */
static bool
keeps_order(List *had, List *wanted)
{
	ListCell   *lc;
	int			found = 0;

	foreach(lc, wanted)
	{
		if (found < list_length(had) && strcmp(list_nth(had, found), lfirst(lc)) == 0)
			found++;
	}
	return found == list_length(had);
}

/* The next value behind this one that is there already, or NULL. */
static const char *
after_in(List *values, const char *value, List *had)
{
	ListCell   *lc;
	bool		behind = false;

	foreach(lc, values)
	{
		if (behind && wf_common_list_has(had, lfirst(lc)))
			return lfirst(lc);
		if (strcmp(lfirst(lc), value) == 0)
			behind = true;
	}
	return NULL;
}

void
wf_schema_ddl_domain_create(WfDdl *ddl, WfObject *domain)
{
	ListCell   *lc;

	appendStringInfo(ddl->sql, "CREATE DOMAIN %s AS %s", domain->identity,
					 wf_schema_value(domain, "type"));
	if (wf_schema_value(domain, "default"))
		appendStringInfo(ddl->sql, " DEFAULT %s", wf_schema_value(domain, "default"));
	if (wf_schema_flag(domain, "not_null"))
		appendStringInfoString(ddl->sql, " NOT NULL");
	foreach(lc, domain->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->create_action && child->create_action == domain->create_action)
			appendStringInfo(ddl->sql, "\n    CONSTRAINT %s %s", wf_schema_short_name(child),
							 wf_schema_ddl_exact(wf_schema_value(child, "definition")));
	}
	appendStringInfoString(ddl->sql, ";\n");
	foreach(lc, domain->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->create_action && child->create_action == domain->create_action)
			wf_schema_ddl_decorate(ddl, child);
	}
}

bool
wf_schema_ddl_domain_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	ddl->breaks = true;
	if (strcmp(attr, "default") == 0 && value)
		appendStringInfo(ddl->sql, "ALTER DOMAIN %s SET DEFAULT %s;\n", to->identity, value);
	else if (strcmp(attr, "default") == 0)
		appendStringInfo(ddl->sql, "ALTER DOMAIN %s DROP DEFAULT;\n", to->identity);
	else if (strcmp(attr, "not_null") == 0)
		appendStringInfo(ddl->sql, "ALTER DOMAIN %s %s NOT NULL;\n", to->identity,
						 value ? "SET" : "DROP");
	else
		return false;
	return true;
}

void
wf_schema_ddl_domain_constraint_create(WfDdl *ddl, WfObject *constraint)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE);
	ddl->breaks = true;
	appendStringInfo(ddl->sql, "ALTER DOMAIN %s ADD CONSTRAINT %s %s%s;\n", constraint->parent->identity,
					 wf_schema_short_name(constraint), wf_schema_ddl_exact(wf_schema_value(constraint, "definition")),
					 wf_schema_flag(constraint, "not_valid") ? " NOT VALID" : "");
}

bool
wf_schema_ddl_domain_constraint_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	if (strcmp(attr, "not_valid") != 0 || wf_schema_flag(to, "not_valid"))
		return false;
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE);
	appendStringInfo(ddl->sql, "ALTER DOMAIN %s VALIDATE CONSTRAINT %s;\n", to->parent->identity,
					 wf_schema_short_name(to));
	return true;
}

void
wf_schema_ddl_domain_constraint_drop(WfDdl *ddl, WfObject *constraint)
{
	appendStringInfo(ddl->sql, "ALTER DOMAIN %s DROP CONSTRAINT %s;\n", constraint->parent->identity,
					 wf_schema_short_name(constraint));
}

/*
 * Changes of some properties of a base type.  It can get any storage but the
 * plain one, and the optional functions or none.
 */
bool
wf_schema_ddl_base_type_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	static const char *const settable[] = {"STORAGE", "RECEIVE", "SEND", "TYPMOD_IN", "TYPMOD_OUT", "ANALYZE", "SUBSCRIPT"};
	char	   *was = pstrdup(wf_schema_value(from, attr));
	char	   *value = pstrdup(wf_schema_value(to, attr));
	StringInfoData set;

	initStringInfo(&set);
	for (int i = 0; i < lengthof(settable); i++)
	{
		const char *old = cut_property(was, settable[i]);
		const char *new = cut_property(value, settable[i]);

		if (strcmp(old, new) == 0)
			continue;
		if (i == 0 && strcmp(new, "plain") == 0)
			return false;
		appendStringInfo(&set, "%s%s = %s", set.len ? ", " : "", settable[i], new);
	}
	if (strcmp(was, value) != 0)
		return false;
	appendStringInfo(ddl->sql, "ALTER TYPE %s SET (%s);\n", to->identity, set.data);
	return true;
}

/* Takes ", NAME = value" out of a definition; returns the value, or NONE. */
static const char *
cut_property(char *definition, const char *name)
{
	char	   *start = strstr(definition, psprintf(", %s = ", name));
	char	   *value;
	char	   *end;
	bool		quoted = false;

	if (!start)
		return "NONE";
	value = start + strlen(name) + strlen(",  = ");
	for (end = value; *end && (quoted || (*end != ',' && *end != ')')); end++)
		if (*end == '"')
			quoted = !quoted;
	value = pnstrdup(value, end - value);
	memmove(start, end, strlen(end) + 1);
	return value;
}

void
wf_schema_ddl_composite_create(WfDdl *ddl, WfObject *type)
{
	List	   *columns = attributes_in_order(type);
	ListCell   *lc;
	const char *separator = "";

	appendStringInfo(ddl->sql, "CREATE TYPE %s AS (", type->identity);
	foreach(lc, columns)
	{
		appendStringInfo(ddl->sql, "%s\n    %s %s", separator, wf_schema_short_name(lfirst(lc)),
						 wf_schema_value(lfirst(lc), "type"));
		separator = ",";
	}
	appendStringInfoString(ddl->sql, "\n);\n");
	foreach(lc, columns)
		wf_schema_ddl_decorate(ddl, lfirst(lc));
}

/*
 * The attributes as they stand; for a table that will be bound to the type,
 * as its columns stand, of which new ones are the last.
 */
static List *
attributes_in_order(WfObject *type)
{
	List	   *attributes = NIL;
	List	   *rest = NIL;
	WfObject   *table = NULL;
	ListCell   *lc;

	foreach(lc, type->needed_by)
	{
		if (((WfObject *) lfirst(lc))->bind_action)
			table = lfirst(lc);
	}
	if (!table)
		return wf_schema_ddl_columns_in_order(type);
	foreach(lc, wf_schema_ddl_columns_in_order(table->twin))
	{
		WfObject   *column = ((WfObject *) lfirst(lc))->twin;
		WfObject   *attribute = column && column->fate != WF_FATE_REPLACE ? wf_schema_namesake(column, type) : NULL;

		if (attribute)
			attributes = lappend(attributes, attribute);
	}
	foreach(lc, type->children)
	{
		if (!list_member_ptr(attributes, lfirst(lc)))
			rest = lappend(rest, lfirst(lc));
	}
	return list_concat(attributes, rest);
}
