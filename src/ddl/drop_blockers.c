/*
 * drop_blockers.c: what makes DROP of an object fail, and what CASCADE takes
 * along.
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
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"
#include "ddl/lock.h"

/* An object that depends on one that would go. */
typedef struct Blocker
{
	ObjectAddress address;
	ObjectAddress of;
} Blocker;

typedef struct Search
{
	List	   *going;			/* of ObjectAddress: what the statement drops */
	ObjectAddresses *gone;		/* the same, to ask */
	List	   *blockers;		/* of Blocker */
} Search;

static void add_going(Search *search, Oid class, Oid object);
static void add_going_part(Search *search, const ObjectAddress *address);
static void add_part(WfCatalog *catalog, Search *search, AlterTableStmt *stmt, const AlterTableCmd *command);
static void add_index(WfCatalog *catalog, Search *search, const RangeVar *name);
static List *add_dependent(WfCatalog *catalog, List *dependents, const Blocker *blocker);
static void add_named(WfCatalog *catalog, Search *search, ObjectType type, Node *object);
static void add_routines(Search *search, ObjectType type, ObjectWithArgs *object);
static bool is_of_kind(char kind, ObjectType type);
static bool has_arguments(Form_pg_proc form, ObjectWithArgs *object);
static void follow(Search *search, const ObjectAddress *object);
static WfDependent *describe(const Blocker *blocker);
static Oid	holder_of(const ObjectAddress *address);

/* A list of WfDependent, each once; NIL also for a kind that is not read. */
List *
wf_ddl_live_drop_blockers(WfCatalog *catalog, const DropStmt *stmt)
{
	Search		search = {.gone = new_object_addresses()};
	ObjectAddresses *told = new_object_addresses();
	MemoryContext old;
	List	   *dependents = NIL;
	ListCell   *lc;

	foreach(lc, stmt->objects)
		add_named(catalog, &search, stmt->removeType, lfirst(lc));
	/* The list grows while it is walked. */
	for (int i = 0; i < list_length(search.going); i++)
		follow(&search, list_nth(search.going, i));
	old = MemoryContextSwitchTo(catalog->context);
	foreach(lc, search.blockers)
	{
		Blocker    *blocker = lfirst(lc);
		WfDependent *dependent;

		CHECK_FOR_INTERRUPTS();
		if (object_address_present(&blocker->address, search.gone) || object_address_present(&blocker->address, told))
			continue;
		add_exact_object_address(&blocker->address, told);
		dependent = describe(blocker);
		if (dependent)
			dependents = lappend(dependents, dependent);
	}
	MemoryContextSwitchTo(old);
	free_object_addresses(search.gone);
	free_object_addresses(told);
	return dependents;
}

static void
add_going(Search *search, Oid class, Oid object)
{
	ObjectAddress address;

	ObjectAddressSet(address, class, object);
	if (OidIsValid(object))
		add_going_part(search, &address);
}

/* The same for what may be a column. */
static void
add_going_part(Search *search, const ObjectAddress *address)
{
	ObjectAddress *going;

	if (object_address_present(address, search->gone))
		return;
	going = palloc(sizeof(ObjectAddress));
	*going = *address;
	add_exact_object_address(going, search->gone);
	search->going = lappend(search->going, going);
}

static void
add_named(WfCatalog *catalog, Search *search, ObjectType type, Node *object)
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
add_index(WfCatalog *catalog, Search *search, const RangeVar *name)
{
	WfRelation *index = catalog->relation(catalog, name);
	Oid			constraint = index && OidIsValid(index->relid) ? get_index_constraint(index->relid) : InvalidOid;
	Blocker    *blocker;

	if (index == NULL)
		return;
	add_going(search, RelationRelationId, index->relid);
	if (!OidIsValid(constraint))
		return;
	blocker = palloc(sizeof(Blocker));
	ObjectAddressSet(blocker->address, ConstraintRelationId, constraint);
	ObjectAddressSet(blocker->of, RelationRelationId, index->relid);
	search->blockers = lappend(search->blockers, blocker);
}

/*
 * The routine that the name means.  LookupFuncWithArgs() is not used: it raises
 * where several fit, and then the statement fails for another reason.
 */
static void
add_routines(Search *search, ObjectType type, ObjectWithArgs *object)
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
static void
follow(Search *search, const ObjectAddress *object)
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
		Blocker    *blocker;

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
		blocker = palloc(sizeof(Blocker));
		ObjectAddressSubSet(blocker->address, form->classid, form->objid, form->objsubid);
		blocker->of = *object;
		search->blockers = lappend(search->blockers, blocker);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/* NULL where the object is gone meanwhile. */
static WfDependent *
describe(const Blocker *blocker)
{
	WfDependent *dependent = palloc0(sizeof(WfDependent));
	ObjectAddress address = blocker->address;
	Oid			holder = holder_of(&address);

	/* The server stores the rule of a view, and the expression of a column. */
	if (address.classId == RewriteRelationId && OidIsValid(holder) && get_rel_relkind(holder) != RELKIND_RELATION)
		ObjectAddressSet(address, RelationRelationId, holder);
	if (address.classId == AttrDefaultRelationId)
	{
		ObjectAddress column = GetAttrDefaultColumnAddress(address.objectId);

		if (OidIsValid(column.objectId) && get_attgenerated(column.objectId, column.objectSubId))
			address = column;
	}
	dependent->kind = address.classId == ProcedureRelationId ? WF_DEPENDENT_FUNCTION : WF_DEPENDENT_OTHER;
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
	}
	return dependent;
}

/*
 * What CASCADE takes along.  What belongs to an object goes with it in any case
 * and is not listed: its row type, indexes, own constraints and defaults.
 */
bool
wf_ddl_live_cascade(WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents)
{
	Search		search = {.gone = new_object_addresses()};
	int			named = 1;
	bool		is_known;
	ListCell   *lc;

	if (IsA(stmt, DropStmt))
	{
		named = list_length(((DropStmt *) stmt)->objects);
		foreach(lc, ((DropStmt *) stmt)->objects)
			add_named(catalog, &search, ((DropStmt *) stmt)->removeType, lfirst(lc));
	}
	else
		add_part(catalog, &search, (AlterTableStmt *) stmt, command);
	is_known = list_length(search.going) == named;
	*dependents = NIL;
	/* What depends on an object goes as well, and what depends on that. */
	for (int i = 0, told = 0; i < list_length(search.going); i++)
	{
		follow(&search, list_nth(search.going, i));
		for (; told < list_length(search.blockers); told++)
		{
			Blocker    *blocker = list_nth(search.blockers, told);
			Oid			holder;

			CHECK_FOR_INTERRUPTS();
			if (object_address_present(&blocker->address, search.gone))
				continue;
			*dependents = add_dependent(catalog, *dependents, blocker);
			add_going_part(&search, &blocker->address);
			/* A view goes with the rule that makes it one. */
			holder = blocker->address.classId == RewriteRelationId ? holder_of(&blocker->address) : InvalidOid;
			if (OidIsValid(holder) && get_rel_relkind(holder) != RELKIND_RELATION)
				add_going(&search, RelationRelationId, holder);
		}
	}
	free_object_addresses(search.gone);
	return is_known;
}

/* Describes what goes, once: a view depends on each column that it reads. */
static List *
add_dependent(WfCatalog *catalog, List *dependents, const Blocker *blocker)
{
	MemoryContext old = MemoryContextSwitchTo(catalog->context);
	WfDependent *dependent = describe(blocker);
	ListCell   *lc;

	foreach(lc, dependent ? dependents : NIL)
	{
		if (strcmp(((WfDependent *) lfirst(lc))->description, dependent->description) == 0)
			break;
	}
	if (dependent && lc == NULL)
		dependents = lappend(dependents, dependent);
	MemoryContextSwitchTo(old);
	return dependents;
}

/* The column or constraint that a command of ALTER TABLE drops. */
static void
add_part(WfCatalog *catalog, Search *search, AlterTableStmt *stmt, const AlterTableCmd *command)
{
	WfRelation *table = catalog->relation(catalog, stmt->relation);
	ObjectAddress address = {RelationRelationId, InvalidOid, 0};

	if (table == NULL || !OidIsValid(table->relid))
		return;
	if (command->subtype == AT_DropConstraint)
		ObjectAddressSet(address, ConstraintRelationId,
						 get_relation_constraint_oid(table->relid, command->name, true));
	else if (get_attnum(table->relid, command->name) > 0)
		ObjectAddressSubSet(address, RelationRelationId, table->relid, get_attnum(table->relid, command->name));
	if (OidIsValid(address.objectId))
		add_going_part(search, &address);
}

/* The relation that the object is, or is a part of; InvalidOid: none. */
static Oid
holder_of(const ObjectAddress *address)
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
