/*
 * directives.h: comments in executed text that speak to the migration check.
 */
#ifndef WF_GUARD_DIRECTIVES_H
#define WF_GUARD_DIRECTIVES_H

#include "postgres.h"

#include "guard/guard.h"

extern char *wf_guard_directives(const WfGuardCommand *command);

#endif							/* WF_GUARD_DIRECTIVES_H */
