/*
 * approval_propose.c: proposing, amending and withdrawing changes.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/jsonb.h"

#include "common/options.h"
#include "common/protect.h"
#include "common/write.h"
#include "guard/approval.h"
#include "guard/source.h"

PG_FUNCTION_INFO_V1(wf_schema_change_propose);
PG_FUNCTION_INFO_V1(wf_schema_change_amend);
PG_FUNCTION_INFO_V1(wf_schema_change_withdraw);

/* So long an approval can be used unless the proposal says otherwise. */
#define DEFAULT_VALID_FOR "30 days"

typedef struct Options
{
	char	   *valid_for;
	bool		rollback;
	Jsonb	   *check;			/* options of migration_breaking_check() */
} Options;

/* A text, and what it parses to. */
typedef struct Parsing
{
	const char *sql;
	List	   *statements;		/* of RawStmt */
} Parsing;

/* A text, and what is known of it; values of an INSERT or UPDATE. */
typedef struct Proposal
{
	Datum		sql;
	Datum		reason;
	Datum		findings;
	Datum		estimate;
	Datum		rollback_sql;
	bool		has_rollback;
	Datum		valid_for;
	List	   *statements;		/* of char * */
} Proposal;

static void examine(Proposal *proposal, Datum sql, Datum reason, Jsonb *options);
static void need_more_only(Jsonb *check);
static Datum ask(const char *query, Datum sql, Jsonb *options);
static void parse(void *arg);
static List *split(const char *sql);
static uint64 store(const char *query, Proposal *proposal, int64 id);
static void store_statements(int64 id, List *statements);
static bool has_run(int64 id);
static WfReview lock_own(int64 id, const char *verb);

/*
 * schema_change_propose(sql text, reason text, options jsonb) -> bigint
 *
 * The check runs with the rights and the search_path of the caller.  Raises
 * syntax_error for a text that does not parse, invalid_parameter_value for a
 * blank reason, a text without a statement or a bad option.
 */
Datum
wf_schema_change_propose(PG_FUNCTION_ARGS)
{
	Proposal	proposal;
	int64		id;

	wf_common_require_writable("schema_change_propose()");
	wf_review_need_reason(text_to_cstring(PG_GETARG_TEXT_PP(1)), "schema_change_propose('ALTER TABLE ...', 'ticket 4711')");
	SPI_connect();
	examine(&proposal, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_JSONB_P(2));
	(void) store("INSERT INTO wishflags.schema_changes (sql, reason, findings, estimate, rollback_sql, valid_until, authors)"
				 " SELECT $1, $2, $3, $4, $5, pg_catalog.clock_timestamp() + $6::pg_catalog.interval,"
				 " ARRAY[$7] || CASE WHEN $8 <> $7 THEN ARRAY[$8] END || CASE WHEN $9 NOT IN ($7, $8) THEN ARRAY[$9] END"
				 " WHERE $10 = 0 RETURNING id", &proposal, 0);
	id = strtoll(wf_review_value(0, 1), NULL, 10);
	store_statements(id, proposal.statements);
	wf_approval_event(id, 1, "proposed", TextDatumGetCString(proposal.reason), TextDatumGetCString(proposal.sql));
	SPI_finish();
	PG_RETURN_INT64(id);
}

/*
 * schema_change_amend(id bigint, sql text, reason text, options jsonb) -> integer
 *
 * Raises as propose does, insufficient_privilege for others than the authors,
 * and object_not_in_prerequisite_state for a change that was decided, or run in
 * part.
 */
Datum
wf_schema_change_amend(PG_FUNCTION_ARGS)
{
	int64		id = PG_GETARG_INT64(0);
	WfReview	change;
	Proposal	proposal;

	wf_common_require_writable("schema_change_amend()");
	wf_review_need_reason(text_to_cstring(PG_GETARG_TEXT_PP(2)), "schema_change_amend(1, 'ALTER TABLE ...', 'smaller steps')");
	SPI_connect();
	change = lock_own(id, "amend");
	if (has_run(id))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema change %lld has been executed in part", (long long) id),
				 errhint("Propose what is left as a change of its own: SELECT wishflags.schema_change_propose('...', 'the reason');")));
	examine(&proposal, PG_GETARG_DATUM(1), PG_GETARG_DATUM(2), PG_GETARG_JSONB_P(3));
	(void) store("UPDATE wishflags.schema_changes SET sql = $1, reason = $2, findings = $3, estimate = $4, rollback_sql = $5,"
				 " valid_until = pg_catalog.clock_timestamp() + $6::pg_catalog.interval, state = 'proposed', revision = revision + 1,"
				 " authors = authors || ARRAY(SELECT DISTINCT a FROM pg_catalog.unnest(ARRAY[$7, $8, $9]) a WHERE a <> ALL (authors))"
				 " WHERE id = $10", &proposal, id);
	store_statements(id, proposal.statements);
	wf_approval_event(id, change.revision + 1, "amended",
					  TextDatumGetCString(proposal.reason), TextDatumGetCString(proposal.sql));
	SPI_finish();
	PG_RETURN_INT32(change.revision + 1);
}

/*
 * schema_change_withdraw(id bigint, reason text)
 *
 * Raises insufficient_privilege for others than the authors and superusers.
 */
Datum
wf_schema_change_withdraw(PG_FUNCTION_ARGS)
{
	int64		id = PG_GETARG_INT64(0);
	Oid			types[] = {INT8OID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	WfReview	change;

	wf_common_require_writable("schema_change_withdraw()");
	wf_review_need_reason(text_to_cstring(PG_GETARG_TEXT_PP(1)), "schema_change_withdraw(1, 'not needed any more')");
	SPI_connect();
	change = lock_own(id, "withdraw");
	(void) wf_approval_run("UPDATE wishflags.schema_changes SET state = 'withdrawn' WHERE id = $1", 1, types, values, NULL);
	wf_approval_event(id, change.revision, "withdrawn", TextDatumGetCString(PG_GETARG_DATUM(1)), NULL);
	SPI_finish();
	PG_RETURN_VOID();
}

/* Checks the text as the caller, whose search_path its names are for. */
static void
examine(Proposal *proposal, Datum sql, Datum reason, Jsonb *options_given)
{
	static const WfOption known[] = {
		{"valid_for", WF_OPTION_TEXT, offsetof(Options, valid_for)},
		{"rollback", WF_OPTION_BOOLEAN, offsetof(Options, rollback)},
		{"check", WF_OPTION_JSON, offsetof(Options, check)},
	};
	Jsonb	   *none = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	Options		options = {.valid_for = DEFAULT_VALID_FOR, .check = none};

	wf_common_options_parse(options_given, known, lengthof(known), &options);
	need_more_only(options.check);
	memset(proposal, 0, sizeof(*proposal));
	proposal->sql = sql;
	proposal->reason = reason;
	proposal->valid_for = CStringGetTextDatum(options.valid_for);
	proposal->statements = split(TextDatumGetCString(sql));
	proposal->findings =
		ask("SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(f) OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object("
			"'action', a.action, 'requires_approval', a.requires_approval)), '[]')"
			" FROM wishflags.migration_breaking_check($1, $2) f, LATERAL wishflags.guard_action(f.rule, f.object, f.evidence) a",
			sql, options.check);
	proposal->estimate =
		ask("SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(e)), '[]') FROM wishflags.migration_estimate($1, $2) e",
			sql, none);
	proposal->has_rollback = options.rollback;
	if (options.rollback)
		proposal->rollback_sql = ask("SELECT wishflags.migration_rollback_sql($1, $2)", sql, none);
}

/*
 * Options of the check with which it finds more, or the same.  The others, such
 * as those that leave rules out or say how large tables are, would let the
 * author decide who must approve.
 */
static void
need_more_only(Jsonb *check)
{
	static const char *const known[] = {
		"assume_populated", "in_transaction", "platform", "required_columns", "validate_data", "validate_timeout"
	};
	JsonbIterator *it = JsonbIteratorInit(&check->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char	   *key = token == WJB_KEY ? pnstrdup(value.val.string.val, value.val.string.len) : NULL;
		bool		is_known = key == NULL;

		for (int i = 0; i < lengthof(known); i++)
			is_known = is_known || strcmp(key, known[i]) == 0;
		if (!is_known)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a proposal can't set option \"%s\" of the check", key),
					 errdetail("Who must approve a change depends on what the check finds."),
					 errhint("Options that it can set are assume_populated, in_transaction, platform, required_columns, validate_data and validate_timeout.")));
	}
}

/* The one value of a query, with the rights of the caller. */
static Datum
ask(const char *query, Datum sql, Jsonb *options)
{
	Oid			types[] = {TEXTOID, JSONBOID};
	Datum		values[] = {sql, JsonbPGetDatum(options)};
	bool		isnull;

	if (SPI_execute_with_args(query, lengthof(types), types, values, NULL, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not examine a proposed change");
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
}

/* The trees of a text's statements. */
static void
parse(void *arg)
{
	Parsing    *parsing = arg;

	parsing->statements = raw_parser(parsing->sql, RAW_PARSE_DEFAULT);
}

/* The texts of the statements. */
static List *
split(const char *sql)
{
	Parsing		parsing = {sql, NIL};
	ErrorData  *error = wf_common_try(parse, &parsing);
	List	   *texts = NIL;
	ListCell   *lc;

	/* The place is one in the proposed text, not in the caller's query. */
	if (error)
		ereport(ERROR,
				(errcode(error->sqlerrcode),
				 errmsg("the proposed text does not parse: %s", error->message),
				 errhint("See where: SELECT line, col, message FROM wishflags.migration_breaking_check(%s);",
						 quote_literal_cstr(sql))));
	foreach(lc, parsing.statements)
	{
		RawStmt    *raw = lfirst_node(RawStmt, lc);
		WfGuardSource source = {sql, raw->stmt_location, raw->stmt_len};

		while (isspace((unsigned char) sql[source.location]))
			source.location++;
		source.length = raw->stmt_len > 0 ? raw->stmt_location + raw->stmt_len - source.location :
			strlen(sql + source.location);
		texts = lappend(texts, wf_guard_source_copy(&source));
	}
	if (texts == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the proposed text has no statement"),
				 errhint("Say for example: SELECT wishflags.schema_change_propose('DROP TABLE shop.old_orders', 'ticket 4711');")));
	return texts;
}

/* The parameters are those of propose and amend. */
static uint64
store(const char *query, Proposal *proposal, int64 id)
{
	Oid			types[] = {TEXTOID, TEXTOID, JSONBOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID};
	char		nulls[] = "          ";
	Datum		values[] = {proposal->sql, proposal->reason, proposal->findings, proposal->estimate,
		proposal->rollback_sql, proposal->valid_for,
		CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false)),
		CStringGetTextDatum(GetUserNameFromId(GetOuterUserId(), false)),
	CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)), Int64GetDatum(id)};

	if (!proposal->has_rollback)
		nulls[4] = 'n';
	return wf_approval_run(query, lengthof(types), types, values, nulls);
}

static void
store_statements(int64 id, List *statements)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(id), (Datum) 0, (Datum) 0};

	(void) wf_approval_run("DELETE FROM wishflags.schema_change_statements WHERE change_id = $1", 1, types, values, NULL);
	for (int i = 0; i < list_length(statements); i++)
	{
		values[1] = Int32GetDatum(i + 1);
		values[2] = CStringGetTextDatum(list_nth(statements, i));
		(void) wf_approval_run("INSERT INTO wishflags.schema_change_statements (change_id, ordinal, sql) VALUES ($1, $2, $3)",
							   lengthof(types), types, values, NULL);
	}
}

/* A change that the caller may edit, locked. */
static WfReview
lock_own(int64 id, const char *verb)
{
	WfReview	change = wf_review_lock(&wf_approval_kind, id);

	wf_review_need_author(&change, verb);
	if (strcmp(change.state, "withdrawn") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema change %lld is withdrawn", (long long) id),
				 errhint("Propose it again: SELECT wishflags.schema_change_propose('...', 'the reason');")));
	return change;
}

/* Whether a statement of a change was run, or more. */
static bool
has_run(int64 id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};

	return wf_approval_run("SELECT FROM wishflags.schema_change_statements WHERE change_id = $1 AND executed_at IS NOT NULL",
						   1, types, values, NULL) > 0;
}
