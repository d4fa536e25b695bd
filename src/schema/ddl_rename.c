/*
 * ddl_rename.c: the statements that rename.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/rename.h"

/* What a rename locks, and whether who uses the name fails afterwards. */
static const struct
{
	WfObjectKind kind;
	WfSchemaLock lock;
	bool		breaks;
}			effects[] = {
	{WF_OBJECT_TABLE, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, true},
	{WF_OBJECT_FOREIGN_TABLE, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, true},
	{WF_OBJECT_VIEW, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, true},
	{WF_OBJECT_MATERIALIZED_VIEW, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, true},
	{WF_OBJECT_SEQUENCE, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, true},
	{WF_OBJECT_COLUMN, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, true},
	{WF_OBJECT_CONSTRAINT, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, false},
	{WF_OBJECT_TRIGGER, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, false},
	{WF_OBJECT_POLICY, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, false},
	{WF_OBJECT_RULE, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE, false},
	{WF_OBJECT_INDEX, WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE, false},
	{WF_OBJECT_DOMAIN_CONSTRAINT, WF_SCHEMA_LOCK_NONE, false},
	{WF_OBJECT_STATISTICS, WF_SCHEMA_LOCK_NONE, false},
	{WF_OBJECT_EVENT_TRIGGER, WF_SCHEMA_LOCK_NONE, false},
};

static const char *place_of(WfRename *rename);
static char *statement(WfRename *rename, const char *from, const char *to);
static bool is_typed(WfObject *type);

/* The action that renames, and the way back from it; the model is not changed. */
WfAction *
wf_schema_ddl_rename(WfRename *rename)
{
	WfAction   *action = palloc0(sizeof(WfAction));
	WfRenamed  *renamed = palloc0(sizeof(WfRenamed));

	renamed->type_name = rename->is_value ? "enum value" : wf_schema_type(rename->kind)->name;
	renamed->identity = pstrdup(place_of(rename));
	renamed->was = rename->was;
	renamed->becomes = rename->becomes;
	action->verb = WF_VERB_RENAME;
	action->from = rename->object;
	action->renamed = renamed;
	action->sql = statement(rename, rename->was, rename->becomes);
	action->rollback_sql = statement(rename, rename->becomes, rename->was);
	appendStringInfoString(wf_schema_step(action, WF_STEP_TRANSACTION, &action->steps)->sql, action->sql);
	action->transactional = true;
	action->breaks = true;
	for (int i = 0; i < lengthof(effects); i++)
	{
		if (effects[i].kind != rename->kind)
			continue;
		action->lock = effects[i].lock;
		action->breaks = effects[i].breaks;
	}
	return action;
}

static const char *
place_of(WfRename *rename)
{
	if (rename->is_value || rename->kind == WF_OBJECT_COLUMN)
		return psprintf("%s.%s", rename->object->identity, rename->was);
	return rename->object->identity;
}

static char *
statement(WfRename *rename, const char *from, const char *to)
{
	WfObject   *object = rename->object;
	WfObject   *parent = object->parent;

	if (rename->is_value)
		return psprintf("ALTER TYPE %s RENAME VALUE %s TO %s;\n", object->identity,
						quote_literal_cstr(from), quote_literal_cstr(to));
	switch (rename->kind)
	{
		case WF_OBJECT_COLUMN:
			return psprintf("ALTER %s %s RENAME %s %s TO %s%s;\n", object->type->keyword, object->identity,
							object->type->kind == WF_OBJECT_COMPOSITE ? "ATTRIBUTE" : "COLUMN", from, to,
							is_typed(object) ? " CASCADE" : "");
		case WF_OBJECT_CONSTRAINT:
		case WF_OBJECT_DOMAIN_CONSTRAINT:
			return psprintf("ALTER %s %s RENAME CONSTRAINT %s TO %s;\n", parent->type->keyword,
							parent->identity, from, to);
		default:
			return psprintf("ALTER %s %s RENAME TO %s;\n", object->type->keyword,
							wf_schema_renamed_identity(object, from), to);
	}
}

/* Is it a type that tables are made of? */
static bool
is_typed(WfObject *type)
{
	ListCell   *lc;

	foreach(lc, type->type->kind == WF_OBJECT_COMPOSITE ? type->needed_by : NIL)
	{
		const char *of_type = wf_schema_value(lfirst(lc), "of_type");

		if (of_type && strcmp(of_type, type->identity) == 0)
			return true;
	}
	return false;
}
