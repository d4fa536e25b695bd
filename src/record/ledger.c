/*
 * ledger.c: which migration a transaction is, by the ledger of its tool.
 *
 * Most tools write the row of a migration in the transaction that does its DDL.
 * Which tables that has written to, the server counts for its statistics
 * (track_counts); where there is none of the users', nothing is looked up.
 * Other tools have the row before the DDL and complete it afterwards.
 */
#include "common/compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/pgstat_internal.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "record/ddl_log.h"
#include "record/ledger.h"

/* The tables that the transaction has written to are more than one looks at. */
#define WRITTEN_LOOKED_AT 1000

/* Another table of a ledger's name can have more rows than one looks at. */
#define ROWS_LOOKED_AT 10000

static char *written_migration(const char **tool);
static char *open_migration(const char **tool);
static const WfLedger *ledger_of(Oid relid, const char *name);
static char *last_row(Oid relid, const WfLedger *ledger, bool (*fits) (const WfLedger *ledger, TupleTableSlot *slot));
static bool is_written_here(const WfLedger *ledger, TupleTableSlot *slot);
static bool is_open(const WfLedger *ledger, TupleTableSlot *slot);
static bool passes(TupleTableSlot *slot, const WfLedgerOpen *tests);
static char *name_in(const WfLedger *ledger, TupleTableSlot *slot);
static char *column_text(TupleTableSlot *slot, const char *column);

/* The migration's name, and in *tool whose ledger tells it; NULL: none does. */
char *
wf_record_ledger_migration(const char **tool)
{
	char	   *migration = written_migration(tool);

	return migration ? migration : open_migration(tool);
}

static char *
written_migration(const char **tool)
{
	PgStat_SubXactStatus *status;
	int			looked_at = 0;

	/* Those of this subtransaction, which has written nothing, and around it. */
	status = pgstat_get_xact_stack_level(GetCurrentTransactionNestLevel());
	for (; status; status = status->prev)
	{
		for (PgStat_TableXactStatus *table = status->first; table; table = table->next)
		{
			Oid			relid = wf_stat_table_oid(table->parent);
			char	   *name;
			const WfLedger *ledger;
			char	   *migration;

			if (relid < FirstNormalObjectId || table->tuples_inserted + table->tuples_updated == 0 ||
				++looked_at > WRITTEN_LOOKED_AT)
				continue;
			name = get_rel_name(relid);
			ledger = name ? ledger_of(relid, name) : NULL;
			migration = ledger ? last_row(relid, ledger, is_written_here) : NULL;
			if (migration)
			{
				*tool = ledger->tool;
				return migration;
			}
		}
	}
	return NULL;
}

/* By the ledgers that have open rows; Liquibase's and others' don't. */
static char *
open_migration(const char **tool)
{
	for (int i = 0; i < wf_record_ledger_count; i++)
	{
		const WfLedger *candidate = &wf_record_ledgers[i];
		char	   *migration = NULL;
		List	   *relations = NIL;
		CatCList   *list;
		ListCell   *lc;

		if (candidate->open[0].column == NULL)
			continue;
		list = SearchSysCacheList1(RELNAMENSP, CStringGetDatum(candidate->table));
		for (int n = 0; n < list->n_members; n++)
			relations = lappend_oid(relations, ((Form_pg_class) GETSTRUCT(&list->members[n]->tuple))->oid);
		ReleaseSysCacheList(list);
		foreach(lc, relations)
		{
			if (migration == NULL && ledger_of(lfirst_oid(lc), candidate->table) == candidate)
				migration = last_row(lfirst_oid(lc), candidate, is_open);
		}
		if (migration)
		{
			*tool = candidate->tool;
			return migration;
		}
	}
	return NULL;
}

/* Whose ledger a table of that name is; NULL: none. */
static const WfLedger *
ledger_of(Oid relid, const char *name)
{
	for (int i = 0; i < wf_record_ledger_count; i++)
	{
		const WfLedger *ledger = &wf_record_ledgers[i];
		bool		fits = strcmp(ledger->table, name) == 0;

		for (int n = 0; fits && n < WF_LEDGER_COLUMNS && ledger->columns[n]; n++)
			fits = get_attnum(relid, ledger->columns[n]) != InvalidAttrNumber;
		if (fits && get_rel_relkind(relid) == RELKIND_RELATION)
			return ledger;
	}
	return NULL;
}

/* The name in the last row that fits; NULL: there is none, or somebody has locked the table. */
static char *
last_row(Oid relid, const WfLedger *ledger, bool (*fits) (const WfLedger *ledger, TupleTableSlot *slot))
{
	Relation	rel;
	TableScanDesc scan;
	TupleTableSlot *slot;
	char	   *migration = NULL;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return NULL;
	scan = table_beginscan(rel, GetActiveSnapshot(), 0, NULL);
	slot = table_slot_create(rel, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (fits(ledger, slot))
			migration = name_in(ledger, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	relation_close(rel, NoLock);
	return migration;
}

static bool
is_written_here(const WfLedger *ledger, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		xmin = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull);

	return !isnull && TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
}

static bool
is_open(const WfLedger *ledger, TupleTableSlot *slot)
{
	return passes(slot, ledger->open);
}

/* Do the row's columns hold this?  One that is missing or of another type does not. */
static bool
passes(TupleTableSlot *slot, const WfLedgerOpen *tests)
{
	for (int i = 0; i < WF_LEDGER_TESTS && tests[i].column; i++)
	{
		AttrNumber	column = get_attnum(slot->tts_tableOid, tests[i].column);
		Oid			type = column > 0 ? get_atttype(slot->tts_tableOid, column) : InvalidOid;
		bool		isnull;
		Datum		value;
		bool		holds = false;

		if (column <= 0)
			return false;
		value = slot_getattr(slot, column, &isnull);
		switch (tests[i].test)
		{
			case WF_LEDGER_IS_NULL:
				holds = isnull;
				break;
			case WF_LEDGER_IS_FILLED:
				holds = !isnull;
				break;
			case WF_LEDGER_IS_TRUE:
				holds = !isnull && type == BOOLOID && DatumGetBool(value);
				break;
			case WF_LEDGER_IS_FALSE:
				holds = !isnull && type == BOOLOID && !DatumGetBool(value);
				break;
			case WF_LEDGER_IS_ONE:
				holds = !isnull && type == INT4OID && DatumGetInt32(value) == 1;
				break;
		}
		if (!holds)
			return false;
	}
	return true;
}

/*
 * Whether the table, if nobody has locked it, has a row that passes the tests
 * among those that one looks at.  It is read without a query: the types and
 * operators that its owner gave its columns must not run with the rights of
 * whoever looks.  The lock stays until the end of the (sub)transaction.
 */
bool
wf_record_ledger_has_row(Oid relid, const WfLedgerOpen *tests)
{
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	TupleTableSlot *slot;
	int			looked_at = 0;
	bool		found = false;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return false;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = table_beginscan(rel, snapshot, 0, NULL);
	slot = table_slot_create(rel, NULL);
	while (!found && looked_at++ < ROWS_LOOKED_AT && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		found = passes(slot, tests);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	relation_close(rel, NoLock);
	return found;
}

static char *
name_in(const WfLedger *ledger, TupleTableSlot *slot)
{
	char	   *first = column_text(slot, ledger->names[0]);
	char	   *second = ledger->names[1] ? column_text(slot, ledger->names[1]) : NULL;

	return first && second ? psprintf("%s.%s", first, second) : first;
}

/* As text, where the type is one of the server's own. */
static char *
column_text(TupleTableSlot *slot, const char *name)
{
	AttrNumber	column = get_attnum(slot->tts_tableOid, name);
	Oid			type = column > 0 ? get_atttype(slot->tts_tableOid, column) : InvalidOid;
	Oid			output;
	bool		is_varlena;
	bool		isnull;
	Datum		value;

	if (!OidIsValid(type) || type >= FirstNormalObjectId)
		return NULL;
	value = slot_getattr(slot, column, &isnull);
	if (isnull)
		return NULL;
	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}
