/*
 * dialect_unleash_export.c: what Unleash's administrators export.  Pure.
 *
 * {"features": [...], "featureStrategies": [{"featureName", "environment",
 *  "sortOrder", "disabled", ...}], "featureEnvironments": [{"featureName",
 *  "environment", "enabled", "variants"}], "segments": [...], "dependencies":
 *  [{"feature", "dependencies": [...]}]}
 *
 * A flag has its state and strategies in each environment.  One environment is
 * taken: "production" if it is there, else the first.
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"
#include "flags/json.h"

/* A part of a flag, which names it. */
typedef struct Part
{
	WfString	feature;
	double		order;
	int			index;
	JsonbContainer *object;
} Part;

typedef struct Parts
{
	int			count;
	Part	   *parts;
} Parts;

typedef struct Export
{
	JsonbContainer *document;
	WfFault    *fault;
	WfString	environment;	/* that is taken; data is NULL for any */
	Parts		strategies;
	Parts		environments;
	Parts		dependencies;
} Export;

static bool choose_environment(Export *export);
static bool look_for_environment(Export *export, const char *name, bool *final);
static bool environment_of(JsonbContainer *object, WfString *environment);
static bool read_parts(Export *export, const char *name, const char *feature, Parts *parts);
static int	compare_parts(const void *a, const void *b);
static int	find_parts(const Parts *parts, WfString feature);
static bool push_feature(Export *export, JsonbValue *value, const char *path, WfUnleashItems *features);
static bool push_strategies(JsonbParseState **state, const Export *export, WfString feature);
static void push_strategy(JsonbParseState **state, JsonbContainer *strategy);
static bool member_is_true(JsonbContainer *object, const char *name);

/* The document of one environment. */
Jsonb *
wf_flags_unleash_from_export(JsonbContainer *document, WfFault *fault)
{
	static const char *const but[] = {
		"version", "features", "segments", "featureStrategies", "featureEnvironments", "dependencies", NULL
	};
	Export		export = {.document = document, .fault = fault};
	WfUnleashItems features = {0};
	WfUnleashItems segments = {0};
	JsonbParseState *state = NULL;
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!choose_environment(&export) ||
		!read_parts(&export, "featureStrategies", "featureName", &export.strategies) ||
		!read_parts(&export, "featureEnvironments", "featureName", &export.environments) ||
		!read_parts(&export, "dependencies", "feature", &export.dependencies))
		return NULL;

	if (!wf_flags_document_member(document, "features", &value))
	{
		(void) wf_flags_document_fault(fault, "$", "expected \"features\"");
		return NULL;
	}
	if (!wf_flags_document_array(&value, "$.features", fault, &array, &n))
		return NULL;
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!push_feature(&export, &value, psprintf("$.features[%d]", i), &features))
			return NULL;
	}
	if (wf_flags_document_member(document, "segments", &value) && value.type != jbvNull)
	{
		if (!wf_flags_document_array(&value, "$.segments", fault, &array, &n))
			return NULL;
		for (int i = 0; i < n; i++)
		{
			wf_flags_document_element(array, i, &value);
			if (!wf_flags_unleash_add_item(&segments, &value, "id", psprintf("$.segments[%d]", i), fault))
				return NULL;
		}
	}

	wf_flags_json_begin(&state);
	wf_flags_json_number(&state, "version", 2);
	wf_flags_unleash_push_items(&state, "features", &features);
	wf_flags_unleash_push_items(&state, "segments", &segments);
	wf_flags_unleash_push_others(&state, document, but);
	return wf_flags_json_end(&state);
}

static bool
choose_environment(Export *export)
{
	bool		final = false;

	return look_for_environment(export, "featureEnvironments", &final) &&
		(final || look_for_environment(export, "featureStrategies", &final));
}

/* Takes the first environment of a list, or "production", which is final. */
static bool
look_for_environment(Export *export, const char *name, bool *final)
{
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_member(export->document, name, &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_array(&value, psprintf("$.%s", name), export->fault, &array, &n))
		return false;
	for (int i = 0; i < n && !*final; i++)
	{
		JsonbContainer *object;
		WfString	environment;

		wf_flags_document_element(array, i, &value);
		if (!wf_flags_document_object(&value, psprintf("$.%s[%d]", name, i), export->fault, &object))
			return false;
		if (!environment_of(object, &environment))
			continue;
		*final = wf_flags_strings_equal(environment, wf_flags_string("production"));
		if (*final || export->environment.data == NULL)
			export->environment = environment;
	}
	return true;
}

static bool
environment_of(JsonbContainer *object, WfString *environment)
{
	JsonbValue	value;

	if (!wf_flags_document_member(object, "environment", &value) || value.type != jbvString)
		return false;
	environment->data = value.val.string.val;
	environment->len = value.val.string.len;
	return true;
}

/* Reads the parts of a list that are of the environment, or of none, by flag. */
static bool
read_parts(Export *export, const char *name, const char *feature, Parts *parts)
{
	JsonbContainer *array;
	JsonbValue	value;
	JsonbValue	member;
	int			n;

	if (!wf_flags_document_member(export->document, name, &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_array(&value, psprintf("$.%s", name), export->fault, &array, &n))
		return false;
	parts->parts = palloc0(sizeof(Part) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		const char *path = psprintf("$.%s[%d]", name, i);
		Part	   *part = &parts->parts[parts->count];
		WfString	environment;

		wf_flags_document_element(array, i, &value);
		if (!wf_flags_document_object(&value, path, export->fault, &part->object))
			return false;
		if (!wf_flags_document_member(part->object, feature, &member))
			return wf_flags_document_fault(export->fault, path, "expected \"%s\"", feature);
		if (!wf_flags_document_string(&member, psprintf("%s.%s", path, feature), export->fault, &part->feature))
			return false;
		if (environment_of(part->object, &environment) &&
			!wf_flags_strings_equal(environment, export->environment))
			continue;
		part->index = i;
		part->order = 0;
		if (wf_flags_document_member(part->object, "sortOrder", &member) && member.type == jbvNumeric)
		{
			WfValue		order;

			wf_flags_value_from_json(&member, &order);
			part->order = wf_flags_value_double(&order);
		}
		parts->count++;
	}
	qsort(parts->parts, parts->count, sizeof(Part), compare_parts);
	return true;
}

static int
compare_parts(const void *a, const void *b)
{
	const Part *x = a;
	const Part *y = b;
	int			order = wf_flags_strings_compare(x->feature, y->feature);

	if (order != 0)
		return order;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->index - y->index;
}

/* Index of a flag's first part; the others follow. */
static int
find_parts(const Parts *parts, WfString feature)
{
	int			low = 0;
	int			high = parts->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (wf_flags_strings_compare(parts->parts[middle].feature, feature) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Puts a flag together as the client API has it. */
static bool
push_feature(Export *export, JsonbValue *value, const char *path, WfUnleashItems *features)
{
	static const char *const but[] = {"enabled", "strategies", "variants", "dependencies", "environments", NULL};
	JsonbParseState *state = NULL;
	JsonbContainer *environment = NULL;
	JsonbContainer *feature;
	JsonbValue	member;
	JsonbValue	whole;
	WfValue		list;
	WfString	name;
	bool		enabled;
	int			i;

	if (!wf_flags_document_object(value, path, export->fault, &feature))
		return false;
	if (!wf_flags_document_member(feature, "name", &member))
		return wf_flags_document_fault(export->fault, path, "expected \"name\"");
	if (!wf_flags_document_string(&member, psprintf("%s.name", path), export->fault, &name))
		return false;

	wf_flags_json_begin(&state);
	wf_flags_unleash_push_others(&state, feature, but);
	i = find_parts(&export->environments, name);
	if (i < export->environments.count && wf_flags_strings_equal(export->environments.parts[i].feature, name))
		environment = export->environments.parts[i].object;
	enabled = push_strategies(&state, export, name) && environment && member_is_true(environment, "enabled") &&
		!member_is_true(feature, "archived");
	wf_flags_json_boolean(&state, "enabled", enabled);
	if ((environment && wf_flags_document_member(environment, "variants", &member) && member.type == jbvBinary) ||
		wf_flags_document_member(feature, "variants", &member))
	{
		wf_flags_value_from_json(&member, &list);
		wf_flags_json_value(&state, "variants", &list);
	}
	i = find_parts(&export->dependencies, name);
	if (i < export->dependencies.count && wf_flags_strings_equal(export->dependencies.parts[i].feature, name) &&
		wf_flags_document_member(export->dependencies.parts[i].object, "dependencies", &member))
	{
		wf_flags_value_from_json(&member, &list);
		wf_flags_json_value(&state, "dependencies", &list);
	}
	wf_flags_value_from_root(wf_flags_json_end(&state), &list);
	wf_flags_value_to_json(&list, &whole);
	return wf_flags_unleash_add_item(features, &whole, "name", path, export->fault);
}

/*
 * Pushes a flag's strategies but for those that are switched off.  False where
 * that leaves none, which would mean "on for all".
 */
static bool
push_strategies(JsonbParseState **state, const Export *export, WfString feature)
{
	const Parts *strategies = &export->strategies;
	int			nall = 0;
	int			npushed = 0;

	wf_flags_json_open_array(state, "strategies");
	for (int i = find_parts(strategies, feature);
		 i < strategies->count && wf_flags_strings_equal(strategies->parts[i].feature, feature); i++)
	{
		nall++;
		if (member_is_true(strategies->parts[i].object, "disabled"))
			continue;
		push_strategy(state, strategies->parts[i].object);
		npushed++;
	}
	wf_flags_json_close_array(state);
	return nall == 0 || npushed > 0;
}

static void
push_strategy(JsonbParseState **state, JsonbContainer *strategy)
{
	static const char *const but[] = {"featureName", "environment", "disabled", NULL};
	JsonbValue	name;

	wf_flags_json_begin(state);
	wf_flags_unleash_push_others(state, strategy, but);
	if (!wf_flags_document_member(strategy, "name", &name) &&
		wf_flags_document_member(strategy, "strategyName", &name) && name.type == jbvString)
	{
		WfString	text = {name.val.string.val, name.val.string.len};

		wf_flags_json_string(state, "name", text);
	}
	wf_flags_json_close_object(state);
}

static bool
member_is_true(JsonbContainer *object, const char *name)
{
	JsonbValue	value;

	return wf_flags_document_member(object, name, &value) && value.type == jbvBool && value.val.boolean;
}
