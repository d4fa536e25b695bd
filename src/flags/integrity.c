/*
 * integrity.c: what has to hold between flags and overrides.
 *
 * The statements run as the owner of the tables: whoever may change one table
 * need not be allowed to read the other.  They see what is committed by now,
 * as foreign keys do, also in a REPEATABLE READ transaction.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"
#include "flags/cache.h"
#include "flags/eval.h"
#include "flags/integrity.h"
#include "flags/row.h"
#include "flags/tables.h"

pg_noreturn static void report_used(WfString flag, const char *message, const char *key, const char *kind);
static void begin_statement(WfWrite *write, const char *table);
static void end_statement(WfWrite *write);
static void run_statement(const char *sql, const WfString *key, bool latest, int expected);

/*
 * Locks a flag's row against being changed and compiles it.  NULL where the
 * flag does not exist or has no valid definition.
 */
WfProgram *
wf_flags_lock_flag(WfString key, bool *exists, WfClosed *closed)
{
	MemoryContext caller = CurrentMemoryContext;
	WfSource	source = {0};
	const WfDialect *dialect = NULL;
	WfProgram  *program = NULL;
	WfFault		fault;
	WfWrite		write;
	bool		valid = false;

	wf_flags_cache_ensure();
	begin_statement(&write, WF_FLAGS_TABLE);
	run_statement("SELECT * FROM wishflags.flags"
				  " WHERE key OPERATOR(pg_catalog.=) $1 FOR SHARE",
				  &key, false, SPI_OK_SELECT);
	*exists = SPI_processed > 0;
	closed->why = WF_CLOSED_NOT;
	if (*exists)
	{
		Datum		values[Natts_wf_flags];
		bool		nulls[Natts_wf_flags];
		MemoryContext spi;

		wf_flags_deform(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, Natts_wf_flags, values, nulls);
		spi = MemoryContextSwitchTo(caller);
		valid = wf_flags_source_from_row(values, nulls, wf_flags_row_document(values, nulls), &source, &dialect, &fault) &&
			(nulls[Anum_wf_flags_document - 1] || source.shared);
		*closed = wf_flags_closed(values, nulls);
		source.key = key;
		source.enabled = DatumGetBool(values[Anum_wf_flags_enabled - 1]);
		if (!nulls[Anum_wf_flags_definition - 1])
			source.definition = DatumGetJsonbPCopy(values[Anum_wf_flags_definition - 1]);
		MemoryContextSwitchTo(spi);
	}
	end_statement(&write);
	if (valid)
		program = dialect->compile(&source, &fault);
	return program;
}

/*
 * Tells why a flag that is enabled is off all the same: an error where it is
 * archived, a WARNING where it expired.
 */
void
wf_flags_check_serving(WfString key)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	WfWrite		write;
	WfClosed	closed = {WF_CLOSED_NOT, 0};
	TimestampTz until = DT_NOEND;

	begin_statement(&write, WF_FLAGS_TABLE);
	run_statement("SELECT * FROM wishflags.flags WHERE key OPERATOR(pg_catalog.=) $1",
				  &key, false, SPI_OK_SELECT);
	if (SPI_processed > 0)
	{
		wf_flags_deform(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, Natts_wf_flags, values, nulls);
		closed = wf_flags_closed(values, nulls);
		until = wf_flags_enabled_until(values, nulls);
	}
	end_statement(&write);

	if (closed.why == WF_CLOSED_ARCHIVED)
		wf_flags_report_closed(key, closed);
	if (!TIMESTAMP_IS_NOBEGIN(until) && until <= GetCurrentTransactionStartTimestamp())
		ereport(WARNING,
				(errmsg("flag \"%.*s\" is off all the same", key.len, key.data),
				 errdetail("It expired at %s.", timestamptz_to_str(until)),
				 errhint("Let it live on: SELECT wishflags.flag_expire(%s, now() + '30 days', 'disable');",
						 quote_literal_cstr(pnstrdup(key.data, key.len)))));
}

/*
 * Refuses that overrides of a flag go away, or (NULL) of all flags, where it
 * can't be changed.  It is looked at as it is committed by now, without a lock:
 * who deletes an override holds that, and waits for nobody who deletes the flag.
 */
void
wf_flags_refuse_closed(const WfString *key)
{
	WfWrite		write;

	begin_statement(&write, WF_FLAGS_TABLE);
	run_statement(key ? "SELECT * FROM wishflags.flags WHERE key OPERATOR(pg_catalog.=) $1"
				  : "SELECT f.* FROM wishflags.flags f WHERE (f.archived_at IS NOT NULL OR f.expires_at IS NOT NULL)"
				  " AND EXISTS (SELECT FROM wishflags.flag_overrides o WHERE o.flag OPERATOR(pg_catalog.=) f.key) ORDER BY f.key",
				  key, true, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum		values[Natts_wf_flags];
		bool		nulls[Natts_wf_flags];
		WfClosed	closed;

		wf_flags_deform(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, Natts_wf_flags, values, nulls);
		closed = wf_flags_closed(values, nulls);
		if (closed.why != WF_CLOSED_NOT)
			wf_flags_report_closed(wf_flags_text_string(values[Anum_wf_flags_key - 1]), closed);
	}
	end_statement(&write);
}

/*
 * Refuses a definition without a variant that an override gives, and one whose
 * variants are of another type than the value that an override serves.
 */
void
wf_flags_check_overrides(WfString key, const WfProgram *program)
{
	const char *type = wf_flags_variants_type(program);
	WfWrite		write;

	begin_statement(&write, WF_OVERRIDES_TABLE);
	/* The SQL of an older version of the extension knows variants only. */
	run_statement(get_attnum(wf_common_relation_oid(WF_OVERRIDES_TABLE), "value") == InvalidAttrNumber
				  ? "SELECT variant, NULL, pg_catalog.min(key), 'user' FROM wishflags.flag_overrides"
				  " WHERE flag OPERATOR(pg_catalog.=) $1 GROUP BY variant ORDER BY variant"
				  : "SELECT variant, pg_catalog.jsonb_typeof(value), pg_catalog.min(key), context_kind FROM wishflags.flag_overrides"
				  " WHERE flag OPERATOR(pg_catalog.=) $1 AND NOT deny GROUP BY 1, 2, 4 ORDER BY 1, 2, 4",
				  &key, true, SPI_OK_SELECT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		const char *variant = SPI_getvalue(row, desc, 1);
		const char *value_type = SPI_getvalue(row, desc, 2);

		if (variant && wf_flags_variant_index(program, wf_flags_string(variant)) == WF_VARIANT_NONE)
			report_used(key, psprintf("variant \"%s\" of flag \"%.*s\" is used by an override", variant, key.len, key.data), SPI_getvalue(row, desc, 3), SPI_getvalue(row, desc, 4));
		if (value_type && type && strcmp(value_type, type) != 0)
			report_used(key, psprintf("an override of flag \"%.*s\" has a value of type %s", key.len, key.data, value_type), SPI_getvalue(row, desc, 3), SPI_getvalue(row, desc, 4));
	}
	end_statement(&write);
}

/* What SQL calls the type of a value. */
const char *
wf_flags_value_type(Jsonb *value)
{
	if (JB_ROOT_IS_SCALAR(value))
		return JsonbTypeName(getIthJsonbValueFromContainer(&value->root, 0));
	return JB_ROOT_IS_ARRAY(value) ? "array" : "object";
}

/* The type that the values of all variants have but for null, or NULL. */
const char *
wf_flags_variants_type(const WfProgram *program)
{
	const char *common = NULL;

	for (int i = 0; i < program->nvariants; i++)
	{
		const char *type = wf_flags_value_type(wf_flags_variant_value(program, i));

		if (strcmp(type, "null") == 0)
			continue;
		if (common && strcmp(type, common) != 0)
			return NULL;
		common = type;
	}
	return common;
}

/*
 * Deletes the overrides of a flag, or of all flags.  In a REPEATABLE READ
 * transaction one that it can't see is a serialization failure.
 */
void
wf_flags_delete_overrides(const WfString *flag)
{
	WfWrite		write;

	begin_statement(&write, WF_OVERRIDES_TABLE);
	run_statement(flag ? "DELETE FROM wishflags.flag_overrides WHERE flag OPERATOR(pg_catalog.=) $1"
				  : "DELETE FROM wishflags.flag_overrides",
				  flag, true, SPI_OK_DELETE);
	end_statement(&write);
}

/* Raises that a flag does not exist. */
void
wf_flags_report_unknown(WfString key)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("flag \"%.*s\" does not exist", key.len, key.data),
			 errhint("Create it: SELECT wishflags.flag_create(%s);",
					 quote_literal_cstr(pnstrdup(key.data, key.len)))));
}

static void
report_used(WfString flag, const char *message, const char *key, const char *kind)
{
	const char *flag_name = pnstrdup(flag.data, flag.len);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg_internal("%s", message),
			 errhint("Unset the override first: SELECT wishflags.flag_override_unset(%s, %s%s%s);",
					 quote_literal_cstr(flag_name), quote_literal_cstr(key),
					 strcmp(kind, WF_KIND_USER) == 0 ? "" : ", ",
					 strcmp(kind, WF_KIND_USER) == 0 ? "" : quote_literal_cstr(kind))));
}

static void
begin_statement(WfWrite *write, const char *table)
{
	wf_common_write_begin(write, wf_common_relation_oid(table));
	SPI_connect();
}

static void
end_statement(WfWrite *write)
{
	SPI_finish();
	wf_common_write_end(write);
}

/*
 * Runs a statement; its parameter is a flag's key.  With the latest snapshot
 * it may not change rows that the transaction's own snapshot can't see.
 */
static void
run_statement(const char *sql, const WfString *key, bool latest, int expected)
{
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {(Datum) 0};
	SPIPlanPtr	plan = SPI_prepare(sql, key ? 1 : 0, types);
	Snapshot	snapshot = InvalidSnapshot;
	Snapshot	crosscheck = InvalidSnapshot;

	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", sql);
	if (key)
		values[0] = PointerGetDatum(cstring_to_text_with_len(key->data, key->len));
	if (latest)
	{
		snapshot = GetLatestSnapshot();
		if (IsolationUsesXactSnapshot())
			crosscheck = GetTransactionSnapshot();
	}
	if (SPI_execute_snapshot(plan, values, NULL, snapshot, crosscheck, false, true, 0) != expected)
		elog(ERROR, "could not run: %s", sql);
}
