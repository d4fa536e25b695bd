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

PG_FUNCTION_INFO_V1(wf_flag_create);
PG_FUNCTION_INFO_V1(wf_flag_define);
PG_FUNCTION_INFO_V1(wf_flag_enable);
PG_FUNCTION_INFO_V1(wf_flag_disable);
PG_FUNCTION_INFO_V1(wf_flag_rollout);
PG_FUNCTION_INFO_V1(wf_flag_override_set);
PG_FUNCTION_INFO_V1(wf_flag_override_set_enabled);
PG_FUNCTION_INFO_V1(wf_flag_override_unset);
PG_FUNCTION_INFO_V1(wf_flag_rollback);
PG_FUNCTION_INFO_V1(wf_flag_archive);
PG_FUNCTION_INFO_V1(wf_flag_unarchive);
PG_FUNCTION_INFO_V1(wf_flag_expire);
PG_FUNCTION_INFO_V1(wf_segment_define);

/* Most parameters that a statement below has. */
#define MAX_PARAMS 6

/*
 * The columns of a flag but its key, its owner's role, and what counts its
 * versions; each after a prefix.
 */
#define CONTENT(p) \
	p "enabled, " p "rollout, " p "definition, " p "description, " p "owner_team, " p "dialect, " p "document, " \
	p "client_visible, " p "cache_ttl_seconds, " p "kind, " p "owner_email, " p "documentation_url, " \
	p "notes, " p "tags, " p "expires_at, " p "on_expiry, " p "archived_at"

/* Values of SPI's encoding of NULL parameters. */
#define PARAM_NULL 'n'
#define PARAM_SET ' '

/* A statement's parameters; the first is always a flag's key. */
typedef struct Params
{
	int			count;
	Oid			types[MAX_PARAMS];
	Datum		values[MAX_PARAMS];
	char		nulls[MAX_PARAMS];
} Params;

static void add_param(Params *params, FunctionCallInfo fcinfo, int arg, Oid type);
static void add_flag_key(Params *params, FunctionCallInfo fcinfo);
static void refuse_null(FunctionCallInfo fcinfo, int arg, const char *name);
static bool run(const char *sql, Params *params, int32 *result);
static Datum change_flag(const char *sql, Params *params);
static Datum change_with_reason(const char *sql, FunctionCallInfo fcinfo);
static int	begin_reason(FunctionCallInfo fcinfo, int arg);
static Datum set_override(Params *params);

/*
 * flag_create(key text, description text, owner_team text, rollout numeric,
 *             definition jsonb, enabled boolean) -> version integer
 */
Datum
wf_flag_create(PG_FUNCTION_ARGS)
{
	Params		params = {0};
	int32		version;

	add_flag_key(&params, fcinfo);
	add_param(&params, fcinfo, 1, TEXTOID);
	add_param(&params, fcinfo, 2, TEXTOID);
	add_param(&params, fcinfo, 3, NUMERICOID);
	add_param(&params, fcinfo, 4, JSONBOID);
	add_param(&params, fcinfo, 5, BOOLOID);
	if (!run("INSERT INTO wishflags.flags (key, description, owner_team, rollout, definition, enabled)"
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
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	add_param(&params, fcinfo, 1, JSONBOID);
	return change_flag("UPDATE wishflags.flags SET definition = $2"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* flag_enable(key text) -> version integer */
Datum
wf_flag_enable(PG_FUNCTION_ARGS)
{
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	return change_flag("UPDATE wishflags.flags SET enabled = true"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* flag_disable(key text) -> version integer */
Datum
wf_flag_disable(PG_FUNCTION_ARGS)
{
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	return change_flag("UPDATE wishflags.flags SET enabled = false"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* flag_rollout(key text, percent numeric) -> version integer */
Datum
wf_flag_rollout(PG_FUNCTION_ARGS)
{
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	refuse_null(fcinfo, 1, "percent");
	add_param(&params, fcinfo, 1, NUMERICOID);
	return change_flag("UPDATE wishflags.flags SET rollout = $2"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* flag_override_set(flag text, key text, variant text) -> void */
Datum
wf_flag_override_set(PG_FUNCTION_ARGS)
{
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	refuse_null(fcinfo, 1, "key");
	refuse_null(fcinfo, 2, "variant");
	add_param(&params, fcinfo, 1, TEXTOID);
	add_param(&params, fcinfo, 2, TEXTOID);
	return set_override(&params);
}

/* flag_override_set(flag text, key text, enabled boolean) -> void: "on" or "off" */
Datum
wf_flag_override_set_enabled(PG_FUNCTION_ARGS)
{
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	refuse_null(fcinfo, 1, "key");
	refuse_null(fcinfo, 2, "enabled");
	add_param(&params, fcinfo, 1, TEXTOID);
	params.types[params.count] = TEXTOID;
	params.values[params.count] = CStringGetTextDatum(PG_GETARG_BOOL(2) ? "on" : "off");
	params.nulls[params.count++] = PARAM_SET;
	return set_override(&params);
}

/* flag_override_unset(flag text, key text) -> boolean: whether there was one */
Datum
wf_flag_override_unset(PG_FUNCTION_ARGS)
{
	Params		params = {0};
	int32		ignored;

	add_flag_key(&params, fcinfo);
	refuse_null(fcinfo, 1, "key");
	add_param(&params, fcinfo, 1, TEXTOID);
	PG_RETURN_BOOL(run("DELETE FROM wishflags.flag_overrides WHERE flag OPERATOR(pg_catalog.=) $1"
					   " AND key OPERATOR(pg_catalog.=) $2 RETURNING 1", &params, &ignored));
}

/*
 * flag_rollback(key text, version integer, reason text) -> new version integer
 *
 * Restores all but what counts versions, and an owner who is no more.
 */
Datum
wf_flag_rollback(PG_FUNCTION_ARGS)
{
	Params		params = {0};
	int			nest_level;
	int32		version;

	add_flag_key(&params, fcinfo);
	refuse_null(fcinfo, 1, "version");
	refuse_null(fcinfo, 2, "reason");
	add_param(&params, fcinfo, 1, INT4OID);
	nest_level = begin_reason(fcinfo, 2);
	if (!run("INSERT INTO wishflags.flags AS f (key, owner_role, " CONTENT("") ")"
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
	Params		params = {0};

	add_flag_key(&params, fcinfo);
	refuse_null(fcinfo, 2, "on_expiry");
	add_param(&params, fcinfo, 1, TIMESTAMPTZOID);
	add_param(&params, fcinfo, 2, TEXTOID);
	return change_flag("UPDATE wishflags.flags SET expires_at = $2, on_expiry = $3"
					   " WHERE key OPERATOR(pg_catalog.=) $1 RETURNING version", &params);
}

/* segment_define(key text, definition jsonb, description text) -> version integer */
Datum
wf_segment_define(PG_FUNCTION_ARGS)
{
	Params		params = {0};
	int32		version;

	refuse_null(fcinfo, 0, "key of the segment");
	refuse_null(fcinfo, 1, "definition");
	add_param(&params, fcinfo, 0, TEXTOID);
	add_param(&params, fcinfo, 1, JSONBOID);
	add_param(&params, fcinfo, 2, TEXTOID);
	run("INSERT INTO wishflags.segments AS s (key, definition, description) VALUES ($1, $2, $3)"
		" ON CONFLICT (key) DO UPDATE SET definition = excluded.definition,"
		" description = COALESCE(excluded.description, s.description) RETURNING version",
		&params, &version);
	PG_RETURN_INT32(version);
}

static void
add_param(Params *params, FunctionCallInfo fcinfo, int arg, Oid type)
{
	int			n = params->count++;

	params->types[n] = type;
	params->nulls[n] = PG_ARGISNULL(arg) ? PARAM_NULL : PARAM_SET;
	params->values[n] = PG_ARGISNULL(arg) ? (Datum) 0 : PG_GETARG_DATUM(arg);
}

static void
add_flag_key(Params *params, FunctionCallInfo fcinfo)
{
	refuse_null(fcinfo, 0, "key of the flag");
	add_param(params, fcinfo, 0, TEXTOID);
}

static void
refuse_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

/* Runs a statement that returns an integer; false when it touches no row. */
static bool
run(const char *sql, Params *params, int32 *result)
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
change_flag(const char *sql, Params *params)
{
	int32		version;

	if (!run(sql, params, &version))
	{
		text	   *key = DatumGetTextPP(params->values[0]);
		WfString	name = {VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)};

		wf_flags_report_unknown(name);
	}
	return Int32GetDatum(version);
}

/* As change_flag(), of the flag of argument 0 for the reason of argument 1, if one is given. */
static Datum
change_with_reason(const char *sql, FunctionCallInfo fcinfo)
{
	Params		params = {0};
	int			nest_level;
	Datum		version;

	add_flag_key(&params, fcinfo);
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

static Datum
set_override(Params *params)
{
	int32		result;

	run("INSERT INTO wishflags.flag_overrides AS o (flag, key, variant) VALUES ($1, $2, $3)"
		" ON CONFLICT (flag, key) DO UPDATE SET variant = excluded.variant RETURNING 1",
		params, &result);
	PG_RETURN_VOID();
}
