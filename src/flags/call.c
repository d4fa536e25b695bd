/*
 * call.c: flag_eval(), flag_variant() and flag_value().
 *
 * A function comes in five forms: for a key of type text, bigint or uuid, for
 * a context, and for the session's context.  None of them raises an error
 * because of a flag's data or a context, and none returns NULL where an answer
 * is a boolean.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"

#include "flags/bucket.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/eval.h"
#include "flags/override.h"
#include "flags/row.h"
#include "flags/usage.h"

PG_FUNCTION_INFO_V1(wf_flag_eval_text);
PG_FUNCTION_INFO_V1(wf_flag_eval_bigint);
PG_FUNCTION_INFO_V1(wf_flag_eval_uuid);
PG_FUNCTION_INFO_V1(wf_flag_eval_context);
PG_FUNCTION_INFO_V1(wf_flag_eval_session);
PG_FUNCTION_INFO_V1(wf_flag_variant_text);
PG_FUNCTION_INFO_V1(wf_flag_variant_bigint);
PG_FUNCTION_INFO_V1(wf_flag_variant_uuid);
PG_FUNCTION_INFO_V1(wf_flag_variant_context);
PG_FUNCTION_INFO_V1(wf_flag_variant_session);
PG_FUNCTION_INFO_V1(wf_flag_value_text);
PG_FUNCTION_INFO_V1(wf_flag_value_bigint);
PG_FUNCTION_INFO_V1(wf_flag_value_uuid);
PG_FUNCTION_INFO_V1(wf_flag_value_context);
PG_FUNCTION_INFO_V1(wf_flag_value_session);

/* Longest key of a flag that a call site remembers. */
#define SITE_KEY_MAX 64

/* What a call site (its FmgrInfo) found last time. */
typedef struct CallSite
{
	uint64		generation;		/* of the cache; 0 is none */
	const WfFlag *flag;			/* NULL: there is no such flag */
	bool		constant;		/* the key is a constant of the expression */
	int			key_len;
	char		key[SITE_KEY_MAX];
} CallSite;

/* A context and the memory of a key that has to be written out. */
typedef struct KeyedContext
{
	WfContext	context;
	char		written[UUID_LEN * 2 + 5];
} KeyedContext;

static const WfFlag *find_flag_slowly(FmgrInfo *flinfo, WfString key);
static void evaluate(FunctionCallInfo fcinfo, WfContext *context, WfOutcome *outcome,
					 const WfProgram **program);
static void count_unknown(FunctionCallInfo fcinfo);
static Datum eval_variant(FunctionCallInfo fcinfo, WfContext *context);
static Datum eval_value(FunctionCallInfo fcinfo, WfContext *context, int default_arg);
static void context_from_bigint(FunctionCallInfo fcinfo, KeyedContext *keyed);
static void context_from_uuid(FunctionCallInfo fcinfo, KeyedContext *keyed);
static void context_from_context(FunctionCallInfo fcinfo, WfContext *context);

/* PG_GETARG_TEXT_PP() without a call where there is nothing to detoast. */
static inline text *
packed_text_arg(FunctionCallInfo fcinfo, int arg)
{
	Pointer		value = DatumGetPointer(PG_GETARG_DATUM(arg));

	if (likely(!VARATT_IS_COMPRESSED(value) && !VARATT_IS_EXTERNAL(value)))
		return (text *) value;
	return PG_GETARG_TEXT_PP(arg);
}

/* The flag that argument 0 names, or NULL. */
static inline const WfFlag *
find_flag(FunctionCallInfo fcinfo)
{
	CallSite   *site = (CallSite *) fcinfo->flinfo->fn_extra;
	bool		current;
	text	   *key;
	WfString	name;

	if (PG_ARGISNULL(0))
		return NULL;
	wf_flags_cache_ensure();
	current = site && site->generation == wf_flags_cache.generation;
	if (likely(current && site->constant))
		return site->flag;
	key = packed_text_arg(fcinfo, 0);
	name.data = VARDATA_ANY(key);
	name.len = VARSIZE_ANY_EXHDR(key);
	if (current && site->key_len == name.len && memcmp(site->key, name.data, name.len) == 0)
		return site->flag;
	return find_flag_slowly(fcinfo->flinfo, name);
}

static inline void
context_from_text(FunctionCallInfo fcinfo, WfContext *context)
{
	text	   *key;

	if (PG_ARGISNULL(1))
	{
		wf_flags_context_from_key(context, NULL, 0);
		return;
	}
	key = packed_text_arg(fcinfo, 1);
	wf_flags_context_from_key(context, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
}

/*
 * Whether a flag is on.  Most flags are plain, and take a shortcut that costs
 * no more than hashing the key; it must say what wf_flags_evaluate() would.
 */
static inline bool
eval_boolean(FunctionCallInfo fcinfo, WfContext *context)
{
	const WfFlag *flag = find_flag(fcinfo);
	const WfProgram *program;
	WfOutcome	outcome;
	uint32		hash;

	if (unlikely(flag == NULL))
	{
		count_unknown(fcinfo);
		return false;
	}
	program = flag->program;
	if (likely(program->shortcut != WF_SHORTCUT_NONE && context->valid && !wf_flags_previewing))
	{
		WfShortcut	shortcut = program->shortcut;

		if (flag->overrides && program->enabled && wf_flags_override_may_serve(flag, context))
			shortcut = WF_SHORTCUT_NONE;
		switch (shortcut)
		{
			case WF_SHORTCUT_FALSE:
				wf_flags_count_constant(flag, context, false);
				return false;
			case WF_SHORTCUT_TRUE:
				wf_flags_count_constant(flag, context, true);
				return true;
			case WF_SHORTCUT_SHARE:
				if (unlikely(!context->key_known || context->key.data == NULL))
					break;
				hash = wf_flags_murmur3_finish(&program->fallthrough.share->murmur3,
											   context->key.data, context->key.len);
				return wf_flags_count_share(flag, context, hash,
											wf_flags_multiply(hash, WF_SHARE_TOTAL) < program->shortcut_limit);
			case WF_SHORTCUT_NONE:
				break;
		}
	}
	wf_flags_evaluate(flag, context, wf_flags_callbacks(), &outcome);
	wf_flags_count(flag, context, &outcome);
	return outcome.enabled;
}

/* flag_eval(flag text, key text) -> boolean */
Datum
wf_flag_eval_text(PG_FUNCTION_ARGS)
{
	WfContext	context;

	context_from_text(fcinfo, &context);
	PG_RETURN_BOOL(eval_boolean(fcinfo, &context));
}

/* flag_eval(flag text, key bigint) -> boolean */
Datum
wf_flag_eval_bigint(PG_FUNCTION_ARGS)
{
	KeyedContext keyed;

	context_from_bigint(fcinfo, &keyed);
	PG_RETURN_BOOL(eval_boolean(fcinfo, &keyed.context));
}

/* flag_eval(flag text, key uuid) -> boolean */
Datum
wf_flag_eval_uuid(PG_FUNCTION_ARGS)
{
	KeyedContext keyed;

	context_from_uuid(fcinfo, &keyed);
	PG_RETURN_BOOL(eval_boolean(fcinfo, &keyed.context));
}

/* flag_eval(flag text, context jsonb) -> boolean */
Datum
wf_flag_eval_context(PG_FUNCTION_ARGS)
{
	WfContext	context;

	context_from_context(fcinfo, &context);
	PG_RETURN_BOOL(eval_boolean(fcinfo, &context));
}

/* flag_eval(flag text) -> boolean, for the session's context */
Datum
wf_flag_eval_session(PG_FUNCTION_ARGS)
{
	WfContext	context;

	wf_flags_context_from_session(&context);
	PG_RETURN_BOOL(eval_boolean(fcinfo, &context));
}

/* flag_variant(flag text, key text) -> text */
Datum
wf_flag_variant_text(PG_FUNCTION_ARGS)
{
	WfContext	context;

	context_from_text(fcinfo, &context);
	return eval_variant(fcinfo, &context);
}

/* flag_variant(flag text, key bigint) -> text */
Datum
wf_flag_variant_bigint(PG_FUNCTION_ARGS)
{
	KeyedContext keyed;

	context_from_bigint(fcinfo, &keyed);
	return eval_variant(fcinfo, &keyed.context);
}

/* flag_variant(flag text, key uuid) -> text */
Datum
wf_flag_variant_uuid(PG_FUNCTION_ARGS)
{
	KeyedContext keyed;

	context_from_uuid(fcinfo, &keyed);
	return eval_variant(fcinfo, &keyed.context);
}

/* flag_variant(flag text, context jsonb) -> text */
Datum
wf_flag_variant_context(PG_FUNCTION_ARGS)
{
	WfContext	context;

	context_from_context(fcinfo, &context);
	return eval_variant(fcinfo, &context);
}

/* flag_variant(flag text) -> text, for the session's context */
Datum
wf_flag_variant_session(PG_FUNCTION_ARGS)
{
	WfContext	context;

	wf_flags_context_from_session(&context);
	return eval_variant(fcinfo, &context);
}

/* flag_value(flag text, key text, default_value jsonb) -> jsonb */
Datum
wf_flag_value_text(PG_FUNCTION_ARGS)
{
	WfContext	context;

	context_from_text(fcinfo, &context);
	return eval_value(fcinfo, &context, 2);
}

/* flag_value(flag text, key bigint, default_value jsonb) -> jsonb */
Datum
wf_flag_value_bigint(PG_FUNCTION_ARGS)
{
	KeyedContext keyed;

	context_from_bigint(fcinfo, &keyed);
	return eval_value(fcinfo, &keyed.context, 2);
}

/* flag_value(flag text, key uuid, default_value jsonb) -> jsonb */
Datum
wf_flag_value_uuid(PG_FUNCTION_ARGS)
{
	KeyedContext keyed;

	context_from_uuid(fcinfo, &keyed);
	return eval_value(fcinfo, &keyed.context, 2);
}

/* flag_value(flag text, context jsonb, default_value jsonb) -> jsonb */
Datum
wf_flag_value_context(PG_FUNCTION_ARGS)
{
	WfContext	context;

	context_from_context(fcinfo, &context);
	return eval_value(fcinfo, &context, 2);
}

/* flag_value(flag text, default_value jsonb) -> jsonb, for the session's context */
Datum
wf_flag_value_session(PG_FUNCTION_ARGS)
{
	WfContext	context;

	wf_flags_context_from_session(&context);
	return eval_value(fcinfo, &context, 1);
}

/*
 * Looks a flag up, and notes it at the call site: for good where the key is a
 * constant there, else with the key, if there is room for it.
 */
static const WfFlag *
find_flag_slowly(FmgrInfo *flinfo, WfString key)
{
	const WfFlag *flag = wf_flags_store_find(key);
	CallSite   *site = (CallSite *) flinfo->fn_extra;

	if (site == NULL)
	{
		Node	   *call = flinfo->fn_expr;

		site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
		site->constant = call && IsA(call, FuncExpr) &&
			IsA(linitial(((FuncExpr *) call)->args), Const);
		flinfo->fn_extra = site;
	}
	if (!site->constant)
	{
		if (key.len > SITE_KEY_MAX)
			return flag;
		site->key_len = key.len;
		memcpy(site->key, key.data, key.len);
	}
	site->generation = wf_flags_cache.generation;
	site->flag = flag;
	return flag;
}

static void
evaluate(FunctionCallInfo fcinfo, WfContext *context, WfOutcome *outcome,
		 const WfProgram **program)
{
	const WfFlag *flag = find_flag(fcinfo);

	if (flag)
	{
		*program = flag->program;
		wf_flags_evaluate(flag, context, wf_flags_callbacks(), outcome);
		wf_flags_count(flag, context, outcome);
		return;
	}
	count_unknown(fcinfo);
	*program = NULL;
	wf_flags_outcome_error(outcome, WF_ERROR_FLAG_NOT_FOUND);
}

/* Counts that argument 0 names no flag. */
static void
count_unknown(FunctionCallInfo fcinfo)
{
	WfString	name = {NULL, 0};

	if (!PG_ARGISNULL(0))
		name = wf_flags_text_string(PG_GETARG_DATUM(0));
	wf_flags_count_unknown(name);
}

static Datum
eval_variant(FunctionCallInfo fcinfo, WfContext *context)
{
	WfOutcome	outcome;
	const WfProgram *program;
	const WfString *name;

	evaluate(fcinfo, context, &outcome, &program);
	if (outcome.variant == WF_VARIANT_NONE)
		PG_RETURN_NULL();
	name = &program->variants[outcome.variant].name;
	if (name->data == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(name->data, name->len));
}

static Datum
eval_value(FunctionCallInfo fcinfo, WfContext *context, int default_arg)
{
	WfOutcome	outcome;
	const WfProgram *program;
	Jsonb	   *value;

	evaluate(fcinfo, context, &outcome, &program);
	value = wf_flags_outcome_value(program, &outcome);
	if (value == NULL)
	{
		if (PG_ARGISNULL(default_arg))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(default_arg));
	}
	/* A copy: the cache may be loaded anew while the caller holds the value. */
	PG_RETURN_DATUM(datumCopy(JsonbPGetDatum(value), false, -1));
}

static void
context_from_bigint(FunctionCallInfo fcinfo, KeyedContext *keyed)
{
	int			len = PG_ARGISNULL(1) ? 0 : pg_lltoa(PG_GETARG_INT64(1), keyed->written);

	wf_flags_context_from_key(&keyed->context, keyed->written, len);
}

static void
context_from_uuid(FunctionCallInfo fcinfo, KeyedContext *keyed)
{
	int			len = 0;

	if (!PG_ARGISNULL(1))
	{
		const char *text = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(1)));

		len = strlcpy(keyed->written, text, sizeof(keyed->written));
	}
	wf_flags_context_from_key(&keyed->context, keyed->written, len);
}

static void
context_from_context(FunctionCallInfo fcinfo, WfContext *context)
{
	wf_flags_context_from_json(context, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
}
