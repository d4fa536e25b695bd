/*
 * setting.h: what the server knows of a setting besides its value.
 */
#ifndef WF_COMMON_SETTING_H
#define WF_COMMON_SETTING_H

#include "postgres.h"

#include "utils/guc.h"

extern GucSource wf_common_setting_source(const char *name);
extern bool wf_common_setting_is_of_function(const char *name);
extern bool wf_common_is_preloaded(bool *everywhere);

#endif							/* WF_COMMON_SETTING_H */
