/*
 * change_items.c: what a change request changes, as it is written in JSON.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/extension.h"
#include "flags/change.h"
#include "flags/tables.h"

/* What a request looks like, for hints. */
#define EXAMPLE "{\"flags\": {\"checkout\": {\"enabled\": true, \"rollout\": 10}}}"

/* Columns that a restore brings, or the extension fills in. */
static const char *const filled_in[] = {
	"key", "version", "created_at", "updated_at", "created_by", "updated_by", "definer", "refreshed_at"
};

/* The items read so far, and of what. */
typedef struct Reading
{
	List	   *items;
	WfChangeKind kind;
	char	   *flag;			/* whose overrides are read */
} Reading;

typedef void (*TakeMember) (Reading *reading, char *key, JsonbValue *value);

static void each_member(Reading *reading, JsonbContainer *object, TakeMember take);
static void take_part(Reading *reading, char *key, JsonbValue *value);
static void take_row(Reading *reading, char *key, JsonbValue *value);
static void take_overrides(Reading *reading, char *key, JsonbValue *value);
static void take_override(Reading *reading, char *key, JsonbValue *value);
static void take_column(Reading *reading, char *key, JsonbValue *value);
static bool is_object(const JsonbValue *value);
static int	step_of(const WfChangeItem *item);
static int	compare_items(const ListCell *a, const ListCell *b);
pg_noreturn static void refuse(const char *message);

/*
 * The items of a request, in the order in which they can be made: what flags
 * use comes before them and goes after them.  Raises invalid_parameter_value
 * where it is written wrongly.
 */
List *
wf_change_items(Jsonb *changes)
{
	Reading		reading = {0};

	if (!JB_ROOT_IS_OBJECT(changes))
		refuse("changes must be a JSON object");
	each_member(&reading, &changes->root, take_part);
	if (reading.items == NIL)
		refuse("the request changes nothing");
	list_sort(reading.items, compare_items);
	return reading.items;
}

/* As it is called in messages. */
const char *
wf_change_item_name(const WfChangeItem *item)
{
	switch (item->kind)
	{
		case WF_CHANGE_FLAG:
			return psprintf("flag \"%s\"", item->key);
		case WF_CHANGE_SEGMENT:
			return psprintf("segment \"%s\"", item->key);
		case WF_CHANGE_OVERRIDE:
			break;
	}
	return psprintf("the override of flag \"%s\" for \"%s\"", item->key, item->override_key);
}

/* What a base says of an item: a version or variant; NULL: it was not there. */
char *
wf_change_base(Jsonb *base, const WfChangeItem *item)
{
	static const char *const parts[] = {[WF_CHANGE_FLAG] = "flags",[WF_CHANGE_OVERRIDE] = "overrides",[WF_CHANGE_SEGMENT] = "segments"};
	const char *path[] = {parts[item->kind], item->key, item->override_key};
	JsonbContainer *object = &base->root;
	JsonbValue *value = NULL;

	for (int i = 0; i < lengthof(path) && path[i]; i++)
	{
		value = getKeyJsonValueFromContainer(object, path[i], strlen(path[i]), NULL);
		if (value == NULL)
			return NULL;
		if (value->type == jbvBinary)
			object = value->val.binary.data;
	}
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	return value->type == jbvNumeric ?
		DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))) : NULL;
}

/* Raises null_value_not_allowed where an argument is NULL. */
void
wf_change_need_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", name),
				 errhint("List the requests: SELECT * FROM wishflags.change_list();")));
}

static void
each_member(Reading *reading, JsonbContainer *object, TakeMember take)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			take(reading, key, &value);
	}
}

static void
take_part(Reading *reading, char *key, JsonbValue *value)
{
	TakeMember	take = take_row;

	if (strcmp(key, "flags") == 0)
		reading->kind = WF_CHANGE_FLAG;
	else if (strcmp(key, "segments") == 0)
		reading->kind = WF_CHANGE_SEGMENT;
	else if (strcmp(key, "overrides") == 0)
		take = take_overrides;
	else
		refuse(psprintf("unknown part \"%s\" of a request", key));
	if (!is_object(value))
		refuse(psprintf("\"%s\" must be a JSON object", key));
	each_member(reading, value->val.binary.data, take);
}

static void
take_row(Reading *reading, char *key, JsonbValue *value)
{
	WfChangeItem *item = palloc0(sizeof(WfChangeItem));

	item->kind = reading->kind;
	item->key = key;
	item->deletes = value->type == jbvNull;
	reading->items = lappend(reading->items, item);
	if (item->deletes)
		return;
	if (!is_object(value))
		refuse(psprintf("%s must be given as a JSON object of columns, or null to delete it", wf_change_item_name(item)));
	item->patch = JsonbValueToJsonb(value);
	each_member(reading, value->val.binary.data, take_column);
}

static void
take_column(Reading *reading, char *key, JsonbValue *value)
{
	WfChangeItem *item = llast(reading->items);
	Oid			relid = wf_common_relation_oid(item->kind == WF_CHANGE_FLAG ? WF_FLAGS_TABLE : WF_SEGMENTS_TABLE);

	for (int i = 0; i < lengthof(filled_in); i++)
	{
		if (strcmp(key, filled_in[i]) == 0)
			refuse(psprintf("column \"%s\" of %s can't be changed", key, wf_change_item_name(item)));
	}
	if (get_attnum(relid, key) <= 0)
		refuse(psprintf("%s has no column \"%s\"", wf_change_item_name(item), key));
	item->columns = lappend(item->columns, key);
}

static void
take_overrides(Reading *reading, char *key, JsonbValue *value)
{
	if (!is_object(value))
		refuse(psprintf("overrides of flag \"%s\" must be a JSON object of targeting keys", key));
	reading->flag = key;
	each_member(reading, value->val.binary.data, take_override);
}

static void
take_override(Reading *reading, char *key, JsonbValue *value)
{
	WfChangeItem *item = palloc0(sizeof(WfChangeItem));

	item->kind = WF_CHANGE_OVERRIDE;
	item->key = reading->flag;
	item->override_key = key;
	item->deletes = value->type == jbvNull;
	if (value->type == jbvString)
		item->variant = pnstrdup(value->val.string.val, value->val.string.len);
	else if (value->type == jbvBool)
		item->variant = value->val.boolean ? "on" : "off";
	else if (!item->deletes)
		refuse(psprintf("%s must be a variant, true, false, or null to unset it", wf_change_item_name(item)));
	reading->items = lappend(reading->items, item);
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static int
step_of(const WfChangeItem *item)
{
	switch (item->kind)
	{
		case WF_CHANGE_SEGMENT:
			return item->deletes ? 5 : 0;
		case WF_CHANGE_OVERRIDE:
			return item->deletes ? 1 : 3;
		case WF_CHANGE_FLAG:
			break;
	}
	return item->deletes ? 4 : 2;
}

static int
compare_items(const ListCell *a, const ListCell *b)
{
	const WfChangeItem *x = lfirst(a);
	const WfChangeItem *y = lfirst(b);
	int			order = step_of(x) - step_of(y);

	if (order == 0)
		order = strcmp(x->key, y->key);
	return order || !x->override_key ? order : strcmp(x->override_key, y->override_key);
}

static void
refuse(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("Write for example '" EXAMPLE "'; besides flags there are overrides ({\"checkout\": {\"user-7\": \"on\"}}) and segments ({\"staff\": {\"definition\": {...}}}).")));
}
