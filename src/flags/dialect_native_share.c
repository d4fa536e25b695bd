/*
 * dialect_native_share.c: the buckets of native flags.  Pure.
 *
 * share := percentage | {"from": step, "to": step} | {"steps": [step, ...]}
 * step  := {"at": moment, "percent": percentage}
 *
 * A bucket is murmur3 of "TEXT:KEY".  A share that changes with time asks for
 * the same bucket as one that stands still, so while it grows nobody falls out
 * of it.
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/dialect_native.h"
#include "flags/document.h"

static bool read_line(WfNative *native, JsonbContainer *object, const char *path, WfSchedule *schedule);
static bool read_steps(WfNative *native, JsonbContainer *object, const char *path, WfSchedule *schedule);
static bool read_step(WfNative *native, JsonbValue *value, const char *path, WfScheduleStep *step);

/* A split but for its arms: what it hashes is "text:" and the attribute. */
void
wf_flags_native_split(WfNative *native, WfSplit *split, uint32 seed, WfString text,
					  const WfNativeAttribute *by)
{
	split->hash = WF_HASH_MURMUR3_32;
	wf_flags_murmur3_begin(&split->murmur3, seed);
	split->converts = native->converts;
	text = wf_flags_encode_text(text, split->converts);
	wf_flags_murmur3_add(&split->murmur3, text.data, text.len);
	wf_flags_murmur3_add(&split->murmur3, ":", 1);
	split->attribute = by->attribute;
	split->subject = by->subject;
	split->reduction = WF_REDUCTION_MULTIPLY;
	split->comparison = WF_COMPARISON_BELOW;
	split->missing = WF_MISSING_ERROR;
}

/* Expects a share. */
bool
wf_flags_native_share(WfNative *native, JsonbValue *value, const char *path, WfNativeShare *share)
{
	JsonbContainer *object;
	JsonbValue	member;

	share->share = WF_SHARE_TOTAL;
	share->schedule = NULL;
	if (value->type == jbvNumeric)
		return wf_flags_native_percent(native, value, path, &share->share);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return wf_flags_document_fault(native->fault, path,
									   "expected a percentage, {\"from\": ..., \"to\": ...} or {\"steps\": [...]}");

	object = value->val.binary.data;
	share->schedule = palloc0(sizeof(WfSchedule));
	share->schedule->cap = WF_SHARE_TOTAL;
	if (wf_flags_document_member(object, "steps", &member))
		return read_steps(native, object, path, share->schedule);
	return read_line(native, object, path, share->schedule);
}

/* The split of a share, in steps of 0.001 %. */
void
wf_flags_native_rollout(WfNative *native, WfNativeRollout *rollout, const WfNativeShare *share,
						WfString text, const WfNativeAttribute *by)
{
	wf_flags_native_split(native, &rollout->split, WF_NATIVE_ROLLOUT_SEED, text, by);
	rollout->split.total = WF_SHARE_TOTAL;
	rollout->split.narms = share->share > 0 ? 1 : 0;
	rollout->split.arms = &rollout->arm;
	rollout->arm.upper = share->share;
	if (share->schedule)
	{
		share->schedule->cap = share->share;
		rollout->split.schedule = share->schedule;
	}
}

/* {"percent": share, "seed": text, "by": attribute} as a condition. */
bool
wf_flags_native_share_node(WfNative *native, JsonbValue *value, const char *path, WfNode *node)
{
	JsonbContainer *object;
	JsonbValue	member;
	WfNativeAttribute by = native->by;
	WfNativeShare share;
	WfString	seed = native->key;
	WfNativeRollout *rollout;

	if (!wf_flags_document_object(value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "percent, seed, by"))
		return false;
	if (!wf_flags_document_member(object, "percent", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"percent\"");
	if (!wf_flags_native_share(native, &member, psprintf("%s.percent", path), &share))
		return false;
	if (wf_flags_document_member(object, "seed", &member) &&
		!wf_flags_document_string(&member, psprintf("%s.seed", path), native->fault, &seed))
		return false;
	if (wf_flags_document_member(object, "by", &member) &&
		!wf_flags_native_attribute(native, &member, psprintf("%s.by", path), &by))
		return false;

	/* Everybody: without a look at the key, as a rollout of 100 %. */
	if (share.share == WF_SHARE_TOTAL && share.schedule == NULL)
	{
		node->type = WF_NODE_ALL;
		return true;
	}
	rollout = palloc0(sizeof(WfNativeRollout));
	wf_flags_native_rollout(native, rollout, &share, seed, &by);
	node->type = WF_NODE_SPLIT;
	node->u.split = &rollout->split;
	return true;
}

/* From one percentage to another, evenly. */
static bool
read_line(WfNative *native, JsonbContainer *object, const char *path, WfSchedule *schedule)
{
	static const char *const ends[] = {"from", "to"};
	JsonbValue	member;

	if (!wf_flags_document_known(object, path, native->fault, "from, to, steps"))
		return false;
	schedule->linear = true;
	schedule->nsteps = lengthof(ends);
	schedule->steps = palloc0(sizeof(WfScheduleStep) * lengthof(ends));
	for (int i = 0; i < lengthof(ends); i++)
	{
		if (!wf_flags_document_member(object, ends[i], &member))
			return wf_flags_document_fault(native->fault, path, "expected \"%s\"", ends[i]);
		if (!read_step(native, &member, psprintf("%s.%s", path, ends[i]), &schedule->steps[i]))
			return false;
	}
	if (schedule->steps[0].at >= schedule->steps[1].at)
		return wf_flags_document_fault(native->fault, path, "expected \"to\" to be later than \"from\"");
	return true;
}

/* Percentages that hold from a moment on. */
static bool
read_steps(WfNative *native, JsonbContainer *object, const char *path, WfSchedule *schedule)
{
	JsonbContainer *array;
	JsonbValue	member;

	if (!wf_flags_document_known(object, path, native->fault, "steps"))
		return false;
	path = psprintf("%s.steps", path);
	(void) wf_flags_document_member(object, "steps", &member);
	if (!wf_flags_document_array(&member, path, native->fault, &array, &schedule->nsteps))
		return false;
	if (schedule->nsteps == 0)
		return wf_flags_document_fault(native->fault, path, "expected at least one step");
	schedule->steps = palloc0(sizeof(WfScheduleStep) * schedule->nsteps);
	for (int i = 0; i < schedule->nsteps; i++)
	{
		const char *step = psprintf("%s[%d]", path, i);

		wf_flags_document_element(array, i, &member);
		if (!read_step(native, &member, step, &schedule->steps[i]))
			return false;
		if (i > 0 && schedule->steps[i].at <= schedule->steps[i - 1].at)
			return wf_flags_document_fault(native->fault, step, "expected a step later than the one before");
	}
	return true;
}

static bool
read_step(WfNative *native, JsonbValue *value, const char *path, WfScheduleStep *step)
{
	JsonbContainer *object;
	JsonbValue	member;

	if (!wf_flags_document_object(value, path, native->fault, &object) ||
		!wf_flags_document_known(object, path, native->fault, "at, percent"))
		return false;
	if (!wf_flags_document_member(object, "at", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"at\"");
	if (!wf_flags_native_moment(native, &member, psprintf("%s.at", path), &step->at))
		return false;
	if (!wf_flags_document_member(object, "percent", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"percent\"");
	return wf_flags_native_percent(native, &member, psprintf("%s.percent", path), &step->share);
}
