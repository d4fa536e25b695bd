/*
 * sample_functions.c: the SQL functions of the sample in shared memory.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "common/row.h"
#include "ddl/deparse.h"
#include "migration/impact.h"
#include "migration/sample.h"

PG_FUNCTION_INFO_V1(wf_impact_samples);
PG_FUNCTION_INFO_V1(wf_impact_samples_status);
PG_FUNCTION_INFO_V1(wf_impact_samples_reset);

static void need_memory(void);

/*
 * impact_samples() -> setof sample
 *
 * Of relations that are still there.  Raises object_not_in_prerequisite_state
 * where the library is not in shared_preload_libraries.
 */
Datum
wf_impact_samples(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	wf_init_materialized_srf(fcinfo);
	need_memory();
	foreach(lc, wf_samples())
	{
		WfSample   *sample = lfirst(lc);
		char	   *name = get_rel_name(sample->relation);
		Datum		values[9];
		bool		nulls[9] = {0};

		if (name == NULL)
			continue;
		wf_row_put_text(values, nulls, 0,
						wf_ddl_quote_name(get_namespace_name(get_rel_namespace(sample->relation)), name));
		values[1] = wf_impact_string_array(wf_impact_column_names(sample->relation, sample->reads));
		values[2] = wf_impact_string_array(wf_impact_column_names(sample->relation, sample->writes));
		wf_row_put_text(values, nulls, 3, GetUserNameFromId(sample->role, true));
		wf_row_put_text(values, nulls, 4, sample->application_name);
		wf_row_put_text(values, nulls, 5, sample->route[0] ? sample->route : NULL);
		values[6] = Int64GetDatum(sample->calls);
		values[7] = TimestampTzGetDatum(sample->first_seen);
		values[8] = TimestampTzGetDatum(sample->last_seen);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* impact_samples_status() -> (loaded, rate, entries, missed, evicted) */
Datum
wf_impact_samples_status(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[5];
	bool		nulls[5] = {0};
	int64		entries = 0;
	int64		missed = 0;
	int64		evicted = 0;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (wf_sample_is_loaded())
		wf_sample_counts(&entries, &missed, &evicted);
	values[0] = BoolGetDatum(wf_sample_is_loaded());
	values[1] = Float8GetDatum(wf_sample_rate());
	values[2] = Int64GetDatum(entries);
	values[3] = Int64GetDatum(missed);
	values[4] = Int64GetDatum(evicted);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* impact_samples_reset() -> bigint: forgets all, and says how many kinds of use that were. */
Datum
wf_impact_samples_reset(PG_FUNCTION_ARGS)
{
	need_memory();
	PG_RETURN_INT64(wf_sample_reset());
}

static void
need_memory(void)
{
	if (!wf_sample_is_loaded())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing samples who uses which columns"),
				 errdetail("It takes shared memory, which only a library that is loaded at server start gets."),
				 errhint("Set shared_preload_libraries = 'wishflags' and wishflags.impact_sample_rate = 0.01 in "
						 "postgresql.conf and restart; without that, call wishflags.impact_sample() now and then.")));
}

/* The names of columns by number, a list of char *; 0 stands for all of them. */
List *
wf_impact_column_names(Oid relid, const Bitmapset *columns)
{
	List	   *names = NIL;
	bool		all = bms_is_member(0, columns);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			natts = 0;

	if (HeapTupleIsValid(tuple))
	{
		natts = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
		ReleaseSysCache(tuple);
	}
	for (int attnum = 1; attnum <= natts; attnum++)
	{
		char	   *name = all || bms_is_member(attnum, columns) ? get_attname(relid, attnum, true) : NULL;

		/* get_attname() knows no dropped ones. */
		if (name)
			names = lappend(names, name);
	}
	return names;
}
