/*
 * enum_plan.c: changes of enums as steps to run, one after another.
 *
 * ALTER TYPE does what it can do in place.  To remove, merge or reorder values
 * the type is made anew under all that uses it (enum_rebuild.c), after the rows
 * have got other values (enum_use.c).
 */
#include "common/compat.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "common/list.h"
#include "common/options.h"
#include "common/steady.h"
#include "ddl/catalog.h"
#include "ddl/deparse.h"
#include "ddl/statement.h"
#include "migration/enum_plan.h"

PG_FUNCTION_INFO_V1(wf_enum_plan);

#define DEFAULT_LOCK_TIMEOUT "5s"
#define DEFAULT_COUNT_TIMEOUT 2000

typedef struct Operation
{
	const char *name;
	void		(*plan) (WfEnumPlan *plan);
	const char *example;		/* of its options */
} Operation;

static Datum plan_once(PG_FUNCTION_ARGS);
static const Operation *find_operation(const char *name);
static void read_enum(WfEnum *type, const char *name);
static void check_rights(WfEnum *type);
static void plan_add(WfEnumPlan *plan);
static void plan_rename_value(WfEnumPlan *plan);
static void plan_rename_type(WfEnumPlan *plan);
static void plan_reorder(WfEnumPlan *plan);
static void plan_remove(WfEnumPlan *plan);
static void plan_rebuild(WfEnumPlan *plan, List *labels, List *gone);
static bool add_updates(WfEnumPlan *plan, List *gone);
static void add_script(WfEnumPlan *plan, const char *script, const char *comment, List *gone, bool updates);
static void take_over_stragglers(WfEnumPlan *plan, List *gone);
static void refuse_rows_without_replacement(WfEnumPlan *plan, List *gone, List *labels);
static void count(WfEnumPlan *plan, List *values);
static char *one_value(WfEnumPlan *plan);
static void need(WfEnumPlan *plan, const void *option, const char *name);
static void need_label(WfEnumPlan *plan, const char *label);
static void need_new_label(WfEnumPlan *plan, const char *label);
static void need_owned_tables(WfEnumPlan *plan);
static char *list_text(List *items);

static const Operation operations[] = {
	{"add", plan_add, "{\"value\": \"new\", \"after\": \"old\"}"},
	{"rename_value", plan_rename_value, "{\"value\": \"old\", \"to\": \"new\"}"},
	{"rename_type", plan_rename_type, "{\"to\": \"new_name\"}"},
	{"reorder", plan_reorder, "{\"values\": [\"first\", \"second\"]}"},
	{"remove", plan_remove, "{\"value\": \"old\", \"replace_with\": \"other\"}"},
	{"merge", plan_remove, "{\"value\": [\"one\", \"two\"], \"replace_with\": \"other\"}"},
};

/*
 * enum_plan(type text, operation text, options jsonb) -> setof step
 *
 * The statements that change an enum, in the order in which they are run, with
 * their own BEGIN and COMMIT; nothing is run here.  Of each: the transaction
 * (counted from 1), the lock on relations and whom it blocks, the rows
 * concerned where they were counted, and why.
 *
 * Raises undefined_object for a type or value that does not exist,
 * duplicate_object for one that does, wrong_object_type for no enum or one of
 * an extension, insufficient_privilege, object_in_use where a value that goes is
 * still named or held, invalid_parameter_value for the rest.
 */
Datum
wf_enum_plan(PG_FUNCTION_ARGS)
{
	return wf_common_steady_call(fcinfo, plan_once);
}

static Datum
plan_once(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		{"value", WF_OPTION_TEXT_LIST, offsetof(WfEnumOptions, value)},
		{"values", WF_OPTION_TEXT_LIST, offsetof(WfEnumOptions, values)},
		{"before", WF_OPTION_TEXT, offsetof(WfEnumOptions, before)},
		{"after", WF_OPTION_TEXT, offsetof(WfEnumOptions, after)},
		{"to", WF_OPTION_TEXT, offsetof(WfEnumOptions, to)},
		{"replace_with", WF_OPTION_TEXT, offsetof(WfEnumOptions, replace_with)},
		{"reason", WF_OPTION_TEXT, offsetof(WfEnumOptions, reason)},
		{"lock_timeout", WF_OPTION_TEXT, offsetof(WfEnumOptions, lock_timeout)},
		{"count_rows", WF_OPTION_BOOLEAN, offsetof(WfEnumOptions, count_rows)},
		{"count_timeout", WF_OPTION_INTEGER, offsetof(WfEnumOptions, count_timeout)},
	};
	WfEnumPlan	plan = {.options = {
			.lock_timeout = DEFAULT_LOCK_TIMEOUT,
			.count_rows = true,
			.count_timeout = DEFAULT_COUNT_TIMEOUT,
	}};
	const Operation *operation;
	WfDiffOptions timeout = {0};

	plan.operation = text_to_cstring(PG_GETARG_TEXT_PP(1));
	operation = find_operation(plan.operation);
	wf_common_options_parse(PG_GETARG_JSONB_P(2), known, lengthof(known), &plan.options);
	timeout.lock_timeout = plan.options.lock_timeout;
	plan.options.lock_timeout = wf_schema_lock_timeout(&timeout);
	if (plan.options.count_timeout <= 0 || plan.options.count_timeout > 3600000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("count_timeout must be between 1 and 3600000 milliseconds")));
	if (plan.options.reason && plan.options.reason[strspn(plan.options.reason, " \t\r\n\v\f")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reason must not be empty"),
				 errhint("The guard logs it; leave it out for one in general words.")));
	read_enum(&plan.type, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	operation->plan(&plan);
	wf_enum_put_steps((ReturnSetInfo *) fcinfo->resultinfo, plan.steps);
	return (Datum) 0;
}

static const Operation *
find_operation(const char *name)
{
	for (int i = 0; i < lengthof(operations); i++)
	{
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown operation \"%s\"", name),
			 errhint("Operations are add, rename_value, rename_type, reorder, remove and merge.")));
	return NULL;				/* keep compiler quiet */
}

/* ---- the enum ------------------------------------------------------------ */

static void
read_enum(WfEnum *type, const char *name)
{
	WfCatalog  *catalog = wf_ddl_catalog_live();
	WfType	   *found = catalog->type(catalog, textToQualifiedNameList(cstring_to_text(name)));

	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type \"%s\" does not exist", name),
				 errhint("Write its schema as well, as in 'shop.order_state'; list the enums by \\dT+.")));
	type->oid = found->oid;
	type->schema = found->schema;
	type->name = wf_ddl_quote_name(found->schema, found->name);
	if (found->kind != TYPTYPE_ENUM)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("type %s is not an enum", type->name),
				 errhint("List the enums: \\dT+, or SELECT oid::regtype FROM pg_type WHERE typtype = 'e';")));
	check_rights(type);
	wf_enum_read_labels(type);
	wf_enum_read_columns(type);
}

static void
check_rights(WfEnum *type)
{
	Oid			extension = getExtensionOfObject(TypeRelationId, type->oid);

	if (OidIsValid(extension))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("enum %s belongs to extension \"%s\"", type->name, get_extension_name(extension)),
				 errhint("Only a new version of the extension changes it: ALTER EXTENSION %s UPDATE;",
						 quote_identifier(get_extension_name(extension)))));
	if (!wf_type_ownercheck(type->oid, GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of type %s", type->name),
				 errhint("Plan as a role that may run the plan: SET ROLE ...; see who owns it by \\dT+ %s.", type->name)));
}

/* ---- what ALTER TYPE does in place ----------------------------------------- */

static void
plan_add(WfEnumPlan *plan)
{
	char	   *value = one_value(plan);
	char	   *place = "";

	need_new_label(plan, value);
	if (plan->options.before && plan->options.after)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("before and after can't both be given")));
	if (plan->options.before || plan->options.after)
	{
		const char *neighbour = plan->options.before ? plan->options.before : plan->options.after;

		need_label(plan, neighbour);
		place = psprintf(" %s %s", plan->options.before ? "BEFORE" : "AFTER", quote_literal_cstr(neighbour));
	}
	plan->what = psprintf("add value \"%s\" to enum %s", value, plan->type.name);
	wf_enum_begin(plan, "enum-add-value");
	wf_enum_step(plan, psprintf("ALTER TYPE %s ADD VALUE %s%s;", plan->type.name, quote_literal_cstr(value), place), -1,
				 "deploy code that understands the value first; it can't be taken out again without making the type anew");
	wf_enum_step(plan, pstrdup("COMMIT;"), -1, "from the next transaction on the value can be used");
}

static void
plan_rename_value(WfEnumPlan *plan)
{
	char	   *value = one_value(plan);

	need_label(plan, value);
	need(plan, plan->options.to, "to");
	need_new_label(plan, plan->options.to);
	count(plan, list_make1(value));
	plan->what = psprintf("rename value \"%s\" of enum %s to \"%s\"", value, plan->type.name, plan->options.to);
	wf_enum_begin(plan, "enum-rename-value");
	wf_enum_step(plan, psprintf("ALTER TYPE %s RENAME VALUE %s TO %s;", plan->type.name, quote_literal_cstr(value),
								quote_literal_cstr(plan->options.to)), wf_enum_rows(plan),
				 wf_enum_rows_comment(plan, "rows, views and defaults follow by themselves, code that spells the old value fails from here on"));
	wf_enum_step(plan, pstrdup("COMMIT;"), -1, NULL);
}

static void
plan_rename_type(WfEnumPlan *plan)
{
	char	   *becomes;

	need(plan, plan->options.to, "to");
	if (plan->options.to[0] == '\0' || strlen(plan->options.to) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is no name for a type", plan->options.to),
				 errdetail("A name has 1 to %d bytes.", NAMEDATALEN - 1)));
	becomes = wf_ddl_quote_name(plan->type.schema, plan->options.to);
	if (SearchSysCacheExists2(TYPENAMENSP, CStringGetDatum(plan->options.to),
							  ObjectIdGetDatum(get_namespace_oid(plan->type.schema, false))))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("type %s already exists", becomes),
				 errhint("Choose another name.")));
	plan->what = psprintf("rename enum %s to %s", plan->type.name, becomes);
	wf_enum_begin(plan, "rename-other");
	wf_enum_step(plan, psprintf("ALTER TYPE %s RENAME TO %s;", plan->type.name, quote_identifier(plan->options.to)), -1,
				 "columns, views and defaults follow by themselves; code and bodies of functions that spell the old name fail from here on");
	wf_enum_step(plan, pstrdup("COMMIT;"), -1, NULL);
}

/* ---- what makes the type anew ---------------------------------------------- */

static void
plan_reorder(WfEnumPlan *plan)
{
	List	   *values = plan->options.values;
	ListCell   *lc;

	need(plan, values, "values");
	foreach(lc, values)
	{
		need_label(plan, lfirst(lc));
		for (int i = 0; i < foreach_current_index(lc); i++)
		{
			if (strcmp(list_nth(values, i), lfirst(lc)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("value \"%s\" is named twice", (char *) lfirst(lc))));
		}
	}
	foreach(lc, plan->type.labels)
	{
		if (!wf_common_list_has(values, lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value \"%s\" of enum %s is missing in the new order", (char *) lfirst(lc), plan->type.name),
					 errhint("Name all values, or use operation \"remove\" for one that shall go.")));
	}
	if (strcmp(list_text(values), list_text(plan->type.labels)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("enum %s has this order already", plan->type.name)));
	wf_enum_refuse_bounds(&plan->type, NIL);
	plan->what = psprintf("reorder enum %s", plan->type.name);
	count(plan, NIL);
	plan_rebuild(plan, values, NIL);
}

/* remove, and merge, which must have a value that stays. */
static void
plan_remove(WfEnumPlan *plan)
{
	List	   *gone = plan->options.value;
	List	   *labels = NIL;
	ListCell   *lc;

	need(plan, gone, "value");
	if (strcmp(plan->operation, "merge") == 0)
		need(plan, plan->options.replace_with, "replace_with");
	foreach(lc, gone)
		need_label(plan, lfirst(lc));
	if (plan->options.replace_with)
	{
		need_label(plan, plan->options.replace_with);
		if (wf_common_list_has(gone, plan->options.replace_with))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value \"%s\" can't go and take the place of others", plan->options.replace_with),
					 errhint("Leave it out of \"value\": it stays.")));
	}
	foreach(lc, plan->type.labels)
	{
		if (!wf_common_list_has(gone, lfirst(lc)))
			labels = lappend(labels, lfirst(lc));
	}
	wf_enum_refuse_bounds(&plan->type, gone);
	plan->what = psprintf("%s %s %s of enum %s%s%s", strcmp(plan->operation, "merge") == 0 ? "merge" : "remove",
						  list_length(gone) == 1 ? "value" : "values", list_text(gone), plan->type.name,
						  plan->options.replace_with ? " into " : "",
						  plan->options.replace_with ? list_text(list_make1(plan->options.replace_with)) : "");
	count(plan, gone);
	if (!plan->options.replace_with)
		refuse_rows_without_replacement(plan, gone, labels);
	plan_rebuild(plan, labels, gone);
}

static void
refuse_rows_without_replacement(WfEnumPlan *plan, List *gone, List *labels)
{
	ListCell   *lc;

	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		if (column->rows > 0 && column->kind != RELKIND_MATVIEW && column->is_stored)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("%.0f %s of %s.%s %s %s", column->rows, column->rows == 1 ? "row" : "rows",
							column->table, column->name, column->rows == 1 ? "holds" : "hold", list_text(gone)),
					 errhint("Say what takes its place, as in '{\"replace_with\": %s}'.",
							 labels ? list_text(list_make1(linitial(labels))) : "...")));
	}
}

static void
plan_rebuild(WfEnumPlan *plan, List *labels, List *gone)
{
	List	   *mentions = NIL;
	WfPlan	   *made;
	StringInfoData comment;
	bool		updates;
	ListCell   *lc;

	need_owned_tables(plan);
	updates = plan->options.replace_with && add_updates(plan, gone);
	made = wf_enum_rebuild(&plan->type, labels, gone, plan->options.replace_with,
						   plan->options.lock_timeout ? plan->options.lock_timeout : "0", &mentions);
	initStringInfo(&comment);
	appendStringInfoString(&comment, "all of this transaction, or nothing: rows with a value that the new type lacks make it fail");
	foreach(lc, mentions)
		appendStringInfo(&comment, "%s%s", lc == list_head(mentions) ? "; look at the body of " : ", ", (char *) lfirst(lc));
	add_script(plan, wf_schema_script(made), comment.data, gone, updates);
}

/* The rows get their new value first, while nobody has to wait. */
static bool
add_updates(WfEnumPlan *plan, List *gone)
{
	bool		any = false;
	ListCell   *lc;

	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		if (column->kind == RELKIND_MATVIEW || !column->is_stored || column->rows == 0)
			continue;
		if (!any)
			wf_enum_step(plan, pstrdup("BEGIN;"), -1, "before the type changes, so that readers and writers go on meanwhile");
		any = true;
		wf_enum_step(plan, wf_enum_update(&plan->type, column, gone, plan->options.replace_with), column->rows,
					 column->rows < 0 ? "the rows were not counted" : "where it takes long, run it in parts with COMMIT between them");
	}
	if (any)
		wf_enum_step(plan, pstrdup("COMMIT;"), -1, NULL);
	return any;
}

/* The statements of a script, with what must come behind its BEGINs. */
static void
add_script(WfEnumPlan *plan, const char *script, const char *comment, List *gone, bool updates)
{
	WfReader   *reader = wf_ddl_reader_begin(script, strlen(script));
	WfStatement statement;
	bool		first = true;

	while (wf_ddl_reader_next(reader, &statement))
	{
		CHECK_FOR_INTERRUPTS();
		if (statement.node && IsA(statement.node, TransactionStmt) &&
			((TransactionStmt *) statement.node)->kind == TRANS_STMT_BEGIN)
		{
			wf_enum_begin(plan, NULL);
			if (first && updates)
				take_over_stragglers(plan, gone);
			first = false;
			continue;
		}
		wf_enum_step(plan, psprintf("%s;", statement.source), wf_enum_table_rows(plan, statement.node),
					 statement.node && IsA(statement.node, CreateEnumStmt) ? comment : NULL);
	}
}

/* Rows that have got one of the values since the first transaction. */
static void
take_over_stragglers(WfEnumPlan *plan, List *gone)
{
	List	   *tables = NIL;
	ListCell   *lc;

	if (plan->options.lock_timeout)
		wf_enum_step(plan, psprintf("SET LOCAL lock_timeout = %s;", quote_literal_cstr(plan->options.lock_timeout)), -1,
					 "rather fail and try again than make all wait that queue up behind");
	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		if (column->kind != RELKIND_MATVIEW && column->kind != RELKIND_FOREIGN_TABLE && !wf_common_list_has(tables, column->table))
			tables = lappend(tables, column->table);
	}
	foreach(lc, tables)
		wf_enum_step(plan, psprintf("LOCK TABLE %s IN ACCESS EXCLUSIVE MODE;", (char *) lfirst(lc)), -1,
					 lc == list_head(tables) ? "nobody writes one of the values any more" : NULL);
	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		/*
		 * Where no row holds a value that no plan can replace, a new one
		 * fails.
		 */
		if (column->rows == 0 && !wf_enum_can_replace(column))
			continue;
		if (column->kind != RELKIND_MATVIEW && column->is_stored)
			wf_enum_step(plan, wf_enum_update(&plan->type, column, gone, plan->options.replace_with), -1,
						 "for rows that came since the counting");
	}
	wf_enum_step(plan, pstrdup("SET CONSTRAINTS ALL IMMEDIATE;"), -1, "no table is altered while checks wait for its rows");
}

static void
count(WfEnumPlan *plan, List *values)
{
	if (plan->options.count_rows)
		wf_enum_count(&plan->type, values, plan->options.count_timeout);
}

/* ---- what is asked of the options ------------------------------------------ */

static char *
one_value(WfEnumPlan *plan)
{
	need(plan, plan->options.value, "value");
	if (list_length(plan->options.value) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("operation \"%s\" takes one value", plan->operation),
				 errhint("Plan the others one after another.")));
	return linitial(plan->options.value);
}

static void
need(WfEnumPlan *plan, const void *option, const char *name)
{
	if (!option)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("operation \"%s\" needs option \"%s\"", plan->operation, name),
				 errhint("Write for example '%s'.", find_operation(plan->operation)->example)));
}

static void
need_label(WfEnumPlan *plan, const char *label)
{
	if (!wf_common_list_has(plan->type.labels, label))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("enum %s has no value \"%s\"", plan->type.name, label),
				 errhint("It has %s.", list_text(plan->type.labels))));
}

static void
need_new_label(WfEnumPlan *plan, const char *label)
{
	if (wf_common_list_has(plan->type.labels, label))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("enum %s has a value \"%s\" already", plan->type.name, label),
				 errhint("To join two values use operation \"merge\".")));
	if (label[0] == '\0' || strlen(label) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is no value for an enum", label),
				 errdetail("A value has 1 to %d bytes.", NAMEDATALEN - 1)));
}

/* Only the owner of a table can change the type of its columns. */
static void
need_owned_tables(WfEnumPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->type.columns)
	{
		WfEnumColumn *column = lfirst(lc);

		if (!column->is_owned)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be owner of %s, whose column %s uses enum %s", column->table, column->name, plan->type.name),
					 errhint("Plan as a role that owns all tables that use the type: SET ROLE ...;")));
	}
}

/* "a", "b" */
static char *
list_text(List *items)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, items)
		appendStringInfo(&text, "%s\"%s\"", lc == list_head(items) ? "" : ", ", (char *) lfirst(lc));
	return text.data;
}
