/*
 * describe_statement.c: statements in plain words.
 */
#include "common/compat.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/describe.h"
#include "migration/inside.h"

typedef struct Form
{
	NodeTag		tag;
	void		(*describe) (WfWords *words, Node *node);
} Form;

static void alter_sequence(WfWords *words, Node *node);
static void alter_enum(WfWords *words, Node *node);
static void alter_domain(WfWords *words, Node *node);
static void alter_table(WfWords *words, Node *node);
static void drop(WfWords *words, Node *node);
static void rename_object(WfWords *words, Node *node);
static void move_object(WfWords *words, Node *node);
static void change_owner(WfWords *words, Node *node);
static void grant(WfWords *words, Node *node);
static void grant_role(WfWords *words, Node *node);
static void run_query(WfWords *words, Node *node);
static void comment_on(WfWords *words, Node *node);
static void truncate_tables(WfWords *words, Node *node);
static void insert_rows(WfWords *words, Node *node);
static void update_rows(WfWords *words, Node *node);
static void delete_rows(WfWords *words, Node *node);
static void lock_tables(WfWords *words, Node *node);
static void refresh_view(WfWords *words, Node *node);
static void set_setting(WfWords *words, Node *node);
static void run_code(WfWords *words, Node *node);
static void say_nothing(WfWords *words, Node *node);
static void fall_back(WfWords *words, Node *node);
static char *type_object(WfWords *words, const char *kind, List *names);
static const char *object_kind(ObjectType type);
static bool is_part(ObjectType type);
static const char *object_of(WfWords *words, ObjectType type, Node *object, const char **part);
static char *kind_of_tag(Node *node);
static char *role_list(List *roles);
static const char *relation_kind(char relkind);

static const Form forms[] = {
	{T_AlterSeqStmt, alter_sequence},
	{T_AlterEnumStmt, alter_enum},
	{T_AlterDomainStmt, alter_domain},
	{T_AlterTableStmt, alter_table},
	{T_DropStmt, drop},
	{T_RenameStmt, rename_object},
	{T_AlterObjectSchemaStmt, move_object},
	{T_AlterOwnerStmt, change_owner},
	{T_GrantStmt, grant},
	{T_GrantRoleStmt, grant_role},
	{T_CommentStmt, comment_on},
	{T_TruncateStmt, truncate_tables},
	{T_InsertStmt, insert_rows},
	{T_UpdateStmt, update_rows},
	{T_DeleteStmt, delete_rows},
	{T_LockStmt, lock_tables},
	{T_RefreshMatViewStmt, refresh_view},
	{T_VariableSetStmt, set_setting},
	{T_DoStmt, run_code},
	{T_CallStmt, run_code},
	{T_SelectStmt, run_query},
	{T_TransactionStmt, say_nothing},
};

/* Fills object and what; what stays NULL for what only frames the others. */
void
wf_describe_statement(WfWords *words, Node *node)
{
	words->object = NULL;
	words->what = NULL;
	if (wf_describe_creation(words, node))
		return;
	for (int i = 0; i < lengthof(forms); i++)
	{
		if (forms[i].tag == nodeTag(node))
		{
			forms[i].describe(words, node);
			return;
		}
	}
	fall_back(words, node);
}

/* The relation that a name means, with its kind: "view shop.open". */
char *
wf_describe_relation(WfWords *words, const RangeVar *name, const char *kind)
{
	WfCatalog  *catalog = &words->simulation->catalog;
	WfRelation *relation = catalog->relation(catalog, name);

	if (!relation || relation->missing || !relation->schema)
		return psprintf("%s %s", kind, wf_ddl_range_var(name));
	return psprintf("%s %s", relation_kind(relation->kind), wf_ddl_quote_name(relation->schema, relation->name));
}

static const char *
relation_kind(char relkind)
{
	switch (relkind)
	{
		case RELKIND_VIEW:
			return "view";
		case RELKIND_MATVIEW:
			return "materialized view";
		case RELKIND_SEQUENCE:
			return "sequence";
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX:
			return "index";
		case RELKIND_FOREIGN_TABLE:
			return "foreign table";
		case RELKIND_COMPOSITE_TYPE:
			return "type";
		default:
			return "table";
	}
}

/* Strings, at most some of them: "a", "b" and 3 more. */
char *
wf_describe_names(List *names)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, names)
	{
		if (foreach_current_index(lc) == 8)
		{
			appendStringInfo(&text, " and %d more", list_length(names) - 8);
			break;
		}
		appendStringInfo(&text, "%s%s", lc == list_head(names) ? "" : ", ",
						 IsA(lfirst(lc), String) ? strVal(lfirst(lc)) : "*");
	}
	return text.data;
}

/* " (about 1000 rows)", of a table that is there; else nothing. */
char *
wf_describe_rows(WfWords *words, const RangeVar *name)
{
	WfCatalog  *catalog = &words->simulation->catalog;
	WfRelation *relation = name ? catalog->relation(catalog, name) : NULL;

	if (!relation || relation->missing || relation->created_here)
		return "";
	wf_ddl_measure(catalog, relation);
	if (relation->population == WF_POPULATION_EMPTY)
		return " (empty)";
	if (relation->rows <= 0)
		return "";
	return psprintf(" (about %.0f %s)", relation->rows, relation->rows == 1 ? "row" : "rows");
}

/* "foreign table" from DROP FOREIGN TABLE: the server's own words. */
static char *
kind_of_tag(Node *node)
{
	const char *tag = CreateCommandName(node);
	char	   *kind = pstrdup(strchr(tag, ' ') ? strchr(tag, ' ') + 1 : tag);

	for (char *at = kind; *at; at++)
		*at = tolower((unsigned char) *at);
	return kind;
}

static const char *
object_kind(ObjectType type)
{
	AlterOwnerStmt *stmt;

	switch (type)
	{
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			return "column";
		case OBJECT_TABCONSTRAINT:
		case OBJECT_DOMCONSTRAINT:
			return "constraint";
		default:
			stmt = makeNode(AlterOwnerStmt);
			stmt->objectType = type;
			return kind_of_tag((Node *) stmt);
	}
}

/* "type shop.state", where the name is known. */
static char *
type_object(WfWords *words, const char *kind, List *names)
{
	WfCatalog  *catalog = &words->simulation->catalog;
	WfType	   *type = catalog->type(catalog, names);

	return psprintf("%s %s", kind, type && !type->missing && type->schema ? wf_ddl_quote_name(type->schema, type->name) :
					wf_ddl_quote_names(names, "."));
}

/* Is it a part of a table, with its own name behind the table's? */
static bool
is_part(ObjectType type)
{
	return type == OBJECT_COLUMN || type == OBJECT_TABCONSTRAINT || type == OBJECT_TRIGGER || type == OBJECT_POLICY || type == OBJECT_RULE;
}

/* The object, and for a part of a table that, with its name and kind in *part. */
static const char *
object_of(WfWords *words, ObjectType type, Node *object, const char **part)
{
	List	   *names = IsA(object, List) ? (List *) object : NIL;

	*part = NULL;
	if (is_part(type) && list_length(names) > 1)
	{
		*part = psprintf("%s %s", object_kind(type), quote_identifier(strVal(llast(names))));
		return wf_describe_relation(words, wf_ddl_range_var_of_names(list_truncate(list_copy(names), list_length(names) - 1)), "table");
	}
	if (wf_ddl_names_relation(type) && names)
		return wf_describe_relation(words, wf_ddl_range_var_of_names(names), object_kind(type));
	if (IsA(object, TypeName))
		return type_object(words, object_kind(type), ((TypeName *) object)->names);
	return psprintf("%s %s", object_kind(type), wf_ddl_object_name(type, object));
}

/* ---- changing --------------------------------------------------------------- */

static void
alter_sequence(WfWords *words, Node *node)
{
	words->object = wf_describe_relation(words, ((AlterSeqStmt *) node)->sequence, "sequence");
	words->what = "counts in another way";
}

static void
alter_enum(WfWords *words, Node *node)
{
	AlterEnumStmt *stmt = (AlterEnumStmt *) node;

	words->object = type_object(words, "type", stmt->typeName);
	if (stmt->oldVal)
		words->what = psprintf("renames value %s to %s", stmt->oldVal, stmt->newVal);
	else
		words->what = psprintf("adds value %s%s%s", stmt->newVal,
							   !stmt->newValNeighbor ? "" : stmt->newValIsAfter ? " after " : " before ",
							   stmt->newValNeighbor ? stmt->newValNeighbor : "");
}

static void
alter_domain(WfWords *words, Node *node)
{
	AlterDomainStmt *stmt = (AlterDomainStmt *) node;

	words->object = type_object(words, "domain", stmt->typeName);
	words->what = psprintf("%s", stmt->subtype == 'T' ? (stmt->def ? "sets a default" : "drops the default") :
						   stmt->subtype == 'N' ? "lets it be null" :
						   stmt->subtype == 'O' ? "makes it required" :
						   stmt->subtype == 'C' && castNode(Constraint, stmt->def)->contype == CONSTR_NOTNULL ? "makes it required" :
						   stmt->subtype == 'C' ? "adds a condition" :
						   stmt->subtype == 'X' ? psprintf("drops constraint %s", quote_identifier(stmt->name)) :
						   psprintf("checks all rows against constraint %s", quote_identifier(stmt->name)));
}

static void
alter_table(WfWords *words, Node *node)
{
	AlterTableStmt *stmt = (AlterTableStmt *) node;
	StringInfoData text;
	ListCell   *lc;

	words->object = stmt->objtype == OBJECT_TYPE ? psprintf("type %s", wf_ddl_range_var(stmt->relation)) :
		wf_describe_relation(words, stmt->relation, kind_of_tag(node));
	initStringInfo(&text);
	foreach(lc, stmt->cmds)
	{
		char	   *command = wf_describe_command(words, stmt->objtype == OBJECT_TYPE ? NULL : stmt->relation, lfirst(lc));

		appendStringInfo(&text, "%s%s", lc == list_head(stmt->cmds) ? "" : "; ", command ? command : "changes it");
	}
	words->what = text.data;
}

static void
drop(WfWords *words, Node *node)
{
	DropStmt   *stmt = (DropStmt *) node;
	const char *kind = kind_of_tag(node);
	bool		holds_rows = stmt->removeType == OBJECT_TABLE;
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, stmt->objects)
	{
		List	   *names = IsA(lfirst(lc), List) ? lfirst(lc) : NIL;

		appendStringInfo(&text, "%s%s%s", lc == list_head(stmt->objects) ? "" : ", ",
						 wf_ddl_object_name(stmt->removeType, lfirst(lc)),
						 holds_rows ? wf_describe_rows(words, wf_ddl_range_var_of_names(names)) : "");
	}
	if (list_length(stmt->objects) == 1)
	{
		const char *part;

		words->object = object_of(words, stmt->removeType, linitial(stmt->objects), &part);
		words->what = part ? psprintf("drops %s", part) :
			psprintf("is dropped%s", text.data + strlen(wf_ddl_object_name(stmt->removeType, linitial(stmt->objects))));
	}
	else
		words->what = psprintf("drops %s: %s", kind, text.data);
	if (stmt->behavior == DROP_CASCADE)
		words->what = psprintf("%s, and all that depends on it", words->what);
}

static void
rename_object(WfWords *words, Node *node)
{
	RenameStmt *stmt = (RenameStmt *) node;
	const char *new_name = quote_identifier(stmt->newname);

	if (stmt->relation && stmt->subname)
	{
		words->object = wf_describe_relation(words, stmt->relation, "table");
		words->what = psprintf("renames %s %s to %s", object_kind(stmt->renameType), quote_identifier(stmt->subname), new_name);
		return;
	}
	if (stmt->relation)
		words->object = wf_describe_relation(words, stmt->relation, kind_of_tag(node));
	else if (stmt->object)
		words->object = psprintf("%s %s", kind_of_tag(node), wf_ddl_object_name(stmt->renameType, stmt->object));
	else
		words->object = psprintf("%s %s", kind_of_tag(node), quote_identifier(stmt->subname));
	words->what = stmt->object && stmt->subname ?
		psprintf("renames %s %s to %s", object_kind(stmt->renameType), quote_identifier(stmt->subname), new_name) :
		psprintf("is renamed to %s", new_name);
}

static void
move_object(WfWords *words, Node *node)
{
	AlterObjectSchemaStmt *stmt = (AlterObjectSchemaStmt *) node;

	words->object = stmt->relation ? wf_describe_relation(words, stmt->relation, kind_of_tag(node)) :
		psprintf("%s %s", kind_of_tag(node), wf_ddl_object_name(stmt->objectType, stmt->object));
	words->what = psprintf("moves to schema %s", quote_identifier(stmt->newschema));
}

static void
change_owner(WfWords *words, Node *node)
{
	AlterOwnerStmt *stmt = (AlterOwnerStmt *) node;

	words->object = stmt->relation ? wf_describe_relation(words, stmt->relation, kind_of_tag(node)) :
		psprintf("%s %s", kind_of_tag(node), wf_ddl_object_name(stmt->objectType, stmt->object));
	words->what = psprintf("gets owner %s", role_list(list_make1(stmt->newowner)));
}

static void
grant(WfWords *words, Node *node)
{
	GrantStmt  *stmt = (GrantStmt *) node;
	StringInfoData privileges;
	StringInfoData objects;
	ListCell   *lc;

	initStringInfo(&privileges);
	foreach(lc, stmt->privileges)
	{
		AccessPriv *privilege = lfirst_node(AccessPriv, lc);

		appendStringInfo(&privileges, "%s%s", lc == list_head(stmt->privileges) ? "" : ", ", privilege->priv_name ? privilege->priv_name : "all");
	}
	initStringInfo(&objects);
	foreach(lc, stmt->objects)
		appendStringInfo(&objects, "%s%s", lc == list_head(stmt->objects) ? "" : ", ", wf_ddl_object_name(stmt->objtype, lfirst(lc)));
	if (stmt->targtype == ACL_TARGET_OBJECT && stmt->objtype == OBJECT_TABLE && list_length(stmt->objects) == 1)
		words->object = wf_describe_relation(words, linitial_node(RangeVar, stmt->objects), object_kind(stmt->objtype));
	else
		words->object = psprintf(stmt->targtype == ACL_TARGET_ALL_IN_SCHEMA ? "each %s in schema %s" :
								 stmt->targtype == ACL_TARGET_DEFAULTS ? "each new %s%s" : "%s %s", object_kind(stmt->objtype), objects.data);
	words->what = psprintf("%s %s %s %s", stmt->is_grant ? "grants" : "revokes", stmt->privileges ? privileges.data : "all",
						   stmt->is_grant ? "to" : "from", role_list(stmt->grantees));
}

static void
grant_role(WfWords *words, Node *node)
{
	GrantRoleStmt *stmt = (GrantRoleStmt *) node;
	StringInfoData roles;
	ListCell   *lc;

	initStringInfo(&roles);
	foreach(lc, stmt->granted_roles)
		appendStringInfo(&roles, "%s%s", lc == list_head(stmt->granted_roles) ? "" : ", ",
						 quote_identifier(lfirst_node(AccessPriv, lc)->priv_name));
	words->what = psprintf("%s %s %s %s", stmt->is_grant ? "makes" : "stops", role_list(stmt->grantee_roles),
						   stmt->is_grant ? "a member of" : "from being a member of", roles.data);
}

static char *
role_list(List *roles)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, roles)
	{
		RoleSpec   *role = lfirst_node(RoleSpec, lc);

		appendStringInfo(&text, "%s%s", lc == list_head(roles) ? "" : ", ",
						 role->roletype == ROLESPEC_PUBLIC ? "everybody" :
						 role->roletype == ROLESPEC_CSTRING ? quote_identifier(role->rolename) : "the current role");
	}
	return text.data;
}

static void
comment_on(WfWords *words, Node *node)
{
	CommentStmt *stmt = (CommentStmt *) node;
	const char *part;

	words->object = object_of(words, stmt->objtype, stmt->object, &part);
	words->what = part ? psprintf("%s the comment of %s", stmt->comment ? "sets" : "drops", part) :
		stmt->comment ? "gets a comment" : "loses its comment";
}

/* ---- rows -------------------------------------------------------------------- */

static void
truncate_tables(WfWords *words, Node *node)
{
	TruncateStmt *stmt = (TruncateStmt *) node;
	StringInfoData text;
	ListCell   *lc;

	if (list_length(stmt->relations) == 1)
		words->object = wf_describe_relation(words, linitial(stmt->relations), "table");
	initStringInfo(&text);
	appendStringInfoString(&text, words->object ? "loses all rows" : "empties ");
	foreach(lc, stmt->relations)
		appendStringInfo(&text, "%s%s%s", lc == list_head(stmt->relations) ? "" : ", ",
						 words->object ? "" : wf_ddl_range_var(lfirst(lc)), wf_describe_rows(words, lfirst(lc)));
	if (stmt->behavior == DROP_CASCADE)
		appendStringInfoString(&text, ", and all tables that refer to it");
	words->what = text.data;
}

static void
insert_rows(WfWords *words, Node *node)
{
	InsertStmt *stmt = (InsertStmt *) node;
	SelectStmt *source = (SelectStmt *) stmt->selectStmt;

	words->object = wf_describe_relation(words, stmt->relation, "table");
	if (!source)
		words->what = "gets 1 row";
	else if (IsA(source, SelectStmt) && source->valuesLists)
		words->what = psprintf("gets %d %s", list_length(source->valuesLists), list_length(source->valuesLists) == 1 ? "row" : "rows");
	else
		words->what = "gets rows from a query";
}

static void
update_rows(WfWords *words, Node *node)
{
	UpdateStmt *stmt = (UpdateStmt *) node;
	StringInfoData text;
	ListCell   *lc;

	words->object = wf_describe_relation(words, stmt->relation, "table");
	initStringInfo(&text);
	foreach(lc, stmt->targetList)
	{
		ResTarget  *target = lfirst_node(ResTarget, lc);

		appendStringInfo(&text, "%s%s", lc == list_head(stmt->targetList) ? "" : ", ", target->name ? quote_identifier(target->name) : "?");
	}
	words->what = psprintf("changes %s of %s%s", text.data, stmt->whereClause ? "some rows" : "all rows",
						   stmt->whereClause ? "" : wf_describe_rows(words, stmt->relation));
}

static void
delete_rows(WfWords *words, Node *node)
{
	DeleteStmt *stmt = (DeleteStmt *) node;

	words->object = wf_describe_relation(words, stmt->relation, "table");
	words->what = psprintf("loses %s%s", stmt->whereClause ? "some rows" : "all rows", stmt->whereClause ? "" : wf_describe_rows(words, stmt->relation));
}

static void
lock_tables(WfWords *words, Node *node)
{
	LockStmt   *stmt = (LockStmt *) node;
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, stmt->relations)
		appendStringInfo(&text, "%s%s", lc == list_head(stmt->relations) ? "" : ", ", wf_ddl_range_var(lfirst(lc)));
	words->what = psprintf("locks %s", text.data);
}

static void
refresh_view(WfWords *words, Node *node)
{
	RefreshMatViewStmt *stmt = (RefreshMatViewStmt *) node;

	words->object = wf_describe_relation(words, stmt->relation, "materialized view");
	words->what = stmt->skipData ? "is emptied" : stmt->concurrent ? "is filled anew, while reads go on" : "is filled anew";
}

/* ---- the rest ---------------------------------------------------------------- */

static void
set_setting(WfWords *words, Node *node)
{
	VariableSetStmt *stmt = (VariableSetStmt *) node;

	words->what = psprintf("%s setting %s%s", stmt->kind == VAR_SET_VALUE || stmt->kind == VAR_SET_CURRENT ? "changes" : "resets",
						   stmt->name ? stmt->name : "all", stmt->is_local ? " for the transaction" : "");
}

static void
run_code(WfWords *words, Node *node)
{
	WfRoutine	routine;

	if (IsA(node, CallStmt))
		words->what = psprintf("calls procedure %s, which is not looked into here",
							   wf_ddl_quote_names(((CallStmt *) node)->funccall->funcname, "."));
	else
		words->what = wf_migration_routine(node, NULL, &routine) ? "runs a block of code, in which no statement of SQL is seen" :
			"runs a block of code in a language that is not read here";
}

static void
run_query(WfWords *words, Node *node)
{
	words->what = ((SelectStmt *) node)->intoClause ? "runs a query and stores its rows" : "runs a query";
}

static void
say_nothing(WfWords *words, Node *node)
{
}

/* Everything else by its command tag. */
static void
fall_back(WfWords *words, Node *node)
{
	words->what = psprintf("runs %s", CreateCommandName(node));
}
