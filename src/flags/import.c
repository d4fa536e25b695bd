/*
 * import.c: taking in the flags of another system's document.
 *
 * The document is kept as it came, a row of flag_documents; each of its flags
 * becomes a row of flags whose definition is the document's own and whose
 * dialect is the system's.  All of it happens under the caller's rights.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "common/list.h"
#include "common/options.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/graph.h"
#include "flags/json.h"
#include "flags/requirement.h"
#include "flags/result.h"
#include "flags/transfer.h"

PG_FUNCTION_INFO_V1(wf_flag_import);

/* Columns of the result, in order. */
enum
{
	COLUMN_ITEM,
	COLUMN_NAME,
	COLUMN_ACTION,
	COLUMN_MESSAGE,
	COLUMN_COUNT
};

/* What is done about a flag that is not the document's. */
typedef enum Conflict
{
	CONFLICT_ERROR,
	CONFLICT_REPLACE,
	CONFLICT_SKIP
} Conflict;

typedef struct ImportOptions
{
	char	   *name;			/* of the document; NULL: its format */
	bool		dry_run;
	bool		prune;			/* delete the document's flags that are no
								 * longer in it */
	List	   *only;			/* keys of flags; NIL: all */
	char	   *on_conflict;
	Conflict	conflict;
	/* The rest is kept with the document. */
	char	   *fractional;
	char	   *hash_encoding;
	char	   *bucket_precision;
} ImportOptions;

/* A flag of the document that is asked for. */
typedef struct ImportedFlag
{
	const WfDocumentFlag *flag;
	const char *problem;		/* why it can't be taken in, or NULL */
} ImportedFlag;

typedef struct Import
{
	FunctionCallInfo fcinfo;
	ImportOptions options;
	WfShared	shared;
	Jsonb	   *original;
	Jsonb	   *kept_options;
	WfGraph    *graph;			/* as it will be */
	int			conflicts;
	const char *conflicting;	/* the first of them */
	List	   *written;		/* of WfDocumentFlag */
} Import;

static void parse_options(Jsonb *options, Import *import);
static Jsonb *options_to_keep(const ImportOptions *options);
static void import_document(Import *import);
static void import_flags(Import *import, List *flags);
static List *compile_flags(Import *import, List *flags);
static const WfProgram *compile_flag(Import *import, const WfDocumentFlag *flag, const char **problem);
static void import_flag(Import *import, const ImportedFlag *imported);
static const char *describe_change(Import *import, const WfDocumentFlag *flag, const char **action);
static Datum rollout_of(const WfDocumentFlag *flag);
static void write_flags(Import *import);
static void import_absent(Import *import, List *flags);
static void report_limits(Import *import);
static void report(Import *import, const char *item, const char *name, const char *action,
				   const char *message);
static void check_only(List *only, List *flags);

/*
 * flag_import(format text, document jsonb, options jsonb)
 *   -> rows (item, name, action, message)
 *
 * Options: name, dry_run, only, prune, on_conflict (error, replace, skip), and
 * those of flag_eval_document() that choose among the system's clients.
 * Raises what is wrong with the document as a whole; a flag that can't be
 * taken in is a row with action "refused".  A document says nothing of owners
 * and expiry, so wishflags.require_fields does not hold here.
 */
Datum
wf_flag_import(PG_FUNCTION_ARGS)
{
	Import		import = {.fcinfo = fcinfo};
	List	   *flags;
	int			nest_level;

	for (int i = 0; i < 3; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("format, document and options must not be null")));
	}
	wf_init_materialized_srf(fcinfo);
	import.original = PG_GETARG_JSONB_P(1);
	parse_options(PG_GETARG_JSONB_P(2), &import);
	wf_flags_open_document(text_to_cstring(PG_GETARG_TEXT_PP(0)), import.original,
						   import.kept_options, &import.shared);
	if (import.options.name == NULL)
		import.options.name = unconstify(char *, import.shared.dialect->name);
	flags = import.shared.dialect->list_flags(import.shared.document);
	check_only(import.options.only, flags);

	nest_level = NewGUCNestLevel();
	wf_flags_require_nothing();
	SPI_connect();
	import_document(&import);
	import_flags(&import, flags);
	import_absent(&import, flags);
	report_limits(&import);
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	return (Datum) 0;
}

/*
 * Compiles what the flags of a document share; raises what is wrong with it,
 * or with the options that are kept with it.
 */
void
wf_flags_open_document(const char *format, Jsonb *document, Jsonb *options, WfShared *shared)
{
	WfFault		fault;

	shared->dialect = wf_flags_dialect_of_documents(format);
	shared->converts = wf_flags_converts_text();
	wf_flags_dialect_options(options, true, &shared->options);
	shared->document = shared->dialect->normalize(document, &fault);
	if (shared->document == NULL || !shared->dialect->compile_shared(shared, &fault))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid document of format \"%s\" at %s: %s", format, fault.path, fault.message)));
}

static void
parse_options(Jsonb *options, Import *import)
{
	static const WfOption known[] = {
		{"name", WF_OPTION_TEXT, offsetof(ImportOptions, name)},
		{"dry_run", WF_OPTION_BOOLEAN, offsetof(ImportOptions, dry_run)},
		{"prune", WF_OPTION_BOOLEAN, offsetof(ImportOptions, prune)},
		{"only", WF_OPTION_TEXT_LIST, offsetof(ImportOptions, only)},
		{"on_conflict", WF_OPTION_TEXT, offsetof(ImportOptions, on_conflict)},
		{"fractional", WF_OPTION_TEXT, offsetof(ImportOptions, fractional)},
		{"hash_encoding", WF_OPTION_TEXT, offsetof(ImportOptions, hash_encoding)},
		{"bucket_precision", WF_OPTION_TEXT, offsetof(ImportOptions, bucket_precision)},
	};
	ImportOptions *parsed = &import->options;

	wf_common_options_parse(options, known, lengthof(known), parsed);
	if (parsed->on_conflict == NULL || strcmp(parsed->on_conflict, "error") == 0)
		parsed->conflict = CONFLICT_ERROR;
	else if (strcmp(parsed->on_conflict, "replace") == 0)
		parsed->conflict = CONFLICT_REPLACE;
	else if (strcmp(parsed->on_conflict, "skip") == 0)
		parsed->conflict = CONFLICT_SKIP;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown on_conflict \"%s\"", parsed->on_conflict),
				 errhint("Known are error, replace, skip.")));
	import->kept_options = options_to_keep(parsed);
}

static Jsonb *
options_to_keep(const ImportOptions *options)
{
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	if (options->fractional)
		wf_flags_json_text(&state, "fractional", options->fractional);
	if (options->hash_encoding)
		wf_flags_json_text(&state, "hash_encoding", options->hash_encoding);
	if (options->bucket_precision)
		wf_flags_json_text(&state, "bucket_precision", options->bucket_precision);
	return wf_flags_json_end(&state);
}

/* Keeps the document, which its flags refer to. */
static void
import_document(Import *import)
{
	const char *sql = "SELECT format, document OPERATOR(pg_catalog.=) $3 AND options OPERATOR(pg_catalog.=) $4"
	" FROM wishflags.flag_documents WHERE name OPERATOR(pg_catalog.=) $1 AND $2 IS NOT NULL";
	Oid			types[] = {TEXTOID, TEXTOID, JSONBOID, JSONBOID};
	Datum		values[] = {
		CStringGetTextDatum(import->options.name), CStringGetTextDatum(import->shared.dialect->name),
		JsonbPGetDatum(import->original), JsonbPGetDatum(import->kept_options)
	};
	const char *action = "create";

	if (SPI_execute_with_args(sql, 4, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	if (SPI_processed > 0)
	{
		bool		isnull;
		char	   *format = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		if (strcmp(format, import->shared.dialect->name) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("document \"%s\" is of format \"%s\"", import->options.name, format),
					 errhint("Give this one another name: '{\"name\": \"...\"}' as options.")));
		action = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull))
			? "unchanged" : "update";
	}
	report(import, "document", import->options.name, action, NULL);
	if (import->options.dry_run || strcmp(action, "unchanged") == 0)
		return;
	sql = "INSERT INTO wishflags.flag_documents AS d (name, format, document, options) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (name) DO UPDATE SET document = excluded.document, options = excluded.options";
	if (SPI_execute_with_args(sql, 4, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not run: %s", sql);
}

static void
import_flags(Import *import, List *flags)
{
	ListCell   *lc;

	wf_flags_cache_ensure();
	import->graph = wf_flags_graph_create();
	foreach(lc, compile_flags(import, flags))
		import_flag(import, lfirst(lc));
	/* The transaction ends with it, so nothing of this import stays. */
	if (import->conflicts > 0 && !import->options.dry_run)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg_plural("%d flag of the document exists already", "%d flags of the document exist already",
							   import->conflicts, import->conflicts),
				 errdetail("The first is \"%s\".", import->conflicting),
				 errhint("Choose with '{\"on_conflict\": \"replace\"}' or '{\"on_conflict\": \"skip\"}' as options.")));
	write_flags(import);
}

/* The flags that are asked for: a List of ImportedFlag.  Those that can be become nodes of the graph. */
static List *
compile_flags(Import *import, List *flags)
{
	List	   *compiled = NIL;
	ListCell   *lc;

	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);
		ImportedFlag *imported = palloc0(sizeof(ImportedFlag));
		WfFlag	   *node = palloc0(sizeof(WfFlag));

		CHECK_FOR_INTERRUPTS();
		if (import->options.only != NIL && !wf_common_list_has(import->options.only, flag->key.data))
			continue;
		imported->flag = flag;
		node->key = flag->key;
		node->program = compile_flag(import, flag, &imported->problem);
		if (node->program)
			wf_flags_graph_node(import->graph, false, flag->key)->flag = node;
		compiled = lappend(compiled, imported);
	}
	return compiled;
}

static const WfProgram *
compile_flag(Import *import, const WfDocumentFlag *flag, const char **problem)
{
	WfSource	source = {0};
	WfFault		fault;
	const WfProgram *program;

	source.key = flag->key;
	source.enabled = flag->enabled;
	source.share = flag->has_share ? flag->share : WF_SHARE_TOTAL;
	source.definition = flag->definition;
	source.converts = import->shared.converts;
	source.shared = &import->shared;
	program = import->shared.dialect->compile(&source, &fault);
	if (program == NULL)
		*problem = psprintf("at %s: %s", fault.path, fault.message);
	return program;
}

static void
import_flag(Import *import, const ImportedFlag *imported)
{
	const WfDocumentFlag *flag = imported->flag;
	const char *problem = imported->problem;
	const char *action;
	const char *message;
	List	   *circle;

	CHECK_FOR_INTERRUPTS();
	if (problem == NULL)
	{
		circle = wf_flags_graph_circle(import->graph, wf_flags_graph_node(import->graph, false, flag->key));
		if (circle != NIL)
			problem = psprintf("it would require itself: %s", wf_flags_graph_chain(circle));
	}
	if (problem)
	{
		report(import, "flag", flag->key.data, "refused", problem);
		return;
	}
	message = describe_change(import, flag, &action);
	report(import, "flag", flag->key.data, action, message);
	if (!import->options.dry_run &&
		(strcmp(action, "create") == 0 || strcmp(action, "update") == 0 || strcmp(action, "replace") == 0))
		import->written = lappend(import->written, unconstify(WfDocumentFlag *, flag));
}

/* What an import of the flag does: *action, and more about it, or NULL. */
static const char *
describe_change(Import *import, const WfDocumentFlag *flag, const char **action)
{
	const char *sql = "SELECT document, definition, enabled, rollout OPERATOR(pg_catalog.=) $2 FROM wishflags.flags"
	" WHERE key OPERATOR(pg_catalog.=) $1";
	Oid			types[] = {TEXTOID, NUMERICOID};
	Datum		values[] = {
		PointerGetDatum(cstring_to_text_with_len(flag->key.data, flag->key.len)), rollout_of(flag)
	};
	HeapTuple	row;
	TupleDesc	desc;
	char	   *document;
	bool		isnull;
	Datum		definition;
	bool		same;
	bool		enabled;

	if (SPI_execute_with_args(sql, 2, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	*action = "create";
	if (SPI_processed == 0)
		return flag->enabled ? "enabled" : "disabled";

	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	document = SPI_getvalue(row, desc, 1);
	if (document == NULL || strcmp(document, import->options.name) != 0)
	{
		if (import->options.conflict == CONFLICT_ERROR && import->conflicts++ == 0)
			import->conflicting = flag->key.data;
		*action = import->options.conflict == CONFLICT_REPLACE ? "replace"
			: import->options.conflict == CONFLICT_SKIP ? "skip" : "conflict";
		return document ? psprintf("it is part of document \"%s\"", document) : "it is a flag of its own";
	}
	definition = SPI_getbinval(row, desc, 2, &isnull);
	same = wf_flags_dialect_same(import->shared.dialect, flag->definition, isnull ? NULL : DatumGetJsonbP(definition));
	enabled = DatumGetBool(SPI_getbinval(row, desc, 3, &isnull));
	if (same && DatumGetBool(SPI_getbinval(row, desc, 4, &isnull)))
		*action = enabled == flag->enabled ? "unchanged" : "update";
	else
		*action = "update";
	if (enabled == flag->enabled)
		return NULL;
	return flag->enabled ? "becomes enabled" : "becomes disabled";
}

/* The column rollout of a flag: thousandths of a percent, as numeric. */
static Datum
rollout_of(const WfDocumentFlag *flag)
{
	uint32		share = flag->has_share ? flag->share : WF_SHARE_TOTAL;

	return DirectFunctionCall1(numeric_trim_scale,
							   NumericGetDatum(int64_div_fast_to_numeric(share, 3)));
}

/*
 * All in one statement, as they may require each other.  Of two with one key
 * the later one counts.
 */
static void
write_flags(Import *import)
{
	const char *sql = "INSERT INTO wishflags.flags AS f (key, enabled, definition, description, dialect, document, rollout)"
	" SELECT DISTINCT ON (n.key COLLATE pg_catalog.\"C\") n.key, n.enabled, n.definition, n.description, $6, $7, n.rollout"
	" FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4),"
	"  pg_catalog.unnest($5)) WITH ORDINALITY AS n (key, enabled, definition, description, rollout, ordinal)"
	" ORDER BY n.key COLLATE pg_catalog.\"C\", n.ordinal DESC"
	" ON CONFLICT (key) DO UPDATE SET enabled = excluded.enabled, rollout = excluded.rollout,"
	" definition = excluded.definition, description = COALESCE(excluded.description, f.description),"
	" dialect = excluded.dialect, document = excluded.document";
	Oid			types[] = {TEXTARRAYOID, BOOLARRAYOID, JSONBARRAYOID, TEXTARRAYOID, NUMERICARRAYOID, TEXTOID, TEXTOID};
	Oid			elements[] = {TEXTOID, BOOLOID, JSONBOID, TEXTOID, NUMERICOID};
	ArrayBuildState *columns[lengthof(elements)];
	Datum		values[lengthof(types)];
	ListCell   *lc;

	if (import->written == NIL)
		return;
	for (int i = 0; i < lengthof(elements); i++)
		columns[i] = initArrayResult(elements[i], CurrentMemoryContext, false);
	foreach(lc, import->written)
	{
		const WfDocumentFlag *flag = lfirst(lc);
		Datum		row[] = {
			PointerGetDatum(cstring_to_text_with_len(flag->key.data, flag->key.len)),
			BoolGetDatum(flag->enabled), JsonbPGetDatum(flag->definition),
			flag->description ? CStringGetTextDatum(flag->description) : (Datum) 0,
			rollout_of(flag)
		};
		bool		nulls[] = {false, false, flag->definition == NULL, flag->description == NULL, false};

		for (int i = 0; i < lengthof(elements); i++)
			accumArrayResult(columns[i], row[i], nulls[i], elements[i], CurrentMemoryContext);
	}
	for (int i = 0; i < lengthof(elements); i++)
		values[i] = makeArrayResult(columns[i], CurrentMemoryContext);
	values[5] = CStringGetTextDatum(import->shared.dialect->name);
	values[6] = CStringGetTextDatum(import->options.name);
	if (SPI_execute_with_args(sql, lengthof(types), types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not run: %s", sql);
}

/* The document's flags that are no longer in it. */
static void
import_absent(Import *import, List *flags)
{
	const char *sql = "SELECT key FROM wishflags.flags WHERE document OPERATOR(pg_catalog.=) $1 ORDER BY key";
	const char *deletion = "DELETE FROM wishflags.flags WHERE key OPERATOR(pg_catalog.=) ANY ($1)";
	Oid			types[] = {TEXTOID};
	Oid			key_types[] = {TEXTARRAYOID};
	Datum		values[] = {CStringGetTextDatum(import->options.name)};
	ArrayBuildState *keys = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	List	   *present = NIL;
	List	   *absent = NIL;
	ListCell   *lc;

	foreach(lc, flags)
		present = lappend(present, unconstify(char *, ((const WfDocumentFlag *) lfirst(lc))->key.data));
	if (SPI_execute_with_args(sql, 1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *key = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);

		if (!wf_common_list_has(present, key))
			absent = lappend(absent, key);
	}
	foreach(lc, absent)
	{
		char	   *key = lfirst(lc);

		report(import, "flag", key, import->options.prune ? "delete" : "keep",
			   "it is no longer in the document");
		accumArrayResult(keys, CStringGetTextDatum(key), false, TEXTOID, CurrentMemoryContext);
	}
	values[0] = makeArrayResult(keys, CurrentMemoryContext);
	if (absent != NIL && import->options.prune && !import->options.dry_run &&
		SPI_execute_with_args(deletion, 1, key_types, values, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not run: %s", deletion);
}

/* What stays behind is said, too. */
static void
report_limits(Import *import)
{
	ListCell   *lc;

	if (import->shared.dialect->list_limits == NULL)
		return;
	foreach(lc, import->shared.dialect->list_limits(&import->shared))
	{
		const WfLimit *limit = lfirst(lc);

		report(import, "limit", limit->name, "not carried", limit->message);
	}
}

static void
report(Import *import, const char *item, const char *name, const char *action, const char *message)
{
	ReturnSetInfo *result = (ReturnSetInfo *) import->fcinfo->resultinfo;
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {0};

	values[COLUMN_ITEM] = CStringGetTextDatum(item);
	values[COLUMN_NAME] = CStringGetTextDatum(name);
	values[COLUMN_ACTION] = CStringGetTextDatum(action);
	nulls[COLUMN_MESSAGE] = message == NULL;
	if (message)
		values[COLUMN_MESSAGE] = CStringGetTextDatum(message);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Refuses to look for flags that the document does not have. */
static void
check_only(List *only, List *flags)
{
	ListCell   *lc;
	ListCell   *flag;

	foreach(lc, only)
	{
		bool		found = false;

		foreach(flag, flags)
			found = found || strcmp(lfirst(lc), ((const WfDocumentFlag *) lfirst(flag))->key.data) == 0;
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("the document has no flag \"%s\"", (char *) lfirst(lc))));
	}
}
