/*
 * history.c: who changed what when, of flags, overrides, segments, documents and
 * experiments.
 *
 * A change is a row of flag_audit, written in its transaction as the table's
 * owner.  The rows of a flag (its overrides among them), of a segment, document or
 * experiment are a chain: each has the SHA-256 of its values with the hash before it, so that
 * what was written cannot be changed or taken out unnoticed.  Chains of
 * different flags have nothing in common: their editors never wait for each
 * other.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/reason.h"
#include "common/write.h"
#include "flags/experiment.h"
#include "flags/flags.h"
#include "flags/history.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_flag_audit_note);
PG_FUNCTION_INFO_V1(wf_flag_audit_refuse);

/* A table whose changes are noted. */
typedef struct AuditedTable
{
	const char *name;
	const char *kind;			/* of its chains */
	int			key;			/* column of the chain's key */
	int			override_key;	/* column; 0: the rows are the chain's own */
	int			version;		/* column; 0: there is none */
	int			created_at;
} AuditedTable;

static const AuditedTable audited[] = {
	{WF_FLAGS_TABLE, "flag", Anum_wf_flags_key, 0, Anum_wf_flags_version, Anum_wf_flags_created_at},
	{WF_OVERRIDES_TABLE, "flag", Anum_wf_overrides_flag, Anum_wf_overrides_key, 0, Anum_wf_overrides_created_at},
	{WF_SEGMENTS_TABLE, "segment", Anum_wf_segments_key, 0, Anum_wf_segments_version, Anum_wf_segments_created_at},
	{WF_DOCUMENTS_TABLE, "document", Anum_wf_documents_name, 0, Anum_wf_documents_version, Anum_wf_documents_created_at},
	{WF_EXPERIMENTS_TABLE, "experiment", Anum_wf_experiments_key, 0, 0, Anum_wf_experiments_created_at},
};

/* Parameters of the INSERT. */
enum
{
	PARAM_KIND,
	PARAM_KEY,
	PARAM_ACTION,
	PARAM_OVERRIDE_KEY,
	PARAM_VERSION,
	PARAM_BEFORE,
	PARAM_AFTER,
	PARAM_REASON,
	PARAM_ACTING_ROLE,
	PARAM_OUTER_ROLE,
	PARAM_LOGIN_ROLE,
	PARAM_APPLICATION_NAME,
	PARAMS
};

/*
 * $1 to $12 are the parameters; before and after are rows of the audited table.
 * An override that is set to what it was changes nothing.
 */
static const char insert_sql[] =
"WITH last AS (SELECT a.ordinal, a.hash FROM wishflags.flag_audit a WHERE a.kind = $1 AND a.key = $2 ORDER BY a.ordinal DESC LIMIT 1),"
" row AS (SELECT to_jsonb($6) AS before, to_jsonb($7) AS after),"
" entry AS MATERIALIZED (SELECT ROW($1, $2, COALESCE((SELECT ordinal FROM last), 0) + 1, clock_timestamp(), $3, $4, $5, row.before, row.after,"
"  ARRAY(SELECT n.key FROM jsonb_each(COALESCE(row.after, row.before)) n WHERE n.key NOT IN ('version', 'created_at', 'updated_at', 'created_by', 'updated_by')"
"   AND CASE WHEN row.before IS NULL OR row.after IS NULL THEN n.value <> 'null' ELSE n.value IS DISTINCT FROM row.before -> n.key END"
"   ORDER BY n.key COLLATE \"C\"),"
"  $8, $9, $10, $11, $12, inet_client_addr(), pg_current_xact_id(), '')::wishflags.flag_audit AS e"
"  FROM row WHERE row.before IS DISTINCT FROM row.after)"
" INSERT INTO wishflags.flag_audit SELECT (e).kind, (e).key, (e).ordinal, (e).occurred_at, (e).action, (e).override_key, (e).version,"
" (e).before, (e).after, (e).changed, (e).reason, (e).acting_role, (e).outer_role, (e).login_role, (e).application_name,"
" (e).client_addr, (e).txid, wishflags.audit_hash((SELECT hash FROM last), e) FROM entry";

/* A chain that the transaction has added to. */
typedef struct Chain
{
	char	   *kind;
	char	   *key;
	SubTransactionId within;	/* where it was added to first */
} Chain;

static List *chains = NIL;		/* of Chain, in TopTransactionContext */
static bool require_reason = false;

static const AuditedTable *audited_table(FunctionCallInfo fcinfo);
static void note_row(const AuditedTable *table, Relation rel, HeapTuple before, HeapTuple after);
static const char *given_reason(void);
static void fill_author(Datum *values, char *nulls);
static void note_all_rows(const AuditedTable *table, Relation rel);
static void demand_reason(const char *kind, const char *key);
static void lock_chain(const char *kind, const char *key);
static void remember_chain(const char *kind, const char *key);
static SPIPlanPtr insert_plan(const AuditedTable *table, Oid row_type);
static void on_transaction(XactEvent event, void *arg);
static void on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg);
static SPIPlanPtr head_plan(void);
static void tell_heads(void);

void
wf_flags_history_init(void)
{
	DefineCustomBoolVariable("wishflags.require_reason",
							 "Whether a change of flags, overrides, segments or documents needs a reason.",
							 "The reason is the value of wishflags.reason.",
							 &require_reason, false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
}

/*
 * flag_audit_note(), AFTER INSERT, UPDATE or DELETE by row on the audited
 * tables, and BEFORE TRUNCATE by statement.  A row that brings its time of
 * creation is a restored one: its history is restored beside it.
 */
Datum
wf_flag_audit_note(PG_FUNCTION_ARGS)
{
	const AuditedTable *table = audited_table(fcinfo);
	TriggerData *data = (TriggerData *) fcinfo->context;
	Relation	rel = data->tg_relation;
	bool		isnull;

	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		note_all_rows(table, rel);
	else if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		note_row(table, rel, data->tg_trigtuple, data->tg_newtuple);
	else if (TRIGGER_FIRED_BY_DELETE(data->tg_event))
		note_row(table, rel, data->tg_trigtuple, NULL);
	else if (DatumGetTimestampTz(heap_getattr(data->tg_trigtuple, table->created_at, RelationGetDescr(rel), &isnull)) ==
			 GetCurrentTransactionStartTimestamp())
		note_row(table, rel, NULL, data->tg_trigtuple);
	return PointerGetDatum(NULL);
}

/* flag_audit_refuse(), BEFORE UPDATE, DELETE and TRUNCATE on flag_audit. */
Datum
wf_flag_audit_refuse(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is a trigger of table \"%s.flag_audit\"", WF_SCHEMA_NAME)));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the audit of flags can only be added to"),
			 errhint("To give a flag an earlier content again: SELECT wishflags.flag_rollback('key', version, 'reason');")));
	return (Datum) 0;			/* keep compiler quiet */
}

/* The version that a flag gets which is made (again): one more than it has ever had. */
int
wf_flags_next_version(const char *kind, WfString key)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(kind), PointerGetDatum(cstring_to_text_with_len(key.data, key.len))};
	Oid			relid = wf_common_relation_oid("flag_audit");
	WfWrite		write;
	bool		isnull;
	int			version;

	/* The SQL of an older version of the extension knows no audit. */
	if (!OidIsValid(relid))
		return 1;
	SPI_connect();
	wf_common_write_begin(&write, relid);
	if (SPI_execute_with_args("SELECT COALESCE(max(version), 0) + 1 FROM wishflags.flag_audit"
							  " WHERE kind = $1 AND key = $2 AND version IS NOT NULL",
							  lengthof(types), types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read flag_audit");
	version = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	wf_common_write_end(&write);
	SPI_finish();
	return version;
}

static const AuditedTable *
audited_table(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	for (int i = 0; i < lengthof(audited) && CALLED_AS_TRIGGER(fcinfo); i++)
	{
		if (RelationGetRelid(data->tg_relation) == wf_common_relation_oid(audited[i].name))
			return &audited[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("this function is a trigger of the tables of flags, overrides, segments and documents")));
	return NULL;				/* keep compiler quiet */
}

static void
note_row(const AuditedTable *table, Relation rel, HeapTuple before, HeapTuple after)
{
	TupleDesc	desc = RelationGetDescr(rel);
	HeapTuple	row = after ? after : before;
	Datum		values[PARAMS] = {0};
	char		nulls[PARAMS];
	bool		isnull;
	char	   *key = TextDatumGetCString(heap_getattr(row, table->key, desc, &isnull));
	WfWrite		write;

	memset(nulls, ' ', sizeof(nulls));
	values[PARAM_KIND] = CStringGetTextDatum(table->kind);
	values[PARAM_KEY] = CStringGetTextDatum(key);
	values[PARAM_ACTION] = CStringGetTextDatum(!before ? "insert" : !after ? "delete" : "update");
	nulls[PARAM_OVERRIDE_KEY] = table->override_key ? ' ' : 'n';
	if (table->override_key)
		values[PARAM_OVERRIDE_KEY] = heap_getattr(row, table->override_key, desc, &isnull);
	nulls[PARAM_VERSION] = 'n';
	if (table->version && after)
	{
		values[PARAM_VERSION] = heap_getattr(after, table->version, desc, &isnull);
		if (!before || values[PARAM_VERSION] != heap_getattr(before, table->version, desc, &isnull))
			nulls[PARAM_VERSION] = ' ';
	}
	/* A change of nothing is none. */
	if (before && after && table->version && nulls[PARAM_VERSION] == 'n')
		return;
	demand_reason(table->kind, key);
	nulls[PARAM_BEFORE] = before ? ' ' : 'n';
	nulls[PARAM_AFTER] = after ? ' ' : 'n';
	if (before)
		values[PARAM_BEFORE] = heap_copy_tuple_as_datum(before, desc);
	if (after)
		values[PARAM_AFTER] = heap_copy_tuple_as_datum(after, desc);
	fill_author(values, nulls);

	lock_chain(table->kind, key);
	remember_chain(table->kind, key);
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("flag_audit"));
	/* The end of the chain may be younger than the transaction's snapshot. */
	if (SPI_execute_snapshot(insert_plan(table, rel->rd_rel->reltype), values, nulls, GetLatestSnapshot(), InvalidSnapshot,
							 false, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not insert into flag_audit");
	wf_common_write_end(&write);
	SPI_finish();
}

/* Who goes past the rules says why there. */
static const char *
given_reason(void)
{
	return wf_common_reason() ? wf_common_reason() : wf_common_bypass();
}

/* Who changes it, and why. */
static void
fill_author(Datum *values, char *nulls)
{
	const char *reason = given_reason();

	nulls[PARAM_REASON] = reason ? ' ' : 'n';
	if (reason)
		values[PARAM_REASON] = CStringGetTextDatum(reason);
	values[PARAM_ACTING_ROLE] = CStringGetTextDatum(wf_common_role_name(GetUserId()));
	values[PARAM_OUTER_ROLE] = CStringGetTextDatum(wf_common_role_name(GetOuterUserId()));
	values[PARAM_LOGIN_ROLE] = CStringGetTextDatum(wf_common_role_name(GetSessionUserId()));
	nulls[PARAM_APPLICATION_NAME] = application_name && application_name[0] ? ' ' : 'n';
	if (nulls[PARAM_APPLICATION_NAME] == ' ')
		values[PARAM_APPLICATION_NAME] = CStringGetTextDatum(application_name);
}

/* TRUNCATE: the rows, while they are there. */
static void
note_all_rows(const AuditedTable *table, Relation rel)
{
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "wishflags truncated row", ALLOCSET_DEFAULT_SIZES);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		note_row(table, rel, ExecFetchSlotHeapTuple(slot, false, NULL), NULL);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

static void
demand_reason(const char *kind, const char *key)
{
	if (require_reason && given_reason() == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a change of %s \"%s\" needs a reason", kind, key),
				 errdetail("Setting wishflags.require_reason is on."),
				 errhint("Say why, and do it again: SET wishflags.reason = 'the reason';")));
}

/* Until the end of the transaction nobody else adds to the chain. */
static void
lock_chain(const char *kind, const char *key)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) key, strlen(key), kind[0]);

	LockDatabaseObject(wf_common_relation_oid("flag_audit"), (Oid) hash, (uint16) (hash >> 32), ExclusiveLock);
}

static void
remember_chain(const char *kind, const char *key)
{
	MemoryContext old;
	Chain	   *chain;

	/* The rows of one chain come one after the other. */
	if (chains != NIL && strcmp(((Chain *) llast(chains))->key, key) == 0 && strcmp(((Chain *) llast(chains))->kind, kind) == 0)
		return;
	old = MemoryContextSwitchTo(TopTransactionContext);
	chain = palloc(sizeof(Chain));
	chain->kind = pstrdup(kind);
	chain->key = pstrdup(key);
	chain->within = GetCurrentSubTransactionId();
	chains = lappend(chains, chain);
	MemoryContextSwitchTo(old);
}

/* Made once a session and table; another once the table was made anew. */
static SPIPlanPtr
insert_plan(const AuditedTable *table, Oid row_type)
{
	static SPIPlanPtr plans[lengthof(audited)];
	static Oid	row_types[lengthof(audited)];
	Oid			types[PARAMS] = {
		[PARAM_KIND] = TEXTOID,[PARAM_KEY] = TEXTOID,[PARAM_ACTION] = TEXTOID,[PARAM_OVERRIDE_KEY] = TEXTOID,
		[PARAM_VERSION] = INT4OID,[PARAM_BEFORE] = row_type,[PARAM_AFTER] = row_type,[PARAM_REASON] = TEXTOID,
		[PARAM_ACTING_ROLE] = TEXTOID,[PARAM_OUTER_ROLE] = TEXTOID,[PARAM_LOGIN_ROLE] = TEXTOID,
		[PARAM_APPLICATION_NAME] = TEXTOID,
	};
	int			n = table - audited;
	SPIPlanPtr	plan;

	if (plans[n] && row_types[n] == row_type)
		return plans[n];
	plan = SPI_prepare_cursor(insert_sql, PARAMS, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare an INSERT into flag_audit: %s", SPI_result_code_string(SPI_result));
	if (plans[n])
		SPI_freeplan(plans[n]);
	plans[n] = plan;
	row_types[n] = row_type;
	return plan;
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
	{
		if (chains != NIL)
			tell_heads();
	}
	else if (event != XACT_EVENT_PARALLEL_PRE_COMMIT)
		chains = NIL;
}

/* What is rolled back was not added to; subtransactions within have higher numbers. */
static void
on_subtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void *arg)
{
	while (event == SUBXACT_EVENT_ABORT_SUB && chains != NIL && ((Chain *) llast(chains))->within >= subtransaction)
		chains = list_delete_last(chains);
}

/* Made once a session. */
static SPIPlanPtr
head_plan(void)
{
	static SPIPlanPtr kept = NULL;
	Oid			types[] = {TEXTOID, TEXTOID};

	if (kept == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor("SELECT ordinal || ' ' || encode(hash, 'hex') FROM wishflags.flag_audit"
											  " WHERE kind = $1 AND key = $2 ORDER BY ordinal DESC LIMIT 1",
											  lengthof(types), types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a look into flag_audit: %s", SPI_result_code_string(SPI_result));
		kept = plan;
	}
	return kept;
}

/* The new ends of the chains go to the server's log, where no user reaches them. */
static void
tell_heads(void)
{
	Oid			relid = wf_common_relation_oid("flag_audit");
	WfWrite		write;
	ListCell   *lc;

	/* The extension may just have been dropped. */
	if (!OidIsValid(relid))
		return;
	SPI_connect();
	wf_common_write_begin(&write, relid);
	PushActiveSnapshot(GetLatestSnapshot());
	foreach(lc, chains)
	{
		Chain	   *chain = lfirst(lc);
		Datum		values[] = {CStringGetTextDatum(chain->kind), CStringGetTextDatum(chain->key)};

		if (SPI_execute_plan(head_plan(), values, NULL, true, 1) != SPI_OK_SELECT)
			elog(ERROR, "could not read flag_audit");
		if (SPI_processed > 0)
			ereport(LOG,
					(errhidestmt(true),
					 errmsg("wishflags audit: {\"%s %s\": \"%s\"}", chain->kind, chain->key,
							SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1))));
	}
	PopActiveSnapshot();
	wf_common_write_end(&write);
	SPI_finish();
}
