/*
 * simulate.c: the catalog as the text under check has left it so far.
 *
 * An entry is made for each relation and type that the text names; it holds
 * what the live catalog says and what the text changed.  Names are resolved
 * schema by schema along the search_path of that point of the text.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "migration/simulate.h"

/* Temporary relations are found before all others. */
#define TEMPORARY_SCHEMA "pg_temp"

/* Entries move as the table grows, and what they point to stays. */
typedef struct SimSlot
{
	SimName		key;
	SimRelation *relation;
	uint32		hash;
	char		status;
} SimSlot;

#define SH_PREFIX simrelation
#define SH_ELEMENT_TYPE SimSlot
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

static WfRelation *sim_relation(WfCatalog *catalog, const RangeVar *name);
static void sim_measure(WfCatalog *catalog, WfRelation *relation);
static bool is_kept(const SimRelation *entry);
static List *sim_search_path(WfCatalog *catalog);
static SimRelation *entry_in(WfSimulation *simulation, const char *schema, const char *name);
static SimRelation *new_entry(WfSimulation *simulation);
static WfRelation *new_relation(WfSimulation *simulation);
static void note_fresh(WfSimulation *simulation, SimRelation *entry);
static bool is_live(const SimRelation *entry, const char *schema, const char *name);
static bool take_stats(WfSimulation *simulation, WfRelation *relation);

static inline WfSimulation *
simulation_of(WfCatalog *catalog)
{
	return (WfSimulation *) catalog;
}

/* A simulation on top of the live catalog, in CurrentMemoryContext. */
WfSimulation *
wf_migration_simulation(WfCatalog *live)
{
	WfSimulation *simulation = palloc0(sizeof(WfSimulation));

	simulation->catalog = (WfCatalog)
	{
		.context = CurrentMemoryContext,
			.server_version = live->server_version,
			.simulated = true,
			.relation = sim_relation,
			.index_table = wf_sim_index_table,
			.measure = sim_measure,
			.column = wf_sim_column,
			.constraints = wf_sim_constraints,
			.constraint = wf_sim_constraint,
			.has_constraint = wf_sim_has_constraint,
			.name_pass = wf_sim_name_pass,
			.indexes = wf_sim_indexes,
			.type = wf_sim_type,
			.type_uses = wf_sim_type_uses,
			.has_label = wf_sim_has_label,
			.column_type = wf_sim_column_type,
			.constraint_sql = wf_sim_constraint_sql,
			.last_label = wf_sim_last_label,
			.type_change = wf_sim_type_change,
			.column_of = live->column_of,
			.rebuilt_indexes = live->rebuilt_indexes,
			.partition_key = wf_sim_partition_key,
			.partitions = wf_sim_partitions,
			.partition_parent = wf_sim_partition_parent,
			.default_partition = wf_sim_default_partition,
			.index_matches = wf_sim_index_matches,
			.proves_bound = wf_sim_proves_bound,
			.volatility = wf_sim_volatility,
			.search_path = sim_search_path,
			.dependents = wf_sim_dependents,
			.drop_blockers = wf_sim_drop_blockers,
			.cascade = wf_sim_cascade,
			.has_schema = wf_sim_has_schema,
			.has_database = wf_sim_has_database,
			.has_part = wf_sim_has_part,
			.policies = wf_sim_policies,
			.has_routine = wf_sim_has_routine,
			.routine_change = wf_sim_routine_change,
			.publications = wf_sim_publications,
			.publishes_changes = wf_sim_publishes_changes,
			.null_fraction = wf_sim_null_fraction,
	};
	simulation->live = live;
	simulation->relations = simrelation_create(CurrentMemoryContext, 64, NULL);
	simulation->types = wf_sim_table(simulation, "wishflags simulated types", wf_sim_type_entry_size());
	simulation->settings.search_path = live->search_path(live);
	simulation->first = simulation->lasting = simulation->began_with = simulation->settings;
	return simulation;
}

/* Where an object without a schema is made. */
const char *
wf_sim_first_schema(WfSimulation *simulation)
{
	ListCell   *lc;

	foreach(lc, simulation->settings.search_path)
	{
		/*
		 * Neither the system's nor the session's temporary schema, nor one
		 * that is not there.
		 */
		if (strncmp(lfirst(lc), "pg_", 3) != 0 && wf_sim_has_schema(&simulation->catalog, lfirst(lc)))
			return lfirst(lc);
	}
	return "public";
}

/* The entry of this very schema and name, filled from the live catalog. */
static SimRelation *
entry_in(WfSimulation *simulation, const char *schema, const char *name)
{
	SimName		key = {schema, name};
	uint32		hash = wf_sim_hash_name(key);
	SimSlot    *slot = simrelation_lookup_hash(simulation->relations, key, hash);
	RangeVar	live_name = {.type = T_RangeVar, .inh = true};
	SimRelation *entry;
	bool		found;

	if (slot)
		return slot->relation;
	entry = new_entry(simulation);
	entry->key.schema = wf_sim_schema(simulation, schema);
	entry->key.name = live_name.relname = wf_sim_string(simulation, name);
	live_name.schemaname = unconstify(char *, wf_sim_live_schema(simulation, entry->key.schema));
	if (live_name.schemaname)
		entry->relation = simulation->live->relation(simulation->live, &live_name);
	if (entry->relation)
		entry->live = (SimName)
	{
		live_name.schemaname, entry->key.name
	};
	/* The text may have given its schema another name. */
	if (entry->relation && live_name.schemaname != entry->key.schema)
		entry->relation->schema = unconstify(char *, entry->key.schema);
	slot = simrelation_insert_hash(simulation->relations, entry->key, hash, &found);
	slot->relation = entry;
	note_fresh(simulation, entry);
	return entry;
}

/* An entry that was let go of, or a new one. */
static SimRelation *
new_entry(WfSimulation *simulation)
{
	SimRelation *entry = simulation->spare;

	if (entry == NULL)
		return wf_sim_alloc(simulation, sizeof(SimRelation));
	simulation->spare = (SimRelation *) entry->relation;
	memset(entry, 0, sizeof(SimRelation));
	return entry;
}

static WfRelation *
new_relation(WfSimulation *simulation)
{
	WfRelation *relation = simulation->spare_relation;

	if (relation == NULL)
		return wf_sim_alloc(simulation, sizeof(WfRelation));
	simulation->spare_relation = (WfRelation *) relation->schema;
	memset(relation, 0, sizeof(WfRelation));
	return relation;
}

static void
note_fresh(WfSimulation *simulation, SimRelation *entry)
{
	if (simulation->nfresh == simulation->fresh_size)
	{
		Size		size = Max(simulation->fresh_size * 2, 16);

		simulation->fresh = simulation->fresh ? repalloc_huge(simulation->fresh, size * sizeof(SimRelation *)) :
			MemoryContextAlloc(simulation->catalog.context, size * sizeof(SimRelation *));
		simulation->fresh_size = size;
	}
	simulation->fresh[simulation->nfresh++] = entry;
}

/* Has the text done something to it, be it there or not? */
static bool
is_kept(const SimRelation *entry)
{
	return entry->altered || entry->gone || entry->indexes != NIL || entry->parts != NIL || entry->dropped_columns != NIL;
}

/*
 * Lets go of what the statement only asked for and nobody has: a text may name
 * more than it makes.  Pointers to relations that are missing end here, but for
 * those that were to be kept.
 */
void
wf_sim_forget(WfSimulation *simulation)
{
	while (simulation->nfresh > 0)
	{
		SimRelation *entry = simulation->fresh[--simulation->nfresh];

		if (is_kept(entry) || wf_sim_is_there(entry))
			continue;
		simrelation_delete(simulation->relations, entry->key);
		if (entry->relation)
		{
			entry->relation->schema = (char *) simulation->spare_relation;
			simulation->spare_relation = entry->relation;
		}
		entry->relation = (WfRelation *) simulation->spare;
		simulation->spare = entry;
	}
	simulation->last_name = NULL;
}

/* A list of the simulation points to the relation from here on. */
void
wf_sim_keep(WfSimulation *simulation, WfRelation *relation)
{
	if (relation->missing)
		wf_sim_entry(simulation, relation)->altered = true;
}

/*
 * The entry that a name means.  Where no schema has it, it is one that is
 * marked missing, in the schema where it would be made.
 */
SimRelation *
wf_sim_relation(WfSimulation *simulation, const RangeVar *name)
{
	SimRelation *entry = NULL;
	const char *schema = name->schemaname;

	if (schema)
		entry = entry_in(simulation, schema, name->relname);
	else
	{
		ListCell   *lc;

		if (simulation->has_temporary)
		{
			entry = entry_in(simulation, TEMPORARY_SCHEMA, name->relname);
			if (wf_sim_is_there(entry))
				return entry;
		}
		foreach(lc, simulation->settings.search_path)
		{
			entry = entry_in(simulation, lfirst(lc), name->relname);
			if (wf_sim_is_there(entry))
				return entry;
		}
		schema = wf_sim_first_schema(simulation);
		entry = entry_in(simulation, schema, name->relname);
	}
	if (entry->relation == NULL)
	{
		WfRelation *relation = new_relation(simulation);

		relation->schema = name->schemaname ? unconstify(char *, entry->key.schema) : NULL;
		relation->name = unconstify(char *, entry->key.name);
		relation->kind = RELKIND_RELATION;
		relation->persistence = 'p';
		relation->rows = -1;
		relation->bytes = -1;
		relation->measured = true;
		relation->missing = true;
		(void) take_stats(simulation, relation);
		entry->relation = relation;
	}
	return entry;
}

/* The rules ask for the relation of a statement over and over. */
static WfRelation *
sim_relation(WfCatalog *catalog, const RangeVar *name)
{
	WfSimulation *simulation = simulation_of(catalog);

	if (name != simulation->last_name)
	{
		simulation->last_entry = wf_sim_relation(simulation, name);
		simulation->last_name = name;
	}
	return simulation->last_entry->relation;
}

SimRelation *
wf_sim_entry(WfSimulation *simulation, WfRelation *relation)
{
	if (simulation->last_name && simulation->last_entry->relation == relation)
		return simulation->last_entry;
	return entry_in(simulation, relation->schema ? relation->schema : wf_sim_first_schema(simulation),
					relation->name);
}

/* The entry that a statement would make, or finds there; others of the search_path are not in its way. */
SimRelation *
wf_sim_made_as(WfSimulation *simulation, const RangeVar *name)
{
	const char *schema = name->schemaname ? name->schemaname :
	name->relpersistence == RELPERSISTENCE_TEMP ? TEMPORARY_SCHEMA : wf_sim_first_schema(simulation);

	return entry_in(simulation, schema, name->relname);
}

/* The text makes a relation. */
SimRelation *
wf_sim_create(WfSimulation *simulation, const RangeVar *name, char kind)
{
	SimRelation *entry = wf_sim_made_as(simulation, name);
	WfRelation *relation = entry->relation;

	if (relation && relation->missing)
		memset(relation, 0, sizeof(WfRelation));
	else
		relation = new_relation(simulation);
	relation->schema = unconstify(char *, entry->key.schema);
	relation->name = unconstify(char *, entry->key.name);
	relation->kind = kind;
	relation->persistence = name->relpersistence;
	simulation->has_temporary |= name->relpersistence == RELPERSISTENCE_TEMP;
	relation->created_here = true;
	relation->measured = true;
	relation->population = WF_POPULATION_EMPTY;
	entry->relation = relation;
	wf_sim_forget_parts(entry);
	entry->loaded = true;
	entry->altered = true;
	entry->gone = false;
	return entry;
}

/* Of the relation's parts may be others than the live catalog has. */
void
wf_sim_note_altered(WfSimulation *simulation, const RangeVar *name)
{
	wf_sim_relation(simulation, name)->altered = true;
}

/* Is it the live relation, with the parts that it has? */
bool
wf_sim_is_untouched(WfSimulation *simulation, const RangeVar *name)
{
	SimRelation *entry = wf_sim_relation(simulation, name);

	return OidIsValid(entry->relation->relid) && !entry->altered;
}

/* The entry of this very schema and name. */
SimRelation *
wf_sim_exact(WfSimulation *simulation, const char *schema, const char *name)
{
	return entry_in(simulation, schema, name);
}

/* The entry of what has this name in the live catalog, whatever it is called by now; NULL where it is gone. */
SimRelation *
wf_sim_of_live(WfSimulation *simulation, const char *schema, const char *name)
{
	SimRelation *entry = wf_sim_exact(simulation, schema, name);
	simrelation_iterator iterator;
	SimSlot    *slot;

	/* An entry that was never touched is the one that was asked for. */
	if (entry->relation && is_live(entry, schema, name))
		return entry;
	simrelation_start_iterate(simulation->relations, &iterator);
	while ((slot = simrelation_iterate(simulation->relations, &iterator)) != NULL)
	{
		if (slot->relation->relation && is_live(slot->relation, schema, name))
			return slot->relation;
	}
	return NULL;
}

static bool
is_live(const SimRelation *entry, const char *schema, const char *name)
{
	return entry->live.name && strcmp(entry->live.name, name) == 0 && strcmp(entry->live.schema, schema) == 0;
}

/* The text drops a relation. */
void
wf_sim_drop(WfSimulation *simulation, const RangeVar *name)
{
	wf_sim_drop_entry(simulation, wf_sim_relation(simulation, name));
}

/* The same of the relation that an entry is of, where there is one. */
void
wf_sim_drop_entry(WfSimulation *simulation, SimRelation *entry)
{
	if (entry->relation == NULL)
		return;
	entry->gone = true;
	/* Where there is nothing, nothing is dropped. */
	if (entry->relation->missing && !entry->altered && entry->indexes == NIL && entry->parts == NIL)
		return;
	wf_sim_index_dropped(simulation, entry);
	wf_sim_forget_indexes(simulation, entry);
	wf_sim_settle_dropped(simulation, entry->relation);
	entry->altered = true;
	entry->relation = NULL;
	entry->table.name = NULL;
	wf_sim_forget_parts(entry);
	wf_sim_forget_passes(simulation);
	entry->loaded = false;
}

/* The text gives a relation another name or schema; NULL keeps the old one. */
void
wf_sim_rename(WfSimulation *simulation, const RangeVar *name, const char *schema, const char *new_name)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	SimRelation *from = wf_sim_relation(simulation, name);
	SimRelation copy;
	SimRelation *to;
	SimName		key;
	ListCell   *lc;

	wf_sim_load_parts(simulation, from);
	if (new_name)
		wf_sim_index_renamed(simulation, from, new_name);
	/* The stats know it by its old name. */
	if (simulation->stats && from->relation)
		wf_ddl_measure(&simulation->catalog, from->relation);
	from->altered = true;
	copy = *from;
	copy.gone = false;
	from->gone = true;
	from->relation = NULL;
	from->table.name = NULL;
	wf_sim_forget_parts(from);
	if (schema == NULL)
		schema = copy.key.schema;
	to = entry_in(simulation, schema, new_name ? new_name : copy.key.name);
	key = to->key;
	*to = copy;
	to->key = key;
	if (to->id)
		simulation->of_id[to->id] = to;
	to->relation = new_relation(simulation);
	*to->relation = *copy.relation;
	to->relation->schema = unconstify(char *, key.schema);
	to->relation->name = unconstify(char *, key.name);
	foreach(lc, simulation->held)
	{
		if (((WfHeldLock *) lfirst(lc))->relation == copy.relation)
			((WfHeldLock *) lfirst(lc))->relation = to->relation;
	}
	wf_sim_settle_renamed(simulation, copy.key.schema, copy.key.name, key.schema, key.name);
	wf_sim_move_indexes(simulation, copy.key.schema, to);
	foreach(lc, to->constraints)
		wf_sim_note_holder(simulation, to, ((WfConstraint *) lfirst(lc))->name);
	wf_sim_forget_passes(simulation);
	MemoryContextSwitchTo(old);
}

/* The text drops all that is in a schema. */
void
wf_sim_empty_schema(WfSimulation *simulation, const char *schema)
{
	simrelation_iterator iterator;
	SimSlot    *slot;

	simrelation_start_iterate(simulation->relations, &iterator);
	while ((slot = simrelation_iterate(simulation->relations, &iterator)) != NULL)
	{
		SimRelation *entry = slot->relation;

		if (strcmp(entry->key.schema, schema) != 0)
			continue;
		entry->altered = true;
		entry->relation = NULL;
		entry->table.name = NULL;
		wf_sim_forget_parts(entry);
		entry->loaded = false;
	}
	wf_sim_forget_passes(simulation);
	simulation->last_name = NULL;
}

/*
 * The text moves all that is in a schema, as far as it was named, to a new one; what
 * it has taken away is not there either.
 */
void
wf_sim_move_relations(WfSimulation *simulation, const char *schema, const char *new_schema)
{
	List	   *names = NIL;
	List	   *gone = NIL;
	simrelation_iterator iterator;
	SimSlot    *slot;
	ListCell   *lc;

	simrelation_start_iterate(simulation->relations, &iterator);
	while ((slot = simrelation_iterate(simulation->relations, &iterator)) != NULL)
	{
		if (strcmp(slot->relation->key.schema, schema) != 0)
			continue;
		if (wf_sim_is_there(slot->relation))
			names = lappend(names, unconstify(char *, slot->relation->key.name));
		else if (slot->relation->altered)
			gone = lappend(gone, unconstify(char *, slot->relation->key.name));
	}
	foreach(lc, gone)
	{
		SimRelation *entry = wf_sim_exact(simulation, new_schema, lfirst(lc));

		entry->relation = NULL;
		entry->altered = true;
	}
	foreach(lc, names)
	{
		/* An index goes with its table. */
		if (wf_sim_exact(simulation, schema, lfirst(lc))->relation)
			wf_sim_rename(simulation, makeRangeVar(unconstify(char *, schema), lfirst(lc), -1), new_schema, NULL);
	}
	simulation->last_name = NULL;
}

static void
sim_measure(WfCatalog *catalog, WfRelation *relation)
{
	WfSimulation *simulation = simulation_of(catalog);

	if (!take_stats(simulation, relation))
		simulation->live->measure(simulation->live, relation);
}

/*
 * The sizes that were taken elsewhere, where they name the relation; one that
 * is missing may be in any schema of the search_path.
 */
static bool
take_stats(WfSimulation *simulation, WfRelation *relation)
{
	const WfStatsTable *table = NULL;
	ListCell   *lc;

	if (simulation->stats == NULL || wf_ddl_is_private(relation))
		return false;
	if (relation->schema)
		table = wf_migration_stats_table(simulation->stats, relation->schema, relation->name);
	else
	{
		foreach(lc, simulation->settings.search_path)
		{
			table = wf_migration_stats_table(simulation->stats, lfirst(lc), relation->name);
			if (table)
				break;
		}
	}
	if (table == NULL)
		return false;
	relation->from_stats = true;
	relation->population = table->bytes > 0 ? WF_POPULATION_POPULATED : WF_POPULATION_EMPTY;
	relation->rows = table->rows;
	relation->bytes = table->bytes;
	relation->index_bytes = table->index_bytes;
	relation->writes_per_second = table->writes_per_second;
	relation->scans_per_second = table->scans_per_second;
	return true;
}

static List *
sim_search_path(WfCatalog *catalog)
{
	return simulation_of(catalog)->settings.search_path;
}
