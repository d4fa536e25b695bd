/*
 * ddl_write.c: writing the rows of wishflags.ddl_log, at the commit.
 *
 * The rows are part of the transaction that did the DDL: if that does not
 * commit, nothing was done.  A failure is warned of, and the commit goes on.
 * No query is run, so that nobody needs a right on the table.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "common/append.h"
#include "common/extension.h"
#include "common/protect.h"
#include "common/uuid.h"
#include "record/ddl_log.h"
#include "record/definition.h"

/* The columns of ddl_log, in their order. */
enum
{
	COLUMN_ID,
	COLUMN_BEGAN,
	COLUMN_ORDINAL,
	COLUMN_TEXTS,				/* those of WfDdlText up to the application's
								 * name */
	COLUMN_CLIENT = COLUMN_TEXTS + WF_DDL_LOCK,
	COLUMN_PID,
	COLUMN_TRANSACTION,
	COLUMN_MILLISECONDS,
	COLUMN_LOCK,
	COLUMN_REWROTE,
	COLUMN_RESTORED,
	COLUMN_CLASS,
	COLUMN_OBJECT,
	COLUMN_SUBOBJECT,
	COLUMN_RELATION,
	COLUMNS
};

typedef struct Writing
{
	List	   *rows;			/* of WfDdlRow */
	Oid			table;
} Writing;

static void read_definitions(List *rows);
static void read_unread(void *arg);
static void write_rows(void *arg);
static void lock_log(Oid table);
static Datum client_address(bool *null);
static void fill_row(const WfDdlRow *row, Datum *values, bool *nulls);
static void fill_text(const char *text, Datum *value, bool *null);

/* Writes the rows, a List of WfDdlRow, in the current transaction. */
void
wf_record_ddl_write(List *rows)
{
	Writing		writing = {.rows = rows, .table = wf_common_relation_oid("ddl_log")};
	MemoryContext context;
	MemoryContext old;

	/* The extension may just have been dropped. */
	if (!OidIsValid(writing.table))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "wishflags DDL log rows", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	read_definitions(rows);
	(void) wf_common_protect(write_rows, &writing, "the DDL log could not be written");
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Those that are to be read at the commit; where that fails, what was read by then stays. */
static void
read_definitions(List *rows)
{
	WfAttempt	attempt = {.undo = true};
	bool		some = false;
	ListCell   *lc;

	foreach(lc, rows)
		some |= ((WfDdlRow *) lfirst(lc))->unread;
	if (some && !wf_common_attempt(&attempt, read_unread, rows))
		ereport(WARNING,
				(errcode(attempt.error->sqlerrcode),
				 errmsg("the DDL log could not read all definitions"),
				 errdetail("%s", attempt.error->message)));
}

static void
read_unread(void *arg)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "wishflags definition", ALLOCSET_DEFAULT_SIZES);
	ListCell   *lc;

	PushActiveSnapshot(GetTransactionSnapshot());
	foreach(lc, (List *) arg)
	{
		WfDdlRow   *row = lfirst(lc);
		MemoryContext old;
		char	   *definition;

		CHECK_FOR_INTERRUPTS();
		if (!row->unread)
			continue;
		old = MemoryContextSwitchTo(scratch);
		definition = wf_record_definition(&row->address);
		MemoryContextSwitchTo(old);
		if (definition)
			row->texts[WF_DDL_AFTER] = wf_record_clip(definition, WF_RECORD_DEFINITION_KEPT);
		MemoryContextReset(scratch);
	}
	PopActiveSnapshot();
}

static void
write_rows(void *arg)
{
	Writing    *writing = arg;
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS];
	const char *tool = NULL;
	char	   *migration;
	WfAppend	append;
	int			ordinal = 0;
	ListCell   *lc;

	memset(nulls, false, sizeof(nulls));
	PushActiveSnapshot(GetTransactionSnapshot());
	migration = wf_record_ledger_migration(&tool);
	lock_log(writing->table);
	wf_common_append_begin(&append, writing->table, COLUMNS);
	values[COLUMN_CLIENT] = client_address(&nulls[COLUMN_CLIENT]);
	values[COLUMN_PID] = Int32GetDatum(MyProcPid);
	values[COLUMN_TRANSACTION] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	foreach(lc, writing->rows)
	{
		WfDdlRow   *row = lfirst(lc);
		MemoryContext old = MemoryContextSwitchTo(append.row_context);

		CHECK_FOR_INTERRUPTS();
		if (row->texts[WF_DDL_MIGRATION] == NULL && migration)
		{
			row->texts[WF_DDL_MIGRATION] = migration;
			row->texts[WF_DDL_LEDGER] = unconstify(char *, tool);
		}
		values[COLUMN_ORDINAL] = Int32GetDatum(++ordinal);
		fill_row(row, values, nulls);
		MemoryContextSwitchTo(old);
		wf_common_append_row(&append, values, nulls);
	}
	wf_common_append_end(&append);
	PopActiveSnapshot();
}

/* The log may delay a commit, not hold it up. */
static void
lock_log(Oid table)
{
	int			level;

	if (ConditionalLockRelationOid(table, RowExclusiveLock))
		return;
	level = NewGUCNestLevel();
	(void) set_config_option("lock_timeout", "1s", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	LockRelationOid(table, RowExclusiveLock);
	AtEOXact_GUC(false, level);
}

/* NULL through a socket of the machine. */
static Datum
client_address(bool *null)
{
	LOCAL_FCINFO(fcinfo, 0);
	Datum		address;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	*null = fcinfo->isnull;
	return address;
}

/* What the rows of a transaction do not share. */
static void
fill_row(const WfDdlRow *row, Datum *values, bool *nulls)
{
	values[COLUMN_ID] = UUIDPGetDatum(wf_common_uuid_in_order());
	values[COLUMN_BEGAN] = TimestampTzGetDatum(row->began);
	for (int i = 0; i < WF_DDL_LOCK; i++)
		fill_text(row->texts[i], &values[COLUMN_TEXTS + i], &nulls[COLUMN_TEXTS + i]);
	fill_text(row->texts[WF_DDL_LOCK], &values[COLUMN_LOCK], &nulls[COLUMN_LOCK]);
	values[COLUMN_MILLISECONDS] = Float8GetDatum(row->milliseconds);
	values[COLUMN_REWROTE] = BoolGetDatum(row->rewrote);
	values[COLUMN_RESTORED] = BoolGetDatum(row->restored);
	values[COLUMN_CLASS] = ObjectIdGetDatum(row->address.classId);
	values[COLUMN_OBJECT] = ObjectIdGetDatum(row->address.objectId);
	values[COLUMN_SUBOBJECT] = Int32GetDatum(row->address.objectSubId);
	nulls[COLUMN_CLASS] = nulls[COLUMN_OBJECT] = nulls[COLUMN_SUBOBJECT] = !OidIsValid(row->address.objectId);
	values[COLUMN_RELATION] = ObjectIdGetDatum(row->relid);
	nulls[COLUMN_RELATION] = !OidIsValid(row->relid);
}

static void
fill_text(const char *text, Datum *value, bool *null)
{
	*null = text == NULL;
	*value = text ? CStringGetTextDatum(text) : (Datum) 0;
}
