/*
 * pattern_python.c: Python's regular expressions in PCRE2's words.  Pure.
 *
 * After the documentation of Python's module re, without flags.  What PCRE2
 * has besides is refused as Python refuses it: verbs, recursion, other names
 * for groups, and letters that mean nothing after a backslash.  Refused here
 * only are names of characters (\N{...}) and the flags a and L.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "flags/operator.h"

/* Flags that groups may set, and those of them that PCRE2 calls the same. */
#define GROUP_FLAGS "imsux-"
#define SAME_FLAGS "imsx-"

typedef struct Translation
{
	const char *at;
	const char *end;
	StringInfoData text;
	const char *problem;		/* or NULL */
} Translation;

static void translate_next(Translation *translation);
static void translate_class(Translation *translation);
static void translate_escape(Translation *translation, bool in_class);
static void translate_code(Translation *translation, int ndigits);
static void translate_group(Translation *translation);
static void translate_flags(Translation *translation);
static void translate_brace(Translation *translation);
static bool starts_with(const Translation *translation, const char *text);
static void copy(Translation *translation, int len);

/* Translates a pattern; false, with *problem the end of a sentence, for a wrong one. */
bool
wf_flags_pattern_from_python(WfString pattern, WfString *translated, const char **problem)
{
	Translation translation = {.at = pattern.data, .end = pattern.data + pattern.len};

	initStringInfo(&translation.text);
	while (translation.at < translation.end && translation.problem == NULL)
		translate_next(&translation);
	translated->data = translation.text.data;
	translated->len = translation.text.len;
	*problem = translation.problem;
	return translation.problem == NULL;
}

static void
translate_next(Translation *translation)
{
	switch (*translation->at)
	{
		case '\\':
			translate_escape(translation, false);
			break;
		case '[':
			translate_class(translation);
			break;
		case '(':
			translate_group(translation);
			break;
		case '{':
			translate_brace(translation);
			break;
		default:
			copy(translation, 1);
			break;
	}
}

/* A class; a bracket right at its beginning is a member, and "[:" is nothing special. */
static void
translate_class(Translation *translation)
{
	copy(translation, starts_with(translation, "[^") ? 2 : 1);
	if (starts_with(translation, "]"))
	{
		appendStringInfoChar(&translation->text, '\\');
		copy(translation, 1);
	}
	while (translation->at < translation->end && *translation->at != ']' && translation->problem == NULL)
	{
		if (*translation->at == '\\')
		{
			translate_escape(translation, true);
			continue;
		}
		if (*translation->at == '[')
			appendStringInfoChar(&translation->text, '\\');
		copy(translation, 1);
	}
	if (translation->at < translation->end && translation->problem == NULL)
		copy(translation, 1);
	else if (translation->problem == NULL)
		translation->problem = "a class is not closed";
}

static void
translate_escape(Translation *translation, bool in_class)
{
	char		letter;

	if (translation->at + 1 == translation->end)
	{
		translation->problem = "it ends with a backslash";
		return;
	}
	letter = translation->at[1];
	if (letter == 'x')
		translate_code(translation, 2);
	else if (letter == 'u')
		translate_code(translation, 4);
	else if (letter == 'U')
		translate_code(translation, 8);
	else if (letter == 'v')
	{
		appendStringInfoString(&translation->text, "\\x{b}");
		translation->at += 2;
	}
	else if (letter == 'Z' && !in_class)
	{
		appendStringInfoString(&translation->text, "\\z");
		translation->at += 2;
	}
	else if (((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')) &&
			 strchr(in_class ? "abdDfnrsStwW" : "aAbBdDfnrsStwW", letter) == NULL)
		translation->problem = psprintf("\\%c means nothing", letter);
	else
		copy(translation, 2);
}

/* The number of a character, of just so many hexadecimal digits. */
static void
translate_code(Translation *translation, int ndigits)
{
	const char *digits = translation->at + 2;
	int			ngiven = 0;

	while (digits + ngiven < translation->end && ngiven < ndigits && isxdigit((unsigned char) digits[ngiven]))
		ngiven++;
	if (ngiven < ndigits)
	{
		translation->problem = psprintf("\\%c needs %d hexadecimal digits", digits[-1], ndigits);
		return;
	}
	appendStringInfo(&translation->text, "\\x{%.*s}", ndigits, digits);
	translation->at = digits + ndigits;
}

/* What begins with a parenthesis. */
static void
translate_group(Translation *translation)
{
	static const char *const known[] = {
		"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?P<", "(?P=", "(?("
	};

	if (starts_with(translation, "(*"))
	{
		translation->problem = "there is nothing to repeat";
		return;
	}
	if (!starts_with(translation, "(?"))
	{
		copy(translation, 1);
		return;
	}
	if (starts_with(translation, "(?#"))
	{
		/* Nothing in a comment is of meaning but its end. */
		while (translation->at < translation->end && *translation->at != ')')
			translation->at++;
		if (translation->at == translation->end)
			translation->problem = "a comment is not closed";
		else
			translation->at++;
		return;
	}
	for (int i = 0; i < lengthof(known); i++)
	{
		if (starts_with(translation, known[i]))
		{
			copy(translation, strlen(known[i]));
			return;
		}
	}
	translate_flags(translation);
}

/* (?i) or (?i: */
static void
translate_flags(Translation *translation)
{
	const char *at = translation->at + 2;

	while (at < translation->end && *at && strchr(GROUP_FLAGS, *at))
		at++;
	if (at == translation->end || (*at != ')' && *at != ':') || at == translation->at + 2)
	{
		translation->problem = psprintf("(?%c is not supported", translation->at + 2 < translation->end
										? translation->at[2] : ' ');
		return;
	}
	copy(translation, 2);
	for (; translation->at < at; translation->at++)
	{
		if (strchr(SAME_FLAGS, *translation->at))
			appendStringInfoChar(&translation->text, *translation->at);
	}
	copy(translation, 1);
}

/* {,n} and {,} are quantifiers as well. */
static void
translate_brace(Translation *translation)
{
	const char *at = translation->at + 2;

	copy(translation, 1);
	if (!starts_with(translation, ","))
		return;
	while (at < translation->end && isdigit((unsigned char) *at))
		at++;
	if (at < translation->end && *at == '}')
		appendStringInfoChar(&translation->text, '0');
}

static bool
starts_with(const Translation *translation, const char *text)
{
	int			len = strlen(text);

	return translation->end - translation->at >= len && memcmp(translation->at, text, len) == 0;
}

static void
copy(Translation *translation, int len)
{
	appendBinaryStringInfo(&translation->text, translation->at, len);
	translation->at += len;
}
