/*
 * trigger_override.c: triggers of the table flag_overrides.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "flags/document.h"
#include "flags/eval.h"
#include "flags/integrity.h"
#include "flags/notify.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_flag_overrides_check);
PG_FUNCTION_INFO_V1(wf_flag_overrides_changed);

/* The flag that the last override of a statement was for. */
typedef struct OverriddenFlag
{
	WfString	key;
	bool		exists;
	WfProgram  *program;		/* NULL where it is unknown or invalid */
} OverriddenFlag;

static OverriddenFlag *overridden_flag(FmgrInfo *flinfo, WfString key);
pg_noreturn static void report_unknown_variant(const WfProgram *program, WfString flag,
											   WfString variant);

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
	WfTriggerRow row;
	WfString	key;
	WfString	flag_key;
	WfString	variant;
	OverriddenFlag *flag;
	bool		restored;

	wf_flags_trigger_row(fcinfo, WF_OVERRIDES_TABLE, &row);
	/* What is NULL by mistake is refused by the table's own constraints. */
	for (int i = Anum_wf_overrides_flag; i <= Anum_wf_overrides_variant; i++)
	{
		if (wf_flags_trigger_null(&row, i))
			return wf_flags_trigger_result(&row);
	}
	flag_key = wf_flags_trigger_text(&row, Anum_wf_overrides_flag);
	key = wf_flags_trigger_text(&row, Anum_wf_overrides_key);
	variant = wf_flags_trigger_text(&row, Anum_wf_overrides_variant);
	if (key.len == 0 || key.data[0] == '{')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key of an override must be a targeting key"),
				 errdetail("It is empty or begins with \"{\", which flag_eval() refuses.")));

	restored = wf_flags_trigger_restored(&row, Anum_wf_overrides_created_at);
	flag = overridden_flag(fcinfo->flinfo, flag_key);
	if (!flag->exists && !restored)
		wf_flags_report_unknown(flag_key);
	if (flag->program && wf_flags_variant_index(flag->program, variant) == WF_VARIANT_NONE)
		report_unknown_variant(flag->program, flag_key, variant);
	if (wf_flags_trigger_null(&row, Anum_wf_overrides_created_at))
		wf_flags_trigger_set(&row, Anum_wf_overrides_created_at,
							 TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	return wf_flags_trigger_result(&row);
}

/* flag_overrides_changed(), as flags_changed() for flag_overrides. */
Datum
wf_flag_overrides_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_OVERRIDES_TABLE);

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event) ||
		wf_flags_trigger_changed(data, Anum_wf_overrides_flag) ||
		wf_flags_trigger_changed(data, Anum_wf_overrides_key) ||
		wf_flags_trigger_changed(data, Anum_wf_overrides_variant))
	{
		wf_flags_trigger_signal(WF_OVERRIDES_SIGNAL);
		wf_flags_notify(data, WF_NOTIFY_FLAG, Anum_wf_overrides_flag, Anum_wf_overrides_created_at);
	}
	return PointerGetDatum(NULL);
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
