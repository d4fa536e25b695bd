/*
 * flags.c: initialisation of the flags room.
 */
#include "common/compat.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/flags.h"
#include "flags/history.h"
#include "flags/notify.h"
#include "flags/preview.h"
#include "flags/requirement.h"
#include "flags/usage.h"

/* Called when the library is loaded. */
void
wf_flags_init(void)
{
	wf_flags_cache_init();
	wf_flags_context_init();
	wf_flags_history_init();
	wf_flags_notify_init();
	wf_flags_preview_init();
	wf_flags_requirement_init();
	wf_flags_usage_init();
}
