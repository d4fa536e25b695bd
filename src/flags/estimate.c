/*
 * estimate.c: what can be told of a flag without the keys.  Pure.
 */
#include "common/compat.h"

#include "flags/clock.h"
#include "flags/eval.h"

static double split_share(const WfSplit *split, TimestampTz now);
static double arm_share(const WfSplit *split, const WfArm *arm);
static double serve_share(const WfProgram *program, const WfServe *serve);
static double rule_share(const WfFlagRule *rule, TimestampTz now);
static bool variant_enabled(const WfProgram *program, int variant);

/*
 * The share of keys that a flag is on for at a moment, 0 to 1, as far as it
 * can be told without the keys: rules with a condition on something else than
 * the key's bucket, and overrides, are taken to match nobody.
 */
double
wf_flags_program_share(const WfProgram *program, TimestampTz now)
{
	const WfFlagRule *last = &program->fallthrough;
	double		rest = 1;		/* that no rule has served so far */
	double		share = 0;
	double		taken;

	if (program->fault != WF_ERROR_NONE)
		return 0;
	if (!program->enabled || (program->expires && now >= program->expires_at))
		return variant_enabled(program, program->off);
	for (int i = 0; i < program->nrules; i++)
	{
		taken = rest * rule_share(&program->rules[i], now);
		share += taken * serve_share(program, &program->rules[i].serve);
		rest -= taken;
	}
	taken = last->share ? rest * split_share(last->share, now) : rest;
	share += taken * serve_share(program, &last->serve);
	share += (rest - taken) * variant_enabled(program, program->off);
	return Min(Max(share, 0), 1);
}

/*
 * Whether a flag serves one variant to everybody at a moment, whoever asks, and
 * which one: its index, or WF_VARIANT_NONE.
 */
bool
wf_flags_program_settled(const WfProgram *program, TimestampTz now, int *variant)
{
	const WfFlagRule *last = &program->fallthrough;
	const WfServe *serve = &last->serve;
	double		share = last->share ? split_share(last->share, now) : 1;

	*variant = program->off;
	if (program->fault != WF_ERROR_NONE)
		return false;
	if (!program->enabled || (program->expires && now >= program->expires_at))
		return true;
	if (program->nrules > 0)
	{
		/* One for everybody ends the rules. */
		if (program->rules[0].condition || program->rules[0].share)
			return false;
		serve = &program->rules[0].serve;
		share = 1;
	}
	if (share == 0)
		return true;
	*variant = serve->variant;
	return share == 1 && serve->split == NULL && serve->node == NULL && serve->error == WF_ERROR_NONE &&
		serve->variant != WF_VARIANT_MISS;
}

/* How much of a split falls into its arms. */
static double
split_share(const WfSplit *split, TimestampTz now)
{
	double		share = 0;

	if (split->schedule)
		return (double) wf_flags_schedule_share(split->schedule, now) / WF_SHARE_TOTAL;
	for (int i = 0; i < split->narms; i++)
		share += arm_share(split, &split->arms[i]);
	return Min(Max(share, 0), 1);
}

static double
arm_share(const WfSplit *split, const WfArm *arm)
{
	double		whole = split->total;

	switch (split->reduction)
	{
		case WF_REDUCTION_MULTIPLY:
		case WF_REDUCTION_MODULO:
		case WF_REDUCTION_MODULO_FROM_1:
			break;
		case WF_REDUCTION_MODULO_SHARE:
		case WF_REDUCTION_SHARE_60:
		case WF_REDUCTION_SHARE_60_SINGLE:
			whole = 1;
			break;
		case WF_REDUCTION_ABS_PERCENT:
		case WF_REDUCTION_PERCENT_9998:
			whole = 100;
			break;
	}
	return whole > 0 ? (arm->upper - arm->lower) / whole : 0;
}

/* How many of those that are served something are on. */
static double
serve_share(const WfProgram *program, const WfServe *serve)
{
	const WfSplit *split = serve->split;
	double		share = 0;

	if (split == NULL || split->narms == 0)
		return variant_enabled(program, serve->variant);
	for (int i = 0; i < split->narms; i++)
	{
		if (variant_enabled(program, split->arms[i].variant))
			share += arm_share(split, &split->arms[i]);
	}
	return Min(Max(share, 0), 1);
}

/* How many a rule serves. */
static double
rule_share(const WfFlagRule *rule, TimestampTz now)
{
	const WfNode *condition = rule->condition;

	if (condition && condition->type == WF_NODE_NOT && condition->children[0].type == WF_NODE_SPLIT)
		return 1 - split_share(condition->children[0].u.split, now);
	if (condition)
		return 0;
	return rule->share ? split_share(rule->share, now) : 1;
}

static bool
variant_enabled(const WfProgram *program, int variant)
{
	return variant >= 0 && program->variants[variant].enabled;
}
