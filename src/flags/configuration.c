/*
 * configuration.c: flag_configurations().
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "flags/cache.h"
#include "flags/eval.h"
#include "flags/graph.h"

PG_FUNCTION_INFO_V1(wf_flag_configurations);

/* Columns of the result, in order. */
enum
{
	COLUMN_FLAG,
	COLUMN_SHARE,
	COLUMN_SETTLED,
	COLUMN_VARIANT,
	COLUMN_REQUIRES,
	COLUMN_REQUIRED_BY,
	COLUMN_MISSING,
	COLUMN_COUNT
};

static Datum missing_flags(const WfGraphNode *node, bool *isnull);

/*
 * flag_configurations()
 *   -> rows (flag, share, settled, variant, requires, required_by, missing)
 */
Datum
wf_flag_configurations(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz now = GetCurrentTimestamp();
	ListCell   *lc;

	wf_init_materialized_srf(fcinfo);
	wf_flags_cache_ensure();
	foreach(lc, wf_flags_graph_fill(wf_flags_graph_create()))
	{
		const WfGraphNode *node = (const WfGraphNode *) lfirst(lc);
		const WfProgram *program;
		Datum		values[COLUMN_COUNT] = {0};
		bool		nulls[COLUMN_COUNT] = {0};
		WfString	variant = {NULL, 0};
		int			index;

		if (node->flag == NULL)
			continue;
		program = node->flag->program;
		values[COLUMN_FLAG] = PointerGetDatum(cstring_to_text_with_len(node->key.data, node->key.len));
		values[COLUMN_SHARE] = Float8GetDatum(wf_flags_program_share(program, now));
		values[COLUMN_SETTLED] = BoolGetDatum(node->flag->overrides == NULL &&
											  wf_flags_program_settled(program, now, &index));
		if (DatumGetBool(values[COLUMN_SETTLED]) && index >= 0)
			variant = program->variants[index].name;
		nulls[COLUMN_VARIANT] = variant.data == NULL;
		if (variant.data)
			values[COLUMN_VARIANT] = PointerGetDatum(cstring_to_text_with_len(variant.data, variant.len));
		values[COLUMN_REQUIRES] = Int32GetDatum(list_length(node->asks));
		values[COLUMN_REQUIRED_BY] = Int32GetDatum(list_length(node->askers));
		values[COLUMN_MISSING] = missing_flags(node, &nulls[COLUMN_MISSING]);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The flags and segments that it asks and that are not there. */
static Datum
missing_flags(const WfGraphNode *node, bool *isnull)
{
	ArrayBuildState *names = NULL;
	ListCell   *lc;

	foreach(lc, node->asks)
	{
		const WfGraphNode *asked = ((const WfGraphLink *) lfirst(lc))->node;

		if (!wf_flags_graph_exists(asked))
			names = accumArrayResult(names, CStringGetTextDatum(wf_flags_graph_name(asked)), false, TEXTOID,
									 CurrentMemoryContext);
	}
	*isnull = names == NULL;
	return names ? makeArrayResult(names, CurrentMemoryContext) : (Datum) 0;
}
