/*
 * override.c: the variants that single targeting keys are given.
 *
 * A flag that has overrides owns one hash table of them; the cache fills it.
 */
#include "common/compat.h"

#include "common/hashfn.h"

#include "flags/override.h"

typedef struct WfOverrideEntry
{
	WfString	key;			/* the override's */
	WfOverride *override;
	uint32		hash;
	char		status;
} WfOverrideEntry;

#define SH_PREFIX wf_override
#define SH_ELEMENT_TYPE WfOverrideEntry
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

/* An empty table in the given context. */
WfOverrides *
wf_flags_overrides_create(MemoryContext context)
{
	return wf_override_create(context, 4, NULL);
}

/* Frees a table, but not what is in it. */
void
wf_flags_overrides_destroy(WfOverrides *overrides)
{
	wf_override_destroy(overrides);
}

/* Adds an override, which has to outlive its place here; a later one of the same key wins. */
void
wf_flags_overrides_add(WfOverrides *overrides, WfOverride *override)
{
	bool		found;
	WfOverrideEntry *entry = wf_override_insert(overrides, override->key, &found);

	/* The key's text has to live as long as the entry. */
	entry->key = override->key;
	entry->override = override;
}

/*
 * Takes an override out, unless another one of the same key has its place;
 * true when no override is left.
 */
bool
wf_flags_overrides_remove(WfOverrides *overrides, WfOverride *override)
{
	WfOverrideEntry *entry = wf_override_lookup(overrides, override->key);

	if (entry && entry->override == override)
		(void) wf_override_delete(overrides, override->key);
	return overrides->members == 0;
}

/* The override of a key, or NULL. */
const WfOverride *
wf_flags_overrides_find(const WfOverrides *overrides, WfString key)
{
	WfOverrideEntry *entry = wf_override_lookup(unconstify(WfOverrides *, overrides), key);

	return entry ? entry->override : NULL;
}
