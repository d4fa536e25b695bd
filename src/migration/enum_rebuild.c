/*
 * enum_rebuild.c: the script that makes an enum anew under all that uses it.
 *
 * The schema is read, the enum's values are changed in a copy, and the
 * difference of the two is the script.  What names a value that goes, as a
 * constant of the enum, names its replacement in the copy.
 */
#include "common/compat.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "migration/enum_plan.h"
#include "schema/read.h"

static void set_value(WfObject *object, const char *attr, const char *value);
static char *labels_json(List *labels);
static void replace_constants(WfEnum *type, WfObject *object, List *gone, const char *replacement);
static char *replace_in_text(const char *text, const char *type, List *gone, const char *replacement, const char **named);
static const char *literal_start(const char *from, const char *end);
static char *replace_in_array(char *literal, List *gone, const char *replacement, const char **named);
static char *unescaped(const char *from, int length);
static void append_element(StringInfo literal, const char *element);
static bool mentions_value(WfObject *object, List *gone);

/*
 * The plan that gives the enum these labels.  gone: the labels that it loses;
 * replacement: what takes their place, NULL for nothing.  *mentions gets the
 * routines whose body has one of them in some other form.
 *
 * Raises object_in_use where something names a label that nothing replaces.
 */
WfPlan *
wf_enum_rebuild(WfEnum *type, List *labels, List *gone, const char *replacement,
				const char *lock_timeout, List **mentions)
{
	WfDiffOptions options = {.allow_data_loss = true, .lock_timeout = pstrdup(lock_timeout)};
	WfModel    *from = wf_schema_read(NIL, NIL);
	WfModel    *to = wf_schema_model_copy(from);
	WfObject   *object = wf_schema_model_find(to, psprintf("enum %s", type->name));

	if (!object)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("enum %s is not part of the schema that can be planned", type->name),
				 errhint("See what is: SELECT wishflags.schema_snapshot();")));
	set_value(object, "values", labels_json(labels));
	for (int i = 0; i < to->nobjects && gone; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (to->objects[i] != object)
			replace_constants(type, to->objects[i], gone, replacement);
		if (mentions_value(to->objects[i], gone))
			*mentions = lappend(*mentions, (char *) to->objects[i]->identity);
	}
	return wf_schema_plan(from, to, &options);
}

static void
set_value(WfObject *object, const char *attr, const char *value)
{
	object->values[wf_schema_attr_index(object->type, attr)] = value;
}

static char *
labels_json(List *labels)
{
	StringInfoData json;
	ListCell   *lc;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(lc, labels)
	{
		if (lc != list_head(labels))
			appendStringInfoString(&json, ", ");
		escape_json(&json, lfirst(lc));
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

static void
replace_constants(WfEnum *type, WfObject *object, List *gone, const char *replacement)
{
	for (int i = 0; i < object->type->nattrs; i++)
	{
		const char *named = NULL;
		char	   *changed;

		if (!object->values[i] || !strstr(object->values[i], type->name))
			continue;
		changed = replace_in_text(object->values[i], type->name, gone, replacement, &named);
		if (named && !replacement)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("%s %s names value \"%s\" of enum %s", object->type->name, object->identity, named, type->name),
					 errhint("Say what takes its place, as in '{\"replace_with\": ...}', or change that object first.")));
		if (named)
			object->values[i] = changed;
	}
}

/*
 * The text with 'value'::type, and values in '{...}'::type[], replaced.  *named
 * gets one that was found.
 */
static char *
replace_in_text(const char *text, const char *type, List *gone, const char *replacement, const char **named)
{
	char	   *cast = psprintf("'::%s", type);
	StringInfoData result;
	const char *done = text;
	const char *at;

	initStringInfo(&result);
	for (at = strstr(text, cast); at; at = strstr(at + 1, cast))
	{
		const char *open = literal_start(done, at);
		const char *end = at + strlen(cast);
		char	   *literal;
		ListCell   *lc;

		/* A longer name that begins like this one is another type. */
		if (isalnum((unsigned char) *end) || *end == '_' || *end == '$')
			continue;
		literal = pnstrdup(open, at - open);
		if (strncmp(end, "[]", 2) == 0)
			literal = replace_in_array(literal, gone, replacement, named);
		else
		{
			foreach(lc, gone)
			{
				char	   *quoted = quote_literal_cstr(lfirst(lc));

				if (strcmp(psprintf("'%s'", literal), quoted) != 0)
					continue;
				*named = lfirst(lc);
				if (!replacement)
					break;
				quoted = quote_literal_cstr(replacement);
				literal = pnstrdup(quoted + 1, strlen(quoted) - 2);
				break;
			}
		}
		appendBinaryStringInfo(&result, done, open - done);
		appendStringInfoString(&result, literal);
		done = at;
	}
	appendStringInfoString(&result, done);
	return result.data;
}

/* What follows the quote that opens a literal; a doubled quote is part of it. */
static const char *
literal_start(const char *from, const char *end)
{
	const char *at = end;

	while (at > from)
	{
		if (at[-1] != '\'')
			at--;
		else if (at - 1 > from && at[-2] == '\'')
			at -= 2;
		else
			break;
	}
	return at;
}

/* The same for the elements of an array literal, without its quotes. */
static char *
replace_in_array(char *literal, List *gone, const char *replacement, const char **named)
{
	StringInfoData result;
	char	   *at = literal;

	initStringInfo(&result);
	while (*at)
	{
		char	   *start = at;
		char	   *element;
		ListCell   *lc;

		if (strchr("{},", *at))
		{
			appendStringInfoChar(&result, *at++);
			continue;
		}
		if (*at == '"')
		{
			for (at++; *at && *at != '"'; at++)
			{
				if (*at == '\\' && at[1])
					at++;
			}
			at += *at == '"';
			element = unescaped(start + 1, Max(at - start - 2, 0));
		}
		else
		{
			at += strcspn(at, "{},");
			element = unescaped(start, at - start);
		}
		foreach(lc, gone)
		{
			if (strcmp(element, lfirst(lc)) == 0)
				break;
		}
		if (lc)
			*named = lfirst(lc);
		if (lc && replacement)
			append_element(&result, replacement);
		else
			appendBinaryStringInfo(&result, start, at - start);
	}
	return result.data;
}

/* An element without its backslashes, and without the doubled quotes of the literal. */
static char *
unescaped(const char *from, int length)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < length; i++)
	{
		if ((from[i] == '\\' || from[i] == '\'') && i + 1 < length)
			i++;
		appendStringInfoChar(&text, from[i]);
	}
	return text.data;
}

/* The opposite, in double quotes. */
static void
append_element(StringInfo literal, const char *element)
{
	appendStringInfoChar(literal, '"');
	for (; *element; element++)
	{
		if (*element == '"' || *element == '\\')
			appendStringInfoChar(literal, '\\');
		if (*element == '\'')
			appendStringInfoChar(literal, '\'');
		appendStringInfoChar(literal, *element);
	}
	appendStringInfoChar(literal, '"');
}

/* Has the body of a routine one of the values as a string? */
static bool
mentions_value(WfObject *object, List *gone)
{
	const char *definition;
	ListCell   *lc;

	if (object->type->kind != WF_OBJECT_FUNCTION && object->type->kind != WF_OBJECT_PROCEDURE)
		return false;
	definition = wf_schema_value(object, "definition");
	foreach(lc, gone)
	{
		if (definition && strstr(definition, quote_literal_cstr(lfirst(lc))))
			return true;
	}
	return false;
}
