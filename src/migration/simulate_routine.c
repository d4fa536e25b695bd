/*
 * simulate_routine.c: functions and procedures, as the text under check has left
 * them so far.
 */
#include "common/compat.h"

#include "catalog/pg_proc.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/inside.h"

/* Of the table of routines that the text has made. */
typedef struct NamedRoutine
{
	SimName		key;			/* without schema */
	WfRoutine  *newest;
} NamedRoutine;

static void add_routine(WfSimulation *simulation, WfRoutine *routine);
static void read_inputs(WfRoutine *routine, List *parameters);
static char volatility_of(CreateFunctionStmt *stmt);
static void read_signature(WfSimulation *simulation, WfRoutine *routine, CreateFunctionStmt *stmt);
static bool replaces_new(WfSimulation *simulation, CreateFunctionStmt *stmt, WfRoutineChange *change);
static const char *volatility_name(char volatility);
static bool touches_routine(WfSimulation *simulation, List *names);
static bool as_live(WfSimulation *simulation, CreateFunctionStmt *stmt, CreateFunctionStmt *live);
static TypeName *type_as_live(WfSimulation *simulation, const TypeName *type);
static char worse(char one, char other);

static inline WfSimulation *
simulation_of(WfCatalog *catalog)
{
	return (WfSimulation *) catalog;
}

/* The text makes a routine, or replaces one. */
void
wf_sim_apply_function(WfSimulation *simulation, CreateFunctionStmt *stmt)
{
	MemoryContext old;
	WfRoutine  *routine;
	WfRoutineChange change;
	CreateFunctionStmt live;

	simulation->dropped_others |= stmt->replace;
	wf_sim_settle(simulation, WF_DEFER_ROUTINE, NULL, NULL, list_make1(strVal(llast(stmt->funcname))));
	old = MemoryContextSwitchTo(simulation->catalog.context);
	routine = palloc0(sizeof(WfRoutine));
	if (wf_migration_routine((Node *) stmt, NULL, routine))
		routine->text = pstrdup(routine->text);
	else
		routine->text = NULL;
	routine->name = pstrdup(strVal(llast(stmt->funcname)));
	routine->offset = -1;
	read_signature(simulation, routine, stmt);
	MemoryContextSwitchTo(old);
	if (stmt->replace && as_live(simulation, stmt, &live) &&
		simulation->live->routine_change(simulation->live, &live, &change))
		routine->replaces = change.routine;
	add_routine(simulation, routine);
}

/* It is found before older ones of its name, and takes the place of one with the same inputs. */
static void
add_routine(WfSimulation *simulation, WfRoutine *routine)
{
	NamedRoutine *entry;
	bool		found;

	if (simulation->new_routines == NULL)
		simulation->new_routines = wf_sim_table(simulation, "wishflags simulated routines", sizeof(NamedRoutine));
	entry = wf_sim_enter(simulation, simulation->new_routines, "", routine->name, &found);
	routine->older = found ? entry->newest : NULL;
	entry->newest = routine;
	for (WfRoutine *newer = routine; newer->older; newer = newer->older)
	{
		if (strcmp(newer->older->inputs, routine->inputs) != 0)
			continue;
		newer->older = newer->older->older;
		break;
	}
}

/* What tells it from others, and what another one in its place has to keep. */
static void
read_signature(WfSimulation *simulation, WfRoutine *routine, CreateFunctionStmt *stmt)
{
	int			count = list_length(stmt->funcname);
	TypeName   *returns = stmt->returnType;

	read_inputs(routine, stmt->parameters);
	routine->schema = wf_sim_schema(simulation, count > 1 ? strVal(list_nth(stmt->funcname, count - 2)) : wf_sim_first_schema(simulation));
	routine->is_procedure = stmt->is_procedure;
	routine->volatility = volatility_of(stmt);
	if (returns == NULL || returns->names == NIL || returns->pct_type || returns->arrayBounds != NIL)
		return;
	routine->returns = wf_sim_type(&simulation->catalog, returns->names)->oid;
	routine->returns_set = returns->setof;
}

/* The types of the inputs, as they are written, and how many a call may give. */
static void
read_inputs(WfRoutine *routine, List *parameters)
{
	StringInfoData inputs;
	ListCell   *lc;

	initStringInfo(&inputs);
	foreach(lc, parameters)
	{
		FunctionParameter *parameter = lfirst_node(FunctionParameter, lc);

		if (parameter->mode == FUNC_PARAM_OUT || parameter->mode == FUNC_PARAM_TABLE)
			continue;
		appendStringInfo(&inputs, "%s,", wf_ddl_type_name(parameter->argType));
		routine->max_inputs++;
		routine->min_inputs += parameter->defexpr == NULL;
		if (parameter->mode == FUNC_PARAM_VARIADIC)
			routine->is_variadic = true;
	}
	routine->inputs = inputs.data;
}

/* As CREATE FUNCTION says it, which takes the worst where it does not. */
static char
volatility_of(CreateFunctionStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "volatility") == 0)
			return strVal(option->arg)[0];
	}
	return PROVOLATILE_VOLATILE;
}

/* WfCatalog.volatility, of what the text made and what it left. */
char
wf_sim_volatility(WfCatalog *catalog, List *name, int nargs, const List *except)
{
	WfSimulation *simulation = simulation_of(catalog);
	List	   *replaced = list_copy(except);
	char		worst = 0;

	for (WfRoutine *routine = wf_sim_new_routine(simulation, name); routine; routine = routine->older)
	{
		if (OidIsValid(routine->replaces))
			replaced = lappend_oid(replaced, routine->replaces);
		if (nargs < 0 || routine->is_variadic || (nargs >= routine->min_inputs && nargs <= routine->max_inputs))
			worst = worse(worst, routine->volatility);
	}
	return worse(worst, simulation->live->volatility(simulation->live, name, nargs, replaced));
}

/* 0 is none. */
static char
worse(char one, char other)
{
	static const char order[] = {PROVOLATILE_VOLATILE, PROVOLATILE_STABLE, PROVOLATILE_IMMUTABLE};

	for (int i = 0; i < lengthof(order); i++)
	{
		if (one == order[i] || other == order[i])
			return order[i];
	}
	return 0;
}

/* The newest routine of this name that the text has made, or NULL. */
WfRoutine *
wf_sim_new_routine(WfSimulation *simulation, List *names)
{
	NamedRoutine *entry;

	if (simulation == NULL)
		return NULL;
	entry = wf_sim_find(simulation->new_routines, "", strVal(llast(names)));
	return entry ? entry->newest : NULL;
}

/* Did the text make a routine of this name that was not there? */
bool
wf_sim_routine_is_new(WfSimulation *simulation, List *names)
{
	for (WfRoutine *routine = wf_sim_new_routine(simulation, names); routine; routine = routine->older)
	{
		if (!OidIsValid(routine->replaces))
			return true;
	}
	return false;
}

/* What routines of this name there are is not kept any further. */
void
wf_sim_note_dropped_routine(WfSimulation *simulation, List *names)
{
	bool		found;

	if (simulation->dropped_routines == NULL)
		simulation->dropped_routines = wf_sim_table(simulation, "wishflags dropped routines", sizeof(SimName));
	(void) wf_sim_enter(simulation, simulation->dropped_routines, "", strVal(llast(names)), &found);
}

/* Whether the live catalog is right about a name is not known any more. */
static bool
touches_routine(WfSimulation *simulation, List *names)
{
	return wf_sim_new_routine(simulation, names) != NULL || simulation->is_opaque || simulation->known_schemas != NULL ||
		wf_sim_find(simulation->dropped_routines, "", strVal(llast(names))) != NULL;
}

/* Does the live catalog know what routines of this name there are? */
bool
wf_sim_knows_routine(WfSimulation *simulation, List *names)
{
	return !touches_routine(simulation, names);
}

bool
wf_sim_has_routine(WfCatalog *catalog, ObjectType type, const ObjectWithArgs *object)
{
	WfSimulation *simulation = simulation_of(catalog);

	return touches_routine(simulation, object->objname) ||
		simulation->live->has_routine(simulation->live, type, object);
}

bool
wf_sim_routine_change(WfCatalog *catalog, CreateFunctionStmt *stmt, WfRoutineChange *change)
{
	WfSimulation *simulation = simulation_of(catalog);
	CreateFunctionStmt live;

	if (touches_routine(simulation, stmt->funcname))
		return replaces_new(simulation, stmt, change);
	return as_live(simulation, stmt, &live) && simulation->live->routine_change(simulation->live, &live, change);
}

/* The same of a routine that the text has made, as far as that is kept. */
static bool
replaces_new(WfSimulation *simulation, CreateFunctionStmt *stmt, WfRoutineChange *change)
{
	WfRoutine	wanted = {0};
	WfRoutine  *routine = wf_sim_new_routine(simulation, stmt->funcname);

	memset(change, 0, sizeof(WfRoutineChange));
	if (simulation->dropped_parts || simulation->is_opaque ||
		wf_sim_find(simulation->dropped_routines, "", strVal(llast(stmt->funcname))))
		return false;
	read_signature(simulation, &wanted, stmt);
	while (routine && (strcmp(routine->inputs, wanted.inputs) != 0 || strcmp(routine->schema, wanted.schema) != 0))
		routine = routine->older;
	if (routine == NULL)
		return false;
	change->signature = psprintf("%s(%.*s)", wf_ddl_quote_name(routine->schema, routine->name),
								 (int) Max(strlen(wanted.inputs), 1) - 1, wanted.inputs);
	if (routine->is_procedure != wanted.is_procedure)
		change->fails = psprintf("it is a %s", routine->is_procedure ? "procedure" : "function");
	else if (OidIsValid(routine->returns) && OidIsValid(wanted.returns) &&
			 (routine->returns != wanted.returns || routine->returns_set != wanted.returns_set))
		change->fails = "it returns another type";
	else if (!wanted.is_procedure && routine->volatility != wanted.volatility)
		change->differs = psprintf("it was %s and becomes %s", volatility_name(routine->volatility), volatility_name(wanted.volatility));
	return true;
}

static const char *
volatility_name(char volatility)
{
	return volatility == PROVOLATILE_IMMUTABLE ? "IMMUTABLE" : volatility == PROVOLATILE_STABLE ? "STABLE" : "VOLATILE";
}

/*
 * The statement with the names that the live catalog has for what it means; false
 * where that has not all of it.
 */
static bool
as_live(WfSimulation *simulation, CreateFunctionStmt *stmt, CreateFunctionStmt *live)
{
	int			count = list_length(stmt->funcname);
	const char *schema = wf_sim_live_schema(simulation, count > 1 ? strVal(list_nth(stmt->funcname, count - 2)) :
											wf_sim_first_schema(simulation));
	ListCell   *lc;

	if (schema == NULL || count > 2)
		return false;
	*live = *stmt;
	live->funcname = list_make2(makeString(pstrdup(schema)), llast(stmt->funcname));
	live->parameters = NIL;
	foreach(lc, stmt->parameters)
	{
		FunctionParameter *parameter = palloc(sizeof(FunctionParameter));

		*parameter = *lfirst_node(FunctionParameter, lc);
		parameter->argType = type_as_live(simulation, parameter->argType);
		if (parameter->argType == NULL)
			return false;
		live->parameters = lappend(live->parameters, parameter);
	}
	if (stmt->returnType)
		live->returnType = type_as_live(simulation, stmt->returnType);
	return stmt->returnType == NULL || live->returnType != NULL;
}

/* By its OID; NULL where the live catalog has none. */
static TypeName *
type_as_live(WfSimulation *simulation, const TypeName *type)
{
	TypeName   *live = palloc(sizeof(TypeName));

	*live = *type;
	if (type->names == NIL || type->pct_type)
		return live;
	live->typeOid = wf_sim_type(&simulation->catalog, type->names)->oid;
	live->names = NIL;
	return OidIsValid(live->typeOid) ? live : NULL;
}
