/*
 * store.c: the compiled flags in memory, found by key, and their overrides.
 *
 * An override may be there before its flag; it waits with others in a table of
 * its own, that the flag is given when it comes.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/document.h"
#include "flags/override.h"
#include "flags/row.h"
#include "flags/store.h"
#include "flags/tables.h"

typedef struct WfFlagSlot
{
	WfString	key;			/* owned; the flag's key is the same */
	WfFlag	   *flag;			/* NULL: there are only overrides */
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
static MemoryContext plain_context;
static MemoryContext overrides_context;
static flag_table_hash *flag_table;

static void *load_flag(HeapTuple tuple, TupleDesc desc);
static bool flag_is_outdated(void *item);
static void forget_flag(void *item);
static WfFlag *enter_flag(WfString key);
static WfFlagSlot *enter_slot(WfString key);
static void release_slot(WfFlagSlot *slot);
static void compile_flag(WfFlag *flag, Datum *values, bool *nulls);
static WfProgram *broken_program(const WfDialect *dialect);
static void forget_program(WfFlag *flag);
static void *load_override(HeapTuple tuple, TupleDesc desc);
static void forget_override(void *item);
static void give_overrides(WfFlagSlot *slot, WfOverrides *overrides);
static WfString copy_string(MemoryContext context, WfString string);

const WfRosterItems wf_flags_flag_items = {
	.table = WF_FLAGS_TABLE,
	.signal = WF_FLAGS_SIGNAL,
	.load = load_flag,
	.is_outdated = flag_is_outdated,
	.forget = forget_flag,
};

const WfRosterItems wf_flags_override_items = {
	.table = WF_OVERRIDES_TABLE,
	.signal = WF_OVERRIDES_SIGNAL,
	.load = load_override,
	.forget = forget_override,
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
	plain_context = GenerationContextCreate(context, "wishflags plain flags",
											ALLOCSET_SMALL_MINSIZE, ALLOCSET_SMALL_INITSIZE,
											ALLOCSET_SMALL_MAXSIZE * 4);
	overrides_context = AllocSetContextCreate(context, "wishflags overrides",
											  ALLOCSET_DEFAULT_SIZES);
	flag_table = flag_table_create(context, 64, NULL);
}

/* A flag by key, or NULL. */
const WfFlag *
wf_flags_store_find(WfString key)
{
	WfFlagSlot *slot = flag_table_lookup(flag_table, key);

	return slot ? slot->flag : NULL;
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
			visit(arg, slot->flag);
	}
}

static void *
load_flag(HeapTuple tuple, TupleDesc desc)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	WfFlag	   *flag;

	wf_flags_deform(tuple, desc, Natts_wf_flags, values, nulls);
	flag = enter_flag(wf_flags_text_string(values[Anum_wf_flags_key - 1]));
	compile_flag(flag, values, nulls);
	flag->generation = wf_flags_cache.generation;
	flag->client_visible = !nulls[Anum_wf_flags_client_visible - 1] &&
		DatumGetBool(values[Anum_wf_flags_client_visible - 1]);
	flag->cache_ttl = nulls[Anum_wf_flags_cache_ttl_seconds - 1] ? WF_CACHE_TTL_DEFAULT
		: DatumGetInt32(values[Anum_wf_flags_cache_ttl_seconds - 1]);
	return flag;
}

/* A flag goes with its document. */
static bool
flag_is_outdated(void *item)
{
	WfFlag	   *flag = (WfFlag *) item;

	return flag->document.data && flag->shared != wf_flags_documents_find(flag->document);
}

/* A flag whose row version is gone may have got another one. */
static void
forget_flag(void *item)
{
	WfFlag	   *flag = (WfFlag *) item;
	WfFlagSlot *slot;

	if (flag->generation == wf_flags_cache.generation)
		return;
	slot = flag_table_lookup(flag_table, flag->key);
	slot->flag = NULL;
	forget_program(flag);
	pfree(flag);
	release_slot(slot);
}

/* A flag by key; a new one has no program. */
static WfFlag *
enter_flag(WfString key)
{
	WfFlagSlot *slot = enter_slot(key);

	if (slot->flag == NULL)
	{
		slot->flag = MemoryContextAllocZero(plain_context, sizeof(WfFlag));
		slot->flag->key = slot->key;
		slot->flag->overrides = slot->overrides;
	}
	return slot->flag;
}

static WfFlagSlot *
enter_slot(WfString key)
{
	WfFlagSlot *slot = flag_table_lookup(flag_table, key);
	bool		found;

	if (slot == NULL)
	{
		slot = flag_table_insert(flag_table, copy_string(plain_context, key), &found);
		slot->flag = NULL;
		slot->overrides = NULL;
	}
	return slot;
}

/* Drops a slot that holds nothing any more. */
static void
release_slot(WfFlagSlot *slot)
{
	WfString	key = slot->key;

	if (slot->flag || slot->overrides)
		return;
	(void) flag_table_delete(flag_table, key);
	pfree(unconstify(char *, key.data));
}

/*
 * Compiles a row of the table flags into the flag.  A plain flag's program
 * lies among its like, as thousands of contexts would cost more than the
 * flags; a definition gets a context to be thrown away with.
 */
static void
compile_flag(WfFlag *flag, Datum *values, bool *nulls)
{
	WfSource	source = {0};
	WfFault		fault;
	WfProgram  *program = NULL;
	bool		plain = nulls[Anum_wf_flags_definition - 1];
	const WfDialect *dialect;
	MemoryContext old;
	bool		valid;

	forget_program(flag);
	if (!plain)
		flag->context = AllocSetContextCreate(store_context, "wishflags flag", ALLOCSET_SMALL_SIZES);

	old = MemoryContextSwitchTo(plain ? plain_context : flag->context);
	valid = wf_flags_source_from_row(values, nulls, &source, &dialect, &fault);
	source.key = flag->key;
	if (!plain)
		source.definition = DatumGetJsonbPCopy(values[Anum_wf_flags_definition - 1]);
	if (!nulls[Anum_wf_flags_document - 1])
	{
		/* A name without a flag's context would never be freed. */
		if (plain)
			valid = false;
		else
			flag->document = copy_string(flag->context,
										 wf_flags_text_string(values[Anum_wf_flags_document - 1]));
		valid = valid && source.shared != NULL && source.shared->problem == NULL;
	}
	flag->shared = source.shared;
	if (valid)
		program = dialect->compile(&source, &fault);
	/* The triggers keep wrong rows out, but may have been switched off. */
	if (program == NULL)
		program = broken_program(dialect);
	MemoryContextSwitchTo(old);
	flag->program = program;
}

static WfProgram *
broken_program(const WfDialect *dialect)
{
	WfProgram  *program = palloc0(sizeof(WfProgram));

	program->dialect = dialect;
	program->fault = WF_ERROR_PARSE_ERROR;
	return program;
}

/* A plain flag's program is one allocation. */
static void
forget_program(WfFlag *flag)
{
	const WfProgram *program = flag->program;

	flag->program = NULL;
	flag->document.data = NULL;
	if (flag->context)
		MemoryContextDelete(flag->context);
	else if (program)
		pfree(unconstify(WfProgram *, program));
	flag->context = NULL;
}

/* Its variant is looked up when it is served. */
static void *
load_override(HeapTuple tuple, TupleDesc desc)
{
	Datum		values[Natts_wf_overrides];
	bool		nulls[Natts_wf_overrides];
	WfOverride *override = MemoryContextAlloc(overrides_context, sizeof(WfOverride));
	WfFlagSlot *slot;

	wf_flags_deform(tuple, desc, Natts_wf_overrides, values, nulls);
	override->flag = copy_string(overrides_context,
								 wf_flags_text_string(values[Anum_wf_overrides_flag - 1]));
	override->key = copy_string(overrides_context,
								wf_flags_text_string(values[Anum_wf_overrides_key - 1]));
	override->variant = copy_string(overrides_context,
									wf_flags_text_string(values[Anum_wf_overrides_variant - 1]));
	slot = enter_slot(override->flag);
	if (slot->overrides == NULL)
		give_overrides(slot, wf_flags_overrides_create(overrides_context));
	wf_flags_overrides_add(slot->overrides, override);
	return override;
}

static void
forget_override(void *item)
{
	WfOverride *override = (WfOverride *) item;
	WfFlagSlot *slot = flag_table_lookup(flag_table, override->flag);

	/* A flag without overrides is spared the look-up. */
	if (wf_flags_overrides_remove(slot->overrides, override))
		give_overrides(slot, NULL);
	release_slot(slot);
	pfree(unconstify(char *, override->flag.data));
	pfree(unconstify(char *, override->key.data));
	pfree(unconstify(char *, override->variant.data));
	pfree(override);
}

static void
give_overrides(WfFlagSlot *slot, WfOverrides *overrides)
{
	if (overrides == NULL && slot->overrides)
		wf_flags_overrides_destroy(slot->overrides);
	slot->overrides = overrides;
	if (slot->flag)
		slot->flag->overrides = overrides;
}

static WfString
copy_string(MemoryContext context, WfString string)
{
	char	   *data = MemoryContextAlloc(context, Max(string.len, 1));
	WfString	copy = {data, string.len};

	memcpy(data, string.data, string.len);
	return copy;
}
