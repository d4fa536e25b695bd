/*
 * render_diagram.c: which tables a picture shows, and how they belong
 * together: by foreign keys, as partitions and by inheritance.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/names.h"
#include "schema/render_diagram.h"

#define MAX_OTHERS 12

typedef struct Builder
{
	WfRenderTree *tree;
	const WfRenderOptions *options;
	WfDiagram  *diagram;
	struct wf_names_hash *by_key[2];	/* tables of either model */
	List	   *tables;			/* all of them */
	List	   *relations;
} Builder;

static void collect_tables(Builder *b);
static bool is_table(WfObject *object);
static WfDiagramTable *add_table(Builder *b, WfObject *from, WfObject *to, WfMark mark);
static void remember(struct wf_names_hash *hash, WfObject *object, WfDiagramTable *table);
static WfDiagramTable *find_table(Builder *b, int side, const char *identity);
static void collect_relations(Builder *b);
static void add_relation(Builder *b, WfDiagramTable *child, WfObject *link, int side);
static WfDiagramTable *parent_of(Builder *b, WfObject *link, int side, const char **columns);
static void choose_tables(Builder *b);
static void choose(Builder *b, WfDiagramTable *table);
static void finish_relation(WfDiagramRelation *relation, WfObject *link);
static bool has_key(WfDiagramTable *table, List *columns);
static void collect_others(Builder *b);

/*
 * The tables that changed with their direct neighbours, or all, as many as
 * the options allow.
 */
WfDiagram *
wf_schema_render_diagram(WfRenderTree *tree, const WfRenderOptions *options)
{
	Builder		b = {.tree = tree, .options = options};
	ListCell   *lc;

	b.diagram = palloc0(sizeof(WfDiagram));
	for (int side = 0; side < 2; side++)
		b.by_key[side] = wf_names_create(CurrentMemoryContext, 64, NULL);
	collect_tables(&b);
	collect_relations(&b);
	choose_tables(&b);
	foreach(lc, b.diagram->tables)
	{
		CHECK_FOR_INTERRUPTS();
		wf_schema_render_columns(lfirst(lc), options->all);
	}
	foreach(lc, b.relations)
	{
		WfDiagramRelation *relation = lfirst(lc);

		if (!relation->child->number || !relation->parent->number)
			continue;
		finish_relation(relation, relation->link);
		b.diagram->relations = lappend(b.diagram->relations, relation);
	}
	collect_others(&b);
	return b.diagram;
}

/* Those that differ in the order of the tree, then the others. */
static void
collect_tables(Builder *b)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, b->tree->groups)
	{
		foreach(lc2, ((WfRenderGroup *) lfirst(lc))->objects)
		{
			WfRenderObject *object = lfirst(lc2);

			if (is_table(object->to ? object->to : object->from))
				add_table(b, object->from, object->to, object->mark);
		}
	}
	for (int i = 0; i < b->tree->plan->to->nobjects; i++)
	{
		WfObject   *object = b->tree->plan->to->objects[i];

		if (is_table(object) && !wf_names_lookup(b->by_key[1], object->key))
			add_table(b, object->twin, object, WF_MARK_SAME);
	}
}

static bool
is_table(WfObject *object)
{
	return object->type->kind == WF_OBJECT_TABLE || object->type->kind == WF_OBJECT_FOREIGN_TABLE;
}

static WfDiagramTable *
add_table(Builder *b, WfObject *from, WfObject *to, WfMark mark)
{
	WfDiagramTable *table = palloc0(sizeof(WfDiagramTable));

	table->mark = mark;
	table->from = from;
	table->to = to;
	table->name = to ? to->identity : from->identity;
	b->tables = lappend(b->tables, table);
	remember(b->by_key[0], from, table);
	remember(b->by_key[1], to, table);
	return table;
}

static void
remember(struct wf_names_hash *hash, WfObject *object, WfDiagramTable *table)
{
	bool		found;

	if (object)
		wf_names_insert(hash, object->key, &found)->list = list_make1(table);
}

static WfDiagramTable *
find_table(Builder *b, int side, const char *identity)
{
	static const WfObjectKind kinds[] = {WF_OBJECT_TABLE, WF_OBJECT_FOREIGN_TABLE};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		WfNameEntry *entry = wf_names_lookup(b->by_key[side],
											 psprintf("%s %s", wf_schema_type(kinds[i])->name, identity));

		if (entry)
			return linitial(entry->list);
	}
	return NULL;
}

/* Those of the new schema, and those of the old one that are gone. */
static void
collect_relations(Builder *b)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, b->tables)
	{
		WfDiagramTable *table = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		foreach(lc2, table->to ? table->to->children : NIL)
			add_relation(b, table, lfirst(lc2), 1);
		foreach(lc2, table->from ? table->from->children : NIL)
		{
			if (!((WfObject *) lfirst(lc2))->twin)
				add_relation(b, table, lfirst(lc2), 0);
		}
	}
}

static void
add_relation(Builder *b, WfDiagramTable *child, WfObject *link, int side)
{
	const char *columns = NULL;
	WfDiagramTable *parent = parent_of(b, link, side, &columns);
	WfDiagramRelation *relation;

	if (!parent)
		return;
	relation = palloc0(sizeof(WfDiagramRelation));
	relation->child = child;
	relation->parent = parent;
	relation->link = link;
	relation->inherits = columns == NULL;
	relation->mark = side == 0 ? WF_MARK_REMOVED : !link->twin ? WF_MARK_ADDED :
		wf_schema_render_differs(link->twin, link) ? WF_MARK_CHANGED : WF_MARK_SAME;
	if (columns)
		relation->parent_column = linitial(wf_schema_render_key_columns(columns));
	b->relations = lappend(b->relations, relation);
}

/* The table that a part of another one points to, or NULL; columns: of a foreign key. */
static WfDiagramTable *
parent_of(Builder *b, WfObject *link, int side, const char **columns)
{
	char	   *identity;

	switch (link->type->kind)
	{
		case WF_OBJECT_INHERITANCE:
		case WF_OBJECT_PARTITION:
			return find_table(b, side, wf_schema_value(link, "of"));
		case WF_OBJECT_CONSTRAINT:
			if (strcmp(wf_schema_value(link, "kind"), "FOREIGN KEY") != 0)
				return NULL;
			identity = wf_schema_render_references(wf_schema_value(link, "definition"), columns);
			return identity ? find_table(b, side, identity) : NULL;
		default:
			return NULL;
	}
}

static void
choose_tables(Builder *b)
{
	ListCell   *lc;

	foreach(lc, b->tables)
	{
		WfDiagramTable *table = lfirst(lc);

		if (table->mark != WF_MARK_SAME || b->options->all)
			choose(b, table);
	}
	foreach(lc, b->relations)
	{
		WfDiagramRelation *relation = lfirst(lc);

		if (relation->child->mark != WF_MARK_SAME || relation->parent->mark != WF_MARK_SAME)
		{
			choose(b, relation->parent);
			choose(b, relation->child);
		}
	}
}

/* A table that finds no place is counted once. */
static void
choose(Builder *b, WfDiagramTable *table)
{
	if (table->seen)
		return;
	table->seen = true;
	if (list_length(b->diagram->tables) >= b->options->max_tables)
	{
		b->diagram->more++;
		return;
	}
	b->diagram->tables = lappend(b->diagram->tables, table);
	table->number = list_length(b->diagram->tables);
}

/* How many rows may stand on either side. */
static void
finish_relation(WfDiagramRelation *relation, WfObject *link)
{
	List	   *columns;
	ListCell   *lc;

	if (relation->inherits)
		return;
	relation->name = wf_schema_short_name(link);
	columns = wf_schema_render_key_columns(wf_schema_value(link, "definition"));
	relation->child_column = linitial(columns);
	relation->single = has_key(relation->child, columns);
	foreach(lc, columns)
	{
		WfDiagramColumn *column = wf_schema_render_find_column(relation->child, lfirst(lc));

		if (column && !column->not_null)
			relation->optional = true;
	}
}

/* Is there a key of just these columns? */
static bool
has_key(WfDiagramTable *table, List *columns)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, table->to ? table->to->children : table->from->children)
	{
		WfObject   *constraint = lfirst(lc);
		const char *kind = wf_schema_value(constraint, "kind");
		List	   *key;
		bool		same = true;

		if (constraint->type->kind != WF_OBJECT_CONSTRAINT ||
			(strcmp(kind, "PRIMARY KEY") != 0 && strcmp(kind, "UNIQUE") != 0))
			continue;
		key = wf_schema_render_key_columns(wf_schema_value(constraint, "definition"));
		foreach(lc2, key)
			same = same && wf_common_list_has(columns, lfirst(lc2));
		if (same && list_length(key) == list_length(columns))
			return true;
	}
	return false;
}

static void
collect_others(Builder *b)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, b->tree->groups)
	{
		foreach(lc2, ((WfRenderGroup *) lfirst(lc))->objects)
		{
			WfRenderObject *object = lfirst(lc2);

			if (is_table(object->to ? object->to : object->from))
				continue;
			if (list_length(b->diagram->others) < MAX_OTHERS)
				b->diagram->others = lappend(b->diagram->others, object);
			else
				b->diagram->more_others++;
		}
	}
}
