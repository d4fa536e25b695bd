/*
 * jsonb_access.c: members and elements of jsonb values, scalars among them.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "schema/jsonb_access.h"

static char *without_zeros(const char *text);
static bool is_container(JsonbValue *value, bool array);

/*
 * The value of a JSON text; an error for what is none.  jsonb knows no zero
 * character, which defaults of bytes are full of; it is read as a one.
 */
JsonbValue *
wf_schema_jsonb_parse(const char *text)
{
	Jsonb	   *jsonb = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(without_zeros(text))));
	JsonbValue *value = palloc0(sizeof(JsonbValue));

	if (JsonContainerIsScalar(&jsonb->root))
		return getIthJsonbValueFromContainer(&jsonb->root, 0);
	value->type = jbvBinary;
	value->val.binary.data = &jsonb->root;
	value->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	return value;
}

static char *
without_zeros(const char *text)
{
	char	   *copy = pstrdup(text);

	for (char *c = copy; *c; c++)
	{
		if (*c != '\\' || !c[1])
			continue;
		if (strncmp(c, "\\u0000", 6) == 0)
			c[5] = '1';
		c++;
	}
	return copy;
}

bool
wf_schema_jsonb_is_object(JsonbValue *value)
{
	return is_container(value, false);
}

bool
wf_schema_jsonb_is_array(JsonbValue *value)
{
	return is_container(value, true);
}

static bool
is_container(JsonbValue *value, bool array)
{
	return value && value->type == jbvBinary &&
		(array ? JsonContainerIsArray(value->val.binary.data) : JsonContainerIsObject(value->val.binary.data));
}

/* A member, or NULL; of what is no object as well. */
JsonbValue *
wf_schema_jsonb_get(JsonbValue *object, const char *key)
{
	if (!wf_schema_jsonb_is_object(object))
		return NULL;
	return getKeyJsonValueFromContainer(object->val.binary.data, key, strlen(key), NULL);
}

/* The text of a string, or NULL for anything else. */
char *
wf_schema_jsonb_text(JsonbValue *value)
{
	if (!value || value->type != jbvString)
		return NULL;
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* A member that is a string; NULL where it is none, or not there. */
char *
wf_schema_jsonb_string(JsonbValue *object, const char *member)
{
	JsonbValue *value = wf_schema_jsonb_get(object, member);

	return value && value->type == jbvString ? wf_schema_jsonb_text(value) : NULL;
}

/* A whole number, or otherwise. */
int64
wf_schema_jsonb_integer(JsonbValue *value, int64 otherwise)
{
	char	   *text;
	char	   *end;
	int64		result;

	if (!value || value->type != jbvNumeric)
		return otherwise;
	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	errno = 0;
	result = strtoi64(text, &end, 10);
	return *end || errno ? otherwise : result;
}

/* The keys of an object as strings. */
List *
wf_schema_jsonb_keys(JsonbValue *object)
{
	List	   *keys = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!wf_schema_jsonb_is_object(object))
		return NIL;
	it = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			keys = lappend(keys, pnstrdup(value.val.string.val, value.val.string.len));
	}
	return keys;
}

/* The elements of an array as JsonbValue. */
List *
wf_schema_jsonb_elements(JsonbValue *array)
{
	List	   *elements = NIL;

	if (!wf_schema_jsonb_is_array(array))
		return NIL;
	for (uint32 i = 0; i < JsonContainerSize(array->val.binary.data); i++)
		elements = lappend(elements, getIthJsonbValueFromContainer(array->val.binary.data, i));
	return elements;
}

/* The strings among the elements of an array. */
List *
wf_schema_jsonb_strings(JsonbValue *array)
{
	List	   *strings = NIL;
	ListCell   *lc;

	foreach(lc, wf_schema_jsonb_elements(array))
	{
		char	   *text = wf_schema_jsonb_text(lfirst(lc));

		if (text)
			strings = lappend(strings, text);
	}
	return strings;
}
