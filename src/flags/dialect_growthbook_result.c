/*
 * dialect_growthbook_result.c: results in GrowthBook's own shape.  Pure.
 *
 * {value, on, off, source, ruleId, experiment?, experimentResult?}
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/dialect_growthbook.h"

/* A result that an experiment came to. */
typedef struct Exposure
{
	WfRun		run;
	const WfGrowthbookExperiment *experiment;
	const WfGrowthbookLeaf *leaf;	/* of a bandit, or NULL */
	int			variation;
	bool		hash_used;
	bool		sticky;
	bool		has_bucket;
	double		bucket;
	WfString	unit_name;
	WfValue		unit;
} Exposure;

static const char *source_name(const WfResult *result);
static bool find_exposure(const WfResult *result, Exposure *exposure);
static const WfGrowthbookLeaf *find_leaf(Exposure *exposure);
static void push_experiment(JsonbParseState **state, const Exposure *exposure);
static void push_exposure(JsonbParseState **state, const Exposure *exposure, WfString flag);
static void push_bandit(JsonbParseState **state, const Exposure *exposure);
static void push_weights(JsonbParseState **state, const Exposure *exposure);
static void begin_object(JsonbParseState **state, const char *name);
static void push(JsonbParseState **state, const char *name, const WfValue *value);
static void push_string(JsonbParseState **state, const char *name, WfString string);
static void push_boolean(JsonbParseState **state, const char *name, bool boolean);
static void push_number(JsonbParseState **state, const char *name, double number);

/* WfDialect.result. */
Jsonb *
wf_flags_growthbook_result(const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;
	const WfGrowthbookRule *rule = NULL;
	JsonbParseState *state = NULL;
	WfValue		value = {.type = WF_VALUE_NULL};
	WfString	id = {"", 0};
	Exposure	exposure = {0};
	bool		exposed = find_exposure(result, &exposure);

	if (outcome->rule && outcome->error == WF_ERROR_NONE &&
		outcome->rule->stage != WF_GROWTHBOOK_PREREQUISITE)
		rule = outcome->rule->detail;
	if (outcome->variant >= 0 || outcome->value)
		wf_flags_value_from_root(wf_flags_outcome_value(result->flag->program, outcome), &value);
	if (rule && rule->id.data)
		id = rule->id;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push(&state, "value", &value);
	push_boolean(&state, "on", wf_flags_js_truthy(&value));
	push_boolean(&state, "off", !wf_flags_js_truthy(&value));
	push_string(&state, "source", wf_flags_string(source_name(result)));
	push_string(&state, "ruleId", id);
	if (exposed)
	{
		push_experiment(&state, &exposure);
		push_exposure(&state, &exposure, result->flag->key);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* A feature that is switched off is not in GrowthBook's documents at all. */
static const char *
source_name(const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;

	if (outcome->cause == WF_CAUSE_CYCLE)
		return "cyclicPrerequisite";
	if (result->flag == NULL || outcome->error != WF_ERROR_NONE || outcome->reason == WF_REASON_DISABLED)
		return "unknownFeature";
	if (outcome->overridden)
		return "override";
	switch (outcome->rule ? outcome->rule->stage : WF_GROWTHBOOK_DEFAULT)
	{
		case WF_GROWTHBOOK_FORCE:
			return "force";
		case WF_GROWTHBOOK_OVERRIDE:
			return "override";
		case WF_GROWTHBOOK_PREREQUISITE:
			return "prerequisite";
		case WF_GROWTHBOOK_FORCED_VARIATION:
		case WF_GROWTHBOOK_STICKY_VARIATION:
		case WF_GROWTHBOOK_EXPERIMENT:
			return "experiment";
		default:
			return "defaultValue";
	}
}

/* What an experiment came to; false where none did. */
static bool
find_exposure(const WfResult *result, Exposure *exposure)
{
	const WfOutcome *outcome = result->outcome;
	const WfGrowthbookRule *rule;

	if (outcome->error != WF_ERROR_NONE || outcome->overridden || outcome->rule == NULL ||
		outcome->rule->stage < WF_GROWTHBOOK_FORCED_VARIATION)
		return false;
	rule = outcome->rule->detail;
	exposure->run.context = result->context;
	exposure->run.callbacks = result->callbacks;
	exposure->run.flag = result->flag;
	exposure->experiment = rule->experiment;
	exposure->variation = outcome->variant - rule->experiment->first_variant;
	exposure->unit_name = wf_flags_growthbook_unit_fetch(&exposure->run, &rule->experiment->unit,
														 &exposure->unit);
	exposure->leaf = rule->leaf ? rule->leaf : find_leaf(exposure);
	exposure->hash_used = outcome->rule->stage != WF_GROWTHBOOK_FORCED_VARIATION;
	exposure->sticky = outcome->rule->stage == WF_GROWTHBOOK_STICKY_VARIATION;
	exposure->has_bucket = exposure->hash_used;
	exposure->bucket = outcome->position;
	if (exposure->sticky)
		exposure->has_bucket = wf_flags_split_position(rule->experiment->split,
													   wf_flags_js_string(&exposure->unit),
													   &exposure->bucket);
	return true;
}

/* The context of a bandit that fits, where the split did not ask for it. */
static const WfGrowthbookLeaf *
find_leaf(Exposure *exposure)
{
	const WfGrowthbookExperiment *experiment = exposure->experiment;

	for (int i = 0; i < experiment->nleaves; i++)
	{
		const WfGrowthbookLeaf *leaf = &experiment->leaves[i];

		if (leaf->condition == NULL || wf_flags_node_holds(&exposure->run, leaf->condition))
			return leaf;
	}
	return NULL;
}

/* The experiment as GrowthBook's library makes one of a rule. */
static void
push_experiment(JsonbParseState **state, const Exposure *exposure)
{
	static const char *const truthy[] = {
		"weights", "hashAttribute", "fallbackAttribute", "disableStickyBucketing", "namespace", "meta",
		"ranges", "name", "phase", "seed", "hashVersion", "filters", "condition"
	};
	static const char *const present[] = {"coverage", "bucketVersion", "minBucketVersion"};
	const WfGrowthbookExperiment *experiment = exposure->experiment;
	const WfGrowthbookLeaf *leaf = exposure->leaf;
	WfValue		ranges;
	WfValue		value;

	begin_object(state, "experiment");
	push(state, "variations", &experiment->variations);
	push_string(state, "key", experiment->key);
	for (int i = 0; i < lengthof(present); i++)
	{
		if (wf_flags_value_member(&experiment->rule, wf_flags_string(present[i]), &value))
			push(state, present[i], &value);
	}
	for (int i = 0; i < lengthof(truthy); i++)
	{
		bool		found = wf_flags_growthbook_member(&experiment->rule, truthy[i], &value);

		if (i == 0 && leaf && leaf->weights.type == WF_VALUE_ARRAY)
		{
			value = leaf->weights;
			found = true;
		}
		if (found)
			push(state, truthy[i], &value);
	}
	if (exposure->hash_used && leaf && !wf_flags_growthbook_member(&experiment->rule, "ranges", &ranges))
	{
		begin_object(state, "contextualBandit");
		push_bandit(state, exposure);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_exposure(JsonbParseState **state, const Exposure *exposure, WfString flag)
{
	const WfGrowthbookExperiment *experiment = exposure->experiment;
	WfValue		metas;
	WfValue		meta;
	WfValue		value;

	(void) wf_flags_growthbook_member(&experiment->rule, "meta", &metas);
	(void) wf_flags_value_element(&metas, exposure->variation, &meta);
	begin_object(state, "experimentResult");
	if (wf_flags_growthbook_member(&meta, "key", &value))
		push(state, "key", &value);
	else
		push_string(state, "key", wf_flags_string(psprintf("%d", exposure->variation)));
	push_string(state, "featureId", flag);
	push_boolean(state, "inExperiment", true);
	push_boolean(state, "hashUsed", exposure->hash_used);
	push_number(state, "variationId", exposure->variation);
	(void) wf_flags_value_element(&experiment->variations, exposure->variation, &value);
	push(state, "value", &value);
	push_string(state, "hashAttribute", exposure->unit_name);
	if (exposure->unit.type > WF_VALUE_NULL)
		push(state, "hashValue", &exposure->unit);
	else
		push_string(state, "hashValue", wf_flags_string(""));
	push_boolean(state, "stickyBucketUsed", exposure->sticky);
	if (wf_flags_growthbook_member(&meta, "name", &value))
		push(state, "name", &value);
	if (exposure->has_bucket)
		push_number(state, "bucket", exposure->bucket);
	if (exposure->hash_used && exposure->leaf &&
		!wf_flags_growthbook_member(&experiment->rule, "ranges", &value))
		push_bandit(state, exposure);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Which of a bandit's contexts decided, and how; not where ranges did. */
static void
push_bandit(JsonbParseState **state, const Exposure *exposure)
{
	push(state, "leafId", &exposure->leaf->id);
	push_weights(state, exposure);
	if (exposure->experiment->bandit_version.type != WF_VALUE_ABSENT)
		push(state, "banditVersion", &exposure->experiment->bandit_version);
}

/* The weights that the variations really had. */
static void
push_weights(JsonbParseState **state, const Exposure *exposure)
{
	const WfGrowthbookExperiment *experiment = exposure->experiment;
	double	   *useful = palloc(sizeof(double) * experiment->nvariations);
	WfValue		weights = exposure->leaf->weights;
	JsonbValue	json;

	if (weights.type == WF_VALUE_ABSENT)
		(void) wf_flags_growthbook_member(&experiment->rule, "weights", &weights);
	if (wf_flags_growthbook_weights(&weights, experiment->nvariations, useful))
	{
		push(state, "variationWeights", &weights);
		return;
	}
	json.type = jbvString;
	json.val.string.val = "variationWeights";
	json.val.string.len = strlen("variationWeights");
	(void) pushJsonbValue(state, WJB_KEY, &json);
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < experiment->nvariations; i++)
	{
		WfValue		weight;

		wf_flags_value_set_double(&weight, useful[i]);
		wf_flags_value_to_json(&weight, &json);
		(void) pushJsonbValue(state, WJB_ELEM, &json);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* An object as a member; without a pushed end. */
static void
begin_object(JsonbParseState **state, const char *name)
{
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = unconstify(char *, name);
	json.val.string.len = strlen(name);
	(void) pushJsonbValue(state, WJB_KEY, &json);
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
}

static void
push(JsonbParseState **state, const char *name, const WfValue *value)
{
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = unconstify(char *, name);
	json.val.string.len = strlen(name);
	(void) pushJsonbValue(state, WJB_KEY, &json);
	wf_flags_value_to_json(value, &json);
	(void) pushJsonbValue(state, WJB_VALUE, &json);
}

static void
push_string(JsonbParseState **state, const char *name, WfString string)
{
	WfValue		value;

	wf_flags_value_set_string(&value, string);
	push(state, name, &value);
}

static void
push_boolean(JsonbParseState **state, const char *name, bool boolean)
{
	WfValue		value;

	wf_flags_value_set_boolean(&value, boolean);
	push(state, name, &value);
}

static void
push_number(JsonbParseState **state, const char *name, double number)
{
	WfValue		value;

	wf_flags_value_set_double(&value, number);
	push(state, name, &value);
}
