/*
 * definition.c: the definition of an object, as text.
 *
 * What the server can write is asked of it; of tables and types it can't, so
 * these are written here, a line a column, constraint or label.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "record/definition.h"

/* What the server writes by itself. */
static const struct
{
	Oid			class;
	Oid			function;
}			writers[] = {
	{ProcedureRelationId, F_PG_GET_FUNCTIONDEF},
	{ConstraintRelationId, F_PG_GET_CONSTRAINTDEF_OID},
	{TriggerRelationId, F_PG_GET_TRIGGERDEF_OID},
	{RewriteRelationId, F_PG_GET_RULEDEF_OID},
	{StatisticExtRelationId, F_PG_GET_STATISTICSOBJDEF},
};

static char *relation_definition(Oid relid);
static char *type_definition(Oid type);
static void add_columns(StringInfo buf, Oid relid, int count);
static void add_constraints(StringInfo buf, Oid relid);
static void add_labels(StringInfo buf, Oid type);
static char *column_line(Form_pg_attribute attribute);
static char *default_of(Oid relid, AttrNumber column);
static char *ask(Oid function, Oid object);

/* NULL: it has none that can be told, or is not there. */
char *
wf_record_definition(const ObjectAddress *address)
{
	if (address->classId == RelationRelationId && address->objectSubId > 0)
	{
		char	   *name = get_attname(address->objectId, address->objectSubId, true);

		return name ? wf_record_column(address->objectId, name) : NULL;
	}
	if (address->classId == RelationRelationId)
		return relation_definition(address->objectId);
	if (address->classId == TypeRelationId)
		return type_definition(address->objectId);
	for (int i = 0; i < lengthof(writers); i++)
	{
		if (writers[i].class == address->classId &&
			!(address->classId == ProcedureRelationId && get_func_prokind(address->objectId) == PROKIND_AGGREGATE))
			return ask(writers[i].function, address->objectId);
	}
	return NULL;
}

static char *
relation_definition(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	StringInfoData buf;
	Form_pg_class form;
	char		kind;
	int			columns;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_class) GETSTRUCT(tuple);
	kind = form->relkind;
	columns = form->relnatts;
	ReleaseSysCache(tuple);
	switch (kind)
	{
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX:
			return ask(F_PG_GET_INDEXDEF_OID, relid);
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
			return ask(F_PG_GET_VIEWDEF_OID, relid);
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
		case RELKIND_COMPOSITE_TYPE:
			initStringInfo(&buf);
			add_columns(&buf, relid, columns);
			add_constraints(&buf, relid);
			return buf.len ? buf.data : NULL;
		default:
			return NULL;
	}
}

static char *
type_definition(Oid type)
{
	StringInfoData buf;

	initStringInfo(&buf);
	switch (get_typtype(type))
	{
		case TYPTYPE_ENUM:
			add_labels(&buf, type);
			break;
		case TYPTYPE_DOMAIN:
			{
				int32		typmod = -1;
				Oid			base = getBaseTypeAndTypmod(type, &typmod);

				appendStringInfoString(&buf, format_type_with_typemod(base, typmod));
				break;
			}
		case TYPTYPE_COMPOSITE:
			return relation_definition(get_typ_typrelid(type));
		default:
			return NULL;
	}
	return buf.data;
}

static void
add_line(StringInfo buf, const char *line)
{
	if (buf->len)
		appendStringInfoChar(buf, '\n');
	appendStringInfoString(buf, line);
}

static void
add_columns(StringInfo buf, Oid relid, int count)
{
	for (int column = 1; column <= count && buf->len <= WF_RECORD_DEFINITION_KEPT; column++)
	{
		HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(column));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (!((Form_pg_attribute) GETSTRUCT(tuple))->attisdropped)
			add_line(buf, column_line((Form_pg_attribute) GETSTRUCT(tuple)));
		ReleaseSysCache(tuple);
	}
}

/* The column as CREATE TABLE has it; NULL: there is none. */
char *
wf_record_column(Oid relid, const char *name)
{
	HeapTuple	tuple = SearchSysCacheAttName(relid, name);
	char	   *line;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	line = column_line((Form_pg_attribute) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return line;
}

static char *
column_line(Form_pg_attribute attribute)
{
	StringInfoData buf;
	char	   *expression = attribute->atthasdef ? default_of(attribute->attrelid, attribute->attnum) : NULL;

	initStringInfo(&buf);
	appendStringInfo(&buf, "%s %s", quote_identifier(NameStr(attribute->attname)),
					 format_type_with_typemod(attribute->atttypid, attribute->atttypmod));
	if (OidIsValid(attribute->attcollation) && attribute->attcollation != get_typcollation(attribute->atttypid))
		appendStringInfo(&buf, " COLLATE %s", quote_identifier(get_collation_name(attribute->attcollation)));
	if (attribute->attnotnull)
		appendStringInfoString(&buf, " NOT NULL");
	if (attribute->attidentity)
		appendStringInfo(&buf, " GENERATED %s AS IDENTITY", attribute->attidentity == 'a' ? "ALWAYS" : "BY DEFAULT");
	if (expression && attribute->attgenerated)
		appendStringInfo(&buf, " GENERATED ALWAYS AS (%s)%s", expression, attribute->attgenerated == 's' ? " STORED" : "");
	else if (expression)
		appendStringInfo(&buf, " DEFAULT %s", expression);
	return buf.data;
}

static char *
default_of(Oid relid, AttrNumber column)
{
	Relation	rel = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *expression = NULL;

	ScanKeyInit(&keys[0], Anum_pg_attrdef_adrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_attrdef_adnum, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(column));
	scan = systable_beginscan(rel, AttrDefaultIndexId, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_attrdef_adbin, RelationGetDescr(rel), &isnull);

		if (!isnull)
			expression = TextDatumGetCString(OidFunctionCall2(F_PG_GET_EXPR_PG_NODE_TREE_OID, value,
															  ObjectIdGetDatum(relid)));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return expression;
}

/* By name; those of NOT NULL, which have rows from 18 on, stand with their columns. */
static void
add_constraints(StringInfo buf, Oid relid)
{
	Relation	rel = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(rel, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)) && buf->len <= WF_RECORD_DEFINITION_KEPT)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->contype != 'n' && form->contype != 't')
			add_line(buf, psprintf("CONSTRAINT %s %s", quote_identifier(NameStr(form->conname)),
								   ask(F_PG_GET_CONSTRAINTDEF_OID, form->oid)));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* A table's constraint by name; NULL: there is none. */
char *
wf_record_constraint(Oid relid, const char *name)
{
	Oid			constraint = get_relation_constraint_oid(relid, name, true);
	char	   *definition = OidIsValid(constraint) ? ask(F_PG_GET_CONSTRAINTDEF_OID, constraint) : NULL;

	return definition ? psprintf("CONSTRAINT %s %s", quote_identifier(name), definition) : NULL;
}

/* In their order. */
static void
add_labels(StringInfo buf, Oid type)
{
	Relation	rel = table_open(EnumRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Relation	index = index_open(EnumTypIdSortOrderIndexId, AccessShareLock);

	ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
	scan = systable_beginscan_ordered(rel, index, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)) &&
		   buf->len <= WF_RECORD_DEFINITION_KEPT)
		add_line(buf, quote_literal_cstr(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel)));
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
}

/* What a pg_get_...def(oid) answers; NULL where it has no answer. */
static char *
ask(Oid function, Oid object)
{
	FmgrInfo	flinfo;
	Datum		value;

	LOCAL_FCINFO(fcinfo, 1);
	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*fcinfo, &flinfo, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(object);
	fcinfo->args[0].isnull = false;
	value = FunctionCallInvoke(fcinfo);
	return fcinfo->isnull ? NULL : TextDatumGetCString(value);
}

/* The first bytes of text, cut between characters. */
char *
wf_record_clip(const char *text, int limit)
{
	int			length = strlen(text);

	if (length <= limit)
		return pstrdup(text);
	return pnstrdup(text, pg_mbcliplen(text, length, limit));
}
