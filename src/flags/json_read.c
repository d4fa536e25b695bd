/*
 * json_read.c: reading JSON from text without raising what is wrong with it.
 * Pure.
 *
 * The server's own parser says by an error that a text is no JSON; here that
 * is an answer.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"

#include "flags/json_read.h"
#include "flags/program.h"

/* Longest whole number that is read exactly, in digits. */
#define DIGITS_MAX 4300

static bool push_value(WfReader *reader, int depth, JsonbIteratorToken token,
					   JsonbParseState **state, JsonbValue **whole);
static bool push_container(WfReader *reader, int depth, JsonbParseState **state, JsonbValue **whole);
static bool push_scalar(WfReader *reader, JsonbIteratorToken token, JsonbParseState **state,
						JsonbValue **whole);
static bool read_value(WfReader *reader, int depth, WfValue *value);
static bool read_container(WfReader *reader, int depth, char closing, WfValue *value);
static bool read_word(WfReader *reader, WfValue *value);
static bool read_number(WfReader *reader, WfValue *value);
static bool skip_digits(WfReader *reader);
static bool read_escape(WfReader *reader, char quote, StringInfo text);
static bool read_code_point(WfReader *reader, StringInfo text);
static bool read_code_unit(WfReader *reader, uint32 *unit);
static void skip_blanks(WfReader *reader);
static bool skip_char(WfReader *reader, char wanted);

/*
 * Reads a string, whose quotes may be single ones.  What the database can't
 * hold, as \u0000, is wrong as well.
 */
bool
wf_flags_json_read_string(WfReader *reader, WfString *string)
{
	StringInfoData text;
	char		quote;

	if (reader->at == reader->end || (*reader->at != '"' && *reader->at != '\''))
		return false;
	quote = *reader->at++;
	initStringInfo(&text);
	while (reader->at < reader->end && *reader->at != quote)
	{
		if ((unsigned char) *reader->at < 0x20)
			return false;
		if (*reader->at != '\\')
			appendStringInfoChar(&text, *reader->at++);
		else if (!read_escape(reader, quote, &text))
			return false;
	}
	string->data = text.data;
	string->len = text.len;
	return skip_char(reader, quote);
}

/*
 * Reads a text that is one array.  Elements that are arrays or objects come as
 * strings, their JSON text.
 */
bool
wf_flags_json_read_array(WfString text, int *length, WfValue **elements)
{
	WfReader	reader = {text.data, text.data + text.len};
	int			room = 8;

	*length = 0;
	skip_blanks(&reader);
	if (!skip_char(&reader, '['))
		return false;
	*elements = palloc(sizeof(WfValue) * room);
	skip_blanks(&reader);
	if (!skip_char(&reader, ']'))
	{
		do
		{
			if (*length == room)
			{
				room *= 2;
				*elements = repalloc(*elements, sizeof(WfValue) * room);
			}
			if (!read_value(&reader, 1, &(*elements)[(*length)++]))
				return false;
		} while (skip_char(&reader, ','));
		if (!skip_char(&reader, ']'))
			return false;
	}
	skip_blanks(&reader);
	return reader.at == reader.end;
}

/* A text that is one value; NULL for one that is none. */
Jsonb *
wf_flags_json_read_document(WfString text)
{
	WfReader	reader = {text.data, text.data + text.len};
	JsonbParseState *state = NULL;
	JsonbValue *whole = NULL;

	if (!push_value(&reader, 0, WJB_DONE, &state, &whole) || reader.at != reader.end)
		return NULL;
	return JsonbValueToJsonb(whole);
}

/*
 * Reads a value, and the blanks around it, into what the state builds, as an
 * element (token says as what); WJB_DONE is the whole itself.
 */
static bool
push_value(WfReader *reader, int depth, JsonbIteratorToken token, JsonbParseState **state,
		   JsonbValue **whole)
{
	bool		good;

	skip_blanks(reader);
	if (depth < WF_DEPTH_MAX && reader->at < reader->end && (*reader->at == '[' || *reader->at == '{'))
		good = push_container(reader, depth, state, whole);
	else
		good = push_scalar(reader, token, state, whole);
	skip_blanks(reader);
	return good;
}

static bool
push_container(WfReader *reader, int depth, JsonbParseState **state, JsonbValue **whole)
{
	bool		object = *reader->at++ == '{';
	char		closing = object ? '}' : ']';

	(void) pushJsonbValue(state, object ? WJB_BEGIN_OBJECT : WJB_BEGIN_ARRAY, NULL);
	skip_blanks(reader);
	if (!skip_char(reader, closing))
	{
		do
		{
			skip_blanks(reader);
			if (object)
			{
				if (reader->at == reader->end || *reader->at != '"' ||
					!push_scalar(reader, WJB_KEY, state, whole) || !skip_char(reader, ':'))
					return false;
			}
			if (!push_value(reader, depth + 1, object ? WJB_VALUE : WJB_ELEM, state, whole))
				return false;
		} while (skip_char(reader, ','));
		if (!skip_char(reader, closing))
			return false;
	}
	*whole = pushJsonbValue(state, object ? WJB_END_OBJECT : WJB_END_ARRAY, NULL);
	return true;
}

static bool
push_scalar(WfReader *reader, JsonbIteratorToken token, JsonbParseState **state, JsonbValue **whole)
{
	WfValue		value;
	JsonbValue *json = palloc(sizeof(JsonbValue));

	if (reader->at == reader->end || *reader->at == '[' || *reader->at == '{' ||
		!read_value(reader, 0, &value))
		return false;
	wf_flags_value_to_json(&value, json);
	/* A number that is too large came out as null. */
	if (value.type == WF_VALUE_NUMBER && json->type != jbvNumeric)
		return false;
	if (token == WJB_DONE)
		*whole = json;
	else
		(void) pushJsonbValue(state, token, json);
	return true;
}

/* Reads a value and the blanks around it. */
static bool
read_value(WfReader *reader, int depth, WfValue *value)
{
	bool		good;

	skip_blanks(reader);
	if (reader->at == reader->end)
		return false;
	if (*reader->at == '"')
	{
		value->type = WF_VALUE_STRING;
		good = wf_flags_json_read_string(reader, &value->u.string);
	}
	else if (*reader->at == '[' || *reader->at == '{')
		good = read_container(reader, depth, *reader->at == '[' ? ']' : '}', value);
	else if (*reader->at == '-' || (*reader->at >= '0' && *reader->at <= '9'))
		good = read_number(reader, value);
	else
		good = read_word(reader, value);
	skip_blanks(reader);
	return good;
}

static bool
read_container(WfReader *reader, int depth, char closing, WfValue *value)
{
	const char *start = reader->at++;
	WfValue		inner;

	if (depth >= WF_DEPTH_MAX)
		return false;
	skip_blanks(reader);
	if (!skip_char(reader, closing))
	{
		do
		{
			if (!read_value(reader, depth + 1, &inner))
				return false;
			if (closing == '}' &&
				(inner.type != WF_VALUE_STRING || !skip_char(reader, ':') ||
				 !read_value(reader, depth + 1, &inner)))
				return false;
		} while (skip_char(reader, ','));
		if (!skip_char(reader, closing))
			return false;
	}
	value->type = WF_VALUE_STRING;
	value->u.string.data = start;
	value->u.string.len = reader->at - start;
	return true;
}

static bool
read_word(WfReader *reader, WfValue *value)
{
	static const char *const words[] = {"null", "false", "true"};

	for (int i = 0; i < lengthof(words); i++)
	{
		int			len = strlen(words[i]);

		if (reader->end - reader->at < len || memcmp(reader->at, words[i], len) != 0)
			continue;
		reader->at += len;
		value->type = WF_VALUE_NULL;
		if (i > 0)
			wf_flags_value_set_boolean(value, i == 2);
		return true;
	}
	return false;
}

/* A whole number is read exactly, another one in double precision. */
static bool
read_number(WfReader *reader, WfValue *value)
{
	const char *start = reader->at;
	const char *digits;
	bool		whole = true;
	const char *text;

	(void) skip_char(reader, '-');
	digits = reader->at;
	if (!skip_digits(reader) || (*digits == '0' && reader->at - digits > 1))
		return false;
	if (skip_char(reader, '.'))
	{
		whole = false;
		if (!skip_digits(reader))
			return false;
	}
	if (skip_char(reader, 'e') || skip_char(reader, 'E'))
	{
		whole = false;
		if (!skip_char(reader, '+'))
			(void) skip_char(reader, '-');
		if (!skip_digits(reader))
			return false;
	}

	text = pnstrdup(start, reader->at - start);
	if (!whole)
	{
		wf_flags_value_set_double(value, strtod(text, NULL));
		return true;
	}
	if (reader->at - digits > DIGITS_MAX)
		return false;
	value->type = WF_VALUE_NUMBER;
	value->u.number.exact = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
																ObjectIdGetDatum(InvalidOid),
																Int32GetDatum(-1)));
	return true;
}

static bool
skip_digits(WfReader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	return reader->at > start;
}

/* What a backslash stands for, which is where the reader is. */
static bool
read_escape(WfReader *reader, char quote, StringInfo text)
{
	static const char names[] = "bfnrt/\\";
	static const char bytes[] = "\b\f\n\r\t/\\";
	const char *name;

	reader->at++;
	if (reader->at == reader->end)
		return false;
	if (skip_char(reader, 'u'))
		return read_code_point(reader, text);
	name = strchr(names, *reader->at);
	if (name && *name)
		appendStringInfoChar(text, bytes[name - names]);
	else if (*reader->at == quote)
		appendStringInfoChar(text, quote);
	else
		return false;
	reader->at++;
	return true;
}

static bool
read_code_point(WfReader *reader, StringInfo text)
{
	unsigned char utf8[MAX_MULTIBYTE_CHAR_LEN];
	uint32		code;
	uint32		low;

	if (!read_code_unit(reader, &code) || code == 0)
		return false;
	if (code >= 0xDC00 && code < 0xE000)
		return false;
	if (code >= 0xD800 && code < 0xDC00)
	{
		if (!skip_char(reader, '\\') || !skip_char(reader, 'u') || !read_code_unit(reader, &low) ||
			low < 0xDC00 || low >= 0xE000)
			return false;
		code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
	}
	if (code >= 0x80 && GetDatabaseEncoding() != PG_UTF8)
		return false;
	(void) unicode_to_utf8(code, utf8);
	appendBinaryStringInfo(text, (char *) utf8, pg_utf_mblen(utf8));
	return true;
}

static bool
read_code_unit(WfReader *reader, uint32 *unit)
{
	char		digits[5];

	if (reader->end - reader->at < 4)
		return false;
	memcpy(digits, reader->at, 4);
	digits[4] = '\0';
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return false;
	*unit = strtoul(digits, NULL, 16);
	reader->at += 4;
	return true;
}

static void
skip_blanks(WfReader *reader)
{
	while (reader->at < reader->end && strchr(" \t\n\r", *reader->at) && *reader->at)
		reader->at++;
}

static bool
skip_char(WfReader *reader, char wanted)
{
	if (reader->at == reader->end || *reader->at != wanted)
		return false;
	reader->at++;
	return true;
}
