/*
 * registry_wire.c: the frame that Confluent's serializers put around a
 * message: a zero byte, the schema's id in four bytes, for Protobuf the place
 * of the message in its file, then the payload.
 *
 * Source: Confluent's documentation, "Wire format".
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "schema/registry.h"

PG_FUNCTION_INFO_V1(wf_registry_wire);
PG_FUNCTION_INFO_V1(wf_registry_wire_read);

#define MAGIC 0
#define HEADER_SIZE 5
#define MAX_VARINT 10

static void append_varint(StringInfo buf, int64 value);
static void append_index(StringInfo buf, ArrayType *index);
static bool read_varint(const uint8 **at, const uint8 *end, int64 *value);
static ArrayType *read_index(const uint8 **at, const uint8 *end);
pg_noreturn static void malformed(const char *detail);

/* registry_wire(schema_id int, payload bytea, format text, message_index int[]) -> bytea */
Datum
wf_registry_wire(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	uint32		id = pg_hton32(PG_GETARG_INT32(0));
	bytea	   *payload = PG_GETARG_BYTEA_PP(1);
	const WfRegistryFormat *format = wf_schema_registry_format(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	bytea	   *result;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, MAGIC);
	appendBinaryStringInfo(&buf, (char *) &id, sizeof(id));
	if (format->has_index)
		append_index(&buf, PG_GETARG_ARRAYTYPE_P(3));
	appendBinaryStringInfo(&buf, VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload));
	result = palloc(VARHDRSZ + buf.len);
	SET_VARSIZE(result, VARHDRSZ + buf.len);
	memcpy(VARDATA(result), buf.data, buf.len);
	PG_RETURN_BYTEA_P(result);
}

/*
 * registry_wire_read(message bytea, format text), one row (schema_id int,
 * message_index int[], payload bytea).
 *
 * Raises invalid_binary_representation for a message without the frame.
 */
Datum
wf_registry_wire_read(PG_FUNCTION_ARGS)
{
	bytea	   *message = PG_GETARG_BYTEA_PP(0);
	const WfRegistryFormat *format = wf_schema_registry_format(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	const uint8 *at = (const uint8 *) VARDATA_ANY(message);
	const uint8 *end = at + VARSIZE_ANY_EXHDR(message);
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false};
	uint32		id;
	bytea	   *payload;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (end - at < HEADER_SIZE)
		malformed("It is shorter than the five bytes of the frame.");
	if (*at != MAGIC)
		malformed(psprintf("It begins with byte %d, not with 0.", *at));
	memcpy(&id, at + 1, sizeof(id));
	at += HEADER_SIZE;
	nulls[1] = !format->has_index;
	if (format->has_index)
		values[1] = PointerGetDatum(read_index(&at, end));
	payload = palloc(VARHDRSZ + (end - at));
	SET_VARSIZE(payload, VARHDRSZ + (end - at));
	memcpy(VARDATA(payload), at, end - at);
	values[0] = Int32GetDatum((int32) pg_ntoh32(id));
	values[2] = PointerGetDatum(payload);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* The first message of a file, the usual one, is a single zero. */
static void
append_index(StringInfo buf, ArrayType *index)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(index, INT4OID, sizeof(int32), true, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i] || DatumGetInt32(elements[i]) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("message_index must hold places from 0")));
	}
	if (n == 0 || (n == 1 && DatumGetInt32(elements[0]) == 0))
	{
		append_varint(buf, 0);
		return;
	}
	append_varint(buf, n);
	for (int i = 0; i < n; i++)
		append_varint(buf, DatumGetInt32(elements[i]));
}

/* Zigzag and seven bits a byte, the lowest first. */
static void
append_varint(StringInfo buf, int64 value)
{
	uint64		rest = (uint64) value << 1;

	while (rest >= 0x80)
	{
		appendStringInfoChar(buf, (char) (rest | 0x80));
		rest >>= 7;
	}
	appendStringInfoChar(buf, (char) rest);
}

static ArrayType *
read_index(const uint8 **at, const uint8 *end)
{
	int64		n;
	Datum	   *elements;

	if (!read_varint(at, end, &n) || n < 0 || n > end - *at)
		malformed("The place of its message in the file is damaged.");
	elements = palloc0((n + 1) * sizeof(Datum));
	for (int64 i = 0; i < n; i++)
	{
		int64		value;

		if (!read_varint(at, end, &value) || value < 0 || value > PG_INT32_MAX)
			malformed("The place of its message in the file is damaged.");
		elements[i] = Int32GetDatum((int32) value);
	}
	/* None is short for the first. */
	return construct_array(elements, Max((int) n, 1), INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

static bool
read_varint(const uint8 **at, const uint8 *end, int64 *value)
{
	uint64		raw = 0;

	for (int i = 0; i < MAX_VARINT && *at < end; i++)
	{
		uint8		byte = *(*at)++;

		raw |= (uint64) (byte & 0x7F) << (7 * i);
		if (byte < 0x80)
		{
			*value = (int64) (raw >> 1) ^ -(int64) (raw & 1);
			return true;
		}
	}
	return false;
}

static void
malformed(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("not a message in the wire format of a schema registry"),
			 errdetail("%s", detail)));
}
