/*
 * dialect.c: the dialects that flags are written in.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "flags/dialect.h"

static const WfDialect *const dialects[] = {
	&wf_flags_dialect_native,
	&wf_flags_dialect_flagd,
	&wf_flags_dialect_growthbook,
	&wf_flags_dialect_launchdarkly,
	&wf_flags_dialect_flagsmith,
	&wf_flags_dialect_unleash,
};

static Jsonb *without_state(const WfDialect *dialect, Jsonb *definition);

/* A dialect by name, or NULL. */
const WfDialect *
wf_flags_dialect_find(const char *name)
{
	for (int i = 0; i < lengthof(dialects); i++)
	{
		if (strcmp(dialects[i]->name, name) == 0)
			return dialects[i];
	}
	return NULL;
}

/* A dialect that has documents, by name; raises that there is none. */
const WfDialect *
wf_flags_dialect_of_documents(const char *name)
{
	const WfDialect *dialect = wf_flags_dialect_find(name);
	StringInfoData names;

	if (dialect && dialect->normalize)
		return dialect;
	initStringInfo(&names);
	for (int i = 0; i < lengthof(dialects); i++)
	{
		if (dialects[i]->normalize)
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", dialects[i]->name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\"", name),
			 errhint("Known are %s.", names.data)));
	return NULL;				/* keep compiler quiet */
}

/* Whether two definitions say the same, but for whether the flag is on; NULL is none. */
bool
wf_flags_dialect_same(const WfDialect *dialect, Jsonb *a, Jsonb *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return compareJsonbContainers(&without_state(dialect, a)->root, &without_state(dialect, b)->root) == 0;
}

static Jsonb *
without_state(const WfDialect *dialect, Jsonb *definition)
{
	if (dialect->state == NULL || !JB_ROOT_IS_OBJECT(definition))
		return definition;
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(definition),
											  CStringGetTextDatum(dialect->state)));
}
