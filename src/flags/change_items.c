/*
 * change_items.c: what a change request changes, as it is written in JSON.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "common/extension.h"
#include "common/options.h"
#include "flags/change.h"
#include "flags/experiment.h"
#include "flags/override_option.h"
#include "flags/run.h"
#include "flags/tables.h"

PG_FUNCTION_INFO_V1(wf_change_items_list);

/* What a request looks like, for hints. */
#define EXAMPLE "{\"flags\": {\"checkout\": {\"enabled\": true, \"rollout\": 10}}}"

/* Columns that a restore brings, or the extension fills in. */
static const char *const filled_in[] = {
	"key", "name", "version", "created_at", "updated_at", "created_by", "updated_by", "definer", "refreshed_at"
};

/* What says that an override is unset. */
typedef struct UnsetOptions
{
	char	   *kind;
	bool		unset;
} UnsetOptions;

static const WfOption unset_options[] = {
	{"unset", WF_OPTION_BOOLEAN, offsetof(UnsetOptions, unset)},
	{"kind", WF_OPTION_TEXT, offsetof(UnsetOptions, kind)},
};

/* The items read so far, and of what. */
typedef struct Reading
{
	List	   *items;
	const WfChangePart *part;
	char	   *flag;			/* whose overrides are read */
} Reading;

typedef void (*TakeMember) (Reading *reading, char *key, JsonbValue *value);

static char *base_at(Jsonb *base, const char *const *path);
static void each_member(Reading *reading, JsonbContainer *object, TakeMember take);
static void take_part(Reading *reading, char *key, JsonbValue *value);
static void take_row(Reading *reading, char *key, JsonbValue *value);
static void check_document(const WfChangeItem *item);
static JsonbValue *member(JsonbContainer *object, const char *name);
static void take_column(Reading *reading, char *key, JsonbValue *value);
static int	rollback_version(const WfChangeItem *item, const JsonbValue *value);
static void take_overrides(Reading *reading, char *key, JsonbValue *value);
static void take_answers(Reading *reading, char *key, JsonbValue *value);
static void take_answer(Reading *reading, char *key, JsonbValue *value);
static void take_options(WfChangeItem *item, Jsonb *options);
static Jsonb *variant_options(const char *variant, int len);
static bool is_object(const JsonbValue *value);
static int	compare_items(const ListCell *a, const ListCell *b);
pg_noreturn static void refuse(const char *message);

/* What flags use is made before them, and what uses flags after them. */
const WfChangePart wf_change_parts[] = {
	{"segments", "segment", WF_SEGMENTS_TABLE, "key", 0, 6},
	{"documents", "document", WF_DOCUMENTS_TABLE, "name", 1, 7},
	{"flags", "flag", WF_FLAGS_TABLE, "key", 2, 5},
	{"overrides", "flag", WF_FLAGS_TABLE, "key", 3, 1},
	{"experiments", "experiment", WF_EXPERIMENTS_TABLE, "key", 4, 1},
};

const int	wf_change_parts_count = lengthof(wf_change_parts);

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

/* change_items(changes jsonb) -> rows (kind, key, override_kind, override_key, rollback, patch) */
Datum
wf_change_items_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *items = wf_change_items(PG_GETARG_JSONB_P(0));
	ListCell   *lc;

	wf_init_materialized_srf(fcinfo);
	foreach(lc, items)
	{
		const WfChangeItem *item = lfirst(lc);
		bool		is_override = item->override_key != NULL;
		Datum		values[] = {
			CStringGetTextDatum(is_override ? "override" : item->part->kind),
			CStringGetTextDatum(item->key),
			is_override ? CStringGetTextDatum(item->override_kind) : (Datum) 0,
			is_override ? CStringGetTextDatum(item->override_key) : (Datum) 0,
			Int32GetDatum(item->rollback),
			item->patch ? JsonbPGetDatum(item->patch) : DirectFunctionCall1(jsonb_in, CStringGetDatum("null")),
		};
		bool		nulls[] = {false, false, !is_override, !is_override, item->rollback == 0, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Whether it imports, or deletes, a document of another flag system. */
bool
wf_change_is_document(const WfChangeItem *item)
{
	return strcmp(item->part->member, "documents") == 0;
}

/* As it is called in messages. */
const char *
wf_change_item_name(const WfChangeItem *item)
{
	if (item->override_key == NULL)
		return psprintf("%s \"%s\"", item->part->kind, item->key);
	if (strcmp(item->override_kind, WF_KIND_USER) == 0)
		return psprintf("the override of flag \"%s\" for \"%s\"", item->key, item->override_key);
	return psprintf("the override of flag \"%s\" for %s \"%s\"", item->key, item->override_kind, item->override_key);
}

/* What a base says of an item: a version or answer; NULL: it was not there. */
char *
wf_change_base(Jsonb *base, const WfChangeItem *item)
{
	const char *path[] = {item->part->member, item->key, item->override_key, item->override_kind};

	return base_at(base, path);
}

/* The versions of the flags that a document had, or would make, as text; NULL: none. */
char *
wf_change_base_flags(Jsonb *base, const WfChangeItem *document)
{
	const char *path[] = {"document_flags", document->key, NULL, NULL};

	return base_at(base, path);
}

/* Whether it is one of them. */
bool
wf_change_base_has_flag(Jsonb *base, const WfChangeItem *document, const char *flag)
{
	JsonbValue *documents = member(&base->root, "document_flags");
	JsonbValue *flags = documents ? member(documents->val.binary.data, document->key) : NULL;

	return flags && is_object(flags) && member(flags->val.binary.data, flag) != NULL;
}

/* What stands at a path of up to four members, which NULL ends. */
static char *
base_at(Jsonb *base, const char *const *path)
{
	JsonbContainer *object = &base->root;
	JsonbValue *value = NULL;

	for (int i = 0; i < 4 && path[i]; i++)
	{
		value = member(object, path[i]);
		if (value == NULL || value->type == jbvNull)
			return NULL;
		if (value->type == jbvBinary)
			object = value->val.binary.data;
	}
	return value->type == jbvNumeric ?
		DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric))) :
		JsonbToCString(NULL, object, -1);
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
	int			n = 0;

	while (n < wf_change_parts_count && strcmp(wf_change_parts[n].member, key) != 0)
		n++;
	if (n == wf_change_parts_count)
		refuse(psprintf("unknown part \"%s\" of a request", key));
	if (!is_object(value))
		refuse(psprintf("\"%s\" must be a JSON object", key));
	reading->part = &wf_change_parts[n];
	each_member(reading, value->val.binary.data, strcmp(key, "overrides") == 0 ? take_overrides : take_row);
}

static void
take_row(Reading *reading, char *key, JsonbValue *value)
{
	WfChangeItem *item = palloc0(sizeof(WfChangeItem));

	item->part = reading->part;
	item->key = key;
	item->deletes = value->type == jbvNull;
	reading->items = lappend(reading->items, item);
	if (item->deletes)
		return;
	if (!is_object(value))
		refuse(psprintf("%s must be given as a JSON object of columns, or null to delete it", wf_change_item_name(item)));
	item->patch = JsonbValueToJsonb(value);
	each_member(reading, value->val.binary.data, take_column);
	if (item->rollback && item->columns)
		refuse(psprintf("%s gets the content of a version, or values of columns, not both", wf_change_item_name(item)));
	if (wf_change_is_document(item))
		check_document(item);
}

/* It is given whole, and the request says by itself what it is called and that it is imported. */
static void
check_document(const WfChangeItem *item)
{
	static const char *const own[] = {"name", "dry_run"};
	JsonbValue *options = member(&item->patch->root, "options");

	if (member(&item->patch->root, "document") == NULL)
		refuse(psprintf("%s must be given whole, as \"document\"", wf_change_item_name(item)));
	for (int i = 0; options && is_object(options) && i < lengthof(own); i++)
	{
		if (member(options->val.binary.data, own[i]))
			refuse(psprintf("option \"%s\" of %s can't be given in a request", own[i], wf_change_item_name(item)));
	}
}

static JsonbValue *
member(JsonbContainer *object, const char *name)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), NULL);
}

static void
take_column(Reading *reading, char *key, JsonbValue *value)
{
	WfChangeItem *item = llast(reading->items);

	if (strcmp(key, "rollback") == 0 && strcmp(item->part->member, "flags") == 0)
	{
		item->rollback = rollback_version(item, value);
		return;
	}
	for (int i = 0; i < lengthof(filled_in); i++)
	{
		if (strcmp(key, filled_in[i]) == 0)
			refuse(psprintf("column \"%s\" of %s can't be changed", key, wf_change_item_name(item)));
	}
	if (get_attnum(wf_common_relation_oid(item->part->table), key) <= 0)
		refuse(psprintf("%s has no column \"%s\"", wf_change_item_name(item), key));
	item->columns = lappend(item->columns, key);
}

static int
rollback_version(const WfChangeItem *item, const JsonbValue *value)
{
	bool		fails = value->type != jbvNumeric;
	int			version = fails ? 0 : numeric_int4_opt_error(value->val.numeric, &fails);

	if (fails || version < 1)
		refuse(psprintf("\"rollback\" of %s must be the number of a version", wf_change_item_name(item)));
	return version;
}

static void
take_overrides(Reading *reading, char *key, JsonbValue *value)
{
	if (!is_object(value))
		refuse(psprintf("overrides of flag \"%s\" must be a JSON object of keys", key));
	reading->flag = key;
	each_member(reading, value->val.binary.data, take_answers);
}

/* One answer for a key, or an array of them for several kinds of context. */
static void
take_answers(Reading *reading, char *key, JsonbValue *value)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	answer;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
	{
		take_answer(reading, key, value);
		return;
	}
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &answer, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			take_answer(reading, key, &answer);
	}
}

static void
take_answer(Reading *reading, char *key, JsonbValue *value)
{
	WfChangeItem *item = palloc0(sizeof(WfChangeItem));

	item->part = reading->part;
	item->key = reading->flag;
	item->override_key = key;
	item->override_kind = WF_KIND_USER;
	item->deletes = value->type == jbvNull;
	if (value->type == jbvString)
		item->patch = variant_options(value->val.string.val, value->val.string.len);
	else if (value->type == jbvBool)
		item->patch = variant_options(value->val.boolean ? "on" : "off", value->val.boolean ? 2 : 3);
	else if (is_object(value))
		take_options(item, JsonbValueToJsonb(value));
	else if (!item->deletes)
		refuse(psprintf("%s must be a variant, true, false, options, or null to unset it", wf_change_item_name(item)));
	for (int i = list_length(reading->items) - 1; i >= 0; i--)
	{
		const WfChangeItem *other = list_nth(reading->items, i);

		if (other->override_key != key)
			break;
		if (strcmp(other->override_kind, item->override_kind) == 0)
			refuse(psprintf("%s is given twice", wf_change_item_name(item)));
	}
	reading->items = lappend(reading->items, item);
}

/* The options of flag_override_set(), or {"unset": true} with a kind. */
static void
take_options(WfChangeItem *item, Jsonb *options)
{
	WfOverrideOptions answer;
	UnsetOptions unset = {.kind = WF_KIND_USER};

	if (member(&options->root, "unset") == NULL)
	{
		wf_flags_override_options(options, false, &answer);
		item->override_kind = answer.kind;
		item->patch = DatumGetJsonbP(DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(options), CStringGetTextDatum("kind")));
		return;
	}
	wf_common_options_parse(options, unset_options, lengthof(unset_options), &unset);
	item->override_kind = unset.kind;
	item->deletes = unset.unset;
	if (!unset.unset)
		refuse(psprintf("\"unset\" of %s must be true", wf_change_item_name(item)));
}

static Jsonb *
variant_options(const char *variant, int len)
{
	JsonbParseState *state = NULL;
	JsonbValue	name = {.type = jbvString,.val.string = {strlen("variant"), "variant"}};
	JsonbValue	value = {.type = jbvString,.val.string = {len, unconstify(char *, variant)}};

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	(void) pushJsonbValue(&state, WJB_KEY, &name);
	(void) pushJsonbValue(&state, WJB_VALUE, &value);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static int
compare_items(const ListCell *a, const ListCell *b)
{
	const WfChangeItem *x = lfirst(a);
	const WfChangeItem *y = lfirst(b);
	int			order = (x->deletes ? x->part->deleting : x->part->making) - (y->deletes ? y->part->deleting : y->part->making);

	if (order == 0)
		order = strcmp(x->part->member, y->part->member);
	if (order == 0)
		order = strcmp(x->key, y->key);
	if (order == 0 && x->override_key)
		order = strcmp(x->override_key, y->override_key);
	return order || !x->override_key ? order : strcmp(x->override_kind, y->override_kind);
}

static void
refuse(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errhint("Write for example '" EXAMPLE "'; besides flags there are overrides ({\"checkout\": {\"user-7\": \"on\"}}), segments ({\"staff\": {\"definition\": {...}}}), documents ({\"shop\": {\"format\": \"flagd\", \"document\": {...}}}) and experiments ({\"gallery\": {\"stopped_at\": \"now\"}}).")));
}
