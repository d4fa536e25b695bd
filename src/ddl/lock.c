/*
 * lock.c: which locks a statement takes.
 *
 * For ALTER TABLE the running server is asked; for another version the table
 * below answers, and a test holds one against the other.  All else follows
 * measurements on running servers.
 */
#include "common/compat.h"

#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/lock.h"

/* Commands of ALTER TABLE that need less than ACCESS EXCLUSIVE. */
static const struct
{
	AlterTableType command;
	LOCKMODE	mode;
}			weaker_commands[] = {
	{AT_SetStatistics, ShareUpdateExclusiveLock},
	{AT_SetOptions, ShareUpdateExclusiveLock},
	{AT_ResetOptions, ShareUpdateExclusiveLock},
	{AT_ClusterOn, ShareUpdateExclusiveLock},
	{AT_DropCluster, ShareUpdateExclusiveLock},
	{AT_ValidateConstraint, ShareUpdateExclusiveLock},
	{AT_AttachPartition, ShareUpdateExclusiveLock},
	{AT_DetachPartitionFinalize, ShareUpdateExclusiveLock},
	{AT_EnableTrig, ShareRowExclusiveLock},
	{AT_EnableAlwaysTrig, ShareRowExclusiveLock},
	{AT_EnableReplicaTrig, ShareRowExclusiveLock},
	{AT_EnableTrigAll, ShareRowExclusiveLock},
	{AT_EnableTrigUser, ShareRowExclusiveLock},
	{AT_DisableTrig, ShareRowExclusiveLock},
	{AT_DisableTrigAll, ShareRowExclusiveLock},
	{AT_DisableTrigUser, ShareRowExclusiveLock},
};

/* Storage parameters that can be set under ACCESS EXCLUSIVE only. */
static const char *const exclusive_options[] = {
	"user_catalog_table", "security_barrier", "security_invoker", "check_option", "buffering",
};

static LOCKMODE command_lock(AlterTableCmd *command);
static LOCKMODE options_lock(List *options);
static List *add_lock(List *locks, RangeVar *relation, LOCKMODE mode, bool is_other);
static List *alter_table_locks(AlterTableStmt *stmt, int server_version);
static List *drop_locks(DropStmt *stmt);
static List *create_table_locks(CreateStmt *stmt);
static List *relations_locks(List *relations, LOCKMODE mode);
static List *comment_locks(CommentStmt *stmt);
static List *publication_locks(CreatePublicationStmt *stmt);
static List *replaced_view_locks(ViewStmt *stmt);
static List *vacuum_locks(VacuumStmt *stmt);
static bool type_change_reads(WfCatalog *catalog, RangeVar *name, AlterTableCmd *command);
static DefElem *option_named(List *options, const char *name);
static const char *outside_subscription(Node *stmt);

/* The lock that ALTER TABLE takes on its table in this major version. */
LOCKMODE
wf_ddl_alter_table_lock(AlterTableStmt *stmt, int server_version)
{
	LOCKMODE	mode = NoLock;
	ListCell   *lc;

	if (server_version == WF_SERVER_MAJOR)
		return AlterTableGetLockLevel(stmt->cmds);
	foreach(lc, stmt->cmds)
		mode = Max(mode, command_lock(lfirst_node(AlterTableCmd, lc)));
	return mode;
}

static LOCKMODE
command_lock(AlterTableCmd *command)
{
	if (command->subtype == AT_AddConstraint)
	{
		Constraint *constraint = (Constraint *) command->def;

		return IsA(constraint, Constraint) && constraint->contype == CONSTR_FOREIGN ?
			ShareRowExclusiveLock : AccessExclusiveLock;
	}
	if (command->subtype == AT_DetachPartition)
		return ((PartitionCmd *) command->def)->concurrent ?
			ShareUpdateExclusiveLock : AccessExclusiveLock;
	if (command->subtype == AT_SetRelOptions || command->subtype == AT_ResetRelOptions)
		return options_lock((List *) command->def);
	for (int i = 0; i < lengthof(weaker_commands); i++)
	{
		if (weaker_commands[i].command == command->subtype)
			return weaker_commands[i].mode;
	}
	return AccessExclusiveLock;
}

static LOCKMODE
options_lock(List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		for (int i = 0; i < lengthof(exclusive_options); i++)
		{
			if (strcmp(exclusive_options[i], lfirst_node(DefElem, lc)->defname) == 0)
				return AccessExclusiveLock;
		}
	}
	return ShareUpdateExclusiveLock;
}

/*
 * Does the statement read the rows under its own lock?  VALIDATE CONSTRAINT
 * does so under a weaker one, for which it must stand alone.
 */
bool
wf_ddl_alter_table_scans(WfCatalog *catalog, AlterTableStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (command->subtype == AT_SetNotNull)
			return true;
		if (command->subtype == AT_AlterColumnType && type_change_reads(catalog, stmt->relation, command))
			return true;
		if (command->subtype == AT_AddConstraint && IsA(command->def, Constraint) &&
			!((Constraint *) command->def)->skip_validation &&
			((Constraint *) command->def)->indexname == NULL)
			return true;
	}
	return false;
}

/* One that is only written into the catalog reads nothing. */
static bool
type_change_reads(WfCatalog *catalog, RangeVar *name, AlterTableCmd *command)
{
	ColumnDef  *definition = castNode(ColumnDef, command->def);
	WfRelation *table = catalog->relation(catalog, name);
	WfColumn   *column = table ? catalog->column(catalog, table, command->name) : NULL;

	return column == NULL || definition->raw_default || definition->collClause ||
		catalog->type_change(catalog, column, definition->typeName) != WF_TYPE_CHANGE_NONE;
}

/* Does it nothing but add and drop columns? */
bool
wf_ddl_alter_table_moves_columns(AlterTableStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableType type = lfirst_node(AlterTableCmd, lc)->subtype;

		if (type != AT_AddColumn && type != AT_DropColumn)
			return false;
	}
	return true;
}

/*
 * The relations that a statement names and locks, as a list of WfLock, the
 * target first.  Locks on what the catalog alone knows (indexes of a table,
 * partitions, tables that reference it) are not among them.
 */
List *
wf_ddl_statement_locks(Node *stmt, int server_version)
{
	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			return alter_table_locks((AlterTableStmt *) stmt, server_version);
		case T_IndexStmt:
			return add_lock(NIL, ((IndexStmt *) stmt)->relation,
							((IndexStmt *) stmt)->concurrent ? ShareUpdateExclusiveLock : ShareLock, false);
		case T_DropStmt:
			return drop_locks((DropStmt *) stmt);
		case T_RenameStmt:
			return add_lock(NIL, ((RenameStmt *) stmt)->relation,
							((RenameStmt *) stmt)->renameType == OBJECT_INDEX ?
							ShareUpdateExclusiveLock : AccessExclusiveLock, false);
		case T_AlterObjectSchemaStmt:
			return add_lock(NIL, ((AlterObjectSchemaStmt *) stmt)->relation, AccessExclusiveLock, false);
		case T_CreateStmt:
			return create_table_locks((CreateStmt *) stmt);
		case T_CreateTrigStmt:
			return add_lock(NIL, ((CreateTrigStmt *) stmt)->relation, ShareRowExclusiveLock, false);
		case T_ViewStmt:
			return replaced_view_locks((ViewStmt *) stmt);
		case T_CreatePolicyStmt:
			return add_lock(NIL, ((CreatePolicyStmt *) stmt)->table, AccessExclusiveLock, false);
		case T_AlterPolicyStmt:
			return add_lock(NIL, ((AlterPolicyStmt *) stmt)->table, AccessExclusiveLock, false);
		case T_RuleStmt:
			return add_lock(NIL, ((RuleStmt *) stmt)->relation, AccessExclusiveLock, false);
		case T_TruncateStmt:
			return relations_locks(((TruncateStmt *) stmt)->relations, AccessExclusiveLock);
		case T_LockStmt:
			return relations_locks(((LockStmt *) stmt)->relations, ((LockStmt *) stmt)->mode);
		case T_ClusterStmt:
			return add_lock(NIL, ((ClusterStmt *) stmt)->relation, AccessExclusiveLock, false);
		case T_VacuumStmt:
			return vacuum_locks((VacuumStmt *) stmt);
		case T_RefreshMatViewStmt:
			return add_lock(NIL, ((RefreshMatViewStmt *) stmt)->relation,
							((RefreshMatViewStmt *) stmt)->concurrent ? ExclusiveLock : AccessExclusiveLock, false);
		case T_ReindexStmt:
			{
				ReindexStmt *reindex = (ReindexStmt *) stmt;

				if (wf_ddl_option_is_on(reindex->params, "concurrently"))
					return add_lock(NIL, reindex->relation, ShareUpdateExclusiveLock, false);
				return add_lock(NIL, reindex->relation,
								reindex->kind == REINDEX_OBJECT_INDEX ? AccessExclusiveLock : ShareLock, false);
			}
		case T_InsertStmt:
			return add_lock(NIL, ((InsertStmt *) stmt)->relation, RowExclusiveLock, false);
		case T_UpdateStmt:
			return add_lock(NIL, ((UpdateStmt *) stmt)->relation, RowExclusiveLock, false);
		case T_DeleteStmt:
			return add_lock(NIL, ((DeleteStmt *) stmt)->relation, RowExclusiveLock, false);
		case T_MergeStmt:
			return add_lock(NIL, ((MergeStmt *) stmt)->relation, RowExclusiveLock, false);
		case T_CopyStmt:
			return add_lock(NIL, ((CopyStmt *) stmt)->relation,
							((CopyStmt *) stmt)->is_from ? RowExclusiveLock : AccessShareLock, false);
		case T_CommentStmt:
			return comment_locks((CommentStmt *) stmt);
		case T_CreateStatsStmt:
			return relations_locks(((CreateStatsStmt *) stmt)->relations, ShareUpdateExclusiveLock);
		case T_CreatePublicationStmt:
			return publication_locks((CreatePublicationStmt *) stmt);
		case T_AlterSeqStmt:
			return add_lock(NIL, ((AlterSeqStmt *) stmt)->sequence, ShareRowExclusiveLock, false);
		default:
			return NIL;
	}
}

/* The mode as SQL spells it, "ACCESS EXCLUSIVE"; NULL for NoLock. */
const char *
wf_ddl_lock_name(LOCKMODE mode)
{
	static const char *const names[] = {
		[AccessShareLock] = "ACCESS SHARE",
		[RowShareLock] = "ROW SHARE",
		[RowExclusiveLock] = "ROW EXCLUSIVE",
		[ShareUpdateExclusiveLock] = "SHARE UPDATE EXCLUSIVE",
		[ShareLock] = "SHARE",
		[ShareRowExclusiveLock] = "SHARE ROW EXCLUSIVE",
		[ExclusiveLock] = "EXCLUSIVE",
		[AccessExclusiveLock] = "ACCESS EXCLUSIVE",
	};

	return mode > NoLock && mode <= AccessExclusiveLock ? names[mode] : NULL;
}

static List *
add_lock(List *locks, RangeVar *relation, LOCKMODE mode, bool is_other)
{
	WfLock	   *lock;

	if (relation == NULL)
		return locks;
	lock = palloc0(sizeof(WfLock));
	lock->relation = relation;
	lock->mode = mode;
	lock->is_other = is_other;
	return lappend(locks, lock);
}

/* The view, if it is there. */
static List *
replaced_view_locks(ViewStmt *stmt)
{
	List	   *locks = stmt->replace ? add_lock(NIL, stmt->view, AccessExclusiveLock, false) : NIL;

	if (locks != NIL)
		((WfLock *) linitial(locks))->if_there = true;
	return locks;
}

/* The table, and what its foreign keys and partitions reach. */
static List *
alter_table_locks(AlterTableStmt *stmt, int server_version)
{
	List	   *locks = add_lock(NIL, stmt->relation,
								 wf_ddl_alter_table_lock(stmt, server_version), false);
	ListCell   *lc;
	ListCell   *lc2;

	if (stmt->objtype == OBJECT_TYPE)
		return NIL;
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (command->def == NULL)
			continue;
		if (command->subtype == AT_AddConstraint && IsA(command->def, Constraint))
			locks = add_lock(locks, ((Constraint *) command->def)->pktable, ShareRowExclusiveLock, true);
		else if (command->subtype == AT_AddColumn)
		{
			foreach(lc2, ((ColumnDef *) command->def)->constraints)
				locks = add_lock(locks, lfirst_node(Constraint, lc2)->pktable, ShareRowExclusiveLock, true);
		}
		else if (command->subtype == AT_AttachPartition)
			locks = add_lock(locks, ((PartitionCmd *) command->def)->name, AccessExclusiveLock, true);
		else if (command->subtype == AT_DetachPartition)
			locks = add_lock(locks, ((PartitionCmd *) command->def)->name,
							 ((PartitionCmd *) command->def)->concurrent ?
							 ShareUpdateExclusiveLock : AccessExclusiveLock, true);
		else if (command->subtype == AT_AddInherit)
			locks = add_lock(locks, (RangeVar *) command->def, ShareUpdateExclusiveLock, true);
	}
	return locks;
}

/* CREATE TABLE locks the tables that it references or is a part of. */
static List *
create_table_locks(CreateStmt *stmt)
{
	List	   *locks = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, stmt->inhRelations)
		locks = add_lock(locks, lfirst_node(RangeVar, lc),
						 stmt->partbound ? AccessExclusiveLock : ShareUpdateExclusiveLock, true);
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		if (IsA(element, Constraint))
			locks = add_lock(locks, ((Constraint *) element)->pktable, ShareRowExclusiveLock, true);
		else if (IsA(element, ColumnDef))
		{
			foreach(lc2, ((ColumnDef *) element)->constraints)
				locks = add_lock(locks, lfirst_node(Constraint, lc2)->pktable, ShareRowExclusiveLock, true);
		}
	}
	return locks;
}

static List *
drop_locks(DropStmt *stmt)
{
	List	   *locks = NIL;
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		List	   *names = (List *) lfirst(lc);

		if (wf_ddl_names_relation(stmt->removeType))
			locks = add_lock(locks, wf_ddl_range_var_of_names(names),
							 stmt->concurrent ? ShareUpdateExclusiveLock : AccessExclusiveLock, false);
		switch (stmt->removeType)
		{
			case OBJECT_TRIGGER:
			case OBJECT_POLICY:
			case OBJECT_RULE:

				/*
				 * The last name is the trigger's, those before it the
				 * table's.
				 */
				locks = add_lock(locks, wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1)),
								 AccessExclusiveLock, false);
				break;
			default:
				break;
		}
	}
	return locks;
}

static List *
relations_locks(List *relations, LOCKMODE mode)
{
	List	   *locks = NIL;
	ListCell   *lc;

	foreach(lc, relations)
		locks = add_lock(locks, lfirst_node(RangeVar, lc), mode, false);
	return locks;
}

/* Only on relations and columns; what else is commented on locks no table. */
static List *
comment_locks(CommentStmt *stmt)
{
	List	   *names = (List *) stmt->object;

	if (stmt->objtype == OBJECT_COLUMN)
		names = list_copy_head(names, list_length(names) - 1);
	else if (!wf_ddl_names_relation(stmt->objtype))
		return NIL;
	return add_lock(NIL, wf_ddl_range_var_of_names(names), ShareUpdateExclusiveLock, false);
}

static List *
publication_locks(CreatePublicationStmt *stmt)
{
	List	   *locks = NIL;
	ListCell   *lc;

	foreach(lc, stmt->pubobjects)
	{
		PublicationObjSpec *object = lfirst_node(PublicationObjSpec, lc);

		if (object->pubtable)
			locks = add_lock(locks, object->pubtable->relation, ShareUpdateExclusiveLock, false);
	}
	return locks;
}

static List *
vacuum_locks(VacuumStmt *stmt)
{
	bool		is_full = stmt->is_vacuumcmd && wf_ddl_option_is_on(stmt->options, "full");
	List	   *locks = NIL;
	ListCell   *lc;

	foreach(lc, stmt->rels)
		locks = add_lock(locks, lfirst_node(VacuumRelation, lc)->relation,
						 is_full ? AccessExclusiveLock : ShareUpdateExclusiveLock, false);
	return locks;
}

/* Does it work in several transactions of its own, so that others go on? */
bool
wf_ddl_is_concurrent(Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_IndexStmt:
			return ((IndexStmt *) stmt)->concurrent;
		case T_DropStmt:
			return ((DropStmt *) stmt)->concurrent;
		case T_ReindexStmt:
			return wf_ddl_option_is_on(((ReindexStmt *) stmt)->params, "concurrently");
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

				if (command->subtype == AT_DetachPartition && ((PartitionCmd *) command->def)->concurrent)
					return true;
			}
			return false;
		default:
			return false;
	}
}

/* What PostgreSQL calls a statement that no transaction block may hold; NULL: one may. */
const char *
wf_ddl_outside_transactions(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_IndexStmt:
			return wf_ddl_is_concurrent(stmt) ? "CREATE INDEX CONCURRENTLY" : NULL;
		case T_DropStmt:
			return wf_ddl_is_concurrent(stmt) ? "DROP INDEX CONCURRENTLY" : NULL;
		case T_AlterTableStmt:
			return wf_ddl_is_concurrent(stmt) ? "ALTER TABLE ... DETACH PARTITION CONCURRENTLY" : NULL;
		case T_ReindexStmt:
			return wf_ddl_is_concurrent(stmt) ? "REINDEX CONCURRENTLY" :
				((ReindexStmt *) stmt)->kind > REINDEX_OBJECT_TABLE ? "REINDEX of a schema or database" : NULL;
		case T_VacuumStmt:
			return ((VacuumStmt *) stmt)->is_vacuumcmd ? "VACUUM" : NULL;
		case T_ClusterStmt:
			return ((ClusterStmt *) stmt)->relation == NULL ? "CLUSTER of all tables" : NULL;
		case T_AlterSystemStmt:
			return "ALTER SYSTEM";
		case T_AlterDatabaseStmt:
			return option_named(((AlterDatabaseStmt *) stmt)->options, "tablespace") ? "ALTER DATABASE SET TABLESPACE" : NULL;
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
			return outside_subscription(stmt);
		case T_DiscardStmt:
			return ((DiscardStmt *) stmt)->target == DISCARD_ALL ? "DISCARD ALL" : NULL;
		case T_CreatedbStmt:
			return "CREATE DATABASE";
		case T_DropdbStmt:
			return "DROP DATABASE";
		case T_CreateTableSpaceStmt:
			return "CREATE TABLESPACE";
		case T_DropTableSpaceStmt:
			return "DROP TABLESPACE";
		default:
			return NULL;
	}
}

/* What reaches the publisher of a subscription, as it does unless told not to. */
static const char *
outside_subscription(Node *stmt)
{
	List	   *options = IsA(stmt, CreateSubscriptionStmt) ? ((CreateSubscriptionStmt *) stmt)->options :
	((AlterSubscriptionStmt *) stmt)->options;
	static const char *const switches[] = {"connect", "create_slot", "refresh"};

	for (int i = 0; i < lengthof(switches); i++)
	{
		if (option_named(options, switches[i]) && !wf_ddl_option_is_on(options, switches[i]))
			return NULL;
	}
	if (IsA(stmt, CreateSubscriptionStmt))
		return "CREATE SUBSCRIPTION that makes a slot";
	switch (((AlterSubscriptionStmt *) stmt)->kind)
	{
		case ALTER_SUBSCRIPTION_REFRESH:
		case ALTER_SUBSCRIPTION_SET_PUBLICATION:
		case ALTER_SUBSCRIPTION_ADD_PUBLICATION:
		case ALTER_SUBSCRIPTION_DROP_PUBLICATION:
			return "ALTER SUBSCRIPTION that refreshes";
		default:
			return NULL;
	}
}

static DefElem *
option_named(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/* Is a boolean option of VACUUM, REINDEX or EXPLAIN given and not off?  As defGetBoolean() reads it. */
bool
wf_ddl_option_is_on(List *options, const char *name)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, name) != 0)
			continue;
		if (option->arg == NULL)
			return true;
		if (IsA(option->arg, Integer))
			return intVal(option->arg) != 0;
		if (IsA(option->arg, Boolean))
			return boolVal(option->arg);
		if (IsA(option->arg, String))
			return pg_strcasecmp(strVal(option->arg), "false") != 0 &&
				pg_strcasecmp(strVal(option->arg), "off") != 0;
	}
	return false;
}

/* Does a name of an object of this kind mean a relation? */
bool
wf_ddl_names_relation(ObjectType type)
{
	return type == OBJECT_TABLE || type == OBJECT_VIEW || type == OBJECT_MATVIEW || type == OBJECT_SEQUENCE ||
		type == OBJECT_INDEX || type == OBJECT_FOREIGN_TABLE;
}

/* A list of one to three names as a RangeVar; NULL for any other. */
RangeVar *
wf_ddl_range_var_of_names(List *names)
{
	int			count = list_length(names);

	if (count < 1 || count > 3)
		return NULL;
	return makeRangeVar(count > 1 ? strVal(list_nth(names, count - 2)) : NULL,
						strVal(llast(names)), -1);
}
