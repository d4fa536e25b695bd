/*
 * registry_shape.c: facts about a table or type become the shape of its rows.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "schema/names.h"
#include "schema/registry.h"

typedef struct Builder
{
	WfTypeSource *source;
	WfRegistryOptions *options;
	wf_names_hash *shapes;		/* of composite types, by quoted name */
	wf_names_hash *facts;		/* by type text; NIL: a base type */
} Builder;

/* "numeric(10,2)[]", taken apart. */
typedef struct TypeText
{
	char	   *base;			/* without arguments */
	int			args[2];
	int			nargs;
	bool		array;
} TypeText;

static WfTypeFacts *find_facts(Builder *builder, const char *type);
static bool domain_refuses_null(Builder *builder, const char *type);
static WfShape *shape_of(Builder *builder, const char *type);
static WfShape *named_shape(Builder *builder, WfTypeFacts *facts);
static WfShape *record_shape(Builder *builder, WfTypeFacts *facts, const char *name, bool key);
static WfShape *enum_shape(List *labels);
static WfShape *array_shape(WfShape *element);
static WfField *field_of(Builder *builder, WfColumnFacts *column);
static List *key_columns(WfTypeFacts *facts);
static int	compare_key(const ListCell *a, const ListCell *b);
static TypeText parse_type(const char *type);
static char *cut_arguments(char *type, TypeText *parsed);
static char *cut_collation(char *type);
static const char *bare_type(const char *type);
static const char *full_name(Builder *builder, WfTypeFacts *facts);
static const char *topic_name(WfRegistryOptions *options, WfTypeFacts *facts);

/*
 * What is written for a relation or type: a record of its columns (the primary
 * key's for the part "key"), or the shape of a type that has none.  facts is
 * NULL for a base type, whose text then is type.
 *
 * Raises object_not_in_prerequisite_state for the key of a table without
 * primary key, invalid_object_definition for a type that is part of itself.
 */
WfRegistrySubject *
wf_schema_registry_subject(WfTypeSource *source, WfTypeFacts *facts, const char *type, WfRegistryOptions *options)
{
	Builder		builder = {source, options, wf_names_create(CurrentMemoryContext, 16, NULL),
	wf_names_create(CurrentMemoryContext, 64, NULL)};
	WfRegistrySubject *subject = palloc0(sizeof(WfRegistrySubject));
	WfTypeFacts base = {.kind = 'b', .schema = "pg_catalog"};

	if (!facts)
	{
		base.name = bare_type(type);
		facts = &base;
	}
	subject->is_key = strcmp(options->part, "key") == 0;
	subject->topic = topic_name(options, facts);
	subject->record = psprintf("%s.%s", full_name(&builder, facts), subject->is_key ? "Key" : "Value");
	if (facts->kind == 'c')
		subject->shape = record_shape(&builder, facts, subject->record, subject->is_key);
	else if (subject->is_key)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("type \"%s\" has no key", facts->name),
				 errhint("Leave the option \"part\" out, or name a table.")));
	else
		subject->shape = facts == &base ? shape_of(&builder, type) : named_shape(&builder, facts);
	return subject;
}

static WfTypeFacts *
find_facts(Builder *builder, const char *type)
{
	bool		found;
	WfNameEntry *entry = wf_names_insert(builder->facts, pstrdup(type), &found);
	WfTypeFacts *facts;

	if (found)
		return entry->list ? linitial(entry->list) : NULL;
	entry->list = NIL;
	facts = builder->source->find(builder->source, type);
	if (facts)
		entry->list = list_make1(facts);
	return facts;
}

static WfShape *
shape_of(Builder *builder, const char *type)
{
	TypeText	text = parse_type(type);
	WfTypeFacts *facts;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (text.array)
		return array_shape(shape_of(builder, text.base));
	facts = find_facts(builder, text.base);
	if (facts)
		return named_shape(builder, facts);
	return wf_schema_registry_scalar(bare_type(text.base), text.nargs, text.args, builder->options);
}

/* The shape of a type that somebody made: enum, domain, composite or range. */
static WfShape *
named_shape(Builder *builder, WfTypeFacts *facts)
{
	WfNameEntry *entry;
	const char *name;
	bool		found;
	WfShape    *shape;

	if (facts->kind == 'e')
		return enum_shape(facts->labels);
	if (facts->kind == 'd')
		return shape_of(builder, facts->base);
	if (facts->kind != 'c')
		return wf_schema_registry_scalar("text", 0, NULL, builder->options);

	name = quote_qualified_identifier(facts->schema, facts->name);
	entry = wf_names_lookup(builder->shapes, name);
	if (entry)
	{
		shape = linitial(entry->list);
		if (shape->building)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("composite type \"%s\" is part of itself", facts->name),
					 errdetail("A schema of it would never end.")));
		return shape;
	}
	shape = palloc0(sizeof(WfShape));
	shape->building = true;
	entry = wf_names_insert(builder->shapes, name, &found);
	entry->list = list_make1(shape);
	*shape = *record_shape(builder, facts, full_name(builder, facts), false);
	return shape;
}

static WfShape *
record_shape(Builder *builder, WfTypeFacts *facts, const char *name, bool key)
{
	WfShape    *shape = palloc0(sizeof(WfShape));
	ListCell   *lc;

	shape->kind = WF_SHAPE_RECORD;
	shape->name = name;
	foreach(lc, key ? key_columns(facts) : facts->columns)
	{
		WfField    *field = field_of(builder, lfirst(lc));

		/* A key has no defaults: it is always there. */
		if (key)
			field->default_text = NULL;
		shape->fields = lappend(shape->fields, field);
	}
	if (shape->fields == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" has no columns, so there is nothing to describe", facts->name)));
	wf_schema_registry_check_fields(shape->fields, facts->name);
	return shape;
}

static WfField *
field_of(Builder *builder, WfColumnFacts *column)
{
	WfField    *field = palloc0(sizeof(WfField));

	field->name = wf_schema_registry_adjust(column->name, false, builder->options);
	field->column = column->name;
	field->number = column->number;
	field->default_text = column->default_text;
	field->shape = shape_of(builder, column->type);
	field->optional = !column->not_null && !domain_refuses_null(builder, column->type);
	return field;
}

/* A domain may refuse null in its columns' stead, or the domain below it. */
static bool
domain_refuses_null(Builder *builder, const char *type)
{
	TypeText	text = parse_type(type);
	WfTypeFacts *facts = text.array ? NULL : find_facts(builder, text.base);

	return facts && facts->kind == 'd' && (facts->not_null || domain_refuses_null(builder, facts->base));
}

static WfShape *
enum_shape(List *labels)
{
	WfShape    *shape = palloc0(sizeof(WfShape));
	StringInfoData allowed;
	ListCell   *lc;

	initStringInfo(&allowed);
	foreach(lc, labels)
		appendStringInfo(&allowed, "%s%s", foreach_current_index(lc) ? "," : "", (char *) lfirst(lc));
	shape->kind = WF_SHAPE_STRING;
	shape->name = "io.debezium.data.Enum";
	shape->parameter = "allowed";
	shape->argument = allowed.data;
	shape->labels = labels;
	shape->default_kind = WF_DEFAULT_TEXT;
	return shape;
}

static WfShape *
array_shape(WfShape *element)
{
	WfShape    *shape = palloc0(sizeof(WfShape));

	shape->kind = WF_SHAPE_ARRAY;
	shape->element = element;
	return shape;
}

static List *
key_columns(WfTypeFacts *facts)
{
	List	   *key = NIL;
	ListCell   *lc;

	foreach(lc, facts->columns)
	{
		if (((WfColumnFacts *) lfirst(lc))->key > 0)
			key = lappend(key, lfirst(lc));
	}
	if (key == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"%s\" has no primary key", facts->name),
				 errhint("Without one the messages of its changes have no key: leave the option \"part\" out.")));
	list_sort(key, compare_key);
	return key;
}

static int
compare_key(const ListCell *a, const ListCell *b)
{
	return ((WfColumnFacts *) lfirst(a))->key - ((WfColumnFacts *) lfirst(b))->key;
}

/* Takes a type apart as format_type or a snapshot writes it. */
static TypeText
parse_type(const char *type)
{
	TypeText	parsed = {.nargs = 0};
	char	   *text = cut_collation(pstrdup(type));
	size_t		len = strlen(text);

	parsed.array = len > 2 && strcmp(text + len - 2, "[]") == 0;
	if (parsed.array)
	{
		text[len - 2] = '\0';
		parsed.base = text;
	}
	else
		parsed.base = cut_arguments(text, &parsed);
	return parsed;
}

/* "timestamp(3) without time zone": what is in the parentheses, and the rest. */
static char *
cut_arguments(char *type, TypeText *parsed)
{
	bool		quoted = false;
	char	   *open = NULL;
	char	   *close = NULL;

	for (char *c = type; *c; c++)
	{
		if (*c == '"')
			quoted = !quoted;
		else if (!quoted && *c == '(' && !open)
			open = c;
		else if (!quoted && *c == ')')
			close = c;
	}
	if (open && close && close > open)
	{
		for (char *c = open; c < close && parsed->nargs < lengthof(parsed->args); c = strchr(c, ',') ? strchr(c, ',') : close)
			parsed->args[parsed->nargs++] = atoi(c + 1);
		memmove(open, close + 1, strlen(close + 1) + 1);
	}
	/* Which fields an interval keeps makes no difference. */
	if (strncmp(type, "interval ", strlen("interval ")) == 0)
		type[strlen("interval")] = '\0';
	return type;
}

/* A snapshot's column types may end with COLLATE. */
static char *
cut_collation(char *type)
{
	bool		quoted = false;

	for (char *c = type; *c; c++)
	{
		if (*c == '"')
			quoted = !quoted;
		else if (!quoted && strncmp(c, " COLLATE ", strlen(" COLLATE ")) == 0)
		{
			*c = '\0';
			break;
		}
	}
	return type;
}

/* The name of a type without its schema: those of extensions lie anywhere. */
static const char *
bare_type(const char *type)
{
	List	   *parts;

	if (!strchr(type, '.') && !strchr(type, '"'))
		return type;
	parts = textToQualifiedNameList(cstring_to_text(type));
	return strVal(llast(parts));
}

static const char *
full_name(Builder *builder, WfTypeFacts *facts)
{
	WfRegistryOptions *options = builder->options;
	const char *name = psprintf("%s.%s", wf_schema_registry_adjust(facts->schema, false, options),
								wf_schema_registry_adjust(facts->name, false, options));

	if (!options->prefix || !options->prefix[0])
		return name;
	return psprintf("%s.%s", wf_schema_registry_adjust(options->prefix, true, options), name);
}

/* Kafka takes letters, digits and three signs in the name of a topic. */
static const char *
topic_name(WfRegistryOptions *options, WfTypeFacts *facts)
{
	bool		prefixed = options->prefix && options->prefix[0];
	char	   *topic;

	if (options->topic)
		return options->topic;
	topic = psprintf("%s%s%s.%s", prefixed ? options->prefix : "", prefixed ? "." : "", facts->schema,
					 facts->name);
	for (char *c = topic; *c; c++)
	{
		if (!isalnum((unsigned char) *c) && strchr("._-", *c) == NULL)
			*c = '_';
	}
	return topic;
}
