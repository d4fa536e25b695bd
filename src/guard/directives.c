/*
 * directives.c: comments in executed text that speak to the migration check.
 *
 * The guard does not obey them: a comment is no permission.  But whoever reads
 * the log sees that somebody had thought of the rule, and why.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/json.h"

#include "ddl/source.h"
#include "guard/directives.h"
#include "guard/source.h"
#include "migration/directive.h"

static void append_directive(StringInfo buf, const WfDirective *directive);
static void append_text(StringInfo buf, const char *key, const char *value);

/*
 * The comments in front of the command as a JSON array of objects with the
 * rules, the reason and the last day; NULL where there are none, or where no
 * text of the command is at hand.
 */
char *
wf_guard_directives(const WfGuardCommand *command)
{
	WfDirectives directives = {.context = CurrentMemoryContext};
	WfGuardSource source;
	StringInfoData buf;
	ListCell   *lc;
	int			start;

	if (command->tree == NULL || !wf_guard_find_source(command->tree, &source))
		return NULL;
	start = wf_ddl_source_skip_space(source.text, source.location, source.location + source.length);
	wf_directives_read(&directives, source.text, source.location, start);
	if (directives.all == NIL)
		return NULL;
	initStringInfo(&buf);
	foreach(lc, directives.all)
	{
		appendStringInfoString(&buf, lc == list_head(directives.all) ? "[" : ", ");
		append_directive(&buf, lfirst(lc));
	}
	appendStringInfoChar(&buf, ']');
	return buf.data;
}

static void
append_directive(StringInfo buf, const WfDirective *directive)
{
	ListCell   *lc;

	appendStringInfoString(buf, "{\"rules\": [");
	foreach(lc, directive->rules)
	{
		if (lc != list_head(directive->rules))
			appendStringInfoString(buf, ", ");
		escape_json(buf, lfirst(lc));
	}
	appendStringInfoChar(buf, ']');
	append_text(buf, "reason", directive->reason);
	append_text(buf, "until", directive->until);
	append_text(buf, "fault", directive->fault);
	appendStringInfoChar(buf, '}');
}

static void
append_text(StringInfo buf, const char *key, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(buf, ", \"%s\": ", key);
	escape_json(buf, value);
}
