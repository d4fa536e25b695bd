/*
 * routines.c: functions and procedures by their names, and what CREATE OR
 * REPLACE would make of one that is there.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"

/* What CREATE FUNCTION says of its parameters and result. */
typedef struct Wanted
{
	Oid			inputs[FUNC_MAX_ARGS];
	const char *names[FUNC_MAX_ARGS];	/* of the inputs; NULL: none */
	int			ninputs;
	int			ndefaults;
	Oid			outputs[FUNC_MAX_ARGS];
	const char *output_names[FUNC_MAX_ARGS];
	int			noutputs;
	Oid			result;			/* InvalidOid: a procedure without outputs */
	bool		returns_set;
} Wanted;

static bool read_wanted(CreateFunctionStmt *stmt, Wanted *wanted);
static bool add_parameter(Wanted *wanted, FunctionParameter *parameter);
static Oid	type_of(const TypeName *name);
static Oid	routine_with(List *names, const Oid *inputs, int ninputs);
static const char *what_fails(HeapTuple tuple, const Wanted *wanted, bool is_procedure);
static bool same_outputs(HeapTuple tuple, const Wanted *wanted);
static const char *changed_name(HeapTuple tuple, const Wanted *wanted);
static char wanted_volatility(List *options);
static const char *volatility_name(char volatility);

/* Is there such a routine?  Of several that fit, or with an unknown type: true. */
bool
wf_ddl_live_has_routine(WfCatalog *catalog, ObjectType type, const ObjectWithArgs *object)
{
	Oid			inputs[FUNC_MAX_ARGS];
	int			ninputs = 0;
	ListCell   *lc;

	if (object->args_unspecified)
		return wf_ddl_live_volatility(catalog, object->objname, -1, NIL) != 0;
	foreach(lc, object->objargs)
	{
		Oid			input = lfirst(lc) ? type_of(lfirst(lc)) : InvalidOid;

		if (!OidIsValid(input) || ninputs == FUNC_MAX_ARGS)
			return true;
		inputs[ninputs++] = input;
	}
	return OidIsValid(routine_with(object->objname, inputs, ninputs)) ||
	/* DROP PROCEDURE may leave out, or list, the OUT parameters. */
		(type != OBJECT_FUNCTION && type != OBJECT_AGGREGATE &&
		 wf_ddl_live_volatility(catalog, object->objname, -1, NIL) != 0);
}

/*
 * What CREATE FUNCTION finds: fills change, and returns whether there is a
 * routine of this name and these inputs.
 */
bool
wf_ddl_live_routine_change(WfCatalog *catalog, CreateFunctionStmt *stmt, WfRoutineChange *change)
{
	Wanted	   *wanted = palloc0(sizeof(Wanted));
	Form_pg_proc form;
	HeapTuple	tuple;
	Oid			found = InvalidOid;
	MemoryContext old;

	memset(change, 0, sizeof(WfRoutineChange));
	if (read_wanted(stmt, wanted))
		found = routine_with(stmt->funcname, wanted->inputs, wanted->ninputs);
	tuple = OidIsValid(found) ? SearchSysCache1(PROCOID, ObjectIdGetDatum(found)) : NULL;
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	old = MemoryContextSwitchTo(catalog->context);
	change->routine = found;
	change->signature = format_procedure_qualified(found);
	change->fails = what_fails(tuple, wanted, stmt->is_procedure);
	if (change->fails == NULL && !stmt->is_procedure && form->provolatile != wanted_volatility(stmt->options))
		change->differs = psprintf("it was %s and becomes %s", volatility_name(form->provolatile),
								   volatility_name(wanted_volatility(stmt->options)));
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
	return true;
}

/* False where a type is not known, or the server would refuse the parameters. */
static bool
read_wanted(CreateFunctionStmt *stmt, Wanted *wanted)
{
	ListCell   *lc;

	foreach(lc, stmt->parameters)
	{
		if (!add_parameter(wanted, lfirst_node(FunctionParameter, lc)))
			return false;
	}
	if (stmt->returnType)
	{
		wanted->returns_set = stmt->returnType->setof;
		wanted->result = type_of(stmt->returnType);
		if (!OidIsValid(wanted->result))
			return false;
	}
	/* RETURNS TABLE comes as outputs, and a type made of them. */
	if (wanted->noutputs > 1 || (wanted->noutputs == 1 && stmt->is_procedure))
		wanted->result = RECORDOID;
	else if (wanted->noutputs == 1)
		wanted->result = wanted->outputs[0];
	return true;
}

static bool
add_parameter(Wanted *wanted, FunctionParameter *parameter)
{
	Oid			type = type_of(parameter->argType);
	bool		is_output = parameter->mode == FUNC_PARAM_OUT || parameter->mode == FUNC_PARAM_INOUT ||
	parameter->mode == FUNC_PARAM_TABLE;

	if (!OidIsValid(type) || wanted->ninputs == FUNC_MAX_ARGS || wanted->noutputs == FUNC_MAX_ARGS)
		return false;
	if (parameter->mode != FUNC_PARAM_TABLE && parameter->mode != FUNC_PARAM_OUT)
	{
		wanted->names[wanted->ninputs] = parameter->name;
		wanted->inputs[wanted->ninputs++] = type;
		wanted->ndefaults += parameter->defexpr != NULL;
	}
	if (is_output)
	{
		wanted->output_names[wanted->noutputs] = parameter->name;
		wanted->outputs[wanted->noutputs++] = type;
	}
	return true;
}

static Oid
type_of(const TypeName *name)
{
	Oid			type;

	/* %TYPE would be looked up with a message. */
	if (name == NULL || name->pct_type)
		return InvalidOid;
	type = name->names == NIL ? name->typeOid : wf_ddl_live_type_oid(name->names);
	return name->arrayBounds == NIL || !OidIsValid(type) ? type : get_array_type(type);
}

/* The routine of this name, where the statement would make it, with these inputs. */
static Oid
routine_with(List *names, const Oid *inputs, int ninputs)
{
	char	   *schema = list_length(names) == 2 ? strVal(linitial(names)) : NULL;
	Oid			namespace = InvalidOid;
	List	   *path;

	if (list_length(names) > 2)
		return InvalidOid;
	if (schema)
		namespace = get_namespace_oid(schema, true);
	else if ((path = fetch_search_path(false)) != NIL)
		namespace = linitial_oid(path);
	if (!OidIsValid(namespace))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(strVal(llast(names))),
						   PointerGetDatum(buildoidvector(inputs, ninputs)), ObjectIdGetDatum(namespace));
}

/* What ProcedureCreate() refuses to change; NULL where nothing. */
static const char *
what_fails(HeapTuple tuple, const Wanted *wanted, bool is_procedure)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	const char *name;

	if ((form->prokind == PROKIND_PROCEDURE) != is_procedure || form->prokind == PROKIND_AGGREGATE)
		return psprintf("it is %s", form->prokind == PROKIND_PROCEDURE ? "a procedure" :
						form->prokind == PROKIND_AGGREGATE ? "an aggregate" : "a function");
	if (!is_procedure && (form->prorettype != wanted->result || form->proretset != wanted->returns_set))
		return psprintf("it returns %s%s", form->proretset ? "SETOF " : "", format_type_be(form->prorettype));
	if (wanted->noutputs > 1 && !same_outputs(tuple, wanted))
		return "its output columns differ";
	name = changed_name(tuple, wanted);
	if (name)
		return psprintf("its parameter is named \"%s\"", name);
	if (form->pronargdefaults > wanted->ndefaults)
		return "parameters have defaults, which may not go";
	return NULL;
}

static bool
same_outputs(HeapTuple tuple, const Wanted *wanted)
{
	TupleDesc	desc = build_function_result_tupdesc_t(tuple);

	if (desc == NULL || desc->natts != wanted->noutputs)
		return false;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (column->atttypid != wanted->outputs[i] ||
			(wanted->output_names[i] && strcmp(NameStr(column->attname), wanted->output_names[i]) != 0))
			return false;
	}
	return true;
}

/* The first input whose name would be another one; a name may only be added. */
static const char *
changed_name(HeapTuple tuple, const Wanted *wanted)
{
	Oid		   *types;
	char	  **names;
	char	   *modes;
	int			count = get_func_arg_info(tuple, &types, &names, &modes);
	int			input = 0;

	for (int i = 0; names && i < count; i++)
	{
		if (modes && (modes[i] == PROARGMODE_TABLE || modes[i] == PROARGMODE_OUT))
			continue;
		if (input < wanted->ninputs && names[i][0] != '\0' &&
			(wanted->names[input] == NULL || strcmp(names[i], wanted->names[input]) != 0))
			return names[i];
		input++;
	}
	return NULL;
}

static char
wanted_volatility(List *options)
{
	char		volatility = PROVOLATILE_VOLATILE;
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		/* v, s or i, as in the catalog. */
		if (strcmp(option->defname, "volatility") == 0)
			volatility = strVal(option->arg)[0];
	}
	return volatility;
}

static const char *
volatility_name(char volatility)
{
	return volatility == PROVOLATILE_IMMUTABLE ? "IMMUTABLE" : volatility == PROVOLATILE_STABLE ? "STABLE" : "VOLATILE";
}
