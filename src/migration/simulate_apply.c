/*
 * simulate_apply.c: what each statement does to the simulated catalog.
 */
#include "common/compat.h"

#include "catalog/pg_proc.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/inside.h"

static void note_dropped(WfSimulation *simulation, const RangeVar *name);
static void note_dropped_name(WfSimulation *simulation, const char *name);
static const char *last_name(Node *object);
static void apply_create_table(WfSimulation *simulation, CreateStmt *stmt);
static void apply_alter_table(WfSimulation *simulation, AlterTableStmt *stmt);
static void apply_command(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command);
static void apply_column(WfSimulation *simulation, SimRelation *relation, ColumnDef *def);
static void apply_drop(WfSimulation *simulation, DropStmt *stmt);
static void apply_rename(WfSimulation *simulation, RenameStmt *stmt);
static char volatility_of(CreateFunctionStmt *stmt);
static void apply_function(WfSimulation *simulation, CreateFunctionStmt *stmt);
static void apply_comment(WfSimulation *simulation, CommentStmt *stmt);

/* Applies one statement; tree and text may go away afterwards. */
void
wf_migration_apply(WfSimulation *simulation, Node *stmt)
{
	if (simulation->in_transaction)
		wf_sim_note_locks(simulation, stmt);
	simulation->last_name = NULL;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			apply_create_table(simulation, (CreateStmt *) stmt);
			break;
		case T_CreateTableAsStmt:
			wf_sim_create(simulation, ((CreateTableAsStmt *) stmt)->into->rel,
						  ((CreateTableAsStmt *) stmt)->objtype == OBJECT_MATVIEW ?
						  RELKIND_MATVIEW : RELKIND_RELATION);
			break;
		case T_SelectStmt:
			if (((SelectStmt *) stmt)->intoClause)
				wf_sim_create(simulation, ((SelectStmt *) stmt)->intoClause->rel, RELKIND_RELATION);
			else
				wf_sim_apply_set_config(simulation, (SelectStmt *) stmt);
			break;
		case T_ViewStmt:
			{
				RangeVar   *view = ((ViewStmt *) stmt)->view;

				wf_sim_settle(simulation, WF_DEFER_VIEW, view->schemaname, view->relname, NIL);
				wf_sim_note_altered(simulation, view);
				if (!((ViewStmt *) stmt)->replace ||
					simulation->catalog.relation(&simulation->catalog, view)->missing)
					wf_sim_create(simulation, view, RELKIND_VIEW);
				break;
			}
		case T_CreateSeqStmt:
			wf_sim_create(simulation, ((CreateSeqStmt *) stmt)->sequence, RELKIND_SEQUENCE);
			break;
		case T_IndexStmt:
			wf_sim_apply_index(simulation, (IndexStmt *) stmt);
			break;
		case T_AlterTableStmt:
			apply_alter_table(simulation, (AlterTableStmt *) stmt);
			break;
		case T_DropStmt:
			apply_drop(simulation, (DropStmt *) stmt);
			break;
		case T_RenameStmt:
			apply_rename(simulation, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			if (((AlterObjectSchemaStmt *) stmt)->relation)
				wf_sim_rename(simulation, ((AlterObjectSchemaStmt *) stmt)->relation,
							  ((AlterObjectSchemaStmt *) stmt)->newschema, NULL);
			else
				simulation->dropped_others = true;
			break;
		case T_CreateFunctionStmt:
			apply_function(simulation, (CreateFunctionStmt *) stmt);
			break;
		case T_CreateSchemaStmt:
			{
				CreateSchemaStmt *create = (CreateSchemaStmt *) stmt;
				MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

				if (create->schemaname)
					simulation->new_schemas = lappend(simulation->new_schemas, pstrdup(create->schemaname));
				MemoryContextSwitchTo(old);
				/* The elements were applied when they were checked. */
				break;
			}
		case T_ExecuteStmt:
		case T_CreateExtensionStmt:
			simulation->is_opaque = true;
			break;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_CopyStmt:
		case T_TruncateStmt:
			wf_sim_note_written(simulation, stmt);
			break;
		case T_AlterPolicyStmt:
			wf_sim_note_altered(simulation, ((AlterPolicyStmt *) stmt)->table);
			break;
		case T_AlterDomainStmt:
			wf_sim_alter_domain(simulation, (AlterDomainStmt *) stmt);
			simulation->dropped_others = true;
			break;
		case T_CommentStmt:
			apply_comment(simulation, (CommentStmt *) stmt);
			break;
		case T_VariableSetStmt:
			wf_sim_apply_set(simulation, (VariableSetStmt *) stmt);
			break;
		case T_AlterDatabaseSetStmt:
		case T_AlterRoleSetStmt:
			wf_sim_apply_default(simulation, stmt);
			break;
		case T_DiscardStmt:
			wf_sim_discard(simulation, (DiscardStmt *) stmt);
			break;
		case T_ReindexStmt:
			wf_sim_reindexed(simulation, (ReindexStmt *) stmt);
			break;
		case T_TransactionStmt:
			wf_sim_apply_transaction(simulation, (TransactionStmt *) stmt);
			break;
		default:
			wf_sim_apply_type(simulation, stmt);
			break;
	}
}

/* What waits for a comment on a table has it. */
static void
apply_comment(WfSimulation *simulation, CommentStmt *stmt)
{
	RangeVar   *name = stmt->objtype == OBJECT_TABLE ? wf_ddl_range_var_of_names((List *) stmt->object) : NULL;

	if (name && stmt->comment && *stmt->comment)
		wf_sim_settle(simulation, WF_DEFER_COMMENT, name->schemaname, name->relname, NIL);
}

static void
apply_create_table(WfSimulation *simulation, CreateStmt *stmt)
{
	SimRelation *relation;
	ListCell   *lc;

	if (stmt->if_not_exists &&
		!simulation->catalog.relation(&simulation->catalog, stmt->relation)->missing)
		return;
	foreach(lc, stmt->inhRelations)
		wf_sim_relation(simulation, lfirst_node(RangeVar, lc))->parted = true;
	relation = wf_sim_create(simulation, stmt->relation,
							 stmt->partspec ? RELKIND_PARTITIONED_TABLE : RELKIND_RELATION);
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, ColumnDef))
			apply_column(simulation, relation, (ColumnDef *) element);
		else if (IsA(element, Constraint))
			wf_sim_apply_constraint(simulation, relation, (Constraint *) element, NULL);
		else if (IsA(element, TableLikeClause) && (((TableLikeClause *) element)->options & CREATE_TABLE_LIKE_INDEXES))
			wf_sim_copy_indexes(simulation, relation, ((TableLikeClause *) element)->relation);
	}
	wf_sim_note_key_types(simulation, relation, stmt->tableElts);
}

static void
apply_alter_table(WfSimulation *simulation, AlterTableStmt *stmt)
{
	SimRelation *relation;
	ListCell   *lc;

	wf_sim_note_altered(simulation, stmt->relation);
	foreach(lc, stmt->cmds)
	{
		if (lfirst_node(AlterTableCmd, lc)->behavior == DROP_CASCADE)
			simulation->dropped_parts = true;
	}
	if (stmt->objtype != OBJECT_TABLE)
		return;
	relation = wf_sim_relation(simulation, stmt->relation);
	simulation->last_altered = simulation->catalog.relation(&simulation->catalog, stmt->relation);
	simulation->last_altered_reads = wf_ddl_alter_table_scans(&simulation->catalog, stmt);
	simulation->last_altered_moves = wf_ddl_alter_table_moves_columns(stmt);
	simulation->last_altered_at = simulation->statement;
	foreach(lc, stmt->cmds)
		apply_command(simulation, relation, lfirst_node(AlterTableCmd, lc));
}

static void
apply_command(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command)
{
	WfColumn   *column;

	switch (command->subtype)
	{
		case AT_AddColumn:
			apply_column(simulation, relation, (ColumnDef *) command->def);
			wf_sim_settle(simulation, WF_DEFER_COLUMN, relation->key.schema, relation->key.name,
						  list_make1(((ColumnDef *) command->def)->colname));
			break;
		case AT_DropColumn:
			wf_sim_drop_column(simulation, relation, command->name);
			wf_sim_drop_parts(simulation, relation, command->name);
			break;
		case AT_AddConstraint:
			wf_sim_apply_constraint(simulation, relation, (Constraint *) command->def, NULL);
			break;
		case AT_DropConstraint:
			if (command->missing_ok)
				note_dropped_name(simulation, command->name);
			wf_sim_drop_constraint(simulation, relation, command->name);
			break;
		case AT_ValidateConstraint:
			wf_sim_validate_constraint(simulation, relation, command->name);
			break;
		case AT_DetachPartition:
			{
				SimRelation *partition = wf_sim_relation(simulation, ((PartitionCmd *) command->def)->name);

				partition->altered = relation->parted = true;
				partition->relation->is_partition = false;
				break;
			}
		case AT_AttachPartition:
		case AT_AddInherit:
		case AT_DropInherit:
			relation->parted = true;
			break;
		case AT_SetNotNull:
			wf_sim_set_column(simulation, relation, command->name)->not_null = true;
			break;
		case AT_DropNotNull:
			wf_sim_set_column(simulation, relation, command->name)->not_null = false;
			break;
		case AT_ColumnDefault:
			wf_sim_set_column(simulation, relation, command->name)->has_default = command->def != NULL;
			break;
		case AT_AlterColumnType:
			column = wf_sim_set_column(simulation, relation, command->name);
			column->type = InvalidOid;
			column->typmod = -1;
			break;
		default:
			break;
	}
}

/* A new column, with what its constraints make of it and of the table. */
static void
apply_column(WfSimulation *simulation, SimRelation *relation, ColumnDef *def)
{
	WfColumn   *column = wf_sim_set_column(simulation, relation, def->colname);
	ListCell   *lc;

	column->created_here = true;
	foreach(lc, def->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		switch (constraint->contype)
		{
			case CONSTR_NOTNULL:
				column->not_null = true;
				break;
			case CONSTR_DEFAULT:
				column->has_default = true;
				break;
			case CONSTR_IDENTITY:
				column->identity = constraint->generated_when;
				column->not_null = true;
				break;
			case CONSTR_GENERATED:
				column->generated = 's';
				break;
			default:
				wf_sim_apply_constraint(simulation, relation, constraint, def->colname);
				break;
		}
	}
}

static void
apply_drop(WfSimulation *simulation, DropStmt *stmt)
{
	ListCell   *lc;

	/* What goes with it is not known by name. */
	if (stmt->behavior == DROP_CASCADE)
		simulation->dropped_parts = true;
	foreach(lc, stmt->objects)
	{
		if (stmt->missing_ok)
			note_dropped_name(simulation, last_name(lfirst(lc)));
		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_SEQUENCE:
			case OBJECT_INDEX:
			case OBJECT_FOREIGN_TABLE:
				{
					RangeVar   *name = wf_ddl_range_var_of_names((List *) lfirst(lc));

					if (name == NULL)
						break;
					if (stmt->removeType == OBJECT_TABLE)
						note_dropped(simulation, name);
					wf_sim_drop(simulation, name);
					break;
				}
			case OBJECT_POLICY:
			case OBJECT_TRIGGER:
			case OBJECT_RULE:
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				simulation->dropped_parts = true;
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				wf_sim_drop_type(simulation, lfirst_node(TypeName, lc)->names);
				simulation->dropped_others = true;
				break;
			default:
				simulation->dropped_others = true;
				break;
		}
	}
}

static void
apply_rename(WfSimulation *simulation, RenameStmt *stmt)
{
	SimRelation *relation;
	WfColumn   *known;
	WfColumn   *column;

	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			wf_sim_rename(simulation, stmt->relation, NULL, stmt->newname);
			break;
		case OBJECT_COLUMN:
			if (stmt->relation == NULL)
				break;
			relation = wf_sim_relation(simulation, stmt->relation);
			known = simulation->catalog.column(&simulation->catalog,
											   simulation->catalog.relation(&simulation->catalog, stmt->relation),
											   stmt->subname);
			column = wf_sim_set_column(simulation, relation, stmt->newname);
			if (known)
			{
				char	   *name = column->name;

				*column = *known;
				column->name = name;
			}
			wf_sim_drop_column(simulation, relation, stmt->subname);
			wf_sim_rename_in_parts(simulation, relation, stmt->subname, stmt->newname);
			break;
		case OBJECT_TABCONSTRAINT:
			wf_sim_rename_constraint(simulation, wf_sim_relation(simulation, stmt->relation), stmt->subname, stmt->newname);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			wf_sim_rename_type(simulation, castNode(List, stmt->object), stmt->newname);
			break;
		default:
			simulation->dropped_parts = true;
			break;
	}
}

/* A function that was not there before; its arguments don't matter here. */
static void
apply_function(WfSimulation *simulation, CreateFunctionStmt *stmt)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	WfRoutine  *routine = palloc0(sizeof(WfRoutine));

	simulation->dropped_others |= stmt->replace;
	if (wf_migration_routine((Node *) stmt, NULL, routine))
		routine->text = pstrdup(routine->text);
	else
		routine->text = NULL;
	routine->name = pstrdup(strVal(llast(stmt->funcname)));
	routine->offset = -1;
	routine->replaces = stmt->replace &&
		simulation->live->volatility(simulation->live, stmt->funcname, -1) != 0;
	routine->volatility = volatility_of(stmt);
	/* The newest is found first. */
	simulation->new_routines = lcons(routine, simulation->new_routines);
	MemoryContextSwitchTo(old);
}

/* As CREATE FUNCTION says it, which takes the worst where it does not. */
static char
volatility_of(CreateFunctionStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "volatility") == 0)
			return strVal(option->arg)[0];
	}
	return PROVOLATILE_VOLATILE;
}

/* The last part of the name of an object that DROP names. */
static const char *
last_name(Node *object)
{
	List	   *names = IsA(object, TypeName) ? ((TypeName *) object)->names :
	IsA(object, ObjectWithArgs) ? ((ObjectWithArgs *) object)->objname : IsA(object, List) ? (List *) object : NIL;
	Node	   *last = IsA(object, String) ? object : names != NIL ? llast(names) : NULL;

	return last && IsA(last, String) ? strVal(last) : NULL;
}

/* Remembers that DROP ... IF EXISTS has made way for an object of this name. */
static void
note_dropped_name(WfSimulation *simulation, const char *name)
{
	char		key[NAMEDATALEN] = {0};

	if (name == NULL)
		return;
	if (simulation->dropped_names == NULL)
	{
		HASHCTL		control = {
			.keysize = NAMEDATALEN,
			.entrysize = NAMEDATALEN,
			.hcxt = simulation->catalog.context,
		};

		simulation->dropped_names = hash_create("wishflags dropped names", 64, &control,
												HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	}
	strlcpy(key, name, NAMEDATALEN);
	(void) hash_search(simulation->dropped_names, key, HASH_ENTER, NULL);
}

bool
wf_sim_was_dropped(WfSimulation *simulation, const char *name)
{
	char		key[NAMEDATALEN] = {0};

	if (simulation == NULL || simulation->dropped_names == NULL || name == NULL)
		return false;
	strlcpy(key, name, NAMEDATALEN);
	return hash_search(simulation->dropped_names, key, HASH_FIND, NULL) != NULL;
}

/* Remembers a table that is about to be dropped. */
static void
note_dropped(WfSimulation *simulation, const RangeVar *name)
{
	WfRelation *relation = simulation->catalog.relation(&simulation->catalog, name);
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

	wf_sim_keep(simulation, relation);
	simulation->dropped_tables = lappend(simulation->dropped_tables, relation);
	MemoryContextSwitchTo(old);
}
