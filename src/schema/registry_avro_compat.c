/*
 * registry_avro_compat.c: Avro's schema resolution, without data.
 *
 * Source: the Avro specification 1.11, chapter "Schema Resolution"; the kinds
 * of incompatibility are those of Avro's SchemaCompatibility, as the registry
 * of Confluent names them.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/jsonb_access.h"
#include "schema/model.h"
#include "schema/registry_avro.h"
#include "schema/registry_compat.h"

static void compare(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static bool can_read(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static void compare_writer_union(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static void compare_reader_union(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static void compare_same_kind(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static void compare_records(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static void compare_enums(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static void compare_decimals(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path);
static WfAvroField *find_field(WfAvro *record, WfAvroField *wanted);
static bool names_match(WfAvro *writer, WfAvro *reader);
static bool promotes(WfAvroKind writer, WfAvroKind reader);
static const char *short_name(const char *name);
static const char *describe(WfAvro *type);

/* Notes what keeps a reader of one schema from reading what the other wrote. */
void
wf_schema_avro_compare(WfCompat *compat, void *writer, void *reader)
{
	compare(compat, writer, reader, "");
}

static void
compare(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (writer->kind == WF_AVRO_UNION)
		compare_writer_union(compat, writer, reader, path);
	else if (reader->kind == WF_AVRO_UNION)
		compare_reader_union(compat, writer, reader, path);
	else if (writer->kind == reader->kind)
		compare_same_kind(compat, writer, reader, path);
	else if (!promotes(writer->kind, reader->kind))
		wf_schema_compat_note(compat, "TYPE_MISMATCH", path, "the reader expects %s, the writer wrote %s",
							  describe(reader), describe(writer));
}

/* Compares without a note, under what is assumed already. */
static bool
can_read(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	WfCompat	trial = {NIL, list_copy(compat->pairs)};

	compare(&trial, writer, reader, path);
	list_free(trial.pairs);
	return trial.found == NIL;
}

/* Any branch may have been written, so the reader must know each. */
static void
compare_writer_union(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	ListCell   *lc;

	foreach(lc, writer->branches)
	{
		WfAvro	   *branch = lfirst(lc);

		if (reader->kind == WF_AVRO_UNION || list_length(writer->branches) == 1)
			compare(compat, branch, reader, path);
		else if (!can_read(compat, branch, reader, path))
			wf_schema_compat_note(compat, "TYPE_MISMATCH", path, "the reader expects %s, the writer may write %s",
								  describe(reader), describe(branch));
	}
}

static void
compare_reader_union(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	ListCell   *lc;
	WfAvro	   *alike = NULL;

	foreach(lc, reader->branches)
	{
		WfAvro	   *branch = lfirst(lc);

		if (can_read(compat, writer, branch, path))
			return;
		if (branch->kind == writer->kind && names_match(writer, branch))
			alike = branch;
	}
	/* What is wrong with the branch that is meant says more. */
	if (alike)
		compare(compat, writer, alike, path);
	else
		wf_schema_compat_note(compat, "MISSING_UNION_BRANCH", path, "the reader's union lacks %s, which the writer may write",
							  describe(writer));
}

static void
compare_same_kind(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	if (!names_match(writer, reader))
	{
		wf_schema_compat_note(compat, "NAME_MISMATCH", path, "the reader expects %s, the writer wrote %s",
							  describe(reader), describe(writer));
		return;
	}
	switch (writer->kind)
	{
		case WF_AVRO_ARRAY:
			compare(compat, writer->element, reader->element, psprintf("%s/items", path));
			break;
		case WF_AVRO_MAP:
			compare(compat, writer->element, reader->element, psprintf("%s/values", path));
			break;
		case WF_AVRO_RECORD:
			if (!wf_schema_compat_seen(compat, writer, reader))
				compare_records(compat, writer, reader, path);
			break;
		case WF_AVRO_ENUM:
			compare_enums(compat, writer, reader, path);
			break;
		case WF_AVRO_FIXED:
			if (writer->size != reader->size)
				wf_schema_compat_note(compat, "FIXED_SIZE_MISMATCH", psprintf("%s/size", path),
									  "the reader expects " INT64_FORMAT " bytes, the writer wrote " INT64_FORMAT,
									  reader->size, writer->size);
			compare_decimals(compat, writer, reader, path);
			break;
		case WF_AVRO_BYTES:
			compare_decimals(compat, writer, reader, path);
			break;
		default:
			break;
	}
}

/* A field that was not written takes the reader's default. */
static void
compare_records(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	ListCell   *lc;

	foreach(lc, reader->fields)
	{
		WfAvroField *field = lfirst(lc);
		WfAvroField *written = find_field(writer, field);
		char	   *place = psprintf("%s/fields/%s", path, field->name);

		if (written)
			compare(compat, written->type, field->type, place);
		else if (!field->default_value)
			wf_schema_compat_note(compat, "READER_FIELD_MISSING_DEFAULT_VALUE", place,
								  "the writer has no field \"%s\", and the reader no default for it", field->name);
	}
}

static void
compare_enums(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	StringInfoData missing;
	ListCell   *lc;

	if (reader->symbol_default)
		return;
	initStringInfo(&missing);
	foreach(lc, writer->symbols)
	{
		if (!wf_common_list_has(reader->symbols, lfirst(lc)))
			appendStringInfo(&missing, "%s%s", missing.len ? ", " : "", (char *) lfirst(lc));
	}
	if (missing.len > 0)
		wf_schema_compat_note(compat, "MISSING_ENUM_SYMBOLS", psprintf("%s/symbols", path),
							  "the reader does not know the writer's symbols: %s", missing.data);
}

/* Decimals of another scale would be other numbers. */
static void
compare_decimals(WfCompat *compat, WfAvro *writer, WfAvro *reader, const char *path)
{
	if (writer->decimal && reader->decimal
		&& (writer->scale != reader->scale || writer->precision != reader->precision))
		wf_schema_compat_note(compat, "DECIMAL_MISMATCH", path,
							  "the reader expects a decimal of precision " INT64_FORMAT " and scale " INT64_FORMAT
							  ", the writer wrote precision " INT64_FORMAT " and scale " INT64_FORMAT,
							  reader->precision, reader->scale, writer->precision, writer->scale);
}

/* The writer's field of the reader's name, or of one of its aliases. */
static WfAvroField *
find_field(WfAvro *record, WfAvroField *wanted)
{
	WfAvroField *by_alias = NULL;
	ListCell   *lc;

	foreach(lc, record->fields)
	{
		WfAvroField *field = lfirst(lc);

		if (strcmp(field->name, wanted->name) == 0)
			return field;
		if (!by_alias && wf_common_list_has(wanted->aliases, field->name))
			by_alias = field;
	}
	return by_alias;
}

/* The names without namespace, or an alias of the reader's. */
static bool
names_match(WfAvro *writer, WfAvro *reader)
{
	return !writer->name || strcmp(short_name(writer->name), short_name(reader->name)) == 0
		|| wf_common_list_has(reader->aliases, writer->name);
}

static bool
promotes(WfAvroKind writer, WfAvroKind reader)
{
	switch (writer)
	{
		case WF_AVRO_INT:
			return reader == WF_AVRO_LONG || reader == WF_AVRO_FLOAT || reader == WF_AVRO_DOUBLE;
		case WF_AVRO_LONG:
			return reader == WF_AVRO_FLOAT || reader == WF_AVRO_DOUBLE;
		case WF_AVRO_FLOAT:
			return reader == WF_AVRO_DOUBLE;
		case WF_AVRO_STRING:
			return reader == WF_AVRO_BYTES;
		case WF_AVRO_BYTES:
			return reader == WF_AVRO_STRING;
		default:
			return false;
	}
}

static const char *
short_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static const char *
describe(WfAvro *type)
{
	if (!type->name)
		return wf_schema_avro_kind_name(type->kind);
	return psprintf("%s \"%s\"", wf_schema_avro_kind_name(type->kind), type->name);
}

/* Is a JSON value a default of this type?  That of a union is of its first branch. */
bool
wf_schema_avro_default_fits(WfAvro *type, JsonbValue *value)
{
	ListCell   *lc;
	int64		whole;

	check_stack_depth();
	switch (type->kind)
	{
		case WF_AVRO_NULL:
			return value->type == jbvNull;
		case WF_AVRO_BOOLEAN:
			return value->type == jbvBool;
		case WF_AVRO_INT:
			whole = wf_schema_jsonb_integer(value, PG_INT64_MAX);
			return whole >= PG_INT32_MIN && whole <= PG_INT32_MAX;
		case WF_AVRO_LONG:
			return wf_schema_jsonb_integer(value, 0) == wf_schema_jsonb_integer(value, 1);
		case WF_AVRO_FLOAT:
		case WF_AVRO_DOUBLE:
			return value->type == jbvNumeric;
		case WF_AVRO_BYTES:
		case WF_AVRO_STRING:
		case WF_AVRO_FIXED:
			return value->type == jbvString;
		case WF_AVRO_ENUM:
			return value->type == jbvString && wf_common_list_has(type->symbols, wf_schema_jsonb_text(value));
		case WF_AVRO_ARRAY:
			foreach(lc, wf_schema_jsonb_elements(value))
			{
				if (!wf_schema_avro_default_fits(type->element, lfirst(lc)))
					return false;
			}
			return wf_schema_jsonb_is_array(value);
		case WF_AVRO_MAP:
			foreach(lc, wf_schema_jsonb_keys(value))
			{
				if (!wf_schema_avro_default_fits(type->element, wf_schema_jsonb_get(value, lfirst(lc))))
					return false;
			}
			return wf_schema_jsonb_is_object(value);
		case WF_AVRO_RECORD:
			foreach(lc, type->fields)
			{
				WfAvroField *field = lfirst(lc);
				JsonbValue *member = wf_schema_jsonb_get(value, field->name);

				if (member ? !wf_schema_avro_default_fits(field->type, member) : !field->default_value)
					return false;
			}
			return wf_schema_jsonb_is_object(value);
		case WF_AVRO_UNION:
			return wf_schema_avro_default_fits(linitial(type->branches), value);
	}
	return false;
}
