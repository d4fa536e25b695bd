/*
 * model.c: building and searching a schema model.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "schema/model.h"

typedef struct WfObjectEntry
{
	const char *key;
	WfObject   *object;
	uint32		hash;
	char		status;
} WfObjectEntry;

#define SH_PREFIX wf_object
#define SH_ELEMENT_TYPE WfObjectEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static char *scope_of(List *schemas);
static char *schema_array(List *names);
static int	compare_objects(const void *a, const void *b);

/* An empty model in the current memory context. */
WfModel *
wf_schema_model_create(void)
{
	WfModel    *model = palloc0(sizeof(WfModel));

	model->version = WF_SNAPSHOT_VERSION;
	model->capacity = 256;
	model->objects = palloc(model->capacity * sizeof(WfObject *));
	model->by_key = (struct wf_object_hash *) wf_object_create(CurrentMemoryContext, 512, NULL);
	return model;
}

/* Adds an object without attributes; an identity seen before is an error. */
WfObject *
wf_schema_model_add(WfModel *model, const WfObjectType *type, const char *identity)
{
	WfObject   *object = palloc0(sizeof(WfObject));
	WfObjectEntry *entry;
	size_t		type_length = strlen(type->name);
	char	   *key;
	bool		found;

	key = palloc(type_length + strlen(identity) + 2);
	memcpy(key, type->name, type_length);
	key[type_length] = ' ';
	strcpy(key + type_length + 1, identity);
	object->type = type;
	object->key = key;
	object->identity = key + type_length + 1;
	object->values = palloc0(type->nattrs * sizeof(char *));
	entry = wf_object_insert((wf_object_hash *) model->by_key, object->key, &found);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("schema snapshot holds %s twice", object->key)));
	entry->object = object;
	if (model->nobjects == model->capacity)
	{
		model->capacity *= 2;
		model->objects = repalloc_huge(model->objects, model->capacity * sizeof(WfObject *));
	}
	model->objects[model->nobjects++] = object;
	return object;
}

/* The object with this key ("table public.orders"), or NULL. */
WfObject *
wf_schema_model_find(WfModel *model, const char *key)
{
	WfObjectEntry *entry = wf_object_lookup((wf_object_hash *) model->by_key, key);

	return entry ? entry->object : NULL;
}

/* Sorts the objects and links each to its children and dependents. */
void
wf_schema_model_finish(WfModel *model)
{
	qsort(model->objects, model->nobjects, sizeof(WfObject *), compare_objects);
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		if (object->parent)
			object->parent->children = lappend(object->parent->children, object);
		foreach(lc, object->needs)
		{
			WfObject   *needed = lfirst(lc);

			needed->needed_by = lappend(needed->needed_by, object);
		}
	}
}

/* Finds the objects by their keys again after these have changed. */
void
wf_schema_model_rekey(WfModel *model)
{
	wf_object_hash *by_key = wf_object_create(CurrentMemoryContext, model->nobjects + 1, NULL);

	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];
		bool		found;

		wf_object_insert(by_key, object->key, &found)->object = object;
	}
	wf_object_destroy((wf_object_hash *) model->by_key);
	model->by_key = (struct wf_object_hash *) by_key;
	qsort(model->objects, model->nobjects, sizeof(WfObject *), compare_objects);
}

/*
 * Removes the objects of a finished model that keep says no to, and what
 * others needed of them.
 */
void
wf_schema_model_retain(WfModel *model, bool (*keep) (WfModel *model, WfObject *object))
{
	bool	   *kept = palloc(Max(model->nobjects, 1) * sizeof(bool));
	int			n = 0;

	for (int i = 0; i < model->nobjects; i++)
		kept[i] = keep(model, model->objects[i]);
	for (int i = 0; i < model->nobjects; i++)
	{
		if (kept[i])
			model->objects[n++] = model->objects[i];
		else
			wf_object_delete((wf_object_hash *) model->by_key, model->objects[i]->key);
	}
	model->nobjects = n;
	pfree(kept);
	for (int i = 0; i < n; i++)
	{
		WfObject   *object = model->objects[i];
		List	   *needs = NIL;
		ListCell   *lc;

		foreach(lc, object->needs)
		{
			WfObject   *needed = lfirst(lc);

			if (wf_schema_model_find(model, needed->key) == needed)
				needs = lappend(needs, needed);
		}
		object->needs = needs;
		object->children = NIL;
		object->needed_by = NIL;
	}
	wf_schema_model_finish(model);
}

/* Was this attribute ("owner", "grants", "comment") not read? */
bool
wf_schema_model_left_out(WfModel *model, const char *attr)
{
	return wf_common_list_has(model->left_out, attr);
}

/*
 * Do the format and the server that this was read from have the attribute?  If
 * not the first, they have no such type.
 */
bool
wf_schema_model_knows(WfModel *model, const WfObjectType *type, int attr)
{
	int			flags = type->attrs[attr].flags;

	return (model->version >= 2 || !(flags & WF_ATTR_SINCE_2)) &&
		(model->server_version >= 180000 || !(flags & WF_ATTR_SINCE_18));
}

/* Are both lists of the same schemas?  NIL: of all. */
bool
wf_schema_same_scope(List *from, List *to)
{
	return strcmp(scope_of(from), scope_of(to)) == 0;
}

/* Raises an error unless they are. */
void
wf_schema_check_scope(List *from, List *to)
{
	if (wf_schema_same_scope(from, to))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the snapshots hold different schemas"),
			 errdetail("The first holds %s, the second %s.", scope_of(from), scope_of(to)),
			 errhint("Take both of the same: SELECT wishflags.schema_snapshot(%s);",
					 from || to ? schema_array(from ? from : to) : "")));
}

static char *
scope_of(List *schemas)
{
	List	   *names = list_copy(schemas);
	StringInfoData text;
	ListCell   *lc;

	if (!names)
		return pstrdup("all schemas");
	list_sort(names, wf_schema_compare_names);
	initStringInfo(&text);
	foreach(lc, names)
		if (foreach_current_index(lc) == 0 ||
			strcmp(lfirst(lc), list_nth(names, foreach_current_index(lc) - 1)) != 0)
		appendStringInfo(&text, "%s\"%s\"", text.len ? ", " : "", (char *) lfirst(lc));
	return psprintf("%s %s", strchr(text.data, ',') ? "schemas" : "schema", text.data);
}

/* For list_sort(): by the bytes of the text. */
int
wf_schema_compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* "ARRAY['a', 'b']" */
static char *
schema_array(List *names)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, names)
		appendStringInfo(&text, "%s%s", text.len ? ", " : "", quote_literal_cstr(lfirst(lc)));
	return psprintf("ARRAY[%s]", text.data);
}

/* Notes that object depends on needed, once. */
void
wf_schema_object_need(WfObject *object, WfObject *needed)
{
	if (object == needed || object->parent == needed)
		return;
	if (!list_member_ptr(object->needs, needed))
		object->needs = lappend(object->needs, needed);
}

/* The text of an attribute, NULL when it has the default. */
const char *
wf_schema_value(WfObject *object, const char *attr)
{
	int			index = wf_schema_attr_index(object->type, attr);

	return index < 0 ? NULL : object->values[index];
}

/* Is a boolean attribute set? */
bool
wf_schema_flag(WfObject *object, const char *attr)
{
	return wf_schema_value(object, attr) != NULL;
}

/*
 * The quoted name of an object within its parent: "c" of column public.t.c,
 * "i" of trigger i ON public.t; of an object with a schema, the name without it.
 */
char *
wf_schema_short_name(WfObject *object)
{
	const char *identity = object->identity;
	const char *parent = object->parent ? object->parent->identity : NULL;

	if (parent && strncmp(identity, parent, strlen(parent)) == 0 && identity[strlen(parent)] == '.')
		return pstrdup(identity + strlen(parent) + 1);
	if (parent && strlen(identity) > strlen(parent))
	{
		const char *on = identity + strlen(identity) - strlen(parent);

		while (on > identity && strncmp(on, " ON ", 4) != 0)
			on--;
		return pnstrdup(identity, on - identity);
	}
	return pstrdup(wf_schema_bare(identity, object->schema));
}

/* A qualified name without its schema, whatever quote_all_identifiers says now. */
const char *
wf_schema_bare(const char *qualified, const char *schema)
{
	const char *rest = qualified;

	if (!schema)
		return qualified;
	if (*rest == '"')
	{
		for (rest++; *rest && (*rest != '"' || rest[1] == '"'); rest++)
			rest += *rest == '"';
		rest += *rest == '"';
	}
	else
		rest += strcspn(rest, ".");
	return *rest == '.' ? rest + 1 : qualified;
}

/* The strings of a list attribute. */
List *
wf_schema_list(const char *json)
{
	List	   *list = NIL;
	Jsonb	   *array;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!json)
		return NIL;
	array = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	it = JsonbIteratorInit(&array->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && value.type == jbvString)
			list = lappend(list, pnstrdup(value.val.string.val, value.val.string.len));
	}
	return list;
}

static int
compare_objects(const void *a, const void *b)
{
	WfObject   *x = *(WfObject *const *) a;
	WfObject   *y = *(WfObject *const *) b;

	if (x->type->kind != y->type->kind)
		return x->type->kind < y->type->kind ? -1 : 1;
	return strcmp(x->identity, y->identity);
}
