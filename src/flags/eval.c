/*
 * eval.c: running a flag's program for a context.  Pure.
 *
 * Nothing is raised here: what goes wrong is an error code in the outcome, and
 * the caller's default is served.
 */
#include "common/compat.h"

#include "flags/eval.h"
#include "flags/override.h"
#include "flags/preview.h"

/* How a rule ends. */
typedef enum RuleEnd
{
	RULE_MISSED,
	RULE_MISSED_GROUP,			/* the rest of its group misses, too */
	RULE_DECIDED				/* or failed */
} RuleEnd;

/* What testing a flag's value counts as. */
#define VALUE_STEPS 250

static void run_flag(WfRun *run, const WfFlag *flag, WfOutcome *outcome);
static void run_program(WfRun *run, const WfFlag *flag, WfOutcome *outcome);
static bool is_enabled(WfRun *run, const WfProgram *program);
static bool may_run(WfRun *run, const WfProgram *program);
static bool serve_override(WfRun *run, const WfFlag *flag, WfOutcome *outcome);
static bool run_rules(WfRun *run, const WfProgram *program, int from, int until,
					  WfOutcome *outcome);
static RuleEnd run_rule(WfRun *run, const WfProgram *program, const WfFlagRule *rule,
						WfOutcome *outcome);
static bool choose_variant(WfRun *run, const WfProgram *program, const WfServe *serve,
						   int *variant, WfOutcome *outcome);
static bool variant_of_value(WfRun *run, const WfProgram *program, const WfValue *value, int *variant);
static bool test_outcome(WfRun *run, const WfFlagTest *test, const WfProgram *program,
						 const WfOutcome *outcome);
static bool value_passes(WfRun *run, const WfFlagTest *test, Jsonb *value);
static bool serves_name(const WfFlagTest *test, const WfProgram *program, int variant);
static bool variant_enabled(const WfProgram *program, int variant);
static void serve_variant(const WfProgram *program, int variant, WfReason reason,
						  WfOutcome *outcome);
static void fail(const WfRun *run, WfOutcome *outcome);

/*
 * Evaluates a flag.  In this order: a preview, a broken program, a context that is none
 * or lacks the key that the program can't do without, a disabled flag, the
 * rules that come before the overrides, an override of the key, the other
 * rules, the fallthrough to its share, the off variant.
 */
void
wf_flags_evaluate(const WfFlag *flag, WfContext *context, const WfCallbacks *callbacks,
				  WfOutcome *outcome)
{
	WfRun		run = {0};

	run.context = context;
	run.callbacks = callbacks;
	run_flag(&run, flag, outcome);
	outcome->members_unknown = run.members_unknown;
}

/* Makes *outcome an error. */
void
wf_flags_outcome_error(WfOutcome *outcome, WfErrorCode error)
{
	memset(outcome, 0, sizeof(WfOutcome));
	outcome->reason = WF_REASON_ERROR;
	outcome->error = error;
	outcome->variant = WF_VARIANT_NONE;
	outcome->arm = -1;
}

/*
 * Whether another flag says what a test wants, for the same context.  The
 * evaluation fails where that flag depends on the one that asks.
 */
bool
wf_flags_flag_passes(WfRun *run, const WfFlagTest *test)
{
	const WfFlag *asking = run->flag;
	const WfFlag *asker = run->asker;
	const WfFlag *flag = run->callbacks->find_flag(run->callbacks->arg, test->key);
	const WfValue *scope = run->scope;
	WfOutcome	outcome;

	if (flag == NULL || flag->program == NULL)
		return test->missing_is_null && value_passes(run, test, NULL);
	if (test->leaf_only && flag->program->tests_flags)
		return false;
	if (wf_flags_run_is_inside(run, flag))
	{
		if (test->cycle_error != WF_ERROR_NONE)
			wf_flags_run_fail(run, test->cycle_error, WF_CAUSE_CYCLE);
		return false;
	}
	if (run->callbacks->stack_is_too_deep())
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
	if (run->error != WF_ERROR_NONE)
		return false;

	run->scope = NULL;
	run->asker = asking;
	run_flag(run, flag, &outcome);
	run->flag = asking;
	run->asker = asker;
	run->scope = scope;
	/* What is wrong with that flag alone is a test that fails. */
	if (run->cause != WF_CAUSE_CYCLE && run->cause != WF_CAUSE_LIMIT &&
		run->cause != WF_CAUSE_CONDITION)
	{
		run->error = WF_ERROR_NONE;
		run->cause = WF_CAUSE_NONE;
	}
	return run->error == WF_ERROR_NONE && test_outcome(run, test, flag->program, &outcome);
}

/* The value of a variant as jsonb; NULL for no variant. */
Jsonb *
wf_flags_variant_value(const WfProgram *program, int variant)
{
	JsonbValue	value;

	if (variant == WF_VARIANT_NONE)
		return NULL;
	if (program->variants[variant].value)
		return program->variants[variant].value;

	/* "on" and "off" of a flag that defines no variants. */
	value.type = jbvBool;
	value.val.boolean = program->variants[variant].enabled;
	return JsonbValueToJsonb(&value);
}

/* Index of a variant by name, or WF_VARIANT_NONE. */
int
wf_flags_variant_index(const WfProgram *program, WfString name)
{
	for (int i = 0; i < program->nvariants; i++)
	{
		if (program->variants[i].name.data &&
			wf_flags_strings_equal(program->variants[i].name, name))
			return i;
	}
	return WF_VARIANT_NONE;
}

/* OpenFeature's name of a reason. */
const char *
wf_flags_reason_name(WfReason reason)
{
	switch (reason)
	{
		case WF_REASON_STATIC:
			return "STATIC";
		case WF_REASON_DEFAULT:
			return "DEFAULT";
		case WF_REASON_TARGETING_MATCH:
			return "TARGETING_MATCH";
		case WF_REASON_SPLIT:
			return "SPLIT";
		case WF_REASON_DISABLED:
			return "DISABLED";
		case WF_REASON_ERROR:
			return "ERROR";
	}
	return NULL;
}

/* OpenFeature's name of an error code, or NULL for none. */
const char *
wf_flags_error_name(WfErrorCode error)
{
	switch (error)
	{
		case WF_ERROR_NONE:
			return NULL;
		case WF_ERROR_FLAG_NOT_FOUND:
			return "FLAG_NOT_FOUND";
		case WF_ERROR_PARSE_ERROR:
			return "PARSE_ERROR";
		case WF_ERROR_TYPE_MISMATCH:
			return "TYPE_MISMATCH";
		case WF_ERROR_TARGETING_KEY_MISSING:
			return "TARGETING_KEY_MISSING";
		case WF_ERROR_INVALID_CONTEXT:
			return "INVALID_CONTEXT";
		case WF_ERROR_GENERAL:
			return "GENERAL";
	}
	return NULL;
}

static void
run_flag(WfRun *run, const WfFlag *flag, WfOutcome *outcome)
{
	WfFrame		frame = {flag, run->frames};

	run->flag = flag;
	run->frames = &frame;
	outcome->cause = WF_CAUSE_NONE;
	outcome->rule = NULL;
	outcome->overridden = false;
	outcome->previewed = false;
	outcome->error = WF_ERROR_NONE;
	outcome->split = NULL;
	outcome->arm = -1;
	outcome->position = 0;
	run_program(run, flag, outcome);
	run->frames = frame.outer;
}

static void
run_program(WfRun *run, const WfFlag *flag, WfOutcome *outcome)
{
	const WfProgram *program = flag->program;

	if (unlikely(run->callbacks->preview != NULL) &&
		wf_flags_preview_serve(run->callbacks->preview, flag, outcome))
		return;
	if (unlikely(program->check || program->fault != WF_ERROR_NONE || program->needs_key ||
				 !run->context->valid) &&
		!may_run(run, program))
	{
		fail(run, outcome);
		return;
	}
	if (!is_enabled(run, program))
	{
		serve_variant(program, program->off, WF_REASON_DISABLED, outcome);
		return;
	}
	if ((program->nbefore > 0 && run_rules(run, program, 0, program->nbefore, outcome)) ||
		(flag->overrides && serve_override(run, flag, outcome)) ||
		run_rules(run, program, program->nbefore, program->nrules, outcome))
		return;
	if (run_rule(run, program, &program->fallthrough, outcome) != RULE_DECIDED)
		serve_variant(program, program->off, WF_REASON_SPLIT, outcome);
}

/* Whether the flag is switched on, and not expired. */
static bool
is_enabled(WfRun *run, const WfProgram *program)
{
	return program->enabled &&
		!(program->expires && run->callbacks->now(run->callbacks->arg) >= program->expires_at);
}

/* Whether the program is sound and the context what it needs. */
static bool
may_run(WfRun *run, const WfProgram *program)
{
	WfErrorCode error;
	WfString	key;

	if (program->check && run->context->valid &&
		(error = program->check(run->context)) != WF_ERROR_NONE)
		wf_flags_run_fail(run, error, WF_CAUSE_NONE);
	else if (program->fault != WF_ERROR_NONE)
		wf_flags_run_fail(run, program->fault, WF_CAUSE_NONE);
	else if (!run->context->valid)
		wf_flags_run_fail(run, WF_ERROR_INVALID_CONTEXT, WF_CAUSE_NONE);
	else if (program->needs_key && !wf_flags_program_key(run->context, program, &key))
		wf_flags_run_fail(run, WF_ERROR_TARGETING_KEY_MISSING, WF_CAUSE_NONE);
	return run->error == WF_ERROR_NONE;
}

/* Fetches the key that identifies the context for a program; false where there is none. */
bool
wf_flags_program_key(WfContext *context, const WfProgram *program, WfString *key)
{
	if (program->key.npaths == 0 && program->key.kind.data == NULL)
		return wf_flags_context_key(context, key);
	return wf_flags_attribute_key(context, &program->key, key);
}

/* Serves what the key is given; false when it is given nothing. */
static bool
serve_override(WfRun *run, const WfFlag *flag, WfOutcome *outcome)
{
	const WfOverride *override;
	WfString	key;
	int			variant;

	if (!wf_flags_program_key(run->context, flag->program, &key))
		return false;
	override = wf_flags_overrides_find(flag->overrides, key);
	if (override == NULL)
		return false;

	/* A replica may hold an override whose flag has lost the variant. */
	variant = wf_flags_variant_index(flag->program, override->variant);
	if (variant == WF_VARIANT_NONE)
	{
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_VARIANT);
		fail(run, outcome);
	}
	else
		serve_variant(flag->program, variant, WF_REASON_TARGETING_MATCH, outcome);
	outcome->overridden = true;
	return true;
}

/* Runs rules in order until one has decided. */
static bool
run_rules(WfRun *run, const WfProgram *program, int from, int until, WfOutcome *outcome)
{
	for (int i = from; i < until; i++)
	{
		const WfFlagRule *rule = &program->rules[i];
		RuleEnd		end;

		/* Most rules miss here. */
		if (rule->condition && !wf_flags_node_holds(run, rule->condition) &&
			run->error == WF_ERROR_NONE)
			continue;
		end = run_rule(run, program, rule, outcome);
		if (end == RULE_DECIDED)
			return true;
		while (end == RULE_MISSED_GROUP && i + 1 < until &&
			   program->rules[i + 1].group == rule->group)
			i++;
	}
	return false;
}

/* Runs a rule whose condition holds, or has failed. */
static RuleEnd
run_rule(WfRun *run, const WfProgram *program, const WfFlagRule *rule, WfOutcome *outcome)
{
	bool		inside = run->error == WF_ERROR_NONE;
	int			variant = rule->serve.variant;
	WfReason	reason = rule->reason;
	double		position;
	int			arm;

	if (inside && rule->share)
	{
		inside = wf_flags_split_choose(run, rule->share, &arm, &position) && arm >= 0;
		reason = WF_REASON_SPLIT;
	}
	if (inside && rule->serve.error != WF_ERROR_NONE)
		wf_flags_run_fail(run, rule->serve.error, WF_CAUSE_VARIANT);
	if (inside && run->error == WF_ERROR_NONE)
	{
		inside = choose_variant(run, program, &rule->serve, &variant, outcome);
		if (!inside && rule->serve.miss == WF_MISS_GROUP && run->error == WF_ERROR_NONE)
			return RULE_MISSED_GROUP;
		if (rule->serve.split)
			reason = WF_REASON_SPLIT;
	}
	if (run->error != WF_ERROR_NONE)
	{
		outcome->rule = rule;
		fail(run, outcome);
		return RULE_DECIDED;
	}
	if (!inside)
		return RULE_MISSED;
	outcome->rule = rule;
	serve_variant(program, variant, reason, outcome);
	return RULE_DECIDED;
}

/* Finds the variant of a serve; false when the rule misses. */
static bool
choose_variant(WfRun *run, const WfProgram *program, const WfServe *serve, int *variant,
			   WfOutcome *outcome)
{
	bool		chosen = true;
	WfValue		value;

	if (serve->split)
	{
		outcome->split = serve->split;
		chosen = wf_flags_split_choose(run, serve->split, &outcome->arm, &outcome->position) &&
			outcome->arm >= 0;
		if (chosen)
			*variant = serve->split->arms[outcome->arm].variant;
	}
	else if (serve->node)
	{
		wf_flags_node_value(run, serve->node, &value);
		chosen = run->error == WF_ERROR_NONE && variant_of_value(run, program, &value, variant);
	}
	if (chosen && *variant != WF_VARIANT_MISS)
		return true;
	if (serve->miss == WF_MISS_ERROR)
		wf_flags_run_fail(run, WF_ERROR_PARSE_ERROR, WF_CAUSE_VARIANT);
	if (serve->miss != WF_MISS_OFF)
		return false;
	*variant = program->off;
	return true;
}

/* The variant that a value names; false, perhaps with an error, where none. */
static bool
variant_of_value(WfRun *run, const WfProgram *program, const WfValue *value, int *variant)
{
	double		index;

	switch (value->type)
	{
		case WF_VALUE_ABSENT:
		case WF_VALUE_NULL:
			return false;
		case WF_VALUE_STRING:
			*variant = wf_flags_variant_index(program, value->u.string);
			break;
		case WF_VALUE_BOOLEAN:
			*variant = wf_flags_variant_index(program, wf_flags_string(value->u.boolean ? "true" : "false"));
			break;
		case WF_VALUE_NUMBER:
			index = wf_flags_value_double(value);
			*variant = index >= 0 && index < program->nvariants ? (int) index : WF_VARIANT_NONE;
			break;
		default:
			*variant = WF_VARIANT_NONE;
			break;
	}
	if (*variant == WF_VARIANT_NONE)
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_VARIANT);
	return *variant != WF_VARIANT_NONE;
}

static bool
test_outcome(WfRun *run, const WfFlagTest *test, const WfProgram *program, const WfOutcome *outcome)
{
	Jsonb	   *value = NULL;

	if (test->state != WF_WANTED_ANY && (outcome->previewed ? outcome->enabled : is_enabled(run, program)) != (test->state == WF_WANTED_TRUE))
		return false;
	if (test->enabled != WF_WANTED_ANY && outcome->enabled != (test->enabled == WF_WANTED_TRUE))
		return false;
	if (test->nvariants > 0 && !serves_name(test, program, outcome->variant))
		return false;
	if (test->condition == NULL)
		return true;
	if (outcome->variant != WF_VARIANT_NONE)
		value = wf_flags_variant_value(program, outcome->variant);
	return value_passes(run, test, value);
}

/* Whether {"value": value} fulfils the test's condition; NULL is null. */
static bool
value_passes(WfRun *run, const WfFlagTest *test, Jsonb *value)
{
	const WfValue *outer = run->scope;
	JsonbParseState *state = NULL;
	JsonbValue	json;
	WfValue		scope;
	bool		passes;

	if (test->condition == NULL)
		return true;
	/* Memory that is free when the evaluation has ended. */
	if (!wf_flags_run_work(run, VALUE_STEPS))
		return false;
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json.type = jbvString;
	json.val.string.val = "value";
	json.val.string.len = strlen("value");
	(void) pushJsonbValue(&state, WJB_KEY, &json);
	json.type = jbvNull;
	if (value)
	{
		wf_flags_value_from_root(value, &scope);
		wf_flags_value_to_json(&scope, &json);
	}
	(void) pushJsonbValue(&state, WJB_VALUE, &json);
	wf_flags_value_from_root(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)), &scope);

	run->scope = &scope;
	passes = wf_flags_node_holds(run, test->condition);
	run->scope = outer;
	return passes;
}

static bool
serves_name(const WfFlagTest *test, const WfProgram *program, int variant)
{
	if (variant == WF_VARIANT_NONE || program->variants[variant].name.data == NULL)
		return false;
	for (int i = 0; i < test->nvariants; i++)
	{
		if (wf_flags_strings_equal(test->variants[i], program->variants[variant].name))
			return true;
	}
	return false;
}

static bool
variant_enabled(const WfProgram *program, int variant)
{
	return variant >= 0 && program->variants[variant].enabled;
}

static void
serve_variant(const WfProgram *program, int variant, WfReason reason, WfOutcome *outcome)
{
	outcome->reason = reason;
	outcome->variant = variant;
	outcome->enabled = variant_enabled(program, variant);
}

/* Makes the run's error the outcome; the rule that failed stays in it. */
static void
fail(const WfRun *run, WfOutcome *outcome)
{
	const WfFlagRule *rule = outcome->rule;

	wf_flags_outcome_error(outcome, run->error);
	outcome->cause = run->cause;
	outcome->rule = rule;
}
