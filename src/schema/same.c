/*
 * same.c: what is the same object in two models of one database.
 *
 * A name tells nothing of that, the catalog address does: it stays when an
 * object gets another name or schema.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "schema/read.h"
#include "schema/rename.h"

typedef struct SameKey
{
	Oid			catalog;
	Oid			oid;
	int32		sub;
} SameKey;

typedef struct Same
{
	SameKey		key;
	WfObject   *object;
	char		status;
} Same;

#define SH_PREFIX same
#define SH_ELEMENT_TYPE Same
#define SH_KEY_TYPE SameKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &(key), sizeof(SameKey))
#define SH_EQUAL(tb, a, b) ((a).oid == (b).oid && (a).catalog == (b).catalog && (a).sub == (b).sub)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static void add_renamed(StringInfo hints, WfObject *was, WfObject *is);
static void add_renamed_values(StringInfo hints, WfObject *was, WfObject *is);
static void add_hint(StringInfo hints, const char *key, const char *name);
static List *make_way(WfModel *after, WfObject *moved, const char *schema);
static bool is_owned(WfObject *sequence);
static const char *schema_now(WfModel *before, same_hash *addresses, const char *schema);

/*
 * The option "renames" for what the server renamed between two readings of one
 * database: each object that has another name of its own, the name being that
 * of the later model.
 */
Jsonb *
wf_schema_renames_between(WfModel *before, WfModel *after)
{
	same_hash  *addresses = wf_schema_by_address(after);
	StringInfoData hints;

	initStringInfo(&hints);
	appendStringInfoChar(&hints, '{');
	for (int i = 0; i < before->nobjects; i++)
	{
		WfObject   *was = before->objects[i];
		WfObject   *is = wf_schema_same_object(addresses, was);

		if (!is)
			continue;
		add_renamed(&hints, was, is);
		if (was->type->kind == WF_OBJECT_ENUM)
			add_renamed_values(&hints, was, is);
	}
	appendStringInfoChar(&hints, '}');
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(hints.data)));
}

/*
 * Statements that bring back into its schema what was moved to another one
 * between two readings of one database: char *, each without a semicolon.  A
 * schema that was renamed is called as it is now.
 */
List *
wf_schema_moves_back(WfModel *before, WfModel *after)
{
	same_hash  *addresses = wf_schema_by_address(after);
	List	   *moves = NIL;

	for (int i = 0; i < before->nobjects; i++)
	{
		WfObject   *was = before->objects[i];
		WfObject   *is = wf_schema_same_object(addresses, was);
		const char *schema;

		/* Parts go with the whole, an owned sequence with its table. */
		if (!is || !is->schema || !was->schema || was->parent || is_owned(was))
			continue;
		schema = schema_now(before, addresses, was->schema);
		if (strcmp(schema, is->schema) == 0)
			continue;
		moves = list_concat(moves, make_way(after, is, schema));
		moves = lappend(moves, psprintf("ALTER %s %s SET SCHEMA %s", is->type->keyword, is->identity,
										quote_identifier(schema)));
	}
	return moves;
}

/* The objects of a model by their catalog address, for wf_schema_same_object(). */
same_hash *
wf_schema_by_address(WfModel *model)
{
	same_hash  *addresses = same_create(CurrentMemoryContext, model->nobjects, NULL);

	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];
		SameKey		key = {object->catalog, object->oid, object->sub};
		bool		found;

		if (object->catalog != InvalidOid)
			same_insert(addresses, key, &found)->object = object;
	}
	return addresses;
}

/* What the object has become; NULL: dropped, or never at a catalog address. */
WfObject *
wf_schema_same_object(same_hash *addresses, WfObject *object)
{
	SameKey		key = {object->catalog, object->oid, object->sub};
	Same	   *same = object->catalog != InvalidOid ? same_lookup(addresses, key) : NULL;

	return same && same->object->type == object->type ? same->object : NULL;
}

static void
add_renamed(StringInfo hints, WfObject *was, WfObject *is)
{
	/* An inherited part follows its parent's. */
	if (!wf_schema_can_rename(was->type) ||
		(wf_schema_attr_index(was->type, "inherited") >= 0 && wf_schema_flag(was, "inherited")))
		return;
	if (strcmp(wf_schema_own_name(was), wf_schema_own_name(is)) != 0)
		add_hint(hints, was->key, wf_schema_own_name(is));
}

/* An enum loses no value and keeps their order: what is missing was renamed. */
static void
add_renamed_values(StringInfo hints, WfObject *was, WfObject *is)
{
	List	   *old = wf_schema_list(wf_schema_value(was, "values"));
	List	   *new = wf_schema_list(wf_schema_value(is, "values"));
	List	   *gone = NIL;
	List	   *come = NIL;
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, old)
	{
		if (!wf_common_list_has(new, lfirst(lc)))
			gone = lappend(gone, lfirst(lc));
	}
	foreach(lc, new)
	{
		if (!wf_common_list_has(old, lfirst(lc)))
			come = lappend(come, lfirst(lc));
	}
	/* With new ones among them, which is which cannot be told. */
	if (list_length(gone) != list_length(come))
		return;
	forboth(lc, gone, other, come)
		add_hint(hints, psprintf("enum value %s.%s", was->identity, (char *) lfirst(lc)), lfirst(other));
}

static void
add_hint(StringInfo hints, const char *key, const char *name)
{
	if (hints->len > 1)
		appendStringInfoString(hints, ", ");
	escape_json(hints, key);
	appendStringInfoString(hints, ": ");
	escape_json(hints, name);
}

/* What is new under the name in that schema gets another one, until it is dropped. */
static List *
make_way(WfModel *after, WfObject *moved, const char *schema)
{
	const char *identity = psprintf("%s.%s", quote_identifier(schema), wf_schema_bare(moved->identity, moved->schema));
	WfObject   *there = wf_schema_model_find(after, psprintf("%s %s", moved->type->name, identity));

	if (!there)
		return NIL;
	return list_make1(psprintf("ALTER %s %s RENAME TO wf_old_%08x", there->type->keyword, there->identity,
							   hash_bytes((const unsigned char *) identity, strlen(identity))));
}

/* Does the sequence belong to a column? */
static bool
is_owned(WfObject *sequence)
{
	ListCell   *lc;

	foreach(lc, sequence->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_SEQUENCE_OWNER)
			return true;
	}
	return false;
}

/* What a schema of the earlier model is called in the later one. */
static const char *
schema_now(WfModel *before, same_hash *addresses, const char *schema)
{
	WfObject   *was = wf_schema_model_find(before, psprintf("schema %s", quote_identifier(schema)));
	WfObject   *is = was ? wf_schema_same_object(addresses, was) : NULL;

	return is ? wf_schema_unquoted(is->identity) : schema;
}
