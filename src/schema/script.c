/*
 * script.c: the DDL of a plan's actions, and all of it as one script.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "schema/ddl.h"
#include "schema/rename.h"

#define MAX_WORDS 6

/*
 * How long a statement that blocks others may wait for its lock, and so make
 * all wait that queue up behind it.
 */
#define DEFAULT_LOCK_TIMEOUT "5s"

static void write_action(WfPlan *plan, WfAction *action, List *default_privileges);
static List *farewells(WfPlan *plan);
static List *actions_of(List *steps);
static char *way_back(WfPlan *plan, WfAction *action);
static List *lasting_default_privileges(WfPlan *plan);
static bool uses_new_value(WfPlan *plan, WfAction *action);
static bool runs_functions(WfPlan *plan);
static bool body_has_new_value(WfPlan *plan, WfAction *action);
static char *pinned_settings(WfPlan *plan, const char *verb, bool transactional);
static bool script_has(WfPlan *plan, const char *const *words, bool transactional);
static void begin(WfPlan *plan, StringInfo script, ListCell *from);
static void commit(StringInfo script, WfStep *last);
static char *text_of(List *steps);
static bool has_mode(List *steps, WfStepMode mode);

/* Writes the DDL of each action, and forgets those that need none. */
void
wf_schema_write_actions(WfPlan *plan)
{
	List	   *default_privileges = lasting_default_privileges(plan);
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		CHECK_FOR_INTERRUPTS();
		write_action(plan, lfirst(lc), default_privileges);
	}
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (!*action->sql)
			continue;
		if (action->alone && uses_new_value(plan, action))
			((WfStep *) linitial(action->steps))->mode = WF_STEP_ALONE;
		action->rollback_sql = way_back(plan, action);
	}
	plan->steps = list_concat(farewells(plan), plan->steps);
	wf_schema_schedule(plan);
	plan->actions = actions_of(plan->steps);
}

/*
 * Takes the drops of event triggers out of the plan: they stand before any other
 * statement, which might start one.
 */
static List *
farewells(WfPlan *plan)
{
	List	   *first = NIL;
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (action->verb != WF_VERB_DROP || action->from->type->kind != WF_OBJECT_EVENT_TRIGGER)
			continue;
		first = lappend(first, action);
		steps = list_concat(steps, action->steps);
	}
	if (first)
		plan->actions = list_difference_ptr(plan->actions, first);
	return steps;
}

/* The actions that have a statement, as their first ones go. */
static List *
actions_of(List *steps)
{
	List	   *actions = NIL;
	ListCell   *lc;

	foreach(lc, steps)
	{
		WfAction   *action = ((WfStep *) lfirst(lc))->action;

		if (!action->listed)
			actions = lappend(actions, action);
		action->listed = true;
	}
	return actions;
}

static void
write_action(WfPlan *plan, WfAction *action, List *default_privileges)
{
	StringInfo	late = makeStringInfo();
	WfDdl		ddl;
	List	   *steps = NIL;
	WfStep	   *step = wf_schema_step(action, WF_STEP_TRANSACTION, &steps);

	wf_schema_ddl_begin(&ddl, step->sql, &plan->options);
	ddl.late = plan->options.online ? late : NULL;
	ddl.steps = steps;
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
		case WF_VERB_SETTLE:
			wf_schema_ddl_settle_not_null(&ddl, action->to);
			break;
		case WF_VERB_LOOSEN:
			wf_schema_ddl_loosen(&ddl, action->to);
			break;
		case WF_VERB_READY:
			break;				/* others wait for it, nothing is said */
		case WF_VERB_RENAME:
			break;				/* comes with its statement */
	}
	wf_schema_ddl_step(&ddl, WF_STEP_TRANSACTION);
	if (late->len)
		wf_schema_step(action, WF_STEP_VALIDATE, &ddl.steps)->sql = late;
	action->steps = ddl.steps;
	action->sql = text_of(ddl.steps);
	action->lock = ddl.lock;
	action->loses_data = ddl.loses_data;
	action->lost = ddl.lost;
	action->breaks = ddl.breaks;
	action->rewrites = ddl.rewrites;
	action->transactional = !has_mode(ddl.steps, WF_STEP_OUTSIDE);
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
			if (action->to->interim)
				wf_schema_ddl_create(&ddl, action->from);
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
		if (wf_common_list_has(had, lfirst(lc)))
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
 * The lock_timeout of a script's transactions, NULL for none.
 *
 * Raises invalid_parameter_value for what PostgreSQL does not take as one.
 */
char *
wf_schema_lock_timeout(const WfDiffOptions *options)
{
	const char *hint = NULL;
	int			milliseconds;

	if (!options->lock_timeout)
		return options->online ? DEFAULT_LOCK_TIMEOUT : NULL;
	if (!parse_int(options->lock_timeout, &milliseconds, GUC_UNIT_MS, &hint) || milliseconds < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"lock_timeout\" is not a time: \"%s\"", options->lock_timeout),
				 errhint("Write milliseconds or a number with a unit, as in '{\"lock_timeout\": \"5s\"}'; \"0\" sets none.")));
	return milliseconds > 0 ? options->lock_timeout : NULL;
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
	char	   *outside;
	bool		left = false;
	WfStep	   *before = NULL;
	ListCell   *lc;

	if (!plan->options.allow_data_loss)
		wf_schema_refuse_loss(plan);
	outside = pinned_settings(plan, "SET", false);
	initStringInfo(&script);
	foreach(lc, plan->steps)
	{
		WfStep	   *step = lfirst(lc);

		if (!before || step->slot != before->slot)
		{
			commit(&script, before);
			if (before)
				appendStringInfoChar(&script, '\n');
			if (step->mode != WF_STEP_OUTSIDE)
				begin(plan, &script, lc);
			else if (!left)
				appendStringInfoString(&script, outside);
			left |= step->mode == WF_STEP_OUTSIDE;
		}
		before = step;
		if (plan->options.rollback && step == linitial(step->action->steps))
			appendStringInfoString(&script, wf_schema_loss_comment(step->action->not_restored));
		appendBinaryStringInfo(&script, step->sql->data, step->sql->len);
	}
	commit(&script, before);
	if (left)
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
	/* A concurrent build that is cut short leaves an invalid index. */
	if (!transactional && plan->options.lock_timeout)
		appendStringInfo(&sql, "%s lock_timeout%s;\n", verb, strcmp(verb, "RESET") == 0 ? "" : " = 0");
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

	foreach(lc, plan->steps)
	{
		WfStep	   *step = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if ((step->mode != WF_STEP_OUTSIDE) != transactional)
			continue;
		for (int i = 0; i < MAX_WORDS && words[i]; i++)
		{
			if (strstr(step->sql->data, words[i]))
				return true;
		}
	}
	return false;
}

/* Begins the transaction of the steps from here on. */
static void
begin(WfPlan *plan, StringInfo script, ListCell *from)
{
	const char *timeout = plan->options.lock_timeout;
	int			slot = ((WfStep *) lfirst(from))->slot;

	appendStringInfo(script, "BEGIN;\n%s", pinned_settings(plan, "SET LOCAL", true));
	if (!timeout)
		return;
	for (ListCell *lc = from; lc && ((WfStep *) lfirst(lc))->slot == slot; lc = lnext(plan->steps, lc))
	{
		WfStep	   *step = lfirst(lc);

		if (step->mode != WF_STEP_VALIDATE && step->action->lock >= WF_SCHEMA_LOCK_SHARE)
		{
			appendStringInfo(script, "SET LOCAL lock_timeout = %s;\n", quote_literal_cstr(timeout));
			return;
		}
	}
}

/* Ends what this step ran in. */
static void
commit(StringInfo script, WfStep *last)
{
	if (last && last->mode != WF_STEP_OUTSIDE)
		appendStringInfoString(script, "COMMIT;\n");
}

static char *
text_of(List *steps)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, steps)
		appendStringInfoString(&text, ((WfStep *) lfirst(lc))->sql->data);
	return text.data;
}

static bool
has_mode(List *steps, WfStepMode mode)
{
	ListCell   *lc;

	foreach(lc, steps)
	{
		WfStep	   *step = lfirst(lc);

		if (step->mode == mode && step->sql->len)
			return true;
	}
	return false;
}
