/*
 * experiment_record.c: writing down who was shown which variant.
 *
 * A unit of an experiment has one row, with the variant that it was shown first
 * and the first other one.  Being shown the same again, which is what mostly
 * happens, takes one look into the index and writes nothing.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "common/extension.h"
#include "common/write.h"
#include "flags/experiment.h"
#include "flags/experiment_record.h"

#define Anum_exposures_variant 3
#define Anum_exposures_flickered_at 5

/* A unit, and what it was shown in one statement. */
typedef struct Shown
{
	char	   *unit;
	char	   *first;
	char	   *other;			/* NULL: nothing else */
} Shown;

/*
 * $1 experiment; of each unit: $2 key, $3 first variant, $4 another one shown in
 * the same statement, or null.  They come in the order of keys, so that nobody
 * waits in a circle.
 */
static const char record_sql[] =
"INSERT INTO wishflags.experiment_exposures AS x (experiment, unit, variant, exposed_at, flickered_at, flickered_to)"
" SELECT $1, u.unit, u.variant, statement_timestamp(), CASE WHEN u.other IS NOT NULL THEN statement_timestamp() END, u.other"
" FROM unnest($2, $3, $4) AS u (unit, variant, other)"
" ON CONFLICT (experiment, unit) DO UPDATE SET flickered_at = excluded.exposed_at,"
"  flickered_to = CASE WHEN excluded.variant <> x.variant THEN excluded.variant ELSE excluded.flickered_to END"
" WHERE x.flickered_at IS NULL AND (x.variant <> excluded.variant OR excluded.flickered_to IS NOT NULL)";

static Shown *gather(WfExposure *exposures, int *count);
static int	compare_exposures(const void *a, const void *b);
static int	leave_out_known(const char *experiment, Shown *shown, int count, Snapshot snapshot);
static bool is_known(const Shown *shown, TupleTableSlot *slot);
static Datum text_array(const Shown *shown, int count, size_t member);

/* Writes exposures; in memory that is free at the end of the call. */
void
wf_flags_exposures_record(const char *experiment, WfExposure *exposures, int count)
{
	static SPIPlanPtr plan = NULL;
	Oid			types[] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[lengthof(types)];
	Shown	   *shown = gather(exposures, &count);
	WfWrite		write;
	Snapshot	snapshot;

	/* Another's exposure may be younger than the transaction's snapshot. */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	count = leave_out_known(experiment, shown, count, snapshot);
	if (count > 0)
	{
		values[0] = CStringGetTextDatum(experiment);
		values[1] = text_array(shown, count, offsetof(Shown, unit));
		values[2] = text_array(shown, count, offsetof(Shown, first));
		values[3] = text_array(shown, count, offsetof(Shown, other));
		SPI_connect();
		wf_common_write_begin(&write, wf_common_relation_oid(WF_EXPOSURES_TABLE));
		if (SPI_execute_snapshot(wf_flags_exposures_plan(&plan, record_sql, lengthof(types), types), values, NULL,
								 snapshot, InvalidSnapshot, false, true, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not insert into experiment_exposures");
		wf_common_write_end(&write);
		SPI_finish();
	}
	UnregisterSnapshot(snapshot);
}

/* A plan that is made once a session. */
SPIPlanPtr
wf_flags_exposures_plan(SPIPlanPtr *kept, const char *sql, int nargs, Oid *types)
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

/* The units in order, each once: the variant shown first, and the first other one. */
static Shown *
gather(WfExposure *exposures, int *count)
{
	Shown	   *shown = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Shown) * *count);
	int			last = -1;

	qsort(exposures, *count, sizeof(WfExposure), compare_exposures);
	for (int i = 0; i < *count; i++)
	{
		char	   *variant = unconstify(char *, exposures[i].variant);

		if (last < 0 || strcmp(shown[last].unit, exposures[i].unit) != 0)
		{
			last++;
			shown[last].unit = exposures[i].unit;
			shown[last].first = variant;
			shown[last].other = NULL;
		}
		else if (shown[last].other == NULL && strcmp(shown[last].first, variant) != 0)
			shown[last].other = variant;
	}
	*count = last + 1;
	return shown;
}

static int
compare_exposures(const void *a, const void *b)
{
	const WfExposure *x = a;
	const WfExposure *y = b;
	int			result = strcmp(x->unit, y->unit);

	return result ? result : x->ordinal - y->ordinal;
}

/*
 * Takes out what is written already, and says how many are left.  A query could
 * do so too, but its plan is made when the table is still empty.
 */
static int
leave_out_known(const char *experiment, Shown *shown, int count, Snapshot snapshot)
{
	Relation	rel = table_open(wf_common_relation_oid(WF_EXPOSURES_TABLE), AccessShareLock);
	Relation	index = index_open(wf_common_relation_oid(WF_EXPOSURES_TABLE "_pkey"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = wf_index_beginscan(rel, index, snapshot, 2);
	int			left = 0;
	ScanKeyData keys[2];

	for (int i = 0; i < lengthof(keys); i++)
		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ,
							   i == 0 ? CStringGetTextDatum(experiment) : (Datum) 0);
	for (int i = 0; i < count; i++)
	{
		Datum		unit = CStringGetTextDatum(shown[i].unit);

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		keys[1].sk_argument = unit;
		index_rescan(scan, keys, lengthof(keys), NULL, 0);
		if (!index_getnext_slot(scan, ForwardScanDirection, slot) || !is_known(&shown[i], slot))
			shown[left++] = shown[i];
		pfree(DatumGetPointer(unit));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
	return left;
}

/* Whether the row says of the unit what there is to say. */
static bool
is_known(const Shown *shown, TupleTableSlot *slot)
{
	bool		steady;
	Datum		variant;
	bool		isnull;

	(void) slot_getattr(slot, Anum_exposures_flickered_at, &steady);
	if (!steady)
		return true;
	variant = slot_getattr(slot, Anum_exposures_variant, &isnull);
	return shown->other == NULL && strcmp(TextDatumGetCString(variant), shown->first) == 0;
}

/* A member of all as an array; NULLs are nulls. */
static Datum
text_array(const Shown *shown, int count, size_t member)
{
	Datum	   *values = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * count);
	bool	   *nulls = palloc(sizeof(bool) * count);
	int			dims[] = {count};
	int			bounds[] = {1};

	for (int i = 0; i < count; i++)
	{
		const char *text = *(char *const *) ((const char *) &shown[i] + member);

		nulls[i] = text == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(text);
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, bounds, TEXTOID, -1, false, TYPALIGN_INT));
}
