/*
 * dialect_launchdarkly.c: flags of LaunchDarkly.  Pure.
 *
 * flag := {"key": key, "on": boolean, "salt": text, "variations": [value, ...],
 *          "offVariation": index,
 *          "prerequisites": [{"key": key, "variation": index}, ...],
 *          "targets": [target, ...], "contextTargets": [target, ...],
 *          "rules": [{"id": text, "clauses": [...], serve}, ...],
 *          "fallthrough": {serve}}
 * target := {"contextKind": kind, "variation": index, "values": [key, ...]}
 *
 * They become rules in that order: each prerequisite one that serves the off
 * variation where it fails, each target one for its keys.  Variations are
 * named by their index.  What leads to a variation that is not there is an
 * error, PARSE_ERROR, of whom it meets.
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"
#include "flags/json.h"

/* A flag under compilation. */
typedef struct Flag
{
	WfLaunchdarklyCompiler compiler;
	WfValue		definition;
	WfProgram  *program;
	WfServe		off;			/* the off variation, or none */
	WfString	salt;
} Flag;

static WfProgram *compile_launchdarkly(const WfSource *source, WfFault *fault);
static bool compile_flag(Flag *flag);
static bool compile_variations(Flag *flag);
static bool compile_off(Flag *flag);
static bool compile_rules(Flag *flag);
static bool compile_prerequisites(Flag *flag, const WfValue *list, int length);
static WfNode *prerequisite_failure(const WfString *key, const WfValue *index);
static bool compile_targets(Flag *flag, const WfValue *targets, int ntargets,
							const WfValue *context_targets, int ncontext_targets);
static bool compile_target(Flag *flag, const WfValue *target, const char *path);
static bool find_users(Flag *flag, const WfValue *targets, int ntargets, const WfValue *index, WfValue *found);
static bool compile_own_rules(Flag *flag, const WfValue *list, int length);
static bool compile_fallthrough(Flag *flag);
static WfFlagRule *add_rule(Flag *flag, WfLaunchdarklyStage stage, WfReason reason);
static Jsonb *make_metadata(const Flag *flag);

/* WfDialect.compile. */
static WfProgram *
compile_launchdarkly(const WfSource *source, WfFault *fault)
{
	WfProgram  *program = palloc0(sizeof(WfProgram));
	WfString	users[] = {{WF_KIND_USER, sizeof(WF_KIND_USER) - 1}, {"key", 3}};
	Flag		flag = {.program = program};
	WfString	key;
	WfString	salt;

	flag.compiler.fault = fault;
	flag.compiler.converts = source->converts;
	if (source->shared)
	{
		flag.compiler.shared = source->shared->data;
		flag.compiler.single_precision = source->shared->options.single_precision;
	}
	if (source->definition)
		wf_flags_value_from_root(source->definition, &flag.definition);
	if (flag.definition.type != WF_VALUE_OBJECT)
	{
		wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	if (!wf_flags_launchdarkly_text(&flag.definition, "key", "$", fault, &key) ||
		!wf_flags_launchdarkly_text(&flag.definition, "salt", "$", fault, &salt))
		return NULL;

	/* The key in the definition stays that of the buckets. */
	flag.salt = wf_flags_launchdarkly_salt(key.data ? key : source->key, salt);
	program->dialect = &wf_flags_dialect_launchdarkly;
	program->enabled = source->enabled;
	program->check = wf_flags_launchdarkly_check;
	program->key.is_key = true;
	wf_flags_attribute_add_path(&program->key, WF_PATH_ALWAYS, 1, &users[1]);
	wf_flags_attribute_add_path(&program->key, WF_PATH_ALWAYS, 2, users);
	if (!compile_flag(&flag))
		return NULL;
	program->npredicates = flag.compiler.npredicates;
	program->metadata = make_metadata(&flag);
	return program;
}

static bool
compile_flag(Flag *flag)
{
	return compile_variations(flag) && compile_off(flag) && compile_rules(flag) &&
		compile_fallthrough(flag);
}

/* What is not boolean counts as enabled, but for the off variation. */
static bool
compile_variations(Flag *flag)
{
	WfProgram  *program = flag->program;
	WfVariant  *variants;
	WfValue		list;

	if (!wf_flags_launchdarkly_list(&flag->definition, "variations", "$", flag->compiler.fault, &list,
									&program->nvariants))
		return false;
	variants = palloc0(sizeof(WfVariant) * Max(program->nvariants, 1));
	for (int i = 0; i < program->nvariants; i++)
	{
		WfValue		value;

		(void) wf_flags_value_element(&list, i, &value);
		variants[i].name = wf_flags_string(psprintf("%d", i));
		variants[i].value = wf_flags_value_to_jsonb(&value);
		variants[i].enabled = value.type != WF_VALUE_BOOLEAN || value.u.boolean;
	}
	program->variants = variants;
	return true;
}

static bool
compile_off(Flag *flag)
{
	WfProgram  *program = flag->program;
	WfValue		index;

	if (!wf_flags_launchdarkly_number(&flag->definition, "offVariation", "$", flag->compiler.fault, &index))
		return false;
	flag->off.variant = WF_VARIANT_NONE;
	if (index.type == WF_VALUE_NUMBER)
		wf_flags_launchdarkly_fix(&index, program->nvariants, &flag->off);
	program->off = flag->off.variant;
	/* A switched off flag serves nothing else. */
	if (!program->enabled)
		program->fault = flag->off.error;
	if (program->off != WF_VARIANT_NONE)
	{
		WfVariant  *off = unconstify(WfVariant *, &program->variants[program->off]);
		WfValue		value;

		wf_flags_value_from_root(off->value, &value);
		off->enabled = value.type == WF_VALUE_BOOLEAN && value.u.boolean;
	}
	return true;
}

static bool
compile_rules(Flag *flag)
{
	static const char *const names[] = {"prerequisites", "targets", "contextTargets", "rules"};
	WfValue		lists[lengthof(names)];
	int			lengths[lengthof(names)];
	int			total = 0;

	for (int i = 0; i < lengthof(names); i++)
	{
		if (!wf_flags_launchdarkly_list(&flag->definition, names[i], "$", flag->compiler.fault,
										&lists[i], &lengths[i]))
			return false;
		total += lengths[i];
	}
	flag->program->rules = palloc0(sizeof(WfFlagRule) * Max(total, 1));
	return compile_prerequisites(flag, &lists[0], lengths[0]) &&
		compile_targets(flag, &lists[1], lengths[1], &lists[2], lengths[2]) &&
		compile_own_rules(flag, &lists[3], lengths[3]);
}

static bool
compile_prerequisites(Flag *flag, const WfValue *list, int length)
{
	WfFault    *fault = flag->compiler.fault;

	flag->program->tests_flags = length > 0;
	for (int i = 0; i < length; i++)
	{
		const char *path = psprintf("$.prerequisites[%d]", i);
		WfString   *key = palloc(sizeof(WfString));
		WfFlagRule *rule;
		WfValue		prerequisite;
		WfValue		index;

		if (!wf_flags_launchdarkly_object(list, i, path, fault, &prerequisite) ||
			!wf_flags_launchdarkly_text(&prerequisite, "key", path, fault, key) ||
			!wf_flags_launchdarkly_number(&prerequisite, "variation", path, fault, &index))
			return false;
		if (key->data == NULL)
			return wf_flags_document_fault(fault, path, "expected \"key\"");
		rule = add_rule(flag, WF_LAUNCHDARKLY_PREREQUISITE, WF_REASON_DEFAULT);
		rule->id = wf_flags_string("prerequisite");
		rule->detail = key;
		rule->condition = prerequisite_failure(key, &index);
		rule->serve = flag->off;
	}
	return true;
}

/* Holds unless the other flag is on and serves the variation; without index 0. */
static WfNode *
prerequisite_failure(const WfString *key, const WfValue *index)
{
	WfNode	   *node = palloc0(sizeof(WfNode));
	WfFlagTest *test = palloc0(sizeof(WfFlagTest));

	test->key = *key;
	test->state = WF_WANTED_TRUE;
	test->nvariants = 1;
	test->variants = palloc(sizeof(WfString));
	test->variants[0] = index->type == WF_VALUE_NUMBER ? wf_flags_js_string(index) : wf_flags_string("0");
	test->cycle_error = WF_ERROR_PARSE_ERROR;
	node->type = WF_NODE_NOT;
	node->nchildren = 1;
	node->children = palloc0(sizeof(WfNode));
	node->children->type = WF_NODE_FLAG;
	node->children->u.flag = test;
	return node;
}

/*
 * Targets are users.  Where there are context targets, those decide in which
 * order: one of users without keys stands for the target of its variation.
 */
static bool
compile_targets(Flag *flag, const WfValue *targets, int ntargets,
				const WfValue *context_targets, int ncontext_targets)
{
	const WfValue *list = ncontext_targets > 0 ? context_targets : targets;
	int			length = ncontext_targets > 0 ? ncontext_targets : ntargets;
	const char *name = ncontext_targets > 0 ? "contextTargets" : "targets";

	for (int i = 0; i < length; i++)
	{
		const char *path = psprintf("$.%s[%d]", name, i);
		WfValue		target;
		WfString	kind;
		WfValue		keys;
		int			nkeys;
		WfValue		index;

		if (!wf_flags_launchdarkly_object(list, i, path, flag->compiler.fault, &target) ||
			!wf_flags_launchdarkly_text(&target, "contextKind", path, flag->compiler.fault, &kind) ||
			!wf_flags_launchdarkly_list(&target, "values", path, flag->compiler.fault, &keys, &nkeys) ||
			!wf_flags_launchdarkly_number(&target, "variation", path, flag->compiler.fault, &index))
			return false;
		if (list == context_targets && nkeys == 0 &&
			wf_flags_strings_equal(wf_flags_launchdarkly_kind(kind), wf_flags_string(WF_KIND_USER)) &&
			!find_users(flag, targets, ntargets, &index, &target))
			continue;
		if (!compile_target(flag, &target, path))
			return false;
	}
	return true;
}

static bool
compile_target(Flag *flag, const WfValue *target, const char *path)
{
	WfFlagRule *rule = add_rule(flag, WF_LAUNCHDARKLY_TARGET, WF_REASON_TARGETING_MATCH);
	WfString	kind;
	WfValue		index;

	rule->id = wf_flags_string("target");
	rule->condition = palloc0(sizeof(WfNode));
	if (!wf_flags_launchdarkly_text(target, "contextKind", path, flag->compiler.fault, &kind) ||
		!wf_flags_launchdarkly_number(target, "variation", path, flag->compiler.fault, &index) ||
		!wf_flags_launchdarkly_keys(&flag->compiler, target, "values", kind, path, rule->condition))
		return false;
	wf_flags_launchdarkly_fix(&index, flag->program->nvariants, &rule->serve);
	return true;
}

/* The first target of a variation. */
static bool
find_users(Flag *flag, const WfValue *targets, int ntargets, const WfValue *index, WfValue *found)
{
	double		wanted = index->type == WF_VALUE_NUMBER ? wf_flags_value_double(index) : 0;

	for (int i = 0; i < ntargets; i++)
	{
		WfValue		variation;

		(void) wf_flags_value_element(targets, i, found);
		if (!wf_flags_value_member(found, wf_flags_string("variation"), &variation))
			wf_flags_value_set_double(&variation, 0);
		if (found->type == WF_VALUE_OBJECT && variation.type == WF_VALUE_NUMBER &&
			wf_flags_value_double(&variation) == wanted)
			return true;
	}
	return false;
}

static bool
compile_own_rules(Flag *flag, const WfValue *list, int length)
{
	WfFault    *fault = flag->compiler.fault;

	for (int i = 0; i < length; i++)
	{
		const char *path = psprintf("$.rules[%d]", i);
		WfString   *id = palloc(sizeof(WfString));
		WfFlagRule *rule;
		WfValue		definition;

		/* The REST API has the id with an underscore. */
		if (!wf_flags_launchdarkly_object(list, i, path, fault, &definition) ||
			!wf_flags_launchdarkly_text(&definition, "id", path, fault, id) ||
			(id->len == 0 && !wf_flags_launchdarkly_text(&definition, "_id", path, fault, id)))
			return false;
		rule = add_rule(flag, WF_LAUNCHDARKLY_RULE, WF_REASON_TARGETING_MATCH);
		rule->index = i;
		rule->id = id->len > 0 ? *id : wf_flags_string(psprintf("%d", i + 1));
		rule->detail = id->len > 0 ? id : NULL;
		rule->condition = palloc0(sizeof(WfNode));
		if (!wf_flags_launchdarkly_clauses(&flag->compiler, &definition, path, 0, rule->condition) ||
			!wf_flags_launchdarkly_serve(&flag->compiler, &definition, path, flag->salt,
										 flag->program->nvariants, &rule->serve))
			return false;
	}
	return true;
}

static bool
compile_fallthrough(Flag *flag)
{
	WfFlagRule *fallthrough = &flag->program->fallthrough;
	WfValue		definition;

	fallthrough->stage = WF_LAUNCHDARKLY_FALLTHROUGH;
	fallthrough->reason = flag->program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
	fallthrough->serve.variant = WF_VARIANT_NONE;
	if (!wf_flags_value_member(&flag->definition, wf_flags_string("fallthrough"), &definition) ||
		definition.type == WF_VALUE_NULL)
	{
		fallthrough->serve.error = WF_ERROR_PARSE_ERROR;
		return true;
	}
	if (definition.type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(flag->compiler.fault, "$.fallthrough", "expected an object");
	return wf_flags_launchdarkly_serve(&flag->compiler, &definition, "$.fallthrough", flag->salt,
									   flag->program->nvariants, &fallthrough->serve);
}

/* The next rule; there is room for it. */
static WfFlagRule *
add_rule(Flag *flag, WfLaunchdarklyStage stage, WfReason reason)
{
	WfFlagRule *rule = &flag->program->rules[flag->program->nrules++];

	rule->stage = stage;
	rule->reason = reason;
	return rule;
}

/* The version of the definition, and what people have tagged it with. */
static Jsonb *
make_metadata(const Flag *flag)
{
	static const char *const names[] = {"version", "tags"};
	JsonbParseState *state = NULL;
	bool		any = false;

	wf_flags_json_begin(&state);
	for (int i = 0; i < lengthof(names); i++)
	{
		WfValue		value;

		if (!wf_flags_value_member(&flag->definition, wf_flags_string(names[i]), &value) ||
			value.type == WF_VALUE_NULL)
			continue;
		wf_flags_json_value(&state, names[i], &value);
		any = true;
	}
	return any ? wf_flags_json_end(&state) : NULL;
}

const WfDialect wf_flags_dialect_launchdarkly = {
	.name = "launchdarkly",
	.state = "on",
	.compile = compile_launchdarkly,
	.normalize = wf_flags_launchdarkly_normalize,
	.compile_shared = wf_flags_launchdarkly_share,
	.list_flags = wf_flags_launchdarkly_flags,
	.list_limits = wf_flags_launchdarkly_limits,
	.assemble = wf_flags_launchdarkly_assemble,
	.result = wf_flags_launchdarkly_result,
};
