/*
 * impact.c: migration_impact(): what a change to an object reaches.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "common/options.h"
#include "common/row.h"
#include "common/steady.h"
#include "ddl/deparse.h"
#include "migration/check.h"
#include "migration/impact.h"

PG_FUNCTION_INFO_V1(wf_migration_impact);

/* The options of migration_impact(). */
typedef struct Options
{
	char	   *change;			/* of a named object; NULL: drop */
	char	   *severity;		/* least one to tell; NULL: all */
} Options;

/* What there is one row of. */
#define TOLD_LENGTH 256

static Datum tell_once(PG_FUNCTION_ARGS);
static void reach_all(WfImpact *impact);
static bool is_new(WfImpact *impact, const WfImpactRow *row);
static char *type_name(Oid type);
static uint32 hash_text(const char *text);

static WfSeverity least_severity;

/*
 * migration_impact(object text, options jsonb) -> setof thing
 *
 * Of each object that changes first what the catalog knows, then texts.
 * Raises undefined_object, syntax_error and what a bad option raises.
 */
Datum
wf_migration_impact(PG_FUNCTION_ARGS)
{
	return wf_common_steady_call(fcinfo, tell_once);
}

static Datum
tell_once(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		{"change", WF_OPTION_TEXT, offsetof(Options, change)},
		{"severity", WF_OPTION_TEXT, offsetof(Options, severity)},
	};
	Options		options = {0};
	WfImpact	impact = {.catalog = wf_ddl_catalog_live(), .result = (ReturnSetInfo *) fcinfo->resultinfo};
	List	   *targets;
	ListCell   *lc;

	wf_common_options_parse(PG_GETARG_JSONB_P(1), known, lengthof(known), &options);
	least_severity = WF_SEVERITY_INFO;
	if (options.severity && !wf_migration_find_severity(options.severity, &least_severity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown severity \"%s\"", options.severity),
				 errhint("Severities are info, low, medium, high and critical.")));
	targets = wf_impact_targets(impact.catalog, text_to_cstring(PG_GETARG_TEXT_PP(0)), options.change);
	if (targets == NIL)
		return (Datum) 0;
	impact.bodies = wf_impact_bodies(impact.catalog);
	wf_impact_observe(&impact);
	foreach(lc, targets)
	{
		impact.target = lfirst(lc);
		reach_all(&impact);
	}
	return (Datum) 0;
}

/* From the target on, through all that is reached; each object once. */
static void
reach_all(WfImpact *impact)
{
	HASHCTL		control = {.keysize = TOLD_LENGTH, .entrysize = TOLD_LENGTH, .hcxt = CurrentMemoryContext};

	impact->told = hash_create("wishflags impact", 64, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	impact->reached = NIL;
	wf_impact_reach(impact, impact->target->address);
	/* The list grows meanwhile. */
	for (int i = 0; i < list_length(impact->reached); i++)
	{
		const WfReached *reached = list_nth(impact->reached, i);

		CHECK_FOR_INTERRUPTS();
		wf_impact_dependents(impact, reached);
		wf_impact_body_rows(impact, reached);
		wf_impact_publications(impact, reached);
	}
	for (int i = 0; i < list_length(impact->reached); i++)
		wf_impact_observed_rows(impact, list_nth(impact->reached, i));
	hash_destroy(impact->told);
}

/* Notes an object whose dependents are to be looked for as well. */
void
wf_impact_reach(WfImpact *impact, ObjectAddress address)
{
	WfReached  *reached;
	ListCell   *lc;

	foreach(lc, impact->reached)
	{
		reached = lfirst(lc);
		if (reached->address.classId == address.classId && reached->address.objectId == address.objectId &&
			(reached->address.objectSubId == address.objectSubId || reached->address.objectSubId == 0))
			return;
	}
	reached = palloc0(sizeof(WfReached));
	reached->address = address;
	reached->is_target = impact->reached == NIL;
	switch (address.classId)
	{
		case RelationRelationId:
			reached->name = get_rel_name(address.objectId);
			if (reached->name)
				reached->relation = wf_ddl_quote_name(get_namespace_name(get_rel_namespace(address.objectId)), reached->name);
			reached->column = address.objectSubId ? get_attname(address.objectId, address.objectSubId, true) : NULL;
			break;
		case ProcedureRelationId:
			reached->name = get_func_name(address.objectId);
			break;
		case TypeRelationId:
			reached->name = type_name(address.objectId);
			break;
	}
	reached->identity = getObjectIdentity(&address, true);
	if (reached->name && reached->identity)
		impact->reached = lappend(impact->reached, reached);
}

/* Without schema; NULL: it is gone. */
static char *
type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *name = NULL;

	if (HeapTupleIsValid(tuple))
	{
		name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
		ReleaseSysCache(tuple);
	}
	return name;
}

/* Puts a row, of a thing that uses what was reached. */
void
wf_impact_put(WfImpact *impact, const WfReached *through, WfImpactRow *row)
{
	WfSeverity	severity = wf_impact_severity(impact->target->change, row);
	Datum		values[17];
	bool		nulls[17] = {0};

	if (severity < least_severity || !is_new(impact, row))
		return;
	if (!through->is_target)
		wf_impact_note(row, "through", through->identity);
	nulls[0] = impact->target->statement == 0;
	values[0] = Int32GetDatum(impact->target->statement);
	wf_row_put_text(values, nulls, 1, impact->target->identity);
	wf_row_put_text(values, nulls, 2, wf_impact_change_name(impact->target->change));
	wf_row_put_text(values, nulls, 3, row->kind);
	wf_row_put_text(values, nulls, 4, row->identity);
	wf_row_put_text(values, nulls, 5, row->how);
	nulls[6] = row->columns == NIL;
	values[6] = wf_impact_string_array(row->columns);
	wf_row_put_text(values, nulls, 7, row->via);
	wf_row_put_text(values, nulls, 8, wf_migration_severity_name(severity));
	nulls[9] = !row->counted;
	values[9] = Int64GetDatum(row->calls);
	nulls[10] = nulls[11] = row->total_time < 0 || row->calls == 0;
	if (!nulls[10])
	{
		values[10] = Float8GetDatum(row->total_time / row->calls);
		values[11] = Float8GetDatum(row->total_time);
	}
	nulls[12] = row->roles == NIL;
	values[12] = wf_impact_string_array(row->roles);
	wf_row_put_text(values, nulls, 13, row->application_name);
	wf_row_put_text(values, nulls, 14, row->service);
	wf_row_put_text(values, nulls, 15, row->owner);
	values[16] = wf_notes_jsonb(row->notes);
	tuplestore_putvalues(impact->result->setResult, impact->result->setDesc, values, nulls);
}

/* A thing that is reached in two ways is told the first time. */
static bool
is_new(WfImpact *impact, const WfImpactRow *row)
{
	char		key[TOLD_LENGTH];
	uint64		hash = 0;
	bool		found;
	ListCell   *lc;

	/* What differs in who does it is another thing. */
	foreach(lc, row->roles)
		hash = hash * 31 + hash_text(lfirst(lc));
	if (row->application_name)
		hash = hash * 31 + hash_text(row->application_name);
	hash = hash * 31 + hash_text(row->identity);
	snprintf(key, sizeof(key), "%s " UINT64_FORMAT " %.180s", row->kind, hash, row->identity);
	(void) hash_search(impact->told, key, HASH_ENTER, &found);
	return !found;
}

static uint32
hash_text(const char *text)
{
	return hash_bytes((const unsigned char *) text, strlen(text));
}

/* Adds a text to the evidence. */
void
wf_impact_note(WfImpactRow *row, const char *key, const char *text)
{
	WfNote	   *note = palloc0(sizeof(WfNote));

	note->key = key;
	note->type = WF_NOTE_TEXT;
	note->text = text;
	row->notes = lappend(row->notes, note);
}

/* A text[]. */
Datum
wf_impact_string_array(List *strings)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list_length(strings), 1));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, strings)
		elements[n++] = CStringGetTextDatum(lfirst(lc));
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Hands the rows of a query to take(), in the caller's memory context; with the
 * caller's rights, under a search_path of the system's.
 */
void
wf_impact_query(const char *sql, int nargs, Oid *types, Datum *values, WfTakeTuple take, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	int			nest_level = NewGUCNestLevel();
	SPITupleTable *table;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_execute_with_args(sql, nargs, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read what an impact needs");
	table = SPI_tuptable;
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < table->numvals; i++)
		take(arg, table->vals[i], table->tupdesc);
	SPI_finish();
	AtEOXact_GUC(false, nest_level);
}

/* The strings of a column of type text[]; none for NULL. */
List *
wf_impact_strings(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);
	List	   *strings = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypePCopy(value), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			strings = lappend(strings, TextDatumGetCString(elements[i]));
	}
	return strings;
}
