/*
 * dialect_native_segment.c: the extension's own segments.  Pure.
 *
 * segment := {"included": keys, "excluded": keys, "when": condition,
 *             "share": {"percent": share, "seed": text, "by": attribute}} |
 *            {"table": NAME, "column": NAME} | {"query": SQL}
 * keys    := [KEY, ...] | {KIND: [KEY, ...], ...}
 *
 * In are those who are included, and of the others those for whom the
 * condition and the share hold, unless they are excluded.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/operator.h"
#include "flags/segment.h"
#include "flags/set.h"

static bool read_table(WfNative *native, JsonbContainer *object, const char *path, WfSegment *segment);
static bool read_query(WfNative *native, JsonbContainer *object, const char *path, WfSegment *segment);
static bool read_members(WfNative *native, JsonbContainer *object, const char *path, WfSegment *segment);
static bool read_condition(WfNative *native, JsonbContainer *object, const char *path, WfNode *both);
static bool read_keys(WfNative *native, JsonbContainer *object, const char *name, const char *path,
					  WfNode *node);
static bool read_kinds(WfNative *native, JsonbContainer *object, const char *path, WfNode *node);
static bool read_key_list(WfNative *native, JsonbContainer *array, const char *path,
						  JsonbValue *kind, WfNode *node);

/* A segment's definition; NULL, with a fault, when it is wrong. */
const WfSegment *
wf_flags_compile_segment(WfString key, Jsonb *definition, bool converts, WfFault *fault)
{
	WfNative	native = {.key = key, .converts = converts, .fault = fault};
	WfSegment  *segment = palloc0(sizeof(WfSegment));
	JsonbValue	value = {.type = jbvNull};

	segment->key = key;
	if (!JB_ROOT_IS_SCALAR(definition))
	{
		value.type = jbvBinary;
		value.val.binary.data = &definition->root;
	}
	return wf_flags_native_segment(&native, &value, "$", segment) ? segment : NULL;
}

/* Compiles a definition into *segment. */
bool
wf_flags_native_segment(WfNative *native, JsonbValue *definition, const char *path, WfSegment *segment)
{
	JsonbContainer *object;
	JsonbValue	member;

	native->by.attribute.is_key = true;
	if (!wf_flags_document_object(definition, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault,
								 "included, excluded, when, share, table, column, query"))
		return false;
	if (!wf_flags_native_has_source(object))
		return read_members(native, object, path, segment);
	if (wf_flags_document_member(object, "query", &member))
		return read_query(native, object, path, segment);
	return read_table(native, object, path, segment);
}

/* Whether a segment's keys are in a database, and not in its definition. */
bool
wf_flags_native_has_source(JsonbContainer *definition)
{
	JsonbValue	member;

	return wf_flags_document_member(definition, "table", &member) ||
		wf_flags_document_member(definition, "column", &member) ||
		wf_flags_document_member(definition, "query", &member);
}

/* A segment by key, or NULL. */
const WfSegment *
wf_flags_native_segment_find(const WfNativeSegments *segments, WfString key)
{
	int			low = 0;
	int			high = segments->nsegments;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = wf_flags_strings_compare(key, segments->segments[middle].key);

		if (order == 0)
			return &segments->segments[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool
read_table(WfNative *native, JsonbContainer *object, const char *path, WfSegment *segment)
{
	WfSegmentSource *source = palloc0(sizeof(WfSegmentSource));

	segment->source = source;
	source->kind = WF_SEGMENT_TABLE;
	return wf_flags_document_known(object, path, native->fault, "table, column") &&
		wf_flags_native_text(native, object, "table", path, &source->table) &&
		wf_flags_native_text(native, object, "column", path, &source->column);
}

static bool
read_query(WfNative *native, JsonbContainer *object, const char *path, WfSegment *segment)
{
	WfSegmentSource *source = palloc0(sizeof(WfSegmentSource));

	segment->source = source;
	source->kind = WF_SEGMENT_QUERY;
	return wf_flags_document_known(object, path, native->fault, "query") &&
		wf_flags_native_text(native, object, "query", path, &source->query);
}

/* any(included, all(not excluded, when, share)) */
static bool
read_members(WfNative *native, JsonbContainer *object, const char *path, WfSegment *segment)
{
	WfNode	   *any = palloc0(sizeof(WfNode));
	WfNode	   *included = palloc0(sizeof(WfNode) * 2);
	WfNode	   *both = &included[1];
	WfNode	   *excluded = palloc0(sizeof(WfNode));
	JsonbValue	member;
	bool		has_list = wf_flags_document_member(object, "included", &member);
	bool		excludes = wf_flags_document_member(object, "excluded", &member);

	any->type = WF_NODE_ANY;
	any->nchildren = 2;
	any->children = included;
	segment->condition = any;
	both->type = WF_NODE_ALL;
	both->children = palloc0(sizeof(WfNode) * 3);
	if (!read_keys(native, object, "included", path, included) ||
		!read_keys(native, object, "excluded", path, excluded))
		return false;
	if (excludes)
		both->children[both->nchildren++] = *wf_flags_native_negate(excluded);
	if (!read_condition(native, object, path, both))
		return false;

	if (both->nchildren == (excludes ? 1 : 0))
	{
		if (excludes)
			return wf_flags_document_fault(native->fault, path,
										   "\"excluded\" needs \"when\" or \"share\", from which it takes away");
		if (!has_list)
			return wf_flags_document_fault(native->fault, path,
										   "expected \"included\", \"when\", \"share\", \"table\" or \"query\"");
		both->type = WF_NODE_ANY;	/* nobody besides */
	}
	return true;
}

static bool
read_condition(WfNative *native, JsonbContainer *object, const char *path, WfNode *both)
{
	JsonbValue	member;

	if (wf_flags_document_member(object, "when", &member) &&
		!wf_flags_native_condition(native, &member, psprintf("%s.when", path),
								   &both->children[both->nchildren++]))
		return false;
	return !wf_flags_document_member(object, "share", &member) ||
		wf_flags_native_share_node(native, &member, psprintf("%s.share", path),
								   &both->children[both->nchildren++]);
}

/* A condition that holds for listed keys; without a list for nobody. */
static bool
read_keys(WfNative *native, JsonbContainer *object, const char *name, const char *path, WfNode *node)
{
	JsonbValue	member;

	node->type = WF_NODE_ANY;
	if (!wf_flags_document_member(object, name, &member))
		return true;
	path = psprintf("%s.%s", path, name);
	if (member.type != jbvBinary)
		return wf_flags_document_fault(native->fault, path, "expected an array of keys, or one for each kind");
	if (JsonContainerIsArray(member.val.binary.data))
		return read_key_list(native, member.val.binary.data, path, NULL, node);
	return read_kinds(native, member.val.binary.data, path, node);
}

static bool
read_kinds(WfNative *native, JsonbContainer *object, const char *path, WfNode *node)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue	kind;
	JsonbValue	value;

	node->children = palloc0(sizeof(WfNode) * Max(JsonContainerSize(object), 1));
	(void) JsonbIteratorNext(&it, &value, true);	/* the beginning */
	while (JsonbIteratorNext(&it, &kind, true) == WJB_KEY)
	{
		const char *place = psprintf("%s.%.*s", path, kind.val.string.len, kind.val.string.val);

		(void) JsonbIteratorNext(&it, &value, true);
		if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
			return wf_flags_document_fault(native->fault, place, "expected an array of keys");
		if (!read_key_list(native, value.val.binary.data, place, &kind, &node->children[node->nchildren++]))
			return false;
	}
	return true;
}

/* Keys are texts; a number in a context is the same key as its text. */
static bool
read_key_list(WfNative *native, JsonbContainer *array, const char *path, JsonbValue *kind, WfNode *node)
{
	JsonbIterator *it = JsonbIteratorInit(array);
	WfPredicate *predicate = palloc0(sizeof(WfPredicate));
	WfStringSet *set = wf_flags_set_create(JsonContainerSize(array));
	JsonbIteratorToken token;
	JsonbValue	element;
	int			n = 0;

	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		WfString	key = {element.val.string.val, element.val.string.len};

		if (token != WJB_ELEM)
			continue;
		if (element.type != jbvString)
			return wf_flags_document_fault(native->fault, psprintf("%s[%d]", path, n), "expected a string");
		wf_flags_set_add(set, key);
		n++;
	}
	node->type = WF_NODE_PREDICATE;
	node->u.predicate = predicate;
	predicate->match = wf_flags_match_key;
	predicate->noperands = 1;
	predicate->operands = palloc0(sizeof(WfOperand));
	predicate->operands[0].prepared = set;
	predicate->attribute.is_key = true;
	native->npredicates++;
	if (kind)
		wf_flags_native_key_of_kind(wf_flags_string_copy(kind->val.string.val, kind->val.string.len),
									&predicate->attribute);
	return true;
}
