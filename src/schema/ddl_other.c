/*
 * ddl_other.c: schemas, extensions, triggers, rules and what is left.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

static void write_setting(WfDdl *ddl, WfObject *setting, const char *change);
static char *escaped(const char *name);
static bool older(const char *a, const char *b);

void
wf_schema_ddl_schema_create(WfDdl *ddl, WfObject *schema)
{
	appendStringInfo(ddl->sql, "CREATE SCHEMA %s;\n", schema->identity);
}

void
wf_schema_ddl_extension_create(WfDdl *ddl, WfObject *extension)
{
	appendStringInfo(ddl->sql, "CREATE EXTENSION %s WITH SCHEMA %s VERSION %s;\n", extension->identity,
					 wf_schema_value(extension, "in_schema"),
					 quote_literal_cstr(wf_schema_value(extension, "version")));
}

/* Does version a come before b, number by number? */
static bool
older(const char *a, const char *b)
{
	while (*a && *b)
	{
		long		x = strtol(a, (char **) &a, 10);
		long		y = strtol(b, (char **) &b, 10);

		if (x != y)
			return x < y;
		if (*a != *b || !*a)
			break;
		a++;
		b++;
	}
	return strcmp(a, b) < 0;
}

bool
wf_schema_ddl_extension_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	if (strcmp(attr, "version") == 0 && older(value, wf_schema_value(from, attr)) && !from->needed_by)
		return false;			/* extensions know no way back */
	if (strcmp(attr, "version") == 0)
		appendStringInfo(ddl->sql, "ALTER EXTENSION %s UPDATE TO %s;\n", to->identity,
						 quote_literal_cstr(value));
	else if (strcmp(attr, "in_schema") == 0 && wf_schema_flag(from, "relocatable"))
		appendStringInfo(ddl->sql, "ALTER EXTENSION %s SET SCHEMA %s;\n", to->identity, value);
	else
		return false;
	return true;
}

void
wf_schema_ddl_trigger_create(WfDdl *ddl, WfObject *trigger)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE_ROW_EXCLUSIVE);
	/* A partition has its copy already, in the parent's state. */
	if (wf_schema_value(trigger, "definition"))
		wf_schema_ddl_plain_create(ddl, trigger);
	if (wf_schema_value(trigger, "enabled"))
		(void) wf_schema_ddl_trigger_alter(ddl, trigger, trigger, "enabled");
}

void
wf_schema_ddl_trigger_drop(WfDdl *ddl, WfObject *trigger)
{
	if (wf_schema_value(trigger, "definition"))
		wf_schema_ddl_plain_drop(ddl, trigger);
	else
	{
		/* The copy stays, as the parent's trigger is. */
		if (wf_schema_value(trigger, "enabled"))
			appendStringInfo(ddl->sql, "ALTER TABLE %s %s TRIGGER %s;\n", trigger->parent->identity,
							 wf_schema_value(trigger, "parent_enabled"), wf_schema_short_name(trigger));
		if (wf_schema_value(trigger, "comment"))
			appendStringInfo(ddl->sql, "COMMENT ON TRIGGER %s IS NULL;\n", trigger->identity);
	}
}

bool
wf_schema_ddl_trigger_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	if (strcmp(attr, "enabled") != 0)
		return false;
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE_ROW_EXCLUSIVE);
	appendStringInfo(ddl->sql, "ALTER TABLE %s %s TRIGGER %s;\n", to->parent->identity,
					 value ? value : wf_schema_value(to, "definition") ? "ENABLE" : wf_schema_value(to, "parent_enabled"),
					 wf_schema_short_name(to));
	return true;
}

void
wf_schema_ddl_rule_create(WfDdl *ddl, WfObject *rule)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	wf_schema_ddl_plain_create(ddl, rule);
	if (wf_schema_value(rule, "enabled"))
		(void) wf_schema_ddl_rule_alter(ddl, rule, rule, "enabled");
}

bool
wf_schema_ddl_rule_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	if (strcmp(attr, "enabled") != 0)
		return false;
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "ALTER TABLE %s %s RULE %s;\n", to->parent->identity,
					 value ? value : "ENABLE", wf_schema_short_name(to));
	return true;
}

void
wf_schema_ddl_event_trigger_create(WfDdl *ddl, WfObject *trigger)
{
	wf_schema_ddl_plain_create(ddl, trigger);
	if (wf_schema_value(trigger, "enabled"))
		(void) wf_schema_ddl_event_trigger_alter(ddl, trigger, trigger, "enabled");
}

bool
wf_schema_ddl_event_trigger_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	if (strcmp(attr, "enabled") != 0)
		return false;
	appendStringInfo(ddl->sql, "ALTER EVENT TRIGGER %s %s;\n", to->identity, value ? value : "ENABLE");
	return true;
}

void
wf_schema_ddl_statistics_create(WfDdl *ddl, WfObject *statistics)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE);
	wf_schema_ddl_plain_create(ddl, statistics);
	if (wf_schema_value(statistics, "target"))
		(void) wf_schema_ddl_statistics_alter(ddl, statistics, statistics, "target");
}

bool
wf_schema_ddl_statistics_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	if (strcmp(attr, "target") != 0)
		return false;
	appendStringInfo(ddl->sql, "ALTER STATISTICS %s SET STATISTICS %s;\n", to->identity,
					 value ? value : "-1");
	return true;
}

/* Of the database, whatever its name is, or of a role in it. */
static void
write_setting(WfDdl *ddl, WfObject *setting, const char *change)
{
	const char *role = wf_schema_value(setting, "role");

	appendStringInfoString(ddl->sql, wf_schema_ddl_do(psprintf("BEGIN\n    EXECUTE pg_catalog.format('ALTER %sDATABASE %%I %%s', pg_catalog.current_database(),\n"
															   "        %s);\nEND",
															   role ? psprintf("ROLE %s IN ", escaped(role)) : "", quote_literal_cstr(change))));
}

/* A name within the format of format(), between quotes. */
static char *
escaped(const char *name)
{
	StringInfoData text;

	initStringInfo(&text);
	for (; *name; name++)
	{
		if (*name == '%' || *name == '\'')
			appendStringInfoChar(&text, *name);
		appendStringInfoChar(&text, *name);
	}
	return text.data;
}

void
wf_schema_ddl_setting_create(WfDdl *ddl, WfObject *setting)
{
	write_setting(ddl, setting, psprintf("SET %s TO %s", quote_identifier(wf_schema_value(setting, "name")),
										 wf_schema_value(setting, "value")));
}

void
wf_schema_ddl_setting_drop(WfDdl *ddl, WfObject *setting)
{
	write_setting(ddl, setting, psprintf("RESET %s", quote_identifier(wf_schema_value(setting, "name"))));
}

bool
wf_schema_ddl_setting_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	wf_schema_ddl_setting_create(ddl, to);
	return true;
}

void
wf_schema_ddl_family_member_drop(WfDdl *ddl, WfObject *member)
{
	appendStringInfo(ddl->sql, "%s;\n", wf_schema_value(member, "removal"));
}
