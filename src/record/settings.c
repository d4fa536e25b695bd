/*
 * settings.c: wishflags.ddl_log and wishflags.migration.
 */
#include "common/compat.h"

#include "utils/guc.h"

#include "record/record.h"

bool		wf_record_ddl_log = false;
char	   *wf_record_migration = NULL;

void
wf_record_init(void)
{
	DefineCustomBoolVariable("wishflags.ddl_log",
							 "Whether each DDL command that commits is written to wishflags.ddl_log.",
							 NULL,
							 &wf_record_ddl_log, false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("wishflags.migration",
							   "Name of the migration that this session or transaction runs.",
							   "The DDL log notes it; where it is not set, it looks into the ledgers of migration tools.",
							   &wf_record_migration, NULL,
							   PGC_USERSET, 0, NULL, NULL, NULL);
	wf_record_init_environment();
}
