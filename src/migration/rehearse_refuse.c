/*
 * rehearse_refuse.c: texts that are not rehearsed, because something of them
 * would last, or because of the tables they would hold up.
 */
#include "common/compat.h"

#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ddl/lock.h"
#include "ddl/source.h"
#include "ddl/walk.h"
#include "migration/rehearse.h"
#include "migration/simulate.h"

/* Functions whose effect no rollback takes back. */
static const struct
{
	const char *name;
	bool		is_prefix;
}			lasting[] = {
	{"setval", false},
	{"dblink", true},
	{"lo_export", false},
	{"pg_advisory_lock", true},
	{"pg_try_advisory_lock", true},
	{"pg_terminate_backend", false},
	{"pg_cancel_backend", false},
	{"pg_reload_conf", false},
	{"pg_rotate_logfile", false},
	{"pg_switch_wal", false},
	{"pg_create_restore_point", false},
	{"pg_create_logical_replication_slot", false},
	{"pg_create_physical_replication_slot", false},
	{"pg_drop_replication_slot", false},
	{"pg_replication_slot_advance", false},
	{"pg_logical_emit_message", false},
	{"pg_stat_reset", true},
	{"pg_file_", true},
};

static void refuse_lasting(WfReader *reader, WfStatement *statement);
static bool find_lasting(Node *node, void *context);
static const char *lasting_in_body(DoStmt *stmt);
static const char *lasting_name(const char *name);
static void refuse_size(WfCatalog *catalog, const WfRehearsalOptions *options, Node *node, int64 limit);
static int64 size_limit(const char *value);

/*
 * Refuses a text that calls what is not rolled back, or that locks or changes a
 * table of more than max_size.  Nothing has run then.
 */
void
wf_migration_refuse_rehearsal(const WfRehearsalOptions *options, const char *text, int length)
{
	WfReader   *reader = wf_ddl_reader_begin(text, length);
	WfSimulation *simulation = wf_migration_simulation(wf_ddl_catalog_live());
	int64		limit = size_limit(options->max_size);
	WfStatement statement;

	while (wf_ddl_reader_next(reader, &statement))
	{
		if (!statement.node || wf_rehearse_why_not(&statement, options->only_ddl))
			continue;
		refuse_lasting(reader, &statement);
		if (!options->force)
			refuse_size(&simulation->catalog, options, statement.node, limit);
		wf_migration_apply(simulation, statement.node);
		simulation->last_name = NULL;
	}
}

static void
refuse_lasting(WfReader *reader, WfStatement *statement)
{
	const char *what = NULL;
	int			line;
	int			column;

	if (IsA(statement->node, CopyStmt))
	{
		CopyStmt   *copy = (CopyStmt *) statement->node;

		what = copy->is_program ? "COPY with a program" : !copy->is_from ? "COPY to a file" : NULL;
	}
	else if (IsA(statement->node, DoStmt))
		what = lasting_in_body((DoStmt *) statement->node);
	else
		(void) wf_ddl_walk(statement->node, find_lasting, &what);
	if (!what)
		return;
	wf_ddl_reader_position(reader, statement->offset, 0, &line, &column);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the rehearsal would leave something behind"),
			 errdetail("Statement %d (line %d) has %s, which is not rolled back.", statement->number, line, what),
			 errhint("Rehearse it on a copy of the database.")));
}

/* A visit for wf_ddl_walk(). */
static bool
find_lasting(Node *node, void *context)
{
	const char **what = context;

	if (!IsA(node, FuncCall))
		return false;
	*what = lasting_name(strVal(llast(((FuncCall *) node)->funcname)));
	return *what != NULL;
}

/* The first such call in the body of a DO, whatever its language. */
static const char *
lasting_in_body(DoStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->args)
	{
		DefElem    *element = lfirst_node(DefElem, lc);
		const char *body;
		int			end;

		if (strcmp(element->defname, "as") != 0)
			continue;
		body = strVal(element->arg);
		end = strlen(body);
		for (int pos = wf_ddl_source_skip_space(body, 0, end), next; pos < end; pos = next)
		{
			int			token_end = wf_ddl_source_skip_token(body, pos, end);

			next = wf_ddl_source_skip_space(body, token_end, end);
			if (next < end && body[next] == '(' && lasting_name(pnstrdup(body + pos, token_end - pos)))
				return lasting_name(pnstrdup(body + pos, token_end - pos));
		}
	}
	return NULL;
}

static const char *
lasting_name(const char *name)
{
	for (int i = 0; i < lengthof(lasting); i++)
	{
		if (lasting[i].is_prefix ? pg_strncasecmp(name, lasting[i].name, strlen(lasting[i].name)) == 0
			: pg_strcasecmp(name, lasting[i].name) == 0)
			return psprintf("%s()", name);
	}
	return NULL;
}

static void
refuse_size(WfCatalog *catalog, const WfRehearsalOptions *options, Node *node, int64 limit)
{
	ListCell   *lc;

	foreach(lc, wf_ddl_statement_locks(node, WF_SERVER_MAJOR))
	{
		WfLock	   *lock = lfirst(lc);
		WfRelation *relation = lock->relation ? catalog->relation(catalog, lock->relation) : NULL;

		/* A reader, one who adds rows or a few words, holds nobody up. */
		if (!relation || relation->missing || wf_ddl_is_private(relation) || lock->mode < RowExclusiveLock ||
			IsA(node, InsertStmt) || IsA(node, CopyStmt) || IsA(node, CommentStmt) || IsA(node, CreateStatsStmt) ||
			IsA(node, CreatePublicationStmt))
			continue;
		wf_ddl_measure(catalog, relation);
		if (relation->bytes <= limit)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is too large to rehearse on", relation->name),
				 errdetail("It has %s; the option \"max_size\" is %s.",
						   TextDatumGetCString(DirectFunctionCall1(pg_size_pretty, Int64GetDatum(relation->bytes))),
						   options->max_size),
				 errhint("Rehearse on a copy; or, if its users can wait until all is rolled back, add the option: '{\"force\": true}'.")));
	}
}

static int64
size_limit(const char *value)
{
	return DatumGetInt64(DirectFunctionCall1(pg_size_bytes, CStringGetTextDatum(value)));
}
