/*
 * describe_create.c: statements that make an object, in plain words.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/describe.h"

static void create_table(WfWords *words, Node *node);
static void create_table_as(WfWords *words, Node *node);
static void create_view(WfWords *words, Node *node);
static void create_index(WfWords *words, Node *node);
static void create_schema(WfWords *words, Node *node);
static void create_sequence(WfWords *words, Node *node);
static void create_enum(WfWords *words, Node *node);
static void create_composite(WfWords *words, Node *node);
static void create_domain(WfWords *words, Node *node);
static void create_function(WfWords *words, Node *node);
static void create_trigger(WfWords *words, Node *node);
static void create_policy(WfWords *words, Node *node);
static void create_extension(WfWords *words, Node *node);

static const struct
{
	NodeTag		tag;
	void		(*describe) (WfWords *words, Node *node);
}			forms[] = {
	{T_CreateStmt, create_table},
	{T_CreateForeignTableStmt, create_table},
	{T_CreateTableAsStmt, create_table_as},
	{T_ViewStmt, create_view},
	{T_IndexStmt, create_index},
	{T_CreateSchemaStmt, create_schema},
	{T_CreateSeqStmt, create_sequence},
	{T_CreateEnumStmt, create_enum},
	{T_CompositeTypeStmt, create_composite},
	{T_CreateDomainStmt, create_domain},
	{T_CreateFunctionStmt, create_function},
	{T_CreateTrigStmt, create_trigger},
	{T_CreatePolicyStmt, create_policy},
	{T_CreateExtensionStmt, create_extension},
};

/* Fills object and what; false for a statement that makes nothing known here. */
bool
wf_describe_creation(WfWords *words, Node *node)
{
	for (int i = 0; i < lengthof(forms); i++)
	{
		if (forms[i].tag != nodeTag(node))
			continue;
		forms[i].describe(words, node);
		return true;
	}
	return false;
}

static void
create_table(WfWords *words, Node *node)
{
	CreateStmt *stmt = (CreateStmt *) node;
	StringInfoData text;
	const char *separator = "";
	ListCell   *lc;

	words->object = psprintf("%s %s", IsA(node, CreateForeignTableStmt) ? "foreign table" : "table", wf_ddl_range_var(stmt->relation));
	initStringInfo(&text);
	appendStringInfo(&text, "is created%s", stmt->tableElts ? ": " : "");
	foreach(lc, stmt->tableElts)
	{
		Node	   *element = lfirst(lc);

		appendStringInfoString(&text, separator);
		separator = ", ";
		if (IsA(element, ColumnDef))
			appendStringInfoString(&text, wf_describe_column((ColumnDef *) element));
		else if (IsA(element, Constraint))
			appendStringInfoString(&text, wf_describe_constraint((Constraint *) element));
		else if (IsA(element, TableLikeClause))
			appendStringInfo(&text, "columns like %s", wf_ddl_range_var(((TableLikeClause *) element)->relation));
	}
	if (stmt->partbound)
		appendStringInfo(&text, ", a partition of %s", wf_ddl_range_var(linitial(stmt->inhRelations)));
	else if (stmt->inhRelations)
		appendStringInfo(&text, ", inherits from %s", wf_ddl_range_var(linitial(stmt->inhRelations)));
	if (stmt->partspec)
		appendStringInfoString(&text, ", partitioned");
	words->what = text.data;
}

static void
create_table_as(WfWords *words, Node *node)
{
	CreateTableAsStmt *stmt = (CreateTableAsStmt *) node;

	words->object = psprintf("%s %s", stmt->objtype == OBJECT_MATVIEW ? "materialized view" : "table",
							 wf_ddl_range_var(stmt->into->rel));
	words->what = stmt->into->skipData ? "is created from a query, empty" : "is created and filled from a query";
}

static void
create_view(WfWords *words, Node *node)
{
	ViewStmt   *stmt = (ViewStmt *) node;

	words->object = psprintf("view %s", wf_ddl_range_var(stmt->view));
	words->what = stmt->replace ? "is created, or gets another query" : "is created";
}

static void
create_index(WfWords *words, Node *node)
{
	IndexStmt  *stmt = (IndexStmt *) node;
	StringInfoData text;
	ListCell   *lc;

	words->object = wf_describe_relation(words, stmt->relation, "table");
	initStringInfo(&text);
	appendStringInfo(&text, "adds %sindex%s%s on (", stmt->unique ? "unique " : "", stmt->idxname ? " " : "",
					 stmt->idxname ? quote_identifier(stmt->idxname) : "");
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);

		appendStringInfo(&text, "%s%s", lc == list_head(stmt->indexParams) ? "" : ", ",
						 element->name ? quote_identifier(element->name) : "an expression");
	}
	appendStringInfo(&text, ")%s%s", stmt->whereClause ? " of some rows" : "",
					 stmt->concurrent ? ", while work goes on" : wf_describe_rows(words, stmt->relation));
	words->what = text.data;
}

static void
create_schema(WfWords *words, Node *node)
{
	CreateSchemaStmt *stmt = (CreateSchemaStmt *) node;

	words->object = psprintf("schema %s", stmt->schemaname ? quote_identifier(stmt->schemaname) : "of a role");
	words->what = stmt->schemaElts ? psprintf("is created with %d objects", list_length(stmt->schemaElts)) : "is created";
}

static void
create_sequence(WfWords *words, Node *node)
{
	words->object = psprintf("sequence %s", wf_ddl_range_var(((CreateSeqStmt *) node)->sequence));
	words->what = "is created";
}

static void
create_enum(WfWords *words, Node *node)
{
	CreateEnumStmt *stmt = (CreateEnumStmt *) node;

	words->object = psprintf("type %s", wf_ddl_quote_names(stmt->typeName, "."));
	words->what = psprintf("is created as an enum: %s", wf_describe_names(stmt->vals));
}

static void
create_composite(WfWords *words, Node *node)
{
	CompositeTypeStmt *stmt = (CompositeTypeStmt *) node;
	StringInfoData text;
	ListCell   *lc;

	words->object = psprintf("type %s", wf_ddl_range_var(stmt->typevar));
	initStringInfo(&text);
	appendStringInfoString(&text, "is created");
	foreach(lc, stmt->coldeflist)
		appendStringInfo(&text, "%s%s", lc == list_head(stmt->coldeflist) ? ": " : ", ", wf_describe_column(lfirst(lc)));
	words->what = text.data;
}

static void
create_domain(WfWords *words, Node *node)
{
	CreateDomainStmt *stmt = (CreateDomainStmt *) node;

	words->object = psprintf("domain %s", wf_ddl_quote_names(stmt->domainname, "."));
	words->what = psprintf("is created: %s%s", wf_ddl_type_name(stmt->typeName), stmt->constraints ? ", with conditions" : "");
}

static void
create_function(WfWords *words, Node *node)
{
	CreateFunctionStmt *stmt = (CreateFunctionStmt *) node;

	words->object = psprintf("%s %s", stmt->is_procedure ? "procedure" : "function", wf_ddl_quote_names(stmt->funcname, "."));
	words->what = stmt->replace ? "is created, or gets another body" : "is created";
}

static void
create_trigger(WfWords *words, Node *node)
{
	CreateTrigStmt *stmt = (CreateTrigStmt *) node;

	words->object = wf_describe_relation(words, stmt->relation, "table");
	words->what = psprintf("adds trigger %s, which calls %s()", quote_identifier(stmt->trigname), wf_ddl_quote_names(stmt->funcname, "."));
}

static void
create_policy(WfWords *words, Node *node)
{
	CreatePolicyStmt *stmt = (CreatePolicyStmt *) node;

	words->object = wf_describe_relation(words, stmt->table, "table");
	words->what = psprintf("adds policy %s for %s", quote_identifier(stmt->policy_name), strcmp(stmt->cmd_name, "all") == 0 ? "all commands" : stmt->cmd_name);
}

static void
create_extension(WfWords *words, Node *node)
{
	words->object = psprintf("extension %s", quote_identifier(((CreateExtensionStmt *) node)->extname));
	words->what = "is installed";
}
