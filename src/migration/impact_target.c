/*
 * impact_target.c: the objects that a text names, or that a migration changes.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "ddl/lock.h"
#include "ddl/source.h"
#include "ddl/statement.h"
#include "migration/impact.h"
#include "migration/inside.h"
#include "migration/simulate.h"

typedef struct Search
{
	WfCatalog  *catalog;		/* live, or the simulation's */
	WfSimulation *simulation;
	List	   *targets;
	int			statement;
	int			depth;
	WfChange	schema_change;	/* of the schema whose members are taken */
} Search;

/* A statement inside of a body that runs a body, and so on, is read to here. */
#define MAX_DEPTH 8

static Node *parse_one(const char *sql);
static Node *object_statement(const char *text);
static void take_object(Search *search, ObjectType type, Node *object, WfChange change);
static void take_named(Search *search, List *names, WfChange change);
static void take_text(Search *search, const char *text);
static void take_statement(Search *search, Node *stmt, const char *source);
static void take_alter(Search *search, AlterTableStmt *alter);
static void take_rename(Search *search, RenameStmt *rename);
static bool take_relation(Search *search, const RangeVar *name, const char *column, WfChange change);
static bool take_type(Search *search, List *names, WfChange change);
static bool take_routine(Search *search, ObjectType type, ObjectWithArgs *object, WfChange change);
static void take_schema(Search *search, const char *name, WfChange change);
static void take_member(void *arg, HeapTuple tuple, TupleDesc desc);
static void add_target(Search *search, ObjectAddress address, WfChange change);

/*
 * The objects: a list of WfImpactTarget, in the order of the text, each once.
 *
 * The text is the name of an object, with its kind before it or not, or a
 * migration.  change is what becomes of a named object.  Raises
 * undefined_object where a named object does not exist, syntax_error where the
 * text is neither.
 */
List *
wf_impact_targets(WfCatalog *catalog, const char *text, const char *change)
{
	Search		search = {.catalog = catalog};
	WfChange	named_change = WF_CHANGE_DROP;
	Node	   *named = object_statement(text);

	if (change && !wf_impact_find_change(change, &named_change))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown change \"%s\"", change),
				 errhint("Changes are drop, rename, retype, constrain, replace and extend.")));
	if (named && IsA(named, DropStmt))
		take_object(&search, ((DropStmt *) named)->removeType, linitial(((DropStmt *) named)->objects), named_change);
	else if (named)
		take_object(&search, OBJECT_COLUMN, ((CommentStmt *) named)->object, named_change);
	if (search.targets != NIL)
		return search.targets;
	/* COMMIT, say, could be a name. */
	if (named && parse_one(text) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("object \"%s\" does not exist", text),
				 errhint("Give the name of a table, column (table.column), view, type or function (name(types)), "
						 "qualified where search_path does not find it, or the text of a migration.")));
	search.simulation = wf_migration_simulation(catalog);
	search.catalog = &search.simulation->catalog;
	wf_sim_begin_session(search.simulation, false);
	take_text(&search, text);
	return search.targets;
}

/* The node of a text with one statement that parses; else NULL. */
static Node *
parse_one(const char *sql)
{
	WfReader   *reader = wf_ddl_reader_begin(sql, strlen(sql));
	WfStatement statement;
	WfStatement next;

	if (!wf_ddl_reader_next(reader, &statement) || statement.kind != WF_STATEMENT_SQL || statement.node == NULL ||
		wf_ddl_reader_next(reader, &next))
		return NULL;
	return IsA(statement.node, RawStmt) ? ((RawStmt *) statement.node)->stmt : statement.node;
}

/*
 * A statement about the named object, which the server's grammar reads the name
 * in: DROP, or COMMENT for a column.  NULL: the text is no name.
 */
static Node *
object_statement(const char *text)
{
	static const char *const forms[] = {
		"DROP %s", "COMMENT ON %s IS NULL", "DROP TABLE %s", "DROP ROUTINE %s",
	};

	for (int i = 0; i < lengthof(forms); i++)
	{
		/* A name has no semicolon, but in quotes; neither has it a comment. */
		Node	   *node = strchr(text, ';') || strstr(text, "--") ? NULL : parse_one(psprintf(forms[i], text));

		if (node && IsA(node, DropStmt) && list_length(((DropStmt *) node)->objects) == 1 &&
			((DropStmt *) node)->behavior == DROP_RESTRICT)
			return node;
		if (node && IsA(node, CommentStmt) && ((CommentStmt *) node)->objtype == OBJECT_COLUMN)
			return node;
	}
	return NULL;
}

/* An object as DROP and its like hold it. */
static void
take_object(Search *search, ObjectType type, Node *object, WfChange change)
{
	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_SEQUENCE:
		case OBJECT_INDEX:
			if (IsA(object, RangeVar))
				(void) take_relation(search, (RangeVar *) object, NULL, change);
			else if (search->simulation == NULL && type == OBJECT_TABLE)
				take_named(search, (List *) object, change);
			else
				(void) take_relation(search, wf_ddl_range_var_of_names((List *) object), NULL, change);
			break;
		case OBJECT_COLUMN:
			{
				List	   *names = list_copy((List *) object);
				const char *column = strVal(llast(names));

				names = list_delete_last(names);
				if (names != NIL)
					(void) take_relation(search, wf_ddl_range_var_of_names(names), column, change);
				break;
			}
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			(void) take_type(search, IsA(object, TypeName) ? ((TypeName *) object)->names : (List *) object, change);
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			(void) take_routine(search, type, castNode(ObjectWithArgs, object), change);
			break;
		case OBJECT_SCHEMA:
			take_schema(search, strVal(object), change);
			break;
		default:
			break;
	}
}

/* A name without a kind: a relation, a column, a type, a routine. */
static void
take_named(Search *search, List *names, WfChange change)
{
	ObjectWithArgs *routine;

	if (list_length(names) <= 3 && take_relation(search, wf_ddl_range_var_of_names(names), NULL, change))
		return;
	if (list_length(names) > 1)
	{
		List	   *relation = list_delete_last(list_copy(names));

		if (take_relation(search, wf_ddl_range_var_of_names(relation), strVal(llast(names)), change))
			return;
	}
	if (list_length(names) > 2)
		return;
	routine = makeNode(ObjectWithArgs);
	routine->objname = names;
	routine->args_unspecified = true;
	if (!take_type(search, names, change))
		(void) take_routine(search, OBJECT_ROUTINE, routine, change);
}

static void
take_text(Search *search, const char *text)
{
	WfReader   *reader = wf_ddl_reader_begin(text, strlen(text));
	WfStatement statement;
	int			parsed = 0;

	while (wf_ddl_reader_next(reader, &statement))
	{
		CHECK_FOR_INTERRUPTS();
		if (search->depth == 0)
			search->statement = statement.number;
		if (statement.kind != WF_STATEMENT_SQL)
		{
			if (search->depth == 0 && statement.kind == WF_STATEMENT_ERROR)
				ereport(ERROR,
						(errcode(ERRCODE_SYNTAX_ERROR),
						 errmsg("statement %d cannot be read: %s", statement.number, statement.error),
						 errhint("Give the name of an object, or a migration that migration_parse() reads.")));
			continue;
		}
		parsed++;
		if (statement.node)
			take_statement(search, statement.node, statement.source);
	}
	if (search->depth == 0 && parsed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the text names no object and holds no statement"),
				 errhint("Give the name of an object, or the text of a migration.")));
}

/* What the statement changes of what is there, and then what it makes of it. */
static void
take_statement(Search *search, Node *stmt, const char *source)
{
	WfRoutine	routine;
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_DropStmt:
			foreach(lc, ((DropStmt *) stmt)->objects)
				take_object(search, ((DropStmt *) stmt)->removeType, lfirst(lc), WF_CHANGE_DROP);
			break;
		case T_RenameStmt:
			take_rename(search, (RenameStmt *) stmt);
			break;
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *move = (AlterObjectSchemaStmt *) stmt;

				take_object(search, move->objectType, move->relation ? (Node *) move->relation : move->object,
							WF_CHANGE_RENAME);
				break;
			}
		case T_AlterTableStmt:
			take_alter(search, (AlterTableStmt *) stmt);
			break;
		case T_AlterEnumStmt:
			(void) take_type(search, ((AlterEnumStmt *) stmt)->typeName,
							 ((AlterEnumStmt *) stmt)->oldVal ? WF_CHANGE_RENAME : WF_CHANGE_EXTEND);
			break;
		case T_AlterDomainStmt:
			(void) take_type(search, ((AlterDomainStmt *) stmt)->typeName, WF_CHANGE_CONSTRAIN);
			break;
		case T_ViewStmt:
			(void) take_relation(search, ((ViewStmt *) stmt)->view, NULL, WF_CHANGE_REPLACE);
			break;
		case T_CreateFunctionStmt:
			{
				CreateFunctionStmt *create = (CreateFunctionStmt *) stmt;
				ObjectWithArgs *object = makeNode(ObjectWithArgs);

				object->objname = create->funcname;
				object->objfuncargs = create->parameters;
				foreach(lc, create->parameters)
				{
					FunctionParameter *parameter = lfirst_node(FunctionParameter, lc);

					if (parameter->mode != FUNC_PARAM_OUT && parameter->mode != FUNC_PARAM_TABLE)
						object->objargs = lappend(object->objargs, parameter->argType);
				}
				(void) take_routine(search, OBJECT_ROUTINE, object, WF_CHANGE_REPLACE);
				break;
			}
		case T_IndexStmt:
			if (((IndexStmt *) stmt)->unique)
				(void) take_relation(search, ((IndexStmt *) stmt)->relation, NULL, WF_CHANGE_CONSTRAIN);
			break;
		default:
			break;
	}
	if (search->depth < MAX_DEPTH && wf_migration_called(search->simulation, stmt, source, &routine))
	{
		WfBody		body;

		search->depth++;
		wf_migration_body(&routine, &body);
		foreach(lc, body.statements)
			take_text(search, ((WfBodyStatement *) lfirst(lc))->text);
		search->depth--;
	}
	wf_migration_apply(search->simulation, stmt);
	search->simulation->last_name = NULL;
}

static void
take_alter(Search *search, AlterTableStmt *alter)
{
	ListCell   *lc;

	foreach(lc, alter->cmds)
	{
		AlterTableCmd *command = lfirst_node(AlterTableCmd, lc);

		switch (command->subtype)
		{
			case AT_DropColumn:
				(void) take_relation(search, alter->relation, command->name, WF_CHANGE_DROP);
				break;
			case AT_AlterColumnType:
				(void) take_relation(search, alter->relation, command->name, WF_CHANGE_RETYPE);
				break;
			case AT_SetNotNull:
				(void) take_relation(search, alter->relation, command->name, WF_CHANGE_CONSTRAIN);
				break;
			case AT_AddConstraint:
			case AT_AddIndexConstraint:
			case AT_EnableRowSecurity:
			case AT_ForceRowSecurity:
			case AT_AttachPartition:
				(void) take_relation(search, alter->relation, NULL, WF_CHANGE_CONSTRAIN);
				break;
			case AT_AddColumn:
				(void) take_relation(search, alter->relation, NULL, WF_CHANGE_EXTEND);
				break;
			case AT_ColumnDefault:
			case AT_DropExpression:
			case AT_AddIdentity:
			case AT_SetIdentity:
			case AT_DropIdentity:
				(void) take_relation(search, alter->relation, command->name, WF_CHANGE_REPLACE);
				break;
			default:
				break;
		}
	}
}

static void
take_rename(Search *search, RenameStmt *rename)
{
	switch (rename->renameType)
	{
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			(void) take_relation(search, rename->relation, rename->subname, WF_CHANGE_RENAME);
			break;
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_SEQUENCE:
			(void) take_relation(search, rename->relation, NULL, WF_CHANGE_RENAME);
			break;
		case OBJECT_SCHEMA:
			take_schema(search, rename->subname, WF_CHANGE_RENAME);
			break;
		default:
			if (rename->object)
				take_object(search, rename->renameType, rename->object, WF_CHANGE_RENAME);
			break;
	}
}

/* False: there is no such relation, or column, but for one that the text has made. */
static bool
take_relation(Search *search, const RangeVar *name, const char *column, WfChange change)
{
	WfRelation *relation = name ? search->catalog->relation(search->catalog, name) : NULL;
	WfColumn   *found = relation && column ? search->catalog->column(search->catalog, relation, column) : NULL;
	ObjectAddress address;

	if (relation == NULL || !OidIsValid(relation->relid) || (column && (found == NULL || found->attnum == 0)))
		return false;
	ObjectAddressSubSet(address, RelationRelationId, relation->relid, found ? found->attnum : 0);
	add_target(search, address, change);
	return true;
}

static bool
take_type(Search *search, List *names, WfChange change)
{
	WfType	   *type = search->catalog->type(search->catalog, names);
	ObjectAddress address;

	if (type == NULL || !OidIsValid(type->oid))
		return false;
	ObjectAddressSet(address, TypeRelationId, type->oid);
	add_target(search, address, change);
	return true;
}

/* A routine by name and types of arguments; without these, each of that name. */
static bool
take_routine(Search *search, ObjectType type, ObjectWithArgs *object, WfChange change)
{
	List	   *names = list_length(object->objname) > 2 ? NIL : object->objname;
	const char *schema = list_length(names) == 2 ? strVal(linitial(names)) : NULL;
	Oid			namespace = schema ? get_namespace_oid(schema, true) : InvalidOid;
	int			nargs = list_length(object->objargs);
	CatCList   *list;
	bool		found = false;

	if (names == NIL || (schema && !OidIsValid(namespace)))
		return false;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(strVal(llast(names))));
	for (int i = 0; i < list->n_members; i++)
	{
		HeapTuple	tuple = &list->members[i]->tuple;
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
		bool		same = object->args_unspecified || form->pronargs == nargs;
		ObjectAddress address;

		for (int n = 0; same && !object->args_unspecified && n < nargs; n++)
			same = LookupTypeNameOid(NULL, list_nth_node(TypeName, object->objargs, n), true) ==
				form->proargtypes.values[n];
		if (!same || (schema ? form->pronamespace != namespace : !FunctionIsVisible(form->oid)))
			continue;
		ObjectAddressSet(address, ProcedureRelationId, form->oid);
		add_target(search, address, change);
		found = true;
	}
	ReleaseSysCacheList(list);
	return found;
}

/* All tables, views, types and routines of a schema change with it. */
static void
take_schema(Search *search, const char *name, WfChange change)
{
	Oid			schema = get_namespace_oid(name, true);
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(schema)};

	search->schema_change = change;
	if (OidIsValid(schema))
		wf_impact_query("SELECT d.classid, d.objid FROM pg_depend d"
						" LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid"
						" WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = $1 AND d.deptype = 'n'"
						" AND (c.relkind IN ('r', 'p', 'v', 'm', 'f')"
						" OR d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass))"
						" ORDER BY 1, 2", 1, types, values, take_member, search);
}

static void
take_member(void *arg, HeapTuple tuple, TupleDesc desc)
{
	Search	   *search = arg;
	bool		isnull;
	ObjectAddress address;

	ObjectAddressSet(address, DatumGetObjectId(heap_getattr(tuple, 1, desc, &isnull)),
					 DatumGetObjectId(heap_getattr(tuple, 2, desc, &isnull)));
	add_target(search, address, search->schema_change);
}

static void
add_target(Search *search, ObjectAddress address, WfChange change)
{
	WfImpactTarget *target;
	ListCell   *lc;

	foreach(lc, search->targets)
	{
		target = lfirst(lc);
		if (target->address.classId == address.classId && target->address.objectId == address.objectId &&
			target->address.objectSubId == address.objectSubId && target->change == change)
			return;
	}
	target = palloc0(sizeof(WfImpactTarget));
	target->address = address;
	target->change = change;
	target->statement = search->statement;
	target->identity = getObjectIdentity(&address, true);
	if (target->identity)
		search->targets = lappend(search->targets, target);
}
