/*
 * rehearse_block.c: BEGIN, COMMIT, ROLLBACK and savepoints of a text, as
 * subtransactions of the rehearsal.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "nodes/parsenodes.h"

#include "migration/rehearse.h"

static WfBlock *find_savepoint(WfRehearsal *rehearsal, const char *name);
static void end_block(WfRehearsal *rehearsal, WfBlock *block, bool keep);
static void fail(WfRehearsal *rehearsal, WfRehearsed *done, int code, const char *message);

/* Does what the transaction statement says. */
void
wf_rehearse_block(WfRehearsal *rehearsal, WfRehearsed *done, Node *node)
{
	TransactionStmt *stmt = (TransactionStmt *) node;
	WfBlock    *outermost = rehearsal->blocks ? linitial(rehearsal->blocks) : NULL;
	WfBlock    *savepoint = stmt->savepoint_name ? find_savepoint(rehearsal, stmt->savepoint_name) : NULL;

	switch (stmt->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			/* A second one only gets a warning. */
			if (!outermost)
				wf_rehearse_begin_block(rehearsal, NULL);
			break;
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_ROLLBACK:
			if (outermost)
				end_block(rehearsal, outermost, stmt->kind == TRANS_STMT_COMMIT);
			if (outermost && stmt->chain)
				wf_rehearse_begin_block(rehearsal, NULL);
			break;
		case TRANS_STMT_SAVEPOINT:
			if (!outermost)
				fail(rehearsal, done, ERRCODE_NO_ACTIVE_SQL_TRANSACTION, "SAVEPOINT can only be used in transaction blocks");
			else
				wf_rehearse_begin_block(rehearsal, stmt->savepoint_name);
			break;
		case TRANS_STMT_RELEASE:
		case TRANS_STMT_ROLLBACK_TO:
			if (!savepoint)
			{
				fail(rehearsal, done, ERRCODE_S_E_INVALID_SPECIFICATION,
					 psprintf("savepoint \"%s\" does not exist", stmt->savepoint_name));
				break;
			}
			end_block(rehearsal, savepoint, stmt->kind == TRANS_STMT_RELEASE);
			if (stmt->kind == TRANS_STMT_ROLLBACK_TO)
				wf_rehearse_begin_block(rehearsal, stmt->savepoint_name);
			break;
		default:
			done->outcome = WF_OUTCOME_SKIPPED;
			done->message = "two-phase commit cannot be rehearsed";
			break;
	}
}

/* Opens a transaction block, or a savepoint in it. */
void
wf_rehearse_begin_block(WfRehearsal *rehearsal, char *name)
{
	WfBlock    *block = palloc0(sizeof(WfBlock));

	block->name = name ? pstrdup(name) : NULL;
	block->level = GetCurrentTransactionNestLevel();
	rehearsal->blocks = lappend(rehearsal->blocks, block);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(rehearsal->context);
}

/* Ends what the text left open, as if it had committed. */
void
wf_rehearse_end_blocks(WfRehearsal *rehearsal)
{
	if (rehearsal->blocks)
		end_block(rehearsal, linitial(rehearsal->blocks), true);
}

static WfBlock *
find_savepoint(WfRehearsal *rehearsal, const char *name)
{
	for (int i = list_length(rehearsal->blocks) - 1; i >= 0; i--)
	{
		WfBlock    *block = list_nth(rehearsal->blocks, i);

		if (block->name && strcmp(block->name, name) == 0)
			return block;
	}
	return NULL;
}

/* Ends this one and all within it. */
static void
end_block(WfRehearsal *rehearsal, WfBlock *block, bool keep)
{
	while (GetCurrentTransactionNestLevel() > block->level)
	{
		if (keep)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	MemoryContextSwitchTo(rehearsal->context);
	while (rehearsal->blocks && ((WfBlock *) llast(rehearsal->blocks))->level >= block->level)
		rehearsal->blocks = list_delete_last(rehearsal->blocks);
}

static void
fail(WfRehearsal *rehearsal, WfRehearsed *done, int code, const char *message)
{
	done->outcome = WF_OUTCOME_FAILED;
	done->message = message;
	done->sqlstate = pstrdup(unpack_sql_state(code));
	rehearsal->failed = true;
}
