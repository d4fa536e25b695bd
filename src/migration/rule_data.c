/*
 * rule_data.c: rules about changing and losing rows.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "common/list.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "ddl/walk.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static bool refer_to_each_other(WfRuleCall *call, TruncateStmt *stmt);
static Node *explained(WfRuleCall *call);
static void judge_change(WfRuleCall *call, Node *change);
static char *in_batches(WfRuleCall *call, WfRelation *table, RangeVar *name);
static bool reads_itself(Node *stmt, RangeVar *name);
static bool is_another(Node *node, void *context);
static bool sets_column(Node *stmt, const char *name);
static char *truncate_by_name(WfRuleCall *call, TruncateStmt *stmt);
static List *other_tables(WfRuleCall *call, TruncateStmt *stmt, WfRelation *table);
static List *all_emptied(WfRuleCall *call, List *tables);
static List *add_table(List *tables, WfRelation *table);
static WfRelation *read_table(WfRuleCall *call, Node *query);
static bool takes_range_var(Node *node, void *context);

/* UPDATE and DELETE without WHERE, and MERGE; also of WITH, in whatever statement. */
void
wf_rule_unbatched_data_change(WfRuleCall *call)
{
	Node	   *stmt = IsA(call->statement, ExplainStmt) ? explained(call) : call->statement;
	WithClause *with = wf_rule_with(stmt);
	ListCell   *lc;

	judge_change(call, stmt);
	foreach(lc, with ? with->ctes : NIL)
		judge_change(call, lfirst_node(CommonTableExpr, lc)->ctequery);
}

/* What EXPLAIN runs, where it does; else itself. */
static Node *
explained(WfRuleCall *call)
{
	ExplainStmt *stmt = (ExplainStmt *) call->statement;

	return wf_ddl_option_is_on(stmt->options, "analyze") ? stmt->query : call->statement;
}

/* The WITH of a statement on rows; NULL: it has none. */
WithClause *
wf_rule_with(Node *stmt)
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
		case T_MergeStmt:
			return ((MergeStmt *) stmt)->withClause;
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
	if (table == NULL || (where && wf_rule_names_few_rows(call, table, name, where)))
		return;
	/* WHERE true is none. */
	if (where && wf_rule_is_constant(where, true))
		where = NULL;
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

	if (key == NULL || text == NULL || returns || sets_column(call->statement, key) || reads_itself(call->statement, name))
		return NULL;
	where = wf_ddl_source_find_clause(text, 0, strlen(text), "where");
	return wf_rule_batches(call, table, where < 0 ? text : wf_ddl_source_copy(text, 0, where),
						   wf_rule_called(name),
						   where < 0 ? NULL : wf_ddl_source_copy(text, where + strlen("where"), strlen(text)));
}

/* Does the statement look at the table besides?  Then each batch would see what those before it have changed. */
static bool
reads_itself(Node *stmt, RangeVar *name)
{
	return wf_ddl_walk(stmt, is_another, name);
}

static bool
is_another(Node *node, void *context)
{
	return IsA(node, RangeVar) && node != context && strcmp(((RangeVar *) node)->relname, ((RangeVar *) context)->relname) == 0;
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
		if (stmt->restart_seqs || stmt->behavior == DROP_CASCADE || refer_to_each_other(call, stmt))
			continue;
		finding->command = foreach_current_index(lc);
		finding->safe_sql = wf_rule_batches(call, table, psprintf("DELETE FROM %s%s", lfirst_node(RangeVar, lc)->inh ? "" : "ONLY ",
																  finding->object), table->name, NULL);
	}
}

/* Do foreign keys between the tables of TRUNCATE say which is to be emptied first? */
static bool
refer_to_each_other(WfRuleCall *call, TruncateStmt *stmt)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, list_length(stmt->relations) > 1 ? stmt->relations : NIL)
	{
		WfRelation *table = call->catalog->relation(call->catalog, lfirst(lc));

		foreach(lc2, table && !table->missing ? call->catalog->dependents(call->catalog, table, 0) : NIL)
		{
			if (((WfDependent *) lfirst(lc2))->kind == WF_DEPENDENT_FOREIGN_KEY)
				return true;
		}
	}
	return false;
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
		List	   *others;

		if (table == NULL)
			continue;
		others = other_tables(call, stmt, table);
		if (others)
			finding = wf_finding_add(call, "CASCADE empties %s as well, by foreign keys to \"%s\"%s", (char *) linitial(others),
									 table->name,
									 list_length(others) > 1 ? psprintf(", and %d more", list_length(others) - 1) : "");
		else if (OidIsValid(table->relid) && wf_rule_knows_all(call))
			finding = wf_finding_add(call, "no foreign key refers to \"%s\" here; CASCADE empties unseen whatever does when this is run",
									 table->name);
		else
			finding = wf_finding_add(call, "CASCADE empties every table with a foreign key to \"%s\" as well, however far", table->name);
		wf_finding_on(call, finding, table);
		finding->severity = call->rule->severity;
		if (others)
			wf_finding_note_list(finding, "tables", others);
		else if (OidIsValid(table->relid) && wf_rule_knows_all(call))
			finding->severity = WF_SEVERITY_LOW;
		finding->lock = AccessExclusiveLock;
		finding->rewrites = true;
		finding->hint = pstrdup("Name the tables that are to be emptied.");
		finding->safe_sql = truncate_by_name(call, stmt);
	}
}

/*
 * The tables that CASCADE takes along from this one, by name; NIL also where
 * one is not known.
 */
static List *
other_tables(WfRuleCall *call, TruncateStmt *stmt, WfRelation *table)
{
	List	   *named = NIL;
	List	   *tables = table && OidIsValid(table->relid) ? all_emptied(call, list_make1(table)) : NIL;
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, stmt->relations)
	{
		WfRelation *relation = call->catalog->relation(call->catalog, lfirst(lc));

		if (relation)
			named = lappend(named, relation);
	}
	foreach(lc, tables)
	{
		WfRelation *other = lfirst(lc);
		List	   *both = list_copy(named);

		if (list_length(add_table(both, other)) > list_length(named))
			others = lappend(others, wf_ddl_quote_name(other->schema, other->name));
	}
	return others;
}

/* The tables and, as far as that is known, those that refer to them, however far; NIL: not known. */
static List *
all_emptied(WfRuleCall *call, List *tables)
{
	ListCell   *lc;

	/* The list grows by those that refer to what it holds. */
	for (int i = 0; i < list_length(tables); i++)
	{
		foreach(lc, call->catalog->dependents(call->catalog, list_nth(tables, i), 0))
		{
			WfDependent *dependent = lfirst(lc);
			WfRelation *other;

			if (dependent->kind != WF_DEPENDENT_FOREIGN_KEY || dependent->name == NULL)
				continue;
			other = call->catalog->relation(call->catalog, makeRangeVar(dependent->schema, dependent->name, -1));
			if (other == NULL || !OidIsValid(other->relid))
				return NIL;
			tables = add_table(tables, other);
		}
	}
	return tables;
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
	tables = all_emptied(call, tables);
	if (tables == NIL)
		return NULL;
	initStringInfo(&sql);
	foreach(lc, tables)
	{
		WfRelation *table = lfirst(lc);

		appendStringInfo(&sql, "%s%s", lc == list_head(tables) ? "TRUNCATE " : ", ", wf_ddl_quote_name(table->schema, table->name));
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

	if (IsA(query, CreateTableAsStmt) && ((CreateTableAsStmt *) query)->into->skipData)
		return;
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
	List	   *hidden;			/* of char *: names of WITH queries */
	WfRelation *table;
} TableSearch;

/* The first filled table that a query reads; NULL where there is none. */
static WfRelation *
read_table(WfRuleCall *call, Node *query)
{
	SelectStmt *select = (SelectStmt *) query;
	TableSearch search = {.call = call};
	ListCell   *lc;

	check_stack_depth();
	/* CREATE TABLE AS that was analyzed already is no raw query any more. */
	if (query == NULL || !IsA(query, SelectStmt) || wf_rule_has_limit(select))
		return NULL;
	if (select->larg)
	{
		WfRelation *left = read_table(call, (Node *) select->larg);

		return left ? left : read_table(call, (Node *) select->rarg);
	}
	foreach(lc, select->withClause ? select->withClause->ctes : NIL)
	{
		WfRelation *table = read_table(call, lfirst_node(CommonTableExpr, lc)->ctequery);

		if (table)
			return table;
		search.hidden = lappend(search.hidden, lfirst_node(CommonTableExpr, lc)->ctename);
	}
	foreach(lc, select->fromClause)
	{
		if (wf_ddl_walk(lfirst(lc), takes_range_var, &search))
			break;
	}
	if (search.table && select->whereClause && list_length(select->fromClause) == 1 &&
		wf_rule_names_few_rows(call, search.table, IsA(linitial(select->fromClause), RangeVar) ? linitial(select->fromClause) : NULL,
							   select->whereClause))
		return NULL;
	return search.table;
}

static bool
takes_range_var(Node *node, void *context)
{
	TableSearch *search = context;

	if (IsA(node, RangeVar) &&
		(((RangeVar *) node)->schemaname || !wf_common_list_has(search->hidden, ((RangeVar *) node)->relname)))
		search->table = wf_rule_table_at_work(search->call, (RangeVar *) node);
	return search->table != NULL;
}
