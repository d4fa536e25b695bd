/*
 * dialect.c: the dialects that flags are written in.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "flags/dialect.h"

static const WfDialect *const dialects[] = {
	&wf_flags_dialect_native,
};

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

/* The names of all dialects, for a HINT. */
const char *
wf_flags_dialect_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(dialects); i++)
		appendStringInfo(&names, "%s%s", i ? ", " : "", dialects[i]->name);
	return names.data;
}
