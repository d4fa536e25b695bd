/*
 * dialect_launchdarkly_rollout.c: what LaunchDarkly's rules serve.  Pure.
 *
 * owner   := {"variation": index} | {"rollout": rollout}
 * rollout := {"kind": "rollout" | "experiment", "contextKind": kind,
 *             "bucketBy": name, "seed": number,
 *             "variations": [{"variation": index, "weight": number,
 *                             "untracked": boolean}, ...]}
 *
 * The hash is of "SEED.VALUE", else of "KEY.SALT.VALUE".  Experiments always
 * go by the key.  Who has nothing that can be hashed is at position 0.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/bucket.h"
#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"

static bool compile_rollout(WfLaunchdarklyCompiler *compiler, const WfValue *rollout,
							const char *path, WfString salt, int nvariants, WfServe *serve);
static bool compile_arms(WfLaunchdarklyCompiler *compiler, const WfValue *list, int narms,
						 const char *path, bool is_experiment, int nvariants, WfSplit *split);
static bool read_kind(const WfValue *rollout, const char *path, WfFault *fault, bool *is_experiment);
static WfString seed_text(const WfValue *seed);
static int	variant_index(const WfValue *index, int nvariants);

/* A fixed variation, or a rollout.  What leads to none is an error when it is served. */
bool
wf_flags_launchdarkly_serve(WfLaunchdarklyCompiler *compiler, const WfValue *owner, const char *path,
							WfString salt, int nvariants, WfServe *serve)
{
	WfValue		index;
	WfValue		rollout;

	if (!wf_flags_launchdarkly_number(owner, "variation", path, compiler->fault, &index))
		return false;
	serve->variant = WF_VARIANT_NONE;
	if (index.type == WF_VALUE_NUMBER)
	{
		wf_flags_launchdarkly_fix(&index, nvariants, serve);
		return true;
	}
	if (!wf_flags_value_member(owner, wf_flags_string("rollout"), &rollout) ||
		rollout.type == WF_VALUE_NULL)
	{
		serve->error = WF_ERROR_PARSE_ERROR;
		return true;
	}
	path = psprintf("%s.rollout", path);
	if (rollout.type != WF_VALUE_OBJECT)
		return wf_flags_document_fault(compiler->fault, path, "expected an object");
	return compile_rollout(compiler, &rollout, path, salt, nvariants, serve);
}

/* Serves one variation; an absent index is 0. */
void
wf_flags_launchdarkly_fix(const WfValue *index, int nvariants, WfServe *serve)
{
	serve->variant = variant_index(index, nvariants);
	if (serve->variant == WF_VARIANT_MISS)
	{
		serve->variant = WF_VARIANT_NONE;
		serve->error = WF_ERROR_PARSE_ERROR;
	}
}

/* A split with room for arms, which by default goes by the key of users. */
WfSplit *
wf_flags_launchdarkly_split(WfLaunchdarklyCompiler *compiler, WfString salt, int narms)
{
	WfSplit    *split = palloc0(sizeof(WfSplit));

	split->hash = WF_HASH_SHA1_60;
	split->prefix = wf_flags_encode_text(salt, compiler->converts);
	wf_flags_launchdarkly_key(wf_flags_string(WF_KIND_USER), &split->attribute);
	split->form = WF_KEY_STRING_OR_INTEGER;
	split->converts = compiler->converts;
	split->reduction = compiler->single_precision ? WF_REDUCTION_SHARE_60_SINGLE : WF_REDUCTION_SHARE_60;
	split->total = 1;
	split->comparison = WF_COMPARISON_BELOW;
	split->missing = WF_MISSING_ZERO;
	split->narms = narms;
	split->arms = palloc0(sizeof(WfArm) * Max(narms, 1));
	return split;
}

/* Adds a weight to a sum of weights, in the precision of the clients to follow. */
double
wf_flags_launchdarkly_add_weight(const WfLaunchdarklyCompiler *compiler, double sum, const WfValue *weight)
{
	double		steps = weight->type == WF_VALUE_NUMBER ? wf_flags_value_double(weight) : 0;
	float		share = (float) steps / (float) WF_LAUNCHDARKLY_WEIGHTS;
	float		single = (float) sum + share;

	return compiler->single_precision ? single : sum + steps / WF_LAUNCHDARKLY_WEIGHTS;
}

/* What is hashed in front of the value where there is no seed: "KEY.SALT." */
WfString
wf_flags_launchdarkly_salt(WfString key, WfString salt)
{
	return wf_flags_string(psprintf("%.*s.%.*s.", key.len, key.len > 0 ? key.data : "",
									salt.len, salt.len > 0 ? salt.data : ""));
}

static bool
compile_rollout(WfLaunchdarklyCompiler *compiler, const WfValue *rollout, const char *path,
				WfString salt, int nvariants, WfServe *serve)
{
	WfFault    *fault = compiler->fault;
	WfAttribute attribute;
	WfString	kind;
	WfString	name;
	WfValue		seed;
	WfValue		list;
	bool		is_experiment;
	int			narms;

	if (!read_kind(rollout, path, fault, &is_experiment) ||
		!wf_flags_launchdarkly_text(rollout, "contextKind", path, fault, &kind) ||
		!wf_flags_launchdarkly_text(rollout, "bucketBy", path, fault, &name) ||
		!wf_flags_launchdarkly_number(rollout, "seed", path, fault, &seed) ||
		!wf_flags_launchdarkly_list(rollout, "variations", path, fault, &list, &narms))
		return false;
	if (narms == 0)
		serve->error = WF_ERROR_PARSE_ERROR;
	if (seed.type == WF_VALUE_NUMBER)
		salt = seed_text(&seed);

	serve->split = wf_flags_launchdarkly_split(compiler, salt, narms);
	serve->split->last_takes_rest = true;
	serve->miss = WF_MISS_ERROR;
	wf_flags_launchdarkly_key(wf_flags_launchdarkly_kind(kind), &serve->split->attribute);
	if (!is_experiment)
	{
		switch (wf_flags_launchdarkly_attribute(name, kind, &attribute))
		{
			case WF_REFERENCE_NONE:
				break;
			case WF_REFERENCE_INVALID:
				serve->error = WF_ERROR_PARSE_ERROR;
				break;
			case WF_REFERENCE_FOUND:
				serve->split->attribute = attribute;
				serve->split->subject = wf_flags_launchdarkly_subject(&serve->split->attribute, false);
				break;
		}
	}
	return compile_arms(compiler, &list, narms, path, is_experiment, nvariants, serve->split);
}

/* An arm's detail is not NULL where it is part of an experiment. */
static bool
compile_arms(WfLaunchdarklyCompiler *compiler, const WfValue *list, int narms, const char *path,
			 bool is_experiment, int nvariants, WfSplit *split)
{
	double		sum = 0;

	for (int i = 0; i < narms; i++)
	{
		const char *at = psprintf("%s.variations[%d]", path, i);
		WfArm	   *arm = &split->arms[i];
		WfValue		element;
		WfValue		index;
		WfValue		weight;
		bool		untracked;
		bool		untracked_too;

		/* The REST API has the same member with an underscore. */
		if (!wf_flags_launchdarkly_object(list, i, at, compiler->fault, &element) ||
			!wf_flags_launchdarkly_number(&element, "variation", at, compiler->fault, &index) ||
			!wf_flags_launchdarkly_number(&element, "weight", at, compiler->fault, &weight) ||
			!wf_flags_launchdarkly_boolean(&element, "untracked", at, compiler->fault, &untracked) ||
			!wf_flags_launchdarkly_boolean(&element, "_untracked", at, compiler->fault, &untracked_too))
			return false;
		arm->variant = variant_index(&index, nvariants);
		arm->lower = sum;
		sum = wf_flags_launchdarkly_add_weight(compiler, sum, &weight);
		arm->upper = sum;
		if (is_experiment && !untracked && !untracked_too)
			arm->detail = split;
	}
	return true;
}

/* The REST API says of an experiment's rollout how it is allocated. */
static bool
read_kind(const WfValue *rollout, const char *path, WfFault *fault, bool *is_experiment)
{
	WfValue		allocation;
	WfString	kind;

	if (!wf_flags_launchdarkly_text(rollout, "kind", path, fault, &kind))
		return false;
	*is_experiment = wf_flags_strings_equal(kind, wf_flags_string("experiment")) ||
		(wf_flags_value_member(rollout, wf_flags_string("experimentAllocation"), &allocation) &&
		 allocation.type == WF_VALUE_OBJECT);
	return true;
}

static WfString
seed_text(const WfValue *seed)
{
	return wf_flags_string(psprintf("%.0f.", trunc(wf_flags_value_double(seed))));
}

/* WF_VARIANT_MISS for one that is not there; an absent index is 0. */
static int
variant_index(const WfValue *index, int nvariants)
{
	double		number = index->type == WF_VALUE_NUMBER ? wf_flags_value_double(index) : 0;

	if (number >= 0 && number < nvariants && floor(number) == number)
		return (int) number;
	return WF_VARIANT_MISS;
}
