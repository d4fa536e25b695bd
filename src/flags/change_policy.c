/*
 * change_policy.c: the triggers of change_policies: what a row must be like, and
 * the history of changes.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "common/audit.h"
#include "common/extension.h"

PG_FUNCTION_INFO_V1(wf_change_policies_check);
PG_FUNCTION_INFO_V1(wf_change_policies_audit);

/* Columns of change_policies. */
enum
{
	CHANGE_PATTERN = 2,
	CHANGE_TAGS,
	CHANGE_ENVIRONMENTS,
	CHANGE_ROLE,
	CHANGE_REASON = 10,
	CHANGE_CHANGED_AT,
	CHANGE_CHANGED_BY
};

static TriggerData *trigger_data(FunctionCallInfo fcinfo);
static char *text_of(TriggerData *data, HeapTuple tuple, int column);
static void check_pattern(const char *pattern);
static void check_list(TriggerData *data, HeapTuple tuple, int column, const char *name);

/* change_policies_check(): trigger BEFORE INSERT OR UPDATE; notes who changes the row as well. */
Datum
wf_change_policies_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo);
	HeapTuple	tuple;
	char	   *pattern;
	char	   *role;

	if (!TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be BEFORE INSERT OR UPDATE", data->tg_trigger->tgname)));
	tuple = wf_common_note_change(data, CHANGE_REASON, CHANGE_CHANGED_AT, CHANGE_CHANGED_BY);
	pattern = text_of(data, tuple, CHANGE_PATTERN);
	role = text_of(data, tuple, CHANGE_ROLE);
	if (pattern)
		check_pattern(pattern);
	/* The roles of a dump may be made after its tables. */
	if (role && !wf_common_is_restored(data, CHANGE_CHANGED_AT) && !OidIsValid(get_role_oid(role, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", role),
				 errhint("List the roles: \\du, or SELECT rolname FROM pg_roles;")));
	check_list(data, tuple, CHANGE_TAGS, "tags");
	check_list(data, tuple, CHANGE_ENVIRONMENTS, "environments");
	return PointerGetDatum(tuple);
}

/* change_policies_audit(): trigger AFTER INSERT, UPDATE, DELETE, TRUNCATE. */
Datum
wf_change_policies_audit(PG_FUNCTION_ARGS)
{
	wf_common_audit(trigger_data(fcinfo), "change_policy_history", CHANGE_CHANGED_AT);
	return PointerGetDatum(NULL);
}

static TriggerData *
trigger_data(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(data->tg_relation) != wf_common_relation_oid("change_policies"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is a trigger of table \"%s.change_policies\"", WF_SCHEMA_NAME)));
	return data;
}

static char *
text_of(TriggerData *data, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, RelationGetDescr(data->tg_relation), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* LIKE fails on such a pattern, and would with each change of a flag. */
static void
check_pattern(const char *pattern)
{
	int			escapes = 0;

	for (const char *end = pattern + strlen(pattern); end > pattern && end[-1] == '\\'; end--)
		escapes++;
	if (escapes % 2 == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("key_pattern must not end with an escape character"),
				 errhint("It is a pattern of LIKE: write \\\\ for a backslash.")));
}

static void
check_list(TriggerData *data, HeapTuple tuple, int column, const char *name)
{
	bool		isnull;
	Datum		list = heap_getattr(tuple, column, RelationGetDescr(data->tg_relation), &isnull);

	if (!isnull && (ARR_NDIM(DatumGetArrayTypeP(list)) == 0 || array_contains_nulls(DatumGetArrayTypeP(list))))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("%s must name one or more", name),
				 errhint("Leave it NULL for all.")));
}
