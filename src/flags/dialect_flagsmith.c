/*
 * dialect_flagsmith.c: Flagsmith's features.  Pure.
 *
 * feature := {"key", "name", "enabled", "value", "variants": [{"key", "value",
 *             "weight", "priority"}, ...], "priority", "metadata"}
 *
 * The definition of a flag is the environment's own feature; what segments
 * override is in the document.  Overrides become rules in the order of their
 * priority.  A feature with variants is split among the identities, what is
 * left is the control: the feature's own value.
 *
 * Whether a feature is enabled is a part of what is served, so a disabled one
 * has a value too.  A flag that is switched off here, although its definition
 * is enabled, is disabled for everybody; one that its definition disables may
 * be enabled by a segment.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/bucket.h"
#include "flags/dialect_flagsmith.h"
#include "flags/document.h"

/* State of one compilation. */
typedef struct Compiler
{
	const WfFlagsmithShared *shared;
	bool		converts;
	bool		killed;			/* switched off here */
	WfProgram  *program;
	WfVariant  *variants;		/* the program's */
	WfNode	   *identity_key;
	WfFault    *fault;
} Compiler;

/* A variant of a feature, to be ordered. */
typedef struct Weighed
{
	WfFlagsmithPriority priority;
	int			order;
	WfValue		key;
	WfValue		value;
	WfValue		weight;
} Weighed;

static WfProgram *compile_flagsmith(const WfSource *source, WfFault *fault);
static const WfFlagsmithOverride *first_override(const WfFlagsmithShared *shared, WfString name,
												 int *count);
static bool reserve(Compiler *compiler, JsonbContainer *feature,
					const WfFlagsmithOverride *overrides, int noverrides);
static bool count_variants(JsonbContainer *feature, const char *path, WfFault *fault, int *count);
static bool compile_override(Compiler *compiler, const WfFlagsmithOverride *override);
static bool compile_feature(Compiler *compiler, JsonbContainer *feature, const char *path, bool enabled,
							const WfFlagsmithSegment *segment, WfFlagRule *fixed);
static bool compile_split(Compiler *compiler, JsonbContainer *feature, const char *path,
						  WfVariant *control, WfFlagRule *rule);
static bool read_variants(JsonbContainer *feature, const char *path, WfFault *fault,
						  int count, Weighed *weighed);
static int	compare_weighed(const void *a, const void *b);
static int	add_variant(Compiler *compiler, const WfVariant *like);
static WfNode *segment_node(const WfFlagsmithSegment *segment);

/* WfDialect.compile. */
static WfProgram *
compile_flagsmith(const WfSource *source, WfFault *fault)
{
	static const WfFlagsmithShared nothing = {.nsegments = 0};
	WfProgram  *program = palloc0(sizeof(WfProgram));
	Compiler	compiler = {.program = program, .converts = source->converts, .fault = fault};
	const WfFlagsmithOverride *overrides;
	JsonbContainer *feature;
	WfString	name = source->key;
	WfValue		value;
	int			noverrides;

	if (source->definition == NULL || !JB_ROOT_IS_OBJECT(source->definition))
	{
		(void) wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	feature = &source->definition->root;
	compiler.shared = source->shared && source->shared->data ? source->shared->data : &nothing;
	compiler.identity_key = palloc0(sizeof(WfNode));
	wf_flags_flagsmith_identity_key(compiler.shared, compiler.identity_key);
	compiler.killed = !source->enabled && wf_flags_flagsmith_member(feature, "enabled", &value) &&
		wf_flags_js_truthy(&value);
	if (wf_flags_flagsmith_member(feature, "name", &value) && value.type == WF_VALUE_STRING)
		name = value.u.string;

	program->dialect = &wf_flags_dialect_flagsmith;
	program->enabled = true;
	program->key = compiler.shared->identifier;
	program->key.is_key = true;
	program->off = WF_VARIANT_NONE;
	if (wf_flags_flagsmith_member(feature, "metadata", &value) && value.type == WF_VALUE_OBJECT)
		program->metadata = wf_flags_value_to_jsonb(&value);

	overrides = first_override(compiler.shared, name, &noverrides);
	if (!reserve(&compiler, feature, overrides, noverrides))
		return NULL;
	for (int i = 0; i < noverrides; i++)
	{
		if (!compile_override(&compiler, &overrides[i]))
			return NULL;
	}
	if (!compile_feature(&compiler, feature, "$", source->enabled, NULL, &program->fallthrough))
		return NULL;
	program->fallthrough.reason = program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
	return program;
}

/* The overrides of a feature, in order. */
static const WfFlagsmithOverride *
first_override(const WfFlagsmithShared *shared, WfString name, int *count)
{
	int			low = 0;
	int			high = shared->noverrides;

	*count = 0;
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (wf_flags_strings_compare(shared->overrides[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *count < shared->noverrides &&
		   wf_flags_strings_equal(shared->overrides[low + *count].name, name))
		(*count)++;
	return shared->overrides + low;
}

/* Allocates what all rules and variants need. */
static bool
reserve(Compiler *compiler, JsonbContainer *feature, const WfFlagsmithOverride *overrides, int noverrides)
{
	int			nvariants;
	int			count;

	if (!count_variants(feature, "$", compiler->fault, &nvariants))
		return false;
	for (int i = 0; i < noverrides; i++)
	{
		if (!count_variants(overrides[i].feature, overrides[i].path, compiler->fault, &count))
			return false;
		nvariants += count;
	}
	/* Besides those that are written, each feature may need two controls. */
	compiler->variants = palloc0(sizeof(WfVariant) * (nvariants + 2 * (noverrides + 1)));
	compiler->program->variants = compiler->variants;
	compiler->program->rules = palloc0(sizeof(WfFlagRule) * (2 * noverrides + 1));
	return true;
}

static bool
count_variants(JsonbContainer *feature, const char *path, WfFault *fault, int *count)
{
	JsonbContainer *array;
	JsonbValue	value;

	*count = 0;
	if (!wf_flags_document_member(feature, "variants", &value) || value.type == jbvNull)
		return true;
	return wf_flags_document_array(&value, psprintf("%s.variants", path), fault, &array, count);
}

static bool
compile_override(Compiler *compiler, const WfFlagsmithOverride *override)
{
	WfProgram  *program = compiler->program;
	WfFlagRule	fixed = {.detail = NULL};
	WfValue		enabled;

	(void) wf_flags_flagsmith_member(override->feature, "enabled", &enabled);
	if (!compile_feature(compiler, override->feature, override->path,
						 wf_flags_js_truthy(&enabled) && !compiler->killed, override->segment, &fixed))
		return false;
	fixed.reason = WF_REASON_TARGETING_MATCH;
	program->rules[program->nrules++] = fixed;
	program->npredicates += override->segment->npredicates;
	return true;
}

/*
 * What is served of a feature: *fixed is the rule that serves its control; one
 * that splits goes before, if it has variants.  Without an identity, nobody is
 * in the split.
 */
static bool
compile_feature(Compiler *compiler, JsonbContainer *feature, const char *path, bool enabled,
				const WfFlagsmithSegment *segment, WfFlagRule *fixed)
{
	WfProgram  *program = compiler->program;
	WfFlagsmithServed *served = palloc0(sizeof(WfFlagsmithServed));
	WfVariant	control = {.detail = NULL};
	WfValue		value;
	int			count;

	served->segment = segment;
	(void) wf_flags_flagsmith_member(feature, "metadata", &served->metadata);
	(void) wf_flags_flagsmith_member(feature, "value", &value);
	control.value = wf_flags_value_to_jsonb(&value);
	control.enabled = enabled;

	fixed->detail = served;
	fixed->index = program->nrules;
	if (segment)
	{
		fixed->id = segment->name;
		fixed->condition = segment_node(segment);
	}
	if (!count_variants(feature, path, compiler->fault, &count))
		return false;
	if (count > 0)
	{
		WfFlagRule *rule = &program->rules[program->nrules++];

		*rule = *fixed;
		if (!compile_split(compiler, feature, path, &control, rule))
			return false;
	}
	fixed->serve.variant = add_variant(compiler, &control);
	return true;
}

static bool
compile_split(Compiler *compiler, JsonbContainer *feature, const char *path, WfVariant *control,
			  WfFlagRule *rule)
{
	WfSplit    *split = palloc0(sizeof(WfSplit));
	WfVariant	variant = *control;
	Weighed    *weighed;
	double		start = 0;
	WfValue		key;
	WfString	text = wf_flags_string("");
	int			count;

	(void) count_variants(feature, path, compiler->fault, &count);
	weighed = palloc0(sizeof(Weighed) * count);
	if (!read_variants(feature, path, compiler->fault, count, weighed))
		return false;
	if (wf_flags_flagsmith_member(feature, "key", &key))
		text = wf_flags_python_string(&key);

	split->hash = WF_HASH_MD5;
	split->reduction = WF_REDUCTION_PERCENT_9998;
	split->comparison = WF_COMPARISON_BELOW;
	split->missing = WF_MISSING_NONE;
	split->form = WF_KEY_PYTHON;
	split->converts = compiler->converts;
	split->prefix = wf_flags_encode_text(wf_flags_string(psprintf("%.*s,", text.len, text.data)),
										 split->converts);
	split->subject = compiler->identity_key;
	split->total = 100;
	split->narms = count + 1;
	split->arms = palloc0(sizeof(WfArm) * split->narms);
	for (int i = 0; i < count; i++)
	{
		WfArm	   *arm = &split->arms[i];
		WfString   *weight = palloc(sizeof(WfString));

		variant.name.data = NULL;
		variant.name.len = 0;
		if (weighed[i].key.type != WF_VALUE_NULL)
			variant.name = wf_flags_python_string(&weighed[i].key);
		variant.value = wf_flags_value_to_jsonb(&weighed[i].value);
		arm->variant = add_variant(compiler, &variant);
		arm->lower = start;
		arm->upper = start = wf_flags_value_double(&weighed[i].weight) + start;
		*weight = wf_flags_python_string(&weighed[i].weight);
		arm->detail = weight;
	}

	variant = *control;
	variant.name = wf_flags_string("control");
	split->arms[count].variant = add_variant(compiler, &variant);
	split->arms[count].upper = INFINITY;
	rule->serve.variant = WF_VARIANT_NONE;
	rule->serve.split = split;
	rule->serve.miss = WF_MISS_NEXT;
	return true;
}

/* A feature's variants in the order of their priority. */
static bool
read_variants(JsonbContainer *feature, const char *path, WfFault *fault, int count, Weighed *weighed)
{
	JsonbContainer *array;
	JsonbContainer *object;
	JsonbValue	value;

	(void) wf_flags_document_member(feature, "variants", &value);
	array = value.val.binary.data;
	for (int i = 0; i < count; i++)
	{
		const char *place = psprintf("%s.variants[%d]", path, i);

		wf_flags_document_element(array, i, &value);
		if (!wf_flags_document_object(&value, place, fault, &object))
			return false;
		(void) wf_flags_flagsmith_member(object, "key", &weighed[i].key);
		(void) wf_flags_flagsmith_member(object, "value", &weighed[i].value);
		if (!wf_flags_flagsmith_member(object, "weight", &weighed[i].weight) ||
			weighed[i].weight.type != WF_VALUE_NUMBER)
			return wf_flags_document_fault(fault, psprintf("%s.weight", place), "expected a percentage");
		wf_flags_flagsmith_priority(object, &weighed[i].priority);
		weighed[i].order = i;
	}
	qsort(weighed, count, sizeof(Weighed), compare_weighed);
	return true;
}

static int
compare_weighed(const void *a, const void *b)
{
	const Weighed *x = a;
	const Weighed *y = b;
	int			order = wf_flags_flagsmith_priority_compare(&x->priority, &y->priority);

	return order ? order : x->order - y->order;
}

static int
add_variant(Compiler *compiler, const WfVariant *like)
{
	compiler->variants[compiler->program->nvariants] = *like;
	return compiler->program->nvariants++;
}

static WfNode *
segment_node(const WfFlagsmithSegment *segment)
{
	WfNode	   *node = palloc0(sizeof(WfNode));
	WfSegmentTest *test = palloc0(sizeof(WfSegmentTest));

	test->key = segment->segment.key;
	test->segment = &segment->segment;
	node->type = WF_NODE_SEGMENT;
	node->u.segment = test;
	return node;
}

const WfDialect wf_flags_dialect_flagsmith = {
	.name = "flagsmith",
	.compile = compile_flagsmith,
	.normalize = wf_flags_flagsmith_normalize,
	.compile_shared = wf_flags_flagsmith_compile_shared,
	.list_flags = wf_flags_flagsmith_list_flags,
	.assemble = wf_flags_flagsmith_assemble,
	.restore = wf_flags_flagsmith_restore,
	.list_limits = wf_flags_flagsmith_list_limits,
	.result = wf_flags_flagsmith_result,
};
