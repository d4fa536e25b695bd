/*
 * rule_catalog.c: what a statement names and is not there.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/uses.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

/* What kinds of objects are called, and the error of the server where one is not there. */
#define A_RELATION	"relation", "42P01"
#define A_TABLE		"table", "42P01"
#define A_COLUMN	"column", "42703"
#define A_TYPE		"type", "42704"
#define A_SCHEMA	"schema", "3F000"
#define A_PART(what)	what, "42704"
#define A_ROUTINE	"function", "42883"

static void report_missing(WfRuleCall *call, const char *what, const char *sqlstate, const char *name, bool tolerated,
						   bool is_certain);
static bool missing_relation(WfRuleCall *call, const RangeVar *name, const char *what, bool tolerated);
static void missing_relations(WfRuleCall *call, List *names);
static void missing_column(WfRuleCall *call, WfRelation *table, const char *name, bool tolerated);
static void missing_columns(WfRuleCall *call, WfRelation *table, List *names);
static void missing_schema(WfRuleCall *call, const char *name, bool tolerated);
static void missing_part(WfRuleCall *call, const RangeVar *table, ObjectType type, const char *name, bool tolerated);
static void missing_routine(WfRuleCall *call, ObjectType type, ObjectWithArgs *routine, bool tolerated);
static void missing_type(WfRuleCall *call, TypeName *type);
static void missing_type_named(WfRuleCall *call, List *names, bool tolerated);
static void missing_in_enum(WfRuleCall *call, AlterEnumStmt *stmt);
static void missing_in_table(WfRuleCall *call, CreateStmt *stmt);
static void missing_referenced(WfRuleCall *call, const RangeVar *table, Constraint *constraint);
static void missing_in_alter_table(WfRuleCall *call, AlterTableStmt *stmt);
static bool changes_column(AlterTableType subtype);
static void missing_in_command(WfRuleCall *call, AlterTableStmt *stmt, AlterTableCmd *command, WfRelation *table);
static bool adds(AlterTableStmt *stmt, AlterTableType subtype, const char *name);
static void missing_constraint(WfRuleCall *call, WfRelation *table, const char *name, bool tolerated);
static void missing_in_index(WfRuleCall *call, IndexStmt *stmt);
static void missing_in_rename(WfRuleCall *call, RenameStmt *stmt);
static void missing_in_move(WfRuleCall *call, AlterObjectSchemaStmt *stmt);
static void missing_in_drop(WfRuleCall *call, DropStmt *stmt);
static void missing_object(WfRuleCall *call, ObjectType type, Node *object, bool tolerated);
static void missing_in_comment(WfRuleCall *call, CommentStmt *stmt);
static void missing_in_query(WfRuleCall *call);
static void missing_targets(WfRuleCall *call, RangeVar *name, List *targets);

/* What the statement names does not exist at this point. */
void
wf_rule_object_missing(WfRuleCall *call)
{
	Node	   *stmt = call->statement;
	ListCell   *lc;

	/* The live server says so itself, and better. */
	if (!call->catalog->simulated)
		return;
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			missing_in_alter_table(call, (AlterTableStmt *) stmt);
			break;
		case T_CreateStmt:
			missing_in_table(call, (CreateStmt *) stmt);
			break;
		case T_DropStmt:
			missing_in_drop(call, (DropStmt *) stmt);
			break;
		case T_IndexStmt:
			missing_in_index(call, (IndexStmt *) stmt);
			break;
		case T_RenameStmt:
			missing_in_rename(call, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			missing_in_move(call, (AlterObjectSchemaStmt *) stmt);
			break;
		case T_TruncateStmt:
			missing_relations(call, ((TruncateStmt *) stmt)->relations);
			break;
		case T_LockStmt:
			missing_relations(call, ((LockStmt *) stmt)->relations);
			break;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_ViewStmt:
		case T_CreateTableAsStmt:
			missing_in_query(call);
			break;
		case T_AlterEnumStmt:
			missing_in_enum(call, (AlterEnumStmt *) stmt);
			break;
		case T_AlterSeqStmt:
			missing_relation(call, ((AlterSeqStmt *) stmt)->sequence, "sequence", ((AlterSeqStmt *) stmt)->missing_ok);
			break;
		case T_RefreshMatViewStmt:
			missing_relation(call, ((RefreshMatViewStmt *) stmt)->relation, "relation", false);
			break;
		case T_CreateTrigStmt:
			missing_relation(call, ((CreateTrigStmt *) stmt)->relation, "relation", false);
			break;
		case T_CreatePolicyStmt:
			missing_relation(call, ((CreatePolicyStmt *) stmt)->table, "table", false);
			break;
		case T_AlterPolicyStmt:
			missing_part(call, ((AlterPolicyStmt *) stmt)->table, OBJECT_POLICY, ((AlterPolicyStmt *) stmt)->policy_name, false);
			break;
		case T_CommentStmt:
			missing_in_comment(call, (CommentStmt *) stmt);
			break;
		case T_GrantStmt:
			foreach(lc, ((GrantStmt *) stmt)->targtype == ACL_TARGET_OBJECT ? ((GrantStmt *) stmt)->objects : NIL)
				missing_object(call, ((GrantStmt *) stmt)->objtype, lfirst(lc), false);
			break;
		default:
			break;
	}
}

/* is_certain: the text itself has taken it away, or it is of a table that is here. */
static void
report_missing(WfRuleCall *call, const char *what, const char *sqlstate, const char *name, bool tolerated, bool is_certain)
{
	WfFinding  *finding = wf_finding_add(call, tolerated ? "%s %s does not exist here: the statement does nothing" :
										 "%s %s does not exist here: the statement fails", what, name);
	WfSimulation *simulation = call->session->simulation;

	finding->object = pstrdup(name);
	/* An empty CI database that stands for production lacks everything. */
	if (tolerated || (call->session->assume_populated && (!is_certain || (simulation && simulation->has_undone))))
		finding->severity = WF_SEVERITY_INFO;
	/* What can't be looked into may have made it. */
	else if (simulation && simulation->is_opaque)
		finding->severity = WF_SEVERITY_LOW;
	if (!tolerated)
		wf_finding_note_text(finding, "sqlstate", sqlstate);
	finding->hint = pstrdup("Check against the database that the migration is meant for, with the search_path it will run under.");
}

/* True where there is no such relation. */
static bool
missing_relation(WfRuleCall *call, const RangeVar *name, const char *what, bool tolerated)
{
	WfRelation *relation = call->catalog->relation(call->catalog, name);

	/* As it is written. */
	if (relation->missing)
		report_missing(call, what, "42P01",
					   relation->schema && name->schemaname ? wf_rule_name(call, relation) : wf_ddl_range_var(name), tolerated,
					   wf_sim_has_dropped(call->session->simulation, relation, NULL));
	return relation->missing;
}

static void
missing_relations(WfRuleCall *call, List *names)
{
	for (int i = 0; i < list_length(names); i++)
		missing_relation(call, list_nth_node(RangeVar, names, i), "table", false);
}

/*
 * Of what the text made or cannot see, the columns are not all known; but a table
 * that is here has those that it has in the other database.
 */
static void
missing_column(WfRuleCall *call, WfRelation *table, const char *name, bool tolerated)
{
	if ((!table->missing && OidIsValid(table->relid) && call->catalog->column(call->catalog, table, name) == NULL) ||
		wf_sim_has_dropped(call->session->simulation, table, name))
		report_missing(call, A_COLUMN,
					   psprintf("%s.%s", wf_ddl_quote_name(table->schema, table->name), wf_ddl_quote_name(NULL, name)),
					   tolerated, true);
}

/* names is a list of String. */
static void
missing_columns(WfRuleCall *call, WfRelation *table, List *names)
{
	ListCell   *lc;

	foreach(lc, names)
		missing_column(call, table, strVal(lfirst(lc)), false);
}

static void
missing_schema(WfRuleCall *call, const char *name, bool tolerated)
{
	/* pg_temp is made when it is needed. */
	if (name && strncmp(name, "pg_", 3) != 0 && !call->catalog->has_schema(call->catalog, name))
		report_missing(call, A_SCHEMA, wf_ddl_quote_name(NULL, name), tolerated, false);
}

/* A trigger, policy or rule; IF EXISTS also means its table. */
static void
missing_part(WfRuleCall *call, const RangeVar *table, ObjectType type, const char *name, bool tolerated)
{
	if (table && !missing_relation(call, table, "relation", tolerated) &&
		!call->catalog->has_part(call->catalog, call->catalog->relation(call->catalog, table), type, name))
		report_missing(call, A_PART(type == OBJECT_TRIGGER ? "trigger" : type == OBJECT_POLICY ? "policy" : "rule"),
					   psprintf("%s on %s", wf_ddl_quote_name(NULL, name), wf_ddl_range_var(table)), tolerated, false);
}

static void
missing_routine(WfRuleCall *call, ObjectType type, ObjectWithArgs *routine, bool tolerated)
{
	if (!call->catalog->has_routine(call->catalog, type, routine))
		report_missing(call, A_ROUTINE, wf_ddl_object_name(type, (Node *) routine), tolerated, false);
}

/*
 * The type of a column, unless something that can't be looked into may have
 * made it.
 */
static void
missing_type(WfRuleCall *call, TypeName *type)
{
	RangeVar   *row;

	if (type == NULL || type->names == NIL || type->pct_type ||
		(call->session->simulation && call->session->simulation->is_opaque))
		return;
	if (list_length(type->names) == 1 && strstr(strVal(linitial(type->names)), "serial"))
		return;
	if (list_length(type->names) > 1 && strcmp(strVal(linitial(type->names)), "pg_catalog") == 0)
		return;
	if (!call->catalog->type(call->catalog, type->names)->missing)
		return;
	/* Each table is a type. */
	row = wf_ddl_range_var_of_names(type->names);
	if (row == NULL || !call->catalog->relation(call->catalog, row)->missing)
		return;
	report_missing(call, A_TYPE, wf_ddl_quote_names(type->names, "."), false, false);
}

static void
missing_type_named(WfRuleCall *call, List *names, bool tolerated)
{
	if (call->catalog->type(call->catalog, names)->missing)
		report_missing(call, A_TYPE, wf_ddl_quote_names(names, "."), tolerated, false);
}

/* The enum, the label to rename and the one that a new label goes beside. */
static void
missing_in_enum(WfRuleCall *call, AlterEnumStmt *stmt)
{
	WfType	   *type = call->catalog->type(call->catalog, stmt->typeName);
	const char *label = stmt->oldVal ? stmt->oldVal : stmt->newValNeighbor;
	WfFinding  *finding;

	missing_type_named(call, stmt->typeName, false);
	if (type->missing || label == NULL || call->catalog->has_label(call->catalog, type, label))
		return;
	finding = wf_finding_add(call, "enum \"%s\" has no label \"%s\" here: the statement fails", type->name, label);
	finding->object = wf_ddl_quote_name(type->schema, type->name);
	wf_finding_note_text(finding, "sqlstate", "22023");
}

/* The schema, the types of the columns, and what the table is made of or refers to. */
static void
missing_in_table(WfRuleCall *call, CreateStmt *stmt)
{
	ListCell   *lc;
	ListCell   *lc2;

	missing_schema(call, stmt->relation->schemaname, false);
	missing_relations(call, stmt->inhRelations);
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, TableLikeClause))
			missing_relation(call, ((TableLikeClause *) element)->relation, "relation", false);
		else if (IsA(element, Constraint))
			missing_referenced(call, stmt->relation, (Constraint *) element);
		else if (IsA(element, ColumnDef))
		{
			missing_type(call, ((ColumnDef *) element)->typeName);
			foreach(lc2, ((ColumnDef *) element)->constraints)
				missing_referenced(call, stmt->relation, lfirst_node(Constraint, lc2));
		}
	}
}

/* What a foreign key refers to, which may be the table itself. */
static void
missing_referenced(WfRuleCall *call, const RangeVar *table, Constraint *constraint)
{
	if (constraint->pktable && strcmp(constraint->pktable->relname, table->relname) != 0 &&
		!missing_relation(call, constraint->pktable, "table", false))
		missing_columns(call, call->catalog->relation(call->catalog, constraint->pktable), constraint->pk_attrs);
}

/* The table, the columns that its commands name, and what it refers to. */
static void
missing_in_alter_table(WfRuleCall *call, AlterTableStmt *stmt)
{
	WfRelation *table;
	ListCell   *lc;

	if (stmt->objtype == OBJECT_TYPE)
		return;
	missing_relation(call, stmt->relation, stmt->objtype == OBJECT_TABLE ? "table" : "relation", stmt->missing_ok);
	table = call->catalog->relation(call->catalog, stmt->relation);
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		/* A column that this very statement adds is not there yet. */
		if (changes_column(command->subtype) && !adds(stmt, AT_AddColumn, command->name))
			missing_column(call, table, command->name, command->subtype == AT_DropColumn && command->missing_ok);
		if (!table->missing)
			missing_in_command(call, stmt, command, table);
	}
}

/* Does the command name a column that has to be there? */
static bool
changes_column(AlterTableType subtype)
{
	static const AlterTableType subtypes[] = {
		AT_AlterColumnType, AT_DropColumn, AT_SetNotNull, AT_DropNotNull, AT_ColumnDefault,
		AT_AddIdentity, AT_SetIdentity, AT_DropIdentity, AT_DropExpression, AT_SetStorage,
	};
	bool		found = false;

	for (int i = 0; i < lengthof(subtypes); i++)
		found |= subtype == subtypes[i];
	return found;
}

static void
missing_in_command(WfRuleCall *call, AlterTableStmt *stmt, AlterTableCmd *command, WfRelation *table)
{
	Constraint *constraint;
	ListCell   *lc;

	switch (command->subtype)
	{
		case AT_AlterColumnType:
			missing_type(call, ((ColumnDef *) command->def)->typeName);
			break;
		case AT_AddColumn:
			missing_type(call, ((ColumnDef *) command->def)->typeName);
			foreach(lc, ((ColumnDef *) command->def)->constraints)
				missing_referenced(call, stmt->relation, lfirst_node(Constraint, lc));
			break;
		case AT_AddConstraint:
			constraint = (Constraint *) command->def;
			foreach(lc, list_concat_copy(constraint->contype == CONSTR_FOREIGN ? constraint->fk_attrs : constraint->keys,
										 constraint->including))
			{
				if (!adds(stmt, AT_AddColumn, strVal(lfirst(lc))))
					missing_column(call, table, strVal(lfirst(lc)), false);
			}
			missing_referenced(call, stmt->relation, constraint);
			break;
		case AT_DropConstraint:
		case AT_ValidateConstraint:
			if (!adds(stmt, AT_AddConstraint, command->name))
				missing_constraint(call, table, command->name, command->missing_ok);
			break;
		case AT_EnableTrig:
		case AT_EnableAlwaysTrig:
		case AT_EnableReplicaTrig:
		case AT_DisableTrig:
			missing_part(call, stmt->relation, OBJECT_TRIGGER, command->name, false);
			break;
		case AT_AttachPartition:
		case AT_DetachPartition:
			missing_relation(call, ((PartitionCmd *) command->def)->name, "table", false);
			break;
		case AT_AddInherit:
			missing_relation(call, (RangeVar *) command->def, "table", false);
			break;
		default:
			break;
	}
}

/* Does the statement itself add a column or a constraint of this name? */
static bool
adds(AlterTableStmt *stmt, AlterTableType subtype, const char *name)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);
		const char *added;

		if (command->subtype != subtype)
			continue;
		added = subtype == AT_AddColumn ? ((ColumnDef *) command->def)->colname : ((Constraint *) command->def)->conname;
		/* The server chooses the name of one that has none. */
		if (added == NULL || strcmp(added, name) == 0)
			return true;
	}
	return false;
}

static void
missing_constraint(WfRuleCall *call, WfRelation *table, const char *name, bool tolerated)
{
	if (!OidIsValid(table->relid) || call->catalog->constraint(call->catalog, table, name))
		return;
	/* Not listed before 18, nor read from the text. */
	if (call->catalog->server_version >= 18 && strstr(name, "not_null"))
		return;
	report_missing(call, A_PART("constraint"),
				   psprintf("%s of %s", wf_ddl_quote_name(NULL, name), wf_ddl_quote_name(table->schema, table->name)),
				   tolerated, false);
}

static void
missing_in_index(WfRuleCall *call, IndexStmt *stmt)
{
	ListCell   *lc;

	if (missing_relation(call, stmt->relation, "table", false))
		return;
	foreach(lc, list_concat_copy(stmt->indexParams, stmt->indexIncludingParams))
	{
		if (lfirst_node(IndexElem, lc)->name)
			missing_column(call, call->catalog->relation(call->catalog, stmt->relation),
						   lfirst_node(IndexElem, lc)->name, false);
	}
}

static void
missing_in_rename(WfRuleCall *call, RenameStmt *stmt)
{
	switch (stmt->renameType)
	{
		case OBJECT_COLUMN:
			missing_relation(call, stmt->relation, "relation", stmt->missing_ok);
			missing_column(call, call->catalog->relation(call->catalog, stmt->relation), stmt->subname, false);
			break;
		case OBJECT_TABCONSTRAINT:
			if (!missing_relation(call, stmt->relation, "relation", stmt->missing_ok))
				missing_constraint(call, call->catalog->relation(call->catalog, stmt->relation), stmt->subname, false);
			break;
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
		case OBJECT_RULE:
			missing_part(call, stmt->relation, stmt->renameType, stmt->subname, stmt->missing_ok);
			break;
		case OBJECT_SCHEMA:
			missing_schema(call, stmt->subname, false);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			missing_type_named(call, castNode(List, stmt->object), false);
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			missing_routine(call, stmt->renameType, castNode(ObjectWithArgs, stmt->object), false);
			break;
		case OBJECT_ATTRIBUTE:
			break;
		default:
			if (stmt->relation)
				missing_relation(call, stmt->relation, "relation", stmt->missing_ok);
			break;
	}
}

static void
missing_in_move(WfRuleCall *call, AlterObjectSchemaStmt *stmt)
{
	missing_schema(call, stmt->newschema, false);
	if (stmt->relation)
		missing_relation(call, stmt->relation, "relation", stmt->missing_ok);
	else
		missing_object(call, stmt->objectType, stmt->object, stmt->missing_ok);
}

static void
missing_in_drop(WfRuleCall *call, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
		missing_object(call, stmt->removeType, lfirst(lc), stmt->missing_ok);
}

/* An object as DROP, GRANT and the like hold it; of other kinds nothing is known. */
static void
missing_object(WfRuleCall *call, ObjectType type, Node *object, bool tolerated)
{
	RangeVar   *name;

	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_INDEX:
			name = IsA(object, RangeVar) ? (RangeVar *) object : wf_ddl_range_var_of_names(castNode(List, object));
			if (name)
				missing_relation(call, name, type == OBJECT_INDEX ? "index" : type == OBJECT_SEQUENCE ? "sequence" : "relation",
								 tolerated);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			missing_type_named(call, IsA(object, TypeName) ? ((TypeName *) object)->names : castNode(List, object), tolerated);
			break;
		case OBJECT_SCHEMA:
			missing_schema(call, strVal(object), tolerated);
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			missing_routine(call, type, castNode(ObjectWithArgs, object), tolerated);
			break;
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
		case OBJECT_RULE:
			name = wf_ddl_range_var_of_names(list_copy_head((List *) object, list_length((List *) object) - 1));
			missing_part(call, name, type, strVal(llast((List *) object)), tolerated);
			break;
		default:
			break;
	}
}

static void
missing_in_comment(WfRuleCall *call, CommentStmt *stmt)
{
	List	   *names;
	RangeVar   *table;

	if (stmt->objtype != OBJECT_COLUMN)
	{
		missing_object(call, stmt->objtype, stmt->object, false);
		return;
	}
	names = castNode(List, stmt->object);
	table = list_length(names) < 2 ? NULL : wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));
	if (table && !missing_relation(call, table, "relation", false))
		missing_column(call, call->catalog->relation(call->catalog, table), strVal(llast(names)), false);
}

/* The relations of a query, and the columns that it gives values. */
static void
missing_in_query(WfRuleCall *call)
{
	Node	   *stmt = call->statement;
	List	   *told = NIL;
	WfUses		uses;
	ListCell   *lc;
	ListCell   *lc2;

	if (IsA(stmt, InsertStmt))
		missing_targets(call, ((InsertStmt *) stmt)->relation, ((InsertStmt *) stmt)->cols);
	else if (IsA(stmt, UpdateStmt))
		missing_targets(call, ((UpdateStmt *) stmt)->relation, ((UpdateStmt *) stmt)->targetList);
	else if (IsA(stmt, ViewStmt))
		missing_schema(call, ((ViewStmt *) stmt)->view->schemaname, false);
	else if (IsA(stmt, CreateTableAsStmt))
		missing_schema(call, ((CreateTableAsStmt *) stmt)->into->rel->schemaname, false);
	wf_ddl_uses(stmt, &uses);
	foreach(lc, uses.relations)
	{
		const RangeVar *name = ((WfRelationUse *) lfirst(lc))->name;
		bool		is_hidden = false;

		/* A WITH query, or one that was named already. */
		foreach(lc2, uses.hidden)
			is_hidden |= name->schemaname == NULL && strcmp(lfirst(lc2), name->relname) == 0;
		foreach(lc2, told)
			is_hidden |= strcmp(((RangeVar *) lfirst(lc2))->relname, name->relname) == 0;
		if (!is_hidden && missing_relation(call, name, "table", false))
			told = lappend(told, unconstify(RangeVar *, name));
	}
}

/* targets is a list of ResTarget. */
static void
missing_targets(WfRuleCall *call, RangeVar *name, List *targets)
{
	WfRelation *table = call->catalog->relation(call->catalog, name);
	ListCell   *lc;

	foreach(lc, table->missing ? NIL : targets)
		missing_column(call, table, lfirst_node(ResTarget, lc)->name, false);
}
