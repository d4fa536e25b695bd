/*
 * shelter.c: which data a migration takes away, told from the schema before
 * and after it and from its statements on rows.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "utils/builtins.h"

#include "common/list.h"
#include "migration/rehearse.h"
#include "migration/shelter.h"
#include "schema/ddl.h"
#include "schema/read.h"

static void lost_with_schema(WfShelter *shelter, WfModel *before);
static void lost_column(WfShelter *shelter, WfObject *column, WfObject *becomes);
static bool may_lose(const char *from, const char *to);
static void lost_rows(WfShelter *shelter, WfModel *before, WfChanged *changed);
static List *column_names(WfObject *table, List *numbers);
static void lose_values(WfShelter *shelter, WfModel *before, WfObject *table, List *names);
static void lose_rows(WfShelter *shelter, WfModel *before, WfObject *table, WfChanged *changed);
static List *heirs(WfModel *before, WfObject *table);
static void lose_referring(WfShelter *shelter, WfModel *before, WfObject *table, bool truncated);
static WfObject *referred_table(WfObject *constraint);
static void restart(WfShelter *shelter, WfModel *before, WfObject *table);
static WfSheltered *sheltered(WfShelter *shelter, WfObject *table);
static WfSheltered *find(WfShelter *shelter, WfObject *table);
static WfObject *whole_of(WfModel *model, WfObject *table);
static WfObject *root_of(WfModel *model, WfObject *table);
static void add_sequence(WfShelter *shelter, const char *name);
static void choose_key(WfShelter *shelter, WfSheltered *kept);
static bool key_of(WfShelter *shelter, WfSheltered *kept, WfObject *constraint);
static bool is_late(WfObject *object, void *arg);

/*
 * What is to be kept in the schema of that name (not quoted).  before and
 * after were read from one database; changes are of WfChanged.
 */
WfShelter *
wf_migration_shelter(const char *schema, WfModel *before, WfModel *after, List *changes)
{
	WfShelter  *shelter = palloc0(sizeof(WfShelter));
	ListCell   *lc;

	shelter->schema = quote_identifier(schema);
	shelter->after = wf_schema_by_address(after);
	lost_with_schema(shelter, before);
	foreach(lc, changes)
		lost_rows(shelter, before, lfirst(lc));
	foreach(lc, shelter->tables)
		choose_key(shelter, lfirst(lc));
	return shelter;
}

/* Tables and columns that go, types that change, sequences that go. */
static void
lost_with_schema(WfShelter *shelter, WfModel *before)
{
	for (int i = 0; i < before->nobjects; i++)
	{
		WfObject   *object = before->objects[i];
		WfObject   *becomes = wf_schema_same_object(shelter->after, object);
		WfObject   *whole = object->type->kind == WF_OBJECT_TABLE ? whole_of(before, object) : NULL;

		/* A partition goes with the whole, where that goes. */
		if (object->type->kind == WF_OBJECT_TABLE && !becomes && (!whole || wf_schema_same_object(shelter->after, whole)))
			sheltered(shelter, object)->rows = sheltered(shelter, object)->gone = true;
		else if (object->type->kind == WF_OBJECT_SEQUENCE && !becomes)
			add_sequence(shelter, object->identity);
		else if (object->type->kind == WF_OBJECT_COLUMN && object->parent->type->kind == WF_OBJECT_TABLE)
			lost_column(shelter, object, becomes);
	}
}

/* A partition's column follows that of the whole. */
static void
lost_column(WfShelter *shelter, WfObject *column, WfObject *becomes)
{
	if (!becomes && wf_schema_value(column, "identity"))
		add_sequence(shelter, wf_schema_value(column, "identity_sequence"));
	if (wf_schema_value(column, "generated") || wf_schema_partition_of(column->parent) ||
		!wf_schema_same_object(shelter->after, column->parent))
		return;
	if (!becomes || may_lose(wf_schema_value(column, "type"), wf_schema_value(becomes, "type")))
		sheltered(shelter, column->parent)->columns = lappend(sheltered(shelter, column->parent)->columns, column);
}

/* Only a type that is known to hold all values of the other one loses none; text holds any. */
static bool
may_lose(const char *from, const char *to)
{
	if (strcmp(to, "text") == 0 || strcmp(to, "character varying") == 0)
		return false;
	return strcmp(from, to) != 0 && (wf_schema_type_narrows(from, to) || !wf_schema_type_narrows(to, from));
}

/* What a statement does to the rows of a table that was there before. */
static void
lost_rows(WfShelter *shelter, WfModel *before, WfChanged *changed)
{
	WfObject   *table = NULL;

	for (int i = 0; i < before->nobjects && !table; i++)
	{
		if (before->objects[i]->type->kind == WF_OBJECT_TABLE && before->objects[i]->oid == changed->relation)
			table = before->objects[i];
	}
	if (!table)
		return;
	if (changed->columns)
		lose_values(shelter, before, table, column_names(table, changed->columns));
	else
		lose_rows(shelter, before, table, changed);
}

/* The names, in their table, of columns with these numbers. */
static List *
column_names(WfObject *table, List *numbers)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, table->children)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind == WF_OBJECT_COLUMN && list_member_int(numbers, column->sub) &&
			!wf_schema_value(column, "generated"))
			names = lappend(names, wf_schema_short_name(column));
	}
	return names;
}

/* Of the table, or the whole that it is a partition of, and of its children. */
static void
lose_values(WfShelter *shelter, WfModel *before, WfObject *table, List *names)
{
	WfObject   *root = root_of(before, table);
	ListCell   *lc;

	foreach(lc, names)
	{
		WfObject   *column = wf_schema_model_find(before, psprintf("column %s.%s", root->identity, (char *) lfirst(lc)));
		WfSheltered *kept = sheltered(shelter, root);

		if (column && !list_member_ptr(kept->columns, column))
			kept->columns = lappend(kept->columns, column);
	}
	foreach(lc, heirs(before, table))
		lose_values(shelter, before, lfirst(lc), names);
}

static void
lose_rows(WfShelter *shelter, WfModel *before, WfObject *table, WfChanged *changed)
{
	WfObject   *root = root_of(before, table);
	ListCell   *lc;

	sheltered(shelter, root)->rows = true;
	if (changed->restarts)
		restart(shelter, before, root);
	lose_referring(shelter, before, root, changed->cascades);
	foreach(lc, heirs(before, table))
		lose_rows(shelter, before, lfirst(lc), changed);
}

/* The tables that inherit from this one; no partitions. */
static List *
heirs(WfModel *before, WfObject *table)
{
	List	   *list = NIL;

	for (int i = 0; i < before->nobjects; i++)
	{
		WfObject   *link = before->objects[i];

		if (link->type->kind == WF_OBJECT_INHERITANCE && link->parent->type->kind == WF_OBJECT_TABLE &&
			strcmp(wf_schema_value(link, "of"), table->identity) == 0)
			list = lappend(list, link->parent);
	}
	return list;
}

/* Rows and values of other tables that go with deleted or truncated ones. */
static void
lose_referring(WfShelter *shelter, WfModel *before, WfObject *table, bool truncated)
{
	for (int i = 0; i < before->nobjects; i++)
	{
		WfObject   *constraint = before->objects[i];
		const char *definition = wf_schema_value(constraint, "definition");
		WfObject   *referring;
		WfSheltered *kept;

		if (constraint->type->kind != WF_OBJECT_CONSTRAINT || !wf_schema_is_foreign_key(constraint) ||
			referred_table(constraint) != table)
			continue;
		referring = root_of(before, constraint->parent);
		if (!truncated && !strstr(definition, "ON DELETE CASCADE") && !strstr(definition, "ON DELETE SET"))
			continue;
		kept = sheltered(shelter, referring);
		if (kept->rows)
			continue;
		/* All of them, where only some values go: a simple superset. */
		kept->rows = true;
		if (!truncated && strstr(definition, "ON DELETE SET"))
		{
			ListCell   *lc;

			foreach(lc, constraint->needs)
			{
				WfObject   *column = lfirst(lc);

				if (column->type->kind == WF_OBJECT_COLUMN && column->parent == referring && !list_member_ptr(kept->columns, column))
					kept->columns = lappend(kept->columns, column);
			}
			continue;
		}
		lose_referring(shelter, before, referring, truncated);
	}
}

/* The table that a foreign key refers to: what it needs belongs to it. */
static WfObject *
referred_table(WfObject *constraint)
{
	ListCell   *lc;

	foreach(lc, constraint->needs)
	{
		WfObject   *needed = lfirst(lc);
		WfObject   *table = needed->parent ? needed->parent : needed;

		if (table->type->kind == WF_OBJECT_TABLE && table != constraint->parent)
			return table;
	}
	return constraint->parent;
}

/* The sequences of a table's columns begin again. */
static void
restart(WfShelter *shelter, WfModel *before, WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind == WF_OBJECT_COLUMN && wf_schema_value(column, "identity"))
			add_sequence(shelter, wf_schema_value(column, "identity_sequence"));
	}
	for (int i = 0; i < before->nobjects; i++)
	{
		WfObject   *owner = before->objects[i];
		WfObject   *column = owner->type->kind != WF_OBJECT_SEQUENCE_OWNER ? NULL :
		wf_schema_model_find(before, psprintf("column %s", wf_schema_value(owner, "column")));

		if (column && column->parent == table)
			add_sequence(shelter, owner->parent->identity);
	}
}

static WfSheltered *
sheltered(WfShelter *shelter, WfObject *table)
{
	WfSheltered *kept = find(shelter, table);
	char	   *name;

	if (kept)
		return kept;
	kept = palloc0(sizeof(WfSheltered));
	kept->table = table;
	/* The number tells tables of different schemas apart. */
	name = pstrdup(wf_schema_short_name(table));
	if (*name == '"' || strlen(name) > NAMEDATALEN - 10)
		name = "table";
	kept->name = psprintf("%s.%s_%d", shelter->schema, name, list_length(shelter->tables) + 1);
	shelter->tables = lappend(shelter->tables, kept);
	return kept;
}

static WfSheltered *
find(WfShelter *shelter, WfObject *table)
{
	ListCell   *lc;

	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		if (kept->table == table)
			return kept;
	}
	return NULL;
}

/* The table that this one is a partition of, or NULL. */
static WfObject *
whole_of(WfModel *model, WfObject *table)
{
	WfObject   *link = wf_schema_partition_of(table);

	return link ? wf_schema_model_find(model, psprintf("table %s", wf_schema_value(link, "of"))) : NULL;
}

/* The partitioned table of a partition of whatever level; else the table itself. */
static WfObject *
root_of(WfModel *model, WfObject *table)
{
	WfObject   *whole = whole_of(model, table);

	return whole ? root_of(model, whole) : table;
}

static void
add_sequence(WfShelter *shelter, const char *name)
{
	if (!wf_common_list_has(shelter->sequences, name))
		shelter->sequences = lappend(shelter->sequences, unconstify(char *, name));
}

/* The columns that tell the rows apart, before and after: of the primary key, else of a unique one. */
static void
choose_key(WfShelter *shelter, WfSheltered *kept)
{
	ListCell   *lc;

	for (int unique = 0; unique <= 1 && !kept->key; unique++)
	{
		foreach(lc, kept->table->children)
		{
			WfObject   *constraint = lfirst(lc);

			if (constraint->type->kind == WF_OBJECT_CONSTRAINT &&
				strcmp(wf_schema_value(constraint, "kind"), unique ? "UNIQUE" : "PRIMARY KEY") == 0 &&
				key_of(shelter, kept, constraint))
				break;
		}
	}
	if (!kept->key && !kept->gone)
		kept->why_not = "no key that stays tells its rows apart";
}

/* Takes the constraint's columns as the key, if none may be null or changes. */
static bool
key_of(WfShelter *shelter, WfSheltered *kept, WfObject *constraint)
{
	List	   *key = NIL;
	ListCell   *lc;

	foreach(lc, constraint->needs)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind != WF_OBJECT_COLUMN || column->parent != kept->table)
			continue;
		if (list_member_ptr(kept->columns, column) || !wf_schema_flag(column, "not_null") ||
			(!kept->gone && !wf_schema_same_object(shelter->after, column)))
			return false;
		key = lappend(key, column);
	}
	kept->key = key;
	return key != NIL;
}

/*
 * Takes out of the model before what would stand in the way of bringing the
 * data back: foreign keys, triggers and the like that are not there after,
 * those of the tables, constraints and NOT NULL of columns that begin empty.
 * Identities let values be written.
 */
void
wf_migration_shelter_open(WfShelter *shelter, WfModel *before)
{
	ListCell   *lc;
	ListCell   *lc2;

	wf_schema_remove_late(before, is_late, shelter);
	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		foreach(lc2, kept->columns)
		{
			WfObject   *column = lfirst(lc2);
			const char *identity = wf_schema_value(column, "identity");

			if (!identity && !wf_schema_same_object(shelter->after, column))
				column->values[wf_schema_attr_index(column->type, "not_null")] = NULL;
			if (identity)
				column->values[wf_schema_attr_index(column->type, "identity")] = "BY DEFAULT";
		}
	}
}

static bool
is_late(WfObject *object, void *arg)
{
	WfShelter  *shelter = arg;
	bool		is_new = !wf_schema_same_object(shelter->after, object);
	WfSheltered *kept = object->parent ? find(shelter, object->parent) : NULL;
	WfSheltered *referred;

	switch (object->type->kind)
	{
		case WF_OBJECT_CONSTRAINT:
			if (!wf_schema_is_foreign_key(object))
				return is_new && kept && !kept->gone;
			referred = find(shelter, referred_table(object));
			return is_new || (kept && kept->rows) || (referred && referred->rows);
		case WF_OBJECT_INDEX:
			return is_new && kept && !kept->gone;
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_RULE:
			return is_new || kept;
		default:
			return is_new && wf_schema_is_behind_rows(object);
	}
}
