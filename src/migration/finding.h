/*
 * finding.h: how rules report.
 *
 * A rule asks for the relation (wf_rule_relation), makes a finding and says
 * where and what:
 *
 *	WfFinding  *f = wf_finding_add(call, "message about %s", name);
 *
 *	wf_finding_on(call, f, relation);
 *	f->lock = ShareLock;
 *	f->hint = psprintf(...);
 */
#ifndef WF_MIGRATION_FINDING_H
#define WF_MIGRATION_FINDING_H

#include "ddl/deparse.h"
#include "migration/rule.h"

/* Partitions that a safe_sql still names one by one. */
#define WF_PARTITIONS_WRITTEN	200

/* finding.c: making findings */
extern WfFinding *wf_finding_add(WfRuleCall *call, const char *format,...) pg_attribute_printf(2, 3);
extern void wf_finding_on(WfRuleCall *call, WfFinding *finding, WfRelation *relation);
extern char *wf_rule_name(WfRuleCall *call, const WfRelation *relation);
extern void wf_finding_on_type(WfRuleCall *call, WfFinding *finding, WfType *type);
extern void wf_finding_lower(WfFinding *finding);
extern void wf_finding_raise(WfFinding *finding);
extern void wf_finding_note_text(WfFinding *finding, const char *key, const char *text);
extern void wf_finding_note_number(WfFinding *finding, const char *key, double number);
extern void wf_finding_note_boolean(WfFinding *finding, const char *key, bool value);
extern WfNote *wf_note_of_text(const char *key, const char *text);
extern WfNote *wf_note_of_number(const char *key, double number);
extern void wf_finding_note_list(WfFinding *finding, const char *key, List *list);

/* cover.c */
extern List *wf_findings_settle(List *findings);

/* combine.c */
extern void wf_findings_complete(WfRuleCall *call);

/* finding.c: what a rule asks first */
extern WfRelation *wf_rule_relation(WfRuleCall *call, const RangeVar *name);
extern bool wf_rule_knows_all(WfRuleCall *call);
extern WfType *wf_rule_type(WfRuleCall *call, List *names);
extern char *wf_rule_relation_name(WfRuleCall *call, const RangeVar *name);
extern char *wf_rule_type_name(WfRuleCall *call, List *names);
extern char *wf_rule_object_name(WfRuleCall *call, ObjectType type, Node *object);
extern bool wf_rule_is_populated(WfRuleCall *call, WfRelation *relation);
extern bool wf_rule_is_small(WfRuleCall *call, WfRelation *relation);
extern char *wf_rule_size(WfRuleCall *call, WfRelation *relation);
extern WfRelation *wf_rule_altered_table(WfRuleCall *call);
extern WfRelation *wf_rule_table_at_work(WfRuleCall *call, const RangeVar *name);
extern bool wf_rule_makes_table(WfRuleCall *call);
extern bool wf_rule_changes_table(WfRuleCall *call);
extern WfRelation *wf_rule_tree_at_work(WfRuleCall *call, WfRelation *table, bool inherits);
extern bool wf_rule_once(WfRuleCall *call);
extern bool wf_rule_told(WfRuleCall *call);

/* rule_source.c */
extern int	wf_rule_source_end(WfRuleCall *call);
extern int	wf_rule_command_place(WfRuleCall *call, int index);
extern char *wf_rule_statement_text(WfRuleCall *call);
extern char *wf_rule_command_text(WfRuleCall *call, int index);

#endif							/* WF_MIGRATION_FINDING_H */
