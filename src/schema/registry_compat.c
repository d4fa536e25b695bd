/*
 * registry_compat.c: the SQL function registry_compat: may a schema follow
 * earlier ones, by the levels of Confluent's registry?
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "schema/registry.h"
#include "schema/registry_compat.h"

PG_FUNCTION_INFO_V1(wf_registry_compat);

#define COMPAT_COLUMNS 5

static const WfCompatLevel levels[] = {
	{"NONE", false, false, false},
	{"BACKWARD", true, false, false},
	{"BACKWARD_TRANSITIVE", true, false, true},
	{"FORWARD", false, true, false},
	{"FORWARD_TRANSITIVE", false, true, true},
	{"FULL", true, true, false},
	{"FULL_TRANSITIVE", true, true, true},
};

typedef struct ReadPlace
{
	const char *argument;
	int			version;		/* 0: not one of several */
} ReadPlace;

static List *read_versions(ArrayType *array, const WfRegistryFormat *format);
static void *read_schema(const WfRegistryFormat *format, const char *text, const char *argument, int version);
static void name_place(void *arg);
static void compare(ReturnSetInfo *rsinfo, const WfRegistryFormat *format, void *writer, void *reader, int version,
					const char *direction);

/*
 * registry_compat(old_schemas text[], new_schema text, level text, format
 * text), a row an incompatibility; none means that the level allows the step.
 * All schemas must be valid, whatever the level compares.
 *
 * Raises invalid_parameter_value for an unknown level or format and for what
 * is no schema of the format; null_value_not_allowed for a missing schema.
 */
Datum
wf_registry_compat(PG_FUNCTION_ARGS)
{
	const WfCompatLevel *level;
	const WfRegistryFormat *format;
	List	   *versions;
	void	   *update;
	int			nversions;

	wf_init_materialized_srf(fcinfo);
	for (int i = 1; i < 4; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", i == 1 ? "new_schema" : i == 2 ? "level" : "format")));
	}
	level = wf_schema_compat_level(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	format = wf_schema_registry_format(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	versions = PG_ARGISNULL(0) ? NIL : read_versions(PG_GETARG_ARRAYTYPE_P(0), format);
	update = read_schema(format, text_to_cstring(PG_GETARG_TEXT_PP(1)), "new_schema", 0);

	nversions = list_length(versions);
	for (int i = level->transitive ? 0 : Max(nversions - 1, 0); i < nversions; i++)
	{
		if (level->backward)
			compare((ReturnSetInfo *) fcinfo->resultinfo, format, list_nth(versions, i), update, i + 1, "backward");
		if (level->forward)
			compare((ReturnSetInfo *) fcinfo->resultinfo, format, update, list_nth(versions, i), i + 1, "forward");
	}
	return (Datum) 0;
}

/* The level of this name, whatever its case; an error for an unknown one. */
const WfCompatLevel *
wf_schema_compat_level(const char *name)
{
	for (int i = 0; i < lengthof(levels); i++)
	{
		if (pg_strcasecmp(levels[i].name, name) == 0)
			return &levels[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown compatibility level \"%s\"", name),
			 errhint("Known levels: NONE, BACKWARD, FORWARD, FULL, and these with _TRANSITIVE.")));
	return NULL;				/* keep compiler quiet */
}

static List *
read_versions(ArrayType *array, const WfRegistryFormat *format)
{
	List	   *versions = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("version %d of the old schemas is null", i + 1)));
		versions = lappend(versions, read_schema(format, TextDatumGetCString(elements[i]), "old_schemas", i + 1));
	}
	return versions;
}

/* Whatever goes wrong, the error says in which schema. */
static void *
read_schema(const WfRegistryFormat *format, const char *text, const char *argument, int version)
{
	ReadPlace	place = {argument, version};
	ErrorContextCallback callback = {.callback = name_place, .arg = &place, .previous = error_context_stack};
	void	   *schema;

	error_context_stack = &callback;
	schema = format->read(text);
	error_context_stack = callback.previous;
	return schema;
}

static void
name_place(void *arg)
{
	ReadPlace  *place = arg;

	if (place->version > 0)
		errcontext("%s, version %d", place->argument, place->version);
	else
		errcontext("%s", place->argument);
}

static void
compare(ReturnSetInfo *rsinfo, const WfRegistryFormat *format, void *writer, void *reader, int version,
		const char *direction)
{
	WfCompat	compat = {NIL, NIL};
	ListCell   *lc;

	format->compare(&compat, writer, reader);
	foreach(lc, compat.found)
	{
		WfIncompatibility *found = lfirst(lc);
		Datum		values[COMPAT_COLUMNS];
		bool		nulls[COMPAT_COLUMNS] = {false};

		values[0] = Int32GetDatum(version);
		values[1] = CStringGetTextDatum(direction);
		values[2] = CStringGetTextDatum(found->kind);
		values[3] = CStringGetTextDatum(found->path);
		values[4] = CStringGetTextDatum(found->message);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* Adds an incompatibility; path is kept, message a format. */
void
wf_schema_compat_note(WfCompat *compat, const char *kind, const char *path, const char *message,...)
{
	WfIncompatibility *found = palloc(sizeof(WfIncompatibility));
	StringInfoData buf;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, message);
		needed = appendStringInfoVA(&buf, message, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&buf, needed);
	}
	found->kind = kind;
	found->path = path[0] ? path : "/";
	found->message = buf.data;
	compat->found = lappend(compat->found, found);
}

/* Was this pair met before?  Then it is as compatible as its first comparison finds. */
bool
wf_schema_compat_seen(WfCompat *compat, const void *writer, const void *reader)
{
	for (int i = 0; i < list_length(compat->pairs); i += 2)
	{
		if (list_nth(compat->pairs, i) == writer && list_nth(compat->pairs, i + 1) == reader)
			return true;
	}
	compat->pairs = lappend(compat->pairs, unconstify(void *, writer));
	compat->pairs = lappend(compat->pairs, unconstify(void *, reader));
	return false;
}
