/*
 * environment.c: wishflags.environment, what this database is used for.
 */
#include "common/compat.h"

#include "utils/guc.h"

#include "record/record.h"

char	   *wf_record_environment = NULL;

static bool check_environment(char **newval, void **extra, GucSource source);

void
wf_record_init_environment(void)
{
	DefineCustomStringVariable("wishflags.environment",
							   "What this database is used for: production, staging, ...",
							   NULL,
							   &wf_record_environment, "production",
							   PGC_SUSET, 0, check_environment, NULL, NULL);
}

/* A label that can be compared as it is: lower-case letters, digits, hyphens, underscores. */
static bool
check_environment(char **newval, void **extra, GucSource source)
{
	const char *value = *newval;

	if (value && value[0] && value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0')
		return true;
	GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
	GUC_check_errmsg("wishflags.environment must be a name of lower-case letters, digits, hyphens and underscores");
	GUC_check_errhint("Say for example: ALTER DATABASE shop SET wishflags.environment = 'staging';");
	return false;
}
