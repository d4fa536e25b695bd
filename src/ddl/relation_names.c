/*
 * relation_names.c: which names no relation, type or constraint has, for texts
 * that name many.
 *
 * The system cache remembers a name that it was asked for in vain until the
 * session ends, about 200 bytes each, and looks into the index for every new
 * one.  A text of many thousand statements names as many relations that are
 * not there yet.  So once a number of names were missed, the names that there
 * are set a bit each, and the cache is asked only for those whose bit is set.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "port/pg_bitutils.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ddl/relation_names.h"

/* Names missed before the catalogs are read: a short text never pays for it. */
#define MISSED_MAX 500

/*
 * Bits for each block of a catalog, which holds some forty rows: a name that
 * there is not finds its bit set once in a hundred times.
 */
#define BITS_A_BLOCK 4096

/* 32 MB of them, for two million relations; past that, more names are asked for. */
#define BITS_MAX (UINT64CONST(1) << 28)

typedef struct Catalog
{
	Oid			relid;
	AttrNumber	name;
} Catalog;

static void read_names(WfRelationNames *names);

/* The name's place among the bits. */
static inline uint32
bit_of(const WfRelationNames *names, const char *name)
{
	return hash_bytes((const unsigned char *) name, strlen(name)) & names->mask;
}

/* Can there be something of this name, in whatever schema? */
bool
wf_ddl_relation_names_may_hold(WfRelationNames *names, const char *name)
{
	uint32		bit;

	if (names->bits == NULL)
		return true;
	bit = bit_of(names, name);
	return (names->bits[bit / BITS_PER_BYTE] >> (bit % BITS_PER_BYTE)) & 1;
}

/* Notes that a name was asked for in vain. */
void
wf_ddl_relation_names_missed(WfRelationNames *names)
{
	if (names->bits == NULL && ++names->missed > MISSED_MAX)
		read_names(names);
}

/* Takes the names of all that there are in the database, as they are now. */
static void
read_names(WfRelationNames *names)
{
	static const Catalog catalogs[] = {
		{RelationRelationId, Anum_pg_class_relname},
		{TypeRelationId, Anum_pg_type_typname},
		{ConstraintRelationId, Anum_pg_constraint_conname},
	};
	Relation	relations[lengthof(catalogs)];
	uint64		wanted = 0;

	for (int i = 0; i < lengthof(catalogs); i++)
	{
		relations[i] = table_open(catalogs[i].relid, AccessShareLock);
		wanted += (uint64) RelationGetNumberOfBlocks(relations[i]) * BITS_A_BLOCK;
	}
	names->mask = pg_nextpower2_64(Min(wanted, BITS_MAX)) - 1;
	names->bits = MemoryContextAllocZero(names->context, (names->mask + 1) / BITS_PER_BYTE);
	for (int i = 0; i < lengthof(catalogs); i++)
	{
		SysScanDesc scan = systable_beginscan(relations[i], InvalidOid, false, NULL, 0, NULL);
		HeapTuple	tuple;

		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			bool		isnull;
			Datum		name = heap_getattr(tuple, catalogs[i].name, RelationGetDescr(relations[i]), &isnull);
			uint32		bit = bit_of(names, NameStr(*DatumGetName(name)));

			names->bits[bit / BITS_PER_BYTE] |= 1 << (bit % BITS_PER_BYTE);
		}
		systable_endscan(scan);
		table_close(relations[i], AccessShareLock);
	}
}
