/*
 * log.c: rows of wishflags.guard_log, and their line in the server's log.
 *
 * What is let through is written in the transaction that it belongs to: if
 * that rolls back, nothing was let through.  What is refused is written apart
 * (log_apart.c), since the refusal itself ends the transaction.
 */
#include "common/compat.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/protect.h"
#include "common/write.h"
#include "guard/describe.h"
#include "guard/directives.h"
#include "guard/log.h"

/* So many bytes of the statement are kept. */
#define STATEMENT_KEPT 4000

/* The log may delay a command, not hold it up. */
#define LOCK_LIMIT "500ms"

static void insert_row(void *arg);
static void insert_values(const WfGuardLogRow *row);
static char *new_id(void);
static char *evidence_of(const WfGuardCommand *command, const WfGuardFinding *finding);
static char *clip(const char *text, int limit);

/* Fills the row from the command, the finding and the session. */
void
wf_guard_log_fill(WfGuardLogRow *row, const char *outcome,
				  const WfGuardCommand *command, const WfGuardFinding *finding)
{
	char	  **values = row->values;
	FullTransactionId xid = GetTopFullTransactionIdIfAny();

	memset(row, 0, sizeof(*row));
	values[WF_GUARD_LOG_ID] = new_id();
	values[WF_GUARD_LOG_OCCURRED_AT] = pstrdup(timestamptz_to_str(GetCurrentTimestamp()));
	values[WF_GUARD_LOG_OUTCOME] = pstrdup(outcome);
	values[WF_GUARD_LOG_RULE] = pstrdup(finding->rule);
	values[WF_GUARD_LOG_OBJECT] = pstrdup(finding->object);
	values[WF_GUARD_LOG_COMMAND] = pstrdup(command->tag);
	values[WF_GUARD_LOG_MESSAGE] = pstrdup(finding->message);
	values[WF_GUARD_LOG_ACTING_ROLE] = wf_common_role_name(GetUserId());
	values[WF_GUARD_LOG_OUTER_ROLE] = wf_common_role_name(GetOuterUserId());
	values[WF_GUARD_LOG_LOGIN_ROLE] = wf_common_role_name(GetSessionUserId());
	values[WF_GUARD_LOG_PID] = psprintf("%d", MyProcPid);
	values[WF_GUARD_LOG_EVIDENCE] = evidence_of(command, finding);
	/* Of several statements only the one: the others may hold a password. */
	if (finding->statement || debug_query_string)
		values[WF_GUARD_LOG_STATEMENT] =
			clip(finding->statement ? finding->statement : debug_query_string, STATEMENT_KEPT);
	if (finding->allowed || wf_guard_bypass)
		values[WF_GUARD_LOG_REASON] = pstrdup(finding->allowed ? finding->allowed : wf_guard_bypass);
	if (application_name && application_name[0])
		values[WF_GUARD_LOG_APPLICATION] = pstrdup(application_name);
	if (FullTransactionIdIsValid(xid))
		values[WF_GUARD_LOG_TXID] = psprintf(UINT64_FORMAT, U64FromFullTransactionId(xid));
}

/* One line in the server's log, whatever becomes of the row. */
void
wf_guard_log_line(const WfGuardLogRow *row)
{
	char	   *const *values = row->values;

	ereport(LOG,
			(errmsg("wishflags guard: outcome=%s rule=%s object=%s command=\"%s\" role=%s login=%s%s%s%s",
					values[WF_GUARD_LOG_OUTCOME], values[WF_GUARD_LOG_RULE],
					values[WF_GUARD_LOG_OBJECT], values[WF_GUARD_LOG_COMMAND],
					quote_identifier(values[WF_GUARD_LOG_ACTING_ROLE]),
					quote_identifier(values[WF_GUARD_LOG_LOGIN_ROLE]),
					values[WF_GUARD_LOG_REASON] ? " reason=\"" : "",
					values[WF_GUARD_LOG_REASON] ? values[WF_GUARD_LOG_REASON] : "",
					values[WF_GUARD_LOG_REASON] ? "\"" : ""),
			 errhidecontext(true)));
}

/*
 * Writes the row in the current transaction.  A failure is warned of and
 * counted, and costs nothing but the row: the log never decides about the
 * command.
 */
bool
wf_guard_log_write(const WfGuardLogRow *row)
{
	ErrorData  *error = wf_guard_log_try(row);

	if (error == NULL)
		return true;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the guard could not write its log row"),
			 errdetail("%s", error->message)));
	wf_guard_log_lost(row, WF_GUARD_LOSS_ERROR);
	return false;
}

/* The error that writing the row raised, and that undid it; or NULL. */
ErrorData *
wf_guard_log_try(const WfGuardLogRow *row)
{
	return wf_common_try(insert_row, unconstify(WfGuardLogRow *, row));
}

static void
insert_row(void *arg)
{
	WfWrite		write;

	/* VACUUM is allowed in a read-only transaction; its row is, too. */
	XactReadOnly = false;
	wf_common_write_begin(&write, wf_common_relation_oid("guard_log"));
	(void) set_config_option("lock_timeout", LOCK_LIMIT, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	insert_values(arg);
	wf_common_write_end(&write);
}

/* A row that a worker's predecessor has written already is left as it is. */
static void
insert_values(const WfGuardLogRow *row)
{
	static const char *const insert =
	"INSERT INTO wishflags.guard_log (id, occurred_at, outcome, rule, object, command_tag, statement, message, reason,"
	" acting_role, outer_role, login_role, txid, application_name, backend_pid, evidence)"
	" VALUES ($1::pg_catalog.uuid, $2::pg_catalog.timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
	" $13::pg_catalog.xid8, $14, $15::pg_catalog.int4, $16::pg_catalog.jsonb)"
	" ON CONFLICT (id) DO NOTHING";
	Oid			types[WF_GUARD_LOG_COLUMNS];
	Datum		values[WF_GUARD_LOG_COLUMNS];
	char		nulls[WF_GUARD_LOG_COLUMNS];
	int			result;

	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
	{
		types[i] = TEXTOID;
		nulls[i] = row->values[i] ? ' ' : 'n';
		values[i] = row->values[i] ? CStringGetTextDatum(row->values[i]) : (Datum) 0;
	}
	SPI_connect();
	result = SPI_execute_with_args(insert, WF_GUARD_LOG_COLUMNS, types, values, nulls, false, 0);
	if (result != SPI_OK_INSERT)
		elog(ERROR, "could not insert into guard_log: %s", SPI_result_code_string(result));
	SPI_finish();
}

/* Given here and not by the table, so that a second attempt is known as such. */
static char *
new_id(void)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, DirectFunctionCall1(gen_random_uuid, (Datum) 0)));
}

/*
 * What the client was told besides the message, the migration tool at work, and
 * what comments of the statement say to checkers, as a JSON object.
 */
static char *
evidence_of(const WfGuardCommand *command, const WfGuardFinding *finding)
{
	char	   *directives = wf_guard_directives(command);
	const char *tool = wf_guard_tool_name();
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "{\"detail\": ");
	escape_json(&buf, finding->detail);
	appendStringInfoString(&buf, ", \"hint\": ");
	escape_json(&buf, finding->hint);
	if (tool)
		appendStringInfo(&buf, ", \"tool\": \"%s\"", tool);
	if (directives)
		appendStringInfo(&buf, ", \"directives\": %s", directives);
	appendStringInfoChar(&buf, '}');
	return buf.data;
}

/* The first bytes of text, cut between characters. */
static char *
clip(const char *text, int limit)
{
	int			length = strlen(text);

	if (length <= limit)
		return pstrdup(text);
	return pnstrdup(text, pg_mbcliplen(text, length, limit));
}
