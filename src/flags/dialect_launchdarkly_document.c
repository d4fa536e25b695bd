/*
 * dialect_launchdarkly_document.c: LaunchDarkly's documents.  Pure.
 *
 * document := {"flags": {KEY: flag, ...}, "segments": {KEY: segment, ...}, ...}
 *
 * It is what server-side clients poll.  Their stream puts it into
 * {"path", "data"}, also single flags and segments; in files that they read
 * "flagValues" are flags that serve one value; what the REST API answers is
 * taken as well.
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"
#include "flags/json.h"

static bool unwrap(WfValue *root, WfFault *fault);
static bool wrap_part(WfValue *root, WfString path, WfFault *fault);
static bool check_document(const WfValue *root, WfFault *fault);
static bool check_members(const WfValue *root, const char *name, WfFault *fault);
static bool is_strange(const WfValue *flag);
static bool expand_values(const WfValue *root, WfFault *fault, Jsonb **document);
static void push_constant_flag(JsonbParseState **state, WfString key, const JsonbValue *value);
static bool is_deleted(const WfValue *definition);
static void push_members(JsonbParseState **state, JsonbContainer *object, const char *but, const char *and);
static void push_key(JsonbParseState **state, WfString key);
static void push_flag(JsonbParseState **state, const WfDocumentFlag *flag);
static void push_deleted(JsonbParseState **state, const WfValue *listed, List *flags);

/* WfDialect.normalize. */
Jsonb *
wf_flags_launchdarkly_normalize(Jsonb *document, WfFault *fault)
{
	Jsonb	   *result = document;
	WfValue		root;
	WfValue		member;

	wf_flags_value_from_root(document, &root);
	if (root.type != WF_VALUE_OBJECT)
	{
		wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	if (wf_flags_value_member(&root, wf_flags_string("items"), &member) ||
		wf_flags_value_member(&root, wf_flags_string("environments"), &member))
		return wf_flags_launchdarkly_from_api(&root, fault, &result) ? result : NULL;
	if (!unwrap(&root, fault) || !check_document(&root, fault))
		return NULL;
	if (wf_flags_value_member(&root, wf_flags_string("flagValues"), &member))
		return expand_values(&root, fault, &result) ? result : NULL;
	if (root.u.container != &document->root)
		result = wf_flags_value_to_jsonb(&root);
	return result;
}

/* Takes a document out of a message of the stream. */
static bool
unwrap(WfValue *root, WfFault *fault)
{
	WfValue		path;
	WfValue		data;

	if (!wf_flags_value_member(root, wf_flags_string("path"), &path) || path.type != WF_VALUE_STRING)
		return true;
	if (!wf_flags_value_member(root, wf_flags_string("data"), &data) || data.type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(fault, "$.data", "expected an object");
	*root = data;
	if (path.u.string.len > 1)
		return wrap_part(root, path.u.string, fault);
	return true;
}

/* Makes a document of one flag or segment, which is at the path "/flags/KEY". */
static bool
wrap_part(WfValue *root, WfString path, WfFault *fault)
{
	static const char *const names[] = {"flags", "segments"};
	JsonbParseState *state = NULL;
	WfString	rest = path;
	const char *name = NULL;

	for (int i = 0; i < lengthof(names); i++)
	{
		int			len = strlen(names[i]) + 2;

		if (path.len > len && strncmp(path.data, psprintf("/%s/", names[i]), len) == 0)
		{
			name = names[i];
			rest.data = path.data + len;
			rest.len = path.len - len;
		}
	}
	if (name == NULL)
		return wf_flags_document_fault(fault, "$.path", "expected \"/\", \"/flags/KEY\" or \"/segments/KEY\"");
	wf_flags_json_begin(&state);
	wf_flags_json_key(&state, name);
	wf_flags_json_begin(&state);
	wf_flags_json_value(&state, wf_flags_string_copy(rest.data, rest.len).data, root);
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	wf_flags_value_from_root(wf_flags_json_end(&state), root);
	return true;
}

static bool
check_document(const WfValue *root, WfFault *fault)
{
	static const char *const known[] = {"flags", "flagValues", "segments"};
	static const char *const strange[] = {
		"features", "feature_states", "environment", "identity", "$evaluators"
	};
	bool		found = false;
	WfValue		member;

	for (int i = 0; i < lengthof(strange); i++)
	{
		if (wf_flags_value_member(root, wf_flags_string(strange[i]), &member))
			return wf_flags_document_fault(fault, psprintf("$.%s", strange[i]),
										   "no document of this format has it");
	}
	for (int i = 0; i < lengthof(known); i++)
	{
		found |= wf_flags_value_member(root, wf_flags_string(known[i]), &member);
		if (!check_members(root, known[i], fault))
			return false;
	}
	return found || wf_flags_document_fault(fault, "$", "expected \"flags\"");
}

/* What is there has to be an object, or null; of objects, but for values. */
static bool
check_members(const WfValue *root, const char *name, WfFault *fault)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;
	WfValue		list;

	if (!wf_flags_value_member(root, wf_flags_string(name), &list) || list.type == WF_VALUE_NULL)
		return true;
	if (list.type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(fault, psprintf("$.%s", name), "expected an object");
	if (strcmp(name, "flagValues") == 0)
		return true;
	it = JsonbIteratorInit(list.u.container);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	key;
		WfValue		value;

		if (token != WJB_KEY)
			continue;
		key.data = json.val.string.val;
		key.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &value);
		if (value.type != WF_VALUE_OBJECT)
			return wf_flags_document_fault(fault, psprintf("$.%s.%.*s", name, key.len, key.data),
										   "expected an object");
		if (is_strange(&value))
			return wf_flags_document_fault(fault, psprintf("$.%s.%.*s", name, key.len, key.data),
										   "expected \"variations\"");
	}
	return true;
}

/* Other systems have "flags", too, but with variants. */
static bool
is_strange(const WfValue *flag)
{
	WfValue		member;

	return !wf_flags_value_member(flag, wf_flags_string("variations"), &member) &&
		(wf_flags_value_member(flag, wf_flags_string("variants"), &member) ||
		 wf_flags_value_member(flag, wf_flags_string("state"), &member));
}

/* Makes flags of values, as the clients do. */
static bool
expand_values(const WfValue *root, WfFault *fault, Jsonb **document)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;
	WfValue		flags;
	WfValue		values;

	wf_flags_json_begin(&state);
	push_members(&state, root->u.container, "flags", "flagValues");
	wf_flags_json_key(&state, "flags");
	wf_flags_json_begin(&state);
	if (wf_flags_value_member(root, wf_flags_string("flags"), &flags) && flags.type == WF_VALUE_OBJECT)
		push_members(&state, flags.u.container, NULL, NULL);
	(void) wf_flags_value_member(root, wf_flags_string("flagValues"), &values);
	it = values.type == WF_VALUE_OBJECT ? JsonbIteratorInit(values.u.container) : NULL;
	while (it && (token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	key;
		WfValue		member;

		if (token != WJB_KEY)
			continue;
		key.data = json.val.string.val;
		key.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		if (wf_flags_value_member(&flags, key, &member))
			return wf_flags_document_fault(fault, psprintf("$.flagValues.%.*s", key.len, key.data),
										   "a flag of that name is in \"flags\" as well");
		push_constant_flag(&state, key, &json);
	}
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	*document = wf_flags_json_end(&state);
	return true;
}

static void
push_constant_flag(JsonbParseState **state, WfString key, const JsonbValue *value)
{
	JsonbValue	json = *value;

	push_key(state, key);
	wf_flags_json_begin(state);
	wf_flags_json_string(state, "key", key);
	wf_flags_json_boolean(state, "on", true);
	wf_flags_json_key(state, "variations");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	(void) pushJsonbValue(state, WJB_ELEM, &json);
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	wf_flags_json_key(state, "fallthrough");
	wf_flags_json_begin(state);
	wf_flags_json_number(state, "variation", 0);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* WfDialect.list_flags: all that are not deleted. */
List *
wf_flags_launchdarkly_flags(Jsonb *document)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;
	WfValue		root;
	WfValue		flags;
	List	   *list = NIL;

	wf_flags_value_from_root(document, &root);
	if (!wf_flags_value_member(&root, wf_flags_string("flags"), &flags) || flags.type != WF_VALUE_OBJECT)
		return NIL;
	it = JsonbIteratorInit(flags.u.container);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfDocumentFlag *flag;
		WfValue		definition;
		WfValue		member;

		if (token != WJB_KEY)
			continue;
		flag = palloc0(sizeof(WfDocumentFlag));
		flag->key = wf_flags_string_copy(json.val.string.val, json.val.string.len);
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &definition);
		if (is_deleted(&definition))
			continue;
		flag->definition = wf_flags_value_to_jsonb(&definition);
		flag->enabled = wf_flags_value_member(&definition, wf_flags_string("on"), &member) &&
			member.type == WF_VALUE_BOOLEAN && member.u.boolean;
		if (wf_flags_value_member(&definition, wf_flags_string("description"), &member) &&
			member.type == WF_VALUE_STRING && member.u.string.len > 0)
			flag->description = wf_flags_string_copy(member.u.string.data, member.u.string.len).data;
		list = lappend(list, flag);
	}
	return list;
}

/* WfDialect.assemble. */
Jsonb *
wf_flags_launchdarkly_assemble(Jsonb *document, List *flags)
{
	JsonbParseState *state = NULL;
	WfValue		listed = {.type = WF_VALUE_ABSENT};
	ListCell   *lc;

	wf_flags_json_begin(&state);
	if (document)
	{
		WfValue		root;

		wf_flags_value_from_root(document, &root);
		(void) wf_flags_value_member(&root, wf_flags_string("flags"), &listed);
		push_members(&state, root.u.container, "flags", NULL);
	}
	wf_flags_json_key(&state, "flags");
	wf_flags_json_begin(&state);
	push_deleted(&state, &listed, flags);
	foreach(lc, flags)
		push_flag(&state, lfirst(lc));
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return wf_flags_json_end(&state);
}

/* What clients keep of deleted flags, so that no older version comes back. */
static bool
is_deleted(const WfValue *definition)
{
	WfValue		member;

	return wf_flags_value_member(definition, wf_flags_string("deleted"), &member) &&
		wf_flags_js_truthy(&member);
}

static void
push_deleted(JsonbParseState **state, const WfValue *listed, List *flags)
{
	JsonbIterator *it = listed->type == WF_VALUE_OBJECT ? JsonbIteratorInit(listed->u.container) : NULL;
	JsonbIteratorToken token;
	JsonbValue	json;

	while (it && (token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	key;
		WfValue		definition;
		ListCell   *lc;
		bool		revived = false;

		if (token != WJB_KEY)
			continue;
		key.data = json.val.string.val;
		key.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &definition);
		if (!is_deleted(&definition))
			continue;
		foreach(lc, flags)
			revived |= wf_flags_strings_equal(((const WfDocumentFlag *) lfirst(lc))->key, key);
		if (revived)
			continue;
		push_key(state, key);
		(void) pushJsonbValue(state, WJB_VALUE, &json);
	}
}

/* A flag with its state; all else as it is defined. */
static void
push_flag(JsonbParseState **state, const WfDocumentFlag *flag)
{
	if (flag->definition == NULL || !JB_ROOT_IS_OBJECT(flag->definition))
		return;
	push_key(state, flag->key);
	wf_flags_json_begin(state);
	push_members(state, &flag->definition->root, "on", NULL);
	wf_flags_json_boolean(state, "on", flag->enabled);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* The members of an object, but for one or two; the names may be NULL. */
static void
push_members(JsonbParseState **state, JsonbContainer *object, const char *but, const char *and)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	json;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	key;

		if (token != WJB_KEY)
			continue;
		key.data = json.val.string.val;
		key.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		if ((but && wf_flags_strings_equal(key, wf_flags_string(but))) ||
			(and && wf_flags_strings_equal(key, wf_flags_string(and))))
			continue;
		push_key(state, key);
		(void) pushJsonbValue(state, WJB_VALUE, &json);
	}
}

static void
push_key(JsonbParseState **state, WfString key)
{
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = unconstify(char *, key.data);
	json.val.string.len = key.len;
	(void) pushJsonbValue(state, WJB_KEY, &json);
}
