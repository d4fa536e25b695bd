/*
 * experiment_compare.c: what an experiment's numbers say.  Pure.
 *
 * Means are compared by Welch's t test; a relative lift and a ratio of two
 * means get their variance by the delta method (Deng, Knoblich and Lu, "Applying
 * the Delta Method in Metric Analytics", 2018), the covariate is that of CUPED
 * (Deng, Xu, Kohavi and Walker, 2013).  Sequential intervals are the asymptotic
 * confidence sequences of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
 * "Time-uniform central limit theory and asymptotic confidence sequences"
 * (arXiv:2103.06476), with the tuning that GrowthBook uses.  The chance to win
 * is that of GrowthBook's: the posterior of the lift is normal.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/experiment_compare.h"
#include "flags/experiment_statistic.h"

/* So small a part of a number may be what its rounding left. */
#define ROUNDING 1e-12

static WfEffect unknown_effect(void);
static double welch(const WfSample *a, const WfSample *b);
static double half_width(double variance, double n, double df, const WfEffectOptions *options);
static double p_value(double difference, double variance, double n, double df,
					  const WfEffectOptions *options);
static double rho_square(const WfEffectOptions *options);
static double chance_to_win(double mean, double variance, bool is_lift, const WfEffectOptions *options);
static int	compare_pointees(const void *a, const void *b);

/* The slope within the variants, so that what differs between them stays. */
WfAdjustment
wf_flags_adjustment(const WfMoments *moments, int count)
{
	WfAdjustment adjustment = {0};
	double		units = 0;
	double		product = 0;
	double		square = 0;

	for (int i = 0; i < count; i++)
	{
		if (moments[i].n < 1)
			continue;
		units += moments[i].n;
		adjustment.center += moments[i].n * moments[i].mean_x;
		if (moments[i].n < 2)
			continue;
		product += (moments[i].n - 1) * moments[i].covariance;
		square += (moments[i].n - 1) * moments[i].variance_x;
	}
	adjustment.center = units > 0 ? adjustment.center / units : 0;
	/* A covariate that is always the same explains nothing. */
	adjustment.theta = square > 0 ? product / square : 0;
	return adjustment;
}

WfSample
wf_flags_sample(WfMetricKind kind, const WfMoments *m, const WfAdjustment *adjustment)
{
	WfSample	sample = {m->n, m->mean_y, m->variance_y};
	double		scale = 0;

	switch (kind)
	{
		case WF_METRIC_MEAN:
			break;
		case WF_METRIC_BINOMIAL:
			sample.variance = m->mean_y * (1 - m->mean_y);
			break;
		case WF_METRIC_ADJUSTED:
			scale = m->variance_y;
			sample.mean -= adjustment->theta * (m->mean_x - adjustment->center);
			sample.variance += adjustment->theta * (adjustment->theta * m->variance_x - 2 * m->covariance);
			break;
		case WF_METRIC_RATIO:
			if (m->mean_x == 0 || isnan(m->mean_x))
			{
				sample.mean = sample.variance = NAN;
				break;
			}
			sample.mean = m->mean_y / m->mean_x;
			scale = m->variance_y / (m->mean_x * m->mean_x);
			sample.variance = (m->variance_y + sample.mean * (sample.mean * m->variance_x - 2 * m->covariance)) /
				(m->mean_x * m->mean_x);
			break;
	}
	/* What rounding leaves of no variance is none. */
	if (sample.variance <= ROUNDING * scale || sample.variance <= ROUNDING * ROUNDING * sample.mean * sample.mean)
		sample.variance = 0;
	return sample;
}

/* Compares a variant with control. */
void
wf_flags_effect(const WfSample *control, const WfSample *variant, const WfEffectOptions *options,
				WfEffect *effect)
{
	double		n = control->n + variant->n;
	double		variance = control->variance / control->n + variant->variance / variant->n;
	double		lift_variance = NAN;
	double		half;

	*effect = unknown_effect();
	if (control->n < 1 || variant->n < 1)
	{
		effect->reason = "there are no units";
		return;
	}
	if (isnan(control->mean) || isnan(variant->mean))
	{
		effect->reason = "the denominator is zero";
		return;
	}
	effect->difference = variant->mean - control->mean;
	if (control->mean > 0)
	{
		double		square = control->mean * control->mean;

		effect->lift = effect->difference / control->mean;
		lift_variance = variant->variance / (variant->n * square) +
			control->variance * variant->mean * variant->mean / (control->n * square * square);
	}
	else
		effect->reason = "control's mean is not above zero";
	if (isnan(variance))
	{
		effect->reason = "a variance takes two units";
		return;
	}
	if (variance <= 0)
	{
		effect->reason = "there is no variance";
		return;
	}

	effect->standard_error = sqrt(variance);
	effect->degrees_of_freedom = welch(control, variant);
	effect->p_value = p_value(effect->difference, variance, n, effect->degrees_of_freedom, options);
	half = half_width(variance, n, effect->degrees_of_freedom, options);
	effect->difference_lower = effect->difference - half;
	effect->difference_upper = effect->difference + half;
	if (isnan(effect->lift))
	{
		effect->chance_to_win = chance_to_win(effect->difference, variance, false, options);
		return;
	}
	half = half_width(lift_variance, n, effect->degrees_of_freedom, options);
	effect->lift_lower = effect->lift - half;
	effect->lift_upper = effect->lift + half;
	effect->chance_to_win = chance_to_win(effect->lift, lift_variance, true, options);
}

/* P of counts at least as far from the expected shares: Pearson's chi-square test. */
double
wf_flags_sample_ratio_p(const double *observed, const double *expected, int count)
{
	double		units = 0;
	double		shares = 0;
	double		chi_square = 0;

	for (int i = 0; i < count; i++)
	{
		units += observed[i];
		shares += expected[i];
	}
	if (units <= 0)
		return NAN;
	for (int i = 0; i < count; i++)
	{
		double		wanted = units * (expected[i] / shares);

		chi_square += (observed[i] - wanted) * (observed[i] - wanted) / wanted;
	}
	return wf_flags_chi_square_upper(chi_square, count - 1);
}

/* Corrects p values in place; those that are NaN are none. */
void
wf_flags_correct(WfCorrection correction, double *p_values, int count)
{
	double	  **sorted = palloc(sizeof(double *) * Max(count, 1));
	int			tests = 0;
	double		bound;

	for (int i = 0; i < count; i++)
	{
		if (!isnan(p_values[i]))
			sorted[tests++] = &p_values[i];
	}
	qsort(sorted, tests, sizeof(double *), compare_pointees);
	switch (correction)
	{
		case WF_CORRECTION_NONE:
			break;
		case WF_CORRECTION_BONFERRONI:
			for (int i = 0; i < tests; i++)
				*sorted[i] = Min(1, tests * *sorted[i]);
			break;
		case WF_CORRECTION_HOLM:
			bound = 0;
			for (int i = 0; i < tests; i++)
				*sorted[i] = bound = Max(bound, Min(1, (tests - i) * *sorted[i]));
			break;
		case WF_CORRECTION_BENJAMINI_HOCHBERG:
			bound = 1;
			for (int i = tests - 1; i >= 0; i--)
				*sorted[i] = bound = Min(bound, *sorted[i] * tests / (i + 1));
			break;
	}
	pfree(sorted);
}

static WfEffect
unknown_effect(void)
{
	WfEffect	effect = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NULL};

	return effect;
}

/* Degrees of freedom after Welch and Satterthwaite. */
static double
welch(const WfSample *a, const WfSample *b)
{
	double		of_a = a->variance / a->n;
	double		of_b = b->variance / b->n;
	double		parts = 0;

	if (of_a > 0)
		parts += of_a * of_a / (a->n - 1);
	if (of_b > 0)
		parts += of_b * of_b / (b->n - 1);
	return (of_a + of_b) * (of_a + of_b) / parts;
}

/* variance is that of an estimate from n units; sequential: the two-sided boundary of the paper. */
static double
half_width(double variance, double n, double df, const WfEffectOptions *options)
{
	double		rho2;

	if (!options->sequential)
		return wf_flags_student_critical(options->alpha, df) * sqrt(variance);
	rho2 = rho_square(options);
	return sqrt(variance * n * 2 * (n * rho2 + 1) / (n * n * rho2) *
				log(sqrt(n * rho2 + 1) / options->alpha));
}

/* Sequential: the alpha at which the interval ends at zero. */
static double
p_value(double difference, double variance, double n, double df, const WfEffectOptions *options)
{
	double		rho2;

	if (!options->sequential)
		return wf_flags_student_two_sided(difference / sqrt(variance), df);
	rho2 = rho_square(options);
	return Min(1, sqrt(n * rho2 + 1) *
			   exp(-rho2 * n * difference * difference / (2 * (n * rho2 + 1) * variance)));
}

/* The paper's approximation of the best one for a number of units. */
static double
rho_square(const WfEffectOptions *options)
{
	double		two_logs = -2 * log(options->alpha);

	return (two_logs + log(two_logs + 1)) / options->tuning;
}

static double
chance_to_win(double mean, double variance, bool is_lift, const WfEffectOptions *options)
{
	if (is_lift && options->prior_stddev > 0)
	{
		double		prior_precision = 1 / (options->prior_stddev * options->prior_stddev);
		double		precision = 1 / variance + prior_precision;

		mean = (mean / variance + options->prior_mean * prior_precision) / precision;
		variance = 1 / precision;
	}
	return wf_flags_normal_cdf((options->decrease ? -mean : mean) / sqrt(variance));
}

static int
compare_pointees(const void *a, const void *b)
{
	double		x = **(double *const *) a;
	double		y = **(double *const *) b;

	return x < y ? -1 : x > y;
}
