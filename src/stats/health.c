/*
 * health.c: the thresholds of flag_health().
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "common/options.h"

PG_FUNCTION_INFO_V1(wf_health_thresholds);

/* In percent, as columns of health_thresholds(); NEVER is no threshold. */
typedef struct Thresholds
{
	double		error_warning;
	double		error_critical;
	double		miss_warning;
	double		miss_critical;
	double		fallback_warning;
	double		fallback_critical;
	double		min_evaluations;
} Thresholds;

/* No rate is above. */
#define NEVER 100

static const WfOption known[] = {
	{"error_warning", WF_OPTION_NUMBER, offsetof(Thresholds, error_warning)},
	{"error_critical", WF_OPTION_NUMBER, offsetof(Thresholds, error_critical)},
	{"miss_warning", WF_OPTION_NUMBER, offsetof(Thresholds, miss_warning)},
	{"miss_critical", WF_OPTION_NUMBER, offsetof(Thresholds, miss_critical)},
	{"fallback_warning", WF_OPTION_NUMBER, offsetof(Thresholds, fallback_warning)},
	{"fallback_critical", WF_OPTION_NUMBER, offsetof(Thresholds, fallback_critical)},
	{"min_evaluations", WF_OPTION_NUMBER, offsetof(Thresholds, min_evaluations)},
};

/* health_thresholds(options jsonb) -> a row of float8, in the order of known[] */
Datum
wf_health_thresholds(PG_FUNCTION_ARGS)
{
	Thresholds	thresholds = {
		.error_warning = 1, .error_critical = 5,
		.miss_warning = 1, .miss_critical = 5,
		.fallback_warning = NEVER, .fallback_critical = NEVER,
		.min_evaluations = 100,
	};
	TupleDesc	desc;
	Datum		values[lengthof(known)];
	bool		nulls[lengthof(known)] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	wf_common_options_parse(PG_GETARG_JSONB_P(0), known, lengthof(known), &thresholds);
	for (int i = 0; i < lengthof(known); i++)
	{
		double		value = *(double *) ((char *) &thresholds + known[i].offset);

		bool		is_percentage = known[i].offset != offsetof(Thresholds, min_evaluations);

		if (value < 0 || (is_percentage && value > 100))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is out of range", known[i].name),
					 is_percentage ? errhint("Write 0 to 100; 100 is no threshold.") :
					 errhint("Write how many evaluations it takes for a verdict, 0 or more.")));
		values[i] = Float8GetDatum(value);
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
