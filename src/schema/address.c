/*
 * address.c: catalog addresses of a model's objects, and pg_depend.
 *
 * pg_depend is read whole, once.  An address that is no object of the model
 * stands for what it is an internal part of: an array type for its element
 * type, a row type for its table, an index for its constraint, a view's rule
 * for the view, a member of an extension for the extension.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "schema/address.h"

/* How many steps an internal part may be away from its object. */
#define MAX_STEPS 8

typedef struct Address
{
	Oid			catalog;
	Oid			oid;
	int32		sub;
} Address;

typedef struct AddressEntry
{
	Address		address;
	WfObject   *object;			/* NULL: only known to be part of "whole" */
	Address		whole;
	bool		has_whole;
	bool		copy;			/* "whole" is what a partition has a copy of */
	bool		member;			/* of an extension */
	char		status;
} AddressEntry;

typedef struct Depend
{
	Address		from;
	Address		to;
	char		type;
} Depend;

#define SH_PREFIX address
#define SH_ELEMENT_TYPE AddressEntry
#define SH_KEY_TYPE Address
#define SH_KEY address
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &(key), sizeof(Address))
#define SH_EQUAL(tb, a, b) \
	((a).oid == (b).oid && (a).catalog == (b).catalog && (a).sub == (b).sub)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct WfAddressMap
{
	address_hash *hash;
	Depend	   *depends;
	int			ndepends;
	int			capacity;
};

static void note_whole(WfAddressMap *map, Form_pg_depend form);
static void add_depend(WfAddressMap *map, Form_pg_depend form);
static AddressEntry *entry_of(WfAddressMap *map, Address address);
static bool is_implied(WfObject *from, WfObject *to, Depend *depend);

static inline Address
make_address(Oid catalog, Oid oid, int sub)
{
	Address		address = {catalog, oid, sub};

	return address;
}

/* Reads pg_depend under the active snapshot. */
WfAddressMap *
wf_schema_address_read(void)
{
	WfAddressMap *map = palloc0(sizeof(WfAddressMap));
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	map->hash = address_create(CurrentMemoryContext, 4096, NULL);
	map->capacity = 4096;
	map->depends = palloc(map->capacity * sizeof(Depend));
	scan = systable_beginscan(rel, InvalidOid, false, GetActiveSnapshot(), 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (form->objid == InvalidOid)
			continue;			/* pins, in older servers */
		note_whole(map, form);
		add_depend(map, form);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return map;
}

static void
note_whole(WfAddressMap *map, Form_pg_depend form)
{
	AddressEntry *entry;
	bool		found;
	bool		part = form->deptype == DEPENDENCY_INTERNAL ||
	form->deptype == DEPENDENCY_EXTENSION ||
	form->deptype == DEPENDENCY_PARTITION_PRI ||
	(form->classid == PublicationRelRelationId && form->refclassid == PublicationRelationId) ||
	(form->classid == PublicationNamespaceRelationId && form->refclassid == PublicationRelationId);

	if (!part)
		return;
	entry = address_insert(map->hash,
						   make_address(form->classid, form->objid, form->objsubid), &found);
	if (!found)
	{
		entry->object = NULL;
		entry->member = false;
	}
	else if (entry->member)
		return;
	entry->has_whole = true;
	entry->whole = make_address(form->refclassid, form->refobjid, form->refobjsubid);
	entry->copy = form->deptype == DEPENDENCY_PARTITION_PRI;
	entry->member = form->deptype == DEPENDENCY_EXTENSION;
}

static void
add_depend(WfAddressMap *map, Form_pg_depend form)
{
	Depend	   *depend;

	if (map->ndepends == map->capacity)
	{
		map->capacity *= 2;
		map->depends = repalloc_huge(map->depends, map->capacity * sizeof(Depend));
	}
	depend = &map->depends[map->ndepends++];
	depend->from = make_address(form->classid, form->objid, form->objsubid);
	depend->to = make_address(form->refclassid, form->refobjid, form->refobjsubid);
	depend->type = form->deptype;
}

/* Does this object belong to an extension? */
bool
wf_schema_address_is_member(WfAddressMap *map, Oid catalog, Oid oid)
{
	AddressEntry *entry = address_lookup(map->hash, make_address(catalog, oid, 0));

	return entry && entry->member;
}

/* Notes that an address is this object of the model. */
void
wf_schema_address_set(WfAddressMap *map, Oid catalog, Oid oid, int sub, WfObject *object)
{
	bool		found;
	AddressEntry *entry = address_insert(map->hash, make_address(catalog, oid, sub), &found);

	if (!found)
	{
		entry->has_whole = false;
		entry->copy = false;
		entry->member = false;
	}
	entry->object = object;
	if (object->catalog != InvalidOid)
		return;
	object->catalog = catalog;
	object->oid = oid;
	object->sub = sub;
}

/* The object with exactly this address, or NULL. */
WfObject *
wf_schema_address_get(WfAddressMap *map, Oid catalog, Oid oid, int sub)
{
	AddressEntry *entry = address_lookup(map->hash, make_address(catalog, oid, sub));

	return entry ? entry->object : NULL;
}

/* The object that an address is, or is part of; NULL when it is not modelled. */
WfObject *
wf_schema_address_find(WfAddressMap *map, Oid catalog, Oid oid, int sub)
{
	Address		address = make_address(catalog, oid, sub);

	for (int step = 0; step < MAX_STEPS; step++)
	{
		AddressEntry *entry = entry_of(map, address);

		if (!entry)
			return NULL;
		if (entry->object)
			return entry->object;
		if (!entry->has_whole)
			return NULL;
		address = entry->whole;
	}
	return NULL;
}

/* A column that is no object of its own stands for its relation. */
static AddressEntry *
entry_of(WfAddressMap *map, Address address)
{
	AddressEntry *entry = address_lookup(map->hash, address);

	if ((!entry || (!entry->object && !entry->has_whole)) && address.sub != 0)
	{
		address.sub = 0;
		entry = address_lookup(map->hash, address);
	}
	return entry;
}

/* Gives each object of the model the objects that it needs. */
void
wf_schema_address_link(WfAddressMap *map)
{
	for (int i = 0; i < map->ndepends; i++)
	{
		Depend	   *depend = &map->depends[i];
		AddressEntry *whole;
		WfObject   *from;
		WfObject   *to;

		CHECK_FOR_INTERRUPTS();
		if (depend->type == DEPENDENCY_EXTENSION)
			continue;

		/*
		 * What a partition's copy of a constraint needs, or one that
		 * references a partition, the original does not.
		 */
		whole = address_lookup(map->hash, depend->from);
		if (whole && !whole->object &&
			(whole->copy || depend->from.catalog == ConstraintRelationId))
			continue;
		from = wf_schema_address_find(map, depend->from.catalog, depend->from.oid, depend->from.sub);
		/* What members of an extension need is the extension's affair. */
		if (!from || (from->type->kind == WF_OBJECT_EXTENSION &&
					  depend->from.catalog != ExtensionRelationId))
			continue;
		to = wf_schema_address_find(map, depend->to.catalog, depend->to.oid, depend->to.sub);
		if (to && from != to && !is_implied(from, to, depend))
			wf_schema_object_need(from, to);
	}
}

/* Dependencies that say no more than where an object belongs. */
static bool
is_implied(WfObject *from, WfObject *to, Depend *depend)
{
	/* Of a sequence on the column that owns it, its own object tells. */
	if (from->type->kind == WF_OBJECT_SEQUENCE && depend->type == DEPENDENCY_AUTO)
		return true;
	/* Likewise of partitions and children on their parents. */
	if (depend->from.catalog == RelationRelationId && depend->from.sub == 0 &&
		depend->to.catalog == RelationRelationId && depend->to.sub == 0 &&
		(from->type->kind == WF_OBJECT_TABLE || from->type->kind == WF_OBJECT_FOREIGN_TABLE ||
		 from->type->kind == WF_OBJECT_INDEX))
		return true;
	if ((depend->type == DEPENDENCY_PARTITION_PRI || depend->type == DEPENDENCY_PARTITION_SEC) &&
		from->type->kind != WF_OBJECT_TRIGGER)
		return true;
	for (WfObject *up = from->parent; up; up = up->parent)
	{
		if (up == to)
			return true;
	}
	for (WfObject *up = to->parent; up; up = up->parent)
	{
		/* A table on its own columns, by a partition key. */
		if (up == from)
			return true;
	}
	return false;
}

/*
 * Addresses with dependencies that are neither modelled, nor part of what is
 * modelled, nor the server's own: a List of palloc'd Oid pairs (catalog, oid).
 */
List *
wf_schema_address_strangers(WfAddressMap *map)
{
	List	   *strangers = NIL;
	Address		last = {InvalidOid, InvalidOid, 0};

	for (int i = 0; i < map->ndepends; i++)
	{
		Depend	   *depend = &map->depends[i];
		Oid		   *pair;

		if (depend->from.oid < FirstNormalObjectId)
			continue;
		if (depend->from.oid == last.oid && depend->from.catalog == last.catalog)
			continue;
		if (wf_schema_address_find(map, depend->from.catalog, depend->from.oid, 0) ||
			wf_schema_address_is_member(map, depend->from.catalog, depend->from.oid))
			continue;
		last = depend->from;
		pair = palloc(2 * sizeof(Oid));
		pair[0] = last.catalog;
		pair[1] = last.oid;
		strangers = lappend(strangers, pair);
	}
	return strangers;
}
