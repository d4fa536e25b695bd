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
#include "utils/tuplestore.h"

#include "common/extension.h"
#include "common/reason.h"
#include "common/write.h"
#include "flags/experiment.h"
#include "flags/flags.h"
#include "flags/history.h"
#include "flags/history_entry.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_flag_audit_note);
PG_FUNCTION_INFO_V1(wf_flag_audit_refuse);

static const WfAuditedTable audited[] = {
	{WF_FLAGS_TABLE, "flag", Anum_wf_flags_key, 0, 0, Anum_wf_flags_version, Anum_wf_flags_created_at},
	{WF_OVERRIDES_TABLE, "flag", Anum_wf_overrides_flag, Anum_wf_overrides_context_kind, Anum_wf_overrides_key, 0, Anum_wf_overrides_created_at},
	{WF_SEGMENTS_TABLE, "segment", Anum_wf_segments_key, 0, 0, Anum_wf_segments_version, Anum_wf_segments_created_at},
	{WF_DOCUMENTS_TABLE, "document", Anum_wf_documents_name, 0, 0, Anum_wf_documents_version, Anum_wf_documents_created_at},
	{WF_EXPERIMENTS_TABLE, "experiment", Anum_wf_experiments_key, 0, 0, 0, Anum_wf_experiments_created_at},
};

/* A chain that the transaction has added to. */
typedef struct Chain
{
	char	   *kind;
	char	   *key;
	SubTransactionId within;	/* where it was added to first */
} Chain;

static List *chains = NIL;		/* of Chain, in TopTransactionContext */
static bool require_reason = false;

static const WfAuditedTable *audited_table(FunctionCallInfo fcinfo);
static void note_statement(const WfAuditedTable *table, TriggerData *data);
static TupleTableSlot *begin_rows(Tuplestorestate *rows, Relation rel);
static HeapTuple next_row(Tuplestorestate *rows, TupleTableSlot *slot);
static bool is_restored(const WfAuditedTable *table, Relation rel, HeapTuple row);
static void note_all_rows(const WfAuditedTable *table, Relation rel);
static void demand_reason(const char *kind, const char *key);
static void lock_chain(const char *kind, const char *key);
static void remember_chain(const char *kind, const char *key);
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
 * flag_audit_note(), AFTER INSERT, UPDATE or DELETE on the audited tables, by row
 * or by statement with transition tables; and BEFORE TRUNCATE by statement.  A
 * row that brings its time of creation is a restored one: its history is
 * restored beside it.
 */
Datum
wf_flag_audit_note(PG_FUNCTION_ARGS)
{
	const WfAuditedTable *table = audited_table(fcinfo);
	TriggerData *data = (TriggerData *) fcinfo->context;
	Relation	rel = data->tg_relation;
	bool		insert = TRIGGER_FIRED_BY_INSERT(data->tg_event);
	WfAuditWriter *writer;

	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		note_all_rows(table, rel);
	else if (TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		note_statement(table, data);
	else if (!insert || !is_restored(table, rel, data->tg_trigtuple))
	{
		writer = wf_flags_audit_begin(table, rel);
		wf_flags_audit_add(writer, insert ? NULL : data->tg_trigtuple,
						   insert ? data->tg_trigtuple : TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : NULL);
		wf_flags_audit_end(writer);
	}
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

static const WfAuditedTable *
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

/* The rows of a statement; those before and after an UPDATE lie side by side. */
static void
note_statement(const WfAuditedTable *table, TriggerData *data)
{
	Relation	rel = data->tg_relation;
	TupleTableSlot *before_slot = begin_rows(data->tg_oldtable, rel);
	TupleTableSlot *after_slot = begin_rows(data->tg_newtable, rel);
	bool		insert = TRIGGER_FIRED_BY_INSERT(data->tg_event);
	WfAuditWriter *writer = wf_flags_audit_begin(table, rel);

	for (;;)
	{
		HeapTuple	before = next_row(data->tg_oldtable, before_slot);
		HeapTuple	after = next_row(data->tg_newtable, after_slot);

		CHECK_FOR_INTERRUPTS();
		if (before == NULL && after == NULL)
			break;
		if (!insert || !is_restored(table, rel, after))
			wf_flags_audit_add(writer, before, after);
	}
	wf_flags_audit_end(writer);
	if (before_slot)
		ExecDropSingleTupleTableSlot(before_slot);
	if (after_slot)
		ExecDropSingleTupleTableSlot(after_slot);
}

/* Who goes past the rules says why there. */
const char *
wf_flags_audit_reason(void)
{
	return wf_common_reason() ? wf_common_reason() : wf_common_bypass();
}

/* NULL where there is no such transition table. */
static TupleTableSlot *
begin_rows(Tuplestorestate *rows, Relation rel)
{
	if (rows == NULL)
		return NULL;
	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	return MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsMinimalTuple);
}

static HeapTuple
next_row(Tuplestorestate *rows, TupleTableSlot *slot)
{
	if (slot == NULL || !tuplestore_gettupleslot(rows, true, false, slot))
		return NULL;
	return ExecFetchSlotHeapTuple(slot, false, NULL);
}

static bool
is_restored(const WfAuditedTable *table, Relation rel, HeapTuple row)
{
	bool		isnull;

	return wf_flags_made_before(heap_getattr(row, table->created_at, RelationGetDescr(rel), &isnull));
}

/* TRUNCATE: the rows, while they are there. */
static void
note_all_rows(const WfAuditedTable *table, Relation rel)
{
	TableScanDesc scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	WfAuditWriter *writer = wf_flags_audit_begin(table, rel);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		wf_flags_audit_add(writer, ExecFetchSlotHeapTuple(slot, false, NULL), NULL);
	}
	wf_flags_audit_end(writer);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

/* The transaction adds to a chain, alone until it ends. */
void
wf_flags_audit_join(const char *kind, const char *key)
{
	demand_reason(kind, key);
	lock_chain(kind, key);
	remember_chain(kind, key);
}

static void
demand_reason(const char *kind, const char *key)
{
	if (require_reason && wf_flags_audit_reason() == NULL)
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
