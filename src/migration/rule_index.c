/*
 * rule_index.c: rules about building, dropping and rebuilding indexes.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* Partitions that a safe_sql still names one by one. */
#define PARTITIONS_WRITTEN	200

static char *index_by_partition(WfRuleCall *call, IndexStmt *stmt, WfRelation *parent);
static char *first_column(IndexStmt *stmt);
static char *concurrent_create(WfRuleCall *call, IndexStmt *stmt, WfRelation *table);
static bool has_index(WfRuleCall *call, WfRelation *table, const char *name);
static bool is_over(WfIndex *index, List *elements);

/* CREATE INDEX without CONCURRENTLY on a table that may hold rows. */
void
wf_rule_index_not_concurrent(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfRelation *table;
	WfFinding  *finding;

	if (stmt->concurrent)
		return;
	table = wf_rule_relation(call, stmt->relation);
	if (table == NULL)
		return;
	/* ON ONLY makes an invalid index on the parent, and builds nothing. */
	if (!stmt->relation->inh && (table->missing || table->kind == RELKIND_PARTITIONED_TABLE))
		return;
	if (!wf_rule_is_populated(call, table))
		return;
	if (stmt->if_not_exists && stmt->idxname && has_index(call, table, stmt->idxname))
	{
		finding = wf_finding_add(call, "index \"%s\" is there already: nothing is built, but writes to \"%s\" wait for a moment all the same",
								 stmt->idxname, table->name);
		wf_finding_on(call, finding, table);
		finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
		finding->lock = ShareLock;
		return;
	}

	finding = wf_finding_add(call, "CREATE INDEX stops all writes to \"%s\" while it reads %s",
							 table->name, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->lock = ShareLock;
	finding->scans = true;
	if (table->kind == RELKIND_PARTITIONED_TABLE)
	{
		finding->hint = pstrdup("CONCURRENTLY does not work on a partitioned table: make the index ON ONLY the parent, "
								"build one CONCURRENTLY on each partition and attach it with ALTER INDEX ... ATTACH PARTITION.");
		finding->safe_sql = index_by_partition(call, stmt, table);
	}
	else
	{
		finding->hint = pstrdup("Build it with CREATE INDEX CONCURRENTLY, outside of a transaction block.");
		finding->safe_sql = concurrent_create(call, stmt, table);
	}
}

/* Has the table an index of this name? */
static bool
has_index(WfRuleCall *call, WfRelation *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);

		if (index->name && strcmp(index->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * The same statement with CONCURRENTLY.  The source text is kept as it is but
 * for that word; without one, only an index on plain columns is written.
 */
static char *
concurrent_create(WfRuleCall *call, IndexStmt *stmt, WfRelation *table)
{
	int			end = wf_rule_source_end(call);
	int			place = end > 0 ?
	wf_ddl_source_find_word(call->source, call->location, end, "INDEX") : -1;

	if (place >= 0)
	{
		char	   *before = wf_ddl_source_copy(call->source, call->location, place);
		char	   *after = wf_ddl_source_copy(call->source, place + strlen("INDEX"), end);
		bool		lower = call->source[place] == 'i';

		return psprintf("%s %s %s;", before,
						lower ? "index concurrently" : "INDEX CONCURRENTLY", after);
	}
	return wf_ddl_concurrent_index(stmt, wf_ddl_quote_name(table->schema, table->name));
}

/*
 * An index of a partitioned table, partition by partition.  NULL without a
 * source, and where the partitions are partitioned themselves, are not known
 * or too many to write down.
 */
static char *
index_by_partition(WfRuleCall *call, IndexStmt *stmt, WfRelation *parent)
{
	int			end = wf_rule_source_end(call);
	int			rest = stmt->relation->location;
	const char *unique = stmt->unique ? "UNIQUE " : "";
	char	   *name = stmt->idxname;
	List	   *partitions;
	StringInfoData sql;
	ListCell   *lc;

	if (end == 0 || rest < 0)
		return NULL;
	partitions = call->catalog->partitions(call->catalog, parent);
	if (partitions == NIL || list_length(partitions) > PARTITIONS_WRITTEN)
		return NULL;
	do
	{
		rest = wf_ddl_source_skip_token(call->source, wf_ddl_source_skip_space(call->source, rest, end), end);
		rest = wf_ddl_source_skip_space(call->source, rest, end);
	} while (rest < end && call->source[rest] == '.' && rest++);
	if (name == NULL)
		name = wf_rule_free_name(call, parent, first_column(stmt), "idx");
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sINDEX %s ON ONLY %s %s;", unique, quote_identifier(name),
					 wf_ddl_quote_name(parent->schema, parent->name), wf_ddl_source_copy(call->source, rest, end));
	foreach(lc, partitions)
	{
		RangeVar   *partition = lfirst(lc);
		WfRelation	place = {.schema = partition->schemaname, .name = partition->relname};
		char	   *part = wf_rule_free_name(call, &place, first_column(stmt), "idx");

		appendStringInfo(&sql, "\nCREATE %sINDEX CONCURRENTLY %s ON %s %s;\nALTER INDEX %s ATTACH PARTITION %s;",
						 unique, quote_identifier(part), wf_ddl_quote_name(partition->schemaname, partition->relname),
						 wf_ddl_source_copy(call->source, rest, end),
						 wf_ddl_quote_name(parent->schema, name), wf_ddl_quote_name(partition->schemaname, part));
	}
	return sql.data;
}

/* For the name of an index; NULL where it begins with an expression. */
static char *
first_column(IndexStmt *stmt)
{
	return linitial_node(IndexElem, stmt->indexParams)->name;
}

/* DROP INDEX without CONCURRENTLY. */
void
wf_rule_drop_index_not_concurrent(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_INDEX || stmt->concurrent)
		return;
	foreach(lc, stmt->objects)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(lfirst(lc));
		WfRelation *index = name ? wf_rule_relation(call, name) : NULL;
		WfRelation *table;
		WfFinding  *finding;

		if (index == NULL)
			continue;
		table = index->missing ? NULL : call->catalog->index_table(call->catalog, index);
		if (table && (wf_ddl_is_private(table) || !wf_rule_is_populated(call, table)))
			continue;
		finding = wf_finding_add(call, "DROP INDEX waits for all queries on the table of \"%s\", and new ones wait behind it",
								 index->name);
		finding->object = wf_ddl_quote_name(index->schema, index->name);
		finding->relation = index;
		finding->lock = AccessExclusiveLock;
		if (table && wf_rule_is_small(call, table))
			wf_finding_lower(finding);
		if (index->kind == RELKIND_PARTITIONED_INDEX)
			finding->hint = pstrdup("CONCURRENTLY does not work on the index of a partitioned table; set lock_timeout and try again until it succeeds.");
		else
		{
			finding->hint = pstrdup("Use DROP INDEX CONCURRENTLY, one index a statement, outside of a transaction block.");
			finding->safe_sql = psprintf("DROP INDEX CONCURRENTLY %s%s;",
										 stmt->missing_ok ? "IF EXISTS " : "", finding->object);
		}
	}
}

/* REINDEX without CONCURRENTLY. */
void
wf_rule_reindex_not_concurrent(WfRuleCall *call)
{
	ReindexStmt *stmt = (ReindexStmt *) call->statement;
	WfRelation *relation = NULL;
	WfRelation *table = NULL;
	WfFinding  *finding;
	const char *what;

	if (wf_ddl_option_is_on(stmt->params, "concurrently") || stmt->kind == REINDEX_OBJECT_SYSTEM)
		return;
	what = stmt->kind == REINDEX_OBJECT_INDEX ? "INDEX" :
		stmt->kind == REINDEX_OBJECT_TABLE ? "TABLE" :
		stmt->kind == REINDEX_OBJECT_SCHEMA ? "SCHEMA" : "DATABASE";
	if (stmt->relation)
	{
		relation = wf_rule_relation(call, stmt->relation);
		if (relation == NULL)
			return;
		table = stmt->kind == REINDEX_OBJECT_INDEX && !relation->missing ?
			call->catalog->index_table(call->catalog, relation) : relation;
		if (table && !wf_rule_is_populated(call, table))
			return;
	}
	finding = wf_finding_add(call, "REINDEX %s stops all writes, and most reads, while it rebuilds %s", what,
							 relation ? psprintf("\"%s\"", relation->name) :
							 stmt->name ? psprintf("\"%s\"", stmt->name) : "all indexes");
	if (relation)
	{
		/* It is the table's size that counts. */
		wf_finding_on(call, finding, table ? table : relation);
		finding->object = wf_ddl_quote_name(relation->schema, relation->name);
	}
	else if (stmt->name)
		finding->object = wf_ddl_quote_name(NULL, stmt->name);
	finding->lock = stmt->kind == REINDEX_OBJECT_INDEX ? AccessExclusiveLock : ShareLock;
	finding->scans = true;
	if (call->catalog->server_version < 12)
	{
		finding->hint = pstrdup("Build a second index with CREATE INDEX CONCURRENTLY, then drop the old one.");
		return;
	}
	finding->hint = pstrdup("Use REINDEX ... CONCURRENTLY, outside of a transaction block.");
	if (finding->object)
		finding->safe_sql = psprintf("REINDEX %s CONCURRENTLY %s;", what, finding->object);
}

/* Commands that refuse to run inside a transaction block. */
void
wf_rule_concurrent_in_transaction(WfRuleCall *call)
{
	const char *command = wf_ddl_outside_transactions(call->statement);
	WfFinding  *finding;

	if (command == NULL || !call->session->in_transaction)
		return;
	finding = wf_finding_add(call, "%s can't run inside a transaction block", command);
	finding->hint = pstrdup("Put it into a migration of its own that runs without a transaction.");
	finding->safe_sql = wf_rule_outside_transaction(call);
	wf_finding_note_text(finding, "sqlstate", "25001");
}

/* CONCURRENTLY on a partitioned table or its index: the server refuses. */
void
wf_rule_concurrent_on_partitioned(WfRuleCall *call)
{
	WfFinding  *finding;

	if (IsA(call->statement, IndexStmt))
	{
		IndexStmt  *stmt = (IndexStmt *) call->statement;
		WfRelation *table;

		if (!stmt->concurrent || stmt->relation == NULL)
			return;
		table = call->catalog->relation(call->catalog, stmt->relation);
		if (table == NULL || table->kind != RELKIND_PARTITIONED_TABLE)
			return;
		finding = wf_finding_add(call, "CREATE INDEX CONCURRENTLY fails on \"%s\", which is partitioned", table->name);
		wf_finding_on(call, finding, table);
		finding->severity = call->rule->severity;
		finding->hint = pstrdup("Make the index ON ONLY the parent, build one CONCURRENTLY on each partition and attach it with ALTER INDEX ... ATTACH PARTITION.");
		finding->safe_sql = index_by_partition(call, stmt, table);
	}
	else if (((DropStmt *) call->statement)->concurrent)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(linitial(((DropStmt *) call->statement)->objects));
		WfRelation *index = name ? call->catalog->relation(call->catalog, name) : NULL;

		if (index == NULL || index->kind != RELKIND_PARTITIONED_INDEX)
			return;
		finding = wf_finding_add(call, "DROP INDEX CONCURRENTLY fails on \"%s\", which belongs to a partitioned table", index->name);
		finding->object = wf_ddl_quote_name(index->schema, index->name);
		finding->hint = pstrdup("Use DROP INDEX with a lock_timeout, and try again until it succeeds.");
		finding->safe_sql = psprintf("SET lock_timeout = '2s';\nDROP INDEX %s;", finding->object);
	}
}

/* An index over more than three columns serves few queries. */
void
wf_rule_wide_index(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->unique || stmt->relation == NULL || list_length(stmt->indexParams) <= 3)
		return;
	finding = wf_finding_add(call, "an index over %d columns is large, and rarely more useful than one over its first columns",
							 list_length(stmt->indexParams));
	finding->object = wf_rule_relation_name(call, stmt->relation);
	wf_finding_note_number(finding, "columns", list_length(stmt->indexParams));
}

/* Builds on 14.0 to 14.3 may leave rows out of the index. */
void
wf_rule_index_build_corruption(WfRuleCall *call)
{
	WfFinding  *finding;

	if (call->catalog->server_version != 14)
		return;
	if (IsA(call->statement, IndexStmt) ? !((IndexStmt *) call->statement)->concurrent :
		!wf_ddl_option_is_on(((ReindexStmt *) call->statement)->params, "concurrently"))
		return;
	finding = wf_finding_add(call, "PostgreSQL 14.0 to 14.3 may leave rows out of an index that is built CONCURRENTLY");
	finding->hint = pstrdup("Update to 14.4 or later first, and check older indexes with amcheck.");
}

/* The same columns are indexed already. */
void
wf_rule_duplicate_index(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfRelation *table;
	ListCell   *lc;

	if (stmt->relation == NULL || stmt->unique || stmt->whereClause ||
		(stmt->accessMethod && strcmp(stmt->accessMethod, "btree") != 0))
		return;
	table = call->catalog->relation(call->catalog, stmt->relation);
	if (table == NULL)
		return;
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);
		WfFinding  *finding;

		if (!index->is_valid || index->is_partial || index->name == NULL ||
			(stmt->idxname && strcmp(index->name, stmt->idxname) == 0) ||
			!is_over(index, stmt->indexParams))
			continue;
		finding = wf_finding_add(call, "index \"%s\" of \"%s\" is over the same columns already", index->name, table->name);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		wf_finding_note_text(finding, "index", index->name);
		finding->hint = pstrdup("Leave the new index out: each index slows down every write.");
		return;
	}
}

/* Is the index over just these plain columns? */
static bool
is_over(WfIndex *index, List *elements)
{
	if (list_length(index->columns) != list_length(elements))
		return false;
	for (int i = 0; i < list_length(elements); i++)
	{
		IndexElem  *element = list_nth_node(IndexElem, elements, i);
		char	   *column = list_nth(index->columns, i);

		if (element->name == NULL || column == NULL || strcmp(element->name, column) != 0 ||
			element->opclass != NIL || element->collation != NIL)
			return false;
	}
	return true;
}

/* IF NOT EXISTS meets an index that a failed build left behind. */
void
wf_rule_invalid_index_left(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfRelation *table;
	ListCell   *lc;

	if (!stmt->if_not_exists || stmt->idxname == NULL || stmt->relation == NULL)
		return;
	table = call->catalog->relation(call->catalog, stmt->relation);
	if (table == NULL)
		return;
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);
		WfFinding  *finding;

		if (index->is_valid || index->name == NULL || strcmp(index->name, stmt->idxname) != 0)
			continue;
		finding = wf_finding_add(call, "index \"%s\" is there, but invalid: IF NOT EXISTS keeps it as it is", index->name);
		finding->object = wf_ddl_quote_name(table->schema, index->name);
		finding->hint = pstrdup("A failed CONCURRENTLY build left it behind; drop it first.");
		finding->safe_sql = psprintf("DROP INDEX CONCURRENTLY %s;", finding->object);
	}
}
