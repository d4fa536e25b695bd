/*
 * change_protect.c: what change_policies protects changes by approved requests
 * only.
 *
 * A request that is applied lets its changes pass, and so does wishflags.bypass,
 * which is for superusers and for roles that were given it.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "common/extension.h"
#include "common/reason.h"
#include "common/review.h"
#include "common/write.h"
#include "flags/change.h"
#include "flags/document.h"
#include "flags/experiment.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"

PG_FUNCTION_INFO_V1(wf_change_protect);

/* A table whose rows may be protected. */
typedef struct ProtectedTable
{
	const char *name;
	const char *what;			/* a flag, segment or document is protected */
	const char *message;		/* of a refusal; %s is the key */
	const char *example;		/* what is proposed instead; %s is the key */
	int			key;			/* column: of the flag or segment */
	int			restored;		/* column that only a restored row brings */
	int			tags;			/* column; 0: there is none */
	int			uncounted;		/* column that is no change; 0: there is none */
} ProtectedTable;

static const ProtectedTable tables[] = {
	{WF_FLAGS_TABLE, "flag", "flag \"%s\" changes by approved requests only", "{\"flags\": {\"%s\": {...}}}",
	Anum_wf_flags_key, Anum_wf_flags_version, Anum_wf_flags_tags, 0},
	{WF_OVERRIDES_TABLE, "flag", "overrides of flag \"%s\" change by approved requests only", "{\"overrides\": {\"%s\": {...}}}",
	Anum_wf_overrides_flag, Anum_wf_overrides_created_at, 0, 0},
	{WF_EXPERIMENTS_TABLE, "flag", "experiments on flag \"%s\" change by approved requests only", "{\"experiments\": {...}}",
	Anum_wf_experiments_flag, Anum_wf_experiments_created_at, 0, 0},
	{WF_SEGMENTS_TABLE, "segment", "segment \"%s\" changes by approved requests only", "{\"segments\": {\"%s\": {...}}}",
	Anum_wf_segments_key, Anum_wf_segments_version, 0, Anum_wf_segments_refreshed_at},
	{WF_DOCUMENTS_TABLE, "document", "document \"%s\" has flags that change by approved requests only",
		"{\"documents\": {\"%s\": {\"document\": {...}}}}",
	Anum_wf_documents_name, Anum_wf_documents_version, 0, 0},
};

static const ProtectedTable *protected_table(FunctionCallInfo fcinfo);
static bool changes_something(const ProtectedTable *table, TriggerData *data);
static void need_free(FunctionCallInfo fcinfo, const ProtectedTable *table, HeapTuple row);
static const ProtectedTable *made_by_import(const ProtectedTable *table, FunctionCallInfo fcinfo, HeapTuple row, Datum *key);
static SPIPlanPtr policy_plan(const ProtectedTable *table);
static char *policy_of(const ProtectedTable *table, Datum key, Datum tags, char **reason);
pg_noreturn static void refuse(const ProtectedTable *table, const char *key, const char *policy, const char *reason);
static char *with_key(const char *text, const char *key);
static void refuse_truncate(const ProtectedTable *table);

/*
 * change_protect(), BEFORE INSERT, UPDATE or DELETE by row on flags,
 * flag_overrides, segments, experiments and flag_documents, and BEFORE TRUNCATE by
 * statement.
 *
 * A flag that gets a tag, or loses it, is looked at with both lists.
 */
Datum
wf_change_protect(PG_FUNCTION_ARGS)
{
	const ProtectedTable *table = protected_table(fcinfo);
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	before = TRIGGER_FIRED_BY_INSERT(data->tg_event) ? NULL : data->tg_trigtuple;
	HeapTuple	after = TRIGGER_FIRED_BY_INSERT(data->tg_event) ? data->tg_trigtuple :
	TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : NULL;
	bool		isnull;

	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
	{
		if (!wf_change_is_applied() && !wf_common_bypass())
			refuse_truncate(table);
		return PointerGetDatum(NULL);
	}
	if (wf_change_is_applied() || wf_common_bypass())
		return PointerGetDatum(after ? after : before);
	(void) heap_getattr(after ? after : before, table->restored, RelationGetDescr(data->tg_relation), &isnull);
	if (!before && !isnull)
		return PointerGetDatum(after);
	if (before && after && !changes_something(table, data))
		return PointerGetDatum(after);
	if (before)
		need_free(fcinfo, table, before);
	if (after)
		need_free(fcinfo, table, after);
	return PointerGetDatum(after ? after : before);
}

static const ProtectedTable *
protected_table(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	for (int i = 0; i < lengthof(tables) && CALLED_AS_TRIGGER(fcinfo); i++)
	{
		if (RelationGetRelid(data->tg_relation) != wf_common_relation_oid(tables[i].name))
			continue;
		if (!TRIGGER_FIRED_BEFORE(data->tg_event) ||
			(!TRIGGER_FIRED_FOR_ROW(data->tg_event) && !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)))
			break;
		return &tables[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("this function is a trigger before changes of flags, overrides, segments, experiments and documents")));
	return NULL;				/* keep compiler quiet */
}

static bool
changes_something(const ProtectedTable *table, TriggerData *data)
{
	bool		changed = false;

	for (int i = 1; i <= RelationGetDescr(data->tg_relation)->natts && !changed; i++)
		changed = i != table->uncounted && wf_flags_trigger_changed(data, i);
	return changed;
}

/*
 * Raises object_not_in_prerequisite_state where the row is protected.  Rows
 * without tags of their own are asked about once for all of a statement that
 * have the same key.
 */
static void
need_free(FunctionCallInfo fcinfo, const ProtectedTable *table, HeapTuple row)
{
	TupleDesc	desc = RelationGetDescr(((TriggerData *) fcinfo->context)->tg_relation);
	bool		isnull;
	Datum		tags = (Datum) 0;
	Datum		key = heap_getattr(row, table->key, desc, &isnull);
	WfString	name;
	char	   *policy;
	char	   *reason;

	/* What is NULL by mistake is refused by the table's own constraints. */
	if (isnull)
		return;
	name = wf_flags_text_string(key);
	if (table->tags == 0 && wf_flags_trigger_is_last_key(fcinfo->flinfo, name))
		return;
	if (table->tags && table->tags <= desc->natts)
		tags = heap_getattr(row, table->tags, desc, &isnull);
	policy = policy_of(table, key, isnull ? (Datum) 0 : tags, &reason);
	if (policy)
	{
		table = made_by_import(table, fcinfo, row, &key);
		refuse(table, TextDatumGetCString(key), policy, reason);
	}
	if (table->tags == 0)
		wf_flags_trigger_keep_key(fcinfo->flinfo, name);
}

/*
 * What is refused of a row: where an import makes a flag, the document, whose
 * name becomes the key.
 */
static const ProtectedTable *
made_by_import(const ProtectedTable *table, FunctionCallInfo fcinfo, HeapTuple row, Datum *key)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	bool		isnull = true;
	Datum		document = (Datum) 0;

	if (strcmp(table->name, WF_FLAGS_TABLE) == 0 && TRIGGER_FIRED_BY_INSERT(data->tg_event) && Anum_wf_flags_document <= desc->natts)
		document = heap_getattr(row, Anum_wf_flags_document, desc, &isnull);
	if (isnull)
		return table;
	*key = document;
	for (int i = 0; i < lengthof(tables); i++)
	{
		if (strcmp(tables[i].name, WF_DOCUMENTS_TABLE) == 0)
			table = &tables[i];
	}
	return table;
}

/*
 * The plan for one of the tables, made once a session: it is asked with each
 * change of a flag.  Segments have no tags and are asked about without the
 * table of flags, which somebody may have locked.
 */
static SPIPlanPtr
policy_plan(const ProtectedTable *table)
{
	static const char *const queries[] = {
		"SELECT p.name, p.reason FROM wishflags.change_policies p"
		" WHERE p.protected AND p.enabled AND CASE $3 WHEN 'document' THEN EXISTS ("
		"  SELECT FROM wishflags.flags f WHERE f.document = $1 AND f.key LIKE p.key_pattern AND (p.tags IS NULL OR p.tags && f.tags))"
		" ELSE $1 LIKE p.key_pattern AND (p.tags IS NULL"
		"  OR p.tags && COALESCE($2, (SELECT f.tags FROM wishflags.flags f WHERE f.key = $1))) END"
		" AND (p.environments IS NULL OR current_setting('wishflags.environment', true) = ANY (p.environments))"
		" ORDER BY p.name LIMIT 1",
		"SELECT p.name, p.reason FROM wishflags.change_policies p"
		" WHERE p.protected AND p.enabled AND $1 LIKE p.key_pattern AND p.tags IS NULL AND $2 IS NULL AND $3 = 'segment'"
		" AND (p.environments IS NULL OR current_setting('wishflags.environment', true) = ANY (p.environments))"
		" ORDER BY p.name LIMIT 1",
	};
	static SPIPlanPtr kept[lengthof(queries)];
	Oid			types[] = {TEXTOID, TEXTARRAYOID, TEXTOID};
	int			n = strcmp(table->what, "segment") == 0;

	if (kept[n] == NULL)
	{
		SPIPlanPtr	plan = SPI_prepare_cursor(queries[n], lengthof(types), types, CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a look into change_policies: %s", SPI_result_code_string(SPI_result));
		kept[n] = plan;
	}
	return kept[n];
}

/* The policy that protects a key, in the caller's memory, or NULL. */
static char *
policy_of(const ProtectedTable *table, Datum key, Datum tags, char **reason)
{
	Oid			policies = wf_common_relation_oid("change_policies");
	Datum		values[] = {key, tags, CStringGetTextDatum(table->what)};
	char		nulls[] = {' ', tags ? ' ' : 'n', ' '};
	MemoryContext caller = CurrentMemoryContext;
	char	   *policy = NULL;
	WfWrite		write;

	/* The SQL of an older version of the extension knows no policies. */
	if (!OidIsValid(policies))
		return NULL;
	SPI_connect();
	wf_common_write_begin(&write, policies);
	if (SPI_execute_plan(policy_plan(table), values, nulls, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read change_policies");
	wf_common_write_end(&write);
	if (SPI_processed > 0)
	{
		policy = MemoryContextStrdup(caller, wf_review_value(0, 1));
		*reason = MemoryContextStrdup(caller, wf_review_value(0, 2));
	}
	SPI_finish();
	return policy;
}

static void
refuse(const ProtectedTable *table, const char *key, const char *policy, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_internal("%s", with_key(table->message, key)),
			 errdetail("Policy \"%s\" says so (%s).", policy, reason),
			 errhint("Propose the change: SELECT wishflags.change_propose('%s', 'the reason');", with_key(table->example, key))));
}

/* Puts a key in the place of %s, if there is one. */
static char *
with_key(const char *text, const char *key)
{
	const char *place = strstr(text, "%s");

	return place ? psprintf("%.*s%s%s", (int) (place - text), text, key, place + 2) : pstrdup(text);
}

/* TRUNCATE asks about no row: it waits for no policy to protect anything. */
static void
refuse_truncate(const ProtectedTable *table)
{
	char	   *policy = NULL;

	if (!OidIsValid(wf_common_relation_oid("change_policies")))
		return;
	SPI_connect();
	if (wf_review_run(&wf_change_kind, "SELECT p.name FROM wishflags.change_policies p WHERE p.protected AND p.enabled"
					  " AND (p.environments IS NULL OR current_setting('wishflags.environment', true) = ANY (p.environments))"
					  " ORDER BY p.name LIMIT 1", 0, NULL, NULL, NULL) > 0)
		policy = wf_review_value(0, 1);
	if (policy)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" can't be truncated while change policies protect rows", table->name),
				 errdetail("Policy \"%s\" does.", policy),
				 errhint("Delete the rows that are not protected: DELETE FROM wishflags.%s WHERE ...;", table->name)));
	SPI_finish();
}
