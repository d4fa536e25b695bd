/*
 * row.c: rows of the flag tables.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

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

/* The document that a row of the table flags names, as it is now; NULL for none. */
const WfShared *
wf_flags_row_document(const Datum *values, const bool *nulls)
{
	if (nulls[Anum_wf_flags_document - 1])
		return NULL;
	return wf_flags_documents_find(wf_flags_text_string(values[Anum_wf_flags_document - 1]));
}

/*
 * What a row of the table flags and its document give a compiler, but for the
 * definition.  False, with a fault, where the row names no dialect or a
 * rollout that is none; shared is NULL where the document is not there.
 */
bool
wf_flags_source_from_row(Datum *values, bool *nulls, const WfShared *shared, WfSource *source,
						 const WfDialect **dialect, WfFault *fault)
{
	const char *problem;

	source->key = wf_flags_text_string(values[Anum_wf_flags_key - 1]);
	source->converts = wf_flags_converts_text();
	*dialect = &wf_flags_dialect_native;
	if (!nulls[Anum_wf_flags_dialect - 1])
		*dialect = wf_flags_dialect_find(TextDatumGetCString(values[Anum_wf_flags_dialect - 1]));
	source->shared = shared;
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

/*
 * The program of a row of the table flags with its document, in a context;
 * values have to stay as long.  Whether it is enabled says enabled_until, as
 * wf_flags_enabled_until() does.  One that answers PARSE_ERROR where something
 * is wrong: the triggers keep wrong rows out, but may have been switched off.
 */
WfProgram *
wf_flags_compile_row(Datum *values, bool *nulls, TimestampTz enabled_until,
					 const WfShared *shared, MemoryContext context)
{
	WfSource	source = {0};
	WfFault		fault;
	WfProgram  *program = NULL;
	const WfDialect *dialect;
	bool		valid = wf_flags_source_from_row(values, nulls, shared, &source, &dialect, &fault);
	MemoryContext old = MemoryContextSwitchTo(context);

	source.enabled = enabled_until != DT_NOBEGIN;
	if (!nulls[Anum_wf_flags_definition - 1])
		source.definition = DatumGetJsonbP(values[Anum_wf_flags_definition - 1]);
	if (!nulls[Anum_wf_flags_document - 1])
		valid = valid && source.definition && source.shared && source.shared->problem == NULL;
	if (valid)
		program = dialect->compile(&source, &fault);
	if (program == NULL)
	{
		program = palloc0(sizeof(WfProgram));
		program->dialect = dialect;
		program->fault = WF_ERROR_PARSE_ERROR;
	}
	program->expires = enabled_until != DT_NOBEGIN && enabled_until != DT_NOEND;
	program->expires_at = enabled_until;
	if (program->expires)
		program->shortcut = WF_SHORTCUT_NONE;
	MemoryContextSwitchTo(old);
	return program;
}
