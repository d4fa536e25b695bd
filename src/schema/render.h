/*
 * render.h: a schema diff for people.
 *
 * render_tree.c says what changed in words, independent of any format: a
 * group a schema, in it the objects, of each the lines that differ.  A format
 * is one row of the table in render.c and one writer, render_<name>.c.
 * Pictures are drawn from a diagram of tables, render_diagram.c.
 */
#ifndef WF_SCHEMA_RENDER_H
#define WF_SCHEMA_RENDER_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "schema/plan.h"

#define WF_RENDER_MAX_TABLES 1000
#define WF_RENDER_CELL 44		/* widest text in a row of a picture */

typedef enum WfMark
{
	WF_MARK_SAME,
	WF_MARK_ADDED,
	WF_MARK_REMOVED,
	WF_MARK_CHANGED
} WfMark;

/* How a mark is shown: never by colour alone. */
typedef struct WfMarkStyle
{
	char		sign;
	const char *name;			/* in class names */
	const char *verb;			/* in counts: "2 added" */
} WfMarkStyle;

extern const WfMarkStyle wf_schema_mark[];

/* One line of an object, on either side; NULL where it is not there. */
typedef struct WfRenderLine
{
	WfMark		mark;
	int			depth;
	const char *before;
	const char *after;
	int			left_out;		/* unchanged lines that this one stands for */
	bool		joined;			/* changed together with the line above */
} WfRenderLine;

/* An object that belongs to no other one. */
typedef struct WfRenderObject
{
	WfMark		mark;
	WfObject   *from;
	WfObject   *to;
	List	   *lines;			/* WfRenderLine */
	int			count[4];		/* lines, by mark */
	bool		loses_data;
} WfRenderObject;

typedef struct WfRenderGroup
{
	const char *schema;			/* NULL: objects of the database */
	List	   *objects;		/* WfRenderObject */
} WfRenderGroup;

typedef struct WfRenderTree
{
	WfPlan	   *plan;
	List	   *groups;			/* WfRenderGroup */
	int			nobjects;
	int			nlines;
	int			count[4];		/* objects, by mark */
	int			losses;			/* objects that lose data */
} WfRenderTree;

typedef struct WfRenderOptions
{
	bool		all;			/* pictures show tables that did not change */
	bool		picture;		/* markdown and HTML hold one */
	int64		max_tables;		/* in a picture */
	Jsonb	   *renames;		/* hints as of schema_diff, or NULL */
} WfRenderOptions;

/* render_tree.c */
extern WfRenderTree *wf_schema_render_tree(WfPlan *plan);
extern bool wf_schema_render_differs(WfObject *from, WfObject *to);
extern WfRenderLine *wf_schema_render_line(WfMark mark, int depth, const char *before, const char *after);
extern const char *wf_schema_render_title(WfRenderObject *object);
extern void wf_schema_render_counts(StringInfo out, const int count[4]);
extern const char *wf_schema_render_heading(WfRenderGroup *group);
extern char *wf_schema_render_summary(WfRenderTree *tree);

/* render_describe.c */
extern char *wf_schema_render_headline(WfObject *object);
extern bool wf_schema_render_in_headline(WfObject *object, const char *attr);
extern bool wf_schema_render_is_brief(const char *attr);
extern List *wf_schema_render_attribute(WfObject *object, int attr);
extern List *wf_schema_render_split(const char *text);

/* render_compare.c */
extern List *wf_schema_render_compare(List *before, List *after, int depth);

/* render_escape.c */
extern void wf_schema_render_plain(StringInfo out, const char *text);
extern void wf_schema_render_xml(StringInfo out, const char *text);
extern void wf_schema_render_xml_part(StringInfo out, const char *text, int len);
extern int	wf_schema_render_backticks(const char *text);

/* render_<format>.c */
#define WF_RENDER(format) \
	extern void wf_schema_render_##format(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)

WF_RENDER(text);
WF_RENDER(markdown);
WF_RENDER(mermaid);
WF_RENDER(dot);
WF_RENDER(svg);
WF_RENDER(html);

/* render_text.c */
extern void wf_schema_render_text_lines(StringInfo out, WfRenderObject *object, int indent);

#endif							/* WF_SCHEMA_RENDER_H */
