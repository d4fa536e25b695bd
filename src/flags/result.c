/*
 * result.c: the row that flag_explain() and its like return.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "common/options.h"
#include "flags/eval.h"
#include "flags/json.h"
#include "flags/override.h"
#include "flags/preview.h"
#include "flags/result.h"

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

/* An option's text and what it stands for. */
typedef struct Choice
{
	const char *name;
	int			value;
} Choice;

static const Choice wanted_types[] = {
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

static const Choice fractional_algorithms[] = {{"v1", 1}, {"v2", 2}, {"v3", 3}};
static const Choice hash_encodings[] = {
	{"utf8", WF_ENCODING_TEXT},
	{"utf16-low", WF_ENCODING_UTF16_LOW},
	{"utf16-units", WF_ENCODING_UTF16_UNITS},
};
static const Choice bucket_precisions[] = {{"double", false}, {"single", true}};

/* Options of flag_explain() alone, those of both, then those of documents. */
static const WfOption known_options[] = {
	{"clock", WF_OPTION_TEXT, offsetof(WfExplainOptions, clock)},
	{"version", WF_OPTION_INTEGER, offsetof(WfExplainOptions, version)},
	{"value_type", WF_OPTION_TEXT, offsetof(WfExplainOptions, value_type)},
	{"as_of", WF_OPTION_TEXT, offsetof(WfExplainOptions, as_of)},
	{"preview", WF_OPTION_JSON, offsetof(WfExplainOptions, preview_option)},
	{"fractional", WF_OPTION_TEXT, offsetof(WfExplainOptions, fractional)},
	{"hash_encoding", WF_OPTION_TEXT, offsetof(WfExplainOptions, hash_encoding)},
	{"bucket_precision", WF_OPTION_TEXT, offsetof(WfExplainOptions, bucket_precision)},
};

#define STORED_OPTIONS 2		/* the first of known_options */
#define EXPLAIN_OPTIONS 5

static TimestampTz parse_moment(const char *text, TimestampTz absent);
static int	choose(const char *option, const char *text, const Choice *choices, int nchoices, int absent);
static char *known_text(Jsonb *options, const char *option, const Choice *choices, int nchoices);
static void choose_for_dialect(const WfExplainOptions *texts, WfDialectOptions *parsed);
static bool has_type(Jsonb *value, WantedType wanted);
static const char *override_name(const WfOutcome *outcome);
static Jsonb *metadata_of(const WfResult *result, const char *problem);
static Jsonb *preview_metadata(const WfResult *result);
static Jsonb *past_metadata(const WfResult *result);
static void set_text(Datum *values, bool *nulls, int column, WfString text);
static void set_name(Datum *values, bool *nulls, int column, const char *name);

#define CHOOSE(option, text, choices, absent) choose(option, text, choices, lengthof(choices), absent)

/*
 * Parses the options of an explanation; NULL is none.  Raises what is wrong
 * with them.  Without as_of and clock the moment is the statement's start.
 */
void
wf_flags_explain_options(Jsonb *options, bool of_document, WfExplainOptions *parsed)
{
	memset(parsed, 0, sizeof(WfExplainOptions));
	if (options)
	{
		if (of_document)
			wf_common_options_parse(options, known_options + STORED_OPTIONS,
									lengthof(known_options) - STORED_OPTIONS, parsed);
		else
			wf_common_options_parse(options, known_options, EXPLAIN_OPTIONS, parsed);
	}
	parsed->wanted = CHOOSE("value_type", parsed->value_type, wanted_types, WANTED_ANY);
	choose_for_dialect(parsed, &parsed->dialect);
	if (parsed->preview_option)
	{
		/* A document is nobody's flags. */
		if (!of_document)
			wf_flags_preview_require_right();
		parsed->preview = wf_flags_preview_of_option(parsed->preview_option);
	}
	parsed->as_of_moment = parse_moment(parsed->as_of, GetCurrentStatementStartTimestamp());
	parsed->moment = parse_moment(parsed->clock, parsed->as_of_moment);
	if (parsed->version < 0 || parsed->version > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid version: %lld", (long long) parsed->version),
				 errhint("The versions of a flag begin with 1.")));
}

/*
 * Parses the options that are kept with a document.  Strictly, what is wrong
 * with them is raised; else it is taken for not given.
 */
void
wf_flags_dialect_options(Jsonb *options, bool strict, WfDialectOptions *parsed)
{
	WfExplainOptions texts = {0};

	if (strict)
		wf_common_options_parse(options, known_options + EXPLAIN_OPTIONS,
								lengthof(known_options) - EXPLAIN_OPTIONS, &texts);
	else
	{
		texts.fractional = known_text(options, "fractional", fractional_algorithms,
									  lengthof(fractional_algorithms));
		texts.hash_encoding = known_text(options, "hash_encoding", hash_encodings,
										 lengthof(hash_encodings));
		texts.bucket_precision = known_text(options, "bucket_precision", bucket_precisions,
											lengthof(bucket_precisions));
	}
	choose_for_dialect(&texts, parsed);
}

/*
 * The row (value, variant, enabled, reason, error_code, rule, metadata,
 * vendor) of an outcome, as wf_flags_explain_values() fills it.
 */
Datum
wf_flags_explain_row(FunctionCallInfo fcinfo, const WfExplainOptions *options,
					 WfResult *result, WfOutcome *outcome, Jsonb *default_value,
					 const char *problem)
{
	TupleDesc	desc;
	Datum		values[WF_EXPLAIN_COUNT];
	bool		nulls[WF_EXPLAIN_COUNT];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	wf_flags_explain_values(options, result, outcome, default_value, problem, values, nulls);
	/* Forming the row copies what belongs to the cache. */
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * The columns of an outcome.  A variant whose value is not of the wanted type
 * becomes TYPE_MISMATCH.  problem says what is wrong with the flag, or is NULL.
 */
void
wf_flags_explain_values(const WfExplainOptions *options, WfResult *result,
						WfOutcome *outcome, Jsonb *default_value,
						const char *problem, Datum *values, bool *nulls)
{
	const WfFlag *flag = result->flag;
	const WfVariant *variant = NULL;
	Jsonb	   *served = flag ? wf_flags_outcome_value(flag->program, outcome) : NULL;

	memset(values, 0, sizeof(Datum) * WF_EXPLAIN_COUNT);
	memset(nulls, 0, sizeof(bool) * WF_EXPLAIN_COUNT);
	if (served && !has_type(served, options->wanted))
	{
		wf_flags_outcome_error(outcome, WF_ERROR_TYPE_MISMATCH);
		served = NULL;
	}
	result->outcome = outcome;
	result->value = served ? served : default_value;
	if (outcome->variant != WF_VARIANT_NONE)
		variant = &flag->program->variants[outcome->variant];

	values[WF_EXPLAIN_VALUE] = JsonbPGetDatum(result->value);
	nulls[WF_EXPLAIN_VALUE] = result->value == NULL;
	nulls[WF_EXPLAIN_VARIANT] = true;
	if (variant && variant->name.data)
		set_text(values, nulls, WF_EXPLAIN_VARIANT, variant->name);
	values[WF_EXPLAIN_ENABLED] = BoolGetDatum(outcome->enabled);
	set_name(values, nulls, WF_EXPLAIN_REASON, wf_flags_reason_name(outcome->reason));
	set_name(values, nulls, WF_EXPLAIN_ERROR_CODE, wf_flags_error_name(outcome->error));
	if (outcome->rule && outcome->error == WF_ERROR_NONE && outcome->rule->id.data)
		set_text(values, nulls, WF_EXPLAIN_RULE, outcome->rule->id);
	else
		set_name(values, nulls, WF_EXPLAIN_RULE,
				 outcome->previewed ? "preview" : outcome->override ? override_name(outcome) : NULL);
	values[WF_EXPLAIN_METADATA] = JsonbPGetDatum(metadata_of(result, problem));
	values[WF_EXPLAIN_VENDOR] = JsonbPGetDatum(result->dialect && result->dialect->result
											   ? result->dialect->result(result) : wf_flags_json_empty());
}

/* A time as an option gives it. */
static TimestampTz
parse_moment(const char *text, TimestampTz absent)
{
	if (text == NULL)
		return absent;
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static int
choose(const char *option, const char *text, const Choice *choices, int nchoices, int absent)
{
	StringInfoData names;

	if (text == NULL)
		return absent;
	initStringInfo(&names);
	for (int i = 0; i < nchoices; i++)
	{
		if (strcmp(choices[i].name, text) == 0)
			return choices[i].value;
		appendStringInfo(&names, "%s%s", i ? ", " : "", choices[i].name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", option, text),
			 errhint("Known are %s.", names.data)));
	return absent;				/* keep compiler quiet */
}

/* An option's text if it is one of the choices, else NULL. */
static char *
known_text(Jsonb *options, const char *option, const Choice *choices, int nchoices)
{
	WfValue		object;
	WfValue		value;

	wf_flags_value_from_root(options, &object);
	if (!wf_flags_value_member(&object, wf_flags_string(option), &value) || value.type != WF_VALUE_STRING)
		return NULL;
	for (int i = 0; i < nchoices; i++)
	{
		if (wf_flags_strings_equal(wf_flags_string(choices[i].name), value.u.string))
			return unconstify(char *, choices[i].name);
	}
	return NULL;
}

static void
choose_for_dialect(const WfExplainOptions *texts, WfDialectOptions *parsed)
{
	parsed->fractional = CHOOSE("fractional", texts->fractional, fractional_algorithms, 2);
	parsed->encoding = CHOOSE("hash_encoding", texts->hash_encoding, hash_encodings, WF_ENCODING_TEXT);
	parsed->single_precision = CHOOSE("bucket_precision", texts->bucket_precision,
									  bucket_precisions, false);
}

static bool
has_type(Jsonb *value, WantedType wanted)
{
	WfValue		parsed;

	wf_flags_value_from_root(value, &parsed);
	switch (wanted)
	{
		case WANTED_BOOLEAN:
			return parsed.type == WF_VALUE_BOOLEAN;
		case WANTED_STRING:
			return parsed.type == WF_VALUE_STRING;
		case WANTED_NUMBER:
			return parsed.type == WF_VALUE_NUMBER;
		case WANTED_INTEGER:
			return wf_flags_value_is_integer(&parsed);
		case WANTED_OBJECT:
			return parsed.type == WF_VALUE_OBJECT || parsed.type == WF_VALUE_ARRAY;
		case WANTED_ANY:
			break;
	}
	return true;
}

/* An override of a user's key that does not deny is nothing but that. */
static const char *
override_name(const WfOutcome *outcome)
{
	WfString	kind = outcome->override->name;

	if (!outcome->denied && wf_flags_override_is_user(kind))
		return "override";
	return psprintf("override: %.*s%s", kind.len, kind.data, outcome->denied ? ", deny" : "");
}

/* The flag's metadata, and what a preview and the past have to do with it; or what is wrong. */
static Jsonb *
metadata_of(const WfResult *result, const char *problem)
{
	const WfFlag *flag = result->flag;
	Jsonb	   *metadata = flag && flag->program->metadata ? flag->program->metadata : wf_flags_json_empty();
	Jsonb	   *more[] = {preview_metadata(result), past_metadata(result)};
	JsonbParseState *state = NULL;

	if (problem)
	{
		wf_flags_json_begin(&state);
		wf_flags_json_text(&state, "errorDetails", problem);
		return wf_flags_json_end(&state);
	}
	for (int i = 0; i < lengthof(more); i++)
	{
		if (more[i])
			metadata = DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(metadata), JsonbPGetDatum(more[i])));
	}
	return metadata;
}

/* {"preview": {...}}: what was asked for, by what, and why it is not served; or NULL. */
static Jsonb *
preview_metadata(const WfResult *result)
{
	const WfPreview *preview = result->callbacks ? result->callbacks->preview : NULL;
	const WfPreviewItem *item = preview && result->flag ? wf_flags_preview_find(preview, result->flag->key) : NULL;
	JsonbParseState *state = NULL;
	const char *problem;
	int			variant;

	if (preview == NULL || (item == NULL && preview->refused == NULL))
		return NULL;
	wf_flags_json_begin(&state);
	wf_flags_json_key(&state, "preview");
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (item)
	{
		wf_flags_json_string(&state, "variant", item->variant);
		wf_flags_json_text(&state, "source", wf_flags_preview_source(item->source));
		if (item->source == WF_PREVIEW_TOKEN)
			wf_flags_json_text(&state, "token", preview->token);
		if (!wf_flags_preview_variant(result->flag->program, item, &variant, &problem))
			wf_flags_json_text(&state, "ignored", problem);
	}
	if (preview->refused)
		wf_flags_json_text(&state, "refused", preview->refused);
	wf_flags_json_close_object(&state);
	return wf_flags_json_end(&state);
}

/* {"segmentsAsOfNow": [...]}: whose keys may have been others at the time asked for; or NULL. */
static Jsonb *
past_metadata(const WfResult *result)
{
	JsonbParseState *state = NULL;
	ListCell   *lc;

	if (result->as_of_now == NIL)
		return NULL;
	wf_flags_json_begin(&state);
	wf_flags_json_open_array(&state, "segmentsAsOfNow");
	foreach(lc, result->as_of_now)
	{
		const WfString *key = lfirst(lc);
		JsonbValue	element = {.type = jbvString,.val.string = {key->len, unconstify(char *, key->data)}};

		(void) pushJsonbValue(&state, WJB_ELEM, &element);
	}
	wf_flags_json_close_array(&state);
	return wf_flags_json_end(&state);
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
