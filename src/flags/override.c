/*
 * override.c: what single keys are given, whatever the rules say.  Pure.
 */
#include "common/compat.h"

#include "flags/eval.h"
#include "flags/override.h"

/* No two kinds of flags have the same fingerprints. */
static uint64 nkinds_ever = 0;

static bool key_of_kind(WfContext *context, const WfProgram *program, const WfOverrideKind *kind,
						WfString *key);

static inline WfOverrideAnswer *
find_answer(const WfOverrides *overrides, const WfOverrideKind *kind, WfString key, TimestampTz *expires)
{
	if (unlikely(overrides->find))
		return overrides->find(overrides, kind, key, expires);
	return wf_flags_override_answer(kind, key, expires);
}

/*
 * What a context is given of a flag; false where nothing.  Of several kinds of
 * keys the first decides, but a denial comes before all else.
 */
bool
wf_flags_override_find(WfRun *run, const WfFlag *flag, WfOverride *override)
{
	const WfOverrides *overrides = flag->overrides;

	override->answer = NULL;
	for (int i = 0; i < overrides->nkinds; i++)
	{
		const WfOverrideKind *kind = &overrides->kinds[i];
		WfOverrideAnswer *answer;
		TimestampTz expires;
		WfString	key;

		if (!key_of_kind(run->context, flag->program, kind, &key))
			continue;
		answer = find_answer(overrides, kind, key, &expires);
		if (answer == NULL || (override->answer && !answer->deny))
			continue;
		if (!TIMESTAMP_IS_NOEND(expires) && expires <= run->callbacks->now(run->callbacks->arg))
			continue;
		override->kind = kind;
		override->answer = answer;
		if (answer->deny)
			break;
	}
	return override->answer != NULL;
}

/*
 * Whether a context may be given something: false is certain.  Cheap where the
 * flag is overridden for users only.
 */
bool
wf_flags_override_may_serve(const WfFlag *flag, WfContext *context)
{
	const WfProgram *program = flag->program;
	const WfOverrideKind *kind = flag->overrides->kinds;
	TimestampTz expires;
	WfString	key;

	if (flag->overrides->nkinds != 1 || !kind->is_user || flag->overrides->find)
		return true;
	if (likely(context->key_known && program->key.npaths == 0 && program->key.kind.data == NULL))
		key = context->key;
	else if (!wf_flags_program_key(context, program, &key))
		return false;
	return key.data && wf_flags_override_answer(kind, key, &expires) != NULL;
}

/* Makes an answer that serves a value, which has to stay. */
void
wf_flags_override_set_value(WfOverrideAnswer *answer, Jsonb *value)
{
	WfValue		parsed;

	wf_flags_value_from_root(value, &parsed);
	answer->value = value;
	answer->enabled = parsed.type != WF_VALUE_NULL && (parsed.type != WF_VALUE_BOOLEAN || parsed.u.boolean);
}

/* A kind by name, which is added where it is not there, in the current memory context. */
const WfOverrideKind *
wf_flags_overrides_kind(WfOverrides *overrides, WfString name)
{
	bool		is_user = wf_flags_override_is_user(name);
	WfOverrideKind *kinds;
	char	   *copy;
	int			at = 0;

	for (int i = 0; i < overrides->nkinds; i++)
	{
		if (wf_flags_strings_equal(overrides->kinds[i].name, name))
			return &overrides->kinds[i];
	}
	while (at < overrides->nkinds && !is_user &&
		   (overrides->kinds[at].is_user || wf_flags_strings_compare(overrides->kinds[at].name, name) < 0))
		at++;
	kinds = palloc(sizeof(WfOverrideKind) * (overrides->nkinds + 1));
	memcpy(kinds, overrides->kinds, sizeof(WfOverrideKind) * at);
	memcpy(kinds + at + 1, overrides->kinds + at, sizeof(WfOverrideKind) * (overrides->nkinds - at));
	copy = palloc(name.len);
	memcpy(copy, name.data, name.len);
	kinds[at].name.data = copy;
	kinds[at].name.len = name.len;
	kinds[at].is_user = is_user;
	wf_flags_fingerprint_seed(&kinds[at].seed, ++nkinds_ever);
	if (overrides->kinds)
		pfree(overrides->kinds);
	overrides->kinds = kinds;
	overrides->nkinds++;
	return &kinds[at];
}

/* The variant that an answer names, of a flag's; or WF_VARIANT_NONE. */
int
wf_flags_override_variant(WfOverrideAnswer *answer, const WfProgram *program)
{
	if (unlikely(answer->program != program))
	{
		answer->index = wf_flags_variant_index(program, answer->variant);
		answer->program = program;
	}
	return answer->index;
}

/* Whether a kind is that of the targeting key. */
bool
wf_flags_override_is_user(WfString kind)
{
	return wf_flags_strings_equal(kind, wf_flags_string(WF_KIND_USER));
}

static bool
key_of_kind(WfContext *context, const WfProgram *program, const WfOverrideKind *kind, WfString *key)
{
	if (kind->is_user)
		return wf_flags_program_key(context, program, key);
	return wf_flags_context_key_of_kind(context, kind->name, key);
}
