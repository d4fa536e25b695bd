/*
 * dialect_native.c: the extension's own flag definitions.  Pure.
 *
 * definition := {"variants": {NAME: value, ...} or [{"name": NAME, "value": value}, ...],
 *                "off": NAME | null, "default": serve, "by": attribute,
 *                "rollout": share, "rules": [rule, ...], "window": window,
 *                "deny": condition, "requires": [...], "exclusive": {...},
 *                "metadata": {...}}
 *
 * The other dialect_native files have what is not explained here.
 *
 * Without "variants" a flag has "on" (true) and "off" (false), serves "on" by
 * default and is off with "off".  A rollout hashes "FLAG:KEY" with murmur3
 * (seed 0), a split "SEED:KEY" (seed 1, SEED being the flag's key unless
 * given), a group of flags that exclude each other "GROUP:KEY" (seed 2), so
 * that who is in one of them says nothing about the others.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/eval.h"

/* All that a flag without definition needs, in one allocation. */
typedef struct NativeProgram
{
	WfProgram	program;
	WfNativeRollout rollout;
} NativeProgram;

static WfProgram *compile_native(const WfSource *source, WfFault *fault);
static bool compile_definition(WfNative *native, Jsonb *definition);
static bool compile_variants(WfNative *native, JsonbContainer *definition);
static bool compile_ordered_variants(WfNative *native, JsonbContainer *array);
static bool compile_ordered_variant(WfNative *native, JsonbValue *value, const char *path,
									WfVariant *variant);
static void set_variant(WfVariant *variant, WfString name, JsonbValue *value);
static bool compile_off(WfNative *native, JsonbContainer *definition);
static bool compile_default(WfNative *native, JsonbContainer *definition);
static bool compile_metadata(WfNative *native, JsonbContainer *definition);
static bool compile_rollout(WfNative *native, const WfSource *source, WfNativeRollout *rollout);
static WfShortcut find_shortcut(const WfProgram *program);

/*
 * WfDialect.compile.  Without a definition the program is one allocation.
 */
static WfProgram *
compile_native(const WfSource *source, WfFault *fault)
{
	static WfVariant on_off[2];
	NativeProgram *native_program = palloc0(sizeof(NativeProgram));
	WfProgram  *program = &native_program->program;
	WfNative	native = {.key = source->key, .converts = source->converts, .program = program, .fault = fault};

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
	native.by.attribute.is_key = true;
	if (source->shared && source->shared->dialect == &wf_flags_dialect_native)
		native.segments = (const WfNativeSegments *) source->shared->data;

	if (source->definition && !compile_definition(&native, source->definition))
		return NULL;
	if (!compile_rollout(&native, source, &native_program->rollout))
		return NULL;
	program->npredicates = native.npredicates;
	program->tests_flags = native.tests_flags;

	if (program->fallthrough.serve.node)
		program->fallthrough.reason = WF_REASON_TARGETING_MATCH;
	else
		program->fallthrough.reason = program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
	program->shortcut = find_shortcut(program);
	if (program->shortcut == WF_SHORTCUT_SHARE)
		program->shortcut_limit = (uint32) program->fallthrough.share->arms[0].upper;
	return program;
}

static bool
compile_definition(WfNative *native, Jsonb *definition)
{
	JsonbContainer *object = &definition->root;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(definition))
		return wf_flags_document_fault(native->fault, "$", "expected an object");
	if (!wf_flags_document_known(object, "$", native->fault,
								 "variants, off, default, by, rollout, rules, window, deny, requires, "
								 "exclusive, metadata"))
		return false;
	if (wf_flags_document_member(object, "by", &value) &&
		!wf_flags_native_attribute(native, &value, "$.by", &native->by))
		return false;
	return compile_variants(native, object) &&
		compile_off(native, object) &&
		compile_default(native, object) &&
		wf_flags_native_rules(native, object) &&
		compile_metadata(native, object);
}

static bool
compile_variants(WfNative *native, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *object;
	JsonbIterator *it;
	WfVariant  *variants;
	int			n = 0;

	if (!wf_flags_document_member(definition, "variants", &value))
		return true;
	native->program->off = WF_VARIANT_NONE;
	if (value.type != jbvBinary)
		return wf_flags_document_fault(native->fault, "$.variants", "expected an object or an array");
	object = value.val.binary.data;
	if (JsonContainerSize(object) == 0)
		return wf_flags_document_fault(native->fault, "$.variants", "expected at least one variant");
	if (JsonContainerIsArray(object))
		return compile_ordered_variants(native, object);

	variants = palloc0(sizeof(WfVariant) * JsonContainerSize(object));
	it = JsonbIteratorInit(object);
	(void) JsonbIteratorNext(&it, &value, true);	/* the beginning */
	while (JsonbIteratorNext(&it, &value, true) == WJB_KEY)
	{
		WfString	name = wf_flags_string_copy(value.val.string.val, value.val.string.len);

		(void) JsonbIteratorNext(&it, &value, true);
		set_variant(&variants[n++], name, &value);
	}
	native->program->variants = variants;
	native->program->nvariants = n;
	return true;
}

/* An array keeps the order, which an object of jsonb does not. */
static bool
compile_ordered_variants(WfNative *native, JsonbContainer *array)
{
	WfProgram  *program = native->program;
	WfVariant  *variants = palloc0(sizeof(WfVariant) * JsonContainerSize(array));
	JsonbValue	value;

	program->variants = variants;
	program->nvariants = 0;
	for (int i = 0; i < JsonContainerSize(array); i++)
	{
		const char *path = psprintf("$.variants[%d]", i);

		wf_flags_document_element(array, i, &value);
		if (!compile_ordered_variant(native, &value, path, &variants[i]))
			return false;
		if (wf_flags_variant_index(program, variants[i].name) != WF_VARIANT_NONE)
			return wf_flags_document_fault(native->fault, path, "there is another variant \"%.*s\"",
										   variants[i].name.len, variants[i].name.data);
		program->nvariants++;
	}
	return true;
}

static bool
compile_ordered_variant(WfNative *native, JsonbValue *value, const char *path, WfVariant *variant)
{
	JsonbContainer *object;
	JsonbValue	member;
	WfString	name;

	if (!wf_flags_document_object(value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "name, value") ||
		!wf_flags_native_text(native, object, "name", path, &name))
		return false;
	if (!wf_flags_document_member(object, "value", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"value\"");
	set_variant(variant, name, &member);
	return true;
}

static void
set_variant(WfVariant *variant, WfString name, JsonbValue *value)
{
	variant->name = name;
	variant->value = JsonbValueToJsonb(value);
	variant->enabled = value->type != jbvBool || value->val.boolean;
}

static bool
compile_off(WfNative *native, JsonbContainer *definition)
{
	WfProgram  *program = native->program;
	JsonbValue	value;

	if (!wf_flags_document_member(definition, "off", &value))
		return true;
	program->off = WF_VARIANT_NONE;
	if (value.type == jbvNull)
		return true;
	if (!wf_flags_native_variant(native, &value, "$.off", &program->off))
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
compile_default(WfNative *native, JsonbContainer *definition)
{
	WfServe    *serve = &native->program->fallthrough.serve;
	JsonbValue	value;

	if (wf_flags_document_member(definition, "default", &value))
	{
		if (!wf_flags_native_serve(native, &value, "$.default", serve))
			return false;
		/* What computes no variant serves the off variant by itself. */
		if (serve->node)
			serve->miss = WF_MISS_OFF;
		return true;
	}
	if (wf_flags_document_member(definition, "variants", &value))
		return wf_flags_document_fault(native->fault, "$",
									   "a definition with \"variants\" needs \"default\", the variant to serve");
	return true;
}

static bool
compile_metadata(WfNative *native, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *object;

	if (!wf_flags_document_member(definition, "metadata", &value))
		return true;
	if (!wf_flags_document_object(&value, "$.metadata", native->fault, &object))
		return false;
	native->program->metadata = JsonbValueToJsonb(&value);
	return true;
}

/* The smaller of what the row says and what the definition says. */
static bool
compile_rollout(WfNative *native, const WfSource *source, WfNativeRollout *rollout)
{
	WfNativeShare share = {WF_SHARE_TOTAL, NULL};
	JsonbValue	value;

	if (source->definition && wf_flags_document_member(&source->definition->root, "rollout", &value) &&
		!wf_flags_native_share(native, &value, "$.rollout", &share))
		return false;
	share.share = Min(share.share, source->share);
	if (share.share == WF_SHARE_TOTAL && share.schedule == NULL)
		return true;
	wf_flags_native_rollout(native, rollout, &share, native->key, &native->by);
	native->program->fallthrough.share = &rollout->split;
	return true;
}

/* What flag_eval() may say without running the program. */
static WfShortcut
find_shortcut(const WfProgram *program)
{
	const WfFlagRule *rule = &program->fallthrough;
	const WfSplit *share = rule->share;
	bool		outside = program->off != WF_VARIANT_NONE && program->variants[program->off].enabled;
	bool		inside;

	if (!program->enabled)
		return outside ? WF_SHORTCUT_TRUE : WF_SHORTCUT_FALSE;
	if (program->nrules > 0 || rule->serve.split || rule->serve.node)
		return WF_SHORTCUT_NONE;
	inside = program->variants[rule->serve.variant].enabled;
	if (share == NULL)
		return inside ? WF_SHORTCUT_TRUE : WF_SHORTCUT_FALSE;
	if (!inside && !outside)
		return WF_SHORTCUT_FALSE;
	if (inside && !outside && share->narms == 1 && share->schedule == NULL && share->subject == NULL &&
		share->attribute.is_key && share->attribute.kind.data == NULL && !share->converts)
		return WF_SHORTCUT_SHARE;
	return WF_SHORTCUT_NONE;
}

const WfDialect wf_flags_dialect_native = {
	.name = "native",
	.example = "{\"variants\": {\"a\": 1, \"b\": 2}, \"off\": \"a\", \"default\": {\"split\": [{\"variant\": \"a\", \"weight\": 1}, {\"variant\": \"b\", \"weight\": 1}]}}",
	.compile = compile_native,
	.normalize = wf_flags_native_normalize,
	.compile_shared = wf_flags_native_compile_shared,
	.list_flags = wf_flags_native_list_flags,
	.list_limits = wf_flags_native_list_limits,
	.assemble = wf_flags_native_assemble,
};
