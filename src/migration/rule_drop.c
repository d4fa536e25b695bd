/*
 * rule_drop.c: rules about dropping things.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"
#include "utils/builtins.h"

#include "common/list.h"
#include "ddl/defaults.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static bool is_no_schema(WfRuleCall *call, const char *name);
static void drop_by_name(WfRuleCall *call, WfFinding *finding, List *dependents);
static char *without_cascade(WfRuleCall *call);
static bool is_dropped_constraint(WfRuleCall *call, WfRelation *table);
static Node *first_of_others(WfRuleCall *call, DropStmt *stmt);
static void note_values(WfRuleCall *call, WfFinding *finding, WfRelation *table, WfColumn *column);
static bool is_in_primary_key(WfRuleCall *call, WfRelation *table, WfColumn *column);
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
	{
		note_values(call, finding, table, column);
		wf_rule_note_dependents(call, finding, table, column->attnum);
	}
	finding->hint = pstrdup("Deploy code that neither reads nor writes the column first; prepared statements and SELECT * count as readers.");
	/* ONLY leaves the column to the tables that inherit it, under its name. */
	if (((AlterTableStmt *) call->statement)->relation->inh || !wf_rule_has_heirs(call, table))
		finding->safe_sql = column_away(call, table, column, call->command->name);
}

/* Values that are known to be there are lost for good, the small table's less. */
static void
note_values(WfRuleCall *call, WfFinding *finding, WfRelation *table, WfColumn *column)
{
	double		nulls = column->not_null ? 0 : call->catalog->null_fraction(call->catalog, table, column);

	if (nulls < 0 || table->population != WF_POPULATION_POPULATED)
		return;
	if (!column->not_null)
		wf_finding_note_number(finding, "null_fraction", nulls);
	if (nulls < 1)
		wf_finding_raise(finding);
}

/* The column under another name; rows that leave it out can still be inserted. */
static char *
column_away(WfRuleCall *call, WfRelation *table, WfColumn *column, const char *name)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);

	/* A column of the primary key stays required. */
	bool		required = column && column->not_null && !column->has_default && !column->identity && !column->generated &&
	!is_in_primary_key(call, table, column);

	return psprintf("%sALTER TABLE %s RENAME COLUMN %s TO %s;",
					required ? psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;\n", relation, quote_identifier(name)) : "",
					relation, quote_identifier(name), quote_identifier(makeObjectName(name, NULL, "dropped")));
}

static bool
is_in_primary_key(WfRuleCall *call, WfRelation *table, WfColumn *column)
{
	ListCell   *lc;

	foreach(lc, call->catalog->constraints(call->catalog, table))
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->kind == 'p' && wf_common_list_has(constraint->columns, column->name))
			return true;
	}
	return false;
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
		finding->command = foreach_current_index(lc);
		finding->safe_sql = psprintf("ALTER TABLE %s RENAME TO %s;", finding->object,
									 quote_identifier(makeObjectName(table->name, NULL, "dropped")));
	}
}

/* Is there no such schema where the text will run? */
static bool
is_no_schema(WfRuleCall *call, const char *name)
{
	return wf_rule_knows_all(call) && !call->catalog->has_schema(call->catalog, name);
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

		if (wf_sim_schema_is_new(simulation, name) || (stmt->missing_ok && is_no_schema(call, name)))
			continue;
		finding = wf_finding_add(call, stmt->behavior == DROP_CASCADE ?
								 "schema \"%s\" is lost with everything in it" :
								 "schema \"%s\" is lost, and code that names it fails", name);
		finding->object = wf_ddl_quote_name(NULL, name);
		finding->hint = pstrdup("Rename it out of the way first, and drop it when nobody has missed it.");
		finding->command = foreach_current_index(lc);
		finding->safe_sql = psprintf("ALTER SCHEMA %s RENAME TO %s;", finding->object,
									 quote_identifier(makeObjectName(name, NULL, "dropped")));
	}
}

/* DROP DATABASE. */
void
wf_rule_drop_database(WfRuleCall *call)
{
	DropdbStmt *stmt = (DropdbStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->missing_ok && wf_rule_knows_all(call) && !call->catalog->has_database(call->catalog, stmt->dbname))
		return;
	finding = wf_finding_add(call, "database \"%s\" is lost with everything in it", stmt->dbname);
	finding->object = wf_ddl_quote_name(NULL, stmt->dbname);
	finding->hint = pstrdup("Rename it out of the way first, and drop it when nobody has missed it.");
	finding->safe_sql = psprintf("ALTER DATABASE %s RENAME TO %s;", finding->object,
								 quote_identifier(makeObjectName(stmt->dbname, NULL, "dropped")));
}

/* CASCADE on any DROP. */
void
wf_rule_drop_cascade(WfRuleCall *call)
{
	WfFinding  *finding;
	WfRelation *table = NULL;
	const char *object;
	List	   *dependents;

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
		table = wf_rule_altered_table(call);
		if (table == NULL || call->command->behavior != DROP_CASCADE || !is_dropped_constraint(call, table))
			return;
		object = quote_identifier(call->command->name);
	}
	finding = wf_finding_add(call, "CASCADE drops whatever depends on %s as well, without naming it",
							 object[0] ? object : "what the role owns");
	finding->object = object[0] ? pstrdup(object) : NULL;
	finding->hint = pstrdup("Drop what depends on it by name first, then this without CASCADE: PostgreSQL lists what is left in its error.");
	if (IsA(call->statement, DropOwnedStmt) ||
		!call->catalog->cascade(call->catalog, call->statement, call->command, &dependents))
		return;
	drop_by_name(call, finding, dependents);
	if (dependents != NIL)
	{
		wf_rule_note_dependent_list(finding, dependents);
		finding->message = psprintf("CASCADE drops what depends on %s as well, without naming it: %s%s", object,
									((WfDependent *) linitial(dependents))->description,
									list_length(dependents) > 1 ? psprintf(", and %d more", list_length(dependents) - 1) : "");
	}
	else if (wf_rule_knows_all(call))
	{
		/* It may be different where, and when, the text runs. */
		finding->severity = WF_SEVERITY_LOW;
		wf_finding_note_number(finding, "dependent_count", 0);
		finding->message = psprintf("nothing depends on %s here; CASCADE drops unseen whatever does when this is run", object);
	}
}

/*
 * Drops each dependent before what it depends on, then the object without CASCADE;
 * no safe way where one has no such statement.
 */
static void
drop_by_name(WfRuleCall *call, WfFinding *finding, List *dependents)
{
	char	   *statement = without_cascade(call);
	int			highest = 0;
	StringInfoData sql;
	ListCell   *lc;

	if (statement == NULL)
		return;
	initStringInfo(&sql);
	foreach(lc, dependents)
	{
		const WfDependent *dependent = lfirst(lc);

		if (dependent->drop_sql == NULL)
			return;
		highest = Max(highest, dependent->level);
	}
	for (int level = highest; level > 0; level--)
	{
		foreach(lc, dependents)
		{
			const WfDependent *dependent = lfirst(lc);

			if (dependent->level == level && *dependent->drop_sql)
				appendStringInfo(&sql, "%s;\n", dependent->drop_sql);
		}
	}
	if (call->command)
		finding->safe_command = statement;
	else
		appendStringInfo(&sql, "%s;", statement);
	finding->safe_sql = sql.data;
}

/* The statement, or command, as it was written, without its CASCADE; NULL without a source. */
static char *
without_cascade(WfRuleCall *call)
{
	char	   *text = call->command ? wf_rule_command_text(call, call->command_index) : wf_rule_statement_text(call);
	int			end = text ? strlen(text) : 0;
	int			last = -1;
	int			pos = 0;

	/* It is the last word, and may be a name before. */
	while ((pos = wf_ddl_source_skip_space(text, pos, end)) < end)
	{
		last = pos;
		pos = wf_ddl_source_skip_token(text, pos, end);
	}
	return last >= 0 && wf_ddl_source_word_is(text, last, end, "CASCADE") ? wf_ddl_source_copy(text, 0, last) : NULL;
}

/* Is the column, or the constraint, there, and does it matter to others? */
static bool
is_dropped_constraint(WfRuleCall *call, WfRelation *table)
{
	WfConstraint *constraint;

	if (call->command->subtype == AT_DropColumn)
	{
		WfColumn   *column = call->catalog->column(call->catalog, table, call->command->name);

		return column == NULL || !column->created_here;
	}
	constraint = call->catalog->constraint(call->catalog, table, call->command->name);
	return constraint ? !constraint->created_here : !call->command->missing_ok || table->missing;
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
			case OBJECT_SCHEMA:
				if (!wf_sim_schema_is_new(call->session->simulation, strVal(lfirst(lc))) &&
					!(stmt->missing_ok && is_no_schema(call, strVal(lfirst(lc)))))
					return lfirst(lc);
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				if (wf_rule_uses_routine(call, stmt->removeType, lfirst_node(ObjectWithArgs, lc), stmt->missing_ok))
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
	RangeVar   *name = IsA(call->statement, CreateStmt) ? ((CreateStmt *) call->statement)->relation :
	((CreateTableAsStmt *) call->statement)->into->rel;
	ListCell   *lc;

	if (name->relpersistence == RELPERSISTENCE_TEMP)
		return;
	foreach(lc, wf_sim_dropped_tables(call->session->simulation, name->relname))
	{
		WfRelation *dropped = lfirst(lc);
		WfFinding  *finding;

		if (wf_ddl_is_private(dropped) || (dropped->missing && wf_rule_knows_all(call)) ||
			(name->schemaname && dropped->schema && strcmp(name->schemaname, dropped->schema) != 0))
			continue;
		finding = wf_finding_add(call, "table \"%s\" is dropped and made again: its rows, indexes, grants and dependents are lost",
								 dropped->name);
		wf_finding_on(call, finding, dropped);
		/* As of DROP TABLE: only nothing is less. */
		if (wf_rule_is_populated(call, dropped))
			finding->severity = call->rule->severity;
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
	/* Of a nullable column it takes nothing. */
	if (column && (column->created_here || !column->not_null))
		return;
	if (column && is_in_primary_key(call, table, column))
	{
		finding = wf_finding_add(call, "\"%s\" of \"%s\" stays NOT NULL while it is in the primary key: the statement fails",
								 column->name, table->name);
		wf_finding_on(call, finding, table);
		finding->kind = WF_KIND_FAILS;
		finding->severity = WF_SEVERITY_HIGH;
		wf_finding_note_text(finding, "column", column->name);
		wf_finding_note_text(finding, "sqlstate", "42P16");
		finding->hint = pstrdup("Give the table another primary key first.");
		return;
	}
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
	required = wf_ddl_is_null(call->command->def) && column && column->not_null && column->has_default;
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
	if (finding->severity > WF_SEVERITY_INFO)
		finding->hint = pstrdup(required ? "Deploy code that gives the column a value first." :
								"Deploy code that gives the column its value first, where the old default matters.");
}
