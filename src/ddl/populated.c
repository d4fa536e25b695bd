/*
 * populated.c: whether a table holds rows that others may be using.
 *
 * The guard asks this before a command takes its own lock, and the checker
 * asks it about production.  A lock that outlives the question would turn two
 * harmless ALTER TABLEs into a deadlock (both hold ACCESS SHARE, both want
 * ACCESS EXCLUSIVE), so the lock is conditional and given back at once.
 */
#include "common/compat.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#include "ddl/populated.h"

/* In so many blocks live rows are counted. */
#define BLOCKS_COUNTED 64

static List *leaves_of(Oid relid);
static void count_in(Oid relid, WfTableSize *size);
static bool storage_holds_rows(Oid relid);
static bool can_count(Relation rel);
static int	count_first_rows(Relation rel, BlockNumber nblocks);
static double count_or_estimate(Relation rel, BlockNumber nblocks);
static bool open_briefly(Oid relid, Relation *rel);
static void close_briefly(Relation rel);
static bool is_readable(Relation rel);

/*
 * Whether this transaction made the relation.  Nobody else can see it, so
 * nobody can be blocked by what is done to it.
 */
bool
wf_ddl_relation_is_new(Oid relid)
{
	Relation	rel;
	bool		is_new;

	/*
	 * Its own lock is never in the way; who is kept out by another's did not
	 * make it.
	 */
	if (!open_briefly(relid, &rel))
		return false;
	is_new = rel->rd_createSubid != InvalidSubTransactionId;
	close_briefly(rel);
	return is_new;
}

/*
 * Whether the table, or any leaf of a partitioned one, holds rows that other
 * sessions may be using.  Only a table without blocks is empty: rows that seem
 * dead can be live to another snapshot, and are read by an index build all
 * the same.  True also when it can't be told, because somebody has locked it.
 * Temporary tables and those that this transaction made are nobody else's:
 * false.
 */
bool
wf_ddl_holds_rows(Oid relid)
{
	bool		found = false;
	List	   *leaves = leaves_of(relid);
	ListCell   *lc;

	foreach(lc, leaves)
	{
		CHECK_FOR_INTERRUPTS();
		if (storage_holds_rows(lfirst_oid(lc)))
		{
			found = true;
			break;
		}
	}
	list_free(leaves);
	return found;
}

/* The size of the table, or the sum over its leaves, into *size. */
void
wf_ddl_table_size(Oid relid, WfTableSize *size)
{
	List	   *leaves = leaves_of(relid);
	ListCell   *lc;

	size->rows = 0;
	size->bytes = 0;
	foreach(lc, leaves)
		count_in(lfirst_oid(lc), size);
	list_free(leaves);
}

/* The sum over the tables that inherit from this one, partitions apart. */
void
wf_ddl_heirs_size(Oid relid, WfTableSize *size)
{
	List	   *heirs;
	ListCell   *lc;

	size->rows = 0;
	size->bytes = 0;
	if (get_rel_relkind(relid) != RELKIND_RELATION || !has_subclass(relid))
		return;
	heirs = find_all_inheritors(relid, NoLock, NULL);
	foreach(lc, heirs)
	{
		if (lfirst_oid(lc) != relid && get_rel_relkind(lfirst_oid(lc)) == RELKIND_RELATION)
			count_in(lfirst_oid(lc), size);
	}
	list_free(heirs);
}

/* Adds that of one relation with storage; -1 once one can't be told. */
static void
count_in(Oid relid, WfTableSize *size)
{
	Relation	rel;
	BlockNumber nblocks;

	CHECK_FOR_INTERRUPTS();
	if (size->bytes < 0)
		return;
	if (!open_briefly(relid, &rel) || !is_readable(rel))
	{
		if (RelationIsValid(rel))
			close_briefly(rel);
		size->rows = -1;
		size->bytes = -1;
		return;
	}
	nblocks = RelationGetNumberOfBlocks(rel);
	size->rows += count_or_estimate(rel, nblocks);
	size->bytes += (int64) nblocks * BLCKSZ;
	close_briefly(rel);
}

/* The relations with storage that make up relid; none for a view or a foreign table. */
static List *
leaves_of(Oid relid)
{
	List	   *all;
	List	   *leaves = NIL;
	ListCell   *lc;

	if (get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
		all = list_make1_oid(relid);
	else
		all = find_all_inheritors(relid, NoLock, NULL);

	foreach(lc, all)
	{
		char		kind = get_rel_relkind(lfirst_oid(lc));

		if (kind == RELKIND_RELATION || kind == RELKIND_MATVIEW)
			leaves = lappend_oid(leaves, lfirst_oid(lc));
	}
	list_free(all);
	return leaves;
}

static bool
storage_holds_rows(Oid relid)
{
	Relation	rel;
	bool		found;

	if (get_rel_persistence(relid) == RELPERSISTENCE_TEMP || wf_ddl_relation_is_new(relid))
		return false;
	/* Somebody works on it with a strong lock, or drops it: it is in use. */
	if (!open_briefly(relid, &rel))
		return true;
	found = !is_readable(rel) || RelationGetNumberOfBlocks(rel) > 0;
	close_briefly(rel);
	return found;
}

/* An access method need not have range scans. */
static bool
can_count(Relation rel)
{
	return rel->rd_tableam->scan_set_tidrange != NULL;
}

/* Counts live rows in the first blocks; a row of an open transaction counts as live. */
static int
count_first_rows(Relation rel, BlockNumber nblocks)
{
	SnapshotData dirty;
	ItemPointerData first;
	ItemPointerData last;
	TableScanDesc scan;
	TupleTableSlot *slot;
	int			rows = 0;

	if (nblocks == 0)
		return 0;
	InitDirtySnapshot(dirty);
	ItemPointerSet(&first, 0, FirstOffsetNumber);
	ItemPointerSet(&last, Min(nblocks, BLOCKS_COUNTED) - 1, MaxOffsetNumber);
	scan = table_beginscan_tidrange(rel, &dirty, &first, &last);
	slot = table_slot_create(rel, NULL);
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		rows++;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	return rows;
}

/*
 * The planner's estimate takes a small table that was never analyzed for one
 * of ten pages, so a small one is counted.
 */
static double
count_or_estimate(Relation rel, BlockNumber nblocks)
{
	BlockNumber pages;
	double		tuples;
	double		allvisible;

	if (nblocks <= BLOCKS_COUNTED && can_count(rel))
		return count_first_rows(rel, nblocks);
	estimate_rel_size(rel, NULL, &pages, &tuples, &allvisible);
	return tuples;
}

/*
 * Opens the relation if ACCESS SHARE is to be had without waiting.  *rel is
 * NULL when it is not, or when the relation is gone.
 */
static bool
open_briefly(Oid relid, Relation *rel)
{
	*rel = NULL;
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	*rel = try_relation_open(relid, NoLock);
	if (RelationIsValid(*rel))
		return true;
	UnlockRelationOid(relid, AccessShareLock);
	return false;
}

static void
close_briefly(Relation rel)
{
	relation_close(rel, AccessShareLock);
}

/* Buffers of other sessions' temporary tables are theirs; a standby has no unlogged data. */
static bool
is_readable(Relation rel)
{
	if (RELATION_IS_OTHER_TEMP(rel))
		return false;
	return RelationIsPermanent(rel) || !RecoveryInProgress();
}
