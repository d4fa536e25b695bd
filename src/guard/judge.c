/*
 * judge.c: what the rules of the migration check say of a live command.
 *
 * The rules are those of the registry, one function each, fed with the raw
 * parse tree and the live catalog.  What is done about a finding stands in the
 * registry, and in guard_policies where that says otherwise.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "guard/describe.h"
#include "guard/judge.h"
#include "guard/owned.h"
#include "guard/policy.h"
#include "guard/scope.h"
#include "guard/source.h"
#include "migration/simulate.h"

/* A finding, and what is done about it. */
typedef struct Danger
{
	WfFinding  *finding;
	WfGuardDecision decision;
} Danger;

static List *dangers(const WfGuardPolicies *policies, const WfGuardCommand *command, const WfGuardSource *source);
static void read_settings(bool *settings);
static bool is_among(const char *id, const char *const *ids, int count);

/*
 * The reasons not to run the command: a List of WfGuardFinding in
 * CurrentMemoryContext.  The statement's source is looked for only where there
 * is a reason, for the commands in its HINT.
 */
List *
wf_guard_judge_statement(const WfGuardCommand *command)
{
	const WfGuardPolicies *policies = wf_guard_policies();
	List	   *found = policies ? dangers(policies, command, NULL) : NIL;
	List	   *described = NIL;
	WfGuardSource source;
	ListCell   *lc;

	if (found == NIL)
		return NIL;
	if (wf_guard_find_source(command->tree, &source))
		found = dangers(policies, command, &source);
	else
		source.text = NULL;
	foreach(lc, found)
	{
		Danger	   *danger = lfirst(lc);
		WfGuardFinding *finding = wf_guard_describe(command, danger->finding, &danger->decision,
													source.text ? &source : NULL);

		wf_guard_settle(policies, danger->finding->rule - wf_migration_rules, &danger->decision, finding);
		described = lappend(described, finding);
	}
	return described;
}

/* The findings that something is done about. */
static List *
dangers(const WfGuardPolicies *policies, const WfGuardCommand *command, const WfGuardSource *source)
{
	bool		settings[WF_SETTING_COUNT];
	WfRuleSession session = {.in_transaction = command->place != WF_GUARD_PLACE_ALONE, .settings = settings};
	List	   *found;
	List	   *kept = NIL;
	ListCell   *lc;

	read_settings(settings);
	found = wf_migration_check_node(wf_guard_owned_catalog(command->tree), &session, command->tree,
									source ? source->text : NULL,
									source ? source->location : 0,
									source ? source->length : 0, policies->heeded);
	foreach(lc, found)
	{
		WfFinding  *finding = lfirst(lc);
		Danger	   *danger = palloc(sizeof(Danger));
		WfGuardTarget target;

		if (!wf_guard_is_danger(command, finding))
			continue;
		wf_guard_target_of(finding, &target);
		danger->finding = finding;
		danger->decision = wf_guard_decide(policies, finding->rule - wf_migration_rules, &target);
		if (danger->decision.action > WF_ACTION_OFF)
			kept = lappend(kept, danger);
	}
	return kept;
}

/* Which of the settings that rules ask for are in force. */
static void
read_settings(bool *settings)
{
	settings[WF_SETTING_LOCK_TIMEOUT] = LockTimeout > 0;
	settings[WF_SETTING_STATEMENT_TIMEOUT] = StatementTimeout > 0;
	settings[WF_SETTING_IDLE_TIMEOUT] = IdleInTransactionSessionTimeout > 0;
	settings[WF_SETTING_APPLICATION_NAME] = application_name && application_name[0] != '\0';
}

/* What a policy can ask of the object that the finding is about. */
void
wf_guard_target_of(const WfFinding *finding, WfGuardTarget *target)
{
	target->schema = NULL;
	if (finding->relation)
		target->schema = finding->relation->schema;
	else if (finding->type)
		target->schema = finding->type->schema;
	/* A name without one is that of something new. */
	if (target->schema == NULL)
		target->schema = wf_guard_schema_of(finding->rule, finding->object);
	target->rows = -1;
	target->bytes = -1;
	if (finding->relation && finding->relation->measured)
	{
		target->rows = finding->relation->population == WF_POPULATION_EMPTY ? 0 : finding->relation->rows;
		target->bytes = finding->relation->bytes;
	}
	target->by_default = wf_guard_is_default(finding);
}

/*
 * The schema of an object as findings name it: that of a qualified name; of
 * another the one where it would be made, unless the rule is about objects that
 * are schemas or are in none.  NULL: there is none.
 */
const char *
wf_guard_schema_of(const WfRule *rule, const char *object)
{
	static const char *const of_schemas[] = {"drop-schema", "rename-schema"};
	static const char *const of_none[] = {"drop-database", "create-extension"};
	List	   *path;
	List	   *names;

	if (object == NULL || !SplitIdentifierString(pstrdup(object), '.', &names) || names == NIL)
		return NULL;
	if (list_length(names) > 1 || is_among(rule->id, of_schemas, lengthof(of_schemas)))
		return linitial(names);
	if (is_among(rule->id, of_none, lengthof(of_none)))
		return NULL;
	path = fetch_search_path(false);
	return path ? get_namespace_name(linitial_oid(path)) : NULL;
}

static bool
is_among(const char *id, const char *const *ids, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(ids[i], id) == 0)
			return true;
	}
	return false;
}

/* Notes on the finding what is done, by which policy, and whether it is allowed. */
void
wf_guard_settle(const WfGuardPolicies *policies, int rule, const WfGuardDecision *decision, WfGuardFinding *finding)
{
	const WfGuardAllowance *allowance = wf_guard_allowed(policies, rule, finding->object);

	finding->action = decision->action;
	if (decision->policy)
	{
		finding->policy = pstrdup(decision->policy->name);
		finding->requires_approval = decision->policy->requires_approval;
		finding->detail = psprintf("%s Policy \"%s\" says so (%s).", finding->detail, decision->policy->name,
								   decision->policy->reason);
	}
	if (allowance)
		finding->allowed = pstrdup(allowance->reason);
}

/*
 * The same for a finding of the guard's own, about an object in this schema
 * (NULL: in none).  False: nothing is done about it.
 */
bool
wf_guard_settle_own(WfGuardFinding *finding, const char *schema)
{
	const WfGuardPolicies *policies = wf_guard_policies();
	int			rule = wf_migration_rule_index(finding->rule);
	WfGuardTarget target = {.schema = schema, .rows = -1, .bytes = -1, .by_default = true};
	WfGuardDecision decision;

	if (policies == NULL)
		return false;
	decision = wf_guard_decide(policies, rule, &target);
	if (decision.action <= WF_ACTION_OFF)
		return false;
	wf_guard_settle(policies, rule, &decision, finding);
	return true;
}
