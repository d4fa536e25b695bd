/*
 * row.h: rows of the flag tables.
 */
#ifndef WF_FLAGS_ROW_H
#define WF_FLAGS_ROW_H

#include "access/htup.h"
#include "access/tupdesc.h"

#include "flags/dialect.h"

extern void wf_flags_deform(HeapTuple tuple, TupleDesc desc, int natts, Datum *values, bool *nulls);
extern WfString wf_flags_text_string(Datum value);
extern const WfShared *wf_flags_row_document(const Datum *values, const bool *nulls);
extern bool wf_flags_source_from_row(Datum *values, bool *nulls, const WfShared *shared, WfSource *source,
									 const WfDialect **dialect, WfFault *fault);
extern WfProgram *wf_flags_compile_row(Datum *values, bool *nulls, TimestampTz enabled_until,
									   const WfShared *shared, MemoryContext context);

#endif							/* WF_FLAGS_ROW_H */
