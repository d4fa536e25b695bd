/*
 * render_layout.c: places the tables of a picture in layers.
 *
 * After K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding
 * of Hierarchical System Structures" (1981): a table stands to the right of
 * those it refers to; a relation over several layers keeps a place free in
 * each; the order within a layer follows the neighbours' means.
 */
#include "common/compat.h"

#include <math.h>

#include "miscadmin.h"

#include "schema/render_layout.h"

#define GAP_X 96				/* between layers, where relations bend */
#define GAP_Y 30
#define PASS_HEIGHT 10			/* of a relation that passes */
#define SWEEPS 6
#define GRID_WIDTH 1200			/* tables without relations fill rows */

typedef struct Layer
{
	List	   *nodes;
	int			width;
} Layer;

typedef struct Builder
{
	WfLayout   *layout;
	WfLayoutNode **by_number;	/* of the tables */
	Layer	   *layers;
	int			nlayers;
} Builder;

static void rank_table(WfDiagramTable *table);
static void add_nodes(Builder *b, WfDiagram *diagram, WfMeasure measure);
static WfLayoutNode *add_node(Builder *b, int layer, WfDiagramTable *table);
static void add_route(Builder *b, WfDiagramRelation *relation);
static void order_layers(Builder *b);
static void order_layer(Layer *layer, bool by_left);
static int	compare_ranks(const ListCell *a, const ListCell *b);
static void number_layer(Layer *layer);
static void place_layers(Builder *b);
static void place_layer(Layer *layer, bool by_left);
static double middle_of(List *nodes);
static void shift_to_origin(Builder *b);
static void place_singles(Builder *b, List *singles);

/* A layout of all tables of a diagram, from (0, 0) on. */
WfLayout *
wf_schema_render_layout(WfDiagram *diagram, WfMeasure measure)
{
	Builder		b = {0};
	ListCell   *lc;

	b.layout = palloc0(sizeof(WfLayout));
	foreach(lc, diagram->relations)
	{
		WfDiagramRelation *relation = lfirst(lc);

		relation->child->related = relation->parent->related = true;
		if (relation->child != relation->parent)
			relation->child->parents = lappend(relation->child->parents, relation->parent);
	}
	foreach(lc, diagram->tables)
		rank_table(lfirst(lc));
	add_nodes(&b, diagram, measure);
	foreach(lc, diagram->relations)
		add_route(&b, lfirst(lc));
	order_layers(&b);
	place_layers(&b);
	return b.layout;
}

/* One more than the highest of those it refers to; circles are cut where they close. */
static void
rank_table(WfDiagramTable *table)
{
	ListCell   *lc;

	check_stack_depth();
	if (table->ranked || table->visiting)
		return;
	table->visiting = true;
	foreach(lc, table->parents)
	{
		WfDiagramTable *parent = lfirst(lc);

		rank_table(parent);
		if (parent->ranked)
			table->layer = Max(table->layer, parent->layer + 1);
	}
	table->visiting = false;
	table->ranked = true;
}

/* Tables without relations are no part of the layers. */
static void
add_nodes(Builder *b, WfDiagram *diagram, WfMeasure measure)
{
	List	   *singles = NIL;
	ListCell   *lc;

	b->by_number = palloc0((list_length(diagram->tables) + 1) * sizeof(WfLayoutNode *));
	foreach(lc, diagram->tables)
		b->nlayers = Max(b->nlayers, ((WfDiagramTable *) lfirst(lc))->layer + 1);
	b->layers = palloc0((b->nlayers + 1) * sizeof(Layer));
	foreach(lc, diagram->tables)
	{
		WfDiagramTable *table = lfirst(lc);
		WfLayoutNode *node = add_node(b, table->related ? table->layer : -1, table);

		measure(table, &node->width, &node->height);
		b->by_number[table->number] = node;
		b->layout->nodes = lappend(b->layout->nodes, node);
		if (!table->related)
			singles = lappend(singles, node);
		else
			b->layers[table->layer].width = Max(b->layers[table->layer].width, node->width);
	}
	b->layers[b->nlayers].nodes = singles;
}

static WfLayoutNode *
add_node(Builder *b, int layer, WfDiagramTable *table)
{
	WfLayoutNode *node = palloc0(sizeof(WfLayoutNode));

	node->table = table;
	node->layer = layer;
	node->height = PASS_HEIGHT;
	if (layer >= 0)
		b->layers[layer].nodes = lappend(b->layers[layer].nodes, node);
	return node;
}

static void
add_route(Builder *b, WfDiagramRelation *relation)
{
	WfLayoutRoute *route = palloc0(sizeof(WfLayoutRoute));
	WfLayoutNode *last = b->by_number[relation->parent->number];
	WfLayoutNode *end = b->by_number[relation->child->number];

	route->relation = relation;
	route->swapped = last->layer > end->layer;
	if (route->swapped)
	{
		WfLayoutNode *other = last;

		last = end;
		end = other;
	}
	route->nodes = list_make1(last);
	last->loops |= last == end;
	while (last != end)
	{
		WfLayoutNode *next = last->layer + 1 == end->layer ? end : add_node(b, last->layer + 1, NULL);

		last->right = lappend(last->right, next);
		next->left = lappend(next->left, last);
		route->nodes = lappend(route->nodes, next);
		last = next;
	}
	b->layout->routes = lappend(b->layout->routes, route);
}

static void
order_layers(Builder *b)
{
	for (int i = 0; i < b->nlayers; i++)
		number_layer(&b->layers[i]);
	for (int sweep = 0; sweep < SWEEPS; sweep++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 1; i < b->nlayers; i++)
			order_layer(&b->layers[i], true);
		for (int i = b->nlayers - 2; i >= 0; i--)
			order_layer(&b->layers[i], false);
	}
}

static void
number_layer(Layer *layer)
{
	int			n = 0;
	ListCell   *lc;

	foreach(lc, layer->nodes)
		((WfLayoutNode *) lfirst(lc))->y = n++;
}

/* Sorts by the mean place of the neighbours; one without any keeps its own. */
static void
order_layer(Layer *layer, bool by_left)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, layer->nodes)
	{
		WfLayoutNode *node = lfirst(lc);
		List	   *neighbours = by_left ? node->left : node->right;
		double		sum = 0;

		foreach(lc2, neighbours)
			sum += ((WfLayoutNode *) lfirst(lc2))->y;
		node->rank = neighbours ? sum / list_length(neighbours) : node->y;
	}
	list_sort(layer->nodes, compare_ranks);
	number_layer(layer);
}

static int
compare_ranks(const ListCell *a, const ListCell *b)
{
	WfLayoutNode *x = lfirst(a);
	WfLayoutNode *y = lfirst(b);

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->y - y->y;
}

static void
place_layers(Builder *b)
{
	int			x = 0;
	ListCell   *lc;

	for (int i = 0; i < b->nlayers; i++)
	{
		int			y = 0;

		foreach(lc, b->layers[i].nodes)
		{
			WfLayoutNode *node = lfirst(lc);

			node->x = x;
			node->y = y;
			node->width = b->layers[i].width;
			y += node->height + GAP_Y;
		}
		if (b->layers[i].nodes)
			x += b->layers[i].width + GAP_X;
	}
	for (int sweep = 0; sweep < 2; sweep++)
	{
		for (int i = b->nlayers - 2; i >= 0; i--)
			place_layer(&b->layers[i], false);
		for (int i = 1; i < b->nlayers; i++)
			place_layer(&b->layers[i], true);
	}
	shift_to_origin(b);
	place_singles(b, b->layers[b->nlayers].nodes);
}

/* Each node as near to the middle of its neighbours as those above leave room. */
static void
place_layer(Layer *layer, bool by_left)
{
	double		off = 0;
	int			n = 0;
	int			free_from = PG_INT32_MIN / 2;
	ListCell   *lc;

	foreach(lc, layer->nodes)
	{
		WfLayoutNode *node = lfirst(lc);
		List	   *neighbours = by_left ? node->left : node->right;
		int			wanted = neighbours ? (int) rint(middle_of(neighbours)) - node->height / 2 : node->y;

		node->y = Max(wanted, free_from);
		free_from = node->y + node->height + GAP_Y;
		if (neighbours)
		{
			off += wanted - node->y;
			n++;
		}
	}
	if (n == 0)
		return;
	foreach(lc, layer->nodes)
		((WfLayoutNode *) lfirst(lc))->y += (int) rint(off / n);
}

static double
middle_of(List *nodes)
{
	double		sum = 0;
	ListCell   *lc;

	foreach(lc, nodes)
		sum += ((WfLayoutNode *) lfirst(lc))->y + ((WfLayoutNode *) lfirst(lc))->height / 2.0;
	return sum / list_length(nodes);
}

static void
shift_to_origin(Builder *b)
{
	int			top = PG_INT32_MAX;
	ListCell   *lc;

	for (int i = 0; i < b->nlayers; i++)
	{
		foreach(lc, b->layers[i].nodes)
			top = Min(top, ((WfLayoutNode *) lfirst(lc))->y);
	}
	for (int i = 0; i < b->nlayers; i++)
	{
		foreach(lc, b->layers[i].nodes)
		{
			WfLayoutNode *node = lfirst(lc);

			node->y -= top;
			b->layout->height = Max(b->layout->height, node->y + node->height);
			b->layout->width = Max(b->layout->width, node->x + node->width + (node->loops ? GAP_X / 2 : 0));
		}
	}
}

/* In rows below the layers. */
static void
place_singles(Builder *b, List *singles)
{
	int			limit = Max(GRID_WIDTH, b->layout->width);
	int			x = 0;
	int			y = b->layout->height ? b->layout->height + GAP_Y : 0;
	int			bottom = 0;
	ListCell   *lc;

	foreach(lc, singles)
	{
		WfLayoutNode *node = lfirst(lc);

		if (x > 0 && x + node->width > limit)
		{
			x = 0;
			y = bottom + GAP_Y;
		}
		node->x = x;
		node->y = y;
		x += node->width + GAP_Y;
		bottom = Max(bottom, y + node->height);
		b->layout->width = Max(b->layout->width, node->x + node->width);
	}
	b->layout->height = Max(b->layout->height, bottom);
}
