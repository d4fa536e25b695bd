/*
 * rule_index.c: rules about building, dropping and rebuilding indexes.
 */
#include "common/compat.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static char *concurrent_create(WfRuleCall *call, IndexStmt *stmt, WfRelation *table);

/* CREATE INDEX without CONCURRENTLY on a table that may hold rows. */
void
wf_rule_index_not_concurrent(WfRuleCall *call)
{
	IndexStmt  *stmt = (IndexStmt *) call->statement;
	WfRelation *table;
	WfFinding  *finding;

	if (stmt->concurrent)
		return;
	table = wf_rule_relation(call, stmt->relation);
	if (table == NULL)
		return;
	/* ON ONLY makes an invalid index on the parent, and builds nothing. */
	if (!stmt->relation->inh && (table->missing || table->kind == RELKIND_PARTITIONED_TABLE))
		return;
	if (!wf_rule_is_populated(call, table))
		return;

	finding = wf_finding_add(call, "CREATE INDEX stops all writes to \"%s\" while it reads %s",
							 table->name, wf_rule_size(call, table));
	wf_finding_on(call, finding, table);
	finding->lock = ShareLock;
	finding->scans = true;
	if (table->kind == RELKIND_PARTITIONED_TABLE)
		finding->hint = pstrdup("CONCURRENTLY does not work on a partitioned table: make the index ON ONLY the parent, "
								"build one CONCURRENTLY on each partition and attach it with ALTER INDEX ... ATTACH PARTITION.");
	else
	{
		finding->hint = pstrdup("Build it with CREATE INDEX CONCURRENTLY, outside of a transaction block.");
		finding->safe_sql = concurrent_create(call, stmt, table);
	}
}

/*
 * The same statement with CONCURRENTLY.  The source text is kept as it is but
 * for that word; without one, only an index on plain columns is written.
 */
static char *
concurrent_create(WfRuleCall *call, IndexStmt *stmt, WfRelation *table)
{
	int			end = wf_rule_source_end(call);
	int			place = end > 0 ?
		wf_ddl_source_find_word(call->source, call->location, end, "INDEX") : -1;

	if (place >= 0)
	{
		char	   *before = wf_ddl_source_copy(call->source, call->location, place);
		char	   *after = wf_ddl_source_copy(call->source, place + strlen("INDEX"), end);
		bool		lower = call->source[place] == 'i';

		return psprintf("%s %s %s;", before,
						lower ? "index concurrently" : "INDEX CONCURRENTLY", after);
	}
	return wf_ddl_concurrent_index(stmt, wf_ddl_quote_name(table->schema, table->name));
}
