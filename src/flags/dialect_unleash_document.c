/*
 * dialect_unleash_document.c: documents of Unleash.  Pure.
 *
 * All of them become what its client API answers:
 * {"version": number, "features": [flag, ...], "segments": [segment, ...]}.
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"
#include "flags/json.h"
#include "flags/set.h"

static Jsonb *from_client(Jsonb *document, WfFault *fault);
static bool read_items(JsonbContainer *document, const char *name, const char *key, bool required,
					   WfFault *fault, WfUnleashItems *items);
static bool has_duplicates(const WfUnleashItems *items);
static bool named(JsonbValue *name, const char *const *names);
static void push_json(JsonbParseState **state, const char *key, const JsonbValue *json);

/* WfDialect.normalize: the client API's answer, its events, or an export. */
Jsonb *
wf_flags_unleash_normalize(Jsonb *document, WfFault *fault)
{
	JsonbContainer *object = &document->root;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(document))
		wf_flags_document_fault(fault, "$", "expected an object");
	else if (wf_flags_document_member(object, "events", &value))
		return wf_flags_unleash_from_events(&value, fault);
	else if (wf_flags_document_member(object, "featureStrategies", &value) ||
			 wf_flags_document_member(object, "featureEnvironments", &value))
		return wf_flags_unleash_from_export(object, fault);
	else if (wf_flags_document_member(object, "features", &value))
		return from_client(document, fault);
	else if (wf_flags_document_member(object, "toggles", &value))
		wf_flags_document_fault(fault, "$.toggles",
								"expected \"features\", with their rules; these are answers for one context");
	else
		wf_flags_document_fault(fault, "$", "expected \"features\" or \"events\"");
	return NULL;
}

/* WfDialect.list_flags */
List *
wf_flags_unleash_list_flags(Jsonb *document)
{
	List	   *flags = NIL;
	JsonbContainer *features;
	JsonbValue	value;

	(void) wf_flags_document_member(&document->root, "features", &value);
	features = value.val.binary.data;
	for (int i = 0; i < JsonContainerSize(features); i++)
	{
		WfDocumentFlag *flag = palloc0(sizeof(WfDocumentFlag));
		JsonbValue	member;

		wf_flags_document_element(features, i, &value);
		(void) wf_flags_document_member(value.val.binary.data, "name", &member);
		flag->key = wf_flags_string_copy(member.val.string.val, member.val.string.len);
		flag->definition = JsonbValueToJsonb(&value);
		flag->enabled = wf_flags_document_member(value.val.binary.data, "enabled", &member) &&
			member.type == jbvBool && member.val.boolean;
		if (wf_flags_document_member(value.val.binary.data, "description", &member) &&
			member.type == jbvString)
			flag->description = pnstrdup(member.val.string.val, member.val.string.len);
		flags = lappend(flags, flag);
	}
	return flags;
}

/* WfDialect.assemble */
Jsonb *
wf_flags_unleash_assemble(Jsonb *document, List *flags)
{
	static const char *const but[] = {"features", NULL};
	JsonbParseState *state = NULL;
	ListCell   *lc;

	wf_flags_json_begin(&state);
	wf_flags_unleash_push_others(&state, &document->root, but);
	wf_flags_json_open_array(&state, "features");
	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		wf_flags_json_document(&state, NULL,
							   wf_flags_unleash_definition(flag->definition, flag->key, flag->enabled));
	}
	wf_flags_json_close_array(&state);
	return wf_flags_json_end(&state);
}

/* Adds an item to a list; its key is the named member. */
bool
wf_flags_unleash_add_item(WfUnleashItems *items, JsonbValue *value, const char *key,
						  const char *path, WfFault *fault)
{
	JsonbContainer *object;
	WfUnleashItem *item;
	JsonbValue	member;
	WfString	text;

	if (!wf_flags_document_object(value, path, fault, &object))
		return false;
	if (!wf_flags_document_member(object, key, &member))
		return wf_flags_document_fault(fault, path, "expected \"%s\"", key);
	if (!wf_flags_unleash_text(&member, &text) || text.len == 0)
		return wf_flags_document_fault(fault, psprintf("%s.%s", path, key), "expected a name or a number");
	if (strcmp(key, "name") == 0 && member.type != jbvString)
		return wf_flags_document_fault(fault, psprintf("%s.%s", path, key), "expected a string");
	if ((items->count & (items->count - 1)) == 0)
	{
		int			room = Max(items->count * 2, 4);

		items->items = items->items ? repalloc(items->items, sizeof(WfUnleashItem) * room)
			: palloc(sizeof(WfUnleashItem) * room);
	}
	item = &items->items[items->count++];
	item->key = text;
	item->removed = false;
	item->value = *value;
	return true;
}

/* Pushes an array of the items that are left, the last of each key. */
void
wf_flags_unleash_push_items(JsonbParseState **state, const char *key, const WfUnleashItems *items)
{
	WfStringSet *seen = wf_flags_set_create(items->count);
	bool	   *left = palloc0(Max(items->count, 1) * sizeof(bool));

	for (int i = items->count - 1; i >= 0; i--)
	{
		left[i] = !items->items[i].removed && !wf_flags_set_has(seen, items->items[i].key);
		wf_flags_set_add(seen, items->items[i].key);
	}
	wf_flags_json_open_array(state, key);
	for (int i = 0; i < items->count; i++)
	{
		if (left[i])
			push_json(state, NULL, &items->items[i].value);
	}
	wf_flags_json_close_array(state);
}

/* Pushes the members of an object but for some. */
void
wf_flags_unleash_push_others(JsonbParseState **state, JsonbContainer *object, const char *const *but)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	json;
	bool		kept = false;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			kept = !named(&json, but);
			if (kept)
				(void) pushJsonbValue(state, WJB_KEY, &json);
		}
		else if (token == WJB_VALUE && kept)
			(void) pushJsonbValue(state, WJB_VALUE, &json);
	}
}

/* A flag's definition with its name and state; flag may be NULL. */
Jsonb *
wf_flags_unleash_definition(Jsonb *flag, WfString key, bool enabled)
{
	static const char *const but[] = {"name", "enabled", NULL};
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	wf_flags_json_string(&state, "name", key);
	wf_flags_json_boolean(&state, "enabled", enabled);
	if (flag && JB_ROOT_IS_OBJECT(flag))
		wf_flags_unleash_push_others(&state, &flag->root, but);
	return wf_flags_json_end(&state);
}

/* The client API's answer, which has each flag and segment once. */
static Jsonb *
from_client(Jsonb *document, WfFault *fault)
{
	static const char *const but[] = {"features", "segments", NULL};
	WfUnleashItems features = {0};
	WfUnleashItems segments = {0};
	JsonbParseState *state = NULL;

	if (!read_items(&document->root, "features", "name", true, fault, &features) ||
		!read_items(&document->root, "segments", "id", false, fault, &segments))
		return NULL;
	if (!has_duplicates(&features) && !has_duplicates(&segments))
		return document;

	wf_flags_json_begin(&state);
	wf_flags_unleash_push_others(&state, &document->root, but);
	wf_flags_unleash_push_items(&state, "features", &features);
	wf_flags_unleash_push_items(&state, "segments", &segments);
	return wf_flags_json_end(&state);
}

static bool
read_items(JsonbContainer *document, const char *name, const char *key, bool required,
		   WfFault *fault, WfUnleashItems *items)
{
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_member(document, name, &value) || (value.type == jbvNull && !required))
		return true;
	if (!wf_flags_document_array(&value, psprintf("$.%s", name), fault, &array, &n))
		return false;
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!wf_flags_unleash_add_item(items, &value, key, psprintf("$.%s[%d]", name, i), fault))
			return false;
	}
	return true;
}

static bool
has_duplicates(const WfUnleashItems *items)
{
	WfStringSet *seen = wf_flags_set_create(items->count);

	for (int i = 0; i < items->count; i++)
	{
		if (wf_flags_set_has(seen, items->items[i].key))
			return true;
		wf_flags_set_add(seen, items->items[i].key);
	}
	return false;
}

static bool
named(JsonbValue *name, const char *const *names)
{
	WfString	text = {name->val.string.val, name->val.string.len};

	for (; *names; names++)
	{
		if (wf_flags_strings_equal(text, wf_flags_string(*names)))
			return true;
	}
	return false;
}

static void
push_json(JsonbParseState **state, const char *key, const JsonbValue *json)
{
	WfValue		value;

	wf_flags_value_from_json(json, &value);
	wf_flags_json_value(state, key, &value);
}
