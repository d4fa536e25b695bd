/*
 * policy_decide.c: which row of guard_policies counts for a finding.
 */
#include "common/compat.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "common/list.h"
#include "guard/policy.h"
#include "migration/policy.h"
#include "record/record.h"

static bool is_role(List *roles);
static bool is_hour(const WfGuardPolicy *policy, TimestampTz at);

/*
 * Is the row about the rule?  One about more than a rule passes over those
 * that migration_policies has switched off, and takes the severities of there.
 */
bool
wf_guard_policy_selects(const WfGuardPolicies *policies, const WfGuardPolicy *policy, int rule)
{
	const WfPolicy *check = &policies->check[rule];

	if (wf_migration_rules[rule].action == WF_ACTION_NEVER)
		return false;
	switch (policy->selector)
	{
		case WF_SELECT_RULE:
			return policy->selected == rule;
		case WF_SELECT_KIND:
			return check->enabled && policy->selected == (int) wf_migration_rules[rule].kind;
		case WF_SELECT_SEVERITY:
			return check->enabled && policy->selected <= (int) check->severity;
		case WF_SELECT_ALL:
			return check->enabled;
	}
	return false;
}

/* Does the row count for this role, environment and moment? */
bool
wf_guard_policy_is_on(const WfGuardPolicy *policy, TimestampTz at)
{
	if (policy->environments && !wf_common_list_has(policy->environments, wf_record_environment))
		return false;
	if (policy->roles && !is_role(policy->roles))
		return false;
	return at >= policy->valid_from && at < policy->valid_until && is_hour(policy, at);
}

/* Does it depend on the object whether the row counts? */
bool
wf_guard_policy_has_target(const WfGuardPolicy *policy)
{
	return policy->schemas || policy->min_rows > 0 || policy->min_bytes > 0;
}

/* What is done about a finding of the rule on the target. */
WfGuardDecision
wf_guard_decide(const WfGuardPolicies *policies, int rule, const WfGuardTarget *target)
{
	WfGuardDecision decision = {WF_ACTION_OFF, NULL, false};
	TimestampTz now = GetCurrentTimestamp();

	if (wf_migration_rules[rule].action == WF_ACTION_NEVER)
		return decision;
	for (int i = 0; i < policies->count; i++)
	{
		const WfGuardPolicy *policy = &policies->rows[i];

		if (!wf_guard_policy_selects(policies, policy, rule) || !wf_guard_policy_is_on(policy, now))
			continue;
		if (policy->schemas && (target->schema == NULL || !wf_common_list_has(policy->schemas, target->schema)))
			continue;
		if ((target->rows >= 0 && target->rows < policy->min_rows) ||
			(target->bytes >= 0 && target->bytes < policy->min_bytes))
			continue;
		decision.action = wf_guard_possible_action(&wf_migration_rules[rule], policy->action);
		decision.policy = policy;
		return decision;
	}
	decision.switched_off = !policies->check[rule].enabled;
	if (!decision.switched_off && target->by_default)
		decision.action = wf_migration_rules[rule].action;
	decision.action = wf_guard_possible_action(&wf_migration_rules[rule], decision.action);
	return decision;
}

/* The allowance for a finding of the rule on the object; NULL: there is none. */
const WfGuardAllowance *
wf_guard_allowed(const WfGuardPolicies *policies, int rule, const char *object)
{
	for (int i = 0; i < policies->allowance_count; i++)
	{
		const WfGuardAllowance *allowance = &policies->allowances[i];

		if (allowance->rule == rule && (allowance->object == NULL || strcmp(allowance->object, object) == 0) &&
			is_role(list_make1(allowance->role)) && GetCurrentTimestamp() < allowance->valid_until)
			return allowance;
	}
	return NULL;
}

/* Is the current role one of these, or a member?  Being superuser is not. */
static bool
is_role(List *roles)
{
	ListCell   *lc;

	foreach(lc, roles)
	{
		Oid			role = get_role_oid(lfirst(lc), true);

		if (OidIsValid(role) && is_member_of_role_nosuper(GetUserId(), role))
			return true;
	}
	return false;
}

/*
 * Is the moment on one of the days and between the times, in the row's zone?
 * What begins before midnight and ends after it belongs to the day of its
 * beginning.
 */
static bool
is_hour(const WfGuardPolicy *policy, TimestampTz at)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			tz;
	int			day;
	TimeADT		hour;

	if (policy->days == 0 && !policy->has_hours)
		return true;
	if (timestamp2tm(at, &tz, &tm, &fsec, NULL, policy->zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	day = j2day(date2j(tm.tm_year, tm.tm_mon, tm.tm_mday));
	tm2time(&tm, fsec, &hour);
	if (policy->has_hours && policy->from_time > policy->until_time)
	{
		if (hour < policy->until_time)
			day = (day + 6) % 7;
		else if (hour < policy->from_time)
			return false;
	}
	else if (policy->has_hours && (hour < policy->from_time || hour >= policy->until_time))
		return false;
	return policy->days == 0 || (policy->days & (1 << day)) != 0;
}
