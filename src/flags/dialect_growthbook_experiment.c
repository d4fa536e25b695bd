/*
 * dialect_growthbook_experiment.c: rules that are experiments.  Pure.
 *
 * An experiment becomes several rules of one group, in GrowthBook's order:
 * what is laid down, earlier assignments, whom it is for, and the split.  A
 * bandit has a split for each of its contexts, the first that fits deciding.
 */
#include "common/compat.h"

#include "flags/dialect_growthbook.h"
#include "flags/document.h"

/* The context of whom no other is meant for. */
#define FALLBACK_LEAF (-1)

static void add_variations(WfGrowthbookCompiler *compiler, WfGrowthbookExperiment *experiment);
static WfString variation_name(const WfValue *meta, int index);
static void add_function_rule(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
							  const WfGrowthbookExperiment *experiment, WfGrowthbookSource source,
							  WfFunction decides, WfFunction serves);
static bool compile_targets(WfGrowthbookCompiler *compiler, const WfGrowthbookExperiment *experiment,
							const char *path, WfNode *node);
static bool compile_bandit(WfGrowthbookCompiler *compiler, WfGrowthbookExperiment *experiment,
						   const char *path);
static bool compile_leaf(WfGrowthbookCompiler *compiler, const WfGrowthbookExperiment *experiment,
						 const WfValue *context, const char *path, WfGrowthbookLeaf *leaf);
static bool has_weights(const WfValue *context, int nvariations);
static void add_split_rule(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
						   const WfGrowthbookExperiment *experiment, const WfGrowthbookLeaf *leaf,
						   WfNode *condition);

/*
 * Adds the rules of an experiment, which are like another in what identifies
 * them.  False with a fault.
 */
bool
wf_flags_growthbook_experiment(WfGrowthbookCompiler *compiler, const WfValue *rule,
							   const WfValue *variations, const WfFlagRule *like, const char *path)
{
	WfGrowthbookExperiment *experiment = palloc0(sizeof(WfGrowthbookExperiment));
	WfGrowthbookRule *detail = palloc0(sizeof(WfGrowthbookRule));
	WfFlagRule	first = *like;
	WfNode	   *targets = palloc0(sizeof(WfNode));
	WfString	seed;
	WfValue		member;

	experiment->nvariations = wf_flags_value_length(variations);
	experiment->shared = compiler->shared;
	if (experiment->nvariations < 2 || compiler->shared->disabled)
		return true;
	experiment->rule = *rule;
	experiment->variations = *variations;
	seed = experiment->key = wf_flags_growthbook_member(rule, "key", &member)
		? wf_flags_js_string(&member) : compiler->source->key;
	wf_flags_growthbook_unit(compiler, rule, &experiment->unit);
	if (wf_flags_growthbook_member(rule, "seed", &member))
		seed = wf_flags_js_string(&member);
	(void) wf_flags_growthbook_member(rule, "hashVersion", &member);
	experiment->split = wf_flags_growthbook_split(compiler, &member, 1, seed, &experiment->unit);
	add_variations(compiler, experiment);
	detail->id = ((const WfGrowthbookRule *) like->detail)->id;
	detail->experiment = experiment;
	first.detail = detail;

	add_function_rule(compiler, &first, experiment, WF_GROWTHBOOK_FORCED_VARIATION,
					  wf_flags_growthbook_is_forced, wf_flags_growthbook_forced);
	if (!compile_bandit(compiler, experiment, path))
		return false;
	if (experiment->split == NULL)
		return true;
	if (!wf_flags_growthbook_member(rule, "disableStickyBucketing", &member))
		add_function_rule(compiler, &first, experiment, WF_GROWTHBOOK_STICKY_VARIATION,
						  wf_flags_growthbook_is_sticky, wf_flags_growthbook_sticky);
	if (!compile_targets(compiler, experiment, path, targets))
		return false;
	if (experiment->nleaves == 0)
	{
		add_split_rule(compiler, &first, experiment, NULL, targets);
		return true;
	}
	wf_flags_growthbook_add_guard(compiler, &first, targets);
	for (int i = 0; i < experiment->nleaves; i++)
		add_split_rule(compiler, &first, experiment, &experiment->leaves[i],
					   experiment->leaves[i].condition);
	return true;
}

static void
add_variations(WfGrowthbookCompiler *compiler, WfGrowthbookExperiment *experiment)
{
	WfValue		meta;

	(void) wf_flags_growthbook_member(&experiment->rule, "meta", &meta);
	experiment->variants = palloc(sizeof(int) * experiment->nvariations);
	for (int i = 0; i < experiment->nvariations; i++)
	{
		WfValue		value;
		WfValue		its_meta;
		WfValue		passes;
		int			variant;

		(void) wf_flags_value_element(&experiment->variations, i, &value);
		variant = wf_flags_growthbook_add_variant(compiler, &value, variation_name(&meta, i));
		if (i == 0)
			experiment->first_variant = variant;
		(void) wf_flags_value_element(&meta, i, &its_meta);
		experiment->variants[i] = wf_flags_growthbook_member(&its_meta, "passthrough", &passes)
			? WF_VARIANT_MISS : variant;
	}
}

static WfString
variation_name(const WfValue *meta, int index)
{
	WfValue		its_meta;
	WfValue		key;

	(void) wf_flags_value_element(meta, index, &its_meta);
	if (wf_flags_growthbook_member(&its_meta, "key", &key))
		return wf_flags_js_string(&key);
	return wf_flags_string(psprintf("%d", index));
}

static void
add_function_rule(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
				  const WfGrowthbookExperiment *experiment, WfGrowthbookSource source,
				  WfFunction decides, WfFunction serves)
{
	WfFlagRule *rule = wf_flags_growthbook_add_rule(compiler, like, source);

	rule->condition = palloc0(sizeof(WfNode));
	rule->condition->type = WF_NODE_FUNCTION;
	rule->condition->u.function.call = decides;
	rule->condition->u.function.data = experiment;
	rule->serve.node = palloc0(sizeof(WfNode));
	*rule->serve.node = *rule->condition;
	rule->serve.node->u.function.call = serves;
	rule->serve.miss = WF_MISS_GROUP;
}

/* Whom an experiment is for; filters, which replace its namespace, are looked at before. */
static bool
compile_targets(WfGrowthbookCompiler *compiler, const WfGrowthbookExperiment *experiment,
				const char *path, WfNode *node)
{
	WfValue		member;

	wf_flags_growthbook_add_children(node, WF_NODE_ALL, 2);
	node->nchildren = 0;
	if (!wf_flags_growthbook_member(&experiment->rule, "filters", &member) &&
		wf_flags_growthbook_member(&experiment->rule, "namespace", &member))
		wf_flags_growthbook_namespace(compiler, &member, &experiment->unit,
									  &node->children[node->nchildren++]);
	if (!wf_flags_growthbook_member(&experiment->rule, "condition", &member))
		return true;
	return wf_flags_growthbook_condition(compiler, &member, true, psprintf("%s.condition", path),
										 &node->children[node->nchildren++]);
}

/*
 * A context that is no object, or whose id or weights are of no use, stands for
 * the rule's own weights.
 */
static bool
compile_bandit(WfGrowthbookCompiler *compiler, WfGrowthbookExperiment *experiment, const char *path)
{
	WfValue		bandits = {.type = WF_VALUE_OBJECT};
	WfValue		contexts;
	WfValue		bandit;
	WfValue		member;
	WfString	id;
	int			ncontexts = 0;

	bandits.u.container = compiler->shared->bandits;
	if (!wf_flags_growthbook_member(&experiment->rule, "contextualBanditRef", &member) ||
		bandits.u.container == NULL)
		return true;
	id = wf_flags_js_string(&member);
	if (!wf_flags_value_member(&bandits, id, &bandit) || !wf_flags_js_truthy(&bandit))
		return true;
	if (!wf_flags_value_member(&bandit, wf_flags_string("banditVersion"), &experiment->bandit_version) ||
		!wf_flags_value_is_integer(&experiment->bandit_version))
		experiment->bandit_version.type = WF_VALUE_ABSENT;
	if (wf_flags_growthbook_member(&bandit, "contexts", &contexts) && contexts.type == WF_VALUE_ARRAY)
		ncontexts = wf_flags_value_length(&contexts);

	experiment->leaves = palloc0(sizeof(WfGrowthbookLeaf) * (ncontexts + 1));
	for (int i = 0; i < ncontexts; i++)
	{
		WfValue		context;

		(void) wf_flags_value_element(&contexts, i, &context);
		if (!compile_leaf(compiler, experiment, &context, path, &experiment->leaves[i]))
			return false;
	}
	experiment->nleaves = ncontexts + 1;
	wf_flags_value_set_double(&experiment->leaves[ncontexts].id, FALLBACK_LEAF);
	return true;
}

static bool
compile_leaf(WfGrowthbookCompiler *compiler, const WfGrowthbookExperiment *experiment,
			 const WfValue *context, const char *path, WfGrowthbookLeaf *leaf)
{
	WfValue		member;

	if (has_weights(context, experiment->nvariations))
	{
		(void) wf_flags_growthbook_member(context, "weights", &leaf->weights);
		(void) wf_flags_value_member(context, wf_flags_string("leafId"), &leaf->id);
	}
	else
		wf_flags_value_set_double(&leaf->id, FALLBACK_LEAF);
	if (!wf_flags_growthbook_member(context, "condition", &member))
		return true;
	leaf->condition = palloc0(sizeof(WfNode));
	return wf_flags_growthbook_condition(compiler, &member, true, path, leaf->condition);
}

static bool
has_weights(const WfValue *context, int nvariations)
{
	double	   *weights = palloc(sizeof(double) * nvariations);
	WfValue		id;
	WfValue		list;

	return wf_flags_value_member(context, wf_flags_string("leafId"), &id) &&
		wf_flags_value_is_integer(&id) &&
		wf_flags_value_member(context, wf_flags_string("weights"), &list) &&
		wf_flags_growthbook_weights(&list, nvariations, weights);
}

static void
add_split_rule(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
			   const WfGrowthbookExperiment *experiment, const WfGrowthbookLeaf *leaf,
			   WfNode *condition)
{
	WfFlagRule *rule = wf_flags_growthbook_add_rule(compiler, like, WF_GROWTHBOOK_EXPERIMENT);
	WfGrowthbookRule *detail = palloc(sizeof(WfGrowthbookRule));
	WfSplit    *split = palloc(sizeof(WfSplit));
	WfValue		ranges;
	WfValue		weights;
	WfValue		coverage;

	*detail = *(const WfGrowthbookRule *) like->detail;
	detail->leaf = leaf;
	*split = *experiment->split;
	rule->detail = detail;
	rule->condition = condition;
	rule->serve.split = split;
	rule->serve.miss = WF_MISS_GROUP;
	if (wf_flags_growthbook_member(&experiment->rule, "ranges", &ranges))
	{
		int			nranges = ranges.type == WF_VALUE_ARRAY ? wf_flags_value_length(&ranges) : 0;

		for (int i = 0; i < nranges; i++)
		{
			WfValue		range;

			(void) wf_flags_value_element(&ranges, i, &range);
			wf_flags_growthbook_add_range(split, &range, i < experiment->nvariations
										  ? experiment->variants[i] : WF_VARIANT_MISS);
		}
		return;
	}
	(void) wf_flags_growthbook_member(&experiment->rule, "weights", &weights);
	if (leaf && leaf->weights.type == WF_VALUE_ARRAY)
		weights = leaf->weights;
	(void) wf_flags_value_member(&experiment->rule, wf_flags_string("coverage"), &coverage);
	wf_flags_growthbook_add_weights(split, &coverage, &weights, experiment->nvariations,
									experiment->variants);
}
