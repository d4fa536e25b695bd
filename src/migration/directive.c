/*
 * directive.c: comments in a migration that speak to the checker.
 */
#include "common/compat.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "migration/directive.h"
#include "migration/finding.h"

typedef enum Effect
{
	IGNORE_NEXT,
	IGNORE_FILE,
	IGNORE_NEXT_OR_FILE,		/* the file, where an empty line follows */
	IGNORE_BEGIN,
	IGNORE_END,
	NO_TRANSACTION
} Effect;

/* What a comment begins with; a longer form stands before its beginning. */
static const struct
{
	const char *form;
	Effect		effect;
	bool		is_own;
}			forms[] = {
	{"wishflags: ignore-file", IGNORE_FILE, true},
	{"wishflags: ignore", IGNORE_NEXT, true},
	{"squawk-ignore-file", IGNORE_FILE, false},
	{"squawk-ignore", IGNORE_NEXT, false},
	{"squawk-disable-assume-in-transaction", NO_TRANSACTION, false},
	{"eugene: ignore", IGNORE_NEXT, false},
	{"atlas:nolint", IGNORE_NEXT_OR_FILE, false},
	{"atlas:txmode none", NO_TRANSACTION, false},
	{"safety-assured:start", IGNORE_BEGIN, false},
	{"safety-assured:end", IGNORE_END, false},
	{"pgfence-ignore", IGNORE_NEXT, false},
	{"pgfence: ignore", IGNORE_NEXT, false},
	{"pgsafe:ignore", IGNORE_NEXT, false},
	{"migrate:up transaction:false", NO_TRANSACTION, false},
	{"+goose NO TRANSACTION", NO_TRANSACTION, false},
	{"no-transaction", NO_TRANSACTION, false},
};

static void read_comment(WfDirectives *directives, const char *text, int offset, int from, int to);
static void strip(const char *text, int *from, int *to);
static int	find_form(const char *text, int from, int to);
static void add_directive(WfDirectives *directives, WfDirective *directive, Effect effect);
static WfDirective *make_directive(const char *body, int offset, bool is_own, bool is_alias);
static char *take_value(char *body, const char *key);
static void read_names(WfDirective *directive, char *body);
static bool is_past(const char *day);
static bool followed_by_empty_line(const char *text, int pos);
static bool covers(const WfDirective *directive, const WfFinding *finding);

/* Reads the comments between two statements. */
void
wf_directives_read(WfDirectives *directives, const char *text, int from, int to)
{
	MemoryContext old = MemoryContextSwitchTo(directives->context);
	int			pos = from;

	while (pos + 1 < to)
	{
		int			start = pos;
		const char *end;

		if (text[pos] == '-' && text[pos + 1] == '-')
		{
			end = memchr(text + pos, '\n', to - pos);
			pos = end ? end - text : to;
			read_comment(directives, text, start, start + 2, pos);
		}
		else if (text[pos] == '/' && text[pos + 1] == '*')
		{
			pos += 2;
			while (pos < to && !(text[pos - 1] == '*' && text[pos] == '/'))
				pos++;
			read_comment(directives, text, start, start + 2, Max(pos - 1, start + 2));
		}
		else
			pos++;
	}
	MemoryContextSwitchTo(old);
}

static void
read_comment(WfDirectives *directives, const char *text, int offset, int from, int to)
{
	int			end = to;
	int			form;
	int			length;
	bool		is_alias;
	Effect		effect;
	char	   *body;

	strip(text, &from, &to);
	form = find_form(text, from, to);
	is_alias = form < 0;
	length = is_alias ? wf_directive_alias_length(directives->aliases, text + from, to - from) : strlen(forms[form].form);
	if (length == 0)
		return;
	/* Whether an alias is for the file is told as Atlas tells it. */
	effect = is_alias ? IGNORE_NEXT_OR_FILE : forms[form].effect;
	if (effect == NO_TRANSACTION)
		directives->no_transaction = true;
	if (effect == IGNORE_END)
		directives->block = NIL;
	if (effect == NO_TRANSACTION || effect == IGNORE_END)
		return;
	if (effect == IGNORE_NEXT_OR_FILE)
		effect = !directives->began && followed_by_empty_line(text, end) ? IGNORE_FILE : IGNORE_NEXT;
	body = pnstrdup(text + from + length, to - from - length);
	add_directive(directives, make_directive(body, offset, is_alias || forms[form].is_own, is_alias), effect);
}

/* Leaves out blanks, and the marks of an HTML comment. */
static void
strip(const char *text, int *from, int *to)
{
	while (*from < *to && isspace((unsigned char) text[*from]))
		(*from)++;
	while (*to > *from && isspace((unsigned char) text[*to - 1]))
		(*to)--;
	if (*to - *from < 7 || strncmp(text + *from, "<!--", 4) != 0 || strncmp(text + *to - 3, "-->", 3) != 0)
		return;
	*from += 4;
	*to -= 3;
	strip(text, from, to);
}

/* What a comment begins with, as a place in forms; -1: nothing that is known. */
static int
find_form(const char *text, int from, int to)
{
	for (int i = 0; i < lengthof(forms); i++)
	{
		int			length = strlen(forms[i].form);

		if (to - from < length || pg_strncasecmp(text + from, forms[i].form, length) != 0 ||
			(from + length < to && (isalnum((unsigned char) text[from + length]) || text[from + length] == '-')))
			continue;
		return i;
	}
	return -1;
}

static void
add_directive(WfDirectives *directives, WfDirective *directive, Effect effect)
{
	List	  **list = effect == IGNORE_FILE ? &directives->file :
	effect == IGNORE_BEGIN ? &directives->block : &directives->next;

	directive->for_file = effect == IGNORE_FILE;
	*list = lappend(*list, directive);
	directives->all = lappend(directives->all, directive);
}

static bool
followed_by_empty_line(const char *text, int pos)
{
	if (text[pos] == '\n')
		pos++;
	while (text[pos] == ' ' || text[pos] == '\t' || text[pos] == '\r')
		pos++;
	return text[pos] == '\n';
}

static WfDirective *
make_directive(const char *body, int offset, bool is_own, bool is_alias)
{
	WfDirective *directive = palloc0(sizeof(WfDirective));
	char	   *rest = pstrdup(body);

	directive->offset = offset;
	directive->is_own = is_own;
	directive->is_alias = is_alias;
	directive->reason = take_value(rest, "reason=");
	directive->until = take_value(rest, "until=");
	read_names(directive, rest);
	if (directive->fault)
		return directive;
	if (is_own && (directive->reason == NULL || directive->reason[0] == '\0'))
		directive->fault = pstrdup("it gives no reason");
	else if (directive->until && is_past(directive->until))
		directive->fault = psprintf("it has ended on %s", directive->until);
	return directive;
}

/* The value of key="value" or key=value, which is blanked out; or NULL. */
static char *
take_value(char *body, const char *key)
{
	char	   *start = strstr(body, key);
	char	   *value;
	char	   *end;

	if (start == NULL)
		return NULL;
	value = start + strlen(key);
	if (*value == '"')
	{
		value++;
		end = strchr(value, '"');
	}
	else
		end = value + strcspn(value, " \t,");
	if (end == NULL)
		end = value + strlen(value);
	value = pnstrdup(value, end - value);
	memset(start, ' ', Min(end + 1 - start, (int) strlen(start)));
	return value;
}

/* Names of rules, ours or another checker's, up to what is none. */
static void
read_names(WfDirective *directive, char *body)
{
	char	   *state = NULL;

	for (char *name = strtok_r(body, " \t\r\n,:", &state); name; name = strtok_r(NULL, " \t\r\n,:", &state))
	{
		List	   *rules = wf_directive_rules(name);

		if (rules == NIL)
		{
			/* An alias may go on in free text. */
			if (!directive->is_alias && (directive->is_own || directive->rules == NIL))
				directive->fault = psprintf("\"%s\" is no rule", name);
			return;
		}
		directive->rules = list_concat(directive->rules, rules);
	}
}

/* Has the day, written YYYY-MM-DD, passed? */
static bool
is_past(const char *day)
{
	int			year;
	int			month;
	int			mday;

	if (sscanf(day, "%4d-%2d-%2d", &year, &month, &mday) != 3)
		return true;
	return date2j(year, month, mday) - POSTGRES_EPOCH_JDATE < GetSQLCurrentDate();
}

static bool
covers(const WfDirective *directive, const WfFinding *finding)
{
	ListCell   *lc;

	if (directive->fault)
		return false;
	if (directive->rules == NIL)
		return true;
	foreach(lc, directive->rules)
	{
		if (strcmp(lfirst(lc), finding->rule->id) == 0)
			return true;
	}
	return false;
}

/* The findings of a statement, without those that a comment takes back. */
List *
wf_directives_apply(WfDirectives *directives, List *findings)
{
	List	   *lists[] = {directives->next, directives->block, directives->file};
	ListCell   *lc;

	for (int i = 0; i < lengthof(lists); i++)
	{
		ListCell   *lc2;

		foreach(lc2, lists[i])
		{
			WfDirective *directive = lfirst(lc2);

			foreach(lc, findings)
			{
				if (!covers(directive, lfirst(lc)))
					continue;
				directive->used = true;
				findings = foreach_delete_current(findings, lc);
			}
		}
	}
	return findings;
}

/* Those of a list that took nothing back; the list becomes empty. */
List *
wf_directives_take(List **directives)
{
	List	   *unused = NIL;
	ListCell   *lc;

	foreach(lc, *directives)
	{
		if (!((WfDirective *) lfirst(lc))->used)
			unused = lappend(unused, lfirst(lc));
	}
	*directives = NIL;
	return unused;
}

/* That a comment takes nothing back, and why. */
WfFinding *
wf_directive_finding(const WfDirective *directive, WfRuleCall *call)
{
	WfFinding  *finding = wf_finding_add(call, directive->fault ? "the comment takes nothing back: %s" :
										 "the comment takes nothing back%s",
										 directive->fault ? directive->fault :
										 directive->for_file ? " in the whole text" : ": there is no such finding");

	finding->location = 0;
	if (!directive->is_own)
		finding->severity = WF_SEVERITY_INFO;
	if (directive->reason)
		wf_finding_note_text(finding, "reason", directive->reason);
	finding->hint = pstrdup(!directive->fault ? "Leave the comment out." :
							directive->is_alias ? "Write reason=\"...\" and until=YYYY-MM-DD behind it." :
							"Write -- wishflags: ignore RULE reason=\"...\" until=YYYY-MM-DD.");
	return finding;
}
