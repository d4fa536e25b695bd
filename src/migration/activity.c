/*
 * activity.c: impact_sample(): one look at what sessions run at this moment.
 *
 * For servers where the library is not preloaded.  What pg_stat_activity shows
 * is read by the grammar, and which relations and columns it names is added to
 * the table impact_activity.  It misses what is run between two looks.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"
#include "ddl/deparse.h"
#include "migration/impact.h"
#include "migration/sample.h"

PG_FUNCTION_INFO_V1(wf_impact_sample);

/* The query of a session. */
typedef struct Session
{
	char	   *role;
	char	   *application_name;
	char	   *query;
	bool		is_cut;
} Session;

static const char sessions_sql[] =
"SELECT coalesce(usename::text, ''), coalesce(application_name, ''), query,"
" octet_length(query) >= pg_size_bytes(current_setting('track_activity_query_size')) - 1"
" FROM pg_stat_activity"
" WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())"
" AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

static const char store_sql[] =
"INSERT INTO wishflags.impact_activity AS a"
" (relation, role, application_name, route, reads, writes, seen, first_seen, last_seen)"
" VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)"
" ON CONFLICT (relation, role, application_name, route) DO UPDATE SET seen = a.seen + 1, last_seen = $7,"
" reads = ARRAY(SELECT unnest(a.reads) UNION SELECT unnest($5) ORDER BY 1),"
" writes = ARRAY(SELECT unnest(a.writes) UNION SELECT unnest($6) ORDER BY 1)";

static void take_session(void *arg, HeapTuple tuple, TupleDesc desc);
static int	store_uses(WfCatalog *catalog, const Session *session, const WfText *text);
static void store_use(const Session *session, const char *relation, List *reads, List *writes);

/*
 * impact_sample() -> (sessions, read, hidden, cut, unread, stored)
 *
 * sessions other than this one in this database; of those: whose query was
 * read, hidden from the caller, cut off by track_activity_query_size, not
 * parsed; stored: relations that those read have named.
 */
Datum
wf_impact_sample(PG_FUNCTION_ARGS)
{
	WfCatalog  *catalog = wf_ddl_catalog_live();
	List	   *sessions = NIL;
	TupleDesc	desc;
	int			counts[6] = {0};
	Datum		values[6];
	bool		nulls[6] = {0};
	ListCell   *lc;

	enum
	{
		SESSIONS, READ, HIDDEN, CUT, UNREAD, STORED
	};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	wf_common_require_writable("impact_sample()");
	wf_impact_query(sessions_sql, 0, NULL, NULL, take_session, &sessions);
	foreach(lc, sessions)
	{
		Session    *session = lfirst(lc);
		WfText		text = {0};

		counts[SESSIONS]++;
		if (session->query == NULL || session->query[0] == '\0' ||
			strcmp(session->query, "<insufficient privilege>") == 0)
		{
			counts[HIDDEN]++;
			continue;
		}
		wf_impact_text_add(catalog, &text, session->query);
		counts[session->is_cut ? CUT : text.is_partial ? UNREAD : READ]++;
		counts[STORED] += store_uses(catalog, session, &text);
	}
	for (int i = 0; i < lengthof(counts); i++)
		values[i] = Int32GetDatum(counts[i]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

static void
take_session(void *arg, HeapTuple tuple, TupleDesc desc)
{
	List	  **sessions = arg;
	Session    *session = palloc0(sizeof(Session));
	bool		isnull;

	session->role = SPI_getvalue(tuple, desc, 1);
	session->application_name = SPI_getvalue(tuple, desc, 2);
	session->query = SPI_getvalue(tuple, desc, 3);
	session->is_cut = DatumGetBool(SPI_getbinval(tuple, desc, 4, &isnull)) && !isnull;
	*sessions = lappend(*sessions, session);
}

/* Stores what the query uses of tables and views; how many those were. */
static int
store_uses(WfCatalog *catalog, const Session *session, const WfText *text)
{
	int			stored = 0;
	ListCell   *lc;
	ListCell   *lc2;

	forboth(lc, text->uses, lc2, text->relations)
	{
		WfUses	   *uses = lfirst(lc);
		ListCell   *lc3;
		ListCell   *lc4;

		forboth(lc3, uses->relations, lc4, (List *) lfirst(lc2))
		{
			WfRelation *relation = lfirst(lc4);
			List	   *reads = NIL;
			List	   *writes = NIL;

			if (relation == NULL || relation->relid < FirstNormalObjectId)
				continue;
			wf_impact_split_columns(relation->relid, uses, lfirst(lc3), &reads, &writes);
			store_use(session, wf_ddl_quote_name(relation->schema, relation->name), reads, writes);
			stored++;
		}
	}
	return stored;
}

static void
store_use(const Session *session, const char *relation, List *reads, List *writes)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID};
	char		route[WF_ROUTE_LENGTH];
	Datum		values[7];
	WfWrite		write;

	wf_sample_route(session->query, route);
	values[0] = CStringGetTextDatum(relation);
	values[1] = CStringGetTextDatum(session->role);
	values[2] = CStringGetTextDatum(session->application_name);
	values[3] = CStringGetTextDatum(route);
	values[4] = wf_impact_string_array(reads);
	values[5] = wf_impact_string_array(writes);
	values[6] = TimestampTzGetDatum(GetCurrentTimestamp());
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("impact_activity"));
	if (SPI_execute_with_args(store_sql, lengthof(types), types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not store what a session uses");
	wf_common_write_end(&write);
	SPI_finish();
}

/*
 * Hands the stored rows that the caller may see to take(): relation, role,
 * application_name, route, reads, writes, seen.
 */
void
wf_activity_read(WfTakeTuple take, void *arg)
{
	Oid			types[] = {TEXTOID, BOOLOID};
	Datum		values[] = {
		CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)),
		BoolGetDatum(has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS))
	};
	WfWrite		write;

	wf_common_write_begin(&write, wf_common_relation_oid("impact_activity"));
	wf_impact_query("SELECT relation, role, application_name, route, reads, writes, seen"
					" FROM wishflags.impact_activity a WHERE $2 OR role = $1"
					" ORDER BY relation, role, application_name, route", lengthof(types), types, values, take, arg);
	wf_common_write_end(&write);
}
