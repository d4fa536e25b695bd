/*
 * rule_drop.c: rules about dropping things.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static Node *first_of_others(WfRuleCall *call, DropStmt *stmt);
static char *column_away(WfRuleCall *call, WfRelation *table, WfColumn *column, const char *name);

/* DROP TYPE and DROP DOMAIN. */
void
wf_rule_drop_type(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_TYPE && stmt->removeType != OBJECT_DOMAIN)
		return;
	foreach(lc, stmt->objects)
	{
		TypeName   *name = lfirst_node(TypeName, lc);
		WfType	   *type = wf_rule_type(call, name->names);
		WfFinding  *finding;

		if (type == NULL)
			continue;
		if (stmt->behavior == DROP_CASCADE)
			finding = wf_finding_add(call, "dropping type \"%s\" with CASCADE drops every column that uses it, and its data",
									 type->name);
		else
			finding = wf_finding_add(call, "code that uses type \"%s\" breaks; the drop fails while a column uses it",
									 type->name);
		wf_finding_on_type(call, finding, type);
		finding->location = name->location;
		finding->hint = pstrdup("Change the columns to another type first, then drop this one without CASCADE.");
	}
}

/* DROP COLUMN. */
void
wf_rule_drop_column(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfColumn   *column;
	WfFinding  *finding;

	if (table == NULL)
		return;
	column = call->catalog->column(call->catalog, table, call->command->name);
	if (column && column->created_here)
		return;
	finding = wf_finding_add(call, "column \"%s\" of \"%s\" is lost with its data, and code that names it fails",
							 call->command->name, table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "column", call->command->name);
	if (column && column->attnum > 0)
		wf_rule_note_dependents(call, finding, table, column->attnum);
	finding->hint = pstrdup("Deploy code that neither reads nor writes the column first; prepared statements and SELECT * count as readers.");
	finding->safe_sql = column_away(call, table, column, call->command->name);
}

/* The column under another name; rows that leave it out can still be inserted. */
static char *
column_away(WfRuleCall *call, WfRelation *table, WfColumn *column, const char *name)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	bool		required = column && column->not_null && !column->has_default && !column->identity && !column->generated;
	ListCell   *lc;

	/* A column of the primary key stays required. */
	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);
		ListCell   *lc2;

		foreach(lc2, constraint->kind == 'p' ? constraint->columns : NIL)
		{
			if (strcmp(lfirst(lc2), name) == 0)
				required = false;
		}
	}
	return psprintf("%sALTER TABLE %s RENAME COLUMN %s TO %s;",
					required ? psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;\n", relation, quote_identifier(name)) : "",
					relation, quote_identifier(name), quote_identifier(psprintf("%.50s_dropped", name)));
}

/* DROP TABLE. */
void
wf_rule_drop_table(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_TABLE && stmt->removeType != OBJECT_FOREIGN_TABLE)
		return;
	foreach(lc, stmt->objects)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(lfirst(lc));
		WfRelation *table = name ? wf_rule_relation(call, name) : NULL;
		WfFinding  *finding;

		if (table == NULL)
			continue;
		finding = wf_finding_add(call, "table \"%s\" is lost with %s, and code that names it fails",
								 table->name, wf_rule_size(call, table));
		wf_finding_on(call, finding, table);
		/* What is lost is lost, however small; only nothing is less. */
		if (wf_rule_is_populated(call, table))
			finding->severity = call->rule->severity;
		finding->lock = AccessExclusiveLock;
		wf_rule_note_dependents(call, finding, table, 0);
		finding->hint = pstrdup("Rename it out of the way first, and drop it when nobody has missed it.");
		finding->safe_sql = psprintf("ALTER TABLE %s RENAME TO %s;", finding->object,
									 quote_identifier(psprintf("%.50s_dropped", table->name)));
	}
}

/* DROP SCHEMA. */
void
wf_rule_drop_schema(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	WfSimulation *simulation = call->session->simulation;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_SCHEMA)
		return;
	foreach(lc, stmt->objects)
	{
		const char *name = strVal(lfirst(lc));
		WfFinding  *finding;
		ListCell   *lc2;
		bool		is_new = false;

		foreach(lc2, simulation ? simulation->new_schemas : NIL)
			is_new |= strcmp(lfirst(lc2), name) == 0;
		if (is_new)
			continue;
		finding = wf_finding_add(call, stmt->behavior == DROP_CASCADE ?
								 "schema \"%s\" is lost with everything in it" :
								 "schema \"%s\" is lost, and code that names it fails", name);
		finding->object = wf_ddl_quote_name(NULL, name);
		finding->hint = pstrdup("Rename it out of the way first, and drop it when nobody has missed it.");
		finding->safe_sql = psprintf("ALTER SCHEMA %s RENAME TO %s;", finding->object,
									 quote_identifier(psprintf("%.50s_dropped", name)));
	}
}

/* DROP DATABASE. */
void
wf_rule_drop_database(WfRuleCall *call)
{
	WfFinding  *finding = wf_finding_add(call, "database \"%s\" is lost with everything in it",
										 ((DropdbStmt *) call->statement)->dbname);

	finding->object = wf_ddl_quote_name(NULL, ((DropdbStmt *) call->statement)->dbname);
	finding->hint = pstrdup("Rename it out of the way first, and drop it when nobody has missed it.");
	finding->safe_sql = psprintf("ALTER DATABASE %s RENAME TO %s;", finding->object,
								 quote_identifier(psprintf("%.50s_dropped",
														   ((DropdbStmt *) call->statement)->dbname)));
}

/* CASCADE on any DROP. */
void
wf_rule_drop_cascade(WfRuleCall *call)
{
	WfFinding  *finding;
	const char *object;

	if (IsA(call->statement, DropStmt))
	{
		DropStmt   *stmt = (DropStmt *) call->statement;
		Node	   *others = stmt->behavior == DROP_CASCADE ? first_of_others(call, stmt) : NULL;

		if (others == NULL)
			return;
		object = wf_rule_object_name(call, stmt->removeType, others);
	}
	else if (IsA(call->statement, DropOwnedStmt))
	{
		if (((DropOwnedStmt *) call->statement)->behavior != DROP_CASCADE)
			return;
		object = "";
	}
	else
	{
		WfRelation *table = wf_rule_altered_table(call);

		if (table == NULL || call->command->behavior != DROP_CASCADE)
			return;
		object = quote_identifier(call->command->name);
	}
	finding = wf_finding_add(call, "CASCADE drops whatever depends on %s as well, without naming it",
							 object[0] ? object : "what the role owns");
	finding->object = object[0] ? pstrdup(object) : NULL;
	finding->hint = pstrdup("Drop what depends on it by name first, then this without CASCADE: PostgreSQL lists what is left in its error.");
}

/* The first object that is neither new here nor nowhere, so that others may use it. */
static Node *
first_of_others(WfRuleCall *call, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		RangeVar   *name;

		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_FOREIGN_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_SEQUENCE:
			case OBJECT_INDEX:
				name = wf_ddl_range_var_of_names(lfirst(lc));
				if (name && wf_rule_relation(call, name))
					return lfirst(lc);
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				if (wf_rule_type(call, lfirst_node(TypeName, lc)->names))
					return lfirst(lc);
				break;
			default:
				return lfirst(lc);
		}
	}
	return NULL;
}

/* DROP TABLE, then CREATE TABLE of the same name. */
void
wf_rule_recreate_table(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	WfSimulation *simulation = call->session->simulation;
	ListCell   *lc;

	foreach(lc, simulation ? simulation->dropped_tables : NIL)
	{
		WfRelation *dropped = lfirst(lc);
		WfFinding  *finding;

		if (dropped->created_here || (dropped->missing && wf_rule_knows_all(call)) || strcmp(dropped->name, stmt->relation->relname) != 0 ||
			(stmt->relation->schemaname && dropped->schema &&
			 strcmp(stmt->relation->schemaname, dropped->schema) != 0))
			continue;
		finding = wf_finding_add(call, "table \"%s\" is dropped and made again: its rows, indexes, grants and dependents are lost",
								 dropped->name);
		finding->object = wf_ddl_quote_name(dropped->schema, dropped->name);
		finding->lock = AccessExclusiveLock;
		finding->hint = pstrdup("Change the table with ALTER TABLE instead.");
		return;
	}
}

/* DROP NOT NULL. */
void
wf_rule_drop_not_null(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfColumn   *column;
	WfFinding  *finding;

	if (table == NULL)
		return;
	column = call->catalog->column(call->catalog, table, call->command->name);
	if (column && column->created_here)
		return;
	finding = wf_finding_add(call, "code that reads \"%s\" of \"%s\" may meet NULL", call->command->name, table->name);
	wf_finding_on(call, finding, table);
	finding->severity = call->rule->severity;
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "column", call->command->name);
	finding->hint = pstrdup("Deploy code that copes with NULL first.");
}

/* SET DEFAULT and DROP DEFAULT. */
void
wf_rule_change_default(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfColumn   *column;
	WfFinding  *finding;
	bool		required;

	if (table == NULL)
		return;
	column = call->catalog->column(call->catalog, table, call->command->name);
	if (column && column->created_here)
		return;
	required = call->command->def == NULL && column && column->not_null && column->has_default;
	finding = wf_finding_add(call, required ?
							 "INSERTs into \"%2$s\" that leave out \"%1$s\" fail: it is NOT NULL and loses its default" :
							 "INSERTs that leave out \"%1$s\" store another value in \"%2$s\" than before",
							 call->command->name, table->name);
	wf_finding_on(call, finding, table);
	if (required && wf_rule_is_populated(call, table))
		finding->severity = WF_SEVERITY_HIGH;

	/*
	 * A first default, or what may be one, takes nothing away: NULL was
	 * stored before.
	 */
	if (column == NULL || !column->has_default)
		finding->severity = WF_SEVERITY_INFO;
	finding->lock = AccessExclusiveLock;
	wf_finding_note_text(finding, "column", call->command->name);
}
