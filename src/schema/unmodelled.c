/*
 * unmodelled.c: what is there and in no model, so that nobody takes it for
 * equal.
 */
#include "common/compat.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"

#include "schema/catalog.h"
#include "schema/reader.h"

static void add_unmodelled(WfReader *reader, const char *sql);

/*
 * Objects that no query reads, so that nobody takes them for equal.  From 18
 * on a NOT NULL constraint has a name; only the one that the server chooses by
 * itself is kept.
 */
void
wf_schema_read_unmodelled(WfReader *reader)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfoString(&sql,
						   "SELECT DISTINCT pg_describe_object(x.c, x.o, 0) COLLATE \"C\" AS what"
						   " FROM (SELECT c, o FROM unnest('{");
	foreach(lc, wf_schema_address_strangers(reader->map))
		appendStringInfo(&sql, "%s%u", foreach_current_index(lc) ? "," : "", ((Oid *) lfirst(lc))[0]);
	appendStringInfoString(&sql, "}'::oid[], '{");
	foreach(lc, wf_schema_address_strangers(reader->map))
		appendStringInfo(&sql, "%s%u", foreach_current_index(lc) ? "," : "", ((Oid *) lfirst(lc))[1]);
	appendStringInfoString(&sql,
						   "}'::oid[]) s(c, o)) x(c, o), pg_identify_object(x.c, x.o, 0) i"
						   " WHERE i.schema IS DISTINCT FROM 'pg_toast' AND coalesce(i.schema, '') !~ '^pg_(toast_)?temp_'"
						   " AND NOT (i.type = 'extension' AND i.name = 'wishflags')"
						   " AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = x.c AND e.objid = x.o"
						   "  AND e.deptype IN ('e', 'i', 'a'))"
						   " ORDER BY 1");
	add_unmodelled(reader, sql.data);

	/* What hangs on objects of the server, of extensions or of the cluster. */
	add_unmodelled(reader,
				   "SELECT DISTINCT x.what COLLATE \"C\" FROM ("
				   " SELECT CASE WHEN d.datacl IS NOT NULL THEN 'privileges on this database' END FROM pg_database d WHERE d.datname = current_database()"
				   " UNION ALL SELECT 'comment on this database' FROM pg_shdescription s JOIN pg_database d ON d.oid = s.objoid"
				   "  WHERE s.classoid = 'pg_database'::regclass AND d.datname = current_database()"
				   " UNION ALL SELECT 'large object ' || l.oid FROM pg_largeobject_metadata l"
				   " UNION ALL SELECT 'invalid index ' || " QUALIFIED("n.nspname", "c.relname") " FROM pg_index i"
				   "  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
				   "  WHERE NOT i.indisvalid AND c.relkind = 'i' AND " USER_SCHEMA("n")
				   " UNION ALL SELECT 'secrets of ' || pg_describe_object('pg_user_mapping'::regclass, u.umid, 0) FROM pg_user_mappings u"
				   "  WHERE EXISTS (SELECT FROM unnest(u.umoptions) o WHERE " IS_SECRET("o") ")"
				   " UNION ALL SELECT 'privileges on ' || pg_describe_object('pg_type'::regclass, t.oid, 0) FROM pg_type t"
				   "  JOIN pg_namespace n ON n.oid = t.typnamespace WHERE NOT t.typisdefined AND t.typacl IS NOT NULL AND " USER_SCHEMA("n")
				   " UNION ALL SELECT 'comment on ' || pg_describe_object('pg_constraint'::regclass, o.oid, 0)"
				   "  FROM pg_description d JOIN pg_constraint o ON d.classoid = 'pg_constraint'::regclass AND d.objoid = o.oid"
				   "  JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace AND " USER_SCHEMA("n")
				   "  WHERE o.contype = 'n'"
				   " UNION ALL SELECT CASE WHEN o.connoinherit THEN 'NO INHERIT' ELSE 'NOT VALID' END || ' of '"
				   "  || pg_describe_object('pg_constraint'::regclass, o.oid, 0)"
				   "  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
				   "  JOIN pg_namespace n ON n.oid = c.relnamespace AND " USER_SCHEMA("n")
				   "  WHERE o.contype = 'n' AND (o.connoinherit OR NOT o.convalidated)"
				   "  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid"
				   "   AND e.deptype = 'e')"
				   " UNION ALL SELECT 'name of ' || pg_describe_object('pg_constraint'::regclass, o.oid, 0)"
				   "  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
				   "  JOIN pg_namespace n ON n.oid = c.relnamespace AND " USER_SCHEMA("n")
				   "  JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1]"
				   "  WHERE o.contype = 'n' AND (o.conislocal OR c.relispartition) AND o.conname <> left(c.relname || '_' || a.attname || '_not_null', 63)"
				   "  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid"
				   "   AND e.deptype = 'e')"
				   " UNION ALL SELECT 'subscription ' || quote_ident(s.subname) FROM pg_subscription s"
				   "  WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
				   " ) x(what) WHERE x.what IS NOT NULL ORDER BY 1");
}

/* Lists what a query yields and the model does not hold. */
static void
add_unmodelled(WfReader *reader, const char *sql)
{
	SPITupleTable *table;
	MemoryContext old;

	wf_schema_query(sql);
	table = SPI_tuptable;
	old = MemoryContextSwitchTo(reader->context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *what = wf_schema_text_at(table->vals[i], table->tupdesc, 1);

		/* NULL: it is gone meanwhile. */
		if (what && !wf_schema_model_find(reader->model, what))
			reader->model->unmodelled = lappend(reader->model->unmodelled, what);
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(table);
}
