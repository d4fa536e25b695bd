/*
 * registry_protobuf.c: a shape as a .proto file, as Confluent's converter maps
 * Connect's types.
 *
 * A column's number in the table is its field number, so that fields keep it
 * when a column is dropped.  proto3 has no defaults; a column that may be null
 * is optional, an array that is null is an empty one.
 */
#include "common/compat.h"

#include "schema/names.h"
#include "schema/registry.h"

#define DECIMAL_FILE "confluent/type/decimal.proto"
#define DECIMAL_TYPE "confluent.type.Decimal"

typedef struct Writer
{
	StringInfoData body;		/* all messages */
	wf_names_hash *names;		/* WfShape, by message name */
	List	   *messages;		/* WfShape, in order of appearance */
	bool		decimals;
} Writer;

static void write_messages(Writer *writer);
static void write_fields(Writer *writer, List *fields);
static void write_field(Writer *writer, WfField *field, bool name_is_ambiguous);
static const char *type_name(Writer *writer, WfShape *shape);
static const char *message_name(WfShape *shape);
static void remember(Writer *writer, WfShape *shape);
static wf_names_hash *count_json_names(List *fields);
static char *json_name(const char *name);
static void append_string(StringInfo buf, const char *text);

/* The text of a .proto file; its first message is the row. */
char *
wf_schema_registry_protobuf_write(WfRegistrySubject *subject, WfRegistryOptions *options)
{
	Writer		writer = {.messages = NIL};
	StringInfoData file;
	WfShape    *shape = subject->shape;

	initStringInfo(&writer.body);
	writer.names = wf_names_create(CurrentMemoryContext, 16, NULL);
	if (shape->kind != WF_SHAPE_RECORD || shape->predefined)
	{
		WfField    *field = palloc0(sizeof(WfField));

		/* A message holds fields only. */
		field->name = field->column = "value";
		field->number = 1;
		field->shape = shape;
		shape = palloc0(sizeof(WfShape));
		shape->kind = WF_SHAPE_RECORD;
		shape->fields = list_make1(field);
	}
	else
		shape = memcpy(palloc(sizeof(WfShape)), shape, sizeof(WfShape));
	shape->name = pstrdup(strrchr(subject->record, '.') + 1);
	remember(&writer, shape);
	write_messages(&writer);

	initStringInfo(&file);
	appendStringInfo(&file, "syntax = \"proto3\";\npackage %s;\n",
					 pnstrdup(subject->record, strrchr(subject->record, '.') - subject->record));
	if (writer.decimals)
		appendStringInfo(&file, "\nimport \"%s\";\n", DECIMAL_FILE);
	appendStringInfoString(&file, writer.body.data);
	return file.data;
}

/* Writing one may add others at the end of the list. */
static void
write_messages(Writer *writer)
{
	for (int i = 0; i < list_length(writer->messages); i++)
	{
		WfShape    *shape = list_nth(writer->messages, i);

		appendStringInfo(&writer->body, "\nmessage %s {\n", message_name(shape));
		write_fields(writer, shape->fields);
		appendStringInfoString(&writer->body, "}\n");
	}
}

static void
write_fields(Writer *writer, List *fields)
{
	wf_names_hash *json_names = count_json_names(fields);
	ListCell   *lc;

	foreach(lc, fields)
	{
		WfField    *field = lfirst(lc);
		WfNameEntry *entry = wf_names_lookup(json_names, json_name(field->name));

		write_field(writer, field, list_length(entry->list) > 1);
	}
}

static void
write_field(Writer *writer, WfField *field, bool name_is_ambiguous)
{
	StringInfo	buf = &writer->body;
	WfShape    *shape = field->shape;

	appendStringInfoString(buf, "  ");
	if (shape->kind == WF_SHAPE_ARRAY)
	{
		appendStringInfoString(buf, "repeated ");
		shape = shape->element;
	}
	else if (field->optional)
		appendStringInfoString(buf, "optional ");
	appendStringInfo(buf, "%s %s = %d", type_name(writer, shape), field->name, field->number);
	if (name_is_ambiguous || strcmp(field->name, field->column) != 0)
	{
		appendStringInfoString(buf, " [json_name = ");
		append_string(buf, field->column);
		appendStringInfoChar(buf, ']');
	}
	appendStringInfoChar(buf, ';');
	/* What the value means beyond its type. */
	if (shape->name && shape->kind != WF_SHAPE_RECORD)
		appendStringInfo(buf, "  /* %s%s */", shape->name,
						 shape->parameter && !shape->labels ? psprintf(", %s %s", shape->parameter, shape->argument) : "");
	appendStringInfoChar(buf, '\n');
}

static const char *
type_name(Writer *writer, WfShape *shape)
{
	switch (shape->kind)
	{
		case WF_SHAPE_BOOLEAN:
			return "bool";
		case WF_SHAPE_INT16:
		case WF_SHAPE_INT32:
			return "int32";
		case WF_SHAPE_INT64:
			return "int64";
		case WF_SHAPE_FLOAT32:
			return "float";
		case WF_SHAPE_FLOAT64:
			return "double";
		case WF_SHAPE_BYTES:
			if (shape->default_kind != WF_DEFAULT_DECIMAL && !shape->logical_type)
				return "bytes";
			writer->decimals = true;
			return DECIMAL_TYPE;
		case WF_SHAPE_RECORD:
			remember(writer, shape);
			return message_name(shape);
		case WF_SHAPE_ARRAY:

			/*
			 * Of a domain over arrays, or of vectors: lists of lists are none
			 * of Protobuf's.
			 */
			return "string";
		case WF_SHAPE_STRING:
			break;
	}
	return "string";
}

/* Debezium's own by the last part of the name, others by all of it. */
static const char *
message_name(WfShape *shape)
{
	char	   *name;

	if (shape->predefined)
		return strrchr(shape->name, '.') + 1;
	name = pstrdup(shape->name);
	for (char *c = name; *c; c++)
	{
		if (*c == '.')
			*c = '_';
	}
	return name;
}

/* Raises duplicate_object where two types got one name by the adjustment. */
static void
remember(Writer *writer, WfShape *shape)
{
	bool		found;
	WfNameEntry *entry = wf_names_insert(writer->names, message_name(shape), &found);

	if (!found)
	{
		entry->list = list_make1(shape);
		writer->messages = lappend(writer->messages, shape);
	}
	else if (linitial(entry->list) != shape && !shape->predefined)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("two different types are called \"%s\" in a schema", message_name(shape)),
				 errhint("Keep them apart by the option '{\"name_adjustment\": \"avro_unicode\"}'.")));
}

/* protoc refuses fields whose names are one in JSON unless they say theirs. */
static wf_names_hash *
count_json_names(List *fields)
{
	wf_names_hash *names = wf_names_create(CurrentMemoryContext, list_length(fields), NULL);
	ListCell   *lc;

	foreach(lc, fields)
	{
		bool		found;
		WfNameEntry *entry = wf_names_insert(names, json_name(((WfField *) lfirst(lc))->name), &found);

		entry->list = lappend(found ? entry->list : NIL, lfirst(lc));
	}
	return names;
}

/* As protoc makes it: no underscores, a capital after each. */
static char *
json_name(const char *name)
{
	StringInfoData buf;
	bool		capital = false;

	initStringInfo(&buf);
	for (const char *c = name; *c; c++)
	{
		if (*c != '_')
			appendStringInfoChar(&buf, capital ? pg_ascii_toupper((unsigned char) *c) : *c);
		capital = *c == '_';
	}
	return buf.data;
}

static void
append_string(StringInfo buf, const char *text)
{
	appendStringInfoChar(buf, '"');
	for (const char *c = text; *c; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfo(buf, "\\%c", *c);
		else if ((unsigned char) *c < ' ')
			appendStringInfo(buf, "\\%03o", (unsigned char) *c);
		else
			appendStringInfoChar(buf, *c);
	}
	appendStringInfoChar(buf, '"');
}
