/*
 * exempt.c: sessions and moments in which the guard has nothing to say.
 *
 * Only facts exempt: what the server itself is doing, never a name that a
 * client gives itself.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/rls.h"
#include "utils/xml.h"

#include "common/setting.h"
#include "guard/guard.h"

static bool set_in_session(const char *name);

/* Whether no command is to be looked at: the guard is off, or the server acts. */
bool
wf_guard_is_exempt(void)
{
	static bool upgrade_logged = false;

	if (wf_guard_mode == WF_GUARD_OFF)
		return true;
	/* CREATE EXTENSION and ALTER EXTENSION UPDATE run their authors' scripts. */
	if (creating_extension)
		return true;
	if (!IsBinaryUpgrade)
		return false;
	if (!upgrade_logged)
		ereport(LOG,
				(errmsg("the guard stands aside for pg_upgrade"),
				 errhidestmt(true), errhidecontext(true)));
	upgrade_logged = true;
	return true;
}

/*
 * Whether a superuser restores a dump in this session: all that pg_dump writes
 * at the head of a script, and pg_restore sets in each connection, is in
 * force, set by this very session.  Nobody works under an empty search_path
 * with function bodies unchecked and row security off by chance.
 */
bool
wf_guard_is_restore(void)
{
	if (!superuser_arg(GetAuthenticatedUserId()))
		return false;
	if (check_function_bodies || row_security || namespace_search_path[0] != '\0' ||
		xmloption != XMLOPTION_CONTENT || client_min_messages < WARNING ||
		StatementTimeout != 0 || LockTimeout != 0 || IdleInTransactionSessionTimeout != 0)
		return false;
	return set_in_session("check_function_bodies") && set_in_session("row_security") &&
		set_in_session("search_path") && set_in_session("xmloption") &&
		set_in_session("statement_timeout") && set_in_session("lock_timeout") &&
		set_in_session("idle_in_transaction_session_timeout");
}

static bool
set_in_session(const char *name)
{
	return wf_common_setting_source(name) == PGC_S_SESSION;
}
