/*
 * check.h: checking a whole text.
 */
#ifndef WF_MIGRATION_CHECK_H
#define WF_MIGRATION_CHECK_H

#include "postgres.h"

#include "nodes/bitmapset.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#include "common/options.h"
#include "ddl/statement.h"
#include "migration/estimate.h"
#include "migration/platform.h"
#include "migration/pressure.h"
#include "migration/rule.h"
#include "migration/simulate.h"

struct WfDirective;

/*
 * Takes the estimate of one statement, before the simulation has applied it;
 * target is that of the findings.
 */
typedef void (*WfReportEstimate) (void *target, WfReader *reader, WfStatement *statement,
								  WfSimulation *simulation, const WfEstimate *estimate);

/* The options of migration_breaking_check(). */
typedef struct WfCheckOptions
{
	bool		in_transaction;
	bool		assume_populated;
	int64		target_version;
	int64		min_rows;
	bool		validate_data;	/* count the rows that would fail */
	int64		validate_timeout;	/* in milliseconds, a question */
	WfPressureLimits pressure;
	List	   *ignore;			/* of char *: rules not to run */
	List	   *only;			/* of char *: rules to run; NIL: all */
	List	   *required_columns;	/* of char *: each new table has them */
	List	   *aliases;		/* of char *: comments that take findings back */
	char	   *severity;		/* least one to report */
	bool		timing;			/* a report tells how long each file took */
	Jsonb	   *stats_document; /* sizes taken elsewhere; NULL: none */
	WfStats    *stats;			/* the same, read */
	char	   *platform_name;	/* NULL: as the stats say */
	WfPlatform	platform;		/* the same, looked up */
	WfReportEstimate estimate;	/* set by the caller, not an option; NULL:
								 * none */
} WfCheckOptions;

/*
 * Takes the findings of one statement, which begins at this offset of the text;
 * in the order of the text, but for findings that later statements could have
 * taken back, which come last.
 */
typedef void (*WfReportFindings) (void *target, WfReader *reader, int statement, int offset, List *findings);

/* Takes a comment that was to take findings back, when it is known whether it did. */
typedef void (*WfReportDirective) (void *target, WfReader *reader, const struct WfDirective *directive);

/*
 * check.c: checks a text, on what the simulation has made of the texts before it,
 * and gives the findings of each statement that has any to report, then the comments
 * that take findings back to report_directive (NULL: not wanted).  Raises for a bad
 * option, cancellation and out of memory only.
 */
extern void wf_migration_check_text(const char *text, int length, const WfCheckOptions *options,
									WfSimulation *simulation, WfReportFindings report,
									WfReportDirective report_directive, void *target);

/* functions.c */
extern WfCheckOptions wf_migration_check_options(Jsonb *json);
extern WfCheckOptions wf_migration_read_check_options(Jsonb *json, const WfOption *known, int nknown);

/* finding.c */
extern WfFinding *wf_finding_copy(const WfFinding *finding);

/* evidence.c */
extern Datum wf_finding_evidence(WfFinding *finding);
extern Datum wf_notes_jsonb(List *notes);

#endif							/* WF_MIGRATION_CHECK_H */
