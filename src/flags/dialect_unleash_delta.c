/*
 * dialect_unleash_delta.c: Unleash's streamed changes.  Pure.
 *
 * {"events": [{"eventId", "type", ...}, ...]}, in order: "hydration" with
 * features and segments begins anew, the others change one of them.
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"
#include "flags/json.h"

/* What the events so far come to. */
typedef struct State
{
	WfUnleashItems features;
	WfUnleashItems segments;
	WfFault    *fault;
} State;

static bool apply_event(State *state, JsonbValue *value, const char *path);
static bool hydrate(State *state, JsonbContainer *event, const char *path);
static bool hydrate_items(State *state, JsonbContainer *event, const char *name, const char *key,
						  const char *path, WfUnleashItems *items);
static bool update_item(State *state, JsonbContainer *event, const char *name, const char *key,
						const char *path, WfUnleashItems *items);
static bool remove_item(State *state, JsonbValue *event, const char *key, const char *path,
						WfUnleashItems *items);

/* The document that the events come to. */
Jsonb *
wf_flags_unleash_from_events(JsonbValue *events, WfFault *fault)
{
	State		changes = {.fault = fault};
	JsonbParseState *state = NULL;
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_array(events, "$.events", fault, &array, &n))
		return NULL;
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!apply_event(&changes, &value, psprintf("$.events[%d]", i)))
			return NULL;
	}
	wf_flags_json_begin(&state);
	wf_flags_json_number(&state, "version", 2);
	wf_flags_unleash_push_items(&state, "features", &changes.features);
	wf_flags_unleash_push_items(&state, "segments", &changes.segments);
	return wf_flags_json_end(&state);
}

static bool
apply_event(State *state, JsonbValue *value, const char *path)
{
	JsonbContainer *event;
	JsonbValue	type;
	WfString	name;
	const char *text;

	if (!wf_flags_document_object(value, path, state->fault, &event))
		return false;
	if (!wf_flags_document_member(event, "type", &type))
		return wf_flags_document_fault(state->fault, path, "expected \"type\"");
	if (!wf_flags_document_string(&type, psprintf("%s.type", path), state->fault, &name))
		return false;
	text = name.data;
	if (strcmp(text, "hydration") == 0)
		return hydrate(state, event, path);
	if (strcmp(text, "feature-updated") == 0)
		return update_item(state, event, "feature", "name", path, &state->features);
	if (strcmp(text, "feature-removed") == 0)
		return remove_item(state, value, "featureName", path, &state->features);
	if (strcmp(text, "segment-updated") == 0)
		return update_item(state, event, "segment", "id", path, &state->segments);
	if (strcmp(text, "segment-removed") == 0)
		return remove_item(state, value, "segmentId", path, &state->segments);
	return wf_flags_document_fault(state->fault, psprintf("%s.type", path),
								   "expected hydration, feature-updated, feature-removed, "
								   "segment-updated or segment-removed");
}

static bool
hydrate(State *state, JsonbContainer *event, const char *path)
{
	state->features.count = 0;
	state->segments.count = 0;
	return hydrate_items(state, event, "features", "name", path, &state->features) &&
		hydrate_items(state, event, "segments", "id", path, &state->segments);
}

static bool
hydrate_items(State *state, JsonbContainer *event, const char *name, const char *key,
			  const char *path, WfUnleashItems *items)
{
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_member(event, name, &value) || value.type == jbvNull)
		return true;
	path = psprintf("%s.%s", path, name);
	if (!wf_flags_document_array(&value, path, state->fault, &array, &n))
		return false;
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!wf_flags_unleash_add_item(items, &value, key, psprintf("%s[%d]", path, i), state->fault))
			return false;
	}
	return true;
}

static bool
update_item(State *state, JsonbContainer *event, const char *name, const char *key,
			const char *path, WfUnleashItems *items)
{
	JsonbValue	value;

	if (!wf_flags_document_member(event, name, &value))
		return wf_flags_document_fault(state->fault, path, "expected \"%s\"", name);
	return wf_flags_unleash_add_item(items, &value, key, psprintf("%s.%s", path, name), state->fault);
}

static bool
remove_item(State *state, JsonbValue *event, const char *key, const char *path, WfUnleashItems *items)
{
	if (!wf_flags_unleash_add_item(items, event, key, path, state->fault))
		return false;
	items->items[items->count - 1].removed = true;
	return true;
}
