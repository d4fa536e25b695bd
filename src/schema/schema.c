/*
 * schema.c: the SQL functions of the schema room.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "common/options.h"
#include "schema/functions.h"
#include "schema/read.h"
#include "schema/rename.h"

PG_FUNCTION_INFO_V1(wf_schema_snapshot);
PG_FUNCTION_INFO_V1(wf_schema_fingerprint_sql);
PG_FUNCTION_INFO_V1(wf_schema_diff);
PG_FUNCTION_INFO_V1(wf_schema_diff_sql);
PG_FUNCTION_INFO_V1(wf_schema_diff_schemas);
PG_FUNCTION_INFO_V1(wf_schema_diff_schemas_sql);

#define DIFF_COLUMNS 14

/* What a user calls each WfVerb. */
static const char *const verbs[] = {"drop", "alter", "create", "create", "create", "drop", "rename", "alter", "alter"};

typedef struct SnapshotOptions
{
	bool		owners;
	bool		grants;
	bool		comments;
	char	   *scope;
} SnapshotOptions;

static const WfOption snapshot_options[] = {
	{"owners", WF_OPTION_BOOLEAN, offsetof(SnapshotOptions, owners)},
	{"grants", WF_OPTION_BOOLEAN, offsetof(SnapshotOptions, grants)},
	{"comments", WF_OPTION_BOOLEAN, offsetof(SnapshotOptions, comments)},
	{"scope", WF_OPTION_TEXT, offsetof(SnapshotOptions, scope)},
};

static const WfOption diff_options[] = {
	{"online", WF_OPTION_BOOLEAN, offsetof(WfDiffOptions, online)},
	{"rollback", WF_OPTION_BOOLEAN, offsetof(WfDiffOptions, rollback)},
	{"allow_data_loss", WF_OPTION_BOOLEAN, offsetof(WfDiffOptions, allow_data_loss)},
	{"renames", WF_OPTION_JSON, offsetof(WfDiffOptions, renames)},
	{"lock_timeout", WF_OPTION_TEXT, offsetof(WfDiffOptions, lock_timeout)},
};

static WfPlan *plan_arguments(FunctionCallInfo fcinfo);
static WfPlan *plan_schemas(FunctionCallInfo fcinfo);
static void emit(ReturnSetInfo *rsinfo, WfAction *action, int ordinal, bool rollback);
static const char *severity(WfAction *action);
static const char *kind(WfAction *action);
static Jsonb *evidence(WfAction *action, bool rollback);
static void push_list(JsonbParseState **state, const char *key, List *list);
static void push_likely(JsonbParseState **state, WfObject *created);
static void push_member(JsonbParseState **state, const char *key, JsonbValue value);
static void push_key(JsonbParseState **state, const char *key);
static JsonbValue string_value(const char *text);
static const char *chomp(char *sql);

/* schema_snapshot(schemas text[], options jsonb) -> jsonb */
Datum
wf_schema_snapshot(PG_FUNCTION_ARGS)
{
	PG_RETURN_JSONB_P(wf_schema_model_to_json(wf_schema_read_request(SCHEMAS_ARGUMENT(0), OPTIONS_ARGUMENT(1))));
}

/* schema_fingerprint(schemas text[], options jsonb) -> text */
Datum
wf_schema_fingerprint_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(wf_schema_fingerprint(wf_schema_read_request(SCHEMAS_ARGUMENT(0), OPTIONS_ARGUMENT(1)))));
}

/*
 * The live model that (schemas text[], options jsonb) ask for, each may be NULL.
 *
 * Raises undefined_schema for a schema that does not exist,
 * invalid_parameter_value for an unknown option or scope.
 */
WfModel *
wf_schema_read_request(ArrayType *schemas, Jsonb *options)
{
	SnapshotOptions wanted = {true, true, true, NULL};
	List	   *names = schemas ? wf_schema_names(schemas) : NIL;
	List	   *left_out = NIL;
	WfModel    *model;

	if (options)
		wf_common_options_parse(options, snapshot_options, lengthof(snapshot_options), &wanted);
	if (!wanted.owners)
		left_out = lappend(left_out, "owner");
	if (!wanted.grants)
		left_out = list_concat(left_out, list_make2("grants", "identity_grants"));
	if (!wanted.comments)
		left_out = list_concat(left_out, list_make3("comment", "index_comment", "identity_comment"));
	if (wanted.scope && !wf_schema_scope(wanted.scope))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scope \"%s\" is not known", wanted.scope),
				 errhint("Known scopes: drizzle, prisma.")));
	wf_schema_check_schemas(names);
	model = wf_schema_read(names, left_out);
	if (wanted.scope)
		wf_schema_narrow(model, wf_schema_scope(wanted.scope));
	return model;
}

/* The names in an array, each once and in order, so that the same schemas are the same snapshot. */
List *
wf_schema_names(ArrayType *array)
{
	List	   *names = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *name;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the name of a schema must not be null")));
		name = TextDatumGetCString(elements[i]);
		if (!wf_common_list_has(names, name))
			names = lappend(names, name);
	}
	list_sort(names, wf_schema_compare_names);
	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no schema is named"),
				 errhint("Name some, as in '{public}', or pass NULL for all.")));
	return names;
}

/*
 * The first two arguments, from_snapshot and to_snapshot; NULL is the live
 * database.  renames: hints, for schemas that have another name there; or NULL.
 */
void
wf_schema_read_pair(FunctionCallInfo fcinfo, Jsonb *renames, WfModel **from, WfModel **to)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("from_snapshot must not be null"),
				 errhint("For the live database write: wishflags.schema_snapshot()")));
	*from = wf_schema_model_from_json(PG_GETARG_JSONB_P(0), "from_snapshot");
	*to = PG_ARGISNULL(1) ? wf_schema_read(wf_schema_renamed_schemas((*from)->schemas, renames), (*from)->left_out)
		: wf_schema_model_from_json(PG_GETARG_JSONB_P(1), "to_snapshot");
	/* The hints may be those of the way there or of the way back. */
	if (!wf_schema_same_scope((*from)->schemas, wf_schema_renamed_schemas((*to)->schemas, renames)))
		wf_schema_check_scope(wf_schema_renamed_schemas((*from)->schemas, renames), (*to)->schemas);
}

/* (from_snapshot jsonb, to_snapshot jsonb, options jsonb) */
static WfPlan *
plan_arguments(FunctionCallInfo fcinfo)
{
	WfDiffOptions options = {.online = true};
	WfModel    *from;
	WfModel    *to;

	if (!PG_ARGISNULL(2))
		wf_common_options_parse(PG_GETARG_JSONB_P(2), diff_options, lengthof(diff_options), &options);
	wf_schema_read_pair(fcinfo, options.renames, &from, &to);
	return options.rollback ? wf_schema_plan(to, from, &options) : wf_schema_plan(from, to, &options);
}

/* schema_diff_sql(from_snapshot jsonb, to_snapshot jsonb, options jsonb) -> text */
Datum
wf_schema_diff_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(wf_schema_script(plan_arguments(fcinfo))));
}

/* schema_diff(from_snapshot jsonb, to_snapshot jsonb, options jsonb), a row a change */
Datum
wf_schema_diff(PG_FUNCTION_ARGS)
{
	wf_init_materialized_srf(fcinfo);
	wf_schema_emit_plan(fcinfo, plan_arguments(fcinfo));
	return (Datum) 0;
}

/*
 * (from_schema name, to_schema name, options jsonb): what turns one schema into
 * a copy of the other, which is read as if it had the first one's name.
 */
static WfPlan *
plan_schemas(FunctionCallInfo fcinfo)
{
	WfDiffOptions options = {.online = true};
	char	   *names[2];
	WfModel    *models[2];

	for (int i = 0; i < 2; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the name of a schema must not be null")));
		names[i] = NameStr(*PG_GETARG_NAME(i));
		wf_schema_check_schemas(list_make1(names[i]));
		models[i] = wf_schema_read(list_make1(pstrdup(names[i])), NIL);
	}
	if (!PG_ARGISNULL(2))
		wf_common_options_parse(PG_GETARG_JSONB_P(2), diff_options, lengthof(diff_options), &options);
	if (strcmp(names[0], names[1]) != 0)
		wf_schema_rename_schema(models[1], names[1], names[0]);
	return options.rollback ? wf_schema_plan(models[1], models[0], &options)
		: wf_schema_plan(models[0], models[1], &options);
}

/* schema_diff_schemas(from_schema name, to_schema name, options jsonb), a row a change */
Datum
wf_schema_diff_schemas(PG_FUNCTION_ARGS)
{
	wf_init_materialized_srf(fcinfo);
	wf_schema_emit_plan(fcinfo, plan_schemas(fcinfo));
	return (Datum) 0;
}

/* schema_diff_schemas_sql(from_schema name, to_schema name, options jsonb) -> text */
Datum
wf_schema_diff_schemas_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(wf_schema_script(plan_schemas(fcinfo))));
}

/* The actions of a plan as the rows of a function that returns a set. */
void
wf_schema_emit_plan(FunctionCallInfo fcinfo, WfPlan *plan)
{
	ListCell   *lc;
	int			ordinal = 0;

	foreach(lc, plan->actions)
		emit((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc), ++ordinal, plan->options.rollback);
}

/* An action in a few words: "alter column public.t.a type". */
char *
wf_schema_action_text(WfAction *action)
{
	WfObject   *object = action->to ? action->to : action->from;

	if (action->renamed)
		return psprintf("rename %s %s to %s", action->renamed->type_name, action->renamed->identity, action->renamed->becomes);
	return psprintf("%s %s %s%s%s", verbs[action->verb], object->type->name, object->identity,
					action->attr ? " " : "", action->attr ? action->attr : "");
}

static void
emit(ReturnSetInfo *rsinfo, WfAction *action, int ordinal, bool rollback)
{
	static const char *const locks[] = {
		NULL, "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"
	};
	WfObject   *object = action->to ? action->to : action->from;
	Datum		values[DIFF_COLUMNS];
	bool		nulls[DIFF_COLUMNS] = {false};
	const char *texts[DIFF_COLUMNS] = {NULL};

	texts[1] = verbs[action->verb];
	texts[2] = object->type->name;
	texts[3] = object->identity;
	texts[4] = action->attr;
	texts[5] = action->attr ? wf_schema_value(action->from, action->attr) : NULL;
	texts[6] = action->attr ? wf_schema_value(action->to, action->attr) : NULL;
	if (action->renamed)
	{
		texts[2] = action->renamed->type_name;
		texts[3] = action->renamed->identity;
		texts[4] = "name";
		texts[5] = action->renamed->was;
		texts[6] = action->renamed->becomes;
	}
	texts[7] = chomp(pstrdup(action->sql));
	texts[8] = action->rollback_sql ? chomp(action->rollback_sql) : NULL;
	texts[9] = severity(action);
	texts[10] = kind(action);
	texts[11] = locks[action->lock];
	for (int i = 1; i <= 11; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	values[0] = Int32GetDatum(ordinal);
	values[12] = BoolGetDatum(action->transactional);
	values[13] = JsonbPGetDatum(evidence(action, rollback));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static const char *
severity(WfAction *action)
{
	if (action->loses_data)
		return "critical";
	if (action->rewrites)
		return "high";
	if (action->breaks)
		return "medium";
	return action->lock >= WF_SCHEMA_LOCK_SHARE ? "low" : "info";
}

static const char *
kind(WfAction *action)
{
	if (action->loses_data)
		return "data-loss";
	if (action->breaks)
		return "breaking";
	return action->lock >= WF_SCHEMA_LOCK_SHARE ? "blocking" : "additive";
}

/*
 * What is behind a change: whether it only makes way for another one, writes
 * the table anew under its lock, what it loses, on the way back what stays lost, and what a created object may have
 * been called before.
 */
static Jsonb *
evidence(WfAction *action, bool rollback)
{
	JsonbParseState *state = NULL;
	WfObject   *object = action->from ? action->from : action->to;
	JsonbValue	yes = {.type = jbvBool};

	yes.val.boolean = true;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (!action->renamed && object->fate == WF_FATE_REPLACE)
		push_member(&state, "rebuilt", yes);
	if (action->rewrites)
		push_member(&state, "rewrites", yes);
	push_list(&state, "lost", action->lost);
	if (rollback)
		push_list(&state, "not_restored", action->not_restored);
	if (action->verb == WF_VERB_CREATE && object->likely)
		push_likely(&state, object);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* {"likeness": 0.9, "renamed_from": "public.old", "renames": {"table public.old": "new"}} */
static void
push_likely(JsonbParseState **state, WfObject *created)
{
	JsonbValue	likeness = {.type = jbvNumeric};

	likeness.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("%.2f", created->likeness)),
															   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	push_member(state, "likeness", likeness);
	push_member(state, "renamed_from", string_value(created->likely->identity));
	push_key(state, "renames");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_member(state, wf_schema_hint_key(created->likely), string_value(wf_schema_own_name(created)));
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Strings, if there are any. */
static void
push_list(JsonbParseState **state, const char *key, List *list)
{
	ListCell   *lc;

	if (!list)
		return;
	push_key(state, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, list)
	{
		JsonbValue	value = string_value(lfirst(lc));

		pushJsonbValue(state, WJB_ELEM, &value);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_member(JsonbParseState **state, const char *key, JsonbValue value)
{
	push_key(state, key);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value = string_value(key);

	pushJsonbValue(state, WJB_KEY, &value);
}

static JsonbValue
string_value(const char *text)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	return value;
}

/* Without the final line break. */
static const char *
chomp(char *sql)
{
	size_t		len = strlen(sql);

	while (len > 0 && sql[len - 1] == '\n')
		sql[--len] = '\0';
	return sql;
}
