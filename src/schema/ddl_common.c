/*
 * ddl_common.c: what the DDL of all object types shares: owners, comments,
 * options, and the plain CREATE and DROP.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

#include "schema/ddl.h"

static void write_depends(WfDdl *ddl, WfObject *object, WfObject *from, WfObject *to);
static void write_labels(WfDdl *ddl, WfObject *object, WfObject *from, WfObject *to);
static void write_label(WfDdl *ddl, WfObject *object, const char *label, bool set);
static void write_comment(WfDdl *ddl, WfObject *object, const char *attr, const char *comment);
static bool in_literal(const char *expression, const char *place);
static void put_aside(WfDdl *ddl, WfObject *type);
static void free_constructors(WfDdl *ddl, WfObject *range);
static char *old_name(WfObject *object);
static void split_option(const char *option, char **name, char **value);
static char *option_of(List *options, const char *name);

/* Starts collecting the DDL of an action. */
void
wf_schema_ddl_begin(WfDdl *ddl, StringInfo sql, const WfDiffOptions *options)
{
	memset(ddl, 0, sizeof(WfDdl));
	ddl->sql = sql;
	ddl->options = options;
}

/*
 * What follows runs in another way.  Only online: otherwise all statements of
 * an action stay together.
 */
void
wf_schema_ddl_step(WfDdl *ddl, WfStepMode mode)
{
	WfStep	   *step;

	if (!ddl->late)
		return;
	step = llast(ddl->steps);
	if (step->sql->len)
		step = wf_schema_step(step->action, mode, &ddl->steps);
	step->mode = mode;
	ddl->sql = step->sql;
}

/* Notes the strongest lock of the statements. */
void
wf_schema_ddl_lock(WfDdl *ddl, WfSchemaLock lock)
{
	if (lock > ddl->lock)
		ddl->lock = lock;
}

/* Everything that makes this object as it is in its model. */
void
wf_schema_ddl_create(WfDdl *ddl, WfObject *object)
{
	object->type->create(ddl, object);
	wf_schema_ddl_decorate(ddl, object);
}

/* Removes the object; a type that columns still use is put aside instead. */
void
wf_schema_ddl_drop(WfDdl *ddl, WfObject *object)
{
	/* Only a type that is put aside is one of stored columns. */
	if (object->twin && (object->final_action || object->twin->final_action) &&
		object->type->kind == WF_OBJECT_ENUM)
		wf_schema_ddl_loses_values(ddl, object, object->twin);
	if (object->final_action && object->drop_action && object->drop_action->from == object)
		put_aside(ddl, object);
	else if (wf_schema_is_made_of(object, NULL))
	{
		/* Its functions go with it. */
		wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
		ddl->breaks = true;
		appendStringInfo(ddl->sql, "DROP TYPE %s CASCADE;\n", object->identity);
	}
	else
		object->type->drop(ddl, object);
}

/* Announces a type, a view or a routine that others need before it is whole. */
void
wf_schema_ddl_shell(WfDdl *ddl, WfObject *object)
{
	if (object->type->kind == WF_OBJECT_VIEW)
		wf_schema_ddl_view_stub(ddl, object);
	else if (wf_schema_may_be_announced(object))
		wf_schema_ddl_routine_stub(ddl, object);
	else
		appendStringInfo(ddl->sql, "CREATE TYPE %s;\n", object->identity);
}

/* Drops what wf_schema_ddl_drop() had put aside. */
void
wf_schema_ddl_finish(WfDdl *ddl, WfObject *object)
{
	const char *bare = wf_schema_bare(object->identity, object->schema);

	appendStringInfo(ddl->sql, "DROP %s %s%s%s;\n", object->type->keyword,
					 pnstrdup(object->identity, bare - object->identity), old_name(object),
					 wf_schema_is_made_of(object, NULL) ? " CASCADE" : "");
}

/* The functions that a type is made of go with it; their names are wanted too. */
static void
put_aside(WfDdl *ddl, WfObject *type)
{
	ListCell   *lc;

	foreach(lc, type->needs)
	{
		WfObject   *function = lfirst(lc);

		if (function->type->kind == WF_OBJECT_FUNCTION && wf_schema_is_made_of(type, function))
			appendStringInfo(ddl->sql, "ALTER FUNCTION %s RENAME TO %s;\n", function->identity,
							 old_name(function));
	}
	if (type->type->kind == WF_OBJECT_RANGE && *wf_schema_multirange(type))
	{
		free_constructors(ddl, type);
		appendStringInfo(ddl->sql, "ALTER TYPE %s RENAME TO %s_many;\n", wf_schema_multirange(type), old_name(type));
	}
	appendStringInfo(ddl->sql, "ALTER %s %s RENAME TO %s;\n", type->type->keyword, type->identity,
					 old_name(type));
}

/* They keep their names, and where they are, when the type is renamed or moved. */
static void
free_constructors(WfDdl *ddl, WfObject *range)
{
	appendStringInfoString(ddl->sql, wf_schema_ddl_do(psprintf("DECLARE\n    constructor regprocedure;\nBEGIN\n"
															   "    FOR constructor IN SELECT objid FROM pg_catalog.pg_depend\n"
															   "        WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass\n"
															   "        AND refobjid IN (%s::pg_catalog.regtype, %s::pg_catalog.regtype) AND deptype = 'i' LOOP\n"
															   "        EXECUTE pg_catalog.format('ALTER FUNCTION %%s RENAME TO %s', constructor);\n"
															   "    END LOOP;\nEND",
															   quote_literal_cstr(range->identity), quote_literal_cstr(wf_schema_multirange(range)),
															   old_name(range))));
}

static char *
old_name(WfObject *object)
{
	return psprintf("wf_old_%08x", hash_bytes((const unsigned char *) object->identity,
											  strlen(object->identity)));
}

/* Owner, grants, comments and labels of a new object. */
void
wf_schema_ddl_decorate(WfDdl *ddl, WfObject *object)
{
	const char *owner = wf_schema_value(object, "owner");

	if (owner)
		appendStringInfo(ddl->sql, "ALTER %s %s OWNER TO %s;\n", object->type->keyword,
						 object->identity, owner);
	wf_schema_ddl_undo_default_privileges(ddl, object, "grants");
	if (object->type->kind != WF_OBJECT_DEFAULT_PRIVILEGES)
		wf_schema_ddl_grants(ddl, NULL, object, "grants");
	write_depends(ddl, object, NULL, object);
	write_labels(ddl, object, NULL, object);
	if (wf_schema_value(object, "identity_sequence"))
		wf_schema_ddl_decorate_identity(ddl, object);
	if (wf_schema_value(object, "comment"))
		write_comment(ddl, object, "comment", wf_schema_value(object, "comment"));
	if (wf_schema_value(object, "index_comment"))
		write_comment(ddl, object, "index_comment", wf_schema_value(object, "index_comment"));
}

/* Changes one attribute in place; false when only drop and create does it. */
bool
wf_schema_ddl_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);

	if (strcmp(attr, "owner") == 0)
	{
		if (value && !wf_schema_ddl_sequence_follows(to))
			appendStringInfo(ddl->sql, "ALTER %s %s OWNER TO %s;\n", to->type->keyword,
							 to->identity, value);
		return true;
	}
	if (strcmp(attr, "grants") == 0 && to->type->kind != WF_OBJECT_DEFAULT_PRIVILEGES)
	{
		wf_schema_ddl_grants(ddl, from, to, attr);
		return true;
	}
	/* A sequence that comes has its own, one that goes takes it along. */
	if (strncmp(attr, "identity_", 9) == 0 &&
		(!wf_schema_value(to, "identity") || !wf_schema_value(from, "identity")))
		return true;
	if (strcmp(attr, "identity_grants") == 0)
	{
		wf_schema_ddl_grants(ddl, from, to, attr);
		return true;
	}
	if (strcmp(attr, "comment") == 0 || strcmp(attr, "index_comment") == 0 ||
		strcmp(attr, "identity_comment") == 0)
	{
		write_comment(ddl, to, attr, value);
		return true;
	}
	if (strcmp(attr, "depends_on") == 0)
	{
		write_depends(ddl, to, from, to);
		return true;
	}
	if (strcmp(attr, "security_labels") == 0)
	{
		write_labels(ddl, to, from, to);
		return true;
	}
	return to->type->alter(ddl, from, to, attr);
}

/* Grants and comment of an identity column's sequence, which is no object of its own. */
void
wf_schema_ddl_decorate_identity(WfDdl *ddl, WfObject *column)
{
	const char *comment = wf_schema_value(column, "identity_comment");

	wf_schema_ddl_settle_identity(ddl, column);
	wf_schema_ddl_undo_default_privileges(ddl, column, "identity_grants");
	wf_schema_ddl_grants(ddl, NULL, column, "identity_grants");
	if (comment)
		write_comment(ddl, column, "identity_comment", comment);
}

/* From one list of extensions that take the object along to the other. */
static void
write_depends(WfDdl *ddl, WfObject *object, WfObject *from, WfObject *to)
{
	List	   *had = from ? wf_schema_list(wf_schema_value(from, "depends_on")) : NIL;
	List	   *wanted = wf_schema_list(wf_schema_value(to, "depends_on"));
	const char *index = wf_schema_value(object, "index");
	char	   *alter = psprintf("ALTER %s %s", index ? "INDEX" : object->type->keyword,
								 index ? index : object->identity);
	ListCell   *lc;

	foreach(lc, had)
		if (!wf_common_list_has(wanted, lfirst(lc)))
		appendStringInfo(ddl->sql, "%s NO DEPENDS ON EXTENSION %s;\n", alter, (char *) lfirst(lc));
	foreach(lc, wanted)
		if (!wf_common_list_has(had, lfirst(lc)))
		appendStringInfo(ddl->sql, "%s DEPENDS ON EXTENSION %s;\n", alter, (char *) lfirst(lc));
}

/* Lists of "provider label". */
static void
write_labels(WfDdl *ddl, WfObject *object, WfObject *from, WfObject *to)
{
	List	   *had = from ? wf_schema_list(wf_schema_value(from, "security_labels")) : NIL;
	List	   *wanted = wf_schema_list(wf_schema_value(to, "security_labels"));
	ListCell   *lc;

	foreach(lc, had)
		if (!wf_common_list_has(wanted, lfirst(lc)))
		write_label(ddl, object, lfirst(lc), false);
	foreach(lc, wanted)
		if (!wf_common_list_has(had, lfirst(lc)))
		write_label(ddl, object, lfirst(lc), true);
}

static void
write_label(WfDdl *ddl, WfObject *object, const char *label, bool set)
{
	const char *provider_end = wf_schema_ddl_end_of_name(label);

	appendStringInfo(ddl->sql, "SECURITY LABEL FOR %s ON %s %s IS %s;\n",
					 pnstrdup(label, provider_end - label), object->type->keyword, object->identity,
					 set && *provider_end ? quote_literal_cstr(provider_end + 1) : "NULL");
}

static void
write_comment(WfDdl *ddl, WfObject *object, const char *attr, const char *comment)
{
	const char *text = comment ? quote_literal_cstr(comment) : "NULL";

	if (strcmp(attr, "index_comment") == 0)
		appendStringInfo(ddl->sql, "COMMENT ON INDEX %s IS %s;\n",
						 wf_schema_value(object, "index"), text);
	else if (strcmp(attr, "identity_comment") == 0)
		appendStringInfo(ddl->sql, "COMMENT ON SEQUENCE %s IS %s;\n",
						 wf_schema_value(object, "identity_sequence"), text);
	else
		appendStringInfo(ddl->sql, "COMMENT ON %s %s IS %s;\n", object->type->keyword,
						 object->identity, text);
}

/* The definition is the whole statement. */
void
wf_schema_ddl_plain_create(WfDdl *ddl, WfObject *object)
{
	const char *definition = wf_schema_value(object, "definition");
	bool		is_routine = object->type->kind == WF_OBJECT_FUNCTION ||
	object->type->kind == WF_OBJECT_PROCEDURE;

	appendStringInfo(ddl->sql, "%s;\n", is_routine ? definition : wf_schema_ddl_exact(definition));
}

/* Does place stand between quotes? */
static bool
in_literal(const char *expression, const char *place)
{
	bool		inside = false;

	for (; expression < place; expression++)
		if (*expression == '\'')
			inside = !inside;
	return inside;
}

/*
 * An expression so that it reads back as the same: (ARRAY['a'::T, 'b'::T])::U[]
 * would have its elements cast, not the array, unless that has a type first.
 */
const char *
wf_schema_ddl_exact(const char *expression)
{
	StringInfoData sql;
	const char *rest = expression;
	const char *found = strstr(rest, "])::");

	if (!found)
		return expression;
	initStringInfo(&sql);
	for (; found; found = strstr(rest, "])::"))
	{
		const char *type = found;

		while (type > rest && (islower((unsigned char) type[-1]) || type[-1] == ' '))
			type--;
		appendBinaryStringInfo(&sql, rest, found + 1 - rest);
		if (type < found && type - rest >= 2 && type[-1] == ':' && type[-2] == ':' &&
			!in_literal(expression, found))
			appendStringInfo(&sql, "::%s[]", pnstrdup(type, found - type));
		rest = found + 1;
	}
	appendStringInfoString(&sql, rest);
	return sql.data;
}

void
wf_schema_ddl_plain_drop(WfDdl *ddl, WfObject *object)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = true;
	if (object->type->kind == WF_OBJECT_USER_MAPPING)
		wf_schema_ddl_forgets(ddl, "secrets of user mapping", object->identity);
	if (object->type->kind == WF_OBJECT_EXTENSION)
		wf_schema_ddl_forgets(ddl, "what is in tables of extension", object->identity);
	appendStringInfo(ddl->sql, "DROP %s %s;\n", object->type->keyword, object->identity);
}

/* For what goes or stays with something else. */
void
wf_schema_ddl_no_text(WfDdl *ddl, WfObject *object)
{
}

bool
wf_schema_ddl_never_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	return false;
}

/* "<command> SET (...)" and "<command> RESET (...)" between two option lists. */
void
wf_schema_ddl_options(WfDdl *ddl, const char *command, const char *from, const char *to)
{
	List	   *had = wf_schema_list(from);
	List	   *wanted = wf_schema_list(to);
	StringInfoData reset;
	StringInfoData set;
	ListCell   *lc;
	char	   *name;
	char	   *value;

	initStringInfo(&reset);
	initStringInfo(&set);
	foreach(lc, had)
	{
		split_option(lfirst(lc), &name, &value);
		if (!option_of(wanted, name))
			appendStringInfo(&reset, "%s%s", reset.len ? ", " : "", name);
	}
	foreach(lc, wanted)
	{
		split_option(lfirst(lc), &name, &value);
		if (!wf_common_list_has(had, lfirst(lc)))
			appendStringInfo(&set, "%s%s = %s", set.len ? ", " : "", name,
							 quote_literal_cstr(value));
	}
	if (reset.len)
		appendStringInfo(ddl->sql, "%s RESET (%s);\n", command, reset.data);
	if (set.len)
		appendStringInfo(ddl->sql, "%s SET (%s);\n", command, set.data);
}

/* "<command> OPTIONS (ADD ..., SET ..., DROP ...)" between two option lists. */
void
wf_schema_ddl_foreign_options(WfDdl *ddl, const char *command, const char *from, const char *to)
{
	List	   *had = wf_schema_list(from);
	List	   *wanted = wf_schema_list(to);
	StringInfoData parts;
	ListCell   *lc;
	char	   *name;
	char	   *value;

	initStringInfo(&parts);
	foreach(lc, had)
	{
		split_option(lfirst(lc), &name, &value);
		if (!option_of(wanted, name))
			appendStringInfo(&parts, "%sDROP %s", parts.len ? ", " : "", quote_identifier(name));
	}
	foreach(lc, wanted)
	{
		split_option(lfirst(lc), &name, &value);
		if (!wf_common_list_has(had, lfirst(lc)))
			appendStringInfo(&parts, "%s%s %s %s", parts.len ? ", " : "",
							 option_of(had, name) ? "SET" : "ADD", quote_identifier(name),
							 quote_literal_cstr(value));
	}
	if (parts.len)
		appendStringInfo(ddl->sql, "%s OPTIONS (%s);\n", command, parts.data);
}

/* " OPTIONS (a 'b')", or nothing. */
void
wf_schema_ddl_foreign_clause(StringInfo sql, const char *options)
{
	ListCell   *lc;
	char	   *name;
	char	   *value;
	const char *separator = " OPTIONS (";

	foreach(lc, wf_schema_list(options))
	{
		split_option(lfirst(lc), &name, &value);
		appendStringInfo(sql, "%s%s %s", separator, quote_identifier(name),
						 quote_literal_cstr(value));
		separator = ", ";
	}
	if (*separator == ',')
		appendStringInfoChar(sql, ')');
}

/* " WITH (a = 'b')", or nothing. */
char *
wf_schema_ddl_with(const char *options)
{
	StringInfoData sql;
	ListCell   *lc;
	char	   *name;
	char	   *value;

	initStringInfo(&sql);
	foreach(lc, wf_schema_list(options))
	{
		split_option(lfirst(lc), &name, &value);
		appendStringInfo(&sql, "%s%s = %s", sql.len ? ", " : " WITH (", name,
						 quote_literal_cstr(value));
	}
	if (sql.len)
		appendStringInfoChar(&sql, ')');
	return sql.data;
}

static void
split_option(const char *option, char **name, char **value)
{
	const char *equals = strchr(option, '=');

	if (!equals)
		equals = option + strlen(option);
	*name = pnstrdup(option, equals - option);
	*value = pstrdup(*equals ? equals + 1 : "");
}

static char *
option_of(List *options, const char *wanted)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		char	   *name;
		char	   *value;

		split_option(lfirst(lc), &name, &value);
		if (strcmp(name, wanted) == 0)
			return value;
	}
	return NULL;
}

/* Is this object made, rather than altered, by the plan? */
bool
wf_schema_ddl_is_new(WfObject *object)
{
	return object->fate == WF_FATE_CREATE || object->fate == WF_FATE_REPLACE;
}
