/*
 * registry_snapshot.c: facts about tables and types from a schema snapshot, so
 * that a schema can be judged before its DDL runs.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "schema/model.h"
#include "schema/registry.h"

static WfTypeFacts *facts_of(WfModel *model, WfObject *object);
static void set_name(WfTypeFacts *facts, WfObject *object);
static WfColumnFacts *column_of(WfObject *object);
static const char *default_of(WfObject *column);
static void mark_key(List *columns, WfObject *table);
static char *in_parentheses(const char *definition);
static List *view_columns(WfObject *view);
static int	compare_number(const ListCell *a, const ListCell *b);
static char *last_part(const char *identity);

/*
 * The facts about a table, view or type with this identity, or NULL where the
 * snapshot has none.  What belongs to an extension is in no snapshot; the
 * names of its types then speak for themselves.
 */
WfTypeFacts *
wf_schema_registry_snapshot_find(WfTypeSource *source, const char *type)
{
	static const WfObjectKind kinds[] = {
		WF_OBJECT_TABLE, WF_OBJECT_FOREIGN_TABLE, WF_OBJECT_VIEW, WF_OBJECT_COMPOSITE, WF_OBJECT_ENUM,
		WF_OBJECT_DOMAIN, WF_OBJECT_RANGE
	};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		WfObject   *object = wf_schema_model_find(source->model, psprintf("%s %s", wf_schema_type(kinds[i])->name, type));

		if (object)
			return facts_of(source->model, object);
	}
	return NULL;
}

static WfTypeFacts *
facts_of(WfModel *model, WfObject *object)
{
	WfTypeFacts *facts = palloc0(sizeof(WfTypeFacts));
	ListCell   *lc;

	set_name(facts, object);
	switch (object->type->kind)
	{
		case WF_OBJECT_ENUM:
			facts->kind = 'e';
			facts->labels = wf_schema_list(wf_schema_value(object, "values"));
			return facts;
		case WF_OBJECT_DOMAIN:
			facts->kind = 'd';
			facts->base = wf_schema_value(object, "type");
			facts->not_null = wf_schema_flag(object, "not_null");
			return facts;
		case WF_OBJECT_RANGE:
			facts->kind = 'r';
			return facts;
		case WF_OBJECT_VIEW:
			facts->kind = 'c';
			facts->columns = view_columns(object);
			return facts;
		default:
			break;
	}
	facts->kind = 'c';
	foreach(lc, object->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_COLUMN)
			facts->columns = lappend(facts->columns, column_of(lfirst(lc)));
	}
	list_sort(facts->columns, compare_number);
	mark_key(facts->columns, object);
	return facts;
}

static void
set_name(WfTypeFacts *facts, WfObject *object)
{
	facts->name = last_part(object->identity);
	facts->schema = object->schema ? object->schema : "public";
}

static WfColumnFacts *
column_of(WfObject *object)
{
	WfColumnFacts *column = palloc0(sizeof(WfColumnFacts));
	const char *position = wf_schema_value(object, "position");

	column->name = last_part(object->identity);
	column->number = position ? atoi(position) : 0;
	column->type = wf_schema_value(object, "type");
	column->not_null = wf_schema_flag(object, "not_null");
	column->default_text = default_of(object);
	return column;
}

static const char *
default_of(WfObject *column)
{
	ListCell   *lc;

	foreach(lc, column->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_DEFAULT)
			return wf_schema_value(child, "expression");
	}
	return NULL;
}

/* By the text "PRIMARY KEY (a, b)" of its constraint. */
static void
mark_key(List *columns, WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
	{
		WfObject   *child = lfirst(lc);
		const char *kind = child->type->kind == WF_OBJECT_CONSTRAINT ? wf_schema_value(child, "kind") : NULL;
		const char *definition = kind && strcmp(kind, "PRIMARY KEY") == 0 ? wf_schema_value(child, "definition") : NULL;
		char	   *list = definition ? in_parentheses(definition) : NULL;
		List	   *names = NIL;
		ListCell   *name;
		ListCell   *column;

		if (!list || !SplitIdentifierString(list, ',', &names))
			continue;
		foreach(name, names)
		{
			foreach(column, columns)
			{
				WfColumnFacts *facts = lfirst(column);

				if (strcmp(facts->name, lfirst(name)) == 0)
					facts->key = foreach_current_index(name) + 1;
			}
		}
	}
}

/* What stands in the first parentheses; names in quotes may hold such. */
static char *
in_parentheses(const char *definition)
{
	const char *open = strchr(definition, '(');
	bool		in_quotes = false;

	for (const char *c = open; c && *c; c++)
	{
		in_quotes ^= *c == '"';
		if (*c == ')' && !in_quotes)
			return pnstrdup(open + 1, c - open - 1);
	}
	return NULL;
}

/* A view keeps "name type collation", a line a column. */
static List *
view_columns(WfObject *view)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(view, "columns")))
	{
		WfColumnFacts *column = palloc0(sizeof(WfColumnFacts));
		char	   *text = lfirst(lc);
		char	   *end = text;
		bool		in_quotes = false;

		for (; *end && (in_quotes || *end != ' '); end++)
			in_quotes ^= *end == '"';
		column->name = last_part(pnstrdup(text, end - text));
		column->number = foreach_current_index(lc) + 1;
		column->type = *end ? pnstrdup(end + 1, strrchr(end, ' ') > end ? strrchr(end, ' ') - end - 1 : strlen(end + 1)) : "text";
		columns = lappend(columns, column);
	}
	return columns;
}

static int
compare_number(const ListCell *a, const ListCell *b)
{
	return ((WfColumnFacts *) lfirst(a))->number - ((WfColumnFacts *) lfirst(b))->number;
}

/* The last name of a qualified one, without quotes. */
static char *
last_part(const char *identity)
{
	return strVal(llast(textToQualifiedNameList(cstring_to_text(identity))));
}
