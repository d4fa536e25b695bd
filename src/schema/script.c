/*
 * script.c: the DDL of a plan's actions, and all of it as one script.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/json.h"

#include "schema/ddl.h"
#include "schema/rename.h"

static void write_action(WfPlan *plan, WfAction *action, List *default_privileges);
static char *way_back(WfPlan *plan, WfAction *action);
static List *lasting_default_privileges(WfPlan *plan);
static bool uses_new_value(WfPlan *plan, WfAction *action);
static void begin(StringInfo script, bool *open);
static void commit(StringInfo script, bool *open);
static void refuse_data_loss(WfPlan *plan);

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
			wf_schema_ddl_shell(&ddl, action->to);
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
		case WF_VERB_RENAME:
			break;				/* comes with its statement */
	}
	action->sql = sql.data;
	action->late_sql = late.data;
	action->lock = ddl.lock;
	action->loses_data = ddl.loses_data;
	action->breaks = ddl.breaks;
	action->transactional = ddl.transactional;
	action->alone = ddl.alone;
}

/* The statements that undo one action, as far as it goes by itself. */
static char *
way_back(WfPlan *plan, WfAction *action)
{
	StringInfoData sql;
	WfDdl		ddl;

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
			if (!wf_schema_ddl_alter(&ddl, action->to, action->from, action->attr))
				resetStringInfo(&sql);
			break;
		case WF_VERB_SHELL:
		case WF_VERB_FINISH:
		case WF_VERB_RENAME:
			break;
	}
	return sql.len ? sql.data : NULL;
}

/* Default privileges that are in force before and after. */
static List *
lasting_default_privileges(WfPlan *plan)
{
	List	   *list = NIL;

	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *object = plan->from->objects[i];

		if (object->type->kind == WF_OBJECT_DEFAULT_PRIVILEGES && object->twin)
			list = lappend(list, object);
	}
	return list;
}

/*
 * A new enum value cannot be used before its transaction has ended, so it
 * gets one of its own when an action that needs the type is more than a
 * column of it.
 */
static bool
uses_new_value(WfPlan *plan, WfAction *action)
{
	ListCell   *lc;

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
	bool		open = false;
	ListCell   *lc;

	if (!plan->options.allow_data_loss)
		refuse_data_loss(plan);
	initStringInfo(&script);
	initStringInfo(&late);
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (!action->transactional)
		{
			commit(&script, &open);
			appendStringInfoString(&script, script.len ? "\n" : "");
		}
		else
			begin(&script, &open);
		appendStringInfoString(&script, action->sql);
		if (action->alone)
			commit(&script, &open);
		appendStringInfoString(&late, action->late_sql);
	}
	commit(&script, &open);
	if (late.len)
	{
		begin(&script, &open);
		appendStringInfoString(&script, late.data);
		commit(&script, &open);
	}
	return script.data;
}

static void
begin(StringInfo script, bool *open)
{
	if (*open)
		return;
	appendStringInfo(script, "%sBEGIN;\nSET LOCAL search_path = '';\n"
					 "SET LOCAL check_function_bodies = off;\n", script->len ? "\n" : "");
	*open = true;
}

static void
commit(StringInfo script, bool *open)
{
	if (*open)
		appendStringInfoString(script, "COMMIT;\n");
	*open = false;
}

static void
refuse_data_loss(WfPlan *plan)
{
	StringInfoData what;
	StringInfoData renames;
	ListCell   *lc;

	initStringInfo(&what);
	initStringInfo(&renames);
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (!action->loses_data)
			continue;
		appendStringInfo(&what, "%s%s", what.len ? ", " : "", action->from->key);
		if (!action->from->likely)
			continue;
		if (renames.len)
			appendStringInfoString(&renames, ", ");
		escape_json(&renames, wf_schema_hint_key(action->from));
		appendStringInfoString(&renames, ": ");
		escape_json(&renames, wf_schema_own_name(action->from->likely));
	}
	if (what.len && renames.len)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the script would lose data"),
				 errdetail("It drops %s.", what.data),
				 errhint("If something only gets another name, add the option: '{\"renames\": {%s}}'. If the loss is meant, add: '{\"allow_data_loss\": true}'.",
						 renames.data)));
	if (what.len)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the script would lose data"),
				 errdetail("It drops %s.", what.data),
				 errhint("If that is meant, add the option: '{\"allow_data_loss\": true}'.")));
}
