/*
 * experiment.h: experiments, their metrics and what is asked of them.
 */
#ifndef WF_FLAGS_EXPERIMENT_H
#define WF_FLAGS_EXPERIMENT_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "flags/experiment_compare.h"

#define WF_EXPERIMENTS_TABLE "experiments"
#define WF_EXPOSURES_TABLE "experiment_exposures"

#define Anum_wf_experiments_key 1
#define Anum_wf_experiments_flag 2
#define Anum_wf_experiments_control 3
#define Anum_wf_experiments_allocation 4
#define Anum_wf_experiments_metrics 5
#define Anum_wf_experiments_unit_kind 6
#define Anum_wf_experiments_started_at 7
#define Anum_wf_experiments_stopped_at 8
#define Anum_wf_experiments_description 9
#define Anum_wf_experiments_created_at 10

/* A variant of an experiment. */
typedef struct WfArmShare
{
	char	   *variant;
	double		weight;
} WfArmShare;

/* What is known of a metric beforehand. */
typedef struct WfMetric
{
	char	   *type;			/* NULL: as the query's column is */
	char	   *direction;		/* NULL: increase */
	double		guardrail;		/* the loss of lift that is allowed; NaN: it
								 * is no guardrail */
} WfMetric;

/* The options of experiment_results(). */
typedef struct WfExperimentOptions
{
	char	   *metric;			/* name of a query's only one, or NULL */
	WfMetric	metric_options;
	double		confidence;
	WfCorrection correction;
	bool		flicker;		/* flickering units count too */
	bool		zero;			/* a unit without a row has zeros */
	int64		minimum_units;
	char	   *as_of;			/* NULL: now */
	char	   *dimension_query;	/* or NULL */
	WfEffectOptions effect;
} WfExperimentOptions;

/* experiment_options.c */
extern void wf_flags_experiment_options(Jsonb *options, WfExperimentOptions *parsed);
extern void wf_flags_metric_parse(Jsonb *definition, WfMetric *metric);
extern List *wf_flags_allocation_parse(Jsonb *allocation);
extern Jsonb *wf_flags_json_member(Jsonb *object, const char *key);

#endif							/* WF_FLAGS_EXPERIMENT_H */
