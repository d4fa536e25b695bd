/*
 * select_list.c: the labels of select lists.
 *
 * A column that gets another name keeps its label where a query shows it: the
 * server writes "t.b AS a" from then on.
 */
#include "common/compat.h"

#include "schema/rename.h"

static const char *const item_ends[] = {
	",", ")", ";", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR",
	"WINDOW", "UNION", "INTERSECT", "EXCEPT",
};
static const char *const item_starts[] = {"SELECT", "DISTINCT", "ALL", ",", ")", "RETURNING"};
static const char *const clauses[] = {
	"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "WINDOW", "VALUES",
	"SET", "UNION", "INTERSECT", "EXCEPT",
};

static void drop_label(WfTokens *tokens, int as);
static int	item_end(WfTokens *tokens, int i);
static const char *label_of(WfTokens *tokens, int first, int end, int *as);
static int	find_label(WfTokens *tokens, const char *label, int *first, int *as);

/* Which tokens stand directly in a select list. */
bool *
wf_schema_select_lists(WfTokens *tokens)
{
	bool	   *in_list = palloc0((tokens->n + 1) * sizeof(bool));
	bool	   *stack = palloc0((tokens->n + 1) * sizeof(bool));
	int			depth = 0;

	for (int i = 0; i < tokens->n; i++)
	{
		if (wf_schema_token_is(tokens, i, "("))
			stack[++depth] = false;
		else if (wf_schema_token_is(tokens, i, ")"))
			depth -= depth > 0;
		else if (wf_schema_token_is(tokens, i, "SELECT") || wf_schema_token_is(tokens, i, "RETURNING"))
			stack[depth] = true;
		else if (wf_schema_token_in(tokens, i, clauses, lengthof(clauses)))
			stack[depth] = false;
		else
			in_list[i] = stack[depth];
	}
	return in_list;
}

/*
 * Gives the column that stands at first to last its new name, with a label
 * where it needs one; was and becomes are the names before and after.
 */
void
wf_schema_select_label(WfTokens *tokens, const bool *in_list, int first, int last,
					   const char *was, const char *becomes)
{
	bool		whole = in_list[first] &&
	wf_schema_token_in(tokens, first - 1, item_starts, lengthof(item_starts));
	bool		ends = last + 1 == tokens->n ||
	wf_schema_token_in(tokens, last + 1, item_ends, lengthof(item_ends));

	tokens->at[last].word = becomes;
	if (whole && ends)
		tokens->at[last].word = psprintf("%s AS %s", becomes, was);
	else if (whole && wf_schema_token_is(tokens, last + 1, "AS") &&
			 wf_schema_token_is(tokens, last + 2, becomes))
		drop_label(tokens, last + 1);
}

static void
drop_label(WfTokens *tokens, int as)
{
	tokens->at[as].gap = tokens->at[as].word = "";
	tokens->at[as + 1].gap = tokens->at[as + 1].word = "";
}

/*
 * Changes the label of a query's own column, as renaming a view's column does.
 * False when the query is not understood.
 */
bool
wf_schema_select_relabel(WfTokens *tokens, const char *was, const char *becomes)
{
	int			first;
	int			as;
	int			end = find_label(tokens, was, &first, &as);

	if (end < 0)
		return false;
	if (as >= 0)
	{
		if (as - first >= 1 && wf_schema_token_is(tokens, as - 1, becomes) &&
			(as - first == 1 || (as - first == 3 && wf_schema_token_is(tokens, as - 2, "."))))
			drop_label(tokens, as);
		else
			tokens->at[as + 1].word = becomes;
	}
	else
		tokens->at[end - 1].word = psprintf("%s AS %s", tokens->at[end - 1].word, becomes);
	return true;
}

/* Does the query of a view have a column of this name? */
bool
wf_schema_select_has(WfTokens *tokens, const char *label)
{
	int			first;
	int			as;

	return find_label(tokens, label, &first, &as) >= 0;
}

/* The end of the item with this label in the first select list; -1: none. */
static int
find_label(WfTokens *tokens, const char *label, int *first, int *as)
{
	int			depth = 0;
	int			i = 0;

	while (i < tokens->n && (depth > 0 || !wf_schema_token_is(tokens, i, "SELECT")))
	{
		depth += wf_schema_token_is(tokens, i, "(") - wf_schema_token_is(tokens, i, ")");
		i++;
	}
	i++;
	if (wf_schema_token_is(tokens, i, "DISTINCT"))
	{
		i++;
		if (wf_schema_token_is(tokens, i, "ON"))
			i = item_end(tokens, i + 2) + 1;
	}
	while (i < tokens->n)
	{
		int			end = item_end(tokens, i);
		const char *found = label_of(tokens, i, end, as);

		*first = i;
		if (found && strcmp(found, label) == 0)
			return end;
		if (!wf_schema_token_is(tokens, end, ","))
			break;
		i = end + 1;
	}
	return -1;
}

static int
item_end(WfTokens *tokens, int i)
{
	int			depth = 0;

	for (; i < tokens->n; i++)
	{
		if (depth == 0 && wf_schema_token_in(tokens, i, item_ends, lengthof(item_ends)))
			return i;
		if (wf_schema_token_is(tokens, i, "(") || wf_schema_token_is(tokens, i, "["))
			depth++;
		else if (wf_schema_token_is(tokens, i, ")") || wf_schema_token_is(tokens, i, "]"))
			depth--;
	}
	return i;
}

/* The label of the item, and where its AS stands if it has one. */
static const char *
label_of(WfTokens *tokens, int first, int end, int *as)
{
	*as = -1;
	if (end - first >= 3 && wf_schema_token_is(tokens, end - 2, "AS"))
	{
		*as = end - 2;
		return tokens->at[end - 1].word;
	}
	if (end - first == 1 || (end - first == 3 && wf_schema_token_is(tokens, first + 1, ".")))
		return tokens->at[end - 1].word;
	return NULL;
}
