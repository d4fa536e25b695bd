/*
 * dialect_unleash_strategy.c: Unleash's activation strategies.  Pure.
 *
 * strategy := {"name": NAME, "parameters": {NAME: text}, "constraints": [...],
 *              "segments": [id, ...]}
 *
 * A strategy is for whom it names itself, if all its constraints are fulfilled
 * and all those of its segments.  One that is not known here, or lacks what it
 * needs, is for nobody.
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/dialect_unleash.h"
#include "flags/operator.h"

/* Buckets of a rollout. */
#define BUCKETS 100

/* One strategy that is being compiled. */
typedef struct Strategy
{
	const WfSource *source;
	JsonbContainer *object;
	WfFlagRule *rule;
	WfUnleashNodes nodes;
	bool		never;			/* it is for nobody */
} Strategy;

static void add_own_rule(Strategy *strategy, WfString name);
static void add_list(Strategy *strategy, const char *parameter, const char *field, WfMatch match);
static void add_host_names(Strategy *strategy);
static void add_rollout(Strategy *strategy, const char *parameter, const char *stickiness);
static void add_random(Strategy *strategy);
static bool parse_percentage(Strategy *strategy, const char *parameter, uint32 *percentage);
static bool add_segments(Strategy *strategy, const char *path, WfFault *fault);
static const WfUnleashSegment *find_segment(const WfSource *source, WfString id);
static WfString next_item(WfString *list);
static void begin_hash(WfSplit *split, uint32 seed, WfString group);
static void holds_in_group(WfRun *run, const WfNode *node, WfValue *result);
static void holds_at_random(WfRun *run, const WfNode *node, WfValue *result);

/*
 * Compiles whom a strategy is for into a rule's condition and share; *never
 * says that it is for nobody.
 */
bool
wf_flags_unleash_strategy(const WfSource *source, JsonbContainer *object, const char *path,
						  WfFault *fault, WfFlagRule *rule, bool *never, int *npredicates)
{
	Strategy	strategy = {.source = source, .object = object, .rule = rule};
	JsonbValue	name;

	rule->reason = WF_REASON_TARGETING_MATCH;
	if (wf_flags_document_member(object, "name", &name) && name.type == jbvString)
	{
		WfString	text = {name.val.string.val, name.val.string.len};

		add_own_rule(&strategy, text);
	}
	else
		strategy.never = true;
	if (!wf_flags_unleash_constraints(object, path, fault, &strategy.nodes) ||
		!add_segments(&strategy, path, fault))
		return false;

	*never = strategy.never;
	*npredicates += strategy.nodes.npredicates;
	if (strategy.nodes.count > 0)
	{
		rule->condition = palloc0(sizeof(WfNode));
		rule->condition->type = WF_NODE_ALL;
		rule->condition->nchildren = strategy.nodes.count;
		rule->condition->children = strategy.nodes.nodes;
	}
	return true;
}

/* A split over the buckets of a group, with room for its arms. */
WfSplit *
wf_flags_unleash_split(const WfSource *source, const WfUnleashBucket *bucket, int narms)
{
	WfSplit    *split = palloc0(sizeof(WfSplit));

	split->hash = WF_HASH_MURMUR3_32;
	if (source->shared && source->shared->options.encoding == WF_ENCODING_UTF16_LOW)
		split->encoding = WF_ENCODING_UTF16_LOW;
	split->converts = source->converts;
	begin_hash(split, bucket->seed, bucket->group);
	split->subject = wf_flags_unleash_sticky_field(bucket->stickiness);
	split->form = WF_KEY_STRING_OR_INTEGER;
	split->reduction = WF_REDUCTION_MODULO_FROM_1;
	split->total = bucket->total;
	split->comparison = WF_COMPARISON_AT_MOST;
	split->missing = bucket->always ? WF_MISSING_RANDOM : WF_MISSING_NONE;
	split->narms = narms;
	split->arms = palloc0(sizeof(WfArm) * Max(narms, 1));
	return split;
}

/* A strategy's parameter; false where it is not there. */
bool
wf_flags_unleash_parameter(JsonbContainer *strategy, const char *name, WfString *text)
{
	JsonbValue	parameters;
	JsonbValue	value;

	return wf_flags_document_member(strategy, "parameters", &parameters) &&
		parameters.type == jbvBinary && JsonContainerIsObject(parameters.val.binary.data) &&
		wf_flags_document_member(parameters.val.binary.data, name, &value) &&
		wf_flags_unleash_text(&value, text);
}

static void
add_own_rule(Strategy *strategy, WfString name)
{
	char	   *text = pnstrdup(name.data, name.len);

	if (strcmp(text, "default") == 0)
		return;
	if (strcmp(text, "flexibleRollout") == 0)
		add_rollout(strategy, "rollout", NULL);
	else if (strcmp(text, "gradualRolloutUserId") == 0)
		add_rollout(strategy, "percentage", "userId");
	else if (strcmp(text, "gradualRolloutSessionId") == 0)
		add_rollout(strategy, "percentage", "sessionId");
	else if (strcmp(text, "gradualRolloutRandom") == 0)
		add_random(strategy);
	else if (strcmp(text, "userWithId") == 0)
		add_list(strategy, "userIds", "userId", wf_flags_match_equal);
	else if (strcmp(text, "remoteAddress") == 0)
		add_list(strategy, "IPs", "remoteAddress", wf_flags_match_network);
	else if (strcmp(text, "applicationHostname") == 0)
		add_host_names(strategy);
	else
		strategy->never = true;
}

/* A parameter that lists what a field has to be. */
static void
add_list(Strategy *strategy, const char *parameter, const char *field, WfMatch match)
{
	WfPredicate *predicate;
	WfString	list;
	int			n = 1;

	if (!wf_flags_unleash_parameter(strategy->object, parameter, &list))
	{
		strategy->never = true;
		return;
	}
	for (int i = 0; i < list.len; i++)
		n += list.data[i] == ',';
	predicate = wf_flags_unleash_add_predicate(&strategy->nodes, wf_flags_string(field), match, n);
	for (int i = 0; i < n; i++)
	{
		WfString	item = next_item(&list);

		wf_flags_unleash_set_operand(predicate, i, item);
		if (match == wf_flags_match_network)
			predicate->operands[i].prepared = wf_flags_network_parse(item);
		else if (match == wf_flags_match_contains)
			predicate->operands[i].prepared = wf_flags_pattern_literal(item, WF_LITERAL_WHOLE);
	}
	if (match == wf_flags_match_equal)
		wf_flags_predicate_index(predicate);
}

/*
 * The host that an application runs on is not the database's: a context has to
 * say it.
 */
static void
add_host_names(Strategy *strategy)
{
	add_list(strategy, "hostNames", "hostname", wf_flags_match_contains);
}

/*
 * A share of the users, by hashing a field with the name of a group.  The
 * group of a flexible rollout is the flag itself unless given: the flag that
 * was asked for, where it tests this one.
 */
static void
add_rollout(Strategy *strategy, const char *parameter, const char *stickiness)
{
	WfUnleashBucket bucket = {.total = BUCKETS};
	bool		grouped = wf_flags_unleash_parameter(strategy->object, "groupId", &bucket.group);
	uint32		percentage;
	WfSplit    *split;
	WfNode	   *node;

	if (!parse_percentage(strategy, parameter, &percentage) || (stickiness && !grouped))
		return;
	if (stickiness)
		bucket.stickiness = wf_flags_string(stickiness);
	else if (!wf_flags_unleash_parameter(strategy->object, "stickiness", &bucket.stickiness))
		bucket.stickiness = wf_flags_string("default");
	bucket.always = wf_flags_strings_equal(bucket.stickiness, wf_flags_string("default")) ||
		wf_flags_strings_equal(bucket.stickiness, wf_flags_string("random"));
	if (percentage >= BUCKETS && bucket.always)
		return;
	if (!grouped)
		bucket.group = strategy->source->key;

	split = wf_flags_unleash_split(strategy->source, &bucket, 1);
	split->arms[0].upper = percentage;
	if (grouped)
	{
		strategy->rule->share = split;
		return;
	}
	node = wf_flags_unleash_add_node(&strategy->nodes, WF_NODE_FUNCTION);
	node->u.function.call = holds_in_group;
	node->u.function.data = split;
	strategy->rule->reason = WF_REASON_SPLIT;
}

static void
add_random(Strategy *strategy)
{
	uint32	   *percentage = palloc(sizeof(uint32));
	WfNode	   *node;

	if (!parse_percentage(strategy, "percentage", percentage) || *percentage >= BUCKETS)
		return;
	node = wf_flags_unleash_add_node(&strategy->nodes, WF_NODE_FUNCTION);
	node->u.function.call = holds_at_random;
	node->u.function.data = percentage;
	strategy->rule->reason = WF_REASON_SPLIT;
}

/*
 * Reads a whole number of percent, as the engine does that most clients share;
 * the one for Node would take 12.5 for 12.  False, for nobody, for what is
 * none or zero.
 */
static bool
parse_percentage(Strategy *strategy, const char *parameter, uint32 *percentage)
{
	WfString	text;
	int			start;

	*percentage = 0;
	if (wf_flags_unleash_parameter(strategy->object, parameter, &text) && text.len > 0)
	{
		start = text.data[0] == '+' && text.len > 1 ? 1 : 0;
		for (int i = start; i < text.len; i++)
		{
			if (text.data[i] < '0' || text.data[i] > '9')
			{
				*percentage = 0;
				break;
			}
			*percentage = Min(*percentage * 10 + (text.data[i] - '0'), BUCKETS);
		}
	}
	strategy->never = strategy->never || *percentage == 0;
	return *percentage > 0;
}

/* The constraints of segments; one that does not exist is nobody's. */
static bool
add_segments(Strategy *strategy, const char *path, WfFault *fault)
{
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_member(strategy->object, "segments", &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_array(&value, psprintf("%s.segments", path), fault, &array, &n))
		return false;
	for (int i = 0; i < n; i++)
	{
		const WfUnleashSegment *segment = NULL;
		WfString	id;

		wf_flags_document_element(array, i, &value);
		if (wf_flags_unleash_text(&value, &id))
			segment = find_segment(strategy->source, id);
		if (segment)
		{
			wf_flags_unleash_add_node(&strategy->nodes, WF_NODE_SHARED)->u.shared = segment->condition;
			strategy->nodes.npredicates += segment->npredicates;
		}
		else
			strategy->never = true;
	}
	return true;
}

/* A segment by its number; where two have it, the last one. */
static const WfUnleashSegment *
find_segment(const WfSource *source, WfString id)
{
	const WfUnleashShared *shared = source->shared ? source->shared->data : NULL;

	for (int i = shared ? shared->nsegments - 1 : -1; i >= 0; i--)
	{
		if (wf_flags_strings_equal(shared->segments[i].id, id))
			return &shared->segments[i];
	}
	return NULL;
}

/* Takes the first item, without blanks around it, off a list with commas. */
static WfString
next_item(WfString *list)
{
	const char *comma = memchr(list->data, ',', list->len);
	WfString	item = {list->data, comma ? comma - list->data : list->len};
	int			taken = Min(item.len + 1, list->len);

	list->data += taken;
	list->len -= taken;
	while (item.len > 0 && strchr(" \t\n\v\f\r", item.data[0]))
	{
		item.data++;
		item.len--;
	}
	while (item.len > 0 && strchr(" \t\n\v\f\r", item.data[item.len - 1]))
		item.len--;
	return item;
}

/* The beginning of what is hashed: "GROUP:". */
static void
begin_hash(WfSplit *split, uint32 seed, WfString group)
{
	group = wf_flags_encode_text(group, split->converts);
	if (split->encoding == WF_ENCODING_UTF16_LOW)
		group = wf_flags_encode_low(group);
	wf_flags_murmur3_begin(&split->murmur3, seed);
	wf_flags_murmur3_add(&split->murmur3, group.data, group.len);
	wf_flags_murmur3_add(&split->murmur3, ":", 1);
}

/* WfFunction: a rollout in the group of the flag that was asked for. */
static void
holds_in_group(WfRun *run, const WfNode *node, WfValue *result)
{
	WfSplit		split = *(const WfSplit *) node->u.function.data;
	double		position;
	int			arm;

	if (run->asker)
		begin_hash(&split, 0, run->asker->key);
	wf_flags_value_set_boolean(result, wf_flags_split_choose(run, &split, &arm, &position) && arm >= 0);
}

/* WfFunction: another share at each evaluation. */
static void
holds_at_random(WfRun *run, const WfNode *node, WfValue *result)
{
	uint32		percentage = *(const uint32 *) node->u.function.data;

	wf_flags_value_set_boolean(result, run->callbacks->random(run->callbacks->arg) % BUCKETS < percentage);
}
