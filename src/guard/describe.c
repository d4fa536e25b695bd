/*
 * describe.c: a finding in the guard's words: DETAIL holds the facts, HINT what
 * to type next.
 *
 * What follows the first line of a HINT is SQL that works when it is run as it
 * stands, at the place where the refused command stood.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/populated.h"
#include "ddl/type_usage.h"
#include "guard/describe.h"
#include "guard/scope.h"

/* So many columns of a type are named. */
#define COLUMNS_NAMED 5

static const char *object_of(const WfGuardCommand *command, const WfFinding *finding);
static char *detail_of(const WfGuardCommand *command, const WfFinding *finding);
static char *hint_of(const WfGuardCommand *command, const WfFinding *finding, const WfGuardDecision *decision,
					 const WfGuardSource *source);
static bool builds_index(Node *tree);
static char *table_detail(const WfFinding *finding);
static char *type_detail(Oid type);
static char *enum_plan_hint(Node *tree, const char *type);
static bool is_concurrent(const char *steps);
static char *concurrent_hint(const WfGuardCommand *command, const char *steps);
static bool is_lone_drop(Node *tree);
static char *statement_text(const WfGuardCommand *command, const WfGuardSource *source);
static char *deparse_statement(Node *tree);
static char *deparse_enum(AlterEnumStmt *alter);

/* source may be NULL: a function runs the command. */
WfGuardFinding *
wf_guard_describe(const WfGuardCommand *command, const WfFinding *finding,
				  const WfGuardDecision *decision, const WfGuardSource *source)
{
	WfGuardFinding *described = palloc0(sizeof(WfGuardFinding));
	char	   *steps = finding->safe_sql;

	described->rule = finding->rule->id;
	described->object = object_of(command, finding);
	described->message = finding->message;
	described->detail = detail_of(command, finding);
	if (source)
		described->statement = wf_guard_source_copy(source);
	if (finding->relation)
		described->relid = finding->relation->relid;
	if (builds_index(command->tree) && finding->relation && finding->relation->kind == RELKIND_PARTITIONED_TABLE)
		steps = wf_guard_partition_steps(command->tree, finding->relation->relid, source);
	if (steps && finding->type == NULL)
	{
		described->hint = is_concurrent(steps) ? concurrent_hint(command, steps) :
			psprintf("Do this instead:\n%s\n-- Or as it is, with a reason, which is logged: SET wishflags.bypass = 'the reason';", steps);
		return described;
	}

	/*
	 * A bypass would not help: while columns use the type, it can't be
	 * dropped alone.
	 */
	if (is_lone_drop(command->tree) && finding->type)
	{
		described->hint = "Give the columns another type, or drop them, in migrations of their own. Then the type can be dropped.";
		return described;
	}
	described->hint = hint_of(command, finding, decision, source);
	return described;
}

/* REINDEX of a database need not name it. */
static const char *
object_of(const WfGuardCommand *command, const WfFinding *finding)
{
	if (finding->object)
		return finding->object;
	return IsA(command->tree, ReindexStmt) ? quote_identifier(get_database_name(MyDatabaseId)) : "-";
}

/* The facts, as sentences. */
static char *
detail_of(const WfGuardCommand *command, const WfFinding *finding)
{
	if (IsA(command->tree, ReindexStmt) && !finding->relation)
		return "It locks each of the tables until its indexes are built.";
	if (finding->relation && finding->lock != NoLock)
		return table_detail(finding);
	if (finding->type && finding->type->kind == TYPTYPE_ENUM)
		return type_detail(finding->type->oid);
	return psprintf("The rule's reason: %s.", finding->rule->description);
}

/* The rule's advice, and the audited way through where the command is refused. */
static char *
hint_of(const WfGuardCommand *command, const WfFinding *finding, const WfGuardDecision *decision,
		const WfGuardSource *source)
{
	bool		is_enum = finding->type && finding->type->kind == TYPTYPE_ENUM;
	char	   *bypass;

	if (decision->action != WF_ACTION_BLOCK)
		return finding->hint ? finding->hint :
			psprintf("See what the policy says: SELECT * FROM wishflags.guard_effective WHERE rule = '%s';",
					 finding->rule->id);
	bypass = wf_guard_bypass_hint(command, statement_text(command, source));
	if (is_enum && wf_guard_may_bypass())
		return psprintf("%s%s", enum_plan_hint(command->tree, finding->object), bypass);
	if (finding->hint && !is_enum)
		return psprintf("%s %s", finding->hint, bypass);
	return bypass;
}

/* Is the command one that builds an index on the table it names? */
static bool
builds_index(Node *tree)
{
	ListCell   *lc;

	if (IsA(tree, IndexStmt))
		return true;
	if (!IsA(tree, AlterTableStmt))
		return false;
	foreach(lc, ((AlterTableStmt *) tree)->cmds)
	{
		if (wf_guard_adds_index(lfirst_node(AlterTableCmd, lc)))
			return true;
	}
	return false;
}

static char *
table_detail(const WfFinding *finding)
{
	WfTableSize size;
	const char *lock = wf_ddl_lock_name(finding->lock);
	const char *until = finding->scans ? " until it is done" : "";

	if (finding->scans && strstr(finding->rule->id, "index"))
		until = " until the index is built";
	else if (strncmp(finding->rule->id, "add-", 4) == 0 && finding->scans && strstr(finding->message, "an index"))
		until = " until the index is built";
	wf_ddl_table_size(finding->relation->relid, &size);
	if (size.rows < 0)
		return psprintf("It takes %s %s lock on %s%s.", lock[0] == 'S' || lock[0] == 'R' ? "a" : "an",
						lock, finding->object, until);
	return psprintf("It takes %s %s lock on %s (%.0f %s, %lld kB)%s.", lock[0] == 'S' || lock[0] == 'R' ? "a" : "an",
					lock, finding->object, size.rows, size.rows == 1 ? "row" : "rows",
					(long long) (size.bytes / 1024), until);
}

static char *
type_detail(Oid type)
{
	int			total;
	List	   *columns = wf_ddl_type_columns(type, COLUMNS_NAMED, &total);

	return wf_guard_users_detail(format_type_be_qualified(type), columns, total);
}

/* "Enum shop.mood is the type of columns shop.cats.mood, ... and 3 more." */
char *
wf_guard_users_detail(const char *type, List *columns, int total)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	appendStringInfo(&buf, "Enum %s is the type of %s ", type, total == 1 ? "column" : "columns");
	foreach(lc, columns)
		appendStringInfo(&buf, "%s%s", lc == list_head(columns) ? "" : ", ", (char *) lfirst(lc));
	if (total > list_length(columns))
		appendStringInfo(&buf, " and %d more", total - list_length(columns));
	appendStringInfoChar(&buf, '.');
	return buf.data;
}

/* Where the steps of the change can be read; nothing for what has no plan. */
static char *
enum_plan_hint(Node *tree, const char *type)
{
	const char *operation;
	StringInfoData options;

	initStringInfo(&options);
	if (IsA(tree, AlterEnumStmt) && ((AlterEnumStmt *) tree)->oldVal)
	{
		operation = "rename_value";
		appendStringInfoString(&options, "{\"value\": ");
		escape_json(&options, ((AlterEnumStmt *) tree)->oldVal);
		appendStringInfoString(&options, ", \"to\": ");
		escape_json(&options, ((AlterEnumStmt *) tree)->newVal);
	}
	else if (IsA(tree, AlterEnumStmt))
	{
		AlterEnumStmt *alter = (AlterEnumStmt *) tree;

		operation = "add";
		appendStringInfoString(&options, "{\"value\": ");
		escape_json(&options, alter->newVal);
		if (alter->newValNeighbor)
		{
			appendStringInfo(&options, ", \"%s\": ", alter->newValIsAfter ? "after" : "before");
			escape_json(&options, alter->newValNeighbor);
		}
	}
	else if (IsA(tree, RenameStmt))
	{
		operation = "rename_type";
		appendStringInfoString(&options, "{\"to\": ");
		escape_json(&options, ((RenameStmt *) tree)->newname);
	}
	else
		return "";
	appendStringInfoChar(&options, '}');
	return psprintf("See the steps: SELECT * FROM wishflags.enum_plan(%s, '%s', %s); ",
					quote_literal_cstr(type), operation, quote_literal_cstr(options.data));
}

/* The steps follow the case of the command: some tools write it in lower case. */
static bool
is_concurrent(const char *steps)
{
	return strstr(steps, "CONCURRENTLY") || strstr(steps, "index concurrently");
}

/* The safe way, for where the command stands. */
static char *
concurrent_hint(const WfGuardCommand *command, const char *steps)
{
	switch (command->place)
	{
		case WF_GUARD_PLACE_ALONE:
			return psprintf("Do it without blocking:\n%s", steps);
		case WF_GUARD_PLACE_BLOCK:
			return psprintf("CONCURRENTLY can't run inside a transaction block: end this one, and put it "
							"into a migration of its own that runs outside a transaction%s:\n%s",
							wf_guard_tool_hint(), steps);
		case WF_GUARD_PLACE_FUNCTION:
			return psprintf("CONCURRENTLY can't run inside a function or DO block: run it on its own, "
							"outside a transaction:\n%s", steps);
	}
	return NULL;				/* keep compiler quiet */
}

static bool
is_lone_drop(Node *tree)
{
	return IsA(tree, DropStmt) && ((DropStmt *) tree)->behavior == DROP_RESTRICT;
}

/*
 * The audited way through.  statement is NULL where it can't be written; then
 * the caller repeats what it did.
 */
char *
wf_guard_bypass_hint(const WfGuardCommand *command, const char *statement)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (!wf_guard_may_bypass())
		appendStringInfo(&buf, "A superuser can allow role %s to go on (GRANT SET ON PARAMETER wishflags.bypass TO %s;). Then give a reason, which is logged:",
						 quote_identifier(GetUserNameFromId(GetUserId(), false)),
						 quote_identifier(GetUserNameFromId(GetUserId(), false)));
	else if (command->place == WF_GUARD_PLACE_BLOCK)
		appendStringInfoString(&buf, "To do it all the same, begin the transaction again and give a reason, which is logged:");
	else
		appendStringInfoString(&buf, "To do it all the same, give a reason, which is logged:");
	/* Some commands refuse to run in a transaction block. */
	if (statement == NULL || (command->tree && wf_ddl_outside_transactions(command->tree)))
		appendStringInfo(&buf, "\nSET wishflags.bypass = 'the reason';\n%s\nRESET wishflags.bypass;",
						 statement ? psprintf("%s;", statement) : "-- the same again");
	else if (command->place == WF_GUARD_PLACE_BLOCK)
		appendStringInfo(&buf, "\nSET LOCAL wishflags.bypass = 'the reason';\n%s;", statement);
	else
		appendStringInfo(&buf, "\nBEGIN;\nSET LOCAL wishflags.bypass = 'the reason';\n%s;\nCOMMIT;", statement);
	return buf.data;
}

/* The refused statement: as it was written, or as its tree says. */
static char *
statement_text(const WfGuardCommand *command, const WfGuardSource *source)
{
	char	   *text = deparse_statement(command->tree);

	return text == NULL && source ? wf_guard_source_copy(source) : text;
}

/* NULL for what can't be written from the tree alone. */
static char *
deparse_statement(Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_AlterEnumStmt:
			return deparse_enum((AlterEnumStmt *) tree);
		case T_RenameStmt:
			if (((RenameStmt *) tree)->renameType != OBJECT_TYPE)
				return NULL;
			return psprintf("ALTER TYPE %s RENAME TO %s",
							wf_ddl_object_name(OBJECT_TYPE, ((RenameStmt *) tree)->object),
							quote_identifier(((RenameStmt *) tree)->newname));
		case T_AlterObjectSchemaStmt:
			if (((AlterObjectSchemaStmt *) tree)->objectType != OBJECT_TYPE)
				return NULL;
			return psprintf("ALTER TYPE %s SET SCHEMA %s",
							wf_ddl_object_name(OBJECT_TYPE, ((AlterObjectSchemaStmt *) tree)->object),
							quote_identifier(((AlterObjectSchemaStmt *) tree)->newschema));
		case T_DropStmt:
			{
				DropStmt   *drop = (DropStmt *) tree;
				StringInfoData buf;
				ListCell   *lc;

				if (drop->removeType != OBJECT_TYPE)
					return NULL;
				initStringInfo(&buf);
				foreach(lc, drop->objects)
					appendStringInfo(&buf, "%s%s", buf.len ? ", " : "",
									 wf_ddl_object_name(OBJECT_TYPE, lfirst(lc)));
				return psprintf("DROP TYPE %s%s CASCADE", drop->missing_ok ? "IF EXISTS " : "", buf.data);
			}
		default:
			return NULL;
	}
}

static char *
deparse_enum(AlterEnumStmt *alter)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "ALTER TYPE %s ", wf_ddl_quote_names(alter->typeName, "."));
	if (alter->oldVal)
		appendStringInfo(&buf, "RENAME VALUE %s TO %s", wf_ddl_quote_literal(alter->oldVal),
						 wf_ddl_quote_literal(alter->newVal));
	else
	{
		appendStringInfo(&buf, "ADD VALUE %s%s", alter->skipIfNewValExists ? "IF NOT EXISTS " : "",
						 wf_ddl_quote_literal(alter->newVal));
		if (alter->newValNeighbor)
			appendStringInfo(&buf, " %s %s", alter->newValIsAfter ? "AFTER" : "BEFORE",
							 wf_ddl_quote_literal(alter->newValNeighbor));
	}
	return buf.data;
}
