/*
 * dialect_launchdarkly_clause.c: the clauses of LaunchDarkly's rules.  Pure.
 *
 * clause := {"contextKind": kind, "attribute": name, "op": operator,
 *            "values": [value, ...], "negate": boolean}
 *
 * A clause holds when any value fits, or for an array of the context any value
 * and any element.  What the context lacks fits nothing, and negated neither.
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"
#include "flags/operator.h"

typedef struct Operator
{
	const char *name;
	WfMatch		match;
	WfOrder		order;
	const void *(*prepare) (const WfValue *value);	/* or NULL */
} Operator;

static bool compile_clause(WfLaunchdarklyCompiler *compiler, const WfValue *clause,
						   const char *path, WfNode *node);
static bool compile_segments(WfLaunchdarklyCompiler *compiler, const WfValue *values, int nvalues,
							 WfNode *node);
static void negate(WfNode *node);
static const Operator *find_operator(WfString name);
static WfOperand *make_operands(const WfValue *values, int nvalues, const Operator *operator);
static const void *prepare_pattern(const WfValue *value);
static const void *prepare_version(const WfValue *value);
static void fail(WfRun *run, const WfNode *node, WfValue *result);

static const Operator operators[] = {
	{"in", wf_flags_match_equal_double, WF_ORDER_EQUAL, NULL},
	{"startsWith", wf_flags_match_starts_with, WF_ORDER_EQUAL, NULL},
	{"endsWith", wf_flags_match_ends_with, WF_ORDER_EQUAL, NULL},
	{"contains", wf_flags_match_contains, WF_ORDER_EQUAL, NULL},
	{"matches", wf_flags_match_pattern, WF_ORDER_EQUAL, prepare_pattern},
	{"lessThan", wf_flags_match_ordered_double, WF_ORDER_LESS, NULL},
	{"lessThanOrEqual", wf_flags_match_ordered_double, WF_ORDER_LESS_EQUAL, NULL},
	{"greaterThan", wf_flags_match_ordered_double, WF_ORDER_GREATER, NULL},
	{"greaterThanOrEqual", wf_flags_match_ordered_double, WF_ORDER_GREATER_EQUAL, NULL},
	{"before", wf_flags_match_moment, WF_ORDER_LESS, wf_flags_moment_prepare},
	{"after", wf_flags_match_moment, WF_ORDER_GREATER, wf_flags_moment_prepare},
	{"semVerEqual", wf_flags_match_version_short, WF_ORDER_EQUAL, prepare_version},
	{"semVerLessThan", wf_flags_match_version_short, WF_ORDER_LESS, prepare_version},
	{"semVerGreaterThan", wf_flags_match_version_short, WF_ORDER_GREATER, prepare_version},
};

/*
 * The clauses of a rule: all have to hold.  The node gets room for nmore
 * children after them, which the caller fills.
 */
bool
wf_flags_launchdarkly_clauses(WfLaunchdarklyCompiler *compiler, const WfValue *owner,
							  const char *path, int nmore, WfNode *node)
{
	WfValue		clauses;
	int			nclauses;

	if (!wf_flags_launchdarkly_list(owner, "clauses", path, compiler->fault, &clauses, &nclauses))
		return false;
	node->type = WF_NODE_ALL;
	node->nchildren = nclauses + nmore;
	node->children = palloc0(sizeof(WfNode) * Max(node->nchildren, 1));
	for (int i = 0; i < nclauses; i++)
	{
		const char *at = psprintf("%s.clauses[%d]", path, i);
		WfValue		clause;

		if (!wf_flags_launchdarkly_object(&clauses, i, at, compiler->fault, &clause) ||
			!compile_clause(compiler, &clause, at, &node->children[i]))
			return false;
	}
	return true;
}

/* A list of keys, one of which the context of a kind has to have. */
bool
wf_flags_launchdarkly_keys(WfLaunchdarklyCompiler *compiler, const WfValue *owner, const char *name,
						   WfString kind, const char *path, WfNode *node)
{
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));
	WfValue		keys;

	if (!wf_flags_launchdarkly_list(owner, name, path, compiler->fault, &keys, &predicate->noperands))
		return false;
	predicate->operands = make_operands(&keys, predicate->noperands, NULL);
	for (int i = 0; i < predicate->noperands; i++)
	{
		if (predicate->operands[i].value.type != WF_VALUE_STRING)
			return wf_flags_document_fault(compiler->fault, psprintf("%s.%s[%d]", path, name, i),
										   "expected a string");
	}
	wf_flags_launchdarkly_key(wf_flags_launchdarkly_kind(kind), &predicate->attribute);
	predicate->match = wf_flags_match_equal;
	wf_flags_predicate_index(predicate);
	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
	compiler->npredicates++;
	return true;
}

/* A node that ends the evaluation, also that of flags which ask for it. */
void
wf_flags_launchdarkly_failure(WfNode *node)
{
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = fail;
}

static bool
compile_clause(WfLaunchdarklyCompiler *compiler, const WfValue *clause, const char *path, WfNode *node)
{
	WfPredicate *predicate;
	const Operator *operator;
	WfValue		values;
	int			nvalues;
	WfString	kind;
	WfString	name;
	WfString	op;
	bool		negated;

	if (!wf_flags_launchdarkly_text(clause, "contextKind", path, compiler->fault, &kind) ||
		!wf_flags_launchdarkly_text(clause, "attribute", path, compiler->fault, &name) ||
		!wf_flags_launchdarkly_text(clause, "op", path, compiler->fault, &op) ||
		!wf_flags_launchdarkly_boolean(clause, "negate", path, compiler->fault, &negated) ||
		!wf_flags_launchdarkly_list(clause, "values", path, compiler->fault, &values, &nvalues))
		return false;
	compiler->npredicates++;
	if (wf_flags_strings_equal(op, wf_flags_string("segmentMatch")))
	{
		if (!compile_segments(compiler, &values, nvalues, node))
			return false;
		if (negated)
			negate(node);
		return true;
	}

	predicate = palloc0(sizeof(WfPredicate));
	if (wf_flags_launchdarkly_attribute(name, kind, &predicate->attribute) != WF_REFERENCE_FOUND)
	{
		wf_flags_launchdarkly_failure(node);
		return true;
	}
	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
	predicate->subject = wf_flags_launchdarkly_subject(&predicate->attribute, true);
	predicate->negate = negated;
	predicate->each = true;
	predicate->match = wf_flags_match_equal;
	operator = find_operator(op);
	/* An operator that is not known finds nothing to fit. */
	if (operator)
	{
		predicate->match = operator->match;
		predicate->mode = operator->order;
		predicate->noperands = nvalues;
		predicate->operands = make_operands(&values, nvalues, operator);
		if (operator->match == wf_flags_match_equal_double)
			wf_flags_predicate_index(predicate);
	}
	return true;
}

/* Any of the segments; one that the document does not have is empty. */
static bool
compile_segments(WfLaunchdarklyCompiler *compiler, const WfValue *values, int nvalues, WfNode *node)
{
	node->type = WF_NODE_ANY;
	node->children = palloc0(sizeof(WfNode) * Max(nvalues, 1));
	for (int i = 0; i < nvalues; i++)
	{
		const WfSegment *segment = NULL;
		WfSegmentTest *test;
		WfValue		key;

		(void) wf_flags_value_element(values, i, &key);
		if (key.type == WF_VALUE_STRING)
			segment = wf_flags_launchdarkly_find_segment(compiler->shared, key.u.string);
		if (segment == NULL)
			continue;
		test = palloc0(sizeof(WfSegmentTest));
		test->key = segment->key;
		test->segment = segment;
		test->cycle_error = WF_ERROR_PARSE_ERROR;
		node->children[node->nchildren].type = WF_NODE_SEGMENT;
		node->children[node->nchildren++].u.segment = test;
	}
	return true;
}

static void
negate(WfNode *node)
{
	WfNode	   *child = palloc(sizeof(WfNode));

	*child = *node;
	memset(node, 0, sizeof(WfNode));
	node->type = WF_NODE_NOT;
	node->nchildren = 1;
	node->children = child;
}

static const Operator *
find_operator(WfString name)
{
	for (int i = 0; i < lengthof(operators); i++)
	{
		if (wf_flags_strings_equal(name, wf_flags_string(operators[i].name)))
			return &operators[i];
	}
	return NULL;
}

/* operator may be NULL. */
static WfOperand *
make_operands(const WfValue *values, int nvalues, const Operator *operator)
{
	WfOperand  *operands = palloc0(sizeof(WfOperand) * Max(nvalues, 1));

	for (int i = 0; i < nvalues; i++)
	{
		(void) wf_flags_value_element(values, i, &operands[i].value);
		if (operator && operator->prepare)
			operands[i].prepared = operator->prepare(&operands[i].value);
	}
	return operands;
}

static const void *
prepare_pattern(const WfValue *value)
{
	const char *problem;

	if (value->type != WF_VALUE_STRING)
		return NULL;
	return wf_flags_pattern_compile(value->u.string, WF_PATTERN_RE2, false, &problem);
}

static const void *
prepare_version(const WfValue *value)
{
	if (value->type != WF_VALUE_STRING)
		return NULL;
	return wf_flags_version_parse(value->u.string, WF_VERSION_SHORT);
}

static void
fail(WfRun *run, const WfNode *node, WfValue *result)
{
	result->type = WF_VALUE_ABSENT;
	wf_flags_run_fail(run, WF_ERROR_PARSE_ERROR, WF_CAUSE_CONDITION);
}
