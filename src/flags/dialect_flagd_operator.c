/*
 * dialect_flagd_operator.c: what flagd adds to JsonLogic.  Pure.
 *
 * fractional (dialect_flagd_fractional.c), {"starts_with": [text, start]},
 * {"ends_with": [text, end]}, {"sem_ver": [version, operator, version]}, each
 * null where its arguments are not what it expects; and the object "$flagd"
 * beside the members of the context.
 */
#include "common/compat.h"

#include "datatype/timestamp.h"

#include "flags/dialect_flagd.h"
#include "flags/operator.h"

/* Names of sem_ver's operators; two of them compare only the first parts. */
typedef struct VersionOperator
{
	const char *name;
	WfOrder		order;
	int			nparts;			/* 0: the whole version */
} VersionOperator;

static void match_text(WfRun *run, const WfNode *node, WfValue *result);
static void sem_ver(WfRun *run, const WfNode *node, WfValue *result);
static const void *version_of(const WfValue *value);
static bool same_parts(const void *a, const void *b, int nparts);
static void fetch_property(WfRun *run, WfString name, WfValue *value);

/* As a mode of match_text(). */
enum
{
	TEXT_START,
	TEXT_END
};

#define OPERATORS(algorithm) { \
	{"fractional", wf_flags_flagd_fractional, 0, algorithm, wf_flags_flagd_prepare_fractional}, \
	{"starts_with", match_text, 0, TEXT_START, NULL}, \
	{"ends_with", match_text, 0, TEXT_END, NULL}, \
	{"sem_ver", sem_ver, 0, 0, NULL}, \
}

static const WfLogicOperator operators[][4] = {
	OPERATORS(WF_FLAGD_PERCENT),
	OPERATORS(WF_FLAGD_MULTIPLY),
	OPERATORS(WF_FLAGD_CBOR),
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
	LANGUAGE(WF_FLAGD_PERCENT),
	LANGUAGE(WF_FLAGD_MULTIPLY),
	LANGUAGE(WF_FLAGD_CBOR),
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

	if (algorithm < WF_FLAGD_PERCENT || algorithm > WF_FLAGD_CBOR)
		algorithm = WF_FLAGD_MULTIPLY;
	return &languages[algorithm - 1];
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

/* Whether texts have to be converted to UTF-8. */
bool
wf_flags_flagd_converts(const WfRun *run)
{
	return run->flag->shared && run->flag->shared->converts;
}
