/*
 * store_override.c: the overrides in memory.
 *
 * Most overrides of a flag answer one of a few things, which are kept once.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "flags/override.h"
#include "flags/override_table.h"
#include "flags/row.h"
#include "flags/store.h"
#include "flags/tables.h"

/* How an answer ends, in the text that it is known by. */
#define ANSWER_DENY 'd'
#define ANSWER_VARIANT 'v'
#define ANSWER_VALUE 'j'

typedef struct AnswerSlot
{
	WfString	text;			/* owned */
	uint32		number;
	uint32		hash;
	char		status;
} AnswerSlot;

#define SH_PREFIX answer_table
#define SH_ELEMENT_TYPE AnswerSlot
#define SH_KEY_TYPE WfString
#define SH_KEY text
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) wf_flags_strings_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext store_context;
static MemoryContext answers_context;	/* lives until all is taken anew */
static answer_table_hash *answer_table;
static WfOverrideAnswer *answers;
static uint32 nanswers;
static uint32 answers_capacity;
static bool outgrown;

/* The kind of the override that was taken last: the next is of the same. */
static WfString last_flag;
static WfString last_kind;
static const WfOverrideKind *last;

static void begin_overrides(bool anew, BlockNumber npages);
static void take_overrides(BlockNumber block, HeapTuple rows, int nrows, TupleDesc desc);
static bool end_overrides(void);
static WfOverrideEntry make_entry(HeapTuple row, TupleDesc desc);
static const WfOverrideKind *kind_of_row(WfString flag, WfString kind);
static uint32 answer_number(Datum *values, bool *nulls);
static void add_answer(AnswerSlot *slot);
static uint32 seconds_until(TimestampTz expires_at);

const WfRosterItems wf_flags_override_items = {
	.table = WF_OVERRIDES_TABLE,
	.signal = WF_OVERRIDES_SIGNAL,
	.begin = begin_overrides,
	.take_page = take_overrides,
	.end = end_overrides,
};

/* No overrides; resetting the context ends them. */
void
wf_flags_overrides_create(MemoryContext context)
{
	static bool ready = false;

	if (!ready)
		wf_flags_fingerprint_init();
	ready = true;
	store_context = AllocSetContextCreate(context, "wishflags overrides", ALLOCSET_DEFAULT_SIZES);
	answers_context = NULL;
	wf_flags_override_table_create(store_context);
}

/* What a key is given, or NULL; and until when. */
WfOverrideAnswer *
wf_flags_override_answer(const WfOverrideKind *kind, WfString key, TimestampTz *expires)
{
	const WfOverrideEntry *entry = wf_flags_override_table_find(wf_flags_fingerprint(&kind->seed, key));

	if (entry == NULL)
		return NULL;
	*expires = entry->expires == 0 ? DT_NOEND : (TimestampTz) entry->expires * USECS_PER_SEC;
	return &answers[entry->answer & WF_OVERRIDE_ANSWERS_MAX];
}

static void
begin_overrides(bool anew, BlockNumber npages)
{
	wf_flags_override_table_begin(anew, npages);
	outgrown = false;
	last = NULL;
	if (!anew)
	{
		/* The flags that they are of may be others by now. */
		for (uint32 i = 0; i < nanswers; i++)
			answers[i].program = NULL;
		return;
	}
	wf_flags_store_drop_overrides();
	if (answers_context)
		MemoryContextDelete(answers_context);
	answers_context = AllocSetContextCreate(store_context, "wishflags override answers", ALLOCSET_SMALL_SIZES);
	answer_table = answer_table_create(answers_context, 8, NULL);
	answers_capacity = 8;
	answers = MemoryContextAlloc(answers_context, sizeof(WfOverrideAnswer) * answers_capacity);
	nanswers = 0;
}

static void
take_overrides(BlockNumber block, HeapTuple rows, int nrows, TupleDesc desc)
{
	WfOverrideEntry entries[MaxHeapTuplesPerPage];
	OffsetNumber offsets[MaxHeapTuplesPerPage];

	if (outgrown)
		return;
	for (int i = 0; i < nrows; i++)
	{
		entries[i] = make_entry(&rows[i], desc);
		offsets[i] = ItemPointerGetOffsetNumber(&rows[i].t_self);
	}
	outgrown = !wf_flags_override_table_take(block, entries, offsets, nrows);
	/* It points into the rows. */
	last = NULL;
}

static bool
end_overrides(void)
{
	wf_flags_override_table_end();
	return !outgrown;
}

static WfOverrideEntry
make_entry(HeapTuple row, TupleDesc desc)
{
	Datum		values[Natts_wf_overrides];
	bool		nulls[Natts_wf_overrides];
	WfString	kind = {WF_KIND_USER, sizeof(WF_KIND_USER) - 1};
	const WfOverrideKind *scope;
	WfFingerprint fingerprint;
	WfOverrideEntry entry;

	wf_flags_deform(row, desc, Natts_wf_overrides, values, nulls);
	if (!nulls[Anum_wf_overrides_context_kind - 1])
		kind = wf_flags_text_string(values[Anum_wf_overrides_context_kind - 1]);
	scope = kind_of_row(wf_flags_text_string(values[Anum_wf_overrides_flag - 1]), kind);
	fingerprint = wf_flags_fingerprint(&scope->seed, wf_flags_text_string(values[Anum_wf_overrides_key - 1]));
	entry.high = fingerprint.first >> 32;
	entry.low = (uint32) fingerprint.first;
	entry.answer = (uint32) fingerprint.rest << 24 | answer_number(values, nulls);
	entry.expires = nulls[Anum_wf_overrides_expires_at - 1] ? 0
		: seconds_until(DatumGetTimestampTz(values[Anum_wf_overrides_expires_at - 1]));
	return entry;
}

/* The flag's kind, which the flag gets where it does not have it yet. */
static const WfOverrideKind *
kind_of_row(WfString flag, WfString kind)
{
	MemoryContext old;

	if (last && wf_flags_strings_equal(last_flag, flag) && wf_flags_strings_equal(last_kind, kind))
		return last;
	old = MemoryContextSwitchTo(answers_context);
	last = wf_flags_overrides_kind(wf_flags_store_overrides(flag), kind);
	MemoryContextSwitchTo(old);
	last_flag = flag;
	last_kind = kind;
	return last;
}

/* The number of what a row answers. */
static uint32
answer_number(Datum *values, bool *nulls)
{
	bool		has_variant = !nulls[Anum_wf_overrides_variant - 1];
	bool		has_value = !nulls[Anum_wf_overrides_value - 1];
	WfString	content = {NULL, 0};
	AnswerSlot *slot;
	WfString	text;
	char	   *copy;
	bool		found;

	if (has_variant || has_value)
		content = wf_flags_text_string(values[(has_variant ? Anum_wf_overrides_variant : Anum_wf_overrides_value) - 1]);
	copy = palloc(content.len + 1);
	if (content.len > 0)
		memcpy(copy, content.data, content.len);
	copy[content.len] = has_variant ? ANSWER_VARIANT : has_value ? ANSWER_VALUE : ANSWER_DENY;
	text.data = copy;
	text.len = content.len + 1;
	slot = answer_table_insert(answer_table, text, &found);
	if (!found)
		add_answer(slot);
	pfree(copy);
	return slot->number;
}

/* Adds the answer that a new slot's text stands for; the text becomes the slot's own. */
static void
add_answer(AnswerSlot *slot)
{
	WfString	content = {NULL, slot->text.len - 1};
	WfOverrideAnswer *answer;
	char	   *kept;

	if (nanswers > WF_OVERRIDE_ANSWERS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("overrides have more than %d different values", WF_OVERRIDE_ANSWERS_MAX)));
	if (nanswers == answers_capacity)
	{
		answers_capacity *= 2;
		answers = repalloc_huge(answers, sizeof(WfOverrideAnswer) * answers_capacity);
	}
	/* The content is a jsonb, where it is a value, with what ends it behind. */
	kept = MemoryContextAlloc(answers_context, VARHDRSZ + slot->text.len);
	SET_VARSIZE(kept, VARHDRSZ + content.len);
	memcpy(VARDATA(kept), slot->text.data, slot->text.len);
	content.data = slot->text.data = VARDATA(kept);
	slot->number = nanswers;
	answer = &answers[nanswers++];
	memset(answer, 0, sizeof(WfOverrideAnswer));
	switch (content.data[content.len])
	{
		case ANSWER_VALUE:
			wf_flags_override_set_value(answer, (Jsonb *) kept);
			break;
		case ANSWER_VARIANT:
			answer->variant = content;
			break;
		default:
			answer->deny = true;
	}
}

/* As entries have it. */
static uint32
seconds_until(TimestampTz expires_at)
{
	if (expires_at > WF_OVERRIDE_EXPIRES_MAX)
		return 0;
	return Max(expires_at / USECS_PER_SEC, 1);
}
