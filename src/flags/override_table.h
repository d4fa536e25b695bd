/*
 * override_table.h: all overrides of a database, by fingerprint.
 */
#ifndef WF_FLAGS_OVERRIDE_TABLE_H
#define WF_FLAGS_OVERRIDE_TABLE_H

#include "storage/block.h"
#include "storage/off.h"

#include "flags/fingerprint.h"

/* Highest number of an answer. */
#define WF_OVERRIDE_ANSWERS_MAX 0xffffff

/* An override, of which there may be millions; four fill a line of the processor's cache. */
typedef struct WfOverrideEntry
{
	uint32		high;			/* of the fingerprint's first part */
	uint32		low;
	uint32		answer;			/* number of its answer, and above it the
								 * fingerprint's rest */
	uint32		expires;		/* seconds since 2000; 0: never */
} WfOverrideEntry;

extern void wf_flags_override_table_create(MemoryContext context);
extern void wf_flags_override_table_begin(bool anew, BlockNumber npages);
extern bool wf_flags_override_table_take(BlockNumber block, const WfOverrideEntry *entries,
										 const OffsetNumber *offsets, int count);
extern void wf_flags_override_table_end(void);
extern const WfOverrideEntry *wf_flags_override_table_find(WfFingerprint fingerprint);

#endif							/* WF_FLAGS_OVERRIDE_TABLE_H */
