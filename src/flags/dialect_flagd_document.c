/*
 * dialect_flagd_document.c: flagd's documents.  Pure.
 *
 * document := {"flags": {KEY: flag, ...} | [flag with "key", ...],
 *              "$evaluators": {NAME: expression, ...}, "metadata": {...}}
 *
 * Normalized, the flags are an object.
 */
#include "common/compat.h"

#include "flags/dialect_flagd.h"
#include "flags/document.h"
#include "flags/set.h"

static bool check_document(const WfValue *root, WfValue *flags, WfFault *fault);
static bool check_flags(const WfValue *flags, WfFault *fault);
static bool check_flag(const WfValue *flag, const char *path, WfFault *fault);
static Jsonb *flags_from_array(const WfValue *root, const WfValue *flags, WfFault *fault);
static void share_evaluators(WfShared *shared, WfFlagdShared *data, const WfValue *evaluators);
static void push_others(JsonbParseState **state, JsonbContainer *object, const char *left_out);
static void push_string(JsonbParseState **state, JsonbIteratorToken token, WfString string);
static bool is_disabled(const WfValue *flag);

/* WfDialect.normalize. */
Jsonb *
wf_flags_flagd_normalize(Jsonb *document, WfFault *fault)
{
	WfValue		root;
	WfValue		flags;

	wf_flags_value_from_root(document, &root);
	if (!check_document(&root, &flags, fault))
		return NULL;
	if (flags.type == WF_VALUE_ARRAY)
		return flags_from_array(&root, &flags, fault);
	return check_flags(&flags, fault) ? document : NULL;
}

/* WfDialect.compile_shared. */
bool
wf_flags_flagd_share(WfShared *shared, WfFault *fault)
{
	WfFlagdShared *data = palloc0(sizeof(WfFlagdShared));
	WfValue		root;
	WfValue		member;

	wf_flags_value_from_root(shared->document, &root);
	if (wf_flags_value_member(&root, wf_flags_string(WF_FLAGD_METADATA), &member) &&
		member.type == WF_VALUE_OBJECT)
		data->metadata = wf_flags_value_to_jsonb(&member);
	if (wf_flags_value_member(&root, wf_flags_string(WF_FLAGD_EVALUATORS), &member) &&
		member.type == WF_VALUE_OBJECT)
		share_evaluators(shared, data, &member);
	shared->data = data;
	return true;
}

/* WfDialect.list_flags. */
List *
wf_flags_flagd_list(Jsonb *document)
{
	List	   *listed = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	if (!wf_flags_document_member(&document->root, WF_FLAGD_FLAGS, &json) || json.type != jbvBinary)
		return NIL;
	it = JsonbIteratorInit(json.val.binary.data);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfDocumentFlag *flag;
		WfValue		value;

		if (token != WJB_KEY)
			continue;
		flag = palloc0(sizeof(WfDocumentFlag));
		flag->key = wf_flags_string_copy(json.val.string.val, json.val.string.len);
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &value);
		flag->definition = JsonbValueToJsonb(&json);
		flag->enabled = !is_disabled(&value);
		listed = lappend(listed, flag);
	}
	return listed;
}

/* WfDialect.assemble. */
Jsonb *
wf_flags_flagd_assemble(Jsonb *document, List *flags)
{
	JsonbParseState *state = NULL;
	ListCell   *lc;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_others(&state, &document->root, WF_FLAGD_FLAGS);
	push_string(&state, WJB_KEY, wf_flags_string(WF_FLAGD_FLAGS));
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);
		WfValue		definition;
		JsonbValue	json;

		if (flag->definition == NULL || !JB_ROOT_IS_OBJECT(flag->definition))
			continue;
		wf_flags_value_from_root(flag->definition, &definition);
		push_string(&state, WJB_KEY, flag->key);
		if (is_disabled(&definition) != flag->enabled)
		{
			wf_flags_value_to_json(&definition, &json);
			(void) pushJsonbValue(&state, WJB_VALUE, &json);
			continue;
		}
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_others(&state, definition.u.container, WF_FLAGD_STATE);
		push_string(&state, WJB_KEY, wf_flags_string(WF_FLAGD_STATE));
		push_string(&state, WJB_VALUE, wf_flags_string(flag->enabled ? "ENABLED" : "DISABLED"));
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static bool
check_document(const WfValue *root, WfValue *flags, WfFault *fault)
{
	static const char *const objects[] = {WF_FLAGD_EVALUATORS, WF_FLAGD_METADATA};
	static const char *const strangers[] = {"segments", "features", "environment"};
	WfValue		member;

	if (root->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(fault, "$", "expected an object");
	for (int i = 0; i < lengthof(strangers); i++)
	{
		if (wf_flags_value_member(root, wf_flags_string(strangers[i]), &member))
			return wf_flags_document_fault(fault, psprintf("$.%s", strangers[i]),
										   "no document of this format has it");
	}
	if (!wf_flags_value_member(root, wf_flags_string(WF_FLAGD_FLAGS), flags))
		return wf_flags_document_fault(fault, "$", "expected \"flags\"");
	if (flags->type != WF_VALUE_OBJECT && flags->type != WF_VALUE_ARRAY)
		return wf_flags_document_fault(fault, "$.flags", "expected an object or an array");
	for (int i = 0; i < lengthof(objects); i++)
	{
		if (wf_flags_value_member(root, wf_flags_string(objects[i]), &member) &&
			member.type != WF_VALUE_NULL && member.type != WF_VALUE_OBJECT)
			return wf_flags_document_fault(fault, psprintf("$.%s", objects[i]), "expected an object");
	}
	return true;
}

static bool
check_flags(const WfValue *flags, WfFault *fault)
{
	JsonbIterator *it = JsonbIteratorInit(flags->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		const char *path;
		WfValue		flag;

		if (token != WJB_KEY)
			continue;
		path = psprintf("$.flags.%.*s", json.val.string.len, json.val.string.val);
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &flag);
		if (!check_flag(&flag, path, fault))
			return false;
	}
	return true;
}

/* What has variations instead of variants is another system's. */
static bool
check_flag(const WfValue *flag, const char *path, WfFault *fault)
{
	WfValue		member;

	if (flag->type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(fault, path, "expected an object");
	if (!wf_flags_value_member(flag, wf_flags_string("variants"), &member) &&
		wf_flags_value_member(flag, wf_flags_string("variations"), &member))
		return wf_flags_document_fault(fault, psprintf("%s.variations", path),
									   "no flag of this format has it");
	return true;
}

/* The document with its flags, an array, as an object; NULL, with a fault. */
static Jsonb *
flags_from_array(const WfValue *root, const WfValue *flags, WfFault *fault)
{
	WfStringSet *keys = wf_flags_set_create(wf_flags_value_length(flags));
	JsonbParseState *state = NULL;
	WfValue		flag;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_others(&state, root->u.container, WF_FLAGD_FLAGS);
	push_string(&state, WJB_KEY, wf_flags_string(WF_FLAGD_FLAGS));
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; wf_flags_value_element(flags, i, &flag); i++)
	{
		const char *path = psprintf("$.flags[%d]", i);
		WfValue		key;

		if (!check_flag(&flag, path, fault))
			return NULL;
		if (!wf_flags_value_member(&flag, wf_flags_string(WF_FLAGD_KEY), &key) ||
			key.type != WF_VALUE_STRING)
		{
			wf_flags_document_fault(fault, path, "expected \"key\", a string");
			return NULL;
		}
		if (wf_flags_set_has(keys, key.u.string))
		{
			wf_flags_document_fault(fault, path, "another flag has the key \"%.*s\", too",
									key.u.string.len, key.u.string.data);
			return NULL;
		}
		wf_flags_set_add(keys, key.u.string);
		push_string(&state, WJB_KEY, key.u.string);
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_others(&state, flag.u.container, WF_FLAGD_KEY);
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* An evaluator that can't be compiled is an error where it is used. */
static void
share_evaluators(WfShared *shared, WfFlagdShared *data, const WfValue *evaluators)
{
	JsonbIterator *it = JsonbIteratorInit(evaluators->u.container);
	WfLogicCompiler compiler = {.language = wf_flags_flagd_language(shared)};
	JsonbIteratorToken token;
	JsonbValue	json;

	data->evaluators = palloc0(sizeof(WfLogicPart) * Max(wf_flags_value_length(evaluators), 1));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		data->evaluators[data->nevaluators].name.data = json.val.string.val;
		data->evaluators[data->nevaluators++].name.len = json.val.string.len;
	}
	qsort(data->evaluators, data->nevaluators, sizeof(WfLogicPart), wf_flags_logic_part_compare);

	/* They refer to each other, so all of them have their place before. */
	compiler.nparts = data->nevaluators;
	compiler.parts = data->evaluators;
	for (int i = 0; i < data->nevaluators; i++)
	{
		WfLogicPart *part = &data->evaluators[i];
		WfValue		expression;

		(void) wf_flags_value_member(evaluators, part->name, &expression);
		if (!wf_flags_logic_compile(&compiler, &expression, &part->node))
		{
			part->node.type = WF_NODE_ERROR;
			part->node.u.error = WF_ERROR_PARSE_ERROR;
		}
	}
}

/* The members of an object, but for one. */
static void
push_others(JsonbParseState **state, JsonbContainer *object, const char *left_out)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	json;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	name;

		if (token != WJB_KEY)
			continue;
		name.data = json.val.string.val;
		name.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		if (wf_flags_strings_equal(name, wf_flags_string(left_out)))
			continue;
		push_string(state, WJB_KEY, name);
		(void) pushJsonbValue(state, WJB_VALUE, &json);
	}
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, WfString string)
{
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = unconstify(char *, string.data);
	json.val.string.len = string.len;
	(void) pushJsonbValue(state, token, &json);
}

/* All other states are on. */
static bool
is_disabled(const WfValue *flag)
{
	WfValue		flag_state;

	return wf_flags_value_member(flag, wf_flags_string(WF_FLAGD_STATE), &flag_state) &&
		flag_state.type == WF_VALUE_STRING &&
		wf_flags_strings_equal(flag_state.u.string, wf_flags_string("DISABLED"));
}
