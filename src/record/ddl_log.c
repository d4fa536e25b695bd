/*
 * ddl_log.c: taking note of DDL commands until their transaction commits.
 *
 * A command is opened when it starts and closed when it ends; in between it may
 * run others, and CREATE INDEX CONCURRENTLY even commits.  What a closed
 * command did becomes rows, which are written at the commit: only then is it
 * known that the transaction is a migration, since tools write their ledger last,
 * and 10,000 commands in a transaction cost one subtransaction instead of
 * 10,000.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/pquery.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/protect.h"
#include "common/write.h"
#include "record/ddl_log.h"
#include "record/definition.h"
#include "record/event.h"
#include "record/record.h"

/* So many bytes of a statement are kept. */
#define STATEMENT_KEPT 4000

/*
 * So many commands of a transaction are looked into, each in a subtransaction.
 * The end of one takes the longer the more relations the transaction has made:
 * with one for each command, 10,000 tables would cost five times the time.  Of
 * the commands that follow, only what the server tells by itself is noted, by
 * functions that take no lock and that any event trigger may call; what they have
 * made is looked into at the commit, all in one subtransaction.
 */
#define LOOKED_INTO 500

/* A command that has started and not ended. */
typedef struct OpenCommand
{
	const Node *tree;
	SubTransactionId subid;
	TimestampTz began;
	List	   *targets;		/* of WfRecordTarget */
	List	   *rewritten;		/* of Oid */
	List	   *rows;			/* of WfDdlRow: what it has dropped */
} OpenCommand;

/* What is read in a subtransaction. */
typedef struct Reading
{
	Node	   *tree;
	OpenCommand *command;
	List	   *targets;		/* of WfRecordTarget */
	List	   *rows;			/* of WfDdlRow */
} Reading;

static MemoryContext log_context = NULL;
static List *open_commands = NIL;	/* of OpenCommand, the innermost last */
static List *pending = NIL;		/* of WfDdlRow */
static int	commands = 0;		/* of this transaction */

static bool is_looked_at(void);
static void begin_log(void);
static OpenCommand *find_open(const Node *tree);
static bool read_apart(Reading *reading, void (*function) (void *arg), const char *complaint);
static void read_targets(void *arg);
static void read_dropped(void *arg);
static void read_commands(void *arg);
static WfDdlRow *make_row(const OpenCommand *command, const WfRecordObject *object);
static const WfRecordTarget *target_of(const OpenCommand *command, const ObjectAddress *address);
static void keep_rows(OpenCommand *command, List *rows, List **kept);
static void finish_row(WfDdlRow *row, const OpenCommand *command, const char *tag, bool restored);
static char *statement_of(const Node *tree);
static const char *strongest_lock(Oid relid);
static void on_transaction(XactEvent event, void *arg);
static void on_subtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg);
static void forget(void);

/* In ddl_command_start, once nobody objects: notes the command, and what it is about to change. */
void
wf_record_ddl_start(Node *tree)
{
	Reading		reading = {.tree = tree};
	OpenCommand *command;
	MemoryContext old;
	ListCell   *lc;

	if (!is_looked_at())
		return;
	begin_log();
	old = MemoryContextSwitchTo(log_context);
	command = palloc0(sizeof(OpenCommand));
	command->tree = tree;
	command->subid = GetCurrentSubTransactionId();
	command->began = GetCurrentTimestamp();
	open_commands = lappend(open_commands, command);
	MemoryContextSwitchTo(old);

	/* Where this fails, so will the command, and with better reason. */
	if (++commands > LOOKED_INTO || !wf_record_has_targets(tree) ||
		!read_apart(&reading, read_targets, NULL))
		return;
	MemoryContextSwitchTo(log_context);
	foreach(lc, reading.targets)
	{
		WfRecordTarget *read = lfirst(lc);
		WfRecordTarget *target = palloc(sizeof(WfRecordTarget));

		*target = *read;
		if (read->state)
			target->state = wf_record_clip(read->state, WF_RECORD_DEFINITION_KEPT);
		command->targets = lappend(command->targets, target);
	}
	MemoryContextSwitchTo(old);
}

/* In sql_drop: notes what went. */
void
wf_record_ddl_drop(Node *tree)
{
	OpenCommand *command = find_open(tree);
	Reading		reading = {.tree = tree, .command = command};

	if (command && read_apart(&reading, read_dropped, "the DDL log could not take note of what was dropped"))
		keep_rows(command, reading.rows, &command->rows);
}

/* In table_rewrite: notes which table is to be rewritten. */
void
wf_record_ddl_rewrite(Node *tree)
{
	OpenCommand *command = find_open(tree);
	MemoryContext old;

	if (command == NULL)
		return;
	old = MemoryContextSwitchTo(log_context);
	command->rewritten = list_append_unique_oid(command->rewritten,
												DatumGetObjectId(OidFunctionCall0(F_PG_EVENT_TRIGGER_TABLE_REWRITE_OID)));
	MemoryContextSwitchTo(old);
}

/*
 * In ddl_command_end: makes the command's rows.  restored tells that a dump is
 * being restored.
 */
void
wf_record_ddl_end(Node *tree, const char *tag, bool restored)
{
	OpenCommand *command = find_open(tree);
	Reading		reading = {.tree = tree, .command = command};
	int			first = list_length(pending);

	if (command == NULL)
		return;
	(void) read_apart(&reading, read_commands, "the DDL log could not take note of this command");
	keep_rows(command, command->rows, &pending);
	keep_rows(command, reading.rows, &pending);
	for (int i = first; i < list_length(pending); i++)
		finish_row(list_nth(pending, i), command, tag, restored);
	open_commands = list_truncate(open_commands, list_length(open_commands) - 1);
}

/* An extension's script is its author's; the CREATE EXTENSION has a row. */
static bool
is_looked_at(void)
{
	return wf_record_ddl_log && !IsBinaryUpgrade && !creating_extension;
}

static void
begin_log(void)
{
	if (log_context)
		return;
	log_context = AllocSetContextCreate(TopMemoryContext, "wishflags DDL log", ALLOCSET_DEFAULT_SIZES);
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
}

/* The open command; those that it has run and that never ended are forgotten. */
static OpenCommand *
find_open(const Node *tree)
{
	for (int i = list_length(open_commands) - 1; i >= 0; i--)
	{
		OpenCommand *command = list_nth(open_commands, i);

		if (command->tree == tree)
		{
			open_commands = list_truncate(open_commands, i + 1);
			return command;
		}
	}
	return NULL;
}

/*
 * Reads in a memory context of the command's, and in a subtransaction that is
 * undone, so that no lock is kept and a mistake stops nothing.
 */
static bool
read_apart(Reading *reading, void (*function) (void *arg), const char *complaint)
{
	WfAttempt	attempt = {.undo = true};

	if (commands > LOOKED_INTO)
	{
		function(reading);
		return true;
	}
	if (wf_common_attempt(&attempt, function, reading))
		return true;
	if (complaint)
		ereport(WARNING,
				(errcode(attempt.error->sqlerrcode),
				 errmsg("%s", complaint),
				 errdetail("%s", attempt.error->message)));
	return false;
}

static void
read_targets(void *arg)
{
	Reading    *reading = arg;

	reading->targets = wf_record_targets(reading->tree);
}

static void
read_dropped(void *arg)
{
	Reading    *reading = arg;
	ListCell   *lc;

	foreach(lc, wf_record_event_dropped())
	{
		const WfRecordObject *object = lfirst(lc);
		WfDdlRow   *row = make_row(reading->command, object);

		if (row->relid == InvalidOid && object->address.classId == RelationRelationId)
			row->relid = object->address.objectId;
		reading->rows = lappend(reading->rows, row);
	}
}

static void
read_commands(void *arg)
{
	Reading    *reading = arg;
	ListCell   *lc;

	/*
	 * The definition of a view is read by a query, which is to see the
	 * command's work.
	 */
	PushActiveSnapshot(GetTransactionSnapshot());
	foreach(lc, wf_record_event_commands())
	{
		const WfRecordObject *object = lfirst(lc);
		WfDdlRow   *row = make_row(reading->command, object);

		if (OidIsValid(object->address.objectId))
			row->relid = wf_record_relation_of(reading->tree, &object->address);
		if (OidIsValid(row->relid) && isAnyTempNamespace(get_rel_namespace(row->relid)))
			continue;
		if (commands > LOOKED_INTO)
			row->unread = OidIsValid(object->address.objectId) && wf_record_makes(reading->tree);
		else if (OidIsValid(object->address.objectId))
			row->texts[WF_DDL_AFTER] = wf_record_state(reading->tree, &object->address);
		reading->rows = lappend(reading->rows, row);
	}
	PopActiveSnapshot();
}

static WfDdlRow *
make_row(const OpenCommand *command, const WfRecordObject *object)
{
	WfDdlRow   *row = palloc0(sizeof(WfDdlRow));
	const WfRecordTarget *target = target_of(command, &object->address);

	row->address = object->address;
	row->texts[WF_DDL_TAG] = object->tag;
	row->texts[WF_DDL_TYPE] = object->type;
	row->texts[WF_DDL_IDENTITY] = object->identity;
	if (target)
	{
		row->relid = target->relid;
		row->texts[WF_DDL_BEFORE] = target->state;
	}
	return row;
}

/* What was known of the object, or of the table of the column, when the command started. */
static const WfRecordTarget *
target_of(const OpenCommand *command, const ObjectAddress *address)
{
	ListCell   *lc;

	foreach(lc, command->targets)
	{
		const WfRecordTarget *target = lfirst(lc);

		if (target->address.classId == address->classId && target->address.objectId == address->objectId &&
			(target->address.objectSubId == address->objectSubId || target->address.objectSubId == 0))
			return target;
	}
	return NULL;
}

/* Adds copies of the rows that outlive the command. */
static void
keep_rows(OpenCommand *command, List *rows, List **kept)
{
	MemoryContext old = MemoryContextSwitchTo(log_context);
	ListCell   *lc;

	foreach(lc, rows)
	{
		WfDdlRow   *row = palloc(sizeof(WfDdlRow));

		*row = *(WfDdlRow *) lfirst(lc);
		row->subid = GetCurrentSubTransactionId();
		for (int i = 0; i < WF_DDL_TEXTS; i++)
		{
			if (row->texts[i])
				row->texts[i] = wf_record_clip(row->texts[i], WF_RECORD_DEFINITION_KEPT);
		}

		/*
		 * What is dropped is locked now; whether anybody asks later is
		 * unknown.
		 */
		if (row->texts[WF_DDL_LOCK] == NULL && OidIsValid(row->relid))
			row->texts[WF_DDL_LOCK] = unconstify(char *, strongest_lock(row->relid));
		*kept = lappend(*kept, row);
	}
	MemoryContextSwitchTo(old);
}

/* Fills in what all rows of a command share. */
static void
finish_row(WfDdlRow *row, const OpenCommand *command, const char *tag, bool restored)
{
	MemoryContext old = MemoryContextSwitchTo(log_context);
	char	  **texts = row->texts;

	row->began = command->began;
	row->milliseconds = (GetCurrentTimestamp() - command->began) / 1000.0;
	row->rewrote = OidIsValid(row->relid) && list_member_oid(command->rewritten, row->relid);
	row->restored = restored;
	if (texts[WF_DDL_TAG] == NULL)
		texts[WF_DDL_TAG] = pstrdup(tag);
	texts[WF_DDL_STATEMENT] = statement_of(command->tree);
	texts[WF_DDL_ACTING_ROLE] = wf_common_role_name(GetUserId());
	texts[WF_DDL_OUTER_ROLE] = wf_common_role_name(GetOuterUserId());
	texts[WF_DDL_LOGIN_ROLE] = wf_common_role_name(GetSessionUserId());
	if (application_name && application_name[0])
		texts[WF_DDL_APPLICATION] = pstrdup(application_name);
	if (wf_record_migration && wf_record_migration[0])
		texts[WF_DDL_MIGRATION] = pstrdup(wf_record_migration);
	MemoryContextSwitchTo(old);
}

/*
 * The client's statement: the command, or the one whose function ran it.  Those
 * that hold passwords are not kept.
 */
static char *
statement_of(const Node *tree)
{
	const PlannedStmt *planned;
	const char *start;
	int			length;

	switch (nodeTag(tree))
	{
		case T_CreateUserMappingStmt:
		case T_AlterUserMappingStmt:
		case T_CreateForeignServerStmt:
		case T_AlterForeignServerStmt:
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
			return NULL;
		default:
			break;
	}
	if (ActivePortal == NULL || ActivePortal->sourceText == NULL || list_length(ActivePortal->stmts) != 1)
		return NULL;
	planned = linitial_node(PlannedStmt, ActivePortal->stmts);
	start = ActivePortal->sourceText + Max(planned->stmt_location, 0);
	length = planned->stmt_len > 0 ? planned->stmt_len : strlen(start);
	while (length > 0 && isspace((unsigned char) *start))
		start++, length--;
	while (length > 0 && isspace((unsigned char) start[length - 1]))
		length--;
	if (length > STATEMENT_KEPT)
		length = pg_mbcliplen(start, length, STATEMENT_KEPT);
	return pnstrdup(start, length);
}

/* The strongest lock that the transaction holds on the relation; NULL: none. */
static const char *
strongest_lock(Oid relid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	for (LOCKMODE mode = AccessExclusiveLock; mode > NoLock; mode--)
	{
		if (wf_lock_held_by_me(&tag, mode))
			return GetLockmodeName(DEFAULT_LOCKMETHOD, mode);
	}
	return NULL;
}

static void
on_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			if (pending != NIL)
				wf_record_ddl_write(pending);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			pending = NIL;
			commands = 0;
			/* A command that commits by itself goes on. */
			if (open_commands == NIL || ActivePortal == NULL)
				forget();
			break;
		case XACT_EVENT_ABORT:
			forget();
			break;
		default:
			break;
	}
}

/* What a subtransaction did is undone with it. */
static void
on_subtransaction(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (pending != NIL && ((WfDdlRow *) llast(pending))->subid >= subid)
		pending = list_truncate(pending, list_length(pending) - 1);
	while (open_commands != NIL && ((OpenCommand *) llast(open_commands))->subid >= subid)
		open_commands = list_truncate(open_commands, list_length(open_commands) - 1);
}

static void
forget(void)
{
	pending = NIL;
	open_commands = NIL;
	commands = 0;
	if (log_context)
		MemoryContextReset(log_context);
}
