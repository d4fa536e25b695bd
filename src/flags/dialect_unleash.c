/*
 * dialect_unleash.c: flags of Unleash.  Pure.
 *
 * flag := {"name": text, "enabled": boolean, "strategies": [strategy, ...],
 *          "variants": [variant, ...], "dependencies": [dependency, ...]}
 * dependency := {"feature": name, "enabled": boolean, "variants": [name, ...]}
 *
 * The strategies are alternatives, of which the first that fits decides about
 * the variant; without any the flag is on for all.  Before them come the flags
 * that this one depends on, which may not depend on others in turn.
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"
#include "flags/json.h"

/* State of one compilation. */
typedef struct Compiler
{
	const WfSource *source;
	WfProgram  *program;
	JsonbContainer *flag;
	WfUnleashVariants variants;
	WfServe		serve;			/* of strategies without variants */
	WfFault    *fault;
} Compiler;

static WfProgram *compile_flag(const WfSource *source, WfFault *fault);
static bool compile_dependencies(Compiler *compiler);
static bool compile_dependency(Compiler *compiler, JsonbValue *value, const char *path, WfNode *node);
static void compile_wanted_variants(JsonbContainer *dependency, WfFlagTest *test);
static bool compile_strategies(Compiler *compiler);
static bool compile_strategy(Compiler *compiler, JsonbValue *value, int index, WfFlagRule *rule, bool *never);
static WfReason reason_for_all(const WfProgram *program, const WfFlagRule *rule);
static WfString strategy_id(JsonbContainer *strategy, int index);
static void set_metadata(Compiler *compiler);
static bool compile_shared(WfShared *shared, WfFault *fault);
static bool compile_segment(JsonbValue *value, const char *path, WfFault *fault, WfUnleashSegment *segment);

const WfDialect wf_flags_dialect_unleash = {
	.name = "unleash",
	.state = "enabled",
	.compile = compile_flag,
	.normalize = wf_flags_unleash_normalize,
	.compile_shared = compile_shared,
	.list_flags = wf_flags_unleash_list_flags,
	.list_limits = wf_flags_unleash_list_limits,
	.assemble = wf_flags_unleash_assemble,
	.result = wf_flags_unleash_result,
};

/* WfDialect.compile. */
static WfProgram *
compile_flag(const WfSource *source, WfFault *fault)
{
	WfProgram  *program = palloc0(sizeof(WfProgram));
	Compiler	compiler = {.source = source, .program = program, .fault = fault};

	if (source->definition == NULL || !JB_ROOT_IS_OBJECT(source->definition))
	{
		(void) wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	compiler.flag = &source->definition->root;
	program->dialect = &wf_flags_dialect_unleash;
	program->enabled = source->enabled;
	program->key = wf_flags_unleash_user();
	program->off = WF_UNLEASH_OFF;
	wf_flags_unleash_begin_variants(&compiler.variants, source);
	compiler.serve.variant = WF_UNLEASH_ON;
	if (!wf_flags_unleash_variants(&compiler.variants, compiler.flag, NULL, "$", fault, &compiler.serve) ||
		!compile_dependencies(&compiler) || !compile_strategies(&compiler))
		return NULL;
	program->variants = compiler.variants.variants;
	program->nvariants = compiler.variants.count;
	set_metadata(&compiler);
	return program;
}

/* The flag is off unless all of its dependencies are as they should be. */
static bool
compile_dependencies(Compiler *compiler)
{
	WfProgram  *program = compiler->program;
	JsonbContainer *array;
	JsonbValue	value;
	WfNode	   *all;
	WfNode	   *not;
	int			n;

	if (!wf_flags_document_member(compiler->flag, "dependencies", &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_array(&value, "$.dependencies", compiler->fault, &array, &n))
		return false;
	if (n == 0)
		return true;

	program->tests_flags = true;
	all = palloc0(sizeof(WfNode));
	all->type = WF_NODE_ALL;
	all->nchildren = n;
	all->children = palloc0(sizeof(WfNode) * n);
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!compile_dependency(compiler, &value, psprintf("$.dependencies[%d]", i), &all->children[i]))
			return false;
	}
	not = palloc0(sizeof(WfNode));
	not->type = WF_NODE_NOT;
	not->nchildren = 1;
	not->children = all;
	program->nrules = 1;
	program->rules = palloc0(sizeof(WfFlagRule));
	program->rules[0].id = wf_flags_string("dependencies");
	program->rules[0].condition = not;
	program->rules[0].serve.variant = WF_UNLEASH_OFF;
	program->rules[0].reason = WF_REASON_TARGETING_MATCH;
	return true;
}

static bool
compile_dependency(Compiler *compiler, JsonbValue *value, const char *path, WfNode *node)
{
	WfFlagTest *test = palloc0(sizeof(WfFlagTest));
	JsonbContainer *object;
	JsonbValue	member;

	if (!wf_flags_document_object(value, path, compiler->fault, &object))
		return false;
	if (!wf_flags_document_member(object, "feature", &member))
		return wf_flags_document_fault(compiler->fault, path, "expected \"feature\"");
	if (!wf_flags_document_string(&member, psprintf("%s.feature", path), compiler->fault, &test->key))
		return false;
	node->type = WF_NODE_FLAG;
	node->u.flag = test;
	test->leaf_only = true;
	test->enabled = WF_WANTED_TRUE;
	if (wf_flags_document_member(object, "enabled", &member) && member.type == jbvBool && !member.val.boolean)
		test->enabled = WF_WANTED_FALSE;
	else
		compile_wanted_variants(object, test);
	return true;
}

static void
compile_wanted_variants(JsonbContainer *dependency, WfFlagTest *test)
{
	JsonbContainer *array;
	JsonbValue	value;

	if (!wf_flags_document_member(dependency, "variants", &value) || value.type != jbvBinary ||
		!JsonContainerIsArray(value.val.binary.data))
		return;
	array = value.val.binary.data;
	test->nvariants = JsonContainerSize(array);
	test->variants = palloc0(sizeof(WfString) * Max(test->nvariants, 1));
	for (int i = 0; i < test->nvariants; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!wf_flags_unleash_text(&value, &test->variants[i]))
			test->variants[i] = wf_flags_string("");
	}
}

/* A strategy that is for all ends the rules; what would follow it can't be reached. */
static bool
compile_strategies(Compiler *compiler)
{
	WfProgram  *program = compiler->program;
	WfFlagRule *fallthrough = &program->fallthrough;
	JsonbContainer *array;
	JsonbValue	value;
	int			n = 0;

	fallthrough->serve = compiler->serve;
	fallthrough->reason = reason_for_all(program, fallthrough);
	if (!wf_flags_document_member(compiler->flag, "strategies", &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_array(&value, "$.strategies", compiler->fault, &array, &n))
		return false;
	if (n == 0)
		return true;

	program->rules = program->rules ? repalloc(program->rules, sizeof(WfFlagRule) * (n + 1))
		: palloc(sizeof(WfFlagRule) * n);
	memset(&fallthrough->serve, 0, sizeof(WfServe));
	fallthrough->serve.variant = WF_UNLEASH_OFF;
	fallthrough->reason = WF_REASON_DEFAULT;
	for (int i = 0; i < n; i++)
	{
		WfFlagRule	rule = {0};
		bool		never;

		wf_flags_document_element(array, i, &value);
		if (!compile_strategy(compiler, &value, i, &rule, &never))
			return false;
		if (never)
			continue;
		if (rule.condition || (rule.share && i < n - 1))
		{
			program->rules[program->nrules++] = rule;
			continue;
		}
		rule.reason = reason_for_all(program, &rule);
		*fallthrough = rule;
		break;
	}
	return true;
}

static bool
compile_strategy(Compiler *compiler, JsonbValue *value, int index, WfFlagRule *rule, bool *never)
{
	const char *path = psprintf("$.strategies[%d]", index);
	JsonbContainer *object;

	if (!wf_flags_document_object(value, path, compiler->fault, &object) ||
		!wf_flags_unleash_strategy(compiler->source, object, path, compiler->fault, rule, never,
								   &compiler->program->npredicates))
		return false;
	rule->id = strategy_id(object, index);
	rule->index = index;
	rule->serve = compiler->serve;
	return wf_flags_unleash_variants(&compiler->variants, object, object, path, compiler->fault, &rule->serve);
}

/* Why a rule served that nothing but earlier ones kept from serving. */
static WfReason
reason_for_all(const WfProgram *program, const WfFlagRule *rule)
{
	if (rule->serve.node)
		return WF_REASON_SPLIT;
	return program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
}

/* What people call a strategy: its title, its id, or the how manieth it is. */
static WfString
strategy_id(JsonbContainer *strategy, int index)
{
	static const char *const names[] = {"title", "id"};
	JsonbValue	value;

	for (int i = 0; i < lengthof(names); i++)
	{
		if (wf_flags_document_member(strategy, names[i], &value) && value.type == jbvString &&
			value.val.string.len > 0)
			return wf_flags_string_copy(value.val.string.val, value.val.string.len);
	}
	return wf_flags_string(psprintf("%d", index + 1));
}

static void
set_metadata(Compiler *compiler)
{
	static const char *const names[] = {"type", "project", "stale", "impressionData"};
	JsonbParseState *state = NULL;
	JsonbValue	member;
	WfValue		value;

	wf_flags_json_begin(&state);
	for (int i = 0; i < lengthof(names); i++)
	{
		if (!wf_flags_document_member(compiler->flag, names[i], &member) || member.type == jbvNull)
			continue;
		wf_flags_value_from_json(&member, &value);
		wf_flags_json_value(&state, names[i], &value);
	}
	compiler->program->metadata = wf_flags_json_end(&state);
}

/* WfDialect.compile_shared: the segments. */
static bool
compile_shared(WfShared *shared, WfFault *fault)
{
	WfUnleashShared *data = palloc0(sizeof(WfUnleashShared));
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	shared->data = data;
	if (!wf_flags_document_member(&shared->document->root, "segments", &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_array(&value, "$.segments", fault, &array, &n))
		return false;
	data->segments = palloc0(sizeof(WfUnleashSegment) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!compile_segment(&value, psprintf("$.segments[%d]", i), fault, &data->segments[data->nsegments]))
			return false;
		if (data->segments[data->nsegments].condition)
			data->nsegments++;
	}
	return true;
}

/* A segment of which the constraints are kept back has no condition. */
static bool
compile_segment(JsonbValue *value, const char *path, WfFault *fault, WfUnleashSegment *segment)
{
	WfUnleashNodes nodes = {0};
	JsonbContainer *object;
	JsonbValue	member;

	if (!wf_flags_document_object(value, path, fault, &object))
		return false;
	if (!wf_flags_document_member(object, "id", &member) || !wf_flags_unleash_text(&member, &segment->id))
		return wf_flags_document_fault(fault, psprintf("%s.id", path), "expected the segment's number");
	if (!wf_flags_document_member(object, "constraints", &member) || member.type == jbvNull)
		return true;
	if (!wf_flags_unleash_constraints(object, path, fault, &nodes))
		return false;
	segment->condition = palloc0(sizeof(WfNode));
	segment->condition->type = WF_NODE_ALL;
	segment->condition->nchildren = nodes.count;
	segment->condition->children = nodes.nodes;
	segment->npredicates = nodes.npredicates;
	return true;
}
