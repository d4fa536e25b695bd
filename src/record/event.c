/*
 * event.c: what the server tells an event trigger of the command's objects.
 *
 * Its functions are called directly: a query for each DDL command would cost
 * more than the command's row.
 */
#include "common/compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "common/rows.h"
#include "record/event.h"

static void take_command(TupleTableSlot *slot, void *arg);
static void take_dropped(TupleTableSlot *slot, void *arg);
static void read_address(TupleTableSlot *slot, ObjectAddress *address);
static bool is_temporary(const ObjectAddress *address, const char *schema);

/* In ddl_command_end: a List of WfRecordObject, each object once, without temporary ones. */
List *
wf_record_event_commands(void)
{
	List	   *objects = NIL;

	wf_common_rows(F_PG_EVENT_TRIGGER_DDL_COMMANDS, 0, NULL, take_command, &objects);
	return objects;
}

/*
 * In sql_drop: what the command named, and what went with it by CASCADE; not
 * what is a part of these, as the indexes of a table are.
 */
List *
wf_record_event_dropped(void)
{
	List	   *objects = NIL;

	wf_common_rows(F_PG_EVENT_TRIGGER_DROPPED_OBJECTS, 0, NULL, take_dropped, &objects);
	return objects;
}

/* classid, objid, objsubid, command_tag, object_type, schema_name, object_identity, ... */
static void
take_command(TupleTableSlot *slot, void *arg)
{
	List	  **objects = arg;
	WfRecordObject *object = palloc0(sizeof(WfRecordObject));
	char	   *schema = wf_common_slot_text(slot, 6);
	ListCell   *lc;

	read_address(slot, &object->address);
	if (is_temporary(&object->address, schema))
		return;

	/*
	 * CREATE TABLE with a foreign key is followed by an ALTER TABLE of its
	 * own.
	 */
	foreach(lc, OidIsValid(object->address.objectId) ? *objects : NIL)
	{
		const ObjectAddress *other = &((WfRecordObject *) lfirst(lc))->address;

		if (other->classId == object->address.classId && other->objectId == object->address.objectId &&
			other->objectSubId == object->address.objectSubId)
			return;
	}
	object->tag = wf_common_slot_text(slot, 4);
	object->type = wf_common_slot_text(slot, 5);
	object->identity = wf_common_slot_text(slot, 7);
	*objects = lappend(*objects, object);
}

/* classid, objid, objsubid, original, normal, is_temporary, object_type, schema_name, object_name, object_identity, ... */
static void
take_dropped(TupleTableSlot *slot, void *arg)
{
	List	  **objects = arg;
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
	object->original = original;
	object->type = wf_common_slot_text(slot, 7);
	object->identity = wf_common_slot_text(slot, 10);
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
