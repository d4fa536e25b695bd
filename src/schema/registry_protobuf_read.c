/*
 * registry_protobuf_read.c: parsing a .proto file as far as messages go.
 *
 * Source: the language specifications of Protocol Buffers, proto2 and proto3.
 * Options, services and extensions are passed over: they change nothing in
 * what is written.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/registry_compat.h"
#include "schema/registry_proto.h"

#define MAX_FIELD_NUMBER 536870911

typedef struct Parser
{
	const char *at;
	int			line;
	char	   *token;			/* NULL at the end */
} Parser;

static void next(Parser *parser);
static const char *skip_space(Parser *parser);
static bool is(Parser *parser, const char *token);
static bool take(Parser *parser, const char *token);
static void expect(Parser *parser, const char *token);
static char *take_name(Parser *parser);
static char *take_type(Parser *parser);
static void skip_statement(Parser *parser);
static void skip_block(Parser *parser, const char *open, const char *close);
static void read_file(Parser *parser, WfProtoType *file);
static WfProtoType *read_message(Parser *parser, WfProtoType *outer);
static void read_member(Parser *parser, WfProtoType *message, const char *oneof);
static void read_oneof(Parser *parser, WfProtoType *message);
static WfProtoType *read_enum(Parser *parser, WfProtoType *outer);
static void read_field(Parser *parser, WfProtoType *message, const char *oneof);
static void read_field_number(Parser *parser, WfProtoType *message, WfProtoField *field);
static WfProtoType *make_type(WfProtoType *outer, const char *name);
pg_noreturn static void invalid(Parser *parser, const char *detail);

/*
 * Parses the text of a .proto file.
 *
 * Raises invalid_parameter_value for what is none; the DETAIL names the line.
 */
void *
wf_schema_protobuf_read(const char *schema)
{
	Parser		parser = {schema, 1, NULL};
	WfProtoType *file = palloc0(sizeof(WfProtoType));

	next(&parser);
	read_file(&parser, file);
	if (file->types == NIL)
		invalid(&parser, "It defines no message");
	return file;
}

/* Moves on to the next word, number, string or sign. */
static void
next(Parser *parser)
{
	const char *start = skip_space(parser);
	const char *end = start;

	if (*start == '\0')
	{
		parser->token = NULL;
		return;
	}
	if (*start == '"' || *start == '\'')
	{
		for (end++; *end && *end != *start; end++)
		{
			if (*end == '\n' || (*end == '\\' && !*++end))
				break;
		}
		if (*end != *start)
			invalid(parser, "A string does not end");
		end++;
	}
	else if (isalnum((unsigned char) *start) || strchr("_.-+", *start))
	{
		while (*end && (isalnum((unsigned char) *end) || strchr("_.-+", *end)))
			end++;
	}
	else
		end++;
	parser->token = pnstrdup(start, end - start);
	parser->at = end;
}

static const char *
skip_space(Parser *parser)
{
	const char *c = parser->at;

	for (;;)
	{
		if (*c == '/' && c[1] == '/')
			c += strcspn(c, "\n");
		else if (*c == '/' && c[1] == '*')
		{
			const char *end = strstr(c + 2, "*/");

			if (!end)
				invalid(parser, "A comment does not end");
			for (; c < end; c++)
				parser->line += *c == '\n';
			c += 2;
		}
		else if (isspace((unsigned char) *c))
			parser->line += *c++ == '\n';
		else
			break;
	}
	parser->at = c;
	return c;
}

static bool
is(Parser *parser, const char *token)
{
	return parser->token && strcmp(parser->token, token) == 0;
}

static bool
take(Parser *parser, const char *token)
{
	if (!is(parser, token))
		return false;
	next(parser);
	return true;
}

static void
expect(Parser *parser, const char *token)
{
	if (!take(parser, token))
		invalid(parser, psprintf("\"%s\" is missing before \"%s\"", token,
								 parser->token ? parser->token : "the end"));
}

static char *
take_name(Parser *parser)
{
	char	   *name = take_type(parser);

	if (strchr(name, '.'))
		invalid(parser, psprintf("\"%s\" is no name", name));
	return name;
}

/* A name of several parts, which may begin with a dot. */
static char *
take_type(Parser *parser)
{
	char	   *name = parser->token;

	if (!name || !(isalpha((unsigned char) *name) || *name == '_' || (*name == '.' && name[1]))
		|| strpbrk(name, "+-"))
		invalid(parser, psprintf("\"%s\" is no name", name ? name : "the end"));
	next(parser);
	return name;
}

/* Up to the semicolon; what stands in braces belongs to it. */
static void
skip_statement(Parser *parser)
{
	while (parser->token && !is(parser, ";"))
	{
		if (is(parser, "{"))
			skip_block(parser, "{", "}");
		else
			next(parser);
	}
	expect(parser, ";");
}

static void
skip_block(Parser *parser, const char *open, const char *close)
{
	int			depth = 0;

	do
	{
		if (!parser->token)
			invalid(parser, psprintf("\"%s\" is missing", close));
		depth += is(parser, open) - is(parser, close);
		next(parser);
	} while (depth > 0);
}

static void
read_file(Parser *parser, WfProtoType *file)
{
	while (parser->token)
	{
		CHECK_FOR_INTERRUPTS();
		if (take(parser, ";"))
			continue;
		if (take(parser, "package"))
		{
			file->package = take_type(parser);
			expect(parser, ";");
		}
		else if (take(parser, "message"))
			file->types = lappend(file->types, read_message(parser, file));
		else if (take(parser, "enum"))
			file->types = lappend(file->types, read_enum(parser, file));
		else if (is(parser, "syntax") || is(parser, "edition") || is(parser, "import") || is(parser, "option"))
			skip_statement(parser);
		else if (take(parser, "service") || take(parser, "extend"))
		{
			(void) take_type(parser);
			skip_block(parser, "{", "}");
		}
		else
			invalid(parser, psprintf("\"%s\" is not expected", parser->token));
	}
}

static WfProtoType *
read_message(Parser *parser, WfProtoType *outer)
{
	WfProtoType *message = make_type(outer, take_name(parser));

	check_stack_depth();
	expect(parser, "{");
	while (!take(parser, "}"))
	{
		CHECK_FOR_INTERRUPTS();
		if (!parser->token)
			invalid(parser, psprintf("The message \"%s\" does not end", message->name));
		read_member(parser, message, NULL);
	}
	return message;
}

/* A word that begins a member may be the type of a field as well. */
static void
read_member(Parser *parser, WfProtoType *message, const char *oneof)
{
	Parser		ahead = *parser;

	if (take(parser, ";"))
		return;
	next(&ahead);
	if (is(parser, "message") && ahead.token)
	{
		next(parser);
		message->types = lappend(message->types, read_message(parser, message));
	}
	else if (is(parser, "enum"))
	{
		next(parser);
		message->types = lappend(message->types, read_enum(parser, message));
	}
	else if (is(parser, "oneof"))
	{
		next(parser);
		read_oneof(parser, message);
	}
	else if (is(parser, "reserved") || is(parser, "extensions") || is(parser, "option"))
		skip_statement(parser);
	else if (is(parser, "extend"))
	{
		next(parser);
		(void) take_type(parser);
		skip_block(parser, "{", "}");
	}
	else
		read_field(parser, message, oneof);
}

static void
read_oneof(Parser *parser, WfProtoType *message)
{
	char	   *name = take_name(parser);

	expect(parser, "{");
	while (!take(parser, "}"))
	{
		if (!parser->token)
			invalid(parser, psprintf("The oneof \"%s\" does not end", name));
		read_member(parser, message, name);
	}
}

static WfProtoType *
read_enum(Parser *parser, WfProtoType *outer)
{
	WfProtoType *type = make_type(outer, take_name(parser));

	type->is_enum = true;
	if (!is(parser, "{"))
		expect(parser, "{");
	skip_block(parser, "{", "}");
	return type;
}

static void
read_field(Parser *parser, WfProtoType *message, const char *oneof)
{
	WfProtoField *field = palloc0(sizeof(WfProtoField));

	field->oneof = oneof;
	if (take(parser, "optional"))
		field->label = WF_PROTO_OPTIONAL;
	else if (take(parser, "required"))
		field->label = WF_PROTO_REQUIRED;
	else if (take(parser, "repeated"))
		field->label = WF_PROTO_REPEATED;
	field->type = take_type(parser);
	if (strcmp(field->type, "map") == 0 && take(parser, "<"))
	{
		field->key_type = take_type(parser);
		expect(parser, ",");
		field->type = take_type(parser);
		expect(parser, ">");
	}
	field->name = take_name(parser);
	expect(parser, "=");
	read_field_number(parser, message, field);
	if (is(parser, "["))
		skip_block(parser, "[", "]");
	/* A group is a message in place. */
	if (is(parser, "{"))
		skip_block(parser, "{", "}");
	else
		expect(parser, ";");
	message->fields = lappend(message->fields, field);
}

static void
read_field_number(Parser *parser, WfProtoType *message, WfProtoField *field)
{
	char	   *end = NULL;
	long		number = parser->token ? strtol(parser->token, &end, 0) : 0;
	ListCell   *lc;

	if (!end || *end || number < 1 || number > MAX_FIELD_NUMBER)
		invalid(parser, psprintf("The field \"%s\" has no valid number", field->name));
	field->number = (int) number;
	foreach(lc, message->fields)
	{
		WfProtoField *other = lfirst(lc);

		if (other->number == field->number || strcmp(other->name, field->name) == 0)
			invalid(parser, psprintf("The fields \"%s\" and \"%s\" of \"%s\" share a name or number", other->name,
									 field->name, message->name));
	}
	next(parser);
}

static WfProtoType *
make_type(WfProtoType *outer, const char *name)
{
	WfProtoType *type = palloc0(sizeof(WfProtoType));

	type->name = name;
	type->outer = outer;
	return type;
}

static void
invalid(Parser *parser, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("not a valid Protobuf schema"),
			 errdetail("%s (line %d).", detail, parser->line)));
}
