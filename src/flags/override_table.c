/*
 * override_table.c: all overrides of a database, by fingerprint.
 *
 * A million of them has to be small, quick to look into, and must not be read
 * again because one has changed.  So most lie packed in one array, sorted into
 * buckets; those that have changed since it was made lie in a small hash table
 * beside it.  Which of the array still hold is known for each page of the
 * table that has changed.  When too much has, all is read again.
 *
 * What a look-up costs is waiting for memory.  Keys that are not there are told
 * by the tags, a byte an override, which the processor has nearer than the
 * array; and that lies in huge pages where the system has them.
 */
#include "common/compat.h"

#ifndef WIN32
#include <sys/mman.h>
#endif

#include "access/htup_details.h"
#include "utils/memutils.h"

#include "flags/override_table.h"

/* Room for the offset of a row in its place. */
#define OFFSET_BITS (MaxHeapTuplesPerPage < 512 ? 9 : 11)
#define OFFSET_MASK ((1 << OFFSET_BITS) - 1)

/* No more rows of short keys are on a page. */
#define ROWS_PER_PAGE (BLCKSZ / 64)

/* So few are read again as a whole; and so many changes are kept beside more. */
#define FEW 1000
#define CHANGES_MAX (FEW + table.count / 32)

/* Buckets of which one start is kept in full. */
#define GROUP 256

#define HUGE_PAGE (2 * 1024 * 1024)
#define CACHE_LINE 64

#ifdef __GNUC__
#define prefetch(address) __builtin_prefetch(address)
#else
#define prefetch(address) ((void) (address))
#endif

/* A page whose rows are not all what they were when the array was made. */
typedef struct ChangedPage
{
	uint64		same[MaxHeapTuplesPerPage / 64 + 1];	/* rows that are */
	int			nothers;
	uint64		others[FLEXIBLE_ARRAY_MEMBER];	/* keys of those that are not */
} ChangedPage;

typedef struct ChangedEntry
{
	uint64		key;			/* the fingerprint's first part */
	WfOverrideEntry entry;
	BlockNumber block;
	char		status;
} ChangedEntry;

#define SH_PREFIX changed
#define SH_ELEMENT_TYPE ChangedEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, k) ((uint32) (k))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct OverrideTable
{
	MemoryContext context;
	bool		anew;			/* the array is being filled */
	uint32		count;
	uint32		capacity;
	void	   *memory;			/* of the array */
	WfOverrideEntry *entries;	/* the array, by bucket */
	uint32	   *places;			/* block and offset of its rows */
	uint8	   *tags;			/* rests of its fingerprints */
	int			shift;			/* of a fingerprint's highest bits to the
								 * number of its bucket */
	uint32	   *group_starts;	/* in the array */
	uint16	   *starts;			/* of the buckets, in their groups */
	BlockNumber npages;
	uint16	   *page_counts;	/* rows in the array, by page */
	ChangedPage **pages;		/* NULL where all rows are the same */
	changed_hash *changed;		/* NULL where no page has changed */
} OverrideTable;

static OverrideTable table;

static void reserve(uint32 capacity);
static void know_page(BlockNumber block);
static void append_page(BlockNumber block, const WfOverrideEntry *entries, const OffsetNumber *offsets, int count);
static bool change_page(BlockNumber block, const WfOverrideEntry *entries, const OffsetNumber *offsets, int count);
static bool has_same(const WfOverrideEntry *entry, uint32 place);
static void forget_others(BlockNumber block);
static void make_buckets(void);
static void sort_into_buckets(uint32 *ends, uint32 nbuckets);

static inline uint64
key_of(const WfOverrideEntry *entry)
{
	return (uint64) entry->high << 32 | entry->low;
}

static inline bool
is_of(const WfOverrideEntry *entry, WfFingerprint fingerprint)
{
	return entry->low == (uint32) fingerprint.first && entry->high == (uint32) (fingerprint.first >> 32) &&
		entry->answer >> 24 == fingerprint.rest;
}

static inline uint32
place_of(BlockNumber block, OffsetNumber offset)
{
	return block << OFFSET_BITS | offset;
}

/* Where a bucket starts in the array; the one behind the last where that ends. */
static inline uint32
start_of(uint32 bucket)
{
	return table.group_starts[bucket / GROUP] + table.starts[bucket];
}

/* Whether a row of the array still holds. */
static inline bool
holds(uint32 at)
{
	uint32		offset = table.places[at] & OFFSET_MASK;
	const ChangedPage *page = table.pages[table.places[at] >> OFFSET_BITS];

	return page == NULL || (page->same[offset / 64] >> (offset % 64) & 1) != 0;
}

/* An empty table; resetting the context ends it. */
void
wf_flags_override_table_create(MemoryContext context)
{
	memset(&table, 0, sizeof(table));
	table.context = context;
}

/* Pages are about to be taken: all so many anew, or those that have changed. */
void
wf_flags_override_table_begin(bool anew, BlockNumber npages)
{
	void	   *parts[] = {table.memory, table.places, table.tags, table.group_starts, table.starts,
	table.page_counts, table.pages};

	table.anew = anew;
	if (!anew)
		return;
	for (BlockNumber block = 0; block < table.npages; block++)
	{
		if (table.pages[block])
			pfree(table.pages[block]);
	}
	if (table.changed)
		changed_destroy(table.changed);
	for (int i = 0; i < lengthof(parts); i++)
	{
		if (parts[i])
			pfree(parts[i]);
	}
	wf_flags_override_table_create(table.context);
	table.anew = true;
	if (npages > 0)
		reserve(npages * ROWS_PER_PAGE);
}

/*
 * Takes the rows that a page has now, in the order of their offsets.  False
 * where all pages have to be taken anew instead.
 */
bool
wf_flags_override_table_take(BlockNumber block, const WfOverrideEntry *entries,
							 const OffsetNumber *offsets, int count)
{
	if (block >= (uint32) 1 << (32 - OFFSET_BITS))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("table \"flag_overrides\" has too many pages"),
				 errhint("VACUUM (FULL) wishflags.flag_overrides; or use a segment for what many share.")));
	if (!table.anew)
		return table.count > FEW && change_page(block, entries, offsets, count);
	append_page(block, entries, offsets, count);
	return true;
}

/* All pages are taken. */
void
wf_flags_override_table_end(void)
{
	if (table.anew && table.count > 0)
		make_buckets();
	table.anew = false;
}

/* The override of a fingerprint, or NULL. */
const WfOverrideEntry *
wf_flags_override_table_find(WfFingerprint fingerprint)
{
	bool		some_changed = table.changed != NULL;
	uint32		bucket;
	uint32		start;
	uint32		end;

	if (unlikely(some_changed))
	{
		ChangedEntry *found = changed_lookup(table.changed, fingerprint.first);

		if (found && is_of(&found->entry, fingerprint))
			return &found->entry;
	}
	if (unlikely(table.count == 0))
		return NULL;
	bucket = (uint32) (fingerprint.first >> table.shift);
	start = start_of(bucket);
	end = start_of(bucket + 1);
	/* What the tags will point to is on its way while they are looked at. */
	for (uint32 i = start; i < end; i += CACHE_LINE / sizeof(WfOverrideEntry))
		prefetch(&table.entries[i]);
	for (uint32 i = start; i < end; i++)
	{
		if (table.tags[i] == fingerprint.rest && is_of(&table.entries[i], fingerprint) &&
			(likely(!some_changed) || holds(i)))
			return &table.entries[i];
	}
	return NULL;
}

/*
 * Makes room for so many in the array.  Memory that is not touched is not
 * there, so that the first guess may be generous.
 */
static void
reserve(uint32 capacity)
{
	Size		size = capacity * sizeof(WfOverrideEntry) + CACHE_LINE;
	Size		used = table.count * sizeof(WfOverrideEntry);
	void	   *memory = MemoryContextAllocHuge(table.context, size);
	WfOverrideEntry *entries = (WfOverrideEntry *) TYPEALIGN(CACHE_LINE, memory);

#ifdef MADV_HUGEPAGE
	if (size >= HUGE_PAGE * 2)
	{
		char	   *begin = (char *) TYPEALIGN(HUGE_PAGE, memory);

		(void) madvise(begin, TYPEALIGN_DOWN(HUGE_PAGE, (char *) memory + size - begin), MADV_HUGEPAGE);
	}
#endif
	if (table.memory)
	{
		memcpy(entries, table.entries, used);
		pfree(table.memory);
		table.places = repalloc_huge(table.places, capacity * sizeof(uint32));
	}
	else
		table.places = MemoryContextAllocHuge(table.context, capacity * sizeof(uint32));
	table.memory = memory;
	table.entries = entries;
	table.capacity = capacity;
}

/* Makes room for what is known of a page. */
static void
know_page(BlockNumber block)
{
	BlockNumber npages = Max(Max(block + 1, 64), table.npages + table.npages / 8);

	if (block < table.npages)
		return;
	if (table.npages == 0)
	{
		table.pages = MemoryContextAllocHuge(table.context, npages * sizeof(ChangedPage *));
		table.page_counts = MemoryContextAllocHuge(table.context, npages * sizeof(uint16));
	}
	else
	{
		table.pages = repalloc_huge(table.pages, npages * sizeof(ChangedPage *));
		table.page_counts = repalloc_huge(table.page_counts, npages * sizeof(uint16));
	}
	memset(table.pages + table.npages, 0, (npages - table.npages) * sizeof(ChangedPage *));
	memset(table.page_counts + table.npages, 0, (npages - table.npages) * sizeof(uint16));
	table.npages = npages;
}

static void
append_page(BlockNumber block, const WfOverrideEntry *entries, const OffsetNumber *offsets, int count)
{
	if (count == 0)
		return;
	know_page(block);
	table.page_counts[block] = count;
	if (table.count + count > table.capacity)
		reserve(table.count + count + table.capacity / 2);
	memcpy(table.entries + table.count, entries, count * sizeof(WfOverrideEntry));
	for (int i = 0; i < count; i++)
		table.places[table.count++] = place_of(block, offsets[i]);
}

/*
 * Finds which rows of a page are the ones in the array, and keeps the others
 * beside it.  False where these become too many.
 */
static bool
change_page(BlockNumber block, const WfOverrideEntry *entries, const OffsetNumber *offsets, int count)
{
	uint64		same[MaxHeapTuplesPerPage / 64 + 1] = {0};
	int			others[MaxHeapTuplesPerPage];
	int			nothers = 0;
	ChangedPage *page;

	know_page(block);
	for (int i = 0; i < count; i++)
	{
		if (has_same(&entries[i], place_of(block, offsets[i])))
			same[offsets[i] / 64] |= UINT64CONST(1) << (offsets[i] % 64);
		else
			others[nothers++] = i;
	}
	forget_others(block);
	if (nothers == 0 && count == table.page_counts[block])
		return true;

	if (table.changed == NULL)
		table.changed = changed_create(table.context, 64, NULL);
	if (table.changed->members + nothers > CHANGES_MAX)
		return false;
	page = MemoryContextAlloc(table.context, offsetof(ChangedPage, others) + nothers * sizeof(uint64));
	memcpy(page->same, same, sizeof(same));
	page->nothers = nothers;
	for (int i = 0; i < nothers; i++)
	{
		const WfOverrideEntry *other = &entries[others[i]];
		bool		found;
		ChangedEntry *entry;

		page->others[i] = key_of(other);
		/* A row that it takes the place of is on a page yet to be taken. */
		entry = changed_insert(table.changed, page->others[i], &found);
		entry->entry = *other;
		entry->block = block;
	}
	table.pages[block] = page;
	return true;
}

/* Whether the array has a row just like that. */
static bool
has_same(const WfOverrideEntry *entry, uint32 place)
{
	uint32		bucket = (uint32) (key_of(entry) >> table.shift);
	uint32		end = start_of(bucket + 1);

	for (uint32 i = start_of(bucket); i < end; i++)
	{
		if (table.places[i] == place && memcmp(&table.entries[i], entry, sizeof(WfOverrideEntry)) == 0)
			return true;
	}
	return false;
}

/* Forgets what was kept of a page beside the array. */
static void
forget_others(BlockNumber block)
{
	ChangedPage *page = table.pages[block];

	if (page == NULL)
		return;
	for (int i = 0; i < page->nothers; i++)
	{
		ChangedEntry *entry = changed_lookup(table.changed, page->others[i]);

		/* Another page may have the key by now. */
		if (entry && entry->block == block)
			(void) changed_delete(table.changed, page->others[i]);
	}
	pfree(page);
	table.pages[block] = NULL;
}

/* Sorts the array into buckets of eight on average, and keeps no more memory than that takes. */
static void
make_buckets(void)
{
	uint32		nbuckets = GROUP;
	uint32	   *ends;

	table.shift = 56;
	while (nbuckets < table.count / 8)
	{
		nbuckets *= 2;
		table.shift--;
	}
	table.group_starts = MemoryContextAlloc(table.context, (nbuckets / GROUP + 1) * sizeof(uint32));
	table.starts = MemoryContextAlloc(table.context, (nbuckets + 1) * sizeof(uint16));
	ends = palloc0((nbuckets + 1) * sizeof(uint32));
	for (uint32 i = 0; i < table.count; i++)
		ends[key_of(&table.entries[i]) >> table.shift]++;
	for (uint32 bucket = 0, start = 0; bucket <= nbuckets; bucket++)
	{
		if (bucket % GROUP == 0)
			table.group_starts[bucket / GROUP] = start;
		table.starts[bucket] = start - table.group_starts[bucket / GROUP];
		start += ends[bucket];
		ends[bucket] = start;
	}
	sort_into_buckets(ends, nbuckets);
	pfree(ends);

	/* Their end is given back, and their begin stays where it is. */
	table.memory = repalloc_huge(table.memory, table.count * sizeof(WfOverrideEntry) + CACHE_LINE);
	table.places = repalloc_huge(table.places, table.count * sizeof(uint32));
	table.capacity = table.count;
	table.tags = MemoryContextAllocHuge(table.context, table.count);
	for (uint32 i = 0; i < table.count; i++)
		table.tags[i] = table.entries[i].answer >> 24;
}

/*
 * In place: what is not where it belongs is put there, and what lay there goes
 * on.
 */
static void
sort_into_buckets(uint32 *ends, uint32 nbuckets)
{
	uint32	   *next = palloc(nbuckets * sizeof(uint32));

	for (uint32 bucket = 0; bucket < nbuckets; bucket++)
		next[bucket] = start_of(bucket);
	for (uint32 bucket = 0; bucket < nbuckets; bucket++)
	{
		while (next[bucket] < ends[bucket])
		{
			uint32		at = next[bucket];
			uint32		home = key_of(&table.entries[at]) >> table.shift;
			uint32		to = next[home]++;

			if (to != at)
			{
				WfOverrideEntry entry = table.entries[to];
				uint32		place = table.places[to];

				table.entries[to] = table.entries[at];
				table.places[to] = table.places[at];
				table.entries[at] = entry;
				table.places[at] = place;
			}
		}
	}
	pfree(next);
}
