/*
 * policy_table.c: the triggers of guard_policies and guard_allowances: what a
 * row must be like, and the history of changes.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "common/audit.h"
#include "common/extension.h"
#include "ddl/deparse.h"
#include "guard/policy.h"

PG_FUNCTION_INFO_V1(wf_guard_policies_check);
PG_FUNCTION_INFO_V1(wf_guard_policies_audit);
PG_FUNCTION_INFO_V1(wf_guard_allowances_check);

static HeapTuple name_policy(TriggerData *data, HeapTuple tuple);
static void check_roles(List *roles);
static void check_allowance(const Datum *values, const bool *nulls);
static char *qualified_object(const char *object);

/*
 * guard_policies_check(): trigger BEFORE INSERT OR UPDATE
 *
 * Validates the row, names it after its rule where it has no name, and notes
 * who changes it, when and why.
 */
Datum
wf_guard_policies_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_common_audit_before(fcinfo, WF_GUARD_POLICIES_TABLE);
	HeapTuple	tuple;
	WfGuardPolicy policy;

	tuple = wf_common_note_change(data, WF_POLICY_REASON, WF_POLICY_CHANGED_AT, WF_POLICY_CHANGED_BY);
	wf_guard_policy_read(&policy, tuple, RelationGetDescr(data->tg_relation));
	/* The roles of a dump may be made after its tables. */
	if (!wf_common_is_restored(data, WF_POLICY_CHANGED_AT))
		check_roles(policy.roles);
	return PointerGetDatum(name_policy(data, tuple));
}

/*
 * guard_policies_audit(): trigger AFTER INSERT, UPDATE, DELETE, TRUNCATE of both
 * tables; writes the change to guard_policy_history.
 */
Datum
wf_guard_policies_audit(PG_FUNCTION_ARGS)
{
	TriggerData *data;

	if (CALLED_AS_TRIGGER(fcinfo) &&
		RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation) == wf_common_relation_oid(WF_GUARD_ALLOWANCES_TABLE))
	{
		data = wf_common_audit_data(fcinfo, WF_GUARD_ALLOWANCES_TABLE);
		wf_common_audit(data, WF_GUARD_HISTORY_TABLE, WF_ALLOWANCE_CHANGED_AT);
	}
	else
	{
		data = wf_common_audit_data(fcinfo, WF_GUARD_POLICIES_TABLE);
		wf_common_audit(data, WF_GUARD_HISTORY_TABLE, WF_POLICY_CHANGED_AT);
	}
	return PointerGetDatum(NULL);
}

/*
 * guard_allowances_check(): trigger BEFORE INSERT OR UPDATE
 *
 * Validates the row and writes its object as findings do, qualified and quoted.
 */
Datum
wf_guard_allowances_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_common_audit_before(fcinfo, WF_GUARD_ALLOWANCES_TABLE);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	int			column = WF_ALLOWANCE_OBJECT;
	HeapTuple	tuple;
	Datum		values[WF_ALLOWANCE_COLUMNS];
	bool		nulls[WF_ALLOWANCE_COLUMNS];
	Datum		object;
	bool		isnull = false;

	tuple = wf_common_note_change(data, WF_ALLOWANCE_REASON, WF_ALLOWANCE_CHANGED_AT, WF_ALLOWANCE_CHANGED_BY);
	heap_deform_tuple(tuple, desc, values, nulls);
	check_allowance(values, nulls);
	if (nulls[WF_ALLOWANCE_OBJECT - 1])
		return PointerGetDatum(tuple);
	object = CStringGetTextDatum(qualified_object(TextDatumGetCString(values[WF_ALLOWANCE_OBJECT - 1])));
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, desc, 1, &column, &object, &isnull));
}

static HeapTuple
name_policy(TriggerData *data, HeapTuple tuple)
{
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	int			column = WF_POLICY_NAME;
	bool		isnull;
	Datum		name;

	(void) heap_getattr(tuple, WF_POLICY_NAME, desc, &isnull);
	if (!isnull)
		return tuple;
	name = heap_getattr(tuple, WF_POLICY_RULE, desc, &isnull);
	return heap_modify_tuple_by_cols(tuple, desc, 1, &column, &name, &isnull);
}

static void
check_roles(List *roles)
{
	ListCell   *lc;

	foreach(lc, roles)
	{
		if (!OidIsValid(get_role_oid(lfirst(lc), true)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("role \"%s\" does not exist", (char *) lfirst(lc)),
					 errhint("List the roles: \\du, or SELECT rolname FROM pg_roles;")));
	}
}

/* Constraints refuse what is null. */
static void
check_allowance(const Datum *values, const bool *nulls)
{
	if (!nulls[WF_ALLOWANCE_RULE - 1])
		(void) wf_guard_rule_index(TextDatumGetCString(values[WF_ALLOWANCE_RULE - 1]));
	if (!nulls[WF_ALLOWANCE_ROLE - 1])
		check_roles(list_make1(TextDatumGetCString(values[WF_ALLOWANCE_ROLE - 1])));
	if (!nulls[WF_ALLOWANCE_VALID_UNTIL - 1] &&
		DatumGetTimestampTz(values[WF_ALLOWANCE_VALID_UNTIL - 1]) <= GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("an allowance must end in the future"),
				 errhint("For example: until => now() + interval '1 hour', or NULL for this transaction only.")));
	if (nulls[WF_ALLOWANCE_REASON - 1] ||
		TextDatumGetCString(values[WF_ALLOWANCE_REASON - 1])[strspn(TextDatumGetCString(values[WF_ALLOWANCE_REASON - 1]), " \t\r\n\v\f")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("an allowance must have a reason"),
				 errhint("Say why: reason => 'ticket 4711, agreed with the team'.")));
}

static char *
qualified_object(const char *object)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(object));

	if (list_length(names) != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is not the qualified name of an object", object),
				 errhint("Write its schema as well, as the refusal does: 'shop.orders'.")));
	return wf_ddl_quote_name(strVal(linitial(names)), strVal(lsecond(names)));
}
