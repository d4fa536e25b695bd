/*
 * rule_rename.c: rules about renaming and moving things.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"

static bool is_new_constraint(WfRuleCall *call, RenameStmt *stmt);
static void rename_other(WfRuleCall *call, RenameStmt *stmt, ObjectType type_of_object);
static List *names_of(const RangeVar *name);
static bool is_no_table(const WfRelation *relation);
static const char *noun_of(ObjectType type);
static char *schema_beside(RenameStmt *stmt);
static char *later(const char *old, const char *sql);
static char *view_in_place(WfRuleCall *call, const char *view, const char *more, const char *table);
static char *column_beside(WfRuleCall *call, WfRelation *table, WfColumn *column, RenameStmt *stmt);
static char *view_of_both(WfRuleCall *call, WfRelation *table, RenameStmt *stmt);

/*
 * RENAME of anything that has no rule of its own: types (enums, domains and
 * composites), their attributes, functions, constraints, triggers, policies,
 * rules, sequences, views, indexes, databases, roles and so on.
 */
void
wf_rule_rename_other(WfRuleCall *call)
{
	RenameStmt *stmt = (RenameStmt *) call->statement;
	WfRelation *relation;

	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
			/* ALTER TABLE renames whatever relation it names. */
			relation = call->catalog->relation(call->catalog, stmt->relation);
			if (relation && is_no_table(relation))
				rename_other(call, stmt, relation->kind == RELKIND_SEQUENCE ? OBJECT_SEQUENCE : OBJECT_INDEX);
			return;
		case OBJECT_COLUMN:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SCHEMA:
			return;				/* these have rules of their own */
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			if (!wf_rule_uses_routine(call, stmt->renameType, castNode(ObjectWithArgs, stmt->object), false))
				return;
			break;
		case OBJECT_TABCONSTRAINT:
			if (is_new_constraint(call, stmt))
				return;
			break;
		default:
			break;
	}
	rename_other(call, stmt, stmt->renameType);
}

/* Does the text itself make the constraint? */
static bool
is_new_constraint(WfRuleCall *call, RenameStmt *stmt)
{
	WfRelation *table = call->catalog->relation(call->catalog, stmt->relation);
	WfConstraint *constraint = table ? call->catalog->constraint(call->catalog, table, stmt->subname) : NULL;

	return constraint && constraint->created_here;
}

/* type is that of the object, whatever the statement calls it. */
static void
rename_other(WfRuleCall *call, RenameStmt *stmt, ObjectType type_of_object)
{
	WfFinding  *finding;

	if (type_of_object == OBJECT_TYPE || type_of_object == OBJECT_DOMAIN || type_of_object == OBJECT_ATTRIBUTE)
	{
		WfType	   *type = wf_rule_type(call, type_of_object == OBJECT_ATTRIBUTE ? names_of(stmt->relation) : castNode(List, stmt->object));

		if (type == NULL)
			return;
		if (type_of_object == OBJECT_ATTRIBUTE)
			finding = wf_finding_add(call, "code that names attribute \"%s\" of type \"%s\" fails as soon as it is \"%s\"",
									 stmt->subname, type->name, stmt->newname);
		else
			finding = wf_finding_add(call, "code that names type \"%s\" fails as soon as it is \"%s\"",
									 type->name, stmt->newname);
		wf_finding_on_type(call, finding, type);
		finding->hint = pstrdup("Rename it in the release after the one that no longer uses the old name.");
		return;
	}
	if (stmt->relation)
	{
		WfRelation *relation = wf_rule_relation(call, stmt->relation);

		if (relation == NULL)
			return;
		finding = wf_finding_add(call, "code that names %s \"%s\" fails as soon as it is \"%s\"",
								 noun_of(type_of_object),
								 stmt->subname ? stmt->subname : relation->name, stmt->newname);
		wf_finding_on(call, finding, relation);
		/* Nothing but migrations names these. */
		if (type_of_object == OBJECT_TRIGGER || type_of_object == OBJECT_POLICY || type_of_object == OBJECT_RULE ||
			type_of_object == OBJECT_INDEX)
			finding->severity = WF_SEVERITY_LOW;
		return;
	}
	finding = wf_finding_add(call, "code that names %s \"%s\" fails as soon as it is \"%s\"",
							 noun_of(stmt->renameType),
							 stmt->subname ? stmt->subname : wf_ddl_object_name(stmt->renameType, stmt->object),
							 stmt->newname);
	finding->object = stmt->subname ? pstrdup(stmt->subname) :
		wf_rule_object_name(call, stmt->renameType, stmt->object);
}

/* The qualified name as a list of String. */
static List *
names_of(const RangeVar *name)
{
	List	   *names = list_make1(makeString(name->relname));

	return name->schemaname ? lcons(makeString(name->schemaname), names) : names;
}

/* An index or a sequence, of which ALTER TABLE takes the names as well? */
static bool
is_no_table(const WfRelation *relation)
{
	return relation->kind == RELKIND_SEQUENCE || relation->kind == RELKIND_INDEX || relation->kind == RELKIND_PARTITIONED_INDEX;
}

/* ALTER ... SET SCHEMA. */
void
wf_rule_move_schema(WfRuleCall *call)
{
	AlterObjectSchemaStmt *stmt = (AlterObjectSchemaStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->objectType == OBJECT_TYPE || stmt->objectType == OBJECT_DOMAIN)
	{
		WfType	   *type = wf_rule_type(call, castNode(List, stmt->object));

		if (type == NULL)
			return;
		finding = wf_finding_add(call, "code that looks for type \"%s\" in its old schema fails", type->name);
		wf_finding_on_type(call, finding, type);
	}
	else if (stmt->relation)
	{
		WfRelation *relation = wf_rule_relation(call, stmt->relation);

		if (relation == NULL)
			return;
		finding = wf_finding_add(call, "code that looks for %s \"%s\" in its old schema fails",
								 noun_of(stmt->objectType), relation->name);
		wf_finding_on(call, finding, relation);
		finding->lock = AccessExclusiveLock;
		wf_rule_note_dependents(call, finding, relation, 0);
		if (stmt->objectType == OBJECT_TABLE || stmt->objectType == OBJECT_VIEW)
			finding->deferral = WF_DEFER_VIEW;
		if (stmt->objectType == OBJECT_TABLE)
			finding->safe_sql = psprintf("BEGIN;\nALTER TABLE %s SET SCHEMA %s;\n%s\nCOMMIT;",
										 finding->object, wf_ddl_quote_name(NULL, stmt->newschema),
										 view_in_place(call, finding->object, "",
													   wf_ddl_quote_name(stmt->newschema, relation->name)));
	}
	else
	{
		char	   *name = wf_ddl_object_name(stmt->objectType, stmt->object);

		if (IsA(stmt->object, ObjectWithArgs) &&
			!wf_rule_uses_routine(call, stmt->objectType, (ObjectWithArgs *) stmt->object, stmt->missing_ok))
			return;
		finding = wf_finding_add(call, "code that looks for %s \"%s\" in its old schema fails",
								 noun_of(stmt->objectType), name);
		finding->object = name;
	}
	finding->hint = pstrdup("Leave a view or a synonym function of the old name until no code uses it.");
}

/* What people call an object of this type. */
static const char *
noun_of(ObjectType type)
{
	switch (type)
	{
		case OBJECT_AGGREGATE:
			return "aggregate";
		case OBJECT_ATTRIBUTE:
			return "attribute";
		case OBJECT_DATABASE:
			return "database";
		case OBJECT_DOMCONSTRAINT:
		case OBJECT_TABCONSTRAINT:
			return "constraint";
		case OBJECT_EXTENSION:
			return "extension";
		case OBJECT_FUNCTION:
		case OBJECT_ROUTINE:
			return "function";
		case OBJECT_INDEX:
			return "index";
		case OBJECT_MATVIEW:
			return "materialized view";
		case OBJECT_POLICY:
			return "policy";
		case OBJECT_PROCEDURE:
			return "procedure";
		case OBJECT_ROLE:
			return "role";
		case OBJECT_RULE:
			return "rule";
		case OBJECT_SEQUENCE:
			return "sequence";
		case OBJECT_TABLE:
			return "table";
		case OBJECT_TRIGGER:
			return "trigger";
		case OBJECT_VIEW:
			return "view";
		default:
			return "object";
	}
}

/* RENAME COLUMN. */
void
wf_rule_rename_column(WfRuleCall *call)
{
	RenameStmt *stmt = (RenameStmt *) call->statement;
	WfRelation *table;
	WfColumn   *column;
	WfFinding  *finding;

	if (stmt->renameType != OBJECT_COLUMN || stmt->relation == NULL)
		return;
	table = wf_rule_relation(call, stmt->relation);
	if (table == NULL)
		return;
	column = call->catalog->column(call->catalog, table, stmt->subname);
	if (column && column->created_here)
		return;
	finding = wf_finding_add(call, "code that names column \"%s\" of \"%s\" fails as soon as it is \"%s\"",
							 stmt->subname, table->name, stmt->newname);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	/* A view in the place of the table may have both names, at once. */
	if (call->session->in_transaction)
		finding->deferral = WF_DEFER_VIEW;
	wf_finding_note_text(finding, "column", stmt->subname);
	if (column && column->attnum > 0)
		wf_rule_note_dependents(call, finding, table, column->attnum);
	finding->hint = pstrdup("Add a column of the new name, write to both, fill it in batches, and drop the old one when no code reads it.");
	if (table->missing || (table->kind != RELKIND_RELATION && table->kind != RELKIND_PARTITIONED_TABLE))
		return;
	if (column)
		finding->safe_sql = column_beside(call, table, column, stmt);
	/* The guard would refuse that as well. */
	if (finding->safe_sql == NULL && call->session->simulation)
		finding->safe_sql = view_of_both(call, table, stmt);
}

/*
 * A column of the new name that a trigger keeps equal to the old one, and what
 * ends that; NULL where more hangs on the column than its values.
 */
static char *
column_beside(WfRuleCall *call, WfRelation *table, WfColumn *column, RenameStmt *stmt)
{
	char	   *type = call->catalog->column_type(call->catalog, column);
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *trigger = makeObjectName(table->name, stmt->newname, "keep");
	const char *old = wf_ddl_quote_name(NULL, stmt->subname);
	const char *new = wf_ddl_quote_name(NULL, stmt->newname);
	char	   *fill;
	char	   *keep;

	if (type == NULL || !wf_rule_is_plain_column(call, table, column))
		return NULL;
	fill = wf_rule_fill(call, table, psprintf("%s = %s", new, old), psprintf("%s IS NULL AND %s IS DISTINCT FROM NULL", new, old));
	if (fill == NULL)
		return NULL;
	keep = psprintf("    IF TG_OP = 'INSERT' AND NEW.%s IS NULL THEN\n"
					"        NEW.%s := NEW.%s;\n"
					"    ELSIF TG_OP = 'INSERT' OR NEW.%s::text IS DISTINCT FROM OLD.%s::text THEN\n"
					"        NEW.%s := NEW.%s;\n"
					"    ELSE\n"
					"        NEW.%s := NEW.%s;\n"
					"    END IF;\n",
					new, new, old, new, new, old, new, new, old);
	return psprintf("ALTER TABLE %s ADD COLUMN %s %s;\n"
					"%s%s"
					"%s%s"
					"%s",
					relation, new, type, wf_rule_keep_trigger(table, trigger, keep, ""), fill,
					column->not_null ? "\n" : "", column->not_null ? wf_rule_make_required(call, table, stmt->newname) : "",
					later(old, psprintf("BEGIN; DROP TRIGGER %s ON %s; DROP FUNCTION %s(); ALTER TABLE %s DROP COLUMN %s; COMMIT;",
										wf_ddl_quote_name(NULL, trigger), relation, wf_ddl_quote_name(table->schema, trigger), relation, old)));
}

/* The table under another name, and a view in its place that has the column twice. */
static char *
view_of_both(WfRuleCall *call, WfRelation *table, RenameStmt *stmt)
{
	char	   *relation = wf_ddl_quote_name(table->schema, table->name);
	char	   *beside = makeObjectName(table->name, NULL, "table");
	char	   *moved = wf_ddl_quote_name(table->schema, beside);
	char	   *old = wf_ddl_quote_name(NULL, stmt->subname);
	char	   *new = wf_ddl_quote_name(NULL, stmt->newname);

	return psprintf("BEGIN;\n"
					"ALTER TABLE %s RENAME COLUMN %s TO %s;\n"
					"ALTER TABLE %s RENAME TO %s;\n"
					"%s\n"
					"COMMIT;%s",
					relation, old, new, relation, wf_ddl_quote_name(NULL, beside),
					view_in_place(call, relation, psprintf(", %s AS %s", new, old), moved),
					later(old, psprintf("BEGIN; DROP VIEW %s; ALTER TABLE %s RENAME TO %s; COMMIT;",
										relation, moved, wf_ddl_quote_name(NULL, table->name))));
}

/* A remark on what ends it; none for names that would end the remark. */
static char *
later(const char *old, const char *sql)
{
	if (strpbrk(sql, "\r\n"))
		return "";
	return psprintf("\n-- When no code names %s any more:\n-- %s", old, sql);
}

/*
 * A view of all columns of a table, and more, that those may use who may use the
 * table, with their own rights as far as the version knows that.
 */
static char *
view_in_place(WfRuleCall *call, const char *view, const char *more, const char *table)
{
	return psprintf("CREATE VIEW %s%s AS SELECT *%s FROM %s;\n%s",
					view, call->catalog->server_version >= 15 ? " WITH (security_invoker = true)" : "", more, table,
					wf_rule_copy_grants(table, view));
}

/* A part of safe_sql: those who may use a relation may use a view as well. */
char *
wf_rule_copy_grants(const char *relation, const char *view)
{
	char	   *grants = psprintf("\n"
								  "DECLARE\n"
								  "    wf_grant record;\n"
								  "BEGIN\n"
								  "    FOR wf_grant IN SELECT a.privilege_type, a.grantee, a.is_grantable FROM pg_class c, aclexplode(c.relacl) a\n"
								  "        WHERE c.oid = %s::regclass AND a.grantee <> c.relowner\n"
								  "        AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') LOOP\n"
								  "        EXECUTE format('GRANT %%s ON %%s TO %%s%%s', wf_grant.privilege_type, %s::regclass,\n"
								  "            CASE wf_grant.grantee WHEN 0 THEN 'PUBLIC' ELSE wf_grant.grantee::regrole::text END,\n"
								  "            CASE WHEN wf_grant.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);\n"
								  "    END LOOP;\n"
								  "END ",
								  wf_ddl_quote_literal(relation), wf_ddl_quote_literal(view));

	return psprintf("DO %s;", wf_rule_dollar_quote("grants", grants));
}

/* RENAME of a table or view, unless a view takes the old name. */
void
wf_rule_rename_table(WfRuleCall *call)
{
	RenameStmt *stmt = (RenameStmt *) call->statement;
	WfRelation *table;
	WfFinding  *finding;

	if (stmt->renameType != OBJECT_TABLE && stmt->renameType != OBJECT_VIEW &&
		stmt->renameType != OBJECT_MATVIEW && stmt->renameType != OBJECT_FOREIGN_TABLE)
		return;
	table = wf_rule_relation(call, stmt->relation);
	if (table == NULL || is_no_table(table))
		return;
	finding = wf_finding_add(call, "code that names %s \"%s\" fails as soon as it is \"%s\"",
							 noun_of(stmt->renameType), table->name, stmt->newname);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	finding->deferral = WF_DEFER_VIEW;
	wf_rule_note_dependents(call, finding, table, 0);
	finding->hint = pstrdup("Leave a view of the old name in the same transaction, until no code uses it.");
	finding->safe_sql = psprintf("BEGIN;\nALTER %s %s RENAME TO %s;\n%s\nCOMMIT;",
								 stmt->renameType == OBJECT_VIEW ? "VIEW" :
								 stmt->renameType == OBJECT_MATVIEW ? "MATERIALIZED VIEW" :
								 stmt->renameType == OBJECT_FOREIGN_TABLE ? "FOREIGN TABLE" : "TABLE",
								 finding->object, wf_ddl_quote_name(NULL, stmt->newname),
								 view_in_place(call, finding->object, "", wf_ddl_quote_name(table->schema, stmt->newname)));
}

/* A schema of the new name with a view of each table, and what ends that. */
static char *
schema_beside(RenameStmt *stmt)
{
	char	   *old = wf_ddl_quote_name(NULL, stmt->subname);
	char	   *new = wf_ddl_quote_name(NULL, stmt->newname);
	char	   *views = psprintf("\n"
								 "DECLARE\n"
								 "    wf_table record;\n"
								 "BEGIN\n"
								 "    FOR wf_table IN SELECT c.oid::regclass AS name, format('%%I.%%I', %s, c.relname) AS view FROM pg_class c\n"
								 "        WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition LOOP\n"
								 "        EXECUTE format('CREATE VIEW %%s AS SELECT * FROM %%s', wf_table.view, wf_table.name);\n"
								 "    END LOOP;\n"
								 "END ",
								 wf_ddl_quote_literal(stmt->newname), wf_ddl_quote_literal(old));

	return psprintf("BEGIN;\n"
					"CREATE SCHEMA %s;\n"
					"DO %s;\n"
					"COMMIT;\n"
					"-- Grant USAGE on it and privileges on its views as on the old one.%s",
					new, wf_rule_dollar_quote("views", views),
					later(old, psprintf("BEGIN; DROP SCHEMA %s CASCADE; ALTER SCHEMA %s RENAME TO %s; COMMIT;", new, old, new)));
}

/* RENAME of a schema. */
void
wf_rule_rename_schema(WfRuleCall *call)
{
	RenameStmt *stmt = (RenameStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->renameType != OBJECT_SCHEMA || wf_sim_schema_is_new(call->session->simulation, stmt->subname))
		return;
	finding = wf_finding_add(call, "code and search_path settings that name schema \"%s\" fail as soon as it is \"%s\"",
							 stmt->subname, stmt->newname);
	finding->object = wf_ddl_quote_name(NULL, stmt->subname);
	finding->hint = pstrdup("Make the new schema with a view of each table, let code use that, and rename when none uses the old one.");
	finding->safe_sql = schema_beside(stmt);
}
