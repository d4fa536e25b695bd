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

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "common/steady.h"
#include "schema/catalog.h"
#include "schema/read.h"
#include "schema/reader.h"

#define MAX_COLUMNS 48

/* How often is read anew because a schema changed meanwhile. */
#define READS_AGAIN 3

/* What is asked for, and the answer. */
typedef struct Reading
{
	List	   *schemas;
	List	   *left_out;
	WfModel    *model;
} Reading;

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
				ncat,
				alias,
				identity;
	int			attr[MAX_COLUMNS];	/* attribute of each column, or -1 */
} RowShape;

static void read_until_consistent(void *arg);
static WfModel *read_once(List *schemas, List *left_out);
static void read_queries(WfReader *reader, const WfCatalogQuery *queries);
static void read_rows(WfReader *reader, const WfCatalogQuery *query);
static void read_row(WfReader *reader, const WfCatalogQuery *query, const WfObjectType *type,
					 RowShape *shape, HeapTuple tuple, TupleDesc desc);
static bool is_gone(const WfObjectType *type, const RowShape *shape, HeapTuple tuple, TupleDesc desc);
static void read_values(WfObject *object, RowShape *shape, HeapTuple tuple, TupleDesc desc);
static void find_columns(RowShape *shape, const WfObjectType *type, TupleDesc desc);
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
	Reading		reading = {.schemas = schemas, .left_out = left_out};

	PG_TRY();
	{
		wf_common_steady(read_until_consistent, &reading);
	}
	PG_CATCH();
	{
		wf_schema_progress_end();
		PG_RE_THROW();
	}
	PG_END_TRY();
	wf_schema_progress_end();
	return reading.model;
}

static void
read_until_consistent(void *arg)
{
	Reading    *reading = arg;

	for (int again = 0;; again++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "wishflags schema",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		uint64		changes = wf_schema_count_changes();

		PushActiveSnapshot(GetLatestSnapshot());
		reading->model = read_once(reading->schemas, reading->left_out);
		PopActiveSnapshot();
		MemoryContextSwitchTo(old);

		reading->model->inconsistent = wf_schema_count_changes() != changes;
		if (!reading->model->inconsistent || again == READS_AGAIN)
			return;
		MemoryContextDelete(context);
	}
}

static WfModel *
read_once(List *schemas, List *left_out)
{
	WfReader	reader;
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
	wf_schema_progress("reading objects of type column");
	wf_schema_read_columns(&reader);
	read_queries(&reader, wf_schema_catalog_columns);
	wf_schema_progress("reading objects of type default");
	wf_schema_read_defaults(&reader);
	read_queries(&reader, wf_schema_catalog_details);
	read_queries(&reader, wf_schema_catalog_others);
	read_queries(&reader, wf_schema_catalog_access);
	read_queries(&reader, wf_schema_catalog_settled);
	if (superuser())
		read_queries(&reader, wf_schema_catalog_superuser);
	wf_schema_progress("reading dependencies, comments and labels");
	old = MemoryContextSwitchTo(reader.context);
	wf_schema_address_link(reader.map);
	MemoryContextSwitchTo(old);
	wf_schema_read_annotations(&reader);
	if (!schemas)
		wf_schema_read_unmodelled(&reader);
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
		{"lc_monetary", "C"},
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
read_queries(WfReader *reader, const WfCatalogQuery *queries)
{
	for (; queries->sql; queries++)
	{
		wf_schema_progress(psprintf("reading objects of type %s", wf_schema_type(queries->kind)->name));
		read_rows(reader, queries);
	}
}

static void
read_rows(WfReader *reader, const WfCatalogQuery *query)
{
	MemoryContext old;
	SPITupleTable *table;
	const WfObjectType *type = wf_schema_type(query->kind);
	RowShape	shape;

	wf_schema_query(query->sql);
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
read_row(WfReader *reader, const WfCatalogQuery *query, const WfObjectType *type, RowShape *shape,
		 HeapTuple tuple, TupleDesc desc)
{
	char	   *schema = wf_schema_text_at(tuple, desc, shape->nsp);
	Oid			oid = wf_schema_oid_at(tuple, desc, shape->oid);
	int			sub = wf_schema_int_at(tuple, desc, shape->sub);
	Oid			need = wf_schema_oid_at(tuple, desc, shape->need);
	Oid			need_catalog = shape->ncat ? wf_schema_oid_at(tuple, desc, shape->ncat) : RelationRelationId;
	Oid			alias = wf_schema_oid_at(tuple, desc, shape->alias);
	WfObject   *parent = NULL;
	WfObject   *object;

	if (!shape->identity)
	{
		object = wf_schema_address_get(reader->map, query->catalog, oid, sub);
		if (object)
			read_values(object, shape, tuple, desc);
		return;
	}
	if (reader->schemas && (!schema || !wf_common_list_has(reader->schemas, schema)))
		return;
	if (oid != InvalidOid && wf_schema_address_is_member(reader->map, query->catalog, oid))
		return;
	if (is_gone(type, shape, tuple, desc))
		return;
	if (shape->parent)
	{
		parent = wf_schema_address_find(reader->map, query->parent_catalog,
										wf_schema_oid_at(tuple, desc, shape->parent),
										wf_schema_int_at(tuple, desc, shape->psub));
		if (!parent || parent->type->kind == WF_OBJECT_EXTENSION)
			return;
	}
	if (shape->type)
		type = wf_schema_type_by_name(wf_schema_text_at(tuple, desc, shape->type));

	object = wf_schema_model_add(reader->model, type, wf_schema_text_at(tuple, desc, shape->identity));
	object->schema = schema;
	object->parent = parent;
	read_values(object, shape, tuple, desc);
	if (oid != InvalidOid)
		wf_schema_address_set(reader->map, query->catalog, oid, sub, object);
	if (alias != InvalidOid)
		wf_schema_address_set(reader->map, RelationRelationId, alias, 0, object);
	if (need != InvalidOid)
	{
		WfObject   *needed = wf_schema_address_find(reader->map, need_catalog, need,
													wf_schema_int_at(tuple, desc, shape->nsub));

		if (needed)
			wf_schema_object_need(object, needed);
	}
}

/* The functions that deparse find nothing of an object that was dropped meanwhile. */
static bool
is_gone(const WfObjectType *type, const RowShape *shape, HeapTuple tuple, TupleDesc desc)
{
	if (heap_attisnull(tuple, shape->identity, desc))
		return true;
	for (int i = 0; i < desc->natts; i++)
	{
		if (shape->attr[i] >= 0 && (type->attrs[shape->attr[i]].flags & WF_ATTR_REQUIRED) &&
			heap_attisnull(tuple, i + 1, desc))
			return true;
	}
	return false;
}

static void
read_values(WfObject *object, RowShape *shape, HeapTuple tuple, TupleDesc desc)
{
	for (int i = 0; i < desc->natts; i++)
	{
		if (shape->attr[i] >= 0)
			object->values[shape->attr[i]] = wf_schema_text_at(tuple, desc, i + 1);
	}
}

/* Adds an object that lies in its parent's schema, without attributes. */
WfObject *
wf_schema_reader_add_part(WfReader *reader, WfObjectKind kind, WfObject *parent, const char *identity)
{
	WfObject   *object = wf_schema_model_add(reader->model, wf_schema_type(kind), identity);

	object->schema = parent->schema;
	object->parent = parent;
	return object;
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
		else if (strcmp(name, "_ncat") == 0)
			shape->ncat = column;
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
					 errmsg("schema \"%s\" does not exist", (char *) lfirst(lc)),
					 errhint("List the schemas by \\dn.")));
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
