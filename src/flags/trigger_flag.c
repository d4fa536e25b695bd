/*
 * trigger_flag.c: triggers of the table flags.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "flags/cache.h"
#include "flags/document.h"
#include "flags/integrity.h"
#include "flags/notify.h"
#include "flags/record.h"
#include "flags/requirement.h"
#include "flags/row.h"
#include "flags/store.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_flags_check);
PG_FUNCTION_INFO_V1(wf_flags_require);
PG_FUNCTION_INFO_V1(wf_flags_changed);
PG_FUNCTION_INFO_V1(wf_flags_removed);

static const WfVersionColumns version_columns = {
	.version = Anum_wf_flags_version,
	.created_at = Anum_wf_flags_created_at,
	.updated_at = Anum_wf_flags_updated_at,
	.created_by = Anum_wf_flags_created_by,
	.updated_by = Anum_wf_flags_updated_by,
	.key = Anum_wf_flags_key,
	.kind = "flag",
};

/* What the caches hold. */
static const int evaluated_columns[] = {
	Anum_wf_flags_key, Anum_wf_flags_enabled, Anum_wf_flags_rollout, Anum_wf_flags_definition,
	Anum_wf_flags_dialect, Anum_wf_flags_document, Anum_wf_flags_client_visible,
	Anum_wf_flags_cache_ttl_seconds, Anum_wf_flags_expires_at, Anum_wf_flags_on_expiry,
	Anum_wf_flags_archived_at
};

static bool changes_evaluation(TriggerData *data);
static void check_flag(WfTriggerRow *row);
static void check_rollout(WfTriggerRow *row);
static void check_columns(WfTriggerRow *row, const WfDialect *dialect);
static WfProgram *check_definition(WfTriggerRow *row);
static bool awaits_document(WfTriggerRow *row, const WfSource *source);

/*
 * flags_check(), BEFORE INSERT OR UPDATE on flags, by row.
 *
 * Refuses a bad key, percentage or definition, and a definition that lacks what
 * an override gives.  Numbers the versions; a row that brings
 * its version is a restored one and keeps it.
 */
Datum
wf_flags_check(PG_FUNCTION_ARGS)
{
	WfTriggerRow row;

	wf_flags_trigger_row(fcinfo, WF_FLAGS_TABLE, &row);
	/* What is NULL by mistake is refused by the table's own constraints. */
	if (!wf_flags_trigger_null(&row, Anum_wf_flags_key) &&
		!wf_flags_trigger_null(&row, Anum_wf_flags_rollout) &&
		!wf_flags_trigger_null(&row, Anum_wf_flags_enabled))
		check_flag(&row);
	wf_flags_trigger_number(&row, &version_columns);
	return wf_flags_trigger_result(&row);
}

/*
 * flags_require(), AFTER INSERT OR UPDATE on flags, by row: refuses what newly
 * lacks a field that wishflags.require_fields lists.  After, as the row that
 * INSERT ON CONFLICT DO UPDATE proposes is not the one that it writes.
 */
Datum
wf_flags_require(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_FLAGS_TABLE);

	if (!TRIGGER_FIRED_AFTER(data->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(data->tg_event) || TRIGGER_FIRED_BY_UPDATE(data->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" must be AFTER INSERT OR UPDATE", data->tg_trigger->tgname)));
	wf_flags_check_required(data);
	return PointerGetDatum(NULL);
}

/*
 * flags_changed(), AFTER everything on flags: by row, ENABLE ALWAYS, as the
 * subscriber of a publication fires no other; and by statement for TRUNCATE.
 * Only what matters to evaluation invalidates the caches.
 */
Datum
wf_flags_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_FLAGS_TABLE);

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event) || changes_evaluation(data))
	{
		wf_flags_trigger_signal(WF_FLAGS_SIGNAL);
		wf_flags_notify(data, WF_NOTIFY_FLAG, Anum_wf_flags_key, Anum_wf_flags_created_at);
	}
	return PointerGetDatum(NULL);
}

/*
 * flags_removed(), AFTER DELETE by row and TRUNCATE by statement on flags:
 * takes the overrides along.
 */
Datum
wf_flags_removed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_FLAGS_TABLE);

	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		bool		isnull;
		Datum		key = heap_getattr(data->tg_trigtuple, Anum_wf_flags_key,
									   RelationGetDescr(data->tg_relation), &isnull);
		WfString	name = wf_flags_text_string(key);

		wf_flags_delete_overrides(&name);
	}
	else
		wf_flags_delete_overrides(NULL);
	return PointerGetDatum(NULL);
}

/* Whether an UPDATE changes anything that the caches hold. */
static bool
changes_evaluation(TriggerData *data)
{
	for (int i = 0; i < lengthof(evaluated_columns); i++)
	{
		if (wf_flags_trigger_changed(data, evaluated_columns[i]))
			return true;
	}
	return false;
}

static void
check_flag(WfTriggerRow *row)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(row->data->tg_event);
	WfString	key = wf_flags_trigger_text(row, Anum_wf_flags_key);
	WfProgram  *program;

	wf_flags_trigger_check_key("a flag", key);
	if (update && wf_flags_trigger_changed(row->data, Anum_wf_flags_key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the key of a flag cannot be changed"),
				 errdetail("Buckets, overrides and the applications depend on it."),
				 errhint("Create a flag with the new key and delete this one.")));
	wf_flags_check_record(row, update && changes_evaluation(row->data));
	program = check_definition(row);
	if (update && program && wf_flags_trigger_changed(row->data, Anum_wf_flags_definition))
		wf_flags_check_overrides(key, program);

	/* 50.000 is written back as 50. */
	wf_flags_trigger_set(row, Anum_wf_flags_rollout,
						 DirectFunctionCall1(numeric_trim_scale, row->values[Anum_wf_flags_rollout - 1]));
}

static void
check_rollout(WfTriggerRow *row)
{
	const char *problem;
	uint32		share;

	if (!wf_flags_parse_percent(DatumGetNumeric(row->values[Anum_wf_flags_rollout - 1]), &share, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid rollout percentage: %s", problem),
				 errhint("Give a number from 0 to 100 in steps of 0.001, for example 12.5.")));
}

/* Refuses what the columns beside the definition can't say together. */
static void
check_columns(WfTriggerRow *row, const WfDialect *dialect)
{
	bool		has_document = !wf_flags_trigger_null(row, Anum_wf_flags_document);
	Datum		hundred = DirectFunctionCall1(int4_numeric, Int32GetDatum(100));

	if (dialect->normalize == NULL && has_document)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a flag of dialect \"%s\" is part of no document", dialect->name)));
	if (dialect != &wf_flags_dialect_native &&
		(!has_document || wf_flags_trigger_null(row, Anum_wf_flags_definition)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a flag of dialect \"%s\" needs a definition and a document", dialect->name),
				 errhint("Import it: SELECT * FROM wishflags.flag_import('%s', '...'::jsonb);", dialect->name)));
	if (dialect != &wf_flags_dialect_native &&
		!DatumGetBool(DirectFunctionCall2(numeric_eq, row->values[Anum_wf_flags_rollout - 1], hundred)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the rollout of a flag of dialect \"%s\" is part of its definition", dialect->name),
				 errhint("Change its definition, or give single keys a variant with wishflags.flag_override_set().")));
}

/*
 * Compiles the row's flag, or raises what is wrong with it.  NULL for a
 * restored row whose document is still to come.
 */
static WfProgram *
check_definition(WfTriggerRow *row)
{
	WfSource	source = {0};
	WfFault		fault;
	WfProgram  *program;
	const WfDialect *dialect;

	check_rollout(row);
	wf_flags_cache_ensure();
	if (!wf_flags_source_from_row(row->values, row->nulls, wf_flags_row_document(row->values, row->nulls),
								  &source, &dialect, &fault))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid %s of flag \"%.*s\": %s", fault.path, source.key.len, source.key.data,
						fault.message)));
	check_columns(row, dialect);
	if (awaits_document(row, &source))
		return NULL;
	source.enabled = DatumGetBool(row->values[Anum_wf_flags_enabled - 1]);
	if (!wf_flags_trigger_null(row, Anum_wf_flags_definition))
		source.definition = DatumGetJsonbP(row->values[Anum_wf_flags_definition - 1]);
	program = dialect->compile(&source, &fault);
	if (program == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid definition of flag \"%.*s\" at %s: %s",
						source.key.len, source.key.data, fault.path, fault.message),
				 dialect->example ? errhint("Write for example '%s'.", dialect->example)
				 : errhint("Correct it in the system that it comes from, and import it again.")));
	return program;
}

/* pg_restore with several jobs may fill flags before flag_documents. */
static bool
awaits_document(WfTriggerRow *row, const WfSource *source)
{
	WfString	name;

	if (wf_flags_trigger_null(row, Anum_wf_flags_document) || source->shared)
		return false;
	if (wf_flags_trigger_restored(row, Anum_wf_flags_version))
		return true;
	name = wf_flags_trigger_text(row, Anum_wf_flags_document);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("document \"%.*s\" does not exist", name.len, name.data),
			 errhint("See which there are: SELECT name, format FROM wishflags.flag_documents;")));
	return false;				/* keep compiler quiet */
}
