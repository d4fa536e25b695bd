/*
 * drizzle_table.c: constraints and indexes of a Drizzle snapshot.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/json.h"

#include "schema/cook.h"
#include "schema/drizzle.h"

static WfObject *add_constraint(Drizzle *drizzle, DrizzleEntity *entity, const char *kind, const char *definition);
static char *column_list(List *columns);
static const char *foreign_action(Drizzle *drizzle, DrizzleEntity *entity, const char *key, const char *clause);
static char *index_text(Drizzle *drizzle, DrizzleEntity *entity);
static void append_key(StringInfo sql, Drizzle *drizzle, DrizzleEntity *entity, JsonbContainer *key);
static char *index_options(JsonbContainer *fields);
static void add_option(StringInfo list, const char *name, const char *value);

void
wf_drizzle_primary_key(Drizzle *drizzle, DrizzleEntity *entity)
{
	JsonbValue *given = wf_drizzle_field(entity->fields, "nameExplicit", NULL);
	List	   *columns = wf_drizzle_columns(drizzle, entity, "columns", NULL);
	ListCell   *lc;

	foreach(lc, columns)
	{
		char	   *table = wf_drizzle_qualified(entity->schema, entity->table);
		WfObject   *column = wf_drizzle_find(drizzle, "column", psprintf("%s.%s", table, quote_identifier(lfirst(lc))));

		if (column)
			wf_drizzle_set(column, "not_null", "true");
	}
	wf_drizzle_key(drizzle, entity, "PRIMARY KEY", columns, !given || wf_drizzle_flag(entity->fields, "nameExplicit"));
}

void
wf_drizzle_unique(Drizzle *drizzle, DrizzleEntity *entity)
{
	JsonbValue *given = wf_drizzle_field(entity->fields, "nameExplicit", NULL);
	bool		nulls = wf_drizzle_flag(entity->fields, "nullsNotDistinct");

	wf_drizzle_key(drizzle, entity, nulls ? "UNIQUE NULLS NOT DISTINCT" : "UNIQUE",
				   wf_drizzle_columns(drizzle, entity, "columns", NULL),
				   !given || wf_drizzle_flag(entity->fields, "nameExplicit"));
}

/* A primary key or unique constraint; without a given name the server has chosen it. */
void
wf_drizzle_key(Drizzle *drizzle, DrizzleEntity *entity, const char *kind, List *columns, bool name_given)
{
	char	   *table = wf_drizzle_qualified(entity->schema, entity->table);
	char	   *list = column_list(columns);
	char	   *definition = psprintf("%s %s", kind, list);
	DrizzleEntity named = *entity;
	WfObject   *object;
	WfNameEntry *entry;
	bool		found;

	if (!name_given)
		named.name = wf_drizzle_live_name(drizzle, table, definition, entity->name);
	object = add_constraint(drizzle, &named, *kind == 'P' ? "PRIMARY KEY" : "UNIQUE", definition);
	wf_drizzle_set(object, "index", wf_drizzle_qualified(entity->schema, named.name));
	entry = wf_names_insert(drizzle->keys, psprintf("%s %s", table, list), &found);
	entry->list = lappend(found ? entry->list : NIL, object);
}

void
wf_drizzle_check(Drizzle *drizzle, DrizzleEntity *entity)
{
	char	   *text = wf_drizzle_needed_text(drizzle, entity, "value", NULL);
	Oid			table = wf_drizzle_live_table(entity->schema, entity->table);
	char	   *cooked = OidIsValid(table) ? wf_schema_cook_check(drizzle->path, text, table) : NULL;

	add_constraint(drizzle, entity, "CHECK", cooked ? cooked : psprintf("CHECK (%s)", text));
}

void
wf_drizzle_foreign_key(Drizzle *drizzle, DrizzleEntity *entity)
{
	char	   *table = wf_drizzle_qualified(entity->schema, entity->table);
	JsonbValue *given = wf_drizzle_field(entity->fields, "nameExplicit", NULL);
	char	   *schema_to = wf_drizzle_text(entity->fields, "schemaTo", NULL);
	char	   *table_to = wf_drizzle_qualified(schema_to && *schema_to ? wf_drizzle_name(schema_to) : "public",
												wf_drizzle_name(wf_drizzle_needed_text(drizzle, entity, "tableTo", NULL)));
	char	   *columns_to = column_list(wf_drizzle_columns(drizzle, entity, "columnsTo", NULL));
	char	   *definition = psprintf("FOREIGN KEY %s REFERENCES %s%s%s%s",
									  column_list(wf_drizzle_columns(drizzle, entity, "columnsFrom", "columns")),
									  table_to, columns_to,
									  foreign_action(drizzle, entity, "onUpdate", " ON UPDATE"),
									  foreign_action(drizzle, entity, "onDelete", " ON DELETE"));
	DrizzleEntity named = *entity;
	WfNameEntry *key = wf_names_lookup(drizzle->keys, psprintf("%s %s", table_to, columns_to));
	WfObject   *referenced = wf_drizzle_find(drizzle, "table", table_to);
	WfObject   *object;

	if (given && !wf_drizzle_flag(entity->fields, "nameExplicit"))
		named.name = wf_drizzle_live_name(drizzle, table, definition, entity->name);
	object = add_constraint(drizzle, &named, "FOREIGN KEY", definition);
	if (referenced)
		wf_schema_object_need(object, referenced);
	if (key)
		wf_schema_object_need(object, linitial(key->list));
}

static const char *
foreign_action(Drizzle *drizzle, DrizzleEntity *entity, const char *key, const char *clause)
{
	static const char *const actions[] = {"NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"};
	char	   *action = wf_drizzle_text(entity->fields, key, NULL);

	if (!action)
		return "";
	for (int i = 0; i < lengthof(actions); i++)
	{
		if (pg_strcasecmp(action, actions[i]) == 0)
			return i == 0 ? "" : psprintf("%s %s", clause, actions[i]);
	}
	wf_drizzle_malformed(drizzle, psprintf("\"%s\" of foreign key \"%s\" is \"%s\"", key, entity->name, action));
}

static WfObject *
add_constraint(Drizzle *drizzle, DrizzleEntity *entity, const char *kind, const char *definition)
{
	char	   *table = wf_drizzle_qualified(entity->schema, entity->table);
	WfObject   *object = wf_drizzle_add(drizzle, WF_OBJECT_CONSTRAINT,
										psprintf("%s ON %s", quote_identifier(entity->name), table), entity->schema);

	object->parent = wf_drizzle_find(drizzle, "table", table);
	if (!object->parent)
		wf_drizzle_malformed(drizzle, psprintf("constraint \"%s\" belongs to table \"%s\", which is not there",
											   entity->name, entity->table));
	wf_drizzle_set(object, "kind", kind);
	wf_drizzle_set(object, "definition", definition);
	wf_drizzle_set(object, "local", "true");
	return object;
}

static char *
column_list(List *columns)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, columns)
		appendStringInfo(&buf, "%s%s", foreach_current_index(lc) ? ", " : "(", quote_identifier(lfirst(lc)));
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

void
wf_drizzle_index(Drizzle *drizzle, DrizzleEntity *entity)
{
	char	   *table = wf_drizzle_qualified(entity->schema, entity->table);
	Oid			live = wf_drizzle_live_table(entity->schema, entity->table);
	WfObject   *object = wf_drizzle_add(drizzle, WF_OBJECT_INDEX,
										wf_drizzle_qualified(entity->schema, entity->name), entity->schema);
	char	   *head = psprintf("CREATE %sINDEX %s ON %s", wf_drizzle_flag(entity->fields, "isUnique") ? "UNIQUE " : "",
								quote_identifier(entity->name), table);
	char	   *text = psprintf("%s %s", head, index_text(drizzle, entity));
	char	   *cooked = OidIsValid(live) ? wf_schema_cook_index(drizzle->path, text, live) : NULL;

	object->parent = wf_drizzle_find(drizzle, "table", table);
	if (!object->parent)
		object->parent = wf_drizzle_find(drizzle, "materialized view", table);
	if (!object->parent)
		wf_drizzle_malformed(drizzle, psprintf("index \"%s\" belongs to table \"%s\", which is not there",
											   entity->name, entity->table));
	wf_drizzle_set(object, "definition", cooked ? psprintf("%s %s", head, cooked) : text);
	wf_drizzle_set(object, "options", index_options(entity->fields));
}

/* The index as Drizzle itself would write it, after the name of the table. */
static char *
index_text(Drizzle *drizzle, DrizzleEntity *entity)
{
	char	   *method = wf_drizzle_text(entity->fields, "method", NULL);
	char	   *condition = wf_drizzle_text(entity->fields, "where", NULL);
	JsonbValue *columns = wf_drizzle_field(entity->fields, "columns", NULL);
	StringInfoData sql;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key;
	bool		first = true;

	if (!columns || columns->type != jbvBinary || !JsonContainerIsArray(columns->val.binary.data))
		wf_drizzle_malformed(drizzle, psprintf("index \"%s\" has no list \"columns\"", entity->name));
	initStringInfo(&sql);
	appendStringInfo(&sql, "USING %s (", quote_identifier(method ? method : "btree"));
	it = JsonbIteratorInit(columns->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (key.type != jbvBinary || !JsonContainerIsObject(key.val.binary.data))
			wf_drizzle_malformed(drizzle, psprintf("a column of index \"%s\" is no object", entity->name));
		if (!first)
			appendStringInfoString(&sql, ", ");
		first = false;
		append_key(&sql, drizzle, entity, key.val.binary.data);
	}
	appendStringInfoChar(&sql, ')');
	if (condition)
		appendStringInfo(&sql, " WHERE %s", condition);
	return sql.data;
}

/* With an operator class, Drizzle leaves the place of NULLs to the server. */
static void
append_key(StringInfo sql, Drizzle *drizzle, DrizzleEntity *entity, JsonbContainer *key)
{
	char	   *text = wf_drizzle_text(key, "expression", "value");
	char	   *nulls = wf_drizzle_text(key, "nulls", NULL);
	JsonbContainer *class = wf_drizzle_members(key, "opclass");
	char	   *opclass = class ? wf_drizzle_text(class, "name", NULL) : wf_drizzle_text(key, "opclass", NULL);
	JsonbValue *ascending = wf_drizzle_field(key, "asc", NULL);
	bool		descending = ascending && ascending->type == jbvBool && !ascending->val.boolean;
	bool		nulls_first = nulls ? pg_strcasecmp(nulls, "first") == 0 : wf_drizzle_flag(key, "nullsFirst");

	if (!text)
		wf_drizzle_malformed(drizzle, psprintf("a column of index \"%s\" has no expression", entity->name));
	appendStringInfoString(sql, wf_drizzle_flag(key, "isExpression") ? text : quote_identifier(wf_drizzle_name(text)));
	if (opclass)
		appendStringInfo(sql, " %s", opclass);
	if (descending)
		appendStringInfoString(sql, " DESC");
	if (!opclass && (descending || nulls_first))
		appendStringInfo(sql, " NULLS %s", nulls_first ? "FIRST" : "LAST");
}

/* "with" is an object in version 7, the text between the parentheses in version 8. */
static char *
index_options(JsonbContainer *fields)
{
	JsonbContainer *with = wf_drizzle_members(fields, "with");
	char	   *text = wf_drizzle_text(fields, "with", NULL);
	StringInfoData list;

	initStringInfo(&list);
	if (with)
	{
		JsonbIterator *it = JsonbIteratorInit(with);
		JsonbIteratorToken token;
		JsonbValue	value;
		char	   *name = NULL;

		while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		{
			if (token == WJB_KEY)
				name = pnstrdup(value.val.string.val, value.val.string.len);
			else if (token == WJB_VALUE && value.type != jbvNull)
				add_option(&list, name, wf_drizzle_value_text(&value));
		}
	}
	for (char *part = text ? strtok(text, ",") : NULL; part; part = strtok(NULL, ","))
	{
		char	   *equals = strchr(part, '=');

		if (equals)
		{
			*equals = '\0';
			add_option(&list, part + strspn(part, " "), equals + 1);
		}
	}
	if (!list.len)
		return NULL;
	appendStringInfoChar(&list, ']');
	return list.data;
}

static void
add_option(StringInfo list, const char *name, const char *value)
{
	appendStringInfoString(list, list->len ? ", " : "[");
	escape_json(list, psprintf("%s=%s", name, value));
}

/* Drizzle turns row security on for tables with policies, which are not compared. */
void
wf_drizzle_policy(Drizzle *drizzle, DrizzleEntity *entity)
{
	WfObject   *table = wf_drizzle_find(drizzle, "table", wf_drizzle_qualified(entity->schema, entity->table));

	if (table)
		wf_drizzle_set(table, "row_security", "true");
}
