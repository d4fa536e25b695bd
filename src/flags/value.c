/*
 * value.c: the values that programs work with.  Pure.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "flags/value.h"

static int	container_size(JsonbContainer *container);
static Numeric number_to_numeric(double number);

/* A number in double precision, the nearest one where it is exact. */
double
wf_flags_value_double(const WfValue *value)
{
	if (value->u.number.exact == NULL)
		return value->u.number.approximate;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(value->u.number.exact)));
}

/* Whether a value is a whole number. */
bool
wf_flags_value_is_integer(const WfValue *value)
{
	double		number;

	if (value->type != WF_VALUE_NUMBER)
		return false;
	if (value->u.number.exact)
		return strchr(numeric_normalize(value->u.number.exact), '.') == NULL;
	number = value->u.number.approximate;
	return isfinite(number) && floor(number) == number;
}

/* Fetches a member of an object; false where it is not there. */
bool
wf_flags_value_member(const WfValue *object, WfString name, WfValue *member)
{
	JsonbValue	json;

	if (object->type != WF_VALUE_OBJECT ||
		!getKeyJsonValueFromContainer(object->u.container, name.data, name.len, &json))
	{
		member->type = WF_VALUE_ABSENT;
		return false;
	}
	wf_flags_value_from_json(&json, member);
	return true;
}

/* Fetches an element of an array, from 0 on; false where it is not there. */
bool
wf_flags_value_element(const WfValue *array, int index, WfValue *element)
{
	JsonbValue *json = NULL;

	if (array->type == WF_VALUE_ARRAY && index >= 0)
		json = getIthJsonbValueFromContainer(array->u.container, index);
	if (json == NULL)
	{
		element->type = WF_VALUE_ABSENT;
		return false;
	}
	wf_flags_value_from_json(json, element);
	pfree(json);
	return true;
}

/* How many elements or members a container has. */
int
wf_flags_value_length(const WfValue *container)
{
	return JsonContainerSize(container->u.container);
}

/* How many bytes a value takes besides itself. */
int
wf_flags_value_size(const WfValue *value)
{
	switch (value->type)
	{
		case WF_VALUE_NUMBER:
			return value->u.number.exact ? VARSIZE(value->u.number.exact) : 0;
		case WF_VALUE_STRING:
			return value->u.string.len;
		case WF_VALUE_ARRAY:
		case WF_VALUE_OBJECT:
			return container_size(value->u.container);
		default:
			return 0;
	}
}

/* A value as a document of its own; an absent one is null. */
Jsonb *
wf_flags_value_to_jsonb(const WfValue *value)
{
	JsonbValue	json;

	wf_flags_value_to_json(value, &json);
	return JsonbValueToJsonb(&json);
}

/* A value as a part of a document. */
void
wf_flags_value_to_json(const WfValue *value, JsonbValue *json)
{
	switch (value->type)
	{
		case WF_VALUE_ABSENT:
		case WF_VALUE_NULL:
			json->type = jbvNull;
			break;
		case WF_VALUE_BOOLEAN:
			json->type = jbvBool;
			json->val.boolean = value->u.boolean;
			break;
		case WF_VALUE_NUMBER:
			json->val.numeric = value->u.number.exact;
			if (json->val.numeric == NULL)
				json->val.numeric = number_to_numeric(value->u.number.approximate);
			json->type = json->val.numeric ? jbvNumeric : jbvNull;
			break;
		case WF_VALUE_STRING:
			json->type = jbvString;
			json->val.string.val = unconstify(char *, value->u.string.data);
			json->val.string.len = value->u.string.len;
			break;
		case WF_VALUE_ARRAY:
		case WF_VALUE_OBJECT:
			json->type = jbvBinary;
			json->val.binary.data = value->u.container;
			json->val.binary.len = container_size(value->u.container);
			break;
	}
}

/* A whole document as a value. */
void
wf_flags_value_from_root(Jsonb *document, WfValue *value)
{
	if (JB_ROOT_IS_SCALAR(document))
	{
		JsonbValue *scalar = getIthJsonbValueFromContainer(&document->root, 0);

		wf_flags_value_from_json(scalar, value);
		return;
	}
	value->type = JB_ROOT_IS_ARRAY(document) ? WF_VALUE_ARRAY : WF_VALUE_OBJECT;
	value->u.container = &document->root;
}

/* A value as JSON text, as jsonb writes it. */
WfString
wf_flags_value_json_text(const WfValue *value)
{
	Jsonb	   *document = wf_flags_value_to_jsonb(value);

	return wf_flags_string(JsonbToCString(NULL, &document->root, VARSIZE(document)));
}

/* Whether two values are of one type and equal, numbers exactly. */
bool
wf_flags_values_same(const WfValue *a, const WfValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case WF_VALUE_BOOLEAN:
			return a->u.boolean == b->u.boolean;
		case WF_VALUE_NUMBER:
			if (a->u.number.exact && b->u.number.exact)
				return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(a->u.number.exact),
														NumericGetDatum(b->u.number.exact)));
			return wf_flags_value_double(a) == wf_flags_value_double(b);
		case WF_VALUE_STRING:
			return wf_flags_strings_equal(a->u.string, b->u.string);
		case WF_VALUE_ARRAY:
		case WF_VALUE_OBJECT:
			return compareJsonbContainers(a->u.container, b->u.container) == 0;
		default:
			return true;
	}
}

/* Strings compare by bytes, whatever the database's collation. */
int
wf_flags_strings_compare(WfString a, WfString b)
{
	int			result = memcmp(a.data, b.data, Min(a.len, b.len));

	return result ? result : a.len - b.len;
}

/* Size in bytes: up to the end of the last entry. */
static int
container_size(JsonbContainer *container)
{
	int			entries = JsonContainerSize(container) * (JsonContainerIsObject(container) ? 2 : 1);
	int			size = offsetof(JsonbContainer, children) + entries * sizeof(JEntry);

	if (entries > 0)
		size += getJsonbOffset(container, entries - 1) + getJsonbLength(container, entries - 1);
	return size;
}

/*
 * The shortest decimal form that reads back as the same number; NULL for what
 * is none.
 */
static Numeric
number_to_numeric(double number)
{
	char	   *text;

	if (!isfinite(number))
		return NULL;
	text = DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(number)));
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}
