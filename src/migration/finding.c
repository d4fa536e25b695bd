/*
 * finding.c: how rules report, and what they ask first.
 */
#include "common/compat.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/source.h"
#include "migration/check.h"
#include "migration/finding.h"

/* A table of fewer bytes is small, whatever its rows. */
#define SMALL_TABLE_BYTES (64 * 8192)

/* Enough for most messages. */
#define MESSAGE_SIZE 256

/* The size of what a statement goes through. */
typedef struct WorkSize
{
	WfPopulation population;
	double		rows;			/* -1: not known */
	int64		bytes;
} WorkSize;

static bool reaches_heirs(WfRuleCall *call);
static WorkSize size_at_work(WfRuleCall *call, WfRelation *relation);
static bool is_taken_for_large(WfRuleCall *call, WfRelation *relation);
static char kind_of_altered(ObjectType type, char kind);
static bool does_nothing(WfRuleCall *call, WfRelation *relation);
static bool is_nowhere(WfRuleCall *call, WfRelation *relation);

/*
 * Appends a finding with the rule's own severity and kind at the place of
 * the statement, or of the command in ALTER TABLE, and returns it for the details.
 */
WfFinding *
wf_finding_add(WfRuleCall *call, const char *format,...)
{
	WfFinding  *finding = palloc0(sizeof(WfFinding));
	Size		size = MESSAGE_SIZE;
	char	   *message;

	for (;;)
	{
		va_list		args;
		Size		needed;

		message = palloc(size);
		va_start(args, format);
		needed = pvsnprintf(message, size, format, args);
		va_end(args);
		if (needed < size)
			break;
		size = needed;
	}
	finding->rule = call->rule;
	finding->severity = call->rule->severity;
	finding->kind = call->rule->kind;
	finding->command = call->command ? call->command_index : -1;
	finding->location = call->command ? wf_rule_command_place(call, call->command_index) : -1;
	finding->lock = NoLock;
	finding->message = message;
	call->findings = lappend(call->findings, finding);
	return finding;
}

/* Does the command change the tables that inherit from the altered one, too? */
static bool
reaches_heirs(WfRuleCall *call)
{
	AlterTableCmd *command = call->command;

	if (command == NULL || !IsA(call->statement, AlterTableStmt) || !((AlterTableStmt *) call->statement)->relation->inh)
		return false;
	switch (command->subtype)
	{
		case AT_AddColumn:
		case AT_AlterColumnType:
		case AT_SetNotNull:
			return true;
		case AT_AddConstraint:
			return castNode(Constraint, command->def)->contype == CONSTR_CHECK;
		default:
			return false;
	}
}

/*
 * What the statement goes through where it works on the relation.  The planner's
 * guess for an empty table is no number to tell.
 */
static WorkSize
size_at_work(WfRuleCall *call, WfRelation *relation)
{
	WorkSize	size;

	wf_ddl_measure(call->catalog, relation);
	size.population = relation->population;
	size.rows = relation->population == WF_POPULATION_EMPTY ? 0 : relation->rows;
	size.bytes = relation->bytes;
	if (relation->heir_bytes == 0 || !reaches_heirs(call))
		return size;
	if (size.population == WF_POPULATION_EMPTY)
		size.population = relation->heir_bytes < 0 ? WF_POPULATION_UNKNOWN : WF_POPULATION_POPULATED;
	size.rows = size.rows < 0 || relation->heir_rows < 0 ? -1 : size.rows + relation->heir_rows;
	size.bytes = size.bytes < 0 || relation->heir_bytes < 0 ? -1 : size.bytes + relation->heir_bytes;
	return size;
}

/*
 * Names the relation that the finding is about, with its size as evidence,
 * and takes the severity one step down where it holds little.
 */
void
wf_finding_on(WfRuleCall *call, WfFinding *finding, WfRelation *relation)
{
	WorkSize	size;

	finding->object = wf_rule_name(call, relation);
	finding->relation = relation;
	if (relation->missing && !relation->from_stats)
		return;
	size = size_at_work(call, relation);
	if (size.rows >= 0)
		wf_finding_note_number(finding, "rows", size.rows);
	if (size.bytes >= 0)
		wf_finding_note_number(finding, "bytes", size.bytes);
	if (relation->from_stats)
	{
		wf_finding_note_text(finding, "sizes_taken_at", call->session->simulation->stats->taken_at);
		if (relation->writes_per_second >= 0)
			wf_finding_note_number(finding, "writes_per_second", relation->writes_per_second);
	}
	if (!wf_rule_is_small(call, relation))
		return;
	finding->is_on_small = true;
	wf_finding_lower(finding);
}

/*
 * Names the type that the finding is about, with the columns that use it as
 * evidence, and takes the severity one step down where no column does.
 */
void
wf_finding_on_type(WfRuleCall *call, WfFinding *finding, WfType *type)
{
	finding->object = wf_ddl_quote_name(type->schema, type->name);
	finding->type = type;
	if (type->missing)
		return;
	call->catalog->type_uses(call->catalog, type);
	wf_finding_note_number(finding, "columns", type->uses);
	if (type->used_by)
		wf_finding_note_text(finding, "used_by", type->used_by);
	if (type->uses == 0 && !call->session->assume_populated)
		wf_finding_lower(finding);
}

/* The relation's name, quoted; not to be changed.  Several findings are about one. */
char *
wf_rule_name(WfRuleCall *call, const WfRelation *relation)
{
	if (call->named != relation)
	{
		call->named = relation;
		call->name = wf_ddl_quote_name(relation->schema, relation->name);
	}
	return call->name;
}

void
wf_finding_lower(WfFinding *finding)
{
	if (finding->severity > WF_SEVERITY_INFO)
		finding->severity--;
}

void
wf_finding_raise(WfFinding *finding)
{
	if (finding->severity < WF_SEVERITY_CRITICAL)
		finding->severity++;
}

/*
 * The relation that the statement names, unless nothing done to it can hurt
 * anybody: NULL for one that this transaction or this text made, for a
 * temporary one, for one that the live catalog does not know, and for a command
 * that finds nothing to do.
 */
WfRelation *
wf_rule_relation(WfRuleCall *call, const RangeVar *name)
{
	WfRelation *relation;

	if (name == NULL || name->relpersistence == 't')
		return NULL;
	relation = call->catalog->relation(call->catalog, name);
	if (relation == NULL || wf_ddl_is_private(relation) || does_nothing(call, relation))
		return NULL;
	if (relation->missing && IsA(call->statement, AlterTableStmt) && ((AlterTableStmt *) call->statement)->relation == name)
		relation->kind = kind_of_altered(((AlterTableStmt *) call->statement)->objtype, relation->kind);
	return relation;
}

/* What ALTER says that a relation is which nobody knows here; ALTER TABLE takes any. */
static char
kind_of_altered(ObjectType type, char kind)
{
	switch (type)
	{
		case OBJECT_FOREIGN_TABLE:
			return RELKIND_FOREIGN_TABLE;
		case OBJECT_VIEW:
			return RELKIND_VIEW;
		case OBJECT_MATVIEW:
			return RELKIND_MATVIEW;
		case OBJECT_SEQUENCE:
			return RELKIND_SEQUENCE;
		case OBJECT_INDEX:
			return RELKIND_INDEX;
		default:
			return kind;
	}
}

/*
 * Is it an IF [NOT] EXISTS that finds nothing to do: with the column of the
 * command, or at all?
 */
static bool
does_nothing(WfRuleCall *call, WfRelation *relation)
{
	AlterTableCmd *command = call->command;

	if (IsA(call->statement, DropStmt) && ((DropStmt *) call->statement)->missing_ok)
		return is_nowhere(call, relation);
	if (IsA(call->statement, AlterTableStmt) && ((AlterTableStmt *) call->statement)->missing_ok &&
		is_nowhere(call, call->catalog->relation(call->catalog, ((AlterTableStmt *) call->statement)->relation)))
		return true;
	if (IsA(call->statement, RenameStmt) && ((RenameStmt *) call->statement)->missing_ok)
		return is_nowhere(call, relation);
	if (IsA(call->statement, AlterObjectSchemaStmt) && ((AlterObjectSchemaStmt *) call->statement)->missing_ok)
		return is_nowhere(call, relation);
	if (command == NULL || !command->missing_ok || relation->missing)
		return false;
	if (command->subtype == AT_AddColumn)
		return call->catalog->column(call->catalog, relation,
									 ((ColumnDef *) command->def)->colname) != NULL;
	return command->subtype == AT_DropColumn &&
		call->catalog->column(call->catalog, relation, command->name) == NULL;
}

/* Is it known that there is no such relation where the text will run? */
static bool
is_nowhere(WfRuleCall *call, WfRelation *relation)
{
	return relation == NULL || (relation->missing && !relation->from_stats && wf_rule_knows_all(call));
}

/*
 * Is what the catalog does not have not there?  An empty database that stands for
 * production lacks everything, and what can't be looked into may have made it.
 */
bool
wf_rule_knows_all(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;

	return !call->session->assume_populated && !(simulation && (simulation->is_opaque || simulation->stats));
}

/* The table that ALTER TABLE names, on the terms of wf_rule_relation(). */
WfRelation *
wf_rule_altered_table(WfRuleCall *call)
{
	return wf_rule_relation(call, ((AlterTableStmt *) call->statement)->relation);
}

/* The same, and NULL also where it is known to be empty: no work to wait for. */
WfRelation *
wf_rule_table_at_work(WfRuleCall *call, const RangeVar *name)
{
	WfRelation *relation = wf_rule_relation(call, name);

	return relation && wf_rule_is_populated(call, relation) ? relation : NULL;
}

/* Does CREATE TABLE make one that is there to stay?  IF NOT EXISTS may find it. */
bool
wf_rule_makes_table(WfRuleCall *call)
{
	CreateStmt *stmt = (CreateStmt *) call->statement;
	RangeVar   *name = stmt->relation;
	WfRelation *relation;

	if (name->relpersistence == 't' || (name->schemaname && strcmp(name->schemaname, "pg_temp") == 0))
		return false;
	if (!stmt->if_not_exists)
		return true;
	relation = call->catalog->relation(call->catalog, name);
	return relation == NULL || relation->missing;
}

/* Does ALTER TABLE change one that is there to stay, be it of the text? */
bool
wf_rule_changes_table(WfRuleCall *call)
{
	WfRelation *relation = call->catalog->relation(call->catalog, ((AlterTableStmt *) call->statement)->relation);

	return relation && relation->persistence != 't' && !does_nothing(call, relation);
}

/*
 * The same of a command that reaches the tables that inherit from this one, too:
 * the first of them all that may hold rows.  Foreign tables hold none here.
 */
WfRelation *
wf_rule_tree_at_work(WfRuleCall *call, WfRelation *table, bool inherits)
{
	ListCell   *lc;

	if (table->kind == RELKIND_FOREIGN_TABLE)
		return NULL;
	if (wf_rule_is_populated(call, table))
		return table;
	if (table->kind != RELKIND_RELATION || !inherits || !((AlterTableStmt *) call->statement)->relation->inh)
		return NULL;
	foreach(lc, call->catalog->partitions(call->catalog, table))
	{
		WfRelation *child = wf_rule_relation(call, lfirst(lc));

		if (child && wf_rule_is_populated(call, child))
			return child;
	}
	return NULL;
}

/* Has the rule spoken in this text? */
bool
wf_rule_told(WfRuleCall *call)
{
	return call->session->simulation && bms_is_member(call->rule - wf_migration_rules, call->session->simulation->told);
}

/* True the first time that the rule asks in a text. */
bool
wf_rule_once(WfRuleCall *call)
{
	WfSimulation *simulation = call->session->simulation;
	int			index = call->rule - wf_migration_rules;
	MemoryContext old;

	if (simulation == NULL)
		return true;
	if (bms_is_member(index, simulation->told))
		return false;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	simulation->told = bms_add_member(simulation->told, index);
	MemoryContextSwitchTo(old);
	return true;
}

/* The same for a type: NULL for one that is new here, or not known. */
WfType *
wf_rule_type(WfRuleCall *call, List *names)
{
	WfType	   *type = call->catalog->type(call->catalog, names);

	if (type && type->missing && IsA(call->statement, DropStmt) && ((DropStmt *) call->statement)->missing_ok &&
		wf_rule_knows_all(call))
		return NULL;
	return type && !type->created_here ? type : NULL;
}

/*
 * What a finding says of the object that a statement names: with its schema,
 * where the name is found under the search_path at that point, else as it is
 * written.
 */
char *
wf_rule_relation_name(WfRuleCall *call, const RangeVar *name)
{
	WfRelation *relation = call->catalog->relation(call->catalog, name);

	return relation && !relation->missing ?
		wf_ddl_quote_name(relation->schema, relation->name) : wf_ddl_range_var(name);
}

char *
wf_rule_type_name(WfRuleCall *call, List *names)
{
	WfType	   *type = call->catalog->type(call->catalog, names);

	return type && !type->missing ?
		wf_ddl_quote_name(type->schema, type->name) : wf_ddl_quote_names(names, ".");
}

/* The same for a node as GRANT, DROP, ALTER ... RENAME hold it. */
char *
wf_rule_object_name(WfRuleCall *call, ObjectType type, Node *object)
{
	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_INDEX:
			if (IsA(object, RangeVar))
				return wf_rule_relation_name(call, (RangeVar *) object);
			if (IsA(object, List) && wf_ddl_range_var_of_names((List *) object))
				return wf_rule_relation_name(call, wf_ddl_range_var_of_names((List *) object));
			break;
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			if (IsA(object, TypeName))
				return wf_rule_type_name(call, ((TypeName *) object)->names);
			if (IsA(object, List))
				return wf_rule_type_name(call, (List *) object);
			break;
		default:
			break;
	}
	return wf_ddl_object_name(type, object);
}

/*
 * Is nothing asked about its size?  Sizes that the caller gave are.  A foreign
 * table holds no rows here, whatever database this one stands for.
 */
static bool
is_taken_for_large(WfRuleCall *call, WfRelation *relation)
{
	WfSimulation *simulation = call->session->simulation;

	if (!relation->missing && (!call->session->assume_populated || relation->kind == RELKIND_FOREIGN_TABLE))
		return false;
	if (!relation->missing && simulation && simulation->stats)
		wf_ddl_measure(call->catalog, relation);
	return !relation->from_stats;
}

/*
 * May the relation hold rows?  A relation that the text names but nobody has
 * is taken for one that is filled in production.
 */
bool
wf_rule_is_populated(WfRuleCall *call, WfRelation *relation)
{
	if (relation->kind == RELKIND_FOREIGN_TABLE || relation->kind == RELKIND_VIEW || relation->kind == RELKIND_SEQUENCE)
		return false;
	if (is_taken_for_large(call, relation))
		return true;
	return size_at_work(call, relation).population != WF_POPULATION_EMPTY;
}

/* Is it known to hold little? */
bool
wf_rule_is_small(WfRuleCall *call, WfRelation *relation)
{
	WorkSize	size;

	if (is_taken_for_large(call, relation))
		return false;
	size = size_at_work(call, relation);
	if (size.population == WF_POPULATION_EMPTY)
		return true;
	if (size.rows >= 0)
		return size.rows < call->session->min_rows;
	return size.bytes >= 0 && size.bytes < SMALL_TABLE_BYTES;
}

/* "1234 rows" for messages; "its rows" where their number is unknown. */
char *
wf_rule_size(WfRuleCall *call, WfRelation *relation)
{
	WorkSize	size;

	if (relation->missing && !relation->from_stats)
		return pstrdup("its rows");
	size = size_at_work(call, relation);
	if (size.rows <= 0)
		return pstrdup("its rows");
	return psprintf("about " INT64_FORMAT " %s", (int64) rint(size.rows), size.rows == 1 ? "row" : "rows");
}
