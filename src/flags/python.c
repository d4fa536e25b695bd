/*
 * python.c: what Python's int(), float(), str() and % make of JSON values.  Pure.
 *
 * A number is an int unless it was written with decimals: jsonb keeps 1.0
 * apart from 1.  Of the digits and blanks that Python knows in texts, those of
 * ASCII are known here.
 */
#include "common/compat.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/fmgrprotos.h"

#include "flags/value.h"

/* Longest text that int() takes. */
#define INTEGER_DIGITS_MAX 4300

/* From which exponent on repr() of a float shows one. */
#define REPR_EXPONENT_MIN 16

static bool text_to_integer(WfString text, Numeric *integer);
static bool text_to_float(WfString text, double *number);
static char *number_text(WfString text);
static bool is_blank(char byte);
static bool is_digit(char byte);
static WfString float_repr(double number);
static void append_container(StringInfo text, JsonbContainer *container);
static void append_repr(StringInfo text, const WfValue *value);
static void append_string_repr(StringInfo text, WfString string);

/* Whether a value is an int: a float such as 1.0 is none, nor is True. */
bool
wf_flags_python_is_integer(const WfValue *value)
{
	if (value->type != WF_VALUE_NUMBER || value->u.number.exact == NULL)
		return false;
	return strpbrk(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->u.number.exact))),
				   ".NI") == NULL;
}

/* int(); false where it raises an error. */
bool
wf_flags_python_integer(const WfValue *value, Numeric *integer)
{
	switch (value->type)
	{
		case WF_VALUE_BOOLEAN:
			*integer = DatumGetNumeric(DirectFunctionCall1(int4_numeric, Int32GetDatum(value->u.boolean ? 1 : 0)));
			return true;
		case WF_VALUE_NUMBER:
			if (value->u.number.exact == NULL)
				return false;
			*integer = DatumGetNumeric(DirectFunctionCall2(numeric_trunc,
														   NumericGetDatum(value->u.number.exact),
														   Int32GetDatum(0)));
			return true;
		case WF_VALUE_STRING:
			return text_to_integer(value->u.string, integer);
		default:
			return false;
	}
}

/* float(); false where it raises an error. */
bool
wf_flags_python_float(const WfValue *value, double *number)
{
	switch (value->type)
	{
		case WF_VALUE_BOOLEAN:
			*number = value->u.boolean ? 1 : 0;
			return true;
		case WF_VALUE_NUMBER:
			*number = wf_flags_value_double(value);
			return true;
		case WF_VALUE_STRING:
			return text_to_float(value->u.string, number);
		default:
			return false;
	}
}

/* str() */
WfString
wf_flags_python_string(const WfValue *value)
{
	StringInfoData text;

	if (value->type == WF_VALUE_STRING)
		return value->u.string;
	initStringInfo(&text);
	if (value->type == WF_VALUE_ARRAY || value->type == WF_VALUE_OBJECT)
		append_container(&text, value->u.container);
	else
		append_repr(&text, value);
	return wf_flags_string(text.data);
}

/* % of floats: the result has the divisor's sign.  NaN where it raises an error. */
double
wf_flags_python_modulo(double number, double divisor)
{
	double		rest;

	if (divisor == 0)
		return NAN;
	rest = fmod(number, divisor);
	if (rest != 0 && (divisor < 0) != (rest < 0))
		rest += divisor;
	return rest;
}

static bool
text_to_integer(WfString text, Numeric *integer)
{
	char	   *number = number_text(text);
	const char *digits;

	if (number == NULL)
		return false;
	digits = *number == '-' || *number == '+' ? number + 1 : number;
	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
		strlen(digits) > INTEGER_DIGITS_MAX)
		return false;
	*integer = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(number),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return true;
}

static bool
text_to_float(WfString text, double *number)
{
	char	   *written = number_text(text);
	const char *name;
	char	   *end;

	if (written == NULL)
		return false;
	name = *written == '-' || *written == '+' ? written + 1 : written;
	if (pg_strcasecmp(name, "inf") == 0 || pg_strcasecmp(name, "infinity") == 0)
	{
		*number = *written == '-' ? -INFINITY : INFINITY;
		return true;
	}
	if (pg_strcasecmp(name, "nan") == 0)
	{
		*number = NAN;
		return true;
	}
	/* strtod() knows more than Python, as hexadecimal floats. */
	if (written[strspn(written, "0123456789.eE+-")] != '\0')
		return false;
	*number = strtod(written, &end);
	return end != written && *end == '\0';
}

/*
 * A number's text without the blanks around it and the underscores between its
 * digits; NULL where an underscore is elsewhere.
 */
static char *
number_text(WfString text)
{
	char	   *result;
	int			len = 0;

	while (text.len > 0 && is_blank(text.data[0]))
	{
		text.data++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;

	result = palloc(text.len + 1);
	for (int i = 0; i < text.len; i++)
	{
		if (text.data[i] != '_')
			result[len++] = text.data[i];
		else if (i == 0 || i == text.len - 1 || !is_digit(text.data[i - 1]) || !is_digit(text.data[i + 1]))
			return NULL;
	}
	result[len] = '\0';
	return result;
}

static bool
is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r') || (byte >= 0x1C && byte <= 0x1F);
}

static bool
is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/*
 * The shortest digits that read back as the same number, always with a point
 * or an exponent.  The server writes the same, but shows exponents from 15 on.
 */
static WfString
float_repr(double number)
{
	char		shortest[DOUBLE_SHORTEST_DECIMAL_LEN];
	StringInfoData text;
	const char *exponent;
	int			ndigits = 0;

	if (isnan(number))
		return wf_flags_string("nan");
	if (isinf(number))
		return wf_flags_string(number > 0 ? "inf" : "-inf");

	double_to_shortest_decimal_buf(number, shortest);
	exponent = strchr(shortest, 'e');
	initStringInfo(&text);
	if (exponent == NULL || atoi(exponent + 1) != REPR_EXPONENT_MIN - 1)
	{
		appendStringInfoString(&text, shortest);
		if (strpbrk(shortest, ".e") == NULL)
			appendStringInfoString(&text, ".0");
		return wf_flags_string(text.data);
	}

	for (const char *at = shortest; at < exponent; at++)
	{
		if (*at == '.')
			continue;
		if (ndigits == REPR_EXPONENT_MIN)
			appendStringInfoChar(&text, '.');
		appendStringInfoChar(&text, *at);
		ndigits += is_digit(*at);
	}
	if (ndigits <= REPR_EXPONENT_MIN)
	{
		for (; ndigits < REPR_EXPONENT_MIN; ndigits++)
			appendStringInfoChar(&text, '0');
		appendStringInfoString(&text, ".0");
	}
	return wf_flags_string(text.data);
}

/* repr() of a list or a dict, without recursion: they may be nested deeply. */
static void
append_container(StringInfo text, JsonbContainer *container)
{
	JsonbIterator *it = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	json;
	WfValue		value;
	bool		first = true;

	while ((token = JsonbIteratorNext(&it, &json, false)) != WJB_DONE)
	{
		bool		ends = token == WJB_END_ARRAY || token == WJB_END_OBJECT;

		if (!first && !ends)
			appendStringInfoString(text, ", ");
		first = false;
		switch (token)
		{
			case WJB_BEGIN_ARRAY:
			case WJB_BEGIN_OBJECT:
				appendStringInfoChar(text, token == WJB_BEGIN_ARRAY ? '[' : '{');
				first = true;
				break;
			case WJB_END_ARRAY:
			case WJB_END_OBJECT:
				appendStringInfoChar(text, token == WJB_END_ARRAY ? ']' : '}');
				break;
			case WJB_KEY:
				wf_flags_value_from_json(&json, &value);
				append_repr(text, &value);
				appendStringInfoString(text, ": ");
				first = true;
				break;
			default:
				wf_flags_value_from_json(&json, &value);
				append_repr(text, &value);
				break;
		}
	}
}

/* repr() of a scalar. */
static void
append_repr(StringInfo text, const WfValue *value)
{
	switch (value->type)
	{
		case WF_VALUE_BOOLEAN:
			appendStringInfoString(text, value->u.boolean ? "True" : "False");
			return;
		case WF_VALUE_NUMBER:
			if (wf_flags_python_is_integer(value))
				appendStringInfoString(text,
									   DatumGetCString(DirectFunctionCall1(numeric_out,
																		   NumericGetDatum(value->u.number.exact))));
			else
				appendStringInfoString(text, float_repr(wf_flags_value_double(value)).data);
			return;
		case WF_VALUE_STRING:
			append_string_repr(text, value->u.string);
			return;
		default:
			appendStringInfoString(text, "None");
			return;
	}
}

static void
append_string_repr(StringInfo text, WfString string)
{
	bool		has_single = memchr(string.data, '\'', string.len) != NULL;
	bool		has_double = memchr(string.data, '"', string.len) != NULL;
	char		quote = has_single && !has_double ? '"' : '\'';

	appendStringInfoChar(text, quote);
	for (int i = 0; i < string.len; i++)
	{
		unsigned char byte = string.data[i];

		if (byte == quote || byte == '\\')
			appendStringInfo(text, "\\%c", byte);
		else if (byte == '\n')
			appendStringInfoString(text, "\\n");
		else if (byte == '\r')
			appendStringInfoString(text, "\\r");
		else if (byte == '\t')
			appendStringInfoString(text, "\\t");
		else if (byte < 0x20 || byte == 0x7F)
			appendStringInfo(text, "\\x%02x", byte);
		else
			appendStringInfoChar(text, byte);
	}
	appendStringInfoChar(text, quote);
}
