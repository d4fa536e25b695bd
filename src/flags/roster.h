/*
 * roster.h: which row versions of a table are in memory.
 */
#ifndef WF_FLAGS_ROSTER_H
#define WF_FLAGS_ROSTER_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "access/xlogdefs.h"
#include "storage/block.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* What a table's rows become in memory. */
typedef struct WfRosterItems
{
	const char *table;
	const char *signal;			/* the empty table that carries its
								 * invalidation messages */
	/* Takes a row in, in a context that is reset for each row. */
	void	   *(*load) (HeapTuple tuple, TupleDesc desc);
	/* Whether the item of a known row is to be loaded again; or NULL. */
	bool		(*is_outdated) (void *item);
	/* Forgets the item of a row version that is gone; it may have another. */
	void		(*forget) (void *item);

	/*
	 * Instead of these, for a table that is too big for an item a row: its
	 * pages are about to be taken, all anew or those in which something may
	 * have changed.
	 */
	void		(*begin) (bool anew, BlockNumber npages);
	/* Takes all rows of a page, in a context that is reset for each page. */
	void		(*take_page) (BlockNumber block, HeapTuple rows, int nrows, TupleDesc desc);
	/* They are taken; false where all have to be taken anew. */
	bool		(*end) (void);
} WfRosterItems;

struct WfRosterPage;

/* All row versions of a table that were loaded, by page. */
typedef struct WfRoster
{
	const WfRosterItems *items;
	Oid			relid;
	Oid			signal_relid;
	bool		stale;
	bool		recheck;		/* some items may be outdated */
	Oid			storage;		/* relfilenode that pages is about */
	BlockNumber npages;
	struct WfRosterPage *pages;
	BlockNumber nmaps;			/* pages of the visibility map */
	XLogRecPtr *map_lsns;		/* as they were when the table was read last */
} WfRoster;

extern bool wf_flags_roster_load(WfRoster *roster, Snapshot snapshot, MemoryContext context);
extern void wf_flags_roster_reset(WfRoster *roster);
extern bool wf_flags_roster_concerns(WfRoster *roster, Oid relid);

#endif							/* WF_FLAGS_ROSTER_H */
