/*
 * trigger.c: what the triggers of the flag tables have in common.
 *
 * What holds for every change of these tables, however it is made, hangs on
 * triggers: validation, version numbers, invalidation of the caches.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"
#include "flags/cache.h"
#include "flags/history.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"

/*
 * The trigger's data.  The columns are taken for granted afterwards, so a
 * trigger that somebody has put on another table is refused, and one by
 * statement that needs the rows.
 */
TriggerData *
wf_flags_trigger_data(FunctionCallInfo fcinfo, const char *table)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		RelationGetRelid(data->tg_relation) != wf_common_relation_oid(table))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function is a trigger of table \"%s.%s\"", WF_SCHEMA_NAME, table)));
	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event) && !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be FOR EACH ROW", data->tg_trigger->tgname)));
	return data;
}

/* The new row of a trigger that may change it. */
void
wf_flags_trigger_row(FunctionCallInfo fcinfo, const char *table, WfTriggerRow *row)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, table);

	if (!TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(data->tg_event) || TRIGGER_FIRED_BY_UPDATE(data->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be BEFORE INSERT OR UPDATE", data->tg_trigger->tgname)));
	row->data = data;
	row->desc = RelationGetDescr(data->tg_relation);
	row->tuple = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	memset(row->set, false, sizeof(row->set));
	wf_flags_deform(row->tuple, row->desc, WF_TRIGGER_COLUMNS_MAX, row->values, row->nulls);
}

/* What such a trigger returns. */
Datum
wf_flags_trigger_result(WfTriggerRow *row)
{
	return PointerGetDatum(heap_modify_tuple(row->tuple, row->desc, row->values, row->nulls, row->set));
}

bool
wf_flags_trigger_null(const WfTriggerRow *row, int attnum)
{
	return row->nulls[attnum - 1];
}

/* A column of type text that is not NULL. */
WfString
wf_flags_trigger_text(const WfTriggerRow *row, int attnum)
{
	return wf_flags_text_string(row->values[attnum - 1]);
}

void
wf_flags_trigger_set(WfTriggerRow *row, int attnum, Datum value)
{
	row->values[attnum - 1] = value;
	row->nulls[attnum - 1] = false;
	row->set[attnum - 1] = true;
}

void
wf_flags_trigger_set_null(WfTriggerRow *row, int attnum)
{
	row->nulls[attnum - 1] = true;
	row->set[attnum - 1] = true;
}

/* Whether what is inserted, of this time of creation, was made before: it is restored. */
bool
wf_flags_made_before(Datum created_at)
{
	return DatumGetTimestampTz(created_at) != GetCurrentTransactionStartTimestamp();
}

/* Whether a row is inserted that brings what only a dump knows, its version. */
bool
wf_flags_trigger_restored(const WfTriggerRow *row, int attnum)
{
	return TRIGGER_FIRED_BY_INSERT(row->data->tg_event) && !row->nulls[attnum - 1];
}

/*
 * Whether an UPDATE changes a column.  A table of an older version of the
 * extension may lack it.
 */
bool
wf_flags_trigger_changed(TriggerData *data, int attnum)
{
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	Form_pg_attribute attr;
	bool		old_null;
	bool		new_null;
	Datum		old_value;
	Datum		new_value;

	if (attnum > desc->natts)
		return false;
	attr = TupleDescAttr(desc, attnum - 1);
	old_value = heap_getattr(data->tg_trigtuple, attnum, desc, &old_null);
	new_value = heap_getattr(data->tg_newtuple, attnum, desc, &new_null);
	if (old_null || new_null)
		return old_null != new_null;
	if (attr->atttypid == NUMERICOID)
		return !DatumGetBool(DirectFunctionCall2(numeric_eq, old_value, new_value));
	return !datum_image_eq(old_value, new_value, attr->attbyval, attr->attlen);
}

/* What was deleted goes on with its versions when it is made again. */
static int
first_version(const WfTriggerRow *row, const WfVersionColumns *columns)
{
	if (columns->kind == NULL || wf_flags_trigger_null(row, columns->key))
		return 1;
	return wf_flags_next_version(columns->kind, wf_flags_trigger_text(row, columns->key));
}

/* The session's user into a column, if the table has it. */
static void
set_author(WfTriggerRow *row, int attnum)
{
	if (attnum > 0 && attnum <= row->desc->natts)
		wf_flags_trigger_set(row, attnum, CStringGetTextDatum(wf_common_role_name(GetSessionUserId())));
}

/* Fills in version, times and authors, where the row does not bring them. */
void
wf_flags_trigger_number(WfTriggerRow *row, const WfVersionColumns *columns)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool		changed = false;

	if (!TRIGGER_FIRED_BY_UPDATE(row->data->tg_event))
	{
		if (wf_flags_trigger_null(row, columns->version))
		{
			wf_flags_trigger_set(row, columns->version, Int32GetDatum(first_version(row, columns)));
			set_author(row, columns->created_by);
			set_author(row, columns->updated_by);
		}
		if (wf_flags_trigger_null(row, columns->created_at))
			wf_flags_trigger_set(row, columns->created_at, now);
		if (wf_flags_trigger_null(row, columns->updated_at))
			wf_flags_trigger_set(row, columns->updated_at, now);
		return;
	}

	for (int i = 1; i <= row->desc->natts && !changed; i++)
		changed = i != columns->uncounted && wf_flags_trigger_changed(row->data, i);
	if (changed && !wf_flags_trigger_changed(row->data, columns->version))
	{
		wf_flags_trigger_set(row, columns->version,
							 DirectFunctionCall2(int4pl, row->values[columns->version - 1],
												 Int32GetDatum(1)));
		wf_flags_trigger_set(row, columns->updated_at, now);
		set_author(row, columns->updated_by);
	}
}

/* Whether it is the key that a trigger kept last in its statement. */
bool
wf_flags_trigger_is_last_key(const FmgrInfo *flinfo, WfString key)
{
	const WfString *last = flinfo->fn_extra;

	return last && wf_flags_strings_equal(*last, key);
}

/*
 * Keeps the key of a row as long as the statement runs: rows that are changed
 * together are mostly of one flag, which is looked up once.
 */
void
wf_flags_trigger_keep_key(FmgrInfo *flinfo, WfString key)
{
	Size		size = sizeof(WfString) + key.len;
	WfString   *last = flinfo->fn_extra ? repalloc(flinfo->fn_extra, size) : MemoryContextAlloc(flinfo->fn_mcxt, size);

	last->data = memcpy(last + 1, key.data, key.len);
	last->len = key.len;
	flinfo->fn_extra = last;
}

/* Tells all backends that what a signal table stands for has changed. */
void
wf_flags_trigger_signal(const char *signal_name)
{
	Oid			relid = wf_common_relation_oid(signal_name);

	if (!OidIsValid(relid))
		return;
	wf_flags_cache_own_change();
	CacheInvalidateRelcacheByRelid(relid);
}

/* Refuses a key that nobody could type or see; what names the thing it is of. */
void
wf_flags_trigger_check_key(const char *what, WfString key)
{
	bool		good = key.len > 0 && key.len <= WF_FLAG_KEY_MAX &&
	key.data[0] != ' ' && key.data[key.len - 1] != ' ';
	int			shown = pg_mbcliplen(key.data, key.len, WF_FLAG_KEY_MAX);

	for (int i = 0; i < key.len && good; i++)
		good = (unsigned char) key.data[i] >= ' ' && key.data[i] != 0x7f;
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid key of %s: \"%.*s\"", what, shown, key.data),
				 errdetail("A key has 1 to %d bytes, no control characters, and no space at either end.",
						   WF_FLAG_KEY_MAX)));
}
