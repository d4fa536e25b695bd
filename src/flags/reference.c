/*
 * reference.c: where the objects of this database name flags.
 *
 * What the server keeps as a tree of nodes, as views, policies, defaults and
 * bodies in SQL-standard form, is found by its dependency on a function of
 * flags, and its tree says what the argument is, however it was written.
 * Bodies that are kept as text are read as text, see body.c.
 *
 * Definitions are no secret in PostgreSQL: everybody can read the catalogs that
 * are read here.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/proclang.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteSupport.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "common/extension.h"
#include "flags/cache.h"
#include "flags/reference.h"
#include "flags/row.h"
#include "flags/store.h"

/* Longest excerpt, in bytes. */
#define EXCERPT_MAX 120

/* More keys than this are not looked for in the whole of a body first. */
#define KEYS_SOUGHT_MAX 20

/* A column that keeps a tree of nodes. */
typedef struct TreeColumn
{
	int			attnum;
	const char *part;
} TreeColumn;

/* A catalog whose rows may depend on a function. */
typedef struct TreeCatalog
{
	Oid			class;			/* of the object that depends */
	Oid			catalog;		/* where its trees are kept, by the object's
								 * OID */
	Oid			index;
	int			key;
	TreeColumn	columns[2];
} TreeCatalog;

static const TreeCatalog tree_catalogs[] = {
	{RewriteRelationId, RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid,
	{{Anum_pg_rewrite_ev_action, "query"}, {Anum_pg_rewrite_ev_qual, "condition"}}},
	{PolicyRelationId, PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid,
	{{Anum_pg_policy_polqual, "using"}, {Anum_pg_policy_polwithcheck, "with check"}}},
	{AttrDefaultRelationId, AttrDefaultRelationId, AttrDefaultOidIndexId, Anum_pg_attrdef_oid,
	{{Anum_pg_attrdef_adbin, "expression"}}},
	{ConstraintRelationId, ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid,
	{{Anum_pg_constraint_conbin, "check"}}},
	{TriggerRelationId, TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid,
	{{Anum_pg_trigger_tgqual, "when"}}},
	{ProcedureRelationId, ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid,
	{{Anum_pg_proc_prosqlbody, "body"}, {Anum_pg_proc_proargdefaults, "argument default"}}},
	{TypeRelationId, TypeRelationId, TypeOidIndexId, Anum_pg_type_oid,
	{{Anum_pg_type_typdefaultbin, "default"}}},
	{RelationRelationId, IndexRelationId, IndexRelidIndexId, Anum_pg_index_indexrelid,
	{{Anum_pg_index_indexprs, "expression"}, {Anum_pg_index_indpred, "predicate"}}},
};

typedef struct Search
{
	const List *keys;			/* of WfString *; NIL: all */
	Oid			schema;			/* the extension's */
	List	   *functions;		/* OIDs: their first argument is a flag's key */
	List	   *names;			/* of them, String */
	List	   *found;			/* of WfReference */
	WfReference place;			/* that is being looked at */
} Search;

static void find_functions(Search *search);
static void search_dependents(Search *search, Oid function);
static void search_object(Search *search, const ObjectAddress *object);
static void name_object(Search *search, const ObjectAddress *object, HeapTuple tuple);
static bool search_tree(Node *node, void *arg);
static void note_argument(Search *search, List *args);
static void search_bodies(Search *search);
static void search_body(Search *search, HeapTuple tuple, Relation rel);
static bool may_name(const Search *search, const char *body);
static bool is_function(void *arg, WfString name);
static bool is_own(const Search *search, Oid schema);
static bool is_wanted(const Search *search, WfString text, bool certain);
static void note(Search *search, WfString flag, int line, WfConfidence confidence, const char *excerpt);
static const char *line_of(const char *body, int line);
static int	compare_references(const ListCell *a, const ListCell *b);

/*
 * The places that name one of some flags, a List of WfString *, or any, for NIL:
 * a List of WfReference, in the order of all their members.
 */
List *
wf_flags_references(const List *keys)
{
	Search		search = {.keys = keys, .schema = wf_common_schema_oid()};
	ListCell   *lc;

	wf_flags_cache_ensure();
	find_functions(&search);
	foreach(lc, search.functions)
		search_dependents(&search, lfirst_oid(lc));
	search_bodies(&search);
	list_sort(search.found, compare_references);
	return search.found;
}

/* The extension's functions whose first argument is called flag, or key of a flag. */
static void
find_functions(Search *search)
{
	Relation	rel = table_open(ProcedureRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
		char	  **names;
		Oid		   *types;
		char	   *modes;

		if (form->pronamespace != search->schema || form->pronargs == 0 || form->proargtypes.values[0] != TEXTOID)
			continue;
		if (get_func_arg_info(tuple, &types, &names, &modes) == 0 || names == NULL)
			continue;
		if (strcmp(names[0], "flag") == 0 ||
			(strcmp(names[0], "key") == 0 && strncmp(NameStr(form->proname), "flag_", 5) == 0))
		{
			search->functions = lappend_oid(search->functions, form->oid);
			search->names = lappend(search->names, makeString(pstrdup(NameStr(form->proname))));
		}
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* What depends on a function. */
static void
search_dependents(Search *search, Oid function)
{
	Relation	rel = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(function));
	scan = systable_beginscan(rel, DependReferenceIndexId, true, NULL, lengthof(keys), keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		ObjectAddress object = {form->classid, form->objid, form->objsubid};

		CHECK_FOR_INTERRUPTS();
		search_object(search, &object);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static void
search_object(Search *search, const ObjectAddress *object)
{
	const TreeCatalog *trees = NULL;
	Relation	rel;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	for (int i = 0; i < lengthof(tree_catalogs); i++)
	{
		if (tree_catalogs[i].class == object->classId)
			trees = &tree_catalogs[i];
	}
	if (trees == NULL)
		return;
	rel = table_open(trees->catalog, AccessShareLock);
	ScanKeyInit(&key, trees->key, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object->objectId));
	scan = systable_beginscan(rel, trees->index, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	for (int i = 0; i < lengthof(trees->columns) && trees->columns[i].part && HeapTupleIsValid(tuple); i++)
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, trees->columns[i].attnum, RelationGetDescr(rel), &isnull);

		if (isnull)
			continue;
		if (search->place.identity == NULL)
			name_object(search, object, tuple);
		if (search->place.identity == NULL)
			break;
		search->place.part = trees->columns[i].part;
		(void) search_tree(stringToNode(TextDatumGetCString(value)), search);
	}
	search->place.identity = NULL;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

/* The rule of a view is the view, and a default is its column's; NULL for what is the extension's own. */
static void
name_object(Search *search, const ObjectAddress *object, HeapTuple tuple)
{
	ObjectAddress named = *object;

	search->place.identity = NULL;
	if (object->classId == RewriteRelationId && strcmp(NameStr(((Form_pg_rewrite) GETSTRUCT(tuple))->rulename), ViewSelectRuleName) == 0)
		ObjectAddressSet(named, RelationRelationId, ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class);
	else if (object->classId == AttrDefaultRelationId)
		ObjectAddressSubSet(named, RelationRelationId, ((Form_pg_attrdef) GETSTRUCT(tuple))->adrelid,
							((Form_pg_attrdef) GETSTRUCT(tuple))->adnum);
	if ((named.classId == RelationRelationId && is_own(search, get_rel_namespace(named.objectId))) ||
		(named.classId == ProcedureRelationId && is_own(search, get_func_namespace(named.objectId))))
		return;
	search->place.identity = getObjectIdentity(&named, true);
	if (search->place.identity == NULL)
		return;
	search->place.object_type = getObjectTypeDescription(&named, true);
	if (object->classId == AttrDefaultRelationId)
		search->place.object_type = get_attgenerated(named.objectId, named.objectSubId) ? "generated column" : "column default";
}

/* Calls of the functions of flags, at any depth. */
static bool
search_tree(Node *node, void *arg)
{
	Search	   *search = (Search *) arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, search_tree, arg, 0);
	if (IsA(node, FuncExpr) && list_member_oid(search->functions, ((FuncExpr *) node)->funcid))
		note_argument(search, ((FuncExpr *) node)->args);
	return expression_tree_walker(node, search_tree, arg);
}

/* The first argument, which may be given by name; a constant, perhaps of another type of text. */
static void
note_argument(Search *search, List *args)
{
	Node	   *first = args ? (Node *) linitial(args) : NULL;
	Const	   *constant;
	ListCell   *lc;

	foreach(lc, args)
	{
		Node	   *arg = (Node *) lfirst(lc);

		if (IsA(arg, NamedArgExpr) && ((NamedArgExpr *) arg)->argnumber == 0)
			first = (Node *) ((NamedArgExpr *) arg)->arg;
	}
	while (first && IsA(first, RelabelType))
		first = (Node *) ((RelabelType *) first)->arg;
	if (first == NULL || !IsA(first, Const))
		return;
	constant = (Const *) first;
	if (!constant->constisnull && (constant->consttype == TEXTOID || constant->consttype == VARCHAROID) &&
		is_wanted(search, wf_flags_text_string(constant->constvalue), true))
		note(search, wf_flags_text_string(constant->constvalue), 0, WF_CERTAIN, NULL);
}

static void
search_bodies(Search *search)
{
	Relation	rel = table_open(ProcedureRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (form->prolang != INTERNALlanguageId && form->prolang != ClanguageId && !is_own(search, form->pronamespace))
			search_body(search, tuple, rel);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

static void
search_body(Search *search, HeapTuple tuple, Relation rel)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	bool		isnull;
	Datum		value = heap_getattr(tuple, Anum_pg_proc_prosrc, RelationGetDescr(rel), &isnull);
	char	   *body = isnull ? "" : TextDatumGetCString(value);
	bool		is_sql = form->prolang == SQLlanguageId || form->prolang == get_language_oid("plpgsql", true);
	ObjectAddress object = {ProcedureRelationId, form->oid, 0};
	List	   *texts;
	ListCell   *lc;
	bool		calls;

	if (!may_name(search, body))
		return;
	search->place.identity = NULL;
	search->place.part = "body";
	texts = wf_flags_body_texts(wf_flags_string(body), is_sql, is_function, search, &calls);
	foreach(lc, texts)
	{
		const WfBodyText *text = (const WfBodyText *) lfirst(lc);
		bool		certain = text->is_argument && !text->nested;

		if (!is_wanted(search, text->text, text->is_argument))
			continue;
		if (search->place.identity == NULL)
			name_object(search, &object, tuple);
		if (search->place.identity)
			note(search, text->text, text->line, certain ? WF_CERTAIN : calls ? WF_LIKELY : WF_POSSIBLE,
				 line_of(body, text->line));
	}
}

/*
 * Whether it is worth while to read a body: most have none of a few keys.  One
 * with a quote or backslash stands otherwise in a text.
 */
static bool
may_name(const Search *search, const char *body)
{
	ListCell   *lc;

	if (search->keys == NIL || list_length(search->keys) > KEYS_SOUGHT_MAX)
		return body[0] != '\0';
	foreach(lc, search->keys)
	{
		const WfString *key = (const WfString *) lfirst(lc);
		const char *text = pnstrdup(key->data, key->len);

		if (strpbrk(text, "'\\") || strstr(body, text))
			return true;
	}
	return false;
}

/* WfIsFunction: one of flags, by its name alone. */
static bool
is_function(void *arg, WfString name)
{
	const Search *search = (const Search *) arg;
	ListCell   *lc;

	foreach(lc, search->names)
	{
		if (wf_flags_strings_equal(wf_flags_string(strVal(lfirst(lc))), name))
			return true;
	}
	return false;
}

/* What the server or the extension brings, or a session has for itself. */
static bool
is_own(const Search *search, Oid schema)
{
	char	   *name;

	if (schema == search->schema || IsCatalogNamespace(schema) || isAnyTempNamespace(schema))
		return true;
	name = get_namespace_name(schema);
	return name && strcmp(name, "information_schema") == 0;
}

/* A flag that does not exist is told of where it is certain that one is meant. */
static bool
is_wanted(const Search *search, WfString text, bool certain)
{
	ListCell   *lc;

	foreach(lc, search->keys)
	{
		if (wf_flags_strings_equal(text, *(const WfString *) lfirst(lc)))
			return true;
	}
	return search->keys == NIL && (certain || wf_flags_store_find(text) != NULL);
}

static void
note(Search *search, WfString flag, int line, WfConfidence confidence, const char *excerpt)
{
	WfReference *reference = palloc(sizeof(WfReference));

	*reference = search->place;
	reference->flag = pnstrdup(flag.data, flag.len);
	reference->line = line;
	reference->confidence = confidence;
	reference->excerpt = excerpt;
	search->found = lappend(search->found, reference);
}

/* A line of a text, without the blanks around it, and perhaps without its end. */
static const char *
line_of(const char *body, int line)
{
	int			len;

	for (; line > 1 && strchr(body, '\n'); line--)
		body = strchr(body, '\n') + 1;
	body += strspn(body, " \t\r");
	len = strcspn(body, "\n");
	while (len > 0 && isspace((unsigned char) body[len - 1]))
		len--;
	return pnstrdup(body, len > EXCERPT_MAX ? pg_mbcliplen(body, len, EXCERPT_MAX) : len);
}

static int
compare_references(const ListCell *a, const ListCell *b)
{
	const WfReference *x = (const WfReference *) lfirst(a);
	const WfReference *y = (const WfReference *) lfirst(b);
	int			order = strcmp(x->flag, y->flag);

	if (order == 0)
		order = strcmp(x->object_type, y->object_type);
	if (order == 0)
		order = strcmp(x->identity, y->identity);
	if (order == 0)
		order = strcmp(x->part, y->part);
	return order ? order : x->line != y->line ? x->line - y->line : (int) x->confidence - (int) y->confidence;
}
