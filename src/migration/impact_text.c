/*
 * impact_text.c: what a text of SQL uses, held against what is reached.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "ddl/statement.h"
#include "migration/impact.h"

static bool same_relation(const WfText *text, const WfRelationUse *use, const WfRelation *meant, const WfReached *reached);
static bool names_object(List *lists, const char *name, Oid schema);
static void columns_of(const WfUses *uses, const WfRelationUse *use, const WfReached *reached,
					   bool *reads, bool *writes, List **columns);
static void add_name(List **names, char *name);

/*
 * Adds the statements of a text.  Names are resolved here, under the
 * search_path in force.
 */
void
wf_impact_text_add(WfCatalog *catalog, WfText *text, const char *sql)
{
	WfReader   *reader = wf_ddl_reader_begin(sql, strlen(sql));
	WfStatement statement;

	while (wf_ddl_reader_next(reader, &statement))
	{
		WfUses	   *uses;
		List	   *meant = NIL;
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		if (statement.kind != WF_STATEMENT_SQL)
		{
			text->is_partial = true;
			continue;
		}
		if (statement.node == NULL)
			continue;
		uses = palloc(sizeof(WfUses));
		wf_ddl_uses(statement.node, uses);
		foreach(lc, uses->relations)
			meant = lappend(meant, catalog->relation(catalog, ((WfRelationUse *) lfirst(lc))->name));
		text->uses = lappend(text->uses, uses);
		text->relations = lappend(text->relations, meant);
	}
}

/*
 * How the text uses what is reached; NULL: not at all.  *columns becomes those
 * that it uses of it, where it is a relation.
 */
const char *
wf_impact_text_use(WfCatalog *catalog, const WfText *text, const WfReached *reached, List **columns)
{
	bool		reads = false;
	bool		writes = false;
	ListCell   *lc;
	ListCell   *lc2;

	*columns = NIL;
	forboth(lc, text->uses, lc2, text->relations)
	{
		WfUses	   *uses = lfirst(lc);
		ListCell   *lc3;
		ListCell   *lc4;

		if (reached->address.classId == ProcedureRelationId &&
			names_object(uses->routines, reached->name, get_func_namespace(reached->address.objectId)))
			return WF_HOW_CALLS;
		if (reached->address.classId == TypeRelationId && names_object(uses->types, reached->name, InvalidOid))
			return WF_HOW_REFERENCES;
		if (reached->address.classId != RelationRelationId)
			continue;
		forboth(lc3, uses->relations, lc4, (List *) lfirst(lc2))
		{
			WfRelationUse *use = lfirst(lc3);

			if (same_relation(text, use, lfirst(lc4), reached))
				columns_of(uses, use, reached, &reads, &writes, columns);
		}
	}
	return writes ? WF_HOW_WRITES : reads ? WF_HOW_READS : NULL;
}

/* A name without schema that means nothing here may mean it to others. */
static bool
same_relation(const WfText *text, const WfRelationUse *use, const WfRelation *meant, const WfReached *reached)
{
	if (meant)
		return meant->relid == reached->address.objectId;
	return !text->is_settled && use->name->schemaname == NULL && strcmp(use->name->relname, reached->name) == 0;
}

static bool
names_object(List *lists, const char *name, Oid schema)
{
	ListCell   *lc;

	foreach(lc, lists)
	{
		List	   *names = lfirst(lc);
		char	   *schema_name = OidIsValid(schema) ? get_namespace_name(schema) : NULL;

		if (strcmp(strVal(llast(names)), name) == 0 &&
			(list_length(names) < 2 || schema_name == NULL ||
			 strcmp(strVal(list_nth(names, list_length(names) - 2)), schema_name) == 0))
			return true;
	}
	return false;
}

/* Which columns of the relation the statement uses, and how. */
static void
columns_of(const WfUses *uses, const WfRelationUse *use, const WfReached *reached,
		   bool *reads, bool *writes, List **columns)
{
	List	   *read = NIL;
	List	   *written = NIL;
	ListCell   *lc;

	wf_impact_split_columns(reached->address.objectId, uses, use, &read, &written);
	if (reached->column == NULL)
	{
		*reads |= !use->writes || read != NIL;
		*writes |= use->writes;
	}
	foreach(lc, written)
	{
		if (reached->column && strcmp(lfirst(lc), reached->column) != 0)
			continue;
		*writes = true;
		add_name(columns, lfirst(lc));
	}
	foreach(lc, read)
	{
		if (reached->column && strcmp(lfirst(lc), reached->column) != 0)
			continue;
		*reads = true;
		add_name(columns, lfirst(lc));
	}
}

/* The relation's columns that the statement reads and writes: lists of char *. */
void
wf_impact_split_columns(Oid relid, const WfUses *uses, const WfRelationUse *use, List **reads, List **writes)
{
	ListCell   *lc;

	foreach(lc, wf_impact_column_names(relid, bms_make_singleton(0)))
	{
		char	   *name = lfirst(lc);

		if (wf_ddl_uses_reads(uses, use, name))
			add_name(reads, name);
		if (wf_ddl_uses_writes(use, name))
			add_name(writes, name);
	}
}

static void
add_name(List **names, char *name)
{
	ListCell   *lc;

	foreach(lc, *names)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return;
	}
	*names = lappend(*names, name);
}
