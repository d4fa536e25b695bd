/*
 * simulate_names.c: what DROP, RENAME and SET SCHEMA do to the simulated catalog.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/lock.h"
#include "migration/simulate.h"

/* Tables of a name that the text has dropped. */
typedef struct NamedTables
{
	SimName		key;			/* without schema */
	List	   *tables;			/* of WfRelation */
} NamedTables;

static const char *last_name(Node *object);
static void rename_column(WfSimulation *simulation, SimRelation *relation, const char *name, const char *new_name);
static void apply_drop_part(WfSimulation *simulation, ObjectType type, List *names);
static void note_dropped(WfSimulation *simulation, const RangeVar *name);

/* The text drops objects. */
void
wf_sim_apply_drop(WfSimulation *simulation, DropStmt *stmt)
{
	ListCell   *lc;

	if (stmt->behavior == DROP_CASCADE)
	{
		wf_sim_take_along(simulation, (Node *) stmt, NULL);
		/* What else goes with it is not known by name. */
		simulation->dropped_parts = true;
	}
	foreach(lc, stmt->objects)
	{
		if (stmt->missing_ok)
			wf_sim_note_dropped_name(simulation, last_name(lfirst(lc)));
		switch (stmt->removeType)
		{
			case OBJECT_TABLE:
			case OBJECT_VIEW:
			case OBJECT_MATVIEW:
			case OBJECT_SEQUENCE:
			case OBJECT_INDEX:
			case OBJECT_FOREIGN_TABLE:
				{
					RangeVar   *name = wf_ddl_range_var_of_names((List *) lfirst(lc));

					if (name == NULL)
						break;
					if (stmt->removeType == OBJECT_TABLE)
						note_dropped(simulation, name);
					wf_sim_drop_heirs(simulation, wf_sim_relation(simulation, name), stmt->behavior == DROP_CASCADE);
					wf_sim_drop(simulation, name);
					break;
				}
			case OBJECT_POLICY:
			case OBJECT_TRIGGER:
			case OBJECT_RULE:
				apply_drop_part(simulation, stmt->removeType, lfirst(lc));
				simulation->dropped_parts = true;
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				wf_sim_note_dropped_routine(simulation, lfirst_node(ObjectWithArgs, lc)->objname);
				simulation->dropped_parts = true;
				break;
			case OBJECT_SCHEMA:
				wf_sim_drop_schema(simulation, strVal(lfirst(lc)));
				simulation->dropped_others = true;
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				wf_sim_drop_type(simulation, lfirst_node(TypeName, lc)->names);
				simulation->dropped_others = true;
				break;
			default:
				simulation->dropped_others = true;
				break;
		}
	}
}

/* The text gives an object another name. */
void
wf_sim_apply_rename(WfSimulation *simulation, RenameStmt *stmt)
{
	SimRelation *relation;
	ListCell   *lc;

	switch (stmt->renameType)
	{
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			wf_sim_rename(simulation, stmt->relation, NULL, stmt->newname);
			break;
		case OBJECT_COLUMN:
			if (stmt->relation == NULL)
				break;
			relation = wf_sim_relation(simulation, stmt->relation);
			foreach(lc, lcons(relation, wf_sim_heirs(simulation, relation)))
				rename_column(simulation, lfirst(lc), stmt->subname, stmt->newname);
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			wf_sim_rename_type(simulation, castNode(List, stmt->object), stmt->newname);
			break;
		case OBJECT_SCHEMA:
			wf_sim_rename_schema(simulation, stmt->subname, stmt->newname);
			simulation->dropped_parts = true;
			break;
		case OBJECT_TABCONSTRAINT:
			wf_sim_rename_constraint(simulation, wf_sim_relation(simulation, stmt->relation), stmt->subname, stmt->newname);
			break;
		case OBJECT_DOMCONSTRAINT:
			wf_sim_rename_domain_constraint(simulation, castNode(List, stmt->object), stmt->subname, stmt->newname);
			break;
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
		case OBJECT_RULE:
			wf_sim_note_part(simulation, stmt->relation, stmt->renameType, stmt->subname, false);
			wf_sim_note_part(simulation, stmt->relation, stmt->renameType, stmt->newname, true);
			simulation->dropped_parts = true;
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			wf_sim_note_dropped_routine(simulation, castNode(ObjectWithArgs, stmt->object)->objname);
			wf_sim_note_dropped_routine(simulation, list_make1(makeString(stmt->newname)));
			simulation->dropped_parts = true;
			break;
		default:
			simulation->dropped_parts = true;
			break;
	}
}

static void
rename_column(WfSimulation *simulation, SimRelation *relation, const char *name, const char *new_name)
{
	WfColumn   *known = simulation->catalog.column(&simulation->catalog, relation->relation, name);
	WfColumn   *column = wf_sim_set_column(simulation, relation, new_name);

	if (known)
	{
		char	   *own = column->name;

		*column = *known;
		column->name = own;
	}
	wf_sim_drop_column(simulation, relation, name);
	wf_sim_rename_in_parts(simulation, relation, name, new_name);
}

/* A trigger, policy or rule, by the names of its table and its own. */
static void
apply_drop_part(WfSimulation *simulation, ObjectType type, List *names)
{
	RangeVar   *table = wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));

	if (table)
		wf_sim_note_part(simulation, table, type, strVal(llast(names)), false);
}

/* What has no relation moves to another schema. */
void
wf_sim_apply_move(WfSimulation *simulation, AlterObjectSchemaStmt *stmt)
{
	switch (stmt->objectType)
	{
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			wf_sim_move_type(simulation, castNode(List, stmt->object), stmt->newschema);
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			wf_sim_note_dropped_routine(simulation, castNode(ObjectWithArgs, stmt->object)->objname);
			break;
		default:
			break;
	}
	simulation->dropped_others = true;
}

/* Remembers a table that is about to be dropped. */
static void
note_dropped(WfSimulation *simulation, const RangeVar *name)
{
	WfRelation *relation = simulation->catalog.relation(&simulation->catalog, name);
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	NamedTables *entry;
	bool		found;

	wf_sim_keep(simulation, relation);
	if (simulation->dropped_tables == NULL)
		simulation->dropped_tables = wf_sim_table(simulation, "wishflags dropped tables", sizeof(NamedTables));
	entry = wf_sim_enter(simulation, simulation->dropped_tables, "", relation->name, &found);
	entry->tables = lappend(found ? entry->tables : NIL, relation);
	MemoryContextSwitchTo(old);
}

/* The tables (WfRelation) of this name that the text has dropped, in whatever schema. */
List *
wf_sim_dropped_tables(WfSimulation *simulation, const char *name)
{
	NamedTables *entry = simulation ? wf_sim_find(simulation->dropped_tables, "", name) : NULL;

	return entry ? entry->tables : NIL;
}

/* The last part of the name of an object that DROP names. */
static const char *
last_name(Node *object)
{
	List	   *names = IsA(object, TypeName) ? ((TypeName *) object)->names :
	IsA(object, ObjectWithArgs) ? ((ObjectWithArgs *) object)->objname : IsA(object, List) ? (List *) object : NIL;
	Node	   *last = IsA(object, String) ? object : names != NIL ? llast(names) : NULL;

	return last && IsA(last, String) ? strVal(last) : NULL;
}

/* Remembers that DROP ... IF EXISTS has made way for an object of this name. */
void
wf_sim_note_dropped_name(WfSimulation *simulation, const char *name)
{
	bool		found;

	if (name == NULL)
		return;
	if (simulation->dropped_names == NULL)
		simulation->dropped_names = wf_sim_table(simulation, "wishflags dropped names", sizeof(SimName));
	(void) wf_sim_enter(simulation, simulation->dropped_names, "", name, &found);
}

bool
wf_sim_was_dropped(WfSimulation *simulation, const char *name)
{
	return simulation && name && wf_sim_find(simulation->dropped_names, "", name) != NULL;
}
