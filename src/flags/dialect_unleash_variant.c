/*
 * dialect_unleash_variant.c: Unleash's variants.  Pure.
 *
 * variant := {"name": text, "weight": number, "payload": {"type", "value"},
 *             "stickiness": text, "overrides": [{"contextName", "values"}]}
 *
 * A flag that is on without variants has one called "disabled", and so has one
 * that is off.
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"
#include "flags/json_read.h"
#include "flags/operator.h"

/* Murmur3's seed of variants. */
#define VARIANT_SEED 86028157

/* A condition that chooses a variant. */
typedef struct Override
{
	WfNode		condition;
	int			variant;
} Override;

/* Overrides, and what is served beside them. */
typedef struct Choice
{
	int			noverrides;
	Override   *overrides;
	WfSplit    *split;			/* NULL: no variant */
} Choice;

static bool add_variant(WfUnleashVariants *variants, JsonbValue *value, const char *path, WfFault *fault,
						JsonbContainer **object);
static void set_value(WfVariant *variant, JsonbContainer *object);
static uint32 weight_of(JsonbContainer *variant);
static WfSplit *split_variants(WfUnleashVariants *variants, JsonbContainer *array, int first,
							   JsonbContainer *strategy);
static void add_overrides(Choice *choice, JsonbContainer *variant, int index);
static void choose(WfRun *run, const WfNode *node, WfValue *result);

/* Starts with the variants that every flag has. */
void
wf_flags_unleash_begin_variants(WfUnleashVariants *variants, const WfSource *source)
{
	variants->source = source;
	variants->count = WF_UNLEASH_OWN;
	variants->variants = palloc0(sizeof(WfVariant) * WF_UNLEASH_OWN);
	variants->variants[WF_UNLEASH_OFF].name = wf_flags_string("disabled");
	variants->variants[WF_UNLEASH_ON].name = wf_flags_string("disabled");
	variants->variants[WF_UNLEASH_ON].enabled = true;
}

/*
 * Compiles the variants of a flag or, where that is given, a strategy; leaves
 * *serve alone where there are none.
 */
bool
wf_flags_unleash_variants(WfUnleashVariants *variants, JsonbContainer *owner, JsonbContainer *strategy,
						  const char *path, WfFault *fault, WfServe *serve)
{
	Choice	   *choice = palloc0(sizeof(Choice));
	int			first = variants->count;
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_member(owner, "variants", &value) || value.type == jbvNull)
		return true;
	path = psprintf("%s.variants", path);
	if (!wf_flags_document_array(&value, path, fault, &array, &n))
		return false;
	if (n == 0)
		return true;
	for (int i = 0; i < n; i++)
	{
		JsonbContainer *object;

		wf_flags_document_element(array, i, &value);
		if (!add_variant(variants, &value, psprintf("%s[%d]", path, i), fault, &object))
			return false;
		if (strategy == NULL)
			add_overrides(choice, object, first + i);
	}

	memset(serve, 0, sizeof(WfServe));
	serve->variant = WF_UNLEASH_ON;
	choice->split = split_variants(variants, array, first, strategy);
	if (choice->noverrides == 0)
		serve->split = choice->split;
	else
	{
		serve->node = palloc0(sizeof(WfNode));
		serve->node->type = WF_NODE_FUNCTION;
		serve->node->u.function.call = choose;
		serve->node->u.function.data = choice;
	}
	return true;
}

static bool
add_variant(WfUnleashVariants *variants, JsonbValue *value, const char *path, WfFault *fault,
			JsonbContainer **object)
{
	WfVariant  *variant;
	JsonbValue	name;

	if (!wf_flags_document_object(value, path, fault, object))
		return false;
	variants->variants = repalloc(variants->variants, sizeof(WfVariant) * (variants->count + 1));
	variant = &variants->variants[variants->count++];
	memset(variant, 0, sizeof(WfVariant));
	variant->enabled = true;
	if (!wf_flags_document_member(*object, "name", &name))
		return wf_flags_document_fault(fault, path, "expected \"name\"");
	if (!wf_flags_document_string(&name, psprintf("%s.name", path), fault, &variant->name))
		return false;
	set_value(variant, *object);
	return true;
}

/*
 * A variant's value is that of its payload: a number or a document where the
 * payload says that it is one.  Without a payload all there is to say is that
 * the flag is on.
 */
static void
set_value(WfVariant *variant, JsonbContainer *object)
{
	JsonbValue	payload;
	JsonbValue	value;
	JsonbValue	type;

	if (!wf_flags_document_member(object, "payload", &payload) || payload.type == jbvNull)
		return;
	variant->detail = JsonbValueToJsonb(&payload);
	if (payload.type != jbvBinary || !JsonContainerIsObject(payload.val.binary.data) ||
		!wf_flags_document_member(payload.val.binary.data, "value", &value))
		return;
	if (value.type == jbvString &&
		wf_flags_document_member(payload.val.binary.data, "type", &type) && type.type == jbvString)
	{
		WfString	name = {type.val.string.val, type.val.string.len};
		WfString	text = {value.val.string.val, value.val.string.len};
		Jsonb	   *parsed = NULL;

		if (wf_flags_strings_equal(name, wf_flags_string("json")) ||
			wf_flags_strings_equal(name, wf_flags_string("number")))
			parsed = wf_flags_json_read_document(text);
		if (parsed)
		{
			variant->value = parsed;
			return;
		}
	}
	variant->value = JsonbValueToJsonb(&value);
}

/* Weights are whole numbers; what is none counts as nothing. */
static uint32
weight_of(JsonbContainer *variant)
{
	JsonbValue	weight;
	WfValue		value;
	double		number;

	if (!wf_flags_document_member(variant, "weight", &weight) || weight.type != jbvNumeric)
		return 0;
	wf_flags_value_from_json(&weight, &value);
	number = wf_flags_value_double(&value);
	return number > 0 ? (uint32) Min(number, PG_INT32_MAX) : 0;
}

/* The split over an array's variants; NULL where they weigh nothing. */
static WfSplit *
split_variants(WfUnleashVariants *variants, JsonbContainer *array, int first, JsonbContainer *strategy)
{
	WfUnleashBucket bucket = {.seed = VARIANT_SEED, .always = true};
	int			n = JsonContainerSize(array);
	uint64		total = 0;
	JsonbValue	value;
	JsonbValue	stickiness;
	WfSplit    *split;

	bucket.group = variants->source->key;
	bucket.stickiness = wf_flags_string("default");
	if (strategy)
	{
		(void) wf_flags_unleash_parameter(strategy, "groupId", &bucket.group);
		(void) wf_flags_unleash_parameter(strategy, "stickiness", &bucket.stickiness);
	}
	else
	{
		wf_flags_document_element(array, 0, &value);
		if (wf_flags_document_member(value.val.binary.data, "stickiness", &stickiness))
			(void) wf_flags_unleash_text(&stickiness, &bucket.stickiness);
	}

	split = wf_flags_unleash_split(variants->source, &bucket, n);
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		split->arms[i].variant = first + i;
		split->arms[i].lower = (double) (total + 1);
		total = Min(total + weight_of(value.val.binary.data), PG_UINT32_MAX);
		split->arms[i].upper = (double) total;
	}
	split->total = (uint32) total;
	return total > 0 ? split : NULL;
}

static void
add_overrides(Choice *choice, JsonbContainer *variant, int index)
{
	JsonbContainer *array;
	JsonbValue	value;

	if (!wf_flags_document_member(variant, "overrides", &value) || value.type != jbvBinary ||
		!JsonContainerIsArray(value.val.binary.data))
		return;
	array = value.val.binary.data;
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		WfUnleashNodes nodes = {0};
		WfPredicate *predicate;
		JsonbContainer *values;
		JsonbValue	name;
		WfString	text;
		int			n;

		wf_flags_document_element(array, i, &value);
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data) ||
			!wf_flags_document_member(value.val.binary.data, "contextName", &name) ||
			!wf_flags_unleash_text(&name, &text) ||
			!wf_flags_document_member(value.val.binary.data, "values", &value) ||
			value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
			continue;
		values = value.val.binary.data;
		n = JsonContainerSize(values);
		predicate = wf_flags_unleash_add_predicate(&nodes, text, wf_flags_match_equal, n);
		predicate->noperands = 0;
		for (int j = 0; j < n; j++)
		{
			wf_flags_document_element(values, j, &value);
			if (wf_flags_unleash_text(&value, &text))
				wf_flags_unleash_set_operand(predicate, predicate->noperands++, text);
		}
		wf_flags_predicate_index(predicate);
		choice->overrides = choice->overrides
			? repalloc(choice->overrides, sizeof(Override) * (choice->noverrides + 1))
			: palloc(sizeof(Override));
		choice->overrides[choice->noverrides].condition = nodes.nodes[0];
		choice->overrides[choice->noverrides++].variant = index;
	}
}

/* WfFunction: the index of the variant, by overrides first. */
static void
choose(WfRun *run, const WfNode *node, WfValue *result)
{
	const Choice *choice = (const Choice *) node->u.function.data;
	int			variant = WF_UNLEASH_ON;
	double		position;
	int			arm;

	for (int i = 0; i < choice->noverrides; i++)
	{
		if (wf_flags_node_holds(run, &choice->overrides[i].condition))
		{
			wf_flags_value_set_double(result, choice->overrides[i].variant);
			return;
		}
	}
	if (choice->split && wf_flags_split_choose(run, choice->split, &arm, &position) && arm >= 0)
		variant = choice->split->arms[arm].variant;
	wf_flags_value_set_double(result, variant);
}
