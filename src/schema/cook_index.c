/*
 * cook_index.c: an index that was only parsed, as pg_get_indexdef() would show
 * it were it made.
 */
#include "common/compat.h"

#include "access/amapi.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_opclass.h"
#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "schema/cook_index.h"

/* What a key is: a column, or an expression over columns. */
typedef struct IndexKey
{
	char	   *text;
	Oid			type;
	Oid			collation;
} IndexKey;

static List *opclass_name(Oid opclass);
static List *collation_name(Oid collation);
static void show_key(StringInfo buf, IndexElem *element, IndexStmt *index, Oid table, Oid method);
static IndexKey key_of(IndexElem *element, Oid table);
static IndexKey column_key(Oid table, AttrNumber attnum);
static void show_order(StringInfo buf, IndexElem *element);
static bool looks_like_function(Node *node);

/*
 * Puts names that were found along the search path in full, as they will be
 * shown under another one.
 */
void
wf_schema_resolve_index(IndexStmt *index, Oid table)
{
	Oid			method = get_am_oid(index->accessMethod, false);
	ListCell   *lc;

	foreach(lc, index->indexParams)
	{
		IndexElem  *element = lfirst(lc);

		if (element->opclass)
			element->opclass = opclass_name(ResolveOpClass(element->opclass, key_of(element, table).type,
														   index->accessMethod, method));
		if (element->collation)
			element->collation = collation_name(get_collation_oid(element->collation, false));
	}
}

static List *
opclass_name(Oid opclass)
{
	HeapTuple	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	Form_pg_opclass form;
	List	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass);
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	name = list_make2(makeString(get_namespace_name(form->opcnamespace)),
					  makeString(pstrdup(NameStr(form->opcname))));
	ReleaseSysCache(tuple);
	return name;
}

static List *
collation_name(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	List	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	name = list_make2(makeString(get_namespace_name(form->collnamespace)),
					  makeString(pstrdup(NameStr(form->collname))));
	ReleaseSysCache(tuple);
	return name;
}

/*
 * What follows the table's name: "USING btree (a DESC) INCLUDE (b) WHERE (c >
 * 0)"; storage parameters are left out.  Raises an error for what the server
 * would refuse.
 */
char *
wf_schema_show_index(IndexStmt *index, Oid table)
{
	Oid			method = get_am_oid(index->accessMethod, false);
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	appendStringInfo(&buf, "USING %s (", quote_identifier(index->accessMethod));
	foreach(lc, index->indexParams)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoString(&buf, ", ");
		show_key(&buf, lfirst(lc), index, table, method);
	}
	appendStringInfoChar(&buf, ')');
	foreach(lc, index->indexIncludingParams)
		appendStringInfo(&buf, "%s%s", foreach_current_index(lc) > 0 ? ", " : " INCLUDE (",
						 key_of(lfirst(lc), table).text);
	if (index->indexIncludingParams)
		appendStringInfoChar(&buf, ')');
	if (index->nulls_not_distinct)
		appendStringInfoString(&buf, " NULLS NOT DISTINCT");
	if (index->whereClause)
		appendStringInfo(&buf, " WHERE %s", wf_schema_show_expression(index->whereClause, table));
	return buf.data;
}

static void
show_key(StringInfo buf, IndexElem *element, IndexStmt *index, Oid table, Oid method)
{
	IndexKey	key = key_of(element, table);
	Oid			collation = key.collation;
	Oid			opclass;

	if (element->collation)
		collation = get_collation_oid(element->collation, false);
	else if (element->expr && IsA(element->expr, CollateExpr))
		collation = ((CollateExpr *) element->expr)->collOid;
	appendStringInfoString(buf, key.text);
	if (OidIsValid(collation) && collation != key.collation)
		appendStringInfo(buf, " COLLATE %s", generate_collation_name(collation));

	opclass = ResolveOpClass(element->opclass, key.type, index->accessMethod, method);
	if (opclass != GetDefaultOpClass(key.type, method))
		appendStringInfo(buf, " %s", generate_opclass_name(opclass));
	if (element->opclassopts)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("options of an operator class are not shown")));
	if (GetIndexAmRoutineByAmId(method, false)->amcanorder)
		show_order(buf, element);
}

static IndexKey
key_of(IndexElem *element, Oid table)
{
	IndexKey	key;
	Node	   *node = element->expr;

	if (element->name)
	{
		AttrNumber	attnum = get_attnum(table, element->name);

		if (attnum <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" does not exist", element->name)));
		return column_key(table, attnum);
	}
	while (IsA(node, CollateExpr))
		node = (Node *) ((CollateExpr *) node)->arg;
	if (IsA(node, Var) && ((Var *) node)->varattno > 0)
		return column_key(table, ((Var *) node)->varattno);
	key.text = wf_schema_show_expression(node, table);
	if (!looks_like_function(node))
		key.text = psprintf("(%s)", key.text);
	key.type = exprType(node);
	key.collation = exprCollation(node);
	return key;
}

static IndexKey
column_key(Oid table, AttrNumber attnum)
{
	IndexKey	key;
	int32		typmod;

	get_atttypetypmodcoll(table, attnum, &key.type, &typmod, &key.collation);
	key.text = pstrdup(quote_identifier(get_attname(table, attnum, false)));
	return key;
}

static void
show_order(StringInfo buf, IndexElem *element)
{
	bool		descending = element->ordering == SORTBY_DESC;
	bool		nulls_first = element->nulls_ordering == SORTBY_NULLS_DEFAULT ? descending
	: element->nulls_ordering == SORTBY_NULLS_FIRST;

	if (descending)
		appendStringInfoString(buf, " DESC");
	if (nulls_first != descending)
		appendStringInfoString(buf, nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

/* What the grammar takes as a key without parentheses, by ruleutils.c of the server. */
static bool
looks_like_function(Node *node)
{
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			return ((FuncExpr *) node)->funcformat == COERCE_EXPLICIT_CALL ||
				((FuncExpr *) node)->funcformat == COERCE_SQL_SYNTAX;
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_NullIfExpr:
		case T_SQLValueFunction:
		case T_XmlExpr:
			return true;
		default:
			return false;
	}
}
