/*
 * dialect_flagsmith_segment.c: segments and what they override.  Pure.
 *
 * segment   := {"key", "name", "rules": [rule, ...], "overrides": [feature, ...],
 *               "metadata"}
 * rule      := {"type": "ALL" | "ANY" | "NONE", "conditions": [condition, ...],
 *               "rules": [rule, ...]}
 * condition := {"property", "operator", "value"}
 *
 * A segment has whoever fulfils all of its rules, of which there is at least
 * one.  A rule's type goes for its conditions and for its rules: both hold.
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/dialect_flagsmith.h"
#include "flags/document.h"

/* State of one compilation. */
typedef struct Compiler
{
	WfFlagsmithShared *shared;
	bool		converts;
	WfFlagsmithSegment *segment;
	WfFault    *fault;
} Compiler;

static bool compile_segments(Compiler *compiler);
static bool compile_segment(Compiler *compiler, JsonbValue *value, WfString member, const char *path);
static bool compile_overrides(Compiler *compiler, JsonbContainer *segment, const char *path);
static int	compare_overrides(const void *a, const void *b);
static bool compile_rules(Compiler *compiler, JsonbContainer *owner, const char *path, int depth,
						  WfNode *node);
static bool compile_rule(Compiler *compiler, JsonbValue *value, const char *path, int depth,
						 WfNode *node);
static void apply_type(const WfValue *type, WfNode *node);
static bool compile_conditions(Compiler *compiler, JsonbContainer *rule, const char *path, WfNode *node);
static bool compile_condition(Compiler *compiler, JsonbValue *value, const char *path, WfNode *node);
static void add_limit(Compiler *compiler, WfString property);
static bool compile_share(Compiler *compiler, const WfValue *value, WfNode *subject, WfNode *node);

/* WfDialect.list_limits. */
List *
wf_flags_flagsmith_list_limits(const WfShared *shared)
{
	return ((const WfFlagsmithShared *) shared->data)->limits;
}

/* WfDialect.compile_shared. */
bool
wf_flags_flagsmith_compile_shared(WfShared *shared, WfFault *fault)
{
	WfFlagsmithShared *data = palloc0(sizeof(WfFlagsmithShared));
	Compiler	compiler = {.shared = data, .converts = shared->converts, .fault = fault};
	WfValue		environment;
	WfValue		key;

	wf_flags_value_from_root(shared->document, &data->document);
	data->environment_key = wf_flags_string("");
	if (wf_flags_value_member(&data->document, wf_flags_string("environment"), &environment) &&
		wf_flags_value_member(&environment, wf_flags_string("key"), &key))
		data->environment_key = wf_flags_python_string(&key);
	wf_flags_flagsmith_identity(data);
	if (!compile_segments(&compiler))
		return false;
	if (data->noverrides > 0)
		qsort(data->overrides, data->noverrides, sizeof(WfFlagsmithOverride), compare_overrides);
	shared->data = data;
	return true;
}

static bool
compile_segments(Compiler *compiler)
{
	WfFlagsmithShared *shared = compiler->shared;
	JsonbIterator *it;
	JsonbValue	value;
	WfValue		segments;

	if (!wf_flags_value_member(&shared->document, wf_flags_string("segments"), &segments) ||
		segments.type != WF_VALUE_OBJECT)
		return true;
	shared->segments = palloc0(sizeof(WfFlagsmithSegment) * Max(wf_flags_value_length(&segments), 1));
	it = JsonbIteratorInit(segments.u.container);
	(void) JsonbIteratorNext(&it, &value, true);	/* the beginning */
	while (JsonbIteratorNext(&it, &value, true) == WJB_KEY)
	{
		WfString	member = {value.val.string.val, value.val.string.len};

		(void) JsonbIteratorNext(&it, &value, true);
		if (!compile_segment(compiler, &value, member,
							 psprintf("$.segments[\"%.*s\"]", member.len, member.data)))
			return false;
	}
	return true;
}

static bool
compile_segment(Compiler *compiler, JsonbValue *value, WfString member, const char *path)
{
	WfFlagsmithSegment *segment = &compiler->shared->segments[compiler->shared->nsegments++];
	JsonbContainer *object;
	WfNode	   *condition = palloc0(sizeof(WfNode));
	WfValue		key;
	WfValue		name;

	if (!wf_flags_document_object(value, path, compiler->fault, &object))
		return false;
	compiler->segment = segment;
	segment->segment.key = wf_flags_flagsmith_member(object, "key", &key)
		? wf_flags_python_string(&key) : member;
	segment->name = wf_flags_flagsmith_member(object, "name", &name)
		? wf_flags_python_string(&name) : segment->segment.key;
	(void) wf_flags_flagsmith_member(object, "metadata", &segment->metadata);
	if (!compile_rules(compiler, object, path, 1, condition))
		return false;
	if (condition->nchildren > 0)
		segment->segment.condition = condition;
	return compile_overrides(compiler, object, path);
}

static bool
compile_overrides(Compiler *compiler, JsonbContainer *segment, const char *path)
{
	WfFlagsmithShared *shared = compiler->shared;
	JsonbContainer *array;
	int			length;

	if (!wf_flags_flagsmith_array(segment, "overrides", path, compiler->fault, &array, &length))
		return false;
	if (length == 0)
		return true;
	if (shared->overrides == NULL)
		shared->overrides = palloc(sizeof(WfFlagsmithOverride) * length);
	else
		shared->overrides = repalloc(shared->overrides,
									 sizeof(WfFlagsmithOverride) * (shared->noverrides + length));
	for (int i = 0; i < length; i++)
	{
		WfFlagsmithOverride *override = &shared->overrides[shared->noverrides];
		const char *place = psprintf("%s.overrides[%d]", path, i);
		JsonbValue	element;
		WfValue		name;

		wf_flags_document_element(array, i, &element);
		if (!wf_flags_document_object(&element, place, compiler->fault, &override->feature))
			return false;
		if (!wf_flags_flagsmith_member(override->feature, "name", &name) || name.type != WF_VALUE_STRING)
			return wf_flags_document_fault(compiler->fault, place, "expected \"name\", a feature's name");
		override->name = name.u.string;
		override->segment = compiler->segment;
		override->order = shared->noverrides++;
		override->path = place;
		wf_flags_flagsmith_priority(override->feature, &override->priority);
	}
	return true;
}

static int
compare_overrides(const void *a, const void *b)
{
	const WfFlagsmithOverride *x = a;
	const WfFlagsmithOverride *y = b;
	int			order = wf_flags_strings_compare(x->name, y->name);

	if (order == 0)
		order = wf_flags_flagsmith_priority_compare(&x->priority, &y->priority);
	return order ? order : x->order - y->order;
}

/* The member "rules", as a node without children where there are none. */
static bool
compile_rules(Compiler *compiler, JsonbContainer *owner, const char *path, int depth, WfNode *node)
{
	JsonbContainer *array;

	node->type = WF_NODE_ALL;
	if (!wf_flags_flagsmith_array(owner, "rules", path, compiler->fault, &array, &node->nchildren))
		return false;
	if (node->nchildren > 0 && depth > WF_DEPTH_MAX)
		return wf_flags_document_fault(compiler->fault, path, "rules are nested deeper than %d levels",
									   WF_DEPTH_MAX);
	node->children = palloc0(sizeof(WfNode) * Max(node->nchildren, 1));
	for (int i = 0; i < node->nchildren; i++)
	{
		JsonbValue	element;

		wf_flags_document_element(array, i, &element);
		if (!compile_rule(compiler, &element, psprintf("%s.rules[%d]", path, i), depth,
						  &node->children[i]))
			return false;
	}
	return true;
}

static bool
compile_rule(Compiler *compiler, JsonbValue *value, const char *path, int depth, WfNode *node)
{
	JsonbContainer *object;
	WfValue		type;

	if (!wf_flags_document_object(value, path, compiler->fault, &object))
		return false;
	(void) wf_flags_flagsmith_member(object, "type", &type);
	node->type = WF_NODE_ALL;
	node->nchildren = 2;
	node->children = palloc0(sizeof(WfNode) * 2);
	if (!compile_conditions(compiler, object, path, &node->children[0]) ||
		!compile_rules(compiler, object, path, depth + 1, &node->children[1]))
		return false;
	apply_type(&type, &node->children[0]);
	apply_type(&type, &node->children[1]);
	return true;
}

/* Nothing holds by a type that is not known; without children all hold. */
static void
apply_type(const WfValue *type, WfNode *node)
{
	WfString	name = wf_flags_string("");
	WfNode	   *any;

	if (node->nchildren == 0)
		return;
	if (type->type == WF_VALUE_STRING)
		name = type->u.string;
	if (wf_flags_strings_equal(name, wf_flags_string("ALL")))
		return;
	node->type = WF_NODE_ANY;
	if (wf_flags_strings_equal(name, wf_flags_string("ANY")))
		return;
	if (!wf_flags_strings_equal(name, wf_flags_string("NONE")))
	{
		node->nchildren = 0;
		return;
	}
	any = palloc(sizeof(WfNode));
	*any = *node;
	node->type = WF_NODE_NOT;
	node->nchildren = 1;
	node->children = any;
}

static bool
compile_conditions(Compiler *compiler, JsonbContainer *rule, const char *path, WfNode *node)
{
	JsonbContainer *array;

	node->type = WF_NODE_ALL;
	if (!wf_flags_flagsmith_array(rule, "conditions", path, compiler->fault, &array, &node->nchildren))
		return false;
	node->children = palloc0(sizeof(WfNode) * Max(node->nchildren, 1));
	for (int i = 0; i < node->nchildren; i++)
	{
		JsonbValue	element;

		wf_flags_document_element(array, i, &element);
		if (!compile_condition(compiler, &element, psprintf("%s.conditions[%d]", path, i),
							   &node->children[i]))
			return false;
	}
	return true;
}

static bool
compile_condition(Compiler *compiler, JsonbValue *value, const char *path, WfNode *node)
{
	static const WfValue null = {.type = WF_VALUE_NULL};
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));
	WfNode	   *subject = palloc0(sizeof(WfNode));
	JsonbContainer *object;
	WfValue		property;
	WfValue		operator;
	WfValue		operand;
	bool		named;
	bool		holds;

	if (!wf_flags_document_object(value, path, compiler->fault, &object))
		return false;
	compiler->segment->npredicates++;
	named = wf_flags_flagsmith_member(object, "property", &property) &&
		property.type == WF_VALUE_STRING && property.u.string.len > 0;
	if (named)
	{
		if (!wf_flags_flagsmith_property(compiler->shared, property.u.string, subject))
			add_limit(compiler, property.u.string);
	}
	else
	{
		subject->type = WF_NODE_CONSTANT;
		subject->u.constant = &null;
	}
	(void) wf_flags_flagsmith_member(object, "value", &operand);

	if (!wf_flags_flagsmith_member(object, "operator", &operator) || operator.type != WF_VALUE_STRING)
		holds = false;
	else if (wf_flags_strings_equal(operator.u.string, wf_flags_string("PERCENTAGE_SPLIT")))
	{
		if (!named)
			wf_flags_flagsmith_identity_key(compiler->shared, subject);
		holds = compile_share(compiler, &operand, subject, node);
	}
	else
	{
		predicate->subject = subject;
		node->type = WF_NODE_PREDICATE;
		node->u.predicate = predicate;
		holds = wf_flags_flagsmith_operator(operator.u.string, &operand, predicate);
	}
	/* What the engine does not know, or fails on, holds for nobody. */
	if (!holds)
		node->type = WF_NODE_ANY;
	return true;
}

static void
add_limit(Compiler *compiler, WfString property)
{
	WfLimit    *limit = palloc(sizeof(WfLimit));
	WfString	name = compiler->segment->name;

	limit->name = pnstrdup(name.data, name.len);
	limit->message = psprintf("a path with wildcards, slices or filters is not followed, nothing is there: %.*s",
							  property.len, property.data);
	compiler->shared->limits = lappend(compiler->shared->limits, limit);
}

/* A share in percent of what the subject yields, by a hash with the segment's key. */
static bool
compile_share(Compiler *compiler, const WfValue *value, WfNode *subject, WfNode *node)
{
	WfSplit    *split = palloc0(sizeof(WfSplit));
	WfString	key = compiler->segment->segment.key;

	split->hash = WF_HASH_MD5;
	split->reduction = WF_REDUCTION_PERCENT_9998;
	split->comparison = WF_COMPARISON_AT_MOST;
	split->missing = WF_MISSING_NONE;
	split->form = WF_KEY_PYTHON;
	split->converts = compiler->converts;
	split->prefix = wf_flags_encode_text(wf_flags_string(psprintf("%.*s,", key.len, key.data)),
										 split->converts);
	split->subject = subject;
	split->narms = 1;
	split->arms = palloc0(sizeof(WfArm));
	node->type = WF_NODE_SPLIT;
	node->u.split = split;
	return wf_flags_python_float(value, &split->arms[0].upper);
}
