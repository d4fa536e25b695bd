/*
 * past_override.c: overrides as they were.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "flags/override.h"
#include "flags/past.h"
#include "flags/row.h"
#include "flags/tables.h"

typedef struct PastKey
{
	WfString	kind;
	WfString	key;
} PastKey;

typedef struct PastOverride
{
	PastKey		key;
	WfOverrideAnswer answer;
	TimestampTz expires;
	uint32		hash;
	char		status;
} PastOverride;

#define SH_PREFIX past_table
#define SH_ELEMENT_TYPE PastOverride
#define SH_KEY_TYPE PastKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) (hash_bytes((const unsigned char *) (k).key.data, (k).key.len) ^ (k).kind.len)
#define SH_EQUAL(tb, a, b) (wf_flags_strings_equal((a).key, (b).key) && wf_flags_strings_equal((a).kind, (b).kind))
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct PastOverrides
{
	WfOverrides overrides;		/* first: it is what the evaluator knows */
	past_table_hash *table;
} PastOverrides;

static WfOverrideAnswer *find(const WfOverrides *overrides, const WfOverrideKind *kind, WfString key,
							  TimestampTz *expires);
static void add_row(PastOverrides *past, Datum *values, bool *nulls);

/* The overrides of a flag in rows of the table flag_overrides, which have to stay. */
WfOverrides *
wf_flags_past_overrides(HeapTuple *rows, uint64 count, TupleDesc desc)
{
	PastOverrides *past = palloc0(sizeof(PastOverrides));

	past->overrides.find = find;
	past->table = past_table_create(CurrentMemoryContext, 64, NULL);
	for (uint64 i = 0; i < count; i++)
	{
		Datum		values[Natts_wf_overrides];
		bool		nulls[Natts_wf_overrides];

		CHECK_FOR_INTERRUPTS();
		wf_flags_deform(rows[i], desc, Natts_wf_overrides, values, nulls);
		add_row(past, values, nulls);
	}
	return &past->overrides;
}

static WfOverrideAnswer *
find(const WfOverrides *overrides, const WfOverrideKind *kind, WfString key, TimestampTz *expires)
{
	PastKey		past_key = {kind->name, key};
	PastOverride *entry = past_table_lookup(((const PastOverrides *) overrides)->table, past_key);

	if (entry == NULL)
		return NULL;
	*expires = entry->expires;
	return &entry->answer;
}

static void
add_row(PastOverrides *past, Datum *values, bool *nulls)
{
	PastKey		key = {
		wf_flags_text_string(values[Anum_wf_overrides_context_kind - 1]),
		wf_flags_text_string(values[Anum_wf_overrides_key - 1])
	};
	PastOverride *entry;
	bool		found;

	(void) wf_flags_overrides_kind(&past->overrides, key.kind);
	entry = past_table_insert(past->table, key, &found);
	memset(&entry->answer, 0, sizeof(WfOverrideAnswer));
	if (!nulls[Anum_wf_overrides_variant - 1])
		entry->answer.variant = wf_flags_text_string(values[Anum_wf_overrides_variant - 1]);
	else if (!nulls[Anum_wf_overrides_value - 1])
		wf_flags_override_set_value(&entry->answer, DatumGetJsonbP(values[Anum_wf_overrides_value - 1]));
	else
		entry->answer.deny = true;
	entry->expires = nulls[Anum_wf_overrides_expires_at - 1] ? DT_NOEND
		: DatumGetTimestampTz(values[Anum_wf_overrides_expires_at - 1]);
}
