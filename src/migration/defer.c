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
	SimName		key;			/* of the relation; empty for findings about
								 * none */
	List	   *deferred;		/* of WfDeferred */
} Waiting;

static SimName key_of(WfSimulation *simulation, const WfRelation *relation);
static bool begins_with(List *columns, List *wanted);
static int	compare_places(const ListCell *a, const ListCell *b);

/* Keeps a copy of a finding about the statement at this offset of the text. */
void
wf_migration_defer(WfSimulation *simulation, int statement, int offset, WfFinding *finding)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	WfDeferred *deferred = palloc(sizeof(WfDeferred));
	SimName		key = key_of(simulation, finding->relation);
	Waiting    *waiting;
	bool		found;

	if (simulation->waiting == NULL)
		simulation->waiting = wf_sim_table(simulation, "wishflags deferred findings", sizeof(Waiting));
	deferred->finding = wf_finding_copy(finding);
	deferred->statement = statement;
	deferred->offset = offset;
	deferred->transaction = simulation->transaction;
	waiting = wf_sim_enter(simulation, simulation->waiting, key.schema, key.name, &found);
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
 * of this name; NULL for findings about none.  columns are those of an index, or
 * the name of a routine; NIL: whatever they are.
 */
void
wf_sim_settle(WfSimulation *simulation, WfDeferral what, const char *schema, const char *name,
			  List *columns)
{
	WfRelation	relation = {.schema = (char *) schema, .name = (char *) name};
	SimName		key;
	Waiting    *waiting;
	ListCell   *lc;

	if (simulation->waiting == NULL)
		return;
	key = key_of(simulation, name ? &relation : NULL);
	waiting = wf_sim_find(simulation->waiting, key.schema, key.name);
	foreach(lc, waiting ? waiting->deferred : NIL)
	{
		WfDeferred *deferred = lfirst(lc);
		WfFinding  *finding = deferred->finding;

		/* A COMMIT AND CHAIN ends one transaction and begins the next. */
		if (what == WF_DEFER_COMMIT && ((WfDeferred *) lfirst(lc))->statement == simulation->statement)
			continue;
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
				 (columns == NIL || begins_with(columns, finding->deferral_columns)) &&
				 ((what != WF_DEFER_ROUTINE && what != WF_DEFER_POLICY) || deferred->transaction == simulation->transaction))
			waiting->deferred = foreach_delete_current(waiting->deferred, lc);
	}
}

/*
 * The relation is dropped: what was advised for it, or waited for just that, is
 * of no concern any more; nor is anything else of one that the text has made.
 */
void
wf_sim_settle_dropped(WfSimulation *simulation, const WfRelation *relation)
{
	static const WfDeferral settled[] = {WF_DEFER_DROP, WF_DEFER_INDEX, WF_DEFER_PRIMARY_KEY, WF_DEFER_COMMENT};
	SimName		key;

	for (int i = 0; i < lengthof(settled); i++)
		wf_sim_settle(simulation, settled[i], relation->schema, relation->name, NIL);
	if (simulation->waiting == NULL || !relation->created_here)
		return;
	key = key_of(simulation, relation);
	wf_sim_remove(simulation->waiting, key.schema, key.name);
}

/* The relation has another name: what waits for statements about it does so under that. */
void
wf_sim_settle_renamed(WfSimulation *simulation, const char *schema, const char *name,
					  const char *new_schema, const char *new_name)
{
	WfRelation	from = {.schema = (char *) schema, .name = (char *) name};
	WfRelation	to = {.schema = (char *) new_schema, .name = (char *) new_name};
	List	   *moved = NIL;
	SimName		key;
	Waiting    *waiting;
	bool		found;
	ListCell   *lc;

	if (simulation->waiting == NULL)
		return;
	key = key_of(simulation, &from);
	waiting = wf_sim_find(simulation->waiting, key.schema, key.name);
	foreach(lc, waiting ? waiting->deferred : NIL)
	{
		/* Views are to take the old name. */
		if (((WfDeferred *) lfirst(lc))->finding->deferral == WF_DEFER_VIEW)
			continue;
		moved = lappend(moved, lfirst(lc));
		waiting->deferred = foreach_delete_current(waiting->deferred, lc);
	}
	if (moved == NIL)
		return;
	key = key_of(simulation, &to);
	waiting = wf_sim_enter(simulation, simulation->waiting, key.schema, key.name, &found);
	waiting->deferred = found ? list_concat(waiting->deferred, moved) : moved;
}

static SimName
key_of(WfSimulation *simulation, const WfRelation *relation)
{
	SimName		key = {"", ""};

	if (relation)
	{
		key.schema = relation->schema ? relation->schema : wf_sim_first_schema(simulation);
		key.name = relation->name;
	}
	return key;
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
