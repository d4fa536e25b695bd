/*
 * probe.h: questions to the data, asked only with the option validate_data.
 */
#ifndef WF_MIGRATION_PROBE_H
#define WF_MIGRATION_PROBE_H

#include "migration/rule.h"

extern bool wf_migration_ask(const WfRuleSession *session, const char *sql, WfAnswer *answer);
extern bool wf_migration_ask_activity(double seconds, WfAnswer *answer);

#endif							/* WF_MIGRATION_PROBE_H */
