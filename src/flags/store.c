/*
 * store.c: the compiled flags in memory, found by key.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "flags/context.h"
#include "flags/dialect.h"
#include "flags/document.h"
#include "flags/store.h"
#include "flags/tables.h"

typedef struct WfFlagSlot
{
	const WfFlag *flag;			/* the key is the flag's */
	uint32		hash;
	char		status;
} WfFlagSlot;

static inline uint32
flag_hash(const WfFlag *flag)
{
	return hash_bytes((const unsigned char *) flag->key.data, flag->key.len);
}

static inline bool
flags_equal(const WfFlag *a, const WfFlag *b)
{
	return a->key.len == b->key.len && memcmp(a->key.data, b->key.data, a->key.len) == 0;
}

#define SH_PREFIX flag_table
#define SH_ELEMENT_TYPE WfFlagSlot
#define SH_KEY_TYPE const WfFlag *
#define SH_KEY flag
#define SH_HASH_KEY(tb, k) flag_hash(k)
#define SH_EQUAL(tb, a, b) flags_equal(a, b)
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

static void forget_program(WfFlag *flag);

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
	WfFlag		probe;
	WfFlagSlot *slot;

	probe.key = key;
	slot = flag_table_lookup(flag_table, &probe);
	return slot ? slot->flag : NULL;
}

/* A flag by key; *found is false when it is a new one, without a program. */
WfFlag *
wf_flags_store_enter(WfString key, bool *found)
{
	WfFlag	   *flag = unconstify(WfFlag *, wf_flags_store_find(key));
	char	   *name;

	*found = flag != NULL;
	if (flag)
		return flag;
	flag = MemoryContextAllocZero(plain_context, sizeof(WfFlag) + key.len);
	name = (char *) (flag + 1);
	memcpy(name, key.data, key.len);
	flag->key.data = name;
	flag->key.len = key.len;
	(void) flag_table_insert(flag_table, flag, found);
	return flag;
}

/*
 * Compiles a row of the table flags into the flag.  A plain flag's program
 * lies among its like, as thousands of contexts would cost more than the
 * flags; a definition gets a context to be thrown away with.
 */
void
wf_flags_store_compile(WfFlag *flag, Datum *values, bool *nulls)
{
	WfSource	source = {0};
	WfFault		fault;
	WfProgram  *program = NULL;
	const char *problem;
	bool		plain = nulls[Anum_wf_flags_definition - 1];
	bool		parsed = wf_flags_parse_percent(DatumGetNumeric(values[Anum_wf_flags_rollout - 1]),
												&source.share, &problem);
	MemoryContext old;

	forget_program(flag);
	if (!plain)
		flag->context = AllocSetContextCreate(store_context, "wishflags flag", ALLOCSET_SMALL_SIZES);

	old = MemoryContextSwitchTo(plain ? plain_context : flag->context);
	source.key = flag->key;
	source.converts = wf_flags_converts_text();
	source.enabled = DatumGetBool(values[Anum_wf_flags_enabled - 1]);
	source.definition = plain ? NULL : DatumGetJsonbPCopy(values[Anum_wf_flags_definition - 1]);
	if (parsed)
		program = wf_flags_dialect_native.compile(&source, &fault);
	if (program == NULL)
	{
		/* The triggers keep such rows out, but may have been switched off. */
		program = palloc0(sizeof(WfProgram));
		program->fault = WF_ERROR_PARSE_ERROR;
	}
	MemoryContextSwitchTo(old);
	flag->program = program;
}

/* Forgets a flag. */
void
wf_flags_store_remove(WfFlag *flag)
{
	flag_table_delete(flag_table, flag);
	forget_program(flag);
	pfree(flag);
}

/* Forgets all overrides. */
void
wf_flags_store_clear_overrides(void)
{
	flag_table_iterator it;
	WfFlagSlot *slot;

	flag_table_start_iterate(flag_table, &it);
	while ((slot = flag_table_iterate(flag_table, &it)) != NULL)
		unconstify(WfFlag *, slot->flag)->overrides = NULL;
	MemoryContextReset(overrides_context);
}

/*
 * Adds an override; without effect where the flag is not there (yet).  Its
 * variant is looked up when it is served.
 */
void
wf_flags_store_add_override(WfString key, WfString targeting_key, WfString variant)
{
	WfFlag	   *flag = unconstify(WfFlag *, wf_flags_store_find(key));

	if (flag == NULL)
		return;
	if (flag->overrides == NULL)
		flag->overrides = wf_flags_overrides_create(overrides_context);
	wf_flags_overrides_add(flag->overrides, targeting_key, variant);
}

/* A plain flag's program is one allocation. */
static void
forget_program(WfFlag *flag)
{
	const WfProgram *program = flag->program;

	flag->program = NULL;
	if (flag->context)
		MemoryContextDelete(flag->context);
	else if (program)
		pfree(unconstify(WfProgram *, program));
	flag->context = NULL;
}
