/*
 * rule_list.h: the rule functions, by the file of their family.
 */
#ifndef WF_MIGRATION_RULE_LIST_H
#define WF_MIGRATION_RULE_LIST_H

#include "migration/rule.h"

/* rule_index.c */
extern void wf_rule_index_not_concurrent(WfRuleCall *call);

/* rule_constraint_index.c */
extern void wf_rule_add_unique(WfRuleCall *call);
extern void wf_rule_add_primary_key(WfRuleCall *call);
extern void wf_rule_add_exclusion(WfRuleCall *call);

/* rule_enum.c */
extern void wf_rule_enum_add_value(WfRuleCall *call);
extern void wf_rule_enum_rename_value(WfRuleCall *call);

/* rule_drop.c */
extern void wf_rule_drop_type(WfRuleCall *call);

/* rule_rename.c */
extern void wf_rule_rename_other(WfRuleCall *call);
extern void wf_rule_move_schema(WfRuleCall *call);

#endif							/* WF_MIGRATION_RULE_LIST_H */
