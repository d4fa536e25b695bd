/*
 * trigger_segment.c: triggers of the table segments.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/extension.h"
#include "common/write.h"
#include "flags/context.h"
#include "flags/dialect_native.h"
#include "flags/notify.h"
#include "flags/row.h"
#include "flags/segment_probe.h"
#include "flags/segment_refresh.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_segments_check);
PG_FUNCTION_INFO_V1(wf_segments_changed);
PG_FUNCTION_INFO_V1(wf_segments_removed);

static const WfVersionColumns version_columns = {
	.version = Anum_wf_segments_version,
	.created_at = Anum_wf_segments_created_at,
	.updated_at = Anum_wf_segments_updated_at,
	.uncounted = Anum_wf_segments_refreshed_at,
	.key = Anum_wf_segments_key,
	.kind = "segment",
};

static void check_segment(WfTriggerRow *row);
static void check_source(WfTriggerRow *row, const WfSegmentSource *source);
static void check_table(const WfSegmentSource *source, const WfProbe *probe);
static void qualify_table(WfTriggerRow *row, const WfProbe *probe);

/*
 * segments_check(), BEFORE INSERT OR UPDATE on segments, by row.
 *
 * Refuses a bad key or definition, a table that can't serve as a segment or
 * that the current role may not read, and a query that it can't run.  Notes
 * the current role as the definer, and numbers the versions; a row that brings
 * its version is a restored one and keeps both.
 */
Datum
wf_segments_check(PG_FUNCTION_ARGS)
{
	WfTriggerRow row;

	wf_flags_trigger_row(fcinfo, WF_SEGMENTS_TABLE, &row);
	/* What is NULL by mistake is refused by the table's own constraints. */
	if (!wf_flags_trigger_null(&row, Anum_wf_segments_key) &&
		!wf_flags_trigger_null(&row, Anum_wf_segments_definition))
		check_segment(&row);
	wf_flags_trigger_number(&row, &version_columns);
	return wf_flags_trigger_result(&row);
}

/*
 * segments_changed(), AFTER everything on segments: by row, ENABLE ALWAYS, and
 * by statement for TRUNCATE.
 */
Datum
wf_segments_changed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_SEGMENTS_TABLE);

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event) ||
		wf_flags_trigger_changed(data, Anum_wf_segments_key) ||
		wf_flags_trigger_changed(data, Anum_wf_segments_definition) ||
		wf_flags_trigger_changed(data, Anum_wf_segments_definer))
	{
		wf_flags_trigger_signal(WF_SEGMENTS_SIGNAL);
		wf_flags_notify(data, WF_NOTIFY_SEGMENT, Anum_wf_segments_key, Anum_wf_segments_created_at);
	}
	return PointerGetDatum(NULL);
}

/*
 * segments_removed(), AFTER DELETE by row and TRUNCATE by statement on
 * segments: takes the members along.
 */
Datum
wf_segments_removed(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_flags_trigger_data(fcinfo, WF_SEGMENTS_TABLE);
	bool		isnull;

	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		WfString	key = wf_flags_text_string(heap_getattr(data->tg_trigtuple, Anum_wf_segments_key,
															RelationGetDescr(data->tg_relation), &isnull));

		wf_flags_delete_members(&key);
	}
	else
		wf_flags_delete_members(NULL);
	return PointerGetDatum(NULL);
}

static void
check_segment(WfTriggerRow *row)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(row->data->tg_event);
	WfString	key = wf_flags_trigger_text(row, Anum_wf_segments_key);
	const WfSegment *segment;
	WfFault		fault;

	wf_flags_trigger_check_key("a segment", key);
	if (update && wf_flags_trigger_changed(row->data, Anum_wf_segments_key))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the key of a segment cannot be changed"),
				 errdetail("The flags that use it depend on it."),
				 errhint("Create a segment with the new key and delete this one.")));
	segment = wf_flags_compile_segment(key, DatumGetJsonbP(row->values[Anum_wf_segments_definition - 1]),
									   wf_flags_converts_text(), &fault);
	if (segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid definition of segment \"%.*s\" at %s: %s", key.len, key.data,
						fault.path, fault.message),
				 errhint("Write for example '{\"included\": [\"user-1\"], \"when\": {\"attribute\": \"plan\", \"in\": [\"pro\"]}}'.")));

	/* What a dump brings was checked before, and its table may come later. */
	if (wf_flags_trigger_restored(row, Anum_wf_segments_version))
		return;
	if (!update || wf_flags_trigger_changed(row->data, Anum_wf_segments_definition) ||
		wf_flags_trigger_changed(row->data, Anum_wf_segments_definer))
	{
		Name		definer = palloc0(sizeof(NameData));

		namestrcpy(definer, GetUserNameFromId(GetUserId(), false));
		wf_flags_trigger_set(row, Anum_wf_segments_definer, NameGetDatum(definer));
		if (segment->source)
			check_source(row, segment->source);
	}
}

static void
check_source(WfTriggerRow *row, const WfSegmentSource *source)
{
	WfProbe		probe;

	if (source->kind == WF_SEGMENT_QUERY)
	{
		wf_flags_check_query(source->query);
		return;
	}
	wf_flags_probe_resolve(&probe, source, NULL);
	check_table(source, &probe);
	qualify_table(row, &probe);
}

static void
check_table(const WfSegmentSource *source, const WfProbe *probe)
{
	const char *table = pnstrdup(source->table.data, source->table.len);
	const char *column = pnstrdup(source->column.data, source->column.len);

	switch (probe->fault)
	{
		case WF_PROBE_FINE:
			break;
		case WF_PROBE_NO_DEFINER:
		case WF_PROBE_NO_TABLE:
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation \"%s\" does not exist", table),
					 errhint("Name it with its schema, as in \"crm.beta_users\".")));
			break;
		case WF_PROBE_NOT_A_TABLE:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or materialized view", table),
					 errhint("Use a query instead: '{\"query\": \"SELECT %s FROM %s\"}', and wishflags.segment_refresh().",
							 quote_identifier(column), table)));
			break;
		case WF_PROBE_NO_COLUMN:
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist", column, table)));
			break;
		case WF_PROBE_COLUMN_TYPE:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of relation \"%s\" is of type %s", column, table,
							format_type_be(probe->type)),
					 errdetail("Keys are of type text, varchar, smallint, integer, bigint or uuid.")));
			break;
		case WF_PROBE_NO_INDEX:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" of relation \"%s\" has no unique index of its own", column, table),
					 errhint("CREATE UNIQUE INDEX CONCURRENTLY ON %s (%s);", table, quote_identifier(column))));
			break;
		case WF_PROBE_ROW_SECURITY:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("row security is enabled on relation \"%s\"", table),
					 errdetail("A segment tells everybody who is in it."),
					 errhint("Keep the keys in a table without row security, or use a query.")));
			break;
		case WF_PROBE_NO_RIGHT:
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for column \"%s\" of relation \"%s\"", column, table)));
			break;
	}
}

/* Writes the table's name with its schema: other sessions have other paths. */
static void
qualify_table(WfTriggerRow *row, const WfProbe *probe)
{
	Jsonb	   *definition = DatumGetJsonbP(row->values[Anum_wf_segments_definition - 1]);
	char	   *schema = get_namespace_name(get_rel_namespace(probe->relid));
	char	   *qualified = quote_qualified_identifier(schema, get_rel_name(probe->relid));
	Datum		path = CStringGetTextDatum("table");
	JsonbValue	json = {.type = jbvString};

	json.val.string.val = qualified;
	json.val.string.len = strlen(qualified);
	wf_flags_trigger_set(row, Anum_wf_segments_definition,
						 jsonb_set_element(definition, &path, 1, &json));
}
