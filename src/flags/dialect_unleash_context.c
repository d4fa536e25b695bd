/*
 * dialect_unleash_context.c: what Unleash finds in a context.  Pure.
 *
 * Six fields stand at the top of a context, the others below "properties".
 * All of them are text: numbers and booleans count as what they are written
 * as, arrays and objects as absent.
 */
#include "common/compat.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "flags/dialect_unleash.h"

/* A field, and where to look for it. */
typedef struct Field
{
	WfAttribute attribute;
	bool		is_time;		/* absent, it is now */
} Field;

static WfNode *field_node(Field *field);
static void add_path(WfAttribute *attribute, const char *above, WfString name);
static void field_text(WfRun *run, const WfNode *node, WfValue *result);
static WfString moment_text(TimestampTz moment);

/* A node that yields a field's text. */
WfNode *
wf_flags_unleash_field(WfString name)
{
	static const char *const top[] = {"sessionId", "environment", "appName", "remoteAddress", "currentTime"};
	Field	   *field = palloc0(sizeof(Field));

	if (wf_flags_strings_equal(name, wf_flags_string("userId")))
	{
		field->attribute = wf_flags_unleash_user();
		return field_node(field);
	}
	for (int i = 0; i < lengthof(top); i++)
	{
		if (wf_flags_strings_equal(name, wf_flags_string(top[i])))
		{
			add_path(&field->attribute, NULL, name);
			field->is_time = strcmp(top[i], "currentTime") == 0;
			return field_node(field);
		}
	}
	/* Contexts of other systems have no "properties". */
	add_path(&field->attribute, "properties", name);
	add_path(&field->attribute, NULL, name);
	field->attribute.is_key = wf_flags_strings_equal(name, wf_flags_string(WF_TARGETING_KEY));
	return field_node(field);
}

/* A node that yields what a bucket goes by; absent where that is to be random. */
WfNode *
wf_flags_unleash_sticky_field(WfString stickiness)
{
	Field	   *field;

	if (wf_flags_strings_equal(stickiness, wf_flags_string("random")))
		return field_node(palloc0(sizeof(Field)));
	if (!wf_flags_strings_equal(stickiness, wf_flags_string("default")))
		return wf_flags_unleash_field(stickiness);
	field = palloc0(sizeof(Field));
	field->attribute.is_key = true;
	add_path(&field->attribute, NULL, wf_flags_string("userId"));
	add_path(&field->attribute, NULL, wf_flags_string(WF_TARGETING_KEY));
	add_path(&field->attribute, NULL, wf_flags_string("sessionId"));
	return field_node(field);
}

/* Whom a flag is evaluated for. */
WfAttribute
wf_flags_unleash_user(void)
{
	WfAttribute attribute = {.is_key = true};

	add_path(&attribute, NULL, wf_flags_string("userId"));
	return attribute;
}

static WfNode *
field_node(Field *field)
{
	WfNode	   *node = palloc0(sizeof(WfNode));

	node->type = WF_NODE_FUNCTION;
	node->u.function.call = field_text;
	node->u.function.data = field;
	return node;
}

static void
add_path(WfAttribute *attribute, const char *above, WfString name)
{
	WfString	steps[2];
	int			nsteps = 0;

	if (above)
		steps[nsteps++] = wf_flags_string(above);
	steps[nsteps++] = name;
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps, steps);
}

/* WfFunction: a field's text, or nothing. */
static void
field_text(WfRun *run, const WfNode *node, WfValue *result)
{
	const Field *field = (const Field *) node->u.function.data;
	WfValue		value;
	WfString	text;

	result->type = WF_VALUE_ABSENT;
	if (wf_flags_attribute_fetch(run, &field->attribute, &value))
	{
		if (value.type == WF_VALUE_STRING)
			*result = value;
		else if (wf_flags_value_key(&value, WF_KEY_SCALAR, &text))
			wf_flags_value_set_string(result, text);
	}
	else if (field->is_time)
		wf_flags_value_set_string(result, moment_text(run->callbacks->now(run->callbacks->arg)));
}

/* As ISO 8601 has it, in UTC. */
static WfString
moment_text(TimestampTz moment)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(moment, NULL, &tm, &fsec, NULL, NULL) != 0)
		return wf_flags_string("");
	return wf_flags_string(psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year, tm.tm_mon, tm.tm_mday,
									tm.tm_hour, tm.tm_min, tm.tm_sec, (int) fsec));
}
