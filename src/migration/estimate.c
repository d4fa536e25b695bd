/*
 * estimate.c: how long a statement works, and whom it blocks meanwhile.
 *
 * What a statement does to the rows is what the rules have found; how long that
 * takes is the size of the table by this server's rates (calibrate.c).
 */
#include "common/compat.h"

#include "ddl/lock.h"
#include "migration/estimate.h"
#include "migration/finding.h"

/*
 * Texts are compared by their collation, and are wider than numbers: from twice
 * (short ones in "C") to seven times as long as bigints in order, by the two
 * forms of test/bench/estimate.sh that index texts.
 */
#define TEXT_KEY_WEIGHT 5

/* Rules whose findings mean that an index is built. */
static struct
{
	const char *id;
	const WfRule *rule;			/* NULL until it is asked for */
}			index_rules[] = {
	{"index-not-concurrent", NULL}, {"reindex-not-concurrent", NULL}, {"add-unique-builds-index", NULL},
	{"add-primary-key-builds-index", NULL}, {"add-exclusion-constraint", NULL},
};

static WfWork statement_work(Node *stmt);
static bool has_index_already(WfRuleCall *call, WfRelation *table);
static bool findings_tell(Node *stmt);
static WfWork finding_work(const WfFinding *finding);
static double index_seconds(WfRuleCall *call, WfRelation *relation, int64 bytes, const WfRate *rates);
static double key_weight(WfRuleCall *call, WfRelation *relation);
static void take_time(WfRuleCall *call, bool concurrent, int builds, WfEstimate *estimate);

/* "scan"; NULL where the work is not known. */
const char *
wf_migration_work_name(WfWork work)
{
	static const char *const names[] = {
		[WF_WORK_NONE] = "none",
		[WF_WORK_SCAN] = "scan",
		[WF_WORK_INDEX] = "index",
		[WF_WORK_REWRITE] = "rewrite",
		[WF_WORK_UNKNOWN] = NULL,
	};

	return names[work];
}

/* Who waits for a lock of this mode to go. */
const char *
wf_migration_blocked(LOCKMODE lock)
{
	if (lock == AccessExclusiveLock)
		return "reads and writes";
	return lock >= ShareLock ? "writes" : "nobody";
}

/*
 * The estimate of the call's statement, of which the rules say findings.  Its
 * relation is the first that it locks.
 */
void
wf_migration_estimate(WfRuleCall *call, List *findings, WfEstimate *estimate)
{
	List	   *locks = wf_ddl_statement_locks(call->statement, call->catalog->server_version);
	WfLock	   *first = locks != NIL ? linitial(locks) : NULL;
	int			builds;
	ListCell   *lc;

	*estimate = (WfEstimate)
	{
		.work = statement_work(call->statement), .bytes = -1,
	};
	/* Of a whole schema or database, or several tables, nobody adds it up. */
	if (estimate->work != WF_WORK_NONE && list_length(locks) != 1)
		estimate->work = WF_WORK_UNKNOWN;
	call->command = NULL;
	if (first && !first->is_other)
	{
		estimate->relation = wf_rule_relation(call, first->relation);
		/* REINDEX INDEX and DROP INDEX name an index; its table has the rows. */
		if (estimate->relation && (estimate->relation->kind == RELKIND_INDEX ||
								   estimate->relation->kind == RELKIND_PARTITIONED_INDEX))
			estimate->relation = call->catalog->index_table(call->catalog, estimate->relation);
	}
	if (!estimate->relation || (first->if_there && estimate->relation->missing))
	{
		/* Nobody else has it. */
		estimate->relation = NULL;
		if (estimate->work != WF_WORK_UNKNOWN)
			estimate->work = WF_WORK_NONE;
		estimate->seconds = estimate->work == WF_WORK_NONE ? 0 : -1;
		return;
	}
	estimate->lock = first->mode;
	if (has_index_already(call, estimate->relation))
	{
		estimate->work = WF_WORK_NONE;
		take_time(call, false, 0, estimate);
		return;
	}
	/* Of an ALTER TABLE the findings tell. */
	builds = estimate->work == WF_WORK_INDEX ? 1 : 0;
	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);

		if (!findings_tell(call->statement) || finding->relation != estimate->relation)
			continue;
		estimate->work = Max(estimate->work, finding_work(finding));
		if (IsA(call->statement, AlterTableStmt) && finding_work(finding) == WF_WORK_INDEX)
			builds++;
	}
	take_time(call, wf_ddl_is_concurrent(call->statement), builds, estimate);
}

/* Adds the estimate to the evidence of the findings that mean work on a table which is not small. */
void
wf_migration_estimate_findings(WfRuleCall *call, List *findings)
{
	ListCell   *lc;

	if (!findings_tell(call->statement))
		return;
	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);
		WfEstimate	estimate = {.relation = finding->relation, .lock = finding->lock, .work = finding_work(finding)};
		WfNote	   *note;

		if (estimate.work == WF_WORK_NONE || !finding->relation || wf_rule_is_small(call, finding->relation))
			continue;
		take_time(call, false, estimate.work == WF_WORK_INDEX ? 1 : 0, &estimate);
		if (estimate.seconds < 0)
			continue;
		note = palloc0(sizeof(WfNote));
		note->key = "estimate";
		note->type = WF_NOTE_OBJECT;
		note->list = list_make3(wf_note_of_text("work", wf_migration_work_name(estimate.work)),
								wf_note_of_number("seconds", estimate.seconds),
								wf_note_of_text("blocks", wf_migration_blocked(estimate.lock)));
		note->list = lappend(note->list, wf_note_of_text("rate", estimate.source));
		finding->evidence = lappend(finding->evidence, note);
	}
}

/* What the form of the statement alone tells. */
static WfWork
statement_work(Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_IndexStmt:
		case T_ReindexStmt:
			return WF_WORK_INDEX;
		case T_ClusterStmt:
			return WF_WORK_REWRITE;
		case T_RefreshMatViewStmt:
			/* Concurrently, what differs is looked for and changed in place. */
			return ((RefreshMatViewStmt *) stmt)->concurrent ? WF_WORK_SCAN : WF_WORK_REWRITE;
		case T_VacuumStmt:
			/* ANALYZE reads a sample. */
			if (!((VacuumStmt *) stmt)->is_vacuumcmd)
				return WF_WORK_NONE;
			return wf_ddl_option_is_on(((VacuumStmt *) stmt)->options, "full") ? WF_WORK_REWRITE : WF_WORK_SCAN;
		case T_AlterTableStmt:
			foreach(lc, ((AlterTableStmt *) stmt)->cmds)
			{
				if (lfirst_node(AlterTableCmd, lc)->subtype == AT_ValidateConstraint)
					return WF_WORK_SCAN;
			}
			return WF_WORK_NONE;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_SelectStmt:
		case T_CopyStmt:
		case T_CreateTableAsStmt:
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			return WF_WORK_UNKNOWN;
		default:
			return WF_WORK_NONE;
	}
}

/* CREATE INDEX IF NOT EXISTS that finds it there takes its lock all the same, and reads nothing. */
static bool
has_index_already(WfRuleCall *call, WfRelation *table)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	ListCell   *lc;

	if (!IsA(stmt, IndexStmt) || !stmt->if_not_exists || !stmt->idxname)
		return false;
	foreach(lc, call->catalog->indexes(call->catalog, table))
	{
		WfIndex    *index = lfirst(lc);

		if (index->name && strcmp(index->name, stmt->idxname) == 0)
			return true;
	}
	return false;
}

/* Do the findings of the statement tell its work?  TRUNCATE has a new file, but nothing to write into it. */
static bool
findings_tell(Node *stmt)
{
	return !IsA(stmt, TruncateStmt) && statement_work(stmt) != WF_WORK_UNKNOWN;
}

static WfWork
finding_work(const WfFinding *finding)
{
	if (finding->rewrites)
		return WF_WORK_REWRITE;
	for (int i = 0; i < lengthof(index_rules); i++)
	{
		if (wf_migration_is_rule(finding->rule, index_rules[i].id, &index_rules[i].rule))
			return WF_WORK_INDEX;
	}
	return finding->scans ? WF_WORK_SCAN : WF_WORK_NONE;
}

/*
 * Of one index.  Its keys are sorted by the row, however wide that is, and all of
 * the table is read.
 */
static double
index_seconds(WfRuleCall *call, WfRelation *relation, int64 bytes, const WfRate *rates)
{
	double		sorted = relation->rows > 0 ? relation->rows * WF_CALIBRATED_ROW_BYTES : bytes;

	return Max(sorted / rates[WF_WORK_INDEX].bytes_per_second * key_weight(call, relation),
			   bytes / rates[WF_WORK_SCAN].bytes_per_second);
}

/* How much longer than a number the keys of CREATE INDEX take to compare. */
static double
key_weight(WfRuleCall *call, WfRelation *relation)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	ListCell   *lc;

	if (!IsA(stmt, IndexStmt))
		return 1;
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);
		WfColumn   *column = element->name ? call->catalog->column(call->catalog, relation, element->name) : NULL;

		if (column && OidIsValid(column->collation))
			return TEXT_KEY_WEIGHT;
	}
	return 1;
}

/*
 * Fills bytes, seconds and source in; the statement builds so many indexes
 * that were not there.
 */
static void
take_time(WfRuleCall *call, bool concurrent, int builds, WfEstimate *estimate)
{
	WfSimulation *simulation = call->session->simulation;
	WfRelation *relation = estimate->relation;
	const WfRate *rates;

	estimate->bytes = -1;
	estimate->seconds = estimate->work == WF_WORK_NONE ? 0 : -1;
	if (!relation->missing)
		wf_ddl_measure(call->catalog, relation);
	/* What is only taken for large has no size to tell. */
	if (relation->from_stats || (!relation->missing && !call->session->assume_populated))
		estimate->bytes = relation->bytes;
	if (estimate->work == WF_WORK_NONE || estimate->work == WF_WORK_UNKNOWN || estimate->bytes < 0)
		return;
	if (!simulation->rates)
		simulation->rates = wf_migration_rates(simulation->catalog.context);
	rates = simulation->rates->of;
	estimate->source = rates[estimate->work].source;
	estimate->seconds = estimate->work == WF_WORK_INDEX ? 0 : estimate->bytes / rates[estimate->work].bytes_per_second;
	if (estimate->work == WF_WORK_REWRITE)
		builds += list_length(call->catalog->indexes(call->catalog, relation));
	estimate->seconds += builds * index_seconds(call, relation, estimate->bytes, rates);
	/* Concurrently built, an index is held against all rows once more. */
	if (concurrent)
		estimate->seconds += estimate->bytes / rates[WF_WORK_SCAN].bytes_per_second;
}
