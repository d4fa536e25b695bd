/*
 * status.c: what the guard does in this session.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc_tables.h"

#include "common/setting.h"
#include "guard/guard.h"

PG_FUNCTION_INFO_V1(wf_guard_session);

/*
 * guard_session() -> (guard text, set_by text, bypass text, loaded text)
 *
 * The settings in force and where wishflags.guard comes from, and how the
 * library came into this session: "everywhere" and "in client sessions" are
 * preloaded, "at first use" is not.
 */
Datum
wf_guard_session(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};
	bool		everywhere;
	const char *loaded = "at first use";

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (wf_common_is_preloaded(&everywhere))
		loaded = everywhere ? "everywhere" : "in client sessions";

	values[0] = CStringGetTextDatum(GetConfigOption("wishflags.guard", false, false));
	values[1] = CStringGetTextDatum(GucSource_Names[wf_common_setting_source("wishflags.guard")]);
	if (wf_guard_bypass)
		values[2] = CStringGetTextDatum(wf_guard_bypass);
	else
		nulls[2] = true;
	values[3] = CStringGetTextDatum(loaded);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
