/*
 * manage_override.c: functions that change single overrides.
 *
 * They are plain INSERT, UPDATE and DELETE under the caller's rights; what has
 * to hold hangs on the table's triggers.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/extension.h"
#include "flags/manage.h"
#include "flags/override_option.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_flag_override_set);
PG_FUNCTION_INFO_V1(wf_flag_override_set_enabled);
PG_FUNCTION_INFO_V1(wf_flag_override_set_options);
PG_FUNCTION_INFO_V1(wf_flag_override_unset);
PG_FUNCTION_INFO_V1(wf_flag_override_unset_kind);

static void add_flag_and_key(WfParams *params, FunctionCallInfo fcinfo);
static Datum set_variant(WfParams *params);
static bool may_update_all(void);

/* flag_override_set(flag text, key text, variant text) -> void */
Datum
wf_flag_override_set(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};

	add_flag_and_key(&params, fcinfo);
	wf_flags_add_required(&params, fcinfo, 2, "variant");
	return set_variant(&params);
}

/* flag_override_set(flag text, key text, enabled boolean) -> void: "on" or "off" */
Datum
wf_flag_override_set_enabled(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};

	add_flag_and_key(&params, fcinfo);
	wf_flags_refuse_null(fcinfo, 2, "enabled");
	wf_flags_add_param(&params, TEXTOID, CStringGetTextDatum(PG_GETARG_BOOL(2) ? "on" : "off"), false);
	return set_variant(&params);
}

/* flag_override_set(flag text, key text, options jsonb) -> void */
Datum
wf_flag_override_set_options(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};
	WfOverrideOptions options;
	int32		ignored;

	add_flag_and_key(&params, fcinfo);
	wf_flags_refuse_null(fcinfo, 2, "options");
	wf_flags_override_options(PG_GETARG_JSONB_P(2), false, &options);
	wf_flags_override_params(&params, &options);
	wf_flags_run("INSERT INTO wishflags.flag_overrides (flag, key, context_kind, variant, value, deny, expires_at, note)"
				 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
				 " ON CONFLICT ON CONSTRAINT flag_overrides_pkey DO UPDATE SET variant = excluded.variant, value = excluded.value,"
				 " deny = excluded.deny, expires_at = excluded.expires_at, note = excluded.note RETURNING 1",
				 &params, &ignored);
	PG_RETURN_VOID();
}

/* flag_override_unset(flag text, key text) -> boolean: whether there was one of the kind user */
Datum
wf_flag_override_unset(PG_FUNCTION_ARGS)
{
	bool		has_kinds = get_attnum(wf_common_relation_oid(WF_OVERRIDES_TABLE), "context_kind") != InvalidAttrNumber;
	WfParams	params = {0};
	int32		ignored;

	add_flag_and_key(&params, fcinfo);
	PG_RETURN_BOOL(wf_flags_run(has_kinds
								? "DELETE FROM wishflags.flag_overrides WHERE flag OPERATOR(pg_catalog.=) $1"
								" AND context_kind OPERATOR(pg_catalog.=) 'user'"
								" AND key OPERATOR(pg_catalog.=) $2 RETURNING 1"
								: "DELETE FROM wishflags.flag_overrides WHERE flag OPERATOR(pg_catalog.=) $1"
								" AND key OPERATOR(pg_catalog.=) $2 RETURNING 1", &params, &ignored));
}

/* flag_override_unset(flag text, key text, kind text) -> boolean: whether there was one */
Datum
wf_flag_override_unset_kind(PG_FUNCTION_ARGS)
{
	WfParams	params = {0};
	int32		ignored;

	add_flag_and_key(&params, fcinfo);
	wf_flags_add_required(&params, fcinfo, 2, "kind");
	PG_RETURN_BOOL(wf_flags_run("DELETE FROM wishflags.flag_overrides WHERE flag OPERATOR(pg_catalog.=) $1"
								" AND key OPERATOR(pg_catalog.=) $2"
								" AND context_kind OPERATOR(pg_catalog.=) $3 RETURNING 1", &params, &ignored));
}

static void
add_flag_and_key(WfParams *params, FunctionCallInfo fcinfo)
{
	wf_flags_add_required(params, fcinfo, 0, "key of the flag");
	wf_flags_add_required(params, fcinfo, 1, "key");
}

/* An override is replaced as a whole, as far as the caller may. */
static Datum
set_variant(WfParams *params)
{
	int32		ignored;

	wf_flags_run(may_update_all()
				 ? "INSERT INTO wishflags.flag_overrides (flag, key, variant) VALUES ($1, $2, $3)"
				 " ON CONFLICT ON CONSTRAINT flag_overrides_pkey DO UPDATE SET variant = excluded.variant,"
				 " value = NULL, deny = false, expires_at = NULL, note = NULL RETURNING 1"
				 : "INSERT INTO wishflags.flag_overrides (flag, key, variant) VALUES ($1, $2, $3)"
				 " ON CONFLICT ON CONSTRAINT flag_overrides_pkey DO UPDATE SET variant = excluded.variant RETURNING 1",
				 params, &ignored);
	PG_RETURN_VOID();
}

/*
 * Whether the caller may change all columns of an answer.  Version 0.1.0 had the
 * variant alone, and roles that were given no more keep working.
 */
static bool
may_update_all(void)
{
	static const char *const columns[] = {"value", "deny", "expires_at", "note"};
	Oid			relid = wf_common_relation_oid(WF_OVERRIDES_TABLE);

	for (int i = 0; i < lengthof(columns); i++)
	{
		AttrNumber	attnum = get_attnum(relid, columns[i]);

		if (attnum == InvalidAttrNumber ||
			(pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE) != ACLCHECK_OK &&
			 pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_UPDATE) != ACLCHECK_OK))
			return false;
	}
	return true;
}
