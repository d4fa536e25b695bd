/*
 * registry_avro_read.c: parsing an Avro schema.
 *
 * Source: the Avro specification 1.11, chapters "Schema Declaration", "Names"
 * and "Aliases".
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/jsonb_access.h"
#include "schema/model.h"
#include "schema/names.h"
#include "schema/registry_avro.h"
#include "schema/registry_compat.h"

typedef struct Reader
{
	wf_names_hash *types;		/* WfAvro, by full name */
} Reader;

static WfAvro *read_type(Reader *reader, JsonbValue *value, const char *space);
static WfAvro *read_name(Reader *reader, const char *name, const char *space);
static WfAvro *read_union(Reader *reader, JsonbValue *value, const char *space);
static WfAvro *read_object(Reader *reader, JsonbValue *object, const char *space);
static void read_named(Reader *reader, WfAvro *type, JsonbValue *object, const char *space);
static void read_fields(Reader *reader, WfAvro *record, JsonbValue *object);
static WfAvroField *read_field(Reader *reader, WfAvro *record, JsonbValue *object);
static void read_symbols(WfAvro *type, JsonbValue *object);
static void read_logical_type(WfAvro *type, JsonbValue *object);
static const char *full_name(const char *name, const char *space);
static const char *namespace_of(const char *name);
static bool is_name(const char *name, bool dots);
static WfAvro *make(WfAvroKind kind);
static int	kind_of(const char *name);
pg_noreturn static void invalid(const char *detail);

static const char *const kind_names[] = {
	"null", "boolean", "int", "long", "float", "double", "bytes", "string", "array", "map", "record", "enum",
	"fixed", "union"
};

/*
 * Parses the text of an Avro schema.
 *
 * Raises invalid_text_representation for what is no JSON,
 * invalid_parameter_value for what is no Avro schema.
 */
void *
wf_schema_avro_read(const char *schema)
{
	Reader		reader = {wf_names_create(CurrentMemoryContext, 16, NULL)};

	return read_type(&reader, wf_schema_jsonb_parse(schema), NULL);
}

/* The name of a kind, as a schema writes it. */
const char *
wf_schema_avro_kind_name(WfAvroKind kind)
{
	return kind_names[kind];
}

static WfAvro *
read_type(Reader *reader, JsonbValue *value, const char *space)
{
	char	   *name = wf_schema_jsonb_text(value);

	check_stack_depth();
	if (name)
		return read_name(reader, name, space);
	if (wf_schema_jsonb_is_array(value))
		return read_union(reader, value, space);
	if (!wf_schema_jsonb_is_object(value))
		invalid("A type is a name, an object or an array of types.");
	return read_object(reader, value, space);
}

static WfAvro *
read_name(Reader *reader, const char *name, const char *space)
{
	int			kind = kind_of(name);
	WfNameEntry *entry;

	if (kind >= 0 && kind <= WF_AVRO_STRING)
		return make(kind);
	entry = wf_names_lookup(reader->types, full_name(name, space));
	if (!entry)
		invalid(psprintf("Type \"%s\" is not defined.", full_name(name, space)));
	return linitial(entry->list);
}

/* A union holds no union, and of unnamed types each kind once. */
static WfAvro *
read_union(Reader *reader, JsonbValue *value, const char *space)
{
	WfAvro	   *type = make(WF_AVRO_UNION);
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, wf_schema_jsonb_elements(value))
	{
		WfAvro	   *branch = read_type(reader, lfirst(lc), space);

		if (branch->kind == WF_AVRO_UNION)
			invalid("A union cannot hold a union.");
		foreach(other, type->branches)
		{
			WfAvro	   *sibling = lfirst(other);

			if (sibling->kind == branch->kind && (!branch->name || strcmp(branch->name, sibling->name) == 0))
				invalid(psprintf("A union holds \"%s\" twice.",
								 branch->name ? branch->name : kind_names[branch->kind]));
		}
		type->branches = lappend(type->branches, branch);
	}
	if (type->branches == NIL)
		invalid("A union is empty.");
	return type;
}

static WfAvro *
read_object(Reader *reader, JsonbValue *object, const char *space)
{
	JsonbValue *inner = wf_schema_jsonb_get(object, "type");
	char	   *name = wf_schema_jsonb_text(inner);
	int			kind = name ? kind_of(name) : -1;
	WfAvro	   *type;

	if (!inner)
		invalid("A type has no \"type\".");
	if (name && strcmp(name, "error") == 0)
		kind = WF_AVRO_RECORD;
	if (kind < 0 || kind == WF_AVRO_UNION)
		return read_type(reader, inner, space);
	type = make(kind);
	if (kind >= WF_AVRO_RECORD)
		read_named(reader, type, object, space);
	switch (kind)
	{
		case WF_AVRO_ARRAY:
		case WF_AVRO_MAP:
			inner = wf_schema_jsonb_get(object, kind == WF_AVRO_ARRAY ? "items" : "values");
			if (!inner)
				invalid(psprintf("The type \"%s\" has no \"%s\".", name, kind == WF_AVRO_ARRAY ? "items" : "values"));
			type->element = read_type(reader, inner, space);
			break;
		case WF_AVRO_RECORD:
			read_fields(reader, type, object);
			break;
		case WF_AVRO_ENUM:
			read_symbols(type, object);
			break;
		case WF_AVRO_FIXED:
			type->size = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "size"), -1);
			if (type->size < 0)
				invalid(psprintf("The fixed type \"%s\" has no \"size\".", type->name));
			break;
		default:
			break;
	}
	read_logical_type(type, object);
	return type;
}

static void
read_named(Reader *reader, WfAvro *type, JsonbValue *object, const char *space)
{
	char	   *name = wf_schema_jsonb_text(wf_schema_jsonb_get(object, "name"));
	char	   *own_space = wf_schema_jsonb_text(wf_schema_jsonb_get(object, "namespace"));
	ListCell   *lc;
	bool		found;
	WfNameEntry *entry;

	if (!name)
		invalid(psprintf("A type \"%s\" has no \"name\".", kind_names[type->kind]));
	if (!is_name(name, true) || (own_space && own_space[0] && !is_name(own_space, true)))
		invalid(psprintf("\"%s\" cannot be the name of a type.", name));
	type->name = full_name(name, own_space ? own_space : space);
	foreach(lc, wf_schema_jsonb_strings(wf_schema_jsonb_get(object, "aliases")))
		type->aliases = lappend(type->aliases, unconstify(char *, full_name(lfirst(lc), namespace_of(type->name))));
	entry = wf_names_insert(reader->types, type->name, &found);
	if (found)
		invalid(psprintf("Type \"%s\" is defined twice.", type->name));
	entry->list = list_make1(type);
}

static void
read_fields(Reader *reader, WfAvro *record, JsonbValue *object)
{
	JsonbValue *fields = wf_schema_jsonb_get(object, "fields");
	wf_names_hash *seen = wf_names_create(CurrentMemoryContext, 16, NULL);
	ListCell   *lc;

	if (!wf_schema_jsonb_is_array(fields))
		invalid(psprintf("The record \"%s\" has no \"fields\".", record->name));
	foreach(lc, wf_schema_jsonb_elements(fields))
	{
		WfAvroField *field = read_field(reader, record, lfirst(lc));
		bool		found;

		wf_names_insert(seen, field->name, &found)->list = NIL;
		if (found)
			invalid(psprintf("The record \"%s\" has two fields \"%s\".", record->name, field->name));
		record->fields = lappend(record->fields, field);
	}
}

static WfAvroField *
read_field(Reader *reader, WfAvro *record, JsonbValue *object)
{
	WfAvroField *field = palloc0(sizeof(WfAvroField));
	JsonbValue *type = wf_schema_jsonb_get(object, "type");

	field->name = wf_schema_jsonb_text(wf_schema_jsonb_get(object, "name"));
	if (!field->name || !is_name(field->name, false) || !type)
		invalid(psprintf("A field of the record \"%s\" has no valid \"name\" or no \"type\".", record->name));
	field->aliases = wf_schema_jsonb_strings(wf_schema_jsonb_get(object, "aliases"));
	field->type = read_type(reader, type, namespace_of(record->name));
	field->default_value = wf_schema_jsonb_get(object, "default");
	if (field->default_value && !wf_schema_avro_default_fits(field->type, field->default_value))
		invalid(psprintf("The default of the field \"%s\" of \"%s\" is not of its type.", field->name, record->name));
	return field;
}

static void
read_symbols(WfAvro *type, JsonbValue *object)
{
	JsonbValue *symbols = wf_schema_jsonb_get(object, "symbols");

	if (!wf_schema_jsonb_is_array(symbols))
		invalid(psprintf("The enum \"%s\" has no \"symbols\".", type->name));
	type->symbols = wf_schema_jsonb_strings(symbols);
	type->symbol_default = wf_schema_jsonb_text(wf_schema_jsonb_get(object, "default"));
	if (type->symbol_default && !wf_common_list_has(type->symbols, type->symbol_default))
		invalid(psprintf("The default of the enum \"%s\" is none of its symbols.", type->name));
}

/* Of logical types only decimals matter to what a reader understands. */
static void
read_logical_type(WfAvro *type, JsonbValue *object)
{
	char	   *name = wf_schema_jsonb_text(wf_schema_jsonb_get(object, "logicalType"));

	if (!name || strcmp(name, "decimal") != 0 || (type->kind != WF_AVRO_BYTES && type->kind != WF_AVRO_FIXED))
		return;
	type->precision = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "precision"), 0);
	type->scale = wf_schema_jsonb_integer(wf_schema_jsonb_get(object, "scale"), 0);
	/* An invalid logical type is none. */
	type->decimal = type->precision > 0 && type->scale >= 0 && type->scale <= type->precision;
}

static const char *
full_name(const char *name, const char *space)
{
	return strchr(name, '.') || !space || !space[0] ? name : psprintf("%s.%s", space, name);
}

static const char *
namespace_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? pnstrdup(name, dot - name) : NULL;
}

static bool
is_name(const char *name, bool dots)
{
	bool		first = true;

	for (const char *c = name; *c; c++)
	{
		bool		letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';

		if (*c == '.' && dots && !first)
			first = true;
		else if (letter || (!first && *c >= '0' && *c <= '9'))
			first = false;
		else
			return false;
	}
	return !first;
}

static WfAvro *
make(WfAvroKind kind)
{
	WfAvro	   *type = palloc0(sizeof(WfAvro));

	type->kind = kind;
	return type;
}

static int
kind_of(const char *name)
{
	for (int i = 0; i < lengthof(kind_names); i++)
	{
		if (strcmp(kind_names[i], name) == 0)
			return i;
	}
	return -1;
}

static void
invalid(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("not a valid Avro schema"),
			 errdetail("%s", detail)));
}
