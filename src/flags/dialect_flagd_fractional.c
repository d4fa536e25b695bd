/*
 * dialect_flagd_fractional.c: flagd's operator fractional.  Pure.
 *
 * {"fractional": [unit, [variant, weight], ...]}, null where its arguments are
 * not what it expects.
 *
 * Three algorithms are in use.  The first two hash a text, which without a
 * unit is the flag's key and the targeting key together; the third one hashes
 * any value as CBOR, without a unit [flag's key, targeting key].
 */
#include "common/compat.h"

#include <math.h>

#include "lib/stringinfo.h"

#include "flags/bucket.h"
#include "flags/cbor.h"
#include "flags/dialect_flagd.h"

/* The variants of a fractional, and a split whose arms are their indexes. */
typedef struct Distribution
{
	bool		valid;
	bool		after_unit;		/* the first argument is none of them */
	int			nvariants;
	WfValue    *variants;
	int64	   *weights;
	int64		total;
	WfSplit		split;
} Distribution;

static Distribution *create(const WfNode *node);
static const Distribution *evaluate(WfRun *run, const WfNode *node, WfValue *unit, bool *has_unit);
static void add_variant(Distribution *distribution, const WfValue *pair, int length);
static void make_split(Distribution *distribution, int algorithm);
static bool position_of_text(WfRun *run, const WfSplit *split, const WfValue *unit, double *position);
static bool hashes_units(const WfRun *run);
static bool unit_bytes(WfRun *run, const WfValue *unit, bool is_given, WfString *input);
static bool fetch_targeting_key(WfRun *run, WfValue *key);

/* WfLogicOperator.prepare: a distribution of constants, but for the unit. */
const void *
wf_flags_flagd_prepare_fractional(const WfNode *node)
{
	Distribution *distribution = create(node);

	for (int i = 0; i < node->nchildren; i++)
	{
		const WfNode *argument = &node->children[i];
		const WfValue *list = argument->type == WF_NODE_CONSTANT ? argument->u.constant : NULL;
		WfValue		pair[2];

		if (list && list->type == WF_VALUE_ARRAY)
		{
			int			length = wf_flags_value_length(list);

			for (int j = 0; j < Min(length, lengthof(pair)); j++)
				(void) wf_flags_value_element(list, j, &pair[j]);
			add_variant(distribution, pair, length);
		}
		else if (i == 0)
			distribution->after_unit = true;
		else
			return NULL;
	}
	make_split(distribution, wf_flags_logic_call(node)->operator->mode);
	return distribution;
}

/* All arguments are evaluated before anything is made of them. */
void
wf_flags_flagd_fractional(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfLogicCall *call = wf_flags_logic_call(node);
	const Distribution *distribution = call->prepared;
	WfValue		unit = {.type = WF_VALUE_ABSENT};
	bool		has_unit = distribution && distribution->after_unit;
	double		position;
	WfString	input;
	int			length;
	int			arm;

	result->type = WF_VALUE_NULL;
	if (has_unit && wf_flags_logic_elements(run, &node->children[0], 1, &unit, &length))
		distribution = NULL;
	if (distribution == NULL)
		distribution = evaluate(run, node, &unit, &has_unit);
	if (run->error != WF_ERROR_NONE || !distribution->valid || distribution->split.narms == 0)
		return;
	if (call->operator->mode != WF_FLAGD_CBOR)
	{
		if (!position_of_text(run, &distribution->split, &unit, &position))
			return;
	}
	else if (!unit_bytes(run, &unit, has_unit, &input) ||
			 !wf_flags_split_position(&distribution->split, input, &position))
		return;
	arm = wf_flags_split_arm(&distribution->split, position);
	if (arm >= 0)
		*result = distribution->variants[arm];
}

/* An empty one, with room for as many variants as the operator has arguments. */
static Distribution *
create(const WfNode *node)
{
	Distribution *distribution = palloc0(sizeof(Distribution));

	distribution->valid = true;
	distribution->variants = palloc(sizeof(WfValue) * Max(node->nchildren, 1));
	distribution->weights = palloc(sizeof(int64) * Max(node->nchildren, 1));
	return distribution;
}

/* The distribution of arguments that the context has a part in. */
static const Distribution *
evaluate(WfRun *run, const WfNode *node, WfValue *unit, bool *has_unit)
{
	Distribution *distribution = create(node);

	*has_unit = false;
	unit->type = WF_VALUE_ABSENT;
	for (int i = 0; i < node->nchildren; i++)
	{
		WfValue		pair[2];
		int			length;

		if (wf_flags_logic_elements(run, &node->children[i], lengthof(pair), pair, &length))
			add_variant(distribution, pair, length);
		else if (i == 0)
		{
			*unit = pair[0];
			*has_unit = true;
		}
		else
			distribution->valid = false;
	}
	make_split(distribution, wf_flags_logic_call(node)->operator->mode);
	return distribution;
}

/* A variant's name and its weight, 1 unless given and 0 for a negative one. */
static void
add_variant(Distribution *distribution, const WfValue *pair, int length)
{
	double		weight = 1;

	if (length == 0 || pair[0].type >= WF_VALUE_ARRAY)
		distribution->valid = false;
	if (length > 1 && pair[1].type > WF_VALUE_NULL)
	{
		if (pair[1].type == WF_VALUE_NUMBER)
			weight = wf_flags_value_double(&pair[1]);
		else
			distribution->valid = false;
	}
	if (!(weight <= PG_INT32_MAX) || floor(weight) != weight)
		distribution->valid = false;
	if (!distribution->valid)
		return;
	distribution->variants[distribution->nvariants] = pair[0];
	distribution->weights[distribution->nvariants] = (int64) Max(weight, 0);
	distribution->total += distribution->weights[distribution->nvariants++];
}

/* A split without arms is one that nothing falls into. */
static void
make_split(Distribution *distribution, int algorithm)
{
	WfSplit    *split = &distribution->split;
	double		upper = 0;

	split->hash = WF_HASH_MURMUR3_32;
	split->comparison = WF_COMPARISON_BELOW;
	wf_flags_murmur3_begin(&split->murmur3, 0);
	if (!distribution->valid || distribution->total == 0 || distribution->total > PG_INT32_MAX)
		return;
	split->reduction = algorithm == WF_FLAGD_PERCENT ? WF_REDUCTION_ABS_PERCENT : WF_REDUCTION_MULTIPLY;
	split->total = (uint32) distribution->total;
	split->narms = distribution->nvariants;
	split->arms = palloc0(sizeof(WfArm) * split->narms);
	for (int i = 0; i < split->narms; i++)
	{
		double		weight = distribution->weights[i];

		split->arms[i].lower = upper;
		upper += algorithm == WF_FLAGD_PERCENT ? 100 * weight / distribution->total : weight;
		split->arms[i].upper = upper;
	}
}

/* Position of the unit's text; false where there is none. */
static bool
position_of_text(WfRun *run, const WfSplit *split, const WfValue *unit, double *position)
{
	bool		converts = wf_flags_flagd_converts(run);
	WfSplit		own = *split;
	WfString	flag;
	WfValue		key;

	if (hashes_units(run))
		own.encoding = WF_ENCODING_UTF16_UNITS;
	if (unit->type == WF_VALUE_STRING)
		return wf_flags_split_position(&own, wf_flags_encode_text(unit->u.string, converts), position);
	if (unit->type > WF_VALUE_NULL || !fetch_targeting_key(run, &key) ||
		key.type != WF_VALUE_STRING)
		return false;
	flag = wf_flags_encode_text(run->flag->key, converts);
	if (own.encoding == WF_ENCODING_UTF16_UNITS)
		own.prefix = flag;
	else
		wf_flags_murmur3_add(&own.murmur3, flag.data, flag.len);
	return wf_flags_split_position(&own, wf_flags_encode_text(key.u.string, converts), position);
}

/* Whether texts are hashed as flagd's evaluator for JavaScript does. */
static bool
hashes_units(const WfRun *run)
{
	return run->flag->shared && run->flag->shared->options.encoding == WF_ENCODING_UTF16_UNITS;
}

/* The bytes that are hashed; false where there are none. */
static bool
unit_bytes(WfRun *run, const WfValue *unit, bool is_given, WfString *input)
{
	bool		converts = wf_flags_flagd_converts(run);
	StringInfoData bytes;
	WfValue		flag;
	WfValue		key;
	bool		appended;

	if (is_given ? unit->type <= WF_VALUE_NULL : !fetch_targeting_key(run, &key))
		return false;
	initStringInfo(&bytes);
	if (is_given)
		appended = wf_flags_cbor_append(&bytes, unit, converts);
	else
	{
		wf_flags_value_set_string(&flag, run->flag->key);
		wf_flags_cbor_append_array(&bytes, 2);
		appended = wf_flags_cbor_append(&bytes, &flag, converts) &&
			wf_flags_cbor_append(&bytes, &key, converts);
	}
	if (!appended)
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
	input->data = bytes.data;
	input->len = bytes.len;
	return appended;
}

/* It is part of the context: the data of a list operator's body have none. */
static bool
fetch_targeting_key(WfRun *run, WfValue *key)
{
	static const WfAttribute attribute = {.is_key = true};

	return run->scope == NULL && wf_flags_attribute_fetch(run, &attribute, key) &&
		(key->type != WF_VALUE_STRING || key->u.string.len > 0);
}
