/*
 * simulate_apply.c: what each statement does to the simulated catalog.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/simulate.h"

static void note_written(WfSimulation *simulation, const RangeVar *name);
static void apply_create_table(WfSimulation *simulation, CreateStmt *stmt);
static void apply_alter_table(WfSimulation *simulation, AlterTableStmt *stmt);
static void apply_command(WfSimulation *simulation, SimRelation *relation, AlterTableCmd *command);
static void apply_column(WfSimulation *simulation, SimRelation *relation, ColumnDef *def);
static void apply_constraint(WfSimulation *simulation, SimRelation *relation, Constraint *constraint,
							 const char *column);
static void apply_index(WfSimulation *simulation, IndexStmt *stmt);
static void apply_drop(WfSimulation *simulation, DropStmt *stmt);
static void apply_rename(WfSimulation *simulation, RenameStmt *stmt);
static void apply_enum(WfSimulation *simulation, AlterEnumStmt *stmt);
static void apply_function(WfSimulation *simulation, CreateFunctionStmt *stmt);
static void apply_set(WfSimulation *simulation, VariableSetStmt *stmt);
static void apply_transaction(WfSimulation *simulation, TransactionStmt *stmt);
static void end_transaction(WfSimulation *simulation);
static void note_locks(WfSimulation *simulation, Node *stmt);
static List *string_names(List *names);

/* Applies one statement; tree and text may go away afterwards. */
void
wf_migration_apply(WfSimulation *simulation, Node *stmt)
{
	ListCell   *lc;

	if (simulation->in_transaction)
		note_locks(simulation, stmt);
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
			break;
		case T_ViewStmt:
			{
				RangeVar   *view = ((ViewStmt *) stmt)->view;

				wf_sim_settle(simulation, WF_DEFER_VIEW, view->schemaname, view->relname, NIL);
				if (!((ViewStmt *) stmt)->replace ||
					simulation->catalog.relation(&simulation->catalog, view)->missing)
					wf_sim_create(simulation, view, RELKIND_VIEW);
				break;
			}
		case T_CreateSeqStmt:
			wf_sim_create(simulation, ((CreateSeqStmt *) stmt)->sequence, RELKIND_SEQUENCE);
			break;
		case T_IndexStmt:
			apply_index(simulation, (IndexStmt *) stmt);
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
			break;
		case T_CreateEnumStmt:
			wf_sim_create_type(simulation, ((CreateEnumStmt *) stmt)->typeName, 'e', false);
			foreach(lc, ((CreateEnumStmt *) stmt)->vals)
				wf_sim_add_label(simulation, ((CreateEnumStmt *) stmt)->typeName, strVal(lfirst(lc)));
			break;
		case T_CreateFunctionStmt:
			apply_function(simulation, (CreateFunctionStmt *) stmt);
			break;
		case T_CreateDomainStmt:
			wf_sim_create_type(simulation, ((CreateDomainStmt *) stmt)->domainname, 'd',
							   ((CreateDomainStmt *) stmt)->constraints != NIL);
			break;
		case T_CompositeTypeStmt:
			{
				RangeVar   *name = ((CompositeTypeStmt *) stmt)->typevar;
				List	   *names = list_make1(makeString(name->relname));

				if (name->schemaname)
					names = lcons(makeString(name->schemaname), names);
				wf_sim_create_type(simulation, names, 'c', false);
				break;
			}
		case T_CreateRangeStmt:
			wf_sim_create_type(simulation, ((CreateRangeStmt *) stmt)->typeName, 'r', false);
			break;
		case T_DefineStmt:
			if (((DefineStmt *) stmt)->kind == OBJECT_TYPE)
				wf_sim_create_type(simulation, ((DefineStmt *) stmt)->defnames, 'b', false);
			break;
		case T_AlterEnumStmt:
			apply_enum(simulation, (AlterEnumStmt *) stmt);
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
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
		case T_CreateExtensionStmt:
			simulation->is_opaque = true;
			break;
		case T_InsertStmt:
			note_written(simulation, ((InsertStmt *) stmt)->relation);
			break;
		case T_UpdateStmt:
			note_written(simulation, ((UpdateStmt *) stmt)->relation);
			break;
		case T_DeleteStmt:
			note_written(simulation, ((DeleteStmt *) stmt)->relation);
			break;
		case T_MergeStmt:
			note_written(simulation, ((MergeStmt *) stmt)->relation);
			break;
		case T_CopyStmt:
			if (((CopyStmt *) stmt)->relation && ((CopyStmt *) stmt)->is_from)
				note_written(simulation, ((CopyStmt *) stmt)->relation);
			break;
		case T_TruncateStmt:
			foreach(lc, ((TruncateStmt *) stmt)->relations)
				note_written(simulation, lfirst(lc));
			break;
		case T_CommentStmt:
			if (((CommentStmt *) stmt)->objtype == OBJECT_TABLE)
			{
				RangeVar   *name = wf_ddl_range_var_of_names((List *) ((CommentStmt *) stmt)->object);

				if (name)
					wf_sim_settle(simulation, WF_DEFER_COMMENT, name->schemaname, name->relname, NIL);
			}
			break;
		case T_VariableSetStmt:
			apply_set(simulation, (VariableSetStmt *) stmt);
			break;
		case T_TransactionStmt:
			apply_transaction(simulation, (TransactionStmt *) stmt);
			break;
		default:
			break;
	}
}

static void
apply_create_table(WfSimulation *simulation, CreateStmt *stmt)
{
	SimRelation *relation;
	ListCell   *lc;

	if (stmt->if_not_exists &&
		!simulation->catalog.relation(&simulation->catalog, stmt->relation)->missing)
		return;
	relation = wf_sim_create(simulation, stmt->relation,
							 stmt->partspec ? RELKIND_PARTITIONED_TABLE : RELKIND_RELATION);
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, ColumnDef))
			apply_column(simulation, relation, (ColumnDef *) element);
		else if (IsA(element, Constraint))
			apply_constraint(simulation, relation, (Constraint *) element, NULL);
	}
}

static void
apply_alter_table(WfSimulation *simulation, AlterTableStmt *stmt)
{
	SimRelation *relation;
	ListCell   *lc;

	if (stmt->objtype != OBJECT_TABLE)
		return;
	relation = wf_sim_relation(simulation, stmt->relation);
	simulation->last_altered = wf_ddl_alter_table_scans(stmt) ?
		simulation->catalog.relation(&simulation->catalog, stmt->relation) : NULL;
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
			break;
		case AT_DropColumn:
			wf_sim_drop_column(simulation, relation, command->name);
			break;
		case AT_AddConstraint:
			apply_constraint(simulation, relation, (Constraint *) command->def, NULL);
			break;
		case AT_DropConstraint:
			wf_sim_drop_constraint(simulation, relation, command->name);
			break;
		case AT_ValidateConstraint:
			wf_sim_validate_constraint(simulation, relation, command->name);
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
				apply_constraint(simulation, relation, constraint, def->colname);
				break;
		}
	}
}

/* A new constraint; column is set for one that stands with a column. */
static void
apply_constraint(WfSimulation *simulation, SimRelation *relation, Constraint *constraint,
				 const char *column)
{
	WfConstraint made = {.name = constraint->conname, .validated = !constraint->skip_validation};
	WfIndex		index = {.name = constraint->conname, .is_valid = true, .is_unique = true};
	List	   *columns = constraint->keys;
	ListCell   *lc;

	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			made.kind = 'c';
			made.not_null_column = wf_ddl_not_null_column(constraint->raw_expr);
			made.only_not_null = made.not_null_column && IsA(constraint->raw_expr, NullTest);
			break;
		case CONSTR_FOREIGN:
			made.kind = 'f';
			columns = constraint->fk_attrs;
			break;
		case CONSTR_PRIMARY:
			made.kind = 'p';
			index.is_primary = true;
			break;
		case CONSTR_UNIQUE:
			made.kind = 'u';
			break;
		case CONSTR_EXCLUSION:
			made.kind = 'x';
			break;
		default:
			return;
	}
	made.columns = column ? list_make1((char *) column) : string_names(columns);
	wf_sim_add_constraint(simulation, relation, &made);
	if (made.kind != 'p' && made.kind != 'u')
		return;
	index.columns = made.columns;
	wf_sim_add_index(simulation, relation, &index);
	if (made.kind != 'p')
		return;
	wf_sim_settle_primary_key(simulation, relation);
	foreach(lc, made.columns)
		wf_sim_set_column(simulation, relation, lfirst(lc))->not_null = true;
}

static void
apply_index(WfSimulation *simulation, IndexStmt *stmt)
{
	SimRelation *relation = wf_sim_relation(simulation, stmt->relation);
	WfIndex		index = {
		.name = stmt->idxname,
		.is_valid = true,
		.is_unique = stmt->unique,
		.is_partial = stmt->whereClause != NULL,
	};
	ListCell   *lc;

	foreach(lc, stmt->indexParams)
		index.columns = lappend(index.columns, lfirst_node(IndexElem, lc)->name);
	wf_sim_add_index(simulation, relation, &index);
	if (stmt->idxname)
	{
		RangeVar   *name = makeRangeVar(stmt->relation->schemaname, stmt->idxname, -1);

		/* New to everybody only if its table is. */
		if (simulation->catalog.relation(&simulation->catalog, name)->missing)
			wf_sim_create(simulation, name, RELKIND_INDEX);
	}
}

static void
apply_drop(WfSimulation *simulation, DropStmt *stmt)
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
			case OBJECT_FOREIGN_TABLE:
				{
					RangeVar   *name = wf_ddl_range_var_of_names((List *) lfirst(lc));

					if (name == NULL)
						break;
					if (stmt->removeType == OBJECT_TABLE)
						wf_sim_note_dropped(simulation, name);
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
				break;
			default:
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
			break;
		case OBJECT_TYPE:
			wf_sim_rename_type(simulation, castNode(List, stmt->object), stmt->newname);
			break;
		default:
			break;
	}
}

/* A new label, or a new name for one; usable when the transaction ends. */
static void
apply_enum(WfSimulation *simulation, AlterEnumStmt *stmt)
{
	MemoryContext old;
	WfNewLabel *label;

	wf_sim_add_label(simulation, stmt->typeName, stmt->newVal);
	if (!simulation->in_transaction || stmt->oldVal != NULL)
		return;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	label = palloc(sizeof(WfNewLabel));
	label->type = pstrdup(strVal(llast(stmt->typeName)));
	label->label = pstrdup(stmt->newVal);
	simulation->new_labels = lappend(simulation->new_labels, label);
	MemoryContextSwitchTo(old);
}

/* A function that was not there before; its arguments don't matter here. */
static void
apply_function(WfSimulation *simulation, CreateFunctionStmt *stmt)
{
	MemoryContext old;

	if (stmt->replace &&
		simulation->catalog.volatility(&simulation->catalog, stmt->funcname, -1) != 0)
		return;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	simulation->new_functions = lappend(simulation->new_functions, pstrdup(strVal(llast(stmt->funcname))));
	MemoryContextSwitchTo(old);
}

/* SET, SET LOCAL and RESET of what rules ask for. */
static void
apply_set(WfSimulation *simulation, VariableSetStmt *stmt)
{
	static const char *const names[WF_SETTING_COUNT] = {
		[WF_SETTING_LOCK_TIMEOUT] = "lock_timeout",
		[WF_SETTING_STATEMENT_TIMEOUT] = "statement_timeout",
		[WF_SETTING_IDLE_TIMEOUT] = "idle_in_transaction_session_timeout",
		[WF_SETTING_APPLICATION_NAME] = "application_name",
	};

	if (stmt->name && pg_strcasecmp(stmt->name, "search_path") == 0)
	{
		MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

		simulation->search_path = stmt->kind == VAR_SET_VALUE ?
			lcons(pstrdup("pg_catalog"), string_names(stmt->args)) :
			simulation->live->search_path(simulation->live);
		MemoryContextSwitchTo(old);
		return;
	}
	for (int i = 0; i < WF_SETTING_COUNT; i++)
	{
		WfSettingValue *value = &simulation->settings[i];

		if (stmt->kind == VAR_RESET_ALL ||
			(stmt->name && pg_strcasecmp(stmt->name, names[i]) == 0 && stmt->kind != VAR_SET_VALUE))
		{
			value->is_set = value->was_set;
			value->by_text = false;
		}
		else if (stmt->name && pg_strcasecmp(stmt->name, names[i]) == 0)
		{
			value->is_set = !wf_ddl_setting_is_zero(stmt->args);
			value->by_text = true;
			value->is_local = stmt->is_local;
		}
	}
}

static void
apply_transaction(WfSimulation *simulation, TransactionStmt *stmt)
{
	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			if (!simulation->in_transaction)
			{
				simulation->in_transaction = true;
				simulation->began = simulation->statement;
			}
			break;
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_ROLLBACK:
		case TRANS_STMT_PREPARE:
			end_transaction(simulation);
			simulation->in_transaction = stmt->chain;
			simulation->began = stmt->chain ? simulation->statement : 0;
			break;
		default:
			break;
	}
}

/* Locks are given back, new labels may be used, SET LOCAL ends. */
static void
end_transaction(WfSimulation *simulation)
{
	wf_sim_settle(simulation, WF_DEFER_COMMIT, NULL, NULL, NIL);
	simulation->held = NIL;
	simulation->new_labels = NIL;
	simulation->transaction++;
	for (int i = 0; i < WF_SETTING_COUNT; i++)
	{
		if (simulation->settings[i].is_local)
		{
			simulation->settings[i].is_set = simulation->settings[i].was_set;
			simulation->settings[i].by_text = false;
			simulation->settings[i].is_local = false;
		}
	}
}

/* Remembers the locks on relations that others may use. */
static void
note_locks(WfSimulation *simulation, Node *stmt)
{
	List	   *locks = wf_ddl_statement_locks(stmt, simulation->catalog.server_version);
	ListCell   *lc;

	foreach(lc, locks)
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *relation;
		WfHeldLock *held;
		MemoryContext old;

		/* The first few say all that rules ask for. */
		if (lock->mode < ShareRowExclusiveLock || list_length(simulation->held) >= 8)
			continue;
		relation = simulation->catalog.relation(&simulation->catalog, lock->relation);
		if (wf_ddl_is_private(relation))
			continue;
		old = MemoryContextSwitchTo(simulation->catalog.context);
		held = palloc(sizeof(WfHeldLock));
		held->relation = relation;
		held->mode = lock->mode;
		held->statement = simulation->statement;
		simulation->held = lappend(simulation->held, held);
		MemoryContextSwitchTo(old);
	}
}

/* A list of String or of string constants as one of char *. */
static List *
string_names(List *names)
{
	List	   *strings = NIL;
	ListCell   *lc;

	foreach(lc, names)
	{
		Node	   *name = lfirst(lc);

		if (IsA(name, String))
			strings = lappend(strings, pstrdup(strVal(name)));
		else if (IsA(name, A_Const) && nodeTag(&((A_Const *) name)->val) == T_String)
			strings = lappend(strings, pstrdup(strVal(&((A_Const *) name)->val)));
	}
	return strings;
}

/* The rows of the table are no longer those that the database holds. */
static void
note_written(WfSimulation *simulation, const RangeVar *name)
{
	WfRelation *relation = simulation->catalog.relation(&simulation->catalog, name);
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

	simulation->written = list_append_unique_ptr(simulation->written, relation);
	MemoryContextSwitchTo(old);
}
