/*
 * registers.c: counts of unique keys as values, to be added up over rows.
 *
 * The registers of two sets of keys, each the higher of both, are those of
 * their union.
 */
#include "common/compat.h"

#include <math.h>

#include "fmgr.h"
#include "lib/hyperloglog.h"

#include "stats/store.h"

PG_FUNCTION_INFO_V1(wf_usage_union_step);
PG_FUNCTION_INFO_V1(wf_usage_estimate);

static uint8 *registers_of(bytea *value);

/* usage_union_step(state bytea, registers bytea) -> bytea, strict */
Datum
wf_usage_union_step(PG_FUNCTION_ARGS)
{
	uint8	   *added = registers_of(PG_GETARG_BYTEA_PP(1));
	bool		own = AggCheckCallContext(fcinfo, NULL) != 0;
	bytea	   *state = own ? PG_GETARG_BYTEA_P(0) : PG_GETARG_BYTEA_P_COPY(0);
	uint8	   *registers = registers_of(state);

	for (int i = 0; i < WF_STATS_REGISTERS; i++)
		registers[i] = Max(registers[i], added[i]);
	PG_RETURN_BYTEA_P(state);
}

/* usage_estimate(registers bytea) -> bigint, strict */
Datum
wf_usage_estimate(PG_FUNCTION_ARGS)
{
	uint8	   *registers = registers_of(PG_GETARG_BYTEA_PP(0));
	hyperLogLogState state;
	double		estimate;

	initHyperLogLog(&state, WF_STATS_REGISTER_BITS);
	memcpy(state.hashesArr, registers, WF_STATS_REGISTERS);
	estimate = estimateHyperLogLog(&state);
	freeHyperLogLog(&state);
	PG_RETURN_INT64((int64) rint(estimate));
}

static uint8 *
registers_of(bytea *value)
{
	if (VARSIZE_ANY_EXHDR(value) != WF_STATS_REGISTERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expected the %d registers of a count of unique keys", WF_STATS_REGISTERS),
				 errhint("SELECT registers FROM wishflags.usage_entries(false);")));
	return (uint8 *) VARDATA_ANY(value);
}
