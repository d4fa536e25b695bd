/*
 * defer.c: findings that later statements of the text may take back.
 *
 * They wait under the name of the relation that they are about, so that a
 * statement finds those it settles without going through all of them.
 */
#include "common/compat.h"

#include "migration/check.h"
#include "migration/simulate.h"

typedef struct Waiting
{
	SimKey		key;			/* of the relation; empty for findings about
								 * none */
	List	   *deferred;		/* of WfDeferred */
} Waiting;

static void key_of(WfSimulation *simulation, SimKey *key, const WfRelation *relation);
static bool begins_with(List *columns, List *wanted);
static int	compare_places(const ListCell *a, const ListCell *b);

/* Keeps a copy of a finding about the statement at this offset of the text. */
void
wf_migration_defer(WfSimulation *simulation, int statement, int offset, WfFinding *finding)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	WfDeferred *deferred = palloc(sizeof(WfDeferred));
	SimKey		key;
	Waiting    *waiting;
	bool		found;

	if (simulation->waiting == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(SimKey),
			.entrysize = sizeof(Waiting),
			.hcxt = simulation->catalog.context,
		};

		simulation->waiting = hash_create("wishflags deferred findings", 64, &control,
										  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	deferred->finding = wf_finding_copy(finding);
	deferred->statement = statement;
	deferred->offset = offset;
	key_of(simulation, &key, finding->relation);
	waiting = hash_search(simulation->waiting, &key, HASH_ENTER, &found);
	waiting->deferred = found ? lappend(waiting->deferred, deferred) : list_make1(deferred);
	MemoryContextSwitchTo(old);
}

/* What is left at the end of the text: a list of WfDeferred in its order. */
List *
wf_migration_deferred(WfSimulation *simulation)
{
	List	   *all = NIL;
	HASH_SEQ_STATUS status;
	Waiting    *waiting;

	if (simulation->waiting == NULL)
		return NIL;
	hash_seq_init(&status, simulation->waiting);
	while ((waiting = hash_seq_search(&status)) != NULL)
		all = list_concat(all, waiting->deferred);
	list_sort(all, compare_places);
	return all;
}

/*
 * A statement did what deferred findings of this kind wait for, to the relation
 * of this name; NULL for findings about none.  columns are those of an index.
 */
void
wf_sim_settle(WfSimulation *simulation, WfDeferral what, const char *schema, const char *name,
			  List *columns)
{
	WfRelation	relation = {.schema = (char *) schema, .name = (char *) name};
	SimKey		key;
	Waiting    *waiting;
	ListCell   *lc;

	if (simulation->waiting == NULL)
		return;
	key_of(simulation, &key, name ? &relation : NULL);
	waiting = hash_search(simulation->waiting, &key, HASH_FIND, NULL);
	foreach(lc, waiting ? waiting->deferred : NIL)
	{
		WfFinding  *finding = ((WfDeferred *) lfirst(lc))->finding;

		if (finding->deferral == WF_DEFER_COLUMN && what == WF_DEFER_COLUMN)
		{
			ListCell   *lc2;

			foreach(lc2, finding->deferral_columns)
			{
				if (strcmp(lfirst(lc2), linitial(columns)) == 0)
					finding->deferral_columns = foreach_delete_current(finding->deferral_columns, lc2);
			}
			if (finding->deferral_columns == NIL)
				waiting->deferred = foreach_delete_current(waiting->deferred, lc);
		}
		else if (finding->deferral == what &&
				 (what != WF_DEFER_INDEX || begins_with(columns, finding->deferral_columns)))
			waiting->deferred = foreach_delete_current(waiting->deferred, lc);
	}
}

/* The relation is gone, and with it what there was to say about it. */
void
wf_sim_settle_all(WfSimulation *simulation, const WfRelation *relation)
{
	SimKey		key;

	if (simulation->waiting == NULL || !relation->created_here)
		return;
	key_of(simulation, &key, relation);
	(void) hash_search(simulation->waiting, &key, HASH_REMOVE, NULL);
}

/* The relation has another name, by which the text may go on to speak of it. */
void
wf_sim_move_deferred(WfSimulation *simulation, const WfRelation *from, const WfRelation *to)
{
	SimKey		key;
	Waiting    *waiting;
	List	   *deferred;
	bool		found;

	if (simulation->waiting == NULL || !from->created_here)
		return;
	key_of(simulation, &key, from);
	waiting = hash_search(simulation->waiting, &key, HASH_FIND, NULL);
	if (waiting == NULL)
		return;
	deferred = waiting->deferred;
	(void) hash_search(simulation->waiting, &key, HASH_REMOVE, NULL);
	key_of(simulation, &key, to);
	waiting = hash_search(simulation->waiting, &key, HASH_ENTER, &found);
	waiting->deferred = found ? list_concat(waiting->deferred, deferred) : deferred;
}

static void
key_of(WfSimulation *simulation, SimKey *key, const WfRelation *relation)
{
	if (relation)
		wf_sim_make_key(key, relation->schema ? relation->schema : wf_sim_first_schema(simulation),
						relation->name);
	else
		wf_sim_make_key(key, "", "");
}

/* Are the first columns of an index these, in any order? */
static bool
begins_with(List *columns, List *wanted)
{
	int			count = list_length(wanted);
	ListCell   *lc;

	if (list_length(columns) < count)
		return false;
	foreach(lc, wanted)
	{
		bool		found = false;

		for (int i = 0; i < count; i++)
			found |= list_nth(columns, i) && strcmp(list_nth(columns, i), lfirst(lc)) == 0;
		if (!found)
			return false;
	}
	return true;
}

static int
compare_places(const ListCell *a, const ListCell *b)
{
	const WfDeferred *first = lfirst(a);
	const WfDeferred *second = lfirst(b);

	if (first->statement != second->statement)
		return first->statement < second->statement ? -1 : 1;
	return strcmp(first->finding->rule->id, second->finding->rule->id);
}
