/*
 * policy_cache.c: guard_policies and guard_allowances, read, in this backend.
 *
 * Triggers on the tables send relation-cache messages for them; the callback
 * only notes that what was read is stale.  The tables are read as catalogs
 * are, whatever the caller may read: their effect shows in every command.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/protect.h"
#include "guard/policy.h"
#include "migration/policy.h"

PG_FUNCTION_INFO_V1(wf_guard_policies_signal);

static WfGuardPolicies cached;
static MemoryContext cache_context = NULL;
static bool is_valid = false;
static bool has_changed = false;
static Oid	watched[3];

static void table_changed(Datum arg, Oid relid);
static void load(void *arg);
static void read_table(Oid relid, void (*read) (WfGuardPolicies *policies, HeapTuple tuple, TupleDesc desc),
					   WfGuardPolicies *policies);
static void add_policy(WfGuardPolicies *policies, HeapTuple tuple, TupleDesc desc);
static void add_allowance(WfGuardPolicies *policies, HeapTuple tuple, TupleDesc desc);
static int	compare(const void *a, const void *b);
static void find_heeded(WfGuardPolicies *policies);

void
wf_guard_policies_init(void)
{
	CacheRegisterRelcacheCallback(table_changed, (Datum) 0);
}

static void
table_changed(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == watched[0] || relid == watched[1] || relid == watched[2])
	{
		is_valid = false;
		has_changed = true;
	}
}

/*
 * guard_policies_signal(): trigger AFTER each statement that changes what the
 * guard goes by; makes all backends read it again.
 */
Datum
wf_guard_policies_signal(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function can only be called by a trigger")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}

/*
 * What the tables say; NULL where they can't be read, for a row that is
 * broken or because an older version of the extension's SQL has none of them.
 * That is warned of and written to the server's log.
 */
const WfGuardPolicies *
wf_guard_policies(void)
{
	ErrorData  *error;

	if (is_valid)
		return &cached;
	/* A database without the extension has no guard. */
	if (!OidIsValid(wf_common_relation_oid("guard_log")))
		return NULL;
	error = wf_common_try(load, NULL);
	if (error == NULL)
		return &cached;
	ereport(LOG,
			(errcode(error->sqlerrcode),
			 errmsg("wishflags guard: outcome=passed: the policies can't be read: %s", error->message),
			 errhidecontext(true)));
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the guard can't read its policies and lets this command pass"),
			 errdetail("%s", error->message),
			 errhint("Correct the row: SELECT * FROM wishflags.guard_policies;")));
	FreeErrorData(error);
	return NULL;
}

static void
load(void *arg)
{
	MemoryContext old;
	WfGuardPolicies policies = {0};

	is_valid = false;
	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(TopMemoryContext, "wishflags guard policies", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(cache_context);
	old = MemoryContextSwitchTo(cache_context);
	watched[0] = wf_common_relation_oid(WF_GUARD_POLICIES_TABLE);
	watched[1] = wf_common_relation_oid(WF_GUARD_ALLOWANCES_TABLE);
	watched[2] = wf_common_relation_oid("migration_policies");
	has_changed = false;
	read_table(watched[0], add_policy, &policies);
	if (policies.count > 1)
		qsort(policies.rows, policies.count, sizeof(WfGuardPolicy), compare);
	read_table(watched[1], add_allowance, &policies);
	policies.check = wf_migration_policies();
	find_heeded(&policies);
	cached = policies;
	/* What changes while it is read makes it stale again. */
	is_valid = OidIsValid(watched[0]) && !has_changed;
	MemoryContextSwitchTo(old);
}

static void
read_table(Oid relid, void (*read) (WfGuardPolicies *policies, HeapTuple tuple, TupleDesc desc),
		   WfGuardPolicies *policies)
{
	Relation	table;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!OidIsValid(relid))
		return;
	table = table_open(relid, AccessShareLock);
	scan = systable_beginscan(table, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		read(policies, tuple, RelationGetDescr(table));
	systable_endscan(scan);
	table_close(table, AccessShareLock);
}

static void
add_policy(WfGuardPolicies *policies, HeapTuple tuple, TupleDesc desc)
{
	WfGuardPolicy policy;

	wf_guard_policy_read(&policy, tuple, desc);
	if (!policy.enabled)
		return;
	policies->rows = policies->rows ?
		repalloc(policies->rows, sizeof(WfGuardPolicy) * (policies->count + 1)) : palloc(sizeof(WfGuardPolicy));
	policies->rows[policies->count++] = policy;
}

static void
add_allowance(WfGuardPolicies *policies, HeapTuple tuple, TupleDesc desc)
{
	Datum		values[WF_ALLOWANCE_COLUMNS];
	bool		nulls[WF_ALLOWANCE_COLUMNS];
	WfGuardAllowance allowance;

	heap_deform_tuple(tuple, desc, values, nulls);
	/* Without an end it is for the transaction that wrote it. */
	if (!nulls[WF_ALLOWANCE_VALID_UNTIL - 1])
		allowance.valid_until = DatumGetTimestampTz(values[WF_ALLOWANCE_VALID_UNTIL - 1]);
	else if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)))
		allowance.valid_until = DT_NOEND;
	else
		return;
	if (allowance.valid_until < GetCurrentTimestamp())
		return;
	allowance.rule = wf_guard_rule_index(TextDatumGetCString(values[WF_ALLOWANCE_RULE - 1]));
	allowance.object = nulls[WF_ALLOWANCE_OBJECT - 1] ? NULL : TextDatumGetCString(values[WF_ALLOWANCE_OBJECT - 1]);
	allowance.role = TextDatumGetCString(values[WF_ALLOWANCE_ROLE - 1]);
	allowance.reason = TextDatumGetCString(values[WF_ALLOWANCE_REASON - 1]);
	policies->allowances = policies->allowances ?
		repalloc(policies->allowances, sizeof(WfGuardAllowance) * (policies->allowance_count + 1)) :
		palloc(sizeof(WfGuardAllowance));
	policies->allowances[policies->allowance_count++] = allowance;
}

/* The order of precedence. */
static int
compare(const void *a, const void *b)
{
	const WfGuardPolicy *one = a;
	const WfGuardPolicy *two = b;

	if (one->selector != two->selector)
		return one->selector > two->selector ? -1 : 1;
	if (one->selector == WF_SELECT_SEVERITY && one->selected != two->selected)
		return one->selected > two->selected ? -1 : 1;
	if (one->ordinal != two->ordinal)
		return one->ordinal < two->ordinal ? -1 : 1;
	return strcmp(one->name, two->name);
}

/* The rules for which some object, role, place or time has an action. */
static void
find_heeded(WfGuardPolicies *policies)
{
	for (int rule = 0; rule < wf_migration_rule_count; rule++)
	{
		WfGuardAction action = wf_migration_rules[rule].action;
		bool		is_selected = false;
		bool		acts = action > WF_ACTION_OFF && policies->check[rule].enabled;

		if (action == WF_ACTION_NEVER)
			continue;
		for (int i = 0; i < policies->count; i++)
		{
			if (!wf_guard_policy_selects(policies, &policies->rows[i], rule))
				continue;
			is_selected = true;
			acts = acts || policies->rows[i].action > WF_ACTION_OFF;
		}
		if (acts)
			policies->heeded = bms_add_member(policies->heeded, rule);
		if (acts && !is_selected)
			policies->only_default = bms_add_member(policies->only_default, rule);
	}
}
