/*
 * judge.c: what the rules of the migration check say of a live command.
 *
 * The rules are those of the registry, one function each, fed with the event
 * trigger's raw parse tree and the live catalog.  Which of them the guard
 * heeds, and for which objects, stands in the table here.
 */
#include "common/compat.h"

#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "ddl/lock.h"
#include "ddl/populated.h"
#include "guard/describe.h"
#include "guard/judge.h"
#include "guard/reindex.h"
#include "guard/source.h"
#include "migration/rule.h"

/* A rule that the guard heeds, and whether a finding of it is a danger here. */
typedef struct GuardedRule
{
	const char *id;
	bool		(*is_danger) (const WfGuardCommand *command, const WfFinding *finding);
} GuardedRule;

/* The live catalog without what the current role does not own. */
typedef struct OwnedCatalog
{
	WfCatalog	catalog;
	WfRelation *(*relation) (WfCatalog *catalog, const RangeVar *name);
	WfType	   *(*type) (WfCatalog *catalog, List *names);
} OwnedCatalog;

static bool builds_on_rows(const WfGuardCommand *command, const WfFinding *finding);
static bool changes_used_enum(const WfGuardCommand *command, const WfFinding *finding);
static bool rebuilds_on_rows(const WfGuardCommand *command, const WfFinding *finding);

/*
 * CREATE INDEX as an element of CREATE SCHEMA is on a table of that new schema,
 * so there is nothing to heed in that statement.
 */
static const GuardedRule guarded_rules[] = {
	{"index-not-concurrent", builds_on_rows},
	{"add-unique-builds-index", builds_on_rows},
	{"add-primary-key-builds-index", builds_on_rows},
	{"add-exclusion-constraint", builds_on_rows},
	{"enum-add-value", changes_used_enum},
	{"enum-rename-value", changes_used_enum},
	{"rename-other", changes_used_enum},
	{"move-schema", changes_used_enum},
	{"drop-type", changes_used_enum},
	{"reindex-not-concurrent", rebuilds_on_rows},
};

static const Bitmapset *heeded_rules(void);
static const GuardedRule *guarded_rule(const char *id);
static WfCatalog *owned_catalog(void);
static WfRelation *owned_relation(WfCatalog *catalog, const RangeVar *name);
static WfType *owned_type(WfCatalog *catalog, List *names);
static List *dangers(const WfGuardCommand *command, WfCatalog *catalog, const WfGuardSource *source);
static bool is_second_primary_key(const WfFinding *finding);
static bool builds_nothing(const WfGuardCommand *command, Oid table);
static bool is_there_already(Oid table, const AlterTableCmd *cmd);
static bool adds_index(const AlterTableCmd *cmd);
static bool is_index_constraint(const Node *node);
static bool has_label(Oid type, const char *label);

/*
 * Whether the statement can be dangerous at all, by its tree alone.  Most DDL
 * ends here, and pays neither for a subtransaction nor for look-ups.
 */
bool
wf_guard_looks_at(const Node *tree)
{
	ListCell   *lc;

	switch (nodeTag(tree))
	{
		case T_IndexStmt:
			return !((const IndexStmt *) tree)->concurrent;
		case T_AlterTableStmt:
			foreach(lc, ((const AlterTableStmt *) tree)->cmds)
			{
				if (adds_index(lfirst_node(AlterTableCmd, lc)))
					return true;
			}
			return false;
		case T_AlterEnumStmt:
			return true;
		case T_RenameStmt:
			return ((const RenameStmt *) tree)->renameType == OBJECT_TYPE;
		case T_AlterObjectSchemaStmt:
			return ((const AlterObjectSchemaStmt *) tree)->objectType == OBJECT_TYPE;
		case T_DropStmt:
			return ((const DropStmt *) tree)->removeType == OBJECT_TYPE;
		case T_ReindexStmt:
			return !wf_ddl_option_is_on(((const ReindexStmt *) tree)->params, "concurrently");
		default:
			return false;
	}
}

/* Does a part of ALTER TABLE add a constraint that builds an index? */
static bool
adds_index(const AlterTableCmd *cmd)
{
	ListCell   *lc;

	if (cmd->subtype == AT_AddConstraint)
		return is_index_constraint(cmd->def);
	if (cmd->subtype != AT_AddColumn)
		return false;
	foreach(lc, castNode(ColumnDef, cmd->def)->constraints)
	{
		if (is_index_constraint(lfirst(lc)))
			return true;
	}
	return false;
}

static bool
is_index_constraint(const Node *node)
{
	const Constraint *constraint = (const Constraint *) node;

	if (!IsA(node, Constraint) || constraint->indexname)
		return false;
	return constraint->contype == CONSTR_UNIQUE || constraint->contype == CONSTR_PRIMARY ||
		constraint->contype == CONSTR_EXCLUSION;
}

/*
 * The reasons not to run the command: a List of WfGuardFinding in
 * CurrentMemoryContext.  The statement's source is looked for only where there
 * is a reason, for the commands in its HINT.
 */
List *
wf_guard_judge_statement(const WfGuardCommand *command)
{
	WfCatalog  *catalog = owned_catalog();
	List	   *found = dangers(command, catalog, NULL);
	List	   *described = NIL;
	WfGuardSource source;
	ListCell   *lc;

	if (found == NIL)
		return NIL;
	if (wf_guard_find_source(command->tree, &source))
		found = dangers(command, catalog, &source);
	else
		source.text = NULL;
	foreach(lc, found)
		described = lappend(described,
							wf_guard_describe(command, lfirst(lc), source.text ? &source : NULL));
	return described;
}

/* The findings of the heeded rules that are a danger to the objects as they are. */
static List *
dangers(const WfGuardCommand *command, WfCatalog *catalog, const WfGuardSource *source)
{
	WfRuleSession session = {.in_transaction = command->place != WF_GUARD_PLACE_ALONE};
	List	   *found;
	List	   *kept = NIL;
	ListCell   *lc;

	found = wf_migration_check_node(catalog, &session, command->tree,
									source ? source->text : NULL,
									source ? source->location : 0,
									source ? source->length : 0, heeded_rules());
	foreach(lc, found)
	{
		WfFinding  *finding = lfirst(lc);

		if (guarded_rule(finding->rule->id)->is_danger(command, finding))
			kept = lappend(kept, finding);
	}
	return kept;
}

/* The indexes of the guarded rules in the registry; made once a session. */
static const Bitmapset *
heeded_rules(void)
{
	static Bitmapset *heeded = NULL;

	if (heeded == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
		Bitmapset  *rules = NULL;

		for (int i = 0; i < lengthof(guarded_rules); i++)
		{
			int			index = wf_migration_rule_index(guarded_rules[i].id);

			Assert(index >= 0);
			rules = bms_add_member(rules, index);
		}
		heeded = rules;
		MemoryContextSwitchTo(old);
	}
	return heeded;
}

static const GuardedRule *
guarded_rule(const char *id)
{
	for (int i = 0; i < lengthof(guarded_rules); i++)
	{
		if (strcmp(guarded_rules[i].id, id) == 0)
			return &guarded_rules[i];
	}
	elog(ERROR, "rule \"%s\" is not guarded", id);
	return NULL;				/* keep compiler quiet */
}

/*
 * To a role that does not own an object the rules say nothing: PostgreSQL
 * refuses the command itself, and nothing about the object gets out.
 */
static WfCatalog *
owned_catalog(void)
{
	OwnedCatalog *owned = palloc(sizeof(OwnedCatalog));
	WfCatalog  *live = wf_ddl_catalog_live();

	owned->catalog = *live;
	owned->relation = live->relation;
	owned->type = live->type;
	owned->catalog.relation = owned_relation;
	owned->catalog.type = owned_type;
	return &owned->catalog;
}

static WfRelation *
owned_relation(WfCatalog *catalog, const RangeVar *name)
{
	WfRelation *relation = ((OwnedCatalog *) catalog)->relation(catalog, name);

	/* PostgreSQL refuses to change its catalogs, too. */
	if (relation == NULL || IsCatalogRelationOid(relation->relid) ||
		!wf_relation_ownercheck(relation->relid, GetUserId()))
		return NULL;
	/* A new partitioned table can have old tables as partitions. */
	if (relation->kind == RELKIND_PARTITIONED_TABLE)
		relation->created_here = false;
	return relation;
}

/* A type may be dropped by the owner of its schema, too. */
static WfType *
owned_type(WfCatalog *catalog, List *names)
{
	WfType	   *type = ((OwnedCatalog *) catalog)->type(catalog, names);
	Oid			schema;

	if (type == NULL || wf_type_ownercheck(type->oid, GetUserId()))
		return type;
	schema = get_namespace_oid(type->schema, true);
	return OidIsValid(schema) && wf_schema_ownercheck(schema, GetUserId()) ? type : NULL;
}

/* Does the command build an index on rows that others may be using? */
static bool
builds_on_rows(const WfGuardCommand *command, const WfFinding *finding)
{
	return finding->relation && !builds_nothing(command, finding->relation->relid) &&
		!is_second_primary_key(finding) && wf_ddl_holds_rows(finding->relation->relid);
}

/* Of an index, the finding's relation is its table. */
static bool
rebuilds_on_rows(const WfGuardCommand *command, const WfFinding *finding)
{
	return wf_guard_rebuilds_rows(castNode(ReindexStmt, command->tree),
								  finding->relation ? finding->relation->relid : InvalidOid);
}

/* A table has one primary key at most; PostgreSQL says so itself. */
static bool
is_second_primary_key(const WfFinding *finding)
{
	Oid			constraint;

	if (strcmp(finding->rule->id, "add-primary-key-builds-index") != 0)
		return false;
	(void) get_primary_key_attnos(finding->relation->relid, true, &constraint);
	return OidIsValid(constraint);
}

/* IF NOT EXISTS with the thing there, or a partitioned table without its partitions. */
static bool
builds_nothing(const WfGuardCommand *command, Oid table)
{
	if (IsA(command->tree, IndexStmt))
	{
		IndexStmt  *index = (IndexStmt *) command->tree;

		return index->if_not_exists && index->idxname &&
			OidIsValid(get_relname_relid(index->idxname, get_rel_namespace(table)));
	}
	if (IsA(command->tree, AlterTableStmt))
	{
		AlterTableStmt *alter = (AlterTableStmt *) command->tree;
		ListCell   *lc;

		if (!alter->relation->inh && get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
			return true;
		foreach(lc, alter->cmds)
		{
			AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

			if (adds_index(cmd) && !is_there_already(table, cmd))
				return false;
		}
		return true;
	}
	return false;
}

/* ADD COLUMN IF NOT EXISTS of a column that exists. */
static bool
is_there_already(Oid table, const AlterTableCmd *cmd)
{
	return cmd->subtype == AT_AddColumn && cmd->missing_ok &&
		get_attnum(table, castNode(ColumnDef, cmd->def)->colname) != InvalidAttrNumber;
}

/*
 * Does the command change an enum that a column uses?  Where the label is
 * missing or there already, PostgreSQL does nothing or says so itself.
 */
static bool
changes_used_enum(const WfGuardCommand *command, const WfFinding *finding)
{
	WfType	   *type = finding->type;

	if (type == NULL || type->kind != TYPTYPE_ENUM || type->uses <= 0)
		return false;
	if (IsA(command->tree, AlterEnumStmt))
	{
		AlterEnumStmt *alter = (AlterEnumStmt *) command->tree;

		if (has_label(type->oid, alter->newVal) ||
			(alter->oldVal && !has_label(type->oid, alter->oldVal)))
			return false;
	}
	return true;
}

static bool
has_label(Oid type, const char *label)
{
	return SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(type), CStringGetDatum(label));
}
