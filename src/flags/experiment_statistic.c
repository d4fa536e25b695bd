/*
 * experiment_statistic.c: the distributions that experiments are judged by.  Pure.
 *
 * The C library has erfc() and lgamma(); the incomplete gamma and beta functions
 * are made here from their expansions in the Digital Library of Mathematical
 * Functions (DLMF), good to some 1e-13 of the value.
 */
#include "common/compat.h"

#include <float.h>
#include <math.h>

#include "flags/experiment_statistic.h"

/* A continued fraction ends before; the longest that occur take some ten thousands. */
#define FRACTION_STEPS_MAX 1000000

/* Where the series of log_gamma_half_step() is exact to the last bit. */
#define HALF_STEP_SERIES_FROM 20

/* From where on the expansion for large parameters is, and the fraction loses digits. */
#define LARGE_PARAMETER_FROM 5000

/* Stands in for a denominator of zero (Lentz's method). */
#define FRACTION_TINY 1e-300

static double beta_half(double x, double complement, double a);
static double beta_half_large(double complement, double a);
static double beta_fraction(double x, double a, double b);
static double log_gamma_half_step(double a);
static double gamma_upper(double a, double x);

/* P(Z < z) of the standard normal distribution. */
double
wf_flags_normal_cdf(double z)
{
	return 0.5 * erfc(-z / M_SQRT2);
}

/* The z with P(Z < z) = p, for 0 < p < 1. */
double
wf_flags_normal_quantile(double p)
{
	double		tail = Min(p, 1 - p);
	double		low = 0;
	double		high = 40;

	/* Bisection of the tail, which keeps its digits; some 60 steps. */
	for (;;)
	{
		double		middle = 0.5 * (low + high);

		if (middle <= low || middle >= high)
			return p < 0.5 ? -middle : middle;
		if (0.5 * erfc(middle / M_SQRT2) > tail)
			low = middle;
		else
			high = middle;
	}
}

/* P(|T| > |t|) of Student's t distribution (DLMF 8.17(i): I_x(df/2, 1/2)). */
double
wf_flags_student_two_sided(double t, double df)
{
	double		square = t * t;

	return beta_half(df / (df + square), square / (df + square), 0.5 * df);
}

/* The t with P(|T| > t) = alpha, for 0 < alpha < 1. */
double
wf_flags_student_critical(double alpha, double df)
{
	double		low = 0;
	double		high = 1;

	while (wf_flags_student_two_sided(high, df) > alpha)
		high *= 2;
	for (;;)
	{
		double		middle = 0.5 * (low + high);

		if (middle <= low || middle >= high || high - low < 2e-16 * high)
			return middle;
		if (wf_flags_student_two_sided(middle, df) > alpha)
			low = middle;
		else
			high = middle;
	}
}

/* P(X > x) of the chi-square distribution: Q(df/2, x/2). */
double
wf_flags_chi_square_upper(double x, double df)
{
	return x <= 0 ? 1 : gamma_upper(0.5 * df, 0.5 * x);
}

/* The regularized incomplete beta function I_x(a, 1/2); complement is 1 - x. */
static double
beta_half(double x, double complement, double a)
{
	double		front;

	if (complement <= 0)
		return 1;
	if (x <= 0)
		return 0;
	if (a > LARGE_PARAMETER_FROM)
		return beta_half_large(complement, a);
	/* x^a (1-x)^(1/2) / B(a, 1/2), where Gamma(1/2) is the root of pi */
	front = exp(a * log1p(-complement) + log_gamma_half_step(a)) * sqrt(complement / M_PI);
	/* DLMF 8.17.22 converges fast on this side; 8.17.4 leads over to it. */
	if (x < (a + 1) / (a + 2.5))
		return front * beta_fraction(x, a, 0.5) / a;
	return 1 - front * beta_fraction(complement, 0.5, a) / 0.5;
}

/*
 * The same for large a: the first terms of DLMF 8.18.3, where d_k are the
 * coefficients of (t / (1 - exp(-t)))^(1/2) around t = -ln x.
 */
static double
beta_half_large(double complement, double a)
{
	double		xi = -log1p(-complement);
	double		f0 = erfc(sqrt(a * xi)) / sqrt(a);
	double		f1 = ((0.5 - a * xi) * f0 + sqrt(xi / M_PI) * exp(-a * xi)) / a;
	double		f2 = ((1.5 - a * xi) * f1 + xi * f0) / a;
	double		f3 = ((2.5 - a * xi) * f2 + 2 * xi * f1) / a;
	double		d0 = sqrt(xi / complement);
	double		d1 = 1.0 / 4 + xi / 48 - xi * xi / 128;
	double		d2 = 1.0 / 96 - xi / 128;
	double		d3 = -1.0 / 384;

	return exp(log_gamma_half_step(a)) * (d0 * f0 + d1 * f1 + d2 * f2 + d3 * f3);
}

/* The continued fraction of DLMF 8.17.22, by Lentz's method. */
static double
beta_fraction(double x, double a, double b)
{
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		value;

	d = 1 / (fabs(d) < FRACTION_TINY ? FRACTION_TINY : d);
	value = d;
	for (int m = 1; m < FRACTION_STEPS_MAX; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double		step = 1;

		for (int i = 0; i < 2; i++)
		{
			double		term = i == 0 ? even : odd;

			d = 1 + term * d;
			d = 1 / (fabs(d) < FRACTION_TINY ? FRACTION_TINY : d);
			c = 1 + term / c;
			if (fabs(c) < FRACTION_TINY)
				c = FRACTION_TINY;
			step = c * d;
			value *= step;
		}
		if (fabs(step - 1) < DBL_EPSILON)
			break;
	}
	return value;
}

/*
 * ln(Gamma(a + 1/2) / Gamma(a)).  Of large arguments the difference of two
 * logarithms has lost its digits, and the asymptotic series (DLMF 5.11.8) has not.
 */
static double
log_gamma_half_step(double a)
{
	double		r = 1 / a;
	double		rr = r * r;

	if (a < HALF_STEP_SERIES_FROM)
		return lgamma(a + 0.5) - lgamma(a);
	return 0.5 * log(a) - r * (1.0 / 8 - rr * (1.0 / 192 - rr * (1.0 / 640 - rr * (17.0 / 14336 - rr * (31.0 / 18432)))));
}

/* The regularized incomplete gamma function Q(a, x), x > 0. */
static double
gamma_upper(double a, double x)
{
	double		front = exp(a * log(x) - x - lgamma(a));

	if (x < a + 1)
	{
		/* DLMF 8.11.4, of P(a, x) = 1 - Q(a, x) */
		double		term = 1 / a;
		double		sum = term;

		for (double n = a + 1; term > sum * 0.5 * DBL_EPSILON; n++)
		{
			term *= x / n;
			sum += term;
		}
		return 1 - front * sum;
	}
	else
	{
		/* DLMF 8.9.2 in its even form, by Lentz's method */
		double		b = x + 1 - a;
		double		c = 1 / FRACTION_TINY;
		double		d = 1 / b;
		double		value = d;

		for (int n = 1; n < FRACTION_STEPS_MAX; n++)
		{
			double		term = -n * (n - a);
			double		step;

			b += 2;
			d = term * d + b;
			d = 1 / (fabs(d) < FRACTION_TINY ? FRACTION_TINY : d);
			c = b + term / c;
			if (fabs(c) < FRACTION_TINY)
				c = FRACTION_TINY;
			step = c * d;
			value *= step;
			if (fabs(step - 1) < DBL_EPSILON)
				break;
		}
		return front * value;
	}
}
