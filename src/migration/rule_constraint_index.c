/*
 * rule_constraint_index.c: rules about constraints that build an index.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static Constraint *added_constraint(WfRuleCall *call, ConstrType kind);
static void report_build(WfRuleCall *call, Constraint *constraint, const char *word, const char *suffix);
static char *column_first(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *word, const char *suffix);
static char *index_first(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *word, const char *suffix);
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
			return constraint;
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
	finding = wf_finding_add(call, "ADD %s stops all reads and writes of \"%s\" while it builds an index over %s",
							 word, table->name, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->location = constraint->location;
	finding->lock = AccessExclusiveLock;
	finding->scans = true;
	finding->hint = psprintf("Build the index first with CREATE UNIQUE INDEX CONCURRENTLY, outside of a transaction block, "
							 "then make it the constraint with ADD %s USING INDEX.", word);
	if (constraint->keys != NIL)
		finding->safe_sql = index_first(call, table, constraint, constraint->keys, word, suffix);
	else if (call->command->subtype == AT_AddColumn)
		finding->safe_sql = column_first(call, table, constraint, word, suffix);
}

/*
 * The column without its constraint, then the index.  NULL for a column with
 * more to it than a type, and for a primary key, which a new column can't be.
 */
static char *
column_first(WfRuleCall *call, WfRelation *table, Constraint *constraint, const char *word, const char *suffix)
{
	ColumnDef  *column = (ColumnDef *) call->command->def;

	if (constraint->contype != CONSTR_UNIQUE || list_length(column->constraints) != 1 ||
		column->collClause || column->compression)
		return NULL;
	return psprintf("ALTER TABLE %s ADD COLUMN %s%s %s;\n%s",
					wf_ddl_quote_name(table->schema, table->name),
					call->command->missing_ok ? "IF NOT EXISTS " : "",
					quote_identifier(column->colname), wf_ddl_type_name(column->typeName),
					index_first(call, table, constraint, list_make1(makeString(column->colname)), word, suffix));
}

/* The two statements that do the same without the long lock. */
static char *
index_first(WfRuleCall *call, WfRelation *table, Constraint *constraint, List *keys, const char *word, const char *suffix)
{
	char	   *name = constraint->conname;
	char	   *table_name = wf_ddl_quote_name(table->schema, table->name);
	StringInfoData buf;

	if (name == NULL)
	{
		StringInfoData columns;
		ListCell   *lc;

		initStringInfo(&columns);
		foreach(lc, keys)
			appendStringInfo(&columns, "%s%s", columns.len ? "_" : "", strVal(lfirst(lc)));
		name = wf_rule_free_name(call, table, constraint->contype == CONSTR_PRIMARY ? NULL : columns.data, suffix);
	}
	initStringInfo(&buf);
	appendStringInfo(&buf, "CREATE UNIQUE INDEX CONCURRENTLY %s ON %s (%s)",
					 quote_identifier(name), table_name,
					 wf_ddl_quote_names(keys, ", "));
	if (constraint->including)
		appendStringInfo(&buf, " INCLUDE (%s)", wf_ddl_quote_names(constraint->including, ", "));
	if (constraint->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	if (constraint->indexspace)
		appendStringInfo(&buf, " TABLESPACE %s", quote_identifier(constraint->indexspace));
	appendStringInfo(&buf, ";\nALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s",
					 table_name, quote_identifier(name), word, quote_identifier(name));
	if (constraint->deferrable)
		appendStringInfo(&buf, " DEFERRABLE%s", constraint->initdeferred ? " INITIALLY DEFERRED" : "");
	appendStringInfoChar(&buf, ';');
	return buf.data;
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
		WfColumn   *column = lfirst(lc) ? call->catalog->column(call->catalog, table, lfirst(lc)) : NULL;

		if (column ? column->not_null : !table->missing)
			continue;
		if (wf_rule_not_null_proof(call, table, lfirst(lc)))
			continue;
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
	sql = pstrdup("");
	foreach(lc, columns)
		sql = psprintf("%s%s\n", sql, wf_rule_make_required(table, lfirst(lc)));
	if (constraint->indexname)
		finding->safe_sql = psprintf("%sALTER TABLE %s ADD %s%s%sPRIMARY KEY USING INDEX %s;", sql, finding->object,
									 constraint->conname ? "CONSTRAINT " : "",
									 constraint->conname ? quote_identifier(constraint->conname) : "",
									 constraint->conname ? " " : "", quote_identifier(constraint->indexname));
	else
		finding->safe_sql = psprintf("%s%s", sql, index_first(call, table, constraint, constraint->keys, "PRIMARY KEY", "pkey"));
}
