/*
 * sample.c: a sample of who uses which columns, in shared memory.
 *
 * Preloaded, each statement is sampled with the probability that
 * wishflags.impact_sample_rate gives, when its executor starts: by then the
 * server has noted for its permission checks which columns it reads and
 * writes.  A session never waits for the lock: a sample that it could not put
 * down is counted as missed.
 *
 * The table has a fixed size.  When it is full, what was seen least lately
 * makes room: a hand goes round, and takes what has not been used since it
 * last came by.
 */
#include "common/compat.h"

#include "access/parallel.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "common/pg_prng.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "migration/migration.h"
#include "migration/sample.h"

#define TRANCHE "wishflags impact"

/* Column numbers from 0, which stands for the whole row. */
#define COLUMN_BITS (MaxHeapAttributeNumber + 1)
#define COLUMN_BYTES ((COLUMN_BITS + 7) / 8)

/* How often the hand passes by what was used often. */
#define MAX_USAGE 3

/* Compared as bytes: made by memset(). */
typedef struct Key
{
	Oid			database;
	Oid			relation;
	Oid			role;
	char		application_name[NAMEDATALEN];
	char		route[WF_ROUTE_LENGTH];
} Key;

typedef struct Entry
{
	Key			key;
	int			usage;
	bool		is_written;
	int64		calls;
	TimestampTz first_seen;
	TimestampTz last_seen;
	uint8		reads[COLUMN_BYTES];
	uint8		writes[COLUMN_BYTES];
} Entry;

/* Protected by the lock. */
typedef struct Shared
{
	LWLock	   *lock;
	int			count;
	int			hand;
	int64		missed;
	int64		evicted;
	Key			keys[FLEXIBLE_ARRAY_MEMBER];	/* of all entries */
} Shared;

static Shared *shared = NULL;
static HTAB *entries = NULL;
static double sample_rate = 0;
static int	sample_max = 1000;

static shmem_request_hook_type previous_request = NULL;
static shmem_startup_hook_type previous_startup = NULL;
static ExecutorStart_hook_type previous_executor_start = NULL;

static void request_memory(void);
static void start_memory(void);
static Size shared_size(void);
static void start_executor(QueryDesc *query, int eflags);
static void take_sample(QueryDesc *query);
static void count_use(const Key *key, const WfPermission * permission, TimestampTz now);
static Entry *find_entry(const Key *key, TimestampTz now);
static int	free_place(void);
static void set_bits(uint8 *bits, const Bitmapset *columns);
static Bitmapset *get_bits(const uint8 *bits);
static int	hex_value(char c);

void
wf_migration_init_samples(void)
{
	wf_sample_init();
}

/* Settings, and with shared_preload_libraries memory and hooks. */
void
wf_sample_init(void)
{
	DefineCustomRealVariable("wishflags.impact_sample_rate",
							 "Share of statements whose tables and columns are noted.",
							 "Needs wishflags in shared_preload_libraries; 0 notes none, 1 all.",
							 &sample_rate, 0, 0, 1, PGC_SUSET, 0, NULL, NULL, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	DefineCustomIntVariable("wishflags.impact_sample_max",
							"How many kinds of use the sample holds.",
							"A kind is a table, a role, an application_name and a route; each takes about 700 bytes of shared memory.",
							&sample_max, 1000, 100, 1000000, PGC_POSTMASTER, 0, NULL, NULL, NULL);
	previous_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = start_memory;
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = start_executor;
}

static Size
shared_size(void)
{
	return MAXALIGN(add_size(offsetof(Shared, keys), mul_size(sample_max, sizeof(Key))));
}

static void
request_memory(void)
{
	if (previous_request)
		previous_request();
	RequestAddinShmemSpace(add_size(shared_size(), hash_estimate_size(sample_max, sizeof(Entry))));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
start_memory(void)
{
	HASHCTL		control = {.keysize = sizeof(Key), .entrysize = sizeof(Entry)};
	bool		found;

	if (previous_startup)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct(TRANCHE, shared_size(), &found);
	if (!found)
	{
		memset(shared, 0, shared_size());
		shared->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	}
	entries = ShmemInitHash(TRANCHE " entries", sample_max, sample_max, &control, HASH_ELEM | HASH_BLOBS);
	LWLockRelease(AddinShmemInitLock);
}

static void
start_executor(QueryDesc *query, int eflags)
{
	if (previous_executor_start)
		previous_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	/* Permissions have been checked: what is noted was allowed. */
	if (sample_rate > 0 && shared && !IsParallelWorker() && (eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 &&
		(sample_rate >= 1 || pg_prng_double(&pg_global_prng_state) < sample_rate))
		take_sample(query);
}

static void
take_sample(QueryDesc *query)
{
	List	   *permissions = wf_permissions(query->plannedstmt);
	TimestampTz now = GetCurrentStatementStartTimestamp();
	Key			key;
	bool		locked = false;
	ListCell   *lc;

	foreach(lc, permissions)
	{
		WfPermission *permission = lfirst(lc);

		if (permission->relid < FirstNormalObjectId || permission->requiredPerms == 0)
			continue;
		if (!locked)
		{
			memset(&key, 0, sizeof(Key));
			key.database = MyDatabaseId;
			key.role = GetOuterUserId();
			strlcpy(key.application_name, application_name ? application_name : "", NAMEDATALEN);
			if (query->sourceText)
				wf_sample_route(query->sourceText, key.route);
			if (!LWLockConditionalAcquire(shared->lock, LW_EXCLUSIVE))
			{
				/* Not exact, which is enough for a count of what is lost. */
				shared->missed++;
				return;
			}
			locked = true;
		}
		key.relation = permission->relid;
		count_use(&key, permission, now);
	}
	if (locked)
		LWLockRelease(shared->lock);
}

static void
count_use(const Key *key, const WfPermission * permission, TimestampTz now)
{
	Entry	   *entry = find_entry(key, now);

	if (entry == NULL)
		return;
	entry->calls++;
	entry->last_seen = now;
	entry->usage = Min(entry->usage + 1, MAX_USAGE);
	entry->is_written |= (permission->requiredPerms & ~ACL_SELECT) != 0;
	set_bits(entry->reads, permission->selectedCols);
	set_bits(entry->writes, permission->insertedCols);
	set_bits(entry->writes, permission->updatedCols);
}

/* NULL: there is no memory for it. */
static Entry *
find_entry(const Key *key, TimestampTz now)
{
	Entry	   *entry = hash_search(entries, key, HASH_FIND, NULL);
	int			place;

	if (entry)
		return entry;
	place = free_place();
	entry = hash_search(entries, key, HASH_ENTER_NULL, NULL);
	if (entry == NULL)
		return NULL;
	memset((char *) entry + sizeof(Key), 0, sizeof(Entry) - sizeof(Key));
	entry->first_seen = now;
	if (place == shared->count)
		shared->count++;
	shared->keys[place] = *key;
	return entry;
}

/* A place among the keys; where all are taken, one that was used least lately. */
static int
free_place(void)
{
	if (shared->count < sample_max)
		return shared->count;
	for (;;)
	{
		int			place = shared->hand;
		Entry	   *entry = hash_search(entries, &shared->keys[place], HASH_FIND, NULL);

		shared->hand = (place + 1) % sample_max;
		if (entry && entry->usage-- > 0)
			continue;
		if (entry)
			(void) hash_search(entries, &shared->keys[place], HASH_REMOVE, NULL);
		shared->evicted++;
		return place;
	}
}

static void
set_bits(uint8 *bits, const Bitmapset *columns)
{
	int			member = -1;

	while ((member = bms_next_member(columns, member)) >= 0)
	{
		int			attnum = member + FirstLowInvalidHeapAttributeNumber;

		if (attnum >= 0 && attnum < COLUMN_BITS)
			bits[attnum / 8] |= 1 << (attnum % 8);
	}
}

static Bitmapset *
get_bits(const uint8 *bits)
{
	Bitmapset  *columns = NULL;

	for (int attnum = 0; attnum < COLUMN_BITS; attnum++)
	{
		if (bits[attnum / 8] & (1 << (attnum % 8)))
			columns = bms_add_member(columns, attnum);
	}
	return columns;
}

/* Whether the library has its shared memory. */
bool
wf_sample_is_loaded(void)
{
	return shared != NULL;
}

double
wf_sample_rate(void)
{
	return sample_rate;
}

/*
 * The samples of this database that the caller may see, a list of WfSample: all
 * with the rights of pg_read_all_stats, else those of roles whose rights he has.
 */
List *
wf_samples(void)
{
	bool		sees_all = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
	Entry	   *copies = palloc_extended(mul_size(sizeof(Entry), sample_max), MCXT_ALLOC_HUGE);
	List	   *samples = NIL;
	int			n = 0;
	HASH_SEQ_STATUS scan;
	Entry	   *entry;

	LWLockAcquire(shared->lock, LW_SHARED);
	hash_seq_init(&scan, entries);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->key.database == MyDatabaseId && n < sample_max)
			copies[n++] = *entry;
	}
	LWLockRelease(shared->lock);

	for (int i = 0; i < n; i++)
	{
		WfSample   *sample;

		if (!sees_all && !has_privs_of_role(GetUserId(), copies[i].key.role))
			continue;
		sample = palloc0(sizeof(WfSample));
		sample->relation = copies[i].key.relation;
		sample->role = copies[i].key.role;
		memcpy(sample->application_name, copies[i].key.application_name, NAMEDATALEN);
		memcpy(sample->route, copies[i].key.route, WF_ROUTE_LENGTH);
		sample->calls = copies[i].calls;
		sample->first_seen = copies[i].first_seen;
		sample->last_seen = copies[i].last_seen;
		sample->reads = get_bits(copies[i].reads);
		sample->writes = get_bits(copies[i].writes);
		sample->is_written = copies[i].is_written;
		samples = lappend(samples, sample);
	}
	pfree(copies);
	return samples;
}

/* Forgets the samples of all databases; how many there were. */
int64
wf_sample_reset(void)
{
	int64		count;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	count = shared->count;
	for (int i = 0; i < shared->count; i++)
		(void) hash_search(entries, &shared->keys[i], HASH_REMOVE, NULL);
	shared->count = shared->hand = 0;
	shared->missed = shared->evicted = 0;
	LWLockRelease(shared->lock);
	return count;
}

void
wf_sample_counts(int64 *entry_count, int64 *missed, int64 *evicted)
{
	LWLockAcquire(shared->lock, LW_SHARED);
	*entry_count = shared->count;
	*missed = shared->missed;
	*evicted = shared->evicted;
	LWLockRelease(shared->lock);
}

/*
 * The value of "route" in a comment of the text, as sqlcommenter writes it:
 * key='value', URL-encoded.  route has WF_ROUTE_LENGTH bytes; it becomes empty
 * where there is none.  Allocates nothing.
 */
void
wf_sample_route(const char *text, char *route)
{
	const char *at = text;
	const char *key = strstr(text, "route='");
	int			n = 0;

	route[0] = '\0';
	while ((at = strstr(at, "/*")) != NULL)
	{
		const char *end = strstr(at + 2, "*/");

		while (key && (key < at + 2 || !strchr("*, ", key[-1])))
			key = strstr(key + 1, "route='");
		if (end == NULL || key == NULL)
			return;
		if (key > end)
		{
			at = end + 2;
			continue;
		}
		for (key += strlen("route='"); *key && *key != '\'' && n < WF_ROUTE_LENGTH - 1; key++)
		{
			if (key[0] == '%' && hex_value(key[1]) >= 0 && hex_value(key[2]) >= 0)
			{
				route[n] = hex_value(key[1]) * 16 + hex_value(key[2]);
				key += 2;
			}
			else
				route[n] = *key;

			/*
			 * What was encoded may be anything; this is shown, and kept, as
			 * ASCII.
			 */
			if (route[n] < 0x20 || route[n] > 0x7e)
				route[n] = '?';
			n++;
		}
		route[n] = '\0';
		return;
	}
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
