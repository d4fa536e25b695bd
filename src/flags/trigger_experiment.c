/*
 * trigger_experiment.c: triggers of the table experiments.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"
#include "flags/eval.h"
#include "flags/experiment.h"
#include "flags/integrity.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_experiments_check);
PG_FUNCTION_INFO_V1(wf_experiments_removed);

static void check_metrics(Jsonb *metrics);
pg_noreturn static void report_metrics(void);
static void check_fixed(TriggerData *data, int attnum, const char *column);
static void check_variants(List *arms, const char *control, WfString flag, const WfProgram *program);
pg_noreturn static void report_variant(const char *variant, WfString flag, const WfProgram *program);

/*
 * experiments_check(), BEFORE INSERT OR UPDATE on experiments, by row.
 *
 * A row that brings its time of creation is a restored one, and may come before
 * its flag.  None is started on an archived flag.
 */
Datum
wf_experiments_check(PG_FUNCTION_ARGS)
{
	WfTriggerRow row;
	WfString	flag_key;
	WfProgram  *program;
	List	   *arms;
	bool		exists;
	bool		restored;
	WfClosed	closed;

	wf_flags_trigger_row(fcinfo, WF_EXPERIMENTS_TABLE, &row);
	/* What is NULL by mistake is refused by the table's own constraints. */
	for (int i = Anum_wf_experiments_key; i <= Anum_wf_experiments_unit_kind; i++)
	{
		if (wf_flags_trigger_null(&row, i))
			return wf_flags_trigger_result(&row);
	}
	wf_flags_trigger_check_key("an experiment", wf_flags_trigger_text(&row, Anum_wf_experiments_key));
	restored = wf_flags_trigger_restored(&row, Anum_wf_experiments_created_at);
	if (TRIGGER_FIRED_BY_UPDATE(row.data->tg_event))
	{
		check_fixed(row.data, Anum_wf_experiments_key, "key");
		check_fixed(row.data, Anum_wf_experiments_flag, "flag");
		check_fixed(row.data, Anum_wf_experiments_unit_kind, "unit_kind");
	}
	arms = wf_flags_allocation_parse(DatumGetJsonbP(row.values[Anum_wf_experiments_allocation - 1]));
	check_metrics(DatumGetJsonbP(row.values[Anum_wf_experiments_metrics - 1]));

	/* A past experiment may have outlived its flag, or the flag a variant. */
	flag_key = wf_flags_trigger_text(&row, Anum_wf_experiments_flag);
	program = NULL;
	if (!restored && wf_flags_trigger_null(&row, Anum_wf_experiments_stopped_at))
	{
		program = wf_flags_lock_flag(flag_key, &exists, &closed);
		if (!exists)
			wf_flags_report_unknown(flag_key);
		if (TRIGGER_FIRED_BY_INSERT(row.data->tg_event) && closed.why == WF_CLOSED_ARCHIVED)
			wf_flags_report_closed(flag_key, closed);
	}
	check_variants(arms, TextDatumGetCString(row.values[Anum_wf_experiments_control - 1]), flag_key, program);
	if (wf_flags_trigger_null(&row, Anum_wf_experiments_created_at))
		wf_flags_trigger_set(&row, Anum_wf_experiments_created_at,
							 TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	return wf_flags_trigger_result(&row);
}

/* experiments_removed(), AFTER DELETE by row and TRUNCATE on experiments. */
Datum
wf_experiments_removed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_EXPERIMENTS_TABLE);
	Oid			types[] = {TEXTOID};
	Datum		values[] = {(Datum) 0};
	bool		one = TRIGGER_FIRED_FOR_ROW(data->tg_event);
	bool		isnull;
	WfWrite		write;

	if (one)
		values[0] = heap_getattr(data->tg_trigtuple, Anum_wf_experiments_key,
								 RelationGetDescr(data->tg_relation), &isnull);
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid(WF_EXPOSURES_TABLE));
	if (SPI_execute_with_args(one ? "DELETE FROM wishflags.experiment_exposures WHERE experiment = $1"
							  : "DELETE FROM wishflags.experiment_exposures",
							  one ? 1 : 0, types, values, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not delete from experiment_exposures");
	wf_common_write_end(&write);
	SPI_finish();
	return PointerGetDatum(NULL);
}

/* {NAME: {"type": ..., "direction": ..., "guardrail": ...}, ...} */
static void
check_metrics(Jsonb *metrics)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(metrics))
		report_metrics();
	it = JsonbIteratorInit(&metrics->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		WfMetric	metric = {0};

		if (token != WJB_VALUE)
			continue;
		if (value.type != jbvBinary)
			report_metrics();
		wf_flags_metric_parse(JsonbValueToJsonb(&value), &metric);
	}
}

static void
report_metrics(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("metrics must be a JSON object of objects, by name"),
			 errhint("Write for example '{\"revenue\": {}, \"errors\": {\"direction\": \"decrease\", \"guardrail\": 0.01}}'.")));
}

static void
check_fixed(TriggerData *data, int attnum, const char *column)
{
	if (wf_flags_trigger_changed(data, attnum))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column \"%s\" of an experiment cannot be changed", column),
				 errhint("Start another experiment: its exposures are its own.")));
}

/* Control among the variants, and all of them the flag's, where that is known. */
static void
check_variants(List *arms, const char *control, WfString flag, const WfProgram *program)
{
	bool		has_control = false;
	ListCell   *lc;

	foreach(lc, arms)
	{
		const WfArmShare *arm = lfirst(lc);

		has_control = has_control || strcmp(arm->variant, control) == 0;
		if (program && wf_flags_variant_index(program, wf_flags_string(arm->variant)) == WF_VARIANT_NONE)
			report_variant(arm->variant, flag, program);
	}
	if (!has_control)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("control \"%s\" is no variant of the allocation", control),
				 errhint("The control is the arm that the others are compared with: name one of the allocation.")));
}

static void
report_variant(const char *variant, WfString flag, const WfProgram *program)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < program->nvariants; i++)
	{
		if (program->variants[i].name.data)
			appendStringInfo(&names, "%s%.*s", names.len ? ", " : "", program->variants[i].name.len,
							 program->variants[i].name.data);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("flag \"%.*s\" has no variant \"%s\"", flag.len, flag.data, variant),
			 errhint("Its variants are: %s.", names.data)));
}
