/*
 * rename_step.c: one rename, carried out on a model.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "schema/rename.h"

static List *heirs_of(WfModel *model, WfRename *rename);
static void sort_statistics(WfModel *model);
static char *with_sorted_columns(const char *definition);
static int	compare_columns(const ListCell *a, const ListCell *b);
static void change_part(WfRename *rename);
static char *replaced_value(WfRename *rename);

/* Carries out one rename on the model, as its action does on a database. */
WfAction *
wf_schema_rename_step(WfModel *model, WfRename *rename)
{
	List	   *heirs = heirs_of(model, rename);
	WfAction   *action = wf_schema_ddl_rename(rename);
	ListCell   *lc;

	wf_schema_rewrite(model, rename);
	change_part(rename);
	foreach(lc, heirs)
	{
		WfRename	heir = *rename;

		heir.object = lfirst(lc);
		wf_schema_rewrite(model, &heir);
	}
	if (rename->kind == WF_OBJECT_CONSTRAINT && wf_schema_value(rename->object, "index"))
	{
		WfRename	index = *rename;

		index.kind = WF_OBJECT_INDEX;
		wf_schema_rewrite(model, &index);
	}
	if (rename->kind == WF_OBJECT_COLUMN)
		sort_statistics(model);
	wf_schema_model_rekey(model);
	rename->was = rename->becomes;
	return action;
}

/* Tables whose column, or constraints that, are renamed along with the parent's. */
static List *
heirs_of(WfModel *model, WfRename *rename)
{
	WfObject   *table = rename->kind == WF_OBJECT_COLUMN ? rename->object : rename->object->parent;
	List	   *tables;
	List	   *heirs = NIL;
	ListCell   *lc;

	if (rename->kind != WF_OBJECT_COLUMN && rename->kind != WF_OBJECT_CONSTRAINT &&
		rename->kind != WF_OBJECT_TRIGGER)
		return NIL;
	if (rename->kind == WF_OBJECT_CONSTRAINT && wf_schema_value(rename->object, "index"))
		return NIL;
	tables = list_make1(table);
	/* The list grows while it is walked: children of children. */
	for (int i = 0; i < list_length(tables); i++)
	{
		table = list_nth(tables, i);
		foreach(lc, table->needed_by)
		{
			WfObject   *link = lfirst(lc);

			if (link->type->kind == WF_OBJECT_INHERITANCE || link->type->kind == WF_OBJECT_PARTITION)
				tables = list_append_unique_ptr(tables, link->parent);
			else if (link->type->kind == WF_OBJECT_TABLE && wf_schema_value(link, "of_type") &&
					 strcmp(wf_schema_value(link, "of_type"), table->identity) == 0)
				tables = list_append_unique_ptr(tables, link);
		}
	}
	foreach(lc, list_delete_first(tables))
	{
		WfObject   *heir = lfirst(lc);

		if (rename->kind != WF_OBJECT_COLUMN)
			heir = wf_schema_model_find(model, psprintf("%s %s ON %s", rename->object->type->name,
														rename->was, heir->identity));
		if (heir)
			heirs = lappend(heirs, heir);
	}
	return heirs;
}

/* A part that is no object: the column of a view, the value of an enum. */
static void
change_part(WfRename *rename)
{
	WfObject   *object = rename->object;
	int			attr;

	if (rename->is_value)
	{
		object->values[wf_schema_attr_index(object->type, "values")] = replaced_value(rename);
		return;
	}
	attr = rename->kind == WF_OBJECT_COLUMN ? wf_schema_attr_index(object->type, "definition") : -1;
	if (attr >= 0 && object->values[attr])
	{
		WfTokens   *tokens = wf_schema_tokens(object->values[attr]);

		if (!wf_schema_select_relabel(tokens, rename->was, rename->becomes))
			wf_schema_doubt(object, attr);
		object->values[attr] = wf_schema_tokens_text(tokens);
		object->followed = true;
		attr = wf_schema_attr_index(object->type, "columns");
		if (attr >= 0 && object->values[attr])
			object->values[attr] = replaced_value(rename);
	}
}

/* A list with the renamed element, or the one that begins with the name. */
static char *
replaced_value(WfRename *rename)
{
	const char *attr = rename->is_value ? "values" : "columns";
	StringInfoData list;
	ListCell   *lc;
	size_t		len = strlen(rename->was);

	initStringInfo(&list);
	foreach(lc, wf_schema_list(wf_schema_value(rename->object, attr)))
	{
		const char *element = lfirst(lc);
		bool		hit = strncmp(element, rename->was, len) == 0 &&
		element[len] == (rename->is_value ? '\0' : ' ');

		appendStringInfoString(&list, list.len ? ", " : "[");
		escape_json(&list, hit ? psprintf("%s%s", rename->becomes, element + len) : element);
	}
	appendStringInfoString(&list, list.len ? "]" : "[]");
	return list.data;
}

/*
 * The model with a schema under another name, as if it had always had that:
 * also in what functions say of it.
 */
void
wf_schema_rename_schema(WfModel *model, const char *was, const char *becomes)
{
	WfRename	rename;

	memset(&rename, 0, sizeof(rename));
	rename.kind = WF_OBJECT_SCHEMA;
	rename.was = pstrdup(quote_identifier(was));
	rename.becomes = pstrdup(quote_identifier(becomes));
	rename.in_bodies = true;
	wf_schema_rewrite(model, &rename);
	wf_schema_model_rekey(model);
}

/* Statistics list their columns by name, and expressions behind them. */
static void
sort_statistics(WfModel *model)
{
	int			attr = wf_schema_attr_index(wf_schema_type(WF_OBJECT_STATISTICS), "definition");

	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];

		if (object->type->kind == WF_OBJECT_STATISTICS)
			object->values[attr] = with_sorted_columns(object->values[attr]);
	}
}

static char *
with_sorted_columns(const char *definition)
{
	WfTokens   *tokens = wf_schema_tokens(definition);
	int			first = 0;
	List	   *names = NIL;
	ListCell   *lc;

	while (first < tokens->n && !wf_schema_token_is(tokens, first, "ON"))
		first++;
	first++;
	/* An expression begins with a parenthesis, or is a call. */
	for (int i = first; i + 1 < tokens->n && wf_schema_token_is_name(tokens, i) &&
		 (wf_schema_token_is(tokens, i + 1, ",") || wf_schema_token_is(tokens, i + 1, "FROM")); i += 2)
		names = lappend(names, (char *) tokens->at[i].word);
	list_sort(names, compare_columns);
	foreach(lc, names)
		tokens->at[first + 2 * foreach_current_index(lc)].word = lfirst(lc);
	return wf_schema_tokens_text(tokens);
}

static int
compare_columns(const ListCell *a, const ListCell *b)
{
	return strcmp(wf_schema_unquoted(lfirst(a)), wf_schema_unquoted(lfirst(b)));
}
