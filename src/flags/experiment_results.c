/*
 * experiment_results.c: the variants of an experiment compared.
 */
#include "common/compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "common/row.h"
#include "flags/experiment_group.h"
#include "flags/json.h"

PG_FUNCTION_INFO_V1(wf_experiment_results);

/* GrowthBook's threshold, below which the split itself is in doubt. */
#define SAMPLE_RATIO_ALPHA 0.001

/* Columns of the result. */
enum
{
	RESULT_METRIC,
	RESULT_DIMENSION,
	RESULT_VARIANT,
	RESULT_UNITS,
	RESULT_FLICKERED,
	RESULT_MEAN,
	RESULT_VARIANCE,
	RESULT_DIFFERENCE,
	RESULT_DIFFERENCE_LOWER,
	RESULT_DIFFERENCE_UPPER,
	RESULT_LIFT,
	RESULT_LIFT_LOWER,
	RESULT_LIFT_UPPER,
	RESULT_P_VALUE,
	RESULT_CHANCE_TO_WIN,
	RESULT_SAMPLE_RATIO_P,
	RESULT_VERDICT,
	RESULT_NOTE,
	RESULT_EVIDENCE,
	RESULTS
};

static char *required_text(FunctionCallInfo fcinfo, int arg, const char *what);
static void find_experiment(const char *key, WfExperiment *experiment);
static bool is_collecting(const WfExperimentOptions *options, const WfLine *line);
static void put_line(ReturnSetInfo *rows, const WfExperimentOptions *options, const WfExperimentData *data, const WfLine *line);
static const char *verdict_of(const WfExperimentOptions *options, const WfLine *line);
static const char *guardrail_verdict(const WfLine *line);
static char *note_of(const WfExperimentOptions *options, const WfLine *line);
static Jsonb *evidence_of(const WfExperimentOptions *options, const WfExperimentData *data, const WfLine *line);
static void put_number(Datum *values, bool *nulls, int column, double number);
static void evidence_number(JsonbParseState **state, const char *key, double number);

/*
 * experiment_results(experiment text, metric_query text, options jsonb)
 *   -> a row a variant, by metric and dimension, control first
 */
Datum
wf_experiment_results(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	WfExperimentOptions options;
	WfExperimentData data;
	WfExperiment experiment;
	List	   *groups;
	ListCell   *lc;
	char	   *metric_query = required_text(fcinfo, 1, "metric query");

	find_experiment(required_text(fcinfo, 0, "key of the experiment"), &experiment);
	wf_flags_experiment_options(PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), &options);
	wf_init_materialized_srf(fcinfo);
	wf_flags_experiment_read(&experiment, metric_query, &options, &data);
	groups = wf_flags_experiment_groups(&experiment, &options, &data);
	foreach(lc, groups)
	{
		const WfGroup *group = lfirst(lc);

		put_line(rows, &options, &data, &group->lines[group->control]);
		for (int i = 0; i < group->nlines; i++)
		{
			if (i != group->control)
				put_line(rows, &options, &data, &group->lines[i]);
		}
	}
	return (Datum) 0;
}

static char *
required_text(FunctionCallInfo fcinfo, int arg, const char *what)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what)));
	return text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* Read as the caller. */
static void
find_experiment(const char *key, WfExperiment *experiment)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(key)};
	MemoryContext spi;
	bool		isnull;

	SPI_connect();
	if (SPI_execute_with_args("SELECT e.control, e.allocation, e.metrics FROM wishflags.experiments e"
							  " WHERE e.key OPERATOR(pg_catalog.=) $1", 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read experiments");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("experiment \"%s\" does not exist", key),
				 errhint("See which there are: SELECT key, flag, started_at, stopped_at FROM wishflags.experiments;")));
	spi = MemoryContextSwitchTo(caller);
	experiment->key = pstrdup(key);
	experiment->control = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	experiment->arms = wf_flags_allocation_parse(DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
																				  2, &isnull)));
	experiment->metrics = DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &isnull));
	MemoryContextSwitchTo(spi);
	SPI_finish();
}

/* Whether too few units were exposed to say anything. */
static bool
is_collecting(const WfExperimentOptions *options, const WfLine *line)
{
	const WfLine *control = &line->group->lines[line->group->control];

	return Min(line->sample.n, control->sample.n) < options->minimum_units;
}

static void
put_line(ReturnSetInfo *rows, const WfExperimentOptions *options, const WfExperimentData *data, const WfLine *line)
{
	const WfGroup *group = line->group;
	bool		shown = line != &group->lines[group->control];
	bool		judged = shown && !is_collecting(options, line);
	const WfEffect *effect = &line->effect;
	Datum		values[RESULTS] = {0};
	bool		nulls[RESULTS] = {0};
	int64		flickered = 0;
	ListCell   *lc;

	foreach(lc, data->exposed)
	{
		const WfExposed *exposed = lfirst(lc);

		if (strcmp(exposed->variant, line->arm->variant) == 0)
			flickered = exposed->flickered;
	}
	wf_row_put_text(values, nulls, RESULT_METRIC, group->metric_name);
	wf_row_put_text(values, nulls, RESULT_DIMENSION, group->dimension);
	wf_row_put_text(values, nulls, RESULT_VARIANT, line->arm->variant);
	values[RESULT_UNITS] = Int64GetDatum((int64) line->sample.n);
	values[RESULT_FLICKERED] = Int64GetDatum(flickered);
	put_number(values, nulls, RESULT_MEAN, line->sample.n < 1 ? NAN : line->sample.mean);
	put_number(values, nulls, RESULT_VARIANCE, line->sample.n < 1 ? NAN : line->sample.variance);
	put_number(values, nulls, RESULT_DIFFERENCE, shown ? effect->difference : NAN);
	put_number(values, nulls, RESULT_LIFT, shown ? effect->lift : NAN);
	put_number(values, nulls, RESULT_DIFFERENCE_LOWER, judged ? effect->difference_lower : NAN);
	put_number(values, nulls, RESULT_DIFFERENCE_UPPER, judged ? effect->difference_upper : NAN);
	put_number(values, nulls, RESULT_LIFT_LOWER, judged ? effect->lift_lower : NAN);
	put_number(values, nulls, RESULT_LIFT_UPPER, judged ? effect->lift_upper : NAN);
	put_number(values, nulls, RESULT_P_VALUE, judged ? line->p_value : NAN);
	put_number(values, nulls, RESULT_CHANCE_TO_WIN, judged ? effect->chance_to_win : NAN);
	put_number(values, nulls, RESULT_SAMPLE_RATIO_P, group->sample_ratio_p);
	wf_row_put_text(values, nulls, RESULT_VERDICT, shown ? verdict_of(options, line) : "control");
	wf_row_put_text(values, nulls, RESULT_NOTE, note_of(options, line));
	values[RESULT_EVIDENCE] = JsonbPGetDatum(evidence_of(options, data, line));
	tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
}

static const char *
verdict_of(const WfExperimentOptions *options, const WfLine *line)
{
	const WfGroup *group = line->group;

	if (is_collecting(options, line))
		return "collecting data";
	if (group->sample_ratio_p < SAMPLE_RATIO_ALPHA)
		return "sample ratio mismatch";
	if (isnan(line->p_value) || (!isnan(group->metric.guardrail) && isnan(line->effect.lift)))
		return "not comparable";
	if (!isnan(group->metric.guardrail))
		return guardrail_verdict(line);
	if (line->p_value >= group->options.alpha)
		return "undecided";
	return (line->effect.difference > 0) != group->options.decrease ? "better" : "worse";
}

/* The loss against the one that is allowed. */
static const char *
guardrail_verdict(const WfLine *line)
{
	const WfEffect *effect = &line->effect;
	bool		decrease = line->group->options.decrease;

	if ((decrease ? effect->lift_lower : -effect->lift_upper) > line->group->metric.guardrail)
		return "guardrail broken";
	if ((decrease ? effect->lift_upper : -effect->lift_lower) <= line->group->metric.guardrail)
		return "guardrail holds";
	return "guardrail undecided";
}

/* Why a value is missing or not to be relied on; NULL for nothing. */
static char *
note_of(const WfExperimentOptions *options, const WfLine *line)
{
	const WfGroup *group = line->group;
	StringInfoData note;

	initStringInfo(&note);
	if (group->matched == 0)
		appendStringInfoString(&note, "; the metric query says nothing of the exposed units");
	if (group->sample_ratio_p < SAMPLE_RATIO_ALPHA)
		appendStringInfoString(&note, "; the units do not split as the allocation says");
	if (line != &group->lines[group->control])
	{
		if (is_collecting(options, line))
			appendStringInfo(&note, "; fewer than " INT64_FORMAT " units", options->minimum_units);
		else if (line->effect.reason)
			appendStringInfo(&note, "; %s", line->effect.reason);
	}
	return note.len ? note.data + strlen("; ") : NULL;
}

static Jsonb *
evidence_of(const WfExperimentOptions *options, const WfExperimentData *data, const WfLine *line)
{
	static const char *const kinds[] = {"mean", "binomial", "adjusted", "ratio"};
	const WfGroup *group = line->group;
	JsonbParseState *state = NULL;
	double		shares = 0;

	for (int i = 0; i < group->nlines; i++)
		shares += group->lines[i].arm->weight;
	wf_flags_json_begin(&state);
	wf_flags_json_text(&state, "type", kinds[group->kind]);
	evidence_number(&state, "expected_share", line->arm->weight / shares);
	evidence_number(&state, "units_without_row", line->cell ? line->cell->units - line->cell->matched : 0);
	if (group->kind == WF_METRIC_ADJUSTED)
	{
		evidence_number(&state, "theta", group->adjustment.theta);
		evidence_number(&state, "unadjusted_mean", line->unadjusted_mean);
		if (line->cell)
			evidence_number(&state, "unadjusted_variance", line->cell->moments.variance_y);
	}
	if (line != &group->lines[group->control] && !is_collecting(options, line))
	{
		evidence_number(&state, "standard_error", line->effect.standard_error);
		evidence_number(&state, "degrees_of_freedom", line->effect.degrees_of_freedom);
		if (options->correction != WF_CORRECTION_NONE)
			evidence_number(&state, "uncorrected_p_value", line->effect.p_value);
	}
	if (!isnan(group->metric.guardrail))
		evidence_number(&state, "guardrail", group->metric.guardrail);
	if (options->as_of)
		wf_flags_json_text(&state, "as_of", options->as_of);
	return wf_flags_json_end(&state);
}

static void
put_number(Datum *values, bool *nulls, int column, double number)
{
	nulls[column] = isnan(number);
	values[column] = Float8GetDatum(number);
}

static void
evidence_number(JsonbParseState **state, const char *key, double number)
{
	if (!isnan(number) && !isinf(number))
		wf_flags_json_number(state, key, number);
}
