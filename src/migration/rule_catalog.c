/*
 * rule_catalog.c: rules that only the catalog can answer: what is there.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static void report_missing(WfRuleCall *call, const char *what, const char *name, bool tolerated);
static void missing_relation(WfRuleCall *call, const RangeVar *name, const char *what, bool tolerated);
static void missing_in_enum(WfRuleCall *call, AlterEnumStmt *stmt);
static void missing_referenced(WfRuleCall *call, CreateStmt *stmt, Constraint *constraint);
static void missing_type(WfRuleCall *call, TypeName *type);
static void label_exists(WfRuleCall *call, AlterEnumStmt *stmt);
static void missing_in_alter_table(WfRuleCall *call, AlterTableStmt *stmt);
static void missing_in_drop(WfRuleCall *call, DropStmt *stmt);

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
			foreach(lc, ((CreateStmt *) stmt)->tableElts)
			{
				if (IsA(lfirst(lc), ColumnDef))
					missing_type(call, lfirst_node(ColumnDef, lc)->typeName);
				else if (IsA(lfirst(lc), Constraint) && lfirst_node(Constraint, lc)->pktable)
					missing_referenced(call, (CreateStmt *) stmt, lfirst(lc));
				if (IsA(lfirst(lc), ColumnDef))
				{
					ListCell   *lc2;

					foreach(lc2, lfirst_node(ColumnDef, lc)->constraints)
					{
						if (lfirst_node(Constraint, lc2)->pktable)
							missing_referenced(call, (CreateStmt *) stmt, lfirst(lc2));
					}
				}
			}
			break;
		case T_DropStmt:
			missing_in_drop(call, (DropStmt *) stmt);
			break;
		case T_IndexStmt:
			missing_relation(call, ((IndexStmt *) stmt)->relation, "table", false);
			break;
		case T_RenameStmt:
			if (((RenameStmt *) stmt)->relation)
				missing_relation(call, ((RenameStmt *) stmt)->relation, "relation", ((RenameStmt *) stmt)->missing_ok);
			break;
		case T_TruncateStmt:
			missing_relation(call, linitial(((TruncateStmt *) stmt)->relations), "table", false);
			break;
		case T_InsertStmt:
			missing_relation(call, ((InsertStmt *) stmt)->relation, "table", false);
			break;
		case T_UpdateStmt:
			missing_relation(call, ((UpdateStmt *) stmt)->relation, "table", false);
			break;
		case T_DeleteStmt:
			missing_relation(call, ((DeleteStmt *) stmt)->relation, "table", false);
			break;
		case T_AlterEnumStmt:
			missing_in_enum(call, (AlterEnumStmt *) stmt);
			break;
		default:
			break;
	}
}

static void
report_missing(WfRuleCall *call, const char *what, const char *name, bool tolerated)
{
	WfFinding  *finding = wf_finding_add(call, tolerated ? "%s %s does not exist here: the statement does nothing" :
										 "%s %s does not exist here: the statement fails", what, name);

	finding->object = pstrdup(name);
	/* An empty CI database that stands for production lacks everything. */
	if (tolerated || call->session->assume_populated)
		finding->severity = WF_SEVERITY_INFO;
	if (!tolerated)
		wf_finding_note_text(finding, "sqlstate", strcmp(what, "column") == 0 ? "42703" :
							 strcmp(what, "type") == 0 ? "42704" : "42P01");
	finding->hint = pstrdup("Check against the database that the migration is meant for, with the search_path it will run under.");
}

static void
missing_relation(WfRuleCall *call, const RangeVar *name, const char *what, bool tolerated)
{
	WfRelation *relation = call->catalog->relation(call->catalog, name);

	if (relation->missing)
		report_missing(call, what, wf_ddl_range_var(name), tolerated);
}

/* A foreign key of a new table may refer to the table itself. */
static void
missing_referenced(WfRuleCall *call, CreateStmt *stmt, Constraint *constraint)
{
	if (strcmp(constraint->pktable->relname, stmt->relation->relname) != 0)
		missing_relation(call, constraint->pktable, "table", false);
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
	report_missing(call, "type", wf_ddl_quote_names(type->names, "."), false);
}

/* The enum, the label to rename and the one that a new label goes beside. */
static void
missing_in_enum(WfRuleCall *call, AlterEnumStmt *stmt)
{
	WfType	   *type = call->catalog->type(call->catalog, stmt->typeName);
	const char *label = stmt->oldVal ? stmt->oldVal : stmt->newValNeighbor;
	WfFinding  *finding;

	if (type->missing)
	{
		report_missing(call, "type", wf_ddl_quote_names(stmt->typeName, "."), false);
		return;
	}
	if (label == NULL || call->catalog->has_label(call->catalog, type, label))
		return;
	finding = wf_finding_add(call, "enum \"%s\" has no label \"%s\" here: the statement fails", type->name, label);
	finding->object = wf_ddl_quote_name(type->schema, type->name);
	wf_finding_note_text(finding, "sqlstate", "22023");
}

/* The table, the columns that its commands name, and what it refers to. */
static void
missing_in_alter_table(WfRuleCall *call, AlterTableStmt *stmt)
{
	WfRelation *table;
	ListCell   *lc;

	if (stmt->objtype == OBJECT_TYPE)
		return;
	table = call->catalog->relation(call->catalog, stmt->relation);
	if (table->missing)
	{
		report_missing(call, "table", wf_ddl_range_var(stmt->relation), stmt->missing_ok);
		return;
	}
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		switch (command->subtype)
		{
			case AT_AlterColumnType:
				missing_type(call, ((ColumnDef *) command->def)->typeName);
				/* FALLTHROUGH */
			case AT_DropColumn:
			case AT_SetNotNull:
			case AT_DropNotNull:
			case AT_ColumnDefault:
				/* A column that this very statement adds is not there yet. */
				if (list_length(stmt->cmds) == 1 && OidIsValid(table->relid) &&
					call->catalog->column(call->catalog, table, command->name) == NULL)
					report_missing(call, "column",
								   psprintf("%s.%s", wf_ddl_quote_name(table->schema, table->name),
											wf_ddl_quote_name(NULL, command->name)),
								   command->missing_ok);
				break;
			case AT_AddColumn:
				missing_type(call, ((ColumnDef *) command->def)->typeName);
				break;
			case AT_AddConstraint:
				if (IsA(command->def, Constraint) && ((Constraint *) command->def)->pktable)
					missing_relation(call, ((Constraint *) command->def)->pktable, "table", false);
				break;
			default:
				break;
		}
	}
}

static void
missing_in_drop(WfRuleCall *call, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_SEQUENCE:
			case OBJECT_INDEX:
				{
					RangeVar   *name = wf_ddl_range_var_of_names(lfirst(lc));

					if (name)
						missing_relation(call, name, stmt->removeType == OBJECT_INDEX ? "index" : "relation",
										 stmt->missing_ok);
					break;
				}
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				if (call->catalog->type(call->catalog, lfirst_node(TypeName, lc)->names)->missing)
					report_missing(call, "type", wf_ddl_type_name(lfirst(lc)), stmt->missing_ok);
				break;
			default:
				break;
		}
	}
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

/* What the statement makes exists already. */
void
wf_rule_object_exists(WfRuleCall *call)
{
	Node	   *stmt = call->statement;
	RangeVar   *name;
	WfRelation *relation;
	WfFinding  *finding;
	bool		tolerated;
	ListCell   *lc = NULL;

	if (!call->catalog->simulated)
		return;
	if (IsA(stmt, AlterEnumStmt))
	{
		label_exists(call, (AlterEnumStmt *) stmt);
		return;
	}
	if (IsA(stmt, CreateStmt))
	{
		name = ((CreateStmt *) stmt)->relation;
		tolerated = ((CreateStmt *) stmt)->if_not_exists;
	}
	else if (IsA(stmt, IndexStmt))
	{
		WfRelation *table = call->catalog->relation(call->catalog, ((IndexStmt *) stmt)->relation);

		/* An index comes into the schema of its table. */
		if (((IndexStmt *) stmt)->idxname == NULL || table->missing)
			return;
		name = makeRangeVar(table->schema, ((IndexStmt *) stmt)->idxname, -1);
		tolerated = ((IndexStmt *) stmt)->if_not_exists;
	}
	else if (IsA(stmt, CreateSeqStmt))
	{
		name = ((CreateSeqStmt *) stmt)->sequence;
		tolerated = ((CreateSeqStmt *) stmt)->if_not_exists;
	}
	else
	{
		WfColumn   *column;

		relation = call->catalog->relation(call->catalog, ((AlterTableStmt *) stmt)->relation);
		column = call->catalog->column(call->catalog, relation, ((ColumnDef *) call->command->def)->colname);
		if (column == NULL)
			return;
		tolerated = call->command->missing_ok;
		finding = wf_finding_add(call, tolerated ? "column \"%s\" of \"%s\" exists already: nothing is added" :
								 "column \"%s\" of \"%s\" exists already: the statement fails",
								 column->name, relation->name);
		finding->object = wf_ddl_quote_name(relation->schema, relation->name);
		wf_finding_note_text(finding, "column", column->name);
		if (tolerated)
			finding->severity = WF_SEVERITY_INFO;
		else
			wf_finding_note_text(finding, "sqlstate", "42701");
		return;
	}
	if (name->relpersistence == 't')
		return;
	relation = call->catalog->relation(call->catalog, name);
	if (relation->missing)
		return;
	/* Found further down the search_path, it does not stand in the way. */
	if (name->schemaname == NULL)
	{
		foreach(lc, call->catalog->search_path(call->catalog))
		{
			if (strncmp(lfirst(lc), "pg_", 3) != 0)
				break;
		}
		if (lc && strcmp(relation->schema, lfirst(lc)) != 0)
			return;
	}
	finding = wf_finding_add(call, tolerated ? "\"%s\" exists already: nothing is made, whatever it looks like" :
							 "\"%s\" exists already: the statement fails", relation->name);
	finding->object = wf_ddl_quote_name(relation->schema, relation->name);
	if (tolerated)
		finding->severity = WF_SEVERITY_INFO;
	else
		wf_finding_note_text(finding, "sqlstate", "42P07");
}
