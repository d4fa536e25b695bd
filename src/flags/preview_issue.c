/*
 * preview_issue.c: issuing and revoking preview tokens, and their keys.
 *
 * Who may call these functions needs no right on the tables, and rows get
 * there in no other way.  Secrets are written without a query, so that none
 * stands in a log of statements or their parameters.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "common/append.h"
#include "common/extension.h"
#include "common/options.h"
#include "common/reason.h"
#include "common/uuid.h"
#include "flags/cache.h"
#include "flags/preview.h"
#include "record/record.h"

PG_FUNCTION_INFO_V1(wf_preview_issue_text);
PG_FUNCTION_INFO_V1(wf_preview_issue_jsonb);
PG_FUNCTION_INFO_V1(wf_preview_revoke);
PG_FUNCTION_INFO_V1(wf_preview_secret_rotate);

#define SECRET_BYTES 32

/* A token can't be valid for longer. */
#define DAYS_MAX 90

typedef struct IssueOptions
{
	bool		production;
	char	   *environment;	/* NULL: this one */
	char	   *reason;			/* NULL: wishflags.reason, if that is set */
} IssueOptions;

static const WfOption known_options[] = {
	{"production", WF_OPTION_BOOLEAN, offsetof(IssueOptions, production)},
	{"environment", WF_OPTION_TEXT, offsetof(IssueOptions, environment)},
	{"reason", WF_OPTION_TEXT, offsetof(IssueOptions, reason)},
};

/* Columns of preview_tokens. */
enum
{
	TOKEN_ID,
	TOKEN_KEY_ID,
	TOKEN_FLAGS,
	TOKEN_ENVIRONMENT,
	TOKEN_PRODUCTION,
	TOKEN_ISSUED_AT,
	TOKEN_EXPIRES_AT,
	TOKEN_ACTING_ROLE,
	TOKEN_OUTER_ROLE,
	TOKEN_LOGIN_ROLE,
	TOKEN_REASON,
	TOKEN_REVOKED_AT,
	TOKEN_REVOKED_BY,
	TOKEN_REVOKE_REASON,
	TOKEN_COLUMNS
};

static text *issue(FunctionCallInfo fcinfo, WfPreview *preview);
static void refuse_null(FunctionCallInfo fcinfo, int arg, const char *name);
static void refuse_flags(const char *problem);
static void check_flags(const WfPreview *preview);
static TimestampTz expiry(TimestampTz issued_at, Interval *ttl);
static void check_environment(const IssueOptions *options, const char *environment);
static void note_token(const WfPreviewToken *token, const pg_uuid_t *key, TimestampTz issued_at, const char *reason);
static pg_uuid_t *make_secret(void);
static void append(const char *table, int columns, const Datum *values, const bool *nulls);
static uint64 execute(const char *table, const char *sql, int count, Oid *types, Datum *values, const char *nulls);

/* preview_issue(flags text, ttl interval, options jsonb) -> text */
Datum
wf_preview_issue_text(PG_FUNCTION_ARGS)
{
	WfPreview	preview = {0};
	const char *problem;

	refuse_null(fcinfo, 0, "flags");
	if (!wf_flags_preview_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), WF_PREVIEW_TOKEN, &preview, &problem))
		refuse_flags(problem);
	PG_RETURN_TEXT_P(issue(fcinfo, &preview));
}

/* preview_issue(flags jsonb, ttl interval, options jsonb) -> text */
Datum
wf_preview_issue_jsonb(PG_FUNCTION_ARGS)
{
	WfPreview	preview = {0};
	const char *problem;

	refuse_null(fcinfo, 0, "flags");
	if (!wf_flags_preview_from_json(PG_GETARG_JSONB_P(0), WF_PREVIEW_TOKEN, &preview, &problem))
		refuse_flags(problem);
	PG_RETURN_TEXT_P(issue(fcinfo, &preview));
}

/* preview_revoke(id uuid, reason text) -> boolean: whether it was in force until now */
Datum
wf_preview_revoke(PG_FUNCTION_ARGS)
{
	Oid			types[] = {UUIDOID, TEXTOID, TEXTOID};
	Datum		values[3];
	char		nulls[] = {' ', ' ', ' '};
	const char *reason = PG_ARGISNULL(1) ? wf_common_reason() : text_to_cstring(PG_GETARG_TEXT_PP(1));

	wf_common_require_writable("preview_revoke()");
	refuse_null(fcinfo, 0, "id");
	values[0] = PG_GETARG_DATUM(0);
	values[1] = CStringGetTextDatum(wf_common_role_name(GetUserId()));
	values[2] = reason ? CStringGetTextDatum(reason) : (Datum) 0;
	nulls[2] = reason ? ' ' : 'n';
	if (execute("preview_tokens", "SELECT FROM wishflags.preview_tokens WHERE id = $1", 1, types, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no token has the id %s", DatumGetCString(DirectFunctionCall1(uuid_out, values[0]))),
				 errhint("To see all: SELECT id, flags, issued_at, expires_at FROM wishflags.preview_tokens;")));
	PG_RETURN_BOOL(execute("preview_tokens", "UPDATE wishflags.preview_tokens SET revoked_at = now(), revoked_by = $2, revoke_reason = $3"
						   " WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()", lengthof(types), types, values, nulls) > 0);
}

/*
 * preview_secret_rotate(discard boolean) -> uuid of the new key
 *
 * Tokens of older keys stay valid until they expire, unless discard says that
 * none of them is to be; keys that no token needs go.
 */
Datum
wf_preview_secret_rotate(PG_FUNCTION_ARGS)
{
	Oid			types[] = {UUIDOID, BOOLOID};
	Datum		values[2];
	char		nulls[] = {' ', ' '};
	pg_uuid_t  *key;

	wf_common_require_writable("preview_secret_rotate()");
	key = make_secret();
	values[0] = UUIDPGetDatum(key);
	values[1] = BoolGetDatum(!PG_ARGISNULL(0) && PG_GETARG_BOOL(0));
	(void) execute("preview_secrets", "DELETE FROM wishflags.preview_secrets s WHERE s.id <> $1 AND ($2 OR NOT EXISTS"
				   " (SELECT FROM wishflags.preview_tokens t WHERE t.key_id = s.id AND t.revoked_at IS NULL AND t.expires_at > now()))",
				   lengthof(types), types, values, nulls);
	PG_RETURN_UUID_P(key);
}

static text *
issue(FunctionCallInfo fcinfo, WfPreview *preview)
{
	IssueOptions options = {0};
	WfPreviewToken token = {0};
	TimestampTz issued_at = GetCurrentStatementStartTimestamp();
	pg_uuid_t	key;
	bytea	   *secret;

	wf_common_require_writable("preview_issue()");
	refuse_null(fcinfo, 1, "ttl");
	if (!PG_ARGISNULL(2))
		wf_common_options_parse(PG_GETARG_JSONB_P(2), known_options, lengthof(known_options), &options);
	if (preview->nitems == 0)
		refuse_flags("there is no flag");
	check_flags(preview);
	token.expires_at = expiry(issued_at, PG_GETARG_INTERVAL_P(1));
	token.environment = options.environment ? options.environment : wf_record_environment;
	token.production = options.production;
	check_environment(&options, token.environment);
	token.flags = wf_flags_preview_write(preview);
	token.id = *wf_common_uuid_in_order();
	secret = wf_flags_token_secret(&key);
	if (secret == NULL)
	{
		(void) make_secret();
		CommandCounterIncrement();
		secret = wf_flags_token_secret(&key);
	}
	note_token(&token, &key, issued_at, options.reason ? options.reason : wf_common_reason());
	return cstring_to_text(wf_flags_token_write(&token, &key, secret, issued_at));
}

static void
refuse_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name)));
}

static void
refuse_flags(const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("flags to be shown can't be read"),
			 errdetail("What is wrong: %s.", problem),
			 errhint("Write for example 'gallery:true,theme:dark', or '{\"gallery\": true, \"theme\": \"dark\"}'::jsonb.")));
}

/* A token may be made before its flag; more often the name is wrong. */
static void
check_flags(const WfPreview *preview)
{
	wf_flags_cache_ensure();
	for (int i = 0; i < preview->nitems; i++)
	{
		const WfPreviewItem *item = &preview->items[i];
		const WfFlag *flag = wf_flags_store_find(item->flag);
		const char *problem = "there is no such flag";
		int			variant;

		if (flag && wf_flags_preview_variant(flag->program, item, &variant, &problem))
			continue;
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the token will not show flag \"%.*s\" as \"%.*s\"", item->flag.len, item->flag.data,
						item->variant.len, item->variant.data),
				 errdetail("By now, %s.", problem)));
	}
}

/* In whole seconds, as the token says it. */
static TimestampTz
expiry(TimestampTz issued_at, Interval *ttl)
{
	TimestampTz expires_at = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(issued_at),
																	 IntervalPGetDatum(ttl)));

	if (expires_at < issued_at + USECS_PER_SEC || expires_at > issued_at + DAYS_MAX * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a preview token is valid for at least a second and at most %d days", DAYS_MAX),
				 errhint("Give for example '1 hour'.")));
	return expires_at - expires_at % USECS_PER_SEC;
}

static void
check_environment(const IssueOptions *options, const char *environment)
{
	if (strcmp(environment, "production") != 0)
		return;
	if (!options->production)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this token would be for production"),
				 errdetail("Setting wishflags.environment is \"%s\".", wf_record_environment),
				 errhint("Say that it is meant, by the options '{\"production\": true}', or which it is for: '{\"environment\": \"staging\"}'.")));
	wf_flags_preview_require_right();
}

static void
note_token(const WfPreviewToken *token, const pg_uuid_t *key, TimestampTz issued_at, const char *reason)
{
	Datum		values[TOKEN_COLUMNS] = {0};
	bool		nulls[TOKEN_COLUMNS] = {false};

	values[TOKEN_ID] = UUIDPGetDatum(unconstify(pg_uuid_t *, &token->id));
	values[TOKEN_KEY_ID] = UUIDPGetDatum(unconstify(pg_uuid_t *, key));
	values[TOKEN_FLAGS] = CStringGetTextDatum(token->flags);
	values[TOKEN_ENVIRONMENT] = CStringGetTextDatum(token->environment);
	values[TOKEN_PRODUCTION] = BoolGetDatum(token->production);
	values[TOKEN_ISSUED_AT] = TimestampTzGetDatum(issued_at);
	values[TOKEN_EXPIRES_AT] = TimestampTzGetDatum(token->expires_at);
	values[TOKEN_ACTING_ROLE] = CStringGetTextDatum(wf_common_role_name(GetUserId()));
	values[TOKEN_OUTER_ROLE] = CStringGetTextDatum(wf_common_role_name(GetOuterUserId()));
	values[TOKEN_LOGIN_ROLE] = CStringGetTextDatum(wf_common_role_name(GetSessionUserId()));
	nulls[TOKEN_REASON] = reason == NULL;
	if (reason)
		values[TOKEN_REASON] = CStringGetTextDatum(reason);
	for (int i = TOKEN_REVOKED_AT; i < TOKEN_COLUMNS; i++)
		nulls[i] = true;
	append("preview_tokens", TOKEN_COLUMNS, values, nulls);
}

/* A new key; its id is greater than those of all others. */
static pg_uuid_t *
make_secret(void)
{
	pg_uuid_t  *id = wf_common_uuid_in_order();
	bytea	   *secret = palloc(VARHDRSZ + SECRET_BYTES);
	Datum		values[] = {UUIDPGetDatum(id), PointerGetDatum(secret), TimestampTzGetDatum(GetCurrentStatementStartTimestamp())};
	bool		nulls[lengthof(values)] = {false};

	SET_VARSIZE(secret, VARHDRSZ + SECRET_BYTES);
	if (!pg_strong_random(VARDATA(secret), SECRET_BYTES))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	append("preview_secrets", lengthof(values), values, nulls);
	return id;
}

static void
append(const char *table, int columns, const Datum *values, const bool *nulls)
{
	Oid			relid = wf_common_relation_oid(table);
	WfAppend	appended;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not there", table),
				 errhint("Run: ALTER EXTENSION wishflags UPDATE;")));
	wf_common_append_begin(&appended, relid, columns);
	wf_common_append_row(&appended, values, nulls);
	wf_common_append_end(&appended);
}

/* Runs a statement as the table's owner; the number of rows. */
static uint64
execute(const char *table, const char *sql, int count, Oid *types, Datum *values, const char *nulls)
{
	WfWrite		write;
	uint64		rows;

	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid(table));
	if (SPI_execute_with_args(sql, count, types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not execute: %s", sql);
	rows = SPI_processed;
	wf_common_write_end(&write);
	SPI_finish();
	return rows;
}
