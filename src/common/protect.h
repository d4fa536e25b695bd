/*
 * protect.h: running what may fail without failing the user's command.
 */
#ifndef WF_COMMON_PROTECT_H
#define WF_COMMON_PROTECT_H

#include "postgres.h"

extern ErrorData *wf_common_try(void (*function) (void *arg), void *arg);
extern bool wf_common_protect(void (*function) (void *arg), void *arg, const char *complaint);

#endif							/* WF_COMMON_PROTECT_H */
