/*
 * pressure.h: what goes on at a table, and how it moves severities.
 */
#ifndef WF_MIGRATION_PRESSURE_H
#define WF_MIGRATION_PRESSURE_H

#include "migration/rule.h"

/* From when on it counts; each is an option of the check. */
typedef struct WfPressureLimits
{
	int64		busy_writes;	/* rows written a second that make a table
								 * busy */
	int64		busy_period;	/* seconds that they must have been counted
								 * for */
	int64		long_transaction;	/* seconds after which a transaction is
									 * long */
} WfPressureLimits;

#define WF_PRESSURE_DEFAULTS {.busy_writes = 10, .busy_period = 86400, .long_transaction = 30}

extern void wf_migration_pressure(WfRuleCall *call, const WfPressureLimits *limits, List *findings);

#endif							/* WF_MIGRATION_PRESSURE_H */
