/*
 * ddl_online.c: changes of tables in use, in steps that block others briefly.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

#include "schema/ddl.h"

/* Names of constraints that stand while a script runs. */
#define NOT_NULL_PREFIX "wf_not_null_"
#define FILL_PREFIX "wf_fill_"

/* So many are filled in one transaction: 8 MB. */
#define BLOCKS_AT_ONCE 1000

static char *interim_check(const char *prefix, WfObject *column);
static bool lets_update(WfObject *table);
static bool fires_on_update(WfObject *object);
static bool is_of_kind(List *objects, WfObjectKind kind);
static bool takes_not_null_check(WfObject *column);
static void write_fill(WfDdl *ddl, WfObject *column);

/*
 * Do all links to children and partitions below a table outlast the plan?
 * Then a constraint that it gets for a while is gone from all of them later.
 */
bool
wf_schema_ddl_keeps_children(WfObject *table)
{
	WfObject   *sides[] = {table, table->twin};

	wf_schema_go_deeper();
	for (int i = 0; i < lengthof(sides); i++)
	{
		ListCell   *lc;

		foreach(lc, sides[i] ? sides[i]->needed_by : NIL)
		{
			WfObject   *link = lfirst(lc);

			if (link->type->kind != WF_OBJECT_INHERITANCE && link->type->kind != WF_OBJECT_PARTITION)
				continue;
			if (link->fate != WF_FATE_KEEP || link->parent->type->kind != WF_OBJECT_TABLE ||
				!wf_schema_ddl_keeps_children(link->parent))
				return false;
		}
	}
	return true;
}

/* A name that no other column's has, also where children get the constraint. */
static char *
interim_check(const char *prefix, WfObject *column)
{
	return psprintf("%s%08x", prefix, hash_bytes((const unsigned char *) column->identity, strlen(column->identity)));
}

/*
 * Does adding this column compute a value for each row, so that it writes the
 * table anew under its lock?
 */
bool
wf_schema_ddl_rewrites(WfObject *column, WfObject *dflt)
{
	const char *generated = wf_schema_value(column, "generated");

	if (column->parent->type->kind != WF_OBJECT_TABLE || wf_schema_ddl_is_new(column->parent))
		return false;
	return (generated && !strstr(generated, " VIRTUAL")) || wf_schema_value(column, "identity") ||
		(dflt && wf_schema_flag(dflt, "volatile")) || is_of_kind(column->needs, WF_OBJECT_DOMAIN);
}

/* Can the rows get their values behind that, by UPDATE, without side effects? */
bool
wf_schema_ddl_fills_later(WfDdl *ddl, WfObject *column, WfObject *dflt)
{
	WfObject   *table = column->parent;

	return ddl->late && dflt && wf_schema_flag(dflt, "volatile") && wf_schema_ddl_rewrites(column, dflt) &&
		!wf_schema_value(column, "identity") && !is_of_kind(column->needs, WF_OBJECT_DOMAIN) &&
		(!wf_schema_flag(column, "not_null") || takes_not_null_check(column)) &&
		(wf_schema_ddl_stands_alone(table) || wf_schema_value(table, "partition_by")) &&
		wf_schema_ddl_keeps_children(table) && lets_update(table);
}

/*
 * Does UPDATE change these rows, and nothing else?  A publication, which may
 * be one of all tables, lets none through that it cannot identify.
 */
static bool
lets_update(WfObject *table)
{
	WfObject   *sides[] = {table, table->twin};

	for (int i = 0; i < lengthof(sides); i++)
	{
		const char *identity = sides[i] ? wf_schema_value(sides[i], "replica_identity") : NULL;
		bool		identified = identity && strcmp(identity, "FULL") == 0;
		ListCell   *lc;

		if (!sides[i] || wf_schema_flag(sides[i], "force_row_security"))
			return false;
		foreach(lc, sides[i]->children)
		{
			const char *kind = wf_schema_value(lfirst(lc), "kind");

			if (fires_on_update(lfirst(lc)))
				return false;
			identified |= identity == NULL ? kind && strcmp(kind, "PRIMARY KEY") == 0 :
				wf_schema_flag(lfirst(lc), "replica_identity");
		}
		if (!identified)
			return false;
		foreach(lc, sides[i]->needed_by)
		{
			WfObject   *link = lfirst(lc);

			if (link->type->kind == WF_OBJECT_PARTITION && !lets_update(link->parent))
				return false;
		}
	}
	return true;
}

/* A trigger or rule that an UPDATE of a new column sets off, or may. */
static bool
fires_on_update(WfObject *object)
{
	const char *definition = wf_schema_value(object, "definition");

	if (object->type->kind == WF_OBJECT_RULE)
		return strstr(definition, "ON UPDATE ") != NULL;
	return object->type->kind == WF_OBJECT_TRIGGER && definition && strstr(definition, " UPDATE ") &&
		!strstr(definition, " UPDATE OF ");
}

static bool
is_of_kind(List *objects, WfObjectKind kind)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		if (((WfObject *) lfirst(lc))->type->kind == kind)
			return true;
	}
	return false;
}

/* Of a row IS NOT NULL says more than NOT NULL does. */
static bool
takes_not_null_check(WfObject *column)
{
	return column->parent->type->kind == WF_OBJECT_TABLE && !is_of_kind(column->needs, WF_OBJECT_COMPOSITE) &&
		!is_of_kind(column->needs, WF_OBJECT_TABLE);
}

/*
 * Behind ADD COLUMN without default and NOT NULL: sets both, and fills the
 * rows that were there before.  A constraint notes that this is not done yet,
 * for a script that goes on from there; it lets everything pass, for others
 * go on changing rows that are not filled.
 */
void
wf_schema_ddl_fill_column(WfDdl *ddl, WfObject *column, WfObject *dflt)
{
	char	   *check = interim_check(FILL_PREFIX, column);
	const char *table = column->parent->identity;

	appendStringInfo(ddl->sql, "%s SET DEFAULT %s;\n", wf_schema_ddl_alter_column(column, false),
					 wf_schema_ddl_exact(wf_schema_value(dflt, "expression")));
	appendStringInfo(ddl->sql, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL OR true) NOT VALID;\n",
					 table, check, wf_schema_short_name(column));
	wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
	write_fill(ddl, column);
	wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
	appendStringInfo(ddl->sql, "ALTER TABLE %s DROP CONSTRAINT %s;\n", table, check);
	if (wf_schema_flag(column, "not_null"))
		wf_schema_ddl_prove_not_null(ddl, column);
}

/* What the note of a script that stopped midway wants done before it goes. */
void
wf_schema_ddl_fill_rest(WfDdl *ddl, WfObject *constraint)
{
	ListCell   *lc;

	if (!ddl->late || constraint->fate != WF_FATE_DROP ||
		strncmp(wf_schema_short_name(constraint), FILL_PREFIX, strlen(FILL_PREFIX)) != 0 ||
		!wf_schema_flag(constraint, "not_valid"))
		return;
	foreach(lc, constraint->needs)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind != WF_OBJECT_COLUMN || column->parent != constraint->parent ||
			!column->twin || strcmp(interim_check(FILL_PREFIX, column), wf_schema_short_name(constraint)) != 0)
			continue;
		wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
		write_fill(ddl, column);
		wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
	}
}

/*
 * New rows have the default already.  A row that others move while the blocks
 * are gone through may be missed there, so all are looked at in the end.
 */
static void
write_fill(WfDdl *ddl, WfObject *column)
{
	const char *table = column->parent->identity;
	const char *name = wf_schema_short_name(column);
	char	   *update = psprintf("UPDATE %s SET %s = DEFAULT WHERE %s IS NULL", table, name, name);
	char	   *size;
	char	   *body;

	if (wf_schema_value(column->parent, "partition_by"))
		size = psprintf("(SELECT coalesce(max(pg_catalog.pg_relation_size(relid)), 0) FROM pg_catalog.pg_partition_tree(%s))",
						quote_literal_cstr(table));
	else
		size = psprintf("pg_catalog.pg_relation_size(%s)", quote_literal_cstr(table));
	body = psprintf("\nDECLARE\n"
					"    blocks bigint := %s / pg_catalog.current_setting('block_size')::bigint;\n"
					"BEGIN\n"
					"    FOR block IN 0 .. blocks BY %d LOOP\n"
					"        %s\n"
					"        AND ctid >= pg_catalog.format('(%%s,0)', block)::pg_catalog.tid AND ctid < pg_catalog.format('(%%s,0)', block + %d)::pg_catalog.tid;\n"
					"        COMMIT;\n"
					"    END LOOP;\n"
					"    %s;\n"
					"END\n", size, BLOCKS_AT_ONCE, update, BLOCKS_AT_ONCE, update);
	appendStringInfo(ddl->sql, "-- Fills the rows that were there before, %d blocks a transaction.\n%s",
					 BLOCKS_AT_ONCE, wf_schema_ddl_do(body));
}

/* DO, with a tag that the text does not have. */
char *
wf_schema_ddl_do(const char *body)
{
	char	   *tag = "$wf$";

	for (int i = 1; strstr(body, tag); i++)
		tag = psprintf("$wf%d$", i);
	return psprintf("DO %s%s%s;\n", tag, body, tag);
}

/* Can a CHECK, which children have as well, prove NOT NULL for a while? */
bool
wf_schema_ddl_proves_not_null(WfDdl *ddl, WfObject *column)
{
	return ddl->late && takes_not_null_check(column) && wf_schema_ddl_keeps_children(column->parent);
}

/* NOT NULL, where a valid CHECK spares the scan under the strongest lock; each step commits. */
void
wf_schema_ddl_prove_not_null(WfDdl *ddl, WfObject *column)
{
	char	   *check = interim_check(NOT_NULL_PREFIX, column);
	const char *table = column->parent->identity;

	appendStringInfo(ddl->sql, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID;\n",
					 table, check, wf_schema_short_name(column));
	wf_schema_ddl_step(ddl, WF_STEP_VALIDATE);
	appendStringInfo(ddl->sql, "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n", table, check);
	wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
	appendStringInfo(ddl->sql, "%s SET NOT NULL;\nALTER TABLE %s DROP CONSTRAINT %s;\n",
					 wf_schema_ddl_alter_column(column, false), table, check);
}
