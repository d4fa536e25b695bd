/*
 * trigger_document.c: triggers of the table flag_documents.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "flags/notify.h"
#include "flags/tables.h"
#include "flags/transfer.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_flag_documents_check);
PG_FUNCTION_INFO_V1(wf_flag_documents_changed);

static const WfVersionColumns version_columns = {
	.version = Anum_wf_documents_version,
	.created_at = Anum_wf_documents_created_at,
	.updated_at = Anum_wf_documents_updated_at,
	.key = Anum_wf_documents_name,
	.kind = "document",
};

static const int evaluated_columns[] = {
	Anum_wf_documents_name, Anum_wf_documents_format, Anum_wf_documents_document,
	Anum_wf_documents_options
};

static void check_document(WfTriggerRow *row);

/*
 * flag_documents_check(), BEFORE INSERT OR UPDATE on flag_documents, by row.
 *
 * Refuses a document that its format can't be, wrong options, and another
 * format for a document that is there.  Numbers the versions.
 */
Datum
wf_flag_documents_check(PG_FUNCTION_ARGS)
{
	WfTriggerRow row;
	bool		complete = true;

	wf_flags_trigger_row(fcinfo, WF_DOCUMENTS_TABLE, &row);
	/* What is NULL by mistake is refused by the table's own constraints. */
	for (int i = Anum_wf_documents_name; i <= Anum_wf_documents_options; i++)
		complete = complete && !wf_flags_trigger_null(&row, i);
	if (complete)
		check_document(&row);
	wf_flags_trigger_number(&row, &version_columns);
	return wf_flags_trigger_result(&row);
}

/*
 * flag_documents_changed(), AFTER everything on flag_documents: by row, ENABLE
 * ALWAYS, and by statement for TRUNCATE.
 */
Datum
wf_flag_documents_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_DOCUMENTS_TABLE);
	bool		matters = !TRIGGER_FIRED_BY_UPDATE(data->tg_event);

	for (int i = 0; i < lengthof(evaluated_columns) && !matters; i++)
		matters = wf_flags_trigger_changed(data, evaluated_columns[i]);
	if (matters)
	{
		wf_flags_trigger_signal(WF_DOCUMENTS_SIGNAL);
		wf_flags_notify(data, WF_NOTIFY_DOCUMENT, Anum_wf_documents_name, Anum_wf_documents_created_at);
	}
	return PointerGetDatum(NULL);
}

static void
check_document(WfTriggerRow *row)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(row->data->tg_event);
	WfString	name = wf_flags_trigger_text(row, Anum_wf_documents_name);
	WfShared	shared = {0};

	wf_flags_trigger_check_key("a document", name);
	if (update && (wf_flags_trigger_changed(row->data, Anum_wf_documents_name) ||
				   wf_flags_trigger_changed(row->data, Anum_wf_documents_format)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("name and format of a document cannot be changed"),
				 errhint("Import the document under another name: option name of wishflags.flag_import().")));
	wf_flags_open_document(TextDatumGetCString(row->values[Anum_wf_documents_format - 1]),
						   DatumGetJsonbP(row->values[Anum_wf_documents_document - 1]),
						   DatumGetJsonbP(row->values[Anum_wf_documents_options - 1]), &shared);
}
