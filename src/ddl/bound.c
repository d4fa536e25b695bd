/*
 * bound.c: whether a table's constraints prove the bounds of a partition.
 */
#include "common/compat.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_node.h"
#include "parser/parse_utilcmd.h"
#include "partitioning/partbounds.h"
#include "storage/lmgr.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "common/protect.h"
#include "ddl/catalog_parts.h"

typedef struct Proof
{
	Relation	parent;
	Relation	child;
	PartitionBoundSpec *bound;
	bool		holds;
} Proof;

static bool is_literal(List *datums);
static Relation look_at(Oid relid, char kind);
static bool lock_ancestors(Oid relid, List **locked);
static void prove(void *arg);

/*
 * Whether the valid constraints of the table imply the bounds, as ATTACH
 * PARTITION asks it (tablecmds.c, ATExecAttachPartition()), so that nothing is
 * read.  Only of bounds that are literals, for nothing is computed here, and of
 * tables that can be looked at without waiting.
 */
bool
wf_ddl_live_proves_bound(WfCatalog *catalog, WfRelation *parent, WfRelation *child, const PartitionBoundSpec *bound)
{
	WfAttempt	attempt = {.undo = true};
	Proof		proof = {.holds = false};
	List	   *locked = NIL;
	ListCell   *lc;

	if (bound->is_default || !is_literal(bound->listdatums) || !is_literal(bound->lowerdatums) ||
		!is_literal(bound->upperdatums))
		return false;
	proof.parent = look_at(parent->relid, RELKIND_PARTITIONED_TABLE);
	proof.child = look_at(child->relid, RELKIND_RELATION);
	proof.bound = copyObjectImpl(bound);
	/* A bound that does not fit fails when it is run, too. */
	if (proof.parent && proof.child && lock_ancestors(parent->relid, &locked) && RelationGetPartitionKey(proof.parent)->partexprs == NIL &&
		!wf_common_attempt(&attempt, prove, &proof))
		proof.holds = false;
	foreach(lc, locked)
		UnlockRelationOid(lfirst_oid(lc), AccessShareLock);
	if (proof.parent)
		table_close(proof.parent, AccessShareLock);
	if (proof.child)
		table_close(proof.child, AccessShareLock);
	return proof.holds;
}

/* Constants, and MINVALUE or MAXVALUE, which the grammar leaves as names. */
static bool
is_literal(List *datums)
{
	ListCell   *lc;

	foreach(lc, datums)
	{
		if (!IsA(lfirst(lc), A_Const) && !IsA(lfirst(lc), ColumnRef))
			return false;
	}
	return true;
}

/* Opens the table under the weakest lock; NULL where that would wait, or it is of another kind. */
static Relation
look_at(Oid relid, char kind)
{
	Relation	rel;

	if (!OidIsValid(relid) || !ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	rel = try_relation_open(relid, NoLock);
	if (rel && rel->rd_rel->relkind == kind)
		return rel;
	if (rel)
		relation_close(rel, NoLock);
	UnlockRelationOid(relid, AccessShareLock);
	return NULL;
}

/* Their bounds count as well, for which the server opens them; false where that would wait. */
static bool
lock_ancestors(Oid relid, List **locked)
{
	ListCell   *lc;

	foreach(lc, get_partition_ancestors(relid))
	{
		if (!ConditionalLockRelationOid(lfirst_oid(lc), AccessShareLock))
			return false;
		*locked = lappend_oid(*locked, lfirst_oid(lc));
	}
	return true;
}

static void
prove(void *arg)
{
	Proof	   *proof = arg;
	PartitionBoundSpec *bound = transformPartitionBound(make_parsestate(NULL), proof->parent, proof->bound);
	List	   *qual = list_concat(get_qual_from_partbound(proof->parent, bound),
								   list_copy(RelationGetPartitionQual(proof->parent)));

	if (qual != NIL)
	{
		qual = (List *) eval_const_expressions(NULL, (Node *) qual);
		qual = map_partition_varattnos(list_make1(make_ands_explicit(qual)), 1, proof->child, proof->parent);
	}
	proof->holds = qual == NIL || PartConstraintImpliedByRelConstraint(proof->child, qual);
}
