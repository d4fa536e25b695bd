/*
 * dialect_native.c: the extension's own flag definitions.  Pure.
 *
 * definition := {"variants": {NAME: value, ...}, "off": NAME | null,
 *                "default": serve, "by": attribute, "rules": [rule, ...],
 *                "metadata": {...}}
 * rule       := {"id": text, "when": condition, "rollout": percent, "serve": serve}
 * serve      := NAME | {"split": [{"variant": NAME, "weight": number}, ...],
 *                       "by": attribute, "seed": text}
 * attribute  := NAME | [NAME, ...], a path
 * condition  is in dialect_native_condition.c.
 *
 * Without "variants" a flag has "on" (true) and "off" (false), serves "on" by
 * default and is off with "off".  A rollout hashes "FLAG:KEY" with murmur3
 * (seed 0), a split "SEED:KEY" (seed 1, SEED being the flag's key unless
 * given), so that who is in a rollout says nothing about the split.
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/dialect.h"
#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/eval.h"

/* Murmur3's seed of rollouts and of splits. */
#define ROLLOUT_SEED 0
#define SPLIT_SEED 1

/* A rollout: a split with one arm, or none for nobody. */
typedef struct RolloutShare
{
	WfSplit		split;
	WfArm		arm;
} RolloutShare;

/* All that a flag without definition needs, in one allocation. */
typedef struct NativeProgram
{
	WfProgram	program;
	RolloutShare rollout;
} NativeProgram;

/* State of one compilation. */
typedef struct Compiler
{
	const WfSource *source;
	WfProgram  *program;
	WfAttribute by;				/* what rollouts and splits go by */
	WfFault    *fault;
} Compiler;

static WfProgram *compile_native(const WfSource *source, WfFault *fault);
static bool compile_definition(Compiler *compiler, Jsonb *definition);
static bool compile_variants(Compiler *compiler, JsonbContainer *definition);
static bool compile_off(Compiler *compiler, JsonbContainer *definition);
static bool compile_metadata(Compiler *compiler, JsonbContainer *definition);
static bool compile_rules(Compiler *compiler, JsonbContainer *definition);
static bool compile_rule(Compiler *compiler, JsonbValue *value, const char *path, WfFlagRule *rule);
static bool compile_serve(Compiler *compiler, JsonbValue *value, const char *path, WfServe *serve);
static bool compile_arms(Compiler *compiler, JsonbValue *value, const char *path, WfSplit *split);
static bool compile_arm(Compiler *compiler, JsonbValue *value, const char *path,
						WfArm *arm, uint64 *total);
static bool compile_variant_name(Compiler *compiler, JsonbValue *value, const char *path,
								 int *variant);
static WfShortcut find_shortcut(const WfProgram *program);
static void fill_split(Compiler *compiler, WfSplit *split, uint32 seed, WfString text,
					   const WfAttribute *by);
static void fill_share(Compiler *compiler, RolloutShare *rollout, uint32 share);

/*
 * WfDialect.compile.  Without a definition the program is one allocation.
 */
static WfProgram *
compile_native(const WfSource *source, WfFault *fault)
{
	static WfVariant on_off[2];
	NativeProgram *native = palloc0(sizeof(NativeProgram));
	WfProgram  *program = &native->program;
	Compiler	compiler = {.source = source, .program = program, .fault = fault};

	if (on_off[0].name.data == NULL)
	{
		on_off[WF_VARIANT_ON].name = wf_flags_string("on");
		on_off[WF_VARIANT_ON].enabled = true;
		on_off[WF_VARIANT_OFF].name = wf_flags_string("off");
	}

	program->enabled = source->enabled;
	program->nvariants = lengthof(on_off);
	program->variants = on_off;
	program->off = WF_VARIANT_OFF;
	program->fallthrough.serve.variant = WF_VARIANT_ON;
	program->dialect = &wf_flags_dialect_native;
	program->key.is_key = true;
	compiler.by.is_key = true;

	if (source->definition && !compile_definition(&compiler, source->definition))
		return NULL;
	if (source->share < WF_SHARE_TOTAL)
	{
		fill_share(&compiler, &native->rollout, source->share);
		program->fallthrough.share = &native->rollout.split;
	}

	program->fallthrough.reason = program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
	program->shortcut = find_shortcut(program);
	if (program->shortcut == WF_SHORTCUT_SHARE)
		program->shortcut_limit = source->share;
	return program;
}

static bool
compile_definition(Compiler *compiler, Jsonb *definition)
{
	JsonbContainer *object = &definition->root;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(definition))
		return wf_flags_document_fault(compiler->fault, "$", "expected an object");
	if (!wf_flags_document_known(object, "$", compiler->fault,
								 "variants, off, default, by, rules, metadata"))
		return false;
	if (wf_flags_document_member(object, "by", &value) &&
		!wf_flags_document_attribute(&value, "$.by", compiler->fault, &compiler->by))
		return false;
	if (!compile_variants(compiler, object) || !compile_off(compiler, object))
		return false;

	if (wf_flags_document_member(object, "default", &value))
	{
		if (!compile_serve(compiler, &value, "$.default", &compiler->program->fallthrough.serve))
			return false;
	}
	else if (wf_flags_document_member(object, "variants", &value))
		return wf_flags_document_fault(compiler->fault, "$",
									   "a definition with \"variants\" needs \"default\", the variant to serve");

	return compile_rules(compiler, object) && compile_metadata(compiler, object);
}

static bool
compile_variants(Compiler *compiler, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *object;
	JsonbIterator *it;
	WfVariant  *variants;
	int			n = 0;

	if (!wf_flags_document_member(definition, "variants", &value))
		return true;
	if (!wf_flags_document_object(&value, "$.variants", compiler->fault, &object))
		return false;
	if (JsonContainerSize(object) == 0)
		return wf_flags_document_fault(compiler->fault, "$.variants", "expected at least one variant");

	variants = palloc0(sizeof(WfVariant) * JsonContainerSize(object));
	it = JsonbIteratorInit(object);
	(void) JsonbIteratorNext(&it, &value, true);	/* the beginning */
	while (JsonbIteratorNext(&it, &value, true) == WJB_KEY)
	{
		variants[n].name = wf_flags_string_copy(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&it, &value, true);
		variants[n].value = JsonbValueToJsonb(&value);
		variants[n].enabled = value.type != jbvBool || value.val.boolean;
		n++;
	}
	compiler->program->variants = variants;
	compiler->program->nvariants = n;
	compiler->program->off = WF_VARIANT_NONE;
	return true;
}

static bool
compile_off(Compiler *compiler, JsonbContainer *definition)
{
	WfProgram  *program = compiler->program;
	JsonbValue	value;

	if (!wf_flags_document_member(definition, "off", &value))
		return true;
	program->off = WF_VARIANT_NONE;
	if (value.type == jbvNull)
		return true;
	if (!compile_variant_name(compiler, &value, "$.off", &program->off))
		return false;

	/* Serving the off variant is off, unless its value says true. */
	if (program->variants[program->off].value)
	{
		WfVariant  *off = unconstify(WfVariant *, &program->variants[program->off]);

		off->enabled = JB_ROOT_IS_SCALAR(off->value) &&
			getIthJsonbValueFromContainer(&off->value->root, 0)->type == jbvBool && off->enabled;
	}
	return true;
}

static bool
compile_metadata(Compiler *compiler, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *object;

	if (!wf_flags_document_member(definition, "metadata", &value))
		return true;
	if (!wf_flags_document_object(&value, "$.metadata", compiler->fault, &object))
		return false;
	compiler->program->metadata = JsonbValueToJsonb(&value);
	return true;
}

static bool
compile_rules(Compiler *compiler, JsonbContainer *definition)
{
	WfProgram  *program = compiler->program;
	JsonbValue	value;
	JsonbContainer *array;

	if (!wf_flags_document_member(definition, "rules", &value))
		return true;
	if (!wf_flags_document_array(&value, "$.rules", compiler->fault, &array, &program->nrules))
		return false;
	program->rules = palloc0(sizeof(WfFlagRule) * Max(program->nrules, 1));
	for (int i = 0; i < program->nrules; i++)
	{
		wf_flags_document_element(array, i, &value);
		program->rules[i].id = wf_flags_string(psprintf("%d", i + 1));
		program->rules[i].index = i;
		program->rules[i].reason = WF_REASON_TARGETING_MATCH;
		if (!compile_rule(compiler, &value, psprintf("$.rules[%d]", i), &program->rules[i]))
			return false;
	}
	return true;
}

static bool
compile_rule(Compiler *compiler, JsonbValue *value, const char *path, WfFlagRule *rule)
{
	JsonbContainer *object;
	JsonbValue	member;
	const char *problem;
	uint32		share;

	if (!wf_flags_document_object(value, path, compiler->fault, &object) ||
		!wf_flags_document_known(object, path, compiler->fault, "id, when, rollout, serve"))
		return false;
	if (wf_flags_document_member(object, "id", &member) &&
		!wf_flags_document_string(&member, psprintf("%s.id", path), compiler->fault, &rule->id))
		return false;
	if (wf_flags_document_member(object, "when", &member))
	{
		rule->condition = palloc0(sizeof(WfNode));
		if (!wf_flags_compile_condition(&member, psprintf("%s.when", path), compiler->fault,
										rule->condition, &compiler->program->npredicates))
			return false;
	}
	if (wf_flags_document_member(object, "rollout", &member))
	{
		if (member.type != jbvNumeric)
			return wf_flags_document_fault(compiler->fault, psprintf("%s.rollout", path),
										   "expected a percentage");
		if (!wf_flags_parse_percent(member.val.numeric, &share, &problem))
			return wf_flags_document_fault(compiler->fault, psprintf("%s.rollout", path),
										   "expected 0 to 100 in steps of 0.001, but %s", problem);
		if (share < WF_SHARE_TOTAL)
		{
			RolloutShare *rollout = palloc0(sizeof(RolloutShare));

			fill_share(compiler, rollout, share);
			rule->share = &rollout->split;
		}
	}
	if (!wf_flags_document_member(object, "serve", &member))
		return wf_flags_document_fault(compiler->fault, path,
									   "a rule needs \"serve\", the variant to serve");
	return compile_serve(compiler, &member, psprintf("%s.serve", path), &rule->serve);
}

static bool
compile_serve(Compiler *compiler, JsonbValue *value, const char *path, WfServe *serve)
{
	WfAttribute by = compiler->by;
	WfString	seed = compiler->source->key;
	JsonbContainer *object;
	JsonbValue	member;

	if (value->type == jbvString)
		return compile_variant_name(compiler, value, path, &serve->variant);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return wf_flags_document_fault(compiler->fault, path,
									   "expected the name of a variant or {\"split\": [...]}");

	object = value->val.binary.data;
	if (!wf_flags_document_known(object, path, compiler->fault, "split, by, seed"))
		return false;
	if (wf_flags_document_member(object, "by", &member) &&
		!wf_flags_document_attribute(&member, psprintf("%s.by", path), compiler->fault, &by))
		return false;
	if (wf_flags_document_member(object, "seed", &member) &&
		!wf_flags_document_string(&member, psprintf("%s.seed", path), compiler->fault, &seed))
		return false;
	if (!wf_flags_document_member(object, "split", &member))
		return wf_flags_document_fault(compiler->fault, path, "expected \"split\"");

	serve->variant = WF_VARIANT_NONE;
	serve->split = palloc0(sizeof(WfSplit));
	fill_split(compiler, serve->split, SPLIT_SEED, seed, &by);
	return compile_arms(compiler, &member, psprintf("%s.split", path), serve->split);
}

static bool
compile_arms(Compiler *compiler, JsonbValue *value, const char *path, WfSplit *split)
{
	JsonbContainer *array;
	JsonbValue	element;
	uint64		total = 0;

	if (!wf_flags_document_array(value, path, compiler->fault, &array, &split->narms))
		return false;
	split->arms = palloc0(sizeof(WfArm) * Max(split->narms, 1));
	for (int i = 0; i < split->narms; i++)
	{
		wf_flags_document_element(array, i, &element);
		if (!compile_arm(compiler, &element, psprintf("%s[%d]", path, i), &split->arms[i], &total))
			return false;
	}
	if (total == 0)
		return wf_flags_document_fault(compiler->fault, path, "expected weights that sum up to more than 0");
	if (total > PG_INT32_MAX)
		return wf_flags_document_fault(compiler->fault, path, "expected weights that sum up to at most %d", PG_INT32_MAX);
	split->total = (uint32) total;
	return true;
}

static bool
compile_arm(Compiler *compiler, JsonbValue *value, const char *path, WfArm *arm, uint64 *total)
{
	JsonbContainer *object;
	JsonbValue	member;
	uint32		weight;

	if (!wf_flags_document_object(value, path, compiler->fault, &object) ||
		!wf_flags_document_known(object, path, compiler->fault, "variant, weight"))
		return false;
	if (!wf_flags_document_member(object, "variant", &member))
		return wf_flags_document_fault(compiler->fault, path, "expected \"variant\"");
	if (!compile_variant_name(compiler, &member, psprintf("%s.variant", path), &arm->variant))
		return false;
	if (!wf_flags_document_member(object, "weight", &member))
		return wf_flags_document_fault(compiler->fault, path, "expected \"weight\"");
	if (!wf_flags_document_integer(&member, psprintf("%s.weight", path), compiler->fault,
								   PG_INT32_MAX, &weight))
		return false;
	arm->lower = (double) *total;
	*total += weight;
	arm->upper = (double) *total;
	return true;
}

/* Expects the name of one of the flag's variants. */
static bool
compile_variant_name(Compiler *compiler, JsonbValue *value, const char *path, int *variant)
{
	WfString	name;

	if (value->type != jbvString)
		return wf_flags_document_fault(compiler->fault, path, "expected the name of a variant");
	name.data = value->val.string.val;
	name.len = value->val.string.len;
	*variant = wf_flags_variant_index(compiler->program, name);
	if (*variant == WF_VARIANT_NONE)
		return wf_flags_document_fault(compiler->fault, path, "the flag has no variant \"%.*s\"",
									   name.len, name.data);
	return true;
}

static WfShortcut
find_shortcut(const WfProgram *program)
{
	const WfFlagRule *rule = &program->fallthrough;
	bool		outside = program->off != WF_VARIANT_NONE && program->variants[program->off].enabled;
	bool		inside;

	if (!program->enabled)
		return outside ? WF_SHORTCUT_TRUE : WF_SHORTCUT_FALSE;
	if (program->nrules > 0 || rule->serve.split)
		return WF_SHORTCUT_NONE;
	inside = program->variants[rule->serve.variant].enabled;
	if (rule->share == NULL)
		return inside ? WF_SHORTCUT_TRUE : WF_SHORTCUT_FALSE;
	if (!inside && !outside)
		return WF_SHORTCUT_FALSE;
	if (inside && !outside && rule->share->narms == 1 && rule->share->attribute.is_key &&
		!rule->share->converts)
		return WF_SHORTCUT_SHARE;
	return WF_SHORTCUT_NONE;
}

/* A split but for its arms: what it hashes is "text:" and the attribute. */
static void
fill_split(Compiler *compiler, WfSplit *split, uint32 seed, WfString text, const WfAttribute *by)
{
	split->hash = WF_HASH_MURMUR3_32;
	wf_flags_murmur3_begin(&split->murmur3, seed);
	split->converts = compiler->source->converts;
	text = wf_flags_encode_text(text, split->converts);
	wf_flags_murmur3_add(&split->murmur3, text.data, text.len);
	wf_flags_murmur3_add(&split->murmur3, ":", 1);
	split->attribute = *by;
	split->reduction = WF_REDUCTION_MULTIPLY;
	split->comparison = WF_COMPARISON_BELOW;
	split->missing = WF_MISSING_ERROR;
}

/* A rollout, in steps of 0.001 %. */
static void
fill_share(Compiler *compiler, RolloutShare *rollout, uint32 share)
{
	fill_split(compiler, &rollout->split, ROLLOUT_SEED, compiler->source->key, &compiler->by);
	rollout->split.total = WF_SHARE_TOTAL;
	rollout->split.narms = share > 0 ? 1 : 0;
	rollout->split.arms = &rollout->arm;
	rollout->arm.upper = share;
}

const WfDialect wf_flags_dialect_native = {
	.name = "native",
	.compile = compile_native,
};
