/*
 * explain.c: flag_explain(), the whole result of an evaluation.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "common/options.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/eval.h"

PG_FUNCTION_INFO_V1(wf_flag_explain);

/* Columns of the result, in order. */
enum
{
	COLUMN_VALUE,
	COLUMN_VARIANT,
	COLUMN_ENABLED,
	COLUMN_REASON,
	COLUMN_ERROR_CODE,
	COLUMN_RULE,
	COLUMN_METADATA,
	COLUMN_VENDOR,
	COLUMN_COUNT
};

/* The type of value that the caller asks for. */
typedef enum WantedType
{
	WANTED_ANY,
	WANTED_BOOLEAN,
	WANTED_STRING,
	WANTED_INTEGER,
	WANTED_NUMBER,
	WANTED_OBJECT
} WantedType;

typedef struct ExplainOptions
{
	char	   *value_type;
} ExplainOptions;

static const struct
{
	const char *name;
	WantedType	type;
}			wanted_types[] = {
	{"any", WANTED_ANY},
	{"boolean", WANTED_BOOLEAN},
	{"bool", WANTED_BOOLEAN},
	{"string", WANTED_STRING},
	{"integer", WANTED_INTEGER},
	{"int", WANTED_INTEGER},
	{"float", WANTED_NUMBER},
	{"double", WANTED_NUMBER},
	{"number", WANTED_NUMBER},
	{"object", WANTED_OBJECT},
};

static WantedType parse_options(Jsonb *options);
static bool has_type(Jsonb *value, WantedType wanted);
static Jsonb *empty_object(void);
static void set_text(Datum *values, bool *nulls, int column, WfString text);
static void set_name(Datum *values, bool *nulls, int column, const char *name);

/*
 * flag_explain(flag text, context jsonb, default_value jsonb, options jsonb)
 *   -> (value, variant, enabled, reason, error_code, rule, metadata, vendor)
 *
 * As flag_value(), with why.  Raises an error for options that are wrong, and
 * for nothing else.
 */
Datum
wf_flag_explain(PG_FUNCTION_ARGS)
{
	WantedType	wanted = PG_ARGISNULL(3) ? WANTED_ANY : parse_options(PG_GETARG_JSONB_P(3));
	TupleDesc	desc;
	Datum		values[COLUMN_COUNT] = {0};
	bool		nulls[COLUMN_COUNT] = {0};
	const WfFlag *flag = NULL;
	Jsonb	   *value = NULL;
	WfContext	context;
	WfOutcome	outcome;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	wf_flags_context_from_json(&context, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
	wf_flags_cache_ensure();
	if (!PG_ARGISNULL(0))
	{
		text	   *key = PG_GETARG_TEXT_PP(0);
		WfString	name = {VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)};

		flag = wf_flags_store_find(name);
	}
	if (flag)
	{
		wf_flags_evaluate(flag, &context, &wf_flags_cache_callbacks, &outcome);
		value = wf_flags_variant_value(flag->program, outcome.variant);
		if (value && !has_type(value, wanted))
			wf_flags_outcome_error(&outcome, WF_ERROR_TYPE_MISMATCH);
	}
	else
		wf_flags_outcome_error(&outcome, WF_ERROR_FLAG_NOT_FOUND);

	if (outcome.variant == WF_VARIANT_NONE)
		value = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	else
		set_text(values, nulls, COLUMN_VARIANT, flag->program->variants[outcome.variant].name);
	nulls[COLUMN_VARIANT] = outcome.variant == WF_VARIANT_NONE;
	nulls[COLUMN_VALUE] = value == NULL;
	values[COLUMN_VALUE] = JsonbPGetDatum(value);
	values[COLUMN_ENABLED] = BoolGetDatum(outcome.enabled);
	set_name(values, nulls, COLUMN_REASON, wf_flags_reason_name(outcome.reason));
	set_name(values, nulls, COLUMN_ERROR_CODE, wf_flags_error_name(outcome.error));
	if (outcome.rule && outcome.error == WF_ERROR_NONE && outcome.rule->id.data)
		set_text(values, nulls, COLUMN_RULE, outcome.rule->id);
	else
		set_name(values, nulls, COLUMN_RULE, outcome.overridden ? "override" : NULL);
	values[COLUMN_METADATA] = JsonbPGetDatum(flag && flag->program->metadata ? flag->program->metadata
											 : empty_object());
	values[COLUMN_VENDOR] = JsonbPGetDatum(empty_object());

	/* Forming the row copies what belongs to the cache. */
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

static WantedType
parse_options(Jsonb *options)
{
	static const WfOption known[] = {
		{"value_type", WF_OPTION_TEXT, offsetof(ExplainOptions, value_type)},
	};
	ExplainOptions parsed = {NULL};

	wf_common_options_parse(options, known, lengthof(known), &parsed);
	if (parsed.value_type == NULL)
		return WANTED_ANY;
	for (int i = 0; i < lengthof(wanted_types); i++)
	{
		if (strcmp(wanted_types[i].name, parsed.value_type) == 0)
			return wanted_types[i].type;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown value_type \"%s\"", parsed.value_type),
			 errhint("Known are any, boolean, bool, string, integer, int, float, double, number, object.")));
	return WANTED_ANY;			/* keep compiler quiet */
}

static bool
has_type(Jsonb *value, WantedType wanted)
{
	JsonbValue *scalar;

	if (wanted == WANTED_ANY)
		return true;
	if (!JB_ROOT_IS_SCALAR(value))
		return wanted == WANTED_OBJECT;
	scalar = getIthJsonbValueFromContainer(&value->root, 0);
	switch (wanted)
	{
		case WANTED_BOOLEAN:
			return scalar->type == jbvBool;
		case WANTED_STRING:
			return scalar->type == jbvString;
		case WANTED_NUMBER:
			return scalar->type == jbvNumeric;
		case WANTED_INTEGER:
			return scalar->type == jbvNumeric &&
				strchr(numeric_normalize(scalar->val.numeric), '.') == NULL;
		default:
			return false;
	}
}

static Jsonb *
empty_object(void)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static void
set_text(Datum *values, bool *nulls, int column, WfString text)
{
	values[column] = PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
	nulls[column] = false;
}

static void
set_name(Datum *values, bool *nulls, int column, const char *name)
{
	nulls[column] = name == NULL;
	if (name)
		values[column] = CStringGetTextDatum(name);
}
