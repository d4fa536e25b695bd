/*
 * order.c: from fates to actions.
 *
 * What a statement brings along gets no action of its own: a new table's
 * columns come with it, a dropped table takes its indexes with it, a
 * partition's columns follow the parent's.  Such an object is folded into
 * another's action.  If that makes a circle, it is told to stand apart and
 * all is built again.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static void reset(WfModel *model);
static void make_drops(WfPlan *plan);
static void make_creates(WfPlan *plan);
static void make_alters(WfPlan *plan);
static void make_readies(WfPlan *plan);
static WfAction *drop_action_of(WfPlan *plan, WfObject *object);
static WfAction *folded_drop(WfPlan *plan, WfObject *object);
static WfAction *create_action_of(WfPlan *plan, WfObject *object);
static WfAction *folded_create(WfPlan *plan, WfObject *object);
static bool needs_only_old(WfObject *object);
static bool comes_with(WfAction *host, WfObject *dflt);
static bool has_double(WfObject *constraint);
static bool is_type_with_columns(WfObject *object);
static void alter_object(WfPlan *plan, WfObject *from);
static void alter_type_of(WfPlan *plan, WfObject *from);
static bool follows_parent(WfObject *from, int attr);
static bool stays_quiet(WfAction *action);

/* Makes the plan's actions and puts them in an order that works. */
void
wf_schema_order(WfPlan *plan)
{
	wf_schema_mark_referenced(plan->from);
	for (;;)
	{
		plan->actions = NIL;
		plan->taken = NULL;
		reset(plan->from);
		reset(plan->to);
		make_drops(plan);
		make_creates(plan);
		make_alters(plan);
		make_readies(plan);
		wf_schema_settle_not_null(plan);
		wf_schema_add_edges(plan);
		if (wf_schema_sort(plan))
			break;
		/* What is now dropped and made again may take others along. */
		wf_schema_spread(plan);
	}
}

static void
reset(WfModel *model)
{
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];

		object->drop_action = object->create_action = NULL;
		object->first_alter = object->last_alter = object->final_action = NULL;
		object->grants_action = object->owner_action = object->shell_action = NULL;
		object->ready_action = object->options_action = object->loosen_action = object->bind_action = NULL;
		object->interim = NULL;
	}
}

static void
make_drops(WfPlan *plan)
{
	for (int i = 0; i < plan->from->nobjects; i++)
		(void) drop_action_of(plan, plan->from->objects[i]);
}

static WfAction *
drop_action_of(WfPlan *plan, WfObject *object)
{
	wf_schema_go_deeper();
	if (object->drop_action || object->visiting ||
		(object->fate != WF_FATE_DROP && object->fate != WF_FATE_REPLACE))
		return object->drop_action;
	object->visiting = true;
	object->drop_action = folded_drop(plan, object);
	object->visiting = false;
	if (object->drop_action)
	{
		object->final_action = object->drop_action->from->final_action;
		return object->drop_action;
	}
	object->drop_action = wf_schema_add_action(plan, WF_VERB_DROP, object, NULL, NULL);
	if (object->announced_to)
		object->shell_action = wf_schema_add_action(plan, WF_VERB_SHELL, object, NULL, NULL);
	if (is_type_with_columns(object))
		object->final_action = wf_schema_add_action(plan, WF_VERB_FINISH, object, NULL, NULL);
	return object->drop_action;
}

/* The action that takes this object along, or NULL. */
static WfAction *
folded_drop(WfPlan *plan, WfObject *object)
{
	WfObject   *owner = object->parent;
	WfObject   *origin;
	ListCell   *lc;

	if (object->apart)
		return NULL;
	if (wf_schema_builds_beside(plan, object))
		return create_action_of(plan, object->twin);
	/* The view's column itself stays where its settings go. */
	while (owner && wf_schema_is_of_view(owner))
		owner = owner->parent;
	if (owner && drop_action_of(plan, owner) && !wf_schema_leaves_referenced(object))
		return owner->drop_action;

	/*
	 * A column of the parent takes along the child's, unless that is its own
	 * too.
	 */
	origin = wf_schema_inherited_from(object);
	if (origin && (!wf_schema_flag(object, "local") || origin->parent->type->kind == WF_OBJECT_COMPOSITE) &&
		!wf_schema_leaves_copies(origin) && drop_action_of(plan, origin))
		return origin->drop_action;
	/* A type takes along the functions that it is made of. */
	foreach(lc, object->type->kind == WF_OBJECT_FUNCTION ? object->needs : NIL)
	{
		WfObject   *type = lfirst(lc);

		if (wf_schema_is_made_of(type, object) && drop_action_of(plan, type))
			return type->drop_action;
	}
	foreach(lc, object->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *whole;

		/*
		 * A sequence goes with its column, a partition's index with the
		 * parent's.
		 */
		if ((link->type->kind != WF_OBJECT_SEQUENCE_OWNER &&
			 link->type->kind != WF_OBJECT_INDEX_PARTITION) || !link->needs || link->apart)
			continue;
		whole = linitial(link->needs);
		if (link->type->kind == WF_OBJECT_INDEX_PARTITION)
		{
			WfObject   *attached = wf_schema_partition_of(object->parent);

			if (attached && drop_action_of(plan, attached))
				continue;		/* no longer attached by then */
		}
		if (drop_action_of(plan, whole))
			return whole->drop_action;
	}
	return NULL;
}

/*
 * Is this a type that needs functions which in turn need it, as the input
 * function of a base type does?  function: this one, or NULL for any.
 */
bool
wf_schema_is_made_of(WfObject *type, WfObject *function)
{
	ListCell   *lc;

	if (type->type->kind != WF_OBJECT_BASE_TYPE && type->type->kind != WF_OBJECT_RANGE)
		return false;
	foreach(lc, type->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (needed->type->kind == WF_OBJECT_FUNCTION && (!function || needed == function) &&
			list_member_ptr(needed->needs, type))
			return true;
	}
	return false;
}

/* The link that makes a table a partition, or NULL. */
WfObject *
wf_schema_partition_of(WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table ? table->children : NIL)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_PARTITION)
			return link;
	}
	return NULL;
}

/* Is it a column of a view?  As an object it is only what is set on it. */
bool
wf_schema_is_of_view(WfObject *object)
{
	return object->type->kind == WF_OBJECT_COLUMN &&
		(object->parent->type->kind == WF_OBJECT_VIEW ||
		 object->parent->type->kind == WF_OBJECT_MATERIALIZED_VIEW);
}

/*
 * Is it a type that columns have until they have its successor?  One that
 * only goes is in the way when another gets the names of its functions or
 * multirange.
 */
static bool
is_type_with_columns(WfObject *object)
{
	bool		in_the_way = object->fate == WF_FATE_DROP &&
	(object->type->kind == WF_OBJECT_RANGE || wf_schema_is_made_of(object, NULL));
	ListCell   *lc;

	foreach(lc, object->needed_by)
	{
		WfObject   *column = lfirst(lc);

		if (column->retype || (in_the_way && column->type->kind == WF_OBJECT_COLUMN && column->fate == WF_FATE_ALTER))
			return true;
	}
	return false;
}

static void
make_creates(WfPlan *plan)
{
	for (int i = 0; i < plan->to->nobjects; i++)
		(void) create_action_of(plan, plan->to->objects[i]);
}

static WfAction *
create_action_of(WfPlan *plan, WfObject *object)
{
	wf_schema_go_deeper();
	if (object->create_action || object->visiting ||
		(object->fate != WF_FATE_CREATE && object->fate != WF_FATE_REPLACE))
		return object->create_action;
	object->visiting = true;
	object->create_action = folded_create(plan, object);
	object->visiting = false;
	if (!object->create_action)
	{
		object->create_action = wf_schema_add_action(plan, WF_VERB_CREATE, object->twin, object, NULL);
		if (wf_schema_is_made_of(object, NULL) || object->announced_to)
			object->shell_action = wf_schema_add_action(plan, WF_VERB_SHELL, object->twin, object, NULL);
	}
	return object->create_action;
}

/* The action that makes this object as well, or NULL. */
static WfAction *
folded_create(WfPlan *plan, WfObject *object)
{
	WfAction   *host = object->parent ? create_action_of(plan, object->parent) : NULL;
	WfObject   *origin;

	if (object->apart)
		return NULL;
	switch (object->type->kind)
	{
		case WF_OBJECT_COLUMN:
			if (host && !wf_schema_is_of_view(object))
				return host;
			break;
		case WF_OBJECT_DEFAULT:
			return object->parent->type->kind == WF_OBJECT_COLUMN && !wf_schema_is_of_view(object->parent) &&
				host && comes_with(host, object) ? host : NULL;
		case WF_OBJECT_INHERITANCE:
			return host;
		case WF_OBJECT_CONSTRAINT:
			origin = wf_schema_brought_unchecked(object);
			if (origin && !wf_schema_flag(object, "local"))
				return create_action_of(plan, origin);
			/* Comes with INHERITS. */
			if (host && wf_schema_flag(object, "inherited") && !wf_schema_flag(object, "local") &&
				!wf_schema_value(object, "index") && !wf_schema_partition_of(object->parent))
				return host;
			if (host && !wf_schema_flag(object, "not_valid") && needs_only_old(object) &&
				!has_double(object))
				return host;
			if (!host && wf_schema_kept_foreign_key(object))
				return wf_schema_partition_of(object->parent->twin)->drop_action;
			break;
		case WF_OBJECT_DOMAIN_CONSTRAINT:
			if (host && !wf_schema_flag(object, "not_valid") && needs_only_old(object))
				return host;
			break;
		default:
			return NULL;
	}
	if (host)
		return NULL;
	/* What is the table's own as well needs its own statement. */
	origin = wf_schema_inherited_from(object);
	if (origin && wf_schema_flag(object, "local") &&
		origin->parent->type->kind != WF_OBJECT_COMPOSITE)
		return NULL;
	if (!origin)
		origin = wf_schema_inherited_by(object);
	return origin ? create_action_of(plan, origin) : NULL;
}

/* Does the action that makes a column set this default of it?  A parent's brings only its own. */
static bool
comes_with(WfAction *host, WfObject *dflt)
{
	WfObject   *made = host->to;
	ListCell   *lc;

	if (made == dflt->parent || made->type->kind != WF_OBJECT_COLUMN)
		return true;
	foreach(lc, made->children)
	{
		if (strcmp(wf_schema_value(lfirst(lc), "expression"), wf_schema_value(dflt, "expression")) == 0)
			return true;
	}
	return false;
}

/* CREATE TABLE makes only one of several constraints with equal indexes. */
static bool
has_double(WfObject *constraint)
{
	const char *columns = strchr(wf_schema_value(constraint, "definition"), '(');
	ListCell   *lc;

	if (!columns || !wf_schema_value(constraint, "index"))
		return false;
	foreach(lc, constraint->parent->children)
	{
		WfObject   *other = lfirst(lc);
		const char *other_columns;

		if (other == constraint || other->type != constraint->type || !wf_schema_value(other, "index"))
			continue;
		other_columns = strchr(wf_schema_value(other, "definition"), '(');
		if (other_columns && strcmp(columns, other_columns) == 0)
			return true;
	}
	return false;
}

/* Does it need nothing that this plan makes, its own table aside? */
static bool
needs_only_old(WfObject *object)
{
	ListCell   *lc;
	const char *kind = wf_schema_value(object, "kind");

	if (kind && strcmp(kind, "FOREIGN KEY") == 0)
		return false;
	foreach(lc, object->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (needed->parent != object->parent && needed->fate != WF_FATE_KEEP)
			return false;
	}
	return true;
}

/* Where an index of a partitioned table is completed by links to others. */
static void
make_readies(WfPlan *plan)
{
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *link = plan->to->objects[i];
		WfObject   *whole;

		if (link->type->kind != WF_OBJECT_INDEX_PARTITION || !link->create_action || !link->needs)
			continue;
		whole = linitial(link->needs);
		if (!whole->ready_action)
			whole->ready_action = wf_schema_add_action(plan, WF_VERB_READY, NULL, whole, NULL);
	}
}

static void
make_alters(WfPlan *plan)
{
	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *from = plan->from->objects[i];

		if (from->fate == WF_FATE_ALTER)
			alter_object(plan, from);
	}
}

/* One action an attribute; those that define the object form a chain. */
static void
alter_object(WfPlan *plan, WfObject *from)
{
	WfObject   *to = from->twin;
	WfAction   *decoration = NULL;
	WfAction   *action;

	for (int i = 0; i < from->type->nattrs; i++)
	{
		const char *attr = from->type->attrs[i].name;

		if (!list_member_int(from->changes, i) || follows_parent(from, i))
			continue;
		if (strcmp(attr, "of_type") == 0)
		{
			alter_type_of(plan, from);
			continue;
		}
		action = wf_schema_add_action(plan, WF_VERB_ALTER, from, to, attr);
		if (from->type->kind == WF_OBJECT_TABLE && strcmp(attr, "options") == 0)
		{
			/* Those for TOAST are lost when a column's type needs none. */
			from->options_action = action;
			continue;
		}
		if (strcmp(attr, "grants") == 0)
			to->grants_action = action;
		if (strcmp(attr, "owner") == 0)
			to->owner_action = action;
		if (wf_schema_is_decoration(attr))
		{
			wf_schema_edge(decoration, action, NULL);
			decoration = action;
			continue;
		}
		wf_schema_edge(from->last_alter, action, NULL);
		if (!from->first_alter)
			from->first_alter = to->first_alter = action;
		from->last_alter = to->last_alter = action;
	}
}

/* The columns of a table of a type cannot change, so it is freed and bound again. */
static void
alter_type_of(WfPlan *plan, WfObject *from)
{
	WfObject   *to = from->twin;

	if (wf_schema_value(from, "of_type"))
		from->loosen_action = to->loosen_action = wf_schema_add_action(plan, WF_VERB_LOOSEN, from, to, "of_type");
	if (wf_schema_value(to, "of_type"))
		from->bind_action = to->bind_action = wf_schema_add_action(plan, WF_VERB_ALTER, from, to, "of_type");
}

/* An inherited column takes its type from the parent's statement. */
static bool
follows_parent(WfObject *from, int attr)
{
	const char *name = from->type->attrs[attr].name;
	WfObject   *origin;

	if (from->type->kind != WF_OBJECT_COLUMN ||
		(strcmp(name, "type") != 0 && strcmp(name, "generated") != 0 &&
		 strcmp(name, "not_null") != 0))
		return false;
	origin = wf_schema_inherited_from(from->twin);

	/*
	 * NOT NULL is taken from partitions along with the parent, but not from
	 * children.
	 */
	if (origin && strcmp(name, "not_null") == 0 && !wf_schema_flag(from->twin, name) &&
		!wf_schema_value(origin->parent, "partition_by"))
		return false;
	if (!origin || !origin->twin || origin->fate != WF_FATE_ALTER)
		return false;
	return list_member_int(origin->twin->changes, attr) &&
		wf_schema_inherited_from(from) == origin->twin;
}

/* An action more; attr is that of an ALTER, else NULL. */
WfAction *
wf_schema_add_action(WfPlan *plan, WfVerb verb, WfObject *from, WfObject *to, const char *attr)
{
	WfAction   *action = palloc0(sizeof(WfAction));
	int			kind = (to ? to : from)->type->kind;

	action->verb = verb;
	action->from = from;
	action->to = to;
	action->attr = attr;
	action->sequence = list_length(plan->actions);
	switch (verb)
	{
		case WF_VERB_DROP:
			action->rank = WF_OBJECT_COUNT - kind;
			break;
		case WF_VERB_LOOSEN:
			break;				/* as early as may be */
		case WF_VERB_FINISH:
		case WF_VERB_SETTLE:
			action->rank = 4 * WF_OBJECT_COUNT;
			break;
		case WF_VERB_ALTER:

			/*
			 * New enum values first: they may need a transaction of their
			 * own.
			 */
			action->rank = kind == WF_OBJECT_ENUM && strcmp(attr, "values") == 0 ? 0
				: WF_OBJECT_COUNT + 2 * kind + 1;
			break;
		case WF_VERB_RENAME:
			break;				/* these stand before all others */
		case WF_VERB_SHELL:
		case WF_VERB_READY:
		case WF_VERB_CREATE:

			/*
			 * Filling a materialized view runs functions, and default
			 * privileges reach all that is made after them: both late.
			 */
			action->rank = WF_OBJECT_COUNT * (kind == WF_OBJECT_DEFAULT_PRIVILEGES ? 5 :
											  kind == WF_OBJECT_MATERIALIZED_VIEW ? 3 : 1) + 2 * kind;
			break;
	}
	if (kind == WF_OBJECT_EVENT_TRIGGER)
		action->rank = stays_quiet(action) ? -1 : 8 * WF_OBJECT_COUNT;
	plan->actions = lappend(plan->actions, action);
	return action;
}

/* Event triggers run for this script's statements as little as may be. */
static bool
stays_quiet(WfAction *action)
{
	const char *enabled;

	if (!action->to || action->verb == WF_VERB_RENAME)
		return true;
	enabled = wf_schema_value(action->to, "enabled");
	return action->verb == WF_VERB_ALTER && enabled && strcmp(enabled, "DISABLE") == 0;
}
