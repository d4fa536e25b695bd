/*
 * rename.c: renames by hint, before anything is compared.
 *
 * The hints are carried out on the model that a plan starts from, each as the
 * server would carry it out, and each gives an action.  They may stand in
 * either direction, so that one set serves the way there and the way back.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "schema/rename.h"

typedef struct Hint
{
	const char *key;
	const char *value;
	WfRename	rename;
	const char *becomes;		/* in the end; for a while it may have another */
	const char *identity;		/* wanted in the end, or NULL */
	const char *final_key;		/* what the target calls it */
	bool		done;
} Hint;

static List *read_hints(Jsonb *hints);
static bool all_in(WfModel *model, List *hints);
static bool fits(WfModel *from, WfModel *to, Jsonb *hints);
static void resolve(WfModel *model, List *hints);
static List *carry_out(WfModel *model, List *hints);
static Hint *next_free(WfModel *model, List *hints);
static const char *in_the_way(WfModel *model, WfRename *rename, const char *becomes);
static const char *slot_taken(WfModel *model, WfObject *object, const char *becomes);
static bool is_pending(List *hints, const char *key);
static WfAction *set_aside(WfModel *model, Hint *hint);
static const char *final_key(WfRename *rename);
static bool is_there(WfModel *model, const char *key);
static void check_final(WfModel *to, List *hints);
static List *turn_round(WfModel *old, List *hints);
static List *heirs_of(WfModel *model, WfRename *rename);
static void change_part(WfRename *rename);
static char *replaced_value(WfRename *rename);

/*
 * Renames in from what the hints say, so that it fits to: {"table public.old":
 * "new"}.  Where they fit only the other way round, they are turned round.
 *
 * Returns the actions in their order.  Raises undefined_object for what is not
 * there, duplicate_object for a name that is taken, invalid_parameter_value
 * for a hint that says nothing.
 */
List *
wf_schema_rename(WfModel *from, WfModel *to, Jsonb *hints)
{
	List	   *list = hints ? read_hints(hints) : NIL;
	List	   *actions;

	if (list == NIL)
		return NIL;
	if (all_in(to, list) && !(all_in(from, list) && fits(from, to, hints)))
		list = turn_round(to, list);
	resolve(from, list);
	actions = carry_out(from, list);
	check_final(to, list);
	return actions;
}

/* Do the hints lead from names of one model to names of the other? */
static bool
fits(WfModel *from, WfModel *to, Jsonb *hints)
{
	WfModel    *copy = wf_schema_model_from_json(wf_schema_model_to_json(from), "from_snapshot");
	List	   *tried = read_hints(hints);
	ListCell   *lc;

	resolve(copy, tried);
	(void) carry_out(copy, tried);
	foreach(lc, tried)
	{
		if (!is_there(to, ((Hint *) lfirst(lc))->final_key))
			return false;
	}
	return true;
}

static List *
read_hints(Jsonb *hints)
{
	List	   *list = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	Hint	   *hint = NULL;

	if (!JB_ROOT_IS_OBJECT(hints))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must be an object", "renames"),
				 errhint("Write for example '{\"renames\": {\"table public.old\": \"new\"}}'.")));
	it = JsonbIteratorInit(&hints->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			hint = palloc0(sizeof(Hint));
			hint->key = pnstrdup(value.val.string.val, value.val.string.len);
			list = lappend(list, hint);
		}
		else if (token == WJB_VALUE)
		{
			if (value.type != jbvString || value.val.string.len == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("the new name of %s must be a string", hint->key)));
			hint->value = pnstrdup(value.val.string.val, value.val.string.len);
		}
	}
	return list;
}

static bool
all_in(WfModel *model, List *hints)
{
	ListCell   *lc;
	WfRename	rename;

	foreach(lc, hints)
	{
		if (!wf_schema_hint_find(model, ((Hint *) lfirst(lc))->key, &rename))
			return false;
	}
	return true;
}

/* Finds what the hints name; all of them still have their old names. */
static void
resolve(WfModel *model, List *hints)
{
	ListCell   *lc;

	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);

		if (!wf_schema_hint_find(model, hint->key, &hint->rename))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("there is no %s to be renamed", hint->key),
					 errhint("Write object type and identity as schema_diff() shows them, for example \"table public.orders\" or \"column public.orders.total\".")));
		wf_schema_hint_check(&hint->rename, hint->key);
		hint->becomes = wf_schema_hint_name(&hint->rename, hint->key, hint->value, &hint->identity);
		if (strcmp(hint->becomes, hint->rename.was) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s is renamed to its own name", hint->key),
					 errhint("Leave the hint out.")));
	}
}

/* One after the other, each when its new name is free. */
static List *
carry_out(WfModel *model, List *hints)
{
	List	   *actions = NIL;
	ListCell   *lc;

	for (int i = 0; i < list_length(hints); i++)
	{
		Hint	   *hint = next_free(model, hints);

		while (!hint)
		{
			foreach(lc, hints)
			{
				hint = lfirst(lc);
				if (!hint->done)
					break;
			}
			actions = lappend(actions, set_aside(model, hint));
			hint = next_free(model, hints);
		}
		hint->rename.becomes = hint->becomes;
		actions = lappend(actions, wf_schema_rename_step(model, &hint->rename));
		hint->done = true;
	}
	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);

		hint->final_key = final_key(&hint->rename);
	}
	return actions;
}

/*
 * A hint that can be carried out now; NULL when those that are
 * left take each other's names.
 */
static Hint *
next_free(WfModel *model, List *hints)
{
	ListCell   *lc;

	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);
		const char *other;

		if (hint->done)
			continue;
		other = in_the_way(model, &hint->rename, hint->becomes);
		if (!other)
			return hint;
		if (!is_pending(hints, other))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("%s cannot be renamed to %s", hint->key, hint->becomes),
					 errdetail("The name is taken by %s.", other),
					 errhint("Rename that as well, drop it before, or leave the hint out.")));
	}
	return NULL;
}

/* The key of what has the new name already, or NULL. */
static const char *
in_the_way(WfModel *model, WfRename *rename, const char *becomes)
{
	WfRename	other = *rename;

	if (!rename->is_value && rename->kind != WF_OBJECT_COLUMN)
		return slot_taken(model, rename->object, becomes);
	other.was = becomes;
	return is_there(model, final_key(&other)) ? final_key(&other) : NULL;
}

static const char *
slot_taken(WfModel *model, WfObject *object, const char *becomes)
{
	WfObject	renamed = *object;
	WfObject   *same;
	int			index = wf_schema_attr_index(object->type, "index");
	List	   *slots;

	renamed.identity = wf_schema_renamed_identity(object, becomes);
	same = wf_schema_model_find(model, psprintf("%s %s", object->type->name, renamed.identity));
	if (same)
		return same->key;
	if (index >= 0 && object->values[index])
	{
		renamed.values = palloc(object->type->nattrs * sizeof(char *));
		memcpy(renamed.values, object->values, object->type->nattrs * sizeof(char *));
		renamed.values[index] = psprintf("%s.%s", quote_identifier(object->schema), becomes);
	}
	slots = wf_schema_slots(&renamed);
	for (int i = 0; slots && i < model->nobjects; i++)
	{
		ListCell   *lc;

		if (model->objects[i] == object)
			continue;
		foreach(lc, wf_schema_slots(model->objects[i]))
		{
			if (wf_schema_list_has(slots, lfirst(lc)))
				return model->objects[i]->key;
		}
	}
	return NULL;
}

/* Will what is in the way get another name itself? */
static bool
is_pending(List *hints, const char *key)
{
	ListCell   *lc;

	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);

		if (!hint->done && strcmp(final_key(&hint->rename), key) == 0)
			return true;
	}
	return false;
}

/* Breaks a circle of names: one of them gets a name of ours for a moment. */
static WfAction *
set_aside(WfModel *model, Hint *hint)
{
	hint->rename.becomes = psprintf("wf_old_%08x", hash_bytes((const unsigned char *) hint->key, strlen(hint->key)));
	return wf_schema_rename_step(model, &hint->rename);
}

static const char *
final_key(WfRename *rename)
{
	if (rename->is_value)
		return psprintf("enum value %s.%s", rename->object->identity, rename->was);
	if (rename->kind == WF_OBJECT_COLUMN)
		return psprintf("column %s.%s", rename->object->identity, rename->was);
	return rename->object->key;
}

static bool
is_there(WfModel *model, const char *key)
{
	WfRename	rename;

	return wf_schema_hint_find(model, key, &rename);
}

static void
check_final(WfModel *to, List *hints)
{
	ListCell   *lc;

	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);
		const char *identity = NULL;

		(void) wf_schema_hint_type(hint->final_key, &identity);
		if (hint->identity && identity && strcmp(identity, hint->identity) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s cannot be renamed to %s", hint->key, hint->identity),
					 errdetail("A rename keeps the schema and the table; it would become %s.", identity),
					 errhint("Rename the schema or the table by hints of their own.")));
		if (!is_there(to, hint->final_key))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("%s is renamed, but the target has no %s", hint->key, hint->final_key),
					 errhint("Leave the hint out, or correct the new name.")));
	}
}

/*
 * The hints for the way back: carried out on a copy of the model with the old
 * names, they tell what each is called in the other model.
 */
static List *
turn_round(WfModel *old, List *hints)
{
	WfModel    *copy = wf_schema_model_from_json(wf_schema_model_to_json(old), "to_snapshot");
	List	   *back = NIL;
	ListCell   *lc;

	resolve(copy, hints);
	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);
		Hint	   *opposite = palloc0(sizeof(Hint));

		opposite->value = pstrdup(hint->rename.was);
		back = lappend(back, opposite);
	}
	(void) carry_out(copy, hints);
	foreach(lc, hints)
		((Hint *) list_nth(back, foreach_current_index(lc)))->key = ((Hint *) lfirst(lc))->final_key;
	return back;
}

/* Carries out one rename on the model, as its action does on a database. */
WfAction *
wf_schema_rename_step(WfModel *model, WfRename *rename)
{
	List	   *heirs = heirs_of(model, rename);
	WfAction   *action = wf_schema_ddl_rename(rename);
	ListCell   *lc;

	wf_schema_rewrite(model, rename);
	change_part(rename);
	foreach(lc, heirs)
	{
		WfRename	heir = *rename;

		heir.object = lfirst(lc);
		wf_schema_rewrite(model, &heir);
	}
	if (rename->kind == WF_OBJECT_CONSTRAINT && wf_schema_value(rename->object, "index"))
	{
		WfRename	index = *rename;

		index.kind = WF_OBJECT_INDEX;
		wf_schema_rewrite(model, &index);
	}
	wf_schema_model_rekey(model);
	rename->was = rename->becomes;
	return action;
}

/* Tables whose column, or constraints that, are renamed along with the parent's. */
static List *
heirs_of(WfModel *model, WfRename *rename)
{
	WfObject   *table = rename->kind == WF_OBJECT_COLUMN ? rename->object : rename->object->parent;
	List	   *tables;
	List	   *heirs = NIL;
	ListCell   *lc;

	if (rename->kind != WF_OBJECT_COLUMN && rename->kind != WF_OBJECT_CONSTRAINT &&
		rename->kind != WF_OBJECT_TRIGGER)
		return NIL;
	if (rename->kind == WF_OBJECT_CONSTRAINT && wf_schema_value(rename->object, "index"))
		return NIL;
	tables = list_make1(table);
	/* The list grows while it is walked: children of children. */
	for (int i = 0; i < list_length(tables); i++)
	{
		table = list_nth(tables, i);
		foreach(lc, table->needed_by)
		{
			WfObject   *link = lfirst(lc);

			if (link->type->kind == WF_OBJECT_INHERITANCE || link->type->kind == WF_OBJECT_PARTITION)
				tables = list_append_unique_ptr(tables, link->parent);
			else if (link->type->kind == WF_OBJECT_TABLE && wf_schema_value(link, "of_type") &&
					 strcmp(wf_schema_value(link, "of_type"), table->identity) == 0)
				tables = list_append_unique_ptr(tables, link);
		}
	}
	foreach(lc, list_delete_first(tables))
	{
		WfObject   *heir = lfirst(lc);

		if (rename->kind != WF_OBJECT_COLUMN)
			heir = wf_schema_model_find(model, psprintf("%s %s ON %s", rename->object->type->name,
														rename->was, heir->identity));
		if (heir)
			heirs = lappend(heirs, heir);
	}
	return heirs;
}

/* A part that is no object: the column of a view, the value of an enum. */
static void
change_part(WfRename *rename)
{
	WfObject   *object = rename->object;
	int			attr;

	if (rename->is_value)
	{
		object->values[wf_schema_attr_index(object->type, "values")] = replaced_value(rename);
		return;
	}
	attr = rename->kind == WF_OBJECT_COLUMN ? wf_schema_attr_index(object->type, "definition") : -1;
	if (attr >= 0 && object->values[attr])
	{
		WfTokens   *tokens = wf_schema_tokens(object->values[attr]);

		if (!wf_schema_select_relabel(tokens, rename->was, rename->becomes))
			wf_schema_doubt(object, attr);
		object->values[attr] = wf_schema_tokens_text(tokens);
		object->followed = true;
		attr = wf_schema_attr_index(object->type, "columns");
		if (attr >= 0 && object->values[attr])
			object->values[attr] = replaced_value(rename);
	}
}

/* A list with the renamed element, or the one that begins with the name. */
static char *
replaced_value(WfRename *rename)
{
	const char *attr = rename->is_value ? "values" : "columns";
	StringInfoData list;
	ListCell   *lc;
	size_t		len = strlen(rename->was);

	initStringInfo(&list);
	foreach(lc, wf_schema_list(wf_schema_value(rename->object, attr)))
	{
		const char *element = lfirst(lc);
		bool		hit = strncmp(element, rename->was, len) == 0 &&
		element[len] == (rename->is_value ? '\0' : ' ');

		appendStringInfoString(&list, list.len ? ", " : "[");
		escape_json(&list, hit ? psprintf("%s%s", rename->becomes, element + len) : element);
	}
	appendStringInfoString(&list, list.len ? "]" : "[]");
	return list.data;
}

/*
 * The model with a schema under another name, as if it had always had that:
 * also in what functions say of it.
 */
void
wf_schema_rename_schema(WfModel *model, const char *was, const char *becomes)
{
	WfRename	rename;

	memset(&rename, 0, sizeof(rename));
	rename.kind = WF_OBJECT_SCHEMA;
	rename.was = pstrdup(quote_identifier(was));
	rename.becomes = pstrdup(quote_identifier(becomes));
	rename.in_bodies = true;
	wf_schema_rewrite(model, &rename);
	wf_schema_model_rekey(model);
}

/* The schemas of a snapshot under the names that hints give them. */
List *
wf_schema_renamed_schemas(List *schemas, Jsonb *hints)
{
	List	   *renamed = NIL;
	ListCell   *lc;

	foreach(lc, schemas)
	{
		const char *key = psprintf("schema %s", quote_identifier(lfirst(lc)));
		const char *name = lfirst(lc);
		ListCell   *lh;

		foreach(lh, hints ? read_hints(hints) : NIL)
		{
			Hint	   *hint = lfirst(lh);

			if (strcmp(hint->key, key) == 0)
				name = wf_schema_unquoted(hint->value);
		}
		renamed = lappend(renamed, unconstify(char *, name));
	}
	return renamed;
}
