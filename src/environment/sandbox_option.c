/*
 * sandbox_option.c: what the caller wants: how much of which table, and what
 * is masked.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/varlena.h"

#include "common/options.h"
#include "environment/sandbox.h"

/* As the caller writes it. */
typedef struct AmountOptions
{
	Jsonb	   *percent;
	int64		rows;
	char	   *where;
	int64		seed;			/* this and the next of the whole sample only */
	int64		max_rows;
	Jsonb	   *tables;
} AmountOptions;

/* No number that a caller may give; -1 is one that is refused. */
#define ROWS_UNSAID PG_INT64_MIN

#define AMOUNT_OPTIONS \
	{"percent", WF_OPTION_JSON, offsetof(AmountOptions, percent)}, \
	{"rows", WF_OPTION_INTEGER, offsetof(AmountOptions, rows)}

static const WfOption table_options[] = {
	AMOUNT_OPTIONS,
	{"where", WF_OPTION_TEXT, offsetof(AmountOptions, where)},
};

static const WfOption sample_options[] = {
	AMOUNT_OPTIONS,
	{"seed", WF_OPTION_INTEGER, offsetof(AmountOptions, seed)},
	{"max_rows", WF_OPTION_INTEGER, offsetof(AmountOptions, max_rows)},
	{"tables", WF_OPTION_JSON, offsetof(AmountOptions, tables)},
};

static WfSandboxAmount amount_of(AmountOptions *options);
static double percent_of(Jsonb *json);
static void set_table(WfSandbox *sandbox, const char *name, Jsonb *json);
static void set_column(WfSandbox *sandbox, const char *name, JsonbValue *value);
static WfSandboxTable *named_table(WfSandbox *sandbox, List *names, const char *text);
static List *split_name(const char *text, int n, const char *like);
static void refuse(const char *what, const char *hint);

/*
 * The argument sample: {"percent": ..., "rows": ..., "seed": ..., "max_rows":
 * ..., "tables": {"schema.table": {"percent", "rows", "where"}}}.
 *
 * Raises invalid_parameter_value for what it does not know, undefined_table
 * for a table that is none of the sandbox.
 */
void
wf_sandbox_sample_options(WfSandbox *sandbox, Jsonb *sample)
{
	AmountOptions options = {.rows = ROWS_UNSAID, .max_rows = WF_SANDBOX_MAX_ROWS};
	WfSandboxAmount usual;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;
	ListCell   *lc;

	wf_common_options_parse(sample, sample_options, lengthof(sample_options), &options);
	usual = amount_of(&options);
	if (usual.percent < 0 && usual.rows < 0)
		usual.rows = WF_SANDBOX_ROWS;
	if (options.max_rows < 0 || options.max_rows > WF_SANDBOX_MOST_ROWS)
		refuse(psprintf("option \"max_rows\" must be a number from 0 to %d", WF_SANDBOX_MOST_ROWS),
			   "Write for example '{\"max_rows\": 100000}'.");
	sandbox->seed = options.seed;
	sandbox->max_rows = options.max_rows;
	foreach(lc, sandbox->tables)
		((WfSandboxTable *) lfirst(lc))->amount = usual;
	if (!options.tables)
		return;
	if (!JB_ROOT_IS_OBJECT(options.tables))
		refuse("option \"tables\" must be an object", "Write for example '{\"tables\": {\"public.orders\": {\"rows\": 100}}}'.");
	it = JsonbIteratorInit(&options.tables->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			set_table(sandbox, name, JsonbValueToJsonb(&value));
	}
}

/* What is said of one table is all that counts for it. */
static void
set_table(WfSandbox *sandbox, const char *name, Jsonb *json)
{
	AmountOptions options = {.rows = ROWS_UNSAID};
	WfSandboxTable *table = named_table(sandbox, split_name(name, 2, "schema.table"), name);

	if (table->root != table)
		refuse(psprintf("table %s is a partition", table->identity),
			   psprintf("Say how much is wanted of %s.", table->root->identity));
	wf_common_options_parse(json, table_options, lengthof(table_options), &options);
	table->amount = amount_of(&options);
}

static WfSandboxAmount
amount_of(AmountOptions *options)
{
	WfSandboxAmount amount = {.percent = -1, .rows = -1, .where = options->where};

	if (options->percent)
		amount.percent = percent_of(options->percent);
	if (options->rows == ROWS_UNSAID)
		return amount;
	if (options->rows < 0)
		refuse("option \"rows\" must not be negative", "Write for example '{\"rows\": 1000}'.");
	if (options->percent)
		refuse("options \"percent\" and \"rows\" exclude each other", "Give one of them.");
	amount.rows = options->rows;
	return amount;
}

static double
percent_of(Jsonb *json)
{
	JsonbValue	value;
	double		percent = -1;

	if (JB_ROOT_IS_SCALAR(json) && JsonbExtractScalar(&json->root, &value) && value.type == jbvNumeric)
		percent = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value.val.numeric)));
	if (!(percent >= 0 && percent <= 100))
		refuse("option \"percent\" must be a number from 0 to 100", "Write for example '{\"percent\": 1}'.");
	return percent;
}

/*
 * The argument mask: "suggested", or {"schema.table.column": rule, ...}, where
 * the key "suggested" may be true.
 *
 * Raises as wf_sandbox_mask_column() does, and for columns that are not there.
 */
void
wf_sandbox_mask_options(WfSandbox *sandbox, Jsonb *mask)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	if (JB_ROOT_IS_SCALAR(mask) && JsonbExtractScalar(&mask->root, &value) && value.type == jbvString &&
		value.val.string.len == strlen("suggested") && memcmp(value.val.string.val, "suggested", value.val.string.len) == 0)
	{
		sandbox->suggested = true;
		return;
	}
	if (!JB_ROOT_IS_OBJECT(mask))
		refuse("mask must be \"suggested\" or an object", "Write for example '\"suggested\"' or '{\"public.users.email\": \"fake-email\"}'.");
	it = JsonbIteratorInit(&mask->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && strcmp(name, "suggested") == 0 && value.type == jbvBool)
			sandbox->suggested = value.val.boolean;
		else if (token == WJB_VALUE)
			set_column(sandbox, name, &value);
	}
}

static void
set_column(WfSandbox *sandbox, const char *name, JsonbValue *value)
{
	List	   *names = split_name(name, 3, "schema.table.column");
	WfSandboxTable *table = named_table(sandbox, names, name);
	WfSandboxColumn *column = wf_sandbox_column(table, quote_identifier(strVal(lthird(names))));

	if (!column)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s has no column %s", table->identity, quote_identifier(strVal(lthird(names))))));
	if (value->type != jbvString)
		refuse(psprintf("the mask of column \"%s\" must be a string", name),
			   "Write for example '{\"public.users.email\": \"fake-email\"}'.");
	wf_sandbox_mask_column(column, pnstrdup(value->val.string.val, value->val.string.len));
}

static WfSandboxTable *
named_table(WfSandbox *sandbox, List *names, const char *text)
{
	ListCell   *lc;

	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (strcmp(table->schema, strVal(linitial(names))) == 0 && strcmp(table->name, strVal(lsecond(names))) == 0)
			return table;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("the sandbox has no table for \"%s\"", text),
			 errhint("Write names as \"schema.table\" and \"schema.table.column\", of schemas that are wanted.")));
}

/* The parts of a name as SQL writes it. */
static List *
split_name(const char *text, int n, const char *like)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(text));

	if (list_length(names) != n)
		refuse(psprintf("\"%s\" is no name as %s", text, like),
			   psprintf("Write for example \"%s\".", n == 2 ? "public.users" : "public.users.email"));
	return names;
}

static void
refuse(const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", what),
			 hint ? errhint("%s", hint) : 0));
}
