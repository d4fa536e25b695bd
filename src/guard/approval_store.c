/*
 * approval_store.c: reading and writing the tables of proposed changes.
 *
 * Their rows are written by whoever proposes or approves, and by nobody
 * otherwise: all statements run as the tables' owner.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"

#include "common/extension.h"
#include "common/write.h"
#include "guard/approval.h"


/*
 * Runs a statement as the owner of the tables, within SPI; how many rows it
 * touched, or has put into SPI_tuptable.
 */
uint64
wf_approval_run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	WfWrite		write;
	int			result;

	wf_common_write_begin(&write, wf_common_relation_oid("schema_changes"));
	result = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	wf_common_write_end(&write);
	if (result < 0)
		elog(ERROR, "could not use the tables of schema changes: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/* A value of the last statement's result, as text; NULL for null. */
char *
wf_approval_value(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/*
 * Locks a change until the transaction ends.  Raises undefined_object where
 * there is none, and object_not_in_prerequisite_state where it was edited while
 * we waited: who decides has not seen that text.
 */
WfSchemaChange *
wf_approval_lock(int64 id)
{
	static const char *const query =
	"SELECT revision, CASE WHEN state = 'proposed' AND valid_until <= pg_catalog.clock_timestamp() THEN 'expired' ELSE state END,"
	" authors && ARRAY[$2, $3, $4],"
	" EXISTS (SELECT FROM wishflags.schema_change_statements s WHERE s.change_id = $1 AND s.executed_at IS NOT NULL)"
	" FROM wishflags.schema_changes WHERE id = $1%s";
	Oid			types[] = {INT8OID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[] = {Int64GetDatum(id), CStringGetTextDatum(wf_common_role_name(GetSessionUserId())),
	CStringGetTextDatum(wf_common_role_name(GetOuterUserId())), CStringGetTextDatum(wf_common_role_name(GetUserId()))};
	WfSchemaChange *change = palloc0(sizeof(WfSchemaChange));
	int			seen;

	if (wf_approval_run(psprintf(query, ""), lengthof(types), types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("schema change %lld does not exist", (long long) id),
				 errhint("List them: SELECT id, state, reason FROM wishflags.schema_change_overview;")));
	seen = atoi(wf_approval_value(0, 1));
	(void) wf_approval_run(psprintf(query, " FOR UPDATE"), lengthof(types), types, values, NULL);
	change->id = id;
	change->revision = SPI_processed ? atoi(wf_approval_value(0, 1)) : 0;
	if (change->revision != seen)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema change %lld was edited meanwhile", (long long) id),
				 errhint("Read it again: SELECT wishflags.schema_change_risk(%lld);", (long long) id)));
	change->state = wf_approval_value(0, 2);
	change->is_author = wf_approval_value(0, 3)[0] == 't';
	change->has_run = wf_approval_value(0, 4)[0] == 't';
	return change;
}

/* Writes down what happened; id 0 for no change, comment and statement may be NULL. */
void
wf_approval_event(int64 id, int revision, const char *event, const char *comment, const char *statement)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	char		nulls[] = {id ? ' ' : 'n', id ? ' ' : 'n', ' ', comment ? ' ' : 'n', statement ? ' ' : 'n', ' ', ' ', ' '};
	Datum		values[] = {Int64GetDatum(id), Int32GetDatum(revision), CStringGetTextDatum(event),
		comment ? CStringGetTextDatum(comment) : (Datum) 0,
		statement ? CStringGetTextDatum(statement) : (Datum) 0,
		CStringGetTextDatum(wf_common_role_name(GetUserId())), CStringGetTextDatum(wf_common_role_name(GetOuterUserId())),
	CStringGetTextDatum(wf_common_role_name(GetSessionUserId()))};

	(void) wf_approval_run("INSERT INTO wishflags.schema_change_events"
						   " (change_id, revision, event, comment, statement, acting_role, outer_role, login_role)"
						   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", lengthof(types), types, values, nulls);
}
