/*
 * store.h: flags, documents and segments in memory.
 */
#ifndef WF_FLAGS_STORE_H
#define WF_FLAGS_STORE_H

#include "flags/dialect.h"
#include "flags/roster.h"

/* store.c: flags and their overrides, by key */
extern const WfRosterItems wf_flags_flag_items;
extern const WfRosterItems wf_flags_override_items;

extern void wf_flags_store_create(MemoryContext context);
extern const WfFlag *wf_flags_store_find(WfString key);
extern void wf_flags_store_each(void (*visit) (void *arg, const WfFlag *flag), void *arg);

/* store_document.c: documents, by name */
extern const WfRosterItems wf_flags_document_items;

extern void wf_flags_documents_create(MemoryContext context);
extern const WfShared *wf_flags_documents_find(WfString name);
extern bool wf_flags_documents_changed(void);
extern void wf_flags_documents_release(void);

#endif							/* WF_FLAGS_STORE_H */
