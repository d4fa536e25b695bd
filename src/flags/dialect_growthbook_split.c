/*
 * dialect_growthbook_split.c: how GrowthBook puts users into buckets.  Pure.
 *
 * Positions are from 0 to below 1, in steps of a thousandth (version 1) or of
 * a ten-thousandth (version 2 of the hash).  Filters and namespaces are splits
 * as well: who falls into no range is out.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/bucket.h"
#include "flags/dialect_growthbook.h"
#include "flags/document.h"

/* How far the sum of weights may be from 1. */
#define WEIGHTS_MIN 0.99
#define WEIGHTS_MAX 1.01

static void name_attribute(WfString name, WfAttribute *attribute);
static bool compile_filter(WfGrowthbookCompiler *compiler, const WfValue *filter, const char *path,
						   WfNode *node);
static void add_arm(WfSplit *split, double lower, double upper, int variant);
static void make_node(WfSplit *split, WfNode *node);

/* What the users of a rule are hashed by. */
void
wf_flags_growthbook_unit(const WfGrowthbookCompiler *compiler, const WfValue *rule,
						 WfGrowthbookUnit *unit)
{
	WfValue		name;
	WfValue		unsticky;

	memset(unit, 0, sizeof(WfGrowthbookUnit));
	unit->shared = compiler->shared;
	unit->name = wf_flags_string(WF_GROWTHBOOK_ID);
	if (wf_flags_growthbook_member(rule, "hashAttribute", &name))
		unit->name = wf_flags_js_string(&name);
	name_attribute(unit->name, &unit->attribute);
	if (wf_flags_growthbook_member(rule, "fallbackAttribute", &name) &&
		!wf_flags_growthbook_member(rule, "disableStickyBucketing", &unsticky))
	{
		unit->fallback_name = wf_flags_js_string(&name);
		name_attribute(unit->fallback_name, &unit->fallback);
	}
}

/*
 * A split without arms; NULL for a version of the hash that does not exist,
 * which nobody has a position in.
 */
WfSplit *
wf_flags_growthbook_split(const WfGrowthbookCompiler *compiler, const WfValue *version,
						  double default_version, WfString seed, const WfGrowthbookUnit *unit)
{
	WfSplit    *split = palloc0(sizeof(WfSplit));
	double		number = default_version;

	if (wf_flags_js_truthy(version))
		number = version->type == WF_VALUE_NUMBER ? wf_flags_value_double(version) : NAN;
	split->converts = compiler->source->converts;
	seed = wf_flags_encode_text(seed, split->converts);
	if (number == 1)
	{
		split->hash = WF_HASH_FNV1A_32;
		split->suffix = seed;
		split->total = 1000;
	}
	else if (number == 2)
	{
		split->hash = WF_HASH_FNV1A_32_TWICE;
		split->prefix = seed;
		split->total = 10000;
	}
	else
		return NULL;

	split->encoding = WF_ENCODING_UTF16_UNITS;
	split->reduction = WF_REDUCTION_MODULO_SHARE;
	split->comparison = WF_COMPARISON_BELOW;
	split->missing = WF_MISSING_NONE;
	split->form = WF_KEY_JS;
	split->attribute = unit->attribute;
	if (unit->fallback_name.data)
	{
		WfGrowthbookUnit *kept = palloc(sizeof(WfGrowthbookUnit));

		*kept = *unit;
		split->subject = palloc0(sizeof(WfNode));
		split->subject->type = WF_NODE_FUNCTION;
		split->subject->u.function.call = wf_flags_growthbook_unit_value;
		split->subject->u.function.data = kept;
	}
	return split;
}

/* Adds an arm for a range [lower, upper); one that is none is never hit. */
void
wf_flags_growthbook_add_range(WfSplit *split, const WfValue *range, int variant)
{
	WfValue		lower;
	WfValue		upper;

	(void) wf_flags_value_element(range, 0, &lower);
	(void) wf_flags_value_element(range, 1, &upper);
	add_arm(split, wf_flags_js_number(&lower), wf_flags_js_number(&upper), variant);
}

/* Adds the arms of variations by their weights, each cut down to its coverage. */
void
wf_flags_growthbook_add_weights(WfSplit *split, const WfValue *coverage, const WfValue *weights,
								int nvariations, const int *variants)
{
	double	   *shares = palloc(sizeof(double) * nvariations);
	double		covered = coverage->type == WF_VALUE_ABSENT ? 1 : wf_flags_js_number(coverage);
	double		cumulative = 0;

	if (covered < 0)
		covered = 0;
	else if (covered > 1)
		covered = 1;
	(void) wf_flags_growthbook_weights(weights, nvariations, shares);
	for (int i = 0; i < nvariations; i++)
	{
		add_arm(split, cumulative, cumulative + covered * shares[i], variants[i]);
		cumulative += shares[i];
	}
	pfree(shares);
}

/* The weights of variations; false where they are useless: then all are equal. */
bool
wf_flags_growthbook_weights(const WfValue *weights, int nvariations, double *result)
{
	bool		useful = weights->type == WF_VALUE_ARRAY && wf_flags_value_length(weights) == nvariations;
	double		total = 0;

	for (int i = 0; useful && i < nvariations; i++)
	{
		WfValue		weight;

		(void) wf_flags_value_element(weights, i, &weight);
		result[i] = wf_flags_js_number(&weight);
		total += result[i];
	}
	if (useful && !(total < WEIGHTS_MIN || total > WEIGHTS_MAX))
		return true;
	for (int i = 0; i < nvariations; i++)
		result[i] = 1.0 / nvariations;
	return false;
}

/* Who is in the ranges of all filters. */
bool
wf_flags_growthbook_filters(WfGrowthbookCompiler *compiler, const WfValue *filters, const char *path,
							WfNode *node)
{
	if (filters->type != WF_VALUE_ARRAY)
		return wf_flags_document_fault(compiler->fault, path, "expected an array");
	wf_flags_growthbook_add_children(node, WF_NODE_ALL, wf_flags_value_length(filters));
	for (int i = 0; i < node->nchildren; i++)
	{
		WfValue		filter;

		(void) wf_flags_value_element(filters, i, &filter);
		if (!compile_filter(compiler, &filter, psprintf("%s[%d]", path, i), &node->children[i]))
			return false;
	}
	return true;
}

/* Who is in a namespace, [name, lower, upper]. */
void
wf_flags_growthbook_namespace(WfGrowthbookCompiler *compiler, const WfValue *namespace,
							  const WfGrowthbookUnit *unit, WfNode *node)
{
	WfValue		first_version = {.type = WF_VALUE_ABSENT};
	WfValue		name;
	WfValue		lower;
	WfValue		upper;
	WfString	text;
	WfSplit    *split;

	(void) wf_flags_value_element(namespace, 0, &name);
	(void) wf_flags_value_element(namespace, 1, &lower);
	(void) wf_flags_value_element(namespace, 2, &upper);
	text = wf_flags_js_string(&name);
	split = wf_flags_growthbook_split(compiler, &first_version, 1,
									  wf_flags_string(psprintf("__%.*s", text.len, text.data)), unit);
	add_arm(split, wf_flags_js_number(&lower), wf_flags_js_number(&upper), 0);
	make_node(split, node);
}

/* The literal name before a path with dots. */
static void
name_attribute(WfString name, WfAttribute *attribute)
{
	WfString	steps[2];

	memset(attribute, 0, sizeof(WfAttribute));
	if (name.len > 0 && memchr(name.data, '.', name.len))
	{
		WfAttribute dotted;

		steps[0] = wf_flags_string(WF_GROWTHBOOK_ATTRIBUTES);
		steps[1] = name;
		wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 2, steps);
		wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 1, &name);
		wf_flags_growthbook_path(name, true, &dotted);
		for (int i = 0; i < dotted.npaths; i++)
			wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, dotted.paths[i].nsteps,
										dotted.paths[i].steps);
	}
	else
		wf_flags_growthbook_path(name, true, attribute);
}

static bool
compile_filter(WfGrowthbookCompiler *compiler, const WfValue *filter, const char *path, WfNode *node)
{
	WfGrowthbookUnit unit = {.shared = compiler->shared};
	WfValue		member;
	WfValue		version;
	WfSplit    *split;

	if (filter->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(compiler->fault, path, "expected an object");
	unit.name = wf_flags_string(WF_GROWTHBOOK_ID);
	if (wf_flags_growthbook_member(filter, "attribute", &member))
		unit.name = wf_flags_js_string(&member);
	name_attribute(unit.name, &unit.attribute);
	(void) wf_flags_value_member(filter, wf_flags_string("seed"), &member);
	(void) wf_flags_growthbook_member(filter, "hashVersion", &version);
	split = wf_flags_growthbook_split(compiler, &version, 2, wf_flags_js_string(&member), &unit);

	(void) wf_flags_value_member(filter, wf_flags_string("ranges"), &member);
	if (member.type != WF_VALUE_ARRAY)
		return wf_flags_document_fault(compiler->fault, psprintf("%s.ranges", path),
									   "expected an array");
	if (split == NULL)
	{
		wf_flags_growthbook_add_children(node, WF_NODE_ANY, 0);
		return true;
	}
	for (int i = 0; i < wf_flags_value_length(&member); i++)
	{
		WfValue		range;

		(void) wf_flags_value_element(&member, i, &range);
		wf_flags_growthbook_add_range(split, &range, 0);
	}
	make_node(split, node);
	return true;
}

static void
add_arm(WfSplit *split, double lower, double upper, int variant)
{
	WfArm		arm = {.lower = lower, .upper = upper, .variant = variant};

	if (split->arms == NULL)
		split->arms = palloc(sizeof(WfArm));
	else
		split->arms = repalloc(split->arms, sizeof(WfArm) * (split->narms + 1));
	split->arms[split->narms++] = arm;
}

/* A condition: who falls into an arm. */
static void
make_node(WfSplit *split, WfNode *node)
{
	node->type = WF_NODE_SPLIT;
	node->u.split = split;
	node->nchildren = 0;
}
