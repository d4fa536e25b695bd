/*
 * registry_avro.c: a shape as an Avro schema, as Confluent's converter writes
 * what Debezium gives it.
 *
 * Source: the Avro specification 1.11; for the attributes "connect.*" the
 * AvroConverter of Confluent's schema registry.
 */
#include "common/compat.h"

#include "utils/json.h"

#include "schema/names.h"
#include "schema/registry.h"

/* Avro wants a precision; Confluent's converter takes this for an unknown one. */
#define UNKNOWN_PRECISION 64

typedef struct Writer
{
	StringInfoData buf;
	wf_names_hash *records;		/* WfShape, by full name */
} Writer;

static void write_shape(Writer *writer, WfShape *shape);
static void write_plain(Writer *writer, WfShape *shape);
static void write_decimal(Writer *writer, WfShape *shape);
static void write_array(Writer *writer, WfShape *shape);
static void write_record(Writer *writer, WfShape *shape);
static void write_field(Writer *writer, WfField *field);
static void write_pair(Writer *writer, const char *key, const char *value);
static bool is_written(Writer *writer, WfShape *shape);
static const char *primitive(WfShapeKind kind);

/* The text of an Avro schema. */
char *
wf_schema_registry_avro_write(WfRegistrySubject *subject, WfRegistryOptions *options)
{
	Writer		writer;

	initStringInfo(&writer.buf);
	writer.records = wf_names_create(CurrentMemoryContext, 16, NULL);
	write_shape(&writer, subject->shape);
	return writer.buf.data;
}

static void
write_shape(Writer *writer, WfShape *shape)
{
	if (shape->kind == WF_SHAPE_RECORD)
		write_record(writer, shape);
	else if (shape->kind == WF_SHAPE_ARRAY)
		write_array(writer, shape);
	else
		write_plain(writer, shape);
}

static void
write_plain(Writer *writer, WfShape *shape)
{
	StringInfo	buf = &writer->buf;

	if (!shape->name && shape->kind != WF_SHAPE_INT16)
	{
		appendStringInfo(buf, "\"%s\"", primitive(shape->kind));
		return;
	}
	appendStringInfo(buf, "{\"type\":\"%s\"", primitive(shape->kind));
	if (shape->kind == WF_SHAPE_INT16)
		write_pair(writer, "connect.type", "int16");
	if (shape->name)
	{
		if (shape->logical_type && strcmp(shape->logical_type, "decimal") == 0)
			write_decimal(writer, shape);
		appendStringInfoString(buf, ",\"connect.version\":1");
		if (shape->parameter)
		{
			appendStringInfo(buf, ",\"connect.parameters\":{\"%s\":", shape->parameter);
			escape_json(buf, shape->argument);
			if (shape->precision > 0)
				appendStringInfo(buf, ",\"connect.decimal.precision\":\"%d\"", shape->precision);
			appendStringInfoChar(buf, '}');
		}
		write_pair(writer, "connect.name", shape->name);
		if (shape->logical_type)
			write_pair(writer, "logicalType", shape->logical_type);
	}
	appendStringInfoChar(buf, '}');
}

static void
write_decimal(Writer *writer, WfShape *shape)
{
	appendStringInfo(&writer->buf, ",\"scale\":%d,\"precision\":%d", shape->scale,
					 shape->precision > 0 ? shape->precision : UNKNOWN_PRECISION);
}

/* The elements of an array may be null in PostgreSQL. */
static void
write_array(Writer *writer, WfShape *shape)
{
	appendStringInfoString(&writer->buf, "{\"type\":\"array\",\"items\":");
	if (!shape->element_required)
		appendStringInfoString(&writer->buf, "[\"null\",");
	write_shape(writer, shape->element);
	if (!shape->element_required)
		appendStringInfoChar(&writer->buf, ']');
	if (shape->name)
	{
		appendStringInfoString(&writer->buf, ",\"connect.version\":1");
		write_pair(writer, "connect.name", shape->name);
	}
	appendStringInfoChar(&writer->buf, '}');
}

/* A record is written where it is met first, later its name stands for it. */
static void
write_record(Writer *writer, WfShape *shape)
{
	StringInfo	buf = &writer->buf;
	const char *dot = strrchr(shape->name, '.');
	ListCell   *lc;

	if (is_written(writer, shape))
	{
		escape_json(buf, shape->name);
		return;
	}
	appendStringInfo(buf, "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"%s\",\"fields\":[", dot + 1,
					 pnstrdup(shape->name, dot - shape->name));
	foreach(lc, shape->fields)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoChar(buf, ',');
		write_field(writer, lfirst(lc));
	}
	appendStringInfoChar(buf, ']');
	if (shape->predefined)
		appendStringInfoString(buf, ",\"connect.version\":1");
	write_pair(writer, "connect.name", shape->name);
	appendStringInfoChar(buf, '}');
}

/* A default is of the first branch of its union, so its branch comes first. */
static void
write_field(Writer *writer, WfField *field)
{
	StringInfo	buf = &writer->buf;
	char	   *value = wf_schema_registry_default(field, WF_VALUE_AVRO);
	bool		null_first = !value || strcmp(value, "null") == 0;

	appendStringInfo(buf, "{\"name\":\"%s\",\"type\":", field->name);
	if (field->optional)
		appendStringInfoString(buf, null_first ? "[\"null\"," : "[");
	write_shape(writer, field->shape);
	if (field->optional)
		appendStringInfoString(buf, null_first ? "]" : ",\"null\"]");
	if (value)
		appendStringInfo(buf, ",\"default\":%s", value);
	appendStringInfoChar(buf, '}');
}

static void
write_pair(Writer *writer, const char *key, const char *value)
{
	appendStringInfo(&writer->buf, ",\"%s\":", key);
	escape_json(&writer->buf, value);
}

/* Raises duplicate_object where two types got one name by the adjustment. */
static bool
is_written(Writer *writer, WfShape *shape)
{
	bool		found;
	WfNameEntry *entry = wf_names_insert(writer->records, shape->name, &found);

	if (!found)
		entry->list = list_make1(shape);
	else if (linitial(entry->list) != shape && !shape->predefined)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("two different types are called \"%s\" in a schema", shape->name),
				 errhint("Keep them apart by the option '{\"name_adjustment\": \"avro_unicode\"}'.")));
	return found;
}

static const char *
primitive(WfShapeKind kind)
{
	switch (kind)
	{
		case WF_SHAPE_BOOLEAN:
			return "boolean";
		case WF_SHAPE_INT16:
		case WF_SHAPE_INT32:
			return "int";
		case WF_SHAPE_INT64:
			return "long";
		case WF_SHAPE_FLOAT32:
			return "float";
		case WF_SHAPE_FLOAT64:
			return "double";
		case WF_SHAPE_BYTES:
			return "bytes";
		default:
			return "string";
	}
}
