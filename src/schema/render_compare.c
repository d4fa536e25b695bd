/*
 * render_compare.c: which lines differ between two texts.
 *
 * The shortest edit script by Eugene W. Myers, "An O(ND) Difference Algorithm
 * and Its Variations", Algorithmica 1 (1986), the greedy form.  Texts that
 * share too little for it to be worth the time are shown as replaced.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/render.h"

#define MAX_EDITS 400			/* memory and time grow with its square */
#define CONTEXT 2				/* unchanged lines around a change */

typedef struct Comparison
{
	const char **before;
	const char **after;
	int			nbefore;
	int			nafter;
	bool	   *gone;			/* of each line before: is it not kept? */
	bool	   *came;
	int			depth;
	List	   *lines;
} Comparison;

static const char **texts(List *list, int *n);
static void find_edits(Comparison *c, int start, int end_before, int end_after);
static int	search(Comparison *c, int start, int n, int m, int **paths);
static void trace(Comparison *c, int start, int n, int m, int **paths, int edits);
static void write_lines(Comparison *c);
static void same_run(Comparison *c, int from, int length, bool first, bool last);
static void add_line(Comparison *c, WfMark mark, const char *before, const char *after, int left_out,
					 bool joined);

/*
 * The lines (WfRenderLine) that turn one list of texts into the other, with a
 * few unchanged ones around them; NIL when the lists are equal.
 */
List *
wf_schema_render_compare(List *before, List *after, int depth)
{
	Comparison	c = {0};
	int			start = 0;
	int			shorter;
	int			tail = 0;

	c.before = texts(before, &c.nbefore);
	c.after = texts(after, &c.nafter);
	c.gone = palloc0(c.nbefore + 1);
	c.came = palloc0(c.nafter + 1);
	c.depth = depth;
	shorter = Min(c.nbefore, c.nafter);
	while (start < shorter && strcmp(c.before[start], c.after[start]) == 0)
		start++;
	if (start == c.nbefore && start == c.nafter)
		return NIL;
	while (tail < shorter - start &&
		   strcmp(c.before[c.nbefore - 1 - tail], c.after[c.nafter - 1 - tail]) == 0)
		tail++;
	find_edits(&c, start, c.nbefore - tail, c.nafter - tail);
	write_lines(&c);
	return c.lines;
}

static const char **
texts(List *list, int *n)
{
	const char **array = palloc((list_length(list) + 1) * sizeof(char *));
	ListCell   *lc;

	*n = 0;
	foreach(lc, list)
		array[(*n)++] = lfirst(lc);
	return array;
}

/* Marks the lines between start and the ends that only one side has. */
static void
find_edits(Comparison *c, int start, int end_before, int end_after)
{
	int			n = end_before - start;
	int			m = end_after - start;
	int		   *paths[MAX_EDITS + 1];
	int			edits = n && m ? search(c, start, n, m, paths) : -1;

	if (edits >= 0)
	{
		trace(c, start, n, m, paths, edits);
		return;
	}
	memset(c->gone + start, true, n);
	memset(c->came + start, true, m);
}

/*
 * How many edits it takes, or -1 when more than MAX_EDITS.  paths[d][k + d]
 * is the furthest line before that d edits reach on diagonal k.
 */
static int
search(Comparison *c, int start, int n, int m, int **paths)
{
	for (int d = 0; d <= MAX_EDITS; d++)
	{
		int		   *last = d ? paths[d - 1] + d - 1 : NULL;

		CHECK_FOR_INTERRUPTS();
		paths[d] = palloc((2 * d + 1) * sizeof(int));
		for (int k = -d; k <= d; k += 2)
		{
			bool		down = k == -d || (k != d && last[k - 1] < last[k + 1]);
			int			x = d == 0 ? 0 : down ? last[k + 1] : last[k - 1] + 1;

			while (x < n && x - k < m &&
				   strcmp(c->before[start + x], c->after[start + x - k]) == 0)
				x++;
			paths[d][k + d] = x;
			if (x >= n && x - k >= m)
				return d;
		}
	}
	return -1;
}

/* Walks the path back from its end. */
static void
trace(Comparison *c, int start, int n, int m, int **paths, int edits)
{
	int			x = n;
	int			y = m;

	for (int d = edits; d > 0; d--)
	{
		int		   *last = paths[d - 1] + d - 1;
		int			k = x - y;
		bool		down = k == -d || (k != d && last[k - 1] < last[k + 1]);
		int			from = down ? last[k + 1] : last[k - 1];

		if (down)
			c->came[start + from - (k + 1)] = true;
		else
			c->gone[start + from] = true;
		x = from;
		y = from - (down ? k + 1 : k - 1);
	}
}

/* Lines that went and lines that came at one place stand side by side. */
static void
write_lines(Comparison *c)
{
	int			i = 0;
	int			j = 0;

	while (i < c->nbefore || j < c->nafter)
	{
		int			gone = 0;
		int			came = 0;
		int			same = 0;

		while (i + same < c->nbefore && !c->gone[i + same] && !c->came[j + same])
			same++;
		same_run(c, i, same, i == 0, i + same == c->nbefore && j + same == c->nafter);
		i += same;
		j += same;
		while (i + gone < c->nbefore && c->gone[i + gone])
			gone++;
		while (j + came < c->nafter && c->came[j + came])
			came++;
		for (int n = 0; n < Max(gone, came); n++)
			add_line(c, n >= gone ? WF_MARK_ADDED : n >= came ? WF_MARK_REMOVED : WF_MARK_CHANGED,
					 n < gone ? c->before[i + n] : NULL, n < came ? c->after[j + n] : NULL, 0, n > 0);
		i += gone;
		j += came;
	}
}

/* Of a long run only what is next to a change is shown. */
static void
same_run(Comparison *c, int from, int length, bool first, bool last)
{
	int			head = first ? 0 : CONTEXT;
	int			tail = last ? 0 : CONTEXT;
	int			left_out = length - head - tail;

	for (int n = 0; n < length; n++)
	{
		const char *text = c->before[from + n];

		if (left_out > 1 && n == head)
		{
			add_line(c, WF_MARK_SAME, "", "", left_out, false);
			n += left_out - 1;
		}
		else
			add_line(c, WF_MARK_SAME, text, text, 0, false);
	}
}

static void
add_line(Comparison *c, WfMark mark, const char *before, const char *after, int left_out,
		 bool joined)
{
	WfRenderLine *line = wf_schema_render_line(mark, c->depth, before, after);

	line->left_out = left_out;
	line->joined = joined;
	c->lines = lappend(c->lines, line);
}
