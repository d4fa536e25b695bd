/*
 * simulate_schema.c: schemas as the text under check has left them so far.
 *
 * What the text made, renamed or dropped is kept; of others the live catalog
 * knows.  A schema with another name than in the live catalog still holds what
 * it does there.
 */
#include "common/compat.h"

#include "migration/simulate.h"

typedef struct SimSchema
{
	SimName		key;			/* without schema */
	const char *live;			/* its name in the live catalog; NULL: the
								 * text made it */
	bool		exists;
} SimSchema;

static SimSchema *find(WfSimulation *simulation, const char *name);
static SimSchema *entry_of(WfSimulation *simulation, const char *name);

static SimSchema *
find(WfSimulation *simulation, const char *name)
{
	return wf_sim_find(simulation->known_schemas, "", name);
}

/* The entry, made as the live catalog has it where there is none. */
static SimSchema *
entry_of(WfSimulation *simulation, const char *name)
{
	SimSchema  *schema;
	bool		found;

	if (simulation->known_schemas == NULL)
		simulation->known_schemas = wf_sim_table(simulation, "wishflags simulated schemas", sizeof(SimSchema));
	schema = wf_sim_enter(simulation, simulation->known_schemas, "", name, &found);
	if (!found)
	{
		schema->exists = simulation->live->has_schema(simulation->live, name);
		schema->live = schema->exists ? schema->key.name : NULL;
	}
	return schema;
}

bool
wf_sim_has_schema(WfCatalog *catalog, const char *name)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimSchema  *schema = find(simulation, name);

	return schema ? schema->exists : simulation->live->has_schema(simulation->live, name);
}

/* Did the text make it? */
bool
wf_sim_schema_is_new(WfSimulation *simulation, const char *name)
{
	SimSchema  *schema = simulation ? find(simulation, name) : NULL;

	return schema && schema->exists && schema->live == NULL;
}

/* The name to look up in the live catalog; NULL where that has nothing of it. */
const char *
wf_sim_live_schema(WfSimulation *simulation, const char *name)
{
	SimSchema  *schema = find(simulation, name);

	return schema ? schema->live : name;
}

void
wf_sim_create_schema(WfSimulation *simulation, const char *name)
{
	entry_of(simulation, name)->exists = true;
}

/* The schema goes with all that is in it. */
void
wf_sim_drop_schema(WfSimulation *simulation, const char *name)
{
	SimSchema  *schema = entry_of(simulation, name);

	schema->exists = false;
	schema->live = NULL;
	wf_sim_empty_schema(simulation, name);
	wf_sim_empty_types(simulation, name);
}

/* What is in it goes along under the new name. */
void
wf_sim_rename_schema(WfSimulation *simulation, const char *name, const char *new_name)
{
	SimSchema  *from = entry_of(simulation, name);
	SimSchema  *to = entry_of(simulation, new_name);

	if (!from->exists || to == from)
		return;
	to->exists = true;
	to->live = from->live;
	from->exists = false;
	from->live = NULL;
	wf_sim_move_relations(simulation, name, to->key.name);
	wf_sim_move_types(simulation, name, to->key.name);
}
