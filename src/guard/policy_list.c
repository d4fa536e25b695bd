/*
 * policy_list.c: the policy as it is in force, for people.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "common/row.h"
#include "ddl/catalog.h"
#include "guard/judge.h"
#include "guard/policy.h"
#include "migration/policy.h"

#define EFFECTIVE_COLUMNS 9

PG_FUNCTION_INFO_V1(wf_guard_effective_list);
PG_FUNCTION_INFO_V1(wf_guard_action);

static const WfGuardPolicies *policies_or_error(void);
static const WfGuardPolicy *first_on(const WfGuardPolicies *policies, int rule, int from, TimestampTz now, int *at);
static WfGuardAction action_of(const WfGuardPolicies *policies, int rule, const WfGuardPolicy *policy);
static char *target_words(const WfGuardPolicy *policy);
static void fill_target(WfGuardTarget *target, const WfRule *rule, const char *object, Jsonb *evidence);
static bool is_enum(List *names);
static double number_of(Jsonb *evidence, const char *key);
static JsonbValue *member_of(Jsonb *evidence, const char *key);

/*
 * guard_effective_list() -> setof (rule, action, source, policy, only_for,
 * otherwise, severity, kind, reason)
 *
 * For the current role, environment and moment; raises what a broken row of
 * guard_policies is broken by.
 */
Datum
wf_guard_effective_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const WfGuardPolicies *policies = policies_or_error();
	TimestampTz now = GetCurrentTimestamp();

	wf_init_materialized_srf(fcinfo);
	for (int rule = 0; policies && rule < wf_migration_rule_count; rule++)
	{
		const WfRule *row = &wf_migration_rules[rule];
		int			at;
		int			next;
		const WfGuardPolicy *policy = first_on(policies, rule, 0, now, &at);
		const WfGuardPolicy *other = NULL;
		WfGuardAction action = action_of(policies, rule, policy);
		Datum		values[EFFECTIVE_COLUMNS];
		bool		nulls[EFFECTIVE_COLUMNS] = {0};

		if (row->action == WF_ACTION_NEVER)
			continue;
		wf_row_put_text(values, nulls, 0, row->id);
		wf_row_put_text(values, nulls, 1, wf_migration_action_name(action));
		wf_row_put_text(values, nulls, 2, policy ? "policy" :
						policies->check[rule].enabled ? "default" : "migration_policies");
		wf_row_put_text(values, nulls, 3, policy ? policy->name : NULL);
		wf_row_put_text(values, nulls, 4, policy ? target_words(policy) :
						action > WF_ACTION_OFF ? wf_guard_default_scope(row) : NULL);
		nulls[5] = true;
		if (policy && wf_guard_policy_has_target(policy))
		{
			other = first_on(policies, rule, at + 1, now, &next);
			wf_row_put_text(values, nulls, 5, wf_migration_action_name(action_of(policies, rule, other)));
		}
		wf_row_put_text(values, nulls, 6, wf_migration_severity_name(policies->check[rule].severity));
		wf_row_put_text(values, nulls, 7, wf_migration_kind_name(row->kind));
		wf_row_put_text(values, nulls, 8, policy ? policy->reason : policies->check[rule].reason);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The policies; where they can't be read the WARNING has said why. */
static const WfGuardPolicies *
policies_or_error(void)
{
	const WfGuardPolicies *policies = wf_guard_policies();

	if (policies == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the guard can't read its policies"),
				 errhint("Correct the row that the warning tells of: SELECT * FROM wishflags.guard_policies;")));
	return policies;
}

/* The first row from this place on that counts for the rule here and now. */
static const WfGuardPolicy *
first_on(const WfGuardPolicies *policies, int rule, int from, TimestampTz now, int *at)
{
	for (*at = from; *at < policies->count; (*at)++)
	{
		const WfGuardPolicy *policy = &policies->rows[*at];

		if (wf_guard_policy_selects(policies, policy, rule) && wf_guard_policy_is_on(policy, now))
			return policy;
	}
	return NULL;
}

/* Of the row, or without one of the registry, unless migration_policies switches the rule off. */
static WfGuardAction
action_of(const WfGuardPolicies *policies, int rule, const WfGuardPolicy *policy)
{
	WfGuardAction action = policies->check[rule].enabled ? wf_migration_rules[rule].action : WF_ACTION_OFF;

	return wf_guard_possible_action(&wf_migration_rules[rule], policy ? policy->action : action);
}

/* "schemas shop, sales; from 1000 rows"; NULL: all that the rule finds */
static char *
target_words(const WfGuardPolicy *policy)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, policy->schemas)
		appendStringInfo(&buf, "%s%s", lc == list_head(policy->schemas) ? "schemas " : ", ", quote_identifier(lfirst(lc)));
	if (policy->min_rows > 0)
		appendStringInfo(&buf, "%sfrom %lld rows", buf.len ? "; " : "", (long long) policy->min_rows);
	if (policy->min_bytes > 0)
		appendStringInfo(&buf, "%sfrom %lld bytes", buf.len ? "; " : "", (long long) policy->min_bytes);
	return buf.len ? buf.data : NULL;
}

/*
 * guard_action(rule text, object text, evidence jsonb) -> (action, policy,
 * requires_approval, allowed)
 *
 * What the guard would do about a finding of migration_breaking_check().
 */
Datum
wf_guard_action(PG_FUNCTION_ARGS)
{
	const WfGuardPolicies *policies = policies_or_error();
	int			rule = wf_migration_rule_index(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char	   *object = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	Jsonb	   *evidence = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);
	const WfGuardAllowance *allowance;
	WfGuardDecision decision;
	WfGuardTarget target;
	TupleDesc	desc;
	Datum		values[4];
	bool		nulls[4] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (rule < 0)
		PG_RETURN_NULL();
	fill_target(&target, &wf_migration_rules[rule], object, evidence);
	decision = wf_guard_decide(policies, rule, &target);
	allowance = object ? wf_guard_allowed(policies, rule, object) : NULL;
	wf_row_put_text(values, nulls, 0, wf_migration_action_name(decision.action));
	wf_row_put_text(values, nulls, 1, decision.policy ? decision.policy->name : NULL);
	values[2] = BoolGetDatum(decision.policy && decision.policy->requires_approval);
	wf_row_put_text(values, nulls, 3, allowance ? allowance->reason : NULL);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* What the finding's columns tell of its object. */
static void
fill_target(WfGuardTarget *target, const WfRule *rule, const char *object, Jsonb *evidence)
{
	List	   *names = NIL;
	double		columns = number_of(evidence, "columns");

	if (object && !SplitIdentifierString(pstrdup(object), '.', &names))
		names = NIL;
	target->schema = wf_guard_schema_of(rule, object);
	target->rows = number_of(evidence, "rows");
	target->bytes = number_of(evidence, "bytes");
	target->by_default = true;
	if (wf_guard_is_for_enums(rule))
		target->by_default = columns > 0 && is_enum(names);
	else if (strncmp(rule->id, "enum-", 5) == 0)
		target->by_default = columns > 0;
	else if (wf_guard_is_for_indexes(rule))
		target->by_default = evidence && member_of(evidence, "rebuilds_index") != NULL;
}

static bool
is_enum(List *names)
{
	WfCatalog  *catalog = wf_ddl_catalog_live();
	List	   *strings = NIL;
	WfType	   *type;
	ListCell   *lc;

	foreach(lc, names)
		strings = lappend(strings, makeString(lfirst(lc)));
	type = strings ? catalog->type(catalog, strings) : NULL;
	return type && type->kind == TYPTYPE_ENUM;
}

/* -1: there is none. */
static double
number_of(Jsonb *evidence, const char *key)
{
	JsonbValue *value = evidence ? member_of(evidence, key) : NULL;

	if (value == NULL || value->type != jbvNumeric)
		return -1;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

static JsonbValue *
member_of(Jsonb *evidence, const char *key)
{
	return JB_ROOT_IS_OBJECT(evidence) ?
		getKeyJsonValueFromContainer(&evidence->root, key, strlen(key), NULL) : NULL;
}
