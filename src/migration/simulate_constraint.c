/*
 * simulate_constraint.c: constraints and indexes that the text under check makes.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "common/list.h"
#include "ddl/deparse.h"
#include "migration/simulate.h"

static ColumnDef *column_named(List *elements, const char *name);
static void note_primary_key(WfSimulation *simulation, SimRelation *relation, List *columns);
static void use_index(WfSimulation *simulation, SimRelation *relation, Constraint *constraint, WfConstraint *made);
static void note_referenced(WfSimulation *simulation, Constraint *constraint, WfConstraint *made);

/* The indexes of another table, under names that the server chooses. */
void
wf_sim_copy_indexes(WfSimulation *simulation, SimRelation *relation, RangeVar *from)
{
	WfCatalog  *catalog = &simulation->catalog;
	ListCell   *lc;

	/* LIKE may name the very table, whose indexes become more. */
	foreach(lc, list_copy(catalog->indexes(catalog, catalog->relation(catalog, from))))
	{
		WfIndex		index = *(WfIndex *) lfirst(lc);

		index.indexid = InvalidOid;
		index.name = wf_sim_chosen_name(simulation, relation, index.is_primary ? NIL : index.columns,
										index.is_primary ? "pkey" : "idx");
		wf_sim_add_index(simulation, relation, &index);
		if (index.is_primary)
		{
			WfConstraint key = {.name = index.name, .kind = 'p', .validated = true, .columns = index.columns};

			wf_sim_add_constraint(simulation, relation, &key);
			wf_sim_settle_primary_key(simulation, relation);
		}
	}
}

/* The types of columns with a unique index, to which foreign keys may refer. */
void
wf_sim_note_key_types(WfSimulation *simulation, SimRelation *relation, List *elements)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, relation->indexes)
	{
		foreach(lc2, ((WfIndex *) lfirst(lc))->columns)
		{
			ColumnDef  *column = lfirst(lc2) ? column_named(elements, lfirst(lc2)) : NULL;
			WfType	   *type = column && column->typeName && column->typeName->arrayBounds == NIL && column->typeName->names != NIL &&
			!column->typeName->pct_type ?
			simulation->catalog.type(&simulation->catalog, wf_ddl_plain_type_names(column->typeName)) : NULL;

			if (type)
				wf_sim_set_column(simulation, relation, column->colname)->type = type->oid;
		}
	}
}

static ColumnDef *
column_named(List *elements, const char *name)
{
	ListCell   *lc;

	foreach(lc, elements)
	{
		if (IsA(lfirst(lc), ColumnDef) && strcmp(lfirst_node(ColumnDef, lc)->colname, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/* A new constraint; column is set for one that stands with a column. */
void
wf_sim_apply_constraint(WfSimulation *simulation, SimRelation *relation, Constraint *constraint,
						const char *column)
{
	WfConstraint made = {.name = constraint->conname, .validated = !constraint->skip_validation};
	WfIndex		index = {.name = constraint->conname, .is_valid = true, .is_unique = true, .method = "btree"};
	List	   *columns = constraint->keys;
	const char *suffix;

	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			made.kind = 'c';
			made.only_not_null = true;
			made.not_null_columns = wf_ddl_not_null_columns(constraint->raw_expr, &made.only_not_null);
			suffix = "check";
			/* VALIDATE may follow. */
			if (constraint->skip_validation && simulation->source)
				made.expression = wf_ddl_check_expression(simulation->source, strlen(simulation->source), constraint);
			break;
		case CONSTR_FOREIGN:
			made.kind = 'f';
			suffix = "fkey";
			columns = constraint->fk_attrs;
			if (constraint->skip_validation)
				note_referenced(simulation, constraint, &made);
			break;
		case CONSTR_PRIMARY:
			made.kind = 'p';
			suffix = "pkey";
			index.is_primary = true;
			break;
		case CONSTR_UNIQUE:
			made.kind = 'u';
			suffix = "key";
			break;
		case CONSTR_EXCLUSION:
			made.kind = 'x';
			suffix = "excl";
			break;
		default:
			return;
	}
	made.columns = column ? list_make1((char *) column) : wf_sim_string_names(columns);
	if (constraint->indexname)
	{
		use_index(simulation, relation, constraint, &made);
		return;
	}
	if (made.name == NULL)
	{
		wf_sim_load_parts(simulation, relation);
		index.name = made.name = wf_sim_chosen_name(simulation, relation, made.kind == 'p' ? NIL : made.columns, suffix);
	}
	wf_sim_add_constraint(simulation, relation, &made);
	if (made.kind != 'p' && made.kind != 'u')
		return;
	index.columns = made.columns;
	wf_sim_add_index(simulation, relation, &index);
	if (made.kind == 'p')
		note_primary_key(simulation, relation, made.columns);
}

static void
note_primary_key(WfSimulation *simulation, SimRelation *relation, List *columns)
{
	ListCell   *lc;

	wf_sim_settle_primary_key(simulation, relation);
	foreach(lc, columns)
	{
		if (lfirst(lc))
			wf_sim_set_column(simulation, relation, lfirst(lc))->not_null = true;
	}
}

/* USING INDEX: the index that is there takes the constraint's name. */
static void
use_index(WfSimulation *simulation, SimRelation *relation, Constraint *constraint, WfConstraint *made)
{
	ListCell   *lc;

	wf_sim_load_parts(simulation, relation);
	if (made->name == NULL)
		made->name = constraint->indexname;
	foreach(lc, relation->indexes)
	{
		WfIndex    *index = lfirst(lc);

		if (index->name == NULL || strcmp(index->name, constraint->indexname) != 0)
			continue;
		index->name = wf_sim_string(simulation, made->name);
		index->is_primary = made->kind == 'p';
		made->columns = index->columns;
	}
	wf_sim_add_constraint(simulation, relation, made);
	if (made->kind == 'p')
		note_primary_key(simulation, relation, made->columns);
}

/* What a foreign key refers to, where that is a table of the database. */
static void
note_referenced(WfSimulation *simulation, Constraint *constraint, WfConstraint *made)
{
	WfCatalog  *catalog = &simulation->catalog;
	WfRelation *referenced = catalog->relation(catalog, constraint->pktable);
	ListCell   *lc;

	if (!OidIsValid(referenced->relid))
		return;
	made->foreign_table = wf_ddl_quote_name(referenced->schema, referenced->name);
	made->foreign_columns = wf_sim_string_names(constraint->pk_attrs);
	foreach(lc, constraint->pk_attrs == NIL ? catalog->indexes(catalog, referenced) : NIL)
	{
		if (((WfIndex *) lfirst(lc))->is_primary)
			made->foreign_columns = ((WfIndex *) lfirst(lc))->columns;
	}
}

void
wf_sim_apply_index(WfSimulation *simulation, IndexStmt *stmt)
{
	SimRelation *relation = wf_sim_relation(simulation, stmt->relation);
	WfIndex		index = {
		.name = stmt->idxname,
		.is_valid = true,
		.is_unique = stmt->unique,
		.is_partial = stmt->whereClause != NULL,
		.is_special = stmt->indexIncludingParams != NIL || stmt->nulls_not_distinct,
		.method = stmt->accessMethod,
		.lacks_only_null = stmt->whereClause != NULL,
	};
	List	   *not_null = wf_ddl_not_null_columns(stmt->whereClause, &index.lacks_only_null);
	SimRelation *made;
	RangeVar   *name;
	ListCell   *lc;

	/* An index of the name is kept as it is. */
	if (stmt->if_not_exists && stmt->idxname &&
		!simulation->catalog.relation(&simulation->catalog,
									  makeRangeVar(stmt->relation->schemaname, stmt->idxname, -1))->missing)
		return;
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);

		index.columns = lappend(index.columns, element->name);
		index.is_special |= element->opclass != NIL || element->collation != NIL ||
			element->ordering != SORTBY_DEFAULT || element->nulls_ordering != SORTBY_NULLS_DEFAULT;
	}
	foreach(lc, not_null)
		index.lacks_only_null &= wf_common_list_has(index.columns, lfirst(lc));
	wf_sim_load_parts(simulation, relation);
	if (index.name == NULL)
		index.name = wf_sim_chosen_name(simulation, relation, index.columns, "idx");
	wf_sim_add_index(simulation, relation, &index);
	name = makeRangeVar(relation->key.schema ? pstrdup(relation->key.schema) : NULL, index.name, -1);
	if (!simulation->catalog.relation(&simulation->catalog, name)->missing)
		return;
	made = wf_sim_create(simulation, name, RELKIND_INDEX);
	made->table = relation->key;
}
