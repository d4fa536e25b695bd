/*
 * reason.c: setting wishflags.reason: why something is changed.
 *
 * What keeps a history of the extension's tables notes it beside who made the
 * change.  Anyone may set it, so that it explains and proves nothing.
 */
#include "common/compat.h"

#include "utils/guc.h"

#include "common/reason.h"

static char *reason = NULL;

void
wf_common_init(void)
{
	DefineCustomStringVariable("wishflags.reason",
							   "Why what follows is changed.",
							   "Histories of the extension's tables keep it beside the change.",
							   &reason, NULL,
							   PGC_USERSET, 0, NULL, NULL, NULL);
}

/* NULL where the session gives none. */
const char *
wf_common_reason(void)
{
	return reason && reason[strspn(reason, " \t\r\n")] != '\0' ? reason : NULL;
}

/*
 * The reason for which rules let this session through: wishflags.bypass, which
 * is for superusers and for roles that were given it; NULL: none.
 */
const char *
wf_common_bypass(void)
{
	const char *bypass = GetConfigOption("wishflags.bypass", true, false);

	return bypass && bypass[strspn(bypass, " \t\r\n")] != '\0' ? bypass : NULL;
}
