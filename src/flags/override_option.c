/*
 * override_option.c: the options of functions that change overrides.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "common/options.h"
#include "flags/override_option.h"
#include "flags/run.h"

static const WfOption known_options[] = {
	{"kind", WF_OPTION_TEXT, offsetof(WfOverrideOptions, kind)},
	{"variant", WF_OPTION_TEXT, offsetof(WfOverrideOptions, variant)},
	{"value", WF_OPTION_JSON, offsetof(WfOverrideOptions, value)},
	{"deny", WF_OPTION_BOOLEAN, offsetof(WfOverrideOptions, deny)},
	{"expires_at", WF_OPTION_TEXT, offsetof(WfOverrideOptions, expires_at)},
	{"note", WF_OPTION_TEXT, offsetof(WfOverrideOptions, note)},
	{"replace", WF_OPTION_BOOLEAN, offsetof(WfOverrideOptions, replace)},
};

/* The last of them is for many overrides. */
#define OPTIONS_OF_ONE (lengthof(known_options) - 1)

/* Parses the options; raises what is wrong with them. */
void
wf_flags_override_options(Jsonb *options, bool of_many, WfOverrideOptions *parsed)
{
	memset(parsed, 0, sizeof(WfOverrideOptions));
	parsed->kind = WF_KIND_USER;
	wf_common_options_parse(options, known_options, of_many ? lengthof(known_options) : OPTIONS_OF_ONE, parsed);
}

/* Adds kind, variant, value, deny, expires_at and note to a statement's parameters. */
void
wf_flags_override_params(WfParams *params, const WfOverrideOptions *options)
{
	bool		expires = options->expires_at != NULL;

	wf_flags_add_param(params, TEXTOID, CStringGetTextDatum(options->kind), false);
	wf_flags_add_param(params, TEXTOID, options->variant ? CStringGetTextDatum(options->variant) : (Datum) 0,
					   options->variant == NULL);
	wf_flags_add_param(params, JSONBOID, JsonbPGetDatum(options->value), options->value == NULL);
	wf_flags_add_param(params, BOOLOID, BoolGetDatum(options->deny), false);
	wf_flags_add_param(params, TIMESTAMPTZOID,
					   expires ? DirectFunctionCall3(timestamptz_in, CStringGetDatum(options->expires_at),
													 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)) : (Datum) 0,
					   !expires);
	wf_flags_add_param(params, TEXTOID, options->note ? CStringGetTextDatum(options->note) : (Datum) 0,
					   options->note == NULL);
}
