/*
 * change_apply.c: making the changes of a request.
 *
 * They are plain changes under the caller's rights, so that triggers have their
 * say and the audit tells who made them and for which request.  Nothing is made
 * that was not approved: what a flag was when the request was written, it must
 * still be.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"

#include "common/protect.h"
#include "common/write.h"
#include "flags/change.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_change_apply);
PG_FUNCTION_INFO_V1(wf_change_apply_emergency);

const WfReviewKind wf_change_kind = {
	.noun = "change request",
	.table = "change_requests",
	.prefix = "change_request",
	.key = "request_id",
	.policies = "change_policies",
	.functions = "change",
	.state = "state",
	.open = "in review",
	.closed = {"applied", "cancelled"},
	.body = "changes",
	.show = "change_show",
	.reviewers = "change_show",
	.edit = "change_edit",
	.edit_arguments = "",
};

/* What is tried. */
typedef struct Trial
{
	List	   *items;
	Jsonb	   *base;
	const char *reason;
} Trial;

/* A request's changes are being made: what is protected lets them pass. */
static bool applying = false;

static int	apply(int64 id, const char *emergency);
static void need_state(const WfReview *review);
static bool need_approvals(const WfReview *review, bool emergency);
static void lock_items(List *items, Jsonb *base);
static void refuse_moved(int64 id, List *items, Jsonb *base, Jsonb *present);
static Datum imported_flags(List *items);
static bool is_same(const char *was, const char *is);
static char *last_change(const WfChangeItem *item, const char *version);
static void run_items(void *arg);
static bool is_imported(const Trial *trial, const WfChangeItem *item);
static void run_row(const WfChangeItem *item, bool exists);
static void run_rollback(const WfChangeItem *item, const char *reason);
static void run_override(const WfChangeItem *item);
static void run_import(const WfChangeItem *item);

/* change_apply(id bigint) -> integer: how many changes were made */
Datum
wf_change_apply(PG_FUNCTION_ARGS)
{
	wf_change_need_argument(fcinfo, 0, "id");
	PG_RETURN_INT32(apply(PG_GETARG_INT64(0), NULL));
}

/* change_apply(id bigint, emergency_reason text) -> integer */
Datum
wf_change_apply_emergency(PG_FUNCTION_ARGS)
{
	char	   *reason;

	wf_change_need_argument(fcinfo, 0, "id");
	wf_change_need_argument(fcinfo, 1, "emergency_reason");
	reason = text_to_cstring(PG_GETARG_TEXT_PP(1));
	wf_review_need_reason(reason, psprintf("change_apply(%lld, 'payments fail')", (long long) PG_GETARG_INT64(0)));
	PG_RETURN_INT32(apply(PG_GETARG_INT64(0), reason));
}

/* Whether the change that a trigger sees comes from a request. */
bool
wf_change_is_applied(void)
{
	return applying;
}

/*
 * What the flags, overrides, segments, experiments and documents of a request
 * are now: a base.  Of a document also its flags, those that an import would
 * make among them, as policies are about flags.
 */
Jsonb *
wf_change_present(Jsonb *changes)
{
	static const char *const query =
	"WITH item AS (SELECT * FROM wishflags.change_items($1))"
	" SELECT jsonb_build_object("
	"'flags', (SELECT COALESCE(jsonb_object_agg(i.key, f.version), '{}')"
	" FROM item i LEFT JOIN wishflags.flags f ON f.key = i.key WHERE i.kind = 'flag'),"
	"'overrides', (SELECT COALESCE(jsonb_object_agg(f.key, f.keys), '{}') FROM ("
	" SELECT k.key, jsonb_object_agg(k.override_key, k.kinds) AS keys FROM ("
	"  SELECT i.key, i.override_key, jsonb_object_agg(i.override_kind, wishflags.change_answer(o)) AS kinds"
	"  FROM item i LEFT JOIN wishflags.flag_overrides o ON o.flag = i.key AND o.context_kind = i.override_kind AND o.key = i.override_key"
	"  WHERE i.kind = 'override' GROUP BY 1, 2) k GROUP BY 1) f),"
	"'segments', (SELECT COALESCE(jsonb_object_agg(i.key, s.version), '{}')"
	" FROM item i LEFT JOIN wishflags.segments s ON s.key = i.key WHERE i.kind = 'segment'),"
	"'experiments', (SELECT COALESCE(jsonb_object_agg(i.key, (SELECT max(a.ordinal) FROM wishflags.flag_audit a"
	"  WHERE a.kind = 'experiment' AND a.key = x.key)), '{}')"
	" FROM item i LEFT JOIN wishflags.experiments x ON x.key = i.key WHERE i.kind = 'experiment'),"
	"'documents', (SELECT COALESCE(jsonb_object_agg(i.key, d.version), '{}')"
	" FROM item i LEFT JOIN wishflags.flag_documents d ON d.name = i.key WHERE i.kind = 'document'),"
	"'document_flags', (SELECT COALESCE(jsonb_object_agg(i.key, (SELECT jsonb_object_agg(n.key, f.version)"
	"  FROM (SELECT o.key FROM wishflags.flags o WHERE o.document = i.key UNION SELECT m.key FROM jsonb_array_elements_text($2 -> i.key) m(key)) n"
	"  LEFT JOIN wishflags.flags f ON f.key = n.key)), '{}')"
	" FROM item i WHERE i.kind = 'document'))";
	Oid			types[] = {JSONBOID, JSONBOID};
	Datum		values[] = {JsonbPGetDatum(changes), imported_flags(wf_change_items(changes))};
	bool		isnull;

	(void) wf_review_run(&wf_change_kind, query, lengthof(types), types, values, NULL);
	return DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* The flags that the documents of a request would make or change: {"shop": ["theme", ...]}. */
static Datum
imported_flags(List *items)
{
	StringInfoData documents;
	ListCell   *lc;

	initStringInfo(&documents);
	foreach(lc, items)
	{
		const WfChangeItem *item = lfirst(lc);
		Oid			types[] = {TEXTOID, JSONBOID, TEXTOID};
		Datum		values[lengthof(types)];

		if (!wf_change_is_document(item) || item->deletes)
			continue;
		values[0] = CStringGetTextDatum(item->key);
		values[1] = JsonbPGetDatum(item->patch);
		(void) wf_review_run(&wf_change_kind, "SELECT COALESCE($2 ->> 'format', (SELECT format FROM wishflags.flag_documents WHERE name = $1))",
							 2, types, values, NULL);
		if (wf_review_value(0, 1) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s is new, and has no format", wf_change_item_name(item)),
					 errhint("Give it beside the document: \"format\": \"flagd\".")));
		values[2] = CStringGetTextDatum(wf_review_value(0, 1));
		(void) wf_review_run(&wf_change_kind, "SELECT COALESCE(jsonb_agg(m.name), '[]') FROM wishflags.flag_import($3, $2 -> 'document',"
							 " COALESCE($2 -> 'options', '{}') || jsonb_build_object('name', $1, 'dry_run', true)) m WHERE m.item = 'flag'",
							 3, types, values, NULL);
		appendStringInfoChar(&documents, documents.len ? ',' : '{');
		escape_json(&documents, item->key);
		appendStringInfo(&documents, ": %s", wf_review_value(0, 1));
	}
	appendStringInfoString(&documents, documents.len ? "}" : "{}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(documents.data));
}

/* Makes the changes and takes them back; raises what would stand in their way. */
void
wf_change_try(List *items, Jsonb *base)
{
	Trial		trial = {items, base, "change request: trial"};
	WfAttempt	attempt = {.undo = true};

	if (!wf_common_attempt(&attempt, run_items, &trial))
		ReThrowError(attempt.error);
}

static int
apply(int64 id, const char *emergency)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	WfReview	review;
	Trial		all;
	Jsonb	   *changes;
	char	   *reason;
	bool		skips;
	bool		isnull;
	int			count;

	wf_common_require_writable("change_apply()");
	SPI_connect();
	review = wf_review_lock(&wf_change_kind, id);
	need_state(&review);
	skips = need_approvals(&review, emergency != NULL);
	(void) wf_review_run(&wf_change_kind, "SELECT changes, base, reason FROM wishflags.change_requests WHERE id = $1",
						 lengthof(types), types, values, NULL);
	changes = DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	all.base = DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	reason = wf_review_value(0, 3);
	all.items = wf_change_items(changes);
	all.reason = psprintf("change request %lld%s: %s", (long long) id, skips ? " in an emergency" : "",
						  emergency ? emergency : reason);
	count = list_length(all.items);
	lock_items(all.items, all.base);
	refuse_moved(id, all.items, all.base, wf_change_present(changes));
	run_items(&all);
	(void) wf_review_run(&wf_change_kind, "UPDATE wishflags.change_requests SET state = 'applied' WHERE id = $1",
						 lengthof(types), types, values, NULL);
	wf_review_event(&wf_change_kind, id, review.revision, skips ? "skipped" : "applied", emergency, InvalidOid, (Datum) 0);
	SPI_finish();
	return count;
}

static void
need_state(const WfReview *review)
{
	if (strcmp(review->state, wf_change_kind.open) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("change request %lld is %s", (long long) review->id, review->state),
			 wf_review_is_closed(review) ?
			 errhint("See what became of it: SELECT wishflags.change_show(%lld);", (long long) review->id) :
			 errhint("Its author can put it up for review: SELECT wishflags.change_edit(%lld);", (long long) review->id)));
}

/* Whether approvals are missing, and it is an emergency. */
static bool
need_approvals(const WfReview *review, bool emergency)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(review->id)};
	char	   *missing;

	(void) wf_review_run(&wf_change_kind, "SELECT missing FROM wishflags.change_request_overview WHERE id = $1",
						 lengthof(types), types, values, NULL);
	missing = wf_review_value(0, 1);
	if (missing && !emergency)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("change request %lld is not approved", (long long) review->id),
				 errdetail("Missing: %s.", missing),
				 errhint("Let others log in and approve it: SELECT wishflags.change_approve(%lld);\n"
						 "-- In an emergency, by level admin: SELECT wishflags.change_apply(%lld, 'the reason');",
						 (long long) review->id, (long long) review->id)));
	return missing != NULL;
}

/* Until the end of the transaction nobody else changes what the request, of this base, is about. */
static void
lock_items(List *items, Jsonb *base)
{
	for (int i = 0; i < wf_change_parts_count; i++)
	{
		const char *table = wf_change_parts[i].table;
		const char *column = wf_change_parts[i].column;
		Datum	   *keys = palloc(list_length(items) * sizeof(Datum));
		Oid			types[] = {TEXTARRAYOID, JSONBOID};
		int			count = 0;
		ListCell   *lc;

		foreach(lc, items)
		{
			WfChangeItem *item = lfirst(lc);

			if (strcmp(item->part->table, table) == 0)
				keys[count++] = CStringGetTextDatum(item->key);
		}
		if (count > 0)
		{
			Datum		values[] = {PointerGetDatum(construct_array(keys, count, TEXTOID, -1, false, TYPALIGN_INT)), JsonbPGetDatum(base)};

			(void) wf_review_run(&wf_change_kind, psprintf("SELECT FROM wishflags.%s WHERE %s = ANY ($1) ORDER BY %s FOR UPDATE", table, column, column),
								 1, types, values, NULL);
			if (strcmp(table, WF_DOCUMENTS_TABLE) == 0)
				(void) wf_review_run(&wf_change_kind, "SELECT FROM wishflags.flags WHERE document = ANY ($1) OR key IN ("
									 "SELECT k FROM jsonb_each($2 -> 'document_flags') d,"
									 " jsonb_object_keys(CASE jsonb_typeof(d.value) WHEN 'object' THEN d.value ELSE '{}' END) k) ORDER BY key FOR UPDATE",
									 2, types, values, NULL);
		}
	}
}

/* Refuses a request that was written on something else than what is there. */
static void
refuse_moved(int64 id, List *items, Jsonb *base, Jsonb *present)
{
	ListCell   *lc;

	foreach(lc, items)
	{
		WfChangeItem *item = lfirst(lc);
		char	   *was = wf_change_base(base, item);
		char	   *is = wf_change_base(present, item);
		const char *what = item->override_key ? "" : "version ";

		if (is_same(was, is))
		{
			was = wf_change_is_document(item) ? wf_change_base_flags(base, item) : NULL;
			is = wf_change_is_document(item) ? wf_change_base_flags(present, item) : NULL;
			if (!is_same(was, is))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("flags of %s have moved on since change request %lld was written", wf_change_item_name(item), (long long) id),
						 errdetail("Their versions were %s and are %s.", was ? was : "none", is ? is : "none"),
						 errhint("Take them as they are now, which voids the approvals: SELECT wishflags.change_edit(%lld);",
								 (long long) id)));
			continue;
		}
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s has moved on since change request %lld was written", wf_change_item_name(item), (long long) id),
				 errdetail("It was %s%s and is %s%s%s.", was ? what : "", was ? was : "not there",
						   is ? what : "", is ? is : "not there", last_change(item, was)),
				 errhint("Look at it, then take it as it is now, which voids the approvals: SELECT wishflags.change_edit(%lld);",
						 (long long) id)));
	}
}

static bool
is_same(const char *was, const char *is)
{
	return was && is ? strcmp(was, is) == 0 : was == is;
}

/* Who changed an item last, when and what; all columns since a version. */
static char *
last_change(const WfChangeItem *item, const char *version)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(item->part->kind), CStringGetTextDatum(item->key),
		item->override_key ? CStringGetTextDatum(item->override_key) : (Datum) 0,
		CStringGetTextDatum(version && !item->override_key ? version : "0"),
	item->override_key ? CStringGetTextDatum(item->override_kind) : (Datum) 0};
	char		nulls[] = {' ', ' ', item->override_key ? ' ' : 'n', ' ', item->override_key ? ' ' : 'n'};

	if (wf_review_run(&wf_change_kind,
					  "SELECT a.login_role, date_trunc('second', a.occurred_at), a.action,"
					  " (SELECT string_agg(DISTINCT c, ', ') FROM wishflags.flag_audit b, unnest(b.changed) c WHERE b.kind = $1 AND b.key = $2"
					  "  AND b.override_key IS NOT DISTINCT FROM $3 AND b.override_kind IS NOT DISTINCT FROM $5 AND b.action = 'update'"
					  "  AND (COALESCE(b.version, b.ordinal) > $4::bigint OR $3 IS NOT NULL))"
					  " FROM wishflags.flag_audit a WHERE a.kind = $1 AND a.key = $2 AND a.override_key IS NOT DISTINCT FROM $3"
					  " AND a.override_kind IS NOT DISTINCT FROM $5"
					  " ORDER BY a.ordinal DESC LIMIT 1", lengthof(types), types, values, nulls) == 0)
		return "";
	return psprintf(": last %s by %s at %s%s%s%s", strcmp(wf_review_value(0, 3), "update") == 0 ? "changed" :
					strcmp(wf_review_value(0, 3), "insert") == 0 ? "created" : "deleted",
					wf_review_value(0, 1), wf_review_value(0, 2), wf_review_value(0, 4) ? " (" : "",
					wf_review_value(0, 4) ? wf_review_value(0, 4) : "", wf_review_value(0, 4) ? ")" : "");
}

/* Makes the changes, within SPI. */
static void
run_items(void *arg)
{
	Trial	   *trial = arg;
	bool		outer = applying;
	int			nest_level = NewGUCNestLevel();
	ListCell   *lc;

	(void) set_config_option("wishflags.reason", trial->reason, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	applying = true;
	PG_TRY();
	{
		foreach(lc, trial->items)
		{
			WfChangeItem *item = lfirst(lc);

			CHECK_FOR_INTERRUPTS();
			if (item->override_key)
				run_override(item);
			else if (item->rollback)
				run_rollback(item, trial->reason);
			else if (wf_change_is_document(item) && !item->deletes)
				run_import(item);
			else
				run_row(item, wf_change_base(trial->base, item) != NULL || is_imported(trial, item));
		}
	}
	PG_FINALLY();
	{
		applying = outer;
	}
	PG_END_TRY();
	AtEOXact_GUC(true, nest_level);
}

/* Is it a flag that a document of the request has made by now? */
static bool
is_imported(const Trial *trial, const WfChangeItem *item)
{
	ListCell   *lc;

	foreach(lc, strcmp(item->part->member, "flags") == 0 ? trial->items : NIL)
	{
		const WfChangeItem *document = lfirst(lc);

		if (wf_change_is_document(document) && !document->deletes && wf_change_base_has_flag(trial->base, document, item->key))
			return true;
	}
	return false;
}

/* A flag, segment or experiment, or a document that is deleted. */
static void
run_row(const WfChangeItem *item, bool exists)
{
	const char *table = item->part->table;
	Oid			types[] = {TEXTOID, JSONBOID};
	Datum		values[] = {CStringGetTextDatum(item->key), item->patch ? JsonbPGetDatum(item->patch) : (Datum) 0};
	StringInfoData sql;
	StringInfoData list;
	StringInfoData set;
	ListCell   *lc;

	initStringInfo(&sql);
	initStringInfo(&list);
	initStringInfo(&set);
	foreach(lc, item->columns)
	{
		const char *column = quote_identifier(lfirst(lc));

		appendStringInfo(&list, ", %s", column);
		appendStringInfo(&set, "%s%s = r.%s", set.len ? ", " : "", column, column);
	}
	if (item->deletes)
		appendStringInfo(&sql, "DELETE FROM wishflags.%s WHERE %s OPERATOR(pg_catalog.=) $1", table, item->part->column);
	else if (!exists)
		appendStringInfo(&sql, "INSERT INTO wishflags.%s (key%s) SELECT $1%s FROM pg_catalog.jsonb_populate_record(NULL::wishflags.%s, $2)"
						 " ON CONFLICT DO NOTHING", table, list.data, list.data, table);
	else if (item->columns == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the request changes nothing of %s", wf_change_item_name(item)),
				 errhint("Give columns of it with their new values, or null to delete it.")));
	else
		appendStringInfo(&sql, "UPDATE wishflags.%s AS f SET %s FROM pg_catalog.jsonb_populate_record(NULL::wishflags.%s, $2) r"
						 " WHERE f.key OPERATOR(pg_catalog.=) $1", table, set.data, table);
	if (SPI_execute_with_args(sql.data, item->deletes ? 1 : 2, types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not run: %s", sql.data);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg(exists || item->deletes ? "%s does not exist" : "%s exists already", wf_change_item_name(item)),
				 errhint("See who changed it: SELECT occurred_at, login_role, action FROM wishflags.flag_audit WHERE key = %s;",
						 quote_literal_cstr(item->key))));
}

static void
run_rollback(const WfChangeItem *item, const char *reason)
{
	Oid			types[] = {TEXTOID, INT4OID, TEXTOID};
	Datum		values[] = {CStringGetTextDatum(item->key), Int32GetDatum(item->rollback), CStringGetTextDatum(reason)};

	if (SPI_execute_with_args("SELECT wishflags.flag_rollback($1, $2, $3)", lengthof(types), types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not give a flag an earlier content");
}

static void
run_override(const WfChangeItem *item)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, JSONBOID};
	Datum		values[] = {CStringGetTextDatum(item->key), CStringGetTextDatum(item->override_key),
	CStringGetTextDatum(item->override_kind), item->patch ? JsonbPGetDatum(item->patch) : (Datum) 0};

	if (SPI_execute_with_args(item->deletes ? "SELECT wishflags.flag_override_unset($1, $2, $3)" :
							  "SELECT wishflags.flag_override_set($1, $2, $4 OPERATOR(pg_catalog.||)"
							  " pg_catalog.jsonb_build_object('kind', $3))",
							  item->deletes ? 3 : 4, types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not change an override");
}

/* All or nothing: what was approved is the whole document. */
static void
run_import(const WfChangeItem *item)
{
	static const char *const query =
	"SELECT m.name, m.message FROM wishflags.flag_import("
	"COALESCE($2 OPERATOR(pg_catalog.->>) 'format', (SELECT d.format FROM wishflags.flag_documents d WHERE d.name OPERATOR(pg_catalog.=) $1), ''),"
	" $2 OPERATOR(pg_catalog.->) 'document', COALESCE($2 OPERATOR(pg_catalog.->) 'options', '{}') OPERATOR(pg_catalog.||)"
	" pg_catalog.jsonb_build_object('name', $1)) m WHERE m.action OPERATOR(pg_catalog.=) 'refused'";
	Oid			types[] = {TEXTOID, JSONBOID};
	Datum		values[] = {CStringGetTextDatum(item->key), JsonbPGetDatum(item->patch)};

	if (SPI_execute_with_args(query, lengthof(types), types, values, NULL, false, 0) < 0)
		elog(ERROR, "could not import a document");
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("flag \"%s\" of %s can't be imported", wf_review_value(0, 1), wf_change_item_name(item)),
				 errdetail("%s", wf_review_value(0, 2)),
				 errhint("Mend it, or leave it out: \"options\": {\"only\": [...]}.")));
}
