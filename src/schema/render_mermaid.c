/*
 * render_mermaid.c: a schema diff as an erDiagram of Mermaid.
 *
 * Its grammar takes few characters in the name and type of an attribute; what
 * it does not take becomes "_", and the comment says the real name.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"

#include "schema/render_diagram.h"

static void write_table(StringInfo out, WfDiagramTable *table);
static void write_column(StringInfo out, WfDiagramColumn *column);
static void write_relation(StringInfo out, WfDiagramRelation *relation);
static void write_classes(StringInfo out, WfDiagram *diagram);
static void write_notes(StringInfo out, WfDiagram *diagram);
static char *word(const char *text, bool type);
static bool reads_like(const char *word, const char *text);
static bool is_word_char(const char *at, bool first, bool type);
static bool is_reserved(const char *word);
static void string(StringInfo out, const char *text);

/* A table an entity, a foreign key a relation, marks as classes and as signs in the text. */
void
wf_schema_render_mermaid(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	WfDiagram  *diagram = wf_schema_render_diagram(tree, options);
	ListCell   *lc;

	appendStringInfoString(out, "erDiagram\n");
	write_notes(out, diagram);
	foreach(lc, diagram->tables)
		write_table(out, lfirst(lc));
	foreach(lc, diagram->relations)
		write_relation(out, lfirst(lc));
	write_classes(out, diagram);
}

static void
write_table(StringInfo out, WfDiagramTable *table)
{
	appendStringInfo(out, "  t%d[\"", table->number);
	/* Plain, the sign would begin a list of Markdown. */
	if (table->mark != WF_MARK_SAME)
		appendStringInfo(out, "#%d; ", wf_schema_mark[table->mark].sign);
	string(out, table->name);
	appendStringInfoString(out, "\"]");
	if (table->ncolumns + table->hidden > 0)
	{
		appendStringInfoString(out, " {\n");
		for (int i = 0; i < table->ncolumns; i++)
			write_column(out, &table->columns[i]);
		if (table->hidden)
			appendStringInfo(out, "    etc and_%d_more\n", table->hidden);
		appendStringInfoString(out, "  }");
	}
	appendStringInfoChar(out, '\n');
}

static void
write_column(StringInfo out, WfDiagramColumn *column)
{
	char	   *type = word(column->type, true);
	char	   *name = word(column->name, false);
	const char *comma = " ";
	StringInfoData comment;

	appendStringInfo(out, "    %s %s", type, name);
	for (int i = 0; i < 3; i++)
	{
		static const char *const keys[] = {"PK", "FK", "UK"};

		if (i == 0 ? column->primary : i == 1 ? column->foreign : column->unique)
		{
			appendStringInfo(out, "%s%s", comma, keys[i]);
			comma = ", ";
		}
	}
	initStringInfo(&comment);
	if (column->mark != WF_MARK_SAME)
		appendStringInfo(&comment, "%c %s", wf_schema_mark[column->mark].sign, wf_schema_mark[column->mark].verb);
	if (strcmp(name, column->name) != 0)
		appendStringInfo(&comment, "%s%s", comment.len ? ", " : "", column->name);
	if (column->was || !reads_like(type, column->type))
		appendStringInfo(&comment, "%s%s", comment.len ? ", " : "", column->was ? column->details : column->type);
	if (column->was)
		appendStringInfo(&comment, ", was %s", column->was);
	if (comment.len)
	{
		appendStringInfoString(out, " \"");
		string(out, comment.data);
		appendStringInfoChar(out, '"');
	}
	appendStringInfoChar(out, '\n');
}

static void
write_relation(StringInfo out, WfDiagramRelation *relation)
{
	appendStringInfo(out, "  t%d %s%s%s t%d : \"", relation->parent->number,
					 relation->optional ? "|o" : "||", relation->inherits || relation->mark == WF_MARK_REMOVED ? ".." : "--",
					 relation->inherits ? "||" : relation->single ? "o|" : "o{", relation->child->number);
	if (relation->mark != WF_MARK_SAME)
		appendStringInfo(out, "%c ", wf_schema_mark[relation->mark].sign);
	string(out, relation->name ? relation->name : relation->link->type->name);
	appendStringInfoString(out, "\"\n");
}

/* The colours stand on light and dark; the dashes say it without them. */
static void
write_classes(StringInfo out, WfDiagram *diagram)
{
	static const char *const styles[] = {
		NULL,
		"fill:#d6eaff,stroke:#0a5ca8,stroke-width:3px,color:#10222f",
		"fill:#ffe3d3,stroke:#b34700,stroke-width:2px,stroke-dasharray:6 4,color:#2f1a10",
		"fill:#f0e4fa,stroke:#7a3fa8,stroke-width:2px,stroke-dasharray:2 3,color:#24102f",
	};
	ListCell   *lc;

	for (int mark = WF_MARK_ADDED; mark <= WF_MARK_CHANGED; mark++)
	{
		bool		first = true;

		foreach(lc, diagram->tables)
		{
			WfDiagramTable *table = lfirst(lc);

			if (table->mark != mark)
				continue;
			if (first)
				appendStringInfo(out, "  classDef %s %s\n  class ", wf_schema_mark[mark].name, styles[mark]);
			appendStringInfo(out, "%st%d", first ? "" : ",", table->number);
			first = false;
		}
		if (!first)
			appendStringInfo(out, " %s\n", wf_schema_mark[mark].name);
	}
}

/* What the picture does not show is a comment. */
static void
write_notes(StringInfo out, WfDiagram *diagram)
{
	ListCell   *lc;

	if (diagram->tables == NIL)
		appendStringInfoString(out, "  %% no table differs\n");
	if (diagram->more)
		appendStringInfo(out, "  %%%% and %d more tables\n", diagram->more);
	foreach(lc, diagram->others)
	{
		WfRenderObject *object = lfirst(lc);

		appendStringInfo(out, "  %%%% %c ", wf_schema_mark[object->mark].sign);
		string(out, wf_schema_render_title(object));
		appendStringInfoChar(out, '\n');
	}
	if (diagram->more_others)
		appendStringInfo(out, "  %%%% and %d more\n", diagram->more_others);
}

/* A name or type as the grammar takes it. */
static char *
word(const char *text, bool type)
{
	StringInfoData out;

	initStringInfo(&out);
	for (; *text; text += pg_mblen(text))
	{
		if (is_word_char(text, out.len == 0, type))
			appendBinaryStringInfo(&out, text, pg_mblen(text));
		else if (out.len > 0 || !type)
			appendStringInfoChar(&out, '_');
	}
	if (out.len == 0 || is_reserved(out.data))
		appendStringInfoChar(&out, '_');
	return out.data;
}

/* Is a word the text itself, but for blanks? */
static bool
reads_like(const char *word, const char *text)
{
	while (*word && (*word == *text || (*word == '_' && *text == ' ')))
	{
		word++;
		text++;
	}
	return *word == '\0' && *text == '\0';
}

/* Digits and brackets not at the beginning; of other letters those from U+00C0 on. */
static bool
is_word_char(const char *at, bool first, bool type)
{
	unsigned char c = *at;

	if (c >= 0x80)
		return GetDatabaseEncoding() != PG_UTF8 || c != 0xc2;
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
		return true;
	return !first && ((c >= '0' && c <= '9') || (type && strchr("()[]", c)));
}

/* These are keys, also before a character that is no letter. */
static bool
is_reserved(const char *word)
{
	static const char *const keys[] = {"pk", "fk", "uk"};

	for (int i = 0; i < lengthof(keys); i++)
	{
		if (pg_strncasecmp(word, keys[i], 2) == 0 && !is_word_char(word + 2, false, false))
			return true;
	}
	return false;
}

/*
 * Text within quotes: what could be Markdown, HTML or a directive as entities,
 * and the blank that makes a statement of "direction LR".
 */
static void
string(StringInfo out, const char *text)
{
	for (; *text; text++)
	{
		unsigned char c = *text;

		if (c < ' ' || c == 0x7f)
			appendStringInfoString(out, "#65533;");
		else if (strchr("\"#<>&`*~\\%{}[];:$", c) ||
				 (c == ' ' && out->len >= 9 && pg_strncasecmp(out->data + out->len - 9, "direction", 9) == 0))
			appendStringInfo(out, "#%d;", c);
		else
			appendStringInfoChar(out, c);
	}
}
