/*
 * render_diagram_table.c: the columns of a table in a picture, and its keys.
 */
#include "common/compat.h"

#include "schema/ddl.h"
#include "schema/render_diagram.h"

#define MAX_ROWS 20

static void add_column(WfDiagramTable *table, WfObject *from, WfObject *to);
static const char *details(WfObject *column);
static void mark_keys(WfDiagramTable *table);
static void hide_columns(WfDiagramTable *table, bool all);
static bool is_plain(WfDiagramColumn *column);
static const char *find_outside_quotes(const char *text, const char *word);

/*
 * Fills in the columns of a table: of one that stays as it is the keys only,
 * unless all; never more than a picture bears.
 */
void
wf_schema_render_columns(WfDiagramTable *table, bool all)
{
	List	   *before = table->from ? wf_schema_ddl_columns_in_order(table->from) : NIL;
	List	   *after = table->to ? wf_schema_ddl_columns_in_order(table->to) : NIL;
	ListCell   *lc;

	table->columns = palloc0((list_length(before) + list_length(after) + 1) * sizeof(WfDiagramColumn));
	foreach(lc, after)
		add_column(table, ((WfObject *) lfirst(lc))->twin, lfirst(lc));
	foreach(lc, before)
	{
		if (!((WfObject *) lfirst(lc))->twin)
			add_column(table, lfirst(lc), NULL);
	}
	mark_keys(table);
	hide_columns(table, all);
}

static void
add_column(WfDiagramTable *table, WfObject *from, WfObject *to)
{
	WfDiagramColumn *column = &table->columns[table->ncolumns++];
	WfObject   *object = to ? to : from;

	column->name = wf_schema_short_name(object);
	column->type = wf_schema_value(object, "type");
	column->not_null = wf_schema_flag(object, "not_null");
	column->details = details(object);
	column->mark = !from ? WF_MARK_ADDED : !to ? WF_MARK_REMOVED : WF_MARK_SAME;
	if (!from || !to)
		return;
	if (strcmp(details(from), column->details) != 0)
		column->was = details(from);
	if (column->was || wf_schema_render_differs(from, to))
		column->mark = WF_MARK_CHANGED;
}

/* The column without its name: "numeric(10,2) NOT NULL". */
static const char *
details(WfObject *column)
{
	return wf_schema_render_headline(column) + strlen(column->type->name) +
		strlen(wf_schema_short_name(column)) + 2;
}

static void
mark_keys(WfDiagramTable *table)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, table->to ? table->to->children : table->from->children)
	{
		WfObject   *constraint = lfirst(lc);
		const char *kind = wf_schema_value(constraint, "kind");

		if (constraint->type->kind != WF_OBJECT_CONSTRAINT || strcmp(kind, "CHECK") == 0 ||
			strcmp(kind, "EXCLUDE") == 0)
			continue;
		foreach(lc2, wf_schema_render_key_columns(wf_schema_value(constraint, "definition")))
		{
			WfDiagramColumn *column = wf_schema_render_find_column(table, lfirst(lc2));

			if (!column)
				continue;
			column->primary |= strcmp(kind, "PRIMARY KEY") == 0;
			column->unique |= strcmp(kind, "UNIQUE") == 0;
			column->foreign |= strcmp(kind, "FOREIGN KEY") == 0;
		}
	}
}

/* The keys that a column is part of: "PK FK"; of a primary key, unique goes without saying. */
const char *
wf_schema_render_keys(WfDiagramColumn *column)
{
	if (column->primary)
		return column->foreign ? "PK FK" : "PK";
	if (column->foreign)
		return column->unique ? "FK UK" : "FK";
	return column->unique ? "UK" : "";
}

/* Keys and what changed have a place before the others. */
static void
hide_columns(WfDiagramTable *table, bool all)
{
	bool		keys_only = table->mark == WF_MARK_SAME && !all;
	int			plain_rows = keys_only ? 0 : MAX_ROWS;
	int			kept = 0;

	for (int i = 0; i < table->ncolumns; i++)
		plain_rows -= !is_plain(&table->columns[i]);
	for (int i = 0; i < table->ncolumns && kept < MAX_ROWS; i++)
	{
		if (!is_plain(&table->columns[i]) || plain_rows-- > 0)
			table->columns[kept++] = table->columns[i];
	}
	table->hidden = table->ncolumns - kept;
	table->ncolumns = kept;
}

static bool
is_plain(WfDiagramColumn *column)
{
	return column->mark == WF_MARK_SAME && !column->primary && !column->foreign;
}

/* A shown column by its quoted name, or NULL. */
WfDiagramColumn *
wf_schema_render_find_column(WfDiagramTable *table, const char *name)
{
	for (int i = 0; name && i < table->ncolumns; i++)
	{
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

/*
 * The quoted names in the first parentheses of "PRIMARY KEY (a, "b, c")".
 * PERIOD and WITHOUT OVERLAPS are left away.
 */
List *
wf_schema_render_key_columns(const char *definition)
{
	const char *text = find_outside_quotes(definition, "(");
	List	   *names = NIL;

	while (text && *text && *text != ')')
	{
		const char *start = text + 1 + strspn(text + 1, " ");
		const char *end;

		if (strncmp(start, "PERIOD ", 7) == 0)
			start += 7;
		end = start;
		for (bool quoted = false; *end && (quoted || !strchr(",) ", *end)); end++)
		{
			if (*end == '"')
				quoted = !quoted;
		}
		names = lappend(names, pnstrdup(start, end - start));
		text = end + strcspn(end, ",)");
	}
	return names;
}

/* Where a word begins in SQL text, outside of quoted names. */
static const char *
find_outside_quotes(const char *text, const char *word)
{
	bool		quoted = false;

	for (; *text; text++)
	{
		if (*text == '"')
			quoted = !quoted;
		else if (!quoted && strncmp(text, word, strlen(word)) == 0)
			return text;
	}
	return NULL;
}

/*
 * The table that a foreign key's definition refers to, and in *columns the
 * text of the columns there; NULL for text that is none.
 */
char *
wf_schema_render_references(const char *definition, const char **columns)
{
	const char *table = find_outside_quotes(definition, " REFERENCES ");

	if (!table)
		return NULL;
	table += strlen(" REFERENCES ");
	*columns = find_outside_quotes(table, "(");
	return *columns ? pnstrdup(table, *columns - table) : NULL;
}
