/*
 * policies.c: table migration_policies, in which rules of the checker get
 * another severity or are switched off.
 *
 * The table holds what differs from the registry.  It is read as a catalog is,
 * whatever the caller may read: its effect shows in every check.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "common/audit.h"
#include "common/extension.h"
#include "common/row.h"
#include "migration/policy.h"

#define POLICIES_TABLE "migration_policies"
#define HISTORY_TABLE "migration_policy_history"
#define POLICY_LIST_COLUMNS 7

/* Columns of the table. */
enum
{
	COLUMN_RULE = 1,
	COLUMN_ENABLED,
	COLUMN_SEVERITY,
	COLUMN_REASON,
	COLUMN_CHANGED_AT,
	COLUMN_CHANGED_BY,
	COLUMN_COUNT = COLUMN_CHANGED_BY
};

PG_FUNCTION_INFO_V1(wf_migration_policies_check);
PG_FUNCTION_INFO_V1(wf_migration_policies_audit);
PG_FUNCTION_INFO_V1(wf_migration_policies_list);

static void read_row(WfPolicy *policies, HeapTuple tuple, TupleDesc desc);
static void check_row(TriggerData *data, HeapTuple tuple);

/* All rules as they are in force, by their index in the registry. */
WfPolicy *
wf_migration_policies(void)
{
	WfPolicy   *policies = palloc0(sizeof(WfPolicy) * wf_migration_rule_count);
	Oid			relid = wf_common_relation_oid(POLICIES_TABLE);
	Relation	table;
	SysScanDesc scan;
	HeapTuple	tuple;

	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		policies[i].enabled = true;
		policies[i].severity = wf_migration_rules[i].severity;
	}
	/* An older version of the extension's SQL has no such table. */
	if (!OidIsValid(relid))
		return policies;
	table = table_open(relid, AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		read_row(policies, tuple, RelationGetDescr(table));
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return policies;
}

static void
read_row(WfPolicy *policies, HeapTuple tuple, TupleDesc desc)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
	int			index;
	WfPolicy   *policy;

	heap_deform_tuple(tuple, desc, values, nulls);
	index = wf_migration_rule_index(TextDatumGetCString(values[COLUMN_RULE - 1]));
	if (index < 0)
		return;
	policy = &policies[index];
	policy->is_changed = true;
	policy->enabled = DatumGetBool(values[COLUMN_ENABLED - 1]);
	policy->reason = TextDatumGetCString(values[COLUMN_REASON - 1]);
	if (!nulls[COLUMN_SEVERITY - 1])
		(void) wf_migration_find_severity(TextDatumGetCString(values[COLUMN_SEVERITY - 1]), &policy->severity);
}

/* migration_policies_list() -> setof rule, as it is in force */
Datum
wf_migration_policies_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WfPolicy   *policies = wf_migration_policies();

	wf_init_materialized_srf(fcinfo);
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		const WfRule *rule = &wf_migration_rules[i];
		Datum		values[POLICY_LIST_COLUMNS];
		bool		nulls[POLICY_LIST_COLUMNS] = {0};

		wf_row_put_text(values, nulls, 0, rule->id);
		values[1] = BoolGetDatum(policies[i].enabled);
		wf_row_put_text(values, nulls, 2, wf_migration_severity_name(policies[i].severity));
		wf_row_put_text(values, nulls, 3, wf_migration_severity_name(rule->severity));
		values[4] = BoolGetDatum(policies[i].is_changed);
		wf_row_put_text(values, nulls, 5, policies[i].reason);
		wf_row_put_text(values, nulls, 6, rule->policy);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * migration_policies_check(): trigger BEFORE INSERT OR UPDATE
 *
 * Validates the row, notes who changes it and when, and takes the session's
 * reason where the row has none.  A row that comes with its time is one of a
 * dump, and keeps both.
 */
Datum
wf_migration_policies_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_common_audit_before(fcinfo, POLICIES_TABLE);
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	HeapTuple	tuple = is_update ? data->tg_newtuple : data->tg_trigtuple;

	check_row(data, tuple);
	return PointerGetDatum(wf_common_note_change(data, COLUMN_REASON, COLUMN_CHANGED_AT, COLUMN_CHANGED_BY));
}

static void
check_row(TriggerData *data, HeapTuple tuple)
{
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
	const char *rule;
	const char *severity;
	WfSeverity	level;
	int			index;

	heap_deform_tuple(tuple, RelationGetDescr(data->tg_relation), values, nulls);
	/* Constraints refuse what is null. */
	if (nulls[COLUMN_RULE - 1] || nulls[COLUMN_ENABLED - 1])
		return;
	rule = TextDatumGetCString(values[COLUMN_RULE - 1]);
	index = wf_migration_rule_index(rule);
	if (index < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unknown rule \"%s\"", rule),
				 errhint("List the rules: SELECT rule FROM wishflags.migration_rules;")));
	severity = nulls[COLUMN_SEVERITY - 1] ? NULL : TextDatumGetCString(values[COLUMN_SEVERITY - 1]);
	if (severity && !wf_migration_find_severity(severity, &level))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("unknown severity \"%s\"", severity),
				 errhint("Severities are info, low, medium, high and critical.")));
	if (DatumGetBool(values[COLUMN_ENABLED - 1]) && (!severity || level == wf_migration_rules[index].severity))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("the row changes nothing of rule \"%s\"", rule),
				 errdetail("The rule is on and its severity is \"%s\".", wf_migration_severity_name(wf_migration_rules[index].severity)),
				 errhint("To go back to that: DELETE FROM wishflags.migration_policies WHERE rule = %s;", quote_literal_cstr(rule))));
}

/*
 * migration_policies_audit(): trigger AFTER INSERT, UPDATE, DELETE, TRUNCATE
 *
 * Writes the change to migration_policy_history.
 */
Datum
wf_migration_policies_audit(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_common_audit_data(fcinfo, POLICIES_TABLE);

	wf_common_audit(data, HISTORY_TABLE, COLUMN_CHANGED_AT);
	return PointerGetDatum(NULL);
}
