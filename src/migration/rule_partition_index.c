/*
 * rule_partition_index.c: the indexes that ATTACH PARTITION builds.
 *
 * Each index of the parent needs one of the same shape on the new partition.
 * One that is there is taken over; one that is missing is built under the
 * lock of the attach.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

/* An index that is written partition by partition. */
typedef struct PartitionedIndex
{
	StringInfoData sql;
	const char *what;			/* UNIQUE, or nothing */
	const char *label;
	const char *definition;
	int			written;		/* partitions */
} PartitionedIndex;

static bool append_partitioned(WfRuleCall *call, PartitionedIndex *index, WfRelation *parent, const char *name);
static List *lacking(WfRuleCall *call, WfRelation *parent, WfRelation *child);
static int	compare_ages(const ListCell *a, const ListCell *b);
static bool is_taken_over(WfRuleCall *call, WfRelation *parent, const WfIndex *wanted, WfRelation *child, const WfIndex *have);
static bool is_alike(const WfIndex *wanted, const WfIndex *have);
static char *build_first(WfRuleCall *call, WfRelation *parent, WfRelation *child, List *indexes);
static char constraint_kind(WfRuleCall *call, WfRelation *table, const char *name);

/* ATTACH PARTITION of a table with rows that lacks an index of the parent. */
void
wf_rule_attach_builds_index(WfRuleCall *call)
{
	PartitionCmd *partition = castNode(PartitionCmd, call->command->def);
	WfRelation *parent;
	WfRelation *child;
	WfFinding  *finding;
	List	   *indexes;

	if (((AlterTableStmt *) call->statement)->objtype != OBJECT_TABLE || partition->bound == NULL)
		return;
	child = wf_rule_table_at_work(call, partition->name);
	parent = call->catalog->relation(call->catalog, ((AlterTableStmt *) call->statement)->relation);
	if (child == NULL || child->missing || parent == NULL || parent->missing)
		return;
	indexes = lacking(call, parent, child);
	if (indexes == NIL)
		return;
	finding = wf_finding_add(call, "ATTACH PARTITION stops all reads and writes of \"%s\" while it builds %d %s over %s",
							 child->name, list_length(indexes), list_length(indexes) == 1 ? "index" : "indexes",
							 wf_rule_size(call, child));
	wf_finding_on(call, finding, child);
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	finding->hint = pstrdup("Build the parent's indexes on the table first with CREATE INDEX CONCURRENTLY: the attach takes them over.");
	finding->safe_sql = build_first(call, parent, child, indexes);
}

/* The indexes of the parent that none of the table's is like. */
static List *
lacking(WfRuleCall *call, WfRelation *parent, WfRelation *child)
{
	List	   *there = call->catalog->indexes(call->catalog, child);
	List	   *missing = NIL;
	List	   *taken = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, call->catalog->indexes(call->catalog, parent))
	{
		WfIndex    *found = NULL;

		foreach(lc2, there)
		{
			if (!found && !list_member_ptr(taken, lfirst(lc2)) &&
				is_taken_over(call, parent, lfirst(lc), child, lfirst(lc2)))
				found = lfirst(lc2);
		}
		if (found)
			taken = lappend(taken, found);
		else
			missing = lappend(missing, lfirst(lc));
	}
	list_sort(missing, compare_ages);
	return missing;
}

/* The order in which they were made; the catalog gives them in any. */
static int
compare_ages(const ListCell *a, const ListCell *b)
{
	const WfIndex *one = lfirst(a);
	const WfIndex *two = lfirst(b);

	if (one->indexid != two->indexid)
		return one->indexid < two->indexid ? -1 : 1;
	return strcmp(one->name ? one->name : "", two->name ? two->name : "");
}

/* An index that stands for a constraint takes over only one that does. */
static bool
is_taken_over(WfRuleCall *call, WfRelation *parent, const WfIndex *wanted, WfRelation *child, const WfIndex *have)
{
	if (!is_alike(wanted, have))
		return false;
	if (wanted->name && have->name && constraint_kind(call, parent, wanted->name) != '\0' &&
		constraint_kind(call, child, have->name) == '\0')
		return false;
	return !OidIsValid(wanted->indexid) || !OidIsValid(have->indexid) ||
		call->catalog->index_matches(call->catalog, wanted, have);
}

/*
 * Has each partition an index like the wanted one, which says nothing but its
 * columns?  constraint is the kind of constraint that it must stand for; 0: none.
 */
bool
wf_rule_partitions_have_index(WfRuleCall *call, WfRelation *table, const WfIndex *wanted, char constraint)
{
	List	   *partitions = call->catalog->partitions(call->catalog, table);
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, partitions)
	{
		WfRelation *partition = call->catalog->relation(call->catalog, lfirst(lc));
		bool		found = false;

		foreach(lc2, partition ? call->catalog->indexes(call->catalog, partition) : NIL)
		{
			WfIndex    *have = lfirst(lc2);

			found |= !have->is_special && is_alike(wanted, have) &&
				(constraint == '\0' || (have->name && constraint_kind(call, partition, have->name) == constraint));
		}
		if (!found)
			return false;
	}
	return partitions != NIL;
}

/* As far as a text tells: of an expression only that it is one. */
static bool
is_alike(const WfIndex *wanted, const WfIndex *have)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (!have->is_valid || have->is_unique != wanted->is_unique || have->is_partial != wanted->is_partial ||
		(wanted->is_primary && !have->is_primary) ||
		list_length(have->columns) != list_length(wanted->columns) ||
		(have->method && wanted->method && strcmp(have->method, wanted->method) != 0))
		return false;
	forboth(lc, have->columns, lc2, wanted->columns)
	{
		const char *a = lfirst(lc);
		const char *b = lfirst(lc2);

		if ((a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0))
			return false;
	}
	return true;
}

/*
 * The indexes concurrently, then the statement; NULL where an index can't be
 * written from what is known of it.
 */
static char *
build_first(WfRuleCall *call, WfRelation *parent, WfRelation *child, List *indexes)
{
	char	   *statement = wf_rule_statement_text(call);
	char	   *table = wf_ddl_quote_name(child->schema, child->name);
	StringInfoData buf;
	ListCell   *lc;

	if (statement == NULL)
		return NULL;
	initStringInfo(&buf);
	foreach(lc, indexes)
	{
		WfIndex    *index = lfirst(lc);
		char		kind = index->name ? constraint_kind(call, parent, index->name) : '\0';
		StringInfoData columns;
		StringInfoData label;
		ListCell   *lc2;
		char	   *name;

		if (index->is_partial || index->is_special || kind == 'x')
			return NULL;
		initStringInfo(&columns);
		initStringInfo(&label);
		foreach(lc2, index->columns)
		{
			if (lfirst(lc2) == NULL)
				return NULL;
			appendStringInfo(&columns, "%s%s", columns.len ? ", " : "", quote_identifier(lfirst(lc2)));
			appendStringInfo(&label, "%s%s", label.len ? "_" : "", (char *) lfirst(lc2));
		}
		name = wf_ddl_free_name(call->catalog, child, kind == 'p' ? NULL : label.data,
								kind == 'p' ? "pkey" : kind == 'u' ? "key" : "idx");
		appendStringInfo(&buf, "CREATE %sINDEX CONCURRENTLY %s ON %s%s%s (%s);\n",
						 index->is_unique ? "UNIQUE " : "", quote_identifier(name), table,
						 index->method && strcmp(index->method, "btree") != 0 ? " USING " : "",
						 index->method && strcmp(index->method, "btree") != 0 ? quote_identifier(index->method) : "",
						 columns.data);
		if (kind == 'p' || kind == 'u')
			appendStringInfo(&buf, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s;\n", table,
							 quote_identifier(name), kind == 'p' ? "PRIMARY KEY" : "UNIQUE", quote_identifier(name));
	}
	appendStringInfo(&buf, "%s;", statement);
	return buf.data;
}

/* The kind of the constraint that the index stands for; 0: none. */
static char
constraint_kind(WfRuleCall *call, WfRelation *table, const char *name)
{
	WfConstraint *constraint = call->catalog->constraint(call->catalog, table, name);

	return constraint && (constraint->kind == 'p' || constraint->kind == 'u' || constraint->kind == 'x') ? constraint->kind : '\0';
}

/*
 * An index of a partitioned table, partition by partition; definition is what
 * follows the table's name, label tells the columns in the names of the
 * partitions' indexes.  NULL where the partitions are not known or too many to
 * write down.
 */
char *
wf_rule_index_by_partition(WfRuleCall *call, WfRelation *parent, bool unique, const char *name, const char *label, const char *definition)
{
	PartitionedIndex index = {.what = unique ? "UNIQUE " : "", .label = label, .definition = definition};

	initStringInfo(&index.sql);
	if (!append_partitioned(call, &index, parent, name))
		return NULL;
	index.sql.data[index.sql.len - 1] = '\0';
	return index.sql.data;
}

/* The index of a partitioned table, and those of what is below it. */
static bool
append_partitioned(WfRuleCall *call, PartitionedIndex *index, WfRelation *parent, const char *name)
{
	List	   *partitions = call->catalog->partitions(call->catalog, parent);
	ListCell   *lc;

	check_stack_depth();
	index->written += list_length(partitions);
	if (partitions == NIL || index->written > WF_PARTITIONS_WRITTEN)
		return false;
	appendStringInfo(&index->sql, "CREATE %sINDEX %s ON ONLY %s %s;\n", index->what, quote_identifier(name),
					 wf_ddl_quote_name(parent->schema, parent->name), index->definition);
	foreach(lc, partitions)
	{
		WfRelation *partition = call->catalog->relation(call->catalog, lfirst(lc));
		char	   *part = partition ? wf_ddl_free_name(call->catalog, partition, index->label, "idx") : NULL;

		if (partition == NULL)
			return false;
		if (partition->kind != RELKIND_PARTITIONED_TABLE)
			appendStringInfo(&index->sql, "CREATE %sINDEX CONCURRENTLY %s ON %s %s;\n", index->what, quote_identifier(part),
							 wf_ddl_quote_name(partition->schema, partition->name), index->definition);
		else if (!append_partitioned(call, index, partition, part))
			return false;
		appendStringInfo(&index->sql, "ALTER INDEX %s ATTACH PARTITION %s;\n",
						 wf_ddl_quote_name(parent->schema, name), wf_ddl_quote_name(partition->schema, part));
	}
	return true;
}
