/*
 * manage.c: functions that change flags.
 *
 * They are plain INSERT, UPDATE and DELETE under the caller's rights with
 * better errors; what has to hold hangs on the tables' triggers.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "flags/integrity.h"
#include "flags/manage.h"
#include "flags/requirement.h"
#include "flags/row.h"

PG_FUNCTION_INFO_V1(wf_flag_create);
PG_FUNCTION_INFO_V1(wf_flag_define);
PG_FUNCTION_INFO_V1(wf_flag_enable);
PG_FUNCTION_INFO_V1(wf_flag_disable);
PG_FUNCTION_INFO_V1(wf_flag_rollout);
PG_FUNCTION_INFO_V1(wf_flag_rollback);
PG_FUNCTION_INFO_V1(wf_flag_archive);
PG_FUNCTION_INFO_V1(wf_flag_unarchive);
PG_FUNCTION_INFO_V1(wf_flag_expire);
PG_FUNCTION_INFO_V1(wf_segment_define);

/*
 * The columns of a flag but its key, its owner's role, and what counts its
 * versions; each after a prefix.
 */
#define CONTENT(p) \
	p "enabled, " p "rollout, " p "definition, " p "description, " p "owner_team, " p "dialect, " p "document, " \
	p "client_visible, " p "cache_ttl_seconds, " p "kind, " p "owner_email, " p "documentation_url, " \
	p "notes, " p "tags, " p "expires_at, " p "on_expiry, " p "archived_at"

static Datum change_flag(const char *sql, WfParams *params);
static Datum change_with_reason(const char *sql, FunctionCallInfo fcinfo);
static int	begin_reason(FunctionCallInfo fcinfo, int arg);

/*
 * flag_create(key text, description text, owner_team text, rollout numeric,
 *             definition jsonb, enabled boolean) -> version integer
 */
Datum
wf_flag_create(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};
	int32		version;

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	wf_flags_add_argument(&params, fcinfo, 1, TEXTOID);
	wf_flags_add_argument(&params, fcinfo, 2, TEXTOID);
	wf_flags_add_argument(&params, fcinfo, 3, NUMERICOID);
	wf_flags_add_argument(&params, fcinfo, 4, JSONBOID);
	wf_flags_add_argument(&params, fcinfo, 5, BOOLOID);
	if (!wf_flags_run("INSERT INTO wishflags.flags (key, description, owner_team, rollout, definition, enabled)"
					  " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING version",
					  &params, &version))
	{
		char	   *key = TextDatumGetCString(params.values[0]);

		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("flag \"%s\" already exists", key),
				 errhint("Look at it: SELECT * FROM wishflags.flags WHERE key = %s;",
						 quote_literal_cstr(key))));
	}
	PG_RETURN_INT32(version);
}

/* flag_define(key text, definition jsonb) -> version integer; NULL: a plain flag */
Datum
wf_flag_define(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	wf_flags_add_argument(&params, fcinfo, 1, JSONBOID);
	return change_flag("UPDATE wishflags.flags SET definition = $2"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/*
 * flag_enable(key text) -> version integer
 *
 * An archived flag that was enabled is refused too: nothing in it would change,
 * and it would go on answering what is off.
 */
Datum
wf_flag_enable(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};
	Datum		version;

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	version = change_flag("UPDATE wishflags.flags SET enabled = true"
						  " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
	wf_flags_check_serving(wf_flags_text_string(params.values[0]));
	return version;
}

/* flag_disable(key text) -> version integer */
Datum
wf_flag_disable(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	return change_flag("UPDATE wishflags.flags SET enabled = false"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* flag_rollout(key text, percent numeric) -> version integer */
Datum
wf_flag_rollout(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	wf_flags_refuse_null(fcinfo, 1, "percent");
	wf_flags_add_argument(&params, fcinfo, 1, NUMERICOID);
	return change_flag("UPDATE wishflags.flags SET rollout = $2"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/*
 * flag_rollback(key text, version integer, reason text) -> new version integer
 *
 * Restores all but what counts versions, and an owner who is no more; also a
 * record that lacks what wishflags.require_fields lists by now.
 */
Datum
wf_flag_rollback(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};
	int			nest_level;
	int32		version;

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	wf_flags_refuse_null(fcinfo, 1, "version");
	wf_flags_refuse_null(fcinfo, 2, "reason");
	wf_flags_add_argument(&params, fcinfo, 1, INT4OID);
	nest_level = begin_reason(fcinfo, 2);
	wf_flags_require_nothing();
	if (!wf_flags_run("INSERT INTO wishflags.flags AS f (key, owner_role, " CONTENT("") ")"
					  " SELECT r.key, (SELECT rolname FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) r.owner_role), " CONTENT("r.")
					  " FROM wishflags.flag_versions v, pg_catalog.jsonb_populate_record(NULL::wishflags.flags, v.record) r"
					  " WHERE v.flag OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) $2"
					  " ON CONFLICT (key) DO UPDATE SET (owner_role, " CONTENT("") ") = ROW(excluded.owner_role, " CONTENT("excluded.") ")"
					  " RETURNING f.version", &params, &version))
	{
		char	   *key = TextDatumGetCString(params.values[0]);

		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("flag \"%s\" has no version %d", key, PG_GETARG_INT32(1)),
				 errhint("See which there are: SELECT * FROM wishflags.flag_history(%s);", quote_literal_cstr(key))));
	}
	AtEOXact_GUC(true, nest_level);
	PG_RETURN_INT32(version);
}

/* flag_archive(key text, reason text) -> version integer; the same where it is archived */
Datum
wf_flag_archive(PG_FUNCTION_ARGS)
{
	return change_with_reason("UPDATE wishflags.flags"
							  " SET archived_at = COALESCE(archived_at, pg_catalog.statement_timestamp())"
							  " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", fcinfo);
}

/* flag_unarchive(key text, reason text) -> version integer */
Datum
wf_flag_unarchive(PG_FUNCTION_ARGS)
{
	return change_with_reason("UPDATE wishflags.flags SET archived_at = NULL"
							  " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", fcinfo);
}

/* flag_expire(key text, expires_at timestamptz, on_expiry text) -> version integer */
Datum
wf_flag_expire(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	wf_flags_refuse_null(fcinfo, 2, "on_expiry");
	wf_flags_add_argument(&params, fcinfo, 1, TIMESTAMPTZOID);
	wf_flags_add_argument(&params, fcinfo, 2, TEXTOID);
	return change_flag("UPDATE wishflags.flags SET expires_at = $2, on_expiry = $3"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* segment_define(key text, definition jsonb, description text) -> version integer */
Datum
wf_segment_define(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};
	int32		version;

	wf_flags_refuse_null(fcinfo, 0, "key of the segment");
	wf_flags_refuse_null(fcinfo, 1, "definition");
	wf_flags_add_argument(&params, fcinfo, 0, TEXTOID);
	wf_flags_add_argument(&params, fcinfo, 1, JSONBOID);
	wf_flags_add_argument(&params, fcinfo, 2, TEXTOID);
	wf_flags_run("INSERT INTO wishflags.segments AS s (key, definition, description) VALUES ($1, $2, $3)"
				 " ON CONFLICT (key) DO UPDATE SET definition = excluded.definition,"
				 " description = COALESCE(excluded.description, s.description) RETURNING version",
				 &params, &version);
	PG_RETURN_INT32(version);
}

/* Values of SPI's encoding of NULL parameters. */
#define PARAM_NULL 'n'
#define PARAM_SET ' '

void
wf_flags_add_param(WfParams *params, Oid type, Datum value, bool isnull)
{
	int			n = params->count++;

	params->types[n] = type;
	params->nulls[n] = isnull ? PARAM_NULL : PARAM_SET;
	params->values[n] = isnull ? (Datum) 0 : value;
}

/* Adds an argument of the function. */
void
wf_flags_add_argument(WfParams *params, FunctionCallInfo fcinfo, int arg, Oid type)
{
	wf_flags_add_param(params, type, PG_GETARG_DATUM(arg), PG_ARGISNULL(arg));
}

/* Adds an argument of type text that may not be NULL. */
void
wf_flags_add_required(WfParams *params, FunctionCallInfo fcinfo, int arg, const char *name)
{
	wf_flags_refuse_null(fcinfo, arg, name);
	wf_flags_add_argument(params, fcinfo, arg, TEXTOID);
}

void
wf_flags_refuse_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/* Runs a statement that returns an integer; false when it touches no row. */
bool
wf_flags_run(const char *sql, WfParams *params, int32 *result)
{
	bool		touched;

	SPI_connect();
	if (SPI_execute_with_args(sql, params->count, params->types, params->values, params->nulls,
							  false, 0) < 0)
		elog(ERROR, "could not run: %s", sql);
	touched = SPI_processed > 0;
	if (touched)
	{
		bool		isnull;

		*result = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	}
	SPI_finish();
	return touched;
}

static Datum
change_flag(const char *sql, WfParams *params)
{
	int32		version;

	if (!wf_flags_run(sql, params, &version))
		wf_flags_report_unknown(wf_flags_text_string(params->values[0]));
	return Int32GetDatum(version);
}

/* As change_flag(), of the flag of argument 0 for the reason of argument 1, if one is given. */
static Datum
change_with_reason(const char *sql, FunctionCallInfo fcinfo)
{
	WfParams	params = {0};
	int			nest_level;
	Datum		version;

	wf_flags_add_required(&params, fcinfo, 0, "key of the flag");
	if (PG_ARGISNULL(1))
		return change_flag(sql, &params);
	nest_level = begin_reason(fcinfo, 1);
	version = change_flag(sql, &params);
	AtEOXact_GUC(true, nest_level);
	return version;
}

/* Sets wishflags.reason to an argument, until AtEOXact_GUC() ends the level. */
static int
begin_reason(FunctionCallInfo fcinfo, int arg)
{
	char	   *reason = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	int			nest_level;

	if (reason[strspn(reason, " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the reason is empty"),
				 errhint("Say why; the audit keeps it.")));
	nest_level = NewGUCNestLevel();
	(void) set_config_option("wishflags.reason", reason, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}
