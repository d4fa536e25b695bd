/*
 * override_option.h: the options of functions that change overrides.
 */
#ifndef WF_FLAGS_OVERRIDE_OPTION_H
#define WF_FLAGS_OVERRIDE_OPTION_H

#include "utils/jsonb.h"

#include "flags/manage.h"

typedef struct WfOverrideOptions
{
	char	   *kind;			/* of context */
	char	   *variant;		/* or NULL */
	Jsonb	   *value;			/* or NULL */
	bool		deny;
	char	   *expires_at;		/* or NULL */
	char	   *note;			/* or NULL */
	bool		replace;		/* of many: what is overridden otherwise */
} WfOverrideOptions;

extern void wf_flags_override_options(Jsonb *options, bool of_many, WfOverrideOptions *parsed);
extern void wf_flags_override_params(WfParams *params, const WfOverrideOptions *options);

#endif							/* WF_FLAGS_OVERRIDE_OPTION_H */
