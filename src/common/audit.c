/*
 * audit.c: the history of a table that people edit by plain SQL.
 *
 * Such a table has columns that say when and by whom a row was changed last.  A
 * row that comes with its time is one of a dump: it keeps both, and brings its
 * history along.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/audit.h"
#include "common/extension.h"
#include "common/reason.h"
#include "common/write.h"

static const char *action_of(TriggerData *data);

/* The data of a trigger, which has to be one of the table. */
TriggerData *
wf_common_audit_data(FunctionCallInfo fcinfo, const char *table)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || RelationGetRelid(data->tg_relation) != wf_common_relation_oid(table))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is a trigger of table \"%s.%s\"", WF_SCHEMA_NAME, table)));
	return data;
}

/* The same BEFORE INSERT OR UPDATE, by row. */
TriggerData *
wf_common_audit_before(FunctionCallInfo fcinfo, const char *table)
{
	TriggerData *data = wf_common_audit_data(fcinfo, table);

	if (!TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be BEFORE INSERT OR UPDATE", data->tg_trigger->tgname)));
	return data;
}

/* A column of type text of a row, or NULL. */
char *
wf_common_audit_text(TriggerData *data, HeapTuple tuple, int column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, RelationGetDescr(data->tg_relation), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* Refuses an array in a row that names nothing. */
void
wf_common_audit_check_list(TriggerData *data, HeapTuple tuple, int column, const char *name)
{
	bool		isnull;
	Datum		list = heap_getattr(tuple, column, RelationGetDescr(data->tg_relation), &isnull);

	if (!isnull && (ARR_NDIM(DatumGetArrayTypeP(list)) == 0 || array_contains_nulls(DatumGetArrayTypeP(list))))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("%s must name one or more", name),
				 errhint("Leave it NULL for all.")));
}

/* Refuses a role in a row that does not exist; those of a dump may be made after its tables. */
void
wf_common_audit_check_role(TriggerData *data, HeapTuple tuple, int column, int changed_at)
{
	char	   *role = wf_common_audit_text(data, tuple, column);

	if (role && !wf_common_is_restored(data, changed_at) && !OidIsValid(get_role_oid(role, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", role),
				 errhint("List the roles: \\du, or SELECT rolname FROM pg_roles;")));
}

/* In a trigger BEFORE INSERT: has the row come with its time of change? */
bool
wf_common_is_restored(TriggerData *data, int changed_at)
{
	bool		isnull;

	if (!TRIGGER_FIRED_BY_INSERT(data->tg_event))
		return false;
	(void) heap_getattr(data->tg_trigtuple, changed_at, RelationGetDescr(data->tg_relation), &isnull);
	return !isnull;
}

/*
 * In a trigger BEFORE INSERT OR UPDATE: the new row, with who changes it and
 * when filled in, unless it is restored, and why, where it does not say so
 * itself and the session does (wishflags.reason).
 */
HeapTuple
wf_common_note_change(TriggerData *data, int reason, int changed_at, int changed_by)
{
	HeapTuple	tuple = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	int			columns[3] = {changed_at, changed_by, reason};
	bool		nulls[3] = {false};
	Datum		values[3];
	bool		unsaid;

	if (wf_common_is_restored(data, changed_at))
		return tuple;
	values[0] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[1] = CStringGetTextDatum(wf_common_role_name(GetSessionUserId()));
	(void) heap_getattr(tuple, reason, desc, &unsaid);
	unsaid = unsaid && wf_common_reason();
	if (unsaid)
		values[2] = CStringGetTextDatum(wf_common_reason());
	return heap_modify_tuple_by_cols(tuple, desc, unsaid ? 3 : 2, columns, values, nulls);
}

/*
 * In a trigger AFTER INSERT, UPDATE, DELETE or TRUNCATE: writes the change to
 * the history table (action, before, after, reason, and the three roles), as its owner.
 */
void
wf_common_audit(TriggerData *data, const char *history_table, int changed_at)
{
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	Oid			row_type = data->tg_relation->rd_rel->reltype;
	Oid			types[] = {TEXTOID, row_type, row_type, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	const char *reason = wf_common_reason();
	Datum		values[lengthof(types)] = {0};
	char		nulls[] = {' ', 'n', 'n', ' ', ' ', ' ', reason ? ' ' : 'n'};
	HeapTuple	before = NULL;
	HeapTuple	after = NULL;
	char	   *insert;
	WfWrite		write;

	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
			after = data->tg_trigtuple;
		else
			before = data->tg_trigtuple;
		if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
			after = data->tg_newtuple;
	}
	if (!before && after)
	{
		bool		isnull;
		Datum		at = heap_getattr(after, changed_at, desc, &isnull);

		if (!isnull && DatumGetTimestampTz(at) != GetCurrentTransactionStartTimestamp())
			return;
	}
	insert = psprintf("INSERT INTO wishflags.%s (action, before, after, acting_role, outer_role, login_role, reason)"
					  " VALUES ($1, pg_catalog.to_jsonb($2), pg_catalog.to_jsonb($3), $4, $5, $6, $7)", history_table);
	values[0] = CStringGetTextDatum(action_of(data));
	if (before)
	{
		values[1] = heap_copy_tuple_as_datum(before, desc);
		nulls[1] = ' ';
	}
	if (after)
	{
		values[2] = heap_copy_tuple_as_datum(after, desc);
		nulls[2] = ' ';
	}
	values[3] = CStringGetTextDatum(wf_common_role_name(GetUserId()));
	values[4] = CStringGetTextDatum(wf_common_role_name(GetOuterUserId()));
	values[5] = CStringGetTextDatum(wf_common_role_name(GetSessionUserId()));
	if (reason)
		values[6] = CStringGetTextDatum(reason);
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid(history_table));
	if (SPI_execute_with_args(insert, lengthof(types), types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not insert into %s", history_table);
	wf_common_write_end(&write);
	SPI_finish();
}

static const char *
action_of(TriggerData *data)
{
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		return "insert";
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return "update";
	return TRIGGER_FIRED_BY_DELETE(data->tg_event) ? "delete" : "truncate";
}
