/*
 * roster.c: which row versions of a table are in memory.
 *
 * A table is read again whenever something has changed, but only rows that are
 * not known yet are taken in.  A row version is known by its place and by the
 * transaction and command that wrote it, never by a time or a number that
 * grows: transactions commit in another order than they write.
 *
 * Most pages are not even looked into.  A page is settled when all rows on it
 * are such that every later snapshot sees the same of them: then it says the
 * same as long as its LSN does.  What is not in the WAL has no LSN, and is read
 * each time.  Most of these not even that is looked at of: whatever changes a
 * page takes its mark in the visibility map away, and setting a mark changes
 * the LSN of the map.
 *
 * The snapshot is a catalog snapshot, not the active one: what an old
 * REPEATABLE READ snapshot sees would stay in memory after that transaction,
 * as nothing invalidates it again.
 */
#include "common/compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "common/extension.h"
#include "flags/roster.h"

/* The row version that an item was made from. */
typedef struct RowVersion
{
	TransactionId xmin;
	CommandId	command;
	void	   *item;
	OffsetNumber offset;
} RowVersion;

typedef struct WfRosterPage
{
	XLogRecPtr	lsn;			/* where it is settled, else invalid */
	Buffer		buffer;			/* where it was read last, or invalid */
	int			nrows;
	RowVersion *rows;			/* in the order of their place */
} WfRosterPage;

/* A table being read. */
typedef struct Reading
{
	WfRoster   *roster;
	Relation	rel;
	Snapshot	snapshot;
	MemoryContext context;		/* of the roster */
	MemoryContext row_context;
	List	   *gone;			/* items of row versions that the table has no
								 * more */
	Buffer		map;			/* page of the visibility map, if any */
	BlockNumber map_block;
	XLogRecPtr	map_lsn;		/* its LSN when the table was read last */
} Reading;

static Relation open_table(WfRoster *roster);
static void set_length(Reading *reading, BlockNumber npages);
static bool is_untouched(Reading *reading, BlockNumber block);
static void open_map(Reading *reading);
static void read_page(Reading *reading, BlockNumber block);
static Buffer page_buffer(Relation rel, BlockNumber block, WfRosterPage *page);
static XLogRecPtr find_rows(Reading *reading, Buffer buffer, HeapTuple rows, int *nrows);
static bool is_settled(HeapTupleHeader header, bool visible, Snapshot snapshot);
static void take_rows(Reading *reading, WfRosterPage *page, HeapTuple rows, int nrows);
static void take_page(Reading *reading, BlockNumber block, HeapTuple rows, int nrows);
static bool is_known(const WfRoster *roster, const RowVersion *row, HeapTuple tuple);

/*
 * Reads the table: takes in the rows that are new or changed, and forgets
 * those that are gone.  The roster itself lies in the given context.
 *
 * False where it is to be read once more: where the table has got other files
 * than it had, everything is forgotten, and nothing read, as TRUNCATE and the
 * like are seen by snapshots that are younger, and this one may have been taken
 * before it; or where all of it is to be taken anew.
 */
bool
wf_flags_roster_load(WfRoster *roster, Snapshot snapshot, MemoryContext context)
{
	Reading		reading = {
		.roster = roster, .rel = open_table(roster), .snapshot = snapshot, .context = context,
		.map_block = InvalidBlockNumber
	};
	Oid			storage = reading.rel ? reading.rel->rd_rel->relfilenode : InvalidOid;
	bool		same = storage == roster->storage;
	bool		nothing = !same || reading.rel == NULL;
	bool		complete = true;
	ListCell   *lc;

	if (roster->items->begin)
		roster->items->begin(nothing || roster->recheck || roster->npages == 0,
							 nothing ? 0 : RelationGetNumberOfBlocks(reading.rel));
	if (nothing)
	{
		set_length(&reading, 0);
		roster->nmaps = 0;
	}
	else
	{
		set_length(&reading, RelationGetNumberOfBlocks(reading.rel));
		reading.row_context = AllocSetContextCreate(CurrentMemoryContext, "wishflags row",
													ALLOCSET_SMALL_SIZES);
		for (BlockNumber block = 0; block < roster->npages; block++)
		{
			if (!is_untouched(&reading, block))
				read_page(&reading, block);
		}
		if (BufferIsValid(reading.map))
			ReleaseBuffer(reading.map);
		MemoryContextDelete(reading.row_context);
		roster->recheck = false;
	}
	if (roster->items->end && !roster->items->end())
	{
		roster->recheck = true;
		complete = false;
	}
	roster->storage = storage;
	if (reading.rel)
		table_close(reading.rel, AccessShareLock);

	foreach(lc, reading.gone)
		roster->items->forget(lfirst(lc));
	list_free(reading.gone);
	return same && complete;
}

/* Notes that nothing is in memory (any more). */
void
wf_flags_roster_reset(WfRoster *roster)
{
	roster->pages = NULL;
	roster->npages = 0;
	roster->map_lsns = NULL;
	roster->nmaps = 0;
	roster->storage = InvalidOid;
	roster->recheck = false;
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

		/*
		 * Without the tables there is no message to wait for: look every
		 * time.
		 */
		if (!OidIsValid(roster->relid) || !OidIsValid(roster->signal_relid))
		{
			roster->stale = true;
			return NULL;
		}
		rel = try_table_open(roster->relid, AccessShareLock);
	} while (rel == NULL);

	if (rel->rd_tableam != GetHeapamTableAmRoutine())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("table \"%s\" does not use the access method heap", RelationGetRelationName(rel)),
				 errhint("Run \"ALTER TABLE wishflags.%s SET ACCESS METHOD heap\".",
						 RelationGetRelationName(rel))));
	return rel;
}

/* Makes the roster one of so many pages; rows beyond are gone. */
static void
set_length(Reading *reading, BlockNumber npages)
{
	WfRoster   *roster = reading->roster;

	for (BlockNumber block = npages; block < roster->npages; block++)
	{
		WfRosterPage *page = &roster->pages[block];

		for (int i = 0; i < page->nrows; i++)
			reading->gone = lappend(reading->gone, page->rows[i].item);
		if (page->rows)
			pfree(page->rows);
		if (roster->items->take_page)
			roster->items->take_page(block, NULL, 0, NULL);
	}
	if (npages > roster->npages)
	{
		Size		size = npages * sizeof(WfRosterPage);

		roster->pages = roster->pages ? repalloc_huge(roster->pages, size)
			: MemoryContextAllocHuge(reading->context, size);
		memset(&roster->pages[roster->npages], 0, (npages - roster->npages) * sizeof(WfRosterPage));
	}
	roster->npages = npages;
}

/*
 * Whether a settled page has certainly not been changed since it was read, by
 * the map alone: the mark is looked at before the map's LSN, as it may have
 * been taken away and set again.
 */
static bool
is_untouched(Reading *reading, BlockNumber block)
{
	bool		marked = (visibilitymap_get_status(reading->rel, block, &reading->map) & VISIBILITYMAP_ALL_VISIBLE) != 0;

	if (!BufferIsValid(reading->map))
		return false;
	if (BufferGetBlockNumber(reading->map) != reading->map_block)
		open_map(reading);
	return marked && !reading->roster->recheck && !XLogRecPtrIsInvalid(reading->roster->pages[block].lsn) &&
		!XLogRecPtrIsInvalid(reading->map_lsn) && reading->map_lsn == BufferGetLSNAtomic(reading->map);
}

/* Notes the LSN of a page of the map, before any page that it is about is read. */
static void
open_map(Reading *reading)
{
	WfRoster   *roster = reading->roster;
	BlockNumber block = BufferGetBlockNumber(reading->map);

	if (block >= roster->nmaps)
	{
		Size		size = (block + 1) * sizeof(XLogRecPtr);

		roster->map_lsns = roster->map_lsns ? repalloc(roster->map_lsns, size)
			: MemoryContextAlloc(reading->context, size);
		memset(&roster->map_lsns[roster->nmaps], 0, (block + 1 - roster->nmaps) * sizeof(XLogRecPtr));
		roster->nmaps = block + 1;
	}
	reading->map_block = block;
	reading->map_lsn = roster->map_lsns[block];
	roster->map_lsns[block] = BufferGetLSNAtomic(reading->map);
}

static void
read_page(Reading *reading, BlockNumber block)
{
	WfRosterPage *page = &reading->roster->pages[block];
	Buffer		buffer = page_buffer(reading->rel, block, page);
	HeapTupleData rows[MaxHeapTuplesPerPage];
	int			nrows;

	CHECK_FOR_INTERRUPTS();
	if (XLogRecPtrIsInvalid(page->lsn) || page->lsn != BufferGetLSNAtomic(buffer) ||
		reading->roster->recheck)
	{
		page->lsn = find_rows(reading, buffer, rows, &nrows);
		/* The pin keeps them where they are. */
		if (reading->roster->items->take_page)
			take_page(reading, block, rows, nrows);
		else
			take_rows(reading, page, rows, nrows);
	}
	ReleaseBuffer(buffer);
}

/*
 * Pins a page in its buffer, which mostly is the one of last time: finding it
 * is most of what it costs to see that thousands of pages have not changed.
 */
static Buffer
page_buffer(Relation rel, BlockNumber block, WfRosterPage *page)
{
	if (!BufferIsValid(page->buffer) ||
		!ReadRecentBuffer(wf_relation_locator(rel), MAIN_FORKNUM, block, page->buffer))
		page->buffer = ReadBuffer(rel, block);
	return page->buffer;
}

/*
 * Finds the rows of a page that the snapshot sees.  Returns the page's LSN if
 * it is settled.
 */
static XLogRecPtr
find_rows(Reading *reading, Buffer buffer, HeapTuple rows, int *nrows)
{
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	bool		settled = true;
	XLogRecPtr	lsn;

	*nrows = 0;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	lsn = PageGetLSN(page);
	for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(page); offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTuple	tuple = &rows[*nrows];
		bool		visible;

		if (!ItemIdIsNormal(item))
			continue;
		tuple->t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple->t_len = ItemIdGetLength(item);
		tuple->t_tableOid = RelationGetRelid(reading->rel);
		ItemPointerSet(&tuple->t_self, block, offset);
		visible = HeapTupleSatisfiesVisibility(tuple, reading->snapshot, buffer);
		settled &= is_settled(tuple->t_data, visible, reading->snapshot);
		*nrows += visible;
	}
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return settled ? lsn : InvalidXLogRecPtr;
}

/*
 * Whether every later snapshot sees of a row version what this one does.  Hint
 * bits are not waited for: where commits are asynchronous they come late.
 */
static bool
is_settled(HeapTupleHeader header, bool visible, Snapshot snapshot)
{
	uint16		mask = header->t_infomask;
	TransactionId xmax = HeapTupleHeaderGetRawXmax(header);
	bool		deleted = !(mask & HEAP_XMAX_INVALID) && !HEAP_XMAX_IS_LOCKED_ONLY(mask);

	if (visible)
		return !deleted &&
			(HeapTupleHeaderXminCommitted(header) ||
			 !TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(header)));
	if (HeapTupleHeaderXminInvalid(header))
		return true;
	if (!deleted || (mask & HEAP_XMAX_IS_MULTI))
		return false;
	return (mask & HEAP_XMAX_COMMITTED) ||
		(!TransactionIdIsCurrentTransactionId(xmax) && !XidInMVCCSnapshot(xmax, snapshot) &&
		 TransactionIdDidCommit(xmax));
}

/*
 * Makes the rows of a page those that were found, walking the known ones and
 * these side by side.
 */
static void
take_rows(Reading *reading, WfRosterPage *page, HeapTuple rows, int nrows)
{
	WfRoster   *roster = reading->roster;
	RowVersion	taken[MaxHeapTuplesPerPage];
	int			known = 0;

	for (int i = 0; i < nrows; i++)
	{
		HeapTuple	tuple = &rows[i];
		OffsetNumber offset = ItemPointerGetOffsetNumber(&tuple->t_self);
		RowVersion *row = &taken[i];
		MemoryContext old;

		while (known < page->nrows && page->rows[known].offset < offset)
			reading->gone = lappend(reading->gone, page->rows[known++].item);
		if (known < page->nrows && page->rows[known].offset == offset)
		{
			*row = page->rows[known++];
			if (is_known(roster, row, tuple))
				continue;
			reading->gone = lappend(reading->gone, row->item);
		}
		row->offset = offset;
		row->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
		row->command = HeapTupleHeaderGetRawCommandId(tuple->t_data);
		old = MemoryContextSwitchTo(reading->row_context);
		row->item = roster->items->load(tuple, RelationGetDescr(reading->rel));
		MemoryContextSwitchTo(old);
		MemoryContextReset(reading->row_context);
	}
	while (known < page->nrows)
		reading->gone = lappend(reading->gone, page->rows[known++].item);

	if (nrows != page->nrows)
	{
		if (page->rows)
			pfree(page->rows);
		page->rows = nrows == 0 ? NULL : MemoryContextAlloc(reading->context, nrows * sizeof(RowVersion));
		page->nrows = nrows;
	}
	if (nrows > 0)
		memcpy(page->rows, taken, nrows * sizeof(RowVersion));
}

/* Hands the rows of a page over as a whole. */
static void
take_page(Reading *reading, BlockNumber block, HeapTuple rows, int nrows)
{
	MemoryContext old = MemoryContextSwitchTo(reading->row_context);

	reading->roster->items->take_page(block, rows, nrows, RelationGetDescr(reading->rel));
	MemoryContextSwitchTo(old);
	MemoryContextReset(reading->row_context);
}

/*
 * TRUNCATE of a table that the same transaction has truncated before puts
 * other rows of the same transaction into the same places.
 */
static bool
is_known(const WfRoster *roster, const RowVersion *row, HeapTuple tuple)
{
	return row->xmin == HeapTupleHeaderGetRawXmin(tuple->t_data) &&
		row->command == HeapTupleHeaderGetRawCommandId(tuple->t_data) &&
		!(roster->items->is_outdated && roster->items->is_outdated(row->item));
}
