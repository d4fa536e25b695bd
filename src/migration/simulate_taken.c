/*
 * simulate_taken.c: which names constraints have, after what the text under check
 * has done so far, for the names that the server would choose.
 */
#include "common/compat.h"

#include "migration/simulate.h"

/* The relation that the text gave a constraint of this name last. */
typedef struct Holder
{
	SimName		key;
	SimRelation *relation;
} Holder;

/* See WfCatalog.name_pass. */
typedef struct NamePass
{
	SimName		key;
	int			pass;
} NamePass;

/* The relation has a constraint of this name. */
void
wf_sim_note_holder(WfSimulation *simulation, SimRelation *relation, const char *name)
{
	Holder	   *holder;
	bool		found;

	if (name == NULL)
		return;
	if (simulation->holders == NULL)
		simulation->holders = wf_sim_table(simulation, "wishflags holders of constraints", sizeof(Holder));
	holder = wf_sim_enter(simulation, simulation->holders, relation->key.schema, name, &found);
	holder->relation = relation;
}

/* WfCatalog.has_constraint */
bool
wf_sim_has_constraint(WfCatalog *catalog, const char *schema, const char *name, RangeVar **table)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	Holder	   *holder = wf_sim_find(simulation->holders, schema, name);
	const char *live = wf_sim_live_schema(simulation, schema);
	RangeVar   *found = NULL;

	Assert(table == NULL);
	if (holder && strcmp(holder->relation->key.schema, schema) == 0 && wf_sim_constraint_of(simulation, holder->relation, name))
		return true;
	if (live == NULL || !simulation->live->has_constraint(simulation->live, live, name, &found))
		return false;
	/* The text may have taken it away, but not from a domain. */
	return found == NULL || wf_sim_constraint_of(simulation, wf_sim_exact(simulation, schema, found->relname), name) != NULL;
}

/* WfCatalog.name_pass */
int *
wf_sim_name_pass(WfCatalog *catalog, const char *schema, const char *name)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	NamePass   *entry;
	bool		found;

	if (simulation->passes == NULL)
		simulation->passes = wf_sim_table(simulation, "wishflags chosen names", sizeof(NamePass));
	entry = wf_sim_enter(simulation, simulation->passes, schema ? schema : "", name, &found);
	if (!found)
		entry->pass = 0;
	return &entry->pass;
}

/* A name has become free, so that a search may end with a lower number. */
void
wf_sim_forget_passes(WfSimulation *simulation)
{
	hash_destroy(simulation->passes);
	simulation->passes = NULL;
}
