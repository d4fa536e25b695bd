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
	HTAB	   *known;			/* KnownConstant; or NULL */
	const char *label;			/* what was found: a label, and */
	List	   *types;			/* the types that it may be one of */
} LabelSearch;

/* A constant of which it is known what enums it may be a label of. */
typedef struct KnownConstant
{
	Node	   *constant;
	List	   *types;			/* of WfType; NIL: none that has a new label */
} KnownConstant;

/* What is known of the place where a constant stands. */
typedef struct Place
{
	bool		is_other;		/* of no enum */
	WfType	   *type;			/* NULL: unknown */
	Oid			oid;			/* of the type; InvalidOid: unknown */
} Place;

static const Place other_place = {.is_other = true};

static bool is_passed_over(WfRuleCall *call, AlterEnumStmt *stmt, WfType *type);
static char *users_of(WfRuleCall *call, WfType *type);
static bool names_relation(Node *node, void *context);
static void add_relation(LabelSearch *search, RangeVar *name);
static bool is_new_label(Node *node, void *context);
static Place place_of_type(LabelSearch *search, const TypeName *name);
static Place place_of_column(LabelSearch *search, const char *name);
static List *types_of(LabelSearch *search, A_Const *constant);
static List *types_at(List *types, const Place *place);
static void note_place(LabelSearch *search, Node *node, Place place);
static void note_values(LabelSearch *search, InsertStmt *stmt);
static char *names_of(List *types);
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
	if (search.types == NIL)
		return;
	finding = wf_finding_add(call, "label \"%s\" of enum %s is used in the transaction that adds it", search.label,
							 names_of(search.types));
	finding->object = wf_ddl_quote_name(((WfType *) linitial(search.types))->schema, ((WfType *) linitial(search.types))->name);
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
	KnownConstant *known;
	ListCell   *lc;

	switch (nodeTag(node))
	{
		case T_TypeCast:
			note_place(search, ((TypeCast *) node)->arg, place_of_type(search, ((TypeCast *) node)->typeName));
			return false;
		case T_FuncCall:
			note_place(search, (Node *) ((FuncCall *) node)->args, other_place);
			return false;
		case T_A_Expr:
			{
				A_Expr	   *expr = (A_Expr *) node;

				if (expr->lexpr && IsA(expr->lexpr, ColumnRef) && IsA(llast(((ColumnRef *) expr->lexpr)->fields), String))
					note_place(search, expr->rexpr, place_of_column(search, strVal(llast(((ColumnRef *) expr->lexpr)->fields))));
				return false;
			}
		case T_ResTarget:
			if (((ResTarget *) node)->name)
				note_place(search, ((ResTarget *) node)->val, place_of_column(search, ((ResTarget *) node)->name));
			return false;
		case T_InsertStmt:
			note_values(search, (InsertStmt *) node);
			return false;
		case T_ColumnDef:
			foreach(lc, ((ColumnDef *) node)->typeName ? ((ColumnDef *) node)->constraints : NIL)
			{
				if (lfirst_node(Constraint, lc)->contype == CONSTR_DEFAULT)
					note_place(search, lfirst_node(Constraint, lc)->raw_expr, place_of_type(search, ((ColumnDef *) node)->typeName));
			}
			return false;
		case T_AlterTableCmd:
			if (((AlterTableCmd *) node)->subtype == AT_ColumnDefault)
				note_place(search, ((AlterTableCmd *) node)->def, place_of_column(search, ((AlterTableCmd *) node)->name));
			return false;
		case T_A_Const:
			break;
		default:
			return false;
	}
	known = search->known ? hash_search(search->known, &node, HASH_FIND, NULL) : NULL;
	search->types = known ? known->types : types_of(search, (A_Const *) node);
	if (search->types != NIL)
		search->label = strVal(&((A_Const *) node)->val);
	return search->types != NIL;
}

/* The types (WfType) that have a new label as the constant spells it. */
static List *
types_of(LabelSearch *search, A_Const *constant)
{
	WfNewLabel *label = !constant->isnull && nodeTag(&constant->val) == T_String ?
	wf_sim_find(search->labels, "", strVal(&constant->val)) : NULL;

	return label ? label->types : NIL;
}

/* Those of the types that may stand at a place. */
static List *
types_at(List *types, const Place *place)
{
	ListCell   *lc;

	if (place->is_other)
		return NIL;
	foreach(lc, types)
	{
		WfType	   *type = lfirst(lc);

		if (type == place->type || (OidIsValid(type->oid) && type->oid == place->oid))
			return list_make1(type);
	}

	/*
	 * Domains and arrays may be of an enum; another enum has labels of its
	 * own.
	 */
	return place->type && place->type->kind == TYPTYPE_ENUM ? NIL : types;
}

/* Of a type that the text made, all may be unknown. */
static Place
place_of_type(LabelSearch *search, const TypeName *name)
{
	WfType	   *type = name->names != NIL ? search->call->catalog->type(search->call->catalog, name->names) : NULL;
	Place		place = {.is_other = type && type->kind == TYPTYPE_BASE && OidIsValid(type->oid)};

	if (type && name->arrayBounds == NIL && !name->pct_type)
	{
		place.type = type;
		place.oid = type->oid;
	}
	return place;
}

/* A column of a built-in type is no enum. */
static Place
place_of_column(LabelSearch *search, const char *name)
{
	Place		place = {0};
	WfColumn   *column = NULL;
	ListCell   *lc;

	if (IsA(search->call->statement, CreateStmt))
	{
		foreach(lc, ((CreateStmt *) search->call->statement)->tableElts)
		{
			ColumnDef  *def = lfirst(lc);

			if (IsA(def, ColumnDef) && strcmp(def->colname, name) == 0 && def->typeName)
				return place_of_type(search, def->typeName);
		}
		return place;
	}
	foreach(lc, search->relations)
	{
		column = search->call->catalog->column(search->call->catalog, lfirst(lc), name);
		if (column)
			break;
	}
	place.oid = column ? column->type : InvalidOid;
	place.is_other = OidIsValid(place.oid) && place.oid < FirstNormalObjectId;
	return place;
}

/* Notes the constants of an expression, or of a list of such, that stand there bare. */
static void
note_place(LabelSearch *search, Node *node, Place place)
{
	HASHCTL		control = {.keysize = sizeof(Node *), .entrysize = sizeof(KnownConstant), .hcxt = CurrentMemoryContext};
	List	   *types = node && IsA(node, A_Const) ? types_of(search, (A_Const *) node) : NIL;
	ListCell   *lc;

	if (types != NIL)
	{
		if (search->known == NULL)
			search->known = hash_create("wishflags constants", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		((KnownConstant *) hash_search(search->known, &node, HASH_ENTER, NULL))->types = types_at(types, &place);
	}
	foreach(lc, node && IsA(node, List) ? (List *) node : NIL)
		note_place(search, lfirst(lc), place);
}

/* INSERT ... VALUES, with the columns that the values go to. */
static void
note_values(LabelSearch *search, InsertStmt *stmt)
{
	SelectStmt *values = (SelectStmt *) stmt->selectStmt;
	ListCell   *lc;
	ListCell   *column;

	if (values == NULL || !IsA(values, SelectStmt) || values->valuesLists == NIL)
		return;
	foreach(column, stmt->cols)
	{
		Place		place = place_of_column(search, lfirst_node(ResTarget, column)->name);

		foreach(lc, values->valuesLists)
		{
			if (foreach_current_index(column) < list_length(lfirst_node(List, lc)))
				note_place(search, list_nth(lfirst_node(List, lc), foreach_current_index(column)), place);
		}
	}
}

/* "a" or "b" */
static char *
names_of(List *types)
{
	char	   *names = NULL;
	ListCell   *lc;

	foreach(lc, types)
		names = psprintf("%s%s\"%s\"", names ? names : "", names ? " or " : "", ((WfType *) lfirst(lc))->name);
	return names;
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
