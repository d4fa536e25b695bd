/*
 * dialect_flagsmith_operator.c: the operators of conditions.  Pure.
 *
 * After Flagsmith's engine in Python: the condition's text is cast to the type
 * that the value has; where the cast fails, or the engine would raise an
 * error, the condition does not hold, whatever the operator.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/fmgrprotos.h"

#include "flags/dialect_flagsmith.h"
#include "flags/json_read.h"
#include "flags/operator.h"

/* At the end of a condition's text: compare as versions. */
#define VERSION_SUFFIX ":semver"

/* WfPredicate.mode besides the orders. */
#define MODE_CONTAINS (WF_ORDER_GREATER_EQUAL + 1)

typedef enum Kind
{
	KIND_COMPARE,
	KIND_NOT_CONTAINS,
	KIND_REGEX,
	KIND_MODULO,
	KIND_IN,
	KIND_SET,
	KIND_NOT_SET
} Kind;

typedef struct OperatorName
{
	const char *name;
	Kind		kind;
	int			mode;
} OperatorName;

static const OperatorName operator_names[] = {
	{"EQUAL", KIND_COMPARE, WF_ORDER_EQUAL},
	{"NOT_EQUAL", KIND_COMPARE, WF_ORDER_NOT_EQUAL},
	{"GREATER_THAN", KIND_COMPARE, WF_ORDER_GREATER},
	{"GREATER_THAN_INCLUSIVE", KIND_COMPARE, WF_ORDER_GREATER_EQUAL},
	{"LESS_THAN", KIND_COMPARE, WF_ORDER_LESS},
	{"LESS_THAN_INCLUSIVE", KIND_COMPARE, WF_ORDER_LESS_EQUAL},
	{"CONTAINS", KIND_COMPARE, MODE_CONTAINS},
	{"NOT_CONTAINS", KIND_NOT_CONTAINS, 0},
	{"REGEX", KIND_REGEX, 0},
	{"MODULO", KIND_MODULO, 0},
	{"IN", KIND_IN, 0},
	{"IS_SET", KIND_SET, 0},
	{"IS_NOT_SET", KIND_NOT_SET, 0},
};

/* WfOperand.prepared of KIND_COMPARE: a condition's value in all types. */
typedef struct Casts
{
	bool		boolean;
	Numeric		integer;		/* NULL: can't be cast */
	bool		has_number;
	double		number;
	bool		has_text;
	WfString	text;
	bool		is_version;		/* then text is without the suffix */
	const void *version;		/* NULL: it is none */
} Casts;

/* WfOperand.prepared of KIND_MODULO. */
typedef struct Modulo
{
	double		divisor;
	double		remainder;
} Modulo;

static const Casts *prepare_casts(const WfValue *value);
static bool prepare_text(const WfValue *value, Casts *casts);
static const Modulo *prepare_modulo(const WfValue *value);
static bool prepare_list(const WfValue *value, WfPredicate *predicate);
static void split_list(WfString text, int *count, WfValue **elements);
static void in_value(WfRun *run, const WfNode *node, WfValue *result);
static bool match_compare(WfRun *run, const WfPredicate *predicate,
						  const WfValue *value, const WfOperand *operand);
static bool match_number(WfOrder order, const WfValue *value, const Casts *casts);
static bool match_version(int mode, WfString text, const Casts *casts);
static bool version_has_part(WfString text, WfString part);
static bool match_lacks(WfRun *run, const WfPredicate *predicate,
						const WfValue *value, const WfOperand *operand);
static bool match_regex(WfRun *run, const WfPredicate *predicate,
						const WfValue *value, const WfOperand *operand);
static bool match_modulo(WfRun *run, const WfPredicate *predicate,
						 const WfValue *value, const WfOperand *operand);

/*
 * Makes of an operator and a condition's value what a predicate compares with;
 * its subject is there already.  False where it can't hold.
 */
bool
wf_flags_flagsmith_operator(WfString name, const WfValue *value, WfPredicate *predicate)
{
	const OperatorName *found = NULL;
	WfOperand  *operand;
	const char *problem;

	for (int i = 0; i < lengthof(operator_names) && found == NULL; i++)
	{
		if (wf_flags_strings_equal(name, wf_flags_string(operator_names[i].name)))
			found = &operator_names[i];
	}
	if (found == NULL)
		return false;
	if (found->kind == KIND_IN)
		return prepare_list(value, predicate);
	if (found->kind == KIND_SET || found->kind == KIND_NOT_SET)
	{
		predicate->match = wf_flags_match_exists;
		predicate->unary = true;
		predicate->absent = predicate->negate = found->kind == KIND_NOT_SET;
		return true;
	}
	if (value->type == WF_VALUE_ABSENT)
		return false;

	operand = palloc0(sizeof(WfOperand));
	operand->value = *value;
	predicate->operands = operand;
	predicate->noperands = 1;
	predicate->mode = found->mode;
	switch (found->kind)
	{
		case KIND_COMPARE:
			predicate->match = match_compare;
			operand->prepared = prepare_casts(value);
			return true;
		case KIND_NOT_CONTAINS:
			predicate->match = match_lacks;
			wf_flags_value_set_string(&operand->value, wf_flags_python_string(value));
			return true;
		case KIND_REGEX:
			predicate->match = match_regex;
			operand->prepared = wf_flags_pattern_compile(wf_flags_python_string(value), WF_PATTERN_PYTHON,
														 false, &problem);
			return operand->prepared != NULL;
		default:
			predicate->match = match_modulo;
			operand->prepared = prepare_modulo(value);
			return operand->prepared != NULL;
	}
}

static const Casts *
prepare_casts(const WfValue *value)
{
	Casts	   *casts = palloc0(sizeof(Casts));

	casts->boolean = value->type != WF_VALUE_STRING ||
		!(wf_flags_strings_equal(value->u.string, wf_flags_string("False")) ||
		  wf_flags_strings_equal(value->u.string, wf_flags_string("false")));
	if (!wf_flags_python_integer(value, &casts->integer))
		casts->integer = NULL;
	casts->has_number = wf_flags_python_float(value, &casts->number);
	casts->has_text = prepare_text(value, casts);
	return casts;
}

/* Looking for the suffix raises an error where the value is no sequence. */
static bool
prepare_text(const WfValue *value, Casts *casts)
{
	int			suffix = strlen(VERSION_SUFFIX);

	if (value->type != WF_VALUE_STRING && value->type != WF_VALUE_NULL && value->type != WF_VALUE_ARRAY)
		return false;
	casts->text = wf_flags_python_string(value);
	if (value->type == WF_VALUE_STRING && casts->text.len >= suffix &&
		memcmp(casts->text.data + casts->text.len - suffix, VERSION_SUFFIX, suffix) == 0)
	{
		casts->text.len -= suffix;
		casts->is_version = true;
		casts->version = wf_flags_version_parse(casts->text, WF_VERSION_STRICT);
	}
	return true;
}

/* "divisor|remainder"; NULL where it is something else. */
static const Modulo *
prepare_modulo(const WfValue *value)
{
	Modulo	   *modulo = palloc(sizeof(Modulo));
	WfString	text = value->u.string;
	const char *bar;
	WfValue		divisor;
	WfValue		remainder;

	if (value->type != WF_VALUE_STRING || (bar = memchr(text.data, '|', text.len)) == NULL)
		return NULL;
	divisor.type = remainder.type = WF_VALUE_STRING;
	divisor.u.string.data = text.data;
	divisor.u.string.len = bar - text.data;
	remainder.u.string.data = bar + 1;
	remainder.u.string.len = text.data + text.len - (bar + 1);
	if (!wf_flags_python_float(&divisor, &modulo->divisor) ||
		!wf_flags_python_float(&remainder, &modulo->remainder))
		return NULL;
	return modulo;
}

/* An array, a text that is a JSON array, or a text with commas. */
static bool
prepare_list(const WfValue *value, WfPredicate *predicate)
{
	WfNode	   *node = palloc0(sizeof(WfNode));
	WfValue    *elements;
	int			count;

	if (value->type == WF_VALUE_ARRAY)
	{
		count = wf_flags_value_length(value);
		elements = palloc(sizeof(WfValue) * Max(count, 1));
		for (int i = 0; i < count; i++)
			(void) wf_flags_value_element(value, i, &elements[i]);
	}
	else if (value->type != WF_VALUE_STRING)
		return false;
	else if (!wf_flags_json_read_array(value->u.string, &count, &elements))
		split_list(value->u.string, &count, &elements);

	predicate->noperands = count;
	predicate->operands = palloc0(sizeof(WfOperand) * Max(count, 1));
	for (int i = 0; i < count; i++)
		wf_flags_value_set_string(&predicate->operands[i].value, wf_flags_python_string(&elements[i]));
	predicate->match = wf_flags_match_equal;
	wf_flags_predicate_index(predicate);

	node->type = WF_NODE_FUNCTION;
	node->nchildren = 1;
	node->children = predicate->subject;
	node->u.function.call = in_value;
	predicate->subject = node;
	return true;
}

static void
split_list(WfString text, int *count, WfValue **elements)
{
	const char *end = text.data + text.len;
	const char *start = text.data;
	int			room = 1;

	for (const char *at = text.data; at < end; at++)
		room += *at == ',';
	*elements = palloc(sizeof(WfValue) * room);
	*count = 0;
	for (const char *at = text.data; at <= end; at++)
	{
		if (at < end && *at != ',')
			continue;
		wf_flags_value_set_string(&(*elements)[*count], text);
		(*elements)[*count].u.string.data = start;
		(*elements)[(*count)++].u.string.len = at - start;
		start = at + 1;
	}
}

/* WfFunction: integers are looked for in a list by their text; True is no 1. */
static void
in_value(WfRun *run, const WfNode *node, WfValue *result)
{
	wf_flags_node_value(run, node->children, result);
	if (result->type >= WF_VALUE_ARRAY || wf_flags_python_is_integer(result))
		wf_flags_value_set_string(result, wf_flags_python_string(result));
}

/* WfMatch */
static bool
match_compare(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand)
{
	const Casts *casts = operand->prepared;
	WfOperand	part;
	WfValue		text;

	if (value->type == WF_VALUE_BOOLEAN)
		return predicate->mode != MODE_CONTAINS &&
			wf_flags_order_holds(predicate->mode, (int) value->u.boolean - (int) casts->boolean);
	if (value->type == WF_VALUE_NUMBER)
		return predicate->mode != MODE_CONTAINS && match_number(predicate->mode, value, casts);
	if (!casts->has_text)
		return false;

	wf_flags_value_set_string(&text, wf_flags_python_string(value));
	if (casts->is_version)
		return match_version(predicate->mode, text.u.string, casts);
	if (predicate->mode != MODE_CONTAINS)
		return wf_flags_order_holds(predicate->mode,
									wf_flags_strings_compare(text.u.string, casts->text));
	wf_flags_value_set_string(&part.value, casts->text);
	part.prepared = NULL;
	return wf_flags_match_contains(run, predicate, &text, &part);
}

/* Integers compare exactly, floats as such. */
static bool
match_number(WfOrder order, const WfValue *value, const Casts *casts)
{
	double		number;

	if (wf_flags_python_is_integer(value))
		return casts->integer &&
			wf_flags_order_holds(order, DatumGetInt32(DirectFunctionCall2(numeric_cmp,
																		  NumericGetDatum(value->u.number.exact),
																		  NumericGetDatum(casts->integer))));
	if (!casts->has_number)
		return false;
	number = wf_flags_value_double(value);
	if (isnan(number) || isnan(casts->number))
		return order == WF_ORDER_NOT_EQUAL;
	return wf_flags_order_holds(order, number < casts->number ? -1 : number > casts->number ? 1 : 0);
}

/* "In" a version are its parts, of which two are texts. */
static bool
match_version(int mode, WfString text, const Casts *casts)
{
	const void *version = wf_flags_version_parse(text, WF_VERSION_STRICT);

	if (version == NULL)
		return false;
	if (mode == MODE_CONTAINS)
		return version_has_part(text, casts->text);
	return casts->version &&
		wf_flags_order_holds(mode, wf_flags_version_compare(version, casts->version));
}

/* Whether a text is a version's prerelease or build. */
static bool
version_has_part(WfString text, WfString part)
{
	const char *end = text.data + text.len;
	const char *plus = memchr(text.data, '+', text.len);
	const char *minus = memchr(text.data, '-', (plus ? plus : end) - text.data);
	WfString	prerelease = {NULL, 0};
	WfString	build = {NULL, 0};

	if (minus)
	{
		prerelease.data = minus + 1;
		prerelease.len = (plus ? plus : end) - prerelease.data;
	}
	if (plus)
	{
		build.data = plus + 1;
		build.len = end - build.data;
	}
	return (minus && wf_flags_strings_equal(prerelease, part)) ||
		(plus && wf_flags_strings_equal(build, part));
}

/* WfMatch: a string without a part. */
static bool
match_lacks(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand)
{
	WfValue		text = *value;

	if (value->type >= WF_VALUE_ARRAY)
		wf_flags_value_set_string(&text, wf_flags_python_string(value));
	return text.type == WF_VALUE_STRING && !wf_flags_match_contains(run, predicate, &text, operand);
}

/* WfMatch */
static bool
match_regex(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand)
{
	return wf_flags_pattern_finds(run, operand->prepared, wf_flags_python_string(value));
}

/* WfMatch: a boolean is a number here. */
static bool
match_modulo(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand)
{
	const Modulo *modulo = operand->prepared;
	double		number;

	if ((value->type != WF_VALUE_NUMBER && value->type != WF_VALUE_BOOLEAN) ||
		!wf_flags_python_float(value, &number) || isinf(number))
		return false;
	return wf_flags_python_modulo(number, modulo->divisor) == modulo->remainder;
}
