/*
 * registry_default.c: the default of a column as a value in a schema.
 *
 * As Debezium does it: a literal is taken over, what a function computes is
 * represented by the zero of its type, any other expression is no default.
 */
#include "common/compat.h"

#include "common/base64.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/json.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "schema/registry.h"

#define DAYS_1970_TO_2000 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)
/* Of a month's 30.4375 days, as Debezium reckons. */
#define MICROSECONDS_PER_MONTH INT64CONST(2629800000000)

static const char *literal(const char *expression, const char *placeholder);
static const char *quoted(const char *expression, bool escapes, const char **rest);
static const char *plain(const char *expression, const char **rest);
static bool only_casts(const char *rest);
static bool is_computed(const char *expression);
static char *value_of(WfShape *shape, const char *text, WfValueForm form);
static char *as_row(WfShape *shape, const char *text);
static char *string_value(const char *text);
static char *bytes_value(const uint8 *bytes, int len, WfValueForm form);
static char *decimal_value(const char *text, int scale, WfValueForm form);
static int	to_bytes(char *digits, uint8 *bytes);
static char *bits_value(const char *text, WfValueForm form);
static char *time_value(WfShape *shape, const char *text);
static char *duration_value(const char *text);
static int64 floor_divide(int64 value, int64 by);
static char *zoned_value(const char *text);
static bool is_number(const char *text);
static bool is_integer(const char *text);

/*
 * The JSON text of a field's default, "null" where an optional field has none,
 * or NULL: no default.
 */
char *
wf_schema_registry_default(WfField *field, WfValueForm form)
{
	const char *text = NULL;
	char	   *value = NULL;

	if (field->default_text)
		text = literal(field->default_text, field->shape->placeholder);
	if (text)
		value = form == WF_VALUE_TO_JSONB ? as_row(field->shape, text) : value_of(field->shape, text, form);
	if (!value && field->optional)
		value = pstrdup("null");
	return value;
}

/* The text of a literal, the placeholder of what is computed, or NULL. */
static const char *
literal(const char *expression, const char *placeholder)
{
	const char *rest = NULL;
	const char *text;

	if (is_computed(expression))
		return placeholder;
	while (*expression == '(')
		expression++;
	if (pg_strncasecmp(expression, "E'", 2) == 0)
		text = quoted(expression + 2, true, &rest);
	else if (pg_strncasecmp(expression, "B'", 2) == 0)
		text = quoted(expression + 2, false, &rest);
	else if (*expression == '\'')
		text = quoted(expression + 1, false, &rest);
	else
		text = plain(expression, &rest);
	if (!text || !only_casts(rest))
		return NULL;
	return text;
}

static const char *
quoted(const char *expression, bool escapes, const char **rest)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *c = expression; *c; c++)
	{
		if (*c == '\'' && c[1] != '\'')
		{
			*rest = c + 1;
			return text.data;
		}
		if ((*c == '\'' || (escapes && *c == '\\')) && c[1])
			c++;
		appendStringInfoChar(&text, *c);
	}
	return NULL;
}

/* A number, true or false; NULL is none. */
static const char *
plain(const char *expression, const char **rest)
{
	size_t		len = strcspn(expression, ":) ");
	char	   *word = pnstrdup(expression, len);

	*rest = expression + len;
	if (is_number(word) || strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return word;
	return NULL;
}

/* Is what follows a literal nothing but casts, so that it is a literal still? */
static bool
only_casts(const char *rest)
{
	rest += strspn(rest, ")");
	if (*rest == '\0')
		return true;
	return strncmp(rest, "::", 2) == 0 &&
		rest[strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.\"(), []:")] == '\0';
}

/* A call, or one of the words that stand for the time. */
static bool
is_computed(const char *expression)
{
	static const char *const words[] = {
		"CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME", "LOCALTIMESTAMP", "LOCALTIME"
	};
	size_t		len;

	if (*expression == '(')
		expression++;
	for (int i = 0; i < lengthof(words); i++)
	{
		if (pg_strncasecmp(expression, words[i], strlen(words[i])) == 0)
			return true;
	}
	len = strspn(expression, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.\"");
	return len > 0 && expression[len] == '(';
}

static char *
value_of(WfShape *shape, const char *text, WfValueForm form)
{
	bool		truth;

	switch (shape->default_kind)
	{
		case WF_DEFAULT_TEXT:
			return string_value(text);
		case WF_DEFAULT_BOOLEAN:
			return parse_bool(text, &truth) ? pstrdup(truth ? "true" : "false") : NULL;
		case WF_DEFAULT_BIT:
			return pstrdup(strcmp(text, "1") == 0 ? "true" : "false");
		case WF_DEFAULT_INTEGER:
			return is_integer(text) ? pstrdup(text) : NULL;
		case WF_DEFAULT_NUMBER:
			return is_number(text) ? pstrdup(text) : NULL;
		case WF_DEFAULT_DECIMAL:
			return is_number(text) ? decimal_value(text, shape->scale, form) : NULL;
		case WF_DEFAULT_BITS:
			return bits_value(text, form);
		default:
			break;
	}
	/* Words such as infinity and now are no moments of the calendar. */
	if (!isdigit((unsigned char) text[strspn(text, "+-")]))
		return NULL;
	switch (shape->default_kind)
	{
		case WF_DEFAULT_DATE:
			return psprintf("%d", DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(text)))
							+ DAYS_1970_TO_2000);
		case WF_DEFAULT_TIME:
		case WF_DEFAULT_TIMESTAMP:
			return time_value(shape, text);
		case WF_DEFAULT_ZONED:
			return zoned_value(text);
		case WF_DEFAULT_DURATION:
			return duration_value(text);
		default:
			return NULL;
	}
}

/* As to_jsonb shows it: text, but for numbers, booleans and JSON itself. */
static char *
as_row(WfShape *shape, const char *text)
{
	bool		truth;
	char	   *copy;

	if (shape->default_kind == WF_DEFAULT_NONE)
		return NULL;
	switch (shape->json_type)
	{
		case WF_JSON_BOOLEAN:
			return parse_bool(text, &truth) ? pstrdup(truth ? "true" : "false") : NULL;
		case WF_JSON_INTEGER:
		case WF_JSON_NUMBER:
			return is_number(text) ? pstrdup(text) : NULL;
		case WF_JSON_ANY:
			return pstrdup(text);
		default:
			break;
	}
	copy = pstrdup(text);
	if ((shape->default_kind == WF_DEFAULT_TIMESTAMP || shape->default_kind == WF_DEFAULT_ZONED) && strchr(copy, ' '))
		*strchr(copy, ' ') = 'T';
	return string_value(copy);
}

static char *
string_value(const char *text)
{
	StringInfoData json;

	initStringInfo(&json);
	escape_json(&json, text);
	return json.data;
}

static char *
bytes_value(const uint8 *bytes, int len, WfValueForm form)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '"');
	if (form == WF_VALUE_AVRO)
	{
		for (int i = 0; i < len; i++)
			appendStringInfo(&json, "\\u%04x", bytes[i]);
	}
	else
	{
		int			size = pg_b64_enc_len(len);
		int			n;

		enlargeStringInfo(&json, size);
		n = pg_b64_encode((const void *) bytes, len, json.data + json.len, size);
		json.len += Max(n, 0);
		json.data[json.len] = '\0';
	}
	appendStringInfoChar(&json, '"');
	return json.data;
}

/* The digits without the point, as a big-endian two's complement. */
static char *
decimal_value(const char *text, int scale, WfValueForm form)
{
	Datum		value = DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
											Int32GetDatum(-1));
	char	   *rounded = DatumGetCString(DirectFunctionCall1(numeric_out,
															  DirectFunctionCall2(numeric_round, value,
																				  Int32GetDatum(scale))));
	bool		negative = *rounded == '-';
	char	   *digits = palloc0(strlen(rounded) + 1);
	uint8	   *bytes = palloc0(strlen(rounded) + 2);
	int			ndigits = 0;
	int			len;

	for (const char *c = rounded; *c; c++)
	{
		if (isdigit((unsigned char) *c))
			digits[ndigits++] = *c;
	}
	/* A scale below zero counts whole hundreds and the like. */
	for (int i = scale; i < 0 && ndigits > 1; i++)
		digits[--ndigits] = '\0';
	len = to_bytes(digits, bytes);
	if (negative)
	{
		int			carry = 1;

		for (int i = len - 1; i >= 0; i--)
		{
			int			byte = (uint8) ~bytes[i] + carry;

			bytes[i] = (uint8) byte;
			carry = byte >> 8;
		}
	}
	return bytes_value(bytes, len, form);
}

/* Decimal digits as big-endian bytes that begin with a zero bit. */
static int
to_bytes(char *digits, uint8 *bytes)
{
	int			len = 0;
	bool		rest = true;

	while (rest)
	{
		int			remainder = 0;

		rest = false;
		for (char *d = digits; *d; d++)
		{
			int			value = remainder * 10 + (*d - '0');

			*d = '0' + value / 256;
			remainder = value % 256;
			rest = rest || *d != '0';
		}
		bytes[len++] = (uint8) remainder;
	}
	if (bytes[len - 1] & 0x80)
		bytes[len++] = 0;
	for (int i = 0; i < len / 2; i++)
	{
		uint8		byte = bytes[i];

		bytes[i] = bytes[len - 1 - i];
		bytes[len - 1 - i] = byte;
	}
	return len;
}

/* The last bit is the first one of the first byte. */
static char *
bits_value(const char *text, WfValueForm form)
{
	int			nbits = strlen(text);
	uint8	   *bytes = palloc0(nbits / 8 + 1);

	for (int i = 0; i < nbits; i++)
	{
		if (text[nbits - 1 - i] == '1')
			bytes[i / 8] |= 1 << (i % 8);
	}
	return bytes_value(bytes, (nbits + 7) / 8, form);
}

/* Since midnight, or since 1970, in the units of the shape. */
static char *
time_value(WfShape *shape, const char *text)
{
	bool		of_day = shape->default_kind == WF_DEFAULT_TIME;
	Datum		value = DirectFunctionCall3(of_day ? time_in : timestamp_in, CStringGetDatum(text),
											ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	int64		microseconds = of_day ? DatumGetTimeADT(value) : DatumGetTimestamp(value);

	/* The last years of PostgreSQL's calendar are beyond that count. */
	if (!of_day && pg_add_s64_overflow(microseconds, DAYS_1970_TO_2000 * USECS_PER_DAY, &microseconds))
		return NULL;
	return psprintf(INT64_FORMAT, floor_divide(microseconds, USECS_PER_SEC / shape->units));
}

static char *
duration_value(const char *text)
{
	Interval   *interval = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(text),
																 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	int64		days;
	int64		sum;

	if (pg_mul_s64_overflow(interval->month, MICROSECONDS_PER_MONTH, &sum)
		|| pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days)
		|| pg_add_s64_overflow(sum, days, &sum) || pg_add_s64_overflow(sum, interval->time, &sum))
		return NULL;
	return psprintf(INT64_FORMAT, sum);
}

static int64
floor_divide(int64 value, int64 by)
{
	return value / by - (value % by < 0 ? 1 : 0);
}

/* "2020-01-01 12:00:00+00", as it stands in the catalog, in ISO 8601. */
static char *
zoned_value(const char *text)
{
	char	   *copy = pstrdup(text);
	size_t		len = strlen(copy);

	if (len < 4 || strcmp(copy + len - 3, "+00") != 0 || !strchr(copy, ' '))
		return NULL;
	*strchr(copy, ' ') = 'T';
	strcpy(copy + len - 3, "Z");
	return string_value(copy);
}

/* As JSON writes numbers. */
static bool
is_number(const char *text)
{
	char	   *end;

	if (*text == '-')
		text++;
	if (!isdigit((unsigned char) *text) || (*text == '0' && isdigit((unsigned char) text[1])))
		return false;
	if (text[strspn(text, "0123456789.eE+-")] != '\0' || text[strlen(text) - 1] == '.')
		return false;
	(void) strtod(text, &end);
	return *end == '\0';
}

static bool
is_integer(const char *text)
{
	return is_number(text) && text[strspn(text, "-0123456789")] == '\0';
}
