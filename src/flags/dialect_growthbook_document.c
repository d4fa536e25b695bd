/*
 * dialect_growthbook_document.c: GrowthBook's documents.  Pure.
 *
 * document := {"features": {KEY: feature, ...}, "savedGroups": {ID: [value, ...], ...},
 *              "contextualBandits": {...}, ...}
 *
 * It is what the features endpoint answers, its stream sends and the libraries
 * are given; the latter may also say what holds for all contexts: "url",
 * "forcedVariations", "forcedFeatureValues", "stickyBucketAssignmentDocs",
 * "enabled" and "qaMode".
 */
#include "common/compat.h"

#include "flags/dialect_growthbook.h"
#include "flags/document.h"

static bool refuse_strangers(const WfValue *root, WfFault *fault);
static bool refuse_encrypted(const WfValue *root, WfFault *fault);
static bool check_object(const WfValue *root, const char *name, WfFault *fault);
static bool read_groups(WfGrowthbookShared *data, const WfValue *root, WfFault *fault);
static JsonbContainer *object_member(const WfValue *root, const char *name);
static void push_string(JsonbParseState **state, JsonbIteratorToken token, WfString string);

/* WfDialect.normalize: a document is kept as it is. */
Jsonb *
wf_flags_growthbook_normalize(Jsonb *document, WfFault *fault)
{
	WfValue		root;
	WfValue		member;

	wf_flags_value_from_root(document, &root);
	if (root.type != WF_VALUE_OBJECT)
	{
		wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	if (!refuse_strangers(&root, fault) || !refuse_encrypted(&root, fault))
		return NULL;
	if (!wf_flags_value_member(&root, wf_flags_string("features"), &member))
	{
		wf_flags_document_fault(fault, "$", "expected \"features\"");
		return NULL;
	}
	if (!check_object(&root, "features", fault) || !check_object(&root, "savedGroups", fault) ||
		!check_object(&root, "contextualBandits", fault))
		return NULL;
	return document;
}

/* WfDialect.compile_shared. */
bool
wf_flags_growthbook_share(WfShared *shared, WfFault *fault)
{
	WfGrowthbookShared *data = palloc0(sizeof(WfGrowthbookShared));
	WfValue		root;
	WfValue		member;

	wf_flags_value_from_root(shared->document, &root);
	if (!read_groups(data, &root, fault))
		return false;
	data->bandits = object_member(&root, "contextualBandits");
	data->forced_values = object_member(&root, "forcedFeatureValues");
	data->forced_variations = object_member(&root, "forcedVariations");
	data->sticky_documents = object_member(&root, "stickyBucketAssignmentDocs");
	if (wf_flags_value_member(&root, wf_flags_string("url"), &member) && member.type == WF_VALUE_STRING)
		data->url = member.u.string;
	data->disabled = wf_flags_value_member(&root, wf_flags_string("enabled"), &member) &&
		member.type == WF_VALUE_BOOLEAN && !member.u.boolean;
	data->qa_mode = wf_flags_growthbook_member(&root, "qaMode", &member);
	shared->data = data;
	return true;
}

/* WfDialect.list_flags; a feature that is null or the like is none. */
List *
wf_flags_growthbook_list(Jsonb *document)
{
	List	   *flags = NIL;
	WfValue		root;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	wf_flags_value_from_root(document, &root);
	it = JsonbIteratorInit(object_member(&root, "features"));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfDocumentFlag *flag;
		WfValue		feature;

		if (token != WJB_KEY)
			continue;
		flag = palloc0(sizeof(WfDocumentFlag));
		flag->key = wf_flags_string_copy(json.val.string.val, json.val.string.len);
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &feature);
		if (!wf_flags_js_truthy(&feature))
			continue;
		flag->definition = JsonbValueToJsonb(&json);
		flag->enabled = true;
		flags = lappend(flags, flag);
	}
	return flags;
}

/* WfDialect.list_limits: what only a page can run. */
List *
wf_flags_growthbook_limits(const WfShared *shared)
{
	WfLimit    *limit;
	WfValue		root;
	WfValue		experiments;

	wf_flags_value_from_root(shared->document, &root);
	if (!wf_flags_value_member(&root, wf_flags_string("experiments"), &experiments) ||
		experiments.type != WF_VALUE_ARRAY || wf_flags_value_length(&experiments) == 0)
		return NIL;
	limit = palloc(sizeof(WfLimit));
	limit->name = "experiments";
	limit->message = "experiments that change or redirect pages belong to no feature; "
		"they are kept in the document, and not evaluated";
	return list_make1(limit);
}

/*
 * WfDialect.assemble.  Documents say nothing of features that are off: they
 * leave them out.
 */
Jsonb *
wf_flags_growthbook_assemble(Jsonb *document, List *flags)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue	json;
	ListCell   *lc;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	name;

		if (token != WJB_KEY)
			continue;
		name.data = json.val.string.val;
		name.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		if (wf_flags_strings_equal(name, wf_flags_string("features")))
			continue;
		push_string(&state, WJB_KEY, name);
		(void) pushJsonbValue(&state, WJB_VALUE, &json);
	}
	push_string(&state, WJB_KEY, wf_flags_string("features"));
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);
		WfValue		feature;

		if (!flag->enabled || flag->definition == NULL)
			continue;
		wf_flags_value_from_root(flag->definition, &feature);
		wf_flags_value_to_json(&feature, &json);
		push_string(&state, WJB_KEY, flag->key);
		(void) pushJsonbValue(&state, WJB_VALUE, &json);
	}
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Other systems have "features", too. */
static bool
refuse_strangers(const WfValue *root, WfFault *fault)
{
	static const char *const names[] = {"segments", "environment", "identity", "flags"};

	for (int i = 0; i < lengthof(names); i++)
	{
		WfValue		member;

		if (wf_flags_value_member(root, wf_flags_string(names[i]), &member))
			return wf_flags_document_fault(fault, psprintf("$.%s", names[i]),
										   "no document of this format has it");
	}
	return true;
}

static bool
refuse_encrypted(const WfValue *root, WfFault *fault)
{
	static const char *const names[] = {"encryptedFeatures", "encryptedSavedGroups"};

	for (int i = 0; i < lengthof(names); i++)
	{
		WfValue		member;

		if (wf_flags_growthbook_member(root, names[i], &member))
			return wf_flags_document_fault(fault, psprintf("$.%s", names[i]),
										   "it is encrypted, and can't be read without its key; "
										   "take the answer of a connection without encryption");
	}
	return true;
}

/* What is there has to be an object, or null. */
static bool
check_object(const WfValue *root, const char *name, WfFault *fault)
{
	WfValue		member;

	if (!wf_flags_value_member(root, wf_flags_string(name), &member) || member.type == WF_VALUE_OBJECT ||
		(member.type == WF_VALUE_NULL && strcmp(name, "features") != 0))
		return true;
	return wf_flags_document_fault(fault, psprintf("$.%s", name), "expected an object");
}

static bool
read_groups(WfGrowthbookShared *data, const WfValue *root, WfFault *fault)
{
	JsonbContainer *groups = object_member(root, "savedGroups");
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	if (groups == NULL)
		return true;
	data->groups = palloc0(sizeof(WfGrowthbookGroup) * Max(JsonContainerSize(groups), 1));
	it = JsonbIteratorInit(groups);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfGrowthbookGroup *group = &data->groups[data->ngroups];
		WfValue		members;

		if (token != WJB_KEY)
			continue;
		group->id.data = json.val.string.val;
		group->id.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &members);
		data->ngroups++;
		if (members.type == WF_VALUE_ARRAY)
			group->members = wf_flags_growthbook_set(&members, false);
		else if (wf_flags_js_truthy(&members))
			return wf_flags_document_fault(fault, psprintf("$.savedGroups.%.*s", group->id.len,
														   group->id.data), "expected an array");
	}
	return true;
}

/* A member that is an object, else NULL. */
static JsonbContainer *
object_member(const WfValue *root, const char *name)
{
	WfValue		member;

	if (!wf_flags_value_member(root, wf_flags_string(name), &member) || member.type != WF_VALUE_OBJECT)
		return NULL;
	return member.u.container;
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, WfString string)
{
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = unconstify(char *, string.data);
	json.val.string.len = string.len;
	(void) pushJsonbValue(state, token, &json);
}
