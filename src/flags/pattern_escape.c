/*
 * pattern_escape.c: what a backslash means in the expressions of other
 * engines.  Pure.
 *
 * The engines agree on little: a letter that has no meaning is an error in
 * three of them and itself in JavaScript; \v is a character everywhere but in
 * PCRE2; \1 is a reference, an octal number or an error.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "flags/pattern.h"

#define NO_CHARACTER PG_UINT32_MAX

static bool letter(WfPatternReader *reader, char c, bool in_class, WfEscape *escape);
static bool assertion(WfPatternReader *reader, char c, WfEscape *escape);
static bool word_edge(WfPatternReader *reader, char c, WfEscape *escape);
static bool class_of(WfPatternReader *reader, char c, WfEscape *escape);
static bool property(WfPatternReader *reader, bool negated, WfEscape *escape);
static const char *property_name(WfString name);
static bool number(WfPatternReader *reader, char c, bool in_class, WfEscape *escape);
static bool hexadecimal(WfPatternReader *reader, char c, int ndigits, WfEscape *escape);
static bool named_reference(WfPatternReader *reader, WfEscape *escape);
static uint32 read_digits(WfPatternReader *reader, int base, int least, int most);
static int	digit_value(char c);
static bool known(WfEscape *escape, WfEscapeType type, uint32 number, const char *text);

/*
 * Reads an escape, of which the backslash is read already.  False where the
 * flavour refuses it.
 */
bool
wf_flags_pattern_escape(WfPatternReader *reader, bool in_class, WfEscape *escape)
{
	char		c;

	memset(escape, 0, sizeof(WfEscape));
	if (wf_flags_pattern_at_end(reader))
		return wf_flags_pattern_refuse(reader, "a backslash at the end");
	c = *reader->at;
	if (IS_HIGHBIT_SET(c))
	{
		if (reader->flavour == WF_PATTERN_RE2 || reader->flavour == WF_PATTERN_RUST)
			return wf_flags_pattern_refuse(reader, "an escape of a letter");
		return known(escape, WF_ESCAPE_CHARACTER, wf_flags_pattern_character(reader), NULL);
	}
	reader->at++;
	if (c >= '0' && c <= '9')
		return number(reader, c, in_class, escape);
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return letter(reader, c, in_class, escape);
	if (reader->flavour == WF_PATTERN_RUST && (c == '<' || c == '>'))
	{
		if (in_class)
			return wf_flags_pattern_refuse(reader, "\\%c in a class", c);
		return known(escape, WF_ESCAPE_ASSERTION, 0, c == '<' ? "\\b(?=\\w)" : "\\b(?<=\\w)");
	}
	return known(escape, WF_ESCAPE_CHARACTER, (unsigned char) c, NULL);
}

static bool
letter(WfPatternReader *reader, char c, bool in_class, WfEscape *escape)
{
	static const char controls[] = "abtnvfr";	/* from 7 on */
	bool		js = reader->flavour == WF_PATTERN_JS;
	const char *control = strchr(controls, c);

	if (control && !(c == 'a' && js) && !(c == 'b' && (!in_class || !(js || reader->flavour == WF_PATTERN_PYTHON))))
		return known(escape, WF_ESCAPE_CHARACTER, 7 + (control - controls), NULL);
	if (strchr("dDsSwW", c))
		return class_of(reader, c, escape);
	if (!in_class && assertion(reader, c, escape))
		return reader->problem == NULL;
	switch (reader->flavour)
	{
		case WF_PATTERN_RE2:
			if (c == 'Q' && !in_class)
				return known(escape, WF_ESCAPE_QUOTE, 0, NULL);
			if (c == 'p' || c == 'P')
				return property(reader, c == 'P', escape);
			if (c == 'x')
				return hexadecimal(reader, c, 2, escape);
			break;
		case WF_PATTERN_RUST:
			if (c == 'p' || c == 'P')
				return property(reader, c == 'P', escape);
			if (strchr("xuU", c))
				return hexadecimal(reader, c, c == 'x' ? 2 : c == 'u' ? 4 : 8, escape);
			break;
		case WF_PATTERN_PYTHON:
			if (strchr("xuU", c))
				return hexadecimal(reader, c, c == 'x' ? 2 : c == 'u' ? 4 : 8, escape);
			break;
		case WF_PATTERN_JS:
			if (c == 'k' && !in_class && reader->names != NIL)
				return named_reference(reader, escape);
			if (c == 'x' || c == 'u')
				return hexadecimal(reader, c, c == 'x' ? 2 : 4, escape);
			if (c == 'c')
			{
				if (!wf_flags_pattern_at_end(reader) && isalpha((unsigned char) *reader->at) && !IS_HIGHBIT_SET(*reader->at))
					return known(escape, WF_ESCAPE_CHARACTER, *reader->at++ & 31, NULL);
				reader->at--;
				return known(escape, WF_ESCAPE_CHARACTER, '\\', NULL);
			}
			return known(escape, WF_ESCAPE_CHARACTER, (unsigned char) c, NULL);
		default:
			break;
	}
	return wf_flags_pattern_refuse(reader, "\\%c%s", c, in_class ? " in a class" : "");
}

/* Whether a letter asserts something about its place. */
static bool
assertion(WfPatternReader *reader, char c, WfEscape *escape)
{
	bool		linear = reader->flavour == WF_PATTERN_RE2 || reader->flavour == WF_PATTERN_RUST;

	if (c == 'b' || c == 'B')
		return word_edge(reader, c, escape);
	if (c == 'A' && reader->flavour != WF_PATTERN_JS)
		return known(escape, WF_ESCAPE_ASSERTION, 0, "\\A");
	if ((c == 'z' && linear) || (c == 'Z' && reader->flavour == WF_PATTERN_PYTHON))
		return known(escape, WF_ESCAPE_ASSERTION, 0, "\\z");
	return false;
}

static bool
word_edge(WfPatternReader *reader, char c, WfEscape *escape)
{
	static const struct
	{
		const char *name;
		const char *text;
	}			edges[] = {
		{"{start}", "\\b(?=\\w)"},
		{"{end}", "\\b(?<=\\w)"},
		{"{start-half}", "(?<!\\w)"},
		{"{end-half}", "(?!\\w)"},
	};

	if (reader->flavour == WF_PATTERN_RUST && c == 'b')
	{
		for (int i = 0; i < lengthof(edges); i++)
		{
			if (wf_flags_pattern_looking_at(reader, edges[i].name))
			{
				reader->at += strlen(edges[i].name);
				return known(escape, WF_ESCAPE_ASSERTION, 0, edges[i].text);
			}
		}
	}
	/* In Python an empty text has no \B, up to 3.13. */
	return known(escape, WF_ESCAPE_ASSERTION, 0, c == 'b' ? "\\b"
				 : reader->flavour == WF_PATTERN_PYTHON ? "(?!\\A\\z)\\B" : "\\B");
}

/* \d, \w and \s, which PCRE2 has in two forms, of which none is quite theirs. */
static bool
class_of(WfPatternReader *reader, char c, WfEscape *escape)
{
	WfPatternFlavour flavour = reader->flavour;
	bool		ascii = reader->ascii || flavour == WF_PATTERN_RE2 || flavour == WF_PATTERN_JS;

	escape->type = WF_ESCAPE_CLASS;
	escape->negated = c < 'a';
	switch (c)
	{
		case 'd':
		case 'D':
			escape->text = ascii ? "0-9" : "\\p{Nd}";
			break;
		case 'w':
		case 'W':
			escape->text = ascii ? "0-9A-Za-z_"
				: flavour == WF_PATTERN_PYTHON ? "\\p{L}\\p{N}_"
				: "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}"
				"\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}";
			break;
		default:
			escape->text = flavour == WF_PATTERN_RE2 ? "\\t\\n\\f\\r\\x20"
				: flavour == WF_PATTERN_JS ? "\\t-\\r\\p{Z}\\x{feff}"
				: ascii ? "\\t-\\r\\x20"
				: flavour == WF_PATTERN_PYTHON ? "\\t-\\r\\x1c-\\x1f\\x{85}\\p{Z}"
				: "\\t-\\r\\x{85}\\p{Z}";
			break;
	}
	return true;
}

/* \pL, \p{Greek}, \p{^Greek} */
static bool
property(WfPatternReader *reader, bool negated, WfEscape *escape)
{
	const char *close;
	WfString	name;

	if (wf_flags_pattern_at_end(reader))
		return wf_flags_pattern_refuse(reader, "\\p without a property");
	name.data = reader->at;
	name.len = 1;
	if (*reader->at == '{')
	{
		close = memchr(reader->at, '}', reader->end - reader->at);
		if (close == NULL)
			return wf_flags_pattern_refuse(reader, "\\p{ without an end");
		name.data++;
		name.len = close - name.data;
		reader->at = close;
	}
	reader->at++;
	if (name.len > 0 && *name.data == '^')
	{
		negated = !negated;
		name.data++;
		name.len--;
	}
	for (int i = 0; i < name.len; i++)
	{
		if (IS_HIGHBIT_SET(name.data[i]) || !(isalnum((unsigned char) name.data[i]) || strchr("_-=: ", name.data[i])))
			return wf_flags_pattern_refuse(reader, "a property of another kind");
	}
	escape->type = WF_ESCAPE_CLASS;
	escape->negated = negated;
	escape->text = psprintf("\\p{%s}", property_name(name));
	return true;
}

/* A property by the name that every PCRE2 knows it by. */
static const char *
property_name(WfString name)
{
	static const char *const prefixes[] = {"general_category=", "gc=", "script=", "sc="};
	static const char *const categories[][2] = {
		{"letter", "L"}, {"lowercaseletter", "Ll"}, {"uppercaseletter", "Lu"}, {"titlecaseletter", "Lt"},
		{"modifierletter", "Lm"}, {"otherletter", "Lo"}, {"mark", "M"}, {"nonspacingmark", "Mn"},
		{"spacingmark", "Mc"}, {"enclosingmark", "Me"}, {"number", "N"}, {"decimalnumber", "Nd"},
		{"letternumber", "Nl"}, {"othernumber", "No"}, {"punctuation", "P"}, {"connectorpunctuation", "Pc"},
		{"dashpunctuation", "Pd"}, {"openpunctuation", "Ps"}, {"closepunctuation", "Pe"},
		{"initialpunctuation", "Pi"}, {"finalpunctuation", "Pf"}, {"otherpunctuation", "Po"},
		{"symbol", "S"}, {"mathsymbol", "Sm"}, {"currencysymbol", "Sc"}, {"modifiersymbol", "Sk"},
		{"othersymbol", "So"}, {"separator", "Z"}, {"spaceseparator", "Zs"}, {"lineseparator", "Zl"},
		{"paragraphseparator", "Zp"}, {"other", "C"}, {"control", "Cc"}, {"format", "Cf"},
		{"privateuse", "Co"}, {"unassigned", "Cn"}
	};
	char	   *text = pnstrdup(name.data, name.len);
	char	   *plain = palloc(name.len + 1);
	int			n = 0;

	for (int i = 0; i < lengthof(prefixes); i++)
	{
		if (pg_strncasecmp(text, prefixes[i], strlen(prefixes[i])) == 0)
		{
			text += strlen(prefixes[i]);
			break;
		}
	}
	for (const char *from = text; *from; from++)
	{
		if (!strchr("_- ", *from))
			plain[n++] = pg_tolower((unsigned char) *from);
	}
	plain[n] = '\0';
	for (int i = 0; i < lengthof(categories); i++)
	{
		if (strcmp(plain, categories[i][0]) == 0)
			return categories[i][1];
	}
	return text;
}

/* \1 is a reference, an octal number, or neither. */
static bool
number(WfPatternReader *reader, char c, bool in_class, WfEscape *escape)
{
	bool		octal = c <= '7';
	bool		more = !wf_flags_pattern_at_end(reader) && *reader->at >= '0' && *reader->at <= '7';
	const char *start = --reader->at;
	uint32		code;

	switch (reader->flavour)
	{
		case WF_PATTERN_RE2:
			if (octal && (c == '0' || more))
				return known(escape, WF_ESCAPE_CHARACTER, read_digits(reader, 8, 1, 3), NULL);
			break;
		case WF_PATTERN_PYTHON:
			if (c == '0' || (in_class && octal))
				return known(escape, WF_ESCAPE_CHARACTER, read_digits(reader, 8, 1, 3), NULL);
			if (in_class)
				break;
			code = read_digits(reader, 8, 3, 3);
			if (code != NO_CHARACTER)
				return known(escape, WF_ESCAPE_CHARACTER, code, NULL);
			reader->at = start;
			code = read_digits(reader, 10, 1, 2);
			if (code <= (uint32) reader->nopened)
				return known(escape, WF_ESCAPE_REFERENCE, code, NULL);
			break;
		case WF_PATTERN_JS:
			code = read_digits(reader, 10, 1, 9);
			if (!in_class && c != '0' && code <= (uint32) reader->ngroups)
				return known(escape, WF_ESCAPE_REFERENCE, code, NULL);
			reader->at = start;
			if (octal)
				return known(escape, WF_ESCAPE_CHARACTER, read_digits(reader, 8, 1, c <= '3' ? 3 : 2), NULL);
			reader->at++;
			return known(escape, WF_ESCAPE_CHARACTER, (unsigned char) c, NULL);
		default:
			break;
	}
	return wf_flags_pattern_refuse(reader, "\\%c", c);
}

/* \x41, \x{41}, \u0041: a character by its number. */
static bool
hexadecimal(WfPatternReader *reader, char c, int ndigits, WfEscape *escape)
{
	bool		braces = reader->flavour == WF_PATTERN_RE2 || reader->flavour == WF_PATTERN_RUST;
	const char *start = reader->at;
	uint32		code;

	if (braces && wf_flags_pattern_looking_at(reader, "{"))
	{
		reader->at++;
		code = read_digits(reader, 16, 1, 8);
		if (code == NO_CHARACTER || !wf_flags_pattern_looking_at(reader, "}"))
			return wf_flags_pattern_refuse(reader, "\\%c{ without a number", c);
		reader->at++;
	}
	else
		code = read_digits(reader, 16, ndigits, ndigits);

	if (code == NO_CHARACTER)
	{
		reader->at = start;
		if (reader->flavour == WF_PATTERN_JS)
			return known(escape, WF_ESCAPE_CHARACTER, (unsigned char) c, NULL);
		return wf_flags_pattern_refuse(reader, "\\%c without a number", c);
	}
	/* JavaScript writes what lies beyond U+FFFF in two halves. */
	if (reader->flavour == WF_PATTERN_JS && code >= 0xD800 && code < 0xDC00 && wf_flags_pattern_looking_at(reader, "\\u"))
	{
		uint32		low;

		start = reader->at;
		reader->at += 2;
		low = read_digits(reader, 16, 4, 4);
		if (low >= 0xDC00 && low < 0xE000)
			code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
		else
			reader->at = start;
	}
	if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
		return wf_flags_pattern_refuse(reader, "\\%c of no character", c);
	return known(escape, WF_ESCAPE_CHARACTER, code, NULL);
}

/* \k<name> */
static bool
named_reference(WfPatternReader *reader, WfEscape *escape)
{
	const char *close = memchr(reader->at, '>', reader->end - reader->at);
	WfString	name;
	ListCell   *lc;

	if (wf_flags_pattern_looking_at(reader, "<") && close)
	{
		name.data = reader->at + 1;
		name.len = close - name.data;
		reader->at = close + 1;
		foreach(lc, reader->names)
		{
			const WfGroupName *group = lfirst(lc);

			if (wf_flags_strings_equal(group->name, name))
				return known(escape, WF_ESCAPE_REFERENCE, group->number, NULL);
		}
	}
	return wf_flags_pattern_refuse(reader, "\\k without the name of a group");
}

/* A number of so many digits, or NO_CHARACTER. */
static uint32
read_digits(WfPatternReader *reader, int base, int least, int most)
{
	uint32		result = 0;
	int			n = 0;

	while (n < most && !wf_flags_pattern_at_end(reader) && digit_value(*reader->at) < base)
	{
		result = result * base + digit_value(*reader->at++);
		n++;
	}
	return n < least ? NO_CHARACTER : result;
}

static int
digit_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool
known(WfEscape *escape, WfEscapeType type, uint32 number, const char *text)
{
	escape->type = type;
	escape->number = number;
	escape->text = text;
	return true;
}
