/*
 * reference_list.c: flag_references_in_database(), and the warning of a flag that
 * goes out of use while something names it.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "common/extension.h"
#include "common/protect.h"
#include "common/row.h"
#include "common/write.h"
#include "flags/reference.h"
#include "flags/reference_list.h"
#include "flags/row.h"

PG_FUNCTION_INFO_V1(wf_flag_references_in_database);

/* Most places that a message names, and most flags that get a message each. */
#define NAMED_MAX 10
#define FLAGS_MAX 5

static const char *const confidences[] = {
	[WF_CERTAIN] = "certain",
	[WF_LIKELY] = "likely",
	[WF_POSSIBLE] = "possible",
};

/* Columns of the result, in order. */
enum
{
	COLUMN_FLAG,
	COLUMN_OBJECT_TYPE,
	COLUMN_IDENTITY,
	COLUMN_PART,
	COLUMN_LINE,
	COLUMN_CONFIDENCE,
	COLUMN_EXCERPT,
	COLUMN_COUNT
};

/* A flag that goes out of use. */
typedef struct Leaving
{
	const char *flag;
	int			count;			/* places that name it */
	const char *last;
	StringInfoData places;		/* the first of them */
} Leaving;

typedef struct LeavingFlags
{
	const List *keys;			/* of WfString * */
	List	   *leaving;		/* of Leaving *: those that are named */
} LeavingFlags;

static int	compare_leaving(const ListCell *a, const ListCell *b);
static void look_for_places(void *arg);
static void add_code(Leaving *leaving);
static void add_place(Leaving *leaving, const char *place);
static void warn(const Leaving *leaving, int level);

/*
 * flag_references_in_database(key text)
 *   -> rows (flag, object_type, identity, part, line, confidence, excerpt)
 */
Datum
wf_flag_references_in_database(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	const WfReference *last = NULL;
	List	   *keys = NIL;
	WfString	key;
	ListCell   *lc;

	wf_init_materialized_srf(fcinfo);
	if (!PG_ARGISNULL(0))
	{
		key = wf_flags_text_string(PG_GETARG_DATUM(0));
		keys = list_make1(&key);
	}
	foreach(lc, wf_flags_references(keys))
	{
		const WfReference *reference = (const WfReference *) lfirst(lc);
		Datum		values[COLUMN_COUNT] = {0};
		bool		nulls[COLUMN_COUNT] = {0};

		/* A place that names it twice is one place. */
		if (last && strcmp(last->flag, reference->flag) == 0 && strcmp(last->object_type, reference->object_type) == 0 &&
			strcmp(last->identity, reference->identity) == 0 && strcmp(last->part, reference->part) == 0 &&
			last->line == reference->line)
			continue;
		last = reference;
		wf_row_put_text(values, nulls, COLUMN_FLAG, reference->flag);
		wf_row_put_text(values, nulls, COLUMN_OBJECT_TYPE, reference->object_type);
		wf_row_put_text(values, nulls, COLUMN_IDENTITY, reference->identity);
		wf_row_put_text(values, nulls, COLUMN_PART, reference->part);
		values[COLUMN_LINE] = Int32GetDatum(reference->line);
		nulls[COLUMN_LINE] = reference->line == 0;
		wf_row_put_text(values, nulls, COLUMN_CONFIDENCE, confidences[reference->confidence]);
		wf_row_put_text(values, nulls, COLUMN_EXCERPT, reference->excerpt);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * Tells of flags, a List of WfString *, that go out of use although something
 * names them.  What hinders that must not hinder the change.
 */
void
wf_flags_warn_of_references(const List *keys, int level)
{
	LeavingFlags flags = {.keys = keys};
	int			more;
	ListCell   *lc;

	if (keys == NIL || !wf_common_protect(look_for_places, &flags, "could not look for what names the flags"))
		return;
	list_sort(flags.leaving, compare_leaving);
	foreach(lc, flags.leaving)
	{
		if (foreach_current_index(lc) < FLAGS_MAX)
			warn((const Leaving *) lfirst(lc), level);
	}
	more = list_length(flags.leaving) - FLAGS_MAX;
	if (more > 0)
		ereport(level,
				(errmsg_plural("%d more flag is still named", "%d more flags are still named", more, more),
				 errhint("See where: SELECT * FROM wishflags.flag_references();")));
}

static int
compare_leaving(const ListCell *a, const ListCell *b)
{
	return strcmp(((const Leaving *) lfirst(a))->flag, ((const Leaving *) lfirst(b))->flag);
}

static void
look_for_places(void *arg)
{
	LeavingFlags *flags = (LeavingFlags *) arg;
	List	   *references = wf_flags_references(flags->keys);
	ListCell   *lc;

	foreach(lc, flags->keys)
	{
		const WfString *key = (const WfString *) lfirst(lc);
		Leaving    *leaving = palloc0(sizeof(Leaving));
		ListCell   *place;

		leaving->flag = pnstrdup(key->data, key->len);
		initStringInfo(&leaving->places);
		foreach(place, references)
		{
			const WfReference *reference = (const WfReference *) lfirst(place);

			if (reference->confidence != WF_POSSIBLE && strcmp(reference->flag, leaving->flag) == 0)
				add_place(leaving, psprintf("%s %s", reference->object_type, reference->identity));
		}
		add_code(leaving);
		if (leaving->count > 0)
			flags->leaving = lappend(flags->leaving, leaving);
	}
}

/* What was uploaded, read as the owner of the table. */
static void
add_code(Leaving *leaving)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(leaving->flag)};
	Oid			relid = wf_common_relation_oid("flag_code_references");
	MemoryContext caller = CurrentMemoryContext;
	WfWrite		write;

	SPI_connect();
	wf_common_write_begin(&write, relid);
	if (SPI_execute_with_args("SELECT repository || ':' || path || ':' || line FROM wishflags.flag_code_references"
							  " WHERE flag = $1 ORDER BY repository, path, line",
							  1, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read flag_code_references");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		add_place(leaving, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
		MemoryContextSwitchTo(spi);
	}
	wf_common_write_end(&write);
	SPI_finish();
}

/* One object that names it in several lines is one place. */
static void
add_place(Leaving *leaving, const char *place)
{
	if (leaving->last && strcmp(leaving->last, place) == 0)
		return;
	leaving->last = place;
	if (leaving->count++ < NAMED_MAX)
		appendStringInfo(&leaving->places, "%s%s", leaving->places.len > 0 ? ", " : "", place);
}

static void
warn(const Leaving *leaving, int level)
{
	int			more = leaving->count - NAMED_MAX;

	ereport(level,
			(errmsg_plural("flag \"%s\" is still named in %d place", "flag \"%s\" is still named in %d places",
						   leaving->count, leaving->flag, leaving->count),
			 more > 0 ? errdetail("It is named in %s and %d more.", leaving->places.data, more)
			 : errdetail("It is named in %s.", leaving->places.data),
			 errhint("See where: SELECT * FROM wishflags.flag_references(%s);", quote_literal_cstr(leaving->flag))));
}
