/*
 * coverage.h: what the guard sees at this level of configuration.
 */
#ifndef WF_GUARD_COVERAGE_H
#define WF_GUARD_COVERAGE_H

#include "postgres.h"

typedef struct WfGuardCoverage
{
	const char *loaded;			/* how the library came into the session */
	const char *covered;
	const char *not_covered;	/* NULL: nothing is left out */
	const char *to_close;		/* what to set against that; NULL: nothing */
	const char *in_words;		/* what is not covered, as a sentence */
} WfGuardCoverage;

extern const WfGuardCoverage *wf_guard_coverage(void);

#endif							/* WF_GUARD_COVERAGE_H */
