/*
 * rule_partition.c: rules about partitions.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *create_then_attach(WfRuleCall *call, CreateStmt *stmt, const char *parent);
static void drop_partitions(WfRuleCall *call);
static bool is_named(WfRuleCall *call, List *objects, WfRelation *relation);
static void note_parent(WfRuleCall *call, WfFinding *finding);
static WfRelation *default_at_work(WfRuleCall *call, WfRelation *parent);
static void report_default(WfRuleCall *call, PartitionCmd *partition);
static char *attach_beside_default(WfRuleCall *call, WfRelation *rest, const char *check);
static bool has_valid_check(WfRuleCall *call, WfRelation *table, const char *check);
static bool is_proven(WfRuleCall *call, PartitionCmd *partition, WfRelation *child);
static char *check_of(WfRuleCall *call, PartitionCmd *partition);
static bool same_condition(const char *a, const char *b);
static char *attach_by_check(WfRuleCall *call, PartitionCmd *partition, WfRelation *child);
static int	bound_end(WfRuleCall *call, PartitionBoundSpec *bound);
static char *bound_text(WfRuleCall *call, PartitionBoundSpec *bound);
static char *bound_check(PartitionBoundSpec *bound, const char *text, const char *key);
static char *range_check(PartitionBoundSpec *bound, const char *text, const char *key);
static bool is_open(Node *datum);

/* ATTACH PARTITION. */
void
wf_rule_attach_partition(WfRuleCall *call)
{
	PartitionCmd *partition = castNode(PartitionCmd, call->command->def);
	WfRelation *child;
	WfFinding  *finding;

	/* ALTER INDEX ... ATTACH PARTITION comes the same way, and reads nothing. */
	if (((AlterTableStmt *) call->statement)->objtype != OBJECT_TABLE || partition->bound == NULL)
		return;
	report_default(call, partition);
	child = wf_rule_table_at_work(call, partition->name);
	if (child == NULL || is_proven(call, partition, child))
		return;
	finding = wf_finding_add(call, "ATTACH PARTITION stops all reads and writes of \"%s\" while it reads %s to check the bounds",
							 child->name, wf_rule_size(call, child));
	wf_finding_on(call, finding, child);
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	note_parent(call, finding);
	finding->hint = pstrdup("Add a CHECK to the table that says the same as the bounds, NOT VALID, and validate it first: then nothing is read.");
	finding->safe_sql = attach_by_check(call, partition, child);
}

static void
note_parent(WfRuleCall *call, WfFinding *finding)
{
	wf_finding_note_text(finding, "parent", wf_rule_relation_name(call, ((AlterTableStmt *) call->statement)->relation));
}

/* The default partition that others use and that holds rows; NULL: there is none. */
static WfRelation *
default_at_work(WfRuleCall *call, WfRelation *parent)
{
	RangeVar   *name = parent && !parent->missing ? call->catalog->default_partition(call->catalog, parent) : NULL;

	return name ? wf_rule_table_at_work(call, name) : NULL;
}

/*
 * The default partition is read for rows that are to be in the new one, unless a
 * CHECK of its own says that there are none.
 */
static void
report_default(WfRuleCall *call, PartitionCmd *partition)
{
	WfRelation *parent = wf_rule_altered_table(call);
	WfRelation *rest = default_at_work(call, parent);
	char	   *check;
	WfFinding  *finding;

	if (rest == NULL)
		return;
	check = check_of(call, partition);
	if (check && has_valid_check(call, rest, psprintf("NOT (%s)", check)))
		return;
	finding = wf_finding_add(call, "ATTACH PARTITION stops all reads and writes of the default partition \"%s\" while it reads %s for those that belong to the new one",
							 rest->name, wf_rule_size(call, rest));
	wf_finding_on(call, finding, rest);
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	note_parent(call, finding);
	finding->hint = pstrdup("Add a CHECK to the default partition that rules out the new bounds, NOT VALID, and validate it first: then nothing is read.");
	if (check)
		finding->safe_sql = attach_beside_default(call, rest, check);
}

/*
 * The statement behind a valid CHECK of the default partition that no row is
 * within the bounds: not with a CHECK of more parts than the server proves from.
 */
static char *
attach_beside_default(WfRuleCall *call, WfRelation *rest, const char *check)
{
	char	   *statement = wf_rule_statement_text(call);
	char	   *table = wf_ddl_quote_name(rest->schema, rest->name);
	const char *name = quote_identifier(wf_ddl_free_name(call->catalog, rest, NULL, "not_bounds"));

	if (statement == NULL)
		return NULL;
	return psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (NOT (%s)) NOT VALID;\n"
					"ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
					"%s;\n"
					"ALTER TABLE %s DROP CONSTRAINT %s;",
					table, name, check, table, name, statement, table, name);
}

/* Does a valid CHECK say that all rows are within the bounds? */
static bool
is_proven(WfRuleCall *call, PartitionCmd *partition, WfRelation *child)
{
	WfCatalog  *catalog = call->catalog;
	WfRelation *parent = wf_rule_altered_table(call);
	char	   *check;

	if (parent == NULL || parent->missing)
		return false;
	check = check_of(call, partition);
	return (check && has_valid_check(call, child, check)) ||
		catalog->proves_bound(catalog, parent, child, partition->bound);
}

/* Has the text made, and validated, a CHECK of just this condition? */
static bool
has_valid_check(WfRuleCall *call, WfRelation *table, const char *check)
{
	ListCell   *lc;

	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->kind == 'c' && constraint->validated && constraint->expression &&
			same_condition(constraint->expression, check))
			return true;
	}
	return false;
}

/* Is the one, as it stands between parentheses, the other? */
static bool
same_condition(const char *a, const char *b)
{
	int			length = strlen(b);

	return strlen(a) == length + 2 && a[0] == '(' && strncmp(a + 1, b, length) == 0;
}

/* What a CHECK says that proves the bounds; NULL where it cannot be written down. */
static char *
check_of(WfRuleCall *call, PartitionCmd *partition)
{
	WfRelation *parent = wf_rule_altered_table(call);
	char	   *key = parent && !parent->missing ? call->catalog->partition_key(call->catalog, parent) : NULL;
	char	   *bound = key ? bound_text(call, partition->bound) : NULL;

	return bound ? bound_check(partition->bound, bound, wf_ddl_quote_name(NULL, key)) : NULL;
}

/*
 * ATTACH behind a valid CHECK that says the same as the bounds; NULL where it
 * cannot be written down.
 */
static char *
attach_by_check(WfRuleCall *call, PartitionCmd *partition, WfRelation *child)
{
	WfRelation *parent = wf_rule_altered_table(call);
	char	   *check = check_of(call, partition);
	char	   *table = wf_ddl_quote_name(child->schema, child->name);
	const char *name = quote_identifier(wf_ddl_free_name(call->catalog, child, NULL, "bounds"));

	if (check == NULL)
		return NULL;
	return psprintf("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s) NOT VALID;\n"
					"ALTER TABLE %s VALIDATE CONSTRAINT %s;\n"
					"ALTER TABLE %s ATTACH PARTITION %s %s;\n"
					"ALTER TABLE %s DROP CONSTRAINT %s;",
					table, name, check, table, name, wf_ddl_quote_name(parent->schema, parent->name), table, bound_text(call, partition->bound),
					table, name);
}

/* FOR VALUES ... or DEFAULT, as it is written; NULL where there is no text. */
static char *
bound_text(WfRuleCall *call, PartitionBoundSpec *bound)
{
	int			end = bound_end(call, bound);

	if (bound->is_default)
		return pstrdup("DEFAULT");
	return end < 0 ? NULL : psprintf("FOR VALUES %s", wf_ddl_source_copy(call->source, bound->location, end));
}

/* Where the bound ends in the source; -1 without one. */
static int
bound_end(WfRuleCall *call, PartitionBoundSpec *bound)
{
	const char *source = call->source;
	int			end = wf_rule_source_end(call);
	int			pos = bound->location;
	int			groups = bound->strategy == PARTITION_STRATEGY_RANGE ? 2 : 1;

	if (source == NULL || pos < 0)
		return -1;
	if (bound->is_default)
		return wf_ddl_source_skip_token(source, pos, end);
	/* IN (...), FROM (...) TO (...), WITH (...) */
	while (groups-- > 0)
	{
		pos = wf_ddl_source_skip_token(source, wf_ddl_source_skip_space(source, pos, end), end);
		pos = wf_ddl_source_skip_group(source, wf_ddl_source_skip_space(source, pos, end), end);
	}
	return pos;
}

/*
 * What the bound says of the rows, in the form in which the server finds it
 * implied; NULL: a hash, or the default partition.
 */
static char *
bound_check(PartitionBoundSpec *bound, const char *text, const char *key)
{
	ListCell   *lc;

	if (bound->is_default)
		return NULL;
	if (bound->strategy == PARTITION_STRATEGY_LIST)
	{
		/* NULL among the values: no CHECK is found to say so. */
		foreach(lc, bound->listdatums)
		{
			if (IsA(lfirst(lc), A_Const) && lfirst_node(A_Const, lc)->isnull)
				return NULL;
		}
		return psprintf("%s IS NOT NULL AND %s %s", key, key, text + strlen("FOR VALUES "));
	}
	if (bound->strategy == PARTITION_STRATEGY_RANGE)
		return range_check(bound, text + strlen("FOR VALUES FROM "), key);
	return NULL;
}

static char *
range_check(PartitionBoundSpec *bound, const char *text, const char *key)
{
	int			end = strlen(text);
	int			from = wf_ddl_source_skip_space(text, 0, end);
	int			from_end = wf_ddl_source_skip_group(text, from, end);
	int			to = wf_ddl_source_find_word(text, from_end, end, "to");
	StringInfoData buf;

	if (to < 0)
		return NULL;
	to = wf_ddl_source_skip_space(text, to + strlen("to"), end);
	initStringInfo(&buf);
	appendStringInfo(&buf, "%s IS NOT NULL", key);
	if (!is_open(linitial(bound->lowerdatums)))
		appendStringInfo(&buf, " AND %s >= %s", key, wf_ddl_source_copy(text, from, from_end));
	if (!is_open(linitial(bound->upperdatums)))
		appendStringInfo(&buf, " AND %s < %s", key, wf_ddl_source_copy(text, to, end));
	return buf.data;
}

/* MINVALUE or MAXVALUE, which the grammar leaves as names. */
static bool
is_open(Node *datum)
{
	return IsA(datum, ColumnRef);
}

/* CREATE TABLE ... PARTITION OF. */
void
wf_rule_create_partition(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	WfRelation *parent;
	WfRelation *there;
	WfRelation *rest;
	WfFinding  *finding;

	if (IsA(call->statement, DropStmt))
	{
		drop_partitions(call);
		return;
	}
	if (stmt->partbound == NULL || stmt->inhRelations == NIL)
		return;
	parent = wf_rule_relation(call, linitial(stmt->inhRelations));
	there = stmt->if_not_exists ? call->catalog->relation(call->catalog, stmt->relation) : NULL;
	if (parent == NULL || (there && !there->missing))
		return;
	rest = stmt->partbound->is_default ? NULL : default_at_work(call, parent);
	if (rest)
		finding = wf_finding_add(call, "CREATE TABLE ... PARTITION OF stops all reads and writes of \"%s\" while it reads %s of its default partition \"%s\"",
								 parent->name, wf_rule_size(call, rest), rest->name);
	else
		finding = wf_finding_add(call, "CREATE TABLE ... PARTITION OF stops all reads and writes of \"%s\" for a moment",
								 parent->name);
	wf_finding_on(call, finding, parent);
	finding->lock = AccessExclusiveLock;
	finding->scans = rest != NULL;
	if (rest)
		wf_finding_note_text(finding, "default_partition", wf_ddl_quote_name(rest->schema, rest->name));
	finding->hint = pstrdup("Make the table with LIKE, then ATTACH it, which lets reads and writes of the parent go on.");
	finding->safe_sql = create_then_attach(call, stmt, finding->object);
}

/*
 * The new table, and its ATTACH.  NULL without a source, and where the partition
 * has columns, constraints or partitions of its own.
 */
static char *
create_then_attach(WfRuleCall *call, CreateStmt *stmt, const char *parent)
{
	char	   *bound = bound_text(call, stmt->partbound);
	char	   *table = wf_ddl_range_var(stmt->relation);
	int			end = bound_end(call, stmt->partbound);
	char	   *storage;

	if (bound == NULL || end < 0 || stmt->partspec || stmt->tableElts != NIL)
		return NULL;
	/* What follows the bounds is of the table itself. */
	storage = wf_ddl_source_copy(call->source, end, wf_rule_source_end(call));
	return psprintf("CREATE %sTABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS)%s%s;\n"
					"ALTER TABLE %s ATTACH PARTITION %s %s;",
					stmt->relation->relpersistence == RELPERSISTENCE_UNLOGGED ? "UNLOGGED " : "", table, parent,
					*storage ? " " : "", storage, parent, table, bound);
}

/* DROP TABLE of partitions, whose parent stays. */
static void
drop_partitions(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	ListCell   *lc;

	foreach(lc, stmt->removeType == OBJECT_TABLE ? stmt->objects : NIL)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(lfirst(lc));
		WfRelation *partition = name ? call->catalog->relation(call->catalog, name) : NULL;
		RangeVar   *of = partition && partition->is_partition ? call->catalog->partition_parent(call->catalog, partition) : NULL;
		WfRelation *parent = of ? wf_rule_relation(call, of) : NULL;
		WfFinding  *finding;

		if (parent == NULL || is_named(call, stmt->objects, parent))
			continue;
		finding = wf_finding_add(call, "DROP TABLE of partition \"%s\" stops all reads and writes of \"%s\" for a moment",
								 partition->name, parent->name);
		wf_finding_on(call, finding, parent);
		finding->lock = AccessExclusiveLock;
		wf_finding_note_text(finding, "partition", wf_ddl_quote_name(partition->schema, partition->name));
		if (call->catalog->server_version < 14 || call->catalog->default_partition(call->catalog, parent))
		{
			finding->hint = pstrdup("Set lock_timeout, and try again until it succeeds.");
			continue;
		}
		finding->hint = pstrdup("Detach it first, CONCURRENTLY and outside of a transaction block.");
		finding->command = foreach_current_index(lc);
		finding->safe_sql = psprintf("ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;\nDROP TABLE %s%s;", finding->object,
									 wf_ddl_quote_name(partition->schema, partition->name),
									 wf_ddl_quote_name(partition->schema, partition->name),
									 stmt->behavior == DROP_CASCADE ? " CASCADE" : "");
	}
}

/* Does one of the names mean the relation? */
static bool
is_named(WfRuleCall *call, List *objects, WfRelation *relation)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(lfirst(lc));

		if (name && call->catalog->relation(call->catalog, name) == relation)
			return true;
	}
	return false;
}

/* DETACH PARTITION without CONCURRENTLY. */
void
wf_rule_detach_partition(WfRuleCall *call)
{
	PartitionCmd *partition = castNode(PartitionCmd, call->command->def);
	WfRelation *parent;
	RangeVar   *rest;
	WfFinding  *finding;

	if (partition->concurrent)
		return;
	parent = wf_rule_altered_table(call);
	if (parent == NULL)
		return;
	finding = wf_finding_add(call, "DETACH PARTITION waits for all queries on \"%s\", and new ones wait behind it", parent->name);
	wf_finding_on(call, finding, parent);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "partition", wf_rule_relation_name(call, partition->name));
	rest = parent->missing ? NULL : call->catalog->default_partition(call->catalog, parent);
	if (call->catalog->server_version < 14 || rest)
	{
		finding->hint = rest ? psprintf("CONCURRENTLY is refused while there is a default partition, \"%s\": set lock_timeout, and try again until it succeeds.", rest->relname) :
			pstrdup("Set lock_timeout, and try again until it succeeds; from 14 on there is DETACH PARTITION ... CONCURRENTLY.");
		finding->safe_sql = psprintf("SET lock_timeout = '2s';\nALTER TABLE %s DETACH PARTITION %s;",
									 finding->object, wf_ddl_range_var(partition->name));
		return;
	}
	finding->hint = pstrdup(parent->missing ?
							"Use DETACH PARTITION ... CONCURRENTLY, outside of a transaction block; it is refused while there is a default partition." :
							"Use DETACH PARTITION ... CONCURRENTLY, outside of a transaction block; it leaves a CHECK of the old bounds on the table.");
	finding->safe_sql = psprintf("ALTER TABLE %s DETACH PARTITION %s CONCURRENTLY;",
								 finding->object, wf_ddl_range_var(partition->name));
}
