/*
 * read.c: reading the live database into a schema model.
 *
 * All catalogs are read with the caller's rights and the newest snapshot, as
 * the functions that deparse do, under fixed settings so that the text does
 * not depend on the session.  The dependencies come from pg_depend in one pass: an address
 * that is no object of the model stands for the one it is an internal part
 * of, a member of an extension for the extension.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "schema/address.h"
#include "schema/catalog.h"
#include "schema/read.h"

#define MAX_COLUMNS 48

/* How often is read anew because a schema changed meanwhile. */
#define READS_AGAIN 3

/* Where the columns of a query's rows go. */
typedef struct RowShape
{
	int			oid,
				sub,
				type,
				nsp,
				parent,
				psub,
				need,
				nsub,
				alias,
				identity;
	int			attr[MAX_COLUMNS];	/* attribute of each column, or -1 */
} RowShape;

typedef struct Reader
{
	MemoryContext context;		/* of the model */
	WfModel    *model;
	WfAddressMap *map;
	List	   *schemas;
} Reader;

static WfModel *read_once(List *schemas, List *left_out);
static void run_query(const char *sql);
static void read_queries(Reader *reader, const WfCatalogQuery *queries);
static void read_rows(Reader *reader, const WfCatalogQuery *query);
static void read_row(Reader *reader, const WfCatalogQuery *query, const WfObjectType *type,
					 RowShape *shape, HeapTuple tuple, TupleDesc desc);
static void find_columns(RowShape *shape, const WfObjectType *type, TupleDesc desc);
static char *text_at(HeapTuple tuple, TupleDesc desc, int column);
static Oid	oid_at(HeapTuple tuple, TupleDesc desc, int column);
static int	int_at(HeapTuple tuple, TupleDesc desc, int column);
static void read_comments(Reader *reader);
static void read_unmodelled(Reader *reader);
static void add_unmodelled(Reader *reader, const char *sql);
static void drop_left_out(WfModel *model);

/*
 * Reads the objects of the named schemas, or of all and of the database
 * itself when schemas is NIL; one that does not exist has none.  left_out
 * names attributes to leave out.  Where others change schemas all the time,
 * the result says that it may be no state that ever was.
 */
WfModel *
wf_schema_read(List *schemas, List *left_out)
{
	for (int again = 0;; again++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "wishflags schema",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		uint64		changes = wf_schema_count_changes();
		WfModel    *model;

		PushActiveSnapshot(GetLatestSnapshot());
		model = read_once(schemas, left_out);
		PopActiveSnapshot();
		MemoryContextSwitchTo(old);

		model->inconsistent = wf_schema_count_changes() != changes;
		if (!model->inconsistent || again == READS_AGAIN)
			return model;
		MemoryContextDelete(context);
	}
}

static WfModel *
read_once(List *schemas, List *left_out)
{
	Reader		reader;
	MemoryContext old;
	int			nest_level;

	reader.context = CurrentMemoryContext;
	reader.model = wf_schema_model_create();
	reader.model->server_version = atoi(GetConfigOption("server_version_num", false, false));
	reader.model->schemas = schemas;
	reader.model->left_out = left_out;
	reader.schemas = schemas;

	SPI_connect();
	nest_level = wf_schema_pin_settings();
	reader.map = wf_schema_address_read();
	read_queries(&reader, wf_schema_catalog_types);
	read_queries(&reader, wf_schema_catalog_routines);
	read_queries(&reader, wf_schema_catalog_relations);
	read_queries(&reader, wf_schema_catalog_details);
	read_queries(&reader, wf_schema_catalog_others);
	read_queries(&reader, wf_schema_catalog_access);
	if (superuser())
		read_queries(&reader, wf_schema_catalog_superuser);
	old = MemoryContextSwitchTo(reader.context);
	wf_schema_address_link(reader.map);
	MemoryContextSwitchTo(old);
	read_comments(&reader);
	if (!schemas)
		read_unmodelled(&reader);
	AtEOXact_GUC(false, nest_level);
	SPI_finish();

	drop_left_out(reader.model);
	wf_schema_model_finish(reader.model);
	return reader.model;
}

/* What deparsed text depends on; ends with the returned nest level. */
int
wf_schema_pin_settings(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"TimeZone", "UTC"},
		{"DateStyle", "ISO, MDY"},
		{"IntervalStyle", "postgres"},
		{"extra_float_digits", "1"},
		{"bytea_output", "hex"},
		{"xmlbinary", "base64"},
		{"quote_all_identifiers", "off"},
		{"standard_conforming_strings", "on"},
	};
	int			nest_level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

static void
run_query(const char *sql)
{
	int			result = SPI_execute(sql, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs: %s", SPI_result_code_string(result));
}

static void
read_queries(Reader *reader, const WfCatalogQuery *queries)
{
	for (; queries->sql; queries++)
		read_rows(reader, queries);
}

static void
read_rows(Reader *reader, const WfCatalogQuery *query)
{
	MemoryContext old;
	SPITupleTable *table;
	const WfObjectType *type = wf_schema_type(query->kind);
	RowShape	shape;

	run_query(query->sql);
	table = SPI_tuptable;
	find_columns(&shape, type, table->tupdesc);
	old = MemoryContextSwitchTo(reader->context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_row(reader, query, type, &shape, table->vals[i], table->tupdesc);
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(table);
}

static void
read_row(Reader *reader, const WfCatalogQuery *query, const WfObjectType *type, RowShape *shape,
		 HeapTuple tuple, TupleDesc desc)
{
	char	   *schema = text_at(tuple, desc, shape->nsp);
	Oid			oid = oid_at(tuple, desc, shape->oid);
	int			sub = int_at(tuple, desc, shape->sub);
	Oid			need = oid_at(tuple, desc, shape->need);
	Oid			alias = oid_at(tuple, desc, shape->alias);
	WfObject   *parent = NULL;
	WfObject   *object;

	if (reader->schemas && (!schema || !wf_schema_list_has(reader->schemas, schema)))
		return;
	if (oid != InvalidOid && wf_schema_address_is_member(reader->map, query->catalog, oid))
		return;
	if (shape->parent)
	{
		parent = wf_schema_address_find(reader->map, query->parent_catalog,
										oid_at(tuple, desc, shape->parent),
										int_at(tuple, desc, shape->psub));
		if (!parent || parent->type->kind == WF_OBJECT_EXTENSION)
			return;
	}
	if (shape->type)
		type = wf_schema_type_by_name(text_at(tuple, desc, shape->type));

	object = wf_schema_model_add(reader->model, type, text_at(tuple, desc, shape->identity));
	object->schema = schema;
	object->parent = parent;
	for (int i = 0; i < desc->natts; i++)
	{
		if (shape->attr[i] >= 0)
			object->values[shape->attr[i]] = text_at(tuple, desc, i + 1);
	}
	if (oid != InvalidOid)
		wf_schema_address_set(reader->map, query->catalog, oid, sub, object);
	if (alias != InvalidOid)
		wf_schema_address_set(reader->map, RelationRelationId, alias, 0, object);
	if (need != InvalidOid)
	{
		WfObject   *needed = wf_schema_address_find(reader->map, RelationRelationId, need,
													int_at(tuple, desc, shape->nsub));

		if (needed)
			wf_schema_object_need(object, needed);
	}
}

static void
find_columns(RowShape *shape, const WfObjectType *type, TupleDesc desc)
{
	memset(shape, 0, sizeof(RowShape));
	Assert(desc->natts <= MAX_COLUMNS);
	for (int i = 0; i < desc->natts; i++)
	{
		char	   *name = pstrdup(NameStr(TupleDescAttr(desc, i)->attname));
		int			column = i + 1;

		shape->attr[i] = -1;
		if (strcmp(name, "_oid") == 0)
			shape->oid = column;
		else if (strcmp(name, "_sub") == 0)
			shape->sub = column;
		else if (strcmp(name, "_type") == 0)
			shape->type = column;
		else if (strcmp(name, "_nsp") == 0)
			shape->nsp = column;
		else if (strcmp(name, "_parent") == 0)
			shape->parent = column;
		else if (strcmp(name, "_psub") == 0)
			shape->psub = column;
		else if (strcmp(name, "_need") == 0)
			shape->need = column;
		else if (strcmp(name, "_nsub") == 0)
			shape->nsub = column;
		else if (strcmp(name, "_alias") == 0)
			shape->alias = column;
		else if (strcmp(name, "identity") == 0)
			shape->identity = column;
		else
		{
			/* "identity_" is a column's attribute, no place. */
			if (name[strlen(name) - 1] == '_')
				name[strlen(name) - 1] = '\0';
			shape->attr[i] = wf_schema_attr_index(type, name);
			if (shape->attr[i] < 0)
				elog(ERROR, "object type \"%s\" has no attribute \"%s\"", type->name, name);
		}
	}
}

/* SPI_getvalue() looks the type's output function up for each value. */
static char *
text_at(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (!column)
		return NULL;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	if (isnull)
		return NULL;
	switch (TupleDescAttr(desc, column - 1)->atttypid)
	{
		case TEXTOID:
			return TextDatumGetCString(value);
		case NAMEOID:
			return pstrdup(NameStr(*DatumGetName(value)));
		default:
			return SPI_getvalue(tuple, desc, column);
	}
}

static Oid
oid_at(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (!column)
		return InvalidOid;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/* An attribute number (int2) or pg_depend's objsubid (int4). */
static int
int_at(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (!column)
		return 0;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	if (isnull)
		return 0;
	return TupleDescAttr(desc, column - 1)->atttypid == INT2OID ? DatumGetInt16(value)
		: DatumGetInt32(value);
}

/* A comment on the index of a constraint is the constraint's second one. */
static void
read_comments(Reader *reader)
{
	SPITupleTable *table;
	MemoryContext old;

	run_query("SELECT classoid, objoid, objsubid, description FROM pg_description"
			  " WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass"
			  " OR classoid = 'pg_extension'::regclass");
	table = SPI_tuptable;
	old = MemoryContextSwitchTo(reader->context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = table->vals[i];
		Oid			catalog = oid_at(tuple, table->tupdesc, 1);
		WfObject   *object = wf_schema_address_get(reader->map, catalog,
												   oid_at(tuple, table->tupdesc, 2),
												   int_at(tuple, table->tupdesc, 3));
		int			attr;

		if (!object)
			continue;
		attr = wf_schema_attr_index(object->type,
									object->type->kind == WF_OBJECT_CONSTRAINT && catalog == RelationRelationId
									? "index_comment" : "comment");
		if (attr >= 0)
			object->values[attr] = text_at(tuple, table->tupdesc, 4);
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(table);
}

/*
 * Objects that no query reads, so that nobody takes them for equal.  From 18
 * on a NOT NULL constraint has a name; only the one that the server chooses by
 * itself is kept.
 */
static void
read_unmodelled(Reader *reader)
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
				   " SELECT 'privileges on ' || pg_describe_object(a.c, a.o, a.s) FROM ("
				   "  SELECT 'pg_class'::regclass::oid, oid, 0, relacl, relnamespace FROM pg_class WHERE relacl IS NOT NULL"
				   "  UNION ALL SELECT 'pg_class'::regclass, attrelid, attnum, attacl, relnamespace"
				   "   FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attacl IS NOT NULL"
				   "  UNION ALL SELECT 'pg_proc'::regclass, oid, 0, proacl, pronamespace FROM pg_proc WHERE proacl IS NOT NULL"
				   "  UNION ALL SELECT 'pg_type'::regclass, oid, 0, typacl, typnamespace FROM pg_type WHERE typacl IS NOT NULL"
				   "  ) a(c, o, s, acl, n)"
				   "  LEFT JOIN pg_init_privs i ON i.classoid = a.c AND i.objoid = a.o AND i.objsubid = a.s"
				   "  WHERE a.acl IS DISTINCT FROM i.initprivs"
				   "  AND (a.o < 16384 OR EXISTS (SELECT FROM pg_depend e WHERE e.classid = a.c AND e.objid = a.o AND e.deptype = 'e'))"
				   "  AND a.n <> ALL (SELECT oid FROM pg_namespace WHERE nspname IN ('wishflags', 'information_schema'))"
				   " UNION ALL SELECT 'settings ' || coalesce('of role ' || " ROLE("nullif(s.setrole, 0)") " || ' ', '') || 'in this database'"
				   "  FROM pg_db_role_setting s WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())"
				   " UNION ALL SELECT 'name of ' || pg_describe_object('pg_constraint'::regclass, o.oid, 0)"
				   "  FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
				   "  JOIN pg_namespace n ON n.oid = c.relnamespace AND " USER_SCHEMA("n")
				   "  JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1]"
				   "  WHERE o.contype = 'n' AND (o.conislocal OR c.relispartition) AND o.conname <> left(c.relname || '_' || a.attname || '_not_null', 63)"
				   "  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid"
				   "   AND e.deptype = 'e')"
				   " UNION ALL SELECT 'security label on ' || pg_describe_object(l.classoid, l.objoid, l.objsubid) FROM pg_seclabel l"
				   " UNION ALL SELECT 'subscription ' || quote_ident(s.subname) FROM pg_subscription s"
				   "  WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
				   " ) x(what) ORDER BY 1");
}

/* Lists what a query yields and the model does not hold. */
static void
add_unmodelled(Reader *reader, const char *sql)
{
	SPITupleTable *table;
	MemoryContext old;

	run_query(sql);
	table = SPI_tuptable;
	old = MemoryContextSwitchTo(reader->context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *what = text_at(table->vals[i], table->tupdesc, 1);

		if (!wf_schema_model_find(reader->model, what))
			reader->model->unmodelled = lappend(reader->model->unmodelled, what);
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(table);
}

/* Raises undefined_schema for a schema that does not exist. */
void
wf_schema_check_schemas(List *schemas)
{
	ListCell   *lc;

	foreach(lc, schemas)
	{
		if (!OidIsValid(get_namespace_oid(lfirst(lc), true)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("schema \"%s\" does not exist", (char *) lfirst(lc))));
	}
}

static void
drop_left_out(WfModel *model)
{
	if (!model->left_out)
		return;
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];
		ListCell   *lc;

		foreach(lc, model->left_out)
		{
			int			attr = wf_schema_attr_index(object->type, lfirst(lc));

			if (attr >= 0)
				object->values[attr] = NULL;
		}
	}
}
