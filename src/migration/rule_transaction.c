/*
 * rule_transaction.c: rules about transactions and the locks they hold.
 */
#include "common/compat.h"

#include "common/list.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static WfHeldLock *strong_lock_of_earlier(WfSimulation *simulation);
static bool alter_table_works(WfRuleCall *call);
static bool is_set_config(SelectStmt *stmt);
static bool has_values(InsertStmt *stmt);
static bool works_on_others(WfRuleCall *call, RangeVar *name);
static bool is_same_table(WfRelation *a, WfRelation *b);
static bool report_referenced(WfRuleCall *call);
static List *referenced_tables(WfRuleCall *call);
static List *add_new_references(WfRuleCall *call, List *tables);
static List *add_old_references(WfRuleCall *call, List *tables, RangeVar *name, const char *constraint);
static List *add_once(List *names, char *name);
static bool does_work(WfRuleCall *call);
static bool has_own_transaction(WfRuleCall *call);
static bool is_for_outside(const char *sql);

/* BEGIN inside of a transaction. */
void
wf_rule_nested_transaction(WfRuleCall *call)
{
	TransactionStmt *stmt = (TransactionStmt *) call->statement;
	WfSimulation *simulation = call->session->simulation;
	WfFinding  *finding;

	if (simulation == NULL)
		return;
	if (stmt->kind == TRANS_STMT_BEGIN || stmt->kind == TRANS_STMT_START)
	{
		if (!simulation->in_transaction)
			return;
		finding = wf_finding_add(call, simulation->began == 0 ?
								 "the runner has begun a transaction already: BEGIN does nothing but warn" :
								 "a transaction is open since statement %d: BEGIN does nothing but warn", simulation->began);
		finding->hint = pstrdup("Leave it out.");
	}
	else if (stmt->kind == TRANS_STMT_COMMIT || stmt->kind == TRANS_STMT_ROLLBACK)
	{
		if (!simulation->in_transaction)
		{
			finding = wf_finding_add(call, "no transaction is open here: the statement does nothing but warn");
			finding->hint = pstrdup("Leave it out.");
		}
		else if (simulation->began == 0)
		{
			finding = wf_finding_add(call, "this ends the transaction that the runner began: what follows runs without one");
			finding->hint = pstrdup("Leave transactions to the runner, or tell it to use none for this file.");
		}
	}
}

/* BEGIN that no COMMIT follows. */
void
wf_rule_unfinished_transaction(WfRuleCall *call)
{
	TransactionStmt *stmt = (TransactionStmt *) call->statement;
	WfSimulation *simulation = call->session->simulation;
	WfFinding  *finding;

	if (simulation == NULL)
		return;
	/* COMMIT AND CHAIN begins the next one. */
	if (stmt->chain ? !simulation->in_transaction :
		simulation->in_transaction || (stmt->kind != TRANS_STMT_BEGIN && stmt->kind != TRANS_STMT_START))
		return;
	finding = wf_finding_add(call, "the transaction is never committed: the runner's connection rolls it back, or holds its locks");
	finding->hint = pstrdup("End it with COMMIT.");
	finding->deferral = WF_DEFER_COMMIT;
}

/* A strong lock that an earlier statement of this transaction took. */
static WfHeldLock *
strong_lock_of_earlier(WfSimulation *simulation)
{
	ListCell   *lc;

	foreach(lc, simulation->held)
	{
		WfHeldLock *held = lfirst(lc);

		if (held->mode >= ShareRowExclusiveLock)
			return held;
	}
	return NULL;
}

/* Does ALTER TABLE read rows?  What it costs other rules have found. */
static bool
alter_table_works(WfRuleCall *call)
{
	ListCell   *lc;

	foreach(lc, call->findings)
	{
		if (((WfFinding *) lfirst(lc))->rewrites || ((WfFinding *) lfirst(lc))->scans)
			return true;
	}
	foreach(lc, ((AlterTableStmt *) call->statement)->cmds)
	{
		if (lfirst_node(AlterTableCmd, lc)->subtype == AT_ValidateConstraint)
			return true;
	}
	return wf_ddl_alter_table_scans(call->catalog, (AlterTableStmt *) call->statement);
}

/* SELECT set_config(...), and nothing else. */
static bool
is_set_config(SelectStmt *stmt)
{
	FuncCall   *function = list_length(stmt->targetList) == 1 && stmt->fromClause == NIL ?
	(FuncCall *) linitial_node(ResTarget, stmt->targetList)->val : NULL;

	return function && IsA(function, FuncCall) && strcmp(strVal(llast(function->funcname)), "set_config") == 0;
}

static bool
has_values(InsertStmt *stmt)
{
	return stmt->selectStmt == NULL || ((SelectStmt *) stmt->selectStmt)->valuesLists != NIL;
}

/* Is the table one that is not new here? */
static bool
works_on_others(WfRuleCall *call, RangeVar *name)
{
	WfRelation *table = name ? call->catalog->relation(call->catalog, name) : NULL;

	return table == NULL || !wf_ddl_is_private(table);
}

/* Does the statement read, write or scan, rather than only change a catalog? */
static bool
does_work(WfRuleCall *call)
{
	ListCell   *lc;

	switch (nodeTag(call->statement))
	{
		case T_TransactionStmt:
		case T_VariableSetStmt:
		case T_VariableShowStmt:
		case T_CommentStmt:
		case T_CreateSchemaStmt:
		case T_CreateEnumStmt:
		case T_CreateDomainStmt:
		case T_CreateFunctionStmt:
		case T_CreateRoleStmt:
		case T_GrantStmt:
		case T_GrantRoleStmt:
		case T_ConstraintsSetStmt:
		case T_CreateStmt:
		case T_CreateSeqStmt:
		case T_AlterSeqStmt:
		case T_ViewStmt:
		case T_RenameStmt:
		case T_DropStmt:
		case T_AlterObjectSchemaStmt:
		case T_CreateTrigStmt:
		case T_CreatePolicyStmt:
		case T_AlterPolicyStmt:
		case T_RuleStmt:
		case T_AlterOwnerStmt:
		case T_AlterEnumStmt:
		case T_AlterTypeStmt:
		case T_AlterFunctionStmt:
		case T_AlterDefaultPrivilegesStmt:
		case T_AlterRoleStmt:
		case T_AlterRoleSetStmt:
		case T_DropRoleStmt:
		case T_AlterDatabaseSetStmt:
		case T_AlterObjectDependsStmt:
		case T_AlterExtensionContentsStmt:
		case T_CompositeTypeStmt:
		case T_CreateRangeStmt:
		case T_DefineStmt:
		case T_CreateStatsStmt:
		case T_AlterStatsStmt:
		case T_CreatePublicationStmt:
		case T_AlterPublicationStmt:
		case T_CreateEventTrigStmt:
		case T_AlterEventTrigStmt:
		case T_SecLabelStmt:
		case T_NotifyStmt:
		case T_ListenStmt:
		case T_DeallocateStmt:
		case T_DiscardStmt:
			return false;
		case T_SelectStmt:
			return !is_set_config((SelectStmt *) call->statement);
		case T_IndexStmt:
			return works_on_others(call, ((IndexStmt *) call->statement)->relation);
		case T_InsertStmt:
			return ((InsertStmt *) call->statement)->withClause || !has_values((InsertStmt *) call->statement) ||
				works_on_others(call, ((InsertStmt *) call->statement)->relation);
		case T_TruncateStmt:
			foreach(lc, ((TruncateStmt *) call->statement)->relations)
			{
				if (works_on_others(call, lfirst(lc)))
					return true;
			}
			return false;
		case T_AlterTableStmt:
			return alter_table_works(call);
		default:
			return true;
	}
}

/* Further work while others wait for a lock of this transaction. */
void
wf_rule_exclusive_lock_held(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;
	WfHeldLock *held;
	WfFinding  *finding;

	if (simulation == NULL || !simulation->in_transaction || !does_work(call))
		return;
	held = strong_lock_of_earlier(simulation);
	if (held == NULL || simulation->held_told == simulation->transaction + 1)
		return;
	simulation->held_told = simulation->transaction + 1;
	finding = wf_finding_add(call, "\"%s\" has been locked (%s) since statement %d, and stays so while this and what follows run",
							 held->relation->name, wf_ddl_lock_name(held->mode), held->statement);
	finding->object = wf_ddl_quote_name(held->relation->schema, held->relation->name);
	finding->lock = held->mode;
	wf_finding_note_number(finding, "locked_since_statement", held->statement);
	if (wf_rule_is_small(call, held->relation) && !call->session->assume_populated)
		wf_finding_lower(finding);
	finding->hint = pstrdup("Make the statement that takes the lock the last one of its transaction, or give it a transaction of its own.");
	finding->safe_sql = wf_rule_outside_transaction(call);
}

/* A second table that others use is locked in the same transaction. */
void
wf_rule_many_tables_locked(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;
	List	   *locks;
	ListCell   *lc;
	ListCell   *lc2;

	if (simulation == NULL || simulation->many_told == simulation->transaction + 1)
		return;
	if (report_referenced(call))
	{
		simulation->many_told = simulation->transaction + 1;
		return;
	}
	if (!simulation->in_transaction || simulation->held == NIL)
		return;
	locks = wf_ddl_statement_locks(call->statement, call->catalog->server_version);
	foreach(lc, locks)
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *relation;

		if (lock->mode < ShareRowExclusiveLock)
			continue;
		relation = wf_rule_relation(call, lock->relation);
		if (relation == NULL)
			continue;
		relation = wf_sim_locked_table(call->catalog, relation);
		/* The index may be one of the very table. */
		if (relation->missing && wf_sim_names_index(call->statement))
			continue;
		foreach(lc2, simulation->held)
		{
			WfHeldLock *held = lfirst(lc2);
			WfFinding  *finding;

			if (held->mode < ShareRowExclusiveLock || held->is_index ||
				is_same_table(held->relation, relation))
				continue;
			finding = wf_finding_add(call, "\"%s\" is locked while \"%s\" is: another transaction that takes them in the other order is a deadlock",
									 relation->name, held->relation->name);
			wf_finding_on(call, finding, relation);
			/* That it is to be several transactions has been said. */
			if (simulation->held_told == simulation->transaction + 1)
				finding->severity = WF_SEVERITY_INFO;
			else if (IsA(call->statement, CreateStmt))
				finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
			finding->lock = lock->mode;
			wf_finding_note_text(finding, "also_locked", held->relation->name);
			finding->hint = pstrdup("Lock one table a transaction.");
			finding->safe_sql = wf_rule_outside_transaction(call);
			simulation->many_told = simulation->transaction + 1;
			return;
		}
	}
}

/* One statement whose foreign keys, new or dropped, lock several other tables. */
static bool
report_referenced(WfRuleCall *call)
{
	List	   *tables = referenced_tables(call);
	WfFinding  *finding;

	if (list_length(tables) < 2)
		return false;
	finding = wf_finding_add(call, "its foreign keys lock %s and %s at once: another transaction that takes them in the other order is a deadlock",
							 (char *) linitial(tables), (char *) lsecond(tables));
	finding->object = pstrdup(linitial(tables));
	/* CREATE TABLE holds the locks for a moment only. */
	if (IsA(call->statement, CreateStmt))
		finding->severity = WF_SEVERITY_LOW;
	finding->lock = IsA(call->statement, DropStmt) ? AccessExclusiveLock : ShareRowExclusiveLock;
	wf_finding_note_text(finding, "also_locked", lsecond(tables));
	finding->hint = pstrdup("Add or drop one foreign key a transaction.");
	return true;
}

/* The names (char *) of the tables that the statement's foreign keys lock besides its own. */
static List *
referenced_tables(WfRuleCall *call)
{
	List	   *tables = NIL;
	ListCell   *lc;

	if (IsA(call->statement, DropStmt))
	{
		DropStmt   *stmt = (DropStmt *) call->statement;

		foreach(lc, stmt->removeType == OBJECT_TABLE ? stmt->objects : NIL)
			tables = add_old_references(call, tables, wf_ddl_range_var_of_names(lfirst(lc)), NULL);
	}
	else if (IsA(call->statement, AlterTableStmt))
	{
		AlterTableStmt *stmt = (AlterTableStmt *) call->statement;

		foreach(lc, stmt->cmds)
		{
			if (lfirst_node(AlterTableCmd, lc)->subtype == AT_DropConstraint)
				tables = add_old_references(call, tables, stmt->relation, lfirst_node(AlterTableCmd, lc)->name);
		}
		tables = add_new_references(call, tables);
	}
	else if (IsA(call->statement, CreateStmt))
		tables = add_new_references(call, tables);
	return tables;
}

/* Foreign keys alone take this lock on another table. */
static List *
add_new_references(WfRuleCall *call, List *tables)
{
	RangeVar   *own = IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->relation :
	((AlterTableStmt *) call->statement)->relation;
	WfRelation *table = call->catalog->relation(call->catalog, own);
	ListCell   *lc;

	foreach(lc, wf_ddl_statement_locks(call->statement, call->catalog->server_version))
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *other = lock->is_other && lock->mode == ShareRowExclusiveLock ? wf_rule_relation(call, lock->relation) : NULL;

		if (other && !is_same_table(table, other))
			tables = add_once(tables, wf_ddl_quote_name(other->schema, other->name));
	}
	return tables;
}

/* Those of one constraint of the table, or of all. */
static List *
add_old_references(WfRuleCall *call, List *tables, RangeVar *name, const char *constraint)
{
	WfRelation *table = wf_rule_relation(call, name);
	ListCell   *lc;

	foreach(lc, table && !table->missing ? call->catalog->constraints(call->catalog, table) : NIL)
	{
		WfConstraint *key = lfirst(lc);

		if (key->kind == 'f' && key->foreign_table && (constraint == NULL || (key->name && strcmp(key->name, constraint) == 0)) &&
			strcmp(key->foreign_table, wf_ddl_quote_name(table->schema, table->name)) != 0)
			tables = add_once(tables, key->foreign_table);
	}
	return tables;
}

static List *
add_once(List *names, char *name)
{
	return wf_common_list_has(names, name) ? names : lappend(names, name);
}

/* By what it is, or by its name: it may have another one since. */
static bool
is_same_table(WfRelation *a, WfRelation *b)
{
	if (OidIsValid(a->relid) || OidIsValid(b->relid))
		return a->relid == b->relid;
	return strcmp(a->name, b->name) == 0 && (a->schema == NULL || b->schema == NULL || strcmp(a->schema, b->schema) == 0);
}

/* LOCK TABLE in a mode that stops writes. */
void
wf_rule_lock_table(WfRuleCall *call)
{
	LockStmt   *stmt = (LockStmt *) call->statement;
	ListCell   *lc;

	if (stmt->mode < ShareLock)
		return;
	foreach(lc, stmt->relations)
	{
		WfRelation *table = wf_rule_relation(call, lfirst(lc));
		WfFinding  *finding;

		if (table == NULL)
			continue;
		finding = wf_finding_add(call, "LOCK TABLE stops %s \"%s\" until the transaction ends",
								 stmt->mode == AccessExclusiveLock ? "all reads and writes of" : "all writes to",
								 table->name);
		wf_finding_on(call, finding, table);
		finding->lock = stmt->mode;
		finding->hint = pstrdup("No other statement takes the lock with less harm: leave it out, or end the transaction soon after it.");
	}
}

/*
 * The same table is altered twice in a row, and read each time.  Where both
 * only add or drop columns it is one lock for two, which is said once; other
 * pairs may have to be two.
 */
void
wf_rule_alter_table_not_combined(WfRuleCall *call)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;
	WfSimulation *simulation = call->session->simulation;
	WfRelation *table;
	WfFinding  *finding;
	bool		both_read;

	if (simulation == NULL || stmt->objtype != OBJECT_TABLE || simulation->last_altered == NULL ||
		simulation->last_altered_at != simulation->statement - 1)
		return;
	table = wf_rule_relation(call, stmt->relation);
	if (table == NULL || table != simulation->last_altered)
		return;
	both_read = simulation->last_altered_reads && wf_ddl_alter_table_scans(call->catalog, stmt);
	if (!both_read && !(simulation->last_altered_moves && wf_ddl_alter_table_moves_columns(stmt) && wf_rule_once(call)))
		return;
	finding = wf_finding_add(call, both_read ?
							 "\"%s\" is altered by the statement before as well, and each reads all its rows" :
							 "\"%s\" is altered by the statement before as well: one ALTER TABLE locks it once",
							 table->name);
	wf_finding_on(call, finding, table);
	if (!both_read)
		finding->severity = WF_SEVERITY_INFO;
	finding->hint = pstrdup("Write both as one ALTER TABLE.");
}

/*
 * A part of safe_sql: the statement between the transaction that the text has
 * begun and a new one; NULL where it is not the text's to end, or without a
 * source.
 */
char *
wf_rule_outside_transaction(WfRuleCall *call)
{
	char	   *text = wf_rule_statement_text(call);

	return text && has_own_transaction(call) ? psprintf("COMMIT;\n%s;\nBEGIN;", text) : NULL;
}

/* The whole of a safe_sql, the same way where it can't run inside of the transaction. */
char *
wf_rule_outside(WfRuleCall *call, char *sql)
{
	return sql && has_own_transaction(call) && is_for_outside(sql) ? psprintf("COMMIT;\n%s\nBEGIN;", sql) : sql;
}

/* Has the text begun the transaction, so that it may end it here? */
static bool
has_own_transaction(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;

	return simulation && simulation->in_transaction && simulation->began != 0 && !call->session->in_body;
}

/*
 * Do statements of rules refuse to run inside of a transaction, have they one of
 * their own, or is one of them not to hold the lock of another?
 */
static bool
is_for_outside(const char *sql)
{
	int			end = strlen(sql);
	bool		begins = true;	/* a statement */
	bool		refreshes = false;
	int			next;

	for (int pos = wf_ddl_source_skip_space(sql, 0, end); pos < end; pos = wf_ddl_source_skip_space(sql, next, end))
	{
		next = wf_ddl_source_skip_token(sql, pos, end);
		if (begins)
		{
			if (wf_ddl_source_word_is(sql, pos, end, "COMMIT"))
				return false;
			if (wf_ddl_source_word_is(sql, pos, end, "BEGIN") || wf_ddl_source_word_is(sql, pos, end, "VACUUM"))
				return true;
			/* Its CONCURRENTLY is another. */
			refreshes = wf_ddl_source_word_is(sql, pos, end, "REFRESH");
		}
		begins = sql[pos] == ';';
		if (!refreshes && wf_ddl_source_word_is(sql, pos, end, "CONCURRENTLY"))
			return true;
		if (wf_ddl_source_word_is(sql, pos, end, "VALIDATE") &&
			wf_ddl_source_word_is(sql, wf_ddl_source_skip_space(sql, next, end), end, "CONSTRAINT"))
			return true;
		/* DO that goes over a table in batches. */
		if (sql[pos] == '$' && strstr(pnstrdup(sql + pos, next - pos), "COMMIT;"))
			return true;
	}
	return false;
}
