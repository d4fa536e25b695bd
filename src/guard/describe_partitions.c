/*
 * describe_partitions.c: building an index on a partitioned table without
 * blocking it.
 *
 * CONCURRENTLY works on a partition, not on the whole.  So the index is made ON
 * ONLY the parent, which builds nothing, then on each partition, and attached;
 * with the last one the parent's index becomes valid.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "ddl/deparse.h"
#include "ddl/source.h"
#include "guard/describe.h"

/* So many partitions are written out. */
#define PARTITIONS_WRITTEN 20

/* What is the same for every partition. */
typedef struct Plan
{
	StringInfoData steps;
	bool		is_unique;
	const char *constraint;		/* "UNIQUE" or "PRIMARY KEY"; NULL for a plain
								 * index */
	const char *body;			/* of CREATE INDEX, from USING or the columns
								 * on */
	const char *columns;		/* of the constraint, in parentheses */
	const char *label;			/* middle part of generated names */
	const char *suffix;			/* last part of generated names */
	int			written;
	int			left_out;
} Plan;

static bool plan_index(Plan *plan, IndexStmt *stmt, const WfGuardSource *source);
static bool plan_constraint(Plan *plan, AlterTableStmt *stmt, char **name);
static char *index_body(IndexStmt *stmt, const WfGuardSource *source);
static char *label_of(IndexStmt *stmt);
static void add_table(Plan *plan, Oid table, const char *name, const char *parent_index);
static char *free_name(Plan *plan, Oid table);
static char *qualified(Oid relid);

/*
 * The statements, or NULL where they can't be written: the index is on
 * expressions and the text is not known, or the command does more.
 */
char *
wf_guard_partition_steps(Node *tree, Oid parent, const WfGuardSource *source)
{
	Plan		plan = {.written = 0};
	char	   *name = NULL;

	initStringInfo(&plan.steps);
	if (IsA(tree, IndexStmt))
	{
		if (!plan_index(&plan, (IndexStmt *) tree, source))
			return NULL;
		name = ((IndexStmt *) tree)->idxname;
	}
	else if (!IsA(tree, AlterTableStmt) || !plan_constraint(&plan, (AlterTableStmt *) tree, &name))
		return NULL;

	add_table(&plan, parent, name ? name : free_name(&plan, parent), NULL);
	if (plan.left_out > 0)
		appendStringInfo(&plan.steps, "-- and the same for %d more partitions\n", plan.left_out);
	plan.steps.data[--plan.steps.len] = '\0';
	return plan.steps.data;
}

static bool
plan_index(Plan *plan, IndexStmt *stmt, const WfGuardSource *source)
{
	plan->is_unique = stmt->unique;
	plan->body = index_body(stmt, source);
	plan->label = label_of(stmt);
	plan->suffix = "idx";
	return plan->body != NULL;
}

static bool
plan_constraint(Plan *plan, AlterTableStmt *stmt, char **name)
{
	AlterTableCmd *cmd = linitial_node(AlterTableCmd, stmt->cmds);
	Constraint *constraint = (Constraint *) cmd->def;
	StringInfoData label;
	ListCell   *lc;

	if (list_length(stmt->cmds) != 1 || cmd->subtype != AT_AddConstraint ||
		(constraint->contype != CONSTR_UNIQUE && constraint->contype != CONSTR_PRIMARY) ||
		constraint->including || constraint->deferrable || constraint->nulls_not_distinct ||
		constraint->indexspace || constraint->options)
		return false;
	initStringInfo(&label);
	foreach(lc, constraint->keys)
		appendStringInfo(&label, "%s%s", label.len ? "_" : "", strVal(lfirst(lc)));
	plan->is_unique = true;
	plan->constraint = constraint->contype == CONSTR_PRIMARY ? "PRIMARY KEY" : "UNIQUE";
	plan->columns = psprintf("(%s)", wf_ddl_quote_names(constraint->keys, ", "));
	plan->body = plan->columns;
	plan->label = constraint->contype == CONSTR_PRIMARY ? NULL : label.data;
	plan->suffix = constraint->contype == CONSTR_PRIMARY ? "pkey" : "key";
	*name = constraint->conname;
	return true;
}

/* What follows the table's name in CREATE INDEX; NULL where it is not known. */
static char *
index_body(IndexStmt *stmt, const WfGuardSource *source)
{
	const char *text = source ? source->text : NULL;
	int			end;
	int			pos;

	if (text == NULL)
		return NULL;
	end = source->location + source->length;
	pos = wf_ddl_source_skip_token(text, stmt->relation->location, end);
	for (;;)
	{
		int			next = wf_ddl_source_skip_space(text, pos, end);

		if (next >= end || text[next] != '.')
			break;
		next = wf_ddl_source_skip_space(text, next + 1, end);
		pos = wf_ddl_source_skip_token(text, next, end);
	}
	while (end > pos && (isspace((unsigned char) text[end - 1]) || text[end - 1] == ';'))
		end--;
	return wf_ddl_source_copy(text, wf_ddl_source_skip_space(text, pos, end), end);
}

static char *
label_of(IndexStmt *stmt)
{
	StringInfoData label;
	ListCell   *lc;

	initStringInfo(&label);
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);

		appendStringInfo(&label, "%s%s", label.len ? "_" : "", element->name ? element->name : "expr");
	}
	return label.data;
}

/* Writes the steps for a table and, where it is partitioned, for what is below it. */
static void
add_table(Plan *plan, Oid table, const char *name, const char *parent_index)
{
	const char *schema = get_namespace_name(get_rel_namespace(table));
	const char *index = quote_qualified_identifier(schema, name);
	bool		is_parent = get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE;
	StringInfo	steps = &plan->steps;
	ListCell   *lc;

	check_stack_depth();
	if (is_parent && plan->constraint)
		appendStringInfo(steps, "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s %s;\n",
						 qualified(table), quote_identifier(name), plan->constraint, plan->columns);
	else
		appendStringInfo(steps, "CREATE %sINDEX %s%s ON %s%s %s;\n",
						 plan->is_unique ? "UNIQUE " : "", is_parent ? "" : "CONCURRENTLY ",
						 quote_identifier(name), is_parent ? "ONLY " : "", qualified(table), plan->body);
	if (!is_parent && plan->constraint)
		appendStringInfo(steps, "ALTER TABLE %s ADD CONSTRAINT %s %s USING INDEX %s;\n",
						 qualified(table), quote_identifier(name), plan->constraint,
						 quote_identifier(name));
	if (is_parent)
	{
		foreach(lc, find_inheritance_children(table, NoLock))
		{
			Oid			child = lfirst_oid(lc);

			if (get_rel_relkind(child) == RELKIND_FOREIGN_TABLE)
				continue;
			if (plan->written++ < PARTITIONS_WRITTEN)
				add_table(plan, child, free_name(plan, child), index);
			else
				plan->left_out++;
		}
	}
	if (parent_index)
		appendStringInfo(steps, "ALTER INDEX %s ATTACH PARTITION %s;\n", parent_index, index);
}

/* A name that no relation of the table's schema has. */
static char *
free_name(Plan *plan, Oid table)
{
	return ChooseRelationName(get_rel_name(table), plan->label, plan->suffix,
							  get_rel_namespace(table), plan->constraint != NULL);
}

static char *
qualified(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}
