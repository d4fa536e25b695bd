/*
 * script.c: the DDL of a plan's actions, and all of it as one script.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/json.h"

#include "schema/ddl.h"
#include "schema/rename.h"

#define MAX_WORDS 6

static void write_action(WfPlan *plan, WfAction *action, List *default_privileges);
static char *way_back(WfPlan *plan, WfAction *action);
static List *lasting_default_privileges(WfPlan *plan);
static bool uses_new_value(WfPlan *plan, WfAction *action);
static bool runs_functions(WfPlan *plan);
static bool body_has_new_value(WfPlan *plan, WfAction *action);
static char *pinned_settings(WfPlan *plan, const char *verb, bool transactional);
static bool script_has(WfPlan *plan, const char *const *words, bool transactional);
static void begin(StringInfo script, const char *settings, bool *open);
static void commit(StringInfo script, bool *open);

/* Writes the DDL of each action, and forgets those that need none. */
void
wf_schema_write_actions(WfPlan *plan)
{
	List	   *default_privileges = lasting_default_privileges(plan);
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		write_action(plan, action, default_privileges);
		if (*action->sql || *action->late_sql)
			kept = lappend(kept, action);
	}
	plan->actions = kept;
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (action->alone)
			action->alone = uses_new_value(plan, action);
		action->rollback_sql = way_back(plan, action);
	}
}

static void
write_action(WfPlan *plan, WfAction *action, List *default_privileges)
{
	StringInfoData sql;
	StringInfoData late;
	WfDdl		ddl;

	initStringInfo(&sql);
	initStringInfo(&late);
	wf_schema_ddl_begin(&ddl, &sql, &plan->options);
	ddl.late = plan->options.online ? &late : NULL;
	ddl.default_privileges = default_privileges;
	switch (action->verb)
	{
		case WF_VERB_DROP:
			wf_schema_ddl_drop(&ddl, action->from);
			break;
		case WF_VERB_SHELL:
			wf_schema_ddl_shell(&ddl, action->to ? action->to : action->from);
			break;
		case WF_VERB_FINISH:
			wf_schema_ddl_finish(&ddl, action->from);
			break;
		case WF_VERB_CREATE:
			wf_schema_ddl_create(&ddl, action->to);
			break;
		case WF_VERB_ALTER:
			(void) wf_schema_ddl_alter(&ddl, action->from, action->to, action->attr);
			break;
		case WF_VERB_READY:
			break;				/* others wait for it, nothing is said */
		case WF_VERB_RENAME:
			break;				/* comes with its statement */
	}
	action->sql = sql.data;
	action->late_sql = late.data;
	action->lock = ddl.lock;
	action->loses_data = ddl.loses_data;
	action->lost = ddl.lost;
	action->breaks = ddl.breaks;
	action->transactional = ddl.transactional;
	action->alone = ddl.alone;
}

/*
 * The statements that undo one action, as far as it goes by itself, with a
 * comment that says what they do not bring back.
 */
static char *
way_back(WfPlan *plan, WfAction *action)
{
	StringInfoData sql;
	WfDdl		ddl;
	bool		can = true;

	/* How a doubtful text stands after the renames is not known. */
	if (action->verb != WF_VERB_CREATE && action->from && action->from->doubts &&
		!(action->attr && wf_schema_is_decoration(action->attr)))
		return NULL;
	initStringInfo(&sql);
	wf_schema_ddl_begin(&ddl, &sql, &plan->options);
	switch (action->verb)
	{
		case WF_VERB_DROP:
			if (!action->from->final_action)
				wf_schema_ddl_create(&ddl, action->from);
			break;
		case WF_VERB_CREATE:
			wf_schema_ddl_drop(&ddl, action->to);
			break;
		case WF_VERB_ALTER:
			can = wf_schema_ddl_alter(&ddl, action->to, action->from, action->attr);
			break;
		default:
			break;
	}
	action->not_restored = ddl.lost;
	if (!can)
		return psprintf("-- No statement undoes this by itself; the whole way back does: option \"rollback\".\n");
	return sql.len ? psprintf("%s%s", wf_schema_loss_comment(action->lost), sql.data) : NULL;
}

/* Default privileges that are in force while the script runs. */
static List *
lasting_default_privileges(WfPlan *plan)
{
	List	   *list = NIL;

	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *object = plan->from->objects[i];

		if (object->type->kind != WF_OBJECT_DEFAULT_PRIVILEGES || !object->twin)
			continue;
		list = lappend(list, object);
		/* What comes behind their change meets them as they will be. */
		if (object->fate == WF_FATE_ALTER)
			list = lappend(list, object->twin);
	}
	return list;
}

/*
 * A new enum value cannot be used before its transaction has ended, so it
 * gets one of its own when an action that needs the type is more than a
 * column of it, or may run a function that has the value in its text.
 */
static bool
uses_new_value(WfPlan *plan, WfAction *action)
{
	ListCell   *lc;

	if (runs_functions(plan) && body_has_new_value(plan, action))
		return true;

	foreach(lc, action->to->needed_by)
	{
		WfObject   *user = lfirst(lc);

		if (user->type->kind != WF_OBJECT_COLUMN && user->fate != WF_FATE_KEEP)
			return true;
		if (user->type->kind == WF_OBJECT_COLUMN && user->fate != WF_FATE_KEEP &&
			(user->retype || wf_schema_value(user, "generated")))
			return true;
	}
	return false;
}

/* Is something filled, built, checked or computed? */
static bool
runs_functions(WfPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		switch (action->to ? action->to->type->kind : WF_OBJECT_COUNT)
		{
			case WF_OBJECT_MATERIALIZED_VIEW:
			case WF_OBJECT_INDEX:
			case WF_OBJECT_CONSTRAINT:
			case WF_OBJECT_DOMAIN_CONSTRAINT:
			case WF_OBJECT_COLUMN:
				return true;
			default:
				break;
		}
	}
	return false;
}

static bool
body_has_new_value(WfPlan *plan, WfAction *action)
{
	List	   *had = wf_schema_list(wf_schema_value(action->from, action->attr));
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(action->to, action->attr)))
	{
		if (wf_schema_list_has(had, lfirst(lc)))
			continue;
		for (int i = 0; i < plan->to->nobjects; i++)
		{
			WfObject   *object = plan->to->objects[i];

			if ((object->type->kind == WF_OBJECT_FUNCTION || object->type->kind == WF_OBJECT_PROCEDURE) &&
				strstr(wf_schema_value(object, "definition"), lfirst(lc)))
				return true;
		}
	}
	return false;
}

/*
 * The ordered script with its own BEGIN and COMMIT.
 *
 * Raises an error that lists what would be lost, unless allow_data_loss.
 */
char *
wf_schema_script(WfPlan *plan)
{
	StringInfoData script;
	StringInfoData late;
	char	   *settings;
	char	   *outside;
	bool		open = false;
	ListCell   *lc;

	if (!plan->options.allow_data_loss)
		wf_schema_refuse_loss(plan);
	settings = pinned_settings(plan, "SET LOCAL", true);
	outside = pinned_settings(plan, "SET", false);
	initStringInfo(&script);
	initStringInfo(&late);
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (!action->transactional)
		{
			commit(&script, &open);
			appendStringInfo(&script, "%s%s", script.len ? "\n" : "", outside);
			outside = "";
		}
		else
			begin(&script, settings, &open);
		if (plan->options.rollback)
			appendStringInfoString(&script, wf_schema_loss_comment(action->not_restored));
		appendStringInfoString(&script, action->sql);
		if (action->alone)
			commit(&script, &open);
		appendStringInfoString(&late, action->late_sql);
	}
	commit(&script, &open);
	if (late.len)
	{
		begin(&script, settings, &open);
		appendStringInfoString(&script, late.data);
		commit(&script, &open);
	}
	if (!*outside)
		appendStringInfoString(&script, pinned_settings(plan, "RESET", false));
	return script.data;
}

/*
 * Settings of the session that the script's meaning depends on, as SET LOCAL
 * of its transactions, or as SET and RESET around the statements that run
 * outside of them.  Some always count, the others where these statements have
 * one of the words.
 */
static char *
pinned_settings(WfPlan *plan, const char *verb, bool transactional)
{
	static const struct
	{
		const char *name;
		const char *value;
		const char *words[MAX_WORDS];
	}			pins[] = {
		{"search_path", "''", {NULL}},
		{"check_function_bodies", "off", {NULL}},
		{"default_tablespace", "''", {"CREATE TABLE", "CREATE UNLOGGED TABLE", "CREATE MATERIALIZED VIEW",
		"CREATE INDEX", "CREATE UNIQUE INDEX", "ADD CONSTRAINT"}},
		{"default_table_access_method", "heap", {"CREATE TABLE", "CREATE UNLOGGED TABLE", "CREATE MATERIALIZED VIEW"}},
		{"row_security", "off", {"CREATE MATERIALIZED VIEW"}},
		{"standard_conforming_strings", "on", {"\\"}},
		{"lc_monetary", "'C'", {"::money"}},
		{"IntervalStyle", "postgres", {"::interval"}},
		{"xmloption", "content", {"::xml", "XMLPARSE"}},
		{"transform_null_equals", "off", {"= NULL"}},
		{"array_nulls", "on", {"{NULL", ",NULL"}},
	};
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < lengthof(pins); i++)
	{
		if (pins[i].words[0] ? !script_has(plan, pins[i].words, transactional) : !transactional)
			continue;
		appendStringInfo(&sql, "%s %s", verb, pins[i].name);
		if (strcmp(verb, "RESET") != 0)
			appendStringInfo(&sql, " = %s", pins[i].value);
		appendStringInfoString(&sql, ";\n");
	}
	return sql.data;
}

static bool
script_has(WfPlan *plan, const char *const *words, bool transactional)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < MAX_WORDS && words[i]; i++)
		{
			if ((action->transactional == transactional && strstr(action->sql, words[i])) ||
				(transactional && strstr(action->late_sql, words[i])))
				return true;
		}
	}
	return false;
}

static void
begin(StringInfo script, const char *settings, bool *open)
{
	if (*open)
		return;
	appendStringInfo(script, "%sBEGIN;\n%s", script->len ? "\n" : "", settings);
	*open = true;
}

static void
commit(StringInfo script, bool *open)
{
	if (*open)
		appendStringInfoString(script, "COMMIT;\n");
	*open = false;
}
