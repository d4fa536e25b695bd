/*
 * dialect_native_rule.c: the rules of native flags, in the order in which they
 * are asked.  Pure.
 *
 * "window":    window; outside it the flag is off
 * "deny":      condition; whom it holds for gets the off variant
 *              -- here come the overrides --
 * "requires":  [{"flag": KEY, test, "otherwise": NAME or null}, ...]
 * "exclusive": {"group": NAME, "from": percentage, "until": percentage, "by": attribute}
 * "rules":     [{"id": text, "when": condition, "window": window, "rollout": share,
 *                "serve": serve, "otherwise": "continue" or "off"}, ...]
 *
 * The test of "requires" is that of a condition on a flag.  A rule whose
 * condition holds may still not serve, for its rollout or for its serve:
 * "otherwise" says what then.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"

static int	length_of(JsonbContainer *definition, const char *name);
static WfFlagRule *add_rule(WfNative *native, const char *id, WfNode *condition, int variant, WfReason reason);
static bool add_window(WfNative *native, JsonbContainer *definition);
static bool add_deny(WfNative *native, JsonbContainer *definition);
static bool add_requires(WfNative *native, JsonbContainer *definition);
static bool add_required(WfNative *native, JsonbValue *value, const char *path);
static bool add_exclusive(WfNative *native, JsonbContainer *definition);
static bool add_rules(WfNative *native, JsonbContainer *definition);
static bool add_written_rule(WfNative *native, JsonbValue *value, const char *path, int index);
static bool read_condition(WfNative *native, JsonbContainer *object, const char *path, WfFlagRule *rule);
static bool read_rollout(WfNative *native, JsonbContainer *object, const char *path, WfFlagRule *rule);
static bool add_otherwise(WfNative *native, JsonbContainer *object, const char *path, WfFlagRule *rule);

/* Compiles all that a definition says besides its default. */
bool
wf_flags_native_rules(WfNative *native, JsonbContainer *definition)
{
	WfProgram  *program = native->program;
	int			most = 3 + length_of(definition, "requires") + 2 * length_of(definition, "rules");

	program->rules = palloc0(sizeof(WfFlagRule) * most);
	if (!add_window(native, definition) || !add_deny(native, definition))
		return false;
	program->nbefore = program->nrules;
	return add_requires(native, definition) &&
		add_exclusive(native, definition) &&
		add_rules(native, definition);
}

static int
length_of(JsonbContainer *definition, const char *name)
{
	JsonbValue	value;

	if (!wf_flags_document_member(definition, name, &value) ||
		value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		return 0;
	return JsonContainerSize(value.val.binary.data);
}

/* Adds a rule that serves one variant. */
static WfFlagRule *
add_rule(WfNative *native, const char *id, WfNode *condition, int variant, WfReason reason)
{
	WfFlagRule *rule = &native->program->rules[native->program->nrules++];

	rule->id = wf_flags_string(id);
	rule->condition = condition;
	rule->serve.variant = variant;
	rule->reason = reason;
	return rule;
}

static bool
add_window(WfNative *native, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *object;
	WfNode	   *inside = palloc0(sizeof(WfNode));

	if (!wf_flags_document_member(definition, "window", &value))
		return true;
	if (!wf_flags_document_object(&value, "$.window", native->fault, &object) ||
		!wf_flags_document_known(object, "$.window", native->fault, "from, until") ||
		!wf_flags_native_window(native, object, "$.window", inside))
		return false;
	(void) add_rule(native, "window", wf_flags_native_negate(inside), native->program->off,
					WF_REASON_DISABLED);
	return true;
}

static bool
add_deny(WfNative *native, JsonbContainer *definition)
{
	JsonbValue	value;
	WfNode	   *condition = palloc0(sizeof(WfNode));

	if (!wf_flags_document_member(definition, "deny", &value))
		return true;
	if (!wf_flags_native_condition(native, &value, "$.deny", condition))
		return false;
	(void) add_rule(native, "deny", condition, native->program->off, WF_REASON_TARGETING_MATCH);
	return true;
}

static bool
add_requires(WfNative *native, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *array;
	int			length;

	if (!wf_flags_document_member(definition, "requires", &value))
		return true;
	if (!wf_flags_document_array(&value, "$.requires", native->fault, &array, &length))
		return false;
	for (int i = 0; i < length; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!add_required(native, &value, psprintf("$.requires[%d]", i)))
			return false;
	}
	return true;
}

static bool
add_required(WfNative *native, JsonbValue *value, const char *path)
{
	WfNode	   *test = palloc0(sizeof(WfNode));
	int			variant = native->program->off;
	JsonbContainer *object;
	JsonbValue	member;
	WfString	key;

	if (!wf_flags_document_object(value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault,
								 "flag, enabled, variant, variants, value, otherwise") ||
		!wf_flags_native_flag_test(native, object, path, 1, test))
		return false;
	if (wf_flags_document_member(object, "otherwise", &member) && member.type != jbvNull &&
		!wf_flags_native_variant(native, &member, psprintf("%s.otherwise", path), &variant))
		return false;
	key = test->u.flag->key;
	(void) add_rule(native, psprintf("requires %.*s", key.len, key.data), wf_flags_native_negate(test),
					variant, WF_REASON_TARGETING_MATCH);
	return true;
}

/*
 * A key has one place in a group, whatever the flag, so flags whose ranges do
 * not overlap share no key.
 */
static bool
add_exclusive(WfNative *native, JsonbContainer *definition)
{
	const char *path = "$.exclusive";
	WfNode	   *inside = palloc0(sizeof(WfNode));
	WfNativeRollout *range = palloc0(sizeof(WfNativeRollout));
	WfNativeAttribute by = native->by;
	uint32		from = 0;
	uint32		until = WF_SHARE_TOTAL;
	JsonbContainer *object;
	JsonbValue	value;
	WfString	group;

	if (!wf_flags_document_member(definition, "exclusive", &value))
		return true;
	if (!wf_flags_document_object(&value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "group, from, until, by") ||
		!wf_flags_native_text(native, object, "group", path, &group))
		return false;
	if (wf_flags_document_member(object, "from", &value) &&
		!wf_flags_native_percent(native, &value, "$.exclusive.from", &from))
		return false;
	if (wf_flags_document_member(object, "until", &value) &&
		!wf_flags_native_percent(native, &value, "$.exclusive.until", &until))
		return false;
	if (!wf_flags_native_range(native, from, until, path))
		return false;
	if (wf_flags_document_member(object, "by", &value) &&
		!wf_flags_native_attribute(native, &value, "$.exclusive.by", &by))
		return false;

	wf_flags_native_split(native, &range->split, WF_NATIVE_GROUP_SEED, group, &by);
	range->split.total = WF_SHARE_TOTAL;
	range->split.narms = 1;
	range->split.arms = &range->arm;
	range->arm.lower = from;
	range->arm.upper = until;
	inside->type = WF_NODE_SPLIT;
	inside->u.split = &range->split;
	native->npredicates++;
	(void) add_rule(native, "exclusive", wf_flags_native_negate(inside), native->program->off,
					WF_REASON_SPLIT);
	return true;
}

static bool
add_rules(WfNative *native, JsonbContainer *definition)
{
	JsonbValue	value;
	JsonbContainer *array;
	int			length;

	if (!wf_flags_document_member(definition, "rules", &value))
		return true;
	if (!wf_flags_document_array(&value, "$.rules", native->fault, &array, &length))
		return false;
	for (int i = 0; i < length; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!add_written_rule(native, &value, psprintf("$.rules[%d]", i), i))
			return false;
	}
	return true;
}

static bool
add_written_rule(WfNative *native, JsonbValue *value, const char *path, int index)
{
	WfFlagRule *rule = add_rule(native, psprintf("%d", index + 1), NULL, WF_VARIANT_NONE,
								WF_REASON_TARGETING_MATCH);
	JsonbContainer *object;
	JsonbValue	member;

	rule->index = index;
	if (!wf_flags_document_object(value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "id, when, window, rollout, serve, otherwise"))
		return false;
	if (wf_flags_document_member(object, "id", &member) &&
		!wf_flags_document_string(&member, psprintf("%s.id", path), native->fault, &rule->id))
		return false;
	if (!read_condition(native, object, path, rule) || !read_rollout(native, object, path, rule))
		return false;
	if (!wf_flags_document_member(object, "serve", &member))
		return wf_flags_document_fault(native->fault, path,
									   "a rule needs \"serve\", the variant to serve");
	return wf_flags_native_serve(native, &member, psprintf("%s.serve", path), &rule->serve) &&
		add_otherwise(native, object, path, rule);
}

/* "window" and "when": both have to hold. */
static bool
read_condition(WfNative *native, JsonbContainer *object, const char *path, WfFlagRule *rule)
{
	WfNode	   *both = palloc0(sizeof(WfNode));
	JsonbContainer *window;
	JsonbValue	member;

	both->type = WF_NODE_ALL;
	both->children = palloc0(sizeof(WfNode) * 2);
	if (wf_flags_document_member(object, "window", &member))
	{
		const char *place = psprintf("%s.window", path);

		if (!wf_flags_document_object(&member, place, native->fault, &window) ||
			!wf_flags_document_known(window, place, native->fault, "from, until") ||
			!wf_flags_native_window(native, window, place, &both->children[both->nchildren++]))
			return false;
	}
	if (wf_flags_document_member(object, "when", &member) &&
		!wf_flags_native_condition(native, &member, psprintf("%s.when", path),
								   &both->children[both->nchildren++]))
		return false;
	if (both->nchildren > 0)
		rule->condition = both->nchildren == 1 ? both->children : both;
	return true;
}

static bool
read_rollout(WfNative *native, JsonbContainer *object, const char *path, WfFlagRule *rule)
{
	WfNativeRollout *rollout;
	WfNativeShare share;
	JsonbValue	member;

	if (!wf_flags_document_member(object, "rollout", &member))
		return true;
	if (!wf_flags_native_share(native, &member, psprintf("%s.rollout", path), &share))
		return false;
	if (share.share == WF_SHARE_TOTAL && share.schedule == NULL)
		return true;
	rollout = palloc0(sizeof(WfNativeRollout));
	wf_flags_native_rollout(native, rollout, &share, native->key, &native->by);
	rule->share = &rollout->split;
	return true;
}

/* "off": those whom the rule is for and does not serve stop there. */
static bool
add_otherwise(WfNative *native, JsonbContainer *object, const char *path, WfFlagRule *rule)
{
	JsonbValue	member;
	WfString	word = {NULL, 0};
	WfFlagRule *stop;

	if (!wf_flags_document_member(object, "otherwise", &member))
		return true;
	if (member.type == jbvString)
	{
		word.data = member.val.string.val;
		word.len = member.val.string.len;
	}
	if (word.data && wf_flags_strings_equal(word, wf_flags_string("continue")))
		return true;
	if (word.data == NULL || !wf_flags_strings_equal(word, wf_flags_string("off")))
		return wf_flags_document_fault(native->fault, psprintf("%s.otherwise", path),
									   "expected \"continue\" or \"off\"");
	stop = add_rule(native, "", rule->condition, native->program->off, WF_REASON_SPLIT);
	stop->id = rule->id;
	stop->index = rule->index;
	return true;
}
