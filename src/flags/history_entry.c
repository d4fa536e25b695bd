/*
 * history_entry.c: rows of flag_audit, and the chains that they form.
 *
 * What is hashed is written in SQL as well, in audit_hash(), by which anybody
 * can verify a chain without this library.  A statement may bring a million
 * rows, so they are made and added one after the other without a query.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/hashfn.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "common/append.h"
#include "common/extension.h"
#include "common/reason.h"
#include "common/write.h"
#include "flags/history_entry.h"
#include "flags/json.h"
#include "flags/row.h"

/* Columns of flag_audit. */
enum
{
	AUDIT_KIND,
	AUDIT_KEY,
	AUDIT_ORDINAL,
	AUDIT_OCCURRED_AT,
	AUDIT_ACTION,
	AUDIT_OVERRIDE_KIND,
	AUDIT_OVERRIDE_KEY,
	AUDIT_VERSION,
	AUDIT_BEFORE,
	AUDIT_AFTER,
	AUDIT_CHANGED,
	AUDIT_REASON,
	AUDIT_ACTING_ROLE,
	AUDIT_OUTER_ROLE,
	AUDIT_LOGIN_ROLE,
	AUDIT_APPLICATION_NAME,
	AUDIT_CLIENT_ADDR,
	AUDIT_TXID,
	AUDIT_HASH,
	AUDIT_COLUMNS
};

/* Columns that count or tell who and when; what changes them alone is no change. */
static const char *const uncounted[] = {"version", "created_at", "updated_at", "created_by", "updated_by"};

/* Where a chain ends by now. */
typedef struct ChainEnd
{
	WfString	key;
	int64		ordinal;		/* 0: it is empty */
	uint8		hash[PG_SHA256_DIGEST_LENGTH];
	uint32		key_hash;
	char		status;
} ChainEnd;

#define SH_PREFIX chain_table
#define SH_ELEMENT_TYPE ChainEnd
#define SH_KEY_TYPE WfString
#define SH_KEY key
#define SH_HASH_KEY(tb, k) hash_bytes((const unsigned char *) (k).data, (k).len)
#define SH_EQUAL(tb, a, b) wf_flags_strings_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->key_hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct WfAuditWriter
{
	const WfAuditedTable *table;
	TupleDesc	desc;
	MemoryContext context;		/* for as long as the writer */
	MemoryContext row_context;
	FmgrInfo	to_jsonb;		/* of the table's rows */
	chain_table_hash *chains;	/* that were added to */
	bool		authored;		/* what all rows have in common is filled in */
	Datum		values[AUDIT_COLUMNS];
	bool		nulls[AUDIT_COLUMNS];
	bool		appending;
	WfAppend	append;
};

static void fill_author(WfAuditWriter *writer);
static void set_text(WfAuditWriter *writer, int column, const char *text);
static Datum row_to_jsonb(WfAuditWriter *writer, HeapTuple row, bool *isnull);
static ChainEnd *chain_end(WfAuditWriter *writer, WfString key);
static void read_end(const char *kind, ChainEnd *end);
static Datum changed_columns(Jsonb *before, Jsonb *after);
static bool is_counted(WfString name);
static int	compare_names(const void *a, const void *b);
static void hash_entry(WfAuditWriter *writer, ChainEnd *end);
static void push_text(JsonbParseState **state, const WfAuditWriter *writer, int column);
static void push_integer(JsonbParseState **state, int64 number);
static void push_names(JsonbParseState **state, Datum names);

/* Begins to note changes of a table. */
WfAuditWriter *
wf_flags_audit_begin(const WfAuditedTable *table, Relation rel)
{
	WfAuditWriter *writer = palloc0(sizeof(WfAuditWriter));
	Node	   *row = (Node *) makeNullConst(rel->rd_rel->reltype, -1, InvalidOid);

	writer->table = table;
	writer->desc = RelationGetDescr(rel);
	writer->context = CurrentMemoryContext;
	writer->row_context = AllocSetContextCreate(writer->context, "wishflags audited row", ALLOCSET_DEFAULT_SIZES);
	fmgr_info(F_TO_JSONB, &writer->to_jsonb);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(row), InvalidOid, InvalidOid,
											 COERCE_EXPLICIT_CALL), &writer->to_jsonb);
	writer->chains = chain_table_create(writer->context, 8, NULL);
	return writer;
}

/*
 * Notes that a row has come (before is NULL), changed, or gone (after is NULL).
 * A change of nothing is none.
 */
void
wf_flags_audit_add(WfAuditWriter *writer, HeapTuple before, HeapTuple after)
{
	const WfAuditedTable *table = writer->table;
	HeapTuple	row = after ? after : before;
	MemoryContext old;
	Datum	   *values = writer->values;
	bool	   *nulls = writer->nulls;
	ChainEnd   *end;
	WfString	key;
	bool		isnull;

	MemoryContextReset(writer->row_context);
	old = MemoryContextSwitchTo(writer->row_context);
	nulls[AUDIT_VERSION] = true;
	if (table->version && after)
	{
		values[AUDIT_VERSION] = heap_getattr(after, table->version, writer->desc, &isnull);
		nulls[AUDIT_VERSION] = before && values[AUDIT_VERSION] == heap_getattr(before, table->version, writer->desc, &isnull);
	}
	values[AUDIT_BEFORE] = row_to_jsonb(writer, before, &nulls[AUDIT_BEFORE]);
	values[AUDIT_AFTER] = row_to_jsonb(writer, after, &nulls[AUDIT_AFTER]);
	if (before && after &&
		(table->version ? nulls[AUDIT_VERSION]
		 : compareJsonbContainers(&DatumGetJsonbP(values[AUDIT_BEFORE])->root,
								  &DatumGetJsonbP(values[AUDIT_AFTER])->root) == 0))
	{
		MemoryContextSwitchTo(old);
		return;
	}

	values[AUDIT_KEY] = heap_getattr(row, table->key, writer->desc, &isnull);
	key = wf_flags_text_string(values[AUDIT_KEY]);
	end = chain_end(writer, key);
	if (!writer->authored)
		fill_author(writer);
	nulls[AUDIT_OVERRIDE_KIND] = nulls[AUDIT_OVERRIDE_KEY] = table->override_key == 0;
	if (table->override_key)
	{
		values[AUDIT_OVERRIDE_KIND] = heap_getattr(row, table->override_kind, writer->desc, &isnull);
		values[AUDIT_OVERRIDE_KEY] = heap_getattr(row, table->override_key, writer->desc, &isnull);
	}
	values[AUDIT_OCCURRED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	set_text(writer, AUDIT_ACTION, !before ? "insert" : !after ? "delete" : "update");
	values[AUDIT_CHANGED] = changed_columns(before ? DatumGetJsonbP(values[AUDIT_BEFORE]) : NULL,
											after ? DatumGetJsonbP(values[AUDIT_AFTER]) : NULL);
	values[AUDIT_ORDINAL] = Int64GetDatum(++end->ordinal);
	hash_entry(writer, end);
	if (!writer->appending)
	{
		MemoryContextSwitchTo(writer->context);
		wf_common_append_begin(&writer->append, wf_common_relation_oid("flag_audit"), AUDIT_COLUMNS);
		writer->appending = true;
		MemoryContextSwitchTo(writer->row_context);
	}
	wf_common_append_row(&writer->append, values, nulls);
	MemoryContextSwitchTo(old);
}

/* What was noted can be seen from now on. */
void
wf_flags_audit_end(WfAuditWriter *writer)
{
	if (writer->appending)
	{
		wf_common_append_end(&writer->append);
		CommandCounterIncrement();
	}
	MemoryContextDelete(writer->row_context);
	chain_table_destroy(writer->chains);
	pfree(writer);
}

/* Who changes it, from where, and why. */
static void
fill_author(WfAuditWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->context);

	LOCAL_FCINFO(fcinfo, 0);

	set_text(writer, AUDIT_KIND, writer->table->kind);
	set_text(writer, AUDIT_REASON, wf_flags_audit_reason());
	set_text(writer, AUDIT_ACTING_ROLE, wf_common_role_name(GetUserId()));
	set_text(writer, AUDIT_OUTER_ROLE, wf_common_role_name(GetOuterUserId()));
	set_text(writer, AUDIT_LOGIN_ROLE, wf_common_role_name(GetSessionUserId()));
	set_text(writer, AUDIT_APPLICATION_NAME, application_name && application_name[0] ? application_name : NULL);
	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	writer->values[AUDIT_CLIENT_ADDR] = inet_client_addr(fcinfo);
	writer->nulls[AUDIT_CLIENT_ADDR] = fcinfo->isnull;
	writer->values[AUDIT_TXID] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	writer->authored = true;
	MemoryContextSwitchTo(old);
}

static void
set_text(WfAuditWriter *writer, int column, const char *text)
{
	writer->nulls[column] = text == NULL;
	writer->values[column] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

static Datum
row_to_jsonb(WfAuditWriter *writer, HeapTuple row, bool *isnull)
{
	*isnull = row == NULL;
	return row ? FunctionCall1(&writer->to_jsonb, heap_copy_tuple_as_datum(row, writer->desc)) : (Datum) 0;
}

/* Where the chain of a key ends, which nobody else adds to from now on. */
static ChainEnd *
chain_end(WfAuditWriter *writer, WfString key)
{
	ChainEnd   *end = chain_table_lookup(writer->chains, key);
	MemoryContext old;
	WfString	kept;
	bool		found;

	if (end)
		return end;
	old = MemoryContextSwitchTo(writer->context);
	kept.data = pnstrdup(key.data, key.len);
	kept.len = key.len;
	wf_flags_audit_join(writer->table->kind, kept.data);
	end = chain_table_insert(writer->chains, kept, &found);
	read_end(writer->table->kind, end);
	MemoryContextSwitchTo(old);
	return end;
}

/* Where a chain ends may be younger than the transaction's snapshot. */
static void
read_end(const char *kind, ChainEnd *end)
{
	static SPIPlanPtr plan = NULL;
	Datum		values[] = {
		CStringGetTextDatum(kind),
		PointerGetDatum(cstring_to_text_with_len(end->key.data, end->key.len))
	};
	WfWrite		write;

	end->ordinal = 0;
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("flag_audit"));
	if (plan == NULL)
	{
		Oid			types[] = {TEXTOID, TEXTOID};
		SPIPlanPtr	prepared = SPI_prepare_cursor("SELECT ordinal, hash FROM wishflags.flag_audit"
												  " WHERE kind = $1 AND key = $2 ORDER BY ordinal DESC LIMIT 1",
												  lengthof(types), types, CURSOR_OPT_GENERIC_PLAN);

		if (prepared == NULL || SPI_keepplan(prepared) != 0)
			elog(ERROR, "could not prepare a look into flag_audit: %s", SPI_result_code_string(SPI_result));
		plan = prepared;
	}
	if (SPI_execute_snapshot(plan, values, NULL, GetLatestSnapshot(), InvalidSnapshot, true, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read flag_audit");
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		bytea	   *hash;

		end->ordinal = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		hash = DatumGetByteaPP(SPI_getbinval(row, desc, 2, &isnull));
		if (VARSIZE_ANY_EXHDR(hash) != sizeof(end->hash))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("the audit of %s \"%s\" ends with a row that has no proper hash", kind, end->key.data),
					 errhint("See what is wrong with it: SELECT * FROM wishflags.audit_verify();")));
		memcpy(end->hash, VARDATA_ANY(hash), sizeof(end->hash));
	}
	wf_common_write_end(&write);
	SPI_finish();
}

/* The names of the columns that a change is about, in order. */
static Datum
changed_columns(Jsonb *before, Jsonb *after)
{
	Jsonb	   *row = after ? after : before;
	JsonbIterator *it = JsonbIteratorInit(&row->root);
	Datum	   *names = palloc(sizeof(Datum) * Max(JB_ROOT_COUNT(row), 1));
	WfValue		old;
	WfValue		value;
	WfString	name = {NULL, 0};
	JsonbIteratorToken token;
	JsonbValue	json;
	int			count = 0;

	if (before)
		wf_flags_value_from_root(before, &old);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		was;

		if (token == WJB_KEY)
		{
			name.data = json.val.string.val;
			name.len = json.val.string.len;
		}
		if (token != WJB_VALUE || !is_counted(name))
			continue;
		wf_flags_value_from_json(&json, &value);
		if (before && after
			? wf_flags_value_member(&old, name, &was) && wf_flags_values_same(&was, &value)
			: value.type == WF_VALUE_NULL)
			continue;
		names[count++] = PointerGetDatum(cstring_to_text_with_len(name.data, name.len));
	}
	qsort(names, count, sizeof(Datum), compare_names);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static bool
is_counted(WfString name)
{
	for (int i = 0; i < lengthof(uncounted); i++)
	{
		if (wf_flags_strings_equal(wf_flags_string(uncounted[i]), name))
			return false;
	}
	return true;
}

static int
compare_names(const void *a, const void *b)
{
	return wf_flags_strings_compare(wf_flags_text_string(*(const Datum *) a), wf_flags_text_string(*(const Datum *) b));
}

/* The hash of the row, with the one before it; see audit_hash(). */
static void
hash_entry(WfAuditWriter *writer, ChainEnd *end)
{
	TimestampTz epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
	uint64		txid = U64FromFullTransactionId(DatumGetFullTransactionId(writer->values[AUDIT_TXID]));
	WfValue		null = {.type = WF_VALUE_NULL};
	WfValue		address;
	JsonbParseState *state = NULL;
	pg_cryptohash_ctx *sha256 = pg_cryptohash_create(PG_SHA256);
	Jsonb	   *entry;
	char	   *text;
	char	   *utf8;
	bytea	   *hash;

	if (!writer->nulls[AUDIT_CLIENT_ADDR])
		wf_flags_value_set_string(&address, wf_flags_text_string(DirectFunctionCall1(network_show,
																					 writer->values[AUDIT_CLIENT_ADDR])));
	wf_flags_json_open_array(&state, NULL);
	push_text(&state, writer, AUDIT_KIND);
	push_text(&state, writer, AUDIT_KEY);
	push_integer(&state, end->ordinal);
	push_integer(&state, DatumGetTimestampTz(writer->values[AUDIT_OCCURRED_AT]) + epoch);
	push_text(&state, writer, AUDIT_ACTION);
	push_text(&state, writer, AUDIT_OVERRIDE_KIND);
	push_text(&state, writer, AUDIT_OVERRIDE_KEY);
	if (writer->nulls[AUDIT_VERSION])
		push_text(&state, writer, AUDIT_VERSION);
	else
		push_integer(&state, DatumGetInt32(writer->values[AUDIT_VERSION]));
	for (int column = AUDIT_BEFORE; column <= AUDIT_AFTER; column++)
	{
		if (writer->nulls[column])
			push_text(&state, writer, column);
		else
			wf_flags_json_document(&state, NULL, DatumGetJsonbP(writer->values[column]));
	}
	push_names(&state, writer->values[AUDIT_CHANGED]);
	for (int column = AUDIT_REASON; column <= AUDIT_APPLICATION_NAME; column++)
		push_text(&state, writer, column);
	wf_flags_json_value(&state, NULL, writer->nulls[AUDIT_CLIENT_ADDR] ? &null : &address);
	wf_flags_json_text(&state, NULL, psprintf(UINT64_FORMAT, txid));
	entry = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
	text = JsonbToCString(NULL, &entry->root, VARSIZE(entry));
	utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);
	if (sha256 == NULL || pg_cryptohash_init(sha256) < 0 ||
		(end->ordinal > 1 && pg_cryptohash_update(sha256, end->hash, sizeof(end->hash)) < 0) ||
		pg_cryptohash_update(sha256, (uint8 *) utf8, strlen(utf8)) < 0 ||
		pg_cryptohash_final(sha256, end->hash, sizeof(end->hash)) < 0)
		elog(ERROR, "could not compute a hash: %s", pg_cryptohash_error(sha256));
	pg_cryptohash_free(sha256);
	hash = palloc(VARHDRSZ + sizeof(end->hash));
	SET_VARSIZE(hash, VARHDRSZ + sizeof(end->hash));
	memcpy(VARDATA(hash), end->hash, sizeof(end->hash));
	writer->values[AUDIT_HASH] = PointerGetDatum(hash);
}

static void
push_text(JsonbParseState **state, const WfAuditWriter *writer, int column)
{
	WfValue		value = {.type = WF_VALUE_NULL};

	if (!writer->nulls[column])
		wf_flags_value_set_string(&value, wf_flags_text_string(writer->values[column]));
	wf_flags_json_value(state, NULL, &value);
}

static void
push_integer(JsonbParseState **state, int64 number)
{
	WfValue		value = {.type = WF_VALUE_NUMBER,.u.number.exact = int64_to_numeric(number)};

	wf_flags_json_value(state, NULL, &value);
}

static void
push_names(JsonbParseState **state, Datum names)
{
	Datum	   *elements;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	wf_flags_json_open_array(state, NULL);
	for (int i = 0; i < count; i++)
		wf_flags_json_string(state, NULL, wf_flags_text_string(elements[i]));
	wf_flags_json_close_array(state);
}
