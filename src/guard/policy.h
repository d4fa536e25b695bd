/*
 * policy.h: what the guard does about a finding, by table guard_policies.
 *
 * The table holds what differs from the registry.  Of the rows that match a
 * finding the most specific counts: one that names the rule, before its kind,
 * before a severity (the highest first), before all; among equals the lowest
 * ordinal, then the name.
 */
#ifndef WF_GUARD_POLICY_H
#define WF_GUARD_POLICY_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "nodes/bitmapset.h"
#include "pgtime.h"
#include "utils/date.h"

#include "guard/guard.h"
#include "migration/rule.h"

#define WF_GUARD_POLICIES_TABLE "guard_policies"
#define WF_GUARD_ALLOWANCES_TABLE "guard_allowances"
#define WF_GUARD_HISTORY_TABLE "guard_policy_history"

/* Columns of guard_policies. */
typedef enum WfGuardPolicyColumn
{
	WF_POLICY_NAME = 1,
	WF_POLICY_RULE,
	WF_POLICY_ACTION,
	WF_POLICY_ORDINAL,
	WF_POLICY_ENABLED,
	WF_POLICY_MIN_ROWS,
	WF_POLICY_MIN_BYTES,
	WF_POLICY_SCHEMAS,
	WF_POLICY_ROLES,
	WF_POLICY_ENVIRONMENTS,
	WF_POLICY_DAYS,
	WF_POLICY_FROM_TIME,
	WF_POLICY_UNTIL_TIME,
	WF_POLICY_TIME_ZONE,
	WF_POLICY_VALID_FROM,
	WF_POLICY_VALID_UNTIL,
	WF_POLICY_REQUIRES_APPROVAL,
	WF_POLICY_REASON,
	WF_POLICY_OWNER,
	WF_POLICY_CHANGED_AT,
	WF_POLICY_CHANGED_BY,
	WF_POLICY_COLUMNS = WF_POLICY_CHANGED_BY
} WfGuardPolicyColumn;

/* Columns of guard_allowances. */
typedef enum WfGuardAllowanceColumn
{
	WF_ALLOWANCE_RULE = 2,
	WF_ALLOWANCE_OBJECT,
	WF_ALLOWANCE_ROLE,
	WF_ALLOWANCE_VALID_UNTIL,
	WF_ALLOWANCE_REASON,
	WF_ALLOWANCE_CHANGED_AT,
	WF_ALLOWANCE_CHANGED_BY,
	WF_ALLOWANCE_COLUMNS = WF_ALLOWANCE_CHANGED_BY
} WfGuardAllowanceColumn;

/* What a row of the table is about, the least specific first. */
typedef enum WfGuardSelector
{
	WF_SELECT_ALL,
	WF_SELECT_SEVERITY,			/* this one and higher */
	WF_SELECT_KIND,
	WF_SELECT_RULE
} WfGuardSelector;

/* A row of guard_policies, read. */
typedef struct WfGuardPolicy
{
	char	   *name;
	WfGuardSelector selector;
	int			selected;		/* rule's index, kind or severity */
	WfGuardAction action;
	int			ordinal;
	bool		enabled;
	int64		min_rows;		/* -1: any number */
	int64		min_bytes;		/* -1: any size */
	List	   *schemas;		/* of char *; NIL: all, as for the next two */
	List	   *roles;
	List	   *environments;
	int			days;			/* bits, Sunday is 1; 0: all */
	bool		has_hours;
	TimeADT		from_time;
	TimeADT		until_time;		/* before from_time: of the next day */
	pg_tz	   *zone;
	TimestampTz valid_from;
	TimestampTz valid_until;
	bool		requires_approval;
	char	   *reason;
} WfGuardPolicy;

/* A row of guard_allowances, read. */
typedef struct WfGuardAllowance
{
	int			rule;			/* index in the registry */
	char	   *object;			/* qualified and quoted; NULL: any */
	char	   *role;
	TimestampTz valid_until;
	char	   *reason;
} WfGuardAllowance;

/* What is known of the object that a finding is about. */
typedef struct WfGuardTarget
{
	const char *schema;			/* NULL: none, or unknown */
	double		rows;			/* -1: unknown, which counts as many */
	double		bytes;			/* likewise */
	bool		by_default;		/* the registry's action is meant for it */
} WfGuardTarget;

/* What is done, and why. */
typedef struct WfGuardDecision
{
	WfGuardAction action;
	const WfGuardPolicy *policy;	/* NULL: the registry */
	bool		switched_off;	/* by migration_policies */
} WfGuardDecision;

/* The tables, read; valid until the next invalidation is taken in. */
typedef struct WfGuardPolicies
{
	int			count;
	WfGuardPolicy *rows;		/* enabled ones, in the order of precedence */
	int			allowance_count;
	WfGuardAllowance *allowances;
	struct WfPolicy *check;		/* of migration_policies, by rule */
	Bitmapset  *heeded;			/* rules that may do something here */
	Bitmapset  *only_default;	/* of these: no row is about them */
} WfGuardPolicies;

/* policy_cache.c */
extern const WfGuardPolicies *wf_guard_policies(void);
extern void wf_guard_policies_init(void);

/* policy_row.c */
extern void wf_guard_policy_read(WfGuardPolicy *policy, HeapTuple tuple, TupleDesc desc);
extern int	wf_guard_rule_index(const char *rule);

/* policy_decide.c */
extern bool wf_guard_policy_selects(const WfGuardPolicies *policies, const WfGuardPolicy *policy, int rule);
extern bool wf_guard_policy_is_on(const WfGuardPolicy *policy, TimestampTz at);
extern bool wf_guard_policy_has_target(const WfGuardPolicy *policy);
extern WfGuardDecision wf_guard_decide(const WfGuardPolicies *policies, int rule, const WfGuardTarget *target);
extern const WfGuardAllowance *wf_guard_allowed(const WfGuardPolicies *policies, int rule, const char *object);

/* scope.c */
extern const char *wf_guard_default_scope(const WfRule *rule);
extern WfGuardAction wf_guard_possible_action(const WfRule *rule, WfGuardAction action);
extern bool wf_guard_is_for_enums(const WfRule *rule);
extern bool wf_guard_is_for_keys(const WfRule *rule);
extern bool wf_guard_is_for_indexes(const WfRule *rule);

#endif							/* WF_GUARD_POLICY_H */
