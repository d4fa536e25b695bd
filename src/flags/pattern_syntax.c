/*
 * pattern_syntax.c: from the expressions of other engines to PCRE2's.  Pure.
 *
 * Each engine's own grammar decides what a pattern is; only what it accepts,
 * written out, gets to PCRE2.  So nothing that PCRE2 alone knows (verbs,
 * recursion, branch resets, \K) slips through, and what both know differently
 * means what it means there.  Engines that know no references get no groups
 * that capture.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "flags/pattern.h"

/* Most quantifiers in a row. */
#define QUANTIFIERS_MAX 50

/* Highest count that Go's expressions allow. */
#define RE2_REPEAT_MAX 1000

static bool rewrite_next(WfPatternReader *reader);
static bool rewrite_escape(WfPatternReader *reader);
static bool rewrite_quote(WfPatternReader *reader);
static bool rewrite_dot(WfPatternReader *reader);
static bool quantify(WfPatternReader *reader);
static bool read_repeat(WfPatternReader *reader, StringInfo repeat);
static bool read_count(WfPatternReader *reader, int *count);
static void wrap_atom(WfPatternReader *reader);
static bool skip_blanks(WfPatternReader *reader);

/*
 * Rewrites a pattern into out.  NULL, or why the flavour refuses it: the
 * beginning of a sentence that ends "is not supported".
 */
const char *
wf_flags_pattern_rewrite(WfString pattern, WfPatternFlavour flavour, StringInfo out)
{
	WfPatternReader *reader = palloc0(sizeof(WfPatternReader));

	reader->flavour = flavour;
	reader->at = pattern.data;
	reader->end = pattern.data + pattern.len;
	reader->out = out;
	reader->captures = flavour == WF_PATTERN_JS || flavour == WF_PATTERN_PYTHON;
	wf_flags_pattern_find_groups(reader, pattern);
	while (reader->problem == NULL && !wf_flags_pattern_at_end(reader))
	{
		if (!rewrite_next(reader))
			break;
	}
	if (reader->problem == NULL && reader->depth > 0)
		(void) wf_flags_pattern_refuse(reader, "a group without an end");
	return reader->problem;
}

/* Notes why a pattern is refused; always false. */
bool
wf_flags_pattern_refuse(WfPatternReader *reader, const char *format,...)
{
	char		text[128];
	va_list		args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (reader->problem == NULL)
		reader->problem = pstrdup(text);
	return false;
}

/* The character at the reader's place, which moves on; the text is UTF-8. */
uint32
wf_flags_pattern_character(WfPatternReader *reader)
{
	const unsigned char *at = (const unsigned char *) reader->at;

	reader->at += pg_utf_mblen(at);
	return utf8_to_unicode(at);
}

/* Writes a character that stands for itself, in or out of brackets. */
void
wf_flags_pattern_write(StringInfo out, uint32 code)
{
	if ((code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z'))
		appendStringInfoChar(out, (char) code);
	else
		appendStringInfo(out, "\\x{%x}", code);
}

static bool
rewrite_next(WfPatternReader *reader)
{
	if (reader->verbose && skip_blanks(reader))
		return true;
	switch (*reader->at)
	{
		case '\\':
			reader->at++;
			return rewrite_escape(reader);
		case '(':
			reader->at++;
			return wf_flags_pattern_open_group(reader);
		case ')':
			reader->at++;
			return wf_flags_pattern_close_group(reader);
		case '[':
			reader->at++;
			wf_flags_pattern_begin_atom(reader, WF_ATOM_SIMPLE);
			return wf_flags_pattern_class(reader, 0);
		case '.':
			reader->at++;
			return rewrite_dot(reader);
		case '^':
		case '$':
			wf_flags_pattern_begin_atom(reader, WF_ATOM_ASSERTION);
			appendStringInfoChar(reader->out, *reader->at++);
			return true;
		case '|':
			wf_flags_pattern_begin_atom(reader, WF_ATOM_NONE);
			appendStringInfoChar(reader->out, *reader->at++);
			return true;
		case '*':
		case '+':
		case '?':
		case '{':
			return quantify(reader);
		default:
			wf_flags_pattern_begin_atom(reader, WF_ATOM_SIMPLE);
			wf_flags_pattern_write(reader->out, wf_flags_pattern_character(reader));
			return true;
	}
}

static bool
rewrite_escape(WfPatternReader *reader)
{
	WfEscape	escape;

	if (!wf_flags_pattern_escape(reader, false, &escape))
		return false;
	wf_flags_pattern_begin_atom(reader, escape.type == WF_ESCAPE_ASSERTION ? WF_ATOM_ASSERTION : WF_ATOM_SIMPLE);
	switch (escape.type)
	{
		case WF_ESCAPE_CHARACTER:
			wf_flags_pattern_write(reader->out, escape.number);
			break;
		case WF_ESCAPE_CLASS:
			appendStringInfo(reader->out, "[%s%s]", escape.negated ? "^" : "", escape.text);
			break;
		case WF_ESCAPE_ASSERTION:
			appendStringInfo(reader->out, "%s", escape.text);
			break;
		case WF_ESCAPE_REFERENCE:
			appendStringInfo(reader->out, "\\g{%u}", escape.number);
			break;
		case WF_ESCAPE_QUOTE:
			return rewrite_quote(reader);
	}
	return true;
}

/* \Q...\E */
static bool
rewrite_quote(WfPatternReader *reader)
{
	wf_flags_pattern_begin_atom(reader, WF_ATOM_NONE);
	while (!wf_flags_pattern_at_end(reader))
	{
		if (wf_flags_pattern_looking_at(reader, "\\E"))
		{
			reader->at += 2;
			break;
		}
		wf_flags_pattern_begin_atom(reader, WF_ATOM_SIMPLE);
		wf_flags_pattern_write(reader->out, wf_flags_pattern_character(reader));
	}
	return true;
}

/* All but JavaScript end a line with a line feed alone. */
static bool
rewrite_dot(WfPatternReader *reader)
{
	wf_flags_pattern_begin_atom(reader, WF_ATOM_SIMPLE);
	appendStringInfoString(reader->out, reader->dot_all ? "(?s:.)"
						   : reader->flavour == WF_PATTERN_JS ? "[^\\n\\r\\x{2028}\\x{2029}]" : "[^\\n]");
	return true;
}

/* *, +, ?, {2,3}, and what may follow them. */
static bool
quantify(WfPatternReader *reader)
{
	WfPatternFlavour flavour = reader->flavour;
	StringInfoData repeat;

	initStringInfo(&repeat);
	if (*reader->at != '{')
		appendStringInfoChar(&repeat, *reader->at++);
	else if (!read_repeat(reader, &repeat))
	{
		if (flavour == WF_PATTERN_RUST || reader->problem)
			return wf_flags_pattern_refuse(reader, "a brace without counts");
		wf_flags_pattern_begin_atom(reader, WF_ATOM_SIMPLE);
		wf_flags_pattern_write(reader->out, (unsigned char) *reader->at++);
		return true;
	}

	if (reader->atom == WF_ATOM_NONE)
		return wf_flags_pattern_refuse(reader, "a quantifier of nothing");
	if (reader->atom == WF_ATOM_QUANTIFIED && flavour != WF_PATTERN_RUST)
		return wf_flags_pattern_refuse(reader, "a quantifier of a quantifier");
	if (reader->atom == WF_ATOM_ASSERTION && reader->captures)
		return wf_flags_pattern_refuse(reader, "a quantifier of an assertion");
	if (++reader->nquantifiers > QUANTIFIERS_MAX)
		return wf_flags_pattern_refuse(reader, "that many quantifiers");
	if (reader->atom != WF_ATOM_SIMPLE)
		wrap_atom(reader);
	if (wf_flags_pattern_looking_at(reader, "?") ||
		(flavour == WF_PATTERN_PYTHON && wf_flags_pattern_looking_at(reader, "+")))
		appendStringInfoChar(&repeat, *reader->at++);
	appendBinaryStringInfo(reader->out, repeat.data, repeat.len);
	reader->atom = WF_ATOM_QUANTIFIED;
	return true;
}

/* {2}, {2,} or {2,3}, in Python also {,3}; false where it is none. */
static bool
read_repeat(WfPatternReader *reader, StringInfo repeat)
{
	const char *start = reader->at++;
	bool		has_least;
	bool		has_most;
	bool		comma;
	int			least = 0;
	int			most = 0;

	has_least = read_count(reader, &least);
	comma = wf_flags_pattern_looking_at(reader, ",");
	if (comma)
		reader->at++;
	has_most = comma && read_count(reader, &most);
	if (!wf_flags_pattern_looking_at(reader, "}") ||
		(!has_least && !(comma && reader->flavour == WF_PATTERN_PYTHON)))
	{
		reader->at = start;
		return false;
	}
	reader->at++;
	if ((has_most && most < least) || (reader->flavour == WF_PATTERN_RE2 && Max(least, most) > RE2_REPEAT_MAX))
		return wf_flags_pattern_refuse(reader, "a repeat of that count");
	appendStringInfo(repeat, "{%d", least);
	if (comma)
		appendStringInfoChar(repeat, ',');
	if (has_most)
		appendStringInfo(repeat, "%d", most);
	appendStringInfoChar(repeat, '}');
	return true;
}

/* A decimal number; what is too large for PCRE2 stays so. */
static bool
read_count(WfPatternReader *reader, int *count)
{
	const char *start = reader->at;

	for (; !wf_flags_pattern_at_end(reader) && *reader->at >= '0' && *reader->at <= '9'; reader->at++)
		*count = Min(*count * 10 + (*reader->at - '0'), 1000000);
	return reader->at > start;
}

/* Makes what a quantifier applies to a group. */
static void
wrap_atom(WfPatternReader *reader)
{
	StringInfo	out = reader->out;
	char	   *atom = pnstrdup(out->data + reader->atom_start, out->len - reader->atom_start);

	out->len = reader->atom_start;
	out->data[out->len] = '\0';
	appendStringInfo(out, "(?:%s)", atom);
	pfree(atom);
}

void
wf_flags_pattern_begin_atom(WfPatternReader *reader, WfAtomKind kind)
{
	reader->started = true;
	reader->atom = kind;
	reader->atom_start = reader->out->len;
	reader->nquantifiers = 0;
}

/* Skips a blank or a comment of a verbose expression; false without one. */
static bool
skip_blanks(WfPatternReader *reader)
{
	if (*reader->at == '#')
	{
		while (!wf_flags_pattern_at_end(reader) && *reader->at != '\n')
			reader->at++;
		return true;
	}
	if (*reader->at == '\0' || !strchr(" \t\n\v\f\r", *reader->at))
		return false;
	reader->at++;
	return true;
}
