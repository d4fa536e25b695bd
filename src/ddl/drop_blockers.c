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
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"

/* More than views are built on views; objects that depend on each other have no end. */
#define LEVELS_MAX 100

/* An object that depends on one that would go. */
typedef struct Blocker
{
	ObjectAddress address;
	ObjectAddress of;
} Blocker;

/* What goes: named by the statement, or a dependent, or what belongs to either. */
typedef struct Going
{
	ObjectAddress address;		/* key, without padding */
	WfDependent *dependent;		/* NULL: named */
} Going;

typedef struct Search
{
	HTAB	   *gone;			/* of Going */
	List	   *going;			/* the same, in the order in which it was found */
	List	   *blockers;		/* of Blocker */
	WfDependent *dependent;		/* whose parts are added at present */
} Search;

static void add_going(Search *search, Oid class, Oid object);
static bool add_going_part(Search *search, const ObjectAddress *address);
static void add_part(WfCatalog *catalog, Search *search, AlterTableStmt *stmt, const AlterTableCmd *command);
static HTAB *make_gone(void);
static const Going *find_going(const Search *search, const ObjectAddress *address);
static void set_levels(const Search *search);
static char *drop_statement(const ObjectAddress *address, Oid holder);
static void add_index(WfCatalog *catalog, Search *search, const RangeVar *name);
static void add_dependent(WfCatalog *catalog, Search *search, const Blocker *blocker, List **dependents);
static void add_named(WfCatalog *catalog, Search *search, ObjectType type, Node *object);
static void add_routines(Search *search, ObjectType type, ObjectWithArgs *object);
static bool is_of_kind(char kind, ObjectType type);
static bool has_arguments(Form_pg_proc form, ObjectWithArgs *object);
static void follow(Search *search, const ObjectAddress *object);
static ObjectAddress dropped_object(const ObjectAddress *address);
static WfDependent *describe(const Blocker *blocker);
static Oid	holder_of(const ObjectAddress *address);

/* A list of WfDependent, each once; NIL also for a kind that is not read. */
List *
wf_ddl_live_drop_blockers(WfCatalog *catalog, const DropStmt *stmt)
{
	Search		search = {.gone = make_gone()};
	Search		told = {.gone = make_gone()};
	MemoryContext old;
	List	   *dependents = NIL;
	ListCell   *lc;

	foreach(lc, stmt->objects)
		add_named(catalog, &search, stmt->removeType, lfirst(lc));
	/* The list grows while it is walked. */
	for (int i = 0; i < list_length(search.going); i++)
		follow(&search, &((Going *) list_nth(search.going, i))->address);
	old = MemoryContextSwitchTo(catalog->context);
	foreach(lc, search.blockers)
	{
		Blocker    *blocker = lfirst(lc);
		WfDependent *dependent;

		CHECK_FOR_INTERRUPTS();
		if (find_going(&search, &blocker->address) || !add_going_part(&told, &blocker->address))
			continue;
		dependent = describe(blocker);
		if (dependent)
			dependents = lappend(dependents, dependent);
	}
	MemoryContextSwitchTo(old);
	hash_destroy(search.gone);
	hash_destroy(told.gone);
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

/* The same for what may be a column; false where it goes already. */
static bool
add_going_part(Search *search, const ObjectAddress *address)
{
	Going	   *going;
	bool		found;

	if (find_going(search, address))
		return false;
	going = hash_search(search->gone, address, HASH_ENTER, &found);
	going->dependent = search->dependent;
	search->going = lappend(search->going, going);
	return true;
}

static HTAB *
make_gone(void)
{
	HASHCTL		control = {.keysize = sizeof(ObjectAddress),.entrysize = sizeof(Going),.hcxt = CurrentMemoryContext};

	return hash_create("objects that DROP takes along", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* As what an object goes, or as a part of what; NULL where it stays. */
static const Going *
find_going(const Search *search, const ObjectAddress *address)
{
	const Going *going = hash_search(search->gone, address, HASH_FIND, NULL);
	ObjectAddress whole = {address->classId, address->objectId, 0};

	return going || address->objectSubId == 0 ? going : hash_search(search->gone, &whole, HASH_FIND, NULL);
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

/* What is dropped: the server stores the rule of a view, and the expression of a generated column. */
static ObjectAddress
dropped_object(const ObjectAddress *address)
{
	ObjectAddress object = *address;
	Oid			holder = address->classId == RewriteRelationId ? holder_of(address) : InvalidOid;

	if (OidIsValid(holder) && get_rel_relkind(holder) != RELKIND_RELATION)
		ObjectAddressSet(object, RelationRelationId, holder);
	if (address->classId == AttrDefaultRelationId)
	{
		ObjectAddress column = GetAttrDefaultColumnAddress(address->objectId);

		if (OidIsValid(column.objectId) && get_attgenerated(column.objectId, column.objectSubId))
			object = column;
	}
	return object;
}

/* NULL where the object is gone meanwhile. */
static WfDependent *
describe(const Blocker *blocker)
{
	WfDependent *dependent = palloc0(sizeof(WfDependent));
	ObjectAddress address = dropped_object(&blocker->address);
	Oid			holder = holder_of(&address);

	dependent->kind = address.classId == ProcedureRelationId ? WF_DEPENDENT_FUNCTION : WF_DEPENDENT_OTHER;
	dependent->description = getObjectDescription(&address, true);
	dependent->of = getObjectDescription(&blocker->of, true);
	dependent->of_identity = getObjectIdentity(&blocker->of, true);
	dependent->blocks_drop = true;
	dependent->drop_sql = drop_statement(&address, holder);
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
	Search		search = {.gone = make_gone()};
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
		Going	   *going = list_nth(search.going, i);

		search.dependent = going->dependent;
		follow(&search, &going->address);
		for (; told < list_length(search.blockers); told++)
		{
			CHECK_FOR_INTERRUPTS();
			add_dependent(catalog, &search, list_nth(search.blockers, told), dependents);
		}
	}
	set_levels(&search);
	hash_destroy(search.gone);
	return is_known;
}

/* Describes what goes, if it is not known to go. */
static void
add_dependent(WfCatalog *catalog, Search *search, const Blocker *blocker, List **dependents)
{
	ObjectAddress object = dropped_object(&blocker->address);
	const Going *going = find_going(search, &object);
	MemoryContext old;

	if (going)
		search->dependent = going->dependent;
	else
	{
		old = MemoryContextSwitchTo(catalog->context);
		search->dependent = describe(blocker);
		/* NULL where it is gone meanwhile. */
		if (search->dependent)
			*dependents = lappend(*dependents, search->dependent);
		MemoryContextSwitchTo(old);
	}
	/* A view goes with the rule that makes it one. */
	add_going_part(search, &object);
	add_going_part(search, &blocker->address);
}

/*
 * Puts each dependent on a level above all that it depends on.  Objects that
 * depend on each other, as a table and its function may, have no order.
 */
static void
set_levels(const Search *search)
{
	bool		changed = true;

	for (int round = 0; changed && round < LEVELS_MAX; round++)
	{
		ListCell   *lc;

		changed = false;
		foreach(lc, search->blockers)
		{
			const Blocker *blocker = lfirst(lc);
			const Going *going = find_going(search, &blocker->address);
			const Going *of = find_going(search, &blocker->of);
			const WfDependent *below = of ? of->dependent : NULL;
			int			level = below ? below->level + 1 : 1;

			CHECK_FOR_INTERRUPTS();
			if (going && going->dependent && going->dependent != below && going->dependent->level < level)
			{
				going->dependent->level = level;
				changed = true;
			}
		}
	}
}

/*
 * The statement that drops a dependent by its name, if it has not gone with
 * what it belongs to; NULL where there is none.
 */
static char *
drop_statement(const ObjectAddress *address, Oid holder)
{
	static const char *const droppable[] = {
		"view", "materialized view", "table", "foreign table", "sequence", "function", "procedure", "aggregate", "policy", "trigger", "rule", "type"
	};
	char	   *type = getObjectTypeDescription(address, true);
	char	   *identity = getObjectIdentity(address, true);
	char	   *relation = OidIsValid(holder) ? wf_ddl_quote_name(get_namespace_name(get_rel_namespace(holder)), get_rel_name(holder)) : NULL;
	ObjectAddress column;

	if (type == NULL || identity == NULL)
		return NULL;
	if (address->classId == ConstraintRelationId)
		return relation ? psprintf("ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s", relation, quote_identifier(get_constraint_name(address->objectId))) : NULL;
	if (address->classId == AttrDefaultRelationId)
	{
		column = GetAttrDefaultColumnAddress(address->objectId);
		return psprintf("ALTER TABLE IF EXISTS %s ALTER COLUMN %s DROP DEFAULT", relation,
						quote_identifier(get_attname(column.objectId, column.objectSubId, false)));
	}
	if (address->classId == RelationRelationId && address->objectSubId != 0)
		return get_rel_relkind(holder) == RELKIND_COMPOSITE_TYPE ? NULL :
			psprintf("ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %s", relation, quote_identifier(get_attname(address->objectId, address->objectSubId, false)));
	for (int i = 0; i < lengthof(droppable); i++)
	{
		if (strcmp(type, droppable[i]) == 0)
			return psprintf("DROP %s IF EXISTS %s", asc_toupper(type, strlen(type)), identity);
	}
	return NULL;
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
