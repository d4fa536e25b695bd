/*
 * target.c: the objects that a command is about to change, and what of them.
 *
 * Relations are found by name without a lock, since the command locks them
 * itself; the rest by the server's own look-up, in a subtransaction of the
 * caller's that is undone and gives the locks back.
 */
#include "common/compat.h"

#include "access/relation.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/policy.h"
#include "commands/trigger.h"
#include "nodes/makefuncs.h"
#include "rewrite/rewriteSupport.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "record/definition.h"

static ObjectAddress find_named(ObjectType type, Node *object);
static ObjectAddress find_part(ObjectType type, const RangeVar *relation, const char *name);
static ObjectAddress find_relation(const RangeVar *name);
static ObjectAddress find_replaced(CreateFunctionStmt *create);
static Node *type_of_names(List *names);
static bool changes_no_state(const Node *tree);
static char *parts_state(AlterTableStmt *alter, Oid relid);
static char *part_state(AlterTableCmd *cmd, Oid relid);
static void add_target(List **targets, Node *tree, ObjectAddress address);

/* Whether the command can change an object that is there, as far as is looked into. */
bool
wf_record_has_targets(const Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_AlterTableStmt:
		case T_DropStmt:
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
		case T_CommentStmt:
		case T_AlterEnumStmt:
		case T_AlterDomainStmt:
		case T_AlterFunctionStmt:
			return true;
		case T_CreateFunctionStmt:
			return ((const CreateFunctionStmt *) tree)->replace;
		case T_ViewStmt:
			return ((const ViewStmt *) tree)->replace;
		default:
			return false;
	}
}

/* Whether what the command leaves behind is told by its definition, and by nothing that was there before. */
bool
wf_record_makes(const Node *tree)
{
	return !wf_record_has_targets(tree) && !changes_no_state(tree);
}

/* Whether nothing that wf_record_state() tells is changed by the command. */
static bool
changes_no_state(const Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_GrantStmt:
		case T_AlterDefaultPrivilegesStmt:
		case T_AlterOwnerStmt:
		case T_RefreshMatViewStmt:
		case T_ReindexStmt:
			return true;
		default:
			return false;
	}
}

/* What the command changes of what is there: a List of WfRecordTarget. */
List *
wf_record_targets(Node *tree)
{
	List	   *targets = NIL;
	ListCell   *lc;

	switch (nodeTag(tree))
	{
		case T_AlterTableStmt:
			add_target(&targets, tree, find_relation(((AlterTableStmt *) tree)->relation));
			break;
		case T_DropStmt:
			foreach(lc, ((DropStmt *) tree)->objects)
				add_target(&targets, tree, find_named(((DropStmt *) tree)->removeType, lfirst(lc)));
			break;
		case T_RenameStmt:
			{
				RenameStmt *rename = (RenameStmt *) tree;

				if (rename->relation)
					add_target(&targets, tree, find_part(rename->renameType, rename->relation, rename->subname));
				/* Of a schema it is only the name that the tree has. */
				else
					add_target(&targets, tree, find_named(rename->renameType, rename->object ? rename->object :
														  (Node *) makeString(rename->subname)));
				break;
			}
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *move = (AlterObjectSchemaStmt *) tree;

				add_target(&targets, tree, move->relation ? find_relation(move->relation) :
						   find_named(move->objectType, move->object));
				break;
			}
		case T_CommentStmt:
			add_target(&targets, tree, find_named(((CommentStmt *) tree)->objtype, ((CommentStmt *) tree)->object));
			break;
		case T_AlterEnumStmt:
			add_target(&targets, tree, find_named(OBJECT_TYPE, (Node *) ((AlterEnumStmt *) tree)->typeName));
			break;
		case T_AlterDomainStmt:
			add_target(&targets, tree, find_named(OBJECT_TYPE, (Node *) ((AlterDomainStmt *) tree)->typeName));
			break;
		case T_AlterFunctionStmt:
			add_target(&targets, tree, find_named(((AlterFunctionStmt *) tree)->objtype,
												  (Node *) ((AlterFunctionStmt *) tree)->func));
			break;
		case T_CreateFunctionStmt:
			add_target(&targets, tree, find_replaced((CreateFunctionStmt *) tree));
			break;
		case T_ViewStmt:
			add_target(&targets, tree, find_relation(((ViewStmt *) tree)->view));
			break;
		default:
			break;
	}
	return targets;
}

static void
add_target(List **targets, Node *tree, ObjectAddress address)
{
	WfRecordTarget *target;

	if (!OidIsValid(address.objectId))
		return;
	target = palloc0(sizeof(WfRecordTarget));
	target->address = address;
	target->relid = wf_record_relation_of(tree, &address);
	target->state = wf_record_state(tree, &address);
	*targets = lappend(*targets, target);
}

/* An object as DROP and COMMENT name it. */
static ObjectAddress
find_named(ObjectType type, Node *object)
{
	Relation	relation = NULL;
	ObjectAddress address;

	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			return find_relation(makeRangeVarFromNameList(castNode(List, object)));
		case OBJECT_COLUMN:
		case OBJECT_TABCONSTRAINT:
		case OBJECT_TRIGGER:
		case OBJECT_RULE:
		case OBJECT_POLICY:
			{
				List	   *names = castNode(List, object);
				int			last = list_length(names) - 1;

				if (last < 1)
					return InvalidObjectAddress;
				return find_part(type, makeRangeVarFromNameList(list_truncate(list_copy(names), last)),
								 strVal(llast(names)));
			}
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			if (IsA(object, List))
				object = type_of_names((List *) object);
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
		case OBJECT_SCHEMA:
		case OBJECT_EXTENSION:
		case OBJECT_STATISTIC_EXT:
			break;
		default:
			return InvalidObjectAddress;
	}
	address = get_object_address(type, object, &relation, AccessShareLock, true);
	if (relation)
		relation_close(relation, NoLock);
	return address;
}

static Node *
type_of_names(List *names)
{
	return (Node *) makeTypeNameFromNameList(names);
}

/* What belongs to a relation; or the relation itself. */
static ObjectAddress
find_part(ObjectType type, const RangeVar *relation, const char *name)
{
	ObjectAddress address = find_relation(relation);
	Oid			relid = address.objectId;

	if (!OidIsValid(relid))
		return address;
	switch (type)
	{
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			address.objectSubId = get_attnum(relid, name);
			if (address.objectSubId == InvalidAttrNumber)
				return InvalidObjectAddress;
			break;
		case OBJECT_TABCONSTRAINT:
			ObjectAddressSet(address, ConstraintRelationId, get_relation_constraint_oid(relid, name, true));
			break;
		case OBJECT_TRIGGER:
			ObjectAddressSet(address, TriggerRelationId, get_trigger_oid(relid, name, true));
			break;
		case OBJECT_RULE:
			ObjectAddressSet(address, RewriteRelationId, get_rewrite_oid(relid, name, true));
			break;
		case OBJECT_POLICY:
			ObjectAddressSet(address, PolicyRelationId, get_relation_policy_oid(relid, name, true));
			break;
		default:
			break;
	}
	return address;
}

static ObjectAddress
find_relation(const RangeVar *name)
{
	ObjectAddress address;

	ObjectAddressSet(address, RelationRelationId, RangeVarGetRelid(name, NoLock, true));
	return address;
}

/* The routine that CREATE OR REPLACE replaces. */
static ObjectAddress
find_replaced(CreateFunctionStmt *create)
{
	ObjectWithArgs *routine = makeNode(ObjectWithArgs);
	ListCell   *lc;

	routine->objname = create->funcname;
	foreach(lc, create->parameters)
	{
		FunctionParameter *parameter = lfirst_node(FunctionParameter, lc);

		if (parameter->mode != FUNC_PARAM_TABLE && (create->is_procedure || parameter->mode != FUNC_PARAM_OUT))
			routine->objargs = lappend(routine->objargs, parameter->argType);
	}
	return find_named(create->is_procedure ? OBJECT_PROCEDURE : OBJECT_FUNCTION, (Node *) routine);
}

/* The relation that the object is, or belongs to as far as the command tells; else InvalidOid. */
Oid
wf_record_relation_of(Node *tree, const ObjectAddress *address)
{
	RangeVar   *relation = NULL;

	if (address->classId == RelationRelationId)
	{
		char		kind = get_rel_relkind(address->objectId);

		if (kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX)
			return IndexGetRelation(address->objectId, true);
		return address->objectId;
	}
	switch (nodeTag(tree))
	{
		case T_CreateTrigStmt:
			relation = ((CreateTrigStmt *) tree)->relation;
			break;
		case T_CreatePolicyStmt:
			relation = ((CreatePolicyStmt *) tree)->table;
			break;
		case T_AlterPolicyStmt:
			relation = ((AlterPolicyStmt *) tree)->table;
			break;
		case T_RuleStmt:
			relation = ((RuleStmt *) tree)->relation;
			break;
		case T_RenameStmt:
			relation = ((RenameStmt *) tree)->relation;
			break;
		case T_DropStmt:
			if (address->classId == TriggerRelationId || address->classId == RewriteRelationId ||
				address->classId == PolicyRelationId)
			{
				/* Of several no command drops more than one. */
				List	   *names = list_copy(linitial(((DropStmt *) tree)->objects));

				relation = makeRangeVarFromNameList(list_truncate(names, list_length(names) - 1));
			}
			break;
		default:
			break;
	}
	return relation ? RangeVarGetRelid(relation, NoLock, true) : InvalidOid;
}

/*
 * What the command changes of the object, as it is now: the columns and
 * constraints that ALTER TABLE names, a name, a comment, or the definition.
 */
char *
wf_record_state(Node *tree, const ObjectAddress *address)
{
	switch (nodeTag(tree))
	{
		case T_AlterTableStmt:
			return address->classId == RelationRelationId ?
				parts_state((AlterTableStmt *) tree, address->objectId) : NULL;
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
			return getObjectIdentity(address, true);
		case T_CommentStmt:
			return GetComment(address->objectId, address->classId, address->objectSubId);
		default:
			return changes_no_state(tree) ? NULL : wf_record_definition(address);
	}
}

static char *
parts_state(AlterTableStmt *alter, Oid relid)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, alter->cmds)
	{
		char	   *part = part_state(lfirst_node(AlterTableCmd, lc), relid);

		if (part && buf.len <= WF_RECORD_DEFINITION_KEPT)
			appendStringInfo(&buf, "%s%s", buf.len ? "\n" : "", part);
	}
	return buf.len ? buf.data : NULL;
}

static char *
part_state(AlterTableCmd *cmd, Oid relid)
{
	const char *name = cmd->name;

	if (cmd->def && IsA(cmd->def, ColumnDef) && cmd->subtype == AT_AddColumn)
		name = ((ColumnDef *) cmd->def)->colname;
	if (cmd->def && IsA(cmd->def, Constraint))
		name = ((Constraint *) cmd->def)->conname;
	if (name == NULL)
		return NULL;
	switch (cmd->subtype)
	{
		case AT_AddColumn:
		case AT_DropColumn:
		case AT_ColumnDefault:
		case AT_DropNotNull:
		case AT_SetNotNull:
		case AT_AlterColumnType:
		case AT_DropExpression:
		case AT_AddIdentity:
		case AT_SetIdentity:
		case AT_DropIdentity:
			return wf_record_column(relid, name);
		case AT_AddConstraint:
		case AT_AlterConstraint:
		case AT_ValidateConstraint:
		case AT_DropConstraint:
			return wf_record_constraint(relid, name);
		default:
			return NULL;
	}
}
