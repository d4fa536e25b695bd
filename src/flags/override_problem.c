/*
 * override_problem.c: why an override does not serve what it says.
 *
 * The triggers keep wrong ones out, but replicas and restored rows go past
 * them, and time passes.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "flags/cache.h"
#include "flags/eval.h"
#include "flags/integrity.h"
#include "flags/row.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_flag_override_problem);

static const char *find_problem(Datum *values, bool *nulls);

/* flag_override_problem(entry wishflags.flag_overrides) -> text, or NULL */
Datum
wf_flag_override_problem(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header;
	HeapTupleData tuple = {0};
	TupleDesc	desc;
	Datum		values[Natts_wf_overrides];
	bool		nulls[Natts_wf_overrides];
	const char *problem;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	header = PG_GETARG_HEAPTUPLEHEADER(0);
	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	tuple.t_data = header;
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	wf_flags_deform(&tuple, desc, Natts_wf_overrides, values, nulls);
	ReleaseTupleDesc(desc);
	problem = nulls[Anum_wf_overrides_flag - 1] ? NULL : find_problem(values, nulls);
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

static const char *
find_problem(Datum *values, bool *nulls)
{
	const WfFlag *flag;
	const WfProgram *program;
	const char *type;

	wf_flags_cache_ensure();
	flag = wf_flags_store_find(wf_flags_text_string(values[Anum_wf_overrides_flag - 1]));
	if (flag == NULL)
		return "there is no such flag";
	if (flag->archived)
		return "the flag is archived";
	program = flag->program;
	if (!nulls[Anum_wf_overrides_expires_at - 1] &&
		DatumGetTimestampTz(values[Anum_wf_overrides_expires_at - 1]) <= GetCurrentStatementStartTimestamp())
		return "expired";
	if (program->fault != WF_ERROR_NONE)
		return "the definition of the flag is wrong";
	if (!nulls[Anum_wf_overrides_variant - 1] &&
		wf_flags_variant_index(program, wf_flags_text_string(values[Anum_wf_overrides_variant - 1])) == WF_VARIANT_NONE)
		return "the flag has no such variant";
	type = wf_flags_variants_type(program);
	if (!nulls[Anum_wf_overrides_value - 1] && type &&
		strcmp(type, wf_flags_value_type(DatumGetJsonbP(values[Anum_wf_overrides_value - 1]))) != 0)
		return "the variants of the flag are of another type";
	return NULL;
}
