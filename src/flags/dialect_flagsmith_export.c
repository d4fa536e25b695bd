/*
 * dialect_flagsmith_export.c: giving out environment documents.  Pure.
 *
 * What has changed since the import is written into the document that was
 * imported: the states of features as they are defined now, and that a feature
 * was switched off into all overrides of it.  All else stays as it came.  What
 * is read from where is said in dialect_flagsmith_environment.c.
 */
#include "common/compat.h"

#include "utils/fmgrprotos.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"
#include "flags/json.h"

/* Sorts after all UUIDs that are drawn: of variants that have no priority. */
#define LAST_UUID "ffffffff-ffff-ffff-ffff-ffffffff%04x"

/* What becomes of an element of an array. */
typedef Jsonb *(*Change) (Jsonb *element, List *flags);

static Jsonb *feature_states(Jsonb *original, Jsonb *document, List *flags);
static const WfDocumentFlag *find_flag(List *flags, WfString name);
static Jsonb *new_state(const WfDocumentFlag *flag);
static Jsonb *changed_state(Jsonb *state, Jsonb *before, const WfDocumentFlag *flag);
static bool same_feature(Jsonb *before, const WfDocumentFlag *flag);
static bool same_key(Jsonb *a, Jsonb *b);
static Jsonb *variants_of(Jsonb *state, Jsonb *before, Jsonb *now);
static Jsonb *variant_of(Jsonb *old, Jsonb *variant, int index);
static Jsonb *find_variant(Jsonb *state, Jsonb *before, Jsonb *variant, int index);
static Jsonb *project_off(Jsonb *project, List *flags);
static Jsonb *segment_off(Jsonb *segment, List *flags);
static Jsonb *identity_off(Jsonb *identity, List *flags);
static Jsonb *state_off(Jsonb *state, List *flags);
static Jsonb *change_elements(Jsonb *object, const char *name, Change change, List *flags);
static Jsonb *with_members(Jsonb *object, JsonbParseState *members);
static Jsonb *with_member(Jsonb *object, const char *name, Jsonb *value);
static Jsonb *member_of(Jsonb *object, const char *name, WfValueType type);
static Jsonb *element_of(Jsonb *array, int index);
static Jsonb *end_array(JsonbParseState *state);

/* WfDialect.restore. */
Jsonb *
wf_flags_flagsmith_restore(Jsonb *original, Jsonb *document, List *flags)
{
	Jsonb	   *project;

	if (member_of(original, "feature_states", WF_VALUE_ARRAY) == NULL)
		return NULL;
	original = with_member(original, "feature_states", feature_states(original, document, flags));
	project = member_of(original, "project", WF_VALUE_OBJECT);
	if (project)
		original = with_member(original, "project", project_off(project, flags));
	return change_elements(original, "identity_overrides", identity_off, flags);
}

/* The states of all flags, those that are new at the end. */
static Jsonb *
feature_states(Jsonb *original, Jsonb *document, List *flags)
{
	JsonbParseState *state = NULL;
	Jsonb	   *listed = member_of(original, "feature_states", WF_VALUE_ARRAY);
	Jsonb	   *features = member_of(document, "features", WF_VALUE_OBJECT);
	ListCell   *lc;

	wf_flags_json_open_array(&state, NULL);
	for (int i = 0; i < JB_ROOT_COUNT(listed); i++)
	{
		Jsonb	   *element = element_of(listed, i);
		const WfDocumentFlag *flag;
		WfFault		fault;
		WfString	name;

		if (wf_flags_flagsmith_feature_name(&element->root, "", &fault, &name) &&
			(flag = find_flag(flags, name)) != NULL)
			wf_flags_json_document(&state, NULL,
								   changed_state(element, member_of(features, flag->key.data, WF_VALUE_OBJECT), flag));
	}
	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		if (member_of(features, flag->key.data, WF_VALUE_OBJECT) == NULL)
			wf_flags_json_document(&state, NULL, changed_state(new_state(flag), NULL, flag));
	}
	return end_array(state);
}

static const WfDocumentFlag *
find_flag(List *flags, WfString name)
{
	ListCell   *lc;

	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		if (wf_flags_strings_equal(flag->key, name))
			return flag;
	}
	return NULL;
}

/* What the state of a feature that was not in the document begins with. */
static Jsonb *
new_state(const WfDocumentFlag *flag)
{
	Jsonb	   *metadata = member_of(flag->definition, "metadata", WF_VALUE_OBJECT);
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	wf_flags_json_key(&state, "feature");
	wf_flags_json_begin(&state);
	if (metadata)
		wf_flags_flagsmith_push_member(&state, "id", &metadata->root, "id");
	wf_flags_json_string(&state, "name", flag->key);
	wf_flags_json_text(&state, "type", member_of(flag->definition, "variants", WF_VALUE_ARRAY)
					   ? "MULTIVARIATE" : "STANDARD");
	wf_flags_json_close_object(&state);
	return wf_flags_json_end(&state);
}

/* A state as the flag is now; before is how the document had it, or NULL. */
static Jsonb *
changed_state(Jsonb *state, Jsonb *before, const WfDocumentFlag *flag)
{
	Jsonb	   *now = flag->definition;
	JsonbParseState *changes = NULL;
	WfValue		key;

	if (before && same_feature(before, flag))
		return state;
	wf_flags_json_begin(&changes);
	wf_flags_json_boolean(&changes, "enabled", flag->enabled);
	wf_flags_flagsmith_push_member(&changes, "feature_state_value", &now->root, "value");
	if (before == NULL || !same_key(before, now))
	{
		(void) wf_flags_flagsmith_member(&now->root, "key", &key);
		wf_flags_json_document(&changes, "django_id", NULL);
		wf_flags_json_string(&changes, "featurestate_uuid", key.type == WF_VALUE_NULL ? wf_flags_string("")
							 : wf_flags_python_string(&key));
	}
	if (member_of(now, "variants", WF_VALUE_ARRAY) || member_of(state, WF_FLAGSMITH_STATE_VARIANTS, WF_VALUE_ARRAY))
		wf_flags_json_document(&changes, WF_FLAGSMITH_STATE_VARIANTS, variants_of(state, before, now));
	return with_members(state, changes);
}

static bool
same_feature(Jsonb *before, const WfDocumentFlag *flag)
{
	WfValue		enabled;

	return compareJsonbContainers(&before->root, &flag->definition->root) == 0 &&
		flag->enabled == (wf_flags_flagsmith_member(&before->root, "enabled", &enabled) &&
						  wf_flags_js_truthy(&enabled));
}

static bool
same_key(Jsonb *a, Jsonb *b)
{
	WfValue		x;
	WfValue		y;

	return wf_flags_flagsmith_member(&a->root, "key", &x) && wf_flags_flagsmith_member(&b->root, "key", &y) &&
		wf_flags_strings_equal(wf_flags_python_string(&x), wf_flags_python_string(&y));
}

static Jsonb *
variants_of(Jsonb *state, Jsonb *before, Jsonb *now)
{
	Jsonb	   *variants = member_of(now, "variants", WF_VALUE_ARRAY);
	JsonbParseState *values = NULL;

	wf_flags_json_open_array(&values, NULL);
	for (int i = 0; variants && i < JB_ROOT_COUNT(variants); i++)
	{
		Jsonb	   *variant = element_of(variants, i);

		wf_flags_json_document(&values, NULL, variant_of(find_variant(state, before, variant, i), variant, i));
	}
	return end_array(values);
}

/* A variant as it is now; old is how it stood in the document, or NULL. */
static Jsonb *
variant_of(Jsonb *old, Jsonb *variant, int index)
{
	Jsonb	   *option = old ? member_of(old, WF_FLAGSMITH_VARIANT_OPTION, WF_VALUE_OBJECT) : NULL;
	JsonbParseState *changes = NULL;
	JsonbParseState *choice = NULL;
	WfValue		value;

	wf_flags_json_begin(&choice);
	wf_flags_flagsmith_push_member(&choice, "value", &variant->root, "value");
	if (wf_flags_flagsmith_member(&variant->root, "key", &value) ||
		(option && wf_flags_flagsmith_member(&option->root, "key", &value)))
		wf_flags_flagsmith_push_member(&choice, "key", &variant->root, "key");

	wf_flags_json_begin(&changes);
	wf_flags_flagsmith_push_member(&changes, "percentage_allocation", &variant->root, "weight");
	if (old == NULL)
	{
		if (wf_flags_flagsmith_member(&variant->root, "priority", &value) && value.type == WF_VALUE_NUMBER)
			wf_flags_json_value(&changes, "id", &value);
		else
			wf_flags_json_text(&changes, "mv_fs_value_uuid", psprintf(LAST_UUID, index & 0xFFFF));
	}
	wf_flags_json_document(&changes, WF_FLAGSMITH_VARIANT_OPTION, with_members(option, choice));
	return with_members(old, changes);
}

/*
 * The variant of the same priority as it stands in the document; of those that
 * have none, the one in the same place.  Or NULL.
 */
static Jsonb *
find_variant(Jsonb *state, Jsonb *before, Jsonb *variant, int index)
{
	Jsonb	   *listed = member_of(state, WF_FLAGSMITH_STATE_VARIANTS, WF_VALUE_ARRAY);
	Jsonb	   *variants = before ? member_of(before, "variants", WF_VALUE_ARRAY) : NULL;
	WfFlagsmithPriority wanted;
	WfFlagsmithPriority priority;

	wf_flags_flagsmith_priority(&variant->root, &wanted);
	for (int i = 0; listed && variants && i < Min(JB_ROOT_COUNT(listed), JB_ROOT_COUNT(variants)); i++)
	{
		wf_flags_flagsmith_priority(&element_of(variants, i)->root, &priority);
		if (wf_flags_flagsmith_priority_compare(&wanted, &priority) == 0 && (wanted.band == 0 || i == index))
			return element_of(listed, i);
	}
	return NULL;
}

/* What was switched off is off in overrides as well. */
static Jsonb *
project_off(Jsonb *project, List *flags)
{
	return change_elements(project, "segments", segment_off, flags);
}

static Jsonb *
segment_off(Jsonb *segment, List *flags)
{
	return change_elements(segment, "feature_states", state_off, flags);
}

static Jsonb *
identity_off(Jsonb *identity, List *flags)
{
	return change_elements(identity, "identity_features", state_off, flags);
}

static Jsonb *
state_off(Jsonb *state, List *flags)
{
	JsonbParseState *members = NULL;
	const WfDocumentFlag *flag;
	WfFault		fault;
	WfString	name;

	if (!wf_flags_flagsmith_feature_name(&state->root, "", &fault, &name) ||
		(flag = find_flag(flags, name)) == NULL || !wf_flags_flagsmith_is_killed(flag))
		return state;
	wf_flags_json_begin(&members);
	wf_flags_json_boolean(&members, "enabled", false);
	return with_members(state, members);
}

/* An object, each element of an array in it changed; without the array, as it is. */
static Jsonb *
change_elements(Jsonb *object, const char *name, Change change, List *flags)
{
	Jsonb	   *array = member_of(object, name, WF_VALUE_ARRAY);
	JsonbParseState *state = NULL;

	if (array == NULL)
		return object;
	wf_flags_json_open_array(&state, NULL);
	for (int i = 0; i < JB_ROOT_COUNT(array); i++)
		wf_flags_json_document(&state, NULL, change(element_of(array, i), flags));
	return with_member(object, name, end_array(state));
}

/* An object, or NULL for an empty one, with members that have been begun. */
static Jsonb *
with_members(Jsonb *object, JsonbParseState *members)
{
	Jsonb	   *added = wf_flags_json_end(&members);

	return object ? DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(object),
													   JsonbPGetDatum(added))) : added;
}

static Jsonb *
with_member(Jsonb *object, const char *name, Jsonb *value)
{
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	wf_flags_json_document(&state, name, value);
	return with_members(object, state);
}

/* A member of a type, or NULL. */
static Jsonb *
member_of(Jsonb *object, const char *name, WfValueType type)
{
	WfValue		value;

	return object && wf_flags_flagsmith_member(&object->root, name, &value) && value.type == type
		? wf_flags_value_to_jsonb(&value) : NULL;
}

static Jsonb *
element_of(Jsonb *array, int index)
{
	JsonbValue	value;

	wf_flags_document_element(&array->root, index, &value);
	return JsonbValueToJsonb(&value);
}

static Jsonb *
end_array(JsonbParseState *state)
{
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}
