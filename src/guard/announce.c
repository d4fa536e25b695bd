/*
 * announce.c: what CREATE EXTENSION says about the guard.
 *
 * While an extension's script runs, the server mutes its notices.  So the
 * script only asks for this one, and it is sent when the transaction commits:
 * also the moment from which other sessions are guarded.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "guard/coverage.h"
#include "guard/guard.h"

PG_FUNCTION_INFO_V1(wf_guard_announce);

static bool asked_for = false;

static void send_at_commit(XactEvent event, void *arg);

/* guard_announce() -> void: sends the notice at the end of the transaction. */
Datum
wf_guard_announce(PG_FUNCTION_ARGS)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(send_at_commit, NULL);
	registered = true;
	asked_for = true;
	PG_RETURN_VOID();
}

static void
send_at_commit(XactEvent event, void *arg)
{
	const char *database;
	const char *to_close;

	if (!asked_for)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			asked_for = false;
			if (wf_guard_mode == WF_GUARD_OFF)
				break;
			to_close = wf_guard_coverage()->to_close;
			database = quote_identifier(get_database_name(MyDatabaseId));
			ereport(NOTICE,
					(errmsg("the guard %s dangerous DDL in this database from now on",
							wf_guard_mode == WF_GUARD_WARN ? "warns of" : "refuses"),
					 errdetail("On tables that hold rows: CREATE INDEX and REINDEX without CONCURRENTLY, and constraints (UNIQUE, PRIMARY KEY, EXCLUDE) and ATTACH PARTITION that build an index. "
							   "On enums that a column uses: ADD VALUE, RENAME VALUE, RENAME, SET SCHEMA, DROP. "
							   "%s", wf_guard_coverage()->in_words),
					 errhint("%s"
							 "To only be warned: ALTER DATABASE %s SET wishflags.guard = warn;  "
							 "To switch it off: ALTER DATABASE %s SET wishflags.guard = off;  "
							 "For one session: SET wishflags.guard = off;  "
							 "No restart is needed.",
							 to_close ? psprintf("To see that as well: %s;  ", to_close) : "",
							 database, database)));
			break;
		case XACT_EVENT_ABORT:
			asked_for = false;
			break;
		default:
			break;
	}
}
