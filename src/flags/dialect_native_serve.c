/*
 * dialect_native_serve.c: what native rules serve.  Pure.
 *
 * serve := NAME | {"split": [arm, ...], "by": attribute, "seed": text, "coverage": 0..1} |
 *          {"compute": LOGIC}, which yields the name of a variant, or null
 * arm   := {"variant": NAME, "weight": number} |
 *          {"variant": NAME, "ranges": [[from, until], ...]}, in percent
 *
 * Whoever is in no range, or not covered, is not served; neither is whom LOGIC
 * yields null for.
 */
#include "common/compat.h"

#include "flags/dialect_native.h"
#include "flags/document.h"
#include "flags/eval.h"

static bool read_split(WfNative *native, JsonbContainer *object, const char *path, WfSplit *split);
static bool read_arms(WfNative *native, JsonbValue *value, const char *path, WfSplit *split, bool *by_weight);
static bool read_arm(WfNative *native, JsonbContainer *object, const char *path, WfSplit *split,
					 bool by_weight, uint64 *total);
static bool read_ranges(WfNative *native, JsonbValue *value, const char *path, int variant, WfSplit *split);
static bool check_ranges(WfNative *native, const WfSplit *split, const char *path);
static int	compare_arms(const void *a, const void *b);
static void add_arm(WfSplit *split, double lower, double upper, int variant);
static bool read_coverage(WfNative *native, JsonbContainer *object, const char *path, bool by_weight,
						  WfSplit *split);

/* Expects what a rule or a flag serves. */
bool
wf_flags_native_serve(WfNative *native, JsonbValue *value, const char *path, WfServe *serve)
{
	JsonbContainer *object;
	JsonbValue	member;

	if (value->type == jbvString)
		return wf_flags_native_variant(native, value, path, &serve->variant);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return wf_flags_document_fault(native->fault, path,
									   "expected the name of a variant, {\"split\": [...]} or {\"compute\": ...}");

	object = value->val.binary.data;
	serve->variant = WF_VARIANT_NONE;
	serve->miss = WF_MISS_NEXT;
	if (wf_flags_document_member(object, "compute", &member))
	{
		serve->node = palloc0(sizeof(WfNode));
		return wf_flags_document_known(object, path, native->fault, "compute") &&
			wf_flags_native_compute(native, &member, psprintf("%s.compute", path), serve->node);
	}
	serve->split = palloc0(sizeof(WfSplit));
	return read_split(native, object, path, serve->split);
}

/* Expects the name of one of the flag's variants. */
bool
wf_flags_native_variant(WfNative *native, JsonbValue *value, const char *path, int *variant)
{
	WfString	name;

	if (value->type != jbvString)
		return wf_flags_document_fault(native->fault, path, "expected the name of a variant");
	name.data = value->val.string.val;
	name.len = value->val.string.len;
	*variant = wf_flags_variant_index(native->program, name);
	if (*variant == WF_VARIANT_NONE)
		return wf_flags_document_fault(native->fault, path, "the flag has no variant \"%.*s\"",
									   name.len, name.data);
	return true;
}

static bool
read_split(WfNative *native, JsonbContainer *object, const char *path, WfSplit *split)
{
	WfNativeAttribute by = native->by;
	WfString	seed = native->key;
	JsonbValue	member;
	bool		by_weight;

	if (!wf_flags_document_known(object, path, native->fault, "split, by, seed, coverage, compute"))
		return false;
	if (wf_flags_document_member(object, "by", &member) &&
		!wf_flags_native_attribute(native, &member, psprintf("%s.by", path), &by))
		return false;
	if (wf_flags_document_member(object, "seed", &member) &&
		!wf_flags_document_string(&member, psprintf("%s.seed", path), native->fault, &seed))
		return false;
	if (!wf_flags_document_member(object, "split", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"split\" or \"compute\"");

	wf_flags_native_split(native, split, WF_NATIVE_SPLIT_SEED, seed, &by);
	return read_arms(native, &member, psprintf("%s.split", path), split, &by_weight) &&
		read_coverage(native, object, path, by_weight, split);
}

/* The arms all have weights, or all have ranges. */
static bool
read_arms(WfNative *native, JsonbValue *value, const char *path, WfSplit *split, bool *by_weight)
{
	JsonbContainer *array;
	JsonbContainer *object;
	JsonbValue	element;
	JsonbValue	member;
	uint64		total = 0;
	int			length;

	*by_weight = true;
	if (!wf_flags_document_array(value, path, native->fault, &array, &length))
		return false;
	split->arms = palloc(sizeof(WfArm));
	for (int i = 0; i < length; i++)
	{
		const char *arm = psprintf("%s[%d]", path, i);

		wf_flags_document_element(array, i, &element);
		if (!wf_flags_document_object(&element, arm, native->fault, &object))
			return false;
		if (i == 0)
			*by_weight = !wf_flags_document_member(object, "ranges", &member);
		if (!read_arm(native, object, arm, split, *by_weight, &total))
			return false;
	}
	if (!*by_weight)
	{
		split->total = WF_SHARE_TOTAL;
		return check_ranges(native, split, path);
	}
	if (total == 0)
		return wf_flags_document_fault(native->fault, path, "expected weights that sum up to more than 0");
	if (total > PG_INT32_MAX)
		return wf_flags_document_fault(native->fault, path, "expected weights that sum up to at most %d", PG_INT32_MAX);
	split->total = (uint32) total;
	return true;
}

static bool
read_arm(WfNative *native, JsonbContainer *object, const char *path, WfSplit *split,
		 bool by_weight, uint64 *total)
{
	JsonbValue	member;
	uint32		weight;
	int			variant;

	if (!wf_flags_document_known(object, path, native->fault, "variant, weight, ranges"))
		return false;
	if (wf_flags_document_member(object, by_weight ? "ranges" : "weight", &member))
		return wf_flags_document_fault(native->fault, path,
									   "expected \"weight\" in all parts of a split, or \"ranges\" in all");
	if (!wf_flags_document_member(object, "variant", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"variant\"");
	if (!wf_flags_native_variant(native, &member, psprintf("%s.variant", path), &variant))
		return false;
	if (!by_weight)
	{
		if (!wf_flags_document_member(object, "ranges", &member))
			return wf_flags_document_fault(native->fault, path, "expected \"ranges\"");
		return read_ranges(native, &member, psprintf("%s.ranges", path), variant, split);
	}
	if (!wf_flags_document_member(object, "weight", &member))
		return wf_flags_document_fault(native->fault, path, "expected \"weight\"");
	if (!wf_flags_document_integer(&member, psprintf("%s.weight", path), native->fault,
								   PG_INT32_MAX, &weight))
		return false;
	add_arm(split, (double) *total, (double) (*total + weight), variant);
	*total += weight;
	return true;
}

static bool
read_ranges(WfNative *native, JsonbValue *value, const char *path, int variant, WfSplit *split)
{
	JsonbContainer *array;
	JsonbContainer *range;
	JsonbValue	element;
	JsonbValue	end;
	uint32		ends[2];
	int			length;
	int			nends;

	if (!wf_flags_document_array(value, path, native->fault, &array, &length))
		return false;
	for (int i = 0; i < length; i++)
	{
		const char *place = psprintf("%s[%d]", path, i);

		wf_flags_document_element(array, i, &element);
		if (!wf_flags_document_array(&element, place, native->fault, &range, &nends))
			return false;
		if (nends != lengthof(ends))
			return wf_flags_document_fault(native->fault, place, "expected two percentages");
		for (int j = 0; j < lengthof(ends); j++)
		{
			wf_flags_document_element(range, j, &end);
			if (!wf_flags_native_percent(native, &end, psprintf("%s[%d]", place, j), &ends[j]))
				return false;
		}
		if (!wf_flags_native_range(native, ends[0], ends[1], place))
			return false;
		add_arm(split, ends[0], ends[1], variant);
	}
	return true;
}

/* Nobody may be in two ranges. */
static bool
check_ranges(WfNative *native, const WfSplit *split, const char *path)
{
	WfArm	   *sorted = palloc(sizeof(WfArm) * Max(split->narms, 1));

	if (split->narms == 0)
		return wf_flags_document_fault(native->fault, path, "expected at least one range");
	memcpy(sorted, split->arms, sizeof(WfArm) * split->narms);
	qsort(sorted, split->narms, sizeof(WfArm), compare_arms);
	for (int i = 1; i < split->narms; i++)
	{
		if (sorted[i].lower < sorted[i - 1].upper)
			return wf_flags_document_fault(native->fault, path,
										   "expected ranges that do not overlap, but %g to %g and %g to %g do",
										   sorted[i - 1].lower / 1000, sorted[i - 1].upper / 1000,
										   sorted[i].lower / 1000, sorted[i].upper / 1000);
	}
	return true;
}

static int
compare_arms(const void *a, const void *b)
{
	double		first = ((const WfArm *) a)->lower;
	double		second = ((const WfArm *) b)->lower;

	return first < second ? -1 : first > second;
}

static void
add_arm(WfSplit *split, double lower, double upper, int variant)
{
	WfArm	   *arm;

	split->arms = repalloc(split->arms, sizeof(WfArm) * (split->narms + 1));
	arm = &split->arms[split->narms++];
	arm->lower = lower;
	arm->upper = upper;
	arm->variant = variant;
	arm->detail = NULL;
}

/*
 * The first part of each arm is covered.  The positions get finer by a whole
 * factor, so that all of an arm is the same users as without a coverage, and
 * more coverage keeps all that were covered.
 */
static bool
read_coverage(WfNative *native, JsonbContainer *object, const char *path, bool by_weight, WfSplit *split)
{
	JsonbValue	member;
	WfValue		number;
	double		coverage = -1;
	uint32		finer;

	if (!wf_flags_document_member(object, "coverage", &member))
		return true;
	path = psprintf("%s.coverage", path);
	if (!by_weight)
		return wf_flags_document_fault(native->fault, path, "a split by ranges covers what they say");
	if (member.type == jbvNumeric)
	{
		wf_flags_value_from_json(&member, &number);
		coverage = wf_flags_value_double(&number);
	}
	if (coverage < 0 || coverage > 1)
		return wf_flags_document_fault(native->fault, path, "expected a number from 0 to 1");
	finer = PG_INT32_MAX / split->total;
	split->total *= finer;
	for (int i = 0; i < split->narms; i++)
	{
		WfArm	   *arm = &split->arms[i];

		arm->upper = (arm->lower + (arm->upper - arm->lower) * coverage) * finer;
		arm->lower *= finer;
	}
	return true;
}
