/*
 * describe.c: a finding in the guard's words: DETAIL holds the facts, HINT what
 * to type next.
 *
 * What follows the first line of a HINT is SQL that works when it is run as it
 * stands, at the place where the refused command stood.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "commands/dbcommands.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "ddl/deparse.h"
#include "ddl/populated.h"
#include "ddl/type_usage.h"
#include "guard/describe.h"

/* So many columns of a type are named. */
#define COLUMNS_NAMED 5

static char *table_detail(const WfFinding *finding);
static char *type_detail(Oid type);
static char *enum_plan_hint(Node *tree, const char *type);
static char *concurrent_hint(const WfGuardCommand *command, const char *steps);
static bool is_lone_drop(Node *tree);
static bool does_more(Node *tree);
static char *statement_text(const WfGuardCommand *command, const WfGuardSource *source);
static char *deparse_statement(Node *tree);
static char *deparse_enum(AlterEnumStmt *alter);
static const char *lock_name(LOCKMODE lock);

/* source may be NULL: a function runs the command. */
WfGuardFinding *
wf_guard_describe(const WfGuardCommand *command, const WfFinding *finding,
				  const WfGuardSource *source)
{
	WfGuardFinding *described = palloc0(sizeof(WfGuardFinding));
	char	   *steps = finding->safe_sql;

	described->rule = finding->rule->id;
	described->object = finding->object;
	described->message = finding->message;
	if (source)
		described->statement = wf_guard_source_copy(source);
	if (finding->relation)
	{
		described->relid = finding->relation->relid;
		described->detail = table_detail(finding);
		if (finding->relation->kind == RELKIND_PARTITIONED_TABLE && !IsA(command->tree, ReindexStmt))
			steps = wf_guard_partition_steps(command->tree, finding->relation->relid, source);
	}
	else if (finding->type)
		described->detail = type_detail(finding->type->oid);
	else
		described->detail = "It locks each of the tables until its indexes are built.";
	if (described->object == NULL)
		described->object = quote_identifier(get_database_name(MyDatabaseId));
	if (steps && !finding->type)
	{
		described->hint = concurrent_hint(command, steps);
		return described;
	}

	/*
	 * A bypass would not help: while columns use the type, it can't be
	 * dropped alone.
	 */
	if (is_lone_drop(command->tree))
	{
		described->hint = "Give the columns another type, or drop them, in migrations of their own. Then the type can be dropped.";
		return described;
	}
	described->hint = wf_guard_bypass_hint(command, statement_text(command, source));
	if (finding->type && wf_guard_may_bypass())
		described->hint = psprintf("%s%s", enum_plan_hint(command->tree, finding->object), described->hint);
	if (finding->relation && finding->hint)
		described->hint = psprintf("%s %s", finding->hint, described->hint);
	return described;
}

static char *
table_detail(const WfFinding *finding)
{
	WfTableSize size;

	wf_ddl_table_size(finding->relation->relid, &size);
	if (size.rows < 0)
		return psprintf("It takes %s lock on %s until the index is built.",
						lock_name(finding->lock), finding->object);
	return psprintf("It takes %s lock on %s (%.0f %s, %lld kB) until the index is built.",
					lock_name(finding->lock), finding->object, size.rows, size.rows == 1 ? "row" : "rows",
					(long long) (size.bytes / 1024));
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

/* The safe way, for where the command stands. */
static char *
concurrent_hint(const WfGuardCommand *command, const char *steps)
{
	switch (command->place)
	{
		case WF_GUARD_PLACE_ALONE:
			return psprintf("%s:\n%s",
							does_more(command->tree) ?
							"Do the other changes first, then this one without blocking" :
							"Do it without blocking", steps);
		case WF_GUARD_PLACE_BLOCK:
			return psprintf("CONCURRENTLY can't run inside a transaction block: end this one, and put it "
							"into a migration of its own that runs outside a transaction:\n%s", steps);
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

/* The steps are for one part of an ALTER TABLE only. */
static bool
does_more(Node *tree)
{
	return IsA(tree, AlterTableStmt) && list_length(((AlterTableStmt *) tree)->cmds) > 1;
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
	if (statement == NULL)
		appendStringInfoString(&buf, "\nSET wishflags.bypass = 'the reason';\n-- the same again\nRESET wishflags.bypass;");
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
			return psprintf("ALTER TYPE %s RENAME TO %s",
							wf_ddl_object_name(OBJECT_TYPE, ((RenameStmt *) tree)->object),
							quote_identifier(((RenameStmt *) tree)->newname));
		case T_AlterObjectSchemaStmt:
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

/* With its article. */
static const char *
lock_name(LOCKMODE lock)
{
	return lock == ShareLock ? "a SHARE" : "an ACCESS EXCLUSIVE";
}
