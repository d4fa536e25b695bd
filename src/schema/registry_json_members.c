/*
 * registry_json_members.c: comparing what JSON Schemas say of objects, arrays,
 * strings and numbers.  See registry_json_compat.c.
 */
#include "common/compat.h"

#include "catalog/pg_collation_d.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "schema/jsonb_access.h"
#include "schema/model.h"
#include "schema/registry_jsonschema.h"

/* A keyword that limits a value. */
typedef struct Limit
{
	const char *keyword;
	const char *added;
	const char *tightened;
	WfPartKind	kind;
	bool		upper;			/* more is wider */
} Limit;

#define UPPER(keyword, word, kind) {keyword, word "_ADDED", word "_DECREASED", kind, true}
#define LOWER(keyword, word, kind) {keyword, word "_ADDED", word "_INCREASED", kind, false}

static const Limit limits[] = {
	UPPER("maxLength", "MAX_LENGTH", WF_PART_STRING),
	LOWER("minLength", "MIN_LENGTH", WF_PART_STRING),
	UPPER("maximum", "MAXIMUM", WF_PART_NUMBER),
	LOWER("minimum", "MINIMUM", WF_PART_NUMBER),
	UPPER("exclusiveMaximum", "EXCLUSIVE_MAXIMUM", WF_PART_NUMBER),
	LOWER("exclusiveMinimum", "EXCLUSIVE_MINIMUM", WF_PART_NUMBER),
	UPPER("maxProperties", "MAX_PROPERTIES", WF_PART_OBJECT),
	LOWER("minProperties", "MIN_PROPERTIES", WF_PART_OBJECT),
	UPPER("maxItems", "MAX_ITEMS", WF_PART_ARRAY),
	LOWER("minItems", "MIN_ITEMS", WF_PART_ARRAY),
};

static Numeric number_of(WfPart *part, const char *keyword);
static int	compare_numbers(Numeric a, Numeric b);
static bool divides(Numeric divisor, Numeric number);
static void compare_multiples(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static void compare_patterns(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static void compare_required(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static void compare_properties(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static void property_removed(WfCompat *compat, WfPart *old, WfPart *update, const char *key, const char *path);
static void property_added(WfCompat *compat, WfPart *old, WfPart *update, const char *key, const char *path);
static void compare_dependencies(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static void compare_rest(WfCompat *compat, WfPart *old, WfPart *update, const char *keyword, const char *word,
						 const char *path);
static void compare_tuples(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static bool is_open(WfPart *part);
static JsonbValue *covering(WfPart *part, const char *key);
static JsonbValue *property(WfPart *part, const char *key);
static bool is_required(WfPart *part, const char *key);
static List *tuple_of(WfPart *part);
static JsonbValue *item_of(WfPart *part);
static bool is_constant(JsonbValue *value, bool constant);
static void compare_values(WfCompat *compat, WfPart *old, JsonbValue *before, WfPart *update, JsonbValue *after,
						   const char *path);

/* Limits may be widened and dropped, not tightened and set up. */
void
wf_schema_json_compare_limits(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	for (int i = 0; i < lengthof(limits); i++)
	{
		const Limit *limit = &limits[i];
		Numeric		before = limit->kind == old->kind ? number_of(old, limit->keyword) : NULL;
		Numeric		after = limit->kind == old->kind ? number_of(update, limit->keyword) : NULL;
		int			direction = before && after ? compare_numbers(after, before) : 0;

		if (after && !before)
			wf_schema_compat_note(compat, limit->added, psprintf("%s/%s", path, limit->keyword), "there was no limit");
		else if (limit->upper ? direction < 0 : direction > 0)
			wf_schema_compat_note(compat, limit->tightened, psprintf("%s/%s", path, limit->keyword),
								  "the limit is tighter");
	}
	if (old->kind == WF_PART_NUMBER)
		compare_multiples(compat, old, update, path);
	if (old->kind == WF_PART_STRING)
		compare_patterns(compat, old, update, path);
}

static Numeric
number_of(WfPart *part, const char *keyword)
{
	JsonbValue *value = wf_schema_jsonb_get(part->body, keyword);

	return value && value->type == jbvNumeric ? value->val.numeric : NULL;
}

static int
compare_numbers(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

static bool
divides(Numeric divisor, Numeric number)
{
	Numeric		zero = int64_to_numeric(0);

	if (compare_numbers(divisor, zero) == 0)
		return false;
	return compare_numbers(DatumGetNumeric(DirectFunctionCall2(numeric_mod, NumericGetDatum(number),
															   NumericGetDatum(divisor))), zero) == 0;
}

static void
compare_multiples(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	Numeric		before = number_of(old, "multipleOf");
	Numeric		after = number_of(update, "multipleOf");
	char	   *place = psprintf("%s/multipleOf", path);

	if (after && !before)
		wf_schema_compat_note(compat, "MULTIPLE_OF_ADDED", place, "any number was allowed");
	else if (after && !divides(after, before))
		wf_schema_compat_note(compat, divides(before, after) ? "MULTIPLE_OF_EXPANDED" : "MULTIPLE_OF_CHANGED", place,
							  "not all multiples before are ones now");
}

static void
compare_patterns(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	char	   *before = wf_schema_jsonb_text(wf_schema_jsonb_get(old->body, "pattern"));
	char	   *after = wf_schema_jsonb_text(wf_schema_jsonb_get(update->body, "pattern"));

	if (after && (!before || strcmp(before, after) != 0))
		wf_schema_compat_note(compat, before ? "PATTERN_CHANGED" : "PATTERN_ADDED", psprintf("%s/pattern", path),
							  "the text must match another pattern");
}

void
wf_schema_json_compare_objects(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	compare_required(compat, old, update, path);
	compare_properties(compat, old, update, path);
	compare_dependencies(compat, old, update, path);
	compare_rest(compat, old, update, "additionalProperties", "PROPERTIES", path);
	wf_schema_json_compare_limits(compat, old, update, path);
}

/* A property that both have may become required only with a default. */
static void
compare_required(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	ListCell   *lc;

	foreach(lc, wf_schema_jsonb_keys(wf_schema_jsonb_get(old->body, "properties")))
	{
		char	   *key = lfirst(lc);
		JsonbValue *after = property(update, key);

		if (after && is_required(update, key) && !is_required(old, key) && !wf_schema_jsonb_get(after, "default"))
			wf_schema_compat_note(compat, "REQUIRED_ATTRIBUTE_ADDED", psprintf("%s/required/%s", path, key),
								  "property \"%s\" is required now and has no default", key);
	}
}

static void
compare_properties(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	ListCell   *lc;

	foreach(lc, wf_schema_jsonb_keys(wf_schema_jsonb_get(old->body, "properties")))
	{
		char	   *place = psprintf("%s/properties/%s", path, (char *) lfirst(lc));
		JsonbValue *after = property(update, lfirst(lc));

		if (after)
			compare_values(compat, old, property(old, lfirst(lc)), update, after, place);
		else
			property_removed(compat, old, update, lfirst(lc), place);
	}
	foreach(lc, wf_schema_jsonb_keys(wf_schema_jsonb_get(update->body, "properties")))
	{
		if (!property(old, lfirst(lc)))
			property_added(compat, old, update, lfirst(lc), psprintf("%s/properties/%s", path, (char *) lfirst(lc)));
	}
}

/* What is written still must be allowed by what is said of all others. */
static void
property_removed(WfCompat *compat, WfPart *old, WfPart *update, const char *key, const char *path)
{
	JsonbValue *before = property(old, key);
	JsonbValue *rest = covering(update, key);

	if (is_open(update))
		return;
	if (rest && !is_constant(rest, false))
	{
		if (!wf_schema_json_fits(compat, wf_schema_json_part(before, old->root), wf_schema_json_part(rest, update->root)))
			wf_schema_compat_note(compat, "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path,
								  "property \"%s\" is gone, and what others may be does not cover it", key);
	}
	else if (!is_constant(before, false))
		wf_schema_compat_note(compat, "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", path,
							  "property \"%s\" is gone, and no others are allowed", key);
}

/* Where others were allowed, anything may have been written under the name. */
static void
property_added(WfCompat *compat, WfPart *old, WfPart *update, const char *key, const char *path)
{
	JsonbValue *after = property(update, key);
	JsonbValue *rest = covering(old, key);

	if (is_open(old))
	{
		if (wf_schema_json_part(after, update->root)->kind != WF_PART_ANY)
			wf_schema_compat_note(compat, "PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", path,
								  "property \"%s\" could be anything before", key);
		return;
	}
	if (rest && !is_constant(rest, false)
		&& !wf_schema_json_fits(compat, wf_schema_json_part(rest, old->root), wf_schema_json_part(after, update->root)))
		wf_schema_compat_note(compat, "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", path,
							  "property \"%s\" could be more before", key);
	if (is_required(update, key) && !wf_schema_jsonb_get(after, "default"))
		wf_schema_compat_note(compat, "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", path,
							  "property \"%s\" is required and has no default", key);
}

/* A dependency is a list of other properties, or a schema. */
static void
compare_dependencies(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	JsonbValue *all = wf_schema_jsonb_get(update->body, "dependencies");
	ListCell   *lc;
	ListCell   *name;

	foreach(lc, wf_schema_jsonb_keys(all))
	{
		char	   *key = lfirst(lc);
		char	   *place = psprintf("%s/dependencies/%s", path, key);
		JsonbValue *after = wf_schema_jsonb_get(all, key);
		JsonbValue *before = wf_schema_jsonb_get(wf_schema_jsonb_get(old->body, "dependencies"), key);
		bool		list = wf_schema_jsonb_is_array(after);

		if (!before || list != wf_schema_jsonb_is_array(before))
		{
			wf_schema_compat_note(compat, list ? "DEPENDENCY_ARRAY_ADDED" : "DEPENDENCY_SCHEMA_ADDED", place,
								  "more is asked with property \"%s\"", key);
			continue;
		}
		if (!list)
		{
			compare_values(compat, old, before, update, after, place);
			continue;
		}
		foreach(name, wf_schema_jsonb_strings(after))
		{
			if (wf_common_list_has(wf_schema_jsonb_strings(before), lfirst(name)))
				continue;
			wf_schema_compat_note(compat, "DEPENDENCY_ARRAY_EXTENDED", place, "property \"%s\" asks for \"%s\" now", key,
								  (char *) lfirst(name));
			break;
		}
	}
}

/* What is said of the properties, or items, that are not named. */
static void
compare_rest(WfCompat *compat, WfPart *old, WfPart *update, const char *keyword, const char *word, const char *path)
{
	JsonbValue *before = wf_schema_jsonb_get(old->body, keyword);
	JsonbValue *after = wf_schema_jsonb_get(update->body, keyword);
	char	   *place = psprintf("%s/%s", path, keyword);
	bool		was_open = !before || is_constant(before, true);

	if (is_constant(after, false) && !is_constant(before, false))
		wf_schema_compat_note(compat, psprintf("ADDITIONAL_%s_REMOVED", word), place, "others are not allowed any more");
	else if (after && after->type != jbvBool && was_open)
		wf_schema_compat_note(compat, psprintf("ADDITIONAL_%s_NARROWED", word), place, "others could be anything before");
	else if (after && before && after->type != jbvBool && before->type != jbvBool)
		compare_values(compat, old, before, update, after, place);
}

void
wf_schema_json_compare_arrays(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	JsonbValue *before = item_of(old);
	JsonbValue *after = item_of(update);
	JsonbValue *unique = wf_schema_jsonb_get(update->body, "uniqueItems");

	if (after && !before)
		wf_schema_compat_note(compat, "SCHEMA_ADDED", psprintf("%s/items", path), "items could be anything before");
	else if (after)
		compare_values(compat, old, before, update, after, psprintf("%s/items", path));
	compare_tuples(compat, old, update, path);
	compare_rest(compat, old, update, "additionalItems", "ITEMS", path);
	wf_schema_json_compare_limits(compat, old, update, path);
	if (is_constant(unique, true) && !is_constant(wf_schema_jsonb_get(old->body, "uniqueItems"), true))
		wf_schema_compat_note(compat, "UNIQUE_ITEMS_ADDED", psprintf("%s/uniqueItems", path), "items could be equal before");
}

/* The items of a tuple are like properties: one may come where none was allowed. */
static void
compare_tuples(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	List	   *before = tuple_of(old);
	List	   *after = tuple_of(update);
	JsonbValue *old_rest = wf_schema_jsonb_get(old->body, "additionalItems");
	JsonbValue *new_rest = wf_schema_jsonb_get(update->body, "additionalItems");

	for (int i = 0; i < Max(list_length(before), list_length(after)); i++)
	{
		JsonbValue *was = i < list_length(before) ? list_nth(before, i) : NULL;
		JsonbValue *is = i < list_length(after) ? list_nth(after, i) : NULL;
		char	   *place = psprintf("%s/items/%d", path, i);

		if (was && is)
			compare_values(compat, old, was, update, is, place);
		else if (was && is_constant(new_rest, false))
			wf_schema_compat_note(compat, "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL", place, "no more items are allowed");
		else if (was && new_rest && new_rest->type != jbvBool)
			compare_values(compat, old, was, update, new_rest, place);
		else if (is && (!old_rest || is_constant(old_rest, true))
				 && wf_schema_json_part(is, update->root)->kind != WF_PART_ANY)
			wf_schema_compat_note(compat, "ITEM_ADDED_TO_OPEN_CONTENT_MODEL", place, "the item could be anything before");
		else if (is && old_rest && old_rest->type != jbvBool)
			compare_values(compat, old, old_rest, update, is, place);
	}
}

/* Are properties that are not named all allowed, whatever they are? */
static bool
is_open(WfPart *part)
{
	JsonbValue *rest = wf_schema_jsonb_get(part->body, "additionalProperties");

	return wf_schema_jsonb_keys(wf_schema_jsonb_get(part->body, "patternProperties")) == NIL
		&& (!rest || is_constant(rest, true));
}

/* The schema that a property has to meet which is not named, or NULL. */
static JsonbValue *
covering(WfPart *part, const char *key)
{
	JsonbValue *patterns = wf_schema_jsonb_get(part->body, "patternProperties");
	JsonbValue *rest = wf_schema_jsonb_get(part->body, "additionalProperties");
	ListCell   *lc;

	foreach(lc, wf_schema_jsonb_keys(patterns))
	{
		if (DatumGetBool(DirectFunctionCall2Coll(textregexeq, C_COLLATION_OID, CStringGetTextDatum(key),
												 CStringGetTextDatum((char *) lfirst(lc)))))
			return wf_schema_jsonb_get(patterns, lfirst(lc));
	}
	return rest && rest->type != jbvBool ? rest : NULL;
}

static JsonbValue *
property(WfPart *part, const char *key)
{
	return wf_schema_jsonb_get(wf_schema_jsonb_get(part->body, "properties"), key);
}

static bool
is_required(WfPart *part, const char *key)
{
	JsonbValue *required = wf_schema_jsonb_get(part->body, "required");
	JsonbValue	name = {.type = jbvString};

	name.val.string.val = unconstify(char *, key);
	name.val.string.len = strlen(key);
	return wf_schema_jsonb_is_array(required) && findJsonbValueFromContainer(required->val.binary.data, JB_FARRAY, &name);
}

static List *
tuple_of(WfPart *part)
{
	JsonbValue *prefix = wf_schema_jsonb_get(part->body, "prefixItems");

	return wf_schema_jsonb_elements(prefix ? prefix : wf_schema_jsonb_get(part->body, "items"));
}

/* The schema of all items, where "items" is no tuple. */
static JsonbValue *
item_of(WfPart *part)
{
	JsonbValue *items = wf_schema_jsonb_get(part->body, "items");

	return wf_schema_jsonb_is_array(items) ? NULL : items;
}

static bool
is_constant(JsonbValue *value, bool constant)
{
	return value && value->type == jbvBool && value->val.boolean == constant;
}

static void
compare_values(WfCompat *compat, WfPart *old, JsonbValue *before, WfPart *update, JsonbValue *after, const char *path)
{
	wf_schema_json_compare_parts(compat, wf_schema_json_part(before, old->root), wf_schema_json_part(after, update->root),
								 path);
}
