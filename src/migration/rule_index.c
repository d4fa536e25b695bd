/*
 * rule_index.c: rules about building, dropping and rebuilding indexes.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *index_by_partition(WfRuleCall *call, IndexStmt *stmt, WfRelation *parent);
static char *concurrent_create(WfRuleCall *call, IndexStmt *stmt, WfRelation *table);
static bool is_taken(WfRuleCall *call, WfRelation *table, const char *name);
static void report_nothing_built(WfRuleCall *call, WfRelation *table, const char *why);
static bool have_partitions_index(WfRuleCall *call, WfRelation *table, IndexStmt *stmt);
static bool is_plain(IndexElem *element);
static void report_dropped_index(WfRuleCall *call, WfRelation *index, int place);
static char *reindex_concurrently(WfRuleCall *call, ReindexStmt *stmt, WfRelation *relation, WfRelation *table, const char *object);
static bool is_exclusion(WfRuleCall *call, WfRelation *table, const char *name);
static char *object_outside(WfRuleCall *call);
static const char *outside_by_catalog(WfRuleCall *call);
static void report_detach_with_default(WfRuleCall *call);
static bool is_btree(const char *method);
static bool is_same(WfIndex *index, IndexStmt *stmt);
static char *named_index(WfRuleCall *call, RangeVar **table);

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
	if (stmt->if_not_exists && stmt->idxname && is_taken(call, table, stmt->idxname))
	{
		report_nothing_built(call, table, psprintf("\"%s\" is there already", stmt->idxname));
		return;
	}
	if (table->kind == RELKIND_PARTITIONED_TABLE && have_partitions_index(call, table, stmt))
	{
		report_nothing_built(call, table, "each partition has such an index, which is attached");
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

/* Has the table's schema a relation of this name? */
static bool
is_taken(WfRuleCall *call, WfRelation *table, const char *name)
{
	WfRelation *relation = call->catalog->relation(call->catalog, makeRangeVar(table->schema, pstrdup(name), -1));

	return relation && !relation->missing;
}

static void
report_nothing_built(WfRuleCall *call, WfRelation *table, const char *why)
{
	WfFinding  *finding = wf_finding_add(call, "%s: nothing is built, but writes to \"%s\" wait for a moment all the same",
										 why, table->name);

	wf_finding_on(call, finding, table);
	finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
	finding->lock = ShareLock;
}

/* Has each partition an index of this shape, which CREATE INDEX takes over? */
static bool
have_partitions_index(WfRuleCall *call, WfRelation *table, IndexStmt *stmt)
{
	WfIndex		wanted = {.is_unique = stmt->unique, .method = stmt->accessMethod};
	ListCell   *lc;

	if (!stmt->relation->inh || stmt->whereClause || stmt->indexIncludingParams || stmt->nulls_not_distinct)
		return false;
	foreach(lc, stmt->indexParams)
	{
		if (!is_plain(lfirst(lc)))
			return false;
		wanted.columns = lappend(wanted.columns, lfirst_node(IndexElem, lc)->name);
	}
	return wf_rule_partitions_have_index(call, table, &wanted, '\0');
}

/* Is it a column, and nothing else? */
static bool
is_plain(IndexElem *element)
{
	return element->name && element->opclass == NIL && element->collation == NIL &&
		element->ordering == SORTBY_DEFAULT && element->nulls_ordering == SORTBY_NULLS_DEFAULT;
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

/* The index of a partitioned table, as it was written, partition by partition; NULL without a source. */
static char *
index_by_partition(WfRuleCall *call, IndexStmt *stmt, WfRelation *parent)
{
	int			end = wf_rule_source_end(call);
	int			rest = stmt->relation->location;
	char	   *name = stmt->idxname;
	char	   *label = wf_ddl_index_label(stmt->indexParams, stmt->indexIncludingParams);

	if (end == 0 || rest < 0)
		return NULL;
	do
	{
		rest = wf_ddl_source_skip_token(call->source, wf_ddl_source_skip_space(call->source, rest, end), end);
		rest = wf_ddl_source_skip_space(call->source, rest, end);
	} while (rest < end && call->source[rest] == '.' && rest++);
	if (name == NULL)
		name = wf_ddl_free_name(call->catalog, parent, label, "idx");
	/* ONLY asks for the parent's alone. */
	if (!stmt->relation->inh)
		return psprintf("CREATE %sINDEX %s%s ON ONLY %s %s;", stmt->unique ? "UNIQUE " : "",
						stmt->if_not_exists ? "IF NOT EXISTS " : "", quote_identifier(name),
						wf_ddl_quote_name(parent->schema, parent->name), wf_ddl_source_copy(call->source, rest, end));
	return wf_rule_index_by_partition(call, parent, stmt->unique, name, label,
									  wf_ddl_source_copy(call->source, rest, end));
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
		WfRelation *index = name ? call->catalog->relation(call->catalog, name) : NULL;

		/* One that is new here may be of a table that is not. */
		if (index && index->persistence != RELPERSISTENCE_TEMP &&
			(index->created_here || wf_rule_relation(call, name)))
			report_dropped_index(call, index, foreach_current_index(lc));
	}
}

static void
report_dropped_index(WfRuleCall *call, WfRelation *index, int place)
{
	bool		if_exists = ((DropStmt *) call->statement)->missing_ok;
	WfRelation *table = index->missing ? NULL : call->catalog->index_table(call->catalog, index);
	WfFinding  *finding;

	if (table ? wf_ddl_is_private(table) || !wf_rule_is_populated(call, table) : index->created_here)
		return;
	finding = wf_finding_add(call, "DROP INDEX waits for all queries on %s, and new ones wait behind it",
							 table ? psprintf("\"%s\"", table->name) : psprintf("the table of \"%s\"", index->name));
	finding->command = place;
	finding->object = wf_ddl_quote_name(index->schema, index->name);
	finding->relation = index;
	finding->lock = AccessExclusiveLock;
	if (table)
		wf_finding_note_text(finding, "table", wf_ddl_quote_name(table->schema, table->name));
	if (table && wf_rule_is_small(call, table))
		wf_finding_lower(finding);
	if (index->kind == RELKIND_PARTITIONED_INDEX)
	{
		finding->hint = pstrdup("CONCURRENTLY does not work on the index of a partitioned table; set lock_timeout and try again until it succeeds.");
		finding->safe_sql = psprintf("SET lock_timeout = '2s';\nDROP INDEX %s%s;", if_exists ? "IF EXISTS " : "", finding->object);
		return;
	}
	finding->hint = pstrdup("Use DROP INDEX CONCURRENTLY, one index a statement, outside of a transaction block.");
	finding->safe_sql = psprintf("DROP INDEX CONCURRENTLY %s%s;", if_exists ? "IF EXISTS " : "", finding->object);
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
	finding->safe_sql = reindex_concurrently(call, stmt, relation, table, finding->object);
	finding->hint = finding->safe_sql ? pstrdup("Use REINDEX ... CONCURRENTLY, outside of a transaction block.") :
		pstrdup("CONCURRENTLY does not work here; set lock_timeout, and run it when the table is little used.");
}

/* The same with CONCURRENTLY; NULL where the server refuses that. */
static char *
reindex_concurrently(WfRuleCall *call, ReindexStmt *stmt, WfRelation *relation, WfRelation *table, const char *object)
{
	const char *what = stmt->kind == REINDEX_OBJECT_INDEX ? "INDEX" : stmt->kind == REINDEX_OBJECT_TABLE ? "TABLE" :
	stmt->kind == REINDEX_OBJECT_SCHEMA ? "SCHEMA" : "DATABASE";
	const char *schema = relation ? relation->schema : stmt->kind == REINDEX_OBJECT_SCHEMA ? stmt->name : NULL;
	char	   *options = pstrdup("");
	ListCell   *lc;

	if (object == NULL || (schema && strncmp(schema, "pg_", 3) == 0) ||
		(stmt->kind == REINDEX_OBJECT_INDEX && table && is_exclusion(call, table, relation->name)))
		return NULL;
	foreach(lc, stmt->params)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "verbose") == 0 && wf_ddl_option_is_on(stmt->params, "verbose"))
			options = psprintf("%s%sVERBOSE", options, *options ? ", " : "");
		else if (strcmp(option->defname, "tablespace") == 0 && option->arg && IsA(option->arg, String))
			options = psprintf("%s%sTABLESPACE %s", options, *options ? ", " : "", quote_identifier(strVal(option->arg)));
	}
	return psprintf("REINDEX %s%s%s%s CONCURRENTLY %s;", *options ? "(" : "", options, *options ? ") " : "", what, object);
}

/* Is it the index of an EXCLUDE constraint, which none can be built beside? */
static bool
is_exclusion(WfRuleCall *call, WfRelation *table, const char *name)
{
	return wf_rule_constraint_kind(call, table, name) == 'x';
}

/* Commands that refuse to run inside a transaction block. */
void
wf_rule_concurrent_in_transaction(WfRuleCall *call)
{
	const char *command = wf_ddl_outside_transactions(call->statement);
	WfFinding  *finding;

	if (!call->session->in_transaction)
		return;
	if (command == NULL)
		command = outside_by_catalog(call);
	if (command == NULL)
		return;
	finding = wf_finding_add(call, "%s can't run inside a transaction block", command);
	finding->object = object_outside(call);
	finding->hint = pstrdup("Put it into a migration of its own that runs without a transaction.");
	finding->safe_sql = wf_rule_outside_transaction(call);
	wf_finding_note_text(finding, "sqlstate", "25001");
}

/* The relation that the statement is about; NULL: none, or several. */
static char *
object_outside(WfRuleCall *call)
{
	List	   *locks = wf_ddl_statement_locks(call->statement, call->catalog->server_version);

	return locks != NIL && (list_length(locks) == 1 || IsA(call->statement, AlterTableStmt)) ?
		wf_rule_relation_name(call, ((WfLock *) linitial(locks))->relation) : NULL;
}

/* The same of statements that may run there on tables that are not partitioned. */
static const char *
outside_by_catalog(WfRuleCall *call)
{
	RangeVar   *name = IsA(call->statement, ReindexStmt) ? ((ReindexStmt *) call->statement)->relation :
	IsA(call->statement, ClusterStmt) ? ((ClusterStmt *) call->statement)->relation : NULL;
	WfRelation *relation = name ? call->catalog->relation(call->catalog, name) : NULL;

	if (relation == NULL || (relation->kind != RELKIND_PARTITIONED_TABLE && relation->kind != RELKIND_PARTITIONED_INDEX))
		return NULL;
	return IsA(call->statement, ReindexStmt) ? "REINDEX of a partitioned table" : "CLUSTER of a partitioned table";
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
	else if (IsA(call->statement, AlterTableStmt))
		report_detach_with_default(call);
	else if (((DropStmt *) call->statement)->concurrent)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(linitial(((DropStmt *) call->statement)->objects));
		WfRelation *index = name ? call->catalog->relation(call->catalog, name) : NULL;

		if (index == NULL || index->kind != RELKIND_PARTITIONED_INDEX)
			return;
		finding = wf_finding_add(call, "DROP INDEX CONCURRENTLY fails on \"%s\", which belongs to a partitioned table", index->name);
		finding->object = wf_ddl_quote_name(index->schema, index->name);
		finding->hint = pstrdup("Use DROP INDEX with a lock_timeout, and try again until it succeeds.");
		finding->safe_sql = psprintf("SET lock_timeout = '2s';\nDROP INDEX %s%s;",
									 ((DropStmt *) call->statement)->missing_ok ? "IF EXISTS " : "", finding->object);
	}
}

/* DETACH CONCURRENTLY: the server refuses beside a default partition. */
static void
report_detach_with_default(WfRuleCall *call)
{
	PartitionCmd *partition = castNode(PartitionCmd, call->command->def);
	WfRelation *parent = partition->concurrent ? wf_rule_altered_table(call) : NULL;
	RangeVar   *rest = parent ? call->catalog->default_partition(call->catalog, parent) : NULL;
	WfFinding  *finding;

	if (rest == NULL)
		return;
	finding = wf_finding_add(call, "DETACH PARTITION CONCURRENTLY fails on \"%s\" while it has a default partition, \"%s\"",
							 parent->name, rest->relname);
	wf_finding_on(call, finding, parent);
	finding->severity = call->rule->severity;
	wf_finding_note_text(finding, "default_partition", wf_ddl_range_var(rest));
	finding->hint = pstrdup("Use DETACH PARTITION with a lock_timeout, and try again until it succeeds.");
	finding->safe_sql = psprintf("SET lock_timeout = '2s';\nALTER TABLE %s DETACH PARTITION %s;",
								 finding->object, wf_ddl_range_var(partition->name));
}

/* An index over more than three columns serves few queries: a B-tree. */
void
wf_rule_wide_index(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->unique || !is_btree(stmt->accessMethod) || stmt->relation == NULL || list_length(stmt->indexParams) <= 3)
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

static bool
is_btree(const char *method)
{
	return method == NULL || strcmp(method, "btree") == 0;
}

/* The same columns are indexed already. */
void
wf_rule_duplicate_index(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfRelation *table;
	ListCell   *lc;

	if (stmt->relation == NULL || stmt->whereClause || stmt->indexIncludingParams || stmt->nulls_not_distinct)
		return;
	table = call->catalog->relation(call->catalog, stmt->relation);
	if (table == NULL)
		return;
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);
		WfFinding  *finding;

		if (index->name == NULL || (stmt->idxname && strcmp(index->name, stmt->idxname) == 0) || !is_same(index, stmt))
			continue;
		finding = wf_finding_add(call, "index \"%s\" of \"%s\" is over the same columns already", index->name, table->name);
		finding->object = wf_ddl_quote_name(table->schema, table->name);
		wf_finding_note_text(finding, "index", index->name);
		finding->hint = pstrdup("Leave the new index out, or drop the old one: each index slows down every write.");
		/* A new one may be there to replace it. */
		finding->relation = palloc0(sizeof(WfRelation));
		finding->relation->schema = table->schema;
		finding->relation->name = index->name;
		finding->deferral = WF_DEFER_DROP;
		return;
	}
}

/* Is it valid, and over just these plain columns in the same way? */
static bool
is_same(WfIndex *index, IndexStmt *stmt)
{
	const char *method = stmt->accessMethod ? stmt->accessMethod : "btree";
	ListCell   *lc;

	if (!index->is_valid || index->is_partial || index->is_special || (stmt->unique && !index->is_unique) ||
		(index->method && strcmp(index->method, method) != 0) ||
		list_length(index->columns) != list_length(stmt->indexParams))
		return false;
	foreach(lc, stmt->indexParams)
	{
		char	   *column = list_nth(index->columns, foreach_current_index(lc));

		if (!is_plain(lfirst(lc)) || column == NULL || strcmp(lfirst_node(IndexElem, lc)->name, column) != 0)
			return false;
	}
	return true;
}

/*
 * IF NOT EXISTS, or USING INDEX, meets an index that a failed build left behind.
 * That of a partitioned table is invalid until all partitions have one.
 */
void
wf_rule_invalid_index_left(WfRuleCall *call)
{
	RangeVar   *name;
	const char *index_name = named_index(call, &name);
	WfRelation *table = index_name ? call->catalog->relation(call->catalog, name) : NULL;
	bool		is_kept = IsA(call->statement, IndexStmt);
	ListCell   *lc;

	if (table == NULL || table->kind == RELKIND_PARTITIONED_TABLE)
		return;
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);
		WfFinding  *finding;
		char	   *statement;

		if (index->is_valid || index->name == NULL || strcmp(index->name, index_name) != 0)
			continue;
		finding = wf_finding_add(call, is_kept ? "index \"%s\" is there, but invalid: IF NOT EXISTS keeps it as it is" :
								 "index \"%s\" is invalid: USING INDEX fails", index->name);
		finding->object = wf_ddl_quote_name(table->schema, index->name);
		wf_finding_note_text(finding, "table", wf_ddl_quote_name(table->schema, table->name));
		finding->hint = pstrdup("A failed CONCURRENTLY build left it behind; build it anew, outside of a transaction block.");
		/* What finds the index, or blocks nobody, may be said once more. */
		statement = is_kept && !((IndexStmt *) call->statement)->concurrent ? NULL : wf_rule_statement_text(call);
		finding->safe_sql = psprintf(call->catalog->server_version < 12 ? "DROP INDEX CONCURRENTLY %s;%s%s%s" :
									 "REINDEX INDEX CONCURRENTLY %s;%s%s%s", finding->object,
									 statement ? "\n" : "", statement ? statement : "", statement ? ";" : "");
		finding->safe_form = WF_SAFE_WHOLE;
	}
}

/* The index that the statement expects to be there; NULL: it expects none. */
static char *
named_index(WfRuleCall *call, RangeVar **table)
{
	if (IsA(call->statement, IndexStmt))
	{
		*table = ((IndexStmt *) call->statement)->relation;
		return *table && ((IndexStmt *) call->statement)->if_not_exists ? ((IndexStmt *) call->statement)->idxname : NULL;
	}
	*table = ((AlterTableStmt *) call->statement)->relation;
	return IsA(call->command->def, Constraint) ? ((Constraint *) call->command->def)->indexname : NULL;
}
