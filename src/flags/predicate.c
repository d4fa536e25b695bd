/*
 * predicate.c: attributes of a context, and conditions on them.  Pure.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "flags/predicate.h"

static bool predicate_holds(const WfContext *context, const WfPredicate *predicate);
static bool array_matches(const WfPredicate *predicate, JsonbContainer *array);
static bool scalar_matches(const WfPredicate *predicate, const JsonbValue *value);
static bool value_matches(WfOperator operator, const JsonbValue *value,
						  const JsonbValue *constant);
static bool scalars_equal(const JsonbValue *a, const JsonbValue *b);
static bool scalars_ordered(WfOperator operator, const JsonbValue *value,
							const JsonbValue *constant);
static bool string_matches(WfOperator operator, const JsonbValue *value,
						   const JsonbValue *constant);
static bool string_contains(const char *hay, int hay_len, const char *needle, int needle_len);

/*
 * Fetches an attribute into *value; false when the context lacks it.  A value
 * inside the context is not copied.
 */
bool
wf_flags_attribute_value(const WfContext *context, const WfAttribute *attribute,
						 JsonbValue *value)
{
	JsonbContainer *container;

	if (context->attributes == NULL)
	{
		if (!attribute->is_key || context->key.data == NULL)
			return false;
		value->type = jbvString;
		value->val.string.val = unconstify(char *, context->key.data);
		value->val.string.len = context->key.len;
		return true;
	}

	container = &context->attributes->root;
	for (int i = 0; i < attribute->nsteps; i++)
	{
		if (i > 0)
		{
			if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
				return false;
			container = value->val.binary.data;
		}
		if (!getKeyJsonValueFromContainer(container, attribute->steps[i].data,
										  attribute->steps[i].len, value))
			return false;
	}
	return value->type != jbvNull;
}

/*
 * Fetches an attribute as the text that is hashed: a string as it is, a
 * number in its shortest decimal form, a boolean as true or false.  False when
 * it is absent, an empty string, an array or an object.
 */
bool
wf_flags_attribute_text(WfContext *context, const WfAttribute *attribute, WfString *text)
{
	JsonbValue	value;

	if (attribute->is_key && context->key_known)
	{
		*text = context->key;
		return text->data != NULL;
	}
	if (!wf_flags_attribute_value(context, attribute, &value))
		return false;

	switch (value.type)
	{
		case jbvString:
			text->data = value.val.string.val;
			text->len = value.val.string.len;
			return text->len > 0;
		case jbvNumeric:
			text->data = numeric_normalize(value.val.numeric);
			text->len = strlen(text->data);
			return true;
		case jbvBool:
			text->data = value.val.boolean ? "true" : "false";
			text->len = strlen(text->data);
			return true;
		default:
			return false;
	}
}

/* Fetches the targeting key; looked up at the first call only. */
bool
wf_flags_context_key(WfContext *context, WfString *key)
{
	static WfString step = {WF_TARGETING_KEY, sizeof(WF_TARGETING_KEY) - 1};
	static const WfAttribute attribute = {1, &step, true};

	if (!context->key_known)
	{
		if (!wf_flags_attribute_text(context, &attribute, &context->key))
			context->key.data = NULL;
		context->key_known = true;
	}
	*key = context->key;
	return key->data != NULL;
}

/* Whether a condition holds; its depth was limited when it was compiled. */
bool
wf_flags_condition_holds(const WfContext *context, const WfNode *node)
{
	switch (node->type)
	{
		case WF_NODE_ALL:
			for (int i = 0; i < node->nchildren; i++)
			{
				if (!wf_flags_condition_holds(context, &node->children[i]))
					return false;
			}
			return true;
		case WF_NODE_ANY:
			for (int i = 0; i < node->nchildren; i++)
			{
				if (wf_flags_condition_holds(context, &node->children[i]))
					return true;
			}
			return false;
		case WF_NODE_NOT:
			return !wf_flags_condition_holds(context, &node->children[0]);
		case WF_NODE_PREDICATE:
			return predicate_holds(context, &node->predicate);
	}
	return false;
}

static bool
predicate_holds(const WfContext *context, const WfPredicate *predicate)
{
	JsonbValue	value;

	if (!wf_flags_attribute_value(context, &predicate->attribute, &value))
		return predicate->absent;
	if (predicate->operator == WF_OPERATOR_EXISTS)
		return !predicate->absent;
	if (value.type != jbvBinary)
		return scalar_matches(predicate, &value);
	if (JsonContainerIsArray(value.val.binary.data))
		return array_matches(predicate, value.val.binary.data);
	return false;
}

static bool
array_matches(const WfPredicate *predicate, JsonbContainer *array)
{
	JsonbIterator *it = JsonbIteratorInit(array);
	JsonbIteratorToken token;
	JsonbValue	element;

	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && scalar_matches(predicate, &element))
			return true;
	}
	return false;
}

static bool
scalar_matches(const WfPredicate *predicate, const JsonbValue *value)
{
	for (int i = 0; i < predicate->nvalues; i++)
	{
		if (value_matches(predicate->operator, value, &predicate->values[i]))
			return true;
	}
	return false;
}

static bool
value_matches(WfOperator operator, const JsonbValue *value, const JsonbValue *constant)
{
	if (value->type != constant->type)
		return false;

	switch (operator)
	{
		case WF_OPERATOR_IN:
			return scalars_equal(value, constant);
		case WF_OPERATOR_LESS:
		case WF_OPERATOR_LESS_EQUAL:
		case WF_OPERATOR_GREATER:
		case WF_OPERATOR_GREATER_EQUAL:
			return scalars_ordered(operator, value, constant);
		case WF_OPERATOR_STARTS_WITH:
		case WF_OPERATOR_ENDS_WITH:
		case WF_OPERATOR_CONTAINS:
			return string_matches(operator, value, constant);
		case WF_OPERATOR_EXISTS:
			return true;
	}
	return false;
}

static int
compare_numbers(const JsonbValue *a, const JsonbValue *b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a->val.numeric),
											 NumericGetDatum(b->val.numeric)));
}

/* Strings compare by bytes, whatever the database's collation. */
static int
compare_strings(const JsonbValue *a, const JsonbValue *b)
{
	int			len = Min(a->val.string.len, b->val.string.len);
	int			result = memcmp(a->val.string.val, b->val.string.val, len);

	return result ? result : a->val.string.len - b->val.string.len;
}

static bool
scalars_equal(const JsonbValue *a, const JsonbValue *b)
{
	switch (a->type)
	{
		case jbvString:
			return a->val.string.len == b->val.string.len &&
				memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
		case jbvNumeric:
			return compare_numbers(a, b) == 0;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		default:
			return false;
	}
}

static bool
scalars_ordered(WfOperator operator, const JsonbValue *value, const JsonbValue *constant)
{
	int			order;

	if (value->type == jbvNumeric)
		order = compare_numbers(value, constant);
	else if (value->type == jbvString)
		order = compare_strings(value, constant);
	else
		return false;

	switch (operator)
	{
		case WF_OPERATOR_LESS:
			return order < 0;
		case WF_OPERATOR_LESS_EQUAL:
			return order <= 0;
		case WF_OPERATOR_GREATER:
			return order > 0;
		default:
			return order >= 0;
	}
}

static bool
string_matches(WfOperator operator, const JsonbValue *value, const JsonbValue *constant)
{
	const char *hay = value->val.string.val;
	const char *needle = constant->val.string.val;
	int			hay_len = value->val.string.len;
	int			needle_len = constant->val.string.len;

	if (value->type != jbvString || needle_len > hay_len)
		return false;
	if (operator == WF_OPERATOR_STARTS_WITH)
		return memcmp(hay, needle, needle_len) == 0;
	if (operator == WF_OPERATOR_ENDS_WITH)
		return memcmp(hay + hay_len - needle_len, needle, needle_len) == 0;
	return string_contains(hay, hay_len, needle, needle_len);
}

/* Bytes decide; in UTF-8 a match can't begin inside a character. */
static bool
string_contains(const char *hay, int hay_len, const char *needle, int needle_len)
{
	const char *last = hay + hay_len - needle_len;

	if (needle_len == 0)
		return true;
	for (const char *at = hay; at <= last; at++)
	{
		at = memchr(at, needle[0], last - at + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, needle, needle_len) == 0)
			return true;
	}
	return false;
}
