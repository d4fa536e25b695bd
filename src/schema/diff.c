/*
 * diff.c: what becomes of each object between two models.
 *
 * Objects are matched by type and identity.  An attribute that its type can
 * alter makes an ALTER, another one a drop and create.
 */
#include "common/compat.h"

#include "schema/plan.h"
#include "schema/rename.h"

static void compare(WfPlan *plan, WfObject *from, WfObject *to);
static void borrow(WfObject *from, WfObject *to, int attr);
static bool same_value(const char *a, const char *b);
static void check_needs(WfObject *from, WfObject *to);
static bool has_need(WfObject *object, const char *key);

/* Owner, grants, comments and labels: nothing depends on them. */
bool
wf_schema_is_decoration(const char *attr)
{
	return strcmp(attr, "owner") == 0 || strcmp(attr, "grants") == 0 ||
		strcmp(attr, "comment") == 0 || strcmp(attr, "index_comment") == 0 ||
		strcmp(attr, "security_labels") == 0;
}

/* Finds the pairs, and decides the fate of each object. */
void
wf_schema_match(WfPlan *plan)
{
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *to = plan->to->objects[i];
		WfObject   *from = wf_schema_model_find(plan->from, to->key);

		if (!from)
		{
			/* What a failed build left behind is nothing to aim at. */
			if (wf_schema_model_knows(plan->from, to->type, 0) && !wf_schema_flag(to, "invalid"))
				to->fate = WF_FATE_CREATE;
			continue;
		}
		from->twin = to;
		to->twin = from;
	}
	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *from = plan->from->objects[i];

		if (!from->twin && wf_schema_model_knows(plan->to, from->type, 0))
			from->fate = WF_FATE_DROP;
		else if (from->twin)
			compare(plan, from, from->twin);
	}
}

static void
compare(WfPlan *plan, WfObject *from, WfObject *to)
{
	if (from->followed)
		check_needs(from, to);
	for (int i = 0; i < from->type->nattrs; i++)
	{
		const WfObjectAttr *attr = &from->type->attrs[i];
		StringInfoData sql;
		WfDdl		ddl;

		if ((attr->flags & WF_ATTR_QUIET) ||
			(same_value(from->values[i], to->values[i]) && !list_member_int(from->doubts, i) &&
			 !(strcmp(attr->name, "grants") == 0 && wf_schema_ddl_grants_move(from, to))))
			continue;
		if (!wf_schema_covers(plan->from, from->type, i) || !wf_schema_covers(plan->to, to->type, i))
		{
			borrow(from, to, i);
			continue;
		}
		from->changes = lappend_int(from->changes, i);
		initStringInfo(&sql);
		wf_schema_ddl_begin(&ddl, &sql, &plan->options);
		if (from->fate != WF_FATE_REPLACE)
			from->fate = wf_schema_ddl_alter(&ddl, from, to, attr->name) ? WF_FATE_ALTER : WF_FATE_REPLACE;
		pfree(sql.data);
	}
	to->fate = from->fate;
}

/* What one side does not know is as on the other, should the object be made anew. */
static void
borrow(WfObject *from, WfObject *to, int attr)
{
	if (!to->values[attr])
		to->values[attr] = from->values[attr];
	else if (!from->values[attr])
		from->values[attr] = to->values[attr];
}

static bool
same_value(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

/*
 * A text that a rename went through and that mentions the same as the
 * target's also needs the same; if not, it only looks so.
 */
static void
check_needs(WfObject *from, WfObject *to)
{
	int			attr = wf_schema_attr_index(from->type, "definition");
	bool		same = list_length(from->needs) == list_length(to->needs);
	ListCell   *lc;

	if (attr < 0)
		attr = wf_schema_attr_index(from->type, "expression");
	if (attr < 0)
		return;
	foreach(lc, from->needs)
		same &= has_need(to, ((WfObject *) lfirst(lc))->key);
	if (!same)
		wf_schema_doubt(from, attr);
}

static bool
has_need(WfObject *object, const char *key)
{
	ListCell   *lc;

	foreach(lc, object->needs)
	{
		if (strcmp(((WfObject *) lfirst(lc))->key, key) == 0)
			return true;
	}
	return false;
}
