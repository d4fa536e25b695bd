/*
 * pattern_class.c: the bracketed classes of other engines.  Pure.
 *
 * A class is written as one of PCRE2's where it is a plain list.  One that
 * holds complements or, in Rust, classes and operations on sets is written as
 * alternatives and looks ahead, each of which takes one character.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "flags/pattern.h"

/* Deepest nesting of classes, and the longest that a class becomes. */
#define CLASS_DEPTH_MAX 50
#define CLASS_TEXT_MAX (16 * WF_PATTERN_MAX)

/* Any character, and none. */
#define ANYTHING "(?s:.)"
#define NOTHING "(?!)"

/* The members read so far of a class, or of one operand in it. */
typedef struct Members
{
	StringInfoData items;		/* for PCRE2's brackets */
	StringInfoData others;		/* alternatives: "|A|B" */
} Members;

static bool read_class(WfPatternReader *reader, int depth, StringInfo out);
static bool read_members(WfPatternReader *reader, int depth, Members *members, StringInfo left, bool *plain);
static bool read_operator(WfPatternReader *reader, Members *members, StringInfo left, char *pending);
static bool read_member(WfPatternReader *reader, int depth, Members *members);
static bool read_posix(WfPatternReader *reader, Members *members, bool *found);
static bool read_range_end(WfPatternReader *reader, const WfEscape *start, Members *members);
static bool read_one(WfPatternReader *reader, WfEscape *one);
static bool combine(WfPatternReader *reader, StringInfo left, char operation, const Members *members);
static void write_members(const Members *members, StringInfo out);
static void add_class(Members *members, const WfEscape *class);
static void begin_members(Members *members);
static void skip_blanks(WfPatternReader *reader);

/*
 * Rewrites a class, of which the opening bracket is read already.  False where
 * the flavour refuses it.
 */
bool
wf_flags_pattern_class(WfPatternReader *reader, int depth)
{
	return read_class(reader, depth, reader->out);
}

static bool
read_class(WfPatternReader *reader, int depth, StringInfo out)
{
	Members		members;
	StringInfoData left;
	bool		negated = false;
	bool		plain = true;

	if (depth > CLASS_DEPTH_MAX)
		return wf_flags_pattern_refuse(reader, "classes nested that deep");
	initStringInfo(&left);
	skip_blanks(reader);
	if (wf_flags_pattern_looking_at(reader, "^"))
	{
		negated = true;
		reader->at++;
	}
	if (!read_members(reader, depth, &members, &left, &plain))
		return false;

	if (plain && members.items.len > 0)
		appendStringInfo(out, "[%s%s]", negated ? "^" : "", members.items.data);
	else
	{
		if (plain)
			write_members(&members, &left);
		if (negated)
			appendStringInfo(out, "(?:(?!%s)" ANYTHING ")", left.data);
		else
			appendBinaryStringInfo(out, left.data, left.len);
	}
	if (out->len > CLASS_TEXT_MAX)
		return wf_flags_pattern_refuse(reader, "a class that long");
	return true;
}

/*
 * Reads up to the closing bracket.  *plain says that members has it all, as a
 * list for brackets; else left is the whole.
 */
static bool
read_members(WfPatternReader *reader, int depth, Members *members, StringInfo left, bool *plain)
{
	bool		first = reader->flavour != WF_PATTERN_JS;
	char		pending = '\0';

	begin_members(members);
	for (;;)
	{
		skip_blanks(reader);
		if (wf_flags_pattern_at_end(reader))
			return wf_flags_pattern_refuse(reader, "a class without an end");
		if (*reader->at == ']' && !first)
			break;
		if (reader->flavour == WF_PATTERN_RUST && !first && reader->end - reader->at >= 2 &&
			reader->at[0] == reader->at[1] && strchr("&-~", reader->at[0]))
		{
			if (!read_operator(reader, members, left, &pending))
				return false;
			continue;
		}
		first = false;
		if (!read_member(reader, depth, members))
			return false;
	}
	reader->at++;
	*plain = pending == '\0' && members->others.len == 0;
	if (*plain)
		return true;
	return combine(reader, left, pending, members);
}

/* &&, -- and ~~ take what was read so far as their left side. */
static bool
read_operator(WfPatternReader *reader, Members *members, StringInfo left, char *pending)
{
	if (!combine(reader, left, *pending, members))
		return false;
	begin_members(members);
	*pending = *reader->at;
	reader->at += 2;
	return true;
}

static bool
read_member(WfPatternReader *reader, int depth, Members *members)
{
	bool		found = false;
	WfEscape	one;

	if (*reader->at == '[' && !read_posix(reader, members, &found))
		return false;
	if (found)
		return true;
	if (*reader->at == '[' && reader->flavour == WF_PATTERN_RUST)
	{
		reader->at++;
		appendStringInfoChar(&members->others, '|');
		return read_class(reader, depth + 1, &members->others);
	}
	if (!read_one(reader, &one))
		return false;
	skip_blanks(reader);
	if (wf_flags_pattern_looking_at(reader, "-") && reader->end - reader->at >= 2 && reader->at[1] != ']' &&
		!(reader->flavour == WF_PATTERN_RUST && reader->at[1] == '-'))
		return read_range_end(reader, &one, members);
	if (one.type == WF_ESCAPE_CLASS)
		add_class(members, &one);
	else
		wf_flags_pattern_write(&members->items, one.number);
	return true;
}

/* [:alpha:], which all that have it take to be of ASCII. */
static bool
read_posix(WfPatternReader *reader, Members *members, bool *found)
{
	static const char *const classes[][2] = {
		{"alnum", "0-9A-Za-z"}, {"alpha", "A-Za-z"}, {"ascii", "\\x{0}-\\x{7f}"}, {"blank", "\\t\\x20"},
		{"cntrl", "\\x{0}-\\x{1f}\\x{7f}"}, {"digit", "0-9"}, {"graph", "!-~"}, {"lower", "a-z"},
		{"print", "\\x20-~"}, {"punct", "!-\\/:-@\\[-`{-~"}, {"space", "\\t-\\r\\x20"},
		{"upper", "A-Z"}, {"word", "0-9A-Za-z_"}, {"xdigit", "0-9A-Fa-f"}
	};
	const char *name = reader->at + 2;
	WfEscape	class = {.type = WF_ESCAPE_CLASS};
	const char *close = name;

	if ((reader->flavour != WF_PATTERN_RE2 && reader->flavour != WF_PATTERN_RUST) ||
		!wf_flags_pattern_looking_at(reader, "[:"))
		return true;
	while (close + 1 < reader->end && !(close[0] == ':' && close[1] == ']'))
		close++;
	if (close + 1 >= reader->end)
		return true;
	if (*name == '^')
	{
		class.negated = true;
		name++;
	}
	for (int i = 0; i < lengthof(classes); i++)
	{
		if (close - name == strlen(classes[i][0]) && memcmp(name, classes[i][0], close - name) == 0)
		{
			class.text = classes[i][1];
			add_class(members, &class);
			reader->at = close + 2;
			*found = true;
			return true;
		}
	}
	/* Rust then takes the bracket for that of a class in the class. */
	if (reader->flavour == WF_PATTERN_RUST)
		return true;
	return wf_flags_pattern_refuse(reader, "[:%.*s:]", (int) (close - name), name);
}

/* The rest of a range; beside a class, JavaScript takes the hyphen as such. */
static bool
read_range_end(WfPatternReader *reader, const WfEscape *start, Members *members)
{
	bool		js = reader->flavour == WF_PATTERN_JS;
	WfEscape	end;

	if (start->type == WF_ESCAPE_CLASS && (js || reader->flavour == WF_PATTERN_RE2))
	{
		add_class(members, start);
		if (!js)
			return true;
	}
	reader->at++;
	skip_blanks(reader);
	if (wf_flags_pattern_at_end(reader))
		return wf_flags_pattern_refuse(reader, "a class without an end");
	if (!read_one(reader, &end))
		return false;
	if (start->type == WF_ESCAPE_CHARACTER && end.type == WF_ESCAPE_CHARACTER)
	{
		if (start->number > end.number)
			return wf_flags_pattern_refuse(reader, "a range that runs backwards");
		wf_flags_pattern_write(&members->items, start->number);
		appendStringInfoChar(&members->items, '-');
		wf_flags_pattern_write(&members->items, end.number);
		return true;
	}
	if (!js)
		return wf_flags_pattern_refuse(reader, "a range between classes");
	if (start->type == WF_ESCAPE_CHARACTER)
		wf_flags_pattern_write(&members->items, start->number);
	wf_flags_pattern_write(&members->items, '-');
	if (end.type == WF_ESCAPE_CLASS)
		add_class(members, &end);
	else
		wf_flags_pattern_write(&members->items, end.number);
	return true;
}

/* One character or escape. */
static bool
read_one(WfPatternReader *reader, WfEscape *one)
{
	if (*reader->at == '\\')
	{
		reader->at++;
		return wf_flags_pattern_escape(reader, true, one);
	}
	memset(one, 0, sizeof(WfEscape));
	one->type = WF_ESCAPE_CHARACTER;
	one->number = wf_flags_pattern_character(reader);
	return true;
}

/* Makes left what the operation makes of it and the members. */
static bool
combine(WfPatternReader *reader, StringInfo left, char operation, const Members *members)
{
	StringInfoData right;
	StringInfoData whole;

	initStringInfo(&right);
	write_members(members, &right);
	initStringInfo(&whole);
	switch (operation)
	{
		case '&':
			appendStringInfo(&whole, "(?:(?=%s)%s)", left->data, right.data);
			break;
		case '-':
			appendStringInfo(&whole, "(?:(?!%s)%s)", right.data, left->data);
			break;
		case '~':
			appendStringInfo(&whole, "(?:(?!%s)%s|(?!%s)%s)", right.data, left->data, left->data, right.data);
			break;
		default:
			whole = right;
			break;
	}
	resetStringInfo(left);
	appendBinaryStringInfo(left, whole.data, whole.len);
	if (left->len > CLASS_TEXT_MAX)
		return wf_flags_pattern_refuse(reader, "a class that long");
	return true;
}

static void
write_members(const Members *members, StringInfo out)
{
	if (members->items.len == 0 && members->others.len == 0)
		appendStringInfoString(out, NOTHING);
	else if (members->others.len == 0)
		appendStringInfo(out, "[%s]", members->items.data);
	else if (members->items.len == 0)
		appendStringInfo(out, "(?:%s)", members->others.data + 1);
	else
		appendStringInfo(out, "(?:[%s]%s)", members->items.data, members->others.data);
}

static void
add_class(Members *members, const WfEscape *class)
{
	if (class->negated)
		appendStringInfo(&members->others, "|[^%s]", class->text);
	else
		appendStringInfoString(&members->items, class->text);
}

static void
begin_members(Members *members)
{
	initStringInfo(&members->items);
	initStringInfo(&members->others);
}

/* In verbose expressions Rust lets blanks stand in classes, too. */
static void
skip_blanks(WfPatternReader *reader)
{
	if (!reader->verbose || reader->flavour != WF_PATTERN_RUST)
		return;
	while (!wf_flags_pattern_at_end(reader) && strchr(" \t\n\v\f\r", *reader->at) && *reader->at)
		reader->at++;
}
