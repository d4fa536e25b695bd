/*
 * rule_source.c: the statement as it was written, for safe ways.
 */
#include "common/compat.h"

#include "ddl/source.h"
#include "migration/finding.h"

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

/* A command of ALTER TABLE as it was written; NULL without a source. */
char *
wf_rule_command_text(WfRuleCall *call, int index)
{
	int			end = wf_rule_source_end(call);
	int			place = end > 0 ? wf_rule_command_place(call, index) : -1;

	/* A text that the scan is wrong about. */
	if (place < 0)
		return NULL;
	return wf_ddl_source_copy(call->source, place, wf_ddl_source_item_end(call->source, place, end));
}
