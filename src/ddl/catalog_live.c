/*
 * catalog_live.c: the catalog as it is, read by syscache without a lock.
 *
 * What is read may change under us: another session can drop the object
 * between two look-ups.  So every look-up tolerates a missing row and answers
 * "there is none".
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "ddl/catalog.h"
#include "ddl/catalog_parts.h"
#include "ddl/populated.h"
#include "ddl/relation_names.h"
#include "ddl/type_usage.h"

static WfRelation *live_relation(WfCatalog *catalog, const RangeVar *name);
static WfRelation *live_index_table(WfCatalog *catalog, WfRelation *index);
static WfColumn *live_column(WfCatalog *catalog, WfRelation *relation, const char *name);
static WfType *live_type(WfCatalog *catalog, List *names);
static List *name_of(Form_pg_type form);
static void look_at_base(WfType *type, Oid base);
static char *base_type_name(WfCatalog *catalog, Oid domain);
static void live_type_uses(WfCatalog *catalog, WfType *type);
static bool live_has_label(WfCatalog *catalog, WfType *type, const char *label);
static List *live_search_path(WfCatalog *catalog);

/*
 * The live catalog of the current database, for the running server version.
 * Its answers live in CurrentMemoryContext.
 */
WfCatalog *
wf_ddl_catalog_live(void)
{
	WfCatalog  *catalog = palloc0(sizeof(WfCatalog));

	catalog->names = palloc0(sizeof(WfRelationNames));
	catalog->names->context = CurrentMemoryContext;
	catalog->context = CurrentMemoryContext;
	catalog->server_version = WF_SERVER_MAJOR;
	catalog->relation = live_relation;
	catalog->index_table = live_index_table;
	catalog->measure = wf_ddl_live_measure;
	catalog->column = live_column;
	catalog->constraints = wf_ddl_live_constraints;
	catalog->constraint = wf_ddl_live_constraint;
	catalog->has_constraint = wf_ddl_live_has_constraint;
	catalog->indexes = wf_ddl_live_indexes;
	catalog->index_matches = wf_ddl_live_index_matches;
	catalog->partition_key = wf_ddl_live_partition_key;
	catalog->partitions = wf_ddl_live_partitions;
	catalog->partition_parent = wf_ddl_live_partition_parent;
	catalog->default_partition = wf_ddl_live_default_partition;
	catalog->proves_bound = wf_ddl_live_proves_bound;
	catalog->type = live_type;
	catalog->type_uses = live_type_uses;
	catalog->has_label = live_has_label;
	catalog->column_type = wf_ddl_live_column_type;
	catalog->constraint_sql = wf_ddl_live_constraint_sql;
	catalog->last_label = wf_ddl_live_last_label;
	catalog->type_change = wf_ddl_live_type_change;
	catalog->column_of = wf_ddl_live_column_of;
	catalog->rebuilt_indexes = wf_ddl_live_rebuilt_indexes;
	catalog->volatility = wf_ddl_live_volatility;
	catalog->search_path = live_search_path;
	catalog->dependents = wf_ddl_live_dependents;
	catalog->drop_blockers = wf_ddl_live_drop_blockers;
	catalog->cascade = wf_ddl_live_cascade;
	catalog->has_schema = wf_ddl_live_has_schema;
	catalog->has_database = wf_ddl_live_has_database;
	catalog->has_part = wf_ddl_live_has_part;
	catalog->policies = wf_ddl_live_policies;
	catalog->has_routine = wf_ddl_live_has_routine;
	catalog->routine_change = wf_ddl_live_routine_change;
	catalog->publications = wf_ddl_live_publications;
	catalog->publishes_changes = wf_ddl_live_publishes_changes;
	catalog->null_fraction = wf_ddl_live_null_fraction;
	return catalog;
}

/*
 * The OID that a name means under the search_path.  RangeVarGetRelid() is not
 * used: it raises for a name with a database or a schema without USAGE.
 */
static Oid
resolve_relation(const RangeVar *name)
{
	Oid			namespace;

	if (name->catalogname && strcmp(name->catalogname, get_database_name(MyDatabaseId)) != 0)
		return InvalidOid;
	if (!name->schemaname)
		return RelnameGetRelid(name->relname);
	if (strcmp(name->schemaname, "pg_temp") == 0)
	{
		Oid			temp;
		Oid			toast;

		GetTempNamespaceState(&temp, &toast);
		return OidIsValid(temp) ? get_relname_relid(name->relname, temp) : InvalidOid;
	}
	namespace = get_namespace_oid(name->schemaname, true);
	return OidIsValid(namespace) ? get_relname_relid(name->relname, namespace) : InvalidOid;
}

/* The relation with this OID; NULL where it is gone. */
WfRelation *
wf_ddl_live_relation(WfCatalog *catalog, Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	WfRelation *relation;
	MemoryContext old;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_class) GETSTRUCT(tuple);
	old = MemoryContextSwitchTo(catalog->context);
	relation = palloc0(sizeof(WfRelation));
	relation->relid = relid;
	relation->schema = get_namespace_name(form->relnamespace);
	if (!relation->schema)
		relation->schema = pstrdup("?");
	relation->name = pstrdup(NameStr(form->relname));
	relation->kind = form->relkind;
	relation->persistence = form->relpersistence;
	relation->access_method = OidIsValid(form->relam) ? get_am_name(form->relam) : NULL;
	relation->has_default_method = relation->access_method &&
		strcmp(relation->access_method, default_table_access_method) == 0;
	relation->replica_identity = form->relreplident;
	relation->row_security = form->relrowsecurity;
	relation->forces_row_security = form->relforcerowsecurity;
	relation->is_partition = form->relispartition;
	relation->is_unread = form->relkind == RELKIND_MATVIEW && !form->relispopulated;
	relation->ncolumns = form->relnatts;
	relation->rows = -1;
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
	relation->created_here = wf_ddl_relation_is_new(relid);
	return relation;
}

static WfRelation *
live_relation(WfCatalog *catalog, const RangeVar *name)
{
	Oid			relid = InvalidOid;

	if (wf_ddl_relation_names_may_hold(catalog->names, name->relname))
		relid = resolve_relation(name);
	if (OidIsValid(relid))
		return wf_ddl_live_relation(catalog, relid);
	wf_ddl_relation_names_missed(catalog->names);
	return NULL;
}

static WfRelation *
live_index_table(WfCatalog *catalog, WfRelation *index)
{
	Oid			relid = InvalidOid;

	if (index->kind == RELKIND_INDEX || index->kind == RELKIND_PARTITIONED_INDEX)
		relid = wf_ddl_live_index_relid(index->relid);
	return OidIsValid(relid) ? wf_ddl_live_relation(catalog, relid) : NULL;
}

static WfColumn *
live_column(WfCatalog *catalog, WfRelation *relation, const char *name)
{
	HeapTuple	tuple;
	Form_pg_attribute form;
	WfColumn   *column;
	MemoryContext old;

	if (!OidIsValid(relation->relid))
		return NULL;
	tuple = SearchSysCacheAttName(relation->relid, name);
	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	old = MemoryContextSwitchTo(catalog->context);
	column = palloc0(sizeof(WfColumn));
	column->name = pstrdup(NameStr(form->attname));
	column->attnum = form->attnum;
	column->type = form->atttypid;
	column->base_type = form->atttypid >= FirstNormalObjectId ? getBaseType(form->atttypid) : InvalidOid;
	column->typmod = form->atttypmod;
	column->collation = form->attcollation;
	column->not_null = form->attnotnull;
	column->has_default = form->atthasdef;
	column->identity = form->attidentity;
	column->generated = form->attgenerated;
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
	return column;
}

/* The OID of a type by its name as the grammar of ALTER TYPE gives it. */
Oid
wf_ddl_live_type_oid(List *names)
{
	char	   *schema = NULL;
	char	   *name = strVal(llast(names));
	Oid			namespace;

	if (list_length(names) > 3)
		return InvalidOid;
	if (list_length(names) > 1)
		schema = strVal(list_nth(names, list_length(names) - 2));
	if (!schema)
		return TypenameGetTypidExtended(name, true);
	namespace = get_namespace_oid(schema, true);
	if (!OidIsValid(namespace))
		return InvalidOid;
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(name), ObjectIdGetDatum(namespace));
}

static WfType *
live_type(WfCatalog *catalog, List *names)
{
	Oid			typid = InvalidOid;
	HeapTuple	tuple;
	Form_pg_type form;
	WfType	   *type;
	MemoryContext old;

	if (wf_ddl_relation_names_may_hold(catalog->names, strVal(llast(names))))
		typid = wf_ddl_live_type_oid(names);
	if (!OidIsValid(typid))
	{
		wf_ddl_relation_names_missed(catalog->names);
		return NULL;
	}
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(typid));
	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_type) GETSTRUCT(tuple);
	old = MemoryContextSwitchTo(catalog->context);
	type = palloc0(sizeof(WfType));
	type->oid = typid;
	type->schema = get_namespace_name(form->typnamespace);
	if (!type->schema)
		type->schema = pstrdup("?");
	type->name = pstrdup(NameStr(form->typname));
	type->kind = form->typtype;
	type->uses = -1;
	type->has_default = !heap_attisnull(tuple, Anum_pg_type_typdefault, NULL);
	type->base_type = typid;
	type->own_not_null = type->not_null = form->typnotnull;
	if (type->kind == TYPTYPE_DOMAIN)
	{
		type->base_type = getBaseType(typid);
		type->constrained = wf_ddl_live_domain_constraints(typid, type) || type->not_null;
		look_at_base(type, form->typbasetype);
	}
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
	type->has_volatile_default = type->has_default && contain_volatile_functions(get_typdefault(typid));
	if (type->constrained)
		type->base = base_type_name(catalog, typid);
	type->created_here = wf_ddl_type_is_new(typid);
	return type;
}

/* The qualified name of a type, as a list of String; NIL where its schema is gone. */
static List *
name_of(Form_pg_type form)
{
	char	   *schema = get_namespace_name(form->typnamespace);

	return schema ? list_make2(makeString(schema), makeString(pstrdup(NameStr(form->typname)))) : NIL;
}

/* What a domain has of the one that it is made of, and that of another. */
static void
look_at_base(WfType *type, Oid base)
{
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(base))))
	{
		Form_pg_type form = (Form_pg_type) GETSTRUCT(tuple);
		bool		is_domain = form->typtype == TYPTYPE_DOMAIN;

		if (is_domain)
		{
			if (type->of_name == NIL)
				type->of_name = name_of(form);
			type->of_not_null |= form->typnotnull;
			type->of_constrained |= form->typnotnull || wf_ddl_live_domain_constraints(base, NULL);
			base = form->typbasetype;
		}
		ReleaseSysCache(tuple);
		if (!is_domain)
			break;
	}
	type->not_null |= type->of_not_null;
	type->constrained |= type->of_constrained;
}

/* The type that a domain, or the domain it is of, is made of. */
static char *
base_type_name(WfCatalog *catalog, Oid domain)
{
	MemoryContext old = MemoryContextSwitchTo(catalog->context);
	int32		typmod = -1;
	Oid			base = getBaseTypeAndTypmod(domain, &typmod);
	char	   *name = format_type_extended(base, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);

	MemoryContextSwitchTo(old);
	return name;
}

/* Counts the columns that use the type and names the first. */
static void
live_type_uses(WfCatalog *catalog, WfType *type)
{
	List	   *columns;
	MemoryContext old;

	if (type->uses >= 0)
		return;
	old = MemoryContextSwitchTo(catalog->context);
	columns = wf_ddl_type_columns(type->oid, 1, &type->uses);
	type->used_by = columns ? linitial(columns) : NULL;
	MemoryContextSwitchTo(old);
}

static List *
live_search_path(WfCatalog *catalog)
{
	MemoryContext old = MemoryContextSwitchTo(catalog->context);
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, fetch_search_path(true))
	{
		char	   *name = get_namespace_name(lfirst_oid(lc));

		if (name)
			names = lappend(names, name);
	}
	MemoryContextSwitchTo(old);
	return names;
}

static bool
live_has_label(WfCatalog *catalog, WfType *type, const char *label)
{
	/* A label longer than a name is refused, not looked up. */
	return type->kind != TYPTYPE_ENUM || strlen(label) >= NAMEDATALEN ||
		SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(type->oid), CStringGetDatum(label));
}
