/*
 * registry_json_read.c: a JSON Schema taken apart.
 *
 * A schema may ask several things at once: a type, an enum, one of several
 * schemas.  Each is a part of its own, as the validator of Confluent's registry
 * has it, so that its rules apply.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/jsonb_access.h"
#include "schema/registry_compat.h"
#include "schema/registry_jsonschema.h"

/* References that lead to references only never end. */
#define MAX_REFERENCES 100

static WfPart *make(WfPartKind kind, JsonbValue *body, JsonbValue *root);
static JsonbValue *follow(JsonbValue *value, JsonbValue *root);
static JsonbValue *target(const char *reference, JsonbValue *root);
static List *type_parts(JsonbValue *body, JsonbValue *root);
static WfPart *type_part(const char *type, JsonbValue *body, JsonbValue *root);
static WfPart *implied_part(JsonbValue *body, JsonbValue *root);
static List *combined_parts(JsonbValue *body, JsonbValue *root);
pg_noreturn static void invalid(const char *detail);

/*
 * Parses the text of a JSON Schema.
 *
 * Raises invalid_text_representation for what is no JSON,
 * invalid_parameter_value for what is no JSON Schema.
 */
void *
wf_schema_json_read(const char *schema)
{
	JsonbValue *root = wf_schema_jsonb_parse(schema);

	return wf_schema_json_part(root, root);
}

/* What a schema asks. */
WfPart *
wf_schema_json_part(JsonbValue *value, JsonbValue *root)
{
	List	   *parts;
	WfPart	   *all;

	check_stack_depth();
	value = follow(value, root);
	if (value->type == jbvBool)
		return make(value->val.boolean ? WF_PART_ANY : WF_PART_NOTHING, value, root);
	if (!wf_schema_jsonb_is_object(value))
		invalid("A schema is an object, true or false.");
	parts = type_parts(value, root);
	if (wf_schema_jsonb_get(value, "enum"))
		parts = lappend(parts, make(WF_PART_ENUM, value, root));
	if (wf_schema_jsonb_get(value, "const"))
		parts = lappend(parts, make(WF_PART_CONST, value, root));
	if (wf_schema_jsonb_get(value, "not"))
		parts = lappend(parts, make(WF_PART_NOT, value, root));
	parts = list_concat(parts, combined_parts(value, root));
	if (parts == NIL)
		return make(WF_PART_ANY, value, root);
	if (list_length(parts) == 1)
		return linitial(parts);
	all = make(WF_PART_COMBINED, value, root);
	all->criterion = WF_ALL_OF;
	all->parts = parts;
	return all;
}

static WfPart *
make(WfPartKind kind, JsonbValue *body, JsonbValue *root)
{
	WfPart	   *part = palloc0(sizeof(WfPart));

	part->kind = kind;
	part->body = body;
	part->root = root;
	return part;
}

static JsonbValue *
follow(JsonbValue *value, JsonbValue *root)
{
	char	   *reference;

	for (int i = 0; i < MAX_REFERENCES; i++)
	{
		reference = wf_schema_jsonb_text(wf_schema_jsonb_get(value, "$ref"));
		if (!reference)
			return value;
		value = target(reference, root);
	}
	invalid("A reference leads to itself.");
}

/* A JSON pointer into the schema itself. */
static JsonbValue *
target(const char *reference, JsonbValue *root)
{
	JsonbValue *value = root;
	const char *step = reference + 1;

	if (*reference != '#' || (*step && *step != '/'))
		invalid(psprintf("The reference \"%s\" leads out of the schema.", reference));
	while (value && *step)
	{
		size_t		len = strcspn(++step, "/");
		StringInfoData key;

		initStringInfo(&key);
		for (size_t i = 0; i < len; i++)
		{
			if (step[i] == '~' && (step[i + 1] == '0' || step[i + 1] == '1'))
				appendStringInfoChar(&key, step[++i] == '0' ? '~' : '/');
			else
				appendStringInfoChar(&key, step[i]);
		}
		value = wf_schema_jsonb_get(value, key.data);
		step += len;
	}
	if (!value)
		invalid(psprintf("The reference \"%s\" leads nowhere.", reference));
	return value;
}

static List *
type_parts(JsonbValue *body, JsonbValue *root)
{
	JsonbValue *type = wf_schema_jsonb_get(body, "type");
	char	   *name = wf_schema_jsonb_text(type);
	WfPart	   *any;
	ListCell   *lc;

	if (!type)
	{
		WfPart	   *implied = implied_part(body, root);

		return implied ? list_make1(implied) : NIL;
	}
	if (name)
		return list_make1(type_part(name, body, root));
	any = make(WF_PART_COMBINED, body, root);
	any->criterion = WF_ANY_OF;
	foreach(lc, wf_schema_jsonb_strings(type))
		any->parts = lappend(any->parts, type_part(lfirst(lc), body, root));
	if (any->parts == NIL)
		invalid("\"type\" is neither a name nor a list of names.");
	return list_make1(any);
}

static WfPart *
type_part(const char *type, JsonbValue *body, JsonbValue *root)
{
	static const struct
	{
		const char *name;
		WfPartKind	kind;
	}			types[] = {
		{"null", WF_PART_NULL}, {"boolean", WF_PART_BOOLEAN}, {"number", WF_PART_NUMBER},
		{"integer", WF_PART_NUMBER}, {"string", WF_PART_STRING}, {"object", WF_PART_OBJECT},
		{"array", WF_PART_ARRAY}
	};

	for (int i = 0; i < lengthof(types); i++)
	{
		if (strcmp(types[i].name, type) == 0)
		{
			WfPart	   *part = make(types[i].kind, body, root);

			part->integer = strcmp(type, "integer") == 0;
			return part;
		}
	}
	invalid(psprintf("\"%s\" is no type.", type));
}

/* Without "type", its keywords tell what a schema is about. */
static WfPart *
implied_part(JsonbValue *body, JsonbValue *root)
{
	static const struct
	{
		WfPartKind	kind;
		const char *keywords[8];
	}			implied[] = {
		{WF_PART_OBJECT, {"properties", "required", "additionalProperties", "patternProperties", "minProperties",
		"maxProperties", "dependencies"}},
		{WF_PART_ARRAY, {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"}},
		{WF_PART_STRING, {"minLength", "maxLength", "pattern"}},
		{WF_PART_NUMBER, {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}},
	};

	for (int i = 0; i < lengthof(implied); i++)
	{
		for (int j = 0; j < lengthof(implied[i].keywords) && implied[i].keywords[j]; j++)
		{
			if (wf_schema_jsonb_get(body, implied[i].keywords[j]))
				return make(implied[i].kind, body, root);
		}
	}
	return NULL;
}

static List *
combined_parts(JsonbValue *body, JsonbValue *root)
{
	static const char *const keywords[] = {
		[WF_ALL_OF] = "allOf",
		[WF_ANY_OF] = "anyOf",
		[WF_ONE_OF] = "oneOf"
	};
	List	   *combined = NIL;

	for (int i = 0; i < lengthof(keywords); i++)
	{
		JsonbValue *list = wf_schema_jsonb_get(body, keywords[i]);
		WfPart	   *part;
		ListCell   *lc;

		if (!list)
			continue;
		part = make(WF_PART_COMBINED, body, root);
		part->criterion = i;
		foreach(lc, wf_schema_jsonb_elements(list))
			part->parts = lappend(part->parts, make(WF_PART_UNREAD, lfirst(lc), root));
		if (part->parts == NIL)
			invalid(psprintf("\"%s\" is no list of schemas.", keywords[i]));
		combined = lappend(combined, part);
	}
	return combined;
}

static void
invalid(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("not a valid JSON Schema"),
			 errdetail("%s", detail)));
}
