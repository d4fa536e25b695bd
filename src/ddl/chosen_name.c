/*
 * chosen_name.c: the names that the server chooses for constraints and indexes.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_target.h"

#include "common/list.h"
#include "ddl/chosen_name.h"
#include "ddl/deparse.h"

/* What the server takes care to keep a name from, by the name's end. */
typedef struct Suffix
{
	const char *suffix;
	bool		is_relation;	/* other relations of the schema, */
	bool		is_constraint;	/* other constraints of it */
} Suffix;

static const Suffix suffixes[] = {
	{"pkey", true, true},
	{"key", true, true},
	{"excl", true, true},
	{"check", false, true},
	{"fkey", false, true},
	{"not_null", false, true},
	{"bounds", false, true},
	{"not_bounds", false, true},
};

/* Of any other one. */
static const Suffix plain_relation = {NULL, true, false};

static const Suffix *suffix_of(const char *suffix);
static bool is_taken(WfCatalog *catalog, WfRelation *table, char *name, const Suffix *kind);
static char *element_label(IndexElem *element);
static String *free_label(List *labels, const char *label);

/* The first name of this form that nothing has which it would be confused with. */
char *
wf_ddl_free_name(WfCatalog *catalog, WfRelation *table, const char *label, const char *suffix)
{
	const Suffix *kind = suffix_of(suffix);
	char	   *name = makeObjectName(table->name, label, suffix);
	int		   *known;
	int			pass;

	if (!is_taken(catalog, table, name, kind))
		return name;
	known = catalog->name_pass ? catalog->name_pass(catalog, table->schema, name) : NULL;
	for (pass = known && *known > 0 ? *known : 1;; pass++)
	{
		name = makeObjectName(table->name, label, psprintf("%s%d", suffix, pass));
		if (!is_taken(catalog, table, name, kind))
			break;
	}
	if (known)
		*known = pass;
	return name;
}

static const Suffix *
suffix_of(const char *suffix)
{
	for (int i = 0; i < lengthof(suffixes); i++)
	{
		if (strcmp(suffixes[i].suffix, suffix) == 0)
			return &suffixes[i];
	}
	return &plain_relation;
}

static bool
is_taken(WfCatalog *catalog, WfRelation *table, char *name, const Suffix *kind)
{
	WfRelation *relation;

	if (kind->is_constraint &&
		(catalog->constraint(catalog, table, name) || (table->schema && catalog->has_constraint(catalog, table->schema, name, NULL))))
		return true;
	if (!kind->is_relation)
		return false;
	relation = catalog->relation(catalog, makeRangeVar(table->schema, name, -1));
	return relation && !relation->missing;
}

/* The name of a constraint that has none; column: the one that it stands with, or NULL. */
char *
wf_ddl_constraint_name(WfCatalog *catalog, WfRelation *table, const Constraint *constraint, const char *column)
{
	List	   *own = column ? list_make1(makeString(pstrdup(column))) : NIL;

	switch (constraint->contype)
	{
		case CONSTR_CHECK:
			return wf_ddl_free_name(catalog, table, wf_ddl_joined_label(wf_ddl_columns_of(constraint->raw_expr)), "check");
		case CONSTR_FOREIGN:
			return wf_ddl_free_name(catalog, table, wf_ddl_joined_label(own ? own : constraint->fk_attrs), "fkey");
		case CONSTR_PRIMARY:
			return wf_ddl_free_name(catalog, table, NULL, "pkey");
		case CONSTR_EXCLUSION:
			return wf_ddl_free_name(catalog, table, wf_ddl_joined_label(wf_ddl_key_labels(constraint, column)), "excl");
		default:
			return wf_ddl_free_name(catalog, table, wf_ddl_joined_label(wf_ddl_key_labels(constraint, column)), "key");
	}
}

/* What the columns of the index behind a key or EXCLUDE are called. */
List *
wf_ddl_key_labels(const Constraint *constraint, const char *column)
{
	List	   *elements = column ? list_make1(makeString(pstrdup(column))) : constraint->keys;
	ListCell   *lc;

	foreach(lc, constraint->exclusions)
		elements = lappend(elements, linitial(lfirst_node(List, lc)));
	return wf_ddl_index_labels(elements, constraint->including);
}

/* The name of a constraint of a domain that has none: "check" or "not_null" is its end. */
char *
wf_ddl_domain_constraint_name(WfCatalog *catalog, const WfType *domain, const char *suffix)
{
	for (int pass = 0;; pass++)
	{
		char	   *name = makeObjectName(domain->name, NULL, pass == 0 ? suffix : psprintf("%s%d", suffix, pass));

		if (!wf_common_list_has(domain->checks, name) &&
			!(domain->schema && catalog->has_constraint(catalog, domain->schema, name, NULL)))
			return name;
	}
}

/*
 * What the columns of an index are called, those that it includes among them, as a
 * list of String; both lists are of IndexElem or of String.
 */
List *
wf_ddl_index_labels(List *elements, List *including)
{
	List	   *labels = NIL;
	ListCell   *lc;

	foreach(lc, list_concat_copy(elements, including))
	{
		char	   *label = IsA(lfirst(lc), IndexElem) ? element_label(lfirst(lc)) : strVal(lfirst(lc));

		labels = lappend(labels, free_label(labels, label));
	}
	return labels;
}

/* The part of an index's name that tells them. */
char *
wf_ddl_index_label(List *elements, List *including)
{
	return wf_ddl_joined_label(wf_ddl_index_labels(elements, including));
}

/* An expression goes by its function, or what else its result would be called. */
static char *
element_label(IndexElem *element)
{
	char	   *label = element->indexcolname ? element->indexcolname : element->name;

	if (label == NULL && element->expr)
		label = FigureIndexColname(element->expr);
	return label ? label : "expr";
}

/* The String for a label, with a number where another column has it. */
static String *
free_label(List *labels, const char *label)
{
	char	   *name = pstrdup(label);

	for (int i = 1; list_member(labels, makeString(name)); i++)
	{
		char	   *number = psprintf("%d", i);

		name = psprintf("%.*s%s", pg_mbcliplen(label, strlen(label), NAMEDATALEN - 1 - strlen(number)), label, number);
	}
	return makeString(name);
}

/* "a_b" of columns (String), as long as a name may be; NULL of none. */
char *
wf_ddl_joined_label(List *columns)
{
	StringInfoData label;
	ListCell   *lc;

	if (columns == NIL)
		return NULL;
	initStringInfo(&label);
	foreach(lc, columns)
	{
		if (label.len < NAMEDATALEN)
			appendStringInfo(&label, "%s%s", label.len > 0 ? "_" : "", strVal(lfirst(lc)));
	}
	return label.data;
}
