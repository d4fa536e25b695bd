/*
 * rule_name.c: names that the server would choose, for safe ways.
 */
#include "common/compat.h"

#include "ddl/chosen_name.h"
#include "migration/finding.h"

/* The name that PostgreSQL would choose: the first that nothing in the schema has. */
char *
wf_rule_free_name(WfRuleCall *call, WfRelation *table, const char *label, const char *suffix)
{
	return wf_ddl_free_name(call->catalog, table, label, suffix);
}

/* The name that PostgreSQL would choose for a new constraint of the table. */
char *
wf_rule_constraint_name(WfRuleCall *call, WfRelation *table, const Constraint *constraint)
{
	return wf_ddl_constraint_name(call->catalog, table, constraint, NULL);
}

/* The first name of this kind that is free for a constraint over the columns. */
char *
wf_rule_free_constraint_name(WfRuleCall *call, WfRelation *table, List *columns, const char *suffix)
{
	return wf_ddl_free_name(call->catalog, table, wf_ddl_joined_label(columns), suffix);
}
