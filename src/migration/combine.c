/*
 * combine.c: the safe way of a whole statement, from what the rules give for its
 * parts.
 *
 * A rule that looks at one command of ALTER TABLE gives what takes the place of
 * that command.  The others are written here: those that PostgreSQL does first in
 * front of it, the rest behind.  Which of them are in a safe form as well depends on
 * the finding: what all of its rule have in common, and what only spares others a
 * lock, which nobody has to decide about.  It is the same with a list of objects.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"

/* Commands of an ALTER TABLE that each finding still writes down. */
#define COMMANDS_WRITTEN	100

typedef struct Way
{
	int			command;
	int			pass;
	const WfFinding *finding;	/* NULL: as it is written */
} Way;

/* A safe way in the making. */
typedef struct Script
{
	StringInfoData sql;			/* complete statements */
	StringInfoData commands;	/* of the ALTER TABLE to follow */
} Script;

/* The ways that were combined last. */
typedef struct Combined
{
	const WfFinding **ways;
	char	   *sql;
} Combined;

static bool is_part(WfRuleCall *call, const WfFinding *finding);
static char *combine_commands(WfRuleCall *call, const WfFinding *finding, Combined *last);
static char *combine_objects(WfRuleCall *call, const WfFinding *finding);
static void put_drop(WfRuleCall *call, StringInfo sql, const Bitmapset *done);
static void put_truncate(WfRuleCall *call, StringInfo sql, const Bitmapset *done);
static void put_vacuum(WfRuleCall *call, StringInfo sql, const Bitmapset *done);
static char *join(List *names);
static const WfFinding **choose_ways(WfRuleCall *call, const WfFinding *finding);
static bool is_better(const WfFinding *finding, const WfFinding *than, const WfFinding *of);
static bool has_way(const WfFinding *finding);
static int	pass_of(const AlterTableCmd *command);
static int	pass_of_way(List *commands, int command, const WfFinding *way);
static int	compare_ways(const void *a, const void *b);
static void put_safe(WfRuleCall *call, Script *script, const WfFinding *finding);
static bool put_written(WfRuleCall *call, Script *script, int command);
static void put_statements(StringInfo buf, const char *sql);
static void cut_newline(StringInfo buf);
static void end_alter_table(WfRuleCall *call, Script *script);

/*
 * Completes the safe ways of the statement's findings.  Each reads the ways of the
 * others as their rules gave them, so that none is put into place before all are done.
 */
void
wf_findings_complete(WfRuleCall *call)
{
	char	  **complete = NULL;
	Combined	last = {NULL};
	ListCell   *lc;

	foreach(lc, call->findings)
	{
		WfFinding  *finding = lfirst(lc);

		if (!is_part(call, finding))
			continue;
		if (complete == NULL)
			complete = palloc0(list_length(call->findings) * sizeof(char *));
		complete[foreach_current_index(lc)] = IsA(call->statement, AlterTableStmt) ?
			combine_commands(call, finding, &last) : combine_objects(call, finding);
	}
	foreach(lc, complete ? call->findings : NIL)
	{
		WfFinding  *finding = lfirst(lc);

		if (is_part(call, finding))
			finding->safe_sql = complete[foreach_current_index(lc)];
	}
}

/* Is the finding's way one of a part of the statement, and there are others? */
static bool
is_part(WfRuleCall *call, const WfFinding *finding)
{
	if (finding->command < 0 || finding->safe_form == WF_SAFE_WHOLE || !has_way(finding))
		return false;
	return !IsA(call->statement, AlterTableStmt) || finding->safe_command || finding->safe_form != WF_SAFE_INSTEAD ||
		list_length(((AlterTableStmt *) call->statement)->cmds) > 1;
}

static bool
has_way(const WfFinding *finding)
{
	return finding->safe_sql || finding->safe_command;
}

/* NULL where other commands can't be copied, or are too many. */
static char *
combine_commands(WfRuleCall *call, const WfFinding *finding, Combined *last)
{
	List	   *commands = ((AlterTableStmt *) call->statement)->cmds;
	int			count = list_length(commands);
	const WfFinding **chosen;
	Bitmapset  *done;
	Way		   *ways;
	Script		script;
	ListCell   *lc;

	if (count > COMMANDS_WRITTEN)
		return NULL;
	chosen = choose_ways(call, finding);
	/* What several rules find of a statement mostly ends in the same. */
	if (last->ways && finding->safe_form == WF_SAFE_INSTEAD && memcmp(last->ways, chosen, count * sizeof(WfFinding *)) == 0)
		return last->sql;
	ways = palloc(count * sizeof(Way));
	for (int i = 0; i < count; i++)
		ways[i] = (Way)
	{
		i, pass_of_way(commands, i, chosen[i]), chosen[i]
	};
	qsort(ways, count, sizeof(Way), compare_ways);
	initStringInfo(&script.sql);
	initStringInfo(&script.commands);
	/* What the finding's own way does already, and then what others do. */
	done = bms_copy(finding->safe_commands);
	for (int i = 0; i < count; i++)
	{
		const WfFinding *way = ways[i].finding;

		if (bms_is_member(ways[i].command, done))
			continue;
		if (way && way != finding)
		{
			if (bms_is_member(finding->command, way->safe_commands) || bms_overlap(way->safe_commands, done))
				way = NULL;
			else
				done = bms_add_members(done, way->safe_commands);
		}
		if (way)
			put_safe(call, &script, way);
		else if (!put_written(call, &script, ways[i].command))
			return NULL;
	}
	end_alter_table(call, &script);
	foreach(lc, finding->safe_form == WF_SAFE_AFTER ? call->findings : NIL)
	{
		const WfFinding *other = lfirst(lc);

		if (other->safe_form == WF_SAFE_AFTER && other->rule == finding->rule && other->safe_sql)
			put_statements(&script.sql, other->safe_sql);
	}
	cut_newline(&script.sql);
	if (finding->safe_form == WF_SAFE_INSTEAD)
		*last = (Combined)
	{
		chosen, script.sql.data
	};
	return script.sql.data;
}

/* The safe ways that the rule gives for objects of a list, then the statement for those that have none. */
static char *
combine_objects(WfRuleCall *call, const WfFinding *finding)
{
	StringInfoData sql;
	Bitmapset  *done = NULL;
	ListCell   *lc;

	if (list_length(call->findings) > COMMANDS_WRITTEN)
		return NULL;
	initStringInfo(&sql);
	foreach(lc, call->findings)
	{
		const WfFinding *other = lfirst(lc);

		if (other->rule != finding->rule || other->safe_sql == NULL || bms_is_member(other->command, done))
			continue;
		put_statements(&sql, other->safe_sql);
		done = bms_add_member(done, other->command);
	}
	switch (nodeTag(call->statement))
	{
		case T_DropStmt:
			put_drop(call, &sql, done);
			break;
		case T_TruncateStmt:
			put_truncate(call, &sql, done);
			break;
		default:
			put_vacuum(call, &sql, done);
			break;
	}
	cut_newline(&sql);
	return sql.data;
}

static void
put_drop(WfRuleCall *call, StringInfo sql, const Bitmapset *done)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		if (!bms_is_member(foreach_current_index(lc), done))
			names = lappend(names, wf_rule_object_name(call, stmt->removeType, lfirst(lc)));
	}
	if (names != NIL)
		appendStringInfo(sql, "DROP %s %s%s%s;\n", stmt->removeType == OBJECT_FOREIGN_TABLE ? "FOREIGN TABLE" :
						 stmt->removeType == OBJECT_INDEX ? "INDEX" : stmt->removeType == OBJECT_SCHEMA ? "SCHEMA" : "TABLE", stmt->missing_ok ? "IF EXISTS " : "",
						 join(names), stmt->behavior == DROP_CASCADE ? " CASCADE" : "");
}

static void
put_truncate(WfRuleCall *call, StringInfo sql, const Bitmapset *done)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, ((TruncateStmt *) call->statement)->relations)
	{
		RangeVar   *name = lfirst(lc);

		if (!bms_is_member(foreach_current_index(lc), done))
			names = lappend(names, psprintf("%s%s", name->inh ? "" : "ONLY ", wf_rule_relation_name(call, name)));
	}
	if (names != NIL)
		appendStringInfo(sql, "TRUNCATE %s;\n", join(names));
}

static void
put_vacuum(WfRuleCall *call, StringInfo sql, const Bitmapset *done)
{
	VacuumStmt *stmt = castNode(VacuumStmt, call->statement);
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, stmt->rels)
	{
		if (!bms_is_member(foreach_current_index(lc), done))
			names = lappend(names, wf_rule_relation_name(call, lfirst_node(VacuumRelation, lc)->relation));
	}
	if (names != NIL)
		appendStringInfo(sql, "VACUUM (FULL%s) %s;\n", wf_ddl_option_is_on(stmt->options, "analyze") ? ", ANALYZE" : "", join(names));
}

/* The names (char *), with commas. */
static char *
join(List *names)
{
	StringInfoData list;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, names)
		appendStringInfo(&list, "%s%s", list.len ? ", " : "", (char *) lfirst(lc));
	return list.data;
}

/* The finding whose way each command takes; NULL: none. */
static const WfFinding **
choose_ways(WfRuleCall *call, const WfFinding *finding)
{
	const WfFinding **chosen = palloc0(list_length(((AlterTableStmt *) call->statement)->cmds) * sizeof(WfFinding *));
	ListCell   *lc;

	foreach(lc, call->findings)
	{
		const WfFinding *other = lfirst(lc);

		if (other->command >= 0 && has_way(other) && other->safe_form == WF_SAFE_INSTEAD &&
			is_better(other, chosen[other->command], finding))
			chosen[other->command] = other;
	}
	if (finding->safe_form == WF_SAFE_INSTEAD)
		chosen[finding->command] = finding;
	return chosen;
}

/* May the way of one finding go with that of another, and rather than a second one? */
static bool
is_better(const WfFinding *finding, const WfFinding *than, const WfFinding *of)
{
	if (finding->rule != of->rule && (finding->kind != WF_KIND_BLOCKING || of->kind == WF_KIND_STYLE))
		return false;
	if (than == NULL || (than->rule == of->rule) != (finding->rule == of->rule))
		return than == NULL || finding->rule == of->rule;
	return finding->severity > than->severity;
}

/* The server's passes over the commands of an ALTER TABLE. */
static int
pass_of(const AlterTableCmd *command)
{
	enum
	{
		DROP, ALTER_TYPE, ADD_COLUMN, ADD_CHECK, ATTRIBUTES, ADD_INDEX, ADD_OTHER, REST
	};
	static const struct
	{
		AlterTableType type;
		int			pass;
	}			passes[] = {
		{AT_DropColumn, DROP}, {AT_DropConstraint, DROP}, {AT_DropNotNull, DROP}, {AT_DropIdentity, DROP},
		{AT_DropExpression, DROP}, {AT_AlterColumnType, ALTER_TYPE}, {AT_AddColumn, ADD_COLUMN},
		{AT_SetNotNull, ATTRIBUTES}, {AT_SetIdentity, ATTRIBUTES}, {AT_AddIdentity, ADD_OTHER},
	};

	if (command->subtype == AT_ColumnDefault)
		return command->def ? ADD_OTHER : DROP;
	if (command->subtype == AT_AddConstraint)
	{
		ConstrType	kind = castNode(Constraint, command->def)->contype;

		return kind == CONSTR_CHECK ? ADD_CHECK : kind == CONSTR_NOTNULL ? ATTRIBUTES :
			kind == CONSTR_FOREIGN ? ADD_OTHER : ADD_INDEX;
	}
	for (int i = 0; i < lengthof(passes); i++)
	{
		if (passes[i].type == command->subtype)
			return passes[i].pass;
	}
	return REST;
}

/* The way comes with the last of the commands that it does. */
static int
pass_of_way(List *commands, int command, const WfFinding *way)
{
	int			pass = pass_of(list_nth_node(AlterTableCmd, commands, command));

	for (int other = -1; way && (other = bms_next_member(way->safe_commands, other)) >= 0;)
		pass = Max(pass, pass_of(list_nth_node(AlterTableCmd, commands, other)));
	return pass;
}

static int
compare_ways(const void *a, const void *b)
{
	const Way  *one = a;
	const Way  *two = b;

	return one->pass != two->pass ? one->pass - two->pass : one->command - two->command;
}

static void
put_safe(WfRuleCall *call, Script *script, const WfFinding *finding)
{
	if (finding->safe_command == NULL)
		end_alter_table(call, script);
	if (finding->safe_sql)
		put_statements(&script->sql, finding->safe_sql);
	if (finding->safe_command)
		appendStringInfo(&script->commands, "%s%s", script->commands.len ? ", " : "", finding->safe_command);
}

/* A command as it was written; false without a source, or where the scan is wrong about it. */
static bool
put_written(WfRuleCall *call, Script *script, int command)
{
	char	   *text = wf_rule_command_text(call, command);

	if (text)
		appendStringInfo(&script->commands, "%s%s", script->commands.len ? ", " : "", text);
	return text != NULL;
}

static void
put_statements(StringInfo buf, const char *sql)
{
	if (*sql)
		appendStringInfo(buf, "%s%s", sql, sql[strlen(sql) - 1] == '\n' ? "" : "\n");
}

/* The last one ends no statement of safe_sql. */
static void
cut_newline(StringInfo buf)
{
	if (buf->len > 0 && buf->data[buf->len - 1] == '\n')
		buf->data[--buf->len] = '\0';
}

/* Writes the commands that wait as an ALTER TABLE of what the present one is of. */
static void
end_alter_table(WfRuleCall *call, Script *script)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;

	if (script->commands.len > 0)
		appendStringInfo(&script->sql, "ALTER TABLE %s%s%s %s;\n", stmt->missing_ok ? "IF EXISTS " : "",
						 stmt->relation->inh ? "" : "ONLY ", wf_rule_relation_name(call, stmt->relation), script->commands.data);
	resetStringInfo(&script->commands);
}
