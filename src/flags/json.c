/*
 * json.c: writing JSON objects.  Pure.
 *
 * An object is begun, gets members, and is ended; with a key of NULL a value
 * is an element of the array that is open.
 */
#include "common/compat.h"

#include "flags/json.h"

static void push(JsonbParseState **state, const char *key, JsonbValue *value);

void
wf_flags_json_begin(JsonbParseState **state)
{
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
}

/* Ends the outermost object, which becomes a document. */
Jsonb *
wf_flags_json_end(JsonbParseState **state)
{
	return JsonbValueToJsonb(pushJsonbValue(state, WJB_END_OBJECT, NULL));
}

/* Ends an object inside of another one, or of an array. */
void
wf_flags_json_close_object(JsonbParseState **state)
{
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Begins an array; with a key of NULL it is an element itself. */
void
wf_flags_json_open_array(JsonbParseState **state, const char *key)
{
	if (key)
		wf_flags_json_key(state, key);
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
}

void
wf_flags_json_close_array(JsonbParseState **state)
{
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* The key of a member whose value is pushed next. */
void
wf_flags_json_key(JsonbParseState **state, const char *key)
{
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = unconstify(char *, key);
	json.val.string.len = strlen(key);
	(void) pushJsonbValue(state, WJB_KEY, &json);
}

/* A value; an absent one is null. */
void
wf_flags_json_value(JsonbParseState **state, const char *key, const WfValue *value)
{
	JsonbValue	json;

	wf_flags_value_to_json(value, &json);
	push(state, key, &json);
}

/* A document; NULL is null. */
void
wf_flags_json_document(JsonbParseState **state, const char *key, Jsonb *document)
{
	WfValue		value = {.type = WF_VALUE_NULL};

	if (document)
		wf_flags_value_from_root(document, &value);
	wf_flags_json_value(state, key, &value);
}

void
wf_flags_json_string(JsonbParseState **state, const char *key, WfString string)
{
	WfValue		value;

	wf_flags_value_set_string(&value, string);
	wf_flags_json_value(state, key, &value);
}

void
wf_flags_json_text(JsonbParseState **state, const char *key, const char *text)
{
	wf_flags_json_string(state, key, wf_flags_string(text));
}

void
wf_flags_json_boolean(JsonbParseState **state, const char *key, bool boolean)
{
	WfValue		value;

	wf_flags_value_set_boolean(&value, boolean);
	wf_flags_json_value(state, key, &value);
}

void
wf_flags_json_number(JsonbParseState **state, const char *key, double number)
{
	WfValue		value;

	wf_flags_value_set_double(&value, number);
	wf_flags_json_value(state, key, &value);
}

/* {} */
Jsonb *
wf_flags_json_empty(void)
{
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	return wf_flags_json_end(&state);
}

static void
push(JsonbParseState **state, const char *key, JsonbValue *value)
{
	if (key)
		wf_flags_json_key(state, key);
	(void) pushJsonbValue(state, key ? WJB_VALUE : WJB_ELEM, value);
}
