/*
 * policy_row.c: reading a row of guard_policies, and what may be wrong with it.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "guard/policy.h"

/* Rules whose names differ by more letters are not offered. */
#define FARTHEST_LIKENESS 12

/* The server compares no longer ones. */
#define LONGEST_COMPARED 255

static void read_selector(WfGuardPolicy *policy, const char *text);
static void refuse_impossible(const WfGuardPolicy *policy);
static void refuse_never(const char *rule, int index);
static const char *nearest_rule(const char *name);
static List *read_list(const char *column, Datum value, bool isnull);
static int	read_days(List *names);
static void read_hours(WfGuardPolicy *policy, const Datum *values, const bool *nulls);

#define VALUE(column) values[(column) - 1]
#define IS_NULL(column) nulls[(column) - 1]

/*
 * Reads the row into CurrentMemoryContext.  Raises undefined_object for an
 * unknown rule, invalid_parameter_value or check_violation for the rest.
 */
void
wf_guard_policy_read(WfGuardPolicy *policy, HeapTuple tuple, TupleDesc desc)
{
	Datum		values[WF_POLICY_COLUMNS];
	bool		nulls[WF_POLICY_COLUMNS];
	char	   *action;

	heap_deform_tuple(tuple, desc, values, nulls);
	memset(policy, 0, sizeof(*policy));
	if (IS_NULL(WF_POLICY_RULE) || IS_NULL(WF_POLICY_ACTION) || IS_NULL(WF_POLICY_REASON))
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("a policy needs a rule, an action and a reason"),
				 errhint("Write: INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'block', 'why');")));
	if (IS_NULL(WF_POLICY_ORDINAL) || IS_NULL(WF_POLICY_ENABLED) || IS_NULL(WF_POLICY_TIME_ZONE) ||
		IS_NULL(WF_POLICY_REQUIRES_APPROVAL))
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("ordinal, enabled, time_zone and requires_approval must not be NULL"),
				 errhint("Leave them out for their defaults.")));
	read_selector(policy, TextDatumGetCString(VALUE(WF_POLICY_RULE)));
	policy->name = IS_NULL(WF_POLICY_NAME) ? TextDatumGetCString(VALUE(WF_POLICY_RULE)) :
		TextDatumGetCString(VALUE(WF_POLICY_NAME));
	action = TextDatumGetCString(VALUE(WF_POLICY_ACTION));
	if (!wf_migration_find_action(action, &policy->action))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("unknown action \"%s\"", action),
				 errhint("Actions are off, notice, warn and block.")));
	if (policy->selector == WF_SELECT_RULE)
		refuse_impossible(policy);
	policy->ordinal = DatumGetInt32(VALUE(WF_POLICY_ORDINAL));
	policy->enabled = DatumGetBool(VALUE(WF_POLICY_ENABLED));
	policy->min_rows = IS_NULL(WF_POLICY_MIN_ROWS) ? -1 : DatumGetInt64(VALUE(WF_POLICY_MIN_ROWS));
	policy->min_bytes = IS_NULL(WF_POLICY_MIN_BYTES) ? -1 : DatumGetInt64(VALUE(WF_POLICY_MIN_BYTES));
	policy->schemas = read_list("schemas", VALUE(WF_POLICY_SCHEMAS), IS_NULL(WF_POLICY_SCHEMAS));
	policy->roles = read_list("roles", VALUE(WF_POLICY_ROLES), IS_NULL(WF_POLICY_ROLES));
	policy->environments = read_list("environments", VALUE(WF_POLICY_ENVIRONMENTS), IS_NULL(WF_POLICY_ENVIRONMENTS));
	policy->days = read_days(read_list("days", VALUE(WF_POLICY_DAYS), IS_NULL(WF_POLICY_DAYS)));
	read_hours(policy, values, nulls);
	policy->requires_approval = DatumGetBool(VALUE(WF_POLICY_REQUIRES_APPROVAL));
	policy->reason = TextDatumGetCString(VALUE(WF_POLICY_REASON));
	if (policy->requires_approval && policy->action != WF_ACTION_BLOCK)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("only action \"block\" can require an approval"),
				 errhint("Set action = 'block', or requires_approval = false.")));
}

/* "drop-table", "kind:data-loss", "severity:high" or "all" */
static void
read_selector(WfGuardPolicy *policy, const char *text)
{
	WfKind		kind;
	WfSeverity	severity;

	if (strcmp(text, "all") == 0)
		policy->selector = WF_SELECT_ALL;
	else if (strncmp(text, "kind:", 5) == 0)
	{
		if (!wf_migration_find_kind(text + 5, &kind))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("unknown kind \"%s\"", text + 5),
					 errhint("Kinds are breaking, blocking, data-loss, irreversible, fails and style.")));
		policy->selector = WF_SELECT_KIND;
		policy->selected = kind;
	}
	else if (strncmp(text, "severity:", 9) == 0)
	{
		if (!wf_migration_find_severity(text + 9, &severity))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("unknown severity \"%s\"", text + 9),
					 errhint("Severities are info, low, medium, high and critical.")));
		policy->selector = WF_SELECT_SEVERITY;
		policy->selected = severity;
	}
	else
	{
		policy->selector = WF_SELECT_RULE;
		policy->selected = wf_guard_rule_index(text);
	}
}

/* Of some rules the guard may only talk. */
static void
refuse_impossible(const WfGuardPolicy *policy)
{
	const WfRule *rule = &wf_migration_rules[policy->selected];

	if (wf_guard_possible_action(rule, policy->action) != policy->action)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("action \"%s\" can't be set for rule \"%s\"",
						wf_migration_action_name(policy->action), rule->id),
				 errdetail("What it finds is always logged and never refused."),
				 errhint("Set action = 'notice' or 'warn'.")));
}

/*
 * The index of a rule that the guard can heed.  Raises undefined_object for an
 * unknown one, feature_not_supported for one that it can't.
 */
int
wf_guard_rule_index(const char *rule)
{
	int			index = wf_migration_rule_index(rule);
	const char *nearest;

	if (index >= 0)
	{
		refuse_never(rule, index);
		return index;
	}
	nearest = nearest_rule(rule);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unknown rule \"%s\"", rule),
			 nearest ? errhint("Perhaps you mean \"%s\". List the rules: SELECT rule, action FROM wishflags.guard_effective;", nearest) :
			 errhint("List the rules: SELECT rule, action FROM wishflags.guard_effective;  Beside them there are \"kind:data-loss\", \"severity:high\" and \"all\".")));
	return -1;					/* keep compiler quiet */
}

static void
refuse_never(const char *rule, int index)
{
	if (wf_migration_rules[index].action != WF_ACTION_NEVER)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the guard can't heed rule \"%s\"", rule),
			 errdetail("The rule needs the text of a migration, or is about statements for which no event trigger fires."),
			 errhint("Check the text before it is run: SELECT * FROM wishflags.migration_breaking_check('...');")));
}

/* The rule whose name is the least letters away; NULL: none is near. */
static const char *
nearest_rule(const char *name)
{
	const char *nearest = NULL;
	int			least = FARTHEST_LIKENESS + 1;
	int			length = strlen(name);

	if (length > LONGEST_COMPARED)
		return NULL;
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		const char *id = wf_migration_rules[i].id;
		int			distance;

		if (wf_migration_rules[i].action == WF_ACTION_NEVER)
			continue;
		distance = varstr_levenshtein(name, length, id, strlen(id), 1, 1, 1, true);
		if (distance < least && distance < length)
		{
			least = distance;
			nearest = id;
		}
	}
	return nearest;
}

/* NIL for NULL; an empty list would match nothing. */
static List *
read_list(const char *column, Datum value, bool isnull)
{
	List	   *list = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("column \"%s\" must not be an empty array", column),
				 errhint("Leave it NULL for all.")));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\" must not contain NULL", column)));
		list = lappend(list, TextDatumGetCString(elements[i]));
	}
	return list;
}

/* Bits of the days, Sunday first. */
static int
read_days(List *names)
{
	static const char *const days_of_week[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	int			bits = 0;
	ListCell   *lc;

	foreach(lc, names)
	{
		int			found = 0;

		for (int i = 0; i < lengthof(days_of_week); i++)
		{
			if (strcmp(lfirst(lc), days_of_week[i]) == 0)
				found = 1 << i;
		}
		if (found == 0)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("unknown day \"%s\"", (char *) lfirst(lc)),
					 errhint("Days are mon, tue, wed, thu, fri, sat and sun.")));
		bits |= found;
	}
	return bits;
}

static void
read_hours(WfGuardPolicy *policy, const Datum *values, const bool *nulls)
{
	char	   *zone = TextDatumGetCString(VALUE(WF_POLICY_TIME_ZONE));

	if (IS_NULL(WF_POLICY_FROM_TIME) != IS_NULL(WF_POLICY_UNTIL_TIME))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("from_time and until_time need each other"),
				 errhint("Give both; '00:00' and '24:00' are the ends of a day.")));
	policy->has_hours = !IS_NULL(WF_POLICY_FROM_TIME);
	if (policy->has_hours)
	{
		policy->from_time = DatumGetTimeADT(VALUE(WF_POLICY_FROM_TIME));
		policy->until_time = DatumGetTimeADT(VALUE(WF_POLICY_UNTIL_TIME));
		if (policy->from_time == policy->until_time)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("from_time and until_time must differ")));
	}
	policy->zone = pg_tzset(zone);
	if (policy->zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown time zone \"%s\"", zone),
				 errhint("List them: SELECT name FROM pg_timezone_names;")));
	policy->valid_from = IS_NULL(WF_POLICY_VALID_FROM) ? DT_NOBEGIN : DatumGetTimestampTz(VALUE(WF_POLICY_VALID_FROM));
	policy->valid_until = IS_NULL(WF_POLICY_VALID_UNTIL) ? DT_NOEND : DatumGetTimestampTz(VALUE(WF_POLICY_VALID_UNTIL));
	if (policy->valid_from >= policy->valid_until)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("valid_until must be later than valid_from")));
}
