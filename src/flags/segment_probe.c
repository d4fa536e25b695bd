/*
 * segment_probe.c: segments whose keys are in a table.
 *
 * A key is looked up through a unique index of built-in operators, under the
 * active snapshot: without SPI, so that the look-up costs what it does in a
 * join, and without any expression of a user, so that nothing of theirs runs
 * with the rights of somebody else.  Row security and rights of the one who
 * evaluates are not looked at; those of the definer are, whenever the table,
 * its rights or any role has changed.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"
#include "utils/varlena.h"

#include "common/extension.h"
#include "flags/segment_probe.h"
#include "flags/tables.h"

static WfProbeFault find_table(WfProbe *probe, const WfSegmentSource *source, const char *definer);
static WfProbeFault check_relation(WfProbe *probe, Relation rel);
static WfProbeFault check_rights(const WfProbe *probe, Oid definer);
static Oid	unique_index(Relation rel, AttrNumber attnum);
static bool index_fits(Relation index, AttrNumber attnum);
static bool key_datum(Oid type, WfString key, Datum *datum);
static bool parse_integer(WfString key, int64 min, int64 max, int64 *number);
static bool is_uuid(WfString key);
static bool search(WfProbe *probe, Relation rel, Relation index, Datum *keys, int nkeys);

/*
 * Looks the table, its index and the definer's rights up.  The keys that a
 * query returned are in a table of the extension.
 */
void
wf_flags_probe_resolve(WfProbe *probe, const WfSegmentSource *source, const char *definer)
{
	memset(probe, 0, sizeof(WfProbe));
	/* An invalidation message that arrives meanwhile takes it back. */
	probe->resolved = true;
	if (source->kind == WF_SEGMENT_TABLE)
	{
		probe->fault = find_table(probe, source, definer);
		return;
	}
	probe->relid = wf_common_relation_oid(WF_SEGMENT_MEMBERS_TABLE);
	probe->indexid = wf_common_relation_oid(WF_SEGMENT_MEMBERS_INDEX);
	probe->type = TEXTOID;
	probe->by_segment = true;
	if (!OidIsValid(probe->relid) || !OidIsValid(probe->indexid))
		probe->fault = WF_PROBE_NO_TABLE;
}

/* Whether the table holds a key; *error says that it can't be looked into. */
bool
wf_flags_probe_holds(WfProbe *probe, WfString segment, WfString key, WfErrorCode *error)
{
	Relation	rel;
	Relation	index = NULL;
	Datum		keys[2];
	int			nkeys = 0;
	bool		found = false;

	*error = WF_ERROR_GENERAL;
	if (probe->fault != WF_PROBE_FINE)
		return false;
	rel = try_table_open(probe->relid, AccessShareLock);
	if (rel)
		index = try_relation_open(probe->indexid, AccessShareLock);
	/* Waiting for the locks may have brought the news that all is different. */
	if (index && probe->resolved)
	{
		*error = WF_ERROR_NONE;
		if (probe->by_segment)
			keys[nkeys++] = PointerGetDatum(cstring_to_text_with_len(segment.data, segment.len));
		found = key_datum(probe->type, key, &keys[nkeys]) &&
			search(probe, rel, index, keys, nkeys + 1);
	}
	if (index)
		relation_close(index, NoLock);
	if (rel)
		table_close(rel, NoLock);
	return found;
}

/* A name as a list of its parts; NIL where it is none. */
List *
wf_flags_probe_name(WfString table)
{
	List	   *parts;

	if (!SplitIdentifierString(pnstrdup(table.data, table.len), '.', &parts) || list_length(parts) > 2)
		return NIL;
	return parts;
}

static WfProbeFault
find_table(WfProbe *probe, const WfSegmentSource *source, const char *definer)
{
	List	   *parts = wf_flags_probe_name(source->table);
	Oid			role = definer ? get_role_oid(definer, true) : GetUserId();
	WfProbeFault fault;
	Relation	rel;

	if (!OidIsValid(role))
		return WF_PROBE_NO_DEFINER;
	if (list_length(parts) == 2)
	{
		Oid			schema = get_namespace_oid(linitial(parts), true);

		if (OidIsValid(schema))
			probe->relid = get_relname_relid(lsecond(parts), schema);
	}
	else if (list_length(parts) == 1)
		probe->relid = RelnameGetRelid(linitial(parts));
	if (!OidIsValid(probe->relid))
		return WF_PROBE_NO_TABLE;

	rel = try_relation_open(probe->relid, AccessShareLock);
	if (rel == NULL)
		return WF_PROBE_NO_TABLE;
	probe->attnum = get_attnum(probe->relid, pnstrdup(source->column.data, source->column.len));
	fault = check_relation(probe, rel);
	if (fault == WF_PROBE_FINE)
		fault = check_rights(probe, role);
	relation_close(rel, NoLock);
	return fault;
}

static WfProbeFault
check_relation(WfProbe *probe, Relation rel)
{
	if (rel->rd_rel->relkind != RELKIND_RELATION && rel->rd_rel->relkind != RELKIND_MATVIEW)
		return WF_PROBE_NOT_A_TABLE;
	if (rel->rd_rel->relrowsecurity)
		return WF_PROBE_ROW_SECURITY;
	if (probe->attnum <= 0)
		return WF_PROBE_NO_COLUMN;
	probe->type = TupleDescAttr(RelationGetDescr(rel), probe->attnum - 1)->atttypid;
	switch (probe->type)
	{
		case TEXTOID:
		case VARCHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case UUIDOID:
			break;
		default:
			return WF_PROBE_COLUMN_TYPE;
	}
	probe->indexid = unique_index(rel, probe->attnum);
	return OidIsValid(probe->indexid) ? WF_PROBE_FINE : WF_PROBE_NO_INDEX;
}

static WfProbeFault
check_rights(const WfProbe *probe, Oid definer)
{
	if (pg_class_aclcheck(probe->relid, definer, ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(probe->relid, probe->attnum, definer, ACL_SELECT) == ACLCHECK_OK)
		return WF_PROBE_FINE;
	return WF_PROBE_NO_RIGHT;
}

static Oid
unique_index(Relation rel, AttrNumber attnum)
{
	List	   *indexes = RelationGetIndexList(rel);
	Oid			found = InvalidOid;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index_fits(index, attnum))
			found = RelationGetRelid(index);
		index_close(index, NoLock);
		if (OidIsValid(found))
			break;
	}
	list_free(indexes);
	return found;
}

/* A complete unique index on the column alone, ordered by built-in operators. */
static bool
index_fits(Relation index, AttrNumber attnum)
{
	Form_pg_index form = index->rd_index;

	if (!form->indisunique || !form->indisvalid || !form->indisready || form->indnkeyatts != 1 ||
		form->indkey.values[0] != attnum || index->rd_rel->relam != BTREE_AM_OID ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	/* Operator families of the server's own come before all others. */
	return index->rd_opfamily[0] < FirstNormalObjectId;
}

/* The key as a value of the column's type; false where it can't be one. */
static bool
key_datum(Oid type, WfString key, Datum *datum)
{
	int64		number;

	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			*datum = PointerGetDatum(cstring_to_text_with_len(key.data, key.len));
			return true;
		case INT2OID:
			if (!parse_integer(key, PG_INT16_MIN, PG_INT16_MAX, &number))
				return false;
			*datum = Int16GetDatum((int16) number);
			return true;
		case INT4OID:
			if (!parse_integer(key, PG_INT32_MIN, PG_INT32_MAX, &number))
				return false;
			*datum = Int32GetDatum((int32) number);
			return true;
		case INT8OID:
			if (!parse_integer(key, PG_INT64_MIN, PG_INT64_MAX, &number))
				return false;
			*datum = Int64GetDatum(number);
			return true;
		case UUIDOID:
			if (!is_uuid(key))
				return false;
			*datum = DirectFunctionCall1(uuid_in, CStringGetDatum(pnstrdup(key.data, key.len)));
			return true;
		default:
			return false;
	}
}

/* A whole number as the server writes it: another text is another key. */
static bool
parse_integer(WfString key, int64 min, int64 max, int64 *number)
{
	char		text[24];
	char		written[24];
	char	   *end;

	if (key.len == 0 || key.len >= sizeof(text))
		return false;
	memcpy(text, key.data, key.len);
	text[key.len] = '\0';
	errno = 0;
	*number = strtoi64(text, &end, 10);
	if (errno != 0 || *end != '\0' || *number < min || *number > max)
		return false;
	written[pg_lltoa(*number, written)] = '\0';
	return strcmp(written, text) == 0;
}

/* 8-4-4-4-12 hexadecimal digits. */
static bool
is_uuid(WfString key)
{
	if (key.len != UUID_LEN * 2 + 4)
		return false;
	for (int i = 0; i < key.len; i++)
	{
		bool		dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? key.data[i] != '-' : !isxdigit((unsigned char) key.data[i]))
			return false;
	}
	return true;
}

static bool
search(WfProbe *probe, Relation rel, Relation index, Datum *keys, int nkeys)
{
	Snapshot	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot();
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = wf_index_beginscan(rel, index, snapshot, nkeys);
	ScanKeyData scankeys[2];
	bool		found;

	for (int i = 0; i < nkeys; i++)
	{
		Oid			type = index->rd_opcintype[i];
		Oid			equal = get_opfamily_member(index->rd_opfamily[i], type, type, BTEqualStrategyNumber);

		ScanKeyEntryInitialize(&scankeys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(equal), keys[i]);
	}
	index_rescan(scan, scankeys, nkeys, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}
