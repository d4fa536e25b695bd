/*
 * registry_json.c: a shape as a JSON Schema (draft 7), of the messages that
 * Confluent's converter writes or of what to_jsonb makes of a row.
 *
 * Source: the JsonSchemaConverter of Confluent's schema registry for
 * "connect.*"; types with columns go into definitions, as one may occur often.
 */
#include "common/compat.h"

#include "utils/json.h"

#include "schema/names.h"
#include "schema/registry.h"

#define DRAFT "http://json-schema.org/draft-07/schema#"

typedef struct Writer
{
	StringInfoData buf;
	bool		rows;			/* of to_jsonb */
	bool		open;			/* unknown properties may come */
	wf_names_hash *names;		/* WfShape, by full name */
	List	   *definitions;	/* WfShape, in order of appearance */
} Writer;

static void write_shape(Writer *writer, WfShape *shape, bool optional);
static void write_reference(Writer *writer, WfShape *shape);
static void write_connect(Writer *writer, WfShape *shape);
static void write_row_value(Writer *writer, WfShape *shape);
static void write_labels(Writer *writer, List *labels);
static void write_object(Writer *writer, WfShape *shape);
static void write_property(Writer *writer, WfField *field, int index);
static void write_required(Writer *writer, WfShape *shape);
static void write_definitions(Writer *writer);
static void write_pair(Writer *writer, const char *key, const char *value);
static void remember(Writer *writer, WfShape *shape);
static bool is_structure(Writer *writer, WfShape *shape);

/* The text of a JSON Schema. */
char *
wf_schema_registry_json_write(WfRegistrySubject *subject, WfRegistryOptions *options)
{
	Writer		writer = {.definitions = NIL};

	initStringInfo(&writer.buf);
	writer.rows = strcmp(options->values, "to_jsonb") == 0;
	writer.open = strcmp(options->content_model, "open") == 0;
	writer.names = wf_names_create(CurrentMemoryContext, 16, NULL);
	appendStringInfoString(&writer.buf, "{\"$schema\":\"" DRAFT "\"");
	if (subject->shape->kind == WF_SHAPE_RECORD && is_structure(&writer, subject->shape))
	{
		appendStringInfoChar(&writer.buf, ',');
		write_object(&writer, subject->shape);
	}
	else
	{
		appendStringInfoString(&writer.buf, ",\"allOf\":[");
		write_shape(&writer, subject->shape, false);
		appendStringInfoChar(&writer.buf, ']');
	}
	write_definitions(&writer);
	appendStringInfoChar(&writer.buf, '}');
	return writer.buf.data;
}

static void
write_shape(Writer *writer, WfShape *shape, bool optional)
{
	StringInfo	buf = &writer->buf;

	/* Any JSON value may be null as it is. */
	optional = optional && !(writer->rows && shape->json_type == WF_JSON_ANY);
	if (optional)
		appendStringInfoString(buf, "{\"oneOf\":[{\"type\":\"null\"},");
	if (shape->kind == WF_SHAPE_RECORD && is_structure(writer, shape))
		write_reference(writer, shape);
	else if (shape->kind == WF_SHAPE_ARRAY && is_structure(writer, shape))
	{
		appendStringInfoString(buf, "{\"type\":\"array\",\"items\":");
		/* An array may have more dimensions, which its type does not say. */
		if (writer->rows)
			appendStringInfoString(buf, "{\"anyOf\":[{\"type\":\"array\"},");
		write_shape(writer, shape->element, !shape->element_required);
		if (writer->rows)
			appendStringInfoString(buf, "]}");
		if (shape->name)
			write_pair(writer, "title", shape->name);
		appendStringInfoChar(buf, '}');
	}
	else if (writer->rows)
		write_row_value(writer, shape);
	else
		write_connect(writer, shape);
	if (optional)
		appendStringInfoString(buf, "]}");
}

static void
write_reference(Writer *writer, WfShape *shape)
{
	remember(writer, shape);
	appendStringInfo(&writer->buf, "{\"$ref\":\"#/definitions/%s\"}", shape->name);
}

/* A scalar, with what Connect needs to read it back. */
static void
write_connect(Writer *writer, WfShape *shape)
{
	static const struct
	{
		const char *type;
		const char *connect;
	}			types[] = {
		[WF_SHAPE_BOOLEAN] = {"boolean", NULL},
		[WF_SHAPE_INT16] = {"integer", "int16"},
		[WF_SHAPE_INT32] = {"integer", "int32"},
		[WF_SHAPE_INT64] = {"integer", "int64"},
		[WF_SHAPE_FLOAT32] = {"number", "float32"},
		[WF_SHAPE_FLOAT64] = {"number", "float64"},
		[WF_SHAPE_STRING] = {"string", NULL},
		[WF_SHAPE_BYTES] = {"string", "bytes"},
	};
	StringInfo	buf = &writer->buf;

	appendStringInfo(buf, "{\"type\":\"%s\"", types[shape->kind].type);
	if (types[shape->kind].connect)
		write_pair(writer, "connect.type", types[shape->kind].connect);
	if (shape->name)
	{
		write_pair(writer, "title", shape->name);
		appendStringInfoString(buf, ",\"connect.version\":1");
	}
	if (shape->parameter)
	{
		appendStringInfo(buf, ",\"connect.parameters\":{\"%s\":", shape->parameter);
		escape_json(buf, shape->argument);
		appendStringInfoChar(buf, '}');
	}
	appendStringInfoChar(buf, '}');
}

static void
write_row_value(Writer *writer, WfShape *shape)
{
	static const char *const types[] = {
		[WF_JSON_STRING] = "string",
		[WF_JSON_BOOLEAN] = "boolean",
		[WF_JSON_INTEGER] = "integer",
		[WF_JSON_NUMBER] = "number",
	};
	StringInfo	buf = &writer->buf;

	if (shape->json_type == WF_JSON_ANY)
	{
		appendStringInfoString(buf, "{}");
		return;
	}
	appendStringInfo(buf, "{\"type\":\"%s\"", types[shape->json_type]);
	if (shape->labels)
		write_labels(writer, shape->labels);
	if (shape->json_format)
		write_pair(writer, "format", shape->json_format);
	appendStringInfoChar(buf, '}');
}

static void
write_labels(Writer *writer, List *labels)
{
	ListCell   *lc;

	appendStringInfoString(&writer->buf, ",\"enum\":[");
	foreach(lc, labels)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoChar(&writer->buf, ',');
		escape_json(&writer->buf, lfirst(lc));
	}
	appendStringInfoChar(&writer->buf, ']');
}

/* The members of an object schema, without its braces. */
static void
write_object(Writer *writer, WfShape *shape)
{
	StringInfo	buf = &writer->buf;
	ListCell   *lc;

	appendStringInfoString(buf, "\"title\":");
	escape_json(buf, shape->name);
	appendStringInfoString(buf, ",\"type\":\"object\",\"properties\":{");
	foreach(lc, shape->fields)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoChar(buf, ',');
		write_property(writer, lfirst(lc), foreach_current_index(lc));
	}
	appendStringInfoChar(buf, '}');
	write_required(writer, shape);
	if (!writer->open)
		appendStringInfoString(buf, ",\"additionalProperties\":false");
}

/* A property has the column's own name, and its attributes around the type. */
static void
write_property(Writer *writer, WfField *field, int index)
{
	StringInfo	buf = &writer->buf;
	char	   *value = wf_schema_registry_default(field, writer->rows ? WF_VALUE_TO_JSONB : WF_VALUE_CONNECT_JSON);
	int			start;

	escape_json(buf, field->column);
	appendStringInfoChar(buf, ':');
	start = buf->len;
	write_shape(writer, field->shape, field->optional);
	/* Nothing counts beside a reference, so it goes one level down. */
	if (strncmp(buf->data + start, "{\"$ref\"", strlen("{\"$ref\"")) == 0)
	{
		char	   *reference = pstrdup(buf->data + start);

		buf->len = start;
		appendStringInfo(buf, "{\"allOf\":[%s]}", reference);
	}
	/* The closing brace makes room for what is added. */
	buf->data[--buf->len] = '\0';
	if (!writer->rows)
		appendStringInfo(buf, "%s\"connect.index\":%d", buf->data[buf->len - 1] == '{' ? "" : ",", index);
	if (value)
		appendStringInfo(buf, "%s\"default\":%s", buf->data[buf->len - 1] == '{' ? "" : ",", value);
	appendStringInfoChar(buf, '}');
}

static void
write_required(Writer *writer, WfShape *shape)
{
	ListCell   *lc;
	bool		first = true;

	foreach(lc, shape->fields)
	{
		WfField    *field = lfirst(lc);

		if (field->optional)
			continue;
		appendStringInfoString(&writer->buf, first ? ",\"required\":[" : ",");
		escape_json(&writer->buf, field->column);
		first = false;
	}
	if (!first)
		appendStringInfoChar(&writer->buf, ']');
}

/* Writing one may add others at the end of the list. */
static void
write_definitions(Writer *writer)
{
	if (writer->definitions == NIL)
		return;
	appendStringInfoString(&writer->buf, ",\"definitions\":{");
	for (int i = 0; i < list_length(writer->definitions); i++)
	{
		WfShape    *shape = list_nth(writer->definitions, i);

		appendStringInfo(&writer->buf, "%s\"%s\":{", i > 0 ? "," : "", shape->name);
		write_object(writer, shape);
		appendStringInfoChar(&writer->buf, '}');
	}
	appendStringInfoChar(&writer->buf, '}');
}

static void
write_pair(Writer *writer, const char *key, const char *value)
{
	appendStringInfo(&writer->buf, ",\"%s\":", key);
	escape_json(&writer->buf, value);
}

/* Raises duplicate_object where two types got one name by the adjustment. */
static void
remember(Writer *writer, WfShape *shape)
{
	bool		found;
	WfNameEntry *entry = wf_names_insert(writer->names, shape->name, &found);

	if (!found)
	{
		entry->list = list_make1(shape);
		writer->definitions = lappend(writer->definitions, shape);
	}
	else if (linitial(entry->list) != shape && !shape->predefined)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("two different types are called \"%s\" in a schema", shape->name),
				 errhint("Keep them apart by the option '{\"name_adjustment\": \"avro_unicode\"}'.")));
}

/* Debezium's own structures are plain values in the rows of to_jsonb. */
static bool
is_structure(Writer *writer, WfShape *shape)
{
	return !writer->rows || !(shape->predefined || (shape->kind == WF_SHAPE_ARRAY && shape->name));
}
