/*
 * experiment_group.c: the variants of an experiment beside each other.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/experiment_group.h"

static WfGroup *make_group(const WfExperiment *experiment, const WfExperimentOptions *options, const WfExperimentData *data,
						   const WfCell *first);
static bool belongs(const WfCell *cell, const WfCell *last);
static void fill_group(WfGroup *group, const WfExperimentOptions *options);
static void check_binomial(const WfCell *cell, const WfGroup *group);
static void correct_groups(List *groups, WfCorrection correction);

/* The cells come by metric and dimension; one group where there are none. */
List *
wf_flags_experiment_groups(const WfExperiment *experiment, const WfExperimentOptions *options,
						   const WfExperimentData *data)
{
	List	   *groups = NIL;
	WfGroup    *group = NULL;
	const WfCell *last = NULL;
	ListCell   *lc;

	foreach(lc, data->cells)
	{
		const WfCell *cell = lfirst(lc);

		if (group == NULL || !belongs(cell, last))
		{
			group = make_group(experiment, options, data, cell);
			groups = lappend(groups, group);
		}
		for (int i = 0; i < group->nlines; i++)
		{
			if (strcmp(group->lines[i].arm->variant, cell->variant) == 0)
				group->lines[i].cell = cell;
		}
		last = cell;
	}
	if (groups == NIL)
		groups = list_make1(make_group(experiment, options, data, NULL));
	foreach(lc, groups)
		fill_group(lfirst(lc), options);
	correct_groups(groups, options->correction);
	return groups;
}

/* Whether two cells are of the same metric and value of the dimension. */
static bool
belongs(const WfCell *cell, const WfCell *last)
{
	return strcmp(last->metric ? last->metric : "", cell->metric ? cell->metric : "") == 0 &&
		(last->dimension == NULL) == (cell->dimension == NULL) &&
		(cell->dimension == NULL || strcmp(last->dimension, cell->dimension) == 0);
}

/* A group of the allocation's variants, without numbers. */
static WfGroup *
make_group(const WfExperiment *experiment, const WfExperimentOptions *options, const WfExperimentData *data,
		   const WfCell *first)
{
	WfGroup    *group = palloc0(sizeof(WfGroup));
	Jsonb	   *definition;

	group->metric_name = data->columns.metric && first ? first->metric : options->metric;
	group->dimension = first ? first->dimension : NULL;
	group->metric.guardrail = NAN;
	definition = group->metric_name ? wf_flags_json_member(experiment->metrics, group->metric_name) : NULL;
	if (definition)
		wf_flags_metric_parse(definition, &group->metric);
	if (options->metric_options.type)
		group->metric.type = options->metric_options.type;
	if (options->metric_options.direction)
		group->metric.direction = options->metric_options.direction;
	if (!isnan(options->metric_options.guardrail))
		group->metric.guardrail = options->metric_options.guardrail;

	if (data->columns.ratio)
		group->kind = WF_METRIC_RATIO;
	else if (data->columns.covariate)
		group->kind = WF_METRIC_ADJUSTED;
	else if (group->metric.type ? strcmp(group->metric.type, "binomial") == 0 : data->columns.boolean)
		group->kind = WF_METRIC_BINOMIAL;
	else
		group->kind = WF_METRIC_MEAN;
	group->options = options->effect;
	group->options.decrease = group->metric.direction && strcmp(group->metric.direction, "decrease") == 0;

	group->nlines = list_length(experiment->arms);
	group->lines = palloc0(sizeof(WfLine) * group->nlines);
	for (int i = 0; i < group->nlines; i++)
	{
		group->lines[i].arm = list_nth(experiment->arms, i);
		group->lines[i].group = group;
		if (strcmp(group->lines[i].arm->variant, experiment->control) == 0)
			group->control = i;
	}
	return group;
}

static void
fill_group(WfGroup *group, const WfExperimentOptions *options)
{
	WfMoments  *moments = palloc0(sizeof(WfMoments) * group->nlines);
	double	   *observed = palloc0(sizeof(double) * group->nlines);
	double	   *expected = palloc0(sizeof(double) * group->nlines);

	for (int i = 0; i < group->nlines; i++)
	{
		const WfCell *cell = group->lines[i].cell;

		expected[i] = group->lines[i].arm->weight;
		if (cell == NULL)
		{
			moments[i].mean_y = moments[i].mean_x = NAN;
			continue;
		}
		check_binomial(cell, group);
		observed[i] = cell->units;
		group->matched += cell->matched;
		moments[i] = cell->moments;
		moments[i].n = options->zero ? cell->units : cell->matched;
	}
	group->sample_ratio_p = wf_flags_sample_ratio_p(observed, expected, group->nlines);
	group->adjustment = wf_flags_adjustment(moments, group->nlines);
	for (int i = 0; i < group->nlines; i++)
	{
		group->lines[i].sample = wf_flags_sample(group->kind, &moments[i], &group->adjustment);
		group->lines[i].unadjusted_mean = moments[i].mean_y;
	}
	for (int i = 0; i < group->nlines; i++)
	{
		wf_flags_effect(&group->lines[group->control].sample, &group->lines[i].sample, &group->options,
						&group->lines[i].effect);
		group->lines[i].p_value = group->lines[i].effect.p_value;
	}
}

static void
check_binomial(const WfCell *cell, const WfGroup *group)
{
	if (group->kind == WF_METRIC_BINOMIAL && cell->other_values > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("metric query gives other values than 0 and 1 for a binomial metric"),
				 errhint("Give a condition as the value, or take \"type\": \"mean\".")));
}

/* All comparisons of the call are one family of tests; guardrails are not corrected. */
static void
correct_groups(List *groups, WfCorrection correction)
{
	double	   *p_values;
	int			count = 0;
	ListCell   *lc;

	foreach(lc, groups)
		count += ((WfGroup *) lfirst(lc))->nlines;
	p_values = palloc(sizeof(double) * Max(count, 1));
	/* There and back, in the same order. */
	for (int pass = 0; pass < 2; pass++)
	{
		count = 0;
		foreach(lc, groups)
		{
			WfGroup    *group = lfirst(lc);

			for (int i = 0; i < group->nlines; i++)
			{
				if (i == group->control || !isnan(group->metric.guardrail))
					continue;
				if (pass == 0)
					p_values[count] = group->lines[i].p_value;
				else
					group->lines[i].p_value = p_values[count];
				count++;
			}
		}
		if (pass == 0)
			wf_flags_correct(correction, p_values, count);
	}
}
