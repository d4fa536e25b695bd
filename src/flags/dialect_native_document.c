/*
 * dialect_native_document.c: documents of native flags.  Pure.
 *
 * document := {"format": "wishflags", "version": 1,
 *              "flags": {KEY: {"enabled": true or false, "rollout": percentage,
 *                              "description": text, "definition": definition}},
 *              "segments": {KEY: segment}}
 *
 * Of a flag only "enabled" is needed.  What the document calls a segment is
 * that segment for its own flags, whatever the table segments holds.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/json.h"

#define FORMAT_NAME "wishflags"
#define FORMAT_VERSION 1

static bool check_head(WfNative *native, JsonbContainer *document);
static bool check_members(WfNative *native, JsonbContainer *document, const char *name);
static bool check_flag(WfNative *native, JsonbValue *value, const char *path);
static bool is_absent_or(JsonbContainer *object, const char *name, enum jbvType type, JsonbValue *value);
static bool open_members(JsonbContainer *document, const char *name, JsonbIterator **it, int *length);
static bool next_member(JsonbIterator **it, WfString *key, JsonbValue *value);
static bool compile_segments(WfShared *shared, WfFault *fault, bool with_source);
static int	compare_segments(const void *a, const void *b);
static WfDocumentFlag *list_flag(WfString key, JsonbContainer *object);
static void write_flag(JsonbParseState **state, const WfDocumentFlag *flag);

/* WfDialect.normalize: there is one shape only. */
Jsonb *
wf_flags_native_normalize(Jsonb *document, WfFault *fault)
{
	WfNative	native = {.fault = fault};

	if (!JB_ROOT_IS_OBJECT(document))
		return (void) wf_flags_document_fault(fault, "$", "expected an object"), NULL;
	if (!check_head(&native, &document->root) ||
		!check_members(&native, &document->root, "flags") ||
		!check_members(&native, &document->root, "segments"))
		return NULL;
	return document;
}

/*
 * WfDialect.compile_shared: the segments.  Any may be part of any, so all have
 * their place, and say where their keys are, before the first condition is
 * compiled.
 */
bool
wf_flags_native_compile_shared(WfShared *shared, WfFault *fault)
{
	WfNativeSegments *segments = palloc0(sizeof(WfNativeSegments));
	JsonbIterator *it;
	WfString	key;
	JsonbValue	value;
	int			length;

	shared->data = segments;
	if (!open_members(&shared->document->root, "segments", &it, &length))
		return true;
	segments->segments = palloc0(sizeof(WfSegment) * length);
	while (next_member(&it, &key, &value))
		segments->segments[segments->nsegments++].key = key;
	qsort(segments->segments, segments->nsegments, sizeof(WfSegment), compare_segments);
	return compile_segments(shared, fault, true) && compile_segments(shared, fault, false);
}

/* WfDialect.list_limits: segments whose keys are somewhere in a database. */
List *
wf_flags_native_list_limits(const WfShared *shared)
{
	const WfNativeSegments *segments = (const WfNativeSegments *) shared->data;
	List	   *limits = NIL;

	for (int i = 0; i < segments->nsegments; i++)
	{
		WfLimit    *limit = palloc(sizeof(WfLimit));

		if (segments->segments[i].source == NULL)
			continue;
		limit->name = segments->segments[i].key.data;
		limit->message = "the segment's keys are in a database: define it here with wishflags.segment_define()";
		limits = lappend(limits, limit);
	}
	return limits;
}

/* WfDialect.list_flags. */
List *
wf_flags_native_list_flags(Jsonb *document)
{
	List	   *flags = NIL;
	JsonbIterator *it;
	WfString	key;
	JsonbValue	value;
	int			length;

	if (!open_members(&document->root, "flags", &it, &length))
		return NIL;
	while (next_member(&it, &key, &value))
		flags = lappend(flags, list_flag(key, value.val.binary.data));
	return flags;
}

/* WfDialect.assemble. */
Jsonb *
wf_flags_native_assemble(Jsonb *document, List *flags)
{
	JsonbParseState *state = NULL;
	WfValue		segments;
	JsonbValue	value;
	ListCell   *lc;

	wf_flags_json_begin(&state);
	wf_flags_json_text(&state, "format", FORMAT_NAME);
	wf_flags_json_number(&state, "version", FORMAT_VERSION);
	wf_flags_json_key(&state, "flags");
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, flags)
		write_flag(&state, lfirst(lc));
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	if (document && wf_flags_document_member(&document->root, "segments", &value))
	{
		wf_flags_value_from_json(&value, &segments);
		wf_flags_json_value(&state, "segments", &segments);
	}
	return wf_flags_json_end(&state);
}

static bool
check_head(WfNative *native, JsonbContainer *document)
{
	JsonbValue	value;
	WfString	name;
	uint32		version;

	if (!wf_flags_document_member(document, "format", &value))
		return wf_flags_document_fault(native->fault, "$", "expected \"format\": \"%s\"", FORMAT_NAME);
	if (!wf_flags_document_string(&value, "$.format", native->fault, &name))
		return false;
	if (!wf_flags_strings_equal(name, wf_flags_string(FORMAT_NAME)))
		return wf_flags_document_fault(native->fault, "$.format", "expected \"%s\"", FORMAT_NAME);
	if (!wf_flags_document_member(document, "version", &value))
		return wf_flags_document_fault(native->fault, "$", "expected \"version\": %d", FORMAT_VERSION);
	if (!wf_flags_document_integer(&value, "$.version", native->fault, PG_INT32_MAX, &version))
		return false;
	if (version != FORMAT_VERSION)
		return wf_flags_document_fault(native->fault, "$.version", "expected %d", FORMAT_VERSION);
	if (!wf_flags_document_member(document, "flags", &value))
		return wf_flags_document_fault(native->fault, "$", "expected \"flags\"");
	return wf_flags_document_known(document, "$", native->fault, "format, version, flags, segments");
}

/* What is wrong inside a definition is said when it is compiled. */
static bool
check_members(WfNative *native, JsonbContainer *document, const char *name)
{
	const char *path = psprintf("$.%s", name);
	bool		is_flags = strcmp(name, "flags") == 0;
	JsonbContainer *members;
	JsonbIterator *it;
	JsonbValue	value;
	WfString	key;
	int			length;

	if (!wf_flags_document_member(document, name, &value))
		return true;
	if (!wf_flags_document_object(&value, path, native->fault, &members))
		return false;
	(void) open_members(document, name, &it, &length);
	while (next_member(&it, &key, &value))
	{
		const char *place = psprintf("%s.%.*s", path, key.len, key.data);

		if (is_flags ? !check_flag(native, &value, place)
			: !wf_flags_document_object(&value, place, native->fault, &members))
			return false;
	}
	return true;
}

static bool
check_flag(WfNative *native, JsonbValue *value, const char *path)
{
	JsonbContainer *object;
	JsonbValue	member;
	uint32		share;
	bool		enabled;

	if (!wf_flags_document_object(value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "enabled, rollout, description, definition"))
		return false;
	if (!wf_flags_document_member(object, "enabled", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"enabled\"");
	if (!wf_flags_native_boolean(native, &member, psprintf("%s.enabled", path), &enabled))
		return false;
	if (wf_flags_document_member(object, "rollout", &member) &&
		!wf_flags_native_percent(native, &member, psprintf("%s.rollout", path), &share))
		return false;
	if (!is_absent_or(object, "description", jbvString, &member))
		return wf_flags_document_fault(native->fault, psprintf("%s.description", path), "expected a string");
	if (!is_absent_or(object, "definition", jbvBinary, &member) ||
		(member.type == jbvBinary && !JsonContainerIsObject(member.val.binary.data)))
		return wf_flags_document_fault(native->fault, psprintf("%s.definition", path), "expected an object");
	return true;
}

/* Null is as good as absent. */
static bool
is_absent_or(JsonbContainer *object, const char *name, enum jbvType type, JsonbValue *value)
{
	value->type = jbvNull;
	return !wf_flags_document_member(object, name, value) || value->type == jbvNull || value->type == type;
}

/* Begins to go through the members of a member; false where it has none. */
static bool
open_members(JsonbContainer *document, const char *name, JsonbIterator **it, int *length)
{
	JsonbValue	value;

	*it = NULL;
	if (!wf_flags_document_member(document, name, &value))
		return false;
	*length = JsonContainerSize(value.val.binary.data);
	*it = JsonbIteratorInit(value.val.binary.data);
	(void) JsonbIteratorNext(it, &value, true); /* the beginning */
	return *length > 0;
}

static bool
next_member(JsonbIterator **it, WfString *key, JsonbValue *value)
{
	JsonbValue	name;

	if (*it == NULL || JsonbIteratorNext(it, &name, true) != WJB_KEY)
		return false;
	*key = wf_flags_string_copy(name.val.string.val, name.val.string.len);
	(void) JsonbIteratorNext(it, value, true);
	return true;
}

/* Compiles the segments whose keys are in a database, or the others. */
static bool
compile_segments(WfShared *shared, WfFault *fault, bool with_source)
{
	const WfNativeSegments *segments = (const WfNativeSegments *) shared->data;
	JsonbIterator *it;
	WfString	key;
	JsonbValue	value;
	int			length;

	(void) open_members(&shared->document->root, "segments", &it, &length);
	while (next_member(&it, &key, &value))
	{
		WfNative	native = {.key = key, .converts = shared->converts, .segments = segments, .fault = fault};
		WfSegment  *segment = unconstify(WfSegment *, wf_flags_native_segment_find(segments, key));

		if (wf_flags_native_has_source(value.val.binary.data) == with_source &&
			!wf_flags_native_segment(&native, &value, psprintf("$.segments.%s", key.data), segment))
			return false;
	}
	return true;
}

static int
compare_segments(const void *a, const void *b)
{
	return wf_flags_strings_compare(((const WfSegment *) a)->key, ((const WfSegment *) b)->key);
}

/* A flag of a normalized document. */
static WfDocumentFlag *
list_flag(WfString key, JsonbContainer *object)
{
	WfDocumentFlag *flag = palloc0(sizeof(WfDocumentFlag));
	const char *problem;
	JsonbValue	value;

	flag->key = key;
	flag->enabled = wf_flags_document_member(object, "enabled", &value) && value.val.boolean;
	flag->has_share = wf_flags_document_member(object, "rollout", &value) &&
		wf_flags_parse_percent(value.val.numeric, &flag->share, &problem);
	if (wf_flags_document_member(object, "description", &value) && value.type == jbvString)
		flag->description = wf_flags_string_copy(value.val.string.val, value.val.string.len).data;
	if (wf_flags_document_member(object, "definition", &value) && value.type == jbvBinary)
		flag->definition = JsonbValueToJsonb(&value);
	return flag;
}

static void
write_flag(JsonbParseState **state, const WfDocumentFlag *flag)
{
	wf_flags_json_key(state, flag->key.data);
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	wf_flags_json_boolean(state, "enabled", flag->enabled);
	if (flag->has_share)
		wf_flags_json_number(state, "rollout", flag->share / 1000.0);
	if (flag->description)
		wf_flags_json_text(state, "description", flag->description);
	if (flag->definition)
		wf_flags_json_document(state, "definition", flag->definition);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}
