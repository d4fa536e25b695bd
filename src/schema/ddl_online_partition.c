/*
 * ddl_online_partition.c: changes of partitioned tables in use, in steps that
 * block others briefly.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "utils/builtins.h"

#include "schema/ddl.h"

static bool spreads(WfObject *constraint);
static List *leaves_of(WfObject *table);
static bool has_other_key(WfObject *table, WfObject *constraint);
static bool has_default_partition(WfObject *table);
static char *bound_setting(WfObject *table);

/* Is it a foreign key of a table with no partitions, which stays what it is? */
bool
wf_schema_ddl_is_own_key(WfObject *constraint)
{
	WfObject   *table = constraint->parent;
	ListCell   *lc;

	if (!wf_schema_is_foreign_key(constraint) || table->type->kind != WF_OBJECT_TABLE ||
		wf_schema_value(table, "partition_by"))
		return false;
	foreach(lc, table->children)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_PARTITION && link->fate != WF_FATE_KEEP)
			return false;
	}
	return true;
}

/*
 * PostgreSQL checks the rows of all partitions when a partitioned table gets a
 * foreign key, unless they have the same one, and valid.  So they get it before.
 */
void
wf_schema_ddl_check_partitions(WfDdl *ddl, WfObject *constraint)
{
	List	   *leaves = ddl->late && spreads(constraint) ? leaves_of(constraint->parent) : NIL;
	char	   *name = wf_schema_short_name(constraint);
	ListCell   *lc;

	if (leaves == NIL)
		return;
	foreach(lc, leaves)
		appendStringInfo(ddl->sql, "ALTER TABLE %s ADD CONSTRAINT %s %s NOT VALID;\n", ((WfObject *) lfirst(lc))->identity,
						 name, wf_schema_value(constraint, "definition"));
	wf_schema_ddl_step(ddl, WF_STEP_VALIDATE);
	foreach(lc, leaves)
		appendStringInfo(ddl->sql, "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n", ((WfObject *) lfirst(lc))->identity, name);
	wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
}

/* Will the partitions' keys be taken over by this one? */
static bool
spreads(WfObject *constraint)
{
	WfObject   *table = constraint->parent;
	bool		found = false;
	ListCell   *lc;

	if (!wf_schema_is_foreign_key(constraint) || wf_schema_flag(constraint, "not_valid") ||
		!wf_schema_value(table, "partition_by") || wf_schema_ddl_is_new(table) || !wf_schema_ddl_keeps_children(table))
		return false;
	foreach(lc, constraint->needs)
	{
		WfObject   *key = lfirst(lc);

		if (!key->parent || !wf_schema_has_index(key))
			continue;
		found = true;
		if (key->parent == table || wf_schema_value(key->parent, "partition_by"))
			return false;
	}
	return found && !has_other_key(table, constraint);
}

/* The partitions with rows. */
static List *
leaves_of(WfObject *table)
{
	List	   *leaves = NIL;
	ListCell   *lc;

	wf_schema_go_deeper();
	foreach(lc, table->needed_by)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_PARTITION && wf_schema_value(link->parent, "partition_by"))
			leaves = list_concat(leaves, leaves_of(link->parent));
		else if (link->type->kind == WF_OBJECT_PARTITION)
			leaves = lappend(leaves, link->parent);
	}
	return leaves;
}

/* Has a partition one of the same name or meaning, by then? */
static bool
has_other_key(WfObject *table, WfObject *constraint)
{
	WfObject   *sides[] = {table, table->twin};

	wf_schema_go_deeper();
	for (int i = 0; i < lengthof(sides); i++)
	{
		ListCell   *lc;

		foreach(lc, sides[i] && table != constraint->parent ? sides[i]->children : NIL)
		{
			WfObject   *other = lfirst(lc);

			if (other->type->kind == WF_OBJECT_CONSTRAINT && other->fate != WF_FATE_DROP &&
				(strcmp(wf_schema_short_name(other), wf_schema_short_name(constraint)) == 0 ||
				 strcmp(wf_schema_value(other, "definition"), wf_schema_value(constraint, "definition")) == 0))
				return true;
		}
	}
	for (ListCell *lc = list_head(table->needed_by); lc; lc = lnext(table->needed_by, lc))
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_PARTITION && has_other_key(link->parent, constraint))
			return true;
	}
	return false;
}

/*
 * Can a partition be detached while others use its parent?  It must be free to
 * be neither for a while, and PostgreSQL refuses where there is a default one.
 */
bool
wf_schema_ddl_leaves_quietly(WfObject *link)
{
	WfObject   *table = link->parent;
	WfObject   *parent = link->needs ? linitial(link->needs) : NULL;

	return link->fate == WF_FATE_DROP && table->type->kind == WF_OBJECT_TABLE &&
		(table->fate == WF_FATE_KEEP || table->fate == WF_FATE_ALTER) &&
		parent && (parent->fate == WF_FATE_KEEP || parent->fate == WF_FATE_ALTER) &&
		!has_default_partition(parent) && !has_default_partition(parent->twin);
}

static bool
has_default_partition(WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table->needed_by)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_PARTITION && strcmp(wf_schema_value(link, "bound"), "DEFAULT") == 0)
			return true;
	}
	return false;
}

/* Where the session keeps what the bound of a partition says. */
static char *
bound_setting(WfObject *table)
{
	return psprintf("wf.bound_%08x", hash_bytes((const unsigned char *) table->identity, strlen(table->identity)));
}

/* Before DETACH ... CONCURRENTLY: what the CHECK will say that it leaves behind. */
void
wf_schema_ddl_note_bound(WfDdl *ddl, WfObject *table)
{
	appendStringInfo(ddl->sql, "-- Keeps the bound, to know the CHECK again that the partition will be left with.\n%s",
					 wf_schema_ddl_do(psprintf("\nBEGIN\n"
											   "    PERFORM pg_catalog.set_config('search_path', '', true);\n"
											   "    PERFORM pg_catalog.set_config('%s', pg_catalog.pg_get_partition_constraintdef(%s::pg_catalog.regclass), false);\n"
											   "END\n", bound_setting(table), quote_literal_cstr(table->identity))));
}

/*
 * DETACH ... CONCURRENTLY leaves the bound behind as a CHECK, under a name that
 * is free by then, unless another one implies it: one that was there stays, and
 * so does what others add meanwhile.
 */
void
wf_schema_ddl_drop_bound(WfDdl *ddl, WfObject *table)
{
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, table->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_CONSTRAINT && strcmp(wf_schema_value(child, "kind"), "CHECK") == 0 &&
			(!child->drop_action || child->drop_action->from == child))
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", quote_literal_cstr(wf_schema_short_name(child)));
	}
	appendStringInfo(ddl->sql, "-- Drops the CHECK that the partition was left with.\n%s",
					 wf_schema_ddl_do(psprintf("\nDECLARE\n"
											   "    bound text;\n"
											   "BEGIN\n"
											   "    FOR bound IN SELECT pg_catalog.quote_ident(conname) FROM pg_catalog.pg_constraint\n"
											   "        WHERE conrelid = %s::pg_catalog.regclass AND contype = 'c'\n"
											   "        AND pg_catalog.pg_get_constraintdef(oid) = 'CHECK (' || pg_catalog.current_setting('%s') || ')'\n"
											   "        AND pg_catalog.quote_ident(conname) <> ALL (ARRAY[%s]::pg_catalog.text[])\n"
											   "    LOOP\n"
											   "        EXECUTE %s || bound;\n"
											   "    END LOOP;\n"
											   "END\n", quote_literal_cstr(table->identity), bound_setting(table), names.data,
											   quote_literal_cstr(psprintf("ALTER TABLE %s DROP CONSTRAINT ", table->identity)))));
}
