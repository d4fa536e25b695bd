/*
 * experiment_record.h: writing down who was shown which variant.
 */
#ifndef WF_FLAGS_EXPERIMENT_RECORD_H
#define WF_FLAGS_EXPERIMENT_RECORD_H

#include "postgres.h"

#include "executor/spi.h"

/* A unit and what it was shown, in the order of the calls. */
typedef struct WfExposure
{
	char	   *unit;
	const char *variant;
	int			ordinal;
} WfExposure;

extern void wf_flags_exposures_record(const char *experiment, WfExposure *exposures, int count);
extern SPIPlanPtr wf_flags_exposures_plan(SPIPlanPtr *kept, const char *sql, int nargs, Oid *types);

#endif							/* WF_FLAGS_EXPERIMENT_RECORD_H */
