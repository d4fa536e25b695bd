/*
 * simulate_taken.c: which names constraints have, after what the text under check
 * has done so far, for the names that the server would choose.
 */
#include "common/compat.h"

#include "common/hashfn.h"

#include "migration/simulate.h"

/* The relation that the text gave a constraint of this name last. */
typedef struct Holder
{
	SimName		key;
	SimRelation *relation;
	uint32		hash;
	char		status;
} Holder;

#define SH_PREFIX simholder
#define SH_ELEMENT_TYPE Holder
#define SH_KEY_TYPE SimName
#define SH_KEY key
#define SH_HASH_KEY(tb, key) wf_sim_hash_name(key)
#define SH_EQUAL(tb, a, b) (strcmp((a).name, (b).name) == 0 && strcmp((a).schema, (b).schema) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, slot) (slot)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* See WfCatalog.name_pass. */
typedef struct NamePass
{
	SimKey		key;
	int			pass;
} NamePass;

uint32
wf_sim_hash_name(SimName key)
{
	return hash_combine(hash_bytes((const unsigned char *) key.schema, strlen(key.schema)),
						hash_bytes((const unsigned char *) key.name, strlen(key.name)));
}

/* The relation has a constraint of this name, which lives as long as the simulation. */
void
wf_sim_note_holder(WfSimulation *simulation, SimRelation *relation, const char *name)
{
	SimName		key = {relation->key.schema, name};
	bool		found;

	if (name == NULL)
		return;
	if (simulation->holders == NULL)
		simulation->holders = simholder_create(simulation->catalog.context, 64, NULL);
	simholder_insert(simulation->holders, key, &found)->relation = relation;
}

/* WfCatalog.has_constraint */
bool
wf_sim_has_constraint(WfCatalog *catalog, const char *schema, const char *name, RangeVar **table)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimName		key = {schema, name};
	Holder	   *holder = simulation->holders ? simholder_lookup(simulation->holders, key) : NULL;
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
	SimKey		key;
	bool		found;

	if (simulation->passes == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(SimKey),
			.entrysize = sizeof(NamePass),
			.hcxt = simulation->catalog.context,
		};

		simulation->passes = hash_create("wishflags chosen names", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	wf_sim_make_key(&key, schema ? schema : "", name);
	entry = hash_search(simulation->passes, &key, HASH_ENTER, &found);
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
