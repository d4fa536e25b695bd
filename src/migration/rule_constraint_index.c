/*
 * rule_constraint_index.c: rules about constraints that build an index.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
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
static void append_deferral(StringInfo sql, Constraint *constraint);
static char *key_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *word, const char *suffix, const char *old);
static char *old_key(WfRuleCall *call, WfRelation *table, Constraint *constraint);
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
	if (table->kind == RELKIND_PARTITIONED_TABLE && have_partitions(call, table, constraint))
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
		char	   *old = old_key(call, table, constraint);

		finding->safe_sql = psprintf("%s%s", old ? "" : wf_rule_commands_before(call),
									 key_by_index(call, table, constraint, constraint->keys, word, suffix, old));
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
	List	   *partitions = call->catalog->partitions(call->catalog, table);
	Constraint *own = copyObjectImpl(constraint);
	StringInfoData sql;
	ListCell   *lc;

	if (partitions == NIL || list_length(partitions) > WF_PARTITIONS_WRITTEN || constraint->indexspace)
		return NULL;
	/* The partitions' constraints have names of their own. */
	own->conname = NULL;
	initStringInfo(&sql);
	foreach(lc, partitions)
	{
		WfRelation *partition = call->catalog->relation(call->catalog, lfirst(lc));

		if (partition == NULL)
			return NULL;
		appendStringInfo(&sql, "%s\n", key_by_index(call, partition, own, own->keys, word, suffix, NULL));
	}
	appendStringInfo(&sql, "ALTER TABLE %s ADD CONSTRAINT %s %s (%s)", wf_ddl_quote_name(table->schema, table->name),
					 quote_identifier(constraint->conname ? constraint->conname : wf_ddl_constraint_name(call->catalog, table, constraint, NULL)),
					 word, wf_ddl_quote_names(constraint->keys, ", "));
	append_deferral(&sql, constraint);
	appendStringInfoChar(&sql, ';');
	return sql.data;
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

/*
 * What does the same without the long lock: nullable columns of a primary key
 * become NOT NULL, the index is built, and becomes the constraint.  old is a
 * constraint that goes as the new one comes; NULL: none.
 */
static char *
key_by_index(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *word, const char *suffix, const char *old)
{
	char	   *name = constraint->conname;
	char	   *table_name = wf_ddl_quote_name(table->schema, table->name);
	StringInfoData buf;
	ListCell   *lc;

	if (name == NULL)
		name = wf_ddl_free_name(call->catalog, table, wf_ddl_joined_label(constraint->contype == CONSTR_PRIMARY ? NIL : keys), suffix);
	initStringInfo(&buf);
	foreach(lc, constraint->contype == CONSTR_PRIMARY && call->command->subtype != AT_AddColumn ? keys : NIL)
	{
		if (is_nullable(call, table, strVal(lfirst(lc))))
			appendStringInfo(&buf, "%s\n", wf_rule_make_required(call, table, strVal(lfirst(lc))));
	}
	appendStringInfo(&buf, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s)",
					 quote_identifier(name), table_name,
					 wf_ddl_quote_names(keys, ", "));
	if (constraint->including)
		appendStringInfo(&buf, " INCLUDE (%s)", wf_ddl_quote_names(constraint->including, ", "));
	if (constraint->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	if (constraint->indexspace)
		appendStringInfo(&buf, " TABLESPACE %s", quote_identifier(constraint->indexspace));
	appendStringInfo(&buf, ";\nALTER TABLE %s %s%s%sADD CONSTRAINT %s %s USING INDEX %s", table_name,
					 old ? "DROP CONSTRAINT " : "", old ? quote_identifier(old) : "", old ? ", " : "",
					 quote_identifier(name), word, quote_identifier(name));
	append_deferral(&buf, constraint);
	appendStringInfoChar(&buf, ';');
	return buf.data;
}

/* The primary key that the same ALTER TABLE drops; NULL: none. */
static char *
old_key(WfRuleCall *call, WfRelation *table, Constraint *constraint)
{
	ListCell   *lc;

	foreach(lc, constraint->contype == CONSTR_PRIMARY ? ((AlterTableStmt *) call->statement)->cmds : NIL)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		if (command->subtype == AT_DropConstraint && wf_rule_constraint_kind(call, table, command->name) == 'p')
			return command->name;
	}
	return NULL;
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
			finding->safe_sql = key_by_index(call, table, constraint, constraint->keys, "PRIMARY KEY", "pkey", NULL);
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
