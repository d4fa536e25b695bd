/*
 * override.c: the variants that single targeting keys are given.
 *
 * A flag that has overrides owns one hash table of them; the cache fills it.
 */
#include "common/compat.h"

#include "common/hashfn.h"

#include "flags/override.h"

#define SH_PREFIX wf_override
#define SH_ELEMENT_TYPE WfOverride
#define SH_KEY_TYPE WfString
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) ((a).len == (b).len && memcmp((a).data, (b).data, (a).len) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static WfString copy_string(MemoryContext context, WfString string);

/* An empty table in the given context. */
WfOverrides *
wf_flags_overrides_create(MemoryContext context)
{
	return wf_override_create(context, 4, NULL);
}

/* Adds a key, copying both strings; a key that is there gets the new variant. */
void
wf_flags_overrides_add(WfOverrides *overrides, WfString key, WfString variant)
{
	WfString	own = copy_string(overrides->ctx, key);
	bool		found;
	WfOverride *entry = wf_override_insert(overrides, own, &found);

	entry->variant = copy_string(overrides->ctx, variant);
}

/* The override of a key, or NULL. */
const WfOverride *
wf_flags_overrides_find(const WfOverrides *overrides, WfString key)
{
	return wf_override_lookup(unconstify(WfOverrides *, overrides), key);
}

static WfString
copy_string(MemoryContext context, WfString string)
{
	char	   *data = MemoryContextAlloc(context, Max(string.len, 1));
	WfString	copy = {data, string.len};

	memcpy(data, string.data, string.len);
	return copy;
}
