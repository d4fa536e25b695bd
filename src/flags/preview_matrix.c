/*
 * preview_matrix.c: all combinations of what some flags can be.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/eval.h"
#include "flags/json.h"
#include "flags/listing.h"
#include "flags/preview.h"

PG_FUNCTION_INFO_V1(wf_preview_matrix);

#define ROWS_MAX 1024

/* A flag and the variants that it can be. */
typedef struct Dimension
{
	WfString	flag;
	int			nvariants;
	WfString   *variants;
} Dimension;

static Dimension *list_dimensions(ArrayType *keys, int *ndimensions);
static void refuse_flag(const char *problem, WfString key);
static void list_variants(const WfProgram *program, Dimension *dimension);
static void count_rows(const Dimension *dimensions, int ndimensions, int64 *nrows);
static void combine(const Dimension *dimensions, int ndimensions, int row, WfPreview *preview);
static Jsonb *changes(const WfFlagListing *flags, const WfPreview *preview, Jsonb *attributes);
static Jsonb *value_of(const WfFlag *flag, const WfPreview *preview, Jsonb *attributes);

/*
 * preview_matrix(flags text[], context jsonb)
 *   -> rows (ordinal integer, preview text, changes jsonb)
 *
 * The last flag varies fastest.  changes is what other flags, which ask for
 * these, serve the context then and don't without a preview.
 */
Datum
wf_preview_matrix(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	Jsonb	   *attributes = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	WfFlagListing flags;
	Dimension  *dimensions;
	MemoryContext row_context;
	int			ndimensions;
	int64		nrows;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("flags must not be NULL")));
	wf_flags_preview_require_right();
	wf_init_materialized_srf(fcinfo);
	wf_flags_cache_ensure();
	dimensions = list_dimensions(PG_GETARG_ARRAYTYPE_P(0), &ndimensions);
	count_rows(dimensions, ndimensions, &nrows);
	wf_flags_list_flags(&flags);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "wishflags preview row", ALLOCSET_DEFAULT_SIZES);
	for (int row = 0; row < nrows && ndimensions > 0; row++)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);
		WfPreview	preview = {0};
		WfPreview	sorted;
		Datum		values[3];
		bool		nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		combine(dimensions, ndimensions, row, &preview);
		values[0] = Int32GetDatum(row + 1);
		values[1] = CStringGetTextDatum(wf_flags_preview_write(&preview));
		sorted = preview;
		wf_flags_preview_sort(&sorted);
		values[2] = JsonbPGetDatum(changes(&flags, &sorted, attributes));
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	return (Datum) 0;
}

static Dimension *
list_dimensions(ArrayType *keys, int *ndimensions)
{
	Datum	   *elements;
	bool	   *nulls;
	Dimension  *dimensions;

	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, ndimensions);
	dimensions = palloc0(sizeof(Dimension) * Max(*ndimensions, 1));
	for (int i = 0; i < *ndimensions; i++)
	{
		const WfFlag *flag;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the name of a flag must not be NULL")));
		dimensions[i].flag = wf_flags_string(TextDatumGetCString(elements[i]));
		flag = wf_flags_store_find(dimensions[i].flag);
		if (flag == NULL)
			refuse_flag("flag \"%s\" does not exist", dimensions[i].flag);
		for (int j = 0; j < i; j++)
		{
			if (wf_flags_strings_equal(dimensions[i].flag, dimensions[j].flag))
				refuse_flag("flag \"%s\" is named twice", dimensions[i].flag);
		}
		list_variants(flag->program, &dimensions[i]);
	}
	return dimensions;
}

static void
refuse_flag(const char *problem, WfString key)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg_internal(problem, key.data),
			 errhint("To list the flags: SELECT key FROM wishflags.flags;")));
}

/* The names of its variants; of a flag that has not two of them, true and false. */
static void
list_variants(const WfProgram *program, Dimension *dimension)
{
	dimension->variants = palloc(sizeof(WfString) * (program->nvariants + 2));
	for (int i = 0; i < program->nvariants; i++)
	{
		/*
		 * Several may have the same name, of which a preview reaches the
		 * first.
		 */
		if (program->variants[i].name.data && wf_flags_variant_index(program, program->variants[i].name) == i)
			dimension->variants[dimension->nvariants++] = program->variants[i].name;
	}
	if (dimension->nvariants >= 2)
		return;
	dimension->variants[0] = wf_flags_string("true");
	dimension->variants[1] = wf_flags_string("false");
	dimension->nvariants = 2;
}

static void
count_rows(const Dimension *dimensions, int ndimensions, int64 *nrows)
{
	*nrows = 1;
	for (int i = 0; i < ndimensions; i++)
	{
		*nrows *= dimensions[i].nvariants;
		if (*nrows > ROWS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("these flags have more than %d combinations", ROWS_MAX),
					 errhint("Name fewer flags.")));
	}
}

static void
combine(const Dimension *dimensions, int ndimensions, int row, WfPreview *preview)
{
	int			period = 1;

	for (int i = 0; i < ndimensions; i++)
		period *= dimensions[i].nvariants;
	for (int i = 0; i < ndimensions; i++)
	{
		WfPreviewItem item = {.flag = dimensions[i].flag, .source = WF_PREVIEW_OPTION};

		period /= dimensions[i].nvariants;
		item.variant = dimensions[i].variants[row / period % dimensions[i].nvariants];
		wf_flags_preview_add(preview, &item);
	}
}

/* {"flag": value} of the flags that serve something else under the preview. */
static Jsonb *
changes(const WfFlagListing *flags, const WfPreview *preview, Jsonb *attributes)
{
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	for (int i = 0; i < flags->count; i++)
	{
		const WfFlag *flag = flags->flags[i];
		Jsonb	   *now;
		Jsonb	   *then;

		if (!flag->program->tests_flags || wf_flags_preview_find(preview, flag->key))
			continue;
		now = value_of(flag, NULL, attributes);
		then = value_of(flag, preview, attributes);
		if ((now == NULL) != (then == NULL) ||
			(now && then && compareJsonbContainers(&now->root, &then->root) != 0))
			wf_flags_json_document(&state, pnstrdup(flag->key.data, flag->key.len), then);
	}
	return wf_flags_json_end(&state);
}

static Jsonb *
value_of(const WfFlag *flag, const WfPreview *preview, Jsonb *attributes)
{
	WfCallbacks callbacks = wf_flags_cache_callbacks;
	WfContext	context;
	WfOutcome	outcome;

	callbacks.preview = preview;
	wf_flags_context_from_json(&context, attributes);
	wf_flags_evaluate(flag, &context, &callbacks, &outcome);
	return wf_flags_variant_value(flag->program, outcome.variant);
}
