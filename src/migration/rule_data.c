/*
 * rule_data.c: rules about changing and losing rows.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static WithClause *with_of(Node *stmt);
static void judge_change(WfRuleCall *call, Node *change);
static char *in_batches(WfRuleCall *call, WfRelation *table, RangeVar *name);
static bool names_one_row(WfRuleCall *call, WfRelation *table, Node *where);
static bool sets_column(Node *stmt, const char *name);
static char *truncate_by_name(WfRuleCall *call, TruncateStmt *stmt);
static List *add_table(List *tables, WfRelation *table);
static WfRelation *read_table(WfRuleCall *call, Node *query);
static bool takes_range_var(Node *node, void *context);

/* UPDATE and DELETE without WHERE, and MERGE; also of WITH, in whatever statement. */
void
wf_rule_unbatched_data_change(WfRuleCall *call)
{
	WithClause *with = with_of(call->statement);
	ListCell   *lc;

	judge_change(call, call->statement);
	foreach(lc, with ? with->ctes : NIL)
		judge_change(call, lfirst_node(CommonTableExpr, lc)->ctequery);
}

static WithClause *
with_of(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_SelectStmt:
			return ((SelectStmt *) stmt)->withClause;
		case T_InsertStmt:
			return ((InsertStmt *) stmt)->withClause;
		case T_UpdateStmt:
			return ((UpdateStmt *) stmt)->withClause;
		case T_DeleteStmt:
			return ((DeleteStmt *) stmt)->withClause;
		default:
			return NULL;
	}
}

static void
judge_change(WfRuleCall *call, Node *change)
{
	RangeVar   *name;
	Node	   *where = NULL;
	const char *command;
	WfRelation *table;
	WfFinding  *finding;

	if (IsA(change, UpdateStmt))
	{
		command = "UPDATE";
		name = ((UpdateStmt *) change)->relation;
		where = ((UpdateStmt *) change)->whereClause;
	}
	else if (IsA(change, DeleteStmt))
	{
		command = "DELETE";
		name = ((DeleteStmt *) change)->relation;
		where = ((DeleteStmt *) change)->whereClause;
	}
	else if (IsA(change, MergeStmt))
	{
		command = "MERGE";
		name = ((MergeStmt *) change)->relation;
	}
	else
		return;
	table = wf_rule_table_at_work(call, name);
	if (table == NULL || (where && names_one_row(call, table, where)))
		return;
	finding = wf_finding_add(call, where ?
							 "%s of \"%s\" locks the rows it changes until the transaction ends, and leaves as many dead ones" :
							 "%s changes all of \"%s\" (%s) at once: each row stays locked until the transaction ends, and leaves a dead one",
							 command, table->name, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	/* With a WHERE clause it may be few, and of an unknown table that is all. */
	if (where)
		finding->severity = Min(finding->severity, table->missing ? WF_SEVERITY_INFO : WF_SEVERITY_LOW);
	finding->lock = RowExclusiveLock;
	finding->scans = where == NULL;
	finding->hint = pstrdup("Change some thousand rows at a time, by ranges of the key, each in a transaction of its own.");
	if (change == call->statement && !IsA(change, MergeStmt))
		finding->safe_sql = in_batches(call, table, name);
}

/* Does the condition ask that a key of one column equals a constant? */
static bool
names_one_row(WfRuleCall *call, WfRelation *table, Node *where)
{
	A_Expr	   *equal = (A_Expr *) where;
	ListCell   *lc;
	Node	   *column;

	if (IsA(where, BoolExpr) && ((BoolExpr *) where)->boolop == AND_EXPR)
	{
		foreach(lc, ((BoolExpr *) where)->args)
		{
			if (names_one_row(call, table, lfirst(lc)))
				return true;
		}
		return false;
	}
	if (!IsA(where, A_Expr) || equal->kind != AEXPR_OP || strcmp(strVal(llast(equal->name)), "=") != 0 ||
		equal->lexpr == NULL || !IsA(equal->lexpr, ColumnRef) || !IsA(equal->rexpr, A_Const))
		return false;
	column = llast(((ColumnRef *) equal->lexpr)->fields);
	foreach(lc, IsA(column, String) ? call->catalog->indexes(call->catalog, table) : NIL)
	{
		WfIndex    *index = lfirst(lc);

		if (index->is_unique && index->is_valid && !index->is_partial && list_length(index->columns) == 1 &&
			linitial(index->columns) && strcmp(linitial(index->columns), strVal(column)) == 0)
			return true;
	}
	return false;
}

/*
 * The statement, a range of the primary key after another; NULL where there is
 * no whole number to go by, or something to return.
 */
static char *
in_batches(WfRuleCall *call, WfRelation *table, RangeVar *name)
{
	bool		returns = IsA(call->statement, UpdateStmt) ? wf_has_returning((UpdateStmt *) call->statement) :
	wf_has_returning((DeleteStmt *) call->statement);
	char	   *key = wf_rule_whole_number_key(call, table);
	char	   *text = wf_rule_statement_text(call);
	int			where;

	if (key == NULL || text == NULL || returns || sets_column(call->statement, key))
		return NULL;
	where = wf_ddl_source_find_clause(text, 0, strlen(text), "where");
	return wf_rule_batches(call, table, where < 0 ? text : wf_ddl_source_copy(text, 0, where),
						   name->alias ? name->alias->aliasname : name->relname,
						   where < 0 ? NULL : wf_ddl_source_copy(text, where + strlen("where"), strlen(text)));
}

static bool
sets_column(Node *stmt, const char *name)
{
	ListCell   *lc;

	foreach(lc, IsA(stmt, UpdateStmt) ? ((UpdateStmt *) stmt)->targetList : NIL)
	{
		if (strcmp(lfirst_node(ResTarget, lc)->name, name) == 0)
			return true;
	}
	return false;
}

/* TRUNCATE. */
void
wf_rule_truncate(WfRuleCall *call)
{
	TruncateStmt *stmt = (TruncateStmt *) call->statement;
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		WfRelation *table = wf_rule_table_at_work(call, lfirst(lc));
		WfFinding  *finding;

		if (table == NULL)
			continue;
		finding = wf_finding_add(call, "TRUNCATE takes %s out of \"%s\" for good, and waits for all queries on it",
								 wf_rule_size(call, table), table->name);
		wf_finding_on(call, finding, table);
		finding->severity = call->rule->severity;
		finding->lock = AccessExclusiveLock;
		finding->rewrites = true;
		finding->hint = pstrdup("If the rows must go, DELETE them in batches; else leave it out.");
		/* RESTART IDENTITY and CASCADE do what DELETE does not. */
		if (!stmt->restart_seqs && stmt->behavior != DROP_CASCADE)
			finding->safe_sql = wf_rule_batches(call, table, psprintf("DELETE FROM %s", finding->object), table->name, NULL);
	}
}

/* TRUNCATE ... CASCADE. */
void
wf_rule_truncate_cascade(WfRuleCall *call)
{
	TruncateStmt *stmt = (TruncateStmt *) call->statement;
	ListCell   *lc;

	if (stmt->behavior != DROP_CASCADE)
		return;
	foreach(lc, stmt->relations)
	{
		WfRelation *table = wf_rule_relation(call, lfirst(lc));
		WfFinding  *finding;

		if (table == NULL)
			continue;
		finding = wf_finding_add(call, "CASCADE empties every table with a foreign key to \"%s\" as well, however far", table->name);
		wf_finding_on(call, finding, table);
		finding->severity = call->rule->severity;
		finding->lock = AccessExclusiveLock;
		finding->rewrites = true;
		finding->hint = pstrdup("Name the tables that are to be emptied.");
		finding->safe_sql = truncate_by_name(call, stmt);
	}
}

/*
 * TRUNCATE that names what CASCADE takes along; NULL where a table is not known,
 * and for ONLY.
 */
static char *
truncate_by_name(WfRuleCall *call, TruncateStmt *stmt)
{
	List	   *tables = NIL;
	StringInfoData sql;
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		WfRelation *table = call->catalog->relation(call->catalog, lfirst(lc));

		if (table == NULL || !OidIsValid(table->relid) || !lfirst_node(RangeVar, lc)->inh)
			return NULL;
		tables = add_table(tables, table);
	}
	initStringInfo(&sql);
	appendStringInfoString(&sql, "TRUNCATE ");
	/* The list grows by those that refer to what it holds. */
	for (int i = 0; i < list_length(tables); i++)
	{
		WfRelation *table = list_nth(tables, i);

		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "", wf_ddl_quote_name(table->schema, table->name));
		foreach(lc, call->catalog->dependents(call->catalog, table, 0))
		{
			WfDependent *dependent = lfirst(lc);
			WfRelation *other;

			if (dependent->kind != WF_DEPENDENT_FOREIGN_KEY || dependent->name == NULL)
				continue;
			other = call->catalog->relation(call->catalog, makeRangeVar(dependent->schema, dependent->name, -1));
			if (other == NULL || !OidIsValid(other->relid))
				return NULL;
			tables = add_table(tables, other);
		}
	}
	appendStringInfo(&sql, "%s;", stmt->restart_seqs ? " RESTART IDENTITY" : "");
	return sql.data;
}

/* Adds a table that the list does not have. */
static List *
add_table(List *tables, WfRelation *table)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		if (((WfRelation *) lfirst(lc))->relid == table->relid)
			return tables;
	}
	return lappend(tables, table);
}

/* CREATE TABLE AS, SELECT INTO and INSERT ... SELECT from a table. */
void
wf_rule_create_table_as(WfRuleCall *call)
{
	Node	   *query = call->statement;
	WfRelation *table;
	WfFinding  *finding;

	if (IsA(query, CreateTableAsStmt))
		query = ((CreateTableAsStmt *) query)->query;
	else if (IsA(query, InsertStmt))
		query = ((InsertStmt *) query)->selectStmt;
	else if (((SelectStmt *) query)->intoClause == NULL)
		return;
	table = read_table(call, query);
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "copying %s of \"%s\" in one statement is one long transaction, which keeps vacuum from its work",
							 wf_rule_size(call, table), table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessShareLock;
	finding->scans = true;
	finding->hint = pstrdup("Copy in batches, by ranges of the key.");
}

/* What the walk over FROM looks for. */
typedef struct TableSearch
{
	WfRuleCall *call;
	WfRelation *table;
} TableSearch;

/* The first filled table that a query reads; NULL where there is none. */
static WfRelation *
read_table(WfRuleCall *call, Node *query)
{
	TableSearch search = {.call = call};
	ListCell   *lc;

	/* CREATE TABLE AS that was analyzed already is no raw query any more. */
	if (query == NULL || !IsA(query, SelectStmt))
		return NULL;
	foreach(lc, ((SelectStmt *) query)->fromClause)
	{
		if (wf_ddl_walk(lfirst(lc), takes_range_var, &search))
			break;
	}
	return search.table;
}

static bool
takes_range_var(Node *node, void *context)
{
	TableSearch *search = context;

	if (IsA(node, RangeVar))
		search->table = wf_rule_table_at_work(search->call, (RangeVar *) node);
	return search->table != NULL;
}
