/*
 * history_entry.h: rows of flag_audit, and the chains that they form.
 */
#ifndef WF_FLAGS_HISTORY_ENTRY_H
#define WF_FLAGS_HISTORY_ENTRY_H

#include "access/htup.h"
#include "utils/relcache.h"

/* A table whose changes are noted. */
typedef struct WfAuditedTable
{
	const char *name;
	const char *kind;			/* of its chains */
	int			key;			/* column of the chain's key */
	int			override_kind;	/* columns of an override's kind and key; 0: */
	int			override_key;	/* the rows are the chain's own */
	int			version;		/* column; 0: there is none */
	int			created_at;
} WfAuditedTable;

typedef struct WfAuditWriter WfAuditWriter;

extern WfAuditWriter *wf_flags_audit_begin(const WfAuditedTable *table, Relation rel);
extern void wf_flags_audit_add(WfAuditWriter *writer, HeapTuple before, HeapTuple after);
extern void wf_flags_audit_end(WfAuditWriter *writer);

/* history.c */
extern void wf_flags_audit_join(const char *kind, const char *key);
extern const char *wf_flags_audit_reason(void);

#endif							/* WF_FLAGS_HISTORY_ENTRY_H */
