/*
 * watch.c: whether the catalogs change while they are read.
 *
 * The catalogs themselves are read with one snapshot, but the functions that
 * deparse look into the newest caches.  A change that commits meanwhile can
 * thus be in one half of what was read and not in the other.
 */
#include "common/compat.h"

#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "schema/read.h"

static uint64 changes = 0;

static void count_relation(Datum arg, Oid relid);
static void count_other(Datum arg, int cache, uint32 hash);

/* What no relation-cache message tells about. */
static const int caches[] = {
	CASTSOURCETARGET, CLAOID, COLLOID, CONSTROID, CONVOID, DEFACLROLENSPOBJ, ENUMOID,
	EVENTTRIGGEROID, FOREIGNDATAWRAPPEROID, FOREIGNSERVEROID, NAMESPACEOID, OPEROID,
	OPFAMILYOID, PROCOID, PUBLICATIONOID, RANGETYPE, STATEXTOID, TSCONFIGOID, TSDICTOID, TYPEOID
};

/*
 * Takes in what other sessions have committed, and counts: two calls that
 * return the same saw no change of a schema between them.
 */
uint64
wf_schema_count_changes(void)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(count_relation, (Datum) 0);
		for (int i = 0; i < lengthof(caches); i++)
			CacheRegisterSyscacheCallback(caches[i], count_other, (Datum) 0);
		registered = true;
	}
	AcceptInvalidationMessages();
	return changes;
}

static void
count_relation(Datum arg, Oid relid)
{
	changes++;
}

static void
count_other(Datum arg, int cache, uint32 hash)
{
	changes++;
}
