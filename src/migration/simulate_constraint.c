/*
 * simulate_constraint.c: constraints and indexes that the text under check makes.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"
#include "nodes/value.h"

#include "common/list.h"
#include "ddl/chosen_name.h"
#include "ddl/deparse.h"
#include "migration/simulate.h"

static bool has_like(const SimRelation *relation, const WfIndex *wanted);
static bool same_names(List *one, List *other);
static void copy_index(WfSimulation *simulation, SimRelation *relation, WfRelation *source, const WfIndex *original);
static char *label_of(const WfIndex *index);
static List *excluded(const Constraint *constraint);
static void note_primary_key(WfSimulation *simulation, SimRelation *relation, List *columns);
static void use_index(WfSimulation *simulation, SimRelation *relation, Constraint *constraint, WfConstraint *made);
static void note_referenced(WfSimulation *simulation, Constraint *constraint, WfConstraint *made);

/* The indexes of another table, under names that the server chooses. */
void
wf_sim_copy_indexes(WfSimulation *simulation, SimRelation *relation, RangeVar *from)
{
	WfCatalog  *catalog = &simulation->catalog;
	WfRelation *source = catalog->relation(catalog, from);
	ListCell   *lc;

	/* LIKE may name the very table, whose indexes become more. */
	foreach(lc, list_copy(catalog->indexes(catalog, source)))
		copy_index(simulation, relation, source, lfirst(lc));
}

/* A partition gets an index for each of its parent's that it has none like. */
void
wf_sim_match_indexes(WfSimulation *simulation, SimRelation *partition, SimRelation *parent)
{
	ListCell   *lc;

	wf_sim_load_parts(simulation, parent);
	wf_sim_load_parts(simulation, partition);
	foreach(lc, parent->indexes)
	{
		if (!has_like(partition, lfirst(lc)))
			copy_index(simulation, partition, parent->relation, lfirst(lc));
	}
}

static bool
has_like(const SimRelation *relation, const WfIndex *wanted)
{
	ListCell   *lc;

	foreach(lc, relation->indexes)
	{
		const WfIndex *index = lfirst(lc);

		if (index->is_unique == wanted->is_unique && index->is_partial == wanted->is_partial &&
			index->is_special == wanted->is_special && same_names(index->columns, wanted->columns) &&
			same_names(index->other_columns, wanted->other_columns))
			return true;
	}
	return false;
}

/* Lists of char *, or NULL for an expression. */
static bool
same_names(List *one, List *other)
{
	ListCell   *lc;
	ListCell   *lc2;

	forboth(lc, one, lc2, other)
	{
		if (lfirst(lc) && lfirst(lc2) ? strcmp(lfirst(lc), lfirst(lc2)) != 0 : lfirst(lc) != lfirst(lc2))
			return false;
	}
	return list_length(one) == list_length(other);
}

static void
copy_index(WfSimulation *simulation, SimRelation *relation, WfRelation *source, const WfIndex *original)
{
	WfCatalog  *catalog = &simulation->catalog;
	WfIndex		index = *original;
	WfConstraint *behind = index.name ? catalog->constraint(catalog, source, index.name) : NULL;
	char		kind = behind ? behind->kind : 0;

	index.indexid = InvalidOid;
	index.name = wf_ddl_free_name(catalog, relation->relation, kind == 'p' ? NULL : label_of(&index),
								  kind == 'p' ? "pkey" : kind == 'u' ? "key" : kind == 'x' ? "excl" : "idx");
	wf_sim_add_index(simulation, relation, &index);
	if (kind)
	{
		WfConstraint made = {.name = index.name, .kind = kind, .validated = true, .columns = index.columns};

		wf_sim_add_constraint(simulation, relation, &made);
	}
	if (kind == 'p')
		wf_sim_settle_primary_key(simulation, relation);
}

/* For the name of a copy, whose columns are called as those of the index. */
static char *
label_of(const WfIndex *index)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, index->labels)
		names = lappend(names, makeString(lfirst(lc)));
	return wf_ddl_joined_label(names);
}

/* A new constraint; column is set for one that stands with a column. */
void
wf_sim_apply_constraint(WfSimulation *simulation, SimRelation *relation, Constraint *constraint,
						const char *column)
{
	WfConstraint made = {.name = constraint->conname, .validated = !constraint->skip_validation};
	WfIndex		index = {.is_valid = true, .is_unique = true, .method = "btree"};
	List	   *columns = constraint->keys;

	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			made.kind = 'c';
			/* It goes with any column that it names, wherever it stands. */
			columns = wf_ddl_named_columns(constraint->raw_expr);
			made.only_not_null = true;
			made.not_null_columns = wf_ddl_not_null_columns(constraint->raw_expr, &made.only_not_null);
			/* VALIDATE may follow. */
			if (constraint->skip_validation && simulation->source)
				made.expression = wf_ddl_check_expression(simulation->source, strlen(simulation->source), constraint);
			break;
		case CONSTR_FOREIGN:
			made.kind = 'f';
			columns = constraint->fk_attrs;
			if (constraint->skip_validation)
				note_referenced(simulation, constraint, &made);
			break;
		case CONSTR_PRIMARY:
			made.kind = 'p';
			index.is_primary = true;
			break;
		case CONSTR_UNIQUE:
			made.kind = 'u';
			break;
		case CONSTR_EXCLUSION:
			made.kind = 'x';
			index.is_unique = false;
			index.method = constraint->access_method;
			break;
		default:
			return;
	}
	made.columns = column && made.kind != 'c' ? list_make1((char *) column) : made.kind == 'x' ? excluded(constraint) : wf_sim_string_names(columns);
	if (constraint->indexname)
	{
		use_index(simulation, relation, constraint, &made);
		return;
	}
	if (made.name == NULL)
		made.name = wf_ddl_constraint_name(&simulation->catalog, relation->relation, constraint, column);
	wf_sim_add_constraint(simulation, relation, &made);
	if (made.kind != 'p' && made.kind != 'u' && made.kind != 'x')
		return;
	index.name = made.name;
	index.columns = made.columns;
	index.labels = wf_sim_string_names(wf_ddl_key_labels(constraint, column));
	index.is_special = constraint->including != NIL || constraint->nulls_not_distinct;
	index.is_partial = constraint->where_clause != NULL;
	index.other_columns = wf_sim_string_names(list_concat_copy(constraint->including, wf_ddl_named_columns((Node *) constraint)));
	wf_sim_add_index(simulation, relation, &index);
	if (made.kind == 'p')
		note_primary_key(simulation, relation, made.columns);
	wf_sim_match_below(simulation, relation);
}

/* The columns of EXCLUDE, with NULL for an expression. */
static List *
excluded(const Constraint *constraint)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, constraint->exclusions)
		columns = lappend(columns, linitial_node(IndexElem, lfirst_node(List, lc))->name);
	return columns;
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
	WfIndex    *index;

	wf_sim_load_parts(simulation, relation);
	index = wf_sim_index_of(relation, constraint->indexname);
	if (made->name == NULL)
		made->name = constraint->indexname;
	else if (index)
		wf_sim_rename_constraint(simulation, relation, constraint->indexname, made->name);
	if (index)
	{
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
	WfRelation *known;
	ListCell   *lc;

	/* The server refuses it. */
	if (stmt->concurrent && relation->relation->kind == RELKIND_PARTITIONED_TABLE && stmt->relation->inh)
		return;
	/* An index of the name is kept as it is. */
	known = stmt->if_not_exists && stmt->idxname ? wf_sim_exact(simulation, relation->key.schema, stmt->idxname)->relation : NULL;
	if (known && !known->missing)
		return;
	foreach(lc, stmt->indexParams)
	{
		IndexElem  *element = lfirst_node(IndexElem, lc);

		index.columns = lappend(index.columns, element->name);
		index.is_special |= element->opclass != NIL || element->collation != NIL ||
			element->ordering != SORTBY_DEFAULT || element->nulls_ordering != SORTBY_NULLS_DEFAULT;
	}
	foreach(lc, stmt->indexIncludingParams)
		index.other_columns = lappend(index.other_columns, lfirst_node(IndexElem, lc)->name);
	index.labels = wf_sim_string_names(wf_ddl_index_labels(stmt->indexParams, stmt->indexIncludingParams));
	index.other_columns = list_concat(index.other_columns, wf_sim_string_names(wf_ddl_named_columns((Node *) stmt)));
	foreach(lc, not_null)
		index.lacks_only_null &= wf_common_list_has(index.columns, lfirst(lc));
	if (index.name == NULL)
		index.name = wf_ddl_free_name(&simulation->catalog, relation->relation,
									  wf_ddl_index_label(stmt->indexParams, stmt->indexIncludingParams), "idx");
	wf_sim_add_index(simulation, relation, &index);
	if (stmt->relation->inh)
		wf_sim_match_below(simulation, relation);
}

/* WfCatalog.constraint_sql */
char *
wf_sim_constraint_sql(WfCatalog *catalog, const WfConstraint *constraint)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	return simulation->live->constraint_sql(simulation->live, constraint);
}
