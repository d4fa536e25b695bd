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
static char *alter_table(WfRuleCall *call, const char *commands);

/*
 * Where the last token of the statement ends in the source, so that something
 * can be appended that no trailing comment swallows; 0 without a source.
 */
int
wf_rule_source_end(WfRuleCall *call)
{
	int			limit;

	if (call->source == NULL || call->source_end > 0)
		return call->source_end;
	limit = call->location + (call->length > 0 ? call->length :
							  (int) strlen(call->source + call->location));
	call->source_end = wf_ddl_source_last_end(call->source, call->location, limit);
	return call->source_end;
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
 * Where the command of this index in ALTER TABLE begins in the source; -1 where
 * that is not found, or there is none.  All are looked for at once: a table may
 * be altered by thousands.
 */
int
wf_rule_command_place(WfRuleCall *call, int index)
{
	int			count = list_length(((AlterTableStmt *) call->statement)->cmds);
	int			end;
	int			place;

	if (call->source == NULL)
		return -1;
	if (call->command_places == NULL)
	{
		end = wf_rule_source_end(call);
		place = wf_ddl_source_alter_commands(call->source, call->location, end);
		call->command_places = palloc(count * sizeof(int));
		for (int i = 0; i < count; i++)
		{
			call->command_places[i] = place;
			if (place >= 0 && i < count - 1)
				place = wf_ddl_source_next_item(call->source, place, end);
		}
	}
	return call->command_places[index];
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
		int			place = wf_rule_command_place(call, i);

		/* A text that the scan is wrong about. */
		if (place < 0)
			return NULL;
		if (passes(call, i))
			appendStringInfo(&text, "%s%s", text.len ? ", " : "",
							 wf_ddl_source_copy(call->source, place, wf_ddl_source_item_end(call->source, place, end)));
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

/* An ALTER TABLE of the commands, on what the present one is on; empty where there are none. */
static char *
alter_table(WfRuleCall *call, const char *commands)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;

	if (*commands == '\0')
		return pstrdup("");
	return psprintf("ALTER TABLE %s%s%s %s;\n", stmt->missing_ok ? "IF EXISTS " : "", stmt->relation->inh ? "" : "ONLY ",
					wf_rule_relation_name(call, stmt->relation), commands);
}

/* A part of safe_sql: an ALTER TABLE of the commands but the present one; NULL without a source. */
char *
wf_rule_other_commands(WfRuleCall *call)
{
	char	   *commands = commands_text(call, is_other);

	return commands ? alter_table(call, commands) : NULL;
}

/* The same of the commands before the present one that it may need; empty without a source. */
char *
wf_rule_commands_before(WfRuleCall *call)
{
	char	   *commands = commands_text(call, is_before);

	return alter_table(call, commands ? commands : "");
}
