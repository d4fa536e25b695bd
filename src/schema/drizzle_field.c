/*
 * drizzle_field.c: the fields of a Drizzle snapshot.
 *
 * Both versions name some fields differently, so each look-up takes two names.
 * Numbers and booleans stand where the other version has strings: all are read
 * as text.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "schema/drizzle.h"

/* The value below key, or below or_key; NULL where both are absent or null. */
JsonbValue *
wf_drizzle_field(JsonbContainer *fields, const char *key, const char *or_key)
{
	JsonbValue *value = getKeyJsonValueFromContainer(fields, key, strlen(key), NULL);

	if (value && value->type != jbvNull)
		return value;
	return or_key ? wf_drizzle_field(fields, or_key, NULL) : NULL;
}

/* Likewise, as text; NULL for an object or array too. */
char *
wf_drizzle_text(JsonbContainer *fields, const char *key, const char *or_key)
{
	JsonbValue *value = wf_drizzle_field(fields, key, or_key);

	return value ? wf_drizzle_value_text(value) : NULL;
}

char *
wf_drizzle_value_text(JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

bool
wf_drizzle_flag(JsonbContainer *fields, const char *key)
{
	JsonbValue *value = wf_drizzle_field(fields, key, NULL);

	return value && value->type == jbvBool && value->val.boolean;
}

/* The object below key, or NULL. */
JsonbContainer *
wf_drizzle_members(JsonbContainer *fields, const char *key)
{
	JsonbValue *value = wf_drizzle_field(fields, key, NULL);

	return value && value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data)
		? value->val.binary.data : NULL;
}

/* A list of column names, not empty. */
List *
wf_drizzle_columns(Drizzle *drizzle, DrizzleEntity *entity, const char *key, const char *or_key)
{
	JsonbValue *value = wf_drizzle_field(entity->fields, key, or_key);
	List	   *columns = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	element;

	if (value && value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
	{
		it = JsonbIteratorInit(value->val.binary.data);
		while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
		{
			if (token == WJB_ELEM && element.type == jbvString)
				columns = lappend(columns, wf_drizzle_name(wf_drizzle_value_text(&element)));
		}
	}
	if (!columns)
		wf_drizzle_malformed(drizzle, psprintf("\"%s\" of table \"%s\" has no list \"%s\"",
											   entity->name, entity->table, key));
	return columns;
}

/* A text that the entity must have. */
char *
wf_drizzle_needed_text(Drizzle *drizzle, DrizzleEntity *entity, const char *key, const char *or_key)
{
	char	   *text = wf_drizzle_text(entity->fields, key, or_key);

	if (!text || !*text)
		wf_drizzle_malformed(drizzle, psprintf("\"%s\" of table \"%s\" has no \"%s\"",
											   entity->name, entity->table, key));
	return text;
}

void
wf_drizzle_malformed(Drizzle *drizzle, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is a damaged snapshot of Drizzle", drizzle->argument),
			 errdetail("In it, %s.", what),
			 errhint("Take the file from the repository again, or make a new one with: npx drizzle-kit generate")));
}
