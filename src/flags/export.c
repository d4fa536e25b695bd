/*
 * export.c: giving out flags as a document of the system they came from.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/options.h"
#include "flags/document.h"
#include "flags/transfer.h"

PG_FUNCTION_INFO_V1(wf_flag_export);

typedef struct Export
{
	const WfDialect *dialect;
	char	   *name;			/* of the document */
	Jsonb	   *original;
	Jsonb	   *document;		/* normalized */
	bool		whole;			/* all of its flags are wanted */
	List	   *flags;			/* WfDocumentFlag, by key */
} Export;

static void read_segments(Export *export, MemoryContext context);
static void find_document(Export *export, const char *name);
static char *copy_to(MemoryContext context, char *text);
static void read_flags(Export *export, ArrayType *keys, MemoryContext context);
static void check_keys(const Export *export, ArrayType *keys);
static List *in_document_order(Export *export, bool *same);
static bool same_flag(const WfDialect *dialect, const WfDocumentFlag *a, const WfDocumentFlag *b);
static const WfDocumentFlag *find_flag(List *flags, WfString key);

/*
 * flag_export(format text, keys text[], options jsonb) -> jsonb
 *
 * A document of the format: with keys NULL, all flags of the imported one,
 * unchanged if nothing was changed since.  Option name says which document,
 * where several of the format were imported.  In the native format, without a
 * name, it is the database's own flags and segments.
 */
Datum
wf_flag_export(PG_FUNCTION_ARGS)
{
	struct
	{
		char	   *name;
	}			options = {NULL};
	static const WfOption known[] = {{"name", WF_OPTION_TEXT, 0}};
	MemoryContext caller = CurrentMemoryContext;
	ArrayType  *keys = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	Export		export = {.whole = keys == NULL};
	Jsonb	   *restored = NULL;
	bool		same;
	List	   *flags;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("format and options must not be null")));
	export.dialect = wf_flags_dialect_of_documents(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	wf_common_options_parse(PG_GETARG_JSONB_P(2), known, lengthof(known), &options);

	SPI_connect();
	if (export.dialect != &wf_flags_dialect_native || options.name)
		find_document(&export, options.name);
	else
		read_segments(&export, caller);
	read_flags(&export, keys, caller);
	if (export.original)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		export.original = DatumGetJsonbPCopy(JsonbPGetDatum(export.original));
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();

	if (keys)
		check_keys(&export, keys);
	if (export.original)
	{
		WfFault		fault;

		export.document = export.dialect->normalize(export.original, &fault);
		if (export.document == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("document \"%s\" can't be read at %s: %s", export.name, fault.path, fault.message)));
	}
	flags = in_document_order(&export, &same);
	if (same && export.original)
		PG_RETURN_JSONB_P(export.original);
	if (export.original && export.dialect->restore)
		restored = export.dialect->restore(export.original, export.document, flags);
	PG_RETURN_JSONB_P(restored ? restored : export.dialect->assemble(export.document, flags));
}

/*
 * The database's own segments, as the native document that its own flags are
 * part of.
 */
static void
read_segments(Export *export, MemoryContext context)
{
	const char *sql = "SELECT pg_catalog.jsonb_build_object('format', 'wishflags', 'version', 1, 'flags', '{}'::jsonb)"
	" OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('segments',"
	" COALESCE(pg_catalog.jsonb_object_agg(key, definition), '{}'::jsonb)) FROM wishflags.segments";
	MemoryContext spi;
	bool		isnull;
	Datum		document;

	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not run: %s", sql);
	document = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	spi = MemoryContextSwitchTo(context);
	export->document = DatumGetJsonbPCopy(document);
	MemoryContextSwitchTo(spi);
}

static void
find_document(Export *export, const char *name)
{
	const char *sql = "SELECT name, document FROM wishflags.flag_documents"
	" WHERE format OPERATOR(pg_catalog.=) $1 AND ($2 IS NULL OR name OPERATOR(pg_catalog.=) $2)"
	" ORDER BY name";
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {
		CStringGetTextDatum(export->dialect->name), name ? CStringGetTextDatum(name) : (Datum) 0
	};
	char		nulls[] = {' ', name ? ' ' : 'n'};
	bool		isnull;

	if (SPI_execute_with_args(sql, 2, types, values, nulls, true, 2) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no document of format \"%s\"", export->dialect->name),
				 errhint("See which there are: SELECT name, format FROM wishflags.flag_documents;")));
	export->name = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (SPI_processed > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
				 errmsg("several documents are of format \"%s\"", export->dialect->name),
				 errhint("Choose one: '{\"name\": \"%s\"}' as options.", export->name)));
	export->original = DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
}

static char *
copy_to(MemoryContext context, char *text)
{
	return text ? MemoryContextStrdup(context, text) : NULL;
}

/* Reads the flags that are wanted into the given context. */
static void
read_flags(Export *export, ArrayType *keys, MemoryContext context)
{
	const char *sql = "SELECT key, enabled, definition, description, rollout FROM wishflags.flags"
	" WHERE dialect OPERATOR(pg_catalog.=) $1 AND (document OPERATOR(pg_catalog.=) $2 OR (document IS NULL AND $2 IS NULL))"
	" AND ($3 IS NULL OR key OPERATOR(pg_catalog.=) ANY ($3)) ORDER BY key";
	Oid			types[] = {TEXTOID, TEXTOID, TEXTARRAYOID};
	Datum		values[] = {
		CStringGetTextDatum(export->dialect->name),
		export->name ? CStringGetTextDatum(export->name) : (Datum) 0, PointerGetDatum(keys)
	};
	char		nulls[] = {' ', export->name ? ' ' : 'n', keys ? ' ' : 'n'};

	if (SPI_execute_with_args(sql, 3, types, values, nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *key = copy_to(context, SPI_getvalue(row, desc, 1));
		char	   *description = copy_to(context, SPI_getvalue(row, desc, 4));
		const char *problem;
		bool		isnull;
		Datum		definition = SPI_getbinval(row, desc, 3, &isnull);
		MemoryContext spi = MemoryContextSwitchTo(context);
		WfDocumentFlag *flag = palloc0(sizeof(WfDocumentFlag));

		flag->key = wf_flags_string(key);
		flag->definition = isnull ? NULL : DatumGetJsonbPCopy(definition);
		flag->enabled = DatumGetBool(SPI_getbinval(row, desc, 2, &isnull));
		flag->description = description;
		flag->has_share = export->dialect == &wf_flags_dialect_native &&
			wf_flags_parse_percent(DatumGetNumeric(SPI_getbinval(row, desc, 5, &isnull)), &flag->share, &problem) &&
			flag->share < WF_SHARE_TOTAL;
		export->flags = lappend(export->flags, flag);
		MemoryContextSwitchTo(spi);
	}
}

/* Nothing that was asked for is left out in silence. */
static void
check_keys(const Export *export, ArrayType *keys)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *key = nulls[i] ? NULL : TextDatumGetCString(elements[i]);

		if (key == NULL || find_flag(export->flags, wf_flags_string(key)) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("there is no flag \"%s\" of format \"%s\"", key ? key : "",
							export->dialect->name),
					 errhint("A flag is exported in the language it is written in: SELECT key, dialect FROM wishflags.flags;")));
	}
}

/*
 * The flags in the order of the document, those that it lacks at the end;
 * *same says whether they are the document's own, all of them.
 */
static List *
in_document_order(Export *export, bool *same)
{
	List	   *listed = export->document ? export->dialect->list_flags(export->document) : NIL;
	List	   *ordered = NIL;
	ListCell   *lc;

	*same = export->whole;
	foreach(lc, listed)
	{
		const WfDocumentFlag *before = lfirst(lc);
		const WfDocumentFlag *now = find_flag(export->flags, before->key);

		if (now)
			ordered = lappend(ordered, unconstify(WfDocumentFlag *, now));
		*same = *same && now && same_flag(export->dialect, now, before);
	}
	foreach(lc, export->flags)
	{
		if (find_flag(listed, ((const WfDocumentFlag *) lfirst(lc))->key) == NULL)
		{
			ordered = lappend(ordered, lfirst(lc));
			*same = false;
		}
	}
	return ordered;
}

/* Only native documents say how far a flag is rolled out, and what it is for. */
static bool
same_flag(const WfDialect *dialect, const WfDocumentFlag *a, const WfDocumentFlag *b)
{
	if (a->enabled != b->enabled || !wf_flags_dialect_same(dialect, a->definition, b->definition))
		return false;
	return dialect != &wf_flags_dialect_native ||
		((a->has_share ? a->share : WF_SHARE_TOTAL) == (b->has_share ? b->share : WF_SHARE_TOTAL) &&
		 strcmp(a->description ? a->description : "", b->description ? b->description : "") == 0);
}

static const WfDocumentFlag *
find_flag(List *flags, WfString key)
{
	ListCell   *lc;

	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		if (wf_flags_strings_equal(flag->key, key))
			return flag;
	}
	return NULL;
}
