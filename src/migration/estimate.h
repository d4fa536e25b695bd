/*
 * estimate.h: how long a statement works, and whom it blocks meanwhile.
 */
#ifndef WF_MIGRATION_ESTIMATE_H
#define WF_MIGRATION_ESTIMATE_H

#include "migration/rule.h"
#include "migration/simulate.h"

/* What a statement does to the rows that are there. */
typedef enum WfWork
{
	WF_WORK_NONE,				/* changes the catalog only */
	WF_WORK_SCAN,				/* reads all rows */
	WF_WORK_INDEX,				/* reads all rows and builds an index */
	WF_WORK_REWRITE,			/* writes all rows, and builds all indexes */
	WF_WORK_UNKNOWN				/* what the catalog can't tell */
} WfWork;

/* Of a row of the table that is measured, in its pages. */
#define WF_CALIBRATED_ROW_BYTES 136

/* So many bytes of a table a second. */
typedef struct WfRate
{
	double		bytes_per_second;
	char	   *source;			/* "measured at ..." or "assumed" */
} WfRate;

typedef struct WfRates
{
	WfRate		of[WF_WORK_REWRITE + 1];
} WfRates;

typedef struct WfEstimate
{
	WfRelation *relation;		/* NULL: none that others use */
	LOCKMODE	lock;
	WfWork		work;
	int64		bytes;			/* of the table; -1: not known */
	double		seconds;		/* -1: not known */
	const char *source;			/* of the rate; NULL: none was needed */
} WfEstimate;

/* estimate.c */
extern const char *wf_migration_work_name(WfWork work);
extern const char *wf_migration_blocked(LOCKMODE lock);
extern void wf_migration_estimate(WfRuleCall *call, List *findings, WfEstimate *estimate);
extern void wf_migration_estimate_findings(WfRuleCall *call, List *findings);

/* calibrate.c */
extern const WfRates *wf_migration_rates(MemoryContext context);

#endif							/* WF_MIGRATION_ESTIMATE_H */
