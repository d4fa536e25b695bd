/*
 * experiment_options.c: the JSON of experiments, checked by key.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "common/options.h"
#include "flags/experiment.h"

/* GrowthBook's: where a sequential interval is narrowest unless the caller says. */
#define DEFAULT_TUNING 5000

/* The words as they come, before they are understood. */
typedef struct RawOptions
{
	WfExperimentOptions parsed;
	char	   *correction;
	char	   *flicker;
	char	   *missing;
} RawOptions;

static const WfOption metric_options[] = {
	{"type", WF_OPTION_TEXT, offsetof(WfMetric, type)},
	{"direction", WF_OPTION_TEXT, offsetof(WfMetric, direction)},
	{"guardrail", WF_OPTION_NUMBER, offsetof(WfMetric, guardrail)},
};

static const WfOption result_options[] = {
	{"confidence", WF_OPTION_NUMBER, offsetof(RawOptions, parsed.confidence)},
	{"sequential", WF_OPTION_BOOLEAN, offsetof(RawOptions, parsed.effect.sequential)},
	{"sequential_tuning", WF_OPTION_NUMBER, offsetof(RawOptions, parsed.effect.tuning)},
	{"prior_mean", WF_OPTION_NUMBER, offsetof(RawOptions, parsed.effect.prior_mean)},
	{"prior_stddev", WF_OPTION_NUMBER, offsetof(RawOptions, parsed.effect.prior_stddev)},
	{"correction", WF_OPTION_TEXT, offsetof(RawOptions, correction)},
	{"minimum_units", WF_OPTION_INTEGER, offsetof(RawOptions, parsed.minimum_units)},
	{"missing", WF_OPTION_TEXT, offsetof(RawOptions, missing)},
	{"flicker", WF_OPTION_TEXT, offsetof(RawOptions, flicker)},
	{"as_of", WF_OPTION_TEXT, offsetof(RawOptions, parsed.as_of)},
	{"dimension_query", WF_OPTION_TEXT, offsetof(RawOptions, parsed.dimension_query)},
	{"metric", WF_OPTION_TEXT, offsetof(RawOptions, parsed.metric)},
	{"type", WF_OPTION_TEXT, offsetof(RawOptions, parsed.metric_options.type)},
	{"direction", WF_OPTION_TEXT, offsetof(RawOptions, parsed.metric_options.direction)},
	{"guardrail", WF_OPTION_NUMBER, offsetof(RawOptions, parsed.metric_options.guardrail)},
};

static const char *const corrections[] = {"none", "bonferroni", "holm", "benjamini-hochberg", NULL};
static const char *const missings[] = {"exclude", "zero", NULL};
static const char *const flickers[] = {"exclude", "include", NULL};
static const char *const types[] = {"mean", "binomial", NULL};
static const char *const directions[] = {"increase", "decrease", NULL};

static int	choice(const char *option, const char *value, const char *const *known);
static void check_metric(const WfMetric *metric);
pg_noreturn static void report_range(const char *option, const char *range);
pg_noreturn static void report_allocation(const char *detail);

void
wf_flags_experiment_options(Jsonb *options, WfExperimentOptions *parsed)
{
	RawOptions	raw = {0};

	raw.parsed.confidence = 0.95;
	raw.parsed.minimum_units = 100;
	raw.parsed.effect.tuning = DEFAULT_TUNING;
	raw.parsed.metric_options.guardrail = NAN;
	raw.correction = "none";
	raw.missing = "zero";
	raw.flicker = "exclude";
	if (options)
		wf_common_options_parse(options, result_options, lengthof(result_options), &raw);

	if (!(raw.parsed.confidence > 0 && raw.parsed.confidence < 1))
		report_range("confidence", "between 0 and 1, as 0.95");
	if (!(raw.parsed.effect.tuning > 0))
		report_range("sequential_tuning", "a number of units above 0");
	if (!(raw.parsed.effect.prior_stddev >= 0))
		report_range("prior_stddev", "0 or above");
	if (raw.parsed.minimum_units < 0)
		report_range("minimum_units", "0 or above");
	check_metric(&raw.parsed.metric_options);
	/* The query takes the text; what is no time is told here. */
	if (raw.parsed.as_of)
		(void) DirectFunctionCall3(timestamptz_in, CStringGetDatum(raw.parsed.as_of), ObjectIdGetDatum(InvalidOid),
								   Int32GetDatum(-1));
	*parsed = raw.parsed;
	parsed->correction = choice("correction", raw.correction, corrections);
	parsed->zero = choice("missing", raw.missing, missings) == 1;
	parsed->flicker = choice("flicker", raw.flicker, flickers) == 1;
	parsed->effect.alpha = 1 - raw.parsed.confidence;
}

/* What experiments.metrics says of one; what it does not say stays in *metric. */
void
wf_flags_metric_parse(Jsonb *definition, WfMetric *metric)
{
	wf_common_options_parse(definition, metric_options, lengthof(metric_options), metric);
	check_metric(metric);
}

/* The variants of {"control": 50, "treatment": 50}, a List of WfArmShare. */
List *
wf_flags_allocation_parse(Jsonb *allocation)
{
	List	   *arms = NIL;
	WfArmShare *arm = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(allocation))
		report_allocation("It is no JSON object.");
	it = JsonbIteratorInit(&allocation->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			arm = palloc0(sizeof(WfArmShare));
			arm->variant = pnstrdup(value.val.string.val, value.val.string.len);
			arms = lappend(arms, arm);
		}
		else if (token == WJB_VALUE)
		{
			if (value.type == jbvNumeric)
				arm->weight = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
																 NumericGetDatum(value.val.numeric)));
			if (!(arm->weight > 0) || isinf(arm->weight))
				report_allocation(psprintf("The share of \"%s\" is no number above 0.", arm->variant));
		}
	}
	if (list_length(arms) < 2)
		report_allocation("It takes two variants to compare them.");
	return arms;
}

/* A member of an object that is an object itself, or NULL. */
Jsonb *
wf_flags_json_member(Jsonb *object, const char *key)
{
	JsonbValue	member;

	if (!JB_ROOT_IS_OBJECT(object) ||
		getKeyJsonValueFromContainer(&object->root, key, strlen(key), &member) == NULL ||
		member.type != jbvBinary)
		return NULL;
	return JsonbValueToJsonb(&member);
}

static int
choice(const char *option, const char *value, const char *const *known)
{
	StringInfoData names;

	for (int i = 0; known[i]; i++)
	{
		if (strcmp(known[i], value) == 0)
			return i;
	}
	initStringInfo(&names);
	for (int i = 0; known[i]; i++)
		appendStringInfo(&names, "%s%s", i == 0 ? "" : known[i + 1] ? ", " : " or ", known[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", option, names.data)));
	return 0;					/* keep compiler quiet */
}

static void
check_metric(const WfMetric *metric)
{
	if (metric->type)
		(void) choice("type", metric->type, types);
	if (metric->direction)
		(void) choice("direction", metric->direction, directions);
	if (metric->guardrail < 0 || isinf(metric->guardrail))
		report_range("guardrail", "the loss that is allowed in parts of control's mean, as 0.02");
}

static void
report_range(const char *option, const char *range)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" must be %s", option, range)));
}

static void
report_allocation(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("allocation must give the expected shares by variant"),
			 errdetail("%s", detail),
			 errhint("Write for example '{\"off\": 50, \"on\": 50}'.")));
}
