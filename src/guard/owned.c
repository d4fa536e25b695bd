/*
 * owned.c: the live catalog as the current role may change it.
 *
 * To a role that may not run the command on an object the rules say nothing:
 * PostgreSQL refuses it itself, and nothing about the object gets out.
 */
#include "common/compat.h"

#include "catalog/catalog.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "common/extension.h"
#include "guard/owned.h"

typedef struct OwnedCatalog
{
	WfCatalog	catalog;
	const Node *tree;
	WfRelation *(*relation) (WfCatalog *catalog, const RangeVar *name);
	WfType	   *(*type) (WfCatalog *catalog, List *names);
} OwnedCatalog;

static WfRelation *owned_relation(WfCatalog *catalog, const RangeVar *name);
static bool may_change(const WfRelation *relation, const Node *tree);
static bool owns_schema(const char *name);
static WfType *owned_type(WfCatalog *catalog, List *names);

/* For the rules that look at the command with this tree. */
WfCatalog *
wf_guard_owned_catalog(const Node *tree)
{
	OwnedCatalog *owned = palloc(sizeof(OwnedCatalog));
	WfCatalog  *live = wf_ddl_catalog_live();

	owned->catalog = *live;
	owned->tree = tree;
	owned->relation = live->relation;
	owned->type = live->type;
	owned->catalog.relation = owned_relation;
	owned->catalog.type = owned_type;
	return &owned->catalog;
}

static WfRelation *
owned_relation(WfCatalog *catalog, const RangeVar *name)
{
	OwnedCatalog *owned = (OwnedCatalog *) catalog;
	WfRelation *relation;

	/* The elements of CREATE SCHEMA mean the schema that is not there yet. */
	if (IsA(owned->tree, CreateSchemaStmt) && name->schemaname == NULL)
		return NULL;
	relation = owned->relation(catalog, name);
	/* PostgreSQL refuses to change its catalogs, too. */
	if (relation == NULL || IsCatalogRelationOid(relation->relid) || !may_change(relation, owned->tree))
		return NULL;
	/* Nobody shall be locked out of the policies. */
	if (IsA(owned->tree, TruncateStmt) && strcmp(relation->schema, WF_SCHEMA_NAME) == 0)
		return NULL;
	/* A new partitioned table can have old tables as partitions. */
	if (relation->kind == RELKIND_PARTITIONED_TABLE)
		relation->created_here = false;
	return relation;
}

/* Some commands are for others than the owner, too. */
static bool
may_change(const WfRelation *relation, const Node *tree)
{
	Oid			table = relation->relid;

	if (wf_relation_ownercheck(table, GetUserId()))
		return true;
	if (relation->kind == RELKIND_INDEX || relation->kind == RELKIND_PARTITIONED_INDEX)
		table = IndexGetRelation(table, true);
	if (!OidIsValid(table))
		return false;
	switch (nodeTag(tree))
	{
		case T_DropStmt:
			return owns_schema(relation->schema);
		case T_TruncateStmt:
			return pg_class_aclcheck(table, GetUserId(), ACL_TRUNCATE) == ACLCHECK_OK;
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_VacuumStmt:
		case T_RefreshMatViewStmt:
			return wf_may_maintain(table, GetUserId());
		default:
			return false;
	}
}

static bool
owns_schema(const char *name)
{
	Oid			schema = get_namespace_oid(name, true);

	return OidIsValid(schema) && wf_schema_ownercheck(schema, GetUserId());
}

/* A type may be dropped by the owner of its schema, too. */
static WfType *
owned_type(WfCatalog *catalog, List *names)
{
	WfType	   *type = ((OwnedCatalog *) catalog)->type(catalog, names);

	if (type == NULL || wf_type_ownercheck(type->oid, GetUserId()))
		return type;
	return owns_schema(type->schema) ? type : NULL;
}
