/*
 * platform.h: what managed servers do not allow.
 */
#ifndef WF_MIGRATION_PLATFORM_H
#define WF_MIGRATION_PLATFORM_H

#include "migration/rule.h"

typedef enum WfPlatform
{
	WF_PLATFORM_POSTGRESQL,
	WF_PLATFORM_AURORA,
	WF_PLATFORM_RDS,
	WF_PLATFORM_CLOUDSQL,
	WF_PLATFORM_AZURE,
	WF_PLATFORM_SUPABASE
} WfPlatform;

extern WfPlatform wf_migration_platform(const char *name);
extern List *wf_migration_platform_findings(WfPlatform platform, WfRuleCall *call, const Bitmapset *rules);

#endif							/* WF_MIGRATION_PLATFORM_H */
