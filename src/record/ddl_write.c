/*
 * ddl_write.c: writing the rows of wishflags.ddl_log, at the commit.
 *
 * The rows are part of the transaction that did the DDL: if that does not
 * commit, nothing was done.  A failure is warned of, and the commit goes on.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/protect.h"
#include "common/write.h"
#include "record/ddl_log.h"

/* Columns besides those of WfDdlText, which come first. */
enum
{
	COLUMN_BEGAN = WF_DDL_TEXTS,
	COLUMN_MILLISECONDS,
	COLUMN_CLASS,
	COLUMN_OBJECT,
	COLUMN_SUBOBJECT,
	COLUMN_RELATION,
	COLUMN_REWROTE,
	COLUMN_RESTORED,
	COLUMN_ORDINAL,
	COLUMN_PID,
	COLUMN_LEDGER,
	COLUMNS
};

static const char insert_sql[] =
"INSERT INTO wishflags.ddl_log (command_tag, object_type, object, before, after, statement, acting_role, outer_role,"
" login_role, application_name, migration, lock_mode, occurred_at, milliseconds, classid, objid, objsubid, relid,"
" rewrote, restored, ordinal, backend_pid, ledger, client_addr, txid)"
" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,"
" pg_catalog.inet_client_addr(), pg_catalog.pg_current_xact_id())";

typedef struct Writing
{
	List	   *rows;			/* of WfDdlRow */
	Oid			table;
	char	   *migration;		/* NULL: no ledger tells of one */
	const char *tool;
} Writing;

static void write_rows(void *arg);
static SPIPlanPtr insert_plan(void);
static void insert_row(SPIPlanPtr plan, const Writing *writing, const WfDdlRow *row, int ordinal);

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
	(void) wf_common_protect(write_rows, &writing, "the DDL log could not be written");
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

static void
write_rows(void *arg)
{
	Writing    *writing = arg;
	SPIPlanPtr	plan;
	WfWrite		write;
	int			ordinal = 0;
	ListCell   *lc;

	PushActiveSnapshot(GetTransactionSnapshot());
	writing->migration = wf_record_ledger_migration(&writing->tool);
	wf_common_write_begin(&write, writing->table);
	/* The log may delay a commit, not hold it up. */
	(void) set_config_option("lock_timeout", "1s", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	plan = insert_plan();
	foreach(lc, writing->rows)
	{
		CHECK_FOR_INTERRUPTS();
		insert_row(plan, writing, lfirst(lc), ++ordinal);
	}
	SPI_finish();
	wf_common_write_end(&write);
	PopActiveSnapshot();
}

/* Made once a session; the server keeps it up to date. */
static SPIPlanPtr
insert_plan(void)
{
	static SPIPlanPtr kept = NULL;
	Oid			types[COLUMNS] = {
		[COLUMN_BEGAN] = TIMESTAMPTZOID,[COLUMN_MILLISECONDS] = FLOAT8OID,[COLUMN_CLASS] = OIDOID,
		[COLUMN_OBJECT] = OIDOID,[COLUMN_SUBOBJECT] = INT4OID,[COLUMN_RELATION] = OIDOID,
		[COLUMN_REWROTE] = BOOLOID,[COLUMN_RESTORED] = BOOLOID,[COLUMN_ORDINAL] = INT4OID,
		[COLUMN_PID] = INT4OID,[COLUMN_LEDGER] = TEXTOID,
	};
	SPIPlanPtr	plan;

	if (kept)
		return kept;
	for (int i = 0; i < WF_DDL_TEXTS; i++)
		types[i] = TEXTOID;
	plan = SPI_prepare(insert_sql, COLUMNS, types);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare an INSERT into ddl_log: %s", SPI_result_code_string(SPI_result));
	kept = plan;
	return kept;
}

static void
insert_row(SPIPlanPtr plan, const Writing *writing, const WfDdlRow *row, int ordinal)
{
	Datum		values[COLUMNS];
	char		nulls[COLUMNS];
	const char *migration = row->texts[WF_DDL_MIGRATION];
	const char *ledger = NULL;
	int			result;

	if (migration == NULL)
	{
		migration = writing->migration;
		ledger = writing->tool;
	}
	memset(nulls, ' ', sizeof(nulls));
	for (int i = 0; i < WF_DDL_TEXTS; i++)
	{
		const char *text = i == WF_DDL_MIGRATION ? migration : row->texts[i];

		nulls[i] = text ? ' ' : 'n';
		values[i] = text ? CStringGetTextDatum(text) : (Datum) 0;
	}
	values[COLUMN_BEGAN] = TimestampTzGetDatum(row->began);
	values[COLUMN_MILLISECONDS] = Float8GetDatum(row->milliseconds);
	values[COLUMN_CLASS] = ObjectIdGetDatum(row->address.classId);
	values[COLUMN_OBJECT] = ObjectIdGetDatum(row->address.objectId);
	values[COLUMN_SUBOBJECT] = Int32GetDatum(row->address.objectSubId);
	values[COLUMN_RELATION] = ObjectIdGetDatum(row->relid);
	values[COLUMN_REWROTE] = BoolGetDatum(row->rewrote);
	values[COLUMN_RESTORED] = BoolGetDatum(row->restored);
	values[COLUMN_ORDINAL] = Int32GetDatum(ordinal);
	values[COLUMN_PID] = Int32GetDatum(MyProcPid);
	nulls[COLUMN_LEDGER] = ledger ? ' ' : 'n';
	values[COLUMN_LEDGER] = ledger ? CStringGetTextDatum(ledger) : (Datum) 0;
	if (!OidIsValid(row->address.objectId))
		nulls[COLUMN_CLASS] = nulls[COLUMN_OBJECT] = nulls[COLUMN_SUBOBJECT] = 'n';
	if (!OidIsValid(row->relid))
		nulls[COLUMN_RELATION] = 'n';
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	if (result != SPI_OK_INSERT)
		elog(ERROR, "could not insert into ddl_log: %s", SPI_result_code_string(result));
}
