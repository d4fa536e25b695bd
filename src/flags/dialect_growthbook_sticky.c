/*
 * dialect_growthbook_sticky.c: variations that users were given before.  Pure.
 *
 * Where assignments are kept is not a matter of evaluation: a context (or a
 * document) that has some brings them as "stickyBucketAssignmentDocs", an
 * object with a document for "ATTRIBUTE||VALUE", whose "assignments" say
 * "EXPERIMENT__VERSION": key of the variation.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/dialect_growthbook.h"

/* No variation: the experiment is out. */
#define NO_VARIATION (-1)

/* The assignments of one user, the first before the second. */
typedef struct Assignments
{
	WfValue		of_hash;
	WfValue		of_fallback;
} Assignments;

static bool decide(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation);
static bool find_documents(WfRun *run, const WfGrowthbookShared *shared, WfValue *documents);
static void find_assignments(WfRun *run, const WfValue *documents, WfString name,
							 const WfAttribute *attribute, WfValue *assignments);
static bool find_assignment(const Assignments *assignments, const WfGrowthbookExperiment *experiment,
							double version, WfValue *key);
static bool has_older(WfRun *run, const WfValue *assignments, WfString key, double version);
static int	variation_of_key(const WfGrowthbookExperiment *experiment, const WfValue *key);
static double version_of(const WfGrowthbookExperiment *experiment, const char *name);

/* WfFunction: whether an earlier assignment decides, be it that the experiment is out. */
void
wf_flags_growthbook_is_sticky(WfRun *run, const WfNode *node, WfValue *result)
{
	int			variation;

	wf_flags_value_set_boolean(result, decide(run, node->u.function.data, &variation));
}

/* WfFunction: the variant of an earlier assignment, or null. */
void
wf_flags_growthbook_sticky(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfGrowthbookExperiment *experiment = node->u.function.data;
	int			variation = NO_VARIATION;

	(void) decide(run, experiment, &variation);
	wf_flags_growthbook_serve_variation(experiment, variation, result);
}

/*
 * What a user is hashed by, and the name of it.  The fallback counts only
 * where there are sticky buckets.
 */
WfString
wf_flags_growthbook_unit_fetch(WfRun *run, const WfGrowthbookUnit *unit, WfValue *value)
{
	WfValue		documents;
	WfValue		fallback;

	(void) wf_flags_attribute_fetch(run, &unit->attribute, value);
	if (wf_flags_js_truthy(value) || unit->fallback_name.data == NULL ||
		!find_documents(run, unit->shared, &documents))
		return unit->name;
	(void) wf_flags_attribute_fetch(run, &unit->fallback, &fallback);
	*value = fallback;
	return wf_flags_js_truthy(&fallback) ? unit->fallback_name : unit->name;
}

/* WfFunction: what a user is hashed by. */
void
wf_flags_growthbook_unit_value(WfRun *run, const WfNode *node, WfValue *result)
{
	(void) wf_flags_growthbook_unit_fetch(run, node->u.function.data, result);
}

static bool
decide(WfRun *run, const WfGrowthbookExperiment *experiment, int *variation)
{
	const WfGrowthbookUnit *unit = &experiment->unit;
	WfString	fallback = unit->fallback_name;
	WfAttribute fallback_attribute = unit->fallback;
	double		oldest = version_of(experiment, "minBucketVersion");
	Assignments assignments;
	WfValue		documents;
	WfValue		value;

	*variation = NO_VARIATION;
	if (!find_documents(run, experiment->shared, &documents))
		return false;
	(void) wf_flags_growthbook_unit_fetch(run, unit, &value);
	if (!wf_flags_js_truthy(&value))
		return false;
	/* Without a fallback it is the usual attribute. */
	if (fallback.data == NULL)
	{
		fallback = wf_flags_string(WF_GROWTHBOOK_ID);
		wf_flags_growthbook_path(fallback, true, &fallback_attribute);
	}
	find_assignments(run, &documents, unit->name, &unit->attribute, &assignments.of_hash);
	find_assignments(run, &documents, fallback, &fallback_attribute, &assignments.of_fallback);

	/* Users who took part too early are not to take part again. */
	if (has_older(run, &assignments.of_hash, experiment->key, oldest) ||
		has_older(run, &assignments.of_fallback, experiment->key, oldest))
		return true;
	if (!find_assignment(&assignments, experiment, version_of(experiment, "bucketVersion"), &value))
		return false;
	*variation = variation_of_key(experiment, &value);
	return *variation != NO_VARIATION;
}

static bool
find_documents(WfRun *run, const WfGrowthbookShared *shared, WfValue *documents)
{
	if (wf_flags_growthbook_context_member(run, "stickyBucketAssignmentDocs", documents) &&
		documents->type == WF_VALUE_OBJECT)
		return true;
	documents->type = WF_VALUE_OBJECT;
	documents->u.container = shared->sticky_documents;
	return documents->u.container != NULL;
}

/* The assignments of one attribute's value; absent where there are none. */
static void
find_assignments(WfRun *run, const WfValue *documents, WfString name, const WfAttribute *attribute,
				 WfValue *assignments)
{
	WfString	text = {"", 0};
	WfValue		value;
	WfValue		document;

	if (wf_flags_attribute_fetch(run, attribute, &value))
		text = value.type < WF_VALUE_ARRAY ? wf_flags_js_string(&value) : wf_flags_value_json_text(&value);
	(void) wf_flags_value_member(documents,
								 wf_flags_string(psprintf("%.*s||%.*s", name.len, name.data,
														  text.len, text.data)), &document);
	(void) wf_flags_value_member(&document, wf_flags_string("assignments"), assignments);
}

static bool
find_assignment(const Assignments *assignments, const WfGrowthbookExperiment *experiment,
				double version, WfValue *key)
{
	WfString	number = wf_flags_js_number_text(version);
	WfString	name = wf_flags_string(psprintf("%.*s__%.*s", experiment->key.len, experiment->key.data,
												number.len, number.data));

	return wf_flags_value_member(&assignments->of_hash, name, key) ||
		wf_flags_value_member(&assignments->of_fallback, name, key);
}

/* Whether there is an assignment to a version of the experiment before another. */
static bool
has_older(WfRun *run, const WfValue *assignments, WfString key, double version)
{
	WfString	prefix = wf_flags_string(psprintf("%.*s__", key.len, key.data));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	if (assignments->type != WF_VALUE_OBJECT || !(version > 0))
		return false;
	it = JsonbIteratorInit(assignments->u.container);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		suffix;
		double		number;

		if (token != WJB_KEY || !wf_flags_run_step(run) || json.val.string.len <= prefix.len ||
			memcmp(json.val.string.val, prefix.data, prefix.len) != 0)
			continue;
		wf_flags_value_from_json(&json, &suffix);
		suffix.u.string.data += prefix.len;
		suffix.u.string.len -= prefix.len;
		number = wf_flags_js_number(&suffix);
		if (number >= 0 && number < version && floor(number) == number &&
			wf_flags_strings_equal(wf_flags_js_number_text(number), suffix.u.string))
			return true;
	}
	return false;
}

static int
variation_of_key(const WfGrowthbookExperiment *experiment, const WfValue *key)
{
	WfValue		meta;

	if (!wf_flags_growthbook_member(&experiment->rule, "meta", &meta) || meta.type != WF_VALUE_ARRAY)
		return NO_VARIATION;
	for (int i = 0; i < wf_flags_value_length(&meta); i++)
	{
		WfValue		variation;
		WfValue		its_key;

		(void) wf_flags_value_element(&meta, i, &variation);
		if (wf_flags_value_member(&variation, wf_flags_string("key"), &its_key) &&
			wf_flags_js_identical(&its_key, key))
			return i;
	}
	return NO_VARIATION;
}

static double
version_of(const WfGrowthbookExperiment *experiment, const char *name)
{
	WfValue		version;

	return wf_flags_growthbook_member(&experiment->rule, name, &version) ? wf_flags_js_number(&version) : 0;
}
