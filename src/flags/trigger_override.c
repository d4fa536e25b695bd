/*
 * trigger_override.c: triggers of the table flag_overrides.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "common/write.h"
#include "flags/document.h"
#include "flags/eval.h"
#include "flags/integrity.h"
#include "flags/notify.h"
#include "flags/override.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_flag_overrides_check);
PG_FUNCTION_INFO_V1(wf_flag_overrides_delete);
PG_FUNCTION_INFO_V1(wf_flag_overrides_changed);

/* The columns of an answer, of which a row has one. */
static const int answer_columns[] = {
	Anum_wf_overrides_variant, Anum_wf_overrides_value, Anum_wf_overrides_deny
};

/* What the caches hold. */
static const int evaluated_columns[] = {
	Anum_wf_overrides_flag, Anum_wf_overrides_context_kind, Anum_wf_overrides_key, Anum_wf_overrides_variant,
	Anum_wf_overrides_value, Anum_wf_overrides_deny, Anum_wf_overrides_expires_at
};

/* The flag that the last override of a statement was for. */
typedef struct OverriddenFlag
{
	WfString	key;
	bool		exists;
	WfClosed	closed;
	WfProgram  *program;		/* NULL where it is unknown or invalid */
} OverriddenFlag;

static void fill_defaults(WfTriggerRow *row);
static void check_key(const WfTriggerRow *row);
static void keep_one_answer(WfTriggerRow *row);
static bool has_answer(const WfTriggerRow *row, int column);
static void check_answer(WfTriggerRow *row, const OverriddenFlag *flag);
static void check_expiry(WfTriggerRow *row);
static void fill_origin(WfTriggerRow *row);
static WfString overridden_before(TriggerData *data);
static bool has_expired(TriggerData *data);
static OverriddenFlag *overridden_flag(FmgrInfo *flinfo, WfString key);
pg_noreturn static void report_unknown_variant(const WfProgram *program, WfString flag,
											   WfString variant);

/*
 * flag_overrides_check(), BEFORE INSERT OR UPDATE on flag_overrides, by row.
 *
 * Refuses a variant that the flag does not have, a value of another type than
 * its variants', and a flag that does not exist or can't be changed, also the
 * one that an UPDATE takes the override from.  The flag's row is locked, so
 * that nobody takes the flag or its variant away meanwhile.  A row that brings
 * its time of creation is a restored one, and may come before its flag:
 * pg_restore with several jobs fills both tables at once.  (For that reason
 * there is no foreign key.)
 */
Datum
wf_flag_overrides_check(PG_FUNCTION_ARGS)
{
	WfTriggerRow row;
	WfString	flag_key;
	OverriddenFlag *flag;

	wf_flags_trigger_row(fcinfo, WF_OVERRIDES_TABLE, &row);
	/* What is NULL by mistake is refused by the table's own constraints. */
	if (wf_flags_trigger_null(&row, Anum_wf_overrides_flag) || wf_flags_trigger_null(&row, Anum_wf_overrides_key))
		return wf_flags_trigger_result(&row);
	fill_defaults(&row);
	check_key(&row);
	keep_one_answer(&row);
	flag_key = wf_flags_trigger_text(&row, Anum_wf_overrides_flag);
	flag = overridden_flag(fcinfo->flinfo, flag_key);
	if (!wf_flags_trigger_restored(&row, Anum_wf_overrides_created_at))
	{
		if (!flag->exists)
			wf_flags_report_unknown(flag_key);
		if (flag->closed.why != WF_CLOSED_NOT)
			wf_flags_report_closed(flag_key, flag->closed);
		if (TRIGGER_FIRED_BY_UPDATE(row.data->tg_event) && wf_flags_trigger_changed(row.data, Anum_wf_overrides_flag))
		{
			WfString	before = overridden_before(row.data);

			wf_flags_refuse_closed(&before);
		}
		check_expiry(&row);
	}
	check_answer(&row, flag);
	fill_origin(&row);
	return wf_flags_trigger_result(&row);
}

/*
 * flag_overrides_delete(), BEFORE DELETE by row and TRUNCATE by statement on
 * flag_overrides.
 *
 * Refuses what changes an archived or frozen flag; what has expired answers
 * nothing, and may be pruned.  Where a flag is deleted, it is gone when its
 * overrides go along.
 */
Datum
wf_flag_overrides_delete(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_OVERRIDES_TABLE);
	WfString	flag;

	if (!TRIGGER_FIRED_BEFORE(data->tg_event) ||
		!(TRIGGER_FIRED_BY_DELETE(data->tg_event) || TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be BEFORE DELETE OR TRUNCATE", data->tg_trigger->tgname)));
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
	{
		wf_flags_refuse_closed(NULL);
		return PointerGetDatum(NULL);
	}
	flag = overridden_before(data);
	if (!has_expired(data) && !wf_flags_trigger_is_last_key(fcinfo->flinfo, flag))
	{
		wf_flags_refuse_closed(&flag);
		wf_flags_trigger_keep_key(fcinfo->flinfo, flag);
	}
	return PointerGetDatum(data->tg_trigtuple);
}

/* flag_overrides_changed(), as flags_changed() for flag_overrides. */
Datum
wf_flag_overrides_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_OVERRIDES_TABLE);
	bool		matters = !TRIGGER_FIRED_BY_UPDATE(data->tg_event);

	for (int i = 0; i < lengthof(evaluated_columns) && !matters; i++)
		matters = wf_flags_trigger_changed(data, evaluated_columns[i]);
	if (matters)
	{
		wf_flags_trigger_signal(WF_OVERRIDES_SIGNAL);
		wf_flags_notify(data, WF_NOTIFY_FLAG, Anum_wf_overrides_flag, Anum_wf_overrides_created_at);
	}
	return PointerGetDatum(NULL);
}

/* What is given as NULL; a table of an older version of the extension lacks the columns. */
static void
fill_defaults(WfTriggerRow *row)
{
	if (row->desc->natts < Natts_wf_overrides)
		return;
	if (wf_flags_trigger_null(row, Anum_wf_overrides_context_kind))
		wf_flags_trigger_set(row, Anum_wf_overrides_context_kind, CStringGetTextDatum(WF_KIND_USER));
	if (wf_flags_trigger_null(row, Anum_wf_overrides_deny))
		wf_flags_trigger_set(row, Anum_wf_overrides_deny, BoolGetDatum(false));
}

static void
check_key(const WfTriggerRow *row)
{
	WfString	key = wf_flags_trigger_text(row, Anum_wf_overrides_key);
	WfString	kind = wf_flags_string(WF_KIND_USER);

	if (!wf_flags_trigger_null(row, Anum_wf_overrides_context_kind))
		kind = wf_flags_trigger_text(row, Anum_wf_overrides_context_kind);
	if (!wf_flags_is_kind(kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid kind of context: \"%.*s\"", kind.len, kind.data),
				 errdetail("A kind is made of letters, digits, \".\", \"_\" and \"-\", and is neither \"kind\" nor \"multi\"."),
				 errhint("For the targeting key it is \"user\".")));
	if (key.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key of an override must not be empty")));
	if (key.data[0] == '{' && wf_flags_override_is_user(kind))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key of an override must be a targeting key"),
				 errdetail("It begins with \"{\", which flag_eval() refuses."),
				 errhint("Give the user's key alone; for a key of another kind name the kind.")));
}

/*
 * An UPDATE that gives an answer takes the one of before away.  Otherwise a row
 * has to have just one.
 */
static void
keep_one_answer(WfTriggerRow *row)
{
	int			nanswers = 0;

	for (int i = 0; i < lengthof(answer_columns); i++)
		nanswers += has_answer(row, answer_columns[i]);
	if (nanswers == 2 && TRIGGER_FIRED_BY_UPDATE(row->data->tg_event))
	{
		for (int i = 0; i < lengthof(answer_columns); i++)
		{
			int			column = answer_columns[i];

			if (!has_answer(row, column) || wf_flags_trigger_changed(row->data, column))
				continue;
			if (column == Anum_wf_overrides_deny)
				wf_flags_trigger_set(row, column, BoolGetDatum(false));
			else
				wf_flags_trigger_set_null(row, column);
			nanswers--;
		}
	}
	if (nanswers != 1)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 nanswers == 0 ? errmsg("an override needs an answer")
				 : errmsg("an override has one answer"),
				 errhint("Give just one of variant, value, and deny => true.")));
}

static bool
has_answer(const WfTriggerRow *row, int column)
{
	if (wf_flags_trigger_null(row, column))
		return false;
	return column != Anum_wf_overrides_deny || DatumGetBool(row->values[column - 1]);
}

static void
check_answer(WfTriggerRow *row, const OverriddenFlag *flag)
{
	const char *type;
	const char *wanted;

	if (flag->program == NULL)
		return;
	if (!wf_flags_trigger_null(row, Anum_wf_overrides_variant))
	{
		WfString	variant = wf_flags_trigger_text(row, Anum_wf_overrides_variant);

		if (wf_flags_variant_index(flag->program, variant) == WF_VARIANT_NONE)
			report_unknown_variant(flag->program, flag->key, variant);
	}
	if (wf_flags_trigger_null(row, Anum_wf_overrides_value))
		return;
	type = wf_flags_value_type(DatumGetJsonbP(row->values[Anum_wf_overrides_value - 1]));
	wanted = wf_flags_variants_type(flag->program);
	if (wanted && strcmp(type, wanted) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("value of an override is of type %s", type),
				 errdetail("The variants of flag \"%.*s\" are of type %s.", flag->key.len, flag->key.data, wanted)));
}

/*
 * One that is over when it begins is a mistake; to end one that exists is not.
 * The time is one in whole seconds, and not later than what was given.
 */
static void
check_expiry(WfTriggerRow *row)
{
	TimestampTz expires_at;

	if (wf_flags_trigger_null(row, Anum_wf_overrides_expires_at))
		return;
	expires_at = DatumGetTimestampTz(row->values[Anum_wf_overrides_expires_at - 1]);
	if (expires_at > WF_OVERRIDE_EXPIRES_MAX && !TIMESTAMP_IS_NOEND(expires_at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expires_at of an override is too late"),
				 errdetail("It can be up to %s.", timestamptz_to_str(WF_OVERRIDE_EXPIRES_MAX)),
				 errhint("One that never expires has none.")));
	if (TRIGGER_FIRED_BY_INSERT(row->data->tg_event) && expires_at <= GetCurrentStatementStartTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expires_at of an override must be in the future"),
				 errhint("To take one back: SELECT wishflags.flag_override_unset('flag', 'key', 'kind');")));
	if (!TIMESTAMP_NOT_FINITE(expires_at))
		wf_flags_trigger_set(row, Anum_wf_overrides_expires_at,
							 DirectFunctionCall2(timestamptz_trunc, CStringGetTextDatum("second"), TimestampTzGetDatum(expires_at)));
}

/* When it was made, and by whom: of a restored row, what it brings. */
static void
fill_origin(WfTriggerRow *row)
{
	if (!wf_flags_trigger_null(row, Anum_wf_overrides_created_at))
		return;
	wf_flags_trigger_set(row, Anum_wf_overrides_created_at,
						 TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	if (row->desc->natts >= Anum_wf_overrides_created_by)
		wf_flags_trigger_set(row, Anum_wf_overrides_created_by, CStringGetTextDatum(wf_common_role_name(GetSessionUserId())));
}

/* The flag that an override was for before it is changed or deleted. */
static WfString
overridden_before(TriggerData *data)
{
	bool		isnull;

	return wf_flags_text_string(heap_getattr(data->tg_trigtuple, Anum_wf_overrides_flag,
											 RelationGetDescr(data->tg_relation), &isnull));
}

/* Whether an override that is deleted answered nothing any more. */
static bool
has_expired(TriggerData *data)
{
	bool		isnull;
	Datum		expires_at = heap_getattr(data->tg_trigtuple, Anum_wf_overrides_expires_at,
										  RelationGetDescr(data->tg_relation), &isnull);

	return !isnull && DatumGetTimestampTz(expires_at) <= GetCurrentStatementStartTimestamp();
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

	if (flag && wf_flags_strings_equal(flag->key, key))
		return flag;
	old = MemoryContextSwitchTo(flinfo->fn_mcxt);
	flag = palloc0(sizeof(OverriddenFlag));
	flag->key = wf_flags_string_copy(key.data, key.len);
	flag->program = wf_flags_lock_flag(flag->key, &flag->exists, &flag->closed);
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
			 variant.len > 0 && variant.data[0] == '{'
			 ? errhint("To give options, cast them: flag_override_set('flag', 'key', '{...}'::jsonb).")
			 : errhint("Its variants are: %s.", names.data)));
}
