/*
 * drizzle.c: a snapshot of Drizzle (meta/NNNN_snapshot.json) as a schema model.
 *
 * Version 7 nests columns, constraints and indexes in their tables, version 8
 * is one flat list; the fields are the same but for a few names.  Types and
 * expressions are what the developer wrote, so they are cooked, against the
 * live tables of that name where there are any.  Names that Drizzle leaves to
 * the server are taken from the live database where it has them.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "schema/cook.h"
#include "schema/drizzle.h"
#include "schema/functions.h"
#include "schema/read.h"

PG_FUNCTION_INFO_V1(wf_schema_from_drizzle_sql);

typedef struct EntityKind
{
	const char *flat;			/* its "entityType" in version 8 */
	const char *nested;			/* its key in version 7 */
	bool		in_table;
	void		(*add) (Drizzle *drizzle, DrizzleEntity *entity);
} EntityKind;

static void add_schema(Drizzle *drizzle, DrizzleEntity *entity);
static void add_enum(Drizzle *drizzle, DrizzleEntity *entity);
static void add_sequence(Drizzle *drizzle, DrizzleEntity *entity);
static void add_table(Drizzle *drizzle, DrizzleEntity *entity);
static void add_view(Drizzle *drizzle, DrizzleEntity *entity);

/* In the order in which they need each other. */
static const EntityKind kinds[] = {
	{"schemas", "schemas", false, add_schema},
	{"enums", "enums", false, add_enum},
	{"sequences", "sequences", false, add_sequence},
	{"tables", "tables", false, add_table},
	{"columns", "columns", true, wf_drizzle_column},
	{"pks", "compositePrimaryKeys", true, wf_drizzle_primary_key},
	{"uniques", "uniqueConstraints", true, wf_drizzle_unique},
	{"checks", "checkConstraints", true, wf_drizzle_check},
	{"fks", "foreignKeys", true, wf_drizzle_foreign_key},
	{"indexes", "indexes", true, wf_drizzle_index},
	{"policies", "policies", true, wf_drizzle_policy},
	{"views", "views", false, add_view},
};

static int	version_of(Jsonb *document, const char *argument);
static void read_nested(Drizzle *drizzle, JsonbContainer *root, const EntityKind *kind);
static void read_members(Drizzle *drizzle, JsonbContainer *members, const EntityKind *kind, DrizzleEntity *table);
static void read_flat(Drizzle *drizzle, JsonbContainer *root, const EntityKind *kind);
static void add_entity(Drizzle *drizzle, JsonbValue *value, const char *key, const EntityKind *kind,
					   DrizzleEntity *table);
static char *view_options(JsonbContainer *with);
static void link_view(Drizzle *drizzle, WfObject *view, List *relations);

/* schema_from_drizzle(snapshot jsonb) -> jsonb */
Datum
wf_schema_from_drizzle_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(wf_schema_model_to_json(wf_schema_from_drizzle(PG_GETARG_JSONB_P(0), "snapshot")));
}

/* Does a document look like one of Drizzle's snapshots, of whatever version? */
bool
wf_schema_is_drizzle(Jsonb *document)
{
	return JB_ROOT_IS_OBJECT(document) && wf_drizzle_field(&document->root, "dialect", NULL) != NULL &&
		wf_drizzle_field(&document->root, "version", NULL) != NULL &&
		wf_drizzle_field(&document->root, "format", NULL) == NULL;
}

/*
 * The model of a Drizzle snapshot, under the scope "drizzle".  argument names
 * it in errors.
 *
 * Raises invalid_parameter_value for what is no such snapshot or a damaged
 * one, feature_not_supported for another version or database system.
 */
WfModel *
wf_schema_from_drizzle(Jsonb *document, const char *argument)
{
	Drizzle		drizzle = {.argument = argument};
	int			version = version_of(document, argument);
	const char *path = GetConfigOption("search_path", false, false);
	int			nest_level;

	drizzle.path = *path ? psprintf("%s, public", path) : "public";
	drizzle.keys = wf_names_create(CurrentMemoryContext, 64, NULL);
	drizzle.model = wf_schema_model_create();
	drizzle.model->server_version = atoi(GetConfigOption("server_version_num", false, false));
	drizzle.model->scope = wf_schema_scope("drizzle");

	nest_level = wf_schema_pin_settings();
	wf_drizzle_read_live(&drizzle);
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (version == 7)
			read_nested(&drizzle, &document->root, &kinds[i]);
		else
			read_flat(&drizzle, &document->root, &kinds[i]);
	}
	AtEOXact_GUC(false, nest_level);
	wf_schema_model_finish(drizzle.model);
	return drizzle.model;
}

static int
version_of(Jsonb *document, const char *argument)
{
	char	   *version;
	char	   *dialect;

	if (!wf_schema_is_drizzle(document))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a snapshot of Drizzle", argument),
				 errhint("Pass the content of the newest meta/NNNN_snapshot.json (or <migration>/snapshot.json) as jsonb.")));
	version = wf_drizzle_text(&document->root, "version", NULL);
	dialect = wf_drizzle_text(&document->root, "dialect", NULL);
	if (strncmp(dialect, "postgres", 8) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is a Drizzle snapshot of dialect \"%s\", not of PostgreSQL", argument, dialect)));
	if (strcmp(version, "7") != 0 && strcmp(version, "8") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has version %s of Drizzle's snapshot format, this library reads 7 and 8", argument, version),
				 errhint("Bring older ones up to date with: npx drizzle-kit up")));
	return atoi(version);
}

/* Version 7: below a key of the document, or of each table. */
static void
read_nested(Drizzle *drizzle, JsonbContainer *root, const EntityKind *kind)
{
	JsonbContainer *tables = wf_drizzle_members(root, "tables");
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!tables)
		wf_drizzle_malformed(drizzle, "\"tables\" is not an object");
	if (!kind->in_table)
	{
		read_members(drizzle, wf_drizzle_members(root, kind->nested), kind, NULL);
		return;
	}
	it = JsonbIteratorInit(tables);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		DrizzleEntity table = {NULL};

		if (token != WJB_VALUE)
			continue;
		if (value.type != jbvBinary)
			wf_drizzle_malformed(drizzle, "a table is no object");
		table.fields = value.val.binary.data;
		table.schema = wf_drizzle_text(table.fields, "schema", NULL);
		table.name = wf_drizzle_text(table.fields, "name", NULL);
		read_members(drizzle, wf_drizzle_members(table.fields, kind->nested), kind, &table);
	}
}

static void
read_members(Drizzle *drizzle, JsonbContainer *members, const EntityKind *kind, DrizzleEntity *table)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	if (!members)
		return;
	it = JsonbIteratorInit(members);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			add_entity(drizzle, &value, key, kind, table);
	}
}

/* Version 8: the entries of the list "ddl" that are of this kind. */
static void
read_flat(Drizzle *drizzle, JsonbContainer *root, const EntityKind *kind)
{
	JsonbValue *ddl = wf_drizzle_field(root, "ddl", NULL);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!ddl || ddl->type != jbvBinary || !JsonContainerIsArray(ddl->val.binary.data))
		wf_drizzle_malformed(drizzle, "\"ddl\" is not an array");
	it = JsonbIteratorInit(ddl->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char	   *type;

		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			wf_drizzle_malformed(drizzle, "an entry of \"ddl\" is no object");
		type = wf_drizzle_text(value.val.binary.data, "entityType", NULL);
		if (type && strcmp(type, kind->flat) == 0)
			add_entity(drizzle, &value, NULL, kind, NULL);
	}
}

/* In version 7 a schema is only a string, and "" the schema public. */
static void
add_entity(Drizzle *drizzle, JsonbValue *value, const char *key, const EntityKind *kind, DrizzleEntity *table)
{
	DrizzleEntity entity = {NULL};
	const char *name = NULL;
	const char *schema = NULL;

	CHECK_FOR_INTERRUPTS();
	if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
	{
		entity.fields = value->val.binary.data;
		name = wf_drizzle_text(entity.fields, "name", NULL);
		schema = wf_drizzle_text(entity.fields, "schema", NULL);
		entity.table = wf_drizzle_text(entity.fields, "table", NULL);
	}
	else if (value->type == jbvString && kind->add == add_schema)
		name = wf_drizzle_value_text(value);
	else
		wf_drizzle_malformed(drizzle, psprintf("one of the \"%s\" is no object", kind->nested));
	if (table)
	{
		schema = table->schema;
		entity.table = table->name;
	}
	if (!name)
		name = key;
	if (!name || !*name || (kind->in_table && (!entity.table || !*entity.table)))
		wf_drizzle_malformed(drizzle, psprintf("one of the \"%s\" has no name", kind->nested));
	entity.name = wf_drizzle_name(name);
	entity.schema = schema && *schema ? wf_drizzle_name(schema) : "public";
	if (entity.table)
		entity.table = wf_drizzle_name(entity.table);
	kind->add(drizzle, &entity);
}

static void
add_schema(Drizzle *drizzle, DrizzleEntity *entity)
{
	if (wf_common_list_has(drizzle->model->schemas, entity->name))
		return;
	drizzle->model->schemas = lappend(drizzle->model->schemas, unconstify(char *, entity->name));
	wf_schema_model_add(drizzle->model, wf_schema_type(WF_OBJECT_SCHEMA),
						quote_identifier(entity->name))->schema = entity->name;
}

static void
add_enum(Drizzle *drizzle, DrizzleEntity *entity)
{
	JsonbValue *values = wf_drizzle_field(entity->fields, "values", NULL);
	WfObject   *object = wf_drizzle_add(drizzle, WF_OBJECT_ENUM,
										wf_drizzle_qualified(entity->schema, entity->name), entity->schema);

	if (!values || values->type != jbvBinary || !JsonContainerIsArray(values->val.binary.data))
		wf_drizzle_malformed(drizzle, psprintf("enum \"%s\" has no list of values", entity->name));
	wf_drizzle_set(object, "values", JsonbToCString(NULL, values->val.binary.data, 0));
}

static void
add_sequence(Drizzle *drizzle, DrizzleEntity *entity)
{
	WfObject   *object = wf_drizzle_add(drizzle, WF_OBJECT_SEQUENCE,
										wf_drizzle_qualified(entity->schema, entity->name), entity->schema);

	wf_drizzle_set(object, "settings", wf_drizzle_settings(entity->fields, "bigint"));
}

static void
add_table(Drizzle *drizzle, DrizzleEntity *entity)
{
	WfObject   *object = wf_drizzle_add(drizzle, WF_OBJECT_TABLE,
										wf_drizzle_qualified(entity->schema, entity->name), entity->schema);

	if (wf_drizzle_flag(entity->fields, "isRLSEnabled") || wf_drizzle_flag(entity->fields, "isRlsEnabled"))
		wf_drizzle_set(object, "row_security", "true");
}

static void
add_view(Drizzle *drizzle, DrizzleEntity *entity)
{
	char	   *definition = wf_drizzle_text(entity->fields, "definition", NULL);
	bool		materialized = wf_drizzle_flag(entity->fields, "materialized");
	JsonbValue *using = wf_drizzle_field(entity->fields, "using", NULL);
	char	   *method = using && using->type == jbvBinary ? wf_drizzle_text(using->val.binary.data, "name", NULL)
	: using ? wf_drizzle_value_text(using) : NULL;
	List	   *relations = NIL;
	char	   *cooked;
	WfObject   *object;

	/* One that is only declared in the code is not Drizzle's to make. */
	if (wf_drizzle_flag(entity->fields, "isExisting") || !definition)
		return;
	object = wf_drizzle_add(drizzle, materialized ? WF_OBJECT_MATERIALIZED_VIEW : WF_OBJECT_VIEW,
							wf_drizzle_qualified(entity->schema, entity->name), entity->schema);
	cooked = wf_schema_cook_view(drizzle->path, definition, &relations);
	wf_drizzle_set(object, "definition", cooked ? cooked : definition);
	wf_drizzle_set(object, "options", view_options(wf_drizzle_members(entity->fields, "with")));
	if (materialized && method && strcmp(method, "heap") != 0)
		wf_drizzle_set(object, "access_method", quote_identifier(method));
	if (materialized && wf_drizzle_text(entity->fields, "tablespace", NULL))
		wf_drizzle_set(object, "tablespace", quote_identifier(wf_drizzle_text(entity->fields, "tablespace", NULL)));
	link_view(drizzle, object, relations);
}

/* {"securityBarrier": true} as the server stores it: ["security_barrier=true"]. */
static char *
view_options(JsonbContainer *with)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	StringInfoData list;
	StringInfoData item;

	if (!with)
		return NULL;
	initStringInfo(&list);
	initStringInfo(&item);
	it = JsonbIteratorInit(with);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			resetStringInfo(&item);
			for (int i = 0; i < value.val.string.len; i++)
			{
				char		c = value.val.string.val[i];

				if (c >= 'A' && c <= 'Z')
					appendStringInfo(&item, "_%c", c - 'A' + 'a');
				else
					appendStringInfoChar(&item, c);
			}
		}
		else if (token == WJB_VALUE && value.type != jbvNull)
		{
			appendStringInfo(&item, "=%s", wf_drizzle_value_text(&value));
			appendStringInfoString(&list, list.len ? ", " : "[");
			escape_json(&list, item.data);
		}
	}
	if (!list.len)
		return NULL;
	appendStringInfoChar(&list, ']');
	return list.data;
}

static void
link_view(Drizzle *drizzle, WfObject *view, List *relations)
{
	static const char *const types[] = {"table", "view", "materialized view"};
	ListCell   *lc;

	foreach(lc, relations)
	{
		char	   *identity = DatumGetCString(DirectFunctionCall1(regclassout, ObjectIdGetDatum(lfirst_oid(lc))));

		for (int i = 0; i < lengthof(types); i++)
		{
			WfObject   *needed = wf_drizzle_find(drizzle, types[i], identity);

			if (needed)
				wf_schema_object_need(view, needed);
		}
	}
}

/* An object of the document, and its schema with it. */
WfObject *
wf_drizzle_add(Drizzle *drizzle, WfObjectKind kind, const char *identity, const char *schema)
{
	DrizzleEntity holder = {.name = schema};
	WfObject   *object;

	add_schema(drizzle, &holder);
	object = wf_schema_model_add(drizzle->model, wf_schema_type(kind), identity);
	object->schema = schema;
	wf_schema_object_need(object, wf_drizzle_find(drizzle, "schema", quote_identifier(schema)));
	return object;
}

void
wf_drizzle_set(WfObject *object, const char *attr, const char *value)
{
	object->values[wf_schema_attr_index(object->type, attr)] = value;
}

char *
wf_drizzle_qualified(const char *schema, const char *name)
{
	return psprintf("%s.%s", quote_identifier(schema), quote_identifier(name));
}

WfObject *
wf_drizzle_find(Drizzle *drizzle, const char *type, const char *identity)
{
	return wf_schema_model_find(drizzle->model, psprintf("%s %s", type, identity));
}

/* The settings of a sequence over this type, defaults filled in. */
char *
wf_drizzle_settings(JsonbContainer *fields, const char *type)
{
	char	   *increment = wf_drizzle_text(fields, "increment", "incrementBy");
	char	   *min = wf_drizzle_text(fields, "minValue", NULL);
	char	   *max = wf_drizzle_text(fields, "maxValue", NULL);
	char	   *start = wf_drizzle_text(fields, "startWith", NULL);
	char	   *cache = wf_drizzle_text(fields, "cache", "cacheSize");
	bool		down = increment && *increment == '-';
	const char *bound = strcmp(type, "smallint") == 0 ? "32767" : strcmp(type, "integer") == 0 ? "2147483647"
	: "9223372036854775807";

	/* The lowest value is one below the opposite of the highest. */
	if (!min)
		min = down ? psprintf("-%.*s8", (int) strlen(bound) - 1, bound) : pstrdup("1");
	if (!max)
		max = down ? pstrdup("-1") : pstrdup(bound);
	return psprintf("[\"AS %s\", \"INCREMENT BY %s\", \"MINVALUE %s\", \"MAXVALUE %s\", \"START WITH %s\", \"CACHE %s\", \"%s\"]",
					type, increment ? increment : "1", min, max, start ? start : down ? max : min,
					cache ? cache : "1", wf_drizzle_flag(fields, "cycle") ? "CYCLE" : "NO CYCLE");
}

/* A name as the server keeps it: it cuts long ones. */
char *
wf_drizzle_name(const char *name)
{
	char	   *copy = pstrdup(name);

	truncate_identifier(copy, strlen(copy), false);
	return copy;
}
