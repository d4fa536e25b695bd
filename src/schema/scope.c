/*
 * scope.c: what other tools model of a schema.
 *
 * A tool's own snapshot says nothing about triggers or grants, so a database
 * that has some has not drifted from it.  A scope is a table of what the tool
 * does say something about.
 */
#include "common/compat.h"

#include "schema/model.h"

#define MAX_SCOPE_ATTRS 6

typedef struct ScopeRow
{
	WfObjectKind kind;
	const char *attrs[MAX_SCOPE_ATTRS];
} ScopeRow;

struct WfScope
{
	const char *name;
	const char *ledger;			/* begins the names of the tool's own tables */
	ScopeRow	rows[WF_OBJECT_COUNT];
	int			nrows;
};

static const WfScope scopes[] = {
	{"drizzle", "__drizzle_migrations",
		{
			{WF_OBJECT_SCHEMA, {NULL}},
			{WF_OBJECT_ENUM, {"values"}},
			{WF_OBJECT_SEQUENCE, {"settings"}},
			{WF_OBJECT_TABLE, {"row_security"}},
			{WF_OBJECT_COLUMN, {"generated", "type", "not_null", "identity", "identity_sequence", "identity_settings"}},
			{WF_OBJECT_SEQUENCE_OWNER, {"column"}},
			{WF_OBJECT_DEFAULT, {"expression"}},
			{WF_OBJECT_VIEW, {"definition", "options"}},
			{WF_OBJECT_MATERIALIZED_VIEW, {"definition", "access_method", "tablespace", "options"}},
			{WF_OBJECT_CONSTRAINT, {"kind", "definition"}},
			{WF_OBJECT_INDEX, {"definition", "options"}},
	}, 11},
	{"prisma", "_prisma_migrations",
		{
			{WF_OBJECT_SCHEMA, {NULL}},
			{WF_OBJECT_ENUM, {"values"}},
			{WF_OBJECT_SEQUENCE, {"settings"}},
			{WF_OBJECT_TABLE, {NULL}},
			{WF_OBJECT_COLUMN, {"type", "not_null"}},
			{WF_OBJECT_SEQUENCE_OWNER, {"column"}},
			{WF_OBJECT_DEFAULT, {"expression"}},
			{WF_OBJECT_CONSTRAINT, {"kind", "definition"}},
			{WF_OBJECT_INDEX, {"definition"}},
	}, 9},
};

static const ScopeRow *row_of(const WfScope *scope, WfObjectKind kind);
static bool in_scope(WfModel *model, WfObject *object);
static bool is_ledger(const WfScope *scope, WfObject *object);
static bool is_partition(WfObject *object);

/* The scope of this name, or NULL. */
const WfScope *
wf_schema_scope(const char *name)
{
	for (int i = 0; i < lengthof(scopes); i++)
	{
		if (strcmp(scopes[i].name, name) == 0)
			return &scopes[i];
	}
	return NULL;
}

const char *
wf_schema_scope_name(const WfScope *scope)
{
	return scope->name;
}

/*
 * Takes what is out of the scope from a finished model: objects of types that
 * the tool does not know, its own tables, and partitions, which stand for
 * their parent.
 */
void
wf_schema_narrow(WfModel *model, const WfScope *scope)
{
	if (!scope || model->scope == scope)
		return;
	model->scope = scope;
	wf_schema_model_retain(model, in_scope);
}

/* Does the model say something about this attribute, so that it is compared? */
bool
wf_schema_covers(WfModel *model, const WfObjectType *type, int attr)
{
	const ScopeRow *row;

	if ((type->attrs[attr].flags & WF_ATTR_QUIET) || !wf_schema_model_knows(model, type, attr) ||
		wf_schema_model_left_out(model, type->attrs[attr].name))
		return false;
	if (!model->scope)
		return true;
	row = row_of(model->scope, type->kind);
	for (int i = 0; row && i < MAX_SCOPE_ATTRS && row->attrs[i]; i++)
	{
		if (strcmp(row->attrs[i], type->attrs[attr].name) == 0)
			return true;
	}
	return false;
}

static const ScopeRow *
row_of(const WfScope *scope, WfObjectKind kind)
{
	for (int i = 0; i < scope->nrows; i++)
	{
		if (scope->rows[i].kind == kind)
			return &scope->rows[i];
	}
	return NULL;
}

static bool
in_scope(WfModel *model, WfObject *object)
{
	for (; object; object = object->parent)
	{
		if (!row_of(model->scope, object->type->kind) || is_ledger(model->scope, object) || is_partition(object))
			return false;
	}
	return true;
}

static bool
is_ledger(const WfScope *scope, WfObject *object)
{
	return (object->type->kind == WF_OBJECT_TABLE || object->type->kind == WF_OBJECT_SEQUENCE) &&
		strncmp(wf_schema_bare(object->identity, object->schema), scope->ledger, strlen(scope->ledger)) == 0;
}

static bool
is_partition(WfObject *object)
{
	ListCell   *lc;

	foreach(lc, object->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_PARTITION)
			return true;
	}
	return false;
}
