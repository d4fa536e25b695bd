/*
 * dialect_flagd.c: flags of flagd.  Pure.
 *
 * flag := {"state": "ENABLED" | "DISABLED", "variants": {NAME: value, ...},
 *          "defaultVariant": NAME | null, "targeting": expression, "metadata": {...}}
 *
 * The targeting is JsonLogic whose result names a variant: it becomes the only
 * rule, which misses with null.  Then the default variant is served, or the
 * caller's default where there is none; that a flag is disabled is the
 * caller's default as well.
 */
#include "common/compat.h"

#include "flags/dialect_flagd.h"
#include "flags/document.h"
#include "flags/eval.h"
#include "flags/json.h"

static WfProgram *compile_flagd(const WfSource *source, WfFault *fault);
static bool compile_variants(WfProgram *program, const WfValue *flag, WfFault *fault);
static bool compile_default(WfProgram *program, const WfValue *flag, WfFault *fault);
static bool compile_targeting(WfProgram *program, const WfSource *source, const WfValue *flag,
							  WfFault *fault);
static bool compile_metadata(WfProgram *program, const WfSource *source, const WfValue *flag,
							 WfFault *fault);
static bool has_targeting(const WfValue *flag, WfValue *targeting);
static void name_variant(WfRun *run, const WfNode *node, WfValue *result);
static Jsonb *flagd_result(const WfResult *result);

/* WfDialect.compile. */
static WfProgram *
compile_flagd(const WfSource *source, WfFault *fault)
{
	WfProgram  *program = palloc0(sizeof(WfProgram));
	WfValue		flag = {.type = WF_VALUE_ABSENT};

	program->dialect = &wf_flags_dialect_flagd;
	program->enabled = source->enabled;
	program->off = WF_VARIANT_NONE;
	program->key.is_key = true;
	if (source->definition)
		wf_flags_value_from_root(source->definition, &flag);
	if (flag.type != WF_VALUE_OBJECT)
	{
		wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	if (!compile_variants(program, &flag, fault) || !compile_default(program, &flag, fault) ||
		!compile_targeting(program, source, &flag, fault) ||
		!compile_metadata(program, source, &flag, fault))
		return NULL;
	return program;
}

static bool
compile_variants(WfProgram *program, const WfValue *flag, WfFault *fault)
{
	WfVariant  *variants;
	WfValue		object;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	if (!wf_flags_value_member(flag, wf_flags_string("variants"), &object))
		return wf_flags_document_fault(fault, "$", "expected \"variants\"");
	if (object.type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(fault, "$.variants", "expected an object");
	variants = palloc0(sizeof(WfVariant) * Max(wf_flags_value_length(&object), 1));
	it = JsonbIteratorInit(object.u.container);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfVariant  *variant = &variants[program->nvariants];

		if (token != WJB_KEY)
			continue;
		variant->name = wf_flags_string_copy(json.val.string.val, json.val.string.len);
		(void) JsonbIteratorNext(&it, &json, true);
		variant->value = JsonbValueToJsonb(&json);
		variant->enabled = json.type != jbvBool || json.val.boolean;
		program->nvariants++;
	}
	program->variants = variants;
	return true;
}

/* A default variant that the flag does not have is an error once it is needed. */
static bool
compile_default(WfProgram *program, const WfValue *flag, WfFault *fault)
{
	WfFlagRule *fallthrough = &program->fallthrough;
	WfValue		targeting;
	WfValue		name;

	fallthrough->serve.variant = WF_VARIANT_NONE;
	fallthrough->reason = WF_REASON_DEFAULT;
	if (!wf_flags_value_member(flag, wf_flags_string("defaultVariant"), &name) ||
		name.type == WF_VALUE_NULL)
		return true;
	if (name.type != WF_VALUE_STRING)
		return wf_flags_document_fault(fault, "$.defaultVariant",
									   "expected the name of a variant or null");
	fallthrough->serve.variant = wf_flags_variant_index(program, name.u.string);
	if (fallthrough->serve.variant == WF_VARIANT_NONE && name.u.string.len > 0)
		fallthrough->serve.error = WF_ERROR_GENERAL;
	if (fallthrough->serve.variant != WF_VARIANT_NONE && !has_targeting(flag, &targeting))
		fallthrough->reason = WF_REASON_STATIC;
	return true;
}

static bool
compile_targeting(WfProgram *program, const WfSource *source, const WfValue *flag, WfFault *fault)
{
	WfLogicCompiler compiler = {.language = wf_flags_flagd_language(source->shared)};
	const WfFlagdShared *shared = source->shared ? source->shared->data : NULL;
	WfFlagRule *rule;
	WfNode	   *node;
	WfValue		targeting;

	if (!has_targeting(flag, &targeting))
		return true;
	if (shared)
	{
		compiler.nparts = shared->nevaluators;
		compiler.parts = shared->evaluators;
	}
	node = palloc0(sizeof(WfNode));
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = name_variant;
	node->nchildren = 1;
	node->children = palloc0(sizeof(WfNode));
	if (!wf_flags_logic_compile(&compiler, &targeting, node->children))
		return wf_flags_document_fault(fault, "$.targeting",
									   "expressions are nested deeper than %d levels", WF_DEPTH_MAX);

	rule = palloc0(sizeof(WfFlagRule));
	rule->id = wf_flags_string("targeting");
	rule->reason = WF_REASON_TARGETING_MATCH;
	rule->serve.variant = WF_VARIANT_NONE;
	rule->serve.node = node;
	rule->serve.miss = WF_MISS_NEXT;
	program->rules = rule;
	program->nrules = 1;
	program->npredicates = compiler.ncalls;
	return true;
}

/* The metadata of the set of flags, overruled by the flag's own. */
static bool
compile_metadata(WfProgram *program, const WfSource *source, const WfValue *flag, WfFault *fault)
{
	const WfFlagdShared *shared = source->shared ? source->shared->data : NULL;
	JsonbParseState *state = NULL;
	WfValue		sets[2] = {{WF_VALUE_ABSENT}, {WF_VALUE_ABSENT}};

	if (shared && shared->metadata)
		wf_flags_value_from_root(shared->metadata, &sets[0]);
	if (wf_flags_value_member(flag, wf_flags_string(WF_FLAGD_METADATA), &sets[1]) &&
		sets[1].type > WF_VALUE_NULL && sets[1].type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(fault, "$.metadata", "expected an object");

	/* Of two members of one name the last one stays. */
	wf_flags_json_begin(&state);
	for (int i = 0; i < lengthof(sets); i++)
	{
		JsonbIterator *it;
		JsonbIteratorToken token;
		JsonbValue	json;

		if (sets[i].type != WF_VALUE_OBJECT)
			continue;
		it = JsonbIteratorInit(sets[i].u.container);
		while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
		{
			if (token == WJB_KEY || token == WJB_VALUE)
				(void) pushJsonbValue(&state, token, &json);
		}
	}
	program->metadata = wf_flags_json_end(&state);
	return true;
}

/* An empty object is no targeting. */
static bool
has_targeting(const WfValue *flag, WfValue *targeting)
{
	return wf_flags_value_member(flag, wf_flags_string("targeting"), targeting) &&
		targeting->type != WF_VALUE_NULL &&
		(targeting->type != WF_VALUE_OBJECT || wf_flags_value_length(targeting) > 0);
}

/* A variant may be named like a number. */
static void
name_variant(WfRun *run, const WfNode *node, WfValue *result)
{
	wf_flags_node_value(run, node->children, result);
	if (result->type == WF_VALUE_NUMBER)
		wf_flags_value_set_string(result, wf_flags_js_string(result));
}

/* {value, variant?, reason, errorCode, metadata, metadataEmpty}, errorCode being "" for none. */
static Jsonb *
flagd_result(const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;
	const WfFlagdShared *shared = result->shared ? result->shared->data : NULL;
	const char *error = wf_flags_error_name(outcome->error);
	Jsonb	   *metadata = NULL;
	JsonbParseState *state = NULL;

	if (result->flag)
		metadata = result->flag->program->metadata;
	else if (shared)
		metadata = shared->metadata;
	if (metadata == NULL)
		metadata = wf_flags_json_empty();

	wf_flags_json_begin(&state);
	wf_flags_json_document(&state, "value", result->value);
	if (outcome->variant != WF_VARIANT_NONE)
		wf_flags_json_string(&state, "variant", result->flag->program->variants[outcome->variant].name);
	wf_flags_json_text(&state, "reason", wf_flags_reason_name(outcome->reason));
	wf_flags_json_text(&state, "errorCode", error ? error : "");
	wf_flags_json_document(&state, "metadata", metadata);
	wf_flags_json_boolean(&state, "metadataEmpty", JB_ROOT_COUNT(metadata) == 0);
	return wf_flags_json_end(&state);
}

const WfDialect wf_flags_dialect_flagd = {
	.name = "flagd",
	.state = WF_FLAGD_STATE,
	.compile = compile_flagd,
	.normalize = wf_flags_flagd_normalize,
	.compile_shared = wf_flags_flagd_share,
	.list_flags = wf_flags_flagd_list,
	.assemble = wf_flags_flagd_assemble,
	.result = flagd_result,
};
