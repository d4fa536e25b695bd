/*
 * status.c: what the guard does in this session.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc_tables.h"

#include "common/setting.h"
#include "guard/coverage.h"
#include "guard/guard.h"
#include "guard/ring.h"

PG_FUNCTION_INFO_V1(wf_guard_session);

static void put_text(Datum *values, bool *nulls, int column, const char *text);

/*
 * guard_session() -> (guard text, set_by text, bypass text, loaded text,
 * covered text, not_covered text, to_close text, audit text)
 *
 * The settings in force and where wishflags.guard comes from; how the library
 * came into this session: "everywhere" and "in client sessions" are preloaded,
 * "at first use" is not; what the guard sees therefore, what not, and the
 * configuration that closes the gap; and who writes the rows of refusals.
 */
Datum
wf_guard_session(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	const WfGuardCoverage *coverage = wf_guard_coverage();
	Datum		values[8];
	bool		nulls[8] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	values[0] = CStringGetTextDatum(GetConfigOption("wishflags.guard", false, false));
	values[1] = CStringGetTextDatum(GucSource_Names[wf_common_setting_source("wishflags.guard")]);
	put_text(values, nulls, 2, wf_guard_bypass);
	values[3] = CStringGetTextDatum(coverage->loaded);
	values[4] = CStringGetTextDatum(coverage->covered);
	put_text(values, nulls, 5, coverage->not_covered);
	put_text(values, nulls, 6, coverage->to_close);
	values[7] = CStringGetTextDatum(wf_guard_ring_exists() ? "a worker that stays" : "a worker for each row");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* NULL becomes one. */
static void
put_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	if (text)
		values[column] = CStringGetTextDatum(text);
}
