/*
 * store.h: flags, documents and segments in memory.
 */
#ifndef WF_FLAGS_STORE_H
#define WF_FLAGS_STORE_H

#include "flags/dialect.h"
#include "flags/roster.h"

/* store.c: flags, by key */
extern const WfRosterItems wf_flags_flag_items;

extern void wf_flags_store_create(MemoryContext context);
extern const WfFlag *wf_flags_store_find(WfString key);
extern void wf_flags_store_each(void (*visit) (void *arg, const WfFlag *flag), void *arg);

extern struct WfOverrides *wf_flags_store_overrides(WfString flag);
extern void wf_flags_store_drop_overrides(void);

/* store_override.c: overrides, by fingerprint */
extern const WfRosterItems wf_flags_override_items;

extern void wf_flags_overrides_create(MemoryContext context);

/* store_document.c: documents, by name */
extern const WfRosterItems wf_flags_document_items;

extern void wf_flags_documents_create(MemoryContext context);
extern const WfShared *wf_flags_documents_find(WfString name);
extern bool wf_flags_documents_changed(void);
extern void wf_flags_documents_release(void);
extern void wf_flags_document_compile(WfShared *shared, Datum *values);

/* store_segment.c: segments, by key */
extern const WfRosterItems wf_flags_segment_items;

extern void wf_flags_segments_init(void);
extern void wf_flags_segments_create(MemoryContext context);
extern const WfSegment *wf_flags_segments_find(void *arg, WfString key);
extern void wf_flags_segments_each(void (*visit) (void *arg, const WfSegment *segment), void *arg);
extern bool wf_flags_segments_probe(void *arg, const WfSegment *segment, WfString key,
									WfErrorCode *error);
extern void wf_flags_segments_unresolve(Oid relid);
extern void wf_flags_segment_compile(WfSegment *segment, Jsonb *definition);

#endif							/* WF_FLAGS_STORE_H */
