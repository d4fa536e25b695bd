/*
 * rule_enum.c: rules about enum types.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* A search for a use of a new label. */
typedef struct LabelSearch
{
	List	   *labels;			/* of WfNewLabel */
	WfNewLabel *found;
} LabelSearch;

static bool is_passed_over(WfRuleCall *call, AlterEnumStmt *stmt, WfType *type);
static char *users_of(WfRuleCall *call, WfType *type);
static bool is_new_label(Node *node, void *context);
static bool is_cast_through_text(Node *expression);

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
	if (type == NULL || is_passed_over(call, stmt, type))
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
	finding->hint = psprintf("Add \"%s\" as a new label, deploy code that accepts both, then merge the old one into it: enum_plan(%s, 'merge', ...) writes the steps.",
							 stmt->newVal, wf_ddl_quote_literal(wf_ddl_quote_name(type->schema, type->name)));
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

/* CREATE TYPE ... AS ENUM. */
void
wf_rule_enum_created(WfRuleCall *call)
{
	CreateEnumStmt *stmt = (CreateEnumStmt *) call->statement;
	WfFinding  *finding = wf_finding_add(call, "labels of enum \"%s\" can be added later, but neither removed nor reordered",
										 strVal(llast(stmt->typeName)));

	finding->object = wf_ddl_quote_names(stmt->typeName, ".");
	finding->hint = pstrdup("Where the list may change, a table with a foreign key is easier to live with.");
}

/* ADD VALUE without a place. */
void
wf_rule_enum_value_unordered(WfRuleCall *call)
{
	AlterEnumStmt *stmt = (AlterEnumStmt *) call->statement;
	WfType	   *type;
	WfFinding  *finding;
	char	   *last;

	if (stmt->oldVal != NULL || stmt->newValNeighbor != NULL)
		return;
	type = wf_rule_type(call, stmt->typeName);
	if (type == NULL || is_passed_over(call, stmt, type))
		return;
	finding = wf_finding_add(call, "label \"%s\" goes to the end of the enum, wherever that sorts it", stmt->newVal);
	finding->object = wf_rule_type_name(call, stmt->typeName);
	finding->hint = pstrdup("Say BEFORE or AFTER which label, if the order means something: it can't be changed later.");
	last = type->kind == TYPTYPE_ENUM ? call->catalog->last_label(call->catalog, type) : NULL;
	if (last)
		finding->safe_sql = psprintf("ALTER TYPE %s ADD VALUE %s%s AFTER %s;", finding->object,
									 stmt->skipIfNewValExists ? "IF NOT EXISTS " : "",
									 wf_ddl_quote_literal(stmt->newVal), wf_ddl_quote_literal(last));
}

/* ADD VALUE in a transaction block before 12. */
void
wf_rule_enum_add_value_in_transaction(WfRuleCall *call)
{
	AlterEnumStmt *stmt = (AlterEnumStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->oldVal != NULL || !call->session->in_transaction)
		return;
	finding = wf_finding_add(call, call->catalog->server_version < 12 ?
							 "ALTER TYPE ... ADD VALUE can't run inside a transaction block before 12" :
							 "label \"%s\" can't be used before the transaction commits", stmt->newVal);
	finding->object = wf_rule_type_name(call, stmt->typeName);
	if (call->catalog->server_version >= 12)
		finding->severity = WF_SEVERITY_INFO;
	finding->hint = pstrdup("Put it into a migration of its own.");
}

/* A label that is used in the transaction that adds it. */
void
wf_rule_enum_value_used(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;
	LabelSearch search = {.labels = simulation ? simulation->new_labels : NIL};
	WfFinding  *finding;

	if (search.labels == NIL || IsA(call->statement, AlterEnumStmt))
		return;
	wf_ddl_walk(call->statement, is_new_label, &search);
	if (search.found == NULL)
		return;
	finding = wf_finding_add(call, "label \"%s\" of enum \"%s\" is used in the transaction that adds it",
							 search.found->label, search.found->type);
	finding->object = wf_ddl_quote_name(NULL, search.found->type);
	wf_finding_note_text(finding, "sqlstate", "55P04");
	finding->hint = pstrdup("Commit after ADD VALUE, and use the label in the next migration.");
	finding->safe_sql = wf_rule_outside_transaction(call);
}

/* Is it a string constant that spells one of the new labels? */
static bool
is_new_label(Node *node, void *context)
{
	LabelSearch *search = context;
	ListCell   *lc;

	if (!IsA(node, A_Const) || ((A_Const *) node)->isnull ||
		nodeTag(&((A_Const *) node)->val) != T_String)
		return false;
	foreach(lc, search->labels)
	{
		WfNewLabel *label = lfirst(lc);

		if (strcmp(strVal(&((A_Const *) node)->val), label->label) == 0)
			search->found = label;
	}
	return search->found != NULL;
}

/* The type was renamed away and a new one of its name takes its columns. */
void
wf_rule_enum_type_replaced(WfRuleCall *call)
{
	ColumnDef  *def = castNode(ColumnDef, call->command->def);
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	WfType	   *type;
	WfFinding  *finding;

	if (table == NULL || def->raw_default == NULL || def->typeName->arrayBounds != NIL)
		return;
	type = call->catalog->type(call->catalog, def->typeName->names);
	if (type == NULL || type->kind != 'e' || !type->created_here || !is_cast_through_text(def->raw_default))
		return;
	finding = wf_finding_add(call, "column \"%s\" of \"%s\" goes over to a new enum: every row is written anew, rows with a label that it lacks make it fail, and sessions that cached the old type break",
							 call->command->name, table->name);
	wf_finding_on(call, finding, table);
	finding->location = def->location;
	finding->lock = AccessExclusiveLock;
	finding->rewrites = true;
	finding->scans = true;
	wf_finding_note_text(finding, "column", call->command->name);
	finding->hint = pstrdup("Keep the old type and forbid the label by a CHECK that is added as NOT VALID; or move to the new type by a second column. Steps that take views, defaults and indexes along are written by enum_plan().");
}

/* expression::text::newtype */
static bool
is_cast_through_text(Node *expression)
{
	TypeCast   *inner;

	if (!IsA(expression, TypeCast) || !IsA(((TypeCast *) expression)->arg, TypeCast))
		return false;
	inner = (TypeCast *) ((TypeCast *) expression)->arg;
	return strcmp(strVal(llast(inner->typeName->names)), "text") == 0 ||
		strcmp(strVal(llast(inner->typeName->names)), "varchar") == 0;
}

/* Is it IF NOT EXISTS of a label that is there? */
static bool
is_passed_over(WfRuleCall *call, AlterEnumStmt *stmt, WfType *type)
{
	return stmt->skipIfNewValExists && OidIsValid(type->oid) && type->kind == TYPTYPE_ENUM &&
		call->catalog->has_label(call->catalog, type, stmt->newVal);
}
