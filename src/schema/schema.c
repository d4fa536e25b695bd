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

PG_FUNCTION_INFO_V1(wf_schema_snapshot);
PG_FUNCTION_INFO_V1(wf_schema_fingerprint_sql);
PG_FUNCTION_INFO_V1(wf_schema_diff);
PG_FUNCTION_INFO_V1(wf_schema_diff_sql);

#define DIFF_COLUMNS 14

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
};

static List *schema_names(ArrayType *array);
static WfPlan *plan_arguments(FunctionCallInfo fcinfo);
static void emit(ReturnSetInfo *rsinfo, WfAction *action, int ordinal);
static const char *severity(WfAction *action);
static const char *kind(WfAction *action);
static Jsonb *evidence(WfAction *action);
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
	List	   *names = schemas ? schema_names(schemas) : NIL;
	List	   *left_out = NIL;
	WfModel    *model;

	if (options)
		wf_common_options_parse(options, snapshot_options, lengthof(snapshot_options), &wanted);
	if (!wanted.owners)
		left_out = lappend(left_out, "owner");
	if (!wanted.grants)
		left_out = lappend(left_out, "grants");
	if (!wanted.comments)
		left_out = list_concat(left_out, list_make2("comment", "index_comment"));
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

static List *
schema_names(ArrayType *array)
{
	List	   *names = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the name of a schema must not be null")));
		names = lappend(names, TextDatumGetCString(elements[i]));
	}
	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no schema is named"),
				 errhint("Name some, or pass NULL for all: SELECT wishflags.schema_snapshot();")));
	return names;
}

/* (from_snapshot jsonb, to_snapshot jsonb, options jsonb); NULL is the live database. */
static WfPlan *
plan_arguments(FunctionCallInfo fcinfo)
{
	WfDiffOptions options = {.online = true};
	WfModel    *from;
	WfModel    *to;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("from_snapshot must not be null"),
				 errhint("For the live database write: wishflags.schema_snapshot()")));
	if (!PG_ARGISNULL(2))
		wf_common_options_parse(PG_GETARG_JSONB_P(2), diff_options, lengthof(diff_options), &options);
	from = wf_schema_model_from_json(PG_GETARG_JSONB_P(0), "from_snapshot");
	to = PG_ARGISNULL(1) ? wf_schema_read(from->schemas, from->left_out)
		: wf_schema_model_from_json(PG_GETARG_JSONB_P(1), "to_snapshot");
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

/* The actions of a plan as the rows of a function that returns a set. */
void
wf_schema_emit_plan(FunctionCallInfo fcinfo, WfPlan *plan)
{
	ListCell   *lc;
	int			ordinal = 0;

	foreach(lc, plan->actions)
		emit((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc), ++ordinal);
}

static void
emit(ReturnSetInfo *rsinfo, WfAction *action, int ordinal)
{
	static const char *const verbs[] = {"drop", "alter", "create", "create", "drop"};
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
	texts[7] = chomp(psprintf("%s%s", action->sql, action->late_sql));
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
	values[13] = JsonbPGetDatum(evidence(action));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static const char *
severity(WfAction *action)
{
	if (action->loses_data)
		return "critical";
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

/* What is behind a change: whether it only makes way for another one. */
static Jsonb *
evidence(WfAction *action)
{
	JsonbParseState *state = NULL;
	JsonbValue	key;
	JsonbValue	value;
	WfObject   *object = action->from ? action->from : action->to;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (object->fate == WF_FATE_REPLACE)
	{
		key.type = jbvString;
		key.val.string.val = "rebuilt";
		key.val.string.len = strlen("rebuilt");
		pushJsonbValue(&state, WJB_KEY, &key);
		value.type = jbvBool;
		value.val.boolean = true;
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
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
