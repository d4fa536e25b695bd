/*
 * experiment_compare.h: what an experiment's numbers say.
 *
 * What can't be told is NaN throughout.
 */
#ifndef WF_FLAGS_EXPERIMENT_COMPARE_H
#define WF_FLAGS_EXPERIMENT_COMPARE_H

#include "postgres.h"

/* Of the units of a variant: y is the value or numerator, x the covariate or denominator. */
typedef struct WfMoments
{
	double		n;
	double		mean_y;
	double		variance_y;		/* of the sample, over n - 1 */
	double		mean_x;
	double		variance_x;
	double		covariance;
} WfMoments;

/* How a metric's mean and variance come of its moments. */
typedef enum WfMetricKind
{
	WF_METRIC_MEAN,
	WF_METRIC_BINOMIAL,
	WF_METRIC_ADJUSTED,			/* by its covariate */
	WF_METRIC_RATIO
} WfMetricKind;

/* Regression on the covariate, the same for all variants. */
typedef struct WfAdjustment
{
	double		theta;
	double		center;			/* mean of the covariate over all variants */
} WfAdjustment;

/* A metric of one variant. */
typedef struct WfSample
{
	double		n;
	double		mean;
	double		variance;		/* of a unit */
} WfSample;

typedef struct WfEffectOptions
{
	double		alpha;
	bool		sequential;
	double		tuning;			/* units at which a sequential interval is
								 * narrowest */
	bool		decrease;		/* less is better */
	double		prior_mean;		/* of the lift */
	double		prior_stddev;	/* 0: nothing is known before */
} WfEffectOptions;

/* A variant beside control. */
typedef struct WfEffect
{
	double		difference;
	double		difference_lower;
	double		difference_upper;
	double		lift;			/* the difference in parts of control's mean */
	double		lift_lower;
	double		lift_upper;
	double		p_value;		/* of no difference */
	double		chance_to_win;
	double		standard_error; /* of the difference */
	double		degrees_of_freedom;
	const char *reason;			/* why something of it is NaN, or NULL */
} WfEffect;

/* Correction of p values for being several. */
typedef enum WfCorrection
{
	WF_CORRECTION_NONE,
	WF_CORRECTION_BONFERRONI,
	WF_CORRECTION_HOLM,
	WF_CORRECTION_BENJAMINI_HOCHBERG
} WfCorrection;

extern WfAdjustment wf_flags_adjustment(const WfMoments *moments, int count);
extern WfSample wf_flags_sample(WfMetricKind kind, const WfMoments *moments, const WfAdjustment *adjustment);
extern void wf_flags_effect(const WfSample *control, const WfSample *variant,
							const WfEffectOptions *options, WfEffect *effect);
extern double wf_flags_sample_ratio_p(const double *observed, const double *expected, int count);
extern void wf_flags_correct(WfCorrection correction, double *p_values, int count);

#endif							/* WF_FLAGS_EXPERIMENT_COMPARE_H */
