/*
 * row.c: rows of the flag tables.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "utils/builtins.h"

#include "flags/context.h"
#include "flags/document.h"
#include "flags/row.h"
#include "flags/store.h"
#include "flags/tables.h"

/*
 * The first natts columns of a row.  A table of an older version of the
 * extension lacks the last ones, which are NULL then.
 */
void
wf_flags_deform(HeapTuple tuple, TupleDesc desc, int natts, Datum *values, bool *nulls)
{
	Datum	   *all_values = values;
	bool	   *all_nulls = nulls;

	if (desc->natts > natts)
	{
		all_values = palloc(desc->natts * sizeof(Datum));
		all_nulls = palloc(desc->natts * sizeof(bool));
	}
	heap_deform_tuple(tuple, desc, all_values, all_nulls);
	if (desc->natts > natts)
	{
		memcpy(values, all_values, natts * sizeof(Datum));
		memcpy(nulls, all_nulls, natts * sizeof(bool));
		pfree(all_values);
		pfree(all_nulls);
	}
	for (int i = desc->natts; i < natts; i++)
		nulls[i] = true;
}

/* A text as it lies in memory; detoasted where it has to be. */
WfString
wf_flags_text_string(Datum value)
{
	text	   *text_value = DatumGetTextPP(value);
	WfString	string = {VARDATA_ANY(text_value), VARSIZE_ANY_EXHDR(text_value)};

	return string;
}

/*
 * What a row of the table flags gives a compiler, but for its definition.
 * False, with a fault, where it names no dialect or a rollout that is none;
 * shared is NULL where its document is not there.
 */
bool
wf_flags_source_from_row(Datum *values, bool *nulls, WfSource *source,
						 const WfDialect **dialect, WfFault *fault)
{
	const char *problem;

	source->key = wf_flags_text_string(values[Anum_wf_flags_key - 1]);
	source->enabled = DatumGetBool(values[Anum_wf_flags_enabled - 1]);
	source->converts = wf_flags_converts_text();
	*dialect = &wf_flags_dialect_native;
	if (!nulls[Anum_wf_flags_dialect - 1])
		*dialect = wf_flags_dialect_find(TextDatumGetCString(values[Anum_wf_flags_dialect - 1]));
	if (!nulls[Anum_wf_flags_document - 1])
		source->shared = wf_flags_documents_find(wf_flags_text_string(values[Anum_wf_flags_document - 1]));
	if (*dialect == NULL)
	{
		*dialect = &wf_flags_dialect_native;
		return wf_flags_document_fault(fault, "dialect", "there is no such dialect");
	}
	/* What its flags share is the format's own, and no other can read it. */
	if (source->shared && source->shared->dialect != *dialect)
	{
		source->shared = NULL;
		return wf_flags_document_fault(fault, "document", "it is of another format");
	}
	if (!wf_flags_parse_percent(DatumGetNumeric(values[Anum_wf_flags_rollout - 1]),
								&source->share, &problem))
		return wf_flags_document_fault(fault, "rollout",
									   "expected 0 to 100 in steps of 0.001, but %s", problem);
	return true;
}
