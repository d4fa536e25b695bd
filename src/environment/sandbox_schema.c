/*
 * sandbox_schema.c: the schema of a sandbox, in two scripts: before its rows,
 * and behind them.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "common/list.h"
#include "environment/sandbox.h"
#include "schema/plan.h"
#include "schema/read.h"

static bool belongs(WfModel *model, WfObject *object);
static void take_along(WfModel *model);
static bool take_needs(WfModel *model, WfObject *object);
static bool is_taken(WfModel *model, WfObject *object);
static bool is_support(WfObject *object);
static bool stands_already(WfModel *model, WfObject *object);
static bool is_late(WfObject *object, void *arg);
static void open_tables(WfModel *model);
static char *script(WfModel *from, WfModel *to);

/*
 * The scripts of the schemas, for a new database.  Owners and grants are left
 * out: all belongs to who runs them.
 *
 * Raises invalid_parameter_value where something needs an object of another
 * schema.
 */
void
wf_sandbox_scripts(WfSandbox *sandbox, char **before, char **after)
{
	WfModel    *all = wf_schema_read(NIL, list_make3("owner", "grants", "identity_grants"));
	WfModel    *early;
	WfModel    *empty;
	WfModel    *open;

	/* For belongs(). */
	all->schemas = sandbox->schemas;
	take_along(all);
	all->schemas = NIL;
	all->unmodelled = NIL;
	open = wf_schema_model_copy(all);
	open_tables(open);
	early = wf_schema_model_copy(open);
	wf_schema_remove_late(early, is_late, NULL);
	empty = wf_schema_model_copy(early);
	wf_schema_model_retain(empty, stands_already);
	*before = script(empty, wf_schema_model_copy(early));
	*after = psprintf("%s%s", script(early, wf_schema_model_copy(open)), script(open, all));
}

/* What is the schemas' own.  Subscriptions, settings and the like are the database's. */
static bool
belongs(WfModel *model, WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_USER_MAPPING:
		case WF_OBJECT_PUBLICATION:
		case WF_OBJECT_SUBSCRIPTION:
		case WF_OBJECT_EVENT_TRIGGER:
		case WF_OBJECT_PRIVILEGES:
		case WF_OBJECT_SETTING:
		case WF_OBJECT_DEFAULT_PRIVILEGES:
			return false;
		default:
			return !model->schemas || (object->schema && wf_common_list_has(model->schemas, object->schema));
	}
}

/* Narrows the model to what belongs, and the extensions and languages that it needs. */
static void
take_along(WfModel *model)
{
	bool		more = true;

	for (int i = 0; i < model->nobjects; i++)
		model->objects[i]->visiting = belongs(model, model->objects[i]);
	while (more)
	{
		more = false;
		for (int i = 0; i < model->nobjects; i++)
		{
			if (model->objects[i]->visiting)
				more |= take_needs(model, model->objects[i]);
		}
	}
	wf_schema_model_retain(model, is_taken);
	for (int i = 0; i < model->nobjects; i++)
		model->objects[i]->visiting = false;
}

/* True: something was taken. */
static bool
take_needs(WfModel *model, WfObject *object)
{
	List	   *needs = list_copy(object->needs);
	bool		took = false;
	ListCell   *lc;

	if (object->type->kind == WF_OBJECT_EXTENSION)
	{
		WfObject   *schema = wf_schema_model_find(model, psprintf("schema %s", wf_schema_value(object, "in_schema")));

		if (schema)
			needs = lappend(needs, schema);
	}
	foreach(lc, needs)
	{
		WfObject   *needed = lfirst(lc);

		if (needed->visiting)
			continue;
		if (!is_support(needed))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s needs %s, which is in no schema of the sandbox", object->key, needed->key),
					 errhint("Name its schema, too.")));
		needed->visiting = took = true;
	}
	return took;
}

static bool
is_taken(WfModel *model, WfObject *object)
{
	return object->visiting;
}

static bool
is_support(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_SCHEMA:
		case WF_OBJECT_EXTENSION:
		case WF_OBJECT_LANGUAGE:
		case WF_OBJECT_ACCESS_METHOD:
		case WF_OBJECT_FOREIGN_DATA_WRAPPER:
		case WF_OBJECT_SERVER:
			return true;
		default:
			return false;
	}
}

/* What every new database has. */
static bool
stands_already(WfModel *model, WfObject *object)
{
	return strcmp(object->key, "schema public") == 0 || strcmp(object->key, "extension plpgsql") == 0;
}

static bool
is_late(WfObject *object, void *arg)
{
	return wf_schema_is_behind_rows(object);
}

/* Row-level security comes last: COPY FROM and foreign keys that are made do not go with it. */
static void
open_tables(WfModel *model)
{
	static const char *const attrs[] = {"row_security", "force_row_security"};

	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];

		for (int j = 0; object->type->kind == WF_OBJECT_TABLE && j < lengthof(attrs); j++)
			object->values[wf_schema_attr_index(object->type, attrs[j])] = NULL;
	}
}

static char *
script(WfModel *from, WfModel *to)
{
	WfDiffOptions options = {.allow_data_loss = true};

	return wf_schema_script(wf_schema_plan(from, to, &options));
}
