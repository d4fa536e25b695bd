/*
 * drizzle_column.c: the columns of a Drizzle snapshot.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "utils/builtins.h"

#include "schema/cook.h"
#include "schema/drizzle.h"

/* A column's type: its text, and what it is in this server if it is known here. */
typedef struct ColumnType
{
	const char *text;
	Oid			oid;
	int32		typmod;
} ColumnType;

static const char *serial_type(const char *type);
static ColumnType column_type(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, const char *type);
static char *type_text(DrizzleEntity *entity, const char *type, WfObject **made_here, Drizzle *drizzle);
static void add_default(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, ColumnType *type);
static void add_generated(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, ColumnType *type);
static void add_identity(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, const char *type);
static void add_serial(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, const char *type);

/* A column with its default, its sequence and, in version 7, its own primary key. */
void
wf_drizzle_column(Drizzle *drizzle, DrizzleEntity *entity)
{
	char	   *written = wf_drizzle_needed_text(drizzle, entity, "type", NULL);
	const char *serial = serial_type(written);
	char	   *table = wf_drizzle_qualified(entity->schema, entity->table);
	WfObject   *column = wf_drizzle_add(drizzle, WF_OBJECT_COLUMN,
										psprintf("%s.%s", table, quote_identifier(entity->name)), entity->schema);
	ColumnType	type;

	column->parent = wf_drizzle_find(drizzle, "table", table);
	if (!column->parent)
		wf_drizzle_malformed(drizzle, psprintf("column \"%s\" belongs to table \"%s\", which is not there",
											   entity->name, entity->table));
	type = column_type(drizzle, entity, column, serial ? serial : written);
	wf_drizzle_set(column, "type", type.text);
	wf_drizzle_set(column, "position", psprintf("%d", ++drizzle->ncolumns));
	wf_drizzle_set(column, "local", "true");
	if (serial || wf_drizzle_flag(entity->fields, "notNull"))
		wf_drizzle_set(column, "not_null", "true");

	add_identity(drizzle, entity, column, type.text);
	add_generated(drizzle, entity, column, &type);
	if (serial)
		add_serial(drizzle, entity, column, serial);
	else
		add_default(drizzle, entity, column, &type);
	if (wf_drizzle_flag(entity->fields, "primaryKey"))
	{
		DrizzleEntity key = *entity;

		key.name = makeObjectName(entity->table, NULL, "pkey");
		wf_drizzle_set(column, "not_null", "true");
		wf_drizzle_key(drizzle, &key, "PRIMARY KEY", list_make1(unconstify(char *, entity->name)), false);
	}
}

/* What a serial is, or NULL. */
static const char *
serial_type(const char *type)
{
	static const char *const serials[][2] = {
		{"serial", "integer"}, {"serial4", "integer"}, {"bigserial", "bigint"}, {"serial8", "bigint"},
		{"smallserial", "smallint"}, {"serial2", "smallint"},
	};

	for (int i = 0; i < lengthof(serials); i++)
	{
		if (pg_strcasecmp(type, serials[i][0]) == 0)
			return serials[i][1];
	}
	return NULL;
}

static ColumnType
column_type(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, const char *written)
{
	ColumnType	type;
	WfObject   *made_here = NULL;
	char	   *text = type_text(entity, written, &made_here, drizzle);

	if (made_here)
		wf_schema_object_need(column, made_here);
	type.text = wf_schema_cook_type(drizzle->path, text, &type.oid, &type.typmod);
	/* Names of types that somebody defined may need quotes. */
	if (!type.text && !made_here)
		type.text = wf_schema_cook_type(drizzle->path, quote_identifier(written), &type.oid, &type.typmod);
	if (!type.text)
		type.text = text;
	return type;
}

/*
 * The type as DDL.  With a "typeSchema" it is the bare name of an enum, in
 * version 7 with brackets; version 8 counts them in "dimensions".  The server
 * keeps no count.
 */
static char *
type_text(DrizzleEntity *entity, const char *written, WfObject **made_here, Drizzle *drizzle)
{
	char	   *schema = wf_drizzle_text(entity->fields, "typeSchema", NULL);
	char	   *dimensions = wf_drizzle_text(entity->fields, "dimensions", NULL);
	size_t		length = strlen(written);
	const char *brackets = dimensions && atoi(dimensions) > 0 ? "[]" : "";
	char	   *name;

	if (!schema)
		return psprintf("%s%s", written, brackets);
	while (length > 2 && strcmp(written + length - 2, "[]") == 0)
	{
		length -= 2;
		brackets = "[]";
		written = pnstrdup(written, length);
	}
	name = wf_drizzle_qualified(*schema ? wf_drizzle_name(schema) : "public", wf_drizzle_name(written));
	*made_here = wf_drizzle_find(drizzle, "enum", name);
	return psprintf("%s%s", name, brackets);
}

static void
add_default(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, ColumnType *type)
{
	char	   *text = wf_drizzle_text(entity->fields, "default", NULL);
	char	   *cooked;
	WfObject   *object;
	bool		is_volatile = false;

	if (!text || !*text)
		return;
	cooked = OidIsValid(type->oid) ? wf_schema_cook_default(drizzle->path, text, type->oid, type->typmod, &is_volatile) : NULL;
	if (cooked && !*cooked)
		return;
	object = wf_drizzle_add(drizzle, WF_OBJECT_DEFAULT, column->identity, entity->schema);
	object->parent = column;
	wf_drizzle_set(object, "expression", cooked ? cooked : text);
	if (is_volatile)
		wf_drizzle_set(object, "volatile", "true");
}

static void
add_generated(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, ColumnType *type)
{
	JsonbContainer *generated = wf_drizzle_members(entity->fields, "generated");
	Oid			table = wf_drizzle_live_table(entity->schema, entity->table);
	char	   *kind;
	char	   *text;
	char	   *cooked = NULL;

	if (!generated)
		return;
	text = wf_drizzle_text(generated, "as", NULL);
	if (!text)
		wf_drizzle_malformed(drizzle, psprintf("generated column \"%s\" has no expression", entity->name));
	if (OidIsValid(table) && OidIsValid(type->oid))
		cooked = wf_schema_cook_generated(drizzle->path, text, table, type->oid, type->typmod);
	kind = wf_drizzle_text(generated, "type", NULL);
	wf_drizzle_set(column, "generated", psprintf("(%s) %s", cooked ? cooked : text,
												 kind && strcmp(kind, "virtual") == 0 ? "VIRTUAL" : "STORED"));
}

static void
add_identity(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, const char *type)
{
	JsonbContainer *identity = wf_drizzle_members(entity->fields, "identity");
	char	   *kind;
	char	   *name;

	if (!identity)
		return;
	kind = wf_drizzle_text(identity, "type", NULL);
	name = wf_drizzle_text(identity, "name", NULL);
	wf_drizzle_set(column, "not_null", "true");
	wf_drizzle_set(column, "identity", kind && strcmp(kind, "always") == 0 ? "ALWAYS" : "BY DEFAULT");
	wf_drizzle_set(column, "identity_sequence",
				   wf_drizzle_qualified(entity->schema, name ? wf_drizzle_name(name)
										: makeObjectName(entity->table, entity->name, "seq")));
	wf_drizzle_set(column, "identity_settings", wf_drizzle_settings(identity, type));
}

/* A serial column is an integer with a sequence of its own. */
static void
add_serial(Drizzle *drizzle, DrizzleEntity *entity, WfObject *column, const char *type)
{
	WfNameEntry *live = wf_names_lookup(drizzle->sequences, column->identity);
	const char *name = live ? linitial(live->list)
	: wf_drizzle_qualified(entity->schema, makeObjectName(entity->table, entity->name, "seq"));
	WfObject   *sequence = wf_drizzle_add(drizzle, WF_OBJECT_SEQUENCE, name,
										  live ? lthird(live->list) : entity->schema);
	WfObject   *owner = wf_drizzle_add(drizzle, WF_OBJECT_SEQUENCE_OWNER, name, sequence->schema);
	WfObject   *object = wf_drizzle_add(drizzle, WF_OBJECT_DEFAULT, column->identity, entity->schema);

	wf_drizzle_set(sequence, "settings", live ? lsecond(live->list)
				   : psprintf("[\"AS %s\", \"INCREMENT BY 1\", \"MINVALUE 1\", \"MAXVALUE %s\", \"START WITH 1\", \"CACHE 1\", \"NO CYCLE\"]",
							  type, strcmp(type, "bigint") == 0 ? "9223372036854775807"
							  : strcmp(type, "integer") == 0 ? "2147483647" : "32767"));
	owner->parent = sequence;
	wf_drizzle_set(owner, "column", column->identity);
	wf_schema_object_need(owner, column);
	object->parent = column;
	wf_drizzle_set(object, "expression", psprintf("nextval(%s::regclass)", quote_literal_cstr(name)));
	wf_drizzle_set(object, "volatile", "true");
	wf_schema_object_need(object, sequence);
}
