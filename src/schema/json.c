/*
 * json.c: a schema model as a jsonb snapshot, and back.
 *
 * {"format": "wishflags-schema", "version": 2, "server_version": 150020,
 *  "objects": {"table": {"public.t": {"attribute": ..., "parent": "...",
 *  "needs": ["..."]}}}, "unmodelled": ["..."]}
 *
 * With "consistent": false where others changed schemas while it was read.
 * Attributes at their default are left out.  A snapshot may come from
 * anywhere, so everything is checked when it is read.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "schema/model.h"

static void push_key(JsonbParseState **state, const char *key);
static void push_string(JsonbParseState **state, const char *value);
static void push_strings(JsonbParseState **state, const char *key, List *list);
static void push_object(JsonbParseState **state, WfObject *object);
static void push_list(JsonbParseState **state, const char *json);
static JsonbValue *member(JsonbContainer *container, const char *key);
static JsonbContainer *container_member(JsonbContainer *container, const char *key,
										bool array, const char *argument);
static const WfScope *read_scope(Jsonb *snapshot, const char *argument);
static int	check_format(Jsonb *snapshot, const char *argument);
static void check_server(WfModel *model, const char *argument);
static List *strings(JsonbContainer *array);
static void read_type(WfModel *model, const char *name, JsonbContainer *objects,
					  const char *argument);
static void read_object(WfObject *object, JsonbContainer *source, const char *argument);
static void read_attribute(WfObject *object, const char *name, JsonbValue *value,
						   const char *argument);
static void check_required(WfObject *object, const char *argument);
static void link_objects(WfModel *model, const char *argument);
pg_noreturn static void malformed(const char *argument, const char *what);

Jsonb *
wf_schema_model_to_json(WfModel *model)
{
	JsonbParseState *state = NULL;
	JsonbValue	number;
	JsonbValue *result;
	const WfObjectType *type = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_key(&state, "format");
	push_string(&state, WF_SNAPSHOT_FORMAT);
	number.type = jbvNumeric;
	push_key(&state, "version");
	number.val.numeric = int64_to_numeric(WF_SNAPSHOT_VERSION);
	pushJsonbValue(&state, WJB_VALUE, &number);
	push_key(&state, "server_version");
	number.val.numeric = int64_to_numeric(model->server_version);
	pushJsonbValue(&state, WJB_VALUE, &number);
	if (model->inconsistent)
	{
		push_key(&state, "consistent");
		number.type = jbvBool;
		number.val.boolean = false;
		pushJsonbValue(&state, WJB_VALUE, &number);
	}
	if (model->schemas)
		push_strings(&state, "schemas", model->schemas);
	if (model->left_out)
		push_strings(&state, "left_out", model->left_out);
	if (model->scope)
	{
		push_key(&state, "scope");
		push_string(&state, wf_schema_scope_name(model->scope));
	}
	push_strings(&state, "unmodelled", model->unmodelled);

	push_key(&state, "objects");
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];

		CHECK_FOR_INTERRUPTS();
		if (object->type != type)
		{
			if (type)
				pushJsonbValue(&state, WJB_END_OBJECT, NULL);
			type = object->type;
			push_key(&state, type->name);
			pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		}
		push_object(&state, object);
	}
	if (type)
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	result = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(result);
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, key);
	value.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_string(JsonbParseState **state, const char *text)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_strings(JsonbParseState **state, const char *key, List *list)
{
	ListCell   *lc;

	push_key(state, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, list)
	{
		JsonbValue	value;

		value.type = jbvString;
		value.val.string.val = lfirst(lc);
		value.val.string.len = strlen(lfirst(lc));
		pushJsonbValue(state, WJB_ELEM, &value);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_object(JsonbParseState **state, WfObject *object)
{
	push_key(state, object->identity);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < object->type->nattrs; i++)
	{
		if (!object->values[i])
			continue;
		push_key(state, object->type->attrs[i].name);
		if (object->type->attrs[i].flags & WF_ATTR_LIST)
			push_list(state, object->values[i]);
		else
			push_string(state, object->values[i]);
	}
	if (object->parent)
	{
		push_key(state, "parent");
		push_string(state, object->parent->key);
	}
	if (object->schema)
	{
		push_key(state, "schema");
		push_string(state, object->schema);
	}
	if (object->needs)
	{
		List	   *keys = NIL;
		ListCell   *lc;

		foreach(lc, object->needs)
			keys = lappend(keys, unconstify(char *, ((WfObject *) lfirst(lc))->key));
		push_strings(state, "needs", keys);
		list_free(keys);
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_list(JsonbParseState **state, const char *json)
{
	ListCell   *lc;

	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, wf_schema_list(json))
	{
		JsonbValue	value;

		value.type = jbvString;
		value.val.string.val = lfirst(lc);
		value.val.string.len = strlen(lfirst(lc));
		pushJsonbValue(state, WJB_ELEM, &value);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/*
 * The model that a snapshot holds.  argument names the SQL argument in
 * errors: what is no snapshot, of a newer format, or damaged is refused.
 */
WfModel *
wf_schema_model_from_json(Jsonb *snapshot, const char *argument)
{
	WfModel    *model = wf_schema_header_from_json(snapshot, argument);
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	it = JsonbIteratorInit(container_member(&snapshot->root, "objects", false, argument));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
		{
			if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
				malformed(argument, psprintf("objects of type \"%s\" are no JSON object", name));
			read_type(model, name, value.val.binary.data, argument);
		}
	}
	link_objects(model, argument);
	wf_schema_model_finish(model);
	return model;
}

/* Likewise, but an empty model: what a snapshot says of itself. */
WfModel *
wf_schema_header_from_json(Jsonb *snapshot, const char *argument)
{
	WfModel    *model = wf_schema_model_create();
	JsonbValue *version;

	model->version = check_format(snapshot, argument);
	version = member(&snapshot->root, "server_version");
	if (!version || version->type != jbvNumeric)
		malformed(argument, "\"server_version\" is not a number");
	model->server_version =
		DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(version->val.numeric)));
	check_server(model, argument);
	model->schemas = strings(container_member(&snapshot->root, "schemas", true, NULL));
	model->left_out = strings(container_member(&snapshot->root, "left_out", true, NULL));
	model->unmodelled = strings(container_member(&snapshot->root, "unmodelled", true, argument));
	model->scope = read_scope(snapshot, argument);
	return model;
}

static const WfScope *
read_scope(Jsonb *snapshot, const char *argument)
{
	JsonbValue *name = member(&snapshot->root, "scope");
	const WfScope *scope = NULL;

	if (!name)
		return NULL;
	if (name->type == jbvString)
		scope = wf_schema_scope(pnstrdup(name->val.string.val, name->val.string.len));
	if (!scope)
		malformed(argument, "\"scope\" names none that is known");
	return scope;
}

static JsonbValue *
member(JsonbContainer *container, const char *key)
{
	return getKeyJsonValueFromContainer(container, key, strlen(key), NULL);
}

/* An array or object below key; absent: NULL, or an error if argument is given. */
static JsonbContainer *
container_member(JsonbContainer *container, const char *key, bool array, const char *argument)
{
	JsonbValue *value = member(container, key);

	if (!value && !argument)
		return NULL;
	if (!value || value->type != jbvBinary ||
		(array ? !JsonContainerIsArray(value->val.binary.data)
		 : !JsonContainerIsObject(value->val.binary.data)))
		malformed(argument ? argument : "snapshot",
				  psprintf("\"%s\" is not %s", key, array ? "an array" : "an object"));
	return value->val.binary.data;
}

/* A newer server may say things that this one does not understand. */
static void
check_server(WfModel *model, const char *argument)
{
	if (model->server_version < 100000)
		malformed(argument, "\"server_version\" is the number of no server");
	if (model->server_version / 10000 > WF_SERVER_MAJOR)
		ereport(WARNING,
				(errmsg("%s comes from a newer server, PostgreSQL %d", argument,
						model->server_version / 10000),
				 errdetail("Its definitions may have what PostgreSQL %d does not know, or writes in another way.",
						   WF_SERVER_MAJOR),
				 errhint("Compare snapshots of servers of the same major version.")));
}

/* The version of the format; raises an error where it is not known. */
static int
check_format(Jsonb *snapshot, const char *argument)
{
	JsonbValue *format;
	JsonbValue *version;
	int			number;

	format = JB_ROOT_IS_OBJECT(snapshot) ? member(&snapshot->root, "format") : NULL;
	if (!format || format->type != jbvString ||
		format->val.string.len != strlen(WF_SNAPSHOT_FORMAT) ||
		memcmp(format->val.string.val, WF_SNAPSHOT_FORMAT, format->val.string.len) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a schema snapshot", argument),
				 errhint("Make one with: SELECT wishflags.schema_snapshot();")));
	version = member(&snapshot->root, "version");
	if (!version || version->type != jbvNumeric)
		malformed(argument, "\"version\" is not a number");
	number = DatumGetInt32(DirectFunctionCall1(numeric_int4,
											   NumericGetDatum(version->val.numeric)));
	if (number < 1 || number > WF_SNAPSHOT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has snapshot format version %d, this library reads 1 to %d",
						argument, number, WF_SNAPSHOT_VERSION),
				 errhint("Update the extension, or make the snapshot again with this one: SELECT wishflags.schema_snapshot();")));
	return number;
}

static List *
strings(JsonbContainer *array)
{
	List	   *list = NIL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!array)
		return NIL;
	it = JsonbIteratorInit(array);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvString)
			malformed("snapshot", "a list holds something else than strings");
		list = lappend(list, pnstrdup(value.val.string.val, value.val.string.len));
	}
	return list;
}

static void
read_type(WfModel *model, const char *name, JsonbContainer *objects, const char *argument)
{
	const WfObjectType *type = wf_schema_type_by_name(name);
	JsonbIterator *it = JsonbIteratorInit(objects);
	JsonbIteratorToken token;
	JsonbValue	value;
	WfObject   *object = NULL;

	if (!type)
		malformed(argument, psprintf("the object type \"%s\" is not known", name));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
			object = wf_schema_model_add(model, type,
										 pnstrdup(value.val.string.val, value.val.string.len));
		else if (token == WJB_VALUE)
		{
			if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
				malformed(argument, psprintf("%s is no JSON object", object->key));
			read_object(object, value.val.binary.data, argument);
		}
	}
}

static void
read_object(WfObject *object, JsonbContainer *source, const char *argument)
{
	JsonbIterator *it = JsonbIteratorInit(source);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			read_attribute(object, name, &value, argument);
	}
}

/* "needs" and "parent" stay keys until all objects are read. */
static void
read_attribute(WfObject *object, const char *name, JsonbValue *value, const char *argument)
{
	bool		is_array = value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
	bool		is_list = strcmp(name, "needs") == 0;
	int			index = wf_schema_attr_index(object->type, name);

	if (index >= 0)
		is_list = (object->type->attrs[index].flags & WF_ATTR_LIST) != 0;
	if (is_list ? !is_array : value->type != jbvString)
		malformed(argument, psprintf("attribute \"%s\" of %s is not %s", name, object->key,
									 is_list ? "an array" : "a string"));
	if (is_list && index >= 0)
	{
		(void) strings(value->val.binary.data);
		object->values[index] = JsonbToCString(NULL, value->val.binary.data, 0);
	}
	else if (is_list)
		object->needs = strings(value->val.binary.data);
	else if (index >= 0)
		object->values[index] = pnstrdup(value->val.string.val, value->val.string.len);
	else if (strcmp(name, "parent") == 0)
		object->parent_key = pnstrdup(value->val.string.val, value->val.string.len);
	else if (strcmp(name, "schema") == 0)
		object->schema = pnstrdup(value->val.string.val, value->val.string.len);
	else
		malformed(argument, psprintf("attribute \"%s\" of %s is not known", name, object->key));
}

static void
check_required(WfObject *object, const char *argument)
{
	for (int i = 0; i < object->type->nattrs; i++)
	{
		if ((object->type->attrs[i].flags & WF_ATTR_REQUIRED) && !object->values[i])
			malformed(argument, psprintf("%s has no attribute \"%s\"", object->key,
										 object->type->attrs[i].name));
	}
	if (wf_schema_type_has_parent(object->type) && !object->parent_key)
		malformed(argument, psprintf("%s has no attribute \"%s\"", object->key, "parent"));
}

static void
link_objects(WfModel *model, const char *argument)
{
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];
		List	   *needs = NIL;
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		check_required(object, argument);
		if (object->parent_key)
		{
			object->parent = wf_schema_model_find(model, object->parent_key);
			if (!object->parent)
				malformed(argument, psprintf("%s belongs to %s, which is not there",
											 object->key, object->parent_key));
			if (!wf_schema_type_fits_parent(object->type, object->parent->type))
				malformed(argument, psprintf("%s belongs to %s, where it cannot be",
											 object->key, object->parent_key));
		}
		foreach(lc, object->needs)
		{
			WfObject   *needed = wf_schema_model_find(model, lfirst(lc));

			if (!needed)
				malformed(argument, psprintf("%s needs %s, which is not there",
											 object->key, (char *) lfirst(lc)));
			needs = lappend(needs, needed);
		}
		object->needs = needs;
	}
}

static void
malformed(const char *argument, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s is a damaged schema snapshot", argument),
			 errdetail("In it, %s.", what),
			 errhint("Make it again with: SELECT wishflags.schema_snapshot();")));
}

/* For a plan, which consumes its models. */
WfModel *
wf_schema_model_copy(WfModel *model)
{
	return wf_schema_model_from_json(wf_schema_model_to_json(model), "snapshot");
}
