/*
 * approval_policy.c: the triggers of approval_policies: what a row must be like,
 * and the history of changes.
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
#include "guard/policy.h"

PG_FUNCTION_INFO_V1(wf_approval_policies_check);
PG_FUNCTION_INFO_V1(wf_approval_policies_audit);

/* Columns of approval_policies. */
enum
{
	APPROVAL_RULE = 3,
	APPROVAL_ROLE = 4,
	APPROVAL_ENVIRONMENTS = 6,
	APPROVAL_REASON = 9,
	APPROVAL_CHANGED_AT,
	APPROVAL_CHANGED_BY
};

static TriggerData *trigger_data(FunctionCallInfo fcinfo);
static char *text_of(TriggerData *data, HeapTuple tuple, int column);
static void check_rule(const char *rule);

/*
 * approval_policies_check(): trigger BEFORE INSERT OR UPDATE
 *
 * Validates the row, and notes who changes it, when and why.
 */
Datum
wf_approval_policies_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	HeapTuple	tuple;
	char	   *rule;
	char	   *role;
	Datum		environments;
	bool		isnull;

	if (!TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be BEFORE INSERT OR UPDATE", data->tg_trigger->tgname)));
	tuple = wf_common_note_change(data, APPROVAL_REASON, APPROVAL_CHANGED_AT, APPROVAL_CHANGED_BY);
	rule = text_of(data, tuple, APPROVAL_RULE);
	role = text_of(data, tuple, APPROVAL_ROLE);
	if (rule)
		check_rule(rule);
	/* The roles of a dump may be made after its tables. */
	if (role && !wf_common_is_restored(data, APPROVAL_CHANGED_AT) && !OidIsValid(get_role_oid(role, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", role),
				 errhint("List the roles: \\du, or SELECT rolname FROM pg_roles;")));
	environments = heap_getattr(tuple, APPROVAL_ENVIRONMENTS, desc, &isnull);
	if (!isnull && (ARR_NDIM(DatumGetArrayTypeP(environments)) == 0 || array_contains_nulls(DatumGetArrayTypeP(environments))))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("environments must name one or more"),
				 errhint("Leave it NULL for all.")));
	return PointerGetDatum(tuple);
}

/*
 * approval_policies_audit(): trigger AFTER INSERT, UPDATE, DELETE, TRUNCATE;
 * writes the change to approval_policy_history.
 */
Datum
wf_approval_policies_audit(PG_FUNCTION_ARGS)
{
	wf_common_audit(trigger_data(fcinfo), "approval_policy_history", APPROVAL_CHANGED_AT);
	return PointerGetDatum(NULL);
}

static TriggerData *
trigger_data(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(data->tg_relation) != wf_common_relation_oid("approval_policies"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is a trigger of table \"%s.approval_policies\"", WF_SCHEMA_NAME)));
	return data;
}

static char *
text_of(TriggerData *data, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, RelationGetDescr(data->tg_relation), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* A rule, or a kind of rules. */
static void
check_rule(const char *rule)
{
	WfKind		kind;

	if (strncmp(rule, "kind:", 5) != 0)
		(void) wf_guard_rule_index(rule);
	else if (!wf_migration_find_kind(rule + 5, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unknown kind \"%s\"", rule + 5),
				 errhint("Kinds are breaking, blocking, data-loss, irreversible, fails and style.")));
}
