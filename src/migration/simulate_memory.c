/*
 * simulate_memory.c: what a simulation remembers, close together.
 *
 * A text of many thousand statements makes as many relations, columns and
 * names, a few bytes each: what a memory context adds to every one of them would
 * be more than they are.  None is given back before the simulation ends.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "migration/simulate.h"

/* Less than this is taken from a block; its size is one that a context has anyway. */
#define BLOCK_SIZE 8192

static void *take(WfSimulation *simulation, Size size, Size align);
static uint32 hash_key(const void *key, Size size);
static int	compare_keys(const void *one, const void *other, Size size);

/* Zeroed memory that lives as long as the simulation. */
void *
wf_sim_alloc(WfSimulation *simulation, Size size)
{
	return take(simulation, size, MAXIMUM_ALIGNOF);
}

/* A copy that lives as long; NULL of NULL. */
char *
wf_sim_string(WfSimulation *simulation, const char *string)
{
	Size		size;

	if (string == NULL)
		return NULL;
	size = strlen(string) + 1;
	return memcpy(take(simulation, size, 1), string, size);
}

/* A list of such copies. */
List *
wf_sim_strings(WfSimulation *simulation, List *strings)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	List	   *copy = NIL;
	ListCell   *lc;

	foreach(lc, strings)
		copy = lappend(copy, wf_sim_string(simulation, lfirst(lc)));
	MemoryContextSwitchTo(old);
	return copy;
}

/* A copy of a schema's name; the few of a text are shared. */
char *
wf_sim_schema(WfSimulation *simulation, const char *schema)
{
	char	   *copy;

	for (int i = 0; i < lengthof(simulation->schemas) && simulation->schemas[i]; i++)
	{
		if (strcmp(simulation->schemas[i], schema) == 0)
			return simulation->schemas[i];
	}
	copy = wf_sim_string(simulation, schema);
	simulation->schemas[simulation->next_schema++ % lengthof(simulation->schemas)] = copy;
	return copy;
}

/* Strings come from the end of the block, so that they need no alignment. */
static void *
take(WfSimulation *simulation, Size size, Size align)
{
	size = TYPEALIGN(align, size);
	if (size > BLOCK_SIZE / 4)
		return MemoryContextAllocZero(simulation->catalog.context, size);
	if (size > simulation->block_left)
	{
		simulation->block = MemoryContextAllocZero(simulation->catalog.context, BLOCK_SIZE);
		simulation->block_left = BLOCK_SIZE;
	}
	simulation->block_left -= size;
	if (align == 1)
		return simulation->block + simulation->block_left;
	simulation->block += size;
	return simulation->block - size;
}

/*
 * A hash table by schema and name, for as long as the simulation; entries begin
 * with a SimName.  What has no schema, has an empty one.
 */
HTAB *
wf_sim_table(WfSimulation *simulation, const char *what, Size entrysize)
{
	HASHCTL		control = {
		.keysize = sizeof(SimName),
		.entrysize = entrysize,
		.hash = hash_key,
		.match = compare_keys,
		.hcxt = simulation->catalog.context,
	};

	return hash_create(what, 64, &control, HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

static uint32
hash_key(const void *key, Size size)
{
	return wf_sim_hash_name(*(const SimName *) key);
}

static int
compare_keys(const void *one, const void *other, Size size)
{
	const SimName *a = one;
	const SimName *b = other;

	return strcmp(a->name, b->name) != 0 || strcmp(a->schema, b->schema) != 0;
}

uint32
wf_sim_hash_name(SimName key)
{
	return hash_combine(hash_bytes((const unsigned char *) key.schema, strlen(key.schema)),
						hash_bytes((const unsigned char *) key.name, strlen(key.name)));
}

/* The entry, or NULL; also of a table that is NULL. */
void *
wf_sim_find(HTAB *table, const char *schema, const char *name)
{
	SimName		key = {schema, name};

	return table ? hash_search(table, &key, HASH_FIND, NULL) : NULL;
}

/* The entry, made where there is none: then what follows its key is to be filled. */
void *
wf_sim_enter(WfSimulation *simulation, HTAB *table, const char *schema, const char *name, bool *found)
{
	SimName		key = {schema, name};
	SimName    *entry = hash_search(table, &key, HASH_ENTER, found);

	if (!*found)
	{
		entry->schema = wf_sim_schema(simulation, schema);
		entry->name = wf_sim_string(simulation, name);
	}
	return entry;
}

/* The entry is there no more; table may be NULL. */
void
wf_sim_remove(HTAB *table, const char *schema, const char *name)
{
	SimName		key = {schema, name};

	if (table)
		(void) hash_search(table, &key, HASH_REMOVE, NULL);
}
