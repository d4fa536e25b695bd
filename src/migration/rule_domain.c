/*
 * rule_domain.c: rules about the constraints of domains.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static bool adds_not_null(AlterDomainStmt *stmt);
static bool is_settled(AlterDomainStmt *stmt, WfType *type);

/* Is it SET NOT NULL, or ADD NOT NULL, which is the same (17)? */
static bool
adds_not_null(AlterDomainStmt *stmt)
{
	return stmt->subtype == 'O' || (stmt->subtype == 'C' && castNode(Constraint, stmt->def)->contype == CONSTR_NOTNULL);
}

/* Is the domain NOT NULL already, or the constraint valid?  Then no row is read. */
static bool
is_settled(AlterDomainStmt *stmt, WfType *type)
{
	ListCell   *lc;

	if (adds_not_null(stmt))
		return type->not_null;
	if (stmt->subtype != 'V' || !OidIsValid(type->oid) || type->missing)
		return false;
	foreach(lc, type->waiting)
	{
		if (strcmp(lfirst(lc), stmt->name) == 0)
			return false;
	}
	return true;
}

/* ALTER DOMAIN ADD CONSTRAINT, SET NOT NULL, VALIDATE CONSTRAINT. */
void
wf_rule_domain_constraint(WfRuleCall *call)
{
	AlterDomainStmt *stmt = (AlterDomainStmt *) call->statement;
	Constraint *constraint = (Constraint *) stmt->def;
	WfType	   *type;
	WfFinding  *finding;
	char	   *domain;

	if (stmt->subtype != 'C' && stmt->subtype != 'O' && stmt->subtype != 'V')
		return;
	if (stmt->subtype == 'C' && constraint->skip_validation)
		return;
	type = wf_rule_type(call, stmt->typeName);
	if (type == NULL || is_settled(stmt, type))
		return;
	if (!type->missing)
	{
		call->catalog->type_uses(call->catalog, type);
		if (type->uses == 0)
			return;
	}
	finding = wf_finding_add(call, "%s on domain \"%s\" stops writes to every table that uses it while it reads them all",
							 stmt->subtype == 'O' ? "SET NOT NULL" : stmt->subtype == 'V' ? "VALIDATE CONSTRAINT" :
							 adds_not_null(stmt) ? "ADD NOT NULL" : "ADD CONSTRAINT",
							 type->name);
	wf_finding_on_type(call, finding, type);
	finding->lock = ShareLock;
	finding->scans = true;
	domain = wf_ddl_quote_name(type->schema, type->name);
	if (stmt->subtype == 'V')
	{
		wf_finding_lower(finding);
		finding->hint = pstrdup("There is no lighter way; run it when writes are rare.");
	}
	else if (adds_not_null(stmt))
	{
		const char *check = quote_identifier(makeObjectName(type->name, NULL, "not_null"));

		finding->hint = pstrdup("NOT NULL can't be added as NOT VALID: add CHECK (VALUE IS NOT NULL) NOT VALID instead, and validate it when writes are rare.");
		finding->safe_sql = psprintf("ALTER DOMAIN %s ADD CONSTRAINT %s CHECK (VALUE IS NOT NULL) NOT VALID;\nALTER DOMAIN %s VALIDATE CONSTRAINT %s;",
									 domain, check, domain, check);
	}
	else
	{
		char	   *expression = wf_rule_check_expression(call, constraint);
		char	   *name = constraint->conname ? constraint->conname : makeObjectName(type->name, NULL, "check");

		finding->hint = pstrdup("Add it as NOT VALID, which locks no table, and validate it when writes are rare.");
		if (expression)
			finding->safe_sql = psprintf("ALTER DOMAIN %s ADD CONSTRAINT %s CHECK %s NOT VALID;\nALTER DOMAIN %s VALIDATE CONSTRAINT %s;",
										 domain, quote_identifier(name), expression, domain, quote_identifier(name));
	}
}
