/*
 * render_layout.h: where the tables and relations of a picture lie.
 */
#ifndef WF_SCHEMA_RENDER_LAYOUT_H
#define WF_SCHEMA_RENDER_LAYOUT_H

#include "schema/render_diagram.h"

/* A table, or the place that a relation keeps free on its way past others. */
typedef struct WfLayoutNode
{
	WfDiagramTable *table;		/* NULL: a relation passes here */
	int			layer;
	int			x,
				y,
				width,
				height;
	bool		loops;			/* refers to itself, by a curve on its right */
	double		rank;			/* where its neighbours want it */
	List	   *left;			/* WfLayoutNode */
	List	   *right;
} WfLayoutNode;

/* A relation with the nodes that it passes, from left to right. */
typedef struct WfLayoutRoute
{
	WfDiagramRelation *relation;
	List	   *nodes;			/* WfLayoutNode; two at least, but one of a
								 * table that refers to itself */
	bool		swapped;		/* the child is on the left */
} WfLayoutRoute;

typedef struct WfLayout
{
	List	   *nodes;			/* WfLayoutNode of tables */
	List	   *routes;			/* WfLayoutRoute */
	int			width;
	int			height;
} WfLayout;

/* What the caller measures a table by. */
typedef void (*WfMeasure) (WfDiagramTable *table, int *width, int *height);

extern WfLayout *wf_schema_render_layout(WfDiagram *diagram, WfMeasure measure);

#endif							/* WF_SCHEMA_RENDER_LAYOUT_H */
