/*
 * rule_exists.c: what a statement makes, or names something, and is there
 * already.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static void report_exists(WfRuleCall *call, const char *what, const char *object, const char *sqlstate, bool tolerated);
static const char *made_in(WfRuleCall *call, const char *schema);
static bool has_relation(WfRuleCall *call, const char *schema, const char *name);
static void relation_exists(WfRuleCall *call, const RangeVar *name, bool tolerated);
static void view_exists(WfRuleCall *call, ViewStmt *stmt);
static void index_exists(WfRuleCall *call, IndexStmt *stmt);
static void type_exists(WfRuleCall *call, List *names, bool tolerated);
static void label_exists(WfRuleCall *call, AlterEnumStmt *stmt);
static void routine_exists(WfRuleCall *call, CreateFunctionStmt *stmt);
static void part_exists(WfRuleCall *call, const RangeVar *table, ObjectType type, const char *name);
static void schema_exists(WfRuleCall *call, const char *name, bool tolerated);
static void column_exists(WfRuleCall *call, const RangeVar *table, const char *name, bool tolerated);
static void constraint_exists(WfRuleCall *call, const RangeVar *table, const char *name);
static void renamed_exists(WfRuleCall *call, RenameStmt *stmt);
static void moved_exists(WfRuleCall *call, AlterObjectSchemaStmt *stmt);

/* What the statement makes exists already. */
void
wf_rule_object_exists(WfRuleCall *call)
{
	Node	   *stmt = call->statement;
	ListCell   *lc;

	/* The live server says so itself. */
	if (!call->catalog->simulated)
		return;
	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			relation_exists(call, ((CreateStmt *) stmt)->relation, ((CreateStmt *) stmt)->if_not_exists);
			break;
		case T_CreateTableAsStmt:
			relation_exists(call, ((CreateTableAsStmt *) stmt)->into->rel, ((CreateTableAsStmt *) stmt)->if_not_exists);
			break;
		case T_SelectStmt:
			if (((SelectStmt *) stmt)->intoClause && !call->session->in_body)
				relation_exists(call, ((SelectStmt *) stmt)->intoClause->rel, false);
			break;
		case T_CreateSeqStmt:
			relation_exists(call, ((CreateSeqStmt *) stmt)->sequence, ((CreateSeqStmt *) stmt)->if_not_exists);
			break;
		case T_ViewStmt:
			view_exists(call, (ViewStmt *) stmt);
			break;
		case T_IndexStmt:
			index_exists(call, (IndexStmt *) stmt);
			break;
		case T_CompositeTypeStmt:
			relation_exists(call, ((CompositeTypeStmt *) stmt)->typevar, false);
			break;
		case T_CreateEnumStmt:
			type_exists(call, ((CreateEnumStmt *) stmt)->typeName, false);
			break;
		case T_CreateDomainStmt:
			type_exists(call, ((CreateDomainStmt *) stmt)->domainname, false);
			break;
		case T_CreateRangeStmt:
			type_exists(call, ((CreateRangeStmt *) stmt)->typeName, false);
			break;
		case T_AlterEnumStmt:
			label_exists(call, (AlterEnumStmt *) stmt);
			break;
		case T_CreateFunctionStmt:
			routine_exists(call, (CreateFunctionStmt *) stmt);
			break;
		case T_CreateTrigStmt:
			if (!((CreateTrigStmt *) stmt)->replace)
				part_exists(call, ((CreateTrigStmt *) stmt)->relation, OBJECT_TRIGGER, ((CreateTrigStmt *) stmt)->trigname);
			break;
		case T_CreatePolicyStmt:
			part_exists(call, ((CreatePolicyStmt *) stmt)->table, OBJECT_POLICY, ((CreatePolicyStmt *) stmt)->policy_name);
			break;
		case T_CreateSchemaStmt:
			schema_exists(call, ((CreateSchemaStmt *) stmt)->schemaname, ((CreateSchemaStmt *) stmt)->if_not_exists);
			break;
		case T_RenameStmt:
			renamed_exists(call, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			moved_exists(call, (AlterObjectSchemaStmt *) stmt);
			break;
		case T_AlterTableStmt:
			if (call->command->subtype == AT_AddColumn)
				column_exists(call, ((AlterTableStmt *) stmt)->relation, ((ColumnDef *) call->command->def)->colname,
							  call->command->missing_ok);
			else
				constraint_exists(call, ((AlterTableStmt *) stmt)->relation, ((Constraint *) call->command->def)->conname);
			break;
		default:
			break;
	}
	/* It may have gone with the transaction that made it. */
	foreach(lc, call->session->simulation->has_undone ? call->findings : NIL)
	{
		WfFinding  *finding = lfirst(lc);

		if (finding->rule == call->rule)
			finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
	}
}

/* what is described with its quotes; IF NOT EXISTS tolerates it. */
static void
report_exists(WfRuleCall *call, const char *what, const char *object, const char *sqlstate, bool tolerated)
{
	WfFinding  *finding = wf_finding_add(call, tolerated ? "%s exists already: nothing is made, whatever it looks like" :
										 "%s exists already: the statement fails", what);

	finding->object = pstrdup(object);
	if (tolerated)
		finding->severity = WF_SEVERITY_INFO;
	else
		wf_finding_note_text(finding, "sqlstate", sqlstate);
	if (!tolerated)
		finding->hint = pstrdup("Take out what an earlier migration has done, or give it another name.");
}

/* The schema that a new object comes into; what stands further down the search_path is not in its way. */
static const char *
made_in(WfRuleCall *call, const char *schema)
{
	ListCell   *lc;

	if (schema)
		return schema;
	foreach(lc, call->catalog->search_path(call->catalog))
	{
		if (strncmp(lfirst(lc), "pg_", 3) != 0 && call->catalog->has_schema(call->catalog, lfirst(lc)))
			return lfirst(lc);
	}
	return NULL;
}

static bool
has_relation(WfRuleCall *call, const char *schema, const char *name)
{
	return schema && !call->catalog->relation(call->catalog, makeRangeVar(pstrdup(schema), pstrdup(name), -1))->missing;
}

/* A relation, or the type that comes with it. */
static void
relation_exists(WfRuleCall *call, const RangeVar *name, bool tolerated)
{
	const char *schema = made_in(call, name->schemaname);

	if (name->relpersistence == RELPERSISTENCE_TEMP)
		return;
	if (has_relation(call, schema, name->relname))
		report_exists(call, psprintf("\"%s\"", name->relname), wf_ddl_quote_name(schema, name->relname), "42P07", tolerated);
	else if (schema && !IsA(call->statement, CreateSeqStmt))
		type_exists(call, list_make2(makeString(pstrdup(schema)), makeString(name->relname)), tolerated);
}

/* CREATE OR REPLACE VIEW replaces views only. */
static void
view_exists(WfRuleCall *call, ViewStmt *stmt)
{
	const char *schema = made_in(call, stmt->view->schemaname);
	WfFinding  *finding;

	if (!stmt->replace)
		relation_exists(call, stmt->view, false);
	else if (stmt->view->relpersistence != RELPERSISTENCE_TEMP && has_relation(call, schema, stmt->view->relname) &&
			 call->catalog->relation(call->catalog, makeRangeVar(pstrdup(schema), stmt->view->relname, -1))->kind != RELKIND_VIEW)
	{
		finding = wf_finding_add(call, "\"%s\" is no view, which can't be replaced by one: the statement fails", stmt->view->relname);
		finding->object = wf_ddl_quote_name(schema, stmt->view->relname);
		wf_finding_note_text(finding, "sqlstate", "42809");
	}
}

/* An index comes into the schema of its table. */
static void
index_exists(WfRuleCall *call, IndexStmt *stmt)
{
	WfRelation *table = call->catalog->relation(call->catalog, stmt->relation);

	if (stmt->idxname && !table->missing && table->persistence != RELPERSISTENCE_TEMP && has_relation(call, table->schema, stmt->idxname))
		report_exists(call, psprintf("\"%s\"", stmt->idxname), wf_ddl_quote_name(table->schema, stmt->idxname), "42P07",
					  stmt->if_not_exists);
}

/* A composite type is a relation, which IF NOT EXISTS finds. */
static void
type_exists(WfRuleCall *call, List *names, bool tolerated)
{
	const char *schema = made_in(call, list_length(names) > 1 ? strVal(list_nth(names, list_length(names) - 2)) : NULL);
	WfType	   *type;

	if (schema == NULL)
		return;
	type = call->catalog->type(call->catalog, list_make2(makeString(pstrdup(schema)), llast(names)));
	/* A row type is there as long as its relation is. */
	if (type->kind == TYPTYPE_COMPOSITE && OidIsValid(type->oid) ? has_relation(call, schema, type->name) : !type->missing)
		report_exists(call, psprintf("type \"%s\"", type->name), wf_ddl_quote_name(schema, type->name), "42710",
					  tolerated && type->kind == TYPTYPE_COMPOSITE);
}

/* ADD VALUE or RENAME VALUE to a label that the enum has. */
static void
label_exists(WfRuleCall *call, AlterEnumStmt *stmt)
{
	WfType	   *type = call->catalog->type(call->catalog, stmt->typeName);
	WfFinding  *finding;

	if (type->missing || type->kind != 'e' || !call->catalog->has_label(call->catalog, type, stmt->newVal))
		return;
	finding = wf_finding_add(call, stmt->skipIfNewValExists ? "enum \"%s\" has label \"%s\" already: nothing is added" :
							 "enum \"%s\" has label \"%s\" already: the statement fails",
							 type->name, stmt->newVal);
	finding->object = wf_ddl_quote_name(type->schema, type->name);
	if (stmt->skipIfNewValExists)
		finding->severity = WF_SEVERITY_INFO;
	else
		wf_finding_note_text(finding, "sqlstate", "42710");
}

static void
routine_exists(WfRuleCall *call, CreateFunctionStmt *stmt)
{
	WfRoutineChange change;

	if (!stmt->replace && call->catalog->routine_change(call->catalog, stmt, &change))
		report_exists(call, psprintf("function %s", change.signature), change.signature, "42723", false);
}

/* A trigger or a policy of the table. */
static void
part_exists(WfRuleCall *call, const RangeVar *table, ObjectType type, const char *name)
{
	WfRelation *relation = call->catalog->relation(call->catalog, table);

	if (call->catalog->has_part(call->catalog, relation, type, name))
		report_exists(call, psprintf("%s \"%s\" of \"%s\"", type == OBJECT_TRIGGER ? "trigger" : "policy", name, relation->name),
					  wf_ddl_quote_name(relation->schema, relation->name), "42710", false);
}

static void
schema_exists(WfRuleCall *call, const char *name, bool tolerated)
{
	if (name && call->catalog->has_schema(call->catalog, name))
		report_exists(call, psprintf("schema \"%s\"", name), wf_ddl_quote_name(NULL, name), "42P06", tolerated);
}

static void
column_exists(WfRuleCall *call, const RangeVar *table, const char *name, bool tolerated)
{
	WfRelation *relation = call->catalog->relation(call->catalog, table);
	WfColumn   *column = call->catalog->column(call->catalog, relation, name);
	WfFinding  *finding;
	ListCell   *lc;

	/* A column that the very statement drops goes first. */
	foreach(lc, IsA(call->statement, AlterTableStmt) ? ((AlterTableStmt *) call->statement)->cmds : NIL)
	{
		if (lfirst_node(AlterTableCmd, lc)->subtype == AT_DropColumn && strcmp(lfirst_node(AlterTableCmd, lc)->name, name) == 0)
			return;
	}
	if (column == NULL)
		return;
	finding = wf_finding_add(call, tolerated ? "column \"%s\" of \"%s\" exists already: nothing is added" :
							 "column \"%s\" of \"%s\" exists already: the statement fails",
							 column->name, relation->name);
	finding->object = wf_ddl_quote_name(relation->schema, relation->name);
	wf_finding_note_text(finding, "column", column->name);
	if (tolerated)
		finding->severity = WF_SEVERITY_INFO;
	else
		wf_finding_note_text(finding, "sqlstate", "42701");
}

static void
constraint_exists(WfRuleCall *call, const RangeVar *table, const char *name)
{
	WfRelation *relation = call->catalog->relation(call->catalog, table);
	ListCell   *lc;

	foreach(lc, name && IsA(call->statement, AlterTableStmt) ? ((AlterTableStmt *) call->statement)->cmds : NIL)
	{
		if (lfirst_node(AlterTableCmd, lc)->subtype == AT_DropConstraint && strcmp(lfirst_node(AlterTableCmd, lc)->name, name) == 0)
			return;
	}
	if (name && call->catalog->constraint(call->catalog, relation, name))
		report_exists(call, psprintf("constraint \"%s\" of \"%s\"", name, relation->name),
					  wf_ddl_quote_name(relation->schema, relation->name), "42710", false);
}

/* Something has the new name. */
static void
renamed_exists(WfRuleCall *call, RenameStmt *stmt)
{
	WfRelation *relation = stmt->relation ? call->catalog->relation(call->catalog, stmt->relation) : NULL;
	WfType	   *type;

	if (relation && relation->missing)
		return;
	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			if (has_relation(call, relation->schema, stmt->newname))
				report_exists(call, psprintf("\"%s\"", stmt->newname), wf_ddl_quote_name(relation->schema, stmt->newname), "42P07", false);
			break;
		case OBJECT_COLUMN:
			column_exists(call, stmt->relation, stmt->newname, false);
			break;
		case OBJECT_TABCONSTRAINT:
			constraint_exists(call, stmt->relation, stmt->newname);
			break;
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
			part_exists(call, stmt->relation, stmt->renameType, stmt->newname);
			break;
		case OBJECT_SCHEMA:
			schema_exists(call, stmt->newname, false);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			type = call->catalog->type(call->catalog, castNode(List, stmt->object));
			if (!type->missing && type->schema)
				type_exists(call, list_make2(makeString(type->schema), makeString(stmt->newname)), false);
			break;
		default:
			break;
	}
}

/* The other schema has one of the name. */
static void
moved_exists(WfRuleCall *call, AlterObjectSchemaStmt *stmt)
{
	WfRelation *relation = stmt->relation ? call->catalog->relation(call->catalog, stmt->relation) : NULL;

	if (relation && !relation->missing && relation->schema && strcmp(relation->schema, stmt->newschema) != 0 &&
		has_relation(call, stmt->newschema, relation->name))
		report_exists(call, psprintf("\"%s\"", relation->name), wf_ddl_quote_name(stmt->newschema, relation->name), "42P07", false);
}
