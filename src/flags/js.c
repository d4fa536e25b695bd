/*
 * js.c: what JavaScript's operators make of JSON values.  Pure.
 *
 * After ECMA-262, sections 7.1 (type conversion) and 7.2 (comparison).
 * Numbers are doubles; an absent value is undefined.  Strings are ordered by
 * their UTF-16 code units, so that what lies beyond U+FFFF comes before U+E000.
 */
#include "common/compat.h"

#include <float.h>
#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"

#include "flags/value.h"

/* Arrays nested deeper than this have no text. */
#define ARRAYS_MAX 1000

static void append_elements(StringInfo text, JsonbContainer *array, int depth);
static void shortest_decimal(double number, char *text);
static double string_to_number(WfString string);
static int	decimal_length(const char *text);
static WfString trim(WfString string);
static int	white_space_length(const char *data, int len);
static bool is_container(const WfValue *value);
static int	compare_code_units(WfString a, WfString b);

/* ToBoolean. */
bool
wf_flags_js_truthy(const WfValue *value)
{
	double		number;

	switch (value->type)
	{
		case WF_VALUE_ABSENT:
		case WF_VALUE_NULL:
			return false;
		case WF_VALUE_BOOLEAN:
			return value->u.boolean;
		case WF_VALUE_NUMBER:
			number = wf_flags_value_double(value);
			return number != 0 && !isnan(number);
		case WF_VALUE_STRING:
			return value->u.string.len > 0;
		default:
			return true;
	}
}

/* ToNumber; NaN for what is none. */
double
wf_flags_js_number(const WfValue *value)
{
	switch (value->type)
	{
		case WF_VALUE_NULL:
			return 0;
		case WF_VALUE_BOOLEAN:
			return value->u.boolean ? 1 : 0;
		case WF_VALUE_NUMBER:
			return wf_flags_value_double(value);
		case WF_VALUE_STRING:
			return string_to_number(value->u.string);
		case WF_VALUE_ARRAY:
			return string_to_number(wf_flags_js_string(value));
		default:
			return NAN;
	}
}

/* parseFloat(): the number that a value's text begins with, else NaN. */
double
wf_flags_js_parse_float(const WfValue *value)
{
	WfString	string;
	char	   *text;
	double		number;
	int			length;

	if (value->type == WF_VALUE_NUMBER)
		return wf_flags_value_double(value);
	string = trim(wf_flags_js_string(value));
	text = pnstrdup(string.data, string.len);
	length = decimal_length(text);
	if (length > 0)
	{
		text[length] = '\0';
		number = strtod(text, NULL);
	}
	else
	{
		const char *digits = text + strspn(text, "+-");

		number = NAN;
		if (digits - text <= 1 && strncmp(digits, "Infinity", strlen("Infinity")) == 0)
			number = text[0] == '-' ? -INFINITY : INFINITY;
	}
	pfree(text);
	return number;
}

/* ToString. */
WfString
wf_flags_js_string(const WfValue *value)
{
	StringInfoData text;

	switch (value->type)
	{
		case WF_VALUE_ABSENT:
			return wf_flags_string("undefined");
		case WF_VALUE_NULL:
			return wf_flags_string("null");
		case WF_VALUE_BOOLEAN:
			return wf_flags_string(value->u.boolean ? "true" : "false");
		case WF_VALUE_NUMBER:
			return wf_flags_js_number_text(wf_flags_value_double(value));
		case WF_VALUE_STRING:
			return value->u.string;
		case WF_VALUE_OBJECT:
			return wf_flags_string("[object Object]");
		case WF_VALUE_ARRAY:
			break;
	}

	initStringInfo(&text);
	append_elements(&text, value->u.container, 1);
	return wf_flags_string(text.data);
}

/* Number::toString: the shortest digits that read back as the same number. */
WfString
wf_flags_js_number_text(double number)
{
	StringInfoData text;
	WfString	result;
	char		shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];
	int			ndigits = 0;
	int			point = 0;		/* digits before the decimal point */
	char	   *at;
	bool		after_point = false;

	if (isnan(number))
		return wf_flags_string("NaN");
	if (isinf(number))
		return wf_flags_string(number > 0 ? "Infinity" : "-Infinity");
	if (number == 0)
		return wf_flags_string("0");

	shortest_decimal(fabs(number), shortest);
	for (at = shortest; *at && *at != 'e'; at++)
	{
		if (*at == '.')
		{
			after_point = true;
			continue;
		}
		if (ndigits == 0 && *at == '0')
		{
			/* A leading zero only moves the point. */
			if (after_point)
				point--;
			continue;
		}
		digits[ndigits++] = *at;
		if (!after_point)
			point++;
	}
	if (*at == 'e')
		point += atoi(at + 1);
	while (ndigits > 1 && digits[ndigits - 1] == '0')
		ndigits--;

	initStringInfo(&text);
	if (number < 0)
		appendStringInfoChar(&text, '-');
	if (ndigits <= point && point <= 21)
	{
		appendBinaryStringInfo(&text, digits, ndigits);
		for (int i = ndigits; i < point; i++)
			appendStringInfoChar(&text, '0');
	}
	else if (point > 0 && point <= 21)
	{
		appendBinaryStringInfo(&text, digits, point);
		appendStringInfoChar(&text, '.');
		appendBinaryStringInfo(&text, digits + point, ndigits - point);
	}
	else if (point > -6 && point <= 0)
	{
		appendStringInfoString(&text, "0.");
		for (int i = point; i < 0; i++)
			appendStringInfoChar(&text, '0');
		appendBinaryStringInfo(&text, digits, ndigits);
	}
	else
	{
		appendStringInfoChar(&text, digits[0]);
		if (ndigits > 1)
		{
			appendStringInfoChar(&text, '.');
			appendBinaryStringInfo(&text, digits + 1, ndigits - 1);
		}
		appendStringInfo(&text, "e%c%d", point > 0 ? '+' : '-', abs(point - 1));
	}
	/* Loops make many of them: keep no more than it takes. */
	result = wf_flags_string(pnstrdup(text.data, text.len));
	pfree(text.data);
	return result;
}

/* == */
bool
wf_flags_js_equal(const WfValue *a, const WfValue *b)
{
	bool		a_is_nothing = a->type <= WF_VALUE_NULL;
	bool		b_is_nothing = b->type <= WF_VALUE_NULL;
	double		x;
	double		y;

	if (a_is_nothing || b_is_nothing)
		return a_is_nothing && b_is_nothing;
	if (a->type == b->type || (is_container(a) && is_container(b)))
		return wf_flags_js_identical(a, b);
	/* A container beside a string is compared as text, else all are numbers. */
	if ((is_container(a) && b->type == WF_VALUE_STRING) ||
		(is_container(b) && a->type == WF_VALUE_STRING))
		return wf_flags_strings_equal(wf_flags_js_string(a), wf_flags_js_string(b));
	x = wf_flags_js_number(a);
	y = wf_flags_js_number(b);
	return x == y;
}

/* ===: two containers are never the same one. */
bool
wf_flags_js_identical(const WfValue *a, const WfValue *b)
{
	if (a->type != b->type || is_container(a))
		return false;
	switch (a->type)
	{
		case WF_VALUE_BOOLEAN:
			return a->u.boolean == b->u.boolean;
		case WF_VALUE_NUMBER:
			return wf_flags_value_double(a) == wf_flags_value_double(b);
		case WF_VALUE_STRING:
			return wf_flags_strings_equal(a->u.string, b->u.string);
		default:
			return true;
	}
}

/* <, or <= */
bool
wf_flags_js_less(const WfValue *a, const WfValue *b, bool or_equal)
{
	bool		a_is_text = a->type == WF_VALUE_STRING || is_container(a);
	bool		b_is_text = b->type == WF_VALUE_STRING || is_container(b);
	double		x;
	double		y;

	if (a_is_text && b_is_text)
	{
		int			order = compare_code_units(wf_flags_js_string(a), wf_flags_js_string(b));

		return or_equal ? order <= 0 : order < 0;
	}
	x = a->type == WF_VALUE_OBJECT ? NAN : wf_flags_js_number(a);
	y = b->type == WF_VALUE_OBJECT ? NAN : wf_flags_js_number(b);
	return or_equal ? x <= y : x < y;
}

/* An array's elements with commas in between, null as nothing. */
static void
append_elements(StringInfo text, JsonbContainer *array, int depth)
{
	JsonbIterator *it = JsonbIteratorInit(array);
	JsonbIteratorToken token;
	JsonbValue	json;
	bool		first = true;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		element;
		WfString	part;

		if (token != WJB_ELEM)
			continue;
		if (!first)
			appendStringInfoChar(text, ',');
		first = false;
		wf_flags_value_from_json(&json, &element);
		if (element.type == WF_VALUE_ARRAY)
		{
			if (depth < ARRAYS_MAX)
				append_elements(text, element.u.container, depth + 1);
		}
		else if (element.type != WF_VALUE_NULL)
		{
			part = wf_flags_js_string(&element);
			appendBinaryStringInfo(text, part.data, part.len);
		}
	}
}

/*
 * The shortest decimal that reads back as the same number.  PostgreSQL's keeps
 * off the midpoints between numbers, which JavaScript's readers round to even;
 * a midpoint can only be shorter than 16 or 17 digits.
 */
static void
shortest_decimal(double number, char *text)
{
	char		rounded[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, text);
	if (strcspn(text, "e") < DBL_DIG + 1)
		return;
	for (int digits = DBL_DIG; digits <= DBL_DIG + 1; digits++)
	{
		snprintf(rounded, sizeof(rounded), "%.*e", digits - 1, number);
		if (strtod(rounded, NULL) == number)
		{
			strcpy(text, rounded);
			return;
		}
	}
}

/* StringToNumber: a decimal literal, 0x, 0o, 0b, Infinity; nothing is 0. */
static double
string_to_number(WfString string)
{
	char	   *text;
	char	   *digits;
	char	   *end;
	double		number;
	int			base;

	string = trim(string);
	if (string.len == 0)
		return 0;
	text = pnstrdup(string.data, string.len);
	if (strlen(text) != string.len)
		return NAN;

	if (text[0] == '0' && string.len > 2 && strchr("xXoObB", text[1]))
	{
		base = strchr("xX", text[1]) ? 16 : strchr("oO", text[1]) ? 8 : 2;
		number = 0;
		for (digits = text + 2; *digits; digits++)
		{
			int			digit = *digits >= '0' && *digits <= '9' ? *digits - '0'
			: *digits >= 'a' && *digits <= 'f' ? *digits - 'a' + 10
			: *digits >= 'A' && *digits <= 'F' ? *digits - 'A' + 10 : 99;

			if (digit >= base)
				return NAN;
			number = number * base + digit;
		}
		return number;
	}

	digits = text + strspn(text, "+-");
	if (digits - text > 1)
		return NAN;
	if (strcmp(digits, "Infinity") == 0)
		return text[0] == '-' ? -INFINITY : INFINITY;
	/* strtod() knows more than JavaScript: nan, inf, hexadecimal floats. */
	if (digits[strspn(digits, "0123456789.eE+-")] != '\0')
		return NAN;
	number = strtod(text, &end);
	return *end == '\0' && end != text ? number : NAN;
}

/* How much of a text is a decimal literal, with or without a sign; 0 for none. */
static int
decimal_length(const char *text)
{
	const char *at = text + (*text == '+' || *text == '-');
	int			whole = strspn(at, "0123456789");
	int			fraction = 0;

	at += whole;
	if (*at == '.')
	{
		fraction = strspn(at + 1, "0123456789");
		if (whole + fraction > 0)
			at += 1 + fraction;
	}
	if (whole + fraction == 0)
		return 0;
	if (*at == 'e' || *at == 'E')
	{
		const char *exponent = at + 1 + (at[1] == '+' || at[1] == '-');
		int			digits = strspn(exponent, "0123456789");

		if (digits > 0)
			at = exponent + digits;
	}
	return at - text;
}

static WfString
trim(WfString string)
{
	int			space;

	while (string.len > 0 && (space = white_space_length(string.data, string.len)) > 0)
	{
		string.data += space;
		string.len -= space;
	}
	while (string.len > 0)
	{
		int			start = string.len - 1;

		while (start > 0 && ((unsigned char) string.data[start] & 0xC0) == 0x80)
			start--;
		if (white_space_length(string.data + start, string.len - start) != string.len - start)
			break;
		string.len = start;
	}
	return string;
}

/* Bytes of the white space that UTF-8 text begins with, or 0. */
static int
white_space_length(const char *data, int len)
{
	static const char *const wide[] = {
		"\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
		"\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89",
		"\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80",
		"\xEF\xBB\xBF"
	};

	if (data[0] == ' ' || (data[0] >= '\t' && data[0] <= '\r'))
		return 1;
	for (int i = 0; i < lengthof(wide); i++)
	{
		int			width = strlen(wide[i]);

		if (len >= width && memcmp(data, wide[i], width) == 0)
			return width;
	}
	return 0;
}

static bool
is_container(const WfValue *value)
{
	return value->type == WF_VALUE_ARRAY || value->type == WF_VALUE_OBJECT;
}

/*
 * UTF-8 orders as code points do; code units differ from that only where a
 * character of four bytes (a surrogate pair, from D800 on) meets one from
 * U+E000 to U+FFFF (lead bytes EE and EF).
 */
static int
compare_code_units(WfString a, WfString b)
{
	int			len = Min(a.len, b.len);

	for (int i = 0; i < len; i++)
	{
		unsigned char x = a.data[i];
		unsigned char y = b.data[i];

		if (x == y)
			continue;
		if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0))
			return x >= 0xF0 ? -1 : 1;
		return x - y;
	}
	return a.len - b.len;
}
