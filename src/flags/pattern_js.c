/*
 * pattern_js.c: JavaScript's regular expressions in PCRE2's words.  Pure.
 *
 * After ECMA-262, section 22.2 and annex B.1.2, without flags.  What PCRE2 has
 * besides is refused where JavaScript refuses it ("(?i)", "a++"), and else
 * taken for the characters that it is there ("\A").  A dot is a character here
 * and a UTF-16 code unit there, which differs beyond U+FFFF.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "flags/operator.h"

/* White space, which PCRE2's \s has less of. */
#define SPACES "\\s\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"

/* All characters. */
#define ANYTHING "\\x{0}-\\x{10ffff}"

/* What a dot is not. */
#define LINE_ENDS "\\n\\r\\x{2028}\\x{2029}"

typedef struct Translation
{
	const char *at;
	const char *end;
	StringInfoData text;
	int			ngroups;		/* that capture */
	bool		names_groups;
	bool		repeatable;		/* a quantifier may follow */
	const char *problem;		/* or NULL */
} Translation;

static void count_groups(Translation *translation);
static void translate_next(Translation *translation);
static void translate_quantifier(Translation *translation);
static int	counted_quantifier(const Translation *translation);
static void translate_group(Translation *translation);
static void translate_class(Translation *translation);
static bool begins_class(const char *at, const char *end);
static void translate_escape(Translation *translation, bool in_class);
static void translate_number(Translation *translation, bool in_class);
static void translate_unicode(Translation *translation);
static bool parse_hex(const Translation *translation, int offset, int ndigits, uint32 *code);
static void copy(Translation *translation, int len);
static void append_code(Translation *translation, uint32 code);

/* Translates a pattern; false, with *problem the end of a sentence, for a wrong one. */
bool
wf_flags_pattern_from_js(WfString pattern, WfString *translated, const char **problem)
{
	Translation translation = {.at = pattern.data, .end = pattern.data + pattern.len};

	initStringInfo(&translation.text);
	count_groups(&translation);
	while (translation.at < translation.end && translation.problem == NULL)
		translate_next(&translation);
	translated->data = translation.text.data;
	translated->len = translation.text.len;
	*problem = translation.problem;
	return translation.problem == NULL;
}

static void
count_groups(Translation *translation)
{
	const char *end = translation->end;
	bool		in_class = false;

	for (const char *at = translation->at; at < end; at++)
	{
		if (*at == '\\')
			at++;
		else if (in_class)
			in_class = *at != ']';
		else if (*at == '[')
			in_class = true;
		else if (*at == '(' && (end - at < 2 || at[1] != '?'))
			translation->ngroups++;
		else if (*at == '(' && end - at > 3 && at[2] == '<' && at[3] != '=' && at[3] != '!')
		{
			translation->ngroups++;
			translation->names_groups = true;
		}
	}
}

static void
translate_next(Translation *translation)
{
	switch (*translation->at)
	{
		case '\\':
			translation->repeatable = true;
			translate_escape(translation, false);
			return;
		case '[':
			translate_class(translation);
			translation->repeatable = true;
			return;
		case '(':
			translate_group(translation);
			translation->repeatable = false;
			return;
		case '*':
		case '+':
		case '?':
		case '{':
			translate_quantifier(translation);
			return;
		case '.':
			appendStringInfoString(&translation->text, "[^" LINE_ENDS "]");
			translation->at++;
			translation->repeatable = true;
			return;
		case '^':
		case '$':
		case '|':
			copy(translation, 1);
			translation->repeatable = false;
			return;
		default:
			copy(translation, 1);
			translation->repeatable = true;
			return;
	}
}

/* A brace that begins no quantifier is itself. */
static void
translate_quantifier(Translation *translation)
{
	int			len = *translation->at == '{' ? counted_quantifier(translation) : 1;

	if (len == 0)
	{
		appendStringInfoString(&translation->text, "\\{");
		translation->at++;
		translation->repeatable = true;
		return;
	}
	if (!translation->repeatable)
	{
		translation->problem = "there is nothing to repeat";
		return;
	}
	copy(translation, len);
	if (translation->at < translation->end && *translation->at == '?')
		copy(translation, 1);
	translation->repeatable = false;
}

/* Length of {n}, {n,} or {n,m}, else 0. */
static int
counted_quantifier(const Translation *translation)
{
	const char *at = translation->at + 1;
	int			ndigits = 0;

	for (; at < translation->end && *at >= '0' && *at <= '9'; at++)
		ndigits++;
	if (ndigits > 0 && at < translation->end && *at == ',')
	{
		do
			at++;
		while (at < translation->end && *at >= '0' && *at <= '9');
	}
	return ndigits > 0 && at < translation->end && *at == '}' ? at + 1 - translation->at : 0;
}

/* The opening parenthesis, and what says of what kind the group is. */
static void
translate_group(Translation *translation)
{
	const char *at = translation->at + 1;
	const char *end = translation->end;

	if (at < end && *at == '?')
	{
		at++;
		if (at < end && *at == '<')
			at++;
		else if (at < end && strchr(":=!", *at))
			at++;
		else
		{
			while (at < end && strchr("ims-", *at))
				at++;
			if (at == end || *at != ':')
			{
				translation->problem = psprintf("(?%c is not supported", at < end ? *at : ' ');
				return;
			}
		}
	}
	copy(translation, at - translation->at);
	/* Of "(?<" it may be the look-behind, whose sign is no quantifier anyway. */
	if (at < end && at[-1] == '<' && (*at == '=' || *at == '!'))
		copy(translation, 1);
}

/*
 * A class, whose brackets PCRE2 reads differently: empty, with names, or with
 * "-" beside a class.
 */
static void
translate_class(Translation *translation)
{
	bool		after_class = false;
	bool		negated;

	translation->at++;
	negated = translation->at < translation->end && *translation->at == '^';
	translation->at += negated;
	if (translation->at < translation->end && *translation->at == ']')
	{
		appendStringInfoString(&translation->text, negated ? "[" ANYTHING "]" : "[^" ANYTHING "]");
		translation->at++;
		return;
	}
	appendStringInfoString(&translation->text, negated ? "[^" : "[");
	while (translation->at < translation->end && *translation->at != ']' && translation->problem == NULL)
	{
		char		c = *translation->at;
		bool		before_class = translation->at + 1 < translation->end &&
		begins_class(translation->at + 1, translation->end);

		if (c == '\\')
		{
			after_class = begins_class(translation->at, translation->end);
			translate_escape(translation, true);
			continue;
		}
		if (strchr("[:.=", c) || (c == '-' && (after_class || before_class)))
			appendStringInfoChar(&translation->text, '\\');
		copy(translation, 1);
		after_class = false;
	}
	if (translation->at < translation->end)
		copy(translation, 1);
}

/* Whether an escape for a class of characters begins here. */
static bool
begins_class(const char *at, const char *end)
{
	return end - at > 1 && *at == '\\' && strchr("dDsSwW", at[1]);
}

static void
translate_escape(Translation *translation, bool in_class)
{
	uint32		code;
	char		c;

	translation->at++;
	if (translation->at == translation->end)
	{
		translation->problem = "it ends with \\";
		return;
	}
	c = *translation->at;
	if (c >= '0' && c <= '9')
	{
		translate_number(translation, in_class);
		return;
	}
	if (c == 'u')
	{
		translate_unicode(translation);
		return;
	}

	translation->at++;
	if (strchr("dDwWfnrt", c) || (c == 'S' && in_class) ||
		(c == 'k' && !in_class && translation->names_groups))
		appendStringInfo(&translation->text, "\\%c", c);
	else if (c == 's' || c == 'S')
		appendStringInfoString(&translation->text, in_class ? SPACES : c == 's' ? "[" SPACES "]" : "[^" SPACES "]");
	else if ((c == 'b' || c == 'B') && !in_class)
	{
		appendStringInfo(&translation->text, "\\%c", c);
		translation->repeatable = false;
	}
	else if (c == 'b')
		append_code(translation, '\b');
	else if (c == 'v')
		append_code(translation, '\v');
	else if (c == 'x' && parse_hex(translation, 0, 2, &code))
	{
		append_code(translation, code);
		translation->at += 2;
	}
	else if (c == 'c' && translation->at < translation->end &&
			 ((*translation->at >= 'a' && *translation->at <= 'z') ||
			  (*translation->at >= 'A' && *translation->at <= 'Z')))
		append_code(translation, *translation->at++ & 0x1F);
	else if (c == 'c')
	{
		appendStringInfoString(&translation->text, "\\\\");
		translation->at--;
	}
	else if (IS_HIGHBIT_SET(c))
		appendStringInfoChar(&translation->text, c);
	else
		append_code(translation, (unsigned char) c);
}

/* A reference to a group that exists, else an octal number, else the digit. */
static void
translate_number(Translation *translation, bool in_class)
{
	const char *at = translation->at;
	uint32		number = 0;
	uint32		octal = 0;

	while (at < translation->end && *at >= '0' && *at <= '9' && number <= PG_INT16_MAX)
		number = number * 10 + (*at++ - '0');
	if (*translation->at != '0' && !in_class && number <= translation->ngroups)
	{
		appendStringInfo(&translation->text, "\\g{%u}", number);
		translation->at = at;
		return;
	}
	for (at = translation->at; at < translation->end && *at >= '0' && *at <= '7' &&
		 octal * 8 + (*at - '0') <= 0377 && at - translation->at < 3; at++)
		octal = octal * 8 + (*at - '0');
	if (at == translation->at)
		copy(translation, 1);
	else
		append_code(translation, octal);
	translation->at = Max(at, translation->at);
}

/* \u and four digits, twice where they are surrogates; else the letter. */
static void
translate_unicode(Translation *translation)
{
	uint32		code;
	uint32		low;

	translation->at++;
	if (!parse_hex(translation, 0, 4, &code))
	{
		appendStringInfoChar(&translation->text, 'u');
		return;
	}
	translation->at += 4;
	if (code >= 0xD800 && code <= 0xDBFF && translation->end - translation->at >= 6 &&
		translation->at[0] == '\\' && translation->at[1] == 'u' &&
		parse_hex(translation, 2, 4, &low) && low >= 0xDC00 && low <= 0xDFFF)
	{
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		translation->at += 6;
	}
	append_code(translation, code);
}

static bool
parse_hex(const Translation *translation, int offset, int ndigits, uint32 *code)
{
	*code = 0;
	if (translation->end - translation->at < offset + ndigits)
		return false;
	for (int i = 0; i < ndigits; i++)
	{
		char		c = translation->at[offset + i];

		if (c >= '0' && c <= '9')
			*code = *code * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			*code = *code * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			*code = *code * 16 + (c - 'A' + 10);
		else
			return false;
	}
	return true;
}

static void
copy(Translation *translation, int len)
{
	appendBinaryStringInfo(&translation->text, translation->at, len);
	translation->at += len;
}

static void
append_code(Translation *translation, uint32 code)
{
	appendStringInfo(&translation->text, "\\x{%x}", code);
}
