/*
 * simulate_heirs.c: relations that go with others, after what the text under check
 * has done so far: partitions, tables that inherit, views.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"

#include "common/list.h"
#include "ddl/uses.h"
#include "migration/simulate.h"

static int	id_of(WfSimulation *simulation, SimRelation *entry);
static bool is_table(const SimRelation *entry);
static List *all_below(WfSimulation *simulation, SimRelation *base, bool (*is_wanted) (const SimRelation *entry));
static List *next_below(WfSimulation *simulation, SimRelation *base, bool (*is_wanted) (const SimRelation *entry));
static bool is_partition(const SimRelation *entry);

/* The text makes the heir on a base, or attaches it to one. */
void
wf_sim_build_on(WfSimulation *simulation, SimRelation *heir, const RangeVar *base)
{
	SimRelation *entry = wf_sim_relation(simulation, base);
	MemoryContext old;

	if (entry->relation->missing || entry == heir)
		return;
	entry->altered = true;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	if (!list_member_int(heir->built_on, id_of(simulation, entry)))
	{
		heir->built_on = lappend_int(heir->built_on, entry->id);
		entry->heirs = lappend_int(entry->heirs, id_of(simulation, heir));
	}
	MemoryContextSwitchTo(old);
}

/* The heir stays where the base goes. */
void
wf_sim_part_from(WfSimulation *simulation, SimRelation *heir, SimRelation *base)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

	heir->built_on = list_delete_int(heir->built_on, id_of(simulation, base));
	heir->left = list_append_unique_int(heir->left, base->id);
	MemoryContextSwitchTo(old);
}

static int
id_of(WfSimulation *simulation, SimRelation *entry)
{
	if (entry->id)
		return entry->id;
	if (simulation->last_id + 1 >= simulation->of_id_size)
	{
		int			size = Max(simulation->of_id_size * 2, 64);

		simulation->of_id = simulation->of_id ? repalloc_huge(simulation->of_id, size * sizeof(SimRelation *)) :
			MemoryContextAlloc(simulation->catalog.context, size * sizeof(SimRelation *));
		simulation->of_id_size = size;
	}
	entry->id = ++simulation->last_id;
	simulation->of_id[entry->id] = entry;
	return entry->id;
}

/*
 * All tables below a table, each once: its partitions, or those that inherit from it.
 * A text may say that two inherit from each other.
 */
List *
wf_sim_heirs(WfSimulation *simulation, SimRelation *base)
{
	return all_below(simulation, base, is_table);
}

/* All that is built on an entry, or on what is, of those that are wanted; each once. */
static List *
all_below(WfSimulation *simulation, SimRelation *base, bool (*is_wanted) (const SimRelation *entry))
{
	List	   *found = list_make1(base);
	int			visit = ++simulation->visits;

	base->visit = visit;
	/* The list grows meanwhile. */
	for (int i = 0; i < list_length(found); i++)
	{
		ListCell   *lc;

		foreach(lc, next_below(simulation, list_nth(found, i), is_wanted))
		{
			SimRelation *entry = lfirst(lc);

			if (entry->visit == visit)
				continue;
			entry->visit = visit;
			found = lappend(found, entry);
		}
	}
	return list_delete_first(found);
}

/* What is built on an entry itself, of those that are wanted; one may be there twice. */
static List *
next_below(WfSimulation *simulation, SimRelation *base, bool (*is_wanted) (const SimRelation *entry))
{
	List	   *heirs = NIL;
	ListCell   *lc;

	foreach(lc, base->heirs)
	{
		SimRelation *heir = simulation->of_id[lfirst_int(lc)];

		/* It may be gone, with its entry that of another one. */
		if (heir->id == lfirst_int(lc) && list_member_int(heir->built_on, base->id) && is_wanted(heir))
			heirs = lappend(heirs, heir);
	}
	foreach(lc, is_table(base) && OidIsValid(base->relation->relid) ? simulation->live->partitions(simulation->live, base->relation) : NIL)
	{
		const RangeVar *name = lfirst(lc);
		SimRelation *heir = wf_sim_of_live(simulation, name->schemaname, name->relname);

		if (heir && is_wanted(heir) && !(base->id && list_member_int(heir->left, base->id)))
			heirs = lappend(heirs, heir);
	}
	return heirs;
}

static bool
is_partition(const SimRelation *entry)
{
	return is_table(entry) && entry->relation->is_partition;
}

static bool
is_table(const SimRelation *entry)
{
	return wf_sim_is_there(entry) &&
		(entry->relation->kind == RELKIND_RELATION || entry->relation->kind == RELKIND_PARTITIONED_TABLE ||
		 entry->relation->kind == RELKIND_FOREIGN_TABLE);
}

/* The text makes a view of what the statement names. */
void
wf_sim_build_on_used(WfSimulation *simulation, SimRelation *heir, Node *stmt)
{
	WfUses		uses;
	MemoryContext old;
	ListCell   *lc;

	wf_ddl_uses(stmt, &uses);
	foreach(lc, uses.relations)
		wf_sim_build_on(simulation, heir, ((WfRelationUse *) lfirst(lc))->name);
	old = MemoryContextSwitchTo(simulation->catalog.context);
	heir->used = NIL;
	foreach(lc, uses.columns)
		heir->used = lappend(heir->used, wf_sim_string(simulation, ((WfColumnUse *) lfirst(lc))->name));
	MemoryContextSwitchTo(old);
}

/* Partitions get the indexes of their parent. */
void
wf_sim_match_below(WfSimulation *simulation, SimRelation *parent)
{
	ListCell   *lc;

	if (parent->relation->kind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach(lc, wf_sim_heirs(simulation, parent))
		wf_sim_match_indexes(simulation, lfirst(lc), parent);
}

/* The text drops the base: partitions go with it, and with CASCADE all that is built on it. */
void
wf_sim_drop_heirs(WfSimulation *simulation, SimRelation *base, bool cascade)
{
	ListCell   *lc;

	foreach(lc, all_below(simulation, base, cascade ? wf_sim_is_there : is_partition))
		wf_sim_drop_entry(simulation, lfirst(lc));
}

/* The text drops a column, and with CASCADE the views that name it. */
void
wf_sim_column_dropped(WfSimulation *simulation, SimRelation *entry, const char *name, bool cascade)
{
	ListCell   *lc;

	entry->altered = true;
	foreach(lc, cascade ? next_below(simulation, entry, wf_sim_is_there) : NIL)
	{
		SimRelation *view = lfirst(lc);

		/* SELECT * names all. */
		if (is_table(view) || !(list_member_ptr(view->used, NULL) || wf_common_list_has(view->used, name)))
			continue;
		wf_sim_drop_heirs(simulation, view, true);
		wf_sim_drop_entry(simulation, view);
	}
	wf_sim_drop_column(simulation, entry, name);
	wf_sim_drop_parts(simulation, entry, name);
}
