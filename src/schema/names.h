/*
 * names.h: a hash table from names to lists.
 */
#ifndef WF_SCHEMA_NAMES_H
#define WF_SCHEMA_NAMES_H

#include "postgres.h"

#include "common/hashfn.h"
#include "nodes/pg_list.h"

typedef struct WfNameEntry
{
	const char *name;
	List	   *list;			/* unset in an entry that was just inserted */
	uint32		hash;
	char		status;
} WfNameEntry;

#define SH_PREFIX wf_names
#define SH_ELEMENT_TYPE WfNameEntry
#define SH_KEY_TYPE const char *
#define SH_KEY name
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

#endif							/* WF_SCHEMA_NAMES_H */
