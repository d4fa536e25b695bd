/*
 * settings.c: wishflags.guard, wishflags.bypass and wishflags.environment.
 *
 * All are for superusers and for roles that hold GRANT SET ON PARAMETER, and
 * take effect without a restart.
 */
#include "common/compat.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"

#include "guard/guard.h"
#include "guard/hook.h"
#include "guard/ring.h"
#include "guard/policy.h"

int			wf_guard_mode = WF_GUARD_ON;
char	   *wf_guard_bypass = NULL;

static const struct config_enum_entry mode_options[] = {
	{"on", WF_GUARD_ON, false},
	{"warn", WF_GUARD_WARN, false},
	{"off", WF_GUARD_OFF, false},
	{"true", WF_GUARD_ON, true},
	{"false", WF_GUARD_OFF, true},
	{"yes", WF_GUARD_ON, true},
	{"no", WF_GUARD_OFF, true},
	{"1", WF_GUARD_ON, true},
	{"0", WF_GUARD_OFF, true},
	{NULL, 0, false}
};

static bool check_bypass(char **newval, void **extra, GucSource source);

/* Called when the library is loaded. */
void
wf_guard_init(void)
{
	DefineCustomEnumVariable("wishflags.guard",
							 "Whether dangerous DDL is refused.",
							 "on refuses it, warn only warns of it, off does not look.",
							 &wf_guard_mode, WF_GUARD_ON, mode_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("wishflags.bypass",
							   "Reason for which the guard lets DDL through.",
							   "What is let through is written to wishflags.guard_log with this reason.",
							   &wf_guard_bypass, NULL,
							   PGC_SUSET, 0, check_bypass, NULL, NULL);
	wf_guard_policies_init();
	wf_guard_ring_init();
	wf_guard_hook_init();
}

/* Whether the current role may set wishflags.bypass. */
bool
wf_guard_may_bypass(void)
{
	return pg_parameter_aclcheck("wishflags.bypass", GetUserId(), ACL_SET) == ACLCHECK_OK;
}

/*
 * A bypass without a reason would leave a row that explains nothing.  NULL is
 * the default; a parallel worker gets it from its leader as an empty string.
 */
static bool
check_bypass(char **newval, void **extra, GucSource source)
{
	if (*newval == NULL || InitializingParallelWorker)
		return true;
	if ((*newval)[strspn(*newval, " \t\r\n\v\f")] != '\0')
		return true;
	GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
	GUC_check_errmsg("wishflags.bypass must hold a reason");
	GUC_check_errhint("Say why: SET wishflags.bypass = 'the reason';  To end a bypass: RESET wishflags.bypass;");
	return false;
}
