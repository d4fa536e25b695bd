/*
 * flags.c: initialisation of the flags room.
 */
#include "common/compat.h"

#include "utils/guc.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/flags.h"
#include "flags/history.h"
#include "flags/usage.h"

/* Whether changes of flags are notified. */
bool		wf_flags_notify = true;

/* Called when the library is loaded. */
void
wf_flags_init(void)
{
	wf_flags_cache_init();
	wf_flags_context_init();
	wf_flags_history_init();
	wf_flags_usage_init();
	DefineCustomBoolVariable("wishflags.notify",
							 "Whether a change of flags notifies the listeners of channel wishflags.",
							 "A transaction that notifies can't be prepared for two-phase commit.",
							 &wf_flags_notify, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
}
