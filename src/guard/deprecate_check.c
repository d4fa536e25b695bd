/*
 * deprecate_check.c: what a text would drop or rename too early.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "common/row.h"
#include "ddl/statement.h"
#include "guard/deprecate.h"

#define COLUMNS 11

PG_FUNCTION_INFO_V1(wf_guard_check_deprecated);

static void put_finding(ReturnSetInfo *result, WfReader *reader, const WfStatement *statement,
						const WfGuardFinding *finding);

/*
 * guard_check_deprecated(sql text) -> setof (statement, line, col, rule, severity,
 * kind, object, message, hint, action, policy)
 *
 * Names mean what they mean now, not what the text will have made of them; what
 * else goes by CASCADE is not looked for.  What does not parse is passed over.
 */
Datum
wf_guard_check_deprecated(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *sql = PG_GETARG_TEXT_PP(0);
	WfReader   *reader = wf_ddl_reader_begin(VARDATA_ANY(sql), VARSIZE_ANY_EXHDR(sql));
	int			nest_level = NewGUCNestLevel();
	WfStatement statement;
	ListCell   *lc;

	wf_init_materialized_srf(fcinfo);
	/* The scanner tells of names it cuts and of old string escapes. */
	(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	while (wf_ddl_reader_next(reader, &statement))
	{
		WfGuardCommand command = {.tree = statement.node, .place = WF_GUARD_PLACE_ALONE, .planned = statement.source};

		if (statement.kind != WF_STATEMENT_SQL)
			continue;
		command.tag = CreateCommandName(statement.node);
		foreach(lc, wf_guard_judge_deprecated(&command))
			put_finding(result, reader, &statement, lfirst(lc));
	}
	AtEOXact_GUC(false, nest_level);
	return (Datum) 0;
}

static void
put_finding(ReturnSetInfo *result, WfReader *reader, const WfStatement *statement, const WfGuardFinding *finding)
{
	int			rule = wf_migration_rule_index(finding->rule);
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {0};
	int			line;
	int			col;

	wf_ddl_reader_position(reader, statement->offset, 0, &line, &col);
	values[0] = Int32GetDatum(statement->number);
	values[1] = Int32GetDatum(line);
	values[2] = Int32GetDatum(col);
	wf_row_put_text(values, nulls, 3, finding->rule);
	wf_row_put_text(values, nulls, 4, wf_migration_severity_name(wf_migration_rules[rule].severity));
	wf_row_put_text(values, nulls, 5, wf_migration_kind_name(wf_migration_rules[rule].kind));
	wf_row_put_text(values, nulls, 6, finding->object);
	wf_row_put_text(values, nulls, 7, finding->message);
	wf_row_put_text(values, nulls, 8, finding->hint);
	wf_row_put_text(values, nulls, 9, finding->action == WF_ACTION_BLOCK && finding->allowed ? "allowed" :
					wf_migration_action_name(finding->action));
	wf_row_put_text(values, nulls, 10, finding->policy);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}
