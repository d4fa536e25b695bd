/*
 * dialect_growthbook.c: flags of GrowthBook.  Pure.
 *
 * A feature's rules are run in order until one serves; each becomes a group
 * of rules: its prerequisites and filters, which may end it, then the value
 * that it forces, or its experiment.  A feature without a default value, or
 * whose prerequisite blocks it, serves nothing: the caller's default.
 */
#include "common/compat.h"

#include "flags/dialect_growthbook.h"
#include "flags/document.h"
#include "flags/eval.h"

static WfProgram *compile_growthbook(const WfSource *source, WfFault *fault);
static bool compile_feature(WfGrowthbookCompiler *compiler, const WfValue *feature);
static void compile_default(WfGrowthbookCompiler *compiler, const WfValue *feature);
static void compile_override(WfGrowthbookCompiler *compiler);
static bool compile_rule(WfGrowthbookCompiler *compiler, const WfValue *rule, int index);
static bool compile_parents(WfGrowthbookCompiler *compiler, const WfValue *parents,
							const WfFlagRule *like, const char *path);
static bool compile_parent(WfGrowthbookCompiler *compiler, const WfValue *parent,
						   const WfFlagRule *like, const char *path);
static bool compile_force(WfGrowthbookCompiler *compiler, const WfValue *rule, const WfValue *value,
						  const WfFlagRule *like, const char *path);
static WfSplit *compile_share(WfGrowthbookCompiler *compiler, const WfValue *rule);
static int	add_value(WfGrowthbookCompiler *compiler, const WfValue *value);
static WfNode *negate(const WfNode *condition);

/* WfDialect.compile. */
static WfProgram *
compile_growthbook(const WfSource *source, WfFault *fault)
{
	static const WfGrowthbookShared nothing = {0};
	WfProgram  *program = palloc0(sizeof(WfProgram));
	WfGrowthbookCompiler compiler = {source, &nothing, program, .fault = fault};
	WfValue		feature = {.type = WF_VALUE_ABSENT};

	program->dialect = &wf_flags_dialect_growthbook;
	program->enabled = source->enabled;
	program->off = WF_VARIANT_NONE;
	wf_flags_growthbook_path(wf_flags_string(WF_GROWTHBOOK_ID), true, &program->key);
	if (source->shared && source->shared->data)
		compiler.shared = source->shared->data;
	if (source->definition)
		wf_flags_value_from_root(source->definition, &feature);
	if (!compile_feature(&compiler, &feature))
		return NULL;
	program->variants = compiler.variants;
	return program;
}

static bool
compile_feature(WfGrowthbookCompiler *compiler, const WfValue *feature)
{
	WfProgram  *program = compiler->program;
	WfValue		member;

	if (feature->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(compiler->fault, "$", "expected an object");
	compile_override(compiler);
	if (wf_flags_growthbook_member(feature, "rules", &member))
	{
		if (member.type != WF_VALUE_ARRAY)
			return wf_flags_document_fault(compiler->fault, "$.rules", "expected an array");
		for (int i = 0; i < wf_flags_value_length(&member); i++)
		{
			WfValue		rule;

			(void) wf_flags_value_element(&member, i, &rule);
			if (!compile_rule(compiler, &rule, i))
				return false;
		}
	}
	compile_default(compiler, feature);
	if (wf_flags_growthbook_member(feature, "metadata", &member) && member.type == WF_VALUE_OBJECT)
		program->metadata = wf_flags_value_to_jsonb(&member);
	return true;
}

static void
compile_default(WfGrowthbookCompiler *compiler, const WfValue *feature)
{
	WfProgram  *program = compiler->program;
	WfValue		value;

	program->fallthrough.stage = WF_GROWTHBOOK_DEFAULT;
	program->fallthrough.reason = program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
	program->fallthrough.serve.variant = WF_VARIANT_NONE;
	if (wf_flags_value_member(feature, wf_flags_string("defaultValue"), &value))
		program->fallthrough.serve.variant = add_value(compiler, &value);
}

/* A value that the document forces, whatever the rules say. */
static void
compile_override(WfGrowthbookCompiler *compiler)
{
	WfFlagRule	like = {.group = 0, .reason = WF_REASON_TARGETING_MATCH};
	WfValue		forced = {.type = WF_VALUE_OBJECT};
	WfValue		value;
	WfFlagRule *rule;

	forced.u.container = compiler->shared->forced_values;
	if (forced.u.container == NULL || !wf_flags_value_member(&forced, compiler->source->key, &value))
		return;
	rule = wf_flags_growthbook_add_rule(compiler, &like, WF_GROWTHBOOK_OVERRIDE);
	rule->serve.variant = add_value(compiler, &value);
}

static bool
compile_rule(WfGrowthbookCompiler *compiler, const WfValue *rule, int index)
{
	WfGrowthbookRule *detail = palloc0(sizeof(WfGrowthbookRule));
	const char *path = psprintf("$.rules[%d]", index);
	WfFlagRule	like = {
		.reason = WF_REASON_TARGETING_MATCH, .index = index, .group = index + 1, .detail = detail
	};
	WfValue		member;

	if (rule->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(compiler->fault, path, "expected an object");
	like.id = wf_flags_string(psprintf("%d", index + 1));
	if (wf_flags_growthbook_member(rule, "id", &member))
		like.id = detail->id = wf_flags_js_string(&member);

	if (wf_flags_growthbook_member(rule, "parentConditions", &member) &&
		!compile_parents(compiler, &member, &like, psprintf("%s.parentConditions", path)))
		return false;
	if (wf_flags_growthbook_member(rule, "filters", &member))
	{
		WfNode		filters = {0};

		if (!wf_flags_growthbook_filters(compiler, &member, psprintf("%s.filters", path), &filters))
			return false;
		wf_flags_growthbook_add_guard(compiler, &like, &filters);
	}
	if (wf_flags_value_member(rule, wf_flags_string("force"), &member))
		return compile_force(compiler, rule, &member, &like, path);
	if ((!wf_flags_value_member(rule, wf_flags_string("contextualVariations"), &member) ||
		 member.type == WF_VALUE_NULL) &&
		!wf_flags_growthbook_member(rule, "variations", &member))
		return true;
	if (!wf_flags_js_truthy(&member))
		return true;
	if (member.type != WF_VALUE_ARRAY)
		return wf_flags_document_fault(compiler->fault, psprintf("%s.variations", path),
									   "expected an array");
	return wf_flags_growthbook_experiment(compiler, rule, &member, &like, path);
}

static bool
compile_parents(WfGrowthbookCompiler *compiler, const WfValue *parents, const WfFlagRule *like,
				const char *path)
{
	if (parents->type != WF_VALUE_ARRAY)
		return wf_flags_document_fault(compiler->fault, path, "expected an array");
	compiler->program->tests_flags |= wf_flags_value_length(parents) > 0;
	for (int i = 0; i < wf_flags_value_length(parents); i++)
	{
		WfValue		parent;

		(void) wf_flags_value_element(parents, i, &parent);
		if (!compile_parent(compiler, &parent, like, psprintf("%s[%d]", path, i)))
			return false;
	}
	return true;
}

/*
 * A prerequisite.  Where it fails, a gate blocks the whole feature, any other
 * one ends the rule.
 */
static bool
compile_parent(WfGrowthbookCompiler *compiler, const WfValue *parent, const WfFlagRule *like,
			   const char *path)
{
	WfFlagTest *test = palloc0(sizeof(WfFlagTest));
	WfNode		node = {.type = WF_NODE_FLAG};
	WfFlagRule *rule;
	WfValue		member;

	if (parent->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(compiler->fault, path, "expected an object");
	(void) wf_flags_value_member(parent, wf_flags_string("id"), &member);
	test->key = wf_flags_js_string(&member);
	test->missing_is_null = true;
	test->cycle_error = WF_ERROR_GENERAL;
	if (wf_flags_growthbook_member(parent, "condition", &member))
	{
		test->condition = palloc0(sizeof(WfNode));
		if (!wf_flags_growthbook_condition(compiler, &member, false, psprintf("%s.condition", path),
										   test->condition))
			return false;
	}
	node.u.flag = test;
	if (!wf_flags_growthbook_member(parent, "gate", &member))
	{
		wf_flags_growthbook_add_guard(compiler, like, &node);
		return true;
	}
	rule = wf_flags_growthbook_add_rule(compiler, like, WF_GROWTHBOOK_PREREQUISITE);
	rule->condition = negate(&node);
	rule->serve.variant = WF_VARIANT_NONE;
	rule->reason = WF_REASON_DEFAULT;
	return true;
}

static bool
compile_force(WfGrowthbookCompiler *compiler, const WfValue *rule, const WfValue *value,
			  const WfFlagRule *like, const char *path)
{
	WfFlagRule *forced = wf_flags_growthbook_add_rule(compiler, like, WF_GROWTHBOOK_FORCE);
	WfValue		member;

	forced->serve.variant = add_value(compiler, value);
	forced->share = compile_share(compiler, rule);
	if (!wf_flags_growthbook_member(rule, "condition", &member))
		return true;
	forced->condition = palloc0(sizeof(WfNode));
	return wf_flags_growthbook_condition(compiler, &member, true, psprintf("%s.condition", path),
										 forced->condition);
}

/* How many a rule forces its value on: a range, or all up to its coverage. */
static WfSplit *
compile_share(WfGrowthbookCompiler *compiler, const WfValue *rule)
{
	WfGrowthbookUnit unit;
	WfString	seed = compiler->source->key;
	WfValue		coverage;
	WfValue		range;
	WfValue		member;
	WfSplit    *split;

	(void) wf_flags_value_member(rule, wf_flags_string("coverage"), &coverage);
	if (!wf_flags_growthbook_member(rule, "range", &range) && coverage.type == WF_VALUE_ABSENT)
		return NULL;
	wf_flags_growthbook_unit(compiler, rule, &unit);
	if (wf_flags_growthbook_member(rule, "seed", &member))
		seed = wf_flags_js_string(&member);
	(void) wf_flags_growthbook_member(rule, "hashVersion", &member);
	split = wf_flags_growthbook_split(compiler, &member, 1, seed, &unit);
	if (split == NULL)
		split = palloc0(sizeof(WfSplit));
	else if (range.type != WF_VALUE_ABSENT)
		wf_flags_growthbook_add_range(split, &range, 0);
	else if (coverage.type != WF_VALUE_NUMBER || wf_flags_value_double(&coverage) != 0)
	{
		WfArm	   *arm = palloc0(sizeof(WfArm));

		arm->upper = wf_flags_js_number(&coverage);
		split->arms = arm;
		split->narms = 1;
		split->comparison = WF_COMPARISON_AT_MOST;
	}
	return split;
}

/* Adds a variant; what GrowthBook calls on is what is truthy. */
int
wf_flags_growthbook_add_variant(WfGrowthbookCompiler *compiler, const WfValue *value, WfString name)
{
	WfProgram  *program = compiler->program;
	WfVariant  *variant;

	if (program->nvariants == compiler->variants_max)
	{
		compiler->variants_max = Max(compiler->variants_max * 2, 4);
		compiler->variants = compiler->variants == NULL
			? palloc(sizeof(WfVariant) * compiler->variants_max)
			: repalloc(compiler->variants, sizeof(WfVariant) * compiler->variants_max);
		program->variants = compiler->variants;
	}
	variant = &compiler->variants[program->nvariants];
	memset(variant, 0, sizeof(WfVariant));
	variant->name = name;
	variant->value = wf_flags_value_to_jsonb(value);
	variant->enabled = wf_flags_js_truthy(value);
	return program->nvariants++;
}

/* Adds a rule like another one; it may move those before it. */
WfFlagRule *
wf_flags_growthbook_add_rule(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
							 WfGrowthbookSource source)
{
	WfProgram  *program = compiler->program;
	WfFlagRule *rule;

	if (program->nrules == compiler->rules_max)
	{
		compiler->rules_max = Max(compiler->rules_max * 2, 4);
		program->rules = program->rules == NULL
			? palloc(sizeof(WfFlagRule) * compiler->rules_max)
			: repalloc(program->rules, sizeof(WfFlagRule) * compiler->rules_max);
	}
	rule = &program->rules[program->nrules++];
	*rule = *like;
	rule->stage = source;
	return rule;
}

/* Adds a rule that ends its group where a condition does not hold. */
void
wf_flags_growthbook_add_guard(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
							  const WfNode *condition)
{
	WfFlagRule *rule = wf_flags_growthbook_add_rule(compiler, like, WF_GROWTHBOOK_GUARD);

	rule->condition = negate(condition);
	rule->serve.variant = WF_VARIANT_MISS;
	rule->serve.miss = WF_MISS_GROUP;
}

/* Fetches a truthy member; false, and an absent one, where there is none. */
bool
wf_flags_growthbook_member(const WfValue *object, const char *name, WfValue *member)
{
	if (wf_flags_value_member(object, wf_flags_string(name), member) && wf_flags_js_truthy(member))
		return true;
	member->type = WF_VALUE_ABSENT;
	return false;
}

/*
 * Adds the variant of a value that is no variation.  An override can choose it
 * by its text, unless another one has that name.
 */
static int
add_value(WfGrowthbookCompiler *compiler, const WfValue *value)
{
	WfString	name = {NULL, 0};
	int			variant;

	if (value->type > WF_VALUE_NULL && value->type < WF_VALUE_ARRAY)
	{
		name = wf_flags_js_string(value);
		variant = wf_flags_variant_index(compiler->program, name);
		if (variant != WF_VARIANT_NONE)
		{
			WfValue		same;

			wf_flags_value_from_root(compiler->variants[variant].value, &same);
			if (wf_flags_values_same(&same, value))
				return variant;
			name.data = NULL;
		}
	}
	return wf_flags_growthbook_add_variant(compiler, value, name);
}

static WfNode *
negate(const WfNode *condition)
{
	WfNode	   *node = palloc0(sizeof(WfNode));

	wf_flags_growthbook_add_children(node, WF_NODE_NOT, 1);
	*node->children = *condition;
	return node;
}

const WfDialect wf_flags_dialect_growthbook = {
	.name = "growthbook",
	.compile = compile_growthbook,
	.normalize = wf_flags_growthbook_normalize,
	.compile_shared = wf_flags_growthbook_share,
	.list_flags = wf_flags_growthbook_list,
	.list_limits = wf_flags_growthbook_limits,
	.assemble = wf_flags_growthbook_assemble,
	.result = wf_flags_growthbook_result,
};
