/*
 * cascade.c: what DROP ... CASCADE takes along, and how to drop it by name.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "ddl/deparse.h"
#include "ddl/drop_search.h"

/* More than views are built on views; objects that depend on each other have no end. */
#define LEVELS_MAX 100

static void add_part(WfCatalog *catalog, WfDropSearch *search, AlterTableStmt *stmt, const AlterTableCmd *command);
static void add_dependent(WfCatalog *catalog, WfDropSearch *search, const WfDropBlocker *blocker, List **dependents);
static void put_parents_first(WfDropSearch *search);
static bool is_inherited_and_own(const ObjectAddress *address);
static List *parents_of(Oid table);
static bool find_in_parent(const ObjectAddress *address, Oid parent, ObjectAddress *found);
static void set_levels(const WfDropSearch *search);
static void leave_out_defaults(const WfDropSearch *search);
static char *drop_statement(const ObjectAddress *address);
static char *drop_constraint(Oid constraint, const char *relation);
static char *drop_default(ObjectAddress column);
static char *drop_column(const ObjectAddress *address);
static bool is_partition_key(const ObjectAddress *column);
static char *relation_name(Oid relation);

/*
 * What CASCADE takes along.  What belongs to an object goes with it in any case
 * and is not listed: its row type, indexes, own constraints and defaults.
 */
bool
wf_ddl_live_cascade(WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents)
{
	WfDropSearch search = {.gone = wf_ddl_drop_make_gone()};
	int			named = 1;
	bool		is_known;
	ListCell   *lc;

	if (IsA(stmt, DropStmt))
	{
		named = list_length(((DropStmt *) stmt)->objects);
		foreach(lc, ((DropStmt *) stmt)->objects)
			wf_ddl_drop_add_named(catalog, &search, ((DropStmt *) stmt)->removeType, lfirst(lc));
	}
	else
		add_part(catalog, &search, (AlterTableStmt *) stmt, command);
	is_known = list_length(search.going) == named;
	*dependents = NIL;
	/* What depends on an object goes as well, and what depends on that. */
	for (int i = 0, told = 0; i < list_length(search.going); i++)
	{
		WfDropGoing *going = list_nth(search.going, i);

		search.dependent = going->dependent;
		wf_ddl_drop_follow(&search, &going->address);
		for (; told < list_length(search.blockers); told++)
		{
			CHECK_FOR_INTERRUPTS();
			add_dependent(catalog, &search, list_nth(search.blockers, told), dependents);
		}
	}
	put_parents_first(&search);
	set_levels(&search);
	leave_out_defaults(&search);
	hash_destroy(search.gone);
	return is_known;
}

/* Describes what goes, if it is not known to go. */
static void
add_dependent(WfCatalog *catalog, WfDropSearch *search, const WfDropBlocker *blocker, List **dependents)
{
	ObjectAddress object = wf_ddl_dropped_object(&blocker->address);
	const WfDropGoing *going = wf_ddl_drop_find(search, &object);
	MemoryContext old;

	if (going)
		search->dependent = going->dependent;
	else
	{
		old = MemoryContextSwitchTo(catalog->context);
		search->dependent = wf_ddl_drop_describe(blocker);
		/* NULL where it is gone meanwhile. */
		if (search->dependent)
		{
			search->dependent->drop_sql = drop_statement(&object);
			*dependents = lappend(*dependents, search->dependent);
		}
		MemoryContextSwitchTo(old);
	}
	/* A view goes with the rule that makes it one. */
	if (wf_ddl_drop_add(search, &object))
		((WfDropGoing *) llast(search->going))->is_dependent = true;
	wf_ddl_drop_add(search, &blocker->address);
}

/*
 * A column or constraint that is inherited, and its table's own as well, can be
 * dropped when that of the parent is.  One whose parent keeps it can't.
 */
static void
put_parents_first(WfDropSearch *search)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, search->going)
	{
		const WfDropGoing *going = lfirst(lc);

		if (!going->is_dependent || going->dependent == NULL || !is_inherited_and_own(&going->address))
			continue;
		foreach(lc2, parents_of(wf_ddl_drop_holder(&going->address)))
		{
			ObjectAddress parent;
			WfDropBlocker *blocker;

			if (!find_in_parent(&going->address, lfirst_oid(lc2), &parent))
				continue;
			if (wf_ddl_drop_find(search, &parent) == NULL)
				going->dependent->drop_sql = NULL;
			blocker = palloc(sizeof(WfDropBlocker));
			blocker->address = parent;
			blocker->of = going->address;
			search->blockers = lappend(search->blockers, blocker);
		}
	}
}

static bool
is_inherited_and_own(const ObjectAddress *address)
{
	bool		is_column = address->classId == RelationRelationId && address->objectSubId != 0;
	HeapTuple	tuple;
	bool		result;

	if (!is_column && address->classId != ConstraintRelationId)
		return false;
	tuple = is_column ?
		SearchSysCache2(ATTNUM, ObjectIdGetDatum(address->objectId), Int16GetDatum(address->objectSubId)) :
		SearchSysCache1(CONSTROID, ObjectIdGetDatum(address->objectId));
	if (!HeapTupleIsValid(tuple))
		return false;
	if (is_column)
		result = ((Form_pg_attribute) GETSTRUCT(tuple))->attislocal && ((Form_pg_attribute) GETSTRUCT(tuple))->attinhcount > 0;
	else
		result = ((Form_pg_constraint) GETSTRUCT(tuple))->conislocal && ((Form_pg_constraint) GETSTRUCT(tuple))->coninhcount > 0;
	ReleaseSysCache(tuple);
	return result;
}

/* The tables that a table inherits from. */
static List *
parents_of(Oid table)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *parents = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		parents = lappend_oid(parents, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(inherits, AccessShareLock);
	return parents;
}

/* The column or constraint of the same name in a parent; false where it has none. */
static bool
find_in_parent(const ObjectAddress *address, Oid parent, ObjectAddress *found)
{
	char	   *name = address->classId == RelationRelationId ?
	get_attname(address->objectId, address->objectSubId, true) : get_constraint_name(address->objectId);

	if (name == NULL)
		return false;
	if (address->classId == RelationRelationId)
	{
		ObjectAddressSubSet(*found, RelationRelationId, parent, get_attnum(parent, name));
		return found->objectSubId != InvalidAttrNumber;
	}
	ObjectAddressSet(*found, ConstraintRelationId, get_relation_constraint_oid(parent, name, true));
	return OidIsValid(found->objectId);
}

/*
 * Puts each dependent on a level above all that keep it from being dropped.
 * Objects that depend on each other, as a table and its function may, have no
 * order.
 */
static void
set_levels(const WfDropSearch *search)
{
	bool		changed = true;

	for (int round = 0; changed && round < LEVELS_MAX; round++)
	{
		ListCell   *lc;

		changed = false;
		foreach(lc, search->blockers)
		{
			const WfDropBlocker *blocker = lfirst(lc);
			const WfDropGoing *going = wf_ddl_drop_find(search, &blocker->address);
			const WfDropGoing *of = wf_ddl_drop_find(search, &blocker->of);
			const WfDependent *below = of ? of->dependent : NULL;
			int			level = below ? below->level + 1 : 1;

			CHECK_FOR_INTERRUPTS();
			if (going && going->dependent && going->dependent != below && going->dependent->level < level)
			{
				going->dependent->level = level;
				changed = true;
			}
		}
	}
}

/* A default goes with its column, which may have been found after it. */
static void
leave_out_defaults(const WfDropSearch *search)
{
	ListCell   *lc;

	foreach(lc, search->going)
	{
		const WfDropGoing *going = lfirst(lc);
		ObjectAddress column;

		if (!going->is_dependent || going->dependent == NULL || going->address.classId != AttrDefaultRelationId)
			continue;
		column = GetAttrDefaultColumnAddress(going->address.objectId);
		if (OidIsValid(column.objectId) && hash_search(search->gone, &column, HASH_FIND, NULL))
			going->dependent->drop_sql = pstrdup("");
	}
}

/*
 * The statement that drops a dependent by its name, if it has not gone with
 * what it belongs to; empty where it goes with what it was inherited from, NULL
 * where there is none.  What others have dropped meanwhile has no name.
 */
static char *
drop_statement(const ObjectAddress *address)
{
	static const char *const droppable[] = {
		"view", "materialized view", "table", "foreign table", "sequence", "function", "procedure", "aggregate", "policy", "trigger", "rule", "type"
	};
	char	   *type = getObjectTypeDescription(address, true);
	char	   *identity = getObjectIdentity(address, true);

	if (type == NULL || identity == NULL)
		return NULL;
	if (address->classId == ConstraintRelationId)
		return drop_constraint(address->objectId, relation_name(wf_ddl_drop_holder(address)));
	if (address->classId == AttrDefaultRelationId)
		return drop_default(GetAttrDefaultColumnAddress(address->objectId));
	if (address->classId == RelationRelationId && address->objectSubId != 0)
		return drop_column(address);
	for (int i = 0; i < lengthof(droppable); i++)
	{
		if (strcmp(type, droppable[i]) == 0)
			return psprintf("DROP %s IF EXISTS %s", asc_toupper(type, strlen(type)), identity);
	}
	return NULL;
}

static char *
drop_constraint(Oid constraint, const char *relation)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;
	char	   *sql = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	if (form->coninhcount > 0 && !form->conislocal)
		sql = pstrdup("");
	else if (relation)
		sql = psprintf("ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s", relation, quote_identifier(NameStr(form->conname)));
	ReleaseSysCache(tuple);
	return sql;
}

static char *
drop_default(ObjectAddress column)
{
	char	   *relation = relation_name(column.objectId);
	char	   *name = relation ? get_attname(column.objectId, column.objectSubId, true) : NULL;

	return name ? psprintf("ALTER TABLE IF EXISTS %s ALTER COLUMN %s DROP DEFAULT", relation, quote_identifier(name)) : NULL;
}

static char *
drop_column(const ObjectAddress *address)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(address->objectId), Int16GetDatum(address->objectSubId));
	char	   *relation = relation_name(address->objectId);
	Form_pg_attribute form;
	char	   *sql = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	if (form->attinhcount > 0 && !form->attislocal)
		sql = pstrdup("");
	else if (relation && is_partition_key(address))
		sql = psprintf("DROP TABLE IF EXISTS %s", relation);
	else if (relation && get_rel_relkind(address->objectId) != RELKIND_COMPOSITE_TYPE)
		sql = psprintf("ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %s", relation, quote_identifier(NameStr(form->attname)));
	ReleaseSysCache(tuple);
	return sql;
}

/* A column of the partition key takes its table along. */
static bool
is_partition_key(const ObjectAddress *column)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(column->objectId));
	Form_pg_partitioned_table form;
	bool		found = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	for (int i = 0; i < form->partnatts; i++)
		found |= form->partattrs.values[i] == column->objectSubId;
	ReleaseSysCache(tuple);
	return found;
}

/* Qualified and quoted; NULL where there is no such relation. */
static char *
relation_name(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char	   *schema = name ? get_namespace_name(get_rel_namespace(relation)) : NULL;

	return schema ? wf_ddl_quote_name(schema, name) : NULL;
}

/* The column or constraint that a command of ALTER TABLE drops. */
static void
add_part(WfCatalog *catalog, WfDropSearch *search, AlterTableStmt *stmt, const AlterTableCmd *command)
{
	WfRelation *table = catalog->relation(catalog, stmt->relation);
	ObjectAddress address = {RelationRelationId, InvalidOid, 0};

	if (table == NULL || !OidIsValid(table->relid))
		return;
	if (command->subtype == AT_DropConstraint)
		ObjectAddressSet(address, ConstraintRelationId,
						 get_relation_constraint_oid(table->relid, command->name, true));
	else if (get_attnum(table->relid, command->name) > 0)
		ObjectAddressSubSet(address, RelationRelationId, table->relid, get_attnum(table->relid, command->name));
	if (OidIsValid(address.objectId))
		wf_ddl_drop_add(search, &address);
}
