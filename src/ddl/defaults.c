/*
 * defaults.c: what the default of a column or domain costs.
 */
#include "common/compat.h"

#include "ddl/defaults.h"
#include "ddl/walk.h"

typedef struct VolatileWalk
{
	WfCatalog  *catalog;
	WfVolatile *found;
} VolatileWalk;

static bool is_volatile(Node *node, void *context);

/* Is it none, or the constant NULL, with casts or without? */
bool
wf_ddl_is_null(Node *value)
{
	while (value && IsA(value, TypeCast))
		value = ((TypeCast *) value)->arg;
	return value == NULL || (IsA(value, A_Const) && ((A_Const *) value)->isnull);
}

/* Does a function of the expression give each row another value?  found may be NULL. */
bool
wf_ddl_is_volatile(WfCatalog *catalog, Node *expression, WfVolatile *found)
{
	VolatileWalk walk = {.catalog = catalog, .found = found};

	return wf_ddl_walk(expression, is_volatile, &walk);
}

static bool
is_volatile(Node *node, void *context)
{
	VolatileWalk *walk = context;
	FuncCall   *call = (FuncCall *) node;
	char		volatility;

	if (!IsA(node, FuncCall))
		return false;
	volatility = walk->catalog->volatility(walk->catalog, call->funcname, list_length(call->args), NIL);
	if (volatility != 0 && volatility != 'v')
		return false;
	if (walk->found)
	{
		walk->found->name = call->funcname;
		walk->found->unknown = volatility == 0;
	}
	return true;
}
