/*
 * impact_body.c: what functions use whose bodies are strings.
 *
 * pg_depend knows nothing of them.  Where such a body parses it is known how it
 * uses what; for the rest, such as the conditions of PL/pgSQL and what EXECUTE
 * is given, only that the name stands in the text.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/guc.h"

#include "ddl/plpgsql.h"
#include "migration/impact.h"

/* A function, and what its body uses. */
typedef struct WfBodyText
{
	ObjectAddress address;
	char	   *identity;
	char	   *source;
	bool		is_sql;
	char	   *search_path;	/* its own; NULL: the caller's */
	List	   *triggers;		/* of char *: OIDs of the tables whose trigger
								 * it is */
	WfText		text;
} WfBodyText;

static const char bodies_sql[] =
"SELECT p.oid, p.oid::regprocedure::text, p.prosrc, l.lanname = 'sql',"
" (SELECT substr(c, 13) FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%'),"
" ARRAY(SELECT DISTINCT t.tgrelid::text FROM pg_trigger t WHERE t.tgfoid = p.oid AND NOT t.tgisinternal)"
" FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
" WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL AND p.pronamespace <> 'pg_catalog'::regnamespace"
" AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')"
" ORDER BY 2";

static void take_body(void *arg, HeapTuple tuple, TupleDesc desc);
static void read_body(WfCatalog *catalog, WfBodyText *body);
static const char *mention(const WfBodyText *body, const WfReached *reached, List **columns);

/* All functions whose bodies are read: a list of WfBodyText. */
List *
wf_impact_bodies(WfCatalog *catalog)
{
	List	   *bodies = NIL;
	ListCell   *lc;

	wf_impact_query(bodies_sql, 0, NULL, NULL, take_body, &bodies);
	foreach(lc, bodies)
		read_body(catalog, lfirst(lc));
	return bodies;
}

static void
take_body(void *arg, HeapTuple tuple, TupleDesc desc)
{
	List	  **bodies = arg;
	WfBodyText *body = palloc0(sizeof(WfBodyText));
	bool		isnull;

	ObjectAddressSet(body->address, ProcedureRelationId, DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull)));
	body->identity = SPI_getvalue(tuple, desc, 2);
	body->source = SPI_getvalue(tuple, desc, 3);
	body->is_sql = DatumGetBool(SPI_getbinval(tuple, desc, 4, &isnull));
	body->search_path = SPI_getvalue(tuple, desc, 5);
	body->triggers = wf_impact_strings(tuple, desc, 6);
	*bodies = lappend(*bodies, body);
}

/* Names are resolved as the function itself resolves them. */
static void
read_body(WfCatalog *catalog, WfBodyText *body)
{
	int			nest_level = NewGUCNestLevel();
	WfBody		statements;
	ListCell   *lc;

	body->text.is_settled = body->search_path != NULL;
	if (body->search_path)
		(void) set_config_option("search_path", body->search_path, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	if (body->is_sql)
		wf_impact_text_add(catalog, &body->text, body->source);
	else
	{
		wf_ddl_plpgsql_read(body->source, strlen(body->source), &statements);
		foreach(lc, statements.statements)
			wf_impact_text_add(catalog, &body->text, ((WfBodyStatement *) lfirst(lc))->text);
		/* Conditions and loops are not among the statements. */
		body->text.is_partial = true;
	}
	AtEOXact_GUC(false, nest_level);
}

/* Makes rows of the functions that use what is reached. */
void
wf_impact_body_rows(WfImpact *impact, const WfReached *reached)
{
	ListCell   *lc;

	foreach(lc, impact->bodies)
	{
		WfBodyText *body = lfirst(lc);
		WfImpactRow row = {.kind = "function body", .identity = body->identity, .via = WF_VIA_BODY, .total_time = -1};
		bool		parsed;

		if (body->address.objectId == reached->address.objectId)
			continue;
		row.how = wf_impact_text_use(impact->catalog, &body->text, reached, &row.columns);
		parsed = row.how != NULL;
		if (!parsed && body->text.is_partial)
			row.how = mention(body, reached, &row.columns);
		if (row.how == NULL)
			continue;
		if (!parsed)
			wf_impact_note(&row, "detail", "by name only");
		wf_impact_put(impact, reached, &row);
		wf_impact_reach(impact, body->address);
	}
}

/*
 * Whether the name stands in the body: that of the relation and that of the
 * column, or that of the column alone in a trigger's function of the relation.
 */
static const char *
mention(const WfBodyText *body, const WfReached *reached, List **columns)
{
	bool		is_trigger = false;
	ListCell   *lc;

	foreach(lc, reached->column ? body->triggers : NIL)
		is_trigger |= atooid(lfirst(lc)) == reached->address.objectId;
	if (!is_trigger && !wf_ddl_mentions(body->source, reached->name))
		return NULL;
	if (reached->column)
	{
		if (!wf_ddl_mentions(body->source, reached->column))
			return NULL;
		*columns = list_make1(reached->column);
	}
	return reached->address.classId == ProcedureRelationId ? WF_HOW_CALLS :
		reached->address.classId == TypeRelationId ? WF_HOW_REFERENCES : WF_HOW_READS;
}
