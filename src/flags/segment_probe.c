/*
 * segment_probe.c: segments whose keys are in a table.
 *
 * A key is looked up through a unique index of built-in operators, under the
 * active snapshot: without SPI, so that the look-up costs what it does in a
 * join, and without any expression of a user, so that nothing of theirs runs
 * with the rights of somebody else.  Row security and rights of the one who
 * evaluates are not looked at; those of the definer are, whenever the table,
 * its rights, a schema or a role has changed.
 *
 * What others change shows in the next statement, so that one statement has
 * one answer.  The locks that it took for the first keep table and index.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/visibilitymap.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"
#include "utils/varlena.h"

#include "common/extension.h"
#include "flags/segment_probe.h"
#include "flags/tables.h"

static bool must_resolve(const WfProbe *probe);
static WfProbeMoment current_moment(void);
static bool lock_relations(WfProbe *probe, const WfSegmentSource *source, const char *definer);
static WfProbeFault find_table(WfProbe *probe, const WfSegmentSource *source, const char *definer);
static WfProbeFault find_members(WfProbe *probe);
static WfProbeFault check_relation(WfProbe *probe, Relation rel);
static WfProbeFault check_rights(const WfProbe *probe, Oid definer);
static bool find_index(WfProbe *probe, Relation rel);
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
	probe->resolving = true;
	probe->fault = source->kind == WF_SEGMENT_TABLE ? find_table(probe, source, definer)
		: find_members(probe);
	probe->resolved = true;
	probe->resolving = false;
}

/*
 * Whether the table holds a key; *error says that it can't be looked into.
 * The table is looked up first where that is not done, or to be done again.
 */
bool
wf_flags_probe_holds(WfProbe *probe, const WfSegmentSource *source, const char *definer,
					 WfString segment, WfString key, WfErrorCode *error)
{
	Relation	rel;
	Relation	index;
	Datum		keys[2];
	int			nkeys = 0;
	bool		found;

	if (must_resolve(probe))
		wf_flags_probe_resolve(probe, source, definer);
	while (probe->fault == WF_PROBE_FINE && !lock_relations(probe, source, definer))
		CHECK_FOR_INTERRUPTS();
	probe->moment = current_moment();
	*error = probe->fault == WF_PROBE_FINE ? WF_ERROR_NONE : WF_ERROR_GENERAL;
	if (probe->by_segment)
		keys[nkeys++] = PointerGetDatum(cstring_to_text_with_len(segment.data, segment.len));
	if (*error != WF_ERROR_NONE || !key_datum(probe->type, key, &keys[nkeys++]))
		return false;

	rel = table_open(probe->relid, NoLock);
	index = index_open(probe->indexid, NoLock);
	found = search(probe, rel, index, keys, nkeys);
	index_close(index, NoLock);
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

/* Whether what is known of the table is wrong, or is not to be relied on any more. */
static bool
must_resolve(const WfProbe *probe)
{
	WfProbeMoment now;

	if (likely(probe->resolved && !probe->outdated))
		return false;
	now = current_moment();
	return !probe->resolved || probe->moment.statement != now.statement ||
		probe->moment.transaction != now.transaction ||
		probe->moment.subtransaction != now.subtransaction || probe->moment.command != now.command;
}

static WfProbeMoment
current_moment(void)
{
	WfProbeMoment now = {
		GetCurrentStatementStartTimestamp(), GetCurrentTransactionStartTimestamp(),
		GetCurrentSubTransactionId(), GetCurrentCommandId(false)
	};

	return now;
}

/*
 * Locks the table and the index that were found.  Waiting for the locks may
 * bring the news that all is different: then they are looked up again, and
 * false says that they are others.
 */
static bool
lock_relations(WfProbe *probe, const WfSegmentSource *source, const char *definer)
{
	Oid			relid = probe->relid;
	Oid			indexid = probe->indexid;

	LockRelationOid(relid, AccessShareLock);
	LockRelationOid(indexid, AccessShareLock);
	if (likely(!must_resolve(probe)))
		return true;
	wf_flags_probe_resolve(probe, source, definer);
	return probe->relid == relid && probe->indexid == indexid;
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
find_members(WfProbe *probe)
{
	probe->relid = wf_common_relation_oid(WF_SEGMENT_MEMBERS_TABLE);
	probe->indexid = wf_common_relation_oid(WF_SEGMENT_MEMBERS_INDEX);
	probe->type = TEXTOID;
	probe->by_segment = true;
	probe->equal[0] = probe->equal[1] = F_TEXTEQ;
	return OidIsValid(probe->relid) && OidIsValid(probe->indexid) ? WF_PROBE_FINE : WF_PROBE_NO_TABLE;
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
	return find_index(probe, rel) ? WF_PROBE_FINE : WF_PROBE_NO_INDEX;
}

static WfProbeFault
check_rights(const WfProbe *probe, Oid definer)
{
	if (pg_class_aclcheck(probe->relid, definer, ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(probe->relid, probe->attnum, definer, ACL_SELECT) == ACLCHECK_OK)
		return WF_PROBE_FINE;
	return WF_PROBE_NO_RIGHT;
}

static bool
find_index(WfProbe *probe, Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (index_fits(index, probe->attnum))
		{
			Oid			type = index->rd_opcintype[0];

			probe->indexid = RelationGetRelid(index);
			probe->equal[0] = get_opcode(get_opfamily_member(index->rd_opfamily[0], type, type,
															 BTEqualStrategyNumber));
		}
		index_close(index, NoLock);
		if (OidIsValid(probe->indexid))
			break;
	}
	list_free(indexes);
	return OidIsValid(probe->indexid);
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

/* Whether a row that the snapshot sees has the keys. */
static bool
search(WfProbe *probe, Relation rel, Relation index, Datum *keys, int nkeys)
{
	Snapshot	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot();
	IndexScanDesc scan = wf_index_beginscan(rel, index, snapshot, nkeys);
	TupleTableSlot *slot = NULL;
	Buffer		map = InvalidBuffer;
	ScanKeyData scankeys[2];
	ItemPointer tid;
	bool		found = false;

	for (int i = 0; i < nkeys; i++)
		ScanKeyEntryInitialize(&scankeys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], probe->equal[i], keys[i]);
	/* Keeps the index page pinned, without which the map may be out of date. */
	scan->xs_want_itup = true;
	index_rescan(scan, scankeys, nkeys, NULL, 0);
	while (!found && (tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		/* Rows of a page that everybody sees need not be looked at. */
		if (VM_ALL_VISIBLE(rel, ItemPointerGetBlockNumber(tid), &map))
		{
			PredicateLockPage(rel, ItemPointerGetBlockNumber(tid), snapshot);
			found = true;
			continue;
		}
		if (slot == NULL)
			slot = table_slot_create(rel, NULL);
		found = index_fetch_heap(scan, slot);
	}
	if (BufferIsValid(map))
		ReleaseBuffer(map);
	index_endscan(scan);
	if (slot)
		ExecDropSingleTupleTableSlot(slot);
	return found;
}
