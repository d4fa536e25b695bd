/*
 * coverage.c: what the guard sees at this level of configuration.
 *
 * Event triggers work in every session.  The hooks work where the library is
 * loaded before the command: preloaded in all sessions, or in those of clients.
 */
#include "common/compat.h"

#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "common/setting.h"
#include "guard/coverage.h"

#define UNSEEN "VACUUM FULL, CLUSTER, TRUNCATE, writes to pg_enum, changes of the guard's event triggers"

/* For the notice, which documents of all versions show. */
#define UNSEEN_IN_WORDS "REINDEX (before PostgreSQL 17), " UNSEEN

#if WF_REINDEX_FIRES_EVENTS
#define BY_EVENTS "DDL with event triggers, REINDEX among it"
#define BY_HOOKS UNSEEN
#else
#define BY_EVENTS "DDL with event triggers"
#define BY_HOOKS "REINDEX, " UNSEEN
#endif

static const char *with_library(const char *libraries);

/* Valid until CurrentMemoryContext is reset. */
const WfGuardCoverage *
wf_guard_coverage(void)
{
	WfGuardCoverage *coverage = palloc0(sizeof(WfGuardCoverage));
	bool		everywhere;

	if (!wf_common_is_preloaded(&everywhere))
	{
		coverage->loaded = "at first use";
		coverage->covered = BY_EVENTS "; in this session, since it has loaded the library, also " BY_HOOKS;
		coverage->not_covered = BY_HOOKS ", in sessions that have not loaded the library";
		coverage->to_close = psprintf("ALTER DATABASE %s SET session_preload_libraries = %s",
									  quote_identifier(get_database_name(MyDatabaseId)),
									  with_library(session_preload_libraries_string));
		coverage->in_words = "Not seen in sessions that have not loaded the library: " UNSEEN_IN_WORDS ".";
	}
	else if (!everywhere)
	{
		coverage->loaded = "in client sessions";
		coverage->covered = BY_EVENTS "; " BY_HOOKS;
		coverage->not_covered = BY_HOOKS ", in background workers such as pg_cron's";
		coverage->to_close = psprintf("ALTER SYSTEM SET shared_preload_libraries = %s;  -- and restart",
									  with_library(shared_preload_libraries_string));
		coverage->in_words = "Not seen in background workers: " UNSEEN_IN_WORDS ".";
	}
	else
	{
		coverage->loaded = "everywhere";
		coverage->covered = BY_EVENTS "; " BY_HOOKS;
		coverage->in_words = "Seen besides, in all sessions: " UNSEEN_IN_WORDS ".";
	}
	return coverage;
}

/* The list that is set, and our library behind it. */
static const char *
with_library(const char *libraries)
{
	if (libraries == NULL || libraries[0] == '\0')
		return "wishflags";
	return psprintf("%s, wishflags", libraries);
}
