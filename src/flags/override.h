/*
 * override.h: what single keys are given, whatever the rules say.
 */
#ifndef WF_FLAGS_OVERRIDE_H
#define WF_FLAGS_OVERRIDE_H

#include "datatype/timestamp.h"

#include "flags/fingerprint.h"
#include "flags/run.h"

/* The latest expiry but never: seconds since 2000 are kept. */
#define WF_OVERRIDE_EXPIRES_MAX ((TimestampTz) (PG_UINT32_MAX - 1) * USECS_PER_SEC)

/* One of three. */
typedef struct WfOverrideAnswer
{
	bool		deny;			/* the off variant, and not enabled */
	WfString	variant;		/* its name; data is NULL for none */
	Jsonb	   *value;			/* served as it is, or NULL */
	bool		enabled;		/* what flag_eval() says of it */

	/* What was found out last of the variant. */
	const WfProgram *program;
	int			index;
} WfOverrideAnswer;

/* The keys of one kind that a flag may be overridden for. */
typedef struct WfOverrideKind
{
	WfString	name;
	bool		is_user;		/* the targeting key */
	WfFingerprintSeed seed;
} WfOverrideKind;

/* A flag's, in their order: users first, then by name. */
typedef struct WfOverrides
{
	int			nkinds;
	WfOverrideKind *kinds;
	/* Where they are not those of the cache. */
	WfOverrideAnswer *(*find) (const struct WfOverrides *overrides, const WfOverrideKind *kind,
							   WfString key, TimestampTz *expires);
} WfOverrides;

/* What a context is given. */
typedef struct WfOverride
{
	const WfOverrideKind *kind;
	WfOverrideAnswer *answer;
} WfOverride;

/* override.c */
extern bool wf_flags_override_may_serve(const WfFlag *flag, WfContext *context);
extern bool wf_flags_override_find(WfRun *run, const WfFlag *flag, WfOverride *override);
extern void wf_flags_override_set_value(WfOverrideAnswer *answer, Jsonb *value);
extern const WfOverrideKind *wf_flags_overrides_kind(WfOverrides *overrides, WfString name);
extern int	wf_flags_override_variant(WfOverrideAnswer *answer, const WfProgram *program);
extern bool wf_flags_override_is_user(WfString kind);

/* store_override.c */
extern WfOverrideAnswer *wf_flags_override_answer(const WfOverrideKind *kind, WfString key,
												  TimestampTz *expires);

#endif							/* WF_FLAGS_OVERRIDE_H */
