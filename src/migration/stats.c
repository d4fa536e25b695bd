/*
 * stats.c: reading sizes of tables that were taken elsewhere.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

#include "migration/stats.h"
#include "schema/jsonb_access.h"

#define STATS_FORMAT "wishflags-stats"
#define HOW_TO_TAKE "Take it with wishflags.migration_stats_export() or the command wishflags stats."

static void read_header(WfStats *stats, JsonbValue *root);
static void read_table(WfStats *stats, const char *name, JsonbValue *sizes);
static void make_key(WfStatsKey *key, const char *schema, const char *name);
static double number_of(JsonbValue *object, const char *table, const char *member, bool required);
pg_noreturn static void report_bad_name(const char *name);

/*
 * Reads the document into CurrentMemoryContext.  Raises
 * invalid_parameter_value for what is no such document, and
 * feature_not_supported for a newer format.
 */
WfStats *
wf_migration_read_stats(Jsonb *document)
{
	WfStats    *stats = palloc0(sizeof(WfStats));
	HASHCTL		control = {.keysize = sizeof(WfStatsKey), .entrysize = sizeof(WfStatsTable), .hcxt = CurrentMemoryContext};
	JsonbValue	root = {.type = jbvBinary};
	JsonbValue *tables;
	ListCell   *lc;

	if (JB_ROOT_IS_SCALAR(document) || !JB_ROOT_IS_OBJECT(document))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"stats\" must be an object"),
				 errhint(HOW_TO_TAKE)));
	root.val.binary.data = &document->root;
	root.val.binary.len = VARSIZE(document);
	read_header(stats, &root);
	tables = wf_schema_jsonb_get(&root, "tables");
	if (!tables || !wf_schema_jsonb_is_object(tables))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"tables\" of option \"stats\" must be an object"),
				 errhint(HOW_TO_TAKE)));
	stats->tables = hash_create("wishflags sizes of tables", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, wf_schema_jsonb_keys(tables))
	{
		CHECK_FOR_INTERRUPTS();
		read_table(stats, lfirst(lc), wf_schema_jsonb_get(tables, lfirst(lc)));
	}
	return stats;
}

/* What the document says of a table; NULL where it says nothing. */
const WfStatsTable *
wf_migration_stats_table(const WfStats *stats, const char *schema, const char *name)
{
	WfStatsKey	key;

	make_key(&key, schema, name);
	return hash_search(stats->tables, &key, HASH_FIND, NULL);
}

static void
read_header(WfStats *stats, JsonbValue *root)
{
	char	   *format = wf_schema_jsonb_string(root, "format");
	JsonbValue *value = wf_schema_jsonb_get(root, "version");
	int64		version = value && value->type == jbvNumeric ? wf_schema_jsonb_integer(value, 0) : 0;

	if (!format || strcmp(format, STATS_FORMAT) != 0 || version < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"stats\" is no document of format \"" STATS_FORMAT "\" with a version"),
				 errhint(HOW_TO_TAKE)));
	if (version > WF_STATS_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %lld of format \"" STATS_FORMAT "\" is newer than this library", (long long) version),
				 errdetail("The library reads versions up to %d.", WF_STATS_VERSION),
				 errhint("Install a newer version of the extension here, or take the stats with the command of this version.")));
	stats->taken_at = wf_schema_jsonb_string(root, "taken_at");
	if (!stats->taken_at)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"taken_at\" of option \"stats\" must be a time"),
				 errhint(HOW_TO_TAKE)));
	stats->platform = wf_schema_jsonb_string(root, "platform");
	value = wf_schema_jsonb_get(root, "counted_seconds");
	stats->counted_seconds = value && value->type == jbvNumeric ? wf_schema_jsonb_integer(value, -1) : -1;
}

static void
read_table(WfStats *stats, const char *name, JsonbValue *sizes)
{
	char	   *copy = pstrdup(name);
	WfStatsTable *table;
	WfStatsKey	key;
	List	   *parts;

	/* The quoting may be of a server with other reserved words. */
	if (!SplitIdentifierString(copy, '.', &parts) || list_length(parts) != 2)
		report_bad_name(name);
	if (!wf_schema_jsonb_is_object(sizes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the sizes of table \"%s\" in option \"stats\" must be an object", name),
				 errhint(HOW_TO_TAKE)));
	make_key(&key, linitial(parts), lsecond(parts));
	table = hash_search(stats->tables, &key, HASH_ENTER, NULL);
	table->rows = number_of(sizes, name, "rows", false);
	table->bytes = (int64) number_of(sizes, name, "bytes", true);
	table->index_bytes = (int64) number_of(sizes, name, "index_bytes", false);
	table->writes_per_second = number_of(sizes, name, "writes_per_second", false);
	table->scans_per_second = number_of(sizes, name, "scans_per_second", false);
	list_free(parts);
}

static void
make_key(WfStatsKey *key, const char *schema, const char *name)
{
	memset(key, 0, sizeof(WfStatsKey));
	strlcpy(key->schema, schema, NAMEDATALEN);
	strlcpy(key->name, name, NAMEDATALEN);
}

/* A number of the table; -1 where it is null or not there, and need not be. */
static double
number_of(JsonbValue *object, const char *table, const char *member, bool required)
{
	JsonbValue *value = wf_schema_jsonb_get(object, member);
	double		number = -1;

	if (!required && (!value || value->type == jbvNull))
		return -1;
	if (value && value->type == jbvNumeric)
		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	/* No table has more, and what is added up stays a 64-bit number. */
	if (!(number >= 0 && number <= 1e17))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" of table \"%s\" in option \"stats\" must be a number from 0 to 1e17", member, table),
				 errhint(HOW_TO_TAKE)));
	return number;
}

static void
report_bad_name(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" in option \"stats\" is no qualified name of a table", name),
			 errhint("Write schema and table, quoted where SQL wants it: public.\"Order\".")));
}
