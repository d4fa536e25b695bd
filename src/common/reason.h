/*
 * reason.h: why something is changed, as the session says.
 */
#ifndef WF_COMMON_REASON_H
#define WF_COMMON_REASON_H

#include "postgres.h"

extern void wf_common_init(void);
extern const char *wf_common_reason(void);
extern const char *wf_common_bypass(void);

#endif							/* WF_COMMON_REASON_H */
