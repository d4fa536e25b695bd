/*
 * drop_search.c: what DROP takes along, and what depends on it.
 *
 * As the server does it: what belongs to the object goes with it (its array
 * type, its row type), and what depends on any of that stands in the way,
 * unless the same statement drops it as well.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_type.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ddl/drop_search.h"
#include "ddl/lock.h"

static void add_going(WfDropSearch *search, Oid class, Oid object);
static void add_index(WfCatalog *catalog, WfDropSearch *search, const RangeVar *name);
static void add_routines(WfDropSearch *search, ObjectType type, ObjectWithArgs *object);
static WfDependentKind kind_of(const ObjectAddress *address);
static bool is_of_kind(char kind, ObjectType type);
static bool has_arguments(Form_pg_proc form, ObjectWithArgs *object);

static void
add_going(WfDropSearch *search, Oid class, Oid object)
{
	ObjectAddress address;

	ObjectAddressSet(address, class, object);
	if (OidIsValid(object))
		wf_ddl_drop_add(search, &address);
}

/* Adds what goes, which may be a column; false where it goes already. */
bool
wf_ddl_drop_add(WfDropSearch *search, const ObjectAddress *address)
{
	WfDropGoing *going;
	bool		found;

	if (wf_ddl_drop_find(search, address))
		return false;
	going = hash_search(search->gone, address, HASH_ENTER, &found);
	going->dependent = search->dependent;
	going->is_dependent = false;
	search->going = lappend(search->going, going);
	return true;
}

HTAB *
wf_ddl_drop_make_gone(void)
{
	HASHCTL		control = {.keysize = sizeof(ObjectAddress), .entrysize = sizeof(WfDropGoing), .hcxt = CurrentMemoryContext};

	return hash_create("objects that DROP takes along", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* As what an object goes, or as a part of what; NULL where it stays. */
const WfDropGoing *
wf_ddl_drop_find(const WfDropSearch *search, const ObjectAddress *address)
{
	const WfDropGoing *going = hash_search(search->gone, address, HASH_FIND, NULL);
	ObjectAddress whole = {address->classId, address->objectId, 0};

	return going || address->objectSubId == 0 ? going : hash_search(search->gone, &whole, HASH_FIND, NULL);
}

void
wf_ddl_drop_add_named(WfCatalog *catalog, WfDropSearch *search, ObjectType type, Node *object)
{
	RangeVar   *name;
	WfRelation *relation;

	switch (type)
	{
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			add_going(search, TypeRelationId, wf_ddl_live_type_oid(castNode(TypeName, object)->names));
			break;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			add_routines(search, type, castNode(ObjectWithArgs, object));
			break;
		case OBJECT_SCHEMA:
			add_going(search, NamespaceRelationId, get_namespace_oid(strVal(object), true));
			break;
		case OBJECT_EXTENSION:
			add_going(search, ExtensionRelationId, get_extension_oid(strVal(object), true));
			break;
		case OBJECT_INDEX:
			name = wf_ddl_range_var_of_names(castNode(List, object));
			if (name)
				add_index(catalog, search, name);
			break;
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_SEQUENCE:
		case OBJECT_FOREIGN_TABLE:
			name = wf_ddl_range_var_of_names(castNode(List, object));
			relation = name ? catalog->relation(catalog, name) : NULL;
			if (relation)
				add_going(search, RelationRelationId, relation->relid);
			break;
		default:
			break;
	}
}

/* An index, which its constraint keeps. */
static void
add_index(WfCatalog *catalog, WfDropSearch *search, const RangeVar *name)
{
	WfRelation *index = catalog->relation(catalog, name);
	Oid			constraint = index && OidIsValid(index->relid) ? get_index_constraint(index->relid) : InvalidOid;
	WfDropBlocker *blocker;

	if (index == NULL)
		return;
	add_going(search, RelationRelationId, index->relid);
	if (!OidIsValid(constraint))
		return;
	blocker = palloc(sizeof(WfDropBlocker));
	ObjectAddressSet(blocker->address, ConstraintRelationId, constraint);
	ObjectAddressSet(blocker->of, RelationRelationId, index->relid);
	search->blockers = lappend(search->blockers, blocker);
}

/*
 * The routine that the name means.  LookupFuncWithArgs() is not used: it raises
 * where several fit, and then the statement fails for another reason.
 */
static void
add_routines(WfDropSearch *search, ObjectType type, ObjectWithArgs *object)
{
	List	   *names = object->objname;
	const char *schema = list_length(names) == 2 ? strVal(linitial(names)) : NULL;
	Oid			namespace = schema ? get_namespace_oid(schema, true) : InvalidOid;
	Oid			found = InvalidOid;
	int			count = 0;
	CatCList   *list;

	if (list_length(names) > 2 || (schema && !OidIsValid(namespace)))
		return;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(strVal(llast(names))));
	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (!is_of_kind(form->prokind, type) || !has_arguments(form, object) ||
			(schema ? form->pronamespace != namespace : !FunctionIsVisible(form->oid)))
			continue;
		found = form->oid;
		count++;
	}
	ReleaseSysCacheList(list);
	if (count == 1)
		add_going(search, ProcedureRelationId, found);
}

static bool
is_of_kind(char kind, ObjectType type)
{
	switch (type)
	{
		case OBJECT_FUNCTION:
			return kind == PROKIND_FUNCTION || kind == PROKIND_WINDOW;
		case OBJECT_PROCEDURE:
			return kind == PROKIND_PROCEDURE;
		case OBJECT_AGGREGATE:
			return kind == PROKIND_AGGREGATE;
		default:
			return true;
	}
}

static bool
has_arguments(Form_pg_proc form, ObjectWithArgs *object)
{
	int			position = 0;
	ListCell   *lc;

	if (object->args_unspecified)
		return true;
	if (form->pronargs != list_length(object->objargs))
		return false;
	foreach(lc, object->objargs)
	{
		TypeName   *name = lfirst(lc);

		/* DROP AGGREGATE f(*) has an empty list, DROP OPERATOR a NULL. */
		if (name == NULL || LookupTypeNameOid(NULL, name, true) != form->proargtypes.values[position++])
			return false;
	}
	return true;
}

/* What goes with the object, and what stands in its way. */
void
wf_ddl_drop_follow(WfDropSearch *search, const ObjectAddress *object)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object->classId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(object->objectId));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		WfDropBlocker *blocker;

		CHECK_FOR_INTERRUPTS();
		/* Of a column goes what depends on it, not what depends on its table. */
		if (object->objectSubId != 0 && form->refobjsubid != object->objectSubId)
			continue;
		if (form->deptype != DEPENDENCY_NORMAL)
		{
			if (form->objsubid == 0)
				add_going(search, form->classid, form->objid);
			continue;
		}
		blocker = palloc(sizeof(WfDropBlocker));
		ObjectAddressSubSet(blocker->address, form->classid, form->objid, form->objsubid);
		blocker->of = *object;
		search->blockers = lappend(search->blockers, blocker);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/*
 * What is dropped: the server stores the rule of a view, and the expression of a
 * generated column; a column of a view does not go alone.
 */
ObjectAddress
wf_ddl_dropped_object(const ObjectAddress *address)
{
	ObjectAddress object = *address;
	Oid			holder = address->classId == RewriteRelationId ? wf_ddl_drop_holder(address) : InvalidOid;

	if (OidIsValid(holder) && get_rel_relkind(holder) != RELKIND_RELATION)
		ObjectAddressSet(object, RelationRelationId, holder);
	if (address->classId == RelationRelationId && address->objectSubId != 0 &&
		(get_rel_relkind(address->objectId) == RELKIND_VIEW || get_rel_relkind(address->objectId) == RELKIND_MATVIEW))
		object.objectSubId = 0;
	if (address->classId == AttrDefaultRelationId)
	{
		ObjectAddress column = GetAttrDefaultColumnAddress(address->objectId);

		if (OidIsValid(column.objectId) && get_attgenerated(column.objectId, column.objectSubId))
			object = column;
	}
	return object;
}

static WfDependentKind
kind_of(const ObjectAddress *address)
{
	if (address->classId == ProcedureRelationId)
		return WF_DEPENDENT_FUNCTION;
	return address->classId == RelationRelationId && address->objectSubId == 0 ? WF_DEPENDENT_RELATION : WF_DEPENDENT_OTHER;
}

/* NULL where the object is gone meanwhile. */
WfDependent *
wf_ddl_drop_describe(const WfDropBlocker *blocker)
{
	WfDependent *dependent = palloc0(sizeof(WfDependent));
	ObjectAddress address = wf_ddl_dropped_object(&blocker->address);
	Oid			holder = wf_ddl_drop_holder(&address);

	dependent->kind = kind_of(&address);
	dependent->description = getObjectDescription(&address, true);
	dependent->of = getObjectDescription(&blocker->of, true);
	dependent->of_identity = getObjectIdentity(&blocker->of, true);
	dependent->blocks_drop = true;
	if (dependent->description == NULL || dependent->of == NULL)
		return NULL;
	if (OidIsValid(holder))
	{
		dependent->schema = get_namespace_name(get_rel_namespace(holder));
		dependent->name = get_rel_name(holder);
		if (address.classId == RelationRelationId && address.objectSubId != 0)
			dependent->column = get_attname(holder, address.objectSubId, true);
	}
	return dependent;
}

/* The relation that the object is, or is a part of; InvalidOid: none. */
Oid
wf_ddl_drop_holder(const ObjectAddress *address)
{
	static const struct
	{
		Oid			class;
		Oid			index;
		AttrNumber	oid;
		AttrNumber	relation;
	}			parts[] = {
		{RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, Anum_pg_rewrite_ev_class},
		{TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, Anum_pg_trigger_tgrelid},
		{PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid, Anum_pg_policy_polrelid},
		{ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid, Anum_pg_constraint_conrelid},
		{AttrDefaultRelationId, AttrDefaultOidIndexId, Anum_pg_attrdef_oid, Anum_pg_attrdef_adrelid},
	};
	Oid			holder = InvalidOid;

	if (address->classId == RelationRelationId)
		return address->objectId;
	for (int i = 0; i < lengthof(parts); i++)
	{
		Relation	catalog;
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;
		bool		isnull;

		if (parts[i].class != address->classId)
			continue;
		catalog = table_open(parts[i].class, AccessShareLock);
		ScanKeyInit(&key, parts[i].oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(address->objectId));
		scan = systable_beginscan(catalog, parts[i].index, true, NULL, 1, &key);
		tuple = systable_getnext(scan);
		if (HeapTupleIsValid(tuple))
			holder = DatumGetObjectId(heap_getattr(tuple, parts[i].relation, RelationGetDescr(catalog), &isnull));
		systable_endscan(scan);
		table_close(catalog, AccessShareLock);
	}
	return holder;
}
