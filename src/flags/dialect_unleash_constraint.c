/*
 * dialect_unleash_constraint.c: Unleash's constraints.  Pure.
 *
 * constraint := {"contextName": field, "operator": OPERATOR, "values": [...] |
 *                "value": text, "inverted": boolean, "caseInsensitive": boolean}
 *
 * A field that is absent fulfils NOT_IN and nothing else, before "inverted"
 * turns the answer around.  A constraint that can't be understood (another
 * operator, a value that is no number, date, version or expression) is never
 * fulfilled, inverted or not: a slip of the pen must not switch a flag on.
 */
#include "common/compat.h"

#include <float.h>
#include <math.h>

#include "flags/dialect_unleash.h"
#include "flags/operator.h"

/* How the constants of an operator are prepared. */
typedef enum Preparation
{
	PREPARE_NOTHING,
	PREPARE_START,				/* literals, without regard to case only */
	PREPARE_END,
	PREPARE_PART,
	PREPARE_NETWORK,
	/* From here on there is one constant, which has to be prepared. */
	PREPARE_NUMBER,
	PREPARE_MOMENT,
	PREPARE_VERSION,
	PREPARE_PATTERN
} Preparation;

typedef struct Operator
{
	const char *name;
	WfMatch		match;
	WfOrder		order;
	Preparation preparation;
	bool		negated;
} Operator;

static bool add_constraint(JsonbValue *value, const char *path, WfFault *fault, WfUnleashNodes *nodes);
static const Operator *find_operator(JsonbContainer *constraint);
static bool is_true(JsonbContainer *object, const char *name);
static bool add_operands(const Operator *operator, JsonbContainer *constraint, WfPredicate *predicate);
static bool prepare_operand(const Operator *operator, bool fold_case, WfOperand *operand);
static WfLiteralPlace literal_place(Preparation preparation);
static bool match_number(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand);
static bool parse_number(WfString text, double *number);

static const Operator operators[] = {
	{"IN", wf_flags_match_equal, 0, PREPARE_NOTHING, false},
	{"NOT_IN", wf_flags_match_equal, 0, PREPARE_NOTHING, true},
	{"STR_STARTS_WITH", wf_flags_match_starts_with, 0, PREPARE_START, false},
	{"STR_ENDS_WITH", wf_flags_match_ends_with, 0, PREPARE_END, false},
	{"STR_CONTAINS", wf_flags_match_contains, 0, PREPARE_PART, false},
	{"IN_CIDR", wf_flags_match_network, 0, PREPARE_NETWORK, false},
	{"NUM_EQ", match_number, WF_ORDER_EQUAL, PREPARE_NUMBER, false},
	{"NUM_GT", match_number, WF_ORDER_GREATER, PREPARE_NUMBER, false},
	{"NUM_GTE", match_number, WF_ORDER_GREATER_EQUAL, PREPARE_NUMBER, false},
	{"NUM_LT", match_number, WF_ORDER_LESS, PREPARE_NUMBER, false},
	{"NUM_LTE", match_number, WF_ORDER_LESS_EQUAL, PREPARE_NUMBER, false},
	{"DATE_AFTER", wf_flags_match_moment, WF_ORDER_GREATER, PREPARE_MOMENT, false},
	{"DATE_BEFORE", wf_flags_match_moment, WF_ORDER_LESS, PREPARE_MOMENT, false},
	{"SEMVER_EQ", wf_flags_match_version_strict, WF_ORDER_EQUAL, PREPARE_VERSION, false},
	{"SEMVER_GT", wf_flags_match_version_strict, WF_ORDER_GREATER, PREPARE_VERSION, false},
	{"SEMVER_GTE", wf_flags_match_version_strict, WF_ORDER_GREATER_EQUAL, PREPARE_VERSION, false},
	{"SEMVER_LT", wf_flags_match_version_strict, WF_ORDER_LESS, PREPARE_VERSION, false},
	{"SEMVER_LTE", wf_flags_match_version_strict, WF_ORDER_LESS_EQUAL, PREPARE_VERSION, false},
	{"REGEX", wf_flags_match_pattern, 0, PREPARE_PATTERN, false},
};

/* Adds a node for each of the owner's constraints. */
bool
wf_flags_unleash_constraints(JsonbContainer *owner, const char *path, WfFault *fault, WfUnleashNodes *nodes)
{
	JsonbContainer *array;
	JsonbValue	value;
	int			n;

	if (!wf_flags_document_member(owner, "constraints", &value) || value.type == jbvNull)
		return true;
	path = psprintf("%s.constraints", path);
	if (!wf_flags_document_array(&value, path, fault, &array, &n))
		return false;
	for (int i = 0; i < n; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!add_constraint(&value, psprintf("%s[%d]", path, i), fault, nodes))
			return false;
	}
	return true;
}

/* Adds an empty node. */
WfNode *
wf_flags_unleash_add_node(WfUnleashNodes *nodes, WfNodeType type)
{
	WfNode	   *node;

	if (nodes->nodes == NULL)
		nodes->nodes = palloc(sizeof(WfNode));
	else
		nodes->nodes = repalloc(nodes->nodes, sizeof(WfNode) * (nodes->count + 1));
	node = &nodes->nodes[nodes->count++];
	memset(node, 0, sizeof(WfNode));
	node->type = type;
	return node;
}

/* Adds a comparison of a field with constants, which are empty yet. */
WfPredicate *
wf_flags_unleash_add_predicate(WfUnleashNodes *nodes, WfString attribute, WfMatch match, int noperands)
{
	WfNode	   *node = wf_flags_unleash_add_node(nodes, WF_NODE_PREDICATE);
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));

	predicate->subject = wf_flags_unleash_field(attribute);
	predicate->match = match;
	predicate->noperands = noperands;
	predicate->operands = palloc0(sizeof(WfOperand) * Max(noperands, 1));
	node->u.predicate = predicate;
	nodes->npredicates++;
	return predicate;
}

void
wf_flags_unleash_set_operand(WfPredicate *predicate, int index, WfString text)
{
	wf_flags_value_set_string(&predicate->operands[index].value, text);
}

/* The text of a scalar of a document; false for null and what is no scalar. */
bool
wf_flags_unleash_text(const JsonbValue *value, WfString *text)
{
	WfValue		scalar;

	wf_flags_value_from_json(value, &scalar);
	if (scalar.type == WF_VALUE_STRING)
	{
		*text = scalar.u.string;
		return true;
	}
	return wf_flags_value_key(&scalar, WF_KEY_SCALAR, text);
}

static bool
add_constraint(JsonbValue *value, const char *path, WfFault *fault, WfUnleashNodes *nodes)
{
	JsonbContainer *constraint;
	const Operator *operator;
	WfUnleashNodes own = {0};
	WfPredicate *predicate;
	JsonbValue	member;
	WfString	name;
	bool		negated;

	if (!wf_flags_document_object(value, path, fault, &constraint))
		return false;
	operator = find_operator(constraint);
	if (operator && wf_flags_document_member(constraint, "contextName", &member) &&
		wf_flags_unleash_text(&member, &name))
	{
		predicate = wf_flags_unleash_add_predicate(&own, name, operator->match, 0);
		predicate->mode = operator->order;
		predicate->fold_case = is_true(constraint, "caseInsensitive");
		negated = operator->negated != is_true(constraint, "inverted");
		predicate->negate = negated;
		predicate->absent = negated;
		if (add_operands(operator, constraint, predicate))
		{
			*wf_flags_unleash_add_node(nodes, WF_NODE_PREDICATE) = own.nodes[0];
			nodes->npredicates++;
			return true;
		}
	}
	/* Never fulfilled. */
	(void) wf_flags_unleash_add_node(nodes, WF_NODE_ANY);
	return true;
}

static const Operator *
find_operator(JsonbContainer *constraint)
{
	JsonbValue	member;

	if (!wf_flags_document_member(constraint, "operator", &member) || member.type != jbvString)
		return NULL;
	for (int i = 0; i < lengthof(operators); i++)
	{
		WfString	name = {member.val.string.val, member.val.string.len};

		if (wf_flags_strings_equal(name, wf_flags_string(operators[i].name)))
			return &operators[i];
	}
	return NULL;
}

static bool
is_true(JsonbContainer *object, const char *name)
{
	JsonbValue	member;

	return wf_flags_document_member(object, name, &member) && member.type == jbvBool && member.val.boolean;
}

/* False where the only constant is of no use. */
static bool
add_operands(const Operator *operator, JsonbContainer *constraint, WfPredicate *predicate)
{
	bool		single = operator->preparation >= PREPARE_NUMBER;
	JsonbContainer *array = NULL;
	JsonbValue	value;
	int			n = 1;

	if (!wf_flags_document_member(constraint, single ? "value" : "values", &value))
		return !single;
	if (!single)
	{
		if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
			return true;
		array = value.val.binary.data;
		n = JsonContainerSize(array);
	}
	predicate->operands = palloc0(sizeof(WfOperand) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		WfOperand  *operand = &predicate->operands[predicate->noperands];
		WfString	text;

		if (array)
			wf_flags_document_element(array, i, &value);
		if (!wf_flags_unleash_text(&value, &text))
			continue;
		wf_flags_value_set_string(&operand->value, text);
		if (prepare_operand(operator, predicate->fold_case, operand))
			predicate->noperands++;
	}
	if (operator->preparation == PREPARE_NOTHING)
		wf_flags_predicate_index(predicate);
	return !single || predicate->noperands == 1;
}

/* False for a constant that matches nothing. */
static bool
prepare_operand(const Operator *operator, bool fold_case, WfOperand *operand)
{
	WfString	text = operand->value.u.string;
	const char *problem;
	double		number;

	switch (operator->preparation)
	{
		case PREPARE_NOTHING:
			return true;
		case PREPARE_START:
		case PREPARE_END:
		case PREPARE_PART:
			if (fold_case)
				operand->prepared = wf_flags_pattern_literal(text, literal_place(operator->preparation));
			return true;
		case PREPARE_NETWORK:
			operand->prepared = wf_flags_network_parse(text);
			break;
		case PREPARE_NUMBER:
			if (parse_number(text, &number))
			{
				double	   *kept = palloc(sizeof(double));

				*kept = number;
				operand->prepared = kept;
			}
			break;
		case PREPARE_MOMENT:
			operand->prepared = wf_flags_moment_prepare(&operand->value);
			break;
		case PREPARE_VERSION:
			operand->prepared = wf_flags_version_parse(text, WF_VERSION_STRICT);
			break;
		case PREPARE_PATTERN:
			operand->prepared = wf_flags_pattern_compile(text, WF_PATTERN_RUST, fold_case, &problem);
			break;
	}
	return operand->prepared != NULL;
}

static WfLiteralPlace
literal_place(Preparation preparation)
{
	return preparation == PREPARE_START ? WF_LITERAL_START
		: preparation == PREPARE_END ? WF_LITERAL_END : WF_LITERAL_ANYWHERE;
}

/* WfMatch: numbers in double precision; nearly equal is equal. */
static bool
match_number(WfRun *run, const WfPredicate *predicate, const WfValue *value, const WfOperand *operand)
{
	double		constant = *(const double *) operand->prepared;
	double		number;

	if (value->type != WF_VALUE_STRING || !parse_number(value->u.string, &number))
		return false;
	switch ((WfOrder) predicate->mode)
	{
		case WF_ORDER_EQUAL:
			return fabs(number - constant) < DBL_EPSILON;
		case WF_ORDER_LESS:
			return number < constant;
		case WF_ORDER_LESS_EQUAL:
			return number <= constant;
		case WF_ORDER_GREATER:
			return number > constant;
		case WF_ORDER_GREATER_EQUAL:
			return number >= constant;
		default:
			return false;
	}
}

/* As Rust reads a number: decimal, with an exponent, or inf or nan. */
static bool
parse_number(WfString text, double *number)
{
	static const char *const words[] = {"inf", "infinity", "nan"};
	char	   *copy = pnstrdup(text.data, text.len);
	const char *at = copy + (*copy == '+' || *copy == '-');
	size_t		whole = strspn(at, "0123456789");
	size_t		fraction = 0;
	bool		valid = false;

	for (int i = 0; i < lengthof(words); i++)
		valid = valid || pg_strcasecmp(at, words[i]) == 0;
	if (!valid)
	{
		at += whole;
		if (*at == '.')
		{
			fraction = strspn(at + 1, "0123456789");
			at += 1 + fraction;
		}
		valid = whole + fraction > 0;
		if (valid && (*at == 'e' || *at == 'E'))
		{
			at++;
			at += *at == '+' || *at == '-';
			valid = *at >= '0' && *at <= '9';
			at += strspn(at, "0123456789");
		}
		valid = valid && *at == '\0' && strlen(copy) == text.len;
	}
	if (valid)
		*number = strtod(copy, NULL);
	pfree(copy);
	return valid;
}
