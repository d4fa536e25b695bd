/*
 * support.c: what the planner is told about flag_eval().
 *
 * A rollout of 1 % lets one row in a hundred through, not the third that the
 * planner assumes of any function; and a flag with twenty predicates costs
 * more than one with none.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"

#include "flags/cache.h"
#include "flags/eval.h"

PG_FUNCTION_INFO_V1(wf_flag_eval_support);

static bool estimate_selectivity(SupportRequestSelectivity *request);
static bool estimate_cost(SupportRequestCost *request);
static const WfProgram *planned_program(PlannerInfo *root, List *args, bool *known);

/* flag_eval_support(internal) -> internal: planner support of flag_eval() */
Datum
wf_flag_eval_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	bool		answered = false;

	if (IsA(request, SupportRequestSelectivity))
		answered = estimate_selectivity((SupportRequestSelectivity *) request);
	else if (IsA(request, SupportRequestCost))
		answered = estimate_cost((SupportRequestCost *) request);
	PG_RETURN_POINTER(answered ? request : NULL);
}

static bool
estimate_selectivity(SupportRequestSelectivity *request)
{
	bool		known;
	const WfProgram *program = planned_program(request->root, request->args, &known);

	if (!known)
		return false;
	request->selectivity = program ? wf_flags_program_share(program, GetCurrentStatementStartTimestamp()) : 0;
	return true;
}

static bool
estimate_cost(SupportRequestCost *request)
{
	bool		known;
	const WfProgram *program;

	if (request->node == NULL || !IsA(request->node, FuncExpr))
		return false;
	program = planned_program(request->root, ((FuncExpr *) request->node)->args, &known);
	if (!known || program == NULL)
		return false;
	request->startup = 0;
	request->per_tuple = cpu_operator_cost * (1 + program->npredicates);
	return true;
}

/*
 * The program of the flag that a call names.  *known is false when the name
 * is known at run time only; NULL when there is no such flag.
 */
static const WfProgram *
planned_program(PlannerInfo *root, List *args, bool *known)
{
	Node	   *flag = estimate_expression_value(root, linitial(args));
	text	   *key;
	WfString	name;
	const WfFlag *found;

	*known = IsA(flag, Const) && ((Const *) flag)->consttype == TEXTOID;
	if (!*known || ((Const *) flag)->constisnull)
		return NULL;
	key = DatumGetTextPP(((Const *) flag)->constvalue);
	name.data = VARDATA_ANY(key);
	name.len = VARSIZE_ANY_EXHDR(key);
	wf_flags_cache_ensure();
	found = wf_flags_store_find(name);
	return found ? found->program : NULL;
}
