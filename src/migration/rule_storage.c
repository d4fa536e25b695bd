/*
 * rule_storage.c: rules about storage, whole-table rewrites and partitions.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static bool has_rows(const WfRelation *relation);
static WfFinding *report_rewrite(WfRuleCall *call, WfRelation *table, const char *command);
static void set_index_tablespace(WfRuleCall *call, WfRelation *index);
static bool can_refresh_concurrently(WfRuleCall *call, WfRelation *matview);

/* Has the relation rows of its own, or is not known to have none? */
static bool
has_rows(const WfRelation *relation)
{
	return relation->kind == RELKIND_RELATION || relation->kind == RELKIND_MATVIEW;
}

static WfFinding *
report_rewrite(WfRuleCall *call, WfRelation *table, const char *command)
{
	WfFinding  *finding = wf_finding_add(call, "%s writes \"%s\" anew (%s) while nobody can read or write it",
										 command, table->name, wf_rule_size(call, table));

	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	finding->rewrites = true;
	finding->scans = true;
	return finding;
}

/* SET LOGGED and SET UNLOGGED, when it changes. */
void
wf_rule_set_persistence(WfRuleCall *call)
{
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);
	bool		unlogged = call->command->subtype == AT_SetUnLogged;
	WfFinding  *finding;

	if (table == NULL || !has_rows(table) || (!table->missing && table->persistence == (unlogged ? 'u' : 'p')))
		return;
	finding = report_rewrite(call, table, unlogged ? "SET UNLOGGED" : "SET LOGGED");
	finding->hint = pstrdup(unlogged ? "PostgreSQL has no way without the rewrite. An unlogged table is emptied by a crash and absent on standbys; make a new one for data that may be lost." :
							"PostgreSQL has no way without the rewrite: make a new logged table, copy the rows in batches and swap the tables.");
}

void
wf_rule_set_access_method(WfRuleCall *call)
{
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);

	if (table && !has_rows(table))
		return;

	/*
	 * The one that it has already changes nothing; no name means that of new
	 * tables.
	 */
	if (table && table->access_method &&
		(call->command->name ? strcmp(table->access_method, call->command->name) == 0 : table->has_default_method))
		return;
	if (table)
		report_rewrite(call, table, "SET ACCESS METHOD")->hint =
			pstrdup("PostgreSQL has no way without the rewrite: make a new table with the access method, copy the rows in batches and swap the tables.");
}

/* SET TABLESPACE and ALTER TABLE ALL IN TABLESPACE. */
void
wf_rule_set_tablespace(WfRuleCall *call)
{
	WfRelation *table;
	WfFinding  *finding;

	if (IsA(call->statement, AlterTableMoveAllStmt))
	{
		finding = wf_finding_add(call, "all relations of a tablespace are copied, each while nobody can read or write it");
		finding->lock = AccessExclusiveLock;
		finding->rewrites = true;
		return;
	}
	if (call->command->subtype != AT_SetTableSpace)
		return;
	table = wf_rule_altered_table(call);
	if (table && table->kind == RELKIND_INDEX)
	{
		set_index_tablespace(call, table);
		return;
	}
	if (table == NULL || !has_rows(table) || !wf_rule_is_populated(call, table))
		return;
	finding = report_rewrite(call, table, "SET TABLESPACE");
	finding->hint = pstrdup("Indexes can move by REINDEX (TABLESPACE name, CONCURRENTLY); for a table use pg_repack.");
}

/* Of an index, which the server can also build anew in the other place. */
static void
set_index_tablespace(WfRuleCall *call, WfRelation *index)
{
	WfRelation *table = call->catalog->index_table(call->catalog, index);
	WfFinding  *finding;

	if (table ? wf_ddl_is_private(table) || !wf_rule_is_populated(call, table) : !index->missing)
		return;
	if (table)
		finding = wf_finding_add(call, "SET TABLESPACE copies index \"%s\" of \"%s\" (%s) while nobody can read or write the table",
								 index->name, table->name, wf_rule_size(call, table));
	else
		finding = wf_finding_add(call, "SET TABLESPACE copies index \"%s\" while nobody can read or write its table", index->name);
	wf_finding_on(call, finding, table ? table : index);
	finding->object = wf_ddl_quote_name(index->schema, index->name);
	finding->lock = AccessExclusiveLock;
	finding->rewrites = true;
	finding->hint = pstrdup("REINDEX builds it anew in the other tablespace while all go on.");
	if (call->catalog->server_version >= 14)
		finding->safe_sql = psprintf("REINDEX (TABLESPACE %s) INDEX CONCURRENTLY %s;",
									 quote_identifier(call->command->name), finding->object);
}

/* SET EXPRESSION of a stored generated column. */
void
wf_rule_set_expression(WfRuleCall *call)
{
	WfRelation *table = wf_rule_table_at_work(call, ((AlterTableStmt *) call->statement)->relation);

	WfColumn   *column = table ? call->catalog->column(call->catalog, table, call->command->name) : NULL;

	/* A virtual one is computed when it is read. */
	if (table && !(column && column->generated == 'v'))
		report_rewrite(call, table, "SET EXPRESSION")->hint =
			pstrdup("Add a new column with the new expression, and let the code change over.");
}

/* CLUSTER and VACUUM FULL. */
void
wf_rule_cluster_or_vacuum_full(WfRuleCall *call)
{
	bool		is_cluster = IsA(call->statement, ClusterStmt);
	const char *command = is_cluster ? "CLUSTER" : "VACUUM FULL";
	const char *hint = is_cluster ? "Use pg_repack: the server itself orders rows under this lock only." :
	"VACUUM frees the space for new rows, and REINDEX CONCURRENTLY that of the indexes; to give it back to the disk use pg_repack.";
	List	   *names = NIL;
	WfFinding  *finding;
	ListCell   *lc;

	if (is_cluster)
	{
		if (((ClusterStmt *) call->statement)->relation)
			names = list_make1(((ClusterStmt *) call->statement)->relation);
	}
	else
	{
		VacuumStmt *stmt = (VacuumStmt *) call->statement;

		if (!stmt->is_vacuumcmd || !wf_ddl_option_is_on(stmt->options, "full"))
			return;
		foreach(lc, stmt->rels)
			names = lappend(names, lfirst_node(VacuumRelation, lc)->relation);
	}
	if (names == NIL)
	{
		finding = wf_finding_add(call, "%s without a name writes every table anew, each while nobody can read or write it", command);
		finding->lock = AccessExclusiveLock;
		finding->rewrites = finding->scans = true;
		finding->hint = pstrdup(hint);
		return;
	}
	foreach(lc, names)
	{
		WfRelation *table = wf_rule_table_at_work(call, lfirst(lc));

		if (table == NULL)
			continue;
		finding = report_rewrite(call, table, command);
		finding->hint = pstrdup(hint);
		/* Nothing that the server has puts rows in order while others write. */
		if (is_cluster || call->catalog->server_version < 12)
			continue;
		finding->command = foreach_current_index(lc);
		finding->safe_sql = psprintf("VACUUM %s%s;\nREINDEX TABLE CONCURRENTLY %s;",
									 wf_ddl_option_is_on(((VacuumStmt *) call->statement)->options, "analyze") ? "ANALYZE " : "",
									 finding->object, finding->object);
	}
}

/* REFRESH MATERIALIZED VIEW without CONCURRENTLY. */
void
wf_rule_refresh_matview(WfRuleCall *call)
{
	RefreshMatViewStmt *stmt = (RefreshMatViewStmt *) call->statement;
	WfRelation *matview;
	WfFinding  *finding;

	if (stmt->concurrent)
		return;
	matview = wf_rule_relation(call, stmt->relation);
	/* What was never filled, nobody reads. */
	if (matview == NULL || matview->is_unread)
		return;
	finding = wf_finding_add(call, stmt->skipData ? "REFRESH ... WITH NO DATA leaves \"%s\" unreadable" :
							 "REFRESH stops all reads of \"%s\" while its query runs", matview->name);
	wf_finding_on(call, finding, matview);
	finding->lock = AccessExclusiveLock;
	finding->rewrites = true;
	if (stmt->skipData)
		return;
	if (can_refresh_concurrently(call, matview))
	{
		finding->hint = pstrdup("Use CONCURRENTLY; the view needs a unique index on plain columns without WHERE.");
		finding->safe_sql = psprintf("REFRESH MATERIALIZED VIEW CONCURRENTLY %s;", finding->object);
	}
	else
		finding->hint = pstrdup("Give the view a unique index on plain columns without WHERE, built CONCURRENTLY; then REFRESH MATERIALIZED VIEW CONCURRENTLY lets reads go on.");
}

/* Has it the index that the server asks for?  What is not known may have. */
static bool
can_refresh_concurrently(WfRuleCall *call, WfRelation *matview)
{
	ListCell   *lc;

	if (matview->missing)
		return true;
	foreach(lc, call->catalog->indexes(call->catalog, matview))
	{
		WfIndex    *index = lfirst(lc);

		if (index->is_unique && index->is_valid && !index->is_partial && !list_member_ptr(index->columns, NULL))
			return true;
	}
	return false;
}
