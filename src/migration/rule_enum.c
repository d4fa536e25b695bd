/*
 * rule_enum.c: rules about enum types.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *users_of(WfRuleCall *call, WfType *type);

/* ALTER TYPE ... ADD VALUE. */
void
wf_rule_enum_add_value(WfRuleCall *call)
{
	AlterEnumStmt *stmt = (AlterEnumStmt *) call->statement;
	WfType	   *type;
	WfFinding  *finding;

	if (stmt->oldVal != NULL)
		return;
	type = wf_rule_type(call, stmt->typeName);
	if (type == NULL)
		return;
	finding = wf_finding_add(call, "label \"%s\" can't be taken out of enum \"%s\" again%s",
							 stmt->newVal, type->name, users_of(call, type));
	wf_finding_on_type(call, finding, type);
	finding->hint = pstrdup("Deploy code that understands the new label first; the label can be used from the next transaction on.");
}

/* ALTER TYPE ... RENAME VALUE. */
void
wf_rule_enum_rename_value(WfRuleCall *call)
{
	AlterEnumStmt *stmt = (AlterEnumStmt *) call->statement;
	WfType	   *type;
	WfFinding  *finding;

	if (stmt->oldVal == NULL)
		return;
	type = wf_rule_type(call, stmt->typeName);
	if (type == NULL)
		return;
	finding = wf_finding_add(call, "code that sends label \"%s\" of enum \"%s\" fails as soon as it is \"%s\"%s",
							 stmt->oldVal, type->name, stmt->newVal, users_of(call, type));
	wf_finding_on_type(call, finding, type);
	finding->hint = psprintf("Add \"%s\" as a new label, deploy code that accepts both, then update the rows in batches.",
							 stmt->newVal);
	finding->safe_sql = psprintf("ALTER TYPE %s ADD VALUE IF NOT EXISTS %s AFTER %s;",
								 wf_ddl_quote_name(type->schema, type->name),
								 wf_ddl_quote_literal(stmt->newVal),
								 wf_ddl_quote_literal(stmt->oldVal));
}

/* "; 3 columns use it" for messages; nothing where none does. */
static char *
users_of(WfRuleCall *call, WfType *type)
{
	if (type->missing)
		return "";
	call->catalog->type_uses(call->catalog, type);
	if (type->uses == 0)
		return "";
	if (type->uses == 1)
		return psprintf("; column %s uses it", type->used_by);
	return psprintf("; %d columns use it", type->uses);
}
