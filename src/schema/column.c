/*
 * column.c: reading columns and their defaults.
 *
 * No other type has as many objects, so the catalogs are scanned without a
 * query, and what repeats from column to column is worked out once: the text
 * of a type, and of a default.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodes.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "schema/catalog.h"
#include "schema/reader.h"

typedef struct TypeKey
{
	Oid			type;
	int32		typmod;
	Oid			collation;
} TypeKey;

/* What a column of this type, modifier and collation is. */
typedef struct TypeEntry
{
	TypeKey		key;
	const char *text;
	char		storage;		/* of the type */
	char		status;
} TypeEntry;

#define SH_PREFIX types
#define SH_ELEMENT_TYPE TypeEntry
#define SH_KEY_TYPE TypeKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &(key), sizeof(TypeKey))
#define SH_EQUAL(tb, a, b) ((a).type == (b).type && (a).typmod == (b).typmod && (a).collation == (b).collation)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* A default as it is stored, without the places in the statement it came from. */
typedef struct DefaultEntry
{
	const char *stored;
	const char *text;
	bool		is_volatile;
	char		status;
} DefaultEntry;

#define SH_PREFIX defaults
#define SH_ELEMENT_TYPE DefaultEntry
#define SH_KEY_TYPE const char *
#define SH_KEY stored
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* Places of the attributes that are filled in here. */
typedef struct ColumnAttrs
{
	int			position,
				inherited,
				local,
				type,
				not_null,
				identity,
				storage,
				usual_storage,
				compression,
				statistics;
} ColumnAttrs;

typedef struct ColumnScan
{
	WfReader   *reader;
	const WfObjectType *type;
	ColumnAttrs attrs;
	types_hash *types;
	uint64	   *view_columns;	/* those of views that are objects, sorted */
	uint64		nview_columns;
} ColumnScan;

static void check_readable(Oid catalog);
static void find_attributes(ColumnScan *scan);
static void read_view_columns(ColumnScan *scan);
static bool is_object(ColumnScan *scan, WfObject *relation, Form_pg_attribute form);
static int	compare_places(const void *a, const void *b);
static void read_column(ColumnScan *scan, HeapTuple tuple, TupleDesc desc);
static TypeEntry *type_of(ColumnScan *scan, Form_pg_attribute form);
static char *type_text(Form_pg_attribute form, Oid usual_collation);
static const char *storage_name(char storage);
static void read_default(WfReader *reader, defaults_hash *known, HeapTuple tuple, TupleDesc desc);
static const char *default_text(WfReader *reader, defaults_hash *known, Datum stored, Oid relation, bool *is_volatile);
static char *deparse(MemoryContext context, Datum stored, Oid relation);
static bool computes_each_row(Datum stored);
static bool strip_locations(char *stored);

/* One place in pg_attribute as a number. */
static inline uint64
place(Oid relation, int column)
{
	return (uint64) relation << 16 | (uint16) column;
}

/*
 * Adds the columns of the relations that were read; of views only those with
 * settings of their own.  What is seldom said of a column a query adds.
 */
void
wf_schema_read_columns(WfReader *reader)
{
	ColumnScan	scan = {.reader = reader, .type = wf_schema_type(WF_OBJECT_COLUMN)};
	Relation	rel;
	SysScanDesc attributes;
	HeapTuple	tuple;

	check_readable(AttributeRelationId);
	find_attributes(&scan);
	scan.types = types_create(CurrentMemoryContext, 256, NULL);
	read_view_columns(&scan);
	rel = table_open(AttributeRelationId, AccessShareLock);
	attributes = systable_beginscan(rel, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(attributes)))
	{
		CHECK_FOR_INTERRUPTS();
		read_column(&scan, tuple, RelationGetDescr(rel));
	}
	systable_endscan(attributes);
	table_close(rel, AccessShareLock);
	types_destroy(scan.types);
}

/* A query would ask for this privilege, so the scan does. */
static void
check_readable(Oid catalog)
{
	AclResult	result = pg_class_aclcheck(catalog, GetUserId(), ACL_SELECT);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, get_rel_name(catalog));
}

static void
find_attributes(ColumnScan *scan)
{
	scan->attrs.position = wf_schema_attr_index(scan->type, "position");
	scan->attrs.inherited = wf_schema_attr_index(scan->type, "inherited");
	scan->attrs.local = wf_schema_attr_index(scan->type, "local");
	scan->attrs.type = wf_schema_attr_index(scan->type, "type");
	scan->attrs.not_null = wf_schema_attr_index(scan->type, "not_null");
	scan->attrs.identity = wf_schema_attr_index(scan->type, "identity");
	scan->attrs.storage = wf_schema_attr_index(scan->type, "storage");
	scan->attrs.usual_storage = wf_schema_attr_index(scan->type, "usual_storage");
	scan->attrs.compression = wf_schema_attr_index(scan->type, "compression");
	scan->attrs.statistics = wf_schema_attr_index(scan->type, "statistics");
}

static void
read_view_columns(ColumnScan *scan)
{
	SPITupleTable *table;

	wf_schema_query(wf_schema_view_columns);
	table = SPI_tuptable;
	scan->nview_columns = SPI_processed;
	scan->view_columns = palloc(Max(SPI_processed, 1) * sizeof(uint64));
	for (uint64 i = 0; i < scan->nview_columns; i++)
		scan->view_columns[i] = place(wf_schema_oid_at(table->vals[i], table->tupdesc, 1),
									  wf_schema_int_at(table->vals[i], table->tupdesc, 2));
	qsort(scan->view_columns, scan->nview_columns, sizeof(uint64), compare_places);
	SPI_freetuptable(table);
}

static int
compare_places(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

static bool
is_object(ColumnScan *scan, WfObject *relation, Form_pg_attribute form)
{
	uint64		wanted = place(form->attrelid, form->attnum);

	switch (relation->type->kind)
	{
		case WF_OBJECT_TABLE:
		case WF_OBJECT_FOREIGN_TABLE:
		case WF_OBJECT_COMPOSITE:
			return true;
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
			return bsearch(&wanted, scan->view_columns, scan->nview_columns, sizeof(uint64), compare_places) != NULL;
		default:
			return false;
	}
}

static void
read_column(ColumnScan *scan, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attribute form = (Form_pg_attribute) GETSTRUCT(tuple);
	const ColumnAttrs *attrs = &scan->attrs;
	MemoryContext old;
	WfObject   *relation;
	WfObject   *column;
	const char **values;
	TypeEntry  *type;
	Datum		statistics;
	bool		isnull;

	if (form->attnum <= 0 || form->attisdropped)
		return;
	relation = wf_schema_address_get(scan->reader->map, RelationRelationId, form->attrelid, 0);
	if (!relation || !is_object(scan, relation, form))
		return;
	type = type_of(scan, form);
	old = MemoryContextSwitchTo(scan->reader->context);
	column = wf_schema_reader_add_part(scan->reader, WF_OBJECT_COLUMN, relation,
									   psprintf("%s.%s", relation->identity, quote_identifier(NameStr(form->attname))));
	wf_schema_address_set(scan->reader->map, RelationRelationId, form->attrelid, form->attnum, column);
	values = column->values;
	values[attrs->position] = psprintf("%d", form->attnum);
	if (form->attinhcount > 0)
		values[attrs->inherited] = "true";
	if (form->attislocal)
		values[attrs->local] = "true";
	values[attrs->type] = type->text;
	if (form->attnotnull)
		values[attrs->not_null] = "true";
	if (form->attidentity)
		values[attrs->identity] = form->attidentity == ATTRIBUTE_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT";
	/* Nothing says how an attribute of a composite type is stored. */
	if (form->attstorage != type->storage && relation->type->kind != WF_OBJECT_COMPOSITE)
	{
		values[attrs->storage] = storage_name(form->attstorage);
		values[attrs->usual_storage] = storage_name(type->storage);
	}
	if (form->attcompression)
		values[attrs->compression] = form->attcompression == 'p' ? "pglz" : "lz4";
	statistics = heap_getattr(tuple, Anum_pg_attribute_attstattarget, desc, &isnull);
	if (!isnull && wf_statistics_target(statistics) != -1)
		values[attrs->statistics] = psprintf("%d", wf_statistics_target(statistics));
	MemoryContextSwitchTo(old);
}

static TypeEntry *
type_of(ColumnScan *scan, Form_pg_attribute form)
{
	TypeKey		key = {form->atttypid, form->atttypmod, form->attcollation};
	TypeEntry  *entry = types_lookup(scan->types, key);
	HeapTuple	tuple;
	Form_pg_type type;
	const char *text;
	char		storage;
	MemoryContext old;
	bool		found;

	if (entry)
		return entry;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(form->atttypid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", form->atttypid);
	type = (Form_pg_type) GETSTRUCT(tuple);
	storage = type->typstorage;
	old = MemoryContextSwitchTo(scan->reader->context);
	text = type_text(form, type->typcollation);
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
	entry = types_insert(scan->types, key, &found);
	entry->text = text;
	entry->storage = storage;
	return entry;
}

static char *
type_text(Form_pg_attribute form, Oid usual_collation)
{
	char	   *text = format_type_extended(form->atttypid, form->atttypmod,
											FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_ALLOW_INVALID);
	HeapTuple	tuple;
	Form_pg_collation collation;

	if (form->attcollation == usual_collation)
		return text;
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(form->attcollation));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", form->attcollation);
	collation = (Form_pg_collation) GETSTRUCT(tuple);
	text = psprintf("%s COLLATE %s", text,
					quote_qualified_identifier(get_namespace_name(collation->collnamespace),
											   NameStr(collation->collname)));
	ReleaseSysCache(tuple);
	return text;
}

static const char *
storage_name(char storage)
{
	switch (storage)
	{
		case TYPSTORAGE_PLAIN:
			return "PLAIN";
		case TYPSTORAGE_EXTERNAL:
			return "EXTERNAL";
		case TYPSTORAGE_MAIN:
			return "MAIN";
		default:
			return "EXTENDED";
	}
}

/* Adds the defaults of the columns that were read, and of the other columns of views. */
void
wf_schema_read_defaults(WfReader *reader)
{
	defaults_hash *known = defaults_create(CurrentMemoryContext, 256, NULL);
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	check_readable(AttrDefaultRelationId);
	rel = table_open(AttrDefaultRelationId, AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		read_default(reader, known, tuple, RelationGetDescr(rel));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	defaults_destroy(known);
}

static void
read_default(WfReader *reader, defaults_hash *known, HeapTuple tuple, TupleDesc desc)
{
	Form_pg_attrdef form = (Form_pg_attrdef) GETSTRUCT(tuple);
	WfObject   *parent = wf_schema_address_find(reader->map, RelationRelationId, form->adrelid, form->adnum);
	const char *identity;
	const char *expression;
	WfObject   *object;
	MemoryContext old;
	Datum		stored;
	bool		isnull;
	bool		is_volatile;

	if (!parent || parent->type->kind == WF_OBJECT_EXTENSION)
		return;
	if (parent->type->kind == WF_OBJECT_COLUMN && wf_schema_flag(parent, "generated"))
		return;
	stored = heap_getattr(tuple, Anum_pg_attrdef_adbin, desc, &isnull);
	old = MemoryContextSwitchTo(reader->context);
	expression = default_text(reader, known, stored, form->adrelid, &is_volatile);
	if (expression)
	{
		identity = parent->identity;
		if (parent->type->kind != WF_OBJECT_COLUMN)
			identity = psprintf("%s.%s", identity, quote_identifier(get_attname(form->adrelid, form->adnum, false)));
		object = wf_schema_reader_add_part(reader, WF_OBJECT_DEFAULT, parent, identity);
		wf_schema_address_set(reader->map, AttrDefaultRelationId, form->oid, 0, object);
		object->values[wf_schema_attr_index(object->type, "expression")] = expression;
		if (is_volatile)
			object->values[wf_schema_attr_index(object->type, "volatile")] = "true";
	}
	MemoryContextSwitchTo(old);
}

/* What mentions no column reads the same in every table. */
static const char *
default_text(WfReader *reader, defaults_hash *known, Datum stored, Oid relation, bool *is_volatile)
{
	char	   *key = TextDatumGetCString(stored);
	DefaultEntry *entry;
	bool		found;

	if (!strip_locations(key))
	{
		*is_volatile = computes_each_row(stored);
		pfree(key);
		return deparse(reader->context, stored, relation);
	}
	entry = defaults_insert(known, key, &found);
	if (found)
		pfree(key);
	else
	{
		entry->text = deparse(reader->context, stored, relation);
		entry->is_volatile = computes_each_row(stored);
	}
	*is_volatile = entry->is_volatile;
	return entry->text;
}

/* As ADD COLUMN sees it, which otherwise computes the default once. */
static bool
computes_each_row(Datum stored)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "wishflags default", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	bool		result = contain_volatile_functions(stringToNode(TextDatumGetCString(stored)));

	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return result;
}

/* As pg_get_expr() says it; NULL of a table that is gone. */
static char *
deparse(MemoryContext context, Datum stored, Oid relation)
{
	LOCAL_FCINFO(fcinfo, 2);
	MemoryContext scratch = AllocSetContextCreate(context, "wishflags default", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	char	   *shown = NULL;
	Datum		result;

	InitFunctionCallInfoData(*fcinfo, NULL, 2, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = stored;
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = ObjectIdGetDatum(relation);
	fcinfo->args[1].isnull = false;
	result = pg_get_expr(fcinfo);
	if (!fcinfo->isnull)
		shown = MemoryContextStrdup(context, TextDatumGetCString(result));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return shown;
}

/*
 * Takes the numbers after ":location" out of a stored tree, where a string is
 * never plain text.  false: it mentions a column.
 */
static bool
strip_locations(char *stored)
{
	static const char location[] = ":location ";
	char	   *to = stored;

	for (char *from = stored; *from;)
	{
		if (strncmp(from, "{VAR ", 5) == 0)
			return false;
		if (*from == ':' && strncmp(from, location, sizeof(location) - 1) == 0)
		{
			from += sizeof(location) - 1;
			from += strspn(from, "-0123456789");
			continue;
		}
		*to++ = *from++;
	}
	*to = '\0';
	return true;
}
