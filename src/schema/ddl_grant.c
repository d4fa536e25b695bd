/*
 * ddl_grant.c: grants, and the default privileges that give them.
 *
 * A model holds what somebody has more ("GRANT SELECT TO r WITH GRANT
 * OPTION") or less ("REVOKE EXECUTE FROM PUBLIC") than the server gives by
 * itself.
 */
#include "common/compat.h"

#include "schema/ddl.h"

/* One item of such a list, taken apart. */
typedef struct Grant
{
	bool		revoke;
	bool		option;			/* WITH GRANT OPTION */
	const char *privilege;
	const char *role;			/* quoted, or PUBLIC */
	const char *grantor;		/* quoted; NULL: the owner */
	bool		cascade;
} Grant;

static bool is_of_column(WfObject *object, const char *attr);
static List *in_chain(List *items);
static List *revoked_items(List *had, List *wanted);
static const char *granted_by(List *items, const char *text);
static char *undone(const char *text, const char *owner, List *gone);
static const char *owner_of(WfObject *object);
static List *passed_on(List *grants, const char *from, const char *to);
static bool parse_grant(const char *text, Grant *grant);
static char *grant_text(const Grant *grant);
static void write_grant(WfDdl *ddl, WfObject *object, const char *attr, const char *text);
static char *grant_target(WfObject *object, const char *attr, const char **columns);
static void restore_column_grants(WfDdl *ddl, WfObject *table, const char *revoked);
static bool is_same_privilege(const char *a, const char *b);
static void undo_one(WfDdl *ddl, WfObject *object, const char *attr, WfObject *defaults, List **done);
static bool is_given_anyway(WfObject *object, const char *role, const Grant *grant);
static const char *privilege_class(WfObject *object);
static const char *class_of(WfObject *defaults);
static char *role_of(WfObject *defaults);
static void write_default_grants(WfDdl *ddl, WfObject *defaults, const char *from, const char *to);

/* Takes an item apart; false when it is none. */
static bool
parse_grant(const char *text, Grant *grant)
{
	const char *role;
	const char *end;

	grant->revoke = strncmp(text, "REVOKE ", 7) == 0;
	if (!grant->revoke && strncmp(text, "GRANT ", 6) != 0)
		return false;
	text += grant->revoke ? 7 : 6;
	role = strstr(text, grant->revoke ? " FROM " : " TO ");
	if (!role)
		return false;
	grant->privilege = pnstrdup(text, role - text);
	role += grant->revoke ? 6 : 4;
	end = wf_schema_ddl_end_of_name(role);
	grant->role = pnstrdup(role, end - role);
	grant->option = strncmp(end, " WITH GRANT OPTION", 18) == 0;
	end += grant->option ? 18 : 0;
	grant->grantor = strncmp(end, " GRANTED BY ", 12) == 0 ? end + 12 : NULL;
	grant->cascade = strcmp(end, " CASCADE") == 0;
	return true;
}

/* The place behind a name that is quoted where it must be. */
const char *
wf_schema_ddl_end_of_name(const char *name)
{
	bool		quoted = false;

	for (; *name && (quoted || *name != ' '); name++)
		if (*name == '"')
			quoted = !quoted;
	return name;
}

static char *
grant_text(const Grant *grant)
{
	return psprintf("%s %s %s %s%s%s%s%s", grant->revoke ? "REVOKE" : "GRANT", grant->privilege,
					grant->revoke ? "FROM" : "TO", grant->role,
					grant->option ? " WITH GRANT OPTION" : "", grant->grantor ? " GRANTED BY " : "",
					grant->grantor ? grant->grantor : "", grant->cascade ? " CASCADE" : "");
}

/* The item that takes a GRANT or REVOKE back. */
char *
wf_schema_ddl_opposite(const char *text)
{
	Grant		grant;

	if (!parse_grant(text, &grant))
		return pstrdup(text);
	grant.revoke = !grant.revoke;
	grant.option = false;
	return grant_text(&grant);
}

/* Does a new owner take grants of the old one over, so that equal ones will differ? */
bool
wf_schema_ddl_grants_move(WfObject *from, WfObject *to)
{
	List	   *had = wf_schema_list(wf_schema_value(from, "grants"));
	ListCell   *lc;

	if (!had || !owner_of(from) || !owner_of(to) || strcmp(owner_of(from), owner_of(to)) == 0)
		return false;
	foreach(lc, passed_on(had, owner_of(from), owner_of(to)))
	{
		if (!wf_common_list_has(had, lfirst(lc)))
			return true;
	}
	return false;
}

/*
 * From the grants of one object to those of the other; either may be NULL.
 * attr is the attribute that holds them.
 */
void
wf_schema_ddl_grants(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	WfObject   *object = to ? to : from;
	List	   *had = from ? wf_schema_list(wf_schema_value(from, attr)) : NIL;
	List	   *wanted = to ? wf_schema_list(wf_schema_value(to, attr)) : NIL;
	const char *owner = to && !is_of_column(to, attr) ? owner_of(to) : NULL;
	List	   *gone;
	ListCell   *lc;

	if (from && to && owner_of(from) && owner_of(to))
		had = passed_on(had, owner_of(from), owner_of(to));
	/* What a grantee granted on goes before his own, and comes behind it. */
	had = in_chain(had);
	wanted = in_chain(wanted);
	gone = revoked_items(had, wanted);
	for (int i = list_length(gone) - 1; i >= 0; i--)
	{
		const char *item = list_nth(gone, i);

		if (!granted_by(gone, item))
			write_grant(ddl, object, attr, undone(item, owner, gone));
		if (strncmp(item, "GRANT", 5) == 0)
			ddl->breaks = true;
	}
	foreach(lc, wanted)
	{
		if (!wf_common_list_has(had, lfirst(lc)) || wf_common_list_has(gone, lfirst(lc)))
			write_grant(ddl, object, attr, lfirst(lc));
	}
	foreach(lc, had)
	{
		if (!wf_common_list_has(wanted, lfirst(lc)))
			restore_column_grants(ddl, object, lfirst(lc));
	}
}

/* Are these grants on a column?  There the owner has nothing by itself. */
static bool
is_of_column(WfObject *object, const char *attr)
{
	return object->type->kind == WF_OBJECT_COLUMN && strcmp(attr, "grants") == 0;
}

/* The items so that each grantor has the option before. */
static List *
in_chain(List *items)
{
	List	   *chain = NIL;
	List	   *able = NIL;
	int			before;

	do
	{
		ListCell   *lc;

		before = list_length(chain);
		foreach(lc, items)
		{
			Grant		grant;

			if (wf_common_list_has(chain, lfirst(lc)) || !parse_grant(lfirst(lc), &grant) ||
				(grant.grantor && !wf_common_list_has(able, psprintf("%s %s", grant.privilege, grant.grantor))))
				continue;
			chain = lappend(chain, lfirst(lc));
			if (grant.option)
				able = lappend(able, psprintf("%s %s", grant.privilege, grant.role));
		}
	} while (list_length(chain) > before);
	return chain;
}

/* What is not wanted, and what its grantees granted on, in the order of the chain. */
static List *
revoked_items(List *had, List *wanted)
{
	List	   *gone = NIL;
	ListCell   *lc;

	foreach(lc, had)
	{
		if (!wf_common_list_has(wanted, lfirst(lc)) || granted_by(gone, lfirst(lc)))
			gone = lappend(gone, lfirst(lc));
	}
	return gone;
}

/* The item that let the grantor of this one grant it, or NULL. */
static const char *
granted_by(List *items, const char *text)
{
	Grant		grant;
	ListCell   *lc;

	if (!parse_grant(text, &grant) || !grant.grantor)
		return NULL;
	foreach(lc, items)
	{
		Grant		other;

		if (parse_grant(lfirst(lc), &other) && other.option &&
			strcmp(other.role, grant.grantor) == 0 && strcmp(other.privilege, grant.privilege) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/*
 * The opposite of an item, which takes along what was granted on.  An owner
 * who has all by himself, else NULL, loses only the grant option.
 */
static char *
undone(const char *text, const char *owner, List *gone)
{
	Grant		grant;
	char	   *undo = wf_schema_ddl_opposite(text);
	ListCell   *lc;

	if (owner && parse_grant(text, &grant) && grant.option && strcmp(grant.role, owner) == 0)
		undo = psprintf("REVOKE GRANT OPTION FOR %s FROM %s", grant.privilege, grant.role);
	foreach(lc, gone)
	{
		const char *source = granted_by(gone, lfirst(lc));

		if (source && strcmp(source, text) == 0)
			return psprintf("%s CASCADE", undo);
	}
	return undo;
}

static const char *
owner_of(WfObject *object)
{
	const char *owner = wf_schema_value(object, "owner");

	return owner || !object->parent ? owner : wf_schema_value(object->parent, "owner");
}

/* The grants after a change of the owner, who takes over what the old one had. */
static List *
passed_on(List *grants, const char *from, const char *to)
{
	List	   *after = NIL;
	ListCell   *lc;

	if (strcmp(from, to) == 0)
		return grants;
	foreach(lc, grants)
	{
		Grant		grant;

		if (!parse_grant(lfirst(lc), &grant))
			continue;
		if (strcmp(grant.role, from) == 0)
			grant.role = to;
		/* What the new owner had been granted is part of all that is his. */
		else if (!grant.revoke && !grant.option && strcmp(grant.role, to) == 0)
			continue;
		after = lappend(after, grant_text(&grant));
	}
	return after;
}

/* REVOKE on a table takes the same privilege on its columns along. */
static void
restore_column_grants(WfDdl *ddl, WfObject *table, const char *revoked)
{
	bool		is_made = wf_schema_ddl_is_new(table);
	ListCell   *lc;

	foreach(lc, table->children)
	{
		WfObject   *column = lfirst(lc);
		ListCell   *lg;

		/* Columns made apart from their table get theirs later. */
		if (column->type->kind != WF_OBJECT_COLUMN ||
			(is_made ? column->create_action != table->create_action : column->fate == WF_FATE_CREATE))
			continue;
		foreach(lg, wf_schema_list(wf_schema_value(column, "grants")))
			if (is_same_privilege(lfirst(lg), revoked))
			write_grant(ddl, column, "grants", lfirst(lg));
	}
}

/* Does one item take back the other, with or without the grant option? */
static bool
is_same_privilege(const char *a, const char *b)
{
	Grant		x;
	Grant		y;

	return parse_grant(a, &x) && parse_grant(b, &y) &&
		strcmp(x.privilege, y.privilege) == 0 && strcmp(x.role, y.role) == 0;
}

/* "GRANT SELECT TO r" becomes "GRANT SELECT ON TABLE t TO r". */
static void
write_grant(WfDdl *ddl, WfObject *object, const char *attr, const char *text)
{
	const char *columns = "";
	char	   *target = grant_target(object, attr, &columns);
	Grant		grant;

	if (!parse_grant(text, &grant))
		return;
	grant.privilege = psprintf("%s%s ON %s", grant.privilege, columns, target);
	/* PostgreSQL takes GRANTED BY for the current role only. */
	if (grant.grantor)
		appendStringInfo(ddl->sql, "SET LOCAL ROLE %s;\n%s;\nSET LOCAL ROLE NONE;\n", grant.grantor,
						 grant_text(&grant));
	else
		appendStringInfo(ddl->sql, "%s;\n", grant_text(&grant));
}

static char *
grant_target(WfObject *object, const char *attr, const char **columns)
{
	if (strcmp(attr, "identity_grants") == 0)
		return psprintf("SEQUENCE %s", wf_schema_value(object, "identity_sequence"));
	if (object->type->kind == WF_OBJECT_PRIVILEGES)
	{
		if (wf_schema_value(object, "of_column"))
			*columns = psprintf(" (%s)", wf_schema_value(object, "of_column"));
		return pstrdup(wf_schema_value(object, "on"));
	}
	if (object->type->kind == WF_OBJECT_COLUMN)
	{
		*columns = psprintf(" (%s)", wf_schema_short_name(object));
		object = object->parent;
	}
	if (object->type->kind == WF_OBJECT_AGGREGATE)
		return psprintf("FUNCTION %s", wf_schema_value(object, "signature"));
	return psprintf("%s %s", object->type->grant_keyword, object->identity);
}

/*
 * A new object starts with what default privileges give it, wanted or not.
 * They are those of whoever runs the script, which nobody knows yet, so what
 * any role's would give is taken back; where nothing was given, that changes
 * nothing.
 */
void
wf_schema_ddl_undo_default_privileges(WfDdl *ddl, WfObject *object, const char *attr)
{
	const char *class = strcmp(attr, "identity_grants") == 0 ? "SEQUENCES" : privilege_class(object);
	List	   *done = wf_schema_list(wf_schema_value(object, attr));
	ListCell   *lc;

	foreach(lc, class ? ddl->default_privileges : NIL)
	{
		WfObject   *defaults = lfirst(lc);

		if (strcmp(class_of(defaults), class) != 0)
			continue;
		if (!defaults->schema || (object->schema && strcmp(defaults->schema, object->schema) == 0))
			undo_one(ddl, object, attr, defaults, &done);
	}
}

/* done: what the object is to have, and what was undone already. */
static void
undo_one(WfDdl *ddl, WfObject *object, const char *attr, WfObject *defaults, List **done)
{
	const char *role = role_of(defaults);
	const char *owner = owner_of(object);
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(defaults, "grants")))
	{
		Grant		grant;
		char	   *item;

		if (!parse_grant(lfirst(lc), &grant) || (!grant.revoke && is_given_anyway(object, role, &grant)))
			continue;
		/* What that role holds of its own object passes to the owner. */
		if (strcmp(grant.role, role) == 0)
			grant.role = owner ? owner : "CURRENT_USER";
		grant.grantor = NULL;
		item = grant_text(&grant);
		if (wf_common_list_has(*done, item))
			continue;
		*done = lappend(*done, item);
		write_grant(ddl, object, attr, wf_schema_ddl_opposite(item));
		restore_column_grants(ddl, object, item);
	}
}

/* Would the grantee have this without the default privileges of that role? */
static bool
is_given_anyway(WfObject *object, const char *role, const Grant *grant)
{
	const char *owner = owner_of(object);
	const char *class = privilege_class(object);

	if (strcmp(grant->role, role) == 0 || (owner && strcmp(grant->role, owner) == 0))
		return true;
	return strcmp(grant->role, "PUBLIC") == 0 &&
		(strcmp(grant->privilege, "EXECUTE") == 0 ||
		 (strcmp(grant->privilege, "USAGE") == 0 && class && strcmp(class, "TYPES") == 0));
}

/* The objects for which default privileges stand, this one among them; or NULL. */
static const char *
privilege_class(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_TABLE:
		case WF_OBJECT_FOREIGN_TABLE:
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
			return "TABLES";
		case WF_OBJECT_SEQUENCE:
			return "SEQUENCES";
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
		case WF_OBJECT_AGGREGATE:
			return "FUNCTIONS";
		case WF_OBJECT_ENUM:
		case WF_OBJECT_DOMAIN:
		case WF_OBJECT_COMPOSITE:
		case WF_OBJECT_RANGE:
		case WF_OBJECT_BASE_TYPE:
			return "TYPES";
		case WF_OBJECT_SCHEMA:
			return "SCHEMAS";
		default:
			return NULL;
	}
}

/* "TABLES" of "FOR ROLE r IN SCHEMA s ON TABLES", whatever the names are. */
static const char *
class_of(WfObject *defaults)
{
	const char *class = strstr(defaults->identity, " ON ");

	for (const char *next = class; next; next = strstr(class, " ON "))
		class = next + 4;
	return class ? class : "";
}

/* "r" of "FOR ROLE r IN SCHEMA s ON TABLES". */
static char *
role_of(WfObject *defaults)
{
	const char *role = defaults->identity;

	if (strncmp(role, "FOR ROLE ", 9) == 0)
		role += 9;
	return pnstrdup(role, wf_schema_ddl_end_of_name(role) - role);
}

/* What an extension brought takes its privileges along. */
void
wf_schema_ddl_privileges_drop(WfDdl *ddl, WfObject *privileges)
{
	WfObject   *extension = privileges->needs ? linitial(privileges->needs) : NULL;

	if (!extension || extension->fate == WF_FATE_KEEP || extension->fate == WF_FATE_ALTER)
		wf_schema_ddl_grants(ddl, privileges, NULL, "grants");
}

void
wf_schema_ddl_default_privileges_create(WfDdl *ddl, WfObject *defaults)
{
	write_default_grants(ddl, defaults, NULL, wf_schema_value(defaults, "grants"));
}

void
wf_schema_ddl_default_privileges_drop(WfDdl *ddl, WfObject *defaults)
{
	write_default_grants(ddl, defaults, wf_schema_value(defaults, "grants"), NULL);
}

bool
wf_schema_ddl_default_privileges_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	write_default_grants(ddl, to, wf_schema_value(from, attr), wf_schema_value(to, attr));
	return true;
}

/* ALTER DEFAULT PRIVILEGES FOR ROLE r GRANT SELECT ON TABLES TO x. */
static void
write_default_grants(WfDdl *ddl, WfObject *defaults, const char *from, const char *to)
{
	const char *class = class_of(defaults);
	List	   *had = wf_schema_list(from);
	List	   *wanted = wf_schema_list(to);
	List	   *grants = NIL;
	ListCell   *lc;

	if (!*class)
		return;
	foreach(lc, had)
		if (!wf_common_list_has(wanted, lfirst(lc)))
		grants = lappend(grants, wf_schema_ddl_opposite(lfirst(lc)));
	foreach(lc, wanted)
		if (!wf_common_list_has(had, lfirst(lc)))
		grants = lappend(grants, lfirst(lc));
	foreach(lc, grants)
	{
		Grant		grant;

		if (!parse_grant(lfirst(lc), &grant))
			continue;
		grant.privilege = psprintf("%s ON %s", grant.privilege, class);
		appendStringInfo(ddl->sql, "ALTER DEFAULT PRIVILEGES %s %s;\n",
						 pnstrdup(defaults->identity, class - 4 - defaults->identity), grant_text(&grant));
	}
}
