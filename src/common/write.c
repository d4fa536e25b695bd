/*
 * write.c: writing the extension's own rows on behalf of a user.
 *
 * Versions, audit rows and logs are written by whoever changes a flag or runs
 * a command, and must not be writable by them otherwise.  Instead of SECURITY
 * DEFINER functions, which any caller could aim elsewhere, C code switches to
 * the table's owner around its own statements.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "common/write.h"

static Oid	relation_owner(Oid relid);

/*
 * Notes the current, outer and session user in *write, switches to the owner
 * of relid, and pins search_path.  Settings changed until
 * wf_common_write_end() end there.  An error in between needs no clean-up:
 * aborting the (sub)transaction restores user and settings.
 */
void
wf_common_write_begin(WfWrite *write, Oid relid)
{
	Oid			owner = relation_owner(relid);

	GetUserIdAndSecContext(&write->current_user, &write->sec_context);
	write->outer_user = GetOuterUserId();
	write->session_user = GetSessionUserId();
	write->guc_nest_level = NewGUCNestLevel();
	SetUserIdAndSecContext(owner, write->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * Raises read_only_sql_transaction, saying that what cannot be executed, in a
 * read-only transaction and on a standby.
 */
void
wf_common_require_writable(const char *what)
{
	if (!XactReadOnly)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
			 errmsg("cannot execute %s in a read-only transaction", what),
			 RecoveryInProgress() ? errhint("This server is a standby; connect to its primary.") :
			 errhint("Begin the transaction with BEGIN READ WRITE; for the session: SET default_transaction_read_only = off;")));
}

/* Switches back to the user and the settings that *write noted. */
void
wf_common_write_end(WfWrite *write)
{
	AtEOXact_GUC(false, write->guc_nest_level);
	SetUserIdAndSecContext(write->current_user, write->sec_context);
}

static Oid
relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("a table of extension \"wishflags\" is missing"),
				 errhint("Install the extension in this database: CREATE EXTENSION wishflags;")));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The name of a role for such a row; its number where it has just been dropped. */
char *
wf_common_role_name(Oid role)
{
	char	   *name = GetUserNameFromId(role, true);

	return name ? name : psprintf("%u", role);
}
