/*
 * event.c: what the server tells an event trigger of the command's objects.
 *
 * Its functions are called directly: a query for each DDL command would cost
 * more than the command's row.
 */
#include "common/compat.h"

#include "access/tupdesc.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "record/event.h"

typedef void (*TakeSlot) (TupleTableSlot *slot, List **objects);

static List *read_rows(Oid function, TakeSlot take);
static void take_command(TupleTableSlot *slot, List **objects);
static void take_dropped(TupleTableSlot *slot, List **objects);
static void read_address(TupleTableSlot *slot, ObjectAddress *address);
static bool is_temporary(const ObjectAddress *address, const char *schema);
static char *text_at(TupleTableSlot *slot, int column);

/* In ddl_command_end: a List of WfRecordObject, each object once, without temporary ones. */
List *
wf_record_event_commands(void)
{
	return read_rows(F_PG_EVENT_TRIGGER_DDL_COMMANDS, take_command);
}

/*
 * In sql_drop: what the command named, and what went with it by CASCADE; not
 * what is a part of these, as the indexes of a table are.
 */
List *
wf_record_event_dropped(void)
{
	return read_rows(F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, take_dropped);
}

static List *
read_rows(Oid function, TakeSlot take)
{
	ReturnSetInfo result = {.type = T_ReturnSetInfo, .allowedModes = SFRM_Materialize};
	List	   *objects = NIL;
	FmgrInfo	flinfo;
	TupleTableSlot *slot;

	LOCAL_FCINFO(fcinfo, 0);
	fmgr_info(function, &flinfo);
	result.econtext = CreateStandaloneExprContext();
	InitFunctionCallInfoData(*fcinfo, &flinfo, 0, InvalidOid, NULL, (Node *) &result);
	(void) FunctionCallInvoke(fcinfo);
	slot = MakeSingleTupleTableSlot(result.setDesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(result.setResult, true, false, slot))
		take(slot, &objects);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(result.setResult);
	FreeExprContext(result.econtext, true);
	return objects;
}

/* classid, objid, objsubid, command_tag, object_type, schema_name, object_identity, ... */
static void
take_command(TupleTableSlot *slot, List **objects)
{
	WfRecordObject *object = palloc0(sizeof(WfRecordObject));
	char	   *schema = text_at(slot, 6);
	ListCell   *lc;

	read_address(slot, &object->address);
	if (is_temporary(&object->address, schema))
		return;
	/* CREATE TABLE with a foreign key is followed by an ALTER TABLE of its own. */
	foreach(lc, OidIsValid(object->address.objectId) ? *objects : NIL)
	{
		const ObjectAddress *other = &((WfRecordObject *) lfirst(lc))->address;

		if (other->classId == object->address.classId && other->objectId == object->address.objectId &&
			other->objectSubId == object->address.objectSubId)
			return;
	}
	object->tag = text_at(slot, 4);
	object->type = text_at(slot, 5);
	object->identity = text_at(slot, 7);
	*objects = lappend(*objects, object);
}

/* classid, objid, objsubid, original, normal, is_temporary, object_type, schema_name, object_name, object_identity, ... */
static void
take_dropped(TupleTableSlot *slot, List **objects)
{
	WfRecordObject *object;
	bool		isnull;
	bool		original = DatumGetBool(slot_getattr(slot, 4, &isnull));
	bool		normal = DatumGetBool(slot_getattr(slot, 5, &isnull));

	if (!(original || normal) || DatumGetBool(slot_getattr(slot, 6, &isnull)))
		return;
	object = palloc0(sizeof(WfRecordObject));
	read_address(slot, &object->address);
	/* The rule of a view is the view. */
	if (object->address.classId == RewriteRelationId && !original)
		return;
	object->type = text_at(slot, 7);
	object->identity = text_at(slot, 10);
	*objects = lappend(*objects, object);
}

static void
read_address(TupleTableSlot *slot, ObjectAddress *address)
{
	bool		isnull;
	Datum		class = slot_getattr(slot, 1, &isnull);

	*address = InvalidObjectAddress;
	if (isnull)
		return;
	address->classId = DatumGetObjectId(class);
	address->objectId = DatumGetObjectId(slot_getattr(slot, 2, &isnull));
	address->objectSubId = DatumGetInt32(slot_getattr(slot, 3, &isnull));
}

static bool
is_temporary(const ObjectAddress *address, const char *schema)
{
	if (schema && strcmp(schema, "pg_temp") == 0)
		return true;
	return address->classId == RelationRelationId &&
		isAnyTempNamespace(get_rel_namespace(address->objectId));
}

static char *
text_at(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}
