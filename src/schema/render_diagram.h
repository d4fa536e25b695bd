/*
 * render_diagram.h: what a picture of a schema diff shows.
 */
#ifndef WF_SCHEMA_RENDER_DIAGRAM_H
#define WF_SCHEMA_RENDER_DIAGRAM_H

#include "schema/render.h"

typedef struct WfDiagramColumn
{
	WfMark		mark;
	const char *name;			/* quoted where SQL needs it */
	const char *type;
	const char *details;		/* type and what stands behind it */
	const char *was;			/* details before, where they changed */
	bool		primary;
	bool		foreign;
	bool		unique;
	bool		not_null;
} WfDiagramColumn;

typedef struct WfDiagramTable
{
	WfMark		mark;
	WfObject   *from;
	WfObject   *to;
	const char *name;			/* with its schema */
	WfDiagramColumn *columns;
	int			ncolumns;
	int			hidden;			/* columns that are not shown */
	bool		seen;
	int			number;			/* from 1 on; 0: not in the picture */

	/* Used while the picture is laid out. */
	bool		related;		/* has a relation */
	bool		visiting;
	bool		ranked;
	int			layer;
	List	   *parents;		/* WfDiagramTable */
} WfDiagramTable;

typedef struct WfDiagramRelation
{
	WfMark		mark;
	WfDiagramTable *child;
	WfDiagramTable *parent;
	WfObject   *link;			/* the constraint, partition or inheritance */
	const char *name;			/* of the foreign key */
	const char *child_column;	/* the first; NULL for an inheritance */
	const char *parent_column;
	bool		optional;		/* a row of the child may have no parent */
	bool		single;			/* a row of the parent has at most one child */
	bool		inherits;		/* a partition or a child table */
} WfDiagramRelation;

typedef struct WfDiagram
{
	List	   *tables;			/* WfDiagramTable, in the order of their
								 * numbers */
	List	   *relations;		/* WfDiagramRelation between them */
	int			more;			/* tables that found no place */
	List	   *others;			/* WfRenderObject: changes that are no tables */
	int			more_others;
} WfDiagram;

/* render_diagram.c */
extern WfDiagram *wf_schema_render_diagram(WfRenderTree *tree, const WfRenderOptions *options);

/* render_diagram_table.c */
extern void wf_schema_render_columns(WfDiagramTable *table, bool all);
extern WfDiagramColumn *wf_schema_render_find_column(WfDiagramTable *table, const char *name);
extern const char *wf_schema_render_keys(WfDiagramColumn *column);
extern List *wf_schema_render_key_columns(const char *definition);
extern char *wf_schema_render_references(const char *definition, const char **columns);

#endif							/* WF_SCHEMA_RENDER_DIAGRAM_H */
