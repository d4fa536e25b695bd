/*
 * segment_refresh.c: segments whose keys come from a query.
 *
 * The query is run when it is told to, as the role that defined it and in a
 * security-restricted operation, as REFRESH MATERIALIZED VIEW does; its keys
 * are kept in segment_members, where evaluations look them up.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

#include "common/extension.h"
#include "common/select.h"
#include "common/write.h"
#include "flags/context.h"
#include "flags/dialect_native.h"
#include "flags/row.h"
#include "flags/segment.h"
#include "flags/segment_refresh.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_segment_refresh);

/* How many keys are fetched and written at a time. */
#define BATCH 10000

/* Somebody else, in whose name a query runs. */
typedef struct Restricted
{
	Oid			user;
	int			context;
	int			guc_level;
} Restricted;

static bool may_define(Oid role);
static void begin_restricted(Restricted *outer, Oid role);
static void end_restricted(const Restricted *outer);
static SPIPlanPtr prepare_query(WfString query);
static char *lock_segment(text *key, WfString *query);
static int64 refresh(text *key, WfString query, Oid definer);
static Datum fetch_keys(Portal portal, int *count);
static void write_members(text *key, Datum keys);
static void run_as_owner(const char *sql, int nargs, Oid *types, Datum *values, int expected);

/*
 * segment_refresh(key text) -> bigint: how many keys the segment has
 *
 * Needs the rights of the definer, or UPDATE on the definition of segments.
 */
Datum
wf_segment_refresh(PG_FUNCTION_ARGS)
{
	WfString	query;
	text	   *key;
	char	   *definer;
	Oid			role;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("key of the segment must not be null")));
	wf_common_require_writable("segment_refresh()");
	key = PG_GETARG_TEXT_PP(0);
	definer = lock_segment(key, &query);
	role = get_role_oid(definer, false);
	if (!has_privs_of_role(GetUserId(), role) &&
		!may_define(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to refresh segment \"%s\"", text_to_cstring(key)),
				 errhint("It takes the rights of role \"%s\", which defined it, or those of an editor: SELECT wishflags.access_grant(%s, 'editor');",
						 definer, quote_literal_cstr(GetUserNameFromId(GetUserId(), false)))));
	PG_RETURN_INT64(refresh(key, query, role));
}

/* Raises what is wrong with a query, as far as it can be told without running it. */
void
wf_flags_check_query(WfString query)
{
	Restricted	outer;

	SPI_connect();
	begin_restricted(&outer, GetUserId());
	(void) prepare_query(query);
	end_restricted(&outer);
	SPI_finish();
}

/* Deletes the members of a segment, or of all segments. */
void
wf_flags_delete_members(const WfString *segment)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {(Datum) 0};

	if (segment)
		values[0] = PointerGetDatum(cstring_to_text_with_len(segment->data, segment->len));
	SPI_connect();
	run_as_owner(segment ? "DELETE FROM wishflags.segment_members WHERE segment OPERATOR(pg_catalog.=) $1"
				 : "DELETE FROM wishflags.segment_members",
				 segment ? 1 : 0, types, values, SPI_OK_DELETE);
	SPI_finish();
}

static bool
may_define(Oid role)
{
	Oid			segments = wf_common_relation_oid(WF_SEGMENTS_TABLE);

	return pg_class_aclcheck(segments, role, ACL_UPDATE) == ACLCHECK_OK ||
		pg_attribute_aclcheck(segments, Anum_wf_segments_definition, role, ACL_UPDATE) == ACLCHECK_OK;
}

static void
begin_restricted(Restricted *outer, Oid role)
{
	GetUserIdAndSecContext(&outer->user, &outer->context);
	SetUserIdAndSecContext(role, outer->context | SECURITY_RESTRICTED_OPERATION);
	outer->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static void
end_restricted(const Restricted *outer)
{
	AtEOXact_GUC(false, outer->guc_level);
	SetUserIdAndSecContext(outer->user, outer->context);
}

static SPIPlanPtr
prepare_query(WfString query)
{
	TupleDesc	columns;
	char	   *select = wf_common_select(pnstrdup(query.data, query.len), "the query of a segment",
										  "SELECT id FROM users WHERE beta", &columns);
	const char *sql = psprintf("SELECT DISTINCT q.key FROM (\n%s\n) AS q(key) WHERE q.key IS NOT NULL", select);
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", sql);
	return plan;
}

/* Locks a segment's row; its query, and the name of its definer. */
static char *
lock_segment(text *key, WfString *query)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(key)};
	Datum		columns[Natts_wf_segments];
	bool		nulls[Natts_wf_segments];
	const WfSegment *segment;
	const WfSegmentSource *source;
	WfFault		fault;
	MemoryContext spi;
	char	   *definer;

	SPI_connect();
	run_as_owner("SELECT * FROM wishflags.segments WHERE key OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE",
				 1, types, values, SPI_OK_SELECT);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("segment \"%s\" does not exist", text_to_cstring(key)),
				 errhint("See which there are: SELECT key FROM wishflags.segments;")));
	wf_flags_deform(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, Natts_wf_segments, columns, nulls);
	spi = MemoryContextSwitchTo(caller);
	definer = pstrdup(NameStr(*DatumGetName(columns[Anum_wf_segments_definer - 1])));
	segment = wf_flags_compile_segment(wf_flags_text_string(PointerGetDatum(key)),
									   DatumGetJsonbPCopy(columns[Anum_wf_segments_definition - 1]),
									   wf_flags_converts_text(), &fault);
	MemoryContextSwitchTo(spi);
	SPI_finish();

	source = segment ? (const WfSegmentSource *) segment->source : NULL;
	if (source == NULL || source->kind != WF_SEGMENT_QUERY)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("segment \"%s\" has no query", text_to_cstring(key)),
				 errdetail("Its keys are in its definition or in a table, and need no refresh.")));
	*query = source->query;
	return definer;
}

/* Replaces the members of a segment by what its query returns now. */
static int64
refresh(text *key, WfString query, Oid definer)
{
	WfString	name = wf_flags_text_string(PointerGetDatum(key));
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(key)};
	Restricted	outer;
	Portal		portal;
	int64		total = 0;
	int			count;

	SPI_connect();
	wf_flags_delete_members(&name);
	begin_restricted(&outer, definer);
	portal = SPI_cursor_open(NULL, prepare_query(query), NULL, NULL, true);
	end_restricted(&outer);
	for (;;)
	{
		Datum		keys;

		CHECK_FOR_INTERRUPTS();
		begin_restricted(&outer, definer);
		keys = fetch_keys(portal, &count);
		end_restricted(&outer);
		if (count == 0)
			break;
		write_members(key, keys);
		total += count;
	}
	SPI_cursor_close(portal);
	run_as_owner("UPDATE wishflags.segments SET refreshed_at = pg_catalog.statement_timestamp()"
				 " WHERE key OPERATOR(pg_catalog.=) $1", 1, types, values, SPI_OK_UPDATE);
	SPI_finish();
	return total;
}

/* The next keys as an array of text, in their text form. */
static Datum
fetch_keys(Portal portal, int *count)
{
	Datum	   *elements;

	SPI_cursor_fetch(portal, true, BATCH);
	*count = (int) SPI_processed;
	elements = palloc(sizeof(Datum) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		elements[i] = CStringGetTextDatum(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	SPI_freetuptable(SPI_tuptable);
	return PointerGetDatum(construct_array(elements, *count, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
write_members(text *key, Datum keys)
{
	Oid			types[] = {TEXTOID, TEXTARRAYOID};
	Datum		values[] = {PointerGetDatum(key), keys};

	/* Different values may have the same text. */
	run_as_owner("INSERT INTO wishflags.segment_members (segment, key)"
				 " SELECT $1, k FROM pg_catalog.unnest($2) k WHERE k OPERATOR(pg_catalog.<>) ''"
				 " ON CONFLICT DO NOTHING", 2, types, values, SPI_OK_INSERT);
}

static void
run_as_owner(const char *sql, int nargs, Oid *types, Datum *values, int expected)
{
	WfWrite		write;

	wf_common_write_begin(&write, wf_common_relation_oid(WF_SEGMENTS_TABLE));
	if (SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0) != expected)
		elog(ERROR, "could not run: %s", sql);
	wf_common_write_end(&write);
}
