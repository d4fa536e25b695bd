/*
 * dialect_native_segment.c: the extension's own segments.  Pure.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/segment.h"

/* A segment's definition; NULL, with a fault, when it is wrong. */
const WfSegment *
wf_flags_compile_segment(WfString key, Jsonb *definition, bool converts, WfFault *fault)
{
	WfSegment  *segment = palloc0(sizeof(WfSegment));
	WfSegmentSource *source = palloc0(sizeof(WfSegmentSource));
	JsonbContainer *object = &definition->root;
	JsonbValue	value;

	segment->key = key;
	segment->source = source;
	if (!JB_ROOT_IS_OBJECT(definition))
		return (void) wf_flags_document_fault(fault, "$", "expected an object"), NULL;
	if (!wf_flags_document_known(object, "$", fault, "table, column, query"))
		return NULL;
	if (wf_flags_document_member(object, "query", &value))
	{
		source->kind = WF_SEGMENT_QUERY;
		return wf_flags_document_string(&value, "$.query", fault, &source->query) ? segment : NULL;
	}
	source->kind = WF_SEGMENT_TABLE;
	if (!wf_flags_document_member(object, "table", &value) ||
		!wf_flags_document_string(&value, "$.table", fault, &source->table) ||
		!wf_flags_document_member(object, "column", &value) ||
		!wf_flags_document_string(&value, "$.column", fault, &source->column))
		return NULL;
	return segment;
}
