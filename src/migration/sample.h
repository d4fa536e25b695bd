/*
 * sample.h: which columns sessions really use, sampled at the executor's start.
 */
#ifndef WF_MIGRATION_SAMPLE_H
#define WF_MIGRATION_SAMPLE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"

/* Bytes of the path of a web request that are kept. */
#define WF_ROUTE_LENGTH 64

/* How often sampled statements of a kind have used a relation. */
typedef struct WfSample
{
	Oid			relation;
	Oid			role;
	char		application_name[NAMEDATALEN];
	char		route[WF_ROUTE_LENGTH]; /* of sqlcommenter; empty: none */
	int64		calls;
	TimestampTz first_seen;
	TimestampTz last_seen;
	Bitmapset  *reads;			/* column numbers; 0: whole rows */
	Bitmapset  *writes;
	bool		is_written;		/* also where no column is, by DELETE */
} WfSample;

/* sample.c */
extern void wf_sample_init(void);
extern bool wf_sample_is_loaded(void);
extern double wf_sample_rate(void);
extern List *wf_samples(void);
extern int64 wf_sample_reset(void);
extern void wf_sample_counts(int64 *entries, int64 *missed, int64 *evicted);
extern void wf_sample_route(const char *text, char *route);

#endif							/* WF_MIGRATION_SAMPLE_H */
