/*
 * experiment_expose.c: showing variants, and who is exposed to an experiment by that.
 *
 * Only what was drawn counts: a variant that an override, a rule or a preview
 * gave is no exposure.
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
#include "flags/experiment_record.h"
#include "flags/usage.h"

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

static const char running_sql[] =
"SELECT e.key, e.unit_kind, e.allocation FROM wishflags.experiments e"
" WHERE e.flag = $1 AND e.started_at <= statement_timestamp() AND COALESCE(e.stopped_at > statement_timestamp(), true)"
" ORDER BY e.started_at DESC LIMIT 1";

static ExposeSite *call_site(FunctionCallInfo fcinfo, const char *flag, Oid key_type);
static void find_running(const char *flag, Running *running);
static void make_context(ExposeSite *site, Datum key, bool isnull, WfContext *context);
static const char *show(const char *flag, const Running *running, WfContext *context, char **unit);
static bool unit_key(WfContext *context, const char *kind, WfString *key);

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
	WfExposure	exposure = {0};
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
		wf_flags_exposures_record(site->running.key, &exposure, 1);
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
	WfExposure *exposures;
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
									   sizeof(WfExposure) * Max(1, ArrayGetNItems(ARR_NDIM(keys), ARR_DIMS(keys))));
	iterator = array_create_iterator(keys, 0, NULL);
	while (array_iterate(iterator, &key, &isnull))
	{
		WfExposure *exposure = &exposures[count];
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
		wf_flags_exposures_record(site->running.key, exposures, count);
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
	if (SPI_execute_snapshot(wf_flags_exposures_plan(&plan, running_sql, lengthof(types), types), values, NULL, GetLatestSnapshot(),
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
	const WfCallbacks *callbacks;
	const WfFlag *flag;
	const char *variant;
	WfOutcome	outcome;
	WfString	key;

	*unit = NULL;
	wf_flags_cache_ensure();
	flag = wf_flags_store_find(wf_flags_string(flag_key));
	if (flag == NULL)
	{
		wf_flags_count_unknown(wf_flags_string(flag_key));
		return NULL;
	}
	callbacks = wf_flags_callbacks();
	wf_flags_evaluate(flag, context, callbacks, &outcome);
	wf_flags_count(flag, context, &outcome);
	if (outcome.variant == WF_VARIANT_NONE || flag->program->variants[outcome.variant].name.data == NULL)
		return NULL;
	variant = pnstrdup(flag->program->variants[outcome.variant].name.data,
					   flag->program->variants[outcome.variant].name.len);
	/* A preview of another flag may have led here, too. */
	if (callbacks->preview && callbacks->preview->nitems > 0)
		return variant;
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
	WfPath		path = {.use = WF_PATH_ALWAYS, .nsteps = 1, .steps = &name};
	WfAttribute attribute = {.npaths = 1, .paths = &path};
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
