/*
 * rule_enum.c: rules about enum types.
 */
#include "common/compat.h"

#include "access/transam.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* A search for a use of a new label. */
typedef struct LabelSearch
{
	WfRuleCall *call;
	HTAB	   *labels;			/* of WfNewLabel, by label */
	List	   *relations;		/* of WfRelation, that the statement names */
	HTAB	   *others;			/* A_Const * that spell one, known to be of
								 * another type; or NULL */
	WfNewLabel *found;
} LabelSearch;

static bool is_passed_over(WfRuleCall *call, AlterEnumStmt *stmt, WfType *type);
static char *users_of(WfRuleCall *call, WfType *type);
static bool names_relation(Node *node, void *context);
static void add_relation(LabelSearch *search, RangeVar *name);
static bool is_new_label(Node *node, void *context);
static bool is_other_type(LabelSearch *search, const TypeName *name);
static bool is_other_column(LabelSearch *search, const char *name);
static WfNewLabel *label_of(LabelSearch *search, A_Const *constant);
static HTAB *pointer_set(void);
static void set_apart(LabelSearch *search, Node *node);
static void set_values_apart(LabelSearch *search, InsertStmt *stmt);
static bool is_text_cast(Node *node, void *context);

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

	finding->severity = WF_SEVERITY_INFO;
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
	finding->severity = WF_SEVERITY_INFO;
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
	WfSimulation *simulation = call->session->simulation;
	WfType	   *type = call->catalog->type(call->catalog, stmt->typeName);
	WfFinding  *finding;

	if (stmt->oldVal != NULL || !call->session->in_transaction)
		return;
	/* One that the same transaction made nobody else has seen. */
	if (type && simulation && type->transaction == simulation->transaction)
		return;
	finding = wf_finding_add(call, call->catalog->server_version < 12 ?
							 "ALTER TYPE ... ADD VALUE can't run inside a transaction block before 12" :
							 "label \"%s\" can't be used before the transaction commits", stmt->newVal);
	finding->object = wf_rule_type_name(call, stmt->typeName);
	if (call->catalog->server_version >= 12)
		finding->severity = WF_SEVERITY_INFO;
	finding->hint = pstrdup("Put it into a migration of its own.");
	finding->safe_sql = wf_rule_outside_transaction(call);
}

/* A label that is used in the transaction that adds it. */
void
wf_rule_enum_value_used(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;
	LabelSearch search = {.call = call, .labels = simulation ? simulation->new_labels : NULL};
	WfFinding  *finding;

	if (search.labels == NULL || IsA(call->statement, AlterEnumStmt))
		return;
	wf_ddl_walk(call->statement, names_relation, &search);
	wf_ddl_walk(call->statement, is_new_label, &search);
	if (search.found == NULL)
		return;
	finding = wf_finding_add(call, "label \"%s\" of enum \"%s\" is used in the transaction that adds it",
							 search.found->key.name, search.found->type);
	finding->object = wf_ddl_quote_name(NULL, search.found->type);
	wf_finding_note_text(finding, "sqlstate", "55P04");
	finding->hint = pstrdup("Commit after ADD VALUE, and use the label in the next migration.");
	finding->safe_sql = wf_rule_outside_transaction(call);
}

/* Collects the relations whose columns the statement may name. */
static bool
names_relation(Node *node, void *context)
{
	LabelSearch *search = context;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_InsertStmt:
			add_relation(search, ((InsertStmt *) node)->relation);
			break;
		case T_UpdateStmt:
			add_relation(search, ((UpdateStmt *) node)->relation);
			break;
		case T_DeleteStmt:
			add_relation(search, ((DeleteStmt *) node)->relation);
			break;
		case T_AlterTableStmt:
			add_relation(search, ((AlterTableStmt *) node)->relation);
			break;
		case T_IndexStmt:
			add_relation(search, ((IndexStmt *) node)->relation);
			break;
		case T_SelectStmt:
			foreach(lc, ((SelectStmt *) node)->fromClause)
			{
				if (IsA(lfirst(lc), RangeVar))
					add_relation(search, lfirst(lc));
			}
			break;
		default:
			break;
	}
	return false;
}

static void
add_relation(LabelSearch *search, RangeVar *name)
{
	WfRelation *relation = search->call->catalog->relation(search->call->catalog, name);

	if (relation)
		search->relations = lappend(search->relations, relation);
}

/*
 * Is it a string constant that spells one of the new labels?  Where what stands
 * around it gives it another type, it is none.
 */
static bool
is_new_label(Node *node, void *context)
{
	LabelSearch *search = context;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_TypeCast:
			if (is_other_type(search, ((TypeCast *) node)->typeName))
				set_apart(search, ((TypeCast *) node)->arg);
			return false;
		case T_FuncCall:
			set_apart(search, (Node *) ((FuncCall *) node)->args);
			return false;
		case T_A_Expr:
			{
				A_Expr	   *expr = (A_Expr *) node;

				if (expr->lexpr && IsA(expr->lexpr, ColumnRef) && IsA(llast(((ColumnRef *) expr->lexpr)->fields), String) &&
					is_other_column(search, strVal(llast(((ColumnRef *) expr->lexpr)->fields))))
					set_apart(search, expr->rexpr);
				return false;
			}
		case T_ResTarget:
			if (((ResTarget *) node)->name && is_other_column(search, ((ResTarget *) node)->name))
				set_apart(search, ((ResTarget *) node)->val);
			return false;
		case T_InsertStmt:
			set_values_apart(search, (InsertStmt *) node);
			return false;
		case T_ColumnDef:
			foreach(lc, ((ColumnDef *) node)->typeName && is_other_type(search, ((ColumnDef *) node)->typeName) ?
					((ColumnDef *) node)->constraints : NIL)
			{
				if (lfirst_node(Constraint, lc)->contype == CONSTR_DEFAULT)
					set_apart(search, lfirst_node(Constraint, lc)->raw_expr);
			}
			return false;
		case T_AlterTableCmd:
			if (((AlterTableCmd *) node)->subtype == AT_ColumnDefault && is_other_column(search, ((AlterTableCmd *) node)->name))
				set_apart(search, ((AlterTableCmd *) node)->def);
			return false;
		case T_A_Const:
			break;
		default:
			return false;
	}
	if (search->others == NULL || hash_search(search->others, &node, HASH_FIND, NULL) == NULL)
		search->found = label_of(search, (A_Const *) node);
	return search->found != NULL;
}

/* The new label that the constant spells; NULL: none. */
static WfNewLabel *
label_of(LabelSearch *search, A_Const *constant)
{
	return !constant->isnull && nodeTag(&constant->val) == T_String ? wf_sim_find(search->labels, "", strVal(&constant->val)) : NULL;
}

/* Is it a type that none of the labels is of?  One that the text made may be any. */
static bool
is_other_type(LabelSearch *search, const TypeName *name)
{
	WfType	   *type = name->names != NIL ? search->call->catalog->type(search->call->catalog, name->names) : NULL;

	return type && type->kind == TYPTYPE_BASE && OidIsValid(type->oid);
}

/* Is the column known, and of a built-in type?  Domains and arrays may be of an enum. */
static bool
is_other_column(LabelSearch *search, const char *name)
{
	WfColumn   *column = NULL;
	ListCell   *lc;

	if (IsA(search->call->statement, CreateStmt))
	{
		foreach(lc, ((CreateStmt *) search->call->statement)->tableElts)
		{
			ColumnDef  *def = lfirst(lc);

			if (IsA(def, ColumnDef) && strcmp(def->colname, name) == 0)
				return def->typeName && is_other_type(search, def->typeName);
		}
		return false;
	}
	foreach(lc, search->relations)
	{
		column = search->call->catalog->column(search->call->catalog, lfirst(lc), name);
		if (column)
			break;
	}
	return column && OidIsValid(column->type) && column->type < FirstNormalObjectId;
}

/* Notes the constants of an expression, or of a list of such, that stand there bare. */
static void
set_apart(LabelSearch *search, Node *node)
{
	ListCell   *lc;

	if (node && IsA(node, A_Const) && label_of(search, (A_Const *) node))
	{
		if (search->others == NULL)
			search->others = pointer_set();
		(void) hash_search(search->others, &node, HASH_ENTER, NULL);
	}
	foreach(lc, node && IsA(node, List) ? (List *) node : NIL)
		set_apart(search, lfirst(lc));
}

/* INSERT ... VALUES, with the columns that the values go to. */
static void
set_values_apart(LabelSearch *search, InsertStmt *stmt)
{
	SelectStmt *values = (SelectStmt *) stmt->selectStmt;
	ListCell   *lc;
	ListCell   *column;

	if (values == NULL || !IsA(values, SelectStmt) || values->valuesLists == NIL)
		return;
	foreach(column, stmt->cols)
	{
		if (!is_other_column(search, lfirst_node(ResTarget, column)->name))
			continue;
		foreach(lc, values->valuesLists)
		{
			if (foreach_current_index(column) < list_length(lfirst_node(List, lc)))
				set_apart(search, list_nth(lfirst_node(List, lc), foreach_current_index(column)));
		}
	}
}

/* A set of pointers, in CurrentMemoryContext. */
static HTAB *
pointer_set(void)
{
	HASHCTL		control = {.keysize = sizeof(void *), .entrysize = sizeof(void *), .hcxt = CurrentMemoryContext};

	return hash_create("wishflags constants", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The type was renamed away and a new one of its name takes its columns. */
void
wf_rule_enum_type_replaced(WfRuleCall *call)
{
	ColumnDef  *def = castNode(ColumnDef, call->command->def);
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	WfColumn   *column;
	WfType	   *type;
	WfFinding  *finding;

	if (table == NULL || def->raw_default == NULL)
		return;
	type = call->catalog->type(call->catalog, def->typeName->names);
	if (type == NULL || type->kind != TYPTYPE_ENUM || !type->created_here || !wf_ddl_walk(def->raw_default, is_text_cast, NULL))
		return;
	/* A text that becomes an enum replaces none. */
	column = call->catalog->column(call->catalog, table, call->command->name);
	if (column && (column->type == TEXTOID || column->type == VARCHAROID || column->type == BPCHAROID))
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

/* Is it a cast to text, alone or of an array? */
static bool
is_text_cast(Node *node, void *context)
{
	const char *name = IsA(node, TypeCast) ? strVal(llast(((TypeCast *) node)->typeName->names)) : NULL;

	return name && (strcmp(name, "text") == 0 || strcmp(name, "varchar") == 0);
}

/* Is it IF NOT EXISTS of a label that is there? */
static bool
is_passed_over(WfRuleCall *call, AlterEnumStmt *stmt, WfType *type)
{
	return stmt->skipIfNewValExists && OidIsValid(type->oid) && type->kind == TYPTYPE_ENUM &&
		call->catalog->has_label(call->catalog, type, stmt->newVal);
}
