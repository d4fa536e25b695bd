/*
 * dependency.c: what has to hold between flags that require each other.
 *
 * Nothing may require itself, at whatever distance, and what is required
 * stays.  The graph is read from the cache, whose snapshot is always a new one:
 * it shows what is committed by now, also in a REPEATABLE READ transaction.
 *
 * What another transaction is about to change it can't show, so there are
 * locks, kept to the end of the transaction.  A flag that comes to require
 * another one is locked against all, and those that it reaches are held as they
 * are, so of several transactions that close a circle together each finds
 * another's flag on its way and waits for it.  Nothing else waits: whoever edits
 * a flag but not what it requires takes no lock, and two flags may come to
 * require the same one at the same time.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"

#include "common/extension.h"
#include "flags/cache.h"
#include "flags/dependency.h"
#include "flags/graph.h"
#include "flags/tables.h"

/* From here on the lock of the graph as a whole is taken instead. */
#define LOCKS_MAX 200

/* Most flags that a message names. */
#define NAMED_MAX 10

typedef struct NodeLock
{
	uint64		tag;
	LOCKMODE	mode;
} NodeLock;

typedef struct NodeLocks
{
	int			count;
	NodeLock   *locks;			/* by tag, each once */
} NodeLocks;

static WfGraph *current_graph(void);
static List *nodes_of(WfGraph *graph, bool are_segments, const List *keys);
static NodeLocks locks_for(const List *changing, const List *reached);
static int	compare_locks(const void *a, const void *b);
static bool covers(const NodeLocks *held, const NodeLocks *needed);
static bool is_whole(const NodeLocks *locks);
static void take_locks(const NodeLocks *locks);
static void give_locks(const NodeLocks *locks);
static uint64 tag_of(const WfGraphNode *node);
static void report_circle(const List *circle);
static void report_required(const WfGraphNode *node, const List *askers, bool deleted);
static void refuse_archived(const WfGraphNode *node);
static bool is_archived(const WfGraphNode *node);
static const char *kind_of(const WfGraphNode *node);

/*
 * Refuses flags or segments, a List of WfString *, that have come to ask
 * something and thereby ask themselves, or an archived flag.
 */
void
wf_flags_refuse_circles(bool are_segments, const List *keys)
{
	NodeLocks	held = {0};
	NodeLocks	needed;
	WfGraph    *graph;
	List	   *changing;
	ListCell   *lc;

	if (keys == NIL)
		return;

	/*
	 * While the locks are waited for, others may have made the way longer.
	 * Nothing hangs on them yet, so they are given back and taken in order
	 * again: to take some more would end in deadlocks.
	 */
	for (;;)
	{
		graph = current_graph();
		changing = nodes_of(graph, are_segments, keys);
		needed = locks_for(changing, wf_flags_graph_reach(graph, changing));
		if (covers(&held, &needed))
			break;
		give_locks(&held);
		held = needed;
		take_locks(&held);
	}
	foreach(lc, changing)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);
		List	   *circle = wf_flags_graph_circle(graph, node);

		if (circle != NIL)
			report_circle(circle);
		refuse_archived(node);
	}
}

/*
 * Refuses that flags, a List of WfString *, were deleted or archived, where
 * others require them.  What is archived itself may go on requiring an archived
 * one.
 */
void
wf_flags_refuse_required(const List *keys, bool deleted)
{
	WfGraph    *graph;
	List	   *nodes;
	NodeLocks	locks;
	ListCell   *lc;

	if (keys == NIL)
		return;
	nodes = nodes_of(current_graph(), false, keys);
	locks = locks_for(nodes, NIL);
	take_locks(&locks);
	graph = current_graph();
	(void) wf_flags_graph_fill(graph);
	foreach(lc, nodes_of(graph, false, keys))
	{
		const WfGraphNode *node = (const WfGraphNode *) lfirst(lc);
		List	   *askers = NIL;
		ListCell   *link;

		foreach(link, node->askers)
		{
			WfGraphNode *asker = ((const WfGraphLink *) lfirst(link))->node;

			if (deleted || !is_archived(asker))
				askers = lappend(askers, asker);
		}
		if (askers != NIL)
			report_required(node, askers, deleted);
	}
}

/* Refuses that a node has come to require something archived. */
static void
refuse_archived(const WfGraphNode *node)
{
	ListCell   *lc;

	foreach(lc, node->asks)
	{
		const WfGraphNode *asked = ((const WfGraphLink *) lfirst(lc))->node;

		if (is_archived(asked))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("%s \"%.*s\" cannot require flag \"%.*s\", which is archived", kind_of(node),
							node->key.len, node->key.data, asked->key.len, asked->key.data),
					 errhint("Take it back first: SELECT wishflags.flag_unarchive(%s);",
							 quote_literal_cstr(pnstrdup(asked->key.data, asked->key.len)))));
	}
}

static bool
is_archived(const WfGraphNode *node)
{
	return node->flag && node->flag->archived;
}

static const char *
kind_of(const WfGraphNode *node)
{
	return node->is_segment ? "segment" : "flag";
}

/* The graph as it is committed by now, with the changes of this transaction. */
static WfGraph *
current_graph(void)
{
	wf_flags_cache_refresh();
	return wf_flags_graph_create();
}

static List *
nodes_of(WfGraph *graph, bool are_segments, const List *keys)
{
	List	   *nodes = NIL;
	ListCell   *lc;

	foreach(lc, keys)
		nodes = lappend(nodes, wf_flags_graph_node(graph, are_segments, *(const WfString *) lfirst(lc)));
	return nodes;
}

/* In one order for all, so that they wait for each other and not in a circle. */
static NodeLocks
locks_for(const List *changing, const List *reached)
{
	NodeLocks	result = {0};
	NodeLock   *locks = palloc(sizeof(NodeLock) * (list_length(changing) + list_length(reached) + 1));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, changing)
	{
		locks[n].tag = tag_of((const WfGraphNode *) lfirst(lc));
		locks[n++].mode = ExclusiveLock;
	}
	foreach(lc, reached)
	{
		locks[n].tag = tag_of((const WfGraphNode *) lfirst(lc));
		locks[n++].mode = ShareLock;
	}
	qsort(locks, n, sizeof(NodeLock), compare_locks);
	result.locks = locks;
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || locks[i].tag != locks[i - 1].tag)
			locks[result.count++] = locks[i];
	}
	return result;
}

/* The stronger one first. */
static int
compare_locks(const void *a, const void *b)
{
	const NodeLock *x = (const NodeLock *) a;
	const NodeLock *y = (const NodeLock *) b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return y->mode - x->mode;
}

/* Whether all that is needed is held. */
static bool
covers(const NodeLocks *held, const NodeLocks *needed)
{
	int			n = 0;

	if (is_whole(held))
		return true;
	for (int i = 0; i < needed->count; i++)
	{
		while (n < held->count && held->locks[n].tag < needed->locks[i].tag)
			n++;
		if (n == held->count || held->locks[n].tag != needed->locks[i].tag)
			return false;
	}
	return held->count > 0;
}

static bool
is_whole(const NodeLocks *locks)
{
	return locks->count > LOCKS_MAX;
}

/* Whoever takes few locks lets know that there are some by a weak one on the whole. */
static void
take_locks(const NodeLocks *locks)
{
	Oid			relid = wf_common_relation_oid(WF_FLAGS_TABLE);

	LockDatabaseObject(relid, InvalidOid, 0, is_whole(locks) ? ExclusiveLock : RowExclusiveLock);
	for (int i = 0; i < locks->count && !is_whole(locks); i++)
	{
		const NodeLock *lock = &locks->locks[i];

		LockDatabaseObject(relid, (Oid) lock->tag, (uint16) (lock->tag >> 32), lock->mode);
	}
}

/* Those of an earlier statement stay. */
static void
give_locks(const NodeLocks *locks)
{
	Oid			relid = wf_common_relation_oid(WF_FLAGS_TABLE);

	if (locks->count == 0)
		return;
	for (int i = 0; i < locks->count && !is_whole(locks); i++)
	{
		const NodeLock *lock = &locks->locks[i];

		UnlockDatabaseObject(relid, (Oid) lock->tag, (uint16) (lock->tag >> 32), lock->mode);
	}
	UnlockDatabaseObject(relid, InvalidOid, 0, is_whole(locks) ? ExclusiveLock : RowExclusiveLock);
}

/* What a lock is known by has 48 bits; 0 is the graph as a whole. */
static uint64
tag_of(const WfGraphNode *node)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) node->key.data, node->key.len, node->is_segment);

	return Max(hash & UINT64CONST(0xffffffffffff), 1);
}

static void
report_circle(const List *circle)
{
	const WfGraphNode *first = (const WfGraphNode *) linitial(circle);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_RECURSION),
			 errmsg("%s \"%.*s\" would require itself: %s", kind_of(first), first->key.len,
					first->key.data, wf_flags_graph_chain(circle)),
			 errhint("Leave out one of these requirements; see what there is: SELECT wishflags.flag_dependencies();")));
}

static void
report_required(const WfGraphNode *node, const List *askers, bool deleted)
{
	StringInfoData names;
	int			more = list_length(askers) - NAMED_MAX;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, askers)
	{
		const WfGraphNode *asker = (const WfGraphNode *) lfirst(lc);

		if (foreach_current_index(lc) == NAMED_MAX)
			break;
		appendStringInfo(&names, "%s%s \"%.*s\"", names.len > 0 ? ", " : "", kind_of(asker),
						 asker->key.len, asker->key.data);
	}
	if (more > 0)
		appendStringInfo(&names, " and %d more", more);
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot %s flag \"%.*s\": it is required", deleted ? "delete" : "archive",
					node->key.len, node->key.data),
			 errdetail("It is required by %s.", names.data),
			 errhint("Change what requires it first; see the whole tree: SELECT wishflags.flag_dependencies(%s);",
					 quote_literal_cstr(pnstrdup(node->key.data, node->key.len)))));
}
