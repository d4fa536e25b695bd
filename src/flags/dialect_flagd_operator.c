/*
 * dialect_flagd_operator.c: what flagd adds to JsonLogic.  Pure.
 *
 * {"fractional": [unit, [variant, weight], ...]}, {"starts_with": [text, start]},
 * {"ends_with": [text, end]}, {"sem_ver": [version, operator, version]}, each
 * null where its arguments are not what it expects; and the object "$flagd"
 * beside the members of the context.
 *
 * Three algorithms of fractional are in use.  The first two hash a text, which
 * without a unit is the flag's key and the targeting key together; the third
 * one hashes any value as CBOR, without a unit [flag's key, targeting key].
 */
#include "common/compat.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "flags/bucket.h"
#include "flags/cbor.h"
#include "flags/dialect_flagd.h"
#include "flags/operator.h"

/* Algorithms of fractional. */
#define FRACTIONAL_PERCENT 1
#define FRACTIONAL_MULTIPLY 2
#define FRACTIONAL_CBOR 3

/* The variants of a fractional, with their weights. */
typedef struct Distribution
{
	bool		valid;
	int			narms;
	WfValue    *variants;
	int64	   *weights;
	int64		total;
} Distribution;

/* Names of sem_ver's operators; two of them compare only the first parts. */
typedef struct VersionOperator
{
	const char *name;
	WfOrder		order;
	int			nparts;			/* 0: the whole version */
} VersionOperator;

static void fractional(WfRun *run, const WfNode *node, WfValue *result);
static void add_arm(Distribution *distribution, const WfValue *pair, int length);
static bool unit_text(WfRun *run, const WfValue *unit, WfString *input);
static bool unit_bytes(WfRun *run, const WfValue *unit, bool is_given, WfString *input);
static bool fetch_targeting_key(WfRun *run, WfValue *key);
static int	choose_arm(WfRun *run, const Distribution *distribution, int algorithm, WfString input);
static void match_text(WfRun *run, const WfNode *node, WfValue *result);
static void sem_ver(WfRun *run, const WfNode *node, WfValue *result);
static const void *version_of(const WfValue *value);
static bool same_parts(const void *a, const void *b, int nparts);
static void fetch_property(WfRun *run, WfString name, WfValue *value);
static bool converts_text(const WfRun *run);

/* As a mode of match_text(). */
enum
{
	TEXT_START,
	TEXT_END
};

#define OPERATORS(algorithm) { \
	{"fractional", fractional, 0, algorithm, false}, \
	{"starts_with", match_text, 0, TEXT_START, false}, \
	{"ends_with", match_text, 0, TEXT_END, false}, \
	{"sem_ver", sem_ver, 0, 0, false}, \
}

static const WfLogicOperator operators[][4] = {
	OPERATORS(FRACTIONAL_PERCENT),
	OPERATORS(FRACTIONAL_MULTIPLY),
	OPERATORS(FRACTIONAL_CBOR),
};

static const char *const properties[] = {"flagKey", "timestamp", NULL};

#define LANGUAGE(algorithm) { \
	.noperators = lengthof(operators[0]), \
	.operators = operators[(algorithm) - 1], \
	.reference = "$ref", \
	.extra = "$flagd", \
	.extra_members = properties, \
	.extra_fetch = fetch_property, \
}

static const WfLogicLanguage languages[] = {
	LANGUAGE(FRACTIONAL_PERCENT),
	LANGUAGE(FRACTIONAL_MULTIPLY),
	LANGUAGE(FRACTIONAL_CBOR),
};

static const VersionOperator version_operators[] = {
	{"=", WF_ORDER_EQUAL, 0},
	{"!=", WF_ORDER_NOT_EQUAL, 0},
	{"<", WF_ORDER_LESS, 0},
	{"<=", WF_ORDER_LESS_EQUAL, 0},
	{">", WF_ORDER_GREATER, 0},
	{">=", WF_ORDER_GREATER_EQUAL, 0},
	{"^", WF_ORDER_EQUAL, 1},
	{"~", WF_ORDER_EQUAL, 2},
};

/* The language of a document's expressions; shared may be NULL. */
const WfLogicLanguage *
wf_flags_flagd_language(const WfShared *shared)
{
	int			algorithm = shared ? shared->options.fractional : 0;

	if (algorithm < FRACTIONAL_PERCENT || algorithm > FRACTIONAL_CBOR)
		algorithm = FRACTIONAL_MULTIPLY;
	return &languages[algorithm - 1];
}

/* All arguments are evaluated before anything is made of them. */
static void
fractional(WfRun *run, const WfNode *node, WfValue *result)
{
	int			algorithm = wf_flags_logic_call(node)->operator->mode;
	Distribution distribution = {.valid = true};
	WfValue		unit = {.type = WF_VALUE_ABSENT};
	bool		has_unit = false;
	WfString	input;
	int			arm;

	result->type = WF_VALUE_NULL;
	distribution.variants = palloc(sizeof(WfValue) * Max(node->nchildren, 1));
	distribution.weights = palloc(sizeof(int64) * Max(node->nchildren, 1));
	for (int i = 0; i < node->nchildren; i++)
	{
		WfValue		pair[2];
		int			length;

		if (wf_flags_logic_elements(run, &node->children[i], lengthof(pair), pair, &length))
			add_arm(&distribution, pair, length);
		else if (i == 0)
		{
			unit = pair[0];
			has_unit = true;
		}
		else
			distribution.valid = false;
	}
	if (run->error != WF_ERROR_NONE || !distribution.valid ||
		distribution.total == 0 || distribution.total > PG_INT32_MAX)
		return;
	if (algorithm == FRACTIONAL_CBOR ? !unit_bytes(run, &unit, has_unit, &input)
		: !unit_text(run, &unit, &input))
		return;
	arm = choose_arm(run, &distribution, algorithm, input);
	if (arm >= 0)
		*result = distribution.variants[arm];
}

/* A variant's name and its weight, 1 unless given and 0 for a negative one. */
static void
add_arm(Distribution *distribution, const WfValue *pair, int length)
{
	double		weight = 1;

	if (length == 0 || pair[0].type >= WF_VALUE_ARRAY)
		distribution->valid = false;
	if (length > 1 && pair[1].type > WF_VALUE_NULL)
	{
		if (pair[1].type == WF_VALUE_NUMBER)
			weight = wf_flags_value_double(&pair[1]);
		else
			distribution->valid = false;
	}
	if (!(weight <= PG_INT32_MAX) || floor(weight) != weight)
		distribution->valid = false;
	if (!distribution->valid)
		return;
	distribution->variants[distribution->narms] = pair[0];
	distribution->weights[distribution->narms] = (int64) Max(weight, 0);
	distribution->total += distribution->weights[distribution->narms++];
}

/* The text that is hashed; false where there is none. */
static bool
unit_text(WfRun *run, const WfValue *unit, WfString *input)
{
	WfString	flag = run->flag->key;
	WfValue		key;
	char	   *text;

	if (unit->type == WF_VALUE_STRING)
	{
		*input = wf_flags_encode_text(unit->u.string, converts_text(run));
		return true;
	}
	if (unit->type > WF_VALUE_NULL || !fetch_targeting_key(run, &key) ||
		key.type != WF_VALUE_STRING)
		return false;
	input->len = flag.len + key.u.string.len;
	input->data = text = palloc(Max(input->len, 1));
	memcpy(text, flag.data, flag.len);
	memcpy(text + flag.len, key.u.string.data, key.u.string.len);
	*input = wf_flags_encode_text(*input, converts_text(run));
	return true;
}

/* The bytes that are hashed; false where there are none. */
static bool
unit_bytes(WfRun *run, const WfValue *unit, bool is_given, WfString *input)
{
	bool		converts = converts_text(run);
	StringInfoData bytes;
	WfValue		flag;
	WfValue		key;
	bool		appended;

	if (is_given ? unit->type <= WF_VALUE_NULL : !fetch_targeting_key(run, &key))
		return false;
	initStringInfo(&bytes);
	if (is_given)
		appended = wf_flags_cbor_append(&bytes, unit, converts);
	else
	{
		wf_flags_value_set_string(&flag, run->flag->key);
		wf_flags_cbor_append_array(&bytes, 2);
		appended = wf_flags_cbor_append(&bytes, &flag, converts) &&
			wf_flags_cbor_append(&bytes, &key, converts);
	}
	if (!appended)
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
	input->data = bytes.data;
	input->len = bytes.len;
	return appended;
}

/* It is part of the context: the data of a list operator's body have none. */
static bool
fetch_targeting_key(WfRun *run, WfValue *key)
{
	static const WfAttribute attribute = {.is_key = true};

	return run->scope == NULL && wf_flags_attribute_fetch(run, &attribute, key) &&
		(key->type != WF_VALUE_STRING || key->u.string.len > 0);
}

static int
choose_arm(WfRun *run, const Distribution *distribution, int algorithm, WfString input)
{
	WfSplit		split = {.hash = WF_HASH_MURMUR3_32, .comparison = WF_COMPARISON_BELOW};
	double		upper = 0;
	double		position;

	if (run->flag->shared && algorithm != FRACTIONAL_CBOR)
		split.encoding = run->flag->shared->options.encoding;
	split.reduction = algorithm == FRACTIONAL_PERCENT ? WF_REDUCTION_ABS_PERCENT
		: WF_REDUCTION_MULTIPLY;
	split.total = (uint32) distribution->total;
	split.narms = distribution->narms;
	split.arms = palloc0(sizeof(WfArm) * split.narms);
	for (int i = 0; i < split.narms; i++)
	{
		double		weight = distribution->weights[i];

		split.arms[i].lower = upper;
		upper += algorithm == FRACTIONAL_PERCENT ? 100 * weight / distribution->total : weight;
		split.arms[i].upper = upper;
	}
	wf_flags_murmur3_begin(&split.murmur3, 0);
	if (!wf_flags_split_position(&split, input, &position))
		return -1;
	return wf_flags_split_arm(&split, position);
}

/* Two texts, or null. */
static void
match_text(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfPredicate predicate = {0};
	WfOperand	part = {0};
	WfValue		text;
	bool		matches;

	wf_flags_logic_argument(run, node, 0, &text);
	wf_flags_logic_argument(run, node, 1, &part.value);
	if (node->nchildren != 2 || text.type != WF_VALUE_STRING || part.value.type != WF_VALUE_STRING)
	{
		result->type = WF_VALUE_NULL;
		return;
	}
	if (wf_flags_logic_call(node)->operator->mode == TEXT_START)
		matches = wf_flags_match_starts_with(run, &predicate, &text, &part);
	else
		matches = wf_flags_match_ends_with(run, &predicate, &text, &part);
	wf_flags_value_set_boolean(result, matches);
}

static void
sem_ver(WfRun *run, const WfNode *node, WfValue *result)
{
	WfValue		arguments[3];
	const void *a;
	const void *b;

	for (int i = 0; i < lengthof(arguments); i++)
		wf_flags_logic_argument(run, node, i, &arguments[i]);
	result->type = WF_VALUE_NULL;
	if (node->nchildren != lengthof(arguments) || arguments[1].type != WF_VALUE_STRING)
		return;
	a = version_of(&arguments[0]);
	b = version_of(&arguments[2]);
	if (a == NULL || b == NULL)
		return;
	for (int i = 0; i < lengthof(version_operators); i++)
	{
		const VersionOperator *operator = &version_operators[i];

		if (!wf_flags_strings_equal(wf_flags_string(operator->name), arguments[1].u.string))
			continue;
		if (operator->nparts > 0)
			wf_flags_value_set_boolean(result, same_parts(a, b, operator->nparts));
		else
			wf_flags_value_set_boolean(result, wf_flags_order_holds(operator->order,
																	wf_flags_version_compare(a, b)));
		return;
	}
}

/* A number is the version that its text is. */
static const void *
version_of(const WfValue *value)
{
	if (value->type != WF_VALUE_STRING && value->type != WF_VALUE_NUMBER)
		return NULL;
	return wf_flags_version_parse(wf_flags_js_string(value), WF_VERSION_PREFIXED);
}

static bool
same_parts(const void *a, const void *b, int nparts)
{
	for (int i = 0; i < nparts; i++)
	{
		WfString	x;
		WfString	y;

		(void) wf_flags_version_part(a, i, &x);
		(void) wf_flags_version_part(b, i, &y);
		if (!wf_flags_strings_equal(x, y))
			return false;
	}
	return true;
}

/* The members of "$flagd". */
static void
fetch_property(WfRun *run, WfString name, WfValue *value)
{
	value->type = WF_VALUE_ABSENT;
	if (wf_flags_strings_equal(name, wf_flags_string("flagKey")))
		wf_flags_value_set_string(value, run->flag->key);
	else if (wf_flags_strings_equal(name, wf_flags_string("timestamp")))
	{
		TimestampTz now = run->callbacks->now(run->callbacks->arg);
		int64		seconds = now / USECS_PER_SEC - (now % USECS_PER_SEC < 0);

		seconds += (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
		wf_flags_value_set_double(value, (double) seconds);
	}
}

static bool
converts_text(const WfRun *run)
{
	return run->flag->shared && run->flag->shared->converts;
}
