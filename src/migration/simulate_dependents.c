/*
 * simulate_dependents.c: what depends on an object, after what the text under
 * check has done so far.
 *
 * Where the text may have taken a dependency away, it counts as gone: to say
 * that a statement fails which does not is worse than to say nothing.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/lock.h"
#include "migration/simulate.h"

static bool is_as_it_was(WfSimulation *simulation, SimRelation *entry, const char *name);
static Node *with_live_names(WfSimulation *simulation, Node *stmt);
static Node *with_schemas(WfSimulation *simulation, Node *stmt);
static void add_schema_to_relation(WfSimulation *simulation, RangeVar *name);
static List *relation_with_schema(WfSimulation *simulation, List *names);
static List *type_with_schema(WfSimulation *simulation, List *names);
static bool names_are_live(WfSimulation *simulation, Node *stmt);
static bool name_is_live(WfSimulation *simulation, ObjectType type, Node *object);
static bool relation_is_live(WfSimulation *simulation, const RangeVar *name);
static bool type_is_live(WfSimulation *simulation, List *names);

/* What is built on a live relation, and the text has not dropped. */
List *
wf_sim_dependents(WfCatalog *catalog, WfRelation *relation, int attnum)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	List	   *dependents;
	ListCell   *lc;

	/* Which policy, trigger or function the text has dropped is not kept. */
	if (!OidIsValid(relation->relid) || simulation->is_opaque || simulation->dropped_parts)
		return NIL;
	dependents = simulation->live->dependents(simulation->live, relation, attnum);
	foreach(lc, dependents)
	{
		WfDependent *dependent = lfirst(lc);

		if (dependent->name &&
			!wf_sim_is_untouched(simulation, makeRangeVar(dependent->schema, dependent->name, -1)))
			dependents = foreach_delete_current(dependents, lc);
	}
	return dependents;
}

/* What CASCADE takes along, without what the text has changed. */
bool
wf_sim_cascade(WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	ListCell   *lc;

	*dependents = NIL;
	stmt = with_schemas(simulation, stmt);
	/* What the text made may depend on it as well. */
	if (simulation->is_opaque || simulation->dropped_parts || !names_are_live(simulation, stmt) ||
		!simulation->live->cascade(simulation->live, stmt, command, dependents))
		return false;
	foreach(lc, *dependents)
	{
		WfDependent *dependent = lfirst(lc);

		if (dependent->name &&
			!wf_sim_is_untouched(simulation, makeRangeVar(dependent->schema, dependent->name, -1)))
			*dependents = foreach_delete_current(*dependents, lc);
	}
	return !simulation->dropped_others;
}

/*
 * What CASCADE takes along goes, as far as the live catalog knows of it: relations
 * and columns.
 */
void
wf_sim_take_along(WfSimulation *simulation, Node *stmt, const AlterTableCmd *command)
{
	List	   *dependents = NIL;
	ListCell   *lc;

	if (command && command->subtype != AT_DropColumn && command->subtype != AT_DropConstraint)
		return;
	stmt = IsA(stmt, AlterTableStmt) || wf_ddl_names_relation(((DropStmt *) stmt)->removeType) ?
		with_live_names(simulation, stmt) : with_schemas(simulation, stmt);
	if (stmt == NULL || (IsA(stmt, DropStmt) && !wf_ddl_names_relation(((DropStmt *) stmt)->removeType) && !names_are_live(simulation, stmt)))
		return;
	(void) simulation->live->cascade(simulation->live, stmt, command, &dependents);
	foreach(lc, dependents)
	{
		WfDependent *dependent = lfirst(lc);
		SimRelation *entry = dependent->schema && dependent->name ? wf_sim_of_live(simulation, dependent->schema, dependent->name) : NULL;

		if (entry == NULL)
			continue;
		if (dependent->kind == WF_DEPENDENT_RELATION)
			wf_sim_drop_entry(simulation, entry);
		else if (dependent->column && is_as_it_was(simulation, entry, dependent->column))
			wf_sim_column_dropped(simulation, entry, dependent->column, true);
	}
}

/*
 * A copy of DROP of relations or of ALTER TABLE with the names that these have in the
 * live catalog; NULL where it knows none of them.
 */
static Node *
with_live_names(WfSimulation *simulation, Node *stmt)
{
	List	   *objects = NIL;
	ListCell   *lc;

	stmt = copyObjectImpl(stmt);
	if (IsA(stmt, AlterTableStmt))
	{
		RangeVar   *name = ((AlterTableStmt *) stmt)->relation;
		const SimRelation *entry = wf_sim_relation(simulation, name);

		name->schemaname = unconstify(char *, entry->live.schema);
		name->relname = unconstify(char *, entry->live.name);
		return name->relname ? stmt : NULL;
	}
	foreach(lc, ((DropStmt *) stmt)->objects)
	{
		RangeVar   *name = wf_ddl_range_var_of_names(lfirst_node(List, lc));
		const SimRelation *entry = name ? wf_sim_relation(simulation, name) : NULL;

		if (entry && entry->live.name)
			objects = lappend(objects, list_make2(makeString(unconstify(char *, entry->live.schema)), makeString(unconstify(char *, entry->live.name))));
	}
	((DropStmt *) stmt)->objects = objects;
	return objects != NIL ? stmt : NULL;
}

/* Is the column the live one, with its type? */
static bool
is_as_it_was(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	const WfColumn *column = wf_sim_column(&simulation->catalog, entry->relation, name);

	return column && !column->created_here && OidIsValid(column->type);
}

/* The same for objects that are no relations. */
List *
wf_sim_drop_blockers(WfCatalog *catalog, const DropStmt *stmt)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	List	   *dependents;
	ListCell   *lc;

	if (simulation->is_opaque || simulation->dropped_parts)
		return NIL;
	dependents = wf_sim_triggers_of(simulation, stmt);
	if (dependents != NIL)
		return dependents;
	stmt = (const DropStmt *) with_schemas(simulation, unconstify(Node *, (const Node *) stmt));
	if (!names_are_live(simulation, unconstify(Node *, (const Node *) stmt)))
		return NIL;
	dependents = simulation->live->drop_blockers(simulation->live, stmt);
	foreach(lc, dependents)
	{
		WfDependent *dependent = lfirst(lc);

		if (dependent->name ?
			!wf_sim_is_untouched(simulation, makeRangeVar(dependent->schema, dependent->name, -1)) :
			simulation->dropped_others)
			dependents = foreach_delete_current(dependents, lc);
	}
	return dependents;
}

/*
 * A copy of DROP or ALTER TABLE with the schemas that the text's search_path finds
 * its relations and types in: the live catalog goes by that of the session.
 */
static Node *
with_schemas(WfSimulation *simulation, Node *stmt)
{
	DropStmt   *drop;
	ListCell   *lc;

	if (!simulation->settings.has_own_path)
		return stmt;
	stmt = copyObjectImpl(stmt);
	if (IsA(stmt, AlterTableStmt))
	{
		add_schema_to_relation(simulation, ((AlterTableStmt *) stmt)->relation);
		return stmt;
	}
	drop = castNode(DropStmt, stmt);
	foreach(lc, drop->objects)
	{
		if (wf_ddl_names_relation(drop->removeType))
			lfirst(lc) = relation_with_schema(simulation, lfirst_node(List, lc));
		else if (IsA(lfirst(lc), TypeName))
			lfirst_node(TypeName, lc)->names = type_with_schema(simulation, lfirst_node(TypeName, lc)->names);
	}
	return stmt;
}

static void
add_schema_to_relation(WfSimulation *simulation, RangeVar *name)
{
	const WfRelation *relation = simulation->catalog.relation(&simulation->catalog, name);

	if (name->schemaname == NULL && relation && !relation->missing)
		name->schemaname = relation->schema;
}

static List *
relation_with_schema(WfSimulation *simulation, List *names)
{
	RangeVar   *name = wf_ddl_range_var_of_names(names);

	if (name == NULL)
		return names;
	add_schema_to_relation(simulation, name);
	return list_length(names) == 1 && name->schemaname ? lcons(makeString(name->schemaname), names) : names;
}

static List *
type_with_schema(WfSimulation *simulation, List *names)
{
	const WfType *type = list_length(names) == 1 ? wf_sim_type(&simulation->catalog, names) : NULL;

	return type && !type->missing && type->schema ? lcons(makeString(type->schema), names) : names;
}

/*
 * Does the live catalog mean the same by the names of DROP or ALTER TABLE?  It does
 * not where the text has made, renamed or moved what they name, or where they have
 * no schema and the text has another search_path.
 */
static bool
names_are_live(WfSimulation *simulation, Node *stmt)
{
	DropStmt   *drop = (DropStmt *) stmt;
	ListCell   *lc;

	if (IsA(stmt, AlterTableStmt))
		return relation_is_live(simulation, ((AlterTableStmt *) stmt)->relation);
	foreach(lc, drop->objects)
	{
		if (!name_is_live(simulation, drop->removeType, lfirst(lc)))
			return false;
	}
	return true;
}

static bool
name_is_live(WfSimulation *simulation, ObjectType type, Node *object)
{
	const char *schema;

	if (wf_ddl_names_relation(type))
		return relation_is_live(simulation, wf_ddl_range_var_of_names(castNode(List, object)));
	switch (type)
	{
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			return type_is_live(simulation, castNode(TypeName, object)->names);
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			return wf_sim_knows_routine(simulation, castNode(ObjectWithArgs, object)->objname);
		case OBJECT_SCHEMA:
			schema = wf_sim_live_schema(simulation, strVal(object));
			return schema && strcmp(schema, strVal(object)) == 0;
		default:
			return true;
	}
}

static bool
relation_is_live(WfSimulation *simulation, const RangeVar *name)
{
	WfRelation *relation = name ? simulation->catalog.relation(&simulation->catalog, name) : NULL;
	WfRelation *live = name ? simulation->live->relation(simulation->live, name) : NULL;

	return relation && (live ? live->relid == relation->relid : relation->missing);
}

static bool
type_is_live(WfSimulation *simulation, List *names)
{
	const WfType *type = wf_sim_type(&simulation->catalog, names);
	const WfType *live = simulation->live->type(simulation->live, names);

	return live ? live->oid == type->oid : type->missing;
}
