/*
 * hook_enum.c: INSERT, UPDATE and DELETE on pg_enum.
 *
 * A superuser can change the labels of an enum behind the back of ALTER TYPE.
 * No event trigger sees that; the check of a query's permissions does.
 */
#include "common/compat.h"

#include "catalog/pg_enum.h"
#include "executor/executor.h"
#include "nodes/parsenodes.h"

#include "guard/guard.h"
#include "guard/hook.h"
#include "guard/judge.h"

#define WRITES (ACL_INSERT | ACL_UPDATE | ACL_DELETE)

static ExecutorCheckPerms_hook_type next_check = NULL;

static bool check_permissions(WF_CHECK_PERMISSIONS_PARAMETERS);
static void judge_write(AclMode writes);

void
wf_guard_hook_enum_init(void)
{
	next_check = ExecutorCheckPerms_hook;
	ExecutorCheckPerms_hook = check_permissions;
}

static bool
check_permissions(WF_CHECK_PERMISSIONS_PARAMETERS)
{
	ListCell   *lc;

	if (next_check && !next_check(WF_CHECK_PERMISSIONS_ARGUMENTS))
		return false;
	foreach(lc, permissions)
	{
		const		WfPermission *permission = lfirst(lc);

		if (permission->relid == EnumRelationId && (permission->requiredPerms & WRITES))
			judge_write(permission->requiredPerms & WRITES);
	}
	return true;
}

static void
judge_write(AclMode writes)
{
	WfGuardCommand command = {
		.tag = writes & ACL_DELETE ? "DELETE" : writes & ACL_UPDATE ? "UPDATE" : "INSERT",
		.place = WF_GUARD_PLACE_BLOCK
	};
	WfGuardFinding finding = {
		.rule = "enum-catalog-write",
		.object = "pg_catalog.pg_enum",
		.message = "labels of enums are written past ALTER TYPE",
		.detail = "Rows and indexes that hold a label are not looked at, and sessions may go on with the old ones.",
		.hint = "See the steps of a safe change: SELECT * FROM wishflags.enum_plan('the type', 'rename_value', '{\"value\": \"old\", \"to\": \"new\"}'); "
		"To do it all the same, give a reason, which is logged:\nBEGIN;\nSET LOCAL wishflags.bypass = 'the reason';\n-- the same again\nCOMMIT;"
	};

	if (wf_guard_hook_applies() && !wf_guard_is_exempt() && wf_guard_settle_own(&finding, "pg_catalog"))
		wf_guard_pronounce(&command, list_make1(&finding));
}
