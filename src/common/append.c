/*
 * append.c: adding rows to a table without a query.
 *
 * Preparing the executor for an INSERT takes longer than the row; a log that is
 * written with each command can't afford it for each.  Constraints and row
 * triggers have their say, as where logical replication adds a row; no
 * defaults are filled in, and no rights are checked.
 */
#include "common/compat.h"

#include "access/table.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/rel.h"

#include "common/append.h"

/*
 * Opens the table, which has the given number of columns, none of them dropped;
 * an error where it has others, as before ALTER EXTENSION UPDATE.
 */
void
wf_common_append_begin(WfAppend *append, Oid table, int columns)
{
	Relation	rel = table_open(table, RowExclusiveLock);

	if (RelationGetDescr(rel)->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has other columns than the loaded library expects",
						RelationGetRelationName(rel)),
				 errhint("Run: ALTER EXTENSION wishflags UPDATE;")));
	append->estate = CreateExecutorState();
	append->table = makeNode(ResultRelInfo);
	InitResultRelInfo(append->table, rel, 0, NULL, 0);
	append->estate->es_opened_result_relations = list_make1(append->table);
	ExecOpenIndices(append->table, false);
	append->slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsVirtual);
	append->row_context = GetPerTupleMemoryContext(append->estate);
	append->as_owner = append->table->ri_TrigDesc != NULL;
	if (append->as_owner)
		wf_common_write_begin(&append->write, table);
	AfterTriggerBeginQuery();
}

/* Adds a row of values, in the order of the columns, and frees row_context. */
void
wf_common_append_row(WfAppend *append, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = append->slot;
	int			columns = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, columns * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, columns * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	ExecSimpleRelationInsert(append->table, append->estate, slot);
	ExecClearTuple(slot);
	ResetPerTupleExprContext(append->estate);
}

/* Closes the table; its lock stays until the transaction ends. */
void
wf_common_append_end(WfAppend *append)
{
	AfterTriggerEndQuery(append->estate);
	if (append->as_owner)
		wf_common_write_end(&append->write);
	ExecDropSingleTupleTableSlot(append->slot);
	ExecResetTupleTable(append->estate->es_tupleTable, false);
	ExecCloseResultRelations(append->estate);
	table_close(append->table->ri_RelationDesc, NoLock);
	FreeExecutorState(append->estate);
}
