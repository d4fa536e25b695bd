/*
 * rule_timeout.c: rules about the settings a migration runs under.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* Timeouts longer than these, in seconds, are a risk; advice begins earlier. */
#define LOCK_TIMEOUT_LIMIT 60
#define LOCK_TIMEOUT_ADVICE 5
#define STATEMENT_TIMEOUT_LIMIT 3600
#define STATEMENT_TIMEOUT_ADVICE 600

static WfRelation *strongly_locked(WfRuleCall *call, LOCKMODE *mode);
static void report_missing(WfRuleCall *call, WfSetting setting, const char *name,
						   const char *value, const char *why, bool advice);
static void report_late(WfRuleCall *call, VariableSetStmt *stmt);
static bool is_beside_tables(Node *stmt);
static bool is_blamed(WfRuleCall *call, WfRelation *relation);
static bool setting_of(Node *stmt, VariableSetStmt *set, const char **target);
static const char *role_name(RoleSpec *role);
static double seconds_of(List *args, bool *known);

/* The first relation that others use and the statement locks against writes. */
static WfRelation *
strongly_locked(WfRuleCall *call, LOCKMODE *mode)
{
	List	   *locks = wf_ddl_statement_locks(call->statement, call->catalog->server_version);
	ListCell   *lc;

	foreach(lc, locks)
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *relation;

		if (lock->mode < ShareLock)
			continue;
		relation = wf_rule_relation(call, lock->relation);
		if (relation)
		{
			*mode = lock->mode;
			return relation;
		}
	}
	return NULL;
}

static void
report_missing(WfRuleCall *call, WfSetting setting, const char *name, const char *value,
			   const char *why, bool advice)
{
	WfSimulation *simulation = call->session->simulation;
	WfRelation *relation;
	WfFinding  *finding;
	LOCKMODE	mode = NoLock;
	bool		is_brief;
	bool		blamed;

	if (simulation ? simulation->settings.values[setting].is_set :
		call->session->settings == NULL || call->session->settings[setting])
		return;
	if (wf_rule_told(call) && (advice || simulation->brief_told))
		return;
	relation = strongly_locked(call, &mode);
	if (relation == NULL && (setting != WF_SETTING_STATEMENT_TIMEOUT || !is_beside_tables(call->statement)))
		return;
	/* Readers go on, and nobody writes to a materialized view. */
	if (IsA(call->statement, RefreshMatViewStmt) && ((RefreshMatViewStmt *) call->statement)->concurrent)
		return;
	/* CREATE TABLE holds its lock on a referenced table for a moment only. */
	is_brief = IsA(call->statement, CreateStmt) && ((CreateStmt *) call->statement)->partbound == NULL;
	blamed = !advice && is_blamed(call, relation);
	if (blamed && simulation && simulation->blamed_at > 0)
		return;
	if ((is_brief || blamed) && simulation ? simulation->brief_told : !wf_rule_once(call))
		return;
	finding = wf_finding_add(call, "no %s is in force from here on: %s", name, why);
	if (relation)
	{
		finding->object = wf_rule_name(call, relation);
		finding->relation = relation;
	}
	finding->lock = mode;
	if (blamed && simulation)
		simulation->blamed_at = simulation->statement;
	if (advice || blamed)
		finding->severity = WF_SEVERITY_INFO;
	else if (is_brief)
	{
		if (simulation)
			simulation->brief_told = true;
		finding->severity = WF_SEVERITY_LOW;
	}
	finding->hint = psprintf("Write SET %s = %s; before it, or set it for the role that runs migrations.", name, value);
	finding->safe_sql = psprintf("SET %s = %s;", name, value);
}

/* Is it DDL that stops no writes to a table, but may wait, or run, for long? */
static bool
is_beside_tables(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_CommentStmt:
		case T_VacuumStmt:
		case T_CreateEnumStmt:
		case T_AlterEnumStmt:
		case T_CompositeTypeStmt:
		case T_CreateDomainStmt:
		case T_AlterDomainStmt:
		case T_ViewStmt:
		case T_CreateFunctionStmt:
		case T_CreateStatsStmt:
			return true;
		default:
			return false;
	}
}

/*
 * Is it found already that the statement's lock hurts, however soon it comes?
 * Then the statement has to change, and a timeout does not make it good.
 */
static bool
is_blamed(WfRuleCall *call, WfRelation *relation)
{
	ListCell   *lc;

	foreach(lc, call->findings)
	{
		WfFinding  *finding = lfirst(lc);

		if (finding->relation == relation && finding->lock >= ShareLock &&
			finding->severity >= WF_SEVERITY_MEDIUM)
			return true;
	}
	return false;
}

/*
 * SET lock_timeout behind what should run under it.  That counts even where
 * the statement before has to change: its better form locks as well.
 */
static void
report_late(WfRuleCall *call, VariableSetStmt *stmt)
{
	WfSimulation *simulation = call->session->simulation;
	WfFinding  *finding;
	bool		known;

	if (simulation == NULL || simulation->blamed_at == 0 || stmt->kind != VAR_SET_VALUE ||
		pg_strcasecmp(stmt->name, "lock_timeout") != 0)
		return;
	if ((seconds_of(stmt->args, &known) == 0 && known) || !wf_rule_once(call))
		return;
	finding = wf_finding_add(call, "lock_timeout comes too late: statement %d waits for its lock without one",
							 simulation->blamed_at);
	wf_finding_note_number(finding, "statement", simulation->blamed_at);
	finding->hint = pstrdup("Write it before the first statement that locks a table.");
}

void
wf_rule_lock_timeout_missing(WfRuleCall *call)
{
	if (IsA(call->statement, VariableSetStmt))
	{
		report_late(call, (VariableSetStmt *) call->statement);
		return;
	}
	report_missing(call, WF_SETTING_LOCK_TIMEOUT, "lock_timeout", "'2s'",
				   "a statement that waits for its lock makes everybody else wait behind it", false);
}

void
wf_rule_statement_timeout_missing(WfRuleCall *call)
{
	report_missing(call, WF_SETTING_STATEMENT_TIMEOUT, "statement_timeout", "'30s'",
				   "a statement that takes longer than thought holds its lock as long", true);
}

void
wf_rule_idle_timeout_missing(WfRuleCall *call)
{
	report_missing(call, WF_SETTING_IDLE_TIMEOUT, "idle_in_transaction_session_timeout", "'30s'",
				   "a runner that hangs holds its locks", true);
}

void
wf_rule_application_name_missing(WfRuleCall *call)
{
	report_missing(call, WF_SETTING_APPLICATION_NAME, "application_name", "'migration'",
				   "nobody can tell in pg_stat_activity who blocks", true);
}

/*
 * A timeout of zero, or one too long to help, or SET LOCAL where that does
 * nothing: by SET, set_config(), or for the sessions of a role or database.
 */
void
wf_rule_lock_timeout_unsafe(WfRuleCall *call)
{
	VariableSetStmt set;
	bool		is_lock;
	const char *target = NULL;
	WfFinding  *finding;
	double		seconds;
	bool		known;

	if (!setting_of(call->statement, &set, &target) || set.kind != VAR_SET_VALUE || set.name == NULL)
		return;
	is_lock = pg_strcasecmp(set.name, "lock_timeout") == 0;
	if (!is_lock && pg_strcasecmp(set.name, "statement_timeout") != 0)
		return;
	if (set.is_local && call->session->simulation && !call->session->in_transaction)
	{
		finding = wf_finding_add(call, "SET LOCAL %s does nothing here but warn: no transaction is open", set.name);
		finding->hint = pstrdup("Begin the transaction first, or use SET.");
		return;
	}
	seconds = seconds_of(set.args, &known);
	if (!known ||
		(seconds > 0 && seconds <= (is_lock ? LOCK_TIMEOUT_ADVICE : STATEMENT_TIMEOUT_ADVICE)))
		return;
	finding = wf_finding_add(call, seconds == 0 ? "%s = 0 switches it off" : "%s of %.0f s keeps everybody waiting as long",
							 set.name, seconds);
	if (seconds > 0 && seconds <= (is_lock ? LOCK_TIMEOUT_LIMIT : STATEMENT_TIMEOUT_LIMIT))
		finding->severity = WF_SEVERITY_INFO;
	finding->object = target ? pstrdup(target) : NULL;
	wf_finding_note_number(finding, "seconds", seconds);
	finding->hint = psprintf("Write SET %s = %s; and try again when it strikes.", set.name,
							 is_lock ? "'2s'" : "'30s'");
	if (target == NULL)
		finding->safe_sql = psprintf("SET %s%s = %s;", set.is_local ? "LOCAL " : "", set.name, is_lock ? "'2s'" : "'30s'");
	else
		finding->safe_sql = psprintf("ALTER %s SET %s = %s;", target, set.name, is_lock ? "'2s'" : "'30s'");
}

/*
 * What the statement sets; target is the role or database, as ALTER names it, or
 * NULL for this session.  False where it sets nothing, or nobody knows what.
 */
static bool
setting_of(Node *stmt, VariableSetStmt *set, const char **target)
{
	AlterRoleSetStmt *role = (AlterRoleSetStmt *) stmt;
	AlterDatabaseSetStmt *database = (AlterDatabaseSetStmt *) stmt;

	switch (nodeTag(stmt))
	{
		case T_VariableSetStmt:
			*set = *(VariableSetStmt *) stmt;
			return true;
		case T_SelectStmt:
			return wf_ddl_set_config((SelectStmt *) stmt, set);
		case T_AlterRoleSetStmt:
			*set = *role->setstmt;
			*target = psprintf("ROLE %s%s%s", role_name(role->role),
							   role->database ? " IN DATABASE " : "", role->database ? quote_identifier(role->database) : "");
			return true;
		case T_AlterDatabaseSetStmt:
			*set = *database->setstmt;
			*target = psprintf("DATABASE %s", quote_identifier(database->dbname));
			return true;
		default:
			return false;
	}
}

static const char *
role_name(RoleSpec *role)
{
	if (role == NULL)
		return "ALL";
	switch (role->roletype)
	{
		case ROLESPEC_CURRENT_USER:
			return "CURRENT_USER";
		case ROLESPEC_SESSION_USER:
			return "SESSION_USER";
		case ROLESPEC_CURRENT_ROLE:
			return "CURRENT_ROLE";
		default:
			return quote_identifier(role->rolename ? role->rolename : "");
	}
}

/* The value of a timeout in seconds; a number alone is in milliseconds. */
static double
seconds_of(List *args, bool *known)
{
	static const struct
	{
		const char *unit;
		double		seconds;
	}			units[] = {
		{"us", 0.000001}, {"ms", 0.001}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"", 0.001},
	};
	A_Const    *value;
	double		number;
	char	   *rest;

	*known = false;
	if (list_length(args) != 1 || !IsA(linitial(args), A_Const))
		return 0;
	value = linitial_node(A_Const, args);
	if (nodeTag(&value->val) == T_Integer)
	{
		*known = true;
		return intVal(&value->val) * 0.001;
	}
	if (nodeTag(&value->val) == T_Float)
	{
		*known = true;
		return floatVal(&value->val) * 0.001;
	}
	if (nodeTag(&value->val) != T_String)
		return 0;
	number = strtod(strVal(&value->val), &rest);
	if (rest == strVal(&value->val))
		return 0;
	while (*rest == ' ')
		rest++;
	for (int i = 0; i < lengthof(units); i++)
	{
		if (strcmp(rest, units[i].unit) == 0)
		{
			*known = true;
			return number * units[i].seconds;
		}
	}
	return 0;
}
