/*
 * reader.h: what the files that read the live database share.
 */
#ifndef WF_SCHEMA_READER_H
#define WF_SCHEMA_READER_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"

#include "schema/address.h"
#include "schema/model.h"

typedef struct WfReader
{
	MemoryContext context;		/* of the model */
	WfModel    *model;
	WfAddressMap *map;
	List	   *schemas;		/* only these; NIL: all */
} WfReader;

/* read.c */
extern WfObject *wf_schema_reader_add_part(WfReader *reader, WfObjectKind kind, WfObject *parent, const char *identity);

/* column.c */
extern void wf_schema_read_columns(WfReader *reader);
extern void wf_schema_read_defaults(WfReader *reader);

/* row.c */
extern void wf_schema_query(const char *sql);
extern char *wf_schema_text_at(HeapTuple tuple, TupleDesc desc, int column);
extern Oid	wf_schema_oid_at(HeapTuple tuple, TupleDesc desc, int column);
extern int	wf_schema_int_at(HeapTuple tuple, TupleDesc desc, int column);

/* annotate.c */
extern void wf_schema_read_annotations(WfReader *reader);

/* unmodelled.c */
extern void wf_schema_read_unmodelled(WfReader *reader);

#endif							/* WF_SCHEMA_READER_H */
