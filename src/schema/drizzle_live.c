/*
 * drizzle_live.c: what the live database adds to a snapshot of Drizzle.
 *
 * Drizzle lets the server name the primary key of a single column and the
 * sequence of a serial, and such names outlive a table's renaming.  A database
 * that has them under another name has not drifted.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "utils/lsyscache.h"

#include "schema/catalog.h"
#include "schema/drizzle.h"

static wf_names_hash *read_names(const char *sql);

/* Reads names of the live database; the settings are pinned. */
void
wf_drizzle_read_live(Drizzle *drizzle)
{
	drizzle->constraints = read_names(
									  "SELECT " QUALIFIED("n.nspname", "c.relname") " || ' ' || pg_get_constraintdef(o.oid), o.conname"
									  " FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
									  " JOIN pg_namespace n ON n.oid = c.relnamespace"
									  " WHERE o.contype IN ('p', 'u', 'f') AND " USER_SCHEMA("n")
									  " ORDER BY o.conname COLLATE \"C\"");
	drizzle->sequences = read_names(
									"SELECT " QUALIFIED("n.nspname", "c.relname") " || '.' || quote_ident(a.attname), v.x"
									" FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid"
									" JOIN pg_class q ON q.oid = d.objid JOIN pg_namespace qn ON qn.oid = q.relnamespace"
									" JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace"
									" JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid"
									" CROSS JOIN LATERAL (VALUES (1, " QUALIFIED("qn.nspname", "q.relname") "),"
									"  (2, " SEQUENCE_SETTINGS("s") "), (3, qn.nspname)) v(i, x)"
									" WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass"
									" AND d.deptype = 'a' AND " USER_SCHEMA("n")
									" ORDER BY q.oid, v.i");
}

/* A hash of what a query of two columns yields, in its order. */
static wf_names_hash *
read_names(const char *sql)
{
	MemoryContext context = CurrentMemoryContext;
	wf_names_hash *hash = wf_names_create(context, 64, NULL);

	SPI_connect();
	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the names of constraints and sequences");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(context);
		char	   *key = SPI_getvalue(tuple, desc, 1);
		char	   *name = SPI_getvalue(tuple, desc, 2);
		bool		found;
		WfNameEntry *entry = wf_names_insert(hash, key, &found);

		entry->list = lappend(found ? entry->list : NIL, name);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return hash;
}

/*
 * The name of a constraint whose name the server chose: what the live table
 * calls one of this definition, or the given name.
 */
const char *
wf_drizzle_live_name(Drizzle *drizzle, const char *table, const char *definition, const char *name)
{
	WfNameEntry *entry = wf_names_lookup(drizzle->constraints, psprintf("%s %s", table, definition));

	return entry && !wf_common_list_has(entry->list, name) ? linitial(entry->list) : name;
}

/* The live table of this name, or InvalidOid. */
Oid
wf_drizzle_live_table(const char *schema, const char *table)
{
	Oid			namespace = get_namespace_oid(schema, true);

	return OidIsValid(namespace) ? get_relname_relid(table, namespace) : InvalidOid;
}
