/*
 * simulate_session.c: what the text does to its session: settings,
 * transactions and the locks they hold, and rows that are changed.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/simulate.h"

static void apply_to(WfSimulation *simulation, WfSettings *settings, VariableSetStmt *stmt);
static const char *time_zone_of(VariableSetStmt *stmt);
static void set_savepoint(WfSimulation *simulation, const char *name);
static WfSavepoint *end_savepoints(WfSimulation *simulation, const char *name, bool release);
static void return_to(WfSimulation *simulation, const WfSavepoint *savepoint);
static void forget_labels(WfSimulation *simulation);
static void end_transaction(WfSimulation *simulation);
static void note_undone(WfSimulation *simulation);

/* Each text runs in a session of its own: of those before it, what they made stays. */
void
wf_sim_begin_session(WfSimulation *simulation, bool in_transaction)
{
	memset(&simulation->settings, 0, sizeof(WfSettings));
	simulation->settings.search_path = simulation->live->search_path(simulation->live);
	simulation->statement = 0;
	simulation->told = NULL;
	simulation->brief_told = false;
	simulation->waiting = NULL;
	simulation->last_name = NULL;
	simulation->in_transaction = in_transaction;
	simulation->is_wrapped = in_transaction;
	simulation->transaction++;
	simulation->has_changes = false;
	simulation->began = 0;
	simulation->held = simulation->savepoints = NIL;
	forget_labels(simulation);
	simulation->held_told = 0;
	simulation->many_told = 0;
	simulation->last_altered = NULL;
	simulation->blamed_at = 0;
	simulation->dropped_tables = NULL;
	simulation->dropped_names = NULL;
}

/*
 * Puts in force what earlier texts have set for the database and the role, over
 * what was in force without them; of both, the role's counts.
 */
void
wf_sim_begin_defaults(WfSimulation *simulation)
{
	ListCell   *lc;

	simulation->first = simulation->settings;
	foreach(lc, simulation->database_defaults)
		wf_sim_apply_set(simulation, lfirst(lc));
	foreach(lc, simulation->role_defaults)
		wf_sim_apply_set(simulation, lfirst(lc));
	for (int i = 0; i < WF_SETTING_COUNT; i++)
		simulation->settings.values[i].by_text = false;
	simulation->first = simulation->lasting = simulation->began_with = simulation->settings;
}

/* ALTER DATABASE and ALTER ROLE ... SET: of the role and database at hand. */
void
wf_sim_apply_default(WfSimulation *simulation, Node *stmt)
{
	MemoryContext old;

	if (simulation->database == NULL)
		return;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	if (IsA(stmt, AlterDatabaseSetStmt))
	{
		AlterDatabaseSetStmt *alter = (AlterDatabaseSetStmt *) stmt;

		if (strcmp(alter->dbname, simulation->database) == 0)
			simulation->database_defaults = lappend(simulation->database_defaults, copyObject(alter->setstmt));
	}
	else
	{
		AlterRoleSetStmt *alter = (AlterRoleSetStmt *) stmt;

		if ((alter->role == NULL || alter->role->roletype != ROLESPEC_CSTRING || strcmp(alter->role->rolename, simulation->role) == 0) &&
			(alter->database == NULL || strcmp(alter->database, simulation->database) == 0))
			simulation->role_defaults = lappend(simulation->role_defaults, copyObject(alter->setstmt));
	}
	MemoryContextSwitchTo(old);
}

/* SET, SET LOCAL and RESET of what rules ask for. */
void
wf_sim_apply_set(WfSimulation *simulation, VariableSetStmt *stmt)
{
	MemoryContext old;

	/* Without a transaction it only warns. */
	if (stmt->is_local && !simulation->in_transaction)
		return;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	apply_to(simulation, &simulation->settings, stmt);
	if (!stmt->is_local)
		apply_to(simulation, &simulation->lasting, stmt);
	MemoryContextSwitchTo(old);
}

static void
apply_to(WfSimulation *simulation, WfSettings *settings, VariableSetStmt *stmt)
{
	static const char *const names[WF_SETTING_COUNT] = {
		[WF_SETTING_LOCK_TIMEOUT] = "lock_timeout",
		[WF_SETTING_STATEMENT_TIMEOUT] = "statement_timeout",
		[WF_SETTING_IDLE_TIMEOUT] = "idle_in_transaction_session_timeout",
		[WF_SETTING_APPLICATION_NAME] = "application_name",
	};
	const WfSettings *first = &simulation->first;
	bool		sets = stmt->kind == VAR_SET_VALUE;

	if (stmt->kind == VAR_RESET_ALL)
		*settings = *first;
	if (stmt->name == NULL)
		return;
	if (pg_strcasecmp(stmt->name, "search_path") == 0)
	{
		settings->search_path = sets ? lcons(pstrdup("pg_catalog"), wf_sim_string_names(stmt->args)) : first->search_path;
		settings->has_own_path = sets;
	}
	else if (pg_strcasecmp(stmt->name, "timezone") == 0)
		settings->time_zone = sets ? time_zone_of(stmt) : first->time_zone;
	for (int i = 0; i < WF_SETTING_COUNT; i++)
	{
		if (pg_strcasecmp(stmt->name, names[i]) != 0)
			continue;
		settings->values[i] = first->values[i];
		if (sets)
		{
			settings->values[i].is_set = !wf_ddl_setting_is_zero(stmt->args);
			settings->values[i].by_text = true;
		}
	}
}

/* SELECT set_config('name', 'value', is_local), of constants. */
void
wf_sim_apply_set_config(WfSimulation *simulation, SelectStmt *stmt)
{
	VariableSetStmt set;

	if (wf_ddl_set_config(stmt, &set))
		wf_sim_apply_set(simulation, &set);
}

/* The zone as the server would name it; of an offset only whether it is zero is kept. */
static const char *
time_zone_of(VariableSetStmt *stmt)
{
	Node	   *value = list_length(stmt->args) == 1 ? linitial(stmt->args) : NULL;
	bool		is_offset = value && IsA(value, TypeCast);
	char	   *text;

	if (is_offset)
		value = ((TypeCast *) value)->arg;
	if (value == NULL || !IsA(value, A_Const))
		return NULL;
	if (nodeTag(&((A_Const *) value)->val) == T_Integer)
		return intVal(&((A_Const *) value)->val) == 0 ? "UTC" : "<away>1";
	if (nodeTag(&((A_Const *) value)->val) == T_Float)
		return "<away>1";
	if (nodeTag(&((A_Const *) value)->val) != T_String)
		return NULL;
	text = strVal(&((A_Const *) value)->val);
	if (is_offset)
		return strpbrk(text, "123456789") ? "<away>1" : "UTC";
	return pstrdup(text);
}

/* DISCARD ALL: what RESET ALL does, among others. */
void
wf_sim_discard(WfSimulation *simulation, DiscardStmt *stmt)
{
	VariableSetStmt reset = {.type = T_VariableSetStmt, .kind = VAR_RESET_ALL};

	if (stmt->target == DISCARD_ALL)
		wf_sim_apply_set(simulation, &reset);
}

/* Objects are not brought back: from here on nothing is certain about what is there. */
static void
note_undone(WfSimulation *simulation)
{
	simulation->dropped_parts = true;
	if (!simulation->has_changes)
		return;
	simulation->is_opaque = true;
	simulation->has_undone = true;
}

void
wf_sim_apply_transaction(WfSimulation *simulation, TransactionStmt *stmt)
{
	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			if (!simulation->in_transaction)
			{
				simulation->in_transaction = true;
				simulation->began = simulation->statement;
				simulation->began_with = simulation->lasting;
			}
			break;
		case TRANS_STMT_SAVEPOINT:
			set_savepoint(simulation, stmt->savepoint_name);
			break;
		case TRANS_STMT_RELEASE:
			(void) end_savepoints(simulation, stmt->savepoint_name, true);
			break;
		case TRANS_STMT_ROLLBACK_TO:
			note_undone(simulation);
			return_to(simulation, end_savepoints(simulation, stmt->savepoint_name, false));
			break;
		case TRANS_STMT_ROLLBACK:
			/* What SET did is taken back, too. */
			if (simulation->in_transaction)
				simulation->lasting = simulation->began_with;
			note_undone(simulation);
			/* FALLTHROUGH */
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_PREPARE:
			end_transaction(simulation);
			simulation->began_with = simulation->settings;
			simulation->in_transaction = stmt->chain;
			simulation->has_changes = false;
			simulation->began = stmt->chain ? simulation->statement : 0;
			break;
		default:
			break;
	}
}

static void
set_savepoint(WfSimulation *simulation, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	WfSavepoint *savepoint = palloc(sizeof(WfSavepoint));

	savepoint->name = pstrdup(name);
	savepoint->locks = list_length(simulation->held);
	savepoint->settings = simulation->settings;
	savepoint->lasting = simulation->lasting;
	simulation->savepoints = lappend(simulation->savepoints, savepoint);
	MemoryContextSwitchTo(old);
}

/*
 * The last savepoint of the name, or NULL; those behind it end, and with RELEASE
 * it does as well.
 */
static WfSavepoint *
end_savepoints(WfSimulation *simulation, const char *name, bool release)
{
	for (int i = list_length(simulation->savepoints) - 1; i >= 0; i--)
	{
		WfSavepoint *savepoint = list_nth(simulation->savepoints, i);

		if (strcmp(savepoint->name, name) != 0)
			continue;
		simulation->savepoints = list_truncate(simulation->savepoints, release ? i : i + 1);
		return savepoint;
	}
	return NULL;
}

/* Locks that were taken since are given back, and settings are what they were. */
static void
return_to(WfSimulation *simulation, const WfSavepoint *savepoint)
{
	if (savepoint == NULL)
		return;
	simulation->held = list_truncate(simulation->held, savepoint->locks);
	simulation->settings = savepoint->settings;
	simulation->lasting = savepoint->lasting;
}

static void
forget_labels(WfSimulation *simulation)
{
	if (simulation->new_labels)
		hash_destroy(simulation->new_labels);
	simulation->new_labels = NULL;
}

/* Locks are given back, new labels may be used, SET LOCAL ends. */
static void
end_transaction(WfSimulation *simulation)
{
	wf_sim_settle(simulation, WF_DEFER_COMMIT, NULL, NULL, NIL);
	simulation->held = NIL;
	simulation->savepoints = NIL;
	forget_labels(simulation);
	simulation->transaction++;
	simulation->settings = simulation->lasting;
}

/* The table that is locked with its index, or the relation itself. */
WfRelation *
wf_sim_locked_table(WfCatalog *catalog, WfRelation *relation)
{
	WfRelation *table = !relation->missing && (relation->kind == RELKIND_INDEX || relation->kind == RELKIND_PARTITIONED_INDEX) ?
	catalog->index_table(catalog, relation) : NULL;

	return table ? table : relation;
}

/* Does the statement name an index rather than its table? */
bool
wf_sim_names_index(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DropStmt:
			return ((DropStmt *) stmt)->removeType == OBJECT_INDEX;
		case T_RenameStmt:
			return ((RenameStmt *) stmt)->renameType == OBJECT_INDEX;
		case T_AlterTableStmt:
			return ((AlterTableStmt *) stmt)->objtype == OBJECT_INDEX;
		case T_ReindexStmt:
			return ((ReindexStmt *) stmt)->kind == REINDEX_OBJECT_INDEX;
		default:
			return false;
	}
}

/* Remembers the locks on relations that others may use. */
void
wf_sim_note_locks(WfSimulation *simulation, Node *stmt)
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
		if (wf_ddl_is_private(relation) || (lock->if_there && relation->missing))
			continue;
		relation = wf_sim_locked_table(&simulation->catalog, relation);
		old = MemoryContextSwitchTo(simulation->catalog.context);
		wf_sim_keep(simulation, relation);
		held = palloc(sizeof(WfHeldLock));
		held->relation = relation;
		held->mode = lock->mode;
		held->statement = simulation->statement;
		held->is_index = relation->missing && wf_sim_names_index(stmt);
		simulation->held = lappend(simulation->held, held);
		MemoryContextSwitchTo(old);
	}
}

/* A list of String or of string constants as one of char *. */
List *
wf_sim_string_names(List *names)
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

/* The rows of the tables are no longer those that the database holds. */
void
wf_sim_note_written(WfSimulation *simulation, Node *stmt)
{
	ListCell   *lc;

	foreach(lc, wf_ddl_statement_locks(stmt, simulation->catalog.server_version))
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *relation;
		MemoryContext old;

		if (lock->relation == NULL || lock->mode < RowExclusiveLock)
			continue;
		relation = simulation->catalog.relation(&simulation->catalog, lock->relation);
		if (!OidIsValid(relation->relid))
			continue;
		old = MemoryContextSwitchTo(simulation->catalog.context);
		simulation->written = list_append_unique_ptr(simulation->written, relation);
		MemoryContextSwitchTo(old);
	}
}
