/*
 * stats.h: sizes of tables that were taken elsewhere.
 *
 * The document is what migration_stats_export() and "wishflags stats" give:
 *
 *	{"format": "wishflags-stats", "version": 1, "taken_at": ..., "platform": ...,
 *	 "tables": {"public.orders": {"rows": ..., "bytes": ..., ...}, ...}, ...}
 */
#ifndef WF_MIGRATION_STATS_H
#define WF_MIGRATION_STATS_H

#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/jsonb.h"

/* The version of the format that is written, and the newest that is read. */
#define WF_STATS_VERSION 1

typedef struct WfStatsKey
{
	char		schema[NAMEDATALEN];
	char		name[NAMEDATALEN];
} WfStatsKey;

/* What is known of one table. */
typedef struct WfStatsTable
{
	WfStatsKey	key;
	double		rows;			/* -1: not known */
	int64		bytes;			/* of the main fork */
	int64		index_bytes;	/* -1: not known */
	double		writes_per_second;	/* -1: not known */
	double		scans_per_second;	/* the same */
} WfStatsTable;

typedef struct WfStats
{
	char	   *taken_at;
	double		counted_seconds;	/* that writes and scans were counted for;
									 * -1: not known */
	char	   *platform;		/* NULL: not said */
	HTAB	   *tables;			/* of WfStatsTable */
} WfStats;

extern WfStats *wf_migration_read_stats(Jsonb *document);
extern const WfStatsTable *wf_migration_stats_table(const WfStats *stats, const char *schema, const char *name);

#endif							/* WF_MIGRATION_STATS_H */
