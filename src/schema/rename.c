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

#include "schema/rename.h"

typedef struct Hint
{
	const char *key;
	const char *value;
	WfRename	rename;
	const char *becomes;		/* in the end; for a while it may have another */
	const char *identity;		/* wanted in the end, or NULL */
	const char *final_key;		/* what the target calls it */
	bool		aside;			/* has a name of ours for the moment */
	bool		done;
} Hint;

/*
 * What to do with a new name that is taken by something without a hint.  On
 * the way back that is something new which has the old name: it will be dropped.
 */
typedef enum Collision
{
	COLLISION_ERROR,
	COLLISION_STOP,
	COLLISION_ASIDE
} Collision;

static List *read_hints(Jsonb *hints);
static bool all_in(WfModel *model, List *hints);
static bool fits(WfModel *from, WfModel *to, Jsonb *hints);
static void resolve(WfModel *model, List *hints);
static List *carry_out(WfModel *model, List *hints, Collision collision);
static Hint *next_free(WfModel *model, List *hints, Hint **blocked, const char **obstacle);
pg_noreturn static void report_collision(Hint *hint, const char *obstacle);
static Hint *first_pending(List *hints, bool aside);
static const char *in_the_way(WfModel *model, WfRename *rename, const char *becomes);
static const char *slot_taken(WfModel *model, WfObject *object, const char *becomes);
static bool is_pending(List *hints, const char *key);
static WfAction *set_aside(WfModel *model, WfRename *rename);
static const char *final_key(WfRename *rename);
static bool is_there(WfModel *model, const char *key);
static void check_final(WfModel *to, List *hints);
static List *turn_round(WfModel *old, List *hints);

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
	Collision	collision = COLLISION_ERROR;
	List	   *actions;

	if (list == NIL)
		return NIL;
	if (all_in(to, list) && !(all_in(from, list) && fits(from, to, hints)))
	{
		List	   *back = turn_round(to, read_hints(hints));

		/* Where neither way fits, errors speak of the hints as they are. */
		if (back && all_in(from, back))
		{
			list = back;
			collision = COLLISION_ASIDE;
		}
	}
	resolve(from, list);
	actions = carry_out(from, list, collision);
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
	(void) carry_out(copy, tried, COLLISION_STOP);
	if (first_pending(tried, true))
		return false;
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
						 errmsg("the new name of %s must be a string", hint->key),
						 errhint("Write for example '{\"renames\": {\"table public.old\": \"new\"}}'.")));
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
carry_out(WfModel *model, List *hints, Collision collision)
{
	List	   *actions = NIL;
	ListCell   *lc;

	while (first_pending(hints, true))
	{
		Hint	   *blocked;
		const char *obstacle;
		Hint	   *hint = next_free(model, hints, &blocked, &obstacle);
		WfRename	other;

		if (hint)
		{
			hint->rename.becomes = hint->becomes;
			actions = lappend(actions, wf_schema_rename_step(model, &hint->rename));
			hint->done = true;
		}
		else if (!blocked)
		{
			/* Each once at most: then all their names are free. */
			hint = first_pending(hints, false);
			hint->aside = true;
			actions = lappend(actions, set_aside(model, &hint->rename));
		}
		else if (collision == COLLISION_STOP)
			return NIL;
		else if (collision == COLLISION_ASIDE && wf_schema_hint_find(model, obstacle, &other))
			actions = lappend(actions, set_aside(model, &other));
		else
			report_collision(blocked, obstacle);
	}
	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);

		hint->final_key = final_key(&hint->rename);
	}
	return actions;
}

/* The first hint to be carried out yet; aside: be it set aside or not. */
static Hint *
first_pending(List *hints, bool aside)
{
	ListCell   *lc;

	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);

		if (!hint->done && (aside || !hint->aside))
			return hint;
	}
	return NULL;
}

/*
 * A hint that can be carried out now; NULL when those that are left take each
 * other's names, or that of obstacle, which has no hint and stops blocked.
 */
static Hint *
next_free(WfModel *model, List *hints, Hint **blocked, const char **obstacle)
{
	ListCell   *lc;

	*blocked = NULL;
	foreach(lc, hints)
	{
		Hint	   *hint = lfirst(lc);
		const char *other;

		if (hint->done)
			continue;
		other = in_the_way(model, &hint->rename, hint->becomes);
		if (!other)
			return hint;
		if (*blocked || is_pending(hints, other))
			continue;
		*blocked = hint;
		*obstacle = other;
	}
	return NULL;
}

static void
report_collision(Hint *hint, const char *obstacle)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("%s cannot be renamed to %s", hint->key, hint->becomes),
			 errdetail("The name is taken by %s.", obstacle),
			 errhint("Rename that as well, drop it before, or leave the hint out.")));
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
			if (wf_common_list_has(slots, lfirst(lc)))
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

/* Frees a name: what bears it gets one of ours, for a moment or until it is dropped. */
static WfAction *
set_aside(WfModel *model, WfRename *rename)
{
	const char *key = final_key(rename);

	rename->becomes = psprintf("wf_old_%08x", hash_bytes((const unsigned char *) key, strlen(key)));
	return wf_schema_rename_step(model, rename);
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
 * names, they tell what each is called in the other model.  NIL when they
 * cannot be carried out.
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
	(void) carry_out(copy, hints, COLLISION_STOP);
	if (first_pending(hints, true))
		return NIL;
	foreach(lc, hints)
		((Hint *) list_nth(back, foreach_current_index(lc)))->key = ((Hint *) lfirst(lc))->final_key;
	return back;
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
