/*
 * impact_observe.c: who has been seen to use what: the statements of
 * pg_stat_statements, the samples in shared memory, those of pg_stat_activity.
 *
 * The caller sees of them what he could see there himself.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/protect.h"
#include "ddl/deparse.h"
#include "migration/impact.h"
#include "migration/sample.h"

/* Characters of a statement that stand for it. */
#define SHOWN_LENGTH 60

/* Something that was seen, and what it uses. */
typedef struct WfObserved
{
	const char *kind;
	const char *via;
	char	   *identity;		/* NULL: that of the session */
	int64		calls;
	double		total_time;		/* -1: not known */
	List	   *roles;
	char	   *application_name;
	char	   *route;			/* NULL: none */
	char	   *query_id;

	/* A statement. */
	WfText		text;

	/* Or a relation that a session has used. */
	char	   *relation;		/* NULL: a statement */
	List	   *reads;
	List	   *writes;
	bool		is_written;
} WfObserved;

typedef struct Collect
{
	WfImpact   *impact;
	char	   *schema;			/* of pg_stat_statements; NULL: not installed */
	int			hidden;
	List	   *statements;		/* of WfObserved, whose texts are not parsed */
} Collect;

static void collect_statements(void *arg);
static void take_schema(void *arg, HeapTuple tuple, TupleDesc desc);
static void take_statement(void *arg, HeapTuple tuple, TupleDesc desc);
static void take_activity(void *arg, HeapTuple tuple, TupleDesc desc);
static void add_samples(WfImpact *impact);
static const char *use_of(WfImpact *impact, WfObserved *observed, const WfReached *reached, List **columns);
static char *shown_text(const char *query);

/* Reads all that was seen, and says what could not be. */
void
wf_impact_observe(WfImpact *impact)
{
	Collect		collect = {.impact = impact};
	ErrorData  *error = NULL;
	ListCell   *lc;

	impact->services = wf_services();
	wf_impact_query("SELECT quote_ident(n.nspname) FROM pg_extension e, pg_namespace n"
					" WHERE e.extname = 'pg_stat_statements' AND n.oid = e.extnamespace",
					0, NULL, NULL, take_schema, &collect);
	if (collect.schema)
		error = wf_common_try(collect_statements, &collect);
	foreach(lc, error ? NIL : collect.statements)
	{
		WfObserved *observed = lfirst(lc);

		wf_impact_text_add(impact->catalog, &observed->text, observed->identity);
		observed->identity = shown_text(observed->identity);
		impact->observed = lappend(impact->observed, observed);
	}
	if (collect.schema == NULL || error)
		ereport(NOTICE,
				(errmsg("statements that clients run are not looked into"),
				 error ? errdetail("Reading pg_stat_statements failed: %s.", error->message)
				 : errdetail("The extension pg_stat_statements is not installed in this database.")));
	else if (collect.hidden > 0)
		ereport(NOTICE,
				(errmsg("%d statements of other roles are not looked into", collect.hidden),
				 errhint("Grant pg_read_all_stats to %s.", quote_identifier(GetUserNameFromId(GetUserId(), false)))));
	add_samples(impact);
	wf_activity_read(take_activity, impact);
}

static void
take_schema(void *arg, HeapTuple tuple, TupleDesc desc)
{
	((Collect *) arg)->schema = SPI_getvalue(tuple, desc, 1);
}

static void
collect_statements(void *arg)
{
	Collect    *collect = arg;

	wf_impact_query(psprintf("SELECT s.query, s.queryid::text, sum(s.calls)::bigint, sum(s.total_exec_time),"
							 " array_agg(DISTINCT coalesce(r.rolname::text, s.userid::text))"
							 " FROM %s.pg_stat_statements s LEFT JOIN pg_roles r ON r.oid = s.userid"
							 " WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
							 " GROUP BY 1, 2 ORDER BY 3 DESC, 1", collect->schema),
					0, NULL, NULL, take_statement, collect);
}

static void
take_statement(void *arg, HeapTuple tuple, TupleDesc desc)
{
	Collect    *collect = arg;
	WfObserved *observed = palloc0(sizeof(WfObserved));
	bool		isnull;

	observed->kind = "statement";
	observed->via = WF_VIA_STATEMENT;
	observed->identity = SPI_getvalue(tuple, desc, 1);
	observed->query_id = SPI_getvalue(tuple, desc, 2);
	observed->calls = DatumGetInt64(SPI_getbinval(tuple, desc, 3, &isnull));
	observed->total_time = DatumGetFloat8(SPI_getbinval(tuple, desc, 4, &isnull));
	observed->roles = wf_impact_strings(tuple, desc, 5);
	if (observed->identity == NULL || observed->query_id == NULL)
		collect->hidden++;
	else
		collect->statements = lappend(collect->statements, observed);
}

static void
take_activity(void *arg, HeapTuple tuple, TupleDesc desc)
{
	WfImpact   *impact = arg;
	WfObserved *observed = palloc0(sizeof(WfObserved));
	bool		isnull;

	observed->kind = "sampled session";
	observed->via = WF_VIA_SAMPLE;
	observed->relation = SPI_getvalue(tuple, desc, 1);
	observed->roles = list_make1(SPI_getvalue(tuple, desc, 2));
	observed->application_name = SPI_getvalue(tuple, desc, 3);
	observed->route = SPI_getvalue(tuple, desc, 4);
	observed->reads = wf_impact_strings(tuple, desc, 5);
	observed->writes = wf_impact_strings(tuple, desc, 6);
	observed->is_written = observed->writes != NIL;
	observed->calls = DatumGetInt64(SPI_getbinval(tuple, desc, 7, &isnull));
	observed->total_time = -1;
	impact->observed = lappend(impact->observed, observed);
}

static void
add_samples(WfImpact *impact)
{
	ListCell   *lc;

	foreach(lc, wf_sample_is_loaded() ? wf_samples() : NIL)
	{
		WfSample   *sample = lfirst(lc);
		char	   *name = get_rel_name(sample->relation);
		char	   *role = GetUserNameFromId(sample->role, true);
		WfObserved *observed;

		if (name == NULL)
			continue;
		observed = palloc0(sizeof(WfObserved));
		observed->kind = "sampled session";
		observed->via = WF_VIA_SAMPLE;
		observed->relation = wf_ddl_quote_name(get_namespace_name(get_rel_namespace(sample->relation)), name);
		observed->roles = role ? list_make1(role) : NIL;
		observed->application_name = sample->application_name;
		observed->route = sample->route;
		observed->reads = wf_impact_column_names(sample->relation, sample->reads);
		observed->writes = wf_impact_column_names(sample->relation, sample->writes);
		observed->is_written = sample->is_written;
		observed->calls = sample->calls;
		observed->total_time = -1;
		impact->observed = lappend(impact->observed, observed);
	}
}

/* Makes rows of what was seen to use what is reached, and of services. */
void
wf_impact_observed_rows(WfImpact *impact, const WfReached *reached)
{
	ListCell   *lc;

	foreach(lc, impact->observed)
	{
		WfObserved *observed = lfirst(lc);
		WfImpactRow row = {
			.kind = observed->kind, .identity = observed->identity, .via = observed->via, .counted = true,
			.calls = observed->calls, .total_time = observed->total_time, .roles = observed->roles,
			.application_name = observed->application_name,
		};

		CHECK_FOR_INTERRUPTS();
		row.how = use_of(impact, observed, reached, &row.columns);
		if (row.how == NULL)
			continue;
		if (row.identity == NULL)
			row.identity = psprintf("%s on %s", observed->route && observed->route[0] ? observed->route :
									observed->application_name[0] ? observed->application_name : "session",
									observed->relation);
		if (observed->query_id)
			wf_impact_note(&row, "queryid", observed->query_id);
		if (observed->route && observed->route[0])
			wf_impact_note(&row, "route", observed->route);
		wf_service_attribute(impact, &row);
		wf_impact_put(impact, reached, &row);
	}
	wf_service_rows(impact, reached);
}

/* How it uses what is reached; NULL: not at all. */
static const char *
use_of(WfImpact *impact, WfObserved *observed, const WfReached *reached, List **columns)
{
	bool		reads = false;
	bool		writes = false;
	ListCell   *lc;

	*columns = NIL;
	if (observed->relation == NULL)
		return wf_impact_text_use(impact->catalog, &observed->text, reached, columns);
	if (reached->relation == NULL || strcmp(observed->relation, reached->relation) != 0)
		return NULL;
	foreach(lc, reached->column ? observed->writes : NIL)
		writes |= strcmp(lfirst(lc), reached->column) == 0;
	foreach(lc, reached->column ? observed->reads : NIL)
		reads |= strcmp(lfirst(lc), reached->column) == 0;
	if (reached->column)
	{
		*columns = list_make1(reached->column);
		return writes ? WF_HOW_WRITES : reads ? WF_HOW_READS : NULL;
	}
	*columns = list_concat_copy(observed->writes, NIL);
	foreach(lc, observed->reads)
	{
		ListCell   *lc2;
		bool		found = false;

		foreach(lc2, observed->writes)
			found |= strcmp(lfirst(lc), lfirst(lc2)) == 0;
		if (!found)
			*columns = lappend(*columns, lfirst(lc));
	}
	return observed->is_written ? WF_HOW_WRITES : WF_HOW_READS;
}

/* The beginning of a statement, on one line. */
static char *
shown_text(const char *query)
{
	int			shown = pg_mbcliplen(query, strlen(query), SHOWN_LENGTH);
	char	   *text = palloc(shown + sizeof("..."));
	int			n = 0;

	for (int i = 0; i < shown; i++)
	{
		bool		is_space = isspace((unsigned char) query[i]);

		if (!is_space)
			text[n++] = query[i];
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	}
	strcpy(text + n, query[shown] ? "..." : "");
	return text;
}
