/*
 * trigger.c: what holds for every change of the flag tables, however it is
 * made: validation, version numbers, invalidation of the caches.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/dialect.h"
#include "flags/document.h"
#include "flags/eval.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_flags_check);
PG_FUNCTION_INFO_V1(wf_flags_changed);
PG_FUNCTION_INFO_V1(wf_flag_overrides_check);
PG_FUNCTION_INFO_V1(wf_flag_overrides_changed);

/* The flag that the last override of a statement was for. */
typedef struct OverriddenFlag
{
	WfString	key;
	WfProgram  *program;		/* NULL: unknown or invalid */
} OverriddenFlag;

static TriggerData *trigger_data(FunctionCallInfo fcinfo, const char *table);
static HeapTuple new_tuple(TriggerData *data);
static void signal_change(const char *signal_name);
static bool column_changed(TriggerData *data, int attnum);
static void check_flag_key(WfString key);
static WfProgram *check_definition(Datum *values, bool *nulls);
static void check_used_variants(WfString key, const WfProgram *program);
static OverriddenFlag *overridden_flag(FmgrInfo *flinfo, WfString key);
static WfProgram *lock_flag(WfString key);
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
	TriggerData *data = trigger_data(fcinfo, WF_FLAGS_TABLE);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	HeapTuple	tuple = new_tuple(data);
	bool		update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	bool		version_given = update && column_changed(data, Anum_wf_flags_version);
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	Datum		set_values[Natts_wf_flags];
	bool		set_nulls[Natts_wf_flags] = {0};
	bool		set[Natts_wf_flags] = {0};

	for (int i = 0; i < Natts_wf_flags; i++)
		values[i] = heap_getattr(tuple, i + 1, desc, &nulls[i]);

	/* What is NULL by mistake is refused by the table's own constraints. */
	if (!nulls[Anum_wf_flags_key - 1] && !nulls[Anum_wf_flags_rollout - 1] &&
		!nulls[Anum_wf_flags_enabled - 1])
	{
		WfProgram  *program;

		check_flag_key(text_string(values[Anum_wf_flags_key - 1]));
		if (update && column_changed(data, Anum_wf_flags_key))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("the key of a flag cannot be changed"),
					 errdetail("Buckets, overrides and the applications depend on it."),
					 errhint("Create a flag with the new key and delete this one.")));
		program = check_definition(values, nulls);
		if (update && column_changed(data, Anum_wf_flags_definition))
			check_used_variants(text_string(values[Anum_wf_flags_key - 1]), program);

		/* 50.000 is written back as 50. */
		set[Anum_wf_flags_rollout - 1] = true;
		set_values[Anum_wf_flags_rollout - 1] =
			DirectFunctionCall1(numeric_trim_scale, values[Anum_wf_flags_rollout - 1]);
	}

	if (update && !version_given && !nulls[Anum_wf_flags_version - 1])
	{
		bool		changed = false;

		for (int i = 1; i <= Natts_wf_flags && !changed; i++)
			changed = column_changed(data, i);
		if (changed)
		{
			set[Anum_wf_flags_version - 1] = set[Anum_wf_flags_updated_at - 1] = true;
			set_values[Anum_wf_flags_version - 1] =
				Int32GetDatum(DatumGetInt32(values[Anum_wf_flags_version - 1]) + 1);
		}
	}
	else if (!update && nulls[Anum_wf_flags_version - 1])
	{
		set[Anum_wf_flags_version - 1] = true;
		set_values[Anum_wf_flags_version - 1] = Int32GetDatum(1);
	}
	if (!update)
	{
		set[Anum_wf_flags_created_at - 1] = nulls[Anum_wf_flags_created_at - 1];
		set[Anum_wf_flags_updated_at - 1] = nulls[Anum_wf_flags_updated_at - 1];
	}
	set_values[Anum_wf_flags_created_at - 1] = set_values[Anum_wf_flags_updated_at - 1] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());

	return PointerGetDatum(heap_modify_tuple(tuple, desc, set_values, set_nulls, set));
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
 * flag_overrides_check(), BEFORE INSERT OR UPDATE on flag_overrides, by row.
 *
 * Refuses a variant that the flag does not have.  The flag's row is locked, so
 * that nobody takes the variant away meanwhile.
 */
Datum
wf_flag_overrides_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = trigger_data(fcinfo, WF_OVERRIDES_TABLE);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	HeapTuple	tuple = new_tuple(data);
	WfString	strings[Anum_wf_overrides_variant];
	OverriddenFlag *flag;

	for (int i = 0; i < lengthof(strings); i++)
	{
		bool		isnull;
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

	flag = overridden_flag(fcinfo->flinfo, strings[0]);
	if (flag->program && wf_flags_variant_index(flag->program, strings[2]) == WF_VARIANT_NONE)
		report_unknown_variant(flag->program, strings[0], strings[2]);
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
 * trigger that somebody has put on another table is refused.
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
	return data;
}

static HeapTuple
new_tuple(TriggerData *data)
{
	return TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
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
	return !datum_image_eq(old_value, new_value, attr->attbyval, attr->attlen);
}

static void
check_flag_key(WfString key)
{
	bool		good = key.len > 0 && key.len <= WF_FLAG_KEY_MAX;

	for (int i = 0; i < key.len && good; i++)
		good = (unsigned char) key.data[i] > ' ' && key.data[i] != 0x7f;
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid key of a flag: \"%.*s\"", Min(key.len, WF_FLAG_KEY_MAX), key.data),
				 errdetail("A key has 1 to %d bytes, without spaces and control characters.",
						   WF_FLAG_KEY_MAX)));
}

/* Compiles the row's flag, or raises what is wrong with it. */
static WfProgram *
check_definition(Datum *values, bool *nulls)
{
	WfSource	source;
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
	program = wf_flags_compile_native(&source, &fault);
	if (program == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid definition of flag \"%.*s\" at %s: %s",
						source.key.len, source.key.data, fault.path, fault.message)));
	return program;
}

/* Refuses a definition without a variant that an override gives. */
static void
check_used_variants(WfString key, const WfProgram *program)
{
	Oid			types[1] = {TEXTOID};
	Datum		args[1] = {PointerGetDatum(cstring_to_text_with_len(key.data, key.len))};
	WfWrite		write;

	wf_common_write_begin(&write, wf_common_relation_oid(WF_OVERRIDES_TABLE));
	SPI_connect();
	if (SPI_execute_with_args("SELECT variant, pg_catalog.min(key) FROM wishflags.flag_overrides"
							  " WHERE flag OPERATOR(pg_catalog.=) $1 GROUP BY variant ORDER BY variant",
							  1, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the overrides of a flag");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		const char *variant = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
		WfString	name = {variant, strlen(variant)};

		if (wf_flags_variant_index(program, name) == WF_VARIANT_NONE)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("variant \"%s\" of flag \"%.*s\" is used by an override",
							variant, key.len, key.data),
					 errhint("Unset the override first: SELECT wishflags.flag_override_unset(%s, %s);",
							 quote_literal_cstr(pnstrdup(key.data, key.len)),
							 quote_literal_cstr(SPI_getvalue(row, SPI_tuptable->tupdesc, 2)))));
	}
	SPI_finish();
	wf_common_write_end(&write);
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
	flag->program = lock_flag(flag->key);
	MemoryContextSwitchTo(old);
	flinfo->fn_extra = flag;
	return flag;
}

/*
 * Locks a flag's row and compiles it.  NULL where it is not there, which the
 * foreign key refuses, or no valid flag.
 */
static WfProgram *
lock_flag(WfString key)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[1] = {TEXTOID};
	Datum		args[1] = {PointerGetDatum(cstring_to_text_with_len(key.data, key.len))};
	WfSource	source = {key, true, WF_SHARE_TOTAL, NULL, wf_flags_converts_text()};
	WfFault		fault;
	WfWrite		write;
	bool		found;

	wf_common_write_begin(&write, wf_common_relation_oid(WF_FLAGS_TABLE));
	SPI_connect();
	if (SPI_execute_with_args("SELECT definition FROM wishflags.flags"
							  " WHERE key OPERATOR(pg_catalog.=) $1 FOR SHARE",
							  1, types, args, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a flag");
	found = SPI_processed > 0;
	if (found)
	{
		bool		isnull;
		Datum		definition = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext spi = MemoryContextSwitchTo(caller);

		if (!isnull)
			source.definition = DatumGetJsonbPCopy(definition);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	wf_common_write_end(&write);
	return found ? wf_flags_compile_native(&source, &fault) : NULL;
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
