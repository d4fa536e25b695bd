/*
 * pattern_group.c: the groups of the expressions of other engines.  Pure.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "flags/pattern.h"
#include "flags/set.h"

static void add_name(WfPatternReader *reader, WfStringSet *known, const char *at);
static bool open_special_group(WfPatternReader *reader);
static bool open_named_group(WfPatternReader *reader);
static bool open_conditional_group(WfPatternReader *reader);
static bool python_reference(WfPatternReader *reader);
static bool set_options(WfPatternReader *reader);
static bool set_option(WfPatternReader *reader, char option, bool on, StringInfo out);
static void push_group(WfPatternReader *reader, const char *opening);

/* Counts the groups that capture, and notes their names. */
void
wf_flags_pattern_find_groups(WfPatternReader *reader, WfString pattern)
{
	WfStringSet *known = wf_flags_set_create(8);
	bool		in_class = false;

	for (const char *at = pattern.data; at < reader->end; at++)
	{
		bool		named = false;

		if (*at == '\\')
			at++;
		else if (in_class)
			in_class = *at != ']';
		else if (*at == '[')
		{
			in_class = true;
			if (at + 1 < reader->end && at[1] == '^')
				at++;
			/* A bracket that comes first is a member, but in JavaScript. */
			if (reader->flavour != WF_PATTERN_JS && at + 1 < reader->end && at[1] == ']')
				at++;
		}
		else if (*at == '(')
		{
			if (reader->end - at > 4 && memcmp(at, "(?P<", 4) == 0)
				named = true;
			else if (reader->end - at > 3 && memcmp(at, "(?<", 3) == 0)
				named = at[3] != '=' && at[3] != '!';
			if (named || at + 1 >= reader->end || at[1] != '?')
				reader->ngroups++;
			if (named)
				add_name(reader, known, at[2] == 'P' ? at + 4 : at + 3);
		}
	}
}

static void
add_name(WfPatternReader *reader, WfStringSet *known, const char *at)
{
	const char *close = memchr(at, '>', reader->end - at);
	WfGroupName *group = palloc(sizeof(WfGroupName));

	if (close == NULL || close == at)
		(void) wf_flags_pattern_refuse(reader, "a group with half a name");
	else
	{
		group->name.data = at;
		group->name.len = close - at;
		group->number = reader->ngroups;
		if (wf_flags_set_has(known, group->name))
			(void) wf_flags_pattern_refuse(reader, "a name of two groups");
		wf_flags_set_add(known, group->name);
		reader->names = lappend(reader->names, group);
	}
}

bool
wf_flags_pattern_open_group(WfPatternReader *reader)
{
	if (reader->depth == WF_PATTERN_DEPTH_MAX)
		return wf_flags_pattern_refuse(reader, "groups nested that deep");
	if (wf_flags_pattern_looking_at(reader, "?"))
	{
		reader->at++;
		return open_special_group(reader);
	}
	push_group(reader, reader->captures ? "(" : "(?:");
	return true;
}

/* What begins with "(?", of which that is read already. */
static bool
open_special_group(WfPatternReader *reader)
{
	static const char *const looks[] = {"=", "!", "<=", "<!"};
	bool		python = reader->flavour == WF_PATTERN_PYTHON;

	if (wf_flags_pattern_looking_at(reader, ":"))
	{
		reader->at++;
		push_group(reader, "(?:");
		return true;
	}
	for (int i = 0; i < lengthof(looks); i++)
	{
		if (!wf_flags_pattern_looking_at(reader, looks[i]))
			continue;
		if (!reader->captures)
			return wf_flags_pattern_refuse(reader, "a look %s", i < 2 ? "ahead" : "behind");
		reader->at += strlen(looks[i]);
		push_group(reader, psprintf("(?%s", looks[i]));
		reader->groups[reader->depth - 1].unrepeatable = i >= 2 && !python;
		return true;
	}
	if (wf_flags_pattern_looking_at(reader, "<") || wf_flags_pattern_looking_at(reader, "P<"))
		return open_named_group(reader);
	if (python && wf_flags_pattern_looking_at(reader, ">"))
	{
		reader->at++;
		push_group(reader, "(?>");
		return true;
	}
	if (python && wf_flags_pattern_looking_at(reader, "P="))
		return python_reference(reader);
	if (python && wf_flags_pattern_looking_at(reader, "("))
		return open_conditional_group(reader);
	if (python && wf_flags_pattern_looking_at(reader, "#"))
	{
		while (!wf_flags_pattern_at_end(reader) && *reader->at != ')')
			reader->at++;
		if (wf_flags_pattern_at_end(reader))
			return wf_flags_pattern_refuse(reader, "a comment without an end");
		reader->at++;
		return true;
	}
	return set_options(reader);
}

/* (?<name> and (?P<name>; JavaScript has no P, Python nothing without it. */
static bool
open_named_group(WfPatternReader *reader)
{
	bool		with_p = *reader->at == 'P';
	const char *name = reader->at + (with_p ? 2 : 1);
	const char *close = memchr(name, '>', reader->end - name);

	if (with_p ? reader->flavour == WF_PATTERN_JS : reader->flavour == WF_PATTERN_PYTHON)
		return wf_flags_pattern_refuse(reader, "(?%s<", with_p ? "P" : "");
	if (close == NULL || close == name)
		return wf_flags_pattern_refuse(reader, "a group with half a name");
	for (const char *at = name; at < close; at++)
	{
		bool		digit = *at >= '0' && *at <= '9';
		bool		usual = digit || IS_HIGHBIT_SET(*at) || *at == '_' ||
		(*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');

		if (reader->flavour == WF_PATTERN_JS ? !(usual || *at == '$')
			: reader->flavour == WF_PATTERN_RUST ? !(usual || (at > name && strchr(".[]", *at))) : !usual)
			return wf_flags_pattern_refuse(reader, "a group of that name");
		if (digit && at == name && reader->flavour != WF_PATTERN_RE2)
			return wf_flags_pattern_refuse(reader, "a group of that name");
	}
	reader->at = close + 1;
	push_group(reader, reader->captures ? "(" : "(?:");
	return true;
}

/* Python's (?(1)yes|no) and (?(name)yes|no). */
static bool
open_conditional_group(WfPatternReader *reader)
{
	const char *close = memchr(reader->at, ')', reader->end - reader->at);
	WfString	name;
	int			group = 0;
	ListCell   *lc;

	if (close == NULL)
		return wf_flags_pattern_refuse(reader, "a condition without an end");
	name.data = reader->at + 1;
	name.len = close - name.data;
	reader->at = close + 1;
	if (name.len > 0 && name.len <= 4 && strspn(name.data, "0123456789") >= name.len)
		group = atoi(name.data);
	foreach(lc, reader->names)
	{
		const WfGroupName *candidate = lfirst(lc);

		if (wf_flags_strings_equal(candidate->name, name))
			group = candidate->number;
	}
	if (group < 1 || group > reader->ngroups)
		return wf_flags_pattern_refuse(reader, "a condition on no group");
	push_group(reader, psprintf("(?(%d)", group));
	return true;
}

/* Python's (?P=name). */
static bool
python_reference(WfPatternReader *reader)
{
	const char *close = memchr(reader->at, ')', reader->end - reader->at);
	WfString	name = {reader->at + 2, close ? close - reader->at - 2 : 0};
	ListCell   *lc;

	foreach(lc, reader->names)
	{
		const WfGroupName *group = lfirst(lc);

		if (close && wf_flags_strings_equal(group->name, name) && group->number <= reader->nopened)
		{
			wf_flags_pattern_begin_atom(reader, WF_ATOM_SIMPLE);
			appendStringInfo(reader->out, "\\g{%d}", group->number);
			reader->at = close + 1;
			return true;
		}
	}
	return wf_flags_pattern_refuse(reader, "a reference to no group");
}

/* (?i), for the rest of the group, and (?i:...). */
static bool
set_options(WfPatternReader *reader)
{
	WfPatternGroup before = {.verbose = reader->verbose, .ascii = reader->ascii, .dot_all = reader->dot_all};
	bool		of_whole = reader->flavour == WF_PATTERN_PYTHON && !reader->started && reader->depth == 0;
	bool		on = true;
	int			noptions = 0;
	StringInfoData options;

	initStringInfo(&options);
	for (; !wf_flags_pattern_at_end(reader) && !strchr(":)", *reader->at); reader->at++)
	{
		if (*reader->at == '-' && on)
		{
			on = false;
			noptions = 0;
			appendStringInfoChar(&options, '-');
		}
		else if (!set_option(reader, *reader->at, on, &options))
			return wf_flags_pattern_refuse(reader, "(?%.*s", pg_utf_mblen((const unsigned char *) reader->at), reader->at);
		else
			noptions++;
	}
	if (wf_flags_pattern_at_end(reader) || (noptions == 0 && !(on && reader->flavour == WF_PATTERN_RE2)))
		return wf_flags_pattern_refuse(reader, "(? without options");
	if (options.len > 0 && options.data[options.len - 1] == '-')
		options.data[--options.len] = '\0';
	if (*reader->at++ == ')')
	{
		/* Python has options of the whole only, JavaScript none at all. */
		if (reader->flavour == WF_PATTERN_JS || (reader->flavour == WF_PATTERN_PYTHON && !(of_whole && on)))
			return wf_flags_pattern_refuse(reader, "options in the middle");
		if (options.len > 0)
			appendStringInfo(reader->out, "(?%s)", options.data);
		reader->atom = WF_ATOM_NONE;
		return true;
	}
	push_group(reader, psprintf("(?%s:", options.data));
	reader->groups[reader->depth - 1].verbose = before.verbose;
	reader->groups[reader->depth - 1].ascii = before.ascii;
	reader->groups[reader->depth - 1].dot_all = before.dot_all;
	return true;
}

/* Sets one option; those that PCRE2 has to know go to out. */
static bool
set_option(WfPatternReader *reader, char option, bool on, StringInfo out)
{
	static const char *const known[] = {
		[WF_PATTERN_RE2] = "imsU",
		[WF_PATTERN_RUST] = "imsUuxR",
		[WF_PATTERN_JS] = "ims",
		[WF_PATTERN_PYTHON] = "aimsux",
	};

	if (option == '\0' || !strchr(known[reader->flavour], option) ||
		(reader->flavour == WF_PATTERN_PYTHON && !on && strchr("au", option)))
		return false;
	switch (option)
	{
		case 's':
			reader->dot_all = on;
			break;
		case 'x':
			reader->verbose = on;
			break;
		case 'u':
			reader->ascii = !on;
			break;
		case 'a':
			reader->ascii = on;
			break;
		case 'i':
		case 'm':
			appendStringInfoChar(out, option);
			break;
		default:				/* nothing that decides whether it matches */
			break;
	}
	return true;
}

bool
wf_flags_pattern_close_group(WfPatternReader *reader)
{
	const WfPatternGroup *group;

	if (reader->depth == 0)
		return wf_flags_pattern_refuse(reader, "an end of no group");
	group = &reader->groups[--reader->depth];
	reader->verbose = group->verbose;
	reader->ascii = group->ascii;
	reader->dot_all = group->dot_all;
	appendStringInfoChar(reader->out, ')');
	reader->atom = group->unrepeatable ? WF_ATOM_ASSERTION : WF_ATOM_SIMPLE;
	reader->atom_start = group->start;
	reader->nquantifiers = 0;
	return true;
}

static void
push_group(WfPatternReader *reader, const char *opening)
{
	WfPatternGroup *group = &reader->groups[reader->depth++];

	group->start = reader->out->len;
	group->unrepeatable = false;
	reader->nopened += strcmp(opening, "(") == 0;
	group->verbose = reader->verbose;
	group->ascii = reader->ascii;
	group->dot_all = reader->dot_all;
	appendStringInfoString(reader->out, opening);
	wf_flags_pattern_begin_atom(reader, WF_ATOM_NONE);
}
