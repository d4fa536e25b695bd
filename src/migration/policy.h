/*
 * policy.h: the rules as they are in force here, and the words of the policy.
 */
#ifndef WF_MIGRATION_POLICY_H
#define WF_MIGRATION_POLICY_H

#include "postgres.h"

#include "migration/rule.h"

/* A rule as table migration_policies has it. */
typedef struct WfPolicy
{
	bool		is_changed;		/* there is a row for it */
	bool		enabled;
	WfSeverity	severity;
	char	   *reason;			/* NULL unless changed */
} WfPolicy;

/* A section of the policy; its anchor is the column "policy" of the registry. */
typedef struct WfPolicySection
{
	const char *anchor;
	const char *title;
	const char *why;
} WfPolicySection;

/* What the policy says of a rule beside its row. */
typedef struct WfPolicyWords
{
	const char *rule;
	const char *instead;		/* a sentence */
	const char *example;		/* SQL, the safe way; NULL where a sentence
								 * says all */
} WfPolicyWords;

/* policies.c */
extern WfPolicy *wf_migration_policies(void);

/* policy_words.c */
extern const WfPolicySection wf_policy_sections[];
extern const int wf_policy_section_count;
extern const char *const wf_policy_governance[];
extern const int wf_policy_governance_count;
extern const WfPolicyWords wf_policy_words[];
extern const int wf_policy_word_count;

#endif							/* WF_MIGRATION_POLICY_H */
