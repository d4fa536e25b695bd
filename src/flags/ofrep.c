/*
 * ofrep.c: the OpenFeature Remote Evaluation Protocol.
 *
 * A request's path and body in, status, headers and body of the answer out; a
 * bridge of a few lines puts HTTP around it.  After the protocol's version
 * 0.3: POST /ofrep/v1/evaluate/flags/{key} and /ofrep/v1/evaluate/flags.
 * Rules of a flag never leave.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/eval.h"
#include "flags/json.h"
#include "flags/listing.h"
#include "flags/usage.h"

PG_FUNCTION_INFO_V1(wf_ofrep_evaluate);
PG_FUNCTION_INFO_V1(wf_ofrep_evaluate_all);

/* How much longer than it may be kept an answer may be shown while a new one is fetched. */
#define STALE_FACTOR 2

/* How much of a hash is an entity tag. */
#define TAG_BYTES 16

#define HTTP_OK 200
#define HTTP_NOT_MODIFIED 304
#define HTTP_BAD_REQUEST 400
#define HTTP_NOT_FOUND 404

static bool request_context(FunctionCallInfo fcinfo, int arg, WfContext *context, const char **problem);
static WfErrorCode write_flag(JsonbParseState **state, const WfFlag *flag, WfContext *context);
static void write_failure(JsonbParseState **state, WfErrorCode error, const char *details);
static void write_metadata(JsonbParseState **state, Jsonb *metadata);
static const char *protocol_reason(WfReason reason);
static const char *failure_details(WfErrorCode error);
static char *entity_tag(Jsonb *body);
static bool tag_matches(const char *candidates, const char *tag);
static Jsonb *answer_headers(int cache_ttl, const char *tag);
static Datum answer(FunctionCallInfo fcinfo, int status, Jsonb *headers, Jsonb *body);

/*
 * ofrep_evaluate(key text, body jsonb) -> (status integer, headers jsonb, body jsonb)
 */
Datum
wf_ofrep_evaluate(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;
	WfString	name = {"", 0};
	const WfFlag *flag;
	WfContext	context;
	WfErrorCode error = WF_ERROR_INVALID_CONTEXT;
	const char *problem;
	int			status = HTTP_BAD_REQUEST;
	int			cache_ttl = 0;
	Jsonb	   *body;

	if (!PG_ARGISNULL(0))
	{
		text	   *key = PG_GETARG_TEXT_PP(0);

		name.data = VARDATA_ANY(key);
		name.len = VARSIZE_ANY_EXHDR(key);
	}
	wf_flags_cache_ensure();
	flag = wf_flags_store_find(name);
	wf_flags_json_begin(&state);
	wf_flags_json_string(&state, "key", name);
	if (!request_context(fcinfo, 1, &context, &problem))
		write_failure(&state, error, problem);
	else if (flag == NULL)
	{
		status = HTTP_NOT_FOUND;
		wf_flags_count_unknown(name);
		write_failure(&state, WF_ERROR_FLAG_NOT_FOUND, failure_details(WF_ERROR_FLAG_NOT_FOUND));
	}
	else
	{
		error = write_flag(&state, flag, &context);
		if (error == WF_ERROR_NONE)
		{
			status = HTTP_OK;
			cache_ttl = flag->cache_ttl;
		}
	}
	body = wf_flags_json_end(&state);
	return answer(fcinfo, status,
				  answer_headers(cache_ttl, status == HTTP_OK ? entity_tag(body) : NULL), body);
}

/*
 * ofrep_evaluate_all(body jsonb, if_none_match text)
 *   -> (status integer, headers jsonb, body jsonb)
 *
 * All flags that are marked client-visible.  Status 304 without a body when
 * the answer is still the one of the tag.
 */
Datum
wf_ofrep_evaluate_all(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;
	WfFlagListing listing;
	WfContext	context;
	const char *problem;
	int			cache_ttl = WF_CACHE_TTL_DEFAULT;
	Jsonb	   *body;
	char	   *tag;

	wf_flags_json_begin(&state);
	if (!request_context(fcinfo, 0, &context, &problem))
	{
		write_failure(&state, WF_ERROR_INVALID_CONTEXT, problem);
		return answer(fcinfo, HTTP_BAD_REQUEST, answer_headers(0, NULL), wf_flags_json_end(&state));
	}

	wf_flags_cache_ensure();
	wf_flags_list_flags(&listing);
	wf_flags_json_key(&state, "flags");
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < listing.count; i++)
	{
		const WfFlag *flag = listing.flags[i];

		CHECK_FOR_INTERRUPTS();
		if (!flag->client_visible)
			continue;
		/* A preview is not to be kept. */
		cache_ttl = wf_flags_previewing ? 0 : Min(cache_ttl, flag->cache_ttl);
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		wf_flags_json_string(&state, "key", flag->key);
		(void) write_flag(&state, flag, &context);
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	body = wf_flags_json_end(&state);
	tag = entity_tag(body);
	if (!PG_ARGISNULL(1) && tag_matches(text_to_cstring(PG_GETARG_TEXT_PP(1)), tag))
		return answer(fcinfo, HTTP_NOT_MODIFIED, answer_headers(cache_ttl, tag), NULL);
	return answer(fcinfo, HTTP_OK, answer_headers(cache_ttl, tag), body);
}

/* The context of a request's body; false, with the problem, where it is none. */
static bool
request_context(FunctionCallInfo fcinfo, int arg, WfContext *context, const char **problem)
{
	WfValue		body = {.type = WF_VALUE_ABSENT};
	WfValue		member = {.type = WF_VALUE_ABSENT};

	if (!PG_ARGISNULL(arg))
		wf_flags_value_from_root(PG_GETARG_JSONB_P(arg), &body);
	if (body.type != WF_VALUE_OBJECT)
	{
		*problem = "the body is no JSON object";
		return false;
	}
	(void) wf_flags_value_member(&body, wf_flags_string("context"), &member);
	if (member.type > WF_VALUE_NULL && member.type != WF_VALUE_OBJECT)
	{
		*problem = "context is no JSON object";
		return false;
	}
	wf_flags_context_from_json(context, member.type == WF_VALUE_OBJECT ? wf_flags_value_to_jsonb(&member)
							   : NULL);
	return true;
}

/* Evaluates a flag into the members of an answer's object. */
static WfErrorCode
write_flag(JsonbParseState **state, const WfFlag *flag, WfContext *context)
{
	WfOutcome	outcome;
	Jsonb	   *value;

	wf_flags_evaluate(flag, context, wf_flags_callbacks(), &outcome);
	wf_flags_count(flag, context, &outcome);
	if (outcome.error != WF_ERROR_NONE)
	{
		write_failure(state, outcome.error, failure_details(outcome.error));
		return outcome.error;
	}
	wf_flags_json_text(state, "reason", protocol_reason(outcome.reason));
	/* Without a value the client takes the default in its code. */
	value = wf_flags_outcome_value(flag->program, &outcome);
	if (value)
		wf_flags_json_document(state, "value", value);
	if (outcome.variant != WF_VARIANT_NONE && flag->program->variants[outcome.variant].name.data)
		wf_flags_json_string(state, "variant", flag->program->variants[outcome.variant].name);
	if (flag->program->metadata)
		write_metadata(state, flag->program->metadata);
	return WF_ERROR_NONE;
}

static void
write_failure(JsonbParseState **state, WfErrorCode error, const char *details)
{
	/* The protocol has no code for a value of another type. */
	wf_flags_json_text(state, "errorCode", wf_flags_error_name(error));
	wf_flags_json_text(state, "errorDetails", details);
}

/* Metadata holds booleans, strings and numbers only; other values become text. */
static void
write_metadata(JsonbParseState **state, Jsonb *metadata)
{
	JsonbIterator *it = JsonbIteratorInit(&metadata->root);
	JsonbIteratorToken token;
	JsonbValue	json;
	const char *key = NULL;

	wf_flags_json_key(state, "metadata");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		value;

		if (token == WJB_KEY)
			key = pnstrdup(json.val.string.val, json.val.string.len);
		if (token != WJB_VALUE)
			continue;
		wf_flags_value_from_json(&json, &value);
		if (value.type == WF_VALUE_ARRAY || value.type == WF_VALUE_OBJECT)
			wf_flags_json_string(state, key, wf_flags_value_json_text(&value));
		else if (value.type != WF_VALUE_NULL)
			wf_flags_json_value(state, key, &value);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* The protocol's reasons; it has none for a default after rules. */
static const char *
protocol_reason(WfReason reason)
{
	return reason == WF_REASON_DEFAULT ? "UNKNOWN" : wf_flags_reason_name(reason);
}

static const char *
failure_details(WfErrorCode error)
{
	switch (error)
	{
		case WF_ERROR_FLAG_NOT_FOUND:
			return "there is no such flag";
		case WF_ERROR_TARGETING_KEY_MISSING:
			return "the context has no targetingKey, on which the flag depends";
		case WF_ERROR_PARSE_ERROR:
			return "the flag's definition can't be evaluated";
		default:
			return "the flag can't be evaluated";
	}
}

static char *
entity_tag(Jsonb *body)
{
	/* A jsonb is a varlena, as the bytea is that is hashed. */
	bytea	   *hash = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, JsonbPGetDatum(body)));
	char		hex[TAG_BYTES * 2 + 1];

	hex_encode(VARDATA_ANY(hash), TAG_BYTES, hex);
	hex[TAG_BYTES * 2] = '\0';
	return psprintf("\"%s\"", hex);
}

/* Whether a header If-None-Match names the tag, weakly compared, or is "*". */
static bool
tag_matches(const char *candidates, const char *tag)
{
	int			len = strlen(tag);

	for (const char *at = candidates; *at;)
	{
		int			item;

		at += strspn(at, " \t,");
		if (*at == '*')
			return true;
		if (strncmp(at, "W/", 2) == 0)
			at += 2;
		item = strcspn(at, ",");
		if (item >= len && strncmp(at, tag, len) == 0 && strspn(at + len, " \t") + len >= item)
			return true;
		at += item;
	}
	return false;
}

static Jsonb *
answer_headers(int cache_ttl, const char *tag)
{
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	wf_flags_json_text(&state, "Content-Type", "application/json");
	if (tag)
	{
		wf_flags_json_text(&state, "ETag", tag);
		wf_flags_json_text(&state, "Cache-Control",
						   psprintf("max-age=%d, stale-while-revalidate=" INT64_FORMAT, cache_ttl,
									(int64) cache_ttl * STALE_FACTOR));
	}
	else
		wf_flags_json_text(&state, "Cache-Control", "no-store");
	return wf_flags_json_end(&state);
}

static Datum
answer(FunctionCallInfo fcinfo, int status, Jsonb *headers, Jsonb *body)
{
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int32GetDatum(status);
	values[1] = JsonbPGetDatum(headers);
	values[2] = JsonbPGetDatum(body);
	nulls[2] = body == NULL;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
