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
static void drop_entry(WfSimulation *simulation, const SimRelation *entry);
static List *next_below(WfSimulation *simulation, SimRelation *base, bool (*is_wanted) (const SimRelation *entry));
static bool is_relation(const SimRelation *entry);
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
	heir->built_on = list_append_unique_int(heir->built_on, id_of(simulation, entry));
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
	if (entry->id == 0)
		entry->id = ++simulation->last_id;
	return entry->id;
}

/*
 * All tables below a table, each once: its partitions, or those that inherit from it.
 * A text may say that two inherit from each other.
 */
List *
wf_sim_heirs(WfSimulation *simulation, SimRelation *base)
{
	List	   *tables = list_make1(base);

	/* The list grows meanwhile. */
	for (int i = 0; i < list_length(tables); i++)
		tables = list_concat_unique_ptr(tables, next_below(simulation, list_nth(tables, i), is_table));
	return list_delete_first(tables);
}

/* What is built on an entry itself, of those that are wanted. */
static List *
next_below(WfSimulation *simulation, SimRelation *base, bool (*is_wanted) (const SimRelation *entry))
{
	List	   *heirs = NIL;
	ListCell   *lc;

	foreach(lc, base->id ? wf_sim_built_on(simulation, base->id) : NIL)
	{
		if (is_wanted(lfirst(lc)))
			heirs = lappend(heirs, lfirst(lc));
	}
	foreach(lc, is_table(base) && OidIsValid(base->relation->relid) ? simulation->live->partitions(simulation->live, base->relation) : NIL)
	{
		const RangeVar *name = lfirst(lc);
		SimRelation *heir = wf_sim_of_live(simulation, name->schemaname, name->relname);

		if (heir && is_wanted(heir) && !(base->id && list_member_int(heir->left, base->id)))
			heirs = list_append_unique_ptr(heirs, heir);
	}
	return heirs;
}

static bool
is_relation(const SimRelation *entry)
{
	return entry->relation && !entry->relation->missing;
}

static bool
is_partition(const SimRelation *entry)
{
	return is_table(entry) && entry->relation->is_partition;
}

static bool
is_table(const SimRelation *entry)
{
	return is_relation(entry) &&
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
	List	   *going = list_make1(base);

	for (int i = 0; i < list_length(going); i++)
		going = list_concat_unique_ptr(going, next_below(simulation, list_nth(going, i), cascade ? is_relation : is_partition));
	for (int i = 1; i < list_length(going); i++)
		drop_entry(simulation, list_nth(going, i));
}

/* The text drops a column, and with CASCADE the views that name it. */
void
wf_sim_column_dropped(WfSimulation *simulation, SimRelation *entry, const char *name, bool cascade)
{
	ListCell   *lc;

	entry->altered = true;
	foreach(lc, cascade && entry->id ? wf_sim_built_on(simulation, entry->id) : NIL)
	{
		SimRelation *view = lfirst(lc);

		/* SELECT * names all. */
		if (is_table(view) || !(list_member_ptr(view->used, NULL) || wf_common_list_has(view->used, name)))
			continue;
		wf_sim_drop_heirs(simulation, view, true);
		drop_entry(simulation, view);
	}
	wf_sim_drop_column(simulation, entry, name);
	wf_sim_drop_parts(simulation, entry, name);
}

static void
drop_entry(WfSimulation *simulation, const SimRelation *entry)
{
	wf_sim_drop(simulation, makeRangeVar(unconstify(char *, entry->key.schema), unconstify(char *, entry->key.name), -1));
}
