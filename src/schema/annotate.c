/*
 * annotate.c: what other catalogs say of objects that are read already:
 * comments, security labels, the extensions that take them along.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"

#include "schema/reader.h"

static void annotate(WfReader *reader, const char *attr, const char *index_attr, const char *sql);

/* Fills in the attributes that all object types share. */
void
wf_schema_read_annotations(WfReader *reader)
{
	annotate(reader, "comment", "index_comment",
			 "SELECT classoid, objoid, objsubid, description FROM pg_description"
			 " WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass"
			 " OR classoid = 'pg_extension'::regclass");
	annotate(reader, "security_labels", NULL,
			 "SELECT classoid, objoid, objsubid,"
			 " jsonb_agg(quote_ident(provider) || ' ' || label ORDER BY provider COLLATE \"C\")::text"
			 " FROM pg_seclabel GROUP BY 1, 2, 3");
	annotate(reader, "depends_on", "depends_on",
			 "SELECT d.classid, d.objid, 0, jsonb_agg(quote_ident(e.extname) ORDER BY e.extname COLLATE \"C\")::text"
			 " FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid"
			 " WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x' GROUP BY 1, 2");
}

/*
 * Rows of catalog, object, subobject and text become an attribute.  What is
 * said of the index of a constraint is index_attr of the constraint.
 */
static void
annotate(WfReader *reader, const char *attr, const char *index_attr, const char *sql)
{
	SPITupleTable *table;
	MemoryContext old;

	wf_schema_query(sql);
	table = SPI_tuptable;
	old = MemoryContextSwitchTo(reader->context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = table->vals[i];
		Oid			catalog = wf_schema_oid_at(tuple, table->tupdesc, 1);
		WfObject   *object = wf_schema_address_get(reader->map, catalog,
												   wf_schema_oid_at(tuple, table->tupdesc, 2),
												   wf_schema_int_at(tuple, table->tupdesc, 3));
		const char *name = attr;
		int			index;

		if (!object)
			continue;
		if (object->type->kind == WF_OBJECT_CONSTRAINT && catalog == RelationRelationId)
			name = index_attr;
		index = name ? wf_schema_attr_index(object->type, name) : -1;
		if (index >= 0)
			object->values[index] = wf_schema_text_at(tuple, table->tupdesc, 4);
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(table);
}
