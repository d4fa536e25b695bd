/*
 * experiment_expose.c: recording who was shown which variant.
 *
 * A unit of an experiment has one row, with the variant that it was shown first.
 * Being shown it again writes nothing.  Only what was drawn counts: a variant
 * that an override, a rule or a preview gave is no exposure.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "common/extension.h"
#include "common/list.h"
#include "common/write.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/eval.h"
#include "flags/experiment.h"

PG_FUNCTION_INFO_V1(wf_experiment_expose);
PG_FUNCTION_INFO_V1(wf_experiment_expose_all);

/* The experiment that runs on a flag, as far as exposures need it. */
typedef struct Running
{
	char	   *key;			/* NULL: none does */
	char	   *unit_kind;
	List	   *variants;		/* of char * */
} Running;

/* What a call site keeps for the statement. */
typedef struct ExposeSite
{
	char	   *flag;
	Running		running;
	Oid			key_type;
	FmgrInfo	output;			/* of keys of other types than text and jsonb */
} ExposeSite;

/* A unit and what it was shown, in the order of the calls. */
typedef struct Exposure
{
	char	   *unit;
	const char *variant;
	int			ordinal;
} Exposure;

static const char running_sql[] =
"SELECT e.key, e.unit_kind, e.allocation FROM wishflags.experiments e"
" WHERE e.flag = $1 AND e.started_at <= statement_timestamp() AND COALESCE(e.stopped_at > statement_timestamp(), true)"
" ORDER BY e.started_at DESC LIMIT 1";

/*
 * $1 experiment; of each unit: $2 key, $3 first variant, $4 another one shown in
 * the same statement, or null.  Whoever is known already with that variant is
 * not even locked; in the order of keys, so that nobody waits in a circle.
 */
static const char expose_sql[] =
"INSERT INTO wishflags.experiment_exposures AS x (experiment, unit, variant, exposed_at, flickered_at, flickered_to)"
" SELECT $1, u.unit, u.variant, statement_timestamp(), CASE WHEN u.other IS NOT NULL THEN statement_timestamp() END, u.other"
" FROM unnest($2, $3, $4) AS u (unit, variant, other)"
" LEFT JOIN wishflags.experiment_exposures e ON e.experiment = $1 AND e.unit = u.unit"
" WHERE e.unit IS NULL OR (e.flickered_at IS NULL AND (e.variant <> u.variant OR u.other IS NOT NULL))"
" ORDER BY u.unit COLLATE \"C\""
" ON CONFLICT (experiment, unit) DO UPDATE SET flickered_at = excluded.exposed_at,"
"  flickered_to = CASE WHEN excluded.variant <> x.variant THEN excluded.variant ELSE excluded.flickered_to END"
" WHERE x.flickered_at IS NULL AND (x.variant <> excluded.variant OR excluded.flickered_to IS NOT NULL)";

static ExposeSite *call_site(FunctionCallInfo fcinfo, const char *flag, Oid key_type);
static void find_running(const char *flag, Running *running);
static void make_context(ExposeSite *site, Datum key, bool isnull, WfContext *context);
static const char *show(const char *flag, const Running *running, WfContext *context, char **unit);
static bool unit_key(WfContext *context, const char *kind, WfString *key);
static void record(const Running *running, Exposure *exposures, int count);
static ArrayType *text_array(char **texts, int count);
static SPIPlanPtr kept_plan(SPIPlanPtr *kept, const char *sql, int nargs, Oid *types);
static int	compare_exposures(const void *a, const void *b);

/*
 * experiment_expose(flag text [, key text | bigint | uuid | context jsonb]) -> text
 *
 * The variant, as flag_variant() gives it.
 */
Datum
wf_experiment_expose(PG_FUNCTION_ARGS)
{
	bool		of_session = PG_NARGS() == 1;
	ExposeSite *site;
	WfContext	context;
	Exposure	exposure = {0};
	char	   *flag;

	wf_common_require_writable("experiment_expose()");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	flag = text_to_cstring(PG_GETARG_TEXT_PP(0));
	site = call_site(fcinfo, flag, of_session ? InvalidOid : get_fn_expr_argtype(fcinfo->flinfo, 1));
	if (of_session)
		wf_flags_context_from_session(&context);
	else
		make_context(site, PG_GETARG_DATUM(1), PG_ARGISNULL(1), &context);
	exposure.variant = show(flag, &site->running, &context, &exposure.unit);
	if (exposure.unit)
		record(&site->running, &exposure, 1);
	if (exposure.variant == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(exposure.variant));
}

/*
 * experiment_expose_all(flag text, keys anyarray) -> rows (key, variant)
 *
 * A row an element, in their order.
 */
Datum
wf_experiment_expose_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	ExposeSite *site;
	ArrayType  *keys;
	Exposure   *exposures;
	ArrayIterator iterator;
	Datum		key;
	bool		isnull;
	char	   *flag;
	int			seen = 0;
	int			count = 0;

	wf_common_require_writable("experiment_expose_all()");
	wf_init_materialized_srf(fcinfo);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	flag = text_to_cstring(PG_GETARG_TEXT_PP(0));
	keys = PG_GETARG_ARRAYTYPE_P(1);
	site = call_site(fcinfo, flag, ARR_ELEMTYPE(keys));
	exposures = MemoryContextAllocHuge(CurrentMemoryContext,
									   sizeof(Exposure) * Max(1, ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys))));
	iterator = array_create_iterator(keys, 0, NULL);
	while (array_iterate(iterator, &key, &isnull))
	{
		Exposure   *exposure = &exposures[count];
		Datum		values[2];
		bool		nulls[2];
		WfContext	context;
		WfString	name;

		if (seen++ % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		make_context(site, key, isnull, &context);
		exposure->variant = show(flag, &site->running, &context, &exposure->unit);
		exposure->ordinal = count;
		nulls[0] = !context.valid || !wf_flags_context_key(&context, &name);
		values[0] = nulls[0] ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(name.data, name.len));
		nulls[1] = exposure->variant == NULL;
		values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(exposure->variant);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
		if (exposure->unit)
			count++;
	}
	if (count > 0)
		record(&site->running, exposures, count);
	return (Datum) 0;
}

/* What the calls of a statement for one flag have in common. */
static ExposeSite *
call_site(FunctionCallInfo fcinfo, const char *flag, Oid key_type)
{
	ExposeSite *site = (ExposeSite *) fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (site && strcmp(site->flag, flag) == 0 && site->key_type == key_type)
		return site;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	site = palloc0(sizeof(ExposeSite));
	site->flag = pstrdup(flag);
	site->key_type = key_type;
	if (OidIsValid(key_type) && key_type != TEXTOID && key_type != JSONBOID)
	{
		Oid			output;
		bool		varlena;

		getTypeOutputInfo(key_type, &output, &varlena);
		fmgr_info(output, &site->output);
	}
	find_running(flag, &site->running);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* Into the current memory context. */
static void
find_running(const char *flag, Running *running)
{
	static SPIPlanPtr plan = NULL;
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(flag)};
	WfWrite		write;

	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid(WF_EXPERIMENTS_TABLE));
	if (SPI_execute_snapshot(kept_plan(&plan, running_sql, lengthof(types), types), values, NULL, GetLatestSnapshot(),
							 InvalidSnapshot, true, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read experiments");
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext spi = MemoryContextSwitchTo(caller);
		ListCell   *lc;
		bool		isnull;

		running->key = SPI_getvalue(row, desc, 1);
		running->unit_kind = SPI_getvalue(row, desc, 2);
		foreach(lc, wf_flags_allocation_parse(DatumGetJsonbP(SPI_getbinval(row, desc, 3, &isnull))))
			running->variants = lappend(running->variants, ((WfArmShare *) lfirst(lc))->variant);
		MemoryContextSwitchTo(spi);
	}
	wf_common_write_end(&write);
	SPI_finish();
}

static void
make_context(ExposeSite *site, Datum key, bool isnull, WfContext *context)
{
	if (site->key_type == JSONBOID)
		wf_flags_context_from_json(context, isnull ? NULL : DatumGetJsonbP(key));
	else if (isnull)
		wf_flags_context_from_key(context, NULL, 0);
	else if (site->key_type == TEXTOID)
	{
		text	   *value = DatumGetTextPP(key);

		wf_flags_context_from_key(context, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
	else
	{
		const char *written = OutputFunctionCall(&site->output, key);

		wf_flags_context_from_key(context, written, strlen(written));
	}
}

/*
 * The variant that the flag serves, or NULL.  *unit becomes whom that exposes to
 * the running experiment; NULL: nobody.
 */
static const char *
show(const char *flag_key, const Running *running, WfContext *context, char **unit)
{
	const WfFlag *flag;
	const char *variant;
	WfOutcome	outcome;
	WfString	key;

	*unit = NULL;
	wf_flags_cache_ensure();
	flag = wf_flags_store_find(wf_flags_string(flag_key));
	if (flag == NULL)
		return NULL;
	wf_flags_evaluate(flag, context, &wf_flags_cache_callbacks, &outcome);
	if (outcome.variant == WF_VARIANT_NONE || flag->program->variants[outcome.variant].name.data == NULL)
		return NULL;
	variant = pnstrdup(flag->program->variants[outcome.variant].name.data,
					   flag->program->variants[outcome.variant].name.len);
	if (running->key && outcome.reason == WF_REASON_SPLIT && !outcome.overridden &&
		wf_common_list_has(running->variants, variant) && unit_key(context, running->unit_kind, &key))
		*unit = pnstrdup(key.data, key.len);
	return variant;
}

/* The key of the context's part of a kind, or else the attribute of that name. */
static bool
unit_key(WfContext *context, const char *kind, WfString *key)
{
	WfString	name = wf_flags_string(kind);
	WfPath		path = {.use = WF_PATH_ALWAYS,.nsteps = 1,.steps = &name};
	WfAttribute attribute = {.npaths = 1,.paths = &path};
	WfString	key_name = wf_flags_string("key");

	if (strcmp(kind, WF_KIND_USER) == 0)
		return wf_flags_context_key(context, key);
	if (wf_flags_context_of_kind(context, name, NULL))
	{
		attribute.kind = name;
		path.steps = &key_name;
	}
	return wf_flags_attribute_key(context, &attribute, key);
}

/* Writes exposures; in memory that is free at the end of the call. */
static void
record(const Running *running, Exposure *exposures, int count)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[lengthof(types)];
	char	  **units = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(char *) * count * 3);
	char	  **variants = units + count;
	char	  **others = variants + count;
	int			last = -1;
	WfWrite		write;

	/* The first of each unit is the one shown first. */
	qsort(exposures, count, sizeof(Exposure), compare_exposures);
	for (int i = 0; i < count; i++)
	{
		if (last < 0 || strcmp(units[last], exposures[i].unit) != 0)
		{
			last++;
			units[last] = exposures[i].unit;
			variants[last] = unconstify(char *, exposures[i].variant);
			others[last] = NULL;
		}
		else if (others[last] == NULL && strcmp(variants[last], exposures[i].variant) != 0)
			others[last] = unconstify(char *, exposures[i].variant);
	}
	values[0] = CStringGetTextDatum(running->key);
	values[1] = PointerGetDatum(text_array(units, last + 1));
	values[2] = PointerGetDatum(text_array(variants, last + 1));
	values[3] = PointerGetDatum(text_array(others, last + 1));

	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid(WF_EXPOSURES_TABLE));
	/* Another's exposure may be younger than the transaction's snapshot. */
	if (SPI_execute_snapshot(kept_plan(&plan, expose_sql, lengthof(types), types), values, NULL, GetLatestSnapshot(),
							 InvalidSnapshot, false, true, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not insert into experiment_exposures");
	wf_common_write_end(&write);
	SPI_finish();
}

/* NULLs among the texts are nulls. */
static ArrayType *
text_array(char **texts, int count)
{
	Datum	   *values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * count);
	bool	   *nulls = palloc(sizeof(bool) * count);
	int			dims[] = {count};
	int			bounds[] = {1};

	for (int i = 0; i < count; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	return construct_md_array(values, nulls, 1, dims, bounds, TEXTOID, -1, false, TYPALIGN_INT);
}

/* Made once a session. */
static SPIPlanPtr
kept_plan(SPIPlanPtr *kept, const char *sql, int nargs, Oid *types)
{
	if (*kept == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare: %s", sql);
		*kept = plan;
	}
	return *kept;
}

static int
compare_exposures(const void *a, const void *b)
{
	const Exposure *x = a;
	const Exposure *y = b;
	int			result = strcmp(x->unit, y->unit);

	return result ? result : x->ordinal - y->ordinal;
}
