/*
 * rule_source.c: the statement as it was written, for safe ways.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "ddl/source.h"
#include "migration/finding.h"

static char *commands_text(WfRuleCall *call, bool (*passes) (WfRuleCall *call, int index));
static bool is_other(WfRuleCall *call, int index);
static bool is_before(WfRuleCall *call, int index);

/*
 * Where the last token of the statement ends in the source, so that something
 * can be appended that no trailing comment swallows; 0 without a source.
 */
int
wf_rule_source_end(WfRuleCall *call)
{
	int			limit;
	int			end = call->location;
	int			pos = call->location;

	if (call->source == NULL)
		return 0;
	limit = call->location + (call->length > 0 ? call->length :
							  (int) strlen(call->source + call->location));
	while ((pos = wf_ddl_source_skip_space(call->source, pos, limit)) < limit)
		end = pos = wf_ddl_source_skip_token(call->source, pos, limit);
	return end;
}

/* The statement's own text without its semicolon; NULL without a source. */
char *
wf_rule_statement_text(WfRuleCall *call)
{
	if (call->source == NULL)
		return NULL;
	return wf_ddl_source_copy(call->source, call->location, wf_rule_source_end(call));
}

/*
 * Those of the commands of ALTER TABLE that a test lets pass, as they were written;
 * NULL without a source.
 */
static char *
commands_text(WfRuleCall *call, bool (*passes) (WfRuleCall *call, int index))
{
	int			end = wf_rule_source_end(call);
	int			count = list_length(((AlterTableStmt *) call->statement)->cmds);
	StringInfoData text;

	if (end == 0)
		return NULL;
	initStringInfo(&text);
	for (int i = 0; i < count; i++)
	{
		int			from = passes(call, i) ? wf_ddl_source_alter_command(call->source, call->location, end, i) : -1;

		if (from >= 0)
			appendStringInfo(&text, "%s%s", text.len ? ", " : "",
							 wf_ddl_source_copy(call->source, from, wf_ddl_source_item_end(call->source, from, end)));
	}
	return text.data;
}

static bool
is_other(WfRuleCall *call, int index)
{
	return index != call->command_index;
}

/* Of another kind, and written first: it may make what this one is about, or make room for it. */
static bool
is_before(WfRuleCall *call, int index)
{
	AlterTableCmd *command = list_nth_node(AlterTableCmd, ((AlterTableStmt *) call->statement)->cmds, index);

	return index < call->command_index && command->subtype != call->command->subtype;
}

/* The other commands of the ALTER TABLE; NULL without a source. */
char *
wf_rule_other_commands(WfRuleCall *call)
{
	return commands_text(call, is_other);
}

/*
 * A part of safe_sql: an ALTER TABLE of the commands before the present one that
 * it may need; empty where there are none.
 */
char *
wf_rule_commands_before(WfRuleCall *call)
{
	char	   *commands = commands_text(call, is_before);

	return commands && *commands ?
		psprintf("ALTER TABLE %s %s;\n", wf_rule_relation_name(call, ((AlterTableStmt *) call->statement)->relation), commands) :
		pstrdup("");
}
