/*
 * store.c: the flags in memory, found by key, and their overrides.
 *
 * A row is kept as it is and compiled when the flag is first asked for: a
 * backend that loads thousands of flags evaluates a few of them.
 *
 * An override may be there before its flag; what the flag is overridden for
 * waits in its slot.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/document.h"
#include "flags/override.h"
#include "flags/record.h"
#include "flags/row.h"
#include "flags/store.h"
#include "flags/tables.h"
#include "flags/usage.h"

/* The columns of a row that are kept as they are. */
#define KEPT_KEY 0
#define KEPT_DOCUMENT 1
static const AttrNumber kept_columns[] = {
	[KEPT_KEY] = Anum_wf_flags_key,
	[KEPT_DOCUMENT] = Anum_wf_flags_document,
	Anum_wf_flags_rollout,
	Anum_wf_flags_definition,
	Anum_wf_flags_dialect
};

/* One allocation with the values, which lie behind it. */
typedef struct StoredFlag
{
	WfFlag		flag;			/* first: it is what the evaluator knows */
	MemoryContext context;		/* owns the program of a flag with a
								 * definition, or NULL */
	TimestampTz enabled_until;	/* see wf_flags_enabled_until() */
	bool		replaced;		/* its row has a later version here */
	Datum		kept[lengthof(kept_columns)];	/* 0 is NULL */
} StoredFlag;

typedef struct WfFlagSlot
{
	WfString	key;			/* the flag's, or owned where there is none */
	StoredFlag *flag;			/* NULL: there are only overrides */
	WfOverrides *overrides;		/* or NULL */
	uint32		hash;
	char		status;
} WfFlagSlot;

#define SH_PREFIX flag_table
#define SH_ELEMENT_TYPE WfFlagSlot
#define SH_KEY_TYPE WfString
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) wf_flags_strings_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext store_context;
static MemoryContext rows_context;
static MemoryContext programs_context;
static flag_table_hash *flag_table;

static void *load_flag(HeapTuple tuple, TupleDesc desc);
static StoredFlag *keep_row(Datum *values, bool *nulls);
static bool flag_is_outdated(void *item);
static void forget_flag(void *item);
static WfFlagSlot *enter_slot(WfString key);
static const WfFlag *compiled_flag(StoredFlag *stored);
static void compile_flag(StoredFlag *stored);
static WfString copy_string(MemoryContext context, WfString string);

const WfRosterItems wf_flags_flag_items = {
	.table = WF_FLAGS_TABLE,
	.signal = WF_FLAGS_SIGNAL,
	.load = load_flag,
	.is_outdated = flag_is_outdated,
	.forget = forget_flag,
};

/*
 * An empty store in a context.  Resetting the context ends it; a new one has
 * to be created then.
 */
void
wf_flags_store_create(MemoryContext context)
{
	store_context = context;
	/* Thousands of small chunks of odd sizes, which seldom go. */
	rows_context = GenerationContextCreate(context, "wishflags flag rows",
										   ALLOCSET_SMALL_MINSIZE, ALLOCSET_SMALL_INITSIZE,
										   ALLOCSET_SMALL_MAXSIZE * 4);
	programs_context = AllocSetContextCreate(context, "wishflags plain flags",
											 ALLOCSET_DEFAULT_SIZES);
	wf_flags_overrides_create(context);
	flag_table = flag_table_create(context, 64, NULL);
}

/* A flag by key, or NULL. */
const WfFlag *
wf_flags_store_find(WfString key)
{
	WfFlagSlot *slot = flag_table_lookup(flag_table, key);

	return slot && slot->flag ? compiled_flag(slot->flag) : NULL;
}

/*
 * What a flag is overridden for, to be added to; made in the current memory
 * context where it is not there.
 */
WfOverrides *
wf_flags_store_overrides(WfString flag)
{
	WfFlagSlot *slot = enter_slot(flag);

	if (slot->overrides)
		return slot->overrides;
	slot->overrides = palloc0(sizeof(WfOverrides));
	if (slot->flag)
		slot->flag->flag.overrides = slot->overrides;
	else
		slot->key = copy_string(store_context, flag);
	return slot->overrides;
}

/* No flag is overridden any more. */
void
wf_flags_store_drop_overrides(void)
{
	flag_table_iterator it;
	WfFlagSlot *slot;

	flag_table_start_iterate(flag_table, &it);
	while ((slot = flag_table_iterate(flag_table, &it)) != NULL)
	{
		if (slot->overrides == NULL)
			continue;
		slot->overrides = NULL;
		if (slot->flag)
			slot->flag->flag.overrides = NULL;
		else
		{
			char	   *key = unconstify(char *, slot->key.data);

			(void) flag_table_delete(flag_table, slot->key);
			pfree(key);
		}
	}
}

/* Visits all flags, in no order. */
void
wf_flags_store_each(void (*visit) (void *arg, const WfFlag *flag), void *arg)
{
	flag_table_iterator it;
	WfFlagSlot *slot;

	flag_table_start_iterate(flag_table, &it);
	while ((slot = flag_table_iterate(flag_table, &it)) != NULL)
	{
		if (slot->flag)
			visit(arg, compiled_flag(slot->flag));
	}
}

static void *
load_flag(HeapTuple tuple, TupleDesc desc)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	StoredFlag *stored;
	WfFlagSlot *slot;

	wf_flags_deform(tuple, desc, Natts_wf_flags, values, nulls);
	stored = keep_row(values, nulls);
	stored->flag.key = wf_flags_text_string(stored->kept[KEPT_KEY]);
	if (stored->kept[KEPT_DOCUMENT])
		stored->flag.document = wf_flags_text_string(stored->kept[KEPT_DOCUMENT]);
	stored->flag.archived = !nulls[Anum_wf_flags_archived_at - 1];
	stored->enabled_until = wf_flags_enabled_until(values, nulls);
	stored->flag.client_visible = !nulls[Anum_wf_flags_client_visible - 1] &&
		DatumGetBool(values[Anum_wf_flags_client_visible - 1]);
	stored->flag.cache_ttl = nulls[Anum_wf_flags_cache_ttl_seconds - 1] ? WF_CACHE_TTL_DEFAULT
		: DatumGetInt32(values[Anum_wf_flags_cache_ttl_seconds - 1]);

	slot = enter_slot(stored->flag.key);
	if (slot->flag)
		slot->flag->replaced = true;
	else if (slot->overrides)
		pfree(unconstify(char *, slot->key.data));
	slot->key = stored->flag.key;
	slot->flag = stored;
	stored->flag.overrides = slot->overrides;
	return stored;
}

/* Copies the columns of a row that are kept. */
static StoredFlag *
keep_row(Datum *values, bool *nulls)
{
	struct varlena *columns[lengthof(kept_columns)];
	Size		places[lengthof(kept_columns) + 1];
	StoredFlag *stored;

	places[0] = sizeof(StoredFlag);
	for (int i = 0; i < lengthof(kept_columns); i++)
	{
		Datum		value = values[kept_columns[i] - 1];

		columns[i] = nulls[kept_columns[i] - 1] ? NULL : PG_DETOAST_DATUM_PACKED(value);
		places[i + 1] = places[i] + (columns[i] ? INTALIGN(VARSIZE_ANY(columns[i])) : 0);
	}

	stored = MemoryContextAlloc(rows_context, places[lengthof(kept_columns)]);
	memset(stored, 0, sizeof(StoredFlag));
	for (int i = 0; i < lengthof(kept_columns); i++)
	{
		Pointer		place = (Pointer) stored + places[i];

		if (columns[i] == NULL)
			continue;
		memcpy(place, columns[i], VARSIZE_ANY(columns[i]));
		stored->kept[i] = PointerGetDatum(place);
	}
	return stored;
}

/* A flag that is compiled goes with its document. */
static bool
flag_is_outdated(void *item)
{
	StoredFlag *stored = (StoredFlag *) item;

	return stored->flag.program && stored->flag.document.data &&
		stored->flag.shared != wf_flags_documents_find(stored->flag.document);
}

/* A flag whose row version is gone may have got another one. */
static void
forget_flag(void *item)
{
	StoredFlag *stored = (StoredFlag *) item;

	if (!stored->replaced)
	{
		WfFlagSlot *slot = flag_table_lookup(flag_table, stored->flag.key);

		slot->flag = NULL;
		if (slot->overrides)
			slot->key = copy_string(store_context, slot->key);
		else
			(void) flag_table_delete(flag_table, slot->key);
	}
	wf_flags_usage_end(&stored->flag);
	/* A plain flag's program is one allocation. */
	if (stored->context)
		MemoryContextDelete(stored->context);
	else if (stored->flag.program)
		pfree(unconstify(WfProgram *, stored->flag.program));
	pfree(stored);
}

/* A new slot's key is the caller's, who has to see that it stays. */
static WfFlagSlot *
enter_slot(WfString key)
{
	bool		found;
	WfFlagSlot *slot = flag_table_insert(flag_table, key, &found);

	if (!found)
	{
		slot->flag = NULL;
		slot->overrides = NULL;
	}
	return slot;
}

static inline const WfFlag *
compiled_flag(StoredFlag *stored)
{
	if (unlikely(stored->flag.program == NULL))
		compile_flag(stored);
	return &stored->flag;
}

/*
 * Compiles a flag.  A plain flag's program lies among its like, as thousands
 * of contexts would cost more than the flags; a definition gets a context to
 * be thrown away with.
 */
static void
compile_flag(StoredFlag *stored)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];

	memset(nulls, true, sizeof(nulls));
	for (int i = 0; i < lengthof(kept_columns); i++)
	{
		values[kept_columns[i] - 1] = stored->kept[i];
		nulls[kept_columns[i] - 1] = stored->kept[i] == 0;
	}

	/* An error may have ended the last compilation. */
	if (stored->context)
		MemoryContextDelete(stored->context);
	stored->context = NULL;
	if (!nulls[Anum_wf_flags_definition - 1])
	{
		stored->context = AllocSetContextCreate(store_context, "wishflags flag", ALLOCSET_SMALL_SIZES);
		MemoryContextSetIdentifier(stored->context,
								   MemoryContextStrdup(stored->context, pnstrdup(stored->flag.key.data, stored->flag.key.len)));
	}
	stored->flag.shared = wf_flags_row_document(values, nulls);
	stored->flag.program = wf_flags_compile_row(values, nulls, stored->enabled_until, stored->flag.shared,
												stored->context ? stored->context : programs_context);
}

static WfString
copy_string(MemoryContext context, WfString string)
{
	char	   *data = MemoryContextAlloc(context, Max(string.len, 1));
	WfString	copy = {data, string.len};

	memcpy(data, string.data, string.len);
	return copy;
}
