/*
 * experiment_group.h: the variants of an experiment beside each other.
 */
#ifndef WF_FLAGS_EXPERIMENT_GROUP_H
#define WF_FLAGS_EXPERIMENT_GROUP_H

#include "flags/experiment_query.h"

/* A variant of a group: the same metric and value of the dimension. */
typedef struct WfLine
{
	const WfArmShare *arm;
	const WfCell *cell;			/* NULL: no unit of it was exposed */
	const struct WfGroup *group;
	WfSample	sample;
	WfEffect	effect;			/* of others than control */
	double		p_value;		/* corrected */
	double		unadjusted_mean;
} WfLine;

typedef struct WfGroup
{
	const char *metric_name;
	const char *dimension;
	WfMetric	metric;
	WfMetricKind kind;
	WfEffectOptions options;
	WfAdjustment adjustment;
	double		sample_ratio_p;
	double		matched;
	int			nlines;
	int			control;
	WfLine	   *lines;			/* in the order of the allocation's keys */
} WfGroup;

extern List *wf_flags_experiment_groups(const WfExperiment *experiment, const WfExperimentOptions *options,
										const WfExperimentData *data);

#endif							/* WF_FLAGS_EXPERIMENT_GROUP_H */
