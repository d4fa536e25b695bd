/*
 * rule_constraint_index.c: rules about constraints that build an index.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static Constraint *added_constraint(WfRuleCall *call, ConstrType kind);
static void report_build(WfRuleCall *call, Constraint *constraint, const char *word, const char *suffix);
static char *column_first(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *word, const char *suffix);
static bool have_partitions(WfRuleCall *call, WfRelation *table, Constraint *constraint);
static char *index_by_partition(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *word, const char *suffix);
static bool append_partitions(WfRuleCall *call, StringInfo sql, WfRelation *table, Constraint *constraint, const char *word, const char *suffix, int *written);
static void append_key(WfRuleCall *call, StringInfo sql, WfRelation *table, Constraint *constraint, const char *word);
static void append_deferral(StringInfo sql, Constraint *constraint);
static char *key_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *word, const char *suffix, const char *old);
static char *free_index_name(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *suffix);
static int	old_key(WfRuleCall *call, WfRelation *table, Constraint *constraint);
static char *name_of_command(WfRuleCall *call, int index);
static bool is_nullable(WfRuleCall *call, WfRelation *table, const char *name);
static void report_nullable(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns);

/* ADD UNIQUE or ADD COLUMN ... UNIQUE, without USING INDEX. */
void
wf_rule_add_unique(WfRuleCall *call)
{
	Constraint *constraint = added_constraint(call, CONSTR_UNIQUE);

	if (constraint)
		report_build(call, constraint, "UNIQUE", "key");
}

/* ADD PRIMARY KEY or ADD COLUMN ... PRIMARY KEY, without USING INDEX. */
void
wf_rule_add_primary_key(WfRuleCall *call)
{
	Constraint *constraint = added_constraint(call, CONSTR_PRIMARY);

	if (constraint)
		report_build(call, constraint, "PRIMARY KEY", "pkey");
}

/* ADD EXCLUDE: there is no way around its lock. */
void
wf_rule_add_exclusion(WfRuleCall *call)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;
	Constraint *constraint = added_constraint(call, CONSTR_EXCLUSION);
	WfRelation *table;
	WfFinding  *finding;

	if (constraint == NULL)
		return;
	table = wf_rule_relation(call, stmt->relation);
	if (table == NULL || !wf_rule_is_populated(call, table))
		return;
	finding = wf_finding_add(call, "ADD EXCLUDE stops all reads and writes of \"%s\" while it builds an index over %s and compares them",
							 table->name, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->location = constraint->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	finding->hint = pstrdup("PostgreSQL has neither NOT VALID nor USING INDEX for it: make a new table with the constraint, "
							"copy the rows in batches and swap the tables.");
}

/*
 * The constraint of this kind that the command adds, to the table or with a
 * new column, and that builds an index; NULL where there is none.
 */
static Constraint *
added_constraint(WfRuleCall *call, ConstrType kind)
{
	ListCell   *lc;

	if (call->command->subtype == AT_AddConstraint)
	{
		Constraint *constraint = (Constraint *) call->command->def;

		return IsA(constraint, Constraint) && constraint->contype == kind &&
			constraint->indexname == NULL ? constraint : NULL;
	}
	foreach(lc, ((ColumnDef *) call->command->def)->constraints)
	{
		Constraint *constraint = lfirst(lc);

		if (IsA(constraint, Constraint) && constraint->contype == kind)
			return wf_rule_with_attributes(((ColumnDef *) call->command->def)->constraints, lc);
	}
	return NULL;
}

static void
report_build(WfRuleCall *call, Constraint *constraint, const char *word, const char *suffix)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;
	WfRelation *table = wf_rule_relation(call, stmt->relation);
	WfFinding  *finding;

	if (table == NULL || !wf_rule_is_populated(call, table))
		return;

	/*
	 * With ONLY it is an index that the partitions' are still to be attached
	 * to.
	 */
	if (table->kind == RELKIND_PARTITIONED_TABLE && (!stmt->relation->inh || have_partitions(call, table, constraint)))
		return;
	finding = wf_finding_add(call, "ADD %s stops all reads and writes of \"%s\" while it builds an index over %s",
							 word, table->name, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->location = constraint->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	if (table->kind == RELKIND_PARTITIONED_TABLE)
	{
		finding->hint = psprintf("CONCURRENTLY and USING INDEX do not work on a partitioned table: make the index and its constraint so on each partition, "
								 "then ADD %s takes them over.", word);
		if (constraint->keys != NIL)
			finding->safe_sql = index_by_partition(call, table, constraint, word, suffix);
		return;
	}
	finding->hint = psprintf("Build the index first with CREATE UNIQUE INDEX CONCURRENTLY, outside of a transaction block, "
							 "then make it the constraint with ADD %s USING INDEX.", word);
	if (constraint->keys != NIL)
	{
		int			old = old_key(call, table, constraint);

		finding->safe_sql = key_by_index(call, table, constraint, constraint->keys, word, suffix, name_of_command(call, old));
		if (old >= 0)
			finding->safe_commands = bms_make_singleton(old);
	}
	else if (call->command->subtype == AT_AddColumn)
		finding->safe_sql = column_first(call, table, constraint, word, suffix);
}

/* Has each partition the constraint already, so that nothing is built? */
static bool
have_partitions(WfRuleCall *call, WfRelation *table, Constraint *constraint)
{
	WfIndex		wanted = {.is_unique = true, .is_primary = constraint->contype == CONSTR_PRIMARY, .method = "btree"};
	ListCell   *lc;

	if (constraint->including != NIL || constraint->nulls_not_distinct || constraint->deferrable)
		return false;
	foreach(lc, constraint->keys)
		wanted.columns = lappend(wanted.columns, strVal(lfirst(lc)));
	return wanted.columns != NIL &&
		wf_rule_partitions_have_index(call, table, &wanted, wanted.is_primary ? 'p' : 'u');
}

/* The constraint on each partition first, by way of its index; NULL where they are not known. */
static char *
index_by_partition(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *word, const char *suffix)
{
	Constraint *own = copyObjectImpl(constraint);
	StringInfoData sql;
	int			written = 0;

	if (constraint->indexspace)
		return NULL;
	/* The partitions' constraints have names of their own. */
	own->conname = NULL;
	initStringInfo(&sql);
	if (!append_partitions(call, &sql, table, own, word, suffix, &written))
		return NULL;
	append_key(call, &sql, table, constraint, word);
	sql.data[sql.len - 1] = '\0';
	return sql.data;
}

static bool
append_partitions(WfRuleCall *call, StringInfo sql, WfRelation *table, Constraint *constraint, const char *word, const char *suffix, int *written)
{
	List	   *partitions = call->catalog->partitions(call->catalog, table);
	ListCell   *lc;

	check_stack_depth();
	*written += list_length(partitions);
	if (partitions == NIL || *written > WF_PARTITIONS_WRITTEN)
		return false;
	foreach(lc, partitions)
	{
		WfRelation *partition = call->catalog->relation(call->catalog, lfirst(lc));

		if (partition == NULL)
			return false;
		if (partition->kind != RELKIND_PARTITIONED_TABLE)
			appendStringInfo(sql, "%s\n", key_by_index(call, partition, constraint, constraint->keys, word, suffix, NULL));
		else if (append_partitions(call, sql, partition, constraint, word, suffix, written))
			append_key(call, sql, partition, constraint, word);
		else
			return false;
	}
	return true;
}

/* The constraint of a partitioned table, which takes over those of its partitions. */
static void
append_key(WfRuleCall *call, StringInfo sql, WfRelation *table, Constraint *constraint, const char *word)
{
	appendStringInfo(sql, "ALTER TABLE %s ADD CONSTRAINT %s %s (%s)", wf_ddl_quote_name(table->schema, table->name),
					 quote_identifier(constraint->conname ? constraint->conname : wf_ddl_constraint_name(call->catalog, table, constraint, NULL)),
					 word, wf_ddl_quote_names(constraint->keys, ", "));
	if (constraint->including)
		appendStringInfo(sql, " INCLUDE (%s)", wf_ddl_quote_names(constraint->including, ", "));
	append_deferral(sql, constraint);
	appendStringInfoString(sql, ";\n");
}

/*
 * The column without its constraint, then the index.  NULL for a primary key,
 * of which the rows that are there need other values each.
 */
static char *
column_first(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *word, const char *suffix)
{
	ColumnDef  *column = (ColumnDef *) call->command->def;
	char	   *add;
	char	   *fill = NULL;

	if (constraint->contype == CONSTR_UNIQUE)
		add = wf_rule_add_column_without(call, table, constraint);
	else
		add = fill = wf_rule_add_key_values(call, table, column);
	if (add == NULL)
		return NULL;
	return psprintf("%s%s\n%s", add, fill ? "" : ";",
					key_by_index(call, table, constraint, list_make1(makeString(column->colname)), word, suffix, NULL));
}

static void
append_deferral(StringInfo sql, Constraint *constraint)
{
	if (constraint->deferrable)
		appendStringInfo(sql, " DEFERRABLE%s", constraint->initdeferred ? " INITIALLY DEFERRED" : "");
}

/* The new primary key in the place of the old one, by way of its index. */
char *
wf_rule_key_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *old)
{
	if (table->kind == RELKIND_PARTITIONED_TABLE)
		return NULL;
	return key_by_index(call, table, constraint, constraint->keys, "PRIMARY KEY", "pkey", old);
}

/* The constraint of a column that is there, by way of its index. */
char *
wf_rule_unique_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys)
{
	return key_by_index(call, table, constraint, keys, "UNIQUE", "key", NULL);
}

char *
wf_rule_primary_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys)
{
	return key_by_index(call, table, constraint, keys, "PRIMARY KEY", "pkey", NULL);
}

/*
 * What does the same without the long lock: nullable columns of a primary key
 * become NOT NULL, the index is built, and becomes the constraint.  old is a
 * constraint that goes as the new one comes; NULL: none.
 */
static char *
key_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *word, const char *suffix, const char *old)
{
	char	   *name = constraint->conname;
	char	   *index;
	char	   *table_name = wf_ddl_quote_name(table->schema, table->name);
	StringInfoData buf;
	ListCell   *lc;

	index = free_index_name(call, table, constraint, keys, suffix);
	if (name == NULL)
		name = old && strcmp(old, makeObjectName(table->name, NULL, suffix)) == 0 ? pstrdup(old) : index;
	/* The old constraint has the name until then. */
	if (old == NULL || strcmp(old, name) != 0)
		index = name;
	initStringInfo(&buf);
	foreach(lc, constraint->contype == CONSTR_PRIMARY && call->command->subtype != AT_AddColumn ? keys : NIL)
	{
		if (is_nullable(call, table, strVal(lfirst(lc))))
			appendStringInfo(&buf, "%s\n", wf_rule_make_required(call, table, strVal(lfirst(lc))));
	}
	appendStringInfo(&buf, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s)",
					 quote_identifier(index), table_name,
					 wf_ddl_quote_names(keys, ", "));
	if (constraint->including)
		appendStringInfo(&buf, " INCLUDE (%s)", wf_ddl_quote_names(constraint->including, ", "));
	if (constraint->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	if (constraint->indexspace)
		appendStringInfo(&buf, " TABLESPACE %s", quote_identifier(constraint->indexspace));
	appendStringInfo(&buf, ";\nALTER TABLE %s %s%s%sADD CONSTRAINT %s %s USING INDEX %s", table_name,
					 old ? "DROP CONSTRAINT " : "", old ? quote_identifier(old) : "", old ? ", " : "",
					 quote_identifier(name), word, quote_identifier(index));
	append_deferral(&buf, constraint);
	appendStringInfoChar(&buf, ';');
	return buf.data;
}

/* As the server would name the index, by its included columns, too. */
static char *
free_index_name(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *suffix)
{
	List	   *columns = constraint->contype == CONSTR_PRIMARY ? NIL : list_concat_copy(keys, constraint->including);

	return wf_ddl_free_name(call->catalog, table, wf_ddl_joined_label(columns), suffix);
}

/* The command of the same ALTER TABLE that drops the primary key; -1: none. */
static int
old_key(WfRuleCall *call, WfRelation *table, Constraint *constraint)
{
	ListCell   *lc;

	foreach(lc, constraint->contype == CONSTR_PRIMARY ? ((AlterTableStmt *) call->statement)->cmds : NIL)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (command->subtype == AT_DropConstraint && wf_rule_constraint_kind(call, table, command->name) == 'p')
			return foreach_current_index(lc);
	}
	return -1;
}

static char *
name_of_command(WfRuleCall *call, int index)
{
	return index < 0 ? NULL : list_nth_node(AlterTableCmd, ((AlterTableStmt *) call->statement)->cmds, index)->name;
}

/* May the column be null, and does nothing prove that it is not? */
static bool
is_nullable(WfRuleCall *call, WfRelation *table, const char *name)
{
	WfColumn   *column = call->catalog->column(call->catalog, table, name);

	return (column ? !column->not_null : table->missing) && !wf_rule_not_null_proof(call, table, name);
}

/* ADD PRIMARY KEY over a column that may be null. */
void
wf_rule_primary_key_nullable(WfRuleCall *call)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;
	Constraint *constraint = castNode(Constraint, call->command->def);
	WfRelation *table;
	List	   *columns = NIL;
	List	   *nullable = NIL;
	ListCell   *lc;

	if (constraint->contype != CONSTR_PRIMARY)
		return;
	table = wf_rule_table_at_work(call, stmt->relation);
	if (table == NULL)
		return;
	if (constraint->indexname)
	{
		foreach(lc, call->catalog->indexes(call->catalog, table))
		{
			WfIndex    *index = lfirst(lc);

			if (index->name && strcmp(index->name, constraint->indexname) == 0)
				columns = index->columns;
		}
		if (columns == NIL && table->missing)
			report_nullable(call, table, constraint, NIL);
	}
	foreach(lc, constraint->keys)
		columns = lappend(columns, strVal(lfirst(lc)));
	foreach(lc, columns)
	{
		if (lfirst(lc) && is_nullable(call, table, lfirst(lc)))
			nullable = lappend(nullable, lfirst(lc));
	}
	if (nullable != NIL)
		report_nullable(call, table, constraint, nullable);
}

/* column is NULL where nobody knows what the index is over. */
static void
report_nullable(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *columns)
{
	const char *column = columns ? linitial(columns) : NULL;
	WfFinding  *finding;
	char	   *sql;
	ListCell   *lc;

	if (column)
		finding = wf_finding_add(call, "ADD PRIMARY KEY makes \"%s\" NOT NULL as well, and reads %s for it while nobody can read or write \"%s\"",
								 column, wf_rule_size(call, table), table->name);
	else
		finding = wf_finding_add(call, "ADD PRIMARY KEY makes its columns NOT NULL as well, and reads \"%s\" for it unless they are already",
								 table->name);
	wf_finding_on(call, finding, table);

	/*
	 * That ADD PRIMARY KEY reads the table is said of the index that it
	 * builds.
	 */
	if (constraint->indexname == NULL)
		finding->severity = table->missing || finding->is_on_small ? WF_SEVERITY_INFO : WF_SEVERITY_LOW;
	finding->location = constraint->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	if (column)
		wf_finding_note_text(finding, "column", column);
	finding->hint = pstrdup("Prove it first: add CHECK (column IS NOT NULL) NOT VALID, validate it in another transaction, then SET NOT NULL.");
	if (column == NULL)
		return;
	if (constraint->indexname == NULL)
	{
		if (table->kind != RELKIND_PARTITIONED_TABLE)
		{
			int			old = old_key(call, table, constraint);

			finding->safe_sql = key_by_index(call, table, constraint, constraint->keys, "PRIMARY KEY", "pkey", name_of_command(call, old));
			if (old >= 0)
				finding->safe_commands = bms_make_singleton(old);
		}
		return;
	}
	sql = pstrdup("");
	foreach(lc, columns)
		sql = psprintf("%s%s\n", sql, wf_rule_make_required(call, table, lfirst(lc)));
	finding->safe_sql = psprintf("%sALTER TABLE %s ADD %s%s%sPRIMARY KEY USING INDEX %s;", sql, finding->object,
								 constraint->conname ? "CONSTRAINT " : "",
								 constraint->conname ? quote_identifier(constraint->conname) : "",
								 constraint->conname ? " " : "", quote_identifier(constraint->indexname));
}
