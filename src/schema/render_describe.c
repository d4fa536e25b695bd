/*
 * render_describe.c: objects and their attributes in a few words.
 */
#include "common/compat.h"

#include "schema/render.h"

#define IN_HEADLINE 1			/* of an object within another one */
#define BRIEF 2					/* follows from the rest; shown when it
								 * changes */
#define ONE_LINE 4				/* of a list: not a line an element */
#define BARE 8					/* the value says what it is */

/* How an attribute is shown; one without a row by its name and value. */
typedef struct AttrWords
{
	const char *attr;
	int			flags;
	const char *format;			/* in a headline */
	const char *name;			/* NULL: the attribute's, with blanks */
} AttrWords;

static const AttrWords words[] = {
	{"type", IN_HEADLINE, " %s", NULL},
	{"generated", IN_HEADLINE, " GENERATED ALWAYS AS %s", NULL},
	{"not_null", IN_HEADLINE, " NOT NULL", NULL},
	{"identity", IN_HEADLINE, " GENERATED %s AS IDENTITY", NULL},
	{"expression", IN_HEADLINE, " DEFAULT %s", NULL},
	{"definition", IN_HEADLINE | BARE, " %s", NULL},
	{"not_valid", IN_HEADLINE, " NOT VALID", NULL},
	{"of", IN_HEADLINE, " OF %s", NULL},
	{"bound", IN_HEADLINE, " %s", NULL},
	{"column", IN_HEADLINE, " %s", NULL},
	{"kind", BRIEF, NULL, NULL},	/* the definition begins with it */
	{"identity_sequence", BRIEF, NULL, NULL},
	{"identity_settings", BRIEF | ONE_LINE, NULL, NULL},
	{"settings", ONE_LINE, NULL, NULL},
	{"grants", BARE, NULL, NULL},
	{"values", 0, NULL, "value"},
	{"options", 0, NULL, "option"},
	{"foreign_options", 0, NULL, "option"},
};

static const AttrWords *words_of(const char *attr);
static void add_headline_values(StringInfo out, WfObject *object);
static WfObject *own_default(WfObject *column);
static char *joined(List *list);

static const AttrWords *
words_of(const char *attr)
{
	static const AttrWords plain = {NULL, 0, NULL, NULL};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i].attr, attr) == 0)
			return &words[i];
	}
	return &plain;
}

/*
 * An object that belongs to another one: "column total numeric NOT NULL",
 * or its statement where that says it all.  May have several lines.
 */
char *
wf_schema_render_headline(WfObject *object)
{
	StringInfoData out;
	const char *definition = wf_schema_value(object, "definition");

	initStringInfo(&out);
	if (definition && strncmp(definition, "CREATE ", 7) == 0)
	{
		appendStringInfoString(&out, definition);
		return out.data;
	}
	appendStringInfoString(&out, object->type->name);
	if (object->type->kind != WF_OBJECT_INHERITANCE && strcmp(object->identity, object->parent->identity) != 0)
		appendStringInfo(&out, " %s", wf_schema_short_name(object));
	add_headline_values(&out, object);
	return out.data;
}

static void
add_headline_values(StringInfo out, WfObject *object)
{
	WfObject   *dflt = own_default(object);

	for (int i = 0; i < object->type->nattrs; i++)
	{
		const AttrWords *w = words_of(object->type->attrs[i].name);

		if ((w->flags & IN_HEADLINE) && object->values[i])
			appendStringInfo(out, w->format, object->values[i]);
	}
	if (dflt)
		appendStringInfo(out, " DEFAULT %s", wf_schema_value(dflt, "expression"));
}

static WfObject *
own_default(WfObject *column)
{
	ListCell   *lc;

	if (column->type->kind != WF_OBJECT_COLUMN)
		return NULL;
	foreach(lc, column->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_DEFAULT)
			return child;
	}
	return NULL;
}

/* Is this attribute told with the object's name? */
bool
wf_schema_render_in_headline(WfObject *object, const char *attr)
{
	return object->parent && (words_of(attr)->flags & IN_HEADLINE);
}

/* Is this attribute told only when it changes? */
bool
wf_schema_render_is_brief(const char *attr)
{
	return (words_of(attr)->flags & BRIEF) != 0;
}

/* The lines of one attribute; none when it has its default. */
List *
wf_schema_render_attribute(WfObject *object, int attr)
{
	const WfObjectAttr *a = &object->type->attrs[attr];
	const AttrWords *w = words_of(a->name);
	const char *value = object->values[attr];
	List	   *lines;
	char	   *name = pstrdup(w->name ? w->name : a->name);
	ListCell   *lc;

	if (!value)
		return NIL;
	for (char *p = name; *p; p++)
	{
		if (*p == '_')
			*p = ' ';
	}
	if (strcmp(value, "true") == 0 && !(a->flags & WF_ATTR_LIST))
		return list_make1(name);
	lines = a->flags & WF_ATTR_LIST ? wf_schema_list(value) : wf_schema_render_split(value);
	if (w->flags & ONE_LINE)
		lines = list_make1(joined(lines));
	if (w->flags & BARE)
		return lines;
	foreach(lc, lines)
		lfirst(lc) = psprintf("%s %s", name, (char *) lfirst(lc));
	return lines;
}

static char *
joined(List *list)
{
	StringInfoData out;
	ListCell   *lc;

	initStringInfo(&out);
	foreach(lc, list)
		appendStringInfo(&out, "%s%s", out.len ? ", " : "", (char *) lfirst(lc));
	return out.data;
}

/* The lines of a text. */
List *
wf_schema_render_split(const char *text)
{
	List	   *lines = NIL;
	const char *end;

	while ((end = strchr(text, '\n')) != NULL)
	{
		lines = lappend(lines, pnstrdup(text, end - text));
		text = end + 1;
	}
	return *text || lines == NIL ? lappend(lines, pstrdup(text)) : lines;
}
