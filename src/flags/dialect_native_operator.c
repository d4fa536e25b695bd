/*
 * dialect_native_operator.c: the operators of native conditions.  Pure.
 *
 * predicate := {"attribute": attribute, OPERATOR: value,
 *               "ignore_case": true or false, "absent": true or false}
 *
 * "absent" is the result where the attribute is absent or null: false unless
 * given, for the negated operators too.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/operator.h"

/* Which constants an operator takes. */
typedef enum Operands
{
	OPERANDS_SCALARS,
	OPERANDS_ORDERED,			/* numbers and strings */
	OPERANDS_STRINGS,
	OPERANDS_BOOLEAN,			/* whether it holds or not; no constant */
	OPERANDS_TYPES,				/* names of types; no constants */
	OPERANDS_LENGTH,
	OPERANDS_PATTERNS,
	OPERANDS_VERSION,
	OPERANDS_MOMENT,
	OPERANDS_NETWORKS,
	OPERANDS_REMAINDER			/* {"divisor": number, "remainder": number} */
} Operands;

/* How an operator takes its constants and the attribute. */
#define TAKES_MANY 1			/* an array of constants too */
#define TAKES_CASE 2			/* "ignore_case" */
#define TAKES_WHOLE 4			/* an array as a whole, not by its elements */
#define NEGATES 8

typedef struct OperatorName
{
	const char *name;
	WfMatch		match;
	int			mode;
	Operands	operands;
	int			flags;
} OperatorName;

static bool match_version(WfRun *run, const WfPredicate *predicate,
						  const WfValue *value, const WfOperand *operand);

#define MANY_STRINGS (TAKES_MANY | TAKES_CASE)

static const OperatorName operator_names[] = {
	{"equals", wf_flags_match_equal, 0, OPERANDS_SCALARS, TAKES_CASE},
	{"not_equals", wf_flags_match_equal, 0, OPERANDS_SCALARS, TAKES_CASE | NEGATES},
	{"in", wf_flags_match_equal, 0, OPERANDS_SCALARS, MANY_STRINGS},
	{"not_in", wf_flags_match_equal, 0, OPERANDS_SCALARS, MANY_STRINGS | NEGATES},
	{"less", wf_flags_match_ordered, WF_ORDER_LESS, OPERANDS_ORDERED, 0},
	{"less_equal", wf_flags_match_ordered, WF_ORDER_LESS_EQUAL, OPERANDS_ORDERED, 0},
	{"greater", wf_flags_match_ordered, WF_ORDER_GREATER, OPERANDS_ORDERED, 0},
	{"greater_equal", wf_flags_match_ordered, WF_ORDER_GREATER_EQUAL, OPERANDS_ORDERED, 0},
	{"starts_with", wf_flags_match_starts_with, 0, OPERANDS_STRINGS, MANY_STRINGS},
	{"not_starts_with", wf_flags_match_starts_with, 0, OPERANDS_STRINGS, MANY_STRINGS | NEGATES},
	{"ends_with", wf_flags_match_ends_with, 0, OPERANDS_STRINGS, MANY_STRINGS},
	{"not_ends_with", wf_flags_match_ends_with, 0, OPERANDS_STRINGS, MANY_STRINGS | NEGATES},
	{"contains", wf_flags_match_contains, 0, OPERANDS_SCALARS, MANY_STRINGS},
	{"not_contains", wf_flags_match_contains, 0, OPERANDS_SCALARS, MANY_STRINGS | NEGATES},
	{"matches", wf_flags_match_pattern, 0, OPERANDS_PATTERNS, MANY_STRINGS},
	{"not_matches", wf_flags_match_pattern, 0, OPERANDS_PATTERNS, MANY_STRINGS | NEGATES},
	{"has_any", wf_flags_match_elements, WF_ELEMENTS_ANY, OPERANDS_SCALARS, MANY_STRINGS | TAKES_WHOLE},
	{"has_all", wf_flags_match_elements, WF_ELEMENTS_ALL, OPERANDS_SCALARS, MANY_STRINGS | TAKES_WHOLE},
	{"has_none", wf_flags_match_elements, WF_ELEMENTS_ANY, OPERANDS_SCALARS, MANY_STRINGS | TAKES_WHOLE | NEGATES},
	{"exists", wf_flags_match_exists, 0, OPERANDS_BOOLEAN, TAKES_WHOLE},
	{"type", wf_flags_match_type, 0, OPERANDS_TYPES, TAKES_MANY | TAKES_WHOLE},
	{"not_type", wf_flags_match_type, 0, OPERANDS_TYPES, TAKES_MANY | TAKES_WHOLE | NEGATES},
	{"length_equals", wf_flags_match_length, WF_ORDER_EQUAL, OPERANDS_LENGTH, TAKES_WHOLE},
	{"length_less", wf_flags_match_length, WF_ORDER_LESS, OPERANDS_LENGTH, TAKES_WHOLE},
	{"length_less_equal", wf_flags_match_length, WF_ORDER_LESS_EQUAL, OPERANDS_LENGTH, TAKES_WHOLE},
	{"length_greater", wf_flags_match_length, WF_ORDER_GREATER, OPERANDS_LENGTH, TAKES_WHOLE},
	{"length_greater_equal", wf_flags_match_length, WF_ORDER_GREATER_EQUAL, OPERANDS_LENGTH, TAKES_WHOLE},
	{"version_equals", match_version, WF_ORDER_EQUAL, OPERANDS_VERSION, 0},
	{"version_not_equals", match_version, WF_ORDER_NOT_EQUAL, OPERANDS_VERSION, 0},
	{"version_less", match_version, WF_ORDER_LESS, OPERANDS_VERSION, 0},
	{"version_less_equal", match_version, WF_ORDER_LESS_EQUAL, OPERANDS_VERSION, 0},
	{"version_greater", match_version, WF_ORDER_GREATER, OPERANDS_VERSION, 0},
	{"version_greater_equal", match_version, WF_ORDER_GREATER_EQUAL, OPERANDS_VERSION, 0},
	{"before", wf_flags_match_moment, WF_ORDER_LESS, OPERANDS_MOMENT, 0},
	{"not_before", wf_flags_match_moment, WF_ORDER_GREATER_EQUAL, OPERANDS_MOMENT, 0},
	{"after", wf_flags_match_moment, WF_ORDER_GREATER, OPERANDS_MOMENT, 0},
	{"not_after", wf_flags_match_moment, WF_ORDER_LESS_EQUAL, OPERANDS_MOMENT, 0},
	{"in_network", wf_flags_match_network, 0, OPERANDS_NETWORKS, TAKES_MANY},
	{"not_in_network", wf_flags_match_network, 0, OPERANDS_NETWORKS, TAKES_MANY | NEGATES},
	{"modulo", wf_flags_match_remainder, 0, OPERANDS_REMAINDER, 0},
	{"not_modulo", wf_flags_match_remainder, 0, OPERANDS_REMAINDER, NEGATES},
};

static const struct
{
	const char *name;
	int			bits;
}			type_names[] = {
	{"string", WF_TYPE_BIT(WF_VALUE_STRING)},
	{"number", WF_TYPE_BIT(WF_VALUE_NUMBER)},
	{"integer", WF_TYPE_INTEGER},
	{"boolean", WF_TYPE_BIT(WF_VALUE_BOOLEAN)},
	{"array", WF_TYPE_BIT(WF_VALUE_ARRAY)},
	{"object", WF_TYPE_BIT(WF_VALUE_OBJECT)},
	{"null", WF_TYPE_BIT(WF_VALUE_NULL)},
};

static bool find_operator(WfNative *native, JsonbContainer *object, const char *path,
						  const OperatorName **name);
static bool unknown_key(WfNative *native, const char *path, const JsonbValue *key);
static char *known_operators(void);
static bool read_modifiers(WfNative *native, JsonbContainer *object, const OperatorName *name,
						   const char *path, WfPredicate *predicate);
static bool read_operands(WfNative *native, const OperatorName *name, JsonbValue *value,
						  const char *path, WfPredicate *predicate);
static bool read_operand(WfNative *native, const OperatorName *name, JsonbValue *constant,
						 const char *path, WfPredicate *predicate, WfOperand *operand);
static bool read_scalar(WfNative *native, const OperatorName *name, JsonbValue *constant,
						const char *path, WfPredicate *predicate, WfOperand *operand);
static bool read_type(WfNative *native, JsonbValue *constant, const char *path, WfPredicate *predicate);
static bool read_pattern(WfNative *native, JsonbValue *constant, const char *path,
						 bool fold_case, WfOperand *operand);
static bool read_remainder(WfNative *native, JsonbValue *constant, const char *path, WfOperand *operand);
static WfLiteralPlace literal_place(WfMatch match);

/* Compiles {"attribute": ..., OPERATOR: ...}. */
bool
wf_flags_native_predicate(WfNative *native, JsonbContainer *object, const char *path, WfNode *node)
{
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));
	WfNativeAttribute attribute;
	const OperatorName *name;
	JsonbValue	member;

	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
	native->npredicates++;
	(void) wf_flags_document_member(object, "attribute", &member);
	if (!wf_flags_native_attribute(native, &member, psprintf("%s.attribute", path), &attribute) ||
		!find_operator(native, object, path, &name))
		return false;
	predicate->attribute = attribute.attribute;
	predicate->subject = attribute.subject;
	predicate->match = name->match;
	predicate->mode = name->mode;
	predicate->negate = (name->flags & NEGATES) != 0;
	predicate->each = !(name->flags & TAKES_WHOLE);
	if (!read_modifiers(native, object, name, path, predicate))
		return false;
	(void) wf_flags_document_member(object, name->name, &member);
	return read_operands(native, name, &member, psprintf("%s.%s", path, name->name), predicate);
}

/* Expects one operator, and nothing that is not known. */
static bool
find_operator(WfNative *native, JsonbContainer *object, const char *path, const OperatorName **name)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	key;

	*name = NULL;
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		WfString	text = {key.val.string.val, key.val.string.len};
		const OperatorName *found = NULL;

		if (token != WJB_KEY)
			continue;
		if (wf_flags_strings_equal(text, wf_flags_string("attribute")) ||
			wf_flags_strings_equal(text, wf_flags_string("ignore_case")) ||
			wf_flags_strings_equal(text, wf_flags_string("absent")))
			continue;
		for (int i = 0; i < lengthof(operator_names) && found == NULL; i++)
		{
			if (wf_flags_strings_equal(text, wf_flags_string(operator_names[i].name)))
				found = &operator_names[i];
		}
		if (found == NULL)
			return unknown_key(native, path, &key);
		if (*name)
			return wf_flags_document_fault(native->fault, path,
										   "expected one operator, but there are \"%s\" and \"%s\"",
										   (*name)->name, found->name);
		*name = found;
	}
	return *name ||
		wf_flags_document_fault(native->fault, path, "expected an operator: one of %s", known_operators());
}

static bool
unknown_key(WfNative *native, const char *path, const JsonbValue *key)
{
	return wf_flags_document_fault(native->fault, path,
								   "unknown key \"%.*s\", known are attribute, ignore_case, absent and the operators %s",
								   key->val.string.len, key->val.string.val, known_operators());
}

static char *
known_operators(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(operator_names); i++)
		appendStringInfo(&names, "%s%s", i ? ", " : "", operator_names[i].name);
	return names.data;
}

static bool
read_modifiers(WfNative *native, JsonbContainer *object, const OperatorName *name,
			   const char *path, WfPredicate *predicate)
{
	JsonbValue	member;

	if (wf_flags_document_member(object, "ignore_case", &member))
	{
		if (!wf_flags_native_boolean(native, &member, psprintf("%s.ignore_case", path), &predicate->fold_case))
			return false;
		if (!(name->flags & TAKES_CASE))
			return wf_flags_document_fault(native->fault, path, "\"%s\" takes no \"ignore_case\"", name->name);
	}
	if (wf_flags_document_member(object, "absent", &member))
	{
		if (!wf_flags_native_boolean(native, &member, psprintf("%s.absent", path), &predicate->absent))
			return false;
		if (name->operands == OPERANDS_BOOLEAN)
			return wf_flags_document_fault(native->fault, path, "\"%s\" takes no \"absent\"", name->name);
	}
	if (predicate->fold_case && predicate->match == wf_flags_match_equal)
		predicate->match = wf_flags_match_equal_folded;
	return true;
}

static bool
read_operands(WfNative *native, const OperatorName *name, JsonbValue *value,
			  const char *path, WfPredicate *predicate)
{
	JsonbContainer *array = NULL;

	if (name->operands == OPERANDS_BOOLEAN)
	{
		bool		wanted;

		if (!wf_flags_native_boolean(native, value, path, &wanted))
			return false;
		predicate->unary = true;
		predicate->absent = predicate->negate = !wanted;
		return true;
	}

	predicate->unary = name->match == wf_flags_match_type || name->match == wf_flags_match_elements;
	predicate->noperands = 1;
	if ((name->flags & TAKES_MANY) && value->type == jbvBinary &&
		!wf_flags_document_array(value, path, native->fault, &array, &predicate->noperands))
		return false;
	predicate->operands = palloc0(sizeof(WfOperand) * Max(predicate->noperands, 1));
	for (int i = 0; i < predicate->noperands; i++)
	{
		JsonbValue	constant = *value;

		if (array)
			wf_flags_document_element(array, i, &constant);
		wf_flags_value_from_json(&constant, &predicate->operands[i].value);
		if (!read_operand(native, name, &constant, path, predicate, &predicate->operands[i]))
		{
			/* Lists are long: their places are told only where one is wrong. */
			if (array)
				native->fault->path = psprintf("%s[%d]", path, i);
			return false;
		}
	}
	if (predicate->match == wf_flags_match_equal)
		wf_flags_predicate_index(predicate);
	return true;
}

static bool
read_operand(WfNative *native, const OperatorName *name, JsonbValue *constant,
			 const char *path, WfPredicate *predicate, WfOperand *operand)
{
	bool		is_text = constant->type == jbvString;
	uint32		length;

	switch (name->operands)
	{
		case OPERANDS_TYPES:
			return read_type(native, constant, path, predicate);
		case OPERANDS_LENGTH:
			return wf_flags_document_integer(constant, path, native->fault, PG_INT32_MAX, &length);
		case OPERANDS_PATTERNS:
			return read_pattern(native, constant, path, predicate->fold_case, operand);
		case OPERANDS_VERSION:
			operand->prepared = is_text
				? wf_flags_version_parse(operand->value.u.string, WF_VERSION_PREFIXED) : NULL;
			return operand->prepared ||
				wf_flags_document_fault(native->fault, path, "expected a version like \"2.10.0\"");
		case OPERANDS_MOMENT:
			operand->prepared = is_text ? wf_flags_moment_prepare(&operand->value) : NULL;
			return operand->prepared ||
				wf_flags_document_fault(native->fault, path, "expected a time like \"2026-03-01T08:00:00Z\"");
		case OPERANDS_NETWORKS:
			operand->prepared = is_text ? wf_flags_network_parse(operand->value.u.string) : NULL;
			return operand->prepared ||
				wf_flags_document_fault(native->fault, path, "expected networks like \"10.0.0.0/8\" or \"2001:db8::/32\"");
		case OPERANDS_REMAINDER:
			return read_remainder(native, constant, path, operand);
		default:
			return read_scalar(native, name, constant, path, predicate, operand);
	}
}

static bool
read_scalar(WfNative *native, const OperatorName *name, JsonbValue *constant,
			const char *path, WfPredicate *predicate, WfOperand *operand)
{
	if (constant->type == jbvNull || constant->type == jbvBinary)
		return wf_flags_document_fault(native->fault, path, "expected %s",
									   (name->flags & TAKES_MANY) ? "strings, numbers, true or false"
									   : "a string, a number, true or false");
	if (name->operands == OPERANDS_STRINGS && constant->type != jbvString)
		return wf_flags_document_fault(native->fault, path, "expected strings");
	if (name->operands == OPERANDS_ORDERED && constant->type == jbvBool)
		return wf_flags_document_fault(native->fault, path, "expected a number or a string");
	if (!predicate->fold_case || constant->type != jbvString)
		return true;
	operand->prepared = wf_flags_pattern_literal(operand->value.u.string, literal_place(name->match));
	return operand->prepared ||
		wf_flags_document_fault(native->fault, path, "expected a shorter string");
}

/* Names of types are no operands: they become bits of the predicate's mode. */
static bool
read_type(WfNative *native, JsonbValue *constant, const char *path, WfPredicate *predicate)
{
	for (int i = 0; i < lengthof(type_names) && constant->type == jbvString; i++)
	{
		WfString	text = {constant->val.string.val, constant->val.string.len};

		if (!wf_flags_strings_equal(text, wf_flags_string(type_names[i].name)))
			continue;
		predicate->mode |= type_names[i].bits;
		if (type_names[i].bits == WF_TYPE_BIT(WF_VALUE_NULL))
			predicate->takes_null = true;
		return true;
	}
	return wf_flags_document_fault(native->fault, path,
								   "expected one of string, number, integer, boolean, array, object, null");
}

static bool
read_pattern(WfNative *native, JsonbValue *constant, const char *path, bool fold_case, WfOperand *operand)
{
	const char *problem;

	if (constant->type != jbvString)
		return wf_flags_document_fault(native->fault, path, "expected a regular expression");
	operand->prepared = wf_flags_pattern_compile(operand->value.u.string, WF_PATTERN_PERL, fold_case, &problem);
	return operand->prepared ||
		wf_flags_document_fault(native->fault, path, "expected a regular expression, but %s", problem);
}

static bool
read_remainder(WfNative *native, JsonbValue *constant, const char *path, WfOperand *operand)
{
	WfRemainder *wanted = palloc(sizeof(WfRemainder));
	JsonbContainer *object;
	JsonbValue	member;
	uint32		divisor;
	uint32		remainder;

	if (!wf_flags_document_object(constant, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "divisor, remainder"))
		return false;
	if (!wf_flags_document_member(object, "divisor", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"divisor\"");
	if (!wf_flags_document_integer(&member, psprintf("%s.divisor", path), native->fault, PG_INT32_MAX, &divisor))
		return false;
	if (divisor == 0)
		return wf_flags_document_fault(native->fault, psprintf("%s.divisor", path), "expected 1 or more");
	if (!wf_flags_document_member(object, "remainder", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"remainder\"");
	if (!wf_flags_document_integer(&member, psprintf("%s.remainder", path), native->fault, divisor - 1, &remainder))
		return false;
	wanted->divisor = divisor;
	wanted->remainder = remainder;
	operand->prepared = wanted;
	return true;
}

static WfLiteralPlace
literal_place(WfMatch match)
{
	if (match == wf_flags_match_starts_with)
		return WF_LITERAL_START;
	if (match == wf_flags_match_ends_with)
		return WF_LITERAL_END;
	return match == wf_flags_match_contains ? WF_LITERAL_ANYWHERE : WF_LITERAL_WHOLE;
}

/* A version, where minor and patch may be left out and a v may come first. */
static bool
match_version(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand)
{
	const void *version = NULL;

	if (value->type == WF_VALUE_STRING)
		version = wf_flags_version_parse(value->u.string, WF_VERSION_PREFIXED);
	return version && wf_flags_order_holds(predicate->mode, wf_flags_version_compare(version, operand->prepared));
}
