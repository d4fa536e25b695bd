/*
 * rule_publication.c: what subscribers of a table are to notice.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/rule_list.h"

static void report_altered(WfRuleCall *call, WfRelation *table, const char *what);
static void report_publication(WfRuleCall *call, const char *name, const char *what);
static void changed_identity(WfRuleCall *call);
static bool drops_key(WfRuleCall *call, WfRelation *table);
static void published(WfRuleCall *call, List *objects);
static bool publishes_changes(List *options, bool *changes);
static bool has_identity(WfRuleCall *call, WfRelation *table);

/* Replica identities, published tables that change, and publications. */
void
wf_rule_replication(WfRuleCall *call)
{
	Node	   *stmt = call->statement;
	WfRelation *table;
	ListCell   *lc;
	bool		changes = true;

	switch (nodeTag(stmt))
	{
		case T_AlterTableStmt:
			table = wf_rule_altered_table(call);
			if (call->command->subtype == AT_ReplicaIdentity)
				changed_identity(call);
			else if (table && (call->command->subtype != AT_DropConstraint || drops_key(call, table)))
				report_altered(call, table, call->command->subtype == AT_DropConstraint ?
							   "UPDATE and DELETE of \"%s\" fail without its key" :
							   "subscribers of \"%s\" stop at the first row that does not fit their table");
			break;
		case T_RenameStmt:
			if (((RenameStmt *) stmt)->renameType != OBJECT_TABLE && ((RenameStmt *) stmt)->renameType != OBJECT_COLUMN)
				break;
			table = wf_rule_relation(call, ((RenameStmt *) stmt)->relation);
			if (table)
				report_altered(call, table, "subscribers of \"%s\" look for the new name in their database");
			break;
		case T_CreatePublicationStmt:
			if (publishes_changes(((CreatePublicationStmt *) stmt)->options, &changes) || changes)
				published(call, ((CreatePublicationStmt *) stmt)->pubobjects);
			break;
		case T_AlterPublicationStmt:
			if (((AlterPublicationStmt *) stmt)->action == AP_DropObjects)
				report_publication(call, ((AlterPublicationStmt *) stmt)->pubname,
								   "subscribers of publication \"%s\" get nothing more of what leaves it");
			else if (call->catalog->publishes_changes(call->catalog, ((AlterPublicationStmt *) stmt)->pubname))
				published(call, ((AlterPublicationStmt *) stmt)->pubobjects);
			break;
		default:
			foreach(lc, ((DropStmt *) stmt)->removeType == OBJECT_PUBLICATION ? ((DropStmt *) stmt)->objects : NIL)
				report_publication(call, strVal(lfirst(lc)), "subscribers of publication \"%s\" stop");
			break;
	}
}

/* what has a place for the table's name; silent of a table that is not published. */
static void
report_altered(WfRuleCall *call, WfRelation *table, const char *what)
{
	List	   *publications = table->missing ? NIL :
	call->catalog->publications(call->catalog, table, IsA(call->statement, RenameStmt));
	WfFinding  *finding;
	char	   *message;

	if (publications == NIL)
		return;
	message = psprintf(what, table->name);
	finding = wf_finding_add(call, "%s", message);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	wf_finding_note_list(finding, "publications", publications);
	finding->hint = pstrdup("DDL is not replicated: change the subscribers' tables first, a new column before it is published, a dropped one after.");
}

static void
report_publication(WfRuleCall *call, const char *name, const char *what)
{
	char	   *message = psprintf(what, name);
	WfFinding  *finding = wf_finding_add(call, "%s", message);

	finding->object = wf_ddl_quote_name(NULL, name);
	finding->hint = pstrdup("Look at pg_stat_replication for who subscribes, and change the subscriptions first.");
}

static void
changed_identity(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;

	if (table == NULL)
		return;
	finding = wf_finding_add(call, "subscribers of \"%s\" get other keys with UPDATE and DELETE than before, or none", table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	finding->hint = pstrdup("Look at pg_publication_tables, and change the subscribers' tables first.");
}

/* Is the constraint the primary key? */
static bool
drops_key(WfRuleCall *call, WfRelation *table)
{
	return wf_rule_constraint_kind(call, table, call->command->name) == 'p';
}

/* Tables that are published, with UPDATE and DELETE, and have nothing to tell rows apart by. */
static void
published(WfRuleCall *call, List *objects)
{
	ListCell   *lc;

	foreach(lc, objects)
	{
		PublicationObjSpec *object = lfirst_node(PublicationObjSpec, lc);
		WfRelation *table = object->pubtable ? wf_rule_relation(call, object->pubtable->relation) : NULL;
		WfFinding  *finding;

		if (table == NULL || table->missing || has_identity(call, table))
			continue;
		finding = wf_finding_add(call, "UPDATE and DELETE of \"%s\" fail once it is published: it has no replica identity", table->name);
		wf_finding_on(call, finding, table);
		finding->hint = pstrdup("Give it a primary key first, or name a unique index with REPLICA IDENTITY USING INDEX.");
	}
}

/* Is there WITH (publish = ...)?  changes: has it UPDATE or DELETE? */
static bool
publishes_changes(List *options, bool *changes)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "publish") != 0 || option->arg == NULL || !IsA(option->arg, String))
			continue;
		*changes = strstr(strVal(option->arg), "update") || strstr(strVal(option->arg), "delete");
		return *changes;
	}
	return true;
}

static bool
has_identity(WfRuleCall *call, WfRelation *table)
{
	ListCell   *lc;

	if (table->replica_identity == 'f' || table->replica_identity == 'i')
		return true;
	foreach(lc, table->replica_identity == 'n' ? NIL : call->catalog->indexes(call->catalog, table))
	{
		if (((WfIndex *) lfirst(lc))->is_primary)
			return true;
	}
	return false;
}
