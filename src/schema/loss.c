/*
 * loss.c: what a change loses for good, and saying so.
 *
 * Data are the rows of tables, the values of columns, the positions of
 * sequences and the values of enums that go.  What a materialized view, a
 * generated column or an index holds comes back by itself, and a table that
 * becomes unlogged keeps its rows.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "schema/ddl.h"
#include "schema/rename.h"

static char *joined(List *list);

/* Notes that data go: "the rows of table" public.t. */
void
wf_schema_ddl_loses(WfDdl *ddl, const char *what, const char *identity)
{
	ddl->loses_data = true;
	wf_schema_ddl_forgets(ddl, what, identity);
}

/* Notes what no data is, but does not come back either. */
void
wf_schema_ddl_forgets(WfDdl *ddl, const char *what, const char *identity)
{
	ddl->lost = lappend(ddl->lost, psprintf("%s %s", what, identity ? identity : ""));
}

/* The values of an enum that the other one does not have. */
void
wf_schema_ddl_loses_values(WfDdl *ddl, WfObject *from, WfObject *to)
{
	List	   *wanted = wf_schema_list(wf_schema_value(to, "values"));
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(from, "values")))
	{
		if (!wf_common_list_has(wanted, lfirst(lc)))
			wf_schema_ddl_loses(ddl, psprintf("value %s of enum", quote_literal_cstr(lfirst(lc))), from->identity);
	}
}

/* A comment line, or nothing. */
char *
wf_schema_loss_comment(List *lost)
{
	char	   *text;

	if (!lost)
		return pstrdup("");
	text = joined(lost);
	/* Names may have line breaks, and what stands behind one would be run. */
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return psprintf("-- Not brought back: %s.\n", text);
}

static char *
joined(List *list)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, list)
		appendStringInfo(&text, "%s%s", text.len ? ", " : "", (char *) lfirst(lc));
	return text.data;
}

/*
 * Raises an error that lists all data that the plan loses, if any, with the
 * renames that may be meant instead.
 */
void
wf_schema_refuse_loss(WfPlan *plan)
{
	List	   *lost = NIL;
	StringInfoData renames;
	ListCell   *lc;

	initStringInfo(&renames);
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (!action->loses_data)
			continue;
		lost = list_concat(lost, action->lost);
		if (!action->from->likely)
			continue;
		if (renames.len)
			appendStringInfoString(&renames, ", ");
		escape_json(&renames, wf_schema_hint_key(action->from));
		appendStringInfoString(&renames, ": ");
		escape_json(&renames, wf_schema_own_name(action->from->likely));
	}
	if (!lost)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the script would lose data"),
			 errdetail("It loses %s.", joined(lost)),
			 renames.len
			 ? errhint("If something only gets another name, add the option: '{\"renames\": {%s}}'. If the loss is meant, add: '{\"allow_data_loss\": true}'.",
					   renames.data)
			 : errhint("If that is meant, add the option: '{\"allow_data_loss\": true}'.")));
}
