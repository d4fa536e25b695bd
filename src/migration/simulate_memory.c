/*
 * simulate_memory.c: what a simulation remembers, close together.
 *
 * A text of many thousand statements makes as many relations, columns and
 * names, a few bytes each: what a memory context adds to every one of them would
 * be more than they are.  None is given back before the simulation ends.
 */
#include "common/compat.h"

#include "utils/memutils.h"

#include "migration/simulate.h"

/* Less than this is taken from a block; its size is one that a context has anyway. */
#define BLOCK_SIZE 8192

static void *take(WfSimulation *simulation, Size size, Size align);

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
