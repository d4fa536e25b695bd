/*
 * callbacks.c: what the evaluator asks the server for.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "common/pg_prng.h"

#include "flags/cache.h"
#include "flags/callbacks.h"

static const WfFlag *find_flag(void *arg, WfString key);

WfCallbacks wf_flags_cache_callbacks = {
	.find_flag = find_flag,
	.find_segment = wf_flags_segments_find,
	.probe_segment = wf_flags_segments_probe,
	.now = wf_flags_moment,
	.random = wf_flags_random,
	.stack_is_too_deep = stack_is_too_deep,
	.check_interrupts = wf_flags_check_interrupts,
};

/* WfCallbacks.now: what arg points to, else the start of the statement. */
TimestampTz
wf_flags_moment(void *arg)
{
	return arg ? *(TimestampTz *) arg : GetCurrentStatementStartTimestamp();
}

/* WfCallbacks.random. */
uint32
wf_flags_random(void *arg)
{
	return pg_prng_uint32(&pg_global_prng_state);
}

/* WfCallbacks.check_interrupts. */
void
wf_flags_check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static const WfFlag *
find_flag(void *arg, WfString key)
{
	return wf_flags_store_find(key);
}
