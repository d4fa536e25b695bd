/*
 * drop_blockers.c: what makes DROP of an object fail.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "ddl/drop_search.h"

/* A list of WfDependent, each once; NIL also for a kind that is not read. */
List *
wf_ddl_live_drop_blockers(WfCatalog *catalog, const DropStmt *stmt)
{
	WfDropSearch search = {.gone = wf_ddl_drop_make_gone()};
	WfDropSearch told = {.gone = wf_ddl_drop_make_gone()};
	MemoryContext old;
	List	   *dependents = NIL;
	ListCell   *lc;

	foreach(lc, stmt->objects)
		wf_ddl_drop_add_named(catalog, &search, stmt->removeType, lfirst(lc));
	/* The list grows while it is walked. */
	for (int i = 0; i < list_length(search.going); i++)
		wf_ddl_drop_follow(&search, &((WfDropGoing *) list_nth(search.going, i))->address);
	old = MemoryContextSwitchTo(catalog->context);
	foreach(lc, search.blockers)
	{
		WfDropBlocker *blocker = lfirst(lc);
		WfDependent *dependent;

		CHECK_FOR_INTERRUPTS();
		if (wf_ddl_drop_find(&search, &blocker->address) || !wf_ddl_drop_add(&told, &blocker->address))
			continue;
		dependent = wf_ddl_drop_describe(blocker);
		if (dependent)
			dependents = lappend(dependents, dependent);
	}
	MemoryContextSwitchTo(old);
	hash_destroy(search.gone);
	hash_destroy(told.gone);
	return dependents;
}
