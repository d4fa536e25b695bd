/*
 * session.c: the stores of a backend that counts for itself.
 *
 * Where the library is not preloaded, nobody else can see what a backend
 * counts.  usage_flush() writes it into a table, and it is forgotten when that
 * commits; until then it is kept aside, as what was written may be rolled back.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "stats/session.h"

typedef struct Session
{
	struct Session *next;
	WfStatsStore store;
	HTAB	   *entries;
	MemoryContext context;		/* this lies in it, too */
	SubTransactionId writer;	/* of one that is written */
} Session;

static Session *sessions = NULL;	/* the first is the one that is counted
									 * in, if wf_stats_store is set */
static Session *written = NULL; /* by this transaction */
static uint32 nsessions = 0;

static void on_transaction(XactEvent event, void *arg);
static void on_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg);
static void take_back(SubTransactionId first);
static void end_sessions(Session **list);

void
wf_stats_session_init(void)
{
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
}

/* An empty store to count in. */
void
wf_stats_session_begin(void)
{
	HASHCTL		control = {.keysize = sizeof(WfStatsKey), .entrysize = sizeof(WfStatsEntry)};
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "wishflags usage", ALLOCSET_DEFAULT_SIZES);
	Session    *session = MemoryContextAllocZero(context, sizeof(Session));

	session->context = context;
	control.hcxt = context;
	session->entries = hash_create("wishflags usage entries", 64, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	/* No two stores ever have the same, however often entries go. */
	pg_atomic_init_u64(&session->store.generation, (uint64) ++nsessions << 32);
	pg_atomic_init_u64(&session->store.uncounted, 0);
	session->next = sessions;
	sessions = session;
	wf_stats_store = &session->store;
	wf_stats_entries = session->entries;
}

/* Where entries and cells of the store lie. */
MemoryContext
wf_stats_session_context(void)
{
	return sessions->context;
}

/* Visits all entries that are not written; there may be several of a key. */
void
wf_stats_session_each(WfStatsVisit visit, void *arg)
{
	for (Session *session = sessions; session; session = session->next)
		wf_stats_each(session->entries, visit, arg);
}

/* Removes entries that are not written; says how many. */
int64
wf_stats_session_remove(bool (*matches) (void *arg, const WfStatsKey *key), void *arg)
{
	int64		removed = 0;

	for (Session *session = sessions; session; session = session->next)
		removed += wf_stats_remove(&session->store, session->entries, matches, arg);
	return removed;
}

/* All that is counted so far has been written by this transaction. */
void
wf_stats_session_written(void)
{
	while (sessions)
	{
		Session    *session = sessions;

		sessions = session->next;
		session->writer = GetCurrentSubTransactionId();
		session->next = written;
		written = session;
	}
	wf_stats_store = NULL;
	wf_stats_entries = NULL;
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
		end_sessions(&written);
	else if (event == XACT_EVENT_ABORT)
		take_back(TopSubTransactionId);
}

/* Numbers of subtransactions grow: none but those inside have a higher one. */
static void
on_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		take_back(id);
}

/* Those that were written from a subtransaction on, behind the one that is counted in. */
static void
take_back(SubTransactionId first)
{
	Session   **end = &sessions;

	while (*end)
		end = &(*end)->next;
	/* The later ones stand before. */
	while (written && written->writer >= first)
	{
		*end = written;
		written = written->next;
		end = &(*end)->next;
		*end = NULL;
	}
}

static void
end_sessions(Session **list)
{
	while (*list)
	{
		Session    *session = *list;

		*list = session->next;
		MemoryContextDelete(session->context);
	}
}
