/*
 * simulate_apply.c: what each statement does to the simulated catalog.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/inside.h"

static void apply_create_table(WfSimulation *simulation, CreateStmt *stmt);
static bool changes_objects(Node *stmt);
static void apply_create_table_as(WfSimulation *simulation, CreateTableAsStmt *stmt);
static void apply_view(WfSimulation *simulation, ViewStmt *stmt);
static void apply_alter_table(WfSimulation *simulation, AlterTableStmt *stmt);
static void apply_to_heirs(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command);
static void apply_command(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command);
static void apply_column(WfSimulation *simulation, SimRelation *relation, ColumnDef *def);
static void note_type(WfSimulation *simulation, WfColumn *column, const TypeName *name);
static void apply_comment(WfSimulation *simulation, CommentStmt *stmt);

/* Applies one statement; tree and text may go away afterwards. */
void
wf_migration_apply(WfSimulation *simulation, Node *stmt)
{
	if (simulation->in_transaction)
	{
		wf_sim_note_locks(simulation, stmt);
		simulation->has_changes |= changes_objects(stmt);
	}
	simulation->last_name = NULL;

	switch (nodeTag(stmt))
	{
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			apply_create_table(simulation, (CreateStmt *) stmt);
			break;
		case T_CreateTableAsStmt:
			apply_create_table_as(simulation, (CreateTableAsStmt *) stmt);
			break;
		case T_SelectStmt:
			if (((SelectStmt *) stmt)->intoClause)
				wf_sim_create(simulation, ((SelectStmt *) stmt)->intoClause->rel, RELKIND_RELATION);
			else
				wf_sim_apply_set_config(simulation, (SelectStmt *) stmt);
			break;
		case T_ViewStmt:
			apply_view(simulation, (ViewStmt *) stmt);
			break;
		case T_CreateSeqStmt:
			if (!((CreateSeqStmt *) stmt)->if_not_exists || !wf_sim_is_there(wf_sim_made_as(simulation, ((CreateSeqStmt *) stmt)->sequence)))
				wf_sim_create(simulation, ((CreateSeqStmt *) stmt)->sequence, RELKIND_SEQUENCE);
			break;
		case T_IndexStmt:
			wf_sim_apply_index(simulation, (IndexStmt *) stmt);
			break;
		case T_AlterTableStmt:
			apply_alter_table(simulation, (AlterTableStmt *) stmt);
			break;
		case T_DropStmt:
			wf_sim_apply_drop(simulation, (DropStmt *) stmt);
			break;
		case T_RenameStmt:
			wf_sim_apply_rename(simulation, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			if (((AlterObjectSchemaStmt *) stmt)->relation)
				wf_sim_rename(simulation, ((AlterObjectSchemaStmt *) stmt)->relation,
							  ((AlterObjectSchemaStmt *) stmt)->newschema, NULL);
			else
				wf_sim_apply_move(simulation, (AlterObjectSchemaStmt *) stmt);
			break;
		case T_CreateFunctionStmt:
			wf_sim_apply_function(simulation, (CreateFunctionStmt *) stmt);
			break;
		case T_CreateSchemaStmt:
			/* The elements were applied when they were checked. */
			if (((CreateSchemaStmt *) stmt)->schemaname)
				wf_sim_create_schema(simulation, ((CreateSchemaStmt *) stmt)->schemaname);
			break;
		case T_CreateTrigStmt:
			wf_sim_note_trigger(simulation, (CreateTrigStmt *) stmt);
			break;
		case T_CreatePolicyStmt:
			wf_sim_settle(simulation, WF_DEFER_POLICY, ((CreatePolicyStmt *) stmt)->table->schemaname,
						  ((CreatePolicyStmt *) stmt)->table->relname, NIL);
			wf_sim_note_part(simulation, ((CreatePolicyStmt *) stmt)->table, OBJECT_POLICY,
							 ((CreatePolicyStmt *) stmt)->policy_name, true);
			break;
		case T_RuleStmt:
			wf_sim_note_part(simulation, ((RuleStmt *) stmt)->relation, OBJECT_RULE,
							 ((RuleStmt *) stmt)->rulename, true);
			break;
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

/* Is what the statement does to the simulated catalog undone with its transaction? */
static bool
changes_objects(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_SelectStmt:
			return ((SelectStmt *) stmt)->intoClause != NULL;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_CopyStmt:
		case T_TruncateStmt:
		case T_LockStmt:
		case T_VariableSetStmt:
		case T_TransactionStmt:
		case T_DoStmt:
		case T_CallStmt:
			return false;
		default:
			return true;
	}
}

static void
apply_create_table_as(WfSimulation *simulation, CreateTableAsStmt *stmt)
{
	bool		is_view = stmt->objtype == OBJECT_MATVIEW;
	SimRelation *made;

	if (stmt->if_not_exists && wf_sim_is_there(wf_sim_made_as(simulation, stmt->into->rel)))
		return;
	made = wf_sim_create(simulation, stmt->into->rel, is_view ? RELKIND_MATVIEW : RELKIND_RELATION);
	if (is_view)
		wf_sim_build_on_used(simulation, made, stmt->query);
}

static void
apply_view(WfSimulation *simulation, ViewStmt *stmt)
{
	RangeVar   *view = stmt->view;
	SimRelation *made;

	wf_sim_settle(simulation, WF_DEFER_VIEW, view->schemaname, view->relname, NIL);
	made = wf_sim_made_as(simulation, view);
	if (!stmt->replace || !wf_sim_is_there(made))
		made = wf_sim_create(simulation, view, RELKIND_VIEW);
	made->altered = true;
	wf_sim_build_on_used(simulation, made, stmt->query);
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

	if (stmt->if_not_exists && wf_sim_is_there(wf_sim_made_as(simulation, stmt->relation)))
		return;
	foreach(lc, stmt->inhRelations)
		wf_sim_relation(simulation, lfirst_node(RangeVar, lc))->parted = true;
	relation = wf_sim_create(simulation, stmt->relation,
							 stmt->partspec ? RELKIND_PARTITIONED_TABLE : RELKIND_RELATION);
	relation->relation->is_partition = stmt->partbound != NULL;
	foreach(lc, stmt->inhRelations)
		wf_sim_build_on(simulation, relation, lfirst_node(RangeVar, lc));
	if (stmt->partbound)
		wf_sim_match_indexes(simulation, relation, wf_sim_relation(simulation, linitial_node(RangeVar, stmt->inhRelations)));
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, ColumnDef))
			apply_column(simulation, relation, (ColumnDef *) element);
		else if (IsA(element, Constraint))
			wf_sim_apply_constraint(simulation, relation, (Constraint *) element, NULL);
	}
	/* The server does these last. */
	foreach(lc, stmt->tableElts)
	{
		TableLikeClause *like = lfirst(lc);

		if (IsA(like, TableLikeClause) && (like->options & CREATE_TABLE_LIKE_INDEXES))
			wf_sim_copy_indexes(simulation, relation, like->relation);
	}
}

static void
apply_alter_table(WfSimulation *simulation, AlterTableStmt *stmt)
{
	SimRelation *relation;
	ListCell   *lc;

	wf_sim_note_altered(simulation, stmt->relation);
	foreach(lc, stmt->cmds)
	{
		if (lfirst_node(AlterTableCmd, lc)->behavior != DROP_CASCADE)
			continue;
		wf_sim_take_along(simulation, (Node *) stmt, lfirst(lc));
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
	{
		apply_command(simulation, relation, lfirst_node(AlterTableCmd, lc));
		if (stmt->relation->inh)
			apply_to_heirs(simulation, relation, lfirst_node(AlterTableCmd, lc));
	}
}

/* Columns come and go in the tables below as well; what else inherits from a table may have its own. */
static void
apply_to_heirs(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command)
{
	ListCell   *lc;

	if (command->subtype != AT_AddColumn && command->subtype != AT_DropColumn)
		return;
	foreach(lc, wf_sim_heirs(simulation, relation))
	{
		SimRelation *heir = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		heir->altered = true;
		if (command->subtype == AT_AddColumn)
			apply_column(simulation, heir, (ColumnDef *) command->def);
		else if (heir->relation->is_partition)
			apply_command(simulation, heir, command);
	}
}

static void
apply_command(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command)
{
	WfColumn   *column;

	switch (command->subtype)
	{
		case AT_AddColumn:
			/* IF NOT EXISTS keeps the one that is there. */
			if (command->missing_ok && wf_sim_column(&simulation->catalog, relation->relation, ((ColumnDef *) command->def)->colname))
				break;
			apply_column(simulation, relation, (ColumnDef *) command->def);
			wf_sim_settle(simulation, WF_DEFER_COLUMN, relation->key.schema, relation->key.name,
						  list_make1(((ColumnDef *) command->def)->colname));
			break;
		case AT_DropColumn:
			wf_sim_column_dropped(simulation, relation, command->name, command->behavior == DROP_CASCADE);
			break;
		case AT_AddConstraint:
			wf_sim_apply_constraint(simulation, relation, (Constraint *) command->def, NULL);
			break;
		case AT_DropConstraint:
			if (command->missing_ok)
				wf_sim_note_dropped_name(simulation, command->name);
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
				wf_sim_part_from(simulation, partition, relation);
				break;
			}
		case AT_AttachPartition:
			{
				SimRelation *partition = wf_sim_relation(simulation, ((PartitionCmd *) command->def)->name);

				relation->parted = true;
				/* An index has its own. */
				if (relation->relation->kind != RELKIND_PARTITIONED_TABLE)
					break;
				partition->altered = partition->relation->is_partition = true;
				wf_sim_match_indexes(simulation, partition, relation);
				wf_sim_match_below(simulation, partition);
				wf_sim_build_on(simulation, partition, makeRangeVar(unconstify(char *, relation->key.schema), unconstify(char *, relation->key.name), -1));
				break;
			}
		case AT_AddInherit:
			relation->parted = true;
			wf_sim_build_on(simulation, relation, (RangeVar *) command->def);
			break;
		case AT_DropInherit:
			relation->parted = true;
			wf_sim_part_from(simulation, relation, wf_sim_relation(simulation, (RangeVar *) command->def));
			break;
		case AT_SetNotNull:
			wf_sim_set_column(simulation, relation, command->name)->not_null = true;
			break;
		case AT_EnableRowSecurity:
		case AT_DisableRowSecurity:
			relation->relation->row_security = command->subtype == AT_EnableRowSecurity;
			break;
		case AT_ForceRowSecurity:
		case AT_NoForceRowSecurity:
			relation->relation->forces_row_security = command->subtype == AT_ForceRowSecurity;
			break;
		case AT_ReplicaIdentity:
			relation->relation->replica_identity = ((ReplicaIdentityStmt *) command->def)->identity_type;
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
	note_type(simulation, column, def->typeName);
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

/* Foreign keys ask for it; a type that the text makes has no OID. */
static void
note_type(WfSimulation *simulation, WfColumn *column, const TypeName *name)
{
	WfType	   *type;

	if (name == NULL || name->names == NIL || name->arrayBounds != NIL || name->pct_type)
		return;
	type = simulation->catalog.type(&simulation->catalog, wf_ddl_plain_type_names(name));
	column->type = type->oid;
	column->base_type = type->kind == TYPTYPE_DOMAIN ? type->base_type : InvalidOid;
}
