/*
 * ddl_sequence.c: sequences and the columns that own them.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

static void write_settings(WfDdl *ddl, WfObject *sequence);
static int64 number_of(const char *settings, const char *word);

void
wf_schema_ddl_sequence_create(WfDdl *ddl, WfObject *sequence)
{
	appendStringInfo(ddl->sql, "CREATE %sSEQUENCE %s",
					 wf_schema_value(sequence, "persistence") ? "UNLOGGED " : "", sequence->identity);
	write_settings(ddl, sequence);
	appendStringInfoString(ddl->sql, ";\n");
}

static void
write_settings(WfDdl *ddl, WfObject *sequence)
{
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(sequence, "settings")))
		appendStringInfo(ddl->sql, " %s", (char *) lfirst(lc));
}

/*
 * When the new range leaves out values of the old one, the position may be
 * outside of it, which ALTER refuses.  Under the wider of both ranges such a
 * sequence is set to its new start first.
 */
void
wf_schema_ddl_sequence_bounds(WfDdl *ddl, const char *sequence, const char *from, const char *to)
{
	int64		old_min = number_of(from, "MINVALUE ");
	int64		old_max = number_of(from, "MAXVALUE ");
	int64		new_min = number_of(to, "MINVALUE ");
	int64		new_max = number_of(to, "MAXVALUE ");

	if (new_min <= old_min && new_max >= old_max)
		return;
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s AS bigint MINVALUE " INT64_FORMAT " MAXVALUE " INT64_FORMAT ";\n"
					 "SELECT pg_catalog.setval(%s, " INT64_FORMAT ", false) FROM %s"
					 " WHERE last_value < " INT64_FORMAT " OR last_value > " INT64_FORMAT ";\n",
					 sequence, Min(old_min, new_min), Max(old_max, new_max),
					 quote_literal_cstr(sequence), number_of(to, "START WITH "), sequence, new_min, new_max);
}

/* The number behind a word in a list of settings. */
static int64
number_of(const char *settings, const char *word)
{
	ListCell   *lc;

	foreach(lc, wf_schema_list(settings))
	{
		if (strncmp(lfirst(lc), word, strlen(word)) == 0)
			return strtoi64((char *) lfirst(lc) + strlen(word), NULL, 10);
	}
	return 0;
}

void
wf_schema_ddl_sequence_drop(WfDdl *ddl, WfObject *sequence)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = true;
	wf_schema_ddl_loses(ddl, "the position of sequence", sequence->identity);
	appendStringInfo(ddl->sql, "DROP SEQUENCE %s;\n", sequence->identity);
}

bool
wf_schema_ddl_sequence_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_SHARE_ROW_EXCLUSIVE);
	if (strcmp(attr, "persistence") == 0)
		appendStringInfo(ddl->sql, "ALTER SEQUENCE %s SET %s;\n", to->identity,
						 wf_schema_value(to, attr) ? "UNLOGGED" : "LOGGED");
	else if (strcmp(attr, "settings") == 0)
	{
		wf_schema_ddl_sequence_bounds(ddl, to->identity, wf_schema_value(from, attr), wf_schema_value(to, attr));
		appendStringInfo(ddl->sql, "ALTER SEQUENCE %s", to->identity);
		write_settings(ddl, to);
		appendStringInfoString(ddl->sql, ";\n");
	}
	else
		return false;
	return true;
}

/* Does it follow its table, which changes the owner of both? */
bool
wf_schema_ddl_sequence_follows(WfObject *sequence)
{
	ListCell   *lc;

	foreach(lc, sequence->children)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_SEQUENCE_OWNER && link->fate == WF_FATE_KEEP)
			return true;
	}
	return false;
}

void
wf_schema_ddl_sequence_owner_create(WfDdl *ddl, WfObject *link)
{
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s OWNED BY %s;\n", link->identity,
					 wf_schema_value(link, "column"));
}

void
wf_schema_ddl_sequence_owner_drop(WfDdl *ddl, WfObject *link)
{
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s OWNED BY NONE;\n", link->identity);
}
