/*
 * rule_drop.c: rules about dropping things.
 */
#include "common/compat.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* DROP TYPE and DROP DOMAIN. */
void
wf_rule_drop_type(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_TYPE && stmt->removeType != OBJECT_DOMAIN)
		return;
	foreach(lc, stmt->objects)
	{
		TypeName   *name = lfirst_node(TypeName, lc);
		WfType	   *type = wf_rule_type(call, name->names);
		WfFinding  *finding;

		if (type == NULL)
			continue;
		if (stmt->behavior == DROP_CASCADE)
			finding = wf_finding_add(call, "dropping type \"%s\" with CASCADE drops every column that uses it, and its data",
									 type->name);
		else
			finding = wf_finding_add(call, "code that uses type \"%s\" breaks; the drop fails while a column uses it",
									 type->name);
		wf_finding_on_type(call, finding, type);
		finding->location = name->location;
		finding->hint = pstrdup("Change the columns to another type first, then drop this one without CASCADE.");
	}
}
