/*
 * index_match.c: whether an index of a table can stand for one of the
 * partitioned table that it is attached to.
 *
 * What CompareIndexInfo() asks of two open indexes, read from the catalogs
 * without a lock.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"

/* Columns of one table become those of the same name of another. */
typedef struct Renumbering
{
	Oid			from;
	Oid			to;
} Renumbering;

static bool keys_match(HeapTuple parent, HeapTuple child);
static const oidvector *vector_of(HeapTuple index, int attnum);
static bool classes_match(HeapTuple parent, HeapTuple child, int count);
static bool trees_match(HeapTuple parent, HeapTuple child, int attnum);
static Node *renumber(Node *node, void *context);
static AttrNumber attnum_of_same_name(const Renumbering *renumbering, AttrNumber attnum);

/* WfCatalog.index_matches. */
bool
wf_ddl_live_index_matches(WfCatalog *catalog, const WfIndex *parent_index, const WfIndex *child_index)
{
	HeapTuple	parent = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(parent_index->indexid));
	HeapTuple	child = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(child_index->indexid));
	bool		match = false;

	if (HeapTupleIsValid(parent) && HeapTupleIsValid(child))
		match = keys_match(parent, child) &&
			trees_match(parent, child, Anum_pg_index_indexprs) &&
			trees_match(parent, child, Anum_pg_index_indpred);
	if (HeapTupleIsValid(parent))
		ReleaseSysCache(parent);
	if (HeapTupleIsValid(child))
		ReleaseSysCache(child);
	return match;
}

static bool
keys_match(HeapTuple parent, HeapTuple child)
{
	Form_pg_index one = (Form_pg_index) GETSTRUCT(parent);
	Form_pg_index two = (Form_pg_index) GETSTRUCT(child);
	Renumbering renumbering = {one->indrelid, two->indrelid};

	/* The server compares no indexes of EXCLUDE constraints. */
	if (one->indisunique != two->indisunique || one->indnullsnotdistinct != two->indnullsnotdistinct ||
		one->indnatts != two->indnatts || one->indnkeyatts != two->indnkeyatts ||
		one->indisexclusion || two->indisexclusion)
		return false;
	for (int i = 0; i < one->indnatts; i++)
	{
		AttrNumber	attnum = one->indkey.values[i];

		if (attnum != 0)
			attnum = attnum_of_same_name(&renumbering, attnum);
		if (attnum != two->indkey.values[i])
			return false;
	}
	return classes_match(parent, child, one->indnkeyatts);
}

/* A column of type oidvector, which is never NULL. */
static const oidvector *
vector_of(HeapTuple index, int attnum)
{
	bool		isnull;

	return (oidvector *) DatumGetPointer(SysCacheGetAttr(INDEXRELID, index, attnum, &isnull));
}

static bool
classes_match(HeapTuple parent, HeapTuple child, int count)
{
	const oidvector *one = vector_of(parent, Anum_pg_index_indclass);
	const oidvector *two = vector_of(child, Anum_pg_index_indclass);

	if (memcmp(vector_of(parent, Anum_pg_index_indcollation)->values, vector_of(child, Anum_pg_index_indcollation)->values,
			   count * sizeof(Oid)) != 0)
		return false;
	for (int i = 0; i < count; i++)
	{
		if (one->values[i] != two->values[i] &&
			get_opclass_family(one->values[i]) != get_opclass_family(two->values[i]))
			return false;
	}
	return true;
}

/* Expressions or predicate: the same, once the columns have the child's numbers. */
static bool
trees_match(HeapTuple parent, HeapTuple child, int attnum)
{
	Renumbering renumbering = {
		((Form_pg_index) GETSTRUCT(parent))->indrelid, ((Form_pg_index) GETSTRUCT(child))->indrelid
	};
	bool		no_one;
	bool		no_two;
	Datum		one = SysCacheGetAttr(INDEXRELID, parent, attnum, &no_one);
	Datum		two = SysCacheGetAttr(INDEXRELID, child, attnum, &no_two);

	if (no_one || no_two)
		return no_one == no_two;
	return equal(renumber(stringToNode(TextDatumGetCString(one)), &renumbering), stringToNode(TextDatumGetCString(two)));
}

static Node *
renumber(Node *node, void *context)
{
	if (node && IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);

		var->varattno = attnum_of_same_name(context, var->varattno);
		var->varattnosyn = var->varattno;
		return (Node *) var;
	}
	return expression_tree_mutator(node, renumber, context);
}

/* System columns and the whole row stay. */
static AttrNumber
attnum_of_same_name(const Renumbering *renumbering, AttrNumber attnum)
{
	char	   *name = attnum > 0 ? get_attname(renumbering->from, attnum, true) : NULL;

	return name ? get_attnum(renumbering->to, name) : attnum;
}
