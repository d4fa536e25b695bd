/*
 * cbor.c: values as CBOR, each in one form only.  Pure.
 *
 * After RFC 8949, section 4.2.1 (core deterministic encoding): heads and
 * floating-point numbers as short as they can be, members in the order of
 * their encoded names.  A whole number from -2^63 to 2^64 - 1 is an integer,
 * in whatever form it comes, so that 1.0 is 1 and -0.0 is 0.
 */
#include "common/compat.h"

#include <float.h>
#include <math.h>

#include "flags/bucket.h"
#include "flags/cbor.h"
#include "flags/program.h"

/* The first three bits. */
#define MAJOR_UNSIGNED 0
#define MAJOR_NEGATIVE 1
#define MAJOR_TEXT 3
#define MAJOR_ARRAY 4
#define MAJOR_MAP 5

/* Whole first bytes. */
#define BYTE_FALSE 0xF4
#define BYTE_TRUE 0xF5
#define BYTE_NULL 0xF6
#define BYTE_FLOAT_16 0xF9
#define BYTE_FLOAT_32 0xFA
#define BYTE_FLOAT_64 0xFB

typedef struct Member
{
	WfString	name;			/* encoded */
	WfValue		value;
} Member;

static bool append(StringInfo bytes, const WfValue *value, bool converts, int depth);
static void append_number(StringInfo bytes, const WfValue *number);
static bool append_exact(StringInfo bytes, Numeric number);
static void append_float(StringInfo bytes, double number);
static bool half_precision(double number, uint16 *half);
static bool append_elements(StringInfo bytes, const WfValue *array, bool converts, int depth);
static bool append_members(StringInfo bytes, const WfValue *object, bool converts, int depth);
static int	compare_members(const void *a, const void *b);
static void append_text(StringInfo bytes, WfString text, bool converts);
static void append_head(StringInfo bytes, int major, uint64 argument);
static void append_big_endian(StringInfo bytes, int first, uint64 number, int width);

/* The beginning of an array, to be followed by its elements. */
void
wf_flags_cbor_append_array(StringInfo bytes, int length)
{
	append_head(bytes, MAJOR_ARRAY, length);
}

/*
 * Appends a value, text in UTF-8; converts says whether it has to be converted
 * for that.  False where the value is nested deeper than WF_DEPTH_MAX.
 */
bool
wf_flags_cbor_append(StringInfo bytes, const WfValue *value, bool converts)
{
	return append(bytes, value, converts, 0);
}

static bool
append(StringInfo bytes, const WfValue *value, bool converts, int depth)
{
	if (depth > WF_DEPTH_MAX)
		return false;
	switch (value->type)
	{
		case WF_VALUE_ABSENT:
		case WF_VALUE_NULL:
			appendStringInfoChar(bytes, (char) BYTE_NULL);
			break;
		case WF_VALUE_BOOLEAN:
			appendStringInfoChar(bytes, (char) (value->u.boolean ? BYTE_TRUE : BYTE_FALSE));
			break;
		case WF_VALUE_NUMBER:
			append_number(bytes, value);
			break;
		case WF_VALUE_STRING:
			append_text(bytes, value->u.string, converts);
			break;
		case WF_VALUE_ARRAY:
			return append_elements(bytes, value, converts, depth);
		case WF_VALUE_OBJECT:
			return append_members(bytes, value, converts, depth);
	}
	return true;
}

static void
append_number(StringInfo bytes, const WfValue *value)
{
	double		number;

	if (value->u.number.exact && append_exact(bytes, value->u.number.exact))
		return;
	number = wf_flags_value_double(value);
	if (floor(number) != number || number < -ldexp(1, 63) || number >= ldexp(1, 64))
		append_float(bytes, number);
	else if (number < 0)
		append_head(bytes, MAJOR_NEGATIVE, (uint64) (-1 - (int64) number));
	else
		append_head(bytes, MAJOR_UNSIGNED, (uint64) number);
}

/* An exact integer; false where the number is none, or too large for it. */
static bool
append_exact(StringInfo bytes, Numeric number)
{
	const char *text = numeric_normalize(number);
	bool		negative = *text == '-';
	uint64		magnitude;

	text += negative;
	if (strlen(text) > 20 || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	magnitude = strtoull(text, NULL, 10);
	if (errno != 0 || (negative && magnitude > UINT64CONST(1) << 63))
		return false;
	if (negative && magnitude > 0)
		append_head(bytes, MAJOR_NEGATIVE, magnitude - 1);
	else
		append_head(bytes, MAJOR_UNSIGNED, magnitude);
	return true;
}

/* In the narrowest form that holds the number exactly. */
static void
append_float(StringInfo bytes, double number)
{
	uint16		half;
	uint32		single_bits;
	uint64		double_bits;
	float		single;

	if (half_precision(number, &half))
	{
		append_big_endian(bytes, BYTE_FLOAT_16, half, 2);
		return;
	}
	if (fabs(number) <= FLT_MAX)
	{
		single = (float) number;
		if ((double) single == number)
		{
			memcpy(&single_bits, &single, sizeof(single_bits));
			append_big_endian(bytes, BYTE_FLOAT_32, single_bits, 4);
			return;
		}
	}
	memcpy(&double_bits, &number, sizeof(double_bits));
	append_big_endian(bytes, BYTE_FLOAT_64, double_bits, 8);
}

/* The bits of a number in half precision; false where that is not exact. */
static bool
half_precision(double number, uint16 *half)
{
	uint16		sign = signbit(number) ? 0x8000 : 0;
	int			exponent;
	double		fraction;

	if (isnan(number))
	{
		*half = 0x7E00;
		return true;
	}
	if (isinf(number))
	{
		*half = sign | 0x7C00;
		return true;
	}
	/* 1 <= 2 * fraction < 2; below 2^-14 the step stays at 2^-24. */
	fraction = frexp(fabs(number), &exponent);
	exponent--;
	if (exponent > 15)
		return false;
	if (exponent < -14)
	{
		fraction = ldexp(fabs(number), 24);
		exponent = 0;
	}
	else
	{
		fraction = (fraction * 2 - 1) * 1024;
		exponent += 15;
	}
	*half = sign | (uint16) (exponent << 10) | (uint16) fraction;
	return floor(fraction) == fraction;
}

static bool
append_elements(StringInfo bytes, const WfValue *array, bool converts, int depth)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;

	append_head(bytes, MAJOR_ARRAY, wf_flags_value_length(array));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		element;

		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, &element);
		if (!append(bytes, &element, converts, depth + 1))
			return false;
	}
	return true;
}

static bool
append_members(StringInfo bytes, const WfValue *object, bool converts, int depth)
{
	int			n = wf_flags_value_length(object);
	Member	   *members = palloc(sizeof(Member) * Max(n, 1));
	JsonbIterator *it = JsonbIteratorInit(object->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	bool		appended = true;
	int			i = 0;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		StringInfoData name;
		WfString	text;

		if (token != WJB_KEY)
			continue;
		text.data = json.val.string.val;
		text.len = json.val.string.len;
		initStringInfo(&name);
		append_text(&name, text, converts);
		members[i].name.data = pnstrdup(name.data, name.len);
		members[i].name.len = name.len;
		pfree(name.data);
		(void) JsonbIteratorNext(&it, &json, true);
		wf_flags_value_from_json(&json, &members[i++].value);
	}
	qsort(members, n, sizeof(Member), compare_members);

	append_head(bytes, MAJOR_MAP, n);
	for (i = 0; i < n && appended; i++)
	{
		appendBinaryStringInfo(bytes, members[i].name.data, members[i].name.len);
		appended = append(bytes, &members[i].value, converts, depth + 1);
	}
	pfree(members);
	return appended;
}

static int
compare_members(const void *a, const void *b)
{
	return wf_flags_strings_compare(((const Member *) a)->name, ((const Member *) b)->name);
}

static void
append_text(StringInfo bytes, WfString text, bool converts)
{
	text = wf_flags_encode_text(text, converts);
	append_head(bytes, MAJOR_TEXT, text.len);
	appendBinaryStringInfo(bytes, text.data, text.len);
}

/* A type with its argument, which is in the first byte or in those after it. */
static void
append_head(StringInfo bytes, int major, uint64 argument)
{
	int			first = major << 5;

	if (argument < 24)
		appendStringInfoChar(bytes, (char) (first | (int) argument));
	else if (argument <= 0xFF)
		append_big_endian(bytes, first | 24, argument, 1);
	else if (argument <= 0xFFFF)
		append_big_endian(bytes, first | 25, argument, 2);
	else if (argument <= 0xFFFFFFFF)
		append_big_endian(bytes, first | 26, argument, 4);
	else
		append_big_endian(bytes, first | 27, argument, 8);
}

static void
append_big_endian(StringInfo bytes, int first, uint64 number, int width)
{
	appendStringInfoChar(bytes, (char) first);
	for (int i = width - 1; i >= 0; i--)
		appendStringInfoChar(bytes, (char) (number >> (i * 8) & 0xFF));
}
