/*
 * wishflags.c: the module; its initialisation is that of its rooms.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "common/extension.h"
#include "common/reason.h"
#include "flags/flags.h"
#include "guard/guard.h"
#include "migration/migration.h"
#include "record/record.h"
#include "stats/stats.h"

WF_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

PG_FUNCTION_INFO_V1(wf_version);

/* Called when the library is loaded; each room registers what it needs. */
void
_PG_init(void)
{
	wf_common_init();
	wf_record_init();
	wf_stats_init();
	wf_flags_init();
	wf_migration_init();
	wf_guard_init();
	MarkGUCPrefixReserved("wishflags");
}

/*
 * version() -> (library text, installed text)
 *
 * The version of the loaded library and of the installed SQL objects; they
 * differ between an upgrade of the package and ALTER EXTENSION UPDATE.
 */
Datum
wf_version(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	char	   *installed = wf_common_installed_version();

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(WF_VERSION);
	if (installed)
		values[1] = CStringGetTextDatum(installed);
	else
		nulls[1] = true;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
