/*
 * experiment_query.h: the numbers of an experiment, from a caller's query.
 */
#ifndef WF_FLAGS_EXPERIMENT_QUERY_H
#define WF_FLAGS_EXPERIMENT_QUERY_H

#include "flags/experiment.h"

/* A row of experiments. */
typedef struct WfExperiment
{
	char	   *key;
	char	   *control;
	List	   *arms;			/* of WfArmShare */
	Jsonb	   *metrics;
} WfExperiment;

/* What the query's columns are. */
typedef struct WfMetricColumns
{
	bool		metric;
	bool		covariate;
	bool		ratio;			/* numerator and denominator in place of value */
	bool		boolean;		/* value is one */
} WfMetricColumns;

/* The units of one variant, for one metric and value of the dimension. */
typedef struct WfCell
{
	char	   *metric;			/* NULL: the query has one */
	char	   *dimension;		/* or NULL */
	char	   *variant;
	double		units;			/* exposed */
	double		matched;		/* of them with a row of the query */
	double		other_values;	/* than 0 and 1 */
	WfMoments	moments;
} WfCell;

/* Of a variant, whatever the dimension. */
typedef struct WfExposed
{
	char	   *variant;
	double		units;			/* that count */
	int64		flickered;
} WfExposed;

typedef struct WfExperimentData
{
	WfMetricColumns columns;
	List	   *cells;			/* of WfCell, by metric and dimension */
	List	   *exposed;		/* of WfExposed */
} WfExperimentData;

extern void wf_flags_experiment_read(const WfExperiment *experiment, const char *metric_query,
									 const WfExperimentOptions *options, WfExperimentData *data);

#endif							/* WF_FLAGS_EXPERIMENT_QUERY_H */
