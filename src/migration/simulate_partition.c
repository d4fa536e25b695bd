/*
 * simulate_partition.c: partitioned tables, after what the text under check has
 * done so far.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"

#include "migration/simulate.h"

/* That of a live table whose column still has its name. */
char *
wf_sim_partition_key(WfCatalog *catalog, WfRelation *relation)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	char	   *name = OidIsValid(relation->relid) ?
	simulation->live->partition_key(simulation->live, relation) : NULL;

	return name && catalog->column(catalog, relation, name) ? name : NULL;
}

/* Those of a live table, where the text has left them what they are. */
List *
wf_sim_partitions(WfCatalog *catalog, WfRelation *parent)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	List	   *partitions;
	ListCell   *lc;

	if (!OidIsValid(parent->relid) || wf_sim_entry(simulation, parent)->parted)
		return NIL;
	partitions = simulation->live->partitions(simulation->live, parent);
	foreach(lc, partitions)
	{
		if (!OidIsValid(catalog->relation(catalog, lfirst(lc))->relid))
			return NIL;
	}
	return partitions;
}

/* That of a live partition, where the text has touched neither. */
RangeVar *
wf_sim_partition_parent(WfCatalog *catalog, WfRelation *partition)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	RangeVar   *parent = OidIsValid(partition->relid) ? simulation->live->partition_parent(simulation->live, partition) : NULL;

	return parent && wf_sim_is_untouched(simulation, parent) &&
		wf_sim_is_untouched(simulation, makeRangeVar(partition->schema, partition->name, -1)) ? parent : NULL;
}

/* That of a live table, if it still is one. */
RangeVar *
wf_sim_default_partition(WfCatalog *catalog, WfRelation *parent)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	RangeVar   *partition = OidIsValid(parent->relid) ? simulation->live->default_partition(simulation->live, parent) : NULL;
	WfRelation *relation = partition ? catalog->relation(catalog, partition) : NULL;

	return relation && OidIsValid(relation->relid) && relation->is_partition ? partition : NULL;
}

bool
wf_sim_index_matches(WfCatalog *catalog, const WfIndex *parent_index, const WfIndex *child_index)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	return simulation->live->index_matches(simulation->live, parent_index, child_index);
}

/* Of live tables that the text has not touched. */
bool
wf_sim_proves_bound(WfCatalog *catalog, WfRelation *parent, WfRelation *child, const PartitionBoundSpec *bound)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	return OidIsValid(parent->relid) && OidIsValid(child->relid) &&
		wf_sim_is_untouched(simulation, makeRangeVar(parent->schema, parent->name, -1)) &&
		wf_sim_is_untouched(simulation, makeRangeVar(child->schema, child->name, -1)) &&
		simulation->live->proves_bound(simulation->live, parent, child, bound);
}
