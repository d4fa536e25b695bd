/*
 * set.c: sets of strings.  Pure.
 */
#include "common/compat.h"

#include "common/hashfn.h"

#include "flags/set.h"

typedef struct WfStringSetEntry
{
	WfString	string;
	uint32		hash;
	char		status;
} WfStringSetEntry;

#define SH_PREFIX wf_string_set
#define SH_ELEMENT_TYPE WfStringSetEntry
#define SH_KEY_TYPE WfString
#define SH_KEY string
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) wf_flags_strings_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* An empty set in the current memory context. */
WfStringSet *
wf_flags_set_create(int expected)
{
	return wf_string_set_create(CurrentMemoryContext, Max(expected, 2), NULL);
}

/* Adds a string, which is not copied. */
void
wf_flags_set_add(WfStringSet *set, WfString string)
{
	bool		found;

	(void) wf_string_set_insert(set, string, &found);
}

bool
wf_flags_set_has(const WfStringSet *set, WfString string)
{
	return wf_string_set_lookup(unconstify(WfStringSet *, set), string) != NULL;
}
