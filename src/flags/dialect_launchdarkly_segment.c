/*
 * dialect_launchdarkly_segment.c: LaunchDarkly's segments.  Pure.
 *
 * segment := {"key": key, "included": [key, ...], "excluded": [key, ...],
 *             "includedContexts": [{"contextKind": kind, "values": [key, ...]}, ...],
 *             "excludedContexts": ..., "salt": text, "unbounded": boolean,
 *             "rules": [{"clauses": [clause, ...], "weight": number,
 *                        "bucketBy": name, "rolloutContextKind": kind}, ...]}
 *
 * Who is included is in, who is excluded is out, and for all others any rule
 * decides.  The members of an unbounded segment are kept elsewhere; here it
 * has its rules only.
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"
#include "flags/operator.h"

static int	collect_segments(const WfValue *segments, WfLaunchdarklyShared *shared, WfValue *definitions);
static bool compile_segment(WfLaunchdarklyCompiler *compiler, const WfValue *definition,
							const char *path, WfSegment *segment);
static bool compile_members(WfLaunchdarklyCompiler *compiler, const WfValue *definition,
							const char *path, WfNode *node);
static bool compile_list(WfLaunchdarklyCompiler *compiler, const WfValue *definition, const char *users,
						 const char *contexts, const char *path, WfNode *node);
static bool compile_unbounded(WfLaunchdarklyCompiler *compiler, const WfValue *definition,
							  const char *path, WfSegment *segment);
static void note_unknown(WfRun *run, const WfNode *node, WfValue *result);
static bool compile_rules(WfLaunchdarklyCompiler *compiler, const WfValue *definition,
						  const char *path, WfNode *node);
static bool compile_rule(WfLaunchdarklyCompiler *compiler, const WfValue *rule, const char *path,
						 WfString salt, WfNode *node);
static bool fill_share(WfLaunchdarklyCompiler *compiler, const WfValue *rule, const char *path,
					   WfString salt, const WfValue *weight, WfNode *nodes);
static void fill_presence(WfString kind, WfNode *node);
static void fill_group(WfNode *node, WfNodeType type, int nchildren);
static int	compare_to_segment(const void *key, const void *segment);

/* WfDialect.compile_shared. */
bool
wf_flags_launchdarkly_share(WfShared *shared, WfFault *fault)
{
	WfLaunchdarklyShared *data = palloc0(sizeof(WfLaunchdarklyShared));
	WfLaunchdarklyCompiler compiler = {
		data, shared->converts, shared->options.single_precision, 0, fault
	};
	WfValue    *definitions;
	WfValue		root;
	WfValue		segments;

	shared->data = data;
	wf_flags_value_from_root(shared->document, &root);
	if (!wf_flags_value_member(&root, wf_flags_string("segments"), &segments) ||
		segments.type != WF_VALUE_OBJECT)
		return true;
	definitions = palloc0(sizeof(WfValue) * Max(wf_flags_value_length(&segments), 1));
	data->segments = palloc0(sizeof(WfSegment) * Max(wf_flags_value_length(&segments), 1));
	data->nsegments = collect_segments(&segments, data, definitions);
	for (int i = 0; i < data->nsegments; i++)
	{
		const char *path = psprintf("$.segments.%.*s", data->segments[i].key.len,
									data->segments[i].key.data);

		if (!compile_segment(&compiler, &definitions[i], path, &data->segments[i]))
			return false;
	}
	return true;
}

/* A segment by key, or NULL. */
const WfSegment *
wf_flags_launchdarkly_find_segment(const WfLaunchdarklyShared *shared, WfString key)
{
	if (shared == NULL || shared->nsegments == 0)
		return NULL;
	return bsearch(&key, shared->segments, shared->nsegments, sizeof(WfSegment), compare_to_segment);
}

/* WfDialect.list_limits: the members of unbounded segments. */
List *
wf_flags_launchdarkly_limits(const WfShared *shared)
{
	const WfLaunchdarklyShared *data = shared->data;
	List	   *limits = NIL;
	WfValue		root;
	WfValue		segments;

	wf_flags_value_from_root(shared->document, &root);
	(void) wf_flags_value_member(&root, wf_flags_string("segments"), &segments);
	for (int i = 0; i < data->nsegments; i++)
	{
		WfLimit    *limit;
		WfValue		segment;
		WfValue		unbounded;

		(void) wf_flags_value_member(&segments, data->segments[i].key, &segment);
		if (!wf_flags_value_member(&segment, wf_flags_string("unbounded"), &unbounded) ||
			!wf_flags_js_truthy(&unbounded))
			continue;
		limit = palloc(sizeof(WfLimit));
		limit->name = pnstrdup(data->segments[i].key.data, data->segments[i].key.len);
		limit->message = "the document does not list the members of this segment: only its rules count";
		limits = lappend(limits, limit);
	}
	return limits;
}

/* Lists the segments that are not deleted; jsonb keeps them in order. */
static int
collect_segments(const WfValue *segments, WfLaunchdarklyShared *shared, WfValue *definitions)
{
	JsonbIterator *it = JsonbIteratorInit(segments->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	int			nsegments = 0;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		deleted;
		WfString	key;

		if (token != WJB_KEY)
			continue;
		key.data = json.val.string.val;
		key.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &definitions[nsegments]);
		if (wf_flags_value_member(&definitions[nsegments], wf_flags_string("deleted"), &deleted) &&
			wf_flags_js_truthy(&deleted))
			continue;
		shared->segments[nsegments++].key = key;
	}
	return nsegments;
}

static bool
compile_segment(WfLaunchdarklyCompiler *compiler, const WfValue *definition, const char *path,
				WfSegment *segment)
{
	bool		unbounded;

	if (definition->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(compiler->fault, path, "expected an object");
	if (!wf_flags_launchdarkly_boolean(definition, "unbounded", path, compiler->fault, &unbounded))
		return false;
	if (unbounded)
		return compile_unbounded(compiler, definition, path, segment);
	segment->condition = palloc0(sizeof(WfNode));
	return compile_members(compiler, definition, path, segment->condition);
}

/* Included, or not excluded and in any rule. */
static bool
compile_members(WfLaunchdarklyCompiler *compiler, const WfValue *definition, const char *path,
				WfNode *node)
{
	WfNode	   *others;
	WfNode	   *not;

	fill_group(node, WF_NODE_ANY, 2);
	others = &node->children[1];
	fill_group(others, WF_NODE_ALL, 2);
	not = &others->children[0];
	fill_group(not, WF_NODE_NOT, 1);
	return compile_list(compiler, definition, "included", "includedContexts", path, &node->children[0]) &&
		compile_list(compiler, definition, "excluded", "excludedContexts", path, &not->children[0]) &&
		compile_rules(compiler, definition, path, &others->children[1]);
}

/* Who is listed, as a user or as another kind of context. */
static bool
compile_list(WfLaunchdarklyCompiler *compiler, const WfValue *definition, const char *users,
			 const char *contexts, const char *path, WfNode *node)
{
	WfString	user = wf_flags_string(WF_KIND_USER);
	WfValue		list;
	int			length;

	if (!wf_flags_launchdarkly_list(definition, contexts, path, compiler->fault, &list, &length))
		return false;
	fill_group(node, WF_NODE_ANY, length + 1);
	if (!wf_flags_launchdarkly_keys(compiler, definition, users, user, path, &node->children[0]))
		return false;
	for (int i = 0; i < length; i++)
	{
		const char *at = psprintf("%s.%s[%d]", path, contexts, i);
		WfValue		target;
		WfString	kind;

		if (!wf_flags_launchdarkly_object(&list, i, at, compiler->fault, &target) ||
			!wf_flags_launchdarkly_text(&target, "contextKind", at, compiler->fault, &kind) ||
			!wf_flags_launchdarkly_keys(compiler, &target, "values", kind, at, &node->children[i + 1]))
			return false;
	}
	return true;
}

/*
 * A segment whose members are not known: for contexts of its kind, which it is
 * noted that they asked, the rules decide.  One without a generation was never
 * filled, and has nobody.
 */
static bool
compile_unbounded(WfLaunchdarklyCompiler *compiler, const WfValue *definition, const char *path,
				  WfSegment *segment)
{
	WfString	kind;
	WfValue		generation;
	WfNode	   *node;

	if (!wf_flags_launchdarkly_number(definition, "generation", path, compiler->fault, &generation) ||
		!wf_flags_launchdarkly_text(definition, "unboundedContextKind", path, compiler->fault, &kind))
		return false;
	node = palloc0(sizeof(WfNode));
	fill_group(node, WF_NODE_ALL, 3);
	fill_presence(wf_flags_launchdarkly_kind(kind), &node->children[0]);
	node->children[1].type = WF_NODE_FUNCTION;
	node->children[1].u.function.call = note_unknown;
	fill_group(&node->children[2], WF_NODE_ANY, 0);
	segment->condition = node;
	return generation.type == WF_VALUE_ABSENT ||
		compile_rules(compiler, definition, path, &node->children[2]);
}

/* WfFunction: yes, and the result says so. */
static void
note_unknown(WfRun *run, const WfNode *node, WfValue *result)
{
	run->members_unknown = true;
	wf_flags_value_set_boolean(result, true);
}

static bool
compile_rules(WfLaunchdarklyCompiler *compiler, const WfValue *definition, const char *path, WfNode *node)
{
	WfString	key;
	WfString	salt;
	WfValue		rules;
	int			nrules;

	if (!wf_flags_launchdarkly_text(definition, "key", path, compiler->fault, &key) ||
		!wf_flags_launchdarkly_text(definition, "salt", path, compiler->fault, &salt) ||
		!wf_flags_launchdarkly_list(definition, "rules", path, compiler->fault, &rules, &nrules))
		return false;
	salt = wf_flags_launchdarkly_salt(key, salt);
	fill_group(node, WF_NODE_ANY, nrules);
	for (int i = 0; i < nrules; i++)
	{
		const char *at = psprintf("%s.rules[%d]", path, i);
		WfValue		rule;

		if (!wf_flags_launchdarkly_object(&rules, i, at, compiler->fault, &rule) ||
			!compile_rule(compiler, &rule, at, salt, &node->children[i]))
			return false;
	}
	return true;
}

/* All clauses; with a weight, a share of those. */
static bool
compile_rule(WfLaunchdarklyCompiler *compiler, const WfValue *rule, const char *path, WfString salt,
			 WfNode *node)
{
	WfValue		weight;
	int			nmore;

	if (!wf_flags_launchdarkly_number(rule, "weight", path, compiler->fault, &weight))
		return false;
	nmore = weight.type == WF_VALUE_NUMBER ? 2 : 0;
	if (!wf_flags_launchdarkly_clauses(compiler, rule, path, nmore, node))
		return false;
	return nmore == 0 ||
		fill_share(compiler, rule, path, salt, &weight, &node->children[node->nchildren - nmore]);
}

/* Two nodes: whether the context has the kind, and its place in the split. */
static bool
fill_share(WfLaunchdarklyCompiler *compiler, const WfValue *rule, const char *path, WfString salt,
		   const WfValue *weight, WfNode *nodes)
{
	WfLaunchdarklyReference found;
	WfAttribute attribute;
	WfSplit    *split;
	WfString	kind;
	WfString	name;

	if (!wf_flags_launchdarkly_text(rule, "rolloutContextKind", path, compiler->fault, &kind) ||
		!wf_flags_launchdarkly_text(rule, "bucketBy", path, compiler->fault, &name))
		return false;
	found = wf_flags_launchdarkly_attribute(name, kind, &attribute);
	if (found == WF_REFERENCE_INVALID)
	{
		wf_flags_launchdarkly_failure(&nodes[0]);
		wf_flags_launchdarkly_failure(&nodes[1]);
		return true;
	}
	kind = wf_flags_launchdarkly_kind(kind);
	fill_presence(kind, &nodes[0]);
	split = wf_flags_launchdarkly_split(compiler, salt, 1);
	if (found == WF_REFERENCE_NONE)
		wf_flags_launchdarkly_key(kind, &split->attribute);
	else
	{
		split->attribute = attribute;
		split->subject = wf_flags_launchdarkly_subject(&split->attribute, false);
	}
	split->arms[0].upper = wf_flags_launchdarkly_add_weight(compiler, 0, weight);
	nodes[1].type = WF_NODE_SPLIT;
	nodes[1].u.split = split;
	return true;
}

static void
fill_presence(WfString kind, WfNode *node)
{
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));

	wf_flags_launchdarkly_presence(kind, predicate);
	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
}

static void
fill_group(WfNode *node, WfNodeType type, int nchildren)
{
	node->type = type;
	node->nchildren = nchildren;
	node->children = palloc0(sizeof(WfNode) * Max(nchildren, 1));
}

/* The order of members in jsonb: shorter ones first. */
static int
compare_to_segment(const void *key, const void *segment)
{
	const WfString *a = key;
	const WfString *b = &((const WfSegment *) segment)->key;

	return a->len != b->len ? (a->len < b->len ? -1 : 1) : memcmp(a->data, b->data, a->len);
}
