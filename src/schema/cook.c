/*
 * cook.c: DDL text of others as the server itself would store and show it.
 *
 * Two tools write the same default as now(), NOW() and CURRENT_TIMESTAMP, the
 * same type as varchar(20) and character varying(20).  Here such text takes the
 * way that it would take in a command, parse analysis against the live
 * catalogs, and is deparsed again; nothing is executed or created.  Names in
 * it are looked up along path, deparsed ones follow the settings in force.
 *
 * Each function returns NULL where the server cannot make sense of the text,
 * for example because a column that it names is not there.
 */
#include "common/compat.h"

#include "access/relation.h"
#include "catalog/heap.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "parser/parse_utilcmd.h"
#include "parser/parser.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "common/protect.h"
#include "schema/cook.h"
#include "schema/cook_index.h"

/* One text on its way: what it is resolved against, and what came of it. */
typedef struct Cooking
{
	void		(*parse) (struct Cooking *cooking);
	void		(*show) (struct Cooking *cooking);
	const char *path;
	const char *text;
	Oid			table;			/* whose columns the text may name, or
								 * InvalidOid */
	Oid			type;
	int32		typmod;
	bool		generated;
	Node	   *node;
	List	   *relations;		/* Oid: what a query reads */
	char	   *result;
} Cooking;

static char *cook(Cooking *cooking);
static void cook_protected(void *arg);
static void parse_type(Cooking *cooking);
static void show_type(Cooking *cooking);
static void parse_default(Cooking *cooking);
static void parse_check(Cooking *cooking);
static void show_expression(Cooking *cooking);
static void show_check(Cooking *cooking);
static void parse_index(Cooking *cooking);
static void show_index(Cooking *cooking);
static void parse_view(Cooking *cooking);
static void show_view(Cooking *cooking);
static Node *raw_expression(const char *text);
static Node *raw_statement(const char *text);
static ParseState *state_of(Cooking *cooking);

/* A column type, as format_type() shows it; *type and *typmod are set. */
char *
wf_schema_cook_type(const char *path, const char *text, Oid *type, int32 *typmod)
{
	Cooking		cooking = {.parse = parse_type, .show = show_type, .path = path, .text = text};

	*type = InvalidOid;
	*typmod = -1;
	if (!cook(&cooking))
		return NULL;
	*type = cooking.type;
	*typmod = cooking.typmod;
	return cooking.result;
}

/*
 * A default of a column of this type; "" for one that the server would not
 * keep.  *is_volatile: it is computed for each row.
 */
char *
wf_schema_cook_default(const char *path, const char *text, Oid type, int32 typmod, bool *is_volatile)
{
	Cooking		cooking = {.parse = parse_default, .show = show_expression, .path = path, .text = text,
	.type = type, .typmod = typmod};
	char	   *result = cook(&cooking);

	*is_volatile = result && contain_volatile_functions(cooking.node);
	return result;
}

/* The expression of a generated column of a table. */
char *
wf_schema_cook_generated(const char *path, const char *text, Oid table, Oid type, int32 typmod)
{
	Cooking		cooking = {.parse = parse_default, .show = show_expression, .path = path, .text = text,
	.table = table, .type = type, .typmod = typmod, .generated = true};

	return cook(&cooking);
}

/* The condition of a check constraint of a table, as its definition. */
char *
wf_schema_cook_check(const char *path, const char *text, Oid table)
{
	Cooking		cooking = {.parse = parse_check, .show = show_check, .path = path, .text = text,
	.table = table};

	return cook(&cooking);
}

/* CREATE INDEX on a table: what follows the table's name, without WITH. */
char *
wf_schema_cook_index(const char *path, const char *text, Oid table)
{
	Cooking		cooking = {.parse = parse_index, .show = show_index, .path = path, .text = text,
	.table = table};

	return cook(&cooking);
}

/* The query of a view; *relations are the OIDs of what it reads. */
char *
wf_schema_cook_view(const char *path, const char *text, List **relations)
{
	Cooking		cooking = {.parse = parse_view, .show = show_view, .path = path, .text = text};
	char	   *result = cook(&cooking);

	*relations = cooking.relations;
	return result;
}

static char *
cook(Cooking *cooking)
{
	if (!wf_common_protect(cook_protected, cooking, NULL))
		return NULL;
	return cooking->result;
}

static void
cook_protected(void *arg)
{
	Cooking    *cooking = arg;
	Relation	relation = NULL;
	int			nest_level;

	/* The lock keeps the columns in place until they are shown. */
	if (OidIsValid(cooking->table))
		relation = relation_open(cooking->table, AccessShareLock);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", cooking->path, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	cooking->parse(cooking);
	AtEOXact_GUC(false, nest_level);
	cooking->show(cooking);
	if (relation)
		relation_close(relation, AccessShareLock);
}

static void
parse_type(Cooking *cooking)
{
	wf_parse_type_string(cooking->text, &cooking->type, &cooking->typmod);
}

static void
show_type(Cooking *cooking)
{
	cooking->result = format_type_with_typemod(cooking->type, cooking->typmod);
}

static void
parse_default(Cooking *cooking)
{
	cooking->node = cookDefault(state_of(cooking), raw_expression(cooking->text), cooking->type,
								cooking->typmod, "column", cooking->generated ? 's' : '\0');
}

/* As cookConstraint() of the server does it. */
static void
parse_check(Cooking *cooking)
{
	ParseState *pstate = state_of(cooking);
	Node	   *node = transformExpr(pstate, raw_expression(cooking->text), EXPR_KIND_CHECK_CONSTRAINT);

	node = coerce_to_boolean(pstate, node, "CHECK");
	assign_expr_collations(pstate, node);
	cooking->node = node;
}

/* A default that is plain NULL is none. */
static void
show_expression(Cooking *cooking)
{
	if (IsA(cooking->node, Const) && ((Const *) cooking->node)->constisnull && !cooking->generated)
		cooking->result = pstrdup("");
	else
		cooking->result = wf_schema_show_expression(cooking->node, cooking->table);
}

static void
show_check(Cooking *cooking)
{
	cooking->result = psprintf("CHECK (%s)", wf_schema_show_expression(cooking->node, cooking->table));
}

/* An expression over the columns of a table, as pg_get_expr() shows it. */
char *
wf_schema_show_expression(Node *node, Oid table)
{
	return TextDatumGetCString(DirectFunctionCall2(pg_get_expr, CStringGetTextDatum(nodeToString(node)),
												   ObjectIdGetDatum(table)));
}

static void
parse_index(Cooking *cooking)
{
	Node	   *statement = raw_statement(cooking->text);

	if (!IsA(statement, IndexStmt))
		elog(ERROR, "not an index");
	cooking->node = (Node *) transformIndexStmt(cooking->table, (IndexStmt *) statement, cooking->text);
	wf_schema_resolve_index((IndexStmt *) cooking->node, cooking->table);
}

static void
show_index(Cooking *cooking)
{
	cooking->result = wf_schema_show_index((IndexStmt *) cooking->node, cooking->table);
}

static void
parse_view(Cooking *cooking)
{
	Node	   *statement = raw_statement(cooking->text);
	RawStmt    *raw = makeNode(RawStmt);
	Query	   *query;
	ListCell   *lc;

	raw->stmt = statement;
	query = parse_analyze_fixedparams(raw, cooking->text, NULL, 0, NULL);
	if (query->commandType != CMD_SELECT || query->utilityStmt)
		elog(ERROR, "not a query");
	foreach(lc, query->rtable)
	{
		RangeTblEntry *rte = lfirst(lc);

		if (rte->rtekind == RTE_RELATION)
			cooking->relations = lappend_oid(cooking->relations, rte->relid);
	}
	cooking->node = (Node *) query;
}

/*
 * Before 16 the stored query of a view begins with two entries for OLD and
 * NEW, which make the server qualify all columns.
 */
static void
show_view(Cooking *cooking)
{
	static const char *const names[] = {"new", "old"};
	Query	   *query = (Query *) cooking->node;

	for (int i = 0; i < WF_VIEW_EXTRA_ENTRIES; i++)
	{
		RangeTblEntry *rte = makeNode(RangeTblEntry);

		rte->rtekind = RTE_RESULT;
		rte->alias = makeAlias(names[i], NIL);
		rte->eref = makeAlias(names[i], NIL);
		OffsetVarNodes((Node *) query, 1, 0);
		query->rtable = lcons(rte, query->rtable);
	}
	cooking->result = pg_get_querydef(query, false);
}

/* The one expression that a text is. */
static Node *
raw_expression(const char *text)
{
	Node	   *statement = raw_statement(psprintf("SELECT %s", text));
	SelectStmt *select = (SelectStmt *) statement;
	ResTarget  *target;

	if (!IsA(statement, SelectStmt) || list_length(select->targetList) != 1 || select->fromClause ||
		select->whereClause || select->op != SETOP_NONE)
		elog(ERROR, "not one expression");
	target = linitial(select->targetList);
	if (target->name || !target->val)
		elog(ERROR, "not one expression");
	return target->val;
}

static Node *
raw_statement(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_DEFAULT);

	if (list_length(statements) != 1)
		elog(ERROR, "not one statement");
	return ((RawStmt *) linitial(statements))->stmt;
}

static ParseState *
state_of(Cooking *cooking)
{
	ParseState *pstate = make_parsestate(NULL);

	pstate->p_sourcetext = cooking->text;
	if (OidIsValid(cooking->table))
	{
		Relation	relation = relation_open(cooking->table, NoLock);

		addNSItemToQuery(pstate, addRangeTableEntryForRelation(pstate, relation, AccessShareLock,
															   NULL, false, true),
						 true, true, true);
		relation_close(relation, NoLock);
	}
	return pstate;
}
