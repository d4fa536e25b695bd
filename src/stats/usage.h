/*
 * usage.h: counting evaluations in a backend.
 *
 * An evaluation only raises numbers of this backend; they go to the store when
 * the next statement begins and when the transaction ends, however it ends.
 */
#ifndef WF_STATS_USAGE_H
#define WF_STATS_USAGE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/ilist.h"

#include "stats/store.h"

/* Evaluations with one result that the store does not know of yet. */
typedef struct WfUsageCell
{
	struct WfUsageCell *next;
	int			variant;		/* numbers of the flag's program */
	uint8		reason;
	uint8		error;
	int64		pending;
	WfStatsCell *counted;		/* NULL: the store has no place for it */
} WfUsageCell;

/*
 * A flag that this backend counts.  It is open from its first evaluation in a
 * statement until its figures go to the store.
 */
typedef struct WfUsage
{
	WfUsageCell *shortcuts[2];	/* cells that flag_eval() may count in without
								 * more ado, by its answer; NULL: it may not */
	const uint8 *registers;		/* of the store, or some that never rise */
	bool		open;
	bool		direct;			/* whoever finds a cell may count in it */
	WfStatsKind kind;
	const char *name;			/* the caller's; stays */
	int			name_len;
	uint64		generation;		/* of entry and cells; 0: there are none */
	WfStatsEntry *entry;		/* NULL: the store has no place for it */
	WfUsageCell *cells;
	slist_node	link;			/* among those that are open */
} WfUsage;

/* Names of the numbers in cells; NULL for none. */
typedef struct WfStatsNames
{
	const char *(*reason) (int reason);
	const char *(*error) (int error);
} WfStatsNames;

extern WfStatsNames wf_stats_names;

extern void wf_stats_usage_init(void);
extern void wf_stats_statement_begin(TimestampTz started);
extern void wf_stats_flush(void);
extern int64 wf_stats_weight(void);

extern MemoryContext wf_stats_usage_context(void);
extern void wf_stats_usage_begin(WfUsage *usage, WfStatsKind kind, const char *name, int len);
extern void wf_stats_usage_end(WfUsage *usage);
extern WfUsageCell *wf_stats_usage_cell(WfUsage *usage, int variant, const char *name, int len,
										uint8 reason, uint8 error);
extern void wf_stats_key_rise(WfUsage *usage, uint32 hash);

extern void wf_stats_count_unknown(const char *name, int len, uint8 reason, uint8 error);
extern void wf_stats_count_load(int64 microseconds);

/* The cell for a result, or NULL where it takes wf_stats_usage_cell(). */
static inline WfUsageCell *
wf_stats_direct_cell(WfUsage *usage, int variant, uint8 reason, uint8 error)
{
	WfUsageCell *cell = NULL;

	if (likely(usage->direct))
	{
		cell = usage->cells;
		while (cell && !(cell->variant == variant && cell->reason == reason && cell->error == error))
			cell = cell->next;
	}
	return cell;
}

/*
 * Counts a key among the unique ones by its hash.  Hardly any hash is higher
 * than what its register has seen: it would need that many leading zeroes, and
 * one more.
 */
static inline void
wf_stats_count_key(WfUsage *usage, uint32 hash)
{
	uint8		seen = usage->registers[hash >> (32 - WF_STATS_REGISTER_BITS)];

	if (unlikely(((uint64) (uint32) (hash << WF_STATS_REGISTER_BITS) << seen) <= PG_UINT32_MAX))
		wf_stats_key_rise(usage, hash);
}

#endif							/* WF_STATS_USAGE_H */
