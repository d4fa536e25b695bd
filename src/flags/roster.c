/*
 * roster.c: which row versions of a table are in memory.
 *
 * A table is read again whenever something in it has changed, but only rows
 * that are not known yet are taken in.  A row version is known by its place
 * and its xmin, never by a time or a number that grows: transactions commit in
 * another order than they write.
 *
 * Tables are read with a catalog snapshot, not with the active one: what an
 * old REPEATABLE READ snapshot sees would stay in memory after that
 * transaction, as nothing invalidates it again.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "common/extension.h"
#include "flags/roster.h"

static Relation open_table(WfRoster *roster);
static List *scan_table(WfRoster *roster, Relation rel, WfRoster *current, MemoryContext context);
static bool is_known(const WfRoster *roster, const WfRowVersion *row, HeapTuple tuple);
static void append_row(WfRoster *into, int expected, HeapTuple tuple, void *item, MemoryContext context);

/*
 * Reads the table: takes in the rows that are new or changed, and forgets
 * those that are gone.  The roster itself lies in the given context.
 */
void
wf_flags_roster_load(WfRoster *roster, MemoryContext context)
{
	WfRoster	current = {0};
	List	   *gone = NIL;
	Relation	rel = open_table(roster);
	ListCell   *lc;

	/* A rewritten table puts other rows into the same places. */
	if (rel == NULL || rel->rd_rel->relfilenode != roster->storage)
	{
		for (int i = 0; i < roster->count; i++)
			gone = lappend(gone, roster->rows[i].item);
		roster->count = 0;
	}
	if (rel)
	{
		roster->storage = rel->rd_rel->relfilenode;
		gone = list_concat(gone, scan_table(roster, rel, &current, context));
		table_close(rel, AccessShareLock);
	}

	foreach(lc, gone)
		roster->items->forget(lfirst(lc));
	list_free(gone);
	if (roster->rows)
		pfree(roster->rows);
	roster->rows = current.rows;
	roster->count = current.count;
	roster->capacity = current.capacity;
}

/* Notes that nothing is in memory (any more). */
void
wf_flags_roster_reset(WfRoster *roster)
{
	roster->rows = NULL;
	roster->count = roster->capacity = 0;
	roster->storage = InvalidOid;
	roster->stale = true;
}

/*
 * Marks the roster stale if an invalidation message is about its table;
 * InvalidOid is about everything.  Says whether it was.
 */
bool
wf_flags_roster_concerns(WfRoster *roster, Oid relid)
{
	if (OidIsValid(relid) && relid != roster->relid && relid != roster->signal_relid)
		return false;
	roster->stale = true;
	return true;
}

/*
 * Opens the table, finding its OIDs anew, since DROP and CREATE EXTENSION
 * change them, also while the lock is waited for.  NULL where it does not
 * exist.
 */
static Relation
open_table(WfRoster *roster)
{
	Relation	rel;

	do
	{
		roster->relid = wf_common_relation_oid(roster->items->table);
		roster->signal_relid = wf_common_relation_oid(roster->items->signal);

		/* Without the tables there is no message to wait for: look every time. */
		if (!OidIsValid(roster->relid) || !OidIsValid(roster->signal_relid))
		{
			roster->stale = true;
			return NULL;
		}
		rel = try_table_open(roster->relid, AccessShareLock);
	} while (rel == NULL);
	return rel;
}

/*
 * Walks the table and the roster side by side, both being in the order of the
 * rows' places, into the roster of this load.  Returns the items of those row
 * versions that the table has no more.
 */
static List *
scan_table(WfRoster *roster, Relation rel, WfRoster *current, MemoryContext context)
{
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "wishflags row",
													  ALLOCSET_SMALL_SIZES);
	List	   *gone = NIL;
	int			known = 0;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		MemoryContext old;
		void	   *item;
		int			order = -1;

		CHECK_FOR_INTERRUPTS();
		while (known < roster->count &&
			   (order = ItemPointerCompare(&roster->rows[known].tid, &tuple->t_self)) < 0)
			gone = lappend(gone, roster->rows[known++].item);
		if (known < roster->count && order == 0)
		{
			const WfRowVersion *row = &roster->rows[known++];

			if (is_known(roster, row, tuple))
			{
				append_row(current, roster->count, tuple, row->item, context);
				continue;
			}
			gone = lappend(gone, row->item);
		}
		old = MemoryContextSwitchTo(row_context);
		item = roster->items->load(tuple, RelationGetDescr(rel));
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
		append_row(current, roster->count, tuple, item, context);
	}
	while (known < roster->count)
		gone = lappend(gone, roster->rows[known++].item);
	systable_endscan(scan);
	MemoryContextDelete(row_context);
	return gone;
}

static bool
is_known(const WfRoster *roster, const WfRowVersion *row, HeapTuple tuple)
{
	return row->xmin == HeapTupleHeaderGetRawXmin(tuple->t_data) &&
		!(roster->items->is_outdated && roster->items->is_outdated(row->item));
}

static void
append_row(WfRoster *into, int expected, HeapTuple tuple, void *item, MemoryContext context)
{
	WfRowVersion *row;

	if (into->count == into->capacity)
	{
		into->capacity = Max(Max(into->capacity * 2, expected + 16), 64);
		if (into->rows == NULL)
			into->rows = MemoryContextAllocHuge(context, into->capacity * sizeof(WfRowVersion));
		else
			into->rows = repalloc_huge(into->rows, into->capacity * sizeof(WfRowVersion));
	}
	row = &into->rows[into->count++];
	row->tid = tuple->t_self;
	row->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	row->item = item;
}
