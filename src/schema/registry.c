/*
 * registry.c: the SQL functions registry_schema and registry_request.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "schema/model.h"
#include "schema/read.h"
#include "schema/registry.h"

PG_FUNCTION_INFO_V1(wf_registry_schema);
PG_FUNCTION_INFO_V1(wf_registry_schema_relation);
PG_FUNCTION_INFO_V1(wf_registry_schema_type);
PG_FUNCTION_INFO_V1(wf_registry_request);

#define REQUEST_COLUMNS 5
#define CONTENT_TYPE "application/vnd.schemaregistry.v1+json"

/* What the caller named; either OID may be invalid. */
typedef struct Wanted
{
	const char *name;			/* for messages, and to look in a snapshot */
	Oid			relation;
	Oid			type;
} Wanted;

static Wanted find_wanted(const char *name, bool live);
static Oid	find_type(const char *name);
static Datum schema_text(FunctionCallInfo fcinfo, Wanted *wanted, bool by_name);
static void read_arguments(FunctionCallInfo fcinfo, const WfRegistryFormat **format, WfRegistryOptions *options);
static WfRegistrySubject *describe(Wanted *wanted, WfRegistryOptions *options);
static WfRegistrySubject *describe_snapshot(Wanted *wanted, WfRegistryOptions *options);
static WfTypeFacts *find_in_snapshot(WfTypeSource *source, const char *name, List *path);
static WfRegistrySubject *describe_live(Wanted *wanted, WfRegistryOptions *options);
static const char *subject_name(WfRegistrySubject *subject, WfRegistryOptions *options);
static const char *url_part(const char *text);
static char *request_body(const WfRegistryFormat *format, WfRegistrySubject *subject, WfRegistryOptions *options);

/* registry_schema(object_name text, format text, options jsonb) -> text */
Datum
wf_registry_schema(PG_FUNCTION_ARGS)
{
	Wanted		wanted = {.name = text_to_cstring(PG_GETARG_TEXT_PP(0))};

	return schema_text(fcinfo, &wanted, true);
}

/* registry_schema(relation regclass, format text, options jsonb) -> text */
Datum
wf_registry_schema_relation(PG_FUNCTION_ARGS)
{
	Wanted		wanted = {.relation = PG_GETARG_OID(0)};
	char	   *name = get_rel_name(wanted.relation);

	if (!name)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no relation with OID %u", wanted.relation)));
	wanted.name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(wanted.relation)), name);
	return schema_text(fcinfo, &wanted, false);
}

/* registry_schema(type regtype, format text, options jsonb) -> text */
Datum
wf_registry_schema_type(PG_FUNCTION_ARGS)
{
	Wanted		wanted = {.type = PG_GETARG_OID(0)};

	wanted.name = OidIsValid(wanted.type) ?
		format_type_extended(wanted.type, -1, FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_INVALID_AS_NULL) : NULL;
	if (!wanted.name)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no type with OID %u", wanted.type)));
	return schema_text(fcinfo, &wanted, false);
}

static Datum
schema_text(FunctionCallInfo fcinfo, Wanted *wanted, bool by_name)
{
	const WfRegistryFormat *format;
	WfRegistryOptions options;

	read_arguments(fcinfo, &format, &options);
	if (by_name)
		*wanted = find_wanted(wanted->name, !options.snapshot);
	return CStringGetTextDatum(format->write(describe(wanted, &options), &options));
}

static void
read_arguments(FunctionCallInfo fcinfo, const WfRegistryFormat **format, WfRegistryOptions *options)
{
	*format = wf_schema_registry_format(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	wf_schema_registry_options_parse(PG_GETARG_JSONB_P(2), options);
}

/*
 * registry_request(object_name text, format text, options jsonb), one row:
 * what to send to a registry to register the schema, to check it, or to set
 * the level of its subject.
 */
Datum
wf_registry_request(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[REQUEST_COLUMNS];
	bool		nulls[REQUEST_COLUMNS] = {false};
	const WfRegistryFormat *format;
	WfRegistryOptions options;
	Wanted		wanted;
	WfRegistrySubject *subject;
	const char *name;
	const char *path;
	bool		config;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_arguments(fcinfo, &format, &options);
	wanted = find_wanted(text_to_cstring(PG_GETARG_TEXT_PP(0)), !options.snapshot);
	subject = describe(&wanted, &options);
	name = subject_name(subject, &options);
	config = strcmp(options.request, "config") == 0;
	if (config)
		path = psprintf("/config/%s", url_part(name));
	else if (strcmp(options.request, "check") == 0)
		path = psprintf("/compatibility/subjects/%s/versions/latest?verbose=true", url_part(name));
	else
		path = psprintf("/subjects/%s/versions", url_part(name));

	values[0] = CStringGetTextDatum(name);
	values[1] = CStringGetTextDatum(config ? "PUT" : "POST");
	values[2] = CStringGetTextDatum(path);
	values[3] = CStringGetTextDatum(CONTENT_TYPE);
	values[4] = DirectFunctionCall1(jsonb_in, CStringGetDatum(request_body(format, subject, &options)));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

static char *
request_body(const WfRegistryFormat *format, WfRegistrySubject *subject, WfRegistryOptions *options)
{
	StringInfoData body;

	initStringInfo(&body);
	if (strcmp(options->request, "config") == 0)
	{
		appendStringInfoString(&body, "{\"compatibility\": ");
		escape_json(&body, options->level);
	}
	else
	{
		appendStringInfo(&body, "{\"schemaType\": \"%s\", \"references\": [], \"schema\": ", format->schema_type);
		escape_json(&body, format->write(subject, options));
	}
	appendStringInfoChar(&body, '}');
	return body.data;
}

/* By Confluent's three naming strategies. */
static const char *
subject_name(WfRegistrySubject *subject, WfRegistryOptions *options)
{
	if (strcmp(options->subject_strategy, "record") == 0)
		return subject->record;
	if (strcmp(options->subject_strategy, "topic_record") == 0)
		return psprintf("%s-%s", subject->topic, subject->record);
	return psprintf("%s-%s", subject->topic, subject->is_key ? "key" : "value");
}

static const char *
url_part(const char *text)
{
	StringInfoData url;

	initStringInfo(&url);
	for (const char *c = text; *c; c++)
	{
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-._~", *c))
			appendStringInfoChar(&url, *c);
		else
			appendStringInfo(&url, "%%%02X", (unsigned char) *c);
	}
	return url.data;
}

/* A relation by this name, else a type; of a snapshot the name is enough. */
static Wanted
find_wanted(const char *name, bool live)
{
	Wanted		wanted = {.name = name};
	List	   *parts;

	if (!live)
		return wanted;
	if (SplitIdentifierString(pstrdup(name), '.', &parts) && list_length(parts) <= 3 && parts != NIL)
		wanted.relation = RangeVarGetRelid(makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name))),
										   NoLock, true);
	if (!OidIsValid(wanted.relation))
		wanted.type = find_type(name);
	if (!OidIsValid(wanted.relation) && !OidIsValid(wanted.type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no relation or type \"%s\"", name),
				 errhint("Write it with its schema: SELECT wishflags.registry_schema('public.orders');")));
	return wanted;
}

static Oid
find_type(const char *name)
{
	LOCAL_FCINFO(call, 1);
	Datum		type;

	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(name);
	call->args[0].isnull = false;
	type = to_regtype(call);
	return call->isnull ? InvalidOid : DatumGetObjectId(type);
}

static WfRegistrySubject *
describe(Wanted *wanted, WfRegistryOptions *options)
{
	return options->snapshot ? describe_snapshot(wanted, options) : describe_live(wanted, options);
}

static WfRegistrySubject *
describe_snapshot(Wanted *wanted, WfRegistryOptions *options)
{
	WfTypeSource source = {wf_schema_registry_snapshot_find, CurrentMemoryContext,
	wf_schema_model_from_json(options->snapshot, "snapshot")};
	WfRegistrySubject *subject;
	List	   *path = fetch_search_path(false);
	int			nest_level = NewGUCNestLevel();
	WfTypeFacts *facts;

	/*
	 * The names in a snapshot are quoted as need be, whatever the session
	 * wants.
	 */
	(void) set_config_option("quote_all_identifiers", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	facts = find_in_snapshot(&source, wanted->name, path);
	if (!facts)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no table or type \"%s\" in the snapshot", wanted->name),
				 errdetail("A snapshot knows the columns of tables, foreign tables, views and composite types."),
				 errhint("Write the name with its schema, as in public.orders.")));
	subject = wf_schema_registry_subject(&source, facts, NULL, options);
	AtEOXact_GUC(false, nest_level);
	return subject;
}

/* By its full name, or along the search path. */
static WfTypeFacts *
find_in_snapshot(WfTypeSource *source, const char *name, List *path)
{
	List	   *parts = textToQualifiedNameList(cstring_to_text(name));
	ListCell   *lc;

	if (list_length(parts) == 2)
		return source->find(source, quote_qualified_identifier(strVal(linitial(parts)), strVal(lsecond(parts))));
	if (list_length(parts) > 2)
		return NULL;
	foreach(lc, path)
	{
		char	   *schema = get_namespace_name(lfirst_oid(lc));
		WfTypeFacts *facts = schema ? source->find(source, quote_qualified_identifier(schema, strVal(linitial(parts))))
		: NULL;

		if (facts)
			return facts;
	}
	return NULL;
}

static WfRegistrySubject *
describe_live(Wanted *wanted, WfRegistryOptions *options)
{
	WfTypeSource source = {wf_schema_registry_live_find, CurrentMemoryContext, NULL};
	WfRegistrySubject *subject;
	WfTypeFacts *facts;
	char	   *type = NULL;
	int			nest_level;

	SPI_connect();
	nest_level = wf_schema_pin_settings();
	MemoryContextSwitchTo(source.context);
	if (OidIsValid(wanted->relation))
	{
		facts = wf_schema_registry_live_relation(&source, wanted->relation);
		if (!facts)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" has no rows that a schema could describe", wanted->name),
					 errhint("Name a table, a view or a type.")));
	}
	else
	{
		type = format_type_be(wanted->type);
		facts = wf_schema_registry_live_find(&source, type);
	}
	subject = wf_schema_registry_subject(&source, facts, type, options);
	AtEOXact_GUC(false, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(source.context);
	return subject;
}
