/*
 * rule_name.c: names that the server would choose, for safe ways.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "migration/finding.h"

static char *joined(List *columns);

/* The name that PostgreSQL would choose: the first that nothing in the schema has. */
char *
wf_rule_free_name(WfRuleCall *call, WfRelation *table, const char *label, const char *suffix)
{
	for (int pass = 0;; pass++)
	{
		char	   *last = pass == 0 ? pstrdup(suffix) : psprintf("%s%d", suffix, pass);
		RangeVar   *name = makeRangeVar(table->schema, makeObjectName(table->name, label, last), -1);
		WfRelation *taken = call->catalog->relation(call->catalog, name);

		if (taken == NULL || taken->missing)
			return name->relname;
	}
}

/* The name that PostgreSQL would choose for a new constraint of the table. */
char *
wf_rule_constraint_name(WfRuleCall *call, WfRelation *table, const Constraint *constraint)
{
	List	   *columns = constraint->contype == CONSTR_FOREIGN ? constraint->fk_attrs :
	constraint->contype == CONSTR_PRIMARY ? NIL : constraint->keys;
	const char *suffix = constraint->contype == CONSTR_FOREIGN ? "fkey" : constraint->contype == CONSTR_UNIQUE ? "key" :
	constraint->contype == CONSTR_PRIMARY ? "pkey" : constraint->contype == CONSTR_EXCLUSION ? "excl" : "check";

	return wf_rule_free_constraint_name(call, table, columns, suffix);
}

/* The first name of this kind that neither a relation nor a constraint of the table has. */
char *
wf_rule_free_constraint_name(WfRuleCall *call, WfRelation *table, List *columns, const char *suffix)
{
	const char *label = joined(columns);

	for (int pass = 0;; pass++)
	{
		char	   *name = wf_rule_free_name(call, table, label, pass == 0 ? suffix : psprintf("%s%d", suffix, pass));

		if (call->catalog->constraint(call->catalog, table, name) == NULL)
			return name;
	}
}

/* "a_b" of columns; NULL of none. */
static char *
joined(List *columns)
{
	StringInfoData name;
	ListCell   *lc;

	if (columns == NIL)
		return NULL;
	initStringInfo(&name);
	foreach(lc, columns)
		appendStringInfo(&name, "%s%s", name.len > 0 ? "_" : "", strVal(lfirst(lc)));
	return name.data;
}
