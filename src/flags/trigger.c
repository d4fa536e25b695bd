/*
 * trigger.c: what holds for every change of the flag tables, however it is
 * made: validation, version numbers, invalidation of the caches.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/dialect.h"
#include "flags/document.h"
#include "flags/eval.h"
#include "flags/integrity.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_flags_check);
PG_FUNCTION_INFO_V1(wf_flags_changed);
PG_FUNCTION_INFO_V1(wf_flags_removed);
PG_FUNCTION_INFO_V1(wf_flag_overrides_check);
PG_FUNCTION_INFO_V1(wf_flag_overrides_changed);

/* A row of the table flags, and which columns a trigger has set. */
typedef struct FlagRow
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	bool		set[Natts_wf_flags];
} FlagRow;

/* The flag that the last override of a statement was for. */
typedef struct OverriddenFlag
{
	WfString	key;
	bool		exists;
	WfProgram  *program;		/* NULL where it is unknown or invalid */
} OverriddenFlag;

static TriggerData *trigger_data(FunctionCallInfo fcinfo, const char *table);
static TriggerData *check_data(FunctionCallInfo fcinfo, const char *table);
static HeapTuple new_tuple(TriggerData *data);
static void signal_change(const char *signal_name);
static bool column_changed(TriggerData *data, int attnum);
static void check_flag(TriggerData *data, FlagRow *row);
static void number_version(TriggerData *data, FlagRow *row);
static void set_column(FlagRow *row, int attnum, Datum value);
static void check_flag_key(WfString key);
static WfProgram *check_definition(Datum *values, bool *nulls);
static OverriddenFlag *overridden_flag(FmgrInfo *flinfo, WfString key);
pg_noreturn static void report_unknown_variant(const WfProgram *program, WfString flag,
											   WfString variant);
static WfString text_string(Datum value);

/*
 * flags_check(), BEFORE INSERT OR UPDATE on flags, by row.
 *
 * Refuses a bad key, percentage or definition, and a definition that lacks a
 * variant which an override gives.  Numbers the versions; a row that brings
 * its version is a restored one and keeps it.
 */
Datum
wf_flags_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = check_data(fcinfo, WF_FLAGS_TABLE);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	HeapTuple	tuple = new_tuple(data);
	FlagRow		row = {0};

	for (int i = 0; i < Natts_wf_flags; i++)
		row.values[i] = heap_getattr(tuple, i + 1, desc, &row.nulls[i]);

	/* What is NULL by mistake is refused by the table's own constraints. */
	if (!row.nulls[Anum_wf_flags_key - 1] && !row.nulls[Anum_wf_flags_rollout - 1] &&
		!row.nulls[Anum_wf_flags_enabled - 1])
		check_flag(data, &row);
	number_version(data, &row);
	return PointerGetDatum(heap_modify_tuple(tuple, desc, row.values, row.nulls, row.set));
}

/*
 * flags_changed(), AFTER everything on flags: by row, ENABLE ALWAYS, as the
 * subscriber of a publication fires no other; and by statement for TRUNCATE.
 * Only what matters to evaluation invalidates the caches.
 */
Datum
wf_flags_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, WF_FLAGS_TABLE);

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event) ||
		column_changed(data, Anum_wf_flags_key) ||
		column_changed(data, Anum_wf_flags_enabled) ||
		column_changed(data, Anum_wf_flags_rollout) ||
		column_changed(data, Anum_wf_flags_definition))
		signal_change(WF_FLAGS_SIGNAL);
	return PointerGetDatum(NULL);
}

/*
 * flags_removed(), AFTER DELETE by row and TRUNCATE by statement on flags:
 * takes the overrides along.
 */
Datum
wf_flags_removed(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, WF_FLAGS_TABLE);

	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		bool		isnull;
		Datum		key = heap_getattr(data->tg_trigtuple, Anum_wf_flags_key,
									   RelationGetDescr(data->tg_relation), &isnull);
		WfString	name = text_string(key);

		wf_flags_delete_overrides(&name);
	}
	else
		wf_flags_delete_overrides(NULL);
	return PointerGetDatum(NULL);
}

/*
 * flag_overrides_check(), BEFORE INSERT OR UPDATE on flag_overrides, by row.
 *
 * Refuses a variant that the flag does not have, and a flag that does not
 * exist.  The flag's row is locked, so that nobody takes the flag or its
 * variant away meanwhile.  A row that brings its time of creation is a
 * restored one, and may come before its flag: pg_restore with several jobs
 * fills both tables at once.  (For that reason there is no foreign key.)
 */
Datum
wf_flag_overrides_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = check_data(fcinfo, WF_OVERRIDES_TABLE);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	HeapTuple	tuple = new_tuple(data);
	WfString	strings[Anum_wf_overrides_variant];
	OverriddenFlag *flag;
	bool		isnull;
	int			attnum = Anum_wf_overrides_created_at;
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());

	for (int i = 0; i < lengthof(strings); i++)
	{
		Datum		value = heap_getattr(tuple, i + 1, desc, &isnull);

		if (isnull)
			return PointerGetDatum(tuple);
		strings[i] = text_string(value);
	}
	if (strings[1].len == 0 || strings[1].data[0] == '{')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key of an override must be a targeting key"),
				 errdetail("It is empty or begins with \"{\", which flag_eval() refuses.")));

	(void) heap_getattr(tuple, attnum, desc, &isnull);
	flag = overridden_flag(fcinfo->flinfo, strings[0]);
	if (!flag->exists && (isnull || TRIGGER_FIRED_BY_UPDATE(data->tg_event)))
		wf_flags_report_unknown(strings[0]);
	if (flag->program && wf_flags_variant_index(flag->program, strings[2]) == WF_VARIANT_NONE)
		report_unknown_variant(flag->program, strings[0], strings[2]);
	if (isnull)
	{
		isnull = false;
		tuple = heap_modify_tuple_by_cols(tuple, desc, 1, &attnum, &now, &isnull);
	}
	return PointerGetDatum(tuple);
}

/* flag_overrides_changed(), as flags_changed() for flag_overrides. */
Datum
wf_flag_overrides_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, WF_OVERRIDES_TABLE);

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event) ||
		column_changed(data, Anum_wf_overrides_flag) ||
		column_changed(data, Anum_wf_overrides_key) ||
		column_changed(data, Anum_wf_overrides_variant))
		signal_change(WF_OVERRIDES_SIGNAL);
	return PointerGetDatum(NULL);
}

/*
 * The trigger's data.  The columns are taken for granted afterwards, so a
 * trigger that somebody has put on another table is refused, and one by
 * statement that needs the rows.
 */
static TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *table)
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

/* The data of a trigger that may change the new row. */
static TriggerData *
check_data(FunctionCallInfo fcinfo, const char *table)
{
	TriggerData *data = trigger_data(fcinfo, table);

	if (!TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(data->tg_event) || TRIGGER_FIRED_BY_UPDATE(data->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be BEFORE INSERT OR UPDATE", data->tg_trigger->tgname)));
	return data;
}

static HeapTuple
new_tuple(TriggerData *data)
{
	return TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
}

static void
check_flag(TriggerData *data, FlagRow *row)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	WfString	key = text_string(row->values[Anum_wf_flags_key - 1]);
	WfProgram  *program;

	check_flag_key(key);
	if (update && column_changed(data, Anum_wf_flags_key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the key of a flag cannot be changed"),
				 errdetail("Buckets, overrides and the applications depend on it."),
				 errhint("Create a flag with the new key and delete this one.")));
	program = check_definition(row->values, row->nulls);
	if (update && column_changed(data, Anum_wf_flags_definition))
		wf_flags_check_used_variants(key, program);

	/* 50.000 is written back as 50. */
	set_column(row, Anum_wf_flags_rollout,
			   DirectFunctionCall1(numeric_trim_scale, row->values[Anum_wf_flags_rollout - 1]));
}

/* Fills in version and times, where the row does not bring them. */
static void
number_version(TriggerData *data, FlagRow *row)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool		changed = false;

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		if (row->nulls[Anum_wf_flags_version - 1])
			set_column(row, Anum_wf_flags_version, Int32GetDatum(1));
		if (row->nulls[Anum_wf_flags_created_at - 1])
			set_column(row, Anum_wf_flags_created_at, now);
		if (row->nulls[Anum_wf_flags_updated_at - 1])
			set_column(row, Anum_wf_flags_updated_at, now);
		return;
	}

	for (int i = 1; i <= Natts_wf_flags && !changed; i++)
		changed = column_changed(data, i);
	if (changed && !column_changed(data, Anum_wf_flags_version))
	{
		Datum		version = DirectFunctionCall2(int4pl, row->values[Anum_wf_flags_version - 1],
												  Int32GetDatum(1));

		set_column(row, Anum_wf_flags_version, version);
		set_column(row, Anum_wf_flags_updated_at, now);
	}
}

static void
set_column(FlagRow *row, int attnum, Datum value)
{
	row->values[attnum - 1] = value;
	row->nulls[attnum - 1] = false;
	row->set[attnum - 1] = true;
}

static void
signal_change(const char *signal_name)
{
	Oid			relid = wf_common_relation_oid(signal_name);

	if (!OidIsValid(relid))
		return;
	wf_flags_cache_own_change();
	CacheInvalidateRelcacheByRelid(relid);
}

/* Whether an UPDATE changes a column. */
static bool
column_changed(TriggerData *data, int attnum)
{
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	Form_pg_attribute attr = TupleDescAttr(desc, attnum - 1);
	bool		old_null;
	bool		new_null;
	Datum		old_value = heap_getattr(data->tg_trigtuple, attnum, desc, &old_null);
	Datum		new_value = heap_getattr(data->tg_newtuple, attnum, desc, &new_null);

	if (old_null || new_null)
		return old_null != new_null;
	if (attr->atttypid == NUMERICOID)
		return !DatumGetBool(DirectFunctionCall2(numeric_eq, old_value, new_value));
	return !datum_image_eq(old_value, new_value, attr->attbyval, attr->attlen);
}

static void
check_flag_key(WfString key)
{
	bool		good = key.len > 0 && key.len <= WF_FLAG_KEY_MAX &&
	key.data[0] != ' ' && key.data[key.len - 1] != ' ';
	int			shown = pg_mbcliplen(key.data, key.len, WF_FLAG_KEY_MAX);

	for (int i = 0; i < key.len && good; i++)
		good = (unsigned char) key.data[i] >= ' ' && key.data[i] != 0x7f;
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid key of a flag: \"%.*s\"", shown, key.data),
				 errdetail("A key has 1 to %d bytes, no control characters, and no space at either end.",
						   WF_FLAG_KEY_MAX)));
}

/* Compiles the row's flag, or raises what is wrong with it. */
static WfProgram *
check_definition(Datum *values, bool *nulls)
{
	WfSource	source = {0};
	WfFault		fault;
	WfProgram  *program;
	const char *problem;

	source.key = text_string(values[Anum_wf_flags_key - 1]);
	source.converts = wf_flags_converts_text();
	source.enabled = DatumGetBool(values[Anum_wf_flags_enabled - 1]);
	source.definition = nulls[Anum_wf_flags_definition - 1] ? NULL
		: DatumGetJsonbP(values[Anum_wf_flags_definition - 1]);
	if (!wf_flags_parse_percent(DatumGetNumeric(values[Anum_wf_flags_rollout - 1]),
								&source.share, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid rollout percentage: %s", problem),
				 errhint("Give a number from 0 to 100 in steps of 0.001, for example 12.5.")));
	program = wf_flags_dialect_native.compile(&source, &fault);
	if (program == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid definition of flag \"%.*s\" at %s: %s",
						source.key.len, source.key.data, fault.path, fault.message)));
	return program;
}

/*
 * The flag of an override.  Looked up once for all rows of a statement that
 * give the same flag: its row stays locked until the end of the transaction.
 */
static OverriddenFlag *
overridden_flag(FmgrInfo *flinfo, WfString key)
{
	OverriddenFlag *flag = (OverriddenFlag *) flinfo->fn_extra;
	MemoryContext old;

	if (flag && flag->key.len == key.len && memcmp(flag->key.data, key.data, key.len) == 0)
		return flag;
	old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	flag = palloc0(sizeof(OverriddenFlag));
	flag->key = wf_flags_string_copy(key.data, key.len);
	flag->program = wf_flags_lock_flag(flag->key, &flag->exists);
	MemoryContextSwitchTo(old);
	flinfo->fn_extra = flag;
	return flag;
}

static void
report_unknown_variant(const WfProgram *program, WfString flag, WfString variant)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < program->nvariants; i++)
		appendStringInfo(&names, "%s%.*s", i ? ", " : "", program->variants[i].name.len,
						 program->variants[i].name.data);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("flag \"%.*s\" has no variant \"%.*s\"", flag.len, flag.data,
					variant.len, variant.data),
			 errhint("Its variants are: %s.", names.data)));
}

static WfString
text_string(Datum value)
{
	text	   *text_value = DatumGetTextPP(value);
	WfString	string = {VARDATA_ANY(text_value), VARSIZE_ANY_EXHDR(text_value)};

	return string;
}
